/* SPDX-License-Identifier: Apache-2.0
 * Client data, authenticator data and attestation, each step of the standard's lists in their order. */
#include "protocol/webauthn.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"

/* ---- client data */

struct client_data {
    struct text  type;
    struct bytes challenge;
    struct text  origin;
    bool         framed; /* by a page of another site */
};

static err fail_form(struct ctx *cx, const char *what)
{
    return FAIL(cx, MALFORMED, "passkey.form", "the credential is not what a browser makes: %s", what);
}

static err refuse(struct ctx *cx, const char *what)
{
    return FAIL(cx, INVALID, "passkey.refused", "the passkey was used for something else: %s", what);
}

/* What is in it besides is the browser's affair: it may say more in the future (section 5.8.1). */
static err read_client_data(struct ctx *cx, struct bytes octets, struct client_data *out)
{
    const json_t *json = NULL;
    if (!text_is_utf8(text_of_bytes(octets)) || json_parse(cx, text_of_bytes(octets), &json) != OK) {
        failure_clear(&cx->failure); /* what is wrong with it concerns nobody: it is not JSON */
        return fail_form(cx, "clientDataJSON");
    }
    struct client_data read = {
        .type = json_text(json_object_get(json, "type")),
        .origin = json_text(json_object_get(json, "origin")),
    };
    const json_t *framed = json_object_get(json, "crossOrigin");
    struct text challenge = json_text(json_object_get(json, "challenge"));
    if (read.type.size == 0 || read.origin.size == 0 || challenge.size == 0 ||
        !base64url_decode(cx->arena, challenge, &read.challenge) || (framed != NULL && !json_is_boolean(framed)))
        return fail_form(cx, "clientDataJSON");
    read.framed = json_is_true(framed) || json_object_get(json, "topOrigin") != NULL;
    *out = read;
    return OK;
}

err webauthn_challenge(struct ctx *cx, struct bytes client_data, struct bytes *out)
{
    struct client_data read;
    TRY(read_client_data(cx, client_data, &read));
    *out = read.challenge;
    return OK;
}

static err check_client_data(struct ctx *cx, const struct webauthn_expected *expected, struct bytes octets,
                             const char *type)
{
    struct client_data data;
    TRY(read_client_data(cx, octets, &data));
    if (!text_is(data.type, type))
        return refuse(cx, "another ceremony");
    if (!bytes_equals(data.challenge, expected->challenge))
        return refuse(cx, "another challenge");
    if (!text_equals(data.origin, expected->origin))
        return refuse(cx, "another site");
    if (data.framed)
        return refuse(cx, "inside a page of another site");
    return OK;
}

/* "https://node.example:8443" → "node.example" */
struct text webauthn_relying_party(struct text origin)
{
    const char *end = origin.at + origin.size;
    const char *at = memchr(origin.at, '/', origin.size);
    at = at == NULL ? origin.at : at + 2; /* an origin is scheme, "://", host and maybe port */
    const char *colon = memchr(at, ':', (size_t)(end - at));
    return (struct text){at, (size_t)((colon == NULL ? end : colon) - at)};
}

/* ---- authenticator data (section 6.1) */

#define FLAG_USER_PRESENT 0x01
#define FLAG_USER_VERIFIED 0x04
#define FLAG_BACKUP_ELIGIBLE 0x08
#define FLAG_BACKED_UP 0x10
#define FLAG_ATTESTED 0x40
#define FLAG_EXTENSIONS 0x80
#define FLAGS_RESERVED 0x22
#define HEAD_BYTES (HASH_BYTES + 1 + 4)

struct reading {
    struct bytes left;
};

static bool take(struct reading *reading, size_t size, struct bytes *out)
{
    if (reading->left.size < size)
        return false;
    *out = (struct bytes){reading->left.at, size};
    reading->left = (struct bytes){reading->left.at + size, reading->left.size - size};
    return true;
}

static err read_key(struct ctx *cx, struct reading *reading, struct webauthn_authenticator *out)
{
    struct cbor_item map;
    size_t size = 0;
    if (!cbor_read(reading->left, &map, &size) || !take(reading, size, &out->public_key))
        return fail_form(cx, "authData");
    switch (cose_key_read(&map, &out->key)) {
    case COSE_KEY:       return OK;
    case COSE_MALFORMED: break;
    case COSE_FOREIGN:
        return FAIL(cx, INVALID, "passkey.algorithm", "passkeys of this algorithm are not taken");
    }
    return fail_form(cx, "authData");
}

static err read_attested(struct ctx *cx, struct reading *reading, struct webauthn_authenticator *out)
{
    struct bytes size;
    if (!take(reading, WEBAUTHN_AAGUID_BYTES, &out->aaguid) || !take(reading, 2, &size) ||
        !take(reading, (size_t)(size.at[0] << 8 | size.at[1]), &out->id) || out->id.size == 0 ||
        out->id.size > WEBAUTHN_ID_BYTES_MAX)
        return fail_form(cx, "authData");
    return read_key(cx, reading, out);
}

static bool pass_extensions(struct reading *reading)
{
    struct cbor_item map;
    struct bytes passed;
    size_t size = 0;
    return cbor_read(reading->left, &map, &size) && map.kind == CBOR_MAP && take(reading, size, &passed);
}

err webauthn_read_authenticator(struct ctx *cx, struct bytes data, struct webauthn_authenticator *out)
{
    struct reading reading = {data};
    struct bytes head;
    if (!take(&reading, HEAD_BYTES, &head))
        return fail_form(cx, "authData");
    uint8_t flags = head.at[HASH_BYTES];
    const uint8_t *counter = head.at + HASH_BYTES + 1;
    struct webauthn_authenticator read = {
        .user_present = (flags & FLAG_USER_PRESENT) != 0,
        .user_verified = (flags & FLAG_USER_VERIFIED) != 0,
        .backup_eligible = (flags & FLAG_BACKUP_ELIGIBLE) != 0,
        .backed_up = (flags & FLAG_BACKED_UP) != 0,
        .attested = (flags & FLAG_ATTESTED) != 0,
        .counter = (uint32_t)counter[0] << 24 | (uint32_t)counter[1] << 16 | (uint32_t)counter[2] << 8 | counter[3],
    };
    if (read.attested)
        TRY(read_attested(cx, &reading, &read));
    if ((flags & FLAG_EXTENSIONS) != 0 && !pass_extensions(&reading))
        return fail_form(cx, "authData");
    if (reading.left.size > 0 || (read.backed_up && !read.backup_eligible))
        return fail_form(cx, "authData");
    *out = read;
    return OK;
}

/* Whose ceremony it was, that somebody was there, and whether it was the right one. */
static err check_authenticator(struct ctx *cx, const struct webauthn_expected *expected, struct bytes data,
                               const struct webauthn_authenticator *authenticator)
{
    uint8_t hash[HASH_BYTES];
    sha256(bytes_of_text(expected->relying_party), hash);
    if (!bytes_equals((struct bytes){data.at, HASH_BYTES}, (struct bytes){hash, HASH_BYTES}))
        return refuse(cx, "another relying party");
    if (!authenticator->user_present)
        return refuse(cx, "nobody was there");
    if (expected->user_verified && !authenticator->user_verified)
        return FAIL(cx, INVALID, "passkey.not_verified",
                    "the device did not make sure who it is: unlock it with a PIN, a finger or the face");
    return OK;
}

/* What every signature is over: authenticator data, then the hash of the client data. `.at` NULL: no memory. */
static struct bytes signed_octets(struct arena *arena, struct bytes authenticator_data, struct bytes client_data)
{
    uint8_t *all = arena_take(arena, authenticator_data.size + HASH_BYTES, 1);
    if (all == NULL)
        return (struct bytes){NULL, 0};
    memcpy(all, authenticator_data.at, authenticator_data.size);
    sha256(client_data, all + authenticator_data.size);
    return (struct bytes){all, authenticator_data.size + HASH_BYTES};
}

/* ---- attestation (sections 6.5, 8.2, 8.7) */

struct attestation {
    struct text      format;
    struct cbor_item statement;
    struct bytes     authenticator_data;
};

static err read_attestation(struct ctx *cx, struct bytes octets, struct attestation *out)
{
    struct cbor_item map;
    struct cbor_item format;
    struct cbor_item data;
    size_t size = 0;
    if (!cbor_read(octets, &map, &size) || size != octets.size || map.kind != CBOR_MAP || map.count != 3 ||
        !cbor_find_text(&map, "fmt", &format) || format.kind != CBOR_TEXT ||
        !cbor_find_text(&map, "attStmt", &out->statement) || out->statement.kind != CBOR_MAP ||
        !cbor_find_text(&map, "authData", &data) || data.kind != CBOR_BYTES)
        return fail_form(cx, "attestationObject");
    out->format = text_of_bytes(format.content);
    out->authenticator_data = data.content;
    return OK;
}

/* Signed by the credential's own key: it proves that this key is there, and nothing about who made the device. */
static bool is_self_signed(struct bytes octets, const struct cbor_item *statement, const struct public_key *key)
{
    struct cbor_item algorithm;
    struct cbor_item signature;
    return statement->count == 2 && cbor_find_text(statement, "alg", &algorithm) && algorithm.kind == CBOR_NUMBER &&
           algorithm.number == (int64_t)key->kind && cbor_find_text(statement, "sig", &signature) &&
           signature.kind == CBOR_BYTES && public_key_verify(key, octets, signature.content);
}

static err check_attestation(struct ctx *cx, const struct attestation *attestation, struct bytes client_data,
                             const struct public_key *key)
{
    if (text_is(attestation->format, "none") && attestation->statement.count == 0)
        return OK;
    if (text_is(attestation->format, "packed")) {
        struct bytes octets = signed_octets(cx->arena, attestation->authenticator_data, client_data);
        if (octets.at == NULL)
            return FAIL_MEMORY(cx);
        if (is_self_signed(octets, &attestation->statement, key))
            return OK;
    }
    return FAIL(cx, INVALID, "passkey.attestation", "no attestation is asked for, and this one is not taken");
}

/* ---- the two ceremonies */

err webauthn_register(struct ctx *cx, const struct webauthn_expected *expected,
                      const struct webauthn_registration *registration, struct webauthn_authenticator *out)
{
    struct attestation attestation;
    struct webauthn_authenticator read;
    TRY(check_client_data(cx, expected, registration->client_data, "webauthn.create"));
    TRY(read_attestation(cx, registration->attestation, &attestation));
    TRY(webauthn_read_authenticator(cx, attestation.authenticator_data, &read));
    TRY(check_authenticator(cx, expected, attestation.authenticator_data, &read));
    if (!read.attested || !bytes_equals(read.id, registration->id))
        return fail_form(cx, "authData");
    TRY(check_attestation(cx, &attestation, registration->client_data, &read.key));
    *out = read;
    return OK;
}

err webauthn_check_assertion(struct ctx *cx, const struct webauthn_expected *expected,
                             const struct webauthn_assertion *assertion, struct webauthn_authenticator *out)
{
    struct webauthn_authenticator read;
    TRY(check_client_data(cx, expected, assertion->client_data, "webauthn.get"));
    TRY(webauthn_read_authenticator(cx, assertion->authenticator_data, &read));
    TRY(check_authenticator(cx, expected, assertion->authenticator_data, &read));
    *out = read;
    return OK;
}

err webauthn_is_signed(struct ctx *cx, const struct webauthn_assertion *assertion, struct bytes public_key,
                       bool *out_good)
{
    struct cbor_item map;
    struct public_key key;
    size_t size = 0;
    struct bytes octets = signed_octets(cx->arena, assertion->authenticator_data, assertion->client_data);
    if (octets.at == NULL)
        return FAIL_MEMORY(cx);
    *out_good = cbor_read(public_key, &map, &size) && size == public_key.size &&
                cose_key_read(&map, &key) == COSE_KEY && public_key_verify(&key, octets, assertion->signature);
    return OK;
}
