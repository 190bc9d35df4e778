/* SPDX-License-Identifier: Apache-2.0
 * See file_calls.h. */
#include "fault/file_calls.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The headers name these only under other switches. */
int open64(const char *path, int flags, ...);
int openat64(int folder, const char *path, int flags, ...);

#define MODE_OF(flags, mode)                                                                                        \
    mode_t mode = 0;                                                                                                \
    va_list rest;                                                                                                   \
    va_start(rest, flags);                                                                                          \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0)                                                                     \
        mode = (mode_t)va_arg(rest, int);                                                                           \
    va_end(rest)

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return file_open(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return file_open(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return file_open(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return file_open(folder, path, flags, mode);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at)
{
    return pwrite64(file, data, size, at);
}

int ftruncate(int file, off_t size)
{
    return ftruncate64(file, size);
}

int fsync(int file)
{
    return file_sync(file, SYS_fsync);
}

int fdatasync(int file)
{
    return file_sync(file, SYS_fdatasync);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return renameat2(from_folder, from, to_folder, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}
