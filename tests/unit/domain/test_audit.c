/* SPDX-License-Identifier: Apache-2.0
 * Goal: the re-derivation agrees with everything that the domain does, and sees what somebody changed behind its back.
 * Method: a world with every kind of fact, then each column of each table spoilt by plain SQL, one at a time; the
 * columns come from the database, so that a new one must be audited or named below with its reason. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/parties/record.h"
#include "domain/people/leftover.h"
#include "support/world.h"

#define COLUMNS_MAX 40

/* ---- a world with everything in it */

static void give(struct world *world, const struct relationship *relationship, struct uses uses, bool narrows)
{
    struct grant_give give = {.relationship_id = relationship->relationship_id,
                              .purpose = world_purpose_id(&world->delivery),
                              .attributes = world->delivery.needed,
                              .uses = uses};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    struct grant_narrow narrow = {
        .grant_id = give.out.grant_id, .set_until = true, .until_at_ms = give.out.until_at_ms - TIME_DAY_MS};
    if (narrows)
        ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
}

static void negotiate(struct world *world, const struct relationship *relationship)
{
    struct request request = world_ask(world, world->shipping, relationship, &world->delivery);
    struct request_answer counter = {.request_id = request.request_id,
                                     .answer = ANSWER_COUNTER,
                                     .set_duration = true,
                                     .duration_ms = 30 * TIME_DAY_MS,
                                     .set_uses = true,
                                     .uses = {USES_EVENT, 0, TEXT("the parcel has come")}};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &counter));
    struct request_revise revise = {.person_id = request.person_id, .request_id = request.request_id};
    ASSERT_OK(world, WRITE(world, world->shipping, request_revise, &revise));
    (void)world_ask(world, world->shipping, relationship, &world->delivery);
}

static void sign_all(struct world *world, const struct relationship *relationship)
{
    struct receipt_entry *entries = NULL;
    size_t count = 0;
    ASSERT_OK(world, world_receipts(world_as(world, world->ada), relationship, &entries, &count));
    for (size_t i = 0; i < count; i++) {
        struct receipt receipt;
        ASSERT_OK(world, receipt_load(&world->node.cx, relationship->person_id, entries[i].receipt_id, &receipt));
        ASSERT_OK(world, receipt_sign(&world->node.cx, &receipt));
        ASSERT_OK(world, WRITE(world, world->ada, receipt_keep, &receipt));
    }
}

static struct relationship fill(struct world *world)
{
    struct invitation_claim claim = {0};
    claim.code = world_bring_in(world);
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    (void)world_grant(world, world->shipping, &claim.out, &world->delivery);
    assert_null(world_refusal(world, world->shipping, &claim.out, &world->delivery));
    test_node_pass(&world->node, 1000);
    give(world, &claim.out, (struct uses){USES_TIMES, 3, TEXT_NONE}, true);
    test_node_pass(&world->node, 1000);
    assert_null(world_refusal(world, world->shipping, &claim.out, &world->delivery));
    assert_string_equal(world_refusal(world, world->marketing, &claim.out, &world->delivery), "grant.none");
    give(world, &claim.out, (struct uses){USES_EVENT, 0, TEXT("the parcel has come")}, false);
    negotiate(world, &claim.out);
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Basel\"}");
    test_node_pass(&world->node, 1000);
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Basel\"}");
    struct vault_remove remove = {.kind = attribute_find(TEXT("pd:PhysicalAddress"))};
    ASSERT_OK(world, WRITE(world, world->bob, vault_remove, &remove));
    struct invitation_make waits = {.claims = 1};
    ASSERT_OK(world, WRITE(world, world->teller, invitation_make, &waits));
    struct relationship over = world_relate(world, world->teller, world->bob);
    struct relationship_end end = {.relationship_id = over.relationship_id, .erase = true};
    ASSERT_OK(world, WRITE(world, world->bob, relationship_end, &end));
    sign_all(world, &claim.out);
    return claim.out;
}

/* ---- spoiling */

struct column {
    char name[64];
    char type[16];
};

static sqlite3 *open_file(const struct world *world, const char *file)
{
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/data/%s", world->node.folder, file);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 5000), SQLITE_OK); /* a checkpoint may hold the file for a moment */
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

/* In a schema beside the store's. */
static void keep_on_server(struct world *world, const char *file)
{
    const char *sql = world_words_on_server(world,
        "SELECT 'CREATE SCHEMA IF NOT EXISTS kept; ' || string_agg(format('CREATE TABLE IF NOT EXISTS kept.%I AS TABLE "
        "symbolon.%I', relname, relname), '; ') FROM pg_class WHERE relkind = 'r' AND "
        "relnamespace = 'symbolon'::regnamespace");
    world_spoil(world, file, sql);
}

static void keep_file(struct world *world, const char *file)
{
    char sql[256];
    if (world_is_on_server(file)) {
        keep_on_server(world, file);
        return;
    }
    sqlite3 *db = open_file(world, file);
    (void)snprintf(sql, sizeof sql, "VACUUM INTO '%s/kept-%s'", world->node.folder, file);
    run(db, sql);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void restore(struct world *world, const char *file, const char *table)
{
    char sql[512];
    if (world_is_on_server(file)) {
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s; INSERT INTO %s SELECT * FROM kept.%s", table, table, table);
        world_spoil(world, file, sql);
        return;
    }
    sqlite3 *db = open_file(world, file);
    (void)snprintf(sql, sizeof sql,
                   "ATTACH '%s/kept-%s' AS kept; DELETE FROM main.%s; INSERT INTO main.%s SELECT * FROM kept.%s;",
                   world->node.folder, file, table, table, table);
    run(db, sql);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static size_t list_on_server(struct world *world, const char *table, struct column *out)
{
    char sql[512];
    size_t count = 0;
    (void)snprintf(sql, sizeof sql,
                   "SELECT string_agg(attname || CASE atttypid::regtype::text WHEN 'text' THEN ' TEXT' WHEN 'bytea' "
                   "THEN ' BLOB' ELSE ' INTEGER' END, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND "
                   "NOT attisdropped AND attrelid = 'symbolon.%s'::regclass", table);
    const char *listed = world_words_on_server(world, sql);
    for (size_t words = 0; *listed != '\0' && count < COLUMNS_MAX; words++) {
        size_t size = strcspn(listed, " ");
        bool is_name = words % 2 == 0;
        (void)snprintf(is_name ? out[count].name : out[count].type, is_name ? sizeof out->name : sizeof out->type,
                       "%.*s", (int)size, listed);
        count += !is_name;
        listed += size + (listed[size] == ' ');
    }
    assert_true(count > 1);
    return count;
}

static size_t list_columns(struct world *world, const char *file, const char *table, struct column *out)
{
    char sql[128];
    size_t count = 0;
    if (world_is_on_server(file))
        return list_on_server(world, table, out);
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = open_file(world, file);
    (void)snprintf(sql, sizeof sql, "SELECT name, type FROM pragma_table_info('%s')", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW && count < COLUMNS_MAX) {
        (void)snprintf(out[count].name, sizeof out->name, "%s", (const char *)sqlite3_column_text(statement, 0));
        (void)snprintf(out[count].type, sizeof out->type, "%s", (const char *)sqlite3_column_text(statement, 1));
        count++;
    }
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_true(count > 1);
    return count;
}

/* Which row of a table is spoilt: one that the column means something for. */
struct place {
    const char *file;
    const char *table;
    const char *columns; /* "" any other column */
    const char *where;   /* NULL: nothing else in the store depends on these columns */
};

#define GRANT_GIVEN "kind = 20 AND act_id IN (SELECT last_act_id FROM grant_now)"

static const struct place PLACES[] = {
    {"people.db", "relationship", "", "state = 3"},
    {"people.db", "grant_now", "", "uses_kind = 2"},
    {"people.db", "request", "", "revision = 2"},
    {"people.db", "act", " nature review_at_ms organisation_id ", "kind = 3"},
    {"people.db", "act", " duration_ms department_id grant_id ", "kind = 41"},
    {"people.db", "act", "", GRANT_GIVEN},
    {"people.db", "outbox", "", "kind = 'grant.given'"},
    {"people.db", "receipt", "", "receipt_id = (SELECT min(receipt_id) FROM receipt)"},
    /* a signed copy that nobody finds is made again */
    {"people.db", "receipt_signed", " receipt_id person_id ", NULL},
    {"people.db", "receipt_signed", "", "receipt_id = (SELECT min(receipt_id) FROM receipt)"},
    {"people.db", "relationship_key", "", "1 = 1"},
    /* the person's own word */
    {"people.db", "vault", " source ", NULL},
    {"people.db", "vault", "", "version = 2"},
    {"people.db", "vault_history", " source ", NULL},
    {"people.db", "vault_history", "", "version = 1"},
    {"ledger.db", "disclosure", "", "grant_id <> 0 AND previous_id <> 0"},
    {"ledger.db", "disclosure_head", "", "1 = 1"},
    {"ledger.db", "grant_use", "", "1 = 1"},
    /* a crash between two files may leave rows of nobody, which nobody reads */
    {"records.db", "record", " person_id ", NULL},
    {"records.db", "record", "", "1 = 1"},
};

/* The first place whose list names the column, or that lists none. */
static const struct place *place_of(const char *table, const char *column)
{
    char word[80];
    (void)snprintf(word, sizeof word, " %.63s ", column);
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        if (strcmp(PLACES[i].table, table) == 0 &&
            (PLACES[i].columns[0] == '\0' || strstr(PLACES[i].columns, word) != NULL))
            return &PLACES[i];
    fail_msg("no place for %s", table);
    return NULL;
}

static void the_audit_agrees_with_a_world_that_was_only_acted_on(void **state)
{
    struct world *world = *state;
    (void)fill(world);
    assert_int_equal(world_audit(world, 0), 0);
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    assert_int_equal(world_audit(world, 0), 0);
}

/* What stands in the column instead. */
static void spoilt_value(const struct column *column, char *out, size_t size)
{
    const char *name = column->name;
    if (strcmp(column->type, "TEXT") == 0)
        (void)snprintf(out, size, "%.63s || 'x'", name);
    else if (strcmp(column->type, "BLOB") == 0)
        (void)snprintf(out, size, "zeroblob(length(%.63s) + 1)", name);
    else if (strstr(name, "_at_ms") != NULL)
        (void)snprintf(out, size, "%.63s + 315360000000", name); /* ten years */
    else if (strstr(name, "attributes_") != NULL)
        (void)snprintf(out, size, "%.63s + 1099511627776", name); /* a kind that nobody asked for */
    else
        (void)snprintf(out, size, "%.63s + 1000003", name);
}

static void spoil_column(struct world *world, const struct place *place, const struct column *column)
{
    char value[96];
    char sql[512];
    spoilt_value(column, value, sizeof value);
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %.63s = %s WHERE %s", place->table, column->name, value,
                   place->where);
    world_spoil(world, place->file, sql);
}

static void spoil_table(struct world *world, const struct place *table)
{
    struct column columns[COLUMNS_MAX];
    size_t count = list_columns(world, table->file, table->table, columns);
    for (size_t i = 0; i < count; i++) {
        const struct place *place = place_of(table->table, columns[i].name);
        if (place->where == NULL)
            continue;
        spoil_column(world, place, &columns[i]);
        if (world_audit(world, INT64_MAX) == 0)
            fail_msg("%s.%s was changed and nobody noticed", table->table, columns[i].name);
        restore(world, table->file, table->table);
        test_node_rest(&world->node);
    }
    assert_int_equal(world_audit(world, 0), 0);
}

static void every_column_that_somebody_changes_is_found(void **state)
{
    static const char *const FILES[] = {"people.db", "ledger.db", "records.db"};
    struct world *world = *state;
    (void)fill(world);
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        keep_file(world, FILES[i]);
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
        if (PLACES[i].columns[0] == '\0')
            spoil_table(world, &PLACES[i]);
}

static void every_row_that_somebody_takes_away_is_found(void **state)
{
    static const char *const FILES[] = {"people.db", "ledger.db", "records.db"};
    struct world *world = *state;
    (void)fill(world);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        keep_file(world, FILES[i]);
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        char sql[256];
        bool is_optional = strcmp(PLACES[i].table, "receipt_signed") == 0 || strcmp(PLACES[i].table, "record") == 0;
        if (PLACES[i].columns[0] != '\0' || is_optional)
            continue; /* a signature can be made again; what a department holds it may take away */
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s", PLACES[i].table, PLACES[i].where);
        world_spoil(world, PLACES[i].file, sql);
        if (world_audit(world, INT64_MAX) == 0)
            fail_msg("a row of %s was taken away and nobody noticed", PLACES[i].table);
        restore(world, PLACES[i].file, PLACES[i].table);
        assert_int_equal(world_audit(world, 0), 0);
        test_node_rest(&world->node);
    }
}

/* SQL that adds a row, and the file it is for. */
static const char *const ADDED[][2] = {
    {"people.db", "INSERT INTO act SELECT act_id + 1, person_id, relationship_id, subject_id, act_id, kind, at_ms, "
                  "actor_kind, actor_id, organisation_id, department_id, purpose_id, purpose_version, attributes_low, "
                  "attributes_high, departments, from_at_ms, until_at_ms, uses_kind, uses_max, uses_event, nature, "
                  "review_at_ms, duration_ms, grant_id, 0 FROM act WHERE " GRANT_GIVEN " LIMIT 1"},
    {"people.db", "INSERT INTO receipt SELECT receipt_id + 1, person_id, relationship_id, organisation_id, at_ms, "
                  "leaf, sealed FROM receipt LIMIT 1"},
    {"people.db", "INSERT INTO grant_now SELECT person_id + 1, relationship_id, purpose_id, closes_at_ms, grant_id, "
                  "purpose_version, state, attributes_low, attributes_high, departments, from_at_ms, until_at_ms, "
                  "uses_kind, uses_max, uses_event, ended_at_ms, receipt_id, last_act_id FROM grant_now LIMIT 1"},
    {"people.db", "INSERT INTO vault_history SELECT person_id, 99, version, source, confirmed_at_ms, changed_at_ms, "
                  "sealed FROM vault_history LIMIT 1"},
    {"ledger.db", "INSERT INTO disclosure SELECT disclosure_id + 1, person_id, previous_id, relationship_id, "
                  "organisation_id, department_id, system_id, purpose_id, purpose_version, grant_id, attributes_low, "
                  "attributes_high, outcome, reason, at_ms, note FROM disclosure LIMIT 1"},
    {"ledger.db", "INSERT INTO grant_use SELECT person_id, grant_id + 1, used FROM grant_use"},
};

static void every_row_that_somebody_adds_is_found(void **state)
{
    struct world *world = *state;
    (void)fill(world);
    int64_t found = 0;
    for (size_t i = 0; i < sizeof ADDED / sizeof *ADDED; i++) {
        world_spoil(world, ADDED[i][0], ADDED[i][1]);
        int64_t more = world_audit(world, INT64_MAX);
        if (more <= found)
            fail_msg("a row was added and nobody noticed: %s", ADDED[i][1]);
        found = more;
        test_node_rest(&world->node);
    }
}

/* What organisations have set up, spoilt in one place: the file, the change, what the finding must name. */
static const struct {
    const char *file;
    const char *sql;
    const char *words;
} SET_UP[] = {
    {"people.db", "UPDATE purpose SET body = replace(body, 'right door', 'wrong door')", "another wording"},
    {"people.db", "UPDATE purpose SET name = 'Sell your data'", "another name"},
    {"people.db", "UPDATE purpose SET language = 'de'", "another name or language"},
    {"people.db", "UPDATE purpose SET needed_low = needed_low | 4", "other kinds of data"},
    {"people.db", "UPDATE purpose SET needed_high = 1", "other kinds of data"},
    {"people.db", "UPDATE purpose SET optional_low = optional_low | 4096", "other kinds of data"},
    {"people.db", "UPDATE purpose SET optional_high = 1", "other kinds of data"},
    {"people.db", "UPDATE purpose SET departments = 3", "other departments"},
    {"people.db", "UPDATE purpose SET longest_ms = longest_ms * 10", "last longer"},
    {"people.db", "UPDATE purpose SET state = 1", "a state that its moments do not fit"},
    {"people.db", "UPDATE purpose SET state = 3", "a state that its moments do not fit"},
    {"people.db", "UPDATE purpose SET state = 1, published_at_ms = 0", "never published"},
    {"people.db", "UPDATE purpose SET version = 2", "versions before it are missing"},
    {"people.db", "DELETE FROM purpose", "which is not there"},
    {"people.db", "DELETE FROM organisation", "is spoken of and is not there"},
    {"people.db", "UPDATE organisation SET name = name || ' Ltd'", "another organisation"},
    {"people.db", "DELETE FROM department WHERE name = 'Marketing'", "is spoken of and is not there"},
    {"people.db", "DELETE FROM department WHERE name = 'Shipping'", "is numbered"},
    {"people.db", "UPDATE department SET name = 'Sales' WHERE name = 'Shipping'", "other departments"},
    {"people.db", "UPDATE department SET ordinal = ordinal + 5", "is numbered"},
    {"people.db", "UPDATE department SET ordinal = 1000003 WHERE name = 'Marketing'", "is numbered"},
    {"people.db", "DELETE FROM system", "is spoken of and is not there"},
    {"people.db", "UPDATE system SET department_id = (SELECT max(department_id) FROM department)", "other rights"},
    {"people.db", "UPDATE system SET scopes = 1", "other rights"},
    {"people.db", "DELETE FROM api_key", "API key"},
    {"people.db", "UPDATE api_key SET scopes = 1023", "other rights"},
    {"people.db", "UPDATE api_key SET department_bit = 8", "other rights"},
    {"people.db", "UPDATE api_key SET department_id = (SELECT max(department_id) FROM department)", "other rights"},
    {"people.db", "UPDATE api_key SET revoked_at_ms = 1", "other rights"},
    {"people.db", "UPDATE api_key SET department_id = (SELECT max(department_id) FROM department), department_bit = 1; "
                  "UPDATE system SET department_id = (SELECT max(department_id) FROM department)", "is spoken of"},
    {"people.db", "UPDATE relationship_key SET public_jwk = replace(public_jwk, '\"x\":\"', '\"x\":\"A')",
     "does not fit"},
    {"keys.db", "UPDATE organisation_key SET public_jwk = (SELECT max(public_jwk) FROM organisation_key)",
     "does not fit"},
    {"keys.db", "DELETE FROM organisation_key", "is missing"},
    {"people.db", "UPDATE act SET nature = 2 WHERE kind = 20", "holds what such an act does not hold"},
    {"people.db", "UPDATE act SET grant_id = 2 WHERE kind = 3", "holds what such an act does not hold"},
    {"people.db", "UPDATE act SET actor_kind = 2 WHERE actor_kind = 1", "another actor"},
    {"people.db", "UPDATE act SET actor_id = actor_id + 1 WHERE actor_kind = 2", "is spoken of"},
    {"ledger.db", "UPDATE disclosure SET system_id = system_id + 1", "is spoken of"},
    {"people.db", "UPDATE person SET state = 1 WHERE state = 2", "The state of"},
    {"people.db", "UPDATE person SET state = 2 WHERE state = 1", "The state of"},
    {"people.db", "UPDATE person SET state = 7 WHERE state = 2", "The state of"},
    {"people.db", "UPDATE person SET state = 4 WHERE state = 2", "is erased but the key"},
    {"people.db", "UPDATE person SET state = 2 WHERE state = 3", "is merged into another and yet not"},
    {"people.db", "UPDATE person SET state = 2, merged_into = 0 WHERE state = 3", "has a predecessor"},
    {"people.db", "UPDATE purpose SET body = replace(body, 'right door', 'wrong door') WHERE purpose_id = "
                  "(SELECT max(purpose_id) FROM purpose)", "its tag does not fit"},
    {"people.db", "UPDATE purpose SET created_at_ms = created_at_ms - 1", "its tag does not fit"},
    {"people.db", "UPDATE api_key SET scopes = 1023; UPDATE system SET scopes = 1023", "its tag does not fit"},
    {"people.db", "UPDATE api_key SET hash = zeroblob(32)", "its tag does not fit"},
    {"people.db", "UPDATE api_key SET public_id = 'x' || public_id", "its tag does not fit"},
    {"people.db", "UPDATE department SET name = 'Sales' WHERE name = 'Marketing'", "its tag does not fit"},
    {"people.db", "UPDATE organisation SET slug = slug || 'x'", "its tag does not fit"},
    {"people.db", "DELETE FROM node_text WHERE name LIKE 'purpose/%'", "The tag of pur_"},
    {"people.db", "UPDATE node_text SET value = '9' || value WHERE name = 'tags'; "
                  "DELETE FROM node_text WHERE name LIKE 'key/%'", "The tag of sys_"},
    {"people.db", "DELETE FROM outbox", "has no event in the outbox"},
    {"people.db", "DELETE FROM outbox WHERE kind = 'grant.narrowed'", "has no event in the outbox"},
    {"people.db", "DELETE FROM outbox WHERE event_id = (SELECT max(event_id) FROM outbox "
                  "WHERE kind = 'attribute.changed')", "has no event in the outbox"},
    {"people.db", "DELETE FROM outbox WHERE kind = 'attribute.confirmed'", "has no event in the outbox"},
    {"people.db", "DELETE FROM outbox WHERE kind = 'attribute.removed'", "has no event in the outbox"},
    {"people.db", "DELETE FROM outbox WHERE kind = 'erasure.requested'", "asks for deletion"},
    {"people.db", "INSERT INTO outbox SELECT event_id + 1, person_id, relationship_id, organisation_id, kind, "
                  "subject_id, attributes_low, attributes_high, at_ms FROM outbox WHERE kind = 'grant.given'",
     "tells of nothing"},
    {"people.db", "INSERT INTO outbox SELECT event_id + 1, person_id, relationship_id, organisation_id, kind, "
                  "subject_id, attributes_low, attributes_high, at_ms FROM outbox WHERE kind = 'attribute.changed' "
                  "ORDER BY event_id DESC LIMIT 1",
     "tells of nothing"},
    {"people.db", "INSERT INTO outbox SELECT event_id + 1, person_id, relationship_id, organisation_id, "
                  "'erasure.requested', subject_id, 0, 0, at_ms FROM outbox WHERE kind = 'relationship.started'",
     "tells of nothing"},
    {"people.db", "UPDATE outbox SET subject_id = 1 WHERE kind = 'department.created'", "tells of nothing"},
    {"people.db", "UPDATE outbox SET at_ms = at_ms + 1 WHERE kind = 'purpose.published'", "tells of nothing"},
    {"people.db", "UPDATE outbox SET kind = 'system.ended' WHERE kind = 'system.created'", "tells of nothing"},
    {"people.db", "UPDATE outbox SET kind = 'record.added', subject_id = 1 WHERE kind = 'relationship.started'",
     "tells of nothing"},
    {"people.db", "UPDATE vault SET confirmed_at_ms = confirmed_at_ms + 1", "has no event in the outbox"},
};

struct listening {
    const char *words;
    bool        heard;
};

static void listen(void *self, struct text sentence)
{
    struct listening *listening = self;
    char copy[512];
    (void)snprintf(copy, sizeof copy, "%.*s", TEXT_ARGS(sentence));
    listening->heard = listening->heard || strstr(copy, listening->words) != NULL;
}

/* Does a finding of the audit say this? */
static bool tells(struct world *world, const char *words)
{
    struct listening listening = {words, false};
    struct audit_report report = {.found = listen, .self = &listening};
    ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &report));
    if (!listening.heard)
        (void)world_audit(world, 0); /* prints what it does say */
    return listening.heard;
}

static void whatever_organisations_have_set_up_is_held_against_what_rests_on_it(void **state)
{
    static const char *const FILES[] = {"people.db", "ledger.db", "keys.db"};
    static const char *const TABLES[][2] = {
        {"people.db", "purpose"}, {"people.db", "organisation"}, {"people.db", "department"}, {"people.db", "system"},
        {"people.db", "api_key"}, {"people.db", "relationship_key"}, {"keys.db", "organisation_key"},
        {"people.db", "act"},     {"ledger.db", "disclosure"}, {"people.db", "outbox"}, {"people.db", "vault"},
        {"people.db", "person"},  {"people.db", "node_text"}};
    struct world *world = *state;
    (void)fill(world);
    assert_int_equal(world_audit(world, 0), 0);
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        keep_file(world, FILES[i]);
    for (size_t i = 0; i < sizeof SET_UP / sizeof *SET_UP; i++) {
        world_spoil(world, SET_UP[i].file, SET_UP[i].sql);
        if (!tells(world, SET_UP[i].words))
            fail_msg("nobody noticed, or named it: %s", SET_UP[i].sql);
        for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++)
            restore(world, TABLES[t][0], TABLES[t][1]);
        test_node_rest(&world->node);
    }
    assert_int_equal(world_audit(world, 0), 0);
}

static void rows_from_before_tags_are_counted_and_excused(void **state)
{
    struct world *world = *state;
    struct audit_report report = {.found = listen, .self = &(struct listening){"", false}};
    world_spoil(world, "people.db", "DELETE FROM node_text WHERE name LIKE '%/%' OR name = 'tags'");
    ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &report));
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.untagged, 10); /* two organisations; of each department one key; two purposes */
    test_node_pass(&world->node, 1000);
    (void)world_make_system(world, world->bank.organisation_id, "Vault");
    struct audit_report again = {.found = listen, .self = report.self};
    ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &again));
    assert_int_equal(again.findings, 0);
    assert_int_equal(again.untagged, 10);
    world_spoil(world, "people.db", "DELETE FROM node_text WHERE name LIKE 'department/%'");
    assert_true(tells(world, "The tag of dep_"));
}

static void a_read_without_a_grant_is_found(void **state)
{
    static const char *const CASES[] = {
        "UPDATE disclosure SET attributes_low = attributes_low | 1099511627776 WHERE previous_id = 0",
        "UPDATE disclosure SET purpose_version = 2 WHERE previous_id = 0",
        "UPDATE disclosure SET at_ms = at_ms - 86400000 WHERE previous_id = 0",
        "UPDATE disclosure SET department_id = (SELECT max(department_id) FROM disclosure) WHERE previous_id = 0",
    };
    struct world *world = *state;
    (void)fill(world);
    keep_file(world, "ledger.db");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        world_spoil(world, "ledger.db", CASES[i]);
        assert_true(tells(world, "without a live grant"));
        restore(world, "ledger.db", "disclosure");
        test_node_rest(&world->node);
    }
}

static void a_circle_in_a_chain_ends_the_walk(void **state)
{
    struct world *world = *state;
    (void)fill(world);
    world_spoil(world, "ledger.db", "UPDATE disclosure SET previous_id = (SELECT max(disclosure_id) FROM disclosure) "
                                    "WHERE previous_id = 0; UPDATE disclosure_head SET refused = 1000000000000");
    world_spoil(world, "people.db", "UPDATE act SET previous_id = act_id WHERE " GRANT_GIVEN);
    assert_true(tells(world, "turns in a circle") && world_audit(world, INT64_MAX) >= 2);
}

static void people_whose_key_is_destroyed_are_no_finding(void **state)
{
    struct world *world = *state;
    (void)fill(world);
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    assert_int_equal(world_audit(world, 0), 0);
}

static void numbers_of_two_processes_in_one_another_are_no_finding(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    for (int i = 0; i < 2; i++)
        give(world, &relationship, (struct uses){USES_PERIOD, 0, TEXT_NONE}, false);
    world_spoil(world, "people.db", "UPDATE outbox SET event_id = event_id + 5000 WHERE kind = 'grant.given'");
    assert_int_equal(world_audit(world, 0), 0); /* act, act, event, event */
    world_spoil(world, "people.db", "UPDATE outbox SET subject_id = (SELECT max(grant_id) FROM grant_now) "
                                    "WHERE kind = 'grant.given'");
    assert_true(tells(world, "has no event in the outbox"));
    assert_true(tells(world, "tells of nothing that happened"));
}

static void what_is_written_behind_another_process_has_greater_numbers(void **state)
{
    struct world *world = *state;
    if (store_is_on_server())
        skip(); /* there each writer has numbers of its own */
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_spoil(world, "people.db", "UPDATE outbox SET event_id = event_id + 1000000000 WHERE event_id = "
                                    "(SELECT max(event_id) FROM outbox)");
    int64_t newest = world_number(world, "people.db", "SELECT max(event_id) FROM outbox");
    struct grant grant = world_grant(world, world->shipping, &relationship, &world->delivery);
    assert_true(grant.grant_id > newest);
    assert_true(grant.receipt_id > grant.grant_id);
    assert_true(grant.last_act_id > grant.receipt_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_audit_agrees_with_a_world_that_was_only_acted_on),
        WORLD_TEST(every_column_that_somebody_changes_is_found),
        WORLD_TEST(every_row_that_somebody_takes_away_is_found),
        WORLD_TEST(every_row_that_somebody_adds_is_found),
        WORLD_TEST(whatever_organisations_have_set_up_is_held_against_what_rests_on_it),
        WORLD_TEST(rows_from_before_tags_are_counted_and_excused),
        WORLD_TEST(a_read_without_a_grant_is_found),
        WORLD_TEST(a_circle_in_a_chain_ends_the_walk),
        WORLD_TEST(numbers_of_two_processes_in_one_another_are_no_finding),
        WORLD_TEST(what_is_written_behind_another_process_has_greater_numbers),
        WORLD_TEST(people_whose_key_is_destroyed_are_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
