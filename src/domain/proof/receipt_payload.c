/* SPDX-License-Identifier: Apache-2.0
 * Writes the JSON-LD of a receipt, section by section of ISO/IEC TS 27560: header, processing, data, parties, event.
 * The wording that was shown stands in it whole, so that the receipt explains itself without this node. */
#include "domain/proof/receipt_payload.h"

#include "base/json.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/parties/organisation.h"
#include "domain/words/vocabulary.h"

#define PAYLOAD_BYTES_MAX (64 * 1024)

struct payload {
    struct json_writer            json;
    const struct act             *act;
    const struct receipt_subject *subject;
    const json_t                 *notice; /* the purpose's wording, NULL without one */
    struct text                   relationship;
    struct organisation           organisation;
};

static void write_context(struct json_writer *json)
{
    static const struct {
        const char *prefix;
        const char *iri;
    } PREFIXES[] = {
        {"dct", "http://purl.org/dc/terms/"}, {"dpv", DPV_IRI},           {"pd", DPV_PERSONAL_DATA_IRI},
        {"eu-gdpr", DPV_GDPR_IRI},            {"sym", "urn:symbolon:kind:"}, {"symbolon", "urn:symbolon:"},
    };
    json_write_key(json, "@context");
    json_open_object(json);
    for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++)
        json_member_text(json, PREFIXES[i].prefix, text_of(PREFIXES[i].iri));
    json_close_object(json);
}

static struct text notice_text(const struct payload *payload, const char *member)
{
    return json_text(json_object_get(payload->notice, member));
}

/* `"key": {"@id": "symbolon:…", …` and leaves the object open. */
static void open_thing(struct ctx *cx, struct payload *payload, const char *key, struct text id)
{
    struct text iri = text_format(cx->arena, "symbolon:%.*s", TEXT_ARGS(id));
    json_write_key(&payload->json, key);
    json_open_object(&payload->json);
    json_member_text(&payload->json, "@id", iri.at == NULL ? TEXT_NONE : iri);
}

static void write_header(struct ctx *cx, struct payload *payload)
{
    struct json_writer *json = &payload->json;
    struct id receipt_id = relationship_item_id(payload->subject->relationship, ID_RECEIPT, payload->act->receipt_id);
    bool has_subject = payload->subject->subject.size > 0;
    json_member_text(json, "@type", TEXT("dpv:ConsentReceipt"));
    json_member_text(json, "dct:conformsTo", TEXT("https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"));
    json_member_text(json, "symbolon:dpvVersion", TEXT(DPV_VERSION));
    json_member_text(json, "dct:identifier", id_text(cx, receipt_id));
    json_member_text(json, "dct:language", payload->subject->language);
    json_member_text(json, "symbolon:act", text_of(act_event(payload->act->kind)));
    json_member_text(json, "symbolon:subject", has_subject ? payload->subject->subject : payload->relationship);
}

/* 27560 "processing": purpose, legal basis, storage, recipients. */
static void write_process(struct ctx *cx, struct payload *payload)
{
    struct json_writer *json = &payload->json;
    json_write_key(json, "dpv:hasProcess");
    json_open_object(json);
    open_thing(cx, payload, "dpv:hasPurpose", payload->subject->purpose);
    json_member_text(json, "@type", notice_text(payload, "term"));
    json_member_int(json, "symbolon:version", payload->act->purpose_version);
    json_member_text(json, "dct:title", notice_text(payload, "name"));
    json_close_object(json);
    json_member_text(json, "dpv:hasLegalBasis",
                     text_of(legal_basis_term(legal_basis_find(notice_text(payload, "legal_basis")))));
    json_write_key(json, "dpv:hasStorageCondition");
    json_open_object(json);
    json_member_text(json, "dpv:hasDuration", notice_text(payload, "retention"));
    json_close_object(json);
    json_write_key(json, "dpv:hasRecipient");
    json_open_array(json);
    const json_t *passed_on = json_object_get(json_object_get(payload->notice, "facts"), "passed_on");
    for (size_t i = 0; i < json_array_size(passed_on); i++)
        json_write_text(json, json_text(json_array_get(passed_on, i)));
    json_close_array(json);
    json_close_object(json);
}

static void write_personal_data(struct payload *payload)
{
    struct json_writer *json = &payload->json;
    json_write_key(json, "dpv:hasPersonalData");
    json_open_array(json);
    for (attribute_number n = ATTRIBUTE_NONE;
         (n = attribute_set_next(payload->act->attributes, n)) != ATTRIBUTE_NONE;) {
        const struct attribute_kind *kind = attribute_by_number(n);
        if (kind != NULL)
            json_write_text(json, text_of(kind->term));
    }
    json_close_array(json);
}

/* 27560 "party": the organisation, its departments that may use the data, and the data subject by the pairwise id. */
static err write_parties(struct ctx *cx, struct payload *payload)
{
    struct json_writer *json = &payload->json;
    struct department *departments = NULL;
    size_t count = 0;
    TRY(department_list(cx, payload->organisation.organisation_id, &departments, &count));
    open_thing(cx, payload, "dpv:hasDataSubject", payload->relationship);
    json_close_object(json);
    struct id organisation_id = {ID_ORGANISATION, payload->organisation.organisation_id, 0};
    open_thing(cx, payload, "dpv:hasDataController", id_text(cx, organisation_id));
    json_member_text(json, "dct:title", payload->organisation.name);
    json_write_key(json, "symbolon:departments");
    json_open_array(json);
    for (size_t i = 0; i < count; i++)
        if ((payload->act->departments & departments[i].bit) != 0 ||
            payload->act->department_id == departments[i].department_id)
            json_write_text(json, departments[i].name);
    json_close_array(json);
    json_close_object(json);
    return OK;
}

/* The keys under which the two signatures verify. They are new for each relationship, so they link nothing. */
static err write_keys(struct ctx *cx, struct payload *payload)
{
    struct text person;
    struct text organisation;
    TRY(relationship_public_key(cx, payload->subject->relationship, &person));
    TRY(organisation_public_key(cx, payload->organisation.organisation_id, &organisation));
    struct json_writer *json = &payload->json;
    json_write_key(json, "symbolon:keys");
    json_open_object(json);
    json_write_key(json, "person");
    json_write_raw(json, person);
    json_write_key(json, "organisation");
    json_write_raw(json, organisation);
    json_close_object(json);
    return OK;
}

static void write_uses(struct payload *payload)
{
    const struct uses *uses = &payload->act->uses;
    struct json_writer *json = &payload->json;
    json_write_key(json, "symbolon:uses");
    json_open_object(json);
    json_member_text(json, "kind", text_of(uses_word(uses->kind)));
    if (uses->kind == USES_TIMES) /* "once" says it */
        json_member_int(json, "times", uses->max);
    if (uses->kind == USES_EVENT)
        json_member_text(json, "event", uses->event);
    json_close_object(json);
}

/* 27560 "event": what was decided, when, by whom, for how long. */
static void write_event(struct ctx *cx, struct payload *payload)
{
    struct json_writer *json = &payload->json;
    const struct act *act = payload->act;
    bool is_request = text_starts_with(text_of(act_event(act->kind)), "request.");
    json_write_key(json, "dpv:hasConsentStatus");
    json_open_object(json);
    json_member_text(json, "@type", text_of(act_consent_status(act->kind)));
    json_member_time(json, "dpv:isIndicatedAtTime", cx->now_ms);
    json_member_text(json, "dpv:isIndicatedBy", cx->actor.kind == ACTOR_PERSON ? TEXT("data subject") :
                     cx->actor.kind == ACTOR_SYSTEM ? TEXT("data controller") : TEXT("node"));
    json_write_key(json, "dpv:hasDuration");
    json_open_object(json);
    json_member_time(json, "symbolon:from", act->from_at_ms);
    json_member_time(json, "symbolon:until", is_request ? 0 : act->until_at_ms); /* a request's is when it lapses */
    if (act->duration_ms != 0)
        json_member_text(json, "symbolon:length", duration_to_text(cx->arena, act->duration_ms));
    json_close_object(json);
    write_uses(payload);
    json_close_object(json);
    json_write_key(json, "dpv:hasConsentControl");
    json_open_object(json);
    json_member_text(json, "@type", TEXT("dpv:WithdrawConsent"));
    json_member_text(json, "dpv:isExercisedAt", TEXT("/v1/me/grants"));
    json_close_object(json);
}

/* What the person objects to, told whole in the receipt of the act that says so. */
static void write_objection(struct payload *payload)
{
    struct json_writer *json = &payload->json;
    dpv_purpose term = DPV_NONE;
    bool passed_on = false;
    json_write_key(json, "symbolon:objection");
    json_open_object(json);
    json_member_bool(json, "stands", payload->act->kind != ACT_RELATIONSHIP_LIFTED);
    json_member_text(json, "by", payload->act->kind == ACT_RELATIONSHIP_SIGNALLED ? TEXT("signal") : TEXT("person"));
    json_write_key(json, "against");
    json_open_array(json);
    for (size_t i = 0; objection_term(i, &term, &passed_on); i++) {
        json_open_object(json);
        json_member_text(json, "term", text_of(dpv_purpose_term(term)));
        json_member_bool(json, "whenPassedOn", passed_on);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static bool is_of_objection(act_kind kind)
{
    return kind == ACT_RELATIONSHIP_SIGNALLED || kind == ACT_RELATIONSHIP_OBJECTED || kind == ACT_RELATIONSHIP_LIFTED;
}

static void write_relationship(struct payload *payload)
{
    struct json_writer *json = &payload->json;
    json_write_key(json, "symbolon:relationship");
    json_open_object(json);
    json_member_text(json, "id", payload->relationship);
    json_member_text(json, "nature", text_of(relationship_nature_word((relationship_nature)payload->act->nature)));
    json_member_time(json, "ends", payload->act->until_at_ms);
    json_member_time(json, "review", payload->act->review_at_ms);
    json_member_bool(json, "erase", payload->subject->erase);
    json_close_object(json);
}

static void write_notice(struct payload *payload)
{
    struct json_writer *json = &payload->json;
    json_write_key(json, "dpv:hasNotice");
    json_open_object(json);
    json_member_text(json, "@type", TEXT("dpv:ConsentNotice"));
    json_write_key(json, "symbolon:wording");
    json_write_raw(json, payload->subject->notice);
    json_close_object(json);
}

static err write_body(struct ctx *cx, struct payload *payload)
{
    json_open_object(&payload->json);
    write_context(&payload->json);
    write_header(cx, payload);
    TRY(write_parties(cx, payload));
    if (payload->notice != NULL) {
        write_notice(payload);
        write_process(cx, payload);
        write_personal_data(payload);
    } else {
        write_relationship(payload);
    }
    if (is_of_objection(payload->act->kind))
        write_objection(payload);
    write_event(cx, payload);
    TRY(write_keys(cx, payload));
    json_close_object(&payload->json);
    return OK;
}

err receipt_payload(struct ctx *cx, const struct act *act, const struct receipt_subject *subject, struct text *out)
{
    struct payload payload = {
        .json = json_writer_open(cx->arena, PAYLOAD_BYTES_MAX),
        .act = act,
        .subject = subject,
        .relationship = id_text(cx, relationship_id(subject->relationship)),
    };
    TRY(organisation_load(cx, subject->relationship->organisation_id, &payload.organisation));
    if (subject->notice.size > 0)
        TRY(json_parse(cx, subject->notice, &payload.notice));
    TRY(write_body(cx, &payload));
    if (arena_is_exhausted(cx->arena)) /* an id that found no room would be missing */
        return FAIL_MEMORY(cx);
    return json_writer_finish(cx, &payload.json, out);
}
