/* SPDX-License-Identifier: Apache-2.0
 * Goal: a passkey is its person's and nobody else's, a challenge serves once, for a while and for whom it was made, and
 * nothing of all that outlives the person. Method: each use case with each bound and each wrong hand; rows changed
 * behind the domain's back. What a device has signed was looked at before (unit_protocol_webauthn). */
#include "domain/entrance/passkey.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/entrance/passkey_challenge.h"
#include "domain/entrance/session.h"
#include "domain/people/erasure.h"
#include "support/world.h"

static const struct actor NOBODY = {.kind = ACTOR_NOBODY};
static const struct text VISITOR = {"a cookie", 8};

static struct bytes challenge_for(struct world *world, struct actor actor, passkey_ceremony ceremony)
{
    struct passkey_asker asker = {ceremony, VISITOR};
    struct bytes challenge;
    ASSERT_OK(world, passkey_challenge_make(world_as(world, actor), &asker, &challenge));
    ASSERT_OK(world, passkey_challenge_check(world_as(world, actor), &asker, challenge));
    return challenge;
}

static struct passkey_add new_passkey(struct world *world, struct actor actor, const char *id)
{
    return (struct passkey_add){
        .challenge = challenge_for(world, actor, PASSKEY_REGISTER),
        .secret = {.credential_id = bytes_of_text(text_of(id)), .public_key = bytes_of_text(TEXT("a key")),
                   .name = TEXT("Phone"), .transports = TEXT("internal hybrid")},
        .counter = 5,
    };
}

static struct passkey add_passkey(struct world *world, struct actor actor, const char *id)
{
    struct passkey_add add = new_passkey(world, actor, id);
    ASSERT_OK(world, WRITE(world, actor, passkey_add, &add));
    return add.out;
}

static struct passkey_use use_of(struct world *world, const struct passkey *passkey, uint32_t counter)
{
    return (struct passkey_use){.challenge = challenge_for(world, NOBODY, PASSKEY_SIGN_IN),
        .person_id = passkey->person_id, .passkey_id = passkey->passkey_id, .counter = counter};
}

/* Somebody whose session has just proved who it is. */
static struct actor fresh(struct world *world, struct actor actor)
{
    actor.verified_at_ms = actor.passkey_at_ms = world->node.time.wall_ms;
    return actor;
}

static err write_fresh(struct world *world, struct actor actor, store_write_fn run, void *arg)
{
    struct actor proved = fresh(world, actor);
    return test_node_write(&world->node, &proved, run, arg);
}

static void a_passkey_signs_in_and_counts(void **state)
{
    struct world *world = *state;
    struct passkey kept = add_passkey(world, world->ada, "one");
    struct passkey found;
    struct actor actor;
    ASSERT_OK(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("one")), &found));
    assert_true(text_is(found.secret.name, "Phone") && text_is(found.secret.transports, "internal hybrid"));
    assert_true(text_is(text_of_bytes(found.secret.public_key), "a key"));
    assert_int_equal(found.used_at_ms, 0);
    test_node_pass(&world->node, 1000);
    struct passkey_use use = use_of(world, &kept, 6);
    use.backed_up = true;
    ASSERT_OK(world, WRITE(world, NOBODY, passkey_sign_in, &use));
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), use.out_session_token, &actor));
    assert_int_equal(actor.person_id, world->ada.person_id);
    assert_int_equal(actor.verified_at_ms, world->node.time.wall_ms);
    ASSERT_OK(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("one")), &found));
    assert_int_equal(found.counter, 6);
    assert_true(found.backed_up);
    assert_int_equal(found.used_at_ms, world->node.time.wall_ms);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_passkey_is_found_for_its_own_person_only(void **state)
{
    struct world *world = *state;
    struct passkey found;
    struct bytes one = bytes_of_text(TEXT("one"));
    struct passkey kept = add_passkey(world, world->ada, "one");
    ASSERT_FAILS(world, passkey_find(world_as(world, NOBODY), world->bob.person_id, one, &found), UNAUTHENTICATED,
                 "passkey.unknown");
    ASSERT_FAILS(world, passkey_find(world_as(world, NOBODY), 12345, one, &found), UNAUTHENTICATED, "passkey.unknown");
    ASSERT_FAILS(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("on")), &found),
                 UNAUTHENTICATED, "passkey.unknown");
    struct passkey_add again = new_passkey(world, world->bob, "one"); /* by whoever it is sent */
    ASSERT_FAILS(world, WRITE(world, world->bob, passkey_add, &again), CONFLICT, "passkey.exists");
    again = new_passkey(world, world->ada, "one");
    ASSERT_FAILS(world, write_fresh(world, world->ada, passkey_add, &again), CONFLICT, "passkey.exists");
    int64_t passkey_id = kept.passkey_id;
    ASSERT_FAILS(world, WRITE(world, world->bob, passkey_remove, &passkey_id), NOT_FOUND, "not_found");
    struct passkey_rename rename = {.passkey_id = passkey_id, .name = TEXT("mine")};
    ASSERT_FAILS(world, WRITE(world, world->bob, passkey_rename, &rename), NOT_FOUND, "not_found");
    struct passkey_use use = use_of(world, &kept, 6);
    ASSERT_FAILS(world, WRITE(world, world->bob, passkey_verify, &use), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, passkey_add, &again), FORBIDDEN, "actor.wrong_kind");
}

static void a_challenge_serves_once(void **state)
{
    struct world *world = *state;
    struct passkey kept = add_passkey(world, world->ada, "one");
    struct passkey_use use = use_of(world, &kept, 6);
    ASSERT_OK(world, WRITE(world, NOBODY, passkey_sign_in, &use));
    use.counter = 7;
    ASSERT_FAILS(world, WRITE(world, NOBODY, passkey_sign_in, &use), INVALID, "passkey.challenge");
    test_node_pass(&world->node, LIMIT_CHALLENGE_MS); /* its row may go then, but it is too old */
    bool left = true;
    ASSERT_OK(world, WRITE(world, world->operator_, passkey_challenge_forget, &left));
    ASSERT_FAILS(world, WRITE(world, NOBODY, passkey_sign_in, &use), INVALID, "passkey.challenge");
    test_node_pass(&world->node, LIMIT_CHALLENGE_MS);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM passkey_challenge"), 2);
    ASSERT_OK(world, WRITE(world, world->operator_, passkey_challenge_forget, &left));
    assert_false(left);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM passkey_challenge"), 0);
}

static void a_challenge_serves_for_five_minutes_and_for_whom_it_was_made(void **state)
{
    struct world *world = *state;
    const struct passkey_asker register_ = {PASSKEY_REGISTER, VISITOR};
    const struct passkey_asker verify = {PASSKEY_VERIFY, VISITOR};
    const struct passkey_asker sign_in = {PASSKEY_SIGN_IN, VISITOR};
    const struct passkey_asker other = {PASSKEY_SIGN_IN, {"another cookie", 14}};
    struct actor elsewhere = world->ada;
    elsewhere.session_id++;
    struct bytes challenge = challenge_for(world, world->ada, PASSKEY_REGISTER);
#define REFUSED(actor, asker, what)                                                                                 \
    ASSERT_FAILS(world, passkey_challenge_check(world_as(world, (actor)), &(asker), (what)), INVALID,               \
                 "passkey.challenge")
    REFUSED(world->ada, verify, challenge);
    REFUSED(elsewhere, register_, challenge);
    REFUSED(world->bob, register_, challenge);
    REFUSED(NOBODY, sign_in, challenge);
    test_node_pass(&world->node, LIMIT_CHALLENGE_MS - 1);
    ASSERT_OK(world, passkey_challenge_check(world_as(world, world->ada), &register_, challenge));
    test_node_pass(&world->node, 1);
    REFUSED(world->ada, register_, challenge);
    challenge = challenge_for(world, NOBODY, PASSKEY_SIGN_IN);
    REFUSED(NOBODY, other, challenge);
    ASSERT_OK(world, passkey_challenge_check(world_as(world, world->bob), &sign_in, challenge)); /* whoever he was */
    uint8_t *octets = (uint8_t *)(uintptr_t)challenge.at;
    for (size_t i = 0; i < challenge.size; i++) {
        octets[i] ^= 1;
        REFUSED(NOBODY, sign_in, challenge);
        octets[i] ^= 1;
    }
    challenge.size--;
    REFUSED(NOBODY, sign_in, challenge);
#undef REFUSED
}

static void a_counter_that_does_not_rise_lets_nobody_in_and_is_told(void **state)
{
    struct world *world = *state;
    struct alert_list list = {.limit = 10};
    struct passkey kept = add_passkey(world, world->ada, "one");
    struct passkey found;
    for (uint32_t counter = 0; counter <= 5; counter += 5) {
        struct passkey_use use = use_of(world, &kept, counter);
        ASSERT_OK(world, WRITE(world, NOBODY, passkey_sign_in, &use));
        assert_true(use.out_alarm);
        assert_int_equal(use.out_session_token.size, 0);
    }
    ASSERT_OK(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("one")), &found));
    assert_int_equal(found.counter, 5);
    ASSERT_OK(world, alert_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, 3);
    assert_int_equal(list.out[0].kind, ALERT_PASSKEY_COPIED);
    assert_int_equal(list.out[0].passkey_id, kept.passkey_id);
    assert_int_equal(list.out[2].kind, ALERT_PASSKEY_ADDED);
    struct passkey_add uncounted = new_passkey(world, world->bob, "two"); /* most count nothing */
    uncounted.counter = 0;
    ASSERT_OK(world, WRITE(world, world->bob, passkey_add, &uncounted));
    for (int i = 0; i < 2; i++) {
        struct passkey_use use = use_of(world, &uncounted.out, 0);
        ASSERT_OK(world, WRITE(world, NOBODY, passkey_sign_in, &use));
        assert_false(use.out_alarm);
    }
    struct passkey_use changed = use_of(world, &uncounted.out, 0);
    changed.may_be_copied = true; /* as no device does */
    ASSERT_FAILS(world, WRITE(world, NOBODY, passkey_sign_in, &changed), UNAUTHENTICATED, "passkey.unknown");
}

/* Whoever has a copy may come with it as often as he likes. */
static void a_copy_keeps_nobody_from_taking_its_passkey_away(void **state)
{
    struct world *world = *state;
    struct passkey stolen = add_passkey(world, world->ada, "one");
    (void)add_passkey(world, fresh(world, world->ada), "two");
    for (int i = 0; i <= LIMIT_PASSKEY_CHANGES_A_DAY; i++) {
        struct passkey_use use = use_of(world, &stolen, 0);
        ASSERT_OK(world, WRITE(world, NOBODY, passkey_sign_in, &use));
        assert_true(use.out_alarm);
        test_node_rest(&world->node);
    }
    char sql[64];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM alert WHERE kind = %d", ALERT_PASSKEY_COPIED);
    assert_int_equal(world_number(world, "people.db", sql), LIMIT_PASSKEY_CHANGES_A_DAY);
    int64_t passkey_id = stolen.passkey_id;
    ASSERT_OK(world, write_fresh(world, world->ada, passkey_remove, &passkey_id));
    (void)add_passkey(world, fresh(world, world->ada), "three");
}

static void another_passkey_wants_a_fresh_proof(void **state)
{
    struct world *world = *state;
    struct passkey kept = add_passkey(world, world->ada, "one"); /* the first: there is nothing to prove it with */
    struct passkey_add second = new_passkey(world, world->ada, "two");
    ASSERT_FAILS(world, WRITE(world, world->ada, passkey_add, &second), FORBIDDEN, "passkey.not_fresh");
    struct passkey_use use = use_of(world, &kept, 6);
    ASSERT_OK(world, WRITE(world, NOBODY, passkey_sign_in, &use));
    struct actor actor;
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), use.out_session_token, &actor));
    struct text session = use.out_session_token;
    test_node_pass(&world->node, LIMIT_FRESH_MS);
    second = new_passkey(world, actor, "two");
    ASSERT_FAILS(world, WRITE(world, actor, passkey_add, &second), FORBIDDEN, "passkey.not_fresh");
    use = use_of(world, &kept, 7);
    ASSERT_OK(world, WRITE(world, actor, passkey_verify, &use));
    ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), session, &actor), UNAUTHENTICATED,
                 "session.unknown");
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), use.out_session_token, &actor));
    test_node_pass(&world->node, LIMIT_FRESH_MS - 1);
    second = new_passkey(world, actor, "two");
    ASSERT_OK(world, WRITE(world, actor, passkey_add, &second));
    assert_int_equal(world_audit(world, 0), 0);
}

static void the_last_passkey_stays(void **state)
{
    struct world *world = *state;
    struct passkey first = add_passkey(world, world->ada, "one");
    struct passkey second = add_passkey(world, fresh(world, world->ada), "two");
    struct passkey found;
    int64_t first_id = first.passkey_id;
    int64_t second_id = second.passkey_id;
    ASSERT_FAILS(world, WRITE(world, world->ada, passkey_remove, &first_id), FORBIDDEN, "passkey.not_fresh");
    ASSERT_OK(world, write_fresh(world, world->ada, passkey_remove, &first_id));
    ASSERT_FAILS(world, write_fresh(world, world->ada, passkey_remove, &second_id), CONFLICT, "passkey.last");
    ASSERT_FAILS(world, write_fresh(world, world->ada, passkey_remove, &first_id), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("one")), &found),
                 UNAUTHENTICATED, "passkey.unknown");
    struct passkey_use use = use_of(world, &first, 6); /* was found before it went */
    ASSERT_FAILS(world, WRITE(world, NOBODY, passkey_sign_in, &use), UNAUTHENTICATED, "passkey.unknown");
    (void)add_passkey(world, world->bob, "one"); /* what is gone is nobody's */
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_passkey_has_a_name(void **state)
{
    struct world *world = *state;
    struct passkey kept = add_passkey(world, world->ada, "one");
    struct passkey *list = NULL;
    size_t count = 0;
    struct passkey_rename rename = {.passkey_id = kept.passkey_id, .name = TEXT("Telephone")};
    for (int i = 0; i < 2; i++)
        ASSERT_OK(world, WRITE(world, world->ada, passkey_rename, &rename));
    ASSERT_OK(world, passkey_list(world_as(world, world->ada), &list, &count));
    assert_int_equal(count, 1);
    assert_true(text_is(list[0].secret.name, "Telephone"));
    assert_int_equal(list[0].version, 3);
    rename.name = TEXT_NONE;
    ASSERT_FAILS(world, WRITE(world, world->ada, passkey_rename, &rename), INVALID, "passkey.name");
    char long_name[LIMIT_NAME_BYTES + 1];
    memset(long_name, 'n', sizeof long_name);
    rename.name = (struct text){long_name, sizeof long_name};
    ASSERT_FAILS(world, WRITE(world, world->ada, passkey_rename, &rename), INVALID, "passkey.name");
    rename.name.size--;
    ASSERT_OK(world, WRITE(world, world->ada, passkey_rename, &rename));
    ASSERT_OK(world, passkey_list(world_as(world, world->bob), &list, &count));
    assert_int_equal(count, 0);
    assert_int_equal(world_audit(world, 0), 0);
}

static void there_are_twenty_at_most_and_so_many_changes_in_a_day(void **state)
{
    struct world *world = *state;
    struct actor ada = fresh(world, world->ada);
    struct passkey last = {0};
    char id[32];
    int made = 0;
    for (; made < LIMIT_PASSKEYS; made++) {
        (void)snprintf(id, sizeof id, "credential %d", made);
        last = add_passkey(world, ada, id);
        test_node_rest(&world->node);
    }
    struct passkey_add more = new_passkey(world, ada, "more");
    ASSERT_FAILS(world, WRITE(world, ada, passkey_add, &more), TOO_LARGE, "passkey.too_many");
    for (int changes = LIMIT_PASSKEYS; changes < LIMIT_PASSKEY_CHANGES_A_DAY; changes++) {
        int64_t passkey_id = last.passkey_id;
        ASSERT_OK(world, WRITE(world, ada, passkey_remove, &passkey_id));
        (void)snprintf(id, sizeof id, "credential %d", made++);
        last = add_passkey(world, ada, id);
        test_node_rest(&world->node);
    }
    int64_t passkey_id = last.passkey_id;
    ASSERT_OK(world, WRITE(world, ada, passkey_remove, &passkey_id)); /* never refused */
    struct passkey_add one_more = new_passkey(world, ada, "one more");
    ASSERT_FAILS(world, WRITE(world, ada, passkey_add, &one_more), TOO_MANY, "passkey.too_many_changes");
    assert_in_range(world->node.cx.failure.wait_ms, TIME_DAY_MS / 2, TIME_DAY_MS + 1);
    test_node_pass(&world->node, LIMIT_ALERT_MS); /* and then what is a year old goes */
    (void)add_passkey(world, fresh(world, ada), "anew");
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM alert"), 1);
}

static void whoever_is_not_here_has_passkeys_too(void **state)
{
    struct world *world = *state;
    struct bytes first[LIMIT_PASSKEYS];
    struct bytes again[LIMIT_PASSKEYS];
    struct text bob = id_text(world_as(world, NOBODY), (struct id){ID_PERSON, world->bob.person_id, 0});
    static const char *const WHO[] = {"", "ada@example.org", "per_00000000000000000000000000"};
    for (size_t i = 0; i <= sizeof WHO / sizeof *WHO; i++) {
        struct text who = i < sizeof WHO / sizeof *WHO ? text_of(WHO[i]) : bob; /* Bob has none */
        ASSERT_OK(world, passkey_list_named(world_as(world, NOBODY), who, first));
        ASSERT_OK(world, passkey_list_named(world_as(world, NOBODY), who, again));
        for (size_t j = 0; j < LIMIT_PASSKEYS; j++) {
            assert_true(bytes_equals(first[j], again[j]));
            assert_true(first[j].size >= 16 && first[j].size <= 64);
            for (size_t k = 0; k < j; k++)
                assert_false(bytes_equals(first[j], first[k]));
        }
    }
    (void)add_passkey(world, world->bob, "one");
    ASSERT_OK(world, passkey_list_named(world_as(world, NOBODY), bob, again));
    assert_true(text_is(text_of_bytes(again[0]), "one"));
    for (size_t j = 1; j < LIMIT_PASSKEYS; j++) /* how many are made up nobody learns either */
        assert_true(bytes_equals(first[j], again[j]));
}

static void rows_that_were_changed_let_nobody_in(void **state)
{
    struct world *world = *state;
    struct passkey found;
    char sql[256];
    (void)add_passkey(world, world->ada, "one");
    (void)add_passkey(world, world->bob, "two");
    (void)snprintf(sql, sizeof sql, "UPDATE passkey SET sealed = (SELECT sealed FROM passkey WHERE person_id = %lld) "
                   "WHERE person_id = %lld", (long long)world->bob.person_id, (long long)world->ada.person_id);
    world_spoil(world, "people.db", sql);
    ASSERT_FAILS(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("two")), &found),
                 CORRUPT, "seal.broken");
    assert_int_equal(world_audit(world, 1), 1);
    world_spoil(world, "people.db", "DELETE FROM passkey_credential");
    assert_int_equal(world_audit(world, 4), 4); /* of each: it is not known as theirs, and so many are missing */
}

static void nothing_of_it_outlives_the_person(void **state)
{
    struct world *world = *state;
    struct passkey kept = add_passkey(world, world->ada, "one");
    struct passkey found;
    struct erasure_begin begin = {.person_id = world->ada.person_id, .confirmation = TEXT(ERASURE_CONFIRMATION)};
    struct erasure_work work = {.for_ms = 0};
    ASSERT_FAILS(world, WRITE(world, world->ada, erasure_begin, &begin), FORBIDDEN, "passkey.not_fresh");
    ASSERT_OK(world, write_fresh(world, world->ada, erasure_begin, &begin));
    ASSERT_FAILS(world, passkey_find(world_as(world, NOBODY), world->ada.person_id, bytes_of_text(TEXT("one")), &found),
                 UNAUTHENTICATED, "passkey.unknown");
    struct passkey_use use = use_of(world, &kept, 6);
    ASSERT_FAILS(world, WRITE(world, NOBODY, passkey_sign_in, &use), UNAUTHENTICATED, "passkey.unknown");
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(world_number(world, "people.db", "SELECT (SELECT count(*) FROM passkey) + "
                                  "(SELECT count(*) FROM passkey_credential) + (SELECT count(*) FROM alert)"), 0);
    (void)add_passkey(world, world->bob, "one");
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_passkey_signs_in_and_counts),
        WORLD_TEST(a_passkey_is_found_for_its_own_person_only),
        WORLD_TEST(a_challenge_serves_once),
        WORLD_TEST(a_challenge_serves_for_five_minutes_and_for_whom_it_was_made),
        WORLD_TEST(a_counter_that_does_not_rise_lets_nobody_in_and_is_told),
        WORLD_TEST(another_passkey_wants_a_fresh_proof),
        WORLD_TEST(the_last_passkey_stays),
        WORLD_TEST(a_passkey_has_a_name),
        WORLD_TEST(a_copy_keeps_nobody_from_taking_its_passkey_away),
        WORLD_TEST(there_are_twenty_at_most_and_so_many_changes_in_a_day),
        WORLD_TEST(whoever_is_not_here_has_passkeys_too),
        WORLD_TEST(rows_that_were_changed_let_nobody_in),
        WORLD_TEST(nothing_of_it_outlives_the_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
