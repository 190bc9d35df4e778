/* SPDX-License-Identifier: Apache-2.0
 * The three moves of a handler, and the path of a sealed reply: queued on the thread, run on the writer, completed when
 * its commit is on disk. */
#include "http/gate/call.h"

#include <assert.h>

#include "base/limits.h"
#include "crypto/id_seal.h"
#include "domain/entrance/session.h"
#include "domain/people/person.h"
#include "domain/sharing/objection_change.h"
#include "http/doors/api_thread.h"
#include "http/gate/idempotency.h"
#include "http/gate/problem.h"

#define REPLY_BYTES_MAX (LIMIT_OUTPUT_BYTES / 2)
static_assert(SERVER_SEALED_BATCH <= LIMIT_WRITE_BATCH, "what a turn hands over is let go together as well");

/* One sealed call, from the handler to the writer and back. */
struct seal {
    struct store_write  write;
    struct call        *call;
    struct sealing      sealing;
    struct reply        reply;      /* as the handler left it */
    struct share_place *place;      /* its caller's share of the queue; NULL: it takes none */
    bool                repeatable; /* the request carries an Idempotency-Key */
    bool                replaces;   /* an answer is kept that stands no more */
    struct idempotency  idempotency;
};

const struct visit *call_visit(const struct call *call)
{
    return call->route;
}

const char *call_origin(const struct call *call)
{
    return call_visit(call)->api->options.origin;
}

/* ---- decode */

struct text call_text(const struct call *call, const char *name)
{
    const struct route_match *match = &call_visit(call)->match;
    for (size_t i = 0; i < match->count; i++)
        if (text_is(match->names[i], name))
            return match->values[i];
    assert(false && "the route names the parameter that its handler asks for");
    return TEXT_NONE;
}

err call_id(struct call *call, const char *name, struct id *out)
{
    return id_open(&call->cx, call_text(call, name), id_type_of_prefix(text_of(name)), out);
}

/* A body that is not there is an empty one: what it must hold is then missing. */
static const json_t *body_of(const struct call *call)
{
    return call_visit(call)->body;
}

static err require_body(struct call *call)
{
    if (body_of(call) == NULL)
        return FAIL(&call->cx, MALFORMED, "request.missing_body", "this needs a body of JSON");
    return OK;
}

static bool has_required(const struct shape *shape)
{
    for (size_t i = 0; i < shape->member_count; i++)
        if ((shape->members[i].flags & SHAPE_REQUIRED) != 0)
            return true;
    return false;
}

/* A change that names nothing is a mistake of the caller's: it would leave no trace and look like a success. */
static err require_change(struct call *call)
{
    TRY(require_body(call));
    if (json_is_object(body_of(call)) && json_object_size(body_of(call)) == 0)
        return FAIL(&call->cx, MALFORMED, "request.changes_nothing", "name what is to change");
    return OK;
}

err call_body(struct call *call, void *out)
{
    const struct route *route = call_visit(call)->route;
    const struct shape *shape = route->request;
    if (route->method == METHOD_PATCH)
        TRY(require_change(call));
    if (body_of(call) == NULL && !has_required(shape))
        return OK;
    TRY(require_body(call));
    return shape_decode(&call->cx, shape, body_of(call), out);
}

err call_bodies(struct call *call, void *out_items, size_t *out_count)
{
    TRY(require_body(call));
    return shape_decode_many(&call->cx, call_visit(call)->route->request, body_of(call), out_items, out_count);
}

err call_query(struct call *call, void *out)
{
    return shape_decode_query(&call->cx, call_visit(call)->route->query, call->request.query, out);
}

/* ---- encode */

void call_add_field(struct call *call, const char *name, struct text value)
{
    err added = reply_add_field(call, name, value);
    assert(added == OK); /* few fields, and values that we made */
    (void)added;
}

void call_replace_field(struct call *call, const char *name, struct text value)
{
    for (size_t i = 0; i < call->reply.field_count; i++)
        if (text_is(text_of(call->reply.fields[i].name), name))
            call->reply.fields[i].value = value;
}

void call_allow_caching(struct call *call)
{
    call_replace_field(call, "Cache-Control", TEXT("public, max-age=31536000, immutable"));
}

err call_reply_text(struct call *call, const char *content_type, struct text body)
{
    if (body.at == NULL || arena_is_exhausted(call->arena)) /* never an answer of which a part is missing */
        return FAIL_MEMORY(&call->cx);
    call->reply.status = call_visit(call)->route->status;
    call->reply.content_type = content_type;
    call->reply.body = body;
    return OK;
}

err call_reply(struct call *call, const void *value)
{
    struct ctx *cx = &call->cx;
    struct json_writer writer = json_writer_open(call->arena, REPLY_BYTES_MAX);
    struct text body;
    shape_encode(cx, call_visit(call)->route->reply, value, &writer);
    TRY(json_writer_finish(cx, &writer, &body));
    return call_reply_text(call, "application/json", body);
}

void call_reply_nothing(struct call *call)
{
    call->reply.status = call_visit(call)->route->status;
    call->reply.content_type = NULL;
    call->reply.body = TEXT_NONE;
}

void call_redirect(struct call *call, const char *location)
{
    call_reply_nothing(call);
    call_add_field(call, "Location", text_of(location));
}

void call_reply_problem(struct call *call, const struct shape *more, const void *value)
{
    problem_fill_with(call, more, value);
    failure_clear(&call->cx.failure);
}

/* ---- lists */

/* Whose list it is: nobody else's places are taken. */
static int64_t list_owner(const struct call *call)
{
    const struct actor *actor = &call->cx.actor;
    return actor_signs_in(actor) ? actor->person_id : actor->organisation_id;
}

err call_after(struct call *call, const struct page_query *query, int64_t *out_item)
{
    if (query->after.type != ID_NONE && query->after.owner != list_owner(call))
        return FAIL(&call->cx, MALFORMED, "request.bad_cursor",
                    "the place in the list is not one that was given out");
    *out_item = query->after.item;
    return OK;
}

struct id call_place(const struct call *call, int64_t item)
{
    return (struct id){ID_CURSOR, list_owner(call), item};
}

err call_cut(struct call *call, const struct page_query *query, size_t item_size, struct page *page)
{
    int64_t after = 0;
    TRY(call_after(call, query, &after));
    size_t first = (size_t)after < page->count ? (size_t)after : page->count;
    page->items = (const uint8_t *)page->items + first * item_size;
    page->count -= first;
    if (page->count > (size_t)query->limit) {
        page->count = (size_t)query->limit;
        page->next = call_place(call, (int64_t)first + query->limit);
    }
    return OK;
}

/* The query of the next page: what was asked, with another `after`. */
static struct text next_query(struct call *call, struct id next)
{
    struct builder query = builder_open(call->arena, LIMIT_REQUEST_LINE_BYTES + 64);
    struct text rest = call->request.query;
    while (rest.size > 0) {
        size_t size = 0;
        while (size < rest.size && rest.at[size] != '&')
            size++;
        struct text pair = {rest.at, size};
        if (!text_starts_with(pair, "after=")) {
            build_text(&query, pair);
            build_byte(&query, '&');
        }
        size_t step = size < rest.size ? size + 1 : size;
        rest = (struct text){rest.at + step, rest.size - step};
    }
    struct text after = id_text(&call->cx, next);
    build_literal(&query, "after=");
    build_text(&query, after);
    return query.overflowed || after.at == NULL ? TEXT_NONE : builder_text(&query);
}

static err add_next(struct call *call, struct id next)
{
    struct text query = next_query(call, next);
    struct text link = text_format(call->arena, "<%.*s?%.*s>; rel=\"next\"", TEXT_ARGS(call->request.path),
                                   TEXT_ARGS(query)); /* RFC 8288 */
    if (query.size == 0 || link.at == NULL)
        return FAIL_MEMORY(&call->cx);
    return reply_add_field(call, "Link", link);
}

err call_reply_page(struct call *call, const struct page *page)
{
    if (page->next.type != ID_NONE)
        TRY(add_next(call, page->next));
    return call_reply(call, page);
}

/* ---- sealed */

/* The answer of the same request before; a success only while it still stands. */
static err find_kept(struct seal *seal, bool *out_found)
{
    struct call *call = seal->call;
    bool stands = true;
    TRY(idempotency_find(call, &seal->idempotency, out_found));
    if (!*out_found || call->reply.status >= 400 || seal->sealing.stands == NULL)
        return OK;
    TRY(seal->sealing.stands(call, seal->sealing.arg, &stands));
    *out_found = stands;
    if (!stands)
        call->reply = seal->reply;
    seal->replaces = !stands;
    return OK;
}

static void announce_sealed(struct ctx *cx, void *arg)
{
    const struct seal *seal = arg;
    if (actor_signs_in(&cx->actor))
        person_load_ahead(cx, cx->actor.person_id);
    if (seal->sealing.announce != NULL)
        seal->sealing.announce(cx, seal->sealing.arg);
}

static void announce_more_sealed(struct ctx *cx, void *arg)
{
    const struct seal *seal = arg;
    if (seal->sealing.announce_more != NULL)
        seal->sealing.announce_more(cx, seal->sealing.arg);
}

/* In the file of the write, which at each door is the same whatever comes in the body: or it would be good twice. */
static err use_proof(struct ctx *cx, const struct seal *seal)
{
    struct seen_token proof = call_visit(seal->call)->proof;
    proof.in_ledger = seal->sealing.in_ledger;
    return proof.reason == NULL ? OK : seen_token_use(cx, &proof);
}

/* What takes nobody's place and is decided anew each time would fill the disk, a row for each key. */
static bool is_to_keep(const struct seal *seal)
{
    return seal->repeatable && (seal->replaces || seal->sealing.passing == NULL || !*seal->sealing.passing);
}

/* What stops something goes alone; the next request brings the signal. */
static bool is_to_signal(const struct seal *seal)
{
    return seal->call->cx.actor.signals_anew && seal->sealing.stops == 0 && !seal->sealing.in_ledger;
}

/* store_write_fn: the act, its answer, and, when the request carries an Idempotency-Key, the answer's copy, all in one
 * transaction. May run again, so it starts from the reply as the handler left it. */
static err run_sealed(struct ctx *cx, void *arg)
{
    struct seal *seal = arg;
    struct call *call = seal->call;
    bool found = false;
    call->reply = seal->reply;
    seal->replaces = false;
    if (actor_signs_in(&cx->actor))
        TRY(person_is_still_here(cx));
    if (session_is_to_note(cx) && !seal->sealing.in_ledger)
        TRY(session_note(cx));
    if (is_to_signal(seal)) /* before what the person says now: that is the newer word */
        TRY(objection_signal(cx));
    TRY(use_proof(cx, seal));
    if (seal->repeatable)
        TRY(find_kept(seal, &found));
    if (found)
        return OK;
    TRY(seal->sealing.run(cx, seal->sealing.arg));
    if (seal->sealing.encode != NULL)
        TRY(seal->sealing.encode(call, seal->sealing.arg));
    if (seal->sealing.about != NULL)
        seal->idempotency.person_id = *seal->sealing.about;
    return is_to_keep(seal) ? idempotency_keep(call, &seal->idempotency) : OK;
}

static void refuse_sealed(struct call *call, err result)
{
    (void)FAIL(&call->cx, result, "store.failed", "the change was not made durable"); /* unless one stands there */
    problem_fill(call);
    problem_log(call_visit(call)->api->options.log, call, call_visit(call)->route->path);
}

/* What the handler had said. */
static void keep_reply(struct seal *seal)
{
    seal->call->reply = seal->reply;
    failure_clear(&seal->call->cx.failure);
}

/* All calls of a commit are let go together: a loop that is woken for the first one at once would be woken for the
 * next ones again. */
static void done(struct store_write *first)
{
    struct call *calls[LIMIT_WRITE_BATCH];
    struct share_place *places[LIMIT_WRITE_BATCH];
    const struct seal *any = first->owner;
    size_t count = 0;
    for (struct store_write *write = first; write != NULL; write = write->next) {
        struct seal *seal = write->owner;
        if (write->result != OK && seal->sealing.may_fail)
            keep_reply(seal);
        else if (write->result != OK)
            refuse_sealed(seal->call, write->result);
        assert(count < LIMIT_WRITE_BATCH); /* a commit has no more */
        places[count] = seal->place;
        calls[count++] = seal->call;
    }
    api_let_go(call_visit(any->call)->api, places, count);
    call_complete_all(calls, count);
}

err call_seal_with(struct call *call, const struct sealing *sealing)
{
    const struct visit *visit = call_visit(call);
    struct seal *seal = ARENA_NEW(call->arena, struct seal);
    if (seal == NULL)
        return FAIL_MEMORY(&call->cx);
    *seal = (struct seal){.call = call, .sealing = *sealing, .reply = call->reply,
        .repeatable = visit->idempotency_key.size > 0 && !sealing->may_fail &&
                      (call->cx.actor.kind != ACTOR_NOBODY || sealing->secret.size > 0)};
    seal->write = (struct store_write){.cx = &call->cx, .run = run_sealed, .arg = seal,
        .announce = announce_sealed, .announce_more = announce_more_sealed,
        .in_ledger = sealing->in_ledger, .done = done, .owner = seal};
    if (seal->repeatable)
        idempotency_of(call, visit->idempotency_key, sealing->person_id, &seal->idempotency);
    if (seal->repeatable && sealing->secret.size > 0)
        idempotency_bind(&seal->idempotency, sealing->secret);
    seal->idempotency.in_ledger = sealing->in_ledger;
    return api_thread_queue(call->thread_data, call, &seal->write, sealing->stops, &seal->place);
}

static err run_nothing(struct ctx *cx, void *arg)
{
    (void)cx, (void)arg; /* what goes before it is all */
    return OK;
}

err call_seal_proof(struct call *call)
{
    return call_seal(call, run_nothing, NULL, NULL, 0);
}

err call_seal_proof_of_read(struct call *call)
{
    if (call_visit(call)->proof.reason == NULL)
        return OK;
    return call_seal_with(call, &(struct sealing){.run = run_nothing, .in_ledger = true});
}

/* store_write_fn: it was the handler's to say. */
static err refuse_once_more(struct ctx *cx, void *arg)
{
    const struct failure *why = arg;
    cx->failure = *why;
    return why->code;
}

err call_seal_again(struct call *call, err refused)
{
    struct failure *why = ARENA_NEW(call->arena, struct failure);
    if (call_visit(call)->idempotency_key.size == 0 || error_http_status(refused) >= 500 || why == NULL)
        return refused;
    *why = call->cx.failure;
    failure_clear(&call->cx.failure);
    return call_seal(call, refuse_once_more, why, NULL, 0);
}

void call_seal_note(struct call *call)
{
    const struct sealing sealing = {.run = run_nothing, .may_fail = true};
    if ((session_is_to_note(&call->cx) || call->cx.actor.signals_anew) && call_seal_with(call, &sealing) != OK)
        failure_clear(&call->cx.failure);
}

err call_seal(struct call *call, store_write_fn run, void *arg, call_encode encode, int64_t person_id)
{
    return call_seal_with(call, &(struct sealing){.run = run, .arg = arg, .encode = encode, .person_id = person_id});
}

err call_seal_stop(struct call *call, store_write_fn run, void *arg, call_encode encode, int64_t person_id)
{
    return call_seal_with(call, &(struct sealing){.run = run, .arg = arg, .encode = encode, .person_id = person_id,
                                                  .stops = 1});
}
