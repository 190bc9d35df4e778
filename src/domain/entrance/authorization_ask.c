/* SPDX-License-Identifier: Apache-2.0
 * Pushed requests and their rows. */
#include "domain/entrance/authorization_ask.h"

#include <stddef.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "store/queries.h"

#define PREFIX "par"
#define ASKED_BYTES_MAX (4 * LIMIT_BODY_OWN_BYTES) /* a form's texts, with what JSON escapes in them */

/* ---- as one line */

static const struct {
    const char *name;
    size_t      offset;
} MEMBERS[] = {
    {"redirect_uri", offsetof(struct authorization_ask, redirect_uri)},
    {"state", offsetof(struct authorization_ask, state)},
    {"scope", offsetof(struct authorization_ask, scope)},
    {"nonce", offsetof(struct authorization_ask, nonce)},
    {"code_challenge", offsetof(struct authorization_ask, challenge)},
    {"authorization_details", offsetof(struct authorization_ask, details)},
    {"purpose_version", offsetof(struct authorization_ask, purpose_version)},
    {"claims", offsetof(struct authorization_ask, claims)},
    {"dpop_jkt", offsetof(struct authorization_ask, thumbprint)},
};

err authorization_ask_write(struct ctx *cx, const struct authorization_ask *ask, struct text *out)
{
    struct json_writer writer = json_writer_open(cx->arena, ASKED_BYTES_MAX);
    json_open_object(&writer);
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        const struct text *value = (const void *)((const uint8_t *)ask + MEMBERS[i].offset);
        if (value->size > 0)
            json_member_text(&writer, MEMBERS[i].name, *value);
    }
    json_close_object(&writer);
    return json_writer_finish(cx, &writer, out);
}

err authorization_ask_read(struct ctx *cx, struct text asked, struct authorization_ask *out)
{
    const json_t *json = NULL;
    TRY(json_parse(cx, asked, &json));
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        struct text *value = (void *)((uint8_t *)out + MEMBERS[i].offset);
        *value = json_text(json_object_get(json, MEMBERS[i].name));
    }
    return OK;
}

err authorization_ask_purpose(struct ctx *cx, const struct authorization_ask *ask, const struct id *purpose,
                              struct purpose *out)
{
    struct purpose published;
    TRY(purpose_load_published(cx, purpose, &published));
    struct text version = text_format(cx->arena, "%lld", (long long)published.version);
    if (version.at == NULL)
        return FAIL_MEMORY(cx);
    if (!text_equals(version, ask->purpose_version))
        return FAIL(cx, CONFLICT, "authorization.purpose_changed",
                    "the organisation has changed this purpose since it asked: begin again there");
    *out = published;
    return OK;
}

/* ---- rows */

/* Nobody who can change rows and has no key of the node makes it the request of another client, or another one. */
static void bind(const struct ctx *cx, const struct token *token, const struct token_place *place, struct text asked,
                 uint8_t out_hash[HASH_BYTES])
{
    struct secret_key key;
    uint8_t plain[2 * HASH_BYTES];
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    token_bind(token, &key, place, plain);
    sha256(bytes_of_text(asked), plain + HASH_BYTES);
    blake2b_256((struct bytes){plain, sizeof plain}, out_hash);
    secret_wipe(&key, sizeof key);
    secret_wipe(plain, sizeof plain);
}

static struct text public_id_of(const struct token *token)
{
    return (struct text){token->public_id, sizeof token->public_id};
}

/* What one client leaves lying takes no room from others. Whoever makes it ask without end takes the places of those
 * who were there long before: they have answered by then, and a newcomer finds one. */
static err make_room(struct ctx *cx, const struct actor *system)
{
    struct sql_pushed_request_count_in in = {system->organisation_id, system->system_id, cx->now_ms};
    struct sql_pushed_request_count_row row = {0};
    bool found = false;
    TRY(sql_pushed_request_count(cx, &in, &row, &found));
    if (row.waiting < LIMIT_PUSHED_REQUESTS)
        return OK;
    struct sql_pushed_request_give_way_in oldest = {in.organisation_id, in.system_id, in.now_ms,
                                                    row.waiting - LIMIT_PUSHED_REQUESTS + 1};
    return sql_pushed_request_give_way(cx, &oldest, NULL);
}

static err insert(struct ctx *cx, const struct authorization_push *push, struct token *out)
{
    struct token_place place = {push->system.organisation_id, push->system.system_id,
                                cx->now_ms + LIMIT_PUSHED_REQUEST_MS};
    uint8_t hash[HASH_BYTES];
    struct text asked;
    TRY(token_make(cx, PREFIX, out));
    TRY(authorization_ask_write(cx, push->ask, &asked));
    bind(cx, out, &place, asked, hash);
    struct sql_pushed_request_insert_in row = {
        .public_id = public_id_of(out),
        .hash = {hash, sizeof hash},
        .organisation_id = place.owner,
        .system_id = place.item,
        .asked = asked,
        .expires_at_ms = place.expires_at_ms,
    };
    return sql_pushed_request_insert(cx, &row, NULL);
}

err authorization_push(struct ctx *cx, void *arg)
{
    struct authorization_push *push = arg;
    struct signing_system system;
    struct token token;
    bool found = false;
    TRY(signing_system_load(cx, push->system.organisation_id, push->system.system_id, &system, &found));
    if (!found)
        return FAIL(cx, UNAUTHENTICATED, push->reason, "the system does not sign any more");
    for (size_t i = 0; i < sizeof push->seen / sizeof *push->seen; i++)
        if (push->seen[i].reason != NULL)
            TRY(seen_token_use(cx, &push->seen[i]));
    TRY(make_room(cx, &push->system));
    TRY(insert(cx, push, &token));
    push->out_name = token.text;
    return OK;
}

static err fail_unknown(struct ctx *cx)
{
    return FAIL(cx, MALFORMED, AUTHORIZATION_UNKNOWN,
                "this request was answered, or its time is over: begin again where you came from");
}

static bool is_genuine(const struct ctx *cx, const struct token *token, const struct sql_pushed_request_load_row *row)
{
    struct token_place place = {row->organisation_id, row->system_id, row->expires_at_ms};
    uint8_t due[HASH_BYTES];
    if (row->hash.size != HASH_BYTES)
        return false;
    bind(cx, token, &place, row->asked, due);
    return secret_equals(due, row->hash.at, HASH_BYTES);
}

static err load(struct ctx *cx, struct token *token, struct text name, struct pushed_request *out)
{
    struct sql_pushed_request_load_row row = {0};
    bool found = false;
    if (!token_parse(name, PREFIX, token))
        return fail_unknown(cx);
    TRY(sql_pushed_request_load(cx, &(struct sql_pushed_request_load_in){public_id_of(token)}, &row, &found));
    if (!found || !is_genuine(cx, token, &row) || ctx_latest_ms(cx) >= row.expires_at_ms)
        return fail_unknown(cx);
    TRY(signing_system_load(cx, row.organisation_id, row.system_id, &out->system, &found));
    if (!found)
        return fail_unknown(cx);
    out->expires_at_ms = row.expires_at_ms;
    return authorization_ask_read(cx, row.asked, &out->ask);
}

err pushed_request_load(struct ctx *cx, struct text name, struct pushed_request *out)
{
    struct token token;
    return load(cx, &token, name, out);
}

err pushed_request_use(struct ctx *cx, struct text name, struct pushed_request *out)
{
    struct token token;
    int64_t used = 0;
    TRY(load(cx, &token, name, out));
    TRY(sql_pushed_request_use(cx, &(struct sql_pushed_request_use_in){public_id_of(&token)}, &used));
    return used == 1 ? OK : fail_unknown(cx);
}
