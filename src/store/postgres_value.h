/* SPDX-License-Identifier: Apache-2.0
 * Values as PostgreSQL sends them, between the files of its engine. */
#ifndef STORE_POSTGRES_VALUE_H
#define STORE_POSTGRES_VALUE_H

#include "base/limits.h"
#include "store/postgres.h"

/* The parameters of one statement, as libpq takes them. */
struct postgres_values {
    uint8_t     numbers[LIMIT_STATEMENT_COLUMNS][8];
    const char *at[LIMIT_STATEMENT_COLUMNS];
    int         sizes[LIMIT_STATEMENT_COLUMNS];
    int         formats[LIMIT_STATEMENT_COLUMNS];
};

void postgres_put(const struct statement *statement, const void *in, struct postgres_values *out); /* borrows `in` */
void postgres_types_of(const struct statement *statement, unsigned out[LIMIT_STATEMENT_COLUMNS]);
bool postgres_agrees(const struct pg_result *described, const struct statement *statement);
/* False: it is not of its type. Text and bytes lie in the result. */
bool postgres_get(const struct pg_result *rows, int row, int column, const struct field *field, void *out);

#endif
