/* SPDX-License-Identifier: Apache-2.0
 * Migrations, forward only. A migration's text is one for all files and databases: the part of a file is cut out of it
 * and the few words of sql/dialect.def are put in. */
#include "store/migrate.h"

#include <string.h>

#include "crypto/hash.h"
#include "store/database.h"

#define TEXT_BYTES (1024 * 1024)
#define DIALECT_BYTES 1024
#define TRIES_MAX 20 /* of a step that meets what older programs write */
#define TRIES_OF_BUSY_MAX \
    4 /* each LIMIT_STORE_BUSY_MS: several that start together wait for the one that makes it all */

static const char *const FILE_NAMES[STORE_FILE_COUNT] = {
    [STORE_KEYS] = "keys", [STORE_RECORDS] = "records", [STORE_LEDGER] = "ledger", [STORE_PEOPLE] = "people"};

static const char OWN_TABLE[] = "CREATE TABLE IF NOT EXISTS schema_migration (\n"
                                "    version :int64: NOT NULL,\n"
                                "    name    :text:  NOT NULL,\n"
                                "    hash    :bytes: NOT NULL,\n"
                                "    PRIMARY KEY (version)\n"
                                ") :clustered:";

/* ---- the text of one file */

static struct text rest_of(struct text text, size_t taken)
{
    return (struct text){text.at + taken, text.size - taken};
}

/* A token that ends with a space has arguments up to the next colon; what is put in for it, if anything, gets them in
 * front of a closing parenthesis. Gives the bytes that were taken, 0: no token stands here. */
static size_t put_token(struct builder *out, const struct engine *engine, struct text text)
{
    static const struct {
        const char *token;
        const char *words[DIALECT_COUNT];
    } DIALECT[] = {
#define X(token, sqlite, postgres) {token, {[DIALECT_SQLITE] = sqlite, [DIALECT_POSTGRES] = postgres}},
#include "store/sql/dialect.def"
#undef X
    };
    for (size_t i = 0; i < sizeof DIALECT / sizeof *DIALECT; i++) {
        struct text token = text_of(DIALECT[i].token);
        struct text word = text_of(DIALECT[i].words[engine->dialect]);
        if (!text_starts_with(text, token.at))
            continue;
        build_text(out, word);
        if (token.at[token.size - 1] == ':')
            return token.size;
        size_t end = token.size;
        while (end < text.size && text.at[end] != ':')
            end++;
        if (word.size > 0) {
            build_text(out, (struct text){text.at + token.size, end - token.size});
            build_byte(out, ')');
        }
        return end < text.size ? end + 1 : end;
    }
    return 0;
}

static void put_line(struct builder *out, const struct engine *engine, struct text line)
{
    while (line.size > 0) {
        size_t taken = *line.at == ':' ? put_token(out, engine, line) : 0;
        if (taken == 0)
            build_byte(out, (uint8_t)*line.at);
        line = rest_of(line, taken == 0 ? 1 : taken);
    }
    build_byte(out, '\n');
}

static struct text take_line(struct text *text)
{
    size_t size = 0;
    while (size < text->size && text->at[size] != '\n')
        size++;
    struct text line = {text->at, size};
    *text = rest_of(*text, size < text->size ? size + 1 : size);
    return line;
}

static bool is_among(struct text name, unsigned files)
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if ((files & 1U << file) != 0 && text_is(name, FILE_NAMES[file]))
            return true;
    return false;
}

err migrate_text(struct ctx *cx, const struct engine *engine, const char *sql, unsigned files, const char **out)
{
    static const char MARK[] = "-- file: ";
    struct builder text = builder_open(cx->arena, TEXT_BYTES);
    bool is_ours = false;
    for (struct text rest = text_of(sql); rest.size > 0;) {
        struct text line = take_line(&rest);
        if (text_starts_with(line, MARK))
            is_ours = is_among(rest_of(line, sizeof MARK - 1), files);
        else if (is_ours)
            put_line(&text, engine, line);
    }
    build_byte(&text, '\0');
    if (text.overflowed)
        return FAIL_MEMORY(cx);
    *out = builder_text(&text).at;
    return OK;
}

/* ---- what has been applied */

struct applied {
    int64_t version;
    struct text name;
    struct bytes hash;
};

static const struct field APPLIED[] = {{"version", FIELD_INT64, offsetof(struct applied, version)},
                                       {"name", FIELD_TEXT, offsetof(struct applied, name)},
                                       {"hash", FIELD_BYTES, offsetof(struct applied, hash)}};
static const struct statement LIST = {
    .name = "schema_migration_list",
    .index = STATEMENT_PASSING,
    .sql = "SELECT version, name, hash FROM schema_migration ORDER BY version",
    .rows = ROWS_MANY,
    .out = APPLIED,
    .out_count = 3,
};
static const struct statement INSERT = {
    .name = "schema_migration_insert",
    .index = STATEMENT_PASSING,
    .sql = "INSERT INTO schema_migration (version, name, hash) VALUES ($1, $2, $3)",
    .writes = true,
    .in = APPLIED,
    .in_count = 3,
};

static err check_applied(struct ctx *cx, const struct applied *applied, struct migrations migrations, size_t count)
{
    uint8_t hash[HASH_BYTES];
    if (applied->version > (int64_t)migrations.count)
        return FAIL(cx, CONFLICT, "store.too_new", "the store was written by a later version of this program");
    if (applied->version != (int64_t)count + 1)
        return FAIL(cx, CORRUPT, "store.damaged", "a file of the store does not say which migrations it has had");
    const struct migration *migration = &migrations.list[count];
    sha256(bytes_of_text(text_of(migration->sql)), hash);
    if (!bytes_equals(applied->hash, (struct bytes){hash, sizeof hash}))
        return FAIL(cx, CONFLICT, "store.migration_changed", "%s is not the migration that was applied",
                    migration->name);
    return OK;
}

static err walk_applied(struct ctx *cx, struct database *db, struct migrations migrations, size_t *out_count)
{
    size_t count = 0;
    bool is_row = false;
    struct applied applied = {.version = 0};
    TRY(db->engine->step(cx, db, &LIST, &is_row));
    while (is_row) {
        TRY(db->engine->read(cx, db, &LIST, &applied));
        TRY(check_applied(cx, &applied, migrations, count));
        count++;
        TRY(db->engine->step(cx, db, &LIST, &is_row));
    }
    *out_count = count;
    return OK;
}

/* How many of the migrations the file has had, each of them found unchanged. */
static err count_applied(struct ctx *cx, struct database *db, struct migrations migrations, size_t *out_count)
{
    TRY(db->engine->start(cx, db, &LIST, NULL));
    err result = walk_applied(cx, db, migrations, out_count);
    db->engine->finish(db, &LIST);
    return result;
}

/* ---- applying */

static err record(struct ctx *cx, struct database *db, const struct migration *migration)
{
    uint8_t hash[HASH_BYTES];
    sha256(bytes_of_text(text_of(migration->sql)), hash);
    struct applied applied = {migration->version, text_of(migration->name), {hash, sizeof hash}};
    bool is_row = false;
    TRY(db->engine->start(cx, db, &INSERT, &applied));
    err result = db->engine->step(cx, db, &INSERT, &is_row);
    db->engine->finish(db, &INSERT);
    return result;
}

static err run_in_dialect(struct ctx *cx, struct database *db, const char *words)
{
    struct builder sql = builder_open(cx->arena, DIALECT_BYTES);
    put_line(&sql, db->engine, text_of(words));
    build_byte(&sql, '\0');
    return sql.overflowed ? FAIL_MEMORY(cx) : database_run(cx, db, builder_text(&sql).at);
}

/* Inside the transaction: keeps others away, and looks again, since one of them may have been faster. */
static err apply_next(struct ctx *cx, struct database *db, unsigned files, struct migrations migrations)
{
    size_t count = 0;
    const char *sql = NULL;
    TRY(run_in_dialect(cx, db, ":alone:"));
    TRY(count_applied(cx, db, migrations, &count));
    if (count == migrations.count)
        return OK;
    TRY(migrate_text(cx, db->engine, migrations.list[count].sql, files, &sql));
    TRY(database_run(cx, db, sql));
    return record(cx, db, &migrations.list[count]);
}

static err apply_in_transaction(struct ctx *cx, struct database *db, unsigned files, struct migrations migrations)
{
    TRY(database_move_to(cx, db, MOVE_BEGIN_WRITE));
    return database_finish(cx, db, apply_next(cx, db, files, migrations));
}

/* Whether the step that just failed is worth another try. */
static bool may_pass(const struct ctx *cx, err failed, int tries)
{
    struct text reason = text_of(cx->failure.reason);
    return failed == UNAVAILABLE && ((text_is(reason, "store.conflict") && tries < TRIES_MAX) ||
                                     (text_is(reason, "store.busy") && tries < TRIES_OF_BUSY_MAX));
}

static err make_own_table(struct ctx *cx, struct database *db)
{
    err made = run_in_dialect(cx, db, OWN_TABLE); /* takes no lock when the table is there */
    for (int tries = 1; made != OK && may_pass(cx, made, tries); tries++) {
        failure_clear(&cx->failure);
        made = run_in_dialect(cx, db, OWN_TABLE);
    }
    if (made != CONFLICT)
        return made;
    failure_clear(&cx->failure); /* another program was faster: now it is there */
    return OK;
}

err migrate_check(struct ctx *cx, struct database *db, struct migrations migrations, bool *out_begun)
{
    size_t count = 0;
    TRY(count_applied(cx, db, migrations, &count));
    *out_begun = count > 0;
    return OK;
}

err migrate_is_begun(struct ctx *cx, struct database *db, struct migrations migrations, bool *out)
{
    TRY(make_own_table(cx, db));
    return migrate_check(cx, db, migrations, out);
}

err migrate_files(struct ctx *cx, struct database *db, unsigned files, struct migrations migrations)
{
    size_t count = 0;
    TRY(make_own_table(cx, db));
    TRY(count_applied(cx, db, migrations, &count));
    for (int tries = 1; count < migrations.count; tries++) {
        err applied = apply_in_transaction(cx, db, files, migrations);
        if (applied != OK && !may_pass(cx, applied, tries))
            return applied;
        failure_clear(&cx->failure);
        if (applied != OK)
            continue; /* the next one begins by ending what met another: until then nothing can be asked */
        TRY(count_applied(cx, db, migrations, &count));
        tries = 0;
    }
    return OK;
}
