/* SPDX-License-Identifier: Apache-2.0
 * iconv behind two functions. */
#include "protocol/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/text.h"

#define UTF8 "UTF-8"
#define UTF8_BYTES_MAX 4u /* of one unit of any character set of the list, with room to spare */

/* Names as files write them, without spaces, dashes and underscores. */
static const struct {
    const char *folded;
    const char *charset;
} CHARSETS[] = {
    {"utf8", UTF8},          {"usascii", "ASCII"},       {"ascii", "ASCII"},         {"iso88591", "ISO-8859-1"},
    {"latin1", "ISO-8859-1"}, {"iso88592", "ISO-8859-2"}, {"latin2", "ISO-8859-2"},   {"iso88595", "ISO-8859-5"},
    {"iso88597", "ISO-8859-7"}, {"iso88599", "ISO-8859-9"}, {"iso885915", "ISO-8859-15"}, {"latin9", "ISO-8859-15"},
    {"windows1250", "CP1250"}, {"windows1251", "CP1251"}, {"windows1252", CHARSET_WINDOWS_1252},
    {"cp1252", CHARSET_WINDOWS_1252}, {"windows1253", "CP1253"}, {"windows1254", "CP1254"}, {"windows1257", "CP1257"},
    {"koi8r", "KOI8-R"},     {"koi8u", "KOI8-U"},        {"shiftjis", "SHIFT_JIS"},  {"eucjp", "EUC-JP"},
    {"gb2312", "GBK"},       {"gbk", "GBK"},             {"gb18030", "GB18030"},     {"big5", "BIG5"},
    {"euckr", "EUC-KR"},     {"utf16", "UTF-16"},        {"utf16le", "UTF-16LE"},    {"utf16be", "UTF-16BE"},
};

static bool folds_to(struct text name, const char *folded)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        if (c == '-' || c == '_' || c == ' ')
            continue;
        if (*folded == '\0' || (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != *folded++)
            return false;
    }
    return *folded == '\0';
}

const char *charset_find(struct text name)
{
    for (size_t i = 0; i < sizeof CHARSETS / sizeof *CHARSETS; i++)
        if (folds_to(name, CHARSETS[i].folded))
            return CHARSETS[i].charset;
    return NULL;
}

bool charset_is_utf8(const char *charset)
{
    return text_is(text_of(charset), UTF8);
}

static void close_handle(void *handle)
{
    (void)iconv_close((iconv_t)handle); /* it cannot fail for a handle that iconv_open gave */
}

bool charset_converter_open(struct arena *arena, const char *charset, struct charset_converter *out)
{
    iconv_t handle = iconv_open(UTF8, charset);
    if (handle == (iconv_t)-1) /* NOLINT: the interface of iconv */
        return false;
    if (!arena_defer(arena, close_handle, handle)) {
        close_handle(handle);
        return false;
    }
    *out = (struct charset_converter){handle, text_starts_with(text_of(charset), "UTF-16") ? 2 : 1};
    return true;
}

size_t charset_convert(const struct charset_converter *converter, struct bytes *in, uint8_t *out, size_t room)
{
    char *from = (char *)(uintptr_t)in->at; /* iconv does not write there, but its prototype has no const */
    size_t from_left = in->size;
    char *to = (char *)out;
    size_t to_left = room;
    while (from_left > 0 && iconv((iconv_t)converter->handle, &from, &from_left, &to, &to_left) == (size_t)-1) {
        if (errno != EILSEQ || to_left == 0)
            break;
        size_t bad = from_left < converter->unit_bytes ? from_left : converter->unit_bytes;
        from += bad;
        from_left -= bad;
        *to++ = (char)CHARSET_MARK;
        to_left--;
    }
    *in = (struct bytes){(const uint8_t *)from, from_left};
    return room - to_left;
}

bool charset_decode(struct arena *arena, const char *charset, struct bytes bytes, struct text *out)
{
    struct text text = text_of_bytes(bytes);
    if (!charset_is_utf8(charset)) {
        struct charset_converter converter;
        size_t room = bytes.size * UTF8_BYTES_MAX;
        uint8_t *at = arena_take(arena, room + 1, 1);
        if (at == NULL || !charset_converter_open(arena, charset, &converter))
            return false;
        text = text_of_bytes((struct bytes){at, charset_convert(&converter, &bytes, at, room)});
        if (bytes.size > 0) /* a sequence without its end */
            return false;
    }
    if (!text_is_utf8(text))
        return false;
    *out = text;
    return true;
}
