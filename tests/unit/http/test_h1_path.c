/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/h1_path.h"

#include <stdlib.h>

#include "support/cmocka.h"

static int open_ctx(void **state)
{
    struct ctx *cx = calloc(1, sizeof *cx);
    assert_non_null(cx);
    cx->arena = arena_open(1u << 20);
    *state = cx;
    return 0;
}

static int close_ctx(void **state)
{
    struct ctx *cx = *state;
    arena_close(cx->arena);
    free(cx);
    return 0;
}

static void a_path_is_split_and_decoded(void **state)
{
    struct ctx *cx = *state;
    struct path_parts parts;
    assert_int_equal(path_split(cx, TEXT("/"), &parts), OK);
    assert_int_equal(parts.count, 0);
    assert_int_equal(path_split(cx, TEXT("/v1/a%20b/caf%C3%A9/+"), &parts), OK);
    assert_int_equal(parts.count, 4);
    assert_true(text_is(parts.at[0], "v1"));
    assert_true(text_is(parts.at[1], "a b"));
    assert_true(text_is(parts.at[2], "caf\303\251"));
    assert_true(text_is(parts.at[3], "+"));
}

static void a_path_with_two_readings_is_refused(void **state)
{
    static const char *const PATHS[] = {
        "", "v1", "*", "//", "/a/", "/a//b", "/.", "/a/../b", "/%2e", "/a/%2E%2e/b", "/a%2fb", "/a%5Cb", "/a%00b",
        "/a%0ab", "/a%7f", "/a%", "/a%4", "/a%4g", "/a%ff", "/a%c0%af", "/a%ed%a0%80",
    };
    struct ctx *cx = *state;
    struct path_parts parts;
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        failure_clear(&cx->failure);
        if (path_split(cx, text_of(PATHS[i]), &parts) != MALFORMED)
            fail_msg("taken: %s", PATHS[i]);
    }
}

static void a_part_that_finds_no_memory_is_a_failure(void **state)
{
    (void)state; /* has an arena of its own */
    struct ctx cx = {.arena = arena_open(8)};
    struct text out = TEXT_NONE;
    assert_int_equal(percent_decode(&cx, TEXT("needs-no-memory-however-long-it-is"), &out), OK);
    assert_int_equal(percent_decode(&cx, TEXT("a%20part-that-is-longer-than-the-memory"), &out), TOO_LARGE);
    assert_string_equal(cx.failure.reason, "limit.memory");
    assert_true(text_is(out, "needs-no-memory-however-long-it-is"));
    arena_close(cx.arena);
}

static void a_path_has_at_most_ten_parts(void **state)
{
    struct ctx *cx = *state;
    struct path_parts parts;
    assert_int_equal(path_split(cx, TEXT("/1/2/3/4/5/6/7/8/9/10"), &parts), OK);
    assert_int_equal(parts.count, LIMIT_PATH_PARTS);
    assert_int_equal(path_split(cx, TEXT("/1/2/3/4/5/6/7/8/9/10/11"), &parts), NOT_FOUND);
}

static void a_query_parameter_has_one_value(void **state)
{
    struct ctx *cx = *state;
    struct text value = TEXT_NONE;
    assert_int_equal(query_value(cx, TEXT("limit=5&after=a%2Bb+c&flag&limits=7"), "after", &value), OK);
    assert_true(text_is(value, "a+b c"));
    assert_int_equal(query_value(cx, TEXT("limit=5&flag"), "flag", &value), OK);
    assert_non_null(value.at);
    assert_int_equal(value.size, 0);
    assert_int_equal(query_value(cx, TEXT("limits=5"), "limit", &value), OK);
    assert_null(value.at);
    assert_int_equal(query_value(cx, TEXT(""), "limit", &value), OK);
    assert_null(value.at);
    assert_int_equal(query_value(cx, TEXT("a=1&b=2&a=1"), "a", &value), MALFORMED);
    failure_clear(&cx->failure);
    assert_int_equal(query_value(cx, TEXT("a=%zz"), "a", &value), MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_path_is_split_and_decoded, open_ctx, close_ctx),
        cmocka_unit_test_setup_teardown(a_path_with_two_readings_is_refused, open_ctx, close_ctx),
        cmocka_unit_test(a_part_that_finds_no_memory_is_a_failure),
        cmocka_unit_test_setup_teardown(a_path_has_at_most_ten_parts, open_ctx, close_ctx),
        cmocka_unit_test_setup_teardown(a_query_parameter_has_one_value, open_ctx, close_ctx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
