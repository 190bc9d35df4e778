/* SPDX-License-Identifier: Apache-2.0
 * A connection: opened, spoken to and given up; postgres_connect.c makes it. What PostgreSQL says in words may quote
 * rows, so only its codes (SQLSTATE, PostgreSQL 15 appendix A) and what it says about our own SQL text go on. */
#include "store/postgres.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "store/postgres_ahead.h"
#include "store/postgres_many.h"
#include "store/postgres_word.h"

#define OWED_MAX 128
#define AHEAD_MAX 48
#define OWED_MAX_OF_WRITER 8192 /* a batch of 512 writes, mostly; what is more waits once in between */
#define AHEAD_MAX_OF_WRITER 4096
#define NUMBERS_MAX 5
#define WORDS_FROM (2 * (STATEMENT_COUNT + 1)) /* in `prepared`: behind the statements, and those for many at once */
#define PREPARED_COUNT (WORDS_FROM + WORD_COUNT)

/* ---- what a code means */

struct meaning {
    const char *state; /* begins with it */
    err         code;
    const char *reason;
    const char *sentence;
};

static const struct meaning MEANINGS[] = {
    {"23505", CONFLICT, "store.duplicate", "such a thing exists already"},
    {"42P06", CONFLICT, "store.duplicate", "such a schema exists already"},
    {"42P07", CONFLICT, "store.duplicate", "such a table exists already"},
    {"42710", CONFLICT, "store.duplicate", "such an object exists already"},
    {"40", UNAVAILABLE, "store.conflict", "another change of the same things was faster"},
    {"53100", UNAVAILABLE, "store.full", "the disk of the database is full"},
    {"53200", UNAVAILABLE, "store.memory", "the database has no memory left"},
    {"55P03", UNAVAILABLE, "store.busy", "the database waited too long for a lock"},
    {"57014", UNAVAILABLE, "store.busy", "the database took too long"},
    {"2201F", CORRUPT, "store.row_lost", "the database took a change and did not keep it"}, /* postgres_statement.c */
    {"25006", UNAVAILABLE, "store.read_only", "the database takes no changes: it is a standby"},
    {"57P", UNAVAILABLE, "store.lost", "the database ended the connection"},
    {"53", UNAVAILABLE, "store.lost", "the database lacks room for the connection"},
    {"22012", UNAVAILABLE, "store.lost", "another writer has taken the place of this one"}, /* postgres_commit.c */
    {"08", UNAVAILABLE, "store.lost", "the connection to the database is lost"},
    {"42501", FORBIDDEN, "store.rights", "the database does not let this user do that"},
    {"XX001", CORRUPT, "store.damaged", "the database found its own files damaged"},
    {"XX002", CORRUPT, "store.damaged", "the database found its own files damaged"},
    {"22P05", TOO_LARGE, "store.value", "a value holds what the database cannot keep"},
    {"22021", TOO_LARGE, "store.value", "a value holds what the database cannot keep"},
    {"54000", TOO_LARGE, "store.value", "a value is larger than the database takes"},
};

err postgres_fail_lost(struct ctx *cx, struct postgres *pg)
{
    postgres_lose(pg);
    return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost");
}

static err fail_result(struct ctx *cx, const PGresult *result, const char *what)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == NULL)
        return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost (%s)", what);
    for (size_t i = 0; i < sizeof MEANINGS / sizeof *MEANINGS; i++)
        if (strncmp(state, MEANINGS[i].state, strlen(MEANINGS[i].state)) == 0)
            return FAIL(cx, MEANINGS[i].code, MEANINGS[i].reason, "%s (%s)", MEANINGS[i].sentence, what);
    if (strncmp(state, "42", 2) == 0) /* about our own text */
        return FAIL(cx, INTERNAL, "store.statement", "%s: %s", what,
                    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    return FAIL(cx, INTERNAL, "store.failed", "the database refused (%s, code %s)", what, state);
}

/* ---- waiting, with an end */

int64_t postgres_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the socket can be read, or written when something waits to be sent. */
static bool wait_for_socket(struct postgres *pg, int64_t until_ms)
{
    int unsent = PQflush(pg->link);
    if (unsent < 0)
        return false;
    for (;;) {
        struct pollfd at = {PQsocket(pg->link), (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
        int64_t left_ms = until_ms - postgres_now_ms();
        int ready = left_ms <= 0 ? 0 : poll(&at, 1, (int)left_ms);
        if (ready != 0 && !(ready < 0 && errno == EINTR))
            return ready > 0;
        if (left_ms <= 0)
            return false;
    }
}

/* The next answer. False: the connection is lost. */
static bool next_result(struct postgres *pg, int64_t until_ms, PGresult **out)
{
    if (PQflush(pg->link) < 0)
        return false;
    while (PQisBusy(pg->link) != 0)
        if (!wait_for_socket(pg, until_ms) || PQconsumeInput(pg->link) == 0)
            return false;
    *out = PQgetResult(pg->link);
    return PQstatus(pg->link) == CONNECTION_OK;
}

void postgres_owe(struct postgres *pg, struct postgres_owed owed)
{
    assert(pg->owed_count < pg->owed_max);
    pg->owed[pg->owed_count++] = owed;
}

err postgres_make_room(struct ctx *cx, struct postgres *pg)
{
    if (pg->owed_count + POSTGRES_OWED_AT_ONCE <= pg->owed_max)
        return OK;
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, "what was posted", NULL);
}

err postgres_send(struct ctx *cx, struct postgres *pg, const char *sql)
{
    TRY(postgres_make_room(cx, pg));
    if (PQsendQueryParams(pg->link, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_WORD});
    return OK;
}

/* The last one fails, and all of the batch with it, when somebody else has the slot: then it divides by zero. */
static const struct {
    const char *name;
    const char *sql;
    int         numbers;
} WORDS[WORD_COUNT] = {
    [WORD_BEGIN_WRITE] = {"begin_write", "BEGIN ISOLATION LEVEL SERIALIZABLE", 0},
    [WORD_BEGIN_READ] = {"begin_read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0},
    [WORD_COMMIT] = {"commit", "COMMIT", 0},
    [WORD_ROLLBACK] = {"rollback", "ROLLBACK", 0},
    [WORD_SAVE] = {"save", "SAVEPOINT one_write", 0},
    [WORD_RELEASE] = {"release", "RELEASE one_write", 0},
    [WORD_RESTORE] = {"restore", "ROLLBACK TO one_write", 0},
    [WORD_MARK] = {"batch_mark", "WITH mark AS (UPDATE batch_mark SET number = $3, newest = $4, changes = changes + $5,"
                   " until_ms = " POSTGRES_MARK_UNTIL_MS " WHERE slot = $1 AND writer_id = $2 RETURNING 1)"
                   " SELECT 1 / count(*) FROM mark", NUMBERS_MAX},
};

static err know(struct ctx *cx, struct postgres *pg, postgres_word word)
{
    static const Oid NUMBERS[NUMBERS_MAX] = {20, 20, 20, 20, 20}; /* int8 */
    if (PQsendPrepare(pg->link, WORDS[word].name, WORDS[word].sql, WORDS[word].numbers, NUMBERS) != 1)
        return postgres_fail_lost(cx, pg);
    pg->prepared[WORDS_FROM + word] = true;
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_PREPARED, .slot = WORDS_FROM + word});
    return OK;
}

err postgres_send_word(struct ctx *cx, struct postgres *pg, postgres_word word, const int64_t *numbers)
{
    uint8_t values[NUMBERS_MAX][8];
    const char *at[NUMBERS_MAX];
    int sizes[NUMBERS_MAX];
    int formats[NUMBERS_MAX];
    for (int i = 0; i < WORDS[word].numbers; i++) {
        for (int byte = 0; byte < 8; byte++)
            values[i][byte] = (uint8_t)((uint64_t)numbers[i] >> (56 - 8 * byte) & 0xFF);
        at[i] = (const char *)values[i];
        sizes[i] = 8;
        formats[i] = 1;
    }
    TRY(postgres_make_room(cx, pg));
    if (!pg->prepared[WORDS_FROM + word])
        TRY(know(cx, pg, word));
    if (PQsendQueryPrepared(pg->link, WORDS[word].name, WORDS[word].numbers, at, sizes, formats, 0) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_WORD});
    return OK;
}

err postgres_sync(struct ctx *cx, struct postgres *pg)
{
    if (PQpipelineSync(pg->link) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_SYNC});
    return OK;
}

/* An answer has its result and then a NULL; a synchronisation has its result alone. */
static bool take_answer(struct postgres *pg, const struct postgres_owed *owed, int64_t until_ms, PGresult **out)
{
    PGresult *end = NULL;
    *out = NULL;
    if (!next_result(pg, until_ms, out) || *out == NULL)
        return false;
    if (owed->kind == OWED_SYNC)
        return PQresultStatus(*out) == PGRES_PIPELINE_SYNC;
    bool whole = next_result(pg, until_ms, &end) && end == NULL;
    PQclear(end);
    if (owed->kind == OWED_PREPARED)
        pg->prepared[owed->slot] = whole && PQresultStatus(*out) == PGRES_COMMAND_OK;
    return whole;
}

static err look_at(struct ctx *cx, const PGresult *result, const char *what)
{
    static const ExecStatusType GOOD[] = {PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC,
                                          PGRES_PIPELINE_ABORTED /* the answer before it says why */};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (PQresultStatus(result) == GOOD[i])
            return OK;
    return fail_result(cx, result, what);
}

/* After the last answer. */
static void note_state(struct postgres *pg)
{
    PGTransactionStatusType state = PQtransactionStatus(pg->link);
    pg->owed_count = 0;
    pg->in_transaction = state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
    pg->broken = state == PQTRANS_INERROR;
    pg->is_fresh = false;
}

/* What befalls a whole transaction has its own way out: all is done again. */
static bool is_of_all(const struct failure *failure)
{
    return strcmp(failure->reason, "store.conflict") == 0 || strcmp(failure->reason, "store.lost") == 0;
}

/* Whoever posted a change has gone on, so it is no failure of whoever waits now. */
static err look_at_posted(struct ctx *cx, struct postgres *pg, const struct postgres_owed *owed, PGresult *result)
{
    struct ctx own = {.arena = NULL};
    bool counts = owed->is_one && PQresultStatus(result) != PGRES_PIPELINE_ABORTED;
    err looked = look_at(&own, result, "what was posted");
    if (looked == OK && (!counts || strcmp(PQcmdTuples(result), "1") == 0))
        return OK;
    bool is_all = looked != OK && is_of_all(&own.failure);
    pg->base.is_late |= !is_all;
    return FAIL(cx, UNAVAILABLE, is_all ? own.failure.reason : "store.conflict", "a change that was posted failed");
}

/* What stands behind a failure is not done. A write that has gone on since believes that it is. */
static bool is_skipped(const struct postgres_owed *owed, const PGresult *answer)
{
    bool changes = owed->kind == OWED_WORD || owed->kind == OWED_POSTED;
    return changes && !owed->is_past && PQresultStatus(answer) == PGRES_PIPELINE_ABORTED;
}

/* Takes the answer. */
static void keep_answer(struct postgres *pg, const struct postgres_owed *owed, PGresult *answer, PGresult **rows)
{
    bool announced = owed->kind == OWED_AHEAD && !owed->is_past && PQresultStatus(answer) == PGRES_TUPLES_OK;
    if (announced) {
        postgres_ahead_keep(pg, owed->slot, answer);
        return;
    }
    bool wanted = owed->kind == OWED_ROWS;
    PQclear(wanted ? *rows : answer);
    *rows = wanted ? answer : *rows;
}

/* Takes what is owed in its order; the rows of the last statement stay in `rows`. */
static err take_answers(struct ctx *cx, struct postgres *pg, const char *what, PGresult **rows)
{
    int64_t until_ms = postgres_now_ms() + postgres_wait_ms(pg);
    err result = OK;
    bool skipped = false;
    for (size_t i = 0; i < pg->owed_count; i++) {
        const struct postgres_owed *owed = &pg->owed[i];
        PGresult *answer = NULL;
        if (!take_answer(pg, owed, until_ms, &answer)) {
            PQclear(answer);
            pg->is_hung = postgres_now_ms() >= until_ms;
            if (pg->is_hung)
                postgres_note_way(pg, false);
            return result == OK ? postgres_fail_lost(cx, pg) : (postgres_lose(pg), result);
        }
        if (result == OK && !owed->is_past)
            result = owed->kind == OWED_POSTED ? look_at_posted(cx, pg, owed, answer) : look_at(cx, answer, what);
        skipped |= is_skipped(owed, answer);
        keep_answer(pg, owed, answer, rows);
    }
    pg->base.is_late |= skipped && result != OK && !is_of_all(&cx->failure);
    note_state(pg);
    postgres_note_way(pg, true);
    return result;
}

err postgres_collect(struct ctx *cx, struct postgres *pg, const char *what, PGresult **out_rows)
{
    PGresult *rows = NULL;
    if (pg->options.way != NULL)
        (void)atomic_fetch_add_explicit(&pg->options.way->trips, 1, memory_order_relaxed);
    err result = take_answers(cx, pg, what, &rows);
    if (result != OK && strcmp(cx->failure.reason, "store.read_only") == 0)
        postgres_lose(pg); /* another server may be the primary now */
    if (result != OK || out_rows == NULL) {
        PQclear(rows);
        return result;
    }
    *out_rows = rows;
    return OK;
}

err postgres_say(struct ctx *cx, struct postgres *pg, const char *sql)
{
    TRY(postgres_send(cx, pg, sql));
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, "words", NULL);
}

err postgres_ask(struct ctx *cx, struct postgres *pg, const char *sql, size_t count, const char **out)
{
    PGresult *rows = NULL;
    TRY(postgres_make_room(cx, pg));
    if (PQsendQueryParams(pg->link, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return postgres_fail_lost(cx, pg);
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_ROWS});
    TRY(postgres_sync(cx, pg));
    TRY(postgres_collect(cx, pg, "question", &rows));
    assert((size_t)PQnfields(rows) == count);
    err result = OK;
    for (size_t i = 0; result == OK && i < count; i++) {
        out[i] = NULL;
        if (PQntuples(rows) == 0)
            continue;
        out[i] = text_copy(cx->arena, text_of(PQgetvalue(rows, 0, (int)i))).at;
        result = out[i] == NULL ? FAIL_MEMORY(cx) : OK;
    }
    PQclear(rows);
    return result;
}

err postgres_make(struct ctx *cx, struct postgres *pg, const char *sql)
{
    err made = postgres_say(cx, pg, sql);
    if (made != CONFLICT)
        return made;
    failure_clear(&cx->failure);
    return OK;
}

/* ---- its life */

void postgres_lose(struct postgres *pg)
{
    PQfinish(pg->link); /* takes NULL */
    pg->link = NULL;
    pg->owed_count = 0;
    postgres_ahead_forget(pg);
    postgres_unpark_none(pg);
    pg->was_cut |= pg->in_transaction;
    pg->in_transaction = false;
    pg->saved = false;
    pg->broken = false;
    memset(pg->prepared, 0, PREPARED_COUNT * sizeof *pg->prepared);
}

static err find_schema(struct ctx *cx, struct postgres *pg)
{
    const char *found[2] = {"0", ""};
    struct text sql = text_format(cx->arena, "SELECT count(*)::text, current_database() FROM pg_namespace"
                                             " WHERE nspname = '%s'", pg->options.schema);
    if (sql.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(postgres_ask(cx, pg, sql.at, 2, found));
    if (found[0] != NULL && strcmp(found[0], "0") != 0)
        return OK;
    if (!pg->options.create)
        return FAIL(cx, NOT_FOUND, "store.missing", "the database %s holds no store", found[1]);
    sql = text_format(cx->arena, "CREATE SCHEMA IF NOT EXISTS %s", pg->options.schema);
    return sql.at == NULL ? FAIL_MEMORY(cx) : postgres_make(cx, pg, sql.at);
}

static err open_link(struct ctx *cx, struct postgres *pg)
{
    TRY(postgres_url_check(cx, pg->url));
    TRY(postgres_connect(cx, pg));
    return pg->options.role == ROLE_WRITER ? find_schema(cx, pg) : OK;
}

static bool take_room(struct postgres *pg, bool writes)
{
    pg->owed_max = writes ? OWED_MAX_OF_WRITER : OWED_MAX;
    pg->owed = calloc(pg->owed_max, sizeof *pg->owed);
    pg->ahead_max = writes ? AHEAD_MAX_OF_WRITER : AHEAD_MAX;
    pg->ahead = calloc(pg->ahead_max, sizeof *pg->ahead);
    pg->ahead_of = calloc(POSTGRES_AHEAD_HASHES, sizeof *pg->ahead_of);
    pg->many = postgres_many_open(writes, pg->ahead_max);
    pg->results = calloc(STATEMENT_COUNT + 1, sizeof(struct pg_result *));
    pg->at = calloc(STATEMENT_COUNT + 1, sizeof *pg->at);
    pg->end = calloc(STATEMENT_COUNT + 1, sizeof *pg->end);
    pg->is_lent = calloc(STATEMENT_COUNT + 1, sizeof *pg->is_lent);
    pg->prepared = calloc(PREPARED_COUNT, sizeof *pg->prepared);
    return pg->owed != NULL && pg->ahead != NULL && pg->ahead_of != NULL && pg->many != NULL && pg->results != NULL &&
           pg->at != NULL && pg->end != NULL && pg->is_lent != NULL && pg->prepared != NULL;
}

err postgres_open(struct ctx *cx, const struct postgres_options *options, struct postgres **out)
{
    struct postgres *pg = calloc(1, sizeof *pg);
    if (pg == NULL)
        return FAIL_MEMORY(cx);
    pg->base.engine = &POSTGRES_ENGINE;
    pg->options = *options;
    pg->options.url = NULL;
    bool writes = options->role == ROLE_WRITER;
    pg->url = strdup(options->url);
    bool has_room = pg->url != NULL && take_room(pg, writes);
    err result = has_room ? open_link(cx, pg) : FAIL_MEMORY(cx);
    if (result != OK) {
        POSTGRES_ENGINE.close(&pg->base);
        return result;
    }
    *out = pg;
    return OK;
}

struct postgres *postgres_of(struct database *db)
{
    return db->engine == &POSTGRES_ENGINE ? (struct postgres *)db : NULL;
}
