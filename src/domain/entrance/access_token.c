/* SPDX-License-Identifier: Apache-2.0
 * Tokens and their rows. */
#include "domain/entrance/access_token.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "domain/entrance/system_key.h"
#include "store/queries.h"

#define PREFIX "tok"

/* All that a row says but the end that somebody gave it. */
struct columns {
    struct token_place place;
    int64_t            issued_at_ms;
    int64_t            scopes;
    const uint8_t     *thumbprint;
};

/* Nobody who can change rows and has no key of the node makes it a token of another system, key, scope or time. */
static void bind(const struct ctx *cx, const struct token *token, const struct columns *columns,
                 uint8_t out_hash[HASH_BYTES])
{
    const uint64_t numbers[] = {(uint64_t)columns->issued_at_ms, (uint64_t)columns->scopes};
    struct secret_key key;
    uint8_t plain[2 * HASH_BYTES + sizeof numbers];
    uint8_t *end = plain + 2 * HASH_BYTES;
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    token_bind(token, &key, &columns->place, plain);
    memcpy(plain + HASH_BYTES, columns->thumbprint, HASH_BYTES);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (int shift = 56; shift >= 0; shift -= 8)
            *end++ = (uint8_t)(numbers[i] >> shift);
    blake2b_256((struct bytes){plain, sizeof plain}, out_hash);
    secret_wipe(&key, sizeof key);
    secret_wipe(plain, sizeof plain);
}

static struct text public_id_of(const struct token *token)
{
    return (struct text){token->public_id, sizeof token->public_id};
}

/* ---- issuing */

static err insert(struct ctx *cx, const struct token *token, const struct access_token_issue *issue,
                  int64_t expires_at_ms)
{
    uint8_t hash[HASH_BYTES];
    struct columns columns = {
        .place = {issue->system.organisation_id, issue->system.system_id, expires_at_ms},
        .issued_at_ms = cx->now_ms,
        .scopes = issue->scopes,
        .thumbprint = issue->thumbprint,
    };
    bind(cx, token, &columns, hash);
    struct sql_access_token_insert_in row = {
        .public_id = public_id_of(token),
        .hash = {hash, sizeof hash},
        .organisation_id = issue->system.organisation_id,
        .system_id = issue->system.system_id,
        .scopes = issue->scopes,
        .thumbprint = {issue->thumbprint, HASH_BYTES},
        .issued_at_ms = cx->now_ms,
        .expires_at_ms = expires_at_ms,
    };
    return sql_access_token_insert(cx, &row, NULL);
}

err access_token_issue(struct ctx *cx, void *arg)
{
    struct access_token_issue *issue = arg;
    struct signing_system system;
    struct token token;
    bool found = false;
    TRY(signing_system_load(cx, issue->system.organisation_id, issue->system.system_id, &system, &found));
    if (!found)
        return FAIL(cx, UNAUTHENTICATED, issue->reason, "the system does not sign any more");
    for (size_t i = 0; i < sizeof issue->seen / sizeof *issue->seen; i++)
        TRY(seen_token_use(cx, &issue->seen[i]));
    TRY(token_make(cx, PREFIX, &token));
    int64_t expires_at_ms = cx->now_ms + LIMIT_ACCESS_TOKEN_MS;
    TRY(insert(cx, &token, issue, expires_at_ms));
    issue->out_token = token.text;
    issue->out_expires_at_ms = expires_at_ms;
    return OK;
}

/* ---- using */

static bool is_genuine(const struct ctx *cx, const struct token *token, const struct sql_access_token_load_row *row)
{
    uint8_t due[HASH_BYTES];
    if (row->hash.size != HASH_BYTES || row->thumbprint.size != HASH_BYTES)
        return false;
    struct columns columns = {
        .place = {row->organisation_id, row->system_id, row->expires_at_ms},
        .issued_at_ms = row->issued_at_ms,
        .scopes = row->scopes,
        .thumbprint = row->thumbprint.at,
    };
    bind(cx, token, &columns, due);
    return secret_equals(due, row->hash.at, HASH_BYTES);
}

/* The row alone: a token that is whole and lives, whatever became of its system. */
static err load_row(struct ctx *cx, const struct token *token, struct sql_access_token_load_row *out, bool *out_found)
{
    struct sql_access_token_load_in in = {public_id_of(token)};
    bool found = false;
    TRY(sql_access_token_load(cx, &in, out, &found));
    *out_found = found && is_genuine(cx, token, out) && ctx_latest_ms(cx) < out->expires_at_ms;
    return OK;
}

err access_token_load(struct ctx *cx, struct text text, struct access_token *out, bool *out_found)
{
    struct token token;
    struct sql_access_token_load_row row = {0};
    struct signing_system system;
    bool found = false;
    *out_found = false;
    if (!token_parse(text, PREFIX, &token))
        return OK;
    TRY(load_row(cx, &token, &row, &found));
    if (found)
        TRY(signing_system_load(cx, row.organisation_id, row.system_id, &system, &found));
    if (!found)
        return OK;
    out->actor = system.actor;
    out->actor.scopes &= (uint32_t)row.scopes;
    memcpy(out->thumbprint, row.thumbprint.at, HASH_BYTES);
    out->issued_at_ms = row.issued_at_ms;
    out->expires_at_ms = row.expires_at_ms;
    *out_found = true;
    return OK;
}

err access_token_revoke(struct ctx *cx, void *arg)
{
    const struct access_token_revoke *revoke = arg;
    struct token token;
    struct sql_access_token_load_row row = {0};
    bool found = false;
    TRY(seen_token_use(cx, &revoke->seen));
    if (token_parse(revoke->token, PREFIX, &token))
        TRY(load_row(cx, &token, &row, &found));
    if (!found || row.organisation_id != revoke->system.organisation_id || row.system_id != revoke->system.system_id)
        return OK;
    struct sql_access_token_revoke_in in = {public_id_of(&token)};
    return sql_access_token_revoke(cx, &in, NULL);
}
