/* SPDX-License-Identifier: Apache-2.0
 * People, their keys, and how they come in: a one-time link that becomes a session (domain/entrance/session.h). A
 * person exists before signing up when an organisation has invited somebody: then the row is UNCLAIMED until the
 * invitation is claimed. */
#ifndef DOMAIN_PERSON_H
#define DOMAIN_PERSON_H

#include "domain/entrance/session.h"
#include "domain/people/person_key.h"

typedef enum person_state {
    PERSON_UNCLAIMED = 1, /* brought in by an organisation, nobody has claimed it */
    PERSON_ACTIVE = 2,
    PERSON_MERGED = 3, /* claimed by somebody who was here already: see merged_into */
    PERSON_ERASED = 4, /* key destroyed */
    PERSON_MEMBER = 5, /* works for an organisation (domain/parties/member.h), and is nobody's customer here */
} person_state;

struct person {
    int64_t      person_id;
    person_state state;
    int64_t      merged_into;
    int64_t      created_at_ms;
};

/* Inside a write: a new person with a data key of its own. */
err person_make(struct ctx *cx, person_state state, int64_t *out_person_id) MUST_CHECK;
err person_load(struct ctx *cx, int64_t person_id, struct person *out) MUST_CHECK; /* NOT_FOUND not_found */
void person_load_ahead(struct ctx *cx, int64_t person_id); /* see statement_ahead() of the store */
/* Follows merged people to the one who holds their data now. */
err person_resolve(struct ctx *cx, int64_t person_id, int64_t *out_person_id) MUST_CHECK;

/* store_write_fn; arg: struct person_create. The operator makes a person and a one-time sign-in link. */
struct person_create {
    struct text name;           /* may be empty */
    int64_t     out_person_id;
    struct text out_link_token; /* "sin_…", shown once */
};
err person_create(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg: struct person_link. Another one-time link for somebody who is here. */
struct person_link {
    int64_t     person_id;
    struct text out_link_token;
};
err person_link(struct ctx *cx, void *arg) MUST_CHECK;

/* Whether a link would sign in now; leaves it as it is. UNAUTHENTICATED sign_in.link_unknown. */
err person_check_link(struct ctx *cx, struct text link_token) MUST_CHECK;

/* store_write_fn; arg: struct person_sign_in. Redeems a link once: UNAUTHENTICATED sign_in.link_unknown otherwise. */
struct person_sign_in {
    struct text            link_token;
    struct session_browser browser;
    int64_t                out_person_id;
    struct text            out_session_token; /* "ses_…" for the cookie */
};
err person_sign_in(struct ctx *cx, void *arg) MUST_CHECK;

/* Inside a write: a one-time link for this person. */
err person_make_link(struct ctx *cx, int64_t person_id, struct text *out_link_token) MUST_CHECK;
/* Inside a write, for somebody whom the node has just made: the name is the first value of the vault. */
err person_put_name(struct ctx *cx, int64_t person_id, struct text name) MUST_CHECK;
/* Inside a write, for whatever somebody who is signed in does: he may have been erased since the session was looked at.
 * UNAUTHENTICATED session.unknown. */
err person_is_still_here(struct ctx *cx) MUST_CHECK;

#endif
