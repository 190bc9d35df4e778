/* SPDX-License-Identifier: Apache-2.0
 * Values of properties. */
#include "protocol/vcard_value.h"

#include <string.h>

#include "base/text.h"

/* RFC 2045 section 6.7, without line breaks: the soft ones are gone but for one at the very end. */
static bool decode_quoted_printable(struct arena *scratch, struct text text, struct bytes *out)
{
    uint8_t *bytes = arena_take(scratch, text.size, 1);
    size_t size = 0;
    for (size_t i = 0; bytes != NULL && i < text.size; i++) {
        if (text.at[i] != '=') {
            bytes[size++] = (uint8_t)text.at[i];
            continue;
        }
        if (i + 1 == text.size)
            break;
        int high = text_hex_digit(text.at[i + 1]);
        int low = i + 2 < text.size ? text_hex_digit(text.at[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        bytes[size++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *out = (struct bytes){bytes, size};
    return bytes != NULL;
}

static bool decode_transfer(struct arena *scratch, const struct vcard_line *line, struct bytes *out)
{
    if (line->encoding == VCARD_ENCODING_QUOTED_PRINTABLE)
        return decode_quoted_printable(scratch, line->value, out);
    if (line->encoding == VCARD_ENCODING_BASE64)
        return base64_decode(scratch, text_trim(line->value), out);
    *out = bytes_of_text(line->value);
    return true;
}

contact_reason vcard_value_decode(struct arena *scratch, const struct vcard_line *line, bool is_converted,
                                  vcard_fallback fallback, struct text *out)
{
    struct bytes bytes;
    if (!decode_transfer(scratch, line, &bytes) || (bytes.size > 0 && memchr(bytes.at, '\0', bytes.size) != NULL))
        return CONTACT_UNREADABLE;
    bool as_declared = line->charset.size > 0 && !(is_converted && line->encoding == VCARD_ENCODING_NONE);
    const char *charset = as_declared ? charset_find(line->charset) : "UTF-8";
    if (charset == NULL)
        return CONTACT_CHARSET_UNKNOWN;
    if (charset_decode(scratch, charset, bytes, out))
        return CONTACT_FINE;
    if (as_declared || fallback == VCARD_FALLBACK_NONE || !charset_decode(scratch, CHARSET_WINDOWS_1252, bytes, out))
        return CONTACT_NOT_IN_CHARSET;
    return CONTACT_ASSUMED_1252;
}

bool vcard_value_cut(struct text *rest, bool *more, char separator, struct text *piece)
{
    if (!*more)
        return false;
    size_t at = 0;
    while (at < rest->size && rest->at[at] != separator)
        at += rest->at[at] == '\\' && at + 1 < rest->size ? 2 : 1;
    *piece = (struct text){rest->at, at};
    *more = at < rest->size;
    if (*more)
        *rest = (struct text){rest->at + at + 1, rest->size - at - 1};
    return true;
}

/* What stands for a backslash and `c`: the character, or '\0' when the two mean themselves. */
static char escaped(vcard_version version, char c)
{
    if (c == ';' || c == ',' || c == ':')
        return c;
    if (version == VCARD_VERSION_2_1)
        return '\0';
    if (c == 'n' || c == 'N')
        return '\n';
    return c == '\\' ? c : '\0';
}

struct text vcard_value_plain(struct arena *scratch, vcard_version version, struct text piece)
{
    if (piece.size == 0 || (memchr(piece.at, '\\', piece.size) == NULL && memchr(piece.at, '\r', piece.size) == NULL))
        return piece;
    char *plain = arena_take(scratch, piece.size, 1);
    size_t size = 0;
    for (size_t i = 0; plain != NULL && i < piece.size; i++) {
        bool last = i + 1 == piece.size;
        char c = piece.at[i];
        char meant = c == '\\' && !last ? escaped(version, piece.at[i + 1]) : '\0';
        if (meant != '\0') {
            plain[size++] = meant;
            i++;
        } else if (c == '\r') {
            plain[size++] = '\n';
            i += !last && piece.at[i + 1] == '\n';
        } else {
            plain[size++] = c;
        }
    }
    return (struct text){plain == NULL ? "" : plain, size};
}

struct text vcard_value_joined(struct arena *scratch, vcard_version version, struct text component, const char *joint)
{
    if (version == VCARD_VERSION_2_1 || component.size == 0 || memchr(component.at, ',', component.size) == NULL)
        return text_trim(vcard_value_plain(scratch, version, component));
    struct builder joined = builder_open(scratch, component.size * 2 + 16);
    struct text piece;
    for (bool more = true; vcard_value_cut(&component, &more, ',', &piece);) {
        piece = text_trim(vcard_value_plain(scratch, version, piece));
        if (piece.size > 0 && joined.size > 0)
            build_literal(&joined, joint);
        build_text(&joined, piece);
    }
    return builder_text(&joined);
}
