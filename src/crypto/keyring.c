/* SPDX-License-Identifier: Apache-2.0
 * The keyring. Secrets live in one piece of memory that libsodium locks, guards and keeps out of core dumps. Only the
 * cache of bucket keys changes after opening; one mutex guards it, held for a copy of 32 bytes, and another one the
 * socket of the holder, held for a question and its answer. */
#include "crypto/keyring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/id_seal.h"
#include "crypto/key_folder.h"
#include "crypto/key_holder.h"
#include "crypto/key_message.h"
#include "crypto/seal.h"

#define CACHE_BITS 12 /* 4,096 buckets are four million people */
#define CACHE_SLOTS (1u << CACHE_BITS)
#define KEY_VERSION 1

static_assert(KEYRING_WRAPPED_BYTES == SECRET_KEY_BYTES + SEAL_OVERHEAD_BYTES, "a sealed key");
static_assert(KEYRING_MESSAGE_BYTES <= KEY_DATA_BYTES, "a message to sign");

struct cached {
    int64_t           bucket; /* 0: empty */
    struct secret_key key;
};

struct secrets {
    struct key_greeting greeting;
    struct cached       cache[CACHE_SLOTS];
};

struct keyring {
    struct key_holder *holder;  /* in this process; else NULL */
    int                socket;  /* to that of another; else -1 */
    int                buckets; /* their folder: shows which files stand, opens none */
    int64_t            lacks;
    bool               locked;
    _Atomic int64_t    asked_at_ns; /* what waits for its answer since then; 0: nothing does */
    struct secrets    *secrets;
    struct id_sealer  *ids;
    pthread_mutex_t    asking; /* guards socket */
    pthread_mutex_t    mutex;  /* guards secrets->cache */
};

/* ---- asking */

/* The socket gives up after its time, which also ends what others wait for. */
static bool exchange(const struct ctx *cx, struct keyring *keyring, struct key_question *question,
                     struct key_answer *out)
{
    pthread_mutex_lock(&keyring->asking);
    atomic_store(&keyring->asked_at_ns, clock_monotonic_ns(cx->clock));
    bool answered = key_question_send(keyring->socket, question) && key_answer_receive(keyring->socket, out);
    if (!answered) /* what would come now could be the answer to somebody else */
        (void)shutdown(keyring->socket, SHUT_RDWR);
    else
        atomic_store(&keyring->asked_at_ns, 0);
    pthread_mutex_unlock(&keyring->asking);
    return answered;
}

static err fail_gone(struct ctx *cx)
{
    return FAIL(cx, UNAVAILABLE, "key.holder_gone", "the process that holds the keys has ended or does not answer; the "
                "node wants a new start");
}

static err ask(struct ctx *cx, struct keyring *keyring, struct key_question *question, struct key_answer *out)
{
    if (keyring->holder != NULL)
        return key_holder_answer(cx, keyring->holder, question, out);
    if (cx->is_in_haste)
        return FAIL(cx, UNAVAILABLE, KEYRING_WAIT, "this wants an answer of the process that holds the keys");
    return exchange(cx, keyring, question, out) ? key_answer_failed(cx, out) : fail_gone(cx);
}

static void ask_for(struct key_question *question, key_act act, int64_t number)
{
    question->act = (int32_t)act;
    question->size = 0;
    question->number = number;
    question->kind = 0;
}

/* For questions that are answered by a word. */
static err ask_number(struct ctx *cx, struct keyring *keyring, key_act act, int64_t *number)
{
    struct key_question question;
    struct key_answer answer;
    ask_for(&question, act, *number);
    TRY(ask(cx, keyring, &question, &answer));
    *number = answer.number;
    return OK;
}

static err fail_answer(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "key.question", "the holder of the keys answered something else than was asked");
}

static err add(struct ctx *cx, struct key_question *question, struct bytes more)
{
    return key_question_add(question, more)
               ? OK
               : FAIL(cx, INTERNAL, "key.question", "a question to the holder of the keys is too long");
}

/* A copy of what an answer holds. */
static err keep(struct ctx *cx, const struct key_answer *answer, struct bytes *out)
{
    uint8_t *copy = arena_take(cx->arena, answer->size, 1);
    if (copy == NULL)
        return FAIL_MEMORY(cx);
    memcpy(copy, answer->data, answer->size);
    *out = (struct bytes){copy, answer->size};
    return OK;
}

/* ---- life */

static struct keyring *keyring_new(void)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (keyring == NULL)
        return NULL;
    keyring->socket = -1;
    keyring->buckets = -1;
    keyring->asking = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    keyring->mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    return keyring;
}

static err fail_memory(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "key.memory", "no memory for the keyring");
}

static err make_secrets(struct ctx *cx, struct keyring *keyring)
{
    keyring->secrets = sodium_malloc(sizeof *keyring->secrets);
    if (keyring->secrets == NULL)
        return fail_memory(cx);
    memset(keyring->secrets, 0, sizeof *keyring->secrets);
    keyring->locked = sodium_mlock(keyring->secrets, sizeof *keyring->secrets) == 0; /* it is; told again to hear it */
    return OK;
}

static err greet(struct ctx *cx, struct keyring *keyring)
{
    struct key_question question;
    struct key_answer answer;
    struct key_greeting *greeting = &keyring->secrets->greeting;
    ask_for(&question, KEY_ACT_GREET, 0);
    TRY(ask(cx, keyring, &question, &answer));
    bool whole = answer.size == sizeof *greeting;
    if (whole)
        memcpy(greeting, answer.data, sizeof *greeting);
    keyring->lacks = answer.number;
    secret_wipe(&answer, sizeof answer);
    if (!whole)
        return fail_answer(cx);
    keyring->ids = id_sealer_open(&greeting->node_keys[KEYRING_IDS]);
    return keyring->ids != NULL ? OK : FAIL(cx, INTERNAL, "key.memory", "no memory for the ciphers of the keyring");
}

/* Such a descriptor finds names and opens nothing, so it is of use also where the folder is out of reach. */
static err look_at_buckets(struct ctx *cx, struct keyring *keyring, const char *folder)
{
    int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    keyring->buckets = root < 0 ? -1 : openat(root, KEY_BUCKETS_NAME, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0)
        close(root);
    return keyring->buckets >= 0
               ? OK
               : FAIL(cx, INTERNAL, "key.disk", "looking at the key folder failed (errno %d)", errno);
}

/* From the greeting on: before it the holder opens its folder, on whatever disk that lies. */
static err bound_answers(struct ctx *cx, const struct keyring *keyring)
{
    const struct timeval longest = {.tv_sec = LIMIT_KEYS_MS / 1000, .tv_usec = LIMIT_KEYS_MS % 1000 * 1000};
    bool bounded = keyring->socket < 0 ||
                   (setsockopt(keyring->socket, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) == 0 &&
                    setsockopt(keyring->socket, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest) == 0);
    return bounded ? OK : FAIL(cx, INTERNAL, "key.process", "answers of the key holder cannot be timed (%d)", errno);
}

/* Takes the keyring. */
static err settle(struct ctx *cx, struct keyring *keyring, const char *folder, struct keyring **out)
{
    err settled = make_secrets(cx, keyring);
    if (settled == OK)
        settled = greet(cx, keyring);
    if (settled == OK)
        settled = bound_answers(cx, keyring);
    if (settled == OK)
        settled = look_at_buckets(cx, keyring, folder);
    if (settled == OK)
        *out = keyring;
    else
        keyring_close(keyring);
    return settled;
}

err keyring_open(struct ctx *cx, const char *folder, bool create, struct keyring **out)
{
    struct keyring *keyring = keyring_new();
    if (keyring == NULL)
        return fail_memory(cx);
    err opened = key_holder_open(cx, folder, create, &keyring->holder);
    if (opened == OK)
        return settle(cx, keyring, folder, out);
    keyring_close(keyring);
    return opened;
}

err keyring_connect(struct ctx *cx, int socket, const char *folder, struct keyring **out)
{
    struct keyring *keyring = keyring_new();
    if (keyring == NULL) {
        close(socket);
        return fail_memory(cx);
    }
    keyring->socket = socket;
    return settle(cx, keyring, folder, out);
}

void keyring_close(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    id_sealer_close(keyring->ids);
    key_holder_close(keyring->holder);
    if (keyring->socket >= 0)
        close(keyring->socket);
    if (keyring->buckets >= 0)
        close(keyring->buckets);
    sodium_free(keyring->secrets); /* wipes; takes NULL */
    pthread_mutex_destroy(&keyring->asking);
    pthread_mutex_destroy(&keyring->mutex);
    free(keyring);
}

bool keyring_is_held(const struct keyring *keyring)
{
    struct pollfd watched = {.fd = keyring->socket}; /* a hang-up is always heard, also where nothing is wanted */
    return keyring->holder != NULL || poll(&watched, 1, 0) < 1;
}

bool keyring_is_silent(const struct keyring *keyring, const struct clock *clock)
{
    int64_t asked_at_ns = atomic_load(&keyring->asked_at_ns);
    return asked_at_ns != 0 &&
           clock_monotonic_ns(clock) - asked_at_ns > (int64_t)LIMIT_KEYS_SILENT_MS * 1000000;
}

int64_t keyring_holder_lacks(const struct keyring *keyring)
{
    return keyring->lacks;
}

bool keyring_is_locked(const struct keyring *keyring)
{
    return keyring->locked;
}

struct id_sealer *keyring_id_sealer(const struct keyring *keyring)
{
    return keyring->ids;
}

/* ---- keys of the node */

void keyring_node_key(const struct keyring *keyring, node_key which, struct secret_key *out)
{
    static const struct secret_key NONE;
    const struct secret_key *key = &keyring->secrets->greeting.node_keys[which];
    assert(!secret_equals(key->at, NONE.at, sizeof NONE.at)); /* this one stays with the holder */
    *out = *key;
}

void keyring_log_public(const struct keyring *keyring, uint8_t out[SIGN_PUBLIC_BYTES])
{
    memcpy(out, keyring->secrets->greeting.log_public, SIGN_PUBLIC_BYTES);
}

err keyring_log_sign(struct ctx *cx, struct keyring *keyring, struct bytes message,
                     uint8_t out_signature[SIGN_SIGNATURE_BYTES])
{
    struct key_question question;
    struct key_answer answer;
    ask_for(&question, KEY_ACT_LOG_SIGN, 0);
    TRY(add(cx, &question, message));
    TRY(ask(cx, keyring, &question, &answer));
    if (answer.size != SIGN_SIGNATURE_BYTES)
        return fail_answer(cx);
    memcpy(out_signature, answer.data, SIGN_SIGNATURE_BYTES);
    return OK;
}

/* ---- signing keys */

static err ask_signing(struct ctx *cx, const struct signing_key *key, key_act act, struct bytes hash,
                       struct key_answer *out)
{
    struct key_question question;
    ask_for(&question, act, key->owner);
    question.kind = (int64_t)key->kind;
    TRY(add(cx, &question, hash));
    if (!key_question_add(&question, key->sealed))
        return FAIL(cx, CORRUPT, "seal.broken", "a sealed key has a wrong size");
    err result = ask(cx, cx->keyring, &question, out);
    secret_wipe(question.data, question.size); /* one of the kinds is bare */
    return result;
}

err keyring_signing_key_make(struct ctx *cx, struct signing_key *io)
{
    struct key_answer answer;
    struct bytes all;
    struct signing_key wanted = {.kind = io->kind, .owner = io->owner};
    TRY(ask_signing(cx, &wanted, KEY_ACT_SIGNING_MAKE, (struct bytes){NULL, 0}, &answer));
    TRY(keep(cx, &answer, &all));
    if (answer.number < 0 || (uint64_t)answer.number > all.size)
        return fail_answer(cx);
    size_t sealed = (size_t)answer.number;
    io->sealed = (struct bytes){all.at, sealed};
    io->public_jwk = text_of_bytes((struct bytes){all.at + sealed, all.size - sealed});
    return OK;
}

err keyring_signing_key_public(struct ctx *cx, const struct signing_key *key, struct text *out_public_jwk)
{
    struct key_answer answer;
    struct bytes jwk;
    TRY(ask_signing(cx, key, KEY_ACT_SIGNING_PUBLIC, (struct bytes){NULL, 0}, &answer));
    TRY(keep(cx, &answer, &jwk));
    *out_public_jwk = text_of_bytes(jwk);
    return OK;
}

err keyring_sign(struct ctx *cx, const struct signing_key *key, const uint8_t hash[HASH_BYTES],
                 uint8_t out_signature[ES256_SIGNATURE_BYTES])
{
    struct key_answer answer;
    TRY(ask_signing(cx, key, KEY_ACT_SIGN, (struct bytes){hash, HASH_BYTES}, &answer));
    if (answer.size != ES256_SIGNATURE_BYTES)
        return fail_answer(cx);
    memcpy(out_signature, answer.data, ES256_SIGNATURE_BYTES);
    return OK;
}

/* ---- the marks */

err keyring_mark_load(struct ctx *cx, struct keyring *keyring, struct text *out)
{
    struct key_question question;
    struct key_answer answer;
    struct bytes mark;
    ask_for(&question, KEY_ACT_MARK_LOAD, 0);
    TRY(ask(cx, keyring, &question, &answer));
    TRY(keep(cx, &answer, &mark));
    *out = text_of_bytes(mark);
    return OK;
}

err keyring_mark_keep(struct ctx *cx, struct keyring *keyring, struct text mark)
{
    struct key_question question;
    struct key_answer answer;
    ask_for(&question, KEY_ACT_MARK_KEEP, 0);
    TRY(add(cx, &question, bytes_of_text(mark)));
    return ask(cx, keyring, &question, &answer);
}

err keyring_generations_load(struct ctx *cx, struct keyring *keyring, struct keyring_generations *out)
{
    struct key_question question;
    struct key_answer answer;
    ask_for(&question, KEY_ACT_GENERATIONS_LOAD, 0);
    TRY(ask(cx, keyring, &question, &answer));
    if (answer.size != sizeof out->of)
        return fail_answer(cx);
    out->kept = answer.number == 1;
    memcpy(out->of, answer.data, sizeof out->of);
    return OK;
}

err keyring_generations_keep(struct ctx *cx, struct keyring *keyring, const struct keyring_generations *generations)
{
    struct key_question question;
    struct key_answer answer;
    ask_for(&question, KEY_ACT_GENERATIONS_KEEP, 0);
    TRY(add(cx, &question, (struct bytes){(const uint8_t *)generations->of, sizeof generations->of}));
    return ask(cx, keyring, &question, &answer);
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
    struct cached *cached = cache_slot(keyring, bucket);
    cached->bucket = bucket; /* each member by itself: a whole one would first be made on the stack, and stay there */
    cached->key = *key;
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

err keyring_has_buckets(struct ctx *cx, struct keyring *keyring, bool *out)
{
    int64_t found = 0;
    TRY(ask_number(cx, keyring, KEY_ACT_HAS_BUCKETS, &found));
    *out = found != 0;
    return OK;
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

static err bucket_fetch(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct secret_key *out)
{
    struct key_question question;
    struct key_answer answer;
    answer.size = 0;
    ask_for(&question, KEY_ACT_BUCKET_OPEN, bucket);
    TRY(ask(cx, keyring, &question, &answer));
    TRY(take_key(cx, (struct bytes){answer.data, answer.size}, out));
    cache_put(keyring, bucket, out);
    return OK;
}

/* A cached key is believed only while its file stands, because another process may have destroyed it. That is asked
 * after the key entered the cache: a destruction removes the file first and the cached key second, so one of the two
 * sees the other. */
static err bucket_key(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct secret_key *out)
{
    char name[KEY_BUCKET_NAME_SIZE];
    struct secret_key key;
    if (bucket <= 0)
        return fail_destroyed(cx);
    if (!cache_find(keyring, bucket, &key))
        TRY(bucket_fetch(cx, keyring, bucket, &key));
    key_bucket_name(bucket, name);
    bool stands = false;
    err looked = key_file_stands(cx, keyring->buckets, name, &stands);
    if (stands)
        *out = key;
    else if (looked == OK)
        cache_drop(keyring, bucket);
    secret_wipe(&key, sizeof key);
    TRY(looked);
    return stands ? OK : fail_destroyed(cx);
}

err keyring_bucket_create(struct ctx *cx, struct keyring *keyring, int64_t *out_bucket)
{
    for (int64_t made = 0; made == 0;) { /* another process may have taken the same number in the same millisecond */
        int64_t bucket = ctx_number(cx);
        made = bucket;
        TRY(ask_number(cx, keyring, KEY_ACT_BUCKET_MAKE, &made));
        if (made != 0)
            *out_bucket = bucket;
    }
    return OK;
}

err keyring_bucket_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket)
{
    err done = ask_number(cx, keyring, KEY_ACT_BUCKET_DESTROY, &(int64_t){bucket});
    if (done == OK || done == NOT_FOUND)
        cache_drop(keyring, bucket);
    return done;
}

void keyring_drop_destroyed(struct keyring *keyring)
{
    char name[KEY_BUCKET_NAME_SIZE];
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        pthread_mutex_lock(&keyring->mutex);
        int64_t bucket = keyring->secrets->cache[i].bucket;
        pthread_mutex_unlock(&keyring->mutex);
        if (bucket == 0)
            continue;
        struct ctx own = {.arena = NULL}; /* a look that fails is taken up by the next round */
        bool stands = true;
        key_bucket_name(bucket, name);
        if (key_file_stands(&own, keyring->buckets, name, &stands) == OK && !stands)
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
