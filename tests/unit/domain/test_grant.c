/* SPDX-License-Identifier: Apache-2.0
 * Goal: a grant is what the person gave, never more; it can be narrowed, stopped and used up, and it ends by itself.
 * Method: each dimension at its bounds and one step beyond, each failure by its word. */
#include <string.h>

#include "base/limits.h"
#include "base/timekeeper.h"
#include "support/world.h"

#define LONGEST_MS (365 * TIME_DAY_MS)

static const struct uses ANY = {.event = {"", 0}};

static struct grant_give offer(struct world *world, const struct relationship *relationship)
{
    return (struct grant_give){.relationship_id = relationship->relationship_id,
                               .purpose = world_purpose_id(&world->delivery),
                               .attributes = world_kinds("Name PhysicalAddress"),
                               .uses = ANY};
}

static struct grant given(struct world *world, struct grant_give give)
{
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    return give.out;
}

static struct grant_narrow narrowing(const struct grant *grant)
{
    return (struct grant_narrow){.grant_id = grant->grant_id, .uses = ANY};
}

/* ---- giving */

static void what_is_given_is_what_was_said(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    assert_int_equal(grant.state, GRANT_ACTIVE);
    assert_int_equal(grant.from_at_ms, world->node.time.wall_ms);
    assert_int_equal(grant.until_at_ms, world->node.time.wall_ms + LONGEST_MS);
    assert_int_equal(grant.departments, world->delivery.departments);
    assert_int_equal(grant.purpose_version, 1);
    assert_true(grant.receipt_id != 0);
    assert_string_equal(grant_state_word(grant_state_at(&grant, grant.until_at_ms - 1)), "active");
    assert_string_equal(grant_state_word(grant_state_at(&grant, grant.until_at_ms)), "expired");
}

static void its_end_lies_between_now_and_the_purposes_longest(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    int64_t now_ms = world->node.time.wall_ms;
    give.until_at_ms = now_ms;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.in_past");
    give.until_at_ms = now_ms + 1;
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    give.until_at_ms = now_ms + LONGEST_MS;
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    give.until_at_ms = now_ms + LONGEST_MS + 1;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.too_long");
    give.until_at_ms = INT64_MAX;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.too_long");
}

static void only_kinds_and_departments_of_the_purpose_can_be_given(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    give.attributes = ATTRIBUTE_SET_EMPTY;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.outside_purpose");
    give.attributes = world_kinds("Name EmailAddress");
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.outside_purpose");
    give.attributes = world_kinds("TelephoneNumber");
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    give.departments = world->marketing.department_bit;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.department");
    give.departments = world->marketing.department_bit | world->shipping.department_bit;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "grant.department");
}

static void a_foreign_an_unpublished_and_a_retired_purpose_take_no_grant(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give give = offer(world, &relationship);
    give.purpose = world_purpose_id(&world->account);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), NOT_FOUND, "not_found");
    struct purpose_save draft = {.text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY),
                                 .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &draft));
    give.purpose = world_purpose_id(&draft.out);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), NOT_FOUND, "not_found"); /* nobody's yet */
    give.purpose = world_purpose_id(&world->delivery);
    struct grant before = given(world, give);
    struct purpose_retire retire = {.purpose_id = world->delivery.purpose_id};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_retire, &retire));
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), CONFLICT, "purpose.not_published");
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery)); /* what was given lives on */
    assert_int_equal(before.purpose_version, 1);
}

static void only_an_active_relationship_takes_grants(void **state)
{
    struct world *world = *state;
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    struct grant_give give = offer(world, &propose.out);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), CONFLICT, "relationship.not_active");
    struct relationship_answer accept = {world->ada.person_id, propose.out.relationship_id, true, {0}};
    ASSERT_OK(world, WRITE(world, world->shipping, relationship_answer, &accept));
    struct relationship_change pause = {.relationship_id = propose.out.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &pause));
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), CONFLICT, "relationship.not_active");
    struct relationship_end end = {.relationship_id = propose.out.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), CONFLICT, "relationship.not_active");
    ASSERT_FAILS(world, WRITE(world, world->bob, grant_give, &give), NOT_FOUND, "not_found");
}

static void uses_are_bounded_and_belong_together(void **state)
{
    static const struct {
        struct uses uses;
        bool        fits;
    } CASES[] = {
        {{USES_PERIOD, 0, {"", 0}}, true},           {{USES_PERIOD, 1, {"", 0}}, false},
        {{USES_PERIOD, 0, {"x", 1}}, false},         {{USES_ONCE, 0, {"", 0}}, true},
        {{USES_ONCE, 1, {"", 0}}, true},             {{USES_ONCE, 2, {"", 0}}, false},
        {{USES_ONCE, -1, {"", 0}}, false},           {{USES_TIMES, 0, {"", 0}}, false},
        {{USES_TIMES, 1, {"", 0}}, true},            {{USES_TIMES, LIMIT_USES, {"", 0}}, true},
        {{USES_TIMES, LIMIT_USES + 1, {"", 0}}, false}, {{USES_TIMES, -1, {"", 0}}, false},
        {{USES_TIMES, 1, {"x", 1}}, false},          {{USES_EVENT, 0, {"x", 1}}, true},
        {{USES_EVENT, 0, {"", 0}}, false},           {{USES_EVENT, 0, {" ", 1}}, false},
        {{USES_EVENT, 1, {"x", 1}}, false},          {{USES_EVENT, 0, {"a\nb", 3}}, false},
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct grant_give give = offer(world, &relationship);
        give.uses = CASES[i].uses;
        err result = WRITE(world, world->ada, grant_give, &give);
        if ((result == OK) != CASES[i].fits)
            fail_msg("case %zu: %s", i, result == OK ? "taken" : world->node.cx.failure.reason);
        if (result != OK)
            assert_string_equal(world->node.cx.failure.reason, "uses.invalid");
    }
    char name[LIMIT_NAME_BYTES + 1];
    memset(name, 'x', sizeof name);
    struct grant_give give = offer(world, &relationship);
    give.uses = (struct uses){USES_EVENT, 0, {name, LIMIT_NAME_BYTES}};
    ASSERT_OK(world, WRITE(world, world->ada, grant_give, &give));
    give.uses.event.size++;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_give, &give), INVALID, "uses.invalid");
}

/* ---- narrowing */

static void kinds_and_departments_can_only_become_fewer(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    struct grant_narrow narrow = narrowing(&grant);
    narrow.set_attributes = true;
    narrow.attributes = world_kinds("Name PhysicalAddress TelephoneNumber");
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.wider");
    narrow.attributes = ATTRIBUTE_SET_EMPTY;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.wider");
    narrow.attributes = world_kinds("Name");
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.none");
    narrow.attributes = world_kinds("Name PhysicalAddress"); /* what is gone does not come back */
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.wider");
    narrow = narrowing(&grant);
    narrow.set_departments = true;
    narrow.departments = world->shipping.department_bit | world->marketing.department_bit;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.wider");
    narrow.departments = 0;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.wider");
}

static void its_end_can_only_come_nearer(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    struct grant_narrow narrow = narrowing(&grant);
    narrow.set_until = true;
    narrow.until_at_ms = grant.until_at_ms + 1;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.wider");
    narrow.until_at_ms = world->node.time.wall_ms;
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), INVALID, "grant.in_past");
    narrow.until_at_ms = world->node.time.wall_ms + 1;
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    test_node_pass(&world->node, 1);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.expired");
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), CONFLICT, "grant.not_active");
}

static void uses_can_only_become_fewer(void **state)
{
    static const struct {
        struct uses from, to;
        bool        fits;
    } CASES[] = {
        {{USES_PERIOD, 0, {"", 0}}, {USES_TIMES, 3, {"", 0}}, true},
        {{USES_PERIOD, 0, {"", 0}}, {USES_EVENT, 0, {"x", 1}}, true},
        {{USES_TIMES, 3, {"", 0}}, {USES_TIMES, 2, {"", 0}}, true},
        {{USES_TIMES, 3, {"", 0}}, {USES_ONCE, 0, {"", 0}}, true},
        {{USES_TIMES, 3, {"", 0}}, {USES_TIMES, 4, {"", 0}}, false},
        {{USES_TIMES, 3, {"", 0}}, {USES_PERIOD, 0, {"", 0}}, false},
        {{USES_TIMES, 3, {"", 0}}, {USES_EVENT, 0, {"x", 1}}, false},
        {{USES_ONCE, 0, {"", 0}}, {USES_TIMES, 2, {"", 0}}, false},
        {{USES_EVENT, 0, {"x", 1}}, {USES_EVENT, 0, {"y", 1}}, false},
        {{USES_EVENT, 0, {"x", 1}}, {USES_PERIOD, 0, {"", 0}}, false},
        {{USES_EVENT, 0, {"x", 1}}, {USES_ONCE, 0, {"", 0}}, false},
        {{USES_EVENT, 0, {"x", 1}}, {USES_EVENT, 0, {"x", 1}}, true},
    };
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct grant_give give = offer(world, &relationship);
        give.uses = CASES[i].from;
        struct grant grant = given(world, give);
        struct grant_narrow narrow = narrowing(&grant);
        narrow.set_uses = true;
        narrow.uses = CASES[i].to;
        if ((WRITE(world, world->ada, grant_narrow, &narrow) == OK) != CASES[i].fits)
            fail_msg("case %zu", i);
        if (!CASES[i].fits)
            assert_string_equal(world->node.cx.failure.reason, "grant.wider");
    }
    assert_int_equal(world_audit(world, 0), 0);
}

static void uses_are_counted_from_the_narrowing_on(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    test_node_pass(&world->node, 10);
    struct grant_narrow narrow = narrowing(&grant);
    narrow.set_uses = true;
    narrow.uses = (struct uses){USES_ONCE, 0, TEXT_NONE};
    ASSERT_OK(world, WRITE(world, world->ada, grant_narrow, &narrow));
    test_node_pass(&world->node, 10);
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.used_up");
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- stopping */

static void a_stop_holds_at_once_and_twice_is_no_mistake(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    ASSERT_FAILS(world, WRITE(world, world->bob, grant_withdraw, &stop), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, grant_withdraw, &stop), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_int_equal(stop.out.state, GRANT_WITHDRAWN);
    int64_t receipt_id = stop.out.receipt_id;
    assert_true(receipt_id != grant.receipt_id);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.withdrawn");
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_int_equal(stop.out.receipt_id, receipt_id);
    struct grant_narrow narrow = narrowing(&grant);
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_narrow, &narrow), CONFLICT, "grant.not_active");
}

static void an_expired_grant_can_still_be_stopped(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant grant = given(world, offer(world, &relationship));
    test_node_pass(&world->node, LONGEST_MS);
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.withdrawn");
}

static void the_event_ends_a_grant_until_that_event(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant plain = given(world, offer(world, &relationship));
    struct grant_give give = offer(world, &relationship);
    give.uses = (struct uses){USES_EVENT, 0, TEXT("the parcel has come")};
    struct grant grant = given(world, give);
    struct grant_report_event report = {.person_id = grant.person_id, .grant_id = plain.grant_id};
    ASSERT_FAILS(world, WRITE(world, world->shipping, grant_report_event, &report), CONFLICT, "grant.no_event");
    report.grant_id = grant.grant_id;
    ASSERT_FAILS(world, WRITE(world, world->marketing, grant_report_event, &report), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->teller, grant_report_event, &report), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, grant_report_event, &report), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->shipping, grant_report_event, &report));
    assert_int_equal(report.out.state, GRANT_USED_UP);
    ASSERT_FAILS(world, WRITE(world, world->shipping, grant_report_event, &report), CONFLICT, "grant.not_active");
}

/* ---- with the relationship */

static void a_grant_never_outlasts_its_relationship(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant early = given(world, offer(world, &relationship));
    int64_t end_ms = world->node.time.wall_ms + 10 * TIME_DAY_MS;
    struct relationship_change change = {
        .relationship_id = relationship.relationship_id, .set_ends = true, .ends_at_ms = end_ms};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    struct grant late = given(world, offer(world, &relationship));
    assert_int_equal(late.until_at_ms, end_ms);
    struct ctx *cx = world_as(world, world->ada);
    ASSERT_OK(world, grant_load(cx, early.person_id, early.grant_id, &early));
    assert_int_equal(early.until_at_ms, end_ms);
    change.ends_at_ms = 0; /* an open end gives no grant more time */
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    ASSERT_OK(world, grant_load(world_as(world, world->ada), early.person_id, early.grant_id, &early));
    assert_int_equal(early.until_at_ms, end_ms);
    assert_int_equal(world_audit(world, 0), 0);
}

static void when_its_date_has_come_the_relationship_has_no_live_grant(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    (void)given(world, offer(world, &relationship));
    struct relationship_change change = {.relationship_id = relationship.relationship_id,
                                         .set_ends = true,
                                         .ends_at_ms = world->node.time.wall_ms + 1000};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    struct ctx *cx = world_as(world, world->shipping);
    int64_t live = 0;
    ASSERT_OK(world, grant_count_open(cx, &change.out, &live));
    assert_int_equal(live, 1);
    test_node_pass(&world->node, 999);
    struct disclosure_ask ask = world_read(world, world->shipping, &relationship, &world->delivery);
    assert_true(ask.given);
    assert_int_equal(ask.valid_until_ms, change.ends_at_ms);
    test_node_pass(&world->node, 1);
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "relationship.ended");
    ASSERT_OK(world, grant_count_open(world_as(world, world->shipping), &change.out, &live));
    assert_int_equal(live, 0);
}

static void a_relationship_with_very_many_grants_can_be_ended(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give gives[] = {offer(world, &relationship), offer(world, &relationship), offer(world, &relationship)};
    for (int i = 1; i < 3; i++) {
        struct purpose other =
            world_publish(world, world->shipping, world_kinds("Name PhysicalAddress"), ATTRIBUTE_SET_EMPTY);
        gives[i].purpose = world_purpose_id(&other);
    }
    for (int i = 0; i < LIMIT_GRANTS_OF_RELATIONSHIP; i++) {
        (void)given(world, gives[i % 3]);
        if (i < LIMIT_REQUESTS_OPEN)
            (void)world_ask(world, world->shipping, &relationship, &world->delivery);
        test_node_rest(&world->node);
    }
    struct arena *whole = world->node.cx.arena;
    world->node.cx.arena = arena_open(LIMIT_REQUEST_ARENA_BYTES);
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    arena_close(world->node.cx.arena);
    world->node.cx.arena = whole;
    struct request_list open = {.open_only = true, .limit = 50};
    ASSERT_OK(world, request_list_of_person(world_as(world, world->ada), &open));
    assert_int_equal(open.out_count, 0);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_stop_that_is_repeated_finds_its_grant_and_its_reason(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct grant_give short_one = offer(world, &relationship);
    short_one.until_at_ms = world->node.time.wall_ms + 1000;
    struct grant_withdraw stop = {.grant_id = given(world, offer(world, &relationship)).grant_id};
    struct grant late = given(world, short_one);
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    test_node_pass(&world->node, 1000);
    /* the newest grant tells why, whichever ended last */
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.expired");
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_int_equal(stop.out.state, GRANT_WITHDRAWN);
    stop.grant_id = late.grant_id;
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.withdrawn");
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- the past */

static void what_was_allowed_at_a_past_moment_can_be_asked(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    int64_t before_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 10);
    struct grant_give give = offer(world, &relationship);
    give.uses = (struct uses){USES_TIMES, 2, TEXT_NONE};
    struct grant grant = given(world, give);
    int64_t given_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 10);
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    test_node_pass(&world->node, 10);
    assert_null(world_refusal(world, world->shipping, &relationship, &world->delivery));
    int64_t used_ms = world->node.time.wall_ms;
    test_node_pass(&world->node, 10);
    struct grant_withdraw stop = {.grant_id = grant.grant_id};
    ASSERT_OK(world, WRITE(world, world->ada, grant_withdraw, &stop));
    const struct {
        int64_t     at_ms;
        size_t      count;
        grant_state state;
    } moments[] = {{before_ms, 0, GRANT_ACTIVE},          {given_ms - 1, 0, GRANT_ACTIVE},
                   {given_ms, 1, GRANT_ACTIVE},           {used_ms - 1, 1, GRANT_ACTIVE},
                   {used_ms, 1, GRANT_USED_UP},           {used_ms + 9, 1, GRANT_USED_UP},
                   {used_ms + 10, 1, GRANT_WITHDRAWN}};
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        struct grant_list list = {.at_ms = moments[i].at_ms, .limit = 10};
        ASSERT_OK(world, grant_list_of_relationship(world_as(world, world->ada), &relationship, &list));
        assert_int_equal(list.out_count, moments[i].count);
        if (list.out_count > 0)
            assert_int_equal(grant_state_at(&list.out[0], moments[i].at_ms), moments[i].state);
    }
}

static void a_grant_that_begins_later_permits_nothing_before(void **state)
{
    (void)state; /* the pure rule alone: no act makes such a grant yet */
    struct attribute_set set = world_kinds("Name");
    attribute_number name = attribute_set_next(set, ATTRIBUTE_NONE);
    struct grant grant = {.state = GRANT_ACTIVE, .attributes = set, .departments = 1, .until_at_ms = 20};
    grant.from_at_ms = 10 + TIMEKEEPER_APART_MS;
    assert_string_equal(grant_refusal(&grant, name, 1, 9), "grant.not_yet");
    assert_true(grant_permits(&grant, name, 1, 10)); /* given elsewhere, perhaps: by a clock a little ahead */
    assert_true(grant_permits(&grant, name, 1, 19));
    assert_string_equal(grant_refusal(&grant, name, 1, 20), "grant.expired");
    assert_string_equal(grant_refusal(&grant, name, 2, 15), "grant.none");
    assert_string_equal(grant_refusal(&grant, ATTRIBUTE_NUMBER_MAX, 1, 15), "grant.none");
    grant.state = GRANT_ENDED;
    assert_string_equal(grant_refusal(&grant, name, 1, 15), "relationship.ended");
}

static void a_page_begins_behind_a_grant_of_its_own_list(void **state)
{
    struct world *world = *state;
    struct relationship shop = world_relate(world, world->shipping, world->ada);
    struct relationship bank = world_relate(world, world->teller, world->ada);
    struct grant of_shop = given(world, offer(world, &shop));
    struct grant of_bank = world_grant(world, world->teller, &bank, &world->account);
    struct grant_list list = {.limit = 10, .after = of_shop.grant_id};
    ASSERT_OK(world, grant_list_of_relationship(world_as(world, world->ada), &shop, &list));
    assert_int_equal(list.out_count, 0);
    list.after = of_bank.grant_id;
    ASSERT_FAILS(world, grant_list_of_relationship(world_as(world, world->ada), &shop, &list), NOT_FOUND, "not_found");
    list.after = of_bank.grant_id + 1; /* a number that no grant has */
    ASSERT_FAILS(world, grant_list_of_person(world_as(world, world->ada), &list), NOT_FOUND, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(what_is_given_is_what_was_said),
        WORLD_TEST(its_end_lies_between_now_and_the_purposes_longest),
        WORLD_TEST(only_kinds_and_departments_of_the_purpose_can_be_given),
        WORLD_TEST(a_foreign_an_unpublished_and_a_retired_purpose_take_no_grant),
        WORLD_TEST(only_an_active_relationship_takes_grants),
        WORLD_TEST(uses_are_bounded_and_belong_together),
        WORLD_TEST(kinds_and_departments_can_only_become_fewer),
        WORLD_TEST(its_end_can_only_come_nearer),
        WORLD_TEST(uses_can_only_become_fewer),
        WORLD_TEST(uses_are_counted_from_the_narrowing_on),
        WORLD_TEST(a_stop_holds_at_once_and_twice_is_no_mistake),
        WORLD_TEST(an_expired_grant_can_still_be_stopped),
        WORLD_TEST(the_event_ends_a_grant_until_that_event),
        WORLD_TEST(a_grant_never_outlasts_its_relationship),
        WORLD_TEST(when_its_date_has_come_the_relationship_has_no_live_grant),
        WORLD_TEST(a_relationship_with_very_many_grants_can_be_ended),
        WORLD_TEST(a_stop_that_is_repeated_finds_its_grant_and_its_reason),
        WORLD_TEST(what_was_allowed_at_a_past_moment_can_be_asked),
        cmocka_unit_test(a_grant_that_begins_later_permits_nothing_before),
        WORLD_TEST(a_page_begins_behind_a_grant_of_its_own_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
