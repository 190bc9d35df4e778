/* SPDX-License-Identifier: Apache-2.0
 * Hashes, sealing and rows of kept answers. */
#include "http/gate/idempotency.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "domain/people/person.h"
#include "domain/people/predecessor.h"
#include "http/gate/problem.h"
#include "store/data_age.h"
#include "store/queries.h"

#define FORGET_MOST 500 /* rows of one write: some milliseconds of the writer */

static void wipe_key(struct secret_key *key)
{
    secret_wipe(key, sizeof *key);
}
#define WIPED_KEY __attribute__((cleanup(wipe_key))) struct secret_key

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
    *out = (struct idempotency){.actor_id = actor_number(&call->cx.actor), .by_person = actor_signs_in(&call->cx.actor),
        .person_id = person_id, .key = key};
    sha256_finish(&hash, out->request_hash);
}

void idempotency_bind(struct idempotency *idempotency, struct text secret)
{
    assert(secret.size > 0 && secret.size <= IDEMPOTENCY_SECRET_BYTES_MAX);
    idempotency->secret = secret;
}

/* ---- keys: each made from somebody's key, the client's and his secret */

/* BLAKE2b over all of them; the label parts one use from the other, the size of the key parts it from the secret. */
static void mix(const struct secret_key *base, char label, const struct idempotency *idempotency,
                uint8_t out[HASH_BYTES])
{
    const struct text key = idempotency->key;
    const struct text secret = idempotency->secret;
    uint8_t all[SECRET_KEY_BYTES + 2 + LIMIT_IDEMPOTENCY_KEY_BYTES + IDEMPOTENCY_SECRET_BYTES_MAX];
    static_assert(LIMIT_IDEMPOTENCY_KEY_BYTES <= UINT8_MAX, "its size is one octet");
    assert(key.size <= LIMIT_IDEMPOTENCY_KEY_BYTES && secret.size <= IDEMPOTENCY_SECRET_BYTES_MAX);
    memcpy(all, base->at, SECRET_KEY_BYTES);
    all[SECRET_KEY_BYTES] = (uint8_t)label;
    all[SECRET_KEY_BYTES + 1] = (uint8_t)key.size;
    memcpy(all + SECRET_KEY_BYTES + 2, key.at, key.size);
    if (secret.size > 0)
        memcpy(all + SECRET_KEY_BYTES + 2 + key.size, secret.at, secret.size);
    blake2b_256((struct bytes){all, SECRET_KEY_BYTES + 2 + key.size + secret.size}, out);
    secret_wipe(all, sizeof all);
}

/* The person's, the node's when there is none. Whoever has taken the place of the person holds that person's key. */
static err open_base(struct ctx *cx, int64_t person_id, struct secret_key *out)
{
    if (person_id != 0)
        return predecessor_or_person_key_open(cx, person_id, out);
    keyring_node_key(cx->keyring, KEYRING_IDEMPOTENCY, out);
    return OK;
}

/* By which an answer is found. What a person's app calls its requests is known to nobody once the person is erased. */
struct key_hash {
    uint8_t at[HASH_BYTES];
};

static err hash_key(struct ctx *cx, const struct idempotency *idempotency, struct key_hash *out)
{
    WIPED_KEY base;
    memset(&base, 0, sizeof base);
    TRY(open_base(cx, idempotency->by_person ? idempotency->actor_id : 0, &base));
    mix(&base, 'f', idempotency, out->at);
    return OK;
}

static err open_key(struct ctx *cx, const struct idempotency *idempotency, int64_t person_id, struct secret_key *out)
{
    WIPED_KEY base;
    memset(&base, 0, sizeof base);
    TRY(open_base(cx, person_id, &base));
    mix(&base, 's', idempotency, out->at);
    return OK;
}

static struct seal_place place_of(const struct idempotency *idempotency, const struct key_hash *hash, int64_t person_id)
{
    uint64_t bound = 0; /* the answer belongs to this key and no other */
    memcpy(&bound, hash->at, sizeof bound);
    return (struct seal_place){.person_id = person_id, .kind = SEAL_IDEMPOTENCY, .item = idempotency->actor_id,
        .version = (int64_t)(bound & INT64_MAX)};
}

/* ---- what is kept: the hash of the request, then the body; of somebody unknown the cookie and a line feed before it.
 * The hash says what a body was to whoever can guess it, so it is sealed as well. */

static struct text cookie_of(const struct reply *reply)
{
    for (size_t i = 0; i < reply->field_count; i++)
        if (text_is(text_of(reply->fields[i].name), "Set-Cookie"))
            return reply->fields[i].value;
    return TEXT_NONE;
}

static err pack(struct call *call, const struct idempotency *idempotency, struct bytes *out)
{
    struct text cookie = cookie_of(&call->reply);
    struct builder kept = builder_open(call->arena, HASH_BYTES + cookie.size + 1 + call->reply.body.size);
    build_bytes(&kept, (struct bytes){idempotency->request_hash, HASH_BYTES});
    if (idempotency->secret.size > 0) {
        build_text(&kept, cookie);
        build_byte(&kept, '\n');
    }
    build_text(&kept, call->reply.body);
    if (kept.overflowed)
        return FAIL_MEMORY(&call->cx);
    *out = builder_bytes(&kept);
    return OK;
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

static err fail_other_request(struct ctx *cx)
{
    return FAIL(cx, INVALID, "idempotency.mismatch", "the same key came before with another request");
}

static err open_answer(struct call *call, const struct idempotency *idempotency, const struct key_hash *hash,
                       const struct sql_kept_answer_row *row)
{
    WIPED_KEY key;
    memset(&key, 0, sizeof key);
    struct seal_place place = place_of(idempotency, hash, row->person_id);
    struct bytes kept;
    TRY(open_key(&call->cx, idempotency, row->person_id, &key));
    TRY(seal_open(&call->cx, &key, &place, row->sealed, &kept));
    if (kept.size < HASH_BYTES)
        return FAIL(&call->cx, CORRUPT, "seal.broken", "a kept answer is shorter than what stands before it");
    if (!bytes_equals((struct bytes){kept.at, HASH_BYTES}, (struct bytes){idempotency->request_hash, HASH_BYTES}))
        return fail_other_request(&call->cx);
    TRY(unpack(call, idempotency, text_of_bytes((struct bytes){kept.at + HASH_BYTES, kept.size - HASH_BYTES})));
    call->reply.status = (int)row->status;
    call->reply.content_type = call->reply.body.size == 0 ? NULL : row->status >= 400 ? PROBLEM_TYPE
                                                                                        : "application/json";
    return OK;
}

/* ---- rows */

struct kept {
    bool                       found;
    struct sql_kept_answer_row row;
};

static int64_t since_ms_of(const struct ctx *cx, const struct idempotency *idempotency)
{
    return cx->now_ms - (idempotency->secret.size > 0 ? LIMIT_CLAIM_ANSWER_MS : LIMIT_IDEMPOTENCY_MS);
}

static void announce(struct ctx *cx, const struct idempotency *idempotency, struct bytes key_hash)
{
    const int64_t since_ms = since_ms_of(cx, idempotency);
    const struct sql_disclosure_answer_load_in of_read = {idempotency->actor_id, key_hash, since_ms};
    const struct sql_idempotency_load_in of_other = {idempotency->actor_id, key_hash, since_ms};
    sql_disclosure_answer_load_ahead(cx, &of_read);
    sql_idempotency_load_ahead(cx, &of_other);
}

static err load(struct ctx *cx, const struct idempotency *idempotency, struct bytes key_hash, bool in_ledger,
                struct kept *out)
{
    const int64_t since_ms = since_ms_of(cx, idempotency);
    const struct sql_disclosure_answer_load_in of_read = {idempotency->actor_id, key_hash, since_ms};
    const struct sql_idempotency_load_in of_other = {idempotency->actor_id, key_hash, since_ms};
    return in_ledger ? sql_disclosure_answer_load(cx, &of_read, &out->row, &out->found)
                     : sql_idempotency_load(cx, &of_other, &out->row, &out->found);
}

/* From the moment of an erasure on nothing of the person is said again, also while the key is still there. */
static err find_erased(struct ctx *cx, int64_t person_id, bool *out_erased)
{
    struct person person = {.state = PERSON_ACTIVE};
    if (person_id != 0) {
        TRY(person_resolve(cx, person_id, &person_id));
        TRY(person_load(cx, person_id, &person));
    }
    *out_erased = person.state == PERSON_ERASED;
    return OK;
}

err idempotency_find(struct call *call, const struct idempotency *idempotency, bool *out_found)
{
    struct ctx *cx = &call->cx;
    struct kept kept = {.found = false};
    struct kept elsewhere = {.found = false};
    struct key_hash hash;
    const struct bytes key_hash = {hash.at, sizeof hash.at};
    bool erased = false;
    TRY(hash_key(cx, idempotency, &hash));
    announce(cx, idempotency, key_hash);
    TRY(load(cx, idempotency, key_hash, idempotency->in_ledger, &kept));
    if (!kept.found) /* a read and a write are never the same request */
        TRY(load(cx, idempotency, key_hash, !idempotency->in_ledger, &elsewhere));
    if (elsewhere.found)
        return fail_other_request(cx);
    if (kept.found)
        TRY(find_erased(cx, kept.row.person_id, &erased));
    if (kept.found && !erased)
        TRY(open_answer(call, idempotency, &hash, &kept.row));
    *out_found = kept.found && !erased;
    return OK;
}

err idempotency_keep(struct call *call, const struct idempotency *idempotency)
{
    struct ctx *cx = &call->cx;
    WIPED_KEY key;
    memset(&key, 0, sizeof key);
    struct key_hash hash;
    struct bytes kept;
    struct bytes sealed;
    TRY(pack(call, idempotency, &kept));
    TRY(hash_key(cx, idempotency, &hash));
    TRY(open_key(cx, idempotency, idempotency->person_id, &key));
    struct seal_place place = place_of(idempotency, &hash, idempotency->person_id);
    TRY(seal(cx, &key, &place, kept, &sealed));
    const struct bytes key_hash = {hash.at, sizeof hash.at};
    const struct sql_disclosure_answer_keep_in of_read = {idempotency->actor_id, key_hash, idempotency->person_id,
        call->reply.status, cx->now_ms, sealed};
    const struct sql_idempotency_keep_in of_other = {idempotency->actor_id, key_hash, idempotency->person_id,
        call->reply.status, cx->now_ms, sealed};
    return idempotency->in_ledger ? sql_disclosure_answer_keep(cx, &of_read, NULL)
                                  : sql_idempotency_keep(cx, &of_other, NULL);
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
    store_keep_house(cx);
    TRY(sql_disclosure_answer_forget(cx, &reads, &of_reads));
    TRY(sql_idempotency_forget(cx, &others, &of_others));
    TRY(sql_idempotency_forget_unknown(cx, &claims, &of_claims));
    *left = of_reads == FORGET_MOST || of_others == FORGET_MOST || of_claims == FORGET_MOST;
    return OK;
}
