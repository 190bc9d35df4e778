/* SPDX-License-Identifier: Apache-2.0
 * Holds every source file to the rules of source_rules.h. Exceptions stand in tools/source_exceptions.txt, one a line:
 * `path:function rule reason`, with `-` for the function when the rule looks at the whole file. The list can only
 * shrink: an entry that excuses nothing is a finding itself.
 * Usage: check_source ROOT. Exit 0: all well; 1: findings, one a line; 2: something could not be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source_rules.h"

#define EXCEPTIONS_MAX 200
#define EXCEPTIONS_PATH "tools/source_exceptions.txt"

struct exception {
    char   place[256]; /* path:function */
    char   rule[32];
    size_t line;
    bool   used;
};

struct checker {
    struct exception exceptions[EXCEPTIONS_MAX];
    size_t           count;
    size_t           findings;
};

static void print_finding(struct checker *checker, const struct place *place, const char *rule, const char *message)
{
    checker->findings++;
    (void)printf("%s:%zu: %s %s: %s\n", place->path, place->line, place->name, rule, message);
}

static void add_finding(void *self, const struct place *place, const char *rule, const char *message)
{
    struct checker *checker = self;
    char wanted[256];
    (void)snprintf(wanted, sizeof wanted, "%s:%s", place->path, place->name); /* a cut place excuses nothing */
    for (size_t i = 0; i < checker->count; i++) {
        struct exception *exception = &checker->exceptions[i];
        if (strcmp(exception->place, wanted) == 0 && strcmp(exception->rule, rule) == 0) {
            exception->used = true;
            return;
        }
    }
    print_finding(checker, place, rule, message);
}

/* Copies one word and steps behind it and its blanks; false when there is none or it is too long. */
static bool take_word(const char **at, char *out, size_t room)
{
    size_t size = strcspn(*at, " \n");
    if (size == 0 || size >= room)
        return false;
    memcpy(out, *at, size);
    out[size] = '\0';
    *at += size;
    *at += strspn(*at, " ");
    return true;
}

static void read_exceptions(struct checker *checker, const char *root)
{
    struct source_file file = {0};
    if (!source_file_open(&file, root, EXCEPTIONS_PATH))
        return;
    size_t line = 0;
    for (const char *at = file.text; *at != '\0'; at += strcspn(at, "\n") + 1) {
        struct exception exception = {.line = ++line};
        struct place place = {EXCEPTIONS_PATH, "-", line};
        if (*at == '#' || *at == '\n')
            continue;
        bool whole = take_word(&at, exception.place, sizeof exception.place) &&
                     take_word(&at, exception.rule, sizeof exception.rule) && *at != '\n' && *at != '\0';
        if (!whole || checker->count == EXCEPTIONS_MAX)
            print_finding(checker, &place, "exception", "wants `path:function rule reason`");
        else
            checker->exceptions[checker->count++] = exception;
        if (strchr(at, '\n') == NULL)
            break;
    }
    source_file_close(&file);
}

static void find_stale_exceptions(struct checker *checker)
{
    for (size_t i = 0; i < checker->count; i++) {
        struct place place = {EXCEPTIONS_PATH, checker->exceptions[i].place, checker->exceptions[i].line};
        if (!checker->exceptions[i].used)
            print_finding(checker, &place, "exception", "is no longer needed: remove the line");
    }
}

static void check_file(struct source_file *file, const char *root, const struct report *report)
{
    rule_marks(file, report);
    rule_lengths(file, report);
    rule_listed(file, root, report);
    rule_banned(file, report);
    rule_functions(file, report);
}

static bool is_source(const char *path)
{
    static const char *const SUFFIXES[] = {".c",     ".h",   ".def", ".sql", ".py", ".sh",
                                           ".cmake", ".mjs", ".ts",  ".tsx", ".css"};
    const char *slash = strrchr(path, '/');
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++)
        if (path_ends_with(path, SUFFIXES[i]))
            return true;
    return path_ends_with(path, "CMakeLists.txt") || strchr(slash == NULL ? path : slash, '.') == NULL;
}

int main(int argc, char **argv)
{
    static const char *const FOLDERS[] = {"src", "tools", "tests", "bench", "web", "cmake", "clients",
                                          "examples", "verify"};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: check_source ROOT\n");
        return 2;
    }
    struct checker checker = {0};
    struct report report = {add_finding, &checker};
    struct file_list list = {0};
    size_t read = 0;
    read_exceptions(&checker, argv[1]);
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++)
        file_list_add(&list, argv[1], FOLDERS[i]);
    for (size_t i = 0; i < list.count; i++) {
        struct source_file file = {0};
        if (!is_source(list.paths[i]) || !source_file_open(&file, argv[1], list.paths[i]))
            continue;
        check_file(&file, argv[1], &report);
        source_file_close(&file);
        read++;
    }
    file_list_close(&list);
    find_stale_exceptions(&checker);
    (void)printf("%zu files, %zu exceptions, %zu findings\n", read, checker.count, checker.findings);
    return checker.findings == 0 && read > 0 ? 0 : 1;
}
