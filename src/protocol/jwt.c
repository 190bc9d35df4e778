/* SPDX-License-Identifier: Apache-2.0
 * Header, claims, signature; each refusal by the reader's own reason. */
#include "protocol/jwt.h"

#include "base/limits.h"
#include "base/text.h"

#define SECONDS_MAX (NUMBER_LAST_MS / 1000)

err jwt_refuse(struct ctx *cx, const struct jwt_rules *rules, const char *sentence)
{
    if (cx->failure.code == INTERNAL || cx->failure.code == UNAVAILABLE)
        return cx->failure.code;
    failure_clear(&cx->failure); /* it would tell what of the text was wrong in words of another reader */
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    return FAIL(cx, rules->code, rules->reason, "%s", sentence);
}

static err read_json(struct ctx *cx, struct text coded, const json_t **out)
{
    struct bytes decoded;
    if (!base64url_decode(cx->arena, coded, &decoded))
        return FAIL(cx, MALFORMED, "jwt.form", "not base64url");
    TRY(json_parse(cx, text_of_bytes(decoded), out));
    return json_is_object(*out) ? OK : FAIL(cx, MALFORMED, "jwt.form", "not an object");
}

/* RFC 7515 section 4.1.9: letters of either case, with or without "application/" before them. */
static bool is_type(const struct jwt_rules *rules, const json_t *type)
{
    struct text word = json_text(type);
    const struct text media = TEXT("application/");
    if (word.size > media.size && text_equals_ignoring_case((struct text){word.at, media.size}, media.at))
        word = (struct text){word.at + media.size, word.size - media.size};
    for (const char *const *known = rules->types; *known != NULL; known++)
        if (type == NULL ? **known == '\0' : word.size > 0 && text_equals_ignoring_case(word, *known))
            return true;
    return false;
}

static err read_header(struct ctx *cx, const struct jwt_rules *rules, struct jwt *jwt)
{
    const json_t *header = NULL;
    TRY(read_json(cx, jwt->parts.header, &header));
    const json_t *type = json_object_get(header, "typ");
    const json_t *key_id = json_object_get(header, "kid");
    size_t known = 1u + (type != NULL) + (key_id != NULL) + rules->has_key;
    jwt->algorithm = jwk_algorithm_of(json_text(json_object_get(header, "alg")));
    jwt->key_id = json_text(key_id);
    if (jwt->algorithm == JWK_NONE || json_object_size(header) != known || !is_type(rules, type) ||
        (key_id != NULL && (jwt->key_id.size == 0 || jwt->key_id.size > JWK_ID_BYTES_MAX)))
        return FAIL(cx, MALFORMED, "jwt.header", "the header holds something else than it may");
    if (!rules->has_key)
        return OK;
    TRY(jwk_read(cx, json_object_get(header, "jwk"), &jwt->key));
    return jwt->key.algorithm == jwt->algorithm ? OK : FAIL(cx, MALFORMED, "jwt.header", "another algorithm");
}

err jwt_read(struct ctx *cx, struct text text, const struct jwt_rules *rules, struct jwt *out)
{
    struct jwt jwt = {.rules = rules};
    struct bytes signature;
    if (text.size > LIMIT_JWT_BYTES || !jws_compact_split(text, &jwt.parts))
        return jwt_refuse(cx, rules, "not three parts of base64url with dots between, or too long");
    if (read_header(cx, rules, &jwt) != OK)
        return jwt_refuse(cx, rules, "its header must say alg ES256, EdDSA or PS256, the right typ, and no more");
    if (read_json(cx, jwt.parts.payload, &jwt.claims) != OK ||
        !base64url_decode(cx->arena, jwt.parts.signature, &signature))
        return jwt_refuse(cx, rules, "its claims are no object of JSON, or its signature is not base64url");
    *out = jwt;
    return OK;
}

err jwt_check_signature(struct ctx *cx, const struct jwt *jwt, const struct jwk *key)
{
    bool good = false;
    if (key->algorithm == jwt->algorithm && jwk_verify(cx, key, &jwt->parts, &good) == OK && good)
        return OK;
    return jwt_refuse(cx, jwt->rules, "it was not signed by the key that it must be signed by");
}

/* ---- claims */

bool jwt_has(const struct jwt *jwt, const char *name)
{
    return json_object_get(jwt->claims, name) != NULL;
}

bool jwt_text(const struct jwt *jwt, const char *name, size_t most, struct text *out)
{
    struct text text = json_text(json_object_get(jwt->claims, name));
    if (text.size < 1 || text.size > most || !text_is_plain(text, false))
        return false;
    *out = text;
    return true;
}

bool jwt_moment(const struct jwt *jwt, const char *name, int64_t *out_at_ms)
{
    const json_t *value = json_object_get(jwt->claims, name);
    if (!json_is_number(value))
        return false;
    double seconds = json_number_value(value); /* what a double does not hold exactly is beyond the bound */
    if (!(seconds > 0 && seconds < (double)SECONDS_MAX))
        return false;
    *out_at_ms = (int64_t)(seconds * 1000);
    return true;
}
