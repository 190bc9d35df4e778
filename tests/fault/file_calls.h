/* SPDX-License-Identifier: Apache-2.0
 * The C library has several names for one and the same call on a file. A harness that stands between a program and its
 * files gives the calls below and those that the headers know (write, mkdirat, unlinkat, renameat2, close …);
 * file_calls.c leads the other names to them. */
#ifndef TESTS_FAULT_FILE_CALLS_H
#define TESTS_FAULT_FILE_CALLS_H

#include <sys/types.h>

/* open, openat and their wide forms; `folder` may be AT_FDCWD. */
int file_open(int folder, const char *path, int flags, mode_t mode);
/* fsync, fdatasync: `number` is that of the system call. */
int file_sync(int file, long number);

/* The headers name these only under other switches. */
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at);
int ftruncate64(int file, off64_t size);

#endif
