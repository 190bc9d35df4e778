/* SPDX-License-Identifier: Apache-2.0
 * A handle on the four files, inside this floor only. A reader's belongs to its thread; the writer's is where writes
 * run: its files join the batch's transaction with the first statement that touches them, so that what a write reads
 * stays true until its commit. The people file is the root: a batch begins with it, which in SQLite takes its write
 * lock and so orders all writers of all processes, and commits it last. Several files may lie in one database, which
 * then has one transaction for them: what is kept for it stands at its leader, the first of them.
 * Keys in a folder beside data on a server join a batch with the first change of them alone: servers that share the
 * folder would hold each other up for as long as a batch is on its way to the server. */
#ifndef STORE_CONN_H
#define STORE_CONN_H

#include "store/database.h"

/* Keys in a folder beside data on a server, as the writer has them (conn.c). */
struct keys_apart {
    int      looks;   /* of the running write, before it changes any: none, one, more */
    uint32_t seen;    /* the version of the file at the first, once there are more */
    int      wait_ms; /* for their lock, in the running batch */
    bool     is_held; /* by another process: the last wait was in vain */
};

struct store_conn {
    struct store         *store;
    bool                  is_writer;
    bool                  is_reading; /* a reader between begin and end */
    bool                  is_running; /* the writer inside one write */
    struct database      *of_file[STORE_FILE_COUNT];
    store_file            leader[STORE_FILE_COUNT]; /* of the database in which a file lies */
    bool                  began[STORE_FILE_COUNT];  /* leaders: in a transaction of ours */
    bool                  saved[STORE_FILE_COUNT];  /* leaders: the running write has its savepoint there, if any */
    bool                  touched[STORE_FILE_COUNT]; /* leaders: the running write has changed a row there */
    bool                  changed[STORE_FILE_COUNT]; /* leaders: since the generation was raised */
    bool                  is_uncounted;   /* the running write is the store's own: the data is as it was */
    bool                  kept_time;      /* the running batch has kept it */
    bool                  wrote_people;   /* the running batch, even if that was undone */
    bool                  wrote_keys;     /* the same */
    struct keys_apart     apart;
    bool                  saves;          /* each write of the batch has a savepoint, wherever its database is */
    bool                  is_careful;     /* every statement of a write is waited for */
    uint32_t              people_version; /* the database's, after our own last batch */
    int64_t               edition;        /* a reader's, as its read began */
};

err conn_open(struct ctx *cx, struct store *store, database_role role, struct store_conn **out) MUST_CHECK;
void conn_close(struct store_conn *conn); /* takes NULL */

/* Under which name a file lies in a database on a server. */
const char *conn_schema(store_file file);
/* The files that lie in the same database as this one, itself too: bit 1 << file. */
unsigned conn_files_beside(const struct store_conn *conn, store_file file);

/* Prepares every statement, so that one that does not fit the schema shows at start. */
err conn_prepare_all(struct ctx *cx, struct store_conn *conn) MUST_CHECK;

/* Brings a file into the state that the next statement on it needs. */
err conn_touch(struct ctx *cx, struct store_conn *conn, store_file file, bool writes) MUST_CHECK;

/* The writer's batch: begin, any number of writes, then commit or abandon. A failing write leaves nothing and the
 * others stay. `conn_end_write` fails when the batch itself is lost, UNAVAILABLE store.conflict also when it is to be
 * run again so that one write can be undone alone. News: another process has written since the last
 * batch. */
err conn_begin_batch(struct ctx *cx, struct store_conn *conn, bool *out_is_news) MUST_CHECK;
void conn_begin_write(struct store_conn *conn);
err conn_end_write(struct ctx *cx, struct store_conn *conn, bool keep) MUST_CHECK;
/* Whether what is announced for several writes before the first of them runs is fetched together. */
bool conn_asks_together(const struct store_conn *conn);
/* Whether something was not done in the batch after its write had gone on: then all of it is done again, carefully. */
bool conn_is_late(const struct store_conn *conn);
err conn_commit_batch(struct ctx *cx, struct store_conn *conn) MUST_CHECK; /* abandons what it cannot commit */
void conn_abandon_batch(struct store_conn *conn);

/* Around the writes of a batch that has begun: gives a source the slot that it needs and lifts it behind what was made
 * there; keeps what it has made since. */
void conn_lend_slot(const struct store_conn *conn, struct number_source *numbers);
void conn_keep_newest(struct store_conn *conn, const struct number_source *numbers);

/* Once the disk has refused anything, nothing written since can be trusted. */
bool conn_io_failed(const struct store_conn *conn);

#endif
