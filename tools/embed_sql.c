/* SPDX-License-Identifier: Apache-2.0
 * Turns SQL files into C while the program is built, so that a query has one home, its file, and a typed function that
 * cannot be called with the wrong columns.
 *   embed_sql queries OUT.h OUT.c FILE…      every named query: structs, prototype, descriptor, function
 *   embed_sql migrations OUT.c FILE…         every migration: number, name and text
 * Several queries may share one row struct (`-- row: NAME`); `:columns:` in their SQL stands for its columns.
 * Leaves whether the SQL itself is right to the database, which prepares every query at start. Anything in a head that
 * is not understood stops the build: nothing is guessed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"

#define ARENA_BYTES (64u * 1024 * 1024)
#define SOURCE_BYTES (4u * 1024 * 1024)
#define QUERIES_MAX 2000

struct source {
    const char *path;
    struct text rest;
    int         line; /* of what was read last */
};

struct column {
    struct text name;
    struct text type; /* "int64", "text" or "bytes" */
};

struct columns {
    struct column at[LIMIT_STATEMENT_PARAMETERS];
    size_t        count;
};

struct query {
    struct text    name;
    struct text    file;
    struct text    rows;
    struct text    row; /* name of the row struct; the query's own unless the head shares one */
    struct columns in;
    struct columns out;
    struct builder sql; /* without comments, one line after the other */
    bool           writes;
};

/* A row struct that stands in the header already. */
struct shared_row {
    struct text    name;
    struct columns columns;
};

struct output {
    struct arena *arena;
    FILE         *header;
    FILE         *body;
    struct text   names[QUERIES_MAX];
    size_t        count;
    struct shared_row *rows;
    size_t             rows_count;
    struct builder table; /* the rows of STATEMENTS, written last */
};

static _Noreturn void refuse(const struct source *source, const char *format, ...) PRINTF_LIKE(2, 3);

static _Noreturn void refuse(const struct source *source, const char *format, ...)
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

static struct source source_open(struct arena *arena, const char *path)
{
    struct source source = {.path = path};
    char *text = arena_take(arena, SOURCE_BYTES, 1);
    FILE *file = fopen(path, "rb");
    if (text == NULL || file == NULL)
        refuse(&source, "cannot be read");
    size_t size = fread(text, 1, SOURCE_BYTES, file);
    if (ferror(file) || fclose(file) != 0 || size == SOURCE_BYTES)
        refuse(&source, "cannot be read whole");
    source.rest = (struct text){text, size};
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
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Lower-case letters, digits and underscores, a letter first: a C name and an SQL name. */
static bool is_name(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_word_byte(text.at[i]))
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
            refuse(source, "\"%.*s\" is not a name", TEXT_ARGS(column.name));
        if (!text_is(column.type, "int64") && !text_is(column.type, "text") && !text_is(column.type, "bytes"))
            refuse(source, "the type of %.*s is not int64, text or bytes", TEXT_ARGS(column.name));
        for (size_t i = 0; i < columns->count; i++)
            if (text_equals(columns->at[i].name, column.name))
                refuse(source, "%.*s stands twice", TEXT_ARGS(column.name));
        if (columns->count == LIMIT_STATEMENT_PARAMETERS)
            refuse(source, "more than %d columns", LIMIT_STATEMENT_PARAMETERS);
        columns->at[columns->count++] = column;
    }
}

static void read_word(const struct source *source, struct text value, struct text *out)
{
    if (out->size > 0)
        refuse(source, "stands twice in one head");
    if (!is_name(value))
        refuse(source, "\"%.*s\" is not a name", TEXT_ARGS(value));
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
        refuse(source, "stands twice in one head");
    if (*list != NULL)
        read_columns(source, value, *list);
    else if (text_is(key, "name"))
        read_word(source, value, &query->name);
    else if (text_is(key, "file"))
        read_word(source, value, &query->file);
    else if (text_is(key, "rows"))
        read_word(source, value, &query->rows);
    else if (text_is(key, "row"))
        read_word(source, value, &query->row);
    else
        refuse(source, "a head knows name, file, in, out, row and rows, not \"%.*s\"", TEXT_ARGS(key));
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
        refuse(source, "one statement ends here and another begins on the same line");
    struct text code = text_trim((struct text){line.at, size});
    if (code.size > 0 && query->sql.size > 0)
        build_byte(&query->sql, '\n');
    build_text(&query->sql, code);
    return ends;
}

/* Moves to the next `-- name:`; comments and blank lines before it are for people. False at the end of the file. */
static bool find_head(struct source *source, struct text *line)
{
    while (next_line(source, line)) {
        if (text_starts_with(*line, "-- name:"))
            return true;
        if (text_trim(*line).size > 0 && !text_starts_with(*line, "--"))
            refuse(source, "a statement without a head");
    }
    return false;
}

static bool read_query(struct arena *arena, struct source *source, struct query *query)
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
    while (!read_sql_line(source, line, &quoted, query))
        if (!next_line(source, &line))
            refuse(source, "%.*s has no end; a statement ends with a semicolon", TEXT_ARGS(query->name));
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
        while (size < sql->size && text_trim((struct text){sql->at, 1}).size > 0 && *sql->at != '(' && *sql->at != ')' &&
               *sql->at != ',' && (is_word_byte(sql->at[size]) || (sql->at[size] >= 'A' && sql->at[size] <= 'Z')))
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

/* The parameters are exactly $1 … $n, and the statement is one that reads rows or changes them. */
static void check_sql(const struct source *source, struct query *query)
{
    bool used[LIMIT_STATEMENT_PARAMETERS + 1] = {false};
    struct text sql = builder_text(&query->sql);
    struct token token = {.depth = 0};
    bool first = true;
    while (next_token(&sql, &token)) {
        int64_t number = 0;
        if (first && !is_writing_word(token.text) && !text_equals_ignoring_case(token.text, "select") &&
            !text_equals_ignoring_case(token.text, "with"))
            refuse(source, "%.*s does not begin with SELECT, WITH, INSERT, UPDATE or DELETE", TEXT_ARGS(query->name));
        first = false;
        if (token.depth == 0 && is_writing_word(token.text))
            query->writes = true;
        if (*token.text.at != '$')
            continue;
        if (!text_to_int64((struct text){token.text.at + 1, token.text.size - 1}, &number) || number < 1 ||
            (size_t)number > query->in.count)
            refuse(source, "%.*s has no parameter for %.*s", TEXT_ARGS(query->name), TEXT_ARGS(token.text));
        used[number] = true;
    }
    for (size_t i = 1; i <= query->in.count; i++)
        if (!used[i])
            refuse(source, "%.*s does not use $%zu", TEXT_ARGS(query->name), i);
}

static void check_query(const struct source *source, struct query *query, const struct output *output)
{
    static const char *const FILES[] = {"people", "ledger", "records", "keys"};
    bool known = false;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        known = known || text_is(query->file, FILES[i]);
    if (!known)
        refuse(source, "%.*s: the file is people, ledger, records or keys", TEXT_ARGS(query->name));
    bool none = text_is(query->rows, "none");
    if (!none && !text_is(query->rows, "one") && !text_is(query->rows, "many"))
        refuse(source, "%.*s: the rows are one, many or none", TEXT_ARGS(query->name));
    if (none != (query->out.count == 0))
        refuse(source, "%.*s: a query with rows has `out`, one without has none", TEXT_ARGS(query->name));
    if (query->sql.overflowed)
        refuse(source, "%.*s is too long", TEXT_ARGS(query->name));
    if (output->count == QUERIES_MAX)
        refuse(source, "more than %d queries", QUERIES_MAX);
    for (size_t i = 0; i < output->count; i++)
        if (text_equals(output->names[i], query->name))
            refuse(source, "%.*s exists already", TEXT_ARGS(query->name));
    check_sql(source, query);
}

/* ---- shared rows: the first query of a `row` names its columns, later ones take them over */

static const struct shared_row *find_row(const struct output *output, struct text name)
{
    for (size_t i = 0; i < output->rows_count; i++)
        if (text_equals(output->rows[i].name, name))
            return &output->rows[i];
    return NULL;
}

static bool columns_equal(const struct columns *a, const struct columns *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!text_equals(a->at[i].name, b->at[i].name) || !text_equals(a->at[i].type, b->at[i].type))
            return false;
    return a->count == b->count;
}

static void take_row(const struct source *source, struct query *query, const struct output *output)
{
    if (query->row.size == 0) {
        query->row = query->name;
        return;
    }
    const struct shared_row *row = find_row(output, query->row);
    if (row != NULL && query->out.count == 0)
        query->out = row->columns;
    if (row != NULL && !columns_equal(&row->columns, &query->out))
        refuse(source, "%.*s: the row %.*s has other columns", TEXT_ARGS(query->name), TEXT_ARGS(query->row));
}

/* Writes the names of the row where the SQL says `:columns:`. */
static void expand_columns(struct arena *arena, struct query *query)
{
    static const char TOKEN[] = ":columns:";
    struct text sql = builder_text(&query->sql);
    struct builder expanded = builder_open(arena, 64 * 1024);
    while (sql.size > 0) {
        if (!text_starts_with(sql, TOKEN)) {
            build_byte(&expanded, (uint8_t)*sql.at);
            sql = (struct text){sql.at + 1, sql.size - 1};
            continue;
        }
        for (size_t i = 0; i < query->out.count; i++) {
            build_literal(&expanded, i == 0 ? "" : ", ");
            build_text(&expanded, query->out.at[i].name);
        }
        sql = (struct text){sql.at + sizeof TOKEN - 1, sql.size - sizeof TOKEN + 1};
    }
    query->sql = expanded;
}

/* ---- writing */

static void write_quoted(struct builder *out, struct text text)
{
    build_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\n')
            build_literal(out, "\\n\"\n    \"");
        else if (text.at[i] == '"' || text.at[i] == '\\')
            build_format(out, "\\%c", text.at[i]);
        else
            build_byte(out, (uint8_t)text.at[i]);
    }
    build_byte(out, '"');
}

static void write_struct(FILE *header, struct text name, const char *suffix, const struct columns *columns)
{
    if (columns->count == 0)
        return;
    (void)fprintf(header, "struct sql_%.*s_%s {\n", TEXT_ARGS(name), suffix);
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = &columns->at[i];
        const char *type = text_is(column->type, "int64") ? "int64_t" : text_is(column->type, "text") ? "struct text"
                                                                                                     : "struct bytes";
        (void)fprintf(header, "    %s %.*s;\n", type, TEXT_ARGS(column->name));
    }
    (void)fprintf(header, "};\n");
}

static void write_fields(FILE *body, struct text name, const char *suffix, const struct columns *columns)
{
    if (columns->count == 0)
        return;
    (void)fprintf(body, "static const struct field %.*s_%s[] = {\n", TEXT_ARGS(name), suffix);
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = &columns->at[i];
        const char *type = text_is(column->type, "int64") ? "INT64" : text_is(column->type, "text") ? "TEXT" : "BYTES";
        (void)fprintf(body, "    {\"%.*s\", FIELD_%s, offsetof(struct sql_%.*s_%s, %.*s)},\n", TEXT_ARGS(column->name),
                      type, TEXT_ARGS(name), suffix, TEXT_ARGS(column->name));
    }
    (void)fprintf(body, "};\n");
}

/* `err sql_NAME(…)` without its end: a prototype and a definition differ only there. */
static struct text signature(struct arena *arena, const struct query *query)
{
    struct text in = query->in.count == 0 ? TEXT_NONE
                                          : text_format(arena, ", const struct sql_%.*s_in *in", TEXT_ARGS(query->name));
    struct text rest = TEXT(", int64_t *changed");
    if (text_is(query->rows, "one"))
        rest = text_format(arena, ", struct sql_%.*s_row *row, bool *found", TEXT_ARGS(query->row));
    else if (text_is(query->rows, "many"))
        rest = text_format(arena, ", struct sql_%.*s_row **rows, size_t *count", TEXT_ARGS(query->row));
    return text_format(arena, "err sql_%.*s(struct ctx *cx%.*s%.*s)", TEXT_ARGS(query->name), TEXT_ARGS(in),
                       TEXT_ARGS(rest));
}

static void write_function(struct output *output, const struct query *query)
{
    struct text head = signature(output->arena, query);
    const char *in = query->in.count == 0 ? "NULL" : "in";
    (void)fprintf(output->header, "%.*s MUST_CHECK;\n", TEXT_ARGS(head));
    (void)fprintf(output->body, "%.*s\n{\n", TEXT_ARGS(head));
    if (text_is(query->rows, "one"))
        (void)fprintf(output->body, "    return statement_one(cx, &STATEMENTS[%zu], %s, row, found);\n", output->count, in);
    else if (text_is(query->rows, "none"))
        (void)fprintf(output->body, "    return statement_none(cx, &STATEMENTS[%zu], %s, changed);\n", output->count, in);
    else
        (void)fprintf(output->body,
                      "    void *list = NULL;\n    TRY(statement_many(cx, &STATEMENTS[%zu], %s, &list, count));\n"
                      "    *rows = list;\n    return OK;\n", output->count, in);
    (void)fprintf(output->body, "}\n\n");
}

/* Row by row, for what may be longer than an arena. The adapter keeps the types of the caller's function. */
static void write_each(struct output *output, const struct query *query)
{
    struct text name = query->name;
    struct text take = text_format(output->arena, "err (*take)(struct ctx *cx, const struct sql_%.*s_row *row, void *arg)",
                                   TEXT_ARGS(query->row));
    struct text in = query->in.count == 0 ? TEXT_NONE
                                          : text_format(output->arena, ", const struct sql_%.*s_in *in", TEXT_ARGS(name));
    struct text head = text_format(output->arena, "err sql_%.*s_each(struct ctx *cx%.*s,\n    %.*s, void *arg)",
                                   TEXT_ARGS(name), TEXT_ARGS(in), TEXT_ARGS(take));
    (void)fprintf(output->header, "%.*s MUST_CHECK;\n", TEXT_ARGS(head));
    (void)fprintf(output->body,
                  "struct each_%.*s {\n    %.*s;\n    void *arg;\n};\n"
                  "static err take_%.*s(struct ctx *cx, const void *row, void *arg)\n{\n"
                  "    const struct each_%.*s *each = arg;\n    return each->take(cx, row, each->arg);\n}\n"
                  "%.*s\n{\n    struct each_%.*s each = {take, arg};\n"
                  "    return statement_each(cx, &STATEMENTS[%zu], %s, take_%.*s, &each);\n}\n\n",
                  TEXT_ARGS(name), TEXT_ARGS(take), TEXT_ARGS(name), TEXT_ARGS(name), TEXT_ARGS(head), TEXT_ARGS(name),
                  output->count, query->in.count == 0 ? "NULL" : "in", TEXT_ARGS(name));
}

static void build_upper(struct builder *out, struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        build_byte(out, (uint8_t)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 'a' + 'A' : text.at[i]));
}

static void write_row(struct output *output, const struct query *query)
{
    struct builder *table = &output->table;
    build_format(table, "{.name = \"%.*s\", .index = %zu, .writes = %s, .rows = ROWS_", TEXT_ARGS(query->name),
                 output->count, query->writes ? "true" : "false");
    build_upper(table, query->rows);
    build_literal(table, ", .file = STORE_");
    build_upper(table, query->file);
    if (query->in.count > 0)
        build_format(table, ",\n .in = %.*s_in, .in_count = %zu", TEXT_ARGS(query->name), query->in.count);
    if (query->out.count > 0)
        build_format(table, ",\n .out = %.*s_row, .out_count = %zu, .row_bytes = sizeof(struct sql_%.*s_row)",
                     TEXT_ARGS(query->row), query->out.count, TEXT_ARGS(query->row));
    build_literal(table, ",\n .sql =\n    ");
    write_quoted(table, builder_text(&query->sql));
    build_literal(table, "},\n");
}

static void write_query(struct output *output, const struct query *query)
{
    write_struct(output->header, query->name, "in", &query->in);
    write_fields(output->body, query->name, "in", &query->in);
    if (find_row(output, query->row) == NULL) {
        write_struct(output->header, query->row, "row", &query->out);
        write_fields(output->body, query->row, "row", &query->out);
        output->rows[output->rows_count++] = (struct shared_row){query->row, query->out};
    }
    write_function(output, query);
    if (text_is(query->rows, "many"))
        write_each(output, query);
    (void)fputc('\n', output->header);
    write_row(output, query);
    output->names[output->count++] = query->name;
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        refuse(&(struct source){.path = path}, "cannot be written");
    return file;
}

/* A full disk shows here at the latest. */
static void finish(FILE *file, const char *path)
{
    if (ferror(file) || fclose(file) != 0)
        refuse(&(struct source){.path = path}, "cannot be written whole");
}

static void embed_queries(struct output *output, char **paths, int count)
{
    (void)fprintf(output->header, "/* Made by tools/embed_sql from src/store/sql/queries: do not edit. */\n"
                                  "#ifndef STORE_QUERIES_H\n#define STORE_QUERIES_H\n\n#include \"store/store.h\"\n\n");
    (void)fprintf(output->body, "/* Made by tools/embed_sql from src/store/sql/queries: do not edit. */\n"
                                "#include \"store/queries.h\"\n\n#include \"store/statement.h\"\n\n");
    output->table = builder_open(output->arena, ARENA_BYTES / 4);
    output->rows = ARENA_ARRAY(output->arena, struct shared_row, QUERIES_MAX);
    if (output->rows == NULL)
        exit(EXIT_FAILURE);
    for (int i = 0; i < count; i++) {
        struct source source = source_open(output->arena, paths[i]);
        struct query query;
        while (read_query(output->arena, &source, &query)) {
            take_row(&source, &query, output);
            expand_columns(output->arena, &query);
            check_query(&source, &query, output);
            write_query(output, &query);
        }
        if (output->table.overflowed || arena_is_exhausted(output->arena))
            refuse(&source, "more SQL than this tool has memory for");
    }
    (void)fprintf(output->header, "#endif\n");
    (void)fprintf(output->body, "const struct statement STATEMENTS[] = {\n%.*s};\nconst size_t STATEMENT_COUNT = %zu;\n",
                  TEXT_ARGS(builder_text(&output->table)), output->count);
}

/* "…/0001_one_relationship.sql": the number that orders it, and its name. */
static void embed_migration(struct arena *arena, FILE *body, const char *path, int64_t expected)
{
    struct source source = source_open(arena, path);
    const char *slash = strrchr(path, '/');
    struct text name = text_of(slash == NULL ? path : slash + 1);
    struct text wanted = text_format(arena, "%04lld_", (long long)expected);
    struct builder text = builder_open(arena, ARENA_BYTES / 4);
    if (name.size < 10 || !text_equals((struct text){name.at, 5}, wanted))
        refuse(&source, "migrations are numbered without a gap; this one should begin with %.*s", TEXT_ARGS(wanted));
    write_quoted(&text, source.rest);
    if (text.overflowed)
        refuse(&source, "is too long");
    (void)fprintf(body, "{.version = %lld, .name = \"%.*s\", .sql =\n    %.*s},\n", (long long)expected,
                  (int)(name.size - 4), name.at, TEXT_ARGS(builder_text(&text)));
}

static void embed_migrations(struct arena *arena, FILE *body, char **paths, int count)
{
    (void)fprintf(body, "/* Made by tools/embed_sql from src/store/sql/migrations: do not edit. */\n"
                        "#include \"store/migrate.h\"\n\nconst struct migration MIGRATIONS[] = {\n");
    for (int i = 0; i < count; i++)
        embed_migration(arena, body, paths[i], i + 1);
    (void)fprintf(body, "};\nconst size_t MIGRATION_COUNT = %d;\n", count);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_open(ARENA_BYTES);
    struct output *output = arena == NULL ? NULL : ARENA_NEW(arena, struct output);
    if (output == NULL)
        return EXIT_FAILURE;
    output->arena = arena;
    if (argc > 4 && text_is(text_of(argv[1]), "queries")) {
        output->header = create(argv[2]);
        output->body = create(argv[3]);
        embed_queries(output, argv + 4, argc - 4);
        finish(output->header, argv[2]);
        finish(output->body, argv[3]);
    } else if (argc > 3 && text_is(text_of(argv[1]), "migrations")) {
        output->body = create(argv[2]);
        embed_migrations(arena, output->body, argv + 3, argc - 3);
        finish(output->body, argv[2]);
    } else {
        (void)fprintf(stderr, "usage: embed_sql queries OUT.h OUT.c FILE… | embed_sql migrations OUT.c FILE…\n");
        return EXIT_FAILURE;
    }
    arena_close(arena);
    return EXIT_SUCCESS;
}
