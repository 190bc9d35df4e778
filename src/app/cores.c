/* SPDX-License-Identifier: Apache-2.0
 * Two questions to the kernel. What it does not answer does not count: then the machine's processors do. */
#include "app/cores.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/text.h"

#define CPU_MAX_PATH "/sys/fs/cgroup/cpu.max"
#define CPU_MAX_BYTES 64

static size_t cores_allowed(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) /* fails on machines with more processors than the mask holds */
        return (size_t)CPU_COUNT(&set);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (size_t)cores;
}

/* "max 100000" or "150000 100000": microseconds in each period. 0: no bound. */
static size_t cores_of_share(struct text share)
{
    size_t space = 0;
    while (space < share.size && share.at[space] != ' ')
        space++;
    size_t end = share.size;
    while (end > space && share.at[end - 1] == '\n')
        end--;
    int64_t quota = 0;
    int64_t period = 0;
    if (end <= space + 1 || !text_to_int64((struct text){share.at, space}, &quota) || quota < 1 ||
        !text_to_int64((struct text){share.at + space + 1, end - space - 1}, &period) || period < 1)
        return 0;
    return (size_t)(quota / period + (quota % period != 0));
}

/* Inside a container its own group is the root of what it sees. */
static size_t cores_granted(void)
{
    char told[CPU_MAX_BYTES];
    int fd = open(CPU_MAX_PATH, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, told, sizeof told);
    if (fd >= 0)
        (void)close(fd); /* nothing was written through it */
    return size <= 0 ? 0 : cores_of_share((struct text){told, (size_t)size});
}

size_t cores_usable(void)
{
    size_t allowed = cores_allowed();
    size_t granted = cores_granted();
    size_t usable = granted != 0 && granted < allowed ? granted : allowed;
    return usable == 0 ? 1 : usable;
}
