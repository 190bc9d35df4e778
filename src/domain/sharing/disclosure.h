/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read. disclosure_decide() reads and decides on the caller's thread; disclosure_commit() decides
 * again where writes happen and makes the ledger row durable; only then may the answer leave. What is refused is
 * written too. A row tells the person who, which kinds, which purpose, which grant, when; never a value. */
#ifndef DOMAIN_DISCLOSURE_H
#define DOMAIN_DISCLOSURE_H

#include "domain/people/vault.h"
#include "domain/sharing/grant.h"

typedef enum disclosure_outcome {
    DISCLOSURE_GIVEN = 1,
    DISCLOSURE_REFUSED = 2,
    DISCLOSURE_ASKED_YES = 3, /* nothing was read, only asked (domain/sharing/evaluation.h) */
    DISCLOSURE_ASKED_NO = 4,
} disclosure_outcome;

/* Of a read that was given and found nothing: the person has filled in none of the kinds. */
#define DISCLOSURE_NOTHING_THERE "attribute.absent"

/* One ledger row. */
struct disclosure {
    int64_t              disclosure_id;
    int64_t              person_id;
    int64_t              previous_id;
    int64_t              relationship_id;
    int64_t              organisation_id;
    int64_t              department_id;
    int64_t              system_id;
    int64_t              purpose_id;
    int64_t              purpose_version;
    int64_t              grant_id; /* 0: refused */
    struct attribute_set attributes;
    disclosure_outcome   outcome;
    struct text          reason;   /* refused: "grant.withdrawn"; else empty, or given: DISCLOSURE_NOTHING_THERE */
    int64_t              at_ms;
    struct text          note;     /* opened for the person only */
    struct disclosure_further { /* the same later on that day, without rows of their own: refused_day.h */
        int64_t reads, last_at_ms;
        struct attribute_set attributes; /* all that they asked for */
    } further;
};

struct disclosed_value {
    const struct attribute_kind *kind;
    struct vault_item            item;
};
/* A kind that may not leave, and why. */
struct disclosure_refusal {
    const struct attribute_kind *kind;
    const char                  *reason;
};

/* A grant that was used, and for which kinds. */
struct disclosure_use {
    struct grant         grant;
    struct attribute_set attributes;
};

/* One call of POST /v1/org/disclosures, from question to answer. */
struct disclosure_ask {
    struct text          relationship; /* question: id texts of the edge */
    struct text          purpose;
    struct attribute_set attributes;
    struct text          note; /* at most LIMIT_NOTE_BYTES */
    bool                 partial;
    bool                 only_asks; /* whether it would be given: no value is opened, no use counted */
    /* answer */
    int64_t                    disclosure_id;
    struct relationship        found;
    struct id                  purpose_id;
    struct bytes               sealed_note;
    struct grant              *grants;       /* of the purpose, oldest first, as last read */
    size_t                     grants_count;
    bool                       has_ended;    /* `grants` holds those that have ended as well */
    int64_t                    edition;      /* of the people file, as they were read: store_people_edition() */
    struct attribute_set       considered;   /* the kinds that a decision may allow: all, then those that were opened */
    bool                       given;        /* false: refused, see `reason` … */
    bool                       counted;      /* by the write, refused or only asked, without a row: refused_day.h */
    const char                *reason;       /* of the first refused kind */
    struct disclosure_use     *uses;
    size_t                     uses_count;
    int64_t                    valid_until_ms;
    struct disclosed_value    *values;
    size_t                     values_count;
    struct attribute_set       missing;      /* permitted, but the person has not filled it in */
    struct disclosure_refusal *refusals;
    size_t                     refusals_count;
    const struct disclosure_ask *decided; /* as the first look left it: every run of the write begins there */
};

/* Reads and decides: fills the answer and opens the values. NOT_FOUND for a relationship or purpose that is not the
 * caller's, or is a draft of another department; a refusal by the person's will is no failure: `given` says it. */
err disclosure_decide(struct ctx *cx, struct disclosure_ask *ask) MUST_CHECK;

/* store_write_fn; arg: the decided struct disclosure_ask. Re-checks the grants at the writer's moment, and reads them
 * again unless the store vouches that they have not changed; what is no longer permitted turns the answer into a
 * refusal, and what an answer in part refused may be in it after all; writes the rows, counts uses that disclosed. */
err disclosure_commit(struct ctx *cx, void *arg) MUST_CHECK;
void disclosure_commit_announce(struct ctx *cx, void *arg); /* for `announce` of its store_write */

/* What an answer said that was kept for whoever repeats the read: the kinds that were permitted, filled in or not, the
 * versions of their values, the numbers of the grants. */
struct disclosure_version {
    attribute_number kind;
    int64_t          version;
};
struct disclosure_told {
    struct attribute_set             given; /* not empty */
    const struct disclosure_version *values;
    size_t                           values_count;
    const int64_t                   *grants;
    size_t                           grants_count;
};

/* Whether that answer may be given again: while these very grants permit all of it, whatever others there are. That
 * they were used, by this read too, does not count against it. A value that is not the one of then would be a new read:
 * it makes the answer fall, unless a grant's uses are counted; then the answer stands as it was, without what the
 * person has removed. Writes nothing. */
struct disclosure_repeat {
    const struct disclosure_ask *first; /* the question */
    struct disclosure_told       told;
    bool                         out_stands;
    int64_t                      out_valid_until_ms; /* as of now */
    struct attribute_set         out_removed;        /* kinds that had a value then and have none now */
};
err disclosure_repeat(struct ctx *cx, struct disclosure_repeat *repeat) MUST_CHECK;

/* The person's list, newest first. What a claim brought along from an invited person (domain/people/predecessor.h)
 * stands where the claim lies; each page is in the order of time. */
struct disclosure_list {
    attribute_number   attribute;       /* ATTRIBUTE_NONE: all */
    int64_t            relationship_id; /* 0: all */
    disclosure_outcome outcome;         /* 0: all */
    int64_t            from_at_ms;      /* 0: open */
    int64_t            until_at_ms;     /* 0: open */
    int64_t            after;           /* disclosure number of the last one seen, 0: start */
    int                limit;
    struct disclosure *out;
    size_t             out_count;
    bool               out_more;
    int64_t            out_last_id; /* `after` of the next page */
};
err disclosure_list(struct ctx *cx, struct disclosure_list *list) MUST_CHECK;
/* How many reads were given and refused, for the home screen. */
err disclosure_count(struct ctx *cx, int64_t *out_given, int64_t *out_refused) MUST_CHECK;

#endif
