/* SPDX-License-Identifier: Apache-2.0
 * See rot_tell.h. Each question stands alone: one that is refused does not keep the next from being asked. */
#include "fault/rot_tell.h"

#include <stdarg.h>
#include <string.h>

#include "crypto/hash.h"
#include "domain/parties/record.h"
#include "domain/people/vault.h"
#include "ledger/ledger.h"

#define LINE_BYTES (256u * 1024)
#define PAGE 200

/* One question under way. */
struct question {
    struct power   *power;
    struct telling *telling;
    struct builder  line;
    bool            permits;
};

static struct ctx *as(struct question *question, struct actor actor)
{
    arena_reset(question->power->world.node.cx.arena);
    struct ctx *cx = world_as(&question->power->world, actor);
    question->line = builder_open(cx->arena, LINE_BYTES);
    question->permits = false;
    return cx;
}

static void say(struct question *question, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct question *question, const char *format, ...)
{
    char part[4096];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(part, sizeof part, format, args);
    va_end(args);
    assert_true(size >= 0 && (size_t)size < sizeof part);
    build_text(&question->line, (struct text){part, (size_t)size});
}

static void say_hash(struct question *question, struct bytes bytes)
{
    uint8_t hash[HASH_BYTES];
    sha256(bytes, hash);
    for (size_t i = 0; i < 8; i++)
        say(question, "%02x", hash[i]);
    say(question, " ");
}

/* Keeps the line, or why there is none: half an answer is none. */
static void keep(struct question *question, const char *topic, err result)
{
    struct telling *telling = question->telling;
    const struct failure *failure = &question->power->world.node.cx.failure;
    assert_true(telling->count < TOLD_MAX && !question->line.overflowed);
    struct text said = builder_text(&question->line);
    struct told *told = &telling->told[telling->count++];
    *told = (struct told){.result = result, .permits = result == OK && question->permits};
    int made = result == OK ? asprintf(&told->line, "%s: %.*s", topic, TEXT_ARGS(said))
                            : asprintf(&told->line, "%s: refused: %s", topic, failure->reason);
    assert_true(made > 0);
}

static struct actor person_actor(int64_t person_id)
{
    return (struct actor){.kind = ACTOR_PERSON, .person_id = person_id};
}

/* ---- a person's */

static void tell_values(struct question *question, int64_t person_id)
{
    struct vault_item *items = NULL;
    size_t count = 0;
    struct ctx *cx = as(question, person_actor(person_id));
    err result = vault_list(cx, &items, &count);
    for (size_t i = 0; result == OK && i < count; i++)
        say(question, "%s %lld %d %lld %lld %.*s; ", items[i].kind->term, (long long)items[i].version,
            (int)items[i].source, (long long)items[i].confirmed_at_ms, (long long)items[i].changed_at_ms,
            TEXT_ARGS(items[i].value));
    keep(question, "values", result);
    const struct attribute_kind *kind = attribute_find(TEXT("pd:PhysicalAddress"));
    cx = as(question, person_actor(person_id));
    struct vault_history history = {.kind = kind, .limit = PAGE};
    result = vault_history(cx, &history);
    for (size_t i = 0; result == OK && i < history.out_count; i++)
        say(question, "%lld %.*s; ", (long long)history.out[i].version, TEXT_ARGS(history.out[i].value));
    keep(question, "history", result);
}

static void tell_grants(struct question *question, int64_t person_id)
{
    struct ctx *cx = as(question, person_actor(person_id));
    struct grant_list list = {.limit = PAGE};
    err result = grant_list_of_person(cx, &list);
    for (size_t i = 0; result == OK && i < list.out_count; i++) {
        const struct grant *grant = &list.out[i];
        say(question, "%lld state %d of %lld/%lld until %lld to %llx used %lld; ", (long long)grant->grant_id,
            (int)grant_state_at(grant, cx->now_ms), (long long)grant->purpose_id, (long long)grant->purpose_version,
            (long long)grant->until_at_ms, (long long)grant->departments, (long long)grant->used);
        say_hash(question, (struct bytes){(const uint8_t *)&grant->attributes, sizeof grant->attributes});
    }
    keep(question, "grants", result);
}

static void tell_reads(struct question *question, int64_t person_id)
{
    int64_t given = 0, refused = 0;
    struct ctx *cx = as(question, person_actor(person_id));
    struct disclosure_list list = {.limit = PAGE};
    err result = disclosure_list(cx, &list);
    if (result == OK)
        result = disclosure_count(cx, &given, &refused);
    say(question, "%lld given, %lld refused: ", (long long)given, (long long)refused);
    for (size_t i = 0; result == OK && i < list.out_count; i++) {
        const struct disclosure *row = &list.out[i];
        say(question, "%lld at %lld by %lld for %lld under %lld: %d %.*s, %.*s; ", (long long)row->disclosure_id,
            (long long)row->at_ms, (long long)row->system_id, (long long)row->purpose_id, (long long)row->grant_id,
            (int)row->outcome, TEXT_ARGS(row->reason), TEXT_ARGS(row->note));
    }
    keep(question, "reads", result);
}

static void tell_relationships(struct question *question, int64_t person_id)
{
    struct ctx *cx = as(question, person_actor(person_id));
    struct relationship_list list = {.limit = PAGE};
    struct request_list requests = {.limit = PAGE};
    err result = relationship_list_of_person(cx, &list);
    if (result == OK)
        result = request_list_of_person(cx, &requests);
    for (size_t i = 0; result == OK && i < list.out_count; i++)
        say(question, "%lld with %lld: %d, nature %d, until %lld; ", (long long)list.out[i].relationship_id,
            (long long)list.out[i].organisation_id, (int)list.out[i].state, (int)list.out[i].nature,
            (long long)list.out[i].ends_at_ms);
    for (size_t i = 0; result == OK && i < requests.out_count; i++)
        say(question, "asked %lld: %d; ", (long long)requests.out[i].request_id, (int)requests.out[i].state);
    keep(question, "relationships", result);
}

/* ---- receipts and the log */

static void tell_receipt(struct question *question, int64_t person_id, int64_t receipt_id)
{
    struct receipt receipt;
    struct text proof;
    struct ctx *cx = as(question, person_actor(person_id));
    err result = receipt_load(cx, person_id, receipt_id, &receipt);
    if (result == OK) {
        say_hash(question, receipt.payload);
        say_hash(question, bytes_of_text(receipt.jws));
        say(question, "%lld ", (long long)receipt.at_ms);
        result = receipt_proof(cx, &receipt, &proof);
    }
    if (result == OK)
        say_hash(question, bytes_of_text(proof));
    keep(question, "receipt", result);
}

static void tell_receipts(struct question *question, const struct relationship *relationship)
{
    static const int LATEST = 3;
    struct ctx *cx = as(question, person_actor(relationship->person_id));
    struct receipt_page page = {.limit = PAGE};
    int64_t latest[3] = {0};
    err result = receipt_page(cx, relationship, &page);
    for (size_t i = 0; result == OK && i < page.out_count; i++) {
        say(question, "%lld %d; ", (long long)page.out[i].receipt_id, (int)page.out[i].kind);
        if (i < (size_t)LATEST)
            latest[i] = page.out[i].receipt_id;
    }
    keep(question, "receipts", result);
    for (int i = 0; i < LATEST; i++) {
        if (result == OK)
            tell_receipt(question, relationship->person_id, latest[i]); /* also one that is not there */
        else
            keep(question, "receipt", result); /* nobody knows which to ask for */
    }
}

static void tell_log(struct question *question)
{
    struct ledger_head head;
    struct ctx *cx = as(question, (struct actor){.kind = ACTOR_OPERATOR});
    err result = ledger_head(cx, &head);
    if (result == OK)
        say(question, "%lld %.*s", (long long)head.tree.size, TEXT_ARGS(head.note));
    keep(question, "log", result);
}

/* ---- an organisation's */

static void tell_decision(struct question *question, const struct power *knows, const struct relationship *relationship)
{
    const struct purpose *purpose = &knows->world.delivery;
    struct attribute_set kinds = attribute_set_union(purpose->needed, purpose->optional);
    as(question, knows->world.shipping);
    struct disclosure_ask ask = world_question(&question->power->world, relationship, purpose, kinds);
    ask.partial = true;
    err result = disclosure_decide(&question->power->world.node.cx, &ask);
    question->permits = result == OK && ask.given;
    say(question, "%s %s: ", question->permits ? "given" : "refused", ask.reason == NULL ? "" : ask.reason);
    for (size_t i = 0; result == OK && i < ask.values_count; i++)
        say(question, "%s %.*s; ", ask.values[i].kind->term, TEXT_ARGS(ask.values[i].item.value));
    keep(question, "decision", result);
}

static void tell_records(struct question *question, const struct power *knows, const char *relationship_id)
{
    struct relationship relationship;
    struct record *records = NULL;
    size_t count = 0;
    struct ctx *cx = as(question, knows->world.shipping);
    err result = relationship_open(cx, text_of(relationship_id), &relationship);
    if (result == OK)
        result = record_list(cx, &relationship, &records, &count);
    for (size_t i = 0; result == OK && i < count; i++)
        say(question, "%lld %d %.*s; ", (long long)records[i].record_id, (int)records[i].kind,
            TEXT_ARGS(records[i].body));
    keep(question, "records", result);
}

static void tell_house(struct question *question, const struct power *knows)
{
    struct organisation *organisations = NULL;
    struct department *departments = NULL;
    struct purpose purpose;
    struct id id = world_purpose_id(&knows->world.delivery);
    size_t count = 0, parts = 0;
    struct ctx *cx = as(question, knows->world.operator_);
    err result = organisation_list(cx, &organisations, &count);
    for (size_t i = 0; result == OK && i < count; i++) {
        say(question, "%.*s (", TEXT_ARGS(organisations[i].name));
        result = department_list(cx, organisations[i].organisation_id, &departments, &parts);
        for (size_t k = 0; result == OK && k < parts; k++)
            say(question, "%.*s ", TEXT_ARGS(departments[k].name));
        say(question, "); ");
    }
    keep(question, "organisations", result);
    cx = as(question, knows->world.shipping);
    result = purpose_load(cx, &id, knows->world.delivery.version, &purpose);
    if (result == OK) {
        say(question, "%d %.*s ", (int)purpose.state, TEXT_ARGS(purpose.name));
        say_hash(question, bytes_of_text(purpose.body));
    }
    keep(question, "purpose", result);
}

void rot_tell(struct power *power, const struct power *knows, struct telling *out)
{
    struct question question = {.power = power, .telling = out};
    out->count = 0;
    tell_house(&question, knows);
    tell_log(&question);
    for (int i = 0; i < knows->customers_count; i++) {
        const struct customer *customer = &knows->customers[i];
        tell_values(&question, customer->actor.person_id);
        tell_grants(&question, customer->actor.person_id);
        tell_reads(&question, customer->actor.person_id);
        tell_relationships(&question, customer->actor.person_id);
        tell_decision(&question, knows, &customer->relationship);
        tell_receipts(&question, &customer->relationship);
    }
    for (size_t i = 0; i < knows->book.count; i++)
        if (knows->book.facts[i].kind == FACT_IMPORTED)
            tell_records(&question, knows, knows->book.facts[i].text);
}

void rot_telling_free(struct telling *telling)
{
    for (size_t i = 0; i < telling->count; i++)
        free(telling->told[i].line);
    telling->count = 0;
}
