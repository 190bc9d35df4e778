/* SPDX-License-Identifier: Apache-2.0
 * A small reader of statements. It knows brackets, the control keywords, labels and semicolons, and takes a call that
 * a block follows for a loop made by a macro. */
#include "source_shape.h"

#include <string.h>

struct reader {
    const char *body;
    size_t      at;
    size_t      deepest;
};

void shape_prepare(struct source_file *file)
{
    bool directive = false;
    bool fresh = true; /* only blanks so far on this line */
    for (size_t i = 0; i < file->size; i++) {
        char c = file->code[i];
        if (c == '\n') {
            directive = directive && i > 0 && file->text[i - 1] == '\\';
            fresh = true;
            continue;
        }
        directive = directive || (fresh && c == '#');
        fresh = fresh && (c == ' ' || c == '\t');
        if (directive)
            file->code[i] = ' ';
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct reader *reader)
{
    while (is_blank(reader->body[reader->at]))
        reader->at++;
}

/* From an opening bracket to behind its closing one, all kinds counted alike. */
static void skip_brackets(struct reader *reader)
{
    size_t depth = 0;
    for (; reader->body[reader->at] != '\0'; reader->at++) {
        char c = reader->body[reader->at];
        if (c == '(' || c == '[' || c == '{')
            depth++;
        if ((c == ')' || c == ']' || c == '}') && --depth == 0) {
            reader->at++;
            return;
        }
    }
}

static size_t word_at(const struct reader *reader)
{
    size_t size = 0;
    while (is_word_character(reader->body[reader->at + size]))
        size++;
    return size;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t size = word_at(reader);
    if (size != strlen(word) || strncmp(reader->body + reader->at, word, size) != 0)
        return false;
    reader->at += size;
    skip_blanks(reader);
    return true;
}

static void read_statement(struct reader *reader, size_t depth);

static void read_block(struct reader *reader, size_t depth)
{
    reader->at++;
    for (skip_blanks(reader); reader->body[reader->at] != '}' && reader->body[reader->at] != '\0'; skip_blanks(reader))
        read_statement(reader, depth);
    if (reader->body[reader->at] == '}')
        reader->at++;
}

/* What a control statement governs. */
static void read_governed(struct reader *reader, size_t depth)
{
    if (depth > reader->deepest)
        reader->deepest = depth;
    skip_blanks(reader);
    if (reader->body[reader->at] == '{')
        read_block(reader, depth);
    else
        read_statement(reader, depth);
}

static void read_else(struct reader *reader, size_t depth)
{
    skip_blanks(reader);
    if (!take_word(reader, "else"))
        return;
    size_t size = word_at(reader);
    if (size == 2 && strncmp(reader->body + reader->at, "if", 2) == 0)
        read_statement(reader, depth);
    else
        read_governed(reader, depth + 1);
}

/* An expression, a declaration, a label or a loop made by a macro. */
static void read_simple(struct reader *reader, size_t depth)
{
    size_t first = word_at(reader);
    reader->at += first;
    skip_blanks(reader);
    bool label = first > 0 && reader->body[reader->at] == ':';
    bool call = first > 0 && reader->body[reader->at] == '(';
    if (call) {
        skip_brackets(reader);
        skip_blanks(reader);
    }
    if (call && reader->body[reader->at] == '{') {
        read_governed(reader, depth + 1);
        return;
    }
    for (char c = reader->body[reader->at]; c != ';' && c != '}' && c != '\0' && !label; c = reader->body[reader->at]) {
        if (c == '(' || c == '[' || c == '{')
            skip_brackets(reader);
        else
            reader->at++;
    }
    if (reader->body[reader->at] == ';' || label)
        reader->at++;
}

static void read_case(struct reader *reader)
{
    while (reader->body[reader->at] != ':' && reader->body[reader->at] != '\0')
        reader->at++;
    if (reader->body[reader->at] == ':')
        reader->at++;
}

static void read_statement(struct reader *reader, size_t depth)
{
    bool is_if = take_word(reader, "if");
    if (is_if || take_word(reader, "for") || take_word(reader, "while") || take_word(reader, "switch")) {
        skip_brackets(reader);
        read_governed(reader, depth + 1);
        if (is_if)
            read_else(reader, depth);
    } else if (take_word(reader, "do")) {
        read_governed(reader, depth + 1);
        skip_blanks(reader);
        read_simple(reader, depth);
    } else if (take_word(reader, "case") || take_word(reader, "default")) {
        read_case(reader);
    } else if (reader->body[reader->at] == '{') {
        read_governed(reader, depth + 1);
    } else {
        read_simple(reader, depth);
    }
}

/* Back from a closing parenthesis to its opening one. */
static size_t opening_of(const char *body, size_t at)
{
    size_t depth = 0;
    for (;; at--) {
        depth += body[at] == ')';
        if ((body[at] == '(' && --depth == 0) || at == 0)
            return at;
    }
}

static size_t count_parameters(const char *body, size_t open, size_t close)
{
    struct reader reader = {.body = body, .at = open + 1};
    size_t count = 1;
    skip_blanks(&reader);
    if (reader.at >= close || (take_word(&reader, "void") && reader.at >= close))
        return 0;
    while (reader.at < close) {
        char c = body[reader.at];
        count += c == ',';
        if (c == '(' || c == '[')
            skip_brackets(&reader);
        else
            reader.at++;
    }
    return count;
}

/* The last `)` before an opening brace and the name before its `(`; false when the brace opens something else. */
static bool read_head(const char *body, size_t brace, struct shape *out)
{
    size_t close = brace;
    while (close > 0 && is_blank(body[close - 1]))
        close--;
    if (close == 0 || body[close - 1] != ')')
        return false;
    size_t open = opening_of(body, --close);
    size_t end = open;
    while (end > 0 && is_blank(body[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && is_word_character(body[start - 1]))
        start--;
    if (start == end || end - start >= sizeof out->name)
        return false;
    *out = (struct shape){.line = line_of(body, body + start), .parameters = count_parameters(body, open, close)};
    memcpy(out->name, body + start, end - start);
    return true;
}

bool shape_next(const char *body, size_t *at, struct shape *out)
{
    struct reader reader = {.body = body, .at = *at};
    for (; body[reader.at] != '\0'; reader.at++) {
        if (body[reader.at] != '{')
            continue;
        if (!read_head(body, reader.at, out)) {
            skip_brackets(&reader);
            reader.at--;
            continue;
        }
        read_block(&reader, 0);
        out->nesting = reader.deepest;
        out->lines = line_of(body, body + reader.at) - out->line + 1;
        *at = reader.at;
        return true;
    }
    *at = reader.at;
    return false;
}
