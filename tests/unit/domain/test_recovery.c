/* SPDX-License-Identifier: Apache-2.0
 * Goal: a printed code brings its owner back, nobody before a day is over, and nobody whom the owner has stopped.
 * Method: each bound of the wait, each use of a code, and each hand that is not the owner's. */
#include "domain/entrance/recovery.h"

#include <stdio.h>

#include "base/limits.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/entrance/passkey_challenge.h"
#include "domain/entrance/session.h"
#include "domain/people/erasure.h"
#include "support/world.h"

static const struct actor NOBODY = {.kind = ACTOR_NOBODY};

static struct recovery_codes print_codes(struct world *world, struct actor actor)
{
    struct recovery_codes codes;
    ASSERT_OK(world, WRITE(world, actor, recovery_codes_make, &codes));
    return codes;
}

/* The answer of the door to a code: who is let in; of no number: nobody yet. */
static struct actor come_as(struct world *world, struct text code)
{
    struct recovery_come coming = {.code = code};
    struct actor actor = NOBODY;
    ASSERT_OK(world, recovery_look(world_as(world, NOBODY), code));
    ASSERT_OK(world, WRITE(world, NOBODY, recovery_come, &coming));
    if (coming.out_session_token.size == 0)
        return actor;
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), coming.out_session_token, &actor));
    assert_int_equal(actor.person_id, coming.out_person_id);
    assert_int_equal(actor.verified_at_ms, world->node.time.wall_ms);
    return actor;
}

static int64_t come(struct world *world, struct text code)
{
    return come_as(world, code).person_id;
}

#define ASSERT_UNKNOWN(world, text)                                                                                 \
    do {                                                                                                            \
        struct recovery_come unknown = {.code = (text)};                                                            \
        ASSERT_FAILS(world, recovery_look(world_as(world, NOBODY), (text)), UNAUTHENTICATED,                        \
                     "recovery.code_unknown");                                                                      \
        ASSERT_FAILS(world, WRITE(world, NOBODY, recovery_come, &unknown), UNAUTHENTICATED,                         \
                     "recovery.code_unknown");                                                                      \
    } while (0)

static struct recovery_state state_of(struct world *world, struct actor actor)
{
    struct recovery_state state;
    ASSERT_OK(world, recovery_load(world_as(world, actor), &state));
    return state;
}

static void a_code_lets_in_once_and_after_a_day(void **state)
{
    struct world *world = *state;
    struct recovery_codes codes = print_codes(world, world->ada);
    int64_t begun_at_ms = world->node.time.wall_ms;
    assert_int_equal(state_of(world, world->ada).codes_left, RECOVERY_CODES);
    assert_int_equal(come(world, codes.out[0]), 0);
    assert_int_equal(state_of(world, world->ada).begun_at_ms, begun_at_ms);
    assert_int_equal(state_of(world, world->ada).opens_at_ms, begun_at_ms + LIMIT_RECOVERY_WAIT_MS);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS - 1);
    assert_int_equal(come(world, codes.out[0]), 0);
    assert_int_equal(come(world, codes.out[1]), 0); /* another one begins nothing anew */
    test_node_pass(&world->node, 1);
    assert_int_equal(come(world, codes.out[0]), world->ada.person_id);
    ASSERT_UNKNOWN(world, codes.out[0]);
    assert_int_equal(state_of(world, world->ada).codes_left, RECOVERY_CODES - 1);
    assert_int_equal(state_of(world, world->ada).begun_at_ms, 0);
    assert_int_equal(come(world, codes.out[1]), 0); /* the next one waits its own day */
    assert_int_equal(world_audit(world, 0), 0);
}

static void nobody_comes_in_for_ever(void **state)
{
    struct world *world = *state;
    struct recovery_codes codes = print_codes(world, world->ada);
    assert_int_equal(come(world, codes.out[0]), 0);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS + LIMIT_RECOVERY_OPEN_MS - 1);
    assert_int_not_equal(state_of(world, world->ada).begun_at_ms, 0);
    test_node_pass(&world->node, 1);
    assert_int_equal(state_of(world, world->ada).begun_at_ms, 0);
    ASSERT_FAILS(world, WRITE(world, world->ada, recovery_stop, NULL), CONFLICT, "recovery.none");
    assert_int_equal(come(world, codes.out[0]), 0);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS);
    assert_int_equal(come(world, codes.out[0]), world->ada.person_id);
}

static void its_owner_stops_it(void **state)
{
    struct world *world = *state;
    struct alert_list list = {.limit = 10};
    struct recovery_codes codes = print_codes(world, world->ada);
    ASSERT_FAILS(world, WRITE(world, world->ada, recovery_stop, NULL), CONFLICT, "recovery.none");
    assert_int_equal(come(world, codes.out[0]), 0);
    ASSERT_FAILS(world, WRITE(world, world->bob, recovery_stop, NULL), CONFLICT, "recovery.none");
    ASSERT_FAILS(world, WRITE(world, world->shipping, recovery_stop, NULL), FORBIDDEN, "actor.wrong_kind");
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS); /* also when the door is open already */
    ASSERT_OK(world, WRITE(world, world->ada, recovery_stop, NULL));
    for (size_t i = 0; i < RECOVERY_CODES; i++) /* whoever has one has seen the paper */
        ASSERT_UNKNOWN(world, codes.out[i]);
    assert_int_equal(state_of(world, world->ada).codes_left, 0);
    ASSERT_OK(world, alert_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, 3);
    assert_int_equal(list.out[0].kind, ALERT_RECOVERY_STOPPED);
    assert_int_equal(list.out[1].kind, ALERT_RECOVERY_BEGUN);
    assert_int_equal(list.out[2].kind, ALERT_CODES_MADE);
}

static void new_codes_void_the_old_ones_and_whoever_waits(void **state)
{
    struct world *world = *state;
    struct recovery_codes old = print_codes(world, world->ada);
    assert_int_equal(come(world, old.out[0]), 0);
    struct recovery_codes fresh = print_codes(world, world->ada);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        ASSERT_UNKNOWN(world, old.out[i]);
    assert_int_equal(come(world, fresh.out[0]), 0);
    assert_int_equal(state_of(world, world->ada).codes_left, RECOVERY_CODES);
    ASSERT_UNKNOWN(world, TEXT("0000-0000-0000-0000"));
    ASSERT_UNKNOWN(world, TEXT("nonsense"));
    assert_int_equal(state_of(world, world->bob).codes_left, 0);
}

static struct passkey_add adding(struct world *world, struct actor actor, const char *id)
{
    struct passkey_asker asker = {.ceremony = PASSKEY_REGISTER};
    struct passkey_add add = {.secret = {.credential_id = bytes_of_text(text_of(id)), .name = TEXT("Phone"),
                                         .public_key = bytes_of_text(TEXT("a key"))}};
    ASSERT_OK(world, passkey_challenge_make(world_as(world, actor), &asker, &add.challenge));
    return add;
}

static struct passkey add_passkey(struct world *world, struct actor actor, const char *id)
{
    struct passkey_add add = adding(world, actor, id);
    ASSERT_OK(world, WRITE(world, actor, passkey_add, &add));
    return add.out;
}

#define ASSERT_ADDS_NONE(world, actor, id)                                                                          \
    do {                                                                                                            \
        struct passkey_add refused = adding((world), (actor), (id));                                                \
        ASSERT_FAILS(world, WRITE(world, actor, passkey_add, &refused), FORBIDDEN, "passkey.not_fresh");            \
    } while (0)

static struct actor proved(struct world *world, struct actor actor)
{
    actor.verified_at_ms = actor.passkey_at_ms = world->node.time.wall_ms;
    return actor;
}

/* Ada, who has a passkey and has lost it, lets herself in. */
static struct actor come_back(struct world *world)
{
    struct recovery_codes codes = print_codes(world, proved(world, world->ada));
    assert_int_equal(come(world, codes.out[0]), 0);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS);
    return come_as(world, codes.out[0]);
}

static void whoever_came_back_adds_one_passkey_within_a_day(void **state)
{
    struct world *world = *state;
    int64_t lost = add_passkey(world, world->ada, "lost").passkey_id;
    struct actor back = come_back(world);
    struct recovery_codes codes;
    test_node_pass(&world->node, LIMIT_RECOVERED_MS - 1);
    ASSERT_ADDS_NONE(world, world->ada, "by link"); /* which has proved nothing */
    ASSERT_FAILS(world, WRITE(world, back, recovery_codes_make, &codes), FORBIDDEN, "passkey.not_fresh");
    ASSERT_FAILS(world, WRITE(world, back, passkey_remove, &lost), FORBIDDEN, "passkey.not_fresh");
    int64_t new = add_passkey(world, back, "new").passkey_id;
    ASSERT_ADDS_NONE(world, back, "second");
    const struct actor ada = proved(world, world->ada);
    ASSERT_OK(world, WRITE(world, ada, passkey_remove, &new));
    ASSERT_ADDS_NONE(world, back, "third"); /* also when the first is gone */
    assert_int_equal(world_audit(world, 0), 0);
}

/* The paper may be stolen: what cannot be taken back waits for a passkey, also in the minute of coming back. */
static void a_code_that_was_just_entered_is_no_fresh_proof(void **state)
{
    struct world *world = *state;
    struct erasure_begin begin = {.person_id = world->ada.person_id, .confirmation = TEXT(ERASURE_CONFIRMATION)};
    struct recovery_codes codes;
    int64_t lost = add_passkey(world, world->ada, "lost").passkey_id;
    struct actor back = come_back(world);
    ASSERT_FAILS(world, WRITE(world, back, recovery_codes_make, &codes), FORBIDDEN, "passkey.not_fresh");
    ASSERT_FAILS(world, WRITE(world, back, passkey_remove, &lost), FORBIDDEN, "passkey.not_fresh");
    ASSERT_FAILS(world, WRITE(world, back, erasure_begin, &begin), FORBIDDEN, "passkey.not_fresh");
    ASSERT_FAILS(world, passkey_require_fresh(world_as(world, back)), FORBIDDEN, "passkey.not_fresh");
    (void)add_passkey(world, back, "new");
    ASSERT_ADDS_NONE(world, back, "second");
    (void)print_codes(world, proved(world, back));
}

static void after_a_day_whoever_came_back_adds_none(void **state)
{
    struct world *world = *state;
    (void)add_passkey(world, world->ada, "lost");
    struct actor back = come_back(world);
    test_node_pass(&world->node, LIMIT_RECOVERED_MS);
    ASSERT_ADDS_NONE(world, back, "late");
}

/* A thief with the paper cannot keep the owner out, nor the owner keep the thief in. */
static void passkeys_from_before_a_recovery_stay_for_a_day(void **state)
{
    struct world *world = *state;
    int64_t old = add_passkey(world, world->ada, "old").passkey_id;
    struct actor back = come_back(world);
    int64_t new = add_passkey(world, back, "new").passkey_id;
    const struct actor thief = proved(world, back);
    ASSERT_FAILS(world, WRITE(world, thief, passkey_remove, &old), CONFLICT, "passkey.recovered");
    test_node_pass(&world->node, LIMIT_RECOVERED_MS - 1);
    const struct actor ada = proved(world, world->ada);
    ASSERT_FAILS(world, WRITE(world, ada, passkey_remove, &old), CONFLICT, "passkey.recovered");
    ASSERT_OK(world, WRITE(world, ada, passkey_remove, &new));
    (void)add_passkey(world, ada, "newer");
    test_node_pass(&world->node, 1);
    ASSERT_OK(world, WRITE(world, ada, passkey_remove, &old));
    assert_int_equal(world_audit(world, 0), 0);
}

static void the_operator_begins_a_wait_and_lets_nobody_in_at_once(void **state)
{
    struct world *world = *state;
    struct alert_list list = {.limit = 10};
    struct recovery_begin help = {.person_id = world->ada.person_id};
    ASSERT_FAILS(world, WRITE(world, world->ada, recovery_begin, &help), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &help));
    assert_int_equal(help.out_opens_at_ms, world->node.time.wall_ms + LIMIT_RECOVERY_WAIT_MS);
    assert_int_equal(state_of(world, world->ada).codes_left, 0);
    assert_int_equal(state_of(world, world->ada).made_at_ms, 0);
    assert_int_equal(state_of(world, world->ada).opens_at_ms, help.out_opens_at_ms);
    ASSERT_OK(world, alert_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out[0].kind, ALERT_RECOVERY_BEGUN);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS);
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &help)); /* anew, with its day */
    assert_int_equal(come(world, help.out_code), 0);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS - 1);
    assert_int_equal(come(world, help.out_code), 0);
    test_node_pass(&world->node, 1);
    assert_int_equal(come(world, help.out_code), world->ada.person_id);
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &help));
    ASSERT_OK(world, WRITE(world, world->ada, recovery_stop, NULL));
    ASSERT_UNKNOWN(world, help.out_code);
    help.person_id = world->ada.person_id + 1000000;
    ASSERT_FAILS(world, WRITE(world, world->operator_, recovery_begin, &help), NOT_FOUND, "not_found");
    assert_int_equal(world_audit(world, 0), 0);
}

static int64_t codes_in_store(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM recovery_code");
}

/* What is asked for and never used does not pile up, nor begin anything years later. */
static void a_code_of_the_operator_is_void_when_another_is_made_or_its_wait_is_over(void **state)
{
    struct world *world = *state;
    struct recovery_codes codes = print_codes(world, world->ada);
    struct recovery_begin bobs = {.person_id = world->bob.person_id}, first = {.person_id = world->ada.person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &bobs));
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &first));
    struct recovery_begin second = first;
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &second));
    ASSERT_UNKNOWN(world, first.out_code);
    assert_int_equal(codes_in_store(world), RECOVERY_CODES + 2);
    assert_int_equal(come(world, second.out_code), 0);
    test_node_pass(&world->node, LIMIT_HELP_CODE_MS - 1);
    ASSERT_OK(world, recovery_look(world_as(world, NOBODY), second.out_code));
    assert_int_equal(come(world, bobs.out_code), world->bob.person_id); /* the last moment to */
    test_node_pass(&world->node, 1);
    ASSERT_UNKNOWN(world, second.out_code);
    assert_int_equal(come(world, codes.out[0]), 0); /* paper is patient */
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &first));
    assert_int_equal(codes_in_store(world), RECOVERY_CODES + 1);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_code_of_the_operator_is_no_printed_one(void **state)
{
    struct world *world = *state;
    struct recovery_begin help = {.person_id = world->ada.person_id};
    int64_t passkey_id = add_passkey(world, world->ada, "one").passkey_id;
    for (int i = 0; i < 2 * RECOVERY_CODES; i++)
        ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &help));
    const struct actor ada = proved(world, world->ada);
    ASSERT_FAILS(world, WRITE(world, ada, passkey_remove, &passkey_id), CONFLICT, "passkey.last");
    (void)print_codes(world, ada);
    int64_t made_at_ms = world->node.time.wall_ms;
    for (int i = 0; i < 2 * RECOVERY_CODES; i++) {
        test_node_pass(&world->node, 1);
        ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &help));
        assert_int_equal(state_of(world, world->ada).codes_left, RECOVERY_CODES);
    }
    assert_int_equal(state_of(world, world->ada).made_at_ms, made_at_ms);
    world_spoil(world, "people.db", "UPDATE recovery_code SET hash = (SELECT hash FROM recovery_code "
                                    "ORDER BY created_at_ms LIMIT 1)");
    assert_in_range(state_of(world, world->ada).codes_left, 0, 1); /* of the one whose hash it is */
}

static void codes_want_a_fresh_proof_and_let_the_last_passkey_go(void **state)
{
    struct world *world = *state;
    struct recovery_codes codes;
    int64_t passkey_id = add_passkey(world, world->ada, "one").passkey_id;
    const struct actor ada = proved(world, world->ada);
    ASSERT_FAILS(world, WRITE(world, world->ada, recovery_codes_make, &codes), FORBIDDEN, "passkey.not_fresh");
    ASSERT_FAILS(world, WRITE(world, ada, passkey_remove, &passkey_id), CONFLICT, "passkey.last");
    (void)print_codes(world, ada);
    ASSERT_OK(world, WRITE(world, ada, passkey_remove, &passkey_id));
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_code_is_its_persons_and_goes_with_the_person(void **state)
{
    struct world *world = *state;
    char sql[200];
    struct recovery_codes adas = print_codes(world, world->ada);
    struct recovery_codes bobs = print_codes(world, world->bob);
    (void)snprintf(sql, sizeof sql, "UPDATE recovery_code SET person_id = %lld WHERE person_id = %lld",
                   (long long)world->ada.person_id, (long long)world->bob.person_id);
    world_spoil(world, "people.db", sql); /* rows that were made another's */
    ASSERT_UNKNOWN(world, bobs.out[0]);
    assert_int_equal(come(world, adas.out[0]), 0);
    struct erasure_begin begin = {.person_id = world->ada.person_id, .confirmation = TEXT(ERASURE_CONFIRMATION)};
    struct erasure_work work = {.for_ms = 0};
    ASSERT_OK(world, WRITE(world, world->ada, erasure_begin, &begin));
    ASSERT_UNKNOWN(world, adas.out[0]);
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(world_number(world, "people.db", "SELECT (SELECT count(*) FROM recovery_code) + "
                                  "(SELECT count(*) FROM recovery)"), 0);
}

static int64_t events_of(struct world *world, const char *kind)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM outbox JOIN alert ON alert_id = subject_id WHERE "
                                    "outbox.person_id = alert.person_id AND outbox.kind = '%s'", kind);
    return world_number(world, "people.db", sql);
}

/* So that word of it can go to wherever she reads, and the audit says when an event tells of no alert. */
static void whoever_comes_with_a_code_leaves_an_event(void **state)
{
    struct world *world = *state;
    struct recovery_codes codes = print_codes(world, world->ada);
    assert_int_equal(events_of(world, "recovery.begun"), 0);
    assert_int_equal(come(world, codes.out[0]), 0);
    assert_int_equal(come(world, codes.out[0]), 0); /* once more is nothing new */
    assert_int_equal(events_of(world, "recovery.begun"), 1);
    ASSERT_OK(world, WRITE(world, world->ada, recovery_stop, NULL));
    assert_int_equal(events_of(world, "recovery.stopped"), 1);
    assert_int_equal(events_of(world, "recovery.codes_made"), 1);
    codes = print_codes(world, world->ada);
    assert_int_equal(come(world, codes.out[1]), 0);
    test_node_pass(&world->node, LIMIT_RECOVERY_WAIT_MS);
    assert_int_equal(come(world, codes.out[1]), world->ada.person_id);
    assert_int_equal(events_of(world, "recovery.done"), 1);
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "people.db", "UPDATE outbox SET kind = 'recovery.stopped' WHERE kind = 'recovery.done'");
    assert_int_equal(world_audit(world, 1), 1);
    world_spoil(world, "people.db", "UPDATE outbox SET kind = 'recovery.done' WHERE kind = 'recovery.stopped' AND "
                                    "event_id = (SELECT max(event_id) FROM outbox)");
    test_node_pass(&world->node, LIMIT_ALERT_MS);
    (void)print_codes(world, world->ada); /* what is a year old is forgotten */
    assert_int_equal(events_of(world, "recovery.done"), 0);
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_code_lets_in_once_and_after_a_day),
        WORLD_TEST(nobody_comes_in_for_ever),
        WORLD_TEST(its_owner_stops_it),
        WORLD_TEST(new_codes_void_the_old_ones_and_whoever_waits),
        WORLD_TEST(codes_want_a_fresh_proof_and_let_the_last_passkey_go),
        WORLD_TEST(whoever_came_back_adds_one_passkey_within_a_day),
        WORLD_TEST(a_code_that_was_just_entered_is_no_fresh_proof),
        WORLD_TEST(after_a_day_whoever_came_back_adds_none),
        WORLD_TEST(passkeys_from_before_a_recovery_stay_for_a_day),
        WORLD_TEST(the_operator_begins_a_wait_and_lets_nobody_in_at_once),
        WORLD_TEST(a_code_of_the_operator_is_void_when_another_is_made_or_its_wait_is_over),
        WORLD_TEST(a_code_of_the_operator_is_no_printed_one),
        WORLD_TEST(a_code_is_its_persons_and_goes_with_the_person),
        WORLD_TEST(whoever_comes_with_a_code_leaves_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
