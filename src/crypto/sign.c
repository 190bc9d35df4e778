/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 by libsodium. */
#include "crypto/sign.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static_assert(sizeof(struct sign_key) == crypto_sign_ed25519_SECRETKEYBYTES, "seed and public key");
static_assert(SIGN_PUBLIC_BYTES == crypto_sign_ed25519_PUBLICKEYBYTES, "public key");
static_assert(SIGN_SIGNATURE_BYTES == crypto_sign_ed25519_BYTES, "signature");

void sign_key_from_seed(const struct secret_key *seed, struct sign_key *out)
{
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    crypto_sign_ed25519_seed_keypair(public_key, out->at, seed->at);
}

void sign_public(const struct sign_key *key, uint8_t out[SIGN_PUBLIC_BYTES])
{
    memcpy(out, key->at + SECRET_KEY_BYTES, SIGN_PUBLIC_BYTES);
}

void sign(const struct sign_key *key, struct bytes message, uint8_t out_signature[SIGN_SIGNATURE_BYTES])
{
    crypto_sign_ed25519_detached(out_signature, NULL, message.at, message.size, key->at);
}

bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct bytes message,
                 const uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    return crypto_sign_ed25519_verify_detached(signature, message.at, message.size, public_key) == 0;
}
