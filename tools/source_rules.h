/* SPDX-License-Identifier: Apache-2.0
 * The rules of STYLE.md that a program can hold, one function for each family. A rule sees one file and reports; it
 * knows neither the list of exceptions nor the exit code. */
#ifndef TOOLS_SOURCE_RULES_H
#define TOOLS_SOURCE_RULES_H

#include "source_file.h"

struct place {
    const char *path;
    const char *name; /* of the function, or "-" for the whole file */
    size_t      line;
};

struct report {
    void (*add)(void *self, const struct place *place, const char *rule, const char *message);
    void *self;
};

void rule_marks(const struct source_file *file, const struct report *report);   /* spdx, word, name */
void rule_lengths(const struct source_file *file, const struct report *report); /* line-length, file-lines … */
void rule_banned(const struct source_file *file, const struct report *report);  /* banned, typedef */
void rule_functions(struct source_file *file, const struct report *report);     /* blanks file->code's directives */
void rule_listed(const struct source_file *file, const char *root, const struct report *report); /* unlisted */

#endif
