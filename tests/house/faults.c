/* SPDX-License-Identifier: Apache-2.0
 * Does one wrong thing on purpose, so that a build shows that it would see it: `faults KIND`. Exit 0 means unseen. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"

static int fail_an_assert(int one)
{
    assert(one == 2);
    return 0;
}

static int read_behind_a_piece(int one)
{
    struct arena *arena = arena_open(4096);
    const char *piece = arena_take(arena, 24, 1);
    int octet = piece[24 + one - 1];
    arena_close(arena);
    return octet == 'x';
}

static int use_a_piece_after_the_reset(int one)
{
    struct arena *arena = arena_open(4096);
    const char *piece = arena_take(arena, 24, 1);
    arena_reset(arena);
    int octet = piece[one];
    arena_close(arena);
    return octet == 'x';
}

static int shift_too_far(int one)
{
    volatile int by = 31 + one;
    volatile int shifted = one << by;
    return shifted == 12345;
}

struct shared {
    int count;
};

static void *count_up(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < 1000; i++)
        shared->count++;
    return NULL;
}

static int count_without_a_lock(int one)
{
    struct shared shared = {one};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, count_up, &shared) != 0)
            return 0;
    for (size_t i = 0; i < 2; i++)
        if (pthread_join(threads[i], NULL) != 0)
            return 0;
    return shared.count == 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *kind;
        int (*commit)(int one);
    } FAULTS[] = {
        {"assert", fail_an_assert}, {"overrun", read_behind_a_piece}, {"stale", use_a_piece_after_the_reset},
        {"shift", shift_too_far},   {"race", count_without_a_lock},
    };
    for (size_t i = 0; argc == 2 && i < sizeof FAULTS / sizeof *FAULTS; i++)
        if (strcmp(argv[1], FAULTS[i].kind) == 0)
            return FAULTS[i].commit(argc - 1);
    (void)fprintf(stderr, "usage: faults KIND\n");
    return 0;
}
