/* SPDX-License-Identifier: Apache-2.0
 * Hashes, sealing and rows of kept answers. */
#include "http/idempotency.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "domain/person.h"
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

/* BLAKE2b over the node's key and the client's. */
static void mix_key(struct ctx *cx, struct text key, struct secret_key *out)
{
    uint8_t both[SECRET_KEY_BYTES + LIMIT_IDEMPOTENCY_KEY_BYTES];
    assert(key.size <= LIMIT_IDEMPOTENCY_KEY_BYTES);
    keyring_node_key(cx->keyring, KEYRING_IDEMPOTENCY, out);
    memcpy(both, out->at, SECRET_KEY_BYTES);
    memcpy(both + SECRET_KEY_BYTES, key.at, key.size);
    blake2b_256((struct bytes){both, SECRET_KEY_BYTES + key.size}, out->at);
    secret_wipe(both, sizeof both);
}

static err open_key(struct ctx *cx, const struct idempotency *idempotency, int64_t person_id, struct secret_key *out)
{
    if (person_id != 0)
        return person_key_open(cx, person_id, out);
    mix_key(cx, idempotency->key, out);
    return OK;
}

static struct seal_place place_of(const struct idempotency *idempotency, int64_t person_id)
{
    uint64_t bound = 0; /* the answer belongs to this key and no other */
    memcpy(&bound, idempotency->key_hash, sizeof bound);
    return (struct seal_place){.person_id = person_id, .kind = SEAL_IDEMPOTENCY, .item = idempotency->actor_id,
        .version = (int64_t)(bound & INT64_MAX)};
}

static err open_answer(struct call *call, const struct idempotency *idempotency,
                       const struct sql_kept_answer_row *row)
{
    WIPED_KEY key;
    memset(&key, 0, sizeof key);
    struct seal_place place = place_of(idempotency, row->person_id);
    struct bytes body;
    TRY(open_key(&call->cx, idempotency, row->person_id, &key));
    TRY(seal_open(&call->cx, &key, &place, row->sealed, &body));
    call->reply.status = (int)row->status;
    call->reply.content_type = body.size == 0 ? NULL : row->status >= 400 ? PROBLEM_TYPE : "application/json";
    call->reply.body = text_of_bytes(body);
    return OK;
}

static err load(struct ctx *cx, const struct idempotency *idempotency, struct sql_kept_answer_row *out, bool *out_found)
{
    const struct bytes key_hash = {idempotency->key_hash, HASH_BYTES};
    const int64_t since_ms = cx->now_ms - LIMIT_IDEMPOTENCY_MS;
    const struct sql_disclosure_answer_load_in of_read = {idempotency->actor_id, key_hash, since_ms};
    const struct sql_idempotency_load_in of_other = {idempotency->actor_id, key_hash, since_ms};
    return idempotency->in_ledger ? sql_disclosure_answer_load(cx, &of_read, out, out_found)
                                  : sql_idempotency_load(cx, &of_other, out, out_found);
}

err idempotency_find(struct call *call, const struct idempotency *idempotency, bool *out_found)
{
    struct ctx *cx = &call->cx;
    struct sql_kept_answer_row row;
    bool found = false;
    TRY(load(cx, idempotency, &row, &found));
    if (found && !bytes_equals(row.request_hash, (struct bytes){idempotency->request_hash, HASH_BYTES}))
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
    TRY(open_key(cx, idempotency, idempotency->person_id, &key));
    TRY(seal(cx, &key, &place, bytes_of_text(call->reply.body), &sealed));
    return keep(call, idempotency, sealed);
}

err idempotency_forget(struct ctx *cx, void *arg)
{
    bool *left = arg;
    const int64_t until_ms = cx->now_ms - LIMIT_IDEMPOTENCY_MS;
    const struct sql_disclosure_answer_forget_in reads = {until_ms, FORGET_MOST};
    const struct sql_idempotency_forget_in others = {until_ms, FORGET_MOST};
    int64_t of_reads = 0;
    int64_t of_others = 0;
    TRY(sql_disclosure_answer_forget(cx, &reads, &of_reads));
    TRY(sql_idempotency_forget(cx, &others, &of_others));
    *left = of_reads == FORGET_MOST || of_others == FORGET_MOST;
    return OK;
}
