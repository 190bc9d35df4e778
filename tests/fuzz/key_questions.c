/* SPDX-License-Identifier: Apache-2.0
 * What a server that was taken over could ask the holder of the keys: datagrams of any octets, and questions with true
 * sealed keys in them, changed or meant for another. Whatever is asked, no secret leaves that is not asked for by name,
 * a sealed key serves its owner alone, and every failure comes out as it went in. The files of the holder lie in memory
 * and a signature is a play (the linker puts both in the place of the true ones). */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/jose.h"
#include "crypto/key_folder.h"
#include "crypto/key_holder.h"
#include "crypto/key_mark.h"
#include "crypto/key_message.h"
#include "fuzz/fuzz.h"

#define FILES_MAX 6
#define QUESTIONS_MAX 4
#define DATA_BYTES_MAX 512 /* of one question: no rule needs more but that of the size */
#define X_MEMBER "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y_MEMBER "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define D_MEMBER "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define PRIVATE_JWK \
    "{\"crv\":\"P-256\",\"d\":\"" D_MEMBER "\",\"kty\":\"EC\",\"x\":\"" X_MEMBER "\",\"y\":\"" Y_MEMBER "\"}"

/* ---- files in memory; the root is the first, and stays */

struct kept_file {
    char         name[KEY_BUCKET_NAME_SIZE];
    struct bytes content;
    uint8_t      at[KEY_FILE_BYTES_MAX];
};

struct shelf {
    struct kept_file files[FILES_MAX];
    size_t           count;
};

static struct shelf *the_shelf(void)
{
    static struct shelf shelf;
    return &shelf;
}

static struct kept_file *find_file(const char *name)
{
    struct shelf *shelf = the_shelf();
    for (size_t i = 0; i < shelf->count; i++)
        if (strcmp(shelf->files[i].name, name) == 0)
            return &shelf->files[i];
    return NULL;
}

err __wrap_key_file_read(struct ctx *cx, int folder, const char *name, struct key_file *out);
err __wrap_key_file_make(struct ctx *cx, int folder, const char *name, struct bytes content, bool *out_made);
err __wrap_key_file_destroy(struct ctx *cx, int folder, const char *name, bool *out_was_there);
err __wrap_key_folder_has(struct ctx *cx, int folder, const char *ending, bool *out);
err __wrap_jose_key_make(struct ctx *cx, struct text *out_private_jwk);
bool __wrap_es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                       uint8_t out_signature[ES256_SIGNATURE_BYTES]);

err __wrap_key_file_read(struct ctx *cx, int folder, const char *name, struct key_file *out)
{
    (void)cx, (void)folder; /* memory does not fail, and there is one folder */
    const struct kept_file *file = find_file(name);
    *out = (struct key_file){.present = file != NULL};
    if (file == NULL)
        return OK;
    out->size = file->content.size;
    memcpy(out->at, file->at, sizeof out->at);
    return OK;
}

err __wrap_key_file_make(struct ctx *cx, int folder, const char *name, struct bytes content, bool *out_made)
{
    (void)folder;
    struct shelf *shelf = the_shelf();
    assert(content.size <= KEY_FILE_BYTES_MAX && strlen(name) < KEY_BUCKET_NAME_SIZE);
    assert(strchr(name, '/') == NULL && name[0] != '.');
    *out_made = find_file(name) == NULL;
    if (!*out_made)
        return OK;
    if (shelf->count == FILES_MAX)
        return FAIL(cx, INTERNAL, "key.disk", "no room for more files");
    struct kept_file *file = &shelf->files[shelf->count++];
    (void)snprintf(file->name, sizeof file->name, "%s", name); /* fits */
    memcpy(file->at, content.at, content.size);
    file->content = (struct bytes){file->at, content.size};
    return OK;
}

err __wrap_key_file_destroy(struct ctx *cx, int folder, const char *name, bool *out_was_there)
{
    (void)cx, (void)folder;
    struct shelf *shelf = the_shelf();
    struct kept_file *file = find_file(name);
    *out_was_there = file != NULL;
    assert(file != shelf->files); /* the root */
    if (file != NULL) {
        *file = shelf->files[--shelf->count];
        file->content.at = file->at;
    }
    return OK;
}

err __wrap_key_folder_has(struct ctx *cx, int folder, const char *ending, bool *out)
{
    (void)cx, (void)folder;
    assert(strcmp(ending, ".key") == 0);
    *out = the_shelf()->count > 1;
    return OK;
}

err __wrap_jose_key_make(struct ctx *cx, struct text *out_private_jwk)
{
    (void)cx;
    *out_private_jwk = TEXT(PRIVATE_JWK);
    return OK;
}

bool __wrap_es256_sign(const struct es256_key *key, const uint8_t hash[HASH_BYTES],
                       uint8_t out_signature[ES256_SIGNATURE_BYTES])
{
    memcpy(out_signature, hash, HASH_BYTES);
    memcpy(out_signature + HASH_BYTES, key->x, HASH_BYTES);
    return true;
}

/* ---- the holder */

struct sealed_key {
    uint8_t at[KEY_DATA_BYTES];
    size_t  size;
};

/* What never leaves the holder, besides the root. */
static const node_key KEPT_KEYS[] = {KEYRING_BUCKETS, KEYRING_SIGNING, KEYRING_LOG};
#define SECRETS (sizeof KEPT_KEYS / sizeof *KEPT_KEYS)

#define KINDS SIGNING_KEY_OF_NODE /* the last one */

/* Made once: an opened holder does not change, but for its files. */
struct bench {
    struct key_holder *holder;
    struct seeded      seeded;
    struct randomness  randomness;
    int                sockets[2];
    struct secret_key  root;
    struct secret_key  secrets[SECRETS];
    struct sealed_key  sealed[KINDS]; /* by kind - 1: of organisation 1, of relationship 2; bare; of the node's key 4 */
};

static void require(bool done)
{
    if (!done)
        abort(); /* no place for a key folder: nothing can be tried */
}

static void make_sealed(struct bench *bench, struct ctx *cx, signing_kind kind)
{
    struct key_question question = {.act = KEY_ACT_SIGNING_MAKE, .number = (int64_t)kind, .kind = (int64_t)kind};
    struct key_answer answer;
    struct sealed_key *sealed = &bench->sealed[kind - 1];
    require(key_holder_answer(cx, bench->holder, &question, &answer) == OK);
    sealed->size = (size_t)answer.number;
    memcpy(sealed->at, answer.data, sealed->size);
}

/* The folder is for the mark alone, and gone as soon as it is open: a mark is read and never written. */
static struct bench *open_bench(void)
{
    static struct bench bench = {.seeded = {1}};
    char folder[] = "/tmp/symbolon-fuzz-XXXXXX";
    bench.randomness = randomness_seeded(&bench.seeded);
    struct ctx cx = {.arena = arena_open(1 << 18), .randomness = &bench.randomness};
    require(mkdtemp(folder) != NULL && key_holder_open(&cx, folder, true, &bench.holder) == OK);
    require(rmdir(text_format(cx.arena, "%s/buckets", folder).at) == 0 && rmdir(folder) == 0);
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bench.sockets) == 0);
    memcpy(bench.root.at, the_shelf()->files->at, sizeof bench.root.at);
    for (size_t i = 0; i < SECRETS; i++)
        key_derive(&bench.root, KEPT_KEYS[i], &bench.secrets[i]);
    make_sealed(&bench, &cx, SIGNING_KEY_OF_ORGANISATION);
    make_sealed(&bench, &cx, SIGNING_KEY_OF_RELATIONSHIP);
    make_sealed(&bench, &cx, SIGNING_KEY_OF_NODE);
    bench.sealed[SIGNING_KEY_BARE - 1].size = sizeof PRIVATE_JWK - 1;
    memcpy(bench.sealed[SIGNING_KEY_BARE - 1].at, PRIVATE_JWK, sizeof PRIVATE_JWK - 1);
    arena_close(cx.arena);
    return &bench;
}

/* ---- one question */

struct asked {
    struct key_question question;
    size_t              whose;   /* kind of the sealed key that stands in it; 0: none */
    bool                genuine; /* that key and what belongs to it, and nothing else */
    int64_t             shown;   /* the bucket whose sealed key is all that stands in it; 0: none */
};

static void add_octets(struct asked *asked, struct bytes octets)
{
    bool fits = key_question_add(&asked->question, octets);
    assert(fits);
}

static void choose_data(const struct bench *bench, struct choices *choices, struct asked *asked)
{
    static const uint8_t HASH[HASH_BYTES] = {0x41};
    bool has_hash = choose_whether(choices);
    asked->whose = choose(choices, KINDS + 1);
    asked->genuine = asked->whose > 0 && has_hash == (asked->question.act == KEY_ACT_SIGN);
    if (has_hash)
        add_octets(asked, (struct bytes){HASH, sizeof HASH});
    size_t before = asked->question.size;
    if (asked->whose > 0)
        add_octets(asked, (struct bytes){bench->sealed[asked->whose - 1].at, bench->sealed[asked->whose - 1].size});
    if (asked->whose > 0 && choose_whether(choices)) {
        size_t at = before + choose(choices, 256) % (asked->question.size - before);
        asked->question.data[at] ^= (uint8_t)(1u << choose(choices, 8));
        asked->genuine = false;
    }
    struct text more = choose_text(choices, DATA_BYTES_MAX);
    asked->genuine = asked->genuine && more.size == 0;
    add_octets(asked, bytes_of_text(more));
}

/* The sealed key of a bucket, as another place than the folder would have it. */
static void choose_shown(struct choices *choices, struct asked *asked)
{
    char name[KEY_BUCKET_NAME_SIZE];
    int64_t bucket = (int64_t)choose(choices, 5);
    key_bucket_name(bucket, name);
    const struct kept_file *file = find_file(name);
    if (bucket == 0 || file == NULL)
        return;
    asked->question.size = 0;
    add_octets(asked, file->content);
    asked->shown = bucket;
}

/* All acts but the last, which empties a folder of the disk. */
static void choose_question(const struct bench *bench, struct choices *choices, struct asked *out)
{
    out->question.act = (int32_t)choose(choices, KEY_ACT_BUCKET_KEEP + 1);
    out->question.size = 0;
    out->question.kind = (int64_t)choose(choices, KINDS + 2);
    out->question.number = choose(choices, 4) > 0 ? (int64_t)choose(choices, 5) : choose_number(choices);
    choose_data(bench, choices, out);
    out->shown = 0;
    if ((out->question.act == KEY_ACT_BUCKET_OPEN || out->question.act == KEY_ACT_BUCKET_KEEP) &&
        choose_whether(choices))
        choose_shown(choices, out);
}

/* Through the socket: as it is, or as a datagram whose size is not what it says. */
static bool comes_through(const struct bench *bench, struct choices *choices, const struct asked *asked,
                          struct key_question *out)
{
    struct key_question sent = asked->question;
    size_t size = KEY_QUESTION_HEAD_BYTES + sent.size;
    size_t lie = choose(choices, 16);
    if (lie == 15)
        size = 1 + choose(choices, 256) % size;
    else if (lie == 14)
        sent.size += (uint32_t)choose(choices, 256) << choose(choices, 25);
    bool whole = size == KEY_QUESTION_HEAD_BYTES + (size_t)sent.size;
    require(send(bench->sockets[0], &sent, size, MSG_NOSIGNAL) == (ssize_t)size);
    bool got = key_question_receive(bench->sockets[1], out);
    assert(got == whole);
    return got;
}

/* ---- what must be so of every answer */

static void check_secrets(const struct bench *bench, const struct key_answer *answer)
{
    assert(answer->size <= KEY_DATA_BYTES);
    assert(memmem(answer->data, answer->size, bench->root.at, SECRET_KEY_BYTES) == NULL);
    assert(memmem(answer->data, answer->size, D_MEMBER, sizeof D_MEMBER - 1) == NULL);
    for (size_t i = 0; i < SECRETS; i++)
        assert(memmem(answer->data, answer->size, bench->secrets[i].at, SECRET_KEY_BYTES) == NULL);
}

/* The failure that the other side is told; one that the table does not name is told as the table's last. */
static void check_told(const struct bench *bench, const struct failure *failure, struct key_answer *answer)
{
    static const char *const REASONS[] = {
#define X(code, reason) reason,
#include "crypto/key_failure.def"
#undef X
    };
    struct ctx cx = {.arena = NULL};
    static struct key_answer told;
    bool named = false;
    for (size_t i = 0; i < sizeof REASONS / sizeof *REASONS; i++)
        named = named || strcmp(REASONS[i], failure->reason) == 0;
    key_answer_of_failure(failure, answer);
    require(key_answer_send(bench->sockets[1], answer) && key_answer_receive(bench->sockets[0], &told));
    err code = key_answer_failed(&cx, &told);
    assert(code != OK && (!named || (code == failure->code && strcmp(cx.failure.reason, failure->reason) == 0)));
    assert(named || strcmp(cx.failure.reason, "key.question") == 0);
    assert(strcmp(cx.failure.detail, failure->detail) == 0);
}

/* Whether the octets have a number as their second line, as a mark has. */
static bool is_mark(struct text text)
{
    const char *first = text.size == 0 ? NULL : memchr(text.at, '\n', text.size);
    const char *second = first == NULL ? NULL : memchr(first + 1, '\n', (size_t)(text.at + text.size - first - 1));
    int64_t number = 0;
    return second != NULL && text_to_int64((struct text){first + 1, (size_t)(second - first - 1)}, &number);
}

/* What the answer must be, told another way; -1 where both may be. */
static int must_answer(const struct asked *asked, bool had_file)
{
    const struct key_question *question = &asked->question;
    bool own = (size_t)question->kind == asked->whose &&
               (question->kind == SIGNING_KEY_BARE || (size_t)question->number == asked->whose);
    bool is_shown = asked->shown != 0 && asked->shown == question->number;
    switch (question->act) {
    case KEY_ACT_GREET:
    case KEY_ACT_HAS_BUCKETS:
    case KEY_ACT_LOG_SIGN:
    case KEY_ACT_MARK_LOAD:
    case KEY_ACT_GENERATIONS_LOAD:
        return true;
    case KEY_ACT_BUCKET_SEAL:
        return true;
    case KEY_ACT_BUCKET_OPEN:
        return question->size == 0 ? had_file : is_shown;
    case KEY_ACT_BUCKET_DESTROY:
    case KEY_ACT_BUCKET_SHOW:
        return had_file;
    case KEY_ACT_BUCKET_MAKE:
        return -1; /* the shelf may be full */
    case KEY_ACT_BUCKET_KEEP:
        return is_shown && !had_file ? -1 : is_shown; /* and here */
    case KEY_ACT_SIGNING_MAKE:
        return question->kind >= 1 && question->kind <= KINDS && question->kind != SIGNING_KEY_BARE;
    case KEY_ACT_SIGNING_PUBLIC:
    case KEY_ACT_SIGN:
        if (question->kind == SIGNING_KEY_BARE && !(asked->genuine && own))
            return -1; /* any key that somebody has of his own */
        return asked->genuine && own;
    case KEY_ACT_MARK_KEEP: /* what is no mark is not written, and there is no folder for one */
        return !is_mark(text_of_bytes((struct bytes){question->data, question->size}));
    default:
        return false;
    }
}

static void check_size(const struct key_question *question, const struct key_answer *answer)
{
    if (question->act == KEY_ACT_LOG_SIGN || question->act == KEY_ACT_SIGN)
        assert(answer->size == SIGN_SIGNATURE_BYTES);
    if (question->act == KEY_ACT_BUCKET_OPEN)
        assert(answer->size == SECRET_KEY_BYTES);
    if (question->act == KEY_ACT_BUCKET_SEAL || question->act == KEY_ACT_BUCKET_SHOW)
        assert(answer->size == KEYRING_WRAPPED_BYTES);
    if (question->act == KEY_ACT_HAS_BUCKETS)
        assert(answer->number == (the_shelf()->count > 1));
}

static void ask(const struct bench *bench, struct ctx *cx, struct choices *choices)
{
    static struct asked asked;
    static struct key_question question;
    static struct key_answer answer;
    char name[KEY_BUCKET_NAME_SIZE];
    choose_question(bench, choices, &asked);
    if (!comes_through(bench, choices, &asked, &question))
        return;
    assert(memcmp(&question, &asked.question, KEY_QUESTION_HEAD_BYTES + question.size) == 0);
    key_bucket_name(question.number, name);
    int wanted = must_answer(&asked, find_file(name) != NULL);
    err got = key_holder_answer(cx, bench->holder, &question, &answer);
    assert(wanted < 0 || (got == OK) == (wanted == 1));
    if (got == OK)
        check_size(&question, &answer);
    else
        check_told(bench, &cx->failure, &answer);
    check_secrets(bench, &answer);
    failure_clear(&cx->failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench *bench;
    if (bench == NULL)
        bench = open_bench();
    struct choices choices = {data, size};
    struct ctx cx = {.arena = fuzz_arena(1 << 20), .randomness = &bench->randomness};
    the_shelf()->count = 1;
    bench->seeded.state = 77; /* any but the one that the root was made from */
    for (size_t asked = 0; asked < QUESTIONS_MAX && choices.size > 0; asked++)
        ask(bench, &cx, &choices);
    return 0;
}
