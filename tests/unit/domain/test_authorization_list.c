/* SPDX-License-Identifier: Apache-2.0
 * Goal: a person sees which clients act, and shuts one out for good; no number of answers and requests costs anybody
 * else a place. Method: answers one after the other up to the last and the first value of each bound, rows multiplied
 * beneath the domain or changed by hand. */
#include <stdio.h>

#include "base/limits.h"
#include "store/queries.h"
#include "support/web_client.h"

/* From its first use on a code is of another kind, and what was taken back or ended is no row. */
static void nothing_that_is_over_comes_back_by_a_change_of_its_row(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct authorization_token token;
    struct kept code;
    (void)web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    world_spoil(world, "people.db", "UPDATE authorization_token SET kind = 1 WHERE kind = 4");
    struct authorization_redeem again = web_redeem_of(world, &client, &code);
    web_refuse(world, &again);
    assert_true(web_lives(world, &tokens.access, &token)); /* it is no code any more, so nothing was used twice */
    world_spoil(world, "people.db", "UPDATE authorization_token SET kind = 4 WHERE kind = 1");
    ASSERT_OK(world, WRITE(world, client, web_end_one, &tokens));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_token WHERE kind = 2"), 0);
    struct tokens next = web_redeem(world, &client, &tokens.refresh);
    again = web_redeem_of(world, &client, &code);
    ASSERT_OK(world, WRITE(world, world->operator_, authorization_redeem, &again));
    assert_true(again.out_replayed);
    assert_false(web_lives(world, &next.access, &token));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_now"), 0);
    again = web_redeem_of(world, &client, &code);
    web_refuse(world, &again); /* there is nothing left to end */
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM pushed_request"), 0);
}

static struct authorization_list list_of(struct world *world, int64_t before, int64_t limit)
{
    struct authorization_list list = {.before = before, .limit = limit};
    ASSERT_OK(world, authorization_list(world_as(world, world->ada), &list));
    return list;
}

static void a_person_sees_who_acts_and_ends_one(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct authorization_token token;
    struct kept code, codes[2];
    (void)web_accept(world, &client, &codes[0]);
    test_node_pass(&world->node, 1000);
    struct grant grant = web_accept(world, &other, &codes[1]);
    struct tokens tokens = web_redeem(world, &other, &codes[1]);
    struct authorization_list all = list_of(world, 0, 10);
    assert_int_equal(all.out_count, 2);
    assert_int_equal(all.out_next, 0);
    assert_int_equal(all.out[0].system.system_id, other.system_id); /* the newest first */
    assert_int_equal(all.out[0].grant.grant_id, grant.grant_id);
    assert_int_equal(all.out[0].used_at_ms, all.out[0].answered_at_ms);
    assert_int_equal(all.out[0].ends_at_ms, all.out[0].answered_at_ms + LIMIT_REFRESH_TOKEN_MS);
    assert_int_equal(all.out[1].used_at_ms, 0);
    int64_t last_id = all.out[0].authorization_id;
    struct authorization_list page = list_of(world, 0, 1);
    assert_int_equal(page.out_count, 1);
    assert_int_equal(page.out_next, last_id);
    page = list_of(world, page.out_next, 1);
    assert_int_equal(page.out_next, 0);
    assert_int_equal(page.out[0].system.system_id, client.system_id);
    struct authorization_list none = {.limit = 1};
    ASSERT_FAILS(world, authorization_list(world_as(world, world->shipping), &none), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->shipping, authorization_end_own, &last_id), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->ada, authorization_end_own, &last_id));
    assert_false(web_lives(world, &tokens.access, &token));
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_end_own, &last_id), NOT_FOUND, "not_found");
    assert_int_equal(list_of(world, 0, 10).out_count, 1);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM alert WHERE kind = 8"), 1);
    (void)web_redeem(world, &client, &codes[0]); /* the other one goes on */
    struct grant_withdraw withdraw = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
    assert_int_equal(list_of(world, 0, 10).out_count, 0); /* what both had was one grant */
    (void)web_accept(world, &client, &code);
    struct relationship_end end = {.relationship_id = grant.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_int_equal(list_of(world, 0, 10).out_count, 0);
}

static void who_shuts_a_client_out_ends_all_of_his_sign_ins_there(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct authorization_token token;
    struct kept code, last, others;
    (void)web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &code);
    (void)web_accept(world, &other, &others);
    test_node_pass(&world->node, 1000);
    (void)web_accept(world, &client, &last);
    assert_true(web_lives(world, &tokens.access, &token));
    int64_t id = list_of(world, 0, 10).out[0].authorization_id;
    ASSERT_OK(world, WRITE(world, world->ada, authorization_end_own, &id));
    assert_false(web_lives(world, &tokens.access, &token));
    assert_int_equal(list_of(world, 0, 10).out_count, 1);
    (void)web_redeem(world, &other, &others); /* another client goes on */
}

/* Ending is never refused; what a day tells of it is. */
static void many_ends_of_a_day_are_told_up_to_a_number(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept code;
    for (int i = 0; i <= LIMIT_PASSKEY_CHANGES_A_DAY; i++) {
        (void)web_accept(world, &client, &code);
        int64_t id = list_of(world, 0, 1).out[0].authorization_id;
        ASSERT_OK(world, WRITE(world, world->ada, authorization_end_own, &id));
        test_node_rest(&world->node);
    }
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM alert"), LIMIT_PASSKEY_CHANGES_A_DAY);
}

/* ---- bounds */

static struct authorization_answer sign_in(struct world *world, const struct actor *client, struct kept *name)
{
    *name = web_push(world, client, "");
    struct authorization_answer answer = web_answer_of(world, name);
    answer.wants_data = false;
    return answer;
}

static void of_one_client_the_newest_answers_stay(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct kept first, code;
    (void)web_accept(world, &other, &code);
    (void)web_accept(world, &client, &first);
    for (int i = 1; i < LIMIT_AUTHORIZATIONS_OF_CLIENT; i++)
        (void)web_accept(world, &client, &code);
    struct tokens tokens = web_redeem(world, &client, &first); /* the last one that has room */
    struct authorization_token token;
    assert_true(web_lives(world, &tokens.access, &token));
    (void)web_accept(world, &client, &code);
    assert_false(web_lives(world, &tokens.access, &token));
    (void)web_redeem(world, &client, &code);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM authorization_now"),
                     LIMIT_AUTHORIZATIONS_OF_CLIENT + 1); /* the other client's own */
}

static void multiply_authorizations(struct world *world, int count)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO authorization_now "
        "SELECT person_id, i, relationship_id, organisation_id, i, grant_id, asked, verified_at_ms, created_at_ms, "
        "tag, used_at_ms FROM authorization_now, n", count); /* fits */
    world_spoil(world, "people.db", sql);
}

static int64_t all_authorizations(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM authorization_now");
}

static void of_very_many_clients_the_oldest_answer_gives_way(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept code, name;
    (void)web_accept(world, &client, &code);
    multiply_authorizations(world, LIMIT_AUTHORIZATIONS - 2);
    struct authorization_answer answer = sign_in(world, &client, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer)); /* the last one that has room */
    assert_int_equal(all_authorizations(world), LIMIT_AUTHORIZATIONS);
    assert_int_equal(world_number(world, "people.db", "SELECT min(authorization_id) FROM authorization_now"), 1);
    answer = sign_in(world, &client, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    assert_int_equal(all_authorizations(world), LIMIT_AUTHORIZATIONS);
    assert_int_equal(world_number(world, "people.db", "SELECT min(authorization_id) FROM authorization_now"), 2);
}

/* What rests on a grant or a relationship that is over takes nobody's place, of many clients or of one. */
static void dead_answers_give_way_before_any_that_lives(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct authorization_token token;
    struct kept first, code, name;
    struct authorization_answer answer = sign_in(world, &other, &name); /* the oldest, which rests on no grant */
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    web_keep(&first, answer.out_code);
    struct tokens tokens = web_redeem(world, &other, &first);
    struct grant_withdraw withdraw = {.grant_id = web_accept(world, &client, &code).grant_id};
    for (int i = 2; i < LIMIT_AUTHORIZATIONS_OF_CLIENT; i++)
        (void)web_accept(world, &client, &code);
    answer = sign_in(world, &client, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
    assert_int_equal(all_authorizations(world), LIMIT_AUTHORIZATIONS_OF_CLIENT + 1);
    answer = sign_in(world, &client, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    assert_int_equal(all_authorizations(world), 3); /* those that nothing but signing in rests on */
    assert_true(web_lives(world, &tokens.access, &token));
    for (int i = 2; i < LIMIT_AUTHORIZATIONS_OF_CLIENT; i++) {
        answer = sign_in(world, &client, &name);
        ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    }
    struct relationship_end end = {.relationship_id = answer.out_relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    assert_int_equal(all_authorizations(world), LIMIT_AUTHORIZATIONS_OF_CLIENT + 1);
    answer = sign_in(world, &client, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
    assert_int_equal(all_authorizations(world), 1);
}

/* Lesser answers are each a grant of their own, and of a purpose there are so many and no more. */
static void neither_lesser_answers_nor_open_requests_keep_anybody_from_signing_in(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct kept name, code;
    struct grant first = web_accept(world, &client, &code), given = first;
    struct request_make make = {.person_id = first.person_id, .relationship_id = first.relationship_id,
                                .purpose = world_purpose_id(&world->delivery)};
    for (int i = 0; i < LIMIT_REQUESTS_OPEN; i++)
        ASSERT_OK(world, WRITE(world, client, request_make, &make));
    ASSERT_FAILS(world, WRITE(world, client, request_make, &make), CONFLICT, "request.too_many_open");
    for (int i = 0; i < LIMIT_GRANTS_OF_PURPOSE; i++) {
        name = web_push(world, &client, "");
        struct authorization_answer lesser = web_answer_of(world, &name);
        lesser.terms = (struct request_answer){.answer = ANSWER_ADJUST, .set_duration = true,
                                               .duration_ms = TIME_DAY_MS * (i + 1)};
        ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &lesser));
        assert_int_not_equal(lesser.out_grant.grant_id, given.grant_id);
        given = lesser.out_grant;
        test_node_rest(&world->node);
    }
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM grant_now WHERE state = 1"),
                     LIMIT_GRANTS_OF_PURPOSE);
    struct grant now;
    ASSERT_OK(world, grant_load(world_as(world, world->operator_), first.person_id, first.grant_id, &now));
    assert_int_equal(now.state, GRANT_WITHDRAWN); /* the oldest one, with a receipt like any other stop */
    assert_int_equal(world_audit(world, 0), 0);
}

static void an_answer_until_an_event_is_one_grant_however_often_it_is_given(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    int64_t grant_id = 0;
    for (int i = 0; i < 3; i++) {
        struct kept name = web_push(world, &client, "");
        struct authorization_answer answer = web_answer_of(world, &name);
        answer.make.uses = (struct uses){.kind = USES_EVENT, .event = i < 2 ? TEXT("delivery") : TEXT("return")};
        ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
        assert_true((answer.out_grant.grant_id == grant_id) == (i == 1));
        grant_id = answer.out_grant.grant_id;
    }
}

static int64_t waiting_of(struct world *world, const struct actor *client)
{
    struct sql_pushed_request_count_in in = {client->organisation_id, client->system_id, world->node.cx.now_ms};
    struct sql_pushed_request_count_row row = {0};
    bool found = false;
    ASSERT_OK(world, sql_pushed_request_count(&world->node.cx, &in, &row, &found));
    return row.waiting;
}

static void the_oldest_request_of_a_client_gives_way_to_its_own_alone(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world), other = web_make_client(world);
    struct kept first, second, others, last;
    char sql[500];
    struct authorization_answer of_others = sign_in(world, &other, &others); /* the oldest of all */
    test_node_pass(&world->node, 1);
    struct authorization_answer of_first = sign_in(world, &client, &first);
    test_node_pass(&world->node, 1);
    struct authorization_answer of_second = sign_in(world, &client, &second);
    (void)snprintf(sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO pushed_request "
        "SELECT 'x' || i, hash, organisation_id, system_id, asked, expires_at_ms + i FROM pushed_request, n WHERE "
        "expires_at_ms = (SELECT max(expires_at_ms) FROM pushed_request)",
        LIMIT_PUSHED_REQUESTS - 2); /* fits */
    world_spoil(world, "people.db", sql);
    assert_int_equal(waiting_of(world, &client), LIMIT_PUSHED_REQUESTS);
    struct authorization_answer of_last = sign_in(world, &client, &last);
    assert_int_equal(waiting_of(world, &client), LIMIT_PUSHED_REQUESTS);
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &of_first), MALFORMED, AUTHORIZATION_UNKNOWN);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &of_second));
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &of_others));
    ASSERT_OK(world, WRITE(world, world->bob, authorization_answer, &of_last));
    (void)web_push(world, &client, ""); /* what was answered does not wait */
    assert_int_equal(waiting_of(world, &client), LIMIT_PUSHED_REQUESTS - 1);
}

static void relationships_that_answers_begin_are_counted(void **state)
{
    struct world *world = *state;
    struct actor client = web_make_client(world);
    struct authorization_answer answer;
    struct kept name;
    for (int i = 0; i < LIMIT_PROPOSALS_A_DAY; i++) {
        answer = sign_in(world, &client, &name);
        ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
        struct relationship_end end = {.relationship_id = answer.out_relationship.relationship_id};
        ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
        test_node_rest(&world->node);
    }
    answer = sign_in(world, &client, &name);
    ASSERT_FAILS(world, WRITE(world, world->ada, authorization_answer, &answer), TOO_MANY,
                 "relationship.too_many_proposals");
    ASSERT_OK(world, WRITE(world, world->bob, authorization_answer, &answer)); /* he has begun none today */
    test_node_pass(&world->node, TIME_DAY_MS + 1);
    answer = sign_in(world, &client, &name);
    ASSERT_OK(world, WRITE(world, world->ada, authorization_answer, &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(nothing_that_is_over_comes_back_by_a_change_of_its_row),
        WORLD_TEST(a_person_sees_who_acts_and_ends_one),
        WORLD_TEST(who_shuts_a_client_out_ends_all_of_his_sign_ins_there),
        WORLD_TEST(many_ends_of_a_day_are_told_up_to_a_number),
        WORLD_TEST(of_one_client_the_newest_answers_stay),
        WORLD_TEST(of_very_many_clients_the_oldest_answer_gives_way),
        WORLD_TEST(dead_answers_give_way_before_any_that_lives),
        WORLD_TEST(neither_lesser_answers_nor_open_requests_keep_anybody_from_signing_in),
        WORLD_TEST(an_answer_until_an_event_is_one_grant_however_often_it_is_given),
        WORLD_TEST(the_oldest_request_of_a_client_gives_way_to_its_own_alone),
        WORLD_TEST(relationships_that_answers_begin_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
