/* SPDX-License-Identifier: Apache-2.0
 * SQLite's own way to its files with one thing added: pages of a database get their sum when they are written there,
 * and are held against it when they are read. A mapped page is looked at once a minute. Logs and journals go by
 * untouched. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/page_sum.h"
#include "store/sqlite.h"

#define NAME "summed"
#define NAME_ADOPTING "summed_adopting" /* writes sums, asks for none */
#define SEEN_SECONDS 60
#define SEEN_BYTES_LEAST 1024

struct summed_file {
    sqlite3_file  as_sqlite; /* first, so that SQLite's pointer is ours */
    sqlite3_file *real;      /* behind this struct, in the same piece of memory */
    uint8_t      *seen;      /* a bit for each mapped page that agreed */
    size_t        seen_bytes;
    time_t        seen_since;
    bool          asks;
    uint8_t       page[PAGE_BYTES];
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct summed_file *)file)->real;
}

static bool is_page(int size, sqlite3_int64 at)
{
    return size == PAGE_BYTES && at % PAGE_BYTES == 0;
}

static uint64_t number_at(sqlite3_int64 at)
{
    return (uint64_t)at / PAGE_BYTES + 1;
}

/* ---- reading and writing */

static int read_page(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    const struct summed_file *summed = (struct summed_file *)file;
    int code = summed->real->pMethods->xRead(summed->real, out, size, at);
    if (code == SQLITE_OK && summed->asks && is_page(size, at) && !page_sum_is(out, number_at(at)))
        return SQLITE_CORRUPT;
    return code;
}

/* The content may be SQLite's own memory of a page: it is not written into. */
static int write_page(sqlite3_file *file, const void *content, int size, sqlite3_int64 at)
{
    struct summed_file *summed = (struct summed_file *)file;
    if (!is_page(size, at))
        return SQLITE_CORRUPT; /* a file of another form: sums would overwrite its rows */
    memcpy(summed->page, content, PAGE_BYTES);
    if (at == 0 && summed->page[PAGE_RESERVED_AT] != PAGE_SUM_BYTES)
        return SQLITE_CORRUPT;
    page_sum_put(summed->page, number_at(at));
    return summed->real->pMethods->xWrite(summed->real, summed->page, size, at);
}

/* What was seen long ago is forgotten: the disk may have changed its mind. */
static void forget_old(struct summed_file *summed)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* cannot fail for this clock */
    if (now.tv_sec - summed->seen_since < SEEN_SECONDS)
        return;
    summed->seen_since = now.tv_sec;
    if (summed->seen != NULL)
        memset(summed->seen, 0, summed->seen_bytes);
}

/* Where bit `index` lies, NULL when no memory is left. */
static uint8_t *seen_at(struct summed_file *summed, size_t index)
{
    if (index / 8 < summed->seen_bytes)
        return &summed->seen[index / 8];
    size_t bytes = summed->seen_bytes < SEEN_BYTES_LEAST ? SEEN_BYTES_LEAST : summed->seen_bytes;
    while (bytes <= index / 8)
        bytes *= 2; /* the mapped part ends at 2 GiB: this does too, at 64 KiB */
    uint8_t *grown = calloc(1, bytes);
    if (grown == NULL)
        return NULL;
    if (summed->seen != NULL)
        memcpy(grown, summed->seen, summed->seen_bytes);
    free(summed->seen);
    summed->seen = grown;
    summed->seen_bytes = bytes;
    return &grown[index / 8];
}

static bool mapped_page_is_sound(struct summed_file *summed, const void *page, sqlite3_int64 at)
{
    forget_old(summed);
    size_t index = (size_t)(at / PAGE_BYTES);
    uint8_t *seen = seen_at(summed, index);
    uint8_t bit = (uint8_t)(1u << index % 8);
    if (seen != NULL && (*seen & bit) != 0)
        return true;
    bool sound = page_sum_is(page, number_at(at));
    if (sound && seen != NULL)
        *seen |= bit;
    return sound;
}

/* Without a page SQLite reads it, and read_page() says what is wrong. */
static int fetch_page(sqlite3_file *file, sqlite3_int64 at, int size, void **out)
{
    struct summed_file *summed = (struct summed_file *)file;
    const sqlite3_io_methods *methods = summed->real->pMethods;
    void *page = NULL;
    int code = methods->xFetch(summed->real, at, size, &page);
    bool usable = page != NULL && is_page(size, at) && (!summed->asks || mapped_page_is_sound(summed, page, at));
    if (code == SQLITE_OK && page != NULL && !usable) {
        code = methods->xUnfetch(summed->real, at, page);
        page = NULL;
    }
    *out = page;
    return code;
}

/* ---- handed on as it comes */

static int close_file(sqlite3_file *file)
{
    free(((struct summed_file *)file)->seen);
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int lock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int control_file(sqlite3_file *file, int operation, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, arg);
}

static int size_of_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int traits_of_device(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int map_shared(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void order_shared(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int unmap_shared(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static int unfetch_page(sqlite3_file *file, sqlite3_int64 at, void *page)
{
    return real_of(file)->pMethods->xUnfetch(real_of(file), at, page);
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 3,
    .xClose = close_file,
    .xRead = read_page,
    .xWrite = write_page,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_lock,
    .xFileControl = control_file,
    .xSectorSize = size_of_sector,
    .xDeviceCharacteristics = traits_of_device,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = order_shared,
    .xShmUnmap = unmap_shared,
    .xFetch = fetch_page,
    .xUnfetch = unfetch_page,
};

/* ---- opening */

/* SQLite is content with a file that it may only read, also when nothing was missing but a free descriptor at that
 * moment. Its owner would learn of it at his first write, and again at each that follows. */
static int open_real(sqlite3_vfs *real, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    int got = 0;
    int may_write = 0;
    int code = real->xOpen(real, path, file, flags, &got);
    if (code == SQLITE_OK && (flags & SQLITE_OPEN_READWRITE) != 0 && (got & SQLITE_OPEN_READONLY) != 0) {
        (void)file->pMethods->xClose(file); /* nothing was written through it */
        file->pMethods = NULL; /* SQLite would close it again */
        code = real->xAccess(real, path, SQLITE_ACCESS_READWRITE, &may_write);
        return code == SQLITE_OK && may_write == 0 ? SQLITE_READONLY : SQLITE_CANTOPEN;
    }
    if (out_flags != NULL)
        *out_flags = got;
    return code;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    sqlite3_vfs *real = vfs->pAppData;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
        return open_real(real, path, file, flags, out_flags);
    struct summed_file *summed = (struct summed_file *)file;
    *summed = (struct summed_file){.real = (sqlite3_file *)(summed + 1), .asks = strcmp(vfs->zName, NAME) == 0};
    int code = open_real(real, path, summed->real, flags, out_flags);
    if (code == SQLITE_OK && summed->real->pMethods->iVersion < METHODS.iVersion) {
        (void)summed->real->pMethods->xClose(summed->real); /* nothing was written through it */
        return SQLITE_ERROR;
    }
    if (code == SQLITE_OK)
        summed->as_sqlite.pMethods = &METHODS;
    return code;
}

/* SQLite keeps it for the life of the process. Two threads at once would make two, of which the later one counts. */
static bool make_vfs(const char *name, bool is_default)
{
    sqlite3_vfs *real = sqlite3_vfs_find("unix");
    sqlite3_vfs *vfs = real == NULL ? NULL : calloc(1, sizeof *vfs);
    if (vfs == NULL)
        return false;
    *vfs = *real; /* everything but opening is the real one's, which looks at its own pAppData only when it opens */
    vfs->pNext = NULL;
    vfs->zName = name;
    vfs->szOsFile = (int)sizeof(struct summed_file) + real->szOsFile;
    vfs->pAppData = real;
    vfs->xOpen = open_file;
    return sqlite3_vfs_register(vfs, is_default) == SQLITE_OK;
}

const char *page_vfs(void)
{
    if (sqlite3_vfs_find(NAME) != NULL)
        return NAME;
    return make_vfs(NAME_ADOPTING, false) && make_vfs(NAME, true) ? NAME : NULL;
}

/* ---- files of an earlier version */

/* Without reserved bytes, and not because a bit of that very number was turned. */
static err is_without_sums(struct ctx *cx, const char *path, bool *out)
{
    static const char MAGIC[] = "SQLite format 3"; /* its zero too */
    uint8_t page[PAGE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return FAIL(cx, INTERNAL, "store.io", "a file of the store does not open for reading (errno %d)", errno);
    ssize_t size = fd < 0 ? 0 : pread(fd, page, sizeof page, 0);
    if (fd >= 0)
        (void)close(fd); /* it was only read; this process has no lock on the file yet */
    if (size < 0)
        return FAIL(cx, INTERNAL, "store.io", "a file of the store does not read");
    bool without = size == PAGE_BYTES && memcmp(page, MAGIC, sizeof MAGIC) == 0 && page[PAGE_RESERVED_AT] == 0;
    page[PAGE_RESERVED_AT] = PAGE_SUM_BYTES;
    *out = without && !page_sum_is(page, 1);
    return OK;
}

/* After the vacuum every page stands in the log with room for its sum, and gets it on its way into the file. */
static int give_sums(sqlite3 *db)
{
    int reserved = PAGE_SUM_BYTES;
    int code = sqlite3_busy_timeout(db, LIMIT_STORE_BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL; VACUUM", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code;
}

err page_sums_adopt(struct ctx *cx, const char *path)
{
    bool without = false;
    struct sqlite_file none = {.db = NULL};
    TRY(is_without_sums(cx, path, &without));
    if (!without)
        return OK;
    if (page_vfs() == NULL)
        return FAIL_MEMORY(cx);
    int code = sqlite3_open_v2(path, &none.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NAME_ADOPTING);
    if (code == SQLITE_OK)
        code = give_sums(none.db);
    (void)sqlite3_close(none.db); /* no statement is open */
    return code == SQLITE_OK ? OK : sqlite_fail(cx, &none, code, "sums");
}
