/* SPDX-License-Identifier: Apache-2.0
 * A look at a database before anything is made in it: may this user work there, and does it hold what is ours? Whoever
 * looks is a reader, so that the server itself refuses every change. */
#include <libpq-fe.h>
#include <string.h>

#include "base/text.h"
#include "store/migrate.h"
#include "store/postgres_look.h"

#define ASK_TRIES 5      /* of a question that somebody else's time limit ends */
#define SESSION_ROUNDS 4 /* in which two connections ask who works for them */

/* ---- what is in between */

/* Which process of the server works for this connection now. */
static err ask_process(struct ctx *cx, struct postgres *pg, int64_t *out)
{
    const char *found = NULL;
    int64_t process = 0;
    err result = postgres_ask(cx, pg, "SELECT pg_backend_pid()::text", 1, &found);
    for (int tries = 1; tries < ASK_TRIES && result == UNAVAILABLE && pg->link != NULL; tries++) {
        failure_clear(&cx->failure);
        result = postgres_ask(cx, pg, "SELECT pg_backend_pid()::text", 1, &found);
    }
    TRY(result);
    if (found == NULL || !text_to_int64(text_of(found), &process))
        return FAIL(cx, INTERNAL, "store.failed", "the database does not say who works for a connection");
    *out = process;
    return OK;
}

/* A session of its own is the same from one transaction to the next, and nobody else's meanwhile. A pooler that hands
 * sessions round gives the one that was used last, or each in turn: so each asks twice, and then the other one does. */
static err check_sessions(struct ctx *cx, struct postgres *const both[2])
{
    int64_t process[2] = {0, 0};
    for (size_t i = 0; i < SESSION_ROUNDS * 4; i++) {
        size_t which = i / 2 % 2;
        int64_t before = process[which];
        TRY(ask_process(cx, both[which], &process[which]));
        if ((before != 0 && process[which] != before) || process[0] == process[1])
            return FAIL(cx, CONFLICT, "store.pooler",
                        "a pooler before the database hands its sessions round; let it give each connection one of "
                        "its own (PgBouncer: pool_mode = session)");
    }
    return OK;
}

/* What belongs to a session here (settings, prepared statements) would be somebody else's there, so nothing is said to
 * it before this. A pooler makes up the number by which a connection is known to it. */
static err check_between(struct ctx *cx, const struct postgres_options *bare, struct postgres *pg)
{
    int64_t process = 0;
    struct postgres *other = NULL;
    TRY(ask_process(cx, pg, &process));
    if (process == PQbackendPID(pg->link))
        return OK;
    TRY(postgres_open(cx, bare, &other));
    err result = check_sessions(cx, (struct postgres *const[]){pg, other});
    database_close(&other->base);
    return result;
}

/* ---- what it holds */

/* What the catalogue says; "true" or "false" but for the first. */
enum { DATABASE, HAS_SCHEMA, MAY_MAKE, MAY_WORK, HOLDS, IS_OURS, ANSWERS };

static bool is_true(const char *answer)
{
    return strcmp(answer, "true") == 0;
}

/* A schema that was made for us and is empty will do. */
static err ask(struct ctx *cx, struct postgres *pg, const char *out[ANSWERS])
{
    static const char WORDS[] =
        "SELECT current_database(), (id IS NOT NULL)::text, has_database_privilege(current_database(), 'CREATE')::text,"
        " COALESCE(has_schema_privilege(id, 'USAGE') AND has_schema_privilege(id, 'CREATE') AND NOT EXISTS (SELECT 1"
        " FROM pg_class WHERE relnamespace = id AND relkind IN ('r', 'p') AND NOT pg_has_role(relowner, 'USAGE')),"
        " false)::text,"
        " (EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = id))::text,"
        " ((SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = id"
        " AND relname = 'schema_migration' AND (attname, atttypid) IN (('version', 'int8'::regtype),"
        " ('name', 'text'::regtype), ('hash', 'bytea'::regtype))) = 3)::text"
        " FROM (SELECT to_regnamespace('%s')::oid AS id) AS schema";
    struct text sql = text_format(cx->arena, WORDS, pg->options.schema);
    return sql.at == NULL ? FAIL_MEMORY(cx) : postgres_ask(cx, pg, sql.at, ANSWERS, out);
}

/* Whoever may alter a table may hang on it what takes rows away, or hides them, without an error. None of it is of this
 * program. What the engine hangs there itself for constraints is internal, and so is what an extension that spreads
 * tables does (Citus: a function of its own in pg_catalog, at TRUNCATE alone). */
static err check_tables(struct ctx *cx, struct postgres *pg)
{
    static const char WORDS[] =
        "SELECT relname, what::text FROM (SELECT relname, CASE WHEN relkind <> 'r' THEN 0"
        " WHEN relpersistence <> 'p' THEN 1 WHEN relrowsecurity OR relforcerowsecurity THEN 2"
        " WHEN EXISTS (SELECT 1 FROM pg_rewrite WHERE ev_class = pg_class.oid) THEN 3"
        " WHEN EXISTS (SELECT 1 FROM pg_inherits WHERE pg_class.oid IN (inhrelid, inhparent)) THEN 4"
        " WHEN EXISTS (SELECT 1 FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = pg_class.oid"
        " AND NOT tgisinternal AND NOT (pronamespace = 'pg_catalog'::regnamespace AND proname LIKE 'citus\\_%%'))"
        " THEN 5 END AS what FROM pg_class WHERE relnamespace = '%s'::regnamespace"
        " AND relkind IN ('r', 'p', 'f', 'v', 'm')) AS found WHERE what IS NOT NULL ORDER BY relname LIMIT 1";
    static const char *const WHAT[] = {"is no plain table", "is not kept over a crash (UNLOGGED)",
                                       "has row-level security", "has a rule", "inherits, or is inherited from",
                                       "has a trigger"};
    const char *found[2] = {NULL, NULL};
    int64_t what = 0;
    struct text sql = text_format(cx->arena, WORDS, pg->options.schema);
    if (sql.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(postgres_ask(cx, pg, sql.at, 2, found));
    if (found[0] == NULL || !text_to_int64(text_of(found[1]), &what))
        return OK;
    return FAIL(cx, CONFLICT, "store.table", "%s.%s %s: what the node writes there could be lost unseen; take it away",
                pg->options.schema, found[0], WHAT[what]);
}

/* The data notes it as soon as a node was opened so (app/node.c). */
static err has_keys_elsewhere(struct ctx *cx, struct postgres *pg, bool *out)
{
    const char *found = NULL;
    *out = false;
    TRY(postgres_ask(cx, pg, "SELECT to_regclass('node_state')::text", 1, &found));
    if (found == NULL || *found == '\0')
        return OK;
    TRY(postgres_ask(cx, pg, "SELECT count(*)::text FROM node_state WHERE name = 'keys_shared'", 1, &found));
    *out = found != NULL && strcmp(found, "0") != 0;
    return OK;
}

static err judge(struct ctx *cx, struct postgres *pg, const char *is[ANSWERS], bool *out_begun)
{
    const char *schema = pg->options.schema;
    struct migrations migrations = {MIGRATIONS, MIGRATION_COUNT};
    bool is_there = is_true(is[HAS_SCHEMA]);
    if (!is_there && !pg->options.create)
        return FAIL(cx, NOT_FOUND, "store.missing", "the database %s holds no store", is[DATABASE]);
    if (!is_there && !is_true(is[MAY_MAKE]))
        return FAIL(cx, FORBIDDEN, "store.rights",
                    "the database %s does not let this user make a schema: make the user its owner", is[DATABASE]);
    if (is_there && !is_true(is[MAY_WORK]))
        return FAIL(cx, FORBIDDEN, "store.rights",
                    "the database %s does not let this user work in the schema %s: make the user its owner",
                    is[DATABASE], schema);
    if (!is_there || !is_true(is[HOLDS])) {
        *out_begun = false;
        return OK;
    }
    if (!is_true(is[IS_OURS]))
        return FAIL(cx, CONFLICT, "store.foreign",
                    "the schema %s of the database %s is not of this program: give the node a database of its own",
                    schema, is[DATABASE]);
    TRY(check_tables(cx, pg));
    return migrate_check(cx, &pg->base, migrations, out_begun);
}

err postgres_name(struct ctx *cx, struct postgres *pg, struct postgres_name *out)
{
    const char *found[2] = {NULL, NULL};
    TRY(postgres_ask(cx, pg, "SELECT system_identifier::text, oid::text FROM pg_control_system(), pg_database"
                             " WHERE datname = current_database()", 2, found));
    if (found[0] == NULL || found[1] == NULL)
        return FAIL(cx, INTERNAL, "store.failed", "the database does not tell its name");
    *out = (struct postgres_name){found[0], found[1]};
    return OK;
}

err postgres_look(struct ctx *cx, const struct postgres_options *options, struct postgres_seen *out)
{
    const char *is[ANSWERS];
    struct postgres *pg = NULL;
    struct postgres_options bare = *options;
    bare.is_bare = true;
    TRY(postgres_open(cx, &bare, &pg));
    err result = check_between(cx, &bare, pg);
    if (result == OK)
        result = postgres_settle(cx, pg);
    if (result == OK)
        result = ask(cx, pg, is);
    if (result == OK)
        result = judge(cx, pg, is, &out->is_begun);
    if (result == OK)
        result = has_keys_elsewhere(cx, pg, &out->has_keys_elsewhere);
    if (result == OK)
        result = postgres_name(cx, pg, &out->name);
    database_close(&pg->base);
    return result;
}
