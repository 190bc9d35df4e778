/* SPDX-License-Identifier: Apache-2.0
 * Finds out what a file is and hands it to the reader of its format. */
#include "protocol/contact_reader.h"

#include <string.h>

#include "base/limits_import.h"
#include "base/text.h"
#include "protocol/contact_table.h"
#include "protocol/vcard.h"

/* The window and what is kept of a header; and one line or row with its copies in other encodings. */
#define READER_ARENA_BYTES ((size_t)4 * LIMIT_IMPORT_LINE_BYTES + (size_t)4 * 1024 * 1024)
#define SCRATCH_ARENA_BYTES ((size_t)16 * LIMIT_IMPORT_LINE_BYTES)
#define SNIFF_LINES_MAX 64

struct contact_reader {
    struct contact_input input;
    contact_format       format;
    struct vcard_reader  cards;
    struct contact_table table;
};

bool contact_format_of_word(struct text word, contact_format *out)
{
    static const char *const WORDS[] = {
        [CONTACT_FORMAT_AUTO] = "auto", [CONTACT_FORMAT_VCARD] = "vcard", [CONTACT_FORMAT_CSV] = "csv"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (!text_is(word, WORDS[i]))
            continue;
        *out = (contact_format)i;
        return true;
    }
    return false;
}

err contact_map_parse(struct ctx *cx, struct text text, struct contact_map *out)
{
    size_t at = text.size;
    while (at > 0 && text.at[at - 1] != '=') /* the last one: a column's name may hold an equals sign */
        at--;
    struct text column = text_trim((struct text){text.at, at == 0 ? 0 : at - 1});
    if (column.size == 0)
        return FAIL(cx, USAGE, "map.syntax", "a mapping is written as Column=field");
    contact_field field = contact_field_of_word(text_trim((struct text){text.at + at, text.size - at}));
    if (field == CONTACT_FIELD_COUNT)
        return FAIL(cx, USAGE, "map.field", "a mapping names no field that is known here");
    *out = (struct contact_map){column, field};
    return OK;
}

static void close_arena(void *arena)
{
    arena_close(arena);
}

/* An arena that goes with the caller's. */
static struct arena *open_arena(struct ctx *cx, size_t max_bytes)
{
    struct arena *arena = arena_open(max_bytes);
    if (arena == NULL || arena_defer(cx->arena, close_arena, arena))
        return arena;
    arena_close(arena);
    return NULL;
}

/* Whether one of the first lines begins a card. */
static bool looks_like_cards(struct contact_input *input)
{
    struct bytes rest = contact_input_unread(input);
    for (int lines = 0; lines < SNIFF_LINES_MAX && rest.size > 0; lines++) {
        const uint8_t *end = memchr(rest.at, '\n', rest.size);
        size_t size = end == NULL ? rest.size : (size_t)(end - rest.at) + 1;
        struct text line = text_trim(text_of_bytes((struct bytes){rest.at, size}));
        if (line.size > sizeof "BEGIN:VCARD" - 1 && line.at[sizeof "BEGIN:VCARD" - 1] == '\r')
            line.size = sizeof "BEGIN:VCARD" - 1; /* lines that end with CR alone */
        if (text_equals_ignoring_case(line, "BEGIN:VCARD"))
            return true;
        rest = (struct bytes){rest.at + size, rest.size - size};
    }
    return false;
}

err contact_reader_open(struct ctx *cx, const struct contact_source *source, struct contact_reader **out)
{
    struct contact_reader *reader = ARENA_NEW(cx->arena, struct contact_reader);
    struct arena *arena = open_arena(cx, READER_ARENA_BYTES);
    struct arena *scratch = open_arena(cx, SCRATCH_ARENA_BYTES);
    if (reader == NULL || arena == NULL || scratch == NULL)
        return FAIL_MEMORY(cx);
    TRY(contact_input_open(cx, arena, source, &reader->input));
    if (text_trim(text_of_bytes(contact_input_unread(&reader->input))).size == 0 && reader->input.ended)
        return FAIL(cx, INVALID, "import.empty", "there is nothing in the file");
    reader->format = source->format;
    if (reader->format == CONTACT_FORMAT_AUTO)
        reader->format = looks_like_cards(&reader->input) ? CONTACT_FORMAT_VCARD : CONTACT_FORMAT_CSV;
    if (reader->format == CONTACT_FORMAT_VCARD && source->map_count > 0)
        return FAIL(cx, USAGE, "map.column", "the file has cards and no columns that could be mapped");
    if (reader->format == CONTACT_FORMAT_VCARD)
        reader->cards = vcard_reader_open(arena, scratch, &reader->input);
    else
        TRY(contact_table_open(cx, arena, scratch, &reader->input, &reader->table));
    *out = reader;
    return OK;
}

err contact_reader_next(struct contact_reader *reader, struct ctx *cx, struct contact **out,
                        struct contact_problem *problem)
{
    if (reader->format == CONTACT_FORMAT_VCARD)
        return vcard_next(cx, &reader->cards, out, problem);
    return contact_table_next(cx, &reader->table, out, problem);
}

contact_format contact_reader_format(const struct contact_reader *reader)
{
    return reader->format;
}

int64_t contact_reader_bytes_read(const struct contact_reader *reader)
{
    return reader->input.bytes_read;
}

const struct text *contact_reader_unmapped(const struct contact_reader *reader, size_t *count)
{
    *count = reader->table.unmapped_count;
    return reader->table.unmapped;
}

static ssize_t read_memory(void *self, uint8_t *out, size_t size)
{
    struct memory_source *memory = self;
    size_t left = memory->bytes.size - memory->at;
    size_t taken = size < left ? size : left;
    if (taken > 0)
        memcpy(out, memory->bytes.at + memory->at, taken);
    memory->at += taken;
    return (ssize_t)taken;
}

static bool rewind_memory(void *self)
{
    ((struct memory_source *)self)->at = 0;
    return true;
}

struct contact_source contact_source_of_memory(struct memory_source *memory)
{
    return (struct contact_source){.read = read_memory, .rewind = rewind_memory, .self = memory};
}
