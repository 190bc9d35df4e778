/* SPDX-License-Identifier: Apache-2.0
 * Times, dates and durations at their edges. The expected figures come from `date -u -d … +%s`. */
#include "base/time.h"

#include "support/cmocka.h"

static int open_arena(void **state)
{
    *state = arena_open(1 << 20);
    return *state == NULL;
}

static int close_arena(void **state)
{
    arena_close(*state);
    return 0;
}

static void known_times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t     at_ms;
    } ROWS[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-02-20T12:34:56.789Z", 1771590896789},
        {"2026-02-20t12:34:56.789z", 1771590896789},
        {"2026-02-20T12:34:56.7894999Z", 1771590896789},
        {"2026-02-20T12:34:56.7Z", 1771590896700},
        {"2026-02-20T14:04:56.789+01:30", 1771590896789},
        {"2026-02-20T04:34:56.789-08:00", 1771590896789},
        {"2026-02-20T12:34:56-00:00", 1771590896000},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"0000-01-01T00:00:00Z", -62167219200000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int64_t at_ms = 0;
        assert_true(time_parse(text_of(ROWS[i].text), &at_ms));
        assert_int_equal(at_ms, ROWS[i].at_ms);
    }
}

static void times_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "2026", "2026-02-20", "2026-02-20T12:34:56", "2026-02-20 12:34:56Z", "2026-02-20T12:34Z",
        "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-1-01T00:00:00Z",
        "226-01-01T00:00:00Z", "12026-01-01T00:00:00Z", "-026-01-01T00:00:00Z", "+2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01", "2026-01-01T00:00:00 01:00", "2026-01-01TOO:00:00Z",
        "20260101T000000Z", "now", "2026-06-30T23:59:60Z", "2016-12-31T23:59:60Z",
    };
    int64_t at_ms = 77;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(time_parse(text_of(BAD[i]), &at_ms));
    assert_false(time_parse(TEXT("2026-01-01T00:00:00\0Z"), &at_ms));
    assert_int_equal(at_ms, 77);
}

static void times_are_written_in_one_form(void **state)
{
    assert_true(text_is(time_to_text(*state, 0), "1970-01-01T00:00:00.000Z"));
    assert_true(text_is(time_to_text(*state, -1), "1969-12-31T23:59:59.999Z"));
    assert_true(text_is(time_to_text(*state, 1771590896789), "2026-02-20T12:34:56.789Z"));
    assert_true(text_is(time_to_text(*state, 951782400000), "2000-02-29T00:00:00.000Z"));
}

static void years_beyond_four_digits_are_clamped(void **state)
{
    assert_true(text_is(time_to_text(*state, 253402300800000), "9999-12-31T23:59:59.999Z"));
    assert_true(text_is(time_to_text(*state, INT64_MAX), "9999-12-31T23:59:59.999Z"));
    assert_true(text_is(time_to_text(*state, -62167219200001), "0000-01-01T00:00:00.000Z"));
    assert_true(text_is(time_to_text(*state, INT64_MIN), "0000-01-01T00:00:00.000Z"));
}

static void every_day_of_eight_centuries_comes_back(void **state)
{
    (void)state;
    int64_t day_ms = INT64_C(-11676096) * 1000000; /* 1600-01-01 */
    for (int i = 0; i < 800 * 365; i++, day_ms += TIME_DAY_MS) {
        char text[TIME_TEXT_SIZE];
        int64_t at_ms = 0;
        int64_t date_ms = 0;
        time_format(day_ms + i % 86400 * 1000 + i % 1000, text);
        assert_true(time_parse((struct text){text, sizeof text}, &at_ms));
        assert_int_equal(at_ms, day_ms + i % 86400 * 1000 + i % 1000);
        assert_true(date_parse((struct text){text, 10}, &date_ms));
        assert_int_equal(date_ms, day_ms);
    }
}

static void dates_are_only_dates(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",         "2026-02-29", "2026-02-20T", "2026-02-20Z",
                                      "2026-2-2", "20260220",   "2026-02-20 "};
    int64_t at_ms = 77;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(date_parse(text_of(BAD[i]), &at_ms));
    assert_int_equal(at_ms, 77);
    assert_true(date_parse(TEXT("1931-05-04"), &at_ms));
    assert_int_equal(at_ms, INT64_C(-1220140800000));
    assert_int_equal(days_from_date(2000, 3, 1), 11017);
    assert_int_equal(days_from_date(1970, 1, 1), 0);
    assert_int_equal(days_from_date(-1, 12, 31), days_from_date(0, 1, 1) - 1);
}

static void durations_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t     duration_ms;
    } ROWS[] = {
        {"P90D", 90 * TIME_DAY_MS},   {"P1Y", 365 * TIME_DAY_MS},  {"P1M", 30 * TIME_DAY_MS},
        {"P2W", 14 * TIME_DAY_MS},    {"PT1M", 60000},             {"PT36H", 36 * INT64_C(3600000)},
        {"P1DT2S", TIME_DAY_MS + 2000}, {"P0D", 0},                {"PT0S", 0},
        {"P1Y2M3W4DT5H6M7S", (365 + 60 + 21 + 4) * TIME_DAY_MS + ((5 * 60 + 6) * 60 + 7) * 1000},
        {"P007D", 7 * TIME_DAY_MS},   {"P999999999D", INT64_C(999999999) * TIME_DAY_MS},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int64_t duration_ms = -1;
        assert_true(duration_parse(text_of(ROWS[i].text), &duration_ms));
        assert_int_equal(duration_ms, ROWS[i].duration_ms);
    }
}

static void durations_that_say_nothing_or_too_much_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "P", "PT", "P1", "1D", "90D", "-P1D", "P-1D", "+P1D", "P1.5D", "P1,5D", "p1d", "P1d", "P1DT", "PT1D", "P1H",
        "P1S", "P1D1D", "P1D1Y", "P1DT1S1M", "P1DTT1S", "PT1HT1M", "P1D ", " P1D", "P1DX", "PD", "P1Y D",
        "P1000000000D", "P999999999999999999999D", "P999999999Y999999999M999999999W999999999D1",
    };
    int64_t duration_ms = 77;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(duration_parse(text_of(BAD[i]), &duration_ms));
    assert_int_equal(duration_ms, 77);
}

static void a_duration_that_overflows_is_refused(void **state)
{
    (void)state;
    int64_t duration_ms = 77;
    assert_false(duration_parse(TEXT("P999999999Y"), &duration_ms)); /* 3e19 ms */
    assert_false(duration_parse(TEXT("P292471208Y248D"), &duration_ms)); /* each part fits, their sum does not */
    assert_int_equal(duration_ms, 77);
    assert_true(duration_parse(TEXT("P292471208Y247D"), &duration_ms));
}

static void durations_are_written_short_and_come_back(void **state)
{
    static const struct {
        int64_t     duration_ms;
        const char *text;
    } ROWS[] = {{0, "PT0S"},       {999, "PT0S"},           {-5000, "PT0S"},           {1000, "PT1S"},
                {60000, "PT1M"},   {3600000, "PT1H"},       {5400000, "PT1H30M"},      {TIME_DAY_MS, "P1D"},
                {3601000, "PT1H1S"}, {90 * TIME_DAY_MS, "P90D"}, {TIME_DAY_MS + 2000, "P1DT2S"}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_true(text_is(duration_to_text(*state, ROWS[i].duration_ms), ROWS[i].text));
    for (int64_t duration_ms = 0; duration_ms < 5 * TIME_DAY_MS; duration_ms += 997000) {
        int64_t back_ms = -1;
        assert_true(duration_parse(duration_to_text(*state, duration_ms), &back_ms));
        assert_int_equal(back_ms, duration_ms);
    }
}

static void without_memory_a_duration_has_no_text(void **state)
{
    (void)state;
    struct arena *arena = arena_open(64);
    while (arena_take(arena, 1, 1) != NULL)
        continue;
    assert_null(duration_to_text(arena, 1000).at);
    assert_null(time_to_text(arena, 1000).at);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_are_read),
        cmocka_unit_test(times_that_do_not_exist_are_refused),
        cmocka_unit_test_setup_teardown(times_are_written_in_one_form, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(years_beyond_four_digits_are_clamped, open_arena, close_arena),
        cmocka_unit_test(every_day_of_eight_centuries_comes_back),
        cmocka_unit_test(dates_are_only_dates),
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(durations_that_say_nothing_or_too_much_are_refused),
        cmocka_unit_test(a_duration_that_overflows_is_refused),
        cmocka_unit_test_setup_teardown(durations_are_written_short_and_come_back, open_arena, close_arena),
        cmocka_unit_test(without_memory_a_duration_has_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
