/* SPDX-License-Identifier: Apache-2.0
 * Goal: what a department holds about a person is opened where it was put and nowhere else. Method: rows of records are
 * changed in the files, as somebody may do who has no key. */
#include "domain/parties/record.h"

#include "crypto/seal.h"
#include "support/world.h"

static const struct record RECORD = {.person_id = 7, .relationship_id = 11, .record_id = 13, .department_id = 17,
    .kind = RECORD_PROFILE, .version = 1, .created_at_ms = 1000, .updated_at_ms = 2000};

static struct bytes seal_at(struct ctx *cx, const struct secret_key *key, bool with_row)
{
    struct seal_place place = {.person_id = 7, .kind = SEAL_RECORD, .item = 13, .version = 1};
    struct bytes sealed = {NULL, 0};
    if (with_row)
        place = (struct seal_place){7, SEAL_RECORD, 13, 1, {11, 17, RECORD_PROFILE, 1000, 2000}};
    assert_int_equal(seal(cx, key, &place, bytes_of_text(TEXT("{}")), &sealed), OK);
    return sealed;
}

static void a_record_opens_in_its_row_only(void **state)
{
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    struct secret_key key = {{1}};
    struct bytes plain;
    struct bytes sealed = seal_at(cx, &key, true);
    ASSERT_OK(world, record_open(cx, &key, &RECORD, sealed, &plain));
    struct record others[] = {RECORD, RECORD, RECORD, RECORD, RECORD, RECORD, RECORD};
    others[0].relationship_id++;
    others[1].department_id++;
    others[2].kind = RECORD_INFERENCE;
    others[3].created_at_ms++;
    others[4].updated_at_ms++;
    others[5].version++;
    others[6].person_id++;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ASSERT_FAILS(world, record_open(cx, &key, &others[i], sealed, &plain), CORRUPT, "seal.broken");
}

static void a_record_from_before_its_row_was_bound_opens(void **state)
{
    struct world *world = *state;
    struct ctx *cx = world_as(world, world->operator_);
    struct secret_key key = {{1}};
    struct bytes plain;
    ASSERT_OK(world, record_open(cx, &key, &RECORD, seal_at(cx, &key, false), &plain));
    assert_true(text_is(text_of_bytes(plain), "{}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_record_opens_in_its_row_only),
        WORLD_TEST(a_record_from_before_its_row_was_bound_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
