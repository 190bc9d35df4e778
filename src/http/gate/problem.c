/* SPDX-License-Identifier: Apache-2.0
 * From struct failure to RFC 9457. */
#include "http/gate/problem.h"

#include <assert.h>
#include <stdio.h>

#include "http/doors/authzen.h"
#include "http/doors/html.h"
#include "http/doors/oauth.h"
#include "http/gate/call.h"

#define PROBLEM_BYTES_MAX (256 * 1024)

struct told {
    const char *reason;
    struct text detail;
    struct text pointer;
};

/* What of a failure may be said to the other side. */
static struct told what_is_told(const struct failure *failure)
{
    switch ((int)failure->code) {
    case NOT_FOUND:
        return (struct told){"not_found", text_of(error_sentence(NOT_FOUND)), TEXT_NONE};
    case INTERNAL:
    case CORRUPT:
        return (struct told){"internal", text_of(error_sentence(INTERNAL)), TEXT_NONE};
    default:
        return (struct told){failure->reason, text_of(failure->detail), text_of(failure->pointer)};
    }
}

static void add_field(struct call *call, const char *name, struct text value)
{
    err added = reply_add_field(call, name, value);
    assert(added == OK); /* a handful of literals and the request id */
    (void)added;
}

void reply_add_common_fields(struct call *call)
{
    add_field(call, "X-Request-Id", authzen_request_id(call));
    add_field(call, "X-Content-Type-Options", TEXT("nosniff"));
    add_field(call, "Referrer-Policy", TEXT("no-referrer"));
    add_field(call, "Cache-Control", TEXT("no-store"));
    const struct visit *visit = call->route;
    if (visit != NULL && visit->quota.size > 0 && visit->quota_policy.size > 0) {
        add_field(call, "RateLimit-Policy", visit->quota_policy);
        add_field(call, "RateLimit", visit->quota);
    }
}

/* Without memory the old words must do. */
static void add_challenge(struct call *call)
{
    struct text challenge = oauth_challenge(call);
    add_field(call, "WWW-Authenticate", challenge.at != NULL ? challenge : TEXT("Bearer realm=\"symbolon\""));
    if (text_is(text_of(call->cx.failure.reason), DPOP_NONCE))
        oauth_add_nonce(call);
}

/* RFC 9110 section 10.2.3. Without memory the shortest must do. */
static void add_retry_after(struct call *call)
{
    const struct failure *failure = &call->cx.failure;
    if (failure->code != UNAVAILABLE && failure->code != TOO_MANY)
        return;
    long long seconds = (failure->wait_ms + 999) / 1000;
    struct text text = text_format(call->arena, "%lld", seconds < 1 ? 1 : seconds);
    add_field(call, "Retry-After", text.at == NULL ? TEXT("1") : text);
}

static void add_fields_of_status(struct call *call, err code)
{
    bool lacks_scope = text_is(text_of(call->cx.failure.reason), SCOPE_MISSING) &&
                       h1_field_count(&call->request, "DPoP") > 0;
    if (code == UNAUTHENTICATED || lacks_scope) /* RFC 9110 section 11.6.1, RFC 6750 section 3 */
        add_challenge(call);
    add_retry_after(call);
}

static void write_problem(struct call *call, const struct told *told, const struct shape *more, const void *value,
                          struct json_writer *writer)
{
    err code = call->cx.failure.code;
    json_open_object(writer);
    json_write_key(writer, "type");
    json_write_text(writer, text_format(call->arena, "urn:symbolon:%s", told->reason));
    json_member_text(writer, "title", text_of(error_sentence(code)));
    json_member_int(writer, "status", error_http_status(code));
    json_member_text(writer, "detail", told->detail);
    json_member_text(writer, "reason", text_of(told->reason));
    if (told->pointer.size > 0)
        json_member_text(writer, "pointer", told->pointer);
    json_member_text(writer, "request_id", text_of(call->request_id));
    if (more != NULL)
        shape_encode_members(&call->cx, more, value, writer);
    json_close_object(writer);
}

/* The arena may be what ran out: then the call's own few octets must do. Reasons and sentences are literals of ours,
 * without a sign that JSON would have to escape. */
static struct text write_last_words(struct call *call, const struct told *told)
{
    err code = call->cx.failure.code;
    int size = snprintf(call->last_words, sizeof call->last_words,
                        "{\"type\":\"urn:symbolon:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
                        "\"reason\":\"%s\",\"request_id\":\"%s\"}",
                        told->reason, error_sentence(code), error_http_status(code), error_sentence(code),
                        told->reason, call->request_id);
    assert(size > 0 && (size_t)size < sizeof call->last_words);
    return (struct text){call->last_words, (size_t)size};
}

/* Doors of the interface answer with JSON whatever a browser would like; the rest is for people too. */
static bool is_for_people(const struct call *call)
{
    return html_is_wanted(call) && !text_starts_with(call->request.path, "/v1/") &&
           !text_starts_with(call->request.path, "/log/") && !authzen_is_spoken(call);
}

/* RFC 6749 section 5.2 wants WWW-Authenticate with 401 only where the client has used its counterpart: no scheme of
 * that field would let it in here. */
static void fill_oauth(struct call *call)
{
    if (text_is(text_of(call->cx.failure.reason), DPOP_NONCE))
        oauth_add_nonce(call);
    add_retry_after(call);
    oauth_fill_error(call);
}

void problem_fill_with(struct call *call, const struct shape *more, const void *value)
{
    assert(call->cx.failure.code != OK);
    authzen_tell_status(call);
    struct told told = what_is_told(&call->cx.failure);
    const err code = call->cx.failure.code;
    call->reply = (struct reply){.status = error_http_status(code), .content_type = PROBLEM_TYPE,
        .on_beat = code == NOT_FOUND || code == UNAUTHENTICATED}; /* why, shall not be told by the clock either */
    reply_add_common_fields(call);
    if (oauth_is_spoken(call)) {
        fill_oauth(call);
        return;
    }
    add_fields_of_status(call, call->cx.failure.code);
    if (is_for_people(call) && !arena_is_exhausted(call->arena) && html_fill_problem(call, told.reason, told.detail))
        return;
    struct json_writer writer = json_writer_open(call->arena, PROBLEM_BYTES_MAX);
    write_problem(call, &told, more, value, &writer);
    call->reply.body = writer.out.overflowed || arena_is_exhausted(call->arena) ? write_last_words(call, &told)
                                                                                  : builder_text(&writer.out);
}

void problem_fill(struct call *call)
{
    problem_fill_with(call, NULL, NULL);
}

void problem_log(const struct log *log, const struct call *call, const char *route)
{
    const struct failure *failure = &call->cx.failure;
    bool of_caller = failure->code == NOT_IMPLEMENTED || failure->code == HTTP_VERSION; /* as a 4xx: nothing broke */
    if (call->reply.status < 500 || failure->code == OK || of_caller)
        return;
    bool put_off = failure->code == UNAVAILABLE; /* "try again soon" is no fault of program or disk */
    LOG(log, put_off ? LOG_INFO : LOG_ERROR, put_off ? "request.put_off" : "request.failed",
        LOG_TEXT("request_id", call->request_id), LOG_TEXT("route", route == NULL ? "" : route),
        LOG_TEXT("reason", failure->reason), LOG_TEXT("where", failure->where), LOG_TEXT("detail", failure->detail),
        LOG_INT("status", call->reply.status));
}
