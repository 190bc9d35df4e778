/* SPDX-License-Identifier: Apache-2.0
 * Goal: the name of an event stands in no row as it was given, reads the same to whoever may see it, and goes with the
 * person's key. Method: a grant, an offer and a counter-offer until events that nobody would name by chance; the rows
 * are searched by plain SQL, turned against one another, and read again without the key. */
#include "domain/sharing/uses_store.h"

#include "domain/parties/invitation.h"
#include "domain/people/erasure.h"
#include "domain/people/person_key.h"
#include "domain/sharing/grant_store.h"
#include "domain/sharing/request_store.h"
#include "support/world.h"

#define FIRST "qzkvjxwpyg has come"
#define SECOND "qzkvjxwpyg or thirty days"

static const struct uses UNTIL_FIRST = {USES_EVENT, 0, {FIRST, sizeof FIRST - 1}};
static const struct uses UNTIL_SECOND = {USES_EVENT, 0, {SECOND, sizeof SECOND - 1}};

static struct grant give(struct world *world, const struct relationship *shop)
{
    struct grant_give give = {.relationship_id = shop->relationship_id, .attributes = world_kinds("PhysicalAddress"),
        .purpose = {ID_PURPOSE, shop->organisation_id, world->delivery.purpose_id}, .uses = UNTIL_FIRST};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

static struct request ask_and_counter(struct world *world, const struct relationship *shop)
{
    struct request_make make = {.person_id = shop->person_id, .relationship_id = shop->relationship_id,
        .purpose = {ID_PURPOSE, shop->organisation_id, world->delivery.purpose_id}, .uses = UNTIL_FIRST};
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    struct request_answer answer = {.request_id = make.out.request_id, .answer = ANSWER_COUNTER, .set_uses = true,
        .uses = UNTIL_SECOND};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    return make.out;
}

/* Every name in every row. */
#define COUNT                                                                                                       \
    "SELECT count(*) FROM (SELECT uses_event AS name FROM act UNION ALL SELECT uses_event FROM grant_now UNION ALL " \
    "SELECT uses_event FROM request UNION ALL SELECT counter_uses_event FROM request) AS named WHERE "

static int64_t named(struct world *world)
{
    return world_number(world, "people.db", COUNT "name <> ''");
}

static int64_t named_plain(struct world *world)
{
    return world_number(world, "people.db", COUNT "name <> '' AND substr(name, 1, 1) <> '\001'");
}

static struct grant read_grant(struct world *world, const struct grant *grant)
{
    struct grant seen;
    ASSERT_OK(world, grant_load(world_as(world, world->operator_), grant->person_id, grant->grant_id, &seen));
    return seen;
}

static void the_name_of_an_event_stands_in_no_row_as_it_was_given(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct grant grant = give(world, &shop);
    struct request request = ask_and_counter(world, &shop);
    struct request seen;
    assert_int_equal(named(world), 6); /* three acts, a grant, an offer, a counter-offer */
    assert_int_equal(named_plain(world), 0);
    assert_int_equal(world_number(world, "people.db", COUNT "name LIKE '%qzkvjxwpyg%'"), 0);
    grant = read_grant(world, &grant);
    ASSERT_OK(world, request_load(world_as(world, world->shipping), shop.person_id, request.request_id, &seen));
    assert_true(uses_equals(&grant.uses, &UNTIL_FIRST));
    assert_true(uses_equals(&seen.uses, &UNTIL_FIRST));
    assert_true(uses_equals(&seen.counter_uses, &UNTIL_SECOND));
    assert_int_equal(world_audit(world, 0), 0);
}

/* The same is no change, another name is none that a person may make. */
static void a_sealed_name_is_compared_as_it_was_given(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct grant grant = give(world, &shop);
    struct grant_narrow same = {.grant_id = grant.grant_id, .set_uses = true, .uses = UNTIL_FIRST};
    struct grant_narrow other = {.grant_id = grant.grant_id, .set_uses = true, .uses = UNTIL_SECOND};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &same));
    assert_int_equal(same.out.last_act_id, grant.last_act_id);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &other), INVALID, "grant.wider");
}

static void what_was_named_before_names_were_sealed_reads_as_it_stands(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct grant grant = give(world, &shop);
    world_spoil(world, "people.db", "UPDATE act SET uses_event = '" FIRST "' WHERE uses_event <> ''");
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = '" FIRST "' WHERE uses_event <> ''");
    assert_int_equal(named_plain(world), 2);
    grant = read_grant(world, &grant);
    assert_true(uses_equals(&grant.uses, &UNTIL_FIRST));
    assert_int_equal(world_audit(world, 0), 0);
    struct grant_withdraw withdraw = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
    assert_int_equal(named_plain(world), 1); /* the old fact; what is written from now on is sealed */
}

static void a_name_opens_in_its_own_row_alone(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct grant grant = give(world, &shop);
    struct request request = ask_and_counter(world, &shop);
    struct request seen;
    world_spoil(world, "people.db", "UPDATE request SET uses_event = counter_uses_event");
    ASSERT_FAILS(world, request_load(world_as(world, world->shipping), shop.person_id, request.request_id, &seen),
                 CORRUPT, "seal.broken");
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = (SELECT counter_uses_event FROM request)");
    ASSERT_FAILS(world, grant_load(world_as(world, world->shipping), shop.person_id, grant.grant_id, &grant), CORRUPT,
                 "seal.broken");
    assert_int_equal(world_audit(world, 2), 2);
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = '\001*'");
    ASSERT_FAILS(world, grant_load(world_as(world, world->shipping), shop.person_id, grant.grant_id, &grant), CORRUPT,
                 "seal.broken");
}

/* The claimer's facts hold it, sealed anew; that of the invited person goes when the claimer is erased. */
static void a_name_goes_along_with_a_claim(void **state)
{
    struct world *world = *state;
    struct text code = world_bring_in(world);
    struct relationship_list waiting = {.limit = 5};
    ASSERT_OK(world, relationship_list_of_organisation(world_as(world, world->shipping), &waiting));
    struct request_make make = {.person_id = waiting.out[0].person_id,
        .relationship_id = waiting.out[0].relationship_id, .uses = UNTIL_FIRST,
        .purpose = {ID_PURPOSE, waiting.out[0].organisation_id, world->delivery.purpose_id}};
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    struct request seen;
    ASSERT_OK(world, request_load(world_as(world, world->shipping), world->ada.person_id, make.out.request_id, &seen));
    assert_true(uses_equals(&seen.uses, &UNTIL_FIRST));
    assert_int_equal(named_plain(world), 0);
    assert_int_equal(world_audit(world, 0), 0);
    struct erasure_begin begin = {.person_id = world->ada.person_id};
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, WRITE(world, world->operator_, erasure_begin, &begin));
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(named(world), 0);
}

static void a_name_goes_with_the_key_of_its_person(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct grant grant = give(world, &shop);
    ASSERT_OK(world, person_forget_keys(world_as(world, world->operator_), world->node.store, &shop.person_id, 1));
    assert_int_equal(named(world), 2); /* the rows are emptied later */
    grant = read_grant(world, &grant);
    assert_int_equal(grant.uses.kind, USES_EVENT);
    assert_int_equal(grant.uses.event.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_name_of_an_event_stands_in_no_row_as_it_was_given),
        WORLD_TEST(a_sealed_name_is_compared_as_it_was_given),
        WORLD_TEST(what_was_named_before_names_were_sealed_reads_as_it_stands),
        WORLD_TEST(a_name_opens_in_its_own_row_alone),
        WORLD_TEST(a_name_goes_along_with_a_claim),
        WORLD_TEST(a_name_goes_with_the_key_of_its_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
