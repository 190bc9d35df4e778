/* SPDX-License-Identifier: Apache-2.0
 * Goal: no value leaves without a live grant at the moment of the write, every read is in the ledger, given or refused,
 * and the person finds all of it. Method: look and write taken apart, with something in between. */
#include <string.h>

#include "base/limits.h"
#include "support/world.h"

static struct grant give(struct world *world, const struct relationship *relationship, const char *kinds,
                         struct uses uses)
{
    struct grant_give give = {.relationship_id = relationship->relationship_id,
                              .purpose = world_purpose_id(&world->delivery),
                              .attributes = world_kinds(kinds),
                              .uses = uses};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

static struct disclosure_ask decided(struct world *world, const struct relationship *relationship, const char *kinds,
                                     bool partial)
{
    struct disclosure_ask ask = world_question(world, relationship, &world->delivery, world_kinds(kinds));
    ask.partial = partial;
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    return ask;
}

static void commit(struct world *world, struct disclosure_ask *ask)
{
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, ask));
}

static struct disclosure_list ledger(struct world *world)
{
    struct disclosure_list list = {.limit = 200};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    return list;
}

static const struct uses ANY = {.event = {"", 0}};

/* ---- what leaves */

static void all_kinds_or_none_unless_partial(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "PhysicalAddress", ANY);
    struct disclosure_ask whole = decided(world, &relationship, "PhysicalAddress TelephoneNumber", false);
    assert_false(whole.given);
    assert_int_equal(whole.values_count, 0);
    assert_string_equal(whole.reason, "grant.none");
    commit(world, &whole);
    struct disclosure_ask part = decided(world, &relationship, "PhysicalAddress TelephoneNumber", true);
    assert_true(part.given);
    assert_int_equal(part.values_count, 1);
    assert_int_equal(part.refusals_count, 1);
    assert_string_equal(part.refusals[0].kind->term, "pd:TelephoneNumber");
    commit(world, &part);
    struct disclosure_list list = ledger(world);
    assert_int_equal(list.out_count, 3); /* refused; given and refused */
    assert_int_equal(list.out[0].outcome, DISCLOSURE_REFUSED);
    assert_int_equal(list.out[1].outcome, DISCLOSURE_GIVEN);
    assert_int_equal(list.out[1].disclosure_id, part.disclosure_id);
    assert_true(attribute_set_equals(list.out[1].attributes, world_kinds("PhysicalAddress")));
    struct disclosure_ask none = decided(world, &relationship, "TelephoneNumber", true);
    assert_false(none.given);
    assert_int_equal(world_audit(world, 0), 0);
}

static void kinds_of_several_grants_make_several_rows(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant address = give(world, &relationship, "PhysicalAddress", (struct uses){USES_TIMES, 5, TEXT_NONE});
    struct grant name = give(world, &relationship, "Name", (struct uses){USES_TIMES, 5, TEXT_NONE});
    struct disclosure_ask ask = decided(world, &relationship, "Name PhysicalAddress", false);
    assert_int_equal(ask.uses_count, 2);
    assert_int_equal(ask.values_count, 2);
    commit(world, &ask);
    struct ctx *cx = world_as(world, world->ada);
    ASSERT_OK(world, grant_load(cx, address.person_id, address.grant_id, &address));
    ASSERT_OK(world, grant_load(cx, name.person_id, name.grant_id, &name));
    assert_int_equal(address.used, 1);
    assert_int_equal(name.used, 1);
    assert_int_equal(ledger(world).out_count, 2);
    assert_int_equal(world_audit(world, 0), 0);
}

static void what_the_person_has_not_filled_in_is_said_so(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "PhysicalAddress TelephoneNumber", ANY);
    struct disclosure_ask ask = decided(world, &relationship, "PhysicalAddress TelephoneNumber", false);
    assert_true(ask.given);
    assert_int_equal(ask.values_count, 1);
    assert_true(attribute_set_equals(ask.missing, world_kinds("TelephoneNumber")));
    struct vault_remove remove = {.kind = attribute_find(TEXT("pd:PhysicalAddress"))};
    ASSERT_OK(world, WRITE(world, world->ada, vault_remove, &remove));
    ask = decided(world, &relationship, "PhysicalAddress", false);
    assert_true(ask.given);
    assert_int_equal(ask.values_count, 0);
}

static void a_question_has_a_form(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    char note[LIMIT_NOTE_BYTES + 1];
    memset(note, 'n', sizeof note);
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, ATTRIBUTE_SET_EMPTY);
    struct ctx *cx = world_as(world, world->shipping);
    ASSERT_FAILS(world, disclosure_decide(cx, &ask), INVALID, "disclosure.empty");
    ask.attributes = world_kinds("Name");
    ask.note = (struct text){note, sizeof note};
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->shipping), &ask), INVALID, "disclosure.note");
    ask.note = TEXT("two\nlines");
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->shipping), &ask), INVALID, "disclosure.note");
    ask.note = TEXT("hidden\xE2\x80\x8B");
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->shipping), &ask), INVALID, "disclosure.note");
    ask.note = (struct text){note, LIMIT_NOTE_BYTES};
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    commit(world, &ask);
    assert_int_equal(ledger(world).out[0].note.size, LIMIT_NOTE_BYTES);
}

static void others_are_not_there(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "PhysicalAddress", ANY);
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, world_kinds("PhysicalAddress"));
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->teller), &ask), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->bob), &ask), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->ada), &ask), FORBIDDEN, "actor.wrong_kind");
    ask.purpose = id_text(&world->node.cx, world_purpose_id(&world->account));
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->shipping), &ask), NOT_FOUND, "not_found");
    ask.purpose = ask.relationship;
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->shipping), &ask), NOT_FOUND, "not_found");
    assert_int_equal(ledger(world).out_count, 0);
}

/* ---- between the look and the write */

struct race {
    const char *reason;
    void (*between)(struct world *world, const struct relationship *relationship, const struct grant *grant);
};

static void stop_grant(struct world *world, const struct relationship *relationship, const struct grant *grant)
{
    (void)relationship; /* of another race */
    struct grant_withdraw stop = {.grant_id = grant->grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
}

static void narrow_grant(struct world *world, const struct relationship *relationship, const struct grant *grant)
{
    (void)relationship; /* of another race */
    struct grant_narrow narrow = {
        .grant_id = grant->grant_id, .set_attributes = true, .attributes = world_kinds("Name")};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
}

static void pause_it(struct world *world, const struct relationship *relationship, const struct grant *grant)
{
    (void)grant; /* of another race */
    struct relationship_change change = {.relationship_id = relationship->relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
}

static void end_it(struct world *world, const struct relationship *relationship, const struct grant *grant)
{
    (void)grant; /* of another race */
    struct relationship_end end = {.relationship_id = relationship->relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
}

static void let_time_go(struct world *world, const struct relationship *relationship, const struct grant *grant)
{
    (void)relationship; /* of another race */
    test_node_pass(&world->node, grant->until_at_ms - world->node.time.wall_ms);
}

static void a_stop_between_look_and_write_holds(void **state)
{
    static const struct race RACES[] = {
        {"grant.withdrawn", stop_grant},   {"grant.none", narrow_grant},      {"relationship.paused", pause_it},
        {"relationship.ended", end_it},    {"grant.expired", let_time_go},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof RACES / sizeof *RACES; i++) {
        struct actor person = world_make_person(world, "");
        world_put(world, person, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
        world->ada = person;
        struct relationship relationship = world_relate(world, world->shipping, person);
        struct grant grant = give(world, &relationship, "Name PhysicalAddress", ANY);
        struct disclosure_ask ask = decided(world, &relationship, "PhysicalAddress", false);
        assert_int_equal(ask.values_count, 1);
        RACES[i].between(world, &relationship, &grant);
        commit(world, &ask);
        assert_false(ask.given);
        assert_string_equal(ask.reason, RACES[i].reason);
        assert_int_equal(ask.values_count, 0);
        struct disclosure_list list = ledger(world);
        assert_int_equal(list.out_count, 1);
        assert_int_equal(list.out[0].outcome, DISCLOSURE_REFUSED);
        assert_true(text_is(list.out[0].reason, RACES[i].reason));
    }
    assert_int_equal(world_audit(world, 0), 0);
}

/* Somebody sets the clock a year ahead: what is over by it gives nothing, for as long as it stands there. */
static void a_clock_that_is_not_believed_ends_a_grant_and_does_not_end_it_for_good(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Bern\"}");
    struct grant grant = give(world, &relationship, "PhysicalAddress", ANY);
    int64_t leap_ms = grant.until_at_ms - world->node.time.wall_ms;
    int64_t now_ms = world->node.time.wall_ms;
    for (int i = 0; i < 2; i++) {
        store_set_moment(world->node.store, &world->node.cx);
        struct disclosure_ask ask = decided(world, &relationship, "PhysicalAddress", false);
        world->node.time.wall_ms += leap_ms;
        world->node.time.jumped_ms += leap_ms;
        commit(world, &ask);
        assert_false(ask.given);
        assert_string_equal(ask.reason, "grant.expired");
        assert_int_equal(ledger(world).out[0].at_ms, now_ms); /* the row knows the time */
        world->node.time.wall_ms -= leap_ms;
        world->node.time.jumped_ms -= leap_ms;
        store_set_moment(world->node.store, &world->node.cx);
        ask = decided(world, &relationship, "PhysicalAddress", false);
        commit(world, &ask);
        assert_true(ask.given);
    }
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_partial_answer_loses_only_what_was_stopped(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "Name", ANY);
    struct grant address = give(world, &relationship, "PhysicalAddress", ANY);
    struct disclosure_ask ask = decided(world, &relationship, "Name PhysicalAddress", true);
    assert_int_equal(ask.values_count, 2);
    stop_grant(world, &relationship, &address);
    commit(world, &ask);
    assert_true(ask.given);
    assert_int_equal(ask.values_count, 1);
    assert_string_equal(ask.values[0].kind->term, "pd:Name");
    assert_int_equal(ask.refusals_count, 1);
}

static void what_becomes_allowed_meanwhile_is_in_an_answer_and_in_no_older_refusal(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "Name", ANY);
    struct disclosure_ask part = decided(world, &relationship, "Name PhysicalAddress", true);
    struct disclosure_ask whole = decided(world, &relationship, "Name PhysicalAddress", false);
    assert_false(whole.given);
    (void)give(world, &relationship, "PhysicalAddress", ANY);
    commit(world, &part);
    commit(world, &whole);
    assert_true(part.given);
    assert_int_equal(part.uses_count, 2);
    assert_int_equal(part.refusals_count, 0);
    assert_false(whole.given);
    assert_int_equal(world_audit(world, 0), 0);
}

static struct disclosure_ask read_kinds(struct world *world, const struct relationship *relationship, const char *kinds)
{
    struct disclosure_ask ask = world_question(world, relationship, &world->delivery, world_kinds(kinds));
    ASSERT_OK(world, disclosure_decide(world_as(world, world->shipping), &ask));
    ASSERT_OK(world, WRITE(world, world->shipping, disclosure_commit, &ask));
    return ask;
}

static void a_read_that_finds_nothing_uses_nothing_up(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant once = give(world, &relationship, "TelephoneNumber PhysicalAddress",
                             (struct uses){USES_ONCE, 0, TEXT_NONE});
    int64_t then_ms = 0;
    for (int i = 0; i < 3; i++) {
        struct disclosure_ask empty = read_kinds(world, &relationship, "TelephoneNumber");
        assert_true(empty.given);
        assert_int_equal(empty.values_count, 0);
        then_ms = world->node.time.wall_ms;
        test_node_pass(&world->node, 10);
    }
    struct disclosure_list list = {.limit = 1};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out[0].outcome, DISCLOSURE_GIVEN);
    assert_true(text_is(list.out[0].reason, "attribute.absent"));
    struct grant_list grants = {.limit = 10};
    ASSERT_OK(world, grant_list_of_relationship(world_as(world, world->shipping), &relationship, &grants));
    assert_int_equal(grants.out[0].used, 0);
    assert_int_equal(world_audit(world, 0), 0);
    struct disclosure_ask found = read_kinds(world, &relationship, "TelephoneNumber PhysicalAddress");
    assert_int_equal(found.values_count, 1); /* what is there was disclosed: that counts */
    assert_false(read_kinds(world, &relationship, "TelephoneNumber").given);
    grants.at_ms = then_ms;
    ASSERT_OK(world, grant_list_of_relationship(world_as(world, world->shipping), &relationship, &grants));
    assert_int_equal(grants.out[0].grant_id, once.grant_id);
    assert_int_equal(grants.out[0].used, 0);
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "ledger.db", "UPDATE disclosure SET reason = '' WHERE outcome = 1");
    assert_true(world_audit(world, 9) > 0); /* four reads that count, and one that was counted */
}

static void a_single_use_is_used_once_also_by_two_at_the_same_time(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "PhysicalAddress", (struct uses){USES_ONCE, 0, TEXT_NONE});
    struct disclosure_ask first = decided(world, &relationship, "PhysicalAddress", false);
    struct disclosure_ask second = decided(world, &relationship, "PhysicalAddress", false);
    assert_true(first.given && second.given);
    commit(world, &first);
    commit(world, &second);
    assert_true(first.given);
    assert_int_equal(first.values_count, 1);
    assert_false(second.given);
    assert_int_equal(second.values_count, 0);
    assert_string_equal(second.reason, "grant.used_up");
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_number_of_uses_is_counted_to_its_last(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "PhysicalAddress", (struct uses){USES_TIMES, 3, TEXT_NONE});
    for (int i = 0; i < 3; i++)
        assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.used_up");
    (void)give(world, &relationship, "PhysicalAddress", ANY); /* a newer one opens again */
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
}

static void the_newest_grant_that_speaks_of_a_kind_gives_the_reason(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant old = give(world, &relationship, "PhysicalAddress", (struct uses){USES_ONCE, 0, TEXT_NONE});
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    struct grant_give brief = {.relationship_id = relationship.relationship_id,
                               .purpose = world_purpose_id(&world->delivery),
                               .attributes = world_kinds("PhysicalAddress"),
                               .until_at_ms = world->node.time.wall_ms + 5,
                               .uses = ANY};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &brief));
    test_node_pass(&world->node, 5);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.expired");
    stop_grant(world, &relationship, &old);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.expired");
    (void)give(world, &relationship, "Name", ANY); /* speaks of something else */
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.expired");
}

static void an_unclaimed_and_a_proposed_relationship_give_nothing(void **state)
{
    struct world *world = *state;
    struct invitation_make invite = {.claims = 1};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &invite));
    assert_string_equal(world_refusal(world, world->shipping, &invite.out_relationship, &world->delivery),
                        "relationship.not_active");
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    assert_string_equal(world_refusal(world, world->shipping, &propose.out, &world->delivery),
                        "relationship.not_active");
}

static void with_the_key_gone_nothing_is_read(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)give(world, &relationship, "PhysicalAddress", ANY);
    struct ctx *cx = world_as(world, world->operator_);
    ASSERT_OK(world, person_forget_keys(cx, world->node.store, &world->ada.person_id, 1));
    struct disclosure_ask ask = world_question(world, &relationship, &world->delivery, world_kinds("PhysicalAddress"));
    ASSERT_FAILS(world, disclosure_decide(world_as(world, world->shipping), &ask), NOT_FOUND, "person.erased");
}

/* Why it would be refused; NULL: it would be given. */
static const char *refused_so_far(struct world *world, struct actor system, const struct relationship *relationship)
{
    struct disclosure_ask ask = world_question(world, relationship, &world->delivery, world_kinds("PhysicalAddress"));
    ASSERT_OK(world, disclosure_decide(world_as(world, system), &ask));
    assert_int_equal(ask.given, ask.reason == NULL);
    return ask.reason;
}

static void what_is_decided_alone_leaves_nothing(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    assert_string_equal(refused_so_far(world, world->shipping, &relationship), "grant.none");
    (void)give(world, &relationship, "PhysicalAddress", ANY);
    assert_null(refused_so_far(world, world->shipping, &relationship));
    assert_string_equal(refused_so_far(world, world->marketing, &relationship), "grant.none");
    assert_int_equal(ledger(world).out_count, 0);
}

/* ---- the person's list */

static void pages_and_filters_skip_no_row(void **state)
{
    enum { READS = 450 }; /* more than two steps of the walk */
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship other = world_relate(world, world->teller, world->ada);
    (void)give(world, &relationship, "PhysicalAddress", ANY);
    int64_t middle_ms = 0;
    for (int i = 0; i < READS; i++) {
        test_node_pass(&world->node, 1);
        if (i == READS / 2)
            middle_ms = world->node.time.wall_ms;
        (void)(i % 150 == 7 ? world_read(world, world->teller, &other, &world->account)
                            : world_read(world, world->shipping, &relationship, &world->delivery));
        test_node_rest(&world->node);
    }
    struct disclosure_list list = {.limit = 7, .out_more = true};
    size_t seen = 0;
    for (int64_t last_ms = INT64_MAX; list.out_more; list.after = list.out_last_id) {
        ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
        seen += list.out_count;
        for (size_t i = 0; i < list.out_count; i++) {
            assert_true(list.out[i].at_ms < last_ms);
            last_ms = list.out[i].at_ms;
        }
    }
    assert_int_equal(seen, READS);
    list = (struct disclosure_list){.limit = 2, .relationship_id = other.relationship_id, .out_more = true};
    for (seen = 0; list.out_more; list.after = list.out_last_id) {
        ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
        seen += list.out_count;
    }
    assert_int_equal(seen, 3);
    list = (struct disclosure_list){.limit = 500, .from_at_ms = middle_ms};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, READS - READS / 2);
    assert_false(list.out_more);
    list = (struct disclosure_list){.limit = 500, .until_at_ms = middle_ms};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, READS / 2);
    list = (struct disclosure_list){.limit = 500, .attribute = attribute_find(TEXT("pd:Name"))->number};
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, 0);
    list.attribute = attribute_find(TEXT("pd:PhysicalAddress"))->number;
    ASSERT_OK(world, disclosure_list(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, READS);
    int64_t given = 0;
    int64_t refused = 0;
    ASSERT_OK(world, disclosure_count(world_as(world, world->ada), &given, &refused));
    assert_int_equal(given, READS - 3);
    assert_int_equal(refused, 3);
}

static void a_read_that_is_missing_is_no_end_of_the_list(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    for (int i = 0; i < 3; i++)
        (void)world_read(world, world->shipping, &relationship, &world->delivery);
    assert_int_equal(ledger(world).out_count, 3);
    world_spoil(world, "ledger.db", "DELETE FROM disclosure");
    struct disclosure_list list = {.limit = 200};
    ASSERT_FAILS(world, disclosure_list(world_as(world, world->ada), &list), CORRUPT, "disclosure.missing");
}

static void the_list_is_the_persons_alone(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)world_read(world, world->shipping, &relationship, &world->delivery);
    struct disclosure_list list = {.limit = 5};
    ASSERT_FAILS(world, disclosure_list(world_as(world, world->shipping), &list), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, disclosure_list(world_as(world, world->bob), &list));
    assert_int_equal(list.out_count, 0);
    list.after = ledger(world).out[0].disclosure_id;
    ASSERT_FAILS(world, disclosure_list(world_as(world, world->bob), &list), NOT_FOUND, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(all_kinds_or_none_unless_partial),
        WORLD_TEST(kinds_of_several_grants_make_several_rows),
        WORLD_TEST(what_the_person_has_not_filled_in_is_said_so),
        WORLD_TEST(a_question_has_a_form),
        WORLD_TEST(others_are_not_there),
        WORLD_TEST(a_stop_between_look_and_write_holds),
        WORLD_TEST(a_clock_that_is_not_believed_ends_a_grant_and_does_not_end_it_for_good),
        WORLD_TEST(a_partial_answer_loses_only_what_was_stopped),
        WORLD_TEST(what_becomes_allowed_meanwhile_is_in_an_answer_and_in_no_older_refusal),
        WORLD_TEST(a_read_that_finds_nothing_uses_nothing_up),
        WORLD_TEST(a_single_use_is_used_once_also_by_two_at_the_same_time),
        WORLD_TEST(a_number_of_uses_is_counted_to_its_last),
        WORLD_TEST(the_newest_grant_that_speaks_of_a_kind_gives_the_reason),
        WORLD_TEST(an_unclaimed_and_a_proposed_relationship_give_nothing),
        WORLD_TEST(with_the_key_gone_nothing_is_read),
        WORLD_TEST(what_is_decided_alone_leaves_nothing),
        WORLD_TEST(pages_and_filters_skip_no_row),
        WORLD_TEST(a_read_that_is_missing_is_no_end_of_the_list),
        WORLD_TEST(the_list_is_the_persons_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
