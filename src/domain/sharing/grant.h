/* SPDX-License-Identifier: Apache-2.0
 * A permission: purpose version × attribute kinds × departments × from–until × uses. Given, narrowed, withdrawn, never
 * overwritten: each change is an act with a receipt. Expiry needs nobody: grant_state_at() knows the hour. */
#ifndef DOMAIN_GRANT_H
#define DOMAIN_GRANT_H

#include "domain/proof/act.h"
#include "domain/sharing/relationship.h"

struct purpose;

typedef enum grant_state {
    GRANT_ACTIVE = 1,
    GRANT_WITHDRAWN = 2,
    GRANT_EXPIRED = 3, /* never stored: time says it */
    GRANT_USED_UP = 4, /* stored for an event; counted uses say it otherwise */
    GRANT_ENDED = 5,   /* the relationship ended */
} grant_state;

const char *grant_state_word(grant_state state);

struct grant {
    int64_t              person_id;
    int64_t              relationship_id;
    int64_t              organisation_id;
    int64_t              purpose_id;
    int64_t              purpose_version;
    int64_t              grant_id;
    grant_state          state; /* as stored */
    struct attribute_set attributes;
    int64_t              departments;
    int64_t              from_at_ms;
    int64_t              until_at_ms;
    struct uses          uses;
    int64_t              used; /* counted uses only; filled by the loading functions */
    int64_t              ended_at_ms;
    int64_t              receipt_id; /* of its latest act */
    int64_t              last_act_id;
    int64_t              closes_at_ms; /* permits nothing from here on: its end, or the moment at which it was ended */
    bool                 is_objected;  /* nothing either: objection_mark() */
};

/* ---- pure rules */
void grant_fold(struct grant *grant, const struct act *act);
grant_state grant_state_at(const struct grant *grant, int64_t at_ms); /* counts `used` */
/* May `kind` leave for a department's bit at that moment? False gives the reason word, as "grant.expired". */
bool grant_permits(const struct grant *grant, attribute_number kind, int64_t department_bit, int64_t at_ms);
const char *grant_refusal(const struct grant *grant, attribute_number kind, int64_t department_bit, int64_t at_ms);

/* ---- loading */
err grant_load(struct ctx *cx, int64_t person_id, int64_t grant_id, struct grant *out) MUST_CHECK; /* NOT_FOUND */
err grant_load_with(struct ctx *cx, int64_t person_id, int64_t grant_id, struct grant *out,
                    struct relationship *out_relationship) MUST_CHECK;
/* Says that either will be loaded: see statement_ahead() of the store. */
void grant_load_ahead(struct ctx *cx, int64_t person_id, int64_t grant_id);
/* What may still permit something at the ctx's moment, oldest first: few, also after years. `ended` those that ended
 * last, at most GRANT_ENDED_MOST, for the reason that they give. */
#define GRANT_ENDED_MOST 100
struct grant_question {
    const struct relationship *relationship;
    int64_t                    purpose_id;
};
err grant_list_open(struct ctx *cx, const struct grant_question *question, struct grant **out,
                    size_t *out_count) MUST_CHECK;
/* The same for this list; of the relationship its numbers are enough. */
void grant_list_open_ahead(struct ctx *cx, const struct grant_question *question);
/* The same for how often it was used, which is asked of a counted one. */
void grant_use_ahead(struct ctx *cx, const struct grant *grant);
err grant_list_ended(struct ctx *cx, const struct grant_question *question, struct grant **out,
                     size_t *out_count) MUST_CHECK;
/* Live at the ctx's moment, by relationship, of any person or of one relationship: for the node's own rules, no policy
 * decision. */
err grant_list_live(struct ctx *cx, int64_t person_id, struct grant **out, size_t *out_count) MUST_CHECK;
err grant_list_live_of_relationship(struct ctx *cx, const struct relationship *relationship, struct grant **out,
                                    size_t *out_count) MUST_CHECK;
/* How many have not ended at the ctx's moment, for the person or for the calling department. One that is used up counts
 * until its end, as it does against LIMIT_GRANTS_OF_RELATIONSHIP. */
err grant_count_open(struct ctx *cx, const struct relationship *relationship, int64_t *out) MUST_CHECK;

/* A page of grants in all states, by relationship, purpose and number. */
struct grant_list {
    int64_t       at_ms; /* 0: as they stand now */
    int64_t       after; /* number of the last grant of the page before, 0: start */
    int           limit;
    struct grant *out;
    size_t        out_count;
};
err grant_list_of_person(struct ctx *cx, struct grant_list *list) MUST_CHECK; /* the caller's, as they stand now */
err grant_list_of_relationship(struct ctx *cx, const struct relationship *relationship,
                               struct grant_list *list) MUST_CHECK;
/* For a system: of the grants of a relationship those that name its department, now or at the past moment. What stood
 * then is folded from the acts; grants that did not exist yet are left out. */
err grant_list_seen(struct ctx *cx, const struct relationship *relationship, struct grant_list *list) MUST_CHECK;

/* ---- store_write_fn */

/* The person gives unasked. INVALID grant.outside_purpose | grant.too_long | grant.in_past | uses.invalid |
 * grant.department; CONFLICT relationship.not_active | purpose.not_published. */
struct grant_give {
    int64_t              relationship_id;
    struct id            purpose; /* ID_PURPOSE */
    struct attribute_set attributes;
    int64_t              departments; /* bits; 0: those of the purpose */
    int64_t              until_at_ms; /* 0: the purpose's longest */
    struct uses          uses;
    struct grant         out;
};
err grant_give(struct ctx *cx, void *arg) MUST_CHECK;
void grant_give_announce(struct ctx *cx, void *arg);
void grant_give_announce_more(struct ctx *cx, void *arg);

/* Narrow or shorten only; what is so already is no act and leaves no receipt. INVALID grant.wider | grant.in_past |
 * uses.invalid; CONFLICT grant.not_active. */
struct grant_narrow {
    int64_t              grant_id;
    bool                 set_attributes, set_departments, set_until, set_uses;
    struct attribute_set attributes;
    int64_t              departments, until_at_ms;
    struct uses          uses;
    struct grant         out;
};
err grant_narrow(struct ctx *cx, void *arg) MUST_CHECK;

/* Stops it. Stopping a grant that is stopped already succeeds and changes nothing. */
struct grant_withdraw {
    int64_t      grant_id;
    struct grant out;
};
err grant_withdraw(struct ctx *cx, void *arg) MUST_CHECK;
void grant_withdraw_announce_more(struct ctx *cx, void *arg); /* for `announce_more` */
void grant_withdraw_announce(struct ctx *cx, void *arg); /* for `announce` of a store_write, as the next */

/* The organisation reports the event of a grant "until event". CONFLICT grant.no_event | grant.not_active. */
struct grant_report_event {
    int64_t      person_id;
    int64_t      grant_id;
    struct grant out;
};
err grant_report_event(struct ctx *cx, void *arg) MUST_CHECK;
err grant_give_back(struct ctx *cx, void *arg) MUST_CHECK; /* the same struct: it wants a live grant no more */

/* ---- inside a write, for requests and for the end of a relationship */
/* By this version of its purpose. */
err grant_begin(struct ctx *cx, const struct relationship *relationship, const struct purpose *purpose,
                struct grant *grant) MUST_CHECK;
err grant_end_all(struct ctx *cx, const struct relationship *relationship) MUST_CHECK;
/* Those that would outlast the relationship's end now end with it. */
err grant_shorten_all(struct ctx *cx, const struct relationship *relationship) MUST_CHECK;

#endif
