/* SPDX-License-Identifier: Apache-2.0
 * Codes, waits, and the session at their end. */
#include "domain/entrance/recovery.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/token.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/entrance/session.h"
#include "domain/parties/member.h"
#include "domain/policy.h"
#include "store/queries.h"

static_assert(LIMIT_HELP_CODE_MS == LIMIT_RECOVERY_WAIT_MS + LIMIT_RECOVERY_OPEN_MS, "it ends with its wait");

/* ---- codes */

/* Whence a code is; bound, never reused. */
typedef enum code_maker {
    CODE_PRINTED = 0,
    CODE_OF_OPERATOR = 1,
} code_maker;

/* Nobody who can change rows makes a code that of another person, nor the operator's a printed one. */
struct bound {
    uint8_t hash[HASH_BYTES];
};

static struct bound bound_to(const struct ctx *cx, const uint8_t code[HASH_BYTES], int64_t person_id, code_maker maker)
{
    struct token token = {.text = TEXT_NONE};
    struct token_place place = {.owner = person_id, .item = maker};
    struct secret_key key;
    struct bound bound = {{0}};
    memcpy(token.hash, code, HASH_BYTES);
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    token_bind(&token, &key, &place, bound.hash);
    secret_wipe(&key, sizeof key);
    return bound;
}

static bool is_bound(const struct ctx *cx, const uint8_t code[HASH_BYTES], int64_t person_id, code_maker maker,
                     struct bytes hash)
{
    struct bound due = bound_to(cx, code, person_id, maker);
    return hash.size == HASH_BYTES && secret_equals(due.hash, hash.at, HASH_BYTES);
}

static err add_code(struct ctx *cx, int64_t person_id, code_maker maker, struct claim_code *out)
{
    TRY(claim_code_make(cx, out));
    struct bound bound = bound_to(cx, out->hash, person_id, maker);
    struct sql_recovery_code_insert_in row = {
        .code_hash = {out->hash, HASH_BYTES},
        .person_id = person_id,
        .hash = {bound.hash, HASH_BYTES},
        .created_at_ms = cx->now_ms,
    };
    return sql_recovery_code_insert(cx, &row, NULL);
}

/* Whoever has one of them has seen the paper. */
static err void_all(struct ctx *cx, int64_t person_id)
{
    struct sql_erase_recovery_codes_in codes = {person_id};
    struct sql_erase_recovery_in wait = {person_id};
    TRY(sql_erase_recovery_codes(cx, &codes, NULL));
    return sql_erase_recovery(cx, &wait, NULL);
}

/* The one that the operator gave before was lost, or in other hands. */
static err void_operators(struct ctx *cx, int64_t person_id)
{
    struct sql_recovery_code_list_in in = {person_id, LIMIT_ROWS};
    struct sql_recovery_code_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_recovery_code_list(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (rows[i].code_hash.size == HASH_BYTES &&
            is_bound(cx, rows[i].code_hash.at, person_id, CODE_OF_OPERATOR, rows[i].hash)) {
            struct sql_recovery_code_delete_in old = {rows[i].code_hash};
            TRY(sql_recovery_code_delete(cx, &old, NULL));
        }
    return OK;
}

err recovery_codes_make(struct ctx *cx, void *arg)
{
    struct recovery_codes *codes = arg;
    int64_t person_id = cx->actor.person_id;
    TRY(policy_require_own(cx, POLICY_PASSKEY_CHANGE));
    TRY(passkey_require_fresh(cx));
    TRY(void_all(cx, person_id));
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        struct claim_code code;
        TRY(add_code(cx, person_id, CODE_PRINTED, &code));
        codes->out[i] = code.text;
    }
    return alert_add_change(cx, person_id, ALERT_CODES_MADE, 0);
}

static err load_codes(struct ctx *cx, int64_t person_id, struct recovery_state *out)
{
    struct sql_recovery_code_list_in in = {person_id, RECOVERY_CODES};
    struct sql_recovery_code_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_recovery_code_list(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (rows[i].code_hash.size == HASH_BYTES &&
            is_bound(cx, rows[i].code_hash.at, person_id, CODE_PRINTED, rows[i].hash)) {
            out->codes_left++;
            out->made_at_ms = rows[i].created_at_ms;
        }
    return OK;
}

err recovery_codes_count(struct ctx *cx, int64_t person_id, int64_t *out)
{
    struct recovery_state state = {0};
    TRY(load_codes(cx, person_id, &state));
    *out = state.codes_left;
    return OK;
}

/* ---- waits */

/* One that nobody has come for is none any more. */
static err load_wait(struct ctx *cx, int64_t person_id, struct sql_recovery_load_row *out, bool *out_waits)
{
    struct sql_recovery_load_in in = {person_id};
    bool found = false;
    TRY(sql_recovery_load(cx, &in, out, &found));
    *out_waits = found && cx->now_ms < out->opens_at_ms + LIMIT_RECOVERY_OPEN_MS;
    return OK;
}

err recovery_load(struct ctx *cx, struct recovery_state *out)
{
    struct sql_recovery_load_row wait = {0};
    bool waits = false;
    TRY(policy_require_own(cx, POLICY_PASSKEY_READ));
    *out = (struct recovery_state){0};
    TRY(load_codes(cx, cx->actor.person_id, out));
    TRY(load_wait(cx, cx->actor.person_id, &wait, &waits));
    if (waits) {
        out->begun_at_ms = wait.begun_at_ms;
        out->opens_at_ms = wait.opens_at_ms;
    }
    return OK;
}

static err fail_code(struct ctx *cx)
{
    return FAIL(cx, UNAUTHENTICATED, "recovery.code_unknown", "this code is unknown or used");
}

/* One that the operator made is for the wait that was begun with it, and over with that. */
static bool is_good(const struct ctx *cx, const uint8_t code[HASH_BYTES], const struct sql_recovery_code_load_row *row)
{
    if (is_bound(cx, code, row->person_id, CODE_OF_OPERATOR, row->hash))
        return cx->now_ms < row->created_at_ms + LIMIT_HELP_CODE_MS;
    return is_bound(cx, code, row->person_id, CODE_PRINTED, row->hash);
}

/* Whose code it is: somebody who is here. */
static err find_code(struct ctx *cx, struct text typed, struct claim_code *out_code, int64_t *out_person_id)
{
    struct sql_recovery_code_load_row row = {0};
    struct id id;
    bool found = false;
    if (!claim_code_parse(typed, out_code))
        return fail_code(cx);
    struct sql_recovery_code_load_in in = {{out_code->hash, HASH_BYTES}};
    TRY(sql_recovery_code_load(cx, &in, &row, &found));
    if (!found || !is_good(cx, out_code->hash, &row))
        return fail_code(cx);
    TRY(human_find(cx, row.person_id, &id));
    if (id.type == ID_NONE)
        return fail_code(cx);
    *out_person_id = row.person_id;
    return OK;
}

err recovery_look(struct ctx *cx, struct text code)
{
    struct claim_code parsed;
    int64_t person_id = 0;
    return find_code(cx, code, &parsed, &person_id);
}

static err begin(struct ctx *cx, const struct claim_code *code, int64_t person_id, int64_t *out_opens_at_ms)
{
    struct sql_recovery_save_in row = {
        .person_id = person_id,
        .code_hash = {code->hash, HASH_BYTES},
        .begun_at_ms = cx->now_ms,
        .opens_at_ms = cx->now_ms + LIMIT_RECOVERY_WAIT_MS,
    };
    *out_opens_at_ms = row.opens_at_ms;
    TRY(sql_recovery_save(cx, &row, NULL));
    return alert_add(cx, person_id, ALERT_RECOVERY_BEGUN, 0);
}

err recovery_begin(struct ctx *cx, void *arg)
{
    struct recovery_begin *help = arg;
    struct claim_code code;
    struct id id;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(human_find(cx, help->person_id, &id));
    if (id.type == ID_NONE)
        return FAIL_NOT_FOUND(cx);
    TRY(void_operators(cx, help->person_id));
    TRY(add_code(cx, help->person_id, CODE_OF_OPERATOR, &code));
    help->out_code = code.text;
    return begin(cx, &code, help->person_id, &help->out_opens_at_ms);
}

static err let_in(struct ctx *cx, const struct claim_code *code, struct recovery_come *come)
{
    struct sql_recovery_code_delete_in used = {{code->hash, HASH_BYTES}};
    struct sql_erase_recovery_in wait = {come->out_person_id};
    TRY(sql_recovery_code_delete(cx, &used, NULL));
    TRY(sql_erase_recovery(cx, &wait, NULL));
    TRY(alert_add(cx, come->out_person_id, ALERT_RECOVERED, 0));
    const struct session_start start = {come->out_person_id, SESSION_BY_CODE, come->browser};
    return session_begin(cx, &start, &come->out_session_token);
}

err recovery_come(struct ctx *cx, void *arg)
{
    struct recovery_come *come = arg;
    struct sql_recovery_load_row wait = {0};
    struct claim_code code;
    bool waits = false;
    come->out_session_token = TEXT_NONE;
    TRY(find_code(cx, come->code, &code, &come->out_person_id));
    TRY(load_wait(cx, come->out_person_id, &wait, &waits));
    if (!waits)
        return begin(cx, &code, come->out_person_id, &come->out_opens_at_ms);
    come->out_opens_at_ms = wait.opens_at_ms;
    return cx->now_ms < wait.opens_at_ms ? OK : let_in(cx, &code, come);
}

err recovery_stop(struct ctx *cx, void *arg)
{
    (void)arg; /* the wait is the caller's own */
    struct sql_recovery_load_row wait = {0};
    bool waits = false;
    TRY(policy_require_own(cx, POLICY_PASSKEY_CHANGE));
    TRY(load_wait(cx, cx->actor.person_id, &wait, &waits));
    if (!waits)
        return FAIL(cx, CONFLICT, "recovery.none", "nobody has begun to recover this account");
    TRY(void_all(cx, cx->actor.person_id));
    return alert_add(cx, cx->actor.person_id, ALERT_RECOVERY_STOPPED, 0);
}
