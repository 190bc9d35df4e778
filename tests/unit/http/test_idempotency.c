/* SPDX-License-Identifier: Apache-2.0
 * Goal: a kept answer is its caller's alone, goes with its request alone, and lives for one day. Method: an answer kept
 * for one caller, looked for by that one and by others, at both sides of its last millisecond, in both files. */
#include "http/gate/idempotency.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "domain/parties/invitation.h"
#include "domain/people/erasure.h"
#include "domain/people/leftover.h"
#include "domain/people/person_key.h"
#include "support/world.h"

#define ANSWER "{\"id\":\"grt_1\"}"

static struct call call_of(struct world *world, struct actor actor, const char *body)
{
    struct call call = {.arena = world->node.cx.arena, .cx = *world_as(world, actor)};
    call.body = bytes_of_text(text_of(body));
    call.request.method = TEXT("POST");
    call.request.target = TEXT("/v1/me/grants");
    return call;
}

/* One key serves one request: each file has its own here. */
static struct idempotency key_of(const struct call *call, bool in_ledger)
{
    struct idempotency idempotency;
    idempotency_of(call, in_ledger ? TEXT("key-read") : TEXT("key-write"), call->cx.actor.person_id, &idempotency);
    idempotency.in_ledger = in_ledger;
    return idempotency;
}

struct keeping {
    struct call       *call;
    struct idempotency idempotency;
};

static err keep_one(struct ctx *cx, void *arg)
{
    struct keeping *keeping = arg;
    keeping->call->cx = *cx;
    err result = idempotency_keep(keeping->call, &keeping->idempotency);
    cx->failure = keeping->call->cx.failure;
    return result;
}

static void keep_for(struct world *world, struct actor actor, bool in_ledger, int64_t person_id)
{
    struct call call = call_of(world, actor, "{}");
    call.reply.status = 201;
    call.reply.body = TEXT(ANSWER);
    struct keeping keeping = {&call, key_of(&call, in_ledger)};
    keeping.idempotency.person_id = person_id;
    ASSERT_OK(world, WRITE(world, actor, keep_one, &keeping));
}

static void keep(struct world *world, struct actor actor, bool in_ledger)
{
    keep_for(world, actor, in_ledger, actor.person_id);
}

static bool finds(struct world *world, struct actor actor, bool in_ledger)
{
    struct call call = call_of(world, actor, "{}");
    struct idempotency idempotency = key_of(&call, in_ledger);
    bool found = false;
    if (idempotency_find(&call, &idempotency, &found) != OK)
        fail_msg("%s", call.cx.failure.reason);
    if (found) {
        assert_int_equal(call.reply.status, 201);
        assert_true(text_is(call.reply.body, ANSWER));
    }
    return found;
}

static void an_answer_is_kept_for_a_day_and_not_a_millisecond_longer(void **state)
{
    struct world *world = *state;
    for (int in_ledger = 0; in_ledger < 2; in_ledger++) {
        assert_false(finds(world, world->ada, in_ledger));
        keep(world, world->ada, in_ledger);
        assert_true(finds(world, world->ada, in_ledger));
        test_node_pass(&world->node, LIMIT_IDEMPOTENCY_MS - 1);
        assert_true(finds(world, world->ada, in_ledger));
        test_node_pass(&world->node, 1);
        assert_false(finds(world, world->ada, in_ledger));
    }
}

static void an_answer_is_its_callers_alone(void **state)
{
    struct world *world = *state;
    for (int in_ledger = 0; in_ledger < 2; in_ledger++) {
        keep(world, world->ada, in_ledger);
        assert_false(finds(world, world->bob, in_ledger));
        assert_false(finds(world, world->shipping, in_ledger));
        keep(world, world->shipping, in_ledger);
        assert_true(finds(world, world->shipping, in_ledger));
        assert_false(finds(world, world->marketing, in_ledger));
        assert_false(finds(world, world->teller, in_ledger));
    }
}

static void a_key_goes_with_its_request(void **state)
{
    struct world *world = *state;
    keep(world, world->ada, false);
    struct call other[] = {call_of(world, world->ada, "{} "), call_of(world, world->ada, "{}"),
                           call_of(world, world->ada, "{}"), call_of(world, world->ada, "{}")};
    other[1].request.target = TEXT("/v1/me/grants/");
    other[2].request.method = TEXT("PUT");
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct idempotency idempotency = key_of(&other[i], false);
        idempotency.in_ledger = i == 3; /* the very same, but a read */
        bool found = false;
        assert_int_equal(idempotency_find(&other[i], &idempotency, &found), INVALID);
        assert_string_equal(other[i].cx.failure.reason, "idempotency.mismatch");
    }
}

static void what_is_too_old_is_thrown_away(void **state)
{
    static const char *const COUNTS[][2] = {{"people.db", "SELECT count(*) FROM idempotency"},
                                            {"ledger.db", "SELECT count(*) FROM disclosure_answer"}};
    struct world *world = *state;
    bool left = true;
    keep(world, world->ada, false);
    keep(world, world->ada, true);
    test_node_pass(&world->node, LIMIT_IDEMPOTENCY_MS - 1);
    for (int64_t rows = 1; rows >= 0; rows--) {
        ASSERT_OK(world, WRITE(world, world->operator_, idempotency_forget, &left));
        assert_false(left);
        for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
            assert_int_equal(world_number(world, COUNTS[i][0], COUNTS[i][1]), rows);
        test_node_pass(&world->node, 1);
    }
}

/* From the moment of the erasure, while the key is still there, and behind it. */
static void an_answer_goes_with_its_person(void **state)
{
    struct world *world = *state;
    struct erasure_begin begin = {.person_id = world->ada.person_id};
    struct erasure_work work = {.told = NULL};
    keep(world, world->ada, false);
    keep_for(world, world->shipping, true, world->ada.person_id);
    ASSERT_OK(world, WRITE(world, world->operator_, erasure_begin, &begin));
    assert_false(finds(world, world->ada, false));
    assert_false(finds(world, world->shipping, true));
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_false(finds(world, world->shipping, true));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM idempotency"), 0);
    assert_int_equal(world_number(world, "ledger.db", "SELECT count(*) FROM disclosure_answer"), 0);
}

/* What whoever holds a copy of the store could compute himself, and try birth dates with. */
static int64_t rows_with(struct world *world, const char *file, const char *table, struct bytes hash)
{
    struct text hex = hex_encode(world->node.cx.arena, hash);
    const char *octets = world_is_on_server(file) ? "encode(key_hash || sealed, 'hex')"
                                                  : "lower(hex(key_hash) || hex(sealed))";
    struct text query = text_format(world->node.cx.arena, "SELECT count(*) FROM %s WHERE %s LIKE '%%%.*s%%'", table,
                                    octets, TEXT_ARGS(hex));
    return world_number(world, file, query.at);
}

/* ---- what is mixed with a person's key */

/* The last mixture that begins with the key; both calls come by here (--wrap). */
static struct {
    struct secret_key key;
    const void       *at;
    size_t            mixed;
    size_t            wiped;
} watched;

void __real_blake2b_256(struct bytes data, uint8_t out[HASH_BYTES]);
void __wrap_blake2b_256(struct bytes data, uint8_t out[HASH_BYTES]);
void __wrap_blake2b_256(struct bytes data, uint8_t out[HASH_BYTES])
{
    if (data.size > sizeof watched.key && memcmp(data.at, &watched.key, sizeof watched.key) == 0) {
        watched.at = data.at;
        watched.mixed++;
    }
    __real_blake2b_256(data, out);
}

void __real_secret_wipe(void *at, size_t size);
void __wrap_secret_wipe(void *at, size_t size);
void __wrap_secret_wipe(void *at, size_t size)
{
    bool meant = at == watched.at && size >= sizeof watched.key;
    __real_secret_wipe(at, size);
    if (meant && watched.wiped < watched.mixed)
        watched.wiped += memcmp(at, &watched.key, sizeof watched.key) != 0;
    if (meant)
        watched.at = NULL;
}

static void what_is_mixed_with_a_key_is_wiped(void **state)
{
    struct world *world = *state;
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), world->ada.person_id, &watched.key));
    keep(world, world->ada, false);
    assert_true(finds(world, world->ada, false));
    assert_int_equal(watched.mixed, 4); /* to find and to seal, each time */
    assert_int_equal(watched.wiped, 4);
    person_key_wipe(&watched.key);
}

static void a_copy_of_the_store_says_neither_what_was_asked_nor_under_which_key(void **state)
{
    struct world *world = *state;
    for (int in_ledger = 0; in_ledger < 2; in_ledger++) {
        const char *file = in_ledger ? "ledger.db" : "people.db";
        const char *table = in_ledger ? "disclosure_answer" : "idempotency";
        const struct text key = in_ledger ? TEXT("key-read") : TEXT("key-write");
        struct call call = call_of(world, world->ada, "{}");
        struct idempotency idempotency = key_of(&call, in_ledger);
        uint8_t key_hash[HASH_BYTES];
        uint8_t other_hash[HASH_BYTES];
        sha256(bytes_of_text(key), key_hash);
        blake2b_256(bytes_of_text(key), other_hash);
        keep(world, world->ada, in_ledger);
        assert_int_equal(rows_with(world, file, table, (struct bytes){idempotency.request_hash, HASH_BYTES}), 0);
        assert_int_equal(rows_with(world, file, table, (struct bytes){key_hash, HASH_BYTES}), 0);
        assert_int_equal(rows_with(world, file, table, (struct bytes){other_hash, HASH_BYTES}), 0);
        assert_int_equal(rows_with(world, file, table, (struct bytes){NULL, 0}), 1); /* a row is searched */
    }
}

/* An organisation's request to somebody invited; then a claim by somebody who is here already, whose key from then on
 * opens what the invited person's has sealed. */
static void an_answer_outlives_the_person_whose_place_was_taken(void **state)
{
    struct world *world = *state;
    struct text code = world_bring_in(world);
    struct relationship_list waiting = {.limit = 5};
    ASSERT_OK(world, relationship_list_of_organisation(world_as(world, world->shipping), &waiting));
    for (int in_ledger = 0; in_ledger < 2; in_ledger++)
        keep_for(world, world->shipping, in_ledger, waiting.out[0].person_id);
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    for (int swept = 0; swept < 2; swept++) {
        assert_true(finds(world, world->shipping, false));
        assert_true(finds(world, world->shipping, true));
        ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    }
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    assert_false(finds(world, world->shipping, false));
    assert_false(finds(world, world->shipping, true));
}

/* ---- somebody unknown, with a claim code */

#define CODE "7Q4K-M2XD-9RTA-H3VB"
static const struct actor NOBODY = {.kind = ACTOR_NOBODY};

static struct idempotency bound_to(const struct call *call, const char *key, const char *code)
{
    struct idempotency idempotency;
    idempotency_of(call, text_of(key), 0, &idempotency);
    idempotency_bind(&idempotency, text_of(code));
    return idempotency;
}

static bool finds_claim(struct world *world, const char *key, const char *code)
{
    struct call call = call_of(world, NOBODY, "{}");
    struct idempotency idempotency = bound_to(&call, key, code);
    bool found = false;
    ASSERT_OK(world, idempotency_find(&call, &idempotency, &found));
    if (found) {
        assert_true(text_is(call.reply.body, ANSWER));
        assert_int_equal(call.reply.field_count, 1);
        assert_true(text_is(call.reply.fields[0].value, "session=ses_1; Path=/"));
    }
    return found;
}

static void keep_claim_of(struct world *world, int64_t person_id)
{
    struct call call = call_of(world, NOBODY, "{}");
    call.reply = (struct reply){.status = 201, .body = TEXT(ANSWER)};
    assert_int_equal(reply_add_field(&call, "Set-Cookie", TEXT("session=ses_1; Path=/")), OK);
    struct keeping keeping = {&call, bound_to(&call, "key-1", CODE)};
    keeping.idempotency.person_id = person_id;
    ASSERT_OK(world, WRITE(world, NOBODY, keep_one, &keeping));
}

static void keep_claim(struct world *world)
{
    keep_claim_of(world, 0);
}

static void a_claim_is_answered_again_for_ten_minutes_to_code_and_key_together(void **state)
{
    struct world *world = *state;
    keep_claim(world);
    assert_true(finds_claim(world, "key-1", CODE));
    assert_false(finds_claim(world, "key-2", CODE));
    assert_false(finds_claim(world, "key-1", "7Q4K-M2XD-9RTA-H3VC"));
    assert_false(finds_claim(world, "key-17", "Q4K-M2XD-9RTA-H3VB")); /* where one ends and the other begins counts */
    test_node_pass(&world->node, LIMIT_CLAIM_ANSWER_MS - 1);
    assert_true(finds_claim(world, "key-1", CODE));
    test_node_pass(&world->node, 1);
    assert_false(finds_claim(world, "key-1", CODE));
}

static void the_answer_to_a_claim_is_thrown_away_before_others(void **state)
{
    struct world *world = *state;
    bool left = true;
    keep_claim(world);
    keep(world, world->ada, false);
    test_node_pass(&world->node, LIMIT_CLAIM_ANSWER_MS - 1);
    for (int64_t rows = 2; rows >= 1; rows--) {
        ASSERT_OK(world, WRITE(world, world->operator_, idempotency_forget, &left));
        assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM idempotency"), rows);
        test_node_pass(&world->node, 1);
    }
    assert_true(finds(world, world->ada, false));
}

static void the_answer_to_a_claim_goes_with_who_claimed(void **state)
{
    struct world *world = *state;
    struct erasure_begin begin = {.person_id = world->ada.person_id};
    struct erasure_work work = {.told = NULL};
    keep_claim_of(world, world->ada.person_id);
    assert_true(finds_claim(world, "key-1", CODE));
    ASSERT_OK(world, WRITE(world, world->operator_, erasure_begin, &begin));
    assert_false(finds_claim(world, "key-1", CODE));
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM idempotency"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_answer_is_kept_for_a_day_and_not_a_millisecond_longer),
        WORLD_TEST(an_answer_is_its_callers_alone),
        WORLD_TEST(a_key_goes_with_its_request),
        WORLD_TEST(what_is_too_old_is_thrown_away),
        WORLD_TEST(an_answer_goes_with_its_person),
        WORLD_TEST(what_is_mixed_with_a_key_is_wiped),
        WORLD_TEST(a_copy_of_the_store_says_neither_what_was_asked_nor_under_which_key),
        WORLD_TEST(an_answer_outlives_the_person_whose_place_was_taken),
        WORLD_TEST(a_claim_is_answered_again_for_ten_minutes_to_code_and_key_together),
        WORLD_TEST(the_answer_to_a_claim_is_thrown_away_before_others),
        WORLD_TEST(the_answer_to_a_claim_goes_with_who_claimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
