/* SPDX-License-Identifier: Apache-2.0
 * The word lists of phrase.def and how to find their phrases in a text. */
#ifndef DOMAIN_PHRASE_H
#define DOMAIN_PHRASE_H

#include "domain/words/readability.h"

typedef enum text_language {
#define X(name, tag, apostrophe_parts, english) LANGUAGE_##name,
#include "domain/words/language.def"
#undef X
    LANGUAGE_COUNT /* also: none of ours */
} text_language;

typedef enum phrase_list {
    PHRASE_ALLOWED,
    PHRASE_PRESSURE,
    PHRASE_VAGUE,
    PHRASE_PARTNERS,
    PHRASE_OPT_OUT,
    PHRASE_SHAMING,
    PHRASE_JARGON,
    PHRASE_LEGAL_CLAIM,
    PHRASE_NO_CHOICE,
    PHRASE_PROMISE,
    PHRASE_NAMELESS,
    PHRASE_COMMON,
} phrase_list;

/* The language of a BCP 47 tag by its primary part, or LANGUAGE_COUNT. */
text_language language_of_tag(struct text tag);
const char *language_english(text_language language); /* "German" */
bool language_parts_at_apostrophe(text_language language);

/* Marks the words of ALLOWED phrases, so that searches pass over them. Once, before the searches. */
void phrase_mark_allowed(struct words *words, text_language language);

/* The phrases of a list one after the other: begin with a zeroed search. False behind the last match. A phrase is found
 * once in a text. `out` borrows from the text: the words as written. */
struct phrase_search {
    text_language    language;
    phrase_list list;
    size_t      row;  /* where the search stands */
    size_t      byte;
};
bool phrase_search_next(struct phrase_search *search, const struct words *words, struct text *out);

bool phrase_is_whole(const struct words *words, text_language language,
                     phrase_list list); /* the text is one of the phrases */
size_t phrase_count(const struct words *words, text_language language, phrase_list list);  /* words that are phrases */

#endif
