/* SPDX-License-Identifier: Apache-2.0
 * Brings the files of a store to the schema that this program knows: forward only, each file for itself, each step in a
 * transaction of its own, so that a crash anywhere is resumed by the next start. What has been applied stands in each
 * file's schema_migration table with the SHA-256 of the migration's text. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/store.h"

struct migration {
    int64_t     version; /* 1, 2, … without a gap */
    const char *name;    /* "0001_one_relationship" */
    const char *sql;     /* with the tokens of sql/dialect.def and a line `-- file: NAME` before each file's part */
};

extern const struct migration MIGRATIONS[]; /* generated */
extern const size_t MIGRATION_COUNT;

struct migrations {
    const struct migration *list;
    size_t                  count;
};

struct database;
struct engine;

/* Applies to an open database what it lacks; `files` are those that lie in it (bit 1 << file). Fails CONFLICT
 * store.too_new when the database knows a later version than `migrations`, CONFLICT store.migration_changed when an
 * applied one no longer has the text it had. */
err migrate_files(struct ctx *cx, struct database *db, unsigned files, struct migrations migrations) MUST_CHECK;

/* The same refusals for one whose table of migrations is there, and nothing is applied. `out_begun`: some were. */
err migrate_check(struct ctx *cx, struct database *db, struct migrations migrations, bool *out_begun) MUST_CHECK;

/* Whether an open database has had a migration: a fresh one, and one that was emptied, has had none. */
err migrate_is_begun(struct ctx *cx, struct database *db, struct migrations migrations, bool *out) MUST_CHECK;

/* The parts of a migration that belong to `files`, in the words of the engine; empty when it has none. */
err migrate_text(struct ctx *cx, const struct engine *engine, const char *sql, unsigned files,
                 const char **out) MUST_CHECK;

#endif
