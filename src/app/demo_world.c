/* SPDX-License-Identifier: Apache-2.0
 * Builds the demo world week by week. Who does what is drawn from a fixed seed, so every demo is alike; secrets and
 * keys come from the real source. */
#include "app/demo_world.h"

#include "base/json.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "domain/parties/invitation.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/people/person.h"
#include "domain/sharing/disclosure.h"
#include "domain/sharing/request.h"

#define PEOPLE 60
#define WEEKS 104
#define WEEK_MS (7 * TIME_DAY_MS)
#define BODY_BYTES 4096

enum {
    ORGANISATIONS = 0
#define ORGANISATION(name) +1
#include "app/demo_world.def"
    ,
    DEPARTMENTS = 0
#define DEPARTMENT(organisation, name) +1
#include "app/demo_world.def"
    ,
    PURPOSES = 0
#define PURPOSE(...) +1
#include "app/demo_world.def"
};

static const char *const ORGANISATION_NAMES[] = {
#define ORGANISATION(name) name,
#include "app/demo_world.def"
};

static const struct {
    int         organisation;
    const char *name;
} DEPARTMENT_ROWS[] = {
#define DEPARTMENT(organisation, name) {organisation, name},
#include "app/demo_world.def"
};

static const struct purpose_row {
    int         department;
    const char *name, *sentence, *example, *term, *needed, *optional, *longest, *shortest, *retention, *passed_on;
    const char *benefit, *if_no;
} PURPOSE_ROWS[] = {
#define PURPOSE(...) {__VA_ARGS__},
#include "app/demo_world.def"
};

static const char *const GIVEN[] = {"Ada", "Bram", "Clara", "Daan", "Elif", "Femke", "Goran", "Hanna", "Ivo", "Juna"};
static const char *const FAMILY[] = {"Lindgren", "de Vries", "Moreau", "Keller", "Aksoy", "Novak"};
static const char *const TOWNS[] = {"Bern", "Utrecht", "Lyon", "Graz", "Ghent", "Turku"};
static const char *const COUNTRIES[] = {"CH", "NL", "FR", "AT", "BE", "FI"};

struct visitor {
    struct actor        actor;
    struct relationship relationship[ORGANISATIONS]; /* relationship_id 0: none */
    struct grant        grant[PURPOSES];             /* grant_id 0: none */
};

struct world {
    struct node        *node;
    struct set_clock   *time;
    struct seeded       dice;
    struct organisation organisation[ORGANISATIONS];
    struct actor        system[DEPARTMENTS];
    struct text         key[DEPARTMENTS];
    struct id           purpose[PURPOSES];
    struct visitor      visitor[PEOPLE];
    struct demo_world  *out;
};

static uint32_t draw(struct world *world, uint32_t sides)
{
    struct randomness dice = randomness_seeded(&world->dice);
    uint8_t bytes[8];
    random_fill(&dice, bytes, sizeof bytes);
    return ((uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2]) % sides;
}

static err act(struct world *world, const struct actor *actor, store_write_fn run, void *arg)
{
    world->node->cx.actor = *actor;
    err result = node_write(world->node, run, arg);
    world->node->cx.actor = (struct actor){.kind = ACTOR_OPERATOR};
    return result;
}

/* ---- organisations */

static err make_department(struct world *world, int at)
{
    struct ctx *cx = &world->node->cx;
    int64_t organisation_id = world->organisation[DEPARTMENT_ROWS[at].organisation].organisation_id;
    struct department_create department = {.organisation_id = organisation_id,
                                           .name = text_of(DEPARTMENT_ROWS[at].name)};
    TRY(node_write(world->node, department_create, &department));
    struct key_create key = {.organisation_id = organisation_id,
                             .department_id = department.out.department_id,
                             .name = TEXT("Order desk server"),
                             .scopes = UINT32_MAX};
    TRY(node_write(world->node, key_create, &key));
    world->key[at] = key.out_secret;
    return organisation_authenticate(cx, key.out_secret, &world->system[at]);
}

static struct text body_of(struct arena *arena, const struct purpose_row *row)
{
    return text_format(
        arena,
        "{\"attributes\":{\"needed\":[%s],\"optional\":[%s]},\"benefit\":\"%s\",\"example\":\"%s\","
        "\"facts\":{\"leaves_eea\":false,\"passed_on\":[%s],\"scored\":false,\"trains_ai\":false},"
        "\"if_no\":\"%s\",\"language\":\"en\",\"legal_basis\":\"consent\",\"longest\":\"%s\",\"name\":\"%s\","
        "\"retention\":\"%s\",\"sentence\":\"%s\",\"shortest_useful\":\"%s\",\"term\":\"%s\"}",
        row->needed, row->optional, row->benefit, row->example, row->passed_on, row->if_no, row->longest, row->name,
        row->retention, row->sentence, row->shortest, row->term);
}

static err read_kinds(struct ctx *cx, const json_t *kinds, struct attribute_set *out)
{
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        const struct attribute_kind *kind = NULL;
        TRY(attribute_parse(cx, json_text(json_array_get(kinds, i)), &kind));
        *out = attribute_set_add(*out, kind->number);
    }
    return OK;
}

static err text_of_row(struct ctx *cx, const struct purpose_row *row, const json_t *body, struct purpose_text *out)
{
    *out = (struct purpose_text){
        .name = text_of(row->name), .sentence = text_of(row->sentence), .example = text_of(row->example),
        .benefit = text_of(row->benefit), .if_no = text_of(row->if_no), .language = TEXT("en"),
        .term = text_of(row->term), .legal_basis = TEXT("consent"),
    };
    const json_t *attributes = json_object_get(body, "attributes");
    const json_t *passed_on = json_object_get(json_object_get(body, "facts"), "passed_on");
    TRY(read_kinds(cx, json_object_get(attributes, "needed"), &out->needed));
    TRY(read_kinds(cx, json_object_get(attributes, "optional"), &out->optional));
    struct text *names = ARENA_ARRAY(cx->arena, struct text, json_array_size(passed_on) + 1);
    if (names == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < json_array_size(passed_on); i++)
        names[i] = json_text(json_array_get(passed_on, i));
    out->passed_on = names;
    out->passed_on_count = json_array_size(passed_on);
    bool read = duration_parse(text_of(row->longest), &out->longest_ms) &&
                duration_parse(text_of(row->shortest), &out->shortest_useful_ms) &&
                duration_parse(text_of(row->retention), &out->retention_ms);
    return read ? OK : FAIL(cx, INVALID, "demo.duration", "a duration of the demo world is none");
}

static err make_purpose(struct world *world, int at)
{
    struct ctx *cx = &world->node->cx;
    const struct purpose_row *row = &PURPOSE_ROWS[at];
    struct purpose_save save = {.body = body_of(cx->arena, row)};
    const json_t *body = NULL;
    if (save.body.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(json_parse(cx, save.body, &body));
    TRY(text_of_row(cx, row, body, &save.text));
    TRY(act(world, &world->system[row->department], purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.out.purpose_id, .text = save.text, .body = save.body};
    TRY(act(world, &world->system[row->department], purpose_publish, &publish));
    world->purpose[at] = (struct id){ID_PURPOSE, save.out.organisation_id, save.out.purpose_id};
    return OK;
}

static err make_organisations(struct world *world)
{
    for (int i = 0; i < ORGANISATIONS; i++) {
        struct organisation_create create = {.name = text_of(ORGANISATION_NAMES[i])};
        TRY(node_write(world->node, organisation_create, &create));
        world->organisation[i] = create.out;
    }
    for (int i = 0; i < DEPARTMENTS; i++)
        TRY(make_department(world, i));
    for (int i = 0; i < PURPOSES; i++)
        TRY(make_purpose(world, i));
    return OK;
}

/* ---- people */

static err put(struct world *world, const struct visitor *visitor, const char *kind_word, struct text json)
{
    struct ctx *cx = &world->node->cx;
    struct vault_put put = {.source = SOURCE_SELF};
    const json_t *value = NULL;
    if (json.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(attribute_parse(cx, text_of(kind_word), &put.kind));
    TRY(json_parse(cx, json, &value));
    TRY(attribute_value_check(cx, put.kind, value, &put.value));
    return act(world, &visitor->actor, vault_put, &put);
}

static err fill_vault(struct world *world, const struct visitor *visitor, int at)
{
    struct arena *arena = world->node->cx.arena;
    int town = (at / 10 + at) % 6;
    TRY(put(world, visitor, "pd:PhysicalAddress",
            text_format(
                arena,
                "{\"street_address\":\"Lindenweg %d\",\"locality\":\"%s\",\"postal_code\":\"%d\",\"country\":\"%s\"}",
                at + 4, TOWNS[town], 3000 + at, COUNTRIES[town])));
    TRY(put(world, visitor, "pd:EmailAddress",
            text_format(arena, "\"%s%d@mail.example\"", at == 0 ? "ada" : "person", at)));
    TRY(put(world, visitor, "pd:TelephoneNumber", text_format(arena, "\"+41 31 555 %04d\"", 1000 + at)));
    return put(world, visitor, "pd:BirthDate",
               text_format(arena, "\"19%02d-0%d-1%d\"", 50 + at % 45, 1 + at % 9, at % 9));
}

static err make_person(struct world *world, int at)
{
    struct visitor *visitor = &world->visitor[at];
    struct text name = text_format(world->node->cx.arena, "%s %s", GIVEN[at % 10], FAMILY[at / 10]);
    struct person_create create = {.name = name};
    if (name.at == NULL)
        return FAIL_MEMORY(&world->node->cx);
    TRY(node_write(world->node, person_create, &create));
    visitor->actor = (struct actor){.kind = ACTOR_PERSON, .person_id = create.out_person_id};
    world->out->people++;
    return fill_vault(world, visitor, at);
}

/* ---- one week */

static int department_of(int organisation)
{
    for (int i = 0; i < DEPARTMENTS; i++)
        if (DEPARTMENT_ROWS[i].organisation == organisation)
            return i;
    return 0;
}

static err join(struct world *world, struct visitor *visitor, int organisation)
{
    struct invitation_make make = {.claims = 1};
    TRY(act(world, &world->system[department_of(organisation)], invitation_make, &make));
    struct invitation_claim claim = {.code = make.out_code};
    claim.start.nature = draw(world, 4) == 0 ? NATURE_MEMBER : NATURE_CUSTOMER;
    claim.start.review_at_ms = world->time->wall_ms + 400 * TIME_DAY_MS;
    TRY(act(world, &visitor->actor, invitation_claim, &claim));
    visitor->relationship[organisation] = claim.out;
    return OK;
}

static err ask(struct world *world, struct visitor *visitor, int purpose, bool refuse)
{
    const struct actor *system = &world->system[PURPOSE_ROWS[purpose].department];
    const struct relationship *relationship =
        &visitor->relationship[DEPARTMENT_ROWS[PURPOSE_ROWS[purpose].department].organisation];
    struct request_make make = {.person_id = relationship->person_id,
                                .relationship_id = relationship->relationship_id,
                                .purpose = world->purpose[purpose],
                                .uses = {.event = TEXT_NONE}};
    TRY(act(world, system, request_make, &make));
    struct request_answer answer = {.request_id = make.out.request_id,
                                    .answer = refuse ? ANSWER_REFUSE : ANSWER_ACCEPT};
    TRY(act(world, &visitor->actor, request_answer, &answer));
    if (answer.out_has_grant) {
        visitor->grant[purpose] = answer.out_grant;
        world->out->grants++;
    }
    return OK;
}

static err read_once(struct world *world, struct visitor *visitor, int purpose)
{
    struct ctx *cx = &world->node->cx;
    int department = PURPOSE_ROWS[purpose].department;
    const struct relationship *relationship = &visitor->relationship[DEPARTMENT_ROWS[department].organisation];
    cx->actor = world->system[department];
    cx->now_ms = world->time->wall_ms;
    struct disclosure_ask ask = {
        .relationship = id_text(cx, relationship_id(relationship)),
        .purpose = id_text(cx, world->purpose[purpose]),
        .attributes = visitor->grant[purpose].attributes,
        .note = text_format(cx->arena, "order %u", 10000 + draw(world, 9000)),
    };
    err result = disclosure_decide(cx, &ask);
    if (result == OK)
        result = node_write(world->node, disclosure_commit, &ask);
    cx->actor = (struct actor){.kind = ACTOR_OPERATOR};
    world->out->reads++;
    return result;
}

static err stop(struct world *world, struct visitor *visitor, int purpose)
{
    struct grant_withdraw withdraw = {.grant_id = visitor->grant[purpose].grant_id};
    return act(world, &visitor->actor, grant_withdraw, &withdraw);
}

/* Once in a while a person joins, is asked, is served, or stops; Ada (0) keeps what the tour shows. */
static err live_one_week(struct world *world, int at)
{
    struct visitor *visitor = &world->visitor[at];
    int purpose = (int)draw(world, PURPOSES);
    int organisation = DEPARTMENT_ROWS[PURPOSE_ROWS[purpose].department].organisation;
    bool known = visitor->relationship[organisation].relationship_id != 0;
    bool live = visitor->grant[purpose].grant_id != 0 && visitor->grant[purpose].until_at_ms > world->time->wall_ms;
    uint32_t mood = draw(world, 40);
    if (!known)
        return mood < 3 ? join(world, visitor, organisation) : OK;
    if (!live)
        return mood < 12 ? ask(world, visitor, purpose, mood == 0) : OK;
    if (mood == 1 && at != 0)
        return stop(world, visitor, purpose);
    return mood < 14 ? read_once(world, visitor, purpose) : OK;
}

static err live(struct world *world)
{
    for (int week = 0; week < WEEKS; week++) {
        world->time->wall_ms += WEEK_MS;
        for (int at = 0; at < PEOPLE; at++)
            TRY(live_one_week(world, at));
    }
    return OK;
}

/* Ada ends up with a fresh, live grant for her deliveries, so that the tour always shows the same. */
static err settle_ada(struct world *world)
{
    struct ctx *cx = &world->node->cx;
    struct visitor *ada = &world->visitor[0];
    if (ada->relationship[0].relationship_id == 0)
        TRY(join(world, ada, 0));
    if (ada->grant[0].grant_id != 0)
        TRY(stop(world, ada, 0));
    TRY(ask(world, ada, 0, false));
    TRY(read_once(world, ada, 0));
    struct person_link link = {.person_id = ada->actor.person_id};
    TRY(node_write(world->node, person_link, &link));
    const struct relationship *relationship = &ada->relationship[0];
    world->out->person = id_text(cx, (struct id){ID_PERSON, ada->actor.person_id, 0});
    world->out->person_link_token = link.out_link_token;
    world->out->key = world->key[0];
    world->out->relationship = id_text(cx, relationship_id(relationship));
    world->out->purpose = id_text(cx, world->purpose[0]);
    world->out->grant = id_text(cx, relationship_item_id(relationship, ID_GRANT, ada->grant[0].grant_id));
    world->out->receipt = id_text(cx, relationship_item_id(relationship, ID_RECEIPT, ada->grant[0].receipt_id));
    return OK;
}

static err make(struct world *world)
{
    TRY(make_organisations(world));
    for (int at = 0; at < PEOPLE; at++)
        TRY(make_person(world, at));
    TRY(live(world));
    world->time->wall_ms += WEEK_MS; /* now */
    TRY(settle_ada(world));
    return node_settle(world->node);
}

void demo_world_begin(struct node *node, struct demo_world *out)
{
    *out = (struct demo_world){.time = {.wall_ms = clock_wall_ms(&node->clock) - (WEEKS + 1) * WEEK_MS}};
    node->clock = clock_set(&out->time); /* every effect of the node looks at this one clock */
}

err demo_world_make(struct node *node, struct demo_world *out)
{
    struct world *world = ARENA_NEW(node->cx.arena, struct world);
    if (world == NULL)
        return FAIL_MEMORY(&node->cx);
    *world = (struct world){.node = node, .time = &out->time, .dice = {UINT64_C(2003)}, .out = out};
    return make(world);
}
