/* SPDX-License-Identifier: Apache-2.0
 * Who changed what an organisation has set up: itself, its departments, systems, members and purposes. One row for each
 * such change, in its own write, beside the event that delivery reads; bound by a tag under a key of the node, never
 * changed. It names a member by number, and goes on doing so when he has left and his name is forgotten. */
#ifndef DOMAIN_DEED_H
#define DOMAIN_DEED_H

#include "base/ctx.h"

struct sql_deed_row;

struct deed {
    int64_t     organisation_id;
    int64_t     deed_id;
    struct text kind;       /* "system.created": the word of the event */
    int64_t     subject_id;
    int64_t     at_ms;
    actor_kind  actor_kind; /* ACTOR_NOBODY: from before this was noted */
    int64_t     actor_id;   /* system or member; else 0 */
};

/* Inside the write that makes the change: notes it as the caller's, and writes its event. `kind`: a literal. */
err deed_add(struct ctx *cx, int64_t organisation_id, const char *kind, int64_t subject_id) MUST_CHECK;

/* The caller's organisation's, the newest first. */
struct deed_list {
    int64_t      before; /* 0: from the newest */
    int64_t      limit;
    struct deed *out;
    size_t       out_count;
    bool         out_more;
};
err deed_list(struct ctx *cx, struct deed_list *list) MUST_CHECK;

/* What the word speaks of, as an id. */
struct id deed_subject(const struct deed *deed);

/* How many of a kind there were within a day. */
struct deed_lately {
    int64_t count;
    int64_t first_at_ms;
};
err deed_count_lately(struct ctx *cx, int64_t organisation_id, struct text kind, struct deed_lately *out) MUST_CHECK;

/* For the audit: whether a row is as it was made; one from before has no tag, and does not fit. */
err deed_row_fits(struct ctx *cx, const struct sql_deed_row *row, bool *out) MUST_CHECK;

#endif
