/* SPDX-License-Identifier: Apache-2.0
 * The store of a node: named, typed statements on rows, and one writer. Everything above sees only this header and the
 * generated "store/queries.h". A node's data lies in four files (table spaces on PostgreSQL), so that the hot one stays
 * quiet and the keys stay out of backups; an act that touches several is committed in the order of the enum, and each
 * act is written so that a crash between two files leaves nothing visible (the people file is the root). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/ctx.h"
#include "base/timekeeper.h"

typedef enum store_file {
    STORE_KEYS,    /* wrapped person keys; never in the backups of the others */
    STORE_RECORDS, /* what departments hold about people: most of the bytes, not on the hot path */
    STORE_LEDGER,  /* disclosures: append-only, one commit per group */
    STORE_PEOPLE,  /* everything else */
    STORE_FILE_COUNT
} store_file;

struct store;
struct store_conn;

struct store_options {
    const char         *url;      /* "sqlite:FOLDER" or "postgresql://…" */
    const char         *keys_url; /* where STORE_KEYS lies, in the same words; NULL: where all lies, SQLite only */
    const struct clock *clock;
    bool                create;   /* make the folder and the files when they are missing */
    bool                volatile_; /* benches only: synchronous=OFF, said loudly by the caller */
    bool                moves;     /* opened to be moved (move.h): also where it is not to be served */
    bool                moves_keys; /* the same for the keys alone (keys_move.h) */
    bool                is_target; /* and to be filled: CONFLICT store.not_empty before anything is changed */
    int64_t             cache_bytes; /* page cache of one read handle; 0: the default */
    /* Called when the disk has refused a write or a checkpoint: the process must end, since nothing may be tried again
     * after a failed fsync. NULL: abort(). One that returns (tests) leaves a store that refuses every write. */
    void (*fatal)(void *arg, const char *why);
    void *fatal_arg;
    /* The greatest number in the files, asked when another process has written: a batch goes on behind it; or NULL */
    err (*newest_number)(struct ctx *cx, int64_t *out);
};

/* Opens, checks the settings by reading them back, migrates forward. Starts the writer thread with the first write.
 * Every statement is prepared once, so that one that does not fit the schema shows here. Fails INVALID store.url,
 * NOT_FOUND store.missing, FORBIDDEN store.exposed (others may read or write a file), CONFLICT store.too_new |
 * store.migration_changed | store.moved | store.half_copied, INTERNAL store.open | store.setting | store.statement,
 * CORRUPT store.damaged | store.went_back (a file is older than another says), UNAVAILABLE store.busy. */
err store_open(struct ctx *cx, const struct store_options *options, struct store **out) MUST_CHECK;
/* Waits until all that is queued is written, checkpoints, closes. Every handle must be closed before. Takes NULL. */
void store_close(struct store *store);

/* A number that this opening of the store has, and no other has. */
int64_t store_name(const struct store *store);

/* Whether asking it means to wait for a server: then no loop should. */
bool store_waits(const struct store *store);
/* Whether a file lies in the folder, not on a server. */
bool store_is_local(const struct store *store, store_file file);

/* A read handle of one thread. Put it into `cx->db`. */
err store_conn_open(struct ctx *cx, struct store *store, struct store_conn **out) MUST_CHECK;
void store_conn_close(struct store_conn *conn); /* takes NULL */

/* The statements between begin and end see one state of each file. Nests not. Ending without a begin is allowed. Inside
 * a write both do nothing: a write sees one state anyway. */
err store_read_begin(struct ctx *cx) MUST_CHECK;
void store_read_end(struct ctx *cx);

/* Names what the people file holds, for two looks at it: between store_read_begin() and its end what is seen, or older;
 * in a write what stands there now. When both are equal and not 0, nothing in it has changed since the read began. */
int64_t store_people_edition(const struct ctx *cx); /* 0: not known, or the running batch has written to it */
/* Inside a write: whether what it sees of that file is on disk before what it writes, or by the same commit. */
bool store_people_goes_first(const struct ctx *cx);

/* ---- writes: a function that the store runs where writes happen, in a savepoint of its own. It may return an error
 * and leaves nothing then; it may be run again, when what it left in `arg` must not count, nor that it was there, and
 * its memory in the arena is taken back; it re-checks what it relies on, because the caller's snapshot is older.
 * `cx->db` and `cx->now_ms` are the writer's. */
typedef err (*store_write_fn)(struct ctx *cx, void *arg);

struct store_write {
    struct ctx    *cx;   /* the caller's; its arena must live until `done` */
    store_write_fn run;
    void          *arg;
    void (*announce)(struct ctx *cx, void *arg); /* optional: sql_…_ahead() of what `run` will ask; runs before it */
    void (*announce_more)(struct ctx *cx, void *arg); /* optional: the same of what only the answers tell; may ask */
    /* It writes the ledger only, by what the people file says. The ledger is committed before that: beside acts of
     * its own group it would tell of what a power cut may take. So it runs behind them, when they are on disk. */
    bool in_ledger;
    /* Called on the writer thread with a chain of writes, linked by `next`, that were submitted one after the other
     * with this same `done`, once their group commit is on disk: one call may wake a thread once for many. Each says in
     * `result` how it went: OK, the error of `run` (in cx->failure), or UNAVAILABLE store.commit | store.busy |
     * store.full when the commit failed. Must not block nor call the store, which looks at no write afterwards. */
    void (*done)(struct store_write *first);
    void               *owner;  /* the caller's, untouched */
    err                 result; /* the store's, as the next ones */
    struct actor        actor;  /* whom the caller's ctx named: so it does each time that it runs */
    struct arena_mark   mark;   /* of the caller's arena, before the first run */
    struct store_write *next;
};

/* Hands a chain of `count` writes (linked by `next`) to the writer: one lock, one wake. False: the queue is full and
 * none was taken; answer 503 (LIMIT_WRITE_QUEUE). */
bool store_submit(struct store *store, struct store_write *first, size_t count) MUST_CHECK;
/* The same for what must not wait behind the rest: taken before it, LIMIT_WRITE_RESERVE beyond the full queue, and
 * written on a full disk too, as far as LIMIT_STORE_RESERVE_BYTES go. */
bool store_submit_urgent(struct store *store, struct store_write *first, size_t count) MUST_CHECK;

/* Submits one write and waits: for the command line, the node's own work, pool threads and tests; never on a loop. It
 * waits behind all that is queued, and finds room beyond the full queue: there are few such threads. Fails as `run`
 * does, or UNAVAILABLE store.queue_full or as `done` says. */
err store_write_wait(struct store *store, struct ctx *cx, store_write_fn run, void *arg) MUST_CHECK;

/* ---- time: what base/timekeeper.h makes of the node's clocks. It never goes back, also not over a restart. */
int64_t store_now_ms(struct store *store);
/* Both moments of a ctx: now_ms and wall_ms. A write has those of the writer, and leaves them to its caller. */
void store_set_moment(struct store *store, struct ctx *cx);
/* The same for somebody outside, who may hold us to it. */
void store_tell_moment(struct store *store, struct ctx *cx);
/* The time is not before this moment, which something in the files bears. At start, before anything is told. */
void store_lift_time(struct store *store, int64_t at_ms);
/* Writes the mark when it is due: to be called about once a second by whoever keeps the node running. Fails as
 * store_write_wait() does. */
err store_keep_time(struct store *store, struct ctx *cx) MUST_CHECK;
/* The last mark of an orderly end: nothing will be told after it. */
err store_settle_time(struct store *store, struct ctx *cx) MUST_CHECK;
/* Whether the wall clock is believed, and how far it is ahead of the time (behind: below 0). */
clock_trust store_clock_trust(struct store *store, int64_t *out_ahead_ms);

/* How often writes have changed each file: it is in the file, and never goes back while nobody puts an older one in its
 * place. As far as this process knows: never more than is on disk. 0 for data on a server (data_age.h). */
void store_generations(struct store *store, int64_t out[STORE_FILE_COUNT]);
err store_fail_older(struct ctx *cx, store_file file, const char *than) MUST_CHECK; /* CORRUPT store.went_back */
const char *store_file_name(store_file file); /* "people.db" */

struct store_counters {
    int64_t writes, refused_writes, commits, queued, checkpoints, trips; /* trips: waits for a database server */
    int64_t file_bytes[STORE_FILE_COUNT];
    int64_t reserve_bytes; /* less than LIMIT_STORE_RESERVE_BYTES: the disk is full, only what is urgent is written */
};
void store_counters(struct store *store, struct store_counters *out);

/* Copies every file but the keys into `folder` while the node runs, all as they are at one moment between two batches.
 * CONFLICT store.backup_exists; fails as store_write_wait(). */
err store_backup(struct ctx *cx, struct store *store, const char *folder) MUST_CHECK;
/* integrity_check of every file; CORRUPT store.damaged when one does not pass. */
err store_check(struct ctx *cx, struct store *store) MUST_CHECK;
/* Empties the write-ahead log of the keys file, where a destroyed key would lie last; on a server: keys_place.h. Not
 * inside a write. UNAVAILABLE store.busy when a reader held on to an older state: try again. */
err store_scrub_keys(struct ctx *cx, struct store *store) MUST_CHECK;

#endif
