/* SPDX-License-Identifier: Apache-2.0
 * Grants: given, narrowed and stopped by the person; seen by the organisation, also as they stood in the past. */
#include "base/limits.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

#define CLOCKS_DIFFER_MS 60000

/* ---- lists */

static err begin_list(struct call *call, const struct page_query *query, struct grant_list *list)
{
    list->limit = (int)query->limit + 1; /* one more tells whether there is a next page */
    return call_after(call, query, &list->after);
}

static err reply_grants(struct call *call, const struct grant_list *list)
{
    struct views views = {.cx = &call->cx};
    const size_t most = (size_t)list->limit - 1;
    struct page page = {.count = list->out_count < most ? list->out_count : most};
    struct grant_view *items = ARENA_ARRAY(call->arena, struct grant_view, page.count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < page.count; i++)
        TRY(view_grant(&views, &list->out[i], &items[i]));
    page.items = items;
    if (list->out_count > most)
        page.next = call_place(call, list->out[most - 1].grant_id);
    return call_reply_page(call, &page);
}

err get_my_grants(struct call *call)
{
    struct page_query query = PAGE_QUERY_START;
    struct grant_list list = {.at_ms = 0};
    TRY(call_query(call, &query));
    TRY(begin_list(call, &query, &list));
    TRY(grant_list_of_person(&call->cx, &list));
    return reply_grants(call, &list);
}

struct grant_query {
    struct page_query page;
    struct text       relationship;
    int64_t           at_ms;
};
static const struct shape_member GRANT_QUERY[] = {
    PAGE_QUERY_MEMBERS(struct grant_query, page),
    MEMBER("relationship", ID_TEXT, SHAPE_REQUIRED, struct grant_query, relationship, .id = ID_RELATIONSHIP),
    MEMBER("at", TIME, 0, struct grant_query, at_ms,
           .sentence = "As they stood at that moment, which lies in the past."),
};
const struct shape SHAPE_GRANT_QUERY = {.name = "GrantQuery", SHAPE_MEMBERS(GRANT_QUERY),
    .size = sizeof(struct grant_query)};

/* Nobody knows what will be permitted. Clocks differ a little: up to a minute ahead is now. */
static err settle_moment(struct ctx *cx, int64_t *at_ms)
{
    int64_t latest_ms = ctx_latest_ms(cx);
    if (*at_ms > latest_ms + CLOCKS_DIFFER_MS)
        return FAIL(cx, INVALID, "grant.at_in_future", "at lies in the future");
    *at_ms = *at_ms > latest_ms ? latest_ms : *at_ms;
    return OK;
}

err get_org_grants(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct grant_query query = {.page = PAGE_QUERY_START};
    struct relationship relationship;
    TRY(call_query(call, &query));
    struct grant_list list = {.at_ms = query.at_ms};
    TRY(begin_list(call, &query.page, &list));
    TRY(relationship_open(cx, query.relationship, &relationship));
    TRY(settle_moment(cx, &list.at_ms));
    TRY(grant_list_seen(cx, &relationship, &list));
    if (list.at_ms != 0)
        cx->now_ms = cx->wall_ms = list.at_ms; /* states are told of the moment that was asked for */
    return reply_grants(call, &list);
}

/* ---- give */

static err reply_grant(struct call *call, const struct grant *grant)
{
    struct views views = {.cx = &call->cx};
    struct grant_view view;
    TRY(view_grant(&views, grant, &view));
    return call_reply(call, &view);
}

struct give_body {
    struct text          relationship;
    struct id            purpose;
    struct attribute_set attributes;
    const struct id     *departments;
    size_t               departments_count;
    int64_t              until_at_ms;
    struct uses         *uses;
};
static const struct shape_member GIVE[] = {
    MEMBER("relationship", ID_TEXT, SHAPE_REQUIRED, struct give_body, relationship, .id = ID_RELATIONSHIP),
    MEMBER("purpose", ID, SHAPE_REQUIRED, struct give_body, purpose, .id = ID_PURPOSE),
    MEMBER("attributes", KINDS, SHAPE_REQUIRED, struct give_body, attributes),
    LIST("departments", IDS, 0, struct give_body, departments,
     .id = ID_DEPARTMENT, .least = 1, .most = LIMIT_DEPARTMENTS, .sentence = "Those of the purpose when not given."),
    MEMBER("until", TIME, SHAPE_NULLABLE, struct give_body, until_at_ms,
           .sentence = "As long as the purpose allows when not given."),
    MEMBER("uses", OBJECT_AT, SHAPE_NULLABLE, struct give_body, uses, .shape = &SHAPE_USES),
};
const struct shape SHAPE_GRANT_GIVE = {.name = "GrantGive", .sentence = "A permission that nobody asked for.",
    SHAPE_MEMBERS(GIVE), .size = sizeof(struct give_body)};

static err reply_given(struct call *call, void *arg)
{
    const struct grant_give *give = arg;
    return reply_grant(call, &give->out);
}

err post_grant(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct give_body body = {.until_at_ms = 0};
    struct relationship relationship;
    struct grant_give *give = ARENA_NEW(call->arena, struct grant_give);
    if (give == NULL)
        return FAIL_MEMORY(cx);
    TRY(call_body(call, &body));
    purpose_check_known_ahead(cx, &body.purpose);
    TRY(relationship_open(cx, body.relationship, &relationship));
    if (body.purpose.owner != relationship.organisation_id)
        return FAIL_NOT_FOUND(cx);
    TRY(purpose_check_known(cx, &body.purpose));
    *give = (struct grant_give){.relationship_id = relationship.relationship_id, .purpose = body.purpose,
        .attributes = body.attributes, .until_at_ms = body.until_at_ms};
    if (body.uses != NULL)
        give->uses = *body.uses;
    TRY(read_departments(cx, relationship.organisation_id, body.departments, body.departments_count,
                         &give->departments));
    return call_seal_with(call, &(struct sealing){.run = grant_give, .arg = give, .announce = grant_give_announce,
        .announce_more = grant_give_announce_more,
        .encode = reply_given, .person_id = cx->actor.person_id});
}

/* ---- narrow and stop */

struct narrow_body {
    struct attribute_set attributes;
    const struct id     *departments;
    size_t               departments_count;
    int64_t              until_at_ms;
    struct uses         *uses;
};
static const struct shape_member NARROW[] = {
    MEMBER("attributes", KINDS, 0, struct narrow_body, attributes),
    LIST("departments", IDS, 0, struct narrow_body, departments, .id = ID_DEPARTMENT, .least = 1,
         .most = LIMIT_DEPARTMENTS),
    MEMBER("until", TIME, 0, struct narrow_body, until_at_ms),
    MEMBER("uses", OBJECT_AT, 0, struct narrow_body, uses, .shape = &SHAPE_USES),
};
const struct shape SHAPE_GRANT_NARROW = {.name = "GrantNarrow", .sentence = "Less or shorter; what is not named stays.",
    SHAPE_MEMBERS(NARROW), .size = sizeof(struct narrow_body)};

static err reply_narrowed(struct call *call, void *arg)
{
    const struct grant_narrow *narrow = arg;
    return reply_grant(call, &narrow->out);
}

/* The caller's own grant, by the id in the path. */
static err open_grant(struct call *call, struct grant *out)
{
    int64_t person_id = 0;
    int64_t grant_id = 0;
    TRY(relationship_open_item(&call->cx, call_text(call, "grt"), ID_GRANT, &person_id, &grant_id));
    TRY(policy_require(&call->cx, POLICY_GRANT_READ, &(struct policy_object){.person_id = person_id}));
    return grant_load(&call->cx, person_id, grant_id, out);
}

err get_my_grant(struct call *call)
{
    struct grant grant;
    TRY(open_grant(call, &grant));
    return reply_grant(call, &grant);
}

err patch_grant(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct narrow_body body = {.attributes = KINDS_ABSENT, .until_at_ms = TIME_ABSENT};
    struct grant grant;
    struct grant_narrow *narrow = ARENA_NEW(call->arena, struct grant_narrow);
    if (narrow == NULL)
        return FAIL_MEMORY(cx);
    TRY(open_grant(call, &grant));
    TRY(call_body(call, &body));
    *narrow = (struct grant_narrow){
        .grant_id = grant.grant_id,
        .set_attributes = !kinds_are_absent(body.attributes),
        .set_departments = body.departments_count > 0,
        .set_until = body.until_at_ms != TIME_ABSENT,
        .set_uses = body.uses != NULL,
        .attributes = body.attributes,
        .until_at_ms = body.until_at_ms,
    };
    if (body.uses != NULL)
        narrow->uses = *body.uses;
    TRY(read_departments(cx, grant.organisation_id, body.departments, body.departments_count, &narrow->departments));
    return call_seal_stop(call, grant_narrow, narrow, reply_narrowed, cx->actor.person_id);
}

static err reply_withdrawn(struct call *call, void *arg)
{
    const struct grant_withdraw *withdraw = arg;
    return reply_grant(call, &withdraw->out);
}

err post_grant_withdraw(struct call *call)
{
    struct ctx *cx = &call->cx;
    int64_t person_id = 0;
    struct grant_withdraw *withdraw = ARENA_NEW(call->arena, struct grant_withdraw);
    if (withdraw == NULL)
        return FAIL_MEMORY(cx);
    TRY(relationship_open_item(cx, call_text(call, "grt"), ID_GRANT, &person_id, &withdraw->grant_id));
    TRY(policy_require(cx, POLICY_GRANT_STOP, &(struct policy_object){.person_id = person_id}));
    return call_seal_with(call, &(struct sealing){.run = grant_withdraw, .arg = withdraw,
        .announce = grant_withdraw_announce, .announce_more = grant_withdraw_announce_more,
        .encode = reply_withdrawn, .person_id = person_id, .stops = 1});
}

/* ---- the organisation reports that the event of a grant has come */

static err reply_reported(struct call *call, void *arg)
{
    const struct grant_report_event *report = arg;
    return reply_grant(call, &report->out);
}

err post_org_grant_event(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct grant grant;
    struct grant_report_event *report = ARENA_NEW(call->arena, struct grant_report_event);
    if (report == NULL)
        return FAIL_MEMORY(cx);
    TRY(relationship_open_item(cx, call_text(call, "grt"), ID_GRANT, &report->person_id, &report->grant_id));
    TRY(grant_load(cx, report->person_id, report->grant_id, &grant)); /* strangers do not get as far as the writer */
    TRY(policy_require(cx, POLICY_GRANT_REPORT_EVENT, &(struct policy_object){.organisation_id = grant.organisation_id,
        .departments = grant.departments}));
    return call_seal(call, grant_report_event, report, reply_reported, report->person_id);
}
