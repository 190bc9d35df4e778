/* SPDX-License-Identifier: Apache-2.0
 * Makes a table of one place hold the rows that the same table of another holds, whatever they mean: rows are compared
 * as a whole, and written only where they differ. So it may be broken off anywhere and begun again. Inside this floor
 * only. */
#ifndef STORE_LEVEL_H
#define STORE_LEVEL_H

#include "store/move.h"
#include "store/place.h"
#include "store/table.h"

struct level {
    struct store_conn   *to;    /* a writer's handle of its own */
    struct place         held;  /* as the target must say of itself with each write */
    struct move_progress told;
    void (*progress)(void *self, const struct move_progress *progress); /* NULL: nobody watches */
    void (*changed)(void *self, const struct move_change *change);         /* the same */
    void                *self;
};

/* The same table in both places. */
struct pair {
    const struct table *from;
    const struct table *to;
};

/* Adds what stands behind the last row of the target, in the order of the source's key: what a first copy has to do.
 * CONFLICT store.overtaken; fails as both stores do. */
err level_append(struct ctx *cx, struct level *level, const struct pair *pair) MUST_CHECK;
/* Compares all, and puts what is missing or differs. `out_changed` counts such rows. What the target has alone stays,
 * unless it stands in the way of another. */
err level_compare(struct ctx *cx, struct level *level, const struct pair *pair, int64_t *out_changed) MUST_CHECK;
/* Takes away what the source does not have. */
err level_strip(struct ctx *cx, struct level *level, const struct pair *pair, int64_t *out_changed) MUST_CHECK;

#endif
