/* SPDX-License-Identifier: Apache-2.0
 * Merkle trees against a second, recursive model written straight from RFC 6962 section 2.1, for every size up to SIZES
 * and every index in it; and that no changed proof is accepted. */
#include "crypto/merkle.h"

#include "unit/crypto/fixture.h"

#define SIZES 72

/* ---- the model: the recursive definitions, nothing shared with merkle.c but SHA-256 */

static struct merkle_hash model_pair(struct merkle_hash left, struct merkle_hash right)
{
    struct merkle_hash out;
    uint8_t one = 1;
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, (struct bytes){&one, 1});
    sha256_add(&hash, (struct bytes){left.at, HASH_BYTES});
    sha256_add(&hash, (struct bytes){right.at, HASH_BYTES});
    sha256_finish(&hash, out.at);
    return out;
}

static int64_t model_split(int64_t size)
{
    int64_t left = 1;
    while (left * 2 < size)
        left *= 2;
    return left;
}

static struct merkle_hash model_root(const struct merkle_hash *leaves, int64_t size)
{
    if (size == 1)
        return leaves[0];
    int64_t left = model_split(size);
    return model_pair(model_root(leaves, left), model_root(leaves + left, size - left));
}

static void model_path(const struct merkle_hash *leaves, int64_t index, int64_t size, struct merkle_proof *out)
{
    if (size == 1)
        return;
    int64_t left = model_split(size);
    if (index < left) {
        model_path(leaves, index, left, out);
        out->at[out->count++] = model_root(leaves + left, size - left);
    } else {
        model_path(leaves + left, index - left, size - left, out);
        out->at[out->count++] = model_root(leaves, left);
    }
}

static void model_subproof(const struct merkle_hash *leaves, int64_t from, int64_t to, bool whole,
                           struct merkle_proof *out)
{
    if (from == to) {
        if (!whole)
            out->at[out->count++] = model_root(leaves, to);
        return;
    }
    int64_t left = model_split(to);
    if (from <= left) {
        model_subproof(leaves, from, left, whole, out);
        out->at[out->count++] = model_root(leaves + left, to - left);
    } else {
        model_subproof(leaves + left, from - left, to - left, false, out);
        out->at[out->count++] = model_root(leaves, left);
    }
}

/* ---- a source that holds every complete subtree, filled from what each appended leaf completes */

struct forest {
    struct ctx         cx;
    struct merkle_hash leaves[SIZES];
    struct merkle_hash nodes[8][SIZES];
    int64_t            size;
    int64_t            asked;
};

static err forest_hash(void *self, struct ctx *cx, int level, int64_t index, struct merkle_hash *out)
{
    struct forest *forest = self;
    forest->asked++;
    if (level < 0 || level >= 8 || index < 0 || (index + 1) << level > forest->size)
        return FAIL(cx, NOT_FOUND, "test.no_node", "the tree has no complete subtree there");
    *out = forest->nodes[level][index];
    return OK;
}

static struct merkle_source forest_open(struct forest *forest)
{
    *forest = (struct forest){.cx = {.arena = NULL}};
    struct merkle_range range = {0};
    for (int i = 0; i < SIZES; i++) {
        struct merkle_made made;
        uint8_t entry[2] = {(uint8_t)i, (uint8_t)(i * 31)};
        merkle_leaf((struct bytes){entry, sizeof entry}, &forest->leaves[i]);
        merkle_range_append(&range, &forest->leaves[i], &made);
        for (size_t level = 0; level < made.count; level++)
            forest->nodes[level][i >> level] = made.at[level];
    }
    forest->size = range.size;
    return (struct merkle_source){forest_hash, forest};
}

static bool same(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->at, b->at, HASH_BYTES) == 0;
}

static bool same_proof(const struct merkle_proof *a, const struct merkle_proof *b)
{
    return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

static struct merkle_head head_of(const struct forest *forest, int64_t size)
{
    struct merkle_head head = {.size = size};
    if (size == 0)
        merkle_empty_root(&head.root);
    else
        head.root = model_root(forest->leaves, size);
    return head;
}

/* ---- tests */

static void the_reference_tree_of_eight_leaves_has_its_root(void **state)
{
    (void)state;
    static const char *const LEAVES[] = {"",         "00",           "10",
                                         "2021",     "3031",         "40414243",
                                         "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct merkle_hash leaves[8];
    struct merkle_hash root;
    for (size_t i = 0; i < 8; i++)
        merkle_leaf(hex(cx, LEAVES[i]), &leaves[i]);
    merkle_root(leaves, 8, &root);
    assert_hex(cx, root.at, HASH_BYTES, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    merkle_root(leaves, 1, &root);
    assert_hex(cx, root.at, HASH_BYTES, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    merkle_root(NULL, 0, &root);
    assert_hex(cx, root.at, HASH_BYTES, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    fixture_close(&fixture);
}

static void roots_agree_with_the_model(void **state)
{
    (void)state;
    static struct forest forest;
    struct merkle_source source = forest_open(&forest);
    for (int64_t size = 1; size <= SIZES; size++) {
        struct merkle_hash model = model_root(forest.leaves, size);
        struct merkle_hash root;
        struct merkle_range range;
        merkle_root(forest.leaves, (size_t)size, &root);
        assert_true(same(&root, &model));
        assert_int_equal(merkle_source_root(&forest.cx, &source, size, &root), OK);
        assert_true(same(&root, &model));
        assert_int_equal(merkle_source_range(&forest.cx, &source, size, &range), OK);
        merkle_range_root(&range, &root);
        assert_true(same(&root, &model));
        if (size < SIZES) { /* a range taken up again goes on as if it had never stopped */
            merkle_range_append(&range, &forest.leaves[size], NULL);
            merkle_range_root(&range, &root);
            model = model_root(forest.leaves, size + 1);
            assert_true(same(&root, &model));
        }
    }
}

static void inclusion_proofs_agree_with_the_model(void **state)
{
    (void)state;
    static struct forest forest;
    struct merkle_source source = forest_open(&forest);
    for (int64_t size = 1; size <= SIZES; size++) {
        struct merkle_head head = head_of(&forest, size);
        for (int64_t index = 0; index < size; index++) {
            struct merkle_proof proof, model = {0};
            model_path(forest.leaves, index, size, &model);
            assert_int_equal(merkle_inclusion_proof(&forest.cx, &source, index, size, &proof), OK);
            assert_true(same_proof(&proof, &model));
            assert_true(merkle_inclusion_verify(&forest.leaves[index], index, &head, &proof));
        }
    }
}

static void consistency_proofs_agree_with_the_model(void **state)
{
    (void)state;
    static struct forest forest;
    struct merkle_source source = forest_open(&forest);
    for (int64_t to = 0; to <= SIZES; to++) {
        struct merkle_head to_head = head_of(&forest, to);
        for (int64_t from = 0; from <= to; from++) {
            struct merkle_head from_head = head_of(&forest, from);
            struct merkle_proof proof, model = {0};
            if (from > 0)
                model_subproof(forest.leaves, from, to, true, &model);
            assert_int_equal(merkle_consistency_proof(&forest.cx, &source, from, to, &proof), OK);
            assert_true(same_proof(&proof, &model));
            assert_true(merkle_consistency_verify(&from_head, &to_head, &proof));
        }
    }
}

/* Every way to be near a proof: another index or size, one hash fewer, one more, two swapped, one bit off. */
static bool any_neighbour_of_inclusion_passes(const struct merkle_hash *leaf, int64_t index,
                                              const struct merkle_head *head, const struct merkle_proof *proof)
{
    bool passes = false;
    struct merkle_proof changed = *proof;
    struct merkle_head other = *head;
    for (int64_t near = -2; near <= head->size + 2; near++)
        passes |= near != index && merkle_inclusion_verify(leaf, near, head, proof);
    for (size_t i = 0; i < proof->count; i++) {
        changed.at[i].at[i % HASH_BYTES] ^= (uint8_t)(1u << i % 8);
        passes |= merkle_inclusion_verify(leaf, index, head, &changed);
        changed = *proof;
        if (i > 0) {
            changed.at[i] = proof->at[i - 1];
            changed.at[i - 1] = proof->at[i];
            passes |= merkle_inclusion_verify(leaf, index, head, &changed);
            changed = *proof;
        }
    }
    changed.count = proof->count + 1;
    passes |= merkle_inclusion_verify(leaf, index, head, &changed);
    if (proof->count > 0) {
        changed.count = proof->count - 1;
        passes |= merkle_inclusion_verify(leaf, index, head, &changed);
    }
    other.root.at[31] ^= 1;
    passes |= merkle_inclusion_verify(leaf, index, &other, proof);
    return passes;
}

static void no_changed_inclusion_proof_is_accepted(void **state)
{
    (void)state;
    static struct forest forest;
    struct merkle_source source = forest_open(&forest);
    for (int64_t size = 1; size <= SIZES; size++) {
        struct merkle_head head = head_of(&forest, size);
        for (int64_t index = 0; index < size; index++) {
            struct merkle_proof proof;
            const struct merkle_hash *leaf = &forest.leaves[index];
            const struct merkle_hash *other = &forest.leaves[(index + 1) % SIZES];
            assert_int_equal(merkle_inclusion_proof(&forest.cx, &source, index, size, &proof), OK);
            assert_false(any_neighbour_of_inclusion_passes(leaf, index, &head, &proof));
            assert_false(merkle_inclusion_verify(other, index, &head, &proof));
        }
    }
}

static bool any_neighbour_of_consistency_passes(const struct merkle_head *from, const struct merkle_head *to,
                                                const struct merkle_proof *proof)
{
    bool passes = false;
    struct merkle_proof changed = *proof;
    struct merkle_head other = *from;
    for (size_t i = 0; i < proof->count; i++) {
        changed.at[i].at[i % HASH_BYTES] ^= (uint8_t)(1u << i % 8);
        passes |= merkle_consistency_verify(from, to, &changed);
        changed = *proof;
    }
    changed.count = proof->count + 1;
    passes |= merkle_consistency_verify(from, to, &changed);
    if (proof->count > 0) {
        changed.count = proof->count - 1;
        passes |= merkle_consistency_verify(from, to, &changed);
    }
    other.root.at[0] ^= 1;
    passes |= merkle_consistency_verify(&other, to, proof);
    other = *to;
    other.root.at[0] ^= 1;
    passes |= from->size != 0 && merkle_consistency_verify(from, &other, proof);
    passes |= from->size < to->size && merkle_consistency_verify(to, from, proof);
    return passes;
}

static void no_changed_consistency_proof_is_accepted(void **state)
{
    (void)state;
    static struct forest forest;
    struct merkle_source source = forest_open(&forest);
    for (int64_t to = 0; to <= SIZES; to++) {
        struct merkle_head to_head = head_of(&forest, to);
        for (int64_t from = 0; from <= to; from++) {
            struct merkle_head from_head = head_of(&forest, from);
            struct merkle_proof proof;
            assert_int_equal(merkle_consistency_proof(&forest.cx, &source, from, to, &proof), OK);
            assert_false(any_neighbour_of_consistency_passes(&from_head, &to_head, &proof));
        }
    }
}

/* The claim "the log of 7 leaves became the log of 11" with a leaf replaced in between must not hold. */
static void a_rewritten_log_is_noticed(void **state)
{
    (void)state;
    static struct forest forest, forged;
    struct merkle_source source;
    (void)forest_open(&forest);
    source = forest_open(&forged);
    struct merkle_range range = {0};
    uint8_t entry = 0xEE;
    merkle_leaf((struct bytes){&entry, 1}, &forged.leaves[3]);
    for (int i = 0; i < SIZES; i++) {
        struct merkle_made made;
        merkle_range_append(&range, &forged.leaves[i], &made);
        for (size_t level = 0; level < made.count; level++)
            forged.nodes[level][i >> level] = made.at[level];
    }
    for (int64_t from = 4; from < 40; from++) {
        struct merkle_head before = head_of(&forest, from);
        struct merkle_head after = head_of(&forged, from + 4);
        struct merkle_proof proof;
        assert_int_equal(merkle_consistency_proof(&forged.cx, &source, from, from + 4, &proof), OK);
        assert_false(merkle_consistency_verify(&before, &after, &proof));
    }
}

static void what_is_outside_the_tree_is_refused(void **state)
{
    (void)state;
    static struct forest forest;
    struct merkle_source source = forest_open(&forest);
    struct merkle_proof proof = {0};
    struct merkle_hash root;
    struct merkle_range range;
    struct ctx *cx = &forest.cx;
    assert_failed(cx, merkle_inclusion_proof(cx, &source, 5, 5, &proof), INVALID, "log.no_such_leaf");
    assert_failed(cx, merkle_inclusion_proof(cx, &source, -1, 5, &proof), INVALID, "log.no_such_leaf");
    assert_failed(cx, merkle_inclusion_proof(cx, &source, 0, 0, &proof), INVALID, "log.no_such_leaf");
    assert_failed(cx, merkle_inclusion_proof(cx, &source, 0, -1, &proof), INVALID, "log.no_such_size");
    assert_failed(cx, merkle_consistency_proof(cx, &source, 6, 5, &proof), INVALID, "log.no_such_size");
    assert_failed(cx, merkle_consistency_proof(cx, &source, -1, 5, &proof), INVALID, "log.no_such_size");
    assert_failed(cx, merkle_source_root(cx, &source, -1, &root), INVALID, "log.no_such_size");
    assert_failed(cx, merkle_source_range(cx, &source, INT64_MIN, &range), INVALID, "log.no_such_size");
    assert_failed(cx, merkle_source_root(cx, &source, SIZES + 1, &root), NOT_FOUND, "test.no_node");
    assert_failed(cx, merkle_source_range(cx, &source, SIZES + 1, &range), NOT_FOUND, "test.no_node");
    assert_failed(cx, merkle_inclusion_proof(cx, &source, 0, SIZES + 1, &proof), NOT_FOUND, "test.no_node");
    assert_int_equal(merkle_source_root(cx, &source, 0, &root), OK);
    assert_int_equal(merkle_source_range(cx, &source, 0, &range), OK);
    assert_int_equal(range.size, 0);
}

/* Sizes and counts that no honest log sends must end in no, not in an assert or an endless climb. */
static void verification_takes_any_numbers(void **state)
{
    (void)state;
    static const int64_t NUMBERS[] = {INT64_MIN, -1, 0, 1, 2, 3, INT64_C(1) << 62, INT64_MAX - 1, INT64_MAX};
    static const size_t COUNTS[] = {0, 1, 2, 61, 62, 63, MERKLE_PROOF_MAX, MERKLE_PROOF_MAX + 1, SIZE_MAX};
    static const size_t LENGTH = sizeof NUMBERS / sizeof *NUMBERS;
    static struct merkle_proof proof;
    struct merkle_hash leaf = {{1}};
    for (size_t a = 0; a < LENGTH; a++) {
        for (size_t b = 0; b < LENGTH; b++) {
            for (size_t c = 0; c < sizeof COUNTS / sizeof *COUNTS; c++) {
                struct merkle_head from = {NUMBERS[a], {{2}}};
                struct merkle_head to = {NUMBERS[b], {{3}}};
                proof.count = COUNTS[c];
                assert_false(merkle_inclusion_verify(&leaf, NUMBERS[a], &to, &proof));
                assert_false(merkle_consistency_verify(&from, &to, &proof));
            }
        }
    }
}

/* 2^62 + 3 leaves do not fit a machine; a source that answers by name shows that proofs of such trees stay short. */
static err named_hash(void *self, struct ctx *cx, int level, int64_t index, struct merkle_hash *out)
{
    (void)cx;
    ++*(int64_t *)self;
    *out = (struct merkle_hash){{0}};
    out->at[0] = (uint8_t)level;
    memcpy(out->at + 1, &index, sizeof index);
    return OK;
}

static void proofs_of_huge_trees_stay_within_their_bound(void **state)
{
    (void)state;
    int64_t asked = 0;
    struct ctx cx = {.arena = NULL};
    struct merkle_source source = {named_hash, &asked};
    struct merkle_proof proof;
    struct merkle_head head = {.size = INT64_MAX};
    struct merkle_hash leaf;
    static const int64_t INDEXES[] = {0, 1, INT64_C(1) << 61, (INT64_C(1) << 62) + 12345, INT64_MAX - 1};
    assert_int_equal(merkle_source_root(&cx, &source, head.size, &head.root), OK);
    for (size_t i = 0; i < sizeof INDEXES / sizeof *INDEXES; i++) {
        assert_int_equal(merkle_inclusion_proof(&cx, &source, INDEXES[i], head.size, &proof), OK);
        assert_true(proof.count <= MERKLE_LEVELS);
        assert_int_equal(merkle_consistency_proof(&cx, &source, INDEXES[i] + 1, head.size, &proof), OK);
        assert_true(proof.count <= MERKLE_PROOF_MAX);
    }
    assert_true(asked < 63 * 64 * 10);
    assert_int_equal(named_hash(&asked, &cx, 0, INT64_MAX - 1, &leaf), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_tree_of_eight_leaves_has_its_root),
        cmocka_unit_test(roots_agree_with_the_model),
        cmocka_unit_test(inclusion_proofs_agree_with_the_model),
        cmocka_unit_test(consistency_proofs_agree_with_the_model),
        cmocka_unit_test(no_changed_inclusion_proof_is_accepted),
        cmocka_unit_test(no_changed_consistency_proof_is_accepted),
        cmocka_unit_test(a_rewritten_log_is_noticed),
        cmocka_unit_test(what_is_outside_the_tree_is_refused),
        cmocka_unit_test(verification_takes_any_numbers),
        cmocka_unit_test(proofs_of_huge_trees_stay_within_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
