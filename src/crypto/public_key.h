/* SPDX-License-Identifier: Apache-2.0
 * Public keys of others and what they have signed: ES256 (ECDSA on P-256 over SHA-256, the signature as DER), Ed25519,
 * and RS256 (RSASSA-PKCS1-v1_5 over SHA-256). The algorithm comes with the key and never with the signature. Who holds
 * the private half is the business of whoever keeps the key. */
#ifndef CRYPTO_PUBLIC_KEY_H
#define CRYPTO_PUBLIC_KEY_H

#include "base/bytes.h"

/* The numbers are those of COSE (RFC 9053, RFC 8812). */
typedef enum public_key_kind {
    PUBLIC_KEY_ES256 = -7,
    PUBLIC_KEY_EDDSA = -8,
    PUBLIC_KEY_RS256 = -257,
} public_key_kind;

#define PUBLIC_KEY_COORDINATE_BYTES 32
#define PUBLIC_KEY_MODULUS_BYTES_MIN 256
#define PUBLIC_KEY_MODULUS_BYTES_MAX 512

/* Big-endian; borrows. */
struct public_key {
    public_key_kind kind;
    struct bytes    first;  /* ES256: x; Ed25519: the key; RS256: the modulus, without zeros before it */
    struct bytes    second; /* ES256: y; RS256: the exponent, 65537 */
};

/* Sizes as above, a point of its curve (for Ed25519 not one of small order), a modulus of 2048 to 4096 bits that is
 * odd. False also when OpenSSL has no memory. */
bool public_key_is_sound(const struct public_key *key) MUST_CHECK;

/* Takes any key and any signature. DER in a second spelling is refused. */
bool public_key_verify(const struct public_key *key, struct bytes message, struct bytes signature) MUST_CHECK;

#endif
