/* SPDX-License-Identifier: Apache-2.0
 * Unfolding. Three kinds of continuation: white space at the front; the soft break of quoted-printable, with the empty
 * line that Android puts behind its last one; the bare lines of BASE64 in vCard 2.1. */
#include "protocol/vcard_line.h"

#include <string.h>

#include "base/limits.h"
#include "base/limits_import.h"
#include "base/text.h"
#include "protocol/vcard_property.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define HEAD_BYTES_MAX 4096u /* a property whose colon does not come until then is kept like one that is read */

/* What is known of a line while its continuations come in. */
struct unfolding {
    vcard_version  version;
    vcard_encoding encoding;
    bool           has_colon;
    bool           is_kept;
    bool           ends_soft; /* the last physical line ends with = */
    bool           is_too_long;
    size_t         looked_bytes; /* how much of the line was looked at for its head */
};

struct vcard_lines vcard_lines_open(struct arena *arena, struct arena *scratch, struct contact_input *input)
{
    return (struct vcard_lines){input, scratch, builder_open(arena, LIMIT_IMPORT_LINE_BYTES)};
}

bool vcard_line_is(const struct vcard_line *line, const char *name)
{
    return line->is_property && text_equals_ignoring_case(line->name, name);
}

bool vcard_line_is_mark(const struct vcard_line *line, const char *name)
{
    return vcard_line_is(line, name) && text_equals_ignoring_case(text_trim(line->value), "VCARD");
}

/* ---- the head of a property */

/* The first `wanted` outside quotes, or the end. */
static size_t find_unquoted(struct text text, size_t from, char wanted)
{
    bool quoted = false;
    for (size_t i = from; i < text.size; i++) {
        if (text.at[i] == '"')
            quoted = !quoted;
        else if (text.at[i] == wanted && !quoted)
            return i;
    }
    return text.size;
}

static struct text without_quotes(struct text text)
{
    if (text.size >= 2 && text.at[0] == '"' && text.at[text.size - 1] == '"')
        return (struct text){text.at + 1, text.size - 2};
    return text;
}

/* Words of TYPE, separated by commas. */
static void take_types(struct vcard_line *line, struct builder *types, struct text list)
{
    list = without_quotes(list);
    for (size_t i = 0; i < list.size; i++) {
        size_t from = i;
        while (i < list.size && list.at[i] != ',')
            i++;
        struct text word = text_trim(without_quotes((struct text){list.at + from, i - from}));
        if (text_equals_ignoring_case(word, "PREF")) {
            line->preferred = true;
            continue;
        }
        if (word.size == 0 || !text_is_plain(word, false))
            continue;
        if (types->size > 0)
            build_byte(types, ' ');
        build_text(types, word);
    }
}

static vcard_encoding encoding_of(struct text word)
{
    if (text_equals_ignoring_case(word, "QUOTED-PRINTABLE"))
        return VCARD_ENCODING_QUOTED_PRINTABLE;
    if (text_equals_ignoring_case(word, "BASE64") || text_equals_ignoring_case(word, "B"))
        return VCARD_ENCODING_BASE64;
    return VCARD_ENCODING_NONE;
}

/* A parameter without a name, as vCard 2.1 has them. */
static void take_bare(struct vcard_line *line, struct builder *types, struct text word)
{
    vcard_encoding encoding = encoding_of(word);
    if (encoding != VCARD_ENCODING_NONE)
        line->encoding = encoding;
    else if (!text_equals_ignoring_case(word, "8BIT") && !text_equals_ignoring_case(word, "7BIT"))
        take_types(line, types, word);
}

static void take_parameter(struct vcard_line *line, struct builder *types, struct text parameter)
{
    size_t equals = find_unquoted(parameter, 0, '=');
    if (equals == parameter.size) {
        take_bare(line, types, text_trim(parameter));
        return;
    }
    struct text name = text_trim((struct text){parameter.at, equals});
    struct text value = text_trim((struct text){parameter.at + equals + 1, parameter.size - equals - 1});
    if (text_equals_ignoring_case(name, "TYPE"))
        take_types(line, types, value);
    else if (text_equals_ignoring_case(name, "ENCODING"))
        line->encoding = encoding_of(without_quotes(value));
    else if (text_equals_ignoring_case(name, "CHARSET"))
        line->charset = without_quotes(value);
    else if (text_equals_ignoring_case(name, "VALUE"))
        line->value_type = without_quotes(value);
    else if (text_equals_ignoring_case(name, "X-APPLE-OMIT-YEAR"))
        line->omitted_year = without_quotes(value);
    else if (text_equals_ignoring_case(name, "PREF"))
        line->preferred = text_is(without_quotes(value), "1");
}

static void read_head(struct arena *scratch, struct text text, struct vcard_line *line)
{
    struct builder types = builder_open(scratch, LIMIT_NAME_BYTES);
    size_t colon = find_unquoted(text, 0, ':');
    struct text head = {text.at, colon};
    size_t end = find_unquoted(head, 0, ';');
    struct text name = text_trim((struct text){head.at, end});
    const char *dot = name.size == 0 ? NULL : memchr(name.at, '.', name.size);
    size_t group = dot == NULL ? 0 : (size_t)(dot - name.at);
    line->group = (struct text){name.at, group};
    line->name = dot == NULL ? name : (struct text){dot + 1, name.size - group - 1};
    line->is_property = colon < text.size && line->name.size > 0;
    line->value = colon < text.size ? (struct text){text.at + colon + 1, text.size - colon - 1} : TEXT_NONE;
    while (end < head.size) {
        size_t from = end + 1;
        end = find_unquoted(head, from, ';');
        take_parameter(line, &types, (struct text){head.at + from, end - from});
    }
    line->types = types.overflowed ? TEXT_NONE : builder_text(&types);
}

/* ---- continuations */

/* Learns from what is there so far how the line goes on, and whether its value is wanted. */
static void look_at_head(struct vcard_lines *lines, struct unfolding *unfolding)
{
    struct text text = builder_text(&lines->buffer);
    struct vcard_line line = {.is_property = false};
    unfolding->looked_bytes = text.size;
    unfolding->has_colon = find_unquoted(text, 0, ':') < text.size;
    read_head(lines->scratch, text, &line);
    unfolding->encoding = line.encoding;
    bool name_is_whole = unfolding->has_colon || find_unquoted(text, 0, ';') < text.size;
    unfolding->is_kept = !name_is_whole || vcard_property_is_read(line.name);
}

static bool is_folded(struct text next)
{
    return next.size > 0 && (next.at[0] == ' ' || next.at[0] == '\t');
}

static bool continues(const struct unfolding *unfolding, struct text next)
{
    if (unfolding->encoding == VCARD_ENCODING_QUOTED_PRINTABLE && unfolding->ends_soft)
        return next.size > 0 && !text_equals_ignoring_case(text_trim(next), "END:VCARD");
    if (is_folded(next))
        return true;
    return unfolding->encoding == VCARD_ENCODING_BASE64 && text_trim(next).size > 0 &&
           memchr(next.at, ':', next.size) == NULL;
}

/* Files that were put one behind the other bring their byte order marks along. */
static struct text without_mark(struct text text)
{
    return text_starts_with(text, BYTE_ORDER_MARK) ? (struct text){text.at + 3, text.size - 3} : text;
}

/* What a continuation adds to the line. */
static struct text continuation(const struct unfolding *unfolding, struct text next)
{
    if (unfolding->encoding == VCARD_ENCODING_QUOTED_PRINTABLE && unfolding->ends_soft)
        return next;
    if (unfolding->encoding == VCARD_ENCODING_BASE64)
        return text_trim(next);
    if (unfolding->version == VCARD_VERSION_2_1)
        return next; /* there the white space belongs to the text */
    return (struct text){next.at + 1, next.size - 1};
}

/* Takes as much of a text as the line may still grow: even of a line that is too long the head is wanted. */
static void grow(struct vcard_lines *lines, struct unfolding *unfolding, struct text text)
{
    size_t room = LIMIT_IMPORT_LINE_BYTES - lines->buffer.size;
    unfolding->is_too_long = unfolding->is_too_long || text.size > room;
    build_text(&lines->buffer, (struct text){text.at, text.size < room ? text.size : room});
}

static void append(struct vcard_lines *lines, struct unfolding *unfolding, const struct input_line *physical,
                   bool first)
{
    struct text text = first ? without_mark(physical->text) : continuation(unfolding, physical->text);
    bool soft = unfolding->encoding == VCARD_ENCODING_QUOTED_PRINTABLE && unfolding->ends_soft;
    if (first || unfolding->is_kept) {
        if (!first && soft && lines->buffer.size > 0)
            lines->buffer.size--; /* the = of the soft break */
        grow(lines, unfolding, text);
    }
    bool looks = first || (lines->buffer.size > unfolding->looked_bytes && lines->buffer.size <= HEAD_BYTES_MAX);
    if (!unfolding->has_colon && looks)
        look_at_head(lines, unfolding);
    unfolding->ends_soft = text.size > 0 && text.at[text.size - 1] == '=';
}

err vcard_lines_next(struct ctx *cx, struct vcard_lines *lines, vcard_version version, struct vcard_line *out,
                     bool *found)
{
    struct unfolding unfolding = {.version = version};
    struct input_line physical;
    arena_reset(lines->scratch);
    lines->buffer.size = 0;
    *out = (struct vcard_line){.is_blank = true};
    TRY(contact_input_peek_line(cx, lines->input, &physical, found));
    out->number = physical.number;
    for (bool more = *found, first = true; more; first = false) {
        append(lines, &unfolding, &physical, first);
        unfolding.is_too_long = unfolding.is_too_long || physical.is_overlong;
        TRY(contact_input_skip_line(cx, lines->input, &physical));
        out->has_nul = out->has_nul || physical.has_nul;
        TRY(contact_input_peek_line(cx, lines->input, &physical, &more));
        more = more && continues(&unfolding, physical.text);
    }
    struct text text = builder_text(&lines->buffer);
    out->is_blank = text_trim(text).size == 0;
    read_head(lines->scratch, text, out);
    out->is_too_long = unfolding.is_too_long;
    return arena_is_exhausted(lines->scratch) || lines->buffer.overflowed ? FAIL_MEMORY(cx) : OK;
}
