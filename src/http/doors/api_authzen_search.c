/* SPDX-License-Identifier: Apache-2.0
 * AuthZEN's searches: of subject, resource or action the one that is left out. They tell what the department sees in
 * its grants, so they want the scope for these and leave no trace. One that leaves nothing open but yes or no about
 * one person is a question, which that person sees. A page goes on by a token that is good for the same search only. */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/id_seal.h"
#include "http/doors/authzen.h"
#include "http/doors/handlers.h"
#include "http/gate/shapes.h"

/* ---- what comes in */

struct paging {
    struct text token;
    int64_t     limit;
};
static const struct shape_member PAGING[] = {
    MEMBER("token", TEXT, 0, struct paging, token, .most = LIMIT_NOTE_BYTES,
           .sentence = "next_token of the page before, with the same search."),
    MEMBER("limit", INT, 0, struct paging, limit, .least = 0, .most = LIMIT_JSON_MEMBERS,
           .sentence = "A page has no more, and never more than 50."),
};
static const struct shape SHAPE_PAGING = {.name = "SearchPaging", SHAPE_MEMBERS(PAGING),
    .size = sizeof(struct paging), .open = true};

struct search_body {
    struct authzen_question question;
    struct paging          *page;
};
#define PAGE_MEMBER MEMBER("page", OBJECT_AT, 0, struct search_body, page, .shape = &SHAPE_PAGING)
#define ENTITY(name, entity, flags)                                                                                    \
    MEMBER(#name, OBJECT_AT, flags, struct search_body, question.name, .shape = &(entity))

static const struct shape_member SUBJECT_SEARCH[] = {
    ENTITY(subject, SHAPE_AUTHZEN_SUBJECT_TYPE, SHAPE_REQUIRED), ENTITY(action, SHAPE_AUTHZEN_ACTION, SHAPE_REQUIRED),
    ENTITY(resource, SHAPE_AUTHZEN_RESOURCE, SHAPE_REQUIRED), ENTITY(context, SHAPE_AUTHZEN_CONTEXT, 0), PAGE_MEMBER,
};
const struct shape SHAPE_SUBJECT_SEARCH = {.name = "SubjectSearch", .sentence = "Who may?",
    SHAPE_MEMBERS(SUBJECT_SEARCH), .size = sizeof(struct search_body), .open = true};

static const struct shape_member RESOURCE_SEARCH[] = {
    ENTITY(subject, SHAPE_AUTHZEN_SUBJECT, SHAPE_REQUIRED), ENTITY(action, SHAPE_AUTHZEN_ACTION, SHAPE_REQUIRED),
    ENTITY(resource, SHAPE_AUTHZEN_RESOURCE_TYPE, SHAPE_REQUIRED), ENTITY(context, SHAPE_AUTHZEN_CONTEXT, 0),
    PAGE_MEMBER,
};
const struct shape SHAPE_RESOURCE_SEARCH = {.name = "ResourceSearch", .sentence = "With what?",
    SHAPE_MEMBERS(RESOURCE_SEARCH), .size = sizeof(struct search_body), .open = true};

static const struct shape_member ACTION_SEARCH[] = {
    ENTITY(subject, SHAPE_AUTHZEN_SUBJECT, SHAPE_REQUIRED), ENTITY(resource, SHAPE_AUTHZEN_RESOURCE, SHAPE_REQUIRED),
    ENTITY(context, SHAPE_AUTHZEN_CONTEXT, 0), PAGE_MEMBER,
};
const struct shape SHAPE_ACTION_SEARCH = {.name = "ActionSearch", .sentence = "To do what?",
    SHAPE_MEMBERS(ACTION_SEARCH), .size = sizeof(struct search_body), .open = true};

/* ---- what goes out */

struct result_properties {
    struct id            purpose;
    struct text          kinds; /* JSON */
};
static const struct shape_member PROPERTIES[] = {
    MEMBER("purpose", ID, SHAPE_SPARSE, struct result_properties, purpose, .id = ID_PURPOSE),
    MEMBER("attributes", JSON, SHAPE_SPARSE, struct result_properties, kinds, .sentence = "The kinds of data."),
};
static const struct shape SHAPE_PROPERTIES = {.name = "SearchProperties", SHAPE_MEMBERS(PROPERTIES),
    .size = sizeof(struct result_properties)};

struct result_view {
    struct text               type, id, name;
    struct result_properties *properties;
};
static const struct shape_member RESULT[] = {
    MEMBER("type", TEXT, SHAPE_SPARSE, struct result_view, type),
    MEMBER("id", TEXT, SHAPE_SPARSE, struct result_view, id),
    MEMBER("name", TEXT, SHAPE_SPARSE, struct result_view, name, .sentence = "Of an action."),
    MEMBER("properties", OBJECT_AT, SHAPE_SPARSE, struct result_view, properties, .shape = &SHAPE_PROPERTIES),
};
static const struct shape SHAPE_RESULT = {.name = "SearchResult", .sentence = "A subject, resource or action.",
    SHAPE_MEMBERS(RESULT), .size = sizeof(struct result_view)};

struct next_view {
    struct text token;
    int64_t     count;
};
static const struct shape_member NEXT[] = {
    MEMBER("next_token", TEXT, 0, struct next_view, token, .sentence = "Empty: it was the last page."),
    MEMBER("count", INT, 0, struct next_view, count),
};
static const struct shape SHAPE_NEXT = {.name = "SearchNext", SHAPE_MEMBERS(NEXT), .size = sizeof(struct next_view)};

struct search_view {
    struct next_view          page;
    const struct result_view *results;
    size_t                    results_count;
};
static const struct shape_member SEARCH_PAGE[] = {
    MEMBER("page", OBJECT, 0, struct search_view, page, .shape = &SHAPE_NEXT),
    LIST("results", OBJECTS, 0, struct search_view, results, .shape = &SHAPE_RESULT),
};
const struct shape SHAPE_SEARCH_PAGE = {.name = "SearchPage", SHAPE_MEMBERS(SEARCH_PAGE),
    .size = sizeof(struct search_view)};

/* ---- pages */

/* What the token is good for: the search without its page. */
static err mark_of(struct call *call, struct text *out)
{
    static const char *const NAMES[] = {"subject", "action", "resource", "context"};
    const json_t *body = call_visit(call)->body;
    struct builder all = builder_open(call->arena, LIMIT_BODY_BYTES);
    uint8_t hash[HASH_BYTES];
    build_text(&all, call->request.path);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const json_t *entity = json_object_get(body, NAMES[i]);
        build_byte(&all, '\n');
        if (entity != NULL)
            build_text(&all, json_canonical(call->arena, entity));
    }
    if (all.overflowed || arena_is_exhausted(call->arena))
        return FAIL_MEMORY(&call->cx);
    blake2b_256(builder_bytes(&all), hash);
    *out = base64url_encode(call->arena, (struct bytes){hash, 12});
    return out->at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

/* The number behind which the page begins: "cur_….MARK" was given out for this search. */
static err read_token(struct call *call, const struct paging *paging, struct text mark, int64_t *out)
{
    struct ctx *cx = &call->cx;
    struct text token = paging == NULL ? TEXT_NONE : paging->token;
    struct page_query query = PAGE_QUERY_START;
    *out = 0;
    if (token.size == 0)
        return OK;
    bool fits = token.size == ID_TEXT_SIZE + 1 + mark.size && token.at[ID_TEXT_SIZE] == '.' &&
                text_equals((struct text){token.at + ID_TEXT_SIZE + 1, mark.size}, mark);
    if (fits && id_open(cx, (struct text){token.at, ID_TEXT_SIZE}, ID_CURSOR, &query.after) == OK)
        return call_after(call, &query, out);
    failure_clear(&cx->failure);
    return FAIL_AT(cx, MALFORMED, "request.bad_cursor", "/page/token", "the place is not one of this search");
}

static err write_token(struct call *call, bool more, int64_t item, struct text mark, struct text *out)
{
    *out = TEXT_NONE;
    if (!more)
        return OK;
    struct text place = id_text(&call->cx, call_place(call, item));
    *out = text_format(call->arena, "%.*s.%.*s", TEXT_ARGS(place), TEXT_ARGS(mark));
    return place.at == NULL || out->at == NULL ? FAIL_MEMORY(&call->cx) : OK;
}

static int limit_of(const struct paging *paging)
{
    int64_t limit = paging == NULL || paging->limit == 0 ? LIMIT_EVALUATIONS : paging->limit;
    return (int)(limit > LIMIT_EVALUATIONS ? LIMIT_EVALUATIONS : limit);
}

/* One search under way. evaluations_commit() takes what stands first, when it is but one question. */
struct search {
    struct evaluations all;
    struct search_body body;
    struct evaluation  question;
    struct text        mark;
    int64_t            after;
    struct result_view results[LIMIT_EVALUATIONS];
    size_t             count;
};

static err begin(struct call *call, bool needs_purpose, struct search *search)
{
    TRY(call_body(call, &search->body));
    TRY(authzen_question(&call->cx, &search->body.question, needs_purpose, &search->question));
    TRY(mark_of(call, &search->mark));
    return read_token(call, search->body.page, search->mark, &search->after);
}

static err finish(struct call *call, const struct search *search, bool more, int64_t place)
{
    struct search_view view = {.results = search->results, .results_count = search->count,
        .page.count = (int64_t)search->count};
    TRY(write_token(call, more, place, search->mark, &view.page.token));
    call->reply.on_beat = search->count == 0; /* nothing there, or nothing to see */
    return call_reply(call, &view);
}

static err ask(struct call *call, struct search *search, call_encode answer)
{
    TRY(evaluation_decide(&call->cx, &search->question));
    search->all = (struct evaluations){.items = &search->question, .count = 1, .semantic = EVALUATION_EXECUTE_ALL};
    return call_seal_with(call, &(struct sealing){.run = evaluations_commit, .arg = search,
        .announce = evaluations_commit_announce, .encode = answer, .in_ledger = true});
}

/* ---- who */

/* On the writer. */
static err answer_subject(struct call *call, void *arg)
{
    struct search *search = arg;
    search->count = 0; /* of a run in vain */
    if (evaluation_permits(&search->question))
        search->results[search->count++] = (struct result_view){.type = search->question.subject_type,
            .id = search->question.subject_id, .name = TEXT_NONE};
    return finish(call, search, false, 0);
}

err post_search_subject(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct search *search = ARENA_NEW(call->arena, struct search);
    if (search == NULL)
        return FAIL_MEMORY(cx);
    TRY(begin(call, true, search));
    bool is_system = text_is(search->question.subject_type, EVALUATION_SYSTEM);
    struct id own = {is_system ? ID_SYSTEM : ID_DEPARTMENT, cx->actor.organisation_id,
                     is_system ? cx->actor.system_id : cx->actor.department_id};
    search->question.subject_id = id_text(cx, own);
    if (search->question.subject_id.at == NULL)
        return FAIL_MEMORY(cx);
    return ask(call, search, answer_subject);
}

/* ---- with what */

static err write_kinds(struct ctx *cx, struct attribute_set kinds, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, LIMIT_BODY_BYTES);
    json_open_array(&writer);
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(kinds, n)) != ATTRIBUTE_NONE;)
        json_write_text(&writer, text_of(attribute_by_number(n)->term));
    json_close_array(&writer);
    return json_writer_finish(cx, &writer, out);
}

static err show_relationship(struct call *call, struct search *search, const struct evaluation_found *found)
{
    struct result_properties *properties = ARENA_NEW(call->arena, struct result_properties);
    struct result_view view = {.type = TEXT(EVALUATION_RELATIONSHIP), .id = id_text(&call->cx, found->relationship),
        .name = TEXT_NONE, .properties = properties};
    if (properties == NULL || view.id.at == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(write_kinds(&call->cx, found->attributes, &properties->kinds));
    search->results[search->count++] = view;
    return OK;
}

err post_search_resource(struct call *call)
{
    struct search *search = ARENA_NEW(call->arena, struct search);
    if (search == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(begin(call, true, search));
    struct evaluation_relationships found = {.question = search->question, .after = search->after,
        .limit = limit_of(search->body.page)};
    TRY(evaluation_relationships(&call->cx, &found));
    for (size_t i = 0; i < found.out_count; i++)
        TRY(show_relationship(call, search, &found.out[i]));
    return finish(call, search, found.out_more, found.out_last_id);
}

/* ---- to do what */

static err show_purpose(struct call *call, struct search *search, struct id purpose)
{
    struct result_properties *properties = ARENA_NEW(call->arena, struct result_properties);
    if (properties == NULL)
        return FAIL_MEMORY(&call->cx);
    *properties = (struct result_properties){purpose, TEXT_NONE};
    search->results[search->count++] = (struct result_view){.type = TEXT_NONE, .id = TEXT_NONE,
        .name = TEXT(EVALUATION_READ), .properties = properties};
    return OK;
}

/* A purpose in the context leaves that one alone. On the writer. */
static err answer_purpose(struct call *call, void *arg)
{
    struct search *search = arg;
    struct id purpose;
    search->count = 0;
    if (evaluation_permits(&search->question)) {
        TRY(id_open(&call->cx, search->question.purpose, ID_PURPOSE, &purpose));
        TRY(show_purpose(call, search, purpose));
    }
    return finish(call, search, false, 0);
}

err post_search_action(struct call *call)
{
    struct search *search = ARENA_NEW(call->arena, struct search);
    if (search == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(begin(call, false, search));
    search->question.action = TEXT(EVALUATION_READ);
    if (search->question.purpose.size > 0)
        return ask(call, search, answer_purpose);
    struct evaluation_purposes found = {.question = search->question, .after = search->after,
        .limit = limit_of(search->body.page)};
    TRY(evaluation_purposes(&call->cx, &found));
    for (size_t i = 0; i < found.out_count; i++)
        TRY(show_purpose(call, search, found.out[i]));
    TRY(finish(call, search, found.out_more, found.out_count == 0 ? 0 : found.out[found.out_count - 1].item));
    return call_seal_proof_of_read(call);
}
