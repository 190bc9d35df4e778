/* SPDX-License-Identifier: Apache-2.0
 * Log lines: one write each, both forms, nothing that breaks a line. */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "support/cmocka.h"

#define LINE_BYTES 2000 /* of log.h */
#define THREADS 4
#define LINES 200

struct fixture {
    int              ends[2]; /* of a pipe: the log writes into the second, the test reads the first */
    struct set_clock set;
    struct clock     clock;
    struct log_share share; /* for the tests of it */
    struct log       log;
    char             text[LINE_BYTES * 4];
};

static int open_fixture(void **state)
{
    struct fixture *fixture = test_calloc(1, sizeof *fixture);
    *state = fixture;
    fixture->set.wall_ms = 1771590896789;
    fixture->clock = clock_set(&fixture->set);
    if (pipe(fixture->ends) != 0)
        return 1;
    fixture->share = (struct log_share){.lock = PTHREAD_MUTEX_INITIALIZER};
    fixture->log = (struct log){fixture->ends[1], false, LOG_INFO, &fixture->clock, NULL};
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    close(fixture->ends[0]);
    close(fixture->ends[1]);
    test_free(fixture);
    return 0;
}

static const char *written(struct fixture *fixture)
{
    ssize_t size = read(fixture->ends[0], fixture->text, sizeof fixture->text - 1);
    assert_true(size >= 0);
    fixture->text[size] = '\0';
    return fixture->text;
}

static void a_line_for_people_has_time_level_event_and_fields(void **state)
{
    struct fixture *fixture = *state;
    LOG(&fixture->log, LOG_WARNING, "store.slow", LOG_TEXT("what", "commit"), LOG_INT("ms", -42));
    assert_string_equal(written(fixture), "2026-02-20T12:34:56.789Z warning store.slow what=\"commit\" ms=-42\n");
}

static void a_line_for_machines_is_one_json_object(void **state)
{
    struct fixture *fixture = *state;
    fixture->log.json = true;
    LOG(&fixture->log, LOG_ERROR, "store.slow", LOG_TEXT("what", "commit"), LOG_INT("ms", INT64_MAX));
    assert_string_equal(written(fixture), "{\"at\":\"2026-02-20T12:34:56.789Z\",\"level\":\"error\","
                                          "\"event\":\"store.slow\",\"what\":\"commit\",\"ms\":9223372036854775807}\n");
}

static void lower_levels_are_dropped(void **state)
{
    struct fixture *fixture = *state;
    LOG(&fixture->log, LOG_DEBUG, "not.written", LOG_INT("n", 1));
    LOG(&fixture->log, LOG_INFO, "written", LOG_INT("n", 2));
    assert_string_equal(written(fixture), "2026-02-20T12:34:56.789Z info written n=2\n");
}

static void a_value_cannot_break_its_line(void **state)
{
    struct fixture *fixture = *state;
    LOG(&fixture->log, LOG_INFO, "x", LOG_TEXT("t", "a\nfake line\r\t\"\\\x1b[31m\x7f"));
    const char *line = written(fixture);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strpbrk(line, "\r\t\x1b\x7f"));
    fixture->log.json = true;
    LOG(&fixture->log, LOG_INFO, "x", LOG_TEXT("t", "a\nfake line\r\t\"\\\x1b[31m\x7f"));
    struct ctx cx = {.arena = arena_open(1 << 16)};
    const json_t *value = NULL;
    assert_int_equal(json_parse(&cx, text_of(written(fixture)), &value), OK);
    assert_true(text_is(json_text(json_object_get(value, "t")), "a\nfake line\r\t\"\\\x1b[31m\x7f"));
    arena_close(cx.arena);
}

static void a_line_without_room_leaves_fields_out_and_stays_json(void **state)
{
    struct fixture *fixture = *state;
    struct ctx cx = {.arena = arena_open(1 << 20)};
    fixture->log.json = true;
    char value[LINE_BYTES + 10];
    for (size_t size = 1800; size < sizeof value; size++) {
        memset(value, 'v', size);
        value[size] = '\0';
        LOG(&fixture->log, LOG_INFO, "x", LOG_INT("first", 1), LOG_TEXT("long", value), LOG_INT("last", 2));
        struct text line = text_of(written(fixture));
        const json_t *object = NULL;
        assert_true(line.size <= LINE_BYTES);
        assert_int_equal(json_parse(&cx, line, &object), OK);
        assert_non_null(json_object_get(object, "first"));
        size_t kept = json_text(json_object_get(object, "long")).size;
        assert_true(kept == size || kept == 0);
        arena_reset(cx.arena);
    }
    arena_close(cx.arena);
}

static void *write_lines(void *arg)
{
    struct fixture *fixture = arg;
    for (int i = 0; i < LINES; i++)
        LOG(&fixture->log, LOG_INFO, "thread.line", LOG_TEXT("pad", "0123456789012345678901234567890123456789"));
    return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    struct fixture *fixture = *state;
    static const char LINE[] =
        "2026-02-20T12:34:56.789Z info thread.line pad=\"0123456789012345678901234567890123456789\"\n";
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, fixture), 0);
    for (size_t read_bytes = 0; read_bytes < THREADS * LINES * (sizeof LINE - 1);) {
        char piece[sizeof LINE] = "";
        ssize_t size = read(fixture->ends[0], piece, sizeof LINE - 1); /* a pipe gives what one write put in, or more */
        assert_int_equal(size, sizeof LINE - 1);
        assert_string_equal(piece, LINE);
        read_bytes += (size_t)size;
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* ---- shares of a second */

#define SECOND_NS INT64_C(1000000000)
#define AT "2026-02-20T12:34:56.789Z "

static void share(struct fixture *fixture)
{
    fixture->log.share = &fixture->share;
    assert_int_equal(fcntl(fixture->ends[0], F_SETFL, O_NONBLOCK), 0);
}

/* How many lines have come since it was asked last. */
static size_t count_written(struct fixture *fixture)
{
    size_t lines = 0;
    for (ssize_t size; (size = read(fixture->ends[0], fixture->text, sizeof fixture->text)) > 0;)
        for (ssize_t i = 0; i < size; i++)
            lines += fixture->text[i] == '\n';
    return lines;
}

static void write_many(struct fixture *fixture, log_level level, const char *event, size_t count)
{
    for (size_t i = 0; i < count; i++)
        log_write(&fixture->log, level, event, NULL, 0);
}

static void a_crowd_of_one_event_is_told_by_its_number(void **state)
{
    struct fixture *fixture = *state;
    share(fixture);
    write_many(fixture, LOG_WARNING, "crowd", LIMIT_LOG_LINES + 1000);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
    fixture->set.monotonic_ns += SECOND_NS - 1;
    log_catch_up(&fixture->log);
    write_many(fixture, LOG_WARNING, "crowd", 1);
    assert_int_equal(count_written(fixture), 0);
    fixture->set.monotonic_ns += 1;
    write_many(fixture, LOG_INFO, "crowd", 1);
    assert_string_equal(written(fixture), AT "warning log.left_out lines_of=\"crowd\" count=1001\n" AT "info crowd\n");
    fixture->set.monotonic_ns += SECOND_NS;
    log_catch_up(&fixture->log);
    assert_int_equal(count_written(fixture), 0); /* nothing was left out of that second */
}

static void what_was_left_out_is_told_though_nothing_follows(void **state)
{
    struct fixture *fixture = *state;
    share(fixture);
    write_many(fixture, LOG_INFO, "crowd", LIMIT_LOG_LINES + 3);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
    fixture->set.monotonic_ns += SECOND_NS;
    log_catch_up(&fixture->log);
    assert_string_equal(written(fixture), AT "warning log.left_out lines_of=\"crowd\" count=3\n");
    write_many(fixture, LOG_INFO, "crowd", LIMIT_LOG_LINES + 4);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
    log_end(&fixture->log);
    assert_string_equal(written(fixture), AT "warning log.left_out lines_of=\"crowd\" count=4\n");
    log_end(&fixture->log);
    assert_int_equal(count_written(fixture), 0); /* once */
}

static void a_crowd_takes_no_line_of_another_event(void **state)
{
    struct fixture *fixture = *state;
    char same[] = "crowd"; /* at another address */
    share(fixture);
    write_many(fixture, LOG_WARNING, "crowd", LIMIT_LOG_LINES);
    write_many(fixture, LOG_WARNING, same, 1);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
    write_many(fixture, LOG_WARNING, "other", LIMIT_LOG_LINES);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
}

static void no_error_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    share(fixture);
    write_many(fixture, LOG_ERROR, "crowd", 10 * LIMIT_LOG_LINES);
    assert_int_equal(count_written(fixture), 10 * LIMIT_LOG_LINES);
    write_many(fixture, LOG_WARNING, "crowd", LIMIT_LOG_LINES);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES); /* errors take no line of the warnings */
}

static void a_log_without_shares_writes_every_line(void **state)
{
    struct fixture *fixture = *state;
    share(fixture);
    fixture->log.share = NULL;
    write_many(fixture, LOG_INFO, "fact", 10 * LIMIT_LOG_LINES);
    log_catch_up(&fixture->log);
    log_end(&fixture->log);
    assert_int_equal(count_written(fixture), 10 * LIMIT_LOG_LINES);
}

static void events_without_a_place_are_written(void **state)
{
    struct fixture *fixture = *state;
    char names[LOG_EVENTS][8];
    share(fixture);
    for (int i = 0; i < LOG_EVENTS; i++) {
        assert_true(snprintf(names[i], sizeof names[i], "e%d", i) > 0);
        write_many(fixture, LOG_INFO, names[i], 1);
    }
    assert_int_equal(count_written(fixture), LOG_EVENTS);
    write_many(fixture, LOG_INFO, "late", 2 * LIMIT_LOG_LINES);
    assert_int_equal(count_written(fixture), 2 * LIMIT_LOG_LINES);
    fixture->set.monotonic_ns += SECOND_NS;
    write_many(fixture, LOG_INFO, "late", 2 * LIMIT_LOG_LINES);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
}

static void *write_crowd(void *arg)
{
    write_many(arg, LOG_WARNING, "crowd", LINES);
    return NULL;
}

static void several_threads_share_a_second(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[THREADS];
    share(fixture);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_crowd, fixture), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(count_written(fixture), LIMIT_LOG_LINES);
    log_end(&fixture->log);
    char told[128];
    assert_true(snprintf(told, sizeof told, AT "warning log.left_out lines_of=\"crowd\" count=%d\n",
                         THREADS * LINES - LIMIT_LOG_LINES) > 0);
    assert_string_equal(written(fixture), told);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_line_for_people_has_time_level_event_and_fields),
        WITH_FIXTURE(a_line_for_machines_is_one_json_object),
        WITH_FIXTURE(lower_levels_are_dropped),
        WITH_FIXTURE(a_value_cannot_break_its_line),
        WITH_FIXTURE(a_line_without_room_leaves_fields_out_and_stays_json),
        WITH_FIXTURE(lines_of_several_threads_do_not_mix),
        WITH_FIXTURE(a_crowd_of_one_event_is_told_by_its_number),
        WITH_FIXTURE(what_was_left_out_is_told_though_nothing_follows),
        WITH_FIXTURE(a_crowd_takes_no_line_of_another_event),
        WITH_FIXTURE(no_error_is_left_out),
        WITH_FIXTURE(a_log_without_shares_writes_every_line),
        WITH_FIXTURE(events_without_a_place_are_written),
        WITH_FIXTURE(several_threads_share_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
