/* SPDX-License-Identifier: Apache-2.0
 * Between the words of OAuth and those of the domain. A client is a system that signs; its id is the system's id. */
#include "http/doors/oauth.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "domain/entrance/system_key.h"
#include "http/doors/api_thread.h"
#include "http/gate/problem.h"
#include "protocol/client_assertion.h"

#define ERROR_BYTES_MAX 2048
#define PROOF_REPLAYED "proof.replayed"

/* ---- errors */

static const struct {
    const char *reason, *word;
    int         status;
} ERRORS[] = {
#define X(reason, word, status) {reason, word, status},
#include "http/gate/oauth_error.def"
#undef X
};

bool oauth_is_spoken(const struct call *call)
{
    const struct visit *visit = call->route;
    return visit != NULL && visit->route != NULL && visit->route->request != NULL && visit->route->request->form &&
           (visit->route->who & WHO_PERSON) == 0; /* a form of a page is answered with a page */
}

/* What the table does not know is either the caller's fault or ours. */
static const char *error_word(const struct failure *failure, int *out_status)
{
    int status = error_http_status(failure->code);
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        if (text_is(text_of(failure->reason), ERRORS[i].reason)) {
            *out_status = ERRORS[i].status;
            return ERRORS[i].word;
        }
    }
    *out_status = status;
    if (failure->code == UNAVAILABLE || failure->code == TOO_MANY)
        return "temporarily_unavailable";
    return status >= 500 ? "server_error" : "invalid_request";
}

void oauth_fill_error(struct call *call)
{
    const struct failure *failure = &call->cx.failure;
    struct json_writer writer = json_writer_open(call->arena, ERROR_BYTES_MAX);
    const char *word = error_word(failure, &call->reply.status);
    bool ours = failure->code == INTERNAL || failure->code == CORRUPT;
    json_open_object(&writer);
    json_member_text(&writer, "error", text_of(word));
    json_member_text(&writer, "error_description", text_of(ours ? error_sentence(INTERNAL) : failure->detail));
    json_close_object(&writer);
    call->reply.content_type = "application/json";
    call->reply.on_beat = call->reply.status == 401; /* why a client is not known, the clock shall not tell either */
    call->reply.body = writer.out.overflowed || arena_is_exhausted(call->arena) ? TEXT("{\"error\":\"server_error\"}")
                                                                                 : builder_text(&writer.out);
}

/* ---- forms */

static err take_member(struct ctx *cx, const struct shape_member *member, const struct form *form, void *out)
{
    struct text value = form_value(form, member->name);
    struct text *place = (struct text *)(void *)((uint8_t *)out + member->offset);
    assert(member->type == SHAPE_TEXT);
    if (value.size == 0 && (member->flags & SHAPE_REQUIRED) != 0)
        return FAIL(cx, MALFORMED, "oauth.request", "the parameter %s is missing", member->name);
    if (value.size > (size_t)member->most)
        return FAIL(cx, MALFORMED, "oauth.request", "the parameter %s is too long", member->name);
    *place = value;
    return OK;
}

err oauth_form(struct call *call, void *out)
{
    const struct shape *shape = call_visit(call)->route->request;
    struct form form;
    TRY(form_parse(&call->cx, call->body, &form));
    for (size_t i = 0; i < shape->member_count; i++)
        TRY(take_member(&call->cx, &shape->members[i], &form, out));
    return OK;
}

/* ---- the client */

static err fail_client(struct ctx *cx)
{
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    return FAIL(cx, UNAUTHENTICATED, CLIENT_UNKNOWN, "no such client, or it has not shown that it is this one");
}

/* Keys that were read when they were registered. A client that is not there has none, and signs in vain. */
static err load_client(struct ctx *cx, struct text client_id, struct signing_system *out, struct jwk_set *out_keys)
{
    struct id id;
    bool found = false;
    const json_t *json = NULL;
    if (id_open(cx, client_id, ID_SYSTEM, &id) == OK)
        TRY(signing_system_load(cx, id.owner, id.item, out, &found));
    else
        failure_clear(&cx->failure);
    if (!found)
        return fail_client(cx);
    TRY(json_parse(cx, out->jwks, &json));
    return jwk_set_read(cx, json, out_keys);
}

static err check_assertion(struct call *call, const struct oauth_client_fields *fields, struct oauth_client *out)
{
    struct ctx *cx = &call->cx;
    struct client_assertion assertion;
    struct signing_system system;
    struct jwk_set keys = {.count = 0};
    TRY(client_assertion_read(cx, fields->assertion, text_of(call_origin(call)), &assertion));
    if (fields->client_id.size > 0 && !text_equals(fields->client_id, assertion.client_id))
        return fail_client(cx);
    TRY(load_client(cx, assertion.client_id, &system, &keys));
    TRY(client_assertion_check(cx, &assertion, &keys));
    out->actor = system.actor;
    out->redirect_uris = system.redirect_uris;
    seen_token_of(SEEN_ASSERTION, bytes_of_text(assertion.client_id), assertion.token_id, &out->seen);
    out->seen.expires_at_ms = assertion.expires_at_ms;
    out->seen.reason = CLIENT_UNKNOWN;
    return OK;
}

/* Whatever the caller may learn of it is one and the same: which check it was stays here. */
err oauth_client(struct call *call, const struct oauth_client_fields *fields, struct oauth_client *out)
{
    struct ctx *cx = &call->cx;
    bool is_one = h1_field_count(&call->request, "Authorization") == 0 && fields->secret.size == 0 &&
                  text_is(fields->assertion_type, CLIENT_ASSERTION_TYPE);
    err result = is_one ? check_assertion(call, fields, out) : fail_client(cx);
    if (result != UNAUTHENTICATED)
        return result;
    failure_clear(&cx->failure);
    return fail_client(cx);
}

/* ---- proofs */

void oauth_add_nonce(struct call *call)
{
    struct text nonce;
    if (dpop_nonce(&call->cx, &nonce) == OK)
        call_add_field(call, "DPoP-Nonce", nonce);
}

err oauth_proof(struct call *call, const char *origin, struct text access_token, struct dpop_proof *out,
                struct seen_token *out_seen)
{
    struct ctx *cx = &call->cx;
    struct text proof;
    struct dpop_request request = {call->request.method, text_of(origin), call->request.path, access_token};
    if (!h1_field(&call->request, "DPoP", &proof))
        return FAIL(cx, UNAUTHENTICATED, DPOP_INVALID, "one proof of possession must come in the field DPoP");
    TRY(dpop_check(cx, proof, &request, out));
    seen_token_of(SEEN_PROOF, (struct bytes){out->thumbprint, HASH_BYTES}, out->token_id, out_seen);
    out_seen->expires_at_ms = out->expires_at_ms;
    out_seen->reason = PROOF_REPLAYED;
    return OK;
}

/* ---- at other doors */

err oauth_token_admit(struct call *call, const char *origin, struct text access_token, struct actor *out,
                      struct seen_token *out_seen)
{
    struct ctx *cx = &call->cx;
    struct access_token token;
    struct dpop_proof proof;
    bool found = false;
    TRY(access_token_load(cx, access_token, &token, &found));
    if (!found)
        return FAIL(cx, UNAUTHENTICATED, ACCESS_TOKEN_UNKNOWN, "this token is unknown, too old or ended");
    TRY(oauth_proof(call, origin, access_token, &proof, out_seen));
    if (memcmp(proof.thumbprint, token.thumbprint, HASH_BYTES) != 0) /* public on both sides */
        return FAIL(cx, UNAUTHENTICATED, ACCESS_TOKEN_UNKNOWN, "this token is bound to another key");
    *out = token.actor;
    return OK;
}

#define RESOURCE_METADATA "resource_metadata=\"%s/.well-known/oauth-protected-resource\"" /* behind the origin */

struct text oauth_challenge(struct call *call)
{
    static const struct {
        const char *reason, *word;
    } WORDS[] = {
        {ACCESS_TOKEN_UNKNOWN, "invalid_token"}, {DPOP_INVALID, "invalid_dpop_proof"},
        {PROOF_REPLAYED, "invalid_dpop_proof"},  {DPOP_NONCE, "use_dpop_nonce"},
        {SCOPE_MISSING, "insufficient_scope"},
    };
    const struct visit *visit = call->route;
    bool for_systems = visit != NULL && visit->route != NULL && (visit->route->who & WHO_SYSTEM) != 0;
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (text_is(text_of(call->cx.failure.reason), WORDS[i].reason))
            return text_format(call->arena, "DPoP error=\"%s\", algs=\"" OAUTH_ALGORITHMS "\", " RESOURCE_METADATA,
                               WORDS[i].word, call_origin(call));
    if (!for_systems)
        return TEXT("Bearer realm=\"symbolon\"");
    return text_format(call->arena, "Bearer realm=\"symbolon\", DPoP algs=\"" OAUTH_ALGORITHMS "\", "
                       RESOURCE_METADATA, call_origin(call));
}

/* ---- scopes */

struct text oauth_scope_words(struct arena *arena, uint32_t scopes)
{
    struct builder words = builder_open(arena, 512);
    for (unsigned bit = 0; bit < 32; bit++)
        if ((scopes >> bit & 1u) != 0 && scope_word(1u << bit)[0] != '\0')
            build_format(&words, "%s%s", words.size == 0 ? "" : " ", scope_word(1u << bit));
    return words.overflowed ? (struct text){NULL, 0} : builder_text(&words);
}

void oauth_scopes(struct text words, uint32_t *out, bool *out_known)
{
    uint32_t scopes = 0;
    bool known = true;
    while (known && words.size > 0) {
        size_t size = 0;
        while (size < words.size && words.at[size] != ' ')
            size++;
        uint32_t bit = scope_of_word((struct text){words.at, size});
        known = bit != 0 && (scopes & bit) == 0 && size + 1 != words.size; /* no blank at the end */
        scopes |= bit;
        size_t taken = size < words.size ? size + 1 : size;
        words = (struct text){words.at + taken, words.size - taken};
    }
    *out = scopes;
    *out_known = known;
}
