/* SPDX-License-Identifier: Apache-2.0
 * A fork, so that both are of one build and nothing has to be found on the disk. The child leaves behind what it got
 * from its parent before it sees a key, and the parent never sees more than the child says. */
#include "app/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/reach.h"
#include "app/sandbox.h"
#include "crypto/key_holder.h"

#define HOLDER_ARENA_BYTES (1u << 20)
#define HOLDER_FILES_MAX 32
#define HOLDER_NAME "symbolon-keys"

enum { HOLDER_SOCKET = STDERR_FILENO + 1 };

struct wanted {
    const char *folder;
    bool        create;
    bool        moves; /* as in struct key_service */
};

/* Its end is the end of the socket: what ends the program in a terminal or a control group must not take the keys away
 * from a server that still finishes its requests. */
static bool keep_calm(void)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    bool done = true;
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        done = done && sigaction(SIGNALS[i], &ignore, NULL) == 0;
    return done;
}

/* Nothing of the parent's stays open but standard error, for what an assertion or a sanitizer has to say. */
static bool keep_descriptors(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return false;
    return (socket == HOLDER_SOCKET || dup2(socket, HOLDER_SOCKET) >= 0) && close_range(HOLDER_SOCKET + 1, ~0u, 0) == 0;
}

static err confine(struct ctx *cx, const char *folder, int64_t *lacks)
{
    struct reach reach;
    struct rlimit files = {HOLDER_FILES_MAX, HOLDER_FILES_MAX};
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        return FAIL(cx, INTERNAL, "key.sandbox", "the holder of the keys could not be bounded (errno %d)", errno);
    reach_of_holder(folder, &reach);
    TRY(sandbox_files(cx, &reach.room, lacks));
    return sandbox_calls(cx, SANDBOX_HOLDER, lacks);
}

/* The one witness of it that is not the server. */
static void tell_destroyed(void *log, int64_t bucket)
{
    LOG((const struct log *)log, LOG_INFO, "key.bucket_destroyed", LOG_INT("bucket", bucket));
}

/* What fails here is told in answer to the greeting. The folder is made before the walls are, and read behind them. */
static void serve(struct ctx *cx, struct log *log, const struct wanted *wanted)
{
    struct key_service service = {.holder = NULL, .moves = wanted->moves, .destroyed = tell_destroyed, .self = log};
    struct key_holder *holder = NULL;
    err opened = key_holder_open(cx, wanted->folder, wanted->create, &holder);
    if (opened == OK && wanted->moves)
        opened = key_holder_lock(cx, holder);
    if (opened == OK)
        opened = confine(cx, wanted->folder, &service.lacks);
    service.holder = opened == OK ? holder : NULL;
    key_service_run(cx, &service, HOLDER_SOCKET);
    key_holder_close(holder);
}

static void live(struct log *log, int socket, const struct wanted *wanted)
{
    struct clock clock = clock_system();
    struct randomness randomness = randomness_system();
    (void)prctl(PR_SET_NAME, HOLDER_NAME, 0, 0, 0); /* a name is of use, and not needed */
    log->share = NULL; /* each of its lines is a fact: none is left out */
    if (!keep_calm() || !keep_descriptors(socket))
        return;
    struct ctx cx = {.arena = arena_open(HOLDER_ARENA_BYTES), .clock = &clock, .randomness = &randomness,
                     .actor = {.kind = ACTOR_OPERATOR}};
    if (cx.arena != NULL)
        serve(&cx, log, wanted);
    arena_close(cx.arena);
}

static err fail_process(struct ctx *cx)
{
    return FAIL(cx, INTERNAL, "key.process", "the process that holds the keys could not be made (errno %d)", errno);
}

static err start(struct node *node, const struct wanted *wanted)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        return fail_process(&node->cx);
    pid_t process = fork();
    if (process == 0) {
        live(&node->log, sockets[1], wanted);
        _exit(0); /* what the parent has buffered and registered is the parent's */
    }
    (void)close(sockets[1]); /* the child's */
    if (process < 0) {
        (void)close(sockets[0]); /* nobody was ever at its other end */
        return fail_process(&node->cx);
    }
    node->holder = process; /* node_close() waits for it */
    return keyring_connect(&node->cx, sockets[0], wanted->folder, &node->keyring);
}

err holder_start(struct node *node, const char *folder, bool create)
{
    return start(node, &(struct wanted){folder, create, false});
}

err holder_start_to_move(struct node *node, const char *folder, bool create)
{
    return start(node, &(struct wanted){folder, create, true});
}
