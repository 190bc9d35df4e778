/* SPDX-License-Identifier: Apache-2.0
 * Three rows say how far a move has come: that of the data (place.h) whether anybody may write, those of the two places
 * of keys which of them counts. A place is destroyed only once its row says that it does not, and the other's that it
 * does. What is to be destroyed already is left behind. */
#include "store/keys_move.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/key_carry.h"
#include "store/keys_table.h"
#include "store/place.h"
#include "store/queries.h"
#include "store/state.h"

#define SQL_BYTES 4096

struct keys_place {
    place_state state;
    int64_t     token;
    struct text other;
};

/* A writer's handle on each place, and what the three rows say. */
struct ends {
    struct store_conn *from, *to;
    struct keys_place  of_from, of_to;
    struct place       of_data;
};

static struct database *keys_of(const struct store_conn *conn)
{
    return conn->of_file[STORE_KEYS];
}

err keys_shown(struct ctx *cx, struct store *store, struct text *out)
{
    struct postgres *pg = postgres_of(keys_of(store->writer.conn));
    *out = text_of("the key folder");
    return pg == NULL ? OK : postgres_shown(cx, pg, out);
}

/* ---- the rows */

static err load_keys_place(struct ctx *cx, struct store_conn *conn, struct keys_place *out)
{
    struct sql_keys_place_load_row row = {.state = -1};
    struct store_conn *of_caller = cx->db;
    bool found = false;
    cx->db = conn;
    err result = sql_keys_place_load(cx, &row, &found);
    cx->db = of_caller;
    TRY(result);
    if (!found || row.state < PLACE_OPEN || row.state > PLACE_MOVED)
        return FAIL(cx, CORRUPT, "store.damaged", "the place of the keys does not say whether it may be used");
    *out = (struct keys_place){(place_state)row.state, row.token, row.other};
    return OK;
}

static err fail_gone(struct ctx *cx, const struct keys_place *place)
{
    return FAIL(cx, CONFLICT, "store.moved", "the keys of this node %s %.*s; name that with --keys",
                place->state == PLACE_MOVED ? "have moved to" : "are being moved to", TEXT_ARGS(place->other));
}

err keys_place_check(struct ctx *cx, struct store_conn *conn)
{
    struct keys_place place;
    TRY(load_keys_place(cx, conn, &place));
    if (place.state == PLACE_HALF)
        return FAIL(cx, CONFLICT, "store.half_copied", "these keys are not complete, they are still at %.*s; "
                    "`symbolon migrate --keys-to` goes on with it", TEXT_ARGS(place.other));
    return place.state == PLACE_OPEN ? OK : fail_gone(cx, &place);
}

static err fail_overtaken(struct ctx *cx)
{
    return FAIL(cx, CONFLICT, "store.overtaken", "another run of this move has begun since, or has given it up");
}

static void put_quoted(struct builder *sql, struct text text)
{
    build_byte(sql, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\'')
            build_byte(sql, '\'');
        build_byte(sql, (uint8_t)text.at[i]);
    }
    build_byte(sql, '\'');
}

/* What is done to the keys of one place, in a transaction of that place. */
struct change {
    struct keys_move        *move;
    const struct ends       *ends;
    struct store_conn       *at;
    const struct keys_place *held; /* as the row must say */
    const struct keys_place *next; /* and will */
};

static err say_next(struct ctx *cx, const struct change *change)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    int64_t as_held = 0;
    struct text ask = text_format(cx->arena, "SELECT count(*) FROM keys_place WHERE state = %d AND token = %lld",
                                  (int)change->held->state, (long long)change->held->token);
    if (ask.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(table_ask(cx, keys_of(change->at), ask.at, &as_held));
    if (as_held != 1)
        return fail_overtaken(cx);
    build_format(&sql, "UPDATE keys_place SET state = %d, token = %lld, other = ", (int)change->next->state,
                 (long long)change->next->token);
    put_quoted(&sql, change->next->other);
    build_literal(&sql, " WHERE row_id = 1");
    build_byte(&sql, '\0');
    return sql.overflowed ? FAIL_MEMORY(cx) : database_run(cx, keys_of(change->at), builder_text(&sql).at);
}

static err change_keys(struct ctx *cx, const struct change *change,
                       err (*run)(struct ctx *cx, const struct change *change))
{
    struct database *db = keys_of(change->at);
    TRY(database_move_to(cx, db, MOVE_BEGIN_WRITE));
    err result = say_next(cx, change);
    if (result == OK && run != NULL)
        result = run(cx, change);
    return database_finish(cx, db, result);
}

/* The data is opened or closed, the rest of its row stays. */
static err turn_data(struct ctx *cx, const struct keys_move *move, const struct ends *ends, place_state state)
{
    struct place next = ends->of_data;
    if (next.state == state)
        return OK;
    next.state = state;
    next.token = move != NULL ? move->token : next.token; /* who slept through it must not go on with the old keys */
    next.other = state == PLACE_KEYS ? move->shown : TEXT_NONE;
    return place_exchange(cx, ends->from, &ends->of_data, &next);
}

/* ---- both places at once */

static err fill_ends(struct ctx *cx, const struct keys_move *move, struct ends *ends)
{
    struct store_conn *of_caller = cx->db;
    TRY(conn_open(cx, move->from, ROLE_WRITER, &ends->from));
    TRY(conn_open(cx, move->to, ROLE_WRITER, &ends->to));
    TRY(load_keys_place(cx, ends->from, &ends->of_from));
    TRY(load_keys_place(cx, ends->to, &ends->of_to));
    cx->db = ends->from;
    err result = place_load(cx, &ends->of_data);
    cx->db = of_caller;
    return result;
}

static err with_ends(struct ctx *cx, struct keys_move *move,
                     err (*step)(struct ctx *cx, struct keys_move *move, struct ends *ends))
{
    struct ends ends = {.from = NULL};
    err result = fill_ends(cx, move, &ends);
    if (result == OK)
        result = step(cx, move, &ends);
    conn_close(ends.from);
    conn_close(ends.to);
    return result;
}

/* ---- begin */

/* Whether somebody's keys lie there. */
static err has_keys(struct ctx *cx, const struct keys_move *move, struct store_conn *conn, bool *out)
{
    struct table_list tables;
    bool has = false;
    TRY(keys_tables(cx, conn, &tables));
    if (store_is_local(move->to, STORE_KEYS))
        TRY(keyring_folder_has_buckets(cx, &has));
    for (size_t i = 0; i < tables.count && !has; i++) {
        int64_t rows = 0;
        TRY(rows_count(cx, &tables.at[i], &rows));
        has = rows > 0 && strcmp(tables.at[i].name, KEYS_OWNER) != 0;
    }
    *out = has;
    return OK;
}

static err check_owner(struct ctx *cx, const struct keys_move *move, struct store_conn *conn)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    int64_t others = 0;
    build_literal(&sql, "SELECT count(*) FROM " KEYS_OWNER " WHERE name <> ");
    put_quoted(&sql, move->node);
    build_byte(&sql, '\0');
    if (sql.overflowed)
        return FAIL_MEMORY(cx);
    TRY(table_ask(cx, keys_of(conn), builder_text(&sql).at, &others));
    if (others == 0)
        return OK;
    return FAIL(cx, CORRUPT, "key.root", "the place to which the keys shall go was begun under another root key");
}

static err check_fresh(struct ctx *cx, const struct keys_move *move, const struct ends *ends)
{
    bool has = false;
    TRY(check_owner(cx, move, ends->to));
    TRY(has_keys(cx, move, ends->to, &has));
    return has ? FAIL(cx, CONFLICT, "store.not_empty", "keys lie there already; a move wants an empty place") : OK;
}

static err begin_fresh(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    struct text back = TEXT_NONE;
    uint64_t drawn = 0;
    random_fill(cx->randomness, (uint8_t *)&drawn, sizeof drawn);
    move->token = (int64_t)(drawn >> 1) | 1;
    back = store_is_local(move->from, STORE_KEYS) ? text_of("the key folder") : text_of("the key database");
    struct keys_place half = {PLACE_HALF, move->token, back};
    struct keys_place closed = {PLACE_CLOSED, move->token, move->shown};
    TRY(change_keys(cx, &(struct change){move, ends, ends->to, &ends->of_to, &half}, NULL));
    TRY(turn_data(cx, move, ends, PLACE_KEYS));
    return change_keys(cx, &(struct change){move, ends, ends->from, &ends->of_from, &closed}, NULL);
}

static bool is_pair(const struct ends *ends, place_state from, place_state to)
{
    return ends->of_from.state == from && ends->of_to.state == to && ends->of_from.token == ends->of_to.token;
}

static err check(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    move->token = ends->of_from.token;
    move->is_open = is_pair(ends, PLACE_CLOSED, PLACE_OPEN) || is_pair(ends, PLACE_MOVED, PLACE_OPEN);
    move->is_done = is_pair(ends, PLACE_MOVED, PLACE_OPEN) && ends->of_data.state == PLACE_OPEN;
    move->is_fresh = !move->is_open && !is_pair(ends, PLACE_CLOSED, PLACE_HALF);
    if (!move->is_fresh)
        return OK;
    if (ends->of_data.state != PLACE_OPEN && ends->of_data.state != PLACE_KEYS)
        return place_check(cx, &ends->of_data);
    return ends->of_from.state == PLACE_OPEN ? check_fresh(cx, move, ends) : fail_gone(cx, &ends->of_from);
}

err keys_move_check(struct ctx *cx, struct keys_move *move)
{
    return with_ends(cx, move, check);
}

static err begin(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    TRY(check(cx, move, ends));
    return move->is_fresh ? begin_fresh(cx, move, ends) : OK;
}

err keys_move_begin(struct ctx *cx, struct keys_move *move)
{
    return with_ends(cx, move, begin);
}

/* ---- fill */

static err clear_rows(struct ctx *cx, struct store_conn *conn)
{
    struct table_list tables;
    TRY(keys_tables(cx, conn, &tables));
    for (size_t i = 0; i < tables.count; i++) {
        struct text sql = text_format(cx->arena, "DELETE FROM %s", tables.at[i].name);
        if (sql.at == NULL)
            return FAIL_MEMORY(cx);
        if (strcmp(tables.at[i].name, KEYS_OWNER) != 0)
            TRY(database_run(cx, keys_of(conn), sql.at));
    }
    return OK;
}

/* Takes a portion of the rows of a table of the source. */
typedef err (*take_fn)(struct ctx *cx, const struct change *change, const struct row_set *rows,
                       const struct table_list tables[2]);

struct copying {
    const struct change     *change;
    const struct table_list *tables; /* of the source, of the target */
    const char              *name;
    take_fn                  take;
    int64_t                  last;
    size_t                   count;
};

static err copy_portion(struct ctx *cx, struct copying *copying)
{
    const struct table *from = NULL;
    struct value after[LIMIT_STATEMENT_COLUMNS] = {{.number = copying->last}};
    struct row_set rows;
    TRY(keys_table_find(cx, &copying->tables[0], copying->name, &from));
    struct row_walk walk = {.table = from, .by = from->key, .by_count = 1, .after = after,
                            .rows_max = KEYS_PORTION_ROWS, .bytes_max = KEYS_PORTION_BYTES};
    TRY(rows_next(cx, &walk, &rows));
    TRY(copying->take(cx, copying->change, &rows, copying->tables));
    copying->count = rows.count;
    if (rows.count > 0)
        copying->last = row_at(from, &rows, rows.count - 1)->number;
    return OK;
}

/* Each portion in memory of its own. */
static err copy_all(struct ctx *cx, struct copying *copying)
{
    copying->count = 1;
    while (copying->count > 0) {
        struct ctx apart;
        TRY(ctx_part(cx, 2 * KEYS_PORTION_BYTES, &apart));
        TRY(ctx_join(cx, &apart, copy_portion(&apart, copying)));
    }
    return OK;
}

static err put_sealed(struct ctx *cx, const struct change *change, const struct table_list *of_to, int64_t bucket,
                      struct bytes sealed)
{
    const struct table *table = NULL;
    struct value row[2] = {{.number = bucket}, {.octets = sealed}};
    if (store_is_local(change->move->to, STORE_KEYS))
        return keyring_bucket_keep(cx, bucket, sealed);
    TRY(keys_table_find(cx, of_to, KEYS_SEALED, &table));
    return rows_put(cx, table, &(struct row_set){.at = row, .count = 1});
}

/* take_fn, of key_bucket: bucket, people, open. */
static err take_buckets(struct ctx *cx, const struct change *change, const struct row_set *rows,
                        const struct table_list tables[2])
{
    const struct table *table = NULL;
    TRY(keys_table_find(cx, &tables[0], "key_bucket", &table));
    for (size_t i = 0; i < rows->count; i++) {
        const struct value *row = row_at(table, rows, i);
        struct bytes sealed;
        if (row[2].number == KEYS_DOOMED)
            continue;
        TRY(keys_sealed_find(cx, &tables[0], row[0].number, &sealed));
        if (sealed.size > 0)
            TRY(put_sealed(cx, change, &tables[1], row[0].number, sealed));
    }
    return OK;
}

static err copy_buckets(struct ctx *cx, const struct change *change, const struct table_list tables[2])
{
    struct copying copying = {.change = change, .tables = tables, .name = "key_bucket", .take = take_buckets};
    if (store_is_local(change->move->to, STORE_KEYS))
        TRY(keyring_buckets_clear(cx)); /* what a run before has left */
    return copy_all(cx, &copying);
}

static err copy_table(struct ctx *cx, const struct change *change, const struct table_list tables[2], size_t i)
{
    const struct table *from = &tables[0].at[i];
    const struct table *to = NULL;
    struct row_set rows = {.count = 1};
    int64_t last = INT64_MIN;
    TRY(keys_table_find(cx, &tables[1], from->name, &to));
    if (!table_is_like(from, to) || from->key_count != 1 || from->key[0] != 0)
        return FAIL(cx, CORRUPT, "move.tables", "the table %s is not the same in both places", from->name);
    (void)change; /* both tables say where they lie */
    while (rows.count > 0) {
        struct ctx apart;
        struct value after[LIMIT_STATEMENT_COLUMNS] = {{.number = last}};
        struct row_walk walk = {.table = from, .by = from->key, .by_count = 1, .after = after,
                                .rows_max = KEYS_PORTION_ROWS, .bytes_max = KEYS_PORTION_BYTES};
        TRY(ctx_part(cx, 2 * KEYS_PORTION_BYTES, &apart));
        err result = rows_next(&apart, &walk, &rows);
        if (result == OK && rows.count > 0) {
            last = row_at(from, &rows, rows.count - 1)->number;
            result = rows_put(&apart, to, &rows);
        }
        TRY(ctx_join(cx, &apart, result));
    }
    return OK;
}

/* Not behind what the data vouches for, nor the mark in the folder. */
static err put_generation(struct ctx *cx, const struct change *change)
{
    int64_t least = 0;
    TRY(table_ask(cx, keys_of(change->ends->from), "SELECT generation FROM keys_generation", &least));
    least = least > change->move->least ? least : change->move->least;
    struct text sql = text_format(cx->arena, "UPDATE keys_generation SET generation = CASE WHEN generation < %lld THEN"
                                  " %lld ELSE generation END + 1", (long long)least, (long long)least);
    return sql.at == NULL ? FAIL_MEMORY(cx) : database_run(cx, keys_of(change->at), sql.at);
}

/* Whose place it is. */
static err put_owner(struct ctx *cx, const struct change *change)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    if (store_is_local(change->move->to, STORE_KEYS))
        return OK;
    build_literal(&sql, "INSERT INTO " KEYS_OWNER " (row_id, name) VALUES (1, ");
    put_quoted(&sql, change->move->node);
    build_literal(&sql, ") ON CONFLICT (row_id) DO NOTHING");
    build_byte(&sql, '\0');
    return sql.overflowed ? FAIL_MEMORY(cx) : database_run(cx, keys_of(change->at), builder_text(&sql).at);
}

/* Servers that share the keys look for it there. */
static err put_mark(struct ctx *cx, const struct change *change)
{
    struct builder sql = builder_open(cx->arena, SQL_BYTES);
    if (store_is_local(change->move->to, STORE_KEYS) || change->move->mark.size == 0)
        return OK;
    build_literal(&sql, "INSERT INTO " KEYS_MARK " (row_id, size, data_generation, note) VALUES (1, ");
    build_format(&sql, "%" PRId64 ", %" PRId64 ", ", change->move->mark_size, change->move->data_generation);
    put_quoted(&sql, change->move->mark);
    build_literal(&sql, ")");
    build_byte(&sql, '\0');
    return sql.overflowed ? FAIL_MEMORY(cx) : database_run(cx, keys_of(change->at), builder_text(&sql).at);
}

static err count_people(struct ctx *cx, const struct table_list tables[2], int64_t *out)
{
    int64_t rows[2] = {0, 0};
    for (size_t i = 0; i < 2; i++) {
        const struct table *table = NULL;
        TRY(keys_table_find(cx, &tables[i], "person_key", &table));
        TRY(rows_count(cx, table, &rows[i]));
    }
    if (rows[0] != rows[1])
        return FAIL(cx, CORRUPT, "move.differs", "the table person_key does not become the same in both places: "
                                                 "something else writes there");
    *out = rows[1];
    return OK;
}

static err copy_keys(struct ctx *cx, const struct change *change)
{
    struct table_list tables[2];
    TRY(keys_tables(cx, change->ends->from, &tables[0]));
    TRY(keys_tables(cx, change->ends->to, &tables[1]));
    TRY(clear_rows(cx, change->ends->to));
    for (size_t i = 0; i < tables[0].count; i++) {
        const char *name = tables[0].at[i].name;
        if (strcmp(name, KEYS_SEALED) != 0 && strcmp(name, KEYS_OWNER) != 0 && strcmp(name, KEYS_MARK) != 0)
            TRY(copy_table(cx, change, tables, i));
    }
    TRY(copy_buckets(cx, change, tables));
    TRY(put_owner(cx, change));
    TRY(put_mark(cx, change));
    TRY(put_generation(cx, change));
    return count_people(cx, tables, &change->move->people);
}

static err fill(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    struct keys_place half = {PLACE_HALF, move->token, ends->of_to.other};
    TRY(change_keys(cx, &(struct change){move, ends, ends->to, &half, &half}, copy_keys));
    return keys_compare(cx, ends->from, ends->to); /* what was committed */
}

err keys_move_fill(struct ctx *cx, struct keys_move *move)
{
    return with_ends(cx, move, fill);
}

/* ---- the end, one way or the other */

static err open_target(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    struct keys_place half = {PLACE_HALF, move->token, TEXT_NONE};
    struct keys_place open = {PLACE_OPEN, move->token, TEXT_NONE};
    TRY(change_keys(cx, &(struct change){move, ends, ends->to, &half, &open}, NULL));
    move->is_open = true;
    return OK;
}

err keys_move_open(struct ctx *cx, struct keys_move *move)
{
    return with_ends(cx, move, open_target);
}

static err clear_change(struct ctx *cx, const struct change *change)
{
    return clear_rows(cx, change->at);
}

/* Rows first: they say what there is, and files without them open nothing. */
static err destroy_keys(struct ctx *cx, const struct change *change, struct store *store)
{
    TRY(change_keys(cx, change, clear_change));
    TRY(store_scrub_keys(cx, store));
    return store_is_local(store, STORE_KEYS) ? keyring_buckets_clear(cx) : OK;
}

static err finish(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    struct keys_place moved = {PLACE_MOVED, move->token, move->shown};
    bool is_ours = is_pair(ends, PLACE_CLOSED, PLACE_OPEN) || is_pair(ends, PLACE_MOVED, PLACE_OPEN);
    if (!is_ours || ends->of_from.token != move->token)
        return fail_overtaken(cx);
    TRY(destroy_keys(cx, &(struct change){move, ends, ends->from, &ends->of_from, &moved}, move->from));
    return turn_data(cx, move, ends, PLACE_OPEN);
}

err keys_move_finish(struct ctx *cx, struct keys_move *move)
{
    return with_ends(cx, move, finish);
}

static err cancel(struct ctx *cx, struct keys_move *move, struct ends *ends)
{
    struct keys_place open = {PLACE_OPEN, ends->of_from.token, TEXT_NONE};
    bool is_begun = is_pair(ends, PLACE_CLOSED, PLACE_HALF);
    bool is_closed_only = ends->of_from.state == PLACE_OPEN && ends->of_to.state == PLACE_HALF;
    if (!is_begun && !is_closed_only)
        return FAIL(cx, CONFLICT, "store.moved", "the keys are not on their way to that place, or are there already");
    if (is_begun) {
        TRY(destroy_keys(cx, &(struct change){move, ends, ends->to, &ends->of_to, &ends->of_to}, move->to));
        TRY(change_keys(cx, &(struct change){move, ends, ends->from, &ends->of_from, &open}, NULL));
    }
    return turn_data(cx, move, ends, PLACE_OPEN);
}

err keys_move_cancel(struct ctx *cx, struct keys_move *move)
{
    return with_ends(cx, move, cancel);
}

static err open_again(struct ctx *cx, struct ends *ends, bool *out_was)
{
    struct keys_place open = {PLACE_OPEN, ends->of_from.token, TEXT_NONE};
    bool was = ends->of_data.state == PLACE_KEYS;
    if (was && ends->of_from.state != PLACE_OPEN && ends->of_from.state != PLACE_CLOSED)
        return fail_gone(cx, &ends->of_from);
    if (was && ends->of_from.state == PLACE_CLOSED)
        TRY(change_keys(cx, &(struct change){NULL, ends, ends->from, &ends->of_from, &open}, NULL));
    if (was)
        TRY(turn_data(cx, NULL, ends, PLACE_OPEN));
    *out_was = was;
    return OK;
}

err keys_move_forget(struct ctx *cx, struct store *from, bool *out_was)
{
    struct ends ends = {.from = NULL};
    struct store_conn *of_caller = cx->db;
    TRY(conn_open(cx, from, ROLE_WRITER, &ends.from));
    cx->db = ends.from;
    err result = load_keys_place(cx, ends.from, &ends.of_from);
    if (result == OK)
        result = place_load(cx, &ends.of_data);
    cx->db = of_caller;
    if (result == OK)
        result = open_again(cx, &ends, out_was);
    conn_close(ends.from);
    return result;
}
