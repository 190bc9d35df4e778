/* SPDX-License-Identifier: Apache-2.0
 * The keys of a node whose data lies on a server go from the key folder into a database, or back; the data stays. They
 * are few, so nothing is copied beside a node that runs: the data is closed, all is copied in one transaction, looked
 * at by the caller between keys_move_fill() and keys_move_open(), and destroyed at the source; then the data is open
 * again. Each step may be broken off and done again, and at each moment one place at least holds every key. */
#ifndef STORE_KEYS_MOVE_H
#define STORE_KEYS_MOVE_H

#include "store/conn.h"
#include "store/store.h"

struct keys_move {
    struct store *from; /* opened with `moves` and `moves_keys`; cx->keyring has a holder for a move */
    struct store *to;   /* the same; the data is the same */
    struct text   shown; /* the target, for people */
    struct text   node; /* the name of the log: whose keys they are */
    struct text   mark; /* the published checkpoint, and the size it speaks of; none: nothing is published yet */
    int64_t       mark_size;
    int64_t       data_generation; /* how often the data had been changed by then */
    int64_t       least; /* the generation of the file of keys that the mark beside them knows */
    /* the move's own */
    int64_t token;
    bool    is_fresh; /* not begun yet: what is there may be looked at while it is served */
    bool    is_open; /* the target holds all: only the source is to be destroyed */
    bool    is_done;
    int64_t people;  /* with a key; known by keys_move_fill() */
};

/* Inside this floor: CONFLICT store.moved | store.half_copied when the keys that lie there are not to be used. */
err keys_place_check(struct ctx *cx, struct store_conn *conn) MUST_CHECK;

/* Where the keys of a store lie, for people: without user, password and settings. */
err keys_shown(struct ctx *cx, struct store *store, struct text *out) MUST_CHECK;

/* All fail as stores and the holder do. */
/* Whether keys_move_begin() would begin; changes nothing. Fails as it does. */
err keys_move_check(struct ctx *cx, struct keys_move *move) MUST_CHECK;
/* Says at the target that it is being filled, and closes data and source: servers that run end. CONFLICT
 * store.not_empty, store.moved (the keys go elsewhere, or have gone); CORRUPT key.root (another node's place). */
err keys_move_begin(struct ctx *cx, struct keys_move *move) MUST_CHECK;
/* Copies all but what is to be destroyed, and reads it back. CORRUPT move.tables, move.differs; seal.broken, CONFLICT
 * store.overtaken. */
err keys_move_fill(struct ctx *cx, struct keys_move *move) MUST_CHECK;
/* From here on the target is the place of the keys. CONFLICT store.overtaken. */
err keys_move_open(struct ctx *cx, struct keys_move *move) MUST_CHECK;
/* Destroys what lies at the source, and opens the data. UNAVAILABLE store.busy as store_scrub_keys(): try again. */
err keys_move_finish(struct ctx *cx, struct keys_move *move) MUST_CHECK;
/* Instead: destroys what was copied, and opens source and data. CONFLICT store.moved when the target is open. */
err keys_move_cancel(struct ctx *cx, struct keys_move *move) MUST_CHECK;
/* The same where the target is lost and cannot be asked: for who has been told what that means. `out_was`: keys of this
 * store were on their way. CONFLICT store.moved when they are destroyed here. */
err keys_move_forget(struct ctx *cx, struct store *from, bool *out_was) MUST_CHECK;

#endif
