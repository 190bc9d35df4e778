/* SPDX-License-Identifier: Apache-2.0
 * Encodings and strict readers of text. A reader is total: it takes the whole input or says no; it never repairs. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

/* Well-formed UTF-8 (RFC 3629: no overlong form, no surrogate, at most U+10FFFF). NUL counts as well-formed. */
bool text_is_utf8(struct text text);
/* UTF-8 without control characters (C0, DEL, C1), except line feed and tab when `lines` is set. */
bool text_is_plain(struct text text, bool lines);
/* As far as it is plain, without lines: up to the first control character or octet of no character; borrows. */
struct text text_plain_part(struct text text);
/* Plain, and nothing in it hides or turns what stands around it (base/overt.c has the table): no controls of direction,
 * no zero width but where words of a script or parts of a picture are joined, no tags, no private use, no code point
 * that is no character, no U+2028 and U+2029. For every text that one side writes and the other is shown. */
bool text_is_overt(struct text text, bool lines);
/* Whether some character of well-formed UTF-8 leaves a mark on the paper: a name of blanks is none. */
bool text_shows(struct text text);
/* For one line of a terminal: the text itself when it is overt, else with each character that could end the line, or
 * move, hide or forge something in it, spelt as \u{202e}, and each byte of no character as \xff. `.at` is NULL when the
 * arena is exhausted. */
struct text text_spell_out(struct arena *arena, struct text text);
/* Length in bytes of the first character of a text that is not empty; 0 when it is not well-formed. Writes its code
 * point. */
size_t text_first_character(struct text text, uint32_t *out_code);
size_t text_count_characters(struct text text); /* code points of well-formed UTF-8 */
const char *text_plural(int64_t count);         /* "s", or nothing behind one */
struct text text_trim(struct text text);        /* without ASCII spaces, tabs, CR and LF at both ends; borrows */

/* Decimal digits only: no sign, no leading zero but "0", no space, no overflow of int64. */
bool text_to_int64(struct text text, int64_t *out);

/* Base64 (RFC 4648): section 5 without padding; section 4 with padding. Decoding is canonical: unused bits must be
 * zero, no white space. `.at` of the result is NULL when the arena is exhausted (encode) or the text is not such an
 * encoding (decode gives false). */
struct text base64url_encode(struct arena *arena, struct bytes bytes);
bool base64url_decode(struct arena *arena, struct text text, struct bytes *out);
struct text base64_encode(struct arena *arena, struct bytes bytes);
bool base64_decode(struct arena *arena, struct text text, struct bytes *out);

/* 0 to 15 for a hexadecimal digit of either case, else -1. */
int text_hex_digit(char c);
/* Lower-case hexadecimal. */
struct text hex_encode(struct arena *arena, struct bytes bytes);
bool hex_decode(struct arena *arena, struct text text, struct bytes *out);

/* Crockford base 32, lower case, most significant bits first: 16 bytes give 26 characters. Decoding takes either case,
 * reads i and l as 1 and o as 0, and refuses unused bits that are set. `out` has room for `size` bytes. */
size_t base32_encoded_size(size_t bytes);
void base32_encode(struct bytes bytes, char *out);
bool base32_decode(struct text text, uint8_t *out, size_t size);

#endif
