/* SPDX-License-Identifier: Apache-2.0
 * Files and settings: what is made, who may read it, what is refused, copies, checks, and the write-ahead logs. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "store/sqlite.h"
#include "store/state.h"
#include "unit/store/ask.h"
#include "unit/store/things.h"

static struct text path_of(struct fixture *fixture, const char *name)
{
    return text_format(fixture->cx.arena, "%s/%s", fixture->folder, name);
}

static int64_t size_of(struct fixture *fixture, const char *name)
{
    struct stat about;
    return stat(path_of(fixture, name).at, &about) == 0 ? about.st_size : -1;
}

static void assert_failure(struct fixture *fixture, err result, err code, const char *reason)
{
    assert_int_equal(result, code);
    assert_string_equal(fixture->cx.failure.reason, reason);
    failure_clear(&fixture->cx.failure);
}

static err open_again(struct fixture *fixture, const char *url, bool create)
{
    struct store_options options = {.url = url, .clock = &fixture->clock, .create = create};
    return store_open(&fixture->cx, &options, &fixture->store);
}

static void only_the_owner_may_read_folder_and_files(void **state)
{
    static const char *const NAMES[] = {"people.db", "ledger.db",     "records.db",
                                        "keys.db",   "people.db-wal", "keys.db-shm"};
    struct fixture *fixture = *state;
    struct stat about;
    int64_t number = 1;
    char *outer = fixture->folder;
    struct text inner = text_format(fixture->cx.arena, "%s/made", outer);
    mode_t mask = umask(0);
    assert_int_equal(open_again(fixture, text_format(fixture->cx.arena, "sqlite:%s", inner.at).at, true), OK);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    (void)umask(mask);
    assert_int_equal(stat(inner.at, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_int_equal(stat(text_format(fixture->cx.arena, "%s/%s", inner.at, NAMES[i]).at, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    store_close(fixture->store);
    fixture->store = NULL;
    folder_remove(inner.at);
}

static void what_is_not_there_is_missing(void **state)
{
    struct fixture *fixture = *state;
    struct text nowhere = text_format(fixture->cx.arena, "sqlite:%s/nowhere", fixture->folder);
    assert_failure(fixture, open_again(fixture, nowhere.at, false), NOT_FOUND, "store.missing");
    assert_failure(fixture, open_again(fixture, fixture->place.url, false), NOT_FOUND, "store.missing");
    assert_int_equal(size_of(fixture, "people.db"), -1);
    assert_failure(fixture, open_again(fixture, "postgres://somewhere", true), INVALID, "store.url");
    assert_failure(fixture, open_again(fixture, "sqlite:", true), INVALID, "store.url");
}

static void a_file_that_was_emptied_is_not_filled_anew(void **state)
{
    static const char *const NAMES[] = {"people.db", "ledger.db", "records.db", "keys.db"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_int_equal(open_again(fixture, fixture->place.url, true), OK);
        store_close(fixture->store);
        fixture->store = NULL;
        assert_int_equal(truncate(path_of(fixture, NAMES[i]).at, 0), 0);
        assert_failure(fixture, open_again(fixture, fixture->place.url, false), CORRUPT, "store.emptied");
        if (i > 0) /* without its last file a store is one whose making was cut short */
            assert_failure(fixture, open_again(fixture, fixture->place.url, true), CORRUPT, "store.emptied");
        folder_remove(fixture->folder);
        assert_int_equal(mkdir(fixture->folder, 0700), 0);
    }
}

static void overwrite(struct fixture *fixture, const char *name, off_t at, const char *with)
{
    int fd = open(path_of(fixture, name).at, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, with, strlen(with), at), (ssize_t)strlen(with));
    assert_int_equal(close(fd), 0);
}

static void a_file_that_is_no_database_is_damaged(void **state)
{
    struct fixture *fixture = *state;
    overwrite(fixture, "records.db", 0, "This is a letter and not a database, whatever its name may say.");
    assert_failure(fixture, open_again(fixture, fixture->place.url, true), CORRUPT, "store.damaged");
}

static void a_damaged_page_is_found_by_the_check(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t number = 1; number <= 200; number++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(store_check(&fixture->cx, fixture->store), OK);
    fixture_close(fixture); /* all is in the file now */
    int64_t size = size_of(fixture, "people.db");
    overwrite(fixture, "people.db", size - 4096, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
    fixture_open(fixture);
    assert_failure(fixture, store_check(&fixture->cx, fixture->store), CORRUPT, "store.damaged");
}

/* ---- settings */

static void every_file_has_the_settings_of_the_house(void **state)
{
    struct fixture *fixture = *state;
    struct store_conn *conns[] = {fixture->cx.db, fixture->store->writer.conn};
    for (size_t i = 0; i < 2; i++)
        for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
            struct database *of = conns[i]->of_file[file];
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA synchronous"), 2);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA secure_delete"), 1);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA foreign_keys"), 1);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA trusted_schema"), 0);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA cell_size_check"), 1);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA temp_store"), 2);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA page_size"), 4096);
            assert_int_equal(ask(&fixture->cx, of, "PRAGMA query_only"), i == 0);
        }
}

static void a_setting_that_does_not_take_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct text path = path_of(fixture, "other.db");
    struct sqlite_options options = {.path = path.at, .role = ROLE_WRITER, .create = true};
    struct sqlite_file *file = NULL;
    assert_int_equal(sqlite_open(&fixture->cx, &options, &file), OK);
    static const char OTHER[] = "PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM";
    assert_int_equal(database_run(&fixture->cx, &file->base, OTHER), OK);
    database_close(&file->base);
    assert_failure(fixture, sqlite_open(&fixture->cx, &options, &file), INTERNAL, "store.setting");
}

/* ---- copies and logs */

static void a_backup_holds_all_but_the_keys(void **state)
{
    struct fixture *fixture = *state;
    struct fixture copy = *fixture;
    struct stat about;
    int64_t number = 1;
    (void)snprintf(copy.folder, sizeof copy.folder, "%.50s/copy", fixture->folder);
    (void)snprintf(copy.place.url, sizeof copy.place.url, "sqlite:%s", copy.folder);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_entry, &number), OK);
    assert_int_equal(store_backup(&fixture->cx, fixture->store, copy.folder), OK);
    assert_failure(fixture, store_backup(&fixture->cx, fixture->store, copy.folder), CONFLICT, "store.backup_exists");
    assert_int_equal(stat(path_of(&copy, "people.db").at, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(size_of(&copy, "keys.db"), -1);
    struct store *none = NULL;
    struct store_options options = fixture_options(&copy);
    assert_failure(fixture, store_open(&fixture->cx, &options, &none), CORRUPT, "store.emptied");
    fixture_close(fixture);
    assert_int_equal(rename(path_of(fixture, "keys.db").at, path_of(&copy, "keys.db").at), 0);
    copy.cx = fixture->cx;
    fixture_open(&copy);
    assert_int_equal(count_things(&copy.cx), 1);
    assert_int_equal(count_entries(&copy.cx), 1);
    fixture_close(&copy);
    folder_remove(copy.folder);
}

static void a_moment_that_is_fixed_again_is_the_later_one(void **state)
{
    struct fixture *fixture = *state;
    struct sqlite_options options = {.path = path_of(fixture, "people.db").at, .role = ROLE_READER};
    struct sqlite_file *file = NULL;
    int64_t number = 1;
    assert_int_equal(sqlite_open(&fixture->cx, &options, &file), OK);
    assert_int_equal(sqlite_fix(&fixture->cx, file), OK);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(ask(&fixture->cx, &file->base, "SELECT count(*) FROM thing"), 0);
    assert_int_equal(sqlite_fix(&fixture->cx, file), OK);
    assert_int_equal(ask(&fixture->cx, &file->base, "SELECT count(*) FROM thing"), 1);
    database_close(&file->base);
}

static err write_secret(struct ctx *cx, void *arg)
{
    struct sql_secret_insert_in in = {*(const int64_t *)arg, bytes_of_text(TEXT("xSECRETx"))};
    return sql_secret_insert(cx, &in, NULL);
}

static err delete_secret(struct ctx *cx, void *arg)
{
    return sql_secret_delete(cx, &(struct sql_secret_delete_in){*(const int64_t *)arg}, NULL);
}

static bool file_holds(struct fixture *fixture, const char *name, const char *wanted)
{
    size_t room = 1024 * 1024;
    char *content = arena_take(fixture->cx.arena, room, 1);
    int fd = open(path_of(fixture, name).at, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, content, room);
    assert_int_equal(close(fd), 0);
    return size > 0 && memmem(content, (size_t)size, wanted, strlen(wanted)) != NULL;
}

static void a_scrubbed_key_is_in_no_file(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 1;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_secret, &number), OK);
    assert_true(file_holds(fixture, "keys.db-wal", "xSECRETx"));
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, delete_secret, &number), OK);
    assert_int_equal(store_scrub_keys(&fixture->cx, fixture->store), OK);
    assert_int_equal(size_of(fixture, "keys.db-wal"), 0);
    assert_false(file_holds(fixture, "keys.db", "xSECRETx"));
}

static void an_idle_log_is_emptied(void **state)
{
    struct fixture *fixture = *state;
    struct store_counters counters;
    int64_t number = 1;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_true(size_of(fixture, "people.db-wal") > 0);
    for (int i = 0; i < 600 && size_of(fixture, "people.db-wal") > 0; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(size_of(fixture, "people.db-wal"), 0);
    store_counters(fixture->store, &counters);
    assert_in_range(counters.checkpoints, 1, 100);
    assert_true(counters.file_bytes[STORE_PEOPLE] > 0);
    assert_int_equal(count_things(&fixture->cx), 1);
}

static err write_megabytes(struct ctx *cx, void *arg)
{
    static const uint8_t LARGE[1024 * 1024] = {1};
    struct sql_secret_insert_in in = {*(const int64_t *)arg, {LARGE, sizeof LARGE}};
    for (int64_t i = 0; i < 20; i++, in.thing_id++)
        TRY(sql_secret_insert(cx, &in, NULL));
    return OK;
}

static void a_long_log_is_moved_while_writes_flow(void **state)
{
    struct fixture *fixture = *state;
    struct store_counters counters = {.checkpoints = 0};
    for (int64_t i = 0; i < 400 && counters.checkpoints == 0; i++) {
        int64_t number = 1000 + i;
        int64_t large = i * 20;
        if (i < 2)
            assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_megabytes, &large), OK);
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
        store_counters(fixture->store, &counters);
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    assert_true(counters.checkpoints > 0);
    assert_true(size_of(fixture, "keys.db") > 19 * 1024 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLOSED_TEST(only_the_owner_may_read_folder_and_files),
        CLOSED_TEST(what_is_not_there_is_missing),
        CLOSED_TEST(a_file_that_is_no_database_is_damaged),
        CLOSED_TEST(a_file_that_was_emptied_is_not_filled_anew),
        STORE_TEST(a_damaged_page_is_found_by_the_check),
        STORE_TEST(every_file_has_the_settings_of_the_house),
        CLOSED_TEST(a_setting_that_does_not_take_is_noticed),
        STORE_TEST(a_backup_holds_all_but_the_keys),
        STORE_TEST(a_moment_that_is_fixed_again_is_the_later_one),
        STORE_TEST(a_scrubbed_key_is_in_no_file),
        STORE_TEST(an_idle_log_is_emptied),
        STORE_TEST(a_long_log_is_moved_while_writes_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
