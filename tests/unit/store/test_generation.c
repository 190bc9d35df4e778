/* SPDX-License-Identifier: Apache-2.0
 * Goal: a file of the store that was put back alone is found out, and nothing that a crash may leave is. Method: files
 * are copied aside and put back behind one or more batches; two stores work over the same files. Positive control: the
 * file as it was last is served each time. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "store/keys_place.h"
#include "store/sqlite.h"
#include "unit/store/things.h"

#define FILE_BYTES_MAX (1024 * 1024)

static void assert_failure(struct fixture *fixture, err result, err code, const char *reason)
{
    assert_int_equal(result, code);
    assert_string_equal(fixture->cx.failure.reason, reason);
    failure_clear(&fixture->cx.failure);
}

/* ---- files aside and back */

struct kept {
    uint8_t at[FILE_BYTES_MAX];
    ssize_t size;
};

static void path_of(const char *folder, const char *name, char out[200])
{
    (void)snprintf(out, 200, "%s/%s", folder, name);
}

/* Of a store that is closed: what was in a log is in the file. */
static void keep(const char *folder, const char *name, struct kept *out)
{
    char path[200];
    path_of(folder, name, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    out->size = read(fd, out->at, sizeof out->at);
    assert_in_range(out->size, 4096, FILE_BYTES_MAX - 1);
    assert_int_equal(close(fd), 0);
}

static void put_back(const char *folder, const char *name, const struct kept *kept)
{
    char path[200];
    path_of(folder, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, kept->at, (size_t)kept->size), kept->size);
    assert_int_equal(close(fd), 0);
}

static err open_again(struct fixture *fixture)
{
    struct store_options options = fixture_options(fixture);
    return store_open(&fixture->cx, &options, &fixture->store);
}

/* ---- writes */

/* Two seconds later: the ledger's generation goes with the mark of the time. */
static void do_write(struct fixture *fixture, store_write_fn run, int64_t number)
{
    fixture->set.wall_ms += 2000;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, run, &number), OK);
}

static err write_all(struct ctx *cx, void *arg)
{
    struct sql_secret_insert_in secret = {*(const int64_t *)arg, {NULL, 0}};
    TRY(sql_secret_insert(cx, &secret, NULL));
    TRY(write_entry(cx, arg));
    return write_thing(cx, arg);
}

static err write_and_fail(struct ctx *cx, void *arg)
{
    TRY(write_all(cx, arg));
    return FAIL(cx, CONFLICT, "test.undone", "nothing of it stays");
}

static err delete_nothing(struct ctx *cx, void *arg)
{
    (void)arg; /* there is no such thing */
    return sql_secret_delete(cx, &(struct sql_secret_delete_in){-1}, NULL);
}

static void assert_grown(struct fixture *fixture, const int64_t by[STORE_FILE_COUNT], int64_t io[STORE_FILE_COUNT])
{
    int64_t now[STORE_FILE_COUNT];
    store_generations(fixture->store, now);
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        assert_int_equal(now[file], io[file] + by[file]);
    memcpy(io, now, sizeof now);
}

/* ---- counting */

static void a_batch_counts_for_the_files_that_it_changes(void **state)
{
    static const int64_t NONE[STORE_FILE_COUNT] = {0};
    static const int64_t PEOPLE[STORE_FILE_COUNT] = {[STORE_PEOPLE] = 1};
    static const int64_t LEDGER[STORE_FILE_COUNT] = {[STORE_LEDGER] = 1};
    static const int64_t THREE[STORE_FILE_COUNT] = {[STORE_KEYS] = 1, [STORE_LEDGER] = 1, [STORE_PEOPLE] = 1};
    struct fixture *fixture = *state;
    int64_t number = 9;
    int64_t at[STORE_FILE_COUNT] = {0};
    assert_grown(fixture, NONE, at);
    do_write(fixture, write_thing, 1);
    assert_grown(fixture, PEOPLE, at);
    do_write(fixture, write_entry, 1);
    assert_grown(fixture, LEDGER, at);
    do_write(fixture, write_all, 2);
    assert_grown(fixture, THREE, at);
    assert_failure(fixture, store_write_wait(fixture->store, &fixture->cx, write_and_fail, &number), CONFLICT,
                   "test.undone");
    do_write(fixture, delete_nothing, 1);
    assert_grown(fixture, NONE, at);
}

static void keeping_the_time_is_no_change(void **state)
{
    static const int64_t NONE[STORE_FILE_COUNT] = {0};
    struct fixture *fixture = *state;
    int64_t at[STORE_FILE_COUNT] = {0};
    fixture->set.wall_ms += 5000;
    do_write(fixture, delete_nothing, 1);
    assert_int_equal(store_settle_time(fixture->store, &fixture->cx), OK);
    assert_grown(fixture, NONE, at);
    fixture_close(fixture);
    fixture->set.wall_ms -= 4000;
    fixture_open(fixture);
    assert_true(store_now_ms(fixture->store) >= 1000000 + 5000); /* control: it was kept */
}

static void a_count_goes_on_behind_another_process(void **state)
{
    static const int64_t TWO[STORE_FILE_COUNT] = {[STORE_PEOPLE] = 2};
    struct fixture *fixture = *state;
    struct fixture *other = fixture_new();
    int64_t at[STORE_FILE_COUNT] = {0};
    folder_remove(other->folder);
    memcpy(other->place.url, fixture->place.url, sizeof other->place.url);
    do_write(fixture, write_thing, 1);
    store_generations(fixture->store, at);
    fixture_open(other);
    do_write(other, write_thing, 2);
    do_write(fixture, write_thing, 3);
    assert_grown(fixture, TWO, at);
    fixture_close(other);
    arena_close(other->cx.arena);
    free(other);
}

/* ---- what is refused, and what is not */

/* Keeps `name`, then writes, and puts it back. Leaves the newest in place again. */
static err with_older(struct fixture *fixture, const char *name, const store_write_fn *writes, size_t count)
{
    static int64_t next = 100;
    struct kept *older = calloc(2, sizeof *older);
    struct kept *newest = older + 1;
    assert_non_null(older);
    fixture_close(fixture);
    keep(fixture->folder, name, older);
    fixture_open(fixture);
    for (size_t i = 0; i < count; i++)
        do_write(fixture, writes[i], next++);
    fixture_close(fixture);
    keep(fixture->folder, name, newest);
    put_back(fixture->folder, name, older);
    err result = open_again(fixture);
    store_close(result == OK ? fixture->store : NULL);
    fixture->store = NULL;
    put_back(fixture->folder, name, newest);
    free(older);
    struct failure failure = fixture->cx.failure;
    failure_clear(&fixture->cx.failure);
    fixture_open(fixture); /* control */
    fixture->cx.failure = failure;
    return result;
}

static void a_file_that_another_vouches_for_does_not_come_back_older(void **state)
{
    struct fixture *fixture = *state;
    static const store_write_fn STOP_THEN_READ[] = {write_thing, write_entry};
    static const store_write_fn READ_THEN_STOP[] = {write_entry, write_thing};
    static const store_write_fn TWICE[] = {write_all, write_all};
    do_write(fixture, write_all, 1);
    assert_failure(fixture, with_older(fixture, "people.db", STOP_THEN_READ, 2), CORRUPT, "store.went_back");
    assert_failure(fixture, with_older(fixture, "ledger.db", READ_THEN_STOP, 2), CORRUPT, "store.went_back");
    assert_failure(fixture, with_older(fixture, "people.db", TWICE, 2), CORRUPT, "store.went_back");
    assert_failure(fixture, with_older(fixture, "ledger.db", TWICE, 1), CORRUPT, "store.went_back"); /* first on disk */
}

/* A power cut leaves the first files of a batch without the last. The keys are the business of the mark. */
static void what_a_power_cut_may_leave_is_served(void **state)
{
    struct fixture *fixture = *state;
    static const store_write_fn ONCE[] = {write_all};
    static const store_write_fn TWICE[] = {write_all, write_all};
    do_write(fixture, write_all, 1);
    assert_int_equal(with_older(fixture, "people.db", ONCE, 1), OK);
    assert_int_equal(with_older(fixture, "keys.db", TWICE, 2), OK);
}

/* ---- while others write */

struct writing {
    struct fixture *fixture;
    _Atomic bool    stop;
    pthread_t       thread;
};

static void *write_on(void *arg)
{
    struct writing *writing = arg;
    struct ctx cx = {.arena = arena_open(FIXTURE_ARENA_BYTES), .clock = &writing->fixture->clock};
    for (int64_t number = 1000; !atomic_load(&writing->stop); number++) {
        assert_int_equal(store_write_wait(writing->fixture->store, &cx, number % 3 == 0 ? write_all : write_entry,
                                          &number), OK);
        assert_int_equal(store_write_wait(writing->fixture->store, &cx, delete_nothing, NULL), OK);
        arena_reset(cx.arena);
    }
    arena_close(cx.arena);
    return NULL;
}

static void writing_begin(struct writing *writing, struct fixture *fixture)
{
    *writing = (struct writing){.fixture = fixture};
    assert_int_equal(pthread_create(&writing->thread, NULL, write_on, writing), 0);
}

static void writing_end(struct writing *writing)
{
    atomic_store(&writing->stop, true);
    assert_int_equal(pthread_join(writing->thread, NULL), 0);
}

static void a_store_opens_while_another_process_writes(void **state)
{
    struct fixture *fixture = *state;
    struct writing writing;
    writing_begin(&writing, fixture);
    for (int i = 0; i < 40; i++) {
        struct store *other = NULL;
        struct ctx cx = {.arena = arena_open(FIXTURE_ARENA_BYTES), .clock = &fixture->clock};
        struct store_options options = fixture_options(fixture);
        if (store_open(&cx, &options, &other) != OK)
            fail_msg("%s: %s", cx.failure.reason, cx.failure.detail);
        store_close(other);
        arena_close(cx.arena);
    }
    writing_end(&writing);
}

/* Its files are of one moment: beside the keys of before, none is older than another says. */
static void a_backup_is_of_one_moment(void **state)
{
    struct fixture *fixture = *state;
    struct kept *keys = calloc(1, sizeof *keys);
    struct writing writing;
    assert_non_null(keys);
    fixture_close(fixture);
    keep(fixture->folder, "keys.db", keys);
    fixture_open(fixture);
    writing_begin(&writing, fixture);
    for (int i = 0; i < 12; i++) {
        struct fixture *copy = fixture_new();
        (void)rmdir(copy->folder);
        assert_int_equal(store_backup(&fixture->cx, fixture->store, copy->folder), OK);
        put_back(copy->folder, "keys.db", keys);
        if (open_again(copy) != OK)
            fail_msg("%s: %s", copy->cx.failure.reason, copy->cx.failure.detail);
        store_close(copy->store);
        folder_remove(copy->folder);
        arena_close(copy->cx.arena);
        free(copy);
    }
    writing_end(&writing);
    free(keys);
}

/* ---- keys that are put back under a store that is open */

static void set_generation_of_keys(struct fixture *fixture, const char *sql)
{
    char path[200];
    struct sqlite_file *keys = NULL;
    path_of(fixture->folder, "keys.db", path);
    struct sqlite_options options = {.path = path, .role = ROLE_WRITER};
    assert_int_equal(sqlite_open(&fixture->cx, &options, &keys), OK);
    assert_int_equal(database_run(&fixture->cx, &keys->base, sql), OK);
    database_close(&keys->base);
}

static void keys_that_go_back_are_not_written_to_unless_somebody_sees_to_it(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 3;
    int64_t now = 0;
    int64_t seen = 0;
    do_write(fixture, write_all, 1);
    do_write(fixture, write_all, 2);
    assert_int_equal(store_keys_generation(&fixture->cx, fixture->store, &now, &seen), OK);
    assert_true(now == 2 && seen == 2);
    set_generation_of_keys(fixture, "UPDATE keys_generation SET generation = 1");
    assert_int_equal(store_keys_generation(&fixture->cx, fixture->store, &now, &seen), OK);
    assert_true(now == 1 && seen == 2);
    assert_failure(fixture, store_write_wait(fixture->store, &fixture->cx, write_all, &number), UNAVAILABLE,
                   "store.commit");
    store_keys_accept(fixture->store);
    do_write(fixture, write_all, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_batch_counts_for_the_files_that_it_changes),
        STORE_TEST(keeping_the_time_is_no_change),
        STORE_TEST(a_count_goes_on_behind_another_process),
        STORE_TEST(a_file_that_another_vouches_for_does_not_come_back_older),
        STORE_TEST(what_a_power_cut_may_leave_is_served),
        STORE_TEST(a_store_opens_while_another_process_writes),
        STORE_TEST(a_backup_is_of_one_moment),
        STORE_TEST(keys_that_go_back_are_not_written_to_unless_somebody_sees_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
