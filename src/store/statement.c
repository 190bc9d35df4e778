/* SPDX-License-Identifier: Apache-2.0
 * Runs any statement by its descriptor. Every way out resets the statement, so that none holds a snapshot open. */
#include "store/statement.h"

#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "store/conn.h"

/* Room for the row of any statement, aligned for its fields. */
struct row_room {
    _Alignas(16) uint8_t at[LIMIT_STATEMENT_COLUMNS * sizeof(struct text)];
};

/* Prepared, bound, and its file in the state that it needs. */
static err make_ready(struct ctx *cx, const struct statement *statement, const void *in, struct sqlite_run_of *out)
{
    struct store_conn *conn = cx->db;
    assert(conn != NULL);
    TRY(conn_touch(cx, conn, statement->file, statement->writes));
    struct sqlite_run_of run = {.file = &conn->files[statement->file], .statement = statement};
    if (conn->prepared[statement->index] == NULL)
        TRY(sqlite_prepare(cx, run.file, statement, &conn->prepared[statement->index]));
    run.prepared = conn->prepared[statement->index];
    TRY(sqlite_bind(cx, &run, in));
    *out = run;
    return OK;
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

err statement_none(struct ctx *cx, const struct statement *statement, const void *in, int64_t *changed)
{
    struct sqlite_run_of run;
    bool is_row = false;
    TRY(make_ready(cx, statement, in, &run));
    err result = sqlite_step(cx, &run, &is_row);
    if (result == OK && changed != NULL)
        *changed = sqlite_changed(run.file);
    sqlite_reset(&run);
    return result;
}

static err read_one(struct ctx *cx, const struct sqlite_run_of *run, void *row, bool *out_found)
{
    bool is_row = false;
    TRY(sqlite_step(cx, run, &is_row));
    if (is_row) {
        TRY(sqlite_read(cx, run, row));
        TRY(keep_row(cx, run->statement, row));
    }
    *out_found = is_row;
    while (is_row && run->statement->writes) /* RETURNING: the change counts once the statement has come to its end */
        TRY(sqlite_step(cx, run, &is_row));
    return OK;
}

err statement_one(struct ctx *cx, const struct statement *statement, const void *in, void *row, bool *found)
{
    struct sqlite_run_of run;
    TRY(make_ready(cx, statement, in, &run));
    err result = read_one(cx, &run, row, found);
    sqlite_reset(&run);
    return result;
}

err statement_each(struct ctx *cx, const struct statement *statement, const void *in,
                   err (*take)(struct ctx *cx, const void *row, void *arg), void *arg)
{
    struct sqlite_run_of run;
    struct row_room room;
    bool is_row = false;
    assert(statement->row_bytes <= sizeof room.at);
    TRY(make_ready(cx, statement, in, &run));
    err result = OK;
    while (result == OK && (result = sqlite_step(cx, &run, &is_row)) == OK && is_row) {
        result = sqlite_read(cx, &run, room.at);
        if (result == OK)
            result = take(cx, room.at, arg);
    }
    sqlite_reset(&run);
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
