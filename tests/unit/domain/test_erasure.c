/* SPDX-License-Identifier: Apache-2.0
 * Goal: whoever is erased is behind shut doors from that commit on, the work that is left survives a crash, and at its
 * end there is no key, no sealed row and nothing that leads to the person, while others keep all of theirs. Method:
 * people with everything that a person can have, the rows counted by plain SQL, the bucket files looked for. */
#include "domain/erasure.h"

#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "domain/leftover.h"
#include "domain/record.h"
#include "domain/vault.h"
#include "store/queries.h"
#include "support/world.h"

static err begin(struct world *world, struct actor actor, int64_t person_id, const char *confirmation)
{
    struct erasure_begin begin = {.person_id = person_id, .confirmation = text_of(confirmation)};
    return WRITE(world, actor, erasure_begin, &begin);
}

static void finish(struct world *world, int64_t expected)
{
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(work.out_done, expected);
}

static int64_t count_of(struct world *world, const char *file, const char *table, const char *condition,
                        int64_t person_id)
{
    char sql[200];
    int size = snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE person_id %s %lld", table, condition,
                        (long long)person_id);
    assert_true(size > 0 && (size_t)size < sizeof sql);
    return world_number(world, file, sql);
}

/* Rows of the people file that are sealed for this person ("="), or for all others ("<>"). */
static int64_t count_sealed(struct world *world, const char *condition, int64_t person_id)
{
    static const char *const TABLES[] = {"vault", "vault_history", "receipt", "receipt_signed", "relationship_key"};
    int64_t rows = 0;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++)
        rows += count_of(world, "people.db", TABLES[i], condition, person_id);
    return rows;
}

static void the_doors_shut_with_the_first_commit(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    world_grant(world, world->shipping, &shop, &world->delivery);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct request open = world_ask(world, world->teller, &bank, &world->account);
    struct person_link link = {.person_id = world->ada.person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, person_link, &link));
    struct person_sign_in sign_in = {.link_token = link.out_link_token};
    ASSERT_OK(world, WRITE(world, world->operator_, person_sign_in, &sign_in));
    ASSERT_OK(world, WRITE(world, world->operator_, person_link, &link));
    assert_null(world_refusal(world, world->shipping, &shop, &world->delivery));
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    struct actor actor;
    ASSERT_FAILS(world, person_authenticate(world_as(world, world->operator_), sign_in.out_session_token, &actor),
                 UNAUTHENTICATED, "session.unknown");
    sign_in = (struct person_sign_in){.link_token = link.out_link_token};
    ASSERT_FAILS(world, WRITE(world, world->operator_, person_sign_in, &sign_in), UNAUTHENTICATED,
                 "sign_in.link_unknown");
    ASSERT_FAILS(world, WRITE(world, world->operator_, person_link, &link), CONFLICT, "person.not_active");
    assert_string_equal(world_refusal(world, world->shipping, &shop, &world->delivery), "relationship.ended");
    struct relationship seen;
    ASSERT_OK(world, relationship_load(world_as(world, world->shipping), shop.person_id, shop.relationship_id, &seen));
    assert_int_equal(seen.state, RELATIONSHIP_ENDED);
    struct request cancelled;
    ASSERT_OK(world, request_load(world_as(world, world->operator_), open.person_id, open.request_id, &cancelled));
    assert_int_equal(cancelled.state, REQUEST_CANCELLED);
    static const char TOLD[] = "SELECT count(*) FROM outbox WHERE kind = 'erasure.requested'";
    assert_int_equal(world_number(world, "people.db", TOLD), 2);
    assert_int_equal(world_audit(world, 0), 0); /* with the work still to do */
}

static void nobody_erases_anybody_else_and_nobody_by_mistake(void **state)
{
    struct world *world = *state;
    int64_t ada = world->ada.person_id;
    ASSERT_FAILS(world, begin(world, world->bob, ada, ERASURE_CONFIRMATION), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, begin(world, world->shipping, ada, ERASURE_CONFIRMATION), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, begin(world, world->ada, ada, ""), INVALID, "erasure.not_confirmed");
    assert_string_equal(world->node.cx.failure.pointer, "/confirm");
    ASSERT_FAILS(world, begin(world, world->ada, ada, "Erase me"), INVALID, "erasure.not_confirmed");
    ASSERT_FAILS(world, begin(world, world->operator_, 12345, ""), NOT_FOUND, "not_found");
    struct erasure_work work = {.told = NULL};
    ASSERT_FAILS(world, erasure_finish(world_as(world, world->ada), world->node.store, &work), FORBIDDEN,
                 "actor.wrong_kind");
    finish(world, 0);
    PERSON_KEY key;
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), ada, &key));
}

/* Everything that one person can have with the shop. */
static void fill(struct world *world, struct actor person)
{
    struct relationship shop = world_relate(world, world->shipping, person);
    world_put(world, person, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Thun\"}");
    world_put(world, person, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Biel\"}");
    struct grant grant = world_grant(world, world->shipping, &shop, &world->delivery);
    struct disclosure_ask ask = world_question(world, &shop, &world->delivery, world_kinds("PhysicalAddress"));
    ask.note = TEXT("parcel for the third floor");
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, &ask));
    struct receipt receipt;
    ASSERT_OK(world, receipt_load(world_as(world, person), person.person_id, grant.receipt_id, &receipt));
    ASSERT_OK(world, receipt_sign(&world->node.cx, &receipt));
    ASSERT_OK(world, WRITE(world, person, receipt_keep, &receipt));
}

static void no_key_no_sealed_row_and_no_trace_is_left(void **state)
{
    struct world *world = *state;
    int64_t ada = world->ada.person_id;
    int64_t before = world_bucket(world, ada);
    fill(world, world->ada);
    fill(world, world->bob);
    assert_true(count_sealed(world, "=", ada) >= 6);
    int64_t of_others = count_sealed(world, "<>", ada);
    ASSERT_OK(world, begin(world, world->ada, ada, ERASURE_CONFIRMATION));
    assert_int_equal(world_bucket(world, ada), before);
    finish(world, 1);
    assert_int_equal(world_bucket(world, ada), 0);
    assert_false(world_has_bucket_file(world, before));
    assert_int_equal(count_sealed(world, "=", ada), 0);
    assert_int_equal(count_sealed(world, "<>", ada), of_others);
    assert_int_equal(count_of(world, "records.db", "record", "=", ada), 0);
    assert_int_equal(count_of(world, "ledger.db", "disclosure", "=", ada), 1);
    assert_int_equal(count_of(world, "ledger.db", "disclosure", "= length(note) +", ada), 1); /* of no octets */
    assert_int_equal(count_of(world, "people.db", "contact_key", "=", ada), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM erasure"), 0);
    assert_int_equal(world_audit(world, 0), 0);
    struct vault_item item;
    ASSERT_OK(world, vault_get(world_as(world, world->bob), attribute_find(TEXT("pd:PhysicalAddress")), &item));
    ASSERT_OK(world, begin(world, world->operator_, ada, "")); /* asking twice is no mistake */
    finish(world, 0);
}

static void the_audit_sees_a_row_that_was_left(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    world_grant(world, world->shipping, &shop, &world->delivery);
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    finish(world, 1);
    assert_int_equal(world_audit(world, 0), 0);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "INSERT INTO contact_key VALUES (1, x'00', %lld, 1)",
                   (long long)world->ada.person_id);
    world_spoil(world, "people.db", sql);
    assert_int_equal(world_audit(world, 1), 1);
    world_spoil(world, "people.db", "DELETE FROM contact_key");
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = char(1) || 'sealed'");
    assert_true(world_audit(world, 2) > 0);
    world_spoil(world, "people.db", "UPDATE grant_now SET uses_event = ''");
    assert_int_equal(world_audit(world, 0), 0);
}

static void several_share_the_work_on_a_bucket(void **state)
{
    struct world *world = *state;
    struct actor cleo = world_make_person(world, "Cleo");
    int64_t before = world_bucket(world, world->ada.person_id);
    int64_t buckets = world_number(world, "keys.db", "SELECT count(*) FROM key_bucket");
    ASSERT_OK(world, begin(world, world->ada, world->ada.person_id, ERASURE_CONFIRMATION));
    ASSERT_OK(world, begin(world, cleo, cleo.person_id, ERASURE_CONFIRMATION));
    finish(world, 2);
    assert_false(world_has_bucket_file(world, before));
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_bucket"), buckets);
    PERSON_KEY key;
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), world->bob.person_id, &key));
    assert_int_equal(world_audit(world, 0), 0);
}

static void more_than_one_pass_takes_goes_as_well(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < LIMIT_ERASURES + 1; i++) {
        struct actor person = world_make_person(world, "");
        ASSERT_OK(world, begin(world, person, person.person_id, ERASURE_CONFIRMATION));
        test_node_rest(&world->node);
    }
    finish(world, LIMIT_ERASURES + 1);
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- people whom an organisation has brought in */

static struct relationship invite(struct world *world, struct text *out_code)
{
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    *out_code = make.out_code;
    return make.out_relationship;
}

static void somebody_who_never_came_is_forgotten_by_the_operator(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship waiting = invite(world, &code);
    ASSERT_OK(world, begin(world, world->operator_, waiting.person_id, ""));
    finish(world, 1);
    struct relationship seen;
    ASSERT_OK(world, relationship_load(world_as(world, world->operator_), waiting.person_id, waiting.relationship_id,
                                       &seen));
    assert_int_equal(seen.state, RELATIONSHIP_ENDED);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM invitation"), 0);
    assert_int_equal(world_audit(world, 0), 0);
}

static void the_key_of_an_invitation_taken_up_goes_with_the_claimer(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship waiting = invite(world, &code);
    struct sql_person_key_load_in in = {waiting.person_id};
    struct sql_person_key_load_row old;
    bool found = false;
    ASSERT_OK(world, sql_person_key_load(world_as(world, world->operator_), &in, &old, &found));
    struct bytes copied = bytes_copy(world->node.cx.arena, old.wrapped); /* as a copy of keys.db holds it */
    uint8_t kept[KEYRING_WRAPPED_BYTES];
    assert_int_equal(copied.size, sizeof kept);
    memcpy(kept, copied.at, sizeof kept);
    world_spoil(world, "keys.db", "UPDATE key_bucket SET open = 0"); /* Ada's next neighbours lie elsewhere */
    struct actor cleo = world_make_person(world, "Cleo");
    assert_int_not_equal(world_bucket(world, cleo.person_id), old.bucket);
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, cleo, invitation_claim, &claim));
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    struct key_place place = {.bucket = old.bucket, .person_id = waiting.person_id};
    PERSON_KEY key;
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, keyring_person_key_open(cx, cx->keyring, &place, (struct bytes){kept, sizeof kept}, &key));
    ASSERT_FAILS(world, begin(world, world->operator_, waiting.person_id, ""), CONFLICT, "erasure.merged");
    ASSERT_OK(world, begin(world, cleo, cleo.person_id, ERASURE_CONFIRMATION));
    finish(world, 1);
    cx = world_as(world, world->operator_);
    ASSERT_FAILS(world, keyring_person_key_open(cx, cx->keyring, &place, (struct bytes){kept, sizeof kept}, &key),
                 NOT_FOUND, "key.destroyed");
    assert_int_equal(world_number(world, "keys.db", "SELECT count(*) FROM key_removed"), 0);
    ASSERT_OK(world, person_key_open(world_as(world, world->operator_), world->ada.person_id, &key));
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_doors_shut_with_the_first_commit),
        WORLD_TEST(nobody_erases_anybody_else_and_nobody_by_mistake),
        WORLD_TEST(no_key_no_sealed_row_and_no_trace_is_left),
        WORLD_TEST(the_audit_sees_a_row_that_was_left),
        WORLD_TEST(several_share_the_work_on_a_bucket),
        WORLD_TEST(more_than_one_pass_takes_goes_as_well),
        WORLD_TEST(somebody_who_never_came_is_forgotten_by_the_operator),
        WORLD_TEST(the_key_of_an_invitation_taken_up_goes_with_the_claimer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
