/* SPDX-License-Identifier: Apache-2.0
 * Runs any statement by its descriptor. Every way out finishes the statement, so that none holds a snapshot open. */
#include "store/statement.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "store/conn.h"

/* Room for the row of any statement, aligned for its fields. */
struct row_room {
    _Alignas(16) uint8_t at[LIMIT_STATEMENT_COLUMNS * sizeof(struct text)];
};

/* The file in the state that the statement needs, and the statement begun. */
static err begin(struct ctx *cx, const struct statement *statement, const void *in, struct database **out)
{
    struct store_conn *conn = cx->db;
    assert(conn != NULL);
    TRY(conn_touch(cx, conn, statement->file, statement->writes));
    struct database *db = conn->of_file[statement->file];
    TRY(db->engine->start(cx, db, statement, in));
    *out = db;
    return OK;
}

/* After its end: what it has changed. */
static void note_change(struct store_conn *conn, const struct statement *statement, const struct database *db)
{
    if (statement->writes && db->engine->changed(db) > 0)
        conn->touched[conn->leader[statement->file]] = true;
}

/* Moves the text and bytes of a row from the database's memory into the arena. */
static err keep_row(struct ctx *cx, const struct statement *statement, void *row)
{
    for (size_t i = 0; i < statement->out_count; i++) {
        void *at = (uint8_t *)row + statement->out[i].offset;
        struct text *text = at;
        struct bytes *bytes = at;
        if (statement->out[i].type == FIELD_TEXT && (*text = text_copy(cx->arena, *text)).at == NULL)
            return FAIL_MEMORY(cx);
        if (statement->out[i].type == FIELD_BYTES && (*bytes = bytes_copy(cx->arena, *bytes)).at == NULL)
            return FAIL_MEMORY(cx);
    }
    return OK;
}

void statement_ahead(struct ctx *cx, const struct statement *statement, const void *in)
{
    struct store_conn *conn = cx->db;
    struct database *db = conn->of_file[statement->file];
    if (db->engine->ahead == NULL || conn->is_careful)
        return;
    struct ctx own = {.db = conn};
    if (conn_touch(&own, conn, statement->file, false) == OK) /* otherwise whoever asks learns of it */
        db->engine->ahead(db, statement, in);
}

/* A change inside a write that nobody asks the outcome of: it stands or falls with the write. */
static bool may_post(const struct store_conn *conn, const struct statement *statement)
{
    return conn->is_running && !conn->is_careful && statement->writes &&
           conn->of_file[statement->file]->engine->post != NULL;
}

static err post(struct ctx *cx, const struct statement *statement, const void *in)
{
    struct store_conn *conn = cx->db;
    struct database *db = conn->of_file[statement->file];
    TRY(conn_touch(cx, conn, statement->file, true));
    conn->touched[conn->leader[statement->file]] = true;
    return db->engine->post(cx, db, statement, in);
}

err statement_none(struct ctx *cx, const struct statement *statement, const void *in, int64_t *changed)
{
    struct database *db = NULL;
    bool is_row = false;
    if ((changed == NULL || statement->meets == MEETS_TOLD) && may_post(cx->db, statement)) {
        TRY(post(cx, statement, in));
        if (changed != NULL)
            *changed = 1; /* or all of it is run again with a wait */
        return OK;
    }
    TRY(begin(cx, statement, in, &db));
    err result = db->engine->step(cx, db, statement, &is_row);
    if (result == OK)
        note_change(cx->db, statement, db);
    if (result == OK && changed != NULL)
        *changed = db->engine->changed(db);
    db->engine->finish(db, statement);
    return result;
}

static err read_one(struct ctx *cx, struct database *db, const struct statement *statement, void *row, bool *out_found)
{
    bool is_row = false;
    TRY(db->engine->step(cx, db, statement, &is_row));
    if (is_row) {
        TRY(db->engine->read(cx, db, statement, row));
        TRY(keep_row(cx, statement, row));
    }
    *out_found = is_row;
    while (is_row && statement->writes) /* RETURNING: the change counts once the statement has come to its end */
        TRY(db->engine->step(cx, db, statement, &is_row));
    note_change(cx->db, statement, db);
    return OK;
}

err statement_one(struct ctx *cx, const struct statement *statement, const void *in, void *row, bool *found)
{
    struct database *db = NULL;
    TRY(begin(cx, statement, in, &db));
    err result = read_one(cx, db, statement, row, found);
    db->engine->finish(db, statement);
    return result;
}

err statement_each(struct ctx *cx, const struct statement *statement, const void *in,
                   err (*take)(struct ctx *cx, const void *row, void *arg), void *arg)
{
    struct database *db = NULL;
    struct row_room room;
    bool is_row = false;
    assert(statement->row_bytes <= sizeof room.at);
    TRY(begin(cx, statement, in, &db));
    err result = OK;
    while (result == OK && (result = db->engine->step(cx, db, statement, &is_row)) == OK && is_row) {
        result = db->engine->read(cx, db, statement, room.at);
        if (result == OK)
            result = take(cx, room.at, arg);
    }
    if (result == OK)
        note_change(cx->db, statement, db);
    db->engine->finish(db, statement);
    return result;
}

struct row_list {
    const struct statement *statement;
    uint8_t                *rows;
    size_t                  count;
    size_t                  room;
};

static err list_row(struct ctx *cx, const void *row, void *arg)
{
    struct row_list *list = arg;
    size_t row_bytes = list->statement->row_bytes;
    if (list->count == LIMIT_ROWS)
        return FAIL(cx, TOO_LARGE, "limit.rows", "the answer has more than %d rows", LIMIT_ROWS);
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 8 : list->room * 2;
        uint8_t *rows = arena_take(cx->arena, room, row_bytes);
        if (rows == NULL)
            return FAIL_MEMORY(cx);
        if (list->count > 0)
            memcpy(rows, list->rows, list->count * row_bytes);
        list->rows = rows;
        list->room = room;
    }
    uint8_t *at = list->rows + list->count * row_bytes;
    memcpy(at, row, row_bytes);
    TRY(keep_row(cx, list->statement, at));
    list->count++;
    return OK;
}

err statement_many(struct ctx *cx, const struct statement *statement, const void *in, void **rows, size_t *count)
{
    struct row_list list = {.statement = statement};
    TRY(statement_each(cx, statement, in, list_row, &list));
    *rows = list.rows;
    *count = list.count;
    return OK;
}
