/* SPDX-License-Identifier: Apache-2.0
 * One person with one organisation: the root of everything. The person sets its nature, its end or review date, pauses,
 * resumes and ends it. When it ends, its grants end in the same write. Its id at the edge is pairwise: two
 * organisations never see the same id for one person. */
#ifndef DOMAIN_RELATIONSHIP_H
#define DOMAIN_RELATIONSHIP_H

#include "crypto/keyring.h"
#include "domain/proof/act.h"
#include "domain/sharing/objection.h"

typedef enum relationship_state {
    RELATIONSHIP_INVITED = 1,  /* the organisation's half only */
    RELATIONSHIP_PROPOSED = 2, /* the person's half only */
    RELATIONSHIP_ACTIVE = 3,
    RELATIONSHIP_PAUSED = 4,
    RELATIONSHIP_ENDED = 5,
} relationship_state;

typedef enum relationship_nature {
#define X(name, number, word, sentence) NATURE_##name = (number),
#include "domain/words/nature.def"
#undef X
} relationship_nature;

const char *relationship_state_word(relationship_state state);
const char *relationship_nature_word(relationship_nature nature);
bool relationship_nature_of_word(struct text word, relationship_nature *out);

struct relationship {
    int64_t             person_id;
    int64_t             relationship_id;
    int64_t             organisation_id;
    relationship_state  state; /* as stored; relationship_state_at() also knows the end date */
    relationship_nature nature;
    int64_t             edge_person_id;
    int64_t             started_at_ms;
    int64_t             ends_at_ms;   /* 0: open */
    int64_t             review_at_ms; /* 0: none */
    int64_t             last_act_id;
    struct objection    objection;
};

/* What the acts add up to: pure. */
void relationship_fold(struct relationship *relationship, const struct act *act);
relationship_state relationship_state_at(const struct relationship *relationship, int64_t at_ms);

/* The ids that the outside sees: of the relationship itself and of things inside it. */
struct id relationship_id(const struct relationship *relationship);
struct id relationship_item_id(const struct relationship *relationship, id_type type, int64_t item);

/* Opens an id text of the edge for the caller: a person sees his own, a system its organisation's. NOT_FOUND. */
err relationship_open(struct ctx *cx, struct text id, struct relationship *out) MUST_CHECK;
err relationship_open_id(struct ctx *cx, const struct id *id, struct relationship *out) MUST_CHECK;
void relationship_load_ahead(struct ctx *cx, int64_t person_id, int64_t relationship_id); /* see statement_ahead() */
err relationship_load(struct ctx *cx, int64_t person_id, int64_t relationship_id, struct relationship *out) MUST_CHECK;
/* The same for the one of a grant, before the grant is loaded; and behind that. */
void relationship_load_of_grant_ahead(struct ctx *cx, int64_t person_id, int64_t grant_id);
err relationship_load_of_grant(struct ctx *cx, int64_t person_id, int64_t grant_id, int64_t relationship_id,
                               struct relationship *out) MUST_CHECK;
/* The same for a thing inside a relationship ("grt_…", "req_…", "rcp_…"): gives person and item; no policy decision. */
err relationship_open_item(struct ctx *cx, struct text id, id_type type, int64_t *out_person_id, int64_t *out_item)
    MUST_CHECK;

struct relationship_list {
    int64_t              after; /* relationship number of the last one seen */
    int                  limit;
    struct relationship *out;
    size_t               out_count;
};
err relationship_list_of_person(struct ctx *cx, struct relationship_list *list) MUST_CHECK;
/* The same of any person: for the node's own rules, no policy decision. */
err relationship_list_any(struct ctx *cx, int64_t person_id, struct relationship_list *list) MUST_CHECK;
err relationship_list_of_organisation(struct ctx *cx, struct relationship_list *list) MUST_CHECK;

/* ---- store_write_fn, each with its struct; all give `out`. */

/* The person proposes. CONFLICT relationship.exists; TOO_MANY relationship.too_many_proposals. */
struct relationship_propose {
    int64_t             organisation_id;
    relationship_nature nature;
    int64_t             ends_at_ms, review_at_ms;
    struct relationship out;
};
err relationship_propose(struct ctx *cx, void *arg) MUST_CHECK;

/* The organisation answers a proposal: `accept` false declines. CONFLICT relationship.not_proposed |
 * relationship.ended when the proposed time is over. */
struct relationship_answer {
    int64_t             person_id;
    int64_t             relationship_id;
    bool                accept;
    struct relationship out;
};
err relationship_answer(struct ctx *cx, void *arg) MUST_CHECK;

typedef enum relationship_move { MOVE_NONE, MOVE_PAUSE, MOVE_RESUME } relationship_move;

/* Nature, dates, pause and resume in one act each. An earlier end shortens the live grants with it. Members that are
 * not `set_` stay; what is so already is no act and leaves no receipt. INVALID relationship.end_in_past |
 * relationship.review_in_past | relationship.review_after_end; CONFLICT relationship.ended | relationship.not_active |
 * relationship.not_paused. */
struct relationship_change {
    int64_t             relationship_id;
    bool                set_nature, set_ends, set_review;
    relationship_nature nature;
    int64_t             ends_at_ms;   /* 0: open end */
    int64_t             review_at_ms; /* 0: none */
    relationship_move   move;
    struct relationship out;
};
err relationship_change(struct ctx *cx, void *arg) MUST_CHECK;
/* Whether the change can only stop something: a pause, or an earlier end and nothing else. Pure. */
bool relationship_change_stops(const struct relationship_change *change, const struct relationship *relationship);

/* Ends it: every live grant and open request ends in the same write. With `erase` the organisation is told to delete,
 * also later and again; TOO_MANY relationship.too_many_changes when that was asked very often. */
struct relationship_end {
    int64_t             relationship_id;
    bool                erase;
    int64_t             out_receipt_id;
    struct relationship out;
};
err relationship_end(struct ctx *cx, void *arg) MUST_CHECK;

/* A relationship of this person with this organisation that has not ended; `out_found` says whether there is one. */
err relationship_find(struct ctx *cx, int64_t person_id, int64_t organisation_id, struct relationship *out,
                      bool *out_found) MUST_CHECK;

/* Used by invitations: makes the invited half, and starts it for the person who claims. Inside a write. */
err relationship_invite(struct ctx *cx, int64_t person_id, int64_t organisation_id,
                        struct relationship *out) MUST_CHECK;
struct relationship_start {
    relationship_nature nature;
    int64_t             ends_at_ms, review_at_ms;
};
err relationship_begin(struct ctx *cx, struct relationship *relationship, const struct relationship_start *start)
    MUST_CHECK;
/* Writes the row as the acts left it. Inside a write. */
err relationship_save(struct ctx *cx, const struct relationship *relationship) MUST_CHECK;

/* The person's ES256 key of this relationship, made when it starts, inside that write. */
err relationship_make_key(struct ctx *cx, const struct relationship *relationship) MUST_CHECK;
err relationship_public_key(struct ctx *cx, const struct relationship *relationship, struct text *out_jwk) MUST_CHECK;
err relationship_signing_key(struct ctx *cx, const struct relationship *relationship,
                             struct signing_key *out) MUST_CHECK;
/* What has been opened with the person's key, as a key that signs. */
struct signing_key relationship_signing_key_of(int64_t relationship_id, struct bytes opened, struct text public_jwk);

#endif
