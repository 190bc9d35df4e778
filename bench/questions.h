/* SPDX-License-Identifier: Apache-2.0
 * What bench_in_process can be asked. Each question opens nothing but the world that it is given, prints one figure a
 * line ("name figure") and ends the program when an answer is not the right one. */
#ifndef BENCH_QUESTIONS_H
#define BENCH_QUESTIONS_H

#include "world.h"

struct question {
    int64_t rounds;  /* turns of each variant, A B A B */
    double  seconds; /* of one turn */
    int64_t count;   /* rows, leaves or changes, where a question wants a number */
    const char *url; /* of a copy of the world's database, where a bound writes; NULL: none */
};

void ask_disclosure(struct world *world, const struct question *question);
void ask_decide(struct world *world, const struct question *question);   /* ours alone, for growth */
void ask_profile(struct world *world, const struct question *question);  /* ours alone, for a profiler */
void ask_handler(struct world *world, const struct question *question);  /* with key and JSON, without HTTP */
void ask_requests(struct world *world, const struct question *question); /* key, relationship, purpose, department */
void ask_token(struct world *world, const struct question *question); /* requests verified, ID tokens signed */
void ask_passkey(struct world *world, const struct question *question); /* sign-ins verified, nothing written */
void ask_grant(struct world *world, const struct question *question);
void ask_grant_profile(struct world *world, const struct question *question);
void ask_wal(struct world *world, const struct question *question);  /* bytes of write-ahead log for each change */
void ask_log(struct world *world, const struct question *question);  /* leaves per second */
void ask_delay(struct world *world, const struct question *question); /* seconds from act to checkpoint, under load */
void ask_rows(struct world *world, const struct question *question); /* raw rows per second, as an import writes them */

/* The same on a database server (bench_postgres_read.c, bench_postgres_grant.c). */
void ask_postgres_read(struct world *world, const struct question *question);
void ask_postgres_bare(struct world *world, const struct question *question); /* the bound; 256 with `count` 0 */
void ask_postgres_decide(struct world *world, const struct question *question);
void ask_postgres_grant(struct world *world, const struct question *question);
void ask_postgres_grant_bare(struct world *world, const struct question *question); /* the bound alone */
void ask_postgres_rows(struct world *world, const struct question *question);
void ask_postgres_work(struct world *world, const struct question *question); /* 64 of each; the bound `count` times */
/* So many reads by us, and by the bound, which does all of them so often. */
void postgres_read_work(struct world *world, const char *url, size_t count, size_t repeats);
void ask_log_beside(struct world *world, const struct question *question); /* changes, with and without numbering */

/* Changes per second with so many in flight, for questions that want a load. */
double grant_rate(struct world *world, size_t in_flight, double seconds);

#endif
