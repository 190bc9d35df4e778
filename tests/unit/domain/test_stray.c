/* SPDX-License-Identifier: Apache-2.0
 * Goal: what a write left that broke off between two files goes after its time, and nothing of anybody who is known
 * goes ever. Method: keys and records without a person, as a crash before the last commit leaves them, among people;
 * sweeps before and after the day, and one beside another writer that is about to name the person; copies of records as
 * a claim leaves them that broke off, with and without the records that were copied. */
#include "domain/people/stray.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "domain/parties/record.h"
#include "support/world.h"

/* store_write_fn: all of a person but the row of the people file. */
static err leave_stray(struct ctx *cx, void *arg)
{
    int64_t *person_id = arg;
    PERSON_KEY key;
    *person_id = ctx_number(cx);
    TRY(person_key_make(cx, *person_id));
    TRY(person_key_open(cx, *person_id, &key));
    struct record record = {.person_id = *person_id,
                            .relationship_id = ctx_number(cx),
                            .record_id = ctx_number(cx),
                            .department_id = 1,
                            .kind = RECORD_PROFILE,
                            .body = TEXT("{\"field\":\"note\",\"value\":\"x\"}")};
    return record_insert(cx, &key, &record);
}

static int64_t sweep_all(struct world *world, int64_t older_than_ms)
{
    struct stray_sweep sweep = {.older_than_ms = older_than_ms};
    struct ctx *cx = world_as(world, world->operator_);
    while (!sweep.at_end)
        ASSERT_OK(world, stray_sweep(cx, world->node.store, &sweep));
    return sweep.removed;
}

static int64_t count(struct world *world)
{
    int64_t strays = -1;
    ASSERT_OK(world, stray_count(world_as(world, world->operator_), &strays));
    return strays;
}

static err open_key(struct world *world, int64_t person_id)
{
    PERSON_KEY key;
    return person_key_open(world_as(world, world->operator_), person_id, &key);
}

static void strays_go_after_a_day_and_people_stay(void **state)
{
    struct world *world = *state;
    int64_t strays[3];
    assert_int_equal(count(world), 0);
    for (size_t i = 0; i < 3; i++)
        ASSERT_OK(world, WRITE(world, world->operator_, leave_stray, &strays[i]));
    struct actor late = world_make_person(world, "Late");
    assert_int_equal(count(world), 3);
    assert_int_equal(sweep_all(world, LIMIT_STRAY_MS), 0);
    test_node_pass(&world->node, LIMIT_STRAY_MS - 1000);
    assert_int_equal(sweep_all(world, LIMIT_STRAY_MS), 0);
    test_node_pass(&world->node, 2000);
    assert_int_equal(sweep_all(world, LIMIT_STRAY_MS), 3);
    assert_int_equal(count(world), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(open_key(world, strays[i]), NOT_FOUND);
    ASSERT_OK(world, open_key(world, late.person_id));
    ASSERT_OK(world, open_key(world, world->ada.person_id));
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- copies of a claim that broke off */

/* One invited, unclaimed customer with a record. */
struct invited {
    struct invitation_make make;
    struct relationship    relationship;
};

/* store_write_fn */
static err keep_record(struct ctx *cx, void *arg)
{
    const struct relationship *relationship = arg;
    PERSON_KEY key;
    TRY(person_key_open(cx, relationship->person_id, &key));
    struct record record = {.person_id = relationship->person_id,
                            .relationship_id = relationship->relationship_id,
                            .record_id = ctx_number(cx),
                            .department_id = 1,
                            .kind = RECORD_PROFILE,
                            .body = TEXT("{\"field\":\"note\",\"value\":\"x\"}")};
    return record_insert(cx, &key, &record);
}

static struct invited invite(struct world *world)
{
    struct invited invited = {.make = {.claims = 1}};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &invited.make));
    invited.relationship = invited.make.out_relationship;
    ASSERT_OK(world, WRITE(world, world->operator_, keep_record, &invited.relationship));
    return invited;
}

struct copying {
    struct relationship *from;
    int64_t              to_person_id;
};

/* store_write_fn: what a claim does before the people file has it. */
static err leave_copy(struct ctx *cx, void *arg)
{
    const struct copying *copying = arg;
    PERSON_KEY from_key;
    PERSON_KEY to_key;
    TRY(person_key_open(cx, copying->from->person_id, &from_key));
    TRY(person_key_open(cx, copying->to_person_id, &to_key));
    struct record_move move = {copying->from, &from_key, copying->to_person_id, &to_key};
    return record_copy_all(cx, &move);
}

static void break_claim(struct world *world, struct invited *invited, struct actor claimer)
{
    struct copying copying = {&invited->relationship, claimer.person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, leave_copy, &copying));
}

/* store_write_fn: what domain/people/leftover.h takes away after a claim. */
static err lose_original(struct ctx *cx, void *arg)
{
    const struct relationship *relationship = arg;
    return person_key_remove(cx, relationship->person_id);
}

static size_t records_of(struct world *world, int64_t person_id, const struct relationship *relationship)
{
    struct relationship theirs = *relationship;
    PERSON_KEY key;
    struct record *records = NULL;
    size_t records_count = 0;
    theirs.person_id = person_id;
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_key_open(cx, person_id, &key));
    ASSERT_OK(world, record_list_open(cx, &key, &theirs, &records, &records_count));
    return records_count;
}

static int64_t sweep_copies(struct world *world)
{
    struct stray_sweep sweep = {.older_than_ms = -60000};
    struct ctx *cx = world_as(world, world->operator_);
    while (!sweep.at_end)
        ASSERT_OK(world, stray_sweep(cx, world->node.store, &sweep));
    assert_int_equal(sweep.removed, 0);
    return sweep.copies;
}

static void copies_of_a_claim_that_broke_off_go_and_the_claim_can_be_made(void **state)
{
    struct world *world = *state;
    struct relationship own = world_relate(world, world->shipping, world->bob);
    struct invited invited = invite(world);
    ASSERT_OK(world, WRITE(world, world->operator_, keep_record, &own));
    assert_int_equal(sweep_copies(world), 0);
    break_claim(world, &invited, world->ada);
    assert_int_equal(count(world), 1);
    assert_int_equal(records_of(world, world->ada.person_id, &invited.relationship), 1);
    assert_int_equal(sweep_copies(world), 1);
    assert_int_equal(count(world), 0);
    assert_int_equal(records_of(world, world->ada.person_id, &invited.relationship), 0);
    assert_int_equal(records_of(world, invited.relationship.person_id, &invited.relationship), 1);
    assert_int_equal(records_of(world, world->bob.person_id, &own), 1);
    struct invitation_claim claim = {.code = invited.make.out_code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    assert_int_equal(records_of(world, world->ada.person_id, &claim.out), 1);
    assert_int_equal(sweep_copies(world), 0);
    assert_int_equal(records_of(world, world->ada.person_id, &claim.out), 1);
}

static void a_copy_goes_also_when_somebody_else_has_claimed(void **state)
{
    struct world *world = *state;
    struct invited invited = invite(world);
    struct invitation_claim claim = {.code = invited.make.out_code};
    break_claim(world, &invited, world->ada);
    ASSERT_OK(world, WRITE(world, world->bob, invitation_claim, &claim));
    assert_int_equal(sweep_copies(world), 1);
    assert_int_equal(records_of(world, world->ada.person_id, &invited.relationship), 0);
    assert_int_equal(records_of(world, world->bob.person_id, &invited.relationship), 1);
}

static void the_last_copy_stays(void **state)
{
    struct world *world = *state;
    struct invited invited = invite(world);
    break_claim(world, &invited, world->ada);
    ASSERT_OK(world, WRITE(world, world->operator_, lose_original, &invited.relationship));
    assert_int_equal(sweep_copies(world), 0);
    assert_int_equal(records_of(world, world->ada.person_id, &invited.relationship), 1);
}

/* ---- beside another writer */

struct sweeper {
    struct world *world;
    int64_t       removed;
};

static void *sweep_at_once(void *arg)
{
    struct sweeper *sweeper = arg;
    sweeper->removed = sweep_all(sweeper->world, -60000); /* of whatever age */
    return NULL;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* The other writer stands between its commits: the key is there, the person under the lock and not yet to be seen. */
static void nobody_who_is_being_made_is_taken_for_a_stray(void **state)
{
    struct world *world = *state;
    struct sweeper sweeper = {.world = world, .removed = -1};
    char text[160];
    int64_t person_id = 0;
    sqlite3 *other = NULL;
    pthread_t thread;
    if (store_is_on_server())
        skip(); /* it is the lock of a file that is waited for */
    ASSERT_OK(world, WRITE(world, world->operator_, leave_stray, &person_id));
    (void)snprintf(text, sizeof text, "%s/data/people.db", world->node.folder);
    assert_int_equal(sqlite3_open(text, &other), SQLITE_OK);
    run_sql(other, "BEGIN IMMEDIATE");
    (void)snprintf(text, sizeof text,
                   "INSERT INTO person (person_id, state, merged_into, created_at_ms) VALUES (%lld, 1, 0, 1)",
                   (long long)person_id);
    run_sql(other, text);
    assert_int_equal(pthread_create(&thread, NULL, sweep_at_once, &sweeper), 0);
    (void)nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL); /* the sweep waits for the lock by now */
    run_sql(other, "COMMIT");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(sweeper.removed, 0);
    ASSERT_OK(world, open_key(world, person_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(nobody_who_is_being_made_is_taken_for_a_stray),
        WORLD_TEST(copies_of_a_claim_that_broke_off_go_and_the_claim_can_be_made),
        WORLD_TEST(a_copy_goes_also_when_somebody_else_has_claimed),
        WORLD_TEST(the_last_copy_stays),
        WORLD_TEST(strays_go_after_a_day_and_people_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
