/* SPDX-License-Identifier: Apache-2.0
 * Walking, reading and blanking. */
#include "source_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

static const char *const LEFT_OUT[] = {"build", "node_modules", "symbolon-data", "corpus", "__pycache__"};

static void *checked(void *memory)
{
    if (memory == NULL) {
        perror("memory");
        exit(2);
    }
    return memory;
}

static void add_path(struct file_list *list, const char *path)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? 256 : list->room * 2;
        list->paths = checked(realloc(list->paths, list->room * sizeof *list->paths));
    }
    list->paths[list->count++] = checked(strdup(path));
}

static int is_wanted(const struct dirent *entry)
{
    for (size_t i = 0; i < sizeof LEFT_OUT / sizeof *LEFT_OUT; i++)
        if (strcmp(entry->d_name, LEFT_OUT[i]) == 0)
            return 0;
    return entry->d_name[0] != '.';
}

static void join(char out[PATH_BYTES], const char *folder, const char *name)
{
    int size = snprintf(out, PATH_BYTES, "%s%s%s", folder, *folder != '\0' && *name != '\0' ? "/" : "", name);
    if (size < 0 || size >= PATH_BYTES) {
        (void)fprintf(stderr, "path too long: %s/%s\n", folder, name);
        exit(2);
    }
}

void file_list_add(struct file_list *list, const char *root, const char *folder)
{
    char whole[PATH_BYTES];
    join(whole, root, folder);
    struct dirent **entries = NULL;
    int count = scandir(whole, &entries, is_wanted, alphasort);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
        struct stat status = {0};
        join(path, folder, entries[i]->d_name);
        join(whole, root, path);
        bool exists = lstat(whole, &status) == 0;
        if (exists && S_ISDIR(status.st_mode))
            file_list_add(list, root, path);
        else if (exists && S_ISREG(status.st_mode))
            add_path(list, path);
        free(entries[i]);
    }
    free(entries);
}

void file_list_close(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct file_list){0};
}

typedef enum place_kind { IN_CODE, IN_LINE_COMMENT, IN_COMMENT, IN_STRING, IN_CHARACTER } place_kind;

static place_kind place_after_code(const char *at)
{
    if (at[0] == '/' && at[1] == '/')
        return IN_LINE_COMMENT;
    if (at[0] == '/' && at[1] == '*')
        return IN_COMMENT;
    return at[0] == '"' ? IN_STRING : at[0] == '\'' ? IN_CHARACTER : IN_CODE;
}

/* The number of characters from `at` that end the place, 0 when it goes on. */
static size_t ending(place_kind place, const char *at)
{
    switch (place) {
    case IN_CODE:
        return 0;
    case IN_LINE_COMMENT:
        return at[0] == '\n';
    case IN_COMMENT:
        return at[0] == '*' && at[1] == '/' ? 2 : 0;
    case IN_STRING:
        return at[0] == '"' || at[0] == '\n';
    case IN_CHARACTER:
        return at[0] == '\'' || at[0] == '\n';
    }
    return 0;
}

static void blank(struct source_file *file)
{
    place_kind place = IN_CODE;
    for (size_t i = 0; i < file->size; i++) {
        const char *at = file->text + i;
        if (place == IN_CODE) {
            place = place_after_code(at);
            if (place == IN_LINE_COMMENT || place == IN_COMMENT) {
                file->code[i++] = ' ';
                file->code[i] = ' ';
            }
            continue;
        }
        size_t ends = ending(place, at);
        bool literal = place == IN_STRING || place == IN_CHARACTER;
        if (ends > 0)
            place = IN_CODE;
        if (*at != '\n' && !(ends > 0 && literal)) /* quotes stay, so that a literal still looks like one */
            file->code[i] = ' ';
        if (ends == 2 || (literal && *at == '\\' && at[1] != '\n' && at[1] != '\0'))
            file->code[++i] = ' ';
    }
}

bool source_file_open(struct source_file *file, const char *root, const char *path)
{
    char whole[PATH_BYTES];
    join(whole, root, path);
    FILE *stream = fopen(whole, "rb");
    if (stream == NULL && errno == ENOENT)
        return false;
    struct stat status;
    if (stream == NULL || fstat(fileno(stream), &status) != 0) {
        perror(whole);
        exit(2);
    }
    *file = (struct source_file){.path = path, .size = (size_t)status.st_size};
    file->text = checked(calloc(file->size + 2, 1)); /* blank() looks one character ahead */
    file->code = checked(calloc(file->size + 2, 1));
    if (fread(file->text, 1, file->size, stream) != file->size) {
        perror(whole);
        exit(2);
    }
    (void)fclose(stream); /* read only: nothing can be lost */
    memcpy(file->code, file->text, file->size);
    blank(file);
    return true;
}

void source_file_close(struct source_file *file)
{
    free(file->text);
    free(file->code);
    *file = (struct source_file){0};
}

bool path_ends_with(const char *path, const char *suffix)
{
    size_t size = strlen(path);
    size_t end = strlen(suffix);
    return size >= end && strcmp(path + size - end, suffix) == 0;
}

bool path_starts_with(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

size_t line_of(const char *text, const char *at)
{
    size_t line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}
