/* SPDX-License-Identifier: Apache-2.0
 * Sums of pages, files that had none, and write-ahead logs that are torn or turned. */
#include "store/page_sum.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/log_check.h"
#include "support/cmocka.h"

#define FRAME_BYTES (PAGE_BYTES + 24)
#define HEAD_BYTES 32

struct fixture {
    struct ctx cx;
    char       folder[40];
    char       path[64];
    char       log[64];
};

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/symbolon-sums-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/a.db", fixture->folder);
    (void)snprintf(fixture->log, sizeof fixture->log, "%s/a.db-wal", fixture->folder);
    fixture->cx.arena = arena_open(1u << 20);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char shared[72];
    (void)snprintf(shared, sizeof shared, "%s/a.db-shm", fixture->folder);
    (void)unlink(shared);
    (void)unlink(fixture->log);
    (void)unlink(fixture->path);
    assert_int_equal(rmdir(fixture->folder), 0);
    arena_close(fixture->cx.arena);
    free(fixture);
    return 0;
}

static void flip(const char *path, size_t bit)
{
    uint8_t octet = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &octet, 1, (off_t)(bit / 8)), 1);
    octet ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(pwrite(fd, &octet, 1, (off_t)(bit / 8)), 1);
    assert_int_equal(close(fd), 0);
}

/* A log of `count` transactions of a page or two, left as a killed process leaves it. */
static size_t leave_log(struct fixture *fixture, int count)
{
    sqlite3 *db = NULL;
    char path[64];
    (void)snprintf(path, sizeof path, "%s/b.db", fixture->folder);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix"), SQLITE_OK);
    run(db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    for (int i = 0; i < count; i++)
        run(db, "INSERT INTO t VALUES (randomblob(3000))");
    static uint8_t content[64 * FRAME_BYTES];
    char log[72];
    (void)snprintf(log, sizeof log, "%s-wal", path);
    int from = open(log, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(from, content, sizeof content);
    int to = open(fixture->log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(size > 0 && (size_t)size < sizeof content && write(to, content, (size_t)size) == size);
    assert_int_equal(close(from) | close(to), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(unlink(path), 0);
    return (size_t)size;
}

static void assert_damaged(struct fixture *fixture, size_t bit)
{
    failure_clear(&fixture->cx.failure);
    if (log_check(&fixture->cx, fixture->log) != CORRUPT)
        fail_msg("bit %zu of the log was not seen", bit);
    assert_string_equal(fixture->cx.failure.reason, "store.log_damaged");
    arena_reset(fixture->cx.arena);
}

static void every_bit_of_a_page_changes_its_sum(void **state)
{
    (void)state; /* needs no folder */
    uint8_t page[PAGE_BYTES] = {1, 2, 3};
    page_sum_put(page, 9);
    assert_true(page_sum_is(page, 9));
    assert_false(page_sum_is(page, 10));
    for (size_t bit = 0; bit < PAGE_BYTES * 8; bit++) {
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(page_sum_is(page, 9));
        page[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_file_without_sums_gets_them_and_keeps_its_rows(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, flags, "unix"), SQLITE_OK);
    run(db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (42)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    for (int i = 0; i < 2; i++) /* the second time there is nothing to do */
        assert_int_equal(page_sums_adopt(&fixture->cx, fixture->path), OK);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READWRITE, page_vfs()), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT a FROM t", -1, &query, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(query), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(query, 0), 42);
    assert_int_equal(sqlite3_finalize(query), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    flip(fixture->path, (PAGE_BYTES + 4000) * 8);
    assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READWRITE, page_vfs()), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT a FROM t", NULL, NULL, NULL), SQLITE_CORRUPT);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_whose_mark_of_sums_has_turned_is_not_taken_for_an_old_one(void **state)
{
    struct fixture *fixture = *state;
    uint8_t page[PAGE_BYTES] = "SQLite format 3";
    page[PAGE_RESERVED_AT] = PAGE_SUM_BYTES;
    page_sum_put(page, 1);
    page[PAGE_RESERVED_AT] = 0;
    int fd = open(fixture->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, page, sizeof page), sizeof page);
    assert_int_equal(close(fd), 0);
    assert_int_equal(page_sums_adopt(&fixture->cx, fixture->path), OK);
    uint8_t now[PAGE_BYTES];
    fd = open(fixture->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, now, sizeof now), sizeof now);
    assert_int_equal(close(fd), 0);
    assert_memory_equal(page, now, sizeof now);
}

static void every_turned_bit_of_a_log_is_told_from_a_torn_end(void **state)
{
    struct fixture *fixture = *state;
    size_t size = leave_log(fixture, 6);
    assert_int_equal(log_check(&fixture->cx, fixture->log), OK);
    for (size_t bit = 0; bit < size * 8; bit += bit < HEAD_BYTES * 8 ? 1 : 61) {
        flip(fixture->log, bit);
        assert_damaged(fixture, bit);
        flip(fixture->log, bit);
    }
}

static void bytes_that_turn_in_the_middle_of_a_log_are_seen_by_what_follows(void **state)
{
    struct fixture *fixture = *state;
    size_t size = leave_log(fixture, 6);
    size_t at = (HEAD_BYTES + FRAME_BYTES + 2000) * 8;
    for (size_t bit = 0; bit < 40; bit += 3)
        flip(fixture->log, at + bit);
    assert_true(size > 4 * FRAME_BYTES);
    assert_damaged(fixture, at);
}

static void a_torn_end_of_a_log_is_no_damage(void **state)
{
    struct fixture *fixture = *state;
    size_t size = leave_log(fixture, 6);
    for (size_t bit = 0; bit < 800; bit += 3) /* the last page has half of something else */
        flip(fixture->log, (size - 1000) * 8 + bit);
    assert_int_equal(log_check(&fixture->cx, fixture->log), OK);
    assert_int_equal(truncate(fixture->log, (off_t)size - 100), 0);
    assert_int_equal(log_check(&fixture->cx, fixture->log), OK);
    assert_int_equal(truncate(fixture->log, 0), 0);
    assert_int_equal(log_check(&fixture->cx, fixture->log), OK);
}

/* Where the frame begins that many places before the end of the log. */
static size_t frame_from_end(size_t size, size_t places)
{
    return size - places * FRAME_BYTES;
}

/* The last transaction then has two frames. */
static size_t leave_log_of_two_at_last(struct fixture *fixture)
{
    size_t size = 0;
    uint8_t commits[2][4] = {{0}, {0}};
    for (int count = 6; count < 20; count++) {
        size = leave_log(fixture, count);
        int fd = open(fixture->log, O_RDONLY | O_CLOEXEC);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pread(fd, commits[i], 4, (off_t)frame_from_end(size, i + 1) + 4), 4);
        assert_int_equal(close(fd), 0);
        if (commits[0][3] != 0 && commits[1][3] == 0)
            return size;
    }
    fail_msg("no such log was made");
    return 0;
}

/* What was in a sector before may be one bit off what a power cut has kept from it: no word of the transaction was
 * acknowledged, when the rest of it has not arrived either. */
static void an_end_that_is_torn_and_one_bit_off_is_no_damage(void **state)
{
    struct fixture *fixture = *state;
    size_t size = leave_log_of_two_at_last(fixture);
    size_t first = frame_from_end(size, 2);
    for (size_t bit = 0; bit < 800; bit += 3)
        flip(fixture->log, (size - 1000) * 8 + bit);
    for (size_t at = first + 9; at < first + FRAME_BYTES; at += 4) { /* behind the word that says whether it ends */
        flip(fixture->log, at * 8);
        if (log_check(&fixture->cx, fixture->log) != OK)
            fail_msg("octet %zu of a torn end was taken for damage", at - first);
        flip(fixture->log, at * 8);
        arena_reset(fixture->cx.arena);
    }
    assert_int_equal(truncate(fixture->log, (off_t)(size - FRAME_BYTES)), 0);
    flip(fixture->log, (first + 2001) * 8);
    assert_int_equal(log_check(&fixture->cx, fixture->log), OK);
}

/* Also those of the words that say whether a transaction ends: one that was lost so is not taken for a torn end. */
static void every_bit_in_the_heads_of_the_last_transaction_is_told(void **state)
{
    struct fixture *fixture = *state;
    size_t size = leave_log_of_two_at_last(fixture);
    for (size_t places = 1; places <= 2; places++)
        for (size_t bit = 0; bit < 24 * 8; bit++) {
            flip(fixture->log, frame_from_end(size, places) * 8 + bit);
            assert_damaged(fixture, bit);
            flip(fixture->log, frame_from_end(size, places) * 8 + bit);
        }
}

/* The first words of a head may lie in a sector that has not arrived: page and size are then those of before, and so
 * may be right, but the salts are not. */
static void salts_from_before_make_no_damage_of_a_torn_end(void **state)
{
    struct fixture *fixture = *state;
    size_t size = leave_log(fixture, 6);
    for (size_t bit = 0; bit < 64; bit += 3)
        flip(fixture->log, (frame_from_end(size, 1) + 8) * 8 + bit);
    assert_int_equal(log_check(&fixture->cx, fixture->log), OK);
}

int main(void)
{
#define SUM_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_a_page_changes_its_sum),
        SUM_TEST(a_file_without_sums_gets_them_and_keeps_its_rows),
        SUM_TEST(a_file_whose_mark_of_sums_has_turned_is_not_taken_for_an_old_one),
        SUM_TEST(every_turned_bit_of_a_log_is_told_from_a_torn_end),
        SUM_TEST(bytes_that_turn_in_the_middle_of_a_log_are_seen_by_what_follows),
        SUM_TEST(a_torn_end_of_a_log_is_no_damage),
        SUM_TEST(an_end_that_is_torn_and_one_bit_off_is_no_damage),
        SUM_TEST(every_bit_in_the_heads_of_the_last_transaction_is_told),
        SUM_TEST(salts_from_before_make_no_damage_of_a_torn_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
