/* SPDX-License-Identifier: Apache-2.0
 * Goal: what CTAP2 permits is read as it is meant, and any second spelling of it is refused. Method: tables of
 * octets. */
#include "base/limits.h"
#include "base/text.h"
#include "protocol/cbor.h"
#include "support/cmocka.h"

static struct arena *arena;

static struct bytes octets(const char *hex)
{
    struct bytes bytes;
    assert_true(hex_decode(arena, text_of(hex), &bytes));
    return bytes;
}

static bool is_taken(struct bytes data)
{
    struct cbor_item item;
    size_t size = 0;
    return cbor_read(data, &item, &size) && size == data.size;
}

static void each_kind_is_read_as_it_is_meant(void **state)
{
    (void)state; /* none */
    static const struct {
        const char *hex;
        cbor_kind   kind;
        int64_t     number;
        size_t      content, count;
    } CASES[] = {
        {"00", CBOR_NUMBER, 0, 0, 0},
        {"17", CBOR_NUMBER, 23, 0, 0},
        {"1818", CBOR_NUMBER, 24, 0, 0},
        {"190100", CBOR_NUMBER, 256, 0, 0},
        {"1a00010000", CBOR_NUMBER, 65536, 0, 0},
        {"1b7fffffffffffffff", CBOR_NUMBER, INT64_MAX, 0, 0},
        {"20", CBOR_NUMBER, -1, 0, 0},
        {"390100", CBOR_NUMBER, -257, 0, 0},
        {"3b7fffffffffffffff", CBOR_NUMBER, INT64_MIN, 0, 0},
        {"43010203", CBOR_BYTES, 3, 3, 0},
        {"63c3a461", CBOR_TEXT, 3, 3, 0},
        {"80", CBOR_LIST, 0, 0, 0},
        {"820102", CBOR_LIST, 2, 2, 2},
        {"a20102200f", CBOR_MAP, 2, 4, 2},
        {"f5", CBOR_TRUTH, 1, 0, 0},
        {"f4", CBOR_TRUTH, 0, 0, 0},
        {"f6", CBOR_NOTHING, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct cbor_item item = {.kind = CBOR_NONE};
        size_t size = 0;
        struct bytes data = octets(CASES[i].hex);
        assert_true(cbor_read(data, &item, &size));
        assert_int_equal(size, data.size);
        assert_int_equal(item.kind, CASES[i].kind);
        assert_int_equal(item.number, CASES[i].number);
        assert_int_equal(item.content.size, CASES[i].content);
        assert_int_equal(item.count, CASES[i].count);
    }
}

static void a_second_spelling_is_refused(void **state)
{
    (void)state; /* none */
    static const char *const REFUSED[] = {
        "",                     /* nothing */
        "1800", "1817",         /* a head longer than needed */
        "190018", "1a00000100", "1b0000000000010000", "3818ff00", "580101", "9801f6", "b8010101",
        "1b8000000000000000",   /* beyond 64 bits with a sign */
        "3bffffffffffffffff",
        "5f4101ff", "7f6161ff", /* indefinite lengths */
        "9f01ff", "bf0101ff", "ff",
        "c100", "d81800",       /* tags */
        "f93c00", "fa3f800000", "fb3ff0000000000000", /* floats */
        "f7", "f820", "e0",     /* undefined, simple values */
        "61ff", "62c328",       /* no UTF-8 */
        "4301", "8201", "a201", /* cut off */
        "9affffffff", "bbffffffffffffffff", "5bffffffffffffffff",
        "a20101" "0101",        /* a key twice */
        "a20201" "0101",        /* keys that fall */
        "a22001" "0101",        /* the major type counts first */
        "a2626161" "01" "6162" "01", /* then the length */
        "a1f501", "a1410101", "a18001", /* keys that are neither number nor text */
        "1c", "3f",             /* reserved heads */
    };
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        if (is_taken(octets(REFUSED[i])))
            fail_msg("%s was taken", REFUSED[i]);
    assert_true(is_taken(octets("a30101200161610a")));
    assert_true(is_taken(octets("a2616101626161" "01")));
}

static void what_stands_behind_is_the_callers(void **state)
{
    (void)state; /* none */
    struct cbor_item item;
    size_t size = 0;
    assert_true(cbor_read(octets("8101ffff"), &item, &size));
    assert_int_equal(size, 2);
}

static void four_levels_and_so_many_octets_are_the_most(void **state)
{
    (void)state; /* none */
    assert_true(is_taken(octets("81818180")));
    assert_false(is_taken(octets("8181818180")));
    assert_true(is_taken(octets("a101a101a101a0")));
    assert_false(is_taken(octets("a101a101a101a101a0")));
    uint8_t *large = arena_take(arena, LIMIT_CBOR_BYTES + 1, 1);
    assert_non_null(large);
    memset(large, 0, LIMIT_CBOR_BYTES + 1);
    large[0] = 0x59; /* a string of octets with a size of two */
    large[1] = (LIMIT_CBOR_BYTES - 3) >> 8;
    large[2] = (LIMIT_CBOR_BYTES - 3) & 0xff;
    assert_true(is_taken((struct bytes){large, LIMIT_CBOR_BYTES}));
    struct cbor_item item;
    size_t size = 0;
    assert_false(cbor_read((struct bytes){large, LIMIT_CBOR_BYTES + 1}, &item, &size));
}

static void entries_are_found_by_their_names(void **state)
{
    (void)state; /* none */
    struct cbor_item map;
    struct cbor_item inner;
    struct cbor_item found;
    size_t size = 0;
    assert_true(cbor_read(octets("a401022003616105626162a10107"), &map, &size));
    assert_true(cbor_find_number(&map, 1, &found) && found.number == 2);
    assert_true(cbor_find_number(&map, -1, &found) && found.number == 3);
    assert_true(cbor_find_text(&map, "a", &found) && found.number == 5);
    assert_true(cbor_find_text(&map, "ab", &inner) && inner.kind == CBOR_MAP);
    assert_true(cbor_find_number(&inner, 1, &found) && found.number == 7);
    assert_false(cbor_find_number(&map, 5, &found));
    assert_false(cbor_find_text(&map, "b", &found));
    assert_true(cbor_read(octets("820102"), &map, &size));
    assert_false(cbor_find_number(&map, 1, &found)); /* a list has no names */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read_as_it_is_meant),
        cmocka_unit_test(a_second_spelling_is_refused),
        cmocka_unit_test(what_stands_behind_is_the_callers),
        cmocka_unit_test(four_levels_and_so_many_octets_are_the_most),
        cmocka_unit_test(entries_are_found_by_their_names),
    };
    arena = arena_open(1 << 20);
    int result = arena == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(arena);
    return result;
}
