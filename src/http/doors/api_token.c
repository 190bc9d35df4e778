/* SPDX-License-Identifier: Apache-2.0
 * Tokens of systems that sign: for themselves (RFC 6749 section 4.4, RFC 9449), or for what a person has let them have
 * (sections 4.1.3 and 6); what a token stands for (RFC 7662), and its end (RFC 7009). */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"
#include "http/doors/oauth.h"
#include "http/doors/openid.h"
#include "http/gate/shapes.h"
#include "protocol/pkce.h"

/* ---- a token */

struct token_ask {
    struct oauth_client_fields client;
    struct text                grant_type;
    struct text                scope;
    struct text                code;
    struct text                redirect_uri;
    struct text                verifier;
    struct text                refresh;
};
static const struct shape_member TOKEN_ASK[] = {
    MEMBER("grant_type", TEXT, SHAPE_REQUIRED, struct token_ask, grant_type, .most = 128,
           .sentence = "client_credentials, authorization_code or refresh_token"),
    MEMBER("scope", TEXT, 0, struct token_ask, scope, .most = 256,
           .sentence = "Words with a blank between; all that there are when there is none."),
    MEMBER("code", TEXT, 0, struct token_ask, code, .most = 512, .sentence = "Of authorization_code."),
    MEMBER("redirect_uri", TEXT, 0, struct token_ask, redirect_uri, .most = LIMIT_REDIRECT_URI_BYTES,
           .sentence = "That of the request, with a code."),
    MEMBER("code_verifier", TEXT, 0, struct token_ask, verifier, .most = 256, .sentence = "RFC 7636, with a code."),
    MEMBER("refresh_token", TEXT, 0, struct token_ask, refresh, .most = 512, .sentence = "Of refresh_token."),
    OAUTH_CLIENT_MEMBERS(struct token_ask, client),
};
const struct shape SHAPE_TOKEN_ASK = {.name = "TokenAsk", .sentence = "A system asks for a token (RFC 6749).",
    SHAPE_MEMBERS(TOKEN_ASK), .size = sizeof(struct token_ask), .form = true};

struct token_view {
    struct text access_token;
    struct text token_type;
    int64_t     expires_in_s;
    struct text scope;
    struct text refresh_token;
    struct text id_token;
    struct text grant_id;
    struct text details;
};
static const struct shape_member TOKEN[] = {
    MEMBER("access_token", TEXT, 0, struct token_view, access_token, .sentence = "Shown this once."),
    MEMBER("token_type", TEXT, 0, struct token_view, token_type, .sentence = "DPoP"),
    MEMBER("expires_in", INT, 0, struct token_view, expires_in_s, .sentence = "Seconds."),
    MEMBER("scope", TEXT, SHAPE_SPARSE, struct token_view, scope),
    MEMBER("refresh_token", TEXT, SHAPE_SPARSE, struct token_view, refresh_token,
           .sentence = "With a code: shown this once, and not changed when it is used."),
    MEMBER("id_token", TEXT, SHAPE_SPARSE, struct token_view, id_token,
           .sentence = "With a code, when the scope is openid: who has signed in (OpenID Connect)."),
    MEMBER("grant_id", ID_TEXT, SHAPE_SPARSE, struct token_view, grant_id, .id = ID_GRANT,
           .sentence = "The grant that the person gave."),
    MEMBER("authorization_details", JSON, SHAPE_SPARSE, struct token_view, details,
           .sentence = "RFC 9396 section 7: what it holds, which may be less than was asked; not there while an "
                       "objection outweighs it."),
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

/* For itself. */
static err issue(struct call *call, const struct token_ask *ask, const struct oauth_client *client,
                 const struct dpop_proof *proof, const struct seen_token *seen)
{
    struct access_token_issue *issue = ARENA_NEW(call->arena, struct access_token_issue);
    if (issue == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(check_scope(&call->cx, ask->scope, client->actor.scopes, &issue->scopes));
    issue->system = client->actor;
    issue->seen[0] = client->seen;
    issue->seen[1] = *seen;
    issue->reason = client->seen.reason;
    memcpy(issue->thumbprint, proof->thumbprint, HASH_BYTES);
    oauth_add_nonce(call);
    return call_seal(call, access_token_issue, issue, reply_token, 0);
}

/* ---- for a person's authorization */

struct redeeming {
    struct authorization_redeem act;
    struct text                 scope; /* as it was asked for again */
};

/* Grant Management section 6: what the person gave, which is one grant or nothing. */
static err write_grant(struct call *call, const struct authorization *authorization, struct text *out_id,
                       struct text *out_details)
{
    struct ctx *cx = &call->cx;
    if (!authorization->has_grant)
        return OK;
    *out_id = id_text(cx, relationship_item_id(&authorization->relationship, ID_GRANT, authorization->grant.grant_id));
    return out_id->at == NULL ? FAIL_MEMORY(cx) : consent_details(call, authorization, out_details);
}

/* All that an answer for a person holds is put together here, in the write that has made it. */
static err reply_redeemed(struct call *call, void *arg)
{
    const struct redeeming *redeeming = arg;
    const struct authorization_redeem *act = &redeeming->act;
    struct ctx *cx = &call->cx;
    struct token_view view = {
        .access_token = act->out_access,
        .token_type = TEXT("DPoP"),
        .expires_in_s = (act->out_expires_at_ms - cx->now_ms) / 1000,
        .scope = act->out.ask.scope,
        .refresh_token = act->out_refresh,
    };
    if (act->out_replayed) {
        err refused = FAIL(cx, MALFORMED, CODE_INVALID, "this code was used before: all that came of it is ended");
        call_reply_problem(call, NULL, NULL);
        return refused == MALFORMED ? OK : refused; /* what was ended stays so */
    }
    if (redeeming->scope.size > 0 && !text_equals(redeeming->scope, act->out.ask.scope))
        return FAIL(cx, MALFORMED, "oauth.scope", "the scope is not the one that was granted");
    TRY(write_grant(call, &act->out, &view.grant_id, &view.details));
    if (act->kind == AUTHORIZATION_CODE && openid_is_asked(&act->out))
        TRY(openid_id_token(call, &act->out, &view.id_token));
    return call_reply(call, &view);
}

/* Whoever shows a code must show what its challenge was made of; a stranger's code has none that fits. */
static err check_verifier(struct ctx *cx, const struct token_ask *ask, const struct authorization_redeem *act)
{
    struct text challenge;
    TRY(authorization_code_challenge(cx, act, &challenge));
    if (!pkce_matches(cx, ask->verifier, challenge))
        return FAIL(cx, MALFORMED, CODE_INVALID, "no such code for this client, or code_verifier is another one");
    return OK;
}

static err redeem(struct call *call, const struct token_ask *ask, const struct oauth_client *client,
                  const struct dpop_proof *proof, const struct seen_token *seen)
{
    bool is_code = text_is(ask->grant_type, "authorization_code");
    struct redeeming *redeeming = ARENA_NEW(call->arena, struct redeeming);
    if (redeeming == NULL)
        return FAIL_MEMORY(&call->cx);
    redeeming->scope = ask->scope;
    redeeming->act = (struct authorization_redeem){
        .kind = is_code ? AUTHORIZATION_CODE : AUTHORIZATION_REFRESH,
        .text = is_code ? ask->code : ask->refresh,
        .system = client->actor,
        .redirect_uri = ask->redirect_uri,
        .seen = {client->seen, *seen},
        .reason = client->seen.reason,
    };
    memcpy(redeeming->act.thumbprint, proof->thumbprint, HASH_BYTES);
    if (is_code)
        TRY(check_verifier(&call->cx, ask, &redeeming->act));
    oauth_add_nonce(call);
    return call_seal(call, authorization_redeem, redeeming, reply_redeemed, 0);
}

/* ---- the door */

static err check_grant_type(struct ctx *cx, const struct token_ask *ask)
{
    bool is_code = text_is(ask->grant_type, "authorization_code");
    bool is_refresh = text_is(ask->grant_type, "refresh_token");
    if (!is_code && !is_refresh && !text_is(ask->grant_type, "client_credentials"))
        return FAIL(cx, MALFORMED, "oauth.grant_type",
                    "the grant types are client_credentials, authorization_code and refresh_token");
    if (is_code && (ask->code.size == 0 || ask->redirect_uri.size == 0 || ask->verifier.size == 0))
        return FAIL(cx, MALFORMED, "oauth.request", "code, redirect_uri or code_verifier is missing");
    if (is_refresh && ask->refresh.size == 0)
        return FAIL(cx, MALFORMED, "oauth.request", "refresh_token is missing");
    return OK;
}

err post_token(struct call *call)
{
    struct token_ask ask = {.scope = TEXT_NONE};
    struct oauth_client client;
    struct dpop_proof proof;
    struct seen_token seen;
    TRY(oauth_form(call, &ask));
    TRY(check_grant_type(&call->cx, &ask));
    TRY(oauth_client(call, &ask.client, &client));
    TRY(oauth_proof(call, call_origin(call), TEXT_NONE, &proof, &seen));
    bool for_itself = text_is(ask.grant_type, "client_credentials");
    return for_itself ? issue(call, &ask, &client, &proof, &seen) : redeem(call, &ask, &client, &proof, &seen);
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
    struct text        subject;
    struct text        grant_id;
    struct text        details;
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
    MEMBER("sub", ID_TEXT, SHAPE_SPARSE, struct state_view, subject, .id = ID_RELATIONSHIP,
           .sentence = "The relationship with the person whose token it is: no other organisation has the same."),
    MEMBER("grant_id", ID_TEXT, SHAPE_SPARSE, struct state_view, grant_id, .id = ID_GRANT),
    MEMBER("authorization_details", JSON, SHAPE_SPARSE, struct state_view, details),
};
const struct shape SHAPE_TOKEN_STATE = {.name = "TokenState",
                                        .sentence = "RFC 7662; of others' tokens nothing is told.",
    SHAPE_MEMBERS(STATE), .size = sizeof(struct state_view)};

struct introspection {
    struct oauth_client        client;
    struct text                text;
    struct access_token        token;  /* of a system for itself */
    struct authorization_token person; /* or for a person */
    bool                       is_own, is_person;
};

/* Departments are parties: what one may do with a person is not told to the next. */
static bool is_of_department(const struct introspection *look, const struct actor *system)
{
    const struct actor *asks = &look->client.actor;
    return asks->organisation_id == system->organisation_id && asks->department_id == system->department_id;
}

/* store_write_fn: it writes that the client's assertion was used. */
static err introspect(struct ctx *cx, void *arg)
{
    struct introspection *look = arg;
    TRY(seen_token_use(cx, &look->client.seen));
    TRY(access_token_load(cx, look->text, &look->token, &look->is_own));
    TRY(authorization_token_load(cx, look->text, AUTHORIZATION_ACCESS, &look->person, &look->is_person));
    look->is_own = look->is_own && is_of_department(look, &look->token.actor);
    look->is_person = look->is_person && is_of_department(look, &look->person.authorization.system);
    return OK;
}

/* What every token has. */
struct told_token {
    const struct actor *system;
    const uint8_t      *thumbprint;
    int64_t             issued_at_ms, expires_at_ms;
};

static err reply_told(struct call *call, const struct told_token *told, const struct state_view *more)
{
    struct bound_view bound = {base64url_encode(call->arena, (struct bytes){told->thumbprint, HASH_BYTES})};
    struct state_view view = *more;
    view.active = true;
    view.client_id = id_text(&call->cx, (struct id){ID_SYSTEM, told->system->organisation_id, told->system->system_id});
    view.token_type = TEXT("DPoP");
    view.issuer = text_of(call_origin(call));
    view.expires_s = told->expires_at_ms / 1000;
    view.issued_s = told->issued_at_ms / 1000;
    view.bound = &bound;
    if (bound.thumbprint.at == NULL || view.client_id.at == NULL)
        return FAIL_MEMORY(&call->cx);
    return call_reply(call, &view);
}

static err reply_person(struct call *call, const struct authorization_token *token)
{
    const struct authorization *authorization = &token->authorization;
    struct told_token told = {&authorization->system, token->thumbprint, token->issued_at_ms, token->expires_at_ms};
    struct state_view view = {.scope = authorization->ask.scope};
    view.subject = id_text(&call->cx, relationship_id(&authorization->relationship));
    if (view.subject.at == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(write_grant(call, authorization, &view.grant_id, &view.details));
    return reply_told(call, &told, &view);
}

static err reply_state(struct call *call, void *arg)
{
    const struct introspection *look = arg;
    const struct access_token *token = &look->token;
    struct told_token told = {&token->actor, token->thumbprint, token->issued_at_ms, token->expires_at_ms};
    struct state_view view = {.active = false};
    /* whether it is somebody else's, the clock shall not tell either */
    call->reply.on_beat = !look->is_person && !look->is_own;
    if (look->is_person)
        return reply_person(call, &look->person);
    if (!look->is_own)
        return call_reply(call, &view);
    view.scope = oauth_scope_words(call->arena, token->actor.scopes);
    return view.scope.at == NULL ? FAIL_MEMORY(&call->cx) : reply_told(call, &told, &view);
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

/* store_write_fn */
static err revoke(struct ctx *cx, void *arg)
{
    const struct access_token_revoke *revoke = arg;
    TRY(access_token_revoke(cx, arg));
    return authorization_token_revoke(cx, &revoke->system, revoke->token);
}

err post_revocation(struct call *call)
{
    struct token_look ask = {.token = TEXT_NONE};
    struct oauth_client client;
    struct access_token_revoke *ending = ARENA_NEW(call->arena, struct access_token_revoke);
    if (ending == NULL)
        return FAIL_MEMORY(&call->cx);
    TRY(oauth_form(call, &ask));
    TRY(oauth_client(call, &ask.client, &client));
    *ending = (struct access_token_revoke){.system = client.actor, .token = ask.token, .seen = client.seen};
    return call_seal(call, revoke, ending, reply_nothing, 0);
}
