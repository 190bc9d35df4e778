/* SPDX-License-Identifier: Apache-2.0
 * The offline check of a receipt: all is well, and every single thing that may be wrong. */
#include "ledger/receipt_check.h"

#include "base/limits.h"
#include "crypto/jose.h"
#include "unit/crypto/fixture.h"

#define LOG_NAME "node.example/log"

/* A receipt in a log of twelve entries, made without a store. */
struct case_of {
    struct fixture       base;
    struct text          person; /* private keys */
    struct text          organisation;
    struct text          payload;
    struct receipt_files files;
};

static void make_proof(struct ctx *cx, struct bytes payload, struct receipt_files *files)
{
    struct merkle_hash leaves[12];
    struct proof proof = {.index = 7, .hashes = {.count = 4}};
    struct merkle_head tree = {.size = 12};
    uint8_t salt[LEDGER_SALT_BYTES] = {9};
    uint8_t entry[HASH_BYTES];
    ledger_leaf(salt, payload, entry);
    for (uint8_t i = 0; i < 12; i++)
        merkle_leaf((struct bytes){&i, 1}, &leaves[i]);
    merkle_leaf((struct bytes){entry, sizeof entry}, &leaves[7]);
    merkle_root(leaves, 12, &tree.root);
    proof.hashes.at[0] = leaves[6];
    merkle_root(leaves + 4, 2, &proof.hashes.at[1]);
    merkle_root(leaves, 4, &proof.hashes.at[2]);
    merkle_root(leaves + 8, 4, &proof.hashes.at[3]);

    struct sign_key signer;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    sign_key_from_seed(&(struct secret_key){{1, 2, 3}}, &signer);
    sign_public(&signer, public_key);
    struct note_key key = note_key_make(TEXT(LOG_NAME), public_key);
    struct text text = checkpoint_text(cx->arena, key.name, &tree);
    sign(&signer, bytes_of_text(text), signature);
    proof.extra = (struct bytes){salt, sizeof salt};
    proof.note = note_format(cx->arena, text, &key, signature);
    assert_int_equal(proof_format(cx, &proof, &files->proof), OK);
    files->verifier_key = note_key_text(cx->arena, &key);
}

static struct text payload_with(struct ctx *cx, struct text person, struct text organisation)
{
    struct text public_person;
    struct text public_organisation;
    assert_int_equal(jose_key_public(cx, person, &public_person), OK);
    assert_int_equal(jose_key_public(cx, organisation, &public_organisation), OK);
    return text_format(cx->arena,
                       "{\"symbolon:keys\":{\"organisation\":%.*s,\"person\":%.*s},\"what\":\"a grant\"}",
                       TEXT_ARGS(public_organisation), TEXT_ARGS(public_person));
}

static void make_receipt(struct ctx *cx, struct case_of *made)
{
    struct signing_key keys[] = {{SIGNING_KEY_BARE, 1, bytes_of_text(made->person), TEXT_NONE},
                                 {SIGNING_KEY_BARE, 2, bytes_of_text(made->organisation), TEXT_NONE}};
    struct bytes payload = bytes_of_text(made->payload);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(jose_key_public(cx, text_of_bytes(keys[i].sealed), &keys[i].public_jwk), OK);
    assert_int_equal(jws_sign_two(cx, payload, TEXT("receipt"), keys, &made->files.receipt), OK);
    make_proof(cx, payload, &made->files);
}

static struct ctx *case_open(struct case_of *made)
{
    *made = (struct case_of){0};
    struct ctx *cx = fixture_open_keyring(&made->base);
    assert_int_equal(jose_key_make(cx, &made->person), OK);
    assert_int_equal(jose_key_make(cx, &made->organisation), OK);
    made->payload = payload_with(cx, made->person, made->organisation);
    make_receipt(cx, made);
    return cx;
}

static void a_receipt_with_its_proof_passes_every_step(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct receipt_facts facts;
    struct text thumbprint;
    assert_int_equal(receipt_check(cx, &made.files, &facts), OK);
    assert_int_equal(facts.passed, RECEIPT_STEP_COUNT);
    assert_true(text_equals(facts.payload, made.payload));
    assert_int_equal(jose_thumbprint(cx, made.person, &thumbprint), OK);
    assert_true(text_equals(facts.person_key, thumbprint));
    assert_int_equal(jose_thumbprint(cx, made.organisation, &thumbprint), OK);
    assert_true(text_equals(facts.organisation_key, thumbprint));
    assert_true(text_is(facts.origin, LOG_NAME));
    assert_int_equal(facts.index, 7);
    assert_int_equal(facts.tree.size, 12);
    for (receipt_step step = 0; step < RECEIPT_STEP_COUNT; step++)
        assert_true(strlen(receipt_step_sentence(step)) > 10);
    assert_string_equal(receipt_step_sentence(RECEIPT_STEP_COUNT), ""); /* how far a good one has come */
    fixture_close(&made.base);
}

/* The check fails at this step, with this reason, and says so in the facts. */
static void assert_stops(struct ctx *cx, const struct receipt_files *files, receipt_step step, const char *reason)
{
    struct receipt_facts facts;
    assert_int_not_equal(receipt_check(cx, files, &facts), OK);
    assert_string_equal(cx->failure.reason, reason);
    assert_int_equal(facts.passed, step);
    if (step <= RECEIPT_SIGNED)
        assert_int_equal(facts.person_key.size, 0);
    if (step <= RECEIPT_IN_TREE)
        assert_int_equal(facts.tree.size, 0);
    assert_int_equal(facts.origin.size, 0);
    failure_clear(&cx->failure);
}

static void a_receipt_of_another_form_is_refused(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct receipt_files files = made.files;
    files.receipt = TEXT("nothing");
    assert_stops(cx, &files, RECEIPT_READ, "json.syntax");
    files.receipt = TEXT("{}");
    assert_stops(cx, &files, RECEIPT_READ, "receipt.form");
    files.receipt = TEXT("[]");
    assert_stops(cx, &files, RECEIPT_READ, "receipt.form");
    files.receipt = TEXT("{\"payload\":7}");
    assert_stops(cx, &files, RECEIPT_READ, "receipt.form");
    files.receipt = TEXT("{\"payload\":\"e30=\"}");
    assert_stops(cx, &files, RECEIPT_READ, "receipt.form");
    files.receipt = TEXT("{\"payload\":\"e30\"}");
    assert_stops(cx, &files, RECEIPT_READ, "receipt.keys");
    files.receipt = TEXT("{\"payload\":\"Nw\"}");
    assert_stops(cx, &files, RECEIPT_READ, "receipt.keys");
    files.receipt = (struct text){arena_take(cx->arena, LIMIT_RECEIPT_FILE_BYTES + 1, 1), LIMIT_RECEIPT_FILE_BYTES + 1};
    assert_stops(cx, &files, RECEIPT_READ, "receipt.size");
    fixture_close(&made.base);
}

static void one_key_cannot_stand_for_both_sides(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    made.organisation = made.person;
    made.payload = payload_with(cx, made.person, made.person);
    make_receipt(cx, &made);
    assert_stops(cx, &made.files, RECEIPT_SIGNED, "receipt.keys");
    fixture_close(&made.base);
}

static void keys_that_did_not_sign_are_noticed(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct text other;
    assert_int_equal(jose_key_make(cx, &other), OK);
    made.payload = payload_with(cx, made.person, other);
    make_receipt(cx, &made); /* signed by made.organisation, which the payload does not name */
    struct receipt_facts facts;
    assert_int_equal(receipt_check(cx, &made.files, &facts), INVALID);
    assert_int_equal(facts.passed, RECEIPT_SIGNED);
    failure_clear(&cx->failure);
    made.payload = text_format(cx->arena, "{\"symbolon:keys\":{\"person\":%.*s,\"organisation\":%.*s}}",
                               TEXT_ARGS(made.person), TEXT_ARGS(made.organisation));
    make_receipt(cx, &made); /* private keys in a receipt */
    assert_stops(cx, &made.files, RECEIPT_READ, "receipt.keys");
    fixture_close(&made.base);
}

/* A limit of the writer of keys must not show: what the receipt holds is no key, however long it is. */
static void a_key_of_any_length_is_told_from_no_key(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct text organisation;
    char long_x[5001];
    memset(long_x, 'A', 5000);
    long_x[5000] = '\0';
    assert_int_equal(jose_key_public(cx, made.organisation, &organisation), OK);
    made.payload = text_format(cx->arena,
                               "{\"symbolon:keys\":{\"organisation\":%.*s,"
                               "\"person\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"\"}}}",
                               TEXT_ARGS(organisation), long_x);
    make_receipt(cx, &made);
    assert_stops(cx, &made.files, RECEIPT_SIGNED, "jose.key");
    fixture_close(&made.base);
}

static void another_payload_is_not_in_the_log(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct text proof = made.files.proof;
    made.payload = text_format(cx->arena, "%.*s ", TEXT_ARGS(made.payload));
    make_receipt(cx, &made);
    made.files.proof = proof;
    assert_stops(cx, &made.files, RECEIPT_IN_TREE, "log.not_in_tree");
    fixture_close(&made.base);
}

static void a_damaged_proof_or_another_key_is_noticed(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct receipt_files files = made.files;
    files.proof = (struct text){made.files.proof.at, made.files.proof.size - 1};
    assert_stops(cx, &files, RECEIPT_PROOF_READ, "log.note_form");
    files = made.files;
    files.verifier_key = TEXT("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    assert_stops(cx, &files, RECEIPT_LOG_SIGNED, "log.other_log");
    files.verifier_key = TEXT("");
    assert_stops(cx, &files, RECEIPT_LOG_SIGNED, "log.key_form");
    fixture_close(&made.base);
}

/* Payload, headers, signatures and the JSON around them. */
static void every_flipped_bit_of_a_receipt_is_noticed(void **state)
{
    (void)state;
    struct case_of made;
    struct ctx *cx = case_open(&made);
    struct arena *whole = cx->arena;
    cx->arena = arena_open(1 << 20);
    char *changed = arena_take(whole, made.files.receipt.size, 1);
    struct receipt_files files = made.files;
    files.receipt.at = changed;
    for (size_t bit = 0; bit < files.receipt.size * 8; bit++) {
        struct receipt_facts facts;
        memcpy(changed, made.files.receipt.at, files.receipt.size);
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << (bit % 8)));
        if (receipt_check(cx, &files, &facts) == OK)
            fail_msg("bit %zu of the receipt does not matter", bit);
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
    arena_close(cx->arena);
    cx->arena = whole;
    fixture_close(&made.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_with_its_proof_passes_every_step),
        cmocka_unit_test(a_receipt_of_another_form_is_refused),
        cmocka_unit_test(one_key_cannot_stand_for_both_sides),
        cmocka_unit_test(keys_that_did_not_sign_are_noticed),
        cmocka_unit_test(a_key_of_any_length_is_told_from_no_key),
        cmocka_unit_test(another_payload_is_not_in_the_log),
        cmocka_unit_test(a_damaged_proof_or_another_key_is_noticed),
        cmocka_unit_test(every_flipped_bit_of_a_receipt_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
