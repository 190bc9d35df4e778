/* SPDX-License-Identifier: Apache-2.0
 * The one function that decides every access. Each domain function asks it first, with the owner of the very object
 * that it is about to touch; what is not allowed by policy.def is refused. "Not yours" and "does not exist" are one
 * answer. */
#ifndef DOMAIN_POLICY_H
#define DOMAIN_POLICY_H

#include "base/ctx.h"

typedef enum policy_deed {
#define X(deed, caller, relation) POLICY_##deed,
#define OF_MEMBER(deed, role, relation, proof)
#include "domain/policy.def"
#undef OF_MEMBER
#undef X
    POLICY_COUNT
} policy_deed;

/* Whose the object is; 0 where it belongs to nobody of that kind. */
struct policy_object {
    int64_t person_id;
    int64_t organisation_id;
    int64_t department_id;
    int64_t departments; /* bits of those that it names */
};

/* OK, or NOT_FOUND not_found when the object is not the caller's, or FORBIDDEN actor.wrong_kind when no caller of this
 * kind may do such a deed at all; for a member also FORBIDDEN passkey.not_fresh. The operator may do every deed: he
 * works on the node itself. */
err policy_require(struct ctx *cx, policy_deed deed, const struct policy_object *object) MUST_CHECK;

/* For lists and new things of the caller's own: the object is the caller's person or organisation. */
err policy_require_own(struct ctx *cx, policy_deed deed) MUST_CHECK;

/* The one failure for what is hidden and what is absent. */
#define FAIL_NOT_FOUND(cx) FAIL((cx), NOT_FOUND, "not_found", "no such thing, or not visible to the caller")

#endif
