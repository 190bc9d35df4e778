/* SPDX-License-Identifier: Apache-2.0
 * Words of names, folded until spellings of one name are one text, and what they say. */
#include "domain/parties/contact_name.h"

#include <string.h>

#include "base/letters.h"
#include "base/text.h"

#define WORDS_MAX 16 /* of one name; what comes behind is not compared */

struct words {
    struct text at[WORDS_MAX];
    size_t      count;
    bool        is_given; /* all of them are given names; else the first may be */
};

/* ---- traits */

static bool is_calling(struct text name)
{
    bool letters = false;
    for (size_t i = 0; i < name.size; i++) {
        if (name.at[i] == '@')
            return false;
        letters = letters || strchr("0123456789 +-/().", name.at[i]) == NULL;
    }
    return letters;
}

struct contact_traits contact_traits_of(const struct contact_name *name)
{
    struct contact_traits traits = {name->given_name, TEXT_NONE, TEXT_NONE, TEXT_NONE};
    bool known = name->given_name.size > 0 || name->family_name.size > 0;
    bool borrowed = text_equals(name->name, name->nickname) || text_equals(name->name, name->organisation);
    if (!borrowed && is_calling(name->name))
        traits.whole_name = name->name;
    if (!known)
        traits.full_name = traits.whole_name;
    return traits;
}

/* ---- words */

static bool is_separator(char c)
{
    return c != '\0' && strchr(" \t\n-.,;&/()\"", c) != NULL;
}

static bool is_title(struct text word)
{
    static const char *const TITLES[] = {"dr", "prof", "mr", "mrs", "ms", "miss", "sir", "herr", "frau", "mme"};
    for (size_t i = 0; i < sizeof TITLES / sizeof *TITLES; i++)
        if (text_is(word, TITLES[i]))
            return true;
    return false;
}

/* The next word at or behind `*from`; empty at the end. */
static struct text next_word(struct text text, size_t *from)
{
    while (*from < text.size && is_separator(text.at[*from]))
        (*from)++;
    size_t start = *from;
    while (*from < text.size && !is_separator(text.at[*from]))
        (*from)++;
    return (struct text){text.at + start, *from - start};
}

/* Without case and marks, and with "ae", "oe", "ue" and "aa" as their first letter: Jürgen, Juergen and Jurgen are one
 * text. Some names lose a letter by it ("Samuel"), and lose it everywhere. */
static struct text fold(struct arena *arena, struct text name)
{
    struct text plain = letters_fold(arena, name, LETTERS_PLAIN);
    struct builder out = builder_open(arena, SIZE_MAX);
    char last = ' ';
    for (size_t i = 0; i < plain.size; i++) {
        char c = plain.at[i];
        bool spells_mark = (c == 'e' && strchr("aou", last) != NULL) || (c == 'a' && last == 'a');
        last = c;
        if (!spells_mark)
            build_byte(&out, (uint8_t)c);
    }
    return plain.at == NULL || out.overflowed || out.size == 0 ? TEXT_NONE : builder_text(&out);
}

static void split(struct arena *arena, struct text name, struct words *out)
{
    struct text folded = fold(arena, name);
    size_t from = 0;
    while (out->count < WORDS_MAX) {
        struct text word = next_word(folded, &from);
        if (word.size == 0)
            return;
        if (out->is_given || !is_title(word))
            out->at[out->count++] = word;
    }
}

/* "Example, Ada": what stands behind the comma is the given name, if one word stands before it. */
static struct text behind_comma(struct text name)
{
    const char *comma = name.size == 0 ? NULL : memchr(name.at, ',', name.size); /* an empty one may have no place */
    size_t before = comma == NULL ? 0 : (size_t)(comma - name.at);
    if (before == 0 || memchr(name.at, ' ', before) != NULL)
        return TEXT_NONE;
    return text_trim((struct text){comma + 1, name.size - before - 1});
}

static void words_of(struct arena *arena, const struct contact_traits *traits, struct words *out)
{
    struct text given = traits->given_name.size > 0 ? traits->given_name : behind_comma(traits->full_name);
    *out = (struct words){.is_given = given.size > 0};
    split(arena, out->is_given ? given : traits->full_name, out);
}

/* ---- comparing */

static bool is_ascii(struct text word)
{
    for (size_t i = 0; i < word.size; i++)
        if ((uint8_t)word.at[i] >= 0x80)
            return false;
    return true;
}

static bool holds(struct text whole, struct text part)
{
    return memmem(whole.at, whole.size, part.at, part.size) != NULL;
}

static bool is_initial_of(struct text a, struct text b)
{
    return a.size == 1 && a.at[0] == b.at[0];
}

static bool words_match(struct text a, struct text b, bool initials)
{
    if (is_ascii(a) != is_ascii(b))
        return true; /* two alphabets: not clear */
    if (!is_ascii(a)) /* not every script parts its words */
        return holds(a, b) || holds(b, a);
    return text_equals(a, b) || (initials && (is_initial_of(a, b) || is_initial_of(b, a)));
}

/* Whether one of the words that may be given names is a word of the other. An initial is looked for only where a given
 * name may stand. */
static bool finds_itself(const struct words *in, const struct words *wanted)
{
    size_t names = wanted->is_given ? wanted->count : 1;
    for (size_t i = 0; i < names; i++)
        for (size_t j = 0; j < in->count; j++)
            if (words_match(wanted->at[i], in->at[j], in->is_given || j == 0))
                return true;
    return false;
}

static bool words_equal(const struct words *a, const struct words *b)
{
    bool equal = a->count == b->count && a->is_given == b->is_given;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = text_equals(a->at[i], b->at[i]);
    return equal;
}

contact_likeness contact_names_liken(struct arena *arena, const struct contact_traits *a,
                                     const struct contact_traits *b)
{
    struct words ours;
    struct words theirs;
    words_of(arena, a, &ours);
    words_of(arena, b, &theirs);
    if (ours.count == 0 || theirs.count == 0)
        return LIKENESS_POSSIBLE;
    if (words_equal(&ours, &theirs))
        return LIKENESS_SAME;
    return finds_itself(&ours, &theirs) || finds_itself(&theirs, &ours) ? LIKENESS_POSSIBLE : LIKENESS_OTHER;
}

/* ---- full names */

#define UNPARTED_FIRST 0xE3u /* the first byte of Chinese, Japanese and Korean letters, or a higher one */

/* The words of a full name with the family's last; false when it is none. */
static bool split_full(struct arena *arena, struct text name, struct words *out)
{
    struct text given = behind_comma(name);
    *out = (struct words){.count = 0};
    split(arena, given, out);
    if (given.size > 0)
        name.size = (size_t)((const char *)memchr(name.at, ',', name.size) - name.at);
    split(arena, name, out);
    bool is_unparted = out->count == 1 && (uint8_t)out->at[0].at[0] >= UNPARTED_FIRST;
    return (out->count > 1 || is_unparted) && out->count < WORDS_MAX;
}

bool contact_full_names_agree(struct arena *arena, const struct contact_traits *a, const struct contact_traits *b)
{
    struct words ours;
    struct words theirs;
    if (!split_full(arena, a->whole_name, &ours) || !split_full(arena, b->whole_name, &theirs) ||
        ours.count != theirs.count)
        return false;
    size_t last = ours.count - 1;
    bool agree = text_equals(ours.at[last], theirs.at[last]);
    for (size_t i = 0; agree && i < last; i++)
        agree = text_equals(ours.at[i], theirs.at[i]) || is_initial_of(ours.at[i], theirs.at[i]) ||
                is_initial_of(theirs.at[i], ours.at[i]);
    return agree;
}

struct text contact_full_name_key(struct arena *arena, const struct contact_traits *traits, name_key_style style)
{
    struct words words;
    if (!split_full(arena, traits->whole_name, &words))
        return TEXT_NONE;
    struct builder key = builder_open(arena, SIZE_MAX);
    for (size_t i = 0; i < words.count; i++) {
        struct text word = words.at[i];
        bool is_short = style == NAME_KEY_INITIALS && i + 1 < words.count && (uint8_t)word.at[0] < 0x80;
        build_text(&key, is_short ? (struct text){word.at, 1} : word);
        build_byte(&key, ' ');
    }
    return key.overflowed ? TEXT_NONE : builder_text(&key);
}

/* ---- birth dates */

/* Cuts "1980-03-21", "--03-21", "1980-03" or "1980" into year and day; what is not said is empty, and a month alone is
 * no day. */
static void cut_date(struct text date, struct text *out_year, struct text *out_day)
{
    bool has_year = date.size >= 4 && date.at[0] != '-';
    *out_year = has_year ? (struct text){date.at, 4} : TEXT_NONE;
    *out_day = date.size == 10 || (date.size == 7 && !has_year) ? (struct text){date.at + date.size - 5, 5} : TEXT_NONE;
}

static bool is_exchanged(struct text a, struct text b)
{
    return memcmp(a.at, b.at + 3, 2) == 0 && memcmp(a.at + 3, b.at, 2) == 0;
}

bool contact_birthdates_differ(struct text a, struct text b)
{
    struct text years[2];
    struct text days[2];
    cut_date(a, &years[0], &days[0]);
    cut_date(b, &years[1], &days[1]);
    if (years[0].size > 0 && years[1].size > 0 && !text_equals(years[0], years[1]))
        return true;
    return days[0].size > 0 && days[1].size > 0 && !text_equals(days[0], days[1]) && !is_exchanged(days[0], days[1]);
}
