/* SPDX-License-Identifier: Apache-2.0
 * What a program asks of its machine, under the names of the C library, so that the program's, SQLite's and OpenSSL's
 * calls land here and may be refused; memory of our own floors comes by the linker's --wrap. A refused sync takes back
 * what was written since the last one, as a kernel does that has thrown the unwritable pages away: whoever goes on
 * after it has lost them, however well the next sync goes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fault/effect_plan.h"
#include "fault/file_calls.h"

#define FILES_OPEN_MAX 1024
#define WRITES_MAX 8192

/* The headers name these only under other switches. */
ssize_t pread64(int file, void *out, size_t size, off64_t at);
struct dirent64 *readdir64(DIR *folder);
int fcntl64(int file, int command, ...);
void *map_file(void *wanted, size_t size, ...) __asm__("mmap64");

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);
void *__real_sodium_malloc(size_t size);
struct dirent *__real_readdir(DIR *folder);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *traits, void *(*run)(void *), void *arg);
void __real___assert_fail(const char *what, const char *file, unsigned line, const char *function)
    __attribute__((noreturn));

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_sodium_malloc(size_t size);
struct dirent *__wrap_readdir(DIR *folder);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *traits, void *(*run)(void *), void *arg);
void __wrap___assert_fail(const char *what, const char *file, unsigned line, const char *function)
    __attribute__((noreturn));

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- which files are ours, and what a refused sync takes back */

struct written {
    ino_t   inode;
    off_t   at;
    off_t   size_before; /* of the file */
    size_t  size;
    void   *before;
};

struct disk {
    pthread_mutex_t lock;
    atomic_bool     is_ours[FILES_OPEN_MAX];
    size_t          count;
    struct written  written[WRITES_MAX];
};

static struct disk *disk(void)
{
    static struct disk the_disk = {.lock = PTHREAD_MUTEX_INITIALIZER};
    return &the_disk;
}

void effect_watch(const char *root)
{
    struct effect_plan *plan = effect_plan();
    (void)snprintf(plan->root, sizeof plan->root, "%s", root);
    disk()->count = 0;
}

static bool is_our_path(const char *path)
{
    const char *root = effect_plan()->root;
    return root[0] != '\0' && strncmp(path, root, strlen(root)) == 0;
}

static bool is_our_file(int file)
{
    return file >= 0 && file < FILES_OPEN_MAX && atomic_load(&disk()->is_ours[file]);
}

static bool is_ours(int folder, const char *path)
{
    return path[0] == '/' ? is_our_path(path) : is_our_file(folder);
}

static void keep_before(int file, off_t at, size_t size)
{
    struct disk *the = disk();
    struct stat about;
    if (!atomic_load(&effect_plan()->armed) || effect_plan()->kind != EFFECT_SYNC ||
        syscall(SYS_fstat, file, &about) != 0)
        return;
    (void)pthread_mutex_lock(&the->lock);
    if (the->count == WRITES_MAX)
        abort();
    struct written *kept = &the->written[the->count++];
    *kept = (struct written){.inode = about.st_ino, .at = at, .size_before = about.st_size};
    kept->before = __real_malloc(size + 1);
    long had = kept->before == NULL ? -1 : syscall(SYS_pread64, file, kept->before, size, at);
    if (had < 0)
        had = 0; /* a file that is open for writing only: keys, which nobody writes twice */
    kept->size = (size_t)had;
    (void)pthread_mutex_unlock(&the->lock);
}

/* Forgets what was kept of the file, and puts it back before that when the disk has refused. */
static void settle(int file, bool refused)
{
    struct disk *the = disk();
    struct stat about;
    if (syscall(SYS_fstat, file, &about) != 0)
        return;
    (void)pthread_mutex_lock(&the->lock);
    for (size_t i = the->count; i-- > 0;) {
        struct written *kept = &the->written[i];
        if (kept->inode != about.st_ino)
            continue;
        if (refused && (syscall(SYS_pwrite64, file, kept->before, kept->size, kept->at) != (long)kept->size ||
                        syscall(SYS_ftruncate, file, kept->size_before) != 0))
            abort();
        free(kept->before);
        *kept = (struct written){.inode = 0};
    }
    (void)pthread_mutex_unlock(&the->lock);
}

/* ---- open and close */

int file_open(int folder, const char *path, int flags, mode_t mode)
{
    bool ours = is_ours(folder, path);
    if (ours && effect_strikes(EFFECT_OPEN))
        return refuse(EMFILE);
    if (ours && (flags & O_CREAT) != 0 && effect_strikes(EFFECT_FULL))
        return refuse(ENOSPC);
    if (ours && (flags & O_TRUNC) != 0 && effect_strikes(EFFECT_WRITE))
        return refuse(EIO);
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (file >= FILES_OPEN_MAX)
        abort();
    if (file >= 0)
        atomic_store(&disk()->is_ours[file], ours);
    return file;
}

int close(int file)
{
    if (is_our_file(file))
        atomic_store(&disk()->is_ours[file], false);
    return (int)syscall(SYS_close, file);
}

/* ---- looking and reading */

int faccessat(int folder, const char *path, int mode, int flags)
{
    if (is_ours(folder, path) && effect_strikes(EFFECT_LOOK))
        return refuse(EIO);
    return (int)syscall(SYS_faccessat2, folder, path, mode, flags);
}

int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}

int fstat(int file, struct stat *out)
{
    if (is_our_file(file) && effect_strikes(EFFECT_LOOK))
        return refuse(EIO);
    return (int)syscall(SYS_fstat, file, out);
}

int stat(const char *path, struct stat *out)
{
    if (is_our_path(path) && effect_strikes(EFFECT_LOOK))
        return refuse(EIO);
    return (int)syscall(SYS_stat, path, out);
}

static bool may_read(int file)
{
    if (!is_our_file(file))
        return true;
    if (effect_strikes(EFFECT_READ))
        errno = EIO;
    else if (effect_strikes(EFFECT_SIGNAL))
        errno = EINTR;
    else
        return true;
    return false;
}

ssize_t read(int file, void *out, size_t size)
{
    return may_read(file) ? syscall(SYS_read, file, out, size) : -1;
}

ssize_t pread64(int file, void *out, size_t size, off64_t at)
{
    return may_read(file) ? syscall(SYS_pread64, file, out, size, at) : -1;
}

ssize_t pread(int file, void *out, size_t size, off_t at)
{
    return pread64(file, out, size, at);
}

struct dirent *__wrap_readdir(DIR *folder)
{
    if (!is_our_file(dirfd(folder)) || !effect_strikes(EFFECT_READ))
        return __real_readdir(folder);
    errno = EIO;
    return NULL;
}

/* ---- writing */

/* False: refused. May leave less of the size. */
static bool may_write(int file, size_t *size)
{
    if (!is_our_file(file))
        return true;
    if (effect_strikes(EFFECT_WRITE))
        errno = EIO;
    else if (effect_strikes(EFFECT_FULL))
        errno = ENOSPC;
    else if (effect_strikes(EFFECT_SIGNAL))
        errno = EINTR;
    else {
        *size = effect_strikes(EFFECT_SHORT) ? (*size + 1) / 2 : *size;
        return true;
    }
    return false;
}

ssize_t write(int file, const void *data, size_t size)
{
    if (!may_write(file, &size))
        return -1;
    if (is_our_file(file))
        keep_before(file, syscall(SYS_lseek, file, 0, SEEK_CUR), size);
    return syscall(SYS_write, file, data, size);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at)
{
    if (!may_write(file, &size))
        return -1;
    if (is_our_file(file))
        keep_before(file, at, size);
    return syscall(SYS_pwrite64, file, data, size, at);
}

/* Gives the error; errno stays. */
int posix_fallocate(int file, off_t at, off_t size)
{
    if (is_our_file(file) && effect_strikes(EFFECT_WRITE))
        return EIO;
    if (is_our_file(file) && effect_strikes(EFFECT_FULL))
        return ENOSPC;
    if (is_our_file(file) && effect_strikes(EFFECT_SIGNAL))
        return EINTR;
    return syscall(SYS_fallocate, file, 0, at, size) == 0 ? 0 : errno;
}

int ftruncate64(int file, off64_t size)
{
    struct stat about;
    if (is_our_file(file) && effect_strikes(EFFECT_WRITE))
        return refuse(EIO);
    if (is_our_file(file) && effect_strikes(EFFECT_FULL))
        return refuse(ENOSPC);
    if (is_our_file(file) && syscall(SYS_fstat, file, &about) == 0 && about.st_size > size)
        keep_before(file, size, (size_t)(about.st_size - size));
    return (int)syscall(SYS_ftruncate, file, size);
}

int file_sync(int file, long number)
{
    if (!is_our_file(file))
        return (int)syscall(number, file);
    bool refused = effect_strikes(EFFECT_SYNC);
    settle(file, refused);
    if (refused)
        return effect_plan()->ignores_syncs ? 0 : refuse(EIO);
    return (int)syscall(number, file);
}

/* ---- names */

static bool may_name(int folder, const char *path, bool needs_room)
{
    if (!is_ours(folder, path))
        return true;
    if (effect_strikes(EFFECT_NAME))
        errno = EIO;
    else if (needs_room && effect_strikes(EFFECT_FULL))
        errno = ENOSPC;
    else
        return true;
    return false;
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return may_name(folder, path, true) ? (int)syscall(SYS_mkdirat, folder, path, mode) : -1;
}

int unlinkat(int folder, const char *path, int flags)
{
    return may_name(folder, path, false) ? (int)syscall(SYS_unlinkat, folder, path, flags) : -1;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return may_name(to_folder, to, true) ? (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags) : -1;
}

/* ---- locks and maps */

int fcntl64(int file, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    void *what = va_arg(rest, void *); /* a number travels in the same register */
    va_end(rest);
    bool locks = command == F_SETLK || command == F_SETLKW;
    if (locks && is_our_file(file) && ((const struct flock *)what)->l_type != F_UNLCK && effect_strikes(EFFECT_LOCK))
        return refuse(ENOLCK);
    return (int)syscall(SYS_fcntl, file, command, what);
}

int flock(int file, int operation)
{
    if (is_our_file(file) && effect_strikes(EFFECT_LOCK))
        return refuse(ENOLCK);
    return (int)syscall(SYS_flock, file, operation);
}

/* mmap64(), which is SQLite's name for it; the C library and the sanitizers have their own. Behind the size stand
 * protection, flags, file and place. */
void *map_file(void *wanted, size_t size, ...)
{
    va_list rest;
    va_start(rest, size);
    int protection = va_arg(rest, int);
    int flags = va_arg(rest, int);
    int file = va_arg(rest, int);
    off64_t at = va_arg(rest, off64_t);
    va_end(rest);
    if (!is_our_file(file) || !effect_strikes(EFFECT_MAP))
        return (void *)syscall(SYS_mmap, wanted, size, protection, flags, file, at);
    errno = ENOMEM;
    return MAP_FAILED;
}

/* ---- what a loop waits by */

int eventfd(unsigned count, int flags)
{
    return effect_strikes(EFFECT_EVENT) ? refuse(EMFILE) : (int)syscall(SYS_eventfd2, count, flags);
}

int timerfd_create(int clock, int flags)
{
    return effect_strikes(EFFECT_EVENT) ? refuse(EMFILE) : (int)syscall(SYS_timerfd_create, clock, flags);
}

int epoll_create1(int flags)
{
    return effect_strikes(EFFECT_EVENT) ? refuse(EMFILE) : (int)syscall(SYS_epoll_create1, flags);
}

int epoll_create(int size)
{
    return effect_strikes(EFFECT_EVENT) ? refuse(EMFILE) : (int)syscall(SYS_epoll_create, size);
}

int epoll_ctl(int epoll, int operation, int file, struct epoll_event *event)
{
    if (operation != EPOLL_CTL_DEL && effect_strikes(EFFECT_EVENT))
        return refuse(ENOMEM);
    return (int)syscall(SYS_epoll_ctl, epoll, operation, file, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    return effect_strikes(EFFECT_SIGNAL) ? refuse(EINTR) : (int)syscall(SYS_epoll_wait, epoll, events, most, timeout);
}

/* ---- randomness */

ssize_t getrandom(void *out, size_t size, unsigned flags)
{
    if (effect_strikes(EFFECT_RANDOM))
        return refuse(EIO);
    if (effect_strikes(EFFECT_SIGNAL))
        return refuse(EINTR);
    return syscall(SYS_getrandom, out, effect_strikes(EFFECT_SHORT) ? (size + 1) / 2 : size, flags);
}

/* ---- memory */

static bool no_memory(effect_kind kind)
{
    if (!effect_strikes(kind))
        return false;
    errno = ENOMEM; /* who was asked to read or write looks at it */
    return true;
}

void *__wrap_malloc(size_t size)
{
    return no_memory(EFFECT_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return no_memory(EFFECT_MEMORY) ? NULL : __real_calloc(count, size);
}

char *__wrap_strdup(const char *text)
{
    return no_memory(EFFECT_MEMORY) ? NULL : __real_strdup(text);
}

void *__wrap_sodium_malloc(size_t size)
{
    return no_memory(EFFECT_MEMORY) ? NULL : __real_sodium_malloc(size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *traits, void *(*run)(void *), void *arg)
{
    return effect_strikes(EFFECT_MEMORY) ? EAGAIN : __real_pthread_create(thread, traits, run, arg);
}

void __wrap___assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
    atomic_store(&effect_plan()->asserted, true);
    __real___assert_fail(what, file, line, function);
}

static sqlite3_mem_methods *real_memory(void)
{
    static sqlite3_mem_methods methods;
    return &methods;
}

static void *take_for_database(int size)
{
    return no_memory(EFFECT_DATABASE) ? NULL : real_memory()->xMalloc(size);
}

static void *resize_for_database(void *at, int size)
{
    return no_memory(EFFECT_DATABASE) ? NULL : real_memory()->xRealloc(at, size);
}

void effect_watch_database(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, real_memory()) != SQLITE_OK)
        abort();
    sqlite3_mem_methods watched = *real_memory();
    watched.xMalloc = take_for_database;
    watched.xRealloc = resize_for_database;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &watched) != SQLITE_OK)
        abort();
}

static void *take_for_library(size_t size, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    return no_memory(EFFECT_LIBRARY) ? NULL : __real_malloc(size);
}

static void *resize_for_library(void *at, size_t size, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    return no_memory(EFFECT_LIBRARY) ? NULL : realloc(at, size);
}

static void give_for_library(void *at, const char *file, int line)
{
    (void)file, (void)line; /* the shape that OpenSSL calls */
    free(at);
}

/* libjose takes memory when it is loaded: this must come before. */
static void stand_between(void)
{
    if (CRYPTO_set_mem_functions(take_for_library, resize_for_library, give_for_library) != 1)
        abort();
}
__attribute__((section(".preinit_array"), used)) static void (*const FIRST)(void) = stand_between;
