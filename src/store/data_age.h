/* SPDX-License-Identifier: Apache-2.0
 * How new data on a server is: how many batches have changed it, by whichever server, as it says itself. Each batch
 * counts in its own commit, so a copy has exactly those whose changes it has: one that says less than was seen before
 * lacks something, and one that lacks nothing says no less. What is kept beside the keys was read here, where only what
 * is committed shows. */
#ifndef STORE_DATA_AGE_H
#define STORE_DATA_AGE_H

#include "store/store.h"

/* store_generations(), with that number as STORE_PEOPLE, its place in the mark beside the keys: one question for it.
 * Outside of a transaction. Fails as the store does. */
err store_generations_look(struct ctx *cx, struct store *store, int64_t out[STORE_FILE_COUNT]) MUST_CHECK;
/* Batches of this opening of the store that have changed data on a server; those of a move do not count. */
int64_t store_changes(struct store *store);
/* In a write of the node's own that nobody misses: on a server it does not count, else a dump of data that nobody uses
 * would soon be no more the newest. */
void store_keep_house(struct ctx *cx);
bool store_is_for_move(const struct store *store); /* store_options.moves */

#endif
