/* SPDX-License-Identifier: Apache-2.0
 * Rows of sessions. All that a row says but its last use is bound into its hash under a key of the node: who can change
 * rows makes a session neither another person's, nor longer, nor one that has proved anything. */
#include "domain/entrance/session.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "domain/parties/member.h"
#include "domain/people/person.h"
#include "domain/policy.h"
#include "store/data_age.h"
#include "store/queries.h"

#define PREFIX "ses"
#define FORGET_MOST 500 /* rows of one write: some milliseconds of the writer */

/* ---- what stands in a row */

struct bound {
    uint8_t hash[HASH_BYTES];
};

static struct text public_id_of(const struct token *token)
{
    return (struct text){token->public_id, sizeof token->public_id};
}

static void put_number(int64_t number, uint8_t out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

/* Over key, label, the token in its place, and what else the row says. */
static void bind_row(const struct secret_key *key, const struct sql_session_load_row *row, struct bound *bound)
{
    static const char LABEL[] = "symbolon-session/1";
    const int64_t numbers[] = {row->created_at_ms, row->verified_at_ms, row->way, row->device};
    struct {
        struct secret_key key;
        char              label[sizeof LABEL];
        uint8_t           token[HASH_BYTES];
        uint8_t           numbers[sizeof numbers / sizeof *numbers][8];
    } plain;
    memset(&plain, 0, sizeof plain);
    plain.key = *key;
    memcpy(plain.label, LABEL, sizeof LABEL);
    memcpy(plain.token, bound->hash, HASH_BYTES);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(numbers[i], plain.numbers[i]);
    blake2b_256((struct bytes){(const uint8_t *)&plain, sizeof plain}, bound->hash);
    secret_wipe(&plain, sizeof plain);
}

/* A row from before says neither how nor with what: its token alone is bound. */
static struct bound bound_to(const struct ctx *cx, const struct token *token, const struct sql_session_load_row *row)
{
    struct token_place place = {row->person_id, row->session_id, row->expires_at_ms};
    struct secret_key key;
    struct bound bound = {{0}};
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    token_bind(token, &key, &place, bound.hash);
    if (row->way != 0)
        bind_row(&key, row, &bound);
    secret_wipe(&key, sizeof key);
    return bound;
}

static err fail_unknown(struct ctx *cx)
{
    return FAIL(cx, UNAUTHENTICATED, "session.unknown", "sign in first");
}

/* ---- going on under another name */

/* `row` without its number: a token for it, and its place in the store. */
static err insert(struct ctx *cx, struct sql_session_load_row *row, struct text *out_token)
{
    struct token token;
    TRY(token_make(cx, PREFIX, &token));
    row->session_id = ctx_number(cx);
    struct bound bound = bound_to(cx, &token, row);
    struct sql_session_insert_in in = {
        .public_id = public_id_of(&token),
        .hash = {bound.hash, HASH_BYTES},
        .session_id = row->session_id,
        .person_id = row->person_id,
        .created_at_ms = row->created_at_ms,
        .seen_at_ms = cx->now_ms,
        .expires_at_ms = row->expires_at_ms,
        .verified_at_ms = row->verified_at_ms,
        .way = row->way,
        .device = row->device,
    };
    TRY(sql_session_insert(cx, &in, NULL));
    *out_token = token.text;
    return OK;
}

static err delete_own(struct ctx *cx, int64_t *out_rows)
{
    return sql_session_delete(cx, &(struct sql_session_delete_in){cx->actor.session_public_id}, out_rows);
}

err session_renew(struct ctx *cx, struct text *out_token)
{
    struct sql_session_load_row row = {0};
    int64_t ended = 0;
    bool found = false;
    TRY(sql_session_load(cx, &(struct sql_session_load_in){cx->actor.session_public_id}, &row, &found));
    if (found)
        TRY(delete_own(cx, &ended));
    if (ended != 1) /* another proof at the same time, or the end of it */
        return fail_unknown(cx);
    row.verified_at_ms = cx->now_ms;
    row.way = row.way == 0 ? SESSION_BY_LINK : row.way;
    return insert(cx, &row, out_token);
}

/* ---- who it is */

/* Of a row from before no use was noted. */
static bool is_live(const struct ctx *cx, const struct sql_session_load_row *row)
{
    bool is_idle = row->way != 0 && cx->now_ms - row->seen_at_ms >= LIMIT_SESSION_IDLE_MS;
    return row->ended_at_ms == 0 && cx->now_ms < row->expires_at_ms && !is_idle;
}

/* The session alone; whose it is may live elsewhere. */
static err load(struct ctx *cx, const struct token *token, struct sql_session_load_row *out, bool *out_good)
{
    bool found = false;
    TRY(sql_session_load(cx, &(struct sql_session_load_in){public_id_of(token)}, out, &found));
    struct bound due = bound_to(cx, token, out);
    *out_good = found && out->hash.size == HASH_BYTES && secret_equals(due.hash, out->hash.at, HASH_BYTES) &&
                is_live(cx, out);
    return OK;
}

/* ---- beginning */

/* Only who has its token ends it; one that is none keeps nobody from signing in. */
static err end_former(struct ctx *cx, struct text text)
{
    struct sql_session_load_row session = {0};
    struct token token;
    bool good = false;
    if (token_parse(text, PREFIX, &token))
        TRY(load(cx, &token, &session, &good));
    return good ? sql_session_delete(cx, &(struct sql_session_delete_in){public_id_of(&token)}, NULL) : OK;
}

err session_begin(struct ctx *cx, const struct session_start *start, struct text *out_token)
{
    TRY(end_former(cx, start->browser.session));
    bool proved = start->way == SESSION_BY_PASSKEY || start->way == SESSION_BY_CODE;
    struct sql_session_load_row row = {
        .person_id = start->person_id,
        .created_at_ms = cx->now_ms,
        .expires_at_ms = cx->now_ms + LIMIT_SESSION_MS,
        .verified_at_ms = proved ? cx->now_ms : 0,
        .way = start->way,
        .device = start->browser.device,
    };
    return insert(cx, &row, out_token);
}

/* ---- who it is */

/* A code begins a session; whatever proves it later is a passkey. */
static int64_t passkey_at_ms(const struct sql_session_load_row *session)
{
    bool by_code = session->way == SESSION_BY_CODE && session->verified_at_ms == session->created_at_ms;
    return session->way == 0 || by_code ? 0 : session->verified_at_ms;
}

static err fill_actor(struct ctx *cx, const struct token *token, const struct sql_session_load_row *session,
                      struct actor *out)
{
    struct text public_id = text_copy(cx->arena, public_id_of(token));
    if (public_id.at == NULL)
        return FAIL_MEMORY(cx);
    *out = (struct actor){
        .kind = ACTOR_PERSON,
        .person_id = session->person_id,
        .session_id = session->session_id,
        .session_public_id = public_id,
        .seen_at_ms = session->seen_at_ms,
        .verified_at_ms = session->way == 0 ? 0 : session->verified_at_ms,
        .passkey_at_ms = passkey_at_ms(session),
    };
    return OK;
}

err session_authenticate(struct ctx *cx, struct text text, struct actor *out)
{
    struct sql_session_load_row session = {0};
    struct sql_person_load_row person = {0};
    struct token token;
    bool good = false;
    if (token_parse(text, PREFIX, &token))
        TRY(load(cx, &token, &session, &good));
    if (good) {
        struct sql_person_load_in in = {.person_id = session.person_id};
        sql_person_load_ahead(cx, &in); /* and kept for whoever asks once more */
        TRY(sql_person_load(cx, &in, &person, &good));
    }
    if (!good || (person.state != PERSON_ACTIVE && person.state != PERSON_MEMBER))
        return fail_unknown(cx);
    struct actor actor;
    TRY(fill_actor(cx, &token, &session, &actor));
    if (person.state == PERSON_MEMBER)
        TRY(member_fill_actor(cx, &actor));
    *out = actor;
    return OK;
}

/* ---- use */

bool session_is_to_note(const struct ctx *cx)
{
    return actor_signs_in(&cx->actor) && cx->actor.session_public_id.size > 0 &&
           cx->now_ms - cx->actor.seen_at_ms >= LIMIT_SESSION_NOTE_MS;
}

err session_note(struct ctx *cx)
{
    struct sql_session_note_in in = {cx->actor.session_public_id, cx->now_ms};
    return sql_session_note(cx, &in, NULL);
}

/* ---- what the person sees, and ends */

err session_list(struct ctx *cx, struct session **out, size_t *out_count)
{
    struct sql_session_list_in in = {cx->actor.person_id, cx->now_ms, cx->now_ms - LIMIT_SESSION_IDLE_MS,
                                     LIMIT_SESSIONS_SHOWN};
    struct sql_session_list_row *rows = NULL;
    size_t count = 0;
    TRY(policy_require_own(cx, POLICY_SESSION_READ));
    TRY(sql_session_list(cx, &in, &rows, &count));
    struct session *sessions = ARENA_ARRAY(cx->arena, struct session, count);
    if (sessions == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        sessions[i] = (struct session){
            .session_id = rows[i].session_id,
            .way = rows[i].way == 0 ? SESSION_BY_LINK : (session_way)rows[i].way,
            .device = rows[i].device,
            .created_at_ms = rows[i].created_at_ms,
            .seen_at_ms = rows[i].seen_at_ms,
            .expires_at_ms = rows[i].expires_at_ms,
            .is_current = rows[i].session_id == cx->actor.session_id,
        };
    *out = sessions;
    *out_count = count;
    return OK;
}

err session_end(struct ctx *cx, void *arg)
{
    (void)arg; /* the session is the caller's own */
    return delete_own(cx, NULL);
}

err session_end_one(struct ctx *cx, void *arg)
{
    struct sql_session_end_one_in in = {cx->actor.person_id, *(const int64_t *)arg};
    int64_t ended = 0;
    TRY(policy_require_own(cx, POLICY_SESSION_END));
    TRY(sql_session_end_one(cx, &in, &ended));
    return ended > 0 ? OK : FAIL_NOT_FOUND(cx);
}

err session_end_others(struct ctx *cx, void *arg)
{
    (void)arg; /* the sessions are the caller's own */
    struct sql_session_end_others_in in = {cx->actor.person_id, cx->actor.session_id};
    TRY(policy_require_own(cx, POLICY_SESSION_END));
    return sql_session_end_others(cx, &in, NULL);
}

err session_forget(struct ctx *cx, void *arg)
{
    bool *left = arg;
    int64_t rows = 0;
    store_keep_house(cx);
    TRY(sql_session_forget(cx, &(struct sql_session_forget_in){cx->now_ms, FORGET_MOST}, &rows));
    *left = rows == FORGET_MOST;
    return OK;
}
