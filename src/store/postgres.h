/* SPDX-License-Identifier: Apache-2.0
 * The door to PostgreSQL, inside this floor only; the three postgres*.c files alone include <libpq-fe.h>. One
 * connection in pipeline mode (libpq, "Pipeline Mode"): words that give no rows are sent with the next statement that
 * somebody waits for, so a transaction costs no round trips of its own. No wait is longer than LIMIT_STORE_BUSY_MS: a
 * server that does not answer is a lost one, and the next transaction connects anew. */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "store/database.h"

struct pg_conn;
struct pg_result;

struct postgres_options {
    const char   *url;    /* postgresql://…, or postgres://…, as libpq takes it; borrowed for the call */
    const char   *schema; /* where the tables lie; a literal */
    database_role role;
    bool          create;    /* make the schema when it is missing */
    bool          volatile_; /* take a server that does not sync, and do not wait for its disk: benches only */
};

#define POSTGRES_OWED_MAX 16

/* An answer that the server owes: of words, of a statement that somebody waits for, of a synchronisation. */
typedef enum postgres_owed { OWED_WORD, OWED_ROWS, OWED_SYNC } postgres_owed;

struct postgres {
    struct database   base;
    struct pg_conn   *link; /* NULL: lost */
    struct postgres_options options; /* url: a copy of its own */
    char             *url;
    postgres_owed     owed[POSTGRES_OWED_MAX]; /* in the order of what was sent */
    size_t            owed_count;
    struct pg_result **results;  /* by index of STATEMENTS; the last: a passing one. NULL unless it runs */
    int              *at;        /* the row of each that `read` gives */
    bool             *prepared;  /* on this connection */
    bool              in_transaction;
    bool              saved;  /* a savepoint is open, behind which an error does not end the transaction */
    bool              broken; /* an error came in the transaction */
    int64_t           changed;
    int64_t           writer_id; /* of the mark of its batches; 0: none */
    int64_t           slot;      /* of that mark, and of the numbers that it makes */
    int64_t           batch;     /* the number of the last batch that was to be committed */
};

/* Connects, reads back what the server must be, makes the schema. Fails UNAVAILABLE store.connect, CONFLICT
 * store.version | store.setting, NOT_FOUND store.missing, FORBIDDEN store.rights. */
err postgres_open(struct ctx *cx, const struct postgres_options *options, struct postgres **out) MUST_CHECK;
struct postgres *postgres_of(struct database *db); /* NULL when its engine is another one */

/* ---- between the files of this engine */

extern const struct engine POSTGRES_ENGINE;

/* Connects again when the connection is lost. UNAVAILABLE store.lost. */
err postgres_ready(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Sends words without parameters or rows; nobody waits. */
err postgres_send(struct ctx *cx, struct postgres *pg, const char *sql) MUST_CHECK;
void postgres_owe(struct postgres *pg, postgres_owed owed);
/* Ends a group of what was sent: the server works off the next one whatever became of this. */
err postgres_sync(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Reads all that is owed. Rows of the last statement among it go to `out_rows`, unless that is NULL; the caller frees
 * them. Fails with the first failure among the answers; `what` names it. */
err postgres_collect(struct ctx *cx, struct postgres *pg, const char *what, struct pg_result **out_rows) MUST_CHECK;
/* Words, and the wait for them. */
err postgres_say(struct ctx *cx, struct postgres *pg, const char *sql) MUST_CHECK;
/* One row of words or numbers, as text; NULL members of `out` for a row that is not there. */
err postgres_ask(struct ctx *cx, struct postgres *pg, const char *sql, size_t count, const char **out) MUST_CHECK;
void postgres_lose(struct postgres *pg); /* drops the connection and what it owed */

/* The mark by which a commit is found again whose answer was lost (postgres_commit.c). UNAVAILABLE store.servers. */
err postgres_mark_begin(struct ctx *cx, struct postgres *pg) MUST_CHECK;
void postgres_mark_end(struct postgres *pg); /* lets somebody else have its slot at once */
err postgres_commit(struct ctx *cx, struct postgres *pg) MUST_CHECK;

#endif
