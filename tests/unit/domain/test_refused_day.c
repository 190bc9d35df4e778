/* SPDX-License-Identifier: Apache-2.0
 * Goal: however often a department asks in vain, its entries of a day are bounded, the person sees how often it was,
 * and nobody changes that number unseen; a read that is given has its entry always. Method: one read more than the
 * bound, and more, on one day and the next, of one department and others; then columns are changed behind the domain.
 */
#include "domain/sharing/refused_day.h"

#include <string.h>

#include "base/limits.h"
#include "support/world.h"

#define ENTRIES "SELECT count(*) FROM disclosure WHERE outcome = 2"
#define RESTORE "DELETE FROM refused_further; INSERT INTO refused_further SELECT * FROM kept; " \
                "DELETE FROM disclosure_head; INSERT INTO disclosure_head SELECT * FROM kept_head"
#define END_WITH_THE_FULLEST "UPDATE refused_day SET entries = 200, " \
                             "last_id = (SELECT last_id FROM refused_day ORDER BY entries DESC LIMIT 1)"
#define HOUR_MS INT64_C(3600000)

static struct disclosure_ask ask_for(struct world *world, struct actor system, const struct relationship *relationship,
                                     const char *kinds)
{
    struct disclosure_ask ask = world_question(world, relationship, &world->delivery, world_kinds(kinds));
    ask.partial = true;
    ASSERT_OK(world, disclosure_decide(world_as(world, system), &ask));
    ASSERT_OK(world, WRITE(world, system, disclosure_commit, &ask));
    return ask;
}

/* The same question, so many times in one group of writes. */
struct crowd {
    struct disclosure_ask ask;
    int64_t               times;
};

/* store_write_fn */
static err commit_all(struct ctx *cx, void *arg)
{
    const struct crowd *crowd = arg;
    for (int64_t i = 0; i < crowd->times; i++) {
        struct disclosure_ask decided = *crowd->ask.decided;
        struct disclosure_ask ask = crowd->ask;
        decided.disclosure_id = ctx_number(cx);
        ask.decided = &decided;
        TRY(disclosure_commit(cx, &ask));
    }
    return OK;
}

static void refuse(struct world *world, struct actor system, const struct relationship *relationship, int64_t times)
{
    struct crowd crowd = {world_question(world, relationship, &world->delivery, world_kinds("PhysicalAddress")), times};
    crowd.ask.note = TEXT_NONE; /* sealed for one of them it would open for no other */
    ASSERT_OK(world, disclosure_decide(world_as(world, system), &crowd.ask));
    assert_false(crowd.ask.given);
    assert_string_equal(crowd.ask.reason, "grant.none");
    ASSERT_OK(world, WRITE(world, system, commit_all, &crowd));
    test_node_rest(&world->node);
}

/* The morning of a day, so that hours may pass. */
static void wait_for_morning(struct world *world)
{
    test_node_pass(&world->node, TIME_DAY_MS - world->node.time.wall_ms % TIME_DAY_MS + 8 * HOUR_MS);
}

static struct disclosure_list listed(struct world *world, struct disclosure_list list)
{
    list.limit = 1000;
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    return list;
}

static int64_t refused(struct world *world)
{
    int64_t given = 0;
    int64_t refused = 0;
    ASSERT_OK(world, disclosure_count(world_as(world, world->ada), &given, &refused));
    return refused;
}

static void the_first_of_a_day_have_entries_and_further_ones_are_counted(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY);
    struct disclosure_list list = listed(world, (struct disclosure_list){.limit = 0});
    assert_int_equal(list.out_count, LIMIT_REFUSED_READS_A_DAY);
    assert_int_equal(list.out[0].further.reads, 0);
    int64_t last_id = list.out[0].disclosure_id;
    int64_t told[2];
    for (int i = 0; i < 2; i++) { /* one more than the limit; then once more */
        test_node_pass(&world->node, HOUR_MS);
        struct disclosure_ask ask = ask_for(world, world->shipping, &relationship, i == 0 ? "Name" : "TelephoneNumber");
        assert_false(ask.given);
        assert_string_equal(ask.reason, "grant.none");
        told[i] = ask.disclosure_id;
    }
    assert_true(told[0] != told[1] && told[0] != last_id && told[1] != last_id); /* as ever */
    list = listed(world, (struct disclosure_list){.limit = 0});
    assert_int_equal(list.out_count, LIMIT_REFUSED_READS_A_DAY);
    assert_int_equal(list.out[0].disclosure_id, last_id);
    assert_int_equal(list.out[0].further.reads, 2);
    assert_int_equal(list.out[0].further.last_at_ms, world->node.time.wall_ms);
    assert_true(attribute_set_equals(list.out[0].further.attributes, world_kinds("Name TelephoneNumber")));
    assert_true(attribute_set_equals(list.out[0].attributes, world_kinds("PhysicalAddress")));
    assert_int_equal(list.out[1].further.reads, 0);
    assert_int_equal(refused(world), LIMIT_REFUSED_READS_A_DAY + 2);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY);
    assert_int_equal(world_audit(world, 0), 0);
}

static void others_and_the_next_day_have_entries_of_their_own(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship of_bob = world_relate(world, world->shipping, world->bob);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 1);
    refuse(world, world->marketing, &relationship, 2);
    refuse(world, world->shipping, &of_bob, 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 3);
    test_node_pass(&world->node, TIME_DAY_MS - world->node.time.wall_ms % TIME_DAY_MS - 1);
    refuse(world, world->shipping, &relationship, 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 3);
    test_node_pass(&world->node, 1);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 3);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), 2 * LIMIT_REFUSED_READS_A_DAY + 3);
    struct disclosure_list list = listed(world, (struct disclosure_list){.limit = 0});
    assert_int_equal(list.out[0].further.reads, 3);
    assert_int_equal(list.out[LIMIT_REFUSED_READS_A_DAY].further.reads, 0); /* Marketing's */
    assert_int_equal(list.out[LIMIT_REFUSED_READS_A_DAY + 2].further.reads, 2);
    assert_int_equal(refused(world), 2 * LIMIT_REFUSED_READS_A_DAY + 7);
    refuse(world, world->marketing, &relationship, LIMIT_REFUSED_READS_A_DAY); /* yesterday it had two, none further */
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), 3 * LIMIT_REFUSED_READS_A_DAY + 3);
    assert_int_equal(world_audit(world, 0), 0);
}

/* The entries of the day are taken up, and the address is permitted now. */
static struct relationship relate_behind_a_full_day(struct world *world, struct grant_give *out)
{
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = {.relationship_id = relationship.relationship_id,
                              .purpose = world_purpose_id(&world->delivery),
                              .attributes = world_kinds("PhysicalAddress")};
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY);
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    *out = give;
    return relationship;
}

static void a_read_that_is_given_has_its_entry_whatever_was_refused(void **state)
{
    struct world *world = *state;
    struct grant_give give;
    struct relationship relationship = relate_behind_a_full_day(world, &give);
    struct disclosure_ask part = ask_for(world, world->shipping, &relationship, "PhysicalAddress Name");
    assert_true(part.given);
    struct disclosure_ask whole = ask_for(world, world->shipping, &relationship, "PhysicalAddress");
    assert_true(whole.given);
    struct disclosure_list list = listed(world, (struct disclosure_list){.outcome = DISCLOSURE_GIVEN});
    assert_int_equal(list.out_count, 2);
    assert_int_equal(list.out[0].disclosure_id, whole.disclosure_id);
    assert_int_equal(list.out[1].disclosure_id, part.disclosure_id);
    list = listed(world, (struct disclosure_list){.outcome = DISCLOSURE_REFUSED});
    assert_int_equal(list.out_count, LIMIT_REFUSED_READS_A_DAY);
    assert_int_equal(list.out[0].further.reads, 1); /* the half that was refused */
    assert_true(attribute_set_equals(list.out[0].further.attributes, world_kinds("Name")));
    assert_int_equal(world_audit(world, 0), 0);
}

/* What is allowed when it is asked and stopped before it is written is refused there, and counted like the rest. */
static void a_read_that_the_second_look_refuses_is_counted_too(void **state)
{
    struct world *world = *state;
    struct grant_give give;
    struct relationship relationship = relate_behind_a_full_day(world, &give);
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, world_kinds("PhysicalAddress"));
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    assert_true(ask.given);
    struct grant_withdraw stop = {.grant_id = give.out.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, &ask));
    assert_false(ask.given);
    assert_int_equal(refused(world), LIMIT_REFUSED_READS_A_DAY + 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY);
    assert_int_equal(world_audit(world, 0), 0);
}

static void filters_find_an_entry_by_what_was_refused_behind_it(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    int64_t morning_ms = world->node.time.wall_ms;
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY);
    test_node_pass(&world->node, 6 * HOUR_MS);
    (void)ask_for(world, world->shipping, &relationship, "Name");
    int64_t name = attribute_find(TEXT("pd:Name"))->number;
    assert_int_equal(listed(world, (struct disclosure_list){.attribute = (attribute_number)name}).out_count, 1);
    assert_int_equal(listed(world, (struct disclosure_list){.from_at_ms = morning_ms + HOUR_MS}).out_count, 1);
    assert_int_equal(listed(world, (struct disclosure_list){.from_at_ms = morning_ms + 7 * HOUR_MS}).out_count, 0);
    struct disclosure_list early = {.until_at_ms = morning_ms + HOUR_MS};
    assert_int_equal(listed(world, early).out_count, LIMIT_REFUSED_READS_A_DAY);
    struct disclosure_list given = {.outcome = DISCLOSURE_GIVEN, .from_at_ms = morning_ms + HOUR_MS};
    assert_int_equal(listed(world, given).out_count, 0);
}

/* ---- changed behind the domain */

static void a_count_that_somebody_changes_is_found(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE refused_further SET reads = reads - 1",
        "UPDATE refused_further SET reads = reads - 1; UPDATE disclosure_head SET refused = refused - 1",
        "UPDATE refused_further SET reads = 0",
        "UPDATE refused_further SET person_id = person_id + 1000003",
        "UPDATE refused_further SET disclosure_id = disclosure_id + 1000003",
        "UPDATE refused_further SET disclosure_id = (SELECT min(disclosure_id) FROM disclosure)",
        "UPDATE refused_further SET last_at_ms = last_at_ms + 1",
        "UPDATE refused_further SET attributes_low = attributes_low + 1099511627776",
        "UPDATE refused_further SET attributes_high = attributes_high + 1",
        "UPDATE refused_further SET tag = ''",
        "DELETE FROM refused_further",
        "INSERT INTO refused_further SELECT person_id, disclosure_id + 1, reads, last_at_ms, 1, 0, tag FROM kept",
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 3);
    world_spoil(world, "ledger.db", "CREATE TABLE kept AS SELECT * FROM refused_further; "
                                    "CREATE TABLE kept_head AS SELECT * FROM disclosure_head; "
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

static void drop_finding(void *self, struct text sentence)
{
    (void)self;     /* they are counted */
    (void)sentence; /* as above */
}

static void a_count_behind_no_entry_is_found_at_its_person(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 1);
    world_spoil(world, "ledger.db", "UPDATE refused_further SET person_id = person_id + 1");
    for (int64_t i = 0; i < 2; i++) {
        const int64_t people[] = {world->ada.person_id + 1 + i};
        const struct audit_scope scope = {people, 1};
        struct audit_report report = {.found = drop_finding, .scope = &scope};
        ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &report));
        assert_int_equal(report.findings, 1 - i);
    }
}

static void a_count_that_was_changed_gets_no_tag_by_counting_on(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 3);
    world_spoil(world, "ledger.db", "UPDATE refused_further SET reads = 1; "
                                    "UPDATE disclosure_head SET refused = refused - 2");
    refuse(world, world->shipping, &relationship, 2);
    assert_int_equal(world_number(world, "ledger.db", "SELECT reads FROM refused_further"), 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 2);
    assert_true(world_audit(world, INT64_MAX) > 0);
}

static void reads_are_not_counted_while_there_is_room_for_entries(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, 3);
    world_spoil(world, "ledger.db", "UPDATE refused_day SET entries = entries + 1000000");
    refuse(world, world->marketing, &relationship, LIMIT_REFUSED_READS_A_DAY); /* not this department's */
    refuse(world, world->shipping, &relationship, 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 3);
    assert_int_equal(world_audit(world, INT64_MAX), 1);
    test_node_pass(&world->node, TIME_DAY_MS);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY); /* nor that day's */
    assert_int_equal(world_audit(world, INT64_MAX), 1);
}

static void a_day_that_ends_with_the_entry_of_another_department_is_found_and_not_counted_on(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 1);
    refuse(world, world->marketing, &relationship, 1);
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "ledger.db", END_WITH_THE_FULLEST);
    assert_int_equal(world_audit(world, INT64_MAX), 1);
    refuse(world, world->marketing, &relationship, 3);
    assert_int_equal(world_number(world, "ledger.db", "SELECT reads FROM refused_further"), 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 4);
    assert_int_equal(world_audit(world, 0), 0);
}

/* Nothing is counted there yet, so no tag says whose the entry is. */
static void a_count_behind_the_entry_of_another_department_is_found(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY);
    refuse(world, world->marketing, &relationship, 1);
    world_spoil(world, "ledger.db", END_WITH_THE_FULLEST);
    refuse(world, world->marketing, &relationship, 3);
    assert_int_equal(world_number(world, "ledger.db", "SELECT reads FROM refused_further"), 3);
    world_spoil(world, "ledger.db", "DELETE FROM refused_day"); /* which has told of it until now */
    assert_int_equal(world_audit(world, INT64_MAX), 2); /* the count, and so the head */
}

static void a_day_that_ends_with_the_entry_of_another_day_is_found_and_not_counted_on(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 1);
    test_node_pass(&world->node, TIME_DAY_MS);
    refuse(world, world->shipping, &relationship, 1);
    world_spoil(world, "ledger.db", "UPDATE refused_day SET entries = 200, "
                                    "last_id = (SELECT disclosure_id FROM refused_further)");
    assert_int_equal(world_audit(world, INT64_MAX), 1);
    refuse(world, world->shipping, &relationship, 2);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 3);
    assert_int_equal(world_audit(world, 0), 0);
}

/* That row knows the newest day only, and takes nothing away: at worst there are more entries. */
static void without_the_row_of_the_day_there_are_more_entries(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    wait_for_morning(world);
    refuse(world, world->shipping, &relationship, LIMIT_REFUSED_READS_A_DAY + 1);
    world_spoil(world, "ledger.db", "DELETE FROM refused_day");
    refuse(world, world->shipping, &relationship, 1);
    assert_int_equal(world_number(world, "ledger.db", ENTRIES), LIMIT_REFUSED_READS_A_DAY + 1);
    assert_int_equal(refused(world), LIMIT_REFUSED_READS_A_DAY + 2);
    assert_int_equal(world_audit(world, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_first_of_a_day_have_entries_and_further_ones_are_counted),
        WORLD_TEST(others_and_the_next_day_have_entries_of_their_own),
        WORLD_TEST(a_read_that_is_given_has_its_entry_whatever_was_refused),
        WORLD_TEST(a_read_that_the_second_look_refuses_is_counted_too),
        WORLD_TEST(filters_find_an_entry_by_what_was_refused_behind_it),
        WORLD_TEST(a_count_that_somebody_changes_is_found),
        WORLD_TEST(a_count_behind_no_entry_is_found_at_its_person),
        WORLD_TEST(a_count_that_was_changed_gets_no_tag_by_counting_on),
        WORLD_TEST(reads_are_not_counted_while_there_is_room_for_entries),
        WORLD_TEST(a_day_that_ends_with_the_entry_of_another_department_is_found_and_not_counted_on),
        WORLD_TEST(a_count_behind_the_entry_of_another_department_is_found),
        WORLD_TEST(a_day_that_ends_with_the_entry_of_another_day_is_found_and_not_counted_on),
        WORLD_TEST(without_the_row_of_the_day_there_are_more_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
