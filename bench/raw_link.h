/* SPDX-License-Identifier: Apache-2.0
 * The bound on a database server: one connection in libpq's pipeline mode, statements prepared once, numbers and blobs
 * in binary. What is sent waits for raw_link_sync(); answers are taken in the order of what was sent. What fails ends
 * the program. */
#ifndef BENCH_RAW_LINK_H
#define BENCH_RAW_LINK_H

#include "store/statement.h"
#include "world.h"

struct pg_conn;
struct pg_result;

#define RAW_LINK_STATEMENTS_MAX 24
#define RAW_LINK_PARAMETERS_MAX 32

struct raw_link {
    struct pg_conn *conn;
    field_type      types[RAW_LINK_STATEMENTS_MAX][RAW_LINK_PARAMETERS_MAX];
    size_t          count;
    size_t          syncs; /* sent, and not answered yet */
};

/* The schema is that of a store; what commits is on disk then. */
void raw_link_open(struct raw_link *link, const char *url);
void raw_link_close(struct raw_link *link);
/* The store's query of that name, or a statement of the bench's own, whose parameters are numbers; gives its place. */
size_t raw_link_prepare(struct raw_link *link, const char *query);
size_t raw_link_prepare_sql(struct raw_link *link, const char *sql);

/* As raw_run(); a text is the number in digits, and 0 an empty one. */
void raw_link_send(struct raw_link *link, size_t statement, const int64_t *numbers, size_t count);
void raw_link_sync(struct raw_link *link);
/* The next answer; it lives until raw_link_free(). */
struct pg_result *raw_link_take(struct raw_link *link);
void raw_link_free(struct pg_result *answer);
void raw_link_skip(struct raw_link *link, size_t count); /* answers that nobody looks at */
void raw_link_settle(struct raw_link *link);             /* after the last answer of a group */
/* One number, asked alone; 0 when there is no row. */
int64_t raw_link_ask(struct raw_link *link, const char *sql);

size_t       raw_rows(const struct pg_result *answer);
int64_t      raw_number(const struct pg_result *answer, size_t row, int column);
struct bytes raw_bytes(const struct pg_result *answer, size_t row, int column);

#endif
