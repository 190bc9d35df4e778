/* SPDX-License-Identifier: Apache-2.0
 * CSV files as contacts: headers, mapping, encodings, dates, bad rows. */
#include "protocol/contact_table.h"

#include "base/limits.h"
#include "support/read_contacts.h"

static void the_delimiter_is_found_by_the_names_it_gives(void **state)
{
    static const char *const TEXTS[] = {
        "First Name,Last Name,E-mail Address\nA,B,a@b.example\n",
        "first_name;LAST-NAME;email\nA;B;a@b.example\n",
        "FirstName\tLastName\tEmail\tNotes, and more\nA\tB\ta@b.example\t\n",
        "first name|last name|email\nA|B|a@b.example\n",
        "sep=;\nFirst Name;Last Name;Email\nA;B;a@b.example\n",
        "\"First Name\";\"Last Name\";\"a,b,c\";\"Email\"\n\"A\";\"B\";\"x\";\"a@b.example\"\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct reading reading;
        reading_of(&reading, TEXTS[i]);
        assert_int_equal(contact_reader_format(reading.reader), CONTACT_FORMAT_CSV);
        assert_int_equal(reading.contact_count, 1);
        assert_text(reading.contacts[0]->given_name, "A");
        assert_text(reading.contacts[0]->family_name, "B");
        ASSERT_VALUES(reading.contacts[0]->emails, "a@b.example", "");
        reading_close(&reading);
    }
}

static void files_without_columns_fail(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    read_text(&reading, "foo,bar\n1,2\n");
    assert_int_equal(reading.outcome, INVALID);
    assert_string_equal(reading.cx.failure.reason, "csv.no_columns");
    read_text(&reading, " \r\n");
    assert_int_equal(reading.outcome, INVALID);
    assert_string_equal(reading.cx.failure.reason, "import.empty");
    read_text(&reading, "");
    assert_string_equal(reading.cx.failure.reason, "import.empty");
    reading_close(&reading);
}

static void ten_thousand_columns_are_too_many(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    struct builder header = builder_open(reading.cx.arena, SIZE_MAX);
    for (int i = 0; i < 10000; i++)
        build_literal(&header, "Email,");
    read_bytes(&reading, builder_bytes(&header), true);
    assert_int_equal(reading.outcome, TOO_LARGE);
    assert_string_equal(reading.cx.failure.reason, "csv.too_many_columns");
    reading_close(&reading);
}

static void columns_can_be_mapped_and_the_others_are_listed(void **state)
{
    struct reading reading;
    struct contact_map maps[3];
    size_t count = 0;
    (void)state;
    reading_open(&reading);
    assert_int_equal(contact_map_parse(&reading.cx, TEXT(" Kunden-Nr =external_id"), &maps[0]), OK);
    assert_int_equal(contact_map_parse(&reading.cx, TEXT("a=b=email"), &maps[1]), OK);
    assert_int_equal(contact_map_parse(&reading.cx, TEXT("Name=ignore"), &maps[2]), OK);
    reading.source.maps = maps;
    reading.source.map_count = 3;
    read_text(&reading, "kunden_nr,A=B,Name,Odd one,\n7,a@b.example,X,y,\n");
    assert_int_equal(reading.outcome, OK);
    assert_text(reading.contacts[0]->full_name, "");
    ASSERT_VALUES(reading.contacts[0]->external_ids, "7", "kundennr");
    ASSERT_VALUES(reading.contacts[0]->emails, "a@b.example", "");
    const struct text *unmapped = contact_reader_unmapped(reading.reader, &count);
    assert_int_equal(count, 1);
    assert_text(unmapped[0], "Odd one");
    assert_int_equal(contact_map_parse(&reading.cx, TEXT("Name"), &maps[0]), USAGE);
    assert_string_equal(reading.cx.failure.reason, "map.syntax");
    failure_clear(&reading.cx.failure);
    assert_int_equal(contact_map_parse(&reading.cx, TEXT("Name=shoe_size"), &maps[0]), USAGE);
    assert_string_equal(reading.cx.failure.reason, "map.field");
    reading_close(&reading);
}

static void a_map_names_a_column_that_is_there(void **state)
{
    static const struct {
        const char *map, *header;
        bool        is_there;
    } CASES[] = {
        {"Kunde=full_name", "KUNDE,Email\nA,a@x.example\n", true},
        {"Kunde=full_name", "Kunden,Email\nA,a@x.example\n", false},
        {"Kunde=full_name", ",Email\nA,a@x.example\n", false},
        {"Kunde=full_name", "a,b\n1,2\n", false},
        {"--=full_name", "--,Email\nA,a@x.example\n", false}, /* a name of signs alone is none */
        {"--=full_name", "--,b\nA,2\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reading reading;
        struct contact_map map;
        reading_open(&reading);
        assert_int_equal(contact_map_parse(&reading.cx, text_of(CASES[i].map), &map), OK);
        reading.source.maps = &map;
        reading.source.map_count = 1;
        read_text(&reading, CASES[i].header);
        assert_int_equal(reading.outcome, CASES[i].is_there ? OK : USAGE);
        if (CASES[i].is_there)
            assert_text(reading.contacts[0]->full_name, "A");
        else
            assert_string_equal(reading.cx.failure.reason, "map.column");
        reading_close(&reading);
    }
}

static void a_column_name_beyond_the_bound_is_none(void **state)
{
    struct reading reading;
    size_t count = 0;
    (void)state;
    reading_open(&reading);
    struct text text = text_format(reading.cx.arena, "Email,%0*d,\"%0*d\"\na@x.example,1,2\n", LIMIT_NAME_BYTES, 0,
                                   LIMIT_NAME_BYTES + 1, 0);
    read_bytes(&reading, bytes_of_text(text), true);
    assert_int_equal(reading.outcome, OK);
    assert_int_equal(reading.contact_count, 1);
    const struct text *unmapped = contact_reader_unmapped(reading.reader, &count);
    assert_int_equal(count, 1);
    assert_int_equal(unmapped[0].size, LIMIT_NAME_BYTES);
    reading_close(&reading);
}

static void every_field_has_a_word(void **state)
{
    (void)state;
    for (contact_field field = CONTACT_IGNORED; field < CONTACT_FIELD_COUNT; field++)
        assert_int_equal(contact_field_of_word(text_of(contact_field_word(field))), field);
    assert_int_equal(contact_field_of_word(TEXT("nonsense")), CONTACT_FIELD_COUNT);
}

static void bad_rows_are_reported_and_the_rest_goes_on(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "First Name,Email,City\nA,a@x.example,\nshort,row\n\nB,b@x.example,Bern,,\n"
                         "long,c@x.example,Bern,1\n,,\n,,Bern\n\"C\"x,d@x.example,\nD,no address,\n");
    assert_int_equal(reading.contact_count, 3);
    assert_text(reading.contacts[1]->given_name, "B");
    assert_text(reading.contacts[2]->given_name, "D");
    assert_notice(reading.contacts[2], 0, "email", "not_an_address");
    assert_int_equal(reading.problem_count, 4);
    assert_problem(&reading, 0, 3, "csv.ragged");
    assert_problem(&reading, 1, 6, "csv.ragged");
    assert_problem(&reading, 2, 8, "contact.nobody");
    assert_problem(&reading, 3, 9, "csv.quote");
    reading_close(&reading);
}

static void a_row_with_an_id_alone_is_nobody(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Id,First Name,Email\n003A,,\n003B,Ada,\n003C,,c@x.example\n003D,,a@b@c\n");
    assert_int_equal(reading.contact_count, 2);
    assert_problem(&reading, 0, 2, "contact.nobody");
    assert_problem(&reading, 1, 5, "contact.nobody");
    reading_close(&reading);
}

static void nameless_columns_at_the_end_need_not_be_there(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Name,Email,,\nA,a@x.example\nB,b@x.example,,\nC,c@x.example,1,2\nD\n");
    assert_int_equal(reading.contact_count, 3);
    assert_int_equal(reading.problem_count, 1);
    assert_problem(&reading, 0, 5, "csv.ragged");
    reading_close(&reading);
}

static void several_addresses_in_one_cell_are_told_apart(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Email,Additional email addresses\na@x.example,b@x.example;c@x.example ; d@x.example\n");
    ASSERT_VALUES(reading.contacts[0]->emails, "a@x.example", "", "b@x.example", "", "c@x.example", "",
                  "d@x.example", "");
    reading_close(&reading);
}

static void title_is_a_prefix_beside_a_job_title(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Title,Job Title,Last Name\nDr.,Baker,A\n");
    assert_text(reading.contacts[0]->prefix, "Dr.");
    assert_text(reading.contacts[0]->title, "Baker");
    reading_close(&reading);
    reading_of(&reading, "Title,Salutation,Last Name\nBaker,Dr.,A\n");
    assert_text(reading.contacts[0]->prefix, "Dr.");
    assert_text(reading.contacts[0]->title, "Baker");
    reading_close(&reading);
}

static void a_title_that_is_mapped_elsewhere_is_no_prefix(void **state)
{
    struct reading reading;
    struct contact_map map;
    (void)state;
    reading_open(&reading);
    assert_int_equal(contact_map_parse(&reading.cx, TEXT("Title=note"), &map), OK);
    reading.source.maps = &map;
    reading.source.map_count = 1;
    read_text(&reading, "Title,Job Title,Last Name\nDr.,Baker,A\n");
    assert_text(reading.contacts[0]->prefix, "");
    assert_text(reading.contacts[0]->note, "Dr.");
    assert_text(reading.contacts[0]->title, "Baker");
    reading_close(&reading);
}

static void cells_are_read_as_their_column_says(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "Name,Phone 1 - Value,Phone 1 - Type,Phone 2 - Value,Address 1 - Type,Address 1 - City,"
                         "Address 2 - Formatted,Address 3 - Formatted,Notes\n"
                         "A,1;2 ::: 3,ho\x01me,4,* Home,Bern,a\x01,Weg 3,\"one\rtwo\r\nthree\r\"\n");
    struct contact *contact = reading.contacts[0];
    ASSERT_VALUES(contact->phones, "1;2", "", "3", "", "4", "");
    assert_text(contact->note, "one\ntwo\nthree");
    assert_int_equal(contact->addresses.count, 2);
    assert_text(contact->addresses.at[0].type, "home");
    assert_true(contact->addresses.at[0].preferred);
    assert_text(contact->addresses.at[1].street_address, "Weg 3");
    assert_false(contact->addresses.at[1].preferred);
    assert_int_equal(contact->notices.count, 2);
    assert_notice(contact, 0, "street_address", "control_characters");
    assert_notice(contact, 1, "address", "unstructured");
    reading_close(&reading);
}

/* ---- encodings */

static void the_first_row_beyond_ascii_settles_the_encoding(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "First Name,Email\nA,a@x.example\nJ\xC3\xB6rg,j@x.example\nJ\xF6rg,k@x.example\n");
    assert_int_equal(reading.contact_count, 2);
    assert_text(reading.contacts[1]->given_name, "Jörg");
    assert_problem(&reading, 0, 4, "contact.encoding");
    reading_close(&reading);
    reading_of(&reading, "First Name,Email\nJ\xF6rg,j@x.example\nJ\xC3\xB6rg,k@x.example\n\x81,l@x.example\n");
    assert_int_equal(reading.contact_count, 2);
    assert_text(reading.contacts[0]->given_name, "Jörg");
    assert_notice(reading.contacts[0], 0, "charset", "windows_1252_assumed");
    assert_problem(&reading, 0, 3, "contact.encoding");
    assert_notice(reading.contacts[1], 1, "given_name", "encoding");
    reading_close(&reading);
    reading_of(&reading, "\xEF\xBB\xBF" "First Name,Email\nJ\xF6rg,j@x.example\n");
    assert_problem(&reading, 0, 2, "contact.encoding");
    reading_close(&reading);
}

static void a_declared_encoding_is_converted(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    reading.source.charset = "windows-1251";
    read_text(&reading, "First Name,Email\n\xC0\xED\xED\xE0,a@x.example\n\x98,b@x.example\n");
    assert_int_equal(reading.outcome, OK);
    assert_text(reading.contacts[0]->given_name, "Анна");
    assert_problem(&reading, 0, 3, "contact.encoding");
    reading_close(&reading);
}

/* ---- dates */

static const char *date_of(struct reading *reading, const char *birthdates, bool rewinds, size_t at)
{
    reading_open(reading);
    struct text text = text_format(reading->cx.arena, "Birthday,Email\n%s", birthdates);
    read_bytes(reading, bytes_of_text(text), rewinds);
    assert_int_equal(reading->outcome, OK);
    return text_c_string(reading->cx.arena, reading->contacts[at]->birthdate);
}

static void dates_are_read_by_the_order_of_the_whole_file(void **state)
{
    static const struct {
        const char *rows;
        const char *expected;
        const char *reason; /* of the notice, or NULL */
    } CASES[] = {
        {"1980-03-04,a@x.example\n", "1980-03-04", NULL},
        {"1980/3/4,a@x.example\n", "1980-03-04", NULL},
        {"--03-04,a@x.example\n", "--03-04", NULL},
        {"1980-03,a@x.example\n", "1980-03", NULL},
        {"1980-03-04 00:00:00,a@x.example\n", "1980-03-04", NULL},
        {"3/4/1980,a@x.example\n3/21/1980,b@x.example\n", "1980-03-04", NULL},
        {"3/4/1980 12:00:00 AM,a@x.example\n3/21/1980,b@x.example\n", "1980-03-04", NULL},
        {"3/4/1980,a@x.example\n21/3/1980,b@x.example\n", "1980-04-03", NULL},
        {"03.04.1980,a@x.example\n31.12.1980,b@x.example\n", "1980-04-03", NULL},
        {"5/5/1980,a@x.example\n", "1980-05-05", NULL},
        {"3/4/1980,a@x.example\n", "", "ambiguous"},
        {"3/4/1980,a@x.example\n3/21/1980,b@x.example\n21/3/1980,c@x.example\n", "", "ambiguous"},
        {"21/3/1980,a@x.example\n3/21/1980,b@x.example\n", "", "ambiguous"},
        {"3/4/80,a@x.example\n3/21/1980,b@x.example\n", "", "unreadable"},
        {"2/30/1980,a@x.example\n", "", "unreadable"},
        {"21 March 1980,a@x.example\n", "", "unreadable"},
        {"3/4/1980,a@x.example\n21/13/1980,b@x.example\n", "", "ambiguous"}, /* no order has such a date */
        {"3/4/1980,a@x.example\n3/32/1980,b@x.example\n", "", "ambiguous"},
        {"3/4/1980,a@x.example\n32/3/1980,b@x.example\n", "", "ambiguous"},
        {"3/4/1980,a@x.example\n3/21/1980,b@x.example\n21/22/1980,c@x.example\n", "1980-03-04", NULL},
        {"1980/13/4,a@x.example\n", "", "unreadable"},
        {"0/0/00,a@x.example\n", "", NULL},
        {"00000/1/1,a@x.example\n", "", "unreadable"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reading reading;
        assert_string_equal(date_of(&reading, CASES[i].rows, i % 2 == 0, 0), CASES[i].expected);
        assert_int_equal(reading.contacts[0]->notices.count, CASES[i].reason != NULL);
        if (CASES[i].reason != NULL)
            assert_notice(reading.contacts[0], 0, "birthdate", CASES[i].reason);
        reading_close(&reading);
    }
}

/* More than the first window: only a source that can rewind shows all of its dates in time. */
static void a_late_date_decides_only_where_the_file_can_be_read_twice(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
    build_literal(&file, "Birthday,Email\n");
    for (int i = 0; i < 5000; i++)
        build_format(&file, "3/4/1980,person%d@example.example\n", i);
    build_literal(&file, "3/21/1980,last@example.example\n");
    read_bytes(&reading, builder_bytes(&file), true);
    assert_int_equal(reading.contact_count, 5001);
    assert_text(reading.contacts[0]->birthdate, "1980-03-04");
    assert_int_equal(reading.contacts[1]->line, 3);
    assert_int_equal(contact_reader_bytes_read(reading.reader), file.size);
    read_bytes(&reading, builder_bytes(&file), false);
    assert_int_equal(reading.contact_count, 5001);
    assert_text(reading.contacts[0]->birthdate, "");
    assert_notice(reading.contacts[0], 0, "birthdate", "ambiguous");
    reading_close(&reading);
}

static ssize_t read_fails(void *self, uint8_t *out, size_t size)
{
    (void)self;
    (void)out;
    (void)size;
    return -1;
}

static ssize_t read_without_end(void *self, uint8_t *out, size_t size)
{
    (void)self;
    memset(out, '\n', size);
    memset(out, ':', size - 1);
    return (ssize_t)size;
}

static void a_source_that_fails_or_never_ends_is_a_failure(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    struct contact_source source = {.read = read_fails};
    assert_int_equal(contact_reader_open(&reading.cx, &source, &reading.reader), UNAVAILABLE);
    assert_string_equal(reading.cx.failure.reason, "import.read");
    failure_clear(&reading.cx.failure);
    source = (struct contact_source){.read = read_without_end, .format = CONTACT_FORMAT_VCARD};
    assert_int_equal(contact_reader_open(&reading.cx, &source, &reading.reader), OK);
    err outcome = OK;
    struct contact *contact = NULL;
    struct contact_problem problem;
    while (outcome == OK)
        outcome = contact_reader_next(reading.reader, &reading.cx, &contact, &problem);
    assert_int_equal(outcome, TOO_LARGE);
    assert_string_equal(reading.cx.failure.reason, "import.file_too_large");
    reading_close(&reading);
}

static void a_row_of_many_street_lines_is_refused_alone(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    struct builder file = builder_open(reading.cx.arena, SIZE_MAX);
    build_literal(&file, "Email");
    for (int i = 0; i < 500; i++)
        build_literal(&file, ",Street");
    build_literal(&file, "\na@b.example");
    for (int i = 0; i < 500; i++)
        build_format(&file, ",%02000d", i);
    build_literal(&file, "\nc@d.example");
    for (int i = 0; i < 500; i++)
        build_literal(&file, ",x");
    read_bytes(&reading, builder_bytes(&file), true);
    assert_int_equal(reading.outcome, OK);
    assert_int_equal(reading.contact_count, 1);
    assert_int_equal(reading.contacts[0]->addresses.at[0].street_address.size, 999);
    assert_problem(&reading, 0, 2, "contact.too_large");
    reading_close(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_delimiter_is_found_by_the_names_it_gives),
        cmocka_unit_test(files_without_columns_fail),
        cmocka_unit_test(ten_thousand_columns_are_too_many),
        cmocka_unit_test(columns_can_be_mapped_and_the_others_are_listed),
        cmocka_unit_test(a_map_names_a_column_that_is_there),
        cmocka_unit_test(a_column_name_beyond_the_bound_is_none),
        cmocka_unit_test(every_field_has_a_word),
        cmocka_unit_test(bad_rows_are_reported_and_the_rest_goes_on),
        cmocka_unit_test(a_row_with_an_id_alone_is_nobody),
        cmocka_unit_test(nameless_columns_at_the_end_need_not_be_there),
        cmocka_unit_test(several_addresses_in_one_cell_are_told_apart),
        cmocka_unit_test(title_is_a_prefix_beside_a_job_title),
        cmocka_unit_test(a_title_that_is_mapped_elsewhere_is_no_prefix),
        cmocka_unit_test(cells_are_read_as_their_column_says),
        cmocka_unit_test(the_first_row_beyond_ascii_settles_the_encoding),
        cmocka_unit_test(a_declared_encoding_is_converted),
        cmocka_unit_test(dates_are_read_by_the_order_of_the_whole_file),
        cmocka_unit_test(a_late_date_decides_only_where_the_file_can_be_read_twice),
        cmocka_unit_test(a_source_that_fails_or_never_ends_is_a_failure),
        cmocka_unit_test(a_row_of_many_street_lines_is_refused_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
