/* SPDX-License-Identifier: Apache-2.0
 * Views, copies and the capped builder. */
#include "base/bytes.h"

#include "support/cmocka.h"

static int open_arena(void **state)
{
    *state = arena_open(1 << 20);
    return *state == NULL;
}

static int close_arena(void **state)
{
    arena_close(*state);
    return 0;
}

/* An arena in which nothing fits any more. */
static struct arena *open_full_arena(void)
{
    struct arena *arena = arena_open(64);
    while (arena_take(arena, 1, 1) != NULL)
        continue;
    return arena;
}

static void texts_compare_by_their_bytes(void **state)
{
    (void)state;
    assert_true(text_is(TEXT("grant"), "grant"));
    assert_false(text_is(TEXT("grant"), "grants"));
    assert_false(text_is(TEXT("grants"), "grant"));
    assert_true(text_equals(TEXT_NONE, (struct text){NULL, 0}));
    assert_int_equal(text_compare(TEXT("a"), TEXT("a")), 0);
    assert_true(text_compare(TEXT("a"), TEXT("ab")) < 0);
    assert_true(text_compare(TEXT("b"), TEXT("ab")) > 0);
    assert_true(text_compare(TEXT("\x7f"), TEXT("\xc3\xa9")) < 0); /* unsigned: é comes after DEL */
    assert_int_equal(text_compare(TEXT_NONE, TEXT_NONE), 0);
    assert_true(bytes_equals((struct bytes){NULL, 0}, (struct bytes){NULL, 0}));
    assert_false(bytes_equals(bytes_of_text(TEXT("a\0b")), bytes_of_text(TEXT("a\0c"))));
}

static void only_ascii_letters_lose_their_case(void **state)
{
    (void)state;
    assert_true(text_equals_ignoring_case(TEXT("Content-LENGTH"), "content-length"));
    assert_false(text_equals_ignoring_case(TEXT("content-lengt"), "content-length"));
    assert_false(text_equals_ignoring_case(TEXT("["), "{")); /* they differ by the bit that cases differ by */
    assert_false(text_equals_ignoring_case(TEXT("@"), "`"));
    assert_false(text_equals_ignoring_case(TEXT("\xc3\x89"), "\xc3\xa9")); /* É and é */
}

static void prefixes_are_found(void **state)
{
    (void)state;
    assert_true(text_starts_with(TEXT("per_1"), "per_"));
    assert_true(text_starts_with(TEXT("per_"), "per_"));
    assert_false(text_starts_with(TEXT("per"), "per_"));
    assert_true(text_starts_with((struct text){NULL, 0}, ""));
    assert_int_equal(text_of(NULL).size, 0);
    assert_int_equal(text_of("abc").size, 3);
}

static void copies_are_independent_and_end_with_nul(void **state)
{
    char original[] = "abc";
    struct text copy = text_copy(*state, text_of(original));
    original[0] = 'x';
    assert_int_equal(copy.size, 3);
    assert_string_equal(copy.at, "abc");
    struct bytes none = bytes_copy(*state, (struct bytes){NULL, 0});
    assert_non_null(none.at);
    assert_int_equal(none.size, 0);
}

static void a_text_with_a_nul_is_no_c_string(void **state)
{
    assert_string_equal(text_c_string(*state, TEXT("abc")), "abc");
    assert_string_equal(text_c_string(*state, TEXT_NONE), "");
    assert_null(text_c_string(*state, TEXT("a\0c")));
    assert_null(text_c_string(*state, TEXT("abc\0")));
}

static void formats_are_as_long_as_they_need(void **state)
{
    struct text text = text_format(*state, "%s-%d-%.*s", "a", 42, TEXT_ARGS(TEXT("bcd")));
    assert_true(text_is(text, "a-42-bcd"));
    struct text wide = text_format(*state, "%5000d", 1);
    assert_int_equal(wide.size, 5000);
}

static void without_memory_copies_and_formats_are_null(void **state)
{
    (void)state;
    struct arena *arena = open_full_arena();
    assert_null(text_copy(arena, TEXT("abc")).at);
    assert_null(text_c_string(arena, TEXT("abc")));
    assert_null(text_format(arena, "%d", 1).at);
    struct builder builder = builder_open(arena, 100);
    build_literal(&builder, "abc");
    assert_true(builder.overflowed);
    arena_close(arena);
}

static void a_builder_grows_and_keeps_what_it_has(void **state)
{
    struct builder builder = builder_open(*state, 100000);
    for (int i = 0; i < 10000; i++)
        build_format(&builder, "%04d", i);
    assert_false(builder.overflowed);
    struct text text = builder_text(&builder);
    assert_int_equal(text.size, 40000);
    assert_memory_equal(text.at + 4 * 9999, "9999", 4);
    assert_memory_equal(text.at + 4 * 63, "0063", 4); /* the last of the first 256 bytes */
}

static void a_builder_stops_exactly_at_its_maximum(void **state)
{
    struct builder builder = builder_open(*state, 5);
    build_literal(&builder, "12345");
    assert_false(builder.overflowed);
    build_byte(&builder, '6');
    assert_true(builder.overflowed);
    assert_true(text_is(builder_text(&builder), "12345"));
}

static void an_append_that_does_not_fit_changes_nothing_and_is_not_forgotten(void **state)
{
    struct builder builder = builder_open(*state, 5);
    build_literal(&builder, "123");
    build_literal(&builder, "456");
    assert_int_equal(builder.size, 3);
    build_literal(&builder, "4"); /* would fit, but then the text would have a hole */
    assert_int_equal(builder.size, 3);
    assert_true(builder.overflowed);
}

static void an_empty_builder_has_an_empty_text(void **state)
{
    struct builder builder = builder_open(*state, 5);
    build_text(&builder, TEXT_NONE);
    build_bytes(&builder, (struct bytes){NULL, 0});
    assert_false(builder.overflowed);
    assert_non_null(builder_text(&builder).at);
    assert_int_equal(builder_bytes(&builder).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_compare_by_their_bytes),
        cmocka_unit_test(only_ascii_letters_lose_their_case),
        cmocka_unit_test(prefixes_are_found),
        cmocka_unit_test_setup_teardown(copies_are_independent_and_end_with_nul, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_text_with_a_nul_is_no_c_string, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(formats_are_as_long_as_they_need, open_arena, close_arena),
        cmocka_unit_test(without_memory_copies_and_formats_are_null),
        cmocka_unit_test_setup_teardown(a_builder_grows_and_keeps_what_it_has, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_builder_stops_exactly_at_its_maximum, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(an_append_that_does_not_fit_changes_nothing_and_is_not_forgotten, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(an_empty_builder_has_an_empty_text, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
