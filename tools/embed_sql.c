/* SPDX-License-Identifier: Apache-2.0
 * Turns SQL files into C while the program is built, so that a query has one home, its file, and a typed function that
 * cannot be called with the wrong columns.
 *   embed_sql queries OUT.h OUT.c FILE…      every named query: structs, prototype, descriptor, function
 *   embed_sql migrations OUT.c FILE…         every migration: number, name and text
 * Rows are `none`, `one`, `many`, or `walk`: so many that they are given one by one and never lie in memory at once.
 * `apart` names the parameter without whose value a statement touches no row, neither reading nor writing.
 * `meets` says how many rows a change is to meet (enum statement_meets of src/store/statement.h); what gives no rows
 * has to say it. `one`: exactly one, or it fails. `all`: every row that its WHERE names, which may be none. `any`:
 * nobody is promised anything, or whoever runs it asks how many. `told`: as `any`, of a DELETE that mostly meets one.
 * Several queries may share one row struct (`-- row: NAME`); `:columns:` in their SQL stands for its columns. What
 * several say in the same words stands before them as a part (`-- part: NAME`); `:NAME:` stands for it.
 * Leaves whether the SQL itself is right to the database, which prepares every query at start. Anything in a head that
 * is not understood stops the build: nothing is guessed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql_query.h"

#define ARENA_BYTES (64u * 1024 * 1024)
#define QUERIES_MAX 2000
#define PARTS_MAX 50

/* A row struct that stands in the header already. */
struct shared_row {
    struct text    name;
    struct columns columns;
};

/* SQL that queries share. */
struct part {
    struct text name;
    struct text sql;
};

struct output {
    struct arena *arena;
    FILE         *header;
    FILE         *body;
    struct text   names[QUERIES_MAX];
    size_t        count;
    struct shared_row *rows;
    size_t             rows_count;
    struct part        parts[PARTS_MAX];
    size_t             parts_count;
    struct builder table; /* the rows of STATEMENTS, written last */
};

/* ---- checking */

/* Of the parameter by which its rows lie apart; 0: there is none. */
static size_t number_of(const struct query *query)
{
    for (size_t i = 0; i < query->in.count; i++)
        if (text_equals(query->in.at[i].name, query->apart))
            return i + 1;
    return 0;
}

static void check_query(const struct source *source, struct query *query, const struct output *output)
{
    static const char *const FILES[] = {"people", "ledger", "records", "keys"};
    bool known = false;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        known = known || text_is(query->file, FILES[i]);
    if (!known)
        sql_refuse(source, "%.*s: the file is people, ledger, records or keys", TEXT_ARGS(query->name));
    bool none = text_is(query->rows, "none");
    if (!none && !text_is(query->rows, "one") && !text_is(query->rows, "many") && !text_is(query->rows, "walk"))
        sql_refuse(source, "%.*s: the rows are one, many, walk or none", TEXT_ARGS(query->name));
    if (none != (query->out.count == 0))
        sql_refuse(source, "%.*s: a query with rows has `out`, one without has none", TEXT_ARGS(query->name));
    if (query->apart.size > 0 && number_of(query) == 0)
        sql_refuse(source, "%.*s: what parts its rows is a parameter", TEXT_ARGS(query->name));
    if (query->sql.overflowed)
        sql_refuse(source, "%.*s is too long", TEXT_ARGS(query->name));
    if (output->count == QUERIES_MAX)
        sql_refuse(source, "more than %d queries", QUERIES_MAX);
    for (size_t i = 0; i < output->count; i++)
        if (text_equals(output->names[i], query->name))
            sql_refuse(source, "%.*s exists already", TEXT_ARGS(query->name));
    query_check_sql(output->arena, source, query);
    if (query->writes && text_is(query->rows, "walk"))
        sql_refuse(source, "%.*s: a walk changes nothing", TEXT_ARGS(query->name));
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
        sql_refuse(source, "%.*s: the row %.*s has other columns", TEXT_ARGS(query->name), TEXT_ARGS(query->row));
}

/* ---- what stands for something longer */

static struct text column_names(struct arena *arena, const struct columns *columns)
{
    struct builder names = builder_open(arena, 16 * 1024);
    for (size_t i = 0; i < columns->count; i++) {
        build_literal(&names, i == 0 ? "" : ", ");
        build_text(&names, columns->at[i].name);
    }
    return builder_text(&names);
}

/* The part whose `:NAME:` the SQL begins with; NULL when it begins with something else. */
static const struct part *find_part(const struct part *parts, size_t count, struct text sql)
{
    for (size_t i = 0; i < count; i++) {
        struct text name = parts[i].name;
        struct text behind = {sql.at + 1, sql.size - 1};
        if (*sql.at == ':' && sql.size > name.size + 1 && sql.at[name.size + 1] == ':' &&
            text_equals((struct text){behind.at, name.size}, name))
            return &parts[i];
    }
    return NULL;
}

/* Writes the names of the row where the SQL says `:columns:`, and a part where it says its name. */
static void expand(const struct output *output, struct query *query)
{
    struct part parts[PARTS_MAX + 1] = {{TEXT("columns"), column_names(output->arena, &query->out)}};
    memcpy(parts + 1, output->parts, sizeof output->parts);
    struct text sql = builder_text(&query->sql);
    struct builder expanded = builder_open(output->arena, 64 * 1024);
    while (sql.size > 0) {
        const struct part *part = find_part(parts, output->parts_count + 1, sql);
        size_t taken = part == NULL ? 1 : part->name.size + 2;
        build_text(&expanded, part == NULL ? (struct text){sql.at, 1} : part->sql);
        sql = (struct text){sql.at + taken, sql.size - taken};
    }
    query->sql = expanded;
}

static void keep_part(const struct source *source, const struct query *query, struct output *output)
{
    if (query->sql.overflowed)
        sql_refuse(source, "%.*s is too long", TEXT_ARGS(query->part));
    if (output->parts_count == PARTS_MAX)
        sql_refuse(source, "more than %d parts", PARTS_MAX);
    for (size_t i = 0; i < output->parts_count; i++)
        if (text_equals(output->parts[i].name, query->part))
            sql_refuse(source, "%.*s exists already", TEXT_ARGS(query->part));
    output->parts[output->parts_count++] = (struct part){query->part, builder_text(&query->sql)};
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

/* With the comma before it; nothing when the query has no parameters. */
static struct text in_parameter(struct arena *arena, const struct query *query)
{
    if (query->in.count == 0)
        return TEXT_NONE;
    return text_format(arena, ", const struct sql_%.*s_in *in", TEXT_ARGS(query->name));
}

/* `err sql_NAME(…)` without its end: a prototype and a definition differ only there. */
static struct text signature(struct arena *arena, const struct query *query)
{
    struct text in = in_parameter(arena, query);
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
        (void)fprintf(output->body, "    return statement_one(cx, &STATEMENTS[%zu], %s, row, found);\n",
                      output->count, in);
    else if (text_is(query->rows, "none"))
        (void)fprintf(output->body, "    return statement_none(cx, &STATEMENTS[%zu], %s, changed);\n",
                      output->count, in);
    else
        (void)fprintf(output->body,
                      "    void *list = NULL;\n    TRY(statement_many(cx, &STATEMENTS[%zu], %s, &list, count));\n"
                      "    *rows = list;\n    return OK;\n",
                      output->count, in);
    (void)fprintf(output->body, "}\n\n");
}

/* Says beforehand what will be asked. */
static void write_ahead(struct output *output, const struct query *query)
{
    struct text head = text_format(output->arena, "void sql_%.*s_ahead(struct ctx *cx%.*s)", TEXT_ARGS(query->name),
                                   TEXT_ARGS(in_parameter(output->arena, query)));
    (void)fprintf(output->header, "%.*s;\n", TEXT_ARGS(head));
    (void)fprintf(output->body, "%.*s\n{\n    statement_ahead(cx, &STATEMENTS[%zu], %s);\n}\n\n", TEXT_ARGS(head),
                  output->count, query->in.count == 0 ? "NULL" : "in");
}

/* Row by row, for what may be longer than an arena. The adapter keeps the types of the caller's function. */
static void write_each(struct output *output, const struct query *query)
{
    struct text name = query->name;
    struct text take = text_format(output->arena,
                                   "err (*take)(struct ctx *cx, const struct sql_%.*s_row *row, void *arg)",
                                   TEXT_ARGS(query->row));
    struct text in = in_parameter(output->arena, query);
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
    build_format(table, "{.name = \"%.*s\", .index = %zu, .writes = %s, .rows = ROWS_",
                 TEXT_ARGS(query->name), output->count, query->writes ? "true" : "false");
    build_upper(table, query->rows);
    build_literal(table, ", .file = STORE_");
    build_upper(table, query->file);
    build_format(table, ", .tables = 0x%llx, .apart = %zu", (unsigned long long)query->tables, number_of(query));
    build_literal(table, ", .meets = MEETS_");
    build_upper(table, query->meets.size > 0 ? query->meets : TEXT("any"));
    if (query->named.size > 0) {
        build_literal(table, ",\n .named =\n    ");
        write_quoted(table, query->named);
    }
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
    bool walks = text_is(query->rows, "walk");
    if (!walks)
        write_function(output, query);
    if (walks || text_is(query->rows, "many"))
        write_each(output, query);
    if (!walks && !query->writes && query->out.count > 0)
        write_ahead(output, query);
    (void)fputc('\n', output->header);
    write_row(output, query);
    output->names[output->count++] = query->name;
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        sql_refuse(&(struct source){.path = path}, "cannot be written");
    return file;
}

/* A full disk shows here at the latest. */
static void finish(FILE *file, const char *path)
{
    if (ferror(file) || fclose(file) != 0)
        sql_refuse(&(struct source){.path = path}, "cannot be written whole");
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
        while (query_read(output->arena, &source, &query)) {
            if (query.part.size > 0) {
                keep_part(&source, &query, output);
                continue;
            }
            take_row(&source, &query, output);
            expand(output, &query);
            check_query(&source, &query, output);
            write_query(output, &query);
        }
        if (output->table.overflowed || arena_is_exhausted(output->arena))
            sql_refuse(&source, "more SQL than this tool has memory for");
    }
    (void)fprintf(output->header, "#endif\n");
    (void)fprintf(output->body,
                  "const struct statement STATEMENTS[] = {\n%.*s};\nconst size_t STATEMENT_COUNT = %zu;\n",
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
        sql_refuse(&source, "migrations are numbered without a gap; this one should begin with %.*s",
                   TEXT_ARGS(wanted));
    write_quoted(&text, source.rest);
    if (text.overflowed)
        sql_refuse(&source, "is too long");
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
