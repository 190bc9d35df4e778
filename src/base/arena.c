/* SPDX-License-Identifier: Apache-2.0
 * A chain of blocks, newest first. Blocks grow to BLOCK_BYTES; a larger piece gets a block of its own. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SANITIZED 1
#endif
#endif
#ifdef ARENA_SANITIZED
#include <sanitizer/asan_interface.h>
#define GAP_BYTES 16u
#define POISON(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define GAP_BYTES 0u
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#endif

#define BLOCK_BYTES (16u * 1024)
#define ALIGNMENT 16u

struct block {
    struct block *next;
    size_t        size;
    size_t        used;
    _Alignas(ALIGNMENT) uint8_t data[];
};

struct deferred {
    struct deferred *next;
    void (*run)(void *arg);
    void *arg;
};

struct arena {
    struct block    *blocks;
    struct deferred *deferred;
    size_t           max_bytes;
    size_t           used_bytes;
    bool             exhausted;
};

struct arena *arena_open(size_t max_bytes)
{
    assert(max_bytes > 0);
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL)
        arena->max_bytes = max_bytes;
    return arena;
}

static void run_deferred(struct arena *arena, const void *until)
{
    for (struct deferred *deferred = arena->deferred; deferred != until; deferred = deferred->next)
        deferred->run(deferred->arg);
    arena->deferred = (struct deferred *)(uintptr_t)until; /* one of the arena's own, behind those that were run */
}

/* What a request has brought does not outlive it: nobody finds it in this memory later. */
static void wipe_block(struct block *block)
{
    UNPOISON(block->data, block->size);
    explicit_bzero(block->data, block->used);
    block->used = 0;
}

static void release_block(struct block *block)
{
    wipe_block(block);
    free(block);
}

void arena_reset(struct arena *arena)
{
    run_deferred(arena, NULL);
    struct block *kept = NULL;
    for (struct block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        if (kept == NULL && block->size == BLOCK_BYTES)
            kept = block;
        else
            release_block(block);
    }
    if (kept != NULL) {
        kept->next = NULL;
        wipe_block(kept);
        POISON(kept->data, kept->size);
    }
    arena->blocks = kept;
    arena->used_bytes = 0;
    arena->exhausted = false;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    const struct block *first = arena->blocks;
    return (struct arena_mark){
        .block = first,
        .behind = first == NULL ? NULL : first->next,
        .deferred = arena->deferred,
        .used = first == NULL ? 0 : first->used,
        .used_bytes = arena->used_bytes,
        .exhausted = arena->exhausted,
    };
}

/* The blocks from this one up to another, which it gives. */
static struct block *release_until(struct block *block, const void *until)
{
    while (block != until) {
        struct block *next = block->next;
        release_block(block);
        block = next;
    }
    return block;
}

/* New blocks lie before the first of then, big ones also right behind it; older ones are full and were left alone. */
void arena_go_back(struct arena *arena, const struct arena_mark *mark)
{
    run_deferred(arena, mark->deferred);
    arena->blocks = release_until(arena->blocks, mark->block);
    struct block *first = arena->blocks;
    if (first != NULL) {
        first->next = release_until(first->next, mark->behind);
        uint8_t *since = first->data + mark->used;
        UNPOISON(since, first->used - mark->used);
        explicit_bzero(since, first->used - mark->used);
        POISON(since, first->used - mark->used);
        first->used = mark->used;
    }
    arena->used_bytes = mark->used_bytes;
    arena->exhausted = mark->exhausted;
}

void arena_close(struct arena *arena)
{
    if (arena == NULL)
        return;
    arena_reset(arena);
    if (arena->blocks != NULL)
        release_block(arena->blocks);
    free(arena);
}

static struct block *block_with_room(struct arena *arena, size_t size)
{
    struct block *first = arena->blocks;
    if (first != NULL && first->size - first->used >= size)
        return first;
    size_t data_bytes = size > BLOCK_BYTES / 4 ? size : BLOCK_BYTES;
    struct block *block = malloc(sizeof *block + data_bytes);
    if (block == NULL)
        return NULL;
    block->size = data_bytes;
    block->used = 0;
    POISON(block->data, block->size);
    if (data_bytes != BLOCK_BYTES && first != NULL) { /* a big piece must not hide the room that is left in the first */
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

static bool piece_bytes(size_t count, size_t size, size_t *wanted, size_t *padded)
{
    return size_multiply(count, size, wanted) && size_add(*wanted, ALIGNMENT - 1 + GAP_BYTES, padded);
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t wanted = 0;
    size_t padded = 0;
    if (!piece_bytes(count, size, &wanted, &padded) || padded > arena->max_bytes - arena->used_bytes) {
        arena->exhausted = true;
        return NULL;
    }
    padded &= ~(size_t)(ALIGNMENT - 1);
    if (padded == 0)
        padded = ALIGNMENT;
    struct block *block = block_with_room(arena, padded);
    if (block == NULL) {
        arena->exhausted = true;
        return NULL;
    }
    uint8_t *piece = block->data + block->used;
    block->used += padded;
    arena->used_bytes += padded < arena->max_bytes - arena->used_bytes ? padded : arena->max_bytes - arena->used_bytes;
    UNPOISON(piece, wanted);
    memset(piece, 0, wanted);
    return piece;
}

bool arena_is_exhausted(const struct arena *arena)
{
    return arena->exhausted;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}

bool arena_defer(struct arena *arena, void (*run)(void *arg), void *arg)
{
    struct deferred *deferred = ARENA_NEW(arena, struct deferred);
    if (deferred == NULL)
        return false;
    *deferred = (struct deferred){arena->deferred, run, arg};
    arena->deferred = deferred;
    return true;
}
