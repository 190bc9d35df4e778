/* SPDX-License-Identifier: Apache-2.0
 * Merkle trees of RFC 6962 section 2.1 as arithmetic: hashes in, hashes out, no I/O. A node is named by its level
 * (leaves are level 0) and its index there: it covers the leaves [index << level, (index + 1) << level). Only complete
 * subtrees have such a name; they never change once full. Verification is total: any sizes and any proof. */
#ifndef CRYPTO_MERKLE_H
#define CRYPTO_MERKLE_H

#include "base/ctx.h"
#include "crypto/hash.h"

#define MERKLE_LEVELS 63                        /* sizes are int64_t */
#define MERKLE_PROOF_MAX (MERKLE_LEVELS + 1)

struct merkle_hash {
    uint8_t at[HASH_BYTES];
};

/* A tree as a checkpoint names it. */
struct merkle_head {
    int64_t            size;
    struct merkle_hash root;
};

struct merkle_proof {
    size_t             count;
    struct merkle_hash at[MERKLE_PROOF_MAX];
};

void merkle_leaf(struct bytes entry, struct merkle_hash *out); /* SHA-256(0x00, entry) */
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *out); /* 0x01 */
void merkle_empty_root(struct merkle_hash *out); /* SHA-256 of nothing */
void merkle_root(const struct merkle_hash *leaves, size_t count, struct merkle_hash *out);

/* The complete subtrees of a tree from its first leaf: peaks[l] counts when bit l of `size` is set. Starts as {0}. */
struct merkle_range {
    int64_t            size;
    struct merkle_hash peaks[MERKLE_LEVELS];
};

/* The nodes that one leaf completes: at[l] is the node of level l and index (size before) >> l. at[0] is the leaf. */
struct merkle_made {
    size_t             count;
    struct merkle_hash at[MERKLE_LEVELS];
};

/* `out_made` may be NULL. */
void merkle_range_append(struct merkle_range *range, const struct merkle_hash *leaf, struct merkle_made *out_made);
void merkle_range_root(const struct merkle_range *range, struct merkle_hash *out);

/* Where hashes of complete subtrees come from, tiles for example. */
struct merkle_source {
    err (*hash)(void *self, struct ctx *cx, int level, int64_t index, struct merkle_hash *out);
    void *self;
};

/* These fail INVALID log.no_such_leaf or log.no_such_size on an index or size outside the tree, and as the source does.
 * RFC 6962 sections 2.1, 2.1.1 and 2.1.2. */
err merkle_source_root(struct ctx *cx, const struct merkle_source *source, int64_t size,
                       struct merkle_hash *out) MUST_CHECK;
err merkle_source_range(struct ctx *cx, const struct merkle_source *source, int64_t size,
                        struct merkle_range *out) MUST_CHECK;
err merkle_inclusion_proof(struct ctx *cx, const struct merkle_source *source, int64_t index, int64_t size,
                           struct merkle_proof *out) MUST_CHECK;
err merkle_consistency_proof(struct ctx *cx, const struct merkle_source *source, int64_t from_size, int64_t to_size,
                             struct merkle_proof *out) MUST_CHECK;

/* RFC 9162 sections 2.1.3.2 and 2.1.4.2. From the empty tree to any tree the only proof is the empty one. */
bool merkle_inclusion_verify(const struct merkle_hash *leaf, int64_t index, const struct merkle_head *head,
                             const struct merkle_proof *proof) MUST_CHECK;
bool merkle_consistency_verify(const struct merkle_head *from, const struct merkle_head *to,
                               const struct merkle_proof *proof) MUST_CHECK;

#endif
