/* SPDX-License-Identifier: Apache-2.0
 * Pushed authorization requests (RFC 9126): all that a client wants of a person is checked here, from program to
 * program, and what goes through the browser later is its name. */
#include "base/limits.h"
#include "base/text.h"
#include "domain/entrance/authorization_ask.h"
#include "http/doors/consent.h"
#include "http/doors/handlers.h"
#include "http/doors/oauth.h"
#include "protocol/claims_request.h"
#include "protocol/pkce.h"

struct push_ask {
    struct oauth_client_fields client;
    struct text response_type, redirect_uri, challenge, method;
    struct text scope, state, nonce, details, claims, thumbprint;
    struct text response_mode, prompt, max_age, grant_action, request, request_uri;
};
#define OPTIONAL(name, field, most_bytes, ...)                                                                         \
    MEMBER(name, TEXT, 0, struct push_ask, field, .most = (most_bytes), __VA_ARGS__)
static const struct shape_member PUSH_ASK[] = {
    MEMBER("response_type", TEXT, SHAPE_REQUIRED, struct push_ask, response_type, .most = 128, .sentence = "code"),
    MEMBER("redirect_uri", TEXT, SHAPE_REQUIRED, struct push_ask, redirect_uri, .most = LIMIT_REDIRECT_URI_BYTES,
           .sentence = "One that the system registered, byte for byte."),
    MEMBER("code_challenge", TEXT, SHAPE_REQUIRED, struct push_ask, challenge, .most = 128,
           .sentence = "RFC 7636."),
    MEMBER("code_challenge_method", TEXT, SHAPE_REQUIRED, struct push_ask, method, .most = 128, .sentence = "S256"),
    OPTIONAL("scope", scope, 256, .sentence = "openid, to sign somebody in."),
    OPTIONAL("state", state, LIMIT_STATE_BYTES, .sentence = "Comes back with the answer."),
    OPTIONAL("nonce", nonce, LIMIT_TOKEN_ID_BYTES),
    OPTIONAL("authorization_details", details, LIMIT_BODY_OWN_BYTES,
             .sentence = "RFC 9396: a list with one object of the type personal-data."),
    OPTIONAL("claims", claims, LIMIT_BODY_OWN_BYTES, .sentence = "OpenID Connect Core section 5.5."),
    OPTIONAL("dpop_jkt", thumbprint, 128, .sentence = "RFC 9449 section 10: the key that must redeem the code."),
    OPTIONAL("response_mode", response_mode, 128, .sentence = "query"),
    OPTIONAL("prompt", prompt, 128, .sentence = "consent: a person is always asked, and signs in beforehand."),
    OPTIONAL("max_age", max_age, 128, .sentence = "Refused: look at auth_time."),
    OPTIONAL("grant_management_action", grant_action, 128, .sentence = "Refused: each answer stands for itself."),
    OPTIONAL("request", request, LIMIT_BODY_OWN_BYTES, .sentence = "Refused."),
    OPTIONAL("request_uri", request_uri, LIMIT_BODY_OWN_BYTES, .sentence = "Refused."),
    OAUTH_CLIENT_MEMBERS(struct push_ask, client),
};
const struct shape SHAPE_PUSH_ASK = {.name = "PushedRequest",
    .sentence = "What a client wants of a person (RFC 9126).", SHAPE_MEMBERS(PUSH_ASK),
    .size = sizeof(struct push_ask), .form = true};

struct pushed_view {
    struct text request_uri;
    int64_t     expires_in_s;
};
static const struct shape_member PUSHED[] = {
    MEMBER("request_uri", TEXT, 0, struct pushed_view, request_uri, .sentence = "Good for one answer."),
    MEMBER("expires_in", INT, 0, struct pushed_view, expires_in_s, .sentence = "Seconds."),
};
const struct shape SHAPE_PUSHED = {.name = "Pushed", .sentence = "The name of a pushed request.",
    SHAPE_MEMBERS(PUSHED), .size = sizeof(struct pushed_view)};

/* ---- checks */

static err check_words(struct ctx *cx, const struct push_ask *ask)
{
    if (!text_is(ask->response_type, "code"))
        return FAIL(cx, MALFORMED, "oauth.response_type", "the one response type is code");
    if (ask->response_mode.size > 0 && !text_is(ask->response_mode, "query"))
        return FAIL(cx, MALFORMED, "oauth.request", "the one response mode is query");
    if (ask->request.size > 0 || ask->request_uri.size > 0 || ask->grant_action.size > 0)
        return FAIL(cx, MALFORMED, "oauth.request", "request, request_uri and grant_management_action are not taken");
    if (text_is(ask->prompt, "none"))
        return FAIL(cx, MALFORMED, "oauth.prompt", "a person is always asked");
    if ((ask->prompt.size > 0 && !text_is(ask->prompt, "consent")) || ask->max_age.size > 0)
        return FAIL(cx, MALFORMED, "oauth.request", "nobody is signed in anew here: look at auth_time of the ID token");
    if (!text_is(ask->method, "S256") || !pkce_is_challenge(cx, ask->challenge))
        return FAIL(cx, MALFORMED, "oauth.pkce", "code_challenge must be a SHA-256 by the method S256");
    if (ask->scope.size > 0 && !text_is(ask->scope, SCOPE_SIGN_IN))
        return FAIL(cx, MALFORMED, "oauth.scope", "of people there is the one scope openid");
    if (ask->scope.size == 0 && ask->details.size == 0)
        return FAIL(cx, MALFORMED, "oauth.request", "it asks for nothing: send authorization_details or a scope");
    return OK;
}

static err check_redirect(struct ctx *cx, struct text uri, struct text registered)
{
    const struct text *uris = NULL;
    size_t count = 0;
    TRY(signing_redirect_uris(cx, registered, &uris, &count));
    for (size_t i = 0; i < count; i++)
        if (text_equals(uri, uris[i]))
            return OK;
    return FAIL(cx, MALFORMED, "oauth.redirect", "redirect_uri is none that this client has registered");
}

static err fail_detail(struct ctx *cx, const char *pointer, const char *sentence)
{
    failure_clear(&cx->failure);
    return FAIL_AT(cx, INVALID, "details.invalid", pointer, "%s", sentence);
}

/* What could never be granted is told to the client, and never shown to a person. */
static err check_detail(struct ctx *cx, const struct actor *system, const struct authorization_detail *detail,
                        int64_t *out_version)
{
    struct purpose purpose;
    err result = purpose_load_published(cx, &detail->purpose, &purpose);
    if (result != OK && result != NOT_FOUND && result != CONFLICT)
        return result;
    if (result != OK || purpose.organisation_id != system->organisation_id ||
        (purpose.departments & system->department_bit) == 0)
        return fail_detail(cx, "/0/purpose", "this is no published purpose for the client's department");
    if (!attribute_set_is_subset(detail->datatypes, attribute_set_union(purpose.needed, purpose.optional)))
        return fail_detail(cx, "/0/datatypes", "the purpose does not name all of these kinds");
    if (detail->duration_ms > purpose.longest_ms)
        return fail_detail(cx, "/0/duration", "longer than the purpose may last");
    struct uses uses = detail->uses;
    if (uses_check(cx, &uses, "/0/uses") != OK)
        return fail_detail(cx, "/0/uses", "this is no way of using");
    *out_version = purpose.version;
    return OK;
}

/* What only the answer could show is not promised beforehand. */
static err read_claims(struct ctx *cx, struct text text, struct claims_request *out)
{
    TRY(claims_request_read(cx, text, out));
    if (out->subject.size > 0)
        return FAIL(cx, MALFORMED, "claims.subject", "who answers is not chosen beforehand: look at sub");
    if (out->needs_passkey)
        return FAIL(cx, MALFORMED, "claims.acr", "how it is proved may be asked for and is not promised: look at acr");
    return OK;
}

/* A person decides about one purpose at a time, and the grant that comes of it is what the tokens stand for. */
static err read_details(struct call *call, const struct actor *system, const struct push_ask *ask,
                        struct authorization_ask *out)
{
    struct ctx *cx = &call->cx;
    const struct text origin = text_of(call_origin(call));
    struct authorization_details details = {.count = 0};
    struct claims_request claims = {.kinds = ATTRIBUTE_SET_EMPTY};
    int64_t version = 0;
    if (ask->claims.size > 0)
        TRY(read_claims(cx, ask->claims, &claims));
    if (ask->details.size == 0)
        return claims_request_merge(cx, &claims, &details);
    if ((system->scopes & SCOPE_REQUESTS) == 0)
        return FAIL(cx, MALFORMED, "oauth.client", "this client lacks the scope requests, and may ask nobody for data");
    TRY(authorization_details_read(cx, ask->details, origin, &details));
    if (details.count != 1)
        return fail_detail(cx, "/1", "one request asks for one purpose");
    TRY(claims_request_merge(cx, &claims, &details));
    TRY(check_detail(cx, system, &details.at[0], &version));
    out->purpose_version = text_format(cx->arena, "%lld", (long long)version);
    if (out->purpose_version.at == NULL)
        return FAIL_MEMORY(cx);
    return authorization_details_write(cx, &details, origin, &out->details);
}

/* The key that must redeem the code: named, or shown by a proof; both must be one. */
static err read_key(struct call *call, const struct push_ask *ask, struct seen_token *out_seen, struct text *out)
{
    struct ctx *cx = &call->cx;
    struct dpop_proof proof;
    *out = ask->thumbprint;
    if (ask->thumbprint.size > 0 && !pkce_is_challenge(cx, ask->thumbprint)) /* the same form: a SHA-256 */
        return FAIL(cx, MALFORMED, "oauth.request", "dpop_jkt must be the thumbprint of a key");
    if (h1_field_count(&call->request, "DPoP") == 0)
        return OK;
    TRY(oauth_proof(call, call_origin(call), TEXT_NONE, &proof, out_seen));
    struct text shown = base64url_encode(call->arena, (struct bytes){proof.thumbprint, HASH_BYTES});
    if (shown.at == NULL)
        return FAIL_MEMORY(cx);
    if (out->size > 0 && !text_equals(*out, shown))
        return FAIL(cx, UNAUTHENTICATED, DPOP_INVALID, "dpop_jkt names another key than the proof");
    *out = shown;
    return OK;
}

/* ---- the door */

static err reply_pushed(struct call *call, void *arg)
{
    const struct authorization_push *push = arg;
    struct pushed_view view = {
        .request_uri = text_format(call->arena, REQUEST_URI_PREFIX "%.*s", TEXT_ARGS(push->out_name)),
        .expires_in_s = LIMIT_PUSHED_REQUEST_MS / 1000,
    };
    return view.request_uri.at == NULL ? FAIL_MEMORY(&call->cx) : call_reply(call, &view);
}

err post_pushed_request(struct call *call)
{
    struct ctx *cx = &call->cx;
    struct push_ask ask = {.scope = TEXT_NONE};
    struct oauth_client client;
    struct authorization_ask *kept = ARENA_NEW(call->arena, struct authorization_ask);
    struct authorization_push *push = ARENA_NEW(call->arena, struct authorization_push);
    if (kept == NULL || push == NULL)
        return FAIL_MEMORY(cx);
    TRY(oauth_form(call, &ask));
    TRY(oauth_client(call, &ask.client, &client));
    TRY(check_words(cx, &ask));
    TRY(check_redirect(cx, ask.redirect_uri, client.redirect_uris));
    TRY(read_key(call, &ask, &push->seen[1], &kept->thumbprint));
    TRY(read_details(call, &client.actor, &ask, kept));
    kept->claims = ask.claims;
    kept->redirect_uri = ask.redirect_uri;
    kept->state = ask.state;
    kept->scope = ask.scope;
    kept->nonce = ask.nonce;
    kept->challenge = ask.challenge;
    push->system = client.actor;
    push->ask = kept;
    push->seen[0] = client.seen;
    push->reason = client.seen.reason;
    oauth_add_nonce(call);
    return call_seal(call, authorization_push, push, reply_pushed, 0);
}
