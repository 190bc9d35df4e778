/* SPDX-License-Identifier: Apache-2.0
 * Commits whose answer may get lost. Each writer has a row of its own, and a batch puts its number there as its last
 * word. When the connection goes while a commit is under way, the row tells whether it happened. It is changed as it is
 * asked: that waits for a batch that has put its number there, and one that comes to it later can commit no more.
 * The rows also count the batches that have changed something: all together they say how new the data is. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/effects.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/postgres_many.h"
#include "store/postgres_word.h"

#define LOOK_AGAIN_MS 100
#define LOOK_ARENA_BYTES (16u * 1024)
#define NOW_MS POSTGRES_MARK_NOW_MS
#define FOR_GOOD "9000000000000000000" /* a place that nobody else may take */
#define UNTIL_MS POSTGRES_MARK_UNTIL_MS
#define CHANGES_BEFORE (INT64_C(1) << 40) /* further than any file has counted: data comes to a server from there */

static int64_t draw_writer_id(void)
{
    struct randomness randomness = randomness_system();
    uint8_t bytes[8];
    int64_t id = 0;
    random_fill(&randomness, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        id = (id << 8 | bytes[i]) & INT64_MAX;
    return id == 0 ? 1 : id;
}

/* Who comes too late: the store has gone elsewhere meanwhile (place.h). Its row is not there before the migrations, nor
 * beside the keys. */
static err check_place(struct ctx *cx, struct postgres *pg)
{
    const char *found[2] = {NULL, NULL};
    int64_t token = 0;
    if (pg->options.moves)
        return OK;
    TRY(postgres_ask(cx, pg, "SELECT to_regclass('store_place')::text", 1, found));
    if (found[0] == NULL || *found[0] == '\0')
        return OK;
    TRY(postgres_ask(cx, pg, "SELECT state::text, token::text FROM store_place WHERE row_id = 1", 2, found));
    bool is_open = found[0] != NULL && strcmp(found[0], "0") == 0 && text_to_int64(text_of(found[1]), &token);
    if (is_open && (!pg->has_place || pg->place == token))
        return OK;
    return FAIL(cx, UNAVAILABLE, "store.moved", "this store is being moved to another place, or was");
}

/* Inside a transaction that keeps others from doing the same. */
static err take_slot(struct ctx *cx, struct postgres *pg, int64_t writer_id)
{
    static const char FIND[] = "SELECT slot::text, newest::text FROM (SELECT slot, newest FROM batch_mark"
                               " WHERE until_ms < " NOW_MS " UNION ALL SELECT count(*), 0 FROM batch_mark) AS free"
                               " ORDER BY slot LIMIT 1";
    const char *found[2] = {NULL, NULL};
    int64_t slot = NUMBER_SLOTS;
    int64_t newest = 0;
    TRY(postgres_say(cx, pg, "LOCK TABLE batch_mark IN SHARE ROW EXCLUSIVE MODE"));
    TRY(check_place(cx, pg));
    TRY(postgres_ask(cx, pg, FIND, 2, found));
    bool read = found[0] != NULL && text_to_int64(text_of(found[0]), &slot) &&
                text_to_int64(text_of(found[1]), &newest);
    if (!read || slot >= NUMBER_SLOTS)
        return FAIL(cx, UNAVAILABLE, "store.servers", "%d programs write to this database already", NUMBER_SLOTS);
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO batch_mark (slot, writer_id, number, newest, until_ms) VALUES (%" PRId64 ", %" PRId64
                   ", 0, 0, " UNTIL_MS ") ON CONFLICT (slot) DO UPDATE SET writer_id = excluded.writer_id, number = 0,"
                   " until_ms = excluded.until_ms", slot, writer_id);
    TRY(postgres_say(cx, pg, sql));
    pg->slot = slot;
    pg->base.newest = newest > pg->base.newest ? newest : pg->base.newest;
    return OK;
}

/* An earlier version of the program has made it without its last column. */
err postgres_mark_make(struct ctx *cx, struct postgres *pg)
{
    static const char FIND[] = "SELECT to_regclass('batch_mark')::text, (SELECT count(*) FROM pg_attribute WHERE"
                               " attrelid = to_regclass('batch_mark') AND attname = 'changes')::text";
    const char *found[2] = {NULL, NULL};
    TRY(postgres_ready(cx, pg));
    TRY(postgres_ask(cx, pg, FIND, 2, found));
    bool is_there = found[0] != NULL && *found[0] != '\0';
    if (is_there && found[1] != NULL && strcmp(found[1], "0") != 0)
        return OK;
    if (is_there)
        return postgres_make(cx, pg, "ALTER TABLE batch_mark ADD COLUMN IF NOT EXISTS changes BIGINT NOT NULL"
                                       " DEFAULT 0");
    /* with room beside each row: a change touches no index */
    return postgres_make(cx, pg, "CREATE TABLE IF NOT EXISTS batch_mark (slot BIGINT NOT NULL, writer_id BIGINT"
                                " NOT NULL, number BIGINT NOT NULL, newest BIGINT NOT NULL, until_ms BIGINT NOT NULL,"
                                " changes BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (slot)) WITH (fillfactor = 10)");
}

static err begin_mark(struct ctx *cx, struct postgres *pg)
{
    int64_t writer_id = draw_writer_id();
    TRY(postgres_mark_make(cx, pg));
    TRY(postgres_say(cx, pg, "BEGIN ISOLATION LEVEL READ COMMITTED"));
    err result = take_slot(cx, pg, writer_id);
    if (result == OK)
        result = postgres_say(cx, pg, "COMMIT");
    if (result == OK)
        pg->writer_id = writer_id;
    return result;
}

err postgres_mark_begin(struct ctx *cx, struct postgres *pg)
{
    struct ctx own = {.arena = arena_open(LOOK_ARENA_BYTES)}; /* the writer has none */
    err result = own.arena == NULL ? FAIL_MEMORY(&own) : begin_mark(&own, pg);
    arena_close(own.arena);
    if (result == OK)
        return OK;
    cx->failure = own.failure;
    postgres_lose(pg); /* whatever was begun ends with the connection */
    return result;
}

void postgres_mark_end(struct postgres *pg)
{
    char sql[120];
    struct ctx own = {.arena = NULL};
    (void)snprintf(sql, sizeof sql, "UPDATE batch_mark SET until_ms = 0 WHERE slot = %" PRId64
                   " AND writer_id = %" PRId64, pg->slot, pg->writer_id);
    err result = postgres_say(&own, pg, sql);
    (void)result; /* otherwise the slot is free once its time is over */
}

/* Whether the number of the last batch stands in the row: then all of that batch is there. The old connection may still
 * have its last words before it. It cannot change a row that was changed since its transaction began; so the row gets
 * another writer's id, the same however often it is asked. */
static err look_for_mark(struct ctx *cx, struct postgres *pg, int64_t writer_id, bool *out_there)
{
    char sql[240];
    const char *number = NULL;
    int64_t found = -1;
    TRY(postgres_ready(cx, pg));
    (void)snprintf(sql, sizeof sql, "UPDATE batch_mark SET writer_id = %" PRId64 " WHERE slot = %" PRId64
                   " AND writer_id IN (%" PRId64 ", %" PRId64 ") RETURNING number::text", writer_id, pg->slot,
                   pg->writer_id, writer_id);
    TRY(postgres_ask(cx, pg, sql, 1, &number));
    if (number == NULL || !text_to_int64(text_of(number), &found))
        return FAIL(cx, UNAVAILABLE, "store.unknown", "the mark of this writer is gone");
    *out_there = found == pg->batch;
    return OK;
}

/* The connection went while the commit was under way. */
static err find_out(struct ctx *cx, struct postgres *pg)
{
    struct arena *arena = arena_open(LOOK_ARENA_BYTES); /* the writer has none */
    if (arena == NULL)
        return FAIL(cx, UNAVAILABLE, "store.unknown", "whether the change was written is not known");
    struct ctx own = {.arena = arena};
    bool there = false;
    int64_t until_ms = postgres_now_ms() + LIMIT_STORE_BUSY_MS;
    int64_t writer_id = draw_writer_id();
    pg->was_cut = false; /* the transaction is over, one way or the other */
    err looked = look_for_mark(&own, pg, writer_id, &there);
    while (looked != OK && postgres_now_ms() < until_ms) {
        (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000L}, NULL); /* a signal shortens it */
        failure_clear(&own.failure);
        arena_reset(arena);
        looked = look_for_mark(&own, pg, writer_id, &there);
    }
    arena_close(arena);
    pg->writer_id = looked == OK ? writer_id : 0; /* 0: the next transaction takes a slot first */
    if (looked != OK)
        return FAIL(cx, UNAVAILABLE, "store.unknown",
                    "the database was lost while it wrote the change, and does not tell whether it did");
    return there ? OK : FAIL(cx, UNAVAILABLE, "store.lost", "the database was lost before it wrote the change");
}

static err send_mark(struct ctx *cx, struct postgres *pg)
{
    pg->batch++;
    const int64_t mark[] = {pg->slot, pg->writer_id, pg->batch, pg->base.newest, pg->base.counts};
    return postgres_send_word(cx, pg, WORD_MARK, mark);
}

/* Where the server cannot count the rows of what was posted (postgres_statement.c), we do, before it is too late. */
static err settle(struct ctx *cx, struct postgres *pg)
{
    if (!pg->is_spread)
        return OK;
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, "what was posted", NULL);
}

static err send_commit(struct ctx *cx, struct postgres *pg)
{
    TRY(postgres_unpark(cx, pg));
    TRY(settle(cx, pg));
    if (pg->writer_id != 0)
        TRY(send_mark(cx, pg));
    TRY(postgres_send_word(cx, pg, WORD_COMMIT, NULL));
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, "COMMIT", NULL);
}

err postgres_commit(struct ctx *cx, struct postgres *pg)
{
    err result = send_commit(cx, pg);
    if (result == OK && pg->in_transaction)
        return FAIL(cx, UNAVAILABLE, "store.commit", "the database did not end the transaction");
    if (result == OK || pg->writer_id == 0)
        return result;
    if (pg->link == NULL) {
        failure_clear(&cx->failure); /* it tells of the connection; the mark tells of the change */
        return find_out(cx, pg);
    }
    if (strcmp(cx->failure.reason, "store.lost") == 0)
        pg->writer_id = 0; /* the next transaction takes another slot first */
    return result;
}

/* ---- for a move */

/* The row is locked by whoever is about to commit, so the table is ours only when that is over. */
static err take_all(struct ctx *cx, struct postgres *pg)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO batch_mark (slot, writer_id, number, newest, until_ms) SELECT slot, %" PRId64
                   ", 0, 0, %s FROM generate_series(0, %d) AS slot ON CONFLICT (slot) DO UPDATE SET writer_id ="
                   " excluded.writer_id, number = 0, until_ms = excluded.until_ms", draw_writer_id(), FOR_GOOD,
                   NUMBER_SLOTS - 1);
    return postgres_say(cx, pg, sql);
}

err postgres_fence_begin(struct ctx *cx, struct postgres *pg, bool closes)
{
    TRY(postgres_mark_make(cx, pg));
    TRY(postgres_say(cx, pg, "BEGIN ISOLATION LEVEL READ COMMITTED"));
    TRY(postgres_say(cx, pg, "LOCK TABLE batch_mark IN SHARE ROW EXCLUSIVE MODE"));
    pg->writer_id = 0; /* the next batch, if there is one, takes a place first */
    return closes ? take_all(cx, pg)
                  : postgres_say(cx, pg, "UPDATE batch_mark SET until_ms = 0 WHERE until_ms = " FOR_GOOD);
}

err postgres_lift_numbers(struct ctx *cx, struct postgres *pg, int64_t newest)
{
    char sql[300];
    TRY(postgres_mark_make(cx, pg));
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO batch_mark (slot, writer_id, number, newest, until_ms) SELECT slot, 0, 0, %" PRId64
                   ", 0 FROM generate_series(0, %d) AS slot ON CONFLICT (slot) DO UPDATE SET newest ="
                   " greatest(batch_mark.newest, excluded.newest)", newest, NUMBER_SLOTS - 1);
    pg->base.newest = newest > pg->base.newest ? newest : pg->base.newest;
    return postgres_say(cx, pg, sql);
}

/* ---- how new the data is */

err postgres_changes(struct ctx *cx, struct database *db, int64_t *out)
{
    struct postgres *pg = postgres_of(db);
    const char *found = NULL;
    int64_t changes = 0;
    TRY(postgres_ready(cx, pg));
    TRY(postgres_ask(cx, pg, "SELECT COALESCE(sum(changes), 0)::bigint::text FROM batch_mark", 1, &found));
    if (found == NULL || !text_to_int64(text_of(found), &changes))
        return FAIL(cx, CORRUPT, "store.damaged", "the database does not say how often it was changed");
    *out = CHANGES_BEFORE + changes;
    return OK;
}

err postgres_lift_changes(struct ctx *cx, struct postgres *pg, int64_t least)
{
    char sql[400];
    TRY(postgres_mark_make(cx, pg));
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO batch_mark (slot, writer_id, number, newest, until_ms, changes) SELECT 0, 0, 0, 0, 0,"
                   " greatest(0, %" PRId64 " - COALESCE(sum(changes), 0)) FROM batch_mark ON CONFLICT (slot) DO UPDATE"
                   " SET changes = batch_mark.changes + excluded.changes", least - CHANGES_BEFORE);
    return postgres_say(cx, pg, sql);
}

/* ---- the clock that all servers share */

err postgres_moment(struct ctx *cx, struct database *db, struct database_moment *out)
{
    static const char ASK[] = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)::text,"
                              " (SELECT max(at_ms) FROM clock_mark)::text";
    struct postgres *pg = postgres_of(db);
    const char *found[2] = {NULL, NULL};
    struct database_moment moment = {0};
    TRY(postgres_ready(cx, pg));
    TRY(postgres_ask(cx, pg, ASK, 2, found));
    if (found[0] == NULL || !text_to_int64(text_of(found[0]), &moment.at_us))
        return FAIL(cx, CORRUPT, "store.damaged", "the database does not say what time it is");
    if (found[1] != NULL && *found[1] != '\0' && !text_to_int64(text_of(found[1]), &moment.mark_ms))
        return FAIL(cx, CORRUPT, "store.damaged", "the mark of the clock is not a number");
    *out = moment;
    return OK;
}
