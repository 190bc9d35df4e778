/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/hold.h"

#include <poll.h>

#include "http/engine/exchange.h"
#include "support/cmocka.h"

#define BEAT_NS 1000000

static struct exchange begun_at(int64_t started_ns)
{
    struct exchange exchange = {.leaves_at_ns = 0};
    exchange.call.started_ns = started_ns;
    return exchange;
}

static struct hold opened(void)
{
    struct hold hold = {.beat_ns = 0};
    assert_true(hold_open(&hold, BEAT_NS));
    return hold;
}

static void an_answer_leaves_a_whole_number_of_beats_after_its_request(void **state)
{
    static const int64_t TAKEN_NS[] = {0, 1, 400000, 999999, 1000000, 1000001, 7500000, -5};
    static const int64_t LEAVES_NS[] = {1, 1, 1, 1, 2, 2, 8, 1}; /* in beats */
    (void)state;
    struct hold hold = opened();
    for (size_t i = 0; i < sizeof TAKEN_NS / sizeof *TAKEN_NS; i++) {
        struct exchange exchange = begun_at(12345);
        hold_add(&hold, &exchange, 12345 + TAKEN_NS[i]);
        assert_int_equal(exchange.leaves_at_ns, 12345 + LEAVES_NS[i] * BEAT_NS);
        assert_null(hold_take(&hold, exchange.leaves_at_ns - 1));
        assert_ptr_equal(hold_take(&hold, exchange.leaves_at_ns), &exchange);
        assert_null(hold_take(&hold, INT64_MAX));
    }
    hold_close(&hold);
}

static void answers_leave_in_the_order_of_their_beats(void **state)
{
    (void)state;
    struct hold hold = opened();
    struct exchange late = begun_at(300), early = begun_at(100), middle = begun_at(200), same = begun_at(200);
    struct exchange *added[] = {&late, &early, &middle, &same}, *wanted[] = {&early, &middle, &same, &late};
    for (size_t i = 0; i < 4; i++)
        hold_add(&hold, added[i], 400);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(hold_take(&hold, BEAT_NS + 300), wanted[i]);
    assert_null(hold_take(&hold, INT64_MAX));
    hold_close(&hold);
}

static void the_timer_runs_only_while_something_waits(void **state)
{
    (void)state;
    struct hold hold = opened();
    struct exchange exchange = begun_at(0);
    struct pollfd timer = {.fd = hold.timer_fd, .events = POLLIN};
    assert_int_equal(poll(&timer, 1, 0), 0);
    hold_add(&hold, &exchange, 0);
    assert_int_equal(poll(&timer, 1, 20000), 1);
    assert_ptr_equal(hold_take(&hold, BEAT_NS), &exchange);
    assert_null(hold_take(&hold, BEAT_NS));
    assert_int_equal(poll(&timer, 1, 5), 0);
    hold_close(&hold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_leaves_a_whole_number_of_beats_after_its_request),
        cmocka_unit_test(answers_leave_in_the_order_of_their_beats),
        cmocka_unit_test(the_timer_runs_only_while_something_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
