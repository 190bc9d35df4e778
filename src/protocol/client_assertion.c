/* SPDX-License-Identifier: Apache-2.0
 * The claims of an assertion, and which key must have signed it. */
#include "protocol/client_assertion.h"

#include "base/limits.h"

/* RFC 7523 asks for no typ; its successor for the last one. */
static const char *const TYPES[] = {"", "JWT", "client-authentication+jwt", NULL};
static const struct jwt_rules RULES = {.types = TYPES, .code = UNAUTHENTICATED, .reason = CLIENT_UNKNOWN};

/* Of a clock that goes before ours, a little is forgiven. */
static bool is_not_too_new(const struct jwt *jwt, const char *name, int64_t now_ms)
{
    int64_t at_ms = 0;
    return !jwt_has(jwt, name) || (jwt_moment(jwt, name, &at_ms) && at_ms <= now_ms + LIMIT_CLOCK_AHEAD_MS);
}

err client_assertion_read(struct ctx *cx, struct text text, struct text issuer, struct client_assertion *out)
{
    struct client_assertion found = {.expires_at_ms = 0};
    struct text subject;
    struct text audience;
    TRY(jwt_read(cx, text, &RULES, &found.jwt));
    const struct jwt *jwt = &found.jwt;
    if (!jwt_text(jwt, "iss", LIMIT_CLIENT_ID_BYTES, &found.client_id) ||
        !jwt_text(jwt, "sub", LIMIT_CLIENT_ID_BYTES, &subject) || !text_equals(found.client_id, subject))
        return jwt_refuse(cx, &RULES, "iss and sub must both be the client's id");
    if (!jwt_text(jwt, "aud", LIMIT_REQUEST_LINE_BYTES, &audience) || !text_equals(audience, issuer))
        return jwt_refuse(cx, &RULES, "aud must be this issuer, as one string");
    if (!jwt_moment(jwt, "exp", &found.expires_at_ms) || found.expires_at_ms <= ctx_latest_ms(cx) ||
        found.expires_at_ms > cx->now_ms + LIMIT_ASSERTION_MS)
        return jwt_refuse(cx, &RULES, "exp must lie in the future, and not far");
    if (!is_not_too_new(jwt, "iat", cx->now_ms) || !is_not_too_new(jwt, "nbf", cx->now_ms))
        return jwt_refuse(cx, &RULES, "iat and nbf must not lie in the future");
    if (!jwt_text(jwt, "jti", LIMIT_TOKEN_ID_BYTES, &found.token_id))
        return jwt_refuse(cx, &RULES, "jti must be there, and short");
    *out = found;
    return OK;
}

err client_assertion_check(struct ctx *cx, const struct client_assertion *assertion, const struct jwk_set *keys)
{
    const struct jwt *jwt = &assertion->jwt;
    for (size_t i = 0; i < keys->count; i++) {
        const struct jwk *key = &keys->keys[i];
        bool named = jwt->key_id.size == 0 || key->key_id.size == 0 || text_equals(jwt->key_id, key->key_id);
        if (!named || key->algorithm != jwt->algorithm)
            continue;
        if (jwt_check_signature(cx, jwt, key) == OK)
            return OK;
        if (cx->failure.code != UNAUTHENTICATED)
            return cx->failure.code;
        failure_clear(&cx->failure); /* the next key may be the one */
    }
    return jwt_refuse(cx, &RULES, "it was not signed by a key of that client");
}
