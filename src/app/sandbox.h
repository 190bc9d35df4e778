/* SPDX-License-Identifier: Apache-2.0
 * What a process of the program may still do once it has what it needs: Landlock for files, seccomp for calls to the
 * kernel, no new privileges, no dump of its memory. What the kernel does not know is left out and told of; the rest
 * holds. Nothing of it can be undone. docs/decisions/0015-processes.md says who may what. */
#ifndef APP_SANDBOX_H
#define APP_SANDBOX_H

#include "base/ctx.h"
#include "base/log.h"

typedef enum sandbox_process {
    SANDBOX_SERVER = 1,
    SANDBOX_HOLDER = 2,
    SANDBOX_CLIENT = 4,    /* beside the first: it connects to the server of a database by TCP, … */
    SANDBOX_NEIGHBOUR = 8, /* … by a socket of this machine */
} sandbox_process;

/* Bits of what is missing here. */
enum sandbox_lack {
    SANDBOX_LACKS_FILES = 1,   /* no Landlock */
    SANDBOX_LACKS_NETWORK = 2, /* a Landlock that knows no sockets; seccomp refuses them all the same */
    SANDBOX_LACKS_CALLS = 4,   /* no seccomp */
    SANDBOX_LACKS_CUTTING = 8, /* a Landlock that knows no truncate(2), and … */
    SANDBOX_LACKS_SCOPES = 16, /* … one that lets signals pass; both as above */
    SANDBOX_LACKS_PORTS = 32,  /* instead of the second, where ports are named: nothing else bounds them */
};

typedef enum sandbox_reach {
    SANDBOX_READ,  /* a file, or all below a folder */
    SANDBOX_LOOK,  /* besides, the names in a folder */
    SANDBOX_WRITE, /* besides, make, change, rename and remove files below a folder */
} sandbox_reach;

struct sandbox_path {
    const char   *path; /* one that does not exist is out of reach like the rest */
    sandbox_reach reach;
};

struct sandbox_room {
    const struct sandbox_path *paths;
    size_t                     count;
    const uint16_t *ports; /* to which it connects by TCP, wherever they are */
    size_t          port_count;
    int             processes; /* bits of sandbox_process, for sandbox_calls() */
};

/* What the runtime of a sanitizer looks at whenever it likes, and where counts of coverage go: nothing in what is
 * shipped. The build defines one of the two (cmake/flags.cmake). */
#if defined(SYMBOLON_COUNTS)
#define SANDBOX_RUNTIME {SYMBOLON_COUNTS, SANDBOX_WRITE},
#elif defined(SYMBOLON_SANITIZED) && SYMBOLON_SANITIZED
#define SANDBOX_RUNTIME {"/proc", SANDBOX_LOOK},
#else
#define SANDBOX_RUNTIME
#endif

/* From here on the memory of this process, and of what it forks, is neither dumped nor shown to others of its user.
 * INTERNAL key.sandbox when the kernel does not do it. */
err sandbox_memory(struct ctx *cx) MUST_CHECK;

/* From here on this thread, and those that it will make, reach no file but those below the paths, connect by TCP to no
 * port that the room does not name and gain no privilege. Before any thread is made. INTERNAL key.sandbox when the
 * kernel knows how and does not do it. */
err sandbox_files(struct ctx *cx, const struct sandbox_room *room, int64_t *lacks) MUST_CHECK;

/* From here on all threads of this process make the calls of sandbox_call.def alone; others fail with EPERM.
 * `processes`: bits of sandbox_process. Behind sandbox_files(). Fails as it does. */
err sandbox_calls(struct ctx *cx, int processes, int64_t *lacks) MUST_CHECK;

/* What such a version of Landlock does not know; below 1: there is none. */
int64_t sandbox_lacks_of_landlock(int64_t version);
/* One warning for each bit. */
void sandbox_tell(const struct log *log, const char *process, int64_t lacks);

#endif
