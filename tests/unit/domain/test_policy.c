/* SPDX-License-Identifier: Apache-2.0
 * Goal: who may do what, said a second time by hand, holds for every deed, every kind of caller, and objects of one's
 * own and of others. Method: the whole matrix. A deed that is missing here, or new, fails. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "domain/policy.h"
#include "support/cmocka.h"

/* P: the person whom it is about. O: any system of the organisation. D: a system of that very department. M: of a
 * department that it names. N: nobody but the operator, who may do all; of members speaks the next table. */
static const struct {
    policy_deed deed;
    char        who;
} BY_HAND[] = {
    {POLICY_PERSON_ERASE, 'P'},       {POLICY_MEMBER_READ, '.'},         {POLICY_MEMBER_SEE, 'O'},
    {POLICY_MEMBER_MANAGE, 'O'},      {POLICY_DEED_SEE, 'O'},            {POLICY_REQUEST_SEE, 'D'},
    {POLICY_PASSKEY_READ, 'P'},       {POLICY_PASSKEY_CHANGE, 'P'},      {POLICY_SESSION_READ, 'P'},
    {POLICY_SESSION_END, 'P'},
    {POLICY_VAULT_READ, 'P'},         {POLICY_VAULT_WRITE, 'P'},         {POLICY_RELATIONSHIP_READ, 'P'},
    {POLICY_RELATIONSHIP_SHAPE, 'P'}, {POLICY_RELATIONSHIP_SEE, 'O'},    {POLICY_RELATIONSHIP_ACCEPT, 'O'},
    {POLICY_REQUEST_READ, 'P'},       {POLICY_REQUEST_ANSWER, 'P'},      {POLICY_REQUEST_MAKE, 'O'},
    {POLICY_REQUEST_FOLLOW, 'D'},     {POLICY_GRANT_READ, 'P'},          {POLICY_GRANT_GIVE, 'P'},
    {POLICY_GRANT_STOP, 'P'},         {POLICY_GRANT_SEE, 'M'},           {POLICY_GRANT_REPORT_EVENT, 'M'},
    {POLICY_GRANT_GIVE_BACK, 'M'},
    {POLICY_DISCLOSURE_READ, 'P'},    {POLICY_DISCLOSURE_ASK, 'O'},      {POLICY_RECORD_READ, 'P'},
    {POLICY_RECORD_SEE, 'D'},         {POLICY_RECEIPT_READ, 'P'},        {POLICY_RECEIPT_SEE, 'M'},
    {POLICY_PURPOSE_WRITE, 'M'},      {POLICY_PURPOSE_SEE, 'O'},         {POLICY_INVITATION_MAKE, 'O'},
    {POLICY_ORGANISATION_SEE, 'O'},   {POLICY_ORGANISATION_CHANGE, 'O'}, {POLICY_NODE_MANAGE, 'N'},
};

/* Of members: v is for every role, a for admins; P, O, D, M as above; the last letter is what the session must have
 * shown: - nothing, p a passkey, f one lately. What is not here no member does. */
static const struct {
    policy_deed deed;
    const char *who;
} MEMBERS_BY_HAND[] = {
    {POLICY_PASSKEY_READ, "vP-"},     {POLICY_PASSKEY_CHANGE, "vP-"},      {POLICY_SESSION_READ, "vP-"},
    {POLICY_SESSION_END, "vP-"},      {POLICY_MEMBER_READ, "vP-"},         {POLICY_RELATIONSHIP_SEE, "vOp"},
    {POLICY_REQUEST_SEE, "vDp"},      {POLICY_RECEIPT_SEE, "vMp"},         {POLICY_PURPOSE_SEE, "vOp"},
    {POLICY_ORGANISATION_SEE, "vOp"}, {POLICY_ORGANISATION_CHANGE, "aOf"}, {POLICY_MEMBER_SEE, "aOp"},
    {POLICY_MEMBER_MANAGE, "aOf"},    {POLICY_DEED_SEE, "aOp"},
};

enum { ADA = 1001, BOB, SHOP = 2001, BANK, SHIPPING = 3001, MARKETING, RETURNS };
enum { SHIPPING_BIT = 1, MARKETING_BIT = 2, RETURNS_BIT = 4 };

static const struct actor CALLERS[] = {
    {.kind = ACTOR_NOBODY},
    {.kind = ACTOR_PERSON, .person_id = ADA},
    {.kind = ACTOR_PERSON, .person_id = BOB},
    {.kind = ACTOR_SYSTEM, .organisation_id = SHOP, .department_id = SHIPPING, .department_bit = SHIPPING_BIT,
     .scopes = 0xFFFFFFFF},
    {.kind = ACTOR_SYSTEM, .organisation_id = SHOP, .department_id = MARKETING, .department_bit = MARKETING_BIT,
     .scopes = 0xFFFFFFFF},
    {.kind = ACTOR_SYSTEM, .organisation_id = SHOP, .department_id = RETURNS, .department_bit = RETURNS_BIT,
     .scopes = 0xFFFFFFFF},
    {.kind = ACTOR_SYSTEM, .organisation_id = BANK, .department_id = SHIPPING, .department_bit = SHIPPING_BIT,
     .scopes = 0xFFFFFFFF},
    {.kind = ACTOR_OPERATOR},
};

/* Ada's, with the shop, of Shipping, and it names Returns as well. */
static const struct policy_object OBJECT = {ADA, SHOP, SHIPPING, SHIPPING_BIT | RETURNS_BIT};

static err wanted(char who, const struct actor *caller)
{
    bool person = caller->kind == ACTOR_PERSON;
    bool system = caller->kind == ACTOR_SYSTEM;
    bool own_organisation = caller->organisation_id == SHOP;
    if (caller->kind == ACTOR_OPERATOR)
        return OK;
    switch (who) {
    case 'P':
        return !person ? FORBIDDEN : caller->person_id == ADA ? OK : NOT_FOUND;
    case 'O':
        return !system ? FORBIDDEN : own_organisation ? OK : NOT_FOUND;
    case 'D':
        return !system ? FORBIDDEN : own_organisation && caller->department_id == SHIPPING ? OK : NOT_FOUND;
    case 'M':
        return !system ? FORBIDDEN : own_organisation && caller->department_id != MARKETING ? OK : NOT_FOUND;
    default:
        return FORBIDDEN;
    }
}

static err ask(const struct actor *caller, policy_deed deed, const struct policy_object *object)
{
    struct ctx cx = {.actor = *caller};
    err result = policy_require(&cx, deed, object);
    assert_int_equal(cx.failure.code, result);
    return result;
}

static void every_deed_is_in_the_table_once(void **state)
{
    (void)state; /* the table is all it needs */
    bool seen[POLICY_COUNT] = {false};
    for (size_t i = 0; i < sizeof BY_HAND / sizeof *BY_HAND; i++) {
        assert_false(seen[BY_HAND[i].deed]);
        seen[BY_HAND[i].deed] = true;
    }
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (!seen[i])
            fail_msg("deed %zu is in policy.def and not in this table", i);
}

static void every_caller_may_do_what_the_table_says(void **state)
{
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof BY_HAND / sizeof *BY_HAND; i++)
        for (size_t j = 0; j < sizeof CALLERS / sizeof *CALLERS; j++)
            if (ask(&CALLERS[j], BY_HAND[i].deed, &OBJECT) != wanted(BY_HAND[i].who, &CALLERS[j]))
                fail_msg("deed %d by caller %zu", (int)BY_HAND[i].deed, j);
}

static void an_object_of_nobody_is_nobodys(void **state)
{
    (void)state; /* the table is all it needs */
    static const struct policy_object NOBODYS = {0, 0, 0, 0};
    for (size_t i = 0; i < sizeof BY_HAND / sizeof *BY_HAND; i++) {
        struct actor empty_person = {.kind = ACTOR_PERSON};
        struct actor empty_system = {.kind = ACTOR_SYSTEM};
        assert_int_not_equal(ask(&empty_person, BY_HAND[i].deed, &NOBODYS), OK);
        assert_int_not_equal(ask(&empty_system, BY_HAND[i].deed, &NOBODYS), OK);
        for (size_t j = 0; j < sizeof CALLERS / sizeof *CALLERS; j++)
            if (CALLERS[j].kind != ACTOR_OPERATOR)
                assert_int_not_equal(ask(&CALLERS[j], BY_HAND[i].deed, &NOBODYS), OK);
    }
}

/* A purpose or relationship as a whole has no department; a system without one is not thereby its own. */
static void an_object_of_no_department_is_no_departments_own(void **state)
{
    (void)state; /* the table is all it needs */
    static const struct policy_object OF_THE_SHOP = {ADA, SHOP, 0, 0};
    const struct actor unplaced = {.kind = ACTOR_SYSTEM, .organisation_id = SHOP};
    assert_int_equal(ask(&unplaced, POLICY_RECORD_SEE, &OF_THE_SHOP), NOT_FOUND);
    assert_int_equal(ask(&unplaced, POLICY_GRANT_SEE, &OF_THE_SHOP), NOT_FOUND);
    assert_int_equal(ask(&unplaced, POLICY_RELATIONSHIP_SEE, &OF_THE_SHOP), OK);
}

static void ones_own_is_a_matter_of_kind_alone(void **state)
{
    (void)state; /* the table is all it needs */
    for (size_t i = 0; i < sizeof BY_HAND / sizeof *BY_HAND; i++) {
        for (size_t j = 0; j < sizeof CALLERS / sizeof *CALLERS; j++) {
            struct ctx cx = {.actor = CALLERS[j]};
            bool fits = (BY_HAND[i].who == 'P' && CALLERS[j].kind == ACTOR_PERSON) ||
                        (strchr("ODM", BY_HAND[i].who) != NULL && CALLERS[j].kind == ACTOR_SYSTEM) ||
                        CALLERS[j].kind == ACTOR_OPERATOR;
            assert_int_equal(policy_require_own(&cx, BY_HAND[i].deed), fits ? OK : FORBIDDEN);
        }
    }
}

/* ---- members */

enum { NOW_MS = 1000000000 };

/* Every member there can be, as far as the table tells them apart. */
struct member_case {
    member_role role;
    int64_t     person_id;
    int64_t     organisation_id;
    int64_t     department_id;
    int64_t     department_bit;
    int64_t     passkey_at_ms;
};

static const char *row_of(policy_deed deed)
{
    for (size_t i = 0; i < sizeof MEMBERS_BY_HAND / sizeof *MEMBERS_BY_HAND; i++)
        if (MEMBERS_BY_HAND[i].deed == deed)
            return MEMBERS_BY_HAND[i].who;
    return NULL;
}

static bool is_near(char relation, const struct member_case *member)
{
    if (relation == 'P')
        return member->person_id == ADA;
    if (member->organisation_id != SHOP)
        return false;
    return relation == 'O' || (relation == 'D' ? member->department_id == SHIPPING
                                               : member->department_bit != MARKETING_BIT);
}

static const char *reason_for(const char *row, const struct member_case *member)
{
    if (row == NULL || (row[0] == 'a' && member->role != MEMBER_ADMIN))
        return "actor.wrong_kind";
    if (!is_near(row[1], member))
        return "not_found";
    bool lately = member->passkey_at_ms > NOW_MS - LIMIT_FRESH_MS;
    bool shown = row[2] == '-' || (row[2] == 'p' ? member->passkey_at_ms != 0 : lately);
    return shown ? NULL : "passkey.not_fresh";
}

static void try_member(policy_deed deed, const struct member_case *member)
{
    struct ctx cx = {.now_ms = NOW_MS,
                     .actor = {.kind = ACTOR_MEMBER, .role = member->role, .person_id = member->person_id,
                               .organisation_id = member->organisation_id, .department_id = member->department_id,
                               .department_bit = member->department_bit, .passkey_at_ms = member->passkey_at_ms,
                               .scopes = 0xFFFFFFFF}};
    const char *reason = reason_for(row_of(deed), member);
    err result = policy_require(&cx, deed, &OBJECT);
    if (reason == NULL ? result != OK : result == OK || strcmp(cx.failure.reason, reason) != 0)
        fail_msg("deed %d by a member of role %d: %s, not %s", (int)deed, (int)member->role,
                 result == OK ? "OK" : cx.failure.reason, reason == NULL ? "OK" : reason);
}

/* In each role, and with each age of the proof. */
static void try_members_at(policy_deed deed, struct member_case member)
{
    static const int64_t PROOFS[] = {0, 1, NOW_MS - LIMIT_FRESH_MS, NOW_MS - LIMIT_FRESH_MS + 1, NOW_MS};
    for (size_t i = 0; i < sizeof PROOFS / sizeof *PROOFS; i++)
        for (int role = MEMBER_VIEWER; role <= MEMBER_ADMIN; role++) {
            member.role = (member_role)role;
            member.passkey_at_ms = PROOFS[i];
            try_member(deed, &member);
        }
}

static void a_member_may_do_what_his_table_says_and_nothing_else(void **state)
{
    (void)state; /* the table is all it needs */
    static const struct member_case PLACES[] = {
        {.person_id = ADA, .organisation_id = SHOP, .department_id = SHIPPING, .department_bit = SHIPPING_BIT},
        {.person_id = BOB, .organisation_id = SHOP, .department_id = MARKETING, .department_bit = MARKETING_BIT},
        {.person_id = BOB, .organisation_id = SHOP, .department_id = RETURNS, .department_bit = RETURNS_BIT},
        {.person_id = BOB, .organisation_id = BANK, .department_id = SHIPPING, .department_bit = SHIPPING_BIT}};
    for (int deed = 0; deed < POLICY_COUNT; deed++)
        for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++)
            try_members_at((policy_deed)deed, PLACES[i]);
    struct ctx nothing = {.actor = {.kind = ACTOR_MEMBER, .person_id = ADA}}; /* of no role at all */
    assert_int_equal(policy_require(&nothing, POLICY_SESSION_READ, &OBJECT), FORBIDDEN);
}

static void refusals_have_stable_words(void **state)
{
    (void)state; /* the table is all it needs */
    struct ctx cx = {.actor = CALLERS[0]};
    assert_int_equal(policy_require(&cx, POLICY_VAULT_READ, &OBJECT), FORBIDDEN);
    assert_string_equal(cx.failure.reason, "actor.wrong_kind");
    cx = (struct ctx){.actor = CALLERS[2]};
    assert_int_equal(policy_require(&cx, POLICY_VAULT_READ, &OBJECT), NOT_FOUND);
    assert_string_equal(cx.failure.reason, "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_deed_is_in_the_table_once),   cmocka_unit_test(every_caller_may_do_what_the_table_says),
        cmocka_unit_test(an_object_of_nobody_is_nobodys),    cmocka_unit_test(ones_own_is_a_matter_of_kind_alone),
        cmocka_unit_test(refusals_have_stable_words),
        cmocka_unit_test(a_member_may_do_what_his_table_says_and_nothing_else),
        cmocka_unit_test(an_object_of_no_department_is_no_departments_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
