/* SPDX-License-Identifier: Apache-2.0
 * The acts of grants: given, narrowed, withdrawn, ended. The rules they keep to stand in grant_rule.c. */
#include "domain/sharing/grant.h"

#include "crypto/id_seal.h"
#include "domain/parties/purpose.h"
#include "domain/policy.h"
#include "domain/proof/receipt.h"
#include "domain/sharing/grant_store.h"
#include "domain/sharing/objection_change.h"

#define SWEEP_BYTES_MAX (1024u * 1024) /* one act with its receipt */

/* An act that says what the grant is now; the caller changes what it is about. */
static struct act act_on(const struct grant *grant, act_kind kind)
{
    return (struct act){
        .kind = kind,
        .person_id = grant->person_id,
        .relationship_id = grant->relationship_id,
        .subject_id = grant->grant_id,
        .previous_id = grant->last_act_id,
        .organisation_id = grant->organisation_id,
        .purpose_id = grant->purpose_id,
        .purpose_version = grant->purpose_version,
        .attributes = grant->attributes,
        .departments = grant->departments,
        .from_at_ms = grant->from_at_ms,
        .until_at_ms = grant->until_at_ms,
        .uses = grant->uses,
    };
}

/* What a receipt names, and the answer. */
static void announce_change(struct ctx *cx, const struct relationship *relationship, const struct grant *grant)
{
    struct id purpose_id = {ID_PURPOSE, grant->organisation_id, grant->purpose_id};
    receipt_make_ahead(cx, relationship);
    relationship_load_ahead(cx, relationship->person_id, relationship->relationship_id);
    purpose_load_ahead(cx, &purpose_id, grant->purpose_version);
}

/* Proof, event and change, by the version of the purpose that the grant names. */
static err apply_by(struct ctx *cx, const struct relationship *relationship, const struct purpose *purpose,
                    struct grant *grant, struct act *act)
{
    struct receipt_subject subject = {
        .relationship = relationship,
        .notice = purpose->body,
        .subject = id_text(cx, relationship_item_id(relationship, ID_GRANT, grant->grant_id)),
        .purpose = id_text(cx, (struct id){ID_PURPOSE, grant->organisation_id, grant->purpose_id}),
        .language = purpose->language,
    };
    TRY(receipt_make(cx, act, &subject));
    TRY(act_append(cx, act));
    const struct grant before = *grant;
    grant_fold(grant, act);
    return grant_save(cx, grant, before.last_act_id == 0 ? NULL : &before);
}

static err apply(struct ctx *cx, const struct relationship *relationship, struct grant *grant, struct act *act)
{
    struct id purpose_id = {ID_PURPOSE, grant->organisation_id, grant->purpose_id};
    struct purpose purpose;
    announce_change(cx, relationship, grant);
    TRY(purpose_load(cx, &purpose_id, grant->purpose_version, &purpose));
    return apply_by(cx, relationship, &purpose, grant, act);
}

err grant_begin(struct ctx *cx, const struct relationship *relationship, const struct purpose *purpose,
                struct grant *grant)
{
    grant->purpose_id = purpose->purpose_id;
    grant->purpose_version = purpose->version;
    grant->person_id = relationship->person_id;
    grant->relationship_id = relationship->relationship_id;
    grant->organisation_id = relationship->organisation_id;
    TRY(grant_check_room(cx, grant));
    TRY(act_check_room(cx, relationship->person_id, relationship->relationship_id));
    number_lift(cx->numbers, relationship->objection.act_id); /* a newer word than that */
    grant->grant_id = ctx_number(cx);
    grant->from_at_ms = cx->now_ms;
    struct act act = act_on(grant, ACT_GRANT_GIVEN);
    return apply_by(cx, relationship, purpose, grant, &act);
}

/* ---- all live grants of a relationship at once. Each act takes its memory apart, so that a relationship with many
 * grants can be ended in one request as well. */

static bool is_due(const struct relationship *relationship, const struct grant *grant, act_kind kind)
{
    bool outlasts = relationship->ends_at_ms != 0 && grant->until_at_ms > relationship->ends_at_ms;
    return kind == ACT_GRANT_ENDED || outlasts;
}

static err sweep(struct ctx *apart, const struct relationship *relationship, struct grant *grant, act_kind kind)
{
    struct act act = act_on(grant, kind);
    if (kind == ACT_GRANT_NARROWED)
        act.until_at_ms = relationship->ends_at_ms;
    err result = apply(apart, relationship, grant, &act);
    arena_reset(apart->arena);
    return result;
}

static err sweep_all(struct ctx *cx, const struct relationship *relationship, act_kind kind)
{
    struct grant *grants = NULL;
    size_t count = 0;
    TRY(grant_list_live_of_relationship(cx, relationship, &grants, &count));
    struct ctx apart;
    TRY(ctx_part(cx, SWEEP_BYTES_MAX, &apart));
    err result = OK;
    for (size_t i = 0; i < count && result == OK; i++)
        if (is_due(relationship, &grants[i], kind))
            result = sweep(&apart, relationship, &grants[i], kind);
    return ctx_join(cx, &apart, result);
}

err grant_end_all(struct ctx *cx, const struct relationship *relationship)
{
    return sweep_all(cx, relationship, ACT_GRANT_ENDED);
}

err grant_shorten_all(struct ctx *cx, const struct relationship *relationship)
{
    return sweep_all(cx, relationship, ACT_GRANT_NARROWED);
}

/* A live grant cannot outlast its relationship. */
static int64_t clamp_until(const struct relationship *relationship, int64_t until_at_ms)
{
    bool longer = relationship->ends_at_ms != 0 && until_at_ms > relationship->ends_at_ms;
    return longer ? relationship->ends_at_ms : until_at_ms;
}

static err check_given(struct ctx *cx, const struct grant_give *give, const struct purpose *purpose)
{
    struct attribute_set known = attribute_set_union(purpose->needed, purpose->optional);
    if (attribute_set_is_empty(give->attributes) || !attribute_set_is_subset(give->attributes, known))
        return FAIL_AT(cx, INVALID, "grant.outside_purpose", "/attributes", "give only kinds that the purpose names");
    if ((give->departments & ~purpose->departments) != 0)
        return FAIL_AT(cx, INVALID, "grant.department", "/departments", "the purpose is not for that department");
    if (give->until_at_ms != 0 && give->until_at_ms <= cx->now_ms)
        return FAIL_AT(cx, INVALID, "grant.in_past", "/until", "the end lies in the past");
    if (give->until_at_ms > cx->now_ms + purpose->longest_ms)
        return FAIL_AT(cx, INVALID, "grant.too_long", "/until", "longer than the purpose may last");
    return OK;
}

static err load_active_own(struct ctx *cx, int64_t relationship_id, struct relationship *out)
{
    TRY(relationship_load(cx, cx->actor.person_id, relationship_id, out));
    if (relationship_state_at(out, cx->now_ms) != RELATIONSHIP_ACTIVE)
        return FAIL(cx, CONFLICT, "relationship.not_active", "the relationship is not active");
    return OK;
}

void grant_give_announce(struct ctx *cx, void *arg)
{
    const struct grant_give *give = arg;
    const struct relationship place = {.person_id = cx->actor.person_id, .relationship_id = give->relationship_id,
        .organisation_id = give->purpose.owner};
    const struct grant grant = {.person_id = place.person_id, .relationship_id = place.relationship_id,
        .purpose_id = give->purpose.item};
    relationship_load_ahead(cx, place.person_id, place.relationship_id);
    purpose_load_published_ahead(cx, &give->purpose);
    grant_check_room_ahead(cx, &grant);
    act_check_room_ahead(cx, place.person_id, place.relationship_id);
    receipt_make_ahead(cx, &place);
}

/* The answer names the version that is the newest. */
void grant_give_announce_more(struct ctx *cx, void *arg)
{
    const struct grant_give *give = arg;
    struct purpose purpose;
    if (purpose_load_published(cx, &give->purpose, &purpose) == OK)
        purpose_load_ahead(cx, &give->purpose, purpose.version);
    failure_clear(&cx->failure);
}

err grant_give(struct ctx *cx, void *arg)
{
    struct grant_give *give = arg;
    TRY(policy_require_own(cx, POLICY_GRANT_GIVE));
    struct relationship relationship;
    struct purpose purpose;
    TRY(load_active_own(cx, give->relationship_id, &relationship));
    TRY(objection_hear(cx, &relationship));
    if (give->purpose.owner != relationship.organisation_id)
        return FAIL_NOT_FOUND(cx);
    TRY(purpose_load_published(cx, &give->purpose, &purpose));
    TRY(check_given(cx, give, &purpose));
    TRY(uses_check(cx, &give->uses, "/uses"));
    int64_t until_at_ms = give->until_at_ms != 0 ? give->until_at_ms : cx->now_ms + purpose.longest_ms;
    struct grant grant = {
        .attributes = give->attributes,
        .departments = give->departments != 0 ? give->departments : purpose.departments,
        .until_at_ms = clamp_until(&relationship, until_at_ms),
        .uses = give->uses,
    };
    TRY(grant_begin(cx, &relationship, &purpose, &grant));
    give->out = grant;
    return OK;
}

static err check_narrower(struct ctx *cx, const struct grant *grant, const struct act *act)
{
    if (attribute_set_is_empty(act->attributes) || !attribute_set_is_subset(act->attributes, grant->attributes))
        return FAIL_AT(cx, INVALID, "grant.wider", "/attributes", "a grant can only be narrowed; to stop it, stop it");
    if (act->departments == 0 || (act->departments & ~grant->departments) != 0)
        return FAIL_AT(cx, INVALID, "grant.wider", "/departments", "a grant can only be narrowed");
    if (act->until_at_ms > grant->until_at_ms)
        return FAIL_AT(cx, INVALID, "grant.wider", "/until", "a grant can only be shortened");
    if (act->until_at_ms <= cx->now_ms)
        return FAIL_AT(cx, INVALID, "grant.in_past", "/until", "the end lies in the past; to stop it, stop it");
    if (!uses_is_within(&act->uses, &grant->uses))
        return FAIL_AT(cx, INVALID, "grant.wider", "/uses", "a grant can only be narrowed");
    return OK;
}

/* What is so already did not happen: there is nothing to prove. */
static bool narrows_nothing(const struct grant *grant, const struct act *act)
{
    return attribute_set_equals(act->attributes, grant->attributes) && act->departments == grant->departments &&
           act->until_at_ms == grant->until_at_ms && uses_equals(&act->uses, &grant->uses);
}

/* A receipt stays for ever, and of an end that comes nearer by a moment, or a count that falls by one, there may be
 * millions. Kinds, departments and halves are soon used up: whoever takes away so much is never counted. */
static bool takes_a_sliver(const struct grant *grant, const struct act *act, int64_t now_ms)
{
    bool fewer_places = !attribute_set_equals(act->attributes, grant->attributes) ||
                        act->departments != grant->departments || act->uses.kind != grant->uses.kind;
    bool half_the_time = act->until_at_ms - now_ms <= (grant->until_at_ms - now_ms) / 2;
    bool half_the_uses = uses_is_counted(&act->uses) && act->uses.max <= grant->uses.max / 2;
    return !fewer_places && !half_the_time && !half_the_uses;
}

err grant_narrow(struct ctx *cx, void *arg)
{
    struct grant_narrow *narrow = arg;
    TRY(policy_require_own(cx, POLICY_GRANT_STOP));
    struct grant grant;
    struct relationship relationship;
    TRY(grant_load_with(cx, cx->actor.person_id, narrow->grant_id, &grant, &relationship));
    if (grant_state_at(&grant, cx->now_ms) != GRANT_ACTIVE)
        return FAIL(cx, CONFLICT, "grant.not_active", "the grant is not live any more");
    struct act act = act_on(&grant, ACT_GRANT_NARROWED);
    if (narrow->set_attributes)
        act.attributes = narrow->attributes;
    if (narrow->set_departments)
        act.departments = narrow->departments;
    if (narrow->set_until)
        act.until_at_ms = narrow->until_at_ms;
    if (narrow->set_uses) {
        TRY(uses_check(cx, &narrow->uses, "/uses"));
        act.uses = narrow->uses;
    }
    TRY(check_narrower(cx, &grant, &act));
    if (!narrows_nothing(&grant, &act)) {
        if (takes_a_sliver(&grant, &act, cx->now_ms))
            TRY(act_check_room(cx, grant.person_id, grant.relationship_id));
        TRY(apply(cx, &relationship, &grant, &act));
    }
    narrow->out = grant;
    return OK;
}

void grant_withdraw_announce(struct ctx *cx, void *arg)
{
    const struct grant_withdraw *withdraw = arg;
    grant_load_ahead(cx, cx->actor.person_id, withdraw->grant_id);
}

void grant_withdraw_announce_more(struct ctx *cx, void *arg)
{
    const struct grant_withdraw *withdraw = arg;
    struct grant grant;
    struct relationship relationship;
    if (grant_load_with(cx, cx->actor.person_id, withdraw->grant_id, &grant, &relationship) == OK)
        announce_change(cx, &relationship, &grant);
    failure_clear(&cx->failure);
}

err grant_withdraw(struct ctx *cx, void *arg)
{
    struct grant_withdraw *withdraw = arg;
    TRY(policy_require_own(cx, POLICY_GRANT_STOP));
    struct grant grant;
    struct relationship relationship;
    TRY(grant_load_with(cx, cx->actor.person_id, withdraw->grant_id, &grant, &relationship));
    if (grant.state == GRANT_ACTIVE) { /* also one that time has ended: the wish to stop is worth its own receipt */
        struct act act = act_on(&grant, ACT_GRANT_WITHDRAWN);
        TRY(apply(cx, &relationship, &grant, &act));
    }
    withdraw->out = grant;
    return OK;
}

err grant_report_event(struct ctx *cx, void *arg)
{
    struct grant_report_event *report = arg;
    struct grant grant;
    struct relationship relationship;
    TRY(grant_load(cx, report->person_id, report->grant_id, &grant));
    struct policy_object object = {.organisation_id = grant.organisation_id, .departments = grant.departments};
    TRY(policy_require(cx, POLICY_GRANT_REPORT_EVENT, &object));
    if (grant.uses.kind != USES_EVENT)
        return FAIL(cx, CONFLICT, "grant.no_event", "this grant does not end with an event");
    if (grant_state_at(&grant, cx->now_ms) != GRANT_ACTIVE)
        return FAIL(cx, CONFLICT, "grant.not_active", "the grant is not live any more");
    TRY(relationship_load(cx, grant.person_id, grant.relationship_id, &relationship));
    struct act act = act_on(&grant, ACT_GRANT_EVENT_REACHED);
    TRY(apply(cx, &relationship, &grant, &act));
    report->out = grant;
    return OK;
}

err grant_give_back(struct ctx *cx, void *arg)
{
    struct grant_report_event *back = arg;
    struct grant grant;
    struct relationship relationship;
    TRY(grant_load(cx, back->person_id, back->grant_id, &grant));
    struct policy_object object = {.organisation_id = grant.organisation_id, .departments = grant.departments};
    TRY(policy_require(cx, POLICY_GRANT_GIVE_BACK, &object));
    if (grant_state_at(&grant, cx->now_ms) != GRANT_ACTIVE)
        return FAIL(cx, CONFLICT, "grant.not_active", "the grant is not live any more");
    TRY(relationship_load(cx, grant.person_id, grant.relationship_id, &relationship));
    struct act act = act_on(&grant, ACT_GRANT_WITHDRAWN);
    TRY(apply(cx, &relationship, &grant, &act));
    back->out = grant;
    return OK;
}
