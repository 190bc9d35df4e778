/* SPDX-License-Identifier: Apache-2.0
 * Goal: whatever people, organisations and time do, the node is what a second, naive telling of the rules says; nothing
 * leaves without a live grant; the past can be asked; every act is proved; the audit agrees. Method: drawn steps on
 * both, each answer compared. Prints its seed; SEED= repeats a run, STEPS= makes it longer. */
#include "domain/people/leftover.h"
#include "support/life/life.h"

#define STEPS_DEFAULT 4000

static const struct {
    const char *name;
    int         weight;
    void (*run)(struct life *life);
} STEPS[] = {
    {"invite", 2, step_invite},
    {"claim", 3, step_claim},
    {"claim_new", 1, step_claim_new},
    {"propose", 1, step_propose},
    {"answer_proposal", 2, step_answer_proposal},
    {"change", 4, step_change},
    {"end", 1, step_end},
    {"ask", 12, step_ask},
    {"answer", 14, step_answer},
    {"revise", 4, step_revise},
    {"cancel", 1, step_cancel},
    {"give", 10, step_give},
    {"narrow", 6, step_narrow},
    {"withdraw", 3, step_withdraw},
    {"report", 2, step_report},
    {"put", 5, step_put},
    {"remove", 1, step_remove},
    {"read", 30, step_read},
    {"foreign", 3, step_foreign},
    {"publish", 3, step_publish},
    {"retire", 1, step_retire},
    {"rekey", 1, step_rekey},
    {"pass", 16, step_pass},
};

static void run_step(struct life *life)
{
    int total = 0;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        total += STEPS[i].weight;
    int drawn = life_draw(life, total);
    size_t at = 0;
    while (drawn >= STEPS[at].weight)
        drawn -= STEPS[at++].weight;
    life->step = STEPS[at].name;
    STEPS[at].run(life);
    test_node_rest(&life->world.node);
}

static void run_checks(struct life *life, int64_t steps)
{
    static const struct {
        int64_t     every;
        const char *name;
        void (*run)(struct life *life);
    } CHECKS[] = {
        {20, "past", check_past},   {50, "states", check_states},   {60, "receipts", check_receipts},
        {250, "lists", check_lists}, {500, "audit", check_audit},
    };
    for (size_t i = 0; i < sizeof CHECKS / sizeof *CHECKS; i++) {
        if (steps % CHECKS[i].every != 0)
            continue;
        life->step = CHECKS[i].name;
        CHECKS[i].run(life);
        test_node_rest(&life->world.node);
    }
}

/* A run in which little has happened proves little. */
static void check_that_much_happened(const struct life *life, int64_t steps)
{
    const struct model *model = life->model;
    int64_t given = 0;
    int64_t refused = 0;
    int ended = 0;
    for (int i = 0; i < model->people_count; i++) {
        given += model->people[i].given;
        refused += model->people[i].refused;
    }
    for (int i = 0; i < model->relationships_count; i++)
        ended += m_relationship_state(model, i) == S_ENDED;
    (void)printf("%lld steps: %d relationships (%d ended), %d requests, %d grants, %lld reads given, %lld refused\n",
                 (long long)steps, model->relationships_count, ended, model->requests_count, model->grants_count,
                 (long long)given, (long long)refused);
    assert_true(steps < STEPS_DEFAULT || (model->grants_count > 15 && given > 15 && refused > 50 && ended > 5));
}

static void the_node_does_what_the_model_says(void **state)
{
    (void)state; /* it makes its own */
    static const int64_t ERASE_EVERY = 1500;
    struct model *model = calloc(1, sizeof *model);
    struct life life;
    assert_non_null(model);
    life_open(&life, model);
    int64_t steps = dice_setting("STEPS", STEPS_DEFAULT);
    for (life.steps = 1; life.steps <= steps; life.steps++) {
        run_step(&life);
        if (life.steps % ERASE_EVERY == 0)
            step_erase(&life);
        run_checks(&life, life.steps);
    }
    check_states(&life);
    check_lists(&life);
    struct ctx *cx = world_as(&life.world, life.world.operator_);
    life_expect(&life, leftover_sweep(cx, life.world.node.store), NULL);
    check_audit(&life);
    check_that_much_happened(&life, steps);
    life_close(&life);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_does_what_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
