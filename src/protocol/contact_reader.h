/* SPDX-License-Identifier: Apache-2.0
 * Streaming reader of other programs' address books: vCard 2.1, 3.0, 4.0 and CSV in, one struct contact after the other
 * out. Memory is bounded whatever the file (base/limits.h, LIMIT_IMPORT_*); a bad row is reported by its line and does
 * not stop the rest; nothing garbled is repaired in silence. What a contact becomes here is left to the caller. */
#ifndef PROTOCOL_CONTACT_READER_H
#define PROTOCOL_CONTACT_READER_H

#include <sys/types.h>

#include "protocol/contact.h"

typedef enum contact_format {
    CONTACT_FORMAT_AUTO = 0, /* by content: a line BEGIN:VCARD makes it vCard */
    CONTACT_FORMAT_VCARD,
    CONTACT_FORMAT_CSV,
} contact_format;

/* A column of a CSV file that the caller names itself. */
struct contact_map {
    struct text   column; /* as in the header; letters fold as in contact_columns.h */
    contact_field field;
};

/* Where the bytes come from. The reader borrows it until its arena goes. */
struct contact_source {
    ssize_t (*read)(void *self, uint8_t *out, size_t size); /* bytes read, at most `size`; 0 at the end; -1 failed */
    bool (*rewind)(void *self); /* back to the first byte; NULL when it cannot. Lets 3/4/1980 be read: see below */
    void                     *self;
    contact_format            format;
    const char               *charset; /* as the user declares it, or NULL: byte order mark, UTF-8, windows-1252 */
    const struct contact_map *maps;
    size_t                    map_count;
};

/* A row that was refused. `reason` is CONTACT_FINE when there is none. */
struct contact_problem {
    int64_t        line; /* where the fault stands, or where a card began that does not end */
    contact_reason reason;
};

struct contact_reader;

/* The words auto, vcard and csv. False when it is none of them. */
bool contact_format_of_word(struct text word, contact_format *out);

/* Reads "Column=email" (fields: contact_fields.def, or "ignore"); borrows. Fails USAGE map.syntax | map.field. */
err contact_map_parse(struct ctx *cx, struct text text, struct contact_map *out) MUST_CHECK;

/* Opens in `cx->arena`, which must outlive the reader; the reader's own memory (at most 24 MiB) goes with it. A CSV
 * file whose source can rewind is read twice: the whole file decides whether 3/4/1980 is in March or in April. Fails
 * USAGE map.column (the file has no column of that name, or cards), INVALID import.empty | import.charset |
 * csv.no_columns, TOO_LARGE csv.too_many_columns | import.file_too_large | limit.memory, UNAVAILABLE import.read. */
err contact_reader_open(struct ctx *cx, const struct contact_source *source, struct contact_reader **out) MUST_CHECK;

/* The next contact, in `cx->arena` (which need not be the one of the opening, and may be reset between two calls), or a
 * refused row, or the end. Exactly one of three: `*out` is a contact; `*out` is NULL and the problem has a reason;
 * `*out` is NULL and it has none: the end. A contact, and a row refused half-way, takes at most about twice
 * LIMIT_IMPORT_CONTACT_BYTES: end a chunk when arena_used_bytes() says so, not by the count alone. Fails UNAVAILABLE
 * import.read, TOO_LARGE import.file_too_large | limit.memory: reading is over. */
err contact_reader_next(struct contact_reader *reader, struct ctx *cx, struct contact **out,
                        struct contact_problem *problem) MUST_CHECK;

contact_format contact_reader_format(const struct contact_reader *reader); /* never AUTO */
int64_t contact_reader_bytes_read(const struct contact_reader *reader);    /* of the source; for a progress bar */

/* The columns of a CSV file that are not read, as the header writes them; `*count` 0 for vCard. Lives as the reader. */
const struct text *contact_reader_unmapped(const struct contact_reader *reader, size_t *count);

/* A source of bytes that are in memory. Borrows both. */
struct memory_source {
    struct bytes bytes;
    size_t       at;
};
struct contact_source contact_source_of_memory(struct memory_source *memory);

#endif
