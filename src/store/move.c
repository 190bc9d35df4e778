/* SPDX-License-Identifier: Apache-2.0
 * The steps of a move. Who may go on is decided by a number that each run draws and leaves at the target: with every
 * portion it is asked whether it still stands there, so a run that was stopped for an hour writes nothing into a store
 * that is in use by then. */
#include "store/move.h"

#include <stdlib.h>
#include <string.h>

#include "store/generation.h"
#include "store/keys_move.h"
#include "store/level.h"
#include "store/postgres.h"
#include "store/queries.h"
#include "store/spread.h"
#include "store/state.h"

#define PASSES_MAX 4           /* beside the node that runs */
#define ROWS_FOR_ONE_MORE 1000 /* so many changed since the pass before: one more is worth it */
#define ROUNDS_MAX 4           /* of one table, behind the closed door */
#define TABLES_ARENA_BYTES (16u * 1024 * 1024)

/* ---- where */

err store_shown(struct ctx *cx, const struct store *store, struct text *out)
{
    struct postgres *pg = postgres_of(store->writer.conn->of_file[STORE_PEOPLE]);
    if (pg != NULL)
        return postgres_shown(cx, pg, out);
    char *whole = realpath(store->folder, NULL);
    struct text shown = text_format(cx->arena, "sqlite:%s", whole == NULL ? store->folder : whole);
    free(whole);
    if (shown.at == NULL)
        return FAIL_MEMORY(cx);
    *out = shown;
    return OK;
}

err store_place_check(struct ctx *cx)
{
    struct place place;
    TRY(place_load(cx, &place));
    TRY(place_check(cx, &place));
    TRY(keys_place_check(cx, cx->db));
    if (place.token == cx->db->store->place)
        return OK;
    return FAIL(cx, CONFLICT, "store.moved", "data or keys of this node have moved meanwhile");
}

err store_spread(struct ctx *cx, struct store *store, bool *out_there, int64_t *out_new)
{
    struct store_conn *conn = NULL;
    TRY(conn_open(cx, store, ROLE_WRITER, &conn));
    err result = spread_filled(cx, conn->of_file[STORE_PEOPLE], out_there, out_new);
    conn_close(conn);
    return result;
}

/* ---- both places at once */

struct ends {
    struct store_conn *from; /* reads */
    struct store_conn *to;   /* writes */
    struct place       of_from;
    struct place       of_to;
    struct text        from_shown;
    struct text        to_shown;
};

static err load_place(struct ctx *cx, struct store_conn *conn, struct place *out)
{
    struct store_conn *of_caller = cx->db;
    cx->db = conn;
    err result = place_load(cx, out);
    cx->db = of_caller;
    return result;
}

static void close_ends(struct ends *ends)
{
    conn_close(ends->from);
    conn_close(ends->to);
}

static err fill_ends(struct ctx *cx, const struct store_move *move, struct ends *ends)
{
    TRY(conn_open(cx, move->from, ROLE_READER, &ends->from));
    TRY(conn_open(cx, move->to, ROLE_WRITER, &ends->to));
    TRY(load_place(cx, ends->from, &ends->of_from));
    TRY(load_place(cx, ends->to, &ends->of_to));
    TRY(store_shown(cx, move->from, &ends->from_shown));
    return store_shown(cx, move->to, &ends->to_shown);
}

/* Runs one step with both places at hand. */
static err with_ends(struct ctx *cx, struct store_move *move,
                     err (*step)(struct ctx *cx, struct store_move *move, struct ends *ends))
{
    struct ends ends = {.from = NULL};
    err result = fill_ends(cx, move, &ends);
    if (result == OK)
        result = step(cx, move, &ends);
    close_ends(&ends);
    return result;
}

/* ---- begin */

static int64_t draw_token(const struct ctx *cx)
{
    uint64_t token = 0;
    random_fill(cx->randomness, (uint8_t *)&token, sizeof token);
    return (int64_t)(token >> 1) | 1; /* never 0 */
}

static struct place place_of(const struct store_move *move, place_state state, struct text other)
{
    return (struct place){state, move->token, other, move->node};
}

/* The source's row is written by a writer's handle. */
static err save_source(struct ctx *cx, const struct store_move *move, const struct place *next)
{
    struct store_conn *conn = NULL;
    TRY(conn_open(cx, move->from, ROLE_WRITER, &conn));
    err result = place_save(cx, conn, next);
    conn_close(conn);
    return result;
}

/* The source has closed its door to come here. */
static bool is_ours(const struct ends *ends)
{
    bool closed = ends->of_from.state == PLACE_CLOSED || ends->of_from.state == PLACE_MOVED;
    return closed && ends->of_from.token == ends->of_to.token;
}

static err fail_not_empty(struct ctx *cx)
{
    return FAIL(cx, CONFLICT, "store.not_empty", "a store lies there already; a move wants an empty place");
}

/* What may be filled: nobody's place, a copy of the same node, or one that the same node has left. */
static err check_ends(struct ctx *cx, const struct store_move *move, const struct ends *ends)
{
    bool is_fresh = ends->of_to.state == PLACE_OPEN && ends->of_to.token == 0;
    bool is_same = text_equals(ends->of_to.node, move->node) && ends->of_to.state != PLACE_OPEN &&
                   ends->of_to.state != PLACE_KEYS;
    if (ends->of_from.state == PLACE_HALF || (ends->of_from.state != PLACE_OPEN && !is_ours(ends)))
        return place_check(cx, &ends->of_from);
    return is_fresh || is_same ? OK : fail_not_empty(cx);
}

/* Keys of others must not be replaced. Those beside data on a server lie in the node's own folder: they are its own. */
static err check_keys(struct ctx *cx, const struct store_move *move, const struct ends *ends)
{
    struct table_list tables;
    if (!move->with_keys || ends->of_to.token != 0 || !store_is_local(move->to, STORE_PEOPLE))
        return OK;
    TRY(table_list(cx, ends->to, true, &tables));
    for (size_t i = 0; i < tables.count; i++) {
        int64_t rows = 0;
        TRY(rows_count(cx, &tables.at[i], &rows));
        if (rows > 0)
            return fail_not_empty(cx);
    }
    return OK;
}

static err begin(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    move->is_done = is_ours(ends) && ends->of_to.state == PLACE_OPEN;
    move->is_closed = ends->of_from.state == PLACE_CLOSED || ends->of_from.state == PLACE_MOVED;
    if (move->is_done) {
        move->token = ends->of_to.token;
        return OK;
    }
    TRY(check_ends(cx, move, ends));
    TRY(check_keys(cx, move, ends));
    move->token = draw_token(cx);
    struct place half = place_of(move, PLACE_HALF, ends->from_shown);
    TRY(place_exchange(cx, ends->to, ends->of_to.token == 0 ? NULL : &ends->of_to, &half));
    if (!move->is_closed)
        return OK;
    struct place closed = place_of(move, PLACE_CLOSED, ends->to_shown);
    return save_source(cx, move, &closed);
}

err store_move_begin(struct ctx *cx, struct store_move *move)
{
    return with_ends(cx, move, begin);
}

/* ---- copy */

static struct level level_of(const struct store_move *move, const struct ends *ends, move_step step)
{
    return (struct level){.to = ends->to,
                          .held = place_of(move, PLACE_HALF, ends->from_shown),
                          .told = {.step = step},
                          .progress = move->progress,
                          .changed = step == MOVE_STEP_SETTLE ? move->changed : NULL,
                          .self = move->self};
}

struct pairs {
    struct table_list from;
    struct table_list to;
};

static err fail_tables(struct ctx *cx, const char *name)
{
    return FAIL(cx, CORRUPT, "move.tables", "the table %s is not the same in both places", name);
}

static err load_pairs(struct ctx *cx, const struct store_move *move, const struct ends *ends, struct pairs *out)
{
    TRY(table_list(cx, ends->from, move->with_keys, &out->from));
    TRY(table_list(cx, ends->to, move->with_keys, &out->to));
    for (size_t i = 0; i < out->to.count; i++)
        if (table_find(&out->from, out->to.at[i].name) == NULL)
            return fail_tables(cx, out->to.at[i].name);
    for (size_t i = 0; i < out->from.count; i++) {
        const struct table *to = table_find(&out->to, out->from.at[i].name);
        if (to == NULL || !table_is_like(&out->from.at[i], to))
            return fail_tables(cx, out->from.at[i].name);
    }
    return OK;
}

static struct pair pair_at(const struct pairs *pairs, size_t i)
{
    return (struct pair){&pairs->from.at[i], table_find(&pairs->to, pairs->from.at[i].name)};
}

static err append_all(struct ctx *cx, struct store_move *move, const struct ends *ends, const struct pairs *pairs)
{
    struct level level = level_of(move, ends, MOVE_STEP_COPY);
    for (size_t i = 0; i < pairs->from.count; i++) {
        struct pair pair = pair_at(pairs, i);
        TRY(level_append(cx, &level, &pair));
    }
    return OK;
}

/* What stands in the way of another row for now will not when the door is closed. */
static err compare_live(struct ctx *cx, struct level *level, const struct pair *pair, int64_t *changed)
{
    err result = level_compare(cx, level, pair, changed);
    if (result != CONFLICT || !text_is(text_of(cx->failure.reason), "store.duplicate"))
        return result;
    failure_clear(&cx->failure);
    return OK;
}

static err copy(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    struct pairs pairs;
    int64_t changed = ROWS_FOR_ONE_MORE;
    TRY(load_pairs(cx, move, ends, &pairs));
    err result = append_all(cx, move, ends, &pairs);
    if (result == CONFLICT && text_is(text_of(cx->failure.reason), "store.duplicate"))
        failure_clear(&cx->failure); /* rows have changed places since a run before: comparing finds them */
    else
        TRY(result);
    for (int pass = 1; pass < PASSES_MAX && changed >= ROWS_FOR_ONE_MORE; pass++) {
        struct level level = level_of(move, ends, MOVE_STEP_COMPARE);
        changed = 0;
        for (size_t i = 0; i < pairs.from.count; i++) {
            struct pair pair = pair_at(&pairs, i);
            TRY(compare_live(cx, &level, &pair, &changed));
        }
    }
    return OK;
}

err store_move_copy(struct ctx *cx, struct store_move *move)
{
    return with_ends(cx, move, copy);
}

/* ---- close */

static err close_source(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    struct place closed = place_of(move, PLACE_CLOSED, ends->to_shown);
    if (ends->of_to.state != PLACE_HALF || ends->of_to.token != move->token)
        return FAIL(cx, CONFLICT, "store.overtaken", "another run of this move has begun since, or has given it up");
    TRY(save_source(cx, move, &closed));
    move->is_closed = true;
    return OK;
}

err store_move_close(struct ctx *cx, struct store_move *move)
{
    return with_ends(cx, move, close_source);
}

/* ---- settle */

/* Until one look over all rows finds nothing to write, and none is too many. */
static err settle_table(struct ctx *cx, struct level *level, const struct pair *pair, int64_t *out_rows)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        int64_t changed = 0;
        int64_t here = 0;
        int64_t there = 0;
        TRY(level_compare(cx, level, pair, &changed));
        TRY(rows_count(cx, pair->from, &here));
        TRY(rows_count(cx, pair->to, &there));
        if (changed == 0 && here == there) {
            *out_rows += here;
            return OK;
        }
        if (here != there)
            TRY(level_strip(cx, level, pair, &changed));
    }
    return FAIL(cx, CORRUPT, "move.differs", "the table %s does not become the same in both places: something else "
                                             "writes there, or changes what is written", pair->from->name);
}

static struct text table_of_generation(struct ctx *cx, store_file file)
{
    const char *name = store_file_name(file); /* "people.db" */
    return text_format(cx->arena, "%.*s_generation", (int)(strlen(name) - strlen(".db")), name);
}

/* That of the people is that of all data on a server, whose other tables stay as they were made. */
static err ask_generation(struct ctx *cx, struct database *db, store_file file, int64_t *out)
{
    struct text table = table_of_generation(cx, file);
    struct text sql = text_format(cx->arena, "SELECT generation FROM %.*s", TEXT_ARGS(table));
    if (file == STORE_PEOPLE && db->engine->changes != NULL)
        return db->engine->changes(cx, db, out);
    return table.at == NULL || sql.at == NULL ? FAIL_MEMORY(cx) : table_ask(cx, db, sql.at, out);
}

/* A file that has moved is never behind what the marks beside the keys have seen, before the source was closed or
 * behind that. */
static err raise_generation(struct ctx *cx, const struct store_move *move, const struct ends *ends, store_file file)
{
    struct database *db = ends->to->of_file[file];
    struct postgres *pg = postgres_of(db);
    int64_t least = 0;
    int64_t now = 0;
    TRY(ask_generation(cx, ends->from->of_file[file], file, &least));
    least = least > move->least[file] ? least : move->least[file];
    if (pg != NULL)
        return postgres_lift_changes(cx, pg, least + 1);
    TRY(ask_generation(cx, db, file, &now));
    now = now > least ? now : least;
    struct text table = table_of_generation(cx, file);
    struct text sql = text_format(cx->arena, "UPDATE %.*s SET generation = %lld", TEXT_ARGS(table), (long long)now + 1);
    return table.at == NULL || sql.at == NULL ? FAIL_MEMORY(cx) : database_run(cx, db, sql.at);
}

/* Data on a server has one alone. */
static bool has_generation(const struct store_move *move, store_file file)
{
    return store_is_local(move->to, file) ? file != STORE_KEYS || move->with_keys : file == STORE_PEOPLE;
}

static bool is_among(const struct table_names *names, struct text name)
{
    for (size_t i = 0; i < names->count; i++)
        if (text_equals(names->at[i], name))
            return true;
    return false;
}

/* Whatever a catalogue names was settled, or is known to stay. */
static err check_names(struct ctx *cx, const struct store_move *move, struct store_conn *conn,
                       const struct table_names *settled)
{
    struct table_names there;
    TRY(table_names(cx, conn, move->with_keys, &there));
    for (size_t i = 0; i < there.count; i++)
        if (!table_stays(there.at[i]) && !is_among(settled, there.at[i]))
            return FAIL(cx, CORRUPT, "move.tables", "the table %.*s was left out", TEXT_ARGS(there.at[i]));
    return OK;
}

static err settle_all(struct ctx *cx, struct store_move *move, struct ends *ends, struct table_names *settled)
{
    struct pairs pairs;
    struct level level = level_of(move, ends, MOVE_STEP_SETTLE);
    move->rows = 0;
    TRY(load_pairs(cx, move, ends, &pairs));
    settled->at = ARENA_ARRAY(cx->arena, struct text, pairs.from.count);
    if (settled->at == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < pairs.from.count; i++) {
        struct pair pair = pair_at(&pairs, i);
        TRY(settle_table(cx, &level, &pair, &move->rows));
        settled->at[settled->count++] = text_of(pair.from->name);
    }
    return OK;
}

static err settle(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    struct table_names settled = {.count = 0};
    TRY(settle_all(cx, move, ends, &settled));
    TRY(check_names(cx, move, ends->from, &settled));
    TRY(check_names(cx, move, ends->to, &settled));
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (has_generation(move, file))
            TRY(raise_generation(cx, move, ends, file));
    return OK;
}

err store_move_settle(struct ctx *cx, struct store_move *move)
{
    return with_ends(cx, move, settle);
}

/* ---- the end, one way or the other */

static err open_target(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    struct postgres *pg = postgres_of(ends->to->of_file[STORE_PEOPLE]);
    struct place half = place_of(move, PLACE_HALF, ends->from_shown);
    struct place open = place_of(move, PLACE_OPEN, ends->from_shown);
    if (pg != NULL)
        TRY(postgres_lift_numbers(cx, pg, move->newest_number));
    return place_exchange(cx, ends->to, &half, &open);
}

static err finish(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    struct place moved = place_of(move, PLACE_MOVED, ends->to_shown);
    if (!move->is_done)
        TRY(open_target(cx, move, ends));
    move->is_done = true;
    return ends->of_from.state == PLACE_MOVED ? OK : save_source(cx, move, &moved);
}

err store_move_finish(struct ctx *cx, struct store_move *move)
{
    return with_ends(cx, move, finish);
}

static err cancel(struct ctx *cx, struct store_move *move, struct ends *ends)
{
    struct place open = {.state = PLACE_OPEN, .other = TEXT_NONE, .node = TEXT_NONE};
    if (ends->of_from.state != PLACE_CLOSED)
        return place_check(cx, &ends->of_from);
    if (!is_ours(ends) || ends->of_to.state != PLACE_HALF)
        return FAIL(cx, CONFLICT, "store.moved", "the store is not on its way to that place, or is there already");
    move->token = draw_token(cx);
    struct place half = place_of(move, PLACE_HALF, ends->from_shown);
    TRY(place_exchange(cx, ends->to, &ends->of_to, &half));
    return save_source(cx, move, &open);
}

err store_move_cancel(struct ctx *cx, struct store_move *move)
{
    return with_ends(cx, move, cancel);
}

err store_move_forget(struct ctx *cx, struct store *from)
{
    struct store_move move = {.from = from};
    struct place place;
    struct place open = {.state = PLACE_OPEN, .other = TEXT_NONE, .node = TEXT_NONE};
    TRY(place_load(cx, &place));
    return place.state == PLACE_CLOSED ? save_source(cx, &move, &open) : place_check(cx, &place);
}
