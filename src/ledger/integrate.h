/* SPDX-License-Identifier: Apache-2.0
 * The right edge of the log in memory: takes the tiles that are not full, adds entries, gives root and changed tiles.
 * Reads the store when it is opened and never writes: a pass that fails leaves nothing. Lives in the arena. */
#ifndef LEDGER_INTEGRATE_H
#define LEDGER_INTEGRATE_H

#include "crypto/merkle.h"
#include "ledger/tile_path.h"

#define INTEGRATE_TILE_LEVELS ((MERKLE_LEVELS + TILE_HEIGHT - 1) / TILE_HEIGHT)

/* A tile to write: full, or as far as it is. */
struct made_tile {
    struct tile       tile;
    struct bytes      data;
    struct made_tile *next;
};

/* A tile that still grows. */
struct open_tile {
    struct tile tile;    /* width 0: empty so far */
    uint8_t    *data;    /* room for a full tile; NULL while empty */
    bool        changed;
};

struct integration {
    struct merkle_range range;
    struct open_tile    entries;
    struct open_tile    levels[INTEGRATE_TILE_LEVELS];
    struct made_tile   *made; /* newest first */
};

/* The edge of the stored log, which has the published head `edge`: what is built on holds its root, so that a damaged
 * tile never becomes another log. Fails CORRUPT log.tile_missing | log.tile_damaged, TOO_LARGE limit.memory, and as the
 * store does. */
err integrate_open(struct ctx *cx, const struct merkle_head *edge, struct integration **out) MUST_CHECK;
/* Adds one entry. Fails TOO_LARGE limit.memory. */
err integrate_entry(struct ctx *cx, struct integration *log, const uint8_t entry[HASH_BYTES]) MUST_CHECK;
/* Closes the edge: the tree as it is now, and in log->made every tile that has changed. */
err integrate_finish(struct ctx *cx, struct integration *log, struct merkle_head *out) MUST_CHECK;

#endif
