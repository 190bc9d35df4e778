/* SPDX-License-Identifier: Apache-2.0
 * Goal: whoever was let in is known until somebody takes the slot, and nobody else is. Method: callers of one slot. */
#include "http/gate/known.h"

#include "support/cmocka.h"

static void whoever_was_let_in_is_known_until_another_takes_the_slot(void **state)
{
    (void)state; /* the table is all there is */
    static struct known known;
    const uint64_t one = 7, other = 7 + KNOWN_SLOTS, third = 8;
    assert_false(known_has(&known, one));
    known_add(&known, one);
    assert_true(known_has(&known, one));
    assert_false(known_has(&known, other));
    assert_false(known_has(&known, third));
    known_add(&known, other);
    assert_true(known_has(&known, other));
    assert_false(known_has(&known, one));
}

static void the_number_of_an_empty_slot_is_nobody(void **state)
{
    (void)state; /* the table is all there is */
    static struct known known;
    assert_false(known_has(&known, 0));
    known_add(&known, 0);
    assert_false(known_has(&known, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_was_let_in_is_known_until_another_takes_the_slot),
        cmocka_unit_test(the_number_of_an_empty_slot_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
