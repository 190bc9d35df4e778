/* SPDX-License-Identifier: Apache-2.0
 * Tables as the database itself describes them, and rows of them whatever they mean: for what has to reach every table,
 * so that a new one is not forgotten. Which tables belong to a place and not to the data stands in table.c. Inside this
 * floor only. */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "base/limits.h"
#include "store/conn.h"

struct column {
    const char *name;
    field_type  type;
};

struct table {
    const char      *name;
    struct database *db;
    store_file       file; /* the leader of the database in which it lies */
    struct column    columns[LIMIT_STATEMENT_COLUMNS];
    size_t           column_count;
    size_t           key[LIMIT_STATEMENT_COLUMNS]; /* columns of the primary key, in its order in this database */
    size_t           key_count;
};

struct table_list {
    struct table *at;
    size_t        count;
};

/* The value of a column: `number`, or `octets` of text and bytes. */
struct value {
    int64_t      number;
    struct bytes octets;
    bool         is_null;
};

/* Rows one after the other, each with all columns of the table. In the arena of who asked for them. */
struct row_set {
    struct value *at;
    size_t        count;
    size_t        room;  /* for so many rows */
    size_t        bytes; /* of all values */
};

/* The tables of the data that lie in the databases of a handle, by name; those of STORE_KEYS only `with_keys`. CORRUPT
 * store.damaged when one has a column of no type of ours, or no key. */
err table_list(struct ctx *cx, struct store_conn *conn, bool with_keys, struct table_list *out) MUST_CHECK;
/* NULL: there is none. */
const struct table *table_find(const struct table_list *list, const char *name);
/* NULL: it has none of this name. */
const struct column *table_column(const struct table *table, const char *name);
/* Names of tables, once for each database that has one, as the catalogues say them; those of STORE_KEYS only
 * `with_keys`. Asked otherwise than by table_list(), for who wants to know whether that one has left something out. */
struct table_names {
    struct text *at;
    size_t       count;
};
err table_names(struct ctx *cx, struct store_conn *conn, bool with_keys, struct table_names *out) MUST_CHECK;
/* It says something of the place itself, and does not move. */
bool table_stays(struct text name);
/* The same columns in the same order. */
bool table_is_like(const struct table *a, const struct table *b);

/* ---- rows */

/* In the order of `by`, a key of the table's columns: the first rows behind `after` (the columns of a whole row, of
 * which only the key is looked at; NULL: from the beginning). */
struct row_walk {
    const struct table *table;
    const size_t       *by;
    size_t              by_count;
    const struct value *after;
    size_t              rows_max;
    size_t              bytes_max; /* more than that and no further row is fetched, where the engine can */
};
err rows_next(struct ctx *cx, const struct row_walk *walk, struct row_set *out) MUST_CHECK;
/* The last row in that order; `out->count` is 0 when there is none. */
err rows_last(struct ctx *cx, const struct row_walk *walk, struct row_set *out) MUST_CHECK;
/* Those rows of the table that have the keys of `of`, in the order of `of`. */
err rows_find(struct ctx *cx, const struct table *table, const struct row_set *of, struct row_set *out) MUST_CHECK;
/* Inside a transaction. CONFLICT store.duplicate when a row of that key is there. */
err rows_put(struct ctx *cx, const struct table *table, const struct row_set *rows) MUST_CHECK;
/* Takes away those that have the keys of `of`. */
err rows_drop(struct ctx *cx, const struct table *table, const struct row_set *of) MUST_CHECK;
err rows_count(struct ctx *cx, const struct table *table, int64_t *out) MUST_CHECK;
/* The one number that a question gives. */
err table_ask(struct ctx *cx, struct database *db, const char *sql, int64_t *out) MUST_CHECK;

/* Room for one more row in the arena. */
err row_set_grow(struct ctx *cx, const struct table *table, struct row_set *rows) MUST_CHECK;
const struct value *row_at(const struct table *table, const struct row_set *rows, size_t row);
bool row_has_key_of(const struct table *table, const struct value *a, const struct value *b);
bool row_is(const struct table *table, const struct value *a, const struct value *b);

/* ---- between the files that fill it: each engine's half, and the words that both speak */

/* The words of a statement: columns, or keys, with a mark before each name and commas between. */
void table_put_columns(struct builder *out, const struct table *table, const char *before);
void table_put_keys(struct builder *out, const struct table *table, const char *before);
/* "SELECT … FROM … WHERE (…) > ($1, …) ORDER BY … LIMIT …", or backwards from the end. */
err table_walk_text(struct ctx *cx, const struct row_walk *walk, bool is_backwards, const char **out) MUST_CHECK;

struct row_engine {
    err (*walk)(struct ctx *cx, const struct row_walk *walk, const char *sql, struct row_set *out);
    err (*find)(struct ctx *cx, const struct table *table, const struct row_set *of, struct row_set *out);
    err (*put)(struct ctx *cx, const struct table *table, const struct row_set *rows);
    err (*drop)(struct ctx *cx, const struct table *table, const struct row_set *of);
};
extern const struct row_engine SQLITE_ROWS;
extern const struct row_engine POSTGRES_ROWS;

#endif
