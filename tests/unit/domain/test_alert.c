/* SPDX-License-Identifier: Apache-2.0
 * Goal: a person is told of each thing that alert.def names, and of each export once, whatever else he is told of.
 * Method: a row of each kind, and exports of sessions that prove anew who they are, side by side. */
#include "domain/entrance/passkey_alert.h"

#include "base/limits.h"
#include "base/time.h"
#include "support/world.h"

static const struct {
    alert_kind  kind;
    const char *event;
} KINDS[] = {
#define X(name, number, word, event, sentence) {ALERT_##name, event},
#include "domain/entrance/alert.def"
#undef X
};
#define KINDS_COUNT (sizeof KINDS / sizeof *KINDS)

struct told {
    int64_t    person_id;
    alert_kind kind;
};

static err tell(struct ctx *cx, void *arg)
{
    const struct told *told = arg;
    return alert_add(cx, told->person_id, told->kind, 0);
}

static int64_t exports_of(struct world *world, struct actor actor)
{
    int64_t count = 0;
    ASSERT_OK(world, alert_count(world_as(world, actor), actor.person_id, ALERT_DATA_EXPORTED, 0, &count));
    return count;
}

static void take_export(struct world *world, struct actor actor)
{
    ASSERT_OK(world, WRITE(world, actor, alert_add_exported, NULL));
}

/* The number that a session has after another proof. */
static struct actor proved(struct world *world, struct actor actor)
{
    actor.session_id += 1000000;
    actor.verified_at_ms = actor.passkey_at_ms = world->node.time.wall_ms;
    return actor;
}

static void each_kind_is_told_and_has_an_event_of_its_own(void **state)
{
    struct world *world = *state;
    struct alert_list list = {.limit = 2 * KINDS_COUNT};
    for (size_t i = 0; i < KINDS_COUNT; i++) {
        struct told told = {world->ada.person_id, KINDS[i].kind};
        ASSERT_OK(world, WRITE(world, world->operator_, tell, &told));
        assert_int_equal(alert_kind_of_event(text_of(KINDS[i].event)), KINDS[i].kind);
    }
    assert_int_equal(alert_kind_of_event(TEXT("grant.given")), 0);
    ASSERT_OK(world, alert_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, KINDS_COUNT);
    for (size_t i = 0; i < KINDS_COUNT; i++)
        assert_int_equal(list.out[i].kind, KINDS[KINDS_COUNT - 1 - i].kind);
    assert_int_equal(world_audit(world, 0), 0);
}

static void an_export_is_told_once_for_each_proof(void **state)
{
    struct world *world = *state;
    const struct actor ada = proved(world, world->ada);
    for (int page = 0; page < 3; page++)
        take_export(world, ada);
    assert_int_equal(exports_of(world, ada), 1);
    take_export(world, proved(world, ada)); /* in the same moment, whoever it was */
    take_export(world, ada);
    assert_int_equal(exports_of(world, ada), 2);
    assert_int_equal(exports_of(world, world->bob), 0);
    ASSERT_FAILS(world, WRITE(world, world->shipping, alert_add_exported, NULL), FORBIDDEN, "actor.wrong_kind");
    assert_int_equal(world_audit(world, 0), 0);
}

static void who_has_no_proof_to_give_is_told_again_after_a_while(void **state)
{
    struct world *world = *state;
    take_export(world, world->ada);
    test_node_pass(&world->node, LIMIT_FRESH_MS - 1);
    take_export(world, world->ada);
    assert_int_equal(exports_of(world, world->ada), 1);
    test_node_pass(&world->node, 1);
    take_export(world, world->ada);
    assert_int_equal(exports_of(world, world->ada), 2);
}

/* Neither a refusal, which would take an export from its owner, nor rows without number. */
static void beyond_so_many_within_a_day_an_export_is_not_told(void **state)
{
    struct world *world = *state;
    struct actor ada = proved(world, world->ada);
    for (int i = 0; i < LIMIT_PASSKEY_CHANGES_A_DAY; i++) {
        ada = proved(world, ada);
        take_export(world, ada);
        test_node_rest(&world->node);
    }
    assert_int_equal(exports_of(world, ada), LIMIT_PASSKEY_CHANGES_A_DAY);
    ada = proved(world, ada);
    take_export(world, ada);
    assert_int_equal(exports_of(world, ada), LIMIT_PASSKEY_CHANGES_A_DAY);
    take_export(world, world->bob);
    assert_int_equal(exports_of(world, world->bob), 1);
    test_node_pass(&world->node, TIME_DAY_MS);
    take_export(world, ada);
    assert_int_equal(exports_of(world, ada), LIMIT_PASSKEY_CHANGES_A_DAY + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(each_kind_is_told_and_has_an_event_of_its_own),
        WORLD_TEST(an_export_is_told_once_for_each_proof),
        WORLD_TEST(who_has_no_proof_to_give_is_told_again_after_a_while),
        WORLD_TEST(beyond_so_many_within_a_day_an_export_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
