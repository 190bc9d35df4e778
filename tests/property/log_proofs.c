/* SPDX-License-Identifier: Apache-2.0
 * What must hold for any log: every entry has a proof at every checkpoint behind it, every checkpoint begins with every
 * earlier one, and no single bit of a proof, a checkpoint or a tile can change unnoticed. Batches, places and bits are
 * drawn from a seed that is printed; SEED= repeats a run. */
#include "ledger/audit.h"
#include "ledger/proof.h"
#include "ledger/tile_source.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/queries.h"
#include "unit/ledger/fixture.h"

#define BATCHES 10
#define BATCH_MAX 3000
#define PROOF_BITS 8000
#define TILE_BITS 2500

struct dice {
    struct seeded     seeded;
    struct randomness randomness;
};

static void dice_open(struct dice *dice)
{
    const char *wanted = getenv("SEED");
    int64_t seed = (int64_t)getpid() * INT64_C(2654435761);
    if (wanted != NULL)
        assert_true(text_to_int64(text_of(wanted), &seed));
    (void)printf("SEED=%lld\n", (long long)seed);
    dice->seeded.state = (uint64_t)seed;
    dice->randomness = randomness_seeded(&dice->seeded);
}

static int64_t draw(struct dice *dice, int64_t below)
{
    uint64_t number = 0;
    random_fill(&dice->randomness, (uint8_t *)&number, sizeof number);
    return (int64_t)(number % (uint64_t)below);
}

struct heads {
    size_t             count;
    struct merkle_head at[BATCHES + 1];
};

static void grow(struct log_fixture *fixture, struct dice *dice, struct heads *heads)
{
    struct ctx *cx = &fixture->base.cx;
    for (int batch = 0; batch <= BATCHES; batch++) {
        struct ledger_head head;
        if (batch > 0)
            log_append(fixture, 1 + draw(dice, batch % 3 == 0 ? 5 : BATCH_MAX));
        log_sequence(fixture);
        assert_int_equal(ledger_head(cx, &head), OK);
        assert_int_equal(head.tree.size, fixture->appended);
        heads->at[heads->count++] = head.tree;
        arena_reset(cx->arena);
    }
}

static struct merkle_hash leaf_at(struct ctx *cx, int64_t index)
{
    const struct tile tile = {TILE_ENTRIES, index / TILE_WIDTH, (int)(index % TILE_WIDTH) + 1};
    struct merkle_hash leaf;
    struct bytes bundle;
    assert_int_equal(tile_load(cx, &tile, &bundle), OK);
    merkle_leaf((struct bytes){bundle.at + bundle.size - HASH_BYTES, HASH_BYTES}, &leaf);
    return leaf;
}

static void check_inclusions(struct ctx *cx, const struct merkle_head *head)
{
    struct merkle_source source = {0};
    for (int64_t index = 0; index < head->size; index++) {
        if (index % TILE_WIDTH == 0) {
            arena_reset(cx->arena);
            source = tile_source_open(ARENA_NEW(cx->arena, struct tile_source), head->size);
        }
        struct merkle_hash leaf = leaf_at(cx, index);
        struct merkle_proof proof;
        assert_int_equal(merkle_inclusion_proof(cx, &source, index, head->size, &proof), OK);
        assert_true(merkle_inclusion_verify(&leaf, index, head, &proof));
        assert_false(index > 0 && merkle_inclusion_verify(&leaf, index - 1, head, &proof));
    }
}

static void every_entry_has_a_proof_at_every_checkpoint_behind_it(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct dice dice;
    struct heads heads = {0};
    dice_open(&dice);
    grow(&fixture, &dice, &heads);
    check_inclusions(cx, &heads.at[1 + draw(&dice, BATCHES / 2)]);
    check_inclusions(cx, &heads.at[BATCHES / 2 + draw(&dice, BATCHES / 2)]);
    check_inclusions(cx, &heads.at[BATCHES]);
    log_fixture_close(&fixture);
}

static void every_checkpoint_begins_with_every_earlier_one(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct dice dice;
    struct heads heads = {0};
    dice_open(&dice);
    grow(&fixture, &dice, &heads);
    for (size_t to = 0; to < heads.count; to++) {
        for (size_t from = 0; from <= to; from++) {
            struct merkle_proof proof;
            assert_int_equal(ledger_consistency(cx, heads.at[from].size, heads.at[to].size, &proof), OK);
            assert_true(merkle_consistency_verify(&heads.at[from], &heads.at[to], &proof));
            struct merkle_head other = heads.at[from];
            other.root.at[draw(&dice, HASH_BYTES)] ^= (uint8_t)(1 << draw(&dice, 8));
            assert_false(merkle_consistency_verify(&other, &heads.at[to], &proof));
            if (proof.count == 0)
                continue;
            proof.at[draw(&dice, (int64_t)proof.count)].at[draw(&dice, HASH_BYTES)] ^= (uint8_t)(1 << draw(&dice, 8));
            assert_false(merkle_consistency_verify(&heads.at[from], &heads.at[to], &proof));
            arena_reset(cx->arena);
        }
    }
    log_fixture_close(&fixture);
}

static err verify_receipt(struct ctx *cx, struct text file, struct text key, int64_t receipt)
{
    struct proof proof;
    return proof_verify(cx, file, key, (struct bytes){(const uint8_t *)&receipt, sizeof receipt}, &proof);
}

static void no_bit_of_a_proof_changes_unnoticed(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct dice dice;
    struct heads heads = {0};
    dice_open(&dice);
    grow(&fixture, &dice, &heads);
    struct text key;
    struct text file = TEXT_NONE;
    int64_t receipt = 0;
    for (int round = 0; round < PROOF_BITS; round++) {
        if (round % 50 == 0) {
            uint8_t salt[LEDGER_SALT_BYTES];
            arena_reset(cx->arena);
            receipt = draw(&dice, fixture.appended);
            receipt_salt(receipt, salt);
            assert_int_equal(ledger_verifier_key(cx, &key), OK);
            assert_int_equal(ledger_proof(cx, receipt_person(receipt), receipt, salt, &file), OK);
            assert_int_equal(verify_receipt(cx, file, key, receipt), OK);
        }
        char *changed = arena_take(cx->arena, file.size, 1);
        memcpy(changed, file.at, file.size);
        int64_t bit = draw(&dice, (int64_t)file.size * 8);
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << (bit % 8)));
        assert_int_not_equal(verify_receipt(cx, (struct text){changed, file.size}, key, receipt), OK);
        failure_clear(&cx->failure);
    }
    log_fixture_close(&fixture);
}

/* ---- what lies in the store, one bit changed and put back */

struct changed_bit {
    struct tile tile;
    int64_t     bit; /* of the tile, or of the checkpoint when the width is 0 */
};

static err flip_tile(struct ctx *cx, const struct changed_bit *change)
{
    struct bytes data;
    TRY(tile_load(cx, &change->tile, &data));
    uint8_t *changed = arena_take(cx->arena, data.size, 1);
    memcpy(changed, data.at, data.size);
    changed[change->bit / 8] ^= (uint8_t)(1 << (change->bit % 8));
    const struct sql_log_tile_put_in in = {change->tile.level, change->tile.index, {changed, data.size}};
    return sql_log_tile_put(cx, &in, NULL);
}

static err flip_note(struct ctx *cx, const struct changed_bit *change)
{
    struct sql_log_head_load_row head;
    struct sql_log_head_advance_row row;
    bool found = false;
    TRY(sql_log_head_load(cx, &head, &found));
    char *changed = arena_take(cx->arena, head.note.size, 1);
    memcpy(changed, head.note.at, head.note.size);
    changed[change->bit / 8] = (char)(changed[change->bit / 8] ^ (1 << (change->bit % 8)));
    const struct sql_log_head_advance_in in = {.size = head.size,
                                               .root = head.root,
                                               .note = {changed, head.note.size},
                                               .at_ms = head.at_ms,
                                               .seen_size = head.size,
                                               .seen_root = head.root};
    return sql_log_head_advance(cx, &in, &row, &found);
}

static err flip(struct ctx *cx, void *arg)
{
    const struct changed_bit *change = arg;
    return change->tile.width > 0 ? flip_tile(cx, change) : flip_note(cx, change);
}

static void count_finding(void *self, struct text sentence)
{
    (void)self;
    (void)sentence;
}

static int64_t findings(struct ctx *cx)
{
    struct ledger_audit audit = {.found = count_finding};
    assert_int_equal(ledger_audit(cx, &audit), OK);
    return audit.findings;
}

static void assert_noticed(struct log_fixture *fixture, struct changed_bit change)
{
    struct ctx *cx = &fixture->base.cx;
    if (store_write_wait(fixture->store, cx, flip, &change) != OK)
        fail_msg("%s: %s", cx->failure.reason, cx->failure.detail);
    if (findings(cx) == 0)
        fail_msg("bit %lld of tile %lld of level %d (width %d) does not matter", (long long)change.bit,
                 (long long)change.tile.index, change.tile.level, change.tile.width);
    assert_int_equal(store_write_wait(fixture->store, cx, flip, &change), OK);
    arena_reset(cx->arena);
}

static struct tile draw_tile(struct dice *dice, int64_t size)
{
    struct tile tile = {0};
    while (tile.width == 0) {
        tile.level = (int)draw(dice, 3) - 1;
        tile.index = draw(dice, 3);
        tile.width = tile_width(tile.level, tile.index, size);
    }
    return tile;
}

/* A server keeps text, and refuses what is none. */
static bool may_stand(struct text note, int64_t bit)
{
    char text[LIMIT_CHECKPOINT_BYTES];
    memcpy(text, note.at, note.size);
    text[bit / 8] = (char)(text[bit / 8] ^ (1 << (bit % 8)));
    return !store_is_on_server() || (text[bit / 8] != '\0' && text_is_utf8((struct text){text, note.size}));
}

static void no_bit_of_the_store_changes_unnoticed(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct dice dice;
    dice_open(&dice);
    log_append(&fixture, 257 + draw(&dice, 60));
    log_sequence(&fixture);
    int64_t size = fixture.appended;
    assert_int_equal(findings(cx), 0);

    struct tile last = {TILE_ENTRIES, size / TILE_WIDTH, tile_width(TILE_ENTRIES, size / TILE_WIDTH, size)};
    int64_t end = (int64_t)last.width * TILE_ENTRY_BYTES * 8;
    for (int64_t bit = last.width < 4 ? 0 : end - 4 * TILE_ENTRY_BYTES * 8; bit < end; bit++)
        assert_noticed(&fixture, (struct changed_bit){last, bit});

    struct ledger_head head;
    assert_int_equal(ledger_head(cx, &head), OK);
    char note[LIMIT_CHECKPOINT_BYTES]; /* the arena is emptied again and again */
    struct text copy = {note, head.note.size};
    assert_true(copy.size <= sizeof note);
    memcpy(note, head.note.at, copy.size);
    for (int64_t bit = 0; bit < (int64_t)copy.size * 8; bit++)
        if (may_stand(copy, bit))
            assert_noticed(&fixture, (struct changed_bit){{0}, bit});

    for (int round = 0; round < TILE_BITS; round++) {
        struct tile tile = draw_tile(&dice, size);
        int64_t bits = (int64_t)tile.width * 8 * (tile.level == TILE_ENTRIES ? TILE_ENTRY_BYTES : HASH_BYTES);
        assert_noticed(&fixture, (struct changed_bit){tile, draw(&dice, bits)});
    }
    assert_int_equal(findings(cx), 0);
    log_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_has_a_proof_at_every_checkpoint_behind_it),
        cmocka_unit_test(every_checkpoint_begins_with_every_earlier_one),
        cmocka_unit_test(no_bit_of_a_proof_changes_unnoticed),
        cmocka_unit_test(no_bit_of_the_store_changes_unnoticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
