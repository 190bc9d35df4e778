/* SPDX-License-Identifier: Apache-2.0
 * Goal: years of giving and stopping break nothing, lock nobody out. Method: more ended grants than a list may bring,
 * and every act and list among them; the bound of live ones at its last and first value. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "domain/proof/receipt.h"
#include "support/world.h"

static struct grant_give offer(struct world *world, const struct relationship *relationship)
{
    return (struct grant_give){.relationship_id = relationship->relationship_id,
                               .purpose = world_purpose_id(&world->delivery),
                               .attributes = world_kinds("Name PhysicalAddress"),
                               .uses = {.event = TEXT_NONE}};
}

static struct grant given(struct world *world, struct grant_give give)
{
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

/* So many more of each row that is there, each with another number `column`, below it. */
static void multiply(struct world *world, const char *column, int more)
{
    const char *const columns[] = {"relationship_id", "purpose_id", "grant_id"};
    char sql[640];
    const char *less[3];
    for (int i = 0; i < 3; i++)
        less[i] = strcmp(columns[i], column) == 0 || i == 2 ? " - n" : "";
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d) "
                   "INSERT INTO grant_now SELECT person_id, relationship_id%s, purpose_id%s, closes_at_ms, "
                   "grant_id%s, purpose_version, state, attributes_low, attributes_high, departments, from_at_ms, "
                   "until_at_ms, uses_kind, uses_max, uses_event, ended_at_ms, receipt_id, last_act_id "
                   "FROM grant_now, n",
                   more, less[0], less[1], less[2]);
    world_spoil(world, "people.db", sql);
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d) "
                   "INSERT INTO relationship SELECT person_id, relationship_id - n, organisation_id, state, nature, "
                   "edge_person_id, started_at_ms, ends_at_ms, review_at_ms, last_act_id, objection, objection_act_id "
                   "FROM relationship, n",
                   more);
    if (strcmp(column, "relationship_id") == 0)
        world_spoil(world, "people.db", sql);
}

/* With `most` live ones of one `column` nothing more is given, but all can be stopped. */
static void check_bound(struct world *world, const char *column, int most)
{
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    multiply(world, column, most - 2);
    (void)given(world, offer(world, &relationship)); /* the last one */
    struct grant_give more = offer(world, &relationship);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &more), CONFLICT, "grant.too_many");
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    (void)given(world, more); /* what has ended takes no room */
}

static void one_purpose_has_so_many_live_grants_and_they_can_still_be_stopped(void **state)
{
    check_bound(*state, "grant_id", LIMIT_GRANTS_OF_PURPOSE);
}

static void one_relationship_has_so_many_live_grants_and_they_can_still_be_stopped(void **state)
{
    check_bound(*state, "purpose_id", LIMIT_GRANTS_OF_RELATIONSHIP);
}

static void one_person_has_so_many_live_grants_and_they_can_still_be_stopped(void **state)
{
    check_bound(*state, "relationship_id", LIMIT_GRANTS);
}

/* Years of giving and stopping: more rows than a list may bring. */
#define ENDED (LIMIT_ROWS + 100)

static struct relationship live_long(struct world *world, struct grant *out_stopped)
{
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_withdraw stop = {.grant_id = given(world, offer(world, &relationship)).grant_id};
    test_node_pass(&world->node, 10);
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    test_node_pass(&world->node, 10);
    multiply(world, "grant_id", ENDED - 1);
    *out_stopped = stop.out;
    return relationship;
}

static void thousands_of_ended_grants_are_in_the_way_of_nothing(void **state)
{
    struct world *world = *state;
    struct grant stopped;
    struct relationship relationship = live_long(world, &stopped);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.withdrawn");
    struct grant grant = given(world, offer(world, &relationship));
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    int64_t live = 0;
    struct grant *all = NULL;
    size_t count = 0;
    ASSERT_OK(world, grant_count_open(world_as(world, world->ada), &relationship, &live));
    ASSERT_OK(world, grant_list_live(world_as(world, world->ada), relationship.person_id, &all, &count));
    assert_int_equal(live, 1);
    assert_int_equal(count, 1);
    struct relationship_change change = {.relationship_id = relationship.relationship_id,
                                         .set_ends = true,
                                         .ends_at_ms = world->node.time.wall_ms + 1000};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    struct grant now;
    ASSERT_OK(world, grant_load(world_as(world, world->ada), grant.person_id, grant.grant_id, &now));
    assert_int_equal(now.until_at_ms, change.ends_at_ms);
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    ASSERT_OK(world, grant_load(world_as(world, world->ada), grant.person_id, grant.grant_id, &now));
    assert_int_equal(now.state, GRANT_ENDED);
}

/* How many there are, taken page by page: of Ada when `relationship` is NULL, else of it at a moment, 0: now. */
static size_t pages_of(struct world *world, const struct relationship *relationship, int64_t at_ms, int limit)
{
    struct grant_list list = {.at_ms = at_ms, .limit = limit, .out_count = (size_t)limit};
    size_t listed = 0;
    while (list.out_count == (size_t)limit) {
        struct ctx *cx = world_as(world, relationship == NULL ? world->ada : world->shipping);
        ASSERT_OK(world, relationship == NULL ? grant_list_of_person(cx, &list)
                                              : grant_list_seen(cx, relationship, &list));
        for (size_t i = 0; i < list.out_count; i++) {
            assert_true(list.out[i].grant_id > list.after || i > 0);
            assert_true(i == 0 || at_ms != 0 || list.out[i].grant_id > list.out[i - 1].grant_id);
        }
        listed += list.out_count;
        if (list.out_count > 0)
            list.after = list.out[list.out_count - 1].grant_id;
        test_node_rest(&world->node);
    }
    return listed;
}

static void thousands_of_ended_grants_are_listed_page_by_page(void **state)
{
    struct world *world = *state;
    struct grant stopped;
    struct relationship relationship = live_long(world, &stopped);
    (void)given(world, offer(world, &relationship));
    assert_int_equal(pages_of(world, NULL, 0, 700), ENDED + 1);
    assert_int_equal(pages_of(world, &relationship, 0, 700), ENDED + 1);
    /* in one page: the acts of all of them are those of one */
    assert_int_equal(pages_of(world, &relationship, stopped.ended_at_ms, 2 * ENDED), ENDED);
    assert_int_equal(pages_of(world, &relationship, stopped.from_at_ms - 1, 700), 0);
    struct receipt_page page = {.limit = 3};
    ASSERT_OK(world, receipt_page(world_as(world, world->ada), &relationship, &page));
    assert_int_equal(page.out_count, 3);
}

static void the_past_is_listed_page_by_page(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    for (int i = 0; i < 5; i++) {
        struct grant_withdraw stop = {.grant_id = given(world, offer(world, &relationship)).grant_id};
        test_node_pass(&world->node, 10);
        if (i % 2 == 0)
            ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    }
    int64_t now_ms = world->node.time.wall_ms;
    for (int limit = 1; limit < 8; limit++) {
        assert_int_equal(pages_of(world, &relationship, now_ms, limit), 5);
        assert_int_equal(pages_of(world, &relationship, now_ms - 21, limit), 3);
        assert_int_equal(pages_of(world, &relationship, 0, limit), 5);
        assert_int_equal(pages_of(world, NULL, 0, limit), 5);
    }
    int64_t receipts = 0;
    int64_t last_id = INT64_MAX;
    struct receipt_page page = {.limit = 2, .out_count = 2};
    for (; page.out_count == 2; page.after = last_id) {
        ASSERT_OK(world, receipt_page(world_as(world, world->ada), &relationship, &page));
        for (size_t i = 0; i < page.out_count; i++, receipts++) {
            assert_true(page.out[i].receipt_id < last_id);
            last_id = page.out[i].receipt_id;
        }
    }
    assert_int_equal(receipts, 9); /* started; five given, three stopped */
}

/* As a list of two hundred relationships counts them, in the memory of one request. */
static void counting_grants_takes_no_memory_for_them(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give once = offer(world, &relationship);
    once.uses = (struct uses){.kind = USES_TIMES, .max = 1, .event = TEXT_NONE};
    (void)given(world, once);
    multiply(world, "grant_id", 511);
    assert_true(world_read(world, world->shipping, &relationship, &world->delivery).given);
    struct ctx *cx = world_as(world, world->ada);
    size_t before = arena_used_bytes(cx->arena);
    for (int i = 0; i < LIMIT_PAGE_MAX; i++) {
        int64_t open = 0;
        ASSERT_OK(world, grant_count_open(cx, &relationship, &open));
        assert_int_equal(open, 512); /* the one that is used up as well */
    }
    assert_true(arena_used_bytes(cx->arena) - before < LIMIT_PAGE_MAX * 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(one_purpose_has_so_many_live_grants_and_they_can_still_be_stopped),
        WORLD_TEST(one_relationship_has_so_many_live_grants_and_they_can_still_be_stopped),
        WORLD_TEST(one_person_has_so_many_live_grants_and_they_can_still_be_stopped),
        WORLD_TEST(thousands_of_ended_grants_are_in_the_way_of_nothing),
        WORLD_TEST(thousands_of_ended_grants_are_listed_page_by_page),
        WORLD_TEST(the_past_is_listed_page_by_page),
        WORLD_TEST(counting_grants_takes_no_memory_for_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
