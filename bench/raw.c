/* SPDX-License-Identifier: Apache-2.0
 * SQLite and libsodium, bare. */
#include "raw.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "store/statement.h"

static void step(sqlite3 *db, sqlite3_stmt *statement)
{
    raw_check(db, sqlite3_step(statement));
    (void)sqlite3_reset(statement); /* repeats the code of the step */
}

/* ---- reading */

void raw_reader_open(struct raw_reader *reader, struct world *world)
{
    char path[300];
    *reader = (struct raw_reader){.asked_count = 0};
    (void)snprintf(path, sizeof path, "%s/store/people.db", world->folder);
    reader->people = raw_open_file(path, RAW_READING);
    reader->begin = raw_statement(reader->people, "BEGIN");
    reader->commit = raw_statement(reader->people, "COMMIT");
    reader->relationship = raw_statement(reader->people, "SELECT organisation_id, state, ends_at_ms FROM relationship"
                                                         " WHERE person_id = ?1 AND relationship_id = ?2");
    reader->grant = raw_statement(reader->people,
                                  "SELECT grant_id, state, attributes_low, departments, from_at_ms, until_at_ms"
                                  " FROM grant_now WHERE person_id = ?1 AND relationship_id = ?2 AND purpose_id = ?3");
    reader->value = raw_statement(reader->people, "SELECT version, source, confirmed_at_ms, sealed FROM vault"
                                                  " WHERE person_id = ?1 AND kind = ?2");
    struct attribute_set asked = world_asked();
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(asked, n)) != ATTRIBUTE_NONE;)
        reader->asked[reader->asked_count++] = n;
    raw_keys_open(&reader->keys, world);
}

void raw_reader_close(struct raw_reader *reader)
{
    sqlite3_stmt *all[] = {reader->begin, reader->commit, reader->relationship, reader->grant, reader->value};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)sqlite3_finalize(all[i]); /* repeats the code of the last step */
    raw_check(reader->people, sqlite3_close(reader->people));
    raw_keys_close(&reader->keys);
}

static size_t open_values(struct raw_reader *reader, int64_t person_id, const struct secret_key *key)
{
    uint8_t plain[RAW_PLAIN_BYTES];
    size_t bytes = 0;
    for (size_t i = 0; i < reader->asked_count; i++) {
        raw_check(reader->people, sqlite3_bind_int64(reader->value, 1, person_id));
        raw_check(reader->people, sqlite3_bind_int64(reader->value, 2, reader->asked[i]));
        must_be(sqlite3_step(reader->value) == SQLITE_ROW, "a value is missing");
        int64_t place[4] = {person_id, SEAL_VAULT, reader->asked[i], sqlite3_column_int64(reader->value, 0)};
        bytes += raw_unseal(raw_column(reader->value, 3), key, place, plain);
        (void)sqlite3_reset(reader->value); /* repeats the code of the step */
    }
    return bytes;
}

size_t raw_read(struct raw_reader *reader, const struct world_person *person, int64_t relationship_id,
                int64_t purpose_id)
{
    struct secret_key key;
    step(reader->people, reader->begin);
    raw_check(reader->people, sqlite3_bind_int64(reader->relationship, 1, person->person_id));
    raw_check(reader->people, sqlite3_bind_int64(reader->relationship, 2, relationship_id));
    must_be(sqlite3_step(reader->relationship) == SQLITE_ROW, "a relationship is missing");
    int64_t state = sqlite3_column_int64(reader->relationship, 1);
    (void)sqlite3_reset(reader->relationship); /* repeats the code of the step */
    raw_check(reader->people, sqlite3_bind_int64(reader->grant, 1, person->person_id));
    raw_check(reader->people, sqlite3_bind_int64(reader->grant, 2, relationship_id));
    raw_check(reader->people, sqlite3_bind_int64(reader->grant, 3, purpose_id));
    must_be(sqlite3_step(reader->grant) == SQLITE_ROW && state == 3, "a grant is missing");
    must_be((sqlite3_column_int64(reader->grant, 2) & (int64_t)world_asked().low) == (int64_t)world_asked().low,
            "a grant is too narrow");
    (void)sqlite3_reset(reader->grant); /* repeats the code of the step */
    raw_keys_person(&reader->keys, person->person_id, &key);
    size_t bytes = open_values(reader, person->person_id, &key);
    step(reader->people, reader->commit);
    return bytes;
}

/* ---- writing */

static void writer_path(const struct world *world, const char *name, char out[300])
{
    (void)snprintf(out, 300, "%s/raw-%s", world->folder, name);
}

/* All tables and indexes of the original, or all of it. */
static void fill_file(sqlite3 *db, const struct world *world, const char *name, bool copy)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/store/%s", world->folder, name);
    sqlite3 *original = raw_open_file(path, "PRAGMA query_only=ON");
    if (copy) {
        sqlite3_backup *backup = sqlite3_backup_init(db, "main", original, "main");
        must_be(backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE, "a file cannot be copied");
        raw_check(db, sqlite3_backup_finish(backup));
    } else {
        sqlite3_stmt *list = raw_statement(original, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL");
        while (sqlite3_step(list) == SQLITE_ROW)
            raw_check(db, sqlite3_exec(db, (const char *)sqlite3_column_text(list, 0), NULL, NULL, NULL));
        (void)sqlite3_finalize(list); /* repeats the code of the last step */
    }
    raw_check(original, sqlite3_close(original));
}

static void remove_file(const char *path)
{
    static const char *const ENDINGS[] = {"", "-wal", "-shm"};
    char whole[320];
    for (size_t i = 0; i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        (void)snprintf(whole, sizeof whole, "%s%s", path, ENDINGS[i]);
        (void)unlink(whole); /* it may not be there */
    }
}

void raw_writer_open(struct raw_writer *writer, const struct world *world, const char *name, bool copy)
{
    static const char SETTINGS[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;"
                                   "PRAGMA cache_size=-16384";
    char path[300];
    writer_path(world, name, path);
    remove_file(path);
    *writer = (struct raw_writer){.db = raw_open_file(path, "PRAGMA page_size=4096")};
    fill_file(writer->db, world, name, copy);
    raw_check(writer->db, sqlite3_exec(writer->db, SETTINGS, NULL, NULL, NULL));
    writer->begin = raw_statement(writer->db, "BEGIN IMMEDIATE");
    writer->commit = raw_statement(writer->db, "COMMIT");
}

size_t raw_prepare_sql(struct raw_writer *writer, const char *sql)
{
    must_be(writer->count < RAW_STATEMENTS_MAX, "too many raw statements");
    writer->statements[writer->count] = raw_statement(writer->db, sql);
    return writer->count++;
}

size_t raw_prepare(struct raw_writer *writer, const char *query)
{
    char sql[4096];
    const struct statement *statement = NULL;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        if (strcmp(STATEMENTS[i].name, query) == 0)
            statement = &STATEMENTS[i];
    must_be(statement != NULL && strlen(statement->sql) < sizeof sql, "a query has another name now");
    (void)snprintf(sql, sizeof sql, "%s", statement->sql);
    for (char *at = sql; *at != '\0'; at++)
        if (*at == '$')
            *at = '?';
    return raw_prepare_sql(writer, sql);
}

void raw_writer_close(struct raw_writer *writer)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s", sqlite3_db_filename(writer->db, "main"));
    for (size_t i = 0; i < writer->count; i++)
        (void)sqlite3_finalize(writer->statements[i]); /* repeats the code of the last step */
    (void)sqlite3_finalize(writer->begin);  /* the same */
    (void)sqlite3_finalize(writer->commit); /* the same */
    raw_check(writer->db, sqlite3_close(writer->db));
    remove_file(path);
}

void raw_begin(struct raw_writer *writer)
{
    step(writer->db, writer->begin);
}

void raw_commit(struct raw_writer *writer)
{
    step(writer->db, writer->commit);
}

static int bind(sqlite3_stmt *statement, int place, int64_t number)
{
    uint8_t blob[4096];
    if (number >= 0)
        return sqlite3_bind_int64(statement, place, number);
    must_be(-number <= (int64_t)sizeof blob, "a raw blob is too large");
    randombytes_buf(blob, (size_t)-number);
    return sqlite3_bind_blob(statement, place, blob, (int)-number, SQLITE_TRANSIENT);
}

void raw_run(struct raw_writer *writer, size_t statement, const int64_t *numbers, size_t count)
{
    sqlite3_stmt *prepared = writer->statements[statement];
    for (size_t i = 0; i < count; i++)
        raw_check(writer->db, bind(prepared, (int)i + 1, numbers[i]));
    step(writer->db, prepared);
}

int64_t raw_ask(struct raw_writer *writer, size_t statement, int64_t number)
{
    sqlite3_stmt *prepared = writer->statements[statement];
    raw_check(writer->db, sqlite3_bind_int64(prepared, 1, number));
    int code = sqlite3_step(prepared);
    raw_check(writer->db, code);
    int64_t answer = code == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : 0;
    (void)sqlite3_reset(prepared); /* repeats the code of the step */
    return answer;
}
