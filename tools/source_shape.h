/* SPDX-License-Identifier: Apache-2.0
 * Finds the functions of a C file and measures them: lines, parameters, depth of nested control statements. Reads the
 * blanked text of source_file.h; no preprocessor runs, so what a macro hides is not counted. */
#ifndef TOOLS_SOURCE_SHAPE_H
#define TOOLS_SOURCE_SHAPE_H

#include "source_file.h"

struct shape {
    char   name[128];
    size_t line;       /* where the name stands */
    size_t lines;      /* from the name to the closing brace */
    size_t parameters;
    size_t nesting;    /* 1 for an `if` in the body; an `else if` counts as its `if` */
};

/* `body` is file->code after this call: directives are blank too, continued lines included. */
void shape_prepare(struct source_file *file);

/* The next function at or behind `*at` (start with 0). False when there is none. */
bool shape_next(const char *body, size_t *at, struct shape *out);

#endif
