/* SPDX-License-Identifier: Apache-2.0
 * Foreign character sets into UTF-8: the only place that sees iconv(3). Names come from a fixed list, so that a file
 * cannot make the C library load whatever it likes. A sequence that is not of its character set is never guessed at:
 * it becomes the byte CHARSET_MARK, which no UTF-8 holds, and whoever checks the text refuses it. */
#ifndef PROTOCOL_CHARSET_H
#define PROTOCOL_CHARSET_H

#include "base/bytes.h"

#define CHARSET_MARK 0xFF
#define CHARSET_WINDOWS_1252 "CP1252"

/* The C library's name for what a file calls its encoding ("Latin1", "windows-1252", "utf8" …), or NULL. */
const char *charset_find(struct text name);
bool charset_is_utf8(const char *charset);

struct charset_converter {
    void  *handle;
    size_t unit_bytes; /* how much one bad sequence takes with it */
};

/* Opens a converter that is closed with the arena; false when the C library has none of this name or no memory. */
bool charset_converter_open(struct arena *arena, const char *charset, struct charset_converter *out);

/* Converts from the front of `in` into `out`, as far as there is room and the last sequence is whole; `in` keeps the
 * rest. Returns the bytes written. */
size_t charset_convert(const struct charset_converter *converter, struct bytes *in, uint8_t *out, size_t room);

/* A whole value. UTF-8 is checked and borrowed, anything else converted into the arena. False when it is not of the
 * character set or the arena is exhausted. */
bool charset_decode(struct arena *arena, const char *charset, struct bytes bytes, struct text *out);

#endif
