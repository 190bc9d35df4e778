/* SPDX-License-Identifier: Apache-2.0
 * Walks over tables of any size: a cursor of the server's, of which a portion of the rows lies in our memory at a time.
 * A cursor lives in a transaction; a walk outside of one has a transaction of its own. */
#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>

#include "store/postgres_many.h"
#include "store/postgres_walk.h"

#define PORTION 1000 /* rows; as a figure and as words */
#define WORDS_OF(number) WORDS_OF_(number)
#define WORDS_OF_(number) #number
#define WORDS_BYTES 64
#define SQL_BYTES (16u * 1024)

static err fetch(struct ctx *cx, struct postgres *pg, const struct statement *statement)
{
    char sql[WORDS_BYTES];
    struct pg_result **rows = &pg->results[statement->index];
    (void)snprintf(sql, sizeof sql, "FETCH " WORDS_OF(PORTION) " FROM walk_%zu", statement->index);
    if (PQsendQueryParams(pg->link, sql, 0, NULL, NULL, NULL, NULL, 1) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_ROWS});
    TRY(postgres_sync(cx, pg));
    pg->is_patient = true;
    err result = postgres_collect(cx, pg, statement->name, rows);
    pg->is_patient = false;
    return result;
}

static err declare(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in)
{
    struct postgres_values values;
    unsigned types[LIMIT_STATEMENT_COLUMNS];
    char sql[SQL_BYTES];
    int size = snprintf(sql, sizeof sql, "DECLARE walk_%zu NO SCROLL CURSOR FOR %s", statement->index, statement->sql);
    assert(size > 0 && (size_t)size < sizeof sql);
    postgres_types_of(statement, types);
    postgres_put(statement, in, &values);
    TRY(postgres_make_room(cx, pg));
    if (PQsendQueryParams(pg->link, sql, (int)statement->in_count, types, values.at, values.sizes, values.formats, 0) !=
        1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_WORD});
    return OK;
}

err postgres_walk_start(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in)
{
    if (!pg->in_transaction) {
        TRY(database_move_to(cx, &pg->base, MOVE_BEGIN_READ));
        pg->walk = statement;
    }
    err result = postgres_unpark(cx, pg);
    if (result == OK)
        result = postgres_send(cx, pg, "SET LOCAL statement_timeout = 0");
    if (result == OK)
        result = declare(cx, pg, statement, in);
    if (result == OK)
        result = fetch(cx, pg, statement);
    if (result != OK)
        postgres_walk_end(pg, statement);
    return result;
}

err postgres_walk_on(struct ctx *cx, struct postgres *pg, const struct statement *statement)
{
    size_t slot = statement->index;
    if (PQntuples(pg->results[slot]) < PORTION)
        return OK;
    PQclear(pg->results[slot]);
    pg->results[slot] = NULL;
    if (pg->link == NULL)
        return postgres_fail_lost(cx, pg);
    TRY(postgres_make_room(cx, pg));
    TRY(fetch(cx, pg, statement));
    pg->at[slot] = 0;
    return OK;
}

void postgres_walk_end(struct postgres *pg, const struct statement *statement)
{
    struct ctx own = {.arena = NULL};
    char sql[WORDS_BYTES];
    err result = OK;
    if (pg->walk == statement) {
        pg->walk = NULL;
        result = database_move_to(&own, &pg->base, MOVE_COMMIT);
    } else if (pg->link != NULL && pg->in_transaction && !pg->broken) {
        (void)snprintf(sql, sizeof sql, "CLOSE walk_%zu", statement->index);
        result = postgres_send(&own, pg, sql);
    }
    (void)result; /* the cursor ends with its transaction at the latest, and that with the connection */
}
