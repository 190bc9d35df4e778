/* SPDX-License-Identifier: Apache-2.0
 * Receipts: made and sealed with their act, signed and kept beside it, proved by the log. */
#include "domain/proof/receipt.h"

#include <string.h>

#include "crypto/jose.h"
#include "crypto/seal.h"
#include "domain/parties/organisation.h"
#include "domain/people/person_key.h"
#include "domain/policy.h"
#include "domain/proof/receipt_payload.h"
#include "ledger/ledger.h"
#include "store/queries.h"

#define RECEIPT_TYPE "symbolon-receipt"

/* The payload and the signatures are two versions of one sealed thing, so that neither opens as the other. */
enum { SEALED_PAYLOAD = 1, SEALED_SIGNATURES = 2 };

static struct seal_place place_of(int64_t person_id, int64_t receipt_id, int64_t version)
{
    return (struct seal_place){.person_id = person_id, .kind = SEAL_RECEIPT, .item = receipt_id, .version = version};
}

static err seal_payload(struct ctx *cx, const struct act *act, const uint8_t salt[LEDGER_SALT_BYTES],
                        struct text payload, struct bytes *out)
{
    struct builder plain = builder_open(cx->arena, payload.size + LEDGER_SALT_BYTES);
    build_bytes(&plain, (struct bytes){salt, LEDGER_SALT_BYTES});
    build_text(&plain, payload);
    if (plain.overflowed)
        return FAIL_MEMORY(cx);
    PERSON_KEY key;
    TRY(person_key_open(cx, act->person_id, &key));
    struct seal_place place = place_of(act->person_id, act->receipt_id, SEALED_PAYLOAD);
    return seal(cx, &key, &place, builder_bytes(&plain), out);
}

void receipt_make_ahead(struct ctx *cx, const struct relationship *relationship)
{
    organisation_ahead(cx, relationship->organisation_id);
    sql_relationship_key_load_ahead(cx, &(struct sql_relationship_key_load_in){
        relationship->person_id, relationship->relationship_id});
    person_key_open_ahead(cx, relationship->person_id);
}

err receipt_make(struct ctx *cx, struct act *act, const struct receipt_subject *subject)
{
    struct text payload;
    uint8_t salt[LEDGER_SALT_BYTES];
    uint8_t leaf[HASH_BYTES];
    act->receipt_id = ctx_number(cx);
    TRY(receipt_payload(cx, act, subject, &payload));
    random_fill(cx->randomness, salt, sizeof salt);
    ledger_leaf(salt, bytes_of_text(payload), leaf);
    struct sql_receipt_insert_in row = {
        .receipt_id = act->receipt_id,
        .person_id = act->person_id,
        .relationship_id = act->relationship_id,
        .organisation_id = act->organisation_id,
        .at_ms = cx->now_ms,
        .leaf = {leaf, sizeof leaf},
    };
    TRY(seal_payload(cx, act, salt, payload, &row.sealed));
    TRY(sql_receipt_insert(cx, &row, NULL));
    return ledger_append(cx, act->person_id, act->receipt_id, leaf);
}

static err open_signatures(struct ctx *cx, const struct secret_key *key, struct receipt *receipt)
{
    struct sql_receipt_signed_load_in in = {receipt->person_id, receipt->receipt_id};
    struct sql_receipt_signed_load_row row;
    bool found = false;
    receipt->jws = TEXT_NONE;
    TRY(sql_receipt_signed_load(cx, &in, &row, &found));
    if (!found)
        return OK;
    struct seal_place place = place_of(receipt->person_id, receipt->receipt_id, SEALED_SIGNATURES);
    struct bytes plain;
    TRY(seal_open(cx, key, &place, row.sealed, &plain));
    receipt->jws = text_of_bytes(plain);
    return OK;
}

static err load_row(struct ctx *cx, int64_t person_id, int64_t receipt_id, struct sql_receipt_load_row *out)
{
    struct sql_receipt_load_in in = {person_id, receipt_id};
    bool found = false;
    TRY(sql_receipt_load(cx, &in, out, &found));
    return found ? OK : FAIL_NOT_FOUND(cx);
}

err receipt_load(struct ctx *cx, int64_t person_id, int64_t receipt_id, struct receipt *out)
{
    struct sql_receipt_load_row row;
    TRY(load_row(cx, person_id, receipt_id, &row));
    PERSON_KEY key;
    TRY(person_key_open(cx, person_id, &key));
    struct seal_place place = place_of(person_id, receipt_id, SEALED_PAYLOAD);
    struct bytes plain;
    TRY(seal_open(cx, &key, &place, row.sealed, &plain));
    if (plain.size < LEDGER_SALT_BYTES)
        return FAIL(cx, CORRUPT, "receipt.too_short", "a stored receipt has no room for its salt");
    struct receipt receipt = {
        .receipt_id = receipt_id,
        .person_id = person_id,
        .relationship_id = row.relationship_id,
        .organisation_id = row.organisation_id,
        .at_ms = row.at_ms,
        .payload = {plain.at + LEDGER_SALT_BYTES, plain.size - LEDGER_SALT_BYTES},
    };
    memcpy(receipt.salt, plain.at, LEDGER_SALT_BYTES);
    TRY(open_signatures(cx, &key, &receipt));
    *out = receipt;
    return OK;
}

/* The departments that may see the receipt, as far as the caller's is concerned. */
static err load_departments(struct ctx *cx, const struct sql_receipt_load_row *receipt, int64_t *out)
{
    struct sql_act_of_receipt_in in = {receipt->person_id, receipt->relationship_id, receipt->receipt_id};
    struct sql_act_of_receipt_row row = {0};
    bool found = false;
    TRY(sql_act_of_receipt(cx, &in, &row, &found));
    struct act act = {.kind = (act_kind)row.kind, .department_id = row.department_id, .departments = row.departments};
    bool seen = found && act_is_seen(&act, &cx->actor);
    *out = seen ? cx->actor.department_bit : 0;
    return OK;
}

err receipt_open(struct ctx *cx, struct text id, struct receipt *out)
{
    int64_t person_id = 0;
    int64_t receipt_id = 0;
    TRY(relationship_open_item(cx, id, ID_RECEIPT, &person_id, &receipt_id));
    struct sql_receipt_load_row row;
    TRY(load_row(cx, person_id, receipt_id, &row));
    struct policy_object object = {.person_id = person_id, .organisation_id = row.organisation_id};
    TRY(load_departments(cx, &row, &object.departments));
    TRY(policy_require(cx, cx->actor.kind == ACTOR_PERSON ? POLICY_RECEIPT_READ : POLICY_RECEIPT_SEE, &object));
    return receipt_load(cx, person_id, receipt_id, out);
}

err receipt_sign(struct ctx *cx, struct receipt *receipt)
{
    if (receipt->jws.size > 0)
        return OK;
    struct relationship relationship;
    struct signing_key keys[2];
    TRY(relationship_load(cx, receipt->person_id, receipt->relationship_id, &relationship));
    TRY(relationship_signing_key(cx, &relationship, &keys[0]));
    TRY(organisation_signing_key(cx, receipt->organisation_id, &keys[1]));
    return jws_sign_two(cx, receipt->payload, TEXT(RECEIPT_TYPE), keys, &receipt->signed_now);
}

err receipt_keep(struct ctx *cx, void *arg)
{
    struct receipt *receipt = arg;
    PERSON_KEY key;
    TRY(person_key_open(cx, receipt->person_id, &key));
    TRY(open_signatures(cx, &key, receipt));
    if (receipt->jws.size > 0)
        return OK; /* another was quicker: his bytes are the ones both sides hold */
    struct sql_receipt_signed_insert_in row = {receipt->receipt_id, receipt->person_id, {NULL, 0}};
    struct seal_place place = place_of(receipt->person_id, receipt->receipt_id, SEALED_SIGNATURES);
    TRY(seal(cx, &key, &place, bytes_of_text(receipt->signed_now), &row.sealed));
    TRY(sql_receipt_signed_insert(cx, &row, NULL));
    receipt->jws = receipt->signed_now;
    return OK;
}

err receipt_proof(struct ctx *cx, const struct receipt *receipt, struct text *out)
{
    return ledger_proof(cx, receipt->person_id, receipt->receipt_id, receipt->salt, out);
}
