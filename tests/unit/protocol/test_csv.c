/* SPDX-License-Identifier: Apache-2.0
 * Rows of CSV, as RFC 4180 has them and as files have them. */
#include "protocol/csv.h"

#include "base/limits_import.h"
#include "support/cmocka.h"

struct rows {
    struct ctx            cx;
    struct memory_source  memory;
    struct contact_source source;
    struct contact_input  input;
    struct csv_reader     reader;
    struct text           seen; /* rows as [a|b] in order, faults as !line:word */
};

static void read_rows(struct rows *rows, struct bytes bytes, uint8_t delimiter)
{
    struct csv_row row;
    struct contact_problem problem;
    *rows = (struct rows){.cx = {.arena = arena_open((size_t)64 << 20)}, .memory = {bytes, 0}};
    rows->source = contact_source_of_memory(&rows->memory);
    assert_int_equal(contact_input_open(&rows->cx, rows->cx.arena, &rows->source, &rows->input), OK);
    assert_int_equal(csv_reader_open(&rows->cx, rows->cx.arena, &rows->input, &rows->reader), OK);
    rows->reader.delimiter = delimiter;
    struct builder seen = builder_open(rows->cx.arena, SIZE_MAX);
    for (;;) {
        assert_int_equal(csv_next(&rows->cx, &rows->reader, &row, &problem), OK);
        if (problem.reason != CONTACT_FINE)
            build_format(&seen, "!%lld:%s", (long long)problem.line, contact_reason_word(problem.reason));
        else if (row.count == 0)
            break;
        for (size_t i = 0; i < row.count; i++) {
            build_literal(&seen, i == 0 ? "[" : "|");
            build_bytes(&seen, csv_field_value(rows->cx.arena, &row.fields[i]));
        }
        if (row.count > 0)
            build_literal(&seen, "]");
    }
    rows->seen = builder_text(&seen);
}

static void assert_rows(const char *text, uint8_t delimiter, const char *expected)
{
    struct rows rows;
    read_rows(&rows, bytes_of_text(text_of(text)), delimiter);
    if (!text_is(rows.seen, expected))
        fail_msg("expected %s, got %.*s", expected, TEXT_ARGS(rows.seen));
    arena_close(rows.cx.arena);
}

static void rows_end_with_any_line_break(void **state)
{
    (void)state;
    assert_rows("a,b\r\nc,d\ne,f\rg,h", ',', "[a|b][c|d][e|f][g|h]");
    assert_rows("a,b\r\r\nc,d\n\n\n\re,f\r", ',', "[a|b][c|d][e|f]");
    assert_rows("", ',', "");
    assert_rows("\r\n\r\n", ',', "");
}

static void fields_may_be_empty(void **state)
{
    (void)state;
    assert_rows(",,\na,\n,b\n\"\"\n", ',', "[||][a|][|b][]");
}

static void quotes_keep_delimiters_breaks_and_quotes(void **state)
{
    (void)state;
    assert_rows("\"a,b\",\"c\r\nd\",\"say \"\"hi\"\"\"\nx,y,z\n", ',', "[a,b|c\r\nd|say \"hi\"][x|y|z]");
    assert_rows("\"\"\"\",\"\"\"\"\"\"\n", ',', "[\"|\"\"]");
    assert_rows("\"a\"", ',', "[a]");
}

static void a_quote_inside_a_field_is_a_character(void **state)
{
    (void)state;
    assert_rows("5\" pipe,a \"b\" c\n \"x\",y\n", ',', "[5\" pipe|a \"b\" c][ \"x\"|y]");
}

static void a_row_at_the_front_is_there_or_not(void **state)
{
    struct csv_field fields[2];
    struct csv_row row = {.fields = fields};
    size_t size = 77;
    (void)state;
    assert_false(csv_row_at_front((struct bytes){NULL, 0}, ',', 2, &row, &size));
    assert_false(csv_row_at_front(bytes_of_text(TEXT("\"a")), ',', 2, &row, &size));
    assert_int_equal(size, 77);
    assert_true(csv_row_at_front(bytes_of_text(TEXT("a,b,c\r\nd")), ',', 2, &row, &size));
    assert_int_equal(row.count, 3); /* of which as many are shown as there is room for */
    assert_int_equal(size, 7);
    assert_true(text_is(text_of_bytes(fields[1].raw), "b"));
}

static void other_delimiters_are_taken(void **state)
{
    (void)state;
    assert_rows("a;b,c\n", ';', "[a|b,c]");
    assert_rows("a\tb;c\n", '\t', "[a|b;c]");
    assert_rows("a|b\n", '|', "[a|b]");
}

static void what_follows_a_closing_quote_is_a_fault(void **state)
{
    (void)state;
    assert_rows("a,b\n\"c\"d,e\nf,g\n", ',', "[a|b]!2:csv.quote[f|g]");
    assert_rows("\"a\" ,b\nf,g\n", ',', "!1:csv.quote[f|g]");
}

static void a_lost_quote_does_not_swallow_the_rest(void **state)
{
    (void)state;
    assert_rows("a,b\n\"c,d\ne,f\ng,h\n", ',', "[a|b]!2:csv.quote_open[e|f][g|h]");
    assert_rows("\"", ',', "!1:csv.quote_open");
    assert_rows("a,\"b\nc,d\n\"e\",f\ng,h\n", ',', "!1:csv.quote[c|d][e|f][g|h]");
}

static void lines_are_counted_through_quotes(void **state)
{
    (void)state;
    assert_rows("\"a\nb\r\nc\"\n\n\"x\"y\n", ',', "[a\nb\r\nc]!5:csv.quote");
}

static void a_nul_byte_refuses_its_row(void **state)
{
    static const uint8_t BYTES[] = "a,b\nc\0,d\ne,f";
    struct rows rows;
    (void)state;
    read_rows(&rows, (struct bytes){BYTES, sizeof BYTES - 1}, ',');
    assert_true(text_is(rows.seen, "[a|b]!2:contact.nul[e|f]"));
    arena_close(rows.cx.arena);
}

/* A text of `times` pieces between a front and a back. */
static struct bytes repeated(struct arena *arena, const char *front, const char *piece, size_t times, const char *back)
{
    struct builder builder = builder_open(arena, SIZE_MAX);
    build_literal(&builder, front);
    for (size_t i = 0; i < times; i++)
        build_literal(&builder, piece);
    build_literal(&builder, back);
    assert_false(builder.overflowed);
    return builder_bytes(&builder);
}

static void assert_seen(struct bytes bytes, const char *expected)
{
    struct rows rows;
    read_rows(&rows, bytes, ',');
    assert_true(text_is(rows.seen, expected));
    arena_close(rows.cx.arena);
}

static void rows_beyond_a_limit_are_faults_and_the_rest_goes_on(void **state)
{
    struct arena *arena = arena_open((size_t)256 << 20);
    struct rows rows;
    (void)state;
    assert_seen(repeated(arena, "a\n\"", "x", 2 * LIMIT_IMPORT_LINE_BYTES, "\nb,c\n"), "[a]!2:csv.too_large[b|c]");
    assert_seen(repeated(arena, "a\n\"", "x", 2 * LIMIT_IMPORT_LINE_BYTES, "\"\nb,c\n"), "[a]!2:csv.too_large[b|c]");
    struct bytes rest = repeated(arena, "[a]!2:csv.too_large", "[x]", LIMIT_IMPORT_LINE_BYTES / 2 + 4095, "[b|c]");
    assert_seen(repeated(arena, "a\n\"", "x\n", LIMIT_IMPORT_LINE_BYTES / 2 + 4096, "b,c\n"),
                text_c_string(arena, text_of_bytes(rest)));
    assert_seen(repeated(arena, "a\n", "x", 2 * LIMIT_IMPORT_LINE_BYTES, "\nb,c\n"), "[a]!2:csv.too_large[b|c]");
    assert_seen(repeated(arena, "a\n", ",", LIMIT_IMPORT_FIELDS, "\nb,c\n"), "[a]!2:csv.too_many_fields[b|c]");
    assert_seen(repeated(arena, "a\n", ",", 9999, "\nb,c\n"), "[a]!2:csv.too_many_fields[b|c]");
    read_rows(&rows, repeated(arena, "", ",", LIMIT_IMPORT_FIELDS - 1, "\n"), ',');
    assert_int_equal(rows.seen.size, LIMIT_IMPORT_FIELDS + 1); /* as many fields as may be */
    arena_close(rows.cx.arena);
    read_rows(&rows, repeated(arena, "\"", "x", LIMIT_IMPORT_LINE_BYTES, "\""), ',');
    assert_int_equal(rows.seen.size, LIMIT_IMPORT_LINE_BYTES + 2); /* as large as a field may be */
    arena_close(rows.cx.arena);
    arena_close(arena);
}

static void lost_quotes_by_the_thousand_take_no_longer_than_twice(void **state)
{
    /* Each line, read from its own front, opens a quote that takes the next 512 lines with it. */
    struct arena *arena = arena_open((size_t)256 << 20);
    struct rows rows;
    (void)state;
    static const char LINE[] = "a\",\"c\"\" and enough to fill a line of a hundred bytes, as such files have them here "
                               "and there, for want of a better\n";
    read_rows(&rows, repeated(arena, "", LINE, 100000, ""), ',');
    assert_true(rows.seen.size > 0);
    assert_true(rows.reader.rescan_bytes_left < (size_t)64 * 1024 * 1024);
    arena_close(rows.cx.arena);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_end_with_any_line_break),
        cmocka_unit_test(fields_may_be_empty),
        cmocka_unit_test(quotes_keep_delimiters_breaks_and_quotes),
        cmocka_unit_test(a_quote_inside_a_field_is_a_character),
        cmocka_unit_test(a_row_at_the_front_is_there_or_not),
        cmocka_unit_test(other_delimiters_are_taken),
        cmocka_unit_test(what_follows_a_closing_quote_is_a_fault),
        cmocka_unit_test(a_lost_quote_does_not_swallow_the_rest),
        cmocka_unit_test(lines_are_counted_through_quotes),
        cmocka_unit_test(a_nul_byte_refuses_its_row),
        cmocka_unit_test(rows_beyond_a_limit_are_faults_and_the_rest_goes_on),
        cmocka_unit_test(lost_quotes_by_the_thousand_take_no_longer_than_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
