/* SPDX-License-Identifier: Apache-2.0
 * The evidence of each act: that it is there, opens, is what the log was given, tells of this act, and that the signed
 * copy holds the same bytes. Whether signatures and proofs verify is for ledger/receipt_check.h, also offline. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/audit_walk.h"
#include "ledger/leaf.h"

/* The two versions of the sealed thing, as domain/receipt.c writes them. */
enum { SEALED_PAYLOAD = 1, SEALED_SIGNATURES = 2 };

/* One receipt under examination. */
struct exhibit {
    const struct audit_subject *subject;
    const struct act           *act;
    struct text                 name; /* id at the edge */
    struct bytes                payload;
};

static struct seal_place place_of(const struct act *act, int64_t version)
{
    return (struct seal_place){
        .person_id = act->person_id, .kind = SEAL_RECEIPT, .item = act->receipt_id, .version = version};
}

static err check_payload(struct audit_walk *walk, const struct exhibit *exhibit)
{
    const json_t *payload = NULL;
    err result = json_parse(&walk->brief, text_of_bytes(exhibit->payload), &payload);
    if (result != OK && result != MALFORMED)
        return result;
    failure_clear(&walk->brief.failure);
    if (result == OK && text_is(json_text(json_object_get(payload, "symbolon:act")), act_event(exhibit->act->kind)) &&
        text_equals(json_text(json_object_get(payload, "dct:identifier")), exhibit->name))
        return OK;
    audit_found(walk, "The receipt %.*s does not tell of act %lld.", TEXT_ARGS(exhibit->name),
                (long long)exhibit->act->act_id);
    return OK;
}

static err check_signed(struct audit_walk *walk, const struct exhibit *exhibit)
{
    struct sql_receipt_signed_load_in in = {exhibit->act->person_id, exhibit->act->receipt_id};
    struct sql_receipt_signed_load_row row;
    struct seal_place place = place_of(exhibit->act, SEALED_SIGNATURES);
    struct bytes plain = {NULL, 0};
    const json_t *jws = NULL;
    bool found = false;
    bool opened = false;
    TRY(sql_receipt_signed_load(&walk->brief, &in, &row, &found));
    if (!found)
        return OK;
    TRY(audit_open(walk, &place, row.sealed, &plain, &opened));
    if (opened && json_parse(&walk->brief, text_of_bytes(plain), &jws) == OK &&
        text_equals(json_text(json_object_get(jws, "payload")), base64url_encode(walk->brief.arena, exhibit->payload)))
        return OK;
    failure_clear(&walk->brief.failure);
    audit_found(walk, "The signed copy of %.*s does not open or holds other bytes.", TEXT_ARGS(exhibit->name));
    return OK;
}

static err check_sealed(struct audit_walk *walk, struct exhibit *exhibit, const struct sql_receipt_load_row *row)
{
    struct seal_place place = place_of(exhibit->act, SEALED_PAYLOAD);
    struct bytes plain;
    uint8_t leaf[HASH_BYTES];
    bool opened = false;
    TRY(audit_open(walk, &place, row->sealed, &plain, &opened));
    if (!opened || plain.size < LEDGER_SALT_BYTES) {
        audit_found(walk, "The receipt %.*s does not open.", TEXT_ARGS(exhibit->name));
        return OK;
    }
    exhibit->payload = (struct bytes){plain.at + LEDGER_SALT_BYTES, plain.size - LEDGER_SALT_BYTES};
    ledger_leaf(plain.at, exhibit->payload, leaf);
    if (!bytes_equals(row->leaf, (struct bytes){leaf, sizeof leaf}))
        audit_found(walk, "The receipt %.*s is not what the log was given.", TEXT_ARGS(exhibit->name));
    TRY(check_payload(walk, exhibit));
    return check_signed(walk, exhibit);
}

static err check_row(struct audit_walk *walk, struct exhibit *exhibit)
{
    const struct act *act = exhibit->act;
    struct sql_receipt_load_in in = {act->person_id, act->receipt_id};
    struct sql_receipt_load_row row;
    bool found = false;
    TRY(sql_receipt_load(&walk->brief, &in, &row, &found));
    if (!found) {
        audit_found(walk, "The receipt %.*s of act %lld is not there.", TEXT_ARGS(exhibit->name),
                    (long long)act->act_id);
        return OK;
    }
    walk->counts.receipts++;
    audit_tally_add(walk, walk->receipts, act->person_id, act->receipt_id);
    if (row.relationship_id != act->relationship_id || row.organisation_id != act->organisation_id ||
        row.at_ms != act->at_ms)
        audit_found(walk, "The receipt %.*s names another relationship, organisation or moment than act %lld.",
                    TEXT_ARGS(exhibit->name), (long long)act->act_id);
    return walk->has_key ? check_sealed(walk, exhibit, &row) : OK;
}

err audit_receipt(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    bool due = act_consent_status(act->kind)[0] != '\0';
    if (due != (act->receipt_id != 0))
        audit_found(walk, "Act %lld of %.*s has %s receipt.", (long long)act->act_id,
                    TEXT_ARGS(audit_name(walk, subject)), due ? "no" : "an undue");
    if (act->receipt_id == 0)
        return OK;
    struct exhibit exhibit = {subject, act, id_text(&walk->brief, (struct id){ID_RECEIPT, subject->edge_person_id,
                                                                              act->receipt_id}), {NULL, 0}};
    return exhibit.name.at == NULL ? FAIL_MEMORY(&walk->brief) : check_row(walk, &exhibit);
}
