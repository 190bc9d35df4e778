/* SPDX-License-Identifier: Apache-2.0
 * Goal: whatever one person does over and over costs others nothing: lists cost what is on them, changes are counted,
 * stops are not, and somebody with very many acts is forgotten like anybody else and in nobody's way. Method: rows
 * multiplied beneath the domain, then its own functions with little memory, at the last and the first value of each
 * bound, and with people who cannot be finished before others on the list. */
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "domain/people/erasure.h"
#include "domain/sharing/objection_change.h"
#include "store/queries.h"
#include "support/world.h"

#define VERY_MANY 40000   /* acts with receipts: more than the memory of a request holds */
#define FEW_BYTES (256 * 1024)
#define PAGES_MAX 1000

/* So many more receipts in a relationship, each with its act in the chain before its newest, numbered below it. */
static void multiply(struct world *world, const struct relationship *relationship, int more)
{
    static const char ACTS[] =
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d) "
        "INSERT INTO act SELECT act_id - n, person_id, relationship_id, subject_id, "
        "CASE n WHEN %d THEN previous_id ELSE act_id - n - 1 END, kind, at_ms, actor_kind, actor_id, organisation_id, "
        "department_id, purpose_id, purpose_version, attributes_low, attributes_high, departments, from_at_ms, "
        "until_at_ms, uses_kind, uses_max, uses_event, nature, review_at_ms, duration_ms, grant_id, receipt_id - n "
        "FROM act, n WHERE act_id = %lld";
    static const char RECEIPTS[] =
        "INSERT INTO receipt SELECT act.receipt_id, receipt.person_id, receipt.relationship_id, "
        "receipt.organisation_id, receipt.at_ms, receipt.leaf, receipt.sealed FROM act, receipt "
        "WHERE receipt.receipt_id = (SELECT receipt_id FROM act WHERE act_id = %lld) AND act.relationship_id = %lld "
        "AND act.receipt_id BETWEEN receipt.receipt_id - %d AND receipt.receipt_id - 1";
    char sql[1000];
    long long act_id = (long long)relationship->last_act_id;
    (void)snprintf(sql, sizeof sql, ACTS, more, more, act_id);
    world_spoil(world, "people.db", sql);
    (void)snprintf(sql, sizeof sql, RECEIPTS, act_id, (long long)relationship->relationship_id, more);
    world_spoil(world, "people.db", sql);
    (void)snprintf(sql, sizeof sql, "UPDATE act SET previous_id = act_id - 1 WHERE act_id = %lld", act_id);
    world_spoil(world, "people.db", sql);
}

static err set_nature(struct world *world, struct relationship *relationship, relationship_nature nature)
{
    struct relationship_change change = {
        .relationship_id = relationship->relationship_id, .set_nature = true, .nature = nature};
    err result = WRITE(world, world->ada, relationship_change, &change);
    if (result == OK)
        *relationship = change.out;
    return result;
}

static struct grant_give gift(struct world *world, const struct relationship *relationship)
{
    return (struct grant_give){.relationship_id = relationship->relationship_id,
                               .purpose = world_purpose_id(&world->delivery),
                               .attributes = world_kinds("Name PhysicalAddress"),
                               .uses = {.event = TEXT_NONE}};
}

/* Behind so much time that very many numbers lie between it and what was before. */
static struct grant given(struct world *world, const struct relationship *relationship)
{
    struct grant_give give = gift(world, relationship);
    test_node_pass(&world->node, 10000);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

/* Ada and the shop, with a change behind which there is room for very many others. */
static struct relationship live(struct world *world, int acts)
{
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    test_node_pass(&world->node, 10000);
    ASSERT_OK(world, set_nature(world, &relationship, NATURE_MEMBER));
    multiply(world, &relationship, acts);
    return relationship;
}

/* ---- lists */

/* How many receipts the actor sees, taken page by page in little memory. */
static int64_t count_pages(struct world *world, struct actor actor, const struct relationship *relationship, int limit)
{
    struct ctx cx = *world_as(world, actor);
    struct receipt_page page = {.limit = limit};
    int64_t newest = INT64_MAX;
    int64_t count = 0;
    int pages = 0;
    cx.arena = arena_open(FEW_BYTES);
    do {
        arena_reset(cx.arena);
        if (receipt_page(&cx, relationship, &page) != OK)
            fail_msg("%s", cx.failure.reason);
        for (size_t i = 0; i < page.out_count; i++) {
            assert_true(page.out[i].receipt_id < newest);
            newest = page.out[i].receipt_id;
        }
        count += (int64_t)page.out_count;
        page.after = page.out_next;
    } while (page.out_next != 0 && ++pages < PAGES_MAX);
    arena_close(cx.arena);
    return count;
}

static void a_page_of_receipts_costs_what_is_on_it(void **state)
{
    struct world *world = *state;
    struct relationship relationship = live(world, VERY_MANY);
    assert_int_equal(count_pages(world, world->ada, &relationship, 200), VERY_MANY + 2);
    assert_int_equal(count_pages(world, world->shipping, &relationship, 200), VERY_MANY + 2);
    struct relationship few = world_relate(world, world->teller, world->ada);
    for (int i = 0; i < 3; i++)
        (void)world_grant(world, world->teller, &few, &world->account);
    for (int limit = 1; limit < 6; limit++)
        assert_int_equal(count_pages(world, world->ada, &few, limit), 4);
}

static void what_is_passed_by_ends_no_list(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship chain = relationship;
    chain.last_act_id = given(world, &relationship).last_act_id;
    multiply(world, &chain, 9999); /* of Shipping alone */
    assert_int_equal(count_pages(world, world->shipping, &relationship, 50), 10001);
    assert_int_equal(count_pages(world, world->marketing, &relationship, 50), 1); /* its start is the oldest of all */
    struct receipt_page page = {.limit = 50};
    ASSERT_OK(world, receipt_page(world_as(world, world->marketing), &relationship, &page));
    assert_int_equal(page.out_count, 0);
    assert_int_not_equal(page.out_next, 0); /* no page walks over all of it */
}

static void a_past_moment_needs_no_more_memory_than_the_present(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, &relationship);
    int64_t given_at_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 10000);
    struct grant_narrow narrow = {
        .grant_id = grant.grant_id, .set_attributes = true, .attributes = world_kinds("Name")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    struct relationship chain = relationship;
    chain.last_act_id = narrow.out.last_act_id;
    multiply(world, &chain, VERY_MANY);
    struct grant_list list = {.limit = 10, .at_ms = given_at_ms};
    ASSERT_OK(world, grant_list_seen(world_as(world, world->shipping), &relationship, &list));
    assert_int_equal(list.out_count, 1);
    assert_true(attribute_set_equals(list.out[0].attributes, grant.attributes));
    list = (struct grant_list){.limit = 10, .at_ms = world->node.time.wall_ms};
    ASSERT_OK(world, grant_list_seen(world_as(world, world->shipping), &relationship, &list));
    assert_true(attribute_set_equals(list.out[0].attributes, world_kinds("Name")));
}

/* ---- bounds */

static void changes_of_a_day_are_counted_and_stops_are_not(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, &relationship);
    struct relationship chain = relationship;
    chain.last_act_id = given(world, &relationship).last_act_id;
    multiply(world, &chain, LIMIT_CHANGES_A_DAY - 4); /* with its start and the two grants */
    ASSERT_OK(world, set_nature(world, &relationship, NATURE_MEMBER)); /* the last one */
    ASSERT_FAILS(world, set_nature(world, &relationship, NATURE_PATIENT), TOO_MANY, "relationship.too_many_changes");
    assert_in_range(world->node.cx.failure.wait_ms, TIME_DAY_MS / 2, TIME_DAY_MS + 1);
    ASSERT_OK(world, set_nature(world, &relationship, NATURE_MEMBER)); /* is so already */
    struct objection_change say = {.relationship_id = relationship.relationship_id, .stands = true};
    ASSERT_OK(world, WRITE(world, world->ada, objection_change, &say));
    say.stands = false; /* that is no stop */
    ASSERT_FAILS(world, WRITE(world, world->ada, objection_change, &say), TOO_MANY, "relationship.too_many_changes");
    struct grant_give give = gift(world, &relationship);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), TOO_MANY, "relationship.too_many_changes");
    struct grant_narrow narrow = {
        .grant_id = grant.grant_id, .set_attributes = true, .attributes = world_kinds("Name")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    struct grant_withdraw withdraw = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
    struct relationship_change change = {.relationship_id = relationship.relationship_id, .set_ends = true,
                                         .ends_at_ms = world->node.time.wall_ms + TIME_DAY_MS * 9};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change)); /* an earlier end */
    for (int step = -1; step < 2; step += 2) { /* nearer by a moment, and later */
        change.ends_at_ms += step;
        ASSERT_FAILS(world, WRITE(world, world->ada, relationship_change, &change), TOO_MANY,
                     "relationship.too_many_changes");
        change.ends_at_ms -= step;
    }
    change.ends_at_ms = world->node.time.wall_ms + TIME_DAY_MS * 4;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change)); /* half of it */
    change = (struct relationship_change){.relationship_id = relationship.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    change.move = MOVE_RESUME;
    ASSERT_FAILS(world, WRITE(world, world->ada, relationship_change, &change), TOO_MANY,
                 "relationship.too_many_changes");
    test_node_pass(&world->node, TIME_DAY_MS + 1);
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    struct relationship bank = world_relate(world, world->teller, world->ada);
    (void)world_grant(world, world->teller, &bank, &world->account); /* each relationship has its own count */
}

static err narrow_to(struct world *world, const struct grant *grant, int64_t until_at_ms, int64_t times)
{
    struct grant_narrow narrow = {.grant_id = grant->grant_id,
                                  .set_until = until_at_ms != 0, .until_at_ms = until_at_ms,
                                  .set_uses = times != 0, .uses = {USES_TIMES, times, TEXT_NONE}};
    return WRITE(world, world->ada, grant_narrow, &narrow);
}

static int64_t receipts(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM receipt");
}

static void what_narrows_nothing_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, &relationship);
    ASSERT_OK(world, narrow_to(world, &grant, grant.until_at_ms - 1, 8));
    int64_t before = receipts(world);
    for (int i = 0; i < 100; i++)
        ASSERT_OK(world, narrow_to(world, &grant, grant.until_at_ms - 1, 8));
    assert_int_equal(receipts(world), before);
    ASSERT_OK(world, narrow_to(world, &grant, grant.until_at_ms - 2, 8)); /* one that does is seen by the same count */
    assert_int_equal(receipts(world), before + 1);
}

/* Of slivers there is a number a day; whoever takes away half is never refused, and is soon through. */
static void slivers_are_counted_and_halves_are_not(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, &relationship);
    ASSERT_OK(world, narrow_to(world, &grant, 0, LIMIT_USES));
    test_node_pass(&world->node, 10000);
    ASSERT_OK(world, set_nature(world, &relationship, NATURE_MEMBER));
    multiply(world, &relationship, LIMIT_CHANGES_A_DAY - 5); /* with its start, the grant and two changes */
    ASSERT_OK(world, narrow_to(world, &grant, grant.until_at_ms - 1, 0)); /* the last one */
    ASSERT_FAILS(world, narrow_to(world, &grant, grant.until_at_ms - 2, 0), TOO_MANY, "relationship.too_many_changes");
    ASSERT_FAILS(world, narrow_to(world, &grant, 0, LIMIT_USES - 1), TOO_MANY, "relationship.too_many_changes");
    ASSERT_OK(world, narrow_to(world, &grant, grant.until_at_ms - 1, 0)); /* is so already */
    int64_t before = receipts(world);
    int64_t halves = 0;
    for (int64_t uses = LIMIT_USES / 2; uses > 0; uses /= 2, halves++)
        ASSERT_OK(world, narrow_to(world, &grant, 0, uses));
    for (int64_t left_ms = grant.until_at_ms - 1 - world->node.time.wall_ms; left_ms > 1; halves++) {
        left_ms /= 2;
        ASSERT_OK(world, narrow_to(world, &grant, world->node.time.wall_ms + left_ms, 0));
    }
    assert_int_equal(receipts(world), before + halves);
    assert_true(halves < 60);
}

static void the_end_is_no_change_and_asking_again_for_deletion_is(void **state)
{
    struct world *world = *state;
    struct relationship relationship = live(world, LIMIT_CHANGES_A_DAY);
    struct relationship_end end = {.relationship_id = relationship.relationship_id, .erase = true};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    ASSERT_FAILS(world, WRITE(world, world->ada, relationship_end, &end), TOO_MANY, "relationship.too_many_changes");
    end.erase = false;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end)); /* is so already */
    struct erasure_begin begin = {.person_id = world->ada.person_id, .confirmation = TEXT(ERASURE_CONFIRMATION)};
    ASSERT_OK(world, WRITE(world, world->ada, erasure_begin, &begin));
}

static void proposals_of_a_day_are_counted(void **state)
{
    struct world *world = *state;
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    for (int i = 0; i < LIMIT_PROPOSALS_A_DAY; i++) {
        ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
        struct relationship_end end = {.relationship_id = propose.out.relationship_id};
        ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
        test_node_rest(&world->node);
    }
    test_node_pass(&world->node, 3600000);
    ASSERT_FAILS(world, WRITE(world, world->ada, relationship_propose, &propose), TOO_MANY,
                 "relationship.too_many_proposals");
    assert_int_equal(world->node.cx.failure.wait_ms, TIME_DAY_MS + 1 - 3600000);
    (void)world_relate(world, world->shipping, world->ada); /* whoever is invited has been asked */
    test_node_pass(&world->node, TIME_DAY_MS + 1);
    struct relationship_propose bank = {.organisation_id = world->bank.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &bank));
}

/* ---- erasure */

static void begin(struct world *world, int64_t person_id)
{
    struct erasure_begin begin = {.person_id = person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, erasure_begin, &begin));
}

static int64_t listed(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM erasure");
}

static void somebody_with_very_many_acts_is_forgotten(void **state)
{
    struct world *world = *state;
    struct relationship relationship = live(world, VERY_MANY);
    (void)relationship;
    begin(world, world->ada.person_id);
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(work.out_done, 1);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM receipt"), 0);
    assert_int_equal(listed(world), 0);
}

static void the_audit_sees_a_receipt_and_an_event_that_were_left(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)world_grant(world, world->shipping, &relationship, &world->delivery);
    begin(world, world->ada.person_id);
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "people.db", "UPDATE act SET uses_event = 'moved house' WHERE kind = 20");
    assert_true(world_audit(world, INT64_MAX) > 0);
    world_spoil(world, "people.db", "UPDATE act SET uses_event = ''");
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "people.db", "INSERT INTO receipt SELECT receipt_id, person_id, relationship_id, "
                "organisation_id, at_ms, zeroblob(1), zeroblob(1) FROM act WHERE receipt_id > 0 LIMIT 1");
    assert_true(world_audit(world, INT64_MAX) > 0);
}

/* Somebody whose rows cannot be finished: a chain of reads that leads nowhere. */
static void break_chain(struct world *world, int64_t person_id)
{
    char sql[240];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO disclosure_head (person_id, last_id, given, refused) VALUES (%lld, 1, 0, 1) "
                   "ON CONFLICT (person_id) DO UPDATE SET last_id = 1, given = 0, refused = 1", (long long)person_id);
    world_spoil(world, "ledger.db", sql);
}

/* Bob stands last on the list: his key goes before the rows of anybody. */
static void see_that_bob_has_no_key(void *self, int64_t done, int64_t left)
{
    struct world *world = self;
    char sql[100];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM person_key WHERE person_id = %lld",
                   (long long)world->bob.person_id);
    assert_int_equal(world_number(world, "keys.db", sql), 0);
    assert_true(done >= 0 && left >= 0);
}

static void nobody_waits_for_people_who_cannot_be_finished(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < LIMIT_ERASURES; i++) {
        struct actor person = world_make_person(world, "");
        begin(world, person.person_id);
        break_chain(world, person.person_id);
        test_node_rest(&world->node);
    }
    test_node_pass(&world->node, 10);
    begin(world, world->bob.person_id);
    int64_t bucket = world_bucket(world, world->bob.person_id);
    struct erasure_work work = {.told = see_that_bob_has_no_key, .self = world};
    ASSERT_FAILS(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work), CORRUPT,
                 "disclosure.missing");
    assert_int_equal(work.out_done, 1);
    assert_int_equal(listed(world), LIMIT_ERASURES);
    assert_int_equal(world_bucket(world, world->bob.person_id), 0);
    assert_false(world_has_bucket_file(world, bucket));
    bool done = false;
    ASSERT_OK(world, erasure_is_done(world_as(world, world->operator_), world->bob.person_id, &done));
    assert_true(done);
    world_spoil(world, "ledger.db", "DELETE FROM disclosure_head");
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(work.out_done, LIMIT_ERASURES);
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_page_of_receipts_costs_what_is_on_it),
        WORLD_TEST(what_is_passed_by_ends_no_list),
        WORLD_TEST(a_past_moment_needs_no_more_memory_than_the_present),
        WORLD_TEST(changes_of_a_day_are_counted_and_stops_are_not),
        WORLD_TEST(what_narrows_nothing_leaves_nothing),
        WORLD_TEST(slivers_are_counted_and_halves_are_not),
        WORLD_TEST(the_end_is_no_change_and_asking_again_for_deletion_is),
        WORLD_TEST(proposals_of_a_day_are_counted),
        WORLD_TEST(somebody_with_very_many_acts_is_forgotten),
        WORLD_TEST(the_audit_sees_a_receipt_and_an_event_that_were_left),
        WORLD_TEST(nobody_waits_for_people_who_cannot_be_finished),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
