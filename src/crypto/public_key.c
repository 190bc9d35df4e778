/* SPDX-License-Identifier: Apache-2.0
 * ECDSA and RSA by OpenSSL, Ed25519 by libsodium, whose check is the stricter one. */
#include "crypto/public_key.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>
#include <string.h>

#include "crypto/evp_key.h"
#include "crypto/sign.h"

#define POINT_BYTES (1 + 2 * PUBLIC_KEY_COORDINATE_BYTES)
#define POINT_UNCOMPRESSED 0x04

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "open_rsa() turns the numbers for such a machine");

/* NULL when the point does not lie on the curve. */
static EVP_PKEY *open_ec(const struct public_key *key)
{
    char group[] = "P-256";
    uint8_t point[POINT_BYTES] = {POINT_UNCOMPRESSED};
    if (key->first.size != PUBLIC_KEY_COORDINATE_BYTES || key->second.size != PUBLIC_KEY_COORDINATE_BYTES)
        return NULL;
    memcpy(point + 1, key->first.at, PUBLIC_KEY_COORDINATE_BYTES);
    memcpy(point + 1 + PUBLIC_KEY_COORDINATE_BYTES, key->second.at, PUBLIC_KEY_COORDINATE_BYTES);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return evp_key_open("EC", EVP_PKEY_PUBLIC_KEY, parameters);
}

static bool is_modulus(struct bytes modulus)
{
    return modulus.size >= PUBLIC_KEY_MODULUS_BYTES_MIN && modulus.size <= PUBLIC_KEY_MODULUS_BYTES_MAX &&
           (modulus.at[0] & 0x80 || (modulus.size > PUBLIC_KEY_MODULUS_BYTES_MIN && modulus.at[0] != 0)) &&
           (modulus.at[modulus.size - 1] & 1) != 0;
}

static EVP_PKEY *open_rsa(const struct public_key *key)
{
    static const uint8_t EXPONENT[] = {1, 0, 1};
    uint8_t exponent[] = {1, 0, 1}; /* the same in either order */
    uint8_t modulus[PUBLIC_KEY_MODULUS_BYTES_MAX];
    if (!is_modulus(key->first) || !bytes_equals(key->second, (struct bytes){EXPONENT, sizeof EXPONENT}))
        return NULL;
    for (size_t i = 0; i < key->first.size; i++)
        modulus[i] = key->first.at[key->first.size - 1 - i];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, key->first.size),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent, sizeof exponent),
        OSSL_PARAM_construct_end(),
    };
    return evp_key_open("RSA", EVP_PKEY_PUBLIC_KEY, parameters);
}

/* Of ES256 and RS256. */
static EVP_PKEY *open_key(const struct public_key *key)
{
    return key->kind == PUBLIC_KEY_ES256 ? open_ec(key) : open_rsa(key);
}

static bool is_ed25519(const struct public_key *key)
{
    return key->first.size == SIGN_PUBLIC_BYTES && key->second.size == 0;
}

bool public_key_is_sound(const struct public_key *key)
{
    if (key->kind == PUBLIC_KEY_EDDSA)
        return is_ed25519(key) && crypto_core_ed25519_is_valid_point(key->first.at) == 1;
    EVP_PKEY *opened = open_key(key);
    EVP_PKEY_free(opened);
    return opened != NULL;
}

bool public_key_verify(const struct public_key *key, struct bytes message, struct bytes signature)
{
    if (key->kind == PUBLIC_KEY_EDDSA)
        return is_ed25519(key) && signature.size == SIGN_SIGNATURE_BYTES &&
               sign_verify(key->first.at, message, signature.at);
    EVP_PKEY *opened = open_key(key);
    EVP_MD_CTX *context = opened == NULL ? NULL : EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, opened, NULL) == 1 &&
                EVP_DigestVerify(context, signature.at, signature.size, message.at, message.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(opened);
    return good;
}
