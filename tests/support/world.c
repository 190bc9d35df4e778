/* SPDX-License-Identifier: Apache-2.0
 * See world.h. */
#include "support/world.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "domain/entrance/session.h"
#include "domain/parties/contact_import.h"
#include "ledger/ledger.h"
#include "store/queries.h"

/* What every test purpose tells people. The kinds are named where a test publishes. */
#define WORDS                                                                                                         \
    "\"benefit\":\"Delivered to your door.\",\"facts\":{\"passed_on\":[\"DHX couriers\"]},"                           \
    "\"language\":\"en\",\"legal_basis\":\"consent\",\"name\":\"Deliver your order\",\"retention\":\"P90D\","         \
    "\"sentence\":\"Bring your order to the right door.\",\"term\":\""
static const char BODY[] = "{" WORDS "dpv:DeliveryOfGoods\"}";

struct ctx *world_as(struct world *world, struct actor actor)
{
    struct ctx *cx = &world->node.cx;
    failure_clear(&cx->failure);
    cx->actor = actor;
    return cx;
}

struct actor world_make_system(struct world *world, int64_t organisation_id, const char *name)
{
    struct department_create department = {.organisation_id = organisation_id, .name = text_of(name)};
    ASSERT_OK(world, WRITE(world, world->operator_, department_create, &department));
    struct key_create key = {.organisation_id = organisation_id,
                             .department_id = department.out.department_id,
                             .name = TEXT("server"),
                             .scopes = 0xFFFF};
    ASSERT_OK(world, WRITE(world, world->operator_, key_create, &key));
    struct actor actor;
    ASSERT_OK(world, organisation_authenticate(&world->node.cx, key.out_secret, &actor));
    return actor;
}

struct actor world_make_person(struct world *world, const char *name)
{
    struct person_create create = {.name = text_of(name)};
    ASSERT_OK(world, WRITE(world, world->operator_, person_create, &create));
    struct person_sign_in sign_in = {.link_token = create.out_link_token};
    ASSERT_OK(world, WRITE(world, world->operator_, person_sign_in, &sign_in));
    struct actor actor;
    ASSERT_OK(world, session_authenticate(&world->node.cx, sign_in.out_session_token, &actor));
    return actor;
}

struct attribute_set world_kinds(const char *names)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    char term[64];
    int used = 0;
    for (const char *at = names; *at != '\0'; at += used) {
        size_t size = 0;
        while (at[size] != '\0' && at[size] != ' ')
            size++;
        (void)snprintf(term, sizeof term, "pd:%.*s", (int)size, at);
        const struct attribute_kind *kind = attribute_find(text_of(term));
        assert_non_null(kind);
        set = attribute_set_add(set, kind->number);
        used = (int)size + (at[size] == ' ');
    }
    return set;
}

struct purpose_text world_purpose_text(struct attribute_set needed, struct attribute_set optional)
{
    return (struct purpose_text){
        .name = TEXT("Deliver your order"), .sentence = TEXT("Bring your order to the right door."),
        .example = TEXT("The courier rings you when nobody opens."), .benefit = TEXT("Delivered to your door."),
        .if_no = TEXT("Collect at the shop. Nothing else changes."), .language = TEXT("en"),
        .term = TEXT("dpv:DeliveryOfGoods"), .legal_basis = TEXT("consent"), .needed = needed, .optional = optional,
        .longest_ms = 365 * TIME_DAY_MS, .shortest_useful_ms = 14 * TIME_DAY_MS, .retention_ms = 90 * TIME_DAY_MS};
}

struct text world_purpose_body(void)
{
    return TEXT(BODY);
}

static void build_kinds(struct builder *out, const char *member, struct attribute_set kinds)
{
    bool first = true;
    build_text(out, text_of(member));
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(kinds, n)) != ATTRIBUTE_NONE; first = false) {
        build_text(out, first ? TEXT("\"") : TEXT(",\""));
        build_text(out, text_of(attribute_by_number(n)->term));
        build_byte(out, '"');
    }
    build_byte(out, ']');
}

/* The words with the kinds and the department, in the arena. */
static struct text body_of(struct world *world, struct actor actor, const struct purpose_text *text)
{
    struct id department_id = {ID_DEPARTMENT, actor.organisation_id, actor.department_id};
    struct builder body = builder_open(world->node.cx.arena, sizeof BODY + 4096);
    build_kinds(&body, "{\"attributes\":{\"needed\":[", text->needed);
    build_kinds(&body, ",\"optional\":[", text->optional);
    build_text(&body, TEXT("},\"departments\":[\""));
    build_text(&body, id_text(&world->node.cx, department_id));
    build_text(&body, TEXT("\"],\"longest\":\"P1Y\"," WORDS));
    build_text(&body, text->term);
    build_literal(&body, "\"}");
    assert_false(body.overflowed);
    return builder_text(&body);
}

struct purpose world_publish(struct world *world, struct actor actor, struct attribute_set needed,
                             struct attribute_set optional)
{
    return world_publish_text(world, actor, world_purpose_text(needed, optional));
}

struct purpose world_publish_text(struct world *world, struct actor actor, struct purpose_text text)
{
    struct text body = body_of(world, actor, &text);
    struct purpose_save save = {.text = text, .body = body};
    ASSERT_OK(world, WRITE(world, actor, purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.out.purpose_id, .text = text, .body = body};
    ASSERT_OK(world, WRITE(world, actor, purpose_publish, &publish));
    return publish.out;
}

struct id world_purpose_id(const struct purpose *purpose)
{
    return (struct id){ID_PURPOSE, purpose->organisation_id, purpose->purpose_id};
}

static err name_log(struct ctx *cx, void *arg)
{
    (void)arg; /* one name for every test */
    return ledger_set_origin(cx, TEXT("test.example/log"));
}

static struct organisation make_organisation(struct world *world, const char *name)
{
    struct organisation_create create = {.name = text_of(name)};
    ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
    create.out.slug = TEXT_NONE; /* it lies in the arena */
    return create.out;
}

void world_open(struct world *world)
{
    test_node_open(&world->node);
    world->operator_ = (struct actor){.kind = ACTOR_OPERATOR};
    ASSERT_OK(world, WRITE(world, world->operator_, name_log, NULL));
    world->shop = make_organisation(world, "Lantern Books");
    world->bank = make_organisation(world, "Harbour Bank");
    world->shipping = world_make_system(world, world->shop.organisation_id, "Shipping");
    world->marketing = world_make_system(world, world->shop.organisation_id, "Marketing");
    world->teller = world_make_system(world, world->bank.organisation_id, "Counter");
    world->delivery =
        world_publish(world, world->shipping, world_kinds("Name PhysicalAddress"), world_kinds("TelephoneNumber"));
    world->account = world_publish(world, world->teller, world_kinds("Name PhysicalAddress"), ATTRIBUTE_SET_EMPTY);
    world->ada = world_make_person(world, "Ada");
    world->bob = world_make_person(world, "Bob");
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    world_put(world, world->bob, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Chur\"}");
}

void world_close(struct world *world)
{
    test_node_close(&world->node);
}

int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    *state = world;
    world_open(world);
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    world_close(world);
    free(world);
    return 0;
}

void world_put(struct world *world, struct actor person, const char *kind, const char *value)
{
    struct vault_put put = {.kind = attribute_find(text_of(kind)), .value = text_of(value), .source = SOURCE_SELF};
    assert_non_null(put.kind);
    ASSERT_OK(world, WRITE(world, person, vault_put, &put));
}

struct relationship world_relate(struct world *world, struct actor system, struct actor person)
{
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, WRITE(world, system, invitation_make, &make));
    struct invitation_claim claim = {.code = make.out_code};
    ASSERT_OK(world, WRITE(world, person, invitation_claim, &claim));
    return claim.out;
}

struct text world_bring_in(struct world *world)
{
    struct text keys[] = {TEXT("mail:ada@example.org")};
    struct import_field fields[] = {{TEXT("pd:EmailAddress"), TEXT("\"ada@example.org\"")}};
    struct import_contact contact = {
        .name = TEXT("Ada"), .match_keys = keys, .match_keys_count = 1, .fields = fields, .fields_count = 1};
    struct import_result result;
    struct import_chunk chunk = {.organisation_id = world->shop.organisation_id,
                                 .department_id = world->shipping.department_id,
                                 .contacts = &contact,
                                 .count = 1,
                                 .out = &result};
    ASSERT_OK(world, WRITE(world, world->operator_, contact_import, &chunk));
    assert_int_equal(result.outcome, IMPORT_CREATED);
    return result.code;
}

struct request world_ask(struct world *world, struct actor system, const struct relationship *relationship,
                         const struct purpose *purpose)
{
    struct request_make make = {.person_id = relationship->person_id,
                                .relationship_id = relationship->relationship_id,
                                .purpose = world_purpose_id(purpose),
                                .attributes = purpose->needed,
                                .duration_ms = 90 * TIME_DAY_MS,
                                .uses = {.event = TEXT_NONE}};
    ASSERT_OK(world, WRITE(world, system, request_make, &make));
    return make.out;
}

struct grant world_grant(struct world *world, struct actor system, const struct relationship *relationship,
                         const struct purpose *purpose)
{
    struct request request = world_ask(world, system, relationship, purpose);
    struct actor person = {.kind = ACTOR_PERSON, .person_id = relationship->person_id};
    struct request_answer answer = {.request_id = request.request_id, .answer = ANSWER_ACCEPT};
    ASSERT_OK(world, WRITE(world, person, request_answer, &answer));
    assert_true(answer.out_has_grant);
    return answer.out_grant;
}

err world_receipts(struct ctx *cx, const struct relationship *relationship, struct receipt_entry **out,
                   size_t *out_count)
{
    struct receipt_page page = {.limit = 1000};
    TRY(receipt_page(cx, relationship, &page));
    *out = page.out;
    *out_count = page.out_count;
    return OK;
}

struct disclosure_ask world_question(struct world *world, const struct relationship *relationship,
                                     const struct purpose *purpose, struct attribute_set kinds)
{
    struct ctx *cx = &world->node.cx;
    return (struct disclosure_ask){.relationship = id_text(cx, relationship_id(relationship)),
                                   .purpose = id_text(cx, world_purpose_id(purpose)),
                                   .attributes = kinds,
                                   .note = TEXT("order 10442")};
}

struct disclosure_ask world_read(struct world *world, struct actor system, const struct relationship *relationship,
                                 const struct purpose *purpose)
{
    struct disclosure_ask ask = world_question(world, relationship, purpose, world_kinds("PhysicalAddress"));
    ASSERT_OK(world, disclosure_decide(world_as(world, system), &ask));
    ASSERT_OK(world, WRITE(world, system, disclosure_commit, &ask));
    return ask;
}

const char *world_refusal(struct world *world, struct actor system, const struct relationship *relationship,
                          const struct purpose *purpose)
{
    struct disclosure_ask ask = world_read(world, system, relationship, purpose);
    assert_int_equal(ask.values_count > 0, ask.given);
    return ask.given ? NULL : ask.reason;
}

static void print_finding(void *self, struct text sentence)
{
    (void)self; /* they all go to one place */
    (void)printf("  finding: %.*s\n", TEXT_ARGS(sentence));
}

static void drop_finding(void *self, struct text sentence)
{
    (void)self; /* only their number counts */
    (void)sentence;
}

int64_t world_audit(struct world *world, int64_t expected)
{
    struct audit_report report = {.found = drop_finding};
    ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &report));
    if (report.findings > expected) {
        struct audit_report again = {.found = print_finding};
        ASSERT_OK(world, domain_audit(&world->node.cx, &again));
    }
    return report.findings;
}

int64_t world_bucket(struct world *world, int64_t person_id)
{
    struct sql_person_key_load_in in = {person_id};
    struct sql_person_key_load_row row;
    bool found = false;
    ASSERT_OK(world, sql_person_key_load(world_as(world, world->operator_), &in, &row, &found));
    return found ? row.bucket : 0;
}

bool world_has_bucket_file(const struct world *world, int64_t bucket)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/keys/buckets/%lld.key", world->node.folder, (long long)bucket);
    return access(path, F_OK) == 0;
}

size_t world_bucket_files(const struct world *world)
{
    char path[200];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/keys/buckets", world->node.folder);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(folder), 0);
    return count;
}

static sqlite3 *open_file(struct world *world, const char *file)
{
    char path[128];
    sqlite3 *db = NULL;
    (void)snprintf(path, sizeof path, "%s/data/%s", world->node.folder, file);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 5000); /* cannot fail with such arguments */
    return db;
}

bool world_is_on_server(const char *file)
{
    return store_is_on_server() && strcmp(file, "keys.db") != 0;
}

void world_spoil(struct world *world, const char *file, const char *sql)
{
    char *why = NULL;
    if (world_is_on_server(file)) {
        struct postgres *pg = database_open(&world->node.cx, world->node.place.url, "symbolon");
        ASSERT_OK(world, database_run(&world->node.cx, &pg->base, sql));
        database_close(&pg->base);
        return;
    }
    sqlite3 *db = open_file(world, file);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    assert_int_not_equal(sqlite3_changes(db), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

const char *world_words_on_server(struct world *world, const char *sql)
{
    const char *words = NULL;
    struct postgres *pg = database_open(&world->node.cx, world->node.place.url, "symbolon");
    ASSERT_OK(world, postgres_ask(&world->node.cx, pg, sql, 1, &words));
    assert_non_null(words);
    struct text copy = text_format(world->node.cx.arena, "%s", words);
    assert_non_null(copy.at);
    database_close(&pg->base);
    return copy.at;
}

static int64_t number_on_server(struct world *world, const char *sql)
{
    int64_t number = 0;
    assert_true(text_to_int64(text_of(world_words_on_server(world, sql)), &number));
    return number;
}

int64_t world_number(struct world *world, const char *file, const char *sql)
{
    sqlite3_stmt *query = NULL;
    if (world_is_on_server(file))
        return number_on_server(world, sql);
    sqlite3 *db = open_file(world, file);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK || sqlite3_step(query) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t number = sqlite3_column_int64(query, 0);
    assert_int_equal(sqlite3_finalize(query), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}
