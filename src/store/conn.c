/* SPDX-License-Identifier: Apache-2.0
 * Handles: opening the four files, reading in one state, and the transactions of the writer's batch. */
#include "store/conn.h"

#include <assert.h>
#include <stdlib.h>

#include "store/state.h"

static err open_files(struct ctx *cx, struct store_conn *conn, sqlite_role role)
{
    const struct store_options *options = &conn->store->options;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        struct sqlite_options of_file = {
            .path = store_path(cx->arena, conn->store->folder, file),
            .role = role,
            .create = options->create && role == SQLITE_WRITER,
            .volatile_ = options->volatile_,
            .cache_bytes = role == SQLITE_READER ? options->cache_bytes : 0,
        };
        if (of_file.path == NULL)
            return FAIL_MEMORY(cx);
        TRY(sqlite_open(cx, &of_file, &conn->files[file]));
    }
    return OK;
}

err conn_open(struct ctx *cx, struct store *store, sqlite_role role, struct store_conn **out)
{
    struct store_conn *conn = calloc(1, sizeof *conn);
    struct sqlite3_stmt **prepared = calloc(STATEMENT_COUNT, sizeof(struct sqlite3_stmt *));
    if (conn == NULL || prepared == NULL) {
        free(conn);
        free(prepared);
        return FAIL_MEMORY(cx);
    }
    conn->store = store;
    conn->is_writer = role == SQLITE_WRITER;
    conn->prepared = prepared;
    err result = open_files(cx, conn, role);
    if (result != OK) {
        conn_close(conn);
        return result;
    }
    *out = conn;
    return OK;
}

void conn_close(struct store_conn *conn)
{
    if (conn == NULL)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite_finalize(conn->prepared[i]);
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        sqlite_close(&conn->files[file]);
    free(conn->prepared);
    free(conn);
}

err store_conn_open(struct ctx *cx, struct store *store, struct store_conn **out)
{
    return conn_open(cx, store, SQLITE_READER, out);
}

void store_conn_close(struct store_conn *conn)
{
    conn_close(conn);
}

err conn_prepare_all(struct ctx *cx, struct store_conn *conn)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        TRY(sqlite_prepare(cx, &conn->files[STATEMENTS[i].file], &STATEMENTS[i], &conn->prepared[i]));
    return OK;
}

static err begin(struct ctx *cx, struct store_conn *conn, store_file file, sqlite_control how)
{
    TRY(sqlite_move(cx, &conn->files[file], how));
    conn->began[file] = true;
    return OK;
}

err conn_touch(struct ctx *cx, struct store_conn *conn, store_file file, bool writes)
{
    assert(!writes || conn->is_running); /* a write statement outside a write: our mistake */
    if (conn->is_reading && !conn->began[file])
        return begin(cx, conn, file, CONTROL_BEGIN_READ);
    if (conn->is_running && !conn->began[file])
        TRY(begin(cx, conn, file, CONTROL_BEGIN_WRITE));
    conn->wrote_people |= writes && file == STORE_PEOPLE;
    if (writes && !conn->saved[file]) {
        TRY(sqlite_move(cx, &conn->files[file], CONTROL_SAVE));
        conn->saved[file] = true;
    }
    return OK;
}

/* ---- reading */

err store_read_begin(struct ctx *cx)
{
    struct store_conn *conn = cx->db;
    if (conn->is_writer) /* a batch sees one state anyway */
        return OK;
    assert(!conn->is_reading);
    conn->is_reading = true; /* each file's transaction begins with the first statement on it */
    conn->edition = atomic_load(&conn->store->people_edition) + 1; /* before that: never newer than what is seen */
    return OK;
}

/* Ends a transaction that has nothing to keep. */
static void end(struct store_conn *conn, store_file file, sqlite_control how)
{
    struct ctx own = {.arena = NULL};
    if (conn->began[file] && sqlite_in_transaction(&conn->files[file])) {
        err result = sqlite_move(&own, &conn->files[file], how);
        (void)result; /* refused by the disk, it has still ended the transaction: nothing of it is in the log */
    }
    conn->began[file] = false;
    conn->saved[file] = false;
}

void store_read_end(struct ctx *cx)
{
    struct store_conn *conn = cx->db;
    if (conn->is_writer)
        return;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        end(conn, file, CONTROL_COMMIT);
    conn->is_reading = false;
}

int64_t store_people_edition(const struct ctx *cx)
{
    const struct store_conn *conn = cx->db;
    if (conn->is_writer)
        return conn->is_running && !conn->wrote_people ? atomic_load(&conn->store->people_edition) + 1 : 0;
    return conn->is_reading ? conn->edition : 0;
}

/* ---- the writer's batch */

static void count_edition(struct store_conn *conn)
{
    (void)atomic_fetch_add(&conn->store->people_edition, 1);
}

err conn_begin_batch(struct ctx *cx, struct store_conn *conn, bool *out_is_news)
{
    assert(conn->is_writer && !conn->is_running);
    TRY(begin(cx, conn, STORE_PEOPLE, CONTROL_BEGIN_WRITE));
    bool is_news = sqlite_version_of_data(&conn->files[STORE_PEOPLE]) != conn->people_version;
    if (is_news)
        count_edition(conn); /* another process has written since our last batch; now it cannot */
    *out_is_news = is_news;
    return OK;
}

/* After the commit, so that who sees the new edition also sees what it holds; after a rollback it does no harm. */
static void end_batch(struct store_conn *conn)
{
    if (conn->wrote_people)
        count_edition(conn);
    conn->wrote_people = false;
    conn->people_version = sqlite_version_of_data(&conn->files[STORE_PEOPLE]);
}

void conn_begin_write(struct store_conn *conn)
{
    assert(conn->began[STORE_PEOPLE] && !conn->is_running);
    conn->is_running = true;
}

err conn_end_write(struct ctx *cx, struct store_conn *conn, bool keep)
{
    conn->is_running = false;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        if (conn->began[file] && !sqlite_in_transaction(&conn->files[file]))
            return FAIL(cx, UNAVAILABLE, "store.commit", "the database gave up the transaction");
        if (!conn->saved[file])
            continue;
        conn->saved[file] = false;
        if (!keep)
            TRY(sqlite_move(cx, &conn->files[file], CONTROL_RESTORE));
        TRY(sqlite_move(cx, &conn->files[file], CONTROL_RELEASE));
    }
    return OK;
}

err conn_commit_batch(struct ctx *cx, struct store_conn *conn)
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        if (!conn->began[file])
            continue;
        err result = sqlite_move(cx, &conn->files[file], CONTROL_COMMIT);
        if (result != OK) {
            conn_abandon_batch(conn);
            return result;
        }
        conn->began[file] = false;
    }
    end_batch(conn);
    return OK;
}

void conn_abandon_batch(struct store_conn *conn)
{
    conn->is_running = false;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        end(conn, file, CONTROL_ROLLBACK);
    end_batch(conn);
}

bool conn_io_failed(const struct store_conn *conn)
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (conn->files[file].io_failed)
            return true;
    return false;
}
