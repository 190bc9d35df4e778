/* SPDX-License-Identifier: Apache-2.0
 * A row is scanned when the window holds all of it; until then the window grows and the row is scanned anew. */
#include "protocol/csv.h"

#include <string.h>

#include "base/limits_import.h"

#define RESCAN_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef enum scan_state {
    SCAN_ROW,  /* a whole row */
    SCAN_MORE, /* the bytes end before the row does */
    SCAN_BAD,
} scan_state;

struct scan {
    struct bytes      bytes;
    bool              ended; /* nothing follows the bytes */
    uint8_t           delimiter;
    size_t            at;
    struct csv_field *fields;
    size_t            most;
    size_t            count;
    size_t            break_size;
    bool              has_quoted;
    contact_reason    reason; /* of SCAN_BAD; of SCAN_MORE, should no more bytes come */
};

static void add_field(struct scan *scan, size_t from, size_t to, bool has_quotes)
{
    if (scan->count < scan->most)
        scan->fields[scan->count] = (struct csv_field){{scan->bytes.at + from, to - from}, has_quotes};
    scan->count++;
}

static scan_state scan_plain(struct scan *scan)
{
    const uint8_t *bytes = scan->bytes.at;
    size_t from = scan->at;
    size_t at = from;
    while (at < scan->bytes.size && bytes[at] != scan->delimiter && bytes[at] != '\n' && bytes[at] != '\r')
        at++;
    scan->at = at;
    scan->reason = CONTACT_ROW_TOO_LARGE;
    if (at == scan->bytes.size && !scan->ended)
        return SCAN_MORE;
    add_field(scan, from, at, false);
    return SCAN_ROW;
}

static scan_state scan_quoted(struct scan *scan)
{
    size_t from = ++scan->at;
    bool has_quotes = false;
    scan->has_quoted = true;
    scan->reason = CONTACT_QUOTE_OPEN;
    for (;;) {
        const uint8_t *rest = scan->bytes.at + scan->at;
        const uint8_t *quote = scan->at == scan->bytes.size ? NULL : memchr(rest, '"', scan->bytes.size - scan->at);
        scan->at = quote == NULL ? scan->bytes.size : (size_t)(quote - scan->bytes.at) + 1;
        if (quote == NULL)
            return scan->ended ? SCAN_BAD : SCAN_MORE;
        if (scan->at == scan->bytes.size && !scan->ended)
            return SCAN_MORE;
        if (scan->at == scan->bytes.size || scan->bytes.at[scan->at] != '"')
            break;
        has_quotes = true;
        scan->at++;
    }
    add_field(scan, from, scan->at - 1, has_quotes);
    return SCAN_ROW;
}

/* After a field: another one, the end of the row, or something that may not stand there. */
static scan_state scan_separator(struct scan *scan, bool *another)
{
    bool sure = true;
    *another = false;
    if (scan->at == scan->bytes.size)
        return scan->ended ? SCAN_ROW : SCAN_MORE;
    if (scan->bytes.at[scan->at] == scan->delimiter) {
        *another = true;
        scan->at++;
        return SCAN_ROW;
    }
    struct bytes rest = {scan->bytes.at + scan->at, scan->bytes.size - scan->at};
    scan->break_size = line_break_size(rest, scan->ended, &sure);
    if (!sure)
        return SCAN_MORE;
    scan->reason = CONTACT_QUOTE;
    return scan->break_size > 0 ? SCAN_ROW : SCAN_BAD;
}

static scan_state scan_row(struct scan *scan)
{
    for (bool another = true; another;) {
        bool quoted = scan->at < scan->bytes.size && scan->bytes.at[scan->at] == '"';
        scan_state state = quoted ? scan_quoted(scan) : scan_plain(scan);
        if (state == SCAN_ROW)
            state = scan_separator(scan, &another);
        if (state != SCAN_ROW)
            return state;
    }
    return SCAN_ROW;
}

bool csv_row_at_front(struct bytes bytes, uint8_t delimiter, size_t most, struct csv_row *row, size_t *size)
{
    struct scan scan = {.bytes = bytes, .ended = true, .delimiter = delimiter, .fields = row->fields, .most = most};
    if (bytes.size == 0 || scan_row(&scan) != SCAN_ROW)
        return false;
    row->raw = (struct bytes){bytes.at, scan.at};
    row->count = scan.count;
    *size = scan.at + scan.break_size;
    return true;
}

err csv_reader_open(struct ctx *cx, struct arena *arena, struct contact_input *input, struct csv_reader *out)
{
    struct csv_field *fields = ARENA_ARRAY(arena, struct csv_field, LIMIT_IMPORT_FIELDS + 1);
    if (fields == NULL)
        return FAIL_MEMORY(cx);
    *out = (struct csv_reader){input, fields, ',', RESCAN_BYTES_MAX};
    return OK;
}

static int64_t count_breaks(struct bytes bytes)
{
    int64_t count = 0;
    bool sure = true;
    for (size_t i = 0, size; i < bytes.size; i += size == 0 ? 1 : size) {
        size = line_break_size((struct bytes){bytes.at + i, bytes.size - i}, true, &sure);
        count += size > 0;
    }
    return count;
}

/* Goes on behind the first line of a bad row, or, when too much was read twice already, behind all that was scanned. */
static err leave_bad_row(struct ctx *cx, struct csv_reader *reader, const struct scan *scan)
{
    struct input_line line;
    bool found = false;
    if (scan->at > reader->rescan_bytes_left)
        contact_input_take(reader->input, scan->at,
                           count_breaks((struct bytes){contact_input_unread(reader->input).at, scan->at}));
    else
        reader->rescan_bytes_left -= scan->at;
    TRY(contact_input_peek_line(cx, reader->input, &line, &found));
    return contact_input_skip_line(cx, reader->input, &line);
}

/* Scans the row at the front of the window, with as much of the file as it takes. */
static err scan_front(struct ctx *cx, struct csv_reader *reader, struct scan *scan, scan_state *out)
{
    bool more = true;
    do {
        *scan = (struct scan){
            .bytes = contact_input_unread(reader->input),
            .ended = reader->input->ended,
            .delimiter = reader->delimiter,
            .fields = reader->fields,
            .most = LIMIT_IMPORT_FIELDS + 1,
        };
        *out = scan->bytes.size == 0 && scan->ended ? SCAN_ROW : scan_row(scan);
        if (*out == SCAN_MORE)
            TRY(contact_input_more(cx, reader->input, &more));
    } while (*out == SCAN_MORE && (more || reader->input->ended));
    if (*out == SCAN_MORE) /* the window is full: the quote may close far behind it */
        scan->reason = CONTACT_ROW_TOO_LARGE;
    if (*out == SCAN_ROW && scan->count > LIMIT_IMPORT_FIELDS) {
        scan->reason = CONTACT_TOO_MANY_FIELDS;
        *out = SCAN_BAD;
    }
    return OK;
}

err csv_next(struct ctx *cx, struct csv_reader *reader, struct csv_row *out, struct contact_problem *problem)
{
    struct scan scan;
    scan_state state = SCAN_ROW;
    *out = (struct csv_row){.line = reader->input->line};
    *problem = (struct contact_problem){0, CONTACT_FINE};
    do {
        TRY(scan_front(cx, reader, &scan, &state));
        out->line = reader->input->line;
        if (state != SCAN_ROW) {
            *problem = (struct contact_problem){out->line, scan.reason};
            return leave_bad_row(cx, reader, &scan);
        }
        out->raw = (struct bytes){scan.bytes.at, scan.at};
        contact_input_take(reader->input, scan.at + scan.break_size, scan.has_quoted ? 1 + count_breaks(out->raw) : 1);
    } while (scan.at == 0 && scan.break_size > 0);
    if (scan.count > 0 && memchr(out->raw.at, '\0', out->raw.size) != NULL) {
        *problem = (struct contact_problem){out->line, CONTACT_NUL};
        return OK;
    }
    out->fields = reader->fields;
    out->count = scan.count;
    return OK;
}

struct bytes csv_field_value(struct arena *arena, const struct csv_field *field)
{
    if (!field->has_quotes)
        return field->raw;
    uint8_t *value = arena_take(arena, field->raw.size, 1);
    size_t size = 0;
    for (size_t i = 0; value != NULL && i < field->raw.size; i++) {
        value[size++] = field->raw.at[i];
        i += field->raw.at[i] == '"'; /* inside, quotes stand in pairs */
    }
    return (struct bytes){value, size};
}
