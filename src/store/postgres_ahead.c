/* SPDX-License-Identifier: Apache-2.0
 * Statements that were announced before anybody asks them. They go to the server with the first statement that somebody
 * waits for, and their rows lie here until the same is asked with the same parameters. A change of one of their tables
 * makes them untrue: then they are asked again. So an announcement that is wrong costs time and changes no answer. */
#include <libpq-fe.h>
#include <string.h>

#include "store/postgres_ahead.h"
#include "store/postgres_many.h"

/* Its size; -1: more than fits. */
static int pack(const struct statement *statement, const void *in, uint8_t out[POSTGRES_AHEAD_BYTES])
{
    struct postgres_values values;
    postgres_put(statement, in, &values);
    size_t size = postgres_pack_size(&values, statement->in_count);
    if (size > POSTGRES_AHEAD_BYTES)
        return -1;
    postgres_pack(&values, statement->in_count, out);
    return (int)size;
}

static bool is_same(const struct postgres_ahead *a, const struct postgres_ahead *b)
{
    return a->statement == b->statement && a->size == b->size && memcmp(a->values, b->values, a->size) == 0;
}

static size_t hash_of(const struct postgres_ahead *ahead)
{
    uint32_t hash = 2166136261u ^ (uint32_t)ahead->statement->index; /* FNV-1a */
    for (size_t i = 0; i < ahead->size; i++)
        hash = (hash ^ ahead->values[i]) * 16777619u;
    return (hash >> 16 ^ hash) % POSTGRES_AHEAD_HASHES;
}

/* The same, and still true; NULL: it was not announced. */
static struct postgres_ahead *find_same(const struct postgres *pg, const struct postgres_ahead *wanted)
{
    for (size_t place = pg->ahead_of[hash_of(wanted)]; place != 0; place = pg->ahead[place - 1].before)
        if (!pg->ahead[place - 1].is_spoilt && is_same(&pg->ahead[place - 1], wanted))
            return &pg->ahead[place - 1];
    return NULL;
}

void postgres_ahead_note(struct postgres *pg, const struct statement *statement, const void *in)
{
    if (pg->ahead_count == pg->ahead_max)
        return;
    struct postgres_ahead *ahead = &pg->ahead[pg->ahead_count];
    int size = pack(statement, in, ahead->values);
    if (size < 0)
        return;
    ahead->statement = statement;
    ahead->rows = NULL;
    ahead->is_sent = false;
    ahead->is_spoilt = false;
    ahead->together = pg->ahead_count;
    ahead->size = (size_t)size;
    if (find_same(pg, ahead) != NULL)
        return;
    size_t *last = &pg->ahead_of[hash_of(ahead)];
    ahead->before = *last;
    *last = ++pg->ahead_count;
}

/* ---- asking */

static bool waits(const struct postgres_ahead *ahead)
{
    return !ahead->is_sent && !ahead->is_spoilt;
}

/* Those of one statement, from this place on, as far as they go together. */
static size_t gather(struct postgres *pg, size_t first)
{
    const struct statement *statement = pg->ahead[first].statement;
    size_t most = postgres_many_form(pg, statement) == MANY_ROWS ? pg->ahead_max : 1;
    size_t count = 0;
    size_t bytes = 0;
    for (size_t i = first; i < pg->ahead_count && count < most; i++) {
        struct postgres_ahead *ahead = &pg->ahead[i];
        if (ahead->statement != statement || !waits(ahead))
            continue;
        if (bytes + ahead->size > pg->many->bytes_max)
            break;
        bytes += ahead->size;
        ahead->is_sent = true;
        ahead->together = first;
        pg->many->packs[count++] = ahead->values;
    }
    return count;
}

static err send_alike(struct ctx *cx, struct postgres *pg, size_t first)
{
    const struct statement *statement = pg->ahead[first].statement;
    const struct postgres_owed owed = {.kind = OWED_AHEAD, .slot = first};
    struct postgres_values values;
    if ((statement->tables & pg->many->parked_tables) != 0)
        TRY(postgres_unpark(cx, pg));
    struct postgres_packs packs = {.at = pg->many->packs, .count = gather(pg, first)};
    if (packs.count > 1)
        return postgres_many_send(cx, pg, statement, &packs, owed);
    postgres_unpack(pg->ahead[first].values, statement->in_count, &values);
    return postgres_send_values(cx, pg, statement, &values, owed);
}

err postgres_ahead_send(struct ctx *cx, struct postgres *pg)
{
    size_t count = pg->ahead_count;
    for (size_t i = pg->ahead_sent; i < count; i++)
        if (waits(&pg->ahead[i]))
            TRY(send_alike(cx, pg, i));
    pg->ahead_sent = count;
    return OK;
}

/* Whose row it is, by the last column. */
static size_t number_at(const struct pg_result *rows, int row)
{
    static const struct field NUMBER = {.type = FIELD_INT64};
    int64_t number = 0;
    bool is_number = postgres_get(rows, row, PQnfields(rows) - 1, &NUMBER, &number);
    return is_number && number > 0 ? (size_t)number : 0;
}

/* They come in the order of the announcements. If they did not, nothing of them would be believed. */
static void part_rows(struct postgres *pg, size_t first, struct pg_result *rows)
{
    size_t number = 0;
    int row = 0;
    for (size_t i = first; i < pg->ahead_count; i++) {
        struct postgres_ahead *ahead = &pg->ahead[i];
        if (ahead->together != first || !ahead->is_sent)
            continue;
        number++;
        ahead->rows = rows;
        ahead->first = row;
        while (row < PQntuples(rows) && number_at(rows, row) == number)
            row++;
        ahead->end = row;
    }
    for (size_t i = first; row < PQntuples(rows) && i < pg->ahead_count; i++)
        pg->ahead[i].is_spoilt |= pg->ahead[i].together == first;
}

/* Alone it has the columns of its statement and no other. */
void postgres_ahead_keep(struct postgres *pg, size_t place, struct pg_result *rows)
{
    struct postgres_ahead *ahead = &pg->ahead[place];
    ahead->rows = rows;
    ahead->first = 0;
    ahead->end = PQntuples(rows);
    if ((size_t)PQnfields(rows) > ahead->statement->out_count)
        part_rows(pg, place, rows);
}

struct postgres_ahead *postgres_ahead_find(struct postgres *pg, const struct statement *statement, const void *in)
{
    struct postgres_ahead wanted = {.statement = statement};
    int size = pg->ahead_count == 0 ? -1 : pack(statement, in, wanted.values);
    if (size < 0)
        return NULL;
    wanted.size = (size_t)size;
    return find_same(pg, &wanted);
}

/* The value that parts the rows of a statement from those of others; NULL: nothing does. */
static const uint8_t *apart(const struct postgres_ahead *ahead, size_t *out_size)
{
    return ahead->statement->apart == 0 ? NULL : postgres_packed(ahead->values, ahead->statement->apart - 1, out_size);
}

/* Both say by which parameter their rows lie apart from others, and it is not the same. */
static bool is_elsewhere(const struct postgres_ahead *ahead, const struct statement *change,
                         const struct postgres_values *values)
{
    size_t our_size = 0;
    const uint8_t *ours = apart(ahead, &our_size);
    if (ours == NULL || change->apart == 0)
        return false;
    size_t size = (size_t)values->sizes[change->apart - 1];
    return size != our_size || memcmp(ours, values->at[change->apart - 1], size) != 0;
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
static void drop(struct postgres *pg, size_t place)
{
    const struct postgres_ahead *ahead = &pg->ahead[place];
    size_t slot = ahead->statement->index;
    if (ahead->together != place)
        return;
    if (ahead->rows != NULL && ahead->rows == pg->results[slot])
        pg->is_lent[slot] = false;
    else
        PQclear(ahead->rows);
}

void postgres_ahead_forget(struct postgres *pg)
{
    for (size_t i = 0; i < pg->ahead_count; i++)
        drop(pg, i);
    memset(pg->ahead, 0, pg->ahead_count * sizeof *pg->ahead);
    if (pg->ahead_count > 0)
        memset(pg->ahead_of, 0, POSTGRES_AHEAD_HASHES * sizeof *pg->ahead_of);
    pg->ahead_sent = 0;
    pg->ahead_count = 0;
}
