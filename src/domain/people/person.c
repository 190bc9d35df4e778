/* SPDX-License-Identifier: Apache-2.0
 * People come in by a one-time link. */
#include "domain/people/person.h"

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "domain/entrance/session.h"
#include "domain/policy.h"
#include "store/queries.h"

#define LINK_PREFIX "sin"

/* What stands in the row of a link: nobody who can change rows makes it that of another person. */
struct bound {
    uint8_t hash[HASH_BYTES];
};

static struct bound bound_to(const struct ctx *cx, const struct token *token, const struct token_place *place)
{
    struct secret_key key;
    struct bound bound = {{0}};
    keyring_node_key(cx->keyring, KEYRING_TAG, &key);
    token_bind(token, &key, place, bound.hash);
    secret_wipe(&key, sizeof key);
    return bound;
}

static bool is_bound_to(const struct ctx *cx, const struct token *token, const struct token_place *place,
                        struct bytes stored)
{
    struct bound due = bound_to(cx, token, place);
    return stored.size == HASH_BYTES && secret_equals(due.hash, stored.at, HASH_BYTES);
}

static struct text public_id_of(const struct token *token)
{
    return (struct text){token->public_id, sizeof token->public_id};
}

/* A number that no key bears, not even one that a broken write left. Two processes draw their numbers apart, and a big
 * import beside a busy server makes the same one now and then. */
static err draw_person_id(struct ctx *cx, int64_t *out_person_id)
{
    for (;;) {
        struct sql_person_key_load_in in = {.person_id = ctx_number(cx)};
        struct sql_person_key_load_row row;
        bool found = false;
        TRY(sql_person_key_load(cx, &in, &row, &found));
        if (!found) {
            *out_person_id = in.person_id;
            return OK;
        }
    }
}

err person_make(struct ctx *cx, person_state state, int64_t *out_person_id)
{
    int64_t person_id = 0;
    TRY(draw_person_id(cx, &person_id));
    TRY(person_key_make(cx, person_id));
    struct sql_person_insert_in row = {.person_id = person_id, .state = state, .created_at_ms = cx->now_ms};
    TRY(sql_person_insert(cx, &row, NULL));
    *out_person_id = person_id;
    return OK;
}

void person_load_ahead(struct ctx *cx, int64_t person_id)
{
    struct sql_person_load_in in = {.person_id = person_id};
    sql_person_load_ahead(cx, &in);
}

err person_load(struct ctx *cx, int64_t person_id, struct person *out)
{
    struct sql_person_load_in in = {.person_id = person_id};
    struct sql_person_load_row row;
    bool found = false;
    TRY(sql_person_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    *out = (struct person){person_id, (person_state)row.state, row.merged_into, row.created_at_ms};
    return OK;
}

err person_resolve(struct ctx *cx, int64_t person_id, int64_t *out_person_id)
{
    struct person person = {0};
    TRY(person_load(cx, person_id, &person));
    *out_person_id = person.state == PERSON_MERGED ? person.merged_into : person_id;
    return OK;
}

err person_make_link(struct ctx *cx, int64_t person_id, struct text *out_link_token)
{
    struct token token;
    TRY(token_make(cx, LINK_PREFIX, &token));
    struct token_place place = {.owner = person_id, .expires_at_ms = cx->now_ms + LIMIT_SIGN_IN_LINK_MS};
    struct bound bound = bound_to(cx, &token, &place);
    struct sql_sign_in_link_insert_in row = {
        .public_id = public_id_of(&token),
        .hash = {bound.hash, HASH_BYTES},
        .person_id = person_id,
        .expires_at_ms = place.expires_at_ms,
    };
    TRY(sql_sign_in_link_insert(cx, &row, NULL));
    *out_link_token = token.text;
    return OK;
}

err person_link(struct ctx *cx, void *arg)
{
    struct person_link *link = arg;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    struct person person;
    TRY(person_load(cx, link->person_id, &person));
    if (person.state != PERSON_ACTIVE)
        return FAIL(cx, CONFLICT, "person.not_active", "only somebody who has signed up can sign in");
    return person_make_link(cx, link->person_id, &link->out_link_token);
}

static err fail_link(struct ctx *cx)
{
    return FAIL(cx, UNAUTHENTICATED, "sign_in.link_unknown", "this link is unknown, used or too old");
}

/* A link that is unknown, used or too old is one and the same. */
static err find_link(struct ctx *cx, const struct token *token, struct sql_sign_in_link_load_row *out)
{
    struct sql_sign_in_link_load_in in = {.public_id = public_id_of(token)};
    bool found = false;
    TRY(sql_sign_in_link_load(cx, &in, out, &found));
    struct token_place place = {.owner = found ? out->person_id : 0, .expires_at_ms = found ? out->expires_at_ms : 0};
    if (!found || !is_bound_to(cx, token, &place, out->hash) || out->used_at_ms != 0 ||
        cx->now_ms >= out->expires_at_ms)
        return fail_link(cx);
    struct person person;
    TRY(person_load(cx, out->person_id, &person));
    return person.state == PERSON_ACTIVE ? OK : fail_link(cx);
}

err person_check_link(struct ctx *cx, struct text link_token)
{
    struct token token;
    struct sql_sign_in_link_load_row row;
    return token_parse(link_token, LINK_PREFIX, &token) ? find_link(cx, &token, &row) : fail_link(cx);
}

err person_sign_in(struct ctx *cx, void *arg)
{
    struct person_sign_in *sign_in = arg;
    struct token token;
    struct sql_sign_in_link_load_row row;
    if (!token_parse(sign_in->link_token, LINK_PREFIX, &token))
        return fail_link(cx);
    TRY(find_link(cx, &token, &row));
    struct sql_sign_in_link_use_in use = {.public_id = public_id_of(&token), .used_at_ms = cx->now_ms};
    int64_t changed = 0;
    TRY(sql_sign_in_link_use(cx, &use, &changed));
    if (changed != 1)
        return fail_link(cx);
    sign_in->out_person_id = row.person_id;
    const struct session_start start = {row.person_id, SESSION_BY_LINK, sign_in->browser};
    return session_begin(cx, &start, &sign_in->out_session_token);
}

err person_is_still_here(struct ctx *cx)
{
    struct person person = {0};
    TRY(person_load(cx, cx->actor.person_id, &person));
    bool here = person.state == (cx->actor.kind == ACTOR_MEMBER ? PERSON_MEMBER : PERSON_ACTIVE);
    return here ? OK : FAIL(cx, UNAUTHENTICATED, "session.unknown", "sign in first");
}
