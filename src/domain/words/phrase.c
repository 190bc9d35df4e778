/* SPDX-License-Identifier: Apache-2.0
 * Compares phrases with words, token by token. A slot has some dozen words and a list some dozen phrases: plain
 * loops. */
#include "domain/words/phrase.h"

#include <assert.h>
#include <string.h>

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

static const struct {
    text_language    language;
    phrase_list list;
    const char *phrases; /* with | between */
} ROWS[] = {
#define X(language, list, phrases) {LANGUAGE_##language, PHRASE_##list, phrases},
#include "domain/words/phrase.def"
#undef X
};

static const struct {
    const char *tag;
    bool        apostrophe_parts;
    const char *english;
} LANGUAGES[LANGUAGE_COUNT] = {
#define X(name, tag, apostrophe_parts, english) [LANGUAGE_##name] = {tag, apostrophe_parts, english},
#include "domain/words/language.def"
#undef X
};

text_language language_of_tag(struct text tag)
{
    const char *hyphen = tag.size == 0 ? NULL : memchr(tag.at, '-', tag.size);
    struct text primary = {tag.at, hyphen == NULL ? tag.size : (size_t)(hyphen - tag.at)};
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        if (text_equals_ignoring_case(primary, LANGUAGES[i].tag))
            return (text_language)i;
    return LANGUAGE_COUNT;
}

const char *language_english(text_language language)
{
    assert(language < LANGUAGE_COUNT);
    return LANGUAGES[language].english;
}

bool language_parts_at_apostrophe(text_language language)
{
    return language < LANGUAGE_COUNT && LANGUAGES[language].apostrophe_parts;
}

static struct text piece_at(const char *at, char separator)
{
    const char stops[] = {separator, '|', '\0'};
    return (struct text){at, strcspn(at, stops)};
}

/* No phrase begins with a star: its first octet is that of the word. Most words are told from most phrases by this. */
static bool may_begin(const struct words *words, size_t first, const char *phrase)
{
    struct text word = words->items[first].plain;
    return word.size > 0 && word.at[0] == *phrase;
}

static bool token_matches(struct text token, struct text word)
{
    if (token.at[token.size - 1] != '*')
        return text_equals(token, word);
    return word.size >= token.size - 1 && memcmp(token.at, word.at, token.size - 1) == 0;
}

/* How many words from `first` on are the phrase; 0 when they are not. */
static size_t match_at(const struct words *words, size_t first, struct text phrase)
{
    size_t taken = 0;
    for (size_t at = 0; at < phrase.size; taken++) {
        struct text token = piece_at(phrase.at + at, ' ');
        if (first + taken == words->count || !token_matches(token, words->items[first + taken].plain))
            return 0;
        at += token.size + 1;
    }
    return taken;
}

/* The same for any phrase of a list: the first that matches. */
static size_t any_match_at(const struct words *words, size_t first, text_language language, phrase_list list)
{
    for (size_t row = 0; row < COUNT_OF(ROWS); row++) {
        if (ROWS[row].language != language || ROWS[row].list != list)
            continue;
        for (const char *at = ROWS[row].phrases; *at != '\0';) {
            size_t taken = may_begin(words, first, at) ? match_at(words, first, piece_at(at, '|')) : 0;
            if (taken > 0)
                return taken;
            const char *end = strchrnul(at, '|');
            at = end + (*end == '|');
        }
    }
    return 0;
}

void phrase_mark_allowed(struct words *words, text_language language)
{
    for (size_t i = 0; i < words->count; i++)
        for (size_t taken = any_match_at(words, i, language, PHRASE_ALLOWED); taken > 0; taken--)
            words->items[i + taken - 1].allowed = true;
}

/* Where the phrase stands first, outside of what is allowed; the count of words when nowhere. */
static size_t find_phrase(const struct words *words, struct text phrase, size_t *out_taken)
{
    for (size_t i = 0; i < words->count; i++) {
        bool may = !words->items[i].allowed && may_begin(words, i, phrase.at);
        *out_taken = may ? match_at(words, i, phrase) : 0;
        if (*out_taken > 0)
            return i;
    }
    return words->count;
}

bool phrase_search_next(struct phrase_search *search, const struct words *words, struct text *out)
{
    for (; search->row < COUNT_OF(ROWS); search->row++, search->byte = 0) {
        if (ROWS[search->row].language != search->language || ROWS[search->row].list != search->list)
            continue;
        const char *phrases = ROWS[search->row].phrases;
        while (phrases[search->byte] != '\0') {
            struct text phrase = piece_at(phrases + search->byte, '|');
            size_t taken = 0;
            size_t first = find_phrase(words, phrase, &taken);
            search->byte += phrase.size + (phrase.at[phrase.size] == '|');
            if (first == words->count)
                continue;
            const struct text *last = &words->items[first + taken - 1].written;
            *out = (struct text){words->items[first].written.at,
                                 (size_t)(last->at + last->size - words->items[first].written.at)};
            return true;
        }
    }
    return false;
}

bool phrase_is_whole(const struct words *words, text_language language, phrase_list list)
{
    return words->count > 0 && any_match_at(words, 0, language, list) == words->count;
}

size_t phrase_count(const struct words *words, text_language language, phrase_list list)
{
    size_t count = 0;
    for (size_t i = 0; i < words->count; i++)
        count += any_match_at(words, i, language, list) > 0;
    return count;
}
