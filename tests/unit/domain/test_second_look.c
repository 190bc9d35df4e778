/* SPDX-License-Identifier: Apache-2.0
 * Goal: what ends between a disclosure's decision and its row does not leave, whoever ends it. Method: decide inside a
 * read, as the doors do, let something happen, then commit; each time the second look must see it, and only then. */
#include "support/world.h"

#include <stdlib.h>

static struct disclosure_ask decide(struct world *world, const struct relationship *relationship)
{
    struct disclosure_ask ask = world_question(world, relationship, &world->delivery, world_kinds("PhysicalAddress"));
    struct ctx *cx = world_as(world, world->shipping);
    ASSERT_OK(world, store_read_begin(cx));
    ASSERT_OK(world, disclosure_decide(cx, &ask));
    store_read_end(cx);
    assert_true(ask.given);
    assert_int_equal(ask.values_count, 1);
    return ask;
}

static void commit(struct world *world, struct disclosure_ask *ask)
{
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, ask));
}

static void assert_refused(const struct disclosure_ask *ask, const char *reason)
{
    assert_false(ask->given);
    assert_string_equal(ask->reason, reason);
    assert_int_equal(ask->values_count, 0);
}

/* Ada with the shop, one grant for the address. */
static struct grant open_door(struct world *world, struct relationship *out)
{
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    *out = world_relate(world, world->shipping, world->ada);
    return world_grant(world, world->shipping, out, &world->delivery);
}

static void what_still_stands_is_given(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    (void)open_door(world, &relationship);
    for (int i = 0; i < 3; i++) {
        struct disclosure_ask ask = decide(world, &relationship);
        assert_int_equal(ask.edition == 0, store_is_on_server()); /* which numbers no commits */
        commit(world, &ask);
        assert_true(ask.given);
        assert_int_equal(ask.values_count, 1);
    }
}

static void a_stop_in_between_is_seen(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    struct disclosure_ask ask = decide(world, &relationship);
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    commit(world, &ask);
    assert_refused(&ask, "grant.withdrawn");
}

/* Both in one write: nothing is committed between them. */
struct both {
    struct world          *world;
    struct grant_withdraw  stop;
    struct disclosure_ask *ask;
};

static err stop_and_commit(struct ctx *cx, void *arg)
{
    struct both *both = arg;
    cx->actor = both->world->ada;
    TRY(grant_withdraw(cx, &both->stop));
    cx->actor = both->world->shipping;
    return disclosure_commit(cx, both->ask);
}

static void a_stop_in_the_same_batch_is_seen(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    struct disclosure_ask ask = decide(world, &relationship);
    struct both both = {world, {.grant_id = grant.grant_id}, &ask};
    ASSERT_OK(world, WRITE(world, world->ada, stop_and_commit, &both));
    assert_refused(&ask, "grant.withdrawn");
}

/* The same with a grant, which the group's other files may lose in a power cut. */
struct given_and_read {
    struct world          *world;
    struct grant_withdraw  stop; /* 0: of none */
    struct grant_give      give;
    struct disclosure_ask *ask;
};

static err give_and_commit(struct ctx *cx, void *arg)
{
    struct given_and_read *both = arg;
    cx->actor = both->world->ada;
    TRY(grant_give(cx, &both->give));
    if (both->stop.grant_id != 0)
        TRY(grant_withdraw(cx, &both->stop));
    cx->actor = both->world->shipping;
    return disclosure_commit(cx, both->ask);
}

static void a_grant_of_the_same_batch_is_not_what_is_read_under(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    struct disclosure_ask ask = decide(world, &relationship);
    struct given_and_read both = {.world = world, .ask = &ask};
    both.give = (struct grant_give){.relationship_id = relationship.relationship_id,
                                    .purpose = world_purpose_id(&world->delivery),
                                    .attributes = world->delivery.needed};
    ASSERT_OK(world, WRITE(world, world->ada, give_and_commit, &both));
    assert_true(ask.given);
    assert_int_equal(ask.uses_count, 1);
    assert_int_equal(ask.uses[0].grant.grant_id, grant.grant_id);
}

static void a_grant_of_the_same_batch_takes_no_other_s_place(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    struct disclosure_ask ask = decide(world, &relationship);
    struct given_and_read both = {.world = world, .ask = &ask, .stop.grant_id = grant.grant_id};
    both.give = (struct grant_give){.relationship_id = relationship.relationship_id,
                                    .purpose = world_purpose_id(&world->delivery),
                                    .attributes = world->delivery.needed};
    ASSERT_OK(world, WRITE(world, world->ada, give_and_commit, &both));
    if (store_is_on_server()) /* whose files are committed together */
        assert_true(ask.given && ask.uses_count == 1 && ask.uses[0].grant.grant_id == both.give.out.grant_id);
    else
        assert_refused(&ask, "grant.withdrawn");
}

/* Gives a grant in the place of another; both acts are committed. */
static struct grant replace(struct world *world, const struct grant *grant, const char *kinds)
{
    struct grant_give give = {.relationship_id = grant->relationship_id,
                              .purpose = world_purpose_id(&world->delivery), .attributes = world_kinds(kinds)};
    struct grant_withdraw stop = {.grant_id = grant->grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    return give.out;
}

/* There was no moment without a grant, so there is none at which the read could have been refused. */
static void a_grant_that_took_the_place_of_another_is_read_under(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    struct disclosure_ask ask = decide(world, &relationship);
    struct grant other = replace(world, &grant, "PhysicalAddress");
    commit(world, &ask);
    assert_true(ask.given);
    assert_int_equal(ask.uses_count, 1);
    assert_int_equal(ask.uses[0].grant.grant_id, other.grant_id);
    assert_int_equal(ask.values_count, 1);
}

/* The telephone number is asked for as well, and not permitted yet. */
static struct disclosure_ask decide_in_part(struct world *world, const struct relationship *relationship)
{
    struct disclosure_ask ask = world_question(world, relationship, &world->delivery,
                                               world_kinds("PhysicalAddress TelephoneNumber"));
    ask.partial = true;
    struct ctx *cx = world_as(world, world->shipping);
    ASSERT_OK(world, store_read_begin(cx));
    ASSERT_OK(world, disclosure_decide(cx, &ask));
    store_read_end(cx);
    assert_int_equal(ask.values_count, 1);
    assert_int_equal(ask.values[0].kind->number, ATTRIBUTE_PHYSICAL_ADDRESS);
    return ask;
}

static void kinds_that_came_in_the_place_of_others_are_opened(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    world_put(world, world->ada, "pd:TelephoneNumber", "\"+41315550101\"");
    struct grant grant = open_door(world, &relationship);
    struct disclosure_ask ask = decide_in_part(world, &relationship);
    (void)replace(world, &grant, "TelephoneNumber");
    commit(world, &ask);
    assert_true(ask.given);
    assert_int_equal(ask.values_count, 1);
    assert_int_equal(ask.values[0].kind->number, ATTRIBUTE_TELEPHONE_NUMBER);
    assert_true(text_is(ask.values[0].item.value, "\"+41315550101\""));
    assert_int_equal(ask.refusals_count, 1);
}

/* Its uses are seen by all that come after the commit, and so is the grant: the answer must know of it, too. */
static void a_read_in_part_tells_of_the_moment_at_which_it_counts(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    world_put(world, world->ada, "pd:TelephoneNumber", "\"+41315550101\"");
    (void)open_door(world, &relationship);
    struct disclosure_ask ask = decide_in_part(world, &relationship);
    struct grant_give give = {.relationship_id = relationship.relationship_id,
                              .purpose = world_purpose_id(&world->delivery),
                              .attributes = world_kinds("TelephoneNumber"),
                              .uses = {.kind = USES_ONCE, .event = TEXT_NONE}};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    commit(world, &ask);
    assert_true(ask.given);
    assert_int_equal(ask.values_count, 2);
    assert_int_equal(ask.uses_count, 2);
    assert_int_equal(ask.refusals_count, 0);
    struct grant_list list = {.limit = 10};
    ASSERT_OK(world, grant_list_of_person(world_as(world, world->ada), &list));
    assert_int_equal(list.out[1].grant_id, give.out.grant_id);
    assert_int_equal(list.out[1].used, 1);
}

static void a_stop_by_another_process_is_seen(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    struct store_options options = test_node_store(&world->node);
    struct store *other = NULL;
    struct ctx cx = world->node.cx;
    cx.actor = world->ada;
    cx.db = NULL;
    ASSERT_OK(world, store_open(&cx, &options, &other));
    struct disclosure_ask ask = decide(world, &relationship);
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    assert_int_equal(store_write_wait(other, &cx, grant_withdraw, &stop), OK);
    commit(world, &ask);
    assert_refused(&ask, "grant.withdrawn");
    store_close(other);
}

static void a_number_that_another_process_wrote_meanwhile_is_drawn_again(void **state)
{
    struct world *world = *state;
    if (store_is_on_server())
        skip(); /* there each writer has numbers of its own */
    struct relationship relationship;
    (void)open_door(world, &relationship);
    int64_t floor = world->node.cx.now_ms << 15; /* far above what has been drawn */
    number_lift(&world->node.numbers, floor);
    struct disclosure_ask first = decide(world, &relationship);
    atomic_store(&world->node.numbers.last, first.disclosure_id - 1); /* as a process that knows nothing of it */
    struct disclosure_ask second = decide(world, &relationship);
    assert_true(second.disclosure_id == first.disclosure_id);
    commit(world, &first);
    commit(world, &second);
    assert_true(first.given && second.given && second.disclosure_id > first.disclosure_id);
    assert_int_equal(world_audit(world, 0), 0);
}

static void an_end_by_time_in_between_is_seen(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    struct grant grant = open_door(world, &relationship);
    test_node_pass(&world->node, grant.until_at_ms - world->node.time.wall_ms - 1);
    struct disclosure_ask before = decide(world, &relationship);
    commit(world, &before); /* the mark of the clock goes with it, so that nothing but time changes from here on */
    assert_true(before.given);
    struct disclosure_ask ask = decide(world, &relationship);
    test_node_pass(&world->node, 1);
    commit(world, &ask);
    assert_refused(&ask, "grant.expired");
}

static void the_end_of_the_relationship_in_between_is_seen(void **state)
{
    struct world *world = *state;
    struct relationship relationship;
    (void)open_door(world, &relationship);
    struct disclosure_ask ask = decide(world, &relationship);
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    commit(world, &ask);
    assert_refused(&ask, "relationship.ended");
}

static void of_two_reads_under_a_grant_for_once_one_is_given(void **state)
{
    struct world *world = *state;
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = {.relationship_id = relationship.relationship_id,
                              .purpose = world_purpose_id(&world->delivery),
                              .attributes = world_kinds("PhysicalAddress"),
                              .uses = {.kind = USES_ONCE, .event = TEXT_NONE}};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    struct disclosure_ask first = decide(world, &relationship);
    struct disclosure_ask second = decide(world, &relationship);
    commit(world, &first);
    commit(world, &second);
    assert_true(first.given);
    assert_refused(&second, "grant.used_up");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_still_stands_is_given),
        WORLD_TEST(a_stop_in_between_is_seen),
        WORLD_TEST(a_stop_in_the_same_batch_is_seen),
        WORLD_TEST(a_grant_of_the_same_batch_is_not_what_is_read_under),
        WORLD_TEST(a_grant_of_the_same_batch_takes_no_other_s_place),
        WORLD_TEST(a_grant_that_took_the_place_of_another_is_read_under),
        WORLD_TEST(kinds_that_came_in_the_place_of_others_are_opened),
        WORLD_TEST(a_read_in_part_tells_of_the_moment_at_which_it_counts),
        WORLD_TEST(a_stop_by_another_process_is_seen),
        WORLD_TEST(a_number_that_another_process_wrote_meanwhile_is_drawn_again),
        WORLD_TEST(an_end_by_time_in_between_is_seen),
        WORLD_TEST(the_end_of_the_relationship_in_between_is_seen),
        WORLD_TEST(of_two_reads_under_a_grant_for_once_one_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
