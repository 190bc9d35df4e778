/* SPDX-License-Identifier: Apache-2.0
 * Goal: the re-derivation agrees with everything the domain does, and sees every row that somebody changed behind its
 * back. Method: a world with every kind of fact, then one column at a time changed by plain SQL. */
#include "support/world.h"

static void the_audit_agrees_with_a_world_that_was_only_acted_on(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)world_grant(world, world->shipping, &relationship, &world->delivery);
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    assert_non_null(world_refusal(world, world->marketing, &relationship, &world->delivery));
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_audit_agrees_with_a_world_that_was_only_acted_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
