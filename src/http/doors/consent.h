/* SPDX-License-Identifier: Apache-2.0
 * What the door for apps and the page for browsers share when a client asks a person for something: the pushed request
 * as it was understood, and the address by which the answer goes back (RFC 6749 section 4.1.2, RFC 9207). */
#ifndef HTTP_CONSENT_H
#define HTTP_CONSENT_H

#include "domain/entrance/authorization.h"
#include "http/doors/api_view.h"
#include "protocol/authorization_details.h"

#define REQUEST_URI_PREFIX "urn:ietf:params:oauth:request_uri:" /* RFC 9126 section 2.2 */
#define SCOPE_SIGN_IN "openid"

struct consent_query {
    struct text client_id;
    struct text request_uri;
};

struct consent {
    struct text                 name; /* of the request, without the prefix */
    struct pushed_request       pushed;
    bool                        signs_in;
    bool                        wants_data;
    struct authorization_detail detail; /* when it does */
};
/* The two parameters as they came. MALFORMED authorization.unknown, also when the request is another client's. */
err consent_open(struct call *call, struct text client_id, struct text request_uri, struct consent *out) MUST_CHECK;
/* The answer, but for what it is and what it adjusts. */
void consent_answer(const struct consent *consent, struct authorization_answer *out);
/* Where the person goes with it: code or refusal, state and issuer. */
err consent_address(struct call *call, const struct authorization_answer *answer, struct text *out) MUST_CHECK;
/* What the client may read by it now (RFC 9396 section 7); nothing when that is nothing. */
err consent_details(struct call *call, const struct authorization *authorization, struct text *out) MUST_CHECK;

/* As people and their apps see it. */
struct consent_view {
    struct named               client;
    struct named               organisation;
    struct named               department;
    bool                       signs_in;
    const struct purpose_view *purpose; /* NULL: it shares nothing */
    struct attribute_set       attributes;
    int64_t                    duration_ms;
    struct uses                uses;
    struct id                  person;
    struct text                person_name; /* as its vault has it; empty: it does not */
    struct id                  relationship; /* with that organisation, when there is one */
    relationship_state         state;        /* of that */
    int64_t                    started_at_ms;
    const struct objection_view *objection;  /* in that; NULL: nothing was said */
    bool                       objected;     /* it, or the browser of this request, is against what is asked */
    int64_t                    until_at_ms;  /* when what a plain yes comes to ends; with a purpose */
    struct id                  grant;        /* that is live and says the same: a plain yes leaves it as it is */
    int64_t                    expires_at_ms;
};
err consent_show(struct call *call, const struct consent *consent, struct consent_view *out) MUST_CHECK;

#endif
