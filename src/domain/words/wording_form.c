/* SPDX-License-Identifier: Apache-2.0
 * Scans over code points. Each answers one question, so that each finding can say what to change. */
#include "domain/words/wording_form.h"

#include <string.h>

#include "base/text.h"

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))
#define SHOUT_LETTERS 5      /* one word from here on; shorter ones are mostly names */
#define SHOUT_PAIR_LETTERS 3 /* two neighbours from here on */

/* Short forms of five letters and more, and such that stand beside another. */
static const char *const SHORT_FORMS[] = {"iban", "sepa", "gdpr", "dsgvo", "rgpd",
                                          "wlan", "html", "adac", "isbn",  "bic"};

/* Endings that make a word with a dot an address. */
static const char *const ENDINGS[] = {"com", "net", "org", "info", "biz", "app", "shop", "store", "online", "eu",
                                      "de",  "ch",  "at",  "nl",   "fr",  "be",  "lu",   "uk",    "io",     "example"};

static bool holds(struct text text, const char *piece)
{
    return text.size > 0 && memmem(text.at, text.size, piece, strlen(piece)) != NULL;
}

static bool is_ascii_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_sign(char c)
{
    return is_ascii_letter(c) || (c >= '0' && c <= '9') || (uint8_t)c >= 0x80;
}

/* &amp; and &#39; */
static bool has_entity(struct text text)
{
    for (size_t i = 0; i + 2 < text.size; i++) {
        size_t end = i + 1;
        if (text.at[i] != '&')
            continue;
        while (end < text.size && (is_name_sign(text.at[end]) || text.at[end] == '#'))
            end++;
        if (end > i + 1 && end < text.size && text.at[end] == ';')
            return true;
    }
    return false;
}

bool form_has_markup(struct text text)
{
    static const char *const SIGNS[] = {"<", ">", "`", "{", "}", "|", "\\", "**", "__", "](", "~~", "##"};
    for (size_t i = 0; i < COUNT_OF(SIGNS); i++)
        if (holds(text, SIGNS[i]))
            return true;
    return has_entity(text) || (text.size > 0 && text.at[0] == '#');
}

static bool is_ending(struct text label)
{
    for (size_t i = 0; i < COUNT_OF(ENDINGS); i++)
        if (text_is(label, ENDINGS[i]))
            return true;
    return false;
}

bool form_has_link(struct text text)
{
    if (holds(text, "://") || holds(text, "www.") || holds(text, "mailto:"))
        return true;
    for (size_t i = 1; i + 1 < text.size; i++) {
        bool joined = is_name_sign(text.at[i - 1]) && is_name_sign(text.at[i + 1]);
        size_t end = i + 1;
        if (joined && text.at[i] == '@')
            return true;
        if (!joined || text.at[i] != '.')
            continue;
        while (end < text.size && is_name_sign(text.at[end]))
            end++;
        if (is_ending((struct text){text.at + i + 1, end - i - 1}))
            return true;
    }
    return false;
}

bool form_has_emoji(struct text text)
{
    for (size_t at = 0; at < text.size;) {
        uint32_t code = text_next_code(text, &at);
        if (code >= 0x1F000 || (code >= 0x2190 && code < 0x2C00) || code == 0x203C || code == 0x2049 ||
            code == 0x20E3 || (code >= 0xFE00 && code <= 0xFE0F))
            return true;
    }
    return false;
}

bool form_has_hidden(struct text text)
{
    return !text_is_overt(text, false);
}

static bool is_shout(const struct word *word, size_t letters_min)
{
    if (!word->capitals || word->letters < letters_min)
        return false;
    for (size_t i = 0; i < COUNT_OF(SHORT_FORMS); i++)
        if (text_is(word->plain, SHORT_FORMS[i]))
            return false;
    return true;
}

bool form_shouts(struct text text, const struct words *words)
{
    size_t marks = 0;
    for (size_t i = 0; i < text.size; i++)
        marks += text.at[i] == '!';
    if (marks > 1)
        return true;
    for (size_t i = 0; i < words->count; i++) {
        bool pair = i > 0 && is_shout(&words->items[i - 1], SHOUT_PAIR_LETTERS);
        if (is_shout(&words->items[i], SHOUT_LETTERS) || (pair && is_shout(&words->items[i], SHOUT_PAIR_LETTERS)))
            return true;
    }
    return false;
}
