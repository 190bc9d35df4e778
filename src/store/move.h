/* SPDX-License-Identifier: Apache-2.0
 * A store goes to another place: a folder, or a database server. What is there is copied while it is served, then the
 * source is closed, the rest is copied, all is compared, and the target is opened. Until that last step the source is
 * the node and can be opened again; each step may be broken off and done again. What the copy means is for the caller
 * to look at, between store_move_settle() and store_move_finish(). See docs/decisions/0023-moving-a-store.md. */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "store/store.h"

typedef enum move_step {
    MOVE_STEP_COPY,    /* beside the node that runs */
    MOVE_STEP_COMPARE, /* the same: what has changed meanwhile */
    MOVE_STEP_SETTLE,  /* the source is closed */
} move_step;

struct move_progress {
    move_step   step;
    const char *table;
    int64_t     rows; /* read of the source in this step */
};

/* A row that was not the same in both places. */
struct move_change {
    const char *table;
    int64_t     person_id; /* whose it is; 0: nobody's */
    bool        is_new;    /* at the target there was none of its key */
};

struct store_move {
    struct store *from; /* opened with `moves` */
    struct store *to;   /* with `moves` and `is_target`; from store_move_finish() on without the second */
    bool          with_keys; /* they lie in different places, too */
    struct text   node; /* whose data it is: no other's copy is gone on with */
    int64_t       least[STORE_FILE_COUNT]; /* generations that the marks beside the keys know */
    int64_t       newest_number; /* for store_move_finish(): of all that was copied */
    void (*progress)(void *self, const struct move_progress *progress); /* called for each portion; may be NULL */
    /* Called by store_move_settle() for each row that it writes or takes away, as it was and as it is; may be NULL. All
     * other rows are as store_move_copy() has left them. */
    void (*changed)(void *self, const struct move_change *change);
    void         *self;
    /* the move's own */
    int64_t token;
    bool    is_closed; /* the source, by this move */
    bool    is_done;   /* the target is the node already: only the source has to hear it */
    int64_t rows;      /* in the end */
    int64_t written;   /* by all steps of this run */
};

/* Where a store lies, for people: without user, password and settings. */
err store_shown(struct ctx *cx, const struct store *store, struct text *out) MUST_CHECK;
/* CONFLICT store.moved when the place of this handle is no longer the node's. */
err store_place_check(struct ctx *cx) MUST_CHECK;

/* Spreads a filled store over the machines of its database (sql/placement.def), where there are several: `out_there`.
 * So many tables were not spread before: `out_new`. Opened with `moves`. Fails as stores do, CONFLICT store.spread. */
err store_spread(struct ctx *cx, struct store *store, bool *out_there, int64_t *out_new) MUST_CHECK;

/* All use a clean handle of their own and take long. They fail as stores do, and CONFLICT store.overtaken when another
 * run of the same move has begun since. */
/* Says at the target that it is being filled; from here on this run is the only one. CONFLICT store.not_empty,
 * store.moved (the source goes elsewhere), store.half_copied (the source is itself a copy). */
err store_move_begin(struct ctx *cx, struct store_move *move) MUST_CHECK;
/* Copies while the source is served. CORRUPT move.tables when the two have not the same tables. */
err store_move_copy(struct ctx *cx, struct store_move *move) MUST_CHECK;
/* Closes the source: whoever runs there can write no more, and nobody can begin. */
err store_move_close(struct ctx *cx, struct store_move *move) MUST_CHECK;
/* Copies the rest, until each table was found equal, row by row. CORRUPT move.differs when one does not become so,
 * move.tables when a catalogue names one that was not looked at. */
err store_move_settle(struct ctx *cx, struct store_move *move) MUST_CHECK;
/* Opens the target, and then tells the source. */
err store_move_finish(struct ctx *cx, struct store_move *move) MUST_CHECK;
/* Gives up: the target can be opened no more, then the source is open again. CONFLICT store.moved when it is done. */
err store_move_cancel(struct ctx *cx, struct store_move *move) MUST_CHECK;
/* The same where the target is lost and cannot be asked: for who has been told what that means. Opened with `moves`.
 * CONFLICT store.moved when the store is not closed for a move. */
err store_move_forget(struct ctx *cx, struct store *from) MUST_CHECK;

#endif
