/* SPDX-License-Identifier: Apache-2.0
 * Credentials, scope, origin, body, Idempotency-Key. */
#include "http/gate/gate.h"

#include <limits.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "domain/entrance/session.h"
#include "domain/parties/organisation.h"
#include "domain/sharing/objection_change.h"
#include "http/doors/oauth.h"

/* ---- credentials */

struct credentials {
    struct text bearer;  /* `.at` NULL: none */
    struct text bound;   /* an access token, which comes with a proof */
    struct text session;
};

/* False when the value is of another scheme, or nothing follows it. */
static bool has_scheme(struct text value, struct text scheme, struct text *out)
{
    if (value.size <= scheme.size || !text_equals_ignoring_case((struct text){value.at, scheme.size}, scheme.at))
        return false;
    *out = text_trim((struct text){value.at + scheme.size, value.size - scheme.size});
    return true;
}

static err read_authorization(struct call *call, struct credentials *out)
{
    struct ctx *cx = &call->cx;
    size_t count = h1_field_count(&call->request, "Authorization");
    struct text value;
    if (count == 0)
        return OK;
    if (count > 1 || !h1_field(&call->request, "Authorization", &value))
        return FAIL(cx, MALFORMED, "credentials.repeated", "Authorization may come once");
    if (!has_scheme(value, TEXT("Bearer "), &out->bearer) && !has_scheme(value, TEXT("DPoP "), &out->bound))
        return FAIL(cx, UNAUTHENTICATED, "credentials.scheme", "only API keys (Bearer) and tokens (DPoP) are taken");
    return OK;
}

/* RFC 6265 section 4.2.1: "a=1; b=2". A cookie of another program on the same host is not ours to judge. */
static err find_cookie(struct call *call, struct text cookies, const char *name, struct text *out)
{
    while (cookies.size > 0) {
        const char *end = memchr(cookies.at, ';', cookies.size);
        size_t size = end == NULL ? cookies.size : (size_t)(end - cookies.at);
        struct text pair = text_trim((struct text){cookies.at, size});
        size_t step = end == NULL ? size : size + 1;
        cookies = (struct text){cookies.at + step, cookies.size - step};
        const char *equals = pair.size == 0 ? NULL : memchr(pair.at, '=', pair.size);
        if (equals == NULL || !text_is((struct text){pair.at, (size_t)(equals - pair.at)}, name))
            continue;
        if (out->at != NULL)
            return FAIL(&call->cx, MALFORMED, "credentials.repeated", "the cookie %s came twice", name);
        *out = (struct text){equals + 1, pair.size - (size_t)(equals + 1 - pair.at)};
    }
    return OK;
}

static err read_cookie(struct call *call, const char *name, struct text *out)
{
    struct text cookies;
    size_t count = h1_field_count(&call->request, "Cookie");
    if (count == 0)
        return OK;
    if (count > 1 || !h1_field(&call->request, "Cookie", &cookies)) /* RFC 6265 section 5.4 */
        return FAIL(&call->cx, MALFORMED, "credentials.repeated", "Cookie may come once");
    return find_cookie(call, cookies, name, out);
}

static err read_session(const struct gate *gate, struct call *call, struct text *out)
{
    return read_cookie(call, gate_cookie_name(gate), out);
}

static err authenticate(const struct gate *gate, struct call *call, struct credentials *credentials,
                        struct seen_token *out_proof)
{
    struct ctx *cx = &call->cx;
    struct actor actor = {.kind = ACTOR_NOBODY};
    TRY(read_authorization(call, credentials));
    TRY(read_session(gate, call, &credentials->session));
    if ((credentials->bearer.at != NULL || credentials->bound.at != NULL) && credentials->session.at != NULL)
        return FAIL(cx, MALFORMED, "credentials.two", "either a session or a token, not both");
    if (credentials->bearer.at != NULL)
        TRY(organisation_authenticate(cx, credentials->bearer, &actor));
    else if (credentials->bound.at != NULL)
        TRY(oauth_token_admit(call, gate->origin, credentials->bound, &actor, out_proof));
    else if (credentials->session.at != NULL)
        TRY(session_authenticate(cx, credentials->session, &actor));
    else
        return FAIL(cx, UNAUTHENTICATED, "credentials.missing", "this needs a session or an API key");
    cx->actor = actor;
    return OK;
}

bool gate_number_credentials(const struct gate *gate, struct call *call, uint64_t *out)
{
    struct credentials credentials = {.bearer = {NULL, 0}, .bound = {NULL, 0}, .session = {NULL, 0}};
    bool read = read_authorization(call, &credentials) == OK && read_session(gate, call, &credentials.session) == OK;
    failure_clear(&call->cx.failure); /* told when the gate looks at them */
    struct text shown = credentials.bearer.at != NULL  ? credentials.bearer
                        : credentials.bound.at != NULL ? credentials.bound
                                                       : credentials.session;
    if (!read || shown.size == 0)
        return false;
    uint8_t hash[HASH_BYTES];
    blake2b_256((struct bytes){(const uint8_t *)shown.at, shown.size}, hash);
    memcpy(out, hash, sizeof *out);
    return true;
}

/* ---- whether such a caller may */

static unsigned who_of(actor_kind kind)
{
    switch (kind) {
    case ACTOR_PERSON:   return WHO_PERSON;
    case ACTOR_SYSTEM:   return WHO_SYSTEM;
    case ACTOR_MEMBER:   return WHO_MEMBER;
    case ACTOR_NOBODY:
    case ACTOR_OPERATOR: break; /* the operator comes by the command line only */
    }
    return 0;
}

/* Of a person nothing is asked; of a member, what the role holds. */
static unsigned scopes_of(const struct actor *actor)
{
    if (actor->kind == ACTOR_SYSTEM)
        return actor->scopes;
    if (actor->kind != ACTOR_MEMBER)
        return UINT_MAX;
    const unsigned of_viewer = SCOPE_PURPOSES | SCOPE_REQUESTS | SCOPE_GRANTS;
    return actor->role == MEMBER_ADMIN ? of_viewer | SCOPE_ADMIN : of_viewer;
}

static err check_caller(struct call *call, const struct route *route)
{
    struct ctx *cx = &call->cx;
    if ((route->who & who_of(cx->actor.kind)) == 0)
        return FAIL(cx, FORBIDDEN, "actor.wrong_kind", "this is not for a caller of this kind");
    if ((scopes_of(&cx->actor) & route->scope) != route->scope)
        return FAIL(cx, FORBIDDEN, SCOPE_MISSING, "the key or role lacks the scope %s", scope_word(route->scope));
    return OK;
}

/* The same site under the name that the browser used. A cookie goes only to the host that set it, so a foreign page can
 * never have that host's name as its origin. */
static bool is_own_origin(const struct gate *gate, const struct call *call, struct text origin)
{
    if (text_is(origin, gate->origin))
        return true;
    const struct text scheme = TEXT("http://");
    return text_starts_with(text_of(gate->origin), scheme.at) && text_starts_with(origin, scheme.at) &&
           call->request.host.size > 0 &&
           text_equals((struct text){origin.at + scheme.size, origin.size - scheme.size}, call->request.host);
}

/* What a write of our own pages, or of nobody's, says in Fetch Metadata (W3C): a script's fetch() or a form's button.
 * Frames, images, workers and requests without an answer (no-cors) change nothing here. */
static bool is_fetched_well(const struct call *call)
{
    static const struct {
        const char *name;
        const char *taken[4];
    } FIELDS[] = {
        {"Sec-Fetch-Site", {"same-origin", "none", NULL}},
        {"Sec-Fetch-Mode", {"cors", "same-origin", "navigate", NULL}},
        {"Sec-Fetch-Dest", {"empty", "document", NULL}},
    };
    bool well = true;
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS && well; i++) {
        struct text value = TEXT_NONE;
        well = h1_field_count(&call->request, FIELDS[i].name) == 0;
        bool once = !well && h1_field(&call->request, FIELDS[i].name, &value);
        for (const char *const *word = FIELDS[i].taken; once && !well && *word != NULL; word++)
            well = text_is(value, *word);
    }
    return well;
}

/* A browser says where a write comes from; a program that says neither has no ambient cookie to be misled with. */
static err check_origin(const struct gate *gate, struct call *call)
{
    struct text origin;
    bool own = true;
    if (h1_field_count(&call->request, "Origin") > 0)
        own = h1_field(&call->request, "Origin", &origin) && is_own_origin(gate, call, origin);
    if (!own || !is_fetched_well(call))
        return FAIL(&call->cx, FORBIDDEN, "origin.refused", "this write comes from another site");
    return OK;
}

err gate_admit(const struct gate *gate, struct call *call, const struct route *route, struct seen_token *out_proof)
{
    struct credentials credentials = {.bearer = {NULL, 0}, .bound = {NULL, 0}, .session = {NULL, 0}};
    out_proof->reason = NULL;
    if ((route->who & WHO_ANYONE) == 0) {
        TRY(authenticate(gate, call, &credentials, out_proof));
        TRY(check_caller(call, route));
    }
    bool by_page = credentials.bearer.at == NULL && credentials.bound.at == NULL; /* keys come with no page's help */
    if (by_page && route->method != METHOD_GET)
        TRY(check_origin(gate, call));
    if (route->query == NULL && call->request.query.size > 0)
        return FAIL(&call->cx, MALFORMED, "request.unknown_parameter", "this address takes no parameters");
    return OK;
}

err gate_hear_signal(struct call *call)
{
    static const char NAME[] = "Sec-GPC";
    struct ctx *cx = &call->cx;
    struct text value;
    if (cx->actor.kind != ACTOR_PERSON || h1_field_count(&call->request, NAME) != 1 ||
        !h1_field(&call->request, NAME, &value) || !text_is(value, "1"))
        return OK;
    cx->actor.signals = true;
    return objection_signal_is_new(cx, &cx->actor.signals_anew);
}

struct text gate_session(const struct gate *gate, struct call *call)
{
    struct text session = {NULL, 0};
    bool once = read_session(gate, call, &session) == OK && session.at != NULL;
    failure_clear(&call->cx.failure); /* who comes in is not kept out by what his browser keeps */
    return once ? session : TEXT_NONE;
}

bool gate_find_human(const struct gate *gate, struct call *call, struct actor *out)
{
    struct text session = {NULL, 0};
    struct actor actor;
    bool known = read_session(gate, call, &session) == OK && session.at != NULL &&
                 session_authenticate(&call->cx, session, &actor) == OK && actor_signs_in(&actor);
    failure_clear(&call->cx.failure); /* to be nobody is no failure here */
    if (known)
        *out = actor;
    return known;
}

/* ---- form */

/* RFC 9110 section 8.3.1; the only parameter that JSON or a form may carry here is charset=utf-8. */
static bool is_type(struct text value, const char *wanted)
{
    const char *end = memchr(value.at, ';', value.size);
    struct text type = {value.at, end == NULL ? value.size : (size_t)(end - value.at)};
    if (!text_equals_ignoring_case(text_trim(type), wanted))
        return false;
    if (end == NULL)
        return true;
    struct text parameter = text_trim((struct text){end + 1, value.size - type.size - 1});
    return text_equals_ignoring_case(parameter, "charset=utf-8") ||
           text_equals_ignoring_case(parameter, "charset=\"utf-8\"");
}

err gate_body(struct call *call, const struct route *route, const json_t **out)
{
    struct ctx *cx = &call->cx;
    struct text type;
    if (call->body.size == 0)
        return OK;
    if (route->method == METHOD_GET || route->method == METHOD_DELETE)
        return FAIL(cx, MALFORMED, "request.body_not_taken", "this address takes no body");
    bool is_form = route->request != NULL && route->request->form;
    const char *wanted = is_form ? "application/x-www-form-urlencoded" : "application/json";
    if (!h1_field(&call->request, "Content-Type", &type) || !is_type(type, wanted))
        return FAIL(cx, MEDIA_TYPE, "request.media_type", "the body must be %s", wanted);
    return is_form ? OK : json_parse(cx, text_of_bytes(call->body), out);
}

/* A bare token or, as draft-ietf-httpapi-idempotency-key-header has it, the same in double quotes. */
static bool is_key(struct text key)
{
    if (key.size < 1 || key.size > LIMIT_IDEMPOTENCY_KEY_BYTES)
        return false;
    for (size_t i = 0; i < key.size; i++)
        if (key.at[i] < '!' || key.at[i] > '~')
            return false;
    return true;
}

err gate_idempotency_key(struct call *call, const struct route *route, struct text *out)
{
    size_t count = h1_field_count(&call->request, "Idempotency-Key");
    struct text key;
    if (count == 0 || route->method == METHOD_GET)
        return OK;
    if (!h1_field(&call->request, "Idempotency-Key", &key))
        return FAIL(&call->cx, MALFORMED, "idempotency.key", "Idempotency-Key may come once");
    if (key.size >= 2 && key.at[0] == '"' && key.at[key.size - 1] == '"')
        key = (struct text){key.at + 1, key.size - 2};
    if (!is_key(key))
        return FAIL(&call->cx, MALFORMED, "idempotency.key", "Idempotency-Key is 1 to 255 visible ASCII characters");
    if (route->limit != LIMIT_CLASS_ANEW)
        *out = key;
    return OK;
}

/* ---- cookie */

static bool is_https(const struct gate *gate)
{
    return text_starts_with(text_of(gate->origin), "https://");
}

const char *gate_cookie_name(const struct gate *gate)
{
    return is_https(gate) ? "__Host-session" : "session";
}

struct text gate_cookie(const struct gate *gate, struct arena *arena, struct text token)
{
    long long age_s = token.size == 0 ? 0 : LIMIT_SESSION_MS / 1000;
    return text_format(arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s", gate_cookie_name(gate),
                       TEXT_ARGS(token), age_s, is_https(gate) ? "; Secure" : "");
}

static const char *visitor_name(const struct gate *gate)
{
    return is_https(gate) ? "__Host-visitor" : "visitor";
}

err gate_read_visitor(const struct gate *gate, struct call *call, struct text *out)
{
    struct text value = {NULL, 0};
    TRY(read_cookie(call, visitor_name(gate), &value));
    *out = value.at == NULL ? TEXT_NONE : value;
    return OK;
}

struct text gate_visitor_cookie(const struct gate *gate, struct arena *arena, struct text value, int age_s)
{
    return text_format(arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", visitor_name(gate),
                       TEXT_ARGS(value), age_s, is_https(gate) ? "; Secure" : "");
}
