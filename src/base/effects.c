/* SPDX-License-Identifier: Apache-2.0
 * Real, set and seeded clocks and randomness. */
#include "base/effects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->self);
}

int64_t clock_monotonic_ns(const struct clock *clock)
{
    return clock->monotonic_ns(clock->self);
}

int64_t clock_elapsed_ns(const struct clock *clock)
{
    return clock->elapsed_ns(clock->self);
}

int64_t clock_boot(const struct clock *clock)
{
    return clock->boot(clock->self);
}

void random_fill(const struct randomness *randomness, uint8_t *out, size_t size)
{
    randomness->fill(randomness->self, out, size);
}

static int64_t read_clock_ns(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) != 0)
        abort(); /* cannot happen for these three clocks; nothing sensible could follow */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t system_wall_ms(void *self)
{
    (void)self;
    return read_clock_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t system_monotonic_ns(void *self)
{
    (void)self;
    return read_clock_ns(CLOCK_MONOTONIC);
}

static int64_t system_elapsed_ns(void *self)
{
    (void)self;
    return read_clock_ns(CLOCK_BOOTTIME);
}

static int digit_of_hex(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The kernel draws 32 random digits each time it starts; 15 of them are name enough, and fit. */
static int64_t system_boot(void *self)
{
    (void)self;
    char text[64];
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text);
    if (file >= 0)
        (void)close(file); /* it was only read */
    int64_t boot = 0;
    int digits = 0;
    for (ssize_t i = 0; i < size && digits < 15; i++) {
        int digit = digit_of_hex(text[i]);
        if (digit < 0)
            continue; /* a hyphen */
        boot = boot * 16 + digit;
        digits++;
    }
    return digits == 15 ? boot : 0;
}

struct clock clock_system(void)
{
    return (struct clock){system_wall_ms, system_monotonic_ns, system_elapsed_ns, system_boot, NULL};
}

bool clock_is_system(const struct clock *clock)
{
    return clock->wall_ms == system_wall_ms;
}

static void system_fill(void *self, uint8_t *out, size_t size)
{
    (void)self;
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort(); /* no randomness: no key, no id, no nonce may be made */
        out += got;
        size -= (size_t)got;
    }
}

struct randomness randomness_system(void)
{
    return (struct randomness){system_fill, NULL};
}

static int64_t set_wall_ms(void *self)
{
    return ((struct set_clock *)self)->wall_ms;
}

static int64_t set_monotonic_ns(void *self)
{
    return ((struct set_clock *)self)->monotonic_ns;
}

static int64_t set_elapsed_ns(void *self)
{
    const struct set_clock *set = self;
    return (set->wall_ms - set->jumped_ms) * 1000000;
}

static int64_t set_boot(void *self)
{
    return ((struct set_clock *)self)->boot;
}

struct clock clock_set(struct set_clock *set)
{
    return (struct clock){set_wall_ms, set_monotonic_ns, set_elapsed_ns, set_boot, set};
}

static void seeded_fill(void *self, uint8_t *out, size_t size)
{
    struct seeded *seeded = self;
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0)
            seeded->state += UINT64_C(0x9E3779B97F4A7C15);
        uint64_t mixed = seeded->state;
        mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
        mixed ^= mixed >> 31;
        out[i] = (uint8_t)(mixed >> i % 8 * 8);
    }
}

struct randomness randomness_seeded(struct seeded *seeded)
{
    return (struct randomness){seeded_fill, seeded};
}
