/* SPDX-License-Identifier: Apache-2.0
 * Goal: a question whether a read would be given comes to what the read comes to, takes nothing, is told to the person,
 * and fills nothing however often it is asked; whose business it is not learns nothing by it. Method: questions beside
 * reads, before and behind a stop, more than a day has entries; then columns are changed behind the domain. */
#include "domain/sharing/evaluation.h"

#include "base/limits.h"
#include "base/time.h"
#include "crypto/id_seal.h"
#include "support/world.h"

#define ENTRIES "SELECT count(*) FROM disclosure WHERE outcome IN (3, 4)"
#define RESTORE "DELETE FROM refused_further; INSERT INTO refused_further SELECT * FROM kept; " \
                "DELETE FROM disclosure_head; INSERT INTO disclosure_head SELECT * FROM kept_head; " \
                "DELETE FROM asked_day; INSERT INTO asked_day SELECT * FROM kept_day"
#define HOUR_MS INT64_C(3600000)

static struct evaluation question_about(struct world *world, struct actor system,
                                        const struct relationship *relationship, const char *kinds)
{
    struct ctx *cx = world_as(world, system);
    return (struct evaluation){
        .subject_type = TEXT(EVALUATION_DEPARTMENT),
        .subject_id = id_text(cx, (struct id){ID_DEPARTMENT, system.organisation_id, system.department_id}),
        .action = TEXT(EVALUATION_READ),
        .resource_type = TEXT(EVALUATION_RELATIONSHIP),
        .resource_id = id_text(cx, relationship_id(relationship)),
        .purpose = id_text(cx, world_purpose_id(&world->delivery)),
        .attributes = world_kinds(kinds),
    };
}

static void look(struct world *world, struct actor system, struct evaluation *question)
{
    ASSERT_OK(world, evaluation_decide(world_as(world, system), question));
    ASSERT_OK(world, evaluation_look_for_door(world_as(world, system), question));
}

static void write_down(struct world *world, struct actor system, struct evaluation *question)
{
    struct evaluations one = {question, 1, EVALUATION_EXECUTE_ALL, 0};
    ASSERT_OK(world, WRITE(world, system, evaluations_commit, &one));
    assert_int_equal(one.out_answered, 1);
}

static struct evaluation ask(struct world *world, struct actor system, const struct relationship *relationship,
                             const char *kinds)
{
    struct evaluation question = question_about(world, system, relationship, kinds);
    look(world, system, &question);
    write_down(world, system, &question);
    return question;
}

/* The same question, so many times in one write. */
static void ask_often(struct world *world, struct actor system, const struct relationship *relationship, size_t times)
{
    struct evaluation items[LIMIT_QUESTIONS_A_DAY + 3];
    struct evaluations all = {items, times, EVALUATION_EXECUTE_ALL, 0};
    for (size_t i = 0; i < times; i++) {
        items[i] = question_about(world, system, relationship, "PhysicalAddress");
        ASSERT_OK(world, evaluation_decide(world_as(world, system), &items[i]));
    }
    ASSERT_OK(world, WRITE(world, system, evaluations_commit, &all));
    assert_int_equal(all.out_answered, times);
    test_node_rest(&world->node);
}

static struct grant give(struct world *world, const struct relationship *relationship, struct uses uses)
{
    struct grant_give give = {.relationship_id = relationship->relationship_id,
                              .purpose = world_purpose_id(&world->delivery),
                              .attributes = world_kinds("PhysicalAddress Name"),
                              .uses = uses};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

static void stop(struct world *world, const struct grant *grant)
{
    struct grant_withdraw withdraw = {.grant_id = grant->grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &withdraw));
}

/* The morning of a day, so that hours may pass. */
static void wait_for_morning(struct world *world)
{
    test_node_pass(&world->node, TIME_DAY_MS - world->node.time.wall_ms % TIME_DAY_MS + 8 * HOUR_MS);
}

static struct disclosure_list listed(struct world *world, disclosure_outcome outcome)
{
    struct disclosure_list list = {.outcome = outcome, .limit = 1000};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    return list;
}

static void a_question_comes_to_what_the_read_comes_to_and_takes_nothing(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:Name", "{\"name\":\"Ada\"}");
    struct evaluation no = ask(world, world->shipping, &relationship, "Name");
    assert_true(no.known && !evaluation_permits(&no));
    assert_string_equal(no.ask.reason, "grant.none");
    (void)give(world, &relationship, (struct uses){.kind = USES_ONCE});
    for (int i = 0; i < 3; i++) {
        struct evaluation yes = ask(world, world->shipping, &relationship, "Name");
        assert_true(evaluation_permits(&yes));
        assert_int_equal(yes.ask.values_count, 0);
        assert_true(attribute_set_equals(evaluation_permitted(&yes), world_kinds("Name")));
    }
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    struct evaluation used = ask(world, world->shipping, &relationship, "Name");
    assert_string_equal(used.ask.reason, "grant.used_up");
    int64_t given = 0;
    int64_t refused = 0;
    ASSERT_OK(world, disclosure_count(world_as(world, world->ada), &given, &refused));
    assert_int_equal(given, 1);
    assert_int_equal(refused, 0);
    assert_int_equal(world_audit(world, 0), 0);
}

static void the_person_is_told_who_asked_what(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, (struct uses){.kind = USES_PERIOD});
    struct evaluation yes = ask(world, world->shipping, &relationship, "Name");
    struct evaluation no = ask(world, world->shipping, &relationship, "Name TelephoneNumber");
    struct disclosure_list list = listed(world, DISCLOSURE_ASKED_YES);
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].disclosure_id, yes.ask.disclosure_id);
    assert_int_equal(list.out[0].department_id, world->shipping.department_id);
    assert_int_equal(list.out[0].purpose_id, world->delivery.purpose_id);
    assert_int_equal(list.out[0].grant_id, 0);
    assert_int_equal(list.out[0].reason.size, 0);
    assert_true(attribute_set_equals(list.out[0].attributes, world_kinds("Name")));
    list = listed(world, DISCLOSURE_ASKED_NO);
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].disclosure_id, no.ask.disclosure_id);
    assert_true(text_is(list.out[0].reason, "grant.none"));
    assert_true(attribute_set_equals(list.out[0].attributes, world_kinds("Name TelephoneNumber")));
    assert_int_equal(listed(world, DISCLOSURE_GIVEN).out_count, 0);
}

static void the_first_of_a_day_have_entries_and_further_ones_are_counted(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    ask_often(world, world->shipping, &relationship, LIMIT_QUESTIONS_A_DAY);
    assert_int_equal(listed(world, 0).out[0].further.reads, 0);
    (void)give(world, &relationship, (struct uses){.kind = USES_PERIOD});
    test_node_pass(&world->node, HOUR_MS);
    struct evaluation more = ask(world, world->shipping, &relationship, "Name"); /* one more than the limit */
    assert_true(more.ask.counted && evaluation_permits(&more));
    struct disclosure_list list = listed(world, 0);
    assert_int_equal(list.out_count, LIMIT_QUESTIONS_A_DAY);
    assert_int_equal(list.out[0].further.reads, 1);
    assert_int_equal(list.out[0].disclosure_id, more.ask.disclosure_id); /* where the person finds it */
    assert_true(attribute_set_equals(list.out[0].further.attributes, world_kinds("Name")));
    assert_int_equal(list.out[0].further.last_at_ms, world->node.time.wall_ms);
    test_node_pass(&world->node, TIME_DAY_MS);
    ask_often(world, world->shipping, &relationship, LIMIT_QUESTIONS_A_DAY + 2);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), 2 * LIMIT_QUESTIONS_A_DAY);
    assert_int_equal(world_number(world, "ledger.db", "SELECT asked FROM disclosure_head"),
                     2 * LIMIT_QUESTIONS_A_DAY + 3);
    assert_int_equal(world_audit(world, 0), 0);
}

/* And the other way round: each has its day. */
static void many_questions_turn_no_refused_read_into_a_number(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    ask_often(world, world->shipping, &relationship, LIMIT_QUESTIONS_A_DAY + 1);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.none");
    struct disclosure_list list = listed(world, DISCLOSURE_REFUSED);
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].further.reads, 0);
    ask_often(world, world->marketing, &relationship, 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_QUESTIONS_A_DAY + 1);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_stop_between_question_and_answer_is_heard(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = give(world, &relationship, (struct uses){.kind = USES_PERIOD});
    struct evaluation question = question_about(world, world->shipping, &relationship, "Name");
    look(world, world->shipping, &question);
    assert_true(evaluation_permits(&question));
    stop(world, &grant);
    write_down(world, world->shipping, &question);
    assert_false(evaluation_permits(&question));
    assert_true(attribute_set_is_empty(evaluation_permitted(&question)));
    assert_string_equal(question.ask.reason, "grant.withdrawn");
    assert_int_equal(listed(world, DISCLOSURE_ASKED_NO).out_count, 1);
    assert_int_equal(listed(world, DISCLOSURE_ASKED_YES).out_count, 0);
}

static void several_are_answered_as_far_as_the_semantic_goes(void **state)
{
    static const struct {
        evaluation_semantic semantic;
        const char         *kinds[3];
        size_t              answered;
    } CASES[] = {
        {EVALUATION_EXECUTE_ALL, {"Name", "BirthDate", "Name"}, 3},
        {EVALUATION_DENY_ON_FIRST_DENY, {"Name", "BirthDate", "Name"}, 2},
        {EVALUATION_DENY_ON_FIRST_DENY, {"Name", "Name", "Name"}, 3},
        {EVALUATION_PERMIT_ON_FIRST_PERMIT, {"BirthDate", "Name", "Name"}, 2},
        {EVALUATION_PERMIT_ON_FIRST_PERMIT, {"BirthDate", "BirthDate", "BirthDate"}, 3},
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, (struct uses){.kind = USES_PERIOD});
    size_t told = 0;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct evaluation items[3];
        struct evaluations all = {items, 3, CASES[i].semantic, 0};
        for (size_t n = 0; n < 3; n++) {
            items[n] = question_about(world, world->shipping, &relationship, CASES[i].kinds[n]);
            look(world, world->shipping, &items[n]);
        }
        ASSERT_OK(world, WRITE(world, world->shipping, evaluations_commit, &all));
        assert_int_equal(all.out_answered, CASES[i].answered);
        told += all.out_answered; /* what was not answered was not asked */
        assert_int_equal(listed(world, 0).out_count, told);
    }
}

static void what_is_not_theirs_is_nothing(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship of_bank = world_relate(world, world->teller, world->bob);
    const struct evaluation good = question_about(world, world->shipping, &relationship, "Name");
    const struct evaluation of_teller = question_about(world, world->teller, &of_bank, "Name");
    const struct evaluation of_marketing = question_about(world, world->marketing, &relationship, "Name");
    struct evaluation bad[8];
    for (size_t i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].subject_id = of_teller.subject_id;
    bad[1].subject_id = of_marketing.subject_id;
    bad[2].subject_type = TEXT(EVALUATION_SYSTEM); /* with a department's id */
    bad[3].subject_type = TEXT("user");
    bad[4].action = TEXT("write");
    bad[5].resource_type = TEXT("record");
    bad[6].resource_id = of_teller.resource_id;
    bad[7].purpose = id_text(world_as(world, world->shipping), world_purpose_id(&world->account));
    struct evaluations all = {bad, 8, EVALUATION_EXECUTE_ALL, 0};
    for (size_t i = 0; i < 8; i++) {
        look(world, world->shipping, &bad[i]);
        assert_false(bad[i].known || evaluation_permits(&bad[i]) || bad[i].can_ask);
    }
    ASSERT_OK(world, WRITE(world, world->shipping, evaluations_commit, &all));
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), 0);
    struct evaluation own = good;
    own.subject_type = TEXT(EVALUATION_SYSTEM);
    own.subject_id = id_text(world_as(world, world->shipping),
                             (struct id){ID_SYSTEM, world->shipping.organisation_id, world->shipping.system_id});
    look(world, world->shipping, &own);
    assert_true(own.known);
}

static void a_denial_knows_whether_the_person_may_be_asked(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct evaluation question = ask(world, world->shipping, &relationship, "Name PhysicalAddress");
    assert_true(question.can_ask);
    question = ask(world, world->shipping, &relationship, "Name BirthDate"); /* the purpose names no birth date */
    assert_false(question.can_ask);
    question = ask(world, world->marketing, &relationship, "Name"); /* it is for another department */
    assert_false(question.can_ask);
    struct grant grant = give(world, &relationship, (struct uses){.kind = USES_PERIOD});
    assert_false(ask(world, world->shipping, &relationship, "Name").can_ask); /* permitted */
    stop(world, &grant);
    question = ask(world, world->shipping, &relationship, "Name");
    assert_string_equal(question.ask.reason, "grant.withdrawn");
    assert_false(question.can_ask);
}

/* ---- searches */

static void purposes_are_found_page_by_page(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct purpose second = world_publish(world, world->shipping, world_kinds("Name"), ATTRIBUTE_SET_EMPTY);
    (void)give(world, &relationship, (struct uses){.kind = USES_PERIOD});
    struct grant_give also = {.relationship_id = relationship.relationship_id, .purpose = world_purpose_id(&second),
                              .attributes = world_kinds("Name")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &also));
    struct evaluation_purposes search = {.question = question_about(world, world->shipping, &relationship, "Name"),
                                         .limit = 1};
    ASSERT_OK(world, evaluation_purposes(world_as(world, world->shipping), &search));
    assert_true(search.out_count == 1 && search.out_more && search.out[0].item == world->delivery.purpose_id);
    search.after = search.out[0].item;
    ASSERT_OK(world, evaluation_purposes(world_as(world, world->shipping), &search));
    assert_true(search.out_count == 1 && !search.out_more && search.out[0].item == second.purpose_id);
    search.after = 0;
    search.limit = 5;
    search.question.attributes = world_kinds("PhysicalAddress"); /* the second one does not permit it */
    ASSERT_OK(world, evaluation_purposes(world_as(world, world->shipping), &search));
    assert_true(search.out_count == 1 && !search.out_more);
    search.question.resource_id = TEXT("rel_0");
    ASSERT_OK(world, evaluation_purposes(world_as(world, world->shipping), &search));
    assert_int_equal(search.out_count, 0);
    search.question = question_about(world, world->marketing, &relationship, "Name");
    ASSERT_OK(world, evaluation_purposes(world_as(world, world->marketing), &search));
    assert_int_equal(search.out_count, 0);
    ASSERT_FAILS(world, evaluation_purposes(world_as(world, world->ada), &search), FORBIDDEN, "actor.wrong_kind");
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), 0);
}

static void relationships_are_found_page_by_page(void **state)
{
    struct world *world = *state;
    struct relationship of_ada = world_relate(world, world->shipping, world->ada);
    struct relationship of_bob = world_relate(world, world->shipping, world->bob);
    (void)give(world, &of_ada, (struct uses){.kind = USES_PERIOD});
    (void)world_grant(world, world->shipping, &of_bob, &world->delivery);
    struct evaluation_relationships search = {.limit = 1,
        .question = question_about(world, world->shipping, &of_ada, "Name")};
    ASSERT_OK(world, evaluation_relationships(world_as(world, world->shipping), &search));
    assert_true(search.out_count == 1 && search.out_more && search.out[0].relationship.item == of_ada.relationship_id);
    search.after = search.out_last_id;
    ASSERT_OK(world, evaluation_relationships(world_as(world, world->shipping), &search));
    assert_true(search.out_count == 1 && search.out[0].relationship.item == of_bob.relationship_id);
    search.after = 0;
    search.limit = 5;
    search.question.attributes = ATTRIBUTE_SET_EMPTY; /* as many as there are */
    ASSERT_OK(world, evaluation_relationships(world_as(world, world->shipping), &search));
    assert_true(search.out_count == 2 && !search.out_more);
    assert_true(attribute_set_equals(search.out[0].attributes, world_kinds("Name PhysicalAddress")));
    search.question.purpose = id_text(world_as(world, world->shipping), world_purpose_id(&world->account));
    search.question.attributes = ATTRIBUTE_SET_EMPTY;
    ASSERT_OK(world, evaluation_relationships(world_as(world, world->shipping), &search));
    assert_int_equal(search.out_count, 0); /* another's purpose */
    ASSERT_FAILS(world, evaluation_relationships(world_as(world, world->ada), &search), FORBIDDEN, "actor.wrong_kind");
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), 0);
}

/* ---- changed behind the domain */

static void what_somebody_changes_is_found(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE refused_further SET reads = reads - 1",
        "UPDATE refused_further SET reads = reads - 1; UPDATE disclosure_head SET asked = asked - 1",
        "UPDATE refused_further SET disclosure_id = (SELECT min(disclosure_id) FROM disclosure)",
        "DELETE FROM refused_further",
        "UPDATE disclosure_head SET asked = asked + 1",
        "UPDATE disclosure_head SET asked = asked - 1",
        "UPDATE asked_day SET last_id = last_id + 1000003",
        "UPDATE asked_day SET department_id = department_id + 1000003",
        "UPDATE asked_day SET day = day - 1",
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    ask_often(world, world->shipping, &relationship, LIMIT_QUESTIONS_A_DAY + 3);
    world_spoil(world, "ledger.db", "CREATE TABLE kept AS SELECT * FROM refused_further; "
                                    "CREATE TABLE kept_head AS SELECT * FROM disclosure_head; "
                                    "CREATE TABLE kept_day AS SELECT * FROM asked_day; "
                                    "UPDATE kept SET reads = reads");
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        world_spoil(world, "ledger.db", CHANGES[i]);
        if (world_audit(world, INT64_MAX) == 0)
            fail_msg("nobody noticed: %s", CHANGES[i]);
        world_spoil(world, "ledger.db", RESTORE);
        assert_int_equal(world_audit(world, 0), 0);
        test_node_rest(&world->node);
    }
}

static void a_row_that_is_made_another_is_found(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE disclosure SET outcome = 3", "UPDATE disclosure SET outcome = 2", "UPDATE disclosure SET outcome = 1",
        "UPDATE disclosure SET outcome = 5", "UPDATE disclosure SET reason = ''",
        "UPDATE disclosure SET attributes_low = 0, attributes_high = 0", "UPDATE disclosure SET grant_id = 1",
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)ask(world, world->shipping, &relationship, "Name");
    world_spoil(world, "ledger.db", "CREATE TABLE kept AS SELECT * FROM disclosure; UPDATE kept SET reason = reason");
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        world_spoil(world, "ledger.db", CHANGES[i]);
        if (world_audit(world, INT64_MAX) == 0)
            fail_msg("nobody noticed: %s", CHANGES[i]);
        world_spoil(world, "ledger.db", "DELETE FROM disclosure; INSERT INTO disclosure SELECT * FROM kept");
        assert_int_equal(world_audit(world, 0), 0);
        test_node_rest(&world->node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_question_comes_to_what_the_read_comes_to_and_takes_nothing),
        WORLD_TEST(the_person_is_told_who_asked_what),
        WORLD_TEST(the_first_of_a_day_have_entries_and_further_ones_are_counted),
        WORLD_TEST(many_questions_turn_no_refused_read_into_a_number),
        WORLD_TEST(a_stop_between_question_and_answer_is_heard),
        WORLD_TEST(several_are_answered_as_far_as_the_semantic_goes),
        WORLD_TEST(what_is_not_theirs_is_nothing),
        WORLD_TEST(a_denial_knows_whether_the_person_may_be_asked),
        WORLD_TEST(purposes_are_found_page_by_page),
        WORLD_TEST(relationships_are_found_page_by_page),
        WORLD_TEST(what_somebody_changes_is_found),
        WORLD_TEST(a_row_that_is_made_another_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
