/* SPDX-License-Identifier: Apache-2.0
 * Tiles from the store, the last few kept. */
#include "ledger/tile_source.h"

#include <assert.h>

#include "store/queries.h"

err tile_load(struct ctx *cx, const struct tile *tile, struct bytes *out)
{
    const struct sql_log_tile_load_in in = {.level = tile->level, .tile_index = tile->index};
    struct sql_log_tile_load_row row;
    bool found = false;
    TRY(sql_log_tile_load(cx, &in, &row, &found));
    size_t bytes = (size_t)tile->width * (tile->level == TILE_ENTRIES ? TILE_ENTRY_BYTES : HASH_BYTES);
    if (!found || row.data.size < bytes)
        return FAIL(cx, CORRUPT, "log.tile_missing", "tile %lld of level %d does not hold its first %d parts",
                    (long long)tile->index, tile->level, tile->width);
    *out = (struct bytes){row.data.at, bytes};
    return OK;
}

static err tile_keep(struct ctx *cx, struct tile_source *tiles, const struct tile *tile, struct bytes *out)
{
    for (size_t i = 0; i < TILE_SOURCE_KEPT; i++) {
        const struct tile *kept = &tiles->kept[i].tile;
        if (kept->width == tile->width && kept->level == tile->level && kept->index == tile->index) {
            *out = tiles->kept[i].data;
            return OK;
        }
    }
    TRY(tile_load(cx, tile, out));
    tiles->kept[tiles->next].tile = *tile;
    tiles->kept[tiles->next].data = *out;
    tiles->next = (tiles->next + 1) % TILE_SOURCE_KEPT;
    return OK;
}

/* A subtree of 2^(level % 8) hashes of one tile. */
static err source_hash(void *self, struct ctx *cx, int level, int64_t index, struct merkle_hash *out)
{
    struct tile_source *tiles = self;
    int within = level % TILE_HEIGHT;
    int64_t first = index << within;
    struct tile tile = {.level = level / TILE_HEIGHT, .index = first / TILE_WIDTH};
    tile.width = tile_width(tile.level, tile.index, tiles->size);
    size_t start = (size_t)(first % TILE_WIDTH);
    size_t count = (size_t)1 << within;
    if (start + count > (size_t)tile.width)
        return FAIL(cx, INVALID, "log.no_such_size", "the log has no state of that size");
    struct bytes data;
    TRY(tile_keep(cx, tiles, &tile, &data));
    merkle_root((const struct merkle_hash *)data.at + start, count, out);
    return OK;
}

struct merkle_source tile_source_open(struct tile_source *tiles, int64_t size)
{
    assert(size >= 0);
    *tiles = (struct tile_source){.size = size};
    return (struct merkle_source){source_hash, tiles};
}
