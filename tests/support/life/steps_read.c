/* SPDX-License-Identifier: Apache-2.0
 * Steps of the vault, of reads, of purposes and keys, and of time. */
#include "support/life/life.h"

#include <stdio.h>
#include <string.h>

#define VALUE_BYTES 40

/* ---- the vault: each value that was ever put is unlike all others */

static struct text value_text(struct life *life, int number)
{
    struct text text = text_format(life->world.node.cx.arena, "{\"secret\":\"value-%d-end\"}", number);
    assert_non_null(text.at);
    return text;
}

void step_put(struct life *life)
{
    int person = life_person(life);
    int kind = life_draw(life, KINDS);
    int *value = &life->model->people[person].values[kind];
    struct actor actor = life_actor(life, person);
    if (*value == 0 || life_is(life, 80))
        *value = (int)++life->last_value;
    struct vault_put put = {.kind = attribute_by_number(life->kinds[kind]),
                            .value = value_text(life, *value),
                            .source = SOURCE_SELF};
    life_expect(life, LIFE_WRITE(life, actor, vault_put, &put), NULL);
}

void step_remove(struct life *life)
{
    int person = life_person(life);
    int kind = life_draw(life, KINDS);
    int *value = &life->model->people[person].values[kind];
    struct actor actor = life_actor(life, person);
    struct vault_remove remove = {.kind = attribute_by_number(life->kinds[kind])};
    /* a name was put in when the person was made by the operator; the model has never heard of it */
    life_expect(life, LIFE_WRITE(life, actor, vault_remove, &remove), *value == 0 ? "not_found" : NULL);
    *value = 0;
}

/* ---- reads */

static struct disclosure_ask question_of(struct life *life, const struct m_read *read)
{
    struct ctx *cx = &life->world.node.cx;
    struct relationship real = life_load(life, read->relationship);
    return (struct disclosure_ask){.relationship = id_text(cx, relationship_id(&real)),
                                   .purpose = id_text(cx, life_purpose(life, read->purpose)),
                                   .attributes = life_set(life, read->kinds),
                                   .note = life_is(life, 50) ? TEXT("order 10442") : TEXT_NONE,
                                   .partial = read->partial};
}

static void compare_decision(struct life *life, const struct disclosure_ask *ask, const struct m_read *read)
{
    const char *reason = ask->refusals_count > 0 ? ask->reason : NULL;
    if (ask->given != read->given || (reason == NULL) != (read->reason == NULL) ||
        (reason != NULL && strcmp(reason, read->reason) != 0))
        fail_msg("step %lld (%s): the node gives %d because of %s, the model %d because of %s", (long long)life->steps,
                 life->step, ask->given, reason == NULL ? "nothing" : reason, read->given,
                 read->reason == NULL ? "nothing" : read->reason);
}

/* Exactly the values of the kinds that are allowed, as they were when they were opened. */
static void compare_values(struct life *life, const struct disclosure_ask *ask, unsigned allowed, const int *values)
{
    size_t due = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        bool is_due = (allowed >> kind & 1) != 0;
        assert_int_equal(attribute_set_has(ask->missing, life->kinds[kind]), is_due && values[kind] == 0);
        due += is_due && values[kind] != 0;
    }
    assert_int_equal(ask->values_count, due);
    for (size_t i = 0; i < ask->values_count; i++) {
        int kind = 0;
        while (life->kinds[kind] != ask->values[i].kind->number)
            kind++;
        assert_true((allowed >> kind & 1) != 0);
        assert_true(text_equals(ask->values[i].item.value, value_text(life, values[kind])));
    }
}

/* What may happen between the look and the write. */
static void interfere(struct life *life)
{
    static void (*const STEPS[])(struct life *life) = {step_withdraw, step_end,    step_change, step_narrow,
                                                       step_report,   step_pass,   step_put,    step_remove,
                                                       step_answer,   step_give};
    if (life_is(life, 20))
        STEPS[life_draw(life, sizeof STEPS / sizeof *STEPS)](life);
}

/* What somebody has been given, by its terms. */
static bool draw_granted(struct life *life, struct m_read *out)
{
    const struct model *model = life->model;
    if (model->grants_count == 0)
        return false;
    int young = model->grants_count < 20 ? model->grants_count : 20;
    int at = model->grants_count - 1 - life_draw(life, young);
    while (at > 0 && m_grant_state(model, at) != G_ACTIVE && life_is(life, 90))
        at--;
    const struct m_grant *grant = &model->grants[at];
    if (model->people[model->relationships[grant->relationship].person].is_erased)
        return false;
    *out = (struct m_read){.relationship = grant->relationship,
                           .department = (grant->departments & 1) != 0 ? 0 : 1,
                           .purpose = grant->purpose,
                           .kinds = life_is(life, 70) ? grant->kinds : 1 + (unsigned)life_draw(life, (1 << KINDS) - 1),
                           .partial = life_is(life, 30)};
    return true;
}

static bool draw_read(struct life *life, struct m_read *out)
{
    if (life_is(life, 65) && draw_granted(life, out))
        return true;
    int relationship = life_relationship(life);
    if (relationship < 0)
        return false;
    int organisation = life->model->relationships[relationship].organisation;
    *out = (struct m_read){.relationship = relationship,
                           .department = life_draw(life, DEPARTMENTS),
                           .purpose = organisation * PURPOSES + life_draw(life, PURPOSES),
                           .kinds = 1 + (unsigned)life_draw(life, (1 << KINDS) - 1),
                           .partial = life_is(life, 40)};
    if (life_is(life, 60))
        out->kinds = 1u << life_draw(life, KINDS);
    return true;
}

/* Two reads that are decided side by side and written one after the other: so counted uses meet a race. */
static void read_twice(struct life *life, const struct m_read *read)
{
    struct model *model = life->model;
    struct m_read reads[2] = {*read, *read};
    struct disclosure_ask asks[2];
    int values[KINDS] = {0};
    const struct m_relationship *it = &model->relationships[reads[0].relationship];
    struct actor system = life->systems[it->organisation][reads[0].department];
    int count = life_is(life, 20) ? 2 : 1;
    if (it->person >= 0)
        memcpy(values, model->people[it->person].values, sizeof values);
    for (int i = 0; i < count; i++) {
        asks[i] = question_of(life, &reads[i]);
        life_expect(life, disclosure_decide(world_as(&life->world, system), &asks[i]), NULL);
        m_decide(model, &reads[i]);
        reads[i].unseen = model->grants_count;
        for (int kind = 0; kind < KINDS; kind++)
            reads[i].filled |= (unsigned)(values[kind] != 0) << kind;
        compare_decision(life, &asks[i], &reads[i]);
        compare_values(life, &asks[i], reads[i].given ? reads[i].allowed : 0, values);
    }
    if (it->person >= 0)
        interfere(life);
    for (int i = 0; i < count; i++) {
        life_expect(life, LIFE_WRITE(life, system, disclosure_commit, &asks[i]), NULL);
        m_commit(model, &reads[i]);
        compare_decision(life, &asks[i], &reads[i]);
        compare_values(life, &asks[i], reads[i].given ? reads[i].allowed : 0, values);
    }
}

void step_read(struct life *life)
{
    struct m_read read;
    if (draw_read(life, &read))
        read_twice(life, &read);
}

/* ---- what belongs to others is not there, by the very same answer as what does not exist */

static void expect_nothing(struct life *life, err result, const struct failure *absent)
{
    const struct failure *failure = &life->world.node.cx.failure;
    life_expect(life, result, "not_found");
    assert_int_equal(failure->code, absent->code);
    assert_string_equal(failure->detail, absent->detail);
    assert_string_equal(failure->pointer, absent->pointer);
}

void step_foreign(struct life *life)
{
    struct world *world = &life->world;
    struct m_read read;
    if (!draw_read(life, &read))
        return;
    const struct m_relationship *it = &life->model->relationships[read.relationship];
    struct actor stranger = life->systems[1 - it->organisation][read.department];
    struct disclosure_ask ask = question_of(life, &read);
    struct disclosure_ask absent_ask = ask;
    absent_ask.relationship = TEXT("rel_00000000000000000000000000");
    assert_int_equal(disclosure_decide(world_as(world, stranger), &absent_ask), NOT_FOUND);
    struct failure absent = world->node.cx.failure;
    expect_nothing(life, disclosure_decide(world_as(world, stranger), &ask), &absent);
    ask.purpose = id_text(&world->node.cx, life_purpose(life, (1 - it->organisation) * PURPOSES));
    struct actor own = life->systems[it->organisation][read.department];
    expect_nothing(life, disclosure_decide(world_as(world, own), &ask), &absent);
    struct relationship opened;
    expect_nothing(life, relationship_open(world_as(world, stranger), ask.relationship, &opened), &absent);
    int person = life_person(life);
    if (person != it->person)
        expect_nothing(life, relationship_open(world_as(world, life_actor(life, person)), ask.relationship, &opened),
                       &absent);
}

/* ---- purposes and keys */

void step_publish(struct life *life)
{
    static const int64_t DAYS[] = {20, 60, 365};
    int at = life_draw(life, ORGANISATIONS * PURPOSES);
    int writer = life_draw(life, DEPARTMENTS);
    struct m_purpose *purpose = &life->model->purposes[at];
    const struct actor *systems = life->systems[purpose->organisation];
    bool may_write = m_may_write(life->model, at, writer);
    if (purpose->count == VERSIONS)
        return;
    struct m_version version = {.needed = 3, .optional = 12, .published = true};
    version.departments = 1 + (unsigned)life_draw(life, (1 << DEPARTMENTS) - 1);
    version.longest = DAYS[life_draw(life, 3)] * TIME_DAY_MS;
    struct purpose_save save = {.purpose_id = purpose->real_id,
                                .text = world_purpose_text(life_set(life, 3), life_set(life, 12)),
                                .departments = life_bits(life, purpose->organisation, version.departments),
                                .body = world_purpose_body()};
    save.text.longest_ms = version.longest;
    life_expect(life, LIFE_WRITE(life, systems[writer], purpose_save, &save), may_write ? NULL : "not_found");
    if (!may_write)
        return;
    struct purpose_publish publish = {.purpose_id = purpose->real_id, .text = save.text, .body = save.body};
    for (int i = 0; i < DEPARTMENTS && publish.out.version == 0; i++) { /* the first that the draft names */
        bool named = (version.departments >> i & 1) != 0;
        life_expect(life, LIFE_WRITE(life, systems[i], purpose_publish, &publish), named ? NULL : "not_found");
    }
    assert_int_equal(publish.out.version, purpose->count + 1);
    purpose->versions[purpose->count++] = version;
}

void step_retire(struct life *life)
{
    int at = life_draw(life, ORGANISATIONS * PURPOSES);
    struct m_purpose *purpose = &life->model->purposes[at];
    struct actor system = life->systems[purpose->organisation][0];
    if (purpose->count == VERSIONS)
        return; /* the last one stays, so that a long run has something to give */
    struct purpose_retire retire = {.purpose_id = purpose->real_id};
    bool *published = &purpose->versions[purpose->count - 1].published;
    bool may_write = m_may_write(life->model, at, 0);
    const char *refusal = !may_write ? "not_found" : *published ? NULL : "purpose.not_published";
    life_expect(life, LIFE_WRITE(life, system, purpose_retire, &retire), refusal);
    *published = *published && !may_write;
}

void step_rekey(struct life *life)
{
    struct world *world = &life->world;
    int organisation = life_draw(life, ORGANISATIONS);
    int department = life_draw(life, DEPARTMENTS);
    struct actor *system = &life->systems[organisation][department];
    struct key_create create = {.organisation_id = life->organisations[organisation],
                                .department_id = system->department_id,
                                .name = TEXT("another server"),
                                .scopes = 0xFFFF};
    struct actor actor;
    struct actor revoked;
    life_expect(life, LIFE_WRITE(life, world->operator_, key_create, &create), NULL);
    life_expect(life, organisation_authenticate(&world->node.cx, create.out_secret, &actor), NULL);
    assert_int_equal(actor.department_bit, system->department_bit);
    if (life_is(life, 50)) {
        struct key_revoke revoke = {.organisation_id = create.organisation_id, .system_id = actor.system_id};
        life_expect(life, LIFE_WRITE(life, world->operator_, key_revoke, &revoke), NULL);
        life_expect(life, organisation_authenticate(&world->node.cx, create.out_secret, &revoked), "key.unknown");
        return;
    }
    *system = actor;
}

/* ---- time and oblivion */

/* The next hour at which something ends. */
struct boundary {
    enum { ENDS_GRANT, ENDS_REQUEST, ENDS_RELATIONSHIP, ENDS_INVITATION } what;
    int     which;
    int64_t at;
};

static void nearer(struct boundary *nearest, struct boundary candidate, int64_t now)
{
    if (candidate.at > now && candidate.at < nearest->at)
        *nearest = candidate;
}

/* The nearest end of one sort of thing, so that each sort has its turn. */
static struct boundary next_boundary(const struct model *model, int sort)
{
    struct boundary nearest = {.at = INT64_MAX};
    for (int i = 0; sort == ENDS_GRANT && i < model->grants_count; i++)
        if (m_grant_state(model, i) == G_ACTIVE)
            nearer(&nearest, (struct boundary){ENDS_GRANT, i, model->grants[i].until}, model->now);
    for (int i = 0; sort == ENDS_REQUEST && i < model->requests_count; i++)
        if (m_request_state(model, i) == R_OPEN)
            nearer(&nearest, (struct boundary){ENDS_REQUEST, i, model->requests[i].expires}, model->now);
    for (int i = 0; sort == ENDS_RELATIONSHIP && i < model->relationships_count; i++)
        if (m_relationship_state(model, i) == S_ACTIVE)
            nearer(&nearest, (struct boundary){ENDS_RELATIONSHIP, i, model->relationships[i].ends}, model->now);
    for (int i = 0; sort == ENDS_INVITATION && i < model->invitations_count; i++)
        if (model->invitations[i].left > 0)
            nearer(&nearest, (struct boundary){ENDS_INVITATION, i, model->invitations[i].expires}, model->now);
    return nearest;
}

static void pass(struct life *life, int64_t ms)
{
    test_node_pass(&life->world.node, ms);
    life->model->now += ms;
}

/* Looks at the thing that has just ended, or is about to. */
static void probe(struct life *life, const struct boundary *boundary)
{
    const struct model *model = life->model;
    int relationship = boundary->which;
    switch (boundary->what) {
    case ENDS_GRANT:
        relationship = model->grants[boundary->which].relationship;
        check_grant(life, boundary->which);
        break;
    case ENDS_REQUEST:
        check_request(life, boundary->which);
        return;
    case ENDS_INVITATION:
        claim(life, boundary->which);
        return;
    case ENDS_RELATIONSHIP:
        check_relationship(life, boundary->which);
    }
    const struct m_relationship *it = &model->relationships[relationship];
    struct m_read read = {.relationship = relationship, .purpose = it->organisation * PURPOSES, .kinds = 1};
    if (!model->people[it->person].is_erased)
        read_twice(life, &read);
}

void step_pass(struct life *life)
{
    static const int LONGEST[] = {3, 3, 5000, 5000, 3600000, 86400000};
    struct model *model = life->model;
    struct boundary boundary = next_boundary(model, life_draw(life, 4));
    if (life_is(life, 70) || boundary.at > model->now + 3 * TIME_DAY_MS || model->relationships_count >= MANY - 4) {
        pass(life, life_draw(life, LONGEST[life_draw(life, sizeof LONGEST / sizeof *LONGEST)]));
        return;
    }
    pass(life, boundary.at - model->now - life_draw(life, 2));
    probe(life, &boundary);
}

void step_erase(struct life *life)
{
    struct world *world = &life->world;
    if (life->model->people_count == PEOPLE_MAX)
        return;
    life_add_person(life, world_make_person(world, "")); /* the world never runs out of people */
    struct m_person *person = &life->model->people[life_person(life)];
    struct ctx *cx = world_as(world, world->operator_);
    life_expect(life, person_forget_keys(cx, world->node.store, &person->real_id, 1), NULL);
    person->is_erased = true;
    for (int i = 0; i < life->model->relationships_count; i++) {
        const struct m_relationship *it = &life->model->relationships[i];
        if (it->person < 0 || &life->model->people[it->person] != person)
            continue;
        struct m_read read = {.relationship = i, .purpose = it->organisation * PURPOSES, .kinds = 1};
        struct disclosure_ask ask = question_of(life, &read);
        cx = world_as(world, life->systems[it->organisation][0]);
        life_expect(life, disclosure_decide(cx, &ask), "person.erased");
        return;
    }
}
