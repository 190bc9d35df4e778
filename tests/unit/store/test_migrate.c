/* SPDX-License-Identifier: Apache-2.0
 * Migrations: the words of SQLite are put in, each file gets its part once, and nothing old or unknown is written
 * to. */
#include "store/migrate.h"
#include "store/sqlite.h"
#include "unit/store/ask.h"
#include "unit/store/fixture.h"

#define PEOPLE (1U << STORE_PEOPLE)
#define KEYS (1U << STORE_KEYS)

static const struct migration STEPS[] = {
    {1, "0001_first", "-- file: people\nCREATE TABLE a (x :int64: NOT NULL, PRIMARY KEY (x)) :clustered:;\n"
                      "-- file: keys\nCREATE TABLE b (x :int64: NOT NULL) :strict:;\n"},
    {2, "0002_second", "-- file: people\nINSERT INTO a (x) VALUES (2);\n"},
};

static const struct migration BROKEN[] = {
    {1, "0001_first", "-- file: people\nCREATE TABLE a (x :int64: NOT NULL, PRIMARY KEY (x)) :clustered:;\n"
                      "-- file: keys\nCREATE TABLE b (x :int64: NOT NULL) :strict:;\n"},
    {2, "0002_second", "-- file: people\nINSERT INTO a (x) VALUES (2);\nINSERT INTO missing (x) VALUES (3);\n"},
};

static struct database *open_file(struct fixture *fixture, const char *name)
{
    struct sqlite_file *file = NULL;
    struct text path = text_format(fixture->cx.arena, "%s/%s", fixture->folder, name);
    struct sqlite_options options = {.path = path.at, .role = ROLE_WRITER, .create = true};
    assert_int_equal(sqlite_open(&fixture->cx, &options, &file), OK);
    return &file->base;
}

static void assert_failure(struct fixture *fixture, err result, err code, const char *reason)
{
    assert_int_equal(result, code);
    assert_string_equal(fixture->cx.failure.reason, reason);
    failure_clear(&fixture->cx.failure);
}

static void the_words_of_the_dialect_are_put_in(void **state)
{
    struct fixture *fixture = *state;
    const char *out = NULL;
    static const char SQL[] = "-- head\n-- file: ledger\n"
                              "CREATE TABLE e (e_id :append_id:, p :int64: NOT NULL, t :text: NOT NULL,\n"
                              "d :bytes: NOT NULL\n:append_key p, e_id:\n) :strict:;\n-- file: keys\nCREATE k;\n";
    assert_int_equal(migrate_text(&fixture->cx, &SQLITE_ENGINE, SQL, 1U << STORE_LEDGER, &out), OK);
    assert_string_equal(out, "CREATE TABLE e (e_id INTEGER PRIMARY KEY, p INTEGER NOT NULL, t TEXT NOT NULL,\n"
                             "d BLOB NOT NULL\n\n) STRICT;\n");
    assert_int_equal(migrate_text(&fixture->cx, &SQLITE_ENGINE, SQL, 1U << STORE_KEYS, &out), OK);
    assert_string_equal(out, "CREATE k;\n");
    assert_int_equal(migrate_text(&fixture->cx, &SQLITE_ENGINE, SQL, 1U << STORE_PEOPLE, &out), OK);
    assert_string_equal(out, "");
}

static void a_step_is_taken_once(void **state)
{
    struct fixture *fixture = *state;
    struct database *people = open_file(fixture, "people.db");
    struct migrations first = {STEPS, 1};
    struct migrations both = {STEPS, 2};
    assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, first), OK);
    assert_int_equal(ask(&fixture->cx, people, "SELECT count(*) FROM a"), 0);
    for (int i = 0; i < 2; i++) { /* the second time finds nothing to do */
        assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, both), OK);
        assert_int_equal(ask(&fixture->cx, people, "SELECT sum(x) FROM a"), 2);
        assert_int_equal(ask(&fixture->cx, people, "SELECT count(*) FROM schema_migration"), 2);
    }
    database_close(people);
}

static void a_stop_between_two_files_is_resumed(void **state)
{
    struct fixture *fixture = *state;
    struct database *keys = open_file(fixture, "keys.db");
    struct database *people = open_file(fixture, "people.db");
    struct migrations both = {STEPS, 2};
    assert_int_equal(migrate_files(&fixture->cx, keys, KEYS, both), OK);
    database_close(keys); /* here it stops; the next start begins with the keys again */
    keys = open_file(fixture, "keys.db");
    assert_int_equal(migrate_files(&fixture->cx, keys, KEYS, both), OK);
    assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, both), OK);
    assert_int_equal(ask(&fixture->cx, keys, "SELECT count(*) FROM b"), 0);
    assert_int_equal(ask(&fixture->cx, people, "SELECT count(*) FROM a"), 1);
    database_close(keys);
    database_close(people);
}

static void a_step_that_fails_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct database *people = open_file(fixture, "people.db");
    struct migrations broken = {BROKEN, 2};
    assert_failure(fixture, migrate_files(&fixture->cx, people, PEOPLE, broken), INTERNAL, "store.statement");
    assert_int_equal(ask(&fixture->cx, people, "SELECT count(*) FROM a"), 0);
    assert_int_equal(ask(&fixture->cx, people, "SELECT count(*) FROM schema_migration"), 1);
    assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){STEPS, 2}), OK);
    assert_int_equal(ask(&fixture->cx, people, "SELECT count(*) FROM a"), 1);
    database_close(people);
}

static void a_changed_step_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct database *people = open_file(fixture, "people.db");
    struct migration changed[] = {STEPS[0], STEPS[1]};
    changed[1].sql = "-- file: people\nINSERT INTO a (x) VALUES (3);\n";
    assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){STEPS, 2}), OK);
    assert_failure(fixture, migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){changed, 2}),
                   CONFLICT, "store.migration_changed");
    assert_int_equal(ask(&fixture->cx, people, "SELECT sum(x) FROM a"), 2);
    database_close(people);
}

static void a_later_schema_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct database *people = open_file(fixture, "people.db");
    assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){STEPS, 2}), OK);
    assert_failure(fixture, migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){STEPS, 1}), CONFLICT,
                   "store.too_new");
    database_close(people);
}

static void a_gap_in_the_record_is_damage(void **state)
{
    struct fixture *fixture = *state;
    struct database *people = open_file(fixture, "people.db");
    assert_int_equal(migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){STEPS, 2}), OK);
    assert_int_equal(database_run(&fixture->cx, people, "DELETE FROM schema_migration WHERE version = 1"), OK);
    assert_failure(fixture, migrate_files(&fixture->cx, people, PEOPLE, (struct migrations){STEPS, 2}), CORRUPT,
                   "store.damaged");
    database_close(people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLOSED_TEST(the_words_of_the_dialect_are_put_in),
        CLOSED_TEST(a_step_is_taken_once),
        CLOSED_TEST(a_stop_between_two_files_is_resumed),
        CLOSED_TEST(a_step_that_fails_leaves_nothing),
        CLOSED_TEST(a_changed_step_is_refused),
        CLOSED_TEST(a_later_schema_is_refused),
        CLOSED_TEST(a_gap_in_the_record_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
