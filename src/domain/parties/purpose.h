/* SPDX-License-Identifier: Apache-2.0
 * Why an organisation wants data. A draft may be changed; publishing runs the wording and over-asking checks and
 * freezes the version for ever; retiring stops new requests while grants under it live on. A new version is a new draft
 * of the same purpose. */
#ifndef DOMAIN_PURPOSE_H
#define DOMAIN_PURPOSE_H

#include "domain/words/attribute.h"
#include "domain/words/wording.h"

typedef enum purpose_state {
    PURPOSE_DRAFT = 1,
    PURPOSE_PUBLISHED = 2,
    PURPOSE_RETIRED = 3,
} purpose_state;

const char *purpose_state_word(purpose_state state);

struct purpose {
    int64_t              organisation_id;
    int64_t              purpose_id;
    int64_t              version;
    purpose_state        state;
    struct attribute_set needed;
    struct attribute_set optional;
    int64_t              departments; /* bits */
    int64_t              longest_ms;
    struct text          name;
    struct text          language; /* of the wording, "en" */
    struct text          body; /* the draft's canonical JSON: every slot that people read */
    int64_t              created_at_ms;
    int64_t              published_at_ms;
    int64_t              retired_at_ms;
};

/* store_write_fn. Saves a draft: a new purpose, a new version of `purpose_id`, or a change of its open draft. */
struct purpose_save {
    int64_t              purpose_id;  /* 0: a new purpose */
    struct purpose_text  text;        /* what the checks read */
    int64_t              departments; /* bits; 0: the caller's department */
    struct text          body;        /* canonical JSON of the same */
    struct purpose       out;
};
err purpose_save(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn. INVALID purpose.findings when the checks of domain/words/wording.h find anything (the caller lists
 * the findings beforehand with the same check). The published version before is retired in the same step. */
struct purpose_publish {
    int64_t             purpose_id;
    struct purpose_text text;   /* of the stored body, read by the caller */
    struct text         body;   /* the body that `text` was read from: must still be the stored one */
    struct purpose      out;
};
err purpose_publish(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn. CONFLICT purpose.not_published. */
struct purpose_retire {
    int64_t        purpose_id;
    struct purpose out;
};
err purpose_retire(struct ctx *cx, void *arg) MUST_CHECK;

/* The latest version, or exactly `version` when it is not 0, of an organisation's purpose. NOT_FOUND. No policy
 * decision: a published purpose is for everyone; who shows drafts asks first. */
err purpose_load(struct ctx *cx, const struct id *id, int64_t version, struct purpose *out) MUST_CHECK;
void purpose_load_ahead(struct ctx *cx, const struct id *id, int64_t version); /* see statement_ahead() of the store */
/* The latest version that a system may see: drafts are seen only by the departments that they name. NOT_FOUND. */
err purpose_see(struct ctx *cx, const struct id *id, struct purpose *out) MUST_CHECK;
/* The latest version, for a system of a department that it names: it may change, publish and retire. NOT_FOUND. */
err purpose_load_writable(struct ctx *cx, const struct id *id, struct purpose *out) MUST_CHECK;
/* The version that new requests and grants may use. CONFLICT purpose.not_published; NOT_FOUND also for a first draft
 * that the caller may not see. */
err purpose_load_published(struct ctx *cx, const struct id *id, struct purpose *out) MUST_CHECK;
void purpose_load_published_ahead(struct ctx *cx, const struct id *id);
/* NOT_FOUND when the caller cannot know of it: what was never published is there for nobody but the departments that
 * its draft names. */
err purpose_check_known(struct ctx *cx, const struct id *id) MUST_CHECK;
void purpose_check_known_ahead(struct ctx *cx, const struct id *id);
/* Newest version of each purpose of the organisation, by purpose id after `after`; drafts as in purpose_see(). */
struct purpose_list {
    int64_t         organisation_id;
    int64_t         after;
    int             limit;
    bool            published_only;
    struct purpose *out;
    size_t          out_count;
};
err purpose_list(struct ctx *cx, struct purpose_list *list) MUST_CHECK;

#endif
