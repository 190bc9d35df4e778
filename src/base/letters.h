/* SPDX-License-Identifier: Apache-2.0
 * Names made comparable: lower case, without marks. For finding the same name in two spellings and for short ids; what
 * is shown to people stays as it was written. Latin letters become ASCII (letters.def); Greek and Cyrillic ones lose
 * their case and the commonest marks; everything else stays as it is. */
#ifndef BASE_LETTERS_H
#define BASE_LETTERS_H

#include "base/bytes.h"

typedef enum letters_style {
    LETTERS_PLAIN,   /* "Jürgen Sørås" gives "jurgen soras" */
    LETTERS_SPELLED, /* "juergen soeraas" */
} letters_style;

/* Folds well-formed UTF-8, composed or decomposed; `.at` is NULL when the arena is exhausted. */
struct text letters_fold(struct arena *arena, struct text text, letters_style style);

#endif
