/* SPDX-License-Identifier: Apache-2.0
 * The newest checkpoint that this server has seen, for all threads: whoever asks in a crowd gets it from memory, as
 * long as it was asked of the store a moment ago. What is given never goes back, and is never older than what was given
 * by another door before. All times are of the monotonic clock. */
#ifndef HTTP_NEWEST_H
#define HTTP_NEWEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

#define NEWEST_NS INT64_C(250000000) /* so long it is new: a quarter of what may pass until an act is in the log */
#define NEWEST_BYTES 1024            /* a note that is longer is not kept */

struct newest {
    pthread_mutex_t lock;
    int64_t         size;     /* of the tree; with the lock, as all of it */
    int64_t         asked_ns; /* before the store was asked; INT64_MIN: it is not new */
    int64_t         since_ns; /* what was asked before that is not new */
    size_t          bytes;    /* 0: nothing was kept yet */
    char            note[NEWEST_BYTES];
};

void newest_open(struct newest *newest);
void newest_close(struct newest *newest);

/* A copy in the arena. False: there is none that is new, or no memory. */
bool newest_get(struct newest *newest, struct arena *arena, int64_t now_ns, struct text *out_note) MUST_CHECK;
/* What the store has answered, when it was asked at `asked_ns`; gives the newer of this and what is kept.
 * TOO_LARGE limit.memory. */
err newest_put(struct newest *newest, struct ctx *cx, const struct ledger_head *head, int64_t asked_ns,
               struct text *out_note) MUST_CHECK;
/* Another door has just told of the log: whoever asks from now on hears of no less. */
void newest_forget(struct newest *newest, int64_t now_ns);

#endif
