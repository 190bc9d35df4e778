/* SPDX-License-Identifier: Apache-2.0
 * Keys and sealed values, bare. */
#include "raw_keys.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key_holder.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"

#define LABEL "symbolon-seal/1"
#define PLACE_BYTES (sizeof LABEL + 4 * 8)

/* ---- SQLite */

void raw_check(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return;
    (void)fprintf(stderr, "bench: raw SQLite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

sqlite3 *raw_open_file(const char *path, const char *settings)
{
    sqlite3 *db = NULL;
    raw_check(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, "unix"));
    raw_check(db, sqlite3_busy_timeout(db, 5000));
    raw_check(db, sqlite3_exec(db, settings, NULL, NULL, NULL));
    return db;
}

sqlite3_stmt *raw_statement(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    raw_check(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

struct bytes raw_column(sqlite3_stmt *statement, int column)
{
    const uint8_t *at = sqlite3_column_blob(statement, column);
    return (struct bytes){at, (size_t)sqlite3_column_bytes(statement, column)};
}

/* ---- what is sealed */

static void place_bytes(const int64_t numbers[4], uint8_t out[PLACE_BYTES])
{
    memcpy(out, LABEL, sizeof LABEL);
    for (size_t i = 0; i < 4; i++)
        for (size_t byte = 0; byte < 8; byte++)
            out[sizeof LABEL + i * 8 + byte] = (uint8_t)((uint64_t)numbers[i] >> (56 - 8 * byte));
}

size_t raw_unseal(struct bytes sealed, const struct secret_key *key, const int64_t place[4], uint8_t *out)
{
    uint8_t named[PLACE_BYTES];
    unsigned long long size = 0;
    bool is_there = sealed.at != NULL && sealed.size >= SEAL_OVERHEAD_BYTES && sealed.size < RAW_PLAIN_BYTES;
    must_be(is_there, "a value is missing");
    place_bytes(place, named);
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(out, &size, NULL, sealed.at + SEAL_NONCE_BYTES,
                                                            (unsigned long long)sealed.size - SEAL_NONCE_BYTES, named,
                                                            sizeof named, sealed.at, key->at);
    must_be(opened == 0, "a value does not open");
    return (size_t)size;
}

/* ---- keys */

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
static void load_bucket(struct raw_keys *keys, struct world *world, int64_t bucket)
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
    struct raw_bucket *loaded = &keys->buckets[keys->buckets_count++];
    loaded->bucket = bucket;
    memcpy(loaded->key.at, plain.at, sizeof loaded->key.at);
}

static void load_buckets(struct raw_keys *keys, struct world *world)
{
    sqlite3_stmt *list = raw_statement(keys->db, "SELECT bucket FROM key_bucket ORDER BY bucket");
    keys->buckets = calloc(world->count / 512 + 64, sizeof *keys->buckets);
    must_be(keys->buckets != NULL, "no memory for bucket keys");
    while (sqlite3_step(list) == SQLITE_ROW)
        load_bucket(keys, world, sqlite3_column_int64(list, 0));
    (void)sqlite3_finalize(list); /* repeats the code of the last step */
}

void raw_keys_open(struct raw_keys *keys, struct world *world)
{
    char path[300];
    *keys = (struct raw_keys){.buckets_count = 0};
    (void)snprintf(path, sizeof path, "%s/store/keys.db", world->folder);
    keys->db = raw_open_file(path, RAW_READING);
    keys->person_key = raw_statement(keys->db, "SELECT bucket, wrapped FROM person_key WHERE person_id = ?1");
    load_buckets(keys, world);
}

void raw_keys_close(struct raw_keys *keys)
{
    (void)sqlite3_finalize(keys->person_key); /* repeats the code of the last step */
    raw_check(keys->db, sqlite3_close(keys->db));
    free(keys->buckets);
}

static const struct secret_key *find_bucket(const struct raw_keys *keys, int64_t bucket)
{
    size_t low = 0;
    size_t high = keys->buckets_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (keys->buckets[middle].bucket <= bucket)
            low = middle;
        else
            high = middle;
    }
    must_be(keys->buckets_count > 0 && keys->buckets[low].bucket == bucket, "a bucket is unknown");
    return &keys->buckets[low].key;
}

void raw_keys_person(struct raw_keys *keys, int64_t person_id, struct secret_key *out)
{
    uint8_t plain[RAW_PLAIN_BYTES];
    raw_check(keys->db, sqlite3_bind_int64(keys->person_key, 1, person_id));
    must_be(sqlite3_step(keys->person_key) == SQLITE_ROW, "a person key is missing");
    int64_t bucket = sqlite3_column_int64(keys->person_key, 0);
    int64_t place[4] = {person_id, SEAL_PERSON_KEY, bucket, 1};
    size_t size = raw_unseal(raw_column(keys->person_key, 1), find_bucket(keys, bucket), place, plain);
    must_be(size == sizeof out->at, "a key is short");
    memcpy(out->at, plain, sizeof out->at);
    (void)sqlite3_reset(keys->person_key); /* repeats the code of the step */
}
