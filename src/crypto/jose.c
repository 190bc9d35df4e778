/* SPDX-License-Identifier: Apache-2.0
 * libjose makes keys and verifies, es256.c signs; the forms around that are read and written here, strictly. Two of
 * libjose's functions must stay unused: jose_jwk_thp() and the encoding of a protected header given as an object call
 * free() on memory of jansson's allocator, which base/json.c replaces. What is made on the heap is released here. */
#include "crypto/jose.h"

#include <assert.h>
#include <jose/jwk.h>
#include <jose/jws.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/es256.h"
#include "crypto/hash.h"
#include "crypto/secret.h"

#define KEY_TEXT_BYTES_MAX 4096

/* ---- reading */

/* A key that could not be decoded for want of memory is not a wrong one. */
static err fail_key(struct ctx *cx)
{
    if (arena_is_exhausted(cx->arena))
        return FAIL_MEMORY(cx);
    return FAIL(cx, INVALID, "jose.key", "not a key of the kind that is wanted here");
}

static err fail_library(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "jose.library", "the signature library could not do its work");
}

static struct text member(const json_t *object, const char *name)
{
    return json_text(json_object_get(object, name));
}

/* True when `text` is the canonical base64url of `size` bytes. */
static bool encodes(struct ctx *cx, struct text text, size_t size)
{
    struct bytes bytes;
    return base64url_decode(cx->arena, text, &bytes) && bytes.size == size;
}

/* A P-256 key. Whether its point lies on the curve shows when it is used. */
static err read_key(struct ctx *cx, struct text jwk, const json_t **out)
{
    const json_t *key = NULL;
    TRY(json_parse(cx, jwk, &key));
    const json_t *algorithm = json_object_get(key, "alg");
    const json_t *secret = json_object_get(key, "d");
    bool good = text_is(member(key, "kty"), "EC") && text_is(member(key, "crv"), "P-256") &&
                encodes(cx, member(key, "x"), ES256_COORDINATE_BYTES) &&
                encodes(cx, member(key, "y"), ES256_COORDINATE_BYTES) &&
                (algorithm == NULL || text_is(json_text(algorithm), "ES256")) &&
                (secret == NULL || encodes(cx, json_text(secret), ES256_COORDINATE_BYTES));
    if (!good)
        return fail_key(cx);
    *out = key;
    return OK;
}

/* ---- keys */

/* The named members, sorted by the caller, of a key: the input of RFC 7638 and our canonical form. */
static err write_members(struct ctx *cx, const json_t *key, const char *const *names, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, KEY_TEXT_BYTES_MAX);
    json_open_object(&writer);
    for (; *names != NULL; names++) {
        struct text value = member(key, *names);
        if (value.size == 0)
            return fail_key(cx);
        json_member_text(&writer, *names, value);
    }
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}

static const char *const PUBLIC_MEMBERS[] = {"crv", "kty", "x", "y", NULL};
static const char *const PRIVATE_MEMBERS[] = {"crv", "d", "kty", "x", "y", NULL};
static const char *const RSA_MEMBERS[] = {"e", "kty", "n", NULL};
static const char *const OKP_MEMBERS[] = {"crv", "kty", "x", NULL};

/* Wipes the secret first; the string is libjose's, made for this call alone. */
static void release_key(json_t *key)
{
    struct text secret = member(key, "d");
    secret_wipe((void *)(uintptr_t)secret.at, secret.size);
    json_decref(key);
}

err jose_key_make(struct ctx *cx, struct text *out_private_jwk)
{
    json_t *key = json_pack("{s:s, s:s}", "kty", "EC", "crv", "P-256");
    if (key == NULL || !jose_jwk_gen(NULL, key)) {
        json_decref(key);
        return fail_library(cx);
    }
    err done = write_members(cx, key, PRIVATE_MEMBERS, out_private_jwk);
    release_key(key);
    return done;
}

err jose_key_public(struct ctx *cx, struct text private_jwk, struct text *out_public_jwk)
{
    const json_t *key = NULL;
    TRY(read_key(cx, private_jwk, &key));
    return write_members(cx, key, PUBLIC_MEMBERS, out_public_jwk);
}

static err thumbprint(struct ctx *cx, const json_t *key, struct text *out)
{
    struct text type = member(key, "kty");
    const char *const *names = text_is(type, "EC")    ? PUBLIC_MEMBERS
                               : text_is(type, "RSA") ? RSA_MEMBERS
                               : text_is(type, "OKP") ? OKP_MEMBERS
                                                      : NULL;
    if (names == NULL)
        return fail_key(cx);
    struct text canonical = TEXT_NONE;
    uint8_t hash[HASH_BYTES];
    TRY(write_members(cx, key, names, &canonical));
    sha256(bytes_of_text(canonical), hash);
    struct text encoded = base64url_encode(cx->arena, (struct bytes){hash, sizeof hash});
    if (encoded.at == NULL)
        return FAIL_MEMORY(cx);
    *out = encoded;
    return OK;
}

err jose_thumbprint(struct ctx *cx, struct text jwk, struct text *out)
{
    const json_t *key = NULL;
    TRY(json_parse(cx, jwk, &key));
    return thumbprint(cx, key, out);
}

/* ---- signing */

/* One signature of the general serialisation, both parts base64url. */
struct signature {
    struct text header;
    struct text value;
};

static err write_header(struct ctx *cx, struct text key_id, struct text typ, struct text *out)
{
    struct text header;
    struct json_writer writer = json_writer_open(cx->arena, LIMIT_HEAD_BYTES);
    json_open_object(&writer);
    json_member_text(&writer, "alg", TEXT("ES256"));
    json_member_text(&writer, "kid", key_id);
    json_member_text(&writer, "typ", typ);
    json_close_object(&writer);
    TRY(json_writer_finish(cx, &writer, &header));
    struct text encoded = base64url_encode(cx->arena, bytes_of_text(header));
    if (encoded.at == NULL)
        return FAIL_MEMORY(cx);
    *out = encoded;
    return OK;
}

/* RFC 7515 section 5.1, steps 5 and 6: over header, a dot, payload, as they stand in the text. */
static void hash_input(struct text header, struct text payload, uint8_t out[HASH_BYTES])
{
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, bytes_of_text(header));
    sha256_add(&hash, bytes_of_text(TEXT(".")));
    sha256_add(&hash, bytes_of_text(payload));
    sha256_finish(&hash, out);
}

/* Decodes a member that read_key() has looked at. */
static err read_coordinate(struct ctx *cx, const json_t *key, const char *name, uint8_t out[ES256_COORDINATE_BYTES])
{
    struct bytes bytes;
    if (!base64url_decode(cx->arena, member(key, name), &bytes) || bytes.size != ES256_COORDINATE_BYTES)
        return fail_key(cx);
    memcpy(out, bytes.at, ES256_COORDINATE_BYTES);
    return OK;
}

static err read_private_key(struct ctx *cx, const json_t *key, struct es256_key *out)
{
    bool says = json_object_get(key, "use") != NULL || json_object_get(key, "key_ops") != NULL;
    if (says && !jose_jwk_prm(NULL, key, false, "sign")) /* without memory it says no as well: ours say nothing */
        return fail_key(cx);
    TRY(read_coordinate(cx, key, "x", out->x));
    TRY(read_coordinate(cx, key, "y", out->y));
    return read_coordinate(cx, key, "d", out->d);
}

err jose_key_sign(struct ctx *cx, struct text private_jwk, const uint8_t hash[HASH_BYTES],
                  uint8_t out_signature[ES256_SIGNATURE_BYTES])
{
    const json_t *key = NULL;
    struct es256_key parts;
    TRY(read_key(cx, private_jwk, &key));
    TRY(read_private_key(cx, key, &parts));
    bool made = es256_sign(&parts, hash, out_signature);
    secret_wipe(&parts, sizeof parts);
    return made ? OK : fail_library(cx);
}

static err sign_one(struct ctx *cx, struct text payload, struct text typ, const struct signing_key *by,
                    struct signature *out)
{
    const json_t *key = NULL;
    struct text key_id;
    uint8_t hash[HASH_BYTES];
    uint8_t value[ES256_SIGNATURE_BYTES];
    TRY(read_key(cx, by->public_jwk, &key));
    TRY(thumbprint(cx, key, &key_id));
    TRY(write_header(cx, key_id, typ, &out->header));
    hash_input(out->header, payload, hash);
    TRY(keyring_sign(cx, by, hash, value));
    out->value = base64url_encode(cx->arena, (struct bytes){value, sizeof value});
    return out->value.at != NULL ? OK : FAIL_MEMORY(cx);
}

static err write_jws(struct ctx *cx, struct text payload, const struct signature *signatures, size_t count,
                     struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, 2 * LIMIT_BODY_BYTES);
    json_open_object(&writer);
    json_member_text(&writer, "payload", payload);
    json_write_key(&writer, "signatures");
    json_open_array(&writer);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&writer);
        json_member_text(&writer, "protected", signatures[i].header);
        json_member_text(&writer, "signature", signatures[i].value);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}

err jws_sign_two(struct ctx *cx, struct bytes payload, struct text typ, const struct signing_key keys[2],
                 struct text *out_jws)
{
    struct signature signatures[2];
    struct text encoded = base64url_encode(cx->arena, payload);
    if (encoded.at == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < 2; i++)
        TRY(sign_one(cx, encoded, typ, &keys[i], &signatures[i]));
    return write_jws(cx, encoded, signatures, 2, out_jws);
}

err jws_sign_compact(struct ctx *cx, struct bytes payload, struct text typ, const struct signing_key *key,
                     struct text *out_jws)
{
    struct signature by;
    struct text encoded = base64url_encode(cx->arena, payload);
    if (encoded.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(sign_one(cx, encoded, typ, key, &by));
    struct text jws = text_format(cx->arena, "%.*s.%.*s.%.*s", TEXT_ARGS(by.header), TEXT_ARGS(encoded),
                                  TEXT_ARGS(by.value));
    if (jws.at == NULL)
        return FAIL_MEMORY(cx);
    *out_jws = jws;
    return OK;
}

/* ---- verifying */

struct signed_by {
    const json_t *one;    /* the signature object */
    struct text   key_id; /* empty when the header names none */
    bool          used;
};

struct verifier {
    const json_t *key;
    struct text   key_id;
};

static err fail_form(struct ctx *cx)
{
    return FAIL(cx, MALFORMED, "jws.form", "not a signed object in the general JSON serialisation");
}

static err fail_signature(struct ctx *cx)
{
    return FAIL(cx, INVALID, "jws.signature", "the signatures are not exactly those of the keys");
}

/* Only what is known may stand in a header, so that no crit, jwk, jku or x5u has to be understood to be refused. */
static err read_header(struct ctx *cx, struct text encoded, struct text *out_key_id)
{
    struct bytes decoded;
    const json_t *header = NULL;
    if (!base64url_decode(cx->arena, encoded, &decoded))
        return fail_form(cx);
    TRY(json_parse(cx, text_of_bytes(decoded), &header));
    const json_t *key_id = json_object_get(header, "kid");
    const json_t *type = json_object_get(header, "typ");
    size_t known = 1u + (key_id != NULL) + (type != NULL);
    if (!text_is(member(header, "alg"), "ES256") || json_object_size(header) != known ||
        (key_id != NULL && json_text(key_id).size == 0) || (type != NULL && !json_is_string(type)))
        return FAIL(cx, INVALID, "jws.header", "a protected header holds something else than alg ES256, kid and typ");
    *out_key_id = json_text(key_id);
    return OK;
}

static err read_signatures(struct ctx *cx, const json_t *jws, struct signed_by *out, size_t count)
{
    const json_t *signatures = json_object_get(jws, "signatures");
    if (json_object_size(jws) != 2 || !json_is_string(json_object_get(jws, "payload")) || !json_is_array(signatures))
        return fail_form(cx);
    if (json_array_size(signatures) != count)
        return fail_signature(cx);
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(signatures, i);
        if (json_object_size(one) != 2 || !json_is_string(json_object_get(one, "protected")) ||
            !encodes(cx, member(one, "signature"), ES256_SIGNATURE_BYTES))
            return fail_form(cx);
        out[i].one = one;
        TRY(read_header(cx, member(one, "protected"), &out[i].key_id));
    }
    return OK;
}

/* A key may say what it is for (RFC 7517 sections 4.2 and 4.3); then it must be this, in each place that says so. */
static bool is_for_verifying(const json_t *key)
{
    const json_t *use = json_object_get(key, "use");
    const json_t *operations = json_object_get(key, "key_ops");
    bool named = operations == NULL;
    for (size_t i = 0; i < json_array_size(operations); i++)
        named = named || text_is(json_text(json_array_get(operations, i)), "verify");
    return named && (use == NULL || text_is(json_text(use), "sig"));
}

static err read_verifier(struct ctx *cx, struct text public_jwk, struct verifier *out)
{
    const json_t *key = NULL;
    TRY(read_key(cx, public_jwk, &key));
    out->key = key; /* the caller's, also when it is refused */
    if (json_object_get(key, "d") != NULL || !is_for_verifying(key))
        return fail_key(cx);
    return thumbprint(cx, out->key, &out->key_id);
}

/* Without this libjose prints on standard error. */
static void ignore_error(void *misc, const char *file, int line, uint64_t error, const char *format, va_list args)
{
    (void)misc, (void)file, (void)line, (void)error, (void)format, (void)args;
}

static jose_cfg_t *quiet_library(void)
{
    jose_cfg_t *library = jose_cfg();
    if (library != NULL)
        jose_cfg_set_err_func(library, ignore_error, NULL);
    return library;
}

struct verification {
    jose_cfg_t      *library;
    const json_t    *jws;
    size_t           count;
    struct signed_by signatures[JOSE_SIGNATURES_MAX];
};

/* Exactly one signature is this key's, and it is no other key's. */
static bool signed_once(struct verification *all, const struct verifier *by)
{
    size_t valid = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct signed_by *one = &all->signatures[i];
        if ((one->key_id.size > 0 && !text_equals(one->key_id, by->key_id)) ||
            !jose_jws_ver(all->library, all->jws, one->one, by->key, true))
            continue;
        if (one->used)
            return false;
        one->used = true;
        valid++;
    }
    return valid == 1;
}

static err verify_all(struct ctx *cx, struct verification *all, const struct text *public_jwks)
{
    for (size_t i = 0; i < all->count; i++) {
        struct verifier by = {.key = NULL};
        TRY(read_verifier(cx, public_jwks[i], &by));
        if (!signed_once(all, &by))
            return fail_signature(cx);
    }
    return OK;
}

err jws_verify(struct ctx *cx, struct text jws, const struct text *public_jwks, size_t count,
               struct bytes *out_payload)
{
    assert(count >= 1 && count <= JOSE_SIGNATURES_MAX);
    struct bytes payload;
    struct verification all = {.count = count};
    TRY(json_parse(cx, jws, &all.jws));
    TRY(read_signatures(cx, all.jws, all.signatures, count));
    if (!base64url_decode(cx->arena, member(all.jws, "payload"), &payload))
        return fail_form(cx);
    all.library = quiet_library();
    if (all.library == NULL)
        return fail_library(cx);
    err verified = verify_all(cx, &all, public_jwks);
    jose_cfg_decref(all.library);
    TRY(verified);
    *out_payload = payload;
    return OK;
}

/* ---- compact */

/* RFC 7515 section 7.2.2: the flattened form of the same parts, which need no escape. */
static err flatten(struct ctx *cx, const struct jws_compact *jws, const json_t **out)
{
    struct text flat = text_format(cx->arena, "{\"payload\":\"%.*s\",\"protected\":\"%.*s\",\"signature\":\"%.*s\"}",
                                   TEXT_ARGS(jws->payload), TEXT_ARGS(jws->header), TEXT_ARGS(jws->signature));
    if (flat.at == NULL)
        return FAIL_MEMORY(cx);
    return json_parse(cx, flat, out);
}

err jose_verify_parts(struct ctx *cx, struct text public_jwk, const struct jws_compact *jws, bool *out_good)
{
    const json_t *key = NULL;
    const json_t *flat = NULL;
    TRY(json_parse(cx, public_jwk, &key));
    TRY(flatten(cx, jws, &flat));
    jose_cfg_t *library = quiet_library();
    if (library == NULL)
        return fail_library(cx);
    *out_good = jose_jws_ver(library, flat, flat, key, false);
    jose_cfg_decref(library);
    return OK;
}
