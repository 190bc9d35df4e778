/* SPDX-License-Identifier: Apache-2.0
 * The person's home, the vault, and the kinds of data that it takes. */
#include "base/limits.h"
#include "domain/entrance/recovery.h"
#include "domain/people/vault.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

/* ---- home */

struct home {
    struct id id;
    int64_t   relationships;
    int64_t   open_requests;
    int64_t   active_grants;
    int64_t   reads;
    int64_t   refused_reads;
    const struct recovery_state *recovery; /* NULL: nobody waits to be let in */
};

static const struct shape_member HOME[] = {
    MEMBER("id", ID, 0, struct home, id, .id = ID_PERSON),
    MEMBER("relationships", INT, 0, struct home, relationships, .sentence = "Those that have not ended."),
    MEMBER("open_requests", INT, 0, struct home, open_requests, .sentence = "Waiting for an answer."),
    MEMBER("active_grants", INT, 0, struct home, active_grants),
    MEMBER("disclosures", INT, 0, struct home, reads, .sentence = "Reads of personal data so far."),
    MEMBER("refused_disclosures", INT, 0, struct home, refused_reads),
    MEMBER("recovery", OBJECT_AT, SHAPE_NULLABLE, struct home, recovery, .shape = &SHAPE_RECOVERY,
           .sentence = "Somebody has come with a printed code and will be let in, unless the person stops it."),
};
const struct shape SHAPE_ME = {.name = "Me", .sentence = "Who is signed in, and what the home screen counts.",
    SHAPE_MEMBERS(HOME), .size = sizeof(struct home)};

static err count_relationships(struct ctx *cx, int64_t *out)
{
    struct relationship_list list = {.limit = LIMIT_ROWS};
    int64_t count = 0;
    TRY(relationship_list_of_person(cx, &list));
    for (size_t i = 0; i < list.out_count; i++)
        count += relationship_state_at(&list.out[i], cx->now_ms) != RELATIONSHIP_ENDED;
    *out = count;
    return OK;
}

static err count_requests(struct ctx *cx, int64_t *out)
{
    struct request_list list = {.open_only = true, .limit = LIMIT_ROWS};
    int64_t count = 0;
    TRY(request_list_of_person(cx, &list));
    for (size_t i = 0; i < list.out_count; i++)
        count += request_state_at(&list.out[i], cx->now_ms) == REQUEST_OPEN;
    *out = count;
    return OK;
}

static err count_grants(struct ctx *cx, int64_t *out)
{
    struct grant *grants = NULL;
    size_t count = 0;
    TRY(grant_list_live(cx, cx->actor.person_id, &grants, &count));
    *out = (int64_t)count;
    return OK;
}

err get_me(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct home home = {.id = {ID_PERSON, cx->actor.person_id, 0}};
    struct recovery_state recovery;
    TRY(count_relationships(cx, &home.relationships));
    TRY(count_requests(cx, &home.open_requests));
    TRY(count_grants(cx, &home.active_grants));
    TRY(disclosure_count(cx, &home.reads, &home.refused_reads));
    TRY(recovery_load(cx, &recovery));
    home.recovery = recovery.begun_at_ms != 0 ? &recovery : NULL;
    return call_reply(call, &home);
}

/* ---- vault */

static const struct choice SOURCES[] = {
    {SOURCE_SELF, "self"}, {SOURCE_VERIFIED, "verified"}, {SOURCE_IMPORTED, "imported"}, {0, NULL}};

struct attribute_view {
    struct text      kind;
    int64_t          version;
    attribute_source source;
    int64_t          confirmed_at_ms;
    int64_t          changed_at_ms;
    bool             removed;
    struct text      value;
};

#define ATTRIBUTE_MEMBERS                                                                                              \
    MEMBER("kind", TEXT, 0, struct attribute_view, kind),                                                    \
    MEMBER("version", INT, 0, struct attribute_view, version),                                               \
    MEMBER("source", CHOICE, 0, struct attribute_view, source, .choices = SOURCES),                          \
    MEMBER("confirmed_at", TIME, SHAPE_NULLABLE, struct attribute_view, confirmed_at_ms),                    \
    MEMBER("changed_at", TIME, SHAPE_NULLABLE, struct attribute_view, changed_at_ms),                        \
    MEMBER("value", JSON, SHAPE_NULLABLE, struct attribute_view, value)

static const struct shape_member ATTRIBUTE[] = {ATTRIBUTE_MEMBERS};
static const struct shape SHAPE_ATTRIBUTE = {.name = "Attribute", .sentence = "One value of the vault.",
    SHAPE_MEMBERS(ATTRIBUTE), .size = sizeof(struct attribute_view)};
SHAPE_PAGE(SHAPE_ATTRIBUTE_PAGE, "AttributePage", &SHAPE_ATTRIBUTE);

static const struct shape_member ATTRIBUTE_VERSION[] = {ATTRIBUTE_MEMBERS,
    MEMBER("removed", BOOL, 0, struct attribute_view, removed,
           .sentence = "The value was taken away with this version.")};
static const struct shape SHAPE_ATTRIBUTE_VERSION = {.name = "AttributeVersion",
    .sentence = "One version of a value, the newest first.", SHAPE_MEMBERS(ATTRIBUTE_VERSION),
    .size = sizeof(struct attribute_view)};
SHAPE_PAGE(SHAPE_ATTRIBUTE_HISTORY, "AttributeHistory", &SHAPE_ATTRIBUTE_VERSION);

static err view_items(struct call *call, const struct vault_item *items, size_t count, struct page *out)
{
    struct attribute_view *views = ARENA_ARRAY(call->arena, struct attribute_view, count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        views[i] = (struct attribute_view){text_of(items[i].kind->term), items[i].version, items[i].source,
            items[i].confirmed_at_ms, items[i].changed_at_ms, items[i].removed, items[i].value};
    *out = (struct page){.items = views, .count = count};
    return OK;
}

err get_attributes(struct call *call)
{
    struct vault_item *items = NULL;
    size_t count = 0;
    struct page_query query = PAGE_QUERY_START;
    struct page page;
    TRY(call_query(call, &query));
    TRY(vault_list(&call->cx, &items, &count));
    TRY(view_items(call, items, count, &page));
    TRY(call_cut(call, &query, sizeof(struct attribute_view), &page));
    return call_reply_page(call, &page);
}

/* A kind that does not exist is an address that does not exist. */
static err find_kind(struct call *call, const struct attribute_kind **out)
{
    *out = attribute_find(call_text(call, "kind"));
    if (*out == NULL)
        return FAIL(&call->cx, NOT_FOUND, "not_found", "there is no such kind of personal data");
    return OK;
}

/* A place in it is the version behind which it goes on, so that a new one moves nothing. */
err get_attribute_history(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct vault_history history = {.after = 0};
    struct page page;
    TRY(find_kind(call, &history.kind));
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &history.after));
    history.limit = (int)query.limit;
    TRY(vault_history(&call->cx, &history));
    TRY(view_items(call, history.out, history.out_count, &page));
    if (history.out_more)
        page.next = call_place(call, history.out[history.out_count - 1].version);
    return call_reply_page(call, &page);
}

struct attribute_body {
    struct text value;
};
static const struct shape_member ATTRIBUTE_BODY[] = {
    MEMBER("value", JSON, SHAPE_REQUIRED, struct attribute_body, value,
           .sentence = "As the schema of the kind says: see AttributeValues."),
};
const struct shape SHAPE_ATTRIBUTE_PUT = {.name = "AttributeValue", .sentence = "A new value.",
    SHAPE_MEMBERS(ATTRIBUTE_BODY), .size = sizeof(struct attribute_body)};

struct attribute_set_view {
    struct text        kind;
    int64_t            version;
    int64_t            confirmed_at_ms;
    const struct text *reaches;
    size_t             reaches_count;
};
static const struct shape_member ATTRIBUTE_SET[] = {
    MEMBER("kind", TEXT, 0, struct attribute_set_view, kind),
    MEMBER("version", INT, 0, struct attribute_set_view, version),
    MEMBER("confirmed_at", TIME, 0, struct attribute_set_view, confirmed_at_ms),
    LIST("reaches", TEXTS, 0, struct attribute_set_view, reaches,
         .sentence = "Relationships that may read the new value."),
};
const struct shape SHAPE_ATTRIBUTE_SET = {.name = "AttributeSet", .sentence = "A value was set or confirmed.",
    SHAPE_MEMBERS(ATTRIBUTE_SET), .size = sizeof(struct attribute_set_view)};

static err reply_put(struct call *call, void *arg)
{
    const struct vault_put *put = arg;
    return call_reply(call, &(struct attribute_set_view){text_of(put->kind->term), put->out.version,
        put->out.confirmed_at_ms, put->out_reaches, put->out_reaches_count});
}

err put_attribute(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct attribute_kind *kind = NULL;
    struct attribute_body body = {TEXT_NONE};
    struct vault_put *put = ARENA_NEW(call->arena, struct vault_put);
    TRY(find_kind(call, &kind));
    TRY(call_body(call, &body));
    if (put == NULL)
        return FAIL_MEMORY(cx);
    put->kind = kind;
    put->source = SOURCE_SELF;
    /* The check wants the value as it was sent: the canonical form is what it gives back. */
    TRY(attribute_value_check(cx, kind, json_object_get(call_visit(call)->body, "value"), &put->value));
    return call_seal(call, vault_put, put, reply_put, cx->actor.person_id);
}

static err reply_nothing(struct call *call, void *arg)
{
    (void)arg; /* nothing is told of it */
    call_reply_nothing(call);
    return OK;
}

err delete_attribute(struct call *call)
{
    struct vault_remove *remove = ARENA_NEW(call->arena, struct vault_remove);
    if (remove == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(find_kind(call, &remove->kind));
    return call_seal(call, vault_remove, remove, reply_nothing, call->cx.actor.person_id);
}

/* ---- kinds */

struct kind_view {
    struct text kind;
    struct text label;
    struct text group;
    struct text sensitivity;
    struct text type;
    struct text schema;
    struct text example;
};
static const struct shape_member KIND[] = {
    MEMBER("kind", TEXT, 0, struct kind_view, kind),
    MEMBER("label", TEXT, 0, struct kind_view, label, .sentence = "For people, in English."),
    MEMBER("group", TEXT, 0, struct kind_view, group),
    MEMBER("sensitivity", TEXT, 0, struct kind_view, sensitivity),
    MEMBER("type", TEXT, 0, struct kind_view, type),
    MEMBER("schema", JSON, 0, struct kind_view, schema, .sentence = "JSON Schema of its value."),
    MEMBER("example", JSON, 0, struct kind_view, example),
};
static const struct shape SHAPE_KIND = {.name = "Kind", .sentence = "One kind of personal data.", SHAPE_MEMBERS(KIND),
    .size = sizeof(struct kind_view)};
SHAPE_PAGE(SHAPE_KIND_PAGE, "KindPage", &SHAPE_KIND);

err get_kinds(struct call *call)
{
    struct page_query query = {.limit = LIMIT_PAGE_MAX};
    struct kind_view *views = ARENA_ARRAY(call->arena, struct kind_view, ATTRIBUTE_NUMBER_MAX);
    size_t count = 0;
    TRY(call_query(call, &query));
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (const struct attribute_kind *kind; (kind = attribute_at(count)) != NULL; count++)
        views[count] = (struct kind_view){text_of(kind->term), text_of(kind->label),
            text_of(attribute_group_label(kind->group)), text_of(attribute_sensitivity_word(kind->sensitivity)),
            text_of(attribute_type_word(kind->rule.type)), attribute_schema(call->arena, kind), text_of(kind->example)};
    struct page page = {.items = views, .count = count};
    TRY(call_cut(call, &query, sizeof *views, &page));
    return call_reply_page(call, &page);
}
