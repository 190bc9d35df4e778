/* SPDX-License-Identifier: Apache-2.0
 * Merkle arithmetic without recursion: any run of leaves that a proof speaks of starts at a multiple of the largest
 * complete subtree in it, so its root folds from the subtrees that the bits of its size name, smallest first. */
#include "crypto/merkle.h"

#include <assert.h>
#include <string.h>

void merkle_leaf(struct bytes entry, struct merkle_hash *out)
{
    static const uint8_t LEAF[] = {0x00};
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, (struct bytes){LEAF, sizeof LEAF});
    sha256_add(&hash, entry);
    sha256_finish(&hash, out->at);
}

void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *out)
{
    uint8_t message[1 + 2 * HASH_BYTES] = {0x01};
    memcpy(message + 1, left->at, HASH_BYTES);
    memcpy(message + 1 + HASH_BYTES, right->at, HASH_BYTES);
    sha256((struct bytes){message, sizeof message}, out->at);
}

void merkle_empty_root(struct merkle_hash *out)
{
    sha256((struct bytes){NULL, 0}, out->at);
}

void merkle_root(const struct merkle_hash *leaves, size_t count, struct merkle_hash *out)
{
    struct merkle_range range = {0};
    for (size_t i = 0; i < count; i++)
        merkle_range_append(&range, &leaves[i], NULL);
    merkle_range_root(&range, out);
}

void merkle_range_append(struct merkle_range *range, const struct merkle_hash *leaf, struct merkle_made *out_made)
{
    assert(range->size >= 0 && range->size < INT64_MAX);
    struct merkle_hash carried = *leaf;
    int level = 0;
    if (out_made != NULL)
        out_made->at[0] = carried;
    for (; (range->size >> level & 1) != 0; level++) {
        merkle_node(&range->peaks[level], &carried, &carried);
        if (out_made != NULL)
            out_made->at[level + 1] = carried;
    }
    range->peaks[level] = carried;
    range->size++;
    if (out_made != NULL)
        out_made->count = (size_t)level + 1;
}

void merkle_range_root(const struct merkle_range *range, struct merkle_hash *out)
{
    assert(range->size >= 0);
    if (range->size == 0) {
        merkle_empty_root(out);
        return;
    }
    int level = __builtin_ctzll((unsigned long long)range->size);
    struct merkle_hash root = range->peaks[level];
    for (level++; level < MERKLE_LEVELS; level++)
        if ((range->size >> level & 1) != 0)
            merkle_node(&range->peaks[level], &root, &root);
    *out = root;
}

/* A run of leaves: [start, start + size). */
struct run {
    int64_t start;
    int64_t size;
};

/* Root of a run, folded from its complete subtrees. */
static err run_root(struct ctx *cx, const struct merkle_source *source, struct run run, struct merkle_hash *out)
{
    struct merkle_hash root = {{0}};
    bool begun = false;
    int64_t end = run.start + run.size;
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if ((run.size >> level & 1) == 0)
            continue;
        struct merkle_hash subtree;
        end -= INT64_C(1) << level;
        TRY(source->hash(source->self, cx, level, end >> level, &subtree));
        if (begun)
            merkle_node(&subtree, &root, &root);
        else
            root = subtree;
        begun = true;
    }
    assert(begun && end == run.start);
    *out = root;
    return OK;
}

/* The largest power of two below `size`: where RFC 6962 splits a tree. */
static int64_t split(int64_t size)
{
    assert(size > 1);
    return INT64_C(1) << (63 - __builtin_clzll((unsigned long long)size - 1));
}

static err fail_size(struct ctx *cx)
{
    return FAIL(cx, INVALID, "log.no_such_size", "the log has no state of that size");
}

err merkle_source_root(struct ctx *cx, const struct merkle_source *source, int64_t size, struct merkle_hash *out)
{
    if (size < 0)
        return fail_size(cx);
    if (size > 0)
        return run_root(cx, source, (struct run){0, size}, out);
    merkle_empty_root(out);
    return OK;
}

err merkle_source_range(struct ctx *cx, const struct merkle_source *source, int64_t size, struct merkle_range *out)
{
    if (size < 0)
        return fail_size(cx);
    struct merkle_range range = {.size = size};
    int64_t end = size;
    for (int level = 0; level < MERKLE_LEVELS; level++) {
        if ((size >> level & 1) == 0)
            continue;
        end -= INT64_C(1) << level;
        TRY(source->hash(source->self, cx, level, end >> level, &range.peaks[level]));
    }
    *out = range;
    return OK;
}

/* The runs beside a way down the tree, widest first; a proof lists them the other way round. */
struct way {
    size_t     count;
    struct run beside[MERKLE_PROOF_MAX];
};

static void way_add(struct way *way, int64_t start, int64_t size)
{
    assert(way->count < MERKLE_PROOF_MAX);
    way->beside[way->count++] = (struct run){start, size};
}

static err way_proof(struct ctx *cx, const struct merkle_source *source, const struct way *way,
                     struct merkle_proof *out)
{
    struct merkle_proof proof = {.count = way->count};
    for (size_t i = 0; i < way->count; i++)
        TRY(run_root(cx, source, way->beside[way->count - 1 - i], &proof.at[i]));
    *out = proof;
    return OK;
}

err merkle_inclusion_proof(struct ctx *cx, const struct merkle_source *source, int64_t index, int64_t size,
                           struct merkle_proof *out)
{
    if (size < 0)
        return fail_size(cx);
    if (index < 0 || index >= size)
        return FAIL(cx, INVALID, "log.no_such_leaf", "the log of that size has no such leaf");
    struct way way = {0};
    struct run run = {0, size};
    while (run.size > 1) {
        int64_t left = split(run.size);
        if (index - run.start < left) {
            way_add(&way, run.start + left, run.size - left);
            run.size = left;
        } else {
            way_add(&way, run.start, left);
            run = (struct run){run.start + left, run.size - left};
        }
    }
    return way_proof(cx, source, &way, out);
}

err merkle_consistency_proof(struct ctx *cx, const struct merkle_source *source, int64_t from_size, int64_t to_size,
                             struct merkle_proof *out)
{
    if (from_size < 0 || from_size > to_size)
        return fail_size(cx);
    struct way way = {0};
    struct run run = {0, to_size};
    bool known = true; /* the checker holds the root of what is left: nothing to tell */
    while (from_size > 0 && run.start + run.size != from_size) {
        int64_t left = split(run.size);
        if (from_size - run.start <= left) {
            way_add(&way, run.start + left, run.size - left);
            run.size = left;
        } else {
            way_add(&way, run.start, left);
            run = (struct run){run.start + left, run.size - left};
            known = false;
        }
    }
    if (!known)
        way_add(&way, run.start, run.size);
    return way_proof(cx, source, &way, out);
}

static bool same_hash(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->at, b->at, HASH_BYTES) == 0; /* public values */
}

/* A climb from a node to the root: the node's index at its level, and the index of the last node there. */
struct climb {
    uint64_t at;
    uint64_t last;
};

/* True when the next hash of a proof stands on the left of the climber, who is below the root. Climbs past the levels
 * where the climber, being the last of its level, has no sibling. */
static bool climb_is_right(struct climb *climb)
{
    assert(climb->last != 0);
    bool right = (climb->at & 1) != 0 || climb->at == climb->last;
    while (right && (climb->at & 1) == 0) { /* ends: the one who is last is not the first */
        climb->at >>= 1;
        climb->last >>= 1;
    }
    return right;
}

static void climb_up(struct climb *climb)
{
    climb->at >>= 1;
    climb->last >>= 1;
}

bool merkle_inclusion_verify(const struct merkle_hash *leaf, int64_t index, const struct merkle_head *head,
                             const struct merkle_proof *proof)
{
    if (index < 0 || index >= head->size || proof->count > MERKLE_PROOF_MAX)
        return false;
    struct climb climb = {(uint64_t)index, (uint64_t)head->size - 1};
    struct merkle_hash root = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (climb.last == 0)
            return false;
        if (climb_is_right(&climb))
            merkle_node(&proof->at[i], &root, &root);
        else
            merkle_node(&root, &proof->at[i], &root);
        climb_up(&climb);
    }
    return climb.last == 0 && same_hash(&root, &head->root);
}

static bool empty_or_same(const struct merkle_head *from, const struct merkle_head *to)
{
    struct merkle_hash empty;
    merkle_empty_root(&empty);
    if (from->size == 0 && !same_hash(&from->root, &empty))
        return false;
    return from->size != to->size || same_hash(&from->root, &to->root);
}

/* Both roots from one proof: that of `from` only from what stands on the left, that of `to` from everything. */
static bool climb_both(const struct merkle_head *from, const struct merkle_head *to, const struct merkle_proof *proof)
{
    struct climb climb = {(uint64_t)from->size - 1, (uint64_t)to->size - 1};
    while ((climb.at & 1) != 0)
        climb_up(&climb);
    bool whole = climb.at == 0; /* `from` is one complete subtree: its root starts the climb and is not in the proof */
    struct merkle_hash old = whole ? from->root : proof->at[0];
    struct merkle_hash new = old;
    for (size_t i = whole ? 0 : 1; i < proof->count; i++) {
        if (climb.last == 0)
            return false;
        if (climb_is_right(&climb)) {
            merkle_node(&proof->at[i], &old, &old);
            merkle_node(&proof->at[i], &new, &new);
        } else {
            merkle_node(&new, &proof->at[i], &new);
        }
        climb_up(&climb);
    }
    return climb.last == 0 && same_hash(&old, &from->root) && same_hash(&new, &to->root);
}

bool merkle_consistency_verify(const struct merkle_head *from, const struct merkle_head *to,
                               const struct merkle_proof *proof)
{
    if (from->size < 0 || to->size < from->size || proof->count > MERKLE_PROOF_MAX)
        return false;
    if (from->size == 0 || from->size == to->size)
        return proof->count == 0 && empty_or_same(from, to);
    return proof->count > 0 && climb_both(from, to, proof);
}
