/* SPDX-License-Identifier: Apache-2.0
 * Statements that were announced before anybody asks them. They go to the server with the first statement that somebody
 * waits for, and their rows lie here until the same is asked with the same parameters. A change of one of their tables
 * makes them untrue: then they are asked again. So an announcement that is wrong costs time and changes no answer. */
#include <libpq-fe.h>
#include <string.h>

#include "store/postgres_ahead.h"

#define LOOK_BACK 24

/* One after the other, each behind its size; -1: more than fits. */
static int pack(const struct statement *statement, const void *in, uint8_t out[POSTGRES_AHEAD_BYTES])
{
    struct postgres_values values;
    size_t used = 0;
    postgres_put(statement, in, &values);
    for (size_t i = 0; i < statement->in_count; i++) {
        size_t size = (size_t)values.sizes[i];
        if (size >= POSTGRES_AHEAD_BYTES || used + 1 + size > POSTGRES_AHEAD_BYTES)
            return -1;
        out[used] = (uint8_t)size;
        memcpy(out + used + 1, values.at[i], size);
        used += 1 + size;
    }
    return (int)used;
}

static bool is_same(const struct postgres_ahead *a, const struct postgres_ahead *b)
{
    return a->statement == b->statement && a->size == b->size && memcmp(a->values, b->values, a->size) == 0;
}

/* What one act announces twice lies not far apart. */
static bool is_said(const struct postgres *pg, const struct postgres_ahead *ahead)
{
    size_t first = pg->ahead_count < LOOK_BACK ? 0 : pg->ahead_count - LOOK_BACK;
    bool said = false;
    for (size_t i = first; i < pg->ahead_count; i++)
        said |= !pg->ahead[i].is_spoilt && is_same(&pg->ahead[i], ahead);
    return said;
}

bool postgres_ahead_note(struct postgres *pg, const struct statement *statement, const void *in, size_t *out)
{
    if (pg->ahead_count == pg->ahead_max)
        return false;
    struct postgres_ahead *ahead = &pg->ahead[pg->ahead_count];
    int size = pack(statement, in, ahead->values);
    if (size < 0)
        return false;
    ahead->statement = statement;
    ahead->rows = NULL;
    ahead->is_spoilt = false;
    ahead->size = (size_t)size;
    if (is_said(pg, ahead))
        return false;
    *out = pg->ahead_count++;
    return true;
}

void postgres_ahead_keep(struct postgres *pg, size_t place, struct pg_result *rows)
{
    pg->ahead[place].rows = rows;
}

struct postgres_ahead *postgres_ahead_find(struct postgres *pg, const struct statement *statement, const void *in)
{
    struct postgres_ahead wanted = {.statement = statement};
    int size = pg->ahead_count == 0 ? -1 : pack(statement, in, wanted.values);
    if (size < 0)
        return NULL;
    wanted.size = (size_t)size;
    for (size_t i = 0; i < pg->ahead_count; i++) { /* mostly the one behind that which was found last */
        struct postgres_ahead *ahead = &pg->ahead[(pg->ahead_next + i) % pg->ahead_count];
        if (ahead->is_spoilt || !is_same(ahead, &wanted))
            continue;
        pg->ahead_next = (pg->ahead_next + i) % pg->ahead_count;
        return ahead;
    }
    return NULL;
}

/* The value that parts the rows of a statement from those of others, behind its size; NULL: nothing does. */
static const uint8_t *apart(const struct postgres_ahead *ahead)
{
    const uint8_t *at = ahead->values;
    for (size_t i = 1; i < ahead->statement->apart; i++)
        at += 1 + *at;
    return ahead->statement->apart == 0 ? NULL : at;
}

/* Both say by which parameter their rows lie apart from others, and it is not the same. */
static bool is_elsewhere(const struct postgres_ahead *ahead, const struct statement *change,
                         const struct postgres_values *values)
{
    const uint8_t *ours = apart(ahead);
    if (ours == NULL || change->apart == 0)
        return false;
    size_t size = (size_t)values->sizes[change->apart - 1];
    return size != *ours || memcmp(ours + 1, values->at[change->apart - 1], size) != 0;
}

void postgres_ahead_spoil(struct postgres *pg, const struct statement *change, const struct postgres_values *values)
{
    for (size_t i = 0; i < pg->ahead_count; i++) {
        struct postgres_ahead *ahead = &pg->ahead[i];
        if ((ahead->statement->tables & change->tables) != 0 && !is_elsewhere(ahead, change, values))
            ahead->is_spoilt = true;
    }
}

/* Rows that are just being read are left to whoever reads them. */
static void drop(struct postgres *pg, const struct postgres_ahead *ahead)
{
    size_t slot = ahead->statement->index;
    if (ahead->rows != NULL && ahead->rows == pg->results[slot])
        pg->is_lent[slot] = false;
    else
        PQclear(ahead->rows);
}

void postgres_ahead_forget(struct postgres *pg)
{
    for (size_t i = 0; i < pg->ahead_count; i++)
        drop(pg, &pg->ahead[i]);
    memset(pg->ahead, 0, pg->ahead_count * sizeof *pg->ahead);
    pg->ahead_next = 0;
    pg->ahead_count = 0;
}
