/* SPDX-License-Identifier: Apache-2.0
 * The head and the text of a named query, read from a file of src/store/sql/queries. Anything that is not understood
 * ends the program with its place: nothing is guessed. */
#ifndef TOOLS_SQL_QUERY_H
#define TOOLS_SQL_QUERY_H

#include "base/bytes.h"
#include "base/limits.h"

struct source {
    const char *path;
    struct text rest;
    int         line; /* of what was read last */
};

struct column {
    struct text name;
    struct text type; /* "int64", "text" or "bytes" */
};

struct columns {
    struct column at[LIMIT_STATEMENT_PARAMETERS];
    size_t        count;
};

struct query {
    struct text    part; /* the name of SQL that is no query yet and stands in several; then the head says no more */
    struct text    name;
    struct text    file;
    struct text    rows;
    struct text    apart; /* a parameter without whose value it touches no row */
    struct text    meets; /* how many rows it is to change: "one", "all", "any" or "told"; empty: it gives rows */
    struct text    row; /* name of the row struct; the query's own unless the head shares one */
    struct columns in;
    struct columns out;
    struct builder sql; /* without comments, one line after the other */
    bool           writes;
    struct text    named; /* of what meets all: "TABLE WHERE …", the rows that it is to change; else empty */
    uint64_t       tables; /* a bit for each table that it names; some share one */
};

/* Says `path:line: …` and ends the program. */
_Noreturn void sql_refuse(const struct source *source, const char *format, ...) PRINTF_LIKE(2, 3);

struct source source_open(struct arena *arena, const char *path); /* the whole file, in the arena */

/* The next query of the file, its parts as they stand there. False at the end. */
bool query_read(struct arena *arena, struct source *source, struct query *query);

/* The parameters are exactly $1 … $n; notes whether the statement changes rows, its tables, and how many rows it is to
 * meet. */
void query_check_sql(struct arena *arena, const struct source *source, struct query *query);

#endif
