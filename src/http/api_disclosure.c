/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read, and the person's list of reads. The answer is built before its ledger row is written and
 * leaves after it; only when the writer decides otherwise is it built again. */
#include "domain/disclosure.h"

#include "base/limits.h"
#include "http/api_view.h"
#include "http/handlers.h"

/* ---- the read */

struct disclosure_body {
    struct text          relationship;
    struct text          purpose;
    struct attribute_set attributes;
    struct text          note;
    bool                 partial;
};
static const struct shape_member DISCLOSURE_BODY[] = {
    MEMBER("relationship", ID_TEXT, SHAPE_REQUIRED, struct disclosure_body, relationship,
           .id = ID_RELATIONSHIP),
    MEMBER("purpose", ID_TEXT, SHAPE_REQUIRED, struct disclosure_body, purpose, .id = ID_PURPOSE),
    MEMBER("attributes", KINDS, SHAPE_REQUIRED, struct disclosure_body, attributes),
    MEMBER("note", TEXT, SHAPE_NULLABLE, struct disclosure_body, note, .most = LIMIT_NOTE_BYTES,
           .sentence = "For the person to see, such as an order number."),
    MEMBER("partial", BOOL, 0, struct disclosure_body, partial,
           .sentence = "Give what is allowed and name the rest, instead of refusing all."),
};
const struct shape SHAPE_DISCLOSURE_ASK = {.name = "DisclosureAsk", .sentence = "What is to be read, and why.",
    SHAPE_MEMBERS(DISCLOSURE_BODY), .size = sizeof(struct disclosure_body)};

static const struct choice SOURCES[] = {
    {SOURCE_SELF, "self"}, {SOURCE_VERIFIED, "verified"}, {SOURCE_IMPORTED, "imported"}, {0, NULL}};

struct value_view {
    struct text      kind;
    struct text      value;
    attribute_source source;
    int64_t          confirmed_at_ms;
    int64_t          version;
};
static const struct shape_member VALUE[] = {
    MEMBER("kind", TEXT, SHAPE_KEY, struct value_view, kind),
    MEMBER("value", JSON, 0, struct value_view, value),
    MEMBER("source", CHOICE, 0, struct value_view, source, .choices = SOURCES),
    MEMBER("confirmed_at", TIME, 0, struct value_view, confirmed_at_ms),
    MEMBER("version", INT, 0, struct value_view, version),
};
static const struct shape SHAPE_VALUE = {.name = "DisclosedValue", .sentence = "One value, fresh from the vault.",
    SHAPE_MEMBERS(VALUE), .size = sizeof(struct value_view)};

struct refusal_view {
    struct text attribute;
    struct text reason;
};
static const struct shape_member REFUSAL[] = {
    MEMBER("attribute", TEXT, 0, struct refusal_view, attribute),
    MEMBER("reason", TEXT, 0, struct refusal_view, reason),
};
static const struct shape SHAPE_REFUSAL = {.name = "Refusal", .sentence = "A kind that may not be read, and why.",
    SHAPE_MEMBERS(REFUSAL), .size = sizeof(struct refusal_view)};

struct disclosure_view {
    struct id                  id;
    struct id                  relationship;
    struct id                  purpose;
    struct id                  grant;
    const struct id           *grants;
    size_t                     grants_count;
    int64_t                    valid_until_ms;
    const struct value_view   *values;
    size_t                     values_count;
    struct attribute_set       missing;
    const struct refusal_view *refusals;
    size_t                     refusals_count;
};
static const struct shape_member DISCLOSURE[] = {
    MEMBER("id", ID, 0, struct disclosure_view, id, .id = ID_DISCLOSURE),
    MEMBER("relationship", ID, 0, struct disclosure_view, relationship, .id = ID_RELATIONSHIP),
    MEMBER("purpose", ID, 0, struct disclosure_view, purpose, .id = ID_PURPOSE),
    MEMBER("grant", ID, SHAPE_NULLABLE, struct disclosure_view, grant, .id = ID_GRANT),
    LIST("grants", IDS, SHAPE_SPARSE, struct disclosure_view, grants, .id = ID_GRANT,
         .sentence = "When more than one was used."),
    MEMBER("valid_until", TIME, 0, struct disclosure_view, valid_until_ms,
           .sentence = "When the first of the grants ends."),
    LIST("attributes", MAP, 0, struct disclosure_view, values, .shape = &SHAPE_VALUE),
    MEMBER("missing", KINDS, 0, struct disclosure_view, missing,
           .sentence = "Permitted, but the person has not filled them in."),
    LIST("refused", OBJECTS, SHAPE_SPARSE, struct disclosure_view, refusals, .shape = &SHAPE_REFUSAL),
};
const struct shape SHAPE_DISCLOSURE = {.name = "Disclosure", .sentence = "What was read.", SHAPE_MEMBERS(DISCLOSURE),
    .size = sizeof(struct disclosure_view)};

struct refused_view {
    struct id                  id;
    const struct refusal_view *refusals;
    size_t                     refusals_count;
};
static const struct shape_member REFUSED[] = {
    MEMBER("disclosure", ID, 0, struct refused_view, id, .id = ID_DISCLOSURE),
    LIST("refused", OBJECTS, 0, struct refused_view, refusals, .shape = &SHAPE_REFUSAL),
};
static const struct shape SHAPE_REFUSED = {.name = "Refused", SHAPE_MEMBERS(REFUSED),
    .size = sizeof(struct refused_view)};

/* A read under way. The ask stands first: it is what disclosure_commit() takes. */
struct reading {
    struct disclosure_ask ask;
    struct told { /* what the answer that was built said */
        bool    given;
        size_t  values_count, refusals_count, uses_count;
        int64_t valid_until_ms, disclosure_id;
    } told;
};

static err fill_refusals(struct ctx *cx, const struct disclosure_ask *ask, const struct refusal_view **out)
{
    struct refusal_view *refusals = ARENA_ARRAY(cx->arena, struct refusal_view, ask->refusals_count);
    if (refusals == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < ask->refusals_count; i++)
        refusals[i] = (struct refusal_view){text_of(ask->refusals[i].kind->term), text_of(ask->refusals[i].reason)};
    *out = refusals;
    return OK;
}

static err fill_values(struct ctx *cx, const struct disclosure_ask *ask, struct disclosure_view *view)
{
    struct value_view *values = ARENA_ARRAY(cx->arena, struct value_view, ask->values_count);
    struct id *grants = ARENA_ARRAY(cx->arena, struct id, ask->uses_count);
    if (values == NULL || grants == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < ask->values_count; i++) {
        const struct vault_item *item = &ask->values[i].item;
        values[i] = (struct value_view){text_of(ask->values[i].kind->term), item->value, item->source,
            item->confirmed_at_ms, item->version};
    }
    for (size_t i = 0; i < ask->uses_count; i++)
        grants[i] = relationship_item_id(&ask->found, ID_GRANT, ask->uses[i].grant.grant_id);
    view->values = values;
    view->values_count = ask->values_count;
    view->grant = grants[0];
    view->grants = grants;
    view->grants_count = ask->uses_count > 1 ? ask->uses_count : 0;
    return OK;
}

static err answer_given(struct call *call, const struct disclosure_ask *ask)
{
    struct disclosure_view view = {
        .id = relationship_item_id(&ask->found, ID_DISCLOSURE, ask->disclosure_id),
        .relationship = relationship_id(&ask->found),
        .purpose = ask->purpose_id,
        .valid_until_ms = ask->valid_until_ms,
        .missing = ask->missing,
        .refusals_count = ask->refusals_count,
    };
    TRY(fill_values(&call->cx, ask, &view));
    TRY(fill_refusals(&call->cx, ask, &view.refusals));
    return call_reply(call, &view);
}

static err answer_refused(struct call *call, const struct disclosure_ask *ask)
{
    struct ctx *cx = &call->cx;
    struct refused_view view = {.id = relationship_item_id(&ask->found, ID_DISCLOSURE, ask->disclosure_id),
        .refusals_count = ask->refusals_count};
    TRY(fill_refusals(cx, ask, &view.refusals));
    (void)FAIL(cx, FORBIDDEN, ask->reason, "this department may not read all of this now"); /* becomes the reply */
    call_reply_problem(call, &SHAPE_REFUSED, &view);
    return OK;
}

static err answer(struct call *call, struct reading *reading)
{
    const struct disclosure_ask *ask = &reading->ask;
    reading->told = (struct told){ask->given, ask->values_count, ask->refusals_count, ask->uses_count,
        ask->valid_until_ms, ask->disclosure_id};
    return ask->given ? answer_given(call, ask) : answer_refused(call, ask);
}

/* On the writer: nearly always nothing has changed since. */
static err answer_again(struct call *call, void *arg)
{
    struct reading *reading = arg;
    const struct disclosure_ask *ask = &reading->ask;
    const struct told *told = &reading->told;
    bool same = told->given == ask->given && told->values_count == ask->values_count &&
                told->refusals_count == ask->refusals_count && told->uses_count == ask->uses_count &&
                told->valid_until_ms == ask->valid_until_ms && told->disclosure_id == ask->disclosure_id;
    return same ? OK : answer(call, reading);
}

/* Two answers to one question, apart from the id of the read, which stands first. */
static bool says_the_same(struct text a, struct text b)
{
    const size_t head = sizeof "{\"id\":\"" - 1 + ID_TEXT_SIZE;
    return a.size == b.size && a.size > head &&
           text_equals((struct text){a.at + head, a.size - head}, (struct text){b.at + head, b.size - head});
}

/* Asks once more, and compares with the answer that stands in call->reply. */
static err ask_again(struct call *call, const struct disclosure_ask *first, bool repeats, bool *out_same)
{
    const struct reply kept = call->reply;
    struct disclosure_ask again = {.relationship = first->relationship, .purpose = first->purpose,
        .attributes = first->attributes, .note = first->note, .partial = first->partial, .repeats = repeats};
    TRY(disclosure_decide(&call->cx, &again));
    *out_same = false;
    if (!again.given)
        return OK;
    TRY(answer_given(call, &again));
    *out_same = says_the_same(kept.body, call->reply.body);
    call->reply = kept;
    return OK;
}

/* A kept answer holds values: it is given again only when the question would get the very same answer now, from the
 * same grants and the same versions. That the first reading itself used a grant up does not count against it. */
static err still_stands(struct call *call, void *arg, bool *out_stands)
{
    const struct disclosure_ask *first = &((struct reading *)arg)->ask;
    TRY(ask_again(call, first, false, out_stands));
    return *out_stands ? OK : ask_again(call, first, true, out_stands);
}

err post_disclosure(struct call *call)
{
    struct disclosure_body body = {.partial = false};
    struct reading *reading = ARENA_NEW(call->arena, struct reading);
    if (reading == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_body(call, &body));
    reading->ask = (struct disclosure_ask){.relationship = body.relationship, .purpose = body.purpose,
        .attributes = body.attributes, .note = body.note, .partial = body.partial};
    TRY(disclosure_decide(&call->cx, &reading->ask));
    TRY(answer(call, reading));
    return call_seal_with(call, &(struct sealing){.run = disclosure_commit, .arg = reading, .encode = answer_again,
        .person_id = reading->ask.found.person_id, .in_ledger = true, .stands = still_stands});
}

/* ---- the person's list */

struct disclosure_query {
    struct page_query    page;
    struct attribute_set attribute;
    struct text          relationship;
    int64_t              from_at_ms;
    int64_t              until_at_ms;
};
static const struct shape_member DISCLOSURE_QUERY[] = {
    PAGE_QUERY_MEMBERS(struct disclosure_query, page),
    MEMBER("attribute", KINDS, 0, struct disclosure_query, attribute, .sentence = "One kind of data."),
    MEMBER("relationship", ID_TEXT, 0, struct disclosure_query, relationship, .id = ID_RELATIONSHIP),
    MEMBER("from", TIME, 0, struct disclosure_query, from_at_ms),
    MEMBER("until", TIME, 0, struct disclosure_query, until_at_ms),
};
const struct shape SHAPE_DISCLOSURE_QUERY = {.name = "DisclosureQuery", SHAPE_MEMBERS(DISCLOSURE_QUERY),
    .size = sizeof(struct disclosure_query)};

static const struct choice OUTCOMES[] = {{DISCLOSURE_GIVEN, "given"}, {DISCLOSURE_REFUSED, "refused"}, {0, NULL}};

struct entry_view {
    struct id            id;
    int64_t              at_ms;
    struct id            relationship;
    struct text          organisation;
    struct text          department;
    struct text          system;
    struct text          member;
    struct text          purpose;
    struct id            purpose_id;
    struct attribute_set attributes;
    disclosure_outcome   outcome;
    struct text          reason;
    struct id            grant;
    struct text          note;
};
static const struct shape_member ENTRY[] = {
    MEMBER("id", ID, 0, struct entry_view, id, .id = ID_DISCLOSURE),
    MEMBER("at", TIME, 0, struct entry_view, at_ms),
    MEMBER("relationship", ID, 0, struct entry_view, relationship, .id = ID_RELATIONSHIP),
    MEMBER("organisation", TEXT, 0, struct entry_view, organisation),
    MEMBER("department", TEXT, 0, struct entry_view, department),
    MEMBER("system", TEXT, 0, struct entry_view, system),
    MEMBER("member", TEXT, SHAPE_NULLABLE, struct entry_view, member, .sentence = "Who sat there, if told."),
    MEMBER("purpose", TEXT, 0, struct entry_view, purpose),
    MEMBER("purpose_id", ID, 0, struct entry_view, purpose_id, .id = ID_PURPOSE),
    MEMBER("attributes", KINDS, 0, struct entry_view, attributes),
    MEMBER("outcome", CHOICE, 0, struct entry_view, outcome, .choices = OUTCOMES),
    MEMBER("reason", TEXT, SHAPE_NULLABLE, struct entry_view, reason,
           .sentence = "Why it was refused; of a read that found nothing: attribute.absent."),
    MEMBER("grant", ID, SHAPE_NULLABLE, struct entry_view, grant, .id = ID_GRANT),
    MEMBER("note", TEXT, SHAPE_NULLABLE, struct entry_view, note),
};
static const struct shape SHAPE_ENTRY = {.name = "DisclosureEntry", .sentence = "Who read which kinds, and why.",
    SHAPE_MEMBERS(ENTRY), .size = sizeof(struct entry_view)};
SHAPE_PAGE(SHAPE_DISCLOSURE_PAGE, "DisclosurePage", &SHAPE_ENTRY);

/* A refused read may name a purpose that was never published: then it has no name for the person. */
static err name_purpose(struct views *views, const struct disclosure *row, struct entry_view *view)
{
    const struct purpose *purpose = NULL;
    view->purpose_id = (struct id){ID_PURPOSE, row->organisation_id, row->purpose_id};
    view->purpose = TEXT_NONE;
    err found = view_purpose_of(views, &view->purpose_id, row->purpose_version, &purpose);
    if (found == NOT_FOUND) {
        failure_clear(&views->cx->failure);
        return OK;
    }
    TRY(found);
    if (purpose->state != PURPOSE_DRAFT)
        view->purpose = purpose->name;
    return OK;
}

static err view_entry(struct views *views, const struct disclosure *row, struct entry_view *out)
{
    const struct relationship *relationship = NULL;
    struct named organisation;
    struct named department;
    TRY(view_relationship_of(views, row->person_id, row->relationship_id, &relationship));
    TRY(view_organisation(views, row->organisation_id, &organisation));
    TRY(view_department(views, row->organisation_id, row->department_id, &department));
    struct entry_view view = {
        .id = relationship_item_id(relationship, ID_DISCLOSURE, row->disclosure_id),
        .at_ms = row->at_ms,
        .relationship = relationship_id(relationship),
        .organisation = organisation.name,
        .department = department.name,
        .member = TEXT_NONE,
        .attributes = row->attributes,
        .outcome = row->outcome,
        .reason = row->reason,
        .note = row->note,
    };
    if (row->grant_id != 0)
        view.grant = relationship_item_id(relationship, ID_GRANT, row->grant_id);
    TRY(system_name(views->cx, row->organisation_id, row->system_id, &view.system));
    TRY(name_purpose(views, row, &view));
    *out = view;
    return OK;
}

static err fill_list(struct call *call, const struct disclosure_query *query, struct disclosure_list *list)
{
    struct relationship relationship = {.relationship_id = 0};
    if (query->relationship.size > 0)
        TRY(relationship_open(&call->cx, query->relationship, &relationship));
    *list = (struct disclosure_list){
        .attribute = attribute_set_next(query->attribute, ATTRIBUTE_NONE),
        .relationship_id = relationship.relationship_id,
        .from_at_ms = query->from_at_ms,
        .until_at_ms = query->until_at_ms,
        .limit = (int)query->page.limit,
    };
    return call_after(call, &query->page, &list->after);
}

err get_my_disclosures(struct call *call)
{
    struct disclosure_query query = {.page = PAGE_QUERY_START};
    struct disclosure_list list;
    struct views views = {.cx = &call->cx};
    TRY(call_query(call, &query));
    TRY(fill_list(call, &query, &list));
    TRY(disclosure_list(&call->cx, &list));
    struct entry_view *items = ARENA_ARRAY(call->arena, struct entry_view, list.out_count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < list.out_count; i++)
        TRY(view_entry(&views, &list.out[i], &items[i]));
    struct page page = {.items = items, .count = list.out_count};
    if (list.out_more)
        page.next = call_place(call, list.out_last_id);
    return call_reply_page(call, &page);
}
