/* SPDX-License-Identifier: Apache-2.0
 * Passkeys come, are named, serve and go. A challenge is spent in the write that it permits, and in no other. */
#include "domain/entrance/passkey.h"

#include "base/limits.h"
#include "domain/entrance/passkey_alert.h"
#include "domain/entrance/passkey_challenge.h"
#include "domain/entrance/passkey_store.h"
#include "domain/entrance/recovery.h"
#include "domain/entrance/session.h"
#include "domain/parties/member.h"
#include "domain/policy.h"

err passkey_list(struct ctx *cx, struct passkey **out, size_t *out_count)
{
    TRY(policy_require_own(cx, POLICY_PASSKEY_READ));
    return passkey_list_of(cx, cx->actor.person_id, out, out_count);
}

/* ---- fresh proof */

err passkey_require_fresh(struct ctx *cx)
{
    int64_t count = 0;
    int64_t at_ms = cx->actor.passkey_at_ms; /* not that of a printed code: it adds one passkey */
    if (at_ms != 0 && cx->now_ms - at_ms < LIMIT_FRESH_MS)
        return OK;
    TRY(passkey_count(cx, cx->actor.person_id, &count));
    if (count == 0)
        return OK;
    return FAIL(cx, FORBIDDEN, "passkey.not_fresh",
                "prove with a passkey that it is you, and do this within %d minutes", (int)(LIMIT_FRESH_MS / 60000));
}

/* ---- coming */

/* Whose session came by a printed code, has proved nothing else, and still lacks what it came for. An alert stays when
 * the passkey goes: taking it away opens this no second time. */
static err may_add_without(struct ctx *cx, bool *out)
{
    const struct actor *actor = &cx->actor;
    bool by_code = actor->verified_at_ms != 0 && actor->passkey_at_ms == 0;
    int64_t added = 0;
    *out = false;
    if (by_code && cx->now_ms - actor->verified_at_ms < LIMIT_RECOVERED_MS) {
        TRY(alert_count(cx, actor->person_id, ALERT_PASSKEY_ADDED, actor->verified_at_ms - 1, &added));
        *out = added == 0;
    }
    return OK;
}

err passkey_require_way_to_add(struct ctx *cx)
{
    bool without = false;
    TRY(may_add_without(cx, &without));
    return without ? OK : passkey_require_fresh(cx);
}

static err check_add(struct ctx *cx, const struct passkey_add *add)
{
    int64_t count = 0;
    if (add->secret.name.size == 0 || add->secret.name.size > LIMIT_NAME_BYTES)
        return FAIL_AT(cx, INVALID, "passkey.name", "/name", "a name of 1 to %d bytes", LIMIT_NAME_BYTES);
    TRY(passkey_require_way_to_add(cx));
    TRY(passkey_count(cx, cx->actor.person_id, &count));
    if (count >= LIMIT_PASSKEYS)
        return FAIL(cx, TOO_LARGE, "passkey.too_many", "a person has at most %d passkeys", LIMIT_PASSKEYS);
    return OK;
}

static err take_credential(struct ctx *cx, const struct passkey_credential *credential)
{
    struct sql_passkey_credential_insert_in in = {{credential->hash, HASH_BYTES}, cx->actor.person_id};
    int64_t changed = 0;
    TRY(sql_passkey_credential_insert(cx, &in, &changed));
    return changed == 1 ? OK : FAIL(cx, CONFLICT, "passkey.exists", "this passkey is known here already");
}

static err insert(struct ctx *cx, const struct passkey *passkey, const struct passkey_credential *credential)
{
    struct sql_passkey_insert_in row = {
        .person_id = passkey->person_id,
        .passkey_id = passkey->passkey_id,
        .credential_hash = {credential->hash, HASH_BYTES},
        .counter = passkey->counter,
        .backed_up = passkey->backed_up,
        .created_at_ms = passkey->created_at_ms,
    };
    TRY(passkey_seal(cx, passkey, &row.sealed));
    return sql_passkey_insert(cx, &row, NULL);
}

err passkey_add(struct ctx *cx, void *arg)
{
    struct passkey_add *add = arg;
    struct passkey_credential credential;
    TRY(policy_require_own(cx, POLICY_PASSKEY_CHANGE));
    TRY(check_add(cx, add));
    TRY(passkey_challenge_spend(cx, add->challenge));
    passkey_credential_of(cx, add->secret.credential_id, &credential);
    TRY(take_credential(cx, &credential));
    add->out = (struct passkey){.person_id = cx->actor.person_id, .passkey_id = ctx_number(cx), .version = 1,
                                .counter = add->counter, .backed_up = add->backed_up, .created_at_ms = cx->now_ms,
                                .secret = add->secret};
    TRY(insert(cx, &add->out, &credential));
    return alert_add_change(cx, cx->actor.person_id, ALERT_PASSKEY_ADDED, add->out.passkey_id);
}

/* ---- its name, and going */

/* Somebody with a printed code gets in without any. */
static err check_not_last(struct ctx *cx)
{
    int64_t left = 0;
    TRY(passkey_count(cx, cx->actor.person_id, &left));
    if (left == 1)
        TRY(recovery_codes_count(cx, cx->actor.person_id, &left));
    if (left == 0)
        return FAIL(cx, CONFLICT, "passkey.last", "this is the last way in: add another passkey or print codes first");
    return OK;
}

/* Whoever came in by a code that is not his takes no way in from its owner, by whichever session. */
static err check_not_recovered_since(struct ctx *cx, const struct passkey *passkey)
{
    int64_t since_ms = cx->now_ms - LIMIT_RECOVERED_MS;
    int64_t recovered = 0;
    if (since_ms < passkey->created_at_ms)
        since_ms = passkey->created_at_ms;
    TRY(alert_count(cx, passkey->person_id, ALERT_RECOVERED, since_ms, &recovered));
    if (recovered > 0)
        return FAIL(cx, CONFLICT, "passkey.recovered",
                    "somebody came in by a printed code within a day: passkeys from before that stay for now");
    return OK;
}

err passkey_rename(struct ctx *cx, void *arg)
{
    struct passkey_rename *rename = arg;
    struct passkey passkey;
    TRY(policy_require_own(cx, POLICY_PASSKEY_CHANGE));
    if (rename->name.size == 0 || rename->name.size > LIMIT_NAME_BYTES)
        return FAIL_AT(cx, INVALID, "passkey.name", "/name", "a name of 1 to %d bytes", LIMIT_NAME_BYTES);
    TRY(passkey_load(cx, cx->actor.person_id, rename->passkey_id, &passkey));
    passkey.secret.name = rename->name;
    passkey.version++;
    struct sql_passkey_rename_in row = {passkey.person_id, passkey.passkey_id, passkey.version, {NULL, 0}};
    TRY(passkey_seal(cx, &passkey, &row.sealed));
    rename->out = passkey;
    return sql_passkey_rename(cx, &row, NULL);
}

err passkey_remove(struct ctx *cx, void *arg)
{
    struct sql_passkey_delete_in row = {cx->actor.person_id, *(const int64_t *)arg};
    struct passkey_credential credential;
    struct passkey passkey;
    TRY(policy_require_own(cx, POLICY_PASSKEY_CHANGE));
    TRY(passkey_load(cx, row.person_id, row.passkey_id, &passkey));
    TRY(passkey_require_fresh(cx));
    TRY(check_not_recovered_since(cx, &passkey));
    TRY(check_not_last(cx));
    passkey_credential_of(cx, passkey.secret.credential_id, &credential);
    struct sql_passkey_credential_delete_in known = {{credential.hash, HASH_BYTES}};
    TRY(sql_passkey_delete(cx, &row, NULL));
    TRY(sql_passkey_credential_delete(cx, &known, NULL));
    return alert_add(cx, row.person_id, ALERT_PASSKEY_REMOVED, row.passkey_id);
}

/* ---- serving */

static err fail_unknown(struct ctx *cx)
{
    return FAIL(cx, UNAUTHENTICATED, "passkey.unknown", "nobody here signs in with this passkey");
}

static err check_human(struct ctx *cx, int64_t person_id)
{
    struct id id;
    TRY(human_find(cx, person_id, &id));
    return id.type != ID_NONE ? OK : fail_unknown(cx);
}

err passkey_find(struct ctx *cx, int64_t person_id, struct bytes credential_id, struct passkey *out)
{
    struct passkey *passkeys = NULL;
    size_t count = 0;
    TRY(check_human(cx, person_id));
    TRY(passkey_list_of(cx, person_id, &passkeys, &count));
    for (size_t i = 0; i < count; i++)
        if (bytes_equals(passkeys[i].secret.credential_id, credential_id)) {
            *out = passkeys[i];
            return OK;
        }
    return fail_unknown(cx);
}

/* A counter that counts must rise (WebAuthn Level 3, section 6.1.1): else somebody else has used it, or still does. */
static bool is_behind(const struct passkey *passkey, const struct passkey_use *use)
{
    return (passkey->counter != 0 || use->counter != 0) && use->counter <= passkey->counter;
}

/* Once more what may have changed since the signature was looked at. */
static err serve(struct ctx *cx, struct passkey_use *use)
{
    struct passkey passkey;
    err result = passkey_load(cx, use->person_id, use->passkey_id, &passkey);
    use->out_alarm = false;
    if (result == NOT_FOUND) {
        failure_clear(&cx->failure);
        return fail_unknown(cx);
    }
    TRY(result);
    TRY(passkey_challenge_spend(cx, use->challenge));
    if (use->may_be_copied != passkey.secret.may_be_copied) /* it never changes (section 6.1.3) */
        return fail_unknown(cx);
    use->out_alarm = is_behind(&passkey, use);
    if (use->out_alarm)
        return alert_add_copied(cx, use->person_id, use->passkey_id);
    struct sql_passkey_use_in row = {use->person_id, use->passkey_id, use->counter, use->backed_up, cx->now_ms};
    return sql_passkey_use(cx, &row, NULL);
}

err passkey_sign_in(struct ctx *cx, void *arg)
{
    struct passkey_use *use = arg;
    TRY(check_human(cx, use->person_id));
    TRY(serve(cx, use));
    const struct session_start start = {use->person_id, SESSION_BY_PASSKEY, use->browser};
    return use->out_alarm ? OK : session_begin(cx, &start, &use->out_session_token);
}

err passkey_verify(struct ctx *cx, void *arg)
{
    struct passkey_use *use = arg;
    TRY(policy_require(cx, POLICY_PASSKEY_READ, &(struct policy_object){.person_id = use->person_id}));
    TRY(serve(cx, use));
    return use->out_alarm ? OK : session_renew(cx, &use->out_session_token);
}
