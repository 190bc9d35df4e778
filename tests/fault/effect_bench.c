/* SPDX-License-Identifier: Apache-2.0
 * See effect_bench.h. */
#include "fault/effect_bench.h"

#include <unistd.h>

#include "domain/entrance/id_token_key.h"
#include "domain/entrance/recovery.h"
#include "domain/entrance/session.h"
#include "domain/parties/contact_import.h"
#include "domain/parties/member.h"
#include "domain/parties/record.h"
#include "fault/effect_scenes.h"

#define ARENA_BYTES (64u << 20)
#define BEGAN_AT_MS INT64_C(1792000000000)
#define YEARS_MS (20 * 365 * TIME_DAY_MS)
#define MANY 100

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
    (void)self; /* a server waits and gives up by it */
    struct clock real = clock_system();
    return clock_monotonic_ns(&real);
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

err bench_write(struct bench *bench, struct actor actor, store_write_fn run, void *arg)
{
    return test_node_write(&bench->world.node, &actor, run, arg);
}

/* ---- reading */

err bench_read(struct bench *bench, const struct relationship *relationship, const struct purpose *purpose)
{
    struct world *world = &bench->world;
    struct ctx *cx = world_as(world, world->shipping);
    store_set_moment(bench->node.store, cx);
    struct disclosure_ask ask = {.relationship = id_text(cx, relationship_id(relationship)),
                                 .purpose = id_text(cx, world_purpose_id(purpose)),
                                 .attributes = purpose->needed, .note = TEXT("order 10442")};
    if (ask.relationship.at == NULL || ask.purpose.at == NULL)
        return FAIL_MEMORY(cx);
    TRY(disclosure_decide(cx, &ask));
    TRY(bench_write(bench, world->shipping, disclosure_commit, &ask));
    bool whole = ask.given && ask.values_count == 1;
    return whole ? OK : FAIL(cx, FORBIDDEN, "scene.not_given", "a permitted read was refused: %s", ask.reason);
}

err bench_look_as_person(struct bench *bench, struct sight *out)
{
    struct ctx *cx = world_as(&bench->world, bench->world.ada);
    struct sight sight = {0};
    struct vault_item *values = NULL;
    struct vault_history versions = {.kind = attribute_find(TEXT("pd:PhysicalAddress")), .limit = MANY};
    struct record *records = NULL;
    struct receipt_page receipts = {.limit = MANY};
    struct relationship_list relationships = {.limit = MANY};
    struct request_list requests = {.limit = MANY};
    struct grant_list grants = {.limit = MANY};
    struct disclosure_list reads = {.limit = MANY};
    TRY(vault_list(cx, &values, &sight.values));
    TRY(vault_history(cx, &versions));
    TRY(relationship_list_of_person(cx, &relationships));
    TRY(request_list_of_person(cx, &requests));
    TRY(grant_list_of_person(cx, &grants));
    TRY(disclosure_list(cx, &reads));
    TRY(receipt_page(cx, &bench->relationship, &receipts));
    TRY(record_list(cx, &bench->relationship, &records, &sight.records));
    sight.versions = versions.out_count;
    sight.relationships = relationships.out_count;
    sight.requests = requests.out_count;
    sight.grants = grants.out_count;
    sight.reads = reads.out_count;
    sight.receipts = receipts.out_count;
    *out = sight;
    return OK;
}

err bench_look_as_system(struct bench *bench, struct sight *out)
{
    struct ctx *cx = world_as(&bench->world, bench->world.shipping);
    struct sight sight = {0};
    struct record *records = NULL;
    struct department *departments = NULL;
    struct system *systems = NULL;
    int64_t shop = bench->world.shop.organisation_id;
    struct receipt_page receipts = {.limit = MANY};
    struct relationship_list relationships = {.limit = MANY};
    struct request_list requests = {.limit = MANY};
    struct grant_list grants = {.limit = MANY};
    struct grant_list past = {.limit = MANY, .at_ms = bench->grant.from_at_ms};
    struct purpose_list purposes = {.organisation_id = shop, .limit = MANY};
    TRY(relationship_list_of_organisation(cx, &relationships));
    TRY(request_list_of_department(cx, &requests));
    TRY(grant_list_seen(cx, &bench->relationship, &grants));
    TRY(grant_list_seen(cx, &bench->relationship, &past));
    TRY(receipt_page(cx, &bench->relationship, &receipts));
    TRY(record_list(cx, &bench->relationship, &records, &sight.records));
    TRY(department_list(cx, shop, &departments, &sight.departments));
    TRY(system_list(cx, shop, &systems, &sight.systems));
    TRY(purpose_list(cx, &purposes));
    sight.relationships = relationships.out_count;
    sight.requests = requests.out_count;
    sight.grants = grants.out_count + past.out_count;
    sight.receipts = receipts.out_count;
    sight.purposes = purposes.out_count;
    *out = sight;
    return OK;
}

/* ---- what is ready before the first scene */

static void found_shop(struct bench *bench)
{
    struct world *world = &bench->world;
    struct organisation_create create = {.name = TEXT("Lantern Books")};
    struct attribute_set address = world_kinds("PhysicalAddress");
    struct attribute_set more = world_kinds("Name TelephoneNumber");
    world->operator_ = (struct actor){.kind = ACTOR_OPERATOR};
    ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
    world->shop = create.out;
    world->shipping = world_make_system(world, world->shop.organisation_id, "Shipping");
    world->delivery = world_publish(world, world->shipping, address, more);
    bench->parcel = world_publish(world, world->shipping, address, more);
    bench->season = world_publish(world, world->shipping, address, more);
    struct purpose_save save = {.text = world_purpose_text(address, more), .body = world->delivery.body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    bench->draft = save.out;
    struct key_create key = {.organisation_id = world->shop.organisation_id, .name = TEXT("till"), .scopes = 1,
                             .department_id = world->shipping.department_id};
    ASSERT_OK(world, WRITE(world, world->operator_, key_create, &key));
    ASSERT_OK(world, organisation_authenticate(&world->node.cx, key.out_secret, &bench->till));
    bench->key = key.out_secret;
    struct signing signing;
    struct signing_draft draft = {.jwks = TEXT(BENCH_KEYS)};
    ASSERT_OK(world, signing_read(&world->node.cx, &draft, &signing));
    key.signing = &signing;
    ASSERT_OK(world, WRITE(world, world->operator_, key_create, &key));
    bench->signer = (struct actor){.kind = ACTOR_SYSTEM, .organisation_id = key.organisation_id,
                                   .department_id = key.department_id, .system_id = key.out.system_id, .scopes = 1};
}

/* Somebody whom a file has brought. */
static struct import_result bring(struct world *world, struct text name, struct text mail)
{
    struct import_field field = {TEXT("pd:EmailAddress"), text_format(world->node.cx.arena, "\"%.*s\"",
                                                                      TEXT_ARGS(mail))};
    struct text key = text_format(world->node.cx.arena, "mail:%.*s", TEXT_ARGS(mail));
    struct import_contact contact = {.name = name, .match_keys = &key, .match_keys_count = 1, .fields = &field,
                                     .fields_count = 1};
    struct import_result result;
    struct import_chunk chunk = {.organisation_id = world->shop.organisation_id, .contacts = &contact, .count = 1,
                                 .department_id = world->shipping.department_id, .out = &result};
    ASSERT_OK(world, WRITE(world, world->operator_, contact_import, &chunk));
    return result;
}

static struct text sign_in_by(struct bench *bench, struct text link, struct actor *out)
{
    struct world *world = &bench->world;
    struct person_sign_in sign_in = {.link_token = link};
    ASSERT_OK(world, WRITE(world, world->operator_, person_sign_in, &sign_in));
    ASSERT_OK(world, session_authenticate(&world->node.cx, sign_in.out_session_token, out));
    return sign_in.out_session_token;
}

static struct text link_of(struct bench *bench, int64_t person_id)
{
    struct world *world = &bench->world;
    struct person_link link = {.person_id = person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, person_link, &link));
    return link.out_link_token;
}

static void found_eve(struct bench *bench)
{
    struct world *world = &bench->world;
    struct person_create eve = {.name = TEXT("Eve")};
    struct recovery_codes codes;
    ASSERT_OK(world, WRITE(world, world->operator_, person_create, &eve));
    bench->session = sign_in_by(bench, eve.out_link_token, &bench->eve);
    (void)sign_in_by(bench, link_of(bench, bench->eve.person_id), &bench->eve_elsewhere);
    ASSERT_OK(world, scene_add_passkey_of(bench, bench->eve, TEXT("Eve's"), &bench->passkey));
    bench->eve.verified_at_ms = bench->eve.passkey_at_ms = world->node.time.wall_ms;
    ASSERT_OK(world, WRITE(world, bench->eve, recovery_codes_make, &codes));
    bench->paper = codes.out[0];
    bench->link = link_of(bench, bench->eve.person_id);
}

/* Somebody has one of Bob's codes; the operator gave him one more. */
static void begin_recovery(struct bench *bench)
{
    struct world *world = &bench->world;
    const struct actor nobody = {.kind = ACTOR_NOBODY};
    struct recovery_codes codes;
    ASSERT_OK(world, WRITE(world, world->bob, recovery_codes_make, &codes));
    struct recovery_come come = {.code = codes.out[0]};
    ASSERT_OK(world, WRITE(world, nobody, recovery_come, &come));
    struct recovery_begin help = {.person_id = world->bob.person_id};
    ASSERT_OK(world, WRITE(world, world->operator_, recovery_begin, &help));
}

static void found_people(struct bench *bench)
{
    struct world *world = &bench->world;
    world->ada = world_make_person(world, "Ada");
    world->bob = world_make_person(world, "Bob");
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    world_put(world, world->bob, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Chur\"}");
    found_eve(bench);
    begin_recovery(bench);
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    bench->code = make.out_code;
    struct import_result hal = bring(world, TEXT("Hal"), TEXT("hal@example.org"));
    ASSERT_OK(world, relationship_open(world_as(world, world->shipping), hal.relationship, &bench->brought));
    bench->brought_code = hal.code;
}

/* A grant of Ada's under a purpose of its own, with uses. */
static struct grant grant_uses(struct bench *bench, const struct purpose *purpose, struct uses uses)
{
    struct world *world = &bench->world;
    struct grant_give give = {.relationship_id = bench->relationship.relationship_id,
                              .purpose = world_purpose_id(purpose), .attributes = purpose->needed, .uses = uses};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

static void found_relationships(struct bench *bench)
{
    struct world *world = &bench->world;
    struct invitation_claim claim = {.code = bring(world, TEXT("Ada"), TEXT("ada@example.org")).code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    bench->relationship = claim.out;
    bench->grant = world_grant(world, world->shipping, &bench->relationship, &world->delivery);
    bench->counted = grant_uses(bench, &bench->parcel, (struct uses){USES_TIMES, 3, TEXT_NONE});
    bench->eventful = grant_uses(bench, &bench->season, (struct uses){USES_EVENT, 0, TEXT("The fair is over")});
    bench->request = world_ask(world, world->shipping, &bench->relationship, &world->delivery);
    bench->countered = world_ask(world, world->shipping, &bench->relationship, &world->delivery);
    struct request_answer counter = {.request_id = bench->countered.request_id, .answer = ANSWER_COUNTER,
                                     .set_duration = true, .duration_ms = 20 * TIME_DAY_MS};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &counter));
    bench->quiet = world_relate(world, world->shipping, world->bob);
    (void)world_grant(world, world->shipping, &bench->quiet, &world->delivery);
    struct actor gil = world_make_person(world, "Gil");
    bench->paused = world_relate(world, world->shipping, gil);
    struct relationship_change pause = {.relationship_id = bench->paused.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, gil, relationship_change, &pause));
    struct actor fay = world_make_person(world, "Fay");
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id, .nature = NATURE_CUSTOMER};
    ASSERT_OK(world, WRITE(world, fay, relationship_propose, &propose));
    bench->proposed = propose.out;
}

static void found_members(struct bench *bench)
{
    struct world *world = &bench->world;
    struct member_invite invite = {.organisation_id = world->shop.organisation_id, .name = TEXT("Ida"),
                                   .department_id = world->shipping.department_id, .role = MEMBER_VIEWER};
    ASSERT_OK(world, WRITE(world, world->operator_, member_invite, &invite));
    struct member_claim claim = {.code = invite.out_code};
    ASSERT_OK(world, WRITE(world, (struct actor){.kind = ACTOR_NOBODY}, member_claim, &claim));
    bench->member_id = claim.out.member_id;
    ASSERT_OK(world, WRITE(world, world->operator_, member_invite, &invite));
    bench->badge = invite.out_code;
}

static void found_client(struct bench *bench)
{
    struct world *world = &bench->world;
    struct authorization_token token;
    struct kept code;
    bool live = false;
    ASSERT_OK(world, WRITE(world, world->operator_, id_token_key_settle, NULL));
    bench->web = web_make_client(world);
    (void)web_accept(world, &bench->web, &code);
    bench->tokens = web_redeem(world, &bench->web, &code);
    ASSERT_OK(world, authorization_token_load(world_as(world, world->operator_), web_text_kept(&bench->tokens.access),
                                              AUTHORIZATION_ACCESS, &token, &live));
    assert_true(live);
    bench->authorization_id = token.authorization.authorization_id;
    bench->web_grant_id = token.authorization.grant.grant_id;
    (void)web_accept(world, &bench->web, &bench->answered);
    bench->pushed = web_push(world, &bench->web, "");
}

/* As if the disk had been full: the first write keeps room again. */
static void give_room_away(const char *root)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/node/store/reserve", root);
    assert_int_equal(truncate(path, 0), 0);
}

void bench_found(struct bench *bench, const char *root)
{
    struct world *world = &bench->world;
    world->node.time.wall_ms = BEGAN_AT_MS;
    if (bench_open(bench, root) != OK)
        fail_msg("%s: %s", bench->node.cx.failure.reason, bench->node.cx.failure.detail);
    found_shop(bench);
    found_people(bench);
    found_relationships(bench);
    found_members(bench);
    found_client(bench);
    if (node_settle(&bench->node) != OK)
        fail_msg("%s: %s", bench->node.cx.failure.reason, bench->node.cx.failure.detail);
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Vevey\"}");
    (void)world_grant(world, world->shipping, &bench->relationship, &world->delivery); /* waits for its number */
    ASSERT_OK(world, bench_read(bench, &bench->relationship, &world->delivery));
    ASSERT_OK(world, bench_look_as_person(bench, &bench->of_ada));
    ASSERT_OK(world, bench_look_as_system(bench, &bench->of_shipping));
    bench->founding = world->node.cx.arena;
    world->node.cx.arena = NULL;
    bench_close(bench);
    give_room_away(root);
}
