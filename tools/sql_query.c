/* SPDX-License-Identifier: Apache-2.0
 * Reads one query after the other: head, columns, SQL without its comments, parameters. */
#include "sql_query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SOURCE_BYTES (4 * 1024 * 1024)

_Noreturn void sql_refuse(const struct source *source, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "%s:%d: ", source->path, source->line);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(EXIT_FAILURE);
}

/* ---- reading */

struct source source_open(struct arena *arena, const char *path)
{
    struct source source = {.path = path};
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        sql_refuse(&source, "cannot be read");
    long size = ftell(file);
    if (size < 0 || size > SOURCE_BYTES || fseek(file, 0, SEEK_SET) != 0)
        sql_refuse(&source, "is longer than %d bytes", SOURCE_BYTES);
    char *text = arena_take(arena, (size_t)size, 1);
    if (text == NULL)
        sql_refuse(&source, "more SQL than this tool has memory for");
    source.rest = (struct text){text, fread(text, 1, (size_t)size, file)};
    if (fclose(file) != 0 || source.rest.size != (size_t)size)
        sql_refuse(&source, "cannot be read whole");
    return source;
}

static bool next_line(struct source *source, struct text *line)
{
    if (source->rest.size == 0)
        return false;
    const char *end = memchr(source->rest.at, '\n', source->rest.size);
    size_t size = end == NULL ? source->rest.size : (size_t)(end - source->rest.at);
    *line = (struct text){source->rest.at, size};
    size_t taken = end == NULL ? size : size + 1;
    source->rest = (struct text){source->rest.at + taken, source->rest.size - taken};
    source->line++;
    return true;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Lower-case letters, digits and underscores, a letter first: a C name and an SQL name. */
static bool is_name(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_word_byte(text.at[i]) || (text.at[i] >= 'A' && text.at[i] <= 'Z'))
            return false;
    return text.size > 0 && text.size <= 60 && text.at[0] >= 'a' && text.at[0] <= 'z';
}

/* Takes what stands before `mark` and moves behind it; all of it when there is none. */
static struct text take_until(struct text *text, char mark)
{
    const char *end = text->size == 0 ? NULL : memchr(text->at, mark, text->size);
    size_t size = end == NULL ? text->size : (size_t)(end - text->at);
    struct text taken = {text->at, size};
    size_t moved = end == NULL ? size : size + 1;
    *text = (struct text){text->at + moved, text->size - moved};
    return taken;
}

static void read_columns(const struct source *source, struct text list, struct columns *columns)
{
    while (text_trim(list).size > 0) {
        struct text item = text_trim(take_until(&list, ','));
        struct column column = {.name = take_until(&item, ' '), .type = text_trim(item)};
        if (!is_name(column.name))
            sql_refuse(source, "\"%.*s\" is not a name", TEXT_ARGS(column.name));
        if (!text_is(column.type, "int64") && !text_is(column.type, "text") && !text_is(column.type, "bytes"))
            sql_refuse(source, "the type of %.*s is not int64, text or bytes", TEXT_ARGS(column.name));
        for (size_t i = 0; i < columns->count; i++)
            if (text_equals(columns->at[i].name, column.name))
                sql_refuse(source, "%.*s stands twice", TEXT_ARGS(column.name));
        if (columns->count == LIMIT_STATEMENT_PARAMETERS)
            sql_refuse(source, "more than %d columns", LIMIT_STATEMENT_PARAMETERS);
        columns->at[columns->count++] = column;
    }
}

static void read_word(const struct source *source, struct text value, struct text *out)
{
    if (out->size > 0)
        sql_refuse(source, "stands twice in one head");
    if (!is_name(value))
        sql_refuse(source, "\"%.*s\" is not a name", TEXT_ARGS(value));
    *out = value;
}

/* One line of a head, behind its dashes: `key: value`, or the next part of the list of the line before. */
static void read_head_line(const struct source *source, struct text line, struct query *query, struct columns **list)
{
    if (text_starts_with(line, "    ") && *list != NULL) {
        read_columns(source, line, *list);
        return;
    }
    struct text key = text_trim(take_until(&line, ':'));
    struct text value = text_trim(line);
    *list = text_is(key, "in") ? &query->in : text_is(key, "out") ? &query->out : NULL;
    if (*list != NULL && (*list)->count > 0)
        sql_refuse(source, "stands twice in one head");
    if (*list != NULL)
        read_columns(source, value, *list);
    else if (text_is(key, "part"))
        read_word(source, value, &query->part);
    else if (text_is(key, "name"))
        read_word(source, value, &query->name);
    else if (text_is(key, "file"))
        read_word(source, value, &query->file);
    else if (text_is(key, "rows"))
        read_word(source, value, &query->rows);
    else if (text_is(key, "row"))
        read_word(source, value, &query->row);
    else if (text_is(key, "apart"))
        read_word(source, value, &query->apart);
    else if (text_is(key, "meets"))
        read_word(source, value, &query->meets);
    else
        sql_refuse(source, "a head knows name, part, file, in, out, row, rows, apart and meets, not \"%.*s\"",
                   TEXT_ARGS(key));
}

/* Adds a line of SQL without its comment. True when the statement ends on it. */
static bool read_sql_line(const struct source *source, struct text line, bool *quoted, struct query *query)
{
    size_t size = 0;
    for (; size < line.size; size++) {
        char c = line.at[size];
        if (c == '\'')
            *quoted = !*quoted;
        else if (!*quoted && (c == ';' || text_starts_with((struct text){line.at + size, line.size - size}, "--")))
            break;
    }
    bool ends = size < line.size && line.at[size] == ';';
    struct text behind = ends ? text_trim((struct text){line.at + size + 1, line.size - size - 1}) : TEXT_NONE;
    if (behind.size > 0 && !text_starts_with(behind, "--"))
        sql_refuse(source, "one statement ends here and another begins on the same line");
    struct text code = text_trim((struct text){line.at, size});
    if (code.size > 0 && query->sql.size > 0)
        build_byte(&query->sql, '\n');
    build_text(&query->sql, code);
    return ends;
}

/* Moves to the next `-- name:` or `-- part:`; comments and blank lines before it are for people. False at the end of
 * the file. */
static bool find_head(struct source *source, struct text *line)
{
    while (next_line(source, line)) {
        if (text_starts_with(*line, "-- name:") || text_starts_with(*line, "-- part:"))
            return true;
        if (text_trim(*line).size > 0 && !text_starts_with(*line, "--"))
            sql_refuse(source, "a statement without a head");
    }
    return false;
}

bool query_read(struct arena *arena, struct source *source, struct query *query)
{
    *query = (struct query){.sql = builder_open(arena, 64 * 1024)};
    struct columns *list = NULL;
    struct text line;
    if (!find_head(source, &line))
        return false;
    do {
        if (!text_starts_with(line, "--"))
            break;
        read_head_line(source, (struct text){line.at + 2, line.size - 2}, query, &list);
    } while (next_line(source, &line));
    bool quoted = false;
    struct text name = query->part.size > 0 ? query->part : query->name;
    while (!read_sql_line(source, line, &quoted, query))
        if (!next_line(source, &line))
            sql_refuse(source, "%.*s has no end; a statement ends with a semicolon", TEXT_ARGS(name));
    bool says_more = query->name.size + query->file.size + query->rows.size + query->row.size > 0 ||
                     query->in.count + query->out.count > 0;
    if (query->part.size > 0 && says_more)
        sql_refuse(source, "%.*s: a part has a name and nothing else", TEXT_ARGS(name));
    return true;
}

/* ---- checking */

struct token {
    struct text text;  /* a word, a number, a parameter, or one other byte */
    int         depth; /* of parentheses around it */
};

/* Steps over the SQL; what stands in quotes is passed over. */
static bool next_token(struct text *sql, struct token *token)
{
    while (sql->size > 0) {
        size_t size = 1;
        if (*sql->at == '\'') {
            (void)take_until(sql, '\''); /* empty: the opening quote itself */
            (void)take_until(sql, '\''); /* the literal */
            continue;
        }
        while ((is_word_byte(*sql->at) || *sql->at == '$') && size < sql->size && is_word_byte(sql->at[size]))
            size++;
        token->text = (struct text){sql->at, size};
        token->depth += text_is(token->text, "(") - text_is(token->text, ")");
        *sql = (struct text){sql->at + size, sql->size - size};
        if (text_trim(token->text).size > 0)
            return true;
    }
    return false;
}

static bool is_writing_word(struct text word)
{
    return text_equals_ignoring_case(word, "insert") || text_equals_ignoring_case(word, "update") ||
           text_equals_ignoring_case(word, "delete");
}

static bool leads_to_table(struct text word)
{
    static const char *const WORDS[] = {"from", "join", "into", "update"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (text_equals_ignoring_case(word, WORDS[i]))
            return true;
    return false;
}

static uint64_t bit_of(struct text table)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < table.size; i++)
        hash = (hash ^ (uint8_t)table.at[i]) * 16777619u;
    return UINT64_C(1) << (hash >> 16 ^ hash) % 64;
}

/* Behind FROM, JOIN, INTO and UPDATE; names that the query itself makes are taken for tables, too, which does no harm.
 * Of a list behind FROM only the first would be seen. */
static void note_tables(const struct source *source, struct query *query)
{
    struct text sql = builder_text(&query->sql);
    struct token token = {.depth = 0};
    bool is_next = false;
    int words = 0; /* since a table: itself and its alias */
    while (next_token(&sql, &token)) {
        bool is_word = is_word_byte(*token.text.at);
        if (is_next && is_word)
            query->tables |= bit_of(token.text);
        if (*token.text.at == ',' && words > 0)
            sql_refuse(source, "%.*s: a list of tables; say JOIN", TEXT_ARGS(query->name));
        words = is_next && is_word ? 1 : is_word && words == 1 ? 2 : 0;
        is_next = leads_to_table(token.text);
    }
}

/* An INSERT of values that gives no row back and neither leaves nor passes over one that is there. */
static bool is_put(const struct query *query)
{
    struct text sql = builder_text(&query->sql);
    struct token token = {.depth = 0};
    bool puts = next_token(&sql, &token) && text_equals_ignoring_case(token.text, "insert");
    bool has_values = false;
    while (puts && next_token(&sql, &token)) {
        has_values = has_values || (token.depth == 0 && text_equals_ignoring_case(token.text, "values"));
        puts = token.depth > 0 || !(text_equals_ignoring_case(token.text, "nothing") ||
                                    text_equals_ignoring_case(token.text, "where") ||
                                    text_equals_ignoring_case(token.text, "returning"));
    }
    return puts && has_values;
}

/* What stands between the first word and SET or WHERE, and all from WHERE on. */
static bool read_named(struct query *query, struct arena *arena)
{
    struct text sql = builder_text(&query->sql);
    struct text rest = sql;
    struct token token = {.depth = 0};
    struct text table = TEXT_NONE;
    bool is_next = false;
    while (next_token(&rest, &token)) {
        if (is_next)
            table = token.text;
        is_next = table.size == 0 && (text_equals_ignoring_case(token.text, "update") ||
                                      text_equals_ignoring_case(token.text, "from"));
        if (token.depth > 0 || !text_equals_ignoring_case(token.text, "where"))
            continue;
        size_t size = (size_t)(sql.at + sql.size - token.text.at);
        query->named = text_format(arena, "%.*s %.*s", TEXT_ARGS(table), (int)size, token.text.at);
        return table.size > 0 && is_name(table);
    }
    return false;
}

/* Every change says how many rows it is to meet: what vanishes on its way is found by that. An INSERT of values says it
 * by what it is. */
static void note_meets(const struct source *source, struct query *query, struct arena *arena)
{
    struct text sql = builder_text(&query->sql);
    bool is_told = text_is(query->meets, "told");
    bool is_all = text_is(query->meets, "all");
    if (query->meets.size == 0 && is_put(query))
        query->meets = TEXT("one");
    if (query->meets.size == 0 && query->writes && text_is(query->rows, "none"))
        sql_refuse(source, "%.*s: a change says how many rows it meets: one, all, any or told",
                   TEXT_ARGS(query->name));
    if (query->meets.size > 0 && (!query->writes || !text_is(query->rows, "none")))
        sql_refuse(source, "%.*s: what meets rows changes them, and gives none", TEXT_ARGS(query->name));
    if (query->meets.size > 0 && !is_told && !is_all && !text_is(query->meets, "one") && !text_is(query->meets, "any"))
        sql_refuse(source, "%.*s: it meets one, all, any or told", TEXT_ARGS(query->name));
    if (is_told && (query->apart.size == 0 || !text_starts_with(sql, "DELETE FROM ")))
        sql_refuse(source, "%.*s: what is told is a DELETE that says what parts its rows", TEXT_ARGS(query->name));
    bool names = text_starts_with(sql, "DELETE FROM ") || text_starts_with(sql, "UPDATE ");
    if (is_all && (!names || !read_named(query, arena)))
        sql_refuse(source, "%.*s: what meets all is an UPDATE or DELETE with a WHERE", TEXT_ARGS(query->name));
}

/* The parameters are exactly $1 … $n, and the statement is one that reads rows or changes them. */
void query_check_sql(struct arena *arena, const struct source *source, struct query *query)
{
    bool used[LIMIT_STATEMENT_PARAMETERS + 1] = {false};
    struct text sql = builder_text(&query->sql);
    struct token token = {.depth = 0};
    bool first = true;
    while (next_token(&sql, &token)) {
        int64_t number = 0;
        if (first && !is_writing_word(token.text) && !text_equals_ignoring_case(token.text, "select") &&
            !text_equals_ignoring_case(token.text, "with"))
            sql_refuse(source, "%.*s does not begin with SELECT, WITH, INSERT, UPDATE or DELETE",
                       TEXT_ARGS(query->name));
        first = false;
        if (token.depth == 0 && is_writing_word(token.text))
            query->writes = true;
        if (*token.text.at != '$')
            continue;
        if (!text_to_int64((struct text){token.text.at + 1, token.text.size - 1}, &number) || number < 1 ||
            (size_t)number > query->in.count)
            sql_refuse(source, "%.*s has no parameter for %.*s", TEXT_ARGS(query->name), TEXT_ARGS(token.text));
        used[number] = true;
    }
    for (size_t i = 1; i <= query->in.count; i++)
        if (!used[i])
            sql_refuse(source, "%.*s does not use $%zu", TEXT_ARGS(query->name), i);
    note_tables(source, query);
    note_meets(source, query, arena);
}
