/* SPDX-License-Identifier: Apache-2.0
 * Facts in and out. The columns of `act` stand for the members of struct act one to one. */
#include "domain/proof/act.h"

#include "base/limits.h"
#include "base/time.h"
#include "domain/proof/outbox.h"
#include "domain/sharing/uses_store.h"
#include "store/queries.h"

static const struct {
    act_kind    kind;
    const char *event;
    const char *status;
} KINDS[] = {
#define X(name, number, event, status) {ACT_##name, event, status},
#include "domain/proof/act.def"
#undef X
};

const char *act_event(act_kind kind)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (KINDS[i].kind == kind)
            return KINDS[i].event;
    return "";
}

act_kind act_of_event(struct text event)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (text_is(event, KINDS[i].event))
            return KINDS[i].kind;
    return ACT_NONE;
}

const char *act_consent_status(act_kind kind)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (KINDS[i].kind == kind)
            return KINDS[i].status;
    return "";
}

bool act_is_seen(const struct act *act, const struct actor *actor)
{
    struct text event = text_of(act_event(act->kind));
    if (!actor_is_of_department(actor) || text_starts_with(event, "relationship."))
        return true;
    if (text_starts_with(event, "request."))
        return act->department_id == actor->department_id;
    return (act->departments & actor->department_bit) != 0;
}

static err insert(struct ctx *cx, const struct act *act)
{
    struct sql_act_insert_in row = {
        .act_id = act->act_id,
        .person_id = act->person_id,
        .relationship_id = act->relationship_id,
        .subject_id = act->subject_id,
        .previous_id = act->previous_id,
        .kind = act->kind,
        .at_ms = act->at_ms,
        .actor_kind = act->actor_kind,
        .actor_id = act->actor_id,
        .organisation_id = act->organisation_id,
        .department_id = act->department_id,
        .purpose_id = act->purpose_id,
        .purpose_version = act->purpose_version,
        .attributes_low = (int64_t)act->attributes.low,
        .attributes_high = (int64_t)act->attributes.high,
        .departments = act->departments,
        .from_at_ms = act->from_at_ms,
        .until_at_ms = act->until_at_ms,
        .uses_kind = act->uses.kind,
        .uses_max = act->uses.max,
        .nature = act->nature,
        .review_at_ms = act->review_at_ms,
        .duration_ms = act->duration_ms,
        .grant_id = act->grant_id,
        .receipt_id = act->receipt_id,
    };
    struct uses_place place = {.person_id = act->person_id, .subject_id = act->subject_id};
    TRY(uses_event_seal(cx, &place, act->uses.event, &row.uses_event));
    return sql_act_insert(cx, &row, NULL);
}

err act_append(struct ctx *cx, struct act *act)
{
    number_lift(cx->numbers, act->previous_id); /* a chain only rises, also over a clock that went back */
    act->act_id = ctx_number(cx);
    act->at_ms = cx->now_ms;
    act->actor_kind = cx->actor.kind;
    act->actor_id = actor_number(&cx->actor);
    TRY(insert(cx, act));
    struct outbox_event event = {
        .person_id = act->person_id,
        .relationship_id = act->relationship_id,
        .organisation_id = act->organisation_id,
        .kind = act_event(act->kind),
        .subject_id = act->subject_id,
        .attributes = act->attributes,
    };
    return outbox_add(cx, &event);
}

static struct sql_act_receipt_count_in lately_of(const struct ctx *cx, int64_t person_id, int64_t relationship_id)
{
    return (struct sql_act_receipt_count_in){
        person_id, relationship_id, number_first_of_ms(cx->now_ms - TIME_DAY_MS), LIMIT_CHANGES_A_DAY};
}

void act_check_room_ahead(struct ctx *cx, int64_t person_id, int64_t relationship_id)
{
    struct sql_act_receipt_count_in in = lately_of(cx, person_id, relationship_id);
    sql_act_receipt_count_ahead(cx, &in);
}

err act_check_room(struct ctx *cx, int64_t person_id, int64_t relationship_id)
{
    struct sql_act_receipt_count_in in = lately_of(cx, person_id, relationship_id);
    struct sql_act_receipt_count_row lately = {0};
    bool found = false;
    TRY(sql_act_receipt_count(cx, &in, &lately, &found));
    if (lately.acts >= LIMIT_CHANGES_A_DAY)
        return FAIL_OF_A_DAY(cx, number_made_at_ms(lately.first_id), "relationship.too_many_changes",
                             "at most %d changes of one relationship a day; what stops something is always taken",
                             LIMIT_CHANGES_A_DAY);
    return OK;
}

err act_newest_number(struct ctx *cx, int64_t *out)
{
    struct sql_act_newest_numbers_row row = {0};
    bool found = false;
    TRY(sql_act_newest_numbers(cx, &row, &found));
    int64_t newest = row.act_id > row.receipt_id ? row.act_id : row.receipt_id;
    *out = row.event_id > newest ? row.event_id : newest;
    return OK;
}

err act_copy(struct ctx *cx, struct act *act)
{
    act->act_id = ctx_number(cx);
    return insert(cx, act);
}

static err act_of_row(struct ctx *cx, const struct sql_act_load_row *row, struct act *out)
{
    struct uses_place place = {.person_id = row->person_id, .subject_id = row->subject_id};
    struct text event;
    TRY(uses_event_open(cx, &place, row->uses_event, &event));
    *out = (struct act){
        .act_id = row->act_id,
        .person_id = row->person_id,
        .relationship_id = row->relationship_id,
        .subject_id = row->subject_id,
        .previous_id = row->previous_id,
        .kind = (act_kind)row->kind,
        .at_ms = row->at_ms,
        .actor_kind = (actor_kind)row->actor_kind,
        .actor_id = row->actor_id,
        .organisation_id = row->organisation_id,
        .department_id = row->department_id,
        .purpose_id = row->purpose_id,
        .purpose_version = row->purpose_version,
        .attributes = {(uint64_t)row->attributes_low, (uint64_t)row->attributes_high},
        .departments = row->departments,
        .from_at_ms = row->from_at_ms,
        .until_at_ms = row->until_at_ms,
        .uses = {(uses_kind)row->uses_kind, row->uses_max, event},
        .nature = row->nature,
        .review_at_ms = row->review_at_ms,
        .duration_ms = row->duration_ms,
        .grant_id = row->grant_id,
        .receipt_id = row->receipt_id,
    };
    return OK;
}

static err fail_missing(struct ctx *cx)
{
    return FAIL(cx, CORRUPT, "act.missing", "the chain of acts names one that is not there");
}

err act_load(struct ctx *cx, int64_t person_id, int64_t act_id, struct act *out)
{
    struct sql_act_load_in in = {.person_id = person_id, .act_id = act_id};
    struct sql_act_load_row row;
    bool found = false;
    TRY(sql_act_load(cx, &in, &row, &found));
    if (!found)
        return fail_missing(cx);
    return act_of_row(cx, &row, out);
}

err act_step(struct ctx *cx, int64_t person_id, int64_t *act_id, int64_t *out_at_ms)
{
    struct sql_act_step_in in = {.person_id = person_id, .act_id = *act_id};
    struct sql_act_step_row row;
    bool found = false;
    TRY(sql_act_step(cx, &in, &row, &found));
    if (!found)
        return fail_missing(cx);
    *act_id = row.previous_id;
    *out_at_ms = row.at_ms;
    return OK;
}

/* One act of the walk; kept in a chain first, since its length is not known before. */
struct link {
    struct link *older;
    struct act   act;
};

err act_list(struct ctx *cx, int64_t person_id, int64_t last_act_id, struct act **out, size_t *out_count)
{
    struct link *newest = NULL;
    size_t count = 0;
    for (int64_t act_id = last_act_id; act_id != 0; count++) {
        struct link *link = ARENA_NEW(cx->arena, struct link);
        if (link == NULL)
            return FAIL_MEMORY(cx);
        TRY(act_load(cx, person_id, act_id, &link->act));
        if (link->act.previous_id >= act_id)
            return FAIL(cx, CORRUPT, "act.order", "the chain of acts does not lead back");
        link->older = newest;
        newest = link;
        act_id = link->act.previous_id;
    }
    struct act *acts = ARENA_ARRAY(cx->arena, struct act, count);
    if (acts == NULL)
        return FAIL_MEMORY(cx);
    size_t at = 0;
    for (const struct link *link = newest; link != NULL; link = link->older)
        acts[at++] = link->act; /* the walk put the oldest on top */
    *out = acts;
    *out_count = count;
    return OK;
}
