/* SPDX-License-Identifier: Apache-2.0
 * What a store is, inside this floor only. Everything that threads share is atomic or belongs to the writer's lock. */
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/timekeeper.h"
#include "store/conn.h"
#include "store/postgres.h"
#include "store/store.h"

struct line {
    struct store_write *first;
    struct store_write *last;
};

/* The queue of writes and the thread that empties it. */
struct writer {
    pthread_mutex_t     lock;
    pthread_cond_t      wake;
    struct line         urgent; /* taken first; with lock, as all up to `closing` */
    struct line         others;
    size_t              queued;
    bool                started;
    bool                closing;
    bool                failed; /* the disk refused: nothing is taken any more */
    pthread_t           thread;
    struct store_conn  *conn; /* the thread's, once it runs, as the next one */
    size_t              batch_max; /* writes of the next batch */
    int                 reserve; /* reserve.h */
};

/* The thread that moves the write-ahead logs back into their files. */
struct checkpointer {
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    bool            closing;
    bool            started;
    pthread_t       thread;
    struct arena   *arena; /* the thread's, once it runs */
    _Atomic int64_t log_pages[STORE_FILE_COUNT]; /* after the last commit of this process */
};

/* The time, and how much of it is on disk. */
struct store_clock {
    pthread_mutex_t   lock;
    struct timekeeper keeper; /* with lock */
    int64_t           boot;
    bool              is_of_server; /* the wall clock that counts is the database's */
    _Atomic int64_t   offset_us;    /* then: the database's clock, less what has elapsed here */
    _Atomic bool      asked;            /* the time was told to somebody since the last mark */
    _Atomic bool      wanted;           /* the next batch writes a mark, whatever the time */
    _Atomic int64_t   saved_at_ms;      /* the mark on disk; 0: not known */
    _Atomic int64_t   saved_elapsed_ms;
    _Atomic int64_t   saved_horizon_ms;
};

struct store {
    int64_t              name;
    int64_t              place;    /* the last move that had come here when it was opened (struct place, `token`) */
    char                *folder;   /* of the files that lie on this machine; NULL: there are none */
    char                *url;      /* of the database server; NULL: all lies in the folder */
    char                *keys_url; /* the same for STORE_KEYS */
    struct postgres_way  way;      /* to each of them */
    struct postgres_way  way_to_keys;
    struct store_options options;  /* without its urls */
    struct clock         clock;
    struct writer        writer;
    struct checkpointer  checkpointer;
    struct store_clock   time;
    _Atomic int64_t      people_edition;     /* counts the changes of the people file that we know of */
    _Atomic int64_t      generations[STORE_FILE_COUNT]; /* generation.h: of what is on disk, or less */
    _Atomic int64_t      changes; /* of data on a server, by our own batches */
    _Atomic int64_t      writes;
    _Atomic int64_t      refused_writes;
    _Atomic int64_t      commits;
    _Atomic int64_t      checkpoints;
};

bool store_is_server(const char *url);
/* INVALID store.url unless both urls are: a folder for all, or a server for the data with a place for the keys. */
err store_check_place(struct ctx *cx, const struct store_options *options) MUST_CHECK;
/* "FOLDER/people.db" in the arena; NULL when it is exhausted. */
const char *store_path(struct arena *arena, const char *folder, store_file file);

/* Ends what can no longer be trusted: the hook of the options, or abort(). */
void store_fatal(struct store *store, const char *why);

void store_clock_init(struct store *store); /* the lock; the time comes with the load */
void store_clock_done(struct store *store);
err store_clock_load(struct ctx *cx, struct store *store) MUST_CHECK; /* with the writer's handle, before its thread */
/* Keeps the mark on disk about once a second, as the first write of a batch, and at once when the time has leapt. */
err store_clock_save(struct ctx *cx, struct store *store, struct store_conn *conn) MUST_CHECK;
void store_clock_unsaved(struct store *store); /* the batch is lost: perhaps the mark is not on disk */

err writer_open(struct ctx *cx, struct store *store) MUST_CHECK; /* the thread starts with the first write */
void writer_close(struct store *store);                          /* after everything that is queued */

void checkpointer_open(struct store *store);
bool checkpointer_start(struct store *store) MUST_CHECK;
void checkpointer_close(struct store *store);

/* A thread that leaves all signals to others. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg) MUST_CHECK;

#endif
