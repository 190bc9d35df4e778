/* SPDX-License-Identifier: Apache-2.0
 * Proofs that the sender of one request holds a key (RFC 9449), and the nonces that they must hold. A proof is good for
 * one method and address, one use, which the caller sees to, and about a minute. A nonce is made from the clock and a
 * key of the node, so that every server of a node knows it and none keeps it. */
#ifndef PROTOCOL_DPOP_H
#define PROTOCOL_DPOP_H

#include "protocol/jwt.h"

#define DPOP_INVALID "proof.invalid" /* the reason of every refusal but the next */
#define DPOP_NONCE "proof.nonce"     /* the nonce is missing or old: with a new one the same is taken */

/* The request that a proof came with. */
struct dpop_request {
    struct text method;       /* "POST" */
    struct text origin;       /* "https://node.example", as metadata says it: lower case,
    no port where it is the usual */
    struct text path;         /* "/oauth/token", as it came */
    struct text access_token; /* empty: the proof comes with none */
};

struct dpop_proof {
    uint8_t     thumbprint[HASH_BYTES]; /* of the key that has signed */
    struct text token_id;               /* jti */
    int64_t     expires_at_ms;          /* until then a copy of it must be known as one */
};

/* Everything about a proof but whether it was used before. Fails UNAUTHENTICATED proof.invalid | proof.nonce. */
err dpop_check(struct ctx *cx, struct text text, const struct dpop_request *request, struct dpop_proof *out) MUST_CHECK;

/* The nonce of this moment. Fails TOO_LARGE limit.memory. */
err dpop_nonce(struct ctx *cx, struct text *out) MUST_CHECK;

#endif
