/* SPDX-License-Identifier: Apache-2.0
 * Objecting, by word or by signal, and lifting it. */
#include "domain/sharing/objection_change.h"

#include "base/limits.h"
#include "domain/policy.h"
#include "domain/sharing/grant.h"
#include "domain/sharing/relationship_store.h"

#define ACT_BYTES_MAX LIMIT_REQUEST_ARENA_BYTES

/* Change, proof, event. An objection is the newer word beside every grant that there is. */
static err apply(struct ctx *cx, struct relationship *relationship, act_kind kind)
{
    struct grant *grants = NULL;
    size_t count = 0;
    struct act act = relationship_act(relationship, kind);
    TRY(grant_list_live_of_relationship(cx, relationship, &grants, &count));
    for (size_t i = 0; i < count; i++)
        number_lift(cx->numbers, grants[i].grant_id);
    return relationship_apply(cx, relationship, &act, false);
}

static err check_lives(struct ctx *cx, const struct relationship *relationship)
{
    relationship_state state = relationship_state_at(relationship, cx->now_ms);
    if (state == RELATIONSHIP_ENDED)
        return FAIL(cx, CONFLICT, "relationship.ended", "the relationship has ended");
    if (state != RELATIONSHIP_ACTIVE && state != RELATIONSHIP_PAUSED)
        return FAIL(cx, CONFLICT, "relationship.not_active", "the relationship has not started yet");
    return OK;
}

err objection_change(struct ctx *cx, void *arg)
{
    struct objection_change *change = arg;
    const objection_state wanted = change->stands ? OBJECTION_MADE : OBJECTION_LIFTED;
    struct relationship relationship;
    TRY(relationship_load_own(cx, change->relationship_id, &relationship));
    TRY(check_lives(cx, &relationship));
    if (relationship.objection.state != wanted) {
        if (!change->stands)
            TRY(act_check_room(cx, relationship.person_id, relationship.relationship_id));
        TRY(apply(cx, &relationship, change->stands ? ACT_RELATIONSHIP_OBJECTED : ACT_RELATIONSHIP_LIFTED));
    }
    change->out = relationship;
    return OK;
}

/* ---- by signal */

err objection_signal_is_new(struct ctx *cx, bool *out)
{
    struct relationship_list list = {.limit = 1};
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_SHAPE));
    TRY(relationship_list_unasked(cx, &list));
    *out = list.out_count > 0;
    return OK;
}

err objection_hear(struct ctx *cx, struct relationship *relationship)
{
    if (!cx->actor.signals || relationship->objection.state != OBJECTION_NONE)
        return OK;
    struct policy_object object = {.person_id = relationship->person_id};
    TRY(policy_require(cx, POLICY_RELATIONSHIP_SHAPE, &object));
    return apply(cx, relationship, ACT_RELATIONSHIP_SIGNALLED);
}

/* Each act takes its memory apart: a person may have very many relationships. */
static err signal_all(struct ctx *apart, struct relationship *relationships, size_t count)
{
    err result = OK;
    for (size_t i = 0; i < count && result == OK; i++) {
        result = apply(apart, &relationships[i], ACT_RELATIONSHIP_SIGNALLED);
        arena_reset(apart->arena);
    }
    return result;
}

err objection_signal(struct ctx *cx)
{
    struct relationship_list list = {.limit = OBJECTION_SIGNALS_MOST};
    struct ctx apart;
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_SHAPE));
    TRY(relationship_list_unasked(cx, &list));
    TRY(ctx_part(cx, ACT_BYTES_MAX, &apart));
    return ctx_join(cx, &apart, signal_all(&apart, list.out, list.out_count));
}
