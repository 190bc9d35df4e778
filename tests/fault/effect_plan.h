/* SPDX-License-Identifier: Apache-2.0
 * Which call of which effect fails. One plan lies in memory that forked processes share, so that a process that has
 * ended still tells how far it came. The hooks of effect_hooks.c ask it at each call and count while it is armed. The
 * store's checkpoint thread, which wakes by its own clock, is not counted. */
#ifndef TESTS_FAULT_EFFECT_PLAN_H
#define TESTS_FAULT_EFFECT_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* X(name, word, ends, what happens): `ends` says that the program may answer by ending its process. */
#define EFFECT_KINDS(X)                                                                                             \
    X(MEMORY, "memory", false)          /* of the program's own floors, threads too: none */                        \
    X(DATABASE, "database memory", false) /* what SQLite asks for: none */                                          \
    X(LIBRARY, "library memory", true)  /* what OpenSSL asks for: none; a hash must not be wrong */                 \
    X(LOOK, "look", false)              /* stat, access: EIO */                                                     \
    X(OPEN, "open", true)               /* EMFILE */                                                                \
    X(READ, "read", true)               /* of a file or a folder: EIO */                                            \
    X(WRITE, "write", true)             /* and cuts: EIO */                                                         \
    X(FULL, "disk full", false)         /* whatever needs room: ENOSPC */                                           \
    X(SHORT, "short write", false)      /* half of it is taken */                                                   \
    X(SIGNAL, "signal", false)          /* reads and writes: EINTR */                                               \
    X(SYNC, "sync", true)               /* EIO, and the disk keeps what it had at the sync before */                \
    X(NAME, "name", true)               /* made, moved, removed: EIO */                                             \
    X(LOCK, "lock", false)              /* of a file: ENOLCK */                                                     \
    X(MAP, "map", true)                 /* of a file into memory: ENOMEM */                                         \
    X(EVENT, "event", false)            /* what a loop waits by: EMFILE when made, ENOMEM when waited for */        \
    X(RANDOM, "randomness", true)       /* getrandom: EIO */                                                        \
    X(CLOCK_BACK, "clock at 1970", false)                                                                           \
    X(CLOCK_AHEAD, "clock years ahead", false)

typedef enum effect_kind {
    EFFECT_NONE,
#define X(name, word, ends) EFFECT_##name,
    EFFECT_KINDS(X)
#undef X
    EFFECT_COUNT
} effect_kind;

struct effect_plan {
    effect_kind     kind;
    int64_t         at;   /* the call that fails, counted from 1 */
    bool            on;   /* and all that come after it */
    bool            ignores_syncs; /* a refused sync takes its content away and says nothing: a control */
    atomic_bool     armed;
    atomic_bool     asserted; /* one of our own assertions has failed */
    _Atomic int64_t refused;
    _Atomic int64_t calls[EFFECT_COUNT]; /* while it was armed */
    char            root[96];            /* only files below it count */
};

/* The plan of this process and of those that it forks. */
struct effect_plan *effect_plan(void);
void effect_plan_renew(void); /* a fresh one from here on */
void effect_arm(effect_kind kind, int64_t at, bool on);
void effect_lift(void);
/* Counts a call; true when it must fail. */
bool effect_strikes(effect_kind kind);

/* Files and folders below `root` are ours from now on; forgets what was written before. */
void effect_watch(const char *root);
/* Stands between SQLite and its memory; before its first use. */
void effect_watch_database(void);

const char *effect_word(effect_kind kind);
bool effect_may_end(effect_kind kind);

#endif
