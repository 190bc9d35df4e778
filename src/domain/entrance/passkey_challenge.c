/* SPDX-License-Identifier: Apache-2.0
 * Nonce, end and tag; and the rows of those that were used. */
#include "domain/entrance/passkey_challenge.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/hash.h"
#include "crypto/keyring.h"
#include "store/data_age.h"
#include "store/queries.h"

#define NONCE_BYTES 16
#define END_BYTES 8
#define FORGET_MOST 500 /* rows of one write: some milliseconds of the writer */

static_assert(NONCE_BYTES + END_BYTES + HASH_BYTES == PASSKEY_CHALLENGE_BYTES, "its three parts");

static void put_number(uint64_t number, uint8_t out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (56 - 8 * i));
}

static int64_t end_of(struct bytes challenge)
{
    uint64_t number = 0;
    for (int i = 0; i < END_BYTES; i++)
        number = number << 8 | challenge.at[NONCE_BYTES + i];
    return (int64_t)number;
}

/* Over key, label, ceremony, whom it is bound to, nonce and end: all but the visitor's word have one size, and of that
 * goes its hash. */
static void tag_of(const struct ctx *cx, const struct passkey_asker *asker, const uint8_t head[NONCE_BYTES + END_BYTES],
                   uint8_t out[HASH_BYTES])
{
    static const char LABEL[] = "symbolon-challenge/1";
    struct {
        struct secret_key key;
        char              label[sizeof LABEL];
        uint8_t           ceremony;
        uint8_t           person[8];
        uint8_t           session[8];
        uint8_t           visitor[HASH_BYTES];
        uint8_t           head[NONCE_BYTES + END_BYTES];
    } plain;
    memset(&plain, 0, sizeof plain);
    keyring_node_key(cx->keyring, KEYRING_TAG, &plain.key);
    memcpy(plain.label, LABEL, sizeof LABEL);
    plain.ceremony = (uint8_t)asker->ceremony;
    if (asker->ceremony == PASSKEY_SIGN_IN) {
        blake2b_256(bytes_of_text(asker->visitor), plain.visitor);
    } else {
        put_number((uint64_t)cx->actor.person_id, plain.person);
        put_number((uint64_t)cx->actor.session_id, plain.session);
    }
    memcpy(plain.head, head, sizeof plain.head);
    blake2b_256((struct bytes){(const uint8_t *)&plain, sizeof plain}, out);
    secret_wipe(&plain, sizeof plain);
}

err passkey_challenge_make(struct ctx *cx, const struct passkey_asker *asker, struct bytes *out)
{
    uint8_t *challenge = arena_take(cx->arena, PASSKEY_CHALLENGE_BYTES, 1);
    if (challenge == NULL)
        return FAIL_MEMORY(cx);
    random_fill(cx->randomness, challenge, NONCE_BYTES);
    put_number((uint64_t)(cx->now_ms + LIMIT_CHALLENGE_MS), challenge + NONCE_BYTES);
    tag_of(cx, asker, challenge, challenge + NONCE_BYTES + END_BYTES);
    *out = (struct bytes){challenge, PASSKEY_CHALLENGE_BYTES};
    return OK;
}

static err fail_challenge(struct ctx *cx)
{
    return FAIL(cx, INVALID, "passkey.challenge", "ask for new options: these are used, too old or another browser's");
}

err passkey_challenge_check(struct ctx *cx, const struct passkey_asker *asker, struct bytes challenge)
{
    uint8_t tag[HASH_BYTES];
    if (challenge.size != PASSKEY_CHALLENGE_BYTES)
        return fail_challenge(cx);
    tag_of(cx, asker, challenge.at, tag);
    if (!secret_equals(tag, challenge.at + NONCE_BYTES + END_BYTES, HASH_BYTES) || cx->now_ms >= end_of(challenge))
        return fail_challenge(cx);
    return OK;
}

err passkey_challenge_spend(struct ctx *cx, struct bytes challenge)
{
    uint8_t hash[HASH_BYTES];
    int64_t changed = 0;
    assert(challenge.size == PASSKEY_CHALLENGE_BYTES); /* it was checked before */
    if (cx->now_ms >= end_of(challenge)) /* its row may be forgotten */
        return fail_challenge(cx);
    blake2b_256(challenge, hash);
    struct sql_passkey_challenge_spend_in in = {{hash, sizeof hash}, end_of(challenge)};
    TRY(sql_passkey_challenge_spend(cx, &in, &changed));
    return changed == 1 ? OK : fail_challenge(cx);
}

err passkey_challenge_forget(struct ctx *cx, void *arg)
{
    bool *left = arg;
    int64_t rows = 0;
    struct sql_passkey_challenge_forget_in in = {cx->now_ms - LIMIT_CHALLENGE_MS, FORGET_MOST};
    store_keep_house(cx);
    TRY(sql_passkey_challenge_forget(cx, &in, &rows));
    *left = rows == FORGET_MOST;
    return OK;
}
