/* SPDX-License-Identifier: Apache-2.0
 * What all bounds share: wrapped keys from their file by SQLite's own calls, and values opened by libsodium's. Bucket
 * keys come from the key folder once, before any clock runs. */
#ifndef BENCH_RAW_KEYS_H
#define BENCH_RAW_KEYS_H

#include "crypto/secret.h"
#include "world.h"

struct sqlite3;
struct sqlite3_stmt;

#define RAW_READING                                                                                                    \
    "PRAGMA journal_mode=WAL; PRAGMA mmap_size=2147418112; PRAGMA cache_size=-2048; PRAGMA query_only=ON"
#define RAW_PLAIN_BYTES 65536

void raw_check(struct sqlite3 *db, int code); /* ends the program with what SQLite says */
struct sqlite3 *raw_open_file(const char *path, const char *settings);
struct sqlite3_stmt *raw_statement(struct sqlite3 *db, const char *sql);
struct bytes raw_column(struct sqlite3_stmt *statement, int column); /* of the row that it stands on */

struct raw_bucket {
    int64_t           bucket;
    struct secret_key key;
};

struct raw_keys {
    struct sqlite3      *db;
    struct sqlite3_stmt *person_key;
    struct raw_bucket   *buckets;
    size_t               buckets_count;
};
void raw_keys_open(struct raw_keys *keys, struct world *world);
void raw_keys_close(struct raw_keys *keys);
void raw_keys_person(struct raw_keys *keys, int64_t person_id, struct secret_key *out);

/* Opens what was sealed at that place (person, kind, item, version) and gives its size; `out` has RAW_PLAIN_BYTES. Ends
 * the program when it does not open. */
size_t raw_unseal(struct bytes sealed, const struct secret_key *key, const int64_t place[4], uint8_t *out);

#endif
