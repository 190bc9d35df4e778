/* SPDX-License-Identifier: Apache-2.0
 * The decision over policy.def. No deed has a second path: what the table does not allow is refused. */
#include "domain/policy.h"

#include <assert.h>

#include "base/limits.h"

typedef enum relation { OWN_PERSON, OWN_ORGANISATION, OWN_DEPARTMENT, NAMED_DEPARTMENT, NODE } relation;

static const struct {
    actor_kind caller;
    relation   relation;
} TABLE[POLICY_COUNT] = {
#define X(deed, caller, relation) [POLICY_##deed] = {ACTOR_##caller, relation},
#define OF_MEMBER(deed, role, relation, proof)
#include "domain/policy.def"
#undef OF_MEMBER
#undef X
};

/* What a member's session must have shown. */
typedef enum proof { UNPROVED, PROVED, FRESH } proof;

static const struct {
    member_role role; /* MEMBER_NONE: no member may */
    relation    relation;
    proof       proof;
} OF_MEMBERS[POLICY_COUNT] = {
#define X(deed, caller, relation)
#define OF_MEMBER(deed, role, relation, proof) [POLICY_##deed] = {MEMBER_##role, relation, proof},
#include "domain/policy.def"
#undef OF_MEMBER
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

static err fail_kind(struct ctx *cx)
{
    return FAIL(cx, FORBIDDEN, "actor.wrong_kind", "this is not for a caller of this kind");
}

static bool has_shown(const struct ctx *cx, proof wanted)
{
    int64_t at_ms = cx->actor.passkey_at_ms;
    if (wanted == UNPROVED)
        return true;
    return at_ms != 0 && (wanted == PROVED || cx->now_ms - at_ms < LIMIT_FRESH_MS);
}

static err require_of_member(struct ctx *cx, policy_deed deed, const struct policy_object *object)
{
    if (OF_MEMBERS[deed].role == MEMBER_NONE || cx->actor.role < OF_MEMBERS[deed].role)
        return fail_kind(cx);
    if (!is_own(&cx->actor, OF_MEMBERS[deed].relation, object))
        return FAIL_NOT_FOUND(cx);
    if (!has_shown(cx, OF_MEMBERS[deed].proof))
        return FAIL(cx, FORBIDDEN, "passkey.not_fresh", "prove with a passkey that it is you, and do this within %d "
                    "minutes", (int)(LIMIT_FRESH_MS / 60000));
    return OK;
}

err policy_require(struct ctx *cx, policy_deed deed, const struct policy_object *object)
{
    assert(deed < POLICY_COUNT);
    if (cx->actor.kind == ACTOR_OPERATOR)
        return OK;
    if (cx->actor.kind == ACTOR_MEMBER)
        return require_of_member(cx, deed, object);
    if (cx->actor.kind != TABLE[deed].caller)
        return fail_kind(cx);
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
