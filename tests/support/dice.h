/* SPDX-License-Identifier: Apache-2.0
 * What random tests draw from: one seed, printed first; SEED= repeats a run, STEPS= makes it longer. */
#ifndef TESTS_SUPPORT_DICE_H
#define TESTS_SUPPORT_DICE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/effects.h"
#include "base/text.h"
#include "support/cmocka.h"

struct dice {
    struct seeded     seeded;
    struct randomness randomness;
};

/* The number in an environment variable, or another. */
static inline int64_t dice_setting(const char *name, int64_t otherwise)
{
    const char *wanted = getenv(name);
    int64_t number = otherwise;
    if (wanted != NULL)
        assert_true(text_to_int64(text_of(wanted), &number));
    return number;
}

static inline void dice_open(struct dice *dice)
{
    int64_t seed = dice_setting("SEED", (int64_t)getpid() * INT64_C(2654435761));
    (void)printf("SEED=%lld\n", (long long)seed);
    (void)fflush(stdout); /* a crash must not swallow it */
    dice->seeded.state = (uint64_t)seed;
    dice->randomness = randomness_seeded(&dice->seeded);
}

/* 0 … below - 1 */
static inline int64_t dice_draw(struct dice *dice, int64_t below)
{
    uint64_t number = 0;
    random_fill(&dice->randomness, (uint8_t *)&number, sizeof number);
    return (int64_t)(number % (uint64_t)below);
}

/* True `percent` times in a hundred. */
static inline bool dice_is(struct dice *dice, int64_t percent)
{
    return dice_draw(dice, 100) < percent;
}

#endif
