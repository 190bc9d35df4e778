/* SPDX-License-Identifier: Apache-2.0
 * Goal: a code is claimed once by one person, what waited behind it becomes that person's, and the ids that the
 * organisation knows stay as they are. Method: each way to claim, at each bound, and what is there afterwards. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "domain/entrance/session.h"
#include "domain/parties/record.h"
#include "domain/people/leftover.h"
#include "support/world.h"

static struct invitation_make invited(struct world *world, int64_t claims)
{
    struct invitation_make make = {.claims = claims};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    return make;
}

static void an_invitation_has_bounds(void **state)
{
    static const struct {
        int64_t     claims, lifetime_ms;
        const char *reason;
    } CASES[] = {
        {0, 0, "invitation.claims"},   {-1, 0, "invitation.claims"},
        {1, 0, NULL},                  {LIMIT_INVITATIONS, 0, NULL},
        {LIMIT_INVITATIONS + 1, 0, "invitation.claims"},
        {1, LIMIT_INVITATION_MS, NULL}, {1, LIMIT_INVITATION_MS + 1, "invitation.lifetime"},
        {1, -1, "invitation.lifetime"}, {1, 1, NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct invitation_make make = {.claims = CASES[i].claims, .lifetime_ms = CASES[i].lifetime_ms};
        if (CASES[i].reason == NULL)
            ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
        else
            ASSERT_FAILS(world, WRITE(world, world->shipping, invitation_make, &make), INVALID, CASES[i].reason);
    }
    struct invitation_make make = {.claims = 1};
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_make, &make), FORBIDDEN, "actor.wrong_kind");
}

static void a_code_works_until_its_hour_and_once(void **state)
{
    struct world *world = *state;
    struct invitation_make make = {.claims = 1, .lifetime_ms = 1000};
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    struct invitation_claim wrong = {.code = TEXT("7Q4K-M2XD-9RTA-H3VB")};
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &wrong), NOT_FOUND, "invitation.unknown");
    wrong.code = TEXT("no code at all");
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &wrong), NOT_FOUND, "invitation.unknown");
    test_node_pass(&world->node, 999);
    struct invitation_claim claim = {.code = make.out_code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    ASSERT_FAILS(world, WRITE(world, world->bob, invitation_claim, &claim), NOT_FOUND, "invitation.unknown");
    struct invitation_claim_new again = {.code = make.out_code};
    struct actor nobody = {.kind = ACTOR_NOBODY};
    ASSERT_FAILS(world, WRITE(world, nobody, invitation_claim_new, &again), NOT_FOUND, "invitation.unknown");
    ASSERT_OK(world, WRITE(world, world->shipping, invitation_make, &make));
    claim.code = make.out_code;
    test_node_pass(&world->node, 1000);
    ASSERT_FAILS(world, WRITE(world, world->bob, invitation_claim, &claim), NOT_FOUND, "invitation.unknown");
}

static void a_failed_claim_uses_nothing_up(void **state)
{
    struct world *world = *state;
    struct invitation_make make = invited(world, 1);
    struct invitation_claim claim = {.code = make.out_code, .start = {.ends_at_ms = world->node.time.wall_ms}};
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &claim), INVALID, "relationship.end_in_past");
    claim.start = (struct relationship_start){.review_at_ms = world->node.time.wall_ms};
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &claim), INVALID, "relationship.review_in_past");
    claim.start.ends_at_ms = world->node.time.wall_ms + 10;
    claim.start.review_at_ms = world->node.time.wall_ms + 11;
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &claim), INVALID, "relationship.review_after_end");
    claim.start.review_at_ms--;
    claim.start.nature = NATURE_MEMBER;
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    assert_int_equal(claim.out.state, RELATIONSHIP_ACTIVE);
    assert_int_equal(claim.out.nature, NATURE_MEMBER);
    assert_int_equal(claim.out.ends_at_ms, claim.start.ends_at_ms);
    assert_int_equal(world_audit(world, 0), 0);
}

static void an_invitation_takes_the_place_of_a_proposal(void **state)
{
    struct world *world = *state;
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    struct relationship_end end = {.relationship_id = 0};
    for (int claims = 1; claims <= 2; claims++) { /* a code for one, and a code for many */
        struct invitation_make make = invited(world, claims);
        struct invitation_claim claim = {.code = make.out_code, .start = {.ends_at_ms = 1}};
        ASSERT_OK(world, WRITE(world, world->ada, relationship_propose, &propose));
        ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &claim), INVALID, "relationship.end_in_past");
        struct relationship proposed;
        int64_t proposed_id = propose.out.relationship_id;
        ASSERT_OK(world, relationship_load(world_as(world, world->ada), world->ada.person_id, proposed_id, &proposed));
        assert_int_equal(proposed.state, RELATIONSHIP_PROPOSED); /* what failed has ended nothing */
        claim.start.ends_at_ms = 0;
        ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
        assert_int_equal(claim.out.state, RELATIONSHIP_ACTIVE);
        if (claims == 1)
            assert_int_equal(claim.out.relationship_id, make.out_relationship.relationship_id);
        ASSERT_OK(world, relationship_load(world_as(world, world->ada), world->ada.person_id, proposed_id, &proposed));
        assert_int_equal(proposed.state, RELATIONSHIP_ENDED);
        end.relationship_id = claim.out.relationship_id;
        ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    }
    assert_int_equal(world_audit(world, 0), 0);
}

static void one_person_has_one_living_relationship_with_an_organisation(void **state)
{
    struct world *world = *state;
    struct relationship first = world_relate(world, world->shipping, world->ada);
    struct invitation_make one = invited(world, 1);
    struct invitation_make many = invited(world, 2);
    struct invitation_claim claim = {.code = one.out_code};
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &claim), CONFLICT, "relationship.exists");
    claim.code = many.out_code;
    ASSERT_FAILS(world, WRITE(world, world->ada, invitation_claim, &claim), CONFLICT, "relationship.exists");
    struct relationship_propose propose = {.organisation_id = world->shop.organisation_id};
    ASSERT_FAILS(world, WRITE(world, world->ada, relationship_propose, &propose), CONFLICT, "relationship.exists");
    struct relationship_end end = {.relationship_id = first.relationship_id};
    ASSERT_OK(world, WRITE(world, world->ada, relationship_end, &end));
    claim.code = one.out_code; /* after an end, a new beginning */
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    assert_true(claim.out.relationship_id != first.relationship_id);
    struct relationship_list list = {.limit = 50};
    ASSERT_OK(world, relationship_list_of_person(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, 2);
    assert_int_equal(world_audit(world, 0), 0);
}

static void a_code_for_many_makes_a_relationship_for_each(void **state)
{
    struct world *world = *state;
    struct invitation_make make = invited(world, 2);
    assert_false(make.out_has_relationship);
    struct invitation_claim claim = {.code = make.out_code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    assert_int_equal(claim.out.person_id, world->ada.person_id);
    struct invitation_claim_new newcomer = {.code = make.out_code};
    struct actor nobody = {.kind = ACTOR_NOBODY};
    ASSERT_OK(world, WRITE(world, nobody, invitation_claim_new, &newcomer));
    ASSERT_FAILS(world, WRITE(world, world->bob, invitation_claim, &claim), NOT_FOUND, "invitation.unknown");
    struct actor session;
    ASSERT_OK(world, session_authenticate(world_as(world, nobody), newcomer.out_session_token, &session));
    assert_int_equal(session.person_id, newcomer.out.person_id);
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- what waited behind a code */

static void somebody_who_is_here_takes_over_all_that_waited(void **state)
{
    struct world *world = *state;
    struct text code = world_bring_in(world);
    struct relationship_list invited_list = {.limit = 5};
    ASSERT_OK(world, relationship_list_of_organisation(world_as(world, world->shipping), &invited_list));
    struct relationship waiting = invited_list.out[0];
    struct text id_before = id_text(&world->node.cx, relationship_id(&waiting));
    struct request request = world_ask(world, world->shipping, &waiting, &world->delivery);
    struct id request_id = relationship_item_id(&waiting, ID_REQUEST, request.request_id);
    struct text request_before = id_text(&world->node.cx, request_id);
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    assert_int_equal(claim.out.person_id, world->ada.person_id);
    assert_true(text_equals(id_text(&world->node.cx, relationship_id(&claim.out)), id_before));
    struct relationship opened;
    ASSERT_OK(world, relationship_open(world_as(world, world->shipping), id_before, &opened));
    assert_int_equal(opened.person_id, world->ada.person_id);
    ASSERT_OK(world, relationship_open(world_as(world, world->ada), id_before, &opened));
    int64_t person_id = 0;
    int64_t item = 0;
    struct ctx *cx = world_as(world, world->ada);
    ASSERT_OK(world, relationship_open_item(cx, request_before, ID_REQUEST, &person_id, &item));
    assert_int_equal(person_id, world->ada.person_id);
    struct request_answer answer = {.request_id = item, .answer = ANSWER_ACCEPT};
    ASSERT_OK(world, WRITE(world, world->ada, request_answer, &answer));
    struct record *records = NULL;
    size_t count = 0;
    ASSERT_OK(world, record_list(world_as(world, world->ada), &opened, &records, &count));
    assert_int_equal(count, 1);
    struct person merged;
    ASSERT_OK(world, person_load(&world->node.cx, waiting.person_id, &merged));
    assert_int_equal(merged.state, PERSON_MERGED);
    assert_int_equal(merged.merged_into, world->ada.person_id);
    assert_null(world_refusal(world, world->shipping, &opened, &world->delivery));
    assert_int_equal(world_audit(world, 0), 0);
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    PERSON_KEY key;
    ASSERT_FAILS(world, person_key_open(&world->node.cx, waiting.person_id, &key), NOT_FOUND, "person.erased");
    assert_int_equal(world_audit(world, 0), 0);
}

static void somebody_new_becomes_the_one_who_was_invited(void **state)
{
    struct world *world = *state;
    struct text code = world_bring_in(world);
    struct actor nobody = {.kind = ACTOR_NOBODY};
    struct invitation_claim_new claim = {.code = code};
    ASSERT_OK(world, WRITE(world, nobody, invitation_claim_new, &claim));
    struct actor ada;
    ASSERT_OK(world, session_authenticate(world_as(world, nobody), claim.out_session_token, &ada));
    assert_int_equal(claim.out.person_id, ada.person_id);
    assert_int_equal(claim.out.edge_person_id, ada.person_id);
    struct record *records = NULL;
    size_t count = 0;
    ASSERT_OK(world, record_list(world_as(world, ada), &claim.out, &records, &count));
    assert_int_equal(count, 1);
    assert_int_equal(world_audit(world, 0), 0);
}

/* ---- what was refused before the claim */

static struct relationship invited_relationship(struct world *world, struct actor system, struct text *out_code)
{
    struct invitation_make make = {.claims = 1};
    ASSERT_OK(world, WRITE(world, system, invitation_make, &make));
    *out_code = make.out_code;
    return make.out_relationship;
}

static void refuse_with_note(struct world *world, struct actor system, const struct relationship *relationship,
                             const struct purpose *purpose, const char *note)
{
    struct disclosure_ask ask = world_question(world, relationship, purpose, world_kinds("Name"));
    ask.note = text_of(note);
    ASSERT_OK(world, disclosure_decide(world_as(world, system), &ask));
    assert_false(ask.given);
    ASSERT_OK(world, WRITE(world, system, disclosure_commit, &ask));
    test_node_pass(&world->node, 10);
}

/* The notes of a person's list in its order, page by page of `limit`, joined by blanks. */
static const char *told(struct world *world, struct actor person, struct disclosure_list list)
{
    static char notes[400];
    size_t used = 0;
    notes[0] = '\0';
    for (bool more = true; more;) {
        ASSERT_OK(world, disclosure_list(world_as(world, person), &list));
        for (size_t i = 0; i < list.out_count; i++) {
            assert_int_equal(list.out[i].person_id, person.person_id);
            used += (size_t)snprintf(notes + used, sizeof notes - used, "%s%.*s", used == 0 ? "" : " ",
                                     TEXT_ARGS(list.out[i].note));
        }
        more = list.out_more;
        list.after = list.out_last_id;
    }
    return notes;
}

static void what_was_refused_before_a_claim_is_told_to_the_claimer(void **state)
{
    struct world *world = *state;
    struct text shop_code;
    struct text bank_code;
    struct relationship shop = invited_relationship(world, world->shipping, &shop_code);
    struct relationship bank = invited_relationship(world, world->teller, &bank_code);
    struct relationship bobs = world_relate(world, world->shipping, world->bob);
    refuse_with_note(world, world->shipping, &shop, &world->delivery, "s1");
    refuse_with_note(world, world->teller, &bank, &world->account, "b1");
    refuse_with_note(world, world->shipping, &bobs, &world->delivery, "bob1");
    refuse_with_note(world, world->shipping, &shop, &world->delivery, "s2");
    struct disclosure_list all = {.limit = 50};
    assert_string_equal(told(world, world->ada, all), "");
    struct invitation_claim claim = {.code = shop_code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    shop = claim.out;
    assert_string_equal(told(world, world->ada, all), "s2 s1");
    refuse_with_note(world, world->shipping, &shop, &world->delivery, "s3");
    claim.code = bank_code;
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    bank = claim.out;
    refuse_with_note(world, world->teller, &bank, &world->account, "b2");
    for (int swept = 0; swept < 2; swept++) { /* the notes open also when the old keys are gone */
        for (int limit = 1; limit <= 5; limit++) {
            struct disclosure_list pages = {.limit = limit, .relationship_id = shop.relationship_id};
            assert_string_equal(told(world, world->ada, pages), "s3 s2 s1");
            pages.relationship_id = bank.relationship_id;
            assert_string_equal(told(world, world->ada, pages), "b2 b1");
        }
        assert_string_equal(told(world, world->ada, all), "b2 s3 s2 b1 s1");
        assert_string_equal(told(world, world->bob, all), "bob1");
        assert_int_equal(world_audit(world, 0), 0);
        ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    }
    int64_t given = 0;
    int64_t refused = 0;
    ASSERT_OK(world, disclosure_count(world_as(world, world->ada), &given, &refused));
    assert_int_equal(given, 0);
    assert_int_equal(refused, 5);
}

static void hours_bound_what_was_refused_before_a_claim_as_well(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship shop = invited_relationship(world, world->shipping, &code);
    int64_t begin_ms = world->node.time.wall_ms;
    refuse_with_note(world, world->shipping, &shop, &world->delivery, "s1");
    refuse_with_note(world, world->shipping, &shop, &world->delivery, "s2");
    struct relationship bank = world_relate(world, world->teller, world->ada);
    refuse_with_note(world, world->teller, &bank, &world->account, "b1");
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    refuse_with_note(world, world->shipping, &claim.out, &world->delivery, "s3");
    for (int limit = 1; limit < 5; limit += 3) {
        struct disclosure_list list = {.limit = limit, .from_at_ms = begin_ms + 5};
        assert_string_equal(told(world, world->ada, list), limit == 1 ? "s3 s2 b1" : "s3 b1 s2");
        list.until_at_ms = begin_ms + 25;
        assert_string_equal(told(world, world->ada, list), limit == 1 ? "s2 b1" : "b1 s2");
        list.from_at_ms = begin_ms + 15;
        assert_string_equal(told(world, world->ada, list), "b1");
    }
    struct disclosure_list strange = {.limit = 5, .after = claim.out.relationship_id};
    ASSERT_FAILS(world, disclosure_list(world_as(world, world->ada), &strange), NOT_FOUND, "not_found");
}

static void the_audit_finds_a_list_that_leads_to_a_stranger_or_not_at_all(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship shop = invited_relationship(world, world->shipping, &code);
    refuse_with_note(world, world->shipping, &shop, &world->delivery, "s1");
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "people.db", "UPDATE predecessor SET sealed = zeroblob(72)");
    assert_true(world_audit(world, 9) > 0);
    world_spoil(world, "people.db", "UPDATE predecessor SET person_id = (SELECT max(person_id) FROM person "
                                    "WHERE state = 2 AND person_id <> predecessor.person_id)");
    assert_int_equal(world_audit(world, 9), 2); /* neither Ada's nor anybody else's to see */
}

static void many_questions_do_not_keep_anybody_from_claiming(void **state)
{
    struct world *world = *state;
    struct text code;
    struct relationship shop = invited_relationship(world, world->shipping, &code);
    char kept[40];
    assert_true(code.size <= sizeof kept);
    memcpy(kept, code.at, code.size); /* the arena is emptied meanwhile */
    code.at = kept;
    for (int i = 0; i < LIMIT_PAGE_MAX + 1; i++) {
        struct request request = world_ask(world, world->shipping, &shop, &world->delivery);
        struct request_cancel cancel = {.person_id = request.person_id, .request_id = request.request_id};
        ASSERT_OK(world, WRITE(world, world->shipping, request_cancel, &cancel));
        test_node_pass(&world->node, TIME_DAY_MS / 180);
        test_node_rest(&world->node);
    }
    struct invitation_claim claim = {.code = code};
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    struct request_list list = {.limit = LIMIT_ROWS};
    ASSERT_OK(world, request_list_of_person(world_as(world, world->ada), &list));
    assert_int_equal(list.out_count, LIMIT_PAGE_MAX + 1);
    ASSERT_OK(world, leftover_sweep(world_as(world, world->operator_), world->node.store));
    assert_int_equal(world_audit(world, 0), 0);
}

static void nobody_is_claimed_twice(void **state)
{
    struct world *world = *state;
    struct text code;
    struct text copied;
    struct relationship shop = invited_relationship(world, world->shipping, &code);
    struct relationship other = invited_relationship(world, world->shipping, &copied);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "UPDATE invitation SET person_id = %lld, relationship_id = %lld WHERE person_id = "
                   "%lld", (long long)shop.person_id, (long long)shop.relationship_id, (long long)other.person_id);
    world_spoil(world, "people.db", sql); /* two codes for one */
    struct invitation_claim_new newcomer = {.code = code};
    struct actor nobody = {.kind = ACTOR_NOBODY};
    ASSERT_OK(world, WRITE(world, nobody, invitation_claim_new, &newcomer));
    struct invitation_claim claim = {.code = copied};
    ASSERT_FAILS(world, WRITE(world, world->bob, invitation_claim, &claim), NOT_FOUND, "invitation.unknown");
    newcomer.code = copied;
    ASSERT_FAILS(world, WRITE(world, nobody, invitation_claim_new, &newcomer), NOT_FOUND, "invitation.unknown");
}

static void an_invited_relationship_cannot_be_lived_before_it_is_claimed(void **state)
{
    struct world *world = *state;
    struct invitation_make make = invited(world, 1);
    struct actor unclaimed = {.kind = ACTOR_PERSON, .person_id = make.out_relationship.person_id};
    struct relationship_end end = {.relationship_id = make.out_relationship.relationship_id};
    ASSERT_FAILS(world, WRITE(world, unclaimed, relationship_end, &end), CONFLICT, "relationship.not_active");
    struct relationship_change change = {.relationship_id = end.relationship_id, .move = MOVE_PAUSE};
    ASSERT_FAILS(world, WRITE(world, unclaimed, relationship_change, &change), CONFLICT, "relationship.not_active");
    struct person_link link = {.person_id = unclaimed.person_id};
    ASSERT_FAILS(world, WRITE(world, world->operator_, person_link, &link), CONFLICT, "person.not_active");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_invitation_has_bounds),
        WORLD_TEST(a_code_works_until_its_hour_and_once),
        WORLD_TEST(a_failed_claim_uses_nothing_up),
        WORLD_TEST(an_invitation_takes_the_place_of_a_proposal),
        WORLD_TEST(one_person_has_one_living_relationship_with_an_organisation),
        WORLD_TEST(a_code_for_many_makes_a_relationship_for_each),
        WORLD_TEST(somebody_who_is_here_takes_over_all_that_waited),
        WORLD_TEST(somebody_new_becomes_the_one_who_was_invited),
        WORLD_TEST(what_was_refused_before_a_claim_is_told_to_the_claimer),
        WORLD_TEST(hours_bound_what_was_refused_before_a_claim_as_well),
        WORLD_TEST(the_audit_finds_a_list_that_leads_to_a_stranger_or_not_at_all),
        WORLD_TEST(many_questions_do_not_keep_anybody_from_claiming),
        WORLD_TEST(nobody_is_claimed_twice),
        WORLD_TEST(an_invited_relationship_cannot_be_lived_before_it_is_claimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
