/* SPDX-License-Identifier: Apache-2.0
 * What the generated functions of "store/queries.h" stand on, inside this floor only: a descriptor for each named query
 * and four functions that run any of them. No query has logic of its own; all differ by their descriptors. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <stddef.h>

#include "store/store.h"

typedef enum field_type { FIELD_INT64, FIELD_TEXT, FIELD_BYTES } field_type;

/* One parameter or column: where it lies in the query's struct. */
struct field {
    const char *name;
    field_type  type;
    size_t      offset;
};

/* A walk may lead over a whole table: its rows never lie in memory all at once. */
typedef enum statement_rows { ROWS_NONE, ROWS_ONE, ROWS_MANY, ROWS_WALK } statement_rows;

/* How many rows a change is to meet. What it meets and does not change has vanished on its way, by whatever somebody
 * has hung on a table: CORRUPT store.row_lost. */
typedef enum statement_meets {
    MEETS_ANY, /* it is not looked at; whoever asks is told how many */
    MEETS_ONE, /* exactly one */
    MEETS_ALL, /* each that its WHERE names, if there are any */
    MEETS_TOLD /* mostly one: whoever asks is told so at once, and where it is wrong all is run again with a wait */
} statement_meets;

struct statement {
    const char         *name;
    const char         *sql; /* parameters are $1 … $n */
    size_t              index; /* in STATEMENTS; STATEMENT_PASSING: it stands in no table and is prepared each time */
    store_file          file;
    statement_rows      rows;
    uint64_t            tables; /* a bit for each that it names; some share one */
    size_t              apart;  /* number of the parameter without whose value it touches no row; 0: there is none */
    statement_meets     meets;
    const char         *named;  /* of MEETS_ALL: "TABLE WHERE …" */
    bool                writes;
    const struct field *in;
    size_t              in_count;
    const struct field *out;
    size_t              out_count;
    size_t              row_bytes;
};

#define STATEMENT_PASSING SIZE_MAX

extern const struct statement STATEMENTS[]; /* generated */
extern const size_t STATEMENT_COUNT;

/* Only a hint that the same will be asked with the same parameters, inside the same reading or write: who is told of
 * several before the first is asked may fetch them together. Whether it came to anything is never told: what is not
 * fetched, or is not true any more since the running write changed it, is fetched when it is asked. */
void statement_ahead(struct ctx *cx, const struct statement *statement, const void *in);

/* `in` is the query's struct, or NULL when it has no parameters. Text and bytes of rows are copied into cx->arena.
 * All fail CONFLICT store.duplicate, UNAVAILABLE store.busy | store.full, CORRUPT store.damaged | store.row_lost,
 * INTERNAL store.failed, TOO_LARGE limit.memory. */
err statement_none(struct ctx *cx, const struct statement *statement, const void *in, int64_t *changed) MUST_CHECK;
err statement_one(struct ctx *cx, const struct statement *statement, const void *in, void *row, bool *found) MUST_CHECK;
/* At most LIMIT_ROWS rows, otherwise TOO_LARGE limit.rows. */
err statement_many(struct ctx *cx, const struct statement *statement, const void *in, void **rows,
                   size_t *count) MUST_CHECK;
/* Text and bytes of a row are valid during `take` only; an error of `take` ends the walk and is passed on. `take` may
 * run other statements, not this one. */
err statement_each(struct ctx *cx, const struct statement *statement, const void *in,
                   err (*take)(struct ctx *cx, const void *row, void *arg), void *arg) MUST_CHECK;

#endif
