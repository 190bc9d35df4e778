/* SPDX-License-Identifier: Apache-2.0
 * Public keys of others as JWK (RFC 7517) and sets of them, and what they have signed. Each key has one algorithm,
 * which follows from its type: what a signature says of itself is only compared with that. A key that comes with its
 * private half is refused: whoever sends one has lost it. */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H

#include "base/json.h"
#include "crypto/hash.h"

#define JWK_SET_MAX 8              /* keys of one set: two in use, two that come, and room */
#define JWK_ID_BYTES_MAX 128       /* of `kid` */
#define JWK_SET_BYTES_MAX (12 * 1024) /* eight RSA keys of 4,096 bits, as jwk_set_write() writes them */

typedef enum jwk_algorithm {
    JWK_NONE = 0,
    JWK_ES256, /* P-256, RFC 7518 section 3.4 */
    JWK_EDDSA, /* Ed25519, RFC 8037; also under its newer name, RFC 9864 */
    JWK_PS256, /* RSA of 2,048 to 4,096 bits with the exponent 65537, RFC 7518 section 3.5 */
} jwk_algorithm;

struct jwk {
    jwk_algorithm algorithm;
    struct text   canonical; /* the required members alone, sorted: what RFC 7638 hashes */
    struct text   key_id;    /* empty: it has none */
    uint8_t       thumbprint[HASH_BYTES];
};

struct jwk_set {
    size_t     count;
    struct jwk keys[JWK_SET_MAX];
};

/* The algorithm of a name as the header of a signature has it; JWK_NONE for all others, "none" and HS256 among them. */
jwk_algorithm jwk_algorithm_of(struct text name);

/* Reads one public key. Members that are not known are left out. Texts borrow from `key`. Fails INVALID jwk.form (of no
 * such kind, not canonical, too short, for another use or algorithm), jwk.private. */
err jwk_read(struct ctx *cx, const json_t *key, struct jwk *out) MUST_CHECK;

/* One to JWK_SET_MAX keys, no two alike, no two of the same name. Besides as jwk_read(), fails INVALID jwk.set. */
err jwk_set_read(struct ctx *cx, const json_t *set, struct jwk_set *out) MUST_CHECK;
/* That each key can have signed something: a point lies on its curve and is none of small order, a modulus is odd. For
 * registering: it costs what a signature costs. Fails INVALID jwk.form. */
err jwk_set_check(struct ctx *cx, const struct jwk_set *set) MUST_CHECK;
/* {"keys":[…]} with nothing but what was read. */
err jwk_set_write(struct ctx *cx, const struct jwk_set *set, struct text *out) MUST_CHECK;

/* A signed text in the compact serialisation (RFC 7515 section 3.1): three parts of base64url, as they stand in it. */
struct jws_compact {
    struct text header;
    struct text payload;
    struct text signature;
    struct text signed_part; /* header, dot, payload */
};
/* False when it is not three parts of letters of base64url. Says nothing about what they hold. */
bool jws_compact_split(struct text text, struct jws_compact *out) MUST_CHECK;

/* Whether this key has signed it. That the header names the key's algorithm is the caller's to look at. Fails INTERNAL
 * jose.library, TOO_LARGE. */
err jwk_verify(struct ctx *cx, const struct jwk *key, const struct jws_compact *jws, bool *out_good) MUST_CHECK;

#endif
