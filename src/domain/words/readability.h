/* SPDX-License-Identifier: Apache-2.0
 * A text as words and sentences, and how hard it is to read. The measure is LIX (C.-H. Björnsson, 1968): words per
 * sentence plus the percentage of words with more than six letters; it needs no dictionary, so it serves every
 * language. */
#ifndef DOMAIN_READABILITY_H
#define DOMAIN_READABILITY_H

#include "base/bytes.h"

#define LIX_LONG_LETTERS 7 /* from here a word is long */
#define LIX_BASE_WORDS 20  /* a shorter text is measured as if short words filled it up to here */

struct word {
    struct text written; /* borrows from the text */
    struct text plain;   /* lower case, typographic apostrophes made plain; in the arena */
    size_t      letters;
    bool        capitals; /* two letters or more, all of them capitals */
    bool        mixed;    /* letters of two alphabets: looks like another word than it is */
    bool        allowed;  /* part of a harmless phrase: see phrase_mark_allowed() */
};

struct words {
    struct word *items;
    size_t       count;
    size_t       sentences;             /* at least 1 when there is a word */
    size_t       longest_sentence_words;
    size_t       long_words;
};

/* Reads well-formed UTF-8. Hyphens and slashes part words; apostrophes do where `apostrophe_parts` is set (French).
 * False: no memory. */
bool words_read(struct arena *arena, struct text text, bool apostrophe_parts, struct words *out);

/* LIX times 100; 0 for no words. Below LIX_BASE_WORDS the share of long words is taken of LIX_BASE_WORDS, since one
 * long word among five says nothing about a text. */
int64_t words_lix_hundredths(const struct words *words);

/* One code point of well-formed UTF-8; moves `at` behind it. */
uint32_t text_next_code(struct text text, size_t *at);
bool code_is_letter(uint32_t code); /* of any alphabet in use in Europe */

#endif
