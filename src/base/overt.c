/* SPDX-License-Identifier: Apache-2.0
 * The one rule for text that strangers show to each other: nothing in it hides, turns the text around it or looks like
 * nothing. A table of ranges by The Unicode Standard, version 15; what a language needs inside its words is let through
 * there and nowhere else. A person's own values keep to a milder rule (text_is_plain): nobody is misled by them. */
#include "base/text.h"

struct range {
    uint32_t first, last;
};

/* Invisible, or a control of its neighbours; by section of the standard. */
static const struct range HIDDEN[] = {
    {0x00AD, 0x00AD},   {0x034F, 0x034F},                       /* soft hyphen, grapheme joiner */
    {0x061C, 0x061C},   {0x200E, 0x200F},   {0x202A, 0x202E},   /* 23.3: direction */
    {0x2066, 0x206F},                                           /* 23.3: isolates, and deprecated controls */
    {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x3164, 0x3164},   /* fillers and inherent vowels */
    {0xFFA0, 0xFFA0},   {0x180B, 0x180F},   {0x200B, 0x200D},   /* zero width */
    {0x2028, 0x2029},                                           /* separators of lines and paragraphs */
    {0x2060, 0x2065},   {0xFEFF, 0xFEFF},                       /* word joiner, invisible operators, byte order mark */
    {0xE000, 0xF8FF},                                           /* 23.5: private use; planes 15 and 16 below */
    {0xFDD0, 0xFDEF},                                           /* 23.7: not characters */
    {0xFE00, 0xFE0F},                                           /* 23.4: variations */
    {0xFFF0, 0xFFFB},   {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, /* specials, shorthand, music */
    {0xE0000, 0x10FFFF},                                        /* 23.9: tags; more variations; private use */
};

/* Scripts whose words are spelled with joiners: Arabic to Malayalam and Sinhala, Myanmar, Khmer, Mongolian, forms for
 * presentation, Brahmi and its kin, Adlam. */
static const struct range JOINING[] = {
    {0x0620, 0x08FF}, {0x0900, 0x0DFF}, {0x1000, 0x109F},   {0x1780, 0x17D3},
    {0x1820, 0x18AA}, {0xA980, 0xA9DF}, {0x11000, 0x11FFF}, {0x1E900, 0x1E943},
};
static const struct range PICTURES[] = {{0x2190, 0x2BFF}, {0x1F000, 0x1FAFF}};
static const struct range IDEOGRAPHS[] = {{0x3400, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};
static const struct range MONGOLIAN[] = {{0x1820, 0x18AA}};

#define IS_IN(table, code) is_in((table), sizeof(table) / sizeof *(table), (code))

static bool is_in(const struct range *table, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= table[i].first && code <= table[i].last)
            return true;
    return false;
}

static bool is_picture(uint32_t code)
{
    return IS_IN(PICTURES, code) || code == 0xA9 || code == 0xAE || code == 0x203C || code == 0x2049 ||
           code == 0x3030 || code == 0x303D;
}

/* "#", "*" and digits become keys with a variation behind them. */
static bool is_key(uint32_t code)
{
    return code == '#' || code == '*' || (code >= '0' && code <= '9');
}

/* A joiner stands inside a word of a script that needs it; the joining one also between the parts of one picture. */
static bool joins(uint32_t before, uint32_t code, uint32_t after)
{
    bool word = IS_IN(JOINING, before) && IS_IN(JOINING, after);
    bool picture = code == 0x200D && (is_picture(before) || before == 0xFE0F) && is_picture(after);
    return word || picture;
}

static bool is_needed(uint32_t before, uint32_t code, uint32_t after)
{
    if (code == 0x200C || code == 0x200D)
        return joins(before, code, after);
    if (code == 0xFE0E || code == 0xFE0F)
        return is_picture(before) || is_key(before);
    if (code >= 0xE0100 && code <= 0xE01EF) /* names are written with variants of an ideograph */
        return IS_IN(IDEOGRAPHS, before);
    return ((code >= 0x180B && code <= 0x180D) || code == 0x180F) && IS_IN(MONGOLIAN, before);
}

static bool is_hidden(uint32_t code)
{
    return IS_IN(HIDDEN, code) || (code & 0xFFFE) == 0xFFFE; /* the last two of each plane are no characters */
}

bool text_is_overt(struct text text, bool lines)
{
    uint32_t before = 0;
    uint32_t code = 0;
    if (!text_is_plain(text, lines))
        return false;
    for (size_t at = 0; at < text.size; before = code) {
        struct text rest = {text.at + at, text.size - at};
        at += text_first_character(rest, &code);
        uint32_t after = 0;
        struct text next = {text.at + at, text.size - at};
        if (next.size > 0)
            (void)text_first_character(next, &after); /* the whole text is well-formed */
        if (is_hidden(code) && !is_needed(before, code, after))
            return false;
    }
    return true;
}

/* White space and what looks like it (Unicode property White_Space, and the braille pattern without dots). */
static bool is_blank(uint32_t code)
{
    static const struct range BLANK[] = {
        {0x0000, 0x0020}, {0x007F, 0x00A0}, {0x1680, 0x1680}, {0x2000, 0x200A},
        {0x202F, 0x202F}, {0x205F, 0x205F}, {0x2800, 0x2800}, {0x3000, 0x3000},
    };
    return IS_IN(BLANK, code);
}

bool text_shows(struct text text)
{
    uint32_t code = 0;
    size_t size = 0;
    for (size_t at = 0; at < text.size; at += size) {
        size = text_first_character((struct text){text.at + at, text.size - at}, &code);
        if (size == 0)
            return false;
        if (!is_blank(code) && !is_hidden(code))
            return true;
    }
    return false;
}

/* The character at the front of `rest`, or its first byte when there is none, as one line of a terminal may show it. */
static size_t spell_first(struct builder *out, struct text rest, uint32_t *before)
{
    uint32_t code = 0;
    uint32_t after = 0;
    size_t size = text_first_character(rest, &code);
    if (size == 0) {
        build_format(out, "\\x%02x", (uint8_t)rest.at[0]);
        *before = 0;
        return 1;
    }
    if (size < rest.size && text_first_character((struct text){rest.at + size, rest.size - size}, &after) == 0)
        after = 0;
    struct text character = {rest.at, size};
    bool shown = text_is_plain(character, false) && (!is_hidden(code) || is_needed(*before, code, after));
    if (shown)
        build_text(out, character);
    else
        build_format(out, "\\u{%x}", code);
    *before = code;
    return size;
}

struct text text_spell_out(struct arena *arena, struct text text)
{
    uint32_t before = 0;
    if (text_is_overt(text, false))
        return text;
    struct builder out = builder_open(arena, SIZE_MAX);
    for (size_t at = 0; at < text.size;)
        at += spell_first(&out, (struct text){text.at + at, text.size - at}, &before);
    return out.overflowed ? (struct text){NULL, 0} : builder_text(&out);
}
