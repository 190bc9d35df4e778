/* SPDX-License-Identifier: Apache-2.0
 * See postgres_many.h. The arrays travel in the binary form of PostgreSQL (array_send: dimensions, whether there are
 * NULLs, type, length, lower bound, then each element behind its size), the elements as they were packed. */
#include "store/postgres_many.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SQL_BYTES (32u * 1024)
#define HEADS_BYTES (LIMIT_STATEMENT_COLUMNS * 20) /* of arrays */
#define MANY_BYTES (16u * 1024)
#define MANY_BYTES_OF_WRITER (1024u * 1024)
#define PARKED_MAX 4096
#define NAME_SIZE 24
#define OF "of_" /* a row of the arrays */

/* Object ids of types, fixed in PostgreSQL's catalogue (pg_type.dat). */
static const struct {
    Oid         of_one, of_many;
    const char *many;
} TYPES[] = {
    [FIELD_INT64] = {20, 1016, "int8[]"},
    [FIELD_TEXT] = {25, 1009, "text[]"},
    [FIELD_BYTES] = {17, 1001, "bytea[]"},
};

/* ---- its life */

struct postgres_many *postgres_many_open(bool writes, size_t count)
{
    struct postgres_many *many = calloc(1, sizeof *many);
    if (many == NULL)
        return NULL;
    many->bytes_max = writes ? MANY_BYTES_OF_WRITER : MANY_BYTES;
    many->forms = calloc(STATEMENT_COUNT + 1, sizeof *many->forms);
    many->arrays = calloc(1, many->bytes_max + HEADS_BYTES);
    many->packs = calloc(writes && count < PARKED_MAX ? PARKED_MAX : count, sizeof *many->packs);
    many->parked = writes ? calloc(PARKED_MAX, sizeof *many->parked) : NULL;
    many->parked_packs = writes ? calloc(1, many->bytes_max) : NULL;
    bool may_wait = !writes || (many->parked != NULL && many->parked_packs != NULL);
    if (may_wait && many->forms != NULL && many->arrays != NULL && many->packs != NULL)
        return many;
    postgres_many_close(many);
    return NULL;
}

void postgres_many_close(struct postgres_many *many)
{
    if (many == NULL)
        return;
    free(many->forms);
    free(many->arrays);
    free(many->packs);
    free(many->parked);
    free(many->parked_packs);
    free(many);
}

/* ---- the SQL */

/* "INSERT … VALUES (", what stands in those parentheses, and what behind them. */
struct insert {
    struct text head;
    struct text values;
    struct text tail;
};

static bool read_insert(struct text sql, struct insert *out)
{
    const char *begin = strstr(sql.at, "VALUES (");
    const char *at = begin == NULL ? NULL : begin + strlen("VALUES (");
    int depth = 1;
    if (!text_starts_with(sql, "INSERT INTO ") || at == NULL)
        return false;
    const char *end = at;
    for (; *end != '\0' && depth > 0; end++)
        depth += (*end == '(') - (*end == ')');
    *out = (struct insert){{sql.at, (size_t)(begin - sql.at)}, {at, (size_t)(end - at) - 1}, text_of(end)};
    return depth == 0;
}

static many_form form_of(const struct statement *statement)
{
    struct text sql = text_of(statement->sql);
    struct insert insert;
    if (statement->index == STATEMENT_PASSING || statement->in_count == 0 || statement->rows == ROWS_WALK)
        return MANY_NOT;
    if (!statement->writes)
        return MANY_ROWS;
    if (statement->meets == MEETS_TOLD)
        return MANY_DELETES;
    if (statement->rows != ROWS_NONE || !read_insert(sql, &insert))
        return MANY_NOT;
    if (insert.tail.size == 0)
        return MANY_INSERTS;
    return statement->apart > 0 && strchr(insert.tail.at, '$') == NULL ? MANY_UPSERTS : MANY_NOT;
}

many_form postgres_many_form(struct postgres *pg, const struct statement *statement)
{
    if (pg->is_spread || statement->index == STATEMENT_PASSING)
        return MANY_NOT;
    if (pg->many->forms[statement->index] == MANY_UNKNOWN)
        pg->many->forms[statement->index] = (uint8_t)form_of(statement);
    return (many_form)pg->many->forms[statement->index];
}

/* Each parameter becomes a column of the arrays. */
static void put_sql(struct builder *out, struct text sql)
{
    bool quoted = false;
    for (size_t i = 0; i < sql.size; i++) {
        quoted ^= sql.at[i] == '\'';
        if (!quoted && sql.at[i] == '$')
            build_format(out, "%s_", OF ".");
        else
            build_byte(out, (uint8_t)sql.at[i]);
    }
}

/* "unnest($1::int8[], …)" */
static void put_arrays(struct builder *out, const struct statement *statement)
{
    build_literal(out, "unnest(");
    for (size_t i = 0; i < statement->in_count; i++)
        build_format(out, "%s$%zu::%s", i == 0 ? "" : ", ", i + 1, TYPES[statement->in[i].type].many);
    build_literal(out, ")");
}

/* "of_ (_1, …)" */
static void put_name(struct builder *out, const struct statement *statement, const char *more)
{
    build_literal(out, OF " (");
    for (size_t i = 0; i < statement->in_count; i++)
        build_format(out, "%s_%zu", i == 0 ? "" : ", ", i + 1);
    build_format(out, "%s)", more);
}

/* OFFSET 0 keeps the question what it is: asked once for each, in their order. */
static void put_rows(struct builder *out, const struct statement *statement)
{
    build_literal(out, "SELECT one_.*, " OF ".place_ FROM ");
    put_arrays(out, statement);
    build_literal(out, " WITH ORDINALITY AS ");
    put_name(out, statement, ", place_");
    build_literal(out, " CROSS JOIN LATERAL (SELECT * FROM (");
    put_sql(out, text_of(statement->sql));
    build_literal(out, ") AS alone_ OFFSET 0) AS one_");
}

/* Each is to write its row: see words_of() in postgres_statement.c. */
static void put_inserts(struct builder *out, const struct statement *statement)
{
    struct insert insert;
    bool is_insert = read_insert(text_of(statement->sql), &insert);
    assert(is_insert); /* as its form says */
    if (statement->meets == MEETS_ONE)
        build_literal(out, "WITH kept_ AS (");
    build_text(out, insert.head);
    build_literal(out, "SELECT ");
    put_sql(out, insert.values);
    build_literal(out, " FROM ");
    put_arrays(out, statement);
    build_literal(out, " AS ");
    put_name(out, statement, "");
    build_text(out, insert.tail);
    if (statement->meets == MEETS_ONE)
        build_literal(out, " RETURNING 1) SELECT sqrt(-abs(count(*) - cardinality($1))) FROM kept_");
}

/* What is no number is an error, with which all of it ends. */
static void put_deletes(struct builder *out, const struct statement *statement)
{
    const char *where = strstr(statement->sql, "WHERE ");
    assert(where != NULL); /* by `apart` it has one */
    build_literal(out, "WITH met_ AS (");
    build_text(out, (struct text){statement->sql, (size_t)(where - statement->sql)});
    build_literal(out, " USING ");
    put_arrays(out, statement);
    build_literal(out, " AS ");
    put_name(out, statement, " ");
    build_literal(out, " ");
    put_sql(out, text_of(where));
    build_literal(out, " RETURNING 1) SELECT CAST(CASE WHEN count(*) = cardinality($1) THEN '1' ELSE 'less' END"
                       " AS BIGINT) FROM met_");
}

static const char *make_sql(struct postgres *pg, const struct statement *statement, struct arena *arena)
{
    struct builder sql = builder_open(arena, SQL_BYTES);
    switch (postgres_many_form(pg, statement)) {
    case MANY_ROWS:
        put_rows(&sql, statement);
        break;
    case MANY_INSERTS:
    case MANY_UPSERTS:
        put_inserts(&sql, statement);
        break;
    case MANY_DELETES:
        put_deletes(&sql, statement);
        break;
    case MANY_UNKNOWN:
    case MANY_NOT:
        assert(false && "it is sent alone");
    }
    build_byte(&sql, '\0');
    return sql.overflowed ? NULL : builder_text(&sql).at;
}

/* ---- sending */

static void name_of(const struct statement *statement, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "m%zu", statement->index);
}

err postgres_many_prepare(struct ctx *cx, struct postgres *pg, const struct statement *statement)
{
    struct arena *arena = arena_open(2 * SQL_BYTES); /* whoever announces has none */
    const char *sql = arena == NULL ? NULL : make_sql(pg, statement, arena);
    Oid types[LIMIT_STATEMENT_COLUMNS];
    char name[NAME_SIZE];
    size_t slot = STATEMENT_COUNT + 1 + statement->index;
    name_of(statement, name);
    for (size_t i = 0; i < statement->in_count; i++)
        types[i] = TYPES[statement->in[i].type].of_many;
    err result = sql == NULL ? FAIL_MEMORY(cx) : OK;
    if (result == OK && PQsendPrepare(pg->link, name, sql, (int)statement->in_count, types) != 1)
        result = postgres_fail_lost(cx, pg);
    arena_close(arena);
    TRY(result);
    pg->prepared[slot] = true;
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_PREPARED, .slot = slot});
    return OK;
}

static uint8_t *put_int32(uint8_t *at, uint32_t number)
{
    for (int byte = 3; byte >= 0; byte--, number >>= 8)
        at[byte] = (uint8_t)(number & 0xFF);
    return at + 4;
}

static uint8_t *put_array(uint8_t *at, field_type type, const struct postgres_packs *packs, size_t column)
{
    const uint32_t head[] = {1, 0, TYPES[type].of_one, (uint32_t)packs->count, 1};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        at = put_int32(at, head[i]);
    for (size_t i = 0; i < packs->count; i++) {
        size_t size = 0;
        const uint8_t *value = postgres_packed(packs->at[i], column, &size);
        memcpy(at, value - 4, 4 + size); /* its size stands before it */
        at += 4 + size;
    }
    return at;
}

err postgres_many_send(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                       const struct postgres_packs *packs, struct postgres_owed owed)
{
    const char *values[LIMIT_STATEMENT_COLUMNS];
    int sizes[LIMIT_STATEMENT_COLUMNS];
    int formats[LIMIT_STATEMENT_COLUMNS];
    char name[NAME_SIZE];
    uint8_t *at = pg->many->arrays;
    TRY(postgres_make_room(cx, pg));
    if (!pg->prepared[STATEMENT_COUNT + 1 + statement->index])
        TRY(postgres_many_prepare(cx, pg, statement));
    for (size_t i = 0; i < statement->in_count; i++) {
        uint8_t *end = put_array(at, statement->in[i].type, packs, i);
        values[i] = (const char *)at;
        sizes[i] = (int)(end - at);
        formats[i] = 1;
        at = end;
    }
    assert(at <= pg->many->arrays + pg->many->bytes_max + HEADS_BYTES);
    name_of(statement, name);
    if (PQsendQueryPrepared(pg->link, name, (int)statement->in_count, values, sizes, formats, 1) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, owed);
    return OK;
}

/* ---- waiting for others of their kind */

/* Both say by which parameter their rows lie apart, and it is not the same. */
static bool is_elsewhere(const struct postgres_parked *parked, const struct statement *statement,
                         const struct postgres_values *values)
{
    size_t size = 0;
    if (parked->statement->apart == 0 || statement->apart == 0)
        return false;
    const uint8_t *value = postgres_packed(parked->pack, parked->statement->apart - 1, &size);
    size_t column = statement->apart - 1;
    return size != (size_t)values->sizes[column] || memcmp(value, values->at[column], size) != 0;
}

/* Whether it may go together with those that wait, as if it came behind them. What takes rows away goes first. */
static bool fits(struct postgres *pg, const struct statement *statement, const struct postgres_values *values)
{
    many_form form = postgres_many_form(pg, statement);
    if ((pg->many->parked_tables & statement->tables) == 0)
        return true;
    for (size_t i = 0; i < pg->many->parked_count; i++) {
        const struct postgres_parked *parked = &pg->many->parked[i];
        bool is_alike = parked->statement == statement && form != MANY_UPSERTS;
        bool is_before = form != MANY_DELETES && postgres_many_form(pg, parked->statement) == MANY_DELETES;
        bool meets = (parked->statement->tables & statement->tables) != 0 && !is_elsewhere(parked, statement, values);
        if (meets && !is_alike && !is_before)
            return false;
    }
    return true;
}

bool postgres_park(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                   const struct postgres_values *values, err *out_result)
{
    many_form form = postgres_many_form(pg, statement);
    *out_result = OK;
    if (form < MANY_INSERTS || pg->saved || !pg->in_transaction || pg->many->parked == NULL)
        return false;
    size_t size = postgres_pack_size(values, statement->in_count);
    if (size > pg->many->bytes_max)
        return false;
    bool has_room = pg->many->parked_count < PARKED_MAX && pg->many->parked_bytes + size <= pg->many->bytes_max;
    if (!has_room || !fits(pg, statement, values))
        *out_result = postgres_unpark(cx, pg);
    if (*out_result != OK)
        return true;
    uint8_t *pack = pg->many->parked_packs + pg->many->parked_bytes;
    postgres_pack(values, statement->in_count, pack);
    pg->many->parked[pg->many->parked_count++] = (struct postgres_parked){statement, pack};
    pg->many->parked_bytes += size;
    pg->many->parked_tables |= statement->tables;
    pg->many->has_deletes |= form == MANY_DELETES;
    return true;
}

/* All that wait behind the first one of a kind, and it. */
static err send_alike(struct ctx *cx, struct postgres *pg, size_t first)
{
    const struct statement *statement = pg->many->parked[first].statement;
    struct postgres_packs packs = {.at = pg->many->packs, .count = 0};
    for (size_t i = first; i < pg->many->parked_count; i++) {
        if (pg->many->parked[i].statement != statement)
            continue;
        pg->many->packs[packs.count++] = pg->many->parked[i].pack;
        pg->many->parked[i].statement = NULL;
    }
    const struct postgres_owed owed = {.kind = OWED_POSTED};
    if (packs.count > 1 || postgres_many_form(pg, statement) == MANY_DELETES)
        return postgres_many_send(cx, pg, statement, &packs, owed);
    struct postgres_values values;
    postgres_unpack(packs.at[0], statement->in_count, &values);
    return postgres_send_values(cx, pg, statement, &values, owed);
}

static err send_parked(struct ctx *cx, struct postgres *pg, bool deletes)
{
    size_t count = pg->many->parked_count;
    for (size_t i = 0; i < count && pg->many->parked_count == count; i++) {
        const struct statement *statement = pg->many->parked[i].statement;
        if (statement != NULL && (postgres_many_form(pg, statement) == MANY_DELETES) == deletes)
            TRY(send_alike(cx, pg, i));
    }
    return OK;
}

err postgres_unpark(struct ctx *cx, struct postgres *pg)
{
    pg->many->parked_tables = 0;
    if (pg->many->has_deletes)
        TRY(send_parked(cx, pg, true));
    TRY(send_parked(cx, pg, false));
    postgres_unpark_none(pg);
    return OK;
}

void postgres_unpark_none(struct postgres *pg)
{
    if (pg->many == NULL)
        return; /* it was never opened whole */
    pg->many->parked_count = 0;
    pg->many->parked_bytes = 0;
    pg->many->parked_tables = 0;
    pg->many->has_deletes = false;
}
