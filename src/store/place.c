/* SPDX-License-Identifier: Apache-2.0
 * One row. In a folder a writer sees that another process has written before its batch, and looks again; on a server
 * the places of all writers are taken away, so that what is under way is waited for and nothing comes after it. */
#include "store/place.h"

#include "store/postgres.h"
#include "store/queries.h"
#include "store/state.h"
#include "store/table.h"

static err fail_mute(struct ctx *cx)
{
    return FAIL(cx, CORRUPT, "store.damaged", "the store does not say whether it may be served");
}

static err fail_overtaken(struct ctx *cx)
{
    return FAIL(cx, CONFLICT, "store.overtaken", "another run of this move has begun since, or has given it up");
}

err place_load(struct ctx *cx, struct place *out)
{
    struct sql_store_place_load_row row;
    bool found = false;
    TRY(sql_store_place_load(cx, &row, &found));
    if (!found || row.state < PLACE_OPEN || row.state > PLACE_KEYS)
        return fail_mute(cx);
    *out = (struct place){(place_state)row.state, row.token, row.other, row.node};
    return OK;
}

err place_check(struct ctx *cx, const struct place *place)
{
    switch (place->state) {
    case PLACE_OPEN:
        return OK;
    case PLACE_HALF:
        return FAIL(cx, CONFLICT, "store.half_copied", "this copy is not complete, the node is at %.*s; "
                                                       "`symbolon migrate` goes on with it", TEXT_ARGS(place->other));
    case PLACE_CLOSED:
        return FAIL(cx, CONFLICT, "store.moved", "this store is being moved to %.*s; `symbolon migrate` goes on, "
                                                 "with --cancel it gives up", TEXT_ARGS(place->other));
    case PLACE_MOVED:
        return FAIL(cx, CONFLICT, "store.moved", "this store has moved to %.*s; name that with --store",
                    TEXT_ARGS(place->other));
    case PLACE_KEYS:
        return FAIL(cx, CONFLICT, "store.moved", "the keys of this node are being moved to %.*s; `symbolon migrate "
                                                 "--keys-to` goes on, with --cancel it gives up",
                    TEXT_ARGS(place->other));
    }
    return fail_mute(cx);
}

err place_check_batch(struct ctx *cx)
{
    struct sql_store_place_state_row row;
    bool found = false;
    conn_begin_write(cx->db);
    err result = sql_store_place_state(cx, &row, &found);
    TRY(conn_end_write(cx, cx->db, result == OK));
    TRY(result);
    if (found && row.state == PLACE_OPEN)
        return OK;
    return FAIL(cx, UNAVAILABLE, "store.moved", "this store is being moved to another place, or was");
}

/* ---- a place that is to be filled */

static err has_row(struct ctx *cx, const struct table *table, bool *out)
{
    struct row_set rows;
    struct row_walk walk = {.table = table, .by = table->key, .by_count = table->key_count, .rows_max = 1};
    TRY(rows_next(cx, &walk, &rows));
    *out = rows.count > 0;
    return OK;
}

/* A place of an earlier version says nothing of itself. */
static err has_moved(struct ctx *cx, struct database *db, bool *out)
{
    static const char *const FIND[DIALECT_COUNT] = {
        [DIALECT_SQLITE] = "SELECT count(*) FROM sqlite_schema WHERE name = 'store_place'",
        [DIALECT_POSTGRES] = "SELECT count(to_regclass('store_place'))",
    };
    int64_t there = 0;
    int64_t moves = 0;
    TRY(table_ask(cx, db, FIND[db->engine->dialect], &there));
    if (there > 0)
        TRY(table_ask(cx, db, "SELECT count(*) FROM store_place WHERE token <> 0", &moves));
    *out = moves > 0;
    return OK;
}

err place_check_target(struct ctx *cx, struct store_conn *conn)
{
    struct table_list tables;
    bool moved = false;
    TRY(has_moved(cx, conn->of_file[STORE_PEOPLE], &moved));
    TRY(table_list(cx, conn, false, &tables));
    for (size_t i = 0; !moved && i < tables.count; i++) {
        bool has = false;
        TRY(has_row(cx, &tables.at[i], &has));
        if (has)
            return FAIL(cx, CONFLICT, "store.not_empty", "a store lies there already; a move wants an empty place");
    }
    return OK;
}

/* ---- changing it */

err place_hold(struct ctx *cx, const struct place *held)
{
    struct sql_store_place_hold_in in = {held->state, held->token};
    int64_t changed = 0;
    TRY(sql_store_place_hold(cx, &in, &changed));
    return changed == 1 ? OK : fail_overtaken(cx);
}

static err save(struct ctx *cx, const struct place *held, const struct place *next)
{
    struct sql_store_place_save_in in = {next->state, next->token, next->other, next->node};
    int64_t changed = 0;
    if (held != NULL)
        TRY(place_hold(cx, held));
    TRY(sql_store_place_save(cx, &in, &changed));
    return changed == 1 ? OK : fail_mute(cx);
}

/* In the batch that has begun. */
static err save_in_batch(struct ctx *cx, struct store_conn *conn, const struct place *held, const struct place *next)
{
    struct store_conn *of_caller = cx->db;
    cx->db = conn;
    conn_begin_write(conn);
    err result = save(cx, held, next);
    if (result == OK)
        result = conn_end_write(cx, conn, true);
    if (result == OK)
        result = conn_commit_batch(cx, conn);
    else
        conn_abandon_batch(conn);
    cx->db = of_caller;
    return result;
}

/* With the places of all writers taken, no batch of ours could commit either: this one is none. */
static err save_fenced(struct ctx *cx, struct store_conn *conn, const struct place *held, const struct place *next)
{
    struct postgres *pg = postgres_of(conn->of_file[STORE_PEOPLE]);
    bool closes = next->state == PLACE_CLOSED || next->state == PLACE_MOVED || next->state == PLACE_KEYS;
    TRY(postgres_fence_begin(cx, pg, closes));
    conn->began[conn->leader[STORE_PEOPLE]] = true;
    return save_in_batch(cx, conn, held, next);
}

err place_exchange(struct ctx *cx, struct store_conn *conn, const struct place *held, const struct place *next)
{
    bool is_news = false;
    if (postgres_of(conn->of_file[STORE_PEOPLE]) != NULL)
        return save_fenced(cx, conn, held, next);
    TRY(conn_begin_batch(cx, conn, &is_news));
    return save_in_batch(cx, conn, held, next);
}

err place_save(struct ctx *cx, struct store_conn *conn, const struct place *next)
{
    return place_exchange(cx, conn, NULL, next);
}
