/* SPDX-License-Identifier: Apache-2.0
 * Records: what departments hold about a person, for the person all of it, for a system its own department's. */
#include "domain/parties/record.h"

#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

static const struct choice RECORD_KINDS[] = {
    {RECORD_PROFILE, "profile"}, {RECORD_TRANSACTION, "transaction"}, {RECORD_INTERACTION, "interaction"},
    {RECORD_INFERENCE, "inference"}, {0, NULL},
};

struct record_view {
    struct id   id;
    struct id   department;
    struct text department_name;
    record_kind kind;
    int64_t     version;
    int64_t     created_at_ms;
    int64_t     updated_at_ms;
    struct text body;
};
static const struct shape_member RECORD[] = {
    MEMBER("id", ID, 0, struct record_view, id, .id = ID_RECORD),
    MEMBER("department", ID, 0, struct record_view, department, .id = ID_DEPARTMENT),
    MEMBER("department_name", TEXT, 0, struct record_view, department_name),
    MEMBER("kind", CHOICE, 0, struct record_view, kind, .choices = RECORD_KINDS),
    MEMBER("version", INT, 0, struct record_view, version),
    MEMBER("created", TIME, 0, struct record_view, created_at_ms),
    MEMBER("updated", TIME, 0, struct record_view, updated_at_ms),
    MEMBER("body", JSON, 0, struct record_view, body),
};
static const struct shape SHAPE_RECORD = {.name = "Record", .sentence = "One thing that a department holds.",
    SHAPE_MEMBERS(RECORD), .size = sizeof(struct record_view)};
SHAPE_PAGE(SHAPE_RECORD_PAGE, "RecordPage", &SHAPE_RECORD);

static err view_record(struct views *views, const struct relationship *relationship, const struct record *record,
                       struct record_view *out)
{
    struct named department;
    TRY(view_department(views, relationship->organisation_id, record->department_id, &department));
    *out = (struct record_view){relationship_item_id(relationship, ID_RECORD, record->record_id), department.id,
        department.name, record->kind, record->version, record->created_at_ms, record->updated_at_ms, record->body};
    return OK;
}

/* For both sides: the domain lists what is for the caller. */
static err reply_records(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct views views = {.cx = &call->cx};
    struct relationship relationship;
    struct record *records = NULL;
    size_t count = 0;
    TRY(call_query(call, &query));
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    TRY(record_list(&call->cx, &relationship, &records, &count));
    struct page page = {.items = records, .count = count};
    TRY(call_cut(call, &query, sizeof *records, &page));
    const struct record *cut = page.items;
    struct record_view *items = ARENA_ARRAY(call->arena, struct record_view, page.count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < page.count; i++)
        TRY(view_record(&views, &relationship, &cut[i], &items[i]));
    page.items = items;
    return call_reply_page(call, &page);
}

err get_my_records(struct call *call)
{
    return reply_records(call);
}

err get_org_records(struct call *call)
{
    return reply_records(call);
}
