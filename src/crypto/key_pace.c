/* SPDX-License-Identifier: Apache-2.0
 * A number that grows with the time, up to its bound. */
#include "crypto/key_pace.h"

#include "base/limits.h"

void key_pace_begin(struct key_pace *pace, int64_t most, const struct clock *clock)
{
    *pace = (struct key_pace){most, most, clock_monotonic_ns(clock)};
}

bool key_pace_take(struct key_pace *pace, const struct clock *clock)
{
    const int64_t every_ns = (int64_t)LIMIT_KEYS_DESTROYED_EVERY_MS * 1000000;
    int64_t more = (clock_monotonic_ns(clock) - pace->since_ns) / every_ns;
    pace->since_ns += more * every_ns;
    pace->left = more < pace->most - pace->left ? pace->left + more : pace->most;
    if (pace->left == 0)
        return false;
    pace->left--;
    return true;
}
