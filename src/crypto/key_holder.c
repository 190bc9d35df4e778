/* SPDX-License-Identifier: Apache-2.0
 * The key holder. Its secrets live in one piece of memory that libsodium locks, guards and keeps out of core dumps;
 * what it hands out is in the answer and on its way there only. */
#include "crypto/key_holder.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/jose.h"
#include "crypto/key_folder.h"
#include "crypto/key_mark.h"
#include "crypto/key_message.h"
#include "crypto/key_pace.h"
#include "crypto/seal.h"

#define KEY_VERSION 1
#define LOCK_TRIES 40
#define LOCK_PAUSE_NS 50000000L
#define BUCKET_SEALED_BYTES (SECRET_KEY_BYTES + SEAL_OVERHEAD_BYTES)

static_assert(BUCKET_SEALED_BYTES <= KEY_FILE_BYTES_MAX, "a bucket file");
static_assert(SECRET_KEY_BYTES == crypto_kdf_KEYBYTES, "the root");
static_assert(sizeof(struct key_greeting) <= KEY_DATA_BYTES && KEY_MARK_BYTES_MAX <= KEY_DATA_BYTES, "an answer");
static_assert(2 * JOSE_PRIVATE_JWK_BYTES + SEAL_OVERHEAD_BYTES <= KEY_DATA_BYTES, "an answer with a fresh key");

struct holder_secrets {
    struct secret_key root;
    struct secret_key seals_buckets;
    struct secret_key seals_signing;
    struct sign_key   log;
};

struct key_holder {
    struct key_folder      folder;
    struct holder_secrets *secrets;
};

/* ---- the root and what is derived from it */

void key_derive(const struct secret_key *root, node_key which, struct secret_key *out)
{
    int derived = crypto_kdf_derive_from_key(out->at, sizeof out->at, (uint64_t)which, "symbolon", root->at);
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

static void derive_keys(struct holder_secrets *secrets)
{
    struct secret_key seed;
    key_derive(&secrets->root, KEYRING_BUCKETS, &secrets->seals_buckets);
    key_derive(&secrets->root, KEYRING_SIGNING, &secrets->seals_signing);
    key_derive(&secrets->root, KEYRING_LOG, &seed);
    sign_key_from_seed(&seed, &secrets->log);
    secret_wipe(&seed, sizeof seed);
}

err key_holder_open(struct ctx *cx, const char *folder, bool create, struct key_holder **out)
{
    struct key_holder *holder = calloc(1, sizeof *holder);
    if (holder == NULL)
        return FAIL(cx, INTERNAL, "key.memory", "no memory for the holder of the keys");
    holder->folder = (struct key_folder){-1, -1};
    holder->secrets = sodium_malloc(sizeof *holder->secrets); /* libraries.c has started libsodium before main() */
    err opened = holder->secrets == NULL ? FAIL(cx, INTERNAL, "key.memory", "no memory for secrets") : OK;
    if (opened == OK)
        opened = key_folder_open(cx, folder, create, &holder->folder);
    if (opened == OK)
        opened = read_root(cx, &holder->folder, create, &holder->secrets->root);
    if (opened != OK) {
        key_holder_close(holder);
        return opened;
    }
    derive_keys(holder->secrets);
    *out = holder;
    return OK;
}

void key_holder_close(struct key_holder *holder)
{
    if (holder == NULL)
        return;
    key_folder_close(&holder->folder);
    sodium_free(holder->secrets); /* wipes; takes NULL */
    free(holder);
}

static err fail_question(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "key.question", "the holder of the keys was asked something that it does not answer");
}

/* Everything that a holder tells has its bound, and every bound fits. */
static void put(struct key_answer *out, struct bytes more)
{
    bool added = key_answer_add(out, more);
    assert(added);
}

/* ---- greeting */

static const struct {
    node_key which;
    bool     handed;
} NODE_KEYS[] = {
#define X(name, number, handed, sentence) {KEYRING_##name, handed},
#include "crypto/node_key.def"
#undef X
};

static err greet(const struct key_holder *holder, struct key_answer *out)
{
    struct key_greeting greeting = {0};
    sign_public(&holder->secrets->log, greeting.log_public);
    for (size_t i = 0; i < sizeof NODE_KEYS / sizeof *NODE_KEYS; i++)
        if (NODE_KEYS[i].handed)
            key_derive(&holder->secrets->root, NODE_KEYS[i].which, &greeting.node_keys[NODE_KEYS[i].which]);
    put(out, (struct bytes){(const uint8_t *)&greeting, sizeof greeting});
    secret_wipe(&greeting, sizeof greeting);
    return OK;
}

/* ---- buckets */

static struct seal_place bucket_place(int64_t bucket)
{
    return (struct seal_place){.kind = SEAL_BUCKET_KEY, .item = bucket, .version = KEY_VERSION};
}

static err fail_destroyed(struct ctx *cx)
{
    return FAIL(cx, NOT_FOUND, "key.destroyed", "the key that opens this has been destroyed");
}

static bool is_zeroed(const struct key_file *file)
{
    return sodium_is_zero(file->at, file->size) == 1;
}

static err has_buckets(struct ctx *cx, const struct key_holder *holder, struct key_answer *out)
{
    bool found = false;
    TRY(key_folder_has(cx, holder->folder.buckets, ".key", &found));
    out->number = found;
    return OK;
}

/* As it was shown, or as it lies in its file. */
static err bucket_open(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                       struct key_answer *out)
{
    char name[KEY_BUCKET_NAME_SIZE];
    struct key_file file = {0};
    struct bytes sealed = {question->data, question->size};
    key_bucket_name(question->number, name);
    if (sealed.size == 0) {
        TRY(key_file_read(cx, holder->folder.buckets, name, &file));
        if (!file.present || is_zeroed(&file)) /* zeros: a destruction that a power cut stopped half way */
            return fail_destroyed(cx);
        sealed = (struct bytes){file.at, file.size};
    }
    struct seal_place place = bucket_place(question->number);
    struct bytes plain;
    TRY(seal_open(cx, &holder->secrets->seals_buckets, &place, sealed, &plain));
    put(out, plain);
    secret_wipe((void *)(uintptr_t)plain.at, plain.size);
    return OK;
}

static err fresh_bucket(struct ctx *cx, const struct key_holder *holder, int64_t bucket, struct bytes *out_sealed)
{
    struct secret_key key;
    struct seal_place place = bucket_place(bucket);
    random_fill(cx->randomness, key.at, sizeof key.at);
    err done = seal(cx, &holder->secrets->seals_buckets, &place, (struct bytes){key.at, sizeof key.at}, out_sealed);
    secret_wipe(&key, sizeof key);
    return done;
}

static err bucket_make(struct ctx *cx, const struct key_holder *holder, int64_t bucket, struct key_answer *out)
{
    char name[KEY_BUCKET_NAME_SIZE];
    struct bytes sealed;
    bool made = false;
    key_bucket_name(bucket, name);
    TRY(fresh_bucket(cx, holder, bucket, &sealed));
    TRY(key_file_make(cx, holder->folder.buckets, name, sealed, &made));
    out->number = made;
    return OK;
}

static err bucket_seal(struct ctx *cx, const struct key_holder *holder, int64_t bucket, struct key_answer *out)
{
    struct bytes sealed;
    TRY(fresh_bucket(cx, holder, bucket, &sealed));
    put(out, sealed);
    return OK;
}

static err bucket_destroy(struct ctx *cx, const struct key_holder *holder, int64_t bucket)
{
    char name[KEY_BUCKET_NAME_SIZE];
    bool was_there = false;
    key_bucket_name(bucket, name);
    TRY(key_file_destroy(cx, holder->folder.buckets, name, &was_there));
    return was_there ? OK : fail_destroyed(cx);
}

/* ---- buckets that move: their sealed keys leave the folder or come into it as they are; each must open here */

static err check_opens(struct ctx *cx, const struct key_holder *holder, int64_t bucket, struct bytes sealed)
{
    struct seal_place place = bucket_place(bucket);
    struct bytes plain;
    TRY(seal_open(cx, &holder->secrets->seals_buckets, &place, sealed, &plain));
    secret_wipe((void *)(uintptr_t)plain.at, plain.size);
    return OK;
}

static err bucket_show(struct ctx *cx, const struct key_holder *holder, int64_t bucket, struct key_answer *out)
{
    char name[KEY_BUCKET_NAME_SIZE];
    struct key_file file = {0};
    key_bucket_name(bucket, name);
    TRY(key_file_read(cx, holder->folder.buckets, name, &file));
    if (!file.present || is_zeroed(&file))
        return fail_destroyed(cx);
    TRY(check_opens(cx, holder, bucket, (struct bytes){file.at, file.size}));
    put(out, (struct bytes){file.at, file.size});
    return OK;
}

static err bucket_keep(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                       struct key_answer *out)
{
    char name[KEY_BUCKET_NAME_SIZE];
    struct bytes sealed = {question->data, question->size};
    bool made = false;
    key_bucket_name(question->number, name);
    TRY(check_opens(cx, holder, question->number, sealed));
    TRY(key_file_make(cx, holder->folder.buckets, name, sealed, &made));
    out->number = made;
    return OK;
}

err key_holder_lock(struct ctx *cx, const struct key_holder *holder)
{
    for (int tries = 0; tries < LOCK_TRIES; tries++) { /* one that was killed ends soon */
        if (flock(holder->folder.buckets, LOCK_EX | LOCK_NB) == 0)
            return OK;
        (void)nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL); /* a signal shortens it */
    }
    return FAIL(cx, UNAVAILABLE, "key.moving", "another program moves these keys just now");
}

/* ---- signatures */

static err log_sign(const struct key_holder *holder, struct bytes message, struct key_answer *out)
{
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    sign(&holder->secrets->log, message, signature);
    put(out, (struct bytes){signature, sizeof signature});
    return OK;
}

/* Keys of organisations and the node are stored as they leave here; that of a relationship is sealed once more, under
 * the key of the person, so that it goes with that person. */
static bool signing_place(const struct key_question *question, struct seal_place *out)
{
    int64_t kind = question->kind == SIGNING_KEY_OF_ORGANISATION   ? SEAL_SIGNING_KEY
                   : question->kind == SIGNING_KEY_OF_RELATIONSHIP ? SEAL_RELATIONSHIP_KEY
                   : question->kind == SIGNING_KEY_OF_NODE         ? SEAL_NODE_KEY
                                                                   : 0;
    *out = (struct seal_place){.kind = kind, .item = question->number};
    return kind != 0;
}

static err signing_open(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                        struct bytes sealed, struct text *out_private_jwk)
{
    struct seal_place place;
    struct bytes plain = sealed;
    if (signing_place(question, &place))
        TRY(seal_open(cx, &holder->secrets->seals_signing, &place, sealed, &plain));
    else if (question->kind != SIGNING_KEY_BARE)
        return fail_question(cx);
    *out_private_jwk = text_of_bytes(plain);
    return OK;
}

static err signing_make(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                        struct key_answer *out)
{
    struct seal_place place;
    struct text private_jwk = TEXT_NONE;
    struct text public_jwk = TEXT_NONE;
    struct bytes sealed;
    if (!signing_place(question, &place))
        return fail_question(cx);
    TRY(jose_key_make(cx, &private_jwk));
    TRY(jose_key_public(cx, private_jwk, &public_jwk));
    TRY(seal(cx, &holder->secrets->seals_signing, &place, bytes_of_text(private_jwk), &sealed));
    out->number = (int64_t)sealed.size;
    put(out, sealed);
    put(out, bytes_of_text(public_jwk));
    return OK;
}

static err signing_public(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                          struct key_answer *out)
{
    struct text private_jwk = TEXT_NONE;
    struct text public_jwk = TEXT_NONE;
    TRY(signing_open(cx, holder, question, (struct bytes){question->data, question->size}, &private_jwk));
    TRY(jose_key_public(cx, private_jwk, &public_jwk));
    put(out, bytes_of_text(public_jwk));
    return OK;
}

static err sign_hash(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                     struct key_answer *out)
{
    uint8_t signature[ES256_SIGNATURE_BYTES];
    struct text private_jwk = TEXT_NONE;
    if (question->size < HASH_BYTES)
        return fail_question(cx);
    struct bytes sealed = {question->data + HASH_BYTES, question->size - HASH_BYTES};
    TRY(signing_open(cx, holder, question, sealed, &private_jwk));
    TRY(jose_key_sign(cx, private_jwk, question->data, signature));
    put(out, (struct bytes){signature, sizeof signature});
    return OK;
}

/* ---- the mark */

static err mark_load(struct ctx *cx, const struct key_holder *holder, struct key_answer *out)
{
    struct text mark;
    TRY(key_mark_read(cx, holder->folder.root, &mark));
    put(out, bytes_of_text(mark));
    return OK;
}

static err generations_load(struct ctx *cx, const struct key_holder *holder, struct key_answer *out)
{
    struct keyring_generations generations;
    TRY(key_generations_read(cx, holder->folder.root, &generations));
    out->number = generations.kept;
    put(out, (struct bytes){(const uint8_t *)generations.of, sizeof generations.of});
    return OK;
}

static err generations_keep(struct ctx *cx, const struct key_holder *holder, struct bytes data)
{
    struct keyring_generations generations;
    if (data.size != sizeof generations.of)
        return fail_question(cx);
    memcpy(generations.of, data.at, sizeof generations.of);
    return key_generations_keep(cx, holder->folder.root, &generations);
}

/* ---- questions */

err key_holder_answer(struct ctx *cx, const struct key_holder *holder, const struct key_question *question,
                      struct key_answer *out)
{
    struct bytes data = {question->data, question->size};
    out->failure = 0;
    out->size = 0;
    out->number = 0;
    switch (question->act) {
    case KEY_ACT_GREET:
        return greet(holder, out);
    case KEY_ACT_HAS_BUCKETS:
        return has_buckets(cx, holder, out);
    case KEY_ACT_BUCKET_OPEN:
        return bucket_open(cx, holder, question, out);
    case KEY_ACT_BUCKET_MAKE:
        return bucket_make(cx, holder, question->number, out);
    case KEY_ACT_BUCKET_SEAL:
        return bucket_seal(cx, holder, question->number, out);
    case KEY_ACT_BUCKET_DESTROY:
        return bucket_destroy(cx, holder, question->number);
    case KEY_ACT_BUCKET_SHOW:
        return bucket_show(cx, holder, question->number, out);
    case KEY_ACT_BUCKET_KEEP:
        return bucket_keep(cx, holder, question, out);
    case KEY_ACT_BUCKETS_CLEAR:
        return key_folder_clear(cx, holder->folder.buckets, &out->number);
    case KEY_ACT_LOG_SIGN:
        return log_sign(holder, data, out);
    case KEY_ACT_SIGNING_MAKE:
        return signing_make(cx, holder, question, out);
    case KEY_ACT_SIGNING_PUBLIC:
        return signing_public(cx, holder, question, out);
    case KEY_ACT_SIGN:
        return sign_hash(cx, holder, question, out);
    case KEY_ACT_MARK_LOAD:
        return mark_load(cx, holder, out);
    case KEY_ACT_MARK_KEEP:
        return key_mark_keep(cx, holder->folder.root, text_of_bytes(data));
    case KEY_ACT_GENERATIONS_LOAD:
        return generations_load(cx, holder, out);
    case KEY_ACT_GENERATIONS_KEEP:
        return generations_keep(cx, holder, data);
    default:
        return fail_question(cx);
    }
}

static err answer_paced(struct ctx *cx, const struct key_service *service, struct key_pace *pace,
                        const struct key_question *question, struct key_answer *out)
{
    bool destroys = question->act == KEY_ACT_BUCKET_DESTROY;
    bool moves = question->act == KEY_ACT_BUCKET_SHOW || question->act == KEY_ACT_BUCKET_KEEP ||
                 question->act == KEY_ACT_BUCKETS_CLEAR;
    if (moves && !service->moves)
        return fail_question(cx);
    if (destroys && !key_pace_take(pace, cx->clock))
        return FAIL(cx, UNAVAILABLE, "key.destroy_rate", "too many keys were destroyed in a short time");
    TRY(key_holder_answer(cx, service->holder, question, out));
    if (destroys && service->destroyed != NULL)
        service->destroyed(service->self, question->number);
    return OK;
}

/* A holder that could not be opened has the failure of its opening in `cx` still. */
static void answer_one(struct ctx *cx, const struct key_service *service, struct key_pace *pace,
                       const struct key_question *question, struct key_answer *out)
{
    err result = service->holder == NULL ? cx->failure.code : answer_paced(cx, service, pace, question, out);
    if (result != OK)
        key_answer_of_failure(&cx->failure, out);
    else if (question->act == KEY_ACT_GREET)
        out->number = service->lacks;
}

void key_service_run(struct ctx *cx, const struct key_service *service, int socket)
{
    struct key_question question;
    struct key_answer answer = {0};
    struct key_pace pace;
    bool told = true;
    key_pace_begin(&pace, LIMIT_KEYS_DESTROYED, cx->clock);
    while (told && key_question_receive(socket, &question)) {
        answer_one(cx, service, &pace, &question, &answer);
        told = key_answer_send(socket, &answer) && service->holder != NULL;
        secret_wipe(&answer, KEY_ANSWER_HEAD_BYTES + answer.size);
        secret_wipe(&question, KEY_QUESTION_HEAD_BYTES + question.size);
        failure_clear(&cx->failure);
        arena_reset(cx->arena);
    }
}
