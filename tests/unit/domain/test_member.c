/* SPDX-License-Identifier: Apache-2.0
 * Goal: a member comes by one code, once and in time, may what his row was made with, and is nobody from his end on.
 * Method: each way in and each end of it, rows that somebody has changed, and an audit of all. */
#include "domain/parties/member.h"

#include "base/limits.h"
#include "domain/entrance/passkey.h"
#include "domain/entrance/recovery.h"
#include "domain/entrance/session.h"
#include "domain/people/erasure.h"
#include "domain/proof/deed.h"
#include "support/world.h"

static const struct actor NOBODY = {.kind = ACTOR_NOBODY};

static struct member_invite invite(struct world *world, member_role role)
{
    struct member_invite invite = {.organisation_id = world->shop.organisation_id,
                                   .department_id = world->shipping.department_id,
                                   .name = TEXT("Mia Moser"),
                                   .role = role};
    ASSERT_OK(world, WRITE(world, world->operator_, member_invite, &invite));
    assert_int_equal(invite.out.state, MEMBER_INVITED);
    return invite;
}

static struct text join(struct world *world, const struct member_invite *invite)
{
    struct member_claim claim = {.code = invite->out_code};
    uint64_t number = 0;
    ASSERT_OK(world, member_look(world_as(world, NOBODY), claim.code, &number));
    assert_int_equal(number, invite->out.member_id);
    ASSERT_OK(world, WRITE(world, NOBODY, member_claim, &claim));
    assert_int_equal(claim.out.state, MEMBER_ACTIVE);
    assert_true(text_is(claim.out.name, "Mia Moser"));
    return claim.out_session_token;
}

static struct actor authenticated(struct world *world, struct text token)
{
    struct actor actor;
    ASSERT_OK(world, session_authenticate(world_as(world, NOBODY), token, &actor));
    return actor;
}

#define ASSERT_UNKNOWN(world, text)                                                                                 \
    do {                                                                                                            \
        struct member_claim unknown = {.code = (text)};                                                             \
        uint64_t none = 0;                                                                                          \
        ASSERT_FAILS(world, member_look(world_as(world, NOBODY), (text), &none), NOT_FOUND, "invitation.unknown");  \
        ASSERT_FAILS(world, WRITE(world, NOBODY, member_claim, &unknown), NOT_FOUND, "invitation.unknown");         \
    } while (0)

static void a_code_makes_a_member_once_and_within_a_week(void **state)
{
    struct world *world = *state;
    struct member_invite one = invite(world, MEMBER_ADMIN);
    struct member_invite late = invite(world, MEMBER_VIEWER);
    struct actor mia = authenticated(world, join(world, &one));
    assert_int_equal(mia.kind, ACTOR_MEMBER);
    assert_int_equal(mia.person_id, one.out.member_id);
    assert_int_equal(mia.organisation_id, world->shop.organisation_id);
    assert_int_equal(mia.department_id, world->shipping.department_id);
    assert_int_equal(mia.department_bit, world->shipping.department_bit);
    assert_int_equal(mia.role, MEMBER_ADMIN);
    assert_int_equal(mia.passkey_at_ms, 0);
    struct member_claim again = {.code = one.out_code};
    uint64_t number = 0;
    ASSERT_FAILS(world, WRITE(world, NOBODY, member_claim, &again), NOT_FOUND, "invitation.unknown");
    test_node_pass(&world->node, LIMIT_CLAIM_ANSWER_MS - 1);
    ASSERT_OK(world, member_look(world_as(world, NOBODY), one.out_code, &number)); /* an answer may be kept */
    test_node_pass(&world->node, 1);
    ASSERT_UNKNOWN(world, one.out_code);
    ASSERT_UNKNOWN(world, TEXT("0000-0000-0000-0000"));
    ASSERT_UNKNOWN(world, TEXT("no code"));
    test_node_pass(&world->node, LIMIT_MEMBER_CODE_MS - LIMIT_CLAIM_ANSWER_MS - 1);
    ASSERT_OK(world, member_look(world_as(world, NOBODY), late.out_code, &number));
    test_node_pass(&world->node, 1);
    ASSERT_UNKNOWN(world, late.out_code);
    assert_int_equal(world_audit(world, 0), 0);
}

static void who_may_invite_and_what_is_refused(void **state)
{
    struct world *world = *state;
    struct member_invite bad = {.organisation_id = world->shop.organisation_id,
                                .department_id = world->shipping.department_id,
                                .role = MEMBER_VIEWER};
    ASSERT_FAILS(world, WRITE(world, world->operator_, member_invite, &bad), INVALID, "member.name");
    bad.name = TEXT(" Mia");
    ASSERT_FAILS(world, WRITE(world, world->operator_, member_invite, &bad), INVALID, "member.name");
    bad.name = TEXT("Mia");
    bad.department_id = world->teller.department_id;
    ASSERT_FAILS(world, WRITE(world, world->operator_, member_invite, &bad), NOT_FOUND, "not_found");
    bad.department_id = world->shipping.department_id;
    ASSERT_FAILS(world, WRITE(world, world->ada, member_invite, &bad), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, WRITE(world, world->teller, member_invite, &bad), NOT_FOUND, "not_found");
    ASSERT_OK(world, WRITE(world, world->shipping, member_invite, &bad));
}

static void no_more_than_an_organisation_may_have(void **state)
{
    struct world *world = *state;
    (void)invite(world, MEMBER_VIEWER);
    world_spoil(world, "people.db", "INSERT INTO member SELECT member_id + n, organisation_id, department_id, "
                "department_bit, role, created_at_ms, expires_at_ms, code_hash, claimed_at_ms, tag, ended_at_ms FROM "
                "member, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 999) "
                "SELECT n FROM c) AS numbers");
    struct member_invite more = {.organisation_id = world->shop.organisation_id,
                                 .department_id = world->shipping.department_id,
                                 .name = TEXT("Mia"), .role = MEMBER_VIEWER};
    ASSERT_FAILS(world, WRITE(world, world->operator_, member_invite, &more), TOO_LARGE, "member.too_many");
}

static void from_the_end_on_nobody_signs_in(void **state)
{
    struct world *world = *state;
    struct member_invite one = invite(world, MEMBER_ADMIN);
    struct text token = join(world, &one);
    struct actor mia = authenticated(world, token);
    struct recovery_codes codes;
    struct member own;
    ASSERT_OK(world, WRITE(world, mia, recovery_codes_make, &codes));
    ASSERT_OK(world, member_load_own(world_as(world, mia), &own));
    assert_true(text_is(own.name, "Mia Moser"));
    struct member_end end = {world->shop.organisation_id, one.out.member_id};
    struct member_end other = {world->bank.organisation_id, one.out.member_id};
    ASSERT_FAILS(world, WRITE(world, world->operator_, member_end, &other), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, world->teller, member_end, &end), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, WRITE(world, mia, member_end, &end), FORBIDDEN, "passkey.not_fresh");
    ASSERT_OK(world, WRITE(world, world->shipping, member_end, &end));
    ASSERT_FAILS(world, WRITE(world, world->shipping, member_end, &end), NOT_FOUND, "not_found");
    struct actor gone;
    ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), token, &gone), UNAUTHENTICATED,
                 "session.unknown");
    ASSERT_FAILS(world, recovery_look(world_as(world, NOBODY), codes.out[0]), UNAUTHENTICATED,
                 "recovery.code_unknown");
    ASSERT_FAILS(world, member_load_own(world_as(world, mia), &own), NOT_FOUND, "not_found");
    ASSERT_FAILS(world, person_is_still_here(world_as(world, mia)), UNAUTHENTICATED, "session.unknown");
    struct id id = {.type = ID_PERSON};
    ASSERT_OK(world, human_find(world_as(world, NOBODY), one.out.member_id, &id));
    assert_int_equal(id.type, ID_NONE);
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(work.out_done, 1);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM recovery_code"), 0);
    assert_int_equal(world_number(world, "people.db", "SELECT count(*) FROM vault WHERE length(sealed) > 0 AND "
                                  "person_id IN (SELECT member_id FROM member)"), 0);
    struct member_list list = {.limit = 10};
    ASSERT_OK(world, member_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 1);
    assert_int_equal(list.out[0].state, MEMBER_ENDED);
    assert_int_equal(list.out[0].name.size, 0);
    assert_int_equal(world_audit(world, 0), 0);
}

/* One who is forgotten as a person is no member any more. */
static void an_erasure_ends_a_membership(void **state)
{
    struct world *world = *state;
    struct member_invite one = invite(world, MEMBER_VIEWER);
    struct erasure_begin erase = {.person_id = one.out.member_id};
    ASSERT_OK(world, WRITE(world, world->operator_, erasure_begin, &erase));
    ASSERT_UNKNOWN(world, one.out_code);
    assert_int_equal(world_audit(world, 0), 0);
}

static void lists_go_on_where_they_stopped(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3; i++)
        (void)invite(world, MEMBER_VIEWER);
    struct member_list list = {.limit = 2};
    ASSERT_OK(world, member_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 2);
    assert_true(list.out_more);
    list.after = list.out[1].member_id;
    ASSERT_OK(world, member_list(world_as(world, world->marketing), &list));
    assert_int_equal(list.out_count, 1);
    assert_false(list.out_more);
    ASSERT_OK(world, member_list(world_as(world, world->teller), &list));
    assert_int_equal(list.out_count, 0);
}

/* Whoever can write rows and has no key of the node. */
static void a_row_that_was_changed_is_nobodys(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE member SET role = 2",
        "UPDATE member SET department_bit = 2",
        "UPDATE member SET department_id = department_id + 1",
        "UPDATE member SET organisation_id = organisation_id + 1",
        "UPDATE member SET claimed_at_ms = claimed_at_ms - 1",
        "UPDATE member SET tag = 'AAAAAAAAAAAAAAAAAAAAAA'",
        "UPDATE member SET tag = ''",
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        struct member_invite one = invite(world, MEMBER_VIEWER);
        struct text token = join(world, &one);
        (void)authenticated(world, token);
        world_spoil(world, "people.db", CHANGES[i]);
        struct actor actor;
        ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), token, &actor), UNAUTHENTICATED,
                     "session.unknown");
        assert_true(world_audit(world, 10) > 0);
        world_close(world);
        world_open(world);
    }
}

static void a_row_that_is_gone_is_missed(void **state)
{
    struct world *world = *state;
    (void)invite(world, MEMBER_VIEWER);
    assert_int_equal(world_audit(world, 0), 0);
    world_spoil(world, "people.db", "DELETE FROM member");
    assert_int_equal(world_audit(world, 3), 3); /* and nothing bears out that somebody was invited */
}

static void no_more_are_invited_than_a_day_takes(void **state)
{
    struct world *world = *state;
    struct member_invite more = {.organisation_id = world->shop.organisation_id,
                                 .department_id = world->shipping.department_id,
                                 .name = TEXT("Mia"), .role = MEMBER_VIEWER};
    for (int i = 0; i < LIMIT_MEMBERS_A_DAY; i++) {
        ASSERT_OK(world, WRITE(world, world->shipping, member_invite, &more));
        struct member_end end = {world->shop.organisation_id, more.out.member_id};
        ASSERT_OK(world, WRITE(world, world->shipping, member_end, &end));
    }
    ASSERT_FAILS_OF_A_DAY(world, WRITE(world, world->shipping, member_invite, &more), "member.too_many_a_day");
    ASSERT_OK(world, WRITE(world, world->operator_, member_invite, &more));
    more.organisation_id = world->bank.organisation_id;
    more.department_id = world->teller.department_id;
    ASSERT_OK(world, WRITE(world, world->teller, member_invite, &more));
    test_node_pass(&world->node, TIME_DAY_MS);
    ASSERT_OK(world, WRITE(world, world->teller, member_invite, &more));
    more.organisation_id = world->shop.organisation_id;
    more.department_id = world->shipping.department_id;
    test_node_pass(&world->node, 1);
    ASSERT_OK(world, WRITE(world, world->shipping, member_invite, &more));
}

/* ---- who did what */

static struct deed newest_deed(struct world *world)
{
    struct deed_list list = {.limit = 1};
    ASSERT_OK(world, deed_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out_count, 1);
    return list.out[0];
}

static struct actor fresh_admin(struct world *world)
{
    struct member_invite one = invite(world, MEMBER_ADMIN);
    struct actor mia = authenticated(world, join(world, &one));
    mia.passkey_at_ms = world->node.cx.now_ms;
    return mia;
}

static void each_change_of_the_set_up_says_whose_it_was(void **state)
{
    struct world *world = *state;
    struct actor mia = fresh_admin(world);
    assert_int_equal(newest_deed(world).actor_kind, ACTOR_OPERATOR);
    assert_int_equal(newest_deed(world).actor_id, 0);
    struct department_create create = {.organisation_id = mia.organisation_id, .name = TEXT("Sales")};
    ASSERT_OK(world, WRITE(world, mia, department_create, &create));
    struct deed deed = newest_deed(world);
    struct id subject = deed_subject(&deed);
    assert_true(text_is(deed.kind, "department.created"));
    assert_int_equal(deed.actor_kind, ACTOR_MEMBER);
    assert_int_equal(deed.actor_id, mia.person_id);
    assert_int_equal(subject.type, ID_DEPARTMENT);
    assert_int_equal(subject.owner, mia.organisation_id);
    assert_int_equal(subject.item, create.out.department_id);
    struct member_end end = {mia.organisation_id, mia.person_id};
    ASSERT_OK(world, WRITE(world, world->shipping, member_end, &end));
    deed = newest_deed(world);
    assert_true(text_is(deed.kind, "member.ended"));
    assert_int_equal(deed.actor_kind, ACTOR_SYSTEM);
    assert_int_equal(deed.actor_id, world->shipping.system_id);
    assert_int_equal(deed_subject(&deed).type, ID_MEMBER);
    struct erasure_work work = {.told = NULL};
    ASSERT_OK(world, erasure_finish(world_as(world, world->operator_), world->node.store, &work));
    assert_int_equal(work.out_done, 1);
    struct deed_list list = {.limit = 10, .before = deed.deed_id};
    ASSERT_OK(world, deed_list(world_as(world, world->shipping), &list));
    assert_int_equal(list.out[0].actor_id, mia.person_id); /* for good */
    assert_int_equal(list.out[list.out_count - 1].subject_id, world->shop.organisation_id);
    assert_int_equal(world_audit(world, 0), 0);
}

static void deeds_are_shown_to_admins_alone(void **state)
{
    struct world *world = *state;
    struct member_invite one = invite(world, MEMBER_VIEWER);
    struct actor vic = authenticated(world, join(world, &one));
    struct actor mia = fresh_admin(world);
    struct deed_list list = {.limit = 2};
    vic.passkey_at_ms = world->node.cx.now_ms;
    ASSERT_FAILS(world, deed_list(world_as(world, vic), &list), FORBIDDEN, "actor.wrong_kind");
    ASSERT_FAILS(world, deed_list(world_as(world, world->ada), &list), FORBIDDEN, "actor.wrong_kind");
    mia.passkey_at_ms = 0;
    ASSERT_FAILS(world, deed_list(world_as(world, mia), &list), FORBIDDEN, "passkey.not_fresh");
    mia.passkey_at_ms = 1;
    ASSERT_OK(world, deed_list(world_as(world, mia), &list));
    assert_int_equal(list.out_count, 2);
    assert_true(list.out_more);
    for (size_t i = 0; i < list.out_count; i++)
        assert_int_equal(list.out[i].organisation_id, world->shop.organisation_id);
    ASSERT_OK(world, deed_list(world_as(world, world->teller), &list));
    for (size_t i = 0; i < list.out_count; i++)
        assert_int_equal(list.out[i].organisation_id, world->bank.organisation_id);
}

/* Whoever can write rows and has no key of the node. */
static void a_deed_that_was_changed_is_missed(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE deed SET actor_id = actor_id + 1 WHERE kind = 'member.invited'",
        "UPDATE deed SET actor_kind = 2 WHERE kind = 'member.invited'",
        "UPDATE deed SET tag = '' WHERE kind = 'member.invited'",
        "UPDATE deed SET tag = '', actor_kind = 0 WHERE kind = 'member.invited'",
        "DELETE FROM deed WHERE kind = 'member.invited'",
        "UPDATE deed SET kind = 'member.ended' WHERE kind = 'member.invited'",
        "UPDATE deed SET subject_id = subject_id + 1 WHERE kind = 'member.invited'",
        "UPDATE deed SET at_ms = at_ms + 1 WHERE kind = 'member.invited'",
        "UPDATE deed SET organisation_id = organisation_id + 1 WHERE kind = 'member.invited'",
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        (void)invite(world, MEMBER_ADMIN);
        assert_int_equal(world_audit(world, 0), 0);
        world_spoil(world, "people.db", CHANGES[i]);
        assert_true(world_audit(world, 10) > 0);
        world_close(world);
        world_open(world);
    }
}

static void ignore_finding(void *self, struct text sentence)
{
    (void)self, (void)sentence; /* they are counted */
}

/* Rows as a store has them that was there before deeds were noted. */
static void deeds_from_before_have_no_doer(void **state)
{
    struct world *world = *state;
    struct audit_report report = {.found = ignore_finding};
    world_spoil(world, "people.db", "DELETE FROM deed; INSERT INTO deed (organisation_id, deed_id, kind, subject_id, "
                "at_ms, actor_kind, actor_id, tag) SELECT organisation_id, event_id, kind, subject_id, at_ms, 0, 0, '' "
                "FROM outbox WHERE person_id = 0");
    assert_int_equal(newest_deed(world).actor_kind, ACTOR_NOBODY);
    assert_int_equal(world_audit(world, 0), 0);
    (void)invite(world, MEMBER_ADMIN);
    ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &report));
    assert_int_equal(report.findings, 0);
    assert_int_equal(report.untagged, world_number(world, "people.db", "SELECT count(*) FROM deed WHERE tag = ''"));
    assert_true(report.untagged > 0);
}

static void a_code_of_ones_own_is_none(void **state)
{
    struct world *world = *state;
    struct member_invite one = invite(world, MEMBER_ADMIN);
    struct member_invite other = invite(world, MEMBER_VIEWER);
    struct text token = join(world, &other);
    world_spoil(world, "people.db", "UPDATE member SET expires_at_ms = expires_at_ms + 1 WHERE role = 2");
    ASSERT_UNKNOWN(world, one.out_code);
    world_spoil(world, "people.db", "UPDATE member SET expires_at_ms = expires_at_ms - 1 WHERE role = 2");
    uint64_t number = 0;
    ASSERT_OK(world, member_look(world_as(world, NOBODY), one.out_code, &number));
    world_spoil(world, "people.db", "UPDATE session SET person_id = (SELECT member_id FROM member WHERE role = 2)");
    struct actor actor;
    ASSERT_FAILS(world, session_authenticate(world_as(world, NOBODY), token, &actor), UNAUTHENTICATED,
                 "session.unknown");
}

static void either_id_names_who_signs_in(void **state)
{
    struct world *world = *state;
    struct member_invite one = invite(world, MEMBER_VIEWER);
    struct ctx *cx = world_as(world, NOBODY);
    struct id id = {.type = ID_NONE};
    int64_t number = 0;
    ASSERT_OK(world, human_read_id(cx, id_text(cx, (struct id){ID_PERSON, world->ada.person_id, 0}), &number));
    assert_int_equal(number, world->ada.person_id);
    ASSERT_OK(world, human_find(cx, number, &id));
    assert_int_equal(id.type, ID_PERSON);
    ASSERT_OK(world, human_read_id(cx, id_text(cx, (struct id){ID_MEMBER, one.organisation_id, one.out.member_id}),
                                   &number));
    assert_int_equal(number, one.out.member_id);
    ASSERT_OK(world, human_find(cx, number, &id));
    assert_int_equal(id.type, ID_MEMBER);
    assert_int_equal(id.owner, one.organisation_id);
    assert_int_equal(human_read_id(cx, TEXT("mem_nobody"), &number), NOT_FOUND);
    assert_int_equal(human_read_id(world_as(world, NOBODY), TEXT("x"), &number), NOT_FOUND);
    ASSERT_OK(world, human_find(world_as(world, NOBODY), 1, &id));
    assert_int_equal(id.type, ID_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_code_makes_a_member_once_and_within_a_week),
        WORLD_TEST(who_may_invite_and_what_is_refused),
        WORLD_TEST(no_more_than_an_organisation_may_have),
        WORLD_TEST(from_the_end_on_nobody_signs_in),
        WORLD_TEST(an_erasure_ends_a_membership),
        WORLD_TEST(lists_go_on_where_they_stopped),
        WORLD_TEST(a_row_that_was_changed_is_nobodys),
        WORLD_TEST(a_row_that_is_gone_is_missed),
        WORLD_TEST(no_more_are_invited_than_a_day_takes),
        WORLD_TEST(each_change_of_the_set_up_says_whose_it_was),
        WORLD_TEST(deeds_are_shown_to_admins_alone),
        WORLD_TEST(a_deed_that_was_changed_is_missed),
        WORLD_TEST(deeds_from_before_have_no_doer),
        WORLD_TEST(a_code_of_ones_own_is_none),
        WORLD_TEST(either_id_names_who_signs_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
