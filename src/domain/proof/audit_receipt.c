/* SPDX-License-Identifier: Apache-2.0
 * The evidence of each act: that it is there, opens, is what the log was given, and that the signed copy holds the same
 * bytes. The payload is written once more from the act, the purpose, the names and the keys as they stand in the store,
 * and compared part by part: so the receipts also hold those against change. Whether signatures and proofs verify is
 * for ledger/receipt_check.h, also offline. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/parties/purpose.h"
#include "domain/proof/audit_walk.h"
#include "domain/proof/receipt_payload.h"
#include "ledger/leaf.h"

/* The two versions of the sealed thing, as domain/proof/receipt.c writes them. */
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

/* ---- what the receipt tells */

/* The parts of a payload, and what each rests on. */
static const struct {
    const char *member;
    const char *subject;
} PARTS[] = {
    {"symbolon:act", "another kind of act"},
    {"dct:identifier", "another receipt"},
    {"symbolon:subject", "another subject"},
    {"dct:language", "another language"},
    {"dpv:hasNotice", "another wording than its purpose has"},
    {"dpv:hasProcess", "other processing than its purpose has"},
    {"dpv:hasPersonalData", "other kinds of data"},
    {"dpv:hasDataSubject", "another relationship"},
    {"dpv:hasDataController", "another organisation or other departments"},
    {"dpv:hasConsentStatus", "another actor, moment, span or use"},
    {"symbolon:relationship", "other terms of the relationship"},
    {"symbolon:keys", "other keys than are kept"},
};

/* The purpose of the act into what the receipt is made of. */
static err load_purpose(struct ctx *cx, const struct act *act, struct receipt_subject *subject)
{
    struct id purpose_id = {ID_PURPOSE, act->organisation_id, act->purpose_id};
    struct purpose purpose;
    TRY(purpose_load(cx, &purpose_id, act->purpose_version, &purpose));
    subject->notice = purpose.body;
    subject->language = purpose.language;
    subject->purpose = id_text(cx, purpose_id);
    return OK;
}

/* The payload as the store of today would give it. */
static err derive(struct ctx *cx, const struct exhibit *exhibit, const json_t *payload, const json_t **out)
{
    static const id_type TYPES[] = {[AUDIT_GRANT] = ID_GRANT, [AUDIT_REQUEST] = ID_REQUEST};
    const struct audit_subject *of = exhibit->subject;
    struct relationship relationship = {
        .person_id = exhibit->act->person_id,
        .relationship_id = exhibit->act->relationship_id,
        .organisation_id = exhibit->act->organisation_id,
        .edge_person_id = of->edge_person_id,
    };
    struct receipt_subject subject = {.relationship = &relationship, .language = TEXT("en")};
    struct text text;
    if (of->topic == AUDIT_RELATIONSHIP) /* that deletion was asked for stands nowhere else but in the outbox */
        subject.erase = json_is_true(json_object_get(json_object_get(payload, "symbolon:relationship"), "erase"));
    else
        TRY(load_purpose(cx, exhibit->act, &subject));
    if (of->topic != AUDIT_RELATIONSHIP)
        subject.subject = id_text(cx, relationship_item_id(&relationship, TYPES[of->topic], of->subject_id));
    TRY(receipt_payload(cx, exhibit->act, &subject, &text));
    return json_parse(cx, text, out);
}

static bool are_equal(const json_t *a, const json_t *b)
{
    return (a == NULL && b == NULL) || (a != NULL && b != NULL && json_equal(a, b) == 1);
}

/* Receipts of an earlier form call the number of uses "max", also that of once. */
static bool uses_fit(const json_t *told, const json_t *due, const struct uses *uses)
{
    const json_t *max = json_object_get(told, "max");
    if (max == NULL)
        return are_equal(told, due);
    const json_t *kind = json_object_get(told, "kind");
    return json_integer_value(max) == uses->max && are_equal(kind, json_object_get(due, "kind"));
}

static bool status_fits(const json_t *told, const json_t *due, const struct uses *uses)
{
    static const char *const MEMBERS[] = {"@type", "dpv:isIndicatedAtTime", "dpv:isIndicatedBy", "dpv:hasDuration"};
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++)
        if (!are_equal(json_object_get(told, MEMBERS[i]), json_object_get(due, MEMBERS[i])))
            return false;
    return uses_fit(json_object_get(told, "symbolon:uses"), json_object_get(due, "symbolon:uses"), uses);
}

static err compare_parts(struct audit_walk *walk, const struct exhibit *exhibit, const json_t *payload)
{
    struct ctx then = walk->brief; /* as it was when the act was done */
    const json_t *derived = NULL;
    then.now_ms = exhibit->act->at_ms;
    then.actor = (struct actor){.kind = exhibit->act->actor_kind};
    err result = derive(&then, exhibit, payload, &derived);
    if (result == NOT_FOUND || result == CORRUPT || result == MALFORMED) {
        audit_found(walk, "The receipt %.*s of act %lld rests on a purpose, organisation or key that is not there.",
                    TEXT_ARGS(exhibit->name), (long long)exhibit->act->act_id);
        return OK;
    }
    walk->brief.failure = then.failure;
    TRY(result);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        const json_t *told = json_object_get(payload, PARTS[i].member);
        const json_t *due = json_object_get(derived, PARTS[i].member);
        bool is_status = strcmp(PARTS[i].member, "dpv:hasConsentStatus") == 0;
        if (!(is_status ? status_fits(told, due, &exhibit->act->uses) : are_equal(told, due)))
            audit_found(walk, "The receipt %.*s does not tell of act %lld: it names %s.", TEXT_ARGS(exhibit->name),
                        (long long)exhibit->act->act_id, PARTS[i].subject);
    }
    return OK;
}

static err check_payload(struct audit_walk *walk, const struct exhibit *exhibit)
{
    const json_t *payload = NULL;
    int64_t uses = exhibit->act->uses.kind;
    if (uses < USES_PERIOD || uses > USES_EVENT) {
        audit_found(walk, "Act %lld holds a kind of use that does not exist.", (long long)exhibit->act->act_id);
        return OK;
    }
    err result = json_parse(&walk->brief, text_of_bytes(exhibit->payload), &payload);
    if (result == MALFORMED) {
        failure_clear(&walk->brief.failure);
        audit_found(walk, "The receipt %.*s is not JSON.", TEXT_ARGS(exhibit->name));
        return OK;
    }
    TRY(result);
    if (json_is_true(json_object_get(json_object_get(payload, "symbolon:relationship"), "erase")))
        TRY(audit_event_of_erasure(walk, exhibit->subject, exhibit->act));
    return compare_parts(walk, exhibit, payload);
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
    if (arena_is_exhausted(walk->brief.arena))
        return FAIL_MEMORY(&walk->brief);
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
    if (!found && walk->person.state == PERSON_ERASED)
        return OK;
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

/* What an act says of itself: a person acts for himself, the node is nobody, and what a topic does not know is 0. */
static void check_columns(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    bool right = act->actor_kind == ACTOR_SYSTEM ||
                 act->actor_id == (act->actor_kind == ACTOR_PERSON ? act->person_id : 0);
    if (subject->topic != AUDIT_RELATIONSHIP)
        right = right && act->nature == 0 && act->review_at_ms == 0;
    if (subject->topic != AUDIT_REQUEST)
        right = right && act->duration_ms == 0 && act->grant_id == 0 && act->department_id == 0;
    if (!right)
        audit_found(walk, "Act %lld of %.*s holds what such an act does not hold, or names another actor.",
                    (long long)act->act_id, TEXT_ARGS(audit_name(walk, subject)));
}

err audit_receipt(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act)
{
    bool due = act_consent_status(act->kind)[0] != '\0';
    check_columns(walk, subject, act);
    TRY(audit_event_of_act(walk, subject, act));
    if (due != (act->receipt_id != 0))
        audit_found(walk, "Act %lld of %.*s has %s receipt.", (long long)act->act_id,
                    TEXT_ARGS(audit_name(walk, subject)), due ? "no" : "an undue");
    if (act->receipt_id == 0)
        return OK;
    struct exhibit exhibit = {subject, act, id_text(&walk->brief, (struct id){ID_RECEIPT, subject->edge_person_id,
                                                                              act->receipt_id}), {NULL, 0}};
    return exhibit.name.at == NULL ? FAIL_MEMORY(&walk->brief) : check_row(walk, &exhibit);
}
