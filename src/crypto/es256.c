/* SPDX-License-Identifier: Apache-2.0
 * OpenSSL's provider takes the key as parameters and gives DER; both are turned here. */
#include "crypto/es256.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "crypto/evp_key.h"
#include "crypto/secret.h"

#define POINT_BYTES (1 + 2 * ES256_COORDINATE_BYTES)
#define POINT_UNCOMPRESSED 0x04
#define DER_BYTES_MAX 72 /* two integers of at most 33 bytes with their heads */

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "key_open() turns the secret for such a machine");

static EVP_PKEY *key_open(const struct es256_key *key)
{
    char group[] = "P-256";
    uint8_t point[POINT_BYTES] = {POINT_UNCOMPRESSED};
    uint8_t secret[ES256_COORDINATE_BYTES]; /* the parameter wants the order of this machine: little-endian */
    memcpy(point + 1, key->x, sizeof key->x);
    memcpy(point + 1 + sizeof key->x, key->y, sizeof key->y);
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = key->d[sizeof secret - 1 - i];
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, secret, sizeof secret),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *opened = evp_key_open("EC", EVP_PKEY_KEYPAIR, parameters);
    secret_wipe(secret, sizeof secret);
    return opened;
}

static bool split_der(const uint8_t *der, size_t size, uint8_t out[ES256_SIGNATURE_BYTES])
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    if (pair == NULL)
        return false;
    int first = BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, ES256_COORDINATE_BYTES);
    int second = BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + ES256_COORDINATE_BYTES, ES256_COORDINATE_BYTES);
    assert(first == ES256_COORDINATE_BYTES && second == ES256_COORDINATE_BYTES); /* below the order of the curve */
    ECDSA_SIG_free(pair);
    return true;
}

bool es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                uint8_t out_signature[ES256_SIGNATURE_BYTES])
{
    uint8_t der[DER_BYTES_MAX];
    size_t size = sizeof der;
    EVP_PKEY *opened = key_open(key);
    EVP_PKEY_CTX *context = opened == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, opened, NULL);
    bool made = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
                EVP_PKEY_sign(context, der, &size, hash, HASH_BYTES) == 1 && split_der(der, size, out_signature);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(opened);
    return made;
}
