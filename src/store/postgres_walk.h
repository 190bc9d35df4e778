/* SPDX-License-Identifier: Apache-2.0
 * Walks over tables, a portion of the rows at a time, between the files of PostgreSQL's engine. */
#ifndef STORE_POSTGRES_WALK_H
#define STORE_POSTGRES_WALK_H

#include "store/postgres.h"

err postgres_walk_start(struct ctx *cx, struct postgres *pg, const struct statement *statement,
                        const void *in) MUST_CHECK;
/* After the last of the rows that are here: fetches more, if there are any. */
err postgres_walk_on(struct ctx *cx, struct postgres *pg, const struct statement *statement) MUST_CHECK;
void postgres_walk_end(struct postgres *pg, const struct statement *statement);

#endif
