/* SPDX-License-Identifier: Apache-2.0
 * Goal: every act says who did it and what came before, and whoever may know learns that something happened: one event
 * for each act and each change of a value, none for what was refused. Method: acts, and the rows that they leave. */
#include <stdio.h>

#include "support/world.h"

static int64_t count_events(struct world *world, const char *kind)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox WHERE kind LIKE '%s'", kind);
    return world_number(world, "people.db", sql);
}

static void each_act_is_one_event(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    assert_int_equal(count_events(world, "relationship.started"), 1);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    assert_int_equal(count_events(world, "request.made"), 1);
    assert_int_equal(count_events(world, "request.accepted"), 1);
    assert_int_equal(count_events(world, "grant.given"), 1);
    struct grant_withdraw withdraw = {.grant_id = grant.grant_id};
    ASSERT_FAILS(world, WRITE(world, world->bob, grant_withdraw, &withdraw), NOT_FOUND, "not_found");
    assert_int_equal(count_events(world, "grant.withdrawn"), 0);
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw)); /* changes nothing any more */
    assert_int_equal(count_events(world, "grant.withdrawn"), 1);
    assert_int_equal(world_number(world, "people.db", "SELECT organisation_id FROM outbox ORDER BY event_id DESC"),
                     world->shop.organisation_id);
    assert_int_equal(world_number(world, "people.db", "SELECT relationship_id FROM outbox ORDER BY event_id DESC"),
                     relationship.relationship_id);
}

static void each_change_of_a_value_is_one_event(void **state)
{
    struct world *world = *state;
    int64_t changed = count_events(world, "attribute.changed");
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    int64_t confirmed = count_events(world, "attribute.confirmed");
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Basel\"}");
    assert_true(count_events(world, "attribute.changed") > changed);
    changed = count_events(world, "attribute.changed");
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Basel\"}");
    assert_int_equal(count_events(world, "attribute.changed"), changed);
    assert_int_equal(count_events(world, "attribute.confirmed"), confirmed + 1);
    struct vault_remove remove = {.kind = attribute_find(TEXT("pd:PhysicalAddress"))};
    ASSERT_OK(world, WRITE(world, world->ada, vault_remove, &remove));
    assert_int_equal(count_events(world, "attribute.removed"), 1);
}

static void the_wish_to_be_forgotten_is_told_to_that_organisation(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct relationship_end end = {.relationship_id = bank.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_int_equal(count_events(world, "erasure.%"), 0); /* she did not say so */
    end = (struct relationship_end){.relationship_id = shop.relationship_id, .erase = true};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_int_equal(count_events(world, "erasure.requested"), 1);
    assert_int_equal(world_number(world, "people.db", "SELECT organisation_id FROM outbox WHERE kind LIKE 'erasure.%'"),
                     world->shop.organisation_id);
}

static void an_act_says_who_did_it(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)world_grant(world, world->shipping, &relationship, &world->delivery);
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT actor_id FROM act WHERE kind = %d", ACT_GRANT_GIVEN);
    assert_int_equal(world_number(world, "people.db", sql), world->ada.person_id);
    (void)snprintf(sql, sizeof sql, "SELECT actor_id FROM act WHERE kind = %d", ACT_REQUEST_MADE);
    assert_int_equal(world_number(world, "people.db", sql), world->shipping.system_id);
}

/* Nobody but an organisation is concerned: no row names a person. */
static void what_is_set_up_is_told(void **state)
{
    struct world *world = *state;
    static const char *const KINDS[] = {"organisation.created", "department.created", "system.created",
                                        "purpose.published"};
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        assert_true(count_events(world, KINDS[i]) > 0);
    assert_int_equal(count_events(world, "purpose.retired") + count_events(world, "system.ended"), 0);
    struct purpose_retire retire = {.purpose_id = world->delivery.purpose_id};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_retire, &retire));
    assert_int_equal(count_events(world, "purpose.retired"), 1);
    struct key_revoke revoke = {world->shop.organisation_id, world->shipping.system_id};
    ASSERT_OK(world, WRITE(world, world->operator_, key_revoke, &revoke));
    assert_int_equal(count_events(world, "system.ended"), 1);
    static const char OF_SOMEBODY[] =
        "SELECT count(*) FROM outbox WHERE person_id <> 0 AND (kind LIKE 'purpose.%' OR kind LIKE 'system.%' OR "
        "kind LIKE 'department.%' OR kind LIKE 'organisation.%')";
    assert_int_equal(world_number(world, "people.db", OF_SOMEBODY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(each_act_is_one_event),
        WORLD_TEST(each_change_of_a_value_is_one_event),
        WORLD_TEST(the_wish_to_be_forgotten_is_told_to_that_organisation),
        WORLD_TEST(an_act_says_who_did_it),
        WORLD_TEST(what_is_set_up_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
