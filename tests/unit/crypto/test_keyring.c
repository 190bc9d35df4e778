/* SPDX-License-Identifier: Apache-2.0
 * The key folder: what is on disk and for whom, destruction, several keyrings on one folder, many threads. */
#include "crypto/keyring.h"

#include <pthread.h>

#include "crypto/seal.h"
#include "unit/crypto/fixture.h"

/* ---- looking at the folder from outside */

static struct bytes read_file(struct ctx *cx, const char *folder, const char *name)
{
    char path[256];
    uint8_t *at = arena_take(cx->arena, 4096, 1);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return (struct bytes){NULL, 0};
    ssize_t size = read(fd, at, 4096);
    close(fd);
    assert_true(size >= 0);
    return (struct bytes){at, (size_t)size};
}

static void write_file(const char *folder, const char *name, struct bytes content, mode_t mode)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, content.at, content.size), (ssize_t)content.size);
    close(fd);
}

static unsigned mode_of(const char *folder, const char *name)
{
    char path[256];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777u;
}

static size_t count_files(const char *folder, const char *below)
{
    char path[256];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, below);
    DIR *list = opendir(path);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(list);
    return count;
}

static void bucket_path(int64_t bucket, char out[64])
{
    (void)snprintf(out, 64, "buckets/%lld.key", (long long)bucket);
}

static int64_t some_bucket(struct ctx *cx)
{
    int64_t bucket = 0;
    assert_int_equal(keyring_bucket_create(cx, cx->keyring, &bucket), OK);
    assert_true(bucket > 0);
    return bucket;
}

/* ---- opening */

static void a_folder_is_made_for_its_owner_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char path[64];
    bucket_path(some_bucket(cx), path);
    assert_int_equal(mode_of(fixture.keys, ""), 0700);
    assert_int_equal(mode_of(fixture.keys, "buckets"), 0700);
    assert_int_equal(mode_of(fixture.keys, "root.key"), 0600);
    assert_int_equal(mode_of(fixture.keys, path), 0600);
    assert_int_equal(read_file(cx, fixture.keys, "root.key").size, SECRET_KEY_BYTES);
    assert_int_equal(read_file(cx, fixture.keys, path).size, KEYRING_WRAPPED_BYTES);
    assert_int_equal(count_files(fixture.keys, ""), 2);
    assert_int_equal(count_files(fixture.keys, "buckets"), 1);
    fixture_close(&fixture);
}

static void a_missing_folder_is_only_made_on_demand(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    assert_failed(cx, keyring_open(cx, fixture.keys, false, &cx->keyring), NOT_FOUND, "key.no_folder");
    assert_int_equal(mkdir(fixture.keys, 0700), 0);
    assert_failed(cx, keyring_open(cx, fixture.keys, false, &cx->keyring), NOT_FOUND, "key.no_folder");
    assert_null(cx->keyring);
    assert_int_equal(keyring_open(cx, fixture.keys, true, &cx->keyring), OK);
    fixture_close(&fixture);
}

static void an_exposed_folder_or_root_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct keyring *again = NULL;
    struct bytes root = read_file(cx, fixture.keys, "root.key");
    static const mode_t MODES[] = {0640, 0604, 0602, 0620, 0677};
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
        write_file(fixture.keys, "root.key", root, MODES[i]);
        assert_failed(cx, keyring_open(cx, fixture.keys, false, &again), FORBIDDEN, "key.exposed");
    }
    write_file(fixture.keys, "root.key", root, 0600);
    assert_int_equal(chmod(fixture.keys, 0750), 0);
    assert_failed(cx, keyring_open(cx, fixture.keys, true, &again), FORBIDDEN, "key.exposed");
    assert_int_equal(chmod(fixture.keys, 0700), 0);
    assert_int_equal(keyring_open(cx, fixture.keys, false, &again), OK);
    keyring_close(again);
    fixture_close(&fixture);
}

static void a_broken_or_lost_root_is_not_replaced(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct keyring *again = NULL;
    (void)some_bucket(cx);
    struct bytes root = read_file(cx, fixture.keys, "root.key");
    write_file(fixture.keys, "root.key", (struct bytes){root.at, 31}, 0600);
    assert_failed(cx, keyring_open(cx, fixture.keys, true, &again), CORRUPT, "key.root");
    write_file(fixture.keys, "root.key", (struct bytes){root.at, 0}, 0600);
    assert_failed(cx, keyring_open(cx, fixture.keys, true, &again), CORRUPT, "key.root");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/root.key", fixture.keys);
    assert_int_equal(unlink(path), 0);
    assert_failed(cx, keyring_open(cx, fixture.keys, true, &again), CORRUPT, "key.root");
    assert_int_equal(symlink("/dev/zero", path), 0); /* a link in the root's place is not followed */
    assert_failed(cx, keyring_open(cx, fixture.keys, true, &again), INTERNAL, "key.disk");
    fixture_close(&fixture);
}

static void a_place_that_cannot_be_a_folder_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    char path[128];
    write_file(fixture.folder, "file", bytes_of_text(TEXT("x")), 0600);
    (void)snprintf(path, sizeof path, "%s/file", fixture.folder);
    assert_failed(cx, keyring_open(cx, path, true, &cx->keyring), INTERNAL, "key.disk");
    (void)snprintf(path, sizeof path, "%s/file/keys", fixture.folder);
    assert_failed(cx, keyring_open(cx, path, true, &cx->keyring), INTERNAL, "key.disk");
    (void)snprintf(path, sizeof path, "%s/none/keys", fixture.folder);
    assert_failed(cx, keyring_open(cx, path, true, &cx->keyring), INTERNAL, "key.disk");
    assert_null(cx->keyring);
    fixture_close(&fixture);
}

/* ---- keys of people */

static void a_person_key_opens_again_and_after_a_restart(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct key_place place = {some_bucket(cx), 42};
    struct secret_key made, opened;
    struct bytes wrapped;
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), OK);
    assert_int_equal(wrapped.size, KEYRING_WRAPPED_BYTES);
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &place, wrapped, &opened), OK);
    assert_memory_equal(opened.at, made.at, SECRET_KEY_BYTES);
    keyring_close(cx->keyring);
    cx->keyring = NULL;
    assert_int_equal(keyring_open(cx, fixture.keys, false, &cx->keyring), OK);
    secret_wipe(&opened, sizeof opened);
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &place, wrapped, &opened), OK);
    assert_memory_equal(opened.at, made.at, SECRET_KEY_BYTES);
    fixture_close(&fixture);
}

static void a_wrapped_key_opens_for_its_person_and_bucket_only(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    int64_t bucket = some_bucket(cx);
    int64_t other_bucket = some_bucket(cx);
    struct key_place place = {bucket, 42};
    struct secret_key key;
    struct bytes wrapped;
    assert_true(bucket != other_bucket);
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), OK);
    place.person_id = 43;
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), CORRUPT, "seal.broken");
    place = (struct key_place){other_bucket, 42};
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), CORRUPT, "seal.broken");
    place = (struct key_place){bucket, 42};
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
    struct key_place place = {bucket, 1};
    struct seal_place bucket_seal = {.kind = SEAL_BUCKET_KEY, .item = bucket, .version = 1};
    struct secret_key seals, key;
    struct bytes sealed;
    keyring_node_key(cx->keyring, KEYRING_BUCKETS, &seals);
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
    struct key_place place = {some_bucket(cx), 1};
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
    struct key_move move = {some_bucket(cx), some_bucket(cx), 42};
    struct key_place from = {move.from_bucket, 42};
    struct key_place to = {move.to_bucket, 42};
    struct key_place gone = {move.from_bucket, 43};
    struct secret_key stays, erased, opened;
    struct bytes stays_wrapped, erased_wrapped, moved;
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &from, &stays_wrapped, &stays), OK);
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &gone, &erased_wrapped, &erased), OK);
    assert_int_equal(keyring_person_key_rewrap(cx, cx->keyring, &move, stays_wrapped, &moved), OK);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, move.from_bucket), OK);
    assert_int_equal(keyring_person_key_open(cx, cx->keyring, &to, moved, &opened), OK);
    assert_memory_equal(opened.at, stays.at, SECRET_KEY_BYTES);
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &gone, erased_wrapped, &opened), NOT_FOUND,
                  "key.destroyed");
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &to, erased_wrapped, &opened), CORRUPT, "seal.broken");
    move.person_id = 43;
    assert_failed(cx, keyring_person_key_rewrap(cx, cx->keyring, &move, erased_wrapped, &moved), NOT_FOUND,
                  "key.destroyed");
    fixture_close(&fixture);
}

/* ---- destruction */

static bool contains(struct bytes all, struct bytes part)
{
    for (size_t at = 0; at + part.size <= all.size; at++)
        if (memcmp(all.at + at, part.at, part.size) == 0)
            return true;
    return false;
}

static void a_destroyed_bucket_leaves_no_byte_behind(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char path[64], kept[256];
    struct key_place place = {some_bucket(cx), 42};
    struct secret_key key;
    struct bytes wrapped;
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), OK);
    bucket_path(place.bucket, path);
    struct bytes sealed = read_file(cx, fixture.keys, path);
    (void)snprintf(kept, sizeof kept, "%s/%s", fixture.keys, path);
    int open_before = open(kept, O_RDONLY); /* still reaches the file's blocks once its name is gone */
    assert_true(open_before >= 0);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, place.bucket), OK);
    uint8_t left[256];
    ssize_t size = read(open_before, left, sizeof left);
    close(open_before);
    assert_int_equal(size, KEYRING_WRAPPED_BYTES);
    assert_false(contains((struct bytes){left, (size_t)size}, (struct bytes){sealed.at, 8}));
    for (ssize_t i = 0; i < size; i++)
        assert_int_equal(left[i], 0);
    assert_null(read_file(cx, fixture.keys, path).at);
    assert_int_equal(count_files(fixture.keys, "buckets"), 0);
    assert_failed(cx, keyring_person_key_open(cx, cx->keyring, &place, wrapped, &key), NOT_FOUND, "key.destroyed");
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, place.bucket), NOT_FOUND, "key.destroyed");
    fixture_close(&fixture);
}

static void a_destruction_cut_short_counts_and_can_be_repeated(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    static const uint8_t ZEROS[KEYRING_WRAPPED_BYTES];
    char path[64];
    struct key_place place = {some_bucket(cx), 42};
    struct secret_key key;
    struct bytes wrapped;
    bucket_path(place.bucket, path);
    write_file(fixture.keys, path, (struct bytes){ZEROS, sizeof ZEROS}, 0600);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), NOT_FOUND, "key.destroyed");
    write_file(fixture.keys, path, (struct bytes){ZEROS, 0}, 0600);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), NOT_FOUND, "key.destroyed");
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, place.bucket), OK);
    assert_int_equal(count_files(fixture.keys, "buckets"), 0);
    fixture_close(&fixture);
}

static void numbers_that_are_no_bucket_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    static const int64_t NUMBERS[] = {0, -1, 1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        struct key_place place = {NUMBERS[i], 1};
        struct secret_key key;
        struct bytes wrapped;
        assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), NOT_FOUND, "key.destroyed");
        assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, NUMBERS[i]), NOT_FOUND, "key.destroyed");
    }
    fixture_close(&fixture);
}

/* ---- several keyrings on one folder, as server and command line have them */

static void what_one_keyring_makes_the_other_sees(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct keyring *other = NULL;
    struct secret_key made, opened;
    struct bytes wrapped;
    assert_int_equal(keyring_open(cx, fixture.keys, false, &other), OK);
    struct key_place place = {0, 42};
    assert_int_equal(keyring_bucket_create(cx, other, &place.bucket), OK);
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &made), OK);
    assert_int_equal(keyring_person_key_open(cx, other, &place, wrapped, &opened), OK);
    assert_memory_equal(opened.at, made.at, SECRET_KEY_BYTES);
    keyring_close(other);
    fixture_close(&fixture);
}

static void what_one_keyring_destroys_the_other_forgets(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    struct keyring *other = NULL;
    struct secret_key key;
    struct bytes wrapped;
    struct key_place place = {some_bucket(cx), 42};
    assert_int_equal(keyring_open(cx, fixture.keys, false, &other), OK);
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
        assert_int_equal(keyring_bucket_create(&process, cx->keyring, &buckets[i]), OK);
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
    static const node_key ALL[] = {
#define X(name, number, sentence) KEYRING_##name,
#include "crypto/node_key.def"
#undef X
    };
    struct keyring *again = NULL;
    struct secret_key keys[sizeof ALL / sizeof *ALL];
    struct secret_key same;
    struct bytes root = read_file(cx, fixture.keys, "root.key");
    assert_int_equal(keyring_open(cx, fixture.keys, false, &again), OK);
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        keyring_node_key(cx->keyring, ALL[i], &keys[i]);
        keyring_node_key(again, ALL[i], &same);
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

static void the_log_signs_with_its_own_key(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    keyring_log_public(cx->keyring, public_key);
    keyring_log_sign(cx->keyring, bytes_of_text(TEXT("checkpoint")), signature);
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
    struct key_place shared = {worker->shared_bucket, 1};
    struct key_place own = {0, (int64_t)worker->seed};
    return keyring_person_key_open(cx, cx->keyring, &shared, worker->shared_wrapped, &opened) == OK &&
           keyring_bucket_create(cx, cx->keyring, &own.bucket) == OK &&
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
    struct bytes wrapped;
    struct key_place shared = {some_bucket(cx), 1};
    assert_int_equal(keyring_person_key_make(cx, cx->keyring, &shared, &wrapped, &key), OK);
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
        cmocka_unit_test(a_folder_is_made_for_its_owner_only),
        cmocka_unit_test(a_missing_folder_is_only_made_on_demand),
        cmocka_unit_test(an_exposed_folder_or_root_is_refused),
        cmocka_unit_test(a_broken_or_lost_root_is_not_replaced),
        cmocka_unit_test(a_place_that_cannot_be_a_folder_is_a_failure),
        cmocka_unit_test(a_person_key_opens_again_and_after_a_restart),
        cmocka_unit_test(a_wrapped_key_opens_for_its_person_and_bucket_only),
        cmocka_unit_test(a_sealed_value_that_is_no_key_is_refused),
        cmocka_unit_test(a_bucket_file_under_another_number_does_not_open),
        cmocka_unit_test(survivors_move_to_a_fresh_bucket),
        cmocka_unit_test(a_destroyed_bucket_leaves_no_byte_behind),
        cmocka_unit_test(a_destruction_cut_short_counts_and_can_be_repeated),
        cmocka_unit_test(numbers_that_are_no_bucket_are_refused),
        cmocka_unit_test(what_one_keyring_makes_the_other_sees),
        cmocka_unit_test(what_one_keyring_destroys_the_other_forgets),
        cmocka_unit_test(two_makers_in_one_millisecond_get_two_buckets),
        cmocka_unit_test(node_keys_differ_and_stay),
        cmocka_unit_test(the_derivation_stays_what_it_is),
        cmocka_unit_test(the_log_signs_with_its_own_key),
        cmocka_unit_test(many_threads_share_one_keyring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
