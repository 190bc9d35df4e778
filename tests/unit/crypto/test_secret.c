/* SPDX-License-Identifier: Apache-2.0
 * Goal: how long two secrets are compared does not tell where they differ. Method: both classes of a pair are timed in
 * an order that is thrown, on the same memory; of each class the faster half counts, since what is slower was
 * interrupted; Welch's t of the two. Company on the machine can blur a round, so the best of many counts. Positive
 * control: memcmp(), which ends where two differ, under the same judge. */
#include "crypto/secret.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/effects.h"
#include "support/cmocka.h"

#define SAMPLES 20000 /* of each class */
#define KEPT (SAMPLES / 2)
#define ROUNDS 25 /* company makes two rounds of five look like a difference; a difference is one in each round */
#define T_MAX 4.5
#define SIZE_MAX_BYTES 4096

typedef bool compare_fn(const uint8_t *a, const uint8_t *b, size_t size);

/* Where the second differs from the first: -1 nowhere. */
struct pair {
    compare_fn *compare;
    size_t      size;
    int         differs[2];
};

struct times {
    double ns[2][SAMPLES];
};

static bool compare_in_a_hurry(const uint8_t *a, const uint8_t *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static double time_one(const struct clock *clock, const struct pair *pair, size_t which)
{
    static const uint8_t FIRST[SIZE_MAX_BYTES];
    uint8_t second[SIZE_MAX_BYTES] = {0};
    compare_fn *volatile compare = pair->compare; /* nothing is worked out beforehand */
    size_t at = pair->differs[which] < 0 ? 0 : (size_t)pair->differs[which];
    second[at] = pair->differs[which] >= 0;
    atomic_thread_fence(memory_order_seq_cst); /* a read close behind the write would wait for it, and tell the place */
    int64_t began_ns = clock_monotonic_ns(clock);
    bool same = compare(FIRST, second, pair->size);
    int64_t ended_ns = clock_monotonic_ns(clock);
    assert_true(same == (pair->differs[which] < 0));
    return (double)(ended_ns - began_ns);
}

static int by_time(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

/* Mean of the faster half, and the variance of that mean. */
static void crop(double *ns, double *out_mean, double *out_variance)
{
    const double kept = KEPT;
    double sum = 0;
    double squares = 0;
    qsort(ns, SAMPLES, sizeof *ns, by_time);
    for (size_t i = 0; i < KEPT; i++)
        sum += ns[i];
    for (size_t i = 0; i < KEPT; i++)
        squares += (ns[i] - sum / kept) * (ns[i] - sum / kept);
    *out_mean = sum / kept;
    *out_variance = squares / (kept - 1) / kept;
}

static double welch(struct times *times)
{
    double mean[2], variance[2];
    for (size_t which = 0; which < 2; which++)
        crop(times->ns[which], &mean[which], &variance[which]);
    double spread = sqrt(variance[0] + variance[1]);
    return spread > 0 ? fabs(mean[0] - mean[1]) / spread : mean[0] == mean[1] ? 0 : 1e9;
}

static double one_round(const struct pair *pair, struct times *times)
{
    struct clock clock = clock_system();
    struct seeded seeded = {0x5EC2E7};
    struct randomness dice = randomness_seeded(&seeded);
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t thrown = 0;
        random_fill(&dice, &thrown, 1);
        size_t first = thrown & 1;
        times->ns[first][i] = time_one(&clock, pair, first);
        times->ns[1 - first][i] = time_one(&clock, pair, 1 - first);
    }
    return welch(times);
}

/* The least |t| of some rounds; no more of them than it takes. */
static double judge(const struct pair *pair)
{
    struct times *times = test_calloc(1, sizeof *times);
    double least = INFINITY;
    for (int i = 0; i < ROUNDS && least >= T_MAX; i++)
        least = fmin(least, one_round(pair, times));
    test_free(times);
    print_message("%s: %zu octets, differing at %d and at %d (-1: nowhere): %s|t| = %.1f\n",
                  pair->compare == secret_equals ? "found" : "control", pair->size, pair->differs[0], pair->differs[1],
                  least < T_MAX ? "" : "red, ", least);
    return least;
}

static void where_secrets_differ_takes_no_time(void **state)
{
    (void)state;
    static const struct pair PAIRS[] = {
        {secret_equals, SECRET_KEY_BYTES, {-1, 0}},
        {secret_equals, SECRET_KEY_BYTES, {0, SECRET_KEY_BYTES - 1}},
        {secret_equals, SIZE_MAX_BYTES, {-1, 0}}, /* what a short one may hide */
        {secret_equals, SIZE_MAX_BYTES, {0, SIZE_MAX_BYTES - 1}},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
        assert_true(judge(&PAIRS[i]) < T_MAX);
}

static void a_comparison_in_a_hurry_is_seen(void **state)
{
    (void)state;
    static const struct pair PAIRS[] = {
        {compare_in_a_hurry, SIZE_MAX_BYTES, {-1, 0}},
        {compare_in_a_hurry, SIZE_MAX_BYTES, {0, SIZE_MAX_BYTES - 1}},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++)
        assert_true(judge(&PAIRS[i]) >= T_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_secrets_differ_takes_no_time),
        cmocka_unit_test(a_comparison_in_a_hurry_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
