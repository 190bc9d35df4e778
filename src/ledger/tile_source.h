/* SPDX-License-Identifier: Apache-2.0
 * The stored tiles as a tree: gives crypto/merkle.h the hash of any complete subtree of a tree of known size. Reads
 * through cx->db. A tile may hold more than that tree needs, because the log goes on; never less. */
#ifndef LEDGER_TILE_SOURCE_H
#define LEDGER_TILE_SOURCE_H

#include "crypto/merkle.h"
#include "ledger/tile_path.h"

#define TILE_ENTRY_BYTES (2 + HASH_BYTES) /* in a bundle: length of the entry, big-endian, and the entry */

/* The first tile->width hashes or entries of a stored tile; the octets lie in the arena. Fails CORRUPT log.tile_missing
 * when they are not there, and as the store does. */
err tile_load(struct ctx *cx, const struct tile *tile, struct bytes *out) MUST_CHECK;

#define TILE_SOURCE_KEPT 20 /* a proof goes down at most two ways of eight tiles each */

struct tile_source {
    int64_t size;
    size_t  next; /* the slot that the next tile takes */
    struct {
        struct tile  tile; /* width 0: free */
        struct bytes data;
    } kept[TILE_SOURCE_KEPT];
};

/* The tree of the first `size` entries. Borrows `tiles`, which has one user and lives as long as the arena. */
struct merkle_source tile_source_open(struct tile_source *tiles, int64_t size);

#endif
