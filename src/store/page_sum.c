/* SPDX-License-Identifier: Apache-2.0
 * Four sums side by side, since each step waits for the one before. Every step can be undone, so two pages that differ
 * in one word never agree. */
#include "store/page_sum.h"

#include <string.h>

#define LANES 4
#define WORDS ((PAGE_BYTES - PAGE_SUM_BYTES) / sizeof(uint64_t))
#define ODD UINT64_C(0x9E3779B97F4A7C15) /* multiplying by an odd number loses nothing */

static uint64_t step(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * ODD;
    return sum ^ (sum >> 32); /* the upper bits would otherwise never reach the lower ones */
}

uint64_t page_sum(const uint8_t *page, uint64_t number)
{
    uint64_t lanes[LANES] = {number, 1, 2, 3};
    uint64_t words[LANES];
    size_t i = 0;
    for (; i + LANES <= WORDS; i += LANES) {
        memcpy(words, page + i * sizeof *words, sizeof words);
        for (size_t lane = 0; lane < LANES; lane++)
            lanes[lane] = step(lanes[lane], words[lane]);
    }
    for (; i < WORDS; i++) {
        memcpy(words, page + i * sizeof *words, sizeof *words);
        lanes[0] = step(lanes[0], *words);
    }
    uint64_t sum = lanes[0];
    for (size_t lane = 1; lane < LANES; lane++)
        sum = step(sum, lanes[lane]);
    return sum;
}

bool page_sum_is(const uint8_t *page, uint64_t number)
{
    uint64_t kept = 0;
    memcpy(&kept, page + PAGE_BYTES - PAGE_SUM_BYTES, sizeof kept);
    return kept == page_sum(page, number);
}

void page_sum_put(uint8_t *page, uint64_t number)
{
    uint64_t sum = page_sum(page, number);
    memcpy(page + PAGE_BYTES - PAGE_SUM_BYTES, &sum, sizeof sum);
}
