/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read as the node does it, in process: what is asked, decided by one thread, and durable with many
 * in flight. The bounds beside it stand in bench_disclosure.c and bench_postgres_read.c. */
#ifndef BENCH_READING_H
#define BENCH_READING_H

#include "world.h"

#define READING_DRAWN 40000 /* different requests, as the ids of the edge */
#define READING_ROUND 64

struct request {
    size_t      person;
    size_t      organisation;
    size_t      system;
    struct text relationship;
    struct text purpose;
};

struct reading {
    struct world   *world;
    struct request *requests;
    size_t          next;
    size_t          stride; /* from one request of this reader to its next */
    bool            only_asks; /* decided without the read: whether it would be given */
};

void reading_open(struct reading *reading, struct world *world);
const struct request *reading_next(struct reading *reading);

/* Decided reads per second of this thread's processor time, and of the wall. */
double reading_decide(struct reading *reading, double seconds);
double reading_decide_wall(struct reading *reading, double seconds);
/* Durable reads, so many in flight: prints name, reads per second of the wall, and name_cpu, microseconds of the whole
 * program for one. One thread reads, as an I/O loop does; where reading means to wait, as many as a node's pool has. */
void reading_durable(struct reading *reading, const char *name, size_t in_flight, double seconds);
void reading_durable_some(struct reading *reading, size_t count); /* as many as that, in silence */

/* A turn that waits for the disk, told by both clocks: prints the two figures. */
struct turn {
    double start;
    double cpu_start;
};
struct turn turn_begin(void);
void turn_end(const struct turn *turn, const char *name, size_t done);

#endif
