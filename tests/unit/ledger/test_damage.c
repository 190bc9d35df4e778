/* SPDX-License-Identifier: Apache-2.0
 * What stands in the store is not what the log has put there, or moves while a pass is at work: nothing is built on it,
 * nothing is numbered twice, and what was published stays. What comes between reading and writing comes by way of the
 * signature, which the linker leads here (src/ledger/CMakeLists.txt). */
#include "crypto/keyring.h"
#include "ledger/audit.h"
#include "ledger/checkpoint.h"
#include "ledger/tile_source.h"
#include "unit/ledger/fixture.h"

/* ---- in the moment of a signature */

static struct {
    void (*run)(struct log_fixture *fixture);
    struct log_fixture *fixture;
    int                 times;
    bool                runs; /* signs itself, perhaps */
} between;

err __real_keyring_log_sign(struct ctx *cx, struct keyring *keyring, struct bytes message,
                            uint8_t out_signature[SIGN_SIGNATURE_BYTES]);
err __wrap_keyring_log_sign(struct ctx *cx, struct keyring *keyring, struct bytes message,
                            uint8_t out_signature[SIGN_SIGNATURE_BYTES]);

err __wrap_keyring_log_sign(struct ctx *cx, struct keyring *keyring, struct bytes message,
                            uint8_t out_signature[SIGN_SIGNATURE_BYTES])
{
    if (between.times > 0 && !between.runs) {
        between.times--;
        between.runs = true;
        between.run(between.fixture);
        between.runs = false;
    }
    return __real_keyring_log_sign(cx, keyring, message, out_signature);
}

static void happens_between(struct log_fixture *fixture, void (*run)(struct log_fixture *fixture), int times)
{
    between.run = run;
    between.fixture = fixture;
    between.times = times;
}

/* As another process on the same store. */
static void append_elsewhere(struct log_fixture *fixture, struct ctx *elsewhere, int64_t count)
{
    struct append_many many = {fixture->appended, count};
    assert_int_equal(store_write_wait(fixture->store, elsewhere, append_many, &many), OK);
    fixture->appended += count;
}

static void another_is_faster(struct log_fixture *fixture)
{
    struct ledger_pass pass;
    struct ctx elsewhere = fixture->base.cx;
    elsewhere.arena = arena_open(1 << 20);
    assert_int_equal(store_conn_open(&elsewhere, fixture->store, &elsewhere.db), OK);
    append_elsewhere(fixture, &elsewhere, 1);
    assert_int_equal(ledger_sequence(&elsewhere, fixture->store, &pass), OK);
    append_elsewhere(fixture, &elsewhere, 1); /* so that there is work for the next one */
    store_conn_close(elsewhere.db);
    arena_close(elsewhere.arena);
}

static void a_waiting_entry_is_erased(struct log_fixture *fixture)
{
    run_sql(fixture, "DELETE FROM log_pending WHERE receipt_id = 3");
}

/* ---- what the log is then */

static int64_t size_of_log(struct ctx *cx)
{
    struct ledger_head head;
    assert_int_equal(ledger_head(cx, &head), OK);
    return head.tree.size;
}

static void hear(void *self, struct text sentence)
{
    (void)self; /* nothing is to be heard */
    fail_msg("%.*s", TEXT_ARGS(sentence));
}

static void assert_sound(struct log_fixture *fixture, int64_t size)
{
    struct ctx *cx = &fixture->base.cx;
    struct ledger_audit audit = {.found = hear};
    assert_int_equal(ledger_audit(cx, &audit), OK);
    assert_int_equal(audit.entries, size);
    assert_int_equal(size_of_log(cx), size);
}

static void a_pass_that_lost_a_race_begins_again(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    for (int before = 0; before < 2; before++) { /* before there is a head, and after */
        log_append(&fixture, 10);
        happens_between(&fixture, another_is_faster, 1);
        assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
        assert_int_equal(between.times, 0);
        assert_int_equal(pass.sequenced, 1);
        assert_sound(&fixture, fixture.appended);
    }
    log_fixture_close(&fixture);
}

static void a_pass_that_loses_every_race_says_so(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass = {.sequenced = -1};
    log_append(&fixture, 10);
    happens_between(&fixture, another_is_faster, 1000);
    assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CONFLICT, "log.contended");
    assert_in_range(between.times, 990, 998); /* tried more than once, and not for ever */
    assert_int_equal(pass.sequenced, -1);
    assert_sound(&fixture, fixture.appended - 1);
    happens_between(&fixture, another_is_faster, 0);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, 1);
    assert_sound(&fixture, fixture.appended);
    log_fixture_close(&fixture);
}

static void an_entry_that_is_erased_while_a_pass_signs_gets_no_number(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    int64_t index = -1;
    bool found = true;
    log_append(&fixture, 10);
    happens_between(&fixture, a_waiting_entry_is_erased, 1);
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(between.times, 0);
    assert_int_equal(pass.sequenced, 9);
    assert_sound(&fixture, 9);
    assert_int_equal(ledger_leaf_index(cx, receipt_person(3), 3, &index, &found), OK);
    assert_false(found);
    log_fixture_close(&fixture);
}

/* ---- rows that are not what was written */

static void a_stored_head_that_is_none_is_not_believed(void **state)
{
    (void)state;
    static const char *const DAMAGES[] = {"UPDATE log_head SET size = -1", "UPDATE log_head SET root = zeroblob(1)",
                                          "UPDATE log_head SET root = zeroblob(33)"};
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_head head;
    struct ledger_pass pass;
    struct bytes data;
    bool found = false;
    log_append(&fixture, 10);
    log_sequence(&fixture);
    log_append(&fixture, 1);
    run_sql(&fixture, "CREATE TABLE head_was AS SELECT * FROM log_head");
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        struct ledger_audit audit = {.found = hear};
        run_sql(&fixture, DAMAGES[i]);
        assert_failed(cx, ledger_head(cx, &head), CORRUPT, "log.head");
        assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CORRUPT, "log.head");
        assert_failed(cx, ledger_tile(cx, &(struct tile){0, 0, 10}, &data, &found), CORRUPT, "log.head");
        assert_failed(cx, ledger_audit(cx, &audit), CORRUPT, "log.head");
        run_sql(&fixture, "DELETE FROM log_head; INSERT INTO log_head SELECT * FROM head_was");
    }
    log_sequence(&fixture);
    assert_int_equal(size_of_log(cx), 11);
    log_fixture_close(&fixture);
}

static void a_stored_name_that_is_none_signs_nothing(void **state)
{
    (void)state;
    static const char *const DAMAGES[] = {"UPDATE node_text SET value = 'two words' WHERE name = 'log_origin'",
                                          "DELETE FROM node_text WHERE name = 'log_origin'"};
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_head head;
    struct ledger_pass pass;
    struct text key;
    log_append(&fixture, 10);
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        run_sql(&fixture, DAMAGES[i]);
        assert_failed(cx, ledger_verifier_key(cx, &key), NOT_FOUND, "log.no_origin");
        assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), NOT_FOUND, "log.no_origin");
        assert_failed(cx, ledger_head(cx, &head), NOT_FOUND, "log.not_started");
    }
    log_fixture_close(&fixture);
}

static void a_waiting_entry_of_another_size_stops_the_pass(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct ledger_pass pass;
    log_append(&fixture, 10);
    log_sequence(&fixture);
    log_append(&fixture, 3);
    run_sql(&fixture, "UPDATE log_pending SET leaf = substr(leaf, 1, 31) WHERE receipt_id = 11");
    assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CORRUPT, "log.entry");
    assert_int_equal(size_of_log(cx), 10);
    run_sql(&fixture, "DELETE FROM log_pending WHERE receipt_id = 11");
    assert_int_equal(ledger_sequence(cx, fixture.store, &pass), OK);
    assert_int_equal(pass.sequenced, 2);
    log_fixture_close(&fixture);
}

static void a_tile_that_is_gone_or_short_is_told(void **state)
{
    (void)state;
    static const char *const DAMAGES[] = {"DELETE FROM log_tile WHERE level = 0",
                                          "UPDATE log_tile SET data = substr(data, 1, 319) WHERE level = 0"};
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    uint8_t salt[LEDGER_SALT_BYTES];
    struct ledger_pass pass;
    struct merkle_proof proof;
    struct bytes data;
    struct text file;
    bool found = false;
    log_append(&fixture, 10);
    log_sequence(&fixture);
    log_append(&fixture, 1);
    receipt_salt(5, salt);
    run_sql(&fixture, "CREATE TABLE tile_was AS SELECT * FROM log_tile");
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        run_sql(&fixture, DAMAGES[i]);
        assert_failed(cx, ledger_tile(cx, &(struct tile){0, 0, 10}, &data, &found), CORRUPT, "log.tile_missing");
        assert_failed(cx, ledger_proof(cx, receipt_person(5), 5, salt, &file), CORRUPT, "log.tile_missing");
        assert_failed(cx, ledger_consistency(cx, 4, 10, &proof), CORRUPT, "log.tile_missing");
        assert_failed(cx, ledger_sequence(cx, fixture.store, &pass), CORRUPT, "log.tile_missing");
        assert_int_equal(size_of_log(cx), 10);
        run_sql(&fixture, "DELETE FROM log_tile; INSERT INTO log_tile SELECT * FROM tile_was");
    }
    log_sequence(&fixture);
    assert_sound(&fixture, 11);
    log_fixture_close(&fixture);
}

/* ---- tiles as a tree */

static void each_hash_comes_from_its_own_tile(void **state)
{
    (void)state;
    static const int64_t ORDER[] = {5, 300, 5, 511, 0, 256, 599, 300};
    struct log_fixture fixture;
    struct ctx *cx = log_fixture_open(&fixture);
    struct tile_source tiles;
    struct merkle_hash hash;
    struct merkle_hash leaf;
    struct bytes entries;
    log_append(&fixture, 600);
    log_sequence(&fixture);
    struct merkle_source source = tile_source_open(&tiles, 600);
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
        int64_t index = ORDER[i];
        struct tile tile = {TILE_ENTRIES, index / TILE_WIDTH, (int)(index % TILE_WIDTH) + 1};
        assert_int_equal(tile_load(cx, &tile, &entries), OK);
        merkle_leaf((struct bytes){entries.at + entries.size - HASH_BYTES, HASH_BYTES}, &leaf);
        assert_int_equal(source.hash(source.self, cx, 0, index, &hash), OK);
        assert_memory_equal(hash.at, leaf.at, HASH_BYTES);
    }
    assert_int_equal(source.hash(source.self, cx, 3, 74, &hash), OK); /* the last that is complete */
    assert_failed(cx, source.hash(source.self, cx, 3, 75, &hash), INVALID, "log.no_such_size");
    assert_failed(cx, source.hash(source.self, cx, 0, 600, &hash), INVALID, "log.no_such_size");
    assert_failed(cx, source.hash(source.self, cx, 10, 0, &hash), INVALID, "log.no_such_size");
    log_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_that_lost_a_race_begins_again),
        cmocka_unit_test(a_pass_that_loses_every_race_says_so),
        cmocka_unit_test(an_entry_that_is_erased_while_a_pass_signs_gets_no_number),
        cmocka_unit_test(a_stored_head_that_is_none_is_not_believed),
        cmocka_unit_test(a_stored_name_that_is_none_signs_nothing),
        cmocka_unit_test(a_waiting_entry_of_another_size_stops_the_pass),
        cmocka_unit_test(a_tile_that_is_gone_or_short_is_told),
        cmocka_unit_test(each_hash_comes_from_its_own_tile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
