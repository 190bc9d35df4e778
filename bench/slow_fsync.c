/* SPDX-License-Identifier: Apache-2.0
 * A slower disk: loaded with LD_PRELOAD it lets each fsync and fdatasync take SLOW_FSYNC_MS milliseconds longer, after
 * the real one. Virtual disks acknowledge at once; a disk that really writes takes one to several milliseconds. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sys/syscall.h>

static long delay_ms(void)
{
    const char *wanted = getenv("SLOW_FSYNC_MS");
    long ms = 0;
    for (; wanted != NULL && *wanted >= '0' && *wanted <= '9' && ms < 1000; wanted++)
        ms = ms * 10 + (*wanted - '0');
    return ms;
}

static int sync_slowly(long call, int fd)
{
    long ms = delay_ms();
    int result = (int)syscall(call, fd);
    (void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* a signal only makes it shorter */
    return result;
}

int fsync(int fd)
{
    return sync_slowly(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_slowly(SYS_fdatasync, fd);
}
