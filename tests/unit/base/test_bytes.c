/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "support/cmocka.h"
#include "base/text.h"
#include "base/time.h"
#include "base/json.h"

static void builder_stops_at_its_maximum(void **state)
{
    (void)state;
    struct arena *arena = arena_open(4096);
    struct builder builder = builder_open(arena, 5);
    build_literal(&builder, "12345");
    assert_false(builder.overflowed);
    build_literal(&builder, "6");
    assert_true(builder.overflowed);
    assert_int_equal(builder.size, 5);
    arena_close(arena);
}

static void times_round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_open(4096);
    int64_t at = 0;
    assert_true(time_parse(TEXT("2026-02-20T00:00:00.123Z"), &at));
    assert_true(text_is(time_to_text(arena, at), "2026-02-20T00:00:00.123Z"));
    assert_false(time_parse(TEXT("2026-02-30T00:00:00Z"), &at));
    int64_t d = 0;
    assert_true(duration_parse(TEXT("P90D"), &d));
    assert_true(text_is(duration_to_text(arena, d), "P90D"));
    assert_true(duration_parse(TEXT("P1DT2H"), &d));
    assert_true(text_is(duration_to_text(arena, d), "P1DT2H"));
    assert_false(duration_parse(TEXT("P"), &d));
    assert_false(duration_parse(TEXT("PT"), &d));
    arena_close(arena);
}

static void encodings_round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    uint8_t raw[40];
    for (size_t n = 0; n < 40; n++) {
        for (size_t i = 0; i < n; i++)
            raw[i] = (uint8_t)(i * 37 + n * 11);
        struct bytes in = {raw, n}, out;
        assert_true(base64url_decode(arena, base64url_encode(arena, in), &out));
        assert_true(bytes_equals(in, out));
        assert_true(base64_decode(arena, base64_encode(arena, in), &out));
        assert_true(bytes_equals(in, out));
        char b32[80]; uint8_t back[40];
        base32_encode(in, b32);
        assert_true(base32_decode((struct text){b32, base32_encoded_size(n)}, back, n));
        assert_true(n == 0 || memcmp(raw, back, n) == 0);
    }
    arena_close(arena);
}

static void json_reads_strictly(void **state)
{
    (void)state;
    struct ctx cx = {.arena = arena_open(1 << 20)};
    const json_t *v = NULL;
    assert_int_equal(json_parse(&cx, TEXT("{\"a\":[1,\"x\"]}"), &v), OK);
    assert_true(text_is(json_canonical(cx.arena, v), "{\"a\":[1,\"x\"]}"));
    assert_int_equal(json_parse(&cx, TEXT("{\"a\":1,\"a\":2}"), &v), MALFORMED);
    assert_string_equal(cx.failure.reason, "json.duplicate_member");
    arena_close(cx.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(builder_stops_at_its_maximum), cmocka_unit_test(times_round_trip),
        cmocka_unit_test(encodings_round_trip), cmocka_unit_test(json_reads_strictly)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
