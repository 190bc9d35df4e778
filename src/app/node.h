/* SPDX-License-Identifier: Apache-2.0
 * An opened node: key folder, store, effects, and a ctx that speaks as its operator. Made once by a program. The
 * folder: keys/ (the key folder; never in a backup of the data), store/ (the four files). */
#ifndef APP_NODE_H
#define APP_NODE_H

#include "app/mark.h"
#include "base/ctx.h"
#include "base/log.h"
#include "store/look.h"
#include "store/store.h"

struct key_return_sweep; /* domain/people/key_return.h */
struct person_keys_lost; /* domain/people/person_key.h */

struct node {
    struct clock         clock;
    struct randomness    randomness;
    struct number_source numbers;
    struct keyring      *keyring;
    int                  walls;  /* for the calls of this process: bits of enum sandbox_process */
    int64_t              lacks;  /* of its walls: bits of enum sandbox_lack */
    int64_t              holder; /* the process that holds the keys, as holder.c has made it; 0: this one */
    struct store        *store;
    struct log           log;
    struct log_share     log_share;
    struct ctx           cx; /* the operator's, on the main thread */
    bool                 is_newest; /* the data, as the marks say: what is done to it is marked */
    struct mark_kept     kept;    /* the courier's once it runs, as the two below */
    struct ledger_seen   seen;    /* of the log, by this process */
    bool                 is_older; /* the data, than what this process has seen of it */
    int64_t              found[STORE_FILE_COUNT]; /* the generations of the files when it was opened */
    bool                 marks_missing; /* one of those beside the keys, when it was opened */
    int64_t              returned;      /* erased people whose keys were found again, and destroyed again */
    int64_t              returned_buckets; /* the same of bucket keys that lay beside the newer ones */
    bool                 more_beside; /* when it was opened: more of those than could be destroyed */
    int64_t              left_beside; /* of those, while some other key is lost, as the log has heard */
};

/* Where the data of a node lies. */
struct node_place {
    const char *url;    /* of the data */
    const char *keys;   /* the same for the wrapped keys of people; NULL: with the data */
    const char *folder; /* what of it lies on this machine; NULL: nothing does */
    struct store_url_files files; /* what a connection reads besides, */
    struct store_url_files key_files; /* and one to the keys */
    struct store_route route;     /* ways to both; found only for who is confined, who then takes the URLs of these */
    struct store_route key_route;
};

struct node_options {
    const char *data;  /* folder */
    const char *store; /* URL, or NULL: sqlite: in the folder */
    const char *keys;  /* file: and a key folder; NULL: in the folder. Or the URL of a database for keys, with data on a
                        * server only: then root key and marks alone lie in the folder */
    bool        create;
    bool        renew_marks; /* goes on without marks that were kept: for who has been told what that means */
    bool        moves;       /* as in store_options, */
    bool        moves_keys;  /* and this */
    /* How the program opens node->keyring, and what it gives up before the store is opened and any thread is made.
     * NULL: keyring_open(), and nothing. */
    err (*open_keys)(struct node *node, const char *folder, bool create);
    err (*confine)(struct node *node, const struct node_place *place);
};

/* The name of a folder is on disk only when the one above it is. False also when that one may not be read. */
bool node_sync_name(struct ctx *cx, const char *path) MUST_CHECK;

/* Where that is, from `data` and `store`. */
err node_find_place(struct ctx *cx, const struct node_options *options, struct node_place *out) MUST_CHECK;

/* Fills clock, randomness, log and an arena; nothing is opened yet. */
void node_begin(struct node *node, bool json_log);
/* NOT_FOUND node.missing when there is none and `create` is not set, CORRUPT node.store_lost | node.other_keys |
 * node.mark_missing | log.went_back | store.went_back | key.root when keys and data are not of one node and one time;
 * whoever was erased and has come back with an older copy of the keys is gone again when it returns;
 * fails as keyring_open() and store_open() do. */
err node_open(struct node *node, const struct node_options *options) MUST_CHECK;
/* One step of a start, behind the first look at the database. When that goes away for a moment it is waited for: the
 * step is done again until LIMIT_STORE_BUSY_MS are over. Fails as the step does. */
err node_patiently(struct node *node, err (*step)(struct node *node, void *arg), void *arg) MUST_CHECK;
/* Closes what was opened; safe at any stage. */
void node_close(struct node *node);

/* A ctx for another thread of the node: own arena and read handle. node_ctx_close() gives both back. */
err node_ctx_open(struct node *node, struct ctx *out) MUST_CHECK;
void node_ctx_close(struct ctx *cx);

/* One write as the operator, waiting for it. */
err node_write(struct node *node, store_write_fn run, void *arg) MUST_CHECK;
/* With a ctx of the calling thread: looks whether the keys were put back from an older copy, and sees to it that nobody
 * comes back with it (domain/people/key_return.h). At start, and then by the courier. `is_thorough`: whatever they
 * say. */
err node_check_keys(struct node *node, struct ctx *cx, bool is_thorough) MUST_CHECK;
/* With a ctx of the calling thread: the next page of the bucket keys that were destroyed, and destroys again what has
 * come back; what cannot be yet, the courier goes on with. */
err node_sweep_buckets(struct node *node, struct ctx *cx, struct key_return_sweep *sweep) MUST_CHECK;
/* With a ctx of the calling thread: how many bucket keys are lost. Tells log and /readyz when that changes. */
err node_look_for_lost(struct node *node, struct ctx *cx, struct person_keys_lost *out) MUST_CHECK;
/* Keeps the marks when writes of this process have changed the store: what a command does is as final as the rest, also
 * before it failed. Not where the data was refused. Gives `result`, or why they were not kept when that is OK. */
err node_keep_marks(struct node *node, err result) MUST_CHECK;
/* Numbers what waits for the log and takes away leftovers, so that a command leaves nothing behind for a server that
 * does not run. */
err node_settle(struct node *node) MUST_CHECK;

#endif
