/* SPDX-License-Identifier: Apache-2.0
 * Where in a JSON text a reader stopped, as a JSON pointer (RFC 6901): for values that jansson cannot even hold, so
 * that no tree is there to walk. Looks at brackets, names and commas only. */
#ifndef BASE_JSON_PLACE_H
#define BASE_JSON_PLACE_H

#include "base/bytes.h"

/* The pointer to the value in which octet `end` of `text` lies or which ends before it, as a C string in the arena. All
 * that stands before `end` must be right JSON of at most LIMIT_JSON_DEPTH. "" is the whole text; so is what has no
 * pointer that fits a failure, or lies below a name that is written with a backslash or hides something. */
const char *json_place(struct arena *arena, struct text text, size_t end);

#endif
