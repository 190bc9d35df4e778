/* SPDX-License-Identifier: Apache-2.0
 * Goal: each act of the person has evidence that holds the wording that was shown, no value and nobody else's id; both
 * sides hold the same bytes, and anyone can check them offline. Method: receipts of each kind of act, read and checked.
 */
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/receipt_check.h"
#include "support/world.h"

static bool holds(struct bytes payload, struct text words)
{
    return memmem(payload.at, payload.size, words.at, words.size) != NULL;
}

static struct receipt open_as(struct world *world, struct actor actor, const struct relationship *relationship,
                              int64_t receipt_id)
{
    struct receipt receipt;
    struct ctx *cx = world_as(world, actor);
    struct text id = id_text(cx, relationship_item_id(relationship, ID_RECEIPT, receipt_id));
    ASSERT_OK(world, receipt_open(cx, id, &receipt));
    return receipt;
}

static struct receipt signed_as(struct world *world, struct actor actor, const struct relationship *relationship,
                                int64_t receipt_id)
{
    struct receipt receipt = open_as(world, actor, relationship, receipt_id);
    ASSERT_OK(world, receipt_sign(&world->node.cx, &receipt));
    ASSERT_OK(world, WRITE(world, actor, receipt_keep, &receipt));
    return receipt;
}

static void a_receipt_of_a_grant_holds_the_wording_and_the_terms(void **state)
{
    static const char *const WORDS[] = {
        "\"symbolon:act\":\"grant.given\"", "dpv:ConsentGiven", "Bring your order to the right door.",
        "pd:PhysicalAddress", "Lantern Books", "Shipping", "DHX couriers", "dpv:DeliveryOfGoods", "\"P90D\"",
        "\"dpv:isIndicatedBy\":\"data subject\"",
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct receipt receipt = open_as(world, world->ada, &relationship, grant.receipt_id);
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (!holds(receipt.payload, text_of(WORDS[i])))
            fail_msg("the receipt does not hold %s: %.*s", WORDS[i], (int)receipt.payload.size, receipt.payload.at);
    assert_true(holds(receipt.payload, time_to_text(world->node.cx.arena, grant.until_at_ms)));
    assert_false(holds(receipt.payload, TEXT("Marketing")));
    struct text now = time_to_text(world->node.cx.arena, world->node.time.wall_ms);
    struct text said = text_format(world->node.cx.arena, "\"dpv:isIndicatedAtTime\":\"%.*s\"", TEXT_ARGS(now));
    assert_true(holds(receipt.payload, said));
    assert_true(holds(receipt.payload, TEXT("\"dpv:hasPersonalData\":[\"pd:Name\",\"pd:PhysicalAddress\"]")));
}

static void no_two_receipts_have_one_salt(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant first = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct grant second = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct receipt a = open_as(world, world->ada, &relationship, first.receipt_id);
    struct receipt b = open_as(world, world->ada, &relationship, second.receipt_id);
    assert_memory_not_equal(a.salt, b.salt, sizeof a.salt);
}

static void the_list_of_a_relationship_holds_what_was_answered_in_it(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct request request = world_ask(world, world->shipping, &shop, &world->delivery);
    struct request_answer refuse = {.request_id = request.request_id, .answer = ANSWER_REFUSE};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &refuse));
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    ASSERT_OK(world, world_receipts(world_as(world, world->ada), &shop, &entries, &count));
    assert_int_equal(count, 2);
    assert_int_equal(entries[0].receipt_id, refuse.out_receipt_id);
    ASSERT_OK(world, world_receipts(world_as(world, world->ada), &bank, &entries, &count));
    assert_int_equal(count, 1); /* its start, and nothing of the shop */
}

/* Everything that the two do, and what must stand in none of its receipts. */
static void no_receipt_holds_a_value_or_the_id_of_another(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct grant grant = world_grant(world, world->shipping, &shop, &world->delivery);
    (void)world_grant(world, world->teller, &bank, &world->account);
    struct grant_narrow narrow = {
        .grant_id = grant.grant_id, .set_attributes = true, .attributes = world_kinds("Name")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    struct relationship_end end = {.relationship_id = shop.relationship_id, .erase = true};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    struct ctx *cx = world_as(world, world->ada);
    struct text foreign[] = {
        TEXT("Bern"), TEXT("\"Ada\""), TEXT("Harbour Bank"), TEXT("per_"), id_text(cx, relationship_id(&bank)),
        id_text(cx, (struct id){ID_ORGANISATION, world->bank.organisation_id, 0}),
        text_format(cx->arena, "%lld", (long long)world->ada.person_id),
        text_format(cx->arena, "%lld", (long long)shop.relationship_id),
    };
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    ASSERT_OK(world, world_receipts(cx, &shop, &entries, &count));
    assert_int_equal(count, 5); /* started; given, narrowed, ended; ended */
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || entries[i].receipt_id < entries[i - 1].receipt_id);
        struct receipt receipt = open_as(world, world->ada, &shop, entries[i].receipt_id);
        for (size_t j = 0; j < sizeof foreign / sizeof *foreign; j++)
            if (holds(receipt.payload, foreign[j]))
                fail_msg("receipt %zu holds %.*s", i, TEXT_ARGS(foreign[j]));
    }
    assert_true(holds(open_as(world, world->ada, &shop, end.out_receipt_id).payload, TEXT("\"erase\":true")));
}

static void both_sides_hold_the_same_bytes_and_nobody_else_any(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct receipt hers = signed_as(world, world->ada, &relationship, grant.receipt_id);
    struct receipt theirs = signed_as(world, world->shipping, &relationship, grant.receipt_id);
    assert_true(text_equals(hers.jws, theirs.jws));
    struct text id = id_text(&world->node.cx, relationship_item_id(&relationship, ID_RECEIPT, grant.receipt_id));
    struct receipt none;
    ASSERT_FAILS(world, receipt_open(world_as(world, world->teller), id, &none), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, receipt_open(world_as(world, world->marketing), id, &none), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, receipt_open(world_as(world, world->bob), id, &none), NOT_FOUND, "not_found");
    struct text grant_id = id_text(&world->node.cx, relationship_item_id(&relationship, ID_GRANT, grant.grant_id));
    ASSERT_FAILS(world, receipt_open(world_as(world, world->ada), grant_id, &none), NOT_FOUND, "not_found");
}

static void of_two_who_sign_at_once_the_first_is_kept(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct receipt first = open_as(world, world->ada, &relationship, grant.receipt_id);
    struct receipt second = first;
    ASSERT_OK(world, receipt_sign(&world->node.cx, &first));
    ASSERT_OK(world, receipt_sign(&world->node.cx, &second));
    assert_false(text_equals(first.signed_now, second.signed_now)); /* each signature has a nonce of its own */
    ASSERT_OK(world, WRITE(world, world->ada, receipt_keep, &first));
    struct text kept = first.jws;
    ASSERT_OK(world, WRITE(world, world->shipping, receipt_keep, &second));
    assert_true(text_equals(second.jws, kept));
}

/* The first run finds what another has signed, in a batch that comes to nothing; the second finds nothing. */
struct second_run {
    struct receipt *other, *own;
    int             runs;
};

/* store_write_fn */
static err keep_behind_another(struct ctx *cx, void *arg)
{
    struct second_run *second = arg;
    if (++second->runs == 2)
        return receipt_keep(cx, second->own);
    TRY(receipt_keep(cx, second->other));
    TRY(receipt_keep(cx, second->own));
    return FAIL(cx, UNAVAILABLE, "store.conflict", "another was faster");
}

static void what_a_run_in_vain_has_read_is_not_kept_as_signed(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct receipt own = open_as(world, world->ada, &relationship, grant.receipt_id);
    struct receipt other = own;
    struct second_run second = {&other, &own, 0};
    ASSERT_OK(world, receipt_sign(&world->node.cx, &own));
    ASSERT_OK(world, receipt_sign(&world->node.cx, &other));
    struct text signed_now = text_copy(world->node.cx.arena, own.signed_now);
    ASSERT_OK(world, WRITE(world, world->ada, keep_behind_another, &second));
    assert_int_equal(second.runs, 2);
    assert_true(text_equals(own.jws, signed_now));
    struct receipt kept = open_as(world, world->shipping, &relationship, grant.receipt_id);
    assert_true(text_equals(kept.jws, signed_now));
}

static void a_receipt_with_its_proof_verifies_offline(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct receipt receipt = signed_as(world, world->ada, &relationship, grant.receipt_id);
    struct ctx *cx = world_as(world, world->ada);
    struct receipt_files files = {.receipt = receipt.jws};
    ASSERT_FAILS(world, receipt_proof(cx, &receipt, &files.proof), UNAVAILABLE, "receipt.not_in_log_yet");
    failure_clear(&cx->failure);
    struct ledger_pass pass;
    ASSERT_OK(world, ledger_sequence(cx, world->node.store, &pass));
    assert_int_equal(pass.sequenced, 2); /* the start and the grant */
    ASSERT_OK(world, receipt_proof(cx, &receipt, &files.proof));
    ASSERT_OK(world, ledger_verifier_key(cx, &files.verifier_key));
    struct receipt_facts facts;
    ASSERT_OK(world, receipt_check(cx, &files, &facts));
    assert_int_equal(facts.passed, RECEIPT_STEP_COUNT);
    struct relationship other = world_relate(world, world->teller, world->ada);
    struct grant others_grant = world_grant(world, world->teller, &other, &world->account);
    struct receipt swapped = signed_as(world, world->ada, &other, others_grant.receipt_id);
    files.receipt = swapped.jws; /* another receipt does not go with this proof */
    failure_clear(&cx->failure);
    assert_int_not_equal(receipt_check(cx, &files, &facts), OK);
}

static void without_the_key_a_receipt_is_mute(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    struct receipt receipt;
    cx = world_as(world, world->shipping);
    ASSERT_FAILS(world, receipt_load(cx, world->ada.person_id, grant.receipt_id, &receipt), NOT_FOUND, "person.erased");
}

/* Two processes draw their numbers apart: an act of the one may stand between a receipt and its act of the other. */
static void a_department_sees_its_receipt_also_behind_the_number_of_another_act(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    world_spoil(world, "people.db",
                "UPDATE act SET act_id = act_id + 1000 WHERE kind = 20;"
                "UPDATE grant_now SET last_act_id = last_act_id + 1000;"
                "CREATE TEMP TABLE between_two AS SELECT * FROM act WHERE kind = 3;"
                "UPDATE between_two SET act_id = (SELECT receipt_id + 1 FROM grant_now);"
                "INSERT INTO act SELECT * FROM between_two");
    (void)open_as(world, world->shipping, &relationship, grant.receipt_id);
    struct text id = id_text(&world->node.cx, relationship_item_id(&relationship, ID_RECEIPT, grant.receipt_id));
    struct receipt none;
    ASSERT_FAILS(world, receipt_open(world_as(world, world->marketing), id, &none), NOT_FOUND, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_receipt_of_a_grant_holds_the_wording_and_the_terms),
        WORLD_TEST(no_two_receipts_have_one_salt),
        WORLD_TEST(the_list_of_a_relationship_holds_what_was_answered_in_it),
        WORLD_TEST(no_receipt_holds_a_value_or_the_id_of_another),
        WORLD_TEST(both_sides_hold_the_same_bytes_and_nobody_else_any),
        WORLD_TEST(of_two_who_sign_at_once_the_first_is_kept),
        WORLD_TEST(what_a_run_in_vain_has_read_is_not_kept_as_signed),
        WORLD_TEST(a_receipt_with_its_proof_verifies_offline),
        WORLD_TEST(a_department_sees_its_receipt_also_behind_the_number_of_another_act),
        WORLD_TEST(without_the_key_a_receipt_is_mute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
