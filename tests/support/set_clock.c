/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a program (LD_PRELOAD), it sets the program's clocks by five numbers in the file $CLOCK_FILE, which a
 * test may change at any moment: see set_clock.py. The system calls stay as they are; who asks the kernel past the C
 * library hears the truth. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

/* As set_clock.py packs it. */
struct setting {
    int64_t jump_ms;    /* the wall clock is ahead by so much */
    int64_t since_ms;   /* and since this hour of the true clock */
    int64_t per_mille;  /* runs so much faster; -1000: it stands */
    int64_t elapsed_ms; /* added to what has elapsed */
    int64_t boot;       /* the name of the machine's run; 0: the true one */
};

static const struct setting *setting(void)
{
    static const struct setting *mapped;
    const char *path = getenv("CLOCK_FILE");
    if (mapped != NULL || path == NULL)
        return mapped;
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    void *at = mmap(NULL, sizeof(struct setting), PROT_READ, MAP_SHARED, (int)file, 0);
    (void)close((int)file); /* the mapping stays */
    if (at != MAP_FAILED)
        mapped = at;
    return mapped;
}

static int64_t changed_ns(const struct setting *by, clockid_t id, int64_t true_ns)
{
    if (id == CLOCK_BOOTTIME)
        return true_ns + by->elapsed_ms * (SECOND_NS / 1000);
    int64_t drift_ns = (true_ns - by->since_ms * (SECOND_NS / 1000)) / 1000 * by->per_mille;
    return true_ns + by->jump_ms * (SECOND_NS / 1000) + (by->per_mille == 0 ? 0 : drift_ns);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    const struct setting *by = setting();
    if (syscall(SYS_clock_gettime, id, out) != 0)
        return -1;
    if (by == NULL || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE && id != CLOCK_BOOTTIME))
        return 0;
    int64_t at_ns = changed_ns(by, id, (int64_t)out->tv_sec * SECOND_NS + out->tv_nsec);
    *out = (struct timespec){at_ns / SECOND_NS, at_ns % SECOND_NS};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* By which PostgreSQL tells the time, when a test starts it with this library. */
int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone; /* nobody asks for it */
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

/* A pipe that reads like the kernel's file, once: it wants nothing that a program inside its walls may not do. */
static int open_boot(int64_t boot)
{
    char text[40];
    int size = snprintf(text, sizeof text, "%016llx%016d\n", (unsigned long long)boot * 0x9E3779B97F4A7C15ULL, 0);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    if (write(ends[1], text, (size_t)size) != size)
        abort();
    (void)close(ends[1]); /* behind the text there is no more */
    return ends[0];
}

int open(const char *path, int flags, ...)
{
    const struct setting *by = setting();
    if (by != NULL && by->boot != 0 && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
        return open_boot(by->boot);
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
    va_end(more);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
