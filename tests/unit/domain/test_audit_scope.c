/* SPDX-License-Identifier: Apache-2.0
 * Goal: an audit of some people finds whatever is wrong with what is theirs, or nobody's, and nothing of others; so
 * who knows what has changed since an audit needs no second one of all. Method: each table is spoilt by plain SQL, and
 * looked at with its person in the scope, and with others in it. */
#include <stdio.h>

#include "support/world.h"

static void drop_finding(void *self, struct text sentence)
{
    (void)self;     /* they are counted */
    (void)sentence; /* as above */
}

static int64_t audit_of(struct world *world, const int64_t *people, size_t count)
{
    const struct audit_scope scope = {people, count};
    struct audit_report report = {.found = drop_finding, .scope = &scope};
    ASSERT_OK(world, domain_audit(world_as(world, world->operator_), &report));
    return report.findings;
}

/* Somebody with a relationship, a grant, reads, and values. */
static int64_t make_person(struct world *world)
{
    struct invitation_claim claim = {0};
    claim.code = world_bring_in(world);
    ASSERT_OK(world, WRITE(world, world->ada, invitation_claim, &claim));
    (void)world_grant(world, world->shipping, &claim.out, &world->delivery);
    test_node_pass(&world->node, 1000);
    assert_null(world_refusal(world, world->shipping, &claim.out, &world->delivery));
    world_put(world, world->ada, "pd:PhysicalAddress", "{\"country\":\"CH\",\"locality\":\"Basel\"}");
    assert_int_equal(world_audit(world, 0), 0);
    return claim.out.person_id;
}

/* A column of each, what it is made to be and back again; WHERE person_id follows. */
static const struct {
    const char *file;
    const char *table;
    const char *spoilt;
    const char *mended;
} SPOILT[] = {
    {"people.db", "relationship", "nature = nature + 1", "nature = nature - 1"},
    {"people.db", "grant_now", "until_at_ms = until_at_ms + 1", "until_at_ms = until_at_ms - 1"},
    {"people.db", "act", "at_ms = at_ms + 10000000", "at_ms = at_ms - 10000000"},
    {"people.db", "receipt", "at_ms = at_ms + 1", "at_ms = at_ms - 1"},
    {"people.db", "outbox", "subject_id = subject_id + 1", "subject_id = subject_id - 1"},
    {"people.db", "vault", "version = version + 7", "version = version - 7"},
    {"people.db", "person", "state = state + 3", "state = state - 3"},
    {"ledger.db", "disclosure", "attributes_low = attributes_low + 1099511627776",
     "attributes_low = attributes_low - 1099511627776"},
    {"ledger.db", "disclosure_head", "given = given + 1", "given = given - 1"},
};

static void spoil(struct world *world, size_t at, const char *how, int64_t person_id)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s WHERE person_id = %lld", SPOILT[at].table, how,
                   (long long)person_id);
    world_spoil(world, SPOILT[at].file, sql);
}

static void whatever_is_theirs_is_found_and_nothing_of_others(void **state)
{
    struct world *world = *state;
    int64_t person_id = make_person(world);
    const int64_t three[] = {person_id - 1, person_id, person_id + 1};
    const int64_t others[] = {person_id - 1, person_id + 1};
    for (size_t i = 0; i < sizeof SPOILT / sizeof *SPOILT; i++) {
        spoil(world, i, SPOILT[i].spoilt, person_id);
        if (audit_of(world, three, 3) == 0)
            fail_msg("%s: not found", SPOILT[i].table);
        if (audit_of(world, others, 2) != 0)
            fail_msg("%s: found at others", SPOILT[i].table);
        spoil(world, i, SPOILT[i].mended, person_id);
        assert_int_equal(audit_of(world, three, 3), 0);
    }
}

/* SQL that adds a row to which nothing leads, and the file it is for; WHERE person_id follows. */
static const char *const ADDED[][2] = {
    {"people.db", "INSERT INTO receipt SELECT receipt_id + 1, person_id, relationship_id, organisation_id, at_ms, "
                  "leaf, sealed FROM receipt"},
    {"people.db", "INSERT INTO outbox SELECT event_id + 1, person_id, relationship_id, organisation_id, kind, "
                  "subject_id + 7, attributes_low, attributes_high, at_ms FROM outbox"},
    {"ledger.db", "INSERT INTO disclosure SELECT disclosure_id + 1, person_id, previous_id, relationship_id, "
                  "organisation_id, department_id, system_id, purpose_id, purpose_version, grant_id, attributes_low, "
                  "attributes_high, outcome, reason, at_ms, note FROM disclosure"},
};

static void a_row_that_nothing_led_to_is_found_at_its_person(void **state)
{
    struct world *world = *state;
    int64_t person_id = make_person(world);
    int64_t found = 0;
    for (size_t i = 0; i < sizeof ADDED / sizeof *ADDED; i++) {
        char sql[500];
        (void)snprintf(sql, sizeof sql, "%s WHERE person_id = %lld LIMIT 1", ADDED[i][1], (long long)person_id);
        world_spoil(world, ADDED[i][0], sql);
        int64_t more = audit_of(world, &person_id, 1);
        if (more <= found)
            fail_msg("not found: %s", ADDED[i][1]);
        found = more;
        assert_int_equal(audit_of(world, NULL, 0), 0);
    }
}

static void what_is_nobodys_is_looked_at_in_any_case(void **state)
{
    struct world *world = *state;
    (void)make_person(world);
    assert_int_equal(audit_of(world, NULL, 0), 0);
    world_spoil(world, "people.db", "UPDATE organisation SET name = name || 'x'");
    assert_true(audit_of(world, NULL, 0) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(whatever_is_theirs_is_found_and_nothing_of_others),
        WORLD_TEST(a_row_that_nothing_led_to_is_found_at_its_person),
        WORLD_TEST(what_is_nobodys_is_looked_at_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
