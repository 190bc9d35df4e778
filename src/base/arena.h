/* SPDX-License-Identifier: Apache-2.0
 * Memory with one end: everything that a request allocates lives in its arena and goes with it. Bounded; exhaustion
 * gives NULL and sets a sticky mark, so builders and writers may check once at the end. Not thread-safe: an arena has
 * one user at a time. Under AddressSanitizer each piece stands apart and is poisoned after a reset. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* NULL only when the C library has no memory. `max_bytes` bounds what may be handed out between two resets. */
struct arena *arena_open(size_t max_bytes);
void arena_close(struct arena *arena); /* runs the deferred calls; takes NULL */

/* Runs the deferred calls in reverse order, wipes and forgets every piece; keeps one block for the next request. */
void arena_reset(struct arena *arena);

/* A place in an arena, to come back to: that gives back, wipes and forgets what was taken since, and runs what was
 * deferred since. Good until the arena is reset or goes back to an earlier mark. */
struct arena_mark {
    const void *block;
    const void *behind;
    const void *deferred;
    size_t      used;
    size_t      used_bytes;
    bool        exhausted;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_go_back(struct arena *arena, const struct arena_mark *mark);

/* Zeroed memory aligned for any type, or NULL when the bound is reached. `size` 0 gives a valid pointer. */
void *arena_take(struct arena *arena, size_t count, size_t size);
bool arena_is_exhausted(const struct arena *arena);
size_t arena_used_bytes(const struct arena *arena);

/* Calls `run(arg)` at the reset or close, last registered first: for handles of foreign libraries. False: no memory. */
bool arena_defer(struct arena *arena, void (*run)(void *arg), void *arg);

#define ARENA_NEW(arena, type) ((type *)arena_take((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_take((arena), (count), sizeof(type)))

#endif
