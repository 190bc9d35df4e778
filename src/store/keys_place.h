/* SPDX-License-Identifier: Apache-2.0
 * Keys in a database of their own, on a server (docs/decisions/0024). A row that is deleted there stays in the file of
 * its table and in the server's log, so store_scrub_keys() has the tables written anew, looks whether nothing is left,
 * and has the log cut where that is permitted. This header says what the server does of its own accord,
 * and how old the keys are, wherever they lie. */
#ifndef STORE_KEYS_PLACE_H
#define STORE_KEYS_PLACE_H

#include "store/store.h"

/* All false for keys in a folder. */
struct store_keys_place {
    bool is_server;
    bool is_beside;   /* the data lies on the same server: a copy of the whole server holds both */
    bool may_cut_log; /* the node's user may end the segment of the write-ahead log and have a checkpoint made */
    bool keeps_log;   /* by its settings older segments stay: recycled, archived, kept for somebody */
};
/* With cx->db, outside of a reading. Fails as the store does. */
err store_keys_look(struct ctx *cx, struct store *store, struct store_keys_place *out) MUST_CHECK;

/* How often batches have changed the keys, as these say it themselves, and as this process has seen it: the second is
 * the higher one once somebody has put an older copy in their place. With cx->db. Fails as the store does. */
err store_keys_generation(struct ctx *cx, struct store *store, int64_t *out, int64_t *out_seen) MUST_CHECK;
/* What this thread reads of the keys from here on is of now, also between store_read_begin() and its end: a bucket key
 * in the folder may be gone that an older state of the rows still names. */
void store_keys_look_again(struct ctx *cx);
/* An older copy is what there is, and somebody sees to it: until now, changes of it fail (CORRUPT store.went_back). */
void store_keys_accept(struct store *store);

#endif
