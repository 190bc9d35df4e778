/* SPDX-License-Identifier: Apache-2.0
 * The end of a relationship, also of one that was only proposed: grants and open requests end in the same write, and
 * the organisation is told to delete when the person says so. */
#include "domain/policy.h"
#include "domain/proof/outbox.h"
#include "domain/sharing/grant.h"
#include "domain/sharing/relationship_store.h"
#include "domain/sharing/request.h"

err relationship_answer(struct ctx *cx, void *arg)
{
    struct relationship_answer *answer = arg;
    struct relationship relationship;
    TRY(relationship_load(cx, answer->person_id, answer->relationship_id, &relationship));
    struct policy_object object = {.organisation_id = relationship.organisation_id};
    TRY(policy_require(cx, POLICY_RELATIONSHIP_ACCEPT, &object));
    if (relationship.state != RELATIONSHIP_PROPOSED)
        return FAIL(cx, CONFLICT, "relationship.not_proposed", "only a proposed relationship can be answered");
    if (answer->accept && relationship.ends_at_ms != 0 && cx->now_ms >= relationship.ends_at_ms)
        return FAIL(cx, CONFLICT, "relationship.ended", "the time that was proposed is over");
    struct act act =
        relationship_act(&relationship, answer->accept ? ACT_RELATIONSHIP_STARTED : ACT_RELATIONSHIP_DECLINED);
    TRY(answer->accept ? relationship_make_key(cx, &relationship) : request_cancel_all(cx, &relationship));
    TRY(relationship_apply(cx, &relationship, &act, false));
    answer->out = relationship;
    return OK;
}

/* The organisation learns that it should delete what it holds. */
static err announce_erasure(struct ctx *cx, const struct relationship *relationship)
{
    struct outbox_event event = {
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .organisation_id = relationship->organisation_id,
        .kind = "erasure.requested",
        .subject_id = relationship->relationship_id,
    };
    return outbox_add(cx, &event);
}

/* A half that nobody has met is taken back without a receipt: there is no key to sign it with. */
static act_kind end_of(const struct relationship *relationship)
{
    bool half = relationship->state == RELATIONSHIP_PROPOSED || relationship->state == RELATIONSHIP_INVITED;
    return half ? ACT_RELATIONSHIP_DECLINED : ACT_RELATIONSHIP_ENDED;
}

err relationship_end_now(struct ctx *cx, struct relationship *relationship, bool erase, int64_t *out_receipt_id)
{
    *out_receipt_id = 0;
    if (relationship->state == RELATIONSHIP_ENDED && !(erase && relationship->started_at_ms != 0))
        return OK; /* stopping twice is no mistake; asking for deletion later is a new act */
    TRY(grant_end_all(cx, relationship));
    TRY(request_cancel_all(cx, relationship));
    struct act act = relationship_act(relationship, end_of(relationship));
    TRY(relationship_apply(cx, relationship, &act, erase));
    if (erase)
        TRY(announce_erasure(cx, relationship));
    *out_receipt_id = act.receipt_id;
    return OK;
}

err relationship_end(struct ctx *cx, void *arg)
{
    struct relationship_end *end = arg;
    TRY(relationship_load_own(cx, end->relationship_id, &end->out));
    if (end->out.state == RELATIONSHIP_INVITED)
        return FAIL(cx, CONFLICT, "relationship.not_active", "the relationship has not started yet");
    if (end->out.state == RELATIONSHIP_ENDED && end->erase) /* stops nothing any more */
        TRY(act_check_room(cx, end->out.person_id, end->out.relationship_id));
    return relationship_end_now(cx, &end->out, end->erase, &end->out_receipt_id);
}
