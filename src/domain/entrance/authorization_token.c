/* SPDX-License-Identifier: Apache-2.0
 * Codes and tokens of authorizations, and their rows. */
#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "domain/entrance/authorization_store.h"
#include "store/data_age.h"
#include "store/queries.h"

#define FORGET_MOST 500
#define FORGET_LATER_MS 60000 /* beyond the end: by no server's clock it may be good for a moment again */

static const char *prefix_of(authorization_token_kind kind)
{
    return kind == AUTHORIZATION_CODE ? "cod" : kind == AUTHORIZATION_ACCESS ? "acc" : "ref";
}

/* Nobody who can change rows and has no key of the node makes it one of another person, key, kind or time. */
static void bind(const struct ctx *cx, const struct token *token, const struct authorization_token_draft *draft,
                 int64_t issued_at_ms, uint8_t out_hash[HASH_BYTES])
{
    const struct token_place place = {draft->person_id, draft->authorization_id, draft->expires_at_ms};
    const uint64_t numbers[] = {(uint64_t)issued_at_ms, (uint64_t)draft->kind, draft->thumbprint.size};
    struct secret_key key;
    uint8_t plain[2 * HASH_BYTES + sizeof numbers] = {0};
    uint8_t *end = plain + 2 * HASH_BYTES;
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    token_bind(token, &key, &place, plain);
    if (draft->thumbprint.size == HASH_BYTES)
        memcpy(plain + HASH_BYTES, draft->thumbprint.at, HASH_BYTES);
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

err authorization_token_make(struct ctx *cx, const struct authorization_token_draft *draft, struct text *out)
{
    struct token token;
    uint8_t hash[HASH_BYTES];
    TRY(token_make(cx, prefix_of(draft->kind), &token));
    bind(cx, &token, draft, cx->now_ms, hash);
    struct sql_authorization_token_insert_in row = {
        .public_id = public_id_of(&token),
        .hash = {hash, sizeof hash},
        .kind = draft->kind,
        .person_id = draft->person_id,
        .authorization_id = draft->authorization_id,
        .thumbprint = draft->thumbprint.size == 0 ? (struct bytes){hash, 0} : draft->thumbprint,
        .issued_at_ms = cx->now_ms,
        .expires_at_ms = draft->expires_at_ms,
    };
    TRY(sql_authorization_token_insert(cx, &row, NULL));
    *out = token.text;
    return OK;
}

/* ---- loading */

struct found {
    struct token                            token;
    struct sql_authorization_token_load_row row;
};

/* The row, whatever became of it; `out_is` false: no token that was given out. */
static err load_row(struct ctx *cx, struct text text, authorization_token_kind kind, struct found *out, bool *out_is)
{
    struct sql_authorization_token_load_row *row = &out->row;
    uint8_t due[HASH_BYTES];
    bool found = false;
    *out_is = false;
    if (!token_parse(text, prefix_of(kind), &out->token))
        return OK;
    struct sql_authorization_token_load_in in = {public_id_of(&out->token)};
    TRY(sql_authorization_token_load(cx, &in, row, &found));
    if (row->kind == AUTHORIZATION_USED_CODE && kind == AUTHORIZATION_CODE)
        kind = AUTHORIZATION_USED_CODE;
    if (!found || row->hash.size != HASH_BYTES || row->kind != (int64_t)kind)
        return OK;
    const struct authorization_token_draft draft = {kind, row->person_id, row->authorization_id, row->thumbprint,
                                                    row->expires_at_ms};
    bind(cx, &out->token, &draft, row->issued_at_ms, due);
    *out_is = secret_equals(due, row->hash.at, HASH_BYTES);
    return OK;
}

static bool has_time(const struct ctx *cx, const struct sql_authorization_token_load_row *row)
{
    return ctx_latest_ms(cx) < row->expires_at_ms;
}

err authorization_token_load(struct ctx *cx, struct text text, authorization_token_kind kind,
                             struct authorization_token *out, bool *out_live)
{
    struct found found;
    const struct sql_authorization_token_load_row *row = &found.row;
    bool live = false;
    *out_live = false;
    TRY(load_row(cx, text, kind, &found, &live));
    if (!live || !has_time(cx, row) || row->kind != (int64_t)kind)
        return OK;
    TRY(authorization_load(cx, row->person_id, row->authorization_id, &out->authorization, &live));
    out->kind = kind;
    out->is_bound = row->thumbprint.size == HASH_BYTES;
    if (out->is_bound)
        memcpy(out->thumbprint, row->thumbprint.at, HASH_BYTES);
    out->issued_at_ms = row->issued_at_ms;
    out->expires_at_ms = row->expires_at_ms;
    *out_live = live;
    return OK;
}

/* ---- redeeming */

static err fail_code(struct ctx *cx)
{
    return FAIL(cx, MALFORMED, CODE_INVALID,
                "no such code or token for this client, or its time, its key or what it rests on is another");
}

static bool is_of(const struct authorization_owner *owner, const struct actor *system)
{
    return owner->organisation_id == system->organisation_id && owner->system_id == system->system_id;
}

err authorization_code_challenge(struct ctx *cx, const struct authorization_redeem *redeem, struct text *out)
{
    struct authorization_owner owner;
    struct found found;
    bool is = false;
    *out = TEXT_NONE;
    TRY(load_row(cx, redeem->text, AUTHORIZATION_CODE, &found, &is));
    if (is)
        TRY(authorization_owner_load(cx, found.row.person_id, found.row.authorization_id, &owner, &is));
    if (is && is_of(&owner, &redeem->system))
        *out = owner.ask.challenge;
    return OK;
}

static err use_seen(struct ctx *cx, const struct authorization_redeem *redeem)
{
    struct signing_system system;
    bool found = false;
    TRY(signing_system_load(cx, redeem->system.organisation_id, redeem->system.system_id, &system, &found));
    if (!found)
        return FAIL(cx, UNAUTHENTICATED, redeem->reason, "the system does not sign any more");
    for (size_t i = 0; i < sizeof redeem->seen / sizeof *redeem->seen; i++)
        TRY(seen_token_use(cx, &redeem->seen[i]));
    return OK;
}

/* Whether the row is what this client may redeem with this key, used or not. */
static err check_row(struct ctx *cx, const struct authorization_redeem *redeem,
                     const struct sql_authorization_token_load_row *row)
{
    struct authorization_owner owner;
    bool found = false;
    TRY(authorization_owner_load(cx, row->person_id, row->authorization_id, &owner, &found));
    bool fits = found && is_of(&owner, &redeem->system);
    if (redeem->kind == AUTHORIZATION_CODE)
        fits = fits && text_equals(redeem->redirect_uri, owner.ask.redirect_uri);
    if (row->thumbprint.size == HASH_BYTES) /* public on both sides */
        fits = fits && memcmp(row->thumbprint.at, redeem->thumbprint, HASH_BYTES) == 0;
    return fits ? OK : fail_code(cx);
}

/* It stays under another kind, which no change of the row makes the first one again. */
static err keep_used(struct ctx *cx, const struct found *found, int64_t *out_used)
{
    const struct sql_authorization_token_load_row *row = &found->row;
    const struct authorization_token_draft draft = {AUTHORIZATION_USED_CODE, row->person_id, row->authorization_id,
                                                    row->thumbprint, row->expires_at_ms};
    uint8_t hash[HASH_BYTES];
    bind(cx, &found->token, &draft, row->issued_at_ms, hash);
    struct sql_authorization_token_use_in in = {public_id_of(&found->token), AUTHORIZATION_CODE,
                                                AUTHORIZATION_USED_CODE, {hash, sizeof hash}};
    return sql_authorization_token_use(cx, &in, out_used);
}

/* The first of any number of uses is one; each that follows ends what the first one got. */
static err use_code(struct ctx *cx, struct authorization_redeem *redeem, const struct found *found)
{
    const struct sql_authorization_token_load_row *row = &found->row;
    int64_t used = 0;
    if (row->kind == AUTHORIZATION_CODE && !has_time(cx, row))
        return fail_code(cx);
    if (row->kind == AUTHORIZATION_CODE)
        TRY(keep_used(cx, found, &used));
    redeem->out_replayed = used != 1;
    return redeem->out_replayed ? authorization_end(cx, row->person_id, row->authorization_id) : OK;
}

static int64_t end_of(const struct ctx *cx, const struct authorization *authorization, int64_t longest_ms)
{
    int64_t end_at_ms = cx->now_ms + longest_ms;
    bool sooner = authorization->has_grant && authorization->grant.until_at_ms < end_at_ms;
    return sooner ? authorization->grant.until_at_ms : end_at_ms;
}

static err issue(struct ctx *cx, struct authorization_redeem *redeem)
{
    struct authorization_token_draft draft = {
        .kind = AUTHORIZATION_ACCESS,
        .person_id = redeem->out.person_id,
        .authorization_id = redeem->out.authorization_id,
        .thumbprint = {redeem->thumbprint, HASH_BYTES},
        .expires_at_ms = end_of(cx, &redeem->out, LIMIT_ACCESS_TOKEN_MS),
    };
    struct sql_authorization_note_in note = {draft.person_id, draft.authorization_id, cx->now_ms};
    TRY(sql_authorization_note(cx, &note, NULL));
    TRY(authorization_token_make(cx, &draft, &redeem->out_access));
    redeem->out_expires_at_ms = draft.expires_at_ms;
    redeem->out_refresh = TEXT_NONE;
    if (redeem->kind == AUTHORIZATION_REFRESH)
        return OK;
    draft.kind = AUTHORIZATION_REFRESH;
    draft.expires_at_ms = end_of(cx, &redeem->out, LIMIT_REFRESH_TOKEN_MS);
    return authorization_token_make(cx, &draft, &redeem->out_refresh);
}

err authorization_redeem(struct ctx *cx, void *arg)
{
    struct authorization_redeem *redeem = arg;
    struct found found;
    bool good = false;
    TRY(use_seen(cx, redeem));
    TRY(load_row(cx, redeem->text, redeem->kind, &found, &good));
    if (!good)
        return fail_code(cx);
    TRY(check_row(cx, redeem, &found.row));
    redeem->out_replayed = false;
    if (redeem->kind == AUTHORIZATION_CODE)
        TRY(use_code(cx, redeem, &found));
    else if (!has_time(cx, &found.row))
        return fail_code(cx);
    if (redeem->out_replayed)
        return OK;
    TRY(authorization_load(cx, found.row.person_id, found.row.authorization_id, &redeem->out, &good));
    return good ? issue(cx, redeem) : fail_code(cx);
}

/* ---- ending */

struct own {
    const struct actor      *system;
    authorization_token_kind kind;
    struct found             found;
    bool                     is_own;
};

static err find_own(struct ctx *cx, struct text text, struct own *own)
{
    const struct sql_authorization_token_load_row *row = &own->found.row;
    struct authorization_owner owner;
    TRY(load_row(cx, text, own->kind, &own->found, &own->is_own));
    if (own->is_own)
        TRY(authorization_owner_load(cx, row->person_id, row->authorization_id, &owner, &own->is_own));
    own->is_own = own->is_own && is_of(&owner, own->system);
    return OK;
}

err authorization_token_revoke(struct ctx *cx, const struct actor *system, struct text text)
{
    struct own refresh = {.system = system, .kind = AUTHORIZATION_REFRESH};
    struct own access = {.system = system, .kind = AUTHORIZATION_ACCESS};
    TRY(find_own(cx, text, &refresh));
    if (refresh.is_own)
        return authorization_end(cx, refresh.found.row.person_id, refresh.found.row.authorization_id);
    TRY(find_own(cx, text, &access));
    if (!access.is_own)
        return OK;
    struct sql_authorization_token_revoke_in in = {public_id_of(&access.found.token)};
    return sql_authorization_token_revoke(cx, &in, NULL);
}

err authorization_forget(struct ctx *cx, void *arg)
{
    bool *left = arg;
    const int64_t until_ms = cx->now_ms - FORGET_LATER_MS;
    const int64_t long_since_ms = until_ms - LIMIT_REFRESH_TOKEN_MS; /* none of its tokens lives any more */
    int64_t of_requests = 0;
    int64_t of_tokens = 0;
    int64_t of_answers = 0;
    store_keep_house(cx);
    TRY(sql_pushed_request_forget(cx, &(struct sql_pushed_request_forget_in){until_ms, FORGET_MOST}, &of_requests));
    TRY(sql_authorization_token_forget(cx, &(struct sql_authorization_token_forget_in){until_ms, FORGET_MOST},
                                       &of_tokens));
    TRY(sql_authorization_forget(cx, &(struct sql_authorization_forget_in){long_since_ms, FORGET_MOST}, &of_answers));
    *left = of_requests == FORGET_MOST || of_tokens == FORGET_MOST || of_answers == FORGET_MOST;
    return OK;
}
