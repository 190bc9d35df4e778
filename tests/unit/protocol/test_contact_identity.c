/* SPDX-License-Identifier: Apache-2.0
 * Match keys, display names and the merging of two rows of one person. */
#include "protocol/contact_identity.h"

#include "support/read_contacts.h"

static void assert_keys(const char *text, const char *const *expected)
{
    struct reading reading;
    struct contact_keys keys;
    reading_of(&reading, text);
    assert_int_equal(reading.contact_count, 1);
    assert_int_equal(contact_identity(&reading.cx, reading.contacts[0], &keys), OK);
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < keys.count);
        assert_text(keys.at[count].text, expected[count]);
    }
    assert_int_equal(keys.count, count);
    reading_close(&reading);
}

#define ASSERT_KEYS(text, ...) assert_keys((text), (const char *const[]){__VA_ARGS__, NULL})

static void keys_are_normalised(void **state)
{
    (void)state;
    ASSERT_KEYS("BEGIN:VCARD\nUID:Abc\nEMAIL: John@X.Example \nEMAIL;TYPE=work:john@x.example\n"
                "TEL:+41 (0)44 / 555-01.02\n"
                "TEL:0041 (0)44 555 01 02\nTEL:Tel. 555 0102 ext. 99\n"
                "TEL:12 34 56\nTEL:tel:+1-202-555-0199;ext=7\nEND:VCARD\n",
                "id:uid:Abc", "email:john@x.example", "phone:+41445550102",
                "phone:0041445550102", "phone:5550102", "phone:+12025550199");
}

static void what_is_no_address_or_number_is_no_key(void **state)
{
    static const struct {
        const char *phone, *key;
    } PHONES[] = {
        {"1234567", "1234567"},     {"123456", ""},          {"+1234567", "+1234567"},     {"+123456", ""},
        {"", ""},                   {"+", ""},               {"ext 1234567", "1234567"},   {"1234567;9", "1234567"},
        {"12+34567", "1234567"},    {"+12 (0)34567", "+1234567"}, {"12 (0)34567", "12034567"}, {"123456X7", ""},
        {"0012 (0)34567", "001234567"},
    };
    static const char *const ADDRESSES[] = {"", "a", "@", "@x.example", "a@", " @x "};
    (void)state;
    struct arena *arena = arena_open(64 * 1024);
    for (size_t i = 0; i < sizeof PHONES / sizeof *PHONES; i++)
        assert_text(contact_phone_key(arena, text_of(PHONES[i].phone)), PHONES[i].key);
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++)
        assert_text(contact_email_key(arena, text_of(ADDRESSES[i])), "");
    assert_text(contact_email_key(arena, TEXT(" Ada@X.Example\t")), "ada@x.example");
    struct ctx cx = {.arena = arena};
    struct contact_value values[] = {{TEXT("nowhere"), TEXT_NONE, false}};
    struct contact contact = {.full_name = TEXT("A"), .emails = {values, 1}};
    struct contact_keys keys;
    assert_int_equal(contact_identity(&cx, &contact, &keys), OK);
    assert_int_equal(keys.count, 1);
    assert_text(keys.at[0].text, "name:a");
    contact.full_name = TEXT_NONE;
    contact.emails.count = 0;
    assert_int_equal(contact_identity(&cx, &contact, &keys), OK);
    assert_int_equal(keys.count, 0);
    arena_close(arena);
}

static void addresses_are_the_same_in_all_parts_or_two(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Email,Street,City,State,Zip,Country\na@x.example,1,2,3,4,5\na@x.example,1,2,3,4,5\n"
                         "a@x.example,9,2,3,4,5\na@x.example,1,9,3,4,5\na@x.example,1,2,9,4,5\n"
                         "a@x.example,1,2,3,9,5\na@x.example,1,2,3,4,9\n");
    for (size_t i = 1; i < 7; i++) {
        assert_int_equal(contact_merge(&reading.cx, reading.contacts[0], reading.contacts[i]), OK);
        assert_int_equal(reading.contacts[0]->addresses.count, i);
    }
    reading_close(&reading);
}

static void a_name_is_the_last_resort(void **state)
{
    (void)state;
    ASSERT_KEYS("First Name,Last Name,Birthday\n Anna ,BEISPIEL,1980-03-21\n",
                "name+birthdate:anna beispiel|1980-03-21");
    ASSERT_KEYS("Name,Street,Postal Code,Phone\nAnna  Beispiel,Weg  1,3000,12\n",
                "name+address:anna beispiel|3000|weg 1");
    ASSERT_KEYS("Company\nACME\n", "name:acme");
    ASSERT_KEYS("Name,Email,Birthday\nAnna,a@x.example,1980-03-21\n", "email:a@x.example");
}

static void only_ids_and_addresses_are_certain(void **state)
{
    (void)state;
    assert_true(contact_key_is_certain(CONTACT_KEY_ID));
    assert_true(contact_key_is_certain(CONTACT_KEY_EMAIL));
    assert_false(contact_key_is_certain(CONTACT_KEY_PHONE));
    assert_false(contact_key_is_certain(CONTACT_KEY_NAME_AND_BIRTHDATE));
    assert_false(contact_key_is_certain(CONTACT_KEY_NAME_AND_ADDRESS));
    assert_false(contact_key_is_certain(CONTACT_KEY_NAME));
}

static void a_contact_is_called_by_the_best_name_it_has(void **state)
{
    static const char *const CASES[][2] = {
        {"Name,First Name\nFull,Given\n", "Full"},
        {"Name Prefix,First Name,Middle Name,Last Name,Suffix\nDr.,A,B,C,Jr.\n", "Dr. A B C Jr."},
        {"Nickname,Company\nNick,ACME\n", "Nick"},
        {"Company,Email\nACME,a@x.example\n", "ACME"},
        {"Email,Phone\na@x.example,1234567\n", "a@x.example"},
        {"Phone\n1234567\n", "1234567"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reading reading;
        reading_of(&reading, CASES[i][0]);
        assert_text(contact_display_name(reading.cx.arena, reading.contacts[0]), CASES[i][1]);
        reading_close(&reading);
    }
}

static void merging_keeps_the_values_of_both(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading,
               "Record ID,First Name,Email,E-mail 2 - Value,Phone,Street,Notes,City\n"
               "1,Anna,a@x.example,,+41 44 555 01 02,Weg 1,one,Bern\n"
               "2,Anne,A@X.example,b@x.example,+41 445550102,Weg 1,two,Bern\n"
               "2,Anna,b@x.example,,,Weg 2,two,\n");
    struct contact *first = reading.contacts[0];
    assert_int_equal(contact_merge(&reading.cx, first, reading.contacts[1]), OK);
    assert_int_equal(contact_merge(&reading.cx, first, reading.contacts[2]), OK);
    assert_text(first->given_name, "Anna");
    assert_text(first->note, "one\ntwo");
    ASSERT_VALUES(first->emails, "a@x.example", "", "b@x.example", "");
    ASSERT_VALUES(first->phones, "+41 44 555 01 02", "");
    ASSERT_VALUES(first->external_ids, "1", "hubspot", "2", "hubspot");
    assert_int_equal(first->addresses.count, 2);
    assert_text(first->addresses.at[1].street_address, "Weg 2");
    assert_int_equal(first->notices.count, 1);
    assert_notice(first, 0, "given_name", "differs");
    assert_int_equal(first->notices.at[0].line, 3);
    reading_close(&reading);
}

static void numbers_of_different_programs_are_different_ids(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Record ID,Id,Email\n7,,a@x.example\n,7,a@x.example\n");
    assert_int_equal(contact_merge(&reading.cx, reading.contacts[0], reading.contacts[1]), OK);
    ASSERT_VALUES(reading.contacts[0]->external_ids, "7", "hubspot", "7", "id");
    reading_close(&reading);
}

static void merging_fills_what_is_missing(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Email,First Name,Birthday,Gender\na@x.example,,,\na@x.example,Anna,1980-03-21,Female\n");
    assert_int_equal(contact_merge(&reading.cx, reading.contacts[0], reading.contacts[1]), OK);
    assert_text(reading.contacts[0]->given_name, "Anna");
    assert_text(reading.contacts[0]->birthdate, "1980-03-21");
    assert_text(reading.contacts[0]->gender, "Female");
    assert_int_equal(reading.contacts[0]->notices.count, 0);
    reading_close(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_normalised),
        cmocka_unit_test(what_is_no_address_or_number_is_no_key),
        cmocka_unit_test(addresses_are_the_same_in_all_parts_or_two),
        cmocka_unit_test(a_name_is_the_last_resort),
        cmocka_unit_test(only_ids_and_addresses_are_certain),
        cmocka_unit_test(a_contact_is_called_by_the_best_name_it_has),
        cmocka_unit_test(merging_keeps_the_values_of_both),
        cmocka_unit_test(numbers_of_different_programs_are_different_ids),
        cmocka_unit_test(merging_fills_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
