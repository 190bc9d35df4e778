/* SPDX-License-Identifier: Apache-2.0
 * Steps from the first invitation to the end of a relationship. */
#include "support/life/life.h"

#include <stdio.h>

static struct relationship_start start_of(const struct m_dates *dates)
{
    return (struct relationship_start){.ends_at_ms = dates->ends, .review_at_ms = dates->review};
}

static void take_relationship(struct life *life, int relationship, const struct relationship *real)
{
    struct m_relationship *it = &life->model->relationships[relationship];
    it->real_id = real->relationship_id;
    it->real_person = real->person_id;
}

void step_invite(struct life *life)
{
    struct model *model = life->model;
    int organisation = life_draw(life, ORGANISATIONS);
    struct invitation_make make = {.claims = life_is(life, 60) ? 1 : 1 + life_draw(life, 3),
                                   .lifetime_ms = life_is(life, 50) ? 0 : 1 + life_draw(life, 3 * 86400000)};
    if (model->invitations_count == MANY || model->relationships_count >= MANY - 4)
        return;
    life_expect(life, LIFE_WRITE(life, life->systems[organisation][0], invitation_make, &make), NULL);
    struct m_invitation *it = &model->invitations[model->invitations_count++];
    *it = (struct m_invitation){.organisation = organisation,
                                .relationship = -1,
                                .left = (int)make.claims,
                                .expires = model->now + (make.lifetime_ms != 0 ? make.lifetime_ms : 90 * TIME_DAY_MS)};
    (void)snprintf(it->code, sizeof it->code, "%.*s", TEXT_ARGS(make.out_code)); /* claim codes are shorter */
    if (make.claims > 1)
        return;
    it->relationship = model->relationships_count++;
    model->relationships[it->relationship] =
        (struct m_relationship){.person = -1, .organisation = organisation, .state = S_INVITED, .nature = 2};
    take_relationship(life, it->relationship, &make.out_relationship);
}

/* The relationship that a claim has begun: the invited one, or the newest. */
static int begun(const struct model *model, int invitation)
{
    int invited = model->invitations[invitation].relationship;
    return invited >= 0 ? invited : model->relationships_count - 1;
}

static int draw_invitation(struct life *life)
{
    int count = life->model->invitations_count;
    int young = count < 6 || life_is(life, 15) ? count : 6;
    return count - 1 - life_draw(life, young);
}

void claim(struct life *life, int invitation)
{
    struct model *model = life->model;
    int person = life_person(life);
    struct m_dates dates = life_dates(life);
    struct actor actor = life_actor(life, person);
    struct invitation_claim claim = {.code = text_of(model->invitations[invitation].code), .start = start_of(&dates)};
    err result = LIFE_WRITE(life, actor, invitation_claim, &claim);
    const char *reason = m_claim(model, invitation, person, &dates);
    life_expect(life, result, reason);
    if (reason == NULL)
        take_relationship(life, begun(model, invitation), &claim.out);
}

void step_claim(struct life *life)
{
    if (life->model->invitations_count > 0 && life->model->relationships_count < MANY - 4)
        claim(life, draw_invitation(life));
}

void step_claim_new(struct life *life)
{
    struct model *model = life->model;
    struct actor nobody = {.kind = ACTOR_NOBODY};
    if (model->invitations_count == 0 || model->people_count > PEOPLE_MAX / 2 || model->relationships_count >= MANY - 4)
        return;
    int invitation = draw_invitation(life);
    struct m_dates dates = life_dates(life);
    struct invitation_claim_new claim = {.code = text_of(model->invitations[invitation].code),
                                         .start = start_of(&dates)};
    err result = LIFE_WRITE(life, nobody, invitation_claim_new, &claim);
    const char *reason = m_claim_new(model, invitation, &dates);
    life_expect(life, result, reason);
    if (reason != NULL)
        return;
    take_relationship(life, begun(model, invitation), &claim.out);
    model->people[model->people_count - 1].real_id = claim.out.person_id;
}

void step_propose(struct life *life)
{
    struct model *model = life->model;
    if (model->relationships_count >= MANY - 4)
        return;
    int person = life_person(life);
    int organisation = life_draw(life, ORGANISATIONS);
    struct m_dates dates = life_dates(life);
    struct actor actor = life_actor(life, person);
    struct relationship_propose propose = {.organisation_id = life->organisations[organisation],
                                           .ends_at_ms = dates.ends,
                                           .review_at_ms = dates.review};
    err result = LIFE_WRITE(life, actor, relationship_propose, &propose);
    const char *reason = m_propose(model, person, organisation, &dates);
    life_expect(life, result, reason);
    if (reason == NULL)
        take_relationship(life, model->relationships_count - 1, &propose.out);
}

void step_answer_proposal(struct life *life)
{
    struct model *model = life->model;
    int relationship = life_relationship(life);
    if (relationship < 0)
        return;
    const struct m_relationship *it = &model->relationships[relationship];
    bool foreign = life_is(life, 10);
    int organisation = foreign ? 1 - it->organisation : it->organisation;
    struct relationship_answer answer = {
        .person_id = it->real_person, .relationship_id = it->real_id, .accept = life_is(life, 80)};
    struct actor system = life->systems[organisation][life_draw(life, DEPARTMENTS)];
    err result = LIFE_WRITE(life, system, relationship_answer, &answer);
    life_expect(life, result, foreign ? "not_found" : m_answer_proposal(model, relationship, answer.accept));
}

void step_change(struct life *life)
{
    struct model *model = life->model;
    int relationship = life_relationship(life);
    if (relationship < 0 || model->relationships[relationship].person < 0)
        return;
    const struct m_relationship *it = &model->relationships[relationship];
    struct m_dates dates = life_dates(life);
    int move = life_is(life, 40) ? life_draw(life, 3) : CHANGE_ONLY;
    int nature = life_draw(life, 5);
    int person = life_is(life, 90) ? it->person : life_person(life);
    struct actor actor = life_actor(life, person);
    struct relationship_change change = {.relationship_id = it->real_id,
                                         .set_nature = nature != 0,
                                         .nature = (relationship_nature)nature,
                                         .set_ends = dates.set_ends,
                                         .ends_at_ms = dates.ends,
                                         .set_review = dates.set_review,
                                         .review_at_ms = dates.review,
                                         .move = (relationship_move)move};
    err result = LIFE_WRITE(life, actor, relationship_change, &change);
    bool own = person == it->person;
    life_expect(life, result, own ? m_change(model, relationship, move, nature, &dates) : "not_found");
}

void step_end(struct life *life)
{
    struct model *model = life->model;
    int relationship = life_relationship(life);
    if (relationship < 0 || model->relationships[relationship].person < 0)
        return;
    const struct m_relationship *it = &model->relationships[relationship];
    int person = life_is(life, 90) ? it->person : life_person(life);
    struct actor actor = life_actor(life, person);
    struct relationship_end end = {.relationship_id = it->real_id, .erase = life_is(life, 30)};
    bool own = person == it->person;
    life_expect(life, LIFE_WRITE(life, actor, relationship_end, &end), own ? NULL : "not_found");
    if (own)
        m_end(model, relationship);
}
