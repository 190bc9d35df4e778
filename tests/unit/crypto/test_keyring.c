/* SPDX-License-Identifier: Apache-2.0
 * The keyring: keys of people and of the node, several keyrings on one folder, many threads. */
#include "crypto/keyring.h"

#include <pthread.h>

#include "crypto/seal.h"
#include "unit/crypto/key_files.h"

/* A person's key, made by the fixture's keyring: wrapped, and open in `out`. */
static struct bytes make_key(struct ctx *cx, const struct key_place *place, struct secret_key *out)
{
    struct bytes wrapped = {NULL, 0};
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, place, &wrapped, out), OK);
    assert_int_equal(wrapped.size, KEYRING_WRAPPED_BYTES);
    return wrapped;
}

static void assert_opens(struct ctx *cx, struct keyring *keyring, const struct key_place *place, struct bytes wrapped,
                         const struct secret_key *wanted)
{
    struct secret_key opened;
    secret_wipe(&opened, sizeof opened);
    assert_int_equal(keyring_person_key_open(cx, keyring, place, wrapped, &opened), OK);
    assert_memory_equal(opened.at, wanted->at, SECRET_KEY_BYTES);
}

/* The keyring that server and command line have beside each other on one folder. */
static struct keyring *open_beside(struct ctx *cx, const struct fixture *fixture)
{
    struct keyring *other = NULL;
    assert_int_equal(keyring_open(cx, fixture->keys, false, &other), OK);
    return other;
}

/* ---- keys of people */

static void a_person_key_opens_again_and_after_a_restart(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct secret_key made;
    struct bytes wrapped = make_key(cx, &place, &made);
    assert_opens(cx, cx->keyring, &place, wrapped, &made);
    keyring_close(cx->keyring);
    cx->keyring = open_beside(cx, &fixture);
    assert_opens(cx, cx->keyring, &place, wrapped, &made);
    fixture_close(&fixture);
}

static void a_wrapped_key_opens_for_its_person_and_bucket_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    int64_t bucket = some_bucket(cx);
    int64_t other_bucket = some_bucket(cx);
    struct key_place place = {.bucket = bucket, .person_id = 42};
    struct secret_key key;
    struct bytes wrapped = make_key(cx, &place, &key);
    assert_true(bucket != other_bucket);
    place.person_id = 43;
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), CORRUPT, "seal.broken");
    place = (struct key_place){.bucket = other_bucket, .person_id = 42};
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), CORRUPT, "seal.broken");
    place = (struct key_place){.bucket = bucket, .person_id = 42};
    uint8_t changed[KEYRING_WRAPPED_BYTES];
    memcpy(changed, wrapped.at, sizeof changed);
    for (size_t bit = 0; bit < 8 * sizeof changed; bit++) {
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        wrapped = (struct bytes){changed, sizeof changed};
        assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), CORRUPT, "seal.broken");
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    fixture_close(&fixture);
}

/* A sealed value of 31 bytes at a key's place is authentic, and still no key. */
static void a_sealed_value_that_is_no_key_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char path[64];
    int64_t bucket = some_bucket(cx);
    struct key_place place = {.bucket = bucket, .person_id = 1};
    struct seal_place bucket_seal = {.kind = SEAL_BUCKET_KEY, .item = bucket, .version = 1};
    struct secret_key seals, key;
    struct bytes sealed;
    holder_key(cx, fixture.keys, KEYRING_BUCKETS, &seals);
    assert_int_equal(seal(cx, &seals, &bucket_seal, (struct bytes){seals.at, 31}, &sealed), OK);
    bucket_path(bucket, path);
    write_file(fixture.keys, path, sealed, 0600);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &sealed, &key), CORRUPT, "seal.broken");
    fixture_close(&fixture);
}

static void a_bucket_file_under_another_number_does_not_open(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char one[64], two[64];
    int64_t first = some_bucket(cx);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 1};
    struct secret_key key;
    struct bytes wrapped;
    bucket_path(first, one);
    bucket_path(place.bucket, two);
    write_file(fixture.keys, two, read_file(cx, fixture.keys, one), 0600);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), CORRUPT, "seal.broken");
    write_file(fixture.keys, two, (struct bytes){(const uint8_t *)"short", 5}, 0600);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), CORRUPT, "seal.broken");
    write_file(fixture.keys, two, read_file(cx, fixture.keys, one), 0644);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), FORBIDDEN, "key.exposed");
    fixture_close(&fixture);
}

static void survivors_move_to_a_fresh_bucket(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct key_move move = {.from_bucket = some_bucket(cx), .to_bucket = some_bucket(cx), .person_id = 42};
    struct key_place from = {.bucket = move.from_bucket, .person_id = 42};
    struct key_place to = {.bucket = move.to_bucket, .person_id = 42};
    struct key_place gone = {.bucket = move.from_bucket, .person_id = 43};
    struct secret_key stays, erased, opened;
    struct bytes stays_wrapped = make_key(cx, &from, &stays);
    struct bytes erased_wrapped = make_key(cx, &gone, &erased);
    struct bytes moved;
    assert_int_equal(keyring_person_key_rewrap(cx, cx->keyring, &move, stays_wrapped, &moved), OK);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, move.from_bucket), OK);
    assert_opens(cx, cx->keyring, &to, moved, &stays);
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &gone, erased_wrapped, &opened), NOT_FOUND,
                  "key.destroyed");
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &to, erased_wrapped, &opened), CORRUPT, "seal.broken");
    move.person_id = 43;
    assert_failed(cx, keyring_person_key_rewrap(cx, cx->keyring, &move, erased_wrapped, &moved), NOT_FOUND,
                  "key.destroyed");
    fixture_close(&fixture);
}

/* Its file is there, and the system does not say so: a link that leads to itself. */
static void a_key_that_cannot_be_looked_at_is_not_a_destroyed_one(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct secret_key made, opened;
    struct bytes wrapped = make_key(cx, &place, &made);
    char name[64];
    char path[256];
    char aside[256];
    bucket_path(place.bucket, name);
    (void)snprintf(path, sizeof path, "%s/%s", fixture.keys, name);
    (void)snprintf(aside, sizeof aside, "%s/aside", fixture.keys);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(symlink(path, path), 0);
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &opened), INTERNAL, "key.disk");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(aside, path), 0);
    assert_opens(cx, cx->keyring, &place, wrapped, &made);
    fixture_close(&fixture);
}

/* ---- several keyrings on one folder, as server and command line have them */

static void what_one_keyring_makes_the_other_sees(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct keyring *other = open_beside(cx, &fixture);
    struct key_place place = {.bucket = 0, .person_id = 42};
    struct secret_key made;
    assert_int_equal(keyring_bucket_create(cx, other, &place.bucket, NULL), OK);
    struct bytes wrapped = make_key(cx, &place, &made);
    assert_opens(cx, other, &place, wrapped, &made);
    keyring_close(other);
    fixture_close(&fixture);
}

static void what_one_keyring_destroys_the_other_forgets(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct keyring *other = open_beside(cx, &fixture);
    struct secret_key key;
    struct bytes wrapped;
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    assert_int_equal(keyring_person_key_make(cx, other, &place, &wrapped, &key), OK); /* now cached there */
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, place.bucket), OK);
    assert_failed(cx, keyring_person_key_open(cx, other, &place, wrapped, &key), NOT_FOUND, "key.destroyed");
    char path[64]; /* and not only as long as the file is missing */
    bucket_path(place.bucket, path);
    write_file(fixture.keys, path, (struct bytes){(const uint8_t *)"x", 1}, 0600);
    assert_failed(cx, keyring_person_key_open(cx, other, &place, wrapped, &key), CORRUPT, "seal.broken");
    keyring_close(other);
    fixture_close(&fixture);
}

static void what_a_keyring_destroys_it_forgets_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct secret_key key;
    char path[64];
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
    struct bytes wrapped = make_key(cx, &place, &key);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, place.bucket), OK);
    bucket_path(place.bucket, path); /* a file in its place shows whether the key was kept in memory */
    write_file(fixture.keys, path, (struct bytes){(const uint8_t *)"x", 1}, 0600);
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), CORRUPT, "seal.broken");
    fixture_close(&fixture);
}

static void two_makers_in_one_millisecond_get_two_buckets(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct set_clock stands = {.wall_ms = INT64_C(1790000000000)};
    struct clock clock = clock_set(&stands);
    struct number_source numbers[2] = {{0}, {0}};
    int64_t buckets[2] = {0, 0};
    for (int i = 0; i < 2; i++) { /* two processes whose sources give the same numbers */
        struct seeded seeded = {99};
        struct randomness randomness = randomness_seeded(&seeded);
        struct ctx process = *cx;
        process.clock = &clock;
        process.randomness = &randomness;
        process.numbers = &numbers[i];
        assert_int_equal(keyring_bucket_create(&process, cx->keyring, &buckets[i], NULL), OK);
    }
    assert_true(buckets[0] != buckets[1]);
    assert_int_equal(count_files(fixture.keys, "buckets"), 2);
    fixture_close(&fixture);
}

/* ---- keys of the node */

static void node_keys_differ_and_stay(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    static const struct {
        node_key which;
        bool     handed;
    } ALL[] = {
#define X(name, number, handed, sentence) {KEYRING_##name, handed},
#include "crypto/node_key.def"
#undef X
    };
    struct keyring *again = open_beside(cx, &fixture);
    struct secret_key keys[sizeof ALL / sizeof *ALL];
    struct secret_key same;
    struct bytes root = read_file(cx, fixture.keys, "root.key");
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        holder_key(cx, fixture.keys, ALL[i].which, &keys[i]);
        same = keys[i];
        if (ALL[i].handed)
            keyring_node_key(again, ALL[i].which, &same);
        assert_memory_equal(keys[i].at, same.at, SECRET_KEY_BYTES);
        assert_memory_not_equal(keys[i].at, root.at, SECRET_KEY_BYTES);
        for (size_t other = 0; other < i; other++)
            assert_memory_not_equal(keys[i].at, keys[other].at, SECRET_KEY_BYTES);
    }
    keyring_close(again);
    fixture_close(&fixture);
}

/* Fixes the derivation: BLAKE2b of nothing, key the root 00 to 1f, salt the number, personalisation "symbolon". */
static void the_derivation_stays_what_it_is(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct secret_key key;
    uint8_t root[SECRET_KEY_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    for (size_t i = 0; i < sizeof root; i++)
        root[i] = (uint8_t)i;
    assert_int_equal(mkdir(fixture.keys, 0700), 0);
    write_file(fixture.keys, "root.key", (struct bytes){root, sizeof root}, 0600);
    assert_int_equal(keyring_open(cx, fixture.keys, true, &cx->keyring), OK);
    keyring_node_key(cx->keyring, KEYRING_IDS, &key);
    assert_hex(cx, key.at, sizeof key.at, "bc1870eb189f6380d0e26d3987a3ac2bbd0e2b8f9d4c47c77bdf6aa7777a77dc");
    keyring_log_public(cx->keyring, public_key);
    assert_hex(cx, public_key, sizeof public_key, "7f58bcfaa66add999745849c344436c51fb5f55eab92f1f15e7d35367d20436b");
    fixture_close(&fixture);
}

/* No other process could leave it alone. */
static void a_keyring_with_its_own_holder_is_held(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    assert_true(keyring_is_held(cx->keyring));
    assert_int_equal(keyring_holder_lacks(cx->keyring), 0);
    fixture_close(&fixture);
}

static void the_log_signs_with_its_own_key(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    keyring_log_public(cx->keyring, public_key);
    assert_int_equal(keyring_log_sign(cx, cx->keyring, bytes_of_text(TEXT("checkpoint")), signature), OK);
    assert_true(sign_verify(public_key, bytes_of_text(TEXT("checkpoint")), signature));
    assert_false(sign_verify(public_key, bytes_of_text(TEXT("checkpoinT")), signature));
    fixture_close(&fixture);
}

/* ---- threads */

struct worker {
    pthread_t       thread;
    struct fixture *fixture;
    int64_t         shared_bucket;
    struct bytes    shared_wrapped;
    uint64_t        seed;
    int             wrong;
};

static bool work_once(struct ctx *cx, struct worker *worker)
{
    struct secret_key made, opened;
    struct bytes wrapped;
    struct key_place shared = {.bucket = worker->shared_bucket, .person_id = 1};
    struct key_place own = {.bucket = 0, .person_id = (int64_t)worker->seed};
    return keyring_person_key_open(cx, cx->keyring, &shared, worker->shared_wrapped, &opened) == OK &&
           keyring_bucket_create(cx, cx->keyring, &own.bucket, NULL) == OK &&
           keyring_person_key_make(cx, cx->keyring, &own, &wrapped, &made) == OK &&
           keyring_person_key_open(cx, cx->keyring, &own, wrapped, &opened) == OK &&
           memcmp(made.at, opened.at, SECRET_KEY_BYTES) == 0 &&
           keyring_bucket_destroy(cx, cx->keyring, own.bucket) == OK &&
           keyring_person_key_open(cx, cx->keyring, &own, wrapped, &opened) == NOT_FOUND;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct seeded seeded = {worker->seed};
    struct randomness randomness = randomness_seeded(&seeded);
    struct ctx cx = worker->fixture->cx;
    cx.arena = arena_open(1 << 20);
    cx.randomness = &randomness;
    for (int i = 0; i < 12; i++) {
        worker->wrong += !work_once(&cx, worker);
        failure_clear(&cx.failure);
        arena_reset(cx.arena);
    }
    arena_close(cx.arena);
    return NULL;
}

static void many_threads_share_one_keyring(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct worker workers[6];
    struct secret_key key;
    struct key_place shared = {.bucket = some_bucket(cx), .person_id = 1};
    struct bytes wrapped = make_key(cx, &shared, &key);
    for (size_t i = 0; i < 6; i++) {
        workers[i] = (struct worker){.fixture = &fixture, .shared_bucket = shared.bucket, .shared_wrapped = wrapped,
                                     .seed = 1000 + i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < 6; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    assert_int_equal(count_files(fixture.keys, "buckets"), 1);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_key_opens_again_and_after_a_restart),
        cmocka_unit_test(a_wrapped_key_opens_for_its_person_and_bucket_only),
        cmocka_unit_test(a_sealed_value_that_is_no_key_is_refused),
        cmocka_unit_test(a_bucket_file_under_another_number_does_not_open),
        cmocka_unit_test(survivors_move_to_a_fresh_bucket),
        cmocka_unit_test(a_key_that_cannot_be_looked_at_is_not_a_destroyed_one),
        cmocka_unit_test(what_one_keyring_makes_the_other_sees),
        cmocka_unit_test(what_one_keyring_destroys_the_other_forgets),
        cmocka_unit_test(what_a_keyring_destroys_it_forgets_itself),
        cmocka_unit_test(two_makers_in_one_millisecond_get_two_buckets),
        cmocka_unit_test(node_keys_differ_and_stay),
        cmocka_unit_test(the_derivation_stays_what_it_is),
        cmocka_unit_test(a_keyring_with_its_own_holder_is_held),
        cmocka_unit_test(the_log_signs_with_its_own_key),
        cmocka_unit_test(many_threads_share_one_keyring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
