/* SPDX-License-Identifier: Apache-2.0
 * Rows of any table of one open file (table.h): a statement is prepared once for a set of rows and run for each. */
#include <sqlite3.h>

#include "store/sqlite.h"
#include "store/table.h"

#define SQL_BYTES 8192

static err prepare(struct ctx *cx, struct database *db, const struct builder *sql, sqlite3_stmt **out)
{
    struct sqlite_file *file = sqlite_file_of(db);
    struct text text = builder_text(sql);
    if (sql->overflowed)
        return FAIL_MEMORY(cx);
    int code = sqlite3_prepare_v3(file->db, text.at, (int)text.size, 0, out, NULL);
    if (code == SQLITE_ERROR) /* about our own text */
        return FAIL(cx, INTERNAL, "store.statement", "rows: %s", sqlite3_errmsg(file->db));
    return code == SQLITE_OK ? OK : sqlite_fail(cx, file, code, "rows");
}

static int bind(sqlite3_stmt *prepared, int number, field_type type, const struct value *value)
{
    struct bytes octets = value->octets;
    if (value->is_null)
        return sqlite3_bind_null(prepared, number);
    if (type == FIELD_INT64)
        return sqlite3_bind_int64(prepared, number, value->number);
    const void *at = octets.size == 0 ? (const void *)"" : octets.at; /* a NULL pointer would bind NULL */
    if (type == FIELD_TEXT)
        return sqlite3_bind_text64(prepared, number, at, octets.size, SQLITE_STATIC, SQLITE_UTF8);
    return sqlite3_bind_blob64(prepared, number, at, octets.size, SQLITE_STATIC);
}

/* Columns of a table, by their numbers. */
struct picked {
    const size_t *at;
    size_t        count;
};

static err bind_picked(struct ctx *cx, const struct table *table, const struct value *row, struct picked columns,
                       sqlite3_stmt *prepared)
{
    for (size_t i = 0; i < columns.count; i++) {
        size_t column = columns.at[i];
        int code = bind(prepared, (int)i + 1, table->columns[column].type, &row[column]);
        if (code != SQLITE_OK)
            return sqlite_fail(cx, sqlite_file_of(table->db), code, table->name);
    }
    return OK;
}

/* ---- reading */

static err read_value(struct ctx *cx, sqlite3_stmt *prepared, int column, field_type type, struct value *out)
{
    sqlite3_value *value = sqlite3_column_value(prepared, column);
    struct value read = {.is_null = sqlite3_value_type(value) == SQLITE_NULL};
    if (type == FIELD_INT64 || read.is_null) {
        read.number = sqlite3_value_int64(value);
    } else {
        const void *at = sqlite3_value_blob(value);
        struct bytes view = {at == NULL ? (const uint8_t *)"" : at, (size_t)sqlite3_value_bytes(value)};
        read.octets = bytes_copy(cx->arena, view);
        if (read.octets.at == NULL)
            return FAIL_MEMORY(cx);
    }
    *out = read;
    return OK;
}

static err take_row(struct ctx *cx, const struct table *table, sqlite3_stmt *prepared, struct row_set *rows)
{
    TRY(row_set_grow(cx, table, rows));
    struct value *row = &rows->at[rows->count * table->column_count];
    for (size_t i = 0; i < table->column_count; i++) {
        TRY(read_value(cx, prepared, (int)i, table->columns[i].type, &row[i]));
        rows->bytes += sizeof *row + row[i].octets.size;
    }
    rows->count++;
    return OK;
}

/* Steps to the end, or until there are enough bytes. */
static err take_rows(struct ctx *cx, const struct table *table, sqlite3_stmt *prepared, size_t bytes_max,
                     struct row_set *out)
{
    struct row_set rows = *out;
    int code = sqlite3_step(prepared);
    while (code == SQLITE_ROW && rows.bytes <= bytes_max) {
        TRY(take_row(cx, table, prepared, &rows));
        code = sqlite3_step(prepared);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sqlite_fail(cx, sqlite_file_of(table->db), code, table->name);
    *out = rows;
    return OK;
}

static err walk_with(struct ctx *cx, const struct row_walk *walk, sqlite3_stmt *prepared, struct row_set *out)
{
    struct row_set rows = {.count = 0};
    if (walk->after != NULL)
        TRY(bind_picked(cx, walk->table, walk->after, (struct picked){walk->by, walk->by_count}, prepared));
    TRY(take_rows(cx, walk->table, prepared, walk->bytes_max, &rows));
    *out = rows;
    return OK;
}

/* SQLite takes `$1` for a name: `?1` is its word. No name or literal of ours holds a dollar. */
static void put_numbered(struct builder *out, const char *sql)
{
    for (; *sql != '\0'; sql++)
        build_byte(out, (uint8_t)(*sql == '$' ? '?' : *sql));
}

static err walk(struct ctx *cx, const struct row_walk *walk, const char *sql, struct row_set *out)
{
    struct builder numbered = builder_open(cx->arena, SQL_BYTES);
    sqlite3_stmt *prepared = NULL;
    put_numbered(&numbered, sql);
    TRY(prepare(cx, walk->table->db, &numbered, &prepared));
    err result = walk_with(cx, walk, prepared, out);
    (void)sqlite3_finalize(prepared); /* repeats the code of the last step, which was looked at then */
    return result;
}

/* ---- for each of a set of rows */

static void put_condition(struct builder *sql, const struct table *table)
{
    build_literal(sql, " WHERE ");
    for (size_t i = 0; i < table->key_count; i++)
        build_format(sql, "%s%s = ?%zu", i == 0 ? "" : " AND ", table->columns[table->key[i]].name, i + 1);
}

/* A statement that is run once for each row, with some of its columns. */
struct each {
    const struct row_set *rows;
    struct picked         columns;
    const struct builder *sql;
};

static err run_prepared(struct ctx *cx, const struct table *table, const struct each *each, sqlite3_stmt *prepared,
                        struct row_set *out)
{
    for (size_t i = 0; i < each->rows->count; i++) {
        TRY(bind_picked(cx, table, row_at(table, each->rows, i), each->columns, prepared));
        TRY(take_rows(cx, table, prepared, SIZE_MAX, out));
        (void)sqlite3_reset(prepared); /* repeats the code of the last step, which was looked at */
    }
    return OK;
}

static err run_for_each(struct ctx *cx, const struct table *table, const struct each *each, struct row_set *out)
{
    sqlite3_stmt *prepared = NULL;
    struct row_set rows = {.count = 0};
    TRY(prepare(cx, table->db, each->sql, &prepared));
    err result = run_prepared(cx, table, each, prepared, &rows);
    (void)sqlite3_finalize(prepared); /* as above */
    if (result == OK && out != NULL)
        *out = rows;
    return result;
}

static err find(struct ctx *cx, const struct table *table, const struct row_set *of, struct row_set *out)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    build_literal(&sql, "SELECT ");
    table_put_columns(&sql, table, "");
    build_format(&sql, " FROM %s", table->name);
    put_condition(&sql, table);
    struct each each = {of, {table->key, table->key_count}, &sql};
    return run_for_each(cx, table, &each, out);
}

static err put(struct ctx *cx, const struct table *table, const struct row_set *rows)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    size_t numbers[LIMIT_STATEMENT_COLUMNS];
    build_format(&sql, "INSERT INTO %s (", table->name);
    table_put_columns(&sql, table, "");
    build_literal(&sql, ") VALUES (");
    for (size_t i = 0; i < table->column_count; i++) {
        numbers[i] = i;
        build_format(&sql, "%s?%zu", i == 0 ? "" : ", ", i + 1);
    }
    build_literal(&sql, ")");
    struct each each = {rows, {numbers, table->column_count}, &sql};
    return run_for_each(cx, table, &each, NULL);
}

static err drop(struct ctx *cx, const struct table *table, const struct row_set *of)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    build_format(&sql, "DELETE FROM %s", table->name);
    put_condition(&sql, table);
    struct each each = {of, {table->key, table->key_count}, &sql};
    return run_for_each(cx, table, &each, NULL);
}

const struct row_engine SQLITE_ROWS = {.walk = walk, .find = find, .put = put, .drop = drop};
