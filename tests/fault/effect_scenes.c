/* SPDX-License-Identifier: Apache-2.0
 * See effect_scenes.h. */
#include "fault/effect_scenes.h"

#include "domain/contact_import.h"
#include "domain/erasure.h"
#include "ledger/ledger.h"

#define ARENA_BYTES (64u << 20)
#define BEGAN_AT_MS INT64_C(1792000000000)
#define YEARS_MS (20 * 365 * TIME_DAY_MS)

/* ---- the node and its effects */

static int64_t wall_ms(void *self)
{
    const struct test_node *test = self;
    if (effect_strikes(EFFECT_CLOCK_BACK))
        return 0;
    return test->time.wall_ms + (effect_strikes(EFFECT_CLOCK_AHEAD) ? YEARS_MS : 0);
}

static int64_t monotonic_ns(void *self)
{
    return ((struct test_node *)self)->time.monotonic_ns;
}

static int64_t elapsed_ns(void *self)
{
    return ((struct test_node *)self)->time.wall_ms * 1000000;
}

static int64_t boot(void *self)
{
    (void)self; /* one and the same machine */
    return 1;
}

err bench_open(struct bench *bench, const char *root)
{
    struct test_node *test = &bench->world.node;
    char data[128];
    (void)snprintf(bench->root, sizeof bench->root, "%s", root);
    (void)snprintf(data, sizeof data, "%s/node", root);
    test->cx.arena = NULL;
    node_begin(&bench->node, false);
    if (bench->node.cx.arena == NULL)
        return FAIL_MEMORY(&bench->node.cx);
    bench->node.log.fd = -1; /* what it says is expected */
    bench->node.clock = (struct clock){wall_ms, monotonic_ns, elapsed_ns, boot, test};
    bench->node.cx.now_ms = test->time.wall_ms;
    struct node_options options = {.data = data, .create = true};
    TRY(node_open(&bench->node, &options));
    test->store = bench->node.store;
    test->keyring = bench->node.keyring;
    test->cx = bench->node.cx;
    test->cx.arena = arena_open(ARENA_BYTES);
    return test->cx.arena != NULL ? OK : FAIL_MEMORY(&bench->node.cx);
}

void bench_close(struct bench *bench)
{
    arena_close(bench->world.node.cx.arena);
    bench->world.node.cx.arena = NULL;
    node_close(&bench->node);
}

void bench_found(struct bench *bench, const char *root)
{
    struct world *world = &bench->world;
    world->node.time.wall_ms = BEGAN_AT_MS;
    if (bench_open(bench, root) != OK)
        fail_msg("%s: %s", bench->node.cx.failure.reason, bench->node.cx.failure.detail);
    world->operator_ = (struct actor){.kind = ACTOR_OPERATOR};
    struct organisation_create create = {.name = TEXT("Lantern Books")};
    ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
    world->shop = create.out;
    world->shipping = world_make_system(world, world->shop.organisation_id, "Shipping");
    world->delivery = world_publish(world, world->shipping, world_kinds("PhysicalAddress"),
                                    world_kinds("Name TelephoneNumber"));
    struct purpose_save save = {.text = world_purpose_text(world->delivery.needed, world->delivery.optional),
                                .body = world->delivery.body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    bench->draft = save.out;
    world->ada = world_make_person(world, "Ada");
    world->bob = world_make_person(world, "Bob");
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    world_put(world, world->bob, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Chur\"}");
    bench->relationship = world_relate(world, world->shipping, world->ada);
    bench->grant = world_grant(world, world->shipping, &bench->relationship, &world->delivery);
    bench->request = world_ask(world, world->shipping, &bench->relationship, &world->delivery);
    bench->quiet = world_relate(world, world->shipping, world->bob);
    (void)world_grant(world, world->shipping, &bench->quiet, &world->delivery);
    bench->eve = world_make_person(world, "Eve");
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    bench->code = make.out_code;
    if (node_settle(&bench->node) != OK)
        fail_msg("%s: %s", bench->node.cx.failure.reason, bench->node.cx.failure.detail);
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Vevey\"}");
    (void)world_grant(world, world->shipping, &bench->relationship, &world->delivery); /* waits for its number */
    bench->founding = world->node.cx.arena;
    world->node.cx.arena = NULL;
    bench_close(bench);
}

static err write_as(struct bench *bench, struct actor actor, store_write_fn run, void *arg)
{
    return test_node_write(&bench->world.node, &actor, run, arg);
}

/* ---- use cases of an organisation */

static err make_organisation(struct bench *bench)
{
    struct organisation_create create = {.name = TEXT("Harbour Bank")};
    return write_as(bench, bench->world.operator_, organisation_create, &create);
}

static err make_key(struct bench *bench)
{
    struct actor system = bench->world.shipping;
    struct key_create create = {.organisation_id = system.organisation_id, .department_id = system.department_id,
                                .name = TEXT("till"), .scopes = 1};
    return write_as(bench, bench->world.operator_, key_create, &create);
}

static err save_purpose(struct bench *bench)
{
    struct purpose_save save = {.text = world_purpose_text(bench->draft.needed, bench->draft.optional),
                                .body = bench->world.delivery.body};
    return write_as(bench, bench->world.shipping, purpose_save, &save);
}

static err publish_purpose(struct bench *bench)
{
    struct purpose_publish publish = {.purpose_id = bench->draft.purpose_id, .body = bench->world.delivery.body,
                                      .text = world_purpose_text(bench->draft.needed, bench->draft.optional)};
    return write_as(bench, bench->world.shipping, purpose_publish, &publish);
}

static err invite(struct bench *bench)
{
    struct invitation_make make = {.claims = 1};
    return write_as(bench, bench->world.shipping, invitation_make, &make);
}

static err ask(struct bench *bench)
{
    struct request_make make = {.person_id = bench->relationship.person_id,
                                .relationship_id = bench->relationship.relationship_id,
                                .purpose = world_purpose_id(&bench->world.delivery),
                                .attributes = bench->world.delivery.optional,
                                .duration_ms = TIME_DAY_MS,
                                .uses = {.event = TEXT_NONE}};
    return write_as(bench, bench->world.shipping, request_make, &make);
}

static err read_one(struct bench *bench, const struct relationship *relationship)
{
    struct world *world = &bench->world;
    struct ctx *cx = world_as(world, world->shipping);
    store_set_moment(bench->node.store, cx);
    struct disclosure_ask ask = {.relationship = id_text(cx, relationship_id(relationship)),
                                 .purpose = id_text(cx, world_purpose_id(&world->delivery)),
                                 .attributes = world->delivery.needed, .note = TEXT("order 10442")};
    if (ask.relationship.at == NULL || ask.purpose.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(disclosure_decide(cx, &ask));
    TRY(write_as(bench, world->shipping, disclosure_commit, &ask));
    bool whole = ask.given && ask.values_count == 1;
    return whole ? OK : FAIL(cx, FORBIDDEN, "scene.not_given", "a permitted read was refused: %s", ask.reason);
}

static err read_address(struct bench *bench)
{
    return read_one(bench, &bench->relationship);
}

static err import_card(struct bench *bench)
{
    struct actor system = bench->world.shipping;
    struct text key = TEXT("mail:cy@example.org");
    struct import_field fields[] = {{TEXT("pd:EmailAddress"), TEXT("\"cy@example.org\"")},
                                    {TEXT("note"), TEXT("\"likes maps\"")}};
    struct import_contact contact = {.name = TEXT("Cy"), .match_keys = &key, .match_keys_count = 1, .fields = fields,
                                     .fields_count = sizeof fields / sizeof *fields};
    struct import_result imported;
    struct import_chunk chunk = {.organisation_id = system.organisation_id, .department_id = system.department_id,
                                 .contacts = &contact, .count = 1, .out = &imported};
    return write_as(bench, bench->world.operator_, contact_import, &chunk);
}

/* ---- of a person */

static err come(struct bench *bench)
{
    struct person_create create = {.name = TEXT("Di")};
    return write_as(bench, bench->world.operator_, person_create, &create);
}

static err put_value_of(struct bench *bench, struct actor person)
{
    struct vault_put put = {.kind = attribute_find(TEXT("pd:PhysicalAddress")), .source = SOURCE_SELF,
                            .value = TEXT("{\"country\":\"CH\",\"locality\":\"Vevey\"}")};
    return write_as(bench, person, vault_put, &put);
}

static err put_value(struct bench *bench)
{
    return put_value_of(bench, bench->world.ada);
}

static err claim_as_new(struct bench *bench)
{
    struct invitation_claim_new claim = {.code = bench->code};
    return write_as(bench, (struct actor){.kind = ACTOR_NOBODY}, invitation_claim_new, &claim);
}

static err accept(struct bench *bench)
{
    struct request_answer answer = {.request_id = bench->request.request_id, .answer = ANSWER_ACCEPT};
    return write_as(bench, bench->world.ada, request_answer, &answer);
}

static err give(struct bench *bench)
{
    struct grant_give give = {.relationship_id = bench->relationship.relationship_id,
                              .purpose = world_purpose_id(&bench->world.delivery),
                              .attributes = bench->world.delivery.needed};
    return write_as(bench, bench->world.ada, grant_give, &give);
}

static err narrow(struct bench *bench)
{
    struct grant_narrow narrow = {.grant_id = bench->grant.grant_id, .set_until = true,
                                  .until_at_ms = bench->grant.until_at_ms - TIME_DAY_MS};
    return write_as(bench, bench->world.ada, grant_narrow, &narrow);
}

static err stop(struct bench *bench)
{
    struct grant_withdraw stop = {.grant_id = bench->grant.grant_id};
    return write_as(bench, bench->world.ada, grant_withdraw, &stop);
}

static err end_relationship(struct bench *bench)
{
    struct relationship_end end = {.relationship_id = bench->relationship.relationship_id, .erase = true};
    return write_as(bench, bench->world.ada, relationship_end, &end);
}

static err prove(struct bench *bench)
{
    struct receipt receipt;
    struct text proof;
    struct ctx *cx = world_as(&bench->world, bench->world.ada);
    TRY(receipt_load(cx, bench->grant.person_id, bench->grant.receipt_id, &receipt));
    TRY(receipt_sign(cx, &receipt));
    TRY(write_as(bench, bench->world.ada, receipt_keep, &receipt));
    return receipt_proof(cx, &receipt, &proof);
}

/* ---- of the operator and the node itself */

static err erase(struct bench *bench)
{
    struct erasure_begin begin = {.person_id = bench->world.ada.person_id};
    struct erasure_work work = {.told = NULL};
    TRY(write_as(bench, bench->world.operator_, erasure_begin, &begin));
    return erasure_finish(world_as(&bench->world, bench->world.operator_), bench->node.store, &work);
}

static err claim(struct bench *bench)
{
    struct invitation_claim claim = {.code = bench->code};
    return write_as(bench, bench->eve, invitation_claim, &claim);
}

/* The caller of node_settle() finds its failure in the node's own ctx. */
static err of_node(struct bench *bench, err result)
{
    if (result != OK)
        bench->world.node.cx.failure = bench->node.cx.failure;
    return result;
}

static err settle(struct bench *bench)
{
    failure_clear(&bench->node.cx.failure);
    return of_node(bench, node_settle(&bench->node));
}

static err scrub(struct bench *bench)
{
    TRY(come(bench));
    return store_scrub_keys(world_as(&bench->world, bench->world.operator_), bench->node.store);
}

static err back_up(struct bench *bench)
{
    char folder[128];
    (void)snprintf(folder, sizeof folder, "%s/backup%d", bench->root, bench->backups++); /* half of one may be there */
    return store_backup(world_as(&bench->world, bench->world.operator_), bench->node.store, folder);
}

static err open_again(struct bench *bench)
{
    char root[96];
    memcpy(root, bench->root, sizeof root);
    err result = bench_open(bench, root);
    if (result == OK)
        return OK;
    struct failure failure = bench->node.cx.failure;
    bench_close(bench);
    bench->world.node.cx.failure = failure;
    return result;
}

/* ---- the list */

#define X(word) {.name = #word, .run = word}
const struct scene SCENES[] = {
    X(make_organisation), X(make_key), X(save_purpose), X(publish_purpose), X(invite), X(ask), X(read_address),
    X(import_card), X(come), X(put_value), X(claim), X(claim_as_new), X(accept), X(give), X(narrow), X(stop),
    X(end_relationship),
    {.name = "prove", .run = prove, .is_many = true},
    {.name = "settle", .run = settle, .is_many = true},
    {.name = "erase", .run = erase, .is_many = true},
    {.name = "scrub", .run = scrub, .is_many = true, .repeats = true},
    {.name = "back_up", .run = back_up, .is_many = true},
    {.name = "open_again", .run = open_again, .opens = true},
    {.name = "begin", .run = open_again, .opens = true, .is_empty = true},
};
const int SCENE_COUNT = sizeof SCENES / sizeof *SCENES;

/* ---- controls: what must be seen */

/* A failure that nobody looks at. */
static err drop_failure(struct bench *bench)
{
    err result = put_value(bench);
    (void)result; /* the fault of this scene */
    return OK;
}

/* Two writes where one is asked for. */
static err do_half(struct bench *bench)
{
    TRY(put_value(bench));
    return ask(bench);
}

const struct control CONTROLS[] = {
    {{.name = "a failure is dropped", .run = drop_failure}, EFFECT_DATABASE, false},
    {{.name = "half is done", .run = do_half}, EFFECT_FULL, false},
    {{.name = "a refused sync is taken for a good one", .run = put_value}, EFFECT_SYNC, true},
};
const int CONTROL_COUNT = sizeof CONTROLS / sizeof *CONTROLS;

err bench_goes_on(struct bench *bench, const struct scene *scene)
{
    failure_clear(&bench->node.cx.failure);
    if (scene->is_empty) {
        TRY(come(bench));
    } else {
        TRY(put_value_of(bench, bench->world.bob));
        TRY(read_one(bench, &bench->quiet));
    }
    return of_node(bench, node_settle(&bench->node));
}
