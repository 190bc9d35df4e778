/* SPDX-License-Identifier: Apache-2.0
 * See moves.h. */
#include "support/life/moves.h"

#include <stddef.h>

#define DAY (INT64_C(24) * 3600 * 1000)
#define ASK_LASTS (30 * DAY)
#define GRACE 60000
#define TIMES_MOST 1000000

/* ---- states */

int m_relationship_state(const struct model *model, int relationship)
{
    const struct m_relationship *it = &model->relationships[relationship];
    if ((it->state == S_ACTIVE || it->state == S_PAUSED) && it->ends != 0 && model->now >= it->ends)
        return S_ENDED;
    return it->state;
}

bool m_is_counted(struct m_uses uses)
{
    return uses.kind == U_ONCE || uses.kind == U_TIMES;
}

int m_grant_state(const struct model *model, int grant)
{
    const struct m_grant *it = &model->grants[grant];
    if (it->state != G_ACTIVE)
        return it->state;
    if (model->now >= it->until)
        return G_EXPIRED;
    return m_is_counted(it->uses) && it->used >= it->uses.max ? G_USED_UP : G_ACTIVE;
}

int m_request_state(const struct model *model, int request)
{
    const struct m_request *it = &model->requests[request];
    return it->state == R_OPEN && model->now >= it->expires ? R_LAPSED : it->state;
}

const struct m_version *m_newest(const struct model *model, int purpose)
{
    const struct m_purpose *it = &model->purposes[purpose];
    return &it->versions[it->count - 1];
}

bool m_may_write(const struct model *model, int purpose, int department)
{
    return (m_newest(model, purpose)->departments >> department & 1) != 0;
}

bool m_is_published(const struct model *model, int purpose)
{
    return m_newest(model, purpose)->published;
}

/* ---- small rules */

static const char *bad_dates(const struct model *model, int64_t ends, int64_t review)
{
    if (ends != 0 && ends <= model->now)
        return "relationship.end_in_past";
    if (review != 0 && review <= model->now)
        return "relationship.review_in_past";
    return ends != 0 && review > ends ? "relationship.review_after_end" : NULL;
}

static bool bad_uses(struct m_uses *uses)
{
    if (uses->kind == U_ONCE && uses->max == 0)
        uses->max = 1;
    switch (uses->kind) {
    case U_PERIOD:
        return uses->max != 0 || uses->event != 0;
    case U_ONCE:
        return uses->max != 1 || uses->event != 0;
    case U_TIMES:
        return uses->max < 1 || uses->max > TIMES_MOST || uses->event != 0;
    default:
        return uses->max != 0 || uses->event == 0;
    }
}

static bool uses_fit(struct m_uses inner, struct m_uses outer)
{
    if (outer.kind == U_PERIOD)
        return true;
    if (outer.kind == U_EVENT)
        return inner.kind == U_EVENT && inner.event == outer.event;
    return m_is_counted(inner) && inner.max <= outer.max;
}

static bool is_inside(unsigned part, unsigned whole)
{
    return (part & ~whole) == 0;
}

static void remember(struct model *model, int grant)
{
    struct m_grant *it = &model->grants[grant];
    it->past[it->past_count++] =
        (struct m_past){model->now, it->state, it->kinds, it->departments, it->until, it->uses};
}

/* The one that has not ended, or -1. */
static int find_relationship(const struct model *model, int person, int organisation)
{
    for (int i = 0; i < model->relationships_count; i++)
        if (model->relationships[i].person == person && model->relationships[i].organisation == organisation &&
            m_relationship_state(model, i) != S_ENDED)
            return i;
    return -1;
}

/* ---- beginning */

static bool is_claimable(const struct model *model, int invitation)
{
    const struct m_invitation *it = &model->invitations[invitation];
    return it->left > 0 && model->now < it->expires;
}

static void start(struct model *model, int invitation, int person, const struct m_dates *dates)
{
    struct m_invitation *it = &model->invitations[invitation];
    int at = it->relationship >= 0 ? it->relationship : model->relationships_count++;
    struct m_relationship *relationship = &model->relationships[at];
    relationship->organisation = it->organisation;
    relationship->person = person;
    relationship->state = S_ACTIVE;
    relationship->nature = 2;
    relationship->was_started = true;
    relationship->ends = dates->ends;
    relationship->review = dates->review;
    it->left--;
}

const char *m_claim(struct model *model, int invitation, int person, const struct m_dates *dates)
{
    if (!is_claimable(model, invitation))
        return "invitation.unknown";
    int other = find_relationship(model, person, model->invitations[invitation].organisation);
    if (other >= 0 && model->relationships[other].state != S_PROPOSED)
        return "relationship.exists";
    const char *reason = bad_dates(model, dates->ends, dates->review);
    if (reason != NULL)
        return reason;
    if (other >= 0)
        m_end(model, other); /* the invitation takes the place of the proposal */
    int invited = model->invitations[invitation].relationship;
    if (invited >= 0)
        model->people[person].refused += model->relationships[invited].refused_early;
    start(model, invitation, person, dates);
    return NULL;
}

const char *m_claim_new(struct model *model, int invitation, const struct m_dates *dates)
{
    if (!is_claimable(model, invitation))
        return "invitation.unknown";
    const char *reason = bad_dates(model, dates->ends, dates->review);
    if (reason != NULL)
        return reason;
    int invited = model->invitations[invitation].relationship;
    model->people[model->people_count] = (struct m_person){
        .is_here = true, .refused = invited >= 0 ? model->relationships[invited].refused_early : 0};
    start(model, invitation, model->people_count++, dates);
    return NULL;
}

const char *m_propose(struct model *model, int person, int organisation, const struct m_dates *dates)
{
    const char *reason = bad_dates(model, dates->ends, dates->review);
    if (reason != NULL)
        return reason;
    if (find_relationship(model, person, organisation) >= 0)
        return "relationship.exists";
    model->relationships[model->relationships_count++] =
        (struct m_relationship){.person = person,
                                .organisation = organisation,
                                .state = S_PROPOSED,
                                .nature = 1,
                                .ends = dates->ends,
                                .review = dates->review};
    return NULL;
}

const char *m_answer_proposal(struct model *model, int relationship, bool accept)
{
    struct m_relationship *it = &model->relationships[relationship];
    if (it->state != S_PROPOSED)
        return "relationship.not_proposed";
    if (accept && it->ends != 0 && model->now >= it->ends)
        return "relationship.ended";
    if (!accept)
        m_end(model, relationship);
    it->state = accept ? S_ACTIVE : S_ENDED;
    it->was_started = accept;
    return NULL;
}

/* ---- living */

static const char *bad_change(const struct model *model, int relationship, int move)
{
    int state = m_relationship_state(model, relationship);
    if (state == S_ENDED)
        return "relationship.ended";
    if (move == CHANGE_PAUSE && state != S_ACTIVE)
        return "relationship.not_active";
    if (move == CHANGE_RESUME && state != S_PAUSED)
        return "relationship.not_paused";
    return state == S_ACTIVE || state == S_PAUSED ? NULL : "relationship.not_active";
}

static void shorten_grants(struct model *model, int relationship, int64_t ends)
{
    for (int i = 0; i < model->grants_count; i++) {
        struct m_grant *grant = &model->grants[i];
        if (grant->relationship != relationship || m_grant_state(model, i) != G_ACTIVE || grant->until <= ends)
            continue;
        grant->until = ends;
        remember(model, i);
    }
}

const char *m_change(struct model *model, int relationship, int move, int nature, const struct m_dates *dates)
{
    struct m_relationship *it = &model->relationships[relationship];
    const char *reason = bad_change(model, relationship, move);
    if (reason == NULL)
        reason = bad_dates(model, dates->set_ends ? dates->ends : 0, dates->set_review ? dates->review : 0);
    if (reason != NULL)
        return reason;
    int64_t ends = dates->set_ends ? dates->ends : it->ends;
    int64_t review = dates->set_review ? dates->review : it->review;
    if (ends != 0 && review > ends)
        return "relationship.review_after_end";
    it->ends = ends;
    it->review = review;
    it->nature = nature != 0 ? nature : it->nature;
    it->state = move == CHANGE_PAUSE ? S_PAUSED : move == CHANGE_RESUME ? S_ACTIVE : it->state;
    if (ends != 0)
        shorten_grants(model, relationship, ends);
    return NULL;
}

void m_end(struct model *model, int relationship)
{
    struct m_relationship *it = &model->relationships[relationship];
    for (int i = 0; i < model->grants_count; i++) {
        if (model->grants[i].relationship != relationship || m_grant_state(model, i) != G_ACTIVE)
            continue;
        model->grants[i].state = G_ENDED;
        remember(model, i);
    }
    for (int i = 0; i < model->requests_count; i++) {
        int state = m_request_state(model, i);
        if (model->requests[i].relationship == relationship && (state == R_OPEN || state == R_COUNTERED))
            model->requests[i].state = R_CANCELLED;
    }
    it->state = S_ENDED;
}

/* ---- asking and answering */

static const char *bad_for_asking(const struct model *model, int relationship)
{
    int state = m_relationship_state(model, relationship);
    return state == S_ENDED ? "relationship.ended" : state == S_PAUSED ? "relationship.paused" : NULL;
}

static const char *bad_question(const struct m_version *version, unsigned kinds, int64_t duration, struct m_uses *uses)
{
    if (kinds == 0)
        return "request.empty";
    if (!is_inside(kinds, version->needed | version->optional))
        return "request.outside_purpose";
    if (duration <= 0 || duration > version->longest)
        return "request.too_long";
    return bad_uses(uses) ? "uses.invalid" : NULL;
}

const char *m_ask(struct model *model, int relationship, int department, int purpose, const struct m_terms *terms)
{
    const char *reason = bad_for_asking(model, relationship);
    const struct m_version *version = m_newest(model, purpose);
    if (reason != NULL)
        return reason;
    if (model->purposes[purpose].organisation != model->relationships[relationship].organisation)
        return "not_found";
    if (!version->published)
        return "purpose.not_published";
    if ((version->departments >> department & 1) == 0)
        return "purpose.other_department";
    struct m_request request = {
        .relationship = relationship,
        .department = department,
        .purpose = purpose,
        .version = model->purposes[purpose].count,
        .state = R_OPEN,
        .revision = 1,
        .kinds = terms->kinds != 0 ? terms->kinds : version->needed | version->optional,
        .duration = terms->duration != 0 ? terms->duration : version->longest,
        .uses = terms->uses,
        .expires = model->now + ASK_LASTS,
        .grant = -1,
    };
    reason = bad_question(version, request.kinds, request.duration, &request.uses);
    if (reason == NULL)
        model->requests[model->requests_count++] = request;
    return reason;
}

static void add_grant(struct model *model, const struct m_grant *grant)
{
    struct m_grant *it = &model->grants[model->grants_count];
    int64_t ends = model->relationships[grant->relationship].ends;
    *it = *grant;
    it->state = G_ACTIVE;
    if (ends != 0 && it->until > ends)
        it->until = ends;
    remember(model, model->grants_count++);
}

/* When what the answer gives ends. */
static const char *answered_until(const struct model *model, const struct m_request *request,
                                  const struct m_terms *terms, int64_t *out)
{
    int64_t latest = model->now + request->duration;
    if (terms->set_duration && (terms->duration <= 0 || terms->duration > request->duration))
        return "answer.too_long";
    *out = terms->set_until ? terms->until : terms->set_duration ? model->now + terms->duration : latest;
    if (*out <= model->now)
        return "answer.in_past";
    if (*out > latest + GRACE)
        return "answer.too_long";
    if (*out > latest)
        *out = latest;
    return NULL;
}

static const char *say_yes(struct model *model, struct m_request *request, int answer, const struct m_terms *terms)
{
    const struct m_version *version = &model->purposes[request->purpose].versions[request->version - 1];
    unsigned kinds = terms->set_kinds ? terms->kinds : request->kinds;
    struct m_grant grant = {.relationship = request->relationship,
                            .purpose = request->purpose,
                            .version = request->version,
                            .kinds = kinds,
                            .departments = 1u << request->department,
                            .uses = terms->set_uses ? terms->uses : request->uses};
    if (!is_inside(kinds, request->kinds))
        return "answer.outside_request";
    if (kinds == 0 || !is_inside(request->kinds & version->needed, kinds))
        return "answer.needed_missing";
    const char *reason = answered_until(model, request, terms, &grant.until);
    if (reason != NULL)
        return reason;
    if (bad_uses(&grant.uses))
        return "uses.invalid";
    if (!uses_fit(grant.uses, request->uses))
        return "answer.outside_request";
    request->state = answer == ANSWER_YES ? R_ACCEPTED : R_ADJUSTED;
    request->grant = model->grants_count;
    add_grant(model, &grant);
    return NULL;
}

static const char *say_otherwise(const struct model *model, struct m_request *request, const struct m_terms *terms)
{
    const struct m_version *version = &model->purposes[request->purpose].versions[request->version - 1];
    unsigned kinds = terms->set_kinds ? terms->kinds : request->kinds;
    int64_t duration = terms->set_until      ? terms->until - model->now
                       : terms->set_duration ? terms->duration
                                             : request->duration;
    struct m_uses uses = terms->set_uses ? terms->uses : request->uses;
    if (request->revision != 1)
        return "request.countered_already";
    if (kinds == 0 || !is_inside(kinds, version->needed | version->optional))
        return "answer.outside_request";
    if (duration <= 0)
        return "answer.in_past";
    if (duration > version->longest)
        return "answer.too_long";
    if (bad_uses(&uses))
        return "uses.invalid";
    request->state = R_COUNTERED;
    request->counter_kinds = kinds;
    request->counter_duration = duration;
    request->counter_uses = uses;
    return NULL;
}

const char *m_answer(struct model *model, int request, int answer, const struct m_terms *terms)
{
    struct m_request *it = &model->requests[request];
    int state = m_request_state(model, request);
    bool any = terms->set_kinds || terms->set_until || terms->set_duration || terms->set_uses;
    if (state != R_OPEN && !(state == R_COUNTERED && answer == ANSWER_NO))
        return "request.not_open";
    if (m_relationship_state(model, it->relationship) != S_ACTIVE)
        return "relationship.not_active";
    if (answer != ANSWER_NO && !m_is_published(model, it->purpose))
        return "purpose.not_published";
    if (answer == ANSWER_NO && any)
        return "answer.refuses_with_terms";
    if (terms->set_until && terms->set_duration)
        return "answer.two_ends";
    if (answer == ANSWER_OTHER && !any)
        return "answer.offers_nothing";
    if (answer == ANSWER_YES || answer == ANSWER_LESS)
        return say_yes(model, it, answer, terms);
    if (answer == ANSWER_OTHER)
        return say_otherwise(model, it, terms);
    it->state = R_REFUSED;
    return NULL;
}

const char *m_revise(struct model *model, int request, const struct m_terms *terms)
{
    struct m_request *it = &model->requests[request];
    const struct m_version *version = &model->purposes[it->purpose].versions[it->version - 1];
    const char *reason = bad_for_asking(model, it->relationship);
    if (reason != NULL)
        return reason;
    if (it->state != R_COUNTERED || it->revision != 1)
        return "request.not_countered";
    unsigned kinds = terms->set_kinds ? terms->kinds : it->counter_kinds;
    int64_t duration = terms->set_duration ? terms->duration : it->counter_duration;
    struct m_uses uses = terms->set_uses ? terms->uses : it->counter_uses;
    reason = bad_question(version, kinds, duration, &uses);
    if (reason != NULL)
        return reason;
    bool as_long = duration <= it->duration || duration <= it->counter_duration;
    bool as_often = uses_fit(uses, it->uses) || uses_fit(uses, it->counter_uses);
    if (!is_inside(kinds, it->kinds | it->counter_kinds) || !as_long || !as_often)
        return "request.wider";
    it->state = R_OPEN;
    it->revision = 2;
    it->kinds = kinds;
    it->duration = duration;
    it->uses = uses;
    it->expires = model->now + ASK_LASTS;
    return NULL;
}

const char *m_cancel(struct model *model, int request)
{
    int state = m_request_state(model, request);
    if (state != R_OPEN && state != R_COUNTERED)
        return "request.not_open";
    model->requests[request].state = R_CANCELLED;
    return NULL;
}

/* ---- grants */

const char *m_give(struct model *model, int relationship, int purpose, const struct m_terms *terms)
{
    const struct m_version *version = m_newest(model, purpose);
    if (m_relationship_state(model, relationship) != S_ACTIVE)
        return "relationship.not_active";
    if (model->purposes[purpose].organisation != model->relationships[relationship].organisation)
        return "not_found";
    if (!version->published)
        return "purpose.not_published";
    if (terms->kinds == 0 || !is_inside(terms->kinds, version->needed | version->optional))
        return "grant.outside_purpose";
    if (!is_inside(terms->departments, version->departments))
        return "grant.department";
    if (terms->until != 0 && terms->until <= model->now)
        return "grant.in_past";
    if (terms->until > model->now + version->longest)
        return "grant.too_long";
    struct m_grant grant = {.relationship = relationship,
                            .purpose = purpose,
                            .version = model->purposes[purpose].count,
                            .kinds = terms->kinds,
                            .departments = terms->departments != 0 ? terms->departments : version->departments,
                            .until = terms->until != 0 ? terms->until : model->now + version->longest,
                            .uses = terms->uses};
    if (bad_uses(&grant.uses))
        return "uses.invalid";
    add_grant(model, &grant);
    return NULL;
}

const char *m_narrow(struct model *model, int grant, const struct m_terms *terms)
{
    struct m_grant *it = &model->grants[grant];
    unsigned kinds = terms->set_kinds ? terms->kinds : it->kinds;
    unsigned departments = terms->set_departments ? terms->departments : it->departments;
    int64_t until = terms->set_until ? terms->until : it->until;
    struct m_uses uses = terms->set_uses ? terms->uses : it->uses;
    if (m_grant_state(model, grant) != G_ACTIVE)
        return "grant.not_active";
    if (terms->set_uses && bad_uses(&uses))
        return "uses.invalid";
    if (kinds == 0 || !is_inside(kinds, it->kinds) || departments == 0 || !is_inside(departments, it->departments) ||
        until > it->until)
        return "grant.wider";
    if (until <= model->now)
        return "grant.in_past";
    if (!uses_fit(uses, it->uses))
        return "grant.wider";
    it->kinds = kinds;
    it->departments = departments;
    it->until = until;
    it->uses = uses;
    remember(model, grant);
    return NULL;
}

void m_withdraw(struct model *model, int grant)
{
    if (model->grants[grant].state != G_ACTIVE)
        return;
    model->grants[grant].state = G_WITHDRAWN;
    remember(model, grant);
}

const char *m_report(struct model *model, int grant, int department)
{
    struct m_grant *it = &model->grants[grant];
    if ((it->departments >> department & 1) == 0)
        return "not_found";
    if (it->uses.kind != U_EVENT)
        return "grant.no_event";
    if (m_grant_state(model, grant) != G_ACTIVE)
        return "grant.not_active";
    it->state = G_USED_UP;
    remember(model, grant);
    return NULL;
}
