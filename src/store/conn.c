/* SPDX-License-Identifier: Apache-2.0
 * Handles: opening the four files, reading in one state, and the transactions of the writer's batch. */
#include "store/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "store/generation.h"
#include "store/keys_place.h"
#include "store/postgres.h"
#include "store/sqlite.h"
#include "store/state.h"

#define OPEN_AGAIN_MS 100

static err open_local(struct ctx *cx, struct store_conn *conn, database_role role, store_file file)
{
    const struct store_options *options = &conn->store->options;
    struct sqlite_options of_file = {
        .path = store_path(cx->arena, conn->store->folder, file),
        .role = role,
        .create = options->create && role == ROLE_WRITER,
        .volatile_ = options->volatile_,
        .cache_bytes = role == ROLE_READER ? options->cache_bytes : 0,
    };
    struct sqlite_file *opened = NULL;
    if (of_file.path == NULL)
        return FAIL_MEMORY(cx);
    TRY(sqlite_open(cx, &of_file, &opened));
    conn->of_file[file] = &opened->base;
    return OK;
}

const char *conn_schema(store_file file)
{
    return file == STORE_KEYS ? "symbolon_keys" : "symbolon";
}

static err open_remote(struct ctx *cx, struct store_conn *conn, database_role role, store_file file)
{
    const struct store *store = conn->store;
    struct postgres_options of_file = {
        .url = file == STORE_KEYS ? store->keys_url : store->url,
        .schema = conn_schema(file),
        .role = role,
        .create = store->options.create && role == ROLE_WRITER,
        .volatile_ = store->options.volatile_,
        .moves = store->options.moves,
        .way = file == STORE_KEYS ? &conn->store->way_to_keys : &conn->store->way,
    };
    struct postgres *opened = NULL;
    TRY(postgres_open(cx, &of_file, &opened));
    conn->of_file[file] = &opened->base;
    return OK;
}

/* The files behind STORE_KEYS lie together, when they lie on a server. */
static err open_file(struct ctx *cx, struct store_conn *conn, database_role role, store_file file)
{
    conn->leader[file] = file;
    if (store_is_local(conn->store, file))
        return open_local(cx, conn, role, file);
    if (role == ROLE_CHECKPOINTER)
        return OK;
    bool is_beside = file == STORE_LEDGER || file == STORE_PEOPLE;
    if (!is_beside)
        return open_remote(cx, conn, role, file);
    conn->leader[file] = STORE_RECORDS;
    conn->of_file[file] = conn->of_file[STORE_RECORDS];
    return OK;
}

unsigned conn_files_beside(const struct store_conn *conn, store_file file)
{
    unsigned files = 0;
    for (store_file other = 0; other < STORE_FILE_COUNT; other++)
        files |= conn->leader[other] == conn->leader[file] ? 1U << other : 0;
    return files;
}

err conn_open(struct ctx *cx, struct store *store, database_role role, struct store_conn **out)
{
    struct store_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        return FAIL_MEMORY(cx);
    conn->store = store;
    conn->is_writer = role == ROLE_WRITER;
    err result = OK;
    /* what is far away first: when it cannot be reached, nothing was made here */
    for (int local = 0; local <= 1; local++)
        for (store_file file = 0; result == OK && file < STORE_FILE_COUNT; file++)
            if (store_is_local(store, file) == (local == 1))
                result = open_file(cx, conn, role, file);
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
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (conn->leader[file] == file)
            database_close(conn->of_file[file]);
    free(conn);
}

/* Whoever has a store has reached its database: one that is away now is waited for, as by all that is open already. */
err store_conn_open(struct ctx *cx, struct store *store, struct store_conn **out)
{
    int64_t until_ms = postgres_now_ms() + LIMIT_STORE_BUSY_MS;
    err result = conn_open(cx, store, ROLE_READER, out);
    while (result == UNAVAILABLE && store_waits(store) && postgres_now_ms() < until_ms) {
        struct arena_mark before = arena_mark(cx->arena);
        (void)nanosleep(&(struct timespec){.tv_nsec = OPEN_AGAIN_MS * 1000000L}, NULL); /* a signal shortens it */
        failure_clear(&cx->failure);
        result = conn_open(cx, store, ROLE_READER, out);
        if (result != OK)
            arena_go_back(cx->arena, &before);
    }
    return result;
}

void store_conn_close(struct store_conn *conn)
{
    conn_close(conn);
}

err conn_prepare_all(struct ctx *cx, struct store_conn *conn)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        TRY(conn->of_file[STATEMENTS[i].file]->engine->prepare(cx, conn->of_file[STATEMENTS[i].file], &STATEMENTS[i]));
    return OK;
}

static err begin(struct ctx *cx, struct store_conn *conn, store_file leader, database_move how)
{
    TRY(database_move_to(cx, conn->of_file[leader], how));
    conn->began[leader] = true;
    return OK;
}

/* ---- keys in a folder beside data on a server */

static bool stands_apart(const struct store_conn *conn, store_file leader)
{
    return leader == STORE_KEYS && store_is_local(conn->store, STORE_KEYS) &&
           !store_is_local(conn->store, STORE_PEOPLE);
}

static uint32_t version_of_keys(const struct store_conn *conn)
{
    return conn->of_file[STORE_KEYS]->engine->version_of_data(conn->of_file[STORE_KEYS]);
}

/* A look leaves behind which version it has seen. */
static void note_version(struct store_conn *conn)
{
    if (conn->apart.looks == 1)
        conn->apart.seen = version_of_keys(conn);
}

/* The statement that follows sees a state of its own. */
static void note_look(struct store_conn *conn)
{
    note_version(conn);
    conn->apart.looks += conn->apart.looks < 2;
}

/* Whoever holds the keys may stand still for ever: a batch waits for that once, and the next ones less. */
static err begin_keys(struct ctx *cx, struct store_conn *conn)
{
    struct keys_apart *apart = &conn->apart;
    sqlite_file_of(conn->of_file[STORE_KEYS])->wait_ms = apart->wait_ms;
    err result = begin(cx, conn, STORE_KEYS, MOVE_BEGIN_WRITE);
    apart->is_held = result != OK;
    apart->wait_ms = apart->is_held ? 0 : LIMIT_STORE_BUSY_MS;
    return result;
}

/* From here on they stand still until the commit. What the write has read of them before must be true now. */
static err hold_keys(struct ctx *cx, struct store_conn *conn)
{
    note_version(conn);
    TRY(begin_keys(cx, conn));
    if (conn->apart.looks == 0 || version_of_keys(conn) == conn->apart.seen)
        return OK;
    return FAIL(cx, UNAVAILABLE, "store.conflict", "another server has changed the keys meanwhile");
}

/* ---- a statement's file */

static err join_batch(struct ctx *cx, struct store_conn *conn, store_file leader, bool writes)
{
    if (!stands_apart(conn, leader))
        return begin(cx, conn, leader, MOVE_BEGIN_WRITE);
    if (writes)
        return hold_keys(cx, conn);
    note_look(conn);
    return OK;
}

/* A savepoint costs a database that is far away as much as a change. There none is opened until a write has to be
 * undone alone: then its batch is run again with one for each. */
static bool is_bare(const struct store_conn *conn, const struct database *db)
{
    return db->engine->post != NULL && !conn->saves && !conn->is_careful;
}

err conn_touch(struct ctx *cx, struct store_conn *conn, store_file file, bool writes)
{
    store_file leader = conn->leader[file];
    assert(!writes || conn->is_running); /* a write statement outside a write: our mistake */
    if (conn->is_reading && !conn->began[leader])
        return begin(cx, conn, leader, MOVE_BEGIN_READ);
    if (conn->is_running && !conn->began[leader])
        TRY(join_batch(cx, conn, leader, writes));
    conn->wrote_people |= writes && file == STORE_PEOPLE;
    conn->wrote_keys |= writes && file == STORE_KEYS;
    if (writes && !conn->saved[leader]) {
        if (!is_bare(conn, conn->of_file[leader]))
            TRY(database_move_to(cx, conn->of_file[leader], MOVE_SAVE));
        conn->saved[leader] = true;
    }
    return OK;
}

/* ---- reading */

static uint32_t version_of_people(const struct store_conn *conn)
{
    return conn->of_file[STORE_PEOPLE]->engine->version_of_data(conn->of_file[STORE_PEOPLE]);
}

/* Only an engine that numbers its commits lets two looks at the people file be compared. */
static bool has_editions(const struct store_conn *conn)
{
    return version_of_people(conn) != 0;
}

err store_read_begin(struct ctx *cx)
{
    struct store_conn *conn = cx->db;
    if (conn->is_writer) /* a batch sees one state anyway */
        return OK;
    assert(!conn->is_reading);
    conn->is_reading = true; /* each file's transaction begins with the first statement on it */
    if (has_editions(conn))
        conn->edition = atomic_load(&conn->store->people_edition) + 1; /* before that: never newer than what is seen */
    return OK;
}

/* Ends a transaction that has nothing to keep. What is no leader has begun none. */
static void end(struct store_conn *conn, store_file file, database_move how)
{
    struct ctx own = {.arena = NULL};
    if (conn->began[file] && database_in_transaction(conn->of_file[file])) {
        err result = database_move_to(&own, conn->of_file[file], how);
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
        end(conn, file, MOVE_COMMIT);
    conn->is_reading = false;
}

void store_keys_look_again(struct ctx *cx)
{
    struct store_conn *conn = cx->db;
    if (conn->is_reading && conn->leader[STORE_KEYS] == STORE_KEYS)
        end(conn, STORE_KEYS, MOVE_COMMIT);
}

int64_t store_people_edition(const struct ctx *cx)
{
    const struct store_conn *conn = cx->db;
    if (!has_editions(conn))
        return 0;
    if (conn->is_writer)
        return conn->is_running && !conn->wrote_people ? atomic_load(&conn->store->people_edition) + 1 : 0;
    return conn->is_reading ? conn->edition : 0;
}

bool store_people_goes_first(const struct ctx *cx)
{
    const struct store_conn *conn = cx->db;
    bool is_one_commit = conn->leader[STORE_PEOPLE] == conn->leader[STORE_LEDGER];
    return conn->is_writer && conn->is_running && (is_one_commit || !conn->wrote_people);
}

/* ---- the writer's batch */

static void count_edition(struct store_conn *conn)
{
    (void)atomic_fetch_add(&conn->store->people_edition, 1);
}

err conn_begin_batch(struct ctx *cx, struct store_conn *conn, bool *out_is_news)
{
    assert(conn->is_writer && !conn->is_running);
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        conn->of_file[file]->is_late = false;
    conn->apart.wait_ms = conn->apart.is_held ? LIMIT_KEYS_LOCK_MS : LIMIT_STORE_BUSY_MS;
    TRY(begin(cx, conn, conn->leader[STORE_PEOPLE], MOVE_BEGIN_WRITE));
    bool is_news = version_of_people(conn) != conn->people_version;
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
    conn->wrote_keys = false;
    conn->kept_time = false;
    conn->people_version = version_of_people(conn);
}

void conn_begin_write(struct store_conn *conn)
{
    assert(conn->began[conn->leader[STORE_PEOPLE]] && !conn->is_running);
    conn->is_running = true;
    conn->apart.looks = 0;
}

/* Nothing to go back to. */
static err fail_bare(struct ctx *cx, struct store_conn *conn)
{
    conn->saves = true;
    return FAIL(cx, UNAVAILABLE, "store.conflict", "a write of the batch has to be undone alone");
}

err conn_end_write(struct ctx *cx, struct store_conn *conn, bool keep)
{
    bool counts = keep && !conn->is_uncounted;
    conn->is_running = false;
    conn->is_uncounted = false;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        bool bare = is_bare(conn, conn->of_file[file]);
        bool gave_up = conn->began[file] && !database_in_transaction(conn->of_file[file]);
        if (bare && (gave_up || (conn->saved[file] && !keep)))
            return fail_bare(cx, conn);
        if (gave_up)
            return FAIL(cx, UNAVAILABLE, "store.commit", "the database gave up the transaction");
        if (!conn->saved[file])
            continue;
        conn->saved[file] = false;
        conn->changed[file] |= counts && conn->touched[file];
        conn->touched[file] = false;
        if (bare)
            continue;
        if (!keep)
            TRY(database_move_to(cx, conn->of_file[file], MOVE_RESTORE));
        TRY(database_move_to(cx, conn->of_file[file], MOVE_RELEASE));
    }
    return OK;
}

/* The ledger bears each read: its generation goes with the mark of the time, which lies there, about once a second. */
static bool is_due(const struct store_conn *conn, store_file file)
{
    bool counts = conn->changed[file] && generation_is_kept(conn->store, file);
    return counts && (file != STORE_LEDGER || conn->kept_time);
}

static err commit_file(struct ctx *cx, struct store_conn *conn, store_file file)
{
    struct database *db = conn->of_file[file];
    int64_t generation = 0;
    bool raises = is_due(conn, file);
    if (raises)
        TRY(generation_raise(cx, file, &generation));
    db->counts = conn->changed[file] && !generation_is_kept(conn->store, file);
    TRY(database_move_to(cx, db, MOVE_COMMIT));
    conn->began[file] = false;
    if (raises)
        generation_note(conn->store, file, generation);
    if (db->counts)
        generation_note_change(conn->store);
    conn->changed[file] = conn->changed[file] && !raises && !db->counts;
    return OK;
}

bool conn_asks_together(const struct store_conn *conn)
{
    return conn->of_file[STORE_PEOPLE]->engine->ahead != NULL;
}

bool conn_is_late(const struct store_conn *conn)
{
    bool is_late = false;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        is_late |= conn->of_file[file]->is_late;
    return is_late;
}

/* What lies in another database is committed on its own: not before all of the batch is known to have succeeded. */
static err settle(struct ctx *cx, struct store_conn *conn)
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (conn->began[file] && conn->of_file[file]->engine->settle != NULL)
            TRY(conn->of_file[file]->engine->settle(cx, conn->of_file[file]));
    return OK;
}

err conn_commit_batch(struct ctx *cx, struct store_conn *conn)
{
    if (conn->wrote_keys)
        TRY(settle(cx, conn));
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        if (!conn->began[file])
            continue;
        err result = commit_file(cx, conn, file);
        if (result != OK) {
            conn_abandon_batch(conn);
            return result;
        }
    }
    end_batch(conn);
    return OK;
}

void conn_abandon_batch(struct store_conn *conn)
{
    conn->is_running = false;
    conn->is_uncounted = false;
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        end(conn, file, MOVE_ROLLBACK);
        conn->touched[file] = false;
        if (!generation_is_kept(conn->store, file))
            conn->changed[file] = false; /* that was of this batch alone */
    }
    uint32_t heard = conn->people_version;
    end_batch(conn);
    conn->people_version = heard; /* what was news to this batch is news to the next one, which is refused as well */
}

void conn_lend_slot(const struct store_conn *conn, struct number_source *numbers)
{
    const struct database *people = conn->of_file[STORE_PEOPLE];
    int64_t slot = people->engine->slot(people);
    if (slot < 0)
        return;
    number_lift(numbers, people->newest);
    number_use_slot(numbers, slot);
}

void conn_keep_newest(struct store_conn *conn, const struct number_source *numbers)
{
    int64_t last = atomic_load_explicit(&numbers->last, memory_order_relaxed);
    if (last > conn->of_file[STORE_PEOPLE]->newest)
        conn->of_file[STORE_PEOPLE]->newest = last;
}

bool conn_io_failed(const struct store_conn *conn)
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (conn->of_file[file]->io_failed)
            return true;
    return false;
}
