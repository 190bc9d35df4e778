/* SPDX-License-Identifier: Apache-2.0
 * VACUUM FULL writes a table anew and leaves behind what nobody can see any more; whoever still reads an older state
 * can see more, so it is checked: a plain VACUUM marks the pages that hold nothing but what all see (PostgreSQL 15,
 * 73.4). It locks readers out for as long as the writing takes, and so stands in no transaction of the writer, waits
 * for the lock a short while at a time, and takes on a large table only where it must. */
#include "store/scrub.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/postgres_look.h"
#include "store/state.h"

#define SQL_BYTES 400
#define PAUSE_NS 50000000L
#define STATEMENT_MS 60000 /* a checkpoint writes all that the server has in memory */

/* Tables with keys in them, and the column. Bucket keys are one for a thousand people, and wrapped keys of people are
 * worth nothing without them: so a table of people that has grown large is left as it is. */
static const struct keys_table {
    const char *name, *column;
    bool        always;
} TABLES[] = {{"bucket_key", "sealed", true}, {"person_key", "wrapped", false}};

#define TABLE_COUNT (sizeof TABLES / sizeof *TABLES)

static err ask_bool(struct ctx *cx, struct postgres *pg, const char *sql, bool *out)
{
    const char *found = NULL;
    TRY(postgres_ask(cx, pg, sql, 1, &found));
    if (found == NULL)
        return FAIL(cx, INTERNAL, "store.failed", "the database gave no answer");
    *out = strcmp(found, "true") == 0;
    return OK;
}

/* ---- samples */

err scrub_prepare(struct ctx *cx, struct database *keys)
{
    struct postgres *pg = postgres_of(keys);
    char sql[SQL_BYTES];
    for (size_t i = 0; pg != NULL && i < TABLE_COUNT; i++) {
        bool is_sampled = false;
        (void)snprintf(sql, sizeof sql, "SELECT (COALESCE(attstattarget, -1) <> 0)::text FROM pg_attribute"
                       " WHERE attrelid = '%s'::regclass AND attname = '%s'", TABLES[i].name, TABLES[i].column);
        TRY(ask_bool(cx, pg, sql, &is_sampled));
        (void)snprintf(sql, sizeof sql, "ALTER TABLE %s ALTER COLUMN %s SET STATISTICS 0", TABLES[i].name,
                       TABLES[i].column);
        if (is_sampled)
            TRY(postgres_say(cx, pg, sql));
    }
    return OK;
}

/* ---- tables */

/* `out_clean`: every page of the table holds only rows that everybody sees. */
static err rewrite(struct ctx *cx, struct postgres *pg, const struct keys_table *table, bool *out_clean)
{
    char sql[SQL_BYTES];
    (void)snprintf(sql, sizeof sql, "VACUUM (FULL) %s", table->name);
    TRY(postgres_say(cx, pg, sql));
    (void)snprintf(sql, sizeof sql, "VACUUM %s", table->name);
    TRY(postgres_say(cx, pg, sql));
    (void)snprintf(sql, sizeof sql, "SELECT (relallvisible >= relpages)::text FROM pg_class WHERE oid = '%s'::regclass",
                   table->name);
    return ask_bool(cx, pg, sql, out_clean);
}

static err fail_held(struct ctx *cx)
{
    return FAIL(cx, UNAVAILABLE, "store.busy",
                "somebody reads an older state of the key database, or holds its tables: what was erased is not gone");
}

static err rewrite_patiently(struct ctx *cx, struct postgres *pg, const struct keys_table *table)
{
    int64_t until_ms = postgres_now_ms() + LIMIT_STORE_BUSY_MS;
    for (;;) {
        bool is_clean = false;
        err result = rewrite(cx, pg, table, &is_clean);
        bool is_held = result == UNAVAILABLE && strcmp(cx->failure.reason, "store.busy") == 0;
        if (result != OK && !is_held)
            return result;
        if (is_clean)
            return OK;
        failure_clear(&cx->failure);
        if (postgres_now_ms() >= until_ms)
            return fail_held(cx);
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL); /* a signal shortens it */
    }
}

static err scrub_table(struct ctx *cx, struct postgres *pg, const struct keys_table *table)
{
    char sql[SQL_BYTES];
    bool is_small = false;
    (void)snprintf(sql, sizeof sql, "SELECT (pg_table_size('%s') <= %d)::text", table->name,
                   LIMIT_KEYS_REWRITTEN_BYTES);
    TRY(ask_bool(cx, pg, sql, &is_small));
    if (table->always || is_small)
        return rewrite_patiently(cx, pg, table);
    (void)snprintf(sql, sizeof sql, "VACUUM %s", table->name);
    return postgres_say(cx, pg, sql);
}

/* ---- the write-ahead log */

static err may_cut(struct ctx *cx, struct postgres *pg, bool *out_switch, bool *out_checkpoint)
{
    TRY(ask_bool(cx, pg, "SELECT has_function_privilege('pg_switch_wal()', 'EXECUTE')::text", out_switch));
    return ask_bool(cx, pg, "SELECT (current_setting('is_superuser') = 'on' OR EXISTS (SELECT 1 FROM pg_roles"
                            " WHERE rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')))::text", out_checkpoint);
}

/* Behind a checkpoint nothing older is needed; the segment that is being written is only given up once it is ended. */
static err cut_log(struct ctx *cx, struct postgres *pg)
{
    const char *place = NULL;
    bool may_switch = false;
    bool may_checkpoint = false;
    TRY(may_cut(cx, pg, &may_switch, &may_checkpoint));
    if (may_switch)
        TRY(postgres_ask(cx, pg, "SELECT pg_switch_wal()::text", 1, &place));
    return may_checkpoint ? postgres_say(cx, pg, "CHECKPOINT") : OK;
}

err scrub_look(struct ctx *cx, struct store_conn *conn, struct store_keys_place *io)
{
    struct postgres *pg = postgres_of(conn->of_file[STORE_KEYS]);
    struct postgres *data = postgres_of(conn->of_file[STORE_PEOPLE]);
    struct postgres_name of_keys;
    struct postgres_name of_data;
    bool may_switch = false;
    bool may_checkpoint = false;
    TRY(postgres_ready(cx, pg));
    TRY(postgres_ready(cx, data));
    TRY(postgres_name(cx, pg, &of_keys));
    TRY(postgres_name(cx, data, &of_data));
    io->is_beside = strcmp(of_keys.server, of_data.server) == 0;
    TRY(may_cut(cx, pg, &may_switch, &may_checkpoint));
    io->may_cut_log = may_switch && may_checkpoint;
    return ask_bool(cx, pg, "SELECT (current_setting('wal_recycle') = 'on' OR current_setting('archive_mode') <> 'off'"
                            " OR current_setting('wal_keep_size') <> '0' OR EXISTS (SELECT 1 FROM"
                            " pg_replication_slots))::text", &io->keeps_log);
}

/* ---- all of it */

static err scrub(struct ctx *cx, struct postgres *pg)
{
    char sql[SQL_BYTES];
    (void)snprintf(sql, sizeof sql, "SELECT set_config('statement_timeout', '%d', false),"
                   " set_config('lock_timeout', '%d', false)", STATEMENT_MS, LIMIT_KEYS_LOCK_MS);
    TRY(postgres_say(cx, pg, sql));
    for (size_t i = 0; i < TABLE_COUNT; i++)
        TRY(scrub_table(cx, pg, &TABLES[i]));
    return cut_log(cx, pg);
}

err scrub_server(struct ctx *cx, struct store *store)
{
    struct postgres_options options = {
        .url = store->keys_url,
        .schema = "symbolon_keys",
        .role = ROLE_WRITER,
        .volatile_ = store->options.volatile_,
        .wait_ms = STATEMENT_MS + LIMIT_STORE_BUSY_MS,
    };
    struct postgres *pg = NULL;
    TRY(postgres_open(cx, &options, &pg));
    err result = scrub(cx, pg);
    database_close(&pg->base);
    return result;
}
