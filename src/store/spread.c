/* SPDX-License-Identifier: Apache-2.0
 * Tells Citus where the tables lie. Each statement looks for itself whether there is something to do, so that what was
 * done before, or by another program meanwhile, is not done twice. */
#include "store/spread.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/postgres.h"

#define SQL_BYTES 600

struct place {
    const char *table;
    const char *column; /* NULL: a copy on every machine */
};

static const struct place PLACES[] = {
#define DISTRIBUTED(table, column) {#table, #column},
#define REFERENCE(table, why) {#table, NULL},
#define LOCAL(table, why)
#define SCATTER(query, why)
#include "store/sql/placement.def"
#undef DISTRIBUTED
#undef REFERENCE
#undef LOCAL
#undef SCATTER
};

#define PLACE_COUNT (sizeof PLACES / sizeof *PLACES)

static err ask_number(struct ctx *cx, struct postgres *pg, const char *sql, int64_t *out)
{
    const char *found = NULL;
    TRY(postgres_ask(cx, pg, sql, 1, &found));
    if (found == NULL || !text_to_int64(text_of(found), out))
        return FAIL(cx, INTERNAL, "store.failed", "the database gave no number");
    return OK;
}

/* The first table of the same column: rows of one value lie beside each other in both. */
static const char *together_with(const struct place *place)
{
    for (size_t i = 0; &PLACES[i] != place; i++)
        if (PLACES[i].column != NULL && strcmp(PLACES[i].column, place->column) == 0)
            return PLACES[i].table;
    return NULL;
}

static err put(struct ctx *cx, struct postgres *pg, const struct place *place)
{
    const char *schema = pg->options.schema;
    char words[SQL_BYTES / 2];
    char sql[SQL_BYTES];
    if (place->column == NULL) {
        (void)snprintf(words, sizeof words, "create_reference_table('%s.%s')", schema, place->table);
    } else {
        const char *first = together_with(place);
        (void)snprintf(words, sizeof words, "create_distributed_table('%s.%s', '%s', colocate_with => '%s%s%s')",
                       schema, place->table, place->column, first == NULL ? "" : schema, first == NULL ? "" : ".",
                       first == NULL ? "none" : first);
    }
    (void)snprintf(sql, sizeof sql, "SELECT %s WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition"
                   " WHERE logicalrelid = '%s.%s'::regclass)", words, schema, place->table);
    return postgres_say(cx, pg, sql);
}

static err check(struct ctx *cx, struct postgres *pg, const struct place *place)
{
    char sql[SQL_BYTES];
    int64_t right = 0;
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*)::text FROM pg_dist_partition WHERE logicalrelid = '%s.%s'::regclass"
                   " AND partmethod = '%s' AND COALESCE(column_to_column_name(logicalrelid, partkey), '') = '%s'",
                   pg->options.schema, place->table, place->column == NULL ? "n" : "h",
                   place->column == NULL ? "" : place->column);
    TRY(ask_number(cx, pg, sql, &right));
    if (right == 1)
        return OK;
    return FAIL(cx, CONFLICT, "store.spread", "the table %s is spread in another way than this program wants",
                place->table);
}

/* With the lock that lets one program at a time do it. */
static err put_all(struct ctx *cx, struct postgres *pg, bool also_filled, int64_t *out_new)
{
    char sql[SQL_BYTES];
    int64_t spread = 0;
    int64_t people = 0;
    TRY(postgres_say(cx, pg, "LOCK TABLE schema_migration IN SHARE ROW EXCLUSIVE MODE"));
    (void)snprintf(sql, sizeof sql, "SELECT count(*)::text FROM pg_dist_partition JOIN pg_class ON oid = logicalrelid"
                   " WHERE relnamespace = '%s'::regnamespace", pg->options.schema);
    TRY(ask_number(cx, pg, sql, &spread));
    TRY(ask_number(cx, pg, "SELECT count(*)::text FROM (SELECT 1 FROM organisation UNION ALL SELECT 1 FROM person"
                           " LIMIT 1) AS anybody", &people));
    *out_new = 0;
    if (spread == 0 && people > 0 && !also_filled)
        return OK;
    *out_new = (int64_t)PLACE_COUNT - spread;
    for (size_t i = 0; i < PLACE_COUNT; i++)
        TRY(put(cx, pg, &PLACES[i]));
    for (size_t i = 0; i < PLACE_COUNT; i++)
        TRY(check(cx, pg, &PLACES[i]));
    return OK;
}

/* In one transaction: all tables or none. */
static err put_at_once(struct ctx *cx, struct postgres *pg, bool also_filled, int64_t *out_new)
{
    TRY(postgres_say(cx, pg, "BEGIN ISOLATION LEVEL READ COMMITTED"));
    pg->is_patient = true; /* it takes what it takes, and so does waiting for another program that is at it */
    err result = postgres_say(cx, pg, "SET LOCAL statement_timeout = 0");
    if (result == OK)
        result = put_all(cx, pg, also_filled, out_new);
    pg->is_patient = false;
    if (result == OK)
        return postgres_say(cx, pg, "COMMIT");
    postgres_lose(pg); /* whatever was begun ends with the connection */
    return result;
}

static err has_extension(struct ctx *cx, struct postgres *pg, bool *out)
{
    int64_t there = 0;
    TRY(ask_number(cx, pg, "SELECT count(*)::text FROM pg_extension WHERE extname = 'citus'", &there));
    *out = there > 0;
    return OK;
}

err spread_tables(struct ctx *cx, struct database *db)
{
    struct postgres *pg = postgres_of(db);
    bool there = false;
    int64_t fresh = 0;
    if (pg == NULL)
        return OK;
    TRY(has_extension(cx, pg, &there));
    return there ? put_at_once(cx, pg, false, &fresh) : OK;
}

err spread_filled(struct ctx *cx, struct database *db, bool *out_there, int64_t *out_new)
{
    struct postgres *pg = postgres_of(db);
    bool there = false;
    int64_t fresh = 0;
    if (pg != NULL)
        TRY(has_extension(cx, pg, &there));
    if (there)
        TRY(put_at_once(cx, pg, true, &fresh));
    for (size_t i = 0; there && i < PLACE_COUNT; i++) { /* what a run before has perhaps not come to, too */
        char sql[SQL_BYTES];
        (void)snprintf(sql, sizeof sql, "SELECT truncate_local_data_after_distributing_table('%s.%s')",
                       pg->options.schema, PLACES[i].table);
        TRY(postgres_say(cx, pg, sql));
    }
    *out_there = there;
    *out_new = fresh;
    return OK;
}
