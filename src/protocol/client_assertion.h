/* SPDX-License-Identifier: Apache-2.0
 * How a client says who it is: private_key_jwt (RFC 7523 section 3, OpenID Connect Core section 9, with the narrower
 * rules of FAPI 2.0 section 5.3.2.1). The audience is this issuer, as one string; the claim jti makes it good for one
 * use, which the caller sees to. Every refusal is the same one. */
#ifndef PROTOCOL_CLIENT_ASSERTION_H
#define PROTOCOL_CLIENT_ASSERTION_H

#include "protocol/jwt.h"

#define CLIENT_ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define CLIENT_UNKNOWN "client.unknown" /* the one reason, also for what the caller finds */

struct client_assertion {
    struct text client_id; /* as it says itself; true once its signature was checked with that client's keys */
    struct text token_id;  /* jti */
    int64_t     expires_at_ms;
    struct jwt  jwt;
};

/* All but the signature, at cx->now_ms. `issuer` is ours. Fails UNAUTHENTICATED client.unknown. */
err client_assertion_read(struct ctx *cx, struct text text, struct text issuer,
                          struct client_assertion *out) MUST_CHECK;

/* That one of the keys has signed it: the one that it names, or any of its algorithm. Fails the same. */
err client_assertion_check(struct ctx *cx, const struct client_assertion *assertion,
                           const struct jwk_set *keys) MUST_CHECK;

#endif
