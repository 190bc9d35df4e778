/* SPDX-License-Identifier: Apache-2.0
 * Goal: a call that runs out of its memory, wherever that is, fails as such: nothing half done, nothing given, and the
 * next call finds all as it was. Method: the same call with 16 bytes, 32, 48 … until it has enough; so each of its
 * takes is once the one that fails. */
#include <string.h>

#include "domain/sharing/objection_change.h"
#include "ledger/ledger.h"
#include "support/world.h"

enum { STEP_BYTES = 16, ENOUGH_BYTES = 1 << 20, ARGUMENT_BYTES = 2048 };

/* What is asked of a node that is short of memory. */
struct asked {
    const char    *name;
    struct actor   actor;
    bool           writes;
    store_write_fn run;
    const void    *arg; /* copied before each attempt */
    size_t         size;
};
#define READS(actor, run, arg) (struct asked){#run, (actor), false, (run), &(arg), sizeof(arg)}
#define WRITES(actor, run, arg) (struct asked){#run, (actor), true, (run), &(arg), sizeof(arg)}

static err attempt(struct world *world, const struct asked *asked, size_t bytes)
{
    _Alignas(16) char arg[ARGUMENT_BYTES];
    struct ctx *cx = world_as(world, asked->actor);
    struct arena *whole = cx->arena;
    assert_true(asked->size <= sizeof arg);
    memcpy(arg, asked->arg, asked->size);
    cx->arena = arena_open(bytes);
    assert_non_null(cx->arena);
    err result = asked->writes ? WRITE(world, asked->actor, asked->run, arg) : asked->run(cx, arg);
    arena_close(cx->arena);
    cx->arena = whole;
    return result;
}

static int64_t rows(struct world *world)
{
    return world_number(world, "people.db", "SELECT count(*) FROM act") +
           world_number(world, "ledger.db", "SELECT count(*) FROM disclosure");
}

/* Only the attempt that succeeds leaves rows, as many as `made`. */
static void run_short(struct world *world, struct asked asked, int64_t made)
{
    const struct failure *failure = &world->node.cx.failure;
    int64_t before = rows(world);
    size_t bytes = STEP_BYTES;
    while (bytes < ENOUGH_BYTES && attempt(world, &asked, bytes) != OK) {
        if (failure->code != TOO_LARGE) /* limit.memory, or limit.reply for what was being written out */
            fail_msg("%s with %zu bytes: %s, %s (%s)", asked.name, bytes, failure->reason, failure->detail,
                     failure->where);
        bytes += STEP_BYTES;
    }
    assert_in_range(bytes, 2 * STEP_BYTES, ENOUGH_BYTES - 1); /* it failed, and then it did not */
    assert_int_equal(rows(world), before + made);
}

/* ---- calls with more than one argument */

struct place {
    struct relationship relationship;
    int64_t             receipt_id;
};

static err list_live(struct ctx *cx, void *arg)
{
    const struct place *place = arg;
    struct grant *grants = NULL;
    size_t count = 0;
    int64_t live = 0;
    TRY(grant_list_live(cx, place->relationship.person_id, &grants, &count));
    TRY(grant_list_live_of_relationship(cx, &place->relationship, &grants, &count));
    return grant_count_open(cx, &place->relationship, &live);
}

static err list_grants(struct ctx *cx, void *arg)
{
    const struct place *place = arg;
    struct grant_list list = {.limit = 50};
    if (cx->actor.kind == ACTOR_SYSTEM)
        return grant_list_seen(cx, &place->relationship, &list);
    TRY(grant_list_of_person(cx, &list));
    return grant_list_of_relationship(cx, &place->relationship, &list);
}

static err list_grants_of_then(struct ctx *cx, void *arg)
{
    const struct place *place = arg;
    struct grant_list list = {.limit = 50, .at_ms = cx->now_ms};
    return grant_list_seen(cx, &place->relationship, &list);
}

static err list_disclosures(struct ctx *cx, void *arg)
{
    struct disclosure_list *list = arg;
    int64_t given = 0;
    int64_t refused = 0;
    TRY(disclosure_count(cx, &given, &refused));
    return disclosure_list(cx, list);
}

static err decide(struct ctx *cx, void *arg)
{
    return disclosure_decide(cx, arg);
}

static err prove(struct ctx *cx, void *arg)
{
    const struct place *place = arg;
    struct receipt receipt;
    struct text proof;
    TRY(receipt_load(cx, place->relationship.person_id, place->receipt_id, &receipt));
    TRY(receipt_sign(cx, &receipt));
    return receipt_proof(cx, &receipt, &proof);
}

static err list_receipts(struct ctx *cx, void *arg)
{
    const struct place *place = arg;
    struct receipt_page page = {.limit = 50};
    return receipt_page(cx, &place->relationship, &page);
}

/* ---- the calls */

static struct grant_give offer(struct world *world, const struct relationship *relationship)
{
    return (struct grant_give){.relationship_id = relationship->relationship_id,
                               .purpose = world_purpose_id(&world->delivery),
                               .attributes = world_kinds("Name PhysicalAddress"),
                               .uses = {USES_TIMES, 9, TEXT_NONE}};
}

static void a_read_that_is_short_gives_nothing(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    (void)world_read(world, world->shipping, &relationship, &world->delivery); /* so that there is one to list */
    struct place place = {relationship, give.out.receipt_id};
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, world_kinds("Name"));
    ask.note = TEXT("order 10442");
    struct disclosure_list list = {.limit = 50};
    run_short(world, READS(world->shipping, decide, ask), 0);
    run_short(world, READS(world->ada, list_disclosures, list), 0);
    run_short(world, READS(world->ada, list_grants, place), 0);
    run_short(world, READS(world->shipping, list_grants, place), 0);
    run_short(world, READS(world->shipping, list_grants_of_then, place), 0);
    run_short(world, READS(world->ada, list_live, place), 0);
    run_short(world, READS(world->ada, list_receipts, place), 0);
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- under an objection */

static err signal_once(struct ctx *cx, void *arg)
{
    bool *is_new = arg;
    TRY(objection_signal_is_new(cx, is_new));
    return objection_signal(cx);
}

static void an_objection_that_is_short_is_none_and_one_that_stands_holds(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    bool is_new = false;
    run_short(world, WRITES(world->ada, signal_once, is_new), 1);
    struct objection_change change = {.relationship_id = relationship.relationship_id, .stands = true};
    run_short(world, WRITES(world->ada, objection_change, change), 1);
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, world_kinds("Name"));
    run_short(world, READS(world->shipping, decide, ask), 0);
    change.stands = false;
    run_short(world, WRITES(world->ada, objection_change, change), 1);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_proof_that_is_short_is_none(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    struct ledger_pass pass = {0};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    ASSERT_OK(world, ledger_sequence(world_as(world, world->operator_), world->node.store, &pass));
    struct place place = {relationship, give.out.receipt_id};
    run_short(world, READS(world->ada, prove, place), 0);
}

static void a_write_that_is_short_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    run_short(world, WRITES(world->ada, grant_give, give), 1);
    give.uses = (struct uses){USES_EVENT, 0, TEXT("order done")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    struct grant_report_event report = {.person_id = world->ada.person_id, .grant_id = give.out.grant_id};
    run_short(world, WRITES(world->shipping, grant_report_event, report), 1);
    give = offer(world, &relationship);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    struct grant_narrow narrow = {.grant_id = give.out.grant_id, .set_attributes = true,
                                  .attributes = world_kinds("PhysicalAddress")};
    run_short(world, WRITES(world->ada, grant_narrow, narrow), 1);
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, world_kinds("PhysicalAddress"));
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    run_short(world, WRITES(world->shipping, disclosure_commit, ask), 1);
    struct grant_withdraw withdraw = {.grant_id = give.out.grant_id};
    run_short(world, WRITES(world->ada, grant_withdraw, withdraw), 1);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_request_that_is_short_is_not_made_and_not_answered(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = {.person_id = relationship.person_id,
                                .relationship_id = relationship.relationship_id,
                                .purpose = world_purpose_id(&world->delivery),
                                .duration_ms = TIME_DAY_MS,
                                .uses = {.event = TEXT_NONE}};
    run_short(world, WRITES(world->shipping, request_make, make), 1);
    struct request request = world_ask(world, world->shipping, &relationship, &world->delivery);
    struct request_answer answer = {.request_id = request.request_id, .answer = ANSWER_ACCEPT};
    run_short(world, WRITES(world->ada, request_answer, answer), 2); /* the answer and the grant */
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_read_that_is_short_gives_nothing),
        WORLD_TEST(an_objection_that_is_short_is_none_and_one_that_stands_holds),
        WORLD_TEST(a_proof_that_is_short_is_none),
        WORLD_TEST(a_write_that_is_short_leaves_nothing),
        WORLD_TEST(a_request_that_is_short_is_not_made_and_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
