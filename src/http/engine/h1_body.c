/* SPDX-License-Identifier: Apache-2.0
 * A machine of nine stages; each step looks at one byte of framing or cuts one piece of data. "9112" is the RFC. */
#include "http/engine/h1_body.h"

#include <assert.h>

#include "base/text.h"

#define CHUNK_SIZE_DIGITS_MAX 8 /* leading zeros count too: nobody needs to send them without end */

static h1_outcome refuse(struct h1_refusal *out, err code, const char *reason, const char *detail)
{
    *out = (struct h1_refusal){code, reason, detail};
    return H1_REFUSED;
}

static h1_outcome refuse_size(struct h1_refusal *out)
{
    return refuse(out, TOO_LARGE, "http.body", "the body is larger than this server takes");
}

h1_outcome h1_body_open(struct h1_body *body, const struct h1_request *request, int64_t max_bytes,
                        struct h1_refusal *refusal)
{
    assert(max_bytes >= 0 && request->content_length >= 0);
    *body = (struct h1_body){.max_bytes = max_bytes};
    if (request->chunked) {
        body->stage = H1_BODY_SIZE;
        return H1_MORE;
    }
    if (request->content_length > max_bytes) /* 9110 section 15.5.14 */
        return refuse_size(refusal);
    body->left = request->content_length;
    body->total = request->content_length;
    body->stage = body->left == 0 ? H1_BODY_ENDED : H1_BODY_LENGTH;
    return body->left == 0 ? H1_DONE : H1_MORE;
}

/* 9112 section 7.1: chunk-size = 1*HEXDIG, here directly followed by CR LF. */
static h1_outcome read_size(struct h1_body *body, uint8_t byte, struct h1_refusal *refusal)
{
    int digit = text_hex_digit((char)byte);
    if (digit >= 0 && body->digit_count < CHUNK_SIZE_DIGITS_MAX) {
        body->left = body->left * 16 + digit;
        body->digit_count++;
        return H1_MORE;
    }
    if (byte == ';' && body->digit_count > 0) /* 9112 section 7.1.1 lets us skip it; readers differ on its end */
        return refuse(refusal, MALFORMED, "http.chunk_extension", "chunk extensions are not taken");
    if (byte != '\r' || body->digit_count == 0)
        return refuse(refusal, MALFORMED, "http.chunk", "the size of a chunk is not a plain hexadecimal number");
    body->stage = H1_BODY_SIZE_LF;
    return H1_MORE;
}

/* The size is known: is there room, and is this the last one? */
static h1_outcome begin_chunk(struct h1_body *body, struct h1_refusal *refusal)
{
    if (body->left > body->max_bytes - body->total)
        return refuse_size(refusal);
    body->total += body->left;
    body->digit_count = 0;
    body->stage = body->left == 0 ? H1_BODY_END_CR : H1_BODY_CHUNK;
    return H1_MORE;
}

static h1_outcome expect(struct h1_body *body, bool met, h1_body_stage next, struct h1_refusal *refusal)
{
    if (!met)
        return refuse(refusal, MALFORMED, "http.chunk", "a chunk does not end with CR LF where its size says");
    body->stage = next;
    return next == H1_BODY_ENDED ? H1_DONE : H1_MORE;
}

/* One byte of framing. */
static h1_outcome step(struct h1_body *body, uint8_t byte, struct h1_refusal *refusal)
{
    assert(body->stage != H1_BODY_LENGTH && body->stage != H1_BODY_CHUNK && body->stage != H1_BODY_ENDED);
    switch (body->stage) {
    case H1_BODY_SIZE:
        return read_size(body, byte, refusal);
    case H1_BODY_SIZE_LF: /* 9112 section 7.1: bare LF or CR elsewhere would be read differently by others */
        return byte == '\n' ? begin_chunk(body, refusal) : expect(body, false, H1_BODY_SIZE, refusal);
    case H1_BODY_CHUNK_CR:
        return expect(body, byte == '\r', H1_BODY_CHUNK_LF, refusal);
    case H1_BODY_CHUNK_LF:
        return expect(body, byte == '\n', H1_BODY_SIZE, refusal);
    case H1_BODY_END_CR: /* 9112 section 7.1.2: trailer fields would begin here */
        if (byte != '\r')
            return refuse(refusal, MALFORMED, "http.trailer", "trailer fields are not taken");
        return expect(body, true, H1_BODY_END_LF, refusal);
    case H1_BODY_END_LF:
        return expect(body, byte == '\n', H1_BODY_ENDED, refusal);
    case H1_BODY_LENGTH:
    case H1_BODY_CHUNK:
    case H1_BODY_ENDED:
        break;
    }
    return H1_REFUSED;
}

static h1_outcome cut_piece(struct h1_body *body, struct bytes in, size_t *out_used, struct bytes *out_piece)
{
    size_t size = (int64_t)in.size < body->left ? in.size : (size_t)body->left;
    *out_used = size;
    *out_piece = (struct bytes){in.at, size};
    body->left -= (int64_t)size;
    if (body->left > 0)
        return H1_MORE;
    bool last = body->stage == H1_BODY_LENGTH;
    body->stage = last ? H1_BODY_ENDED : H1_BODY_CHUNK_CR;
    return last ? H1_DONE : H1_MORE;
}

h1_outcome h1_body_read(struct h1_body *body, struct bytes in, size_t *out_used, struct bytes *out_piece,
                        struct h1_refusal *refusal)
{
    assert(body->stage != H1_BODY_ENDED && in.size <= INT64_MAX);
    size_t used = 0;
    h1_outcome outcome = H1_MORE;
    while (used < in.size && outcome == H1_MORE && body->stage != H1_BODY_LENGTH && body->stage != H1_BODY_CHUNK)
        outcome = step(body, in.at[used++], refusal);
    *out_used = used;
    *out_piece = (struct bytes){in.at, 0};
    if (outcome != H1_MORE || used == in.size)
        return outcome;
    outcome = cut_piece(body, (struct bytes){in.at + used, in.size - used}, out_used, out_piece);
    *out_used += used;
    return outcome;
}
