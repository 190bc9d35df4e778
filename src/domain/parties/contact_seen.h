/* SPDX-License-Identifier: Apache-2.0
 * What one import has met so far: a table of hashes with a number each, over the whole file. What was put in stands for
 * itself and is not kept; memory is that of the arena, in which the table grows. */
#ifndef DOMAIN_CONTACT_SEEN_H
#define DOMAIN_CONTACT_SEEN_H

#include "base/ctx.h"

struct seen_table {
    struct seen  *at;
    size_t        room; /* a power of two, or 0 */
    size_t        used;
    struct arena *arena;
};

struct seen_table seen_table_open(struct arena *arena);

/* The number that was put for `what`; 0 when none was. */
int64_t seen_find(const struct seen_table *table, struct text what);

/* Keeps `number`, which is not 0, for `what`, in place of the one before. Fails TOO_LARGE import.too_many. */
err seen_put(struct ctx *cx, struct seen_table *table, struct text what, int64_t number) MUST_CHECK;

#endif
