/* SPDX-License-Identifier: Apache-2.0
 * Prepared statements and transactions of one connection. Values go in binary, by the descriptor's offsets: int8, text
 * and bytea as PostgreSQL sends them (network byte order). */
#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/postgres.h"
#include "store/table.h"

/* Object ids of types, fixed in PostgreSQL's catalogue (pg_type.dat). */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_INT4 23
#define OID_TEXT 25

#define NAME_SIZE 24

static size_t slot_of(const struct statement *statement)
{
    return statement->index == STATEMENT_PASSING ? STATEMENT_COUNT : statement->index;
}

static void name_of(const struct statement *statement, char out[NAME_SIZE])
{
    if (statement->index == STATEMENT_PASSING)
        out[0] = '\0'; /* the unnamed one: the next takes its place */
    else
        (void)snprintf(out, NAME_SIZE, "s%zu", statement->index);
}

static err fail_lost(struct ctx *cx, struct postgres *pg)
{
    postgres_lose(pg);
    return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost");
}

/* ---- preparing */

static err send_prepare(struct ctx *cx, struct postgres *pg, const struct statement *statement)
{
    static const Oid OIDS[] = {[FIELD_INT64] = OID_INT8, [FIELD_TEXT] = OID_TEXT, [FIELD_BYTES] = OID_BYTEA};
    Oid types[LIMIT_STATEMENT_COLUMNS];
    char name[NAME_SIZE];
    assert(statement->in_count <= LIMIT_STATEMENT_COLUMNS);
    for (size_t i = 0; i < statement->in_count; i++)
        types[i] = OIDS[statement->in[i].type];
    name_of(statement, name);
    if (PQsendPrepare(pg->link, name, statement->sql, (int)statement->in_count, types) != 1)
        return fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_PREPARED, .slot = slot_of(statement)});
    return OK;
}

static bool agrees(const PGresult *described, const struct statement *statement)
{
    bool agrees = (size_t)PQnparams(described) == statement->in_count &&
                  (size_t)PQnfields(described) == statement->out_count;
    for (size_t i = 0; agrees && i < statement->out_count; i++) {
        Oid type = PQftype(described, (int)i);
        field_type wanted = statement->out[i].type;
        agrees = wanted == FIELD_INT64 ? type == OID_INT8 || type == OID_INT4
                                       : type == (wanted == FIELD_TEXT ? OID_TEXT : OID_BYTEA);
    }
    return agrees;
}

static err prepare(struct ctx *cx, struct database *db, const struct statement *statement)
{
    struct postgres *pg = postgres_of(db);
    char name[NAME_SIZE];
    PGresult *described = NULL;
    TRY(postgres_ready(cx, pg));
    TRY(send_prepare(cx, pg, statement));
    name_of(statement, name);
    if (PQsendDescribePrepared(pg->link, name) != 1)
        return fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_ROWS});
    TRY(postgres_sync(cx, pg));
    TRY(postgres_collect(cx, pg, statement->name, &described));
    bool fits = agrees(described, statement);
    PQclear(described);
    return fits ? OK : FAIL(cx, INTERNAL, "store.statement", "%s: the head does not agree with the SQL",
                            statement->name);
}

/* ---- transactions */

static err begin(struct ctx *cx, struct postgres *pg, database_move to)
{
    pg->was_cut = false;
    TRY(postgres_ready(cx, pg));
    if (pg->broken)
        TRY(postgres_say(cx, pg, "ROLLBACK"));
    if (to == MOVE_BEGIN_WRITE && pg->writer_id == 0)
        TRY(postgres_mark_begin(cx, pg));
    TRY(postgres_send(cx, pg, to == MOVE_BEGIN_WRITE ? "BEGIN ISOLATION LEVEL SERIALIZABLE"
                                                     : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    pg->in_transaction = true;
    pg->is_fresh = true;
    pg->saved = false;
    return OK;
}

static err save(struct ctx *cx, struct postgres *pg, bool opens)
{
    TRY(postgres_send(cx, pg, opens ? "SAVEPOINT one_write" : "RELEASE one_write"));
    pg->saved = opens;
    return OK;
}

/* The end of a reading is sent and not waited for: its answer comes with that of the next statement. */
static err leave(struct ctx *cx, struct postgres *pg, const char *word)
{
    pg->was_cut = false;
    if (pg->link == NULL)
        return OK;
    TRY(postgres_send(cx, pg, word));
    TRY(postgres_sync(cx, pg));
    for (size_t i = 0; i < pg->owed_count; i++)
        pg->owed[i].is_past = true;
    pg->in_transaction = false;
    pg->saved = false;
    pg->broken = false;
    return PQflush(pg->link) < 0 ? fail_lost(cx, pg) : OK;
}

static err move(struct ctx *cx, struct database *db, database_move to)
{
    struct postgres *pg = postgres_of(db);
    bool goes_on = to == MOVE_COMMIT || to == MOVE_SAVE || to == MOVE_RELEASE || to == MOVE_RESTORE;
    if (goes_on && pg->link == NULL && !(to == MOVE_COMMIT && pg->options.role == ROLE_READER))
        return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost");
    switch (to) {
    case MOVE_BEGIN_READ:
    case MOVE_BEGIN_WRITE:
        return begin(cx, pg, to);
    case MOVE_COMMIT:
        return pg->options.role == ROLE_WRITER ? postgres_commit(cx, pg) : leave(cx, pg, "COMMIT");
    case MOVE_ROLLBACK:
        return leave(cx, pg, "ROLLBACK");
    case MOVE_SAVE:
        return save(cx, pg, true);
    case MOVE_RELEASE:
        return save(cx, pg, false);
    case MOVE_RESTORE:
        return postgres_say(cx, pg, "ROLLBACK TO one_write");
    case MOVE_COUNT:
        break;
    }
    assert(false && "every move is above");
    return OK;
}

/* An error that no savepoint can undo has ended the transaction, although the server still waits for the word. One that
 * was cut wants its end to be said, too: nothing may go on as if it had been another. */
static bool in_transaction(const struct database *db)
{
    const struct postgres *pg = (const struct postgres *)db;
    return pg->was_cut || (pg->in_transaction && (!pg->broken || pg->saved));
}

/* ---- running */

struct values {
    uint8_t     numbers[LIMIT_STATEMENT_COLUMNS][8];
    const char *at[LIMIT_STATEMENT_COLUMNS];
    int         sizes[LIMIT_STATEMENT_COLUMNS];
    int         formats[LIMIT_STATEMENT_COLUMNS];
};

static void put_value(struct values *values, size_t i, field_type type, const void *at)
{
    const struct text *text = at;
    const struct bytes *bytes = at;
    values->formats[i] = 1;
    if (type == FIELD_INT64) {
        uint64_t number = (uint64_t) * (const int64_t *)at;
        for (int byte = 7; byte >= 0; byte--, number >>= 8)
            values->numbers[i][byte] = (uint8_t)(number & 0xFF);
        values->at[i] = (const char *)values->numbers[i];
        values->sizes[i] = 8;
    } else {
        struct bytes value = type == FIELD_TEXT ? bytes_of_text(*text) : *bytes;
        values->at[i] = value.size == 0 ? "" : (const char *)value.at; /* a NULL pointer would be NULL: none is "" */
        values->sizes[i] = (int)value.size;
    }
}

static err send_statement(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in)
{
    struct values values;
    char name[NAME_SIZE];
    assert((in == NULL) == (statement->in_count == 0));
    for (size_t i = 0; i < statement->in_count; i++)
        put_value(&values, i, statement->in[i].type, (const uint8_t *)in + statement->in[i].offset);
    name_of(statement, name);
    if (PQsendQueryPrepared(pg->link, name, (int)statement->in_count, values.at, values.sizes, values.formats, 1) != 1)
        return fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_ROWS});
    return postgres_sync(cx, pg);
}

static void note_change(struct postgres *pg, PGresult *rows)
{
    if (!text_to_int64(text_of(PQcmdTuples(rows)), &pg->changed))
        pg->changed = 0;
}

static err ask(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in)
{
    size_t slot = slot_of(statement);
    if (!pg->in_transaction)
        TRY(postgres_ready(cx, pg));
    if (pg->link == NULL)
        return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost");
    if (!pg->prepared[slot] || statement->index == STATEMENT_PASSING)
        TRY(send_prepare(cx, pg, statement));
    TRY(send_statement(cx, pg, statement, in));
    return postgres_collect(cx, pg, statement->name, &pg->results[slot]);
}

/* A reader whose connection has gone has missed nothing before the first answer of its transaction: it begins again on
 * another one, once, unless the server took its time. */
static err start(struct ctx *cx, struct database *db, const struct statement *statement, const void *in)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    assert(pg->results[slot] == NULL); /* a statement does not run inside its own rows */
    bool was_in = pg->in_transaction;
    bool is_first = pg->options.role == ROLE_READER && pg->link != NULL && (pg->is_fresh || !was_in);
    pg->is_hung = false;
    err result = ask(cx, pg, statement, in);
    if (result != OK && is_first && pg->link == NULL && !pg->is_hung) {
        failure_clear(&cx->failure);
        if (was_in)
            TRY(begin(cx, pg, MOVE_BEGIN_READ));
        result = ask(cx, pg, statement, in);
    }
    TRY(result);
    pg->at[slot] = -1;
    note_change(pg, pg->results[slot]);
    return OK;
}

static err step(struct ctx *cx, struct database *db, const struct statement *statement, bool *out_row)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    (void)cx; /* all rows are there */
    *out_row = ++pg->at[slot] < PQntuples(pg->results[slot]);
    return OK;
}

static bool read_number(const char *at, int size, int64_t *out)
{
    uint64_t number = size > 0 && (*at & 0x80) != 0 ? UINT64_MAX : 0;
    for (int i = 0; i < size; i++)
        number = number << 8 | (uint8_t)at[i];
    *out = (int64_t)number;
    return size == 8 || size == 4 || size == 0;
}

static bool read_field(const PGresult *rows, int row, int column, const struct field *field, void *out)
{
    const char *at = PQgetvalue(rows, row, column);
    int size = PQgetlength(rows, row, column);
    struct bytes view = {(const uint8_t *)at, (size_t)size};
    if (field->type == FIELD_INT64)
        return read_number(at, size, out);
    if (field->type == FIELD_TEXT)
        *(struct text *)out = text_of_bytes(view);
    else
        *(struct bytes *)out = view;
    return true;
}

static err read_row(struct ctx *cx, struct database *db, const struct statement *statement, void *row)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    for (size_t i = 0; i < statement->out_count; i++) {
        const struct field *field = &statement->out[i];
        if (!read_field(pg->results[slot], pg->at[slot], (int)i, field, (uint8_t *)row + field->offset))
            return FAIL(cx, CORRUPT, "store.damaged", "%s.%s is not of its type", statement->name, field->name);
    }
    return OK;
}

static void finish(struct database *db, const struct statement *statement)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    PQclear(pg->results[slot]);
    pg->results[slot] = NULL;
}

static int64_t changed(const struct database *db)
{
    return ((const struct postgres *)db)->changed;
}

/* Up to the semicolon, outside of quotes and comments. */
static size_t size_of_first(const char *sql)
{
    bool quoted = false;
    bool comment = false;
    size_t size = 0;
    for (; sql[size] != '\0' && (sql[size] != ';' || quoted || comment); size++) {
        comment = comment ? sql[size] != '\n' : !quoted && sql[size] == '-' && sql[size + 1] == '-';
        quoted ^= !comment && sql[size] == '\'';
    }
    return size;
}

/* Several statements in one text are the simple protocol's, which a pipeline does not speak. */
static err run_each(struct ctx *cx, struct postgres *pg, const char *sql)
{
    while (*sql != '\0') {
        size_t size = size_of_first(sql);
        struct text one = text_copy(cx->arena, (struct text){sql, size});
        if (one.at == NULL)
            return FAIL_MEMORY(cx);
        TRY(postgres_say(cx, pg, one.at));
        sql += sql[size] == ';' ? size + 1 : size;
    }
    return OK;
}

/* A step of a migration takes the time that its tables take, and waits for somebody else's step. */
static err run(struct ctx *cx, struct database *db, const char *sql)
{
    struct postgres *pg = postgres_of(db);
    TRY(postgres_ready(cx, pg));
    if (!pg->in_transaction)
        return run_each(cx, pg, sql);
    pg->is_patient = true;
    err result = postgres_send(cx, pg, "SET LOCAL statement_timeout = 0");
    if (result == OK)
        result = run_each(cx, pg, sql);
    pg->is_patient = false;
    return result;
}

static uint32_t version_of_data(const struct database *db)
{
    (void)db; /* PostgreSQL does not number its commits for us */
    return 0;
}

static void close_link(struct database *db)
{
    struct postgres *pg = postgres_of(db);
    for (size_t i = 0; pg->results != NULL && i <= STATEMENT_COUNT; i++)
        PQclear(pg->results[i]);
    if (pg->link != NULL && pg->writer_id != 0 && !pg->in_transaction)
        postgres_mark_end(pg);
    PQfinish(pg->link);
    free(pg->url);
    free(pg->results);
    free(pg->at);
    free(pg->prepared);
    free(pg);
}

static int64_t slot(const struct database *db)
{
    return ((const struct postgres *)db)->slot;
}

const struct engine POSTGRES_ENGINE = {
    .prepare = prepare,
    .move = move,
    .start = start,
    .step = step,
    .read = read_row,
    .finish = finish,
    .changed = changed,
    .run = run,
    .in_transaction = in_transaction,
    .version_of_data = version_of_data,
    .slot = slot,
    .close = close_link,
    .rows = &POSTGRES_ROWS,
    .dialect = DIALECT_POSTGRES,
};
