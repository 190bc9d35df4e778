/* SPDX-License-Identifier: Apache-2.0
 * The facts. Every change of a relationship, a grant or a request is one act, written once and never changed; the rows
 * of `relationship`, `grant_now` and `request` are what their acts add up to (relationship_fold() and its siblings), so
 * that the state of any past moment can be answered and the whole can be derived again (domain/proof/audit.h). */
#ifndef DOMAIN_ACT_H
#define DOMAIN_ACT_H

#include "domain/sharing/uses.h"
#include "domain/words/attribute.h"

typedef enum act_kind {
    ACT_NONE = 0,
#define X(name, number, event, status) ACT_##name = (number),
#include "domain/proof/act.def"
#undef X
} act_kind;

struct act {
    int64_t              act_id;
    int64_t              person_id;
    int64_t              relationship_id;
    int64_t              subject_id;  /* relationship, grant or request */
    int64_t              previous_id; /* the act before on the same subject; 0: none */
    act_kind             kind;
    int64_t              at_ms;
    actor_kind           actor_kind;
    int64_t              actor_id;    /* person, system, member; 0: the node */
    int64_t              organisation_id;
    int64_t              department_id; /* request: who asks */
    int64_t              purpose_id;
    int64_t              purpose_version;
    struct attribute_set attributes;
    int64_t              departments; /* bits */
    int64_t              from_at_ms;
    int64_t              until_at_ms; /* grant: its end; relationship: its end, 0: open; request: when it lapses */
    struct uses          uses;
    int64_t              nature;       /* relationship: relationship_nature */
    int64_t              review_at_ms; /* relationship */
    int64_t              duration_ms;  /* request: asked, or offered in a counter-offer */
    int64_t              grant_id;     /* request: the grant that it led to */
    int64_t              receipt_id;  /* 0: none */
};

const char *act_event(act_kind kind);          /* "grant.withdrawn" */
act_kind act_of_event(struct text event);      /* ACT_NONE: the word of no act */
const char *act_consent_status(act_kind kind); /* "dpv:ConsentWithdrawn" or "" */

/* Fills id, moment and actor from the ctx, writes the fact and its outbox row. Inside a write. */
err act_append(struct ctx *cx, struct act *act) MUST_CHECK;

/* The greatest number of a fact, a receipt or an event, for store_options. */
err act_newest_number(struct ctx *cx, int64_t *out) MUST_CHECK;

/* Before an act that stops nothing: whether the relationship has room for it. Stops are asked nothing. TOO_MANY
 * relationship.too_many_changes. */
err act_check_room(struct ctx *cx, int64_t person_id, int64_t relationship_id) MUST_CHECK;
void act_check_room_ahead(struct ctx *cx, int64_t person_id, int64_t relationship_id); /* statement_ahead() */

/* Writes a fact again under another person (a claim): only its number is new; nobody is told. Inside a write. */
err act_copy(struct ctx *cx, struct act *act) MUST_CHECK;

/* CORRUPT act.missing. */
err act_load(struct ctx *cx, int64_t person_id, int64_t act_id, struct act *out) MUST_CHECK;
/* One step back on a chain without any memory: `act_id` becomes the act before, and out comes when this one was. */
err act_step(struct ctx *cx, int64_t person_id, int64_t *act_id, int64_t *out_at_ms) MUST_CHECK;
/* The acts of one subject, oldest first, by walking the chain back from `last_act_id`. For chains
 * that others have bounded, and for the audit: all of it is in memory. CORRUPT act.missing | act.order. */
err act_list(struct ctx *cx, int64_t person_id, int64_t last_act_id, struct act **out, size_t *out_count) MUST_CHECK;

/* Is the act one that this caller may know of, inside a relationship that is the caller's? A department: of grants that
 * it names, of requests of its own, of whatever the relationship itself went through. All others: yes. */
bool act_is_seen(const struct act *act, const struct actor *actor);

#endif
