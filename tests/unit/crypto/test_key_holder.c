/* SPDX-License-Identifier: Apache-2.0
 * The holder of the keys and a keyring with a socket between them, as in the program, but on two threads. */
#include "crypto/key_holder.h"

#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "crypto/jose.h"
#include "crypto/key_carry.h"
#include "crypto/key_message.h"
#include "unit/crypto/holder_behind.h"
#include "unit/crypto/key_files.h"

/* ---- what goes through */

static void keys_of_people_go_through_the_socket(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct key_place moved = {.bucket = some_bucket(cx), .person_id = 42};
    struct key_move move = {.from_bucket = place.bucket, .to_bucket = moved.bucket, .person_id = 42};
    struct secret_key made, opened;
    struct bytes wrapped, again;
    bool found = false;
    assert_int_equal(keyring_has_buckets(cx, cx->keyring, &found), OK);
    assert_true(found);
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), OK);
    assert_int_equal(keyring_person_key_rewrap(cx, cx->keyring, &move, wrapped, &again), OK);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, place.bucket), OK);
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, place.bucket), NOT_FOUND, "key.destroyed");
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &opened), NOT_FOUND, "key.destroyed");
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &moved, again, &opened), OK);
    assert_memory_equal(made.at, opened.at, sizeof made.at);
    assert_true(keyring_is_held(cx->keyring));
    assert_int_equal(keyring_holder_lacks(cx->keyring), 6);
    disconnect(&fixture, &behind);
}

static void signatures_go_through_the_socket(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct signing_key keys[2] = {{.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 7},
                                  {.kind = SIGNING_KEY_OF_RELATIONSHIP, .owner = 7}};
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct text public_jwks[2], jws;
    struct bytes payload;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(keyring_signing_key_make(cx, &keys[i]), OK);
        assert_int_equal(keyring_signing_key_public(cx, &keys[i], &public_jwks[i]), OK);
        assert_true(text_equals(public_jwks[i], keys[i].public_jwk));
    }
    assert_int_equal(jws_sign_two(cx, bytes_of_text(TEXT("{}")), TEXT("receipt"), keys, &jws), OK);
    assert_int_equal(jws_verify(cx, jws, public_jwks, 2, &payload), OK);
    keyring_log_public(cx->keyring, public_key);
    assert_int_equal(keyring_log_sign(cx, cx->keyring, bytes_of_text(TEXT("head")), signature), OK);
    assert_true(sign_verify(public_key, bytes_of_text(TEXT("head")), signature));
    disconnect(&fixture, &behind);
}

static void a_sealed_key_signs_for_its_owner_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct signing_key key = {.kind = SIGNING_KEY_OF_RELATIONSHIP, .owner = 7};
    uint8_t hash[HASH_BYTES] = {0};
    uint8_t signature[ES256_SIGNATURE_BYTES];
    struct text jwk;
    assert_int_equal(keyring_signing_key_make(cx, &key), OK);
    assert_int_equal(keyring_sign(cx, &key, hash, signature), OK);
    struct signing_key others[] = {key, key, key};
    others[0].owner = 8;
    others[1].kind = SIGNING_KEY_OF_ORGANISATION;
    others[2].sealed.size--;
    for (size_t i = 0; i < 3; i++) {
        assert_failed(cx, keyring_sign(cx, &others[i], hash, signature), CORRUPT, "seal.broken");
        assert_failed(cx, keyring_signing_key_public(cx, &others[i], &jwk), CORRUPT, "seal.broken");
    }
    static const uint8_t LONG[KEY_DATA_BYTES] = {0};
    others[0].sealed = (struct bytes){LONG, sizeof LONG};
    assert_failed(cx, keyring_sign(cx, &others[0], hash, signature), CORRUPT, "seal.broken");
    fixture_close(&fixture);
}

static void a_private_key_never_comes_out(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct key_holder *holder = NULL;
    struct secret_key root, key;
    struct key_answer answer;
    struct key_greeting greeting;
    struct bytes file = read_file(cx, fixture.keys, "root.key");
    memcpy(root.at, file.at, sizeof root.at);
    assert_int_equal(key_holder_open(cx, fixture.keys, false, &holder), OK);
    struct key_question question = {.act = KEY_ACT_GREET};
    assert_int_equal(key_holder_answer(cx, holder, &question, &answer), OK);
    memcpy(&greeting, answer.data, sizeof greeting);
    static const node_key KEPT[] = {KEYRING_BUCKETS, KEYRING_LOG, KEYRING_SIGNING};
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
        key_derive(&root, KEPT[i], &key);
        assert_memory_not_equal(greeting.node_keys[KEPT[i]].at, key.at, sizeof key.at);
    }
    key_derive(&root, KEYRING_IDS, &key);
    assert_memory_equal(greeting.node_keys[KEYRING_IDS].at, key.at, sizeof key.at);
    question = (struct key_question){.act = KEY_ACT_SIGNING_MAKE, .kind = SIGNING_KEY_OF_ORGANISATION, .number = 7};
    assert_int_equal(key_holder_answer(cx, holder, &question, &answer), OK);
    assert_null(memmem(answer.data, answer.size, "\"d\":", 4));
    assert_non_null(memmem(answer.data, answer.size, "\"x\":", 4)); /* the public half is there to be found */
    key_holder_close(holder);
    fixture_close(&fixture);
}

/* ---- the mark */

static struct text mark_of(struct ctx *cx, const char *number)
{
    return text_format(cx->arena, "node.example/log\n%s\nroot\n", number);
}

static void the_mark_never_goes_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    static const struct {
        const char *kept;
        const char *then;
    } STEPS[] = {{"5", "5"}, {"4", "5"}, {"5", "5"}, {"60", "60"}, {"7", "60"}};
    struct text mark;
    assert_int_equal(keyring_mark_load(cx, cx->keyring, &mark), OK);
    assert_int_equal(mark.size, 0);
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        assert_int_equal(keyring_mark_keep(cx, cx->keyring, mark_of(cx, STEPS[i].kept)), OK);
        assert_int_equal(keyring_mark_load(cx, cx->keyring, &mark), OK);
        assert_true(text_equals(mark, mark_of(cx, STEPS[i].then)));
    }
    write_file(fixture.keys, "log.checkpoint", bytes_of_text(TEXT("nonsense")), 0600); /* gives way to any */
    assert_int_equal(keyring_mark_keep(cx, cx->keyring, mark_of(cx, "1")), OK);
    assert_int_equal(keyring_mark_load(cx, cx->keyring, &mark), OK);
    assert_true(text_equals(mark, mark_of(cx, "1")));
    disconnect(&fixture, &behind);
}

/* Such a text gives way to any that has a number. */
static void a_mark_without_a_number_counts_for_nothing(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", "one line", "a line\n", "a line\n5", "a line\nfive\n", "a line\n\n"};
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct text mark;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        write_file(fixture.keys, "log.checkpoint", bytes_of_text(text_of(TEXTS[i])), 0600);
        assert_int_equal(keyring_mark_keep(cx, cx->keyring, mark_of(cx, "0")), OK);
        assert_int_equal(keyring_mark_load(cx, cx->keyring, &mark), OK);
        assert_true(text_equals(mark, mark_of(cx, "0")));
    }
    fixture_close(&fixture);
}

static void a_mark_that_cannot_be_read_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char path[128];
    struct text mark;
    (void)snprintf(path, sizeof path, "%s/log.checkpoint", fixture.keys);
    assert_int_equal(symlink("/dev/null", path), 0); /* no link is followed */
    assert_failed(cx, keyring_mark_load(cx, cx->keyring, &mark), INTERNAL, "key.disk");
    assert_failed(cx, keyring_mark_keep(cx, cx->keyring, mark_of(cx, "1")), INTERNAL, "key.disk");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_failed(cx, keyring_mark_load(cx, cx->keyring, &mark), INTERNAL, "key.disk");
    fixture_close(&fixture);
}

static void a_mark_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char path[128];
    struct text mark;
    (void)snprintf(path, sizeof path, "%s/log.checkpoint.new", fixture.keys);
    assert_int_equal(mkdir(path, 0700), 0); /* in the way */
    assert_failed(cx, keyring_mark_keep(cx, cx->keyring, mark_of(cx, "1")), INTERNAL, "key.disk");
    assert_int_equal(keyring_mark_load(cx, cx->keyring, &mark), OK);
    assert_int_equal(mark.size, 0);
    fixture_close(&fixture);
}

/* ---- when it goes wrong */

static void a_folder_that_cannot_be_opened_is_told_through_the_socket(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = fixture_open(&fixture);
    assert_int_equal(mkdir(fixture.keys, 0700), 0);
    assert_int_equal(chmod(fixture.keys, 0755), 0); /* whatever the mask */
    int socket = behind_begin(&behind, &fixture);
    err connected = keyring_connect(cx, socket, fixture.keys, &cx->keyring);
    assert_non_null(strstr(cx->failure.detail, "chmod"));
    assert_failed(cx, connected, FORBIDDEN, "key.exposed");
    assert_null(cx->keyring);
    behind_end(&behind); /* it has ended by itself */
    fixture_close(&fixture);
}

/* What needs the holder fails, what is kept goes on. */
static void a_holder_that_is_gone_is_noticed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct signing_key key = {.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 7};
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct secret_key made, opened;
    struct bytes wrapped;
    struct text mark;
    int64_t bucket = 0;
    bool found = false;
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), OK);
    assert_int_equal(shutdown(behind.socket, SHUT_RDWR), 0);
    own_stack_wait(&behind.stack);
    assert_false(keyring_is_held(cx->keyring));
    assert_failed(cx, keyring_has_buckets(cx, cx->keyring, &found), UNAVAILABLE, "key.holder_gone");
    assert_failed(cx, keyring_bucket_create(cx, cx->keyring, &bucket, NULL), UNAVAILABLE, "key.holder_gone");
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, place.bucket), UNAVAILABLE, "key.holder_gone");
    assert_failed(cx, keyring_signing_key_make(cx, &key), UNAVAILABLE, "key.holder_gone");
    assert_failed(cx, keyring_mark_load(cx, cx->keyring, &mark), UNAVAILABLE, "key.holder_gone");
    assert_failed(cx, keyring_log_sign(cx, cx->keyring, bytes_of_text(TEXT("x")), signature), UNAVAILABLE,
                  "key.holder_gone");
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &place, wrapped, &opened), OK);
    keyring_close(cx->keyring);
    cx->keyring = NULL;
    key_holder_close(behind.service.holder);
    arena_close(behind.cx.arena);
    fixture_close(&fixture);
}

/* No time passes but what it is given. */
static void keys_are_destroyed_at_a_pace_and_each_is_told(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct set_clock stands = {.wall_ms = 1790000000000, .monotonic_ns = 1};
    struct ctx *cx = fixture_open(&fixture);
    fixture.clock = clock_set(&stands);
    int socket = behind_begin(&behind, &fixture);
    assert_int_equal(keyring_connect(cx, socket, fixture.keys, &cx->keyring), OK);
    for (int64_t i = 0; i < LIMIT_KEYS_DESTROYED; i++)
        assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, some_bucket(cx)), OK);
    int64_t bucket = some_bucket(cx);
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, bucket), UNAVAILABLE, "key.destroy_rate");
    stands.monotonic_ns += (int64_t)LIMIT_KEYS_DESTROYED_EVERY_MS * 1000000;
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, bucket), OK);
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, some_bucket(cx)), UNAVAILABLE, "key.destroy_rate");
    disconnect(&fixture, &behind);
    assert_int_equal(behind.told, LIMIT_KEYS_DESTROYED + 1);
}

static void the_holder_of_a_server_neither_shows_nor_clears_its_buckets(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    int64_t bucket = some_bucket(cx);
    struct bytes sealed;
    assert_failed(cx, keyring_bucket_show(cx, bucket, &sealed), INTERNAL, "key.question");
    assert_failed(cx, keyring_buckets_clear(cx), INTERNAL, "key.question");
    behind.service.moves = true;
    assert_int_equal(keyring_bucket_show(cx, bucket, &sealed), OK);
    assert_failed(cx, keyring_bucket_keep(cx, bucket, sealed), CONFLICT, "store.not_empty");
    assert_failed(cx, keyring_bucket_keep(cx, bucket + 1, sealed), CORRUPT, "seal.broken");
    assert_int_equal(keyring_buckets_clear(cx), OK);
    assert_failed(cx, keyring_bucket_show(cx, bucket, &sealed), NOT_FOUND, "key.destroyed");
    assert_int_equal(keyring_bucket_keep(cx, bucket, sealed), OK);
    disconnect(&fixture, &behind);
}

/* Who serves others asks nobody; what is kept is given all the same. */
static void who_is_in_haste_does_not_ask(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct secret_key made, opened;
    struct bytes wrapped;
    bool found = false;
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), OK);
    cx->is_in_haste = true;
    assert_failed(cx, keyring_has_buckets(cx, cx->keyring, &found), UNAVAILABLE, KEYRING_WAIT);
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &place, wrapped, &opened), OK);
    cx->is_in_haste = false;
    assert_int_equal(keyring_has_buckets(cx, cx->keyring, &found), OK);
    assert_false(keyring_is_silent(cx->keyring, cx->clock));
    disconnect(&fixture, &behind);
}

static void a_question_that_nobody_asks_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct key_holder *holder = NULL;
    struct key_answer answer;
    assert_int_equal(key_holder_open(cx, fixture.keys, false, &holder), OK);
    const struct key_question refused[] = {
        {.act = 0},
        {.act = KEY_ACT_BUCKETS_CLEAR + 1},
        {.act = KEY_ACT_GENERATIONS_KEEP, .size = 8},
        {.act = KEY_ACT_SIGN, .kind = SIGNING_KEY_BARE, .size = HASH_BYTES - 1},
        {.act = KEY_ACT_SIGN, .kind = 0, .size = HASH_BYTES},
        {.act = KEY_ACT_SIGNING_MAKE, .kind = SIGNING_KEY_BARE},
        {.act = KEY_ACT_SIGNING_PUBLIC, .kind = 99},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_failed(cx, key_holder_answer(cx, holder, &refused[i], &answer), INTERNAL, "key.question");
    key_holder_close(holder);
    fixture_close(&fixture);
}

/* What comes of a datagram of `size` octets. */
static bool is_believed(struct ctx *cx, const struct key_answer *answer, size_t size)
{
    static uint8_t datagram[2 * sizeof *answer];
    struct key_answer heard;
    int ends[2];
    memcpy(datagram, answer, sizeof *answer);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(send(ends[1], datagram, size, MSG_NOSIGNAL), (ssize_t)size);
    bool believed = key_answer_receive(ends[0], &heard) && key_answer_failed(cx, &heard) == OK;
    close(ends[0]);
    close(ends[1]);
    failure_clear(&cx->failure);
    return believed;
}

static void messages_whose_sizes_disagree_are_not_believed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct key_answer answer = {.size = 8};
    assert_true(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES + 8));
    assert_false(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES + 7));
    assert_false(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES + 9));
    assert_false(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES - 1));
    answer.size = KEY_DATA_BYTES;
    assert_true(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES + KEY_DATA_BYTES));
    answer.size = KEY_DATA_BYTES + 8;
    assert_false(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES + KEY_DATA_BYTES + 8));
    answer = (struct key_answer){.failure = 9999};
    assert_false(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES));
    answer.failure = -1;
    assert_false(is_believed(cx, &answer, KEY_ANSWER_HEAD_BYTES));
    fixture_close(&fixture);
}

/* ---- a holder that lies */

struct liar {
    pthread_t         thread;
    int               socket;
    size_t            greeting_size;
    struct key_answer lie; /* to whatever comes behind the greeting */
};

static void *lie(void *arg)
{
    struct liar *liar = arg;
    struct key_question question;
    struct key_answer answer = {.size = (uint32_t)liar->greeting_size};
    for (size_t i = 0; i < sizeof(struct key_greeting); i++)
        answer.data[i] = (uint8_t)(i + 1);
    while (key_question_receive(liar->socket, &question))
        if (!key_answer_send(liar->socket, question.act == KEY_ACT_GREET ? &answer : &liar->lie))
            break;
    close(liar->socket);
    return NULL;
}

static err connect_to_liar(struct ctx *cx, const char *folder, struct liar *liar)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    liar->socket = ends[1];
    assert_int_equal(pthread_create(&liar->thread, NULL, lie, liar), 0);
    return keyring_connect(cx, ends[0], folder, &cx->keyring);
}

/* Each answer is whole, and not one to what was asked. */
static void answers_of_a_wrong_size_are_failures(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture); /* makes the folder */
    struct liar liar = {.greeting_size = sizeof(struct key_greeting), .lie = {.size = 3, .number = 4}};
    struct signing_key key = {.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 7};
    struct key_place place = {.bucket = 1, .person_id = 42};
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct secret_key made;
    struct bytes wrapped;
    keyring_close(cx->keyring);
    assert_int_equal(connect_to_liar(cx, fixture.keys, &liar), OK);
    struct bytes message = bytes_of_text(TEXT("x"));
    assert_failed(cx, keyring_log_sign(cx, cx->keyring, message, signature), INTERNAL, "key.question");
    assert_failed(cx, keyring_sign(cx, &key, signature, signature), INTERNAL, "key.question");
    assert_failed(cx, keyring_signing_key_make(cx, &key), INTERNAL, "key.question");
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), CORRUPT, "seal.broken");
    keyring_close(cx->keyring);
    pthread_join(liar.thread, NULL);
    liar.lie.number = -1;
    assert_int_equal(connect_to_liar(cx, fixture.keys, &liar), OK);
    assert_failed(cx, keyring_signing_key_make(cx, &key), INTERNAL, "key.question");
    keyring_close(cx->keyring);
    cx->keyring = NULL;
    pthread_join(liar.thread, NULL);
    fixture_close(&fixture);
}

static void a_keyring_without_greeting_or_folder_does_not_open(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct liar liar = {.greeting_size = sizeof(struct key_greeting) - 1};
    assert_failed(cx, connect_to_liar(cx, fixture.folder, &liar), INTERNAL, "key.question");
    pthread_join(liar.thread, NULL);
    liar.greeting_size++;
    assert_failed(cx, connect_to_liar(cx, fixture.folder, &liar), INTERNAL, "key.disk"); /* no buckets in it */
    pthread_join(liar.thread, NULL);
    assert_failed(cx, connect_to_liar(cx, fixture.keys, &liar), INTERNAL, "key.disk"); /* nothing there */
    pthread_join(liar.thread, NULL);
    assert_null(cx->keyring);
    fixture_close(&fixture);
}

/* ---- bounds */

static void what_is_too_long_or_has_no_room_is_a_failure(void **state)
{
    (void)state;
    static const char LONG[KEY_DATA_BYTES + 1] = {'x'};
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct signing_key key = {.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 7};
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    struct text long_text = {LONG, sizeof LONG};
    struct text mark;
    assert_failed(cx, keyring_log_sign(cx, cx->keyring, bytes_of_text(long_text), signature), INTERNAL,
                  "key.question");
    assert_failed(cx, keyring_mark_keep(cx, cx->keyring, long_text), INTERNAL, "key.question");
    long_text.size--;
    assert_int_equal(keyring_log_sign(cx, cx->keyring, bytes_of_text(long_text), signature), OK);
    assert_int_equal(keyring_mark_keep(cx, cx->keyring, long_text), OK); /* it has no number: none is less */
    assert_int_equal(keyring_mark_load(cx, cx->keyring, &mark), OK);
    assert_int_equal(mark.size, 0);
    assert_int_equal(keyring_signing_key_make(cx, &key), OK);
    struct ctx small = *cx;
    small.arena = arena_open(16);
    assert_failed(&small, keyring_mark_load(&small, cx->keyring, &mark), TOO_LARGE, "limit.memory");
    assert_failed(&small, keyring_sign(&small, &key, signature, signature), TOO_LARGE, "limit.memory");
    arena_close(small.arena);
    fixture_close(&fixture);
}

static void a_signature_finds_no_room_for_its_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct signing_key key = {.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 7};
    struct text out;
    assert_int_equal(keyring_signing_key_make(cx, &key), OK);
    assert_int_equal(keyring_mark_keep(cx, cx->keyring, mark_of(cx, "1")), OK);
    struct ctx small = *cx;
    small.arena = arena_open(16);
    struct signing_key another = {.kind = SIGNING_KEY_OF_ORGANISATION, .owner = 8};
    assert_failed(&small, keyring_signing_key_make(&small, &another), TOO_LARGE, "limit.memory");
    assert_failed(&small, keyring_signing_key_public(&small, &key, &out), TOO_LARGE, "limit.memory");
    assert_failed(&small, keyring_mark_load(&small, cx->keyring, &out), TOO_LARGE, "limit.memory");
    arena_close(small.arena);
    disconnect(&fixture, &behind);
}

/* The key of a bucket goes through the hands of the holder: none is left there. */
static void what_was_answered_is_wiped(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct key_question question = {.act = KEY_ACT_BUCKET_OPEN, .number = place.bucket};
    struct key_answer answer;
    struct secret_key made;
    struct bytes wrapped;
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), OK);
    keyring_close(cx->keyring);
    cx->keyring = NULL;
    own_stack_wait(&behind.stack);
    assert_int_equal(key_holder_answer(cx, behind.service.holder, &question, &answer), OK);
    assert_int_equal(answer.size, SECRET_KEY_BYTES);
    if (own_stack_shows(answer.data, answer.size))
        assert_false(own_stack_holds(&behind.stack, answer.data, answer.size));
    key_holder_close(behind.service.holder);
    arena_close(behind.cx.arena);
    own_stack_close(&behind.stack);
    fixture_close(&fixture);
}

static void a_bucket_that_another_destroyed_leaves_the_memory(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct ctx *cx = connect_keyring(&fixture, &behind);
    struct keyring *other = NULL;
    struct key_place stays = {.bucket = some_bucket(cx), .person_id = 42};
    struct key_place goes = {.bucket = some_bucket(cx), .person_id = 42};
    struct secret_key made, opened;
    struct bytes kept, lost;
    assert_int_equal(keyring_open(cx, fixture.keys, false, &other), OK);
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &stays, &kept, &made), OK);
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &goes, &lost, &made), OK);
    assert_int_equal(keyring_bucket_destroy(cx, other, goes.bucket), OK);
    keyring_drop_destroyed(cx, cx->keyring);
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &stays, kept, &opened), OK);
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &goes, lost, &opened), NOT_FOUND, "key.destroyed");
    keyring_close(other);
    disconnect(&fixture, &behind);
}

/* The holder does not guess what a broken question meant: it ends. */
static void a_broken_question_ends_the_holder(void **state)
{
    (void)state;
    struct fixture fixture;
    struct behind behind;
    struct key_question broken = {.act = KEY_ACT_GREET, .size = 8};
    uint8_t byte;
    (void)fixture_open(&fixture);
    int socket = behind_begin(&behind, &fixture);
    assert_int_equal(send(socket, &broken, KEY_QUESTION_HEAD_BYTES, MSG_NOSIGNAL), (ssize_t)KEY_QUESTION_HEAD_BYTES);
    behind_end(&behind);
    assert_int_equal(recv(socket, &byte, 1, 0), 0);
    close(socket);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_people_go_through_the_socket),
        cmocka_unit_test(signatures_go_through_the_socket),
        cmocka_unit_test(a_sealed_key_signs_for_its_owner_alone),
        cmocka_unit_test(a_private_key_never_comes_out),
        cmocka_unit_test(the_mark_never_goes_back),
        cmocka_unit_test(a_mark_without_a_number_counts_for_nothing),
        cmocka_unit_test(a_mark_that_cannot_be_read_is_a_failure),
        cmocka_unit_test(a_mark_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(a_folder_that_cannot_be_opened_is_told_through_the_socket),
        cmocka_unit_test(a_holder_that_is_gone_is_noticed),
        cmocka_unit_test(keys_are_destroyed_at_a_pace_and_each_is_told),
        cmocka_unit_test(who_is_in_haste_does_not_ask),
        cmocka_unit_test(the_holder_of_a_server_neither_shows_nor_clears_its_buckets),
        cmocka_unit_test(a_question_that_nobody_asks_is_refused),
        cmocka_unit_test(messages_whose_sizes_disagree_are_not_believed),
        cmocka_unit_test(answers_of_a_wrong_size_are_failures),
        cmocka_unit_test(a_keyring_without_greeting_or_folder_does_not_open),
        cmocka_unit_test(what_is_too_long_or_has_no_room_is_a_failure),
        cmocka_unit_test(a_signature_finds_no_room_for_its_answer),
        cmocka_unit_test(what_was_answered_is_wiped),
        cmocka_unit_test(a_bucket_that_another_destroyed_leaves_the_memory),
        cmocka_unit_test(a_broken_question_ends_the_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
