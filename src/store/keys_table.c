/* SPDX-License-Identifier: Apache-2.0
 * A copy of keys is believed when it was read back: row by row, sealed key by sealed key, in memory of its own for each
 * portion. */
#include "store/keys_table.h"

#include <string.h>

#include "crypto/key_carry.h"

err keys_tables(struct ctx *cx, struct store_conn *conn, struct table_list *out)
{
    struct table_list all;
    size_t count = 0;
    TRY(table_list(cx, conn, true, &all));
    for (size_t i = 0; i < all.count; i++)
        if (all.at[i].db == conn->of_file[STORE_KEYS])
            all.at[count++] = all.at[i];
    *out = (struct table_list){all.at, count};
    return OK;
}

static err fail_tables(struct ctx *cx, const char *name)
{
    return FAIL(cx, CORRUPT, "move.tables", "the table %s is not the same in both places", name);
}

err keys_table_find(struct ctx *cx, const struct table_list *list, const char *name, const struct table **out)
{
    const struct table *table = table_find(list, name);
    bool fits = table != NULL && table->key_count == 1 && table->key[0] == 0;
    if (!fits || table->columns[0].type != FIELD_INT64)
        return fail_tables(cx, name);
    *out = table;
    return OK;
}

static err show_file(struct ctx *cx, int64_t bucket, struct bytes *out)
{
    err result = keyring_bucket_show(cx, bucket, out);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure); /* whether somebody needs it is seen when people's keys are opened */
    *out = (struct bytes){NULL, 0};
    return OK;
}

err keys_sealed_find(struct ctx *cx, const struct table_list *tables, int64_t bucket, struct bytes *out)
{
    const struct table *table = NULL;
    struct value key[2] = {{.number = bucket}};
    struct row_set found;
    if (tables->count > 0 && tables->at[0].db->engine->dialect == DIALECT_SQLITE)
        return show_file(cx, bucket, out);
    TRY(keys_table_find(cx, tables, KEYS_SEALED, &table));
    TRY(rows_find(cx, table, &(struct row_set){.at = key, .count = 1}, &found));
    *out = found.count > 0 ? found.at[1].octets : (struct bytes){NULL, 0};
    return OK;
}

/* ---- the same in both places? */

static err fail_differs(struct ctx *cx, const char *name)
{
    return FAIL(cx, CORRUPT, "move.differs", "the table %s does not become the same in both places: something else "
                                             "writes there, or changes what is written", name);
}

/* A table while it is compared. */
struct comparing {
    const struct table_list *tables; /* of the source, of the target */
    const struct table      *from, *to;
    int64_t                  last;
    size_t                   count; /* rows of this portion */
};

static err compare_sealed(struct ctx *cx, const struct comparing *comparing, const struct row_set *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *row = row_at(comparing->from, rows, i); /* key_bucket: bucket, people, open */
        struct bytes here;
        struct bytes there;
        if (row[2].number == KEYS_DOOMED)
            continue;
        TRY(keys_sealed_find(cx, &comparing->tables[0], row[0].number, &here));
        TRY(keys_sealed_find(cx, &comparing->tables[1], row[0].number, &there));
        if (!bytes_equals(here, there))
            return fail_differs(cx, KEYS_SEALED);
    }
    return OK;
}

static err compare_portion(struct ctx *cx, struct comparing *comparing)
{
    struct value after[LIMIT_STATEMENT_COLUMNS] = {{.number = comparing->last}};
    struct row_walk walk = {.table = comparing->from, .by = comparing->from->key, .by_count = 1, .after = after,
                            .rows_max = KEYS_PORTION_ROWS, .bytes_max = KEYS_PORTION_BYTES};
    struct row_set rows;
    struct row_set there;
    TRY(rows_next(cx, &walk, &rows));
    TRY(rows_find(cx, comparing->to, &rows, &there));
    bool is_same = rows.count == there.count;
    for (size_t i = 0; is_same && i < rows.count; i++)
        is_same = row_is(comparing->from, row_at(comparing->from, &rows, i), row_at(comparing->to, &there, i));
    if (!is_same)
        return fail_differs(cx, comparing->from->name);
    if (strcmp(comparing->from->name, "key_bucket") == 0)
        TRY(compare_sealed(cx, comparing, &rows));
    comparing->count = rows.count;
    if (rows.count > 0)
        comparing->last = row_at(comparing->from, &rows, rows.count - 1)->number;
    return OK;
}

static err compare_table(struct ctx *cx, const struct table_list tables[2], const char *name)
{
    struct comparing comparing = {.tables = tables, .last = INT64_MIN, .count = 1};
    int64_t here = 0;
    int64_t there = 0;
    TRY(keys_table_find(cx, &tables[0], name, &comparing.from));
    TRY(keys_table_find(cx, &tables[1], name, &comparing.to));
    while (comparing.count > 0) {
        struct ctx apart;
        TRY(ctx_part(cx, 3 * KEYS_PORTION_BYTES, &apart));
        TRY(ctx_join(cx, &apart, compare_portion(&apart, &comparing)));
    }
    TRY(rows_count(cx, comparing.from, &here));
    TRY(rows_count(cx, comparing.to, &there));
    return here == there ? OK : fail_differs(cx, name);
}

err keys_compare(struct ctx *cx, struct store_conn *from, struct store_conn *to)
{
    struct table_list tables[2];
    TRY(keys_tables(cx, from, &tables[0]));
    TRY(keys_tables(cx, to, &tables[1]));
    for (size_t i = 0; i < tables[0].count; i++) {
        const char *name = tables[0].at[i].name;
        if (strcmp(name, KEYS_SEALED) != 0 && strcmp(name, KEYS_OWNER) != 0 && strcmp(name, KEYS_MARK) != 0)
            TRY(compare_table(cx, tables, name));
    }
    return OK;
}
