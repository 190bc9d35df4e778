/* SPDX-License-Identifier: Apache-2.0
 * The door to SQLite, inside this floor only: files opened with the settings of the house, errors in the words of
 * base/error.def; statements go through the engine's table of database.h. The three sqlite*.c files alone include
 * <sqlite3.h>. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <stdatomic.h>

#include "store/database.h"

struct sqlite3;
struct sqlite3_stmt;

struct sqlite_options {
    const char   *path;
    database_role role;
    bool          create;      /* make the file, readable by its owner only, when it is missing */
    bool          volatile_;   /* synchronous=OFF: benches only */
    int64_t       cache_bytes; /* page cache; 0: the default of the role */
};

struct sqlite_file {
    struct database       base;
    struct sqlite3       *db;
    int64_t               waits_since_ms; /* for a lock */
    struct sqlite3_stmt  *moves[MOVE_COUNT]; /* prepared once for each open file */
    struct sqlite3_stmt **prepared;          /* by index of STATEMENTS; the last: a passing one */
    int                   wait_ms;           /* for a lock that another process holds */
    int64_t               named;             /* rows that a statement of MEETS_ALL is to change, before it is stepped */
};

/* Opens and reads every setting back; closed by database_close(). Fails NOT_FOUND store.missing, INTERNAL store.open |
 * store.setting, CORRUPT store.damaged, UNAVAILABLE store.busy. */
err sqlite_open(struct ctx *cx, const struct sqlite_options *options, struct sqlite_file **out) MUST_CHECK;

/* The file that a database is; NULL when its engine is another one. */
struct sqlite_file *sqlite_file_of(struct database *db);

/* Keeps `pages` at the number of pages in the file's write-ahead log after each commit of this file. */
void sqlite_watch_log(struct sqlite_file *file, _Atomic int64_t *pages);

typedef enum sqlite_checkpoint {
    CHECKPOINT_PASSIVE, /* copies what it can without making anyone wait */
    CHECKPOINT_RESTART, /* waits up to `wait_ms` for writer and readers, then copies all: the log begins anew */
    CHECKPOINT_TRUNCATE /* the same, and the log file is emptied */
} sqlite_checkpoint;
/* UNAVAILABLE store.busy when someone was in the way; nothing is lost then. */
err sqlite_run_checkpoint(struct ctx *cx, struct sqlite_file *file, sqlite_checkpoint kind, int wait_ms) MUST_CHECK;

/* Begins to read, also where it has begun before: until the handle moves on, it sees the file as it is now. */
err sqlite_fix(struct ctx *cx, struct sqlite_file *file) MUST_CHECK;
/* Copies the file, as it is at one moment (or was at that of sqlite_fix()), to a new file at `path`. CONFLICT
 * store.backup_exists. */
err sqlite_copy(struct ctx *cx, struct sqlite_file *file, const char *path) MUST_CHECK;
/* CORRUPT store.damaged when the file does not agree with itself. */
err sqlite_check(struct ctx *cx, struct sqlite_file *file) MUST_CHECK;

/* Gives birth to the failure that a result code of SQLite means; `what` is a literal or the name of a statement, for
 * failures that only operators read. */
err sqlite_fail(struct ctx *cx, struct sqlite_file *file, int code, const char *what) MUST_CHECK;

/* The statements' half of the engine, in sqlite_statement.c. */
extern const struct engine SQLITE_ENGINE;
void sqlite_close(struct database *db);
err sqlite_run(struct ctx *cx, struct database *db, const char *sql) MUST_CHECK;

#endif
