/* SPDX-License-Identifier: Apache-2.0
 * Sealing: what opens, and that nothing else does. The kept value was made by another implementation (HChaCha20 and
 * the ChaCha20-Poly1305 of RFC 8439, after draft-irtf-cfrg-xchacha-03 section 2). */
#include "crypto/seal.h"

#include "unit/crypto/fixture.h"

static const struct seal_place PLACE = {.person_id = 7, .kind = SEAL_VAULT, .item = 3, .version = 2};

static struct secret_key some_key(struct ctx *cx)
{
    struct secret_key key;
    random_fill(cx->randomness, key.at, sizeof key.at);
    return key;
}

static void values_of_any_size_come_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    uint8_t plain[400];
    random_fill(cx->randomness, plain, sizeof plain);
    for (size_t size = 0; size <= sizeof plain; size++) {
        struct bytes sealed, opened;
        assert_int_equal(seal(cx, &key, &PLACE, (struct bytes){plain, size}, &sealed), OK);
        assert_int_equal(sealed.size, size + SEAL_OVERHEAD_BYTES);
        assert_int_equal(seal_open(cx, &key, &PLACE, sealed, &opened), OK);
        assert_true(bytes_equals(opened, (struct bytes){plain, size}));
    }
    fixture_close(&fixture);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    struct bytes sealed, opened = {NULL, 0};
    assert_int_equal(seal(cx, &key, &PLACE, bytes_of_text(TEXT("Lindenweg 4, 3000 Bern")), &sealed), OK);
    uint8_t *changed = arena_take(cx->arena, sealed.size, 1);
    memcpy(changed, sealed.at, sealed.size);
    for (size_t bit = 0; bit < 8 * sealed.size; bit++) {
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_failed(cx, seal_open(cx, &key, &PLACE, (struct bytes){changed, sealed.size}, &opened), CORRUPT,
                      "seal.broken");
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_null(opened.at);
    assert_int_equal(seal_open(cx, &key, &PLACE, (struct bytes){changed, sealed.size}, &opened), OK);
    fixture_close(&fixture);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    struct bytes sealed, opened;
    assert_int_equal(seal(cx, &key, &PLACE, bytes_of_text(TEXT("x")), &sealed), OK);
    for (struct bytes cut = {sealed.at, 0}; cut.size < sealed.size; cut.size++)
        assert_failed(cx, seal_open(cx, &key, &PLACE, cut, &opened), CORRUPT, "seal.broken");
    fixture_close(&fixture);
}

static void a_value_opens_at_its_place_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    struct bytes sealed, opened;
    assert_int_equal(seal(cx, &key, &PLACE, bytes_of_text(TEXT("x")), &sealed), OK);
    const struct seal_place others[] = {
        {8, SEAL_VAULT, 3, 2, {0}}, {7, SEAL_RECORD, 3, 2, {0}}, {7, SEAL_VAULT, 4, 2, {0}}, {7, SEAL_VAULT, 3, 1, {0}},
        {3, SEAL_VAULT, 7, 2, {0}}, {-7, SEAL_VAULT, 3, 2, {0}}, {7 + (INT64_C(1) << 56), SEAL_VAULT, 3, 2, {0}},
        {0, 0, 0, 0, {0}},          {7, SEAL_VAULT, 3, 2, {0, 0, 0, 0, 1}},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_failed(cx, seal_open(cx, &key, &others[i], sealed, &opened), CORRUPT, "seal.broken");
    struct secret_key other = some_key(cx);
    assert_failed(cx, seal_open(cx, &other, &PLACE, sealed, &opened), CORRUPT, "seal.broken");
    fixture_close(&fixture);
}

static void a_value_opens_beside_its_numbers_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    struct bytes sealed, opened;
    struct seal_place place = PLACE;
    for (int64_t i = 0; i < SEAL_BESIDE_MAX; i++)
        place.beside[i] = 100 + i;
    assert_int_equal(seal(cx, &key, &place, bytes_of_text(TEXT("x")), &sealed), OK);
    assert_int_equal(seal_open(cx, &key, &place, sealed, &opened), OK);
    for (int64_t i = 0; i < SEAL_BESIDE_MAX; i++) {
        struct seal_place other = place;
        other.beside[i] = 99;
        assert_failed(cx, seal_open(cx, &key, &other, sealed, &opened), CORRUPT, "seal.broken");
    }
    assert_failed(cx, seal_open(cx, &key, &PLACE, sealed, &opened), CORRUPT, "seal.broken");
    fixture_close(&fixture);
}

static void the_same_value_never_looks_the_same(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    struct bytes one, two;
    assert_int_equal(seal(cx, &key, &PLACE, bytes_of_text(TEXT("the same")), &one), OK);
    assert_int_equal(seal(cx, &key, &PLACE, bytes_of_text(TEXT("the same")), &two), OK);
    assert_memory_not_equal(one.at, two.at, SEAL_NONCE_BYTES);
    assert_memory_not_equal(one.at + SEAL_NONCE_BYTES, two.at + SEAL_NONCE_BYTES, 8);
    fixture_close(&fixture);
}

/* Fixes the bytes on disk: key 00 to 1f, nonce 40 to 57, the place above. */
static void the_format_stays_what_it_is(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key;
    for (size_t i = 0; i < sizeof key.at; i++)
        key.at[i] = (uint8_t)i;
    struct bytes opened;
    struct bytes kept = hex(cx, "404142434445464748494a4b4c4d4e4f5051525354555657"
                                "87406812bf8c1678eb4550ddeb76bae0f697727f7120f78c");
    assert_int_equal(seal_open(cx, &key, &PLACE, kept, &opened), OK);
    assert_true(bytes_equals(opened, bytes_of_text(TEXT("Symbolon"))));
    fixture_close(&fixture);
}

static void an_exhausted_arena_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key = some_key(cx);
    struct bytes sealed, opened;
    assert_int_equal(seal(cx, &key, &PLACE, bytes_of_text(TEXT("x")), &sealed), OK);
    struct ctx small = *cx;
    small.arena = arena_open(16);
    assert_failed(&small, seal(&small, &key, &PLACE, bytes_of_text(TEXT("x")), &opened), TOO_LARGE, "limit.memory");
    assert_failed(&small, seal(&small, &key, &PLACE, (struct bytes){key.at, SIZE_MAX}, &opened), TOO_LARGE,
                  "limit.memory");
    struct bytes long_one = {key.at, SEAL_OVERHEAD_BYTES + 64}; /* refused before it is read */
    assert_failed(&small, seal_open(&small, &key, &PLACE, long_one, &opened), TOO_LARGE, "limit.memory");
    arena_close(small.arena);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_any_size_come_back),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(a_value_opens_at_its_place_only),
        cmocka_unit_test(a_value_opens_beside_its_numbers_only),
        cmocka_unit_test(the_same_value_never_looks_the_same),
        cmocka_unit_test(the_format_stays_what_it_is),
        cmocka_unit_test(an_exhausted_arena_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
