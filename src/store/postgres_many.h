/* SPDX-License-Identifier: Apache-2.0
 * One statement in place of many that differ only by their parameters, between the files of this engine. Each of them
 * is a row of arrays, so that a server plans, starts and ends one statement for all. */
#ifndef STORE_POSTGRES_MANY_H
#define STORE_POSTGRES_MANY_H

#include "store/postgres_value.h"

/* What becomes of a statement. */
typedef enum many_form {
    MANY_UNKNOWN,
    MANY_NOT,     /* each is sent alone */
    MANY_ROWS,    /* a reading one; behind its columns stands whose parameters, from 1 on, have brought the row */
    MANY_INSERTS,
    MANY_UPSERTS, /* of which no two may meet the same row */
    MANY_DELETES  /* fails unless each has met one row */
} many_form;

many_form postgres_many_form(struct postgres *pg, const struct statement *statement);

/* Once on a connection, with the statement that stands for many; it has another form than MANY_NOT. */
err postgres_many_prepare(struct ctx *cx, struct postgres *pg, const struct statement *statement) MUST_CHECK;
/* Sends it for `count` sets of parameters, packed as postgres_pack() does; together they are at most
 * `bytes_max`. Prepared before when it is its first time on this connection. */
err postgres_many_send(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                       const struct postgres_packs *packs, struct postgres_owed owed) MUST_CHECK;

/* ---- what a connection has for it */

struct postgres_parked {
    const struct statement *statement; /* NULL: it has gone */
    const uint8_t          *pack;
};

struct postgres_many {
    uint8_t        *forms;  /* many_form of each statement */
    uint8_t        *arrays; /* room to make them in */
    const uint8_t **packs;  /* one for each of those that go together */
    size_t          bytes_max;
    struct postgres_parked *parked; /* in the order of what was said; NULL: nothing waits here */
    uint8_t        *parked_packs;
    size_t          parked_count;
    size_t          parked_bytes;
    uint64_t        parked_tables; /* as in statements */
    bool            has_deletes;   /* among them */
};

/* Only a writer has changes that wait. `count`: of what is announced at most. NULL: no memory. */
struct postgres_many *postgres_many_open(bool writes, size_t count);
void postgres_many_close(struct postgres_many *many); /* takes NULL */

/* ---- changes that wait for others of their kind, while there is no savepoint. They go before anything is sent that
 * names one of their tables, and before the transaction ends. */
bool postgres_park(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                   const struct postgres_values *values, err *out_result);
err postgres_unpark(struct ctx *cx, struct postgres *pg) MUST_CHECK; /* sends all */
void postgres_unpark_none(struct postgres *pg);                      /* as if they had not been said */

#endif
