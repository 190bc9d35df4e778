/* SPDX-License-Identifier: Apache-2.0
 * A CSV file as contacts: finds delimiter and header row by the column names it knows, reads each row by them. An
 * encoding that nothing declares is taken from the first row that is not ASCII (UTF-8 or windows-1252) and then held
 * against every other row. */
#ifndef PROTOCOL_CONTACT_TABLE_H
#define PROTOCOL_CONTACT_TABLE_H

#include "protocol/contact_columns.h"
#include "protocol/contact_date.h"
#include "protocol/csv.h"

typedef enum table_encoding {
    TABLE_ENCODING_OPEN = 0, /* ASCII so far */
    TABLE_ENCODING_UTF8,
    TABLE_ENCODING_WINDOWS_1252,
} table_encoding;

struct table_column {
    contact_field field;
    struct text   type;        /* of its values; "" when none or when another column says it */
    int64_t       number;
    size_t        address;     /* index of the address that a part belongs to */
    size_t        type_column; /* index of the column that says the type, or that of the column itself */
};

struct contact_table {
    struct arena                *arena;   /* of the reader */
    struct arena                *scratch; /* of one row */
    const struct contact_source *source;
    struct contact_input        *input;
    struct csv_reader            csv;
    size_t                       preamble_bytes; /* before the header row */
    struct table_column         *columns;
    size_t                       count;
    size_t                       named_count; /* without nameless columns at the end, which a row may lack */
    size_t                       address_count;
    struct text                 *unmapped;
    size_t                       unmapped_count;
    table_encoding               encoding;
    date_order                   order;
};

/* contact_header.c: sets delimiter, columns and the unmapped names, and stands behind the header row. Fails INVALID
 * csv.no_columns, TOO_LARGE csv.too_many_columns. */
err contact_header_read(struct ctx *cx, struct contact_table *table) MUST_CHECK;
/* Stands behind the header row once more, after a rewind. */
err contact_header_skip(struct ctx *cx, struct contact_table *table) MUST_CHECK;

/* Fails as contact_reader_open; borrows all but `out`. */
err contact_table_open(struct ctx *cx, struct arena *arena, struct arena *scratch, struct contact_input *input,
                       struct contact_table *out) MUST_CHECK;

/* As contact_reader_next. */
err contact_table_next(struct ctx *cx, struct contact_table *table, struct contact **out,
                       struct contact_problem *problem) MUST_CHECK;

#endif
