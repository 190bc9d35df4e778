/* SPDX-License-Identifier: Apache-2.0
 * Goal: a department is a party of its own. Method: Shipping and Marketing of one shop ask the same person; each looks
 * at what is the other's, and finds what it would find if that did not exist. */
#include "crypto/id_seal.h"
#include "domain/sharing/disclosure.h"
#include "domain/sharing/relationship_store.h"
#include "support/world.h"

struct two {
    struct relationship relationship;
    struct purpose      offers; /* Marketing's */
    struct grant        delivery_grant;
    struct grant        offers_grant;
};

static struct two live_with_both(struct world *world)
{
    struct two two = {.relationship = world_relate(world, world->shipping, world->ada)};
    two.offers = world_publish(world, world->marketing, world_kinds("Name"), ATTRIBUTE_SET_EMPTY);
    two.delivery_grant = world_grant(world, world->shipping, &two.relationship, &world->delivery);
    two.offers_grant = world_grant(world, world->marketing, &two.relationship, &two.offers);
    return two;
}

static void see_one_grant(struct world *world, struct actor system, const struct two *two, int64_t at_ms,
                          int64_t grant_id)
{
    struct grant_list grants = {.at_ms = at_ms, .limit = 10};
    ASSERT_OK(world, grant_list_seen(world_as(world, system), &two->relationship, &grants));
    assert_int_equal(grants.out_count, grant_id != 0);
    if (grant_id != 0)
        assert_int_equal(grants.out[0].grant_id, grant_id);
}

static void a_department_sees_the_grants_that_name_it(void **state)
{
    struct world *world = *state;
    struct two two = live_with_both(world);
    struct actor counting[] = {world->shipping, world->marketing, world->ada};
    for (size_t i = 0; i < 3; i++) {
        int64_t live = 0;
        ASSERT_OK(world, grant_count_open(world_as(world, counting[i]), &two.relationship, &live));
        assert_int_equal(live, i == 2 ? 2 : 1);
    }
    see_one_grant(world, world->shipping, &two, 0, two.delivery_grant.grant_id);
    see_one_grant(world, world->marketing, &two, 0, two.offers_grant.grant_id);
    int64_t then_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 1000);
    struct grant_withdraw stop = {.grant_id = two.offers_grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    see_one_grant(world, world->shipping, &two, then_ms, two.delivery_grant.grant_id);
    see_one_grant(world, world->marketing, &two, then_ms, two.offers_grant.grant_id);
    see_one_grant(world, world->marketing, &two, then_ms - 1, 0);
    struct grant_list grants = {.limit = 10};
    ASSERT_FAILS(world, grant_list_seen(world_as(world, world->ada), &two.relationship, &grants), FORBIDDEN,
                 "actor.wrong_kind");
}

static void a_grant_for_two_departments_is_seen_by_both_until_it_is_narrowed(void **state)
{
    struct world *world = *state;
    struct two two = live_with_both(world);
    struct purpose_save save = {.purpose_id = two.offers.purpose_id,
                                .text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY),
                                .departments = world->shipping.department_bit | world->marketing.department_bit,
                                .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.purpose_id, .text = save.text, .body = save.body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish)); /* the draft names both */
    struct grant_give give = {.relationship_id = two.relationship.relationship_id,
                              .purpose = world_purpose_id(&publish.out),
                              .attributes = world_kinds("Name")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    struct grant_list grants = {.limit = 10};
    ASSERT_OK(world, grant_list_seen(world_as(world, world->shipping), &two.relationship, &grants));
    assert_int_equal(grants.out_count, 2);
    int64_t then_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 1000);
    struct grant_narrow narrow = {
        .grant_id = give.out.grant_id, .set_departments = true, .departments = world->marketing.department_bit};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    see_one_grant(world, world->shipping, &two, 0, two.delivery_grant.grant_id);
    grants.at_ms = then_ms;
    ASSERT_OK(world, grant_list_seen(world_as(world, world->shipping), &two.relationship, &grants));
    assert_int_equal(grants.out_count, 2); /* what it might read then is its own past */
}

static err open_receipt(struct world *world, struct actor actor, const struct two *two, int64_t receipt_id)
{
    struct receipt receipt;
    struct ctx *cx = world_as(world, actor);
    return receipt_open(cx, id_text(cx, relationship_item_id(&two->relationship, ID_RECEIPT, receipt_id)), &receipt);
}

static size_t receipts_listed(struct world *world, struct actor actor, const struct two *two)
{
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    ASSERT_OK(world, world_receipts(world_as(world, actor), &two->relationship, &entries, &count));
    for (size_t i = 0; i < count; i++)
        ASSERT_OK(world, open_receipt(world, actor, two, entries[i].receipt_id));
    return count;
}

static void a_department_sees_the_receipts_of_its_own_acts_and_of_the_relationship(void **state)
{
    struct world *world = *state;
    struct two two = live_with_both(world);
    struct request request = world_ask(world, world->marketing, &two.relationship, &two.offers);
    struct request_answer refuse = {.request_id = request.request_id, .answer = ANSWER_REFUSE};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &refuse));
    const int64_t marketings[] = {two.offers_grant.receipt_id, refuse.out_receipt_id};
    for (size_t i = 0; i < 2; i++) {
        ASSERT_OK(world, open_receipt(world, world->marketing, &two, marketings[i]));
        ASSERT_OK(world, open_receipt(world, world->ada, &two, marketings[i]));
        ASSERT_FAILS(world, open_receipt(world, world->shipping, &two, marketings[i]), NOT_FOUND, "not_found");
    }
    ASSERT_FAILS(world, open_receipt(world, world->marketing, &two, two.delivery_grant.receipt_id), NOT_FOUND,
                 "not_found");
    assert_int_equal(receipts_listed(world, world->ada, &two), 4); /* start, two grants, one refusal */
    assert_int_equal(receipts_listed(world, world->shipping, &two), 2);
    assert_int_equal(receipts_listed(world, world->marketing, &two), 3);
}

static void only_a_department_that_a_purpose_names_writes_it(void **state)
{
    struct world *world = *state;
    struct two two = live_with_both(world);
    struct purpose_text text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY);
    struct purpose_save save = {.purpose_id = two.offers.purpose_id, .text = text, .body = world_purpose_body()};
    struct purpose_retire retire = {.purpose_id = two.offers.purpose_id};
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_save, &save), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_retire, &retire), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.purpose_id, .text = text, .body = world_purpose_body()};
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_publish, &publish), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_publish, &publish));
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_retire, &retire));
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_retire, &retire), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->marketing, purpose_retire, &retire), CONFLICT, "purpose.not_published");
}

static void a_draft_is_seen_by_the_departments_that_it_names(void **state)
{
    struct world *world = *state;
    struct two two = live_with_both(world);
    struct purpose_text text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY);
    struct purpose_save save = {.text = text, .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_save, &save));
    struct id draft = world_purpose_id(&save.out);
    struct id offers = world_purpose_id(&two.offers);
    struct purpose seen;
    ASSERT_FAILS(world, purpose_see(world_as(world, world->shipping), &draft, &seen), NOT_FOUND, "not_found");
    ASSERT_OK(world, purpose_see(world_as(world, world->marketing), &draft, &seen));
    ASSERT_OK(world, purpose_see(world_as(world, world->shipping), &offers, &seen)); /* published: open inside */
    save.purpose_id = two.offers.purpose_id;
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_save, &save)); /* the draft of its next version */
    ASSERT_OK(world, purpose_see(world_as(world, world->shipping), &offers, &seen));
    assert_int_equal(seen.version, 1);
    ASSERT_OK(world, purpose_see(world_as(world, world->marketing), &offers, &seen));
    assert_int_equal(seen.version, 2);
    for (int limit = 1; limit <= 3; limit++) { /* pages are full, also where a draft is left out */
        struct purpose_list list = {.organisation_id = world->shop.organisation_id, .limit = limit};
        size_t count = 0;
        do {
            ASSERT_OK(world, purpose_list(world_as(world, world->shipping), &list));
            count += list.out_count;
            assert_true(list.out_count == (size_t)limit || count == 2);
            if (list.out_count > 0)
                list.after = list.out[list.out_count - 1].purpose_id;
        } while (list.out_count > 0);
        assert_int_equal(count, 2);
    }
    struct request_make ask = {.person_id = world->ada.person_id,
                               .relationship_id = two.relationship.relationship_id,
                               .purpose = draft};
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &ask), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->marketing, request_make, &ask), CONFLICT, "purpose.not_published");
}

static err decide(struct world *world, struct actor system, const struct two *two, struct id purpose)
{
    struct ctx *cx = world_as(world, system);
    struct disclosure_ask ask = {.relationship = id_text(cx, relationship_id(&two->relationship)),
                                 .purpose = id_text(cx, purpose),
                                 .attributes = world_kinds("Name")};
    err result = disclosure_decide(cx, &ask);
    assert_false(result == OK && ask.given);
    return result;
}

static void a_purpose_that_was_never_published_is_there_for_nobody_else(void **state)
{
    struct world *world = *state;
    struct two two = live_with_both(world);
    struct purpose_text text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY);
    struct purpose_save save = {.text = text, .body = world_purpose_body()};
    struct purpose_publish publish = {.text = text, .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_save, &save));
    struct id draft = world_purpose_id(&save.out);
    struct grant_give give = {.relationship_id = two.relationship.relationship_id, .purpose = draft,
                              .attributes = world_kinds("Name")};
    ASSERT_FAILS(world, decide(world, world->shipping, &two, draft), NOT_FOUND, "not_found");
    ASSERT_OK(world, decide(world, world->marketing, &two, draft)); /* refused, and the person sees it */
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), NOT_FOUND, "not_found");
    publish.purpose_id = save.out.purpose_id;
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_publish, &publish));
    ASSERT_OK(world, decide(world, world->shipping, &two, draft));
    struct purpose_retire retire = {.purpose_id = save.out.purpose_id};
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_retire, &retire));
    ASSERT_OK(world, decide(world, world->shipping, &two, draft)); /* it was there once */
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), CONFLICT, "purpose.not_published");
}

static void a_department_may_hand_a_draft_to_another(void **state)
{
    struct world *world = *state;
    struct purpose_text text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY);
    struct purpose_save save = {
        .text = text, .departments = world->marketing.department_bit, .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.out.purpose_id, .text = text, .body = world_purpose_body()};
    ASSERT_FAILS(world, WRITE(world, world->shipping, purpose_publish, &publish), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->marketing, purpose_publish, &publish));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_department_sees_the_grants_that_name_it),
        WORLD_TEST(a_grant_for_two_departments_is_seen_by_both_until_it_is_narrowed),
        WORLD_TEST(a_department_sees_the_receipts_of_its_own_acts_and_of_the_relationship),
        WORLD_TEST(only_a_department_that_a_purpose_names_writes_it),
        WORLD_TEST(a_draft_is_seen_by_the_departments_that_it_names),
        WORLD_TEST(a_purpose_that_was_never_published_is_there_for_nobody_else),
        WORLD_TEST(a_department_may_hand_a_draft_to_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
