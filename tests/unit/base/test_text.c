/* SPDX-License-Identifier: Apache-2.0
 * Encodings and strict readers: what they take, and above all what they refuse. */
#include "base/text.h"

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

static void well_formed_utf8_is_taken(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"", "abc", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                       "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        assert_true(text_is_utf8(text_of(GOOD[i])));
    assert_true(text_is_utf8(TEXT("a\0b")));
}

static void ill_formed_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "\x80", "\xbf", "\xff", "\xfe", "\xc3", "\xc3(", "a\xe2\x82", "\xe2(\xac", "\xf0\x9f\x97", /* broken */
        "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb7\x9d", /* surrogates */
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", /* too large */
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_false(text_is_utf8(text_of(BAD[i])));
        assert_false(text_is_plain(text_of(BAD[i]), true));
    }
}

static void a_sequence_is_not_read_beyond_the_text(void **state)
{
    (void)state;
    assert_false(text_is_utf8((struct text){"\xe2\x82\xac", 2}));
    assert_true(text_is_utf8((struct text){"\xe2\x82\xac", 3}));
}

static void what_is_not_plain_ends_the_plain_part(void **state)
{
    (void)state;
    static const struct {
        struct text whole;
        size_t      plain;
    } CASES[] = {{TEXT(""), 0}, {TEXT("Zo\xc3\xab"), 4}, {TEXT("a: \xbb\xa9\x1f"), 3}, {TEXT("a\nb"), 1},
                 {TEXT("a\tb"), 1}, {TEXT("a\0b"), 1}, {TEXT("ab\x7f"), 2}, {TEXT("Zo\xc3"), 2},
                 {TEXT("\xc2\x9f" "a"), 0}, {TEXT("\xc2\xa0" "a"), 3}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct text part = text_plain_part(CASES[i].whole);
        assert_ptr_equal(part.at, CASES[i].whole.at);
        assert_int_equal(part.size, CASES[i].plain);
    }
}

static void plain_text_has_no_control_characters(void **state)
{
    (void)state;
    assert_true(text_is_plain(TEXT("Zoë \xf0\x9f\x97\x9d"), false));
    assert_true(text_is_plain(TEXT("\xc2\xa0"), false)); /* the first behind C1 */
    assert_true(text_is_plain(TEXT("a\n\tb"), true));
    assert_false(text_is_plain(TEXT("a\nb"), false));
    assert_false(text_is_plain(TEXT("a\tb"), false));
    assert_false(text_is_plain(TEXT("a\rb"), true));
    assert_false(text_is_plain(TEXT("a\0b"), true));
    assert_false(text_is_plain(TEXT("\x1b[31m"), true));
    assert_false(text_is_plain(TEXT("\x7f"), true));
    assert_false(text_is_plain(TEXT("\xc2\x80"), true));
    assert_false(text_is_plain(TEXT("\xc2\x9f"), true));
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_count_characters(TEXT_NONE), 0);
    assert_int_equal(text_count_characters(TEXT("Zoë\xe2\x82\xac\xf0\x9f\x97\x9d")), 5);
}

static void trimming_takes_both_ends_only(void **state)
{
    (void)state;
    assert_true(text_is(text_trim(TEXT(" \t\r\n a b \n")), "a b"));
    assert_int_equal(text_trim(TEXT(" \t ")).size, 0);
    assert_true(text_is(text_trim(TEXT("\xc2\xa0x")), "\xc2\xa0x")); /* no-break space stays */
}

static void whole_numbers_are_read_strictly(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",    "-1",  "+1",  "00", "01", "1 ", " 1",       "1.0", "0x1", "1e3", "1\n", "1,0", "a", "/", ":", "\xd9\xa1",
        "9223372036854775808", "10000000000000000000", "99999999999999999999",
    };
    int64_t out = -7;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(text_to_int64(text_of(BAD[i]), &out));
    assert_false(text_to_int64(TEXT("1\0"), &out));
    assert_int_equal(out, -7);
    assert_true(text_to_int64(TEXT("0"), &out));
    assert_int_equal(out, 0);
    assert_true(text_to_int64(TEXT("9223372036854775807"), &out));
    assert_true(out == INT64_MAX);
}

/* Calls `check` with octets of every length up to 70, counting up from different starts. */
static void with_octets(struct arena *arena, void (*check)(struct arena *arena, struct bytes bytes))
{
    uint8_t octets[70];
    for (size_t size = 0; size <= sizeof octets; size++) {
        for (size_t i = 0; i < size; i++)
            octets[i] = (uint8_t)(i * 37 + size * 11);
        check(arena, (struct bytes){octets, size});
    }
}

static void base64_comes_back(struct arena *arena, struct bytes in)
{
    struct bytes out = {NULL, 0};
    struct text text = base64url_encode(arena, in);
    assert_int_equal(text.size, (in.size * 8 + 5) / 6);
    assert_true(base64url_decode(arena, text, &out));
    assert_true(bytes_equals(in, out));
    text = base64_encode(arena, in);
    assert_int_equal(text.size, (in.size + 2) / 3 * 4);
    assert_true(base64_decode(arena, text, &out));
    assert_true(bytes_equals(in, out));
}

static void hex_and_base32_come_back(struct arena *arena, struct bytes in)
{
    struct bytes out = {NULL, 0};
    assert_true(hex_decode(arena, hex_encode(arena, in), &out));
    assert_true(bytes_equals(in, out));
    char letters[128];
    uint8_t back[70];
    size_t size = base32_encoded_size(in.size);
    base32_encode(in, letters);
    assert_true(base32_decode((struct text){letters, size}, back, in.size));
    assert_true(bytes_equals(in, (struct bytes){back, in.size}));
    assert_false(base32_decode((struct text){letters, size}, back, in.size + 1));
}

static void encodings_come_back(void **state)
{
    with_octets(*state, base64_comes_back);
    with_octets(*state, hex_and_base32_come_back);
}

static void encodings_agree_with_rfc_4648_section_10(void **state)
{
    static const struct {
        const char *plain, *base64, *base64url, *hex;
    } ROWS[] = {{"", "", "", ""},
                {"f", "Zg==", "Zg", "66"},
                {"fo", "Zm8=", "Zm8", "666f"},
                {"foo", "Zm9v", "Zm9v", "666f6f"},
                {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
                {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
                {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
                {"\xfb\xff\xfe", "+//+", "-__-", "fbfffe"}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct bytes plain = bytes_of_text(text_of(ROWS[i].plain));
        assert_true(text_is(base64_encode(*state, plain), ROWS[i].base64));
        assert_true(text_is(base64url_encode(*state, plain), ROWS[i].base64url));
        assert_true(text_is(hex_encode(*state, plain), ROWS[i].hex));
    }
}

static void base64_that_is_not_canonical_is_refused(void **state)
{
    static const char *const BAD_URL[] = {"Z", "Zh", "Zg==", "Zm9", "Zm8=", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9vY",
                                          "Z\xc3\xa9g", "=", "Zg=", "Zm 8"};
    static const char *const BAD[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8==", "====", "Z===", "=Zg=", "Zm9v====", "Zm-v",
                                      "Zg==\n", "Zg==Zg==", "Zm9vY===", "Z=g="};
    struct bytes out = {NULL, 77};
    for (size_t i = 0; i < sizeof BAD_URL / sizeof *BAD_URL; i++)
        assert_false(base64url_decode(*state, text_of(BAD_URL[i]), &out));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(base64_decode(*state, text_of(BAD[i]), &out));
    assert_false(base64url_decode(*state, TEXT("Zm\0v"), &out));
    assert_int_equal(out.size, 77);
}

static void a_hexadecimal_digit_has_a_value_in_either_case(void **state)
{
    static const char DIGITS[] = "0123456789abcdef";
    (void)state;
    for (int c = -128; c < 128; c++) {
        char lower = (char)(c >= 'A' && c <= 'F' ? c + 32 : c);
        const char *at = lower == '\0' ? NULL : strchr(DIGITS, lower);
        assert_int_equal(text_hex_digit((char)c), at == NULL ? -1 : at - DIGITS);
    }
}

static void hex_is_lower_case_and_even(void **state)
{
    static const char *const BAD[] = {"6", "666", "6F", "0x66", "6 6", "gg", "6g", "\xc3\xa9"};
    struct bytes out = {NULL, 77};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(hex_decode(*state, text_of(BAD[i]), &out));
    assert_int_equal(out.size, 77);
}

static void base32_reads_what_people_mistype(void **state)
{
    (void)state;
    uint8_t out[5];
    static const uint8_t WANTED[5] = {0x00, 0x44, 0x32, 0x14, 0xC7}; /* the digits 0 1 2 3 4 5 6 7 */
    assert_true(base32_decode(TEXT("01234567"), out, 5));
    assert_memory_equal(out, WANTED, 5);
    assert_true(base32_decode(TEXT("oI234567"), out, 5));
    assert_memory_equal(out, WANTED, 5);
    assert_true(base32_decode(TEXT("OL234567"), out, 5));
    assert_memory_equal(out, WANTED, 5);
    char upper[] = "ABCDEFGH";
    char lower[] = "abcdefgh";
    uint8_t other[5];
    assert_true(base32_decode(text_of(upper), out, 5));
    assert_true(base32_decode(text_of(lower), other, 5));
    assert_memory_equal(out, other, 5);
}

static void base32_refuses_what_it_cannot_mean(void **state)
{
    (void)state;
    uint8_t out[16];
    assert_false(base32_decode(TEXT("u1234567"), out, 5));
    assert_false(base32_decode(TEXT("0123-567"), out, 5));
    assert_false(base32_decode(TEXT("0123456\0"), out, 5));
    assert_false(base32_decode(TEXT("0123456\xff"), out, 5));
    assert_false(base32_decode(TEXT("0123456"), out, 5));
    assert_false(base32_decode(TEXT("012345678"), out, 5));
    assert_true(base32_decode(TEXT("00000000000000000000000000"), out, 16));
    assert_false(base32_decode(TEXT("00000000000000000000000001"), out, 16)); /* an unused bit */
    assert_true(base32_decode(TEXT("00000000000000000000000004"), out, 16));
    assert_int_equal(out[15], 1);
}

static void without_memory_an_encoding_is_null(void **state)
{
    (void)state;
    struct arena *arena = arena_open(64);
    while (arena_take(arena, 1, 1) != NULL)
        continue;
    struct bytes out = {NULL, 0};
    assert_null(base64url_encode(arena, bytes_of_text(TEXT("abc"))).at);
    assert_null(base64_encode(arena, bytes_of_text(TEXT("abc"))).at);
    assert_null(hex_encode(arena, bytes_of_text(TEXT("abc"))).at);
    assert_false(base64_decode(arena, TEXT("Zm9v"), &out));
    assert_false(hex_decode(arena, TEXT("6f"), &out));
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_taken),
        cmocka_unit_test(ill_formed_utf8_is_refused),
        cmocka_unit_test(a_sequence_is_not_read_beyond_the_text),
        cmocka_unit_test(plain_text_has_no_control_characters),
        cmocka_unit_test(what_is_not_plain_ends_the_plain_part),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(trimming_takes_both_ends_only),
        cmocka_unit_test(whole_numbers_are_read_strictly),
        cmocka_unit_test_setup_teardown(encodings_come_back, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(encodings_agree_with_rfc_4648_section_10, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(base64_that_is_not_canonical_is_refused, open_arena, close_arena),
        cmocka_unit_test(a_hexadecimal_digit_has_a_value_in_either_case),
        cmocka_unit_test_setup_teardown(hex_is_lower_case_and_even, open_arena, close_arena),
        cmocka_unit_test(base32_reads_what_people_mistype),
        cmocka_unit_test(base32_refuses_what_it_cannot_mean),
        cmocka_unit_test(without_memory_an_encoding_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
