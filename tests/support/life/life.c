/* SPDX-License-Identifier: Apache-2.0
 * See life.h. */
#include "support/life/life.h"

static const char *const EVENTS[] = {"", "the parcel has come", "the year is over"};

int life_draw(struct life *life, int below)
{
    return (int)dice_draw(&life->dice, below);
}

bool life_is(struct life *life, int percent)
{
    return dice_is(&life->dice, percent);
}

int life_person(struct life *life)
{
    int person = life_draw(life, life->model->people_count);
    while (life->model->people[person].is_erased)
        person = (person + 1) % life->model->people_count;
    return person;
}

int life_relationship(struct life *life)
{
    struct model *model = life->model;
    if (model->relationships_count == 0)
        return -1;
    int relationship = life_draw(life, model->relationships_count);
    for (int i = 0; i < model->relationships_count && life_is(life, 97); i++) { /* mostly one that lives */
        int state = m_relationship_state(model, relationship);
        if (state == S_ACTIVE || state == S_PAUSED)
            break;
        relationship = (relationship + 1) % model->relationships_count;
    }
    int person = model->relationships[relationship].person;
    return person >= 0 && model->people[person].is_erased ? -1 : relationship;
}

/* A moment around one, at times in the past. */
static int64_t draw_moment(struct life *life, int days)
{
    int64_t back = life_is(life, 10) ? TIME_DAY_MS : 0;
    return life->model->now + TIME_DAY_MS * life_draw(life, days) + life_draw(life, 3600000) - back;
}

struct m_dates life_dates(struct life *life)
{
    struct m_dates dates = {.set_ends = life_is(life, 30), .set_review = life_is(life, 20)};
    if (dates.set_ends && life_is(life, 90))
        dates.ends = draw_moment(life, 60);
    if (dates.set_review && life_is(life, 90))
        dates.review = draw_moment(life, 40);
    return dates;
}

unsigned life_kinds(struct life *life, unsigned from)
{
    unsigned kinds = (unsigned)life_draw(life, 1 << KINDS);
    return life_is(life, 90) ? kinds & from : kinds;
}

static struct m_uses draw_uses(struct life *life)
{
    struct m_uses uses = {.kind = life_is(life, 50) ? U_PERIOD : life_draw(life, 4)};
    if (uses.kind == U_TIMES)
        uses.max = life_is(life, 5) ? 1000001 : 1 + life_draw(life, 4);
    if (uses.kind == U_EVENT)
        uses.event = 1 + life_draw(life, 2);
    if (life_is(life, 3))
        uses.max = life_draw(life, 3) - 1;
    return uses;
}

struct m_terms life_terms(struct life *life, int purpose)
{
    const struct m_version *version = m_newest(life->model, purpose);
    if (life_is(life, 50)) /* as people do: all of it, as proposed */
        return (struct m_terms){.kinds = version->needed | version->optional, .uses = draw_uses(life)};
    struct m_terms terms = {
        .set_kinds = life_is(life, 40),
        .set_until = life_is(life, 25),
        .set_duration = life_is(life, 25),
        .set_departments = life_is(life, 40),
        .set_uses = life_is(life, 40),
        .uses = draw_uses(life),
        .departments = (unsigned)life_draw(life, 1 << DEPARTMENTS) & (life_is(life, 90) ? version->departments : ~0u),
        .kinds = life_kinds(life, version->needed | version->optional),
    };
    terms.until = draw_moment(life, (int)(version->longest / TIME_DAY_MS) + 1);
    terms.duration = TIME_DAY_MS * life_draw(life, 60) + life_draw(life, 1000);
    if (life_is(life, 5))
        terms.duration = life_draw(life, 3) - 1;
    if (life_is(life, 3))
        terms.duration = life_is(life, 50) ? version->longest + 1 : INT64_MAX;
    return terms;
}

struct actor life_actor(const struct life *life, int person)
{
    return (struct actor){.kind = ACTOR_PERSON, .person_id = life->model->people[person].real_id};
}

struct attribute_set life_set(const struct life *life, unsigned kinds)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    for (int i = 0; i < KINDS; i++)
        if ((kinds >> i & 1) != 0)
            set = attribute_set_add(set, life->kinds[i]);
    return set;
}

struct uses life_uses(struct m_uses uses)
{
    return (struct uses){(uses_kind)uses.kind, uses.max, text_of(EVENTS[uses.event])};
}

int64_t life_bits(const struct life *life, int organisation, unsigned departments)
{
    int64_t bits = 0;
    for (int i = 0; i < DEPARTMENTS; i++)
        if ((departments >> i & 1) != 0)
            bits |= life->systems[organisation][i].department_bit;
    return bits;
}

struct id life_purpose(const struct life *life, int purpose)
{
    const struct m_purpose *it = &life->model->purposes[purpose];
    return (struct id){ID_PURPOSE, life->organisations[it->organisation], it->real_id};
}

struct relationship life_load(struct life *life, int relationship)
{
    const struct m_relationship *it = &life->model->relationships[relationship];
    struct relationship real = {0};
    life_expect(life, relationship_load(&life->world.node.cx, it->real_person, it->real_id, &real), NULL);
    return real;
}

void life_expect(struct life *life, err result, const char *reason)
{
    const struct failure *failure = &life->world.node.cx.failure;
    const char *real = result == OK ? "done" : failure->reason;
    const char *wanted = reason == NULL ? "done" : reason;
    if (!text_is(text_of(real), wanted))
        fail_msg("step %lld (%s): the node says %s (%s), the model says %s", (long long)life->steps, life->step, real,
                 result == OK ? "" : failure->where, wanted);
}

/* ---- the beginning of the world */

void life_add_person(struct life *life, struct actor actor)
{
    struct m_person *person = &life->model->people[life->model->people_count++];
    *person = (struct m_person){.is_here = true, .real_id = actor.person_id};
}

static void add_purpose(struct life *life, int organisation, struct purpose_save *save)
{
    struct actor system = life->systems[organisation][0];
    struct model *model = life->model;
    int at = 0;
    while (model->purposes[at].count != 0)
        at++;
    save->text = world_purpose_text(life_set(life, 3), life_set(life, 12));
    save->body = world_purpose_body();
    save->departments = life_bits(life, organisation, 3);
    ASSERT_OK(&life->world, LIFE_WRITE(life, system, purpose_save, save));
    struct purpose_publish publish = {.purpose_id = save->out.purpose_id, .text = save->text, .body = save->body};
    ASSERT_OK(&life->world, LIFE_WRITE(life, system, purpose_publish, &publish));
    model->purposes[at] =
        (struct m_purpose){.organisation = organisation, .count = 1, .real_id = publish.out.purpose_id};
    model->purposes[at].versions[0] = (struct m_version){3, 12, 3, publish.out.longest_ms, true};
}

static void fill_world(struct life *life)
{
    struct world *world = &life->world;
    life->organisations[0] = world->shop.organisation_id;
    life->organisations[1] = world->bank.organisation_id;
    life->systems[0][0] = world->shipping;
    life->systems[0][1] = world->marketing;
    life->systems[1][0] = world->teller;
    life->systems[1][1] = world_make_system(world, world->bank.organisation_id, "Loans");
    for (int i = 0; i < ORGANISATIONS * PURPOSES; i++) {
        struct purpose_save save = {0};
        add_purpose(life, i / PURPOSES, &save);
    }
    for (int i = 0; i < 3; i++)
        life_add_person(life, world_make_person(world, ""));
}

void life_open(struct life *life, struct model *model)
{
    *life = (struct life){.model = model, .step = "begin"};
    dice_open(&life->dice);
    world_open(&life->world);
    struct attribute_set kinds = world_kinds("Name PhysicalAddress TelephoneNumber EmailAddress");
    int count = 0;
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(kinds, n)) != ATTRIBUTE_NONE;)
        life->kinds[count++] = n;
    assert_int_equal(count, KINDS);
    model->now = life->begun_at_ms = life->world.node.time.wall_ms;
    fill_world(life);
    test_node_rest(&life->world.node);
}

void life_close(struct life *life)
{
    world_close(&life->world);
}
