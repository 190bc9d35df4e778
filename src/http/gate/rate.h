/* SPDX-License-Identifier: Apache-2.0
 * How often a caller comes, counted in a small table of fixed size: one thread, no lock, no memory per caller. A slot
 * holds the moment at which the caller would be on time again (the generic cell rate algorithm). When two callers want
 * one slot, the one who is on time loses it: nobody is ever held for what another did. */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_SLOTS 4096

struct rate_slot {
    uint64_t caller;
    int64_t  due_ns; /* monotonic */
};

struct rate {
    uint64_t         seed; /* so that nobody can choose whom to share a slot with */
    struct rate_slot slots[RATE_SLOTS];
};

struct rate_limit {
    int64_t per_minute; /* 0: none */
    int64_t at_once;
};

/* What is left to a caller: so many calls at once, and in how long it is all of them again. */
struct rate_quota {
    int64_t calls;
    int64_t whole_in_ns;
};
struct rate_quota rate_left(struct rate *rate, uint64_t caller, const struct rate_limit *limit, int64_t now_ns);

/* Counts one call of `caller` (any number that stands for him) at `now_ns`; false when it is one too many, and then it
 * is not counted. */
bool rate_admit(struct rate *rate, uint64_t caller, const struct rate_limit *limit, int64_t now_ns);
/* The same for a call that weighs as much as `calls`, at least one. */
bool rate_admit_some(struct rate *rate, uint64_t caller, const struct rate_limit *limit, int64_t now_ns, int64_t calls);

#endif
