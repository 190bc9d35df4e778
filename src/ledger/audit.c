/* SPDX-License-Identifier: Apache-2.0
 * Three walks: entries to tiles and root, receipts to entries, places to numbers. Each goes on after a finding. */
#include "ledger/audit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ledger/checkpoint.h"
#include "ledger/head.h"
#include "ledger/tile_source.h"
#include "store/queries.h"

#define LEVELS 8          /* 256 to the power of 8 is beyond int64_t */
#define KEPT_BUNDLES 64   /* receipts come in the order of their numbers: near ones lie in the same few bundles */
#define SCRATCH_BYTES (4u * 1024 * 1024)
#define KEPT_BYTES (4u * 1024 * 1024)
#define SENTENCE_BYTES 200

/* Hashes of one level that wait to be compared with a stored tile. */
struct level {
    int64_t            tile;
    size_t             count;
    struct merkle_hash hashes[TILE_WIDTH];
};

/* A complete subtree of the plain derivation of the root. */
struct subtree {
    int64_t            leaves;
    struct merkle_hash root;
};

struct bundle {
    bool    filled;
    bool    usable;
    int64_t index;
    uint8_t entries[TILE_WIDTH][HASH_BYTES];
};

struct walk {
    struct ctx           scratch; /* the caller's, with an arena that is emptied after each tile */
    struct arena        *kept;
    struct ledger_audit *audit;
    struct merkle_head   head;
    bool                 broken; /* some entries are missing: nothing above them can be derived */
    struct level        *levels;
    struct subtree       subtrees[MERKLE_LEVELS];
    size_t               subtree_count;
    struct bundle       *bundles;
    uint8_t             *seen; /* a bit for each entry */
};

static void found(struct walk *walk, const char *format, ...) PRINTF_LIKE(2, 3);

static void found(struct walk *walk, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    assert(size > 0 && (size_t)size < sizeof sentence);
    walk->audit->findings++;
    walk->audit->found(walk->audit->self, (struct text){sentence, (size_t)size});
}

/* ---- head */

static err check_note(struct ctx *cx, struct walk *walk, const struct ledger_head *head)
{
    struct note_key key;
    struct checkpoint checkpoint;
    TRY(head_key(cx, &key));
    if (checkpoint_parse(cx, head->note, &checkpoint) != OK) {
        found(walk, "The published checkpoint is not a checkpoint.");
        return OK;
    }
    if (checkpoint.tree.size != head->tree.size ||
        memcmp(checkpoint.tree.root.at, head->tree.root.at, HASH_BYTES) != 0)
        found(walk, "The published checkpoint names another tree than the stored head.");
    if (checkpoint_verify(cx, &checkpoint, &key) != OK)
        found(walk, "The published checkpoint is not signed by the key of this log.");
    return OK;
}

static err audit_head(struct walk *walk)
{
    struct ctx *cx = &walk->scratch;
    struct ledger_head head;
    bool started = false;
    TRY(head_load(cx, &head, &started));
    if (!started) {
        merkle_empty_root(&walk->head.root);
        return OK;
    }
    walk->head = head.tree;
    TRY(check_note(cx, walk, &head));
    failure_clear(&cx->failure); /* what the checkpoint failed with has become a finding */
    return OK;
}

/* ---- entries to tiles and root */

/* The stored octets of a tile, or none when there is no such row. */
static err stored_tile(struct walk *walk, int level, int64_t index, struct bytes *out)
{
    const struct sql_log_tile_load_in in = {.level = level, .tile_index = index};
    struct sql_log_tile_load_row row;
    bool there = false;
    TRY(sql_log_tile_load(&walk->scratch, &in, &row, &there));
    *out = there ? row.data : (struct bytes){NULL, 0};
    return OK;
}

static err compare_tile(struct walk *walk, int level, const struct level *made)
{
    struct bytes stored;
    TRY(stored_tile(walk, level, made->tile, &stored));
    if (stored.size != made->count * HASH_BYTES) {
        found(walk, "Tile %lld of level %d holds %zu octets where %zu are due.", (long long)made->tile, level,
              stored.size, made->count * HASH_BYTES);
        return OK;
    }
    for (size_t i = 0; i < made->count; i++) {
        if (memcmp(stored.at + i * HASH_BYTES, made->hashes[i].at, HASH_BYTES) == 0)
            continue;
        found(walk, "Tile %lld of level %d differs from what the entries give, first at hash %zu.",
              (long long)made->tile, level, i);
        break;
    }
    return OK;
}

/* Pairs of pairs: 256 hashes give one. */
static struct merkle_hash fold(const struct level *full)
{
    struct merkle_hash hashes[TILE_WIDTH];
    memcpy(hashes, full->hashes, sizeof hashes);
    for (size_t width = TILE_WIDTH; width > 1; width /= 2)
        for (size_t i = 0; i < width / 2; i++)
            merkle_node(&hashes[2 * i], &hashes[2 * i + 1], &hashes[i]);
    return hashes[0];
}

static err add_hash(struct walk *walk, struct merkle_hash hash)
{
    for (int number = 0;; number++) {
        assert(number < LEVELS);
        struct level *level = &walk->levels[number];
        level->hashes[level->count++] = hash;
        if (level->count < TILE_WIDTH)
            return OK;
        if (number == 0 || !walk->broken)
            TRY(compare_tile(walk, number, level));
        hash = fold(level);
        level->tile++;
        level->count = 0;
    }
}

static void add_subtree(struct walk *walk, struct merkle_hash hash)
{
    struct subtree tree = {1, hash};
    while (walk->subtree_count > 0 && walk->subtrees[walk->subtree_count - 1].leaves == tree.leaves) {
        const struct subtree *left = &walk->subtrees[--walk->subtree_count];
        merkle_node(&left->root, &tree.root, &tree.root);
        tree.leaves *= 2;
    }
    walk->subtrees[walk->subtree_count++] = tree;
}

/* Reads a bundle of entries: `usable` says whether it is all there. */
static err read_bundle(struct walk *walk, int64_t index, struct bundle *out)
{
    int64_t first = index * TILE_WIDTH;
    int64_t left = walk->head.size - first;
    size_t width = left < TILE_WIDTH ? (size_t)left : TILE_WIDTH;
    struct bytes stored;
    *out = (struct bundle){.filled = true, .index = index};
    TRY(stored_tile(walk, TILE_ENTRIES, index, &stored));
    out->usable = stored.size == width * TILE_ENTRY_BYTES;
    for (size_t i = 0; out->usable && i < width; i++) {
        const uint8_t *entry = stored.at + i * TILE_ENTRY_BYTES;
        out->usable = entry[0] == 0 && entry[1] == HASH_BYTES;
        memcpy(out->entries[i], entry + 2, HASH_BYTES);
    }
    arena_reset(walk->scratch.arena);
    return OK;
}

static err audit_bundle(struct walk *walk, struct bundle *bundle)
{
    int64_t first = bundle->index * TILE_WIDTH;
    if (!bundle->usable) {
        found(walk, "The entries from %lld on are missing or damaged up to the end of their bundle.", (long long)first);
        walk->broken = true;
    }
    for (int64_t i = first; i < first + TILE_WIDTH && i < walk->head.size; i++) {
        struct merkle_hash leaf;
        merkle_leaf((struct bytes){bundle->entries[i - first], HASH_BYTES}, &leaf);
        TRY(add_hash(walk, leaf));
        add_subtree(walk, leaf);
    }
    arena_reset(walk->scratch.arena);
    return OK;
}

static void check_root(struct walk *walk)
{
    struct merkle_hash root;
    merkle_empty_root(&root);
    size_t at = walk->subtree_count;
    if (at > 0)
        root = walk->subtrees[--at].root;
    while (at > 0)
        merkle_node(&walk->subtrees[--at].root, &root, &root);
    if (memcmp(root.at, walk->head.root.at, HASH_BYTES) != 0)
        found(walk, "The root of the stored head differs from what the entries give.");
}

static err check_tile_count(struct walk *walk)
{
    int64_t due = 0;
    int64_t hashes = walk->head.size;
    for (int level = 0; level < LEVELS; level++) {
        int64_t tiles = hashes / TILE_WIDTH + (hashes % TILE_WIDTH != 0);
        due += level == 0 ? 2 * tiles : tiles; /* the lowest stands beside the entries */
        hashes /= TILE_WIDTH;
    }
    struct sql_log_tile_count_row row;
    bool counted = false;
    TRY(sql_log_tile_count(&walk->scratch, &row, &counted));
    if (row.tiles != due)
        found(walk, "The store holds %lld tiles where the log has %lld.", (long long)row.tiles, (long long)due);
    return OK;
}

static err audit_tree(struct walk *walk)
{
    struct bundle *bundle = ARENA_NEW(walk->kept, struct bundle);
    if (bundle == NULL)
        return FAIL_MEMORY(&walk->scratch);
    for (int64_t index = 0; index * TILE_WIDTH < walk->head.size; index++) {
        TRY(read_bundle(walk, index, bundle));
        TRY(audit_bundle(walk, bundle));
    }
    for (int number = 0; number < LEVELS; number++)
        if (walk->levels[number].count > 0 && (number == 0 || !walk->broken))
            TRY(compare_tile(walk, number, &walk->levels[number]));
    if (!walk->broken)
        check_root(walk);
    return check_tile_count(walk);
}

/* ---- receipts to entries */

static err kept_bundle(struct walk *walk, int64_t index, const struct bundle **out)
{
    struct bundle *bundle = &walk->bundles[index % KEPT_BUNDLES];
    if (!bundle->filled || bundle->index != index)
        TRY(read_bundle(walk, index, bundle));
    *out = bundle;
    return OK;
}

static err check_place(struct walk *walk, const struct sql_log_receipt_list_row *receipt)
{
    if (receipt->leaf_index >= walk->head.size) {
        found(walk, "Receipt %lld has place %lld in a log of %lld entries.", (long long)receipt->receipt_id,
              (long long)receipt->leaf_index, (long long)walk->head.size);
        return OK;
    }
    const struct bundle *bundle = NULL;
    TRY(kept_bundle(walk, receipt->leaf_index / TILE_WIDTH, &bundle));
    if (!bundle->usable) /* told once, with the entries */
        return OK;
    const uint8_t *entry = bundle->entries[receipt->leaf_index % TILE_WIDTH];
    if (!bytes_equals(receipt->leaf, (struct bytes){entry, HASH_BYTES}))
        found(walk, "The entry at place %lld is not that of receipt %lld.", (long long)receipt->leaf_index,
              (long long)receipt->receipt_id);
    return OK;
}

static err audit_receipt(struct ctx *cx, const struct sql_log_receipt_list_row *receipt, void *arg)
{
    struct walk *walk = arg;
    walk->audit->receipts++;
    walk->audit->pending += receipt->pending != 0;
    if (receipt->leaf_index < 0 && receipt->pending == 0)
        found(walk, "Receipt %lld neither stands in the log nor waits for it.", (long long)receipt->receipt_id);
    if (receipt->leaf_index >= 0 && receipt->pending != 0)
        found(walk, "Receipt %lld stands in the log and waits for it still.", (long long)receipt->receipt_id);
    if (receipt->leaf_index < 0)
        return OK;
    err done = check_place(walk, receipt);
    cx->failure = walk->scratch.failure;
    return done;
}

static err audit_receipts(struct ctx *cx, struct walk *walk)
{
    walk->bundles = ARENA_ARRAY(walk->kept, struct bundle, KEPT_BUNDLES);
    if (walk->bundles == NULL)
        return FAIL_MEMORY(cx);
    const struct sql_log_receipt_list_in in = {.after_receipt_id = INT64_MIN, .row_limit = INT64_MAX};
    return sql_log_receipt_list_each(cx, &in, audit_receipt, walk);
}

/* ---- places to numbers */

static err audit_place(struct ctx *cx, const struct sql_log_leaf_list_row *leaf, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct walk *walk = arg;
    int64_t index = leaf->leaf_index;
    if (index < 0 || index >= walk->head.size) {
        found(walk, "Place %lld of receipt %lld is outside the log.", (long long)index, (long long)leaf->receipt_id);
        return OK;
    }
    uint8_t bit = (uint8_t)(1u << (index % 8));
    if ((walk->seen[index / 8] & bit) != 0)
        found(walk, "Place %lld is given twice, the second time to receipt %lld.", (long long)index,
              (long long)leaf->receipt_id);
    walk->seen[index / 8] |= bit;
    return OK;
}

static bool is_seen(const struct walk *walk, int64_t index)
{
    return (walk->seen[index / 8] >> (index % 8) & 1) != 0;
}

static err audit_places(struct ctx *cx, struct walk *walk)
{
    walk->seen = ARENA_ARRAY(walk->kept, uint8_t, (size_t)(walk->head.size / 8 + 1));
    if (walk->seen == NULL)
        return FAIL_MEMORY(cx);
    const struct sql_log_leaf_list_in in = {.after_receipt_id = INT64_MIN, .row_limit = INT64_MAX};
    TRY(sql_log_leaf_list_each(cx, &in, audit_place, walk));
    for (int64_t start = 0; start < walk->head.size; start++) {
        int64_t end = start;
        while (end < walk->head.size && !is_seen(walk, end))
            end++;
        if (end > start)
            found(walk, "No receipt is known for the places %lld to %lld.", (long long)start, (long long)end - 1);
        start = end;
    }
    return OK;
}

/* ---- all of it */

static err audit_all(struct ctx *cx, struct walk *walk)
{
    walk->levels = ARENA_ARRAY(walk->kept, struct level, LEVELS);
    if (walk->levels == NULL)
        return FAIL_MEMORY(&walk->scratch);
    TRY(audit_tree(walk));
    TRY(audit_receipts(cx, walk));
    TRY(audit_places(cx, walk));
    walk->audit->entries = walk->head.size;
    return OK;
}

static err audit_with_memory(struct ctx *cx, struct walk *walk)
{
    TRY(audit_head(walk));
    walk->kept = arena_open(KEPT_BYTES + (size_t)walk->head.size / 8); /* no size of a log is near the largest size_t */
    if (walk->kept == NULL)
        return FAIL_MEMORY(&walk->scratch);
    return audit_all(cx, walk);
}

static err audit_snapshot(struct ctx *cx, struct walk *walk)
{
    TRY(store_read_begin(cx));
    err done = audit_with_memory(cx, walk);
    store_read_end(cx);
    return done;
}

err ledger_audit(struct ctx *cx, struct ledger_audit *audit)
{
    struct walk *walk = ARENA_NEW(cx->arena, struct walk);
    struct arena *scratch = arena_open(SCRATCH_BYTES);
    if (walk == NULL || scratch == NULL) {
        arena_close(scratch);
        return FAIL_MEMORY(cx);
    }
    walk->scratch = *cx;
    walk->scratch.arena = scratch;
    walk->audit = audit;
    err done = audit_snapshot(cx, walk);
    if (done != OK && cx->failure.code == OK)
        cx->failure = walk->scratch.failure;
    arena_close(walk->kept);
    arena_close(scratch);
    return done;
}
