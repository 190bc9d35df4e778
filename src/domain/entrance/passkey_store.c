/* SPDX-License-Identifier: Apache-2.0
 * What is sealed is a JSON object: octets in base64url, the rest as it is. */
#include "domain/entrance/passkey_store.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "domain/parties/member.h"
#include "domain/people/person_key.h"
#include "domain/policy.h"

#define SECRET_BYTES_MAX (8 * 1024) /* an id of 1,023 octets, a key of 4,096 bits, a name */

/* BLAKE2b under the key of look-ups; what it is about goes in as its hash, so that all has one size. */
static void keyed_hash(const struct ctx *cx, const char label[32], struct bytes data, uint8_t out[HASH_BYTES])
{
    struct {
        struct secret_key key;
        char              label[32];
        uint8_t           data[HASH_BYTES];
    } plain;
    memset(&plain, 0, sizeof plain);
    keyring_node_key(cx->keyring, KEYRING_LOOKUP, &plain.key);
    memcpy(plain.label, label, strnlen(label, sizeof plain.label - 1));
    blake2b_256(data, plain.data);
    blake2b_256((struct bytes){(const uint8_t *)&plain, sizeof plain}, out);
    secret_wipe(&plain, sizeof plain);
}

void passkey_credential_of(const struct ctx *cx, struct bytes credential_id, struct passkey_credential *out)
{
    static const char LABEL[32] = "symbolon-credential/1";
    keyed_hash(cx, LABEL, credential_id, out->hash);
}

/* ---- what is sealed */

static struct seal_place place_of(int64_t person_id, int64_t passkey_id, int64_t version)
{
    return (struct seal_place){.person_id = person_id, .kind = SEAL_CREDENTIAL, .item = passkey_id, .version = version};
}

static void write_octets(struct ctx *cx, struct json_writer *json, const char *name, struct bytes octets)
{
    json_member_text(json, name, base64url_encode(cx->arena, octets));
}

err passkey_seal(struct ctx *cx, const struct passkey *passkey, struct bytes *out_sealed)
{
    const struct passkey_secret *secret = &passkey->secret;
    struct seal_place place = place_of(passkey->person_id, passkey->passkey_id, passkey->version);
    struct json_writer json = json_writer_open(cx->arena, SECRET_BYTES_MAX);
    struct text plain;
    PERSON_KEY key;
    json_open_object(&json);
    write_octets(cx, &json, "id", secret->credential_id);
    write_octets(cx, &json, "key", secret->public_key);
    json_member_text(&json, "name", secret->name);
    json_member_text(&json, "transports", secret->transports);
    json_member_bool(&json, "may_be_copied", secret->may_be_copied);
    json_close_object(&json);
    TRY(json_writer_finish(cx, &json, &plain));
    TRY(person_key_open(cx, passkey->person_id, &key));
    return seal(cx, &key, &place, bytes_of_text(plain), out_sealed);
}

static bool read_octets(struct ctx *cx, const json_t *json, const char *name, struct bytes *out)
{
    return base64url_decode(cx->arena, json_text(json_object_get(json, name)), out);
}

err passkey_open(struct ctx *cx, const struct secret_key *key, int64_t person_id, const struct sql_passkey_row *row,
                 struct passkey *out)
{
    struct seal_place place = place_of(person_id, row->passkey_id, row->version);
    struct passkey passkey = {person_id, row->passkey_id, row->version, (uint32_t)row->counter, row->backed_up != 0,
                              row->created_at_ms, row->used_at_ms, {.name = TEXT_NONE}};
    struct passkey_credential credential;
    struct bytes plain;
    const json_t *json = NULL;
    TRY(seal_open(cx, key, &place, row->sealed, &plain));
    TRY(json_parse(cx, text_of_bytes(plain), &json));
    struct passkey_secret *secret = &passkey.secret;
    secret->name = json_text(json_object_get(json, "name"));
    secret->transports = json_text(json_object_get(json, "transports"));
    secret->may_be_copied = json_is_true(json_object_get(json, "may_be_copied"));
    bool whole = read_octets(cx, json, "id", &secret->credential_id) &&
                 read_octets(cx, json, "key", &secret->public_key);
    if (whole)
        passkey_credential_of(cx, secret->credential_id, &credential);
    if (!whole || !bytes_equals(row->credential_hash, (struct bytes){credential.hash, HASH_BYTES}))
        return FAIL(cx, CORRUPT, "passkey.broken", "a passkey is not what was kept");
    *out = passkey;
    return OK;
}

/* ---- rows */

err passkey_list_of(struct ctx *cx, int64_t person_id, struct passkey **out, size_t *out_count)
{
    struct sql_passkey_list_in in = {person_id};
    struct sql_passkey_row *rows = NULL;
    size_t count = 0;
    PERSON_KEY key;
    TRY(person_key_open(cx, person_id, &key));
    TRY(sql_passkey_list(cx, &in, &rows, &count));
    struct passkey *passkeys = ARENA_ARRAY(cx->arena, struct passkey, count);
    if (passkeys == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        TRY(passkey_open(cx, &key, person_id, &rows[i], &passkeys[i]));
    *out = passkeys;
    *out_count = count;
    return OK;
}

err passkey_load(struct ctx *cx, int64_t person_id, int64_t passkey_id, struct passkey *out)
{
    struct sql_passkey_load_in in = {person_id, passkey_id};
    struct sql_passkey_row row;
    bool found = false;
    PERSON_KEY key;
    TRY(sql_passkey_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    TRY(person_key_open(cx, person_id, &key));
    return passkey_open(cx, &key, person_id, &row, out);
}

err passkey_count(struct ctx *cx, int64_t person_id, int64_t *out)
{
    struct sql_passkey_count_in in = {person_id};
    struct sql_passkey_count_row row = {0};
    bool found = false;
    TRY(sql_passkey_count(cx, &in, &row, &found));
    *out = row.passkeys;
    return OK;
}

/* ---- for browsers that have proved nothing yet */

/* As many octets as a device makes, the same for the same words and the same place each time. */
static err make_up(struct ctx *cx, struct text who, struct bytes out_ids[LIMIT_PASSKEYS])
{
    static const char LABEL[32] = "symbolon-made-up-credential/1";
    static const size_t SIZES[] = {16, 20, 32, 32, 32, 48, 64, 64};
    static_assert(2 + LIMIT_PASSKEYS <= HASH_BYTES, "each takes its size from an octet of the seed");
    uint8_t seed[HASH_BYTES];
    uint8_t *octets = arena_take(cx->arena, LIMIT_PASSKEYS * 2 * HASH_BYTES, 1);
    if (octets == NULL)
        return FAIL_MEMORY(cx);
    keyed_hash(cx, LABEL, bytes_of_text(who), seed);
    for (size_t i = 0; i < 2 * LIMIT_PASSKEYS; i++) {
        seed[1]++;
        keyed_hash(cx, LABEL, (struct bytes){seed, sizeof seed}, octets + i * HASH_BYTES);
    }
    for (size_t i = 0; i < LIMIT_PASSKEYS; i++)
        out_ids[i] = (struct bytes){octets + i * 2 * HASH_BYTES, SIZES[seed[2 + i] % (sizeof SIZES / sizeof *SIZES)]};
    return OK;
}

/* Of somebody who is here; none when nobody is, or it is no id. */
static err list_real(struct ctx *cx, struct text who, struct passkey **out, size_t *out_count)
{
    struct id id = {.type = ID_NONE};
    int64_t person_id = 0;
    err result = human_read_id(cx, who, &person_id);
    if (result == OK)
        result = human_find(cx, person_id, &id);
    if (result == OK && id.type != ID_NONE)
        result = passkey_list_of(cx, person_id, out, out_count);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    return OK;
}

err passkey_list_named(struct ctx *cx, struct text who, struct bytes out_ids[LIMIT_PASSKEYS])
{
    struct passkey *real = NULL;
    size_t count = 0;
    TRY(make_up(cx, who, out_ids));
    TRY(list_real(cx, who, &real, &count));
    for (size_t i = 0; i < count && i < LIMIT_PASSKEYS; i++)
        out_ids[i] = real[i].secret.credential_id;
    return OK;
}
