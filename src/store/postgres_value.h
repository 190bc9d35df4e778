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

/* Sets of parameters, each in one piece: one value after the other, behind its size of four bytes. */
struct postgres_packs {
    const uint8_t **at;
    size_t          count;
};
size_t postgres_pack_size(const struct postgres_values *values, size_t count);
void postgres_pack(const struct postgres_values *values, size_t count, uint8_t *out);
const uint8_t *postgres_packed(const uint8_t *pack, size_t column, size_t *out_size); /* the size lies before it, too */
void postgres_unpack(const uint8_t *pack, size_t count, struct postgres_values *out); /* borrows */

void postgres_put(const struct statement *statement, const void *in, struct postgres_values *out); /* borrows `in` */
/* Sends it alone, with `owed` for its answer; prepared before when it is its first time on this connection. */
err postgres_send_values(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                         const struct postgres_values *values, struct postgres_owed owed) MUST_CHECK;
void postgres_types_of(const struct statement *statement, unsigned out[LIMIT_STATEMENT_COLUMNS]);
bool postgres_agrees(const struct pg_result *described, const struct statement *statement);
/* False: it is not of its type. Text and bytes lie in the result. */
bool postgres_get(const struct pg_result *rows, int row, int column, const struct field *field, void *out);

#endif
