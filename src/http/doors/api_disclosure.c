/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read, and the person's list of reads. The answer is built before its ledger row is written and
 * leaves after it; only when the writer decides otherwise is it built again. */
#include "domain/sharing/disclosure.h"

#include "base/limits.h"
#include "base/time.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

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

/* A read under way. The ask stands first: it is what disclosure_commit() takes. The grants are those that the answer
 * was built on before the write; it is the one that leaves if the write, however often it runs, decides the same. */
struct reading {
    struct disclosure_ask ask;
    const int64_t        *grants; /* as many as uses */
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

static err answer(struct call *call, const struct disclosure_ask *ask)
{
    return ask->given ? answer_given(call, ask) : answer_refused(call, ask);
}

static err keep_grants(struct call *call, struct reading *reading)
{
    const struct disclosure_ask *ask = &reading->ask;
    int64_t *grants = ARENA_ARRAY(call->arena, int64_t, ask->uses_count);
    if (grants == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < ask->uses_count; i++)
        grants[i] = ask->uses[i].grant.grant_id;
    reading->grants = grants;
    return OK;
}

/* One that was used up meanwhile may have left its place to another, which allows as much. */
static bool rests_on_the_same(const struct reading *reading)
{
    const struct disclosure_ask *ask = &reading->ask;
    bool same = ask->uses_count == ask->decided->uses_count;
    for (size_t i = 0; same && i < ask->uses_count; i++)
        same = ask->uses[i].grant.grant_id == reading->grants[i];
    return same;
}

/* On the writer: nearly always nothing has changed since. */
static err answer_again(struct call *call, void *arg)
{
    const struct reading *reading = arg;
    const struct disclosure_ask *ask = &reading->ask;
    const struct disclosure_ask *told = ask->decided;
    bool same = told->given == ask->given && told->values_count == ask->values_count &&
                told->refusals_count == ask->refusals_count && rests_on_the_same(reading) &&
                told->valid_until_ms == ask->valid_until_ms && told->disclosure_id == ask->disclosure_id &&
                told->edition == ask->edition; /* else as many may be others */
    return same ? OK : answer(call, ask);
}

/* ---- the same read once more */

/* The grants that a kept answer names, by number. */
static err read_kept_grants(struct ctx *cx, const json_t *kept, struct disclosure_told *told)
{
    const json_t *several = json_object_get(kept, "grants");
    const size_t count = several == NULL ? 1 : json_array_size(several);
    int64_t *grants = ARENA_ARRAY(cx->arena, int64_t, count);
    if (grants == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++) {
        const json_t *id = several == NULL ? json_object_get(kept, "grant") : json_array_get(several, i);
        int64_t person_id = 0;
        TRY(relationship_open_item(cx, json_text(id), ID_GRANT, &person_id, &grants[i]));
    }
    told->grants = grants;
    told->grants_count = count;
    return OK;
}

/* The versions that it gave, and what was permitted but not filled in. */
static err read_kept_values(struct ctx *cx, const json_t *kept, struct disclosure_told *told)
{
    const json_t *given = json_object_get(kept, "attributes");
    const json_t *missing = json_object_get(kept, "missing");
    struct disclosure_version *values = ARENA_ARRAY(cx->arena, struct disclosure_version, json_object_size(given));
    if (values == NULL)
        return FAIL_MEMORY(cx);
    const struct attribute_kind *kind = NULL;
    for (size_t n = 0; (kind = attribute_at(n)) != NULL; n++) {
        const json_t *value = json_object_get(given, kind->term);
        if (value == NULL)
            continue;
        values[told->values_count++] = (struct disclosure_version){kind->number,
            json_integer_value(json_object_get(value, "version"))};
        told->given = attribute_set_add(told->given, kind->number);
    }
    for (size_t i = 0; i < json_array_size(missing); i++) {
        kind = attribute_find(json_text(json_array_get(missing, i)));
        if (kind != NULL)
            told->given = attribute_set_add(told->given, kind->number);
    }
    told->values = values;
    return OK;
}

static void write_kept_values(struct ctx *cx, const json_t *values, struct attribute_set removed,
                              struct json_writer *out)
{
    const struct attribute_kind *kind = NULL;
    json_open_object(out);
    for (size_t n = 0; (kind = attribute_at(n)) != NULL; n++) {
        const json_t *value = json_object_get(values, kind->term);
        if (value == NULL || attribute_set_has(removed, kind->number))
            continue;
        json_write_key(out, kind->term);
        json_write_raw(out, json_canonical(cx->arena, value));
    }
    json_close_object(out);
}

static void write_kept_missing(const struct disclosure_repeat *repeat, struct json_writer *out)
{
    struct attribute_set kinds = repeat->told.given;
    for (size_t i = 0; i < repeat->told.values_count; i++)
        kinds = attribute_set_minus(kinds, attribute_set_of(repeat->told.values[i].kind));
    kinds = attribute_set_union(kinds, repeat->out_removed);
    json_open_array(out);
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(kinds, n)) != ATTRIBUTE_NONE;)
        json_write_text(out, text_of(attribute_by_number(n)->term));
    json_close_array(out);
}

static void write_kept_member(struct ctx *cx, const json_t *kept, const char *name, struct json_writer *out)
{
    const json_t *value = json_object_get(kept, name);
    if (value == NULL)
        return;
    json_write_key(out, name);
    json_write_raw(out, json_canonical(cx->arena, value));
}

/* The kept answer with the end that its grants have now, and without what the person has removed; often all of it. */
static err bring_up_to_date(struct call *call, const json_t *kept, const struct disclosure_repeat *repeat)
{
    static const char *const AS_KEPT[] = {"id", "relationship", "purpose", "grant", "grants"};
    struct ctx *cx = &call->cx;
    struct text until = time_to_text(call->arena, repeat->out_valid_until_ms);
    if (until.at == NULL)
        return FAIL_MEMORY(cx);
    if (attribute_set_is_empty(repeat->out_removed) &&
        text_equals(until, json_text(json_object_get(kept, "valid_until"))))
        return OK;
    struct json_writer out = json_writer_open(call->arena, LIMIT_OUTPUT_BYTES);
    json_open_object(&out);
    for (size_t i = 0; i < sizeof AS_KEPT / sizeof *AS_KEPT; i++)
        write_kept_member(cx, kept, AS_KEPT[i], &out);
    json_member_text(&out, "valid_until", until);
    json_write_key(&out, "attributes");
    write_kept_values(cx, json_object_get(kept, "attributes"), repeat->out_removed, &out);
    json_write_key(&out, "missing");
    write_kept_missing(repeat, &out);
    write_kept_member(cx, kept, "refused", &out);
    json_close_object(&out);
    return json_writer_finish(cx, &out, &call->reply.body);
}

/* A kept answer holds values: it is given again only while the grants of then permit all of it now. An answer that
 * cannot be read any more, since what it names has gone, does not stand. */
static err still_stands(struct call *call, void *arg, bool *out_stands)
{
    struct ctx *cx = &call->cx;
    struct disclosure_repeat repeat = {.first = &((struct reading *)arg)->ask};
    const json_t *kept = NULL;
    *out_stands = false;
    TRY(json_parse(cx, call->reply.body, &kept));
    err result = read_kept_grants(cx, kept, &repeat.told);
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(result);
    TRY(read_kept_values(cx, kept, &repeat.told));
    TRY(disclosure_repeat(cx, &repeat));
    *out_stands = repeat.out_stands;
    return repeat.out_stands ? bring_up_to_date(call, kept, &repeat) : OK;
}

/* ---- asking */

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
    TRY(keep_grants(call, reading));
    TRY(answer(call, &reading->ask));
    return call_seal_with(call, &(struct sealing){.run = disclosure_commit, .arg = reading,
        .announce = disclosure_commit_announce, .encode = answer_again, .person_id = reading->ask.found.person_id,
        .in_ledger = true, .passing = &reading->ask.counted, .stands = still_stands});
}

/* ---- the person's list */

static const struct choice OUTCOMES[] = {{DISCLOSURE_GIVEN, "given"}, {DISCLOSURE_REFUSED, "refused"},
    {DISCLOSURE_ASKED_YES, "asked_yes"}, {DISCLOSURE_ASKED_NO, "asked_no"}, {0, NULL}};

struct disclosure_query {
    struct page_query    page;
    struct attribute_set attribute;
    struct text          relationship;
    disclosure_outcome   outcome;
    int64_t              from_at_ms;
    int64_t              until_at_ms;
};
static const struct shape_member DISCLOSURE_QUERY[] = {
    PAGE_QUERY_MEMBERS(struct disclosure_query, page),
    MEMBER("attribute", KINDS, 0, struct disclosure_query, attribute, .sentence = "One kind of data."),
    MEMBER("relationship", ID_TEXT, 0, struct disclosure_query, relationship, .id = ID_RELATIONSHIP),
    MEMBER("outcome", CHOICE, 0, struct disclosure_query, outcome, .choices = OUTCOMES,
           .sentence = "What was read, what was refused, or whether somebody only asked; all when it is not given."),
    MEMBER("from", TIME, 0, struct disclosure_query, from_at_ms),
    MEMBER("until", TIME, 0, struct disclosure_query, until_at_ms),
};
const struct shape SHAPE_DISCLOSURE_QUERY = {.name = "DisclosureQuery", SHAPE_MEMBERS(DISCLOSURE_QUERY),
    .size = sizeof(struct disclosure_query)};

struct further_view {
    int64_t              reads;
    int64_t              until_at_ms;
    struct attribute_set attributes;
};
static const struct shape_member FURTHER[] = {
    MEMBER("reads", INT, 0, struct further_view, reads),
    MEMBER("until", TIME, 0, struct further_view, until_at_ms, .sentence = "When the last of them was."),
    MEMBER("attributes", KINDS, 0, struct further_view, attributes, .sentence = "All that they asked for."),
};
static const struct shape SHAPE_FURTHER = {.name = "FurtherReads",
    .sentence = "What this department was refused, or only asked, later on that day, which has no entry of its own.",
    SHAPE_MEMBERS(FURTHER), .size = sizeof(struct further_view)};

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
    const struct further_view *further;
};
static const struct shape_member ENTRY[] = {
    MEMBER("id", ID, 0, struct entry_view, id, .id = ID_DISCLOSURE),
    MEMBER("at", TIME, 0, struct entry_view, at_ms),
    MEMBER("relationship", ID, 0, struct entry_view, relationship, .id = ID_RELATIONSHIP),
    MEMBER("organisation", TEXT, 0, struct entry_view, organisation),
    MEMBER("department", TEXT, 0, struct entry_view, department),
    MEMBER("system", TEXT, 0, struct entry_view, system),
    MEMBER("member", TEXT, SHAPE_NULLABLE, struct entry_view, member, .sentence = "Who sat there, if told."),
    MEMBER("purpose", TEXT, SHAPE_NULLABLE, struct entry_view, purpose,
           .sentence = "null: a purpose that was never published, so that nothing could be read for it."),
    MEMBER("purpose_id", ID, 0, struct entry_view, purpose_id, .id = ID_PURPOSE),
    MEMBER("attributes", KINDS, 0, struct entry_view, attributes),
    MEMBER("outcome", CHOICE, 0, struct entry_view, outcome, .choices = OUTCOMES),
    MEMBER("reason", TEXT, SHAPE_NULLABLE, struct entry_view, reason,
           .sentence = "Why it was or would be refused; of a read that found nothing: attribute.absent."),
    MEMBER("grant", ID, SHAPE_NULLABLE, struct entry_view, grant, .id = ID_GRANT),
    MEMBER("note", TEXT, SHAPE_NULLABLE, struct entry_view, note),
    MEMBER("further", OBJECT_AT, SHAPE_SPARSE, struct entry_view, further, .shape = &SHAPE_FURTHER,
           .sentence = "With the last entry of a day on which very many reads were refused, or asked about."),
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

/* NULL: there are none. */
static err view_further(struct views *views, const struct disclosure_further *further, const struct further_view **out)
{
    *out = NULL;
    if (further->reads == 0)
        return OK;
    struct further_view *view = ARENA_NEW(views->cx->arena, struct further_view);
    if (view == NULL)
        return FAIL_MEMORY(views->cx);
    *view = (struct further_view){further->reads, further->last_at_ms, further->attributes};
    *out = view;
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
    TRY(view_further(views, &row->further, &view.further));
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
        .outcome = query->outcome,
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
