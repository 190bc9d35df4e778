/* SPDX-License-Identifier: Apache-2.0
 * Goal: bytes of a character set become the same text however they come in pieces, and never another one. Method: texts
 * with bad sequences at their front, middle and end, converted through every size of room and of arena. */
#include "protocol/charset.h"

#include "base/text.h"
#include "support/cmocka.h"

#define TEXT_MAX 64u

static const struct {
    const char *charset, *bytes;
    size_t      size;
    const char *wanted; /* FF: a bad sequence */
} CASES[] = {
    {"ISO-8859-1", "J\xF6rg", 4, "Jörg"},
    {"CP1252", "\x80\x81\x8D z", 5, "€\xFF\xFF z"},
    {"SHIFT_JIS", "\x83\x65\xFF\x83\x58", 5, "テ\xFFス"},
    {"UTF-16LE", "a\0\x00\xDC" "b\0", 6, "a\xFF" "b"},
    {"UTF-16BE", "\xDC\0\0a", 4, "\xFF" "a"},
    {"ASCII", "\xFF\xFE", 2, "\xFF\xFF"},
};

static void every_room_gives_the_same_text(void **state)
{
    (void)state; /* the table is all it needs */
    struct arena *arena = arena_open(64 * 1024);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct charset_converter converter;
        assert_true(charset_converter_open(arena, CASES[i].charset, &converter));
        for (size_t room = 4; room < TEXT_MAX / 2; room++) {
            uint8_t out[2 * TEXT_MAX];
            size_t at = 0;
            struct bytes rest = {(const uint8_t *)CASES[i].bytes, CASES[i].size};
            while (rest.size > 0 && at < TEXT_MAX)
                at += charset_convert(&converter, &rest, out + at, room);
            assert_true(text_is((struct text){(const char *)out, at}, CASES[i].wanted));
        }
    }
    arena_close(arena);
}

static void without_room_nothing_is_taken(void **state)
{
    (void)state; /* the table is all it needs */
    struct arena *arena = arena_open(64 * 1024);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct charset_converter converter;
        uint8_t out[1] = {7};
        struct bytes rest = {(const uint8_t *)CASES[i].bytes, CASES[i].size};
        assert_true(charset_converter_open(arena, CASES[i].charset, &converter));
        assert_int_equal(charset_convert(&converter, &rest, out, 0), 0);
        assert_int_equal(rest.size, CASES[i].size);
        assert_int_equal(out[0], 7);
    }
    arena_close(arena);
}

static void a_sequence_without_its_end_waits_for_it(void **state)
{
    (void)state; /* needs nothing */
    struct arena *arena = arena_open(64 * 1024);
    struct charset_converter converter;
    struct text text = TEXT("before");
    uint8_t out[8];
    struct bytes rest = {(const uint8_t *)"a\x83", 2};
    assert_true(charset_converter_open(arena, "SHIFT_JIS", &converter));
    assert_int_equal(charset_convert(&converter, &rest, out, sizeof out), 1);
    assert_int_equal(rest.size, 1);
    assert_int_equal(rest.at[0], 0x83);
    assert_false(charset_decode(arena, "SHIFT_JIS", (struct bytes){(const uint8_t *)"a\x83", 2}, &text));
    assert_false(charset_decode(arena, "CP1252", (struct bytes){(const uint8_t *)"a\x81", 2}, &text));
    assert_false(charset_decode(arena, "UTF-8", (struct bytes){(const uint8_t *)"a\x81", 2}, &text));
    assert_true(text_is(text, "before"));
    arena_close(arena);
}

static void a_set_that_is_not_known_gives_no_converter(void **state)
{
    (void)state; /* needs nothing */
    struct arena *arena = arena_open(64 * 1024);
    struct charset_converter converter;
    struct text text = TEXT("before");
    assert_false(charset_converter_open(arena, "KLINGON-1", &converter));
    assert_false(charset_decode(arena, "KLINGON-1", (struct bytes){(const uint8_t *)"a", 1}, &text));
    assert_true(text_is(text, "before"));
    assert_null(charset_find(TEXT("klingon-1")));
    assert_string_equal(charset_find(TEXT("UTF_16 le")), "UTF-16LE");
    arena_close(arena);
}

/* Under a leak checker: what is opened is closed, also when the arena cannot remember it. */
static void too_little_memory_gives_no_text(void **state)
{
    (void)state; /* needs nothing */
    int given = 0;
    for (size_t bytes = 1; bytes < 256; bytes++) {
        struct arena *arena = arena_open(bytes);
        struct text text = TEXT("before");
        if (charset_decode(arena, "ISO-8859-1", (struct bytes){(const uint8_t *)"J\xF6rg", 4}, &text)) {
            assert_true(text_is(text, "Jörg"));
            given++;
        } else {
            assert_true(arena_is_exhausted(arena));
            assert_true(text_is(text, "before"));
        }
        arena_close(arena);
    }
    assert_in_range(given, 1, 254);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_room_gives_the_same_text),
        cmocka_unit_test(without_room_nothing_is_taken),
        cmocka_unit_test(a_sequence_without_its_end_waits_for_it),
        cmocka_unit_test(a_set_that_is_not_known_gives_no_converter),
        cmocka_unit_test(too_little_memory_gives_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
