/* SPDX-License-Identifier: Apache-2.0
 * Goal: a signature is taken from the holder of the key and from nobody else, for each of the three algorithms, and a
 * key that is none is never used. Method: keys made here by OpenSSL, each part of what they signed changed in turn. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/public_key.h"
#include "crypto/sign.h"
#include "support/cmocka.h"

#define PART_BYTES_MAX 520

struct signer {
    EVP_PKEY         *pair;
    uint8_t           first[PART_BYTES_MAX];
    uint8_t           second[PART_BYTES_MAX];
    uint8_t           signature[PART_BYTES_MAX];
    size_t            signature_size;
    struct public_key key;
};

static const struct bytes MESSAGE = {(const uint8_t *)"over the counter", 16};

static size_t read_number(EVP_PKEY *pair, const char *name, uint8_t out[PART_BYTES_MAX], int size)
{
    BIGNUM *number = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(pair, name, &number), 1);
    int used = size != 0 ? BN_bn2binpad(number, out, size) : BN_bn2bin(number, out);
    assert_true(used > 0);
    BN_free(number);
    return (size_t)used;
}

static void sign_message(struct signer *signer, const char *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    signer->signature_size = sizeof signer->signature;
    assert_int_equal(EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, signer->pair, NULL), 1);
    assert_int_equal(EVP_DigestSign(context, signer->signature, &signer->signature_size, MESSAGE.at, MESSAGE.size), 1);
    EVP_MD_CTX_free(context);
}

static void make_ec(struct signer *signer)
{
    *signer = (struct signer){.pair = EVP_EC_gen("P-256")};
    assert_non_null(signer->pair);
    size_t x = read_number(signer->pair, OSSL_PKEY_PARAM_EC_PUB_X, signer->first, PUBLIC_KEY_COORDINATE_BYTES);
    size_t y = read_number(signer->pair, OSSL_PKEY_PARAM_EC_PUB_Y, signer->second, PUBLIC_KEY_COORDINATE_BYTES);
    signer->key = (struct public_key){PUBLIC_KEY_ES256, {signer->first, x}, {signer->second, y}};
    sign_message(signer, "SHA256");
}

static void make_rsa(struct signer *signer, unsigned bits)
{
    *signer = (struct signer){.pair = EVP_RSA_gen(bits)};
    assert_non_null(signer->pair);
    size_t n = read_number(signer->pair, OSSL_PKEY_PARAM_RSA_N, signer->first, 0);
    size_t e = read_number(signer->pair, OSSL_PKEY_PARAM_RSA_E, signer->second, 0);
    signer->key = (struct public_key){PUBLIC_KEY_RS256, {signer->first, n}, {signer->second, e}};
    sign_message(signer, "SHA256");
}

static void make_ed(struct signer *signer)
{
    struct sign_key key;
    struct secret_key seed = {{42}};
    *signer = (struct signer){.pair = NULL};
    sign_key_from_seed(&seed, &key);
    sign_public(&key, signer->first);
    signer->key = (struct public_key){PUBLIC_KEY_EDDSA, {signer->first, SIGN_PUBLIC_BYTES}, {signer->second, 0}};
    sign(&key, MESSAGE, signer->signature);
    signer->signature_size = SIGN_SIGNATURE_BYTES;
}

static bool verify(const struct signer *signer, struct bytes message)
{
    return public_key_verify(&signer->key, message, (struct bytes){signer->signature, signer->signature_size});
}

/* Any bit of signature or key, and another message. */
static void assert_holds(struct signer *signer)
{
    assert_true(public_key_is_sound(&signer->key));
    assert_true(verify(signer, MESSAGE));
    assert_false(verify(signer, (struct bytes){MESSAGE.at, MESSAGE.size - 1}));
    for (size_t i = 0; i < signer->signature_size; i++) {
        signer->signature[i] ^= 1;
        assert_false(verify(signer, MESSAGE));
        signer->signature[i] ^= 1;
    }
    for (size_t i = 1; i < signer->key.first.size; i += 7) { /* the first octet may make it no key at all */
        signer->first[i] ^= 2;
        assert_false(verify(signer, MESSAGE));
        signer->first[i] ^= 2;
    }
    signer->signature_size--;
    assert_false(verify(signer, MESSAGE));
    signer->signature_size = 0;
    assert_false(verify(signer, MESSAGE));
    EVP_PKEY_free(signer->pair);
}

static void each_algorithm_takes_its_own_signatures_only(void **state)
{
    (void)state; /* none */
    struct signer signer;
    make_ec(&signer);
    assert_holds(&signer);
    make_rsa(&signer, 2048);
    assert_holds(&signer);
    make_ed(&signer);
    assert_holds(&signer);
}

static void der_in_a_second_spelling_is_refused(void **state)
{
    (void)state; /* none */
    struct signer signer;
    make_ec(&signer);
    memmove(signer.signature + 3, signer.signature + 2, signer.signature_size - 2); /* the length in two octets */
    signer.signature[2] = signer.signature[1];
    signer.signature[1] = 0x81;
    signer.signature_size++;
    assert_false(verify(&signer, MESSAGE));
    EVP_PKEY_free(signer.pair);
}

static void a_key_that_is_none_is_refused(void **state)
{
    (void)state; /* none */
    struct signer signer;
    make_ec(&signer);
    signer.second[31] ^= 1; /* beside the curve */
    assert_false(public_key_is_sound(&signer.key));
    signer.key.second.size = 31;
    assert_false(public_key_is_sound(&signer.key));
    EVP_PKEY_free(signer.pair);
    make_ed(&signer);
    memset(signer.first, 0, sizeof signer.first); /* of small order */
    assert_false(public_key_is_sound(&signer.key));
    signer.key.first.size = 0;
    assert_false(public_key_is_sound(&signer.key));
}

static void rsa_keys_have_two_to_four_thousand_bits_and_one_exponent(void **state)
{
    (void)state; /* none */
    struct signer signer;
    make_rsa(&signer, 1024);
    assert_false(public_key_is_sound(&signer.key));
    assert_false(verify(&signer, MESSAGE));
    EVP_PKEY_free(signer.pair);
    make_rsa(&signer, 2048);
    signer.second[0] = 3;
    assert_false(public_key_is_sound(&signer.key));
    signer.second[0] = 1;
    memmove(signer.first + 1, signer.first, 256); /* a zero before it */
    signer.first[0] = 0;
    signer.key.first.size = 257;
    assert_false(public_key_is_sound(&signer.key));
    memset(signer.first, 0xff, PUBLIC_KEY_MODULUS_BYTES_MAX + 1);
    signer.key.first.size = PUBLIC_KEY_MODULUS_BYTES_MAX;
    assert_true(public_key_is_sound(&signer.key));
    signer.key.first.size = PUBLIC_KEY_MODULUS_BYTES_MAX + 1;
    assert_false(public_key_is_sound(&signer.key));
    signer.key.first.size = PUBLIC_KEY_MODULUS_BYTES_MAX;
    signer.first[PUBLIC_KEY_MODULUS_BYTES_MAX - 1] = 0xfe; /* even */
    assert_false(public_key_is_sound(&signer.key));
    EVP_PKEY_free(signer.pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_takes_its_own_signatures_only),
        cmocka_unit_test(der_in_a_second_spelling_is_refused),
        cmocka_unit_test(a_key_that_is_none_is_refused),
        cmocka_unit_test(rsa_keys_have_two_to_four_thousand_bits_and_one_exponent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
