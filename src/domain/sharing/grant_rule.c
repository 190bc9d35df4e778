/* SPDX-License-Identifier: Apache-2.0
 * What a grant is and allows, without store and without effects: words, what its acts add up to, its state at an hour.
 * grant_refusal() is the one place that says whether a kind may leave. */
#include "domain/sharing/grant.h"

#include "base/timekeeper.h"

static const char *const STATES[] = {
    [GRANT_ACTIVE] = "active",   [GRANT_WITHDRAWN] = "withdrawn", [GRANT_EXPIRED] = "expired",
    [GRANT_USED_UP] = "used_up", [GRANT_ENDED] = "ended",
};

const char *grant_state_word(grant_state state)
{
    return STATES[state];
}

static grant_state state_after(grant_state before, act_kind kind)
{
    static const struct {
        act_kind    kind;
        grant_state after;
    } MOVES[] = {
        {ACT_GRANT_GIVEN, GRANT_ACTIVE},       {ACT_GRANT_WITHDRAWN, GRANT_WITHDRAWN},
        {ACT_GRANT_ENDED, GRANT_ENDED},        {ACT_GRANT_EVENT_REACHED, GRANT_USED_UP},
    };
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++)
        if (MOVES[i].kind == kind)
            return MOVES[i].after;
    return before;
}

void grant_fold(struct grant *grant, const struct act *act)
{
    grant->person_id = act->person_id;
    grant->relationship_id = act->relationship_id;
    grant->purpose_id = act->purpose_id;
    grant->purpose_version = act->purpose_version;
    grant->grant_id = act->subject_id;
    grant->attributes = act->attributes;
    grant->departments = act->departments;
    grant->from_at_ms = act->from_at_ms;
    grant->until_at_ms = act->until_at_ms;
    grant->uses = act->uses;
    grant->state = state_after(grant->state, act->kind);
    grant->ended_at_ms = grant->state == GRANT_ACTIVE ? 0 : act->at_ms;
    grant->receipt_id = act->receipt_id;
    grant->last_act_id = act->act_id;
    grant->closes_at_ms = grant->state == GRANT_ACTIVE ? grant->until_at_ms : grant->ended_at_ms;
}

grant_state grant_state_at(const struct grant *grant, int64_t at_ms)
{
    if (grant->state != GRANT_ACTIVE)
        return grant->state;
    if (at_ms >= grant->until_at_ms)
        return GRANT_EXPIRED;
    return uses_is_counted(&grant->uses) && grant->used >= grant->uses.max ? GRANT_USED_UP : GRANT_ACTIVE;
}

const char *grant_refusal(const struct grant *grant, attribute_number kind, int64_t department_bit, int64_t at_ms)
{
    static const char *const REASONS[] = {
        [GRANT_ACTIVE] = NULL,
        [GRANT_WITHDRAWN] = "grant.withdrawn",
        [GRANT_EXPIRED] = "grant.expired",
        [GRANT_USED_UP] = "grant.used_up",
        [GRANT_ENDED] = "relationship.ended",
    };
    if ((grant->departments & department_bit) == 0 || !attribute_set_has(grant->attributes, kind))
        return "grant.none";
    if (timekeeper_is_before(at_ms, grant->from_at_ms)) /* given at a server whose clock is a little ahead */
        return "grant.not_yet";
    return REASONS[grant_state_at(grant, at_ms)];
}

bool grant_permits(const struct grant *grant, attribute_number kind, int64_t department_bit, int64_t at_ms)
{
    return grant_refusal(grant, kind, department_bit, at_ms) == NULL;
}
