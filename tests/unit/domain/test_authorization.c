/* SPDX-License-Identifier: Apache-2.0
 * Goal: what a client gets of a person is what the person answered, once, for this client and key, and no longer than
 * grant, relationship and client last. Method: one client asks Ada for her address; each step is done once more, by
 * somebody else, too late, or with its row changed by hand. */
#include <string.h>

#include "base/limits.h"
#include "domain/people/erasure.h"
#include "domain/sharing/objection_change.h"
#include "store/queries.h"
#include "support/web_client.h"

static void an_answer_begins_a_relationship_and_gives_a_grant_and_tokens(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct authorization_token token;
    struct kept code;
    struct grant grant = web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    assert_true(web_lives(world, &tokens.access, &token));
    assert_int_equal(token.authorization.person_id, world->ada.person_id);
    assert_int_equal(token.authorization.grant.grant_id, grant.grant_id);
    assert_int_equal(token.authorization.relationship.state, RELATIONSHIP_ACTIVE);
    assert_int_equal(token.authorization.system.system_id, client.system_id);
    assert_true(text_is(token.authorization.ask.scope, "openid"));
    assert_true(text_is(token.authorization.ask.state, "s\"1"));
    assert_memory_equal(token.thumbprint, THUMBPRINT, HASH_BYTES);
    assert_int_not_equal(grant.receipt_id, 0);
    (void)web_accept(world, &client, &code); /* and once more: the same grant says it already */
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM grant_now"), 1);
    struct kept name = web_push(world, &client, "");
    struct authorization_answer shorter = web_answer_of(world, &name);
    shorter.make.duration_ms = TIME_DAY_MS; /* what she says now is less than what she has said */
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &shorter));
    assert_int_not_equal(shorter.out_grant.grant_id, grant.grant_id);
    assert_true(shorter.out_grant.until_at_ms <= grant.from_at_ms + TIME_DAY_MS);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM grant_now"), 2);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM relationship"), 1);
    assert_int_equal(world_audit(world, 0), 0);
}

/* Data that is passed on for marketing: a signal outweighs the first yes, and the second one is newer than that. */
static void a_yes_behind_an_objection_is_said_anew(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct purpose_text text = world_purpose_text(world->delivery.needed, world->delivery.optional);
    struct objection_change object = {.stands = true};
    struct kept code;
    text.term = TEXT("dpv:DirectMarketing");
    world->delivery = world_publish_text(world, world->shipping, text);
    struct grant first = web_accept(world, &client, &code);
    assert_int_equal(web_accept(world, &client, &code).grant_id, first.grant_id);
    object.relationship_id = first.relationship_id;
    ASSERT_OK(world, WRITE(world, world->ada, objection_change, &object));
    struct grant second = web_accept(world, &client, &code);
    assert_int_not_equal(second.grant_id, first.grant_id);
    assert_int_equal(web_accept(world, &client, &code).grant_id, second.grant_id);
    assert_int_equal(world_audit(world, 0), 0);
}

static err signal_once_more(struct ctx *cx, void *arg)
{
    (void)arg;
    return objection_signal(cx);
}

/* It came with the yes: what the person says by hand is the later word, in this request and behind it. */
static void a_first_yes_that_brings_a_signal_is_the_newer_word(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct purpose_text text = world_purpose_text(world->delivery.needed, world->delivery.optional);
    struct kept code;
    text.term = TEXT("dpv:DirectMarketing");
    world->delivery = world_publish_text(world, world->shipping, text);
    world->ada.signals = true;
    struct grant first = web_accept(world, &client, &code);
    assert_int_equal(world_number(world, "people.db", "SELECT objection FROM relationship"), OBJECTION_SIGNALLED);
    assert_int_equal(web_accept(world, &client, &code).grant_id, first.grant_id); /* it is not outweighed */
    ASSERT_OK(world, WRITE(world, world->ada, signal_once_more, NULL));
    assert_int_equal(web_accept(world, &client, &code).grant_id, first.grant_id);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM grant_now"), 1);
    assert_int_equal(world_audit(world, 0), 0);
}

/* What she said before would be outweighed by the next request: so the yes is said anew. */
static void a_yes_that_brings_the_first_signal_takes_no_older_grant(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct purpose_text text = world_purpose_text(world->delivery.needed, world->delivery.optional);
    struct kept code;
    text.term = TEXT("dpv:DirectMarketing");
    world->delivery = world_publish_text(world, world->shipping, text);
    struct grant first = web_accept(world, &client, &code);
    world->ada.signals = true;
    struct grant second = web_accept(world, &client, &code);
    assert_int_not_equal(second.grant_id, first.grant_id);
    ASSERT_OK(world, WRITE(world, world->ada, signal_once_more, NULL));
    assert_int_equal(web_accept(world, &client, &code).grant_id, second.grant_id);
    assert_int_equal(world_audit(world, 0), 0);
}

static void what_a_person_has_begun_is_gone_on_with(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    struct kept code;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    struct grant grant = web_accept(world, &client, &code);
    assert_int_equal(grant.relationship_id, propose.out.relationship_id);
    struct relationship_change pause = {.relationship_id = grant.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &pause));
    struct kept name = web_push(world, &client, "");
    struct authorization_answer answer = web_answer_of(world, &name);
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), CONFLICT, "relationship.paused");
    assert_int_equal(world->node.cx.actor.kind, ACTOR_PERSON); /* whoever spoke in between */
    assert_int_equal(world_audit(world, 0), 0);
}

static void what_was_not_shown_is_not_given(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    world->delivery.version++; /* it was pushed when another one was published */
    struct kept name = web_push(world, &client, "");
    struct authorization_answer answer = web_answer_of(world, &name);
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), CONFLICT,
                 "authorization.purpose_changed");
    world->delivery.version--;
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM grant_now"), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM relationship"), 0);
}

static void a_request_is_answered_once_and_soon(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept name = web_push(world, &client, "");
    struct authorization_answer answer = web_answer_of(world, &name);
    ASSERT_FAILS(world, WRITE(world, world->shipping, authorization_answer, &answer), FORBIDDEN, "actor.wrong_kind");
    answer.accepts = false;
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    answer.accepts = true;
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), MALFORMED, AUTHORIZATION_UNKNOWN);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM relationship"), 0);
    name = web_push(world, &client, "");
    answer = web_answer_of(world, &name);
    name.at[name.size - 3] ^= 1;
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), MALFORMED, AUTHORIZATION_UNKNOWN);
    name.at[name.size - 3] ^= 1;
    test_node_pass(&world->node, LIMIT_PUSHED_REQUEST_MS);
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), MALFORMED, AUTHORIZATION_UNKNOWN);
    name = web_push(world, &client, "");
    answer = web_answer_of(world, &name);
    struct key_revoke revoke = {client.organisation_id, client.system_id};
    ASSERT_OK(world, WRITE(world, world->operator_, key_revoke, &revoke));
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), MALFORMED, AUTHORIZATION_UNKNOWN);
}

static void a_request_that_was_changed_by_hand_is_none(void **state)
{
    static const char *const CASES[] = {
        "UPDATE pushed_request SET system_id = system_id + 1",
        "UPDATE pushed_request SET asked = '{\"redirect_uri\":\"https://evil.example/\"}'",
        "UPDATE pushed_request SET expires_at_ms = expires_at_ms + 1",
        "UPDATE pushed_request SET hash = x''",
    };
    struct world *world = *state;
    struct actor client = web_make_client(world);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct kept name = web_push(world, &client, "");
        struct authorization_answer answer = web_answer_of(world, &name);
        world_spoil(world, "people.db", world_is_on_server("people.db") && i == 3
                                            ? "UPDATE pushed_request SET hash = ''::bytea" : CASES[i]);
        ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), MALFORMED,
                     AUTHORIZATION_UNKNOWN);
    }
}

static void a_code_is_for_its_client_address_and_key(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct text challenge;
    struct kept code;
    (void)web_accept(world, &client, &code);
    struct authorization_redeem act = web_redeem_of(world, &other, &code);
    web_refuse(world, &act);
    ASSERT_OK(world, authorization_code_challenge(&world->node.cx, &act, &challenge));
    assert_int_equal(challenge.size, 0);
    act = web_redeem_of(world, &client, &code);
    ASSERT_OK(world, authorization_code_challenge(&world->node.cx, &act, &challenge));
    assert_int_equal(challenge.size, 43);
    act.redirect_uri = TEXT(BACK "/");
    web_refuse(world, &act);
    act = web_redeem_of(world, &client, &code);
    act.kind = AUTHORIZATION_REFRESH;
    web_refuse(world, &act);
    struct tokens tokens = web_redeem(world, &client, &code);
    assert_int_equal(tokens.refresh.size > 0, 1);
    struct kept name = web_push(world, &client, THUMBPRINT_TEXT);
    struct authorization_answer answer = web_answer_of(world, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    web_keep(&code, answer.out_code);
    act = web_redeem_of(world, &client, &code);
    act.thumbprint[0] = 9;
    web_refuse(world, &act);
    (void)web_redeem(world, &client, &code); /* its own key */
}

static void a_code_that_comes_twice_ends_what_came_of_it(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct authorization_token token;
    struct kept code;
    (void)web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    struct authorization_redeem again = web_redeem_of(world, &client, &code);
    ASSERT_OK(world, WRITE(world, world->operator_, authorization_redeem, &again));
    assert_true(again.out_replayed);
    assert_false(web_lives(world, &tokens.access, &token));
    struct authorization_redeem refresh = web_redeem_of(world, &client, &tokens.refresh);
    web_refuse(world, &refresh);
    (void)web_accept(world, &client, &code);
    test_node_pass(&world->node, LIMIT_CODE_MS);
    struct authorization_redeem late = web_redeem_of(world, &client, &code);
    web_refuse(world, &late);
}

static void a_refresh_token_is_for_its_client_and_key_and_stays(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct authorization_token token;
    struct kept code;
    (void)web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    test_node_pass(&world->node, LIMIT_ACCESS_TOKEN_MS);
    assert_false(web_lives(world, &tokens.access, &token));
    struct authorization_redeem act = web_redeem_of(world, &other, &tokens.refresh);
    web_refuse(world, &act);
    act = web_redeem_of(world, &client, &tokens.refresh);
    act.thumbprint[31] = 1;
    web_refuse(world, &act);
    for (int i = 0; i < 2; i++) {
        struct tokens next = web_redeem(world, &client, &tokens.refresh);
        assert_int_equal(next.refresh.size, 0);
        assert_true(web_lives(world, &next.access, &token));
    }
    test_node_pass(&world->node, LIMIT_REFRESH_TOKEN_MS);
    act = web_redeem_of(world, &client, &tokens.refresh);
    web_refuse(world, &act);
}

/* One way each in which it ends; behind it nothing is given any more. */
static void whatever_it_rests_on_ends_it(void **state)
{
    struct world *world = *state;
    struct authorization_token token;
    for (int way = 0; way < 5; way++) {
        struct actor client = web_make_client(world);
        struct kept code;
        struct grant grant = web_accept(world, &client, &code);
        struct tokens tokens = web_redeem(world, &client, &code);
        assert_true(web_lives(world, &tokens.access, &token));
        struct grant_withdraw withdraw = {.grant_id = grant.grant_id};
        struct relationship_change pause = {.relationship_id = grant.relationship_id, .move = MOVE_PAUSE};
        struct relationship_change resume = {.relationship_id = grant.relationship_id, .move = MOVE_RESUME};
        struct relationship_end end = {.relationship_id = grant.relationship_id};
        struct key_revoke revoke = {client.organisation_id, client.system_id};
        if (way == 0)
            ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
        if (way == 1)
            ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &pause));
        if (way == 2)
            ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
        if (way == 3)
            ASSERT_OK(world, WRITE(world, world->operator_, key_revoke, &revoke));
        if (way == 4)
            world_spoil(world, "people.db", "DELETE FROM authorization_now");
        assert_false(web_lives(world, &tokens.access, &token));
        struct authorization_redeem refresh = web_redeem_of(world, &client, &tokens.refresh);
        assert_int_not_equal(WRITE(world, world->operator_, authorization_redeem, &refresh), OK);
        if (way == 1)
            ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &resume));
        assert_int_equal(web_lives(world, &tokens.access, &token), way == 1);
    }
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_client_ends_its_own_tokens_only(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct authorization_token token;
    struct kept code;
    (void)web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    ASSERT_OK(world, WRITE(world, other, web_end_one, &tokens));
    ASSERT_OK(world, WRITE(world, other, web_end_all, &tokens));
    assert_true(web_lives(world, &tokens.access, &token));
    ASSERT_OK(world, WRITE(world, client, web_end_one, &tokens));
    assert_false(web_lives(world, &tokens.access, &token));
    struct tokens next = web_redeem(world, &client, &tokens.refresh);
    assert_true(web_lives(world, &next.access, &token));
    ASSERT_OK(world, WRITE(world, client, web_end_all, &tokens));
    assert_false(web_lives(world, &next.access, &token));
}

struct back {
    int64_t person_id, grant_id;
};

static err give_back(struct ctx *cx, void *arg)
{
    const struct back *back = arg;
    return authorization_give_back(cx, back->person_id, back->grant_id);
}

static void a_client_gives_its_own_grant_back(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct authorization_token token;
    struct kept code;
    struct grant grant = web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    struct back back = {world->ada.person_id, grant.grant_id};
    ASSERT_FAILS(world, WRITE(world, other, give_back, &back), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->teller, give_back, &back), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, give_back, &back), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, client, give_back, &back));
    assert_false(web_lives(world, &tokens.access, &token));
    ASSERT_OK(world, grant_load(world_as(world, world->ada), back.person_id, back.grant_id, &grant));
    assert_int_equal(grant.state, GRANT_WITHDRAWN);
    ASSERT_FAILS(world, WRITE(world, client, give_back, &back), NOT_FOUND, "not_found");
    struct grant_report_event once_more = {.person_id = back.person_id, .grant_id = back.grant_id};
    ASSERT_FAILS(world, WRITE(world, client, grant_give_back, &once_more), CONFLICT, "grant.not_active");
    ASSERT_FAILS(world, WRITE(world, world->marketing, grant_give_back, &once_more), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give_back, &once_more), FORBIDDEN, "actor.wrong_kind");
    once_more.grant_id++;
    ASSERT_FAILS(world, WRITE(world, client, grant_give_back, &once_more), NOT_FOUND, "not_found");
    assert_int_equal(world_audit(world, 0), 0);
}

static void rows_that_were_changed_by_hand_give_nothing(void **state)
{
    static const char *const CASES[] = {
        "UPDATE authorization_now SET grant_id = 0",
        "UPDATE authorization_now SET system_id = system_id + 1",
        "UPDATE authorization_now SET tag = 'x'",
        "UPDATE authorization_token SET expires_at_ms = expires_at_ms + 1",
        "UPDATE authorization_token SET kind = 3 WHERE kind = 2",
        "UPDATE authorization_token SET authorization_id = authorization_id + 1",
        "UPDATE authorization_token SET issued_at_ms = issued_at_ms + 1",
    };
    struct world *world = *state;
    struct authorization_token token;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct actor client = web_make_client(world);
        struct kept code;
        (void)web_accept(world, &client, &code);
        struct tokens tokens = web_redeem(world, &client, &code);
        assert_true(web_lives(world, &tokens.access, &token));
        world_spoil(world, "people.db", CASES[i]);
        assert_false(web_lives(world, &tokens.access, &token));
    }
}

static void signing_in_alone_shares_nothing(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept name = web_push(world, &client, ""), code;
    struct authorization_answer answer = web_answer_of(world, &name);
    struct authorization_token token;
    answer.wants_data = false;
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    assert_false(answer.out_has_grant);
    web_keep(&code, answer.out_code);
    struct tokens tokens = web_redeem(world, &client, &code);
    assert_true(web_lives(world, &tokens.access, &token));
    assert_false(token.authorization.has_grant);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM grant_now"), 0);
    struct relationship_end end = {.relationship_id = token.authorization.relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_false(web_lives(world, &tokens.access, &token));
}

/* What is over is forgotten; what lives stays; of somebody who is erased nothing is left. */
static void rows_go_with_their_time_and_their_person(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept code, name;
    bool left = true;
    (void)web_accept(world, &client, &code);
    (void)web_redeem(world, &client, &code);
    name = web_push(world, &client, "");
    assert_int_not_equal(name.size, 0);
    test_node_pass(&world->node, LIMIT_ACCESS_TOKEN_MS + 70000);
    ASSERT_OK(world, WRITE(world, world->operator_, authorization_forget, &left));
    assert_false(left);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM pushed_request"), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_token"), 1);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_now"), 1);
    struct erasure_begin begin = {.person_id = world->ada.person_id, .confirmation = TEXT("erase me")};
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, WRITE(world, world->ada, erasure_begin, &begin));
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_token"), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_now"), 0);
    assert_int_equal(world_audit(world, 0), 0);
}

static void an_old_authorization_is_forgotten(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept code;
    bool left = true;
    (void)web_accept(world, &client, &code);
    test_node_pass(&world->node, LIMIT_REFRESH_TOKEN_MS + 70000);
    ASSERT_OK(world, WRITE(world, world->operator_, authorization_forget, &left));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_now"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_answer_begins_a_relationship_and_gives_a_grant_and_tokens),
        WORLD_TEST(a_yes_behind_an_objection_is_said_anew),
        WORLD_TEST(a_first_yes_that_brings_a_signal_is_the_newer_word),
        WORLD_TEST(a_yes_that_brings_the_first_signal_takes_no_older_grant),
        WORLD_TEST(what_a_person_has_begun_is_gone_on_with),
        WORLD_TEST(what_was_not_shown_is_not_given),
        WORLD_TEST(a_request_is_answered_once_and_soon),
        WORLD_TEST(a_request_that_was_changed_by_hand_is_none),
        WORLD_TEST(a_code_is_for_its_client_address_and_key),
        WORLD_TEST(a_code_that_comes_twice_ends_what_came_of_it),
        WORLD_TEST(a_refresh_token_is_for_its_client_and_key_and_stays),
        WORLD_TEST(whatever_it_rests_on_ends_it),
        WORLD_TEST(a_client_ends_its_own_tokens_only),
        WORLD_TEST(a_client_gives_its_own_grant_back),
        WORLD_TEST(rows_that_were_changed_by_hand_give_nothing),
        WORLD_TEST(signing_in_alone_shares_nothing),
        WORLD_TEST(rows_go_with_their_time_and_their_person),
        WORLD_TEST(an_old_authorization_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
