/* SPDX-License-Identifier: Apache-2.0
 * JOSE on libjose and OpenSSL: P-256 keys as JWK (RFC 7517), thumbprints (RFC 7638), and signatures by ES256 (RFC 7515,
 * RFC 7518 section 3.4) in the general JSON serialisation, which receipts use. The algorithm is fixed, never read from
 * the input. Keys and nonces of signatures come from OpenSSL's generator, not from cx->randomness. */
#ifndef CRYPTO_JOSE_H
#define CRYPTO_JOSE_H

#include "base/ctx.h"
#include "crypto/jwk.h"
#include "crypto/keyring.h"

#define JOSE_SIGNATURES_MAX 4
#define JOSE_PRIVATE_JWK_BYTES 176 /* of jose_key_make(): three coordinates of 43 characters, and what is around them */

/* A fresh P-256 key as canonical JSON (members sorted, no space): {"crv","d","kty","x","y"}. Fails INTERNAL
 * jose.library, TOO_LARGE. */
err jose_key_make(struct ctx *cx, struct text *out_private_jwk) MUST_CHECK;

/* The public half as canonical JSON: {"crv","kty","x","y"} and nothing else. Takes a public key as well. Fails INVALID
 * jose.key when it is not a P-256 key, or as json_parse(). */
err jose_key_public(struct ctx *cx, struct text private_jwk, struct text *out_public_jwk) MUST_CHECK;

/* base64url of SHA-256 over the required members of an EC, RSA or OKP key. Fails INVALID jose.key, as json_parse(). */
err jose_thumbprint(struct ctx *cx, struct text jwk, struct text *out) MUST_CHECK;

/* ES256 over a SHA-256. That the two halves of the key belong together is the caller's word. For the key holder: others
 * call keyring_sign(). Fails INVALID jose.key, INTERNAL jose.library, as json_parse(). */
err jose_key_sign(struct ctx *cx, struct text private_jwk, const uint8_t hash[HASH_BYTES],
                  uint8_t out_signature[ES256_SIGNATURE_BYTES]) MUST_CHECK;

/* General JSON serialisation (RFC 7515 section 7.2.1) with two signatures, in the order of the keys; each protected
 * header is {"alg":"ES256","kid":thumbprint,"typ":typ}. That the two halves of a key belong together is the caller's
 * word. Fails INVALID jose.key, TOO_LARGE, and as keyring_sign(). */
err jws_sign_two(struct ctx *cx, struct bytes payload, struct text typ, const struct signing_key keys[2],
                 struct text *out_jws) MUST_CHECK;

/* Compact serialisation (RFC 7515 section 3.1) with one signature and such a header. Fails as jws_sign_two(). */
err jws_sign_compact(struct ctx *cx, struct bytes payload, struct text typ, const struct signing_key *key,
                     struct text *out_jws) MUST_CHECK;

/* Takes any text. Accepts exactly `count` signatures (1 to JOSE_SIGNATURES_MAX), one valid one of each key. Protected
 * headers hold alg (ES256 only), and at most kid (the key's thumbprint) and typ; anything else is refused, also an
 * unprotected header. Base64url must be canonical. Gives the decoded payload in the arena. Fails MALFORMED jws.form,
 * INVALID jws.header, jws.signature, jose.key, INTERNAL jose.library; as json_parse(). */
err jws_verify(struct ctx *cx, struct text jws, const struct text *public_jwks, size_t count,
               struct bytes *out_payload) MUST_CHECK;

/* For jwk_verify() alone, which has looked at all of it: whether the key, one for ES256 or PS256, has signed the parts.
 * The header must name that algorithm. Fails INTERNAL jose.library, TOO_LARGE. */
err jose_verify_parts(struct ctx *cx, struct text public_jwk, const struct jws_compact *jws, bool *out_good) MUST_CHECK;

#endif
