/* SPDX-License-Identifier: Apache-2.0
 * AuthZEN: whether a read would be given, one or several, and where to ask. The answer is built behind the write that
 * tells the person. An item of several that cannot be read is denied by itself. */
#include "base/limits.h"
#include "base/text.h"
#include "http/doors/authzen.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

#define REPLY_BYTES_MAX (LIMIT_OUTPUT_BYTES / 2)

/* ---- where */

struct authzen_view {
    struct text decision_point, evaluation, evaluations, subject, resource, action;
};
static const struct shape_member AUTHZEN[] = {
    MEMBER("policy_decision_point", TEXT, 0, struct authzen_view, decision_point),
    MEMBER("access_evaluation_endpoint", TEXT, 0, struct authzen_view, evaluation),
    MEMBER("access_evaluations_endpoint", TEXT, 0, struct authzen_view, evaluations),
    MEMBER("search_subject_endpoint", TEXT, 0, struct authzen_view, subject),
    MEMBER("search_resource_endpoint", TEXT, 0, struct authzen_view, resource),
    MEMBER("search_action_endpoint", TEXT, 0, struct authzen_view, action),
};
const struct shape SHAPE_AUTHZEN = {.name = "AuthzenConfiguration", .sentence = "Metadata of a decision point.",
    SHAPE_MEMBERS(AUTHZEN), .size = sizeof(struct authzen_view)};

static struct text address_of(struct call *call, const char *path)
{
    return text_format(call->arena, "%s%s", call_origin(call), path);
}

err get_authzen(struct call *call)
{
    struct authzen_view view = {
        .decision_point = address_of(call, ""),
        .evaluation = address_of(call, AUTHZEN_PATH "evaluation"),
        .evaluations = address_of(call, AUTHZEN_PATH "evaluations"),
        .subject = address_of(call, AUTHZEN_PATH "search/subject"),
        .resource = address_of(call, AUTHZEN_PATH "search/resource"),
        .action = address_of(call, AUTHZEN_PATH "search/action"),
    };
    if (view.action.at == NULL || arena_is_exhausted(call->arena))
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}

/* ---- what is asked */

static const struct shape_member EVALUATION[] = {
    MEMBER("subject", OBJECT_AT, SHAPE_REQUIRED, struct authzen_question, subject, .shape = &SHAPE_AUTHZEN_SUBJECT),
    MEMBER("action", OBJECT_AT, SHAPE_REQUIRED, struct authzen_question, action, .shape = &SHAPE_AUTHZEN_ACTION),
    MEMBER("resource", OBJECT_AT, SHAPE_REQUIRED, struct authzen_question, resource,
           .shape = &SHAPE_AUTHZEN_RESOURCE),
    MEMBER("context", OBJECT_AT, 0, struct authzen_question, context, .shape = &SHAPE_AUTHZEN_CONTEXT),
};
const struct shape SHAPE_EVALUATION = {.name = "Evaluation", .sentence = "May this subject do this with this resource?",
    SHAPE_MEMBERS(EVALUATION), .size = sizeof(struct authzen_question), .open = true};

/* The same as a default for others, or with defaults from elsewhere. */
#define OPTIONAL_ENTITIES(type, member)                                                                                \
    MEMBER("subject", OBJECT_AT, 0, type, member subject, .shape = &SHAPE_AUTHZEN_SUBJECT),                            \
    MEMBER("action", OBJECT_AT, 0, type, member action, .shape = &SHAPE_AUTHZEN_ACTION),                               \
    MEMBER("resource", OBJECT_AT, 0, type, member resource, .shape = &SHAPE_AUTHZEN_RESOURCE),                         \
    MEMBER("context", OBJECT_AT, 0, type, member context, .shape = &SHAPE_AUTHZEN_CONTEXT)

static const struct shape_member ITEM[] = {OPTIONAL_ENTITIES(struct authzen_question, )};
static const struct shape SHAPE_ITEM = {.name = "EvaluationItem",
    .sentence = "What it does not name is what stands beside the list.", SHAPE_MEMBERS(ITEM),
    .size = sizeof(struct authzen_question), .open = true};

static const struct choice SEMANTICS[] = {{EVALUATION_EXECUTE_ALL, "execute_all"},
    {EVALUATION_DENY_ON_FIRST_DENY, "deny_on_first_deny"},
    {EVALUATION_PERMIT_ON_FIRST_PERMIT, "permit_on_first_permit"}, {0, NULL}};

struct options {
    evaluation_semantic semantic;
};
static const struct shape_member OPTIONS[] = {
    MEMBER("evaluations_semantic", CHOICE, 0, struct options, semantic, .choices = SEMANTICS,
           .sentence = "execute_all when it is not given."),
};
static const struct shape SHAPE_OPTIONS = {.name = "EvaluationsOptions", SHAPE_MEMBERS(OPTIONS),
    .size = sizeof(struct options), .open = true};

struct evaluations_body {
    struct authzen_question defaults;
    struct options         *options;
    const struct authzen_question *items;
    size_t                         items_count;
};
static const struct shape_member EVALUATIONS[] = {
    OPTIONAL_ENTITIES(struct evaluations_body, defaults.),
    MEMBER("options", OBJECT_AT, 0, struct evaluations_body, options, .shape = &SHAPE_OPTIONS),
    LIST("evaluations", OBJECTS, 0, struct evaluations_body, items, .shape = &SHAPE_ITEM, .most = LIMIT_EVALUATIONS),
};
const struct shape SHAPE_EVALUATIONS = {.name = "Evaluations", .sentence = "Several, with what they have in common.",
    SHAPE_MEMBERS(EVALUATIONS), .size = sizeof(struct evaluations_body), .open = true};
/* The same without the list, whose items are read one by one. */
static const struct shape SHAPE_DEFAULTS = {.name = "Evaluations", .members = EVALUATIONS,
    .member_count = sizeof EVALUATIONS / sizeof *EVALUATIONS - 1, .size = sizeof(struct evaluations_body),
    .open = true};

/* ---- what is answered */

struct words_view {
    struct text unreadable, denied, unknown;
};
static const struct shape_member WORDS[] = {
    MEMBER("400", TEXT, SHAPE_SPARSE, struct words_view, unreadable),
    MEMBER("403", TEXT, SHAPE_SPARSE, struct words_view, denied),
    MEMBER("404", TEXT, SHAPE_SPARSE, struct words_view, unknown),
};
static const struct shape SHAPE_WORDS = {.name = "DecisionReason", .sentence = "By the status that it would be.",
    SHAPE_MEMBERS(WORDS), .size = sizeof(struct words_view)};

struct door_view {
    struct text endpoint;
    int64_t     expires_at_ms;
};
static const struct shape_member DOOR[] = {
    MEMBER("endpoint", TEXT, 0, struct door_view, endpoint, .sentence = "Where the department asks the person."),
    MEMBER("expires_at", TIME, 0, struct door_view, expires_at_ms, .sentence = "Then ask again whether you may."),
};
static const struct shape SHAPE_DOOR = {.name = "DecisionAccessRequest",
    .sentence = "As the draft Access Request and Approval Profile names it.", SHAPE_MEMBERS(DOOR),
    .size = sizeof(struct door_view)};

struct context_view {
    struct text              reason;
    struct text              pointer;
    const struct words_view *admin, *user;
    struct id                id;
    int64_t                  at_ms;
    int64_t                  valid_until_ms;
    const struct door_view  *door;
};
static const struct shape_member CONTEXT[] = {
    MEMBER("evaluation_id", ID, SHAPE_SPARSE, struct context_view, id, .id = ID_DISCLOSURE,
           .sentence = "Of the entry that the person sees."),
    MEMBER("evaluated_at", TIME, SHAPE_SPARSE, struct context_view, at_ms),
    MEMBER("valid_until", TIME, SHAPE_SPARSE, struct context_view, valid_until_ms,
           .sentence = "When the first of the grants ends, if nobody stops it before."),
    MEMBER("reason", TEXT, SHAPE_SPARSE, struct context_view, reason, .sentence = "Why it is denied, as one word."),
    MEMBER("pointer", TEXT, SHAPE_SPARSE, struct context_view, pointer, .sentence = "The member that cannot be read."),
    MEMBER("reason_admin", OBJECT_AT, SHAPE_SPARSE, struct context_view, admin, .shape = &SHAPE_WORDS),
    MEMBER("reason_user", OBJECT_AT, SHAPE_SPARSE, struct context_view, user, .shape = &SHAPE_WORDS),
    MEMBER("access_request", OBJECT_AT, SHAPE_SPARSE, struct context_view, door, .shape = &SHAPE_DOOR),
};
static const struct shape SHAPE_CONTEXT = {.name = "DecisionContext", SHAPE_MEMBERS(CONTEXT),
    .size = sizeof(struct context_view)};

struct decision_view {
    bool                decision;
    struct context_view context;
};
static const struct shape_member DECISION[] = {
    MEMBER("decision", BOOL, SHAPE_REQUIRED, struct decision_view, decision),
    MEMBER("context", OBJECT, 0, struct decision_view, context, .shape = &SHAPE_CONTEXT),
};
const struct shape SHAPE_DECISION = {.name = "Decision", .sentence = "Whether it would be given now.",
    SHAPE_MEMBERS(DECISION), .size = sizeof(struct decision_view)};

struct decisions_view {
    const struct decision_view *items;
    size_t                      items_count;
    struct decision_view        alone;
};
static const struct shape_member DECISIONS[] = {
    LIST("evaluations", OBJECTS, 0, struct decisions_view, items, .shape = &SHAPE_DECISION,
         .sentence = "In the order of the questions, as far as the semantic goes."),
    MEMBER("decision", BOOL, 0, struct decisions_view, alone.decision,
           .sentence = "Where one was asked, without a list."),
    MEMBER("context", OBJECT, 0, struct decisions_view, alone.context, .shape = &SHAPE_CONTEXT),
};
const struct shape SHAPE_DECISIONS = {.name = "Decisions", SHAPE_MEMBERS(DECISIONS),
    .size = sizeof(struct decisions_view)};
static const struct shape SHAPE_DECISION_LIST = {.name = "Decisions", .members = DECISIONS, .member_count = 1,
    .size = sizeof(struct decisions_view)};

/* ---- from a question to an answer */

/* An item that cannot be read; `reason` NULL: it can. */
struct unreadable {
    const char *reason;
    struct text detail;
    struct text pointer;
};

/* Evaluations under way. They stand first: they are what evaluations_commit() takes. */
struct asking {
    struct evaluations all;
    struct unreadable *unreadable; /* as many */
    bool               is_list;
};

/* Coarse on purpose: what a word says the department knows from its own grants and relationships. */
static const struct {
    const char *reason, *word, *admin, *user;
} DENIALS[] = {
    {"grant.none", "no_grant", "No grant covers all of this for this purpose.", "The customer has not permitted this."},
    {"grant.not_yet", "no_grant", "No grant covers all of this yet.", "The customer has not permitted this yet."},
    {"grant.expired", "expired", "The grant has run out.", "The customer's permission has run out."},
    {"grant.used_up", "used_up", "The grant is used up.", "The customer's permission is used up."},
    {"grant.withdrawn", "withdrawn", "The grant was withdrawn.", "The customer has stopped this."},
    {"relationship.objected", "objected", "The customer objects to sale of data and advertising by it.",
     "The customer objects to this."},
    {NULL, "restricted", "The relationship is not active.", "Nothing may be read of this customer now."},
};

static err fill_denied(struct call *call, const struct evaluation *one, struct context_view *view)
{
    struct words_view *words = ARENA_ARRAY(call->arena, struct words_view, 2);
    size_t at = 0;
    if (words == NULL)
        return FAIL_MEMORY(&call->cx);
    while (DENIALS[at].reason != NULL && !text_is(text_of(one->ask.reason), DENIALS[at].reason))
        at++;
    words[0].denied = text_of(DENIALS[at].admin);
    words[1].denied = text_of(DENIALS[at].user);
    view->reason = text_of(DENIALS[at].word);
    view->admin = &words[0];
    view->user = &words[1];
    return OK;
}

static err fill_door(struct call *call, const struct evaluation *one, struct context_view *view)
{
    if (!one->can_ask || one->ask.given || (call->cx.actor.scopes & SCOPE_REQUESTS) == 0)
        return OK;
    struct door_view *door = ARENA_NEW(call->arena, struct door_view);
    if (door == NULL)
        return FAIL_MEMORY(&call->cx);
    *door = (struct door_view){address_of(call, "/v1/org/requests"), call->cx.now_ms + LIMIT_ACCESS_REQUEST_MS};
    if (door->endpoint.at == NULL)
        return FAIL_MEMORY(&call->cx);
    view->door = door;
    return OK;
}

static err fill_unknown(struct call *call, const struct unreadable *fault, struct context_view *view)
{
    struct words_view *words = ARENA_NEW(call->arena, struct words_view);
    if (words == NULL)
        return FAIL_MEMORY(&call->cx);
    if (fault->reason != NULL)
        words->unreadable = fault->detail;
    else
        words->unknown = text_of(error_sentence(NOT_FOUND));
    view->reason = fault->reason != NULL ? text_of(fault->reason) : TEXT("not_found");
    view->pointer = fault->reason != NULL ? fault->pointer : TEXT_NONE;
    view->admin = view->user = words;
    return OK;
}

static err fill_decision(struct call *call, const struct evaluation *one, const struct unreadable *fault,
                         struct decision_view *out)
{
    struct decision_view view = {.decision = evaluation_permits(one)};
    if (!one->known) { /* why it is not there the clock shall not tell either */
        call->reply.on_beat = call->reply.on_beat || fault->reason == NULL;
        TRY(fill_unknown(call, fault, &view.context));
        *out = view;
        return OK;
    }
    view.context.id = relationship_item_id(&one->ask.found, ID_DISCLOSURE, one->ask.disclosure_id);
    view.context.at_ms = call->cx.now_ms;
    if (view.decision)
        view.context.valid_until_ms = one->ask.valid_until_ms;
    else
        TRY(fill_denied(call, one, &view.context));
    TRY(fill_door(call, one, &view.context));
    *out = view;
    return OK;
}

static err reply_with(struct call *call, const struct shape *shape, const void *value)
{
    struct json_writer writer = json_writer_open(call->arena, REPLY_BYTES_MAX);
    struct text body;
    shape_encode(&call->cx, shape, value, &writer);
    TRY(json_writer_finish(&call->cx, &writer, &body));
    return call_reply_text(call, "application/json", body);
}

/* On the writer. */
static err answer(struct call *call, void *arg)
{
    const struct asking *asking = arg;
    size_t count = asking->all.out_answered;
    struct decision_view *views = ARENA_ARRAY(call->arena, struct decision_view, count);
    if (views == NULL)
        return FAIL_MEMORY(&call->cx);
    for (size_t i = 0; i < count; i++)
        TRY(fill_decision(call, &asking->all.items[i], &asking->unreadable[i], &views[i]));
    if (!asking->is_list)
        return reply_with(call, &SHAPE_DECISION, &views[0]);
    return reply_with(call, &SHAPE_DECISION_LIST, &(struct decisions_view){.items = views, .items_count = count});
}

static err seal_answer(struct call *call, struct asking *asking)
{
    return call_seal_with(call, &(struct sealing){.run = evaluations_commit, .arg = asking,
        .announce = evaluations_commit_announce, .encode = answer, .in_ledger = true});
}

static err make_room(struct call *call, size_t count, struct asking *asking)
{
    asking->all = (struct evaluations){.items = ARENA_ARRAY(call->arena, struct evaluation, count), .count = count,
        .semantic = EVALUATION_EXECUTE_ALL};
    asking->unreadable = ARENA_ARRAY(call->arena, struct unreadable, count);
    return asking->all.items == NULL || asking->unreadable == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

static err decide(struct ctx *cx, struct evaluation *one)
{
    TRY(evaluation_decide(cx, one));
    return evaluation_look_for_door(cx, one);
}

/* ---- one */

static err ask_one(struct call *call, const struct authzen_question *question)
{
    struct asking *asking = ARENA_NEW(call->arena, struct asking);
    if (asking == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(make_room(call, 1, asking));
    TRY(authzen_question(&call->cx, question, true, &asking->all.items[0]));
    TRY(decide(&call->cx, &asking->all.items[0]));
    return seal_answer(call, asking);
}

err post_evaluation(struct call *call)
{
    struct authzen_question question = {.subject = NULL};
    TRY(call_body(call, &question));
    return ask_one(call, &question);
}

/* ---- several */

static err require_entities(struct ctx *cx, const struct authzen_question *question)
{
    const char *missing = question->subject == NULL    ? "/subject"
                          : question->action == NULL   ? "/action"
                          : question->resource == NULL ? "/resource"
                                                       : NULL;
    if (missing != NULL)
        return FAIL_AT(cx, MALFORMED, "request.missing_member", missing, "neither the item nor the request names it");
    return OK;
}

static err read_item(struct ctx *cx, const json_t *json, const struct authzen_question *defaults,
                     struct evaluation *out)
{
    struct authzen_question question = *defaults;
    TRY(shape_decode(cx, &SHAPE_ITEM, json, &question));
    TRY(require_entities(cx, &question));
    return authzen_question(cx, &question, true, out);
}

/* Takes the failure away and keeps what it says, with its place in the whole body. */
static err keep_fault(struct call *call, size_t at, struct unreadable *out)
{
    const struct failure *failure = &call->cx.failure;
    *out = (struct unreadable){
        .reason = failure->reason,
        .detail = text_copy(call->arena, text_of(failure->detail)),
        .pointer = text_format(call->arena, "/evaluations/%zu%s", at, failure->pointer),
    };
    failure_clear(&call->cx.failure);
    return out->detail.at == NULL || out->pointer.at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

static err ask_item(struct call *call, struct asking *asking, size_t at, const json_t *json,
                    const struct authzen_question *defaults)
{
    struct evaluation *one = &asking->all.items[at];
    err result = read_item(&call->cx, json, defaults, one);
    if (result == MALFORMED || result == INVALID)
        return keep_fault(call, at, &asking->unreadable[at]);
    TRY(result);
    return decide(&call->cx, one);
}

static err check_list(struct ctx *cx, const json_t *list)
{
    if (list != NULL && !json_is_array(list))
        return FAIL_AT(cx, MALFORMED, "request.wrong_type", "/evaluations", "a list is wanted here");
    if (list != NULL && json_array_size(list) > LIMIT_EVALUATIONS)
        return FAIL_AT(cx, INVALID, "request.out_of_range", "/evaluations", "at most %d questions", LIMIT_EVALUATIONS);
    return OK;
}

/* Without a list it is one question, as the standard wants it. */
err post_evaluations(struct call *call)
{
    struct ctx *cx = &call->cx;
    const json_t *body = call_visit(call)->body;
    struct evaluations_body head = {.options = NULL};
    struct asking *asking = ARENA_NEW(call->arena, struct asking);
    if (asking == NULL)
        return FAIL_MEMORY(cx);
    if (body == NULL)
        return FAIL(cx, MALFORMED, "request.missing_body", "this needs a body of JSON");
    const json_t *list = json_object_get(body, "evaluations");
    TRY(shape_decode(cx, &SHAPE_DEFAULTS, body, &head));
    TRY(check_list(cx, list));
    if (list == NULL || json_array_size(list) == 0) {
        TRY(require_entities(cx, &head.defaults));
        return ask_one(call, &head.defaults);
    }
    TRY(make_room(call, json_array_size(list), asking));
    asking->is_list = true;
    if (head.options != NULL && head.options->semantic != 0)
        asking->all.semantic = head.options->semantic;
    for (size_t i = 0; i < asking->all.count; i++)
        TRY(ask_item(call, asking, i, json_array_get(list, i), &head.defaults));
    return seal_answer(call, asking);
}
