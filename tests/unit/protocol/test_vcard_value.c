/* SPDX-License-Identifier: Apache-2.0
 * Values of cards at their edges: where they are cut, decoded, named by their group and bounded. */
#include <stdio.h>

#include "base/limits_import.h"
#include "support/read_cards.h"

static void values_are_cut_and_decoded_at_their_edges(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading,
        CARD_2_1("FN;QUOTED-PRINTABLE:A=0Db=0D\r\nTITLE;QUOTED-PRINTABLE:x=4\r\nROLE;8BIT:r\r\nNICKNAME;7BIT:n\r\n"
                 "TEL;8BIT:1\r\nTEL;7BIT;CELL:2\r\nNOTE;QUOTED-PRINTABLE:one\r\n two\r\nN;CHARSET=UTF-8:Doe\\\r\n"));
    assert_text(contact->full_name, "A\nb");
    assert_text(contact->role, "r");
    assert_text(contact->nickname, "n");
    assert_text(contact->note, "one two");
    assert_text(contact->family_name, "Doe\\");
    ASSERT_VALUES(contact->phones, "1", "", "2", "mobile");
    assert_int_equal(contact->notices.count, 1);
    assert_notice(contact, 0, "title", "unreadable");
    reading_close(&reading);
    contact = only(&reading, CARD("FN:A\r\nNOTE;ENCODING=QUOTED-PRINTABLE:one\r\n  two\r\nN:,Doe,,Roe,;A\r\n"
                                  "TEL;TYPE=work,, ,\x01,home:1\r\n"));
    assert_text(contact->note, "one two");
    assert_text(contact->family_name, "Doe Roe");
    ASSERT_VALUES(contact->phones, "1", "work home");
    reading_close(&reading);
}

static void a_gender_is_a_letter_or_words(void **state)
{
    static const char *const CASES[][2] = {{"M", "male"}, {"f", "female"}, {"O;it is", "it is"}, {";it is", "it is"},
                                           {"N; ", "none"}, {"X", "X"}, {"", ""}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reading reading;
        char card[200];
        (void)snprintf(card, sizeof card, CARD("FN:A\r\nGENDER:%s\r\n"), CASES[i][0]);
        assert_text(only(&reading, card)->gender, CASES[i][1]);
        reading_close(&reading);
    }
}

static void labels_name_the_values_of_their_group(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("FN:A\r\nX-ABLABEL:nobody's\r\n"
                                                  "a.TEL:1\r\na.X-ABLabel:_$!<Home>!$_\r\n"
                                                  "b.TEL;TYPE=fax:2\r\nb.X-ABLABEL:Studio\r\nc.TEL:3\r\n"
                                                  "c.X-ABLABEL:a\\nb\r\nd.TEL:4\r\nd.X-ABLABEL:_$!<>!$\r\n"
                                                  "e.ADR:;;Weg 1\r\ne.X-ABLABEL:Hut\r\n"));
    ASSERT_VALUES(contact->phones, "1", "home", "2", "fax", "3", "", "4", "_$!<>!$");
    assert_text(contact->addresses.at[0].type, "hut");
    assert_int_equal(contact->notices.count, 0);
    reading_close(&reading);
    contact = only(&reading, CARD("FN:A\r\na.TEL:1\r\na.X-ABLABEL;CHARSET=KLINGON-1:x\r\n"));
    ASSERT_VALUES(contact->phones, "1", "");
    assert_notice(contact, 0, "label", "charset_unknown");
    reading_close(&reading);
}

static void a_delivery_label_is_an_address_where_there_is_no_other(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("FN:A\r\nLABEL:\r\nLABEL:a\x01\r\n"
                                                  "LABEL;TYPE=home:Weg 1\\nBern\r\n"));
    assert_int_equal(contact->addresses.count, 1);
    assert_text(contact->addresses.at[0].street_address, "Weg 1\nBern");
    assert_text(contact->addresses.at[0].type, "home");
    assert_int_equal(contact->notices.count, 1);
    assert_notice(contact, 0, "address", "unstructured");
    reading_close(&reading);
    contact = only(&reading, CARD("FN:A\r\nLABEL:Weg 1\r\nADR:;;Weg 2\r\n"));
    assert_int_equal(contact->addresses.count, 1);
    assert_text(contact->addresses.at[0].street_address, "Weg 2");
    reading_close(&reading);
}

static void categories_beyond_the_bound_are_noted(void **state)
{
    struct reading reading;
    (void)state;
    for (size_t count = LIMIT_IMPORT_FIELDS; count <= LIMIT_IMPORT_FIELDS + 4; count++) {
        reading_open(&reading);
        struct builder builder = builder_open(reading.cx.arena, SIZE_MAX);
        build_literal(&builder, "BEGIN:VCARD\nVERSION:3.0\nFN:A\nCATEGORIES:");
        for (size_t i = 0; i < count; i++)
            build_format(&builder, i == 0 ? "%zu" : ",%zu", i);
        build_literal(&builder, "\nEND:VCARD\n");
        read_bytes(&reading, builder_bytes(&builder), true);
        assert_int_equal(reading.contact_count, 1);
        assert_int_equal(reading.contacts[0]->categories.count, LIMIT_IMPORT_FIELDS);
        size_t beyond = count - LIMIT_IMPORT_FIELDS; /* one that is refused, and the rest that is not looked at */
        assert_int_equal(reading.contacts[0]->notices.count, beyond < 2 ? beyond : 2);
        if (count > LIMIT_IMPORT_FIELDS)
            assert_notice(reading.contacts[0], 0, "category", "too_many");
        reading_close(&reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_cut_and_decoded_at_their_edges),
        cmocka_unit_test(a_gender_is_a_letter_or_words),
        cmocka_unit_test(labels_name_the_values_of_their_group),
        cmocka_unit_test(a_delivery_label_is_an_address_where_there_is_no_other),
        cmocka_unit_test(categories_beyond_the_bound_are_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
