/* SPDX-License-Identifier: Apache-2.0
 * How many bucket keys may be destroyed now: some at once, then one more in each LIMIT_KEYS_DESTROYED_EVERY_MS. The
 * holder keeps one as a guard; who has keys destroyed keeps a narrower one, and so never meets the guard. Time is the
 * clock's that does not go back. */
#ifndef CRYPTO_KEY_PACE_H
#define CRYPTO_KEY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/effects.h"

struct key_pace {
    int64_t most; /* at once */
    int64_t left;
    int64_t since_ns;
};

void key_pace_begin(struct key_pace *pace, int64_t most, const struct clock *clock);
/* Takes one; false when none is left. */
bool key_pace_take(struct key_pace *pace, const struct clock *clock);

#endif
