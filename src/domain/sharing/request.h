/* SPDX-License-Identifier: Apache-2.0
 * A department asks for a grant; the person accepts, adjusts, makes a counter-offer or refuses. A counter-offer may be
 * met by one revised request. What the purpose does not hold never reaches a person. */
#ifndef DOMAIN_REQUEST_H
#define DOMAIN_REQUEST_H

#include "domain/sharing/grant.h"

typedef enum request_state {
    REQUEST_OPEN = 1,
    REQUEST_ACCEPTED = 2,
    REQUEST_ADJUSTED = 3,
    REQUEST_COUNTERED = 4,
    REQUEST_REFUSED = 5,
    REQUEST_CANCELLED = 6, /* by the department, or because the relationship ended */
    REQUEST_LAPSED = 7,    /* never stored: time says it */
} request_state;

typedef enum request_answer_kind {
    ANSWER_ACCEPT = 1,
    ANSWER_ADJUST = 2,
    ANSWER_COUNTER = 3,
    ANSWER_REFUSE = 4,
} request_answer_kind;

const char *request_state_word(request_state state);

struct request {
    int64_t              person_id;
    int64_t              request_id;
    int64_t              relationship_id;
    int64_t              organisation_id;
    int64_t              department_id;
    int64_t              purpose_id;
    int64_t              purpose_version;
    request_state        state;
    int64_t              revision;
    struct attribute_set attributes;
    int64_t              duration_ms;
    struct uses          uses;
    /* the person's counter-offer, when there is one */
    struct attribute_set counter_attributes;
    int64_t              counter_duration_ms;
    struct uses          counter_uses;
    int64_t              created_at_ms;
    int64_t              answered_at_ms;
    int64_t              expires_at_ms;
    int64_t              grant_id; /* 0: none */
    int64_t              last_act_id;
};

void request_fold(struct request *request, const struct act *act);
request_state request_state_at(const struct request *request, int64_t at_ms);

err request_load(struct ctx *cx, int64_t person_id, int64_t request_id, struct request *out) MUST_CHECK;

struct request_list {
    bool            open_only;
    int64_t         after;
    int             limit;
    struct request *out;
    size_t          out_count;
};
err request_list_of_person(struct ctx *cx, struct request_list *list) MUST_CHECK;
err request_list_of_department(struct ctx *cx, struct request_list *list) MUST_CHECK;

/* ---- store_write_fn */

/* INVALID request.outside_purpose | request.too_long | uses.invalid | request.empty; CONFLICT purpose.not_published |
 * purpose.other_department | relationship.ended | relationship.paused | request.too_many_open; TOO_MANY
 * request.too_many. */
struct request_make {
    int64_t              person_id;
    int64_t              relationship_id;
    struct id            purpose;
    struct attribute_set attributes;  /* empty: all that the purpose names */
    int64_t              duration_ms; /* 0: the purpose's longest */
    struct uses          uses;
    bool                 is_answered; /* in this very write, by a person who came for it: it waits for nobody */
    struct request       out;
};
err request_make(struct ctx *cx, void *arg) MUST_CHECK;

/* Whether that would be made now, as far as it looks: writes nothing. */
err request_is_possible(struct ctx *cx, const struct request_make *make, bool *out) MUST_CHECK;

/* INVALID answer.outside_request | answer.needed_missing | answer.too_long | answer.in_past | uses.invalid |
 * answer.refuses_with_terms | answer.offers_nothing | answer.two_ends; CONFLICT request.not_open |
 * request.countered_already | relationship.not_active | purpose.not_published. */
struct request_answer {
    int64_t              request_id;
    request_answer_kind  answer;
    bool                 set_attributes, set_until, set_duration, set_uses;
    struct attribute_set attributes;
    int64_t              until_at_ms;
    int64_t              duration_ms;
    struct uses          uses;
    struct request       out;
    bool                 out_has_grant;
    struct grant         out_grant;
    int64_t              out_receipt_id;
};
err request_answer(struct ctx *cx, void *arg) MUST_CHECK;

/* The department's one revised offer after a counter. CONFLICT request.not_countered. */
struct request_revise {
    int64_t              person_id;
    int64_t              request_id;
    bool                 set_attributes, set_duration, set_uses;
    struct attribute_set attributes;
    int64_t              duration_ms;
    struct uses          uses;
    struct request       out;
};
err request_revise(struct ctx *cx, void *arg) MUST_CHECK;

/* CONFLICT request.not_open. */
struct request_cancel {
    int64_t        person_id;
    int64_t        request_id;
    struct request out;
};
err request_cancel(struct ctx *cx, void *arg) MUST_CHECK;

/* Inside a write: cancels what is open when the relationship ends. */
err request_cancel_all(struct ctx *cx, const struct relationship *relationship) MUST_CHECK;

#endif
