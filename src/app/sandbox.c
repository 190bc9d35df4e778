/* SPDX-License-Identifier: Apache-2.0
 * Landlock by its system calls, for which the C library has no names; seccomp through libseccomp, which knows the
 * numbers of each machine. The numbers of Landlock's later versions stand here, since the kernel's headers may be older
 * than the kernel. */
#include "app/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h of Linux 6.12, by the version of Landlock that brought each */
#define FILE_RIGHTS_1 ((UINT64_C(1) << 13) - 1)
#define FILE_REFER (UINT64_C(1) << 13)     /* 2 */
#define FILE_TRUNCATE (UINT64_C(1) << 14)  /* 3 */
#define FILE_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1) /* 4 */
#define RULE_NET_PORT 2                    /* 4 */
#define SCOPE_ALL UINT64_C(3)              /* 6: abstract sockets and signals stay inside */

struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

static err fail_sandbox(struct ctx *cx, const char *what)
{
    return FAIL(cx, INTERNAL, "key.sandbox", "the process could not be confined: %s failed (errno %d)", what, errno);
}

/* ---- memory */

err sandbox_memory(struct ctx *cx)
{
    struct rlimit no_core = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
        return fail_sandbox(cx, "keeping memory out of dumps");
    return OK;
}

/* ---- files */

static struct ruleset ruleset_of_version(long version)
{
    struct ruleset rules = {.files = FILE_RIGHTS_1};
    if (version >= 2)
        rules.files |= FILE_REFER;
    if (version >= 3)
        rules.files |= FILE_TRUNCATE;
    if (version >= 4)
        rules.network = NET_CONNECT_TCP;
    if (version >= 5)
        rules.files |= FILE_IOCTL_DEV;
    if (version >= 6)
        rules.scopes = SCOPE_ALL;
    return rules;
}

static size_t ruleset_size(long version)
{
    return version >= 6   ? sizeof(struct ruleset)
           : version >= 4 ? offsetof(struct ruleset, scopes)
                          : offsetof(struct ruleset, network);
}

static uint64_t rights_of(sandbox_reach reach)
{
    uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE;
    uint64_t look = read | LANDLOCK_ACCESS_FS_READ_DIR;
    uint64_t write = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                     FILE_TRUNCATE;
    static_assert(SANDBOX_WRITE == 2, "as many as below");
    const uint64_t rights[] = {[SANDBOX_READ] = read, [SANDBOX_LOOK] = look, [SANDBOX_WRITE] = look | write};
    return rights[reach];
}

static err add_path(struct ctx *cx, int rules, uint64_t known, const struct sandbox_path *path)
{
    int place = openat(AT_FDCWD, path->path, O_PATH | O_CLOEXEC);
    if (place < 0 && (errno == ENOENT || errno == EACCES))
        return OK;
    if (place < 0)
        return fail_sandbox(cx, "looking at a path");
    struct landlock_path_beneath_attr rule = {.allowed_access = rights_of(path->reach) & known, .parent_fd = place};
    long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    err result = added == 0 ? OK : fail_sandbox(cx, "landlock_add_rule");
    (void)close(place); /* it was only looked at */
    return result;
}

static err add_port(struct ctx *cx, int rules, uint16_t port)
{
    const uint64_t rule[] = {NET_CONNECT_TCP, port}; /* struct landlock_net_port_attr, which older headers lack */
    long added = syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, rule, 0);
    return added == 0 ? OK : fail_sandbox(cx, "landlock_add_rule");
}

int64_t sandbox_lacks_of_landlock(int64_t version)
{
    if (version < 1)
        return SANDBOX_LACKS_FILES;
    return (version < 3 ? SANDBOX_LACKS_CUTTING : 0) | (version < 4 ? SANDBOX_LACKS_NETWORK : 0) |
           (version < 6 ? SANDBOX_LACKS_SCOPES : 0);
}

static err restrict_files(struct ctx *cx, const struct sandbox_room *room, int64_t *lacks)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int64_t missing = sandbox_lacks_of_landlock(version);
    if (version < 4 && room->port_count > 0)
        missing = (missing & ~(int64_t)SANDBOX_LACKS_NETWORK) | SANDBOX_LACKS_PORTS;
    *lacks |= missing;
    if (version < 1)
        return OK;
    struct ruleset wanted = ruleset_of_version(version);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, ruleset_size(version), 0);
    if (rules < 0)
        return fail_sandbox(cx, "landlock_create_ruleset");
    err result = OK;
    for (size_t i = 0; i < room->count && result == OK; i++)
        result = add_path(cx, rules, wanted.files, &room->paths[i]);
    for (size_t i = 0; i < room->port_count && wanted.network != 0 && result == OK; i++)
        result = add_port(cx, rules, room->ports[i]);
    if (result == OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        result = fail_sandbox(cx, "landlock_restrict_self");
    (void)close(rules); /* the kernel keeps what is in force */
    return result;
}

err sandbox_files(struct ctx *cx, const struct sandbox_room *room, int64_t *lacks)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail_sandbox(cx, "PR_SET_NO_NEW_PRIVS");
    return restrict_files(cx, room, lacks);
}

/* ---- calls */

enum {
    SERVER = SANDBOX_SERVER,
    HOLDER = SANDBOX_HOLDER,
    CLIENT = SANDBOX_CLIENT,
    NEIGHBOUR = SANDBOX_NEIGHBOUR,
    EITHER = SANDBOX_CLIENT | SANDBOX_NEIGHBOUR,
    BOTH = SANDBOX_SERVER | SANDBOX_HOLDER,
};

static const struct {
    int         who;
    const char *name;
} CALLS[] = {
#define X(who, name) {who, #name},
#include "app/sandbox_call.def"
#undef X
};

#define OWN_PROCESS UINT64_MAX /* its number is known when the filter is made */

/* Of streams, by the usual protocol of its family: another one of TCP/IP would pass Landlock by. */
#define STREAM {1, SCMP_CMP_MASKED_EQ, (uint32_t)~(SOCK_CLOEXEC | SOCK_NONBLOCK), SOCK_STREAM}

/* Calls that come with some arguments only. Nothing is sent but to who is there already: a message with an address, or
 * with the flag that connects, would reach out past connect(2). Memory that is written never becomes code, a clone is a
 * thread, and nobody is sent a signal but this process: neither by a call for it nor by a descriptor that somebody is
 * made the owner of (F_SETOWN, F_SETSIG, O_ASYNC). */
static const struct {
    int                 who;
    const char         *name;
    unsigned            count;
    struct scmp_arg_cmp must[3];
} BOUNDED[] = {
    {SERVER, "sendto", 2, {{3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0}, {4, SCMP_CMP_EQ, 0, 0}}},
    {NEIGHBOUR, "socket", 3, {{0, SCMP_CMP_EQ, AF_UNIX, 0}, STREAM, {2, SCMP_CMP_EQ, 0, 0}}},
    {CLIENT, "socket", 3, {{0, SCMP_CMP_EQ, AF_INET, 0}, STREAM, {2, SCMP_CMP_EQ, 0, 0}}},
    {CLIENT, "socket", 3, {{0, SCMP_CMP_EQ, AF_INET6, 0}, STREAM, {2, SCMP_CMP_EQ, 0, 0}}},
    {BOTH, "sendmsg", 1, {{2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0}}},
    {BOTH, "fcntl", 1, {{1, SCMP_CMP_EQ, F_GETFD, 0}}},
    {BOTH, "fcntl", 1, {{1, SCMP_CMP_EQ, F_SETFD, 0}}},
    {BOTH, "fcntl", 1, {{1, SCMP_CMP_EQ, F_GETFL, 0}}},
    {BOTH, "fcntl", 2, {{1, SCMP_CMP_EQ, F_SETFL, 0}, {2, SCMP_CMP_MASKED_EQ, O_ASYNC, 0}}},
    {BOTH, "fcntl", 1, {{1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, 0}}},
    {SERVER, "fcntl", 1, {{1, SCMP_CMP_EQ, F_GETLK, 0}}},
    {SERVER, "fcntl", 1, {{1, SCMP_CMP_EQ, F_SETLK, 0}}},
    {BOTH, "ioctl", 1, {{1, SCMP_CMP_EQ, TCGETS, 0}}},
    {SERVER, "ioctl", 1, {{1, SCMP_CMP_EQ, FIONREAD, 0}}},
    {SERVER, "ioctl", 1, {{1, SCMP_CMP_EQ, FIONBIO, 0}}},
#if !SYMBOLON_SANITIZED /* whose runtimes do more: sandbox_call.def */
    {BOTH, "mmap", 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
    {BOTH, "mprotect", 1, {{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}}},
    {BOTH, "tgkill", 1, {{0, SCMP_CMP_EQ, OWN_PROCESS, 0}}},
    {SERVER, "clone", 1, {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}}},
    {SERVER, "prctl", 1, {{0, SCMP_CMP_EQ, PR_SET_NAME, 0}}},
    {SERVER, "prlimit64", 1, {{2, SCMP_CMP_EQ, 0, 0}}},
#endif
};

static bool add_bounded(scmp_filter_ctx filter, int processes)
{
    bool added = true;
    for (size_t i = 0; i < sizeof BOUNDED / sizeof *BOUNDED; i++) {
        struct scmp_arg_cmp must[3] = {BOUNDED[i].must[0], BOUNDED[i].must[1], BOUNDED[i].must[2]};
        if (must[0].datum_a == OWN_PROCESS)
            must[0].datum_a = (scmp_datum_t)getpid();
        int call = seccomp_syscall_resolve_name(BOUNDED[i].name);
        if ((BOUNDED[i].who & processes) != 0)
            added = added && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, BOUNDED[i].count, must) == 0;
    }
    /* the C library asks for clone3 first, whose arguments cannot be seen; this error makes it ask for clone */
    return added && (SYMBOLON_SANITIZED || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0);
}

static bool add_calls(scmp_filter_ctx filter, int processes)
{
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        int call = seccomp_syscall_resolve_name(CALLS[i].name);
        bool wanted = call >= 0 && (CALLS[i].who & processes) != 0; /* below 0: not on this machine */
        if (wanted && seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0)
            return false;
    }
    return add_bounded(filter, processes);
}

err sandbox_calls(struct ctx *cx, int processes, int64_t *lacks)
{
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) { /* a kernel without it */
        *lacks |= SANDBOX_LACKS_CALLS;
        return OK;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL)
        return fail_sandbox(cx, "making a filter");
    bool made = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && /* all threads */
                add_calls(filter, processes);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1); /* a line in the log of a kernel that can */
    int loaded = made ? seccomp_load(filter) : -EINVAL;
    seccomp_release(filter);
    errno = -loaded;
    return loaded == 0 ? OK : fail_sandbox(cx, "loading a filter");
}

/* ---- words */

static const struct {
    int64_t     lack;
    const char *feature;
    const char *meaning;
} WORDS[] = {
    {SANDBOX_LACKS_FILES, "landlock", "this kernel does not bound the files that it reaches; the rest holds"},
    {SANDBOX_LACKS_CUTTING, "landlock.truncate", "that it cuts no file out of reach is held by seccomp alone"},
    {SANDBOX_LACKS_NETWORK, "landlock.network", "that it connects to nothing is held by seccomp alone"},
    {SANDBOX_LACKS_PORTS, "landlock.ports", "this kernel does not bound the ports that it connects to by TCP"},
    {SANDBOX_LACKS_SCOPES, "landlock.scope", "that it sends signals to no other process is held by seccomp alone"},
    {SANDBOX_LACKS_CALLS, "seccomp", "this kernel does not bound the calls that it makes; the rest holds"},
};

void sandbox_tell(const struct log *log, const char *process, int64_t lacks)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if ((lacks & WORDS[i].lack) != 0)
            LOG(log, LOG_WARNING, "sandbox.missing", LOG_TEXT("process", process),
                LOG_TEXT("feature", WORDS[i].feature), LOG_TEXT("meaning", WORDS[i].meaning));
}
