/* SPDX-License-Identifier: Apache-2.0
 * The keyring. Secrets live in one piece of memory that libsodium locks, guards and keeps out of core dumps. Only the
 * cache of bucket keys changes after opening; one mutex guards it, held for a copy of 32 bytes. */
#include "crypto/keyring.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/id_seal.h"
#include "crypto/key_folder.h"
#include "crypto/seal.h"

#define CACHE_BITS 12 /* 4,096 buckets are four million people */
#define CACHE_SLOTS (1u << CACHE_BITS)
#define KEY_VERSION 1
#define BUCKET_NAME_SIZE 32

static_assert(KEYRING_WRAPPED_BYTES == SECRET_KEY_BYTES + SEAL_OVERHEAD_BYTES, "a sealed key");
static_assert(KEYRING_WRAPPED_BYTES <= KEY_FILE_BYTES_MAX, "a bucket file");
static_assert(SECRET_KEY_BYTES == crypto_kdf_KEYBYTES, "the root");

struct cached {
    int64_t           bucket; /* 0: empty */
    struct secret_key key;
};

struct secrets {
    struct secret_key root;
    struct secret_key seals_buckets;
    struct sign_key   log;
    struct cached     cache[CACHE_SLOTS];
};

struct keyring {
    struct key_folder folder;
    struct secrets   *secrets;
    struct id_sealer *ids;
    pthread_mutex_t   mutex; /* guards secrets->cache */
};

/* ---- the root and what is derived from it */

void keyring_node_key(const struct keyring *keyring, node_key which, struct secret_key *out)
{
    int derived = crypto_kdf_derive_from_key(out->at, sizeof out->at, (uint64_t)which, "symbolon",
                                             keyring->secrets->root.at);
    assert(derived == 0);
}

static err make_root(struct ctx *cx, const struct key_folder *folder)
{
    bool orphans = false;
    TRY(key_folder_has(cx, folder->buckets, ".key", &orphans));
    if (orphans) /* a fresh root would open none of them, and hide that the old one is lost */
        return FAIL(cx, CORRUPT, "key.root", "the key folder holds buckets but no root key");
    struct secret_key root;
    bool made = false;
    random_fill(cx->randomness, root.at, sizeof root.at);
    err done = key_file_make(cx, folder->root, "root.key", (struct bytes){root.at, sizeof root.at}, &made);
    secret_wipe(&root, sizeof root);
    return done; /* when another process was first, its root counts */
}

err keyring_has_buckets(struct ctx *cx, struct keyring *keyring, bool *out)
{
    return key_folder_has(cx, keyring->folder.buckets, ".key", out);
}

static err read_root(struct ctx *cx, const struct key_folder *folder, bool create, struct secret_key *out)
{
    struct key_file file;
    TRY(key_file_read(cx, folder->root, "root.key", &file));
    if (!file.present && create) {
        TRY(make_root(cx, folder));
        TRY(key_file_read(cx, folder->root, "root.key", &file));
    }
    if (!file.present)
        return FAIL(cx, NOT_FOUND, "key.no_folder", "there is no root key in the key folder");
    bool whole = file.size == sizeof out->at;
    if (whole)
        memcpy(out->at, file.at, sizeof out->at);
    secret_wipe(&file, sizeof file);
    return whole ? OK : FAIL(cx, CORRUPT, "key.root", "the root key has a wrong size");
}

static err derive_keys(struct ctx *cx, struct keyring *keyring)
{
    struct secret_key key;
    keyring_node_key(keyring, KEYRING_BUCKETS, &keyring->secrets->seals_buckets);
    keyring_node_key(keyring, KEYRING_LOG, &key);
    sign_key_from_seed(&key, &keyring->secrets->log);
    keyring_node_key(keyring, KEYRING_IDS, &key);
    keyring->ids = id_sealer_open(&key);
    secret_wipe(&key, sizeof key);
    return keyring->ids != NULL ? OK : FAIL(cx, INTERNAL, "key.memory", "no memory for the ciphers of the keyring");
}

err keyring_open(struct ctx *cx, const char *folder, bool create, struct keyring **out)
{
    if (sodium_init() < 0) /* has run before main(); told again here because the memory below needs it */
        return FAIL(cx, INTERNAL, "key.library", "libsodium does not start");
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (keyring == NULL)
        return FAIL(cx, INTERNAL, "key.memory", "no memory for the keyring");
    keyring->folder = (struct key_folder){-1, -1};
    keyring->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    keyring->secrets = sodium_malloc(sizeof *keyring->secrets);
    err opened = OK;
    if (keyring->secrets == NULL)
        opened = FAIL(cx, INTERNAL, "key.memory", "no memory for secrets");
    else
        memset(keyring->secrets, 0, sizeof *keyring->secrets);
    if (opened == OK)
        opened = key_folder_open(cx, folder, create, &keyring->folder);
    if (opened == OK)
        opened = read_root(cx, &keyring->folder, create, &keyring->secrets->root);
    if (opened == OK)
        opened = derive_keys(cx, keyring);
    if (opened == OK)
        *out = keyring;
    else
        keyring_close(keyring);
    return opened;
}

void keyring_close(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    id_sealer_close(keyring->ids);
    key_folder_close(&keyring->folder);
    sodium_free(keyring->secrets); /* wipes; takes NULL */
    pthread_mutex_destroy(&keyring->mutex);
    free(keyring);
}

struct id_sealer *keyring_id_sealer(const struct keyring *keyring)
{
    return keyring->ids;
}

void keyring_log_sign(const struct keyring *keyring, struct bytes message, uint8_t out_signature[SIGN_SIGNATURE_BYTES])
{
    sign(&keyring->secrets->log, message, out_signature);
}

void keyring_log_public(const struct keyring *keyring, uint8_t out[SIGN_PUBLIC_BYTES])
{
    sign_public(&keyring->secrets->log, out);
}

/* ---- the cache of bucket keys */

static struct cached *cache_slot(struct keyring *keyring, int64_t bucket)
{
    uint64_t spread = (uint64_t)bucket * UINT64_C(0x9E3779B97F4A7C15);
    return &keyring->secrets->cache[spread >> (64 - CACHE_BITS)];
}

static bool cache_find(struct keyring *keyring, int64_t bucket, struct secret_key *out)
{
    pthread_mutex_lock(&keyring->mutex);
    struct cached *cached = cache_slot(keyring, bucket);
    bool found = cached->bucket == bucket;
    if (found)
        *out = cached->key;
    pthread_mutex_unlock(&keyring->mutex);
    return found;
}

static void cache_put(struct keyring *keyring, int64_t bucket, const struct secret_key *key)
{
    pthread_mutex_lock(&keyring->mutex);
    *cache_slot(keyring, bucket) = (struct cached){bucket, *key};
    pthread_mutex_unlock(&keyring->mutex);
}

static void cache_drop(struct keyring *keyring, int64_t bucket)
{
    pthread_mutex_lock(&keyring->mutex);
    struct cached *cached = cache_slot(keyring, bucket);
    if (cached->bucket == bucket)
        secret_wipe(cached, sizeof *cached);
    pthread_mutex_unlock(&keyring->mutex);
}

/* ---- buckets */

static struct seal_place bucket_place(int64_t bucket)
{
    return (struct seal_place){.kind = SEAL_BUCKET_KEY, .item = bucket, .version = KEY_VERSION};
}

static void bucket_name(int64_t bucket, char out[BUCKET_NAME_SIZE])
{
    (void)snprintf(out, BUCKET_NAME_SIZE, "%lld.key", (long long)bucket); /* fits: at most 24 characters */
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

static bool is_zeroed(const struct key_file *file)
{
    return sodium_is_zero(file->at, file->size) == 1;
}

static err bucket_read(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct secret_key *out)
{
    char name[BUCKET_NAME_SIZE];
    struct key_file file;
    bucket_name(bucket, name);
    TRY(key_file_read(cx, keyring->folder.buckets, name, &file));
    if (!file.present || is_zeroed(&file)) /* zeros: a destruction that a power cut stopped half way */
        return fail_destroyed(cx);
    struct seal_place place = bucket_place(bucket);
    struct bytes plain;
    TRY(seal_open(cx, &keyring->secrets->seals_buckets, &place, (struct bytes){file.at, file.size}, &plain));
    TRY(take_key(cx, plain, out));
    cache_put(keyring, bucket, out);
    return OK;
}

/* A cached key is believed only while its file stands, because another process may have destroyed it. That is asked
 * after the key entered the cache: a destruction removes the file first and the cached key second, so one of the two
 * sees the other. */
static err bucket_key(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct secret_key *out)
{
    char name[BUCKET_NAME_SIZE];
    struct secret_key key;
    if (bucket <= 0)
        return fail_destroyed(cx);
    if (!cache_find(keyring, bucket, &key))
        TRY(bucket_read(cx, keyring, bucket, &key));
    bucket_name(bucket, name);
    bool stands = false;
    err looked = key_file_stands(cx, keyring->folder.buckets, name, &stands);
    if (stands)
        *out = key;
    else if (looked == OK)
        cache_drop(keyring, bucket);
    secret_wipe(&key, sizeof key);
    TRY(looked);
    return stands ? OK : fail_destroyed(cx);
}

static err bucket_make(struct ctx *cx, struct keyring *keyring, int64_t bucket, bool *out_made)
{
    char name[BUCKET_NAME_SIZE];
    struct secret_key key;
    struct bytes sealed;
    struct seal_place place = bucket_place(bucket);
    bucket_name(bucket, name);
    random_fill(cx->randomness, key.at, sizeof key.at);
    err done = seal(cx, &keyring->secrets->seals_buckets, &place, (struct bytes){key.at, sizeof key.at}, &sealed);
    secret_wipe(&key, sizeof key);
    TRY(done);
    return key_file_make(cx, keyring->folder.buckets, name, sealed, out_made);
}

err keyring_bucket_create(struct ctx *cx, struct keyring *keyring, int64_t *out_bucket)
{
    for (bool made = false; !made;) { /* another process may have taken the same number in the same millisecond */
        int64_t bucket = ctx_number(cx);
        TRY(bucket_make(cx, keyring, bucket, &made));
        if (made)
            *out_bucket = bucket;
    }
    return OK;
}

err keyring_bucket_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket)
{
    char name[BUCKET_NAME_SIZE];
    bool was_there = false;
    bucket_name(bucket, name);
    TRY(key_file_destroy(cx, keyring->folder.buckets, name, &was_there));
    cache_drop(keyring, bucket);
    return was_there ? OK : fail_destroyed(cx);
}

void keyring_drop_destroyed(struct keyring *keyring)
{
    char name[BUCKET_NAME_SIZE];
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        pthread_mutex_lock(&keyring->mutex);
        int64_t bucket = keyring->secrets->cache[i].bucket;
        pthread_mutex_unlock(&keyring->mutex);
        if (bucket == 0)
            continue;
        struct ctx own = {.arena = NULL}; /* a look that fails is taken up by the next round */
        bool stands = true;
        bucket_name(bucket, name);
        if (key_file_stands(&own, keyring->folder.buckets, name, &stands) == OK && !stands)
            cache_drop(keyring, bucket);
    }
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
    struct seal_place sealed_at = person_place(place->bucket, place->person_id);
    TRY(bucket_key(cx, keyring, place->bucket, &bucket));
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
    struct seal_place sealed_at = person_place(place->bucket, place->person_id);
    TRY(bucket_key(cx, keyring, place->bucket, &bucket));
    err opened = seal_open(cx, &bucket, &sealed_at, wrapped, &plain);
    secret_wipe(&bucket, sizeof bucket);
    TRY(opened);
    return take_key(cx, plain, out_key);
}

err keyring_person_key_rewrap(struct ctx *cx, struct keyring *keyring, const struct key_move *move,
                              struct bytes wrapped, struct bytes *out_wrapped)
{
    struct secret_key key;
    struct key_place from = {move->from_bucket, move->person_id};
    struct key_place to = {move->to_bucket, move->person_id};
    TRY(keyring_person_key_open(cx, keyring, &from, wrapped, &key));
    err done = wrap(cx, keyring, &to, &key, out_wrapped);
    secret_wipe(&key, sizeof key);
    return done;
}
