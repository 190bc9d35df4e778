/* SPDX-License-Identifier: Apache-2.0
 * Goal: the person shapes the relationship, it ends when the person or its date says so, and its id tells two
 * organisations nothing. Method: each move from each state, dates at their bounds, ids side by side. */
#include "domain/parties/record.h"
#include "support/world.h"

static struct relationship proposed(struct world *world, int64_t ends_at_ms)
{
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id, .ends_at_ms = ends_at_ms};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    return propose.out;
}

static struct relationship_change change_of(const struct relationship *relationship)
{
    return (struct relationship_change){.relationship_id = relationship->relationship_id};
}

static err move(struct world *world, const struct relationship *relationship, relationship_move how)
{
    struct relationship_change change = change_of(relationship);
    change.move = how;
    return WRITE(world, world->ada, relationship_change, &change);
}

static void a_proposal_is_answered_by_its_organisation_once(void **state)
{
    struct world *world = *state;
    struct relationship relationship = proposed(world, 0);
    assert_int_equal(relationship.state, RELATIONSHIP_PROPOSED);
    assert_int_equal(relationship.nature, NATURE_LOOKING);
    struct relationship_answer answer = {world->ada.person_id, relationship.relationship_id, true, {0}};
    ASSERT_FAILS(world, WRITE(world, world->teller, relationship_answer, &answer), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, relationship_answer, &answer), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->marketing, relationship_answer, &answer));
    assert_int_equal(answer.out.state, RELATIONSHIP_ACTIVE);
    assert_int_equal(answer.out.started_at_ms, world->node.time.wall_ms);
    ASSERT_FAILS(world, WRITE(world, world->shipping, relationship_answer, &answer), CONFLICT,
                 "relationship.not_proposed");
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_proposal_is_taken_back_or_too_late(void **state)
{
    struct world *world = *state;
    struct relationship first = proposed(world, 0);
    struct relationship_end end = {.relationship_id = first.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_int_equal(end.out.state, RELATIONSHIP_ENDED);
    assert_int_equal(end.out_receipt_id, 0); /* nothing had begun */
    struct relationship second = proposed(world, world->node.time.wall_ms + 100);
    test_node_pass(&world->node, 100);
    struct relationship_answer answer = {world->ada.person_id, second.relationship_id, true, {0}};
    ASSERT_FAILS(world, WRITE(world, world->shipping, relationship_answer, &answer), CONFLICT, "relationship.ended");
    answer.accept = false;
    ASSERT_OK(world, WRITE(world, world->shipping, relationship_answer, &answer));
    assert_int_equal(world_audit(world, 0), 0);
}

static void each_move_fits_some_states_only(void **state)
{
    struct world *world = *state;
    struct relationship relationship = proposed(world, 0);
    ASSERT_FAILS(world, move(world, &relationship, MOVE_PAUSE), CONFLICT, "relationship.not_active");
    ASSERT_FAILS(world, move(world, &relationship, MOVE_RESUME), CONFLICT, "relationship.not_paused");
    ASSERT_FAILS(world, move(world, &relationship, MOVE_NONE), CONFLICT, "relationship.not_active");
    struct relationship_answer accept = {world->ada.person_id, relationship.relationship_id, true, {0}};
    ASSERT_OK(world, WRITE(world, world->shipping, relationship_answer, &accept));
    ASSERT_FAILS(world, move(world, &relationship, MOVE_RESUME), CONFLICT, "relationship.not_paused");
    ASSERT_OK(world, move(world, &relationship, MOVE_PAUSE));
    ASSERT_FAILS(world, move(world, &relationship, MOVE_PAUSE), CONFLICT, "relationship.not_active");
    ASSERT_OK(world, move(world, &relationship, MOVE_RESUME));
    ASSERT_OK(world, move(world, &relationship, MOVE_NONE));
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_FAILS(world, WRITE(world, world->bob, relationship_end, &end), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    ASSERT_FAILS(world, move(world, &relationship, MOVE_NONE), CONFLICT, "relationship.ended");
}

static void dates_lie_ahead_and_in_order(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    int64_t now_ms = world->node.time.wall_ms;
    struct relationship_change change = change_of(&relationship);
    change.set_ends = true;
    change.ends_at_ms = now_ms;
    err result = WRITE(world, world->ada, relationship_change, &change);
    ASSERT_FAILS(world, result, INVALID, "relationship.end_in_past");
    change.ends_at_ms = now_ms + 1000;
    change.set_review = true;
    change.review_at_ms = now_ms;
    result = WRITE(world, world->ada, relationship_change, &change);
    ASSERT_FAILS(world, result, INVALID, "relationship.review_in_past");
    change.review_at_ms = now_ms + 1001;
    result = WRITE(world, world->ada, relationship_change, &change);
    ASSERT_FAILS(world, result, INVALID, "relationship.review_after_end");
    change.review_at_ms = now_ms + 1000;
    change.set_nature = true;
    change.nature = NATURE_WARRANTY;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    struct relationship_change earlier = change_of(&relationship);
    earlier.set_ends = true;
    earlier.ends_at_ms = now_ms + 999; /* the review that stands would lie behind it */
    result = WRITE(world, world->ada, relationship_change, &earlier);
    ASSERT_FAILS(world, result, INVALID, "relationship.review_after_end");
    earlier.set_review = true;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &earlier));
    assert_int_equal(earlier.out.nature, NATURE_WARRANTY);
    assert_int_equal(earlier.out.review_at_ms, 0);
}

/* Stops go first, and find room where other changes find none. */
static void only_a_pause_and_an_earlier_end_alone_are_stops(void **state)
{
    (void)state;
    const struct relationship endless = {.ends_at_ms = 0};
    const struct relationship ending = {.ends_at_ms = 1000};
    struct relationship_change change = {.set_ends = true, .ends_at_ms = 999};
    assert_true(relationship_change_stops(&change, &endless));
    assert_true(relationship_change_stops(&change, &ending));
    for (int64_t later = 1000; later < 1002; later++) { /* the same, and later */
        change.ends_at_ms = later;
        assert_false(relationship_change_stops(&change, &ending));
    }
    change.ends_at_ms = 0; /* never */
    assert_false(relationship_change_stops(&change, &ending));
    change = (struct relationship_change){.set_ends = true, .ends_at_ms = 999, .set_nature = true};
    assert_false(relationship_change_stops(&change, &ending));
    change = (struct relationship_change){.move = MOVE_RESUME};
    assert_false(relationship_change_stops(&change, &ending));
    change.move = MOVE_PAUSE;
    assert_true(relationship_change_stops(&change, &ending));
}

static void it_ends_at_its_date_by_itself_and_for_good(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship_change change = change_of(&relationship);
    change.set_ends = true;
    change.ends_at_ms = world->node.time.wall_ms + 10;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    assert_int_equal(relationship_state_at(&change.out, change.ends_at_ms - 1), RELATIONSHIP_ACTIVE);
    assert_int_equal(relationship_state_at(&change.out, change.ends_at_ms), RELATIONSHIP_ENDED);
    test_node_pass(&world->node, 10);
    change.ends_at_ms += 1000;
    err result = WRITE(world, world->ada, relationship_change, &change);
    ASSERT_FAILS(world, result, CONFLICT, "relationship.ended");
    struct relationship_propose again = {.organisation_id = world->shop.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &again)); /* a new one may begin */
}

static void ending_twice_is_no_mistake_and_deletion_can_be_asked_later(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_true(end.out_receipt_id != 0);
    struct relationship_end again = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &again));
    assert_int_equal(again.out_receipt_id, 0);
    again.erase = true;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &again));
    assert_true(again.out_receipt_id != 0 && again.out_receipt_id != end.out_receipt_id);
    assert_int_equal(again.out.state, RELATIONSHIP_ENDED);
    assert_int_equal(world_audit(world, 0), 0);
}

static grant_state state_of(struct world *world, const struct grant *grant)
{
    struct grant stored;
    ASSERT_OK(world, grant_load(world_as(world, world->ada), grant->person_id, grant->grant_id, &stored));
    return grant_state_at(&stored, world->node.time.wall_ms);
}

static void its_end_ends_every_grant_of_it_and_none_of_another(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct grant first = world_grant(world, world->shipping, &shop, &world->delivery);
    struct grant second = world_grant(world, world->shipping, &shop, &world->delivery);
    struct grant other = world_grant(world, world->teller, &bank, &world->account);
    struct relationship_end end = {.relationship_id = shop.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_int_equal(state_of(world, &first), GRANT_ENDED);
    assert_int_equal(state_of(world, &second), GRANT_ENDED);
    assert_int_equal(state_of(world, &other), GRANT_ACTIVE);
}

static void an_organisation_lists_its_own_alone(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    (void)world_relate(world, world->teller, world->ada);
    (void)world_relate(world, world->teller, world->bob);
    struct relationship_list list = {.limit = 100};
    ASSERT_OK(world, relationship_list_of_organisation(world_as(world, world->marketing), &list));
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].relationship_id, shop.relationship_id);
    ASSERT_FAILS(world, relationship_list_of_organisation(world_as(world, world->ada), &list), FORBIDDEN,
                 "actor.wrong_kind");
}

static void its_id_tells_two_organisations_nothing(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    assert_int_not_equal(shop.edge_person_id, bank.edge_person_id);
    struct ctx *cx = world_as(world, world->teller);
    struct text shop_id = id_text(cx, relationship_id(&shop));
    struct text bank_id = id_text(cx, relationship_id(&bank));
    assert_false(text_equals(shop_id, bank_id));
    struct relationship opened;
    ASSERT_OK(world, relationship_open(cx, bank_id, &opened));
    ASSERT_FAILS(world, relationship_open(cx, shop_id, &opened), NOT_FOUND, "not_found");
    struct failure hidden = cx->failure;
    cx = world_as(world, world->teller);
    ASSERT_FAILS(world, relationship_open(cx, TEXT("rel_00000000000000000000000000"), &opened), NOT_FOUND, "not_found");
    assert_string_equal(hidden.detail, cx->failure.detail); /* hidden and absent are one answer */
    assert_string_equal(hidden.pointer, cx->failure.pointer);
}

static void words_and_states_have_one_spelling(void **state)
{
    (void)state; /* pure */
    relationship_nature nature = NATURE_OTHER;
    assert_true(relationship_nature_of_word(TEXT("warranty"), &nature));
    assert_int_equal(nature, NATURE_WARRANTY);
    assert_string_equal(relationship_nature_word(nature), "warranty");
    assert_false(relationship_nature_of_word(TEXT("Warranty"), &nature));
    assert_string_equal(relationship_state_word(RELATIONSHIP_PAUSED), "paused");
    assert_string_equal(act_event(ACT_GRANT_EVENT_REACHED), "grant.used_up");
    assert_string_equal(act_event((act_kind)999), "");
    assert_string_equal(act_consent_status(ACT_RELATIONSHIP_INVITED), "");
    assert_string_equal(record_kind_word(RECORD_INFERENCE), "inference");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_proposal_is_answered_by_its_organisation_once),
        WORLD_TEST(a_proposal_is_taken_back_or_too_late),
        WORLD_TEST(each_move_fits_some_states_only),
        WORLD_TEST(dates_lie_ahead_and_in_order),
        cmocka_unit_test(only_a_pause_and_an_earlier_end_alone_are_stops),
        WORLD_TEST(it_ends_at_its_date_by_itself_and_for_good),
        WORLD_TEST(ending_twice_is_no_mistake_and_deletion_can_be_asked_later),
        WORLD_TEST(its_end_ends_every_grant_of_it_and_none_of_another),
        WORLD_TEST(an_organisation_lists_its_own_alone),
        WORLD_TEST(its_id_tells_two_organisations_nothing),
        cmocka_unit_test(words_and_states_have_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
