/* SPDX-License-Identifier: Apache-2.0
 * Tries what the processes of a node may not do, from inside the walls of src/app/sandbox.c: each act in a child of its
 * own, with arguments that do no harm where nothing forbids it. Prints a line for each: its name and how it ended.
 *
 *     forbidden none|files|server|holder FOLDER    walls: none; those for files alone; all of that process
 *     forbidden hide landlock|seccomp PROGRAM …    runs a program on a kernel that seems to lack one of them */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/sandbox.h"
#include "base/text.h"

#define CONTROL_BYTES 512

/* What an act finds: made before the walls stood. */
struct scene {
    const char *inside; /* the folder that may be written */
    char        beside[CONTROL_BYTES];  /* a file that may not be reached */
    int         stream, datagram;       /* sockets that nobody has connected */
    int         listener;               /* one that listens */
    struct sockaddr_in there;           /* where it does */
    pid_t parent;
};

static int told(long result)
{
    return result < 0 ? errno : 0;
}

/* ---- acts that are done as somebody would do them */

static int read_passwords(const struct scene *scene)
{
    (void)scene; /* everybody knows where they are */
    return told(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int list_root(const struct scene *scene)
{
    (void)scene; /* as above */
    return told(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int read_beside(const struct scene *scene)
{
    return told(open(scene->beside, O_RDONLY | O_CLOEXEC));
}

static int write_beside(const struct scene *scene)
{
    return told(open(scene->beside, O_WRONLY | O_CLOEXEC));
}

static int cut_beside(const struct scene *scene)
{
    return told(truncate(scene->beside, 0));
}

static int remove_beside(const struct scene *scene)
{
    return told(unlink(scene->beside));
}

static int make_beside(const struct scene *scene)
{
    char path[CONTROL_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s.new", scene->beside);
    return told(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int link_inside(const struct scene *scene)
{
    char path[CONTROL_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/linked", scene->inside);
    return told(link(scene->beside, path));
}

static int symlink_inside(const struct scene *scene)
{
    char path[CONTROL_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/pointed", scene->inside);
    return told(symlink("/etc/passwd", path));
}

static int pipe_inside(const struct scene *scene)
{
    char path[CONTROL_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s/pipe", scene->inside);
    return told(mkfifo(path, 0600));
}

static int read_memory_of_parent(const struct scene *scene)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", scene->parent);
    return told(open(path, O_RDONLY | O_CLOEXEC));
}

static int connect_out(const struct scene *scene)
{
    return told(connect(scene->stream, (const struct sockaddr *)&scene->there, sizeof scene->there));
}

static int connect_by_sending(const struct scene *scene)
{
    return told(sendto(scene->stream, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const struct sockaddr *)&scene->there,
                       sizeof scene->there));
}

static int listen_elsewhere(const struct scene *scene)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return told(bind(scene->stream, (const struct sockaddr *)&any, sizeof any));
}

static int run_a_program(const struct scene *scene)
{
    char *const words[] = {(char[]){"true"}, NULL};
    (void)scene; /* it is on every machine */
    return told(execv("/bin/true", words));
}

static int become_two(const struct scene *scene)
{
    (void)scene; /* it needs nothing */
    long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    return told(child);
}

static int make_code(const struct scene *scene)
{
    (void)scene; /* as above */
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : 0;
}

static int turn_into_code(const struct scene *scene)
{
    (void)scene; /* as above */
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : told(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int signal_the_parent(const struct scene *scene)
{
    return told(kill(scene->parent, 0)); /* this one only asks whether one might */
}

static int show_memory(const struct scene *scene)
{
    (void)scene; /* it needs nothing */
    return told(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

#define SOCKET(name, family, type)                                \
    static int name(const struct scene *scene)                    \
    {                                                             \
        (void)scene; /* a socket is made of nothing */            \
        return told(socket((family), (type) | SOCK_CLOEXEC, 0));  \
    }
SOCKET(socket_of_streams, AF_INET, SOCK_STREAM)
SOCKET(socket_of_streams_6, AF_INET6, SOCK_STREAM)
SOCKET(socket_of_datagrams, AF_INET, SOCK_DGRAM)
SOCKET(socket_of_machine, AF_UNIX, SOCK_STREAM)
SOCKET(socket_of_kernel, AF_NETLINK, SOCK_RAW)
SOCKET(socket_of_packets, AF_PACKET, SOCK_RAW)
SOCKET(socket_of_ciphers, 38, SOCK_SEQPACKET)
SOCKET(socket_of_virtual_machines, 40, SOCK_STREAM)

/* `by_files`: the walls for files alone hold it, too. `sanitized`: also behind the wider list that the runtime of a
 * sanitizer wants. */
static const struct {
    const char *name;
    int (*run)(const struct scene *scene);
    bool by_files;
    bool sanitized;
} ACTS[] = {
    {"read /etc/passwd", read_passwords, true, true},
    {"list /", list_root, true, true},
    {"read a file beside", read_beside, true, true},
    {"write a file beside", write_beside, true, true},
    {"cut a file beside", cut_beside, true, true},
    {"remove a file beside", remove_beside, true, true},
    {"make a file beside", make_beside, true, true},
    {"link a file beside", link_inside, true, true},
    {"make a symbolic link", symlink_inside, true, true},
    {"make a pipe with a name", pipe_inside, true, true},
    {"read the parent's memory", read_memory_of_parent, true, false},
    {"connect out", connect_out, true, true},
    {"connect out by sending", connect_by_sending, false, true},
    {"listen elsewhere", listen_elsewhere, false, true},
    {"run a program", run_a_program, true, true},
    {"fork", become_two, false, false},
    {"map memory as code", make_code, false, false},
    {"turn memory into code", turn_into_code, false, false},
    {"signal the parent", signal_the_parent, true, true},
    {"show its memory", show_memory, false, false},
    {"a socket of streams", socket_of_streams, false, true},
    {"a socket of streams, IPv6", socket_of_streams_6, false, true},
    {"a socket of datagrams", socket_of_datagrams, false, true},
    {"a socket of the machine", socket_of_machine, false, true},
    {"a socket of the kernel", socket_of_kernel, false, true},
    {"a socket of packets", socket_of_packets, false, true},
    {"a socket of ciphers", socket_of_ciphers, false, true},
    {"a socket of virtual machines", socket_of_virtual_machines, false, true},
};

/* ---- calls whose first argument is no good: they fail everywhere, but inside the walls with EPERM */

#define CALLS                                                                                                          \
    X(acct) X(add_key) X(adjtimex) X(bpf) X(capset) X(chdir) X(chmod) X(chown) X(chroot) X(clock_adjtime)             \
    X(clock_settime) X(copy_file_range) X(delete_module) X(execve) X(execveat) X(fanotify_init) X(fanotify_mark)       \
    X(fchdir) X(fchmodat) X(fchownat) X(finit_module) X(fsconfig) X(fsetxattr) X(fsmount) X(fsopen) X(fspick)          \
    X(get_mempolicy) X(getxattr) X(init_module) X(inotify_add_watch) X(inotify_init1) X(io_setup) X(io_uring_enter)    \
    X(io_uring_register) X(io_uring_setup) X(ioprio_set) X(kcmp) X(kexec_load) X(keyctl) X(lchown) X(linkat)           \
    X(lookup_dcookie) X(lremovexattr) X(lsetxattr) X(mbind) X(memfd_create) X(memfd_secret) X(migrate_pages)           \
    X(mknod) X(mknodat) X(mount) X(mount_setattr) X(move_mount) X(move_pages) X(mq_open) X(msgget) X(name_to_handle_at)\
    X(open_by_handle_at) X(open_tree) X(openat2) X(perf_event_open) X(pidfd_getfd) X(pidfd_open)                       \
    X(pidfd_send_signal) X(pivot_root) X(pkey_mprotect) X(process_madvise) X(process_vm_writev) X(quotactl)            \
    X(reboot) X(removexattr) X(request_key) X(rt_sigqueueinfo) X(rt_tgsigqueueinfo) X(sched_setaffinity)               \
    X(sched_setattr) X(sched_setscheduler) X(semget) X(sendfile) X(set_mempolicy) X(setdomainname) X(setgroups)        \
    X(sethostname) X(setns) X(setpriority) X(setresgid) X(setresuid) X(setsid) X(settimeofday) X(setxattr) X(shmat)    \
    X(shmget) X(splice) X(swapoff) X(swapon) X(symlinkat) X(syslog) X(tee) X(umount2) X(unshare) X(userfaultfd)        \
    X(ustat) X(utimensat) X(vhangup) X(vmsplice)

static const struct {
    const char *name;
    long        number;
} NUMBERS[] = {
#define X(name) {#name, SYS_##name},
    CALLS
#undef X
};

/* ---- trying */

static struct scene scene_open(const char *folder)
{
    struct scene scene = {.inside = folder, .stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                          .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                          .there = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}},
                          .parent = getppid()};
    socklen_t size = sizeof scene.there;
    (void)snprintf(scene.beside, sizeof scene.beside, "%s.beside", folder);
    int file = open(scene.beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || scene.stream < 0 || bind(scene.listener, (const struct sockaddr *)&scene.there, size) != 0 ||
        listen(scene.listener, 8) != 0 || getsockname(scene.listener, (struct sockaddr *)&scene.there, &size) != 0)
        abort();
    (void)close(file); /* it is there */
    return scene;
}

static void enter(const char *walls, const struct scene *scene)
{
    struct ctx cx = {.arena = arena_open(1 << 20)};
    const struct sandbox_path paths[] = {{scene->inside, SANDBOX_WRITE}, SANDBOX_RUNTIME};
    const struct sandbox_room room = {.paths = paths, .count = sizeof paths / sizeof *paths};
    bool holder = strcmp(walls, "holder") == 0;
    int64_t lacks = 0;
    if (strcmp(walls, "none") == 0)
        return;
    err result = sandbox_memory(&cx);
    if (result == OK)
        result = sandbox_files(&cx, &room, &lacks);
    if (result == OK && strcmp(walls, "files") != 0)
        result = sandbox_calls(&cx, holder ? SANDBOX_HOLDER : SANDBOX_SERVER, &lacks);
    if (result != OK)
        _exit(255);
}

/* The error of an act, by way of the exit code of a child; -1 when a signal ended it. */
static int attempt(const char *walls, const char *folder, size_t act, bool by_number)
{
    int status = 0;
    (void)fflush(stdout); /* a child must not say it again */
    pid_t child = fork();
    if (child == 0) {
        struct scene scene = scene_open(folder);
        enter(walls, &scene);
        _exit(by_number ? told(syscall(NUMBERS[act].number, -1L, 0L, -1L, 0L, -1L, 0L)) : ACTS[act].run(&scene));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_all(const char *walls, const char *folder)
{
    (void)printf("landlock %ld\n", syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
    for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
        if (!SYMBOLON_SANITIZED || ACTS[i].sanitized)
            (void)printf("%d %s %s\n", attempt(walls, folder, i, false), ACTS[i].by_files ? "files" : "calls",
                         ACTS[i].name);
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
        (void)printf("%d calls %s\n", attempt(walls, folder, i, true), NUMBERS[i].name);
    return 0;
}

/* ---- hiding */

static int hide(const char *feature, char **words)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const struct scmp_arg_cmp asked = {0, SCMP_CMP_EQ, PR_GET_SECCOMP, 0};
    bool landlock = strcmp(feature, "landlock") == 0;
    int added = landlock ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SYS_landlock_create_ruleset, 0)
                         : seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, &asked);
    if (added != 0 || seccomp_load(filter) != 0)
        return 1;
    (void)execv(words[0], words); /* comes back only when it fails */
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], "hide") == 0)
        return hide(argv[2], argv + 3);
    return argc == 3 ? try_all(argv[1], argv[2]) : 2;
}
