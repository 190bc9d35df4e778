/* SPDX-License-Identifier: Apache-2.0
 * The person's answer to a request: accept, adjust, counter-offer, refuse. Each leaves a receipt: of the grant that it
 * leads to, or of the answer itself. */
#include "crypto/id_seal.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/policy.h"
#include "domain/proof/receipt.h"
#include "domain/sharing/objection_change.h"
#include "domain/sharing/request_store.h"

#define ANSWER_GRACE_MS 60000

/* Everything that an answer rests on. */
struct question {
    struct request      request;
    struct relationship relationship;
    struct purpose      purpose;
    struct department   department;
};

/* Whoever has made a counter-offer may still say no, and nothing else. */
static bool may_answer(const struct request *request, request_answer_kind answer, int64_t at_ms)
{
    request_state state = request_state_at(request, at_ms);
    return state == REQUEST_OPEN || (state == REQUEST_COUNTERED && answer == ANSWER_REFUSE);
}

/* Nothing new rests on a purpose that was retired; to a request that came before it one can still say no. */
static err check_purpose(struct ctx *cx, const struct request *request, request_answer_kind answer)
{
    struct id purpose_id = {ID_PURPOSE, request->organisation_id, request->purpose_id};
    struct purpose published;
    return answer == ANSWER_REFUSE ? OK : purpose_load_published(cx, &purpose_id, &published);
}

static err load_question(struct ctx *cx, const struct request_answer *answer, struct question *out)
{
    TRY(policy_require_own(cx, POLICY_REQUEST_ANSWER));
    TRY(request_load(cx, cx->actor.person_id, answer->request_id, &out->request));
    TRY(relationship_load(cx, out->request.person_id, out->request.relationship_id, &out->relationship));
    struct id purpose_id = {ID_PURPOSE, out->request.organisation_id, out->request.purpose_id};
    TRY(purpose_load(cx, &purpose_id, out->request.purpose_version, &out->purpose));
    TRY(department_load(cx, out->request.organisation_id, out->request.department_id, &out->department));
    if (!may_answer(&out->request, answer->answer, cx->now_ms))
        return FAIL(cx, CONFLICT, "request.not_open", "the request is answered, cancelled or too old");
    if (relationship_state_at(&out->relationship, cx->now_ms) != RELATIONSHIP_ACTIVE)
        return FAIL(cx, CONFLICT, "relationship.not_active", "the relationship is not active");
    return check_purpose(cx, &out->request, answer->answer);
}

/* What is given, for how long and how often: what the answer says, else what was asked. */
struct terms {
    struct attribute_set attributes;
    int64_t              until_at_ms;
    struct uses          uses;
};

/* What is asked ends at `latest_at_ms`; an answer may be up to a minute late, since the clock went on while the person
 * filled in the form, and then ends when the question ends. */
static err read_until(struct ctx *cx, const struct request_answer *answer, int64_t latest_at_ms, int64_t *out)
{
    if (answer->set_duration && (answer->duration_ms <= 0 || answer->duration_ms > latest_at_ms - cx->now_ms))
        return FAIL_AT(cx, INVALID, "answer.too_long", "/duration", "longer than was asked, or no time at all");
    int64_t until_at_ms = answer->set_until      ? answer->until_at_ms
                          : answer->set_duration ? cx->now_ms + answer->duration_ms
                                                 : latest_at_ms;
    if (until_at_ms <= cx->now_ms)
        return FAIL_AT(cx, INVALID, "answer.in_past", "/until", "the end lies in the past");
    if (until_at_ms > latest_at_ms + ANSWER_GRACE_MS)
        return FAIL_AT(cx, INVALID, "answer.too_long", "/until", "longer than was asked");
    *out = until_at_ms < latest_at_ms ? until_at_ms : latest_at_ms;
    return OK;
}

static err read_terms(struct ctx *cx, const struct request_answer *answer, const struct question *question,
                      struct terms *out)
{
    const struct request *request = &question->request;
    out->attributes = answer->set_attributes ? answer->attributes : request->attributes;
    out->uses = answer->set_uses ? answer->uses : request->uses;
    struct attribute_set needed = attribute_set_intersect(request->attributes, question->purpose.needed);
    if (!attribute_set_is_subset(out->attributes, request->attributes))
        return FAIL_AT(cx, INVALID, "answer.outside_request", "/attributes", "more kinds than were asked for");
    if (!attribute_set_is_subset(needed, out->attributes) || attribute_set_is_empty(out->attributes))
        return FAIL_AT(cx, INVALID, "answer.needed_missing", "/attributes",
                       "a kind that is needed is left out; make a counter-offer instead");
    TRY(read_until(cx, answer, cx->now_ms + request->duration_ms, &out->until_at_ms));
    TRY(uses_check(cx, &out->uses, "/uses"));
    if (!uses_is_within(&out->uses, &request->uses))
        return FAIL_AT(cx, INVALID, "answer.outside_request", "/uses", "more often than was asked for");
    return OK;
}

static err give(struct ctx *cx, struct request_answer *answer, struct question *question)
{
    struct terms terms;
    TRY(objection_hear(cx, &question->relationship));
    TRY(read_terms(cx, answer, question, &terms));
    int64_t ends_at_ms = question->relationship.ends_at_ms;
    struct grant grant = {
        .attributes = terms.attributes,
        .departments = question->department.bit,
        .until_at_ms = ends_at_ms != 0 && terms.until_at_ms > ends_at_ms ? ends_at_ms : terms.until_at_ms,
        .uses = terms.uses,
    };
    TRY(grant_begin(cx, &question->relationship, &question->purpose, &grant));
    struct act act = request_act(&question->request, answer->answer == ANSWER_ACCEPT ? ACT_REQUEST_ACCEPTED
                                                                                      : ACT_REQUEST_ADJUSTED);
    act.grant_id = grant.grant_id;
    TRY(request_apply(cx, &question->request, &act));
    answer->out_has_grant = true;
    answer->out_grant = grant;
    answer->out_receipt_id = grant.receipt_id;
    return OK;
}

static err read_counter(struct ctx *cx, const struct request_answer *answer, const struct question *question,
                        struct act *act)
{
    struct attribute_set known = attribute_set_union(question->purpose.needed, question->purpose.optional);
    if (question->request.revision != 1)
        return FAIL(cx, CONFLICT, "request.countered_already", "there is one counter-offer to a request");
    if (answer->set_attributes)
        act->attributes = answer->attributes;
    if (answer->set_duration)
        act->duration_ms = answer->duration_ms;
    if (answer->set_until)
        act->duration_ms = answer->until_at_ms - cx->now_ms;
    if (answer->set_uses)
        act->uses = answer->uses;
    if (attribute_set_is_empty(act->attributes) || !attribute_set_is_subset(act->attributes, known))
        return FAIL_AT(cx, INVALID, "answer.outside_request", "/attributes", "offer kinds that the purpose names");
    if (act->duration_ms <= 0)
        return FAIL_AT(cx, INVALID, "answer.in_past", "/until", "the end lies in the past");
    if (act->duration_ms > question->purpose.longest_ms)
        return FAIL_AT(cx, INVALID, "answer.too_long", "/duration", "longer than the purpose may last");
    return uses_check(cx, &act->uses, "/uses");
}

/* An answer that gives nothing has a receipt of its own. */
static err say(struct ctx *cx, struct request_answer *answer, struct question *question, struct act *act)
{
    struct id purpose_id = {ID_PURPOSE, question->request.organisation_id, question->request.purpose_id};
    struct receipt_subject subject = {
        .relationship = &question->relationship,
        .notice = question->purpose.body,
        .subject = id_text(cx, relationship_item_id(&question->relationship, ID_REQUEST, question->request.request_id)),
        .purpose = id_text(cx, purpose_id),
        .language = question->purpose.language,
    };
    TRY(receipt_make(cx, act, &subject));
    TRY(request_apply(cx, &question->request, act));
    answer->out_has_grant = false;
    answer->out_receipt_id = act->receipt_id;
    return OK;
}

/* A "no" names no terms, a counter-offer names at least one, and nothing ends twice. */
static err check_terms_named(struct ctx *cx, const struct request_answer *answer)
{
    bool any = answer->set_attributes || answer->set_until || answer->set_duration || answer->set_uses;
    if (answer->answer == ANSWER_REFUSE && any)
        return FAIL(cx, INVALID, "answer.refuses_with_terms", "who refuses gives nothing: leave the terms out");
    if (answer->set_until && answer->set_duration)
        return FAIL_AT(cx, INVALID, "answer.two_ends", "/duration", "say either until when or for how long");
    if (answer->answer == ANSWER_COUNTER && !any)
        return FAIL(cx, INVALID, "answer.offers_nothing", "say which kinds, how long or how often instead");
    return OK;
}

static err answer_kindwise(struct ctx *cx, struct request_answer *answer, struct question *question)
{
    TRY(check_terms_named(cx, answer));
    if (answer->answer == ANSWER_ACCEPT || answer->answer == ANSWER_ADJUST)
        return give(cx, answer, question);
    struct act act = request_act(&question->request, answer->answer == ANSWER_COUNTER ? ACT_REQUEST_COUNTERED
                                                                                      : ACT_REQUEST_REFUSED);
    if (answer->answer == ANSWER_COUNTER)
        TRY(read_counter(cx, answer, question, &act));
    return say(cx, answer, question, &act);
}

err request_answer(struct ctx *cx, void *arg)
{
    struct request_answer *answer = arg;
    struct question question;
    TRY(load_question(cx, answer, &question));
    TRY(answer_kindwise(cx, answer, &question));
    answer->out = question.request;
    return OK;
}
