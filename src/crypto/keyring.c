/* SPDX-License-Identifier: Apache-2.0
 * The keyring: its life, and what it asks of the holder. Secrets live in one piece of memory that libsodium locks,
 * guards and keeps out of core dumps. What it does with buckets stands in key_bucket.c. */
#include "crypto/keyring_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
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

static_assert(KEYRING_MESSAGE_BYTES <= KEY_DATA_BYTES, "a message to sign");

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

err keyring_ask(struct ctx *cx, struct keyring *keyring, struct key_question *question, struct key_answer *out)
{
    if (keyring->holder != NULL)
        return key_holder_answer(cx, keyring->holder, question, out);
    if (cx->is_in_haste)
        return FAIL(cx, UNAVAILABLE, KEYRING_WAIT, "this wants an answer of the process that holds the keys");
    return exchange(cx, keyring, question, out) ? key_answer_failed(cx, out) : fail_gone(cx);
}

void keyring_ask_for(struct key_question *question, key_act act, int64_t number)
{
    question->act = (int32_t)act;
    question->size = 0;
    question->number = number;
    question->kind = 0;
}

err keyring_ask_number(struct ctx *cx, struct keyring *keyring, key_act act, int64_t *number)
{
    struct key_question question;
    struct key_answer answer;
    keyring_ask_for(&question, act, *number);
    TRY(keyring_ask(cx, keyring, &question, &answer));
    *number = answer.number;
    return OK;
}

err keyring_fail_answer(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "key.question", "the holder of the keys answered something else than was asked");
}

err keyring_add(struct ctx *cx, struct key_question *question, struct bytes more)
{
    return key_question_add(question, more)
               ? OK
               : FAIL(cx, INTERNAL, "key.question", "a question to the holder of the keys is too long");
}

err keyring_keep_answer(struct ctx *cx, const struct key_answer *answer, struct bytes *out)
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
    keyring->shelf = &KEY_SHELF_FILES;
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
    keyring_ask_for(&question, KEY_ACT_GREET, 0);
    TRY(keyring_ask(cx, keyring, &question, &answer));
    bool whole = answer.size == sizeof *greeting;
    if (whole)
        memcpy(greeting, answer.data, sizeof *greeting);
    keyring->lacks = answer.number;
    secret_wipe(&answer, sizeof answer);
    if (!whole)
        return keyring_fail_answer(cx);
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
    keyring_ask_for(&question, KEY_ACT_LOG_SIGN, 0);
    TRY(keyring_add(cx, &question, message));
    TRY(keyring_ask(cx, keyring, &question, &answer));
    if (answer.size != SIGN_SIGNATURE_BYTES)
        return keyring_fail_answer(cx);
    memcpy(out_signature, answer.data, SIGN_SIGNATURE_BYTES);
    return OK;
}

/* ---- signing keys */

static err ask_signing(struct ctx *cx, const struct signing_key *key, key_act act, struct bytes hash,
                       struct key_answer *out)
{
    struct key_question question;
    keyring_ask_for(&question, act, key->owner);
    question.kind = (int64_t)key->kind;
    TRY(keyring_add(cx, &question, hash));
    if (!key_question_add(&question, key->sealed))
        return FAIL(cx, CORRUPT, "seal.broken", "a sealed key has a wrong size");
    err result = keyring_ask(cx, cx->keyring, &question, out);
    secret_wipe(question.data, question.size); /* one of the kinds is bare */
    return result;
}

err keyring_signing_key_make(struct ctx *cx, struct signing_key *io)
{
    struct key_answer answer;
    struct bytes all;
    struct signing_key wanted = {.kind = io->kind, .owner = io->owner};
    TRY(ask_signing(cx, &wanted, KEY_ACT_SIGNING_MAKE, (struct bytes){NULL, 0}, &answer));
    TRY(keyring_keep_answer(cx, &answer, &all));
    if (answer.number < 0 || (uint64_t)answer.number > all.size)
        return keyring_fail_answer(cx);
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
    TRY(keyring_keep_answer(cx, &answer, &jwk));
    *out_public_jwk = text_of_bytes(jwk);
    return OK;
}

err keyring_sign(struct ctx *cx, const struct signing_key *key, const uint8_t hash[HASH_BYTES],
                 uint8_t out_signature[ES256_SIGNATURE_BYTES])
{
    struct key_answer answer;
    TRY(ask_signing(cx, key, KEY_ACT_SIGN, (struct bytes){hash, HASH_BYTES}, &answer));
    if (answer.size != ES256_SIGNATURE_BYTES)
        return keyring_fail_answer(cx);
    memcpy(out_signature, answer.data, ES256_SIGNATURE_BYTES);
    return OK;
}

/* ---- the marks */

err keyring_mark_load(struct ctx *cx, struct keyring *keyring, struct text *out)
{
    struct key_question question;
    struct key_answer answer;
    struct bytes mark;
    keyring_ask_for(&question, KEY_ACT_MARK_LOAD, 0);
    TRY(keyring_ask(cx, keyring, &question, &answer));
    TRY(keyring_keep_answer(cx, &answer, &mark));
    *out = text_of_bytes(mark);
    return OK;
}

err keyring_mark_keep(struct ctx *cx, struct keyring *keyring, struct text mark)
{
    struct key_question question;
    struct key_answer answer;
    keyring_ask_for(&question, KEY_ACT_MARK_KEEP, 0);
    TRY(keyring_add(cx, &question, bytes_of_text(mark)));
    return keyring_ask(cx, keyring, &question, &answer);
}

err keyring_generations_load(struct ctx *cx, struct keyring *keyring, struct keyring_generations *out)
{
    struct key_question question;
    struct key_answer answer;
    keyring_ask_for(&question, KEY_ACT_GENERATIONS_LOAD, 0);
    TRY(keyring_ask(cx, keyring, &question, &answer));
    if (answer.size != sizeof out->of)
        return keyring_fail_answer(cx);
    out->kept = answer.number == 1;
    memcpy(out->of, answer.data, sizeof out->of);
    return OK;
}

err keyring_generations_keep(struct ctx *cx, struct keyring *keyring, const struct keyring_generations *generations)
{
    struct key_question question;
    struct key_answer answer;
    keyring_ask_for(&question, KEY_ACT_GENERATIONS_KEEP, 0);
    TRY(keyring_add(cx, &question, (struct bytes){(const uint8_t *)generations->of, sizeof generations->of}));
    return keyring_ask(cx, keyring, &question, &answer);
}
