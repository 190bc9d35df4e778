/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/deadline.h"

#include "support/cmocka.h"

static struct deadlines three_kinds(void)
{
    return (struct deadlines){.duration_ns = {[DEADLINE_IDLE] = 60, [DEADLINE_HEAD] = 10, [DEADLINE_BODY] = 30}};
}

static void the_next_deadline_is_the_earliest_of_all_kinds(void **state)
{
    (void)state;
    struct deadlines deadlines = three_kinds();
    struct deadline idle = {0}, head = {0}, body = {0};
    assert_true(deadlines_next_ns(&deadlines) == DEADLINE_NEVER);
    deadline_set(&deadlines, &idle, DEADLINE_IDLE, 0);
    deadline_set(&deadlines, &body, DEADLINE_BODY, 5);
    assert_int_equal(deadlines_next_ns(&deadlines), 35);
    deadline_set(&deadlines, &head, DEADLINE_HEAD, 20);
    assert_int_equal(deadlines_next_ns(&deadlines), 30);
    deadline_clear(&deadlines, &head);
    assert_int_equal(deadlines_next_ns(&deadlines), 35);
}

static void deadlines_run_out_in_their_order_and_only_then(void **state)
{
    (void)state;
    struct deadlines deadlines = three_kinds();
    struct deadline each[4] = {{0}};
    for (int i = 0; i < 4; i++)
        deadline_set(&deadlines, &each[i], DEADLINE_HEAD, i);
    assert_null(deadlines_expired(&deadlines, 9));
    assert_ptr_equal(deadlines_expired(&deadlines, 10), &each[0]);
    deadline_set(&deadlines, &each[0], DEADLINE_HEAD, 4); /* set again: it goes to the end */
    deadline_clear(&deadlines, &each[2]);
    assert_ptr_equal(deadlines_expired(&deadlines, 99), &each[1]);
    deadline_clear(&deadlines, &each[1]);
    assert_ptr_equal(deadlines_expired(&deadlines, 99), &each[3]);
    deadline_clear(&deadlines, &each[3]);
    assert_ptr_equal(deadlines_expired(&deadlines, 99), &each[0]);
    deadline_clear(&deadlines, &each[0]);
    deadline_clear(&deadlines, &each[0]);
    assert_null(deadlines_expired(&deadlines, 99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_deadline_is_the_earliest_of_all_kinds),
        cmocka_unit_test(deadlines_run_out_in_their_order_and_only_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
