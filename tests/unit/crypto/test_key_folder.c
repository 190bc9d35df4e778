/* SPDX-License-Identifier: Apache-2.0
 * The key folder as the disk sees it: what is made and for whom, what is refused, and that what goes is gone. */
#include <signal.h>
#include <sys/resource.h>

#include "crypto/keyring.h"
#include "unit/crypto/key_files.h"

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
    assert_failed(cx, keyring_open(cx, fixture.keys, false, &again), NOT_FOUND, "key.no_folder");
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
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
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
    struct key_place place = {.bucket = some_bucket(cx), .person_id = 42};
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
        struct key_place place = {.bucket = NUMBERS[i], .person_id = 1};
        struct secret_key key;
        struct bytes wrapped;
        assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), NOT_FOUND, "key.destroyed");
        assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, NUMBERS[i]), NOT_FOUND, "key.destroyed");
    }
    fixture_close(&fixture);
}

static void set_file_size_limit(rlim_t bytes)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}; /* the write fails instead of ending the process */
    struct rlimit limit;
    assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_disk_that_takes_no_more_leaves_no_half_key(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    int64_t kept = some_bucket(cx);
    int64_t bucket = 0;
    set_file_size_limit(KEYRING_WRAPPED_BYTES / 2);
    err made = keyring_bucket_create(cx, cx->keyring, &bucket, NULL);
    set_file_size_limit(RLIM_INFINITY);
    assert_failed(cx, made, INTERNAL, "key.disk");
    assert_int_equal(bucket, 0);
    assert_int_equal(count_files(fixture.keys, "buckets"), 1);
    set_file_size_limit(KEYRING_WRAPPED_BYTES / 2);
    err destroyed = keyring_bucket_destroy(cx, cx->keyring, kept);
    set_file_size_limit(RLIM_INFINITY);
    assert_failed(cx, destroyed, INTERNAL, "key.disk"); /* not overwritten whole: so not said to be gone */
    assert_int_equal(count_files(fixture.keys, "buckets"), 1);
    assert_int_equal(keyring_bucket_destroy(cx, cx->keyring, kept), OK);
    assert_int_equal(count_files(fixture.keys, "buckets"), 0);
    fixture_close(&fixture);
}

static void a_folder_in_the_place_of_a_key_is_a_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    char path[256];
    struct key_place place = {.bucket = 7, .person_id = 1};
    struct secret_key key;
    struct bytes wrapped;
    (void)snprintf(path, sizeof path, "%s/buckets/7.key", fixture.keys);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_failed(cx, keyring_person_key_make(cx, cx->keyring, &place, &wrapped, &key), INTERNAL, "key.disk");
    assert_failed(cx, keyring_bucket_destroy(cx, cx->keyring, 7), INTERNAL, "key.disk");
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
        cmocka_unit_test(a_destroyed_bucket_leaves_no_byte_behind),
        cmocka_unit_test(a_destruction_cut_short_counts_and_can_be_repeated),
        cmocka_unit_test(numbers_that_are_no_bucket_are_refused),
        cmocka_unit_test(a_disk_that_takes_no_more_leaves_no_half_key),
        cmocka_unit_test(a_folder_in_the_place_of_a_key_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
