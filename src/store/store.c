/* SPDX-License-Identifier: Apache-2.0
 * The life of a store, its counters, and the calls that look at whole files. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/generation.h"
#include "store/keys_move.h"
#include "store/log_check.h"
#include "store/migrate.h"
#include "store/page_sum.h"
#include "store/place.h"
#include "store/queries.h"
#include "store/reserve.h"
#include "store/scrub.h"
#include "store/spread.h"
#include "store/sqlite.h"
#include "store/state.h"

static const char *const FILE_NAMES[STORE_FILE_COUNT] = {
    [STORE_KEYS] = "keys.db",
    [STORE_RECORDS] = "records.db",
    [STORE_LEDGER] = "ledger.db",
    [STORE_PEOPLE] = "people.db",
};

const char *store_file_name(store_file file)
{
    return FILE_NAMES[file];
}

err store_fail_older(struct ctx *cx, store_file file, const char *than)
{
    return FAIL(cx, CORRUPT, "store.went_back",
                "%s is an older copy than %s says; put the newest of all files back, see docs/operations",
                FILE_NAMES[file], than);
}

const char *store_path(struct arena *arena, const char *folder, store_file file)
{
    return text_format(arena, "%s/%s", folder, FILE_NAMES[file]).at;
}

void store_fatal(struct store *store, const char *why)
{
    if (store->options.fatal == NULL)
        abort();
    store->options.fatal(store->options.fatal_arg, why);
}

/* ---- files of this machine */

/* Names are on disk only once their folder is: those of new files in it, its own in the folder above. */
static err sync_opened(struct ctx *cx, int folder)
{
    bool synced = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        (void)close(folder); /* nothing was written through it */
    return synced ? OK : FAIL(cx, INTERNAL, "store.io", "a folder was not written to disk (errno %d)", errno);
}

static err sync_folder(struct ctx *cx, const char *folder)
{
    return sync_opened(cx, open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* Syncs its name also when the folder is there, since who made it may have been killed before; then it may stand in one
 * that we may not read, as behind the walls of a server, which syncs it before they stand. */
static err make_folder(struct ctx *cx, const char *folder)
{
    bool made = mkdir(folder, 0700) == 0;
    if (!made && (errno == ENOENT || errno == ENOTDIR))
        return FAIL(cx, INVALID, "store.url", "the folder of the store cannot be made: there is none that it could "
                                              "stand in");
    if (!made && errno != EEXIST)
        return FAIL(cx, INTERNAL, "store.open", "the folder cannot be made (errno %d)", errno);
    struct text above = text_format(cx->arena, "%s/..", folder);
    if (above.at == NULL)
        return FAIL_MEMORY(cx);
    int fd = open(above.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 && errno == EACCES && !made ? OK : sync_opened(cx, fd);
}

/* A file that lost its content must not be filled as if it were fresh. Files are made in their order, so once the last
 * has begun all have; and only with `create` may there be one that has not. The last is looked at first, since another
 * process may be making them. */
static err check_begun(struct ctx *cx, struct store *store, struct migrations migrations)
{
    const struct store_conn *conn = store->writer.conn;
    bool begun[STORE_FILE_COUNT] = {false};
    for (int file = STORE_FILE_COUNT - 1; file >= 0; file--)
        TRY(migrate_is_begun(cx, conn->of_file[file], migrations, &begun[file]));
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        if (!begun[file] && (begun[STORE_FILE_COUNT - 1] || !store->options.create) &&
            !(file == STORE_KEYS && store->options.moves_keys))
            return FAIL(cx, CORRUPT, "store.emptied", "a file of the store has lost its content");
    return OK;
}

/* Sealed or not, what lies in the files is for their owner alone; and who may write them may undo a stop. */
static err check_private(struct ctx *cx, struct store *store)
{
    for (store_file file = 0; file < STORE_FILE_COUNT && store_is_local(store, file); file++) {
        struct stat about;
        const char *path = store_path(cx->arena, store->folder, file);
        if (path == NULL)
            return FAIL_MEMORY(cx);
        bool there = stat(path, &about) == 0;
        if (!there && errno != ENOENT)
            return FAIL(cx, INTERNAL, "store.io", "a file of the store cannot be looked at (errno %d)", errno);
        if (there && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
            return FAIL(cx, FORBIDDEN, "store.exposed",
                        "others may reach the file %s of the store; take that away: chmod go-rwx on the files there",
                        FILE_NAMES[file]);
    }
    return OK;
}

/* Before SQLite opens them. Files of an earlier version have no sums on their pages. */
static err look_at_files(struct ctx *cx, struct store *store)
{
    for (store_file file = 0; file < STORE_FILE_COUNT && store_is_local(store, file); file++) {
        const char *path = store_path(cx->arena, store->folder, file);
        if (path == NULL)
            return FAIL_MEMORY(cx);
        struct text log = text_format(cx->arena, "%s-wal", path);
        if (log.at == NULL)
            return FAIL_MEMORY(cx);
        TRY(log_check(cx, log.at));
        TRY(page_sums_adopt(cx, path));
    }
    return OK;
}

/* Anybody's but a move's: is this the node, or has it gone elsewhere? */
static err check_place(struct ctx *cx, struct store *store)
{
    struct place place;
    struct store_conn *of_caller = cx->db;
    cx->db = store->writer.conn;
    err result = place_load(cx, &place);
    cx->db = of_caller;
    TRY(result);
    struct postgres *pg = postgres_of(store->writer.conn->of_file[STORE_PEOPLE]);
    store->place = place.token;
    if (pg != NULL) { /* whoever sleeps through a move and its end is told by what it left */
        pg->place = place.token;
        pg->has_place = true;
    }
    if (!store->options.moves)
        TRY(place_check(cx, &place));
    return store->options.moves_keys ? OK : keys_place_check(cx, store->writer.conn);
}

static err fill(struct ctx *cx, struct store *store)
{
    struct migrations migrations = {MIGRATIONS, MIGRATION_COUNT};
    if (store->options.create && store->folder != NULL)
        TRY(make_folder(cx, store->folder));
    TRY(check_private(cx, store));
    TRY(look_at_files(cx, store));
    TRY(writer_open(cx, store));
    TRY(check_begun(cx, store, migrations));
    if (store->options.is_target)
        TRY(place_check_target(cx, store->writer.conn));
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        unsigned files = conn_files_beside(store->writer.conn, file);
        if (store->writer.conn->leader[file] == file)
            TRY(migrate_files(cx, store->writer.conn->of_file[file], files, migrations));
        if (file == STORE_KEYS)
            TRY(scrub_prepare(cx, store->writer.conn->of_file[file]));
        if (file == STORE_PEOPLE)
            TRY(spread_tables(cx, store->writer.conn->of_file[file]));
        if (file == STORE_PEOPLE && !store_is_local(store, file))
            TRY(postgres_mark_make(cx, postgres_of(store->writer.conn->of_file[file])));
        if (store_is_local(store, file))
            sqlite_watch_log(sqlite_file_of(store->writer.conn->of_file[file]), &store->checkpointer.log_pages[file]);
    }
    TRY(conn_prepare_all(cx, store->writer.conn));
    TRY(check_place(cx, store));
    TRY(generation_check(cx, store));
    return store_clock_load(cx, store);
}

/* ---- where it lies */

#define SQLITE_SCHEME "sqlite:"

static bool is_folder(const char *url)
{
    return text_starts_with(text_of(url), SQLITE_SCHEME) && url[sizeof SQLITE_SCHEME - 1] != '\0';
}

bool store_is_server(const char *url)
{
    return text_starts_with(text_of(url), "postgresql://") || text_starts_with(text_of(url), "postgres://");
}

/* Both urls: a folder for all, or a server for the data with a place of its own for the keys. */
err store_check_place(struct ctx *cx, const struct store_options *options)
{
    const char *keys = options->keys_url;
    if (is_folder(options->url) && keys == NULL)
        return OK;
    if (store_is_server(options->url) && keys != NULL && (is_folder(keys) || store_is_server(keys)))
        return OK;
    return FAIL(cx, INVALID, "store.url", "the store is named as sqlite:FOLDER or postgresql://…, and beside the "
                                          "second the keys have a place of their own, named in the same words");
}

err store_make_folder(struct ctx *cx, const struct store_options *options)
{
    const char *keys = options->keys_url != NULL ? options->keys_url : options->url;
    return is_folder(keys) ? make_folder(cx, keys + sizeof SQLITE_SCHEME - 1) : OK;
}

static bool copy_text(const char *from, char **out)
{
    *out = strdup(from);
    return *out != NULL;
}

static bool copy_place(const struct store_options *options, struct store *store)
{
    const char *keys = options->keys_url != NULL ? options->keys_url : options->url;
    bool copied = true;
    if (store_is_server(options->url))
        copied = copy_text(options->url, &store->url);
    if (store_is_server(keys))
        return copied && copy_text(keys, &store->keys_url);
    return copied && copy_text(keys + sizeof SQLITE_SCHEME - 1, &store->folder);
}

bool store_is_local(const struct store *store, store_file file)
{
    return (file == STORE_KEYS ? store->keys_url : store->url) == NULL;
}

int64_t store_name(const struct store *store)
{
    return store->name;
}

bool store_waits(const struct store *store)
{
    return store->url != NULL;
}

/* ---- open and close */

static int64_t draw_name(void)
{
    struct randomness randomness = randomness_system();
    uint8_t bytes[8];
    uint64_t name = 0;
    random_fill(&randomness, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        name = name << 8 | bytes[i];
    return (int64_t)(name >> 1) + 1; /* never 0 */
}

err store_open(struct ctx *cx, const struct store_options *options, struct store **out)
{
    TRY(store_check_place(cx, options));
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return FAIL_MEMORY(cx);
    store->options = *options;
    store->options.url = NULL;
    store->options.keys_url = NULL;
    store->options.clock = NULL;
    store->clock = *options->clock;
    store->writer.reserve = -1;
    store->name = draw_name();
    checkpointer_open(store);
    store_clock_init(store);
    err result = copy_place(options, store) ? fill(cx, store) : FAIL_MEMORY(cx);
    if (result != OK) {
        store_close(store);
        return result;
    }
    *out = store;
    return OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    writer_close(store);
    checkpointer_close(store);
    store_clock_done(store);
    free(store->folder);
    free(store->url);
    free(store->keys_url);
    free(store);
}

/* ---- counters */

void store_counters(struct store *store, struct store_counters *out)
{
    struct store_counters counters = {
        .writes = atomic_load(&store->writes),
        .refused_writes = atomic_load(&store->refused_writes),
        .commits = atomic_load(&store->commits),
        .checkpoints = atomic_load(&store->checkpoints),
        .trips = atomic_load(&store->way.trips) + atomic_load(&store->way_to_keys.trips),
        .reserve_bytes = reserve_bytes(store->writer.reserve),
    };
    (void)pthread_mutex_lock(&store->writer.lock);
    counters.queued = (int64_t)store->writer.queued;
    (void)pthread_mutex_unlock(&store->writer.lock);
    struct arena *arena = arena_open(64 * 1024);
    for (store_file file = 0; arena != NULL && file < STORE_FILE_COUNT && store_is_local(store, file); file++) {
        struct stat about;
        const char *path = store_path(arena, store->folder, file);
        if (path != NULL && stat(path, &about) == 0)
            counters.file_bytes[file] = about.st_size;
    }
    arena_close(arena);
    *out = counters;
}

/* ---- whole files */

static err open_file(struct ctx *cx, struct store *store, store_file file, database_role role, struct sqlite_file **out)
{
    struct sqlite_options options = {.path = store_path(cx->arena, store->folder, file), .role = role};
    if (options.path == NULL)
        return FAIL_MEMORY(cx);
    return sqlite_open(cx, &options, out);
}

/* What is copied: a handle on each file, which sees it at the moment of all. */
struct backup {
    struct sqlite_file *files[STORE_FILE_COUNT];
};

static const store_file COPIED[] = {STORE_PEOPLE, STORE_LEDGER, STORE_RECORDS};
#define COPIED_COUNT (sizeof COPIED / sizeof *COPIED)

/* store_write_fn. Its batch keeps every writer of every process away, and has committed nothing yet. */
static err fix_moment(struct ctx *cx, void *arg)
{
    struct backup *backup = arg;
    for (size_t i = 0; i < COPIED_COUNT; i++)
        TRY(sqlite_fix(cx, backup->files[COPIED[i]]));
    return OK;
}

static err copy_files(struct ctx *cx, struct store *store, struct backup *backup, const char *folder)
{
    for (size_t i = 0; i < COPIED_COUNT; i++)
        TRY(open_file(cx, store, COPIED[i], ROLE_READER, &backup->files[COPIED[i]]));
    TRY(store_write_wait(store, cx, fix_moment, backup));
    for (size_t i = 0; i < COPIED_COUNT; i++) {
        const char *path = store_path(cx->arena, folder, COPIED[i]);
        if (path == NULL)
            return FAIL_MEMORY(cx);
        TRY(sqlite_copy(cx, backup->files[COPIED[i]], path));
    }
    return sync_folder(cx, folder);
}

err store_backup(struct ctx *cx, struct store *store, const char *folder)
{
    struct backup backup = {0};
    if (!store_is_local(store, STORE_PEOPLE))
        return FAIL(cx, INVALID, "store.elsewhere", "what lies on a database server is backed up there: see pg_dump");
    TRY(make_folder(cx, folder));
    err result = copy_files(cx, store, &backup, folder);
    for (size_t i = 0; i < COPIED_COUNT; i++)
        if (backup.files[COPIED[i]] != NULL)
            sqlite_close(&backup.files[COPIED[i]]->base);
    return result;
}

err store_check(struct ctx *cx, struct store *store)
{
    for (store_file file = 0; file < STORE_FILE_COUNT && store_is_local(store, file); file++) {
        struct sqlite_file *opened = NULL;
        TRY(open_file(cx, store, file, ROLE_READER, &opened));
        err result = sqlite_check(cx, opened);
        sqlite_close(&opened->base);
        TRY(result);
    }
    return OK;
}

static err scrub_file(struct ctx *cx, struct store *store)
{
    struct sqlite_file *keys = NULL;
    TRY(open_file(cx, store, STORE_KEYS, ROLE_CHECKPOINTER, &keys));
    err result = sqlite_run_checkpoint(cx, keys, CHECKPOINT_TRUNCATE, LIMIT_STORE_BUSY_MS);
    sqlite_close(&keys->base);
    return result;
}

err store_scrub_keys(struct ctx *cx, struct store *store)
{
    return store_is_local(store, STORE_KEYS) ? scrub_file(cx, store) : scrub_server(cx, store);
}

err store_keys_look(struct ctx *cx, struct store *store, struct store_keys_place *out)
{
    struct store_keys_place place = {.is_server = !store_is_local(store, STORE_KEYS)};
    if (place.is_server)
        TRY(scrub_look(cx, cx->db, &place));
    *out = place;
    return OK;
}
