/* SPDX-License-Identifier: Apache-2.0
 * The node and its model side by side: steps act on both with the same drawn numbers, checks compare them. */
#ifndef TESTS_SUPPORT_LIFE_H
#define TESTS_SUPPORT_LIFE_H

#include "support/life/moves.h"
#include "support/dice.h"
#include "support/world.h"

struct life {
    struct world    world;
    struct dice     dice;
    struct model   *model;
    struct actor    systems[ORGANISATIONS][DEPARTMENTS];
    int64_t         organisations[ORGANISATIONS];
    attribute_number kinds[KINDS]; /* rising */
    int64_t         begun_at_ms;
    int64_t         steps;
    int64_t         last_value;
    const char     *step; /* its name, for messages */
};

void life_open(struct life *life, struct model *model);
void life_close(struct life *life);

/* ---- drawing */
int life_draw(struct life *life, int below);
bool life_is(struct life *life, int percent);
void life_add_person(struct life *life, struct actor actor);
int life_person(struct life *life);       /* one that is here */
int life_relationship(struct life *life); /* of somebody who is not erased, or -1 */
struct m_dates life_dates(struct life *life);
struct m_terms life_terms(struct life *life, int purpose);
unsigned life_kinds(struct life *life, unsigned from);

/* ---- from the model to the node */
struct actor life_actor(const struct life *life, int person);
struct attribute_set life_set(const struct life *life, unsigned kinds);
struct uses life_uses(struct m_uses uses);
int64_t life_bits(const struct life *life, int organisation, unsigned departments);
struct id life_purpose(const struct life *life, int purpose);
struct relationship life_load(struct life *life, int relationship);

/* The node must have done what the model says. */
void life_expect(struct life *life, err result, const char *reason);
#define LIFE_WRITE(life, actor, run, arg) test_node_write(&(life)->world.node, &(actor), (run), (arg))

/* ---- steps */
void step_invite(struct life *life);
void claim(struct life *life, int invitation); /* by somebody who is here */
void step_claim(struct life *life);
void step_claim_new(struct life *life);
void step_propose(struct life *life);
void step_answer_proposal(struct life *life);
void step_change(struct life *life);
void step_end(struct life *life);
void step_ask(struct life *life);
void step_answer(struct life *life);
void step_revise(struct life *life);
void step_cancel(struct life *life);
void step_give(struct life *life);
void step_narrow(struct life *life);
void step_withdraw(struct life *life);
void step_report(struct life *life);
void step_put(struct life *life);
void step_remove(struct life *life);
void step_read(struct life *life);
void step_foreign(struct life *life);
void step_publish(struct life *life);
void step_retire(struct life *life);
void step_rekey(struct life *life);
void step_pass(struct life *life);
void step_erase(struct life *life);

/* ---- checks */
void check_relationship(struct life *life, int at);
void check_grant(struct life *life, int at);
void check_request(struct life *life, int at);
void check_states(struct life *life);
void check_past(struct life *life);
void check_receipts(struct life *life);
void check_lists(struct life *life);
void check_audit(struct life *life);

#endif
