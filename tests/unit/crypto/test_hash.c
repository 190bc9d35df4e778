/* SPDX-License-Identifier: Apache-2.0
 * Known answers: the examples of FIPS 180-4; for BLAKE2b-256 those of a second implementation, Python's hashlib. */
#include "crypto/hash.h"

#include "crypto/secret.h"
#include "unit/crypto/fixture.h"

static void sha256_gives_the_known_answers(void **state)
{
    (void)state;
    static const struct {
        const char *message, *digest;
    } KNOWN[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        uint8_t out[HASH_BYTES];
        sha256(bytes_of_text(text_of(KNOWN[i].message)), out);
        assert_hex(cx, out, sizeof out, KNOWN[i].digest);
    }
    fixture_close(&fixture);
}

static void sha256_in_pieces_equals_sha256_at_once(void **state)
{
    (void)state;
    uint8_t message[300];
    uint8_t whole[HASH_BYTES];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 7);
    sha256((struct bytes){message, sizeof message}, whole);
    for (size_t cut = 0; cut <= sizeof message; cut++) {
        uint8_t pieces[HASH_BYTES];
        struct sha256 hash = sha256_begin();
        sha256_add(&hash, (struct bytes){message, cut});
        sha256_add(&hash, (struct bytes){message + cut, sizeof message - cut});
        sha256_finish(&hash, pieces);
        assert_memory_equal(pieces, whole, HASH_BYTES);
    }
}

static void a_million_letters_give_the_known_sha256(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    uint8_t letters[1000];
    uint8_t out[HASH_BYTES];
    memset(letters, 'a', sizeof letters);
    struct sha256 hash = sha256_begin();
    for (int i = 0; i < 1000; i++)
        sha256_add(&hash, (struct bytes){letters, sizeof letters});
    sha256_finish(&hash, out);
    assert_hex(cx, out, sizeof out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    fixture_close(&fixture);
}

static void blake2b_gives_the_known_answers(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    uint8_t out[HASH_BYTES];
    blake2b_256((struct bytes){NULL, 0}, out);
    assert_hex(cx, out, sizeof out, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    blake2b_256(bytes_of_text(TEXT("abc")), out);
    assert_hex(cx, out, sizeof out, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    fixture_close(&fixture);
}

static void secrets_compare_and_wipe(void **state)
{
    (void)state;
    uint8_t a[32], b[32];
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = b[i] = (uint8_t)(i + 1);
    assert_true(secret_equals(a, b, sizeof a));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(secret_equals(a, b, sizeof a));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    secret_wipe(a, sizeof a);
    for (size_t i = 0; i < sizeof a; i++)
        assert_int_equal(a[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_known_answers),
        cmocka_unit_test(sha256_in_pieces_equals_sha256_at_once),
        cmocka_unit_test(a_million_letters_give_the_known_sha256),
        cmocka_unit_test(blake2b_gives_the_known_answers),
        cmocka_unit_test(secrets_compare_and_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
