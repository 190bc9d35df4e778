/* SPDX-License-Identifier: Apache-2.0
 * The catalogue of a database, and what of the handling of rows is the same for both engines. */
#include "store/table.h"

#include <string.h>

#define TABLES_MAX 200
#define NAMES_MAX 220 /* of these, and of those that stay */
#define SQL_BYTES 8192
#define ROWS_AT_FIRST 16

/* What a place says of itself: it stays when the data moves. */
static const char *const OF_THE_PLACE[] = {
    "batch_mark",        "keys_generation",    "keys_place",       "ledger_generation",
    "people_generation", "records_generation", "schema_migration", "store_place",
};

bool table_stays(struct text name)
{
    for (size_t i = 0; i < sizeof OF_THE_PLACE / sizeof *OF_THE_PLACE; i++)
        if (text_is(name, OF_THE_PLACE[i]))
            return true;
    return false;
}

/* ---- the catalogue */

struct catalogue_row {
    struct text table;
    struct text column;
    struct text type;
    int64_t     key; /* its number in the primary key, from 1; 0: it is not in it */
};

static const struct field CATALOGUE_ROW[] = {{"table", FIELD_TEXT, offsetof(struct catalogue_row, table)},
                                             {"column", FIELD_TEXT, offsetof(struct catalogue_row, column)},
                                             {"type", FIELD_TEXT, offsetof(struct catalogue_row, type)},
                                             {"key", FIELD_INT64, offsetof(struct catalogue_row, key)}};

static const char *const CATALOGUE_SQL[DIALECT_COUNT] = {
    [DIALECT_SQLITE] = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
                       " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
    [DIALECT_POSTGRES] =
        "SELECT t.relname::text, c.attname::text, format_type(c.atttypid, NULL)::text,"
        " COALESCE(array_position(i.indkey::int2[], c.attnum) + 1, 0)::bigint"
        " FROM pg_class AS t JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped"
        " LEFT JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisprimary"
        " WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')"
        " ORDER BY t.relname COLLATE \"C\", c.attnum",
};

static bool read_type(struct text type, field_type *out)
{
    static const struct {
        const char *name;
        field_type  type;
    } TYPES[] = {{"INTEGER", FIELD_INT64}, {"BIGINT", FIELD_INT64}, {"TEXT", FIELD_TEXT},
                 {"BLOB", FIELD_BYTES},    {"BYTEA", FIELD_BYTES}};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (!text_equals_ignoring_case(type, TYPES[i].name))
            continue;
        *out = TYPES[i].type;
        return true;
    }
    return false;
}

static err fail_catalogue(struct ctx *cx, struct text table)
{
    return FAIL(cx, CORRUPT, "store.damaged", "the table %.*s is not as this program makes tables", TEXT_ARGS(table));
}

static err add_column(struct ctx *cx, struct table *table, const struct catalogue_row *row)
{
    struct column column = {.name = text_copy(cx->arena, row->column).at};
    if (column.name == NULL)
        return FAIL_MEMORY(cx);
    bool fits = table->column_count < LIMIT_STATEMENT_COLUMNS && read_type(row->type, &column.type) &&
                row->key >= 0 && row->key <= LIMIT_STATEMENT_COLUMNS;
    if (!fits)
        return fail_catalogue(cx, row->table);
    if (row->key > 0)
        table->key[row->key - 1] = table->column_count;
    table->key_count += row->key > 0;
    table->columns[table->column_count++] = column;
    return OK;
}

static err add_row(struct ctx *cx, struct table_list *list, struct database *db, store_file file,
                   const struct catalogue_row *row)
{
    struct table *last = list->count == 0 ? NULL : &list->at[list->count - 1];
    if (table_stays(row->table))
        return OK;
    if (last != NULL && last->db == db && text_is(row->table, last->name))
        return add_column(cx, last, row);
    if (list->count == TABLES_MAX)
        return fail_catalogue(cx, row->table);
    struct table table = {.name = text_copy(cx->arena, row->table).at, .db = db, .file = file};
    if (table.name == NULL)
        return FAIL_MEMORY(cx);
    list->at[list->count] = table;
    return add_column(cx, &list->at[list->count++], row);
}

static err walk_catalogue(struct ctx *cx, struct database *db, store_file file, const struct statement *statement,
                          struct table_list *list)
{
    struct catalogue_row row;
    bool is_row = false;
    TRY(db->engine->step(cx, db, statement, &is_row));
    while (is_row) {
        TRY(db->engine->read(cx, db, statement, &row));
        TRY(add_row(cx, list, db, file, &row));
        TRY(db->engine->step(cx, db, statement, &is_row));
    }
    return OK;
}

static err list_database(struct ctx *cx, struct database *db, store_file file, struct table_list *list)
{
    const struct statement statement = {
        .name = "catalogue",
        .index = STATEMENT_PASSING,
        .sql = CATALOGUE_SQL[db->engine->dialect],
        .rows = ROWS_MANY,
        .out = CATALOGUE_ROW,
        .out_count = sizeof CATALOGUE_ROW / sizeof *CATALOGUE_ROW,
    };
    TRY(db->engine->start(cx, db, &statement, NULL));
    err result = walk_catalogue(cx, db, file, &statement, list);
    db->engine->finish(db, &statement);
    return result;
}

err table_list(struct ctx *cx, struct store_conn *conn, bool with_keys, struct table_list *out)
{
    struct table_list list = {.at = ARENA_ARRAY(cx->arena, struct table, TABLES_MAX)};
    if (list.at == NULL)
        return FAIL_MEMORY(cx);
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (conn->leader[file] == file && (file != STORE_KEYS || with_keys))
            TRY(list_database(cx, conn->of_file[file], file, &list));
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].key_count == 0)
            return fail_catalogue(cx, text_of(list.at[i].name));
    *out = list;
    return OK;
}

const struct table *table_find(const struct table_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i].name, name) == 0)
            return &list->at[i];
    return NULL;
}

const struct column *table_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

/* ---- names alone */

static const char *const NAMES_SQL[DIALECT_COUNT] = {
    [DIALECT_SQLITE] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
    [DIALECT_POSTGRES] = "SELECT c.relname::text FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
                         " ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')",
};

static err take_names(struct ctx *cx, struct database *db, const struct statement *statement, struct table_names *names)
{
    struct text name = TEXT_NONE;
    bool is_row = false;
    TRY(db->engine->step(cx, db, statement, &is_row));
    while (is_row) {
        TRY(db->engine->read(cx, db, statement, &name));
        if (names->count == NAMES_MAX)
            return fail_catalogue(cx, name);
        names->at[names->count] = text_copy(cx->arena, name);
        if (names->at[names->count++].at == NULL)
            return FAIL_MEMORY(cx);
        TRY(db->engine->step(cx, db, statement, &is_row));
    }
    return OK;
}

static err names_of_database(struct ctx *cx, struct database *db, struct table_names *names)
{
    static const struct field NAME[] = {{"name", FIELD_TEXT, 0}};
    const struct statement statement = {.name = "names", .index = STATEMENT_PASSING,
                                        .sql = NAMES_SQL[db->engine->dialect], .rows = ROWS_MANY, .out = NAME,
                                        .out_count = 1};
    TRY(db->engine->start(cx, db, &statement, NULL));
    err result = take_names(cx, db, &statement, names);
    db->engine->finish(db, &statement);
    return result;
}

err table_names(struct ctx *cx, struct store_conn *conn, bool with_keys, struct table_names *out)
{
    struct table_names names = {.at = ARENA_ARRAY(cx->arena, struct text, NAMES_MAX)};
    if (names.at == NULL)
        return FAIL_MEMORY(cx);
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (conn->leader[file] == file && (file != STORE_KEYS || with_keys))
            TRY(names_of_database(cx, conn->of_file[file], &names));
    *out = names;
    return OK;
}

/* ---- two of them */

bool table_is_like(const struct table *a, const struct table *b)
{
    bool is_like = a->column_count == b->column_count;
    for (size_t i = 0; is_like && i < a->column_count; i++)
        is_like = strcmp(a->columns[i].name, b->columns[i].name) == 0 && a->columns[i].type == b->columns[i].type;
    return is_like;
}

/* ---- words */

void table_put_columns(struct builder *out, const struct table *table, const char *before)
{
    for (size_t i = 0; i < table->column_count; i++)
        build_format(out, "%s%s%s", i == 0 ? "" : ", ", before, table->columns[i].name);
}

void table_put_keys(struct builder *out, const struct table *table, const char *before)
{
    for (size_t i = 0; i < table->key_count; i++)
        build_format(out, "%s%s%s", i == 0 ? "" : ", ", before, table->columns[table->key[i]].name);
}

static void put_order(struct builder *out, const struct row_walk *walk, const char *behind)
{
    for (size_t i = 0; i < walk->by_count; i++)
        build_format(out, "%s%s%s", i == 0 ? "" : ", ", walk->table->columns[walk->by[i]].name, behind);
}

err table_walk_text(struct ctx *cx, const struct row_walk *walk, bool is_backwards, const char **out)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    build_literal(&sql, "SELECT ");
    table_put_columns(&sql, walk->table, "");
    build_format(&sql, " FROM %s", walk->table->name);
    if (walk->after != NULL) {
        build_literal(&sql, " WHERE (");
        put_order(&sql, walk, "");
        build_literal(&sql, ") > (");
        for (size_t i = 0; i < walk->by_count; i++)
            build_format(&sql, "%s$%zu", i == 0 ? "" : ", ", i + 1);
        build_literal(&sql, ")");
    }
    build_literal(&sql, " ORDER BY ");
    put_order(&sql, walk, is_backwards ? " DESC" : "");
    build_format(&sql, " LIMIT %zu", walk->rows_max);
    build_byte(&sql, '\0');
    if (sql.overflowed)
        return FAIL_MEMORY(cx);
    *out = builder_text(&sql).at;
    return OK;
}

/* ---- rows */

err rows_next(struct ctx *cx, const struct row_walk *walk, struct row_set *out)
{
    const char *sql = NULL;
    TRY(table_walk_text(cx, walk, false, &sql));
    return walk->table->db->engine->rows->walk(cx, walk, sql, out);
}

err rows_last(struct ctx *cx, const struct row_walk *walk, struct row_set *out)
{
    struct row_walk last = *walk;
    const char *sql = NULL;
    last.after = NULL;
    last.rows_max = 1;
    TRY(table_walk_text(cx, &last, true, &sql));
    return last.table->db->engine->rows->walk(cx, &last, sql, out);
}

err rows_find(struct ctx *cx, const struct table *table, const struct row_set *of, struct row_set *out)
{
    if (of->count > 0)
        return table->db->engine->rows->find(cx, table, of, out);
    *out = (struct row_set){.count = 0};
    return OK;
}

err rows_put(struct ctx *cx, const struct table *table, const struct row_set *rows)
{
    return rows->count == 0 ? OK : table->db->engine->rows->put(cx, table, rows);
}

err rows_drop(struct ctx *cx, const struct table *table, const struct row_set *of)
{
    return of->count == 0 ? OK : table->db->engine->rows->drop(cx, table, of);
}

static err read_number(struct ctx *cx, struct database *db, const struct statement *statement, int64_t *out)
{
    bool is_row = false;
    TRY(db->engine->step(cx, db, statement, &is_row));
    return is_row ? db->engine->read(cx, db, statement, out)
                  : FAIL(cx, INTERNAL, "store.failed", "the database gave no number");
}

err table_ask(struct ctx *cx, struct database *db, const char *sql, int64_t *out)
{
    static const struct field NUMBER[] = {{"number", FIELD_INT64, 0}};
    const struct statement statement = {.name = "number", .index = STATEMENT_PASSING, .sql = sql, .rows = ROWS_ONE,
                                        .out = NUMBER, .out_count = 1};
    TRY(db->engine->start(cx, db, &statement, NULL));
    err result = read_number(cx, db, &statement, out);
    db->engine->finish(db, &statement);
    return result;
}

err rows_count(struct ctx *cx, const struct table *table, int64_t *out)
{
    struct text sql = text_format(cx->arena, "SELECT count(*) FROM %s", table->name);
    return sql.at == NULL ? FAIL_MEMORY(cx) : table_ask(cx, table->db, sql.at, out);
}

err row_set_grow(struct ctx *cx, const struct table *table, struct row_set *rows)
{
    if (rows->count < rows->room)
        return OK;
    size_t room = rows->room == 0 ? ROWS_AT_FIRST : rows->room * 2;
    struct value *at = ARENA_ARRAY(cx->arena, struct value, room * table->column_count);
    if (at == NULL)
        return FAIL_MEMORY(cx);
    if (rows->count > 0)
        memcpy(at, rows->at, rows->count * table->column_count * sizeof *at);
    rows->at = at;
    rows->room = room;
    return OK;
}

const struct value *row_at(const struct table *table, const struct row_set *rows, size_t row)
{
    return &rows->at[row * table->column_count];
}

static bool value_is(const struct value *a, const struct value *b)
{
    return a->is_null == b->is_null && a->number == b->number && bytes_equals(a->octets, b->octets);
}

bool row_has_key_of(const struct table *table, const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < table->key_count; i++)
        if (!value_is(&a[table->key[i]], &b[table->key[i]]))
            return false;
    return true;
}

bool row_is(const struct table *table, const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (!value_is(&a[i], &b[i]))
            return false;
    return true;
}
