/* SPDX-License-Identifier: Apache-2.0
 * Goal: the node has one key for ID tokens, everybody may see its public half, and another takes its place without a
 * token that nobody can check. Method: a set clock, rows changed by hand. */
#include "domain/entrance/id_token_key.h"

#include "base/json.h"
#include "crypto/jose.h"
#include "support/world.h"

#define HOUR_MS INT64_C(3600000)

static void settle(struct world *world)
{
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_settle, NULL));
}

static struct signing_key load(struct world *world)
{
    struct signing_key key;
    ASSERT_OK(world, id_token_key_load(world_as(world, world->operator_), &key));
    return key;
}

/* Of what is shown now. */
static const json_t *shown(struct world *world)
{
    struct ctx *cx = world_as(world, world->operator_);
    struct text set = TEXT_NONE;
    const json_t *json = NULL;
    ASSERT_OK(world, id_token_key_set(cx, &set));
    ASSERT_OK(world, json_parse(cx, set, &json));
    return json_object_get(json, "keys");
}

static bool is_shown(struct world *world, struct text key_id)
{
    const json_t *keys = shown(world);
    for (size_t i = 0; i < json_array_size(keys); i++)
        if (text_equals(json_text(json_object_get(json_array_get(keys, i), "kid")), key_id))
            return true;
    return false;
}

static struct text id_of(struct world *world, const struct signing_key *key)
{
    struct text id = TEXT_NONE;
    ASSERT_OK(world, jose_thumbprint(world_as(world, world->operator_), key->public_jwk, &id));
    return id;
}

static void the_first_key_is_made_once_and_shown(void **state)
{
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    struct signing_key key;
    ASSERT_FAILS(world, id_token_key_load(cx, &key), CORRUPT, "id_token.no_key");
    assert_int_equal(json_array_size(shown(world)), 0);
    settle(world);
    settle(world);
    const json_t *one = json_array_get(shown(world), 0);
    assert_int_equal(json_array_size(shown(world)), 1);
    assert_int_equal(json_object_size(one), 7);
    assert_true(text_is(json_text(json_object_get(one, "use")), "sig"));
    assert_true(text_is(json_text(json_object_get(one, "alg")), "ES256"));
    assert_null(json_object_get(one, "d"));
    key = load(world);
    assert_int_equal(key.kind, SIGNING_KEY_OF_NODE);
    assert_true(is_shown(world, id_of(world, &key)));
    ASSERT_OK(world, id_token_keys_check_all(world_as(world, world->operator_)));
}

static void what_it_signs_is_checked_by_what_is_shown(void **state)
{
    struct world *world = *state;
    struct jws_compact parts;
    struct jwk jwk;
    struct text jws;
    bool good = false;
    settle(world);
    struct signing_key key = load(world);
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, jws_sign_compact(cx, bytes_of_text(TEXT("{}")), TEXT("JWT"), &key, &jws));
    assert_true(jws_compact_split(jws, &parts));
    ASSERT_OK(world, jwk_read(cx, json_array_get(shown(world), 0), &jwk));
    ASSERT_OK(world, jwk_verify(cx, &jwk, &parts, &good));
    assert_true(good);
}

static void a_new_key_is_shown_before_it_signs_and_the_old_one_after(void **state)
{
    struct world *world = *state;
    struct id_token_key_rotate rotate = {.out_signs_from_ms = 0};
    settle(world);
    struct signing_key old = load(world);
    struct text old_id = id_of(world, &old);
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &rotate));
    assert_int_equal(rotate.out_signs_from_ms, world->node.cx.now_ms + ID_TOKEN_KEY_AHEAD_MS);
    ASSERT_FAILS(world, id_token_key_check_none_waits(world_as(world, world->operator_)), CONFLICT,
                 "id_token.key_waits");
    assert_int_equal(json_array_size(shown(world)), 2);
    assert_int_equal(load(world).owner, 1);
    test_node_pass(&world->node, ID_TOKEN_KEY_AHEAD_MS - 1);
    assert_int_equal(load(world).owner, 1);
    test_node_pass(&world->node, 1);
    assert_int_equal(load(world).owner, 2);
    test_node_pass(&world->node, ID_TOKEN_KEY_AHEAD_MS - 1);
    assert_true(is_shown(world, old_id));
    test_node_pass(&world->node, 1);
    assert_false(is_shown(world, old_id));
    assert_int_equal(json_array_size(shown(world)), 1);
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &rotate));
    assert_int_equal(json_array_size(shown(world)), 2);
}

/* The keys are committed before the rest of a write, which runs again when the rest is not. */
static void a_second_run_takes_the_key_that_the_first_has_made(void **state)
{
    struct world *world = *state;
    struct id_token_key_rotate first = {.out_signs_from_ms = 0};
    struct id_token_key_rotate second = {.out_signs_from_ms = 0};
    settle(world);
    ASSERT_OK(world, id_token_key_check_none_waits(world_as(world, world->operator_)));
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &first));
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &second));
    assert_int_equal(second.out_signs_from_ms, first.out_signs_from_ms);
    assert_int_equal(json_array_size(shown(world)), 2);
}

static void a_key_in_other_hands_goes_at_once_and_one_that_waits_with_it(void **state)
{
    struct world *world = *state;
    struct id_token_key_rotate rotate = {.out_signs_from_ms = 0};
    ASSERT_FAILS(world, WRITE(world, world->operator_, id_token_key_replace, NULL), CORRUPT, "id_token.no_key");
    settle(world);
    struct signing_key old = load(world);
    struct text old_id = id_of(world, &old);
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &rotate));
    ASSERT_FAILS(world, WRITE(world, world->shipping, id_token_key_replace, NULL), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_replace, NULL));
    assert_int_equal(load(world).owner, 3);
    assert_false(is_shown(world, old_id));
    assert_int_equal(json_array_size(shown(world)), 1);
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM id_token_key"), 1);
    ASSERT_OK(world, id_token_keys_check_all(world_as(world, world->operator_)));
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &rotate)); /* nothing waits any more */
}

static void a_clock_that_was_put_back_leaves_a_key(void **state)
{
    struct world *world = *state;
    settle(world);
    struct ctx *cx = world_as(world, world->operator_);
    struct signing_key key;
    cx->now_ms -= HOUR_MS;
    ASSERT_OK(world, id_token_key_load(cx, &key));
    assert_int_equal(key.owner, 1);
    cx->now_ms += HOUR_MS;
}

static void only_the_operator_makes_keys(void **state)
{
    struct world *world = *state;
    struct id_token_key_rotate rotate = {.out_signs_from_ms = 0};
    ASSERT_FAILS(world, WRITE(world, world->ada, id_token_key_settle, NULL), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->shipping, id_token_key_rotate, &rotate), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, id_token_key_check_none_waits(world_as(world, world->shipping)), FORBIDDEN,
                 "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->operator_, id_token_key_rotate, &rotate), CORRUPT, "id_token.no_key");
}

static void the_audit_tells_of_a_key_that_is_anothers(void **state)
{
    static const char *const SPOILT[] = {
        "UPDATE id_token_key SET key_number = 9 WHERE key_number = 2",
        "UPDATE id_token_key SET public_jwk = (SELECT public_jwk FROM id_token_key WHERE key_number = 2)",
    };
    struct world *world = *state;
    struct id_token_key_rotate rotate = {.out_signs_from_ms = 0};
    settle(world);
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_rotate, &rotate));
    assert_int_equal(world_audit(world, 0), 0);
    for (size_t i = 0; i < sizeof SPOILT / sizeof *SPOILT; i++) {
        world_spoil(world, "keys.db", SPOILT[i]);
        assert_int_equal(world_audit(world, 1), 1);
        ASSERT_FAILS(world, id_token_keys_check_all(world_as(world, world->operator_)), CORRUPT, "id_token.key_lost");
        if (i == 0)
            world_spoil(world, "keys.db", "UPDATE id_token_key SET key_number = 2 WHERE key_number = 9");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_first_key_is_made_once_and_shown),
        WORLD_TEST(what_it_signs_is_checked_by_what_is_shown),
        WORLD_TEST(a_new_key_is_shown_before_it_signs_and_the_old_one_after),
        WORLD_TEST(a_second_run_takes_the_key_that_the_first_has_made),
        WORLD_TEST(a_key_in_other_hands_goes_at_once_and_one_that_waits_with_it),
        WORLD_TEST(a_clock_that_was_put_back_leaves_a_key),
        WORLD_TEST(only_the_operator_makes_keys),
        WORLD_TEST(the_audit_tells_of_a_key_that_is_anothers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
