/* SPDX-License-Identifier: Apache-2.0
 * Goal: the main job of the domain, from handshake to proof, in one process with a clock that is set. Method: the
 * domain functions themselves, each through the writer, checked by what the next read answers. */
#include "support/cmocka.h"

#include "base/text.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/entrance/session.h"
#include "domain/parties/invitation.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/people/person.h"
#include "domain/proof/receipt.h"
#include "domain/sharing/disclosure.h"
#include "domain/sharing/request.h"
#include "ledger/ledger.h"
#include "support/node.h"

static const char BODY[] = "{\"attributes\":{\"needed\":[\"pd:Name\",\"pd:PhysicalAddress\"],\"optional\":[]},"
                           "\"benefit\":\"Delivered to your door.\",\"facts\":{\"passed_on\":[\"DHX couriers\"]},"
                           "\"language\":\"en\",\"legal_basis\":\"consent\",\"name\":\"Deliver your order\","
                           "\"retention\":\"P90D\",\"sentence\":\"Bring your order to the right door.\","
                           "\"term\":\"dpv:DeliveryOfGoods\"}";

struct world {
    struct test_node    node;
    struct organisation shop;
    struct actor        shipping; /* a system of the department that asks */
    struct actor        marketing;
    struct actor        ada;
    struct relationship relationship;
    struct purpose      purpose;
};

#define ASSERT_OK(world, call)                                                                                      \
    do {                                                                                                            \
        if ((call) != OK)                                                                                           \
            fail_msg("%s: %s (%s)", (world)->node.cx.failure.reason, (world)->node.cx.failure.detail,               \
                     (world)->node.cx.failure.where);                                                               \
    } while (0)

static const struct actor OPERATOR = {.kind = ACTOR_OPERATOR};

static struct actor make_system(struct world *world, const char *name)
{
    struct department_create department = {.organisation_id = world->shop.organisation_id, .name = text_of(name)};
    ASSERT_OK(world, test_node_write(&world->node, &OPERATOR, department_create, &department));
    struct key_create key = {.organisation_id = world->shop.organisation_id,
                             .department_id = department.out.department_id,
                             .name = TEXT("server"),
                             .scopes = 0xFFFF};
    ASSERT_OK(world, test_node_write(&world->node, &OPERATOR, key_create, &key));
    struct actor actor;
    ASSERT_OK(world, organisation_authenticate(&world->node.cx, key.out_secret, &actor));
    return actor;
}

static void make_purpose(struct world *world)
{
    struct attribute_set needed = attribute_set_add(attribute_set_of(attribute_find(TEXT("pd:Name"))->number),
                                                    attribute_find(TEXT("pd:PhysicalAddress"))->number);
    struct purpose_text text = {
        .name = TEXT("Deliver your order"), .sentence = TEXT("Bring your order to the right door."),
        .example = TEXT("The courier rings you when nobody opens."), .benefit = TEXT("Delivered to your door."),
        .if_no = TEXT("Collect at the shop. Nothing else changes."), .language = TEXT("en"),
        .term = TEXT("dpv:DeliveryOfGoods"), .legal_basis = TEXT("consent"), .needed = needed,
        .longest_ms = 365 * TIME_DAY_MS, .shortest_useful_ms = 14 * TIME_DAY_MS, .retention_ms = 90 * TIME_DAY_MS};
    struct purpose_save save = {.text = text, .body = TEXT(BODY)};
    ASSERT_OK(world, test_node_write(&world->node, &world->shipping, purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.out.purpose_id, .text = text, .body = TEXT(BODY)};
    ASSERT_OK(world, test_node_write(&world->node, &world->shipping, purpose_publish, &publish));
    world->purpose = publish.out;
}

static void put(struct world *world, const char *kind, const char *value)
{
    struct vault_put put = {.kind = attribute_find(text_of(kind)), .value = text_of(value), .source = SOURCE_SELF};
    ASSERT_OK(world, test_node_write(&world->node, &world->ada, vault_put, &put));
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    *state = world;
    test_node_open(&world->node);
    struct organisation_create shop = {.name = TEXT("Lantern Books")};
    ASSERT_OK(world, test_node_write(&world->node, &OPERATOR, organisation_create, &shop));
    world->shop = shop.out;
    world->shipping = make_system(world, "Shipping");
    world->marketing = make_system(world, "Marketing");
    make_purpose(world);
    struct person_create ada = {.name = TEXT("Ada")};
    ASSERT_OK(world, test_node_write(&world->node, &OPERATOR, person_create, &ada));
    struct person_sign_in sign_in = {.link_token = ada.out_link_token};
    ASSERT_OK(world, test_node_write(&world->node, &OPERATOR, person_sign_in, &sign_in));
    ASSERT_OK(world, session_authenticate(&world->node.cx, sign_in.out_session_token, &world->ada));
    put(world, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    test_node_close(&world->node);
    free(world);
    return 0;
}

static void claim(struct world *world)
{
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, test_node_write(&world->node, &world->shipping, invitation_make, &make));
    struct text id_before = id_text(&world->node.cx, relationship_id(&make.out_relationship));
    struct invitation_claim claim = {.code = make.out_code};
    ASSERT_OK(world, test_node_write(&world->node, &world->ada, invitation_claim, &claim));
    world->relationship = claim.out;
    struct text id_after = id_text(&world->node.cx, relationship_id(&claim.out));
    assert_true(text_equals(id_before, id_after));
    world->node.cx.actor = world->shipping;
    struct relationship opened;
    ASSERT_OK(world, relationship_open(&world->node.cx, id_before, &opened));
    assert_int_equal(opened.person_id, world->ada.person_id);
}

static struct grant ask_and_accept(struct world *world, struct uses uses)
{
    struct request_make make = {.person_id = world->relationship.person_id,
                                .relationship_id = world->relationship.relationship_id,
                                .purpose = {ID_PURPOSE, world->shop.organisation_id, world->purpose.purpose_id},
                                .duration_ms = 90 * TIME_DAY_MS,
                                .uses = uses};
    ASSERT_OK(world, test_node_write(&world->node, &world->shipping, request_make, &make));
    struct request_answer answer = {.request_id = make.out.request_id, .answer = ANSWER_ACCEPT};
    ASSERT_OK(world, test_node_write(&world->node, &world->ada, request_answer, &answer));
    assert_true(answer.out_has_grant);
    return answer.out_grant;
}

static struct disclosure_ask read_address(struct world *world, const struct actor *actor)
{
    struct ctx *cx = &world->node.cx;
    failure_clear(&cx->failure);
    cx->actor = *actor;
    struct disclosure_ask ask = {
        .relationship = id_text(cx, relationship_id(&world->relationship)),
        .purpose = id_text(cx, (struct id){ID_PURPOSE, world->shop.organisation_id, world->purpose.purpose_id}),
        .attributes = attribute_set_of(attribute_find(TEXT("pd:PhysicalAddress"))->number),
        .note = TEXT("order 10442")};
    ASSERT_OK(world, disclosure_decide(cx, &ask));
    ASSERT_OK(world, test_node_write(&world->node, actor, disclosure_commit, &ask));
    return ask;
}

static void a_permitted_read_is_given_until_the_stop(void **state)
{
    struct world *world = *state;
    claim(world);
    assert_string_equal(read_address(world, &world->shipping).reason, "grant.none");
    struct grant grant = ask_and_accept(world, (struct uses){.event = TEXT_NONE});
    struct disclosure_ask given = read_address(world, &world->shipping);
    assert_true(given.given);
    assert_int_equal(given.values_count, 1);
    assert_true(text_is(given.values[0].item.value, "{\"country\":\"CH\",\"locality\":\"Bern\"}"));
    assert_string_equal(read_address(world, &world->marketing).reason, "grant.none");
    put(world, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Basel\"}");
    given = read_address(world, &world->shipping);
    assert_true(text_is(given.values[0].item.value, "{\"country\":\"CH\",\"locality\":\"Basel\"}"));
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    ASSERT_OK(world, test_node_write(&world->node, &world->ada, grant_withdraw, &stop));
    assert_string_equal(read_address(world, &world->shipping).reason, "grant.withdrawn");
    world->node.cx.actor = world->ada;
    struct disclosure_list list = {.limit = 50};
    ASSERT_OK(world, disclosure_list(&world->node.cx, &list));
    assert_int_equal(list.out_count, 5);
    assert_int_equal(list.out[0].outcome, DISCLOSURE_REFUSED);
    assert_true(text_is(list.out[0].note, "order 10442"));
}

static void a_grant_ends_exactly_at_its_time(void **state)
{
    struct world *world = *state;
    claim(world);
    struct grant grant = ask_and_accept(world, (struct uses){.event = TEXT_NONE});
    test_node_pass(&world->node, grant.until_at_ms - world->node.time.wall_ms - 1);
    assert_true(read_address(world, &world->shipping).given);
    test_node_pass(&world->node, 1);
    assert_string_equal(read_address(world, &world->shipping).reason, "grant.expired");
}

static void a_grant_for_once_is_used_up_by_one_read(void **state)
{
    struct world *world = *state;
    claim(world);
    (void)ask_and_accept(world, (struct uses){.kind = USES_ONCE, .event = TEXT_NONE});
    assert_true(read_address(world, &world->shipping).given);
    assert_string_equal(read_address(world, &world->shipping).reason, "grant.used_up");
}

static void the_end_of_the_relationship_ends_its_grants(void **state)
{
    struct world *world = *state;
    claim(world);
    (void)ask_and_accept(world, (struct uses){.event = TEXT_NONE});
    struct relationship_end end = {.relationship_id = world->relationship.relationship_id, .erase = true};
    ASSERT_OK(world, test_node_write(&world->node, &world->ada, relationship_end, &end));
    assert_string_equal(read_address(world, &world->shipping).reason, "relationship.ended");
}

static void a_receipt_is_signed_logged_and_proved(void **state)
{
    struct world *world = *state;
    claim(world);
    struct grant grant = ask_and_accept(world, (struct uses){.event = TEXT_NONE});
    struct ctx *cx = &world->node.cx;
    cx->actor = world->ada;
    struct receipt receipt;
    struct text id = id_text(cx, relationship_item_id(&world->relationship, ID_RECEIPT, grant.receipt_id));
    ASSERT_OK(world, receipt_open(cx, id, &receipt));
    ASSERT_OK(world, receipt_sign(cx, &receipt));
    ASSERT_OK(world, test_node_write(&world->node, &world->ada, receipt_keep, &receipt));
    assert_true(receipt.jws.size > 500);
}

int main(void)
{
#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_permitted_read_is_given_until_the_stop), WORLD_TEST(a_grant_ends_exactly_at_its_time),
        WORLD_TEST(a_grant_for_once_is_used_up_by_one_read),  WORLD_TEST(the_end_of_the_relationship_ends_its_grants),
        WORLD_TEST(a_receipt_is_signed_logged_and_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
