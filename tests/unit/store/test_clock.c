/* SPDX-License-Identifier: Apache-2.0
 * The time of a store and its mark on disk. The rules of time have their test in base; here is what outlives a process,
 * however it ends, and when the mark is written. */
#include "base/time.h"
#include "unit/store/things.h"

#define BEGUN_MS 5000000

static err note_moment(struct ctx *cx, void *arg)
{
    *(int64_t *)arg = cx->now_ms;
    return OK;
}

static int64_t write_now(struct fixture *fixture)
{
    int64_t moment = 0;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, note_moment, &moment), OK);
    return moment;
}

/* On a machine whose run has a name, at a known hour. */
static struct fixture *begin(void **state, int64_t boot)
{
    struct fixture *fixture = *state;
    fixture_close(fixture);
    fixture->set.boot = boot;
    fixture->set.wall_ms = BEGUN_MS;
    fixture_open(fixture);
    return fixture;
}

/* Time goes by; then somebody sets the clock. */
static void pass(struct fixture *fixture, int64_t ms, int64_t jump_ms)
{
    fixture->set.wall_ms += ms + jump_ms;
    fixture->set.jumped_ms += jump_ms;
}

static struct sql_clock_mark_load_row mark_of(struct fixture *fixture)
{
    struct sql_clock_mark_load_row row = {0};
    bool found = false;
    assert_int_equal(sql_clock_mark_load(&fixture->cx, &row, &found), OK);
    return row;
}

static int64_t commits_of(struct fixture *fixture)
{
    struct store_counters counters;
    store_counters(fixture->store, &counters);
    return counters.commits;
}

/* The time that the store would tell had its process been killed now: what another one finds in the files. */
static int64_t now_of_another(struct fixture *fixture)
{
    struct store_options options = fixture_options(fixture);
    struct store *another = NULL;
    assert_int_equal(store_open(&fixture->cx, &options, &another), OK);
    int64_t now_ms = store_now_ms(another);
    store_close(another);
    return now_ms;
}

static void the_moment_of_a_write_never_goes_back(void **state)
{
    struct fixture *fixture = begin(state, 0);
    assert_int_equal(write_now(fixture), BEGUN_MS);
    pass(fixture, 0, -1000000);
    assert_int_equal(store_now_ms(fixture->store), BEGUN_MS);
    assert_int_equal(write_now(fixture), BEGUN_MS);
    pass(fixture, 8000, 0);
    assert_int_equal(write_now(fixture), BEGUN_MS + 7000);
}

static void a_killed_process_is_followed_by_one_that_tells_no_earlier_time(void **state)
{
    static const int64_t JUMPS_MS[] = {-3000, -20000, -3600000, -4000000, 400 * TIME_DAY_MS};
    struct fixture *fixture = begin(state, 7);
    assert_int_equal(write_now(fixture), BEGUN_MS);
    pass(fixture, 90000, 0); /* nothing is written any more */
    int64_t told_ms = store_now_ms(fixture->store);
    assert_int_equal(told_ms, BEGUN_MS + 90000);
    for (size_t i = 0; i < sizeof JUMPS_MS / sizeof *JUMPS_MS; i++) {
        pass(fixture, 0, JUMPS_MS[i]);
        int64_t next_ms = now_of_another(fixture);
        assert_in_range(next_ms, told_ms, told_ms + 1);
        pass(fixture, 0, -JUMPS_MS[i]);
    }
    fixture->set.jumped_ms = 0;
    assert_in_range(now_of_another(fixture), told_ms, told_ms + 1);
}

/* The same with the calls that come once a second while people ask: to the millisecond. */
static void what_was_told_is_covered_once_the_mark_is_kept(void **state)
{
    struct fixture *fixture = begin(state, 7);
    for (int i = 0; i < 90; i++) {
        pass(fixture, 1000, 0);
        store_tell_moment(fixture->store, &fixture->cx);
        assert_int_equal(store_keep_time(fixture->store, &fixture->cx), OK);
    }
    assert_int_equal(mark_of(fixture).at_ms, BEGUN_MS + 90000);
    pass(fixture, 0, -3600000);
    assert_in_range(now_of_another(fixture), BEGUN_MS + 90000, BEGUN_MS + 90001);
    fixture->set.boot = 8; /* and another run of the machine */
    assert_int_equal(now_of_another(fixture), mark_of(fixture).horizon_ms);
    assert_true(mark_of(fixture).horizon_ms > BEGUN_MS + 91000);
}

static void a_step_of_the_clock_is_marked_with_the_next_write(void **state)
{
    struct fixture *fixture = begin(state, 7);
    (void)write_now(fixture);
    pass(fixture, 5, 200);
    int64_t told_ms = write_now(fixture);
    assert_int_equal(told_ms, BEGUN_MS + 205);
    pass(fixture, 0, -200);
    assert_true(now_of_another(fixture) >= told_ms);
}

static void an_idle_node_writes_its_mark_once_a_minute(void **state)
{
    struct fixture *fixture = begin(state, 7);
    assert_int_equal(store_keep_time(fixture->store, &fixture->cx), OK);
    int64_t before = commits_of(fixture);
    for (int i = 0; i < 600; i++) {
        pass(fixture, 1000, 0);
        assert_int_equal(store_keep_time(fixture->store, &fixture->cx), OK);
        struct sql_clock_mark_load_row mark = mark_of(fixture);
        assert_true(mark.horizon_ms > store_now_ms(fixture->store) + 1000); /* whatever is told now, it holds */
    }
    assert_in_range(commits_of(fixture) - before, 9, 12);
}

static void a_node_that_is_asked_writes_its_mark_once_a_second(void **state)
{
    struct fixture *fixture = begin(state, 7);
    assert_int_equal(store_keep_time(fixture->store, &fixture->cx), OK);
    int64_t before = commits_of(fixture);
    for (int i = 0; i < 100; i++) {
        pass(fixture, 100, 0);
        store_tell_moment(fixture->store, &fixture->cx);
        assert_int_equal(store_keep_time(fixture->store, &fixture->cx), OK);
    }
    assert_int_equal(commits_of(fixture) - before, 10);
}

static void an_orderly_end_leaves_no_horizon_behind(void **state)
{
    struct fixture *fixture = begin(state, 7);
    assert_int_equal(store_keep_time(fixture->store, &fixture->cx), OK);
    pass(fixture, 500, 0);
    assert_int_equal(store_settle_time(fixture->store, &fixture->cx), OK);
    assert_int_equal(mark_of(fixture).horizon_ms, BEGUN_MS + 500);
    fixture_close(fixture);
    fixture->set.boot = 8;
    pass(fixture, 0, -3600000);
    fixture_open(fixture);
    assert_int_equal(store_now_ms(fixture->store), BEGUN_MS + 500);
}

static err save_mark(struct ctx *cx, void *arg)
{
    return sql_clock_mark_set(cx, arg, NULL);
}

/* Of two processes with the same files the slower one comes last. */
static void an_earlier_mark_does_not_replace_a_later_one(void **state)
{
    struct fixture *fixture = begin(state, 7);
    struct sql_clock_mark_set_in later = {1, BEGUN_MS + 2000, 2000, 8, BEGUN_MS + 70000};
    struct sql_clock_mark_set_in earlier = {1, BEGUN_MS + 1999, 1999, 7, BEGUN_MS + 5000};
    struct sql_clock_mark_set_in latest = {1, BEGUN_MS + 2001, 2001, 9, BEGUN_MS + 5000};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, save_mark, &later), OK);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, save_mark, &earlier), OK);
    assert_int_equal(mark_of(fixture).at_ms, BEGUN_MS + 2000);
    assert_int_equal(mark_of(fixture).boot, 8);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, save_mark, &latest), OK);
    assert_int_equal(mark_of(fixture).boot, 9);
    assert_int_equal(mark_of(fixture).horizon_ms, BEGUN_MS + 70000);
}

static err save_old_mark(struct ctx *cx, void *arg)
{
    return sql_old_mark_save(cx, &(struct sql_old_mark_save_in){*(const int64_t *)arg}, NULL);
}

/* Where stores kept their mark before they had a place for it in the ledger file. */
static void the_mark_of_an_older_store_still_holds(void **state)
{
    struct fixture *fixture = begin(state, 7);
    int64_t old_mark_ms = 7000000;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, save_old_mark, &old_mark_ms), OK);
    fixture_close(fixture);
    fixture_open(fixture);
    assert_int_equal(store_now_ms(fixture->store), old_mark_ms);
    pass(fixture, 0, 2100000);
    assert_int_equal(write_now(fixture), 7100000);
    fixture_close(fixture);
    pass(fixture, 0, -2100000);
    fixture_open(fixture);
    assert_in_range(store_now_ms(fixture->store), 7100000, 7100001);
}

static void a_leap_is_told_beside_the_time(void **state)
{
    struct fixture *fixture = begin(state, 7);
    int64_t ahead_ms = 0;
    pass(fixture, 0, TIME_DAY_MS);
    store_tell_moment(fixture->store, &fixture->cx);
    assert_int_equal(fixture->cx.now_ms, BEGUN_MS);
    assert_int_equal(ctx_latest_ms(&fixture->cx), BEGUN_MS + TIME_DAY_MS);
    assert_int_equal(store_clock_trust(fixture->store, &ahead_ms), CLOCK_AHEAD);
    assert_int_equal(ahead_ms, TIME_DAY_MS);
    assert_int_equal(write_now(fixture), BEGUN_MS);
    pass(fixture, 0, -TIME_DAY_MS);
    store_tell_moment(fixture->store, &fixture->cx);
    assert_int_equal(ctx_latest_ms(&fixture->cx), BEGUN_MS);
}

static void what_is_stored_lifts_the_time(void **state)
{
    struct fixture *fixture = begin(state, 7);
    store_lift_time(fixture->store, BEGUN_MS + 70000);
    assert_int_equal(store_now_ms(fixture->store), BEGUN_MS + 70000);
    store_lift_time(fixture->store, BEGUN_MS);
    assert_int_equal(write_now(fixture), BEGUN_MS + 70000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_moment_of_a_write_never_goes_back),
        STORE_TEST(a_killed_process_is_followed_by_one_that_tells_no_earlier_time),
        STORE_TEST(what_was_told_is_covered_once_the_mark_is_kept),
        STORE_TEST(a_step_of_the_clock_is_marked_with_the_next_write),
        STORE_TEST(an_idle_node_writes_its_mark_once_a_minute),
        STORE_TEST(a_node_that_is_asked_writes_its_mark_once_a_second),
        STORE_TEST(an_orderly_end_leaves_no_horizon_behind),
        STORE_TEST(an_earlier_mark_does_not_replace_a_later_one),
        STORE_TEST(the_mark_of_an_older_store_still_holds),
        STORE_TEST(a_leap_is_told_beside_the_time),
        STORE_TEST(what_is_stored_lifts_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
