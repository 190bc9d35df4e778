/* SPDX-License-Identifier: Apache-2.0
 * The body of a request. First byte: chunked, or the length; second byte: the maximum; the rest are the bytes. However
 * they arrive, the same body comes out, it keeps to the maximum, and it ends at the same place. */
#include "fuzz/fuzz.h"
#include "http/engine/h1_body.h"

struct result {
    h1_outcome        outcome;
    struct h1_refusal why;
    size_t            used;
    size_t            size;
    uint8_t           bytes[256];
};

static void read_in_steps(const struct h1_request *request, int64_t max_bytes, struct bytes in, size_t step,
                          struct result *out)
{
    struct h1_body body;
    *out = (struct result){.why = {OK, "", ""}};
    out->outcome = h1_body_open(&body, request, max_bytes, &out->why);
    while (out->outcome == H1_MORE && out->used < in.size) {
        size_t size = in.size - out->used < step ? in.size - out->used : step;
        uint8_t *copy = malloc(size);
        assert(copy != NULL);
        memcpy(copy, in.at + out->used, size);
        struct bytes piece = {NULL, 0};
        size_t used = 0;
        out->outcome = h1_body_read(&body, (struct bytes){copy, size}, &used, &piece, &out->why);
        assert(used > 0 && used <= size && piece.size <= used && out->size + piece.size <= (size_t)max_bytes);
        if (piece.size > 0)
            memcpy(out->bytes + out->size, piece.at, piece.size);
        out->size += piece.size;
        out->used += used;
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct h1_request request = {.chunked = data[0] == 0xFF};
    request.content_length = request.chunked ? 0 : data[0];
    struct bytes in = {data + 2, size - 2};
    struct result whole;
    struct result cut;
    read_in_steps(&request, data[1], in, in.size + 1, &whole);
    read_in_steps(&request, data[1], in, 1, &cut);
    assert(whole.outcome == cut.outcome && whole.used == cut.used && whole.size == cut.size);
    assert(memcmp(whole.bytes, cut.bytes, whole.size) == 0 && strcmp(whole.why.reason, cut.why.reason) == 0);
    assert(whole.outcome != H1_DONE || request.chunked || whole.size == data[0]);
    return 0;
}
