/* SPDX-License-Identifier: Apache-2.0
 * Goal: while a person objects, no grant from before lets data leave for sale or for advertising by it, and all else
 * goes on; a signal speaks where he has said nothing, and once; each word is an act with a receipt. Method: purposes of
 * many terms side by side, words and grants in every order, then columns that are changed behind the domain. */
#include "domain/sharing/objection_change.h"

#include <string.h>

#include "domain/sharing/evaluation.h"
#include "domain/sharing/request.h"
#include "support/world.h"

/* A purpose of the caller's department with that term; `passed_on` as JSON. */
static struct purpose publish(struct world *world, struct actor actor, const char *term, const char *passed_on)
{
    struct purpose_text text = world_purpose_text(world_kinds("EmailAddress"), ATTRIBUTE_SET_EMPTY);
    text.term = text_of(term);
    struct text body = text_format(
        world->node.cx.arena,
        "{\"attributes\":{\"needed\":[\"pd:EmailAddress\"],\"optional\":[]},\"benefit\":\"Offers that fit.\","
        "\"facts\":{\"passed_on\":%s},\"language\":\"en\",\"legal_basis\":\"consent\",\"name\":\"Deliver your order\","
        "\"retention\":\"P90D\",\"sentence\":\"Show you what others sell.\",\"term\":\"%s\"}",
        passed_on, term);
    struct purpose_save save = {.text = text, .body = body};
    ASSERT_OK(world, WRITE(world, actor, purpose_save, &save));
    struct purpose_publish made = {.purpose_id = save.out.purpose_id, .text = text, .body = body};
    ASSERT_OK(world, WRITE(world, actor, purpose_publish, &made));
    return made.out;
}

static struct purpose publish_sale(struct world *world)
{
    return publish(world, world->shipping, "dpv:SellDataToThirdParties", "[\"Data House\"]");
}

static struct grant give(struct world *world, const struct relationship *relationship, const struct purpose *purpose)
{
    struct grant_give give = {.relationship_id = relationship->relationship_id,
                              .purpose = world_purpose_id(purpose),
                              .attributes = purpose->needed,
                              .uses = {.event = TEXT_NONE}};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

static struct disclosure_ask read_as(struct world *world, struct actor system, const struct relationship *relationship,
                                     const struct purpose *purpose)
{
    struct disclosure_ask ask = world_question(world, relationship, purpose, purpose->needed);
    ASSERT_OK(world, disclosure_decide(world_as(world, system), &ask));
    ASSERT_OK(world, WRITE(world, system, disclosure_commit, &ask));
    return ask;
}

/* NULL: given. */
static const char *refusal(struct world *world, const struct relationship *relationship, const struct purpose *purpose)
{
    struct disclosure_ask ask = read_as(world, world->shipping, relationship, purpose);
    return ask.given ? NULL : ask.reason;
}

static struct relationship say(struct world *world, const struct relationship *relationship, bool stands)
{
    struct objection_change change = {.relationship_id = relationship->relationship_id, .stands = stands};
    ASSERT_OK(world, WRITE(world, world->ada, objection_change, &change));
    return change.out;
}

static err run_signal(struct ctx *cx, void *arg)
{
    (void)arg; /* the caller is all that it wants */
    return objection_signal(cx);
}

/* A request of Ada's with the signal. Gives whether it was news. */
static bool signal_as(struct world *world, struct actor person)
{
    bool is_new = false;
    ASSERT_OK(world, objection_signal_is_new(world_as(world, person), &is_new));
    ASSERT_OK(world, WRITE(world, person, run_signal, NULL));
    return is_new;
}

static struct objection objection_of(struct world *world, const struct relationship *relationship)
{
    struct relationship now;
    ASSERT_OK(world, relationship_load(world_as(world, world->operator_), relationship->person_id,
                                       relationship->relationship_id, &now));
    return now.objection;
}

static int64_t acts(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM act");
}

/* ---- against what */

static void terms_and_recipients_say_what_it_is_against(void **state)
{
    static const struct {
        dpv_purpose term;
        bool        alone; /* also when nothing is passed on */
        bool        passed_on;
    } TERMS[] = {
        {DPV_SellDataToThirdParties, true, true},         {DPV_SellInsightsFromData, true, true},
        {DPV_PersonalisedAdvertising, true, true},        {DPV_TargetedAdvertising, true, true},
        {DPV_RecruitmentTargetedAdvertising, true, true}, {DPV_DirectMarketing, false, true},
        {DPV_Advertising, false, true},                   {DPV_SocialMediaMarketing, false, true},
        {DPV_Marketing, false, true},                     {DPV_SellProducts, false, false},
        {DPV_SellProductsToDataSubject, false, false},    {DPV_Personalisation, false, false},
        {DPV_DeliveryOfGoods, false, false},              {DPV_NONE, false, false},
    };
    (void)state; /* a table */
    for (size_t i = 0; i < sizeof TERMS / sizeof *TERMS; i++) {
        assert_int_equal(objection_is_against(TERMS[i].term, false), TERMS[i].alone);
        assert_int_equal(objection_is_against(TERMS[i].term, true), TERMS[i].passed_on);
    }
    dpv_purpose term = DPV_NONE;
    bool passed_on = false;
    size_t count = 0;
    for (; objection_term(count, &term, &passed_on); count++)
        assert_true(objection_is_against(term, passed_on));
    assert_int_equal(count, 4);
}

static void older_grants_for_such_purposes_permit_nothing_and_all_others_go_on(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:EmailAddress", "\"ada@example.org\"");
    struct purpose sale = publish_sale(world);
    struct purpose offers = publish(world, world->shipping, "dpv:DirectMarketing", "[]");
    struct purpose shared = publish(world, world->shipping, "dpv:DirectMarketing", "[\"Data House\"]");
    struct purpose *all[] = {&sale, &offers, &shared, &world->delivery};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)give(world, &relationship, all[i]);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_null(refusal(world, &relationship, all[i]));
    struct relationship after = say(world, &relationship, true);
    assert_int_equal(after.objection.state, OBJECTION_MADE);
    assert_int_equal(objection_since_ms(&after.objection), world->node.time.wall_ms);
    assert_string_equal(refusal(world, &relationship, &sale), "relationship.objected");
    assert_string_equal(refusal(world, &relationship, &shared), "relationship.objected");
    assert_null(refusal(world, &relationship, &offers));
    assert_null(refusal(world, &relationship, &world->delivery));
    /* who was never permitted learns nothing of it */
    assert_string_equal(read_as(world, world->marketing, &relationship, &sale).reason, "grant.none");
    struct disclosure_list list = {.limit = 2};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    assert_true(text_is(list.out[0].reason, "grant.none"));
    (void)say(world, &relationship, false);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_null(refusal(world, &relationship, all[i]));
    assert_int_equal(world_audit(world, 0), 0);
}

static void each_version_of_a_purpose_counts_by_its_own_words(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:EmailAddress", "\"ada@example.org\"");
    struct purpose offers = publish(world, world->shipping, "dpv:DirectMarketing", "[]");
    struct grant harmless = give(world, &relationship, &offers);
    struct purpose_text text = world_purpose_text(offers.needed, ATTRIBUTE_SET_EMPTY);
    text.term = TEXT("dpv:SellInsightsFromData");
    struct text body = TEXT("{\"facts\":{\"passed_on\":[]},\"term\":\"dpv:SellInsightsFromData\"}");
    struct purpose_save save = {.purpose_id = offers.purpose_id, .text = text, .body = body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    struct purpose_publish made = {.purpose_id = offers.purpose_id, .text = text, .body = body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &made));
    (void)give(world, &relationship, &made.out);
    (void)say(world, &relationship, true);
    struct disclosure_ask ask = read_as(world, world->shipping, &relationship, &offers);
    assert_true(ask.given);
    assert_int_equal(ask.uses[0].grant.grant_id, harmless.grant_id); /* by the newer one it would not be */
    struct grant_withdraw stop = {.grant_id = harmless.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_string_equal(refusal(world, &relationship, &offers), "relationship.objected");
}

/* ---- which word is the newer one */

static void a_later_yes_stands_and_a_later_objection_outweighs_it(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:EmailAddress", "\"ada@example.org\"");
    struct purpose sale = publish_sale(world);
    (void)give(world, &relationship, &sale);
    assert_true(signal_as(world, world->ada));
    assert_string_equal(refusal(world, &relationship, &sale), "relationship.objected");
    struct grant newer = world_grant(world, world->shipping, &relationship, &sale); /* asked for, and answered */
    assert_null(refusal(world, &relationship, &sale));
    assert_false(signal_as(world, world->ada));
    assert_null(refusal(world, &relationship, &sale)); /* a signal says nothing twice */
    struct grant_narrow narrow = {.grant_id = newer.grant_id, .set_until = true, .until_at_ms = newer.until_at_ms - 1};
    (void)say(world, &relationship, true);
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow)); /* no yes */
    assert_string_equal(refusal(world, &relationship, &sale), "relationship.objected");
    assert_int_equal(world_audit(world, 0), 0);
}

/* Two servers whose clocks differ: what comes later is the newer word, whichever of them makes its number. */
static void which_is_newer_no_clock_says(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct purpose sale = publish_sale(world);
    struct number_source ahead = {0};
    struct number_source behind = {0};
    number_use_slot(world->node.cx.numbers, 1);
    number_use_slot(&ahead, 2);
    number_use_slot(&behind, 3);
    number_lift(&ahead, number_first_of_ms(world->node.time.wall_ms + 1500));
    world->node.cx.numbers = &ahead;
    (void)give(world, &relationship, &sale);
    world->node.cx.numbers = &behind;
    (void)say(world, &relationship, true);
    assert_string_equal(refusal(world, &relationship, &sale), "relationship.objected");
    world->node.cx.numbers = &ahead;
    (void)say(world, &relationship, false);
    (void)say(world, &relationship, true);
    behind = (struct number_source){0};
    number_use_slot(&behind, 3);
    world->node.cx.numbers = &behind;
    (void)give(world, &relationship, &sale);
    world->node.cx.numbers = &world->node.numbers;
    assert_true(read_as(world, world->shipping, &relationship, &sale).given);
}

static void an_objection_between_look_and_write_holds(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:EmailAddress", "\"ada@example.org\"");
    struct purpose sale = publish_sale(world);
    struct grant grant = give(world, &relationship, &sale);
    struct disclosure_ask ask = world_question(world, &relationship, &sale, sale.needed);
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    assert_int_equal(ask.values_count, 1);
    assert_true(signal_as(world, world->ada));
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, &ask));
    assert_false(ask.given);
    assert_int_equal(ask.values_count, 0);
    assert_string_equal(ask.reason, "relationship.objected");
    struct disclosure_repeat repeat = {.first = &ask, .told = {.given = sale.needed, .grants = &grant.grant_id,
                                                               .grants_count = 1}};
    ASSERT_OK(world, disclosure_repeat(world_as(world, world->shipping), &repeat));
    assert_false(repeat.out_stands); /* a kept answer neither */
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    assert_string_equal(ask.reason, "relationship.objected");
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_question_is_denied_and_shows_no_door(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct purpose sale = publish_sale(world);
    (void)give(world, &relationship, &sale);
    (void)say(world, &relationship, true);
    struct ctx *cx = world_as(world, world->shipping);
    struct evaluation question = {
        .subject_type = TEXT(EVALUATION_DEPARTMENT),
        .subject_id =
            id_text(cx, (struct id){ID_DEPARTMENT, world->shipping.organisation_id, world->shipping.department_id}),
        .action = TEXT(EVALUATION_READ),
        .resource_type = TEXT(EVALUATION_RELATIONSHIP),
        .resource_id = id_text(cx, relationship_id(&relationship)),
        .purpose = id_text(cx, world_purpose_id(&sale)),
        .attributes = sale.needed,
    };
    ASSERT_OK(world, evaluation_decide(cx, &question));
    ASSERT_OK(world, evaluation_look_for_door(world_as(world, world->shipping), &question));
    assert_true(question.known && !evaluation_permits(&question) && !question.can_ask);
    assert_string_equal(question.ask.reason, "relationship.objected");
}

/* ---- who says it, and how often */

static void a_signal_speaks_once_where_nothing_was_said(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship his = world_relate(world, world->shipping, world->bob);
    int64_t before = acts(world);
    assert_true(signal_as(world, world->ada));
    assert_int_equal(acts(world), before + 1);
    for (int i = 0; i < 3; i++)
        assert_false(signal_as(world, world->ada));
    assert_int_equal(acts(world), before + 1);
    assert_int_equal(objection_of(world, &shop).state, OBJECTION_SIGNALLED);
    assert_int_equal(objection_of(world, &his).state, OBJECTION_NONE);
    assert_int_equal(objection_since_ms(&his.objection), 0);
    struct relationship bank = world_relate(world, world->teller, world->ada); /* begun later */
    struct relationship_change pause = {.relationship_id = bank.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &pause));
    assert_true(signal_as(world, world->ada));
    assert_int_equal(objection_of(world, &bank).state, OBJECTION_SIGNALLED);
    (void)say(world, &bank, true); /* her own word in its place */
    (void)say(world, &shop, false);
    assert_false(signal_as(world, world->ada));
    assert_int_equal(objection_of(world, &bank).state, OBJECTION_MADE);
    assert_int_equal(objection_of(world, &shop).state, OBJECTION_LIFTED);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_signal_passes_by_what_is_over_or_has_not_begun(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship_change change = {.relationship_id = shop.relationship_id, .set_ends = true,
                                         .ends_at_ms = world->node.time.wall_ms + 1000};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    test_node_pass(&world->node, 1000); /* over, and no act says so */
    struct relationship_propose propose = {.organisation_id = world->bank.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    assert_false(signal_as(world, world->ada));
    struct relationship_answer answer = {world->ada.person_id, propose.out.relationship_id, true, {0}};
    ASSERT_OK(world, WRITE(world, world->teller, relationship_answer, &answer));
    assert_true(signal_as(world, world->ada));
    assert_int_equal(objection_of(world, &answer.out).state, OBJECTION_SIGNALLED);
    assert_int_equal(objection_of(world, &shop).state, OBJECTION_NONE);
    bool is_new = false;
    ASSERT_FAILS(world, objection_signal_is_new(world_as(world, world->shipping), &is_new), FORBIDDEN,
                 "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->shipping, run_signal, NULL), FORBIDDEN, "actor.wrong_kind");
}

/* Beyond what one write takes, the next one goes on. */
static void very_many_relationships_take_more_than_one_write(void **state)
{
    struct world *world = *state;
    enum { MORE = 3 };
    for (int i = 0; i < OBJECTION_SIGNALS_MOST + MORE; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "Shop %d", i);
        struct organisation_create create = {.name = text_of(name)};
        ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
        (void)world_relate(world, world_make_system(world, create.out.organisation_id, "Desk"), world->ada);
        test_node_rest(&world->node);
    }
    int64_t before = acts(world);
    assert_true(signal_as(world, world->ada));
    assert_int_equal(acts(world), before + OBJECTION_SIGNALS_MOST);
    assert_true(signal_as(world, world->ada));
    assert_int_equal(acts(world), before + OBJECTION_SIGNALS_MOST + MORE);
    assert_false(signal_as(world, world->ada));
}

/* Where the write of a request has not come yet: of very many, or begun by the same one. */
static void a_yes_hears_the_signal_that_comes_with_it_first(void **state)
{
    struct world *world = *state;
    struct purpose sale = publish_sale(world);
    struct actor browser = world->ada;
    browser.signals = true;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct grant_give give = {.relationship_id = shop.relationship_id, .purpose = world_purpose_id(&sale),
                              .attributes = sale.needed};
    ASSERT_OK(world, WRITE(world, browser, grant_give, &give));
    assert_int_equal(objection_of(world, &shop).state, OBJECTION_SIGNALLED);
    assert_false(signal_as(world, browser));
    assert_null(refusal(world, &shop, &sale));
    struct relationship his = world_relate(world, world->shipping, world->bob);
    struct request_make make = {.person_id = world->bob.person_id, .relationship_id = his.relationship_id,
                                .purpose = world_purpose_id(&sale), .attributes = sale.needed};
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    struct request_answer answer = {.request_id = make.out.request_id, .answer = ANSWER_ACCEPT};
    browser = world->bob;
    browser.signals = true;
    ASSERT_OK(world, WRITE(world, browser, request_answer, &answer));
    assert_int_equal(objection_of(world, &his).state, OBJECTION_SIGNALLED);
    assert_null(refusal(world, &his, &sale));
    assert_int_equal(world_audit(world, 0), 0);
}

static void what_is_so_already_is_no_act(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    static const bool WORDS[] = {false, false, true, true, false, false};
    int64_t before = acts(world);
    int64_t made[] = {1, 1, 2, 2, 3, 3};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        struct objection objection = say(world, &relationship, WORDS[i]).objection;
        assert_int_equal(objection_stands(&objection), WORDS[i]);
        assert_int_equal(acts(world), before + made[i]);
    }
}

static void only_a_live_relationship_of_ones_own_takes_it(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct objection_change change = {.relationship_id = relationship.relationship_id, .stands = true};
    ASSERT_FAILS(world, WRITE(world, world->bob, objection_change, &change), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, objection_change, &change), FORBIDDEN, "actor.wrong_kind");
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    ASSERT_FAILS(world, WRITE(world, world->ada, objection_change, &change), CONFLICT, "relationship.ended");
    struct relationship_propose propose = {.organisation_id = world->bank.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    change.relationship_id = propose.out.relationship_id;
    ASSERT_FAILS(world, WRITE(world, world->ada, objection_change, &change), CONFLICT, "relationship.not_active");
}

/* ---- proof */

static bool holds(struct bytes bytes, const char *words)
{
    return memmem(bytes.at, bytes.size, words, strlen(words)) != NULL;
}

static void each_word_has_a_receipt_that_says_against_what(void **state)
{
    static const struct {
        const char *act, *objection;
    } TOLD[] = {
        {"\"relationship.objection_lifted\"", "\"symbolon:objection\":{\"stands\":false,\"by\":\"person\""},
        {"\"relationship.objected\"", "\"symbolon:objection\":{\"stands\":true,\"by\":\"person\""},
        {"\"relationship.objected_by_signal\"", "\"symbolon:objection\":{\"stands\":true,\"by\":\"signal\""},
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)signal_as(world, world->ada);
    (void)say(world, &relationship, true);
    (void)say(world, &relationship, false);
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    ASSERT_OK(world, world_receipts(world_as(world, world->ada), &relationship, &entries, &count));
    assert_int_equal(count, 4); /* and its start */
    for (size_t i = 0; i < count; i++) {
        struct text id =
            id_text(&world->node.cx, relationship_item_id(&relationship, ID_RECEIPT, entries[i].receipt_id));
        struct receipt hers, theirs;
        ASSERT_OK(world, receipt_open(world_as(world, world->ada), id, &hers));
        ASSERT_OK(world, receipt_open(world_as(world, world->marketing), id, &theirs));
        assert_int_equal(hers.payload.size, theirs.payload.size);
        bool is_word = i < sizeof TOLD / sizeof *TOLD;
        assert_int_equal(holds(hers.payload, "symbolon:objection"), is_word);
        if (!is_word)
            continue;
        assert_true(holds(hers.payload, TOLD[i].act) && holds(hers.payload, TOLD[i].objection));
        assert_true(holds(hers.payload, "{\"term\":\"dpv:SellDataToThirdParties\",\"whenPassedOn\":false}"));
        assert_true(holds(hers.payload, "{\"term\":\"dpv:Marketing\",\"whenPassedOn\":true}"));
    }
    assert_int_equal(world_audit(world, 0), 0);
}

/* Somebody takes the objection out of the row: the read that is given then is found. */
static void an_objection_that_was_taken_out_is_found_and_so_is_the_read(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:EmailAddress", "\"ada@example.org\"");
    struct purpose sale = publish_sale(world);
    (void)give(world, &relationship, &sale);
    assert_null(refusal(world, &relationship, &sale)); /* before: no finding */
    test_node_pass(&world->node, 60000);
    (void)say(world, &relationship, true);
    test_node_pass(&world->node, 60000);
    assert_int_equal(world_audit(world, 0), 0);
    int64_t act_id = objection_of(world, &relationship).act_id;
    world_spoil(world, "people.db", "UPDATE relationship SET objection = 3");
    assert_int_equal(world_audit(world, 1), 1);
    world_spoil(world, "people.db", "UPDATE relationship SET objection_act_id = 0");
    assert_int_equal(world_audit(world, 2), 2);
    assert_null(refusal(world, &relationship, &sale));
    assert_int_equal(world_audit(world, 3), 3);
    char sql[128];
    (void)snprintf(sql, sizeof sql, "UPDATE relationship SET objection = 2, objection_act_id = %lld",
                   (long long)act_id);
    world_spoil(world, "people.db", sql);
    assert_int_equal(world_audit(world, 1), 1); /* the read alone */
    (void)give(world, &relationship, &sale);
    assert_null(refusal(world, &relationship, &sale)); /* by a newer yes: none */
    assert_int_equal(world_audit(world, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_and_recipients_say_what_it_is_against),
        WORLD_TEST(older_grants_for_such_purposes_permit_nothing_and_all_others_go_on),
        WORLD_TEST(each_version_of_a_purpose_counts_by_its_own_words),
        WORLD_TEST(a_later_yes_stands_and_a_later_objection_outweighs_it),
        WORLD_TEST(which_is_newer_no_clock_says),
        WORLD_TEST(an_objection_between_look_and_write_holds),
        WORLD_TEST(a_question_is_denied_and_shows_no_door),
        WORLD_TEST(a_signal_speaks_once_where_nothing_was_said),
        WORLD_TEST(a_signal_passes_by_what_is_over_or_has_not_begun),
        WORLD_TEST(very_many_relationships_take_more_than_one_write),
        WORLD_TEST(a_yes_hears_the_signal_that_comes_with_it_first),
        WORLD_TEST(what_is_so_already_is_no_act),
        WORLD_TEST(only_a_live_relationship_of_ones_own_takes_it),
        WORLD_TEST(each_word_has_a_receipt_that_says_against_what),
        WORLD_TEST(an_objection_that_was_taken_out_is_found_and_so_is_the_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
