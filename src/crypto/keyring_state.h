/* SPDX-License-Identifier: Apache-2.0
 * What a keyring is, between keyring.c (its life, and what is asked of the holder), key_bucket.c (buckets and the keys
 * of people) and key_shelf.c (the two places of bucket keys). Inside crypto/ only. Only the cache changes after
 * opening; one mutex guards it, held for a copy of 32 bytes, and another one the socket of the holder, held for a
 * question and its answer. */
#ifndef CRYPTO_KEYRING_STATE_H
#define CRYPTO_KEYRING_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/key_message.h"
#include "crypto/key_rows.h"
#include "crypto/key_shelf.h"
#include "crypto/keyring.h"

#define KEYRING_CACHE_BITS 12 /* 4,096 buckets are four million people */
#define KEYRING_CACHE_SLOTS (1u << KEYRING_CACHE_BITS)

struct cached_key {
    int64_t           bucket; /* 0: empty */
    struct secret_key key;
};

/* In memory that libsodium locks, guards and keeps out of core dumps. */
struct keyring_secrets {
    struct key_greeting greeting;
    struct cached_key   cache[KEYRING_CACHE_SLOTS];
};

struct keyring {
    struct key_holder      *holder;  /* in this process; else NULL */
    int                     socket;  /* to that of another; else -1 */
    int                     buckets; /* their folder: shows which files stand, opens none */
    const struct key_shelf *shelf;   /* where bucket keys lie */
    struct key_rows         rows;    /* of KEY_SHELF_ROWS */
    int64_t                 lacks;
    bool                    locked;
    _Atomic int64_t         asked_at_ns; /* what waits for its answer since then; 0: nothing does */
    _Atomic int64_t         lost; /* buckets */
    struct keyring_secrets *secrets;
    struct id_sealer       *ids;
    pthread_mutex_t         asking; /* guards socket */
    pthread_mutex_t         mutex;  /* guards secrets->cache */
};

/* A question to the holder, and its answer. Fails as keyring.h says. */
void keyring_ask_for(struct key_question *question, key_act act, int64_t number);
err keyring_ask(struct ctx *cx, struct keyring *keyring, struct key_question *question,
                struct key_answer *out) MUST_CHECK;
/* The same for what is asked and answered by a number. */
err keyring_ask_number(struct ctx *cx, struct keyring *keyring, key_act act, int64_t *number) MUST_CHECK;
/* INTERNAL key.question: the one does not fit, the other is not what was asked for. */
err keyring_add(struct ctx *cx, struct key_question *question, struct bytes more) MUST_CHECK;
err keyring_fail_answer(struct ctx *cx) MUST_CHECK;
/* A copy of what an answer holds, in the arena. */
err keyring_keep_answer(struct ctx *cx, const struct key_answer *answer, struct bytes *out) MUST_CHECK;

/* The cache of bucket keys. */
bool key_cache_find(struct keyring *keyring, int64_t bucket, struct secret_key *out) MUST_CHECK;
void key_cache_drop(struct keyring *keyring, int64_t bucket);
/* The bucket in a place of the cache; 0: none. `key_cache_place` is where a bucket would be. */
int64_t key_cache_at(struct keyring *keyring, size_t place);
size_t key_cache_place(int64_t bucket);

#endif
