/* SPDX-License-Identifier: Apache-2.0
 * Goal: nothing of a card is left out without a notice. Method: cards with one fault each, over the public reader;
 * beside each fault the property and the reason that people are told. */
#include <stdio.h>

#include "support/read_cards.h"

/* Who is called by an e-mail address for want of a name is seen in the notes. */
static void a_name_that_cannot_be_read_leaves_a_notice(void **state)
{
    static const struct {
        const char *name;
        const char *reason;
    } CASES[] = {
        {"FN;CHARSET=KLINGON-1:Ada\r\n", "charset_unknown"},
        {"FN;ENCODING=QUOTED-PRINTABLE:Ad=ZZ\r\n", "unreadable"},
        {"FN:Ad\x01" "a\r\n", "control_characters"},
        {"N;CHARSET=KLINGON-1:Lovell;Ada\r\n", "charset_unknown"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reading reading;
        char card[200];
        (void)snprintf(card, sizeof card, CARD_2_1("%sEMAIL:ada@x.example\r\n"), CASES[i].name);
        struct contact *contact = only(&reading, card);
        assert_false(contact_is_named(contact));
        assert_text(contact_display_name(reading.cx.arena, contact), "ada@x.example");
        assert_int_equal(contact->notices.count, 1);
        assert_notice(contact, 0, "full_name", CASES[i].reason);
        assert_int_equal(contact->notices.at[0].line, 3);
        reading_close(&reading);
    }
}

static void what_is_not_kept_is_noted(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD_4_0("FN:A\r\nPHOTO:data:,x\r\nANNIVERSARY:20010203\r\n"
                                                      "IMPP:xmpp:a@b\r\nGEO:geo:1,2\r\nTZ:UTC\r\nRELATED:urn:x\r\n"));
    assert_int_equal(contact->notices.count, 6);
    static const char *const ABOUT[] = {"photo", "anniversary", "messenger", "position", "time_zone", "related"};
    for (size_t i = 0; i < 6; i++)
        assert_notice(contact, i, ABOUT[i], "skipped");
    reading_close(&reading);
}

static void an_address_that_no_vault_takes_is_left_out(void **state)
{
    static const char *const ADDRESSES[] = {"a@b@c", "a@b@c.example", "notanemail", "@x.example", "a@", "a@localhost",
                                            "a b@x.example", ".a@x.example"};
    (void)state;
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        struct reading reading;
        char card[200];
        (void)snprintf(card, sizeof card, CARD("FN:A\r\nEMAIL:%s\r\nEMAIL:a@x.example\r\n"), ADDRESSES[i]);
        struct contact *contact = only(&reading, card);
        ASSERT_VALUES(contact->emails, "a@x.example", "");
        assert_notice(contact, 0, "email", "not_an_address");
        reading_close(&reading);
    }
}

static void a_card_with_a_number_alone_is_nobody(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, CARD("UID:77\r\nTITLE:Poet\r\n"));
    assert_int_equal(reading.contact_count, 0);
    assert_problem(&reading, 0, 1, "contact.nobody");
    reading_close(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_cannot_be_read_leaves_a_notice),
        cmocka_unit_test(what_is_not_kept_is_noted),
        cmocka_unit_test(an_address_that_no_vault_takes_is_left_out),
        cmocka_unit_test(a_card_with_a_number_alone_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
