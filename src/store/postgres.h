/* SPDX-License-Identifier: Apache-2.0
 * The door to PostgreSQL, inside this floor only; the postgres*.c files alone include <libpq-fe.h>. One
 * connection in pipeline mode (libpq, "Pipeline Mode"): words, changes that nobody asks the result of, and questions
 * that were announced are sent with the next statement that somebody waits for. So a transaction costs no round trips
 * of its own, and several questions cost one. No wait is longer than one and a half LIMIT_STORE_BUSY_MS: a server that
 * does not answer is a lost one, and the next transaction connects anew. But for DDL in a transaction (migrations,
 * spreading tables) and for walks, which take what they take. */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include <stdatomic.h>

#include "store/database.h"
#include "store/look.h"

struct pg_conn;
struct pg_result;

struct postgres_options {
    const char   *url;    /* postgresql://…, or postgres://…, as libpq takes it; borrowed for the call */
    const char   *schema; /* where the tables lie; a literal */
    database_role role;
    bool          create;    /* make the schema when it is missing */
    bool          volatile_; /* take a server that does not sync, and do not wait for its disk: benches only */
    bool          is_bare;   /* says nothing to the session that it is given: for who asks whether it is its own */
    bool          moves;     /* for a move: statements take as long as they take, and it writes where others may not */
    int64_t       wait_ms;   /* for an answer; 0: as long as everybody waits */
    struct postgres_way *way; /* shared by the connections of a store; NULL: each looks for itself */
};

/* What is known about the way to a server that does not answer: one connection at a time tries it, and not at once
 * again; the others fail meanwhile without waiting. */
struct postgres_way {
    _Atomic bool    is_tried;
    _Atomic int64_t shut_until_ms; /* monotonic; 0: it is open */
    _Atomic int64_t trips;         /* how often one of them has waited for an answer */
};

/* An answer that the server owes: of words, of a change that was posted, of preparing a statement, of a statement that
 * was announced, of one that somebody waits for, of a synchronisation. */
typedef enum owed_kind { OWED_WORD, OWED_POSTED, OWED_PREPARED, OWED_AHEAD, OWED_ROWS, OWED_SYNC } owed_kind;

struct postgres_owed {
    owed_kind kind;
    size_t    slot;    /* OWED_PREPARED: of the statement; OWED_AHEAD: its place in `ahead` */
    bool      is_past; /* of a transaction that has ended: nobody is told of its failures */
    bool      is_one;  /* OWED_POSTED: of a statement that is to change exactly one row */
};

#define POSTGRES_OWED_AT_ONCE 8 /* by what is sent between two looks at the room */
struct postgres {
    struct database   base;
    struct pg_conn   *link; /* NULL: lost */
    struct postgres_options options; /* url: a copy of its own */
    char             *url;
    struct postgres_owed *owed; /* in the order of what was sent */
    size_t            owed_count;
    size_t            owed_max;
    struct postgres_ahead *ahead; /* postgres_ahead.h; in the order of what was announced */
    size_t           *ahead_of;   /* by hash: the place behind that of the last one; 0: there is none */
    size_t            ahead_sent; /* so many were looked at for sending */
    size_t            ahead_count;
    size_t            ahead_max;
    struct postgres_many *many;  /* postgres_many.h */
    struct pg_result **results;  /* by index of STATEMENTS; the last: a passing one. NULL unless it runs */
    int              *at, *end;  /* the row of each that `read` gives; of what was announced, that behind its last */
    bool             *is_lent;   /* those rows are of an announced statement, which keeps them */
    bool             *prepared;  /* on this connection; behind them the same for many at once, and words */
    bool              is_spread; /* over several machines: each statement says where its rows lie, so they go alone */
    bool              in_transaction;
    bool              is_fresh; /* its first word is sent, and nothing in it was answered yet */
    bool              was_cut;  /* the connection went inside it: nothing more is done before its end is said */
    bool              is_patient; /* what is asked now takes its time */
    bool              is_hung;  /* the connection was given up because the server did not answer in time */
    bool              saved;  /* a savepoint is open, behind which an error does not end the transaction */
    bool              broken; /* an error came in the transaction */
    const struct statement *walk; /* the walk that has begun this transaction, to end it; else NULL */
    int64_t           changed;
    int64_t           writer_id; /* of the mark of its batches; 0: none */
    bool              has_place; /* the place was looked at when the store was opened, */
    int64_t           place;     /* and this move was the last that had come there (struct place, `token`) */
    int64_t           slot;      /* of that mark, and of the numbers that it makes */
    int64_t           batch;     /* the number of the last batch that was to be committed */
};

/* Connects, reads back what the server must be, makes the schema. Fails INVALID store.url, USAGE store.option,
 * UNAVAILABLE store.connect | store.read_only, CONFLICT store.version | store.setting, NOT_FOUND store.missing,
 * FORBIDDEN store.rights. */
err postgres_open(struct ctx *cx, const struct postgres_options *options, struct postgres **out) MUST_CHECK;
struct postgres *postgres_of(struct database *db); /* NULL when its engine is another one */

/* The files that a URL names, and the way that it says: see look.h. */
err postgres_url_files(struct ctx *cx, const char *url, struct store_url_files *out) MUST_CHECK;
err postgres_route(struct ctx *cx, const char *url, struct store_route *out) MUST_CHECK;

/* ---- between the files of this engine */

extern const struct engine POSTGRES_ENGINE;

/* What libpq says about it goes nowhere: it may be a password. INVALID store.url, USAGE store.option: will never do. */
err postgres_url_check(struct ctx *cx, const char *url) MUST_CHECK;
err postgres_connect(struct ctx *cx, struct postgres *pg) MUST_CHECK;
err postgres_settle(struct ctx *cx, struct postgres *pg) MUST_CHECK; /* makes a bare session one of the house */
/* Connects again when the connection is lost, outside of a transaction. UNAVAILABLE store.lost. */
err postgres_ready(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Makes sure that a few answers more may be owed, if need be by waiting for the others. */
err postgres_make_room(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Sends words without parameters or rows; nobody waits. */
err postgres_send(struct ctx *cx, struct postgres *pg, const char *sql) MUST_CHECK;
void postgres_owe(struct postgres *pg, struct postgres_owed owed);
/* Ends a group of what was sent: the server works off the next one whatever became of this. */
err postgres_sync(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Reads all that is owed. Rows of the last statement among it go to `out_rows`, unless that is NULL; the caller frees
 * them. Fails with the first failure among the answers; `what` names it. */
err postgres_collect(struct ctx *cx, struct postgres *pg, const char *what, struct pg_result **out_rows) MUST_CHECK;
/* Words, and the wait for them. */
err postgres_say(struct ctx *cx, struct postgres *pg, const char *sql) MUST_CHECK;
/* The same for something that is made unless it is there: two who make it at one moment meet in the catalogue, and the
 * later one is told of a duplicate. */
err postgres_make(struct ctx *cx, struct postgres *pg, const char *sql) MUST_CHECK;
/* One row of words or numbers, as text; NULL members of `out` for a row that is not there. */
err postgres_ask(struct ctx *cx, struct postgres *pg, const char *sql, size_t count, const char **out) MUST_CHECK;
int64_t postgres_wait_ms(const struct postgres *pg); /* for all that is owed */
void postgres_note_way(struct postgres *pg, bool is_open);
void postgres_lose(struct postgres *pg); /* drops the connection and what it owed */
int64_t postgres_now_ms(void); /* monotonic: what is waited for does not stand still with the clock of a test */
err postgres_fail_lost(struct ctx *cx, struct postgres *pg); /* gives up the connection */

/* What time it is there, after connecting again if need be. */
err postgres_moment(struct ctx *cx, struct database *db, struct database_moment *out) MUST_CHECK;

/* data_age.h. Once there is the table of marks. */
err postgres_changes(struct ctx *cx, struct database *db, int64_t *out) MUST_CHECK;
err postgres_lift_changes(struct ctx *cx, struct postgres *pg, int64_t least) MUST_CHECK; /* to no less than that */

err postgres_mark_make(struct ctx *cx, struct postgres *pg) MUST_CHECK; /* that table, unless it is there */
/* The mark by which a commit is found again whose answer was lost: made before a writer's first transaction.
 * UNAVAILABLE store.servers. */
err postgres_mark_begin(struct ctx *cx, struct postgres *pg) MUST_CHECK;
void postgres_mark_end(struct postgres *pg); /* lets somebody else have its slot at once */
err postgres_commit(struct ctx *cx, struct postgres *pg) MUST_CHECK;
/* Begins a transaction that takes the place of each writer, so that no batch under way commits after it, or gives them
 * free; its own commit leaves no mark. Waits for batches that are about to commit. */
err postgres_fence_begin(struct ctx *cx, struct postgres *pg, bool closes) MUST_CHECK;
/* Whoever writes from now on makes numbers behind this one. */
err postgres_lift_numbers(struct ctx *cx, struct postgres *pg, int64_t newest) MUST_CHECK;
/* "postgresql://HOST:PORT/DATABASE", for people: no user, no password, none of what stands behind. */
err postgres_shown(struct ctx *cx, const struct postgres *pg, struct text *out) MUST_CHECK;

#endif
