/* SPDX-License-Identifier: Apache-2.0
 * A few rows, read whole. That a key signs, or is no longer shown, follows from the moment alone: nobody has to come
 * round for it. */
#include "domain/entrance/id_token_key.h"

#include "base/json.h"
#include "base/text.h"
#include "crypto/jose.h"
#include "domain/policy.h"
#include "store/queries.h"

#define SET_BYTES_MAX (64 * 1024)

struct keys {
    struct sql_id_token_key_row *at;
    size_t                       count;
};

static err load_keys(struct ctx *cx, struct keys *out)
{
    return sql_id_token_key_list(cx, &out->at, &out->count);
}

static struct signing_key key_of(const struct sql_id_token_key_row *row)
{
    return (struct signing_key){SIGNING_KEY_OF_NODE, row->key_number, row->sealed, row->public_jwk};
}

/* ---- making */

static err add_key(struct ctx *cx, int64_t number, int64_t signs_from_ms)
{
    struct signing_key key = {.kind = SIGNING_KEY_OF_NODE, .owner = number};
    TRY(keyring_signing_key_make(cx, &key));
    struct sql_id_token_key_insert_in row = {number, key.sealed, key.public_jwk, signs_from_ms};
    return sql_id_token_key_insert(cx, &row, NULL);
}

/* Of two servers that start at once on new keys, one makes it. */
err id_token_key_settle(struct ctx *cx, void *arg)
{
    struct keys keys;
    (void)arg; /* there is nothing to say about it */
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(load_keys(cx, &keys));
    return keys.count > 0 ? OK : add_key(cx, 1, cx->now_ms);
}

static err fail_none(struct ctx *cx)
{
    return FAIL(cx, CORRUPT, "id_token.no_key", "the node has no key for ID tokens, which a server makes at its start");
}

/* The last row of them. */
static err load_newest(struct ctx *cx, const struct sql_id_token_key_row **out)
{
    struct keys keys;
    TRY(load_keys(cx, &keys));
    if (keys.count == 0)
        return fail_none(cx);
    *out = keys.at + keys.count - 1;
    return OK;
}

err id_token_key_check_none_waits(struct ctx *cx)
{
    const struct sql_id_token_key_row *newest = NULL;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(load_newest(cx, &newest));
    if (newest->signs_from_ms > cx->now_ms)
        return FAIL(cx, CONFLICT, "id_token.key_waits", "a new key is shown already, and signs within a day");
    return OK;
}

err id_token_key_rotate(struct ctx *cx, void *arg)
{
    struct id_token_key_rotate *rotate = arg;
    const struct sql_id_token_key_row *newest = NULL;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(load_newest(cx, &newest));
    bool waits = newest->signs_from_ms > cx->now_ms;
    rotate->out_signs_from_ms = waits ? newest->signs_from_ms : cx->now_ms + ID_TOKEN_KEY_AHEAD_MS;
    if (waits)
        return OK;
    struct sql_id_token_key_end_in end = {newest->key_number + 1, rotate->out_signs_from_ms + ID_TOKEN_KEY_AHEAD_MS};
    TRY(add_key(cx, newest->key_number + 1, rotate->out_signs_from_ms));
    return sql_id_token_key_end(cx, &end, NULL);
}

err id_token_key_replace(struct ctx *cx, void *arg)
{
    const struct sql_id_token_key_row *newest = NULL;
    (void)arg; /* there is nothing to say about it */
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(load_newest(cx, &newest));
    int64_t number = newest->key_number + 1;
    struct sql_id_token_key_forget_in before = {number};
    TRY(add_key(cx, number, cx->now_ms));
    return sql_id_token_key_forget(cx, &before, NULL);
}

/* ---- using */

err id_token_key_load(struct ctx *cx, struct signing_key *out)
{
    struct keys keys;
    TRY(load_keys(cx, &keys));
    for (size_t i = keys.count; i-- > 0;) {
        if (i > 0 && keys.at[i].signs_from_ms > cx->now_ms) /* a clock that was put back leaves the first one */
            continue;
        *out = key_of(&keys.at[i]);
        return OK;
    }
    return fail_none(cx);
}

static err write_key(struct ctx *cx, struct text public_jwk, struct json_writer *writer)
{
    static const char *const MEMBERS[] = {"crv", "kty", "x", "y"};
    const json_t *key = NULL;
    struct text key_id;
    TRY(json_parse(cx, public_jwk, &key));
    TRY(jose_thumbprint(cx, public_jwk, &key_id));
    json_open_object(writer);
    json_member_text(writer, "alg", TEXT("ES256"));
    json_member_text(writer, "kid", key_id);
    json_member_text(writer, "use", TEXT("sig"));
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++)
        json_member_text(writer, MEMBERS[i], json_text(json_object_get(key, MEMBERS[i])));
    json_close_object(writer);
    return OK;
}

err id_token_key_set(struct ctx *cx, struct text *out)
{
    struct keys keys;
    struct json_writer writer = json_writer_open(cx->arena, SET_BYTES_MAX);
    TRY(load_keys(cx, &keys));
    json_open_object(&writer);
    json_write_key(&writer, "keys");
    json_open_array(&writer);
    for (size_t i = 0; i < keys.count; i++)
        if (keys.at[i].shown_until_ms == 0 || keys.at[i].shown_until_ms > cx->now_ms)
            TRY(write_key(cx, keys.at[i].public_jwk, &writer));
    json_close_array(&writer);
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}

/* ---- looking after */

static err check_key(struct ctx *cx, const struct sql_id_token_key_row *row)
{
    struct signing_key key = key_of(row);
    struct text derived = TEXT_NONE;
    err result = keyring_signing_key_public(cx, &key, &derived);
    if (result == OK && text_equals(row->public_jwk, derived))
        return OK;
    if (result != OK && result != CORRUPT)
        return result;
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "id_token.key_lost", "a key that signs ID tokens does not open or fit its public half");
}

err id_token_keys_check_all(struct ctx *cx)
{
    struct keys keys;
    TRY(load_keys(cx, &keys));
    for (size_t i = 0; i < keys.count; i++)
        TRY(check_key(cx, &keys.at[i]));
    return OK;
}
