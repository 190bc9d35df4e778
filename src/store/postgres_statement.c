/* SPDX-License-Identifier: Apache-2.0
 * Prepared statements and transactions of one connection: what is waited for, and what only goes along. */
#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/postgres_ahead.h"
#include "store/postgres_many.h"
#include "store/postgres_walk.h"
#include "store/postgres_word.h"
#include "store/table.h"

#define NAME_SIZE 24
#define PUT_BYTES 2048

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

/* ---- preparing */

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

/* What somebody has hung on a table may take a change away without a word, and the commit would be on its way before we
 * had counted. So the server counts: where a row is missing, or one too many was met, the statement fails (there is no
 * root of -1), and all with it. The rows that a change names are those of before it: all of one statement sees one
 * state. */
static const char *words_of(const struct postgres *pg, const struct statement *statement, char room[PUT_BYTES])
{
    int size_of_sql = (int)size_of_first(statement->sql);
    int size = 0;
    if (pg->is_spread || (statement->meets != MEETS_ONE && statement->meets != MEETS_ALL))
        return statement->sql;
    if (statement->meets == MEETS_ONE)
        size = snprintf(room, PUT_BYTES, "WITH kept AS (%.*s RETURNING 1) SELECT sqrt(-abs(count(*) - 1)) FROM kept",
                        size_of_sql, statement->sql);
    else
        size = snprintf(room, PUT_BYTES, "WITH kept AS (%.*s RETURNING 1) SELECT count(*), sqrt(-abs(count(*) -"
                        " (SELECT count(*) FROM %s))) FROM kept", size_of_sql, statement->sql, statement->named);
    assert(size > 0 && size < PUT_BYTES); /* our own text */
    return room;
}

/* Once: what is sent behind it may rely on it, and when it fails, so does all of that. */
static err send_prepare(struct ctx *cx, struct postgres *pg, const struct statement *statement)
{
    unsigned types[LIMIT_STATEMENT_COLUMNS];
    char name[NAME_SIZE];
    char room[PUT_BYTES];
    assert(statement->in_count <= LIMIT_STATEMENT_COLUMNS);
    const char *words = words_of(pg, statement, room);
    postgres_types_of(statement, types);
    name_of(statement, name);
    if (PQsendPrepare(pg->link, name, words, (int)statement->in_count, types) != 1)
        return postgres_fail_lost(cx, pg);
    pg->prepared[slot_of(statement)] = true;
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_PREPARED, .slot = slot_of(statement)});
    return OK;
}

static err prepare(struct ctx *cx, struct database *db, const struct statement *statement)
{
    struct postgres *pg = postgres_of(db);
    char name[NAME_SIZE];
    PGresult *described = NULL;
    TRY(postgres_ready(cx, pg));
    TRY(postgres_make_room(cx, pg));
    TRY(send_prepare(cx, pg, statement));
    name_of(statement, name);
    if (PQsendDescribePrepared(pg->link, name) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_ROWS});
    TRY(postgres_sync(cx, pg));
    TRY(postgres_collect(cx, pg, statement->name, &described));
    bool fits = postgres_agrees(described, statement);
    PQclear(described);
    return fits ? OK : FAIL(cx, INTERNAL, "store.statement", "%s: the head does not agree with the SQL",
                            statement->name);
}

/* ---- transactions */

static err begin(struct ctx *cx, struct postgres *pg, database_move to)
{
    bool writes = to == MOVE_BEGIN_WRITE;
    pg->was_cut = false;
    TRY(postgres_ready(cx, pg));
    if (pg->broken)
        TRY(postgres_say(cx, pg, "ROLLBACK"));
    if (writes && pg->writer_id == 0)
        TRY(postgres_mark_begin(cx, pg));
    postgres_ahead_forget(pg);
    postgres_unpark_none(pg);
    TRY(postgres_send_word(cx, pg, writes ? WORD_BEGIN_WRITE : WORD_BEGIN_READ, NULL));
    pg->in_transaction = true;
    pg->is_fresh = true;
    pg->saved = false;
    return OK;
}

static err save(struct ctx *cx, struct postgres *pg, bool opens)
{
    TRY(postgres_unpark(cx, pg));
    TRY(postgres_send_word(cx, pg, opens ? WORD_SAVE : WORD_RELEASE, NULL));
    pg->saved = opens;
    return OK;
}

static err restore(struct ctx *cx, struct postgres *pg)
{
    TRY(postgres_send_word(cx, pg, WORD_RESTORE, NULL));
    pg->broken = false;
    return OK;
}

/* The end of a reading is sent and not waited for: its answer comes with that of the next statement. */
static err leave(struct ctx *cx, struct postgres *pg, postgres_word word)
{
    pg->was_cut = false;
    postgres_ahead_forget(pg);
    postgres_unpark_none(pg);
    if (pg->link == NULL)
        return OK;
    TRY(postgres_send_word(cx, pg, word, NULL));
    TRY(postgres_sync(cx, pg));
    for (size_t i = 0; i < pg->owed_count; i++)
        pg->owed[i].is_past = true;
    pg->in_transaction = false;
    pg->saved = false;
    pg->broken = false;
    return PQflush(pg->link) < 0 ? postgres_fail_lost(cx, pg) : OK;
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
        return pg->options.role == ROLE_WRITER ? postgres_commit(cx, pg) : leave(cx, pg, WORD_COMMIT);
    case MOVE_ROLLBACK:
        return leave(cx, pg, WORD_ROLLBACK);
    case MOVE_SAVE:
        return save(cx, pg, true);
    case MOVE_RELEASE:
        return save(cx, pg, false);
    case MOVE_RESTORE:
        return restore(cx, pg);
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

err postgres_send_values(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                         const struct postgres_values *values, struct postgres_owed owed)
{
    char name[NAME_SIZE];
    TRY(postgres_make_room(cx, pg));
    if (!pg->prepared[slot_of(statement)] || statement->index == STATEMENT_PASSING)
        TRY(send_prepare(cx, pg, statement));
    name_of(statement, name);
    if (PQsendQueryPrepared(pg->link, name, (int)statement->in_count, values->at, values->sizes, values->formats, 1) !=
        1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, owed);
    return OK;
}

/* Behind what it may see of the changes that wait. */
static err send_statement(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in)
{
    struct postgres_values values;
    assert((in == NULL) == (statement->in_count == 0));
    if ((statement->tables & pg->many->parked_tables) != 0)
        TRY(postgres_unpark(cx, pg));
    postgres_put(statement, in, &values);
    TRY(postgres_send_values(cx, pg, statement, &values, (struct postgres_owed){.kind = OWED_ROWS}));
    if (statement->writes)
        postgres_ahead_spoil(pg, statement, &values);
    return OK;
}

static err check_link(struct ctx *cx, struct postgres *pg)
{
    if (!pg->in_transaction)
        TRY(postgres_ready(cx, pg));
    if (pg->link == NULL)
        return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost");
    return OK;
}

static void announce(struct database *db, const struct statement *statement, const void *in)
{
    struct postgres *pg = postgres_of(db);
    if (pg->in_transaction && pg->link != NULL && !pg->broken)
        postgres_ahead_note(pg, statement, in);
}

/* One that is to meet a row, and cannot say so itself, is waited for. */
static err post_alone(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                      const struct postgres_values *values)
{
    PGresult *answer = NULL;
    bool waits = statement->meets == MEETS_TOLD;
    if ((statement->tables & pg->many->parked_tables) != 0)
        TRY(postgres_unpark(cx, pg));
    const struct postgres_owed owed = {.kind = waits ? OWED_ROWS : OWED_POSTED,
                                       .is_one = statement->meets == MEETS_ONE};
    TRY(postgres_send_values(cx, pg, statement, values, owed));
    if (!waits)
        return OK;
    TRY(postgres_sync(cx, pg));
    TRY(postgres_collect(cx, pg, statement->name, &answer));
    bool met = text_is(text_of(PQcmdTuples(answer)), "1");
    PQclear(answer);
    pg->base.is_late |= !met;
    return met ? OK : FAIL(cx, UNAVAILABLE, "store.conflict", "%s has met no row", statement->name);
}

static err post(struct ctx *cx, struct database *db, const struct statement *statement, const void *in)
{
    struct postgres *pg = postgres_of(db);
    struct postgres_values values;
    err result = OK;
    TRY(check_link(cx, pg));
    assert((in == NULL) == (statement->in_count == 0));
    postgres_put(statement, in, &values);
    if (!postgres_park(cx, pg, statement, &values, &result))
        result = post_alone(cx, pg, statement, &values);
    if (result == OK)
        postgres_ahead_spoil(pg, statement, &values);
    return result;
}

static err settle(struct ctx *cx, struct database *db)
{
    struct postgres *pg = postgres_of(db);
    TRY(check_link(cx, pg));
    TRY(postgres_unpark(cx, pg));
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, "what was posted", NULL);
}

static void note_change(struct postgres *pg, const struct statement *statement, PGresult *rows)
{
    static const struct field COUNT = {"count", FIELD_INT64, 0};
    bool is_told = statement->meets == MEETS_ALL && PQntuples(rows) == 1; /* by words_of() */
    if (is_told ? !postgres_get(rows, 0, 0, &COUNT, &pg->changed)
                : !text_to_int64(text_of(PQcmdTuples(rows)), &pg->changed))
        pg->changed = 0;
}

/* The rows of what was announced. False: they are not there, or not true any more. */
static err take_announced(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in,
                          bool *out_taken)
{
    struct postgres_ahead *ahead = statement->writes ? NULL : postgres_ahead_find(pg, statement, in);
    *out_taken = false;
    if (ahead != NULL && ahead->rows == NULL) {
        TRY(postgres_ahead_send(cx, pg));
        TRY(postgres_sync(cx, pg));
        TRY(postgres_collect(cx, pg, statement->name, NULL));
    }
    if (ahead == NULL || ahead->rows == NULL)
        return OK;
    pg->results[statement->index] = ahead->rows;
    pg->is_lent[statement->index] = true;
    pg->at[statement->index] = ahead->first - 1;
    pg->end[statement->index] = ahead->end;
    *out_taken = true;
    return OK;
}

static err ask(struct ctx *cx, struct postgres *pg, const struct statement *statement, const void *in)
{
    bool taken = false;
    TRY(check_link(cx, pg));
    if (statement->rows == ROWS_WALK)
        return postgres_walk_start(cx, pg, statement, in);
    TRY(take_announced(cx, pg, statement, in, &taken));
    if (taken)
        return OK;
    TRY(postgres_ahead_send(cx, pg));
    TRY(send_statement(cx, pg, statement, in));
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, statement->name, &pg->results[slot_of(statement)]);
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
    if (!pg->is_lent[slot])
        pg->at[slot] = -1;
    note_change(pg, statement, pg->results[slot]);
    if (statement->meets != MEETS_ONE || pg->changed == 1)
        return OK;
    PQclear(pg->results[slot]); /* what has not begun is not finished */
    pg->results[slot] = NULL;
    return FAIL(cx, CORRUPT, "store.row_lost", "the database took a change and did not keep it (%s)", statement->name);
}

static err step(struct ctx *cx, struct database *db, const struct statement *statement, bool *out_row)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    pg->at[slot]++;
    if (statement->rows == ROWS_WALK && pg->at[slot] == PQntuples(pg->results[slot]))
        TRY(postgres_walk_on(cx, pg, statement));
    *out_row = pg->at[slot] < (pg->is_lent[slot] ? pg->end[slot] : PQntuples(pg->results[slot]));
    return OK;
}

static err read_row(struct ctx *cx, struct database *db, const struct statement *statement, void *row)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    for (size_t i = 0; i < statement->out_count; i++) {
        const struct field *field = &statement->out[i];
        if (!postgres_get(pg->results[slot], pg->at[slot], (int)i, field, (uint8_t *)row + field->offset))
            return FAIL(cx, CORRUPT, "store.damaged", "%s.%s is not of its type", statement->name, field->name);
    }
    return OK;
}

static void finish(struct database *db, const struct statement *statement)
{
    struct postgres *pg = postgres_of(db);
    size_t slot = slot_of(statement);
    PQclear(pg->is_lent[slot] ? NULL : pg->results[slot]);
    pg->results[slot] = NULL;
    pg->is_lent[slot] = false;
    if (statement->rows == ROWS_WALK)
        postgres_walk_end(pg, statement);
}

static int64_t changed(const struct database *db)
{
    return ((const struct postgres *)db)->changed;
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
    TRY(postgres_unpark(cx, pg));
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
    if (pg->ahead != NULL && pg->ahead_of != NULL)
        postgres_ahead_forget(pg);
    for (size_t i = 0; pg->results != NULL && i <= STATEMENT_COUNT; i++)
        PQclear(pg->results[i]);
    if (pg->link != NULL && pg->writer_id != 0 && !pg->in_transaction)
        postgres_mark_end(pg);
    PQfinish(pg->link);
    free(pg->ahead);
    free(pg->ahead_of);
    postgres_many_close(pg->many);
    free(pg->end);
    free(pg->owed);
    free(pg->url);
    free(pg->results);
    free(pg->at);
    free(pg->is_lent);
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
    .ahead = announce,
    .post = post,
    .settle = settle,
    .changed = changed,
    .run = run,
    .in_transaction = in_transaction,
    .version_of_data = version_of_data,
    .slot = slot,
    .moment = postgres_moment,
    .changes = postgres_changes,
    .close = close_link,
    .rows = &POSTGRES_ROWS,
    .dialect = DIALECT_POSTGRES,
};
