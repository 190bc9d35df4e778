/* SPDX-License-Identifier: Apache-2.0
 * What a client learns of who has signed in (OpenID Connect Core 1.0 section 2): a signed text that says which
 * relationship it was, when and how it was proved, and nothing else of the person. The subject is the id of the
 * relationship, which is another one at every organisation. Data of the person comes from UserInfo alone. */
#ifndef PROTOCOL_ID_TOKEN_H
#define PROTOCOL_ID_TOKEN_H

#include "crypto/keyring.h"

/* How passkeys are told: phishing-resistant (OpenID Connect EAP ACR Values 1.0), and of what (RFC 8176): a key was
 * shown to be held, somebody was there, and was asked for a finger, a face or a number besides. */
#define ID_TOKEN_ACR_PASSKEY "phr"
#define ID_TOKEN_AMR_PASSKEY {"mfa", "pop", "user"}

struct id_token {
    struct text issuer;
    struct text subject;
    struct text client_id;       /* the one audience */
    struct text nonce;           /* as the client sent it; empty: it sent none */
    int64_t     issued_at_ms;
    int64_t     verified_at_ms;  /* when the person last proved by a passkey who it is; 0: it came by a link, and
                                    neither time nor way is told */
};

/* Signed by `key`, good for LIMIT_ID_TOKEN_MS. Fails as jws_sign_compact(). */
err id_token_write(struct ctx *cx, const struct id_token *token, const struct signing_key *key,
                   struct text *out) MUST_CHECK;

#endif
