/* SPDX-License-Identifier: Apache-2.0
 * One file whose octets nobody reads. */
#include "store/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"

int reserve_open(struct arena *arena, const char *folder)
{
    struct text path = text_format(arena, "%s/reserve", folder);
    return path.at == NULL ? -1 : open(path.at, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

void reserve_close(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* nothing was written through it */
}

int64_t reserve_bytes(int fd)
{
    struct stat about;
    return fd >= 0 && fstat(fd, &about) == 0 ? about.st_size : 0;
}

bool reserve_fill(int fd)
{
    if (fd < 0 || reserve_bytes(fd) >= LIMIT_STORE_RESERVE_BYTES)
        return true;
    int code = posix_fallocate(fd, 0, LIMIT_STORE_RESERVE_BYTES);
    if (code == 0)
        return true;
    bool cleared = ftruncate(fd, 0) == 0; /* a part of it helps nobody */
    return !cleared || (code != ENOSPC && code != EDQUOT);
}

bool reserve_empty(int fd)
{
    return reserve_bytes(fd) > 0 && ftruncate(fd, 0) == 0;
}
