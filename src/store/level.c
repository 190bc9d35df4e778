/* SPDX-License-Identifier: Apache-2.0
 * A walk over one place by portions, each looked up in the other. The portion before is kept while the next is fetched,
 * since its last row says where to go on. */
#include "store/level.h"

#include <string.h>

#define PORTION_ROWS_MIN 16
#define PORTION_ROWS_MAX 500
#define PORTION_BYTES (4u * 1024 * 1024)
#define PORTION_ARENA_BYTES (1024u * 1024 * 1024) /* sixteen rows of the largest that PostgreSQL and we can make */

/* ---- one portion */

static err write_rows(struct ctx *cx, struct level *level, const struct table *table, const struct row_set *drop,
                      const struct row_set *put)
{
    TRY(place_hold(cx, &level->held));
    TRY(conn_touch(cx, level->to, table->file, true));
    TRY(rows_drop(cx, table, drop));
    return rows_put(cx, table, put);
}

/* The handle of `cx` is the target's. */
static err write_portion(struct ctx *cx, struct level *level, const struct table *table, const struct row_set *drop,
                         const struct row_set *put)
{
    bool is_news = false;
    if (drop->count + put->count == 0)
        return OK;
    TRY(conn_begin_batch(cx, level->to, &is_news));
    conn_begin_write(level->to);
    level->to->is_uncounted = true; /* a copy that is not complete has no generations */
    err result = write_rows(cx, level, table, drop, put);
    if (result == OK)
        result = conn_end_write(cx, level->to, true);
    if (result == OK)
        return conn_commit_batch(cx, level->to);
    conn_abandon_batch(level->to);
    return result;
}

static err add_row(struct ctx *cx, const struct table *table, const struct value *row, struct row_set *rows)
{
    TRY(row_set_grow(cx, table, rows));
    memcpy(&rows->at[rows->count++ * table->column_count], row, table->column_count * sizeof *row);
    return OK;
}

/* What of some rows is not in the other place, or is there and different, and what stands there instead. */
struct difference {
    struct row_set missing;
    struct row_set differing;
    struct row_set instead;
};

/* By the key of `table`, which lies in that other place. */
static err tell_apart(struct ctx *cx, const struct table *table, const struct row_set *rows, struct difference *out)
{
    struct row_set found;
    size_t next = 0;
    *out = (struct difference){.missing = {.count = 0}};
    TRY(rows_find(cx, table, rows, &found));
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *row = row_at(table, rows, i);
        const struct value *there = next < found.count ? row_at(table, &found, next) : NULL;
        bool is_there = there != NULL && row_has_key_of(table, row, there);
        next += is_there;
        if (!is_there)
            TRY(add_row(cx, table, row, &out->missing));
        if (!is_there || row_is(table, row, there))
            continue;
        TRY(add_row(cx, table, row, &out->differing));
        TRY(add_row(cx, table, there, &out->instead));
    }
    return OK;
}

static void note(const struct level *level, const struct table *table, const struct row_set *rows, bool is_new)
{
    const struct column *person = table_column(table, "person_id");
    if (level->changed == NULL)
        return;
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *row = row_at(table, rows, i);
        struct move_change change = {table->name, person == NULL ? 0 : row[person - table->columns].number, is_new};
        level->changed(level->self, &change);
    }
}

/* ---- all portions */

typedef err (*portion_fn)(struct ctx *cx, struct level *level, const struct pair *pair, const struct row_set *rows,
                          int64_t *changed);

static void tell(struct level *level, const struct table *table, size_t rows)
{
    level->told.table = table->name;
    level->told.rows += (int64_t)rows;
    if (level->progress != NULL)
        level->progress(level->self, &level->told);
}

/* As many rows as the bytes of the last ones let expect. */
static size_t next_count(const struct row_set *rows)
{
    size_t each = rows->count == 0 ? 1 : rows->bytes / rows->count + 1;
    size_t count = PORTION_BYTES / each;
    return count < PORTION_ROWS_MIN ? PORTION_ROWS_MIN : count > PORTION_ROWS_MAX ? PORTION_ROWS_MAX : count;
}

struct portions {
    struct level      *level;
    const struct pair *pair;
    struct row_walk    walk;
    portion_fn         take;
    int64_t            changed;
};

/* `before` holds the row after which to go on, `cx` takes the next ones; they change places each time. */
static err take_portions(struct ctx *before, struct ctx *cx, struct portions *portions)
{
    struct row_set rows = {.count = portions->walk.rows_max};
    while (rows.count == portions->walk.rows_max || rows.bytes > portions->walk.bytes_max) {
        if (rows.bytes > 0)
            portions->walk.rows_max = next_count(&rows);
        TRY(rows_next(cx, &portions->walk, &rows));
        TRY(portions->take(cx, portions->level, portions->pair, &rows, &portions->changed));
        tell(portions->level, portions->walk.table, rows.count);
        if (rows.count > 0)
            portions->walk.after = row_at(portions->walk.table, &rows, rows.count - 1);
        arena_reset(before->arena);
        struct ctx swapped = *before;
        *before = *cx;
        *cx = swapped;
    }
    return OK;
}

static err each_portion(struct ctx *cx, struct portions *portions)
{
    struct ctx parts[2];
    TRY(ctx_part(cx, PORTION_ARENA_BYTES, &parts[0]));
    err result = ctx_part(cx, PORTION_ARENA_BYTES, &parts[1]);
    if (result == OK) {
        parts[0].db = portions->level->to;
        parts[1].db = portions->level->to;
        result = take_portions(&parts[0], &parts[1], portions);
        /* after a failure the second is the one that met it */
        result = ctx_join(cx, &parts[1], result);
    }
    return ctx_join(cx, &parts[0], result);
}

static err walk_all(struct ctx *cx, struct level *level, const struct pair *pair, const struct table *table,
                    struct portions *portions)
{
    portions->level = level;
    portions->pair = pair;
    portions->walk.table = table;
    portions->walk.by = table->key;
    portions->walk.by_count = table->key_count;
    portions->walk.rows_max = PORTION_ROWS_MIN;
    portions->walk.bytes_max = PORTION_BYTES;
    return each_portion(cx, portions);
}

/* ---- the three */

static err append(struct ctx *cx, struct level *level, const struct pair *pair, const struct row_set *rows,
                  int64_t *changed)
{
    *changed += (int64_t)rows->count;
    return write_portion(cx, level, pair->to, &(struct row_set){.count = 0}, rows);
}

err level_append(struct ctx *cx, struct level *level, const struct pair *pair)
{
    struct portions portions = {.take = append};
    struct row_set last = {.count = 0};
    struct row_walk order = {.table = pair->to, .by = pair->from->key, .by_count = pair->from->key_count};
    TRY(rows_last(cx, &order, &last));
    portions.walk.after = last.count == 0 ? NULL : last.at;
    return walk_all(cx, level, pair, pair->from, &portions);
}

static err replace(struct ctx *cx, struct level *level, const struct pair *pair, const struct row_set *rows,
                   int64_t *changed)
{
    struct difference apart;
    TRY(tell_apart(cx, pair->to, rows, &apart));
    note(level, pair->to, &apart.missing, true);
    note(level, pair->to, &apart.differing, false);
    note(level, pair->to, &apart.instead, false);
    for (size_t i = 0; i < apart.differing.count; i++)
        TRY(add_row(cx, pair->to, row_at(pair->to, &apart.differing, i), &apart.missing));
    *changed += (int64_t)apart.missing.count;
    return write_portion(cx, level, pair->to, &apart.differing, &apart.missing);
}

/* A row that has gone in the source may hold what one that came there wants for itself alone. */
static err replace_or_strip(struct ctx *cx, struct level *level, const struct pair *pair, const struct row_set *rows,
                            int64_t *changed)
{
    int64_t before = *changed;
    err result = replace(cx, level, pair, rows, changed);
    if (result != CONFLICT || !text_is(text_of(cx->failure.reason), "store.duplicate"))
        return result;
    failure_clear(&cx->failure);
    *changed = before;
    TRY(level_strip(cx, level, pair, changed));
    return replace(cx, level, pair, rows, changed);
}

err level_compare(struct ctx *cx, struct level *level, const struct pair *pair, int64_t *out_changed)
{
    struct portions portions = {.take = replace_or_strip};
    TRY(walk_all(cx, level, pair, pair->from, &portions));
    *out_changed += portions.changed;
    return OK;
}

static err drop(struct ctx *cx, struct level *level, const struct pair *pair, const struct row_set *rows,
                int64_t *changed)
{
    struct difference apart;
    TRY(tell_apart(cx, pair->from, rows, &apart));
    for (size_t i = 0; i < apart.differing.count; i++)
        TRY(add_row(cx, pair->to, row_at(pair->to, &apart.differing, i), &apart.missing));
    note(level, pair->to, &apart.missing, false);
    *changed += (int64_t)apart.missing.count;
    return write_portion(cx, level, pair->to, &apart.missing, &(struct row_set){.count = 0});
}

err level_strip(struct ctx *cx, struct level *level, const struct pair *pair, int64_t *out_changed)
{
    struct portions portions = {.take = drop};
    TRY(walk_all(cx, level, pair, pair->to, &portions));
    *out_changed += portions.changed;
    return OK;
}
