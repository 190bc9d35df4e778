/* SPDX-License-Identifier: Apache-2.0
 * Ed25519 (RFC 8032, libsodium): the signature of the log and of what nodes tell each other. Deterministic: the same
 * key and message give the same signature. Verification refuses small-order keys and non-canonical signatures. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/bytes.h"
#include "crypto/secret.h"

#define SIGN_PUBLIC_BYTES 32
#define SIGN_SIGNATURE_BYTES 64

struct sign_key {
    uint8_t at[64]; /* seed, public key */
};

void sign_key_from_seed(const struct secret_key *seed, struct sign_key *out);
void sign_public(const struct sign_key *key, uint8_t out[SIGN_PUBLIC_BYTES]);
void sign(const struct sign_key *key, struct bytes message, uint8_t out_signature[SIGN_SIGNATURE_BYTES]);
bool sign_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct bytes message,
                 const uint8_t signature[SIGN_SIGNATURE_BYTES]) MUST_CHECK;

#endif
