/* SPDX-License-Identifier: Apache-2.0
 * See power_load.h. */
#include "fault/power_load.h"

#include <sqlite3.h>
#include <string.h>

#include "domain/people/erasure.h"
#include "domain/people/leftover.h"
#include "ledger/ledger.h"
#include "store/queries.h"

#define ARENA_BYTES (64u << 20)
#define BEGAN_AT_MS INT64_C(1792000000000)
#define CUSTOMERS_HERE 12

/* ---- the node */

err power_open(struct power *power)
{
    struct test_node *test = &power->world.node;
    char data[128];
    (void)snprintf(data, sizeof data, "%s/node", power->root);
    node_begin(&power->node, false);
    power->node.log.least = LOG_ERROR;
    if (test->time.wall_ms == 0)
        test->time.wall_ms = BEGAN_AT_MS;
    power->node.clock = clock_set(&test->time);
    power->node.randomness = power->node_dice.randomness;
    power->node.cx.now_ms = test->time.wall_ms;
    struct node_options options = {.data = data, .create = true};
    TRY(node_open(&power->node, &options));
    test->store = power->node.store;
    test->keyring = power->node.keyring;
    test->cx = power->node.cx;
    test->cx.arena = arena_open(ARENA_BYTES);
    return test->cx.arena != NULL ? OK : FAIL_MEMORY(&power->node.cx);
}

void power_close(struct power *power)
{
    arena_close(power->world.node.cx.arena);
    power->world.node.cx.arena = NULL;
    node_close(&power->node);
}

/* ---- facts */

static char *copy_of(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    assert_true(text == NULL || copy != NULL);
    return copy;
}

void power_fact(struct power *power, const struct fact *fact)
{
    struct book *book = &power->book;
    if (book->count == book->capacity) {
        book->capacity = book->capacity * 2 + 64;
        book->facts = realloc(book->facts, book->capacity * sizeof *book->facts);
        assert_non_null(book->facts);
    }
    struct fact *kept = &book->facts[book->count++];
    *kept = *fact;
    kept->text = copy_of(fact->text);
    kept->more = copy_of(fact->more);
    kept->at = power->journal == NULL ? 0 : disk_journal_length(power->journal);
    power->acknowledged += fact->kind != FACT_STOPPING && fact->kind != FACT_ERASING;
}

static void forget_facts(struct book *book, size_t at)
{
    size_t kept = 0;
    for (size_t i = 0; i < book->count; i++) {
        struct fact fact = book->facts[i];
        if (fact.at <= at) {
            fact.at = 0;
            book->facts[kept++] = fact;
            continue;
        }
        free(fact.text);
        free(fact.more);
    }
    book->count = kept;
}

static bool is_fact(const struct book *book, fact_kind kind, int64_t person_id, int64_t item)
{
    for (size_t i = 0; i < book->count; i++) {
        const struct fact *fact = &book->facts[i];
        if (fact->kind == kind && fact->person_id == person_id && (item == 0 || fact->item == item))
            return true;
    }
    return false;
}

/* The last grant that is known to stand, 0: none. */
static int64_t last_grant(const struct book *book, int64_t person_id)
{
    int64_t grant_id = 0;
    for (size_t i = 0; i < book->count; i++)
        if (book->facts[i].kind == FACT_GRANT && book->facts[i].person_id == person_id)
            grant_id = book->facts[i].item;
    return grant_id;
}

void power_cut(struct power *power, size_t at)
{
    forget_facts(&power->book, at);
    for (int i = 0; i < power->customers_count; i++) {
        struct customer *customer = &power->customers[i];
        int64_t person_id = customer->actor.person_id;
        customer->grant.grant_id = last_grant(&power->book, person_id);
        customer->gone = customer->gone || customer->grant.grant_id == 0 ||
                         is_fact(&power->book, FACT_ERASING, person_id, 0);
        customer->has_grant = !is_fact(&power->book, FACT_STOPPING, person_id, customer->grant.grant_id);
    }
    power->founded_at = 0;
}

void power_free(struct power *power)
{
    for (size_t i = 0; i < power->book.count; i++) {
        free(power->book.facts[i].text);
        free(power->book.facts[i].more);
    }
    free(power->book.facts);
    power->book = (struct book){0};
}

/* ---- steps */

static void print_failure(const struct power *power)
{
    const struct failure *failure = &power->node.cx.failure;
    fail_msg("%s: %s (%s)", failure->reason, failure->detail, failure->where);
}

struct customer *power_customer(struct power *power)
{
    int here = 0;
    struct customer *chosen = NULL;
    for (int i = 0; i < power->customers_count; i++)
        if (!power->customers[i].gone && dice_draw(&power->dice, ++here) == 0)
            chosen = &power->customers[i];
    return chosen;
}

void power_value(struct power *power, char *out, size_t out_size)
{
    int long_one = dice_is(&power->dice, 20) ? 3000 : 1; /* one that fills pages */
    (void)snprintf(out, out_size, "{\"country\":\"CH\",\"street\":\"Gasse %lld%0*d\"}", (long long)power->steps,
                   long_one, 1);
}

static void put_value(struct power *power, const struct customer *customer)
{
    char value[4096];
    power_value(power, value, sizeof value);
    struct vault_put put = {.kind = attribute_find(TEXT("pd:PhysicalAddress")), .value = text_of(value),
                            .source = SOURCE_SELF};
    ASSERT_OK(&power->world, WRITE(&power->world, customer->actor, vault_put, &put));
    power_fact(power, &(struct fact){.kind = FACT_VALUE, .person_id = customer->actor.person_id,
                                     .item = put.out.version, .text = value});
}

static void give(struct power *power, struct customer *customer)
{
    customer->grant =
        world_grant(&power->world, power->world.shipping, &customer->relationship, &power->world.delivery);
    customer->has_grant = true;
    power_fact(power, &(struct fact){.kind = FACT_GRANT, .person_id = customer->actor.person_id,
                                     .item = customer->grant.grant_id});
}

/* Somebody new: a key, an invitation that another person's row stood for, a value, a grant. */
static void step_come(struct power *power)
{
    int here = 0;
    for (int i = 0; i < power->customers_count; i++)
        here += !power->customers[i].gone;
    if (here >= CUSTOMERS_HERE || power->customers_count == CUSTOMERS_MAX)
        return;
    struct customer *customer = &power->customers[power->customers_count];
    *customer = (struct customer){.actor = world_make_person(&power->world, "Ada")};
    power_fact(power, &(struct fact){.kind = FACT_PERSON, .person_id = customer->actor.person_id});
    customer->relationship = world_relate(&power->world, power->world.shipping, customer->actor);
    power->customers_count++;
    put_value(power, customer);
    give(power, customer);
}

static void step_put(struct power *power)
{
    const struct customer *customer = power_customer(power);
    if (customer != NULL)
        put_value(power, customer);
}

static void step_read(struct power *power)
{
    const struct customer *customer = power_customer(power);
    if (customer == NULL)
        return;
    struct disclosure_ask ask =
        world_read(&power->world, power->world.shipping, &customer->relationship, &power->world.delivery);
    power_fact(power, &(struct fact){.kind = FACT_READ, .person_id = customer->actor.person_id,
                                     .item = ask.disclosure_id});
}

static void step_stop(struct power *power)
{
    struct customer *customer = power_customer(power);
    if (customer == NULL || !customer->has_grant)
        return;
    struct grant_withdraw stop = {.grant_id = customer->grant.grant_id};
    struct fact fact = {.kind = FACT_STOPPING, .person_id = customer->actor.person_id, .item = stop.grant_id};
    power_fact(power, &fact);
    ASSERT_OK(&power->world, WRITE(&power->world, customer->actor, grant_withdraw, &stop));
    fact.kind = FACT_STOPPED;
    power_fact(power, &fact);
    customer->has_grant = false;
}

static void step_give(struct power *power)
{
    struct customer *customer = power_customer(power);
    if (customer != NULL && !customer->has_grant)
        give(power, customer);
}

static void publish_head(struct power *power)
{
    struct ledger_head head;
    ASSERT_OK(&power->world, ledger_head(world_as(&power->world, power->world.operator_), &head));
    char note[2048];
    (void)snprintf(note, sizeof note, "%.*s", TEXT_ARGS(head.note));
    power_fact(power, &(struct fact){.kind = FACT_HEAD, .item = head.tree.size, .text = note});
}

/* The courier's work: numbers, mark beside the keys, leftovers. */
static void step_settle(struct power *power)
{
    (void)disk_journal_mark(power->journal, MARK_PASS_BEGINS);
    struct ledger_pass pass = {.left = 1};
    struct ctx *cx = world_as(&power->world, power->world.operator_);
    while (pass.left > 0)
        ASSERT_OK(&power->world, ledger_sequence(cx, power->node.store, &pass));
    (void)disk_journal_mark(power->journal, MARK_PASS_ENDS);
    publish_head(power);
    if (node_settle(&power->node) != OK)
        print_failure(power);
}

static char *borrowed(struct ctx *cx, struct text text)
{
    const char *at = text_format(cx->arena, "%.*s", TEXT_ARGS(text)).at;
    assert_non_null(at);
    return (char *)(uintptr_t)at; /* only copied from here on */
}

/* Hands a receipt and its proof out. */
static void step_prove(struct power *power)
{
    struct customer *customer = power_customer(power);
    struct receipt receipt;
    struct grant grant;
    struct text proof;
    if (customer == NULL)
        return;
    struct ctx *cx = world_as(&power->world, customer->actor);
    ASSERT_OK(&power->world, grant_load(cx, customer->actor.person_id, customer->grant.grant_id, &grant));
    ASSERT_OK(&power->world, receipt_load(cx, customer->actor.person_id, grant.receipt_id, &receipt));
    ASSERT_OK(&power->world, receipt_sign(cx, &receipt));
    ASSERT_OK(&power->world, WRITE(&power->world, customer->actor, receipt_keep, &receipt));
    err proved = receipt_proof(cx, &receipt, &proof);
    if (proved == UNAVAILABLE)
        return; /* the entry has no number yet */
    ASSERT_OK(&power->world, proved);
    power_fact(power, &(struct fact){.kind = FACT_PROOF, .person_id = receipt.person_id, .item = receipt.receipt_id,
                                     .text = borrowed(cx, receipt.jws), .more = borrowed(cx, proof)});
}

static void step_forget(struct power *power)
{
    struct customer *customer = power_customer(power);
    if (customer == NULL)
        return;
    int64_t person_id = customer->actor.person_id;
    struct ctx *cx = world_as(&power->world, power->world.operator_);
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row row;
    bool found = false;
    ASSERT_OK(&power->world, sql_person_key_load(cx, &in, &row, &found));
    assert_true(found);
    struct fact fact = {.kind = FACT_ERASING, .person_id = person_id, .item = row.bucket};
    power_fact(power, &fact);
    customer->gone = true;
    struct erasure_begin begin = {.person_id = person_id};
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(&power->world, WRITE(&power->world, power->world.operator_, erasure_begin, &begin));
    cx = world_as(&power->world, power->world.operator_);
    ASSERT_OK(&power->world, erasure_finish(cx, power->node.store, &work));
    fact.kind = FACT_ERASED;
    power_fact(power, &fact);
}

/* What the store's own thread does, at a moment of the dice. */
static void step_checkpoint(struct power *power)
{
    static const char *const FILES[] = {"keys", "records", "ledger", "people", "people"};
    static const int KINDS[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
    sqlite3 *db = NULL;
    char path[160];
    (void)snprintf(path, sizeof path, "%s/node/store/%s.db", power->root, FILES[dice_draw(&power->dice, 5)]);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int kind = KINDS[dice_draw(&power->dice, 3)];
    int code = sqlite3_wal_checkpoint_v2(db, NULL, kind, NULL, NULL);
    assert_true(code == SQLITE_OK || code == SQLITE_BUSY);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void step_back_up(struct power *power)
{
    char name[32];
    char folder[160];
    int64_t people = 0;
    for (size_t i = 0; i < power->book.count; i++)
        people += power->book.facts[i].kind == FACT_PERSON;
    (void)snprintf(name, sizeof name, "backup%lld", (long long)power->steps);
    (void)snprintf(folder, sizeof folder, "%s/%s", power->root, name);
    struct ctx *cx = world_as(&power->world, power->world.operator_);
    err made = store_backup(cx, power->node.store, folder);
    if (made != OK) /* half of one, from before a cut */
        assert_string_equal(cx->failure.reason, "store.backup_exists");
    else
        power_fact(power, &(struct fact){.kind = FACT_BACKUP, .item = people, .text = name});
}

static void step_open_again(struct power *power)
{
    power_close(power);
    if (power_open(power) != OK)
        print_failure(power);
}

static const struct {
    void (*run)(struct power *power);
    int weight;
} STEPS[] = {
    {step_come, 8},  {step_put, 8},   {step_read, 12},  {step_stop, 6},       {step_give, 8},
    {step_settle, 9}, {step_prove, 6}, {step_forget, 5}, {step_checkpoint, 8}, {power_group, 16},
    {step_open_again, 2}, {step_back_up, 2},
};

static void run_step(struct power *power)
{
    int64_t weights = 0;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        weights += STEPS[i].weight;
    int64_t drawn = dice_draw(&power->dice, weights);
    size_t at = 0;
    while (drawn >= STEPS[at].weight)
        drawn -= STEPS[at++].weight;
    STEPS[at].run(power);
    test_node_rest(&power->world.node);
    test_node_pass(&power->world.node, 1 + dice_draw(&power->dice, 700));
    power->steps++;
}

void power_run(struct power *power, int64_t steps)
{
    for (int64_t i = 0; i < steps; i++)
        run_step(power);
    step_forget(power); /* the rarest step: no life without it */
    step_read(power);
}

void power_found(struct power *power)
{
    struct world *world = &power->world;
    world->operator_ = (struct actor){.kind = ACTOR_OPERATOR};
    struct organisation_create create = {.name = TEXT("Lantern Books")};
    ASSERT_OK(world, WRITE(world, world->operator_, organisation_create, &create));
    world->shop.organisation_id = create.out.organisation_id;
    world->shipping = world_make_system(world, world->shop.organisation_id, "Shipping");
    world->delivery =
        world_publish(world, world->shipping, world_kinds("PhysicalAddress"), world_kinds("TelephoneNumber"));
    step_settle(power);
    step_come(power);
    test_node_rest(&world->node);
    power->founded_at = disk_journal_length(power->journal);
}
