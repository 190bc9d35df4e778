/* SPDX-License-Identifier: Apache-2.0
 * JSON of any shape: a parse ends in a value or a reason, and a value survives being written and read again. */
#include "base/json.h"

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

static void read_again(struct ctx *cx, const json_t *value)
{
    struct text once = json_canonical(cx->arena, value);
    if (once.at == NULL)
        return; /* too large to be written: nothing to compare */
    const json_t *back = NULL;
    err code = json_parse(cx, once, &back);
    assert(code == OK || code == TOO_LARGE);
    if (code == OK)
        assert(text_equals(once, json_canonical(cx->arena, back)) || arena_is_exhausted(cx->arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES)};
    struct text text = {(const char *)data, size};
    const json_t *value = NULL;
    if (size > LIMIT_BODY_BYTES)
        text.size = LIMIT_BODY_BYTES;
    if (json_parse(&cx, text, &value) == OK) {
        assert(text_is_utf8(text));
        read_again(&cx, value);
    } else {
        assert(cx.failure.code == MALFORMED || cx.failure.code == TOO_LARGE || cx.failure.code == INVALID);
        assert(text_is_plain(text_of(cx.failure.detail), false));
    }
    return 0;
}
