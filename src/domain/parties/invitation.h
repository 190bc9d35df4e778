/* SPDX-License-Identifier: Apache-2.0
 * The organisation's half of the handshake: a claim code for one person (whose invited relationship and records wait
 * behind it) or for many. Codes are stored as hashes. */
#ifndef DOMAIN_INVITATION_H
#define DOMAIN_INVITATION_H

#include "domain/entrance/session.h"
#include "domain/sharing/relationship.h"

/* store_write_fn. One person: makes an unclaimed person with an invited relationship. Many: `claims` > 1. */
struct invitation_make {
    int64_t             claims;        /* 1: for one person; 2 … LIMIT_INVITATIONS: for many */
    int64_t             lifetime_ms;   /* 0: LIMIT_INVITATION_MS */
    int64_t             out_invitation_id;
    struct text         out_code;      /* shown once */
    bool                out_has_relationship;
    struct relationship out_relationship;
    int64_t             out_expires_at_ms;
};
err invitation_make(struct ctx *cx, void *arg) MUST_CHECK;

/* Inside a write: a code for a person and relationship that are there already (imports). */
err invitation_add(struct ctx *cx, const struct relationship *relationship, int64_t department_id,
                   struct text *out_code) MUST_CHECK;

/* Inside a write: a fresh code for an invited relationship; the ones before it open nothing from now on. */
err invitation_renew(struct ctx *cx, const struct relationship *relationship, int64_t department_id,
                     struct text *out_code) MUST_CHECK;

/* Whether such a code was ever made, also when it is used up by now; a number that stands for it alone. NOT_FOUND
 * invitation.unknown. No policy decision: it tells nothing that claiming does not. */
err invitation_look(struct ctx *cx, struct text typed, uint64_t *out_number) MUST_CHECK;

/* store_write_fn. The signed-in person claims: the relationship becomes active and his; records and open requests move
 * with it. NOT_FOUND invitation.unknown (wrong, used up, lapsed); CONFLICT relationship.exists, but a proposal to
 * the same organisation ends in favour of the invitation. */
struct invitation_claim {
    struct text                code;
    struct relationship_start  start;
    struct relationship        out;
};
err invitation_claim(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn. Somebody who is not here yet claims a code made for one: the unclaimed person becomes his and he is
 * signed in. The same failures. */
struct invitation_claim_new {
    struct text               code;
    struct relationship_start start;
    struct session_browser    browser;
    struct relationship       out;
    struct text               out_session_token;
};
err invitation_claim_new(struct ctx *cx, void *arg) MUST_CHECK;

#endif
