/* SPDX-License-Identifier: Apache-2.0
 * The time that is believed: each rule by a jump of its own. */
#include "base/timekeeper.h"

#include "base/id.h"
#include "base/time.h"
#include "support/cmocka.h"

#define NOW_MS INT64_C(1790000000000)
#define HOUR_MS (INT64_C(3600) * 1000)
#define MINUTE_MS (INT64_C(60) * 1000)

/* Two clocks and who believes what of them. */
struct scene {
    struct timekeeper keeper;
    struct clock_look look;
    int64_t           told_ms;
};

static int64_t now(struct scene *scene)
{
    timekeeper_look(&scene->keeper, scene->look);
    int64_t now_ms = timekeeper_now_ms(&scene->keeper);
    assert_true(now_ms >= scene->told_ms); /* whatever happens */
    assert_true(timekeeper_latest_ms(&scene->keeper) >= now_ms);
    scene->told_ms = now_ms;
    return now_ms;
}

static void pass(struct scene *scene, int64_t ms)
{
    scene->look.wall_ms += ms;
    scene->look.elapsed_ns += ms * 1000000;
}

static clock_trust trust(const struct scene *scene)
{
    int64_t ahead_ms = 0;
    return timekeeper_trust(&scene->keeper, &ahead_ms);
}

static struct scene begun(void)
{
    struct scene scene = {.look = {NOW_MS, HOUR_MS * 1000000}};
    timekeeper_open(&scene.keeper, &(struct time_mark){0}, 7, scene.look);
    assert_int_equal(now(&scene), NOW_MS);
    return scene;
}

/* Another process on what this one has left. */
static void restart(struct scene *scene, int64_t boot, int64_t reserve_ms)
{
    int64_t now_ms = timekeeper_now_ms(&scene->keeper);
    struct time_mark mark = {now_ms, scene->keeper.elapsed_us / 1000, 7, now_ms + reserve_ms};
    timekeeper_open(&scene->keeper, &mark, boot, scene->look);
}

static void a_clock_that_goes_right_is_followed(void **state)
{
    (void)state;
    struct scene scene = begun();
    for (int i = 0; i < 100; i++) {
        pass(&scene, 7 * HOUR_MS + 1); /* also through the sleep of a machine */
        assert_int_equal(now(&scene), scene.look.wall_ms);
        assert_int_equal(trust(&scene), CLOCK_TRUSTED);
    }
}

static void a_step_ahead_of_minutes_is_followed_at_once(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.wall_ms += TIMEKEEPER_LEAP_MS;
    assert_int_equal(now(&scene), NOW_MS + TIMEKEEPER_LEAP_MS);
    assert_int_equal(trust(&scene), CLOCK_TRUSTED);
    scene.look.wall_ms += TIMEKEEPER_LEAP_MS + 1;
    assert_int_equal(now(&scene), NOW_MS + TIMEKEEPER_LEAP_MS);
    assert_int_equal(trust(&scene), CLOCK_AHEAD);
}

static void a_drift_is_followed(void **state)
{
    (void)state;
    struct scene scene = begun();
    for (int i = 0; i < 10000; i++) {
        pass(&scene, 1000);
        scene.look.wall_ms += 10; /* a hundredth fast */
        assert_int_equal(now(&scene), scene.look.wall_ms);
    }
    for (int i = 0; i < 10000; i++) {
        pass(&scene, 1000);
        scene.look.wall_ms -= 10; /* and slow */
        assert_int_equal(now(&scene), scene.look.wall_ms);
    }
}

static void behind_the_time_goes_on_a_little_slower_until_they_meet(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.wall_ms -= 2 * HOUR_MS;
    assert_int_equal(now(&scene), NOW_MS);
    assert_int_equal(trust(&scene), CLOCK_BEHIND);
    pass(&scene, 8 * HOUR_MS);
    assert_int_equal(now(&scene), NOW_MS + 7 * HOUR_MS);
    for (int i = 0; i < 8 * 3600; i++) {
        pass(&scene, 1000);
        (void)now(&scene); /* which sees that it never goes back */
    }
    assert_int_equal(now(&scene), scene.look.wall_ms);
    assert_int_equal(trust(&scene), CLOCK_TRUSTED);
}

static void many_looks_are_as_one(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.wall_ms -= 400 * TIME_DAY_MS;
    for (int i = 0; i < 800000; i++) {
        scene.look.elapsed_ns += 10000;
        (void)now(&scene);
    }
    assert_int_equal(now(&scene), NOW_MS + 7200); /* of eight seconds, to the eighth of a look */
}

static void behind_and_right_again_is_as_if_nothing_had_been(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.wall_ms -= HOUR_MS;
    pass(&scene, 10 * MINUTE_MS);
    (void)now(&scene);
    scene.look.wall_ms += HOUR_MS;
    assert_int_equal(now(&scene), NOW_MS + 10 * MINUTE_MS);
}

static void a_clock_that_stands_does_not_stop_the_time(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.elapsed_ns += 80 * MINUTE_MS * 1000000;
    assert_int_equal(now(&scene), NOW_MS + 70 * MINUTE_MS);
}

static void a_leap_is_not_believed_before_it_has_stood(void **state)
{
    (void)state;
    static const int64_t LEAPS_MS[] = {10 * MINUTE_MS, TIME_DAY_MS, 400 * TIME_DAY_MS, 4000 * TIME_DAY_MS};
    static const int64_t DOUBTS_MS[] = {MINUTE_MS + 416, 2 * MINUTE_MS, 401 * MINUTE_MS, TIME_DAY_MS};
    for (size_t i = 0; i < sizeof LEAPS_MS / sizeof *LEAPS_MS; i++) {
        struct scene scene = begun();
        scene.look.wall_ms += LEAPS_MS[i];
        assert_int_equal(now(&scene), NOW_MS);
        assert_int_equal(timekeeper_latest_ms(&scene.keeper), NOW_MS + LEAPS_MS[i]);
        pass(&scene, DOUBTS_MS[i] - 1);
        assert_int_equal(now(&scene), NOW_MS + DOUBTS_MS[i] - 1);
        assert_int_equal(trust(&scene), CLOCK_AHEAD);
        pass(&scene, 1);
        assert_int_equal(now(&scene), scene.look.wall_ms);
        assert_int_equal(trust(&scene), CLOCK_TRUSTED);
    }
}

static void a_leap_that_goes_away_leaves_nothing(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.wall_ms += 400 * TIME_DAY_MS;
    pass(&scene, 5 * MINUTE_MS);
    (void)now(&scene);
    scene.look.wall_ms -= 400 * TIME_DAY_MS;
    assert_int_equal(now(&scene), NOW_MS + 5 * MINUTE_MS);
    assert_int_equal(timekeeper_latest_ms(&scene.keeper), NOW_MS + 5 * MINUTE_MS);
    scene.look.wall_ms += 400 * TIME_DAY_MS;
    pass(&scene, 400 * MINUTE_MS); /* not enough, as it begins anew */
    (void)now(&scene);
    assert_int_equal(trust(&scene), CLOCK_AHEAD);
}

static void another_leap_is_doubted_anew(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look.wall_ms += HOUR_MS;
    (void)now(&scene);
    pass(&scene, MINUTE_MS);
    scene.look.wall_ms += HOUR_MS;
    assert_int_equal(now(&scene), NOW_MS + MINUTE_MS);
    pass(&scene, MINUTE_MS);
    assert_int_equal(now(&scene), NOW_MS + 2 * MINUTE_MS);
    pass(&scene, MINUTE_MS);
    assert_int_equal(now(&scene), scene.look.wall_ms);
}

static void a_restart_goes_on_by_what_elapsed(void **state)
{
    (void)state;
    static const int64_t JUMPS_MS[] = {-3000, -20000, -HOUR_MS, -400 * TIME_DAY_MS, HOUR_MS, 400 * TIME_DAY_MS};
    for (size_t i = 0; i < sizeof JUMPS_MS / sizeof *JUMPS_MS; i++) {
        struct scene scene = begun();
        scene.look.wall_ms += JUMPS_MS[i];
        pass(&scene, 2400);
        restart(&scene, 7, 60000);
        assert_in_range(now(&scene), NOW_MS + 2400, NOW_MS + 2401);
        assert_int_equal(trust(&scene), JUMPS_MS[i] < 0 ? CLOCK_BEHIND : CLOCK_AHEAD);
    }
}

static void a_restart_with_a_right_clock_shows_no_seam(void **state)
{
    (void)state;
    struct scene scene = begun();
    for (int i = 0; i < 50; i++) {
        pass(&scene, 90000);
        (void)now(&scene);
        pass(&scene, 999); /* killed */
        restart(&scene, 7, 3000);
        pass(&scene, 40);
        assert_int_equal(now(&scene), scene.look.wall_ms);
    }
}

static void after_another_start_of_the_machine_the_horizon_holds(void **state)
{
    (void)state;
    struct scene scene = begun();
    scene.look = (struct clock_look){NOW_MS - HOUR_MS, 1000000};
    restart(&scene, 8, 60000);
    assert_int_equal(now(&scene), NOW_MS + 60000);
    assert_int_equal(trust(&scene), CLOCK_BEHIND);
    scene.look.wall_ms = NOW_MS + TIME_DAY_MS;
    restart(&scene, 8, 60000);
    assert_int_equal(now(&scene), NOW_MS + TIME_DAY_MS); /* a day switched off */
}

static void without_a_name_of_the_run_the_horizon_holds(void **state)
{
    (void)state;
    struct scene scene = begun();
    struct time_mark mark = {NOW_MS, 0, 0, NOW_MS + 3000};
    timekeeper_open(&scene.keeper, &mark, 0, scene.look);
    assert_int_equal(now(&scene), NOW_MS + 3000);
    mark.boot = 7;
    mark.elapsed_ms = 2 * HOUR_MS; /* a copy of the machine, from earlier */
    timekeeper_open(&scene.keeper, &mark, 7, scene.look);
    assert_int_equal(now(&scene), NOW_MS + 3000);
    mark.horizon_ms = 0; /* from before there were horizons */
    timekeeper_open(&scene.keeper, &mark, 7, (struct clock_look){0, 0});
    assert_int_equal(timekeeper_now_ms(&scene.keeper), NOW_MS);
}

static void what_is_stored_lifts_the_time(void **state)
{
    (void)state;
    struct scene scene = begun();
    timekeeper_lift(&scene.keeper, NOW_MS - 1);
    assert_int_equal(now(&scene), NOW_MS);
    timekeeper_lift(&scene.keeper, NOW_MS + HOUR_MS);
    assert_int_equal(now(&scene), NOW_MS + HOUR_MS);
    assert_int_equal(trust(&scene), CLOCK_BEHIND);
}

static void no_clock_leads_to_where_there_are_no_numbers(void **state)
{
    (void)state;
    static const int64_t WALLS_MS[] = {INT64_MIN, INT64_MIN / 1000, -1, INT64_MAX / 1000, INT64_MAX};
    struct number_source source = {0};
    for (size_t i = 0; i < sizeof WALLS_MS / sizeof *WALLS_MS; i++) {
        struct scene scene = begun();
        scene.look.wall_ms = WALLS_MS[i];
        for (int day = 0; day < 3; day++) {
            scene.look.elapsed_ns += TIME_DAY_MS * 1000000;
            (void)now(&scene);
        }
        assert_in_range(now(&scene), NOW_MS, NUMBER_LAST_MS);
        number_lift(&source, number_first_of_ms(now(&scene)));
    }
    assert_true(source.last < NUMBER_MAX - (INT64_C(1) << 48)); /* years of them are left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_goes_right_is_followed),
        cmocka_unit_test(a_step_ahead_of_minutes_is_followed_at_once),
        cmocka_unit_test(a_drift_is_followed),
        cmocka_unit_test(behind_the_time_goes_on_a_little_slower_until_they_meet),
        cmocka_unit_test(many_looks_are_as_one),
        cmocka_unit_test(behind_and_right_again_is_as_if_nothing_had_been),
        cmocka_unit_test(a_clock_that_stands_does_not_stop_the_time),
        cmocka_unit_test(a_leap_is_not_believed_before_it_has_stood),
        cmocka_unit_test(a_leap_that_goes_away_leaves_nothing),
        cmocka_unit_test(another_leap_is_doubted_anew),
        cmocka_unit_test(a_restart_goes_on_by_what_elapsed),
        cmocka_unit_test(a_restart_with_a_right_clock_shows_no_seam),
        cmocka_unit_test(after_another_start_of_the_machine_the_horizon_holds),
        cmocka_unit_test(without_a_name_of_the_run_the_horizon_holds),
        cmocka_unit_test(what_is_stored_lifts_the_time),
        cmocka_unit_test(no_clock_leads_to_where_there_are_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
