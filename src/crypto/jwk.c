/* SPDX-License-Identifier: Apache-2.0
 * Three kinds of keys, each by the row of a table. What libjose gets is written anew from what was understood, so no
 * member that somebody else might read differently comes as far as that. */
#include "crypto/jwk.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/es256.h"
#include "crypto/jose.h"
#include "crypto/public_key.h"
#include "crypto/sign.h"

#define RSA_BYTES_LEAST 256
#define RSA_BYTES_MOST 512
#define MEMBERS_MAX 4

/* The required members of each kind, sorted (RFC 7638 section 3.2; RFC 8037 section 2). */
static const struct kind {
    const char   *type;
    const char   *curve; /* NULL: has none */
    jwk_algorithm algorithm;
    const char   *names[2]; /* as a signature may spell it */
    const char   *members[MEMBERS_MAX + 1];
} KINDS[] = {
    {"EC", "P-256", JWK_ES256, {"ES256", NULL}, {"crv", "kty", "x", "y", NULL}},
    {"OKP", "Ed25519", JWK_EDDSA, {"EdDSA", "Ed25519"}, {"crv", "kty", "x", NULL}},
    {"RSA", NULL, JWK_PS256, {"PS256", NULL}, {"e", "kty", "n", NULL}},
};
#define KINDS_COUNT (sizeof KINDS / sizeof *KINDS)

static err fail_form(struct ctx *cx)
{
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    return FAIL(cx, INVALID, "jwk.form", "a key is none for ES256, EdDSA or PS256 that others may use to check with");
}

static struct text member(const json_t *object, const char *name)
{
    return json_text(json_object_get(object, name));
}

static bool is_name_of(const struct kind *kind, struct text name)
{
    return text_is(name, kind->names[0]) || (kind->names[1] != NULL && text_is(name, kind->names[1]));
}

jwk_algorithm jwk_algorithm_of(struct text name)
{
    for (size_t i = 0; i < KINDS_COUNT; i++)
        if (is_name_of(&KINDS[i], name))
            return KINDS[i].algorithm;
    return JWK_NONE;
}

static const struct kind *kind_of(const json_t *key)
{
    for (size_t i = 0; i < KINDS_COUNT; i++)
        if (text_is(member(key, "kty"), KINDS[i].type) &&
            (KINDS[i].curve == NULL || text_is(member(key, "crv"), KINDS[i].curve)))
            return &KINDS[i];
    return NULL;
}

/* ---- one key */

/* RFC 7518 sections 6.2.2, 6.3.2 and 6.4. */
static bool has_private_half(const json_t *key)
{
    static const char *const PRIVATE[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < sizeof PRIVATE / sizeof *PRIVATE; i++)
        if (json_object_get(key, PRIVATE[i]) != NULL)
            return true;
    return false;
}

/* A key may say what it is for (RFC 7517 sections 4.2 to 4.4); then it must be this, in each place that says so. */
static bool is_for_this(const json_t *key, const struct kind *kind)
{
    const json_t *use = json_object_get(key, "use");
    const json_t *operations = json_object_get(key, "key_ops");
    const json_t *algorithm = json_object_get(key, "alg");
    bool named = operations == NULL;
    for (size_t i = 0; i < json_array_size(operations); i++)
        named = named || text_is(json_text(json_array_get(operations, i)), "verify");
    return named && (use == NULL || text_is(json_text(use), "sig")) &&
           (algorithm == NULL || is_name_of(kind, json_text(algorithm)));
}

static bool has_size(struct ctx *cx, const json_t *key, const char *name, size_t size)
{
    struct bytes bytes;
    return base64url_decode(cx->arena, member(key, name), &bytes) && bytes.size == size;
}

static bool is_modulus(struct ctx *cx, struct text text)
{
    struct bytes bytes;
    return base64url_decode(cx->arena, text, &bytes) && bytes.size >= RSA_BYTES_LEAST &&
           bytes.size <= RSA_BYTES_MOST && bytes.at[0] >= 0x80 && (bytes.at[bytes.size - 1] & 1) == 1;
}

static bool has_good_numbers(struct ctx *cx, const json_t *key, jwk_algorithm algorithm)
{
    switch (algorithm) {
    case JWK_ES256:
        return has_size(cx, key, "x", ES256_COORDINATE_BYTES) && has_size(cx, key, "y", ES256_COORDINATE_BYTES);
    case JWK_EDDSA:
        return has_size(cx, key, "x", SIGN_PUBLIC_BYTES);
    case JWK_PS256:
        return text_is(member(key, "e"), "AQAB") && is_modulus(cx, member(key, "n"));
    case JWK_NONE:
        break;
    }
    return false;
}

static err write_canonical(struct ctx *cx, const json_t *key, const struct kind *kind, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, 2 * RSA_BYTES_MOST);
    json_open_object(&writer);
    for (size_t i = 0; kind->members[i] != NULL; i++)
        json_member_text(&writer, kind->members[i], member(key, kind->members[i]));
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}

err jwk_read(struct ctx *cx, const json_t *key, struct jwk *out)
{
    const struct kind *kind = kind_of(key);
    const json_t *key_id = json_object_get(key, "kid");
    struct jwk found = {.key_id = json_text(key_id)};
    if (has_private_half(key))
        return FAIL(cx, INVALID, "jwk.private", "a key came with its private half: make a new one, and send its public "
                                                "half alone");
    if (kind == NULL || !is_for_this(key, kind) || !has_good_numbers(cx, key, kind->algorithm) ||
        (key_id != NULL && (found.key_id.size == 0 || found.key_id.size > JWK_ID_BYTES_MAX ||
                            !text_is_plain(found.key_id, false))))
        return fail_form(cx);
    TRY(write_canonical(cx, key, kind, &found.canonical));
    sha256(bytes_of_text(found.canonical), found.thumbprint);
    found.algorithm = kind->algorithm;
    *out = found;
    return OK;
}

/* ---- sets */

static bool is_alike(const struct jwk *a, const struct jwk *b)
{
    return text_equals(a->canonical, b->canonical) || (a->key_id.size > 0 && text_equals(a->key_id, b->key_id));
}

err jwk_set_read(struct ctx *cx, const json_t *set, struct jwk_set *out)
{
    const json_t *keys = json_object_get(set, "keys");
    size_t count = json_array_size(keys);
    struct jwk_set found = {.count = 0};
    if (count < 1 || count > JWK_SET_MAX)
        return FAIL(cx, INVALID, "jwk.set", "a set has a member \"keys\" with 1 to %d keys", JWK_SET_MAX);
    for (; found.count < count; found.count++) {
        struct jwk *key = &found.keys[found.count];
        TRY(jwk_read(cx, json_array_get(keys, found.count), key));
        for (size_t i = 0; i < found.count; i++)
            if (is_alike(&found.keys[i], key))
                return FAIL(cx, INVALID, "jwk.set", "two keys of a set are alike, or have the same name");
    }
    *out = found;
    return OK;
}

/* A member that jwk_read() has looked at. */
static struct bytes number_of(struct ctx *cx, const json_t *key, const char *name)
{
    struct bytes bytes = {NULL, 0};
    return base64url_decode(cx->arena, member(key, name), &bytes) ? bytes : (struct bytes){NULL, 0};
}

static err check_one(struct ctx *cx, const struct jwk *key)
{
    static const public_key_kind KIND_OF[] = {
        [JWK_ES256] = PUBLIC_KEY_ES256, [JWK_EDDSA] = PUBLIC_KEY_EDDSA, [JWK_PS256] = PUBLIC_KEY_RS256};
    const json_t *json = NULL;
    TRY(json_parse(cx, key->canonical, &json));
    bool is_rsa = key->algorithm == JWK_PS256;
    struct public_key numbers = {KIND_OF[key->algorithm], number_of(cx, json, is_rsa ? "n" : "x"),
                                 number_of(cx, json, is_rsa ? "e" : "y")};
    if (key->algorithm == JWK_EDDSA)
        numbers.second = (struct bytes){NULL, 0};
    return !arena_is_exhausted(cx->arena) && public_key_is_sound(&numbers) ? OK : fail_form(cx);
}

err jwk_set_check(struct ctx *cx, const struct jwk_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        TRY(check_one(cx, &set->keys[i]));
    return OK;
}

err jwk_set_write(struct ctx *cx, const struct jwk_set *set, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, JWK_SET_BYTES_MAX);
    json_open_object(&writer);
    json_write_key(&writer, "keys");
    json_open_array(&writer);
    for (size_t i = 0; i < set->count; i++) {
        const struct jwk *key = &set->keys[i];
        if (key->key_id.size == 0) {
            json_write_raw(&writer, key->canonical);
            continue;
        }
        struct text inside = {key->canonical.at + 1, key->canonical.size - 2};
        struct json_writer name = json_writer_open(cx->arena, 8 * JWK_ID_BYTES_MAX);
        json_write_text(&name, key->key_id);
        struct text both = text_format(cx->arena, "{%.*s,\"kid\":%.*s}", TEXT_ARGS(inside),
                                       TEXT_ARGS(builder_text(&name.out)));
        if (both.at == NULL)
            return FAIL_MEMORY(cx);
        json_write_raw(&writer, both);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}

/* ---- signatures */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* What stands before the next dot, or before the end when it is the last part; NULL in `at` when that is nothing. */
static struct text take_part(struct text *rest, bool last)
{
    size_t size = 0;
    while (size < rest->size && is_letter(rest->at[size]))
        size++;
    bool ends = last ? size == rest->size : size < rest->size && rest->at[size] == '.';
    struct text part = {ends && size > 0 ? rest->at : NULL, size};
    size_t taken = size + (ends && !last);
    *rest = (struct text){rest->at + taken, rest->size - taken};
    return part;
}

bool jws_compact_split(struct text text, struct jws_compact *out)
{
    struct text rest = text;
    struct jws_compact found;
    found.header = take_part(&rest, false);
    found.payload = found.header.at == NULL ? found.header : take_part(&rest, false);
    found.signature = found.payload.at == NULL ? found.payload : take_part(&rest, true);
    if (found.signature.at == NULL)
        return false;
    found.signed_part = (struct text){text.at, found.header.size + 1 + found.payload.size};
    *out = found;
    return true;
}

/* libsodium takes the signature of RFC 8032 as it is. */
static err verify_eddsa(struct ctx *cx, const struct jwk *key, const struct jws_compact *jws, bool *out_good)
{
    const json_t *json = NULL;
    struct bytes public_key;
    struct bytes signature;
    TRY(json_parse(cx, key->canonical, &json));
    *out_good = base64url_decode(cx->arena, member(json, "x"), &public_key) && public_key.size == SIGN_PUBLIC_BYTES &&
                base64url_decode(cx->arena, jws->signature, &signature) && signature.size == SIGN_SIGNATURE_BYTES &&
                sign_verify(public_key.at, bytes_of_text(jws->signed_part), signature.at);
    return arena_is_exhausted(cx->arena) ? FAIL_MEMORY(cx) : OK;
}

err jwk_verify(struct ctx *cx, const struct jwk *key, const struct jws_compact *jws, bool *out_good)
{
    struct bytes signature;
    bool good = false;
    if (key->algorithm == JWK_EDDSA)
        TRY(verify_eddsa(cx, key, jws, &good));
    else if (base64url_decode(cx->arena, jws->signature, &signature)) /* canonical: one signature has one spelling */
        TRY(jose_verify_parts(cx, key->canonical, jws, &good));
    else if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    *out_good = good;
    return OK;
}
