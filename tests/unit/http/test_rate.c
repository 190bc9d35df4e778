/* SPDX-License-Identifier: Apache-2.0
 * Goal: who comes too often is stopped, for as long as it takes and no longer, and nobody else is. Method: a clock that
 * is put where it is wanted. */
#include "http/gate/rate.h"

#include "support/cmocka.h"

#define SECOND_NS INT64_C(1000000000)
static const struct rate_limit LIMIT = {.per_minute = 60, .at_once = 10};

static int64_t admitted(struct rate *rate, uint64_t caller, int64_t calls, int64_t now_ns)
{
    int64_t count = 0;
    for (int64_t i = 0; i < calls; i++)
        count += rate_admit(rate, caller, &LIMIT, now_ns);
    return count;
}

static void a_burst_is_cut_at_its_size(void **state)
{
    (void)state;
    static struct rate rate;
    assert_int_equal(admitted(&rate, 7, 100, 5 * SECOND_NS), 10);
}

static void time_gives_back_what_was_used(void **state)
{
    (void)state;
    static struct rate rate;
    assert_int_equal(admitted(&rate, 7, 100, 5 * SECOND_NS), 10);
    assert_int_equal(admitted(&rate, 7, 100, 5 * SECOND_NS + SECOND_NS / 2), 0);
    assert_int_equal(admitted(&rate, 7, 100, 8 * SECOND_NS), 3);
    assert_int_equal(admitted(&rate, 7, 100, 500 * SECOND_NS), 10);
}

static void a_steady_caller_within_the_limit_is_never_stopped(void **state)
{
    (void)state;
    static struct rate rate;
    for (int64_t second = 1; second < 5000; second++)
        assert_int_equal(admitted(&rate, 7, 1, second * SECOND_NS), 1);
}

static void one_caller_never_pays_for_another(void **state)
{
    (void)state;
    static struct rate rate;
    assert_int_equal(admitted(&rate, 7, 100, 5 * SECOND_NS), 10);
    for (uint64_t caller = 1000; caller < 1000 + 20 * RATE_SLOTS; caller++)
        assert_true(rate_admit(&rate, caller, &LIMIT, 5 * SECOND_NS));
}

static void what_is_left_is_what_will_be_taken(void **state)
{
    (void)state;
    static struct rate rate;
    assert_int_equal(rate_left(&rate, 7, &LIMIT, 5 * SECOND_NS).calls, 10);
    for (int64_t used = 0; used <= 10; used++) {
        struct rate_quota left = rate_left(&rate, 7, &LIMIT, 5 * SECOND_NS);
        assert_int_equal(left.calls, 10 - used);
        assert_int_equal(left.whole_in_ns, used * SECOND_NS);
        assert_int_equal(rate_admit(&rate, 7, &LIMIT, 5 * SECOND_NS), used < 10);
    }
    assert_int_equal(rate_left(&rate, 7, &LIMIT, 8 * SECOND_NS + SECOND_NS / 2).calls, 3);
    assert_int_equal(rate_left(&rate, 7, &LIMIT, 100 * SECOND_NS).calls, 10);
    assert_int_equal(rate_left(&rate, 8, &LIMIT, 5 * SECOND_NS).calls, 10);
}

static void a_call_that_weighs_as_much_as_several_counts_so_often(void **state)
{
    (void)state;
    static struct rate rate;
    assert_false(rate_admit_some(&rate, 7, &LIMIT, 5 * SECOND_NS, 11));
    assert_true(rate_admit_some(&rate, 7, &LIMIT, 5 * SECOND_NS, 6));
    assert_false(rate_admit_some(&rate, 7, &LIMIT, 5 * SECOND_NS, 5));
    assert_int_equal(admitted(&rate, 7, 100, 5 * SECOND_NS), 4);
}

static void without_a_limit_everybody_is_admitted(void **state)
{
    (void)state;
    static struct rate rate;
    static const struct rate_limit NONE = {.per_minute = 0};
    for (int i = 0; i < 100000; i++)
        assert_true(rate_admit(&rate, 7, &NONE, SECOND_NS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_cut_at_its_size),
        cmocka_unit_test(time_gives_back_what_was_used),
        cmocka_unit_test(a_steady_caller_within_the_limit_is_never_stopped),
        cmocka_unit_test(one_caller_never_pays_for_another),
        cmocka_unit_test(what_is_left_is_what_will_be_taken),
        cmocka_unit_test(a_call_that_weighs_as_much_as_several_counts_so_often),
        cmocka_unit_test(without_a_limit_everybody_is_admitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
