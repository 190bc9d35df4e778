/* SPDX-License-Identifier: Apache-2.0
 * Rows of requests in and out. */
#include "domain/sharing/request_store.h"

#include "base/limits.h"
#include "domain/policy.h"
#include "domain/sharing/uses_store.h"

static err request_of_row(struct ctx *cx, const struct sql_request_row *row, struct request *out)
{
    const struct uses_place offer = {.person_id = row->person_id, .subject_id = row->request_id};
    const struct uses_place counter = {row->person_id, row->request_id, .is_counter = true};
    struct text event;
    struct text counter_event;
    TRY(uses_event_open(cx, &offer, row->uses_event, &event));
    TRY(uses_event_open(cx, &counter, row->counter_uses_event, &counter_event));
    *out = (struct request){
        .person_id = row->person_id,
        .request_id = row->request_id,
        .relationship_id = row->relationship_id,
        .organisation_id = row->organisation_id,
        .department_id = row->department_id,
        .purpose_id = row->purpose_id,
        .purpose_version = row->purpose_version,
        .state = (request_state)row->state,
        .revision = row->revision,
        .attributes = {(uint64_t)row->attributes_low, (uint64_t)row->attributes_high},
        .duration_ms = row->duration_ms,
        .uses = {(uses_kind)row->uses_kind, row->uses_max, event},
        .counter_attributes = {(uint64_t)row->counter_attributes_low, (uint64_t)row->counter_attributes_high},
        .counter_duration_ms = row->counter_duration_ms,
        .counter_uses = {(uses_kind)row->counter_uses_kind, row->counter_uses_max, counter_event},
        .created_at_ms = row->created_at_ms,
        .answered_at_ms = row->answered_at_ms,
        .expires_at_ms = row->expires_at_ms,
        .grant_id = row->grant_id,
        .last_act_id = row->last_act_id,
    };
    return OK;
}

struct sql_request_save_in request_row(const struct request *request)
{
    return (struct sql_request_save_in){
        .person_id = request->person_id,
        .request_id = request->request_id,
        .relationship_id = request->relationship_id,
        .organisation_id = request->organisation_id,
        .department_id = request->department_id,
        .purpose_id = request->purpose_id,
        .purpose_version = request->purpose_version,
        .state = request->state,
        .revision = request->revision,
        .attributes_low = (int64_t)request->attributes.low,
        .attributes_high = (int64_t)request->attributes.high,
        .duration_ms = request->duration_ms,
        .uses_kind = request->uses.kind,
        .uses_max = request->uses.max,
        .counter_attributes_low = (int64_t)request->counter_attributes.low,
        .counter_attributes_high = (int64_t)request->counter_attributes.high,
        .counter_duration_ms = request->counter_duration_ms,
        .counter_uses_kind = request->counter_uses.kind,
        .counter_uses_max = request->counter_uses.max,
        .created_at_ms = request->created_at_ms,
        .answered_at_ms = request->answered_at_ms,
        .expires_at_ms = request->expires_at_ms,
        .grant_id = request->grant_id,
        .last_act_id = request->last_act_id,
    };
}

err request_save(struct ctx *cx, const struct request *request)
{
    struct sql_request_save_in row = request_row(request);
    const struct uses_place offer = {.person_id = request->person_id, .subject_id = request->request_id};
    const struct uses_place counter = {request->person_id, request->request_id, .is_counter = true};
    TRY(uses_event_seal(cx, &offer, request->uses.event, &row.uses_event));
    TRY(uses_event_seal(cx, &counter, request->counter_uses.event, &row.counter_uses_event));
    return sql_request_save(cx, &row, NULL);
}

err request_load(struct ctx *cx, int64_t person_id, int64_t request_id, struct request *out)
{
    struct sql_request_load_in in = {person_id, request_id};
    struct sql_request_row row;
    bool found = false;
    TRY(sql_request_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    return request_of_row(cx, &row, out);
}

static err take_rows(struct ctx *cx, const struct sql_request_row *rows, size_t count, struct request_list *list)
{
    struct request *requests = ARENA_ARRAY(cx->arena, struct request, count);
    if (requests == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        TRY(request_of_row(cx, &rows[i], &requests[i]));
    list->out = requests;
    list->out_count = count;
    return OK;
}

err request_list_any(struct ctx *cx, int64_t person_id, struct request_list *list)
{
    struct sql_request_list_of_person_in in = {person_id, list->after, list->open_only ? REQUEST_OPEN : REQUEST_LAPSED,
                                               list->limit};
    struct sql_request_row *rows = NULL;
    size_t count = 0;
    TRY(sql_request_list_of_person(cx, &in, &rows, &count));
    return take_rows(cx, rows, count, list);
}

static err take_page(struct ctx *apart, struct request_list *list, request_take_fn take, const void *arg)
{
    for (size_t i = 0; i < list->out_count; i++) {
        list->after = list->out[i].request_id;
        TRY(take(apart, &list->out[i], arg));
    }
    return OK;
}

err request_each(struct ctx *cx, int64_t person_id, request_take_fn take, const void *arg)
{
    struct request_list list = {.limit = LIMIT_PAGE_MAX, .out_count = LIMIT_PAGE_MAX};
    struct ctx apart;
    TRY(ctx_part(cx, LIMIT_REQUEST_ARENA_BYTES, &apart));
    err result = OK;
    while (result == OK && list.out_count == LIMIT_PAGE_MAX) {
        result = request_list_any(&apart, person_id, &list);
        if (result == OK)
            result = take_page(&apart, &list, take, arg);
        arena_reset(apart.arena);
    }
    return ctx_join(cx, &apart, result);
}

err request_list_of_person(struct ctx *cx, struct request_list *list)
{
    TRY(policy_require_own(cx, POLICY_REQUEST_READ));
    return request_list_any(cx, cx->actor.person_id, list);
}

err request_list_of_department(struct ctx *cx, struct request_list *list)
{
    TRY(policy_require_own(cx, POLICY_REQUEST_SEE));
    struct sql_request_list_of_department_in in = {cx->actor.organisation_id, cx->actor.department_id, list->after,
                                                   list->open_only ? REQUEST_OPEN : REQUEST_LAPSED, list->limit};
    struct sql_request_row *rows = NULL;
    size_t count = 0;
    TRY(sql_request_list_of_department(cx, &in, &rows, &count));
    return take_rows(cx, rows, count, list);
}

err request_delete(struct ctx *cx, int64_t person_id, int64_t request_id)
{
    struct sql_request_delete_in in = {person_id, request_id};
    return sql_request_delete(cx, &in, NULL);
}
