/* SPDX-License-Identifier: Apache-2.0
 * Lines of vCards: unfolding and the head of a property (vCard 2.1 sections 2.1 and 2.2; RFC 2425 section 5.8.1; RFC
 * 6350 sections 3.2 and 3.3). Values are handed on as they stand in the file; of a property that nobody reads only the
 * head is kept, however long it is, so a photo costs no memory. */
#ifndef PROTOCOL_VCARD_LINE_H
#define PROTOCOL_VCARD_LINE_H

#include "protocol/contact_input.h"

typedef enum vcard_version {
    VCARD_VERSION_UNKNOWN = 0, /* not said yet: read as 3.0 */
    VCARD_VERSION_2_1,
    VCARD_VERSION_3_0,
    VCARD_VERSION_4_0,
} vcard_version;

typedef enum vcard_encoding {
    VCARD_ENCODING_NONE = 0,
    VCARD_ENCODING_QUOTED_PRINTABLE,
    VCARD_ENCODING_BASE64,
} vcard_encoding;

/* One unfolded line. The texts are views that hold until the next line; only `types` is known to be UTF-8. */
struct vcard_line {
    int64_t        number; /* of its first physical line */
    bool           is_blank;
    bool           is_property; /* it has a name and a colon */
    bool           is_too_long; /* the value was dropped */
    bool           has_nul;
    struct text    group;  /* "item1" of item1.EMAIL, or "" */
    struct text    name;   /* in any case */
    struct text    value;  /* raw */
    vcard_encoding encoding;
    struct text    charset;
    struct text    types;  /* words of TYPE and of the bare parameters, joined by a space, without PREF */
    bool           preferred;
    struct text    value_type;   /* VALUE=… */
    struct text    omitted_year; /* X-APPLE-OMIT-YEAR=… */
};

struct vcard_lines {
    struct contact_input *input;
    struct arena         *scratch; /* emptied with every line */
    struct builder        buffer;  /* the unfolded line */
};

struct vcard_lines vcard_lines_open(struct arena *arena, struct arena *scratch, struct contact_input *input);

/* The next line, blank ones too; `*found` is false at the end. Fails as contact_reader_next. */
err vcard_lines_next(struct ctx *cx, struct vcard_lines *lines, vcard_version version, struct vcard_line *out,
                     bool *found) MUST_CHECK;

bool vcard_line_is(const struct vcard_line *line, const char *name);
/* BEGIN:VCARD or END:VCARD. */
bool vcard_line_is_mark(const struct vcard_line *line, const char *name);

#endif
