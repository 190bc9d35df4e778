/* SPDX-License-Identifier: Apache-2.0
 * Goal: what comes into a contact is bounded and clean, and what is left out is noted. Method: values at and beyond
 * each bound, straight into a draft. */
#include "protocol/contact_draft.h"

#include "base/limits_import.h"
#include "support/read_contacts.h"

static struct contact_draft open_draft(struct ctx *cx)
{
    struct contact_draft draft;
    *cx = (struct ctx){.arena = arena_open((size_t)16 << 20)};
    assert_int_equal(draft_open(cx, 7, &draft), OK);
    return draft;
}

static struct contact *close_draft(struct contact_draft *draft, contact_reason wanted)
{
    struct contact *contact = NULL;
    struct contact_problem problem;
    assert_int_equal(draft_close(draft, &contact, &problem), OK);
    assert_int_equal(problem.line, 7);
    assert_int_equal(problem.reason, wanted);
    assert_int_equal(contact == NULL, wanted != CONTACT_FINE);
    return contact;
}

static struct text numbered(struct ctx *cx, size_t number)
{
    return text_format(cx->arena, "%zu", number);
}

static void lists_are_full_at_their_bound(void **state)
{
    struct ctx cx;
    struct contact_draft draft = open_draft(&cx);
    (void)state;
    for (size_t i = 0; i <= LIMIT_IMPORT_FIELDS; i++) {
        struct contact_value phone = {numbered(&cx, i), TEXT_NONE, false};
        struct contact_address address = {.street_address = numbered(&cx, i)};
        assert_int_equal(draft_add(&draft, CONTACT_PHONE, phone), i < LIMIT_IMPORT_FIELDS);
        assert_int_equal(draft_add_address(&draft, address), i < LIMIT_IMPORT_FIELDS);
    }
    struct contact *contact = close_draft(&draft, CONTACT_FINE);
    assert_int_equal(contact->phones.count, LIMIT_IMPORT_FIELDS);
    assert_int_equal(contact->addresses.count, LIMIT_IMPORT_FIELDS);
    assert_int_equal(contact->notices.count, 2);
    assert_notice(contact, 0, "phone", "too_many");
    assert_notice(contact, 1, "address", "too_many");
    arena_close(cx.arena);
}

static void notices_are_full_at_their_bound(void **state)
{
    struct ctx cx;
    struct contact_draft draft = open_draft(&cx);
    (void)state;
    draft_put(&draft, CONTACT_FULL_NAME, TEXT("Ada"));
    for (size_t i = 0; i <= LIMIT_IMPORT_FIELDS; i++)
        draft_put(&draft, CONTACT_FULL_NAME, i == 0 ? TEXT("Ada\x01") : TEXT("Bob"));
    struct contact *contact = close_draft(&draft, CONTACT_FINE);
    assert_text(contact->full_name, "Ada");
    assert_int_equal(contact->notices.count, LIMIT_IMPORT_FIELDS);
    assert_notice(contact, 0, "full_name", "control_characters");
    assert_notice(contact, LIMIT_IMPORT_FIELDS - 1, "full_name", "further_value");
    arena_close(cx.arena);
}

static void a_type_that_is_not_plain_is_none(void **state)
{
    struct ctx cx;
    struct contact_draft draft = open_draft(&cx);
    (void)state;
    assert_true(draft_add(&draft, CONTACT_PHONE, (struct contact_value){TEXT("1"), TEXT("ho\x01me"), false}));
    assert_true(draft_add(&draft, CONTACT_PHONE, (struct contact_value){TEXT("2"), TEXT(" Business  CELL "), false}));
    assert_false(draft_add(&draft, CONTACT_PHONE, (struct contact_value){TEXT(" 2"), TEXT("work mobile"), false}));
    assert_true(draft_add(&draft, CONTACT_EXTERNAL_ID, (struct contact_value){TEXT("3"), TEXT("CELL"), false}));
    assert_true(draft_add_address(&draft, (struct contact_address){.locality = TEXT("Bern"), .type = TEXT("a\nb")}));
    assert_true(draft_add_address(&draft, (struct contact_address){.country = TEXT("CH"), .type = TEXT("HOME")}));
    assert_false(draft_add_address(&draft, (struct contact_address){.region = TEXT(" \t"), .type = TEXT("home")}));
    struct contact *contact = close_draft(&draft, CONTACT_FINE);
    ASSERT_VALUES(contact->phones, "1", "", "2", "work mobile");
    ASSERT_VALUES(contact->external_ids, "3", "CELL");
    assert_int_equal(contact->addresses.count, 2);
    assert_text(contact->addresses.at[0].type, "");
    assert_text(contact->addresses.at[1].type, "home");
    arena_close(cx.arena);
}

static void notes_together_have_a_greatest_size(void **state)
{
    struct ctx cx;
    struct contact_draft draft = open_draft(&cx);
    (void)state;
    char *half = arena_take(cx.arena, LIMIT_IMPORT_CONTACT_BYTES / 2, 1);
    memset(half, 'x', LIMIT_IMPORT_CONTACT_BYTES / 2);
    draft_put(&draft, CONTACT_FULL_NAME, TEXT("A"));
    draft_put(&draft, CONTACT_NOTE, (struct text){half, LIMIT_IMPORT_CONTACT_BYTES / 4});
    draft_put(&draft, CONTACT_NOTE, (struct text){half, LIMIT_IMPORT_CONTACT_BYTES / 4 - 2});
    assert_false(draft.is_too_large); /* "A", a quarter, then the quarter again with its break and the rest */
    draft_put(&draft, CONTACT_NOTE, TEXT("y"));
    assert_true(draft.is_too_large);
    draft_put(&draft, CONTACT_NOTE, TEXT("z"));
    (void)close_draft(&draft, CONTACT_TOO_LARGE_ROW); /* asserts that there is none */
    arena_close(cx.arena);
}

static void who_has_no_name_is_nobody(void **state)
{
    static const contact_field NAMES[] = {CONTACT_FULL_NAME, CONTACT_GIVEN_NAME, CONTACT_FAMILY_NAME, CONTACT_NICKNAME,
                                          CONTACT_ORGANISATION};
    struct ctx cx;
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct contact_draft draft = open_draft(&cx);
        draft_put(&draft, CONTACT_TITLE, TEXT("Poet"));
        assert_false(contact_is_named(draft.contact));
        draft_put(&draft, NAMES[i], TEXT("Ada"));
        struct contact *contact = close_draft(&draft, CONTACT_FINE);
        assert_true(contact_is_named(contact));
        assert_text(contact_display_name(cx.arena, contact), "Ada");
        arena_close(cx.arena);
    }
    struct contact_draft draft = open_draft(&cx);
    draft_put(&draft, CONTACT_TITLE, TEXT("Poet"));
    (void)close_draft(&draft, CONTACT_NOBODY); /* the same */
    arena_close(cx.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_full_at_their_bound),
        cmocka_unit_test(notices_are_full_at_their_bound),
        cmocka_unit_test(a_type_that_is_not_plain_is_none),
        cmocka_unit_test(notes_together_have_a_greatest_size),
        cmocka_unit_test(who_has_no_name_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
