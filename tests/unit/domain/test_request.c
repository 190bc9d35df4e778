/* SPDX-License-Identifier: Apache-2.0
 * Goal: nothing is asked that the purpose does not hold, nothing is given that was not asked, one counter-offer is met
 * by one revision, and an unanswered request lapses. Method: each rule at its bounds, each failure by its word. */
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "domain/sharing/request_store.h"
#include "support/world.h"

#define LONGEST_MS (365 * TIME_DAY_MS)
#define LIFE_MS (30 * TIME_DAY_MS)

static const struct uses ANY = {.event = {"", 0}};

static struct request_make question(struct world *world, const struct relationship *relationship)
{
    return (struct request_make){.person_id = relationship->person_id,
                                 .relationship_id = relationship->relationship_id,
                                 .purpose = world_purpose_id(&world->delivery),
                                 .attributes = world_kinds("Name PhysicalAddress"),
                                 .duration_ms = 90 * TIME_DAY_MS,
                                 .uses = ANY};
}

static struct request asked(struct world *world, struct request_make make)
{
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    return make.out;
}

static struct request_answer answer_to(const struct request *request, request_answer_kind kind)
{
    return (struct request_answer){.request_id = request->request_id, .answer = kind, .uses = ANY};
}

/* ---- asking */

static void a_request_keeps_to_its_purpose(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = question(world, &relationship);
    make.attributes = world_kinds("Name EmailAddress");
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), INVALID, "request.outside_purpose");
    make.attributes = ATTRIBUTE_SET_EMPTY; /* all that the purpose names */
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    assert_int_equal(attribute_set_count(make.out.attributes), 3);
    make.duration_ms = LONGEST_MS;
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    make.duration_ms = LONGEST_MS + 1;
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), INVALID, "request.too_long");
    make.duration_ms = INT64_MAX;
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), INVALID, "request.too_long");
    make.duration_ms = -1;
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), INVALID, "request.too_long");
    make.duration_ms = 0;
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
    assert_int_equal(make.out.duration_ms, LONGEST_MS);
    make.uses = (struct uses){USES_TIMES, LIMIT_USES + 1, TEXT_NONE};
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), INVALID, "uses.invalid");
}

static void only_a_department_of_the_purpose_asks(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = question(world, &relationship);
    ASSERT_FAILS(world, WRITE(world, world->marketing, request_make, &make), CONFLICT, "purpose.other_department");
    ASSERT_FAILS(world, WRITE(world, world->teller, request_make, &make), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->ada, request_make, &make), FORBIDDEN, "actor.wrong_kind");
    make.purpose = world_purpose_id(&world->account);
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), NOT_FOUND, "not_found");
    struct purpose_retire retire = {.purpose_id = world->delivery.purpose_id};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_retire, &retire));
    make = question(world, &relationship);
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), CONFLICT, "purpose.not_published");
}

static void a_paused_or_ended_relationship_is_not_asked(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = question(world, &relationship);
    struct relationship_change change = {.relationship_id = relationship.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), CONFLICT, "relationship.paused");
    change.move = MOVE_RESUME;
    change.set_ends = true;
    change.ends_at_ms = world->node.time.wall_ms + 5;
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    test_node_pass(&world->node, 5);
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), CONFLICT, "relationship.ended");
}

static void nobody_is_flooded_with_questions(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = question(world, &relationship);
    struct request_cancel cancel = {.person_id = relationship.person_id};
    for (int i = 0; i < LIMIT_REQUESTS_OPEN; i++) {
        ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
        cancel.request_id = make.out.request_id;
    }
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_make, &make), CONFLICT, "request.too_many_open");
    test_node_pass(&world->node, 1000);
    for (int i = LIMIT_REQUESTS_OPEN; i < LIMIT_REQUESTS_A_DAY; i++) {
        ASSERT_OK(world, WRITE(world, world->shipping, request_cancel, &cancel));
        ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
        cancel.request_id = make.out.request_id;
    }
    ASSERT_OK(world, WRITE(world, world->shipping, request_cancel, &cancel));
    ASSERT_FAILS_OF_A_DAY(world, WRITE(world, world->shipping, request_make, &make), "request.too_many");
    ASSERT_OK(world, WRITE(world, world->shipping, request_make, &make));
}

/* ---- answering */

static void a_plain_yes_gives_what_was_asked(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer answer = answer_to(&request, ANSWER_ACCEPT);
    ASSERT_FAILS(world, WRITE(world, world->bob, request_answer, &answer), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_answer, &answer), FORBIDDEN, "actor.wrong_kind");
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    assert_int_equal(answer.out.state, REQUEST_ACCEPTED);
    assert_int_equal(answer.out.grant_id, answer.out_grant.grant_id);
    assert_int_equal(answer.out_receipt_id, answer.out_grant.receipt_id);
    assert_int_equal(answer.out_grant.until_at_ms, world->node.time.wall_ms + request.duration_ms);
    assert_int_equal(answer.out_grant.departments, world->shipping.department_bit);
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), CONFLICT, "request.not_open");
}

static void a_yes_is_for_the_department_that_asked_and_ends_with_the_relationship(void **state)
{
    struct world *world = *state;
    struct purpose_save save = {.text = world_purpose_text(world_kinds("Name PhysicalAddress"), ATTRIBUTE_SET_EMPTY),
                                .departments = world->shipping.department_bit | world->marketing.department_bit,
                                .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    struct purpose_publish publish = {.purpose_id = save.out.purpose_id, .text = save.text, .body = save.body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish));
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship_change change = {.relationship_id = relationship.relationship_id,
                                         .set_ends = true,
                                         .ends_at_ms = world->node.time.wall_ms + TIME_DAY_MS};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &change));
    struct grant grant = world_grant(world, world->shipping, &relationship, &publish.out);
    assert_int_equal(grant.departments, world->shipping.department_bit);
    assert_int_equal(grant.until_at_ms, change.ends_at_ms);
    assert_null(world_refusal(world, world->shipping, &relationship, &publish.out));
    assert_string_equal(world_refusal(world, world->marketing, &relationship, &publish.out), "grant.none");
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.none");
}

static void an_answer_gives_no_more_than_was_asked(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = question(world, &relationship);
    make.uses = (struct uses){USES_TIMES, 3, TEXT_NONE};
    struct request request = asked(world, make);
    struct request_answer answer = answer_to(&request, ANSWER_ADJUST);
    answer.set_attributes = true;
    answer.attributes = world_kinds("Name PhysicalAddress TelephoneNumber");
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.outside_request");
    answer.attributes = world_kinds("Name");
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.needed_missing");
    answer = answer_to(&request, ANSWER_ACCEPT);
    answer.set_uses = true;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.outside_request");
    answer.uses = (struct uses){USES_TIMES, 4, TEXT_NONE};
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.outside_request");
    answer.uses = (struct uses){USES_TIMES, 0, TEXT_NONE};
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "uses.invalid");
    answer.uses = (struct uses){USES_ONCE, 0, TEXT_NONE};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    assert_int_equal(answer.out_grant.uses.max, 1);
}

static void its_end_lies_between_now_and_what_was_asked(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer answer = answer_to(&request, ANSWER_ACCEPT);
    int64_t now_ms = world->node.time.wall_ms;
    answer.set_until = true;
    answer.until_at_ms = now_ms;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.in_past");
    answer.until_at_ms = now_ms + request.duration_ms + 60001;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.too_long");
    answer.set_until = false;
    answer.set_duration = true;
    answer.duration_ms = request.duration_ms + 1;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.too_long");
    answer.duration_ms = INT64_MAX;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.too_long");
    answer.duration_ms = 0;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.too_long");
    answer.duration_ms = request.duration_ms;
    answer.set_until = true; /* which of the two would it be? */
    for (request_answer_kind kind = ANSWER_ACCEPT; kind <= ANSWER_COUNTER; kind++) {
        answer.answer = kind;
        ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), INVALID, "answer.two_ends");
        assert_string_equal(world->node.cx.failure.pointer, "/duration");
    }
    answer.answer = ANSWER_ACCEPT;
    answer.set_duration = false;
    answer.set_until = true;
    answer.until_at_ms = now_ms + request.duration_ms + 60000; /* the form was open for a while: no longer than asked */
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    assert_int_equal(answer.out_grant.until_at_ms, now_ms + request.duration_ms);
}

static void a_refusal_gives_nothing_and_has_a_receipt(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer answer = answer_to(&request, ANSWER_REFUSE);
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    assert_int_equal(answer.out.state, REQUEST_REFUSED);
    assert_false(answer.out_has_grant);
    struct receipt receipt;
    struct ctx *cx = world_as(world, world->ada);
    ASSERT_OK(world, receipt_load(cx, world->ada.person_id, answer.out_receipt_id, &receipt));
    struct text payload = text_of_bytes(receipt.payload);
    assert_non_null(memmem(payload.at, payload.size, "dpv:ConsentRefused", 18));
    assert_non_null(memmem(payload.at, payload.size, "Shipping", 8)); /* who had asked */
    assert_string_equal(world_refusal(world, world->shipping, &relationship, &world->delivery), "grant.none");
}

static void an_answer_needs_an_active_relationship(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer answer = answer_to(&request, ANSWER_ACCEPT);
    struct relationship_change pause = {.relationship_id = relationship.relationship_id, .move = MOVE_PAUSE};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_change, &pause));
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), CONFLICT, "relationship.not_active");
}

static void nothing_new_rests_on_a_retired_purpose(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request first = asked(world, question(world, &relationship));
    struct request second = asked(world, question(world, &relationship));
    struct purpose_retire retire = {.purpose_id = world->delivery.purpose_id};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_retire, &retire));
    for (request_answer_kind kind = ANSWER_ACCEPT; kind <= ANSWER_COUNTER; kind++) {
        struct request_answer answer = answer_to(&first, kind);
        ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), CONFLICT, "purpose.not_published");
    }
    struct request_answer refuse = answer_to(&first, ANSWER_REFUSE);
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &refuse));
    struct purpose_text text = world_purpose_text(world->delivery.needed, world->delivery.optional);
    struct purpose_save save = {.purpose_id = retire.purpose_id, .text = text, .body = world_purpose_body()};
    struct purpose_publish publish = {.purpose_id = retire.purpose_id, .text = text, .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &save));
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish));
    struct request_answer accept = answer_to(&second, ANSWER_ACCEPT);
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &accept));
    assert_int_equal(accept.out_grant.purpose_version, 1); /* the wording that was on the screen */
}

static void an_unanswered_request_lapses(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer answer = answer_to(&request, ANSWER_REFUSE);
    struct request_cancel cancel = {.person_id = request.person_id, .request_id = request.request_id};
    assert_string_equal(request_state_word(request_state_at(&request, request.expires_at_ms - 1)), "open");
    test_node_pass(&world->node, LIFE_MS);
    assert_string_equal(request_state_word(request_state_at(&request, world->node.time.wall_ms)), "lapsed");
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &answer), CONFLICT, "request.not_open");
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_cancel, &cancel), CONFLICT, "request.not_open");
}

/* ---- counter-offers */

static struct request countered(struct world *world, const struct request *request)
{
    struct request_answer counter = answer_to(request, ANSWER_COUNTER);
    counter.set_duration = true;
    counter.duration_ms = 20 * TIME_DAY_MS;
    counter.set_attributes = true;
    counter.attributes = world_kinds("PhysicalAddress");
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &counter));
    assert_true(counter.out_receipt_id != 0);
    return counter.out;
}

static void one_counter_offer_is_met_by_one_revision(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_revise revise = {.person_id = request.person_id, .request_id = request.request_id, .uses = ANY};
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_revise, &revise), CONFLICT, "request.not_countered");
    request = countered(world, &request);
    assert_int_equal(request.state, REQUEST_COUNTERED);
    assert_int_equal(request.duration_ms, 90 * TIME_DAY_MS); /* what was asked still stands there */
    assert_int_equal(request.counter_duration_ms, 20 * TIME_DAY_MS);
    struct request_answer again = answer_to(&request, ANSWER_ACCEPT);
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &again), CONFLICT, "request.not_open");
    ASSERT_FAILS(world, WRITE(world, world->marketing, request_revise, &revise), NOT_FOUND, "not_found");
    test_node_pass(&world->node, LIFE_MS); /* a counter-offer does not lapse, and its answer begins a new term */
    ASSERT_OK(world, WRITE(world, world->shipping, request_revise, &revise));
    assert_int_equal(revise.out.revision, 2);
    assert_int_equal(revise.out.duration_ms, 20 * TIME_DAY_MS);
    assert_true(attribute_set_equals(revise.out.attributes, world_kinds("PhysicalAddress")));
    assert_int_equal(revise.out.expires_at_ms, world->node.time.wall_ms + LIFE_MS);
    struct request stored;
    ASSERT_OK(world, request_load(world_as(world, world->ada), request.person_id, request.request_id, &stored));
    assert_int_equal(stored.expires_at_ms, revise.out.expires_at_ms);
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_revise, &revise), CONFLICT, "request.not_countered");
    struct request_answer second = answer_to(&request, ANSWER_COUNTER);
    second.set_duration = true;
    second.duration_ms = TIME_DAY_MS;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &second), CONFLICT, "request.countered_already");
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &again)); /* she had offered it herself: needed or not */
    assert_int_equal(world_audit(world, 0), 0);
}

static void who_has_made_a_counter_offer_may_still_refuse(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer nothing = answer_to(&request, ANSWER_COUNTER);
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &nothing), INVALID, "answer.offers_nothing");
    request = countered(world, &request);
    struct request_answer no = answer_to(&request, ANSWER_REFUSE);
    no.set_attributes = true;
    no.attributes = world_kinds("PhysicalAddress");
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &no), INVALID, "answer.refuses_with_terms");
    no.set_attributes = false;
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &no));
    assert_int_equal(no.out.state, REQUEST_REFUSED);
    assert_true(no.out_receipt_id != 0);
    struct request_revise late = {.person_id = request.person_id, .request_id = request.request_id, .uses = ANY};
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_revise, &late), CONFLICT, "request.not_countered");
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_counter_offer_keeps_to_the_purpose(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_answer counter = answer_to(&request, ANSWER_COUNTER);
    counter.set_attributes = true;
    counter.attributes = world_kinds("EmailAddress");
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &counter), INVALID, "answer.outside_request");
    counter.attributes = world_kinds("TelephoneNumber"); /* not asked for, but the purpose names it */
    counter.set_duration = true;
    counter.duration_ms = LONGEST_MS + 1;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &counter), INVALID, "answer.too_long");
    counter.duration_ms = 0;
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &counter), INVALID, "answer.in_past");
    counter.duration_ms = LONGEST_MS;
    counter.set_uses = true;
    counter.uses = (struct uses){USES_EVENT, 0, TEXT_NONE};
    ASSERT_FAILS(world, WRITE(world, world->ada, request_answer, &counter), INVALID, "uses.invalid");
    counter.uses = (struct uses){USES_ONCE, 0, TEXT_NONE};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &counter));
}

static void a_revision_asks_for_no_more_than_either_side_has_spoken_of(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request_make make = question(world, &relationship);
    make.uses = (struct uses){USES_TIMES, 3, TEXT_NONE};
    struct request request = asked(world, make);
    request = countered(world, &request);
    struct request_revise revise = {.person_id = request.person_id, .request_id = request.request_id, .uses = ANY};
    revise.set_attributes = true;
    revise.attributes = world_kinds("Name PhysicalAddress TelephoneNumber");
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_revise, &revise), INVALID, "request.wider");
    revise.attributes = world_kinds("Name PhysicalAddress");
    revise.set_duration = true;
    revise.duration_ms = request.duration_ms + 1;
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_revise, &revise), INVALID, "request.wider");
    revise.duration_ms = request.duration_ms;
    revise.set_uses = true;
    revise.uses = (struct uses){USES_TIMES, 4, TEXT_NONE};
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_revise, &revise), INVALID, "request.wider");
    revise.uses.max = 3;
    ASSERT_OK(world, WRITE(world, world->shipping, request_revise, &revise));
}

static void a_revision_keeps_to_the_version_that_was_asked_under(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    request = countered(world, &request);
    struct purpose_save next = {.purpose_id = world->delivery.purpose_id,
                                .text = world_purpose_text(world_kinds("Name"), ATTRIBUTE_SET_EMPTY),
                                .body = world_purpose_body()};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_save, &next));
    struct purpose_publish publish = {.purpose_id = next.out.purpose_id, .text = next.text, .body = next.body};
    ASSERT_OK(world, WRITE(world, world->shipping, purpose_publish, &publish));
    struct request_revise revise = {.person_id = request.person_id, .request_id = request.request_id, .uses = ANY};
    ASSERT_OK(world, WRITE(world, world->shipping, request_revise, &revise));
    assert_int_equal(revise.out.purpose_version, 1);
    struct request_answer answer = answer_to(&request, ANSWER_ADJUST);
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    assert_int_equal(answer.out_grant.purpose_version, 1);
}

/* ---- cancelling */

static void the_department_that_asked_may_cancel(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct request request = asked(world, question(world, &relationship));
    struct request_cancel cancel = {.person_id = request.person_id, .request_id = request.request_id};
    ASSERT_FAILS(world, WRITE(world, world->marketing, request_cancel, &cancel), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->teller, request_cancel, &cancel), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->shipping, request_cancel, &cancel));
    ASSERT_FAILS(world, WRITE(world, world->shipping, request_cancel, &cancel), CONFLICT, "request.not_open");
    request = asked(world, question(world, &relationship));
    request = countered(world, &request);
    cancel.request_id = request.request_id;
    ASSERT_OK(world, WRITE(world, world->shipping, request_cancel, &cancel));
}

static void the_end_of_a_relationship_cancels_what_is_open(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship other = world_relate(world, world->teller, world->ada);
    struct request open = asked(world, question(world, &relationship));
    struct request offered = asked(world, question(world, &relationship));
    struct request refused = asked(world, question(world, &relationship));
    struct request_answer no = answer_to(&refused, ANSWER_REFUSE);
    (void)countered(world, &offered);
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &no));
    struct request elsewhere = world_ask(world, world->teller, &other, &world->account);
    struct relationship_end end = {.relationship_id = relationship.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    const struct {
        int64_t       request_id;
        request_state state;
    } wanted[] = {{open.request_id, REQUEST_CANCELLED},
                  {offered.request_id, REQUEST_CANCELLED},
                  {refused.request_id, REQUEST_REFUSED},
                  {elsewhere.request_id, REQUEST_OPEN}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct request stored;
        struct ctx *cx = world_as(world, world->ada);
        ASSERT_OK(world, request_load(cx, world->ada.person_id, wanted[i].request_id, &stored));
        assert_int_equal(stored.state, wanted[i].state);
    }
}

static void a_declined_proposal_leaves_nothing_open(void **state)
{
    struct world *world = *state;
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
    struct request request = asked(world, question(world, &propose.out));
    struct relationship_answer decline = {world->ada.person_id, propose.out.relationship_id, false, {0}};
    ASSERT_OK(world, WRITE(world, world->shipping, relationship_answer, &decline));
    ASSERT_OK(world, request_load(world_as(world, world->ada), request.person_id, request.request_id, &request));
    assert_int_equal(request.state, REQUEST_CANCELLED);
}

static void lists_show_each_side_its_own(void **state)
{
    struct world *world = *state;
    struct relationship relationship = world_relate(world, world->shipping, world->ada);
    struct relationship other = world_relate(world, world->teller, world->bob);
    struct request first = asked(world, question(world, &relationship));
    (void)asked(world, question(world, &relationship));
    (void)world_ask(world, world->teller, &other, &world->account);
    struct request_list list = {.limit = 1};
    ASSERT_OK(world, request_list_of_person(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].request_id, first.request_id);
    list.after = first.request_id;
    list.limit = 50;
    ASSERT_OK(world, request_list_of_person(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, 1);
    struct request_answer no = answer_to(&first, ANSWER_REFUSE);
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &no));
    list = (struct request_list){.open_only = true, .limit = 50};
    ASSERT_OK(world, request_list_of_department(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 1);
    ASSERT_OK(world, request_list_of_department(world_as(world, world->marketing), &list));
    assert_int_equal(list.out_count, 0);
    ASSERT_FAILS(world, request_list_of_department(world_as(world, world->ada), &list), FORBIDDEN, "actor.wrong_kind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_request_keeps_to_its_purpose),
        WORLD_TEST(only_a_department_of_the_purpose_asks),
        WORLD_TEST(a_paused_or_ended_relationship_is_not_asked),
        WORLD_TEST(nobody_is_flooded_with_questions),
        WORLD_TEST(a_plain_yes_gives_what_was_asked),
        WORLD_TEST(a_yes_is_for_the_department_that_asked_and_ends_with_the_relationship),
        WORLD_TEST(an_answer_gives_no_more_than_was_asked),
        WORLD_TEST(its_end_lies_between_now_and_what_was_asked),
        WORLD_TEST(a_refusal_gives_nothing_and_has_a_receipt),
        WORLD_TEST(an_answer_needs_an_active_relationship),
        WORLD_TEST(nothing_new_rests_on_a_retired_purpose),
        WORLD_TEST(an_unanswered_request_lapses),
        WORLD_TEST(one_counter_offer_is_met_by_one_revision),
        WORLD_TEST(who_has_made_a_counter_offer_may_still_refuse),
        WORLD_TEST(a_counter_offer_keeps_to_the_purpose),
        WORLD_TEST(a_revision_asks_for_no_more_than_either_side_has_spoken_of),
        WORLD_TEST(a_revision_keeps_to_the_version_that_was_asked_under),
        WORLD_TEST(the_department_that_asked_may_cancel),
        WORLD_TEST(the_end_of_a_relationship_cancels_what_is_open),
        WORLD_TEST(a_declined_proposal_leaves_nothing_open),
        WORLD_TEST(lists_show_each_side_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
