/* SPDX-License-Identifier: Apache-2.0
 * Reads the figure of floors out of ARCHITECTURE.md and every #include under src/, and says which include breaks the
 * order: upward, between neighbours, with `../`, without a floor, or of a foreign library away from its home.
 * Usage: check_layers ROOT. Exit 0: in order; 1: findings, one a line; 2: the figure or a file could not be read. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source_file.h"

#define FLOORS_MAX 16
#define NAME_BYTES 64

struct floor {
    char name[NAME_BYTES];
    int  number;
};

struct house {
    struct floor floors[FLOORS_MAX];
    size_t       count;
    size_t       findings;
};

/* A foreign header, by the beginning of its name, and the only paths that may include it. */
static const struct {
    const char *header;
    const char *home;
} FOREIGN[] = {
    {"sodium", "src/crypto/"}, {"openssl/", "src/crypto/"}, {"jose/", "src/crypto/"}, {"fido", "src/crypto/"},
    {"cbor", "src/protocol/"}, {"sqlite3", "src/store/"},   {"libpq", "src/store/"},  {"event2/", "src/http/"},
    {"event.h", "src/http/"},  {"evhttp", "src/http/"},     {"curl/", "src/net/"},    {"jansson", "src/base/json.h"},
    {"seccomp", "src/app/"},
};

static const struct floor *floor_named(const struct house *house, const char *name, size_t size)
{
    for (size_t i = 0; i < house->count; i++)
        if (strlen(house->floors[i].name) == size && strncmp(house->floors[i].name, name, size) == 0)
            return &house->floors[i];
    return NULL;
}

static size_t word_size(const char *at)
{
    size_t size = 0;
    while (is_word_character(at[size]))
        size++;
    return size;
}

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " ");
}

/* One line of the figure: ` 2  store | net   what they are for`. False when the line is no such line. */
static bool read_floor_line(struct house *house, const char *line)
{
    const char *at = skip_spaces(line);
    if (at[0] < '0' || at[0] > '9' || at[1] != ' ')
        return false;
    int number = at[0] - '0';
    for (at = skip_spaces(at + 1);; at = skip_spaces(at + 1)) {
        size_t size = word_size(at);
        if (size == 0 || size >= NAME_BYTES || house->count == FLOORS_MAX)
            return false;
        struct floor *floor = &house->floors[house->count++];
        *floor = (struct floor){.number = number};
        memcpy(floor->name, at, size);
        at = skip_spaces(at + size);
        if (*at != '|')
            return true;
    }
}

static void read_figure(struct house *house, const char *root)
{
    struct source_file page = {0};
    if (!source_file_open(&page, root, "ARCHITECTURE.md")) {
        (void)fprintf(stderr, "%s has no ARCHITECTURE.md\n", root);
        exit(2);
    }
    const char *line = strstr(page.text, "```\n");
    for (line = line == NULL ? "" : line + 4; read_floor_line(house, line); line = strchr(line, '\n') + 1)
        if (strchr(line, '\n') == NULL)
            break;
    source_file_close(&page);
    if (house->count < 2) {
        (void)fprintf(stderr, "the first figure of ARCHITECTURE.md does not list the floors\n");
        exit(2);
    }
}

static const char *foreign_home(const char *header)
{
    for (size_t i = 0; i < sizeof FOREIGN / sizeof *FOREIGN; i++)
        if (path_starts_with(header, FOREIGN[i].header))
            return FOREIGN[i].home;
    return NULL;
}

/* What is wrong with this include, or NULL. */
static const char *judge_own(const struct house *house, const struct floor *here, const char *header)
{
    const char *slash = strchr(header, '/');
    const struct floor *there = slash == NULL ? NULL : floor_named(house, header, (size_t)(slash - header));
    if (strstr(header, "..") != NULL)
        return "leaves its folder; include paths start with the floor";
    if (there == NULL)
        return foreign_home(header) == NULL ? "does not start with a floor" : "is a foreign header and wants < >";
    if (there == here)
        return NULL;
    if (there->number == here->number)
        return "reaches a neighbour on the same floor";
    return there->number > here->number ? "reaches upward" : NULL;
}

static void judge(struct house *house, const struct source_file *file, const struct floor *here, const char *at)
{
    char header[256] = "";
    char quote = at[strspn(at, " \t")];
    const char *name = at + strspn(at, " \t") + 1;
    const char *end = quote == '"' || quote == '<' ? strchr(name, quote == '"' ? '"' : '>') : NULL;
    const char *wrong = NULL;
    if (end == NULL || (size_t)(end - name) >= sizeof header) {
        wrong = "is not a plain include";
    } else {
        memcpy(header, name, (size_t)(end - name));
        const char *home = foreign_home(header);
        if (quote == '"')
            wrong = judge_own(house, here, header);
        else if (home != NULL && !path_starts_with(file->path, home))
            wrong = "is a foreign header away from its home";
    }
    if (wrong == NULL)
        return;
    house->findings++;
    (void)printf("%s:%zu: %s %s\n", file->path, line_of(file->text, at), header, wrong);
}

static void check_file(struct house *house, const struct source_file *file)
{
    const char *folder = file->path + strlen("src/");
    const char *slash = strchr(folder, '/');
    const struct floor *here = slash == NULL ? NULL : floor_named(house, folder, (size_t)(slash - folder));
    if (here == NULL) {
        house->findings++;
        (void)printf("%s: stands on no floor of ARCHITECTURE.md\n", file->path);
        return;
    }
    /* Directives are looked for where comments are blank, header names are read where they are not. */
    for (const char *at = strchr(file->code, '#'); at != NULL; at = strchr(at + 1, '#')) {
        const char *word = at + 1 + strspn(at + 1, " \t");
        if (strncmp(word, "include", strlen("include")) == 0)
            judge(house, file, here, file->text + (word - file->code) + strlen("include"));
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: check_layers ROOT\n");
        return 2;
    }
    struct house house = {0};
    struct file_list list = {0};
    size_t read = 0;
    read_figure(&house, argv[1]);
    file_list_add(&list, argv[1], "src");
    for (size_t i = 0; i < list.count; i++) {
        struct source_file file = {0};
        if (!path_ends_with(list.paths[i], ".c") && !path_ends_with(list.paths[i], ".h"))
            continue;
        if (!source_file_open(&file, argv[1], list.paths[i]))
            continue; /* removed since it was listed */
        check_file(&house, &file);
        source_file_close(&file);
        read++;
    }
    file_list_close(&list);
    (void)printf("%zu floors, %zu files, %zu findings\n", house.count, read, house.findings);
    return house.findings == 0 && read > 0 ? 0 : 1;
}
