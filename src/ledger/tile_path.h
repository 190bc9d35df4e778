/* SPDX-License-Identifier: Apache-2.0
 * Tiles and their addresses (c2sp.org/tlog-tiles): a tile is 256 consecutive hashes of every eighth level of the tree,
 * or the bundle of 256 entries below. Pure. Each tile has exactly one address; any other spelling is no address. */
#ifndef LEDGER_TILE_PATH_H
#define LEDGER_TILE_PATH_H

#include "base/bytes.h"

#define TILE_WIDTH 256
#define TILE_HEIGHT 8    /* levels of the tree from one tile level to the next */
#define TILE_ENTRIES (-1) /* the level of the bundles of entries */
#define TILE_LEVEL_MAX 63
#define TILE_INDEX_MAX INT64_C(999999999999999999) /* six groups of three digits */

struct tile {
    int     level; /* TILE_ENTRIES or 0 to TILE_LEVEL_MAX */
    int64_t index; /* 0 to TILE_INDEX_MAX */
    int     width; /* 1 to TILE_WIDTH; below TILE_WIDTH the tile is partial */
};

/* "/log/tile/0/x001/x234/067.p/12". False when `path` is anything but the one address of a tile. */
bool tile_path_parse(struct text path, struct tile *out);
/* The address; `.at` is NULL when the arena is exhausted. */
struct text tile_path_format(struct arena *arena, const struct tile *tile);

/* How many hashes or entries the tile of this level and index holds in a tree of `size` entries: 0 to TILE_WIDTH. */
int tile_width(int level, int64_t index, int64_t size);

#endif
