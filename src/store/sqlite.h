/* SPDX-License-Identifier: Apache-2.0
 * The door to SQLite, inside this floor only: files opened with the settings of the house, statements prepared, bound
 * and stepped by their descriptors, errors in the words of base/error.def. The three sqlite*.c files alone include
 * <sqlite3.h>. A sqlite_file belongs to one thread at a time. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <stdatomic.h>

#include "store/statement.h"

struct sqlite3;
struct sqlite3_stmt;

typedef enum sqlite_role {
    SQLITE_READER,      /* refuses writes; maps the file */
    SQLITE_WRITER,
    SQLITE_CHECKPOINTER /* waits for nobody */
} sqlite_role;

struct sqlite_options {
    const char *path;
    sqlite_role role;
    bool        create;      /* make the file, readable by its owner only, when it is missing */
    bool        volatile_;   /* synchronous=OFF: benches only */
    int64_t     cache_bytes; /* page cache; 0: the default of the role */
};

/* The words that move transactions, prepared once for each open file. */
typedef enum sqlite_control {
    CONTROL_BEGIN_READ,
    CONTROL_BEGIN_WRITE, /* takes the file's write lock at once */
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_SAVE,        /* opens the savepoint */
    CONTROL_RELEASE,     /* keeps what came after it */
    CONTROL_RESTORE,     /* undoes what came after it; the savepoint stays open */
    CONTROL_COUNT
} sqlite_control;

struct sqlite_file {
    struct sqlite3      *db;
    struct sqlite3_stmt *control[CONTROL_COUNT];
    bool                 io_failed; /* for good, once the disk refused anything */
};

/* Opens and reads every setting back. Fails NOT_FOUND store.missing, INTERNAL store.open | store.setting, CORRUPT
 * store.damaged, UNAVAILABLE store.busy. */
err sqlite_open(struct ctx *cx, const struct sqlite_options *options, struct sqlite_file *out) MUST_CHECK;
void sqlite_close(struct sqlite_file *file); /* its statements first; takes a zeroed one */

/* Keeps `pages` at the number of pages in the file's write-ahead log after each commit of this file. */
void sqlite_watch_log(struct sqlite_file *file, _Atomic int64_t *pages);

typedef enum sqlite_checkpoint {
    CHECKPOINT_PASSIVE, /* copies what it can without making anyone wait */
    CHECKPOINT_RESTART, /* waits up to `wait_ms` for writer and readers, then copies all: the log begins anew */
    CHECKPOINT_TRUNCATE /* the same, and the log file is emptied */
} sqlite_checkpoint;
/* UNAVAILABLE store.busy when someone was in the way; nothing is lost then. */
err sqlite_run_checkpoint(struct ctx *cx, struct sqlite_file *file, sqlite_checkpoint kind, int wait_ms) MUST_CHECK;

/* Several statements without parameters or rows: DDL. */
err sqlite_run(struct ctx *cx, struct sqlite_file *file, const char *sql) MUST_CHECK;
err sqlite_move(struct ctx *cx, struct sqlite_file *file, sqlite_control control) MUST_CHECK;
/* Changes with every commit to the file, our own and others'; of others' it knows once a transaction has begun. */
uint32_t sqlite_version_of_data(const struct sqlite_file *file);
bool sqlite_in_transaction(const struct sqlite_file *file); /* SQLite ends one by itself after some errors */

/* Prepares and compares with the descriptor: parameters, columns, reading or writing. INTERNAL store.statement. */
err sqlite_prepare(struct ctx *cx, struct sqlite_file *file, const struct statement *statement,
                   struct sqlite3_stmt **out) MUST_CHECK;
void sqlite_finalize(struct sqlite3_stmt *prepared); /* takes NULL */

/* What a step needs to know. */
struct sqlite_run_of {
    struct sqlite_file     *file;
    const struct statement *statement;
    struct sqlite3_stmt    *prepared;
};
/* Borrows text and bytes of `in` until the next bind. */
err sqlite_bind(struct ctx *cx, const struct sqlite_run_of *run, const void *in) MUST_CHECK;
err sqlite_step(struct ctx *cx, const struct sqlite_run_of *run, bool *out_row) MUST_CHECK;
/* Text and bytes lie in SQLite's memory until the next step or reset. NULL reads as 0 or empty. CORRUPT store.damaged
 * when a column is not of its declared type. */
err sqlite_read(struct ctx *cx, const struct sqlite_run_of *run, void *row) MUST_CHECK;
void sqlite_reset(const struct sqlite_run_of *run);
int64_t sqlite_changed(const struct sqlite_file *file); /* rows changed by the last INSERT, UPDATE or DELETE */

/* Copies the file, as it is at one moment, to a new file at `path`. CONFLICT store.backup_exists. */
err sqlite_copy(struct ctx *cx, struct sqlite_file *file, const char *path) MUST_CHECK;
/* CORRUPT store.damaged when the file does not agree with itself. */
err sqlite_check(struct ctx *cx, struct sqlite_file *file) MUST_CHECK;

/* Gives birth to the failure that a result code of SQLite means; `what` is a literal or the name of a statement. */
err sqlite_fail(struct ctx *cx, struct sqlite_file *file, int code, const char *what) MUST_CHECK;

#endif
