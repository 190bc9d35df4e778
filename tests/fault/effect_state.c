/* SPDX-License-Identifier: Apache-2.0
 * See effect_state.h. */
#include "fault/effect_state.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ at[i]) * UINT64_C(0x100000001B3);
    return (sum ^ size) * UINT64_C(0x100000001B3);
}

static bool add_table(sqlite3 *db, const char *table, int64_t *rows, uint64_t *content)
{
    char sql[96];
    sqlite3_stmt *query = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK)
        return false;
    for (; sqlite3_step(query) == SQLITE_ROW; (*rows)++) {
        uint64_t sum = mix(0, table, strlen(table));
        for (int i = 0; i < sqlite3_column_count(query); i++) {
            const void *at = sqlite3_column_blob(query, i);
            sum = mix(sum, at, (size_t)sqlite3_column_bytes(query, i));
        }
        *content += sum; /* the order of rows means nothing */
    }
    return sqlite3_finalize(query) == SQLITE_OK; /* the code of the last step */
}

static bool add_tables(sqlite3 *db, int64_t *rows, uint64_t *content)
{
    static const char LIST[] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'clock_mark'";
    sqlite3_stmt *tables = NULL;
    bool whole = sqlite3_prepare_v2(db, LIST, -1, &tables, NULL) == SQLITE_OK;
    while (whole && sqlite3_step(tables) == SQLITE_ROW)
        whole = add_table(db, (const char *)sqlite3_column_text(tables, 0), rows, content);
    return sqlite3_finalize(tables) == SQLITE_OK && whole;
}

bool state_read(const char *root, struct state *out)
{
    static const char *const FILES[STATE_FILES] = {"keys", "records", "ledger", "people"};
    struct state state = {.rows = {0}};
    bool whole = true;
    for (int i = 0; i < STATE_FILES && whole; i++) {
        char path[128];
        sqlite3 *db = NULL;
        (void)snprintf(path, sizeof path, "%s/node/store/%s.db", root, FILES[i]);
        whole = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                sqlite3_busy_timeout(db, 5000) == SQLITE_OK && add_tables(db, &state.rows[i], &state.content[i]);
        whole = sqlite3_close(db) == SQLITE_OK && whole;
    }
    if (whole)
        *out = state;
    return whole;
}

bool state_is_same(const struct state *one, const struct state *other)
{
    return memcmp(one, other, sizeof *one) == 0;
}

bool state_holds(const struct state *state, const struct state *wanted)
{
    for (int i = 0; i < STATE_PEOPLE; i++)
        if (state->rows[i] < wanted->rows[i])
            return false;
    return state->rows[STATE_PEOPLE] == wanted->rows[STATE_PEOPLE];
}
