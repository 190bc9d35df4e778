/* SPDX-License-Identifier: Apache-2.0
 * A fixed number of writes in flight from one thread, as an I/O loop has them: what has come back is prepared anew and
 * handed to the writer together, at most 64 at a time; nobody waits for a commit while something else can be done. */
#ifndef BENCH_FLIGHT_H
#define BENCH_FLIGHT_H

#include <pthread.h>

#include "domain/sharing/disclosure.h"
#include "domain/sharing/grant.h"
#include "world.h"

#define FLIGHT_MAX 512

struct flight;

/* One request on its way. It belongs to the writer from its submission until it has come back. */
struct flier {
    struct flight     *flight;
    struct ctx         cx;
    struct store_write write;
    struct flier      *next;         /* of those that came back */
    size_t             person;       /* position in world->people */
    size_t             organisation;
    int64_t            grant_id;     /* of the grant that was given, 0: none */
    struct disclosure_ask ask;
    struct grant_give     give;
    struct grant_withdraw withdraw;
};

struct flight {
    struct world   *world;
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    struct flier   *back;  /* came back, not looked at yet */
    struct flier   *fliers;
    size_t          count;
    void           *cargo; /* the mission's own */
};

/* What a flight does with its fliers. */
struct mission {
    void (*prepare)(struct world *world, struct flier *flier); /* fills write.run and write.arg; the arena is fresh */
    void (*check)(struct flier *flier);                        /* looks at what came back */
};

void flight_open(struct flight *flight, struct world *world, size_t count);
void flight_close(struct flight *flight);
/* Flies for that long, or until `most` have come back (0: no limit), and gives how many did. */
size_t flight_run(struct flight *flight, const struct mission *mission, double seconds, size_t most);

#endif
