/* SPDX-License-Identifier: Apache-2.0
 * Rows of comma-separated values (RFC 4180), over the window of a contact_input, nothing copied. A quote is one only
 * at the front of a field; elsewhere it is a character. Rows end with LF, CR or CR LF; empty lines are no rows. After
 * a row that cannot be read the next line is tried, so that one lost quote does not swallow the rest of the file. */
#ifndef PROTOCOL_CSV_H
#define PROTOCOL_CSV_H

#include "protocol/contact_input.h"

struct csv_field {
    struct bytes raw;        /* without the quotes around it */
    bool         has_quotes; /* doubled ones, inside */
};

struct csv_row {
    int64_t           line; /* where it begins */
    struct bytes      raw;  /* all of it, without its line break */
    struct csv_field *fields;
    size_t            count;
};

struct csv_reader {
    struct contact_input *input;
    struct csv_field     *fields; /* LIMIT_IMPORT_FIELDS + 1 of them: those of the last row */
    uint8_t               delimiter;
    size_t                rescan_bytes_left; /* how much may still be read a second time after lost quotes */
};

/* Fails TOO_LARGE limit.memory. */
err csv_reader_open(struct ctx *cx, struct arena *arena, struct contact_input *input,
                    struct csv_reader *out) MUST_CHECK;

/* The next row, whose views hold until the next call. `out->count` 0: no row; then the problem has a reason, or it is
 * the end. Fails as contact_reader_next. */
err csv_next(struct ctx *cx, struct csv_reader *reader, struct csv_row *out,
             struct contact_problem *problem) MUST_CHECK;

/* What a field says: doubled quotes made single in the arena, else a view. `.at` is NULL when exhausted. */
struct bytes csv_field_value(struct arena *arena, const struct csv_field *field);

/* One row at the front of `bytes`, without a reader: for finding the delimiter. Fields beyond `most` are counted, not
 * written. False: no whole row stands there. `*size` is what the row takes. */
bool csv_row_at_front(struct bytes bytes, uint8_t delimiter, size_t most, struct csv_row *row, size_t *size);

#endif
