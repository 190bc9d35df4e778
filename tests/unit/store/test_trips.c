/* SPDX-License-Identifier: Apache-2.0
 * What saves ways to a database server and must change no answer: questions that are announced, changes that nobody
 * asks the outcome of, and walks by portions. In a folder all of it holds as well, and there are no ways. */
#include <semaphore.h>

#include "unit/store/things.h"

#define MANY 40
#define WALK_ROWS 2500 /* more than two portions */

static bool is_far(void)
{
    return getenv("DATABASE_URL") != NULL;
}

static int64_t trips(struct fixture *fixture)
{
    struct store_counters counters;
    store_counters(fixture->store, &counters);
    return counters.trips;
}

static void make_things(struct fixture *fixture, int64_t count)
{
    for (int64_t number = 1; number <= count; number++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
}

static err load_name(struct ctx *cx, int64_t number, struct text *out)
{
    struct sql_thing_load_row row = {.name = TEXT_NONE};
    bool found = false;
    TRY(sql_thing_load(cx, &(struct sql_thing_load_in){number}, &row, &found));
    *out = found ? row.name : TEXT("none");
    return OK;
}

static void say(struct ctx *cx, int64_t number)
{
    sql_thing_load_ahead(cx, &(struct sql_thing_load_in){number});
}

/* ---- announced questions */

static int64_t load_three(struct fixture *fixture, bool announced)
{
    struct ctx *cx = &fixture->cx;
    struct text name = TEXT_NONE;
    assert_int_equal(store_read_begin(cx), OK);
    int64_t before = trips(fixture);
    for (int64_t number = 1; announced && number <= 3; number++)
        say(cx, number);
    for (int64_t number = 1; number <= 3; number++) {
        assert_int_equal(load_name(cx, number, &name), OK);
        assert_true(text_equals(name, text_format(cx->arena, "thing %lld", (long long)number)));
    }
    assert_int_equal(load_name(cx, 1, &name), OK); /* once more */
    assert_true(text_is(name, "thing 1"));
    int64_t after = trips(fixture);
    store_read_end(cx);
    return after - before;
}

static void what_is_announced_is_fetched_together(void **state)
{
    struct fixture *fixture = *state;
    make_things(fixture, 3);
    assert_int_equal(load_three(fixture, false), is_far() ? 4 : 0); /* the count counts */
    assert_int_equal(load_three(fixture, true), is_far() ? 1 : 0);
}

static void what_is_announced_and_never_asked_does_no_harm(void **state)
{
    struct fixture *fixture = *state;
    struct text name = TEXT_NONE;
    make_things(fixture, 2);
    say(&fixture->cx, 1); /* outside of a reading: for nothing */
    assert_int_equal(store_read_begin(&fixture->cx), OK);
    for (int64_t number = 0; number < 1000; number++) /* more than are kept */
        say(&fixture->cx, number);
    assert_int_equal(load_name(&fixture->cx, 2, &name), OK);
    assert_true(text_is(name, "thing 2"));
    store_read_end(&fixture->cx);
    assert_int_equal(load_name(&fixture->cx, 3, &name), OK);
    assert_true(text_is(name, "none"));
}

/* Another reading is another state: what the one before has fetched is forgotten. */
static void what_was_fetched_ends_with_its_reading(void **state)
{
    struct fixture *fixture = *state;
    struct ctx other = {.arena = arena_open(FIXTURE_ARENA_BYTES)};
    struct text name = TEXT_NONE;
    int64_t number = 1;
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(store_read_begin(&fixture->cx), OK);
        say(&fixture->cx, number);
        assert_int_equal(load_name(&fixture->cx, number, &name), OK);
        assert_true(text_is(name, turn == 0 ? "none" : "thing 1"));
        store_read_end(&fixture->cx);
        if (turn == 0)
            assert_int_equal(store_write_wait(fixture->store, &other, write_thing, &number), OK);
    }
    arena_close(other.arena);
}

/* store_write_fn: sees its own changes, whatever was announced before them. */
static err change_what_was_announced(struct ctx *cx, void *arg)
{
    struct text name = TEXT_NONE;
    struct text *out = arg;
    say(cx, 1);
    say(cx, 2);
    TRY(load_name(cx, 2, &name));
    TRY(sql_thing_rename(cx, &(struct sql_thing_rename_in){1, TEXT("other")}, NULL));
    return load_name(cx, 1, out);
}

static void a_change_makes_what_was_fetched_untrue(void **state)
{
    struct fixture *fixture = *state;
    struct text name = TEXT_NONE;
    make_things(fixture, 2);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, change_what_was_announced, &name), OK);
    assert_true(text_is(name, "other"));
}

/* store_write_fn: a change of another table leaves it true. */
static err change_something_else(struct ctx *cx, void *arg)
{
    struct fixture *fixture = arg;
    struct text name = TEXT_NONE;
    int64_t number = 1;
    say(cx, 1);
    TRY(write_entry(cx, &number));
    int64_t before = trips(fixture);
    TRY(load_name(cx, 1, &name));
    return trips(fixture) == before ? OK : FAIL(cx, INTERNAL, "test.asked", "it was asked again");
}

static void a_change_of_another_table_leaves_it_true(void **state)
{
    struct fixture *fixture = *state;
    make_things(fixture, 1);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, change_something_else, fixture), OK);
}

/* Those behind a number, up to so many: "3 4 5". */
static struct text list_things(struct ctx *cx, int64_t after, int64_t most)
{
    struct sql_thing_list_row *rows = NULL;
    size_t count = 0;
    struct builder said = builder_open(cx->arena, 1024);
    assert_int_equal(sql_thing_list(cx, &(struct sql_thing_list_in){after, most}, &rows, &count), OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(text_equals(rows[i].name, text_format(cx->arena, "thing %lld", (long long)rows[i].thing_id)));
        build_format(&said, "%s%lld", i == 0 ? "" : " ", (long long)rows[i].thing_id);
    }
    return builder_text(&said);
}

static void each_gets_the_rows_of_its_own_question(void **state)
{
    struct fixture *fixture = *state;
    struct ctx *cx = &fixture->cx;
    static const struct {
        struct sql_thing_list_in in;
        const char              *rows;
    } QUESTIONS[] = {{{3, 9}, "4 5"}, {{0, 3}, "1 2 3"}, {{9, 9}, ""}, {{4, 9}, "5"}, {{1, 1}, "2"}, {{7, 1}, ""}};
    const size_t count = sizeof QUESTIONS / sizeof *QUESTIONS;
    make_things(fixture, 5);
    assert_int_equal(store_read_begin(cx), OK);
    for (size_t i = 0; i < count; i++)
        sql_thing_list_ahead(cx, &QUESTIONS[i].in);
    int64_t before = trips(fixture);
    for (size_t i = count; i-- > 0;)
        assert_true(text_is(list_things(cx, QUESTIONS[i].in.after, QUESTIONS[i].in.most), QUESTIONS[i].rows));
    assert_int_equal(trips(fixture) - before, is_far() ? 1 : 0);
    store_read_end(cx);
}

/* ---- changes that nobody asks the outcome of */

struct volley {
    struct store_write writes[MANY];
    struct ctx         cx[MANY];
    int64_t            numbers[MANY];
    sem_t              all_told;
};

static void note(struct store_write *first)
{
    (void)sem_post(&((struct volley *)first->owner)->all_told); /* one batch: far from its maximum */
}

static struct volley *volley_run(struct fixture *fixture, store_write_fn run)
{
    struct volley *volley = calloc(1, sizeof *volley);
    assert_non_null(volley);
    assert_int_equal(sem_init(&volley->all_told, 0, 0), 0);
    for (int i = 0; i < MANY; i++) {
        volley->numbers[i] = 100 + i;
        volley->cx[i].arena = arena_open(64 * 1024);
        volley->writes[i] = (struct store_write){.cx = &volley->cx[i], .run = run, .arg = &volley->numbers[i],
            .done = note, .owner = volley, .next = i + 1 < MANY ? &volley->writes[i + 1] : NULL};
    }
    volley->numbers[MANY / 2] = 101; /* stands there already by then */
    assert_true(store_submit(fixture->store, volley->writes, MANY));
    while (sem_wait(&volley->all_told) != 0)
        continue; /* a signal came in between */
    return volley;
}

static void volley_free(struct volley *volley)
{
    for (int i = 0; i < MANY; i++)
        arena_close(volley->cx[i].arena);
    assert_int_equal(sem_destroy(&volley->all_told), 0);
    free(volley);
}

static void one_that_fails_late_fails_alone(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_run(fixture, write_thing);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(volley->writes[i].result, i == MANY / 2 ? CONFLICT : OK);
    assert_string_equal(volley->cx[MANY / 2].failure.reason, "store.duplicate");
    assert_int_equal(count_things(&fixture->cx), MANY - 1);
    volley_free(volley);
}

/* store_write_fn: says no after it has changed something. */
static err write_and_refuse_some(struct ctx *cx, void *arg)
{
    int64_t number = *(const int64_t *)arg;
    TRY(write_thing(cx, &number));
    return number % 3 == 0 ? FAIL(cx, FORBIDDEN, "test.refused", "no") : OK;
}

static void those_that_refuse_leave_nothing_and_the_others_stand(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_run(fixture, write_and_refuse_some);
    int64_t kept = 0;
    for (int i = 0; i < MANY; i++) {
        err wanted = i == MANY / 2 ? CONFLICT : volley->numbers[i] % 3 == 0 ? FORBIDDEN : OK;
        assert_int_equal(volley->writes[i].result, wanted);
        kept += wanted == OK;
    }
    assert_int_equal(count_things(&fixture->cx), kept);
    volley_free(volley);
}

/* store_write_fn: whether it was there is known when the batch ends, at the latest. */
static err take_thing_away(struct ctx *cx, void *arg)
{
    int64_t taken = 0;
    TRY(sql_thing_take(cx, &(struct sql_thing_take_in){*(const int64_t *)arg}, &taken));
    return taken == 1 ? OK : FAIL(cx, NOT_FOUND, "test.gone", "it was not there");
}

/* The one in the middle names what another has taken before. */
static void one_that_meets_no_row_is_told_so_and_the_others_meet_theirs(void **state)
{
    struct fixture *fixture = *state;
    int64_t count = 100 + MANY;
    make_things(fixture, count);
    struct volley *volley = volley_run(fixture, take_thing_away);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(volley->writes[i].result, i == MANY / 2 ? NOT_FOUND : OK);
    assert_int_equal(count_things(&fixture->cx), count - (MANY - 1));
    volley_free(volley);
}

/* store_write_fn: what waits for others of its kind is seen by who asks, and goes before what comes behind it. */
static err change_and_look(struct ctx *cx, void *arg)
{
    int64_t number = *(const int64_t *)arg;
    struct text name = TEXT_NONE;
    struct text last = text_format(cx->arena, "last %lld", (long long)number); /* names differ */
    int64_t taken = 0;
    TRY(write_thing(cx, &number));
    TRY(load_name(cx, number, &name));
    assert_true(text_equals(name, text_format(cx->arena, "thing %lld", (long long)number)));
    TRY(sql_thing_rename(cx, &(struct sql_thing_rename_in){number, TEXT("other")}, NULL));
    TRY(sql_thing_take(cx, &(struct sql_thing_take_in){number}, &taken));
    TRY(write_thing(cx, &number));
    TRY(sql_thing_rename(cx, &(struct sql_thing_rename_in){number, last}, NULL));
    TRY(load_name(cx, number, &name));
    return taken == 1 && text_equals(name, last) ? OK : FAIL(cx, INTERNAL, "test.order", "not in their order");
}

static void changes_of_one_write_stay_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t number = 1; number <= 3; number++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, change_and_look, &number), OK);
    assert_int_equal(count_things(&fixture->cx), 3);
}

static void a_batch_waits_once_for_all_of_its_changes(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 1;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK); /* connects, prepares */
    int64_t before = trips(fixture);
    for (number = 2; number < 12; number++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    assert_int_equal(trips(fixture) - before, is_far() ? 10 : 0);
}

/* ---- walks */

struct walk {
    int64_t rows;
    int64_t last;
    int64_t inner; /* of a question for each row */
    int64_t stop_at;
};

static err take_thing(struct ctx *cx, const struct sql_thing_walk_row *row, void *arg)
{
    struct walk *walk = arg;
    struct text name = TEXT_NONE;
    walk->rows++;
    if (row->thing_id <= walk->last)
        return FAIL(cx, INTERNAL, "test.order", "the rows are not in their order");
    walk->last = row->thing_id;
    if (row->thing_id % 100 == 0) {
        TRY(load_name(cx, row->thing_id, &name));
        walk->inner += text_equals(name, row->name);
    }
    return row->thing_id == walk->stop_at ? FAIL(cx, CONFLICT, "test.enough", "enough") : OK;
}

/* store_write_fn */
static err write_things(struct ctx *cx, void *arg)
{
    int64_t count = *(const int64_t *)arg;
    for (int64_t number = 1; number <= count; number++)
        TRY(write_thing(cx, &number));
    return OK;
}

static struct walk walk_things(struct fixture *fixture, int64_t after, int64_t stop_at)
{
    struct walk walk = {.stop_at = stop_at, .last = after};
    struct sql_thing_walk_in in = {after};
    err result = sql_thing_walk_each(&fixture->cx, &in, take_thing, &walk);
    assert_int_equal(result, stop_at == 0 ? OK : CONFLICT);
    failure_clear(&fixture->cx.failure);
    return walk;
}

static void a_walk_gives_each_row_once_and_lets_others_ask(void **state)
{
    struct fixture *fixture = *state;
    int64_t count = WALK_ROWS;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_things, &count), OK);
    for (int turn = 0; turn < 4; turn++) {
        bool inside = turn % 2 == 1;
        if (inside)
            assert_int_equal(store_read_begin(&fixture->cx), OK);
        struct walk whole = walk_things(fixture, 0, 0);
        assert_int_equal(whole.rows, WALK_ROWS);
        assert_int_equal(whole.inner, WALK_ROWS / 100);
        assert_int_equal(walk_things(fixture, WALK_ROWS - 1000, 0).rows, 1000); /* a whole portion, and then none */
        assert_int_equal(walk_things(fixture, WALK_ROWS, 0).rows, 0);
        assert_int_equal(walk_things(fixture, 0, 1500).rows, 1500);
        if (inside)
            store_read_end(&fixture->cx);
        assert_int_equal(count_things(&fixture->cx), WALK_ROWS);
    }
}

static void a_walk_outside_of_a_reading_leaves_none_open(void **state)
{
    struct fixture *fixture = *state;
    struct ctx other = {.arena = arena_open(FIXTURE_ARENA_BYTES)};
    int64_t number = 1;
    assert_int_equal(walk_things(fixture, 0, 0).rows, 0);
    assert_int_equal(store_write_wait(fixture->store, &other, write_thing, &number), OK);
    assert_int_equal(walk_things(fixture, 0, 1).rows, 1);
    number = 2;
    assert_int_equal(store_write_wait(fixture->store, &other, write_thing, &number), OK);
    assert_int_equal(walk_things(fixture, 0, 0).rows, 2);
    arena_close(other.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_is_announced_is_fetched_together),
        STORE_TEST(what_is_announced_and_never_asked_does_no_harm),
        STORE_TEST(what_was_fetched_ends_with_its_reading),
        STORE_TEST(a_change_makes_what_was_fetched_untrue),
        STORE_TEST(a_change_of_another_table_leaves_it_true),
        STORE_TEST(one_that_fails_late_fails_alone),
        STORE_TEST(those_that_refuse_leave_nothing_and_the_others_stand),
        STORE_TEST(each_gets_the_rows_of_its_own_question),
        STORE_TEST(one_that_meets_no_row_is_told_so_and_the_others_meet_theirs),
        STORE_TEST(changes_of_one_write_stay_in_their_order),
        STORE_TEST(a_batch_waits_once_for_all_of_its_changes),
        STORE_TEST(a_walk_gives_each_row_once_and_lets_others_ask),
        STORE_TEST(a_walk_outside_of_a_reading_leaves_none_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
