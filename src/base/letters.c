/* SPDX-License-Identifier: Apache-2.0
 * Folding by tables. */
#include "base/letters.h"

#include <string.h>

#include "base/text.h"

#define DIAERESIS 0x0308u

static const struct run {
    uint32_t    first;
    const char *letters;
} RUNS[] = {
#define RUN(first, letters) {first, letters},
#include "base/letters.def"
};

static const struct spelled {
    uint32_t    code;
    const char *words[2]; /* by letters_style */
} SPELLED_LETTERS[] = {
#define SPELLED(code, plain, spelled) {code, {plain, spelled}},
#include "base/letters.def"
};

static bool is_mark(uint32_t code)
{
    return code >= 0x0300 && code <= 0x036F;
}

/* Case and the marks that people leave out, in two more alphabets. */
static uint32_t fold_other(uint32_t code)
{
    static const uint32_t PAIRS[][2] = {
        {0x0386, 0x03B1}, {0x0388, 0x03B5}, {0x0389, 0x03B7}, {0x038A, 0x03B9}, {0x038C, 0x03BF}, {0x038E, 0x03C5},
        {0x038F, 0x03C9}, {0x03AC, 0x03B1}, {0x03AD, 0x03B5}, {0x03AE, 0x03B7}, {0x03AF, 0x03B9}, {0x03CC, 0x03BF},
        {0x03CD, 0x03C5}, {0x03CE, 0x03C9}, {0x03C2, 0x03C3}, {0x0401, 0x0435}, {0x0451, 0x0435},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
        if (PAIRS[i][0] == code)
            return PAIRS[i][1];
    bool is_capital = (code >= 0x0391 && code <= 0x03A9 && code != 0x03A2 /* no letter */) ||
                      (code >= 0x0410 && code <= 0x042F);
    return is_capital ? code + 0x20 : code >= 0x0400 && code <= 0x040F ? code + 0x50 : code;
}

/* The Latin letter without its marks, or 0. */
static char latin_of(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? (char)(code - 'A' + 'a') : (char)code;
    for (size_t i = 0; i < sizeof RUNS / sizeof *RUNS; i++) {
        bool inside = code >= RUNS[i].first && code - RUNS[i].first < strlen(RUNS[i].letters);
        if (inside && RUNS[i].letters[code - RUNS[i].first] != '.')
            return RUNS[i].letters[code - RUNS[i].first];
    }
    return '\0';
}

static const char *spelling_of(uint32_t code, letters_style style)
{
    for (size_t i = 0; i < sizeof SPELLED_LETTERS / sizeof *SPELLED_LETTERS; i++)
        if (SPELLED_LETTERS[i].code == code)
            return SPELLED_LETTERS[i].words[style];
    return NULL;
}

static void build_character(struct builder *out, uint32_t code)
{
    if (code < 0x80) {
        build_byte(out, (uint8_t)code);
        return;
    }
    if (code >= 0x10000)
        build_byte(out, (uint8_t)(0xF0 | code >> 18));
    if (code >= 0x800)
        build_byte(out, (uint8_t)(code >= 0x10000 ? 0x80 | (code >> 12 & 0x3F) : 0xE0 | code >> 12));
    build_byte(out, (uint8_t)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3F) : 0xC0 | code >> 6));
    build_byte(out, (uint8_t)(0x80 | (code & 0x3F)));
}

/* A vowel and its two dots may come apart. */
static bool spells_diaeresis(const struct builder *out, uint32_t code, letters_style style)
{
    char last = out->size == 0 ? '\0' : (char)out->at[out->size - 1];
    return code == DIAERESIS && style == LETTERS_SPELLED && (last == 'a' || last == 'o' || last == 'u');
}

struct text letters_fold(struct arena *arena, struct text text, letters_style style)
{
    struct builder out = builder_open(arena, SIZE_MAX);
    uint32_t code = 0;
    for (size_t i = 0, length; i < text.size; i += length) {
        length = text_first_character((struct text){text.at + i, text.size - i}, &code);
        if (length == 0)
            break; /* not UTF-8: the caller's parser has let nothing of the kind pass */
        const char *spelling = spelling_of(code, style);
        char latin = latin_of(code);
        if (spelling != NULL)
            build_text(&out, text_of(spelling));
        else if (spells_diaeresis(&out, code, style))
            build_byte(&out, 'e');
        else if (latin != '\0')
            build_byte(&out, (uint8_t)latin);
        else if (!is_mark(code))
            build_character(&out, fold_other(code));
    }
    if (out.overflowed)
        return (struct text){NULL, 0};
    return out.size == 0 ? TEXT_NONE : builder_text(&out);
}
