/* SPDX-License-Identifier: Apache-2.0
 * What the doors of OAuth share: forms, who the client is, proofs that came with a request, and errors in the words of
 * that standard. And the other side of it: who stands behind an access token at any other door. */
#ifndef HTTP_OAUTH_H
#define HTTP_OAUTH_H

#include "domain/entrance/access_token.h"
#include "http/gate/call.h"
#include "protocol/dpop.h"
#include "protocol/form.h"

#define OAUTH_ALGORITHMS "ES256 EdDSA PS256"

/* ---- the doors of OAuth: those whose bodies are forms */
bool oauth_is_spoken(const struct call *call);
/* The failure in call->cx as {"error", "error_description"} (RFC 6749 section 5.2), in call->reply, which is empty. */
void oauth_fill_error(struct call *call);

/* Reads the body into the struct of the route's request shape, whose members are texts; others are ignored (RFC 6749
 * section 3.2). MALFORMED oauth.request | form.syntax | form.repeated, TOO_LARGE form.fields. */
err oauth_form(struct call *call, void *out) MUST_CHECK;

/* What every form holds of the client (RFC 7521 section 4.2). */
struct oauth_client_fields {
    struct text client_id;
    struct text assertion_type;
    struct text assertion;
    struct text secret; /* nobody has one */
};
#define OAUTH_CLIENT_MEMBERS(type, member)                                                                             \
    MEMBER("client_id", TEXT, 0, type, member.client_id, .most = LIMIT_CLIENT_ID_BYTES,                                \
     .sentence = "The system's id; client_assertion says it too."),                                                   \
    MEMBER("client_assertion_type", TEXT, 0, type, member.assertion_type, .most = 128,                                 \
     .sentence = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),                                            \
    MEMBER("client_assertion", TEXT, 0, type, member.assertion, .most = LIMIT_JWT_BYTES,                               \
     .sentence = "RFC 7523: signed by the system, for this issuer, good for one use."),                                \
    MEMBER("client_secret", TEXT, 0, type, member.secret, .most = LIMIT_JWT_BYTES, .sentence = "Refused.")

struct oauth_client {
    struct actor      actor; /* the system */
    struct text       redirect_uris; /* JSON, as it has registered them */
    struct seen_token seen;  /* what it has signed: the write that follows uses it up */
};
/* private_key_jwt and nothing else. UNAUTHENTICATED client.unknown, whatever was wrong. */
err oauth_client(struct call *call, const struct oauth_client_fields *fields, struct oauth_client *out) MUST_CHECK;

/* ---- proofs of possession */
/* The one proof of the request, for it and for this token (empty: none). UNAUTHENTICATED proof.invalid |
 * proof.nonce. */
err oauth_proof(struct call *call, const char *origin, struct text access_token, struct dpop_proof *out,
                struct seen_token *out_seen) MUST_CHECK;
/* Adds the field DPoP-Nonce, with which the next proof is made. Without memory it is left out. */
void oauth_add_nonce(struct call *call);

/* ---- at other doors */
/* Who an access token stands for that came by the scheme DPoP. UNAUTHENTICATED token.unknown, and as oauth_proof(). */
err oauth_token_admit(struct call *call, const char *origin, struct text access_token, struct actor *out,
                      struct seen_token *out_seen) MUST_CHECK;
/* The value of WWW-Authenticate for the failure in call->cx (RFC 9449 section 7.1, RFC 9728 section 5.1). `.at` is
 * NULL: no memory. */
struct text oauth_challenge(struct call *call);

/* Words of scopes with a blank between, and back. `out_known` false: a word is no scope, or there twice. */
struct text oauth_scope_words(struct arena *arena, uint32_t scopes);
void oauth_scopes(struct text words, uint32_t *out, bool *out_known);

#endif
