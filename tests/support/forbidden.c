/* SPDX-License-Identifier: Apache-2.0
 * Tries what the processes of a node may not do, from inside the walls of src/app/sandbox.c: each act in a child of its
 * own, with arguments that do no harm where nothing forbids it. Prints a line for each: its name and how it ended.
 *
 *     forbidden none|files|server|client|neighbour|holder FOLDER
 *                                                  walls: none; those of the server for files alone; all of that
 *                                                  process (client: a server whose data lies behind a port of TCP,
 *                                                  neighbour: behind a socket of this machine)
 *     forbidden hide landlock|seccomp PROGRAM …    runs a program on a kernel that seems to lack one of them
 *     forbidden lacks                              what older kernels lack, as bits of enum sandbox_lack */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/reach.h"
#include "app/sandbox.h"
#include "base/text.h"

#define CONTROL_BYTES 512

/* What an act finds: made before the walls stood. */
struct scene {
    char        above[CONTROL_BYTES];   /* the folder of a node … */
    char        inside[CONTROL_BYTES];  /* … what of it may be written, and a file in it … */
    char        file[CONTROL_BYTES];
    char        other[CONTROL_BYTES];   /* … and what belongs to the other process, … */
    char        beside[CONTROL_BYTES];  /* … with a file that may not be reached */
    char        fresh[CONTROL_BYTES];   /* nothing is there yet */
    int         folder;                 /* the one that may be written, opened */
    char       *zeros, *ones;           /* what a call wants */
    int         stream, datagram;       /* sockets that nobody has connected */
    int         listener;               /* one that listens */
    struct sockaddr_in there;           /* where it does */
    int                database;        /* another one, that a client may connect to, … */
    struct sockaddr_in database_there;  /* … and where it is */
    pid_t parent;
};

static int told(long result)
{
    return result < 0 ? errno : 0;
}

/* ---- acts that are done as somebody would do them */

static int open_above(const struct scene *scene)
{
    return told(open(scene->above, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int open_other(const struct scene *scene)
{
    return told(open(scene->other, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int make_folder_inside(const struct scene *scene)
{
    return told(mkdir(scene->fresh, 0700));
}

static int move_out(const struct scene *scene)
{
    return told(rename(scene->file, scene->beside));
}

static int show_own_folder(const struct scene *scene)
{
    return told(fchmod(scene->folder, 0700));
}

static int give_own_folder_away(const struct scene *scene)
{
    return told(fchown(scene->folder, geteuid(), getegid()));
}

/* To what it is: whoever may do that may do the other. */
static int show_a_device(const struct scene *scene)
{
    struct stat about;
    (void)scene; /* it is on every machine */
    int device = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    return device < 0 || fstat(device, &about) != 0 ? errno : told(fchmod(device, about.st_mode & 07777));
}

static int own_for_another(const struct scene *scene)
{
    return told(fcntl(scene->stream, F_SETOWN, scene->parent));
}

static int choose_a_signal(const struct scene *scene)
{
    return told(fcntl(scene->stream, F_SETSIG, SIGKILL));
}

static int signal_by_descriptor(const struct scene *scene)
{
    return told(fcntl(scene->stream, F_SETFL, O_ASYNC));
}

static int watch_own_folder(const struct scene *scene)
{
    return told(fcntl(scene->folder, F_NOTIFY, 0));
}

static int read_passwords(const struct scene *scene)
{
    (void)scene; /* everybody knows where they are */
    return told(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int read_hosts(const struct scene *scene)
{
    (void)scene; /* as above */
    return told(open("/etc/hosts", O_RDONLY | O_CLOEXEC));
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
    return told(link(scene->beside, scene->fresh));
}

static int symlink_inside(const struct scene *scene)
{
    return told(symlink("/etc/passwd", scene->fresh));
}

static int pipe_inside(const struct scene *scene)
{
    return told(mkfifo(scene->fresh, 0600));
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

static int connect_to_database(const struct scene *scene)
{
    return told(connect(scene->stream, (const struct sockaddr *)&scene->database_there, sizeof scene->database_there));
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

#define SOCKET(name, family, type, protocol)                              \
    static int name(const struct scene *scene)                            \
    {                                                                     \
        (void)scene; /* a socket is made of nothing */                    \
        return told(socket((family), (type) | SOCK_CLOEXEC, (protocol))); \
    }
SOCKET(socket_of_streams, AF_INET, SOCK_STREAM, 0)
SOCKET(socket_of_streams_6, AF_INET6, SOCK_STREAM, 0)
SOCKET(socket_of_many_ways, AF_INET, SOCK_STREAM, 262) /* Multipath TCP, which Landlock lets pass */
SOCKET(socket_of_datagrams, AF_INET, SOCK_DGRAM, 0)
SOCKET(socket_of_datagrams_6, AF_INET6, SOCK_DGRAM, 0)
SOCKET(socket_of_raw_packets, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SOCKET(socket_of_machine, AF_UNIX, SOCK_STREAM, 0)
SOCKET(socket_of_machine_datagrams, AF_UNIX, SOCK_DGRAM, 0)
SOCKET(socket_of_kernel, AF_NETLINK, SOCK_RAW, 0)
SOCKET(socket_of_packets, AF_PACKET, SOCK_RAW, 0)
SOCKET(socket_of_ciphers, 38, SOCK_SEQPACKET, 0)
SOCKET(socket_of_virtual_machines, 40, SOCK_STREAM, 0)

/* ---- calls that nobody here has any use for, with arguments that are good and change nothing that lasts */

#define POSSIBLE                                                                                                \
    P(add_key, "user", "symbolon", "x", 1L, -2L) P(adjtimex, scene->zeros) P(chdir, "/")                        \
    P(chmod, scene->file, 0600L) P(chown, scene->file, -1L, -1L) P(chroot, "/")                                 \
    P(clock_adjtime, 0L, scene->zeros) P(fanotify_init, 0L, 0L) P(fchdir, (long)scene->folder)                  \
    P(fchmodat, AT_FDCWD, scene->file, 0600L) P(fchownat, AT_FDCWD, scene->file, -1L, -1L, 0L)                  \
    P(fsopen, "tmpfs", 0L) P(get_mempolicy, 0L, 0L, 0L, 0L, 0L) P(inotify_init1, 0L)                            \
    P(io_setup, 1L, scene->zeros) P(io_uring_setup, 1L, scene->zeros) P(ioprio_set, 1L, 0L, 0L)                 \
    P(kcmp, (long)getpid(), (long)getpid(), 0L, 0L, 0L) P(keyctl, 0L, -3L, 0L)                                  \
    P(landlock_create_ruleset, 0L, 0L, 1L) P(lchown, scene->file, -1L, -1L) P(listen, (long)scene->stream, 1L)  \
    P(memfd_create, "x", 0L) P(mknodat, AT_FDCWD, scene->fresh, (long)(S_IFIFO | 0600), 0L)                     \
    P(openat2, AT_FDCWD, scene->file, scene->zeros, 24L) P(pidfd_open, (long)getpid(), 0L)                      \
    P(sched_setaffinity, 0L, 8L, scene->ones) P(sched_setscheduler, 0L, 0L, scene->zeros)                       \
    P(seccomp, 2L, 0L, scene->zeros) P(set_mempolicy, 0L, 0L, 0L) P(setgroups, 0L, 0L)                          \
    P(setitimer, 0L, scene->zeros, 0L) P(setpriority, 0L, 0L, 0L) P(setresgid, -1L, -1L, -1L)                   \
    P(setresuid, -1L, -1L, -1L) P(setsid, 0L) P(settimeofday, 0L, 0L)                                           \
    P(socketpair, (long)AF_UNIX, (long)SOCK_STREAM, 0L, scene->zeros)                                           \
    P(symlinkat, "x", AT_FDCWD, scene->fresh) P(syslog, 10L, 0L, 0L) P(timer_create, 1L, 0L, scene->zeros)      \
    P(umask, 077L) P(unshare, (long)CLONE_FILES) P(userfaultfd, 1L)                                             \
    P(utimensat, AT_FDCWD, scene->file, 0L, 0L)

#define P(name, ...)                                                  \
    static int call_##name(const struct scene *scene)                 \
    {                                                                 \
        (void)scene; /* most want nothing of it */                    \
        return told(syscall(SYS_##name, __VA_ARGS__));                \
    }
POSSIBLE
#undef P

/* `by_files`: the walls for files alone hold it, too. `sanitized`: also behind the wider list that the runtime of a
 * sanitizer wants. */
static const struct {
    const char *name;
    int (*run)(const struct scene *scene);
    bool by_files;
    bool sanitized;
} ACTS[] = {
    {"open the folder of the node", open_above, true, true},
    {"open the folder of the other", open_other, true, true},
    {"make a folder", make_folder_inside, true, true},
    {"move a file out", move_out, true, true},
    {"show its folder", show_own_folder, false, true},
    {"give its folder away", give_own_folder_away, false, true},
    {"show a device", show_a_device, false, true},
    {"own a descriptor for another", own_for_another, false, true},
    {"choose a signal of a descriptor", choose_a_signal, false, true},
    {"signal by a descriptor", signal_by_descriptor, false, true},
    {"watch its folder", watch_own_folder, false, true},
    {"read /etc/passwd", read_passwords, true, true},
    {"read /etc/hosts", read_hosts, true, true},
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
    {"connect to a database", connect_to_database, true, true},
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
    {"a socket of many ways", socket_of_many_ways, false, true},
    {"a socket of datagrams", socket_of_datagrams, false, true},
    {"a socket of datagrams, IPv6", socket_of_datagrams_6, false, true},
    {"a socket of raw packets", socket_of_raw_packets, false, true},
    {"a socket of the machine", socket_of_machine, false, true},
    {"a socket of the machine, of datagrams", socket_of_machine_datagrams, false, true},
    {"a socket of the kernel", socket_of_kernel, false, true},
    {"a socket of packets", socket_of_packets, false, true},
    {"a socket of ciphers", socket_of_ciphers, false, true},
    {"a socket of virtual machines", socket_of_virtual_machines, false, true},
#define P(name, ...) {#name, call_##name, false, true},
    POSSIBLE
#undef P
};

/* ---- calls that would do harm where they are good, or want a great deal before they are: their first argument is no
 * good, so that they fail everywhere, but inside the walls with EPERM */

#define CALLS                                                                                                          \
    X(acct) X(bpf) X(capset) X(clock_settime) X(copy_file_range) X(delete_module) X(execve) X(execveat)                \
    X(fanotify_mark) X(finit_module) X(fsconfig) X(fsetxattr) X(fsmount) X(fspick) X(init_module)                      \
    X(inotify_add_watch) X(io_uring_enter) X(io_uring_register) X(kexec_load) X(linkat) X(lookup_dcookie)              \
    X(lremovexattr) X(lsetxattr) X(mbind) X(memfd_secret) X(migrate_pages) X(mknod) X(mount) X(mount_setattr)          \
    X(move_mount) X(move_pages) X(mq_open) X(msgget) X(name_to_handle_at) X(open_by_handle_at) X(open_tree)            \
    X(perf_event_open) X(pidfd_getfd) X(pidfd_send_signal) X(pivot_root) X(pkey_mprotect) X(process_madvise)           \
    X(process_vm_writev) X(quotactl) X(reboot) X(removexattr) X(request_key) X(rt_sigqueueinfo)                        \
    X(rt_tgsigqueueinfo) X(sched_setattr) X(semget) X(sendfile) X(setdomainname) X(sethostname) X(setns)               \
    X(setxattr) X(shmat) X(shmget) X(splice) X(swapoff) X(swapon) X(tee) X(umount2) X(ustat) X(vhangup)                \
    X(vmsplice)

static const struct {
    const char *name;
    long        number;
} NUMBERS[] = {
#define X(name) {#name, SYS_##name},
    CALLS
#undef X
};

/* ---- trying */

static int make_file(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return file < 0 ? -1 : close(file);
}

/* A node's folder with its two parts, of which the process that tries has one. */
static bool furnish(struct scene *scene, const char *folder, bool is_holder)
{
    const char *own = is_holder ? "keys" : "store";
    const char *others = is_holder ? "store" : "keys";
    (void)snprintf(scene->above, sizeof scene->above, "%s", folder);
    (void)snprintf(scene->inside, sizeof scene->inside, "%s/%s", folder, own);
    (void)snprintf(scene->other, sizeof scene->other, "%s/%s", folder, others);
    (void)snprintf(scene->file, sizeof scene->file, "%s/%s/file", folder, own);
    (void)snprintf(scene->fresh, sizeof scene->fresh, "%s/%s/fresh", folder, own);
    (void)snprintf(scene->beside, sizeof scene->beside, "%s/%s/root.key", folder, others);
    bool made = (mkdir(scene->inside, 0700) == 0 || errno == EEXIST) &&
                (mkdir(scene->other, 0700) == 0 || errno == EEXIST);
    (void)unlink(scene->fresh); /* an act before this one may have made any of the three */
    (void)rmdir(scene->fresh);
    scene->folder = open(scene->inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return made && scene->folder >= 0 && make_file(scene->file) == 0 && make_file(scene->beside) == 0;
}

/* Where it listens is the kernel's choice. */
static bool listen_somewhere(int listener, struct sockaddr_in *out)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof there;
    bool listens = bind(listener, (const struct sockaddr *)&there, size) == 0 && listen(listener, 8) == 0 &&
                   getsockname(listener, (struct sockaddr *)&there, &size) == 0;
    *out = there;
    return listens;
}

static struct scene scene_open(const char *folder, bool is_holder)
{
    static char zeros[512], ones[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    struct scene scene = {.zeros = zeros, .ones = ones,
                          .stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                          .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                          .database = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                          .parent = getppid()};
    if (!furnish(&scene, folder, is_holder) || scene.stream < 0 ||
        !listen_somewhere(scene.listener, &scene.there) || !listen_somewhere(scene.database, &scene.database_there))
        abort();
    return scene;
}

/* As the program puts them up. */
static void enter(const char *walls, const struct scene *scene)
{
    struct ctx cx = {.arena = arena_open(1 << 20)};
    struct node_place place = {.folder = scene->inside, .route = {.by_socket = strcmp(walls, "neighbour") == 0}};
    struct reach reach;
    int64_t lacks = 0;
    if (strcmp(walls, "none") == 0)
        return;
    if (strcmp(walls, "client") == 0)
        place.route = (struct store_route){.ports = {ntohs(scene->database_there.sin_port)}, .port_count = 1};
    reach_of_server(&place, &reach);
    if (strcmp(walls, "holder") == 0)
        reach_of_holder(scene->inside, &reach);
    err result = sandbox_memory(&cx);
    if (result == OK)
        result = sandbox_files(&cx, &reach.room, &lacks);
    if (result == OK && strcmp(walls, "files") != 0)
        result = sandbox_calls(&cx, reach.room.processes, &lacks);
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
        struct scene scene = scene_open(folder, strcmp(walls, "holder") == 0);
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

/* Of each version of Landlock that there was. */
static int tell_lacks(void)
{
    for (int64_t version = -1; version <= 7; version++)
        (void)printf("%" PRId64 " %" PRId64 "\n", version, sandbox_lacks_of_landlock(version));
    return 0;
}

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
    if (argc == 2 && strcmp(argv[1], "lacks") == 0)
        return tell_lacks();
    return argc == 3 ? try_all(argv[1], argv[2]) : 2;
}
