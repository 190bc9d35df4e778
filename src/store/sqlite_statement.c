/* SPDX-License-Identifier: Apache-2.0
 * Prepared statements and transactions of one open file. Values go by the descriptor's offsets; nothing here knows what
 * a query means. */
#include "store/sqlite.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "store/table.h"

#define NAMED_BYTES 1024

/* SQLite takes `$1` for a name; `?1` is its word for the first parameter. The length stays. */
static void number_parameters(char *sql)
{
    bool quoted = false;
    for (; *sql != '\0'; sql++) {
        quoted ^= *sql == '\'';
        *sql = *sql == '$' && !quoted ? '?' : *sql;
    }
}

static const char *numbered(struct arena *arena, const char *sql)
{
    size_t size = strlen(sql) + 1;
    char *copy = arena_take(arena, size, 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, sql, size);
    number_parameters(copy);
    return copy;
}

static bool agrees(sqlite3_stmt *prepared, const struct statement *statement)
{
    return prepared != NULL && (size_t)sqlite3_bind_parameter_count(prepared) == statement->in_count &&
           (size_t)sqlite3_column_count(prepared) == statement->out_count &&
           (sqlite3_stmt_readonly(prepared) == 0) == statement->writes;
}

/* Where a statement's prepared form lies. */
static sqlite3_stmt **slot_of(struct sqlite_file *file, const struct statement *statement)
{
    return &file->prepared[statement->index == STATEMENT_PASSING ? STATEMENT_COUNT : statement->index];
}

static err prepare(struct ctx *cx, struct database *db, const struct statement *statement)
{
    struct sqlite_file *file = sqlite_file_of(db);
    sqlite3_stmt *prepared = NULL;
    const char *sql = numbered(cx->arena, statement->sql);
    if (sql == NULL)
        return FAIL_MEMORY(cx);
    int code = sqlite3_prepare_v3(file->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL);
    if (code == SQLITE_ERROR)
        return FAIL(cx, INTERNAL, "store.statement", "%s: %s", statement->name, sqlite3_errmsg(file->db));
    if (code != SQLITE_OK)
        return sqlite_fail(cx, file, code, statement->name);
    if (!agrees(prepared, statement)) {
        (void)sqlite3_finalize(prepared); /* it has done nothing yet */
        return FAIL(cx, INTERNAL, "store.statement", "%s: the head does not agree with the SQL", statement->name);
    }
    *slot_of(file, statement) = prepared;
    return OK;
}

static err move(struct ctx *cx, struct database *db, database_move to)
{
    struct sqlite_file *file = sqlite_file_of(db);
    sqlite3_stmt *prepared = file->moves[to];
    (void)sqlite3_step(prepared); /* the reset gives the same code */
    int code = sqlite3_reset(prepared);
    return code == SQLITE_OK ? OK : sqlite_fail(cx, file, code, sqlite3_sql(prepared));
}

static uint32_t version_of_data(const struct database *db)
{
    const struct sqlite_file *file = (const struct sqlite_file *)db;
    unsigned version = 0;
    int code = sqlite3_file_control(file->db, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    assert(code == SQLITE_OK); /* it only reads a counter of the open file */
    return version;
}

static bool in_transaction(const struct database *db)
{
    return sqlite3_get_autocommit(((const struct sqlite_file *)db)->db) == 0;
}

static int bind_field(sqlite3_stmt *prepared, int number, field_type type, const void *at)
{
    const struct text *text = at;
    const struct bytes *bytes = at;
    switch (type) {
    case FIELD_INT64:
        return sqlite3_bind_int64(prepared, number, *(const int64_t *)at);
    case FIELD_TEXT: /* a NULL pointer would bind NULL: none is "" */
        return sqlite3_bind_text64(prepared, number, text->size == 0 ? "" : text->at, text->size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case FIELD_BYTES:
        return sqlite3_bind_blob64(prepared, number, bytes->size == 0 ? (const void *)"" : bytes->at, bytes->size,
                                   SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static err bind(struct ctx *cx, struct sqlite_file *file, const struct statement *statement, const void *in)
{
    sqlite3_stmt *prepared = *slot_of(file, statement);
    assert((in == NULL) == (statement->in_count == 0));
    assert(sqlite3_stmt_busy(prepared) == 0); /* a statement does not run inside its own rows */
    for (size_t i = 0; i < statement->in_count; i++) {
        const struct field *field = &statement->in[i];
        int code = bind_field(prepared, (int)i + 1, field->type, (const uint8_t *)in + field->offset);
        if (code == SQLITE_TOOBIG)
            return FAIL(cx, TOO_LARGE, "store.value", "a value is larger than the store takes (%s)", statement->name);
        if (code != SQLITE_OK)
            return sqlite_fail(cx, file, code, statement->name);
    }
    return OK;
}

/* How many rows a change names, before it is made. Its parameters are those of the change, as far as it uses them. */
static err count_named(struct ctx *cx, struct sqlite_file *file, const struct statement *statement, const void *in)
{
    char sql[NAMED_BYTES];
    sqlite3_stmt *count = NULL;
    int size = snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", statement->named);
    assert(size > 0 && size < NAMED_BYTES); /* our own text */
    number_parameters(sql);
    int code = sqlite3_prepare_v2(file->db, sql, -1, &count, NULL);
    int used = code == SQLITE_OK ? sqlite3_bind_parameter_count(count) : 0;
    for (int i = 0; code == SQLITE_OK && i < used; i++)
        code = bind_field(count, i + 1, statement->in[i].type, (const uint8_t *)in + statement->in[i].offset);
    if (code == SQLITE_OK)
        code = sqlite3_step(count);
    file->named = code == SQLITE_ROW ? sqlite3_column_int64(count, 0) : 0;
    (void)sqlite3_finalize(count); /* repeats the code of the step */
    return code == SQLITE_ROW ? OK : sqlite_fail(cx, file, code, statement->name);
}

static err start(struct ctx *cx, struct database *db, const struct statement *statement, const void *in)
{
    struct sqlite_file *file = sqlite_file_of(db);
    if (*slot_of(file, statement) == NULL)
        TRY(prepare(cx, db, statement));
    if (statement->meets == MEETS_ALL)
        TRY(count_named(cx, file, statement, in));
    return bind(cx, file, statement, in);
}

/* Only this program writes the files, and no trigger stands in them: this holds against whoever did hang one there. */
static err check_change(struct ctx *cx, struct sqlite_file *file, const struct statement *statement)
{
    int64_t wanted = statement->meets == MEETS_ONE ? 1 : file->named;
    if ((statement->meets != MEETS_ONE && statement->meets != MEETS_ALL) || sqlite3_changes64(file->db) == wanted)
        return OK;
    return FAIL(cx, CORRUPT, "store.row_lost", "the file took a change and did not keep it (%s)", statement->name);
}

static err step(struct ctx *cx, struct database *db, const struct statement *statement, bool *out_row)
{
    struct sqlite_file *file = sqlite_file_of(db);
    int code = sqlite3_step(*slot_of(file, statement));
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sqlite_fail(cx, file, code, statement->name);
    *out_row = code == SQLITE_ROW;
    return code == SQLITE_DONE ? check_change(cx, file, statement) : OK;
}

/* The column is looked up once and then asked as a value: the file belongs to one thread (SQLITE_OPEN_NOMUTEX), where
 * that is as good as asking by its number three times. */
static bool read_field(sqlite3_stmt *prepared, int column, field_type type, void *at)
{
    static const int STORED_AS[] = {
        [FIELD_INT64] = SQLITE_INTEGER, [FIELD_TEXT] = SQLITE_TEXT, [FIELD_BYTES] = SQLITE_BLOB};
    sqlite3_value *value = sqlite3_column_value(prepared, column);
    int stored = sqlite3_value_type(value);
    if (type == FIELD_INT64) {
        *(int64_t *)at = sqlite3_value_int64(value);
    } else {
        struct bytes view = {sqlite3_value_blob(value), (size_t)sqlite3_value_bytes(value)};
        if (view.at == NULL) /* SQLite's empty blob */
            view = (struct bytes){(const uint8_t *)"", 0};
        if (type == FIELD_TEXT)
            *(struct text *)at = text_of_bytes(view);
        else
            *(struct bytes *)at = view;
    }
    return stored == STORED_AS[type] || stored == SQLITE_NULL;
}

static err read_row(struct ctx *cx, struct database *db, const struct statement *statement, void *row)
{
    sqlite3_stmt *prepared = *slot_of(sqlite_file_of(db), statement);
    for (size_t i = 0; i < statement->out_count; i++) {
        const struct field *field = &statement->out[i];
        if (!read_field(prepared, (int)i, field->type, (uint8_t *)row + field->offset))
            return FAIL(cx, CORRUPT, "store.damaged", "%s.%s is not of its type", statement->name, field->name);
    }
    return OK;
}

static void finish(struct database *db, const struct statement *statement)
{
    sqlite3_stmt **prepared = slot_of(sqlite_file_of(db), statement);
    if (statement->index != STATEMENT_PASSING) {
        (void)sqlite3_reset(*prepared); /* repeats the code of the last step, which was looked at then */
        return;
    }
    (void)sqlite3_finalize(*prepared); /* the same */
    *prepared = NULL;
}

static int64_t changed(const struct database *db)
{
    return sqlite3_changes64(((const struct sqlite_file *)db)->db);
}

static int64_t slot(const struct database *db)
{
    (void)db; /* a write lock is one process's */
    return -1;
}

const struct engine SQLITE_ENGINE = {
    .prepare = prepare,
    .move = move,
    .start = start,
    .step = step,
    .read = read_row,
    .finish = finish,
    .changed = changed,
    .run = sqlite_run,
    .in_transaction = in_transaction,
    .version_of_data = version_of_data,
    .slot = slot,
    .close = sqlite_close,
    .rows = &SQLITE_ROWS,
    .dialect = DIALECT_SQLITE,
};
