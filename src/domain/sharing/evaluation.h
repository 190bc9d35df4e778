/* SPDX-License-Identifier: Apache-2.0
 * Whether a read would be given, in the words of AuthZEN's Authorization API 1.0: may this subject do this action with
 * this resource (docs/decisions/0038). The decision is disclosure_decide()'s and no other; here stands who may ask.
 * What is not the caller's, of an unknown kind or not there is one denial and leaves no trace; whatever else is asked
 * is an entry for the person. Searches of several tell what the department sees in its grants, and leave none. */
#ifndef DOMAIN_EVALUATION_H
#define DOMAIN_EVALUATION_H

#include "domain/sharing/disclosure.h"

/* The words that are known here; every other one is denied. */
#define EVALUATION_DEPARTMENT "department"     /* types of a subject: the caller's own … */
#define EVALUATION_SYSTEM "system"
#define EVALUATION_RELATIONSHIP "relationship" /* the one type of a resource */
#define EVALUATION_READ "read"                 /* the one action */

/* One question. Texts borrow. */
struct evaluation {
    struct text          subject_type;
    struct text          subject_id;
    struct text          action;
    struct text          resource_type;
    struct text          resource_id;
    struct text          purpose; /* id text */
    struct attribute_set attributes;
    bool                 partial; /* some of the kinds are enough: for searches */
    /* answer */
    bool                  known;      /* false: nothing that the caller can see; `ask` says nothing then */
    bool                  can_ask;    /* evaluation_look_for_door() has found one */
    struct disclosure_ask ask;
};

bool evaluation_permits(const struct evaluation *evaluation);
/* Of those that were asked for. */
struct attribute_set evaluation_permitted(const struct evaluation *evaluation);

/* Reads and decides. Every denial is an answer, no failure. */
err evaluation_decide(struct ctx *cx, struct evaluation *evaluation) MUST_CHECK;
/* Behind it: whether the department may ask the person for what is denied since it is not permitted. */
err evaluation_look_for_door(struct ctx *cx, struct evaluation *evaluation) MUST_CHECK;

typedef enum evaluation_semantic {
    EVALUATION_EXECUTE_ALL = 1,
    EVALUATION_DENY_ON_FIRST_DENY = 2,
    EVALUATION_PERMIT_ON_FIRST_PERMIT = 3,
} evaluation_semantic;

/* Several questions in their order. */
struct evaluations {
    struct evaluation  *items;
    size_t              count;
    evaluation_semantic semantic;
    size_t              out_answered; /* so many from the first on have an answer; the others were not asked */
};

/* store_write_fn; arg: struct evaluations of decided questions. Decides each anew by the writer's moment, as far as the
 * semantic goes, and writes down what was asked. */
err evaluations_commit(struct ctx *cx, void *arg) MUST_CHECK;
void evaluations_commit_announce(struct ctx *cx, void *arg); /* for `announce` of its store_write */

/* ---- searches: the same decision, many times, without a trace */

/* Purposes for which the subject may read all of these kinds now; `after`: the number of the last one seen. */
struct evaluation_purposes {
    struct evaluation question; /* without a purpose */
    int64_t           after;
    int               limit;
    struct id        *out;
    size_t            out_count;
    bool              out_more;
};
err evaluation_purposes(struct ctx *cx, struct evaluation_purposes *search) MUST_CHECK;

/* Relationships in which the subject may read all of these kinds; or, when there are none, some that the purpose names.
 * Looks at LIMIT_EVALUATIONS relationships, so a page may be short and still not the last. */
struct evaluation_found {
    struct id            relationship;
    struct attribute_set attributes;
};
struct evaluation_relationships {
    struct evaluation        question; /* without a resource's id */
    int64_t                  after;    /* number of the last relationship that was looked at */
    int                      limit;
    struct evaluation_found *out;
    size_t                   out_count;
    bool                     out_more;
    int64_t                  out_last_id;
};
err evaluation_relationships(struct ctx *cx, struct evaluation_relationships *search) MUST_CHECK;

#endif
