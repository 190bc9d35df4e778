/* SPDX-License-Identifier: Apache-2.0
 * Several writes of one group commit, as the requests of many callers would come together: they touch all four files,
 * which commit one after the other, so that a cut between two of them leaves half of the group. */
#include "domain/parties/contact_import.h"
#include "fault/power_load.h"

#define WRITES_MAX 8
#define ARENA_BYTES (8u << 20)

typedef enum member_kind {
    MEMBER_PUT,
    MEMBER_COME,
    MEMBER_READ,
    MEMBER_GIVE,
    MEMBER_STOP,
    MEMBER_IMPORT,
    MEMBERS
} member_kind;

struct group;

/* One write with what it acts on. */
struct member {
    struct store_write  write;
    struct ctx          cx;
    struct group       *group;
    member_kind         kind;
    struct customer    *customer;
    char                value[4096];
    struct vault_put      put;
    struct person_create  come;
    struct disclosure_ask ask;
    struct grant_give     give;
    struct grant_withdraw stop;
    struct text           key;
    struct import_field   fields[3];
    struct import_contact contact;
    struct import_result  imported;
    struct import_chunk   chunk;
};

struct group {
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    size_t          left;
    size_t          count;
    struct member   members[WRITES_MAX];
};

static void count_down(struct store_write *first)
{
    const struct member *any = first->owner;
    struct group *group = any->group;
    size_t done = 0;
    for (const struct store_write *write = first; write != NULL; write = write->next, done++)
        if (write->result != OK)
            fail_msg("%s: %s", write->cx->failure.reason, write->cx->failure.detail);
    (void)pthread_mutex_lock(&group->lock);
    group->left -= done;
    (void)pthread_cond_signal(&group->wake);
    (void)pthread_mutex_unlock(&group->lock);
}

/* ---- members */

static void fill_put(struct power *power, struct member *member)
{
    power_value(power, member->value, sizeof member->value);
    member->put = (struct vault_put){.kind = attribute_find(TEXT("pd:PhysicalAddress")),
                                     .value = text_of(member->value), .source = SOURCE_SELF};
    member->cx.actor = member->customer->actor;
    member->write.run = vault_put;
    member->write.arg = &member->put;
}

static void fill_come(struct power *power, struct member *member)
{
    (void)power; /* everyone comes the same way */
    member->come.name = TEXT("Bo");
    member->write.run = person_create;
    member->write.arg = &member->come;
}

static void fill_read(struct power *power, struct member *member)
{
    struct world *world = &power->world;
    member->ask = world_question(world, &member->customer->relationship, &world->delivery,
                                 world_kinds("PhysicalAddress"));
    member->cx.actor = world->shipping;
    ASSERT_OK(world, disclosure_decide(&member->cx, &member->ask));
    member->write.run = disclosure_commit;
    member->write.arg = &member->ask;
}

static void fill_give(struct power *power, struct member *member)
{
    const struct purpose *purpose = &power->world.delivery;
    member->give = (struct grant_give){.relationship_id = member->customer->relationship.relationship_id,
                                       .purpose = world_purpose_id(purpose), .attributes = purpose->needed};
    member->cx.actor = member->customer->actor;
    member->write.run = grant_give;
    member->write.arg = &member->give;
}

static void fill_stop(struct power *power, struct member *member)
{
    struct customer *customer = member->customer;
    member->stop.grant_id = customer->grant.grant_id;
    member->cx.actor = customer->actor;
    member->write.run = grant_withdraw;
    member->write.arg = &member->stop;
    customer->has_grant = false;
    power_fact(power, &(struct fact){.kind = FACT_STOPPING, .person_id = customer->actor.person_id,
                                     .item = customer->grant.grant_id});
}

static void fill_import(struct power *power, struct member *member)
{
    static const char *const NAMES[] = {"title", "note", "pd:EmailAddress"};
    (void)snprintf(member->value, sizeof member->value, "mail:%lld.%d@example.org", (long long)power->steps,
                   (int)(member - member->group->members));
    member->key = text_of(member->value);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        member->fields[i] = (struct import_field){text_of(NAMES[i]), TEXT("\"ada@example.org\"")};
    member->contact = (struct import_contact){.name = TEXT("Cy"), .match_keys = &member->key, .match_keys_count = 1,
                                              .fields = member->fields, .fields_count = 3};
    member->chunk = (struct import_chunk){.organisation_id = power->world.shop.organisation_id,
                                          .department_id = power->world.shipping.department_id,
                                          .contacts = &member->contact, .count = 1, .out = &member->imported};
    member->write.run = contact_import;
    member->write.arg = &member->chunk;
}

static void (*const FILL[MEMBERS])(struct power *power, struct member *member) = {
    [MEMBER_PUT] = fill_put,   [MEMBER_COME] = fill_come, [MEMBER_READ] = fill_read,
    [MEMBER_GIVE] = fill_give, [MEMBER_STOP] = fill_stop, [MEMBER_IMPORT] = fill_import,
};

static void tell_facts(struct power *power, const struct member *member)
{
    struct customer *customer = member->customer;
    int64_t person_id = customer->actor.person_id;
    struct fact fact = {.person_id = person_id};
    switch (member->kind) {
    case MEMBER_PUT:
        fact.kind = FACT_VALUE;
        fact.item = member->put.out.version;
        fact.text = (char *)(uintptr_t)member->value; /* only copied */
        break;
    case MEMBER_COME:
        fact.kind = FACT_PERSON;
        fact.person_id = member->come.out_person_id;
        break;
    case MEMBER_READ:
        fact.kind = FACT_READ;
        fact.item = member->ask.disclosure_id;
        break;
    case MEMBER_GIVE:
        fact.kind = FACT_GRANT;
        fact.item = member->give.out.grant_id;
        customer->grant = member->give.out;
        customer->has_grant = true;
        break;
    case MEMBER_STOP:
        fact.kind = FACT_STOPPED;
        fact.item = member->stop.grant_id;
        break;
    case MEMBER_IMPORT:
        fact.kind = FACT_IMPORTED;
        fact.text = (char *)(uintptr_t)member->imported.relationship.at;
        break;
    case MEMBERS:
        break;
    }
    power_fact(power, &fact);
}

/* ---- the group */

static struct member *add_member(struct power *power, struct group *group, member_kind kind, struct customer *customer)
{
    struct member *member = &group->members[group->count++];
    member->group = group;
    member->kind = kind;
    member->customer = customer;
    member->cx = *world_as(&power->world, power->world.operator_);
    member->cx.arena = arena_open(ARENA_BYTES);
    assert_non_null(member->cx.arena);
    member->write.cx = &member->cx;
    member->write.done = count_down;
    member->write.owner = member;
    FILL[kind](power, member);
    return member;
}

/* A read that was decided before a new grant, and commits behind it. */
static void add_give_before_read(struct power *power, struct group *group, struct customer *customer)
{
    (void)add_member(power, group, MEMBER_GIVE, customer);
    (void)add_member(power, group, MEMBER_READ, customer);
}

static void draw_members(struct power *power, struct group *group)
{
    struct customer *customer = power_customer(power);
    if (customer->has_grant && dice_is(&power->dice, 40))
        add_give_before_read(power, group, customer);
    size_t wanted = 2 + (size_t)dice_draw(&power->dice, WRITES_MAX - 1);
    while (group->count < wanted) {
        member_kind kind = (member_kind)dice_draw(&power->dice, MEMBERS);
        bool possible = kind != MEMBER_STOP || (customer->has_grant && group->count < 2);
        if (possible)
            (void)add_member(power, group, kind, customer);
        customer = power_customer(power);
    }
}

static void submit(struct power *power, struct group *group)
{
    group->left = group->count;
    for (size_t i = 0; i + 1 < group->count; i++)
        group->members[i].write.next = &group->members[i + 1].write;
    assert_true(store_submit(power->node.store, &group->members[0].write, group->count));
    (void)pthread_mutex_lock(&group->lock);
    while (group->left > 0)
        (void)pthread_cond_wait(&group->wake, &group->lock);
    (void)pthread_mutex_unlock(&group->lock);
}

void power_group(struct power *power)
{
    if (power_customer(power) == NULL)
        return;
    struct group *group = calloc(1, sizeof *group);
    assert_non_null(group);
    (void)pthread_mutex_init(&group->lock, NULL);
    (void)pthread_cond_init(&group->wake, NULL);
    draw_members(power, group);
    submit(power, group);
    for (size_t i = 0; i < group->count; i++)
        tell_facts(power, &group->members[i]);
    for (size_t i = 0; i < group->count; i++)
        arena_close(group->members[i].cx.arena);
    (void)pthread_cond_destroy(&group->wake);
    (void)pthread_mutex_destroy(&group->lock);
    free(group);
}
