/* SPDX-License-Identifier: Apache-2.0
 * The head of a request: however the bytes arrive, its end is found at the same place or refused for the same reason;
 * every view lies inside the head; path, query and Host keep what their readers rely on. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "http/engine/h1_parse.h"
#include "http/engine/h1_path.h"

/* Each step sees a copy of its own, so that a byte read behind its end is noticed. */
static h1_outcome scan_in_steps(struct text bytes, size_t step, struct h1_scan *scan, struct h1_refusal *why)
{
    h1_outcome outcome = H1_MORE;
    for (size_t size = 0; outcome == H1_MORE && size < bytes.size;) {
        size = bytes.size - size < step ? bytes.size : size + step;
        char *copy = malloc(size);
        assert(copy != NULL);
        memcpy(copy, bytes.at, size);
        outcome = h1_scan(scan, (struct text){copy, size}, why);
        free(copy);
    }
    return outcome;
}

static bool lies_inside(struct text view, struct text whole)
{
    return view.size == 0 || (view.at >= whole.at && view.at + view.size <= whole.at + whole.size);
}

static void check_request(const struct h1_request *request, struct text head)
{
    assert(h1_is_token(request->method) && lies_inside(request->method, head));
    assert(request->target.size > 0 && lies_inside(request->target, head));
    assert(text_starts_with(request->path, "/") || text_is(request->path, "*"));
    assert(lies_inside(request->query, head) && lies_inside(request->host, head));
    assert(request->host.size > 0 || request->minor_version == 0);
    assert(request->content_length >= 0 && (!request->chunked || request->content_length == 0));
    assert(request->field_count <= LIMIT_FIELDS);
    for (size_t i = 0; i < request->field_count; i++) {
        assert(h1_is_token(request->fields[i].name) && lies_inside(request->fields[i].name, head));
        assert(text_is_utf8(request->fields[i].value) && lies_inside(request->fields[i].value, head));
    }
}

static void check_path(const struct h1_request *request)
{
    struct ctx cx = {.arena = fuzz_arena(1u << 20)};
    struct path_parts parts;
    struct text value = TEXT_NONE;
    if (path_split(&cx, request->path, &parts) == OK)
        for (size_t i = 0; i < parts.count; i++)
            assert(parts.at[i].size > 0 && text_is_plain(parts.at[i], false) && !text_is(parts.at[i], ".."));
    failure_clear(&cx.failure);
    if (query_value(&cx, request->query, "a", &value) == OK && value.at != NULL)
        assert(text_is_plain(value, false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text bytes = {(const char *)data, size};
    struct h1_scan whole = {.scanned = 0};
    struct h1_scan cut = {.scanned = 0};
    struct h1_refusal why = {OK, "", ""};
    struct h1_refusal why_cut = {OK, "", ""};
    h1_outcome outcome = scan_in_steps(bytes, size == 0 ? 1 : size, &whole, &why);
    h1_outcome outcome_cut = scan_in_steps(bytes, 1 + size / 32, &cut, &why_cut);
    assert(outcome == outcome_cut && whole.head_bytes == cut.head_bytes);
    assert(outcome != H1_REFUSED || (why.code != OK && strcmp(why.reason, why_cut.reason) == 0));
    static struct h1_request request; /* large; filled anew by each parse */
    if (outcome == H1_DONE) {
        struct text head = {bytes.at, whole.head_bytes};
        assert(head.size <= H1_HEAD_BYTES_MAX);
        outcome = h1_parse(head, &request, &why);
        assert(outcome != H1_MORE);
        if (outcome == H1_DONE) {
            check_request(&request, head);
            check_path(&request);
        }
    }
    outcome = h1_parse(bytes, &request, &why); /* any bytes at all must be safe */
    assert(outcome != H1_MORE);
    return 0;
}
