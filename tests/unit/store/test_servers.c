/* SPDX-License-Identifier: Apache-2.0
 * Two servers on one database: what a write has read stays true until its commit, whoever lost its place takes another,
 * a commit is on disk, and all that is changed counts, once. Both are stores in this program; which of them comes first
 * is said by a gate, not by chance. In a folder one writer keeps the others out, so there is nothing to see. */
#include <semaphore.h>

#include "base/text.h"
#include "store/data_age.h"
#include "support/patience.h"
#include "unit/store/things.h"

struct pair {
    struct store *other;
    struct ctx    cx; /* the other's */
};

static void pair_open(struct fixture *fixture, struct pair *pair)
{
    struct store_options options = fixture_options(fixture);
    *pair = (struct pair){.cx = {.arena = arena_open(FIXTURE_ARENA_BYTES), .clock = &fixture->clock}};
    assert_int_equal(store_open(&pair->cx, &options, &pair->other), OK);
}

static void pair_close(struct pair *pair)
{
    store_close(pair->other);
    arena_close(pair->cx.arena);
}

/* ---- a bound that two keep */

/* A write that stops between what it has read and what follows from it, the first time. */
struct last_place {
    int64_t number;
    bool    waits;
    int     runs;
    err     result;
    sem_t   has_read;
    sem_t   may_go_on;
    sem_t   is_told;
};

/* store_write_fn: there may be one thing. No row says so that two would change: each adds its own. */
static err take_last_place(struct ctx *cx, void *arg)
{
    struct last_place *place = arg;
    struct sql_thing_count_row row = {0};
    bool found = false;
    TRY(sql_thing_count(cx, &row, &found));
    if (++place->runs == 1 && place->waits) {
        (void)sem_post(&place->has_read); /* far from its maximum */
        wait_for(&place->may_go_on);
    }
    return row.things > 0 ? FAIL(cx, CONFLICT, "test.full", "there is one") : write_thing(cx, &place->number);
}

static void note(struct store_write *first)
{
    struct last_place *place = first->owner;
    place->result = first->result;
    (void)sem_post(&place->is_told);
}

static void two_that_count_do_not_both_take_the_last_place(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair;
    if (!store_is_on_server())
        skip();
    pair_open(fixture, &pair);
    struct last_place slow = {.number = 1, .waits = true};
    struct last_place quick = {.number = 2};
    assert_int_equal(sem_init(&slow.has_read, 0, 0) + sem_init(&slow.may_go_on, 0, 0), 0);
    assert_int_equal(sem_init(&slow.is_told, 0, 0), 0);
    struct ctx slow_cx = {.arena = arena_open(64 * 1024), .clock = &fixture->clock};
    struct store_write write = {.cx = &slow_cx, .run = take_last_place, .arg = &slow, .done = note, .owner = &slow};
    assert_true(store_submit(fixture->store, &write, 1));
    wait_for(&slow.has_read);
    assert_int_equal(store_write_wait(pair.other, &pair.cx, take_last_place, &quick), OK); /* waits for nobody */
    assert_int_equal(sem_post(&slow.may_go_on), 0);
    wait_for(&slow.is_told);
    assert_int_equal(slow.result, CONFLICT); /* its own word, of a second run that saw the other's thing */
    assert_string_equal(slow_cx.failure.reason, "test.full");
    assert_int_equal(slow.runs, 2);
    assert_int_equal(count_things(&fixture->cx), 1);
    arena_close(slow_cx.arena);
    pair_close(&pair);
}

/* ---- places */

static int64_t ask_number(struct fixture *fixture, struct postgres *pg, const char *sql)
{
    const char *found = NULL;
    int64_t number = -1;
    assert_int_equal(postgres_ask(&fixture->cx, pg, sql, 1, &found), OK);
    assert_true(found != NULL && text_to_int64(text_of(found), &number));
    return number;
}

static void a_writer_whose_place_another_has_taken_takes_a_free_one(void **state)
{
    static const char OF_FIRST[] = "SELECT writer_id::text FROM batch_mark WHERE slot = 0";
    static const char WRITTEN[] = "SELECT sum(number)::text FROM batch_mark WHERE slot = 0";
    struct fixture *fixture = *state;
    struct pair pair;
    int64_t number = 1;
    if (!store_is_on_server())
        skip();
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    struct postgres *pg = database_open(&fixture->cx, fixture->place.url, "symbolon");
    int64_t first = ask_number(fixture, pg, OF_FIRST);
    assert_int_equal(database_run(&fixture->cx, &pg->base, "UPDATE batch_mark SET until_ms = 0"), OK); /* long silent */
    pair_open(fixture, &pair);
    number = 2;
    assert_int_equal(store_write_wait(pair.other, &pair.cx, write_thing, &number), OK);
    int64_t other = ask_number(fixture, pg, OF_FIRST);
    int64_t written = ask_number(fixture, pg, WRITTEN);
    assert_true(other != first);
    number = 3;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(ask_number(fixture, pg, OF_FIRST), other);
    assert_int_equal(ask_number(fixture, pg, WRITTEN), written); /* nothing of another stands there */
    assert_int_equal(ask_number(fixture, pg, "SELECT count(*)::text FROM batch_mark WHERE until_ms > 0"), 2);
    assert_int_equal(count_things(&fixture->cx), 3);
    database_close(&pg->base);
    pair_close(&pair);
}

/* ---- how new the data is */

static int64_t age_of(struct fixture *fixture)
{
    int64_t now[STORE_FILE_COUNT];
    assert_int_equal(store_generations_look(&fixture->cx, fixture->store, now), OK);
    assert_int_equal(now[STORE_RECORDS] + now[STORE_LEDGER], 0);
    return now[STORE_PEOPLE];
}

static err keep_house(struct ctx *cx, void *arg)
{
    store_keep_house(cx);
    return write_thing(cx, arg);
}

static err ask_only(struct ctx *cx, void *arg)
{
    (void)arg; /* there is nothing to say */
    return count_things(cx) >= 0 ? OK : INTERNAL;
}

/* Beside one that changes something in a transaction of its own, or before it. */
static err change_and_fail(struct ctx *cx, void *arg)
{
    TRY(write_thing(cx, arg));
    return FAIL(cx, CONFLICT, "test.undone", "it is not to be");
}

static void all_that_changes_something_counts_whoever_does_it(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair;
    int64_t number = 1;
    if (!store_is_on_server())
        skip();
    int64_t begun = age_of(fixture);
    assert_true(begun >= INT64_C(1) << 40); /* no file has counted as far, whose node comes here */
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(age_of(fixture), begun + 1);
    pair_open(fixture, &pair);
    number = 2;
    assert_int_equal(store_write_wait(pair.other, &pair.cx, write_thing, &number), OK);
    assert_int_equal(age_of(fixture), begun + 2);
    assert_int_equal(store_changes(fixture->store), 1); /* its own */
    pair_close(&pair);
    number = 3;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(age_of(fixture), begun + 3); /* those of a place that is free again stay */
}

static void what_changes_nothing_or_only_keeps_house_does_not_count(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 1;
    if (!store_is_on_server())
        skip();
    int64_t begun = age_of(fixture);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, keep_house, &number), OK);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, ask_only, NULL), OK);
    number = 2;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, change_and_fail, &number), CONFLICT);
    failure_clear(&fixture->cx.failure);
    fixture->set.wall_ms += 5000;
    assert_int_equal(store_settle_time(fixture->store, &fixture->cx), OK); /* the time is kept, and that is no change */
    assert_int_equal(age_of(fixture), begun);
    assert_int_equal(store_changes(fixture->store), 0);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(age_of(fixture), begun + 1);
}

static void data_of_an_earlier_version_begins_to_count(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 1;
    if (!store_is_on_server())
        skip();
    int64_t begun = age_of(fixture);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    fixture_close(fixture);
    struct postgres *pg = database_open(&fixture->cx, fixture->place.url, "symbolon");
    assert_int_equal(database_run(&fixture->cx, &pg->base, "ALTER TABLE batch_mark DROP COLUMN changes"), OK);
    database_close(&pg->base);
    fixture_open(fixture);
    assert_int_equal(age_of(fixture), begun); /* so it is behind any mark that has seen it change */
    number = 2;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(age_of(fixture), begun + 1);
}

static void what_has_come_from_elsewhere_is_no_older_than_it_was_there(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 1;
    if (!store_is_on_server())
        skip();
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    int64_t now = age_of(fixture);
    struct postgres *pg = database_open(&fixture->cx, fixture->place.url, "symbolon");
    const int64_t wished[] = {7, now - 1, now, now + 100, now + 50};
    const int64_t wanted[] = {now, now, now, now + 100, now + 100};
    for (size_t i = 0; i < sizeof wished / sizeof *wished; i++) {
        assert_int_equal(postgres_lift_changes(&fixture->cx, pg, wished[i]), OK);
        assert_int_equal(age_of(fixture), wanted[i]);
    }
    database_close(&pg->base);
}

/* ---- the disk */

/* What the server does for a writer's commit, when its administrator wishes for `wished`. */
static void assert_commit(struct fixture *fixture, const char *wished, const char *wanted)
{
    struct postgres_options options = {.url = fixture->place.url, .schema = "symbolon", .role = ROLE_WRITER};
    struct postgres *admin = database_open(&fixture->cx, fixture->place.url, "symbolon");
    struct postgres *writer = NULL;
    const char *found[2] = {NULL, NULL};
    struct text sql = text_format(fixture->cx.arena, "ALTER ROLE CURRENT_USER SET synchronous_commit = %s", wished);
    assert_int_equal(database_run(&fixture->cx, &admin->base, sql.at), OK);
    assert_int_equal(postgres_open(&fixture->cx, &options, &writer), OK);
    assert_int_equal(postgres_ask(&fixture->cx, writer, "SELECT current_setting('synchronous_commit'),"
                                  " current_setting('transaction_isolation')", 2, found), OK);
    assert_string_equal(found[0], wanted);
    assert_string_equal(found[1], "serializable");
    database_close(&writer->base);
    assert_int_equal(database_run(&fixture->cx, &admin->base, "ALTER ROLE CURRENT_USER RESET synchronous_commit"), OK);
    database_close(&admin->base);
}

static void a_commit_waits_for_the_disk_whatever_its_administrator_wishes(void **state)
{
    if (!store_is_on_server())
        skip();
    assert_commit(*state, "on", "on");
    assert_commit(*state, "off", "on");
    assert_commit(*state, "local", "on");
    assert_commit(*state, "remote_apply", "remote_apply"); /* which is more */
}

/* ---- two servers that share a folder of keys */

struct meeting {
    struct store *other;  /* that changes the keys meanwhile; NULL: nobody does */
    int64_t       number; /* what it writes */
    bool          writes; /* the keys, behind having read them */
    int           runs;
    int64_t       seen;   /* the generation of the keys, in the last run */
};

static err write_secret(struct ctx *cx, void *arg)
{
    return sql_secret_insert(cx, &(struct sql_secret_insert_in){*(const int64_t *)arg, {NULL, 0}}, NULL);
}

static err let_other_write(struct ctx *cx, struct meeting *meeting)
{
    struct ctx own = {.arena = arena_open(64 * 1024), .clock = cx->clock};
    err result = store_write_wait(meeting->other, &own, write_secret, &meeting->number);
    arena_close(own.arena);
    return result == OK ? OK : FAIL(cx, INTERNAL, "test.other", "the other server could not write");
}

static err meet(struct ctx *cx, void *arg)
{
    struct meeting *meeting = arg;
    struct sql_file_generation_row keys;
    int64_t number = 1;
    bool found = false;
    TRY(sql_generation_of_keys(cx, &keys, &found));
    meeting->seen = keys.generation;
    if (meeting->runs++ == 0 && meeting->other != NULL)
        TRY(let_other_write(cx, meeting));
    return meeting->writes ? write_secret(cx, &number) : write_thing(cx, &number);
}

/* In one folder for all, nobody comes between: the lock of the people's file orders all writers. */
static void a_write_that_has_read_the_keys_holds_up_nobody_and_relies_on_nothing_old(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = fixture_options(fixture);
    struct store *other = NULL;
    assert_int_equal(store_open(&fixture->cx, &options, &other), OK);
    bool is_shared = store_is_on_server();
    struct meeting reads = {.other = is_shared ? other : NULL, .number = 100};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, meet, &reads), OK);
    assert_int_equal(reads.runs, 1);
    fixture->set.wall_ms += 5000;
    struct meeting writes = {.other = is_shared ? other : NULL, .number = 101, .writes = true};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, meet, &writes), OK);
    assert_int_equal(writes.runs, is_shared ? 2 : 1);
    assert_int_equal(writes.seen, is_shared ? 2 : 0);
    store_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(two_that_count_do_not_both_take_the_last_place),
        STORE_TEST(a_writer_whose_place_another_has_taken_takes_a_free_one),
        STORE_TEST(all_that_changes_something_counts_whoever_does_it),
        STORE_TEST(what_changes_nothing_or_only_keeps_house_does_not_count),
        STORE_TEST(data_of_an_earlier_version_begins_to_count),
        STORE_TEST(what_has_come_from_elsewhere_is_no_older_than_it_was_there),
        STORE_TEST(a_write_that_has_read_the_keys_holds_up_nobody_and_relies_on_nothing_old),
        STORE_TEST(a_commit_waits_for_the_disk_whatever_its_administrator_wishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
