/* SPDX-License-Identifier: Apache-2.0
 * Encodings and strict readers of text. */
#include "base/text.h"

#include <string.h>

/* Length of the well-formed UTF-8 sequence at `at` (RFC 3629 section 4), or 0. Writes its code point. */
static size_t utf8_sequence(const uint8_t *at, size_t room, uint32_t *code)
{
    static const struct {
        uint8_t  mask, lead;
        uint32_t least;
    } FORMS[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    if (at[0] < 0x80) { /* by far the most of them */
        *code = at[0];
        return 1;
    }
    for (size_t length = 2; length <= 4; length++) {
        if ((at[0] & FORMS[length - 1].mask) != FORMS[length - 1].lead)
            continue;
        if (length > room)
            return 0;
        uint32_t value = at[0] & (uint8_t)~FORMS[length - 1].mask;
        for (size_t i = 1; i < length; i++) {
            if ((at[i] & 0xC0) != 0x80)
                return 0;
            value = value << 6 | (at[i] & 0x3F);
        }
        if (value < FORMS[length - 1].least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
            return 0;
        *code = value;
        return length;
    }
    return 0;
}

bool text_is_utf8(struct text text)
{
    uint32_t code = 0;
    for (size_t i = 0, length; i < text.size; i += length) {
        length = utf8_sequence((const uint8_t *)text.at + i, text.size - i, &code);
        if (length == 0)
            return false;
    }
    return true;
}

static struct text plain_part(struct text text, bool lines)
{
    uint32_t code = 0;
    for (size_t i = 0, length; i < text.size; i += length) {
        length = utf8_sequence((const uint8_t *)text.at + i, text.size - i, &code);
        bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
        if (length == 0 || (control && !(lines && (code == '\n' || code == '\t'))))
            return (struct text){text.at, i};
    }
    return text;
}

bool text_is_plain(struct text text, bool lines)
{
    return plain_part(text, lines).size == text.size;
}

struct text text_plain_part(struct text text)
{
    return plain_part(text, false);
}

size_t text_first_character(struct text text, uint32_t *out_code)
{
    return utf8_sequence((const uint8_t *)text.at, text.size, out_code);
}

size_t text_count_characters(struct text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((uint8_t)text.at[i] & 0xC0) != 0x80;
    return count;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *text_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

struct text text_trim(struct text text)
{
    while (text.size > 0 && is_space(text.at[0])) {
        text.at++;
        text.size--;
    }
    while (text.size > 0 && is_space(text.at[text.size - 1]))
        text.size--;
    return text;
}

bool text_to_int64(struct text text, int64_t *out)
{
    if (text.size == 0 || text.size > 19 || (text.at[0] == '0' && text.size > 1))
        return false;
    int64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = text.at[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct text encode64(struct arena *arena, struct bytes bytes, const char *alphabet, bool padded)
{
    size_t size = bytes.size / 3 * 4 + (bytes.size % 3 == 0 ? 0 : bytes.size % 3 + 1);
    size_t padding = padded ? (4 - size % 4) % 4 : 0;
    char *text = arena_take(arena, size + padding + 1, 1);
    if (text == NULL)
        return (struct text){NULL, 0};
    uint32_t pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        pending = (pending & 0x3F) << 8 | bytes.at[i]; /* at most 6 older bits are still wanted */
        for (bits += 8; bits >= 6; bits -= 6)
            text[at++] = alphabet[pending >> (bits - 6) & 0x3F];
    }
    if (bits > 0)
        text[at++] = alphabet[pending << (6 - bits) & 0x3F];
    while (at < size + padding)
        text[at++] = '=';
    return (struct text){text, at};
}

/* The value of a digit, or -1. */
static int digit64(const char *alphabet, char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

static bool decode64(struct arena *arena, struct text text, const char *alphabet, struct bytes *out)
{
    if (text.size % 4 == 1)
        return false;
    size_t size = text.size / 4 * 3 + (text.size % 4 == 0 ? 0 : text.size % 4 - 1);
    uint8_t *bytes = arena_take(arena, size + 1, 1);
    if (bytes == NULL)
        return false;
    uint32_t pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = digit64(alphabet, text.at[i]);
        if (digit < 0)
            return false;
        pending = (pending << 6 | (uint32_t)digit) & 0xFFFF;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[at++] = (uint8_t)(pending >> bits);
        }
    }
    if ((pending & ((1u << bits) - 1)) != 0) /* RFC 4648 section 3.5: pad bits are zero */
        return false;
    *out = (struct bytes){bytes, at};
    return true;
}

struct text base64url_encode(struct arena *arena, struct bytes bytes)
{
    return encode64(arena, bytes, BASE64URL, false);
}

bool base64url_decode(struct arena *arena, struct text text, struct bytes *out)
{
    return decode64(arena, text, BASE64URL, out);
}

struct text base64_encode(struct arena *arena, struct bytes bytes)
{
    return encode64(arena, bytes, BASE64, true);
}

bool base64_decode(struct arena *arena, struct text text, struct bytes *out)
{
    if (text.size % 4 != 0)
        return false;
    for (int padding = 0; padding < 2 && text.size > 0 && text.at[text.size - 1] == '='; padding++)
        text.size--;
    return decode64(arena, text, BASE64, out);
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct text hex_encode(struct arena *arena, struct bytes bytes)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *text = arena_take(arena, bytes.size + 1, 2);
    if (text == NULL)
        return (struct text){NULL, 0};
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = DIGITS[bytes.at[i] >> 4];
        text[2 * i + 1] = DIGITS[bytes.at[i] & 0xF];
    }
    return (struct text){text, bytes.size * 2};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct arena *arena, struct text text, struct bytes *out)
{
    uint8_t *bytes = arena_take(arena, text.size / 2 + 1, 1);
    if (bytes == NULL || text.size % 2 != 0)
        return false;
    for (size_t i = 0; i < text.size / 2; i++) {
        int high = hex_digit(text.at[2 * i]);
        int low = hex_digit(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = (struct bytes){bytes, text.size / 2};
    return true;
}

static const char BASE32[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford: no i, l, o, u */

size_t base32_encoded_size(size_t bytes)
{
    return (bytes * 8 + 4) / 5;
}

void base32_encode(struct bytes bytes, char *out)
{
    uint32_t pending = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        pending = (pending & 0x1F) << 8 | bytes.at[i];
        for (bits += 8; bits >= 5; bits -= 5)
            *out++ = BASE32[pending >> (bits - 5) & 0x1F];
    }
    if (bits > 0)
        *out = BASE32[pending << (5 - bits) & 0x1F];
}

static int base32_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'i' || c == 'l')
        return 1;
    if (c == 'o')
        return 0;
    const char *digit = c == '\0' ? NULL : strchr(BASE32, c);
    return digit == NULL ? -1 : (int)(digit - BASE32);
}

bool base32_decode(struct text text, uint8_t *out, size_t size)
{
    if (text.size != base32_encoded_size(size))
        return false;
    uint32_t pending = 0;
    unsigned bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = base32_digit(text.at[i]);
        if (digit < 0)
            return false;
        pending = (pending << 5 | (uint32_t)digit) & 0xFFF;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[at++] = (uint8_t)(pending >> bits);
        }
    }
    return at == size && (pending & ((1u << bits) - 1)) == 0;
}
