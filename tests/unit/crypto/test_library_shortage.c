/* SPDX-License-Identifier: Apache-2.0
 * Goal: when OpenSSL finds no memory, a call fails as a whole: no half signature, no sealer that lacks a lane. Method:
 * OpenSSL takes its memory from here, and the n-th taking of a call finds none, for every n until the call succeeds.
 * One thread. A hash is not among the calls: without memory for one the program ends (crypto/hash.c). */
#include <openssl/crypto.h>
#include <string.h>

#include "crypto/es256.h"
#include "crypto/id_seal.h"
#include "unit/crypto/fixture.h"

enum { TAKINGS_MAX = 20000 };

static long takings_left = -1; /* below 0: as many as are asked for */

static bool is_refused(void)
{
    return takings_left >= 0 && takings_left-- == 0;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    return is_refused() ? NULL : malloc(size);
}

static void *take_more(void *at, size_t size, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    return is_refused() ? NULL : realloc(at, size);
}

static void give(void *at, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    free(at);
}

/* libjose takes memory when it is loaded: this must come before. */
static void stand_between(void)
{
    if (CRYPTO_set_mem_functions(take, take_more, give) != 1)
        abort();
}
__attribute__((section(".preinit_array"), used)) static void (*const FIRST)(void) = stand_between;

/* The number of failures before the first success. `run` says whether it succeeded, and checks what a failure owes. */
static long run_short(bool (*run)(void *arg), void *arg)
{
    for (long n = 0; n < TAKINGS_MAX; n++) {
        takings_left = n;
        bool succeeded = run(arg);
        bool untouched = takings_left >= 0; /* it needed fewer than n */
        takings_left = -1;
        if (untouched) {
            assert_true(succeeded);
            return n;
        }
    }
    fail_msg("it never had enough");
    return 0;
}

struct signing {
    struct es256_key key;
    uint8_t          hash[HASH_BYTES];
    long             failures;
};

static bool sign_once(void *arg)
{
    struct signing *signing = arg;
    uint8_t signature[ES256_SIGNATURE_BYTES];
    bool made = es256_sign(&signing->key, signing->hash, signature);
    signing->failures += !made;
    return made;
}

static void a_signature_is_whole_or_none(void **state)
{
    (void)state; /* a key that is made here is all it needs */
    static const uint8_t GENERATOR_X[] = {0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
                                          0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
                                          0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96};
    static const uint8_t GENERATOR_Y[] = {0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB,
                                          0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31,
                                          0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};
    struct signing signing = {.key = {.d = {[31] = 1}}}; /* the secret 1, whose point is the generator */
    memcpy(signing.key.x, GENERATOR_X, sizeof signing.key.x);
    memcpy(signing.key.y, GENERATOR_Y, sizeof signing.key.y);
    assert_true(sign_once(&signing));
    assert_true(run_short(sign_once, &signing) > 10);
    assert_true(signing.failures > 10);
    signing.key.y[0] ^= 1; /* off the curve */
    assert_false(sign_once(&signing));
}

static bool open_sealer(void *arg)
{
    struct id_sealer *sealer = id_sealer_open(arg);
    id_sealer_close(sealer);
    return sealer != NULL;
}

static void a_sealer_is_whole_or_none(void **state)
{
    (void)state; /* any key will do */
    struct secret_key key;
    memset(key.at, 7, sizeof key.at);
    assert_true(run_short(open_sealer, &key) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_whole_or_none),
        cmocka_unit_test(a_sealer_is_whole_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
