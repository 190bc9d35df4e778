/* SPDX-License-Identifier: Apache-2.0
 * The files of a source tree as the checks see them: listed in a stable order, read whole, and, for C, with comments
 * and the insides of literals blanked out. Knows nothing of any rule. A file that cannot be read ends the program:
 * a check that skipped it would be green for the wrong reason. */
#ifndef TOOLS_SOURCE_FILE_H
#define TOOLS_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct file_list {
    char **paths; /* relative to the root, sorted within each folder */
    size_t count;
    size_t room;
};

/* Adds every regular file below `root`/`folder`; a folder that does not exist adds none. Hidden names and the folders
 * of builds, packages and test corpora are left out. */
void file_list_add(struct file_list *list, const char *root, const char *folder);
void file_list_close(struct file_list *list);

struct source_file {
    const char *path; /* borrows */
    char       *text; /* as it stands in the file, with a NUL behind */
    char       *code; /* of the same size: comments and the insides of literals are blank, line ends are kept */
    size_t      size;
};

/* False when there is no such file. */
bool source_file_open(struct source_file *file, const char *root, const char *path);
void source_file_close(struct source_file *file);

bool path_ends_with(const char *path, const char *suffix);
bool path_starts_with(const char *path, const char *prefix);
bool is_word_character(char c);
size_t line_of(const char *text, const char *at); /* the first line is 1 */

#endif
