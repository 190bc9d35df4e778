/* SPDX-License-Identifier: Apache-2.0
 * The bytes of an address book as UTF-8, through a window that grows only as far as one line or row may be long. Byte
 * order marks are read and taken away, UTF-16 and a declared character set are converted; without either the bytes
 * pass as they are and `declared` is false. What is not of its character set arrives as CHARSET_MARK. */
#ifndef PROTOCOL_CONTACT_INPUT_H
#define PROTOCOL_CONTACT_INPUT_H

#include "protocol/charset.h"
#include "protocol/contact_reader.h"

struct contact_input {
    struct arena                *arena;
    const struct contact_source *source;
    uint8_t                     *window;
    size_t                       room;
    size_t                       from; /* unread: window[from … to) */
    size_t                       to;
    int64_t                      line; /* of the first unread byte, counted from 1 */
    int64_t                      bytes_read;
    bool                         ended;    /* the source has no more */
    bool                         declared; /* the character set is known, not assumed */
    bool                         converts;
    struct charset_converter     converter;
    uint8_t                     *raw; /* bytes that wait for conversion */
    size_t                       raw_size;
};

/* Fails as contact_reader_open. The first window is filled. */
err contact_input_open(struct ctx *cx, struct arena *arena, const struct contact_source *source,
                       struct contact_input *out) MUST_CHECK;

/* Back to the first byte; only for a source that can. Fails UNAVAILABLE import.read. */
err contact_input_rewind(struct ctx *cx, struct contact_input *input) MUST_CHECK;

/* Tries to have more unread bytes than before; `*more` is false at the end of the source or when the window is as large
 * as it may be. Moves the unread bytes: views into the window end here. */
err contact_input_more(struct ctx *cx, struct contact_input *input, bool *more) MUST_CHECK;

struct bytes contact_input_unread(const struct contact_input *input);
void contact_input_take(struct contact_input *input, size_t size, int64_t lines);

/* The size of the line break at the front of `bytes`: LF, CR, CR LF, or the CR CR LF of files that went through two
 * translations. 0: there is none. `*sure` is false when more bytes could make it longer. */
size_t line_break_size(struct bytes bytes, bool ended, bool *sure);

/* One physical line. Of a line beyond the window only the head is kept. */
struct input_line {
    struct text text;     /* a view into the window, without the break */
    int64_t     number;
    bool        has_nul;
    bool        is_overlong;
    size_t      taken;    /* for contact_input_skip_line() */
};

/* Shows the next line without taking it; `*found` is false at the end. */
err contact_input_peek_line(struct ctx *cx, struct contact_input *input, struct input_line *out,
                            bool *found) MUST_CHECK;
/* Takes the line just shown. Of an overlong line, the rest is read and dropped; `line->has_nul` may become true. */
err contact_input_skip_line(struct ctx *cx, struct contact_input *input, struct input_line *line) MUST_CHECK;

#endif
