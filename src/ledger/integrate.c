/* SPDX-License-Identifier: Apache-2.0
 * Growing tiles. A tile of hashes takes a node whenever a leaf completes one of its level. */
#include "ledger/integrate.h"

#include <string.h>

#include "ledger/tile_source.h"

static size_t part_bytes(int level)
{
    return level == TILE_ENTRIES ? TILE_ENTRY_BYTES : HASH_BYTES;
}

static err open_tile(struct ctx *cx, int level, int64_t size, struct open_tile *out)
{
    int shift = level == TILE_ENTRIES ? 0 : level * TILE_HEIGHT;
    struct tile tile = {.level = level, .index = (size >> shift) / TILE_WIDTH};
    tile.width = tile_width(level, tile.index, size);
    *out = (struct open_tile){.tile = tile};
    if (tile.width == 0)
        return OK;
    struct bytes stored;
    TRY(tile_load(cx, &tile, &stored));
    out->data = ARENA_ARRAY(cx->arena, uint8_t, TILE_WIDTH * part_bytes(level));
    if (out->data == NULL)
        return FAIL_MEMORY(cx);
    memcpy(out->data, stored.at, stored.size);
    return OK;
}

static err fail_damaged(struct ctx *cx, int level)
{
    return FAIL(cx, CORRUPT, "log.tile_damaged", "a tile of level %d at the edge of the log is not what was published",
                level);
}

/* The tiles of hashes are bound by the root; the entries by the lowest of them. */
static err check_edge(struct ctx *cx, const struct integration *log, const struct merkle_head *edge)
{
    struct merkle_hash hash;
    merkle_range_root(&log->range, &hash);
    if (memcmp(hash.at, edge->root.at, HASH_BYTES) != 0)
        return fail_damaged(cx, 0);
    for (int i = 0; i < log->entries.tile.width; i++) {
        const uint8_t *part = log->entries.data + (size_t)i * TILE_ENTRY_BYTES;
        merkle_leaf((struct bytes){part + 2, HASH_BYTES}, &hash);
        if (part[0] != 0 || part[1] != HASH_BYTES ||
            memcmp(hash.at, log->levels[0].data + (size_t)i * HASH_BYTES, HASH_BYTES) != 0)
            return fail_damaged(cx, TILE_ENTRIES);
    }
    return OK;
}

err integrate_open(struct ctx *cx, const struct merkle_head *edge, struct integration **out)
{
    struct integration *log = ARENA_NEW(cx->arena, struct integration);
    struct tile_source *tiles = ARENA_NEW(cx->arena, struct tile_source);
    if (log == NULL || tiles == NULL)
        return FAIL_MEMORY(cx);
    struct merkle_source source = tile_source_open(tiles, edge->size);
    TRY(merkle_source_range(cx, &source, edge->size, &log->range));
    TRY(open_tile(cx, TILE_ENTRIES, edge->size, &log->entries));
    for (int level = 0; level < INTEGRATE_TILE_LEVELS; level++)
        TRY(open_tile(cx, level, edge->size, &log->levels[level]));
    TRY(check_edge(cx, log, edge));
    *out = log;
    return OK;
}

static err add_made(struct ctx *cx, struct integration *log, const struct open_tile *open)
{
    struct made_tile *made = ARENA_NEW(cx->arena, struct made_tile);
    if (made == NULL)
        return FAIL_MEMORY(cx);
    size_t bytes = (size_t)open->tile.width * part_bytes(open->tile.level);
    *made = (struct made_tile){open->tile, {open->data, bytes}, log->made};
    log->made = made;
    return OK;
}

static err add_part(struct ctx *cx, struct integration *log, struct open_tile *open, const uint8_t *part)
{
    size_t bytes = part_bytes(open->tile.level);
    if (open->data == NULL)
        open->data = ARENA_ARRAY(cx->arena, uint8_t, TILE_WIDTH * bytes);
    if (open->data == NULL)
        return FAIL_MEMORY(cx);
    memcpy(open->data + (size_t)open->tile.width * bytes, part, bytes);
    open->changed = true;
    open->tile.width++;
    if (open->tile.width < TILE_WIDTH)
        return OK;
    TRY(add_made(cx, log, open));
    *open = (struct open_tile){.tile = {.level = open->tile.level, .index = open->tile.index + 1}};
    return OK;
}

err integrate_entry(struct ctx *cx, struct integration *log, const uint8_t entry[HASH_BYTES])
{
    uint8_t part[TILE_ENTRY_BYTES] = {0, HASH_BYTES};
    memcpy(part + 2, entry, HASH_BYTES);
    TRY(add_part(cx, log, &log->entries, part));
    struct merkle_hash leaf;
    struct merkle_made made;
    merkle_leaf((struct bytes){entry, HASH_BYTES}, &leaf);
    merkle_range_append(&log->range, &leaf, &made);
    for (size_t level = 0; level < made.count; level += TILE_HEIGHT)
        TRY(add_part(cx, log, &log->levels[level / TILE_HEIGHT], made.at[level].at));
    return OK;
}

err integrate_finish(struct ctx *cx, struct integration *log, struct merkle_head *out)
{
    if (log->entries.changed)
        TRY(add_made(cx, log, &log->entries));
    for (int level = 0; level < INTEGRATE_TILE_LEVELS; level++)
        if (log->levels[level].changed)
            TRY(add_made(cx, log, &log->levels[level]));
    out->size = log->range.size;
    merkle_range_root(&log->range, &out->root);
    return OK;
}
