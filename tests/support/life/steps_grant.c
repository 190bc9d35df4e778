/* SPDX-License-Identifier: Apache-2.0
 * Steps of requests and grants. */
#include "support/life/life.h"

static int draw_young(struct life *life, int count, int most)
{
    int young = count < most || life_is(life, 10) ? count : most;
    return count == 0 ? -1 : count - 1 - life_draw(life, young);
}

static bool is_reachable(const struct model *model, int relationship)
{
    int person = model->relationships[relationship].person;
    return person < 0 || !model->people[person].is_erased;
}

void step_ask(struct life *life)
{
    struct model *model = life->model;
    int relationship = life_relationship(life);
    if (relationship < 0 || model->requests_count == MANY)
        return;
    const struct m_relationship *it = &model->relationships[relationship];
    int purpose = life_is(life, 95) ? it->organisation * PURPOSES + life_draw(life, PURPOSES)
                                    : life_draw(life, ORGANISATIONS * PURPOSES);
    int organisation = life_is(life, 95) ? it->organisation : 1 - it->organisation;
    int department = life_draw(life, DEPARTMENTS);
    struct m_terms terms = life_terms(life, purpose);
    struct request_make make = {.person_id = it->real_person,
                                .relationship_id = it->real_id,
                                .purpose = life_purpose(life, purpose),
                                .attributes = life_set(life, terms.kinds),
                                .duration_ms = terms.duration,
                                .uses = life_uses(terms.uses)};
    err result = LIFE_WRITE(life, life->systems[organisation][department], request_make, &make);
    bool own = organisation == it->organisation;
    const char *reason = own ? m_ask(model, relationship, department, purpose, &terms) : "not_found";
    life_expect(life, result, reason);
    if (reason == NULL)
        model->requests[model->requests_count - 1].real_id = make.out.request_id;
}

static struct request_answer answer_of(struct life *life, const struct m_request *request, int answer,
                                       const struct m_terms *terms)
{
    return (struct request_answer){.request_id = request->real_id,
                                   .answer = (request_answer_kind)answer,
                                   .set_attributes = terms->set_kinds,
                                   .attributes = life_set(life, terms->kinds),
                                   .set_until = terms->set_until,
                                   .until_at_ms = terms->until,
                                   .set_duration = terms->set_duration,
                                   .duration_ms = terms->duration,
                                   .set_uses = terms->set_uses,
                                   .uses = life_uses(terms->uses)};
}

void step_answer(struct life *life)
{
    struct model *model = life->model;
    int at = draw_young(life, model->requests_count, 10);
    if (at < 0 || model->grants_count == MANY || !is_reachable(model, model->requests[at].relationship) ||
        model->relationships[model->requests[at].relationship].person < 0)
        return;
    const struct m_request *request = &model->requests[at];
    int owner = model->relationships[request->relationship].person;
    int person = life_is(life, 95) ? owner : life_person(life);
    struct actor actor = life_actor(life, person);
    int answer = life_is(life, 50) ? ANSWER_YES : 1 + life_draw(life, 4);
    if (request->revision > 1 && life_is(life, 40))
        answer = ANSWER_OTHER; /* which is one too many */
    struct m_terms terms = life_is(life, 50) ? (struct m_terms){0} : life_terms(life, request->purpose);
    struct request_answer real = answer_of(life, request, answer, &terms);
    err result = LIFE_WRITE(life, actor, request_answer, &real);
    const char *reason = person == owner ? m_answer(model, at, answer, &terms) : "not_found";
    life_expect(life, result, reason);
    if (reason != NULL)
        return;
    assert_int_equal(real.out_has_grant, request->grant >= 0);
    assert_true(real.out_receipt_id != 0);
    if (real.out_has_grant)
        model->grants[request->grant].real_id = real.out_grant.grant_id;
}

void step_revise(struct life *life)
{
    struct model *model = life->model;
    int at = draw_young(life, model->requests_count, 10);
    while (at > 0 && model->requests[at].state != R_COUNTERED && life_is(life, 90))
        at--;
    if (at < 0)
        return;
    const struct m_request *request = &model->requests[at];
    const struct m_relationship *it = &model->relationships[request->relationship];
    int department = life_is(life, 95) ? request->department : 1 - request->department;
    struct m_terms terms = life_terms(life, request->purpose);
    struct request_revise revise = {.person_id = it->real_person,
                                    .request_id = request->real_id,
                                    .set_attributes = terms.set_kinds,
                                    .attributes = life_set(life, terms.kinds),
                                    .set_duration = terms.set_duration,
                                    .duration_ms = terms.duration,
                                    .set_uses = terms.set_uses,
                                    .uses = life_uses(terms.uses)};
    err result = LIFE_WRITE(life, life->systems[it->organisation][department], request_revise, &revise);
    bool own = department == request->department;
    life_expect(life, result, own ? m_revise(model, at, &terms) : "not_found");
}

void step_cancel(struct life *life)
{
    struct model *model = life->model;
    int at = draw_young(life, model->requests_count, 10);
    if (at < 0)
        return;
    const struct m_request *request = &model->requests[at];
    const struct m_relationship *it = &model->relationships[request->relationship];
    int department = life_is(life, 80) ? request->department : 1 - request->department;
    struct request_cancel cancel = {.person_id = it->real_person, .request_id = request->real_id};
    err result = LIFE_WRITE(life, life->systems[it->organisation][department], request_cancel, &cancel);
    bool own = department == request->department;
    life_expect(life, result, own ? m_cancel(model, at) : "not_found");
}

void step_give(struct life *life)
{
    struct model *model = life->model;
    int relationship = life_relationship(life);
    if (relationship < 0 || model->grants_count == MANY || model->relationships[relationship].person < 0)
        return;
    const struct m_relationship *it = &model->relationships[relationship];
    int purpose = life_is(life, 95) ? it->organisation * PURPOSES + life_draw(life, PURPOSES)
                                    : life_draw(life, ORGANISATIONS * PURPOSES);
    int person = life_is(life, 95) ? it->person : life_person(life);
    struct actor actor = life_actor(life, person);
    struct m_terms terms = life_terms(life, purpose);
    terms.until = terms.set_until ? terms.until : 0;
    struct grant_give give = {.relationship_id = it->real_id,
                              .purpose = life_purpose(life, purpose),
                              .attributes = life_set(life, terms.kinds),
                              .departments = life_bits(life, it->organisation, terms.departments),
                              .until_at_ms = terms.until,
                              .uses = life_uses(terms.uses)};
    err result = LIFE_WRITE(life, actor, grant_give, &give);
    const char *reason = person == it->person ? m_give(model, relationship, purpose, &terms) : "not_found";
    life_expect(life, result, reason);
    if (reason == NULL)
        model->grants[model->grants_count - 1].real_id = give.out.grant_id;
}

/* A grant of somebody who can be spoken to, or -1. */
static int draw_grant(struct life *life)
{
    const struct model *model = life->model;
    int at = draw_young(life, model->grants_count, 12);
    return at >= 0 && is_reachable(model, model->grants[at].relationship) ? at : -1;
}

void step_narrow(struct life *life)
{
    struct model *model = life->model;
    int at = draw_grant(life);
    if (at < 0 || model->grants[at].past_count >= HISTORY - 3)
        return;
    const struct m_grant *grant = &model->grants[at];
    const struct m_relationship *it = &model->relationships[grant->relationship];
    int person = life_is(life, 95) ? it->person : life_person(life);
    struct actor actor = life_actor(life, person);
    struct m_terms terms = life_terms(life, grant->purpose);
    if (life_is(life, 80))
        terms.kinds &= grant->kinds;
    struct grant_narrow narrow = {.grant_id = grant->real_id,
                                  .set_attributes = terms.set_kinds,
                                  .attributes = life_set(life, terms.kinds),
                                  .set_departments = terms.set_departments,
                                  .departments = life_bits(life, it->organisation, terms.departments),
                                  .set_until = terms.set_until,
                                  .until_at_ms = terms.until,
                                  .set_uses = terms.set_uses,
                                  .uses = life_uses(terms.uses)};
    err result = LIFE_WRITE(life, actor, grant_narrow, &narrow);
    life_expect(life, result, person == it->person ? m_narrow(model, at, &terms) : "not_found");
}

void step_withdraw(struct life *life)
{
    struct model *model = life->model;
    int at = draw_grant(life);
    if (at < 0)
        return;
    const struct m_grant *grant = &model->grants[at];
    int owner = model->relationships[grant->relationship].person;
    int person = life_is(life, 90) ? owner : life_person(life);
    struct actor actor = life_actor(life, person);
    struct grant_withdraw withdraw = {.grant_id = grant->real_id};
    life_expect(life, LIFE_WRITE(life, actor, grant_withdraw, &withdraw), person == owner ? NULL : "not_found");
    if (person == owner)
        m_withdraw(model, at);
}

void step_report(struct life *life)
{
    struct model *model = life->model;
    int at = draw_grant(life);
    if (at < 0)
        return;
    const struct m_grant *grant = &model->grants[at];
    const struct m_relationship *it = &model->relationships[grant->relationship];
    bool foreign = life_is(life, 10);
    int department = life_draw(life, DEPARTMENTS);
    int organisation = foreign ? 1 - it->organisation : it->organisation;
    struct grant_report_event report = {.person_id = it->real_person, .grant_id = grant->real_id};
    err result = LIFE_WRITE(life, life->systems[organisation][department], grant_report_event, &report);
    life_expect(life, result, foreign ? "not_found" : m_report(model, at, department));
}
