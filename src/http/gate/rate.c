/* SPDX-License-Identifier: Apache-2.0
 * The table and its arithmetic. */
#include "http/gate/rate.h"

#include "http/gate/mixed.h"

#define MINUTE_NS INT64_C(60000000000)
#define PROBES 4

/* The caller's slot, or the one among its neighbours whose owner is on time the longest. */
static struct rate_slot *find_slot(struct rate *rate, uint64_t caller)
{
    uint64_t start = mixed(caller ^ rate->seed);
    struct rate_slot *oldest = &rate->slots[start % RATE_SLOTS];
    for (uint64_t i = 0; i < PROBES; i++) {
        struct rate_slot *slot = &rate->slots[(start + i) % RATE_SLOTS];
        if (slot->caller == caller)
            return slot;
        if (slot->due_ns < oldest->due_ns)
            oldest = slot;
    }
    return oldest;
}

struct rate_quota rate_left(struct rate *rate, uint64_t caller, const struct rate_limit *limit, int64_t now_ns)
{
    const struct rate_slot *slot = find_slot(rate, caller);
    int64_t interval_ns = MINUTE_NS / limit->per_minute;
    int64_t ahead_ns = slot->caller == caller && slot->due_ns > now_ns ? slot->due_ns - now_ns : 0;
    return (struct rate_quota){(interval_ns * limit->at_once - ahead_ns) / interval_ns, ahead_ns};
}

bool rate_admit(struct rate *rate, uint64_t caller, const struct rate_limit *limit, int64_t now_ns)
{
    return rate_admit_some(rate, caller, limit, now_ns, 1);
}

bool rate_admit_some(struct rate *rate, uint64_t caller, const struct rate_limit *limit, int64_t now_ns, int64_t calls)
{
    if (limit->per_minute == 0)
        return true;
    struct rate_slot *slot = find_slot(rate, caller);
    int64_t interval_ns = MINUTE_NS / limit->per_minute;
    if (slot->caller != caller && slot->due_ns > now_ns)
        return true; /* all neighbours are busy callers: this one goes uncounted rather than pay for them */
    bool fresh = slot->caller != caller || slot->due_ns < now_ns;
    int64_t due_ns = (fresh ? now_ns : slot->due_ns) + interval_ns * calls;
    if (due_ns - now_ns > interval_ns * limit->at_once)
        return false;
    *slot = (struct rate_slot){caller, due_ns};
    return true;
}
