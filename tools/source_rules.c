/* SPDX-License-Identifier: Apache-2.0
 * Each rule with its figures and its lists. The reasons stand in STYLE.md. */
#include "source_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source_shape.h"

#define LINE_CHARACTERS_MAX 120
#define FILE_LINES_MAX 600
#define HEADER_LINES_MAX 150
#define FUNCTION_LINES_MAX 70
#define PARAMETERS_MAX 5
#define NESTING_MAX 3

#define WITH_FILES "src/base/effects.c src/crypto/ src/store/ src/net/ src/http/ src/app/ tools/ tests/ bench/"
#define WITH_OBJECTS \
    "src/base/ src/crypto/ src/store/ src/net/ src/http/ src/app/ tools/ tests/ bench/ !src/http/doors/"
#define WITH_ALLOCATOR "src/base/arena.c src/base/json.c tools/ tests/ bench/"
#define UP_TO_LEDGER "src/base/ src/crypto/ src/store/ src/net/ src/ledger/"

/* A function that must not be called, and the paths where it may be: `!` takes a path out again. */
static const struct {
    const char *name;
    const char *allowed;
} BANNED[] = {
    {"gets", ""},      {"strcpy", ""},    {"strcat", ""},     {"strncpy", ""},    {"strncat", ""},   {"sprintf", ""},
    {"vsprintf", ""},  {"strtok", ""},    {"strtok_r", ""},   {"atoi", ""},       {"atol", ""},      {"atoll", ""},
    {"atof", ""},      {"strtol", ""},    {"strtoul", ""},    {"strtoll", ""},    {"strtoull", ""},  {"strtod", ""},
    {"strtof", ""},    {"sscanf", ""},    {"scanf", ""},      {"fscanf", ""},     {"vsscanf", ""},   {"alloca", ""},
    {"rand", ""},      {"srand", ""},     {"random", ""},     {"drand48", ""},    {"tmpnam", ""},    {"mktemp", ""},
    {"system", ""},    {"popen", ""},     {"gmtime", ""},     {"localtime", ""},  {"asctime", ""},   {"ctime", ""},
    {"strerror", ""},  {"setjmp", ""},    {"longjmp", ""},    {"signal", ""},
    {"getenv", "src/app/config tools/ tests/ bench/"},
    {"memcmp", "src/ !src/crypto/ src/crypto/merkle tools/ tests/ bench/"}, /* crypto is where secrets are compared */
    {"malloc", WITH_ALLOCATOR},           {"realloc", WITH_ALLOCATOR},
    {"calloc", WITH_OBJECTS},             {"free", WITH_OBJECTS},                 {"strdup", WITH_OBJECTS},
    {"fopen", WITH_FILES},                {"open", WITH_FILES},                   {"openat", WITH_FILES},
    {"socket", WITH_FILES},               {"accept", WITH_FILES},                 {"accept4", WITH_FILES},
    {"getaddrinfo", WITH_FILES},          {"exit", "src/app/ tools/ tests/ bench/"},
    {"goto", UP_TO_LEDGER " tools/ tests/ bench/"},
};

/* Split, so that this file may hold them. */
static const char *const WORDS[] = {"TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"};

static const char *const VAGUE_NAMES[] = {"util", "common", "misc", "helper"};

static void add(const struct report *report, const struct place *place, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add(const struct report *report, const struct place *place, const char *rule, const char *format, ...)
{
    char message[200];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args); /* a cut message still names its rule */
    va_end(args);
    report->add(report->self, place, rule, message);
}

static struct place whole_file(const struct source_file *file, size_t line)
{
    return (struct place){file->path, "-", line};
}

static bool ends_with_any(const char *path, const char *suffixes)
{
    char suffix[16];
    for (const char *at = suffixes; *at != '\0'; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        (void)snprintf(suffix, sizeof suffix, "%.*s", (int)size, at);
        if (path_ends_with(path, suffix))
            return true;
        at += size;
    }
    return false;
}

/* `word` as a whole word at or behind `at`, or NULL. */
static const char *find_word(const char *text, const char *at, const char *word)
{
    size_t size = strlen(word);
    for (at = strstr(at, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || !is_word_character(at[-1])) && !is_word_character(at[size]))
            return at;
    return NULL;
}

static bool is_script(const struct source_file *file)
{
    return strncmp(file->text, "#!", 2) == 0;
}

static void check_spdx(const struct source_file *file, const struct report *report)
{
    if (!is_script(file) && !ends_with_any(file->path, ".c .h .def .sql .py .sh .cmake .mjs .ts .tsx"))
        return;
    const char *line = file->text;
    for (int i = 0; i < 3 && line != NULL; i++, line = strchr(line, '\n')) {
        const char *mark = strstr(line, "SPDX-License-Identifier: Apache-2.0");
        if (mark != NULL && line_of(file->text, mark) <= 3)
            return;
    }
    struct place place = whole_file(file, 1);
    add(report, &place, "spdx", "no SPDX line among the first three");
}

void rule_marks(const struct source_file *file, const struct report *report)
{
    check_spdx(file, report);
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        for (const char *at = file->text; (at = find_word(file->text, at, WORDS[i])) != NULL; at++) {
            struct place place = whole_file(file, line_of(file->text, at));
            add(report, &place, "word", "%s: finish it or drop it", WORDS[i]);
        }
    }
    const char *slash = strrchr(file->path, '/');
    const char *name = slash == NULL ? file->path : slash + 1;
    for (size_t i = 0; i < sizeof VAGUE_NAMES / sizeof *VAGUE_NAMES; i++) {
        struct place place = whole_file(file, 1);
        if (path_starts_with(name, VAGUE_NAMES[i]))
            add(report, &place, "name", "a file is named after what it holds");
    }
}

static size_t characters(const char *line, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)line[i] & 0xC0) != 0x80;
    return count;
}

void rule_lengths(const struct source_file *file, const struct report *report)
{
    if (!is_script(file) && !ends_with_any(file->path, ".c .h .sql .py .sh .cmake .mjs"))
        return;
    size_t lines = 0;
    for (const char *line = file->text; *line != '\0'; lines++) {
        size_t size = strcspn(line, "\n");
        struct place place = whole_file(file, lines + 1);
        size_t wide = characters(line, size);
        if (wide > LINE_CHARACTERS_MAX)
            add(report, &place, "line-length", "%zu characters, at most %d", wide, LINE_CHARACTERS_MAX);
        line += size + (line[size] == '\n');
    }
    struct place place = whole_file(file, lines);
    bool header = path_ends_with(file->path, ".h");
    if (header && lines > HEADER_LINES_MAX)
        add(report, &place, "header-lines", "%zu lines, at most %d", lines, HEADER_LINES_MAX);
    else if (lines > FILE_LINES_MAX)
        add(report, &place, "file-lines", "%zu lines, at most %d", lines, FILE_LINES_MAX);
}

static bool is_allowed(const char *path, const char *allowed)
{
    bool yes = false;
    for (const char *at = allowed; *at != '\0'; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        bool out = *at == '!';
        if (strncmp(path, at + out, size - out) == 0)
            yes = !out;
        at += size;
    }
    return yes;
}

/* A call by name: not a member, and with a parenthesis; `goto` is no call. */
static bool is_use(const char *text, const char *at, const char *name)
{
    const char *behind = at + strlen(name);
    behind += strspn(behind, " \t\n");
    bool member = at > text && (at[-1] == '.' || (at - text > 1 && at[-1] == '>' && at[-2] == '-'));
    return strcmp(name, "goto") == 0 || (*behind == '(' && !member);
}

static void check_typedef(const struct source_file *file, const struct report *report)
{
    for (const char *at = file->code; (at = find_word(file->code, at, "typedef")) != NULL; at++) {
        const char *next = at + strlen("typedef");
        next += strspn(next, " \t\n");
        struct place place = whole_file(file, line_of(file->code, at));
        if (find_word(next, next, "struct") == next || find_word(next, next, "union") == next)
            add(report, &place, "typedef", "structs and unions go by their tag");
    }
}

void rule_banned(const struct source_file *file, const struct report *report)
{
    if (!ends_with_any(file->path, ".c .h"))
        return;
    check_typedef(file, report);
    for (size_t i = 0; i < sizeof BANNED / sizeof *BANNED; i++) {
        if (is_allowed(file->path, BANNED[i].allowed))
            continue;
        for (const char *at = file->code; (at = find_word(file->code, at, BANNED[i].name)) != NULL; at++) {
            struct place place = whole_file(file, line_of(file->code, at));
            if (is_use(file->code, at, BANNED[i].name))
                add(report, &place, "banned", "%s is not used here", BANNED[i].name);
        }
    }
}

void rule_functions(struct source_file *file, const struct report *report)
{
    if (!ends_with_any(file->path, ".c .h"))
        return;
    shape_prepare(file);
    size_t at = 0;
    for (struct shape shape; shape_next(file->code, &at, &shape);) {
        struct place place = {file->path, shape.name, shape.line};
        if (shape.lines > FUNCTION_LINES_MAX)
            add(report, &place, "function-lines", "%zu lines, at most %d", shape.lines, FUNCTION_LINES_MAX);
        if (shape.parameters > PARAMETERS_MAX)
            add(report, &place, "parameters", "%zu parameters, at most %d", shape.parameters, PARAMETERS_MAX);
        if (shape.nesting > NESTING_MAX)
            add(report, &place, "nesting", "%zu levels, at most %d", shape.nesting, NESTING_MAX);
    }
}

/* Which list must name a file, and by which word; false when no list must. */
static bool list_for(const char *path, char list[256], char word[256])
{
    const char *base = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    char floor[64] = "";
    if (path_starts_with(path, "src/") && path_ends_with(path, ".c") && strchr(path + 4, '/') != NULL) {
        (void)snprintf(floor, sizeof floor, "%.*s", (int)strcspn(path + 4, "/"), path + 4);
        (void)snprintf(list, 256, "src/%s/CMakeLists.txt", floor);
        (void)snprintf(word, 256, "%s", path + 4 + strlen(floor) + 1);
        return true;
    }
    if (path_starts_with(path, "tests/unit/") && path_starts_with(base, "test_") && path_ends_with(base, ".c")) {
        (void)snprintf(floor, sizeof floor, "%.*s", (int)strcspn(path + 11, "/"), path + 11);
        (void)snprintf(list, 256, "src/%s/CMakeLists.txt", floor);
        (void)snprintf(word, 256, "%.*s", (int)(strlen(base) - strlen("test_.c")), base + strlen("test_"));
        return true;
    }
    (void)snprintf(list, 256, "tests/CMakeLists.txt");
    bool property = path_starts_with(path, "tests/property/");
    bool fuzz = path_starts_with(path, "tests/fuzz/");
    bool black_box = path_starts_with(path, "tests/integration/");
    (void)snprintf(word, 256, "%.*s", (int)(property ? strcspn(base, ".") : strlen(base)), base);
    return ((property || fuzz) && path_ends_with(base, ".c")) || (black_box && path_ends_with(base, ".py"));
}

/* A name in a CMake list: words end at blanks and parentheses there, and a path may stand before a file's name. */
static bool is_named(const char *text, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || strchr(" \n(/\"", at[-1]) != NULL) && strchr(" \n)\"", at[size]) != NULL)
            return true;
    return false;
}

void rule_listed(const struct source_file *file, const char *root, const struct report *report)
{
    char list[256];
    char word[256];
    if (!list_for(file->path, list, word) || strcmp(file->path, "tests/fuzz/driver.c") == 0)
        return;
    struct source_file cmake = {0};
    bool named = source_file_open(&cmake, root, list) && is_named(cmake.text, word);
    source_file_close(&cmake);
    struct place place = whole_file(file, 1);
    if (!named)
        add(report, &place, "unlisted", "%s does not name %s", list, word);
}
