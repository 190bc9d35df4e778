/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a program (LD_PRELOAD), it refuses calls on sockets as the file $SOCKET_PLAN says, which a test may
 * change at any moment: see fail_sockets.py. What is not refused goes on to the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ACCEPT, RECEIVE, SEND, CALLS };

/* As fail_sockets.py packs it. */
struct plan {
    _Atomic int64_t call;         /* which of them fails, -1: none */
    _Atomic int64_t at;           /* counted from 1 … */
    _Atomic int64_t on;           /* … and, unless 0, all that come after it */
    _Atomic int64_t error;        /* errno; 0: one octet is taken or given, and no more */
    _Atomic int64_t refused;
    _Atomic int64_t calls[CALLS]; /* so far */
};

static struct plan *plan;

/* Before main(): a program may give up its right to open files. */
__attribute__((constructor)) static void read_plan(void)
{
    const char *path = getenv("SOCKET_PLAN");
    long file = path == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    void *at = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, (int)file, 0);
    (void)close((int)file); /* the mapping stays */
    plan = at == MAP_FAILED ? NULL : at;
}

static bool strikes(int64_t call)
{
    if (plan == NULL)
        return false;
    int64_t number = atomic_fetch_add(&plan->calls[call], 1) + 1;
    int64_t at = atomic_load(&plan->at);
    if (atomic_load(&plan->call) != call || (number != at && (atomic_load(&plan->on) == 0 || number < at)))
        return false;
    (void)atomic_fetch_add(&plan->refused, 1);
    return true;
}

/* True when the call fails. False: it goes on, with an octet only when `*octet` says so. */
static bool is_refused(int64_t call, bool *octet)
{
    bool struck = strikes(call);
    int64_t error = struck ? atomic_load(&plan->error) : 0;
    *octet = struck && error == 0;
    if (struck && error != 0)
        errno = (int)error;
    return struck && error != 0;
}

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
    bool octet = false;
    if (is_refused(ACCEPT, &octet))
        return -1;
    return (int)syscall(SYS_accept4, listener, address, size, flags);
}

ssize_t send(int file, const void *data, size_t size, int flags)
{
    bool octet = false;
    if (is_refused(SEND, &octet))
        return -1;
    return syscall(SYS_sendto, file, data, octet && size > 1 ? 1 : size, flags, NULL, 0);
}

/* The first octet of the pieces alone. */
static long move_octet(long number, int file, const struct iovec *pieces, int count)
{
    for (int i = 0; i < count; i++) {
        struct iovec piece = {pieces[i].iov_base, 1};
        if (pieces[i].iov_len > 0)
            return syscall(number, file, &piece, 1);
    }
    return 0;
}

ssize_t readv(int file, const struct iovec *pieces, int count)
{
    bool octet = false;
    if (is_refused(RECEIVE, &octet))
        return -1;
    return octet ? move_octet(SYS_readv, file, pieces, count) : syscall(SYS_readv, file, pieces, count);
}

ssize_t writev(int file, const struct iovec *pieces, int count)
{
    bool octet = false;
    if (is_refused(SEND, &octet))
        return -1;
    return octet ? move_octet(SYS_writev, file, pieces, count) : syscall(SYS_writev, file, pieces, count);
}
