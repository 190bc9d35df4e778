/* SPDX-License-Identifier: Apache-2.0
 * One pass over the text: letters gather into words, what stands between words may end a sentence. */
#include "domain/words/readability.h"

#define CODE_APOSTROPHE 0x2019
#define CODE_ELLIPSIS 0x2026
#define CODE_SHARP_S_CAPITAL 0x1E9E

/* A dot behind one of these ends no sentence. */
static const char *const ABBREVIATIONS[] = {
    "dr",  "st",   "nr",   "mr",   "mrs",  "ms", "mme", "prof",   "bzw", "ca",  "tel",  "str",
    "max", "min",  "inkl", "zzgl", "evtl", "vgl", "bijv", "incl", "resp", "approx", "bd", "av",
};

uint32_t text_next_code(struct text text, size_t *at)
{
    uint8_t lead = (uint8_t)text.at[(*at)++];
    int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    uint32_t code = more == 0 ? lead : lead & (0x3Fu >> more);
    for (; more > 0 && *at < text.size; more--)
        code = code << 6 | ((uint8_t)text.at[(*at)++] & 0x3F);
    return code;
}

static bool is_combining(uint32_t code)
{
    return code >= 0x300 && code <= 0x36F;
}

bool code_is_letter(uint32_t code)
{
    if (code < 0x80)
        return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
    return (code >= 0xC0 && code != 0xD7 && code != 0xF7 && code < 0x2000) || (code >= 0x2C60 && code < 0x2E00) ||
           (code >= 0x3040 && code < 0xE000) || (code >= 0xF900 && code < 0xFE00) || (code >= 0xFF21 && code < 0xFFE0);
}

static uint32_t lower_code(uint32_t code)
{
    bool shifted = (code >= 'A' && code <= 'Z') || (code >= 0xC0 && code <= 0xDE && code != 0xD7);
    if (shifted)
        return code + 0x20;
    if (code == CODE_SHARP_S_CAPITAL)
        return 0xDF;
    return code == 0x152 ? 0x153 : code == 0x178 ? 0xFF : code; /* OE ligature, Y with diaeresis */
}

static bool is_capital_code(uint32_t code)
{
    return lower_code(code) != code;
}

static bool is_latin(uint32_t code)
{
    return code < 0x370 || (code >= 0x1E00 && code <= 0x1EFF);
}

static void put_code(struct builder *out, uint32_t code)
{
    if (code < 0x80) {
        build_byte(out, (uint8_t)code);
        return;
    }
    static const uint8_t LEADS[] = {0, 0xC0, 0xE0, 0xF0};
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    build_byte(out, (uint8_t)(LEADS[more] | code >> (6 * more)));
    for (more--; more >= 0; more--)
        build_byte(out, (uint8_t)(0x80 | (code >> (6 * more) & 0x3F)));
}

/* What the pass carries along. */
struct reading {
    struct arena  *arena;
    struct text    text;
    bool           apostrophe_parts;
    struct words  *words;
    size_t         sentence_words; /* of the sentence that runs */
};

static bool is_word_code(uint32_t code)
{
    return code_is_letter(code) || (code >= '0' && code <= '9') || is_combining(code);
}

/* An apostrophe belongs to the word when a letter follows it, as in don't. */
static bool apostrophe_joins(const struct reading *reading, uint32_t code, size_t behind)
{
    if ((code != '\'' && code != CODE_APOSTROPHE) || reading->apostrophe_parts || behind >= reading->text.size)
        return false;
    return code_is_letter(text_next_code(reading->text, &behind));
}

/* Looks at one code point of a word: counts it and writes its plain form. */
static void take_code(struct word *word, struct builder *plain, uint32_t code)
{
    if (is_combining(code))
        return;
    put_code(plain, code == CODE_APOSTROPHE ? '\'' : lower_code(code));
    if (!code_is_letter(code))
        return;
    word->letters++;
    word->capitals = word->capitals && is_capital_code(code);
    word->mixed = word->mixed || !is_latin(code);
}

static bool read_word(struct reading *reading, size_t *at)
{
    struct word word = {.capitals = true};
    struct builder plain = builder_open(reading->arena, reading->text.size);
    bool has_latin = false;
    size_t start = *at;
    size_t behind = *at;
    while (*at < reading->text.size) {
        uint32_t code = text_next_code(reading->text, &behind);
        if (!is_word_code(code) && !apostrophe_joins(reading, code, behind))
            break;
        has_latin = has_latin || (is_latin(code) && code_is_letter(code));
        take_code(&word, &plain, code);
        *at = behind;
    }
    word.written = (struct text){reading->text.at + start, *at - start};
    word.plain = builder_text(&plain);
    word.capitals = word.capitals && word.letters >= 2;
    word.mixed = word.mixed && has_latin;
    reading->words->items[reading->words->count++] = word;
    reading->words->long_words += word.letters >= LIX_LONG_LETTERS;
    reading->sentence_words++;
    return !plain.overflowed;
}

static void end_sentence(struct reading *reading)
{
    if (reading->sentence_words == 0)
        return;
    if (reading->sentence_words > reading->words->longest_sentence_words)
        reading->words->longest_sentence_words = reading->sentence_words;
    reading->words->sentences++;
    reading->sentence_words = 0;
}

static bool is_abbreviation(const struct word *word)
{
    if (word->letters <= 1 && word->plain.size <= 2) /* "J. Muster", "3. Mai" */
        return true;
    for (size_t i = 0; i < sizeof ABBREVIATIONS / sizeof *ABBREVIATIONS; i++)
        if (text_is(word->plain, ABBREVIATIONS[i]))
            return true;
    return false;
}

/* A mark ends a sentence when a space or the end of the text is behind it and what closes with it. */
static bool stands_at_end(struct text text, size_t at)
{
    while (at < text.size) {
        uint32_t code = text_next_code(text, &at);
        bool closes = code == ')' || code == '"' || code == '.' || code == '!' || code == '?' || code == 0x201C ||
                      code == 0x201D || code == 0xBB;
        if (!closes)
            return code == ' ' || code == 0xA0 || code == 0x202F;
    }
    return true;
}

static void read_mark(struct reading *reading, uint32_t code, size_t behind)
{
    bool dot = code == '.';
    bool mark = dot || code == '!' || code == '?' || code == CODE_ELLIPSIS;
    if (!mark || reading->words->count == 0 || !stands_at_end(reading->text, behind))
        return;
    if (dot && behind < reading->text.size && is_abbreviation(&reading->words->items[reading->words->count - 1]))
        return;
    end_sentence(reading);
}

bool words_read(struct arena *arena, struct text text, bool apostrophe_parts, struct words *out)
{
    *out = (struct words){.items = ARENA_ARRAY(arena, struct word, text.size / 2 + 1)};
    struct reading reading = {arena, text, apostrophe_parts, out, 0};
    if (out->items == NULL)
        return false;
    for (size_t at = 0; at < text.size;) {
        size_t behind = at;
        uint32_t code = text_next_code(text, &behind);
        if (is_word_code(code)) {
            if (!read_word(&reading, &at))
                return false;
            continue;
        }
        read_mark(&reading, code, behind);
        at = behind;
    }
    end_sentence(&reading);
    return true;
}

int64_t words_lix_hundredths(const struct words *words)
{
    if (words->count == 0)
        return 0;
    size_t base = words->count > LIX_BASE_WORDS ? words->count : LIX_BASE_WORDS;
    return (int64_t)(words->count * 100 / words->sentences + words->long_words * 10000 / base);
}
