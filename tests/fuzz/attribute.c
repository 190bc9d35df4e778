/* SPDX-License-Identifier: Apache-2.0
 * Vault values of any kind: a value is refused with a place and a reason, or its canonical bytes are taken again and
 * stay the same. The first octet chooses the kind, the rest is the value as JSON. */
#include "domain/words/attribute.h"

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"

#define NOW_MS INT64_C(1795000000000)

static err check(struct ctx *cx, const struct attribute_kind *kind, struct text json, struct text *out)
{
    const json_t *value = NULL;
    TRY(json_parse(cx, json, &value));
    err code = attribute_value_check(cx, kind, value, out);
    assert(code != INVALID || text_starts_with(text_of(cx->failure.pointer), "/value"));
    return code;
}

static void check_refusal(const struct failure *failure)
{
    assert(failure->code == INVALID || failure->code == TOO_LARGE || failure->code == MALFORMED);
    assert(failure->reason != NULL && failure->detail[0] != '\0');
    assert(text_is_plain(text_of(failure->pointer), false) && text_is_plain(text_of(failure->detail), false));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t kinds = 0;
    while (attribute_at(kinds) != NULL)
        kinds++;
    if (size == 0 || size > LIMIT_BODY_BYTES)
        return 0;
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES), .now_ms = NOW_MS};
    const struct attribute_kind *kind = attribute_at(data[0] % kinds);
    struct text canonical, again;
    if (check(&cx, kind, (struct text){(const char *)data + 1, size - 1}, &canonical) != OK) {
        check_refusal(&cx.failure);
    } else {
        assert(canonical.size <= LIMIT_ATTRIBUTE_BYTES && text_is_utf8(canonical));
        err code = check(&cx, kind, canonical, &again);
        assert(code == OK && text_equals(canonical, again));
    }
    return 0;
}
