/* SPDX-License-Identifier: Apache-2.0
 * SQLite and libsodium, bare. */
#include "raw.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key_holder.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "store/statement.h"

#define LABEL "symbolon-seal/1"
#define PLACE_BYTES (sizeof LABEL + 4 * 8)
#define BLOB_BYTES_MAX 65536

static void check(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return;
    (void)fprintf(stderr, "bench: raw SQLite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static sqlite3 *open_file(const char *path, const char *settings)
{
    sqlite3 *db = NULL;
    check(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, "unix"));
    check(db, sqlite3_busy_timeout(db, 5000));
    check(db, sqlite3_exec(db, settings, NULL, NULL, NULL));
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    check(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

static void step(sqlite3 *db, sqlite3_stmt *statement)
{
    check(db, sqlite3_step(statement));
    (void)sqlite3_reset(statement); /* repeats the code of the step */
}

/* ---- reading */

static void place_bytes(const int64_t numbers[4], uint8_t out[PLACE_BYTES])
{
    memcpy(out, LABEL, sizeof LABEL);
    for (size_t i = 0; i < 4; i++)
        for (size_t byte = 0; byte < 8; byte++)
            out[sizeof LABEL + i * 8 + byte] = (uint8_t)((uint64_t)numbers[i] >> (56 - 8 * byte));
}

/* One column, opened under `key`; gives its size. */
static size_t open_column(sqlite3_stmt *statement, int column, const struct secret_key *key, const int64_t numbers[4],
                          uint8_t *out)
{
    uint8_t place[PLACE_BYTES];
    unsigned long long size = 0;
    const uint8_t *sealed = sqlite3_column_blob(statement, column);
    int sealed_size = sqlite3_column_bytes(statement, column);
    must_be(sealed != NULL && sealed_size >= SEAL_OVERHEAD_BYTES && sealed_size < BLOB_BYTES_MAX, "a value is missing");
    place_bytes(numbers, place);
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(out, &size, NULL, sealed + SEAL_NONCE_BYTES,
                                                            (unsigned long long)sealed_size - SEAL_NONCE_BYTES, place,
                                                            sizeof place, sealed, key->at);
    must_be(opened == 0, "a value does not open");
    return (size_t)size;
}

/* What the holder of the keys keeps to itself, past it. */
static void seals_buckets(const struct world *world, struct secret_key *out)
{
    char path[300];
    struct secret_key root;
    (void)snprintf(path, sizeof path, "%s/keys/root.key", world->folder);
    FILE *file = fopen(path, "rb");
    must_be(file != NULL && fread(root.at, 1, sizeof root.at, file) == sizeof root.at, "the root is missing");
    (void)fclose(file); /* it was only read */
    key_derive(&root, KEYRING_BUCKETS, out);
}

/* Bucket keys come from the key folder once, before the clock runs. */
static void load_bucket(struct raw_reader *reader, struct world *world, int64_t bucket)
{
    char path[300];
    uint8_t sealed[128];
    struct secret_key seals;
    struct seal_place place = {.kind = SEAL_BUCKET_KEY, .item = bucket, .version = 1};
    struct bytes plain;
    (void)snprintf(path, sizeof path, "%s/keys/buckets/%lld.key", world->folder, (long long)bucket);
    FILE *file = fopen(path, "rb");
    must_be(file != NULL, "a bucket key is missing");
    size_t size = fread(sealed, 1, sizeof sealed, file);
    (void)fclose(file); /* it was only read */
    seals_buckets(world, &seals);
    must(&world->cx, seal_open(&world->cx, &seals, &place, (struct bytes){sealed, size}, &plain));
    struct raw_bucket *loaded = &reader->buckets[reader->buckets_count++];
    loaded->bucket = bucket;
    memcpy(loaded->key.at, plain.at, sizeof loaded->key.at);
}

static void load_buckets(struct raw_reader *reader, struct world *world)
{
    sqlite3_stmt *list = prepare(reader->keys, "SELECT bucket FROM key_bucket ORDER BY bucket");
    reader->buckets = calloc(world->count / 512 + 64, sizeof *reader->buckets);
    must_be(reader->buckets != NULL, "no memory for bucket keys");
    while (sqlite3_step(list) == SQLITE_ROW)
        load_bucket(reader, world, sqlite3_column_int64(list, 0));
    (void)sqlite3_finalize(list); /* repeats the code of the last step */
}

void raw_reader_open(struct raw_reader *reader, struct world *world)
{
    static const char SETTINGS[] = "PRAGMA journal_mode=WAL; PRAGMA mmap_size=2147418112; PRAGMA cache_size=-2048;"
                                   "PRAGMA query_only=ON";
    char path[300];
    *reader = (struct raw_reader){.asked_count = 0};
    (void)snprintf(path, sizeof path, "%s/store/people.db", world->folder);
    reader->people = open_file(path, SETTINGS);
    (void)snprintf(path, sizeof path, "%s/store/keys.db", world->folder);
    reader->keys = open_file(path, SETTINGS);
    reader->begin = prepare(reader->people, "BEGIN");
    reader->commit = prepare(reader->people, "COMMIT");
    reader->relationship = prepare(reader->people, "SELECT organisation_id, state, ends_at_ms FROM relationship"
                                                   " WHERE person_id = ?1 AND relationship_id = ?2");
    reader->grant = prepare(reader->people,
                            "SELECT grant_id, state, attributes_low, departments, from_at_ms, until_at_ms"
                            " FROM grant_now WHERE person_id = ?1 AND relationship_id = ?2 AND purpose_id = ?3");
    reader->person_key = prepare(reader->keys, "SELECT bucket, wrapped FROM person_key WHERE person_id = ?1");
    reader->value = prepare(reader->people, "SELECT version, source, confirmed_at_ms, sealed FROM vault"
                                            " WHERE person_id = ?1 AND kind = ?2");
    struct attribute_set asked = world_asked();
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(asked, n)) != ATTRIBUTE_NONE;)
        reader->asked[reader->asked_count++] = n;
    load_buckets(reader, world);
}

void raw_reader_close(struct raw_reader *reader)
{
    sqlite3_stmt *all[] = {reader->begin, reader->commit,     reader->relationship,
                           reader->grant, reader->person_key, reader->value};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)sqlite3_finalize(all[i]); /* repeats the code of the last step */
    check(reader->people, sqlite3_close(reader->people));
    check(reader->keys, sqlite3_close(reader->keys));
    free(reader->buckets);
}

static const struct secret_key *find_bucket(const struct raw_reader *reader, int64_t bucket)
{
    size_t low = 0;
    size_t high = reader->buckets_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (reader->buckets[middle].bucket <= bucket)
            low = middle;
        else
            high = middle;
    }
    must_be(reader->buckets_count > 0 && reader->buckets[low].bucket == bucket, "a bucket is unknown");
    return &reader->buckets[low].key;
}

static void open_person_key(struct raw_reader *reader, int64_t person_id, struct secret_key *out)
{
    uint8_t plain[BLOB_BYTES_MAX];
    check(reader->keys, sqlite3_bind_int64(reader->person_key, 1, person_id));
    must_be(sqlite3_step(reader->person_key) == SQLITE_ROW, "a person key is missing");
    int64_t bucket = sqlite3_column_int64(reader->person_key, 0);
    int64_t place[4] = {person_id, SEAL_PERSON_KEY, bucket, 1};
    size_t size = open_column(reader->person_key, 1, find_bucket(reader, bucket), place, plain);
    must_be(size == sizeof out->at, "a key is short");
    memcpy(out->at, plain, sizeof out->at);
    (void)sqlite3_reset(reader->person_key); /* repeats the code of the step */
}

static size_t open_values(struct raw_reader *reader, int64_t person_id, const struct secret_key *key)
{
    uint8_t plain[BLOB_BYTES_MAX];
    size_t bytes = 0;
    for (size_t i = 0; i < reader->asked_count; i++) {
        check(reader->people, sqlite3_bind_int64(reader->value, 1, person_id));
        check(reader->people, sqlite3_bind_int64(reader->value, 2, reader->asked[i]));
        must_be(sqlite3_step(reader->value) == SQLITE_ROW, "a value is missing");
        int64_t place[4] = {person_id, SEAL_VAULT, reader->asked[i], sqlite3_column_int64(reader->value, 0)};
        bytes += open_column(reader->value, 3, key, place, plain);
        (void)sqlite3_reset(reader->value); /* repeats the code of the step */
    }
    return bytes;
}

size_t raw_read(struct raw_reader *reader, const struct world_person *person, int64_t relationship_id,
                int64_t purpose_id)
{
    struct secret_key key;
    step(reader->people, reader->begin);
    check(reader->people, sqlite3_bind_int64(reader->relationship, 1, person->person_id));
    check(reader->people, sqlite3_bind_int64(reader->relationship, 2, relationship_id));
    must_be(sqlite3_step(reader->relationship) == SQLITE_ROW, "a relationship is missing");
    int64_t state = sqlite3_column_int64(reader->relationship, 1);
    (void)sqlite3_reset(reader->relationship); /* repeats the code of the step */
    check(reader->people, sqlite3_bind_int64(reader->grant, 1, person->person_id));
    check(reader->people, sqlite3_bind_int64(reader->grant, 2, relationship_id));
    check(reader->people, sqlite3_bind_int64(reader->grant, 3, purpose_id));
    must_be(sqlite3_step(reader->grant) == SQLITE_ROW && state == 3, "a grant is missing");
    must_be((sqlite3_column_int64(reader->grant, 2) & (int64_t)world_asked().low) == (int64_t)world_asked().low,
            "a grant is too narrow");
    (void)sqlite3_reset(reader->grant); /* repeats the code of the step */
    open_person_key(reader, person->person_id, &key);
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
    sqlite3 *original = open_file(path, "PRAGMA query_only=ON");
    if (copy) {
        sqlite3_backup *backup = sqlite3_backup_init(db, "main", original, "main");
        must_be(backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE, "a file cannot be copied");
        check(db, sqlite3_backup_finish(backup));
    } else {
        sqlite3_stmt *list = prepare(original, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL");
        while (sqlite3_step(list) == SQLITE_ROW)
            check(db, sqlite3_exec(db, (const char *)sqlite3_column_text(list, 0), NULL, NULL, NULL));
        (void)sqlite3_finalize(list); /* repeats the code of the last step */
    }
    check(original, sqlite3_close(original));
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
    *writer = (struct raw_writer){.db = open_file(path, "PRAGMA page_size=4096")};
    fill_file(writer->db, world, name, copy);
    check(writer->db, sqlite3_exec(writer->db, SETTINGS, NULL, NULL, NULL));
    writer->begin = prepare(writer->db, "BEGIN IMMEDIATE");
    writer->commit = prepare(writer->db, "COMMIT");
}

size_t raw_prepare_sql(struct raw_writer *writer, const char *sql)
{
    must_be(writer->count < RAW_STATEMENTS_MAX, "too many raw statements");
    writer->statements[writer->count] = prepare(writer->db, sql);
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
    check(writer->db, sqlite3_close(writer->db));
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
        check(writer->db, bind(prepared, (int)i + 1, numbers[i]));
    step(writer->db, prepared);
}

int64_t raw_ask(struct raw_writer *writer, size_t statement, int64_t number)
{
    sqlite3_stmt *prepared = writer->statements[statement];
    check(writer->db, sqlite3_bind_int64(prepared, 1, number));
    int code = sqlite3_step(prepared);
    check(writer->db, code);
    int64_t answer = code == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : 0;
    (void)sqlite3_reset(prepared); /* repeats the code of the step */
    return answer;
}
