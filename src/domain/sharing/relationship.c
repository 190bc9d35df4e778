/* SPDX-License-Identifier: Apache-2.0
 * The life of a relationship: proposed or invited, active, paused. Each change is one act. How it ends stands in
 * relationship_end.c, what acts add up to in relationship_rule.c. */
#include "domain/sharing/relationship.h"

#include "base/limits.h"
#include "base/time.h"
#include "domain/policy.h"
#include "domain/proof/receipt.h"
#include "domain/sharing/relationship_store.h"

struct act relationship_act(const struct relationship *relationship, act_kind kind)
{
    return (struct act){
        .kind = kind,
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .subject_id = relationship->relationship_id,
        .previous_id = relationship->last_act_id,
        .organisation_id = relationship->organisation_id,
        .nature = relationship->nature,
        .until_at_ms = relationship->ends_at_ms,
        .review_at_ms = relationship->review_at_ms,
    };
}

err relationship_apply(struct ctx *cx, struct relationship *relationship, struct act *act, bool erase)
{
    struct receipt_subject subject = {.relationship = relationship, .language = TEXT("en"), .erase = erase};
    if (act_consent_status(act->kind)[0] != '\0')
        TRY(receipt_make(cx, act, &subject));
    TRY(act_append(cx, act));
    relationship_fold(relationship, act);
    return relationship_save(cx, relationship);
}

err relationship_find(struct ctx *cx, int64_t person_id, int64_t organisation_id, struct relationship *out,
                      bool *out_found)
{
    struct relationship_list list = {.limit = LIMIT_ROWS};
    TRY(relationship_list_any(cx, person_id, &list));
    *out_found = false;
    for (size_t i = 0; i < list.out_count; i++) {
        if (list.out[i].organisation_id == organisation_id &&
            relationship_state_at(&list.out[i], cx->now_ms) != RELATIONSHIP_ENDED) {
            *out = list.out[i];
            *out_found = true;
        }
    }
    return OK;
}

err relationship_check_dates(struct ctx *cx, int64_t ends_at_ms, int64_t review_at_ms)
{
    if (ends_at_ms != 0 && ends_at_ms <= cx->now_ms)
        return FAIL_AT(cx, INVALID, "relationship.end_in_past", "/ends",
                       "the end lies in the past; to end now, end it");
    if (review_at_ms != 0 && review_at_ms <= cx->now_ms)
        return FAIL_AT(cx, INVALID, "relationship.review_in_past", "/review", "the review date lies in the past");
    if (ends_at_ms != 0 && review_at_ms > ends_at_ms)
        return FAIL_AT(cx, INVALID, "relationship.review_after_end", "/review", "the review lies after the end");
    return OK;
}

err relationship_invite(struct ctx *cx, int64_t person_id, int64_t organisation_id, struct relationship *out)
{
    struct relationship relationship = {
        .person_id = person_id,
        .relationship_id = ctx_number(cx),
        .organisation_id = organisation_id,
        .nature = NATURE_CUSTOMER,
        .edge_person_id = person_id,
    };
    struct act act = relationship_act(&relationship, ACT_RELATIONSHIP_INVITED);
    TRY(relationship_apply(cx, &relationship, &act, false));
    *out = relationship;
    return OK;
}

err relationship_begin(struct ctx *cx, struct relationship *relationship, const struct relationship_start *start)
{
    TRY(relationship_check_dates(cx, start->ends_at_ms, start->review_at_ms));
    TRY(relationship_make_key(cx, relationship));
    struct act act = relationship_act(relationship, ACT_RELATIONSHIP_STARTED);
    if (start->nature != 0)
        act.nature = start->nature;
    act.until_at_ms = start->ends_at_ms;
    act.review_at_ms = start->review_at_ms;
    return relationship_apply(cx, relationship, &act, false);
}

/* Proposing and taking back leaves a row each time. */
err relationship_check_new(struct ctx *cx, int64_t person_id)
{
    struct sql_relationship_count_in in = {person_id, number_first_of_ms(cx->now_ms - TIME_DAY_MS),
                                           LIMIT_PROPOSALS_A_DAY};
    struct sql_relationship_count_row lately = {0};
    bool found = false;
    TRY(sql_relationship_count(cx, &in, &lately, &found));
    if (lately.relationships >= LIMIT_PROPOSALS_A_DAY)
        return FAIL_OF_A_DAY(cx, number_made_at_ms(lately.first_id), "relationship.too_many_proposals",
                             "at most %d new relationships a day", LIMIT_PROPOSALS_A_DAY);
    return OK;
}

err relationship_propose(struct ctx *cx, void *arg)
{
    struct relationship_propose *propose = arg;
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_SHAPE));
    TRY(relationship_check_dates(cx, propose->ends_at_ms, propose->review_at_ms));
    struct relationship relationship;
    bool found = false;
    TRY(relationship_find(cx, cx->actor.person_id, propose->organisation_id, &relationship, &found));
    if (found)
        return FAIL(cx, CONFLICT, "relationship.exists", "there is a relationship with this organisation already");
    TRY(relationship_check_new(cx, cx->actor.person_id));
    relationship = (struct relationship){
        .person_id = cx->actor.person_id,
        .relationship_id = ctx_number(cx),
        .organisation_id = propose->organisation_id,
        .nature = propose->nature != 0 ? propose->nature : NATURE_LOOKING,
        .edge_person_id = cx->actor.person_id,
        .ends_at_ms = propose->ends_at_ms,
        .review_at_ms = propose->review_at_ms,
    };
    struct act act = relationship_act(&relationship, ACT_RELATIONSHIP_PROPOSED);
    TRY(relationship_apply(cx, &relationship, &act, false));
    propose->out = relationship;
    return OK;
}

err relationship_load_own(struct ctx *cx, int64_t relationship_id, struct relationship *out)
{
    TRY(policy_require_own(cx, POLICY_RELATIONSHIP_SHAPE));
    return relationship_load(cx, cx->actor.person_id, relationship_id, out);
}
