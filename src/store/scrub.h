/* SPDX-License-Identifier: Apache-2.0
 * What PostgreSQL keeps of rows that were deleted, and how it is made to let go of them: for the database of the keys
 * alone, inside this floor. A deleted row stays in its table's file until the table is written anew, in the write-ahead
 * log until a checkpoint lies behind it, and values of it in the statistics of the planner. docs/decisions/0024 says
 * what remains beyond our reach. */
#ifndef STORE_SCRUB_H
#define STORE_SCRUB_H

#include "store/database.h"
#include "store/keys_place.h"

/* Has the server take no samples of keys. Does nothing when it takes none, or when the database is no server's. */
err scrub_prepare(struct ctx *cx, struct database *keys) MUST_CHECK;

/* By a connection of its own. When it returns no table of keys holds anything but what stands, and the log was cut if
 * that is permitted. UNAVAILABLE store.busy: somebody reads an older state still, or holds the tables. */
err scrub_server(struct ctx *cx, struct store *store) MUST_CHECK;

/* Fills what the server knows, by a handle whose keys lie on one. */
err scrub_look(struct ctx *cx, struct store_conn *conn, struct store_keys_place *io) MUST_CHECK;

#endif
