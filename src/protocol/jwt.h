/* SPDX-License-Identifier: Apache-2.0
 * Signed sets of claims that others send (RFC 7519 over RFC 7515, compact; the rules of RFC 8725). The header may hold
 * alg (ES256, EdDSA or PS256), kid, typ and, where the reader asks for it, jwk: anything else, crit above all, is
 * refused, so nothing has to be understood to be refused. Reading says nothing about who has signed:
 * jwt_check_signature() does. */
#ifndef PROTOCOL_JWT_H
#define PROTOCOL_JWT_H

#include "base/json.h"
#include "crypto/jwk.h"

/* What a reader takes, and how it says no: with one reason, whatever was wrong, so that it teaches a forger nothing. */
struct jwt_rules {
    const char *const *types;    /* what `typ` may say; NULL ends them. Without the one word "" it must be there */
    bool               has_key;  /* the header brings the key that has signed (`jwk`); else it may not */
    err                code;
    const char        *reason;
};

struct jwt {
    const struct jwt_rules *rules;
    jwk_algorithm           algorithm;
    struct text             key_id; /* empty: none */
    struct jwk              key;    /* when the rules say so */
    const json_t           *claims;
    struct jws_compact      parts;
};

/* Takes any text. Fails by the rules' code and reason, TOO_LARGE limit.memory. */
err jwt_read(struct ctx *cx, struct text text, const struct jwt_rules *rules, struct jwt *out) MUST_CHECK;
/* Of the key that the header brings. Fails as jwt_read(), INTERNAL jose.library. */
err jwt_check_signature(struct ctx *cx, const struct jwt *jwt, const struct jwk *key) MUST_CHECK;
/* The refusal of these rules, instead of any that stands there already, but for want of memory and faults of our
 * own. */
err jwt_refuse(struct ctx *cx, const struct jwt_rules *rules, const char *sentence) MUST_CHECK;

/* A claim of 1 to `most` octets of plain text. False when it is missing or something else. */
bool jwt_text(const struct jwt *jwt, const char *name, size_t most, struct text *out) MUST_CHECK;
/* A NumericDate (RFC 7519 section 2) after 1970 as milliseconds. False when it is missing or something else. */
bool jwt_moment(const struct jwt *jwt, const char *name, int64_t *out_at_ms) MUST_CHECK;
bool jwt_has(const struct jwt *jwt, const char *name);

#endif
