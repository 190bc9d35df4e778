/* SPDX-License-Identifier: Apache-2.0
 * Goal: a session ends when it is not used, when it is old, when it is ended and when its person proves anew who he is;
 * nothing that somebody writes into its row makes it last longer or prove more. Method: each bound with the last value
 * within it; each column of a row changed behind the domain's back; the words of a device. */
#include "domain/entrance/session.h"

#include <stdio.h>

#include "base/limits.h"
#include "domain/entrance/device.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/passkey_challenge.h"
#include "support/world.h"

static const struct actor NOBODY = {.kind = ACTOR_NOBODY};

struct begin {
    struct session_start start;
    struct text          token;
};

static err begin_run(struct ctx *cx, void *arg)
{
    struct begin *begin = arg;
    return session_begin(cx, &begin->start, &begin->token);
}

static struct text begin(struct world *world, int64_t person_id, session_way way)
{
    struct begin begin = {.start = {person_id, way, {501, TEXT_NONE}}};
    ASSERT_OK(world, WRITE(world, NOBODY, begin_run, &begin));
    return begin.token;
}

static err renew_run(struct ctx *cx, void *arg)
{
    return session_renew(cx, arg);
}

static err note_run(struct ctx *cx, void *arg)
{
    (void)arg; /* the session is the caller's */
    return session_note(cx);
}

static struct actor actor_of(struct world *world, struct text token)
{
    struct actor actor;
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), token, &actor));
    return actor;
}

#define ASSERT_OVER(world, token)                                                                                   \
    do {                                                                                                            \
        struct actor actor_;                                                                                        \
        ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), token, &actor_), UNAUTHENTICATED,         \
                     "session.unknown");                                                                            \
    } while (0)

static void a_session_that_nobody_uses_ends(void **state)
{
    struct world *world = *state;
    struct text token = begin(world, world->ada.person_id, SESSION_BY_LINK);
    test_node_pass(&world->node, LIMIT_SESSION_IDLE_MS - 1);
    (void)actor_of(world, token);
    test_node_pass(&world->node, 1);
    ASSERT_OVER(world, token);
}

static void use_is_noted_now_and_then_and_keeps_a_session_for_a_while(void **state)
{
    struct world *world = *state;
    struct text token = begin(world, world->ada.person_id, SESSION_BY_LINK);
    struct actor actor = actor_of(world, token);
    int64_t began_at_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, LIMIT_SESSION_NOTE_MS - 1);
    assert_false(session_is_to_note(world_as(world, actor_of(world, token))));
    test_node_pass(&world->node, 1);
    assert_true(session_is_to_note(world_as(world, actor_of(world, token))));
    ASSERT_OK(world, WRITE(world, actor, note_run, NULL));
    actor.kind = ACTOR_SYSTEM;
    assert_false(session_is_to_note(world_as(world, actor)));
    while (world->node.time.wall_ms + LIMIT_SESSION_IDLE_MS - 1 < began_at_ms + LIMIT_SESSION_MS) {
        test_node_pass(&world->node, LIMIT_SESSION_IDLE_MS - 1);
        actor = actor_of(world, token);
        ASSERT_OK(world, WRITE(world, actor, note_run, NULL));
        assert_false(session_is_to_note(world_as(world, actor_of(world, token))));
    }
    test_node_pass(&world->node, began_at_ms + LIMIT_SESSION_MS - 1 - world->node.time.wall_ms);
    actor = actor_of(world, token);
    ASSERT_OK(world, WRITE(world, actor, note_run, NULL));
    test_node_pass(&world->node, 1);
    ASSERT_OVER(world, token);
}

/* Whoever had the token or the number of before has nothing. */
static void a_proof_makes_another_session_of_it(void **state)
{
    struct world *world = *state;
    const struct passkey_asker asker = {.ceremony = PASSKEY_REGISTER};
    struct text before = begin(world, world->ada.person_id, SESSION_BY_LINK);
    struct actor was = actor_of(world, before);
    struct bytes challenge;
    struct text token = TEXT_NONE;
    ASSERT_OK(world, passkey_challenge_make(world_as(world, was), &asker, &challenge));
    assert_int_equal(was.verified_at_ms, 0);
    test_node_pass(&world->node, 1000);
    ASSERT_OK(world, WRITE(world, was, renew_run, &token));
    ASSERT_OVER(world, before);
    struct actor is = actor_of(world, token);
    assert_int_equal(is.verified_at_ms, world->node.time.wall_ms);
    assert_int_equal(is.person_id, was.person_id);
    assert_int_not_equal(is.session_id, was.session_id);
    assert_false(text_equals(is.session_public_id, was.session_public_id));
    ASSERT_FAILS(world, passkey_challenge_check(world_as(world, is), &asker, challenge), INVALID, "passkey.challenge");
    ASSERT_FAILS(world, WRITE(world, was, renew_run, &token), UNAUTHENTICATED, "session.unknown");
    test_node_pass(&world->node, LIMIT_SESSION_IDLE_MS - 1); /* the end of all of it stays where it was */
    is = actor_of(world, token);
    ASSERT_OK(world, WRITE(world, is, note_run, NULL));
    struct session *sessions = NULL;
    size_t count = 0;
    ASSERT_OK(world, session_list(world_as(world, is), &sessions, &count));
    assert_int_equal(count, 1);
    assert_true(sessions[0].is_current && sessions[0].way == SESSION_BY_LINK && sessions[0].device == 501);
    assert_int_equal(sessions[0].expires_at_ms, sessions[0].created_at_ms + LIMIT_SESSION_MS);
}

static void a_person_sees_and_ends_his_own_and_no_others(void **state)
{
    struct world *world = *state;
    struct text mine[3];
    struct text another = begin(world, world->bob.person_id, SESSION_BY_LINK);
    struct actor bob = actor_of(world, another);
    for (int i = 0; i < 3; i++) {
        test_node_pass(&world->node, 10);
        mine[i] = begin(world, world->ada.person_id, SESSION_BY_PASSKEY);
    }
    struct actor ada = actor_of(world, mine[2]);
    assert_int_equal(ada.verified_at_ms, world->node.time.wall_ms);
    struct session *sessions = NULL;
    size_t count = 0;
    ASSERT_OK(world, session_list(world_as(world, ada), &sessions, &count));
    assert_int_equal(count, 4); /* and the one that she has from the beginning */
    assert_true(sessions[0].is_current && !sessions[1].is_current);
    int64_t second = sessions[1].session_id;
    int64_t none = 1;
    ASSERT_FAILS(world, WRITE(world, bob, session_end_one, &second), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, ada, session_end_one, &none), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, session_end_others, NULL), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, session_list(world_as(world, world->shipping), &sessions, &count), FORBIDDEN,
                 "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, ada, session_end_one, &second));
    ASSERT_OVER(world, mine[1]);
    ASSERT_OK(world, WRITE(world, ada, session_end_others, NULL));
    ASSERT_OVER(world, mine[0]);
    (void)actor_of(world, mine[2]);
    (void)actor_of(world, another);
    ASSERT_OK(world, session_list(world_as(world, ada), &sessions, &count));
    assert_int_equal(count, 1);
    ASSERT_OK(world, WRITE(world, ada, session_end, NULL));
    ASSERT_OVER(world, mine[2]);
}

/* Whoever can change rows and has no key of the node. */
static void what_a_row_says_is_bound_to_it(void **state)
{
    static const char *const CHANGES[] = {
        "verified_at_ms = verified_at_ms + 1", "created_at_ms = created_at_ms + 1", "way = 2", "way = 0",
        "device = device + 1", "expires_at_ms = expires_at_ms + 1", "session_id = session_id + 1",
        "hash = substr(hash, 1, 31)",
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        char sql[160];
        struct text token = begin(world, world->ada.person_id, SESSION_BY_CODE);
        struct actor actor = actor_of(world, token);
        (void)snprintf(sql, sizeof sql, "UPDATE session SET %s WHERE session_id = %lld", CHANGES[i],
                       (long long)actor.session_id);
        world_spoil(world, "people.db", sql);
        ASSERT_OVER(world, token);
    }
}

static void a_code_is_no_passkey_until_one_proves_it(void **state)
{
    struct world *world = *state;
    struct text token = begin(world, world->ada.person_id, SESSION_BY_CODE);
    struct actor actor = actor_of(world, token);
    assert_int_not_equal(actor.verified_at_ms, 0);
    assert_int_equal(actor.passkey_at_ms, 0);
    test_node_pass(&world->node, 1000);
    ASSERT_OK(world, WRITE(world, actor, renew_run, &token));
    assert_int_equal(actor_of(world, token).passkey_at_ms, world->node.time.wall_ms);
    token = begin(world, world->ada.person_id, SESSION_BY_PASSKEY);
    assert_int_equal(actor_of(world, token).passkey_at_ms, world->node.time.wall_ms);
}

static void what_is_over_is_forgotten(void **state)
{
    struct world *world = *state;
    bool left = true;
    char sql[] = "UPDATE session SET ended_at_ms = 1 WHERE way = 4";
    struct text token = begin(world, world->ada.person_id, SESSION_BY_INVITATION);
    (void)actor_of(world, token);
    world_spoil(world, "people.db", sql); /* as it was written before */
    ASSERT_OVER(world, token);
    test_node_pass(&world->node, LIMIT_SESSION_MS);
    struct text fresh = begin(world, world->ada.person_id, SESSION_BY_LINK);
    ASSERT_OK(world, WRITE(world, world->operator_, session_forget, &left));
    assert_false(left);
    struct session *sessions = NULL;
    size_t count = 0;
    ASSERT_OK(world, session_list(world_as(world, actor_of(world, fresh)), &sessions, &count));
    assert_int_equal(count, 1);
    ASSERT_OVER(world, TEXT("ses_x"));
}

static void a_device_has_two_words_at_most(void **state)
{
    static const struct {
        const char *agent, *browser, *system;
    } CASES[] = {
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Linux"},
        {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
         "Safari/537.36", "Chrome", "Android"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
         "Mobile/15E148 Safari/604.1", "Safari", "iPhone"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36 Edg/126.0.0.0", "Edge", "Windows"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15", "Safari",
         "Mac"},
        {"curl/8.5.0", "", ""}, {"", "", ""}, {"Firefox", "", ""}, {"\xff\xfe Firefox/", "Firefox", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t device = device_of(text_of(CASES[i].agent));
        assert_string_equal(device_browser(device), CASES[i].browser);
        assert_string_equal(device_system(device), CASES[i].system);
        assert_int_equal(device != 0, CASES[i].browser[0] != '\0');
    }
    assert_string_equal(device_browser(INT64_MAX), "");
    assert_string_equal(device_system(-1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_session_that_nobody_uses_ends),
        WORLD_TEST(use_is_noted_now_and_then_and_keeps_a_session_for_a_while),
        WORLD_TEST(a_proof_makes_another_session_of_it),
        WORLD_TEST(a_person_sees_and_ends_his_own_and_no_others),
        WORLD_TEST(what_a_row_says_is_bound_to_it),
        WORLD_TEST(a_code_is_no_passkey_until_one_proves_it),
        WORLD_TEST(what_is_over_is_forgotten),
        cmocka_unit_test(a_device_has_two_words_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
