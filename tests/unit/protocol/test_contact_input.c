/* SPDX-License-Identifier: Apache-2.0
 * Goal: where the window ends makes no difference. Method: files of lines and rows that are moved, byte by byte, over
 * the end of the first window; conversions larger than it; lines larger than the largest; sources that fail late. */
#include "protocol/contact_input.h"

#include "base/limits_import.h"
#include "support/read_cards.h"

#define WINDOW_BYTES ((size_t)64 * 1024)

static void repeat(struct builder *file, char c, size_t times)
{
    char piece[4096];
    memset(piece, c, sizeof piece);
    for (size_t size = 0; times > 0; times -= size) {
        size = times < sizeof piece ? times : sizeof piece;
        build_text(file, (struct text){piece, size});
    }
}

/* Rows and cards behind a first value that is as long as it takes. */
static void assert_moved(const char *front, const char *back, bool rewinds, int64_t second_line)
{
    for (size_t size = WINDOW_BYTES - 24; size <= WINDOW_BYTES + 1; size++) {
        struct reading reading;
        reading_open(&reading);
        struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
        build_literal(&file, front);
        repeat(&file, 'x', size - file.size);
        build_literal(&file, back);
        read_bytes(&reading, builder_bytes(&file), rewinds);
        assert_int_equal(reading.outcome, OK);
        assert_int_equal(reading.problem_count, 0);
        assert_int_equal(reading.contact_count, 2);
        assert_int_equal(reading.contacts[0]->note.size, size - strlen(front));
        assert_text(reading.contacts[1]->full_name, "B");
        assert_int_equal(reading.contacts[1]->line, second_line);
        ASSERT_VALUES(reading.contacts[1]->emails, "b@x.example", "");
        assert_int_equal(reading.contacts[0]->notices.count + reading.contacts[1]->notices.count, 0);
        reading_close(&reading);
    }
}

static void rows_and_lines_may_cross_the_end_of_the_window(void **state)
{
    static const char *const BREAKS[] = {"\n", "\r\n", "\r", "\r\r\n"};
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof BREAKS / sizeof *BREAKS; i++) {
        struct arena *arena = arena_open(4096);
        const char *at = BREAKS[i];
        assert_moved("Name,Email,Notes\nA,a@x.example,",
                     text_format(arena, "%sB,b@x.example,\"y\"%s", at, at).at, i % 2 == 0, 3);
        assert_moved("Name,Email,Notes\nA,a@x.example,", text_format(arena, "%s\"B\",b@x.example,\"y\"", at).at,
                     true, 3);
        assert_moved("BEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTE:",
                     text_format(arena, "%sEND:VCARD%sBEGIN:VCARD%sVERSION:3.0%sFN:B%sEMAIL:b@x.example%sEND:VCARD", at,
                                 at, at, at, at, at).at, false, 6);
        arena_close(arena);
    }
}

static void a_file_of_any_size_ends_where_it_ends(void **state)
{
    (void)state; /* needs nothing */
    for (size_t size = WINDOW_BYTES - 3; size <= WINDOW_BYTES + 3; size++) {
        struct reading reading;
        reading_open(&reading);
        struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
        build_literal(&file, "Name,Notes\nA,");
        repeat(&file, 'x', size - file.size - 1);
        struct builder open = file;
        build_byte(&file, 'z');
        read_bytes(&reading, builder_bytes(&file), true);
        assert_int_equal(reading.contact_count, 1);
        assert_int_equal(reading.contacts[0]->note.size, size - strlen("Name,Notes\nA,"));
        build_byte(&open, '\n');
        read_bytes(&reading, builder_bytes(&open), true);
        assert_int_equal(reading.contact_count, 1);
        assert_int_equal(reading.problem_count, 0);
        reading_close(&reading);
    }
}

static void blanks_before_the_first_card_may_fill_a_window(void **state)
{
    struct reading reading;
    (void)state; /* needs nothing */
    reading_open(&reading);
    struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
    repeat(&file, '\n', WINDOW_BYTES + 10);
    build_literal(&file, CARD("FN:A\r\n"));
    reading.source.format = CONTACT_FORMAT_VCARD;
    read_bytes(&reading, builder_bytes(&file), false);
    assert_int_equal(reading.outcome, OK);
    assert_int_equal(reading.contact_count, 1);
    assert_int_equal(reading.contacts[0]->line, WINDOW_BYTES + 11);
    reading_close(&reading);
}

/* Also read twice, for its dates. */
static void a_conversion_goes_on_from_window_to_window(void **state)
{
    struct reading reading;
    (void)state; /* needs nothing */
    for (size_t shift = 0; shift < 4; shift++) {
        reading_open(&reading);
        struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
        build_literal(&file, "Name,Email,Birthday\n");
        repeat(&file, '\n', shift);
        for (int i = 0; i < 6000; i++)
            build_format(&file, "J\xF6rg,j%d@x.example,3/4/1980\n", i);
        build_literal(&file, "Z,z@x.example,3/21/1980\n");
        reading.source.charset = "ISO-8859-1";
        read_bytes(&reading, builder_bytes(&file), true);
        assert_int_equal(reading.outcome, OK);
        assert_int_equal(reading.contact_count, 6001);
        assert_int_equal(reading.problem_count, 0);
        for (size_t i = 0; i < READ_KEPT_MAX; i++) {
            assert_text(reading.contacts[i]->full_name, "Jörg");
            assert_text(reading.contacts[i]->birthdate, "1980-03-04");
        }
        reading_close(&reading);
    }
}

static bool refuse_rewind(void *self)
{
    (void)self; /* it is all the same to it */
    return false;
}

static void a_source_that_will_not_rewind_after_all_is_a_failure(void **state)
{
    struct reading reading;
    (void)state; /* needs nothing */
    reading_open(&reading);
    struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
    build_literal(&file, "Name,Birthday,Notes\nA,3/4/1980,");
    repeat(&file, 'x', 2 * WINDOW_BYTES);
    reading.memory = (struct memory_source){builder_bytes(&file), 0};
    struct contact_source source = contact_source_of_memory(&reading.memory);
    source.rewind = refuse_rewind;
    assert_int_equal(contact_reader_open(&reading.cx, &source, &reading.reader), UNAVAILABLE);
    assert_string_equal(reading.cx.failure.reason, "import.read");
    reading_close(&reading);
}

/* The NUL stands in the head of the line, in the middle, at the end; or there is none. */
static void a_line_beyond_the_window_is_one_line(void **state)
{
    static const size_t NULS[] = {0, 10, LIMIT_IMPORT_LINE_BYTES + 100000, 3 * LIMIT_IMPORT_LINE_BYTES - 1};
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < 2 * sizeof NULS / sizeof *NULS; i++) {
        struct reading reading;
        size_t nul = NULS[i / 2];
        bool ends = i % 2 == 0; /* or the file ends inside it */
        reading_open(&reading);
        struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
        build_literal(&file, CARD("FN:A\r\n") "BEGIN:VCARD\nVERSION:3.0\nFN:B\nX-LONG:");
        size_t from = file.size;
        repeat(&file, 'x', 3 * LIMIT_IMPORT_LINE_BYTES);
        if (nul > 0)
            file.at[from + nul] = '\0';
        build_literal(&file, ends ? "\nEND:VCARD\n" : "");
        read_bytes(&reading, builder_bytes(&file), true);
        assert_int_equal(reading.outcome, OK);
        assert_int_equal(reading.contact_count, nul == 0 && ends ? 2 : 1);
        if (nul > 0)
            assert_problem(&reading, 0, 8, "contact.nul");
        else if (!ends)
            assert_problem(&reading, 0, 5, "vcard.truncated");
        reading_close(&reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_lines_may_cross_the_end_of_the_window),
        cmocka_unit_test(a_file_of_any_size_ends_where_it_ends),
        cmocka_unit_test(blanks_before_the_first_card_may_fill_a_window),
        cmocka_unit_test(a_conversion_goes_on_from_window_to_window),
        cmocka_unit_test(a_source_that_will_not_rewind_after_all_is_a_failure),
        cmocka_unit_test(a_line_beyond_the_window_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
