/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 by OpenSSL's EVP with the digest fetched once, BLAKE2b by libsodium. */
#include "crypto/hash.h"

#include <sodium.h>
#include <stdlib.h>

#include "crypto/libraries.h"

static void require(bool done)
{
    if (!done)
        abort(); /* no memory for a digest context; a hash that was not made must not look like one */
}

struct sha256 sha256_begin(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    require(context != NULL && EVP_DigestInit_ex2(context, crypto_libraries()->sha256, NULL) == 1);
    return (struct sha256){context};
}

void sha256_add(struct sha256 *hash, struct bytes data)
{
    require(EVP_DigestUpdate(hash->state, data.at, data.size) == 1);
}

void sha256_finish(struct sha256 *hash, uint8_t out[HASH_BYTES])
{
    require(EVP_DigestFinal_ex(hash->state, out, NULL) == 1);
    EVP_MD_CTX_free(hash->state);
    hash->state = NULL;
}

void sha256(struct bytes data, uint8_t out[HASH_BYTES])
{
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, data);
    sha256_finish(&hash, out);
}

void blake2b_256(struct bytes data, uint8_t out[HASH_BYTES])
{
    require(crypto_generichash(out, HASH_BYTES, data.at, data.size, NULL, 0) == 0);
}
