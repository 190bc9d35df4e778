/* SPDX-License-Identifier: Apache-2.0
 * Worlds: made once, opened by every question. What the store does not keep for a bench (secrets of keys, numbers of
 * people) lies beside it in world.bin. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/jose.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "domain/parties/organisation.h"
#include "domain/parties/purpose.h"
#include "domain/parties/record.h"
#include "domain/people/person.h"
#include "domain/people/vault.h"
#include "domain/sharing/grant.h"
#include "ledger/ledger.h"
#include "store/queries.h"

#define ARENA_BYTES (256u << 20)
#define PEOPLE_PER_WRITE 250
#define RECORD_BYTES_LEAST 60
#define RECORD_BYTES_SPREAD 80

static const char BODY[] =
    "{\"attributes\":{\"needed\":[\"pd:Name\",\"pd:PhysicalAddress\"],\"optional\":[\"pd:EmailAddress\","
    "\"pd:TelephoneNumber\",\"sym:DeliveryNote\"]},\"benefit\":\"Delivered to your door.\",\"facts\":{\"passed_on\":"
    "[\"DHX couriers\"]},\"language\":\"en\",\"legal_basis\":\"consent\",\"name\":\"Deliver your order\",\"retention\":"
    "\"P90D\",\"sentence\":\"Bring your order to the right door.\",\"term\":\"dpv:DeliveryOfGoods\"}";

void must(const struct ctx *cx, err result)
{
    if (result == OK)
        return;
    (void)fprintf(stderr, "bench: %s: %s (%s)\n", cx->failure.reason, cx->failure.detail, cx->failure.where);
    exit(1);
}

void must_be(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now); /* cannot fail for these clocks */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double seconds_now(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

double seconds_of_thread(void)
{
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double seconds_of_program(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

size_t world_draw(struct world *world, size_t below)
{
    uint64_t mixed = world->draws += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (size_t)((mixed ^ mixed >> 31) % below);
}

static struct attribute_set needed(void)
{
    return attribute_set_add(attribute_set_of(ATTRIBUTE_NAME), ATTRIBUTE_PHYSICAL_ADDRESS);
}

static struct attribute_set optional(void)
{
    struct attribute_set set = attribute_set_of(ATTRIBUTE_EMAIL_ADDRESS);
    set = attribute_set_add(set, ATTRIBUTE_TELEPHONE_NUMBER);
    return attribute_set_add(set, ATTRIBUTE_DELIVERY_NOTE);
}

struct attribute_set world_asked(void)
{
    return attribute_set_union(needed(), optional());
}

/* ---- the node */

static void open_node(struct world *world, const char *folder, bool create)
{
    *world = (struct world){.clock = clock_system(), .randomness = randomness_system(), .draws = 1};
    (void)snprintf(world->folder, sizeof world->folder, "%s", folder);
    world->cx = (struct ctx){
        .arena = arena_open(ARENA_BYTES),
        .clock = &world->clock,
        .randomness = &world->randomness,
        .numbers = &world->numbers,
        .now_ms = clock_wall_ms(&world->clock),
        .actor = {.kind = ACTOR_OPERATOR},
    };
    char path[256];
    (void)snprintf(path, sizeof path, "%s/keys", folder);
    must(&world->cx, keyring_open(&world->cx, path, create, &world->keyring));
    world->cx.keyring = world->keyring;
}

static void open_store(struct world *world, bool making)
{
    char own[256];
    bool is_far = world->url[0] != '\0';
    (void)snprintf(own, sizeof own, "sqlite:%s/store", world->folder);
    struct store_options options = {.url = is_far ? world->url : own, .keys_url = is_far ? own : NULL,
                                    .clock = &world->clock, .create = making, .volatile_ = making};
    must(&world->cx, store_open(&world->cx, &options, &world->store));
    must(&world->cx, store_conn_open(&world->cx, world->store, &world->cx.db));
}

static void close_store(struct world *world)
{
    must(&world->cx, ledger_let_go(&world->cx, world->store)); /* whoever opens it next numbers the log at once */
    store_conn_close(world->cx.db);
    store_close(world->store);
    world->cx.db = NULL;
    world->store = NULL;
}

void world_reopen(struct world *world)
{
    close_store(world);
    open_store(world, false);
}

void world_close(struct world *world)
{
    close_store(world);
    keyring_close(world->keyring);
    arena_close(world->cx.arena);
    free(world->people);
}

/* ---- organisations */

static void write_as(struct world *world, const struct actor *actor, store_write_fn run, void *arg)
{
    static const struct actor OPERATOR = {.kind = ACTOR_OPERATOR};
    world->cx.actor = *actor;
    must(&world->cx, store_write_wait(world->store, &world->cx, run, arg));
    world->cx.actor = OPERATOR;
}

static void make_key(struct world *world, struct world_organisation *organisation, size_t number)
{
    struct actor operator = {.kind = ACTOR_OPERATOR};
    struct key_create key = {.organisation_id = organisation->organisation_id,
                             .department_id = organisation->department_id,
                             .name = text_format(world->cx.arena, "System %zu", number + 1),
                             .scopes = 0xFFFF};
    write_as(world, &operator, key_create, &key);
    must_be(key.out_secret.size < WORLD_SECRET_SIZE, "a key is longer than the bench expects");
    memcpy(organisation->secrets[number], key.out_secret.at, key.out_secret.size);
    must(&world->cx, organisation_authenticate(&world->cx, key.out_secret, &organisation->actors[number]));
}

static void make_purpose(struct world *world, struct world_organisation *organisation)
{
    struct purpose_text text = {
        .name = TEXT("Deliver your order"), .sentence = TEXT("Bring your order to the right door."),
        .example = TEXT("The courier rings you when nobody opens."), .benefit = TEXT("Delivered to your door."),
        .if_no = TEXT("Collect at the shop. Nothing else changes."), .language = TEXT("en"),
        .term = TEXT("dpv:DeliveryOfGoods"), .legal_basis = TEXT("consent"), .needed = needed(), .optional = optional(),
        .longest_ms = 365 * TIME_DAY_MS, .shortest_useful_ms = 14 * TIME_DAY_MS, .retention_ms = 90 * TIME_DAY_MS};
    struct purpose_save save = {.text = text, .body = TEXT(BODY)};
    write_as(world, &organisation->actors[0], purpose_save, &save);
    struct purpose_publish publish = {.purpose_id = save.out.purpose_id, .text = text, .body = TEXT(BODY)};
    write_as(world, &organisation->actors[0], purpose_publish, &publish);
    organisation->purpose_id = publish.out.purpose_id;
}

static void make_organisation(struct world *world, size_t number)
{
    struct world_organisation *organisation = &world->organisations[number];
    struct actor operator = {.kind = ACTOR_OPERATOR};
    struct organisation_create create = {.name = text_format(world->cx.arena, "Lantern Books %zu", number + 1)};
    write_as(world, &operator, organisation_create, &create);
    organisation->organisation_id = create.out.organisation_id;
    struct department_create department = {.organisation_id = create.out.organisation_id, .name = TEXT("Shipping")};
    write_as(world, &operator, department_create, &department);
    organisation->department_id = department.out.department_id;
    for (size_t i = 0; i < WORLD_SYSTEMS; i++)
        make_key(world, organisation, i);
    make_purpose(world, organisation);
}

/* ---- people */

/* One write of the making. */
struct crowd {
    struct world        *world;
    struct world_person *people;
    size_t               count;
    size_t               records;
    struct text          private_jwk; /* one signing key for everybody: making a million would say nothing */
    struct text          public_jwk;
};

static err insert_attributes(struct ctx *cx, int64_t person_id, const struct secret_key *key)
{
    for (int64_t number = 1; number <= WORLD_ATTRIBUTES; number++) {
        struct seal_place place = {.person_id = person_id, .kind = SEAL_VAULT, .item = number, .version = 1};
        struct sql_vault_save_in row = {.person_id = person_id,
                                        .kind = number,
                                        .version = 1,
                                        .source = SOURCE_SELF,
                                        .confirmed_at_ms = cx->now_ms,
                                        .changed_at_ms = cx->now_ms};
        TRY(seal(cx, key, &place, bytes_of_text(text_of(attribute_by_number(number)->example)), &row.sealed));
        TRY(sql_vault_save(cx, &row, NULL));
    }
    return OK;
}

static err insert_signing_key(struct ctx *cx, const struct secret_key *key, const struct crowd *crowd,
                              const struct relationship *relationship)
{
    struct seal_place place = {.person_id = relationship->person_id, .kind = SEAL_RELATIONSHIP_KEY,
                               .item = relationship->relationship_id};
    struct sql_relationship_key_insert_in row = {
        relationship->person_id, relationship->relationship_id, {NULL, 0}, crowd->public_jwk};
    TRY(seal(cx, key, &place, bytes_of_text(crowd->private_jwk), &row.sealed));
    return sql_relationship_key_insert(cx, &row, NULL);
}

static err insert_grant(struct ctx *cx, const struct relationship *relationship,
                        const struct world_organisation *organisation, int64_t *out_grant_id)
{
    struct attribute_set asked = world_asked();
    struct sql_grant_save_in row = {
        .person_id = relationship->person_id,
        .relationship_id = relationship->relationship_id,
        .purpose_id = organisation->purpose_id,
        .grant_id = ctx_number(cx),
        .purpose_version = 1,
        .state = GRANT_ACTIVE,
        .attributes_low = (int64_t)asked.low,
        .attributes_high = (int64_t)asked.high,
        .departments = organisation->actors[0].department_bit,
        .from_at_ms = cx->now_ms,
        .until_at_ms = cx->now_ms + 300 * TIME_DAY_MS,
        .closes_at_ms = cx->now_ms + 300 * TIME_DAY_MS,
        .uses_event = TEXT_NONE,
    };
    *out_grant_id = row.grant_id;
    return sql_grant_save(cx, &row, NULL);
}

static err insert_records(struct ctx *cx, const struct secret_key *key, const struct relationship *relationship,
                          const struct crowd *crowd, int64_t department_id)
{
    static const char FILLING[] = "\"Two lamps and a book about lanterns, paid at once, brought to the back door; "
                                  "asked about the opening hours in December and about gift paper\"";
    for (size_t i = 0; i < crowd->records / WORLD_ORGANISATIONS; i++) {
        size_t size = RECORD_BYTES_LEAST + world_draw(crowd->world, RECORD_BYTES_SPREAD);
        struct record record = {
            .person_id = relationship->person_id,
            .relationship_id = relationship->relationship_id,
            .record_id = ctx_number(cx),
            .department_id = department_id,
            .kind = RECORD_TRANSACTION,
            .body = {FILLING, size < sizeof FILLING ? size : sizeof FILLING - 1},
        };
        TRY(record_insert(cx, key, &record));
    }
    return OK;
}

static err insert_relationship(struct ctx *cx, const struct secret_key *key, const struct crowd *crowd,
                               struct world_person *person, size_t number)
{
    const struct world_organisation *organisation = &crowd->world->organisations[number];
    struct relationship relationship = {
        .person_id = person->person_id,
        .relationship_id = ctx_number(cx),
        .organisation_id = organisation->organisation_id,
        .state = RELATIONSHIP_ACTIVE,
        .nature = NATURE_CUSTOMER,
        .edge_person_id = person->person_id,
        .started_at_ms = cx->now_ms,
    };
    TRY(relationship_save(cx, &relationship));
    TRY(insert_signing_key(cx, key, crowd, &relationship));
    person->relationship_ids[number] = relationship.relationship_id;
    TRY(insert_grant(cx, &relationship, organisation, &person->grant_ids[number]));
    return insert_records(cx, key, &relationship, crowd, organisation->department_id);
}

static err insert_person(struct ctx *cx, const struct crowd *crowd, struct world_person *person)
{
    PERSON_KEY key;
    TRY(person_make(cx, PERSON_ACTIVE, &person->person_id));
    TRY(person_key_open(cx, person->person_id, &key));
    TRY(insert_attributes(cx, person->person_id, &key));
    for (size_t i = 0; i < WORLD_ORGANISATIONS; i++)
        TRY(insert_relationship(cx, &key, crowd, person, i));
    return OK;
}

/* store_write_fn */
static err insert_crowd(struct ctx *cx, void *arg)
{
    const struct crowd *crowd = arg;
    for (size_t i = 0; i < crowd->count; i++)
        TRY(insert_person(cx, crowd, &crowd->people[i]));
    return OK;
}

static void make_people(struct world *world, const struct world_plan *plan)
{
    world->people = calloc(plan->people, sizeof *world->people);
    must_be(world->people != NULL, "no memory for so many people");
    struct ctx own = world->cx;
    struct crowd crowd = {.world = world, .records = plan->records};
    own.arena = arena_open(1u << 20);
    must_be(own.arena != NULL, "no memory for an arena");
    must(&own, jose_key_make(&own, &crowd.private_jwk));
    must(&own, jose_key_public(&own, crowd.private_jwk, &crowd.public_jwk));
    for (; world->count < plan->people; world->count += crowd.count) {
        size_t left = plan->people - world->count;
        crowd.people = world->people + world->count;
        crowd.count = left < PEOPLE_PER_WRITE ? left : PEOPLE_PER_WRITE;
        must(&world->cx, store_write_wait(world->store, &world->cx, insert_crowd, &crowd));
        arena_reset(world->cx.arena);
    }
    arena_close(own.arena);
}

/* ---- what the store does not keep */

static void write_url(struct world *world, const char *url)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/url", world->folder);
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fputs(url, file) >= 0;
    written = file != NULL && fclose(file) == 0 && written;
    must_be(written && strlen(url) < sizeof world->url, "the url cannot be kept");
    (void)snprintf(world->url, sizeof world->url, "%s", url);
}

static void read_url(struct world *world)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/url", world->folder);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return; /* all lies in the folder */
    size_t size = fread(world->url, 1, sizeof world->url - 1, file);
    world->url[size] = '\0';
    (void)fclose(file); /* it was only read */
}

static FILE *open_index(const struct world *world, const char *mode)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/world.bin", world->folder);
    FILE *file = fopen(path, mode);
    must_be(file != NULL, "world.bin does not open");
    return file;
}

static void write_index(const struct world *world)
{
    FILE *file = open_index(world, "wb");
    bool written = fwrite(world->organisations, sizeof world->organisations, 1, file) == 1 &&
                   fwrite(&world->count, sizeof world->count, 1, file) == 1 &&
                   fwrite(world->people, sizeof *world->people, world->count, file) == world->count;
    written = fclose(file) == 0 && written;
    must_be(written, "world.bin cannot be written");
}

static void read_index(struct world *world)
{
    FILE *file = open_index(world, "rb");
    bool read = fread(world->organisations, sizeof world->organisations, 1, file) == 1 &&
                fread(&world->count, sizeof world->count, 1, file) == 1;
    world->people = read ? calloc(world->count, sizeof *world->people) : NULL;
    read = world->people != NULL && fread(world->people, sizeof *world->people, world->count, file) == world->count;
    (void)fclose(file); /* it was only read */
    must_be(read, "world.bin cannot be read");
}

/* ---- whole worlds */

/* store_write_fn. The name that app/node.c would give: it opens no node of another name. */
static err name_log(struct ctx *cx, void *arg)
{
    (void)arg; /* the name comes from the node's own key */
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t hash[HASH_BYTES];
    keyring_log_public(cx->keyring, public_key);
    sha256((struct bytes){public_key, sizeof public_key}, hash);
    struct text hex = hex_encode(cx->arena, (struct bytes){hash, 8});
    return ledger_set_origin(cx, text_format(cx->arena, "symbolon.node/%.*s", TEXT_ARGS(hex)));
}

void world_make(struct world *world, const char *folder, const struct world_plan *plan)
{
    must_be(mkdir(folder, 0700) == 0, "the folder of the world cannot be made, or is there already");
    open_node(world, folder, true);
    if (plan->url != NULL)
        write_url(world, plan->url);
    open_store(world, true);
    must(&world->cx, store_write_wait(world->store, &world->cx, name_log, NULL));
    for (size_t i = 0; i < WORLD_ORGANISATIONS; i++)
        make_organisation(world, i);
    make_people(world, plan);
    write_index(world);
    world_reopen(world);
}

void world_open(struct world *world, const char *folder)
{
    open_node(world, folder, false);
    read_url(world);
    open_store(world, false);
    read_index(world);
}
