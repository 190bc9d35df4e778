/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 against RFC 8032 section 7.1. */
#include "crypto/sign.h"

#include "unit/crypto/fixture.h"

static const struct {
    const char *seed, *public_key, *message, *signature;
} KNOWN[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void the_examples_of_rfc_8032_come_out(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct secret_key seed;
        struct sign_key key;
        uint8_t public_key[SIGN_PUBLIC_BYTES];
        uint8_t signature[SIGN_SIGNATURE_BYTES];
        memcpy(seed.at, hex(cx, KNOWN[i].seed).at, sizeof seed.at);
        sign_key_from_seed(&seed, &key);
        sign_public(&key, public_key);
        assert_hex(cx, public_key, sizeof public_key, KNOWN[i].public_key);
        sign(&key, hex(cx, KNOWN[i].message), signature);
        assert_hex(cx, signature, sizeof signature, KNOWN[i].signature);
        assert_true(sign_verify(public_key, hex(cx, KNOWN[i].message), signature));
    }
    fixture_close(&fixture);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct secret_key seed = {{9}};
    struct sign_key key;
    uint8_t message[8] = "Symbolon";
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    sign_key_from_seed(&seed, &key);
    sign_public(&key, public_key);
    sign(&key, (struct bytes){message, sizeof message}, signature);
    const struct {
        uint8_t *at;
        size_t   size;
    } parts[] = {{message, sizeof message}, {public_key, sizeof public_key}, {signature, sizeof signature}};
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
        for (size_t bit = 0; bit < 8 * parts[part].size; bit++) {
            parts[part].at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(sign_verify(public_key, (struct bytes){message, sizeof message}, signature));
            parts[part].at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    assert_true(sign_verify(public_key, (struct bytes){message, sizeof message}, signature));
}

/* With the neutral element as key, R = S = 0 "signs" everything under a careless verifier. */
static void a_key_of_small_order_signs_nothing(void **state)
{
    (void)state;
    uint8_t neutral[SIGN_PUBLIC_BYTES] = {1};
    uint8_t signature[SIGN_SIGNATURE_BYTES] = {1};
    assert_false(sign_verify(neutral, bytes_of_text(TEXT("anything")), signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_8032_come_out),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(a_key_of_small_order_signs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
