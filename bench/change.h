/* SPDX-License-Identifier: Apache-2.0
 * Giving and stopping permissions as the node does it, and the rows that each leaves, for the bounds: bench_grant.c has
 * both, bench_postgres_grant.c the bound of a database server. */
#ifndef BENCH_CHANGE_H
#define BENCH_CHANGE_H

#include "flight.h"
#include "raw.h"

#define SAMPLES_MAX 20000

struct samples {
    double *at;
    size_t  count;
};
double samples_median_us(struct samples *samples);

/* How many a second, of `in_flight` at once; what waits for the log is numbered behind them. */
double change_rate(struct world *world, size_t in_flight, double seconds);
/* Median of single ones, each waited for. */
double change_alone_us(struct world *world, struct samples *samples, double seconds);
/* As many as that; gives how many came back. */
size_t change_some(struct world *world, size_t in_flight, size_t count);
/* What waits for the log is numbered between the turns, so that no turn pays for another. */
void change_settle(struct world *world);

/* The parameters of the five statements that write one. */
#define LEAF_BYTES 32
#define CHANGE_RECEIPT 7
#define CHANGE_PENDING 3
#define CHANGE_ACT 26
#define CHANGE_EVENT 9
#define CHANGE_GRANT 18
struct change_rows {
    int64_t receipt[CHANGE_RECEIPT];
    int64_t pending[CHANGE_PENDING];
    int64_t act[CHANGE_ACT];
    int64_t event[CHANGE_EVENT];
    int64_t grant[CHANGE_GRANT];
};
struct change_of {
    size_t  person;
    size_t  organisation;
    int64_t grant_id;
    int64_t sealed_bytes; /* of a receipt, as ours are on average */
};
void change_draw(struct change_of *of, struct world *world, int64_t *last_id); /* a grant that is not there yet */
void change_rows(struct change_rows *rows, struct world *world, const struct change_of *of, int64_t *last_id);

/* Bytes of write-ahead log that the server of this world has written so far. */
double postgres_log_bytes(const struct world *world);

#endif
