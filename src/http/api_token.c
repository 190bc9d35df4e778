/* SPDX-License-Identifier: Apache-2.0
 * The doors of OAuth that need no person: a token for a system that signs (RFC 6749 section 4.4, RFC 9449), what it
 * stands for (RFC 7662), and its end (RFC 7009). */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "http/handlers.h"
#include "http/oauth.h"
#include "http/shapes.h"

/* ---- a token */

struct token_ask {
    struct oauth_client_fields client;
    struct text                grant_type;
    struct text                scope;
};
static const struct shape_member TOKEN_ASK[] = {
    MEMBER("grant_type", TEXT, SHAPE_REQUIRED, struct token_ask, grant_type, .most = 128,
           .sentence = "client_credentials"),
    MEMBER("scope", TEXT, 0, struct token_ask, scope, .most = 256,
           .sentence = "Words with a blank between; all of the system's when there is none."),
    OAUTH_CLIENT_MEMBERS(struct token_ask, client),
};
const struct shape SHAPE_TOKEN_ASK = {.name = "TokenAsk", .sentence = "A system asks for a token (RFC 6749).",
    SHAPE_MEMBERS(TOKEN_ASK), .size = sizeof(struct token_ask), .form = true};

struct token_view {
    struct text access_token;
    struct text token_type;
    int64_t     expires_in_s;
    struct text scope;
};
static const struct shape_member TOKEN[] = {
    MEMBER("access_token", TEXT, 0, struct token_view, access_token, .sentence = "Shown this once."),
    MEMBER("token_type", TEXT, 0, struct token_view, token_type, .sentence = "DPoP"),
    MEMBER("expires_in", INT, 0, struct token_view, expires_in_s, .sentence = "Seconds."),
    MEMBER("scope", TEXT, 0, struct token_view, scope),
};
const struct shape SHAPE_TOKEN = {.name = "Token", .sentence = "A short-lived token, bound to the key of the proof.",
    SHAPE_MEMBERS(TOKEN), .size = sizeof(struct token_view)};

static err check_scope(struct ctx *cx, struct text words, uint32_t all, uint32_t *out)
{
    uint32_t scopes = 0;
    bool known = false;
    oauth_scopes(words, &scopes, &known);
    if (!known || (scopes & ~all) != 0)
        return FAIL(cx, MALFORMED, "oauth.scope", "a scope is none that this client has");
    *out = scopes == 0 ? all : scopes;
    return OK;
}

static err reply_token(struct call *call, void *arg)
{
    const struct access_token_issue *issue = arg;
    struct token_view view = {
        .access_token = issue->out_token,
        .token_type = TEXT("DPoP"),
        .expires_in_s = LIMIT_ACCESS_TOKEN_MS / 1000,
        .scope = oauth_scope_words(call->arena, issue->scopes),
    };
    if (view.scope.at == NULL)
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}

err post_token(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct token_ask ask = {.scope = TEXT_NONE};
    struct oauth_client client;
    struct dpop_proof proof;
    struct access_token_issue *issue = ARENA_NEW(call->arena, struct access_token_issue);
    if (issue == NULL)
        return FAIL_MEMORY(cx);
    TRY(oauth_form(call, &ask));
    if (!text_is(ask.grant_type, "client_credentials"))
        return FAIL(cx, MALFORMED, "oauth.grant_type", "the one grant type is client_credentials");
    TRY(oauth_client(call, &ask.client, &client));
    TRY(oauth_proof(call, call_origin(call), TEXT_NONE, &proof, &issue->seen[1]));
    TRY(check_scope(cx, ask.scope, client.actor.scopes, &issue->scopes));
    issue->system = client.actor;
    issue->seen[0] = client.seen;
    issue->reason = client.seen.reason;
    memcpy(issue->thumbprint, proof.thumbprint, HASH_BYTES);
    oauth_add_nonce(call);
    return call_seal(call, access_token_issue, issue, reply_token, 0);
}

/* ---- what it stands for */

struct token_look {
    struct oauth_client_fields client;
    struct text                token;
    struct text                hint;
};
static const struct shape_member TOKEN_LOOK[] = {
    MEMBER("token", TEXT, SHAPE_REQUIRED, struct token_look, token, .most = 512),
    MEMBER("token_type_hint", TEXT, 0, struct token_look, hint, .most = 128, .sentence = "Not looked at."),
    OAUTH_CLIENT_MEMBERS(struct token_look, client),
};
const struct shape SHAPE_TOKEN_LOOK = {.name = "TokenLook", .sentence = "A token, and who asks about it.",
    SHAPE_MEMBERS(TOKEN_LOOK), .size = sizeof(struct token_look), .form = true};

struct bound_view {
    struct text thumbprint;
};
static const struct shape_member BOUND[] = {
    MEMBER("jkt", TEXT, 0, struct bound_view, thumbprint, .sentence = "RFC 7638 thumbprint of its key."),
};
static const struct shape SHAPE_BOUND = {.name = "TokenBinding", .sentence = "RFC 9449 section 6.",
    SHAPE_MEMBERS(BOUND), .size = sizeof(struct bound_view)};

struct state_view {
    bool               active;
    struct text        scope;
    struct text        client_id;
    struct text        token_type;
    struct text        issuer;
    int64_t            expires_s;
    int64_t            issued_s;
    struct bound_view *bound;
};
static const struct shape_member STATE[] = {
    MEMBER("active", BOOL, 0, struct state_view, active),
    MEMBER("scope", TEXT, SHAPE_SPARSE, struct state_view, scope),
    MEMBER("client_id", TEXT, SHAPE_SPARSE, struct state_view, client_id),
    MEMBER("token_type", TEXT, SHAPE_SPARSE, struct state_view, token_type),
    MEMBER("iss", TEXT, SHAPE_SPARSE, struct state_view, issuer),
    MEMBER("exp", INT, SHAPE_SPARSE, struct state_view, expires_s, .sentence = "Seconds since 1970."),
    MEMBER("iat", INT, SHAPE_SPARSE, struct state_view, issued_s, .sentence = "Seconds since 1970."),
    MEMBER("cnf", OBJECT_AT, SHAPE_SPARSE, struct state_view, bound, .shape = &SHAPE_BOUND),
};
const struct shape SHAPE_TOKEN_STATE = {.name = "TokenState",
                                        .sentence = "RFC 7662; of others' tokens nothing is told.",
    SHAPE_MEMBERS(STATE), .size = sizeof(struct state_view)};

struct introspection {
    struct oauth_client client;
    struct text         text;
    struct access_token token;
    bool                active;
};

/* store_write_fn: it writes that the client's assertion was used. */
static err introspect(struct ctx *cx, void *arg)
{
    struct introspection *look = arg;
    TRY(seen_token_use(cx, &look->client.seen));
    TRY(access_token_load(cx, look->text, &look->token, &look->active));
    look->active = look->active && look->token.actor.organisation_id == look->client.actor.organisation_id;
    return OK;
}

static err reply_state(struct call *call, void *arg)
{
    const struct introspection *look = arg;
    const struct access_token *token = &look->token;
    struct state_view view = {.active = look->active};
    if (!look->active)
        return call_reply(call, &view);
    struct bound_view bound = {base64url_encode(call->arena, (struct bytes){token->thumbprint, HASH_BYTES})};
    view.scope = oauth_scope_words(call->arena, token->actor.scopes);
    view.client_id = id_text(&call->cx, (struct id){ID_SYSTEM, token->actor.organisation_id, token->actor.system_id});
    view.token_type = TEXT("DPoP");
    view.issuer = text_of(call_origin(call));
    view.expires_s = token->expires_at_ms / 1000;
    view.issued_s = token->issued_at_ms / 1000;
    view.bound = &bound;
    if (bound.thumbprint.at == NULL || view.scope.at == NULL || view.client_id.at == NULL)
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}

err post_introspection(struct call *call)
{
    struct token_look ask = {.token = TEXT_NONE};
    struct introspection *look = ARENA_NEW(call->arena, struct introspection);
    if (look == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(oauth_form(call, &ask));
    TRY(oauth_client(call, &ask.client, &look->client));
    look->text = ask.token;
    return call_seal(call, introspect, look, reply_state, 0);
}

/* ---- its end */

static err reply_nothing(struct call *call, void *arg)
{
    (void)arg; /* which token it was, and whether it was one, is not told (RFC 7009 section 2.2) */
    call_reply_nothing(call);
    return OK;
}

err post_revocation(struct call *call)
{
    struct token_look ask = {.token = TEXT_NONE};
    struct oauth_client client;
    struct access_token_revoke *revoke = ARENA_NEW(call->arena, struct access_token_revoke);
    if (revoke == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(oauth_form(call, &ask));
    TRY(oauth_client(call, &ask.client, &client));
    *revoke = (struct access_token_revoke){.system = client.actor, .token = ask.token, .seen = client.seen};
    return call_seal(call, access_token_revoke, revoke, reply_nothing, 0);
}
