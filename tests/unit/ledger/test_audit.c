/* SPDX-License-Identifier: Apache-2.0
 * The audit finds nothing in a sound log, and each kind of damage by a sentence that names it. */
#include "ledger/audit.h"

#include "unit/ledger/fixture.h"

#define HEARD_MAX 64

struct heard {
    size_t count;
    char   sentences[HEARD_MAX][256];
};

static void hear(void *self, struct text sentence)
{
    struct heard *heard = self;
    if (heard->count < HEARD_MAX)
        (void)snprintf(heard->sentences[heard->count], sizeof heard->sentences[0], "%.*s", TEXT_ARGS(sentence));
    heard->count++;
}

static struct ledger_audit run_audit(struct log_fixture *fixture, struct heard *heard)
{
    *heard = (struct heard){0};
    struct ledger_audit audit = {.found = hear, .self = heard};
    assert_int_equal(ledger_audit(&fixture->base.cx, &audit), OK);
    assert_int_equal(audit.findings, heard->count);
    assert_int_equal(fixture->base.cx.failure.code, OK);
    return audit;
}

static bool was_heard(const struct heard *heard, const char *part)
{
    for (size_t i = 0; i < heard->count && i < HEARD_MAX; i++)
        if (strstr(heard->sentences[i], part) != NULL)
            return true;
    return false;
}

/* Entries with receipts, as acts leave them. */
static void append_receipts(struct log_fixture *fixture, int64_t count)
{
    log_append(fixture, count);
    run_sql(fixture, "INSERT INTO receipt (receipt_id, person_id, relationship_id, organisation_id, at_ms, leaf, "
                     "sealed) SELECT receipt_id, person_id, 0, 0, 0, leaf, zeroblob(0) FROM log_pending "
                     "WHERE receipt_id NOT IN (SELECT receipt_id FROM receipt)");
}

static void a_sound_log_has_no_findings(void **state)
{
    (void)state;
    static const int64_t STEPS[] = {0, 1, 1, 253, 1, 1, 255, 188, 4096, 1000, 11200}; /* more bundles than are kept */
    struct log_fixture fixture;
    struct heard heard;
    (void)log_fixture_open(&fixture);
    (void)run_audit(&fixture, &heard);
    assert_int_equal(heard.count, 0);
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        append_receipts(&fixture, STEPS[i]);
        struct ledger_audit audit = run_audit(&fixture, &heard);
        assert_int_equal(heard.count, 0);
        assert_int_equal(audit.pending, STEPS[i]);
        log_sequence(&fixture);
        audit = run_audit(&fixture, &heard);
        assert_int_equal(heard.count, 0);
        assert_int_equal(audit.entries, fixture.appended);
        assert_int_equal(audit.receipts, fixture.appended);
        assert_int_equal(audit.pending, 0);
    }
    log_fixture_close(&fixture);
}

/* 66,000 entries: the third level of tiles begins. */
static void a_log_of_three_levels_has_no_findings(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct heard heard;
    (void)log_fixture_open(&fixture);
    for (int i = 0; i < 22; i++) {
        log_append(&fixture, 3000);
        log_sequence(&fixture);
    }
    struct ledger_audit audit = run_audit(&fixture, &heard);
    assert_int_equal(heard.count, 0);
    assert_int_equal(audit.entries, 66000);
    run_sql(&fixture, "DELETE FROM log_tile WHERE level = 2");
    (void)run_audit(&fixture, &heard);
    assert_true(was_heard(&heard, "Tile 0 of level 2 holds 0 octets where 32 are due."));
    run_sql(&fixture, "DELETE FROM log_tile WHERE level = -1 AND tile_index = 3");
    (void)run_audit(&fixture, &heard);
    assert_true(was_heard(&heard, "The entries from 768 on are missing"));
    assert_false(was_heard(&heard, "of level 1")); /* nothing can be said of what stands above them */
    assert_false(was_heard(&heard, "of level 2"));
    log_fixture_close(&fixture);
}

struct damage {
    const char *sql;
    const char *sentence; /* part of what must be heard */
};

static void each_damage_has_its_sentence(void **state)
{
    (void)state;
    static const struct damage DAMAGES[] = {
        {"UPDATE log_tile SET data = zeroblob(8192) WHERE level = 0 AND tile_index = 1",
         "Tile 1 of level 0 differs from what the entries give, first at hash 0."},
        {"DELETE FROM log_tile WHERE level = 0 AND tile_index = 0",
         "Tile 0 of level 0 holds 0 octets where 8192 are due."},
        {"UPDATE log_tile SET data = zeroblob(64) WHERE level = 1",
         "Tile 0 of level 1 differs from what the entries give, first at hash 0."},
        {"INSERT INTO log_tile VALUES (1, 1, zeroblob(1))", "The store holds 8 tiles where the log has 7."},
        {"DELETE FROM log_tile WHERE level = -1 AND tile_index = 1",
         "The entries from 256 on are missing or damaged up to the end of their bundle."},
        {"UPDATE log_tile SET data = zeroblob(8704) WHERE level = -1 AND tile_index = 0",
         "The entries from 0 on are missing or damaged up to the end of their bundle."},
        {"UPDATE log_tile SET data = (SELECT data FROM log_tile WHERE level = -1 AND tile_index = 1) "
         "WHERE level = -1 AND tile_index = 0",
         "The root of the stored head differs from what the entries give."},
        {"UPDATE log_head SET root = zeroblob(32)",
         "The published checkpoint names another tree than the stored head."},
        {"UPDATE log_head SET root = zeroblob(32)", "The root of the stored head differs from what the entries give."},
        {"UPDATE log_head SET note = replace(note, '600', '599')",
         "The published checkpoint is not signed by the key of this log."},
        {"UPDATE log_head SET note = 'nothing'", "The published checkpoint is not a checkpoint."},
        {"UPDATE log_head SET size = 599", "The published checkpoint names another tree than the stored head."},
        {"UPDATE receipt SET leaf = zeroblob(32) WHERE receipt_id = 17", "is not that of receipt 17."},
        {"UPDATE log_leaf SET leaf_index = 700 WHERE receipt_id = 17",
         "Receipt 17 has place 700 in a log of 600 entries."},
        {"UPDATE log_leaf SET leaf_index = 700 WHERE receipt_id = 17", "Place 700 of receipt 17 is outside the log."},
        {"UPDATE log_leaf SET leaf_index = -5 WHERE receipt_id = 17", "Place -5 of receipt 17 is outside the log."},
        {"UPDATE log_leaf SET leaf_index = (SELECT leaf_index FROM log_leaf WHERE receipt_id = 18) "
         "WHERE receipt_id = 17",
         "is given twice, the second time to receipt 18."},
        {"DELETE FROM log_leaf WHERE receipt_id = 17", "Receipt 17 neither stands in the log nor waits for it."},
        {"DELETE FROM log_leaf WHERE leaf_index BETWEEN 40 AND 42", "No receipt is known for the places 40 to 42."},
        {"DELETE FROM log_leaf WHERE leaf_index >= 599", "No receipt is known for the places 599 to 599."},
        {"INSERT INTO log_pending SELECT person_id, receipt_id, leaf FROM receipt WHERE receipt_id = 17",
         "Receipt 17 stands in the log and waits for it still."},
        {"DELETE FROM log_head", "The store holds 7 tiles where the log has 0."},
    };
    struct log_fixture fixture;
    struct heard heard;
    (void)log_fixture_open(&fixture);
    append_receipts(&fixture, 600);
    log_sequence(&fixture);
    run_sql(&fixture, "CREATE TABLE tile_was AS SELECT * FROM log_tile;"
                      "CREATE TABLE head_was AS SELECT * FROM log_head;"
                      "CREATE TABLE leaf_was AS SELECT * FROM log_leaf;"
                      "CREATE TABLE receipt_was AS SELECT * FROM receipt");
    for (size_t i = 0; i < sizeof DAMAGES / sizeof *DAMAGES; i++) {
        run_sql(&fixture, DAMAGES[i].sql);
        (void)run_audit(&fixture, &heard);
        if (!was_heard(&heard, DAMAGES[i].sentence))
            fail_msg("after \"%s\" nobody said \"%s\" but %zu other things, first: %s", DAMAGES[i].sql,
                     DAMAGES[i].sentence, heard.count, heard.count == 0 ? "nothing" : heard.sentences[0]);
        run_sql(&fixture, "DELETE FROM log_tile; INSERT INTO log_tile SELECT * FROM tile_was;"
                          "DELETE FROM log_head; INSERT INTO log_head SELECT * FROM head_was;"
                          "DELETE FROM log_leaf; INSERT INTO log_leaf SELECT * FROM leaf_was;"
                          "DELETE FROM receipt; INSERT INTO receipt SELECT * FROM receipt_was;"
                          "DELETE FROM log_pending");
        (void)run_audit(&fixture, &heard);
        assert_int_equal(heard.count, 0);
        arena_reset(fixture.base.cx.arena);
    }
    log_fixture_close(&fixture);
}

static void one_damage_does_not_hide_another(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct heard heard;
    (void)log_fixture_open(&fixture);
    append_receipts(&fixture, 600);
    log_sequence(&fixture);
    run_sql(&fixture, "DELETE FROM log_tile WHERE level = -1 AND tile_index = 0;"
                      "DELETE FROM log_tile WHERE level = 0 AND tile_index = 2;"
                      "DELETE FROM log_leaf WHERE receipt_id = 3; UPDATE log_head SET note = ''");
    (void)run_audit(&fixture, &heard);
    assert_true(was_heard(&heard, "The published checkpoint is not a checkpoint."));
    assert_true(was_heard(&heard, "The entries from 0 on are missing"));
    assert_true(was_heard(&heard, "Tile 2 of level 0 holds 0 octets"));
    assert_true(was_heard(&heard, "Receipt 3 neither stands in the log nor waits for it."));
    log_fixture_close(&fixture);
}

static void an_erased_receipt_leaves_a_sound_log(void **state)
{
    (void)state;
    struct log_fixture fixture;
    struct heard heard;
    (void)log_fixture_open(&fixture);
    append_receipts(&fixture, 600);
    log_sequence(&fixture);
    run_sql(&fixture, "DELETE FROM receipt WHERE person_id = 3");
    struct ledger_audit audit = run_audit(&fixture, &heard);
    assert_int_equal(heard.count, 0);
    assert_int_equal(audit.entries, 600);
    assert_true(audit.receipts < 600);
    log_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_log_has_no_findings),
        cmocka_unit_test(a_log_of_three_levels_has_no_findings),
        cmocka_unit_test(each_damage_has_its_sentence),
        cmocka_unit_test(one_damage_does_not_hide_another),
        cmocka_unit_test(an_erased_receipt_leaves_a_sound_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
