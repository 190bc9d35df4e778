/* SPDX-License-Identifier: Apache-2.0
 * What the person changes while a relationship lives: nature, dates, pause and resume. A grant never outlasts its
 * relationship: an earlier end shortens the live grants in the same write. */
#include "domain/policy.h"
#include "domain/sharing/grant.h"
#include "domain/sharing/relationship_store.h"

/* Which act a change is, after checking that the state allows it. */
static err plan_change(struct ctx *cx, const struct relationship_change *change,
                       const struct relationship *relationship, act_kind *out_kind)
{
    relationship_state state = relationship_state_at(relationship, cx->now_ms);
    if (state == RELATIONSHIP_ENDED)
        return FAIL(cx, CONFLICT, "relationship.ended", "the relationship has ended");
    if (change->move == MOVE_PAUSE && state != RELATIONSHIP_ACTIVE)
        return FAIL(cx, CONFLICT, "relationship.not_active", "only an active relationship can be paused");
    if (change->move == MOVE_RESUME && state != RELATIONSHIP_PAUSED)
        return FAIL(cx, CONFLICT, "relationship.not_paused", "only a paused relationship can be resumed");
    if (state != RELATIONSHIP_ACTIVE && state != RELATIONSHIP_PAUSED)
        return FAIL(cx, CONFLICT, "relationship.not_active", "the relationship has not started yet");
    *out_kind = change->move == MOVE_PAUSE    ? ACT_RELATIONSHIP_PAUSED
                : change->move == MOVE_RESUME ? ACT_RELATIONSHIP_RESUMED
                                              : ACT_RELATIONSHIP_CHANGED;
    return OK;
}

/* An earlier end is the only change of terms that takes something away and gives nothing. */
static bool only_shortens(const struct relationship_change *change, const struct relationship *relationship)
{
    bool only_ends = change->set_ends && !change->set_nature && !change->set_review && change->move == MOVE_NONE;
    bool earlier = relationship->ends_at_ms == 0 || change->ends_at_ms < relationship->ends_at_ms;
    return only_ends && change->ends_at_ms != 0 && earlier;
}

bool relationship_change_stops(const struct relationship_change *change, const struct relationship *relationship)
{
    return change->move == MOVE_PAUSE || only_shortens(change, relationship);
}

/* As with a grant: halves are soon used up, and an end nearer by a moment leaves a receipt like any other. */
static bool takes_a_sliver(const struct relationship_change *change, const struct relationship *relationship,
                           int64_t now_ms)
{
    int64_t left_ms = relationship->ends_at_ms - now_ms;
    return change->move != MOVE_PAUSE && relationship->ends_at_ms != 0 && change->ends_at_ms - now_ms > left_ms / 2;
}

/* What is so already did not happen: there is nothing to prove. */
static bool says_nothing_new(const struct relationship *relationship, const struct act *act)
{
    return act->kind == ACT_RELATIONSHIP_CHANGED && act->nature == relationship->nature &&
           act->until_at_ms == relationship->ends_at_ms && act->review_at_ms == relationship->review_at_ms;
}

err relationship_change(struct ctx *cx, void *arg)
{
    struct relationship_change *change = arg;
    struct relationship relationship;
    act_kind kind = ACT_NONE;
    TRY(relationship_load_own(cx, change->relationship_id, &relationship));
    TRY(plan_change(cx, change, &relationship, &kind));
    struct act act = relationship_act(&relationship, kind);
    if (change->set_nature)
        act.nature = change->nature;
    if (change->set_ends)
        act.until_at_ms = change->ends_at_ms;
    if (change->set_review)
        act.review_at_ms = change->review_at_ms;
    TRY(relationship_check_dates(cx, change->set_ends ? act.until_at_ms : 0,
                                 change->set_review ? act.review_at_ms : 0));
    if (act.until_at_ms != 0 && act.review_at_ms > act.until_at_ms)
        return FAIL_AT(cx, INVALID, "relationship.review_after_end", "/review", "the review lies after the end");
    if (!says_nothing_new(&relationship, &act)) {
        if (!relationship_change_stops(change, &relationship) || takes_a_sliver(change, &relationship, cx->now_ms))
            TRY(act_check_room(cx, relationship.person_id, relationship.relationship_id));
        TRY(relationship_apply(cx, &relationship, &act, false));
        TRY(grant_shorten_all(cx, &relationship));
    }
    change->out = relationship;
    return OK;
}
