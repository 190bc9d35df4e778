/* SPDX-License-Identifier: Apache-2.0
 * Goal: a write that meets the edition of its caller's read may rely on what was read. Method: each way in which the
 * people file can change between the two, by this store, by the same batch and by another one over the same files, must
 * leave the two apart; what does not change it must not. */
#include "unit/store/things.h"

/* What a write finds. */
struct finding {
    int64_t number;  /* of a thing that it writes first; 0: it only looks */
    int64_t edition; /* found before anything was written */
    int64_t after;   /* found after it */
};

static err look(struct ctx *cx, void *arg)
{
    struct finding *finding = arg;
    finding->edition = store_people_edition(cx);
    if (finding->number != 0)
        TRY(write_thing(cx, &finding->number));
    finding->after = store_people_edition(cx);
    return OK;
}

/* The first write of all has the store take note of the file. */
static void settle(struct fixture *fixture)
{
    struct finding finding = {.number = 0};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, look, &finding), OK);
}

static int64_t read_edition(struct fixture *fixture)
{
    assert_int_equal(store_read_begin(&fixture->cx), OK);
    int64_t edition = store_people_edition(&fixture->cx);
    (void)count_things(&fixture->cx);
    store_read_end(&fixture->cx);
    return edition;
}

static int64_t find_edition(struct fixture *fixture, int64_t number)
{
    struct finding finding = {.number = number};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, look, &finding), OK);
    return finding.edition;
}

static void a_write_meets_the_edition_of_a_read_when_nothing_has_changed(void **state)
{
    struct fixture *fixture = *state;
    settle(fixture);
    int64_t edition = read_edition(fixture);
    assert_int_not_equal(edition, 0);
    assert_int_equal(find_edition(fixture, 0), edition);
    int64_t entry = 7;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_entry, &entry), OK);
    assert_int_equal(find_edition(fixture, 0), edition); /* an entry lies in another file */
}

static void the_mark_of_the_clock_leaves_the_people_file_alone(void **state)
{
    struct fixture *fixture = *state;
    settle(fixture);
    int64_t edition = read_edition(fixture);
    for (int i = 0; i < 3; i++) {
        fixture->set.wall_ms += 60000;
        settle(fixture);
    }
    assert_int_equal(read_edition(fixture), edition);
    fixture_close(fixture);
    fixture->set.wall_ms -= 100000;
    fixture_open(fixture);
    assert_true(store_now_ms(fixture->store) >= fixture->set.wall_ms + 100000); /* control: it was written */
}

static void a_change_of_the_people_file_makes_a_new_edition(void **state)
{
    struct fixture *fixture = *state;
    settle(fixture);
    int64_t edition = read_edition(fixture);
    assert_int_equal(find_edition(fixture, 1), edition);
    assert_int_not_equal(find_edition(fixture, 0), edition);
    assert_int_not_equal(read_edition(fixture), edition);
}

static void a_read_under_way_keeps_the_edition_that_it_sees(void **state)
{
    struct fixture *fixture = *state;
    struct ctx writing = fixture->cx;
    writing.db = NULL;
    settle(fixture);
    assert_int_equal(store_read_begin(&fixture->cx), OK);
    int64_t edition = store_people_edition(&fixture->cx);
    assert_int_equal(count_things(&fixture->cx), 0);
    int64_t number = 1;
    assert_int_equal(store_write_wait(fixture->store, &writing, write_thing, &number), OK);
    assert_int_equal(count_things(&fixture->cx), 0);
    assert_int_equal(store_people_edition(&fixture->cx), edition);
    struct finding finding = {.number = 0};
    assert_int_equal(store_write_wait(fixture->store, &writing, look, &finding), OK);
    assert_int_not_equal(finding.edition, edition);
    store_read_end(&fixture->cx);
}

static void no_edition_is_known_outside_of_a_read(void **state)
{
    struct fixture *fixture = *state;
    settle(fixture);
    assert_int_equal(store_people_edition(&fixture->cx), 0);
    (void)read_edition(fixture);
    assert_int_equal(store_people_edition(&fixture->cx), 0);
}

static void no_edition_is_known_in_a_batch_that_has_written(void **state)
{
    struct fixture *fixture = *state;
    settle(fixture);
    struct finding finding = {.number = 1};
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, look, &finding), OK);
    assert_int_not_equal(finding.edition, 0);
    assert_int_equal(finding.after, 0);
}

static err refuse_after_writing(struct ctx *cx, void *arg)
{
    TRY(write_thing(cx, arg));
    return FAIL(cx, CONFLICT, "test.refused", "what was written goes again");
}

static void a_refused_change_leaves_no_edition_that_could_be_mistaken(void **state)
{
    struct fixture *fixture = *state;
    settle(fixture);
    int64_t edition = read_edition(fixture);
    int64_t number = 1;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, refuse_after_writing, &number), CONFLICT);
    failure_clear(&fixture->cx.failure);
    assert_int_not_equal(find_edition(fixture, 0), edition);
    assert_int_equal(count_things(&fixture->cx), 0);
}

/* A second store over the same files stands for another process: it shares no memory with the first. */
static void a_change_by_another_process_makes_a_new_edition(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = fixture_options(fixture);
    struct store *other = NULL;
    struct ctx cx = fixture->cx;
    cx.db = NULL;
    assert_int_equal(store_open(&cx, &options, &other), OK);
    settle(fixture);
    for (int64_t number = 1; number <= 3; number++) {
        int64_t edition = read_edition(fixture);
        assert_int_equal(find_edition(fixture, 0), edition);
        assert_int_equal(store_write_wait(other, &cx, write_thing, &number), OK);
        assert_int_not_equal(find_edition(fixture, 0), edition);
        assert_int_equal(count_things(&fixture->cx), number);
    }
    store_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_write_meets_the_edition_of_a_read_when_nothing_has_changed),
        STORE_TEST(the_mark_of_the_clock_leaves_the_people_file_alone),
        STORE_TEST(a_change_of_the_people_file_makes_a_new_edition),
        STORE_TEST(a_read_under_way_keeps_the_edition_that_it_sees),
        STORE_TEST(no_edition_is_known_outside_of_a_read),
        STORE_TEST(no_edition_is_known_in_a_batch_that_has_written),
        STORE_TEST(a_refused_change_leaves_no_edition_that_could_be_mistaken),
        STORE_TEST(a_change_by_another_process_makes_a_new_edition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
