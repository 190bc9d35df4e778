/* SPDX-License-Identifier: Apache-2.0
 * Hashes, sealing and rows of kept answers. */
#include "http/idempotency.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "domain/predecessor.h"
#include "http/problem.h"
#include "store/queries.h"

#define FORGET_MOST 500 /* rows of one write: some milliseconds of the writer */

static void wipe_key(struct secret_key *key)
{
    secret_wipe(key, sizeof *key);
}
#define WIPED_KEY __attribute__((cleanup(wipe_key))) struct secret_key

static int64_t actor_id(const struct actor *actor)
{
    return actor->kind == ACTOR_PERSON ? actor->person_id : actor->system_id;
}

/* Each part goes in with its length, so that no two requests give the same octets. */
static void add_part(struct sha256 *hash, struct bytes part)
{
    uint64_t size = part.size;
    sha256_add(hash, (struct bytes){(const uint8_t *)&size, sizeof size});
    sha256_add(hash, part);
}

void idempotency_of(const struct call *call, struct text key, int64_t person_id, struct idempotency *out)
{
    struct sha256 hash = sha256_begin();
    add_part(&hash, bytes_of_text(call->request.method));
    add_part(&hash, bytes_of_text(call->request.target));
    add_part(&hash, call->body);
    *out = (struct idempotency){.actor_id = actor_id(&call->cx.actor), .person_id = person_id, .key = key};
    sha256_finish(&hash, out->request_hash);
    sha256(bytes_of_text(key), out->key_hash);
}

void idempotency_bind(struct idempotency *idempotency, struct text secret)
{
    struct sha256 hash = sha256_begin();
    assert(secret.size > 0 && secret.size <= IDEMPOTENCY_SECRET_BYTES_MAX);
    add_part(&hash, bytes_of_text(idempotency->key));
    add_part(&hash, bytes_of_text(secret));
    sha256_finish(&hash, idempotency->key_hash);
    idempotency->secret = secret;
}

/* BLAKE2b over the node's key, the client's and his secret. */
static void mix_key(struct ctx *cx, const struct idempotency *idempotency, struct secret_key *out)
{
    const struct text key = idempotency->key;
    const struct text secret = idempotency->secret;
    uint8_t all[SECRET_KEY_BYTES + LIMIT_IDEMPOTENCY_KEY_BYTES + IDEMPOTENCY_SECRET_BYTES_MAX];
    assert(key.size <= LIMIT_IDEMPOTENCY_KEY_BYTES && secret.size <= IDEMPOTENCY_SECRET_BYTES_MAX);
    keyring_node_key(cx->keyring, KEYRING_IDEMPOTENCY, out);
    memcpy(all, out->at, SECRET_KEY_BYTES);
    memcpy(all + SECRET_KEY_BYTES, key.at, key.size);
    if (secret.size > 0)
        memcpy(all + SECRET_KEY_BYTES + key.size, secret.at, secret.size);
    blake2b_256((struct bytes){all, SECRET_KEY_BYTES + key.size + secret.size}, out->at);
    secret_wipe(all, sizeof all);
}

/* Whoever has taken the place of the person since then holds that person's key. */
static err open_key(struct ctx *cx, const struct idempotency *idempotency, int64_t person_id, struct secret_key *out)
{
    if (person_id != 0)
        return predecessor_or_person_key_open(cx, person_id, out);
    mix_key(cx, idempotency, out);
    return OK;
}

static struct seal_place place_of(const struct idempotency *idempotency, int64_t person_id)
{
    uint64_t bound = 0; /* the answer belongs to this key and no other */
    memcpy(&bound, idempotency->key_hash, sizeof bound);
    return (struct seal_place){.person_id = person_id, .kind = SEAL_IDEMPOTENCY, .item = idempotency->actor_id,
        .version = (int64_t)(bound & INT64_MAX)};
}

/* ---- what is kept: the body; of somebody unknown the cookie and a line feed before it */

static struct text cookie_of(const struct reply *reply)
{
    for (size_t i = 0; i < reply->field_count; i++)
        if (text_is(text_of(reply->fields[i].name), "Set-Cookie"))
            return reply->fields[i].value;
    return TEXT_NONE;
}

static struct text pack(struct call *call, const struct idempotency *idempotency)
{
    if (idempotency->secret.size == 0)
        return call->reply.body;
    return text_format(call->arena, "%.*s\n%.*s", TEXT_ARGS(cookie_of(&call->reply)), TEXT_ARGS(call->reply.body));
}

static err unpack(struct call *call, const struct idempotency *idempotency, struct text kept)
{
    const char *end = idempotency->secret.size == 0 ? NULL : memchr(kept.at, '\n', kept.size);
    call->reply.body = kept;
    if (end == NULL)
        return OK;
    size_t size = (size_t)(end - kept.at);
    call->reply.body = (struct text){end + 1, kept.size - size - 1};
    return size == 0 ? OK : reply_add_field(call, "Set-Cookie", (struct text){kept.at, size});
}

static err open_answer(struct call *call, const struct idempotency *idempotency,
                       const struct sql_kept_answer_row *row)
{
    WIPED_KEY key;
    memset(&key, 0, sizeof key);
    struct seal_place place = place_of(idempotency, row->person_id);
    struct bytes kept;
    TRY(open_key(&call->cx, idempotency, row->person_id, &key));
    TRY(seal_open(&call->cx, &key, &place, row->sealed, &kept));
    TRY(unpack(call, idempotency, text_of_bytes(kept)));
    call->reply.status = (int)row->status;
    call->reply.content_type = call->reply.body.size == 0 ? NULL : row->status >= 400 ? PROBLEM_TYPE
                                                                                        : "application/json";
    return OK;
}

static err load(struct ctx *cx, const struct idempotency *idempotency, bool in_ledger, struct sql_kept_answer_row *out,
                bool *out_found)
{
    const struct bytes key_hash = {idempotency->key_hash, HASH_BYTES};
    const int64_t lasts_ms = idempotency->secret.size > 0 ? LIMIT_CLAIM_ANSWER_MS : LIMIT_IDEMPOTENCY_MS;
    const int64_t since_ms = cx->now_ms - lasts_ms;
    const struct sql_disclosure_answer_load_in of_read = {idempotency->actor_id, key_hash, since_ms};
    const struct sql_idempotency_load_in of_other = {idempotency->actor_id, key_hash, since_ms};
    return in_ledger ? sql_disclosure_answer_load(cx, &of_read, out, out_found)
                     : sql_idempotency_load(cx, &of_other, out, out_found);
}

err idempotency_find(struct call *call, const struct idempotency *idempotency, bool *out_found)
{
    struct ctx *cx = &call->cx;
    struct sql_kept_answer_row row;
    struct sql_kept_answer_row elsewhere;
    bool found = false;
    bool found_elsewhere = false;
    TRY(load(cx, idempotency, idempotency->in_ledger, &row, &found));
    if (!found) /* a read and a write are never the same request */
        TRY(load(cx, idempotency, !idempotency->in_ledger, &elsewhere, &found_elsewhere));
    if (found_elsewhere ||
        (found && !bytes_equals(row.request_hash, (struct bytes){idempotency->request_hash, HASH_BYTES})))
        return FAIL(cx, INVALID, "idempotency.mismatch", "the same key came before with another request");
    if (found)
        TRY(open_answer(call, idempotency, &row));
    *out_found = found;
    return OK;
}

static err keep(struct call *call, const struct idempotency *idempotency, struct bytes sealed)
{
    struct ctx *cx = &call->cx;
    const struct bytes key_hash = {idempotency->key_hash, HASH_BYTES};
    const struct bytes request_hash = {idempotency->request_hash, HASH_BYTES};
    const struct sql_disclosure_answer_keep_in of_read = {idempotency->actor_id, key_hash, request_hash,
        idempotency->person_id, call->reply.status, cx->now_ms, sealed};
    const struct sql_idempotency_keep_in of_other = {idempotency->actor_id, key_hash, request_hash,
        idempotency->person_id, call->reply.status, cx->now_ms, sealed};
    return idempotency->in_ledger ? sql_disclosure_answer_keep(cx, &of_read, NULL)
                                  : sql_idempotency_keep(cx, &of_other, NULL);
}

err idempotency_keep(struct call *call, const struct idempotency *idempotency)
{
    struct ctx *cx = &call->cx;
    WIPED_KEY key;
    memset(&key, 0, sizeof key);
    struct seal_place place = place_of(idempotency, idempotency->person_id);
    struct bytes sealed;
    struct text kept = pack(call, idempotency);
    if (kept.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(open_key(cx, idempotency, idempotency->person_id, &key));
    TRY(seal(cx, &key, &place, bytes_of_text(kept), &sealed));
    return keep(call, idempotency, sealed);
}

err idempotency_forget(struct ctx *cx, void *arg)
{
    bool *left = arg;
    const int64_t until_ms = cx->now_ms - LIMIT_IDEMPOTENCY_MS;
    const struct sql_disclosure_answer_forget_in reads = {until_ms, FORGET_MOST};
    const struct sql_idempotency_forget_in others = {until_ms, FORGET_MOST};
    const struct sql_idempotency_forget_unknown_in claims = {cx->now_ms - LIMIT_CLAIM_ANSWER_MS, FORGET_MOST};
    int64_t of_reads = 0;
    int64_t of_others = 0;
    int64_t of_claims = 0;
    TRY(sql_disclosure_answer_forget(cx, &reads, &of_reads));
    TRY(sql_idempotency_forget(cx, &others, &of_others));
    TRY(sql_idempotency_forget_unknown(cx, &claims, &of_claims));
    *left = of_reads == FORGET_MOST || of_others == FORGET_MOST || of_claims == FORGET_MOST;
    return OK;
}
