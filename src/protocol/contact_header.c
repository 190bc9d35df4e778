/* SPDX-License-Identifier: Apache-2.0
 * The header of a CSV file. Delimiter and header row are found in one act: under the right delimiter one of the first
 * rows holds more known column names than under any other. */

#include "base/limits.h"
#include "base/limits_import.h"
#include "base/text.h"
#include "protocol/contact_table.h"

#define HEADER_ROWS_MAX 8 /* a few programs write remarks above the header */

struct candidate {
    uint8_t delimiter;
    size_t  known;     /* columns that have a meaning */
    size_t  columns;
    size_t  at;        /* where its row begins in the window */
};

/* A name as the header has it: UTF-8 or, where it is not, windows-1252. */
static struct text name_of(struct arena *arena, const struct csv_field *field)
{
    struct bytes value = csv_field_value(arena, field);
    struct text name = TEXT_NONE;
    if (value.at == NULL || value.size > LIMIT_NAME_BYTES)
        return TEXT_NONE;
    if (!charset_decode(arena, "UTF-8", value, &name) && !charset_decode(arena, CHARSET_WINDOWS_1252, value, &name))
        return TEXT_NONE;
    return text_is_plain(text_trim(name), false) ? text_trim(name) : TEXT_NONE;
}

static size_t count_known(struct contact_table *table, const struct csv_row *row)
{
    struct contact_column column;
    size_t known = 0;
    for (size_t i = 0; i < row->count && i < LIMIT_IMPORT_FIELDS; i++)
        known += contact_column_find(table->source, name_of(table->scratch, &row->fields[i]), &column);
    return known;
}

/* The best row under one delimiter, if it is better than the best so far. */
static void try_delimiter(struct contact_table *table, uint8_t delimiter, struct bytes window, struct candidate *best)
{
    struct csv_row row = {.fields = table->csv.fields};
    size_t at = 0;
    size_t size = 0;
    for (int rows = 0; rows < HEADER_ROWS_MAX && at < window.size; rows++, at += size) {
        struct bytes rest = {window.at + at, window.size - at};
        if (!csv_row_at_front(rest, delimiter, LIMIT_IMPORT_FIELDS, &row, &size))
            return;
        arena_reset(table->scratch);
        size_t known = count_known(table, &row);
        if (known > best->known)
            *best = (struct candidate){delimiter, known, row.count, at};
    }
}

static err fail_column(struct ctx *cx, struct text column)
{
    return FAIL(cx, USAGE, "map.column", "the file has no column \"%.*s\"; its first row names the columns",
                TEXT_ARGS(column));
}

static err find_header(struct ctx *cx, struct contact_table *table)
{
    static const uint8_t DELIMITERS[] = {',', ';', '\t', '|'};
    struct bytes window = contact_input_unread(table->input);
    struct candidate best = {.known = 0};
    for (size_t i = 0; i < sizeof DELIMITERS; i++)
        try_delimiter(table, DELIMITERS[i], window, &best);
    if (best.known == 0 && table->source->map_count > 0)
        return fail_column(cx, table->source->maps[0].column);
    if (best.known == 0)
        return FAIL(cx, INVALID, "csv.no_columns", "no column of the first rows is known; name them with --map");
    if (best.columns > LIMIT_IMPORT_FIELDS)
        return FAIL(cx, TOO_LARGE, "csv.too_many_columns", "a file may have %d columns", LIMIT_IMPORT_FIELDS);
    table->csv.delimiter = best.delimiter;
    table->preamble_bytes = best.at;
    return OK;
}

/* ---- what the columns mean */

/* "title" is a prefix where another column is the job's (Outlook). */
static void settle_title(struct table_column *columns, size_t count, size_t title)
{
    bool has_job_title = false;
    for (size_t i = 0; i < count; i++)
        has_job_title = has_job_title || (i != title && columns[i].field == CONTACT_TITLE);
    if (title < count && has_job_title)
        columns[title].field = CONTACT_PREFIX;
}

static contact_field type_field_of(contact_field field)
{
    if (field == CONTACT_EMAIL)
        return CONTACT_EMAIL_TYPE;
    if (field == CONTACT_PHONE)
        return CONTACT_PHONE_TYPE;
    return field == CONTACT_URL ? CONTACT_URL_TYPE : CONTACT_IGNORED;
}

static void link_type(struct table_column *columns, size_t count, size_t of)
{
    contact_field wanted = type_field_of(columns[of].field);
    columns[of].type_column = of;
    for (size_t i = 0; i < count && wanted != CONTACT_IGNORED; i++)
        if (columns[i].field == wanted && columns[i].number == columns[of].number)
            columns[of].type_column = i;
}

static bool is_address_part(contact_field field)
{
    return field >= CONTACT_ADDRESS_TYPE && field <= CONTACT_ADDRESS;
}

/* Columns of one type and number are parts of one address. */
static void link_address(struct contact_table *table, size_t of)
{
    struct table_column *columns = table->columns;
    if (!is_address_part(columns[of].field))
        return;
    for (size_t i = 0; i < of; i++) {
        if (!is_address_part(columns[i].field) || columns[i].number != columns[of].number ||
            !text_equals(columns[i].type, columns[of].type))
            continue;
        columns[of].address = columns[i].address;
        return;
    }
    columns[of].address = table->address_count++;
}

/* Numbers of programs that give no name to them go by the name of their column. */
static struct text external_id_type(struct contact_table *table, struct text name)
{
    char folded[CONTACT_COLUMN_BYTES_MAX];
    size_t size = 0;
    return contact_column_fold(name, folded, &size) ? text_copy(table->arena, (struct text){folded, size}) : TEXT_NONE;
}

static void map_column(struct contact_table *table, size_t at, struct text name)
{
    struct contact_column meaning = {CONTACT_IGNORED, "", 0};
    struct table_column *column = &table->columns[at];
    bool known = contact_column_find(table->source, name, &meaning);
    column->field = meaning.field;
    column->number = meaning.number;
    column->type = text_of(meaning.type);
    if (meaning.field == CONTACT_EXTERNAL_ID && column->type.size == 0)
        column->type = external_id_type(table, name);
    if (!known && name.size > 0)
        table->unmapped[table->unmapped_count++] = text_copy(table->arena, name);
}

static void map_columns(struct contact_table *table, const struct csv_row *row)
{
    size_t title = row->count;
    for (size_t i = 0; i < row->count; i++) {
        struct text name = name_of(table->scratch, &row->fields[i]);
        map_column(table, i, name);
        if (name.size > 0)
            table->named_count = i + 1;
        if (text_equals_ignoring_case(name, "title") && table->columns[i].field == CONTACT_TITLE)
            title = i;
    }
    settle_title(table->columns, row->count, title);
    for (size_t i = 0; i < row->count; i++) {
        link_type(table->columns, row->count, i);
        link_address(table, i);
    }
    table->count = row->count;
}

/* Takes the remarks above the header, and the header. */
static err take_header(struct ctx *cx, struct contact_table *table, struct csv_row *row)
{
    struct contact_problem problem;
    size_t left = table->preamble_bytes;
    while (left > 0) {
        struct input_line line;
        bool found = false;
        TRY(contact_input_peek_line(cx, table->input, &line, &found));
        left -= line.taken < left ? line.taken : left;
        TRY(contact_input_skip_line(cx, table->input, &line));
    }
    TRY(csv_next(cx, &table->csv, row, &problem));
    if (problem.reason == CONTACT_TOO_MANY_FIELDS)
        return FAIL(cx, TOO_LARGE, "csv.too_many_columns", "a file may have %d columns", LIMIT_IMPORT_FIELDS);
    if (row->count == 0)
        return FAIL(cx, INVALID, "csv.no_columns", "the row of column names cannot be read");
    return OK;
}

static bool has_column(struct contact_table *table, const struct csv_row *row, struct text wanted)
{
    char folded[CONTACT_COLUMN_BYTES_MAX];
    char other[CONTACT_COLUMN_BYTES_MAX];
    size_t size = 0;
    size_t other_size = 0;
    if (!contact_column_fold(wanted, folded, &size))
        return false;
    for (size_t i = 0; i < row->count; i++)
        if (contact_column_fold(name_of(table->scratch, &row->fields[i]), other, &other_size) &&
            text_equals((struct text){folded, size}, (struct text){other, other_size}))
            return true;
    return false;
}

/* Who maps a column means one that is there: a slip of the pen must not lose what it holds. */
static err check_maps(struct ctx *cx, struct contact_table *table, const struct csv_row *row)
{
    for (size_t i = 0; i < table->source->map_count; i++) {
        arena_reset(table->scratch);
        if (!has_column(table, row, table->source->maps[i].column))
            return fail_column(cx, table->source->maps[i].column);
    }
    return OK;
}

err contact_header_read(struct ctx *cx, struct contact_table *table)
{
    struct csv_row row;
    TRY(find_header(cx, table));
    TRY(take_header(cx, table, &row));
    TRY(check_maps(cx, table, &row));
    arena_reset(table->scratch);
    table->columns = ARENA_ARRAY(table->arena, struct table_column, row.count);
    table->unmapped = ARENA_ARRAY(table->arena, struct text, row.count);
    if (table->columns == NULL || table->unmapped == NULL)
        return FAIL_MEMORY(cx);
    map_columns(table, &row);
    return arena_is_exhausted(table->arena) ? FAIL_MEMORY(cx) : OK;
}

err contact_header_skip(struct ctx *cx, struct contact_table *table)
{
    struct csv_row row;
    return take_header(cx, table, &row);
}
