/* SPDX-License-Identifier: Apache-2.0
 * Requests for a grant: a department asks, revises and cancels; the person answers. */
#include "domain/sharing/request.h"

#include "http/doors/api_view.h"
#include "http/doors/handlers.h"

/* ---- lists */

struct request_query {
    struct page_query page;
    request_state     state;
};
/* All states are stored but "lapsed", so only "open" can be asked for by itself. */
static const struct choice ONLY_OPEN[] = {{REQUEST_OPEN, "open"}, {0, NULL}};
static const struct shape_member REQUEST_QUERY[] = {
    PAGE_QUERY_MEMBERS(struct request_query, page),
    MEMBER("state", CHOICE, 0, struct request_query, state, .choices = ONLY_OPEN,
           .sentence = "Only those that wait for an answer."),
};
const struct shape SHAPE_REQUEST_QUERY = {.name = "RequestQuery", SHAPE_MEMBERS(REQUEST_QUERY),
    .size = sizeof(struct request_query)};

static err fill_page(struct call *call, const struct request_list *list, int64_t limit, struct page *out)
{
    struct views views = {.cx = &call->cx};
    size_t count = list->out_count > (size_t)limit ? (size_t)limit : list->out_count;
    struct request_view *items = ARENA_ARRAY(call->arena, struct request_view, count);
    if (items == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        TRY(view_request(&views, &list->out[i], &items[i]));
    *out = (struct page){.items = items, .count = count};
    if (count < list->out_count)
        out->next = call_place(call, list->out[count - 1].request_id);
    return OK;
}

static err reply_list(struct call *call, err (*load)(struct ctx *cx, struct request_list *list))
{
    struct request_query query = {.page = PAGE_QUERY_START};
    struct request_list list = {.after = 0};
    struct page page;
    TRY(call_query(call, &query));
    TRY(call_after(call, &query.page, &list.after));
    list.limit = (int)query.page.limit + 1; /* one more tells whether there is a next page */
    list.open_only = query.state == REQUEST_OPEN;
    TRY(load(&call->cx, &list));
    TRY(fill_page(call, &list, query.page.limit, &page));
    return call_reply_page(call, &page);
}

err get_my_requests(struct call *call)
{
    return reply_list(call, request_list_of_person);
}

err get_org_requests(struct call *call)
{
    return reply_list(call, request_list_of_department);
}

static err reply_request(struct call *call, const struct request *request)
{
    struct views views = {.cx = &call->cx};
    struct request_view view;
    TRY(view_request(&views, request, &view));
    return call_reply(call, &view);
}

/* The request of the id in the path, when it is the caller's. Comes before the body: what is wrong with that is told to
 * nobody else. */
static err open_request(struct call *call, policy_deed deed, struct request *out)
{
    struct ctx *cx = &call->cx;
    int64_t person_id = 0;
    int64_t request_id = 0;
    struct request request;
    TRY(relationship_open_item(cx, call_text(call, "req"), ID_REQUEST, &person_id, &request_id));
    TRY(request_load(cx, person_id, request_id, &request));
    TRY(policy_require(cx, deed, &(struct policy_object){.person_id = request.person_id,
        .organisation_id = request.organisation_id, .department_id = request.department_id}));
    *out = request;
    return OK;
}

static err load_request(struct call *call, policy_deed deed)
{
    struct request request;
    TRY(open_request(call, deed, &request));
    return reply_request(call, &request);
}

err get_my_request(struct call *call)
{
    return load_request(call, POLICY_REQUEST_READ);
}

err get_org_request(struct call *call)
{
    return load_request(call, POLICY_REQUEST_SEE);
}

/* ---- ask */

struct ask_body {
    struct text          relationship;
    struct id            purpose;
    struct attribute_set attributes;
    int64_t              duration_ms;
    struct uses         *uses;
};
static const struct shape_member ASK[] = {
    MEMBER("relationship", ID_TEXT, SHAPE_REQUIRED, struct ask_body, relationship, .id = ID_RELATIONSHIP),
    MEMBER("purpose", ID, SHAPE_REQUIRED, struct ask_body, purpose, .id = ID_PURPOSE),
    MEMBER("attributes", KINDS, 0, struct ask_body, attributes,
           .sentence = "All that the purpose names when not given."),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct ask_body, duration_ms, .least = 1,
           .sentence = "The purpose's longest when not given."),
    MEMBER("uses", OBJECT_AT, SHAPE_NULLABLE, struct ask_body, uses, .shape = &SHAPE_USES),
};
const struct shape SHAPE_ASK = {.name = "Ask", .sentence = "A department asks for a grant.", SHAPE_MEMBERS(ASK),
    .size = sizeof(struct ask_body)};

static err reply_made(struct call *call, void *arg)
{
    const struct request_make *make = arg;
    return reply_request(call, &make->out);
}

err post_org_request(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct ask_body body = {.duration_ms = 0};
    struct relationship relationship;
    struct purpose purpose;
    struct request_make *make = ARENA_NEW(call->arena, struct request_make);
    if (make == NULL)
        return FAIL_MEMORY(cx);
    TRY(call_body(call, &body));
    TRY(relationship_open(cx, body.relationship, &relationship));
    TRY(purpose_see(cx, &body.purpose, &purpose));
    *make = (struct request_make){.person_id = relationship.person_id,
        .relationship_id = relationship.relationship_id, .purpose = body.purpose, .attributes = body.attributes,
        .duration_ms = body.duration_ms};
    if (body.uses != NULL)
        make->uses = *body.uses;
    return call_seal(call, request_make, make, reply_made, relationship.person_id);
}

/* ---- revise and cancel */

struct revise_body {
    struct attribute_set attributes;
    int64_t              duration_ms;
    struct uses         *uses;
};
static const struct shape_member REVISE[] = {
    MEMBER("attributes", KINDS, 0, struct revise_body, attributes),
    MEMBER("duration", DURATION, 0, struct revise_body, duration_ms, .least = 1),
    MEMBER("uses", OBJECT_AT, 0, struct revise_body, uses, .shape = &SHAPE_USES),
};
const struct shape SHAPE_REVISE = {.name = "Revise", .sentence = "The one revised offer; what is not named stays.",
    SHAPE_MEMBERS(REVISE), .size = sizeof(struct revise_body)};

static err reply_revised(struct call *call, void *arg)
{
    const struct request_revise *revise = arg;
    return reply_request(call, &revise->out);
}

err post_org_request_revise(struct call *call)
{
    struct revise_body body = {.attributes = KINDS_ABSENT};
    struct request request;
    struct request_revise *revise = ARENA_NEW(call->arena, struct request_revise);
    if (revise == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(open_request(call, POLICY_REQUEST_FOLLOW, &request));
    TRY(call_body(call, &body));
    revise->person_id = request.person_id;
    revise->request_id = request.request_id;
    revise->set_attributes = !kinds_are_absent(body.attributes);
    revise->set_duration = body.duration_ms != 0;
    revise->set_uses = body.uses != NULL;
    revise->attributes = body.attributes;
    revise->duration_ms = body.duration_ms;
    if (body.uses != NULL)
        revise->uses = *body.uses;
    return call_seal(call, request_revise, revise, reply_revised, revise->person_id);
}

static err reply_cancelled(struct call *call, void *arg)
{
    const struct request_cancel *cancel = arg;
    return reply_request(call, &cancel->out);
}

err post_org_request_cancel(struct call *call)
{
    struct request request;
    struct request_cancel *cancel = ARENA_NEW(call->arena, struct request_cancel);
    if (cancel == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(open_request(call, POLICY_REQUEST_FOLLOW, &request));
    cancel->person_id = request.person_id;
    cancel->request_id = request.request_id;
    return call_seal(call, request_cancel, cancel, reply_cancelled, cancel->person_id);
}

/* ---- answer */

static const struct choice ANSWERS[] = {
    {ANSWER_ACCEPT, "accept"}, {ANSWER_ADJUST, "adjust"}, {ANSWER_COUNTER, "counter"}, {ANSWER_REFUSE, "refuse"},
    {0, NULL},
};

struct answer_body {
    request_answer_kind  answer;
    struct attribute_set attributes;
    int64_t              until_at_ms;
    int64_t              duration_ms;
    struct uses         *uses;
};
static const struct shape_member ANSWER[] = {
    MEMBER("answer", CHOICE, SHAPE_REQUIRED, struct answer_body, answer, .choices = ANSWERS),
    MEMBER("attributes", KINDS, 0, struct answer_body, attributes,
           .sentence = "All that was asked for when not given."),
    MEMBER("until", TIME, SHAPE_NULLABLE, struct answer_body, until_at_ms,
           .sentence = "As asked for when not given."),
    MEMBER("duration", DURATION, SHAPE_NULLABLE, struct answer_body, duration_ms, .least = 1,
           .sentence = "For how long, instead of until."),
    MEMBER("uses", OBJECT_AT, SHAPE_NULLABLE, struct answer_body, uses, .shape = &SHAPE_USES),
};
const struct shape SHAPE_ANSWER = {.name = "Answer", .sentence = "The person's answer to a request.",
    SHAPE_MEMBERS(ANSWER), .size = sizeof(struct answer_body)};

struct answered_view {
    struct request_view      request;
    const struct grant_view *grant;
    struct id                receipt;
};
static const struct shape_member ANSWERED[] = {
    MEMBER("request", OBJECT, 0, struct answered_view, request, .shape = &SHAPE_REQUEST),
    MEMBER("grant", OBJECT_AT, SHAPE_NULLABLE, struct answered_view, grant, .shape = &SHAPE_GRANT),
    MEMBER("receipt", ID, SHAPE_NULLABLE, struct answered_view, receipt, .id = ID_RECEIPT),
};
const struct shape SHAPE_ANSWERED = {.name = "Answered", .sentence = "What the answer came to.",
    SHAPE_MEMBERS(ANSWERED), .size = sizeof(struct answered_view)};

static err reply_answered(struct call *call, void *arg)
{
    const struct request_answer *answer = arg;
    struct views views = {.cx = &call->cx};
    struct answered_view view = {.grant = NULL};
    struct grant_view *grant = ARENA_NEW(call->arena, struct grant_view);
    const struct relationship *relationship = NULL;
    if (grant == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(view_request(&views, &answer->out, &view.request));
    TRY(view_relationship_of(&views, answer->out.person_id, answer->out.relationship_id, &relationship));
    if (answer->out_has_grant) {
        TRY(view_grant(&views, &answer->out_grant, grant));
        view.grant = grant;
    }
    if (answer->out_receipt_id != 0)
        view.receipt = relationship_item_id(relationship, ID_RECEIPT, answer->out_receipt_id);
    return call_reply(call, &view);
}

err post_request_answer(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct answer_body body = {.attributes = KINDS_ABSENT};
    int64_t person_id = 0;
    struct request_answer *answer = ARENA_NEW(call->arena, struct request_answer);
    if (answer == NULL)
        return FAIL_MEMORY(cx);
    TRY(relationship_open_item(cx, call_text(call, "req"), ID_REQUEST, &person_id, &answer->request_id));
    TRY(policy_require(cx, POLICY_REQUEST_ANSWER, &(struct policy_object){.person_id = person_id}));
    TRY(call_body(call, &body));
    answer->answer = body.answer;
    answer->set_attributes = !kinds_are_absent(body.attributes);
    answer->set_until = body.until_at_ms != 0;
    answer->set_duration = body.duration_ms != 0;
    answer->set_uses = body.uses != NULL;
    answer->attributes = body.attributes;
    answer->until_at_ms = body.until_at_ms;
    answer->duration_ms = body.duration_ms;
    if (body.uses != NULL)
        answer->uses = *body.uses;
    return call_seal(call, request_answer, answer, reply_answered, person_id);
}
