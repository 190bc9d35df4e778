/* SPDX-License-Identifier: Apache-2.0
 * Rows of any table of a database server (table.h): a set of them is one question. Each column travels as an array in
 * the binary form of PostgreSQL (array_send: dimensions, whether there are NULLs, type, length, lower bound, then each
 * element behind its size). */
#include <libpq-fe.h>
#include <string.h>

#include "base/text.h"
#include "store/postgres_many.h"
#include "store/table.h"

#define SQL_BYTES 8192
#define ARRAY_HEAD_BYTES 20

/* Object ids of types, fixed in PostgreSQL's catalogue (pg_type.dat). */
static const struct {
    Oid         of_one, of_many;
    const char *many;
} TYPES[] = {
    [FIELD_INT64] = {20, 1016, "int8[]"},
    [FIELD_TEXT] = {25, 1009, "text[]"},
    [FIELD_BYTES] = {17, 1001, "bytea[]"},
};

struct parameters {
    Oid         types[LIMIT_STATEMENT_COLUMNS];
    const char *values[LIMIT_STATEMENT_COLUMNS];
    int         sizes[LIMIT_STATEMENT_COLUMNS];
    int         formats[LIMIT_STATEMENT_COLUMNS];
    int         count;
};

/* ---- values, in network byte order */

static void put_int32(uint8_t *at, uint32_t number)
{
    for (int byte = 3; byte >= 0; byte--, number >>= 8)
        at[byte] = (uint8_t)(number & 0xFF);
}

static size_t size_of(field_type type, const struct value *value)
{
    return value->is_null ? 0 : type == FIELD_INT64 ? 8 : value->octets.size;
}

static uint8_t *put_value(uint8_t *at, field_type type, const struct value *value)
{
    uint64_t number = (uint64_t)value->number;
    if (value->is_null)
        return at;
    if (type != FIELD_INT64) {
        if (value->octets.size > 0)
            memcpy(at, value->octets.at, value->octets.size);
        return at + value->octets.size;
    }
    for (int byte = 7; byte >= 0; byte--, number >>= 8)
        at[byte] = (uint8_t)(number & 0xFF);
    return at + 8;
}

static err add(struct ctx *cx, struct parameters *parameters, Oid type, struct bytes value)
{
    if (value.size > INT32_MAX)
        return FAIL_MEMORY(cx);
    parameters->types[parameters->count] = type;
    parameters->values[parameters->count] = (const char *)value.at;
    parameters->sizes[parameters->count] = (int)value.size;
    parameters->formats[parameters->count++] = 1;
    return OK;
}

static err add_one(struct ctx *cx, const struct table *table, size_t column, const struct value *row,
                   struct parameters *parameters)
{
    field_type type = table->columns[column].type;
    uint8_t *at = arena_take(cx->arena, size_of(type, &row[column]) + 1, 1);
    if (at == NULL)
        return FAIL_MEMORY(cx);
    (void)put_value(at, type, &row[column]); /* where it ends is known */
    return add(cx, parameters, TYPES[type].of_one, (struct bytes){at, size_of(type, &row[column])});
}

/* One column of all rows. */
static err add_array(struct ctx *cx, const struct table *table, size_t column, const struct row_set *rows,
                     struct parameters *parameters)
{
    field_type type = table->columns[column].type;
    size_t size = ARRAY_HEAD_BYTES;
    bool has_null = false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *value = &row_at(table, rows, i)[column];
        size += 4 + size_of(type, value);
        has_null |= value->is_null;
    }
    uint8_t *whole = arena_take(cx->arena, size, 1);
    if (whole == NULL)
        return FAIL_MEMORY(cx);
    const uint32_t head[] = {1, has_null ? 1 : 0, TYPES[type].of_one, (uint32_t)rows->count, 1};
    uint8_t *at = whole;
    for (size_t i = 0; i < sizeof head / sizeof *head; i++, at += 4)
        put_int32(at, head[i]);
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *value = &row_at(table, rows, i)[column];
        put_int32(at, value->is_null ? UINT32_MAX : (uint32_t)size_of(type, value));
        at = put_value(at + 4, type, value);
    }
    return add(cx, parameters, TYPES[type].of_many, (struct bytes){whole, size});
}

static err add_keys(struct ctx *cx, const struct table *table, const struct row_set *of, struct parameters *parameters)
{
    for (size_t i = 0; i < table->key_count; i++)
        TRY(add_array(cx, table, table->key[i], of, parameters));
    return OK;
}

/* ---- asking */

static err ask(struct ctx *cx, const struct table *table, const char *sql, const struct parameters *parameters,
               PGresult **out)
{
    struct postgres *pg = postgres_of(table->db);
    if (!pg->in_transaction)
        TRY(postgres_ready(cx, pg));
    TRY(postgres_unpark(cx, pg));
    bool sent = pg->link != NULL && PQsendQueryParams(pg->link, sql, parameters->count, parameters->types,
                                                      parameters->values, parameters->sizes, parameters->formats,
                                                      1) == 1;
    if (!sent) {
        postgres_lose(pg);
        return FAIL(cx, UNAVAILABLE, "store.lost", "the connection to the database is lost");
    }
    postgres_owe(pg, (struct postgres_owed){.kind = OWED_ROWS});
    TRY(postgres_sync(cx, pg));
    return postgres_collect(cx, pg, table->name, out);
}

static err ask_built(struct ctx *cx, const struct table *table, struct builder *sql,
                     const struct parameters *parameters, PGresult **out)
{
    build_byte(sql, '\0');
    return sql->overflowed ? FAIL_MEMORY(cx) : ask(cx, table, builder_text(sql).at, parameters, out);
}

static err read_value(struct ctx *cx, const PGresult *result, int row, int column, struct value *out)
{
    struct bytes view = {(const uint8_t *)PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column)};
    out->is_null = PQgetisnull(result, row, column) == 1;
    out->octets = bytes_copy(cx->arena, view);
    return out->octets.at == NULL ? FAIL_MEMORY(cx) : OK;
}

static err read_number(struct ctx *cx, const PGresult *result, int row, int column, struct value *out)
{
    const char *at = PQgetvalue(result, row, column);
    uint64_t number = 0;
    out->is_null = PQgetisnull(result, row, column) == 1;
    if (!out->is_null && PQgetlength(result, row, column) != 8)
        return FAIL(cx, CORRUPT, "store.damaged", "a number of the store is not of its type");
    for (int i = 0; !out->is_null && i < 8; i++)
        number = number << 8 | (uint8_t)at[i];
    out->number = (int64_t)number;
    return OK;
}

static err read_rows(struct ctx *cx, const struct table *table, const PGresult *result, struct row_set *out)
{
    struct row_set rows = {.count = 0};
    for (int row = 0; row < PQntuples(result); row++) {
        TRY(row_set_grow(cx, table, &rows));
        struct value *at = &rows.at[rows.count * table->column_count];
        for (size_t i = 0; i < table->column_count; i++) {
            bool is_number = table->columns[i].type == FIELD_INT64;
            TRY(is_number ? read_number(cx, result, row, (int)i, &at[i]) : read_value(cx, result, row, (int)i, &at[i]));
            rows.bytes += sizeof *at + at[i].octets.size;
        }
        rows.count++;
    }
    *out = rows;
    return OK;
}

/* ---- the four */

static err walk(struct ctx *cx, const struct row_walk *walk, const char *sql, struct row_set *out)
{
    struct parameters parameters = {.count = 0};
    PGresult *result = NULL;
    for (size_t i = 0; walk->after != NULL && i < walk->by_count; i++)
        TRY(add_one(cx, walk->table, walk->by[i], walk->after, &parameters));
    TRY(ask(cx, walk->table, sql, &parameters, &result));
    err read = read_rows(cx, walk->table, result, out);
    PQclear(result);
    return read;
}

/* "unnest($1::int8[], …)": the arrays of some columns beside each other. */
static void put_arrays(struct builder *sql, const struct table *table, const size_t *columns, size_t count)
{
    build_literal(sql, "unnest(");
    for (size_t i = 0; i < count; i++)
        build_format(sql, "%s$%zu::%s", i == 0 ? "" : ", ", i + 1,
                     TYPES[table->columns[columns == NULL ? i : columns[i]].type].many);
    build_literal(sql, ")");
}

/* "v1, v2, …" */
static void put_names(struct builder *sql, size_t count)
{
    for (size_t i = 0; i < count; i++)
        build_format(sql, "%sv%zu", i == 0 ? "" : ", ", i + 1);
}

static void put_condition(struct builder *sql, const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        build_format(sql, "%st.%s = k.v%zu", i == 0 ? "" : " AND ", table->columns[table->key[i]].name, i + 1);
}

static err find(struct ctx *cx, const struct table *table, const struct row_set *of, struct row_set *out)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    struct parameters parameters = {.count = 0};
    PGresult *result = NULL;
    build_literal(&sql, "SELECT ");
    table_put_columns(&sql, table, "t.");
    build_literal(&sql, " FROM ");
    put_arrays(&sql, table, table->key, table->key_count);
    build_literal(&sql, " WITH ORDINALITY AS k (");
    put_names(&sql, table->key_count);
    build_format(&sql, ", place) JOIN %s AS t ON ", table->name);
    put_condition(&sql, table);
    build_literal(&sql, " ORDER BY k.place");
    TRY(add_keys(cx, table, of, &parameters));
    TRY(ask_built(cx, table, &sql, &parameters, &result));
    err read = read_rows(cx, table, result, out);
    PQclear(result);
    return read;
}

static err put(struct ctx *cx, const struct table *table, const struct row_set *rows)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    struct parameters parameters = {.count = 0};
    PGresult *result = NULL;
    build_format(&sql, "INSERT INTO %s (", table->name);
    table_put_columns(&sql, table, "");
    build_literal(&sql, ") SELECT ");
    put_names(&sql, table->column_count);
    build_literal(&sql, " FROM ");
    put_arrays(&sql, table, NULL, table->column_count);
    build_literal(&sql, " AS k (");
    put_names(&sql, table->column_count);
    build_literal(&sql, ")");
    for (size_t i = 0; i < table->column_count; i++)
        TRY(add_array(cx, table, i, rows, &parameters));
    TRY(ask_built(cx, table, &sql, &parameters, &result));
    PQclear(result);
    return OK;
}

static err drop(struct ctx *cx, const struct table *table, const struct row_set *of)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    struct parameters parameters = {.count = 0};
    PGresult *result = NULL;
    build_format(&sql, "DELETE FROM %s AS t USING ", table->name);
    put_arrays(&sql, table, table->key, table->key_count);
    build_literal(&sql, " AS k (");
    put_names(&sql, table->key_count);
    build_literal(&sql, ") WHERE ");
    put_condition(&sql, table);
    TRY(add_keys(cx, table, of, &parameters));
    TRY(ask_built(cx, table, &sql, &parameters, &result));
    PQclear(result);
    return OK;
}

const struct row_engine POSTGRES_ROWS = {.walk = walk, .find = find, .put = put, .drop = drop};
