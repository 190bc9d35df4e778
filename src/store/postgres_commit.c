/* SPDX-License-Identifier: Apache-2.0
 * Commits whose answer may get lost. Each writer has a row of its own, and a batch puts its number there as its last
 * word. When the connection goes while a commit is under way, the row tells whether it happened: it is asked with a
 * lock, which waits for whatever the old connection still does. */
#include <inttypes.h>
#include <libpq-fe.h>
#include <string.h>
#include <time.h>

#include "base/effects.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/postgres.h"

#define LOOK_AGAIN_MS 100

err postgres_mark_begin(struct ctx *cx, struct postgres *pg)
{
    struct randomness randomness = randomness_system();
    uint8_t bytes[8];
    TRY(postgres_say(cx, pg, "CREATE TABLE IF NOT EXISTS batch_mark"
                             " (writer_id BIGINT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (writer_id))"));
    random_fill(&randomness, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        pg->writer_id = (pg->writer_id << 8 | bytes[i]) & INT64_MAX;
    struct text sql = text_format(cx->arena, "INSERT INTO batch_mark (writer_id, number) VALUES (%" PRId64 ", 0)",
                                  pg->writer_id);
    return sql.at == NULL ? FAIL_MEMORY(cx) : postgres_say(cx, pg, sql.at);
}

/* Whether the number of the last batch stands in the row: then all of that batch is there. */
static err look_for_mark(struct ctx *cx, struct postgres *pg, bool *out_there)
{
    char sql[120];
    const char *number = NULL;
    int64_t found = -1;
    TRY(postgres_ready(cx, pg));
    (void)snprintf(sql, sizeof sql, "SELECT number::text FROM batch_mark WHERE writer_id = %" PRId64 " FOR UPDATE",
                   pg->writer_id);
    TRY(postgres_ask(cx, pg, sql, 1, &number));
    if (number == NULL || !text_to_int64(text_of(number), &found))
        return FAIL(cx, UNAVAILABLE, "store.unknown", "the mark of this writer is gone");
    *out_there = found == pg->batch;
    return OK;
}

/* The connection went while the commit was under way. */
static err find_out(struct ctx *cx, struct postgres *pg)
{
    struct arena *arena = arena_open(16 * 1024); /* the writer has none */
    if (arena == NULL)
        return FAIL(cx, UNAVAILABLE, "store.unknown", "whether the change was written is not known");
    struct ctx own = {.arena = arena};
    bool there = false;
    err looked = UNAVAILABLE;
    for (int waited_ms = 0; looked != OK && waited_ms < LIMIT_STORE_BUSY_MS; waited_ms += LOOK_AGAIN_MS) {
        failure_clear(&own.failure);
        arena_reset(arena);
        looked = look_for_mark(&own, pg, &there);
        if (looked != OK)
            (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000L}, NULL); /* a signal shortens it */
    }
    arena_close(arena);
    failure_clear(&cx->failure);
    if (looked != OK)
        return FAIL(cx, UNAVAILABLE, "store.unknown",
                    "the database was lost while it wrote the change, and does not tell whether it did");
    return there ? OK : FAIL(cx, UNAVAILABLE, "store.lost", "the database was lost before it wrote the change");
}

err postgres_commit(struct ctx *cx, struct postgres *pg)
{
    char sql[120];
    if (pg->writer_id != 0) {
        pg->batch++;
        (void)snprintf(sql, sizeof sql, "UPDATE batch_mark SET number = %" PRId64 " WHERE writer_id = %" PRId64,
                       pg->batch, pg->writer_id);
        TRY(postgres_send(cx, pg, sql));
    }
    TRY(postgres_send(cx, pg, "COMMIT"));
    TRY(postgres_sync(cx, pg));
    err result = postgres_collect(cx, pg, "COMMIT", NULL);
    if (result == OK && pg->in_transaction)
        return FAIL(cx, UNAVAILABLE, "store.commit", "the database did not end the transaction");
    if (result != OK && pg->link == NULL && pg->writer_id != 0)
        return find_out(cx, pg);
    return result;
}
