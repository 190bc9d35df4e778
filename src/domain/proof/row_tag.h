/* SPDX-License-Identifier: Apache-2.0
 * Tags of what is set up once and never changes: an organisation, a department, an API key, the keys of a system that
 * signs, a published version of a purpose. A tag is a keyed hash of the row's columns under a key of the node, kept
 * apart from the row: who has the files and not the keys cannot make one that fits. Rows from before tags have none;
 * the audit counts them. A count of refused reads, which grows, bears its tag itself. */
#ifndef DOMAIN_ROW_TAG_H
#define DOMAIN_ROW_TAG_H

#include "store/queries.h"

/* A row as its tag sees it. Texts in the arena; `.at` of `columns` is NULL when that is exhausted. */
struct row_tag {
    struct text name;    /* "purpose/12/1" */
    struct text columns; /* every column that never changes */
    int64_t     at_ms;   /* since when it is as it is */
};

/* Where a count of refused reads belongs: its row says only behind which entry it stands. */
struct row_tag_day {
    int64_t relationship_id;
    int64_t department_id;
    int64_t day; /* counted from 1970, UTC */
};

struct row_tag row_tag_of_organisation(struct arena *arena, const struct sql_organisation_insert_in *row);
struct row_tag row_tag_of_department(struct arena *arena, const struct sql_department_insert_in *row);
struct row_tag row_tag_of_key(struct arena *arena, const struct sql_api_key_insert_in *row);
struct row_tag row_tag_of_signing(struct arena *arena, const struct sql_system_key_insert_in *row);
struct row_tag row_tag_of_further(struct arena *arena, const struct row_tag_day *day,
                                  const struct sql_refused_further_save_in *row);
struct row_tag row_tag_of_purpose(struct arena *arena, const struct sql_purpose_save_in *row, int64_t published_at_ms);

/* The tag itself, for a row that keeps it in a column of its own. */
err row_tag_make(struct ctx *cx, const struct row_tag *tag, struct text *out) MUST_CHECK;

/* Inside a write, the one that makes the row. The first one also notes from when on no row is without a tag. */
err row_tag_keep(struct ctx *cx, const struct row_tag *tag) MUST_CHECK;

typedef enum row_tag_verdict {
    ROW_TAG_FITS,
    ROW_TAG_NONE,    /* from before tags */
    ROW_TAG_LOST,    /* none, and there should be one */
    ROW_TAG_DIFFERS, /* the row was changed, or its tag */
} row_tag_verdict;
err row_tag_check(struct ctx *cx, const struct row_tag *tag, row_tag_verdict *out) MUST_CHECK;

#endif
