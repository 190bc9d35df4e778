/* SPDX-License-Identifier: Apache-2.0
 * Shapes of what several topics show: relationship, grant, purpose, request, uses. */
#include "base/limits.h"
#include "http/doors/api_view.h"

/* ---- words */

const struct choice NATURE_WORDS[] = {
#define X(name, number, word, sentence) {NATURE_##name, word},
#include "domain/words/nature.def"
#undef X
    {0, NULL},
};

static const struct choice RELATIONSHIP_STATES[] = {
    {RELATIONSHIP_INVITED, "invited"}, {RELATIONSHIP_PROPOSED, "proposed"}, {RELATIONSHIP_ACTIVE, "active"},
    {RELATIONSHIP_PAUSED, "paused"},   {RELATIONSHIP_ENDED, "ended"},       {0, NULL},
};

static const struct choice GRANT_STATES[] = {
    {GRANT_ACTIVE, "active"},   {GRANT_WITHDRAWN, "withdrawn"}, {GRANT_EXPIRED, "expired"},
    {GRANT_USED_UP, "used_up"}, {GRANT_ENDED, "ended"},         {0, NULL},
};

static const struct choice REQUEST_STATES[] = {
    {REQUEST_OPEN, "open"},           {REQUEST_ACCEPTED, "accepted"},   {REQUEST_ADJUSTED, "adjusted"},
    {REQUEST_COUNTERED, "countered"}, {REQUEST_REFUSED, "refused"},     {REQUEST_CANCELLED, "cancelled"},
    {REQUEST_LAPSED, "lapsed"},       {0, NULL},
};

static const struct choice PURPOSE_STATES[] = {
    {PURPOSE_DRAFT, "draft"}, {PURPOSE_PUBLISHED, "published"}, {PURPOSE_RETIRED, "retired"}, {0, NULL},
};

static const struct choice USES_KINDS[] = {
    {USES_PERIOD, "period"}, {USES_ONCE, "once"}, {USES_TIMES, "times"}, {USES_EVENT, "event"}, {0, NULL},
};

/* ---- small parts */

const struct shape SHAPE_NOTHING = {.name = "Nothing", .sentence = "An object without members."};

static const struct shape_member NAMED[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct named, id, .id = ID_ORGANISATION),
    MEMBER("name", TEXT, SHAPE_READ_ONLY, struct named, name),
};
const struct shape SHAPE_NAMED = {.name = "Organisation", .sentence = "An organisation by id and name.",
    SHAPE_MEMBERS(NAMED), .size = sizeof(struct named)};

static const struct shape_member NAMED_DEPARTMENT[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct named, id, .id = ID_DEPARTMENT),
    MEMBER("name", TEXT, SHAPE_READ_ONLY, struct named, name),
};
const struct shape SHAPE_NAMED_DEPARTMENT = {.name = "DepartmentName",
    .sentence = "A department by id and name.", SHAPE_MEMBERS(NAMED_DEPARTMENT), .size = sizeof(struct named)};

static const struct shape_member NAMED_SYSTEM[] = {
    MEMBER("id", ID, 0, struct named, id, .id = ID_SYSTEM),
    MEMBER("name", TEXT, 0, struct named, name),
};
const struct shape SHAPE_NAMED_SYSTEM = {.name = "SystemName",
    .sentence = "A system by id and name.", SHAPE_MEMBERS(NAMED_SYSTEM), .size = sizeof(struct named)};

static const struct shape_member PURPOSE_NAMED[] = {
    MEMBER("id", ID, 0, struct purpose_named, id, .id = ID_PURPOSE),
    MEMBER("version", INT, 0, struct purpose_named, version),
    MEMBER("name", TEXT, 0, struct purpose_named, name),
};
static const struct shape SHAPE_PURPOSE_NAMED = {.name = "PurposeName", .sentence = "One version of a purpose.",
    SHAPE_MEMBERS(PURPOSE_NAMED), .size = sizeof(struct purpose_named)};

static const struct shape_member USES[] = {
    MEMBER("kind", CHOICE, SHAPE_REQUIRED, struct uses, kind, .choices = USES_KINDS,
           .sentence = "As often as wished in its period, once, a number of times, or until an event."),
    MEMBER("times", INT, SHAPE_SPARSE, struct uses, max, .least = 1, .most = LIMIT_USES,
           .sentence = "With the kind times: how often."),
    MEMBER("event", TEXT, SHAPE_SPARSE, struct uses, event, .least = 1, .most = LIMIT_NAME_BYTES,
           .sentence = "With the kind event: what must happen, in plain words."),
};
const struct shape SHAPE_USES = {.name = "Uses", .sentence = "How often a grant may be used.", SHAPE_MEMBERS(USES),
    .size = sizeof(struct uses)};

/* ---- relationship */

static const struct choice OBJECTION_STATES[] = {{OBJECTION_SIGNALLED, "stands"}, {OBJECTION_MADE, "stands"},
    {OBJECTION_LIFTED, "lifted"}, {0, NULL}};
static const struct choice OBJECTION_WAYS[] = {{OBJECTION_SIGNALLED, "signal"}, {OBJECTION_MADE, "person"},
    {OBJECTION_LIFTED, "person"}, {0, NULL}};
static const struct shape_member OBJECTION[] = {
    MEMBER("state", CHOICE, 0, struct objection_view, state, .choices = OBJECTION_STATES),
    MEMBER("by", CHOICE, 0, struct objection_view, by, .choices = OBJECTION_WAYS,
           .sentence = "The signal of a browser (Sec-GPC), or the person's own word."),
    MEMBER("since", TIME, 0, struct objection_view, since_ms),
};
const struct shape SHAPE_OBJECTION = {.name = "Objection",
    .sentence = "To the sale of data and to advertising by it.", SHAPE_MEMBERS(OBJECTION),
    .size = sizeof(struct objection_view)};

static const struct shape_member RELATIONSHIP[] = {
    MEMBER("id", ID, 0, struct relationship_view, id, .id = ID_RELATIONSHIP),
    MEMBER("organisation", OBJECT, 0, struct relationship_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("nature", CHOICE, 0, struct relationship_view, nature, .choices = NATURE_WORDS,
           .sentence = "What the relationship is, as the person states it."),
    MEMBER("state", CHOICE, 0, struct relationship_view, state, .choices = RELATIONSHIP_STATES),
    MEMBER("started", TIME, SHAPE_NULLABLE, struct relationship_view, started_at_ms),
    MEMBER("ends", TIME, SHAPE_NULLABLE, struct relationship_view, ends_at_ms,
           .sentence = "When it ends by itself; null: open."),
    MEMBER("review", TIME, SHAPE_NULLABLE, struct relationship_view, review_at_ms,
           .sentence = "When the person wants to look at it again."),
    MEMBER("grants", INT, 0, struct relationship_view, grants,
           .sentence = "How many grants have not ended; one that is used up counts until then."),
    MEMBER("objection", OBJECT_AT, SHAPE_NULLABLE, struct relationship_view, objection, .shape = &SHAPE_OBJECTION,
           .sentence = "While it stands, older grants permit no such purpose; null: nothing was said."),
};
const struct shape SHAPE_RELATIONSHIP = {.name = "Relationship", .sentence = "One person with one organisation.",
    SHAPE_MEMBERS(RELATIONSHIP), .size = sizeof(struct relationship_view)};
SHAPE_PAGE(SHAPE_RELATIONSHIP_PAGE, "RelationshipPage", &SHAPE_RELATIONSHIP);

/* ---- grant */

static const struct shape_member GRANT[] = {
    MEMBER("id", ID, 0, struct grant_view, id, .id = ID_GRANT),
    MEMBER("relationship", ID, 0, struct grant_view, relationship, .id = ID_RELATIONSHIP),
    MEMBER("organisation", OBJECT, 0, struct grant_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("purpose", OBJECT, 0, struct grant_view, purpose, .shape = &SHAPE_PURPOSE_NAMED),
    MEMBER("attributes", KINDS, 0, struct grant_view, attributes),
    LIST("departments", IDS, 0, struct grant_view, departments, .id = ID_DEPARTMENT),
    LIST("department_names", TEXTS, 0, struct grant_view, department_names, .sentence = "In the order of departments."),
    MEMBER("state", CHOICE, 0, struct grant_view, state, .choices = GRANT_STATES),
    MEMBER("from", TIME, 0, struct grant_view, from_at_ms),
    MEMBER("until", TIME, 0, struct grant_view, until_at_ms, .sentence = "When it ends by itself."),
    MEMBER("ended", TIME, SHAPE_NULLABLE, struct grant_view, ended_at_ms,
           .sentence = "When somebody or something ended it before."),
    MEMBER("uses", OBJECT, 0, struct grant_view, uses, .shape = &SHAPE_USES),
    MEMBER("used", INT, 0, struct grant_view, used, .sentence = "How often it was used, where that counts."),
    MEMBER("receipt", ID, SHAPE_NULLABLE, struct grant_view, receipt, .id = ID_RECEIPT,
           .sentence = "The evidence of its latest act."),
};
const struct shape SHAPE_GRANT = {.name = "Grant", .sentence = "A permission, as both sides see it.",
    SHAPE_MEMBERS(GRANT), .size = sizeof(struct grant_view)};
SHAPE_PAGE(SHAPE_GRANT_PAGE, "GrantPage", &SHAPE_GRANT);

/* ---- purpose */

static const struct shape_member PURPOSE_KINDS[] = {
    MEMBER("needed", KINDS, 0, struct purpose_view, needed, .sentence = "Without these it cannot be done."),
    MEMBER("optional", KINDS, 0, struct purpose_view, optional, .sentence = "These would help."),
};
/* The two parts below lie in the same struct as the purpose itself: their offset in it is 0. */
static const struct shape SHAPE_PURPOSE_KINDS = {.name = "PurposeAttributes", .sentence = "Kinds of data.",
    SHAPE_MEMBERS(PURPOSE_KINDS), .size = sizeof(struct purpose_view)};

#define UNSAID(field) .unsaid = offsetof(struct purpose_view, unsaid.field)
static const struct shape_member PURPOSE_FACTS[] = {
    LIST("passed_on", TEXTS, SHAPE_NULLABLE, struct purpose_view, passed_on, UNSAID(passed_on), .most = 20,
         .sentence = "Who else gets the data."),
    MEMBER("scored", BOOL, SHAPE_NULLABLE, struct purpose_view, scored, UNSAID(scored),
           .sentence = "Used to rate or rank the person."),
    MEMBER("leaves_eea", BOOL, SHAPE_NULLABLE, struct purpose_view, leaves_eea, UNSAID(leaves_eea),
           .sentence = "Goes outside the European Economic Area."),
    MEMBER("trains_ai", BOOL, SHAPE_NULLABLE, struct purpose_view, trains_ai, UNSAID(trains_ai),
           .sentence = "Used to train models."),
};
static const struct shape SHAPE_PURPOSE_FACTS = {.name = "PurposeFacts", .sentence = "Four plain facts.",
    SHAPE_MEMBERS(PURPOSE_FACTS), .size = sizeof(struct purpose_view)};

#define SLOT(member_name, field, bytes_max, words)                                                                     \
    MEMBER(member_name, TEXT, 0, struct purpose_view, field, .most = (bytes_max), .sentence = (words))
static const struct shape_member PURPOSE[] = {
    MEMBER("id", ID, SHAPE_READ_ONLY, struct purpose_view, id, .id = ID_PURPOSE),
    MEMBER("version", INT, SHAPE_READ_ONLY, struct purpose_view, version),
    MEMBER("state", CHOICE, SHAPE_READ_ONLY, struct purpose_view, state, .choices = PURPOSE_STATES),
    MEMBER("organisation", OBJECT, SHAPE_READ_ONLY, struct purpose_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("name", TEXT, SHAPE_REQUIRED, struct purpose_view, name, .least = 1, .most = LIMIT_NAME_BYTES),
    SLOT("sentence", sentence, LIMIT_SENTENCE_BYTES, "Why the data is wanted, in one plain sentence."),
    SLOT("example", example, LIMIT_SENTENCE_BYTES, "What will happen with it, for instance."),
    SLOT("term", term, LIMIT_NAME_BYTES, "The purpose as a DPV term: dpv:DeliveryOfGoods."),
    SLOT("legal_basis", legal_basis, LIMIT_NAME_BYTES,
         "consent, contract, legal_obligation, vital_interest, public_task or legitimate_interest."),
    {.name = "attributes", .type = SHAPE_OBJECT, .flags = SHAPE_REQUIRED, .shape = &SHAPE_PURPOSE_KINDS},
    LIST("departments", IDS, 0, struct purpose_view, departments, .id = ID_DEPARTMENT, .least = 1,
         .most = LIMIT_DEPARTMENTS, .sentence = "Who reads it; the caller's department when none is named."),
    MEMBER("longest", DURATION, SHAPE_REQUIRED, struct purpose_view, longest_ms, .least = 1,
           .written = offsetof(struct purpose_view, longest_words),
           .sentence = "No grant lasts longer; at most twelve months."),
    MEMBER("shortest_useful", DURATION, SHAPE_NULLABLE, struct purpose_view, shortest_useful_ms,
           .written = offsetof(struct purpose_view, shortest_useful_words)),
    MEMBER("retention", DURATION, SHAPE_NULLABLE, struct purpose_view, retention_ms,
           .written = offsetof(struct purpose_view, retention_words), UNSAID(retention),
           .sentence = "How long the data is kept after the end."),
    {.name = "facts", .type = SHAPE_OBJECT, .shape = &SHAPE_PURPOSE_FACTS},
    SLOT("benefit", benefit, LIMIT_SENTENCE_BYTES, "What the person gets."),
    SLOT("if_no", if_no, LIMIT_SENTENCE_BYTES, "What happens when the person says no."),
    SLOT("language", language, 35, "BCP 47 tag of the wording."),
    MEMBER("created", TIME, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct purpose_view, created_at_ms),
    MEMBER("published", TIME, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct purpose_view, published_at_ms),
    MEMBER("retired", TIME, SHAPE_READ_ONLY | SHAPE_NULLABLE, struct purpose_view, retired_at_ms),
};
#undef SLOT
#undef UNSAID
const struct shape SHAPE_PURPOSE = {.name = "Purpose", .sentence = "Why an organisation wants data.",
    SHAPE_MEMBERS(PURPOSE), .size = sizeof(struct purpose_view)};
SHAPE_PAGE(SHAPE_PURPOSE_PAGE, "PurposePage", &SHAPE_PURPOSE);

/* ---- request */

static const struct shape_member OFFER[] = {
    MEMBER("attributes", KINDS, 0, struct offer_view, attributes),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct offer_view, duration_ms),
    MEMBER("uses", OBJECT, 0, struct offer_view, uses, .shape = &SHAPE_USES),
};
static const struct shape SHAPE_OFFER = {.name = "CounterOffer", .sentence = "What the person would give instead.",
    SHAPE_MEMBERS(OFFER), .size = sizeof(struct offer_view)};

static const struct shape_member REQUEST[] = {
    MEMBER("id", ID, 0, struct request_view, id, .id = ID_REQUEST),
    MEMBER("state", CHOICE, 0, struct request_view, state, .choices = REQUEST_STATES),
    MEMBER("relationship", ID, 0, struct request_view, relationship, .id = ID_RELATIONSHIP),
    MEMBER("organisation", OBJECT, 0, struct request_view, organisation, .shape = &SHAPE_NAMED),
    MEMBER("department", OBJECT, 0, struct request_view, department, .shape = &SHAPE_NAMED_DEPARTMENT),
    MEMBER("purpose", ID, 0, struct request_view, purpose, .id = ID_PURPOSE),
    MEMBER("purpose_version", INT, 0, struct request_view, purpose_version),
    MEMBER("notice", OBJECT_AT, SHAPE_SPARSE, struct request_view, notice, .shape = &SHAPE_PURPOSE,
           .sentence = "For the person: the wording of that version."),
    MEMBER("objected", BOOL, 0, struct request_view, objected,
           .sentence = "The person's objection stands against this purpose; a yes is the newer word."),
    MEMBER("attributes", KINDS, 0, struct request_view, attributes),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct request_view, duration_ms),
    MEMBER("uses", OBJECT, 0, struct request_view, uses, .shape = &SHAPE_USES),
    MEMBER("counter", OBJECT_AT, SHAPE_NULLABLE, struct request_view, counter, .shape = &SHAPE_OFFER),
    MEMBER("revision", INT, 0, struct request_view, revision,
           .sentence = "1, or 2 once a counter-offer was met by a revised request."),
    MEMBER("created", TIME, 0, struct request_view, created_at_ms),
    MEMBER("expires", TIME, SHAPE_NULLABLE, struct request_view, expires_at_ms),
    MEMBER("answered", TIME, SHAPE_NULLABLE, struct request_view, answered_at_ms),
    MEMBER("grant", ID, SHAPE_NULLABLE, struct request_view, grant, .id = ID_GRANT),
};
const struct shape SHAPE_REQUEST = {.name = "Request", .sentence = "A department asks for a grant.",
    SHAPE_MEMBERS(REQUEST), .size = sizeof(struct request_view)};
SHAPE_PAGE(SHAPE_REQUEST_PAGE, "RequestPage", &SHAPE_REQUEST);
