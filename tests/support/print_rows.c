/* SPDX-License-Identifier: Apache-2.0
 * Prints the rows of CSV files as JSON, for the comparison with another reader. Usage: print_rows DELIMITER FILE… .
 * Each file gives one line: an array of rows (arrays of texts), and a text in place of each row that was refused. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "protocol/csv.h"

static ssize_t read_file(void *self, uint8_t *out, size_t size)
{
    return read(*(int *)self, out, size);
}

static void write_row(struct ctx *cx, struct json_writer *writer, const struct csv_row *row)
{
    json_open_array(writer);
    for (size_t i = 0; i < row->count; i++)
        json_write_text(writer, text_of_bytes(csv_field_value(cx->arena, &row->fields[i])));
    json_close_array(writer);
}

static err print_rows(struct ctx *cx, int file, uint8_t delimiter)
{
    struct contact_source source = {.read = read_file, .self = &file};
    struct json_writer writer = json_writer_open(cx->arena, SIZE_MAX);
    struct contact_problem problem = {0, CONTACT_FINE};
    struct csv_row row = {.count = 1};
    struct contact_input input;
    struct csv_reader reader;
    struct text text;
    TRY(contact_input_open(cx, cx->arena, &source, &input));
    TRY(csv_reader_open(cx, cx->arena, &input, &reader));
    reader.delimiter = delimiter;
    json_open_array(&writer);
    while (row.count > 0 || problem.reason != CONTACT_FINE) {
        TRY(csv_next(cx, &reader, &row, &problem));
        if (problem.reason != CONTACT_FINE)
            json_write_text(&writer, text_of(contact_reason_word(problem.reason)));
        else if (row.count > 0)
            write_row(cx, &writer, &row);
    }
    json_close_array(&writer);
    TRY(json_writer_finish(cx, &writer, &text));
    (void)printf("%.*s\n", TEXT_ARGS(text));
    return OK;
}

int main(int count, char **words)
{
    err outcome = count > 2 ? OK : USAGE;
    for (int i = 2; i < count && outcome == OK; i++) {
        struct ctx cx = {.arena = arena_open((size_t)64 << 20)};
        int file = open(words[i], O_RDONLY | O_CLOEXEC);
        outcome = file < 0 ? NOT_FOUND : print_rows(&cx, file, (uint8_t)words[1][0]);
        close(file);
        arena_close(cx.arena);
    }
    return outcome == OK ? 0 : error_exit_code(outcome);
}
