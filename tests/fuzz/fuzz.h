/* SPDX-License-Identifier: Apache-2.0
 * What all fuzz targets share: one arena for all executions, and a taker of choices from the front of an input. A
 * target runs millions of times: what it opens anew each time is what it spends its time on. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"

/* libFuzzer calls it with each input, driver.c with each seed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Empty; what an execution before has taken is wiped and poisoned. One a target: it is not nested. */
static inline struct arena *fuzz_arena(size_t max_bytes)
{
    static struct arena *arena;
    if (arena == NULL)
        arena = arena_open(max_bytes);
    if (arena == NULL)
        abort(); /* no memory: nothing can be tried */
    arena_reset(arena);
    return arena;
}

/* The octets of an input as choices: each taken once, from the front; behind the end all are 0. */
struct choices {
    const uint8_t *at;
    size_t         size;
};

/* 0 … below - 1, `below` at most 256. */
static inline size_t choose(struct choices *choices, size_t below)
{
    if (choices->size == 0)
        return 0;
    choices->size--;
    return *choices->at++ % below;
}

static inline bool choose_whether(struct choices *choices)
{
    return choose(choices, 2) == 1;
}

/* Eight octets as one number of any sign. */
static inline int64_t choose_number(struct choices *choices)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | choose(choices, 256);
    return (int64_t)number;
}

/* The next octets, at most `most` of them and as many as the first says; borrows the input. */
static inline struct text choose_text(struct choices *choices, size_t most)
{
    size_t size = choose(choices, 256);
    size = size > most ? most : size;
    size = size > choices->size ? choices->size : size;
    struct text text = {(const char *)choices->at, size};
    choices->at += size;
    choices->size -= size;
    return text;
}

#endif
