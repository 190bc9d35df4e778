/* SPDX-License-Identifier: Apache-2.0
 * The bound: the same look-ups, the same cipher and the same rows with nothing but SQLite's and libsodium's own calls,
 * written as one would write them for one table and one caller. It reads the files of a world in place and opens the
 * same values under the same keys; what it writes goes to files of its own beside them. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "raw_keys.h"

/* Reading: relationship, grant, person key and five values in one read transaction, five values opened. */
struct raw_reader {
    struct sqlite3      *people;
    struct sqlite3_stmt *begin, *commit, *relationship, *grant, *value;
    struct raw_keys      keys;
    int64_t              asked[8];
    size_t               asked_count;
};
void raw_reader_open(struct raw_reader *reader, struct world *world);
void raw_reader_close(struct raw_reader *reader);
/* Gives the bytes of the values; ends the program when one does not open. */
size_t raw_read(struct raw_reader *reader, const struct world_person *person, int64_t relationship_id,
                int64_t purpose_id);

/* Writing: prepared statements of the store by their names, in a copy of one of the world's files. */
#define RAW_STATEMENTS_MAX 16
struct raw_writer {
    struct sqlite3      *db;
    struct sqlite3_stmt *begin, *commit;
    struct sqlite3_stmt *statements[RAW_STATEMENTS_MAX];
    size_t               count;
};
/* Opens FOLDER/raw-NAME. With `copy` it begins as a copy of store/NAME, otherwise with its tables only. */
void raw_writer_open(struct raw_writer *writer, const struct world *world, const char *name, bool copy);
/* Prepares the store's query of that name and gives its place in `statements`. */
size_t raw_prepare(struct raw_writer *writer, const char *query);
size_t raw_prepare_sql(struct raw_writer *writer, const char *sql); /* or a statement of the bench's own */
void raw_writer_close(struct raw_writer *writer); /* removes the file */
void raw_begin(struct raw_writer *writer);
void raw_commit(struct raw_writer *writer); /* on disk when it returns */

/* Binds `numbers` to the parameters from the first on; negative: RAW_BLOB(size), a blob of that many random bytes. */
#define RAW_BLOB(size) (-(int64_t)(size))
void raw_run(struct raw_writer *writer, size_t statement, const int64_t *numbers, size_t count);
/* The first column of the first row, or 0. */
int64_t raw_ask(struct raw_writer *writer, size_t statement, int64_t number);

#endif
