/* SPDX-License-Identifier: Apache-2.0
 * Whether a place may be served. While a store moves (move.h) there are two that hold it, and at each moment at most
 * one is the node: the source until it is closed, the target once it is opened. Each says so itself, in a row that does
 * not move; so every program that opens a place hears it. Inside this floor only. */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "store/conn.h"

/* On disk: never renumber. */
typedef enum place_state {
    PLACE_OPEN = 0,   /* the node, or nobody's yet */
    PLACE_HALF = 1,   /* being filled from elsewhere: not to be served */
    PLACE_CLOSED = 2, /* nothing is written any more, what is here goes elsewhere; may be opened again */
    PLACE_MOVED = 3,  /* the node is elsewhere, for good */
    PLACE_KEYS = 4,   /* nothing is written while its keys move (keys_move.h); opened again by that move */
} place_state;

struct place {
    place_state state;
    int64_t     token; /* of the run of the move that may go on; 0: there was none */
    struct text other; /* the place at the other end */
    struct text node;  /* whose data it is */
};

/* With any handle in `cx`. CORRUPT store.damaged when it says nothing of itself. */
err place_load(struct ctx *cx, struct place *out) MUST_CHECK;
/* CONFLICT store.moved | store.half_copied when it is not to be served. */
err place_check(struct ctx *cx, const struct place *place) MUST_CHECK;
/* With the writer's handle, in a batch before which another process has written: UNAVAILABLE store.moved. Needs no
 * memory. */
err place_check_batch(struct ctx *cx) MUST_CHECK;
/* Before the migrations of a place that is to be filled: CONFLICT store.not_empty when something lies there that has
 * never moved. Changes nothing. */
err place_check_target(struct ctx *cx, struct store_conn *conn) MUST_CHECK;

/* Puts `next` there, through a writer's handle of its own. What has `next->state` PLACE_CLOSED, PLACE_MOVED or
 * PLACE_KEYS takes no change of any other program from then on; those under way are waited for. */
err place_save(struct ctx *cx, struct store_conn *conn, const struct place *next) MUST_CHECK;
/* The same, where it is still as in `held` (state and token): CONFLICT store.overtaken. */
err place_exchange(struct ctx *cx, struct store_conn *conn, const struct place *held,
                   const struct place *next) MUST_CHECK;
/* Inside a write: it is still as in `held`, and stays so until the commit. CONFLICT store.overtaken. */
err place_hold(struct ctx *cx, const struct place *held) MUST_CHECK;

#endif
