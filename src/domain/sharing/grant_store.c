/* SPDX-License-Identifier: Apache-2.0
 * Rows of grants in and out. `used` lies with the disclosures and is read for counted grants only. */
#include "domain/sharing/grant_store.h"

#include <stdlib.h>

#include "base/limits.h"
#include "domain/policy.h"
#include "domain/sharing/uses_store.h"

#define ALL_DEPARTMENTS INT64_MAX
#define FEW_GRANTS 200 /* of whoever has had fewer, the live ones of a relationship need no counting */

void grant_use_ahead(struct ctx *cx, const struct grant *grant)
{
    struct sql_grant_use_load_in in = {grant->person_id, grant->grant_id};
    if (uses_is_counted(&grant->uses))
        sql_grant_use_load_ahead(cx, &in);
}

/* Of all rows, so that they are asked together. */
static void announce_uses(struct ctx *cx, const struct sql_grant_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        grant_use_ahead(cx, &(struct grant){.person_id = rows[i].person_id, .grant_id = rows[i].grant_id,
                                            .uses = {.kind = (uses_kind)rows[i].uses_kind}});
}

static err grant_of_row(struct ctx *cx, const struct sql_grant_row *row, int64_t organisation_id, struct grant *out)
{
    struct uses_place place = {.person_id = row->person_id, .subject_id = row->grant_id};
    struct text event;
    TRY(uses_event_open(cx, &place, row->uses_event, &event));
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
        .uses = {(uses_kind)row->uses_kind, row->uses_max, event},
        .ended_at_ms = row->ended_at_ms,
        .receipt_id = row->receipt_id,
        .last_act_id = row->last_act_id,
        .closes_at_ms = row->closes_at_ms,
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
    announce_uses(cx, rows, count);
    for (size_t i = 0; i < count; i++)
        TRY(grant_of_row(cx, &rows[i], organisation_id, &grants[i]));
    *out = grants;
    return OK;
}

/* Where it lies is known while it is open; what has ended is looked for. */
static err load_row(struct ctx *cx, int64_t person_id, int64_t grant_id, struct sql_grant_row *out, bool *out_found)
{
    struct sql_grant_load_open_in open = {person_id, grant_id, cx->now_ms};
    struct sql_grant_load_in any = {person_id, grant_id};
    TRY(sql_grant_load_open(cx, &open, out, out_found));
    return *out_found ? OK : sql_grant_load(cx, &any, out, out_found);
}

void grant_load_ahead(struct ctx *cx, int64_t person_id, int64_t grant_id)
{
    struct sql_grant_load_open_in open = {person_id, grant_id, cx->now_ms};
    sql_grant_load_open_ahead(cx, &open);
    relationship_load_of_grant_ahead(cx, person_id, grant_id);
}

err grant_load_with(struct ctx *cx, int64_t person_id, int64_t grant_id, struct grant *out,
                    struct relationship *out_relationship)
{
    struct sql_grant_row row;
    struct relationship relationship;
    bool found = false;
    TRY(load_row(cx, person_id, grant_id, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    TRY(relationship_load_of_grant(cx, person_id, grant_id, row.relationship_id, &relationship));
    TRY(grant_of_row(cx, &row, relationship.organisation_id, out));
    *out_relationship = relationship;
    return OK;
}

err grant_load(struct ctx *cx, int64_t person_id, int64_t grant_id, struct grant *out)
{
    struct relationship relationship;
    return grant_load_with(cx, person_id, grant_id, out, &relationship);
}

static int oldest_first(const void *a, const void *b)
{
    const struct grant *left = a;
    const struct grant *right = b;
    return (left->grant_id > right->grant_id) - (left->grant_id < right->grant_id);
}

static struct sql_grant_list_open_in open_of(const struct ctx *cx, const struct grant_question *question)
{
    const struct relationship *relationship = question->relationship;
    return (struct sql_grant_list_open_in){
        relationship->person_id, relationship->relationship_id, question->purpose_id, cx->now_ms};
}

void grant_list_open_ahead(struct ctx *cx, const struct grant_question *question)
{
    struct sql_grant_list_open_in in = open_of(cx, question);
    sql_grant_list_open_ahead(cx, &in);
}

err grant_list_open(struct ctx *cx, const struct grant_question *question, struct grant **out, size_t *out_count)
{
    const struct relationship *relationship = question->relationship;
    struct sql_grant_list_open_in in = open_of(cx, question);
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list_open(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, relationship->organisation_id, out));
    qsort(*out, count, sizeof **out, oldest_first);
    *out_count = count;
    return OK;
}

err grant_list_ended(struct ctx *cx, const struct grant_question *question, struct grant **out, size_t *out_count)
{
    const struct relationship *relationship = question->relationship;
    struct sql_grant_list_closed_in in = {relationship->person_id, relationship->relationship_id, question->purpose_id,
                                          cx->now_ms, GRANT_ENDED_MOST};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list_closed(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, relationship->organisation_id, out));
    qsort(*out, count, sizeof **out, oldest_first);
    *out_count = count;
    return OK;
}

/* ---- live ones */

static size_t keep_live(const struct ctx *cx, struct grant *grants, size_t count)
{
    size_t live = 0;
    for (size_t i = 0; i < count; i++)
        if (grant_state_at(&grants[i], cx->now_ms) == GRANT_ACTIVE)
            grants[live++] = grants[i];
    return live;
}

err grant_list_live(struct ctx *cx, int64_t person_id, struct grant **out, size_t *out_count)
{
    struct sql_grant_list_open_of_person_in in = {person_id, cx->now_ms};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list_open_of_person(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, 0, out));
    *out_count = keep_live(cx, *out, count);
    return OK;
}

err grant_list_live_of_relationship(struct ctx *cx, const struct relationship *relationship, struct grant **out,
                                    size_t *out_count)
{
    struct sql_grant_list_open_of_relationship_in in = {
        relationship->person_id, relationship->relationship_id, cx->now_ms};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_list_open_of_relationship(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, relationship->organisation_id, out));
    *out_count = keep_live(cx, *out, count);
    return OK;
}

/* Counted where they lie: of two hundred relationships on a page none brings its grants along. */
err grant_count_open(struct ctx *cx, const struct relationship *relationship, int64_t *out)
{
    struct sql_grant_count_open_of_relationship_in in = {relationship->person_id, relationship->relationship_id,
        ctx_latest_ms(cx), actor_is_of_department(&cx->actor) ? cx->actor.department_bit : ALL_DEPARTMENTS};
    struct sql_grant_count_open_of_relationship_row row = {0};
    bool found = false;
    if (relationship_state_at(relationship, in.now_ms) != RELATIONSHIP_ENDED)
        TRY(sql_grant_count_open_of_relationship(cx, &in, &row, &found));
    *out = row.grants;
    return OK;
}

static struct sql_grant_count_some_in beside(const struct ctx *cx, const struct grant *grant)
{
    return (struct sql_grant_count_some_in){grant->person_id, grant->relationship_id, grant->purpose_id, cx->now_ms,
        LIMIT_GRANTS_OF_PURPOSE, FEW_GRANTS};
}

void grant_check_room_ahead(struct ctx *cx, const struct grant *grant)
{
    struct sql_grant_count_some_in few = beside(cx, grant);
    sql_grant_count_some_ahead(cx, &few);
}

static err refuse_one_more(struct ctx *cx, int most, const char *of)
{
    return FAIL(cx, CONFLICT, "grant.too_many", "there are at most %d live grants of one %s", most, of);
}

err grant_check_room(struct ctx *cx, const struct grant *grant)
{
    struct sql_grant_count_some_in few = beside(cx, grant);
    struct sql_grant_count_open_of_relationship_in bond = {grant->person_id, grant->relationship_id, cx->now_ms,
        ALL_DEPARTMENTS};
    struct sql_grant_count_open_in person = {grant->person_id, cx->now_ms};
    struct sql_grant_count_some_row some = {0};
    struct sql_grant_count_open_of_relationship_row of_bond = {0};
    struct sql_grant_count_open_row of_person = {0};
    bool found = false;
    TRY(sql_grant_count_some(cx, &few, &some, &found));
    if (some.of_purpose == LIMIT_GRANTS_OF_PURPOSE)
        return refuse_one_more(cx, LIMIT_GRANTS_OF_PURPOSE, "purpose in a relationship");
    if (some.grants < FEW_GRANTS)
        return OK;
    TRY(sql_grant_count_open_of_relationship(cx, &bond, &of_bond, &found));
    if (of_bond.grants >= LIMIT_GRANTS_OF_RELATIONSHIP)
        return refuse_one_more(cx, LIMIT_GRANTS_OF_RELATIONSHIP, "relationship");
    TRY(sql_grant_count_open(cx, &person, &of_person, &found));
    return of_person.grants < LIMIT_GRANTS ? OK : refuse_one_more(cx, LIMIT_GRANTS, "person");
}

/* ---- pages */

/* The place behind which a page begins; of one that begins with nothing, before everything. */
static err find_place(struct ctx *cx, int64_t person_id, const struct grant_list *list, struct sql_grant_row *out)
{
    bool found = true;
    *out = (struct sql_grant_row){
        .relationship_id = INT64_MIN, .purpose_id = INT64_MIN, .grant_id = INT64_MIN};
    if (list->after != 0)
        TRY(load_row(cx, person_id, list->after, out, &found));
    return found ? OK : FAIL_NOT_FOUND(cx);
}

err grant_list_of_person(struct ctx *cx, struct grant_list *list)
{
    TRY(policy_require_own(cx, POLICY_GRANT_READ));
    const int64_t person_id = cx->actor.person_id;
    struct sql_grant_row place;
    TRY(find_place(cx, person_id, list, &place));
    struct sql_grant_page_of_person_in in = {
        person_id, place.relationship_id, place.purpose_id, place.grant_id, list->limit};
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_page_of_person(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, 0, &list->out));
    struct relationship relationship = {0};
    for (size_t i = 0; i < count; i++) { /* ordered by relationship: each is read once */
        if (list->out[i].relationship_id != relationship.relationship_id)
            TRY(relationship_load(cx, person_id, list->out[i].relationship_id, &relationship));
        list->out[i].organisation_id = relationship.organisation_id;
    }
    list->out_count = count;
    return OK;
}

err grant_page(struct ctx *cx, const struct relationship *relationship, int64_t departments, struct grant_list *list)
{
    struct sql_grant_row place;
    TRY(find_place(cx, relationship->person_id, list, &place));
    if (list->after != 0 && place.relationship_id != relationship->relationship_id)
        return FAIL_NOT_FOUND(cx);
    struct sql_grant_page_of_relationship_in in = {
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .purpose_id = place.purpose_id,
        .grant_id = place.grant_id,
        .given_until_ms = list->at_ms != 0 ? list->at_ms : INT64_MAX,
        .departments = departments,
        .most = list->limit,
    };
    struct sql_grant_row *rows = NULL;
    size_t count = 0;
    TRY(sql_grant_page_of_relationship(cx, &in, &rows, &count));
    TRY(take_rows(cx, rows, count, relationship->organisation_id, &list->out));
    list->out_count = count;
    return OK;
}

/* ---- the write */

struct sql_grant_save_in grant_row(const struct grant *grant)
{
    return (struct sql_grant_save_in){
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
        .ended_at_ms = grant->ended_at_ms,
        .receipt_id = grant->receipt_id,
        .last_act_id = grant->last_act_id,
        .closes_at_ms = grant->closes_at_ms,
    };
}

static err take_out(struct ctx *cx, const struct grant *before)
{
    struct sql_grant_take_out_in in = {before->person_id, before->relationship_id, before->purpose_id,
                                       before->closes_at_ms, before->grant_id};
    int64_t changed = 0;
    TRY(sql_grant_take_out(cx, &in, &changed));
    return changed == 1 ? OK : FAIL(cx, CORRUPT, "grant.misplaced", "the grant is not where its end says");
}

err grant_save(struct ctx *cx, const struct grant *grant, const struct grant *before)
{
    if (before != NULL && before->closes_at_ms != grant->closes_at_ms)
        TRY(take_out(cx, before));
    struct sql_grant_save_in row = grant_row(grant);
    struct uses_place place = {.person_id = grant->person_id, .subject_id = grant->grant_id};
    TRY(uses_event_seal(cx, &place, grant->uses.event, &row.uses_event));
    return sql_grant_save(cx, &row, NULL);
}
