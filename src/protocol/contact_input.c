/* SPDX-License-Identifier: Apache-2.0
 * The window over a source. */
#include "protocol/contact_input.h"

#include <assert.h>
#include <string.h>

#include "base/limits_import.h"

#ifndef WINDOW_BYTES_FIRST /* smaller where fuzzers run: clearing it was most of their work */
#define WINDOW_BYTES_FIRST ((size_t)64 * 1024)
#endif
#define WINDOW_BYTES_MAX ((size_t)LIMIT_IMPORT_LINE_BYTES + 4096)
#define RAW_BYTES ((size_t)16 * 1024)
#define MARK_BYTES_MAX 4u
#define SPAN_BYTES ((size_t)256)
#define SEQUENCE_BYTES_MAX 8u /* what one character may need on either side of a conversion */

/* Byte order marks (Unicode 15, section 23.8). */
static const struct {
    uint8_t     bytes[3];
    size_t      size;
    const char *charset;
} MARKS[] = {
    {{0xEF, 0xBB, 0xBF}, 3, "UTF-8"},
    {{0xFF, 0xFE}, 2, "UTF-16LE"},
    {{0xFE, 0xFF}, 2, "UTF-16BE"},
};

/* Reads once into `out`; `*got` 0 means the end. */
static err read_once(struct ctx *cx, struct contact_input *input, uint8_t *out, size_t room, size_t *got)
{
    ssize_t size = input->source->read(input->source->self, out, room);
    if (size < 0)
        return FAIL(cx, UNAVAILABLE, "import.read", "the file could not be read");
    assert((size_t)size <= room);
    input->bytes_read += size;
    if (input->bytes_read > LIMIT_IMPORT_FILE_BYTES)
        return FAIL(cx, TOO_LARGE, "import.file_too_large", "an import file may have %lld bytes",
                    (long long)LIMIT_IMPORT_FILE_BYTES);
    *got = (size_t)size;
    return OK;
}

static err fill_plain(struct ctx *cx, struct contact_input *input)
{
    while (input->to < input->room && !input->ended) {
        size_t got = 0;
        TRY(read_once(cx, input, input->window + input->to, input->room - input->to, &got));
        input->to += got;
        input->ended = got == 0;
    }
    return OK;
}

static void convert_raw(struct contact_input *input)
{
    struct bytes rest = {input->raw, input->raw_size};
    input->to += charset_convert(&input->converter, &rest, input->window + input->to, input->room - input->to);
    memmove(input->raw, rest.at, rest.size);
    input->raw_size = rest.size;
}

/* `ended` is set only when nothing waits for conversion any more. */
static err fill_converted(struct ctx *cx, struct contact_input *input)
{
    while (input->room - input->to >= SEQUENCE_BYTES_MAX && !input->ended) {
        convert_raw(input);
        if (input->room - input->to < SEQUENCE_BYTES_MAX)
            break;
        size_t got = 0; /* what is left of the raw bytes is less than one sequence */
        TRY(read_once(cx, input, input->raw + input->raw_size, RAW_BYTES - input->raw_size, &got));
        if (got == 0 && input->raw_size > 0)
            input->window[input->to++] = CHARSET_MARK; /* the file ends inside a sequence */
        input->raw_size = got == 0 ? 0 : input->raw_size + got;
        input->ended = got == 0;
    }
    return OK;
}

static err fill(struct ctx *cx, struct contact_input *input)
{
    return input->converts ? fill_converted(cx, input) : fill_plain(cx, input);
}

static err open_converter(struct ctx *cx, struct contact_input *input, const char *charset)
{
    input->declared = true;
    if (charset_is_utf8(charset))
        return OK;
    if (input->raw == NULL) {
        input->raw = arena_take(input->arena, RAW_BYTES, 1);
        if (input->raw == NULL || !charset_converter_open(input->arena, charset, &input->converter))
            return FAIL(cx, INVALID, "import.charset", "the encoding of the file cannot be read here");
    }
    input->converts = true;
    return OK;
}

/* Reads the first bytes and finds out how the rest is to be read. A mark wins over what the user says. */
static err start(struct ctx *cx, struct contact_input *input)
{
    while (input->to < MARK_BYTES_MAX && !input->ended) {
        size_t got = 0;
        TRY(read_once(cx, input, input->window + input->to, MARK_BYTES_MAX - input->to, &got));
        input->to += got;
        input->ended = got == 0;
    }
    const char *charset = input->source->charset == NULL ? NULL : charset_find(text_of(input->source->charset));
    if (input->source->charset != NULL && charset == NULL)
        return FAIL(cx, INVALID, "import.charset", "the encoding named for the file is not known here");
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++) {
        if (input->to < MARKS[i].size || memcmp(input->window, MARKS[i].bytes, MARKS[i].size) != 0)
            continue;
        charset = MARKS[i].charset;
        input->from = MARKS[i].size;
        break;
    }
    if (charset != NULL)
        TRY(open_converter(cx, input, charset));
    if (input->converts) {
        input->raw_size = input->to - input->from;
        memcpy(input->raw, input->window + input->from, input->raw_size);
        input->from = input->to = 0;
        input->ended = false; /* not before the raw bytes are converted */
    }
    return fill(cx, input);
}

err contact_input_open(struct ctx *cx, struct arena *arena, const struct contact_source *source,
                       struct contact_input *out)
{
    *out = (struct contact_input){.arena = arena, .source = source, .room = WINDOW_BYTES_FIRST, .line = 1};
    out->window = arena_take(arena, out->room, 1);
    if (out->window == NULL)
        return FAIL_MEMORY(cx);
    return start(cx, out);
}

err contact_input_rewind(struct ctx *cx, struct contact_input *input)
{
    if (!input->source->rewind(input->source->self))
        return FAIL(cx, UNAVAILABLE, "import.read", "the file could not be read a second time");
    input->from = input->to = 0;
    input->bytes_read = 0;
    input->line = 1;
    input->ended = false;
    input->raw_size = 0;
    return start(cx, input);
}

err contact_input_more(struct ctx *cx, struct contact_input *input, bool *more)
{
    size_t unread = input->to - input->from;
    *more = false;
    if (input->ended)
        return OK;
    size_t room = input->room;
    if (room - unread < SEQUENCE_BYTES_MAX && room < WINDOW_BYTES_MAX)
        room = room * 2 < WINDOW_BYTES_MAX ? room * 2 : WINDOW_BYTES_MAX;
    uint8_t *window = room == input->room ? input->window : arena_take(input->arena, room, 1);
    if (window == NULL)
        return FAIL_MEMORY(cx);
    memmove(window, input->window + input->from, unread);
    input->window = window;
    input->room = room;
    input->from = 0;
    input->to = unread;
    TRY(fill(cx, input));
    *more = input->to > unread;
    return OK;
}

struct bytes contact_input_unread(const struct contact_input *input)
{
    return (struct bytes){input->window + input->from, input->to - input->from};
}

void contact_input_take(struct contact_input *input, size_t size, int64_t lines)
{
    assert(size <= input->to - input->from);
    input->from += size;
    input->line += lines;
}

/* ---- lines */

size_t line_break_size(struct bytes bytes, bool ended, bool *sure)
{
    *sure = true;
    if (bytes.size == 0 || (bytes.at[0] != '\n' && bytes.at[0] != '\r'))
        return 0;
    if (bytes.at[0] == '\n')
        return 1;
    size_t returns = 1;
    if (bytes.size > 1 && bytes.at[1] == '\r')
        returns = 2;
    if (bytes.size > returns)
        return bytes.at[returns] == '\n' ? returns + 1 : 1;
    *sure = ended;
    return 1;
}

/* Looks by spans, so that a file with breaks of one kind is not searched to its end for the other. */
static size_t find_break(struct bytes bytes, size_t from)
{
    for (size_t span; from < bytes.size; from += span) {
        span = bytes.size - from < SPAN_BYTES ? bytes.size - from : SPAN_BYTES;
        const uint8_t *feed = memchr(bytes.at + from, '\n', span);
        size_t before = feed == NULL ? span : (size_t)(feed - bytes.at) - from;
        const uint8_t *found = memchr(bytes.at + from, '\r', before);
        if (found == NULL)
            found = feed;
        if (found != NULL)
            return (size_t)(found - bytes.at);
    }
    return bytes.size;
}

err contact_input_peek_line(struct ctx *cx, struct contact_input *input, struct input_line *out, bool *found)
{
    bool more = true;
    size_t at = 0;
    size_t size = 0;
    struct bytes unread = contact_input_unread(input);
    for (;;) {
        at = find_break(unread, at);
        bool sure = false;
        size = line_break_size((struct bytes){unread.at + at, unread.size - at}, input->ended, &sure);
        if ((size > 0 && sure) || !more)
            break;
        TRY(contact_input_more(cx, input, &more));
        unread = contact_input_unread(input);
    }
    *found = unread.size > 0;
    *out = (struct input_line){
        .text = text_of_bytes((struct bytes){unread.at, at}),
        .number = input->line,
        .has_nul = at > 0 && memchr(unread.at, '\0', at) != NULL,
        .is_overlong = size == 0 && !input->ended,
        .taken = at + size,
    };
    return OK;
}

err contact_input_skip_line(struct ctx *cx, struct contact_input *input, struct input_line *line)
{
    contact_input_take(input, line->taken, line->is_overlong ? 0 : 1);
    while (line->is_overlong) {
        bool found = false;
        struct input_line rest;
        TRY(contact_input_peek_line(cx, input, &rest, &found));
        line->has_nul = line->has_nul || rest.has_nul;
        line->is_overlong = found && rest.is_overlong;
        contact_input_take(input, rest.taken, line->is_overlong ? 0 : 1);
    }
    return OK;
}
