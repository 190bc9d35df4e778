/* SPDX-License-Identifier: Apache-2.0
 * The parameter `claims` of OpenID Connect Core 1.0 section 5.5: what a client asks of a person by the names of claims.
 * Its kinds are asked for together with those of authorization_details, in one request for consent, under a purpose
 * that the organisation has published: a claim alone names none. Claims that are not known here are left out, as the
 * standard says; data of the person is told by UserInfo only, so those asked for in the ID token are left out too. */
#ifndef PROTOCOL_CLAIMS_REQUEST_H
#define PROTOCOL_CLAIMS_REQUEST_H

#include "protocol/authorization_details.h"

#define CLAIMS_REQUEST_BYTES_MAX (8 * 1024)

struct claims_request {
    struct attribute_set kinds;         /* of claims for UserInfo */
    bool                 needs_passkey; /* the one way of proving that is told, "acr", is essential */
    struct text          subject;       /* who it must be (section 5.5.1, "value" of "sub"); empty: anyone */
};

/* Takes any text; what it gives lies in the arena. Fails MALFORMED claims.invalid (of no such form), claims.acr (an
 * essential way of proving that there is not), TOO_LARGE limit.memory. */
err claims_request_read(struct ctx *cx, struct text text, struct claims_request *out) MUST_CHECK;

/* Puts the kinds to those of the one detail; beside several, each must stand in one of them already. Fails INVALID
 * claims.no_purpose when there is no detail, claims.which_purpose. */
err claims_request_merge(struct ctx *cx, const struct claims_request *claims,
                         struct authorization_details *details) MUST_CHECK;

#endif
