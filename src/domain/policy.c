/* SPDX-License-Identifier: Apache-2.0
 * The decision over policy.def. No deed has a second path: what the table does not allow is refused. */
#include "domain/policy.h"

#include <assert.h>

typedef enum relation { OWN_PERSON, OWN_ORGANISATION, OWN_DEPARTMENT, NAMED_DEPARTMENT, NODE } relation;

static const struct {
    actor_kind caller;
    relation   relation;
} TABLE[POLICY_COUNT] = {
#define X(deed, caller, relation) [POLICY_##deed] = {ACTOR_##caller, relation},
#include "domain/policy.def"
#undef X
};

static bool is_own(const struct actor *actor, relation wanted, const struct policy_object *object)
{
    switch (wanted) {
    case OWN_PERSON:
        return object->person_id != 0 && object->person_id == actor->person_id;
    case OWN_ORGANISATION:
        return object->organisation_id != 0 && object->organisation_id == actor->organisation_id;
    case OWN_DEPARTMENT:
        return object->organisation_id != 0 && object->organisation_id == actor->organisation_id &&
               object->department_id != 0 && object->department_id == actor->department_id;
    case NAMED_DEPARTMENT:
        return object->organisation_id != 0 && object->organisation_id == actor->organisation_id &&
               (object->departments & actor->department_bit) != 0;
    case NODE:
        return false; /* the operator was let through before */
    }
    return false;
}

err policy_require(struct ctx *cx, policy_deed deed, const struct policy_object *object)
{
    assert(deed < POLICY_COUNT);
    if (cx->actor.kind == ACTOR_OPERATOR)
        return OK;
    if (cx->actor.kind != TABLE[deed].caller)
        return FAIL(cx, FORBIDDEN, "actor.wrong_kind", "this is not for a caller of this kind");
    if (!is_own(&cx->actor, TABLE[deed].relation, object))
        return FAIL_NOT_FOUND(cx);
    return OK;
}

err policy_require_own(struct ctx *cx, policy_deed deed)
{
    const struct actor *actor = &cx->actor;
    struct policy_object own = {actor->person_id, actor->organisation_id, actor->department_id, actor->department_bit};
    return policy_require(cx, deed, &own);
}
