/* SPDX-License-Identifier: Apache-2.0
 * ES256 signing (RFC 7518 section 3.4) straight through OpenSSL: ECDSA on P-256 over SHA-256, written as r and s.
 * libjose would do the same after checking the key against its curve anew, which costs three times the signature.
 * Inside crypto/ only; verification stays with libjose. */
#ifndef CRYPTO_ES256_H
#define CRYPTO_ES256_H

#include "base/bytes.h"
#include "crypto/hash.h"

#define ES256_COORDINATE_BYTES 32
#define ES256_SIGNATURE_BYTES 64

/* Big-endian, as a JWK holds them. That they belong together is the caller's word; it is wiped by the caller. */
struct es256_key {
    uint8_t x[ES256_COORDINATE_BYTES];
    uint8_t y[ES256_COORDINATE_BYTES];
    uint8_t d[ES256_COORDINATE_BYTES];
};

/* False when the point does not lie on the curve, or OpenSSL has no memory. */
bool es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                uint8_t out_signature[ES256_SIGNATURE_BYTES]) MUST_CHECK;

#endif
