/* SPDX-License-Identifier: Apache-2.0
 * Log lines: one write each, both forms, nothing that breaks a line. */
#include "base/log.h"

#include <pthread.h>
#include <unistd.h>

#include "base/json.h"
#include "support/cmocka.h"

#define LINE_BYTES 2000 /* of log.h */
#define THREADS 4
#define LINES 200

struct fixture {
    int              ends[2]; /* of a pipe: the log writes into the second, the test reads the first */
    struct set_clock set;
    struct clock     clock;
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
    fixture->log = (struct log){fixture->ends[1], false, LOG_INFO, &fixture->clock};
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
