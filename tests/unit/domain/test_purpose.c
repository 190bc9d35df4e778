/* SPDX-License-Identifier: Apache-2.0
 * Goal: a published version never changes, one version is published at a time, what was given under an older one lives
 * on under it, and only its organisation writes a purpose. Method: the life of a purpose, each failure by its word. */
#include "base/limits.h"
#include "support/world.h"

static struct purpose_save draft(struct world *world)
{
    struct purpose_save save = {.text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY),
                                .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    return save;
}

static struct purpose_publish publication(const struct purpose_save *save)
{
    return (struct purpose_publish){.purpose_id = save->out.purpose_id, .text = save->text, .body = save->body};
}

static void a_draft_changes_in_place_until_it_is_published(void **state)
{
    struct world *world = *state;
    struct purpose_save save = draft(world);
    assert_int_equal(save.out.version, 1);
    assert_int_equal(save.out.departments, world->shipping.department_bit);
    int64_t created_ms = save.out.created_at_ms;
    test_node_pass(&world->node, 10);
    save.purpose_id = save.out.purpose_id;
    save.text.needed = world_kinds("Name PhysicalAddress");
    save.text.optional = world_kinds("Name TelephoneNumber"); /* found at publishing */
    save.departments = world->shipping.department_bit | world->marketing.department_bit;
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    assert_int_equal(save.out.version, 1);
    assert_int_equal(save.out.created_at_ms, created_ms);
    assert_true(attribute_set_equals(save.out.optional, save.text.optional));
    struct purpose stored;
    struct id id = world_purpose_id(&save.out);
    ASSERT_OK(world, purpose_load(world_as(world, world->shipping), &id, 0, &stored));
    assert_string_equal(purpose_state_word(stored.state), "draft");
    assert_true(attribute_set_equals(stored.needed, save.text.needed));
    assert_int_equal(stored.departments, save.departments);
    ASSERT_FAILS(world, purpose_load_published(world_as(world, world->shipping), &id, &stored), CONFLICT,
                 "purpose.not_published");
}

static void a_draft_has_bounds(void **state)
{
    struct world *world = *state;
    struct purpose_save save = {.text = world_purpose_text(ATTRIBUTE_SET_EMPTY, ATTRIBUTE_SET_EMPTY),
                                .body = world_purpose_body()};
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_save, &save), INVALID, "purpose.no_attributes");
    save.text.optional = world_kinds("Name");
    save.text.longest_ms = LIMIT_GRANT_MS + 1;
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_save, &save), INVALID, "purpose.too_long");
    save.text.longest_ms = 0;
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_save, &save), INVALID, "purpose.too_long");
    save.text.longest_ms = LIMIT_GRANT_MS;
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
}

static void only_its_organisation_writes_it(void **state)
{
    struct world *world = *state;
    struct purpose_save save = draft(world);
    struct purpose_publish publish = publication(&save);
    struct purpose_retire retire = {.purpose_id = world->delivery.purpose_id};
    ASSERT_FAILS(world, WRITE(world, world->teller, purpose_publish, &publish), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, purpose_publish, &publish), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->teller, purpose_retire, &retire), NOT_FOUND, "not_found");
    save.purpose_id = save.out.purpose_id;
    ASSERT_FAILS(world, WRITE(world, world->teller, purpose_save, &save), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, purpose_save, &save), FORBIDDEN, "actor.wrong_kind");
}

static void publishing_holds_the_checks_against_the_very_draft(void **state)
{
    struct world *world = *state;
    struct purpose_save save = draft(world);
    struct purpose_publish publish = publication(&save);
    publish.body = TEXT("{\"name\":\"another\"}"); /* changed between the look and the write */
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_publish, &publish), CONFLICT, "purpose.changed");
    publish = publication(&save);
    publish.text.sentence = TEXT("We process data to improve your experience.");
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_publish, &publish), INVALID, "purpose.findings");
    publish = publication(&save);
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish));
    assert_int_equal(publish.out.published_at_ms, world->node.time.wall_ms);
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_publish, &publish), CONFLICT, "purpose.not_draft");
}

static void a_new_version_takes_the_place_of_the_old_one(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant old = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct purpose_save save = {.purpose_id = world->delivery.purpose_id,
                                .text = world_purpose_text(world_kinds("Name PhysicalAddress"), ATTRIBUTE_SET_EMPTY),
                                .body = world_purpose_body()};
    save.text.longest_ms = 30 * TIME_DAY_MS;
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    assert_int_equal(save.out.version, 2);
    struct id id = world_purpose_id(&world->delivery);
    struct purpose published;
    ASSERT_OK(world, purpose_load_published(world_as(world, world->shipping), &id, &published));
    assert_int_equal(published.version, 1); /* the draft counts for nobody */
    struct purpose_publish publish = publication(&save);
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish));
    ASSERT_OK(world, purpose_load_published(world_as(world, world->shipping), &id, &published));
    assert_int_equal(published.version, 2);
    struct purpose before;
    ASSERT_OK(world, purpose_load(world_as(world, world->shipping), &id, 1, &before));
    assert_string_equal(purpose_state_word(before.state), "retired");
    assert_int_equal(before.longest_ms, 365 * TIME_DAY_MS);
    ASSERT_FAILS(world, purpose_load(world_as(world, world->shipping), &id, 3, &before), NOT_FOUND, "not_found");
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    struct grant_withdraw stop = {.grant_id = old.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    struct request_make make = {.person_id = relationship.person_id,
                                .relationship_id = relationship.relationship_id,
                                .purpose = id,
                                .duration_ms = 31 * TIME_DAY_MS,
                                .uses = {.event = TEXT_NONE}};
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), INVALID, "request.too_long");
    make.duration_ms = 30 * TIME_DAY_MS;
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    assert_int_equal(make.out.purpose_version, 2);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_retired_purpose_takes_nothing_new_and_can_begin_again(void **state)
{
    struct world *world = *state;
    struct purpose_retire retire = {.purpose_id = world->delivery.purpose_id};
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)world_grant(world, world->shipping, &relationship, &world->delivery);
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_retire, &retire));
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_retire, &retire), CONFLICT, "purpose.not_published");
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    struct purpose_save save = {.purpose_id = world->delivery.purpose_id,
                                .text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY),
                                .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    assert_int_equal(save.out.version, 2);
    struct purpose_publish publish = publication(&save);
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish));
}

static void lists_hold_the_newest_version_of_each(void **state)
{
    struct world *world = *state;
    struct purpose_save other = draft(world);
    struct purpose_list list = {.organisation_id = world->shop.organisation_id, .limit = 50};
    ASSERT_OK(world, purpose_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 2);
    list.published_only = true;
    ASSERT_OK(world, purpose_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].purpose_id, world->delivery.purpose_id);
    list = (struct purpose_list){
        .organisation_id = world->shop.organisation_id, .after = list.out[0].purpose_id, .limit = 1};
    ASSERT_OK(world, purpose_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].purpose_id, other.out.purpose_id);
    struct id foreign = {ID_PURPOSE, world->bank.organisation_id, world->delivery.purpose_id};
    struct purpose none;
    ASSERT_FAILS(world, purpose_load(world_as(world, world->shipping), &foreign, 0, &none), NOT_FOUND, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_draft_changes_in_place_until_it_is_published),
        WORLD_TEST(a_draft_has_bounds),
        WORLD_TEST(only_its_organisation_writes_it),
        WORLD_TEST(publishing_holds_the_checks_against_the_very_draft),
        WORLD_TEST(a_new_version_takes_the_place_of_the_old_one),
        WORLD_TEST(a_retired_purpose_takes_nothing_new_and_can_begin_again),
        WORLD_TEST(lists_hold_the_newest_version_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
