/* SPDX-License-Identifier: Apache-2.0
 * Purposes: an organisation drafts, checks, publishes and retires them; people read the published ones. */
#include "domain/parties/purpose.h"

#include "base/text.h"
#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

/* ---- lists */

static err fill_page(struct call *call, const struct purpose_list *list, int64_t limit, struct page *out)
{
    struct views views = {.cx = &call->cx};
    size_t count = list->out_count > (size_t)limit ? (size_t)limit : list->out_count;
    struct purpose_view *items = ARENA_ARRAY(call->arena, struct purpose_view, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        TRY(view_purpose(&views, &list->out[i], &items[i]));
    *out = (struct page){.items = items, .count = count};
    if (count < list->out_count)
        out->next = call_place(call, list->out[count - 1].purpose_id);
    return OK;
}

static err reply_list(struct call *call, int64_t organisation_id, bool published_only)
{
    struct page_query query = PAGE_QUERY_START;
    struct purpose_list list = {.organisation_id = organisation_id, .published_only = published_only};
    struct page page;
    TRY(call_query(call, &query));
    TRY(call_after(call, &query, &list.after));
    list.limit = (int)query.limit + 1; /* one more tells whether there is a next page */
    TRY(purpose_list(&call->cx, &list));
    TRY(fill_page(call, &list, query.limit, &page));
    return call_reply_page(call, &page);
}

err get_org_purposes(struct call *call)
{
    TRY(policy_require_own(&call->cx, POLICY_PURPOSE_SEE));
    return reply_list(call, call->cx.actor.organisation_id, false);
}

/* What the other side of a relationship may be asked for. */
err get_my_purposes(struct call *call)
{
    struct relationship relationship;
    TRY(relationship_open(&call->cx, call_text(call, "rel"), &relationship));
    return reply_list(call, relationship.organisation_id, true);
}

static err reply_purpose(struct call *call, const struct purpose *purpose)
{
    struct views views = {.cx = &call->cx};
    struct purpose_view view;
    TRY(view_purpose(&views, purpose, &view));
    return call_reply(call, &view);
}

/* The purpose of the id in the path, when the caller's department may write it. */
static err open_purpose(struct call *call, struct purpose *out)
{
    struct id id;
    TRY(call_id(call, "pur", &id));
    return purpose_load_writable(&call->cx, &id, out);
}

err get_org_purpose(struct call *call)
{
    struct id id;
    struct purpose purpose;
    TRY(call_id(call, "pur", &id));
    TRY(purpose_see(&call->cx, &id, &purpose));
    return reply_purpose(call, &purpose);
}

/* ---- draft */

static struct purpose_text text_of_view(const struct purpose_view *view)
{
    return (struct purpose_text){
        .name = view->name,
        .sentence = view->sentence,
        .example = view->example,
        .benefit = view->benefit,
        .if_no = view->if_no,
        .language = view->language,
        .term = view->term,
        .legal_basis = view->legal_basis,
        .needed = view->needed,
        .optional = view->optional,
        .longest_ms = view->longest_ms,
        .shortest_useful_ms = view->shortest_useful_ms,
        .retention_ms = view->retention_ms,
        .passed_on = view->passed_on,
        .passed_on_count = view->passed_on_count,
        .scored = view->scored,
        .leaves_eea = view->leaves_eea,
        .trains_ai = view->trains_ai,
        .unsaid = view->unsaid,
    };
}

static err reply_saved(struct call *call, void *arg)
{
    const struct purpose_save *save = arg;
    return reply_purpose(call, &save->out);
}

static err save(struct call *call, int64_t purpose_id)
{
    struct ctx *cx = &call->cx;
    struct purpose_view draft = {.id = {ID_NONE, 0, 0}, .unsaid = PURPOSE_ALL_UNSAID};
    struct purpose_save *act = ARENA_NEW(call->arena, struct purpose_save);
    if (act == NULL)
        return FAIL_MEMORY(cx);
    TRY(call_body(call, &draft));
    act->purpose_id = purpose_id;
    act->text = text_of_view(&draft);
    act->body = json_canonical(call->arena, call_visit(call)->body);
    if (act->body.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(read_departments(cx, cx->actor.organisation_id, draft.departments, draft.departments_count,
                         &act->departments));
    return call_seal(call, purpose_save, act, reply_saved, 0);
}

err post_org_purpose(struct call *call)
{
    return save(call, 0);
}

err put_org_purpose(struct call *call)
{
    struct purpose purpose;
    TRY(open_purpose(call, &purpose));
    return save(call, purpose.purpose_id);
}

/* ---- publish and retire */

struct finding_view {
    struct text pointer;
    struct text reason;
    struct text message;
};
static const struct shape_member FINDING[] = {
    MEMBER("pointer", TEXT, 0, struct finding_view, pointer),
    MEMBER("reason", TEXT, 0, struct finding_view, reason),
    MEMBER("message", TEXT, 0, struct finding_view, message),
};
static const struct shape SHAPE_FINDING = {.name = "Finding", .sentence = "One thing to change before publishing.",
    SHAPE_MEMBERS(FINDING), .size = sizeof(struct finding_view)};

struct findings_view {
    const struct finding_view *items;
    size_t                     count;
};
static const struct shape_member FINDINGS[] = {
    MEMBER("findings", OBJECTS, 0, struct findings_view, items, .count = offsetof(struct findings_view, count),
           .shape = &SHAPE_FINDING),
};
static const struct shape SHAPE_FINDINGS = {.name = "Findings", SHAPE_MEMBERS(FINDINGS),
    .size = sizeof(struct findings_view)};

/* The failure names the number; beside it stands each finding. */
static err refuse_findings(struct call *call, const struct findings *findings)
{
    struct ctx *cx = &call->cx;
    struct finding_view *items = ARENA_ARRAY(call->arena, struct finding_view, findings->count);
    if (items == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < findings->count; i++)
        items[i] = (struct finding_view){text_of(findings->items[i].pointer), text_of(findings->items[i].reason),
            findings->items[i].message};
    (void)FAIL(cx, INVALID, "purpose.findings", "the checks found %zu thing%s to change", findings->count,
               text_plural((int64_t)findings->count));
    call_reply_problem(call, &SHAPE_FINDINGS, &(struct findings_view){items, findings->count});
    return OK;
}

static err reply_published(struct call *call, void *arg)
{
    const struct purpose_publish *publish = arg;
    return reply_purpose(call, &publish->out);
}

err post_org_purpose_publish(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct views views = {.cx = cx};
    struct purpose purpose;
    struct purpose_view view;
    struct findings findings = findings_open(call->arena);
    struct purpose_publish *publish = ARENA_NEW(call->arena, struct purpose_publish);
    if (publish == NULL)
        return FAIL_MEMORY(cx);
    TRY(open_purpose(call, &purpose));
    TRY(view_purpose(&views, &purpose, &view));
    *publish = (struct purpose_publish){.purpose_id = purpose.purpose_id, .text = text_of_view(&view),
        .body = purpose.body};
    TRY(wording_check(cx, &publish->text, &findings));
    if (findings.count > 0 && purpose.state == PURPOSE_DRAFT)
        return refuse_findings(call, &findings);
    return call_seal(call, purpose_publish, publish, reply_published, 0);
}

static err reply_retired(struct call *call, void *arg)
{
    const struct purpose_retire *retire = arg;
    return reply_purpose(call, &retire->out);
}

err post_org_purpose_retire(struct call *call)
{
    struct id id;
    struct purpose_retire *retire = ARENA_NEW(call->arena, struct purpose_retire);
    if (retire == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(call_id(call, "pur", &id));
    TRY(policy_require(&call->cx, POLICY_PURPOSE_SEE, &(struct policy_object){.organisation_id = id.owner}));
    retire->purpose_id = id.item;
    return call_seal(call, purpose_retire, retire, reply_retired, 0);
}
