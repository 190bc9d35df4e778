/* SPDX-License-Identifier: Apache-2.0
 * Goal: text that strangers show hides nothing, and people may still write their languages. Method: a table of code
 * points, each alone between letters; words and pictures that need a joiner; every neighbour of a range. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "support/cmocka.h"

/* RFC 3629. */
static size_t put(char *at, uint32_t code)
{
    static const uint8_t HEADS[] = {0, 0xC0, 0xE0, 0xF0};
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, code >>= 6)
        at[i] = (char)(0x80 | (code & 63));
    at[0] = (char)(HEADS[more] | code);
    return more + 1;
}

static bool spelled(const uint32_t *codes)
{
    char text[64];
    size_t size = 0;
    for (size_t i = 0; codes[i] != 0; i++)
        size += put(text + size, codes[i]);
    return text_is_overt((struct text){text, size}, false);
}

static bool between_letters(uint32_t code)
{
    return spelled((const uint32_t[]){'a', code, 'b', 0});
}

static void nothing_hides_between_letters(void **state)
{
    static const uint32_t HIDDEN[] = {
        0x07,   0x7F,   0x85,   0xAD,   0x034F, 0x061C, 0x115F,  0x1160,  0x17B4,  0x17B5,  0x180B,  0x180E,
        0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029,  0x202A,  0x202B,  0x202C,  0x202D,  0x202E,
        0x2060, 0x2064, 0x2065, 0x2066, 0x2067, 0x2068, 0x2069,  0x206A,  0x206F,  0x3164,  0xE000,  0xF8FF,
        0xFDD0, 0xFDEF, 0xFE00, 0xFE0E, 0xFE0F, 0xFEFF, 0xFFA0,  0xFFF9,  0xFFFB,  0xFFFE,  0xFFFF,  0x1BCA0,
        0x1D173, 0x1FFFE, 0x2FFFF, 0xE0001, 0xE0020, 0xE007F, 0xE0100, 0xE01EF, 0xF0000, 0xFFFFE, 0x100000, 0x10FFFF,
    };
    static const uint32_t SHOWN[] = {
        ' ',    0xA0,   0xAC,   0xAE,   0xE4,   0x0301, 0x034E,  0x0350,  0x061B,  0x061D,  0x115E,  0x1161, 0x2010,
        0x2019, 0x2027, 0x202F, 0x205F, 0x2070, 0x20AC, 0x3163,  0x3165,  0xD7FF,  0xF900,  0xFDCF,  0xFDF0, 0xFE10,
        0xFEFE, 0xFF9F, 0xFFA1, 0xFFFC, 0xFFFD, 0x10000, 0x1F600, 0x1FFFD, 0x30000,
    };
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
        if (between_letters(HIDDEN[i]))
            fail_msg("U+%04X is let through", (unsigned)HIDDEN[i]);
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++)
        if (!between_letters(SHOWN[i]))
            fail_msg("U+%04X is refused", (unsigned)SHOWN[i]);
}

static void languages_and_pictures_keep_what_they_need(void **state)
{
    static const struct {
        const char *what;
        uint32_t    codes[8];
        bool        overt;
    } CASES[] = {
        {"Persian with a non-joiner", {0x0645, 0x06CC, 0x200C, 0x062E, 0x0648, 0x0627}, true},
        {"Sinhala with a joiner", {0x0DC1, 0x0DCA, 0x200D, 0x0DBB, 0x0DD3}, true},
        {"a joiner at the end of a word", {0x0645, 0x06CC, 0x200C}, false},
        {"a joiner at the beginning", {0x200D, 0x0DBB, 0x0DD3}, false},
        {"two joiners", {0x0645, 0x200C, 0x200C, 0x0627}, false},
        {"a joiner between two scripts", {0x0645, 0x200C, 'a'}, false},
        {"a family", {0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467}, true},
        {"a flag of many colours", {0x1F3F3, 0xFE0F, 0x200D, 0x1F308}, true},
        {"a picture with a non-joiner", {0x1F468, 0x200C, 0x1F469}, false},
        {"a heart in colour", {0x2764, 0xFE0F}, true},
        {"a key", {'1', 0xFE0F, 0x20E3}, true},
        {"other keys", {'#', 0xFE0F, 0x20E3, '*', 0xFE0F, 0x20E3}, true},
        {"a sign that is no key", {'!', 0xFE0F}, false},
        {"marks of law in colour", {0xA9, 0xFE0F, 0xAE, 0xFE0F}, true},
        {"exclamations in colour", {0x203C, 0xFE0F, 0x2049, 0xFE0F}, true},
        {"signs of Japanese in colour", {0x3030, 0xFE0F, 0x303D, 0xFE0F}, true},
        {"a neighbour of one that is no picture", {0x303E, 0xFE0F}, false},
        {"a picture joined to a letter", {0x1F468, 0x200D, 'a'}, false},
        {"a letter with a variation", {'a', 0xFE0F}, false},
        {"two variations", {0x2764, 0xFE0F, 0xFE0F}, false},
        {"a flag made of tags", {0x1F3F4, 0xE0067, 0xE0062, 0xE007F}, false},
        {"a name with a variant of an ideograph", {0x8FBB, 0xE0100}, true},
        {"two variants", {0x8FBB, 0xE0100, 0xE0101}, false},
        {"Mongolian with a variation", {0x1820, 0x180B, 0x1828}, true},
        {"Mongolian with the fourth variation", {0x1820, 0x180F, 0x1828}, true},
        {"Mongolian with a separator of vowels", {0x1820, 0x180E, 0x1828}, false},
    };
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (spelled(CASES[i].codes) != CASES[i].overt)
            fail_msg("%s: %s", CASES[i].what, CASES[i].overt ? "refused" : "let through");
}

static void lines_are_let_through_only_where_they_are_wanted(void **state)
{
    (void)state; /* needs nothing */
    assert_true(text_is_overt(TEXT("a\nb\tc"), true));
    assert_false(text_is_overt(TEXT("a\nb"), false));
    assert_false(text_is_overt(TEXT("a\xE2\x80\xA8z"), true));
    assert_false(text_is_overt(TEXT("a\xFF"), true));
    assert_true(text_is_overt(TEXT(""), false));
}

static void what_is_not_overt_is_spelt_out(void **state)
{
    static const struct {
        const char *text, *wanted;
    } CASES[] = {
        {"Ada Lovell", "Ada Lovell"},
        {"Zoë \xF0\x9F\x98\x80", "Zoë \xF0\x9F\x98\x80"},
        {"", ""},
        {"Ada\nrel_1\tx", "Ada\\u{a}rel_1\\u{9}x"},
        {"\x1B[2J\x7F\xC2\x85", "\\u{1b}[2J\\u{7f}\\u{85}"},
        {"a\xE2\x80\xAEz", "a\\u{202e}z"},
        {"a\xE2\x80\xA8", "a\\u{2028}"},
        {"a\xFF\xC3z\xC3", "a\\xff\\xc3z\\xc3"},
        {"\xE0\xA4\x95\xE2\x80\x8D\xE0\xA4\xB7\n", "\xE0\xA4\x95\xE2\x80\x8D\xE0\xA4\xB7\\u{a}"},
    };
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena *arena = arena_open(64 * 1024);
        struct text spelt = text_spell_out(arena, text_of(CASES[i].text));
        if (!text_is(spelt, CASES[i].wanted))
            fail_msg("%zu: %.*s", i, TEXT_ARGS(spelt));
        assert_true(text_is_overt(spelt, false));
        arena_close(arena);
    }
    struct arena *small = arena_open(64);
    assert_null(text_spell_out(small, TEXT("a\nb a text whose spelling is longer than the memory there is")).at);
    arena_close(small);
}

static void blanks_of_every_kind_show_nothing(void **state)
{
    static const char *const BLANKS[] = {
        "",             " \t\r\n",       "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x83 ",           "\xE2\x80\x8B",
        "\xE2\x80\xAF", "\xE2\xA0\x80", "\xE3\x80\x80", "\xE3\x85\xA4", "\xE2\xA0\x80 \xE2\xA0\x80",
        "\xFF",         " \xC3",
    };
    static const char *const SHOWN[] = {
        "a", " a", ".", "\xE2\xA0\x81", "\xE4\xBD\xA0", "\xF0\x9F\x98\x80", "\xE2\xA0\x80z",
    };
    (void)state; /* the tables are all it needs */
    for (size_t i = 0; i < sizeof BLANKS / sizeof *BLANKS; i++)
        if (text_shows(text_of(BLANKS[i])))
            fail_msg("blank %zu shows", i);
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++)
        if (!text_shows(text_of(SHOWN[i])))
            fail_msg("shown %zu does not", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_hides_between_letters),
        cmocka_unit_test(languages_and_pictures_keep_what_they_need),
        cmocka_unit_test(lines_are_let_through_only_where_they_are_wanted),
        cmocka_unit_test(what_is_not_overt_is_spelt_out),
        cmocka_unit_test(blanks_of_every_kind_show_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
