/* SPDX-License-Identifier: Apache-2.0
 * Clocks and sources of randomness: the real, the set and the seeded. */
#include "base/effects.h"

#include "support/cmocka.h"

static void a_set_clock_stands_where_it_was_put(void **state)
{
    (void)state;
    struct set_clock set = {.wall_ms = 1000, .monotonic_ns = 5};
    struct clock clock = clock_set(&set);
    assert_int_equal(clock_wall_ms(&clock), 1000);
    assert_int_equal(clock_wall_ms(&clock), 1000);
    set = (struct set_clock){.wall_ms = -7, .monotonic_ns = 6};
    assert_int_equal(clock_wall_ms(&clock), -7);
    assert_int_equal(clock_monotonic_ns(&clock), 6);
}

static void the_real_clocks_run(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    assert_true(clock_wall_ms(&clock) > INT64_C(1704067200000)); /* 2024 */
    int64_t before = clock_monotonic_ns(&clock);
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ns(&clock);
        assert_true(now >= before);
        before = now;
    }
}

static void the_same_seed_gives_the_same_octets(void **state)
{
    (void)state;
    struct seeded one = {42};
    struct seeded two = {42};
    struct seeded other = {43};
    uint8_t a[100], b[100], c[100];
    struct randomness first = randomness_seeded(&one);
    struct randomness second = randomness_seeded(&two);
    struct randomness third = randomness_seeded(&other);
    random_fill(&first, a, sizeof a);
    random_fill(&second, b, sizeof b);
    random_fill(&third, c, sizeof c);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    random_fill(&second, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a); /* it moves on */
}

static void a_seeded_source_gives_every_octet(void **state)
{
    (void)state;
    struct seeded seeded = {1};
    struct randomness source = randomness_seeded(&seeded);
    uint8_t octets[16 * 1024];
    size_t counts[256] = {0};
    random_fill(&source, octets, sizeof octets);
    for (size_t i = 0; i < sizeof octets; i++)
        counts[octets[i]]++;
    for (size_t i = 0; i < 256; i++)
        assert_in_range(counts[i], 20, 120); /* 64 on average */
}

static void the_real_source_fills_any_size(void **state)
{
    (void)state;
    struct randomness source = randomness_system();
    static const uint8_t NOTHING[1000] = {0};
    uint8_t octets[1000] = {0};
    random_fill(&source, octets, 0);
    assert_memory_equal(octets, NOTHING, sizeof octets);
    random_fill(&source, octets, sizeof octets - 1);
    assert_int_equal(octets[sizeof octets - 1], 0);
    assert_memory_not_equal(octets, NOTHING, 500);
    assert_memory_not_equal(octets + 900, NOTHING, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_clock_stands_where_it_was_put),
        cmocka_unit_test(the_real_clocks_run),
        cmocka_unit_test(the_same_seed_gives_the_same_octets),
        cmocka_unit_test(a_seeded_source_gives_every_octet),
        cmocka_unit_test(the_real_source_fills_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
