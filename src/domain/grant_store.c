/* SPDX-License-Identifier: Apache-2.0
 * Rows of grants in and out. `used` lies with the disclosures and is read for counted grants only. */
#include "domain/grant.h"
#include "domain/grant_store.h"
#include "domain/policy.h"
#include "store/queries.h"

static err grant_of_row(struct ctx *cx, const struct sql_grant_row *row, int64_t organisation_id, struct grant *out)
{
    *out = (struct grant){
        .person_id = row->person_id,
        .relationship_id = row->relationship_id,
        .organisation_id = organisation_id,
        .purpose_id = row->purpose_id,
        .purpose_version = row->purpose_version,
        .grant_id = row->grant_id,
        .state = (grant_state)row->state,
        .attributes = {(uint64_t)row->attributes_low, (uint64_t)row->attributes_high},
        .departments = row->departments,
        .from_at_ms = row->from_at_ms,
        .until_at_ms = row->until_at_ms,
        .uses = {(uses_kind)row->uses_kind, row->uses_max, row->uses_event},
        .ended_at_ms = row->ended_at_ms,
        .receipt_id = row->receipt_id,
        .last_act_id = row->last_act_id,
    };
    if (!uses_is_counted(&out->uses))
        return OK;
    struct sql_grant_use_load_in in = {row->person_id, row->grant_id};
    struct sql_grant_use_load_row use = {0};
    bool found = false;
    TRY(sql_grant_use_load(cx, &in, &use, &found));
    out->used = found ? use.used : 0;
    return OK;
}

static err take_rows(struct ctx *cx, const struct sql_grant_row *rows, size_t count, int64_t organisation_id,
                     struct grant **out)
{
    struct grant *grants = ARENA_ARRAY(cx->arena, struct grant, count);
    if (grants == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        TRY(grant_of_row(cx, &rows[i], organisation_id, &grants[i]));
    *out = grants;
    return OK;
}

err grant_load(struct ctx *cx, int64_t person_id, int64_t grant_id, struct grant *out)
{
    struct sql_grant_load_in in = {person_id, grant_id};
    struct sql_grant_row row;
    bool found = false;
    TRY(sql_grant_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    struct relationship relationship;
    TRY(relationship_load(cx, person_id, row.relationship_id, &relationship));
    return grant_of_row(cx, &row, relationship.organisation_id, out);
}

err grant_list_of_purpose(struct ctx *cx, const struct relationship *relationship, int64_t purpose_id,
                          struct grant **out, size_t *out_count)
{
    struct sql_grant_list_in in = {relationship->person_id, relationship->relationship_id, purpose_id};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, relationship->organisation_id, out));
    *out_count = count;
    return OK;
}

err grant_list_of_relationship(struct ctx *cx, const struct relationship *relationship, struct grant **out,
                               size_t *out_count)
{
    struct sql_grant_list_of_relationship_in in = {relationship->person_id, relationship->relationship_id};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list_of_relationship(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, relationship->organisation_id, out));
    *out_count = count;
    return OK;
}

static err list_of_person(struct ctx *cx, int64_t person_id, struct grant **out, size_t *out_count)
{
    struct sql_grant_list_of_person_in in = {person_id};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list_of_person(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, 0, out));
    *out_count = count;
    return OK;
}

err grant_list_of_person(struct ctx *cx, struct grant **out, size_t *out_count)
{
    TRY(policy_require_own(cx, POLICY_GRANT_READ));
    struct grant *grants = NULL;
    size_t count = 0;
    TRY(list_of_person(cx, cx->actor.person_id, &grants, &count));
    struct relationship relationship = {0};
    for (size_t i = 0; i < count; i++) { /* ordered by relationship: each is read once */
        if (grants[i].relationship_id != relationship.relationship_id)
            TRY(relationship_load(cx, cx->actor.person_id, grants[i].relationship_id, &relationship));
        grants[i].organisation_id = relationship.organisation_id;
    }
    *out = grants;
    *out_count = count;
    return OK;
}

err grant_list_live(struct ctx *cx, int64_t person_id, struct grant **out, size_t *out_count)
{
    struct grant *grants = NULL;
    size_t count = 0;
    size_t live = 0;
    TRY(list_of_person(cx, person_id, &grants, &count));
    for (size_t i = 0; i < count; i++)
        if (grant_state_at(&grants[i], cx->now_ms) == GRANT_ACTIVE)
            grants[live++] = grants[i];
    *out = grants;
    *out_count = live;
    return OK;
}

err grant_save(struct ctx *cx, const struct grant *grant)
{
    struct sql_grant_save_in row = {
        .person_id = grant->person_id,
        .relationship_id = grant->relationship_id,
        .purpose_id = grant->purpose_id,
        .grant_id = grant->grant_id,
        .purpose_version = grant->purpose_version,
        .state = grant->state,
        .attributes_low = (int64_t)grant->attributes.low,
        .attributes_high = (int64_t)grant->attributes.high,
        .departments = grant->departments,
        .from_at_ms = grant->from_at_ms,
        .until_at_ms = grant->until_at_ms,
        .uses_kind = grant->uses.kind,
        .uses_max = grant->uses.max,
        .uses_event = grant->uses.event,
        .ended_at_ms = grant->ended_at_ms,
        .receipt_id = grant->receipt_id,
        .last_act_id = grant->last_act_id,
    };
    return sql_grant_save(cx, &row, NULL);
}

err grant_count_live(struct ctx *cx, const struct relationship *relationship, int64_t *out)
{
    struct grant *grants = NULL;
    size_t count = 0;
    int64_t live = 0;
    if (relationship_state_at(relationship, ctx_latest_ms(cx)) != RELATIONSHIP_ENDED)
        TRY(grant_list_of_relationship(cx, relationship, &grants, &count));
    for (size_t i = 0; i < count; i++) {
        bool seen = cx->actor.kind != ACTOR_SYSTEM || (grants[i].departments & cx->actor.department_bit) != 0;
        live += seen && grant_state_at(&grants[i], ctx_latest_ms(cx)) == GRANT_ACTIVE;
    }
    *out = live;
    return OK;
}
