/* SPDX-License-Identifier: Apache-2.0
 * From domain structs to views. The lists of what was read are short: a page names few organisations and purposes. */
#include "http/doors/api_view.h"


struct seen_organisation {
    struct seen_organisation *next;
    struct organisation       organisation;
    struct department        *departments; /* read with the first need */
    size_t                    departments_count;
    bool                      has_departments;
};

struct seen_relationship {
    struct seen_relationship *next;
    struct relationship       relationship;
};

struct seen_purpose {
    struct seen_purpose *next;
    struct purpose       purpose;
};

/* ---- what was read */

static err see_organisation(struct views *views, int64_t organisation_id, struct seen_organisation **out)
{
    for (struct seen_organisation *seen = views->organisations; seen != NULL; seen = seen->next) {
        if (seen->organisation.organisation_id == organisation_id) {
            *out = seen;
            return OK;
        }
    }
    struct seen_organisation *fresh = ARENA_NEW(views->cx->arena, struct seen_organisation);
    if (fresh == NULL)
        return FAIL_MEMORY(views->cx);
    TRY(organisation_load(views->cx, organisation_id, &fresh->organisation));
    fresh->next = views->organisations;
    *out = views->organisations = fresh;
    return OK;
}

static err see_departments(struct views *views, int64_t organisation_id, struct seen_organisation **out)
{
    struct seen_organisation *seen = NULL;
    TRY(see_organisation(views, organisation_id, &seen));
    if (!seen->has_departments)
        TRY(department_list(views->cx, organisation_id, &seen->departments, &seen->departments_count));
    seen->has_departments = true;
    *out = seen;
    return OK;
}

err view_relationship_of(struct views *views, int64_t person_id, int64_t relationship_id,
                         const struct relationship **out)
{
    for (struct seen_relationship *seen = views->relationships; seen != NULL; seen = seen->next) {
        if (seen->relationship.relationship_id == relationship_id) {
            *out = &seen->relationship;
            return OK;
        }
    }
    struct seen_relationship *fresh = ARENA_NEW(views->cx->arena, struct seen_relationship);
    if (fresh == NULL)
        return FAIL_MEMORY(views->cx);
    TRY(relationship_load(views->cx, person_id, relationship_id, &fresh->relationship));
    fresh->next = views->relationships;
    views->relationships = fresh;
    *out = &fresh->relationship;
    return OK;
}

err view_purpose_of(struct views *views, const struct id *id, int64_t version, const struct purpose **out)
{
    for (struct seen_purpose *seen = views->purposes; seen != NULL; seen = seen->next) {
        if (seen->purpose.purpose_id == id->item && seen->purpose.version == version) {
            *out = &seen->purpose;
            return OK;
        }
    }
    struct seen_purpose *fresh = ARENA_NEW(views->cx->arena, struct seen_purpose);
    if (fresh == NULL)
        return FAIL_MEMORY(views->cx);
    TRY(purpose_load(views->cx, id, version, &fresh->purpose));
    fresh->next = views->purposes;
    views->purposes = fresh;
    *out = &fresh->purpose;
    return OK;
}

/* ---- names */

err view_organisation(struct views *views, int64_t organisation_id, struct named *out)
{
    struct seen_organisation *seen = NULL;
    TRY(see_organisation(views, organisation_id, &seen));
    *out = (struct named){{ID_ORGANISATION, organisation_id, 0}, seen->organisation.name};
    return OK;
}

static struct named name_department(const struct department *department)
{
    return (struct named){{ID_DEPARTMENT, department->organisation_id, department->department_id}, department->name};
}

err view_department(struct views *views, int64_t organisation_id, int64_t department_id, struct named *out)
{
    struct seen_organisation *seen = NULL;
    TRY(see_departments(views, organisation_id, &seen));
    *out = (struct named){{ID_DEPARTMENT, organisation_id, department_id}, TEXT_NONE};
    for (size_t i = 0; i < seen->departments_count; i++)
        if (seen->departments[i].department_id == department_id)
            *out = name_department(&seen->departments[i]);
    return OK;
}

err view_departments(struct views *views, int64_t organisation_id, int64_t bits, struct named **out, size_t *out_count)
{
    struct seen_organisation *seen = NULL;
    TRY(see_departments(views, organisation_id, &seen));
    struct named *names = ARENA_ARRAY(views->cx->arena, struct named, seen->departments_count);
    if (names == NULL)
        return FAIL_MEMORY(views->cx);
    size_t count = 0;
    for (size_t i = 0; i < seen->departments_count; i++)
        if ((seen->departments[i].bit & bits) != 0)
            names[count++] = name_department(&seen->departments[i]);
    *out = names;
    *out_count = count;
    return OK;
}

err read_departments(struct ctx *cx, int64_t organisation_id, const struct id *ids, size_t count, int64_t *out_bits)
{
    int64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        struct department department;
        if (ids[i].owner != organisation_id)
            return FAIL_NOT_FOUND(cx);
        TRY(department_load(cx, organisation_id, ids[i].item, &department));
        bits |= department.bit;
    }
    *out_bits = bits;
    return OK;
}

/* ---- relationship */

err view_objection(struct views *views, const struct objection *said, const struct objection_view **out)
{
    *out = NULL;
    if (said->state == OBJECTION_NONE)
        return OK;
    struct objection_view *view = ARENA_NEW(views->cx->arena, struct objection_view);
    if (view == NULL)
        return FAIL_MEMORY(views->cx);
    *view = (struct objection_view){said->state, said->state, objection_since_ms(said)};
    *out = view;
    return OK;
}

err view_relationship(struct views *views, const struct relationship *relationship, struct relationship_view *out)
{
    struct relationship_view view = {
        .id = relationship_id(relationship),
        .nature = relationship->nature,
        .state = relationship_state_at(relationship, ctx_latest_ms(views->cx)),
        .started_at_ms = relationship->started_at_ms,
        .ends_at_ms = relationship->ends_at_ms,
        .review_at_ms = relationship->review_at_ms,
    };
    TRY(view_objection(views, &relationship->objection, &view.objection));
    TRY(view_organisation(views, relationship->organisation_id, &view.organisation));
    TRY(grant_count_open(views->cx, relationship, &view.grants));
    *out = view;
    return OK;
}

/* ---- grant */

static err fill_departments(struct views *views, const struct grant *grant, struct grant_view *view)
{
    struct named *names = NULL;
    size_t count = 0;
    TRY(view_departments(views, grant->organisation_id, grant->departments, &names, &count));
    struct id *ids = ARENA_ARRAY(views->cx->arena, struct id, count);
    struct text *texts = ARENA_ARRAY(views->cx->arena, struct text, count);
    if (ids == NULL || texts == NULL)
        return FAIL_MEMORY(views->cx);
    for (size_t i = 0; i < count; i++) {
        ids[i] = names[i].id;
        texts[i] = names[i].name;
    }
    view->departments = ids;
    view->department_names = texts;
    view->departments_count = view->department_names_count = count;
    return OK;
}

err view_grant(struct views *views, const struct grant *grant, struct grant_view *out)
{
    const struct relationship *relationship = NULL;
    const struct purpose *purpose = NULL;
    struct id purpose_id = {ID_PURPOSE, grant->organisation_id, grant->purpose_id};
    TRY(view_relationship_of(views, grant->person_id, grant->relationship_id, &relationship));
    TRY(view_purpose_of(views, &purpose_id, grant->purpose_version, &purpose));
    struct grant_view view = {
        .id = relationship_item_id(relationship, ID_GRANT, grant->grant_id),
        .relationship = relationship_id(relationship),
        .purpose = {purpose_id, grant->purpose_version, purpose->name},
        .attributes = grant->attributes,
        .state = grant_state_at(grant, ctx_latest_ms(views->cx)),
        .from_at_ms = grant->from_at_ms,
        .until_at_ms = grant->until_at_ms,
        .ended_at_ms = grant->ended_at_ms,
        .uses = grant->uses,
        .used = grant->used,
    };
    if (view.uses.kind == USES_ONCE)
        view.uses.max = 0; /* "once" says it */
    if (grant->receipt_id != 0)
        view.receipt = relationship_item_id(relationship, ID_RECEIPT, grant->receipt_id);
    TRY(view_organisation(views, grant->organisation_id, &view.organisation));
    TRY(fill_departments(views, grant, &view));
    *out = view;
    return OK;
}

/* ---- purpose */

static err fill_purpose_departments(struct views *views, const struct purpose *purpose, struct purpose_view *view)
{
    struct named *names = NULL;
    size_t count = 0;
    TRY(view_departments(views, purpose->organisation_id, purpose->departments, &names, &count));
    struct id *ids = ARENA_ARRAY(views->cx->arena, struct id, count);
    if (ids == NULL)
        return FAIL_MEMORY(views->cx);
    for (size_t i = 0; i < count; i++)
        ids[i] = names[i].id;
    view->departments = ids;
    view->departments_count = count;
    return OK;
}

/* The stored draft passed the same shape when it came in. */
err view_purpose(struct views *views, const struct purpose *purpose, struct purpose_view *out)
{
    struct ctx *cx = views->cx;
    struct purpose_view view = {.id = {ID_NONE, 0, 0}, .unsaid = PURPOSE_ALL_UNSAID};
    const json_t *body = NULL;
    TRY(json_parse(cx, purpose->body, &body));
    TRY(shape_decode(cx, &SHAPE_PURPOSE, body, &view));
    view.id = (struct id){ID_PURPOSE, purpose->organisation_id, purpose->purpose_id};
    view.version = purpose->version;
    view.state = purpose->state;
    view.needed = purpose->needed;
    view.optional = purpose->optional;
    view.created_at_ms = purpose->created_at_ms;
    view.published_at_ms = purpose->published_at_ms;
    view.retired_at_ms = purpose->retired_at_ms;
    TRY(view_organisation(views, purpose->organisation_id, &view.organisation));
    TRY(fill_purpose_departments(views, purpose, &view));
    *out = view;
    return OK;
}

/* ---- request */

static err fill_counter(struct views *views, const struct request *request, struct request_view *view)
{
    if (attribute_set_is_empty(request->counter_attributes))
        return OK;
    struct offer_view *counter = ARENA_NEW(views->cx->arena, struct offer_view);
    if (counter == NULL)
        return FAIL_MEMORY(views->cx);
    *counter = (struct offer_view){request->counter_attributes, request->counter_duration_ms, request->counter_uses};
    view->counter = counter;
    return OK;
}

static err fill_notice(struct views *views, const struct request *request, struct request_view *view)
{
    const struct purpose *purpose = NULL;
    if (views->cx->actor.kind != ACTOR_PERSON)
        return OK;
    struct purpose_view *notice = ARENA_NEW(views->cx->arena, struct purpose_view);
    if (notice == NULL)
        return FAIL_MEMORY(views->cx);
    TRY(view_purpose_of(views, &view->purpose, request->purpose_version, &purpose));
    TRY(view_purpose(views, purpose, notice));
    view->notice = notice;
    return OK;
}

err view_request(struct views *views, const struct request *request, struct request_view *out)
{
    const struct relationship *relationship = NULL;
    TRY(view_relationship_of(views, request->person_id, request->relationship_id, &relationship));
    struct request_view view = {
        .id = relationship_item_id(relationship, ID_REQUEST, request->request_id),
        .state = request_state_at(request, ctx_latest_ms(views->cx)),
        .relationship = relationship_id(relationship),
        .purpose = {ID_PURPOSE, request->organisation_id, request->purpose_id},
        .purpose_version = request->purpose_version,
        .attributes = request->attributes,
        .duration_ms = request->duration_ms,
        .uses = request->uses,
        .revision = request->revision,
        .created_at_ms = request->created_at_ms,
        .expires_at_ms = request->expires_at_ms,
        .answered_at_ms = request->answered_at_ms,
    };
    if (view.uses.kind == USES_ONCE)
        view.uses.max = 0;
    if (request->grant_id != 0)
        view.grant = relationship_item_id(relationship, ID_GRANT, request->grant_id);
    TRY(view_organisation(views, request->organisation_id, &view.organisation));
    TRY(view_department(views, request->organisation_id, request->department_id, &view.department));
    if (objection_stands(&relationship->objection))
        TRY(objection_is_against_version(views->cx, &view.purpose, view.purpose_version, &view.objected));
    TRY(fill_counter(views, request, &view));
    TRY(fill_notice(views, request, &view));
    *out = view;
    return OK;
}
