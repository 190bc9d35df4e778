/* SPDX-License-Identifier: Apache-2.0
 * The log on a real store: numbering, tiles, checkpoints, proofs, and what must never happen to them. */
#include "ledger/ledger.h"

#include <pthread.h>

#include "base/limits.h"
#include "ledger/checkpoint.h"
#include "ledger/lease.h"
#include "ledger/proof.h"
#include "ledger/tile_source.h"
#include "store/queries.h"
#include "unit/ledger/fixture.h"

static struct ledger_head head_of(struct ctx *cx)
{
    struct ledger_head head;
    assert_int_equal(ledger_head(cx, &head), OK);
    return head;
}

static void the_first_pass_publishes_the_empty_log(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_head head;
    struct ledger_pass pass;
    struct tile tile = {0, 0, 1};
    struct bytes data;
    bool found = true;
    assert_failed(cx, ledger_head(cx, &head), NOT_FOUND, "log.not_started");
    assert_int_equal(ledger_tile(cx, &tile, &data, &found), OK);
    assert_false(found);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, 0);
    head = head_of(cx);
    assert_int_equal(head.tree.size, 0);
    assert_true(text_starts_with(head.note,
                                 LOG_NAME "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 " LOG_NAME " "));
    assert_int_equal(ledger_tile(cx, &tile, &data, &found), OK);
    assert_false(found);
    log_fixture_close(&fixture);
}

static void the_name_of_a_log_is_given_once(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct text origin;
    assert_int_equal(store_write_wait(fixture.store, cx, log_fixture_name, NULL), OK);
    assert_int_equal(ledger_origin(cx, &origin), OK);
    assert_true(text_is(origin, LOG_NAME));
    assert_failed(cx, ledger_set_origin(cx, TEXT("two words")), INVALID, "log.origin_form");
    log_fixture_close(&fixture);
}

static void a_published_head_verifies_under_the_key_that_is_served(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct text key_text;
    struct note_key key;
    struct checkpoint checkpoint;
    log_append(&fixture, 300);
    log_sequence(&fixture);
    struct ledger_head head = head_of(cx);
    assert_int_equal(ledger_verifier_key(cx, &key_text), OK);
    assert_int_equal(note_key_parse(cx, key_text, &key), OK);
    assert_int_equal(checkpoint_parse(cx, head.note, &checkpoint), OK);
    assert_int_equal(checkpoint_verify(cx, &checkpoint, &key), OK);
    assert_int_equal(checkpoint.tree.size, 300);
    assert_memory_equal(checkpoint.tree.root.at, head.tree.root.at, HASH_BYTES);
    log_fixture_close(&fixture);
}

static void entries_of_a_pass_stand_in_the_order_of_their_value(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct bytes entries;
    bool found = false;
    log_append(&fixture, 200);
    log_sequence(&fixture);
    assert_int_equal(ledger_tile(cx, &(struct tile){TILE_ENTRIES, 0, 200}, &entries, &found), OK);
    assert_true(found);
    assert_int_equal(entries.size, 200 * TILE_ENTRY_BYTES);
    for (size_t i = 1; i < 200; i++)
        assert_true(memcmp(entries.at + (i - 1) * TILE_ENTRY_BYTES, entries.at + i * TILE_ENTRY_BYTES,
                           TILE_ENTRY_BYTES) < 0);
    for (int64_t receipt = 0; receipt < 200; receipt++) {
        uint8_t leaf[HASH_BYTES];
        int64_t index = -1;
        receipt_leaf(receipt, leaf);
        assert_int_equal(ledger_leaf_index(cx, receipt_person(receipt), receipt, &index, &found), OK);
        assert_true(found);
        assert_memory_equal(entries.at + (size_t)index * TILE_ENTRY_BYTES + 2, leaf, HASH_BYTES);
    }
    log_fixture_close(&fixture);
}

static void a_receipt_has_a_proof_once_it_is_numbered(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    uint8_t salt[LEDGER_SALT_BYTES];
    struct text file;
    struct text key;
    struct proof proof;
    int64_t receipt = 5;
    int64_t index = 0;
    bool found = true;
    receipt_salt(receipt, salt);
    log_append(&fixture, 10);
    assert_int_equal(ledger_leaf_index(cx, receipt_person(receipt), receipt, &index, &found), OK);
    assert_false(found);
    assert_failed(cx, ledger_proof(cx, receipt_person(receipt), receipt, salt, &file), UNAVAILABLE,
                  "receipt.not_in_log_yet");
    log_sequence(&fixture);
    assert_int_equal(ledger_proof(cx, receipt_person(receipt), receipt, salt, &file), OK);
    assert_int_equal(ledger_verifier_key(cx, &key), OK);
    struct bytes payload = {(const uint8_t *)&receipt, sizeof receipt};
    assert_int_equal(proof_verify(cx, file, key, payload, &proof), OK);
    receipt = 6;
    assert_failed(cx, proof_verify(cx, file, key, payload, &proof), INVALID, "log.not_in_tree");
    assert_failed(cx, ledger_proof(cx, receipt_person(5) + 1, 5, salt, &file), UNAVAILABLE, "receipt.not_in_log_yet");
    log_fixture_close(&fixture);
}

static void only_what_the_checkpoint_covers_is_served(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    static const struct {
        struct tile tile;
        bool        served;
    } CASES[] = {
        {{0, 0, 256}, true},  {{0, 0, 255}, true},  {{0, 1, 44}, true},   {{0, 1, 43}, true},
        {{0, 1, 45}, false},  {{0, 1, 256}, false}, {{0, 2, 1}, false},   {{1, 0, 1}, true},
        {{1, 0, 2}, false},   {{1, 0, 256}, false}, {{2, 0, 1}, false},   {{63, 0, 1}, false},
        {{-1, 0, 256}, true}, {{-1, 1, 44}, true},  {{-1, 1, 45}, false}, {{-1, TILE_INDEX_MAX, 1}, false},
    };
    log_append(&fixture, 300);
    log_sequence(&fixture);
    log_append(&fixture, 300); /* waiting: not served */
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct tile *tile = &CASES[i].tile;
        struct bytes data = {NULL, 0};
        bool found = !CASES[i].served;
        assert_int_equal(ledger_tile(cx, tile, &data, &found), OK);
        assert_int_equal(found, CASES[i].served);
        size_t part = tile->level == TILE_ENTRIES ? TILE_ENTRY_BYTES : HASH_BYTES;
        assert_int_equal(data.size, found ? (size_t)tile->width * part : 0);
    }
    log_fixture_close(&fixture);
}

static void a_full_batch_says_what_is_left(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    log_append(&fixture, LIMIT_LOG_BATCH + 5);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, LIMIT_LOG_BATCH);
    assert_int_equal(pass.left, 5);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, 5);
    assert_int_equal(pass.left, 0);
    assert_int_equal(head_of(cx).tree.size, LIMIT_LOG_BATCH + 5);
    log_fixture_close(&fixture);
}

static err number_twice(struct ctx *cx, void *arg)
{
    (void)arg;
    const struct sql_log_leaf_insert_in in = {.receipt_id = 12, .person_id = receipt_person(12), .leaf_index = 0};
    return sql_log_leaf_insert(cx, &in, NULL);
}

/* The write fails at one of its last rows: head, tiles and waiting entries must be as they were. */
static void a_pass_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass = {.sequenced = -1};
    struct sql_log_pending_count_row waiting;
    struct bytes data;
    bool found = false;
    log_append(&fixture, 10);
    log_sequence(&fixture);
    struct ledger_head before = head_of(cx);
    log_append(&fixture, 10);
    assert_int_equal(store_write_wait(fixture.store, cx, number_twice, NULL), OK);
    assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CONFLICT, "store.duplicate");
    assert_int_equal(pass.sequenced, -1);
    assert_true(text_equals(head_of(cx).note, before.note));
    assert_int_equal(sql_log_pending_count(cx, &waiting, &found), OK);
    assert_int_equal(waiting.pending, 10);
    assert_int_equal(tile_load(cx, &(struct tile){0, 0, 10}, &data), OK);
    assert_failed(cx, tile_load(cx, &(struct tile){0, 0, 11}, &data), CORRUPT, "log.tile_missing");
    log_fixture_close(&fixture);
}

struct damage {
    int     level;
    int64_t index;
    size_t  at;
    uint8_t mask;
};

/* store_write_fn: turns bits of a tile. */
static err turn_bits(struct ctx *cx, void *arg)
{
    const struct damage *damage = arg;
    const struct sql_log_tile_load_in wanted = {.level = damage->level, .tile_index = damage->index};
    struct sql_log_tile_load_row row;
    bool found = false;
    TRY(sql_log_tile_load(cx, &wanted, &row, &found));
    assert_true(found && damage->at < row.data.size);
    struct bytes data = bytes_copy(cx->arena, row.data);
    ((uint8_t *)(uintptr_t)data.at)[damage->at] ^= damage->mask;
    const struct sql_log_tile_put_in put = {damage->level, damage->index, data};
    return sql_log_tile_put(cx, &put, NULL);
}

/* Built on, a damaged tile would be another log under the same name. */
static void a_log_is_not_continued_over_a_damaged_tile(void **state)
{
    (void)state;
    struct damage damages[] = {
        {0, 1, 0, 1},  {0, 1, 43 * 32 + 31, 0x80}, {1, 0, 31, 1},
        {-1, 1, 0, 1}, {-1, 1, 1, 1},              {-1, 1, 43 * 34 + 33, 4}};
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    log_append(&fixture, 300);
    log_sequence(&fixture);
    struct ledger_head before = head_of(cx);
    log_append(&fixture, 1);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        assert_int_equal(store_write_wait(fixture.store, cx, turn_bits, &damages[i]), OK);
        assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CORRUPT, "log.tile_damaged");
        assert_true(text_equals(head_of(cx).note, before.note));
        assert_int_equal(store_write_wait(fixture.store, cx, turn_bits, &damages[i]), OK); /* and back */
    }
    log_sequence(&fixture);
    assert_int_equal(head_of(cx).tree.size, 301);
    log_fixture_close(&fixture);
}

static void many_passes_need_no_memory_of_the_caller(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass = {.left = 1};
    for (int i = 0; i < 4; i++)
        log_append(&fixture, LIMIT_LOG_BATCH);
    size_t used_bytes = arena_used_bytes(cx->arena);
    while (pass.left > 0)
        assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(arena_used_bytes(cx->arena), used_bytes);
    assert_int_equal(head_of(cx).tree.size, 4 * LIMIT_LOG_BATCH);
    log_fixture_close(&fixture);
}

static void an_idle_pass_changes_nothing(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    struct store_counters before;
    struct store_counters after;
    log_append(&fixture, 3);
    log_sequence(&fixture);
    store_counters(fixture.store, &before);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    store_counters(fixture.store, &after);
    assert_int_equal(pass.sequenced, 0);
    assert_int_equal(before.writes, after.writes);
    log_fixture_close(&fixture);
}

static void the_log_is_the_same_after_a_restart(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    log_append(&fixture, 700);
    log_sequence(&fixture);
    struct ledger_head before = head_of(cx);
    log_fixture_store_close(&fixture);
    log_fixture_store_open(&fixture);
    struct ledger_head after = head_of(cx);
    assert_true(text_equals(before.note, after.note));
    log_append(&fixture, 700);
    log_sequence(&fixture);
    assert_int_equal(head_of(cx).tree.size, 1400);
    log_fixture_close(&fixture);
}

struct taking {
    int64_t holder;
    bool    taken;
};

/* store_write_fn */
static err take(struct ctx *cx, void *arg)
{
    struct taking *taking = arg;
    return lease_take(cx, taking->holder, &taking->taken);
}

static bool takes(struct log_fixture *fixture, int64_t holder)
{
    struct taking taking = {.holder = holder};
    assert_int_equal(store_write_wait(fixture->store, &fixture->base.cx, take, &taking), OK);
    return taking.taken;
}

static void a_lease_is_one_holders_until_its_end(void **state)
{
    (void)state;
    struct log_fixture fixture;
    (void)log_fixture_open(&fixture);
    struct set_clock set = {.wall_ms = clock_wall_ms(&fixture.base.clock) + 10000};
    log_fixture_store_close(&fixture);
    fixture.base.clock = clock_set(&set);
    log_fixture_store_open(&fixture);
    assert_true(takes(&fixture, 7));
    assert_true(takes(&fixture, 7));
    assert_false(takes(&fixture, 8));
    log_append(&fixture, 3);
    if (!store_is_on_server())
        log_sequence(&fixture); /* in a folder nobody waits for a turn */
    set.wall_ms += LEASE_MS;
    set.monotonic_ns += LEASE_MS * INT64_C(1000000);
    assert_true(takes(&fixture, 8));
    assert_false(takes(&fixture, 7));
    log_fixture_close(&fixture);
}

/* Four threads with handles of their own, as four processes on one store would. */
struct racer {
    pthread_t     thread;
    struct store *store;
    struct ctx    cx; /* its own: the fixture's is with the writer while the test appends */
    int64_t       sequenced;
    int           contended;
    int           failed;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct ctx *cx = &racer->cx;
    cx->arena = arena_open(64u << 20);
    racer->failed = store_conn_open(cx, racer->store, &cx->db) != OK;
    for (int round = 0; round < 40 && racer->failed == 0; round++) {
        struct ledger_pass pass;
        err done = ledger_sequence(cx, racer->store, &pass);
        if (done == OK)
            racer->sequenced += pass.sequenced;
        else if (done == CONFLICT)
            racer->contended++;
        else
            racer->failed++;
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
    store_conn_close(cx->db);
    arena_close(cx->arena);
    return NULL;
}

static void passes_that_race_number_each_entry_once(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct racer racers[4] = {{0}};
    int64_t sequenced = 0;
    for (size_t i = 0; i < 4; i++) {
        racers[i].store = fixture.store;
        racers[i].cx = *cx;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 40; i++)
        log_append(&fixture, 25);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        assert_int_equal(racers[i].failed, 0);
        sequenced += racers[i].sequenced;
    }
    log_sequence(&fixture);
    bool *seen = ARENA_ARRAY(cx->arena, bool, 1000);
    for (int64_t receipt = 0; receipt < 1000; receipt++) {
        int64_t index = -1;
        bool found = false;
        assert_int_equal(ledger_leaf_index(cx, receipt_person(receipt), receipt, &index, &found), OK);
        assert_true(found && index >= 0 && index < 1000 && !seen[index]);
        seen[index] = true;
    }
    assert_true(sequenced <= 1000);
    assert_int_equal(head_of(cx).tree.size, 1000);
    log_fixture_close(&fixture);
}

static void an_act_that_fails_leaves_no_entry(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    log_append(&fixture, 2);
    struct append_many again = {1, 3}; /* receipt 1 waits already */
    assert_failed(cx, store_write_wait(fixture.store, cx, append_many, &again), CONFLICT, "store.duplicate");
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, 2);
    log_fixture_close(&fixture);
}

static void the_log_never_goes_back(void **state)
{
    (void)state;
    if (store_is_on_server())
        skip(); /* it takes two stores, and there is one */
    struct log_fixture fixture;
    struct log_fixture other;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ctx *other_cx = log_fixture_open(&other);
    struct keyring *own = other_cx->keyring;
    other_cx->keyring = cx->keyring; /* the same node, restored from an old copy, going another way */
    log_append(&fixture, 100);
    log_sequence(&fixture);
    struct text older = head_of(cx).note;
    assert_int_equal(ledger_check_extends(cx, older), OK);
    log_append(&fixture, 500);
    struct ledger_pass pass;
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(ledger_check_extends(cx, older), OK);
    struct ledger_seen seen = {.begun = false};
    log_append(&fixture, 10);
    assert_int_equal(ledger_go_on(cx, fixture.store, &seen, &pass), OK);
    assert_true(seen.begun && pass.sequenced == 10);
    assert_int_equal(seen.tree.size, head_of(cx).tree.size);
    assert_int_equal(ledger_look(cx, &seen), OK);
    assert_int_equal(ledger_check_grown(cx, &seen.tree), OK);

    other.appended = 50;
    log_append(&other, 60);
    assert_failed(other_cx, ledger_go_on(other_cx, other.store, &seen, &pass), CORRUPT, "log.went_back");
    log_sequence(&other);
    assert_failed(other_cx, ledger_look(other_cx, &seen), CORRUPT, "log.went_back");
    assert_failed(other_cx, ledger_check_grown(other_cx, &seen.tree), CORRUPT, "log.went_back");
    assert_failed(other_cx, ledger_check_extends(other_cx, older), CORRUPT, "log.went_back");
    assert_failed(other_cx, ledger_check_extends(other_cx, head_of(cx).note), CORRUPT, "log.went_back");
    log_append(&other, 140);
    log_sequence(&other); /* longer than the old one by now, and not its continuation */
    assert_failed(other_cx, ledger_check_extends(other_cx, older), CORRUPT, "log.went_back");
    char forged[1000];
    assert_true(older.size < sizeof forged);
    memcpy(forged, older.at, older.size);
    forged[sizeof LOG_NAME] = '2'; /* the size begins there: "100" */
    assert_failed(cx, ledger_check_extends(cx, (struct text){forged, older.size}), INVALID, "log.signature");
    other_cx->keyring = own;
    log_fixture_close(&other);
    log_fixture_close(&fixture);
}

static void consistency_is_told_within_the_published_log_only(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct merkle_proof proof;
    log_append(&fixture, 20);
    log_sequence(&fixture);
    log_append(&fixture, 20);
    assert_int_equal(ledger_consistency(cx, 7, 20, &proof), OK);
    assert_failed(cx, ledger_consistency(cx, 7, 21, &proof), INVALID, "log.no_such_size");
    assert_failed(cx, ledger_consistency(cx, 8, 7, &proof), INVALID, "log.no_such_size");
    assert_failed(cx, ledger_consistency(cx, -1, 7, &proof), INVALID, "log.no_such_size");
    log_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_pass_publishes_the_empty_log),
        cmocka_unit_test(the_name_of_a_log_is_given_once),
        cmocka_unit_test(a_published_head_verifies_under_the_key_that_is_served),
        cmocka_unit_test(entries_of_a_pass_stand_in_the_order_of_their_value),
        cmocka_unit_test(a_receipt_has_a_proof_once_it_is_numbered),
        cmocka_unit_test(only_what_the_checkpoint_covers_is_served),
        cmocka_unit_test(a_full_batch_says_what_is_left),
        cmocka_unit_test(a_pass_that_fails_changes_nothing),
        cmocka_unit_test(a_log_is_not_continued_over_a_damaged_tile),
        cmocka_unit_test(many_passes_need_no_memory_of_the_caller),
        cmocka_unit_test(an_idle_pass_changes_nothing),
        cmocka_unit_test(the_log_is_the_same_after_a_restart),
        cmocka_unit_test(a_lease_is_one_holders_until_its_end),
        cmocka_unit_test(passes_that_race_number_each_entry_once),
        cmocka_unit_test(an_act_that_fails_leaves_no_entry),
        cmocka_unit_test(the_log_never_goes_back),
        cmocka_unit_test(consistency_is_told_within_the_published_log_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
