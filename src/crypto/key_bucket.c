/* SPDX-License-Identifier: Apache-2.0
 * The buckets of a keyring, their keys in its cache, and the keys of people that they wrap. Where a bucket's key lies
 * is the shelf's. */
#include "crypto/keyring_state.h"

#include <assert.h>
#include <string.h>

#include "crypto/seal.h"

#define KEY_VERSION 1

static_assert(KEYRING_WRAPPED_BYTES == SECRET_KEY_BYTES + SEAL_OVERHEAD_BYTES, "a sealed key");

/* ---- the cache of bucket keys */

size_t key_cache_place(int64_t bucket)
{
    uint64_t spread = (uint64_t)bucket * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(spread >> (64 - KEYRING_CACHE_BITS));
}

bool key_cache_find(struct keyring *keyring, int64_t bucket, struct secret_key *out)
{
    pthread_mutex_lock(&keyring->mutex);
    const struct cached_key *cached = &keyring->secrets->cache[key_cache_place(bucket)];
    bool found = cached->bucket == bucket;
    if (found)
        *out = cached->key;
    pthread_mutex_unlock(&keyring->mutex);
    return found;
}

static void cache_put(struct keyring *keyring, int64_t bucket, const struct secret_key *key)
{
    pthread_mutex_lock(&keyring->mutex);
    struct cached_key *cached = &keyring->secrets->cache[key_cache_place(bucket)];
    cached->bucket = bucket; /* each member by itself: a whole one would first be made on the stack, and stay there */
    cached->key = *key;
    pthread_mutex_unlock(&keyring->mutex);
}

void key_cache_drop(struct keyring *keyring, int64_t bucket)
{
    pthread_mutex_lock(&keyring->mutex);
    struct cached_key *cached = &keyring->secrets->cache[key_cache_place(bucket)];
    if (cached->bucket == bucket)
        secret_wipe(cached, sizeof *cached);
    pthread_mutex_unlock(&keyring->mutex);
}

int64_t key_cache_at(struct keyring *keyring, size_t place)
{
    pthread_mutex_lock(&keyring->mutex);
    int64_t bucket = keyring->secrets->cache[place].bucket;
    pthread_mutex_unlock(&keyring->mutex);
    return bucket;
}

/* ---- buckets */

void keyring_use_rows(struct keyring *keyring, const struct key_rows *rows)
{
    keyring->rows = *rows;
    keyring->shelf = &KEY_SHELF_ROWS;
}

err keyring_has_buckets(struct ctx *cx, struct keyring *keyring, bool *out)
{
    return keyring->shelf->has_any(cx, keyring, out);
}

static err fail_destroyed(struct ctx *cx)
{
    return FAIL(cx, NOT_FOUND, "key.destroyed", "the key that opens this has been destroyed");
}

/* Moves an opened key out of the arena, which is only wiped when it is used again. */
static err take_key(struct ctx *cx, struct bytes plain, struct secret_key *out)
{
    bool whole = plain.size == sizeof out->at;
    if (whole)
        memcpy(out->at, plain.at, sizeof out->at);
    secret_wipe((void *)(uintptr_t)plain.at, plain.size);
    return whole ? OK : FAIL(cx, CORRUPT, "seal.broken", "a sealed key has a wrong size");
}

/* A bucket's key, and where it was read. */
struct sealed_bucket {
    int64_t      number;
    struct bytes sealed; /* empty: the holder reads it */
};

static err bucket_fetch(struct ctx *cx, struct keyring *keyring, const struct sealed_bucket *bucket,
                        struct secret_key *out)
{
    struct key_question question;
    struct key_answer answer;
    answer.size = 0;
    keyring_ask_for(&question, KEY_ACT_BUCKET_OPEN, bucket->number);
    TRY(keyring_add(cx, &question, bucket->sealed));
    TRY(keyring_ask(cx, keyring, &question, &answer));
    TRY(take_key(cx, (struct bytes){answer.data, answer.size}, out));
    cache_put(keyring, bucket->number, out);
    return OK;
}

/* A cached key is believed only while what it came from stands, because another process may have destroyed it. That is
 * asked after the key entered the cache: a destruction removes the file first and the cached key second, so one of the
 * two sees the other. */
static err bucket_key(struct ctx *cx, struct keyring *keyring, const struct sealed_bucket *bucket,
                      struct secret_key *out)
{
    struct secret_key key;
    if (bucket->number <= 0)
        return fail_destroyed(cx);
    if (!key_cache_find(keyring, bucket->number, &key))
        TRY(bucket_fetch(cx, keyring, bucket, &key));
    bool stands = false;
    err looked = keyring->shelf->stands(cx, keyring, bucket->number, bucket->sealed, &stands);
    if (stands)
        *out = key;
    else if (looked == OK)
        key_cache_drop(keyring, bucket->number);
    secret_wipe(&key, sizeof key);
    TRY(looked);
    return stands ? OK : fail_destroyed(cx);
}

err keyring_bucket_create(struct ctx *cx, struct keyring *keyring, int64_t *out_bucket, struct bytes *out_sealed)
{
    bool made = false;
    while (!made) { /* another process may have taken the same number in the same millisecond */
        int64_t bucket = ctx_number(cx);
        struct bytes sealed;
        TRY(keyring->shelf->make(cx, keyring, bucket, &sealed, &made));
        if (!made)
            continue;
        *out_bucket = bucket;
        if (out_sealed != NULL)
            *out_sealed = sealed;
    }
    return OK;
}

err keyring_bucket_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket)
{
    err done = keyring->shelf->destroy(cx, keyring, bucket);
    if (done == OK || done == NOT_FOUND)
        key_cache_drop(keyring, bucket);
    return done;
}

err keyring_bucket_stands(struct ctx *cx, int64_t bucket, struct bytes sealed, bool *out)
{
    return cx->keyring->shelf->stands(cx, cx->keyring, bucket, sealed, out);
}

void keyring_note_lost(struct keyring *keyring, int64_t buckets)
{
    atomic_store(&keyring->lost, buckets);
}

int64_t keyring_lost(const struct keyring *keyring)
{
    return atomic_load(&keyring->lost);
}

void keyring_drop_destroyed(struct ctx *cx, struct keyring *keyring)
{
    keyring->shelf->drop_destroyed(cx, keyring);
}

/* ---- keys of people */

static struct seal_place person_place(int64_t bucket, int64_t person_id)
{
    return (struct seal_place){.person_id = person_id, .kind = SEAL_PERSON_KEY, .item = bucket, .version = KEY_VERSION};
}

static err wrap(struct ctx *cx, struct keyring *keyring, const struct key_place *place, const struct secret_key *key,
                struct bytes *out)
{
    struct secret_key bucket;
    struct sealed_bucket of = {place->bucket, place->sealed};
    struct seal_place sealed_at = person_place(place->bucket, place->person_id);
    TRY(bucket_key(cx, keyring, &of, &bucket));
    err done = seal(cx, &bucket, &sealed_at, (struct bytes){key->at, sizeof key->at}, out);
    secret_wipe(&bucket, sizeof bucket);
    return done;
}

err keyring_person_key_make(struct ctx *cx, struct keyring *keyring, const struct key_place *place,
                            struct bytes *out_wrapped, struct secret_key *out_key)
{
    struct secret_key key;
    random_fill(cx->randomness, key.at, sizeof key.at);
    err done = wrap(cx, keyring, place, &key, out_wrapped);
    if (done == OK)
        *out_key = key;
    secret_wipe(&key, sizeof key);
    return done;
}

err keyring_person_key_open(struct ctx *cx, struct keyring *keyring, const struct key_place *place,
                            struct bytes wrapped, struct secret_key *out_key)
{
    struct secret_key bucket;
    struct bytes plain;
    struct sealed_bucket of = {place->bucket, place->sealed};
    struct seal_place sealed_at = person_place(place->bucket, place->person_id);
    TRY(bucket_key(cx, keyring, &of, &bucket));
    err opened = seal_open(cx, &bucket, &sealed_at, wrapped, &plain);
    secret_wipe(&bucket, sizeof bucket);
    TRY(opened);
    return take_key(cx, plain, out_key);
}

err keyring_person_key_rewrap(struct ctx *cx, struct keyring *keyring, const struct key_move *move,
                              struct bytes wrapped, struct bytes *out_wrapped)
{
    struct secret_key key;
    struct key_place from = {.bucket = move->from_bucket, .person_id = move->person_id, .sealed = move->from_sealed};
    struct key_place to = {.bucket = move->to_bucket, .person_id = move->person_id, .sealed = move->to_sealed};
    TRY(keyring_person_key_open(cx, keyring, &from, wrapped, &key));
    err done = wrap(cx, keyring, &to, &key, out_wrapped);
    secret_wipe(&key, sizeof key);
    return done;
}
