/* SPDX-License-Identifier: Apache-2.0
 * Whole files against what a person finds in them by reading: files that real programs wrote (where they are present),
 * and small ones of our own in the shapes of others. Expectations are written as data, one row for each contact. */
#include <stdio.h>
#include <stdlib.h>

#include "support/read_contacts.h"

#define VALUES_MAX 8

struct expected {
    int64_t     line;
    const char *full_name, *given_name, *middle_name, *family_name, *prefix, *suffix, *nickname;
    const char *organisation, *department, *unit, *title, *role, *birthdate, *gender, *language, *note;
    const char *emails[VALUES_MAX * 2 + 1], *phones[VALUES_MAX * 2 + 1], *urls[VALUES_MAX * 2 + 1];
    const char *categories[VALUES_MAX * 2 + 1], *external_ids[VALUES_MAX * 2 + 1];
    const char *addresses[VALUES_MAX * 6 + 1]; /* street, locality, region, postal code, country, type */
    const char *notices[VALUES_MAX * 2 + 1];   /* about, reason */
};

static void assert_optional(struct text text, const char *expected)
{
    assert_text(text, expected == NULL ? "" : expected);
}

static void assert_addresses(const struct contact *contact, const char *const *expected)
{
    size_t count = 0;
    for (; expected[6 * count] != NULL; count++) {
        assert_true(count < contact->addresses.count);
        const struct contact_address *address = &contact->addresses.at[count];
        assert_text(address->street_address, expected[6 * count]);
        assert_text(address->locality, expected[6 * count + 1]);
        assert_text(address->region, expected[6 * count + 2]);
        assert_text(address->postal_code, expected[6 * count + 3]);
        assert_text(address->country, expected[6 * count + 4]);
        assert_text(address->type, expected[6 * count + 5]);
    }
    assert_int_equal(contact->addresses.count, count);
}

static void assert_contact(const struct contact *contact, const struct expected *expected)
{
    size_t notices = 0;
    assert_int_equal(contact->line, expected->line);
    assert_optional(contact->full_name, expected->full_name);
    assert_optional(contact->given_name, expected->given_name);
    assert_optional(contact->middle_name, expected->middle_name);
    assert_optional(contact->family_name, expected->family_name);
    assert_optional(contact->prefix, expected->prefix);
    assert_optional(contact->suffix, expected->suffix);
    assert_optional(contact->nickname, expected->nickname);
    assert_optional(contact->organisation, expected->organisation);
    assert_optional(contact->department, expected->department);
    assert_optional(contact->unit, expected->unit);
    assert_optional(contact->title, expected->title);
    assert_optional(contact->role, expected->role);
    assert_optional(contact->birthdate, expected->birthdate);
    assert_optional(contact->gender, expected->gender);
    assert_optional(contact->language, expected->language);
    assert_optional(contact->note, expected->note);
    assert_values(&contact->emails, expected->emails);
    assert_values(&contact->phones, expected->phones);
    assert_values(&contact->urls, expected->urls);
    assert_values(&contact->categories, expected->categories);
    assert_values(&contact->external_ids, expected->external_ids);
    assert_addresses(contact, expected->addresses);
    for (; expected->notices[2 * notices] != NULL; notices++)
        assert_notice(contact, notices, expected->notices[2 * notices], expected->notices[2 * notices + 1]);
    assert_int_equal(contact->notices.count, notices);
}

/* How the source cuts the bytes must make no difference. */
static const size_t PIECES[] = {0, 1, 7, 4093};

static bool read_as_expected(const char *folder, const char *name, const struct expected *expected, size_t count)
{
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        struct reading reading;
        reading_open(&reading);
        reading.piece_bytes = PIECES[i];
        bool present = read_path(&reading, folder, name);
        assert_int_equal(reading.outcome, OK);
        for (size_t j = 0; present && j < count && j < reading.contact_count; j++)
            assert_contact(reading.contacts[j], &expected[j]);
        if (present)
            assert_int_equal(reading.contact_count, count);
        reading_close(&reading);
        if (!present)
            return false;
    }
    return true;
}

#define ASSERT_OURS(name, expected) \
    assert_true(read_as_expected(TEST_DATA "/contacts", (name), (expected), sizeof(expected) / sizeof *(expected)))

/* Files of others are not part of the source; a checkout without them has nothing to compare. */
static void assert_real(const char *name, const struct expected *expected, size_t count)
{
    const char *shared = getenv("SYMBOLON_SHARED_DATA");
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%s/contacts", shared == NULL ? TEST_SHARED_DATA : shared);
    if (!read_as_expected(folder, name, expected, count))
        skip();
}

#define ASSERT_REAL(name, expected) assert_real((name), (expected), sizeof(expected) / sizeof *(expected))

/* ---- files that real programs wrote */

static void a_list_of_gmail_is_read(void **state)
{
    static const struct expected EXPECTED[] = {
        {.line = 1, .full_name = "Arnold Smith", .given_name = "Arnold", .family_name = "Smith",
         .emails = {"asmithk@gmail.com", ""}},
        {.line = 7, .full_name = "Chris Beatle", .given_name = "Chris", .family_name = "Beatle",
         .emails = {"chrisy55d@yahoo.com", ""}},
        {.line = 13, .full_name = "Doug White", .given_name = "Doug", .family_name = "White",
         .emails = {"dwhite@gmail.com", ""}},
    };
    (void)state;
    ASSERT_REAL("gmail-list.vcf", EXPECTED);
}

static void a_card_of_outlook_2003_is_read(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 1, .full_name = "John Doe III", .given_name = "John", .family_name = "Doe", .prefix = "Mr.",
        .suffix = "III", .nickname = "Joey", .organisation = "Company, The", .department = "TheDepartment",
        .title = "The Job Title", .role = "TheProfession", .birthdate = "1980-03-21",
        .note = "This is the note field!!\nSecond line\n\nThird line is empty",
        .emails = {"jdoe@hotmail.com", ""},
        .phones = {"BusinessPhone", "work", "HomePhone", "home", "MobilePhone", "mobile",
                   "BusinessFaxPhone", "work fax"},
        .urls = {"http://web-page-address.com", "work"},
        .addresses = {"TheOffice\n123 Main St", "Austin", "TX", "12345", "United States of America", "work"},
        .notices = {"key", "skipped"},
    }};
    (void)state;
    ASSERT_REAL("outlook-2003.vcf", EXPECTED);
}

static void a_card_of_evolution_is_read(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 1, .full_name = "Mr. John Richter, James Doe Sr.", .given_name = "John",
        .middle_name = "Richter, James", .family_name = "Doe",
        .prefix = "Mr.", .suffix = "Sr.", .nickname = "Johny", .organisation = "IBM",
        .department = "Accounting", .unit = "Dungeon", .title = "Money Counter", .birthdate = "1980-03-22",
        .note = "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY EXPRESS OR"
                " IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY "
                "AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR "
                "CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR "
                "CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR "
                "SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY "
                "THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR "
                "OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE "
                "POSSIBILITY OF SUCH DAMAGE.",
        .emails = {"john.doe@ibm.com", "work"},
        .phones = {"905-666-1234", "mobile", "905-555-1234", "work"},
        .urls = {"http://www.ibm.com", ""},
        .categories = {"VIP", ""},
        .external_ids = {"477343c8e6bf375a9bac1f96a5000837", "uid"},
        .addresses = {"ASB-123\n15 Crescent moon drive", "Albaney", "New York", "12345", "United States of America",
                      "home"},
    }};
    (void)state;
    ASSERT_REAL("John_Doe_EVOLUTION.vcf", EXPECTED);
}

static void a_card_of_an_iphone_is_read(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 1, .full_name = "Mr. John Richter James Doe Sr.", .given_name = "John", .middle_name = "Richter James",
        .family_name = "Doe", .prefix = "Mr.", .suffix = "Sr.", .nickname = "Johny", .organisation = "IBM",
        .department = "Accounting", .title = "Money Counter", .birthdate = "2012-06-06",
        .emails = {"john.doe@ibm.com", ""},
        .phones = {"905-555-1234", "mobile", "905-666-1234", "home", "905-777-1234", "work", "905-888-1234", "home fax",
                   "905-999-1234", "work fax", "905-111-1234", "pager", "905-222-1234", "assistantphone"},
        .urls = {"http://www.ibm.com", "homepage"},
        .addresses = {"Silicon Alley 5", "New York", "New York", "12345", "United States of America", "home",
                      "Street4\nBuilding 6\nFloor 8", "New York", "", "12345", "USA", "work"},
        .notices = {"photo", "skipped"},
    }};
    (void)state;
    ASSERT_REAL("John_Doe_IPHONE.vcf", EXPECTED);
}

/* The same letter over and over, as the phone's owner typed it. */
#define N5 "Ñ Ñ Ñ Ñ Ñ"
#define N12 "ÑÑÑÑÑÑÑÑÑÑÑÑ"

static void cards_of_android_are_read(void **state)
{
    static const struct expected EXPECTED[] = {
        {.line = 1, .emails = {"john.doe@company.com", ""}, .categories = {"My Contacts", ""}},
        {.line = 6, .emails = {"jane.doe@company.com", ""}, .categories = {"My Contacts", ""}},
        {.line = 11, .full_name = N5, .family_name = "Ñ Ñ Ñ Ñ", .phones = {"123456789", "mobile"},
         .categories = {"My Contacts", ""}},
        {.line = 18, .full_name = N5 " " N5 " Ñ", .family_name = N5 " " N5 " Ñ",
         .phones = {"123456", "mobile", "234567", "home", "3456789", "mobile", "45678901", "home"},
         .categories = {"My Contacts", ""},
         .note = N5 " Ñ Ñ ÑÑ Ñ Ñ Ñ Ñ Ñ Ñ ÑÑ Ñ Ñ Ñ Ñ"},
        {.line = 36, .full_name = "Ñ Ñ Ñ Ñ", .given_name = "Ñ Ñ Ñ", .family_name = "Ñ Ñ",
         .phones = {"123456", "mobile", "123456", "work", "123456", "work fax"}, .emails = {"bob@company.com", "work"},
         .organisation = N12, .urls = {"www.company.com", "", "http://www.company.com", ""},
         .notices = {"email", "not_an_address", "photo", "skipped"}},
        {.line = 71, .full_name = "ÑÑÑÑ", .family_name = "ÑÑÑÑ", .phones = {"55556666", "mobile"},
         .emails = {"henry@company.com", ""}, .organisation = N12 N12 N12 "ÑÑÑÑÑÑÑÑ",
         .categories = {"My Contacts", ""}, .notices = {"organisation", "encoding"}},
    };
    (void)state;
    ASSERT_REAL("John_Doe_ANDROID.vcf", EXPECTED);
}

/* ---- files of our own, in the shapes of others */

static void an_old_export_of_google_is_read(void **state)
{
    static const struct expected EXPECTED[] = {
        {.line = 2, .full_name = "Dr. Anna Beispiel", .given_name = "Anna", .family_name = "Beispiel", .prefix = "Dr.",
         .nickname = "Änni", .organisation = "Gärtnerei Grün", .department = "Roses", .title = "Head gardener",
         .role = "Gardener", .birthdate = "1979-11-05", .gender = "Female", .language = "de",
         .note = "Likes \"Rosa gallica\"\nand tea",
         .emails = {"anna@beispiel.example", "home", "a.beispiel@post.example", "home",
                    "anna@gaertnerei.example", "work"},
         .phones = {"+41 79 555 01 02", "mobile", "+41 44 555 01 03", "work fax"},
         .urls = {"https://beispiel.example/anna", "profile"}, .categories = {"My Contacts", "", "Garden", ""},
         .addresses = {"Lindenweg 4", "Bern", "BE", "3000", "Schweiz", "home"}},
        {.line = 6, .full_name = "Only Formatted", .given_name = "Only", .family_name = "Formatted",
         .birthdate = "--02-29", .addresses = {"1 Long Road\nLeeds", "", "", "", "", "home"},
         .notices = {"address", "unstructured"}},
    };
    (void)state;
    ASSERT_OURS("google-2010.csv", EXPECTED);
}

static void a_new_export_of_google_is_read(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 2, .given_name = "Amélie", .middle_name = "Rose", .family_name = "Exemple", .prefix = "Mme",
        .organisation = "Atelier Exemple", .department = "Strings", .title = "Luthier",
        .emails = {"amelie@exemple.example", "work"}, .phones = {"06 55 50 01 23", "mobile"},
        .urls = {"https://exemple.example", "blog"}, .categories = {"myContacts", "", "Music", ""},
        .addresses = {"12 rue des Essais\n2e étage\nBP 7", "Lyon", "", "69001", "FR", "work"},
        .notices = {"birthdate", "unreadable"},
    }};
    (void)state;
    ASSERT_OURS("google-2024.csv", EXPECTED);
}

static void an_export_of_outlook_is_read(void **state)
{
    static const struct expected EXPECTED[] = {
        {.line = 2, .given_name = "Thomas", .middle_name = "Q", .family_name = "Sample", .prefix = "Mr.",
         .suffix = "Jr.", .organisation = "Sample & Sons", .department = "Sales", .title = "Salesman", .role = "Trader",
         .birthdate = "1980-03-21", .gender = "Unspecified", .note = "Line one\nLine two",
         .emails = {"thomas@sample.example", "", "tq@home.example", ""},
         .phones = {"+1 217 555 0101", "work fax", "+1 217 555 0102", "work", "+1 217 555 0103", "work",
                    "+1 217 555 0104", "home", "+1 217 555 0105", "mobile"},
         .urls = {"http://sample.example", ""}, .categories = {"Friends", "", "Golf", ""},
         .addresses = {"1 Trade Street\nFloor 3", "Springfield", "IL", "62701", "United States of America", "work",
                       "22 Elm Street", "Springfield", "IL", "62704", "United States of America", "home"}},
        {.line = 4, .given_name = "Zoë", .family_name = "Sample", .birthdate = "1982-04-05", .gender = "Female",
         .emails = {"zoe@sample.example", ""}},
        {.line = 5, .given_name = "No", .family_name = "Date", .emails = {"nodate@sample.example", ""}},
    };
    (void)state;
    ASSERT_OURS("outlook.csv", EXPECTED);
}

static void an_export_of_hubspot_is_read(void **state)
{
    static const struct expected EXPECTED[] = {
        {.line = 2, .given_name = "Ines", .family_name = "Muster", .organisation = "Muster GmbH", .title = "CEO",
         .birthdate = "1990-06-15", .emails = {"ines@muster.example", ""},
         .phones = {"+49 30 5550123", "", "+49 (0)170 5550124", "mobile"}, .urls = {"muster.example", ""},
         .external_ids = {"51", "hubspot"},
         .addresses = {"Hauptstraße 1", "Berlin", "Berlin", "10115", "Germany", ""}},
        {.line = 3, .given_name = "Jon", .family_name = "Muster", .emails = {"JON@muster.example", ""},
         .external_ids = {"52", "hubspot"}},
    };
    (void)state;
    ASSERT_OURS("hubspot.csv", EXPECTED);
}

static void an_export_of_salesforce_is_read(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 2, .given_name = "Olga", .family_name = "Primer", .prefix = "Ms.", .organisation = "Primer Ltd",
        .department = "Purchasing", .title = "Buyer", .birthdate = "1975-12-31", .note = "First customer",
        .emails = {"olga@primer.example", ""},
        .phones = {"(020) 7946 0001", "", "07700 900001", "mobile", "(020) 7946 0002", "fax"},
        .external_ids = {"003000000000001AAA", "id"},
        .addresses = {"10 High Street\nFlat 2", "London", "", "W1A 1AA", "United Kingdom", "mailing",
                      "PO Box 9", "Leeds", "", "LS1 1AA", "", "other"},
    }};
    (void)state;
    ASSERT_OURS("salesforce.csv", EXPECTED);
}

static void a_header_below_remarks_is_found(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 5, .given_name = "Petra", .family_name = "Vorlage", .organisation = "Vorlage AG", .title = "Engineer",
        .urls = {"https://network.example/in/petra", ""},
    }};
    (void)state;
    ASSERT_OURS("linkedin.csv", EXPECTED);
}

static void files_in_utf_16_are_read(void **state)
{
    static const struct expected TABLE[] = {
        {.line = 2, .given_name = "Łukasz", .family_name = "Przykład", .emails = {"lukasz@przyklad.example", ""}},
        {.line = 3, .given_name = "😀", .family_name = "Emoji", .emails = {"emoji@przyklad.example", ""}},
    };
    static const struct expected CARD[] = {
        {.line = 1, .given_name = "Łukasz", .family_name = "Przykład", .emails = {"lukasz@przyklad.example", ""}},
    };
    (void)state;
    ASSERT_OURS("tab-utf16le.csv", TABLE);
    ASSERT_OURS("utf16be.vcf", CARD);
}

static void a_card_of_version_4_is_read_and_a_group_is_none(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 1, .full_name = "Example, Eva", .given_name = "Eva", .middle_name = "Maria Ana",
        .family_name = "Example", .suffix = "PhD MSc",
        .nickname = "Evi, Evie", .organisation = "Ejemplo S.L.", .department = "I+D",
        .unit = "Laboratorio, Planta 2", .title = "Investigadora", .role = "Química", .birthdate = "--04-15",
        .gender = "female", .language = "es", .note = "Una línea\nOtra línea con \\ barra",
        .emails = {"eva@example.example", "work", "eva@hogar.example", "home"},
        .phones = {"+34-91-555-0123", "home", "+34-655-550-124;ext=7", "mobile"},
        .urls = {"https://example.example/eva", ""}, .categories = {"ciencia", "", "con,coma", ""},
        .external_ids = {"urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "uid"},
        .addresses = {"Calle Mayor 1", "Madrid", "", "28013", "España", "home"}, .notices = {"photo", "skipped"},
    }};
    (void)state;
    ASSERT_OURS("version4.vcf", EXPECTED);
}

static void labels_of_groups_name_their_values(void **state)
{
    static const struct expected EXPECTED[] = {{
        .line = 1, .full_name = "Tina Test", .given_name = "Tina", .family_name = "Test", .birthdate = "--03-21",
        .emails = {"tina@test.example", "school"}, .phones = {"+1 202 555 0199", "ferienhaus"},
        .urls = {"https://test.example", "work"},
        .addresses = {"1 Hill Road\n2nd floor", "Town", "ST", "12345", "USA", "other"},
    }};
    (void)state;
    ASSERT_OURS("apple-3.vcf", EXPECTED);
}

static void cards_of_version_2_1_with_agent_and_logo_are_read(void **state)
{
    static const struct expected EXPECTED[] = {
        {.line = 1, .given_name = "Jörg", .family_name = "Müller", .note = "a ; b, c \\n stays",
         .phones = {"0301234567", "home", "0170 1234567", "mobile"},
         .addresses = {"Grüner Weg 1", "Köln", "", "50667", "Deutschland", "home"},
         .notices = {"agent", "skipped", "logo", "skipped"}},
        {.line = 22, .given_name = "Only", .family_name = "Label",
         .addresses = {"1 Road\nTown", "", "", "", "", "work"}, .notices = {"address", "unstructured"}},
    };
    (void)state;
    ASSERT_OURS("nokia-21.vcf", EXPECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_gmail_is_read),
        cmocka_unit_test(a_card_of_outlook_2003_is_read),
        cmocka_unit_test(a_card_of_evolution_is_read),
        cmocka_unit_test(a_card_of_an_iphone_is_read),
        cmocka_unit_test(cards_of_android_are_read),
        cmocka_unit_test(an_old_export_of_google_is_read),
        cmocka_unit_test(a_new_export_of_google_is_read),
        cmocka_unit_test(an_export_of_outlook_is_read),
        cmocka_unit_test(an_export_of_hubspot_is_read),
        cmocka_unit_test(an_export_of_salesforce_is_read),
        cmocka_unit_test(a_header_below_remarks_is_found),
        cmocka_unit_test(files_in_utf_16_are_read),
        cmocka_unit_test(a_card_of_version_4_is_read_and_a_group_is_none),
        cmocka_unit_test(labels_of_groups_name_their_values),
        cmocka_unit_test(cards_of_version_2_1_with_agent_and_logo_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
