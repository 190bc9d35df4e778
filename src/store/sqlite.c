/* SPDX-License-Identifier: Apache-2.0
 * Opening a file, its settings, its write-ahead log, and what SQLite's result codes mean here. No message of SQLite
 * goes out but those about our own SQL text, since others may quote what lies in the file. */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/page_sum.h"

#define READER_CACHE_BYTES (2 * 1024 * 1024) /* small: the mapped file is the cache, a commit elsewhere empties this */
#define WRITER_CACHE_BYTES (16 * 1024 * 1024)
#define BUSY_POLL_NS 1000000

/* What people may hear (busy, full) is said without `what`. */
err sqlite_fail(struct ctx *cx, struct sqlite_file *file, int code, const char *what)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return FAIL(cx, CONFLICT, "store.duplicate", "such a thing exists already");
    default:
        break;
    }
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return FAIL(cx, UNAVAILABLE, "store.busy", "another process holds the store for too long");
    case SQLITE_FULL:
        return FAIL(cx, UNAVAILABLE, "store.full", "the disk of the store is full");
    case SQLITE_NOMEM:
        return FAIL(cx, UNAVAILABLE, "store.memory", "no memory is left");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return FAIL(cx, CORRUPT, "store.damaged", "a file of the store is damaged (%s, code %d)", what, code);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return FAIL(cx, INTERNAL, "store.open",
                    "a file of the store does not open for writing (%s, code %d)", what, code);
    case SQLITE_READONLY:
        return FAIL(cx, INTERNAL, "store.open",
                    "the store is read-only here: this user must be able to write its folder and its files (%s)", what);
    case SQLITE_IOERR:
        file->base.io_failed = true;
        return FAIL(cx, INTERNAL, "store.io", "the disk of the store refused (%s, code %d)", what, code);
    default:
        return FAIL(cx, INTERNAL, "store.failed", "the database refused (%s, code %d)", what, code);
    }
}

static int64_t monotonic_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Polls evenly: SQLite's own back-off grows to 100 ms, and a busy node leaves gaps of microseconds only. On a busy
 * machine a pause takes longer than it says: the time is what counts, not how often. */
static int wait_for_lock(void *arg, int times)
{
    struct sqlite_file *file = arg;
    if (times == 0)
        file->waits_since_ms = monotonic_ms();
    if (monotonic_ms() - file->waits_since_ms >= file->wait_ms)
        return 0;
    (void)nanosleep(&(struct timespec){.tv_nsec = BUSY_POLL_NS}, NULL); /* a signal only makes the wait shorter */
    return 1;
}

/* SQLite would make the file with the rights that umask leaves. An existing one is not opened here: closing it would
 * drop the locks that this process holds on it. */
static err create_file(struct ctx *cx, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return FAIL(cx, INTERNAL, "store.open", "a file of the store cannot be made (errno %d)", errno);
    if (fd >= 0)
        (void)close(fd); /* nothing was written through it */
    return OK;
}

static err check_setting(struct ctx *cx, struct sqlite_file *file, const char *name, const char *wanted)
{
    char sql[80];
    sqlite3_stmt *prepared = NULL;
    (void)snprintf(sql, sizeof sql, "PRAGMA %s", name);
    int code = sqlite3_prepare_v2(file->db, sql, -1, &prepared, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(prepared);
    struct text shown = code == SQLITE_ROW ? text_of((const char *)sqlite3_column_text(prepared, 0)) : TEXT_NONE;
    bool agrees = text_is(shown, wanted);
    (void)sqlite3_finalize(prepared); /* repeats the code of the step */
    if (code != SQLITE_ROW)
        return sqlite_fail(cx, file, code, name);
    if (!agrees)
        return FAIL(cx, INTERNAL, "store.setting", "the setting %s did not take the value %s", name, wanted);
    return OK;
}

struct setting {
    const char *name;
    const char *value;
    const char *shown; /* how SQLite answers when it has taken the value */
};

/* Where two change the kind of log at one moment SQLite turns one away at once and asks nobody whether he waits. */
static err run_patiently(struct ctx *cx, struct sqlite_file *file, const char *sql)
{
    int64_t until_ms = monotonic_ms() + file->wait_ms;
    err result = sqlite_run(cx, &file->base, sql);
    while (result == UNAVAILABLE && text_is(text_of(cx->failure.reason), "store.busy") && monotonic_ms() < until_ms) {
        failure_clear(&cx->failure);
        (void)nanosleep(&(struct timespec){.tv_nsec = BUSY_POLL_NS}, NULL); /* a signal only makes the wait shorter */
        result = sqlite_run(cx, &file->base, sql);
    }
    return result;
}

static err apply_setting(struct ctx *cx, struct sqlite_file *file, const struct setting *setting)
{
    char sql[80];
    (void)snprintf(sql, sizeof sql, "PRAGMA %s = %s", setting->name, setting->value);
    TRY(run_patiently(cx, file, sql));
    return check_setting(cx, file, setting->name, setting->shown);
}

static err apply_settings(struct ctx *cx, struct sqlite_file *file, const struct sqlite_options *options)
{
    static const struct setting ALWAYS[] = {
        {"page_size", "4096", "4096"},   {"journal_mode", "WAL", "wal"},   {"secure_delete", "ON", "1"},
        {"foreign_keys", "ON", "1"},     {"trusted_schema", "OFF", "0"},   {"cell_size_check", "ON", "1"},
        {"temp_store", "MEMORY", "2"},   {"wal_autocheckpoint", "0", "0"},
    };
    static const struct setting READING[] = {
        {"query_only", "ON", "1"},
        {"mmap_size", "2147418112", "2147418112"}, /* the most that Debian's SQLite maps */
    };
    static const struct setting DURABLE = {"synchronous", "FULL", "2"};
    static const struct setting VOLATILE = {"synchronous", "OFF", "0"};
    int64_t cache_bytes = options->role == ROLE_WRITER ? WRITER_CACHE_BYTES : READER_CACHE_BYTES;
    char cache[24];
    if (options->cache_bytes > 0)
        cache_bytes = options->cache_bytes;
    (void)snprintf(cache, sizeof cache, "-%lld", (long long)(cache_bytes / 1024));
    TRY(apply_setting(cx, file, &(struct setting){"cache_size", cache, cache}));
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
        TRY(apply_setting(cx, file, &ALWAYS[i]));
    for (size_t i = 0; options->role == ROLE_READER && i < sizeof READING / sizeof *READING; i++)
        TRY(apply_setting(cx, file, &READING[i]));
    return apply_setting(cx, file, options->volatile_ ? &VOLATILE : &DURABLE);
}

/* What cannot be said as a pragma: no text in double quotes, no views or triggers, no way round the file format. */
static err harden(struct ctx *cx, struct sqlite_file *file)
{
    static const struct {
        int option;
        int on;
    } SWITCHES[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_DQS_DDL, 0},     {SQLITE_DBCONFIG_DQS_DML, 0},
                    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0}};
    for (size_t i = 0; i < sizeof SWITCHES / sizeof *SWITCHES; i++) {
        int now = -1;
        int code = sqlite3_db_config(file->db, SWITCHES[i].option, SWITCHES[i].on, &now);
        if (code != SQLITE_OK || now != SWITCHES[i].on)
            return FAIL(cx, INTERNAL, "store.setting", "switch %d of the database did not take", SWITCHES[i].option);
    }
    return OK;
}

static err prepare_moves(struct ctx *cx, struct sqlite_file *file)
{
    static const char *const SQL[MOVE_COUNT] = {
        [MOVE_BEGIN_READ] = "BEGIN",          [MOVE_BEGIN_WRITE] = "BEGIN IMMEDIATE", [MOVE_COMMIT] = "COMMIT",
        [MOVE_ROLLBACK] = "ROLLBACK",         [MOVE_SAVE] = "SAVEPOINT one_write",
        [MOVE_RELEASE] = "RELEASE one_write", [MOVE_RESTORE] = "ROLLBACK TO one_write",
    };
    for (size_t i = 0; i < MOVE_COUNT; i++) {
        int code = sqlite3_prepare_v3(file->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &file->moves[i], NULL);
        if (code != SQLITE_OK)
            return sqlite_fail(cx, file, code, SQL[i]);
    }
    return OK;
}

static err open_and_set(struct ctx *cx, const struct sqlite_options *options, struct sqlite_file *file)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int reserved = PAGE_SUM_BYTES; /* taken by a file that has no pages yet; every other one has them */
    const char *vfs = page_vfs();
    int code = vfs == NULL ? SQLITE_NOMEM : sqlite3_open_v2(options->path, &file->db, flags, vfs);
    if (code == SQLITE_OK && options->role == ROLE_WRITER)
        code = sqlite3_file_control(file->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    if (code != SQLITE_OK)
        return sqlite_fail(cx, file, code, "open");
    if (options->role != ROLE_CHECKPOINTER) /* before everything else: even reading a setting may meet a lock */
        code = sqlite3_busy_handler(file->db, wait_for_lock, file);
    if (code != SQLITE_OK)
        return sqlite_fail(cx, file, code, "busy handler");
    TRY(harden(cx, file));
    TRY(apply_settings(cx, file, options));
    return prepare_moves(cx, file);
}

static err find_or_make(struct ctx *cx, const struct sqlite_options *options)
{
    if (options->create)
        return create_file(cx, options->path);
    if (access(options->path, F_OK) == 0)
        return OK;
    return errno == ENOENT ? FAIL(cx, NOT_FOUND, "store.missing", "a file of the store is missing")
                           : FAIL(cx, INTERNAL, "store.io", "a file of the store cannot be looked at (errno %d)",
                                  errno);
}

err sqlite_open(struct ctx *cx, const struct sqlite_options *options, struct sqlite_file **out)
{
    /* Without statistics SQLite takes no process-wide lock at each allocation. Refused once a file is open: no harm. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    TRY(find_or_make(cx, options));
    struct sqlite_file *file = calloc(1, sizeof *file);
    struct sqlite3_stmt **prepared = calloc(STATEMENT_COUNT + 1, sizeof(struct sqlite3_stmt *));
    if (file == NULL || prepared == NULL) {
        free(file);
        free(prepared);
        return FAIL_MEMORY(cx);
    }
    file->base.engine = &SQLITE_ENGINE;
    file->prepared = prepared;
    file->wait_ms = LIMIT_STORE_BUSY_MS;
    err result = open_and_set(cx, options, file);
    if (result != OK) {
        sqlite_close(&file->base);
        return result;
    }
    *out = file;
    return OK;
}

struct sqlite_file *sqlite_file_of(struct database *db)
{
    return db->engine == &SQLITE_ENGINE ? (struct sqlite_file *)db : NULL;
}

void sqlite_close(struct database *db)
{
    struct sqlite_file *file = sqlite_file_of(db);
    for (size_t i = 0; i <= STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(file->prepared[i]); /* repeats the code of the last step, which was looked at then */
    for (size_t i = 0; i < MOVE_COUNT; i++)
        (void)sqlite3_finalize(file->moves[i]);
    int code = sqlite3_close(file->db);
    assert(code == SQLITE_OK); /* otherwise a statement of ours is still open */
    free(file->prepared);
    free(file);
}

static int count_log(void *pages, sqlite3 *db, const char *name, int count)
{
    (void)db;
    (void)name; /* always the one file of this connection */
    atomic_store((_Atomic int64_t *)pages, count);
    return SQLITE_OK;
}

void sqlite_watch_log(struct sqlite_file *file, _Atomic int64_t *pages)
{
    (void)sqlite3_wal_hook(file->db, count_log, pages); /* gives the argument of the hook before: there is none */
}

err sqlite_run_checkpoint(struct ctx *cx, struct sqlite_file *file, sqlite_checkpoint kind, int wait_ms)
{
    static const int MODES[] = {[CHECKPOINT_PASSIVE] = SQLITE_CHECKPOINT_PASSIVE,
                                [CHECKPOINT_RESTART] = SQLITE_CHECKPOINT_RESTART,
                                [CHECKPOINT_TRUNCATE] = SQLITE_CHECKPOINT_TRUNCATE};
    int code = sqlite3_busy_timeout(file->db, wait_ms);
    if (code == SQLITE_OK)
        code = sqlite3_wal_checkpoint_v2(file->db, NULL, MODES[kind], NULL, NULL);
    return code == SQLITE_OK ? OK : sqlite_fail(cx, file, code, "checkpoint");
}

err sqlite_run(struct ctx *cx, struct database *db, const char *sql)
{
    struct sqlite_file *file = sqlite_file_of(db);
    int code = sqlite3_exec(file->db, sql, NULL, NULL, NULL);
    if (code == SQLITE_ERROR) /* about our own text: the message helps and quotes nothing else */
        return FAIL(cx, INTERNAL, "store.statement", "%s", sqlite3_errmsg(file->db));
    return code == SQLITE_OK ? OK : sqlite_fail(cx, file, code, "schema");
}
