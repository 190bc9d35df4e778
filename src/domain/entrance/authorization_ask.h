/* SPDX-License-Identifier: Apache-2.0
 * What a client asks of a person, as it pushed it beforehand (RFC 9126): kept under a name that travels through the
 * browser in its stead, good for one answer and a few minutes. Of the name only a hash is stored, which binds what was
 * asked and by whom. Nothing in here is of a person. */
#ifndef DOMAIN_AUTHORIZATION_ASK_H
#define DOMAIN_AUTHORIZATION_ASK_H

#include "domain/entrance/seen_token.h"
#include "domain/entrance/system_key.h"
#include "domain/parties/purpose.h"

#define AUTHORIZATION_UNKNOWN "authorization.unknown" /* the one reason for a name that is none, too old or used */

/* The parameters, as http/ has read and understood them; empty: left out. */
struct authorization_ask {
    struct text redirect_uri; /* one of the system's, byte for byte */
    struct text state;
    struct text scope;        /* words with a blank between */
    struct text nonce;        /* for the ID token */
    struct text challenge;    /* of PKCE, by S256 */
    struct text details;      /* authorization_details, as protocol/authorization_details.h writes them */
    struct text purpose_version; /* a number: the one published when it was asked; empty without details */
    struct text claims;       /* JSON (OpenID Connect Core section 5.5) */
    struct text thumbprint;   /* base64url: the key that the code must be redeemed with */
};

/* One line of JSON and back; for rows. */
err authorization_ask_write(struct ctx *cx, const struct authorization_ask *ask, struct text *out) MUST_CHECK;
err authorization_ask_read(struct ctx *cx, struct text asked, struct authorization_ask *out) MUST_CHECK;

/* What was asked for is what is answered: the purpose as it stands now. CONFLICT authorization.purpose_changed when
 * that is another version; otherwise as purpose_load_published(). */
err authorization_ask_purpose(struct ctx *cx, const struct authorization_ask *ask, const struct id *purpose,
                              struct purpose *out) MUST_CHECK;

/* store_write_fn. Uses up what the system has signed and keeps the request; beyond LIMIT_PUSHED_REQUESTS its oldest one
 * gives way. UNAUTHENTICATED with the reason of what was used before, or `reason` when the system does not sign any
 * more. */
struct authorization_push {
    struct actor                    system;
    const struct authorization_ask *ask;
    struct seen_token               seen[2]; /* the second one's reason is NULL when no proof came */
    const char                     *reason;
    struct text                     out_name; /* "par_…", shown once */
};
err authorization_push(struct ctx *cx, void *arg) MUST_CHECK;

struct pushed_request {
    struct signing_system    system; /* as it is now */
    struct authorization_ask ask;
    int64_t                  expires_at_ms;
};
/* Takes any text. MALFORMED authorization.unknown when it is none, too old or used, or its system has ended. */
err pushed_request_load(struct ctx *cx, struct text name, struct pushed_request *out) MUST_CHECK;
/* The same inside a write, and uses it up: of any number at once one succeeds. */
err pushed_request_use(struct ctx *cx, struct text name, struct pushed_request *out) MUST_CHECK;

#endif
