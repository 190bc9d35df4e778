/* SPDX-License-Identifier: Apache-2.0
 * Two of the five effects: clock and randomness, as structs of functions that `app` fills. The others are the signer
 * (crypto/sign.h), the store (store/store.h) and the network (net/). Domain code takes them from its ctx only, so that
 * whole scenarios run in one process with a set clock and a seeded source. */
#ifndef BASE_EFFECTS_H
#define BASE_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *self);      /* milliseconds since 1970 UTC; may jump */
    int64_t (*monotonic_ns)(void *self); /* for durations; never goes back */
    int64_t (*elapsed_ns)(void *self);   /* since the machine began, its sleep too; nobody can set it */
    int64_t (*boot)(void *self);         /* names what elapsed_ns counts from, for a later process; 0: not known */
    void *self;
};

struct randomness {
    void (*fill)(void *self, uint8_t *out, size_t size); /* cannot fail: the real one ends the process when it would */
    void *self;
};

int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_monotonic_ns(const struct clock *clock);
int64_t clock_elapsed_ns(const struct clock *clock);
int64_t clock_boot(const struct clock *clock);
void random_fill(const struct randomness *randomness, uint8_t *out, size_t size);

struct clock clock_system(void);
bool clock_is_system(const struct clock *clock);
struct randomness randomness_system(void); /* getrandom(2) */

/* A clock that stands where it was put. What is added to the wall clock has passed, unless it is added to `jumped_ms`
 * too: then somebody has set the clock. */
struct set_clock {
    int64_t wall_ms;
    int64_t monotonic_ns;
    int64_t jumped_ms;
    int64_t boot;
};
struct clock clock_set(struct set_clock *set); /* borrows */

/* A repeatable source for tests and benches (splitmix64): never for secrets. */
struct seeded {
    uint64_t state;
};
struct randomness randomness_seeded(struct seeded *seeded); /* borrows */

#endif
