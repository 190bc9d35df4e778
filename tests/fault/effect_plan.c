/* SPDX-License-Identifier: Apache-2.0
 * See effect_plan.h. */
#include "fault/effect_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "fault/effect_places.h"

/* The first access comes before main(), when there is one thread. */
static struct effect_plan **place_of_plan(void)
{
    static struct effect_plan *plan;
    return &plan;
}

void effect_plan_renew(void)
{
    void *at = mmap(NULL, sizeof(struct effect_plan), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        abort();
    *place_of_plan() = at;
}

struct effect_plan *effect_plan(void)
{
    if (*place_of_plan() == NULL)
        effect_plan_renew();
    return *place_of_plan();
}

void effect_arm(effect_kind kind, int64_t at, bool on)
{
    struct effect_plan *plan = effect_plan();
    plan->kind = kind;
    plan->at = at;
    plan->on = on;
    atomic_store(&plan->refused, 0);
    for (int i = 0; i < EFFECT_COUNT; i++)
        atomic_store(&plan->calls[i], 0);
    atomic_store(&plan->armed, true);
}

void effect_lift(void)
{
    atomic_store(&effect_plan()->armed, false);
}

static bool is_checkpointer(void)
{
    char name[16] = "";
    return prctl(PR_GET_NAME, name) == 0 && strcmp(name, "checkpoint") == 0;
}

bool effect_strikes(effect_kind kind)
{
    struct effect_plan *plan = effect_plan();
    bool counts = plan->kind == EFFECT_NONE || plan->kind == kind; /* of the others nobody asks */
    if (!atomic_load(&plan->armed) || !counts || is_checkpointer())
        return false;
    int64_t call = atomic_fetch_add(&plan->calls[kind], 1) + 1;
    if (plan->kind == EFFECT_NONE)
        effect_places_note(kind, call);
    bool strikes = plan->kind == kind && (call == plan->at || (plan->on && call > plan->at));
    if (strikes)
        (void)atomic_fetch_add(&plan->refused, 1);
    return strikes;
}

const char *effect_word(effect_kind kind)
{
    static const char *const WORDS[EFFECT_COUNT] = {
        [EFFECT_NONE] = "nothing",
#define X(name, word, ends) [EFFECT_##name] = (word),
        EFFECT_KINDS(X)
#undef X
    };
    return WORDS[kind];
}

bool effect_may_end(effect_kind kind)
{
    static const bool ENDS[EFFECT_COUNT] = {
#define X(name, word, ends) [EFFECT_##name] = (ends),
        EFFECT_KINDS(X)
#undef X
    };
    return ENDS[kind];
}
