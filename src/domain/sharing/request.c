/* SPDX-License-Identifier: Apache-2.0
 * Asking and answering. The purpose bounds what may be asked, the request bounds what an answer may give. */
#include "domain/sharing/request.h"

#include "base/limits.h"
#include "base/time.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/policy.h"
#include "domain/proof/receipt.h"
#include "domain/sharing/request_store.h"
#include "store/queries.h"

#define REQUEST_LIFE_MS (30 * INT64_C(24) * 3600 * 1000) /* an unanswered request lapses after 30 days */

static const char *const STATES[] = {
    [REQUEST_OPEN] = "open",       [REQUEST_ACCEPTED] = "accepted",   [REQUEST_ADJUSTED] = "adjusted",
    [REQUEST_COUNTERED] = "countered", [REQUEST_REFUSED] = "refused", [REQUEST_CANCELLED] = "cancelled",
    [REQUEST_LAPSED] = "lapsed",
};

const char *request_state_word(request_state state)
{
    return STATES[state];
}

static request_state state_after(request_state before, act_kind kind)
{
    static const struct {
        act_kind      kind;
        request_state after;
    } MOVES[] = {
        {ACT_REQUEST_MADE, REQUEST_OPEN},         {ACT_REQUEST_REVISED, REQUEST_OPEN},
        {ACT_REQUEST_ACCEPTED, REQUEST_ACCEPTED}, {ACT_REQUEST_ADJUSTED, REQUEST_ADJUSTED},
        {ACT_REQUEST_COUNTERED, REQUEST_COUNTERED}, {ACT_REQUEST_REFUSED, REQUEST_REFUSED},
        {ACT_REQUEST_CANCELLED, REQUEST_CANCELLED},
    };
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++)
        if (MOVES[i].kind == kind)
            return MOVES[i].after;
    return before;
}

static void fold_offer(struct request *request, const struct act *act)
{
    if (act->kind == ACT_REQUEST_COUNTERED) {
        request->counter_attributes = act->attributes;
        request->counter_duration_ms = act->duration_ms;
        request->counter_uses = act->uses;
        return;
    }
    request->attributes = act->attributes;
    request->duration_ms = act->duration_ms;
    request->uses = act->uses;
}

void request_fold(struct request *request, const struct act *act)
{
    bool offer =
        act->kind == ACT_REQUEST_MADE || act->kind == ACT_REQUEST_REVISED || act->kind == ACT_REQUEST_COUNTERED;
    if (offer)
        fold_offer(request, act);
    if (act->kind == ACT_REQUEST_MADE) {
        request->created_at_ms = act->at_ms;
        request->revision = 1;
    }
    if (act->kind == ACT_REQUEST_REVISED)
        request->revision++;
    request->person_id = act->person_id;
    request->relationship_id = act->relationship_id;
    request->request_id = act->subject_id;
    request->organisation_id = act->organisation_id;
    request->department_id = act->department_id;
    request->purpose_id = act->purpose_id;
    request->purpose_version = act->purpose_version;
    request->expires_at_ms = act->until_at_ms;
    request->grant_id = act->grant_id;
    request->state = state_after(request->state, act->kind);
    request->answered_at_ms = request->state == REQUEST_OPEN ? 0 : act->at_ms;
    request->last_act_id = act->act_id;
}

request_state request_state_at(const struct request *request, int64_t at_ms)
{
    return request->state == REQUEST_OPEN && at_ms >= request->expires_at_ms ? REQUEST_LAPSED : request->state;
}

struct act request_act(const struct request *request, act_kind kind)
{
    return (struct act){
        .kind = kind,
        .person_id = request->person_id,
        .relationship_id = request->relationship_id,
        .subject_id = request->request_id,
        .previous_id = request->last_act_id,
        .organisation_id = request->organisation_id,
        .department_id = request->department_id,
        .purpose_id = request->purpose_id,
        .purpose_version = request->purpose_version,
        .attributes = request->attributes,
        .until_at_ms = request->expires_at_ms,
        .uses = request->uses,
        .duration_ms = request->duration_ms,
        .grant_id = request->grant_id,
    };
}

err request_apply(struct ctx *cx, struct request *request, struct act *act)
{
    TRY(act_append(cx, act));
    request_fold(request, act);
    return request_save(cx, request);
}

/* ---- the department asks */

static err check_asked(struct ctx *cx, const struct purpose *purpose, struct attribute_set attributes,
                       int64_t duration_ms)
{
    struct attribute_set known = attribute_set_union(purpose->needed, purpose->optional);
    if (attribute_set_is_empty(attributes))
        return FAIL_AT(cx, INVALID, "request.empty", "/attributes", "ask for at least one kind");
    if (!attribute_set_is_subset(attributes, known))
        return FAIL_AT(cx, INVALID, "request.outside_purpose", "/attributes",
                       "the purpose does not name all of these kinds");
    if (duration_ms <= 0 || duration_ms > purpose->longest_ms)
        return FAIL_AT(cx, INVALID, "request.too_long", "/duration", "longer than the purpose may last");
    return OK;
}

static err check_relationship(struct ctx *cx, const struct relationship *relationship)
{
    relationship_state state = relationship_state_at(relationship, cx->now_ms);
    if (state == RELATIONSHIP_ENDED)
        return FAIL(cx, CONFLICT, "relationship.ended", "the relationship has ended");
    if (state == RELATIONSHIP_PAUSED)
        return FAIL(cx, CONFLICT, "relationship.paused", "the relationship is paused");
    return OK;
}

/* Nobody is flooded with questions. */
static err check_pressure(struct ctx *cx, const struct request *request)
{
    struct sql_request_pressure_in in = {
        .person_id = request->person_id,
        .relationship_id = request->relationship_id,
        .department_id = request->department_id,
        .now_ms = cx->now_ms,
        .since_ms = cx->now_ms - TIME_DAY_MS,
    };
    struct sql_request_pressure_row pressure = {0};
    bool found = false;
    TRY(sql_request_pressure(cx, &in, &pressure, &found));
    if (pressure.waiting >= LIMIT_REQUESTS_OPEN)
        return FAIL(cx, CONFLICT, "request.too_many_open", "%d requests wait for an answer already",
                    LIMIT_REQUESTS_OPEN);
    if (pressure.lately >= LIMIT_REQUESTS_A_DAY)
        return FAIL_OF_A_DAY(cx, pressure.first_at_ms, "request.too_many", "at most %d requests a day to one person",
                             LIMIT_REQUESTS_A_DAY);
    return OK;
}

/* All that must hold before a request is made. */
static err prepare(struct ctx *cx, const struct request_make *make, struct request *out)
{
    struct relationship relationship;
    struct purpose purpose;
    TRY(relationship_load(cx, make->person_id, make->relationship_id, &relationship));
    struct policy_object object = {.organisation_id = relationship.organisation_id};
    TRY(policy_require(cx, POLICY_REQUEST_MAKE, &object));
    TRY(check_relationship(cx, &relationship));
    if (make->purpose.owner != relationship.organisation_id)
        return FAIL_NOT_FOUND(cx);
    TRY(purpose_load_published(cx, &make->purpose, &purpose));
    if ((purpose.departments & cx->actor.department_bit) == 0)
        return FAIL(cx, CONFLICT, "purpose.other_department", "the purpose is not for this department");
    struct request request = {
        .person_id = relationship.person_id,
        .request_id = ctx_number(cx),
        .relationship_id = relationship.relationship_id,
        .organisation_id = relationship.organisation_id,
        .department_id = cx->actor.department_id,
        .purpose_id = purpose.purpose_id,
        .purpose_version = purpose.version,
        .attributes = make->attributes,
        .duration_ms = make->duration_ms != 0 ? make->duration_ms : purpose.longest_ms,
        .uses = make->uses,
        .expires_at_ms = cx->now_ms + REQUEST_LIFE_MS,
    };
    if (attribute_set_is_empty(request.attributes))
        request.attributes = attribute_set_union(purpose.needed, purpose.optional);
    TRY(check_asked(cx, &purpose, request.attributes, request.duration_ms));
    TRY(uses_check(cx, &request.uses, "/uses"));
    if (!make->is_answered)
        TRY(check_pressure(cx, &request));
    *out = request;
    return OK;
}

err request_make(struct ctx *cx, void *arg)
{
    struct request_make *make = arg;
    struct request request;
    TRY(prepare(cx, make, &request));
    struct act act = request_act(&request, ACT_REQUEST_MADE);
    TRY(request_apply(cx, &request, &act));
    make->out = request;
    return OK;
}

err request_is_possible(struct ctx *cx, const struct request_make *make, bool *out)
{
    struct request request;
    err result = prepare(cx, make, &request);
    *out = result == OK;
    if (result != CONFLICT && result != INVALID && result != TOO_MANY && result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    return OK;
}

static err load_followed(struct ctx *cx, int64_t person_id, int64_t request_id, struct request *out)
{
    TRY(request_load(cx, person_id, request_id, out));
    struct policy_object object = {.organisation_id = out->organisation_id, .department_id = out->department_id};
    return policy_require(cx, POLICY_REQUEST_FOLLOW, &object);
}

static err load_purpose(struct ctx *cx, const struct request *request, struct purpose *out)
{
    struct id id = {ID_PURPOSE, request->organisation_id, request->purpose_id};
    return purpose_load(cx, &id, request->purpose_version, out);
}

/* A revised offer lies between what was asked first and what the person offered: it never asks for more than both. */
static err check_revised(struct ctx *cx, const struct request *request, const struct act *act)
{
    struct attribute_set spoken_of = attribute_set_union(request->attributes, request->counter_attributes);
    int64_t longest_ms = request->duration_ms > request->counter_duration_ms ? request->duration_ms
                                                                             : request->counter_duration_ms;
    if (!attribute_set_is_subset(act->attributes, spoken_of))
        return FAIL_AT(cx, INVALID, "request.wider", "/attributes", "more kinds than either side has spoken of");
    if (act->duration_ms > longest_ms)
        return FAIL_AT(cx, INVALID, "request.wider", "/duration", "longer than either side has spoken of");
    if (!uses_is_within(&act->uses, &request->uses) && !uses_is_within(&act->uses, &request->counter_uses))
        return FAIL_AT(cx, INVALID, "request.wider", "/uses", "more often than either side has spoken of");
    return OK;
}

err request_revise(struct ctx *cx, void *arg)
{
    struct request_revise *revise = arg;
    struct request request;
    struct purpose purpose;
    struct relationship relationship;
    TRY(load_followed(cx, revise->person_id, revise->request_id, &request));
    TRY(load_purpose(cx, &request, &purpose));
    TRY(relationship_load(cx, request.person_id, request.relationship_id, &relationship));
    TRY(check_relationship(cx, &relationship));
    if (request.state != REQUEST_COUNTERED || request.revision != 1)
        return FAIL(cx, CONFLICT, "request.not_countered", "only a counter-offer can be met, and only once");
    struct act act = request_act(&request, ACT_REQUEST_REVISED);
    act.attributes = revise->set_attributes ? revise->attributes : request.counter_attributes;
    act.duration_ms = revise->set_duration ? revise->duration_ms : request.counter_duration_ms;
    act.uses = revise->set_uses ? revise->uses : request.counter_uses;
    act.until_at_ms = cx->now_ms + REQUEST_LIFE_MS;
    TRY(check_asked(cx, &purpose, act.attributes, act.duration_ms));
    TRY(uses_check(cx, &act.uses, "/uses"));
    TRY(check_revised(cx, &request, &act));
    TRY(request_apply(cx, &request, &act));
    revise->out = request;
    return OK;
}

static bool is_unanswered(const struct request *request, int64_t at_ms)
{
    request_state state = request_state_at(request, at_ms);
    return state == REQUEST_OPEN || state == REQUEST_COUNTERED;
}

err request_cancel(struct ctx *cx, void *arg)
{
    struct request_cancel *cancel = arg;
    struct request request;
    TRY(load_followed(cx, cancel->person_id, cancel->request_id, &request));
    if (!is_unanswered(&request, cx->now_ms))
        return FAIL(cx, CONFLICT, "request.not_open", "the request is answered, cancelled or too old");
    struct act act = request_act(&request, ACT_REQUEST_CANCELLED);
    TRY(request_apply(cx, &request, &act));
    cancel->out = request;
    return OK;
}

/* request_take_fn */
static err cancel_if_unanswered(struct ctx *apart, struct request *request, const void *arg)
{
    const struct relationship *relationship = arg;
    if (request->relationship_id != relationship->relationship_id || !is_unanswered(request, apart->now_ms))
        return OK;
    struct act act = request_act(request, ACT_REQUEST_CANCELLED);
    return request_apply(apart, request, &act);
}

err request_cancel_all(struct ctx *cx, const struct relationship *relationship)
{
    return request_each(cx, relationship->person_id, cancel_if_unanswered, relationship);
}
