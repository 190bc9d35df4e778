/* SPDX-License-Identifier: Apache-2.0
 * Cards: lines, values, faults and hostile files, over the public reader. */
#include "protocol/vcard.h"

#include <stdio.h>

#include "base/limits_import.h"
#include "support/read_cards.h"

/* ---- lines */

static void folded_lines_are_joined_as_their_version_says(void **state)
{
    struct reading reading;
    (void)state;
    assert_text(only(&reading, CARD("FN:Jo\r\n hn\r\n\t Doe\r\n"))->full_name, "John Doe");
    reading_close(&reading);
    assert_text(only(&reading, CARD_2_1("FN:John\r\n Doe\r\n"))->full_name, "John Doe");
    reading_close(&reading);
    assert_text(only(&reading, "begin:vcard\nversion:4.0\nfn:John\n  Doe\nend:vcard")->full_name, "John Doe");
    reading_close(&reading);
}

static void any_line_break_ends_a_line(void **state)
{
    static const char *const TEXTS[] = {
        "BEGIN:VCARD\rVERSION:3.0\rFN:A\rEND:VCARD\rBEGIN:VCARD\rVERSION:3.0\rFN:B\rEND:VCARD\r",
        "BEGIN:VCARD\nVERSION:3.0\nFN:A\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\nEND:VCARD",
        "BEGIN:VCARD\r\r\nVERSION:3.0\r\r\nFN:A\r\r\nEND:VCARD\r\r\nBEGIN:VCARD\r\r\nVERSION:3.0\r\nFN:B\nEND:VCARD",
    };
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct reading reading;
        reading_of(&reading, TEXTS[i]);
        assert_int_equal(reading.contact_count, 2);
        assert_int_equal(reading.contacts[1]->line, 5);
        assert_text(reading.contacts[1]->full_name, "B");
        reading_close(&reading);
    }
}

static void files_put_one_behind_the_other_are_read(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "\xEF\xBB\xBF" CARD("FN:A\r\n") "\xEF\xBB\xBF" CARD("FN:B\r\n"));
    assert_int_equal(reading.contact_count, 2);
    assert_int_equal(reading.problem_count, 0);
    reading_close(&reading);
}

static void a_line_without_a_colon_takes_no_longer_for_its_folds(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    struct builder builder = builder_open(reading.cx.arena, SIZE_MAX);
    build_literal(&builder, "BEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTHING");
    for (int i = 0; i < 400000; i++)
        build_literal(&builder, "\n ;x");
    build_literal(&builder, "\nEND:VCARD\n");
    read_bytes(&reading, builder_bytes(&builder), true);
    assert_int_equal(reading.contact_count, 1);
    assert_notice(reading.contacts[0], 0, "line", "unreadable");
    reading_close(&reading);
}

static void soft_breaks_of_quoted_printable_are_joined(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading,
        CARD_2_1("NOTE;ENCODING=QUOTED-PRINTABLE:one=\r\n two=20=\r\nthree=0D=0A4=\r\n\r\n"
                 "FN;QUOTED-PRINTABLE:J=F6=\r\nrg\r\nTITLE;QUOTED-PRINTABLE:x=\r\n"));
    assert_text(contact->note, "one two three\n4");
    assert_text(contact->title, "x");
    assert_text(contact->full_name, "Jörg");
    assert_notice(contact, 0, "charset", "windows_1252_assumed");
    reading_close(&reading);
}

static void broken_quoted_printable_is_left_out(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD_2_1("FN:A\r\nTITLE;ENCODING=QUOTED-PRINTABLE:50=ZZ\r\n"));
    assert_text(contact->title, "");
    assert_notice(contact, 0, "title", "unreadable");
    reading_close(&reading);
}

static void values_in_base64_are_text(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("FN;ENCODING=b:SsO2\r\n cmc=\r\nNOTE;ENCODING=BASE64:!!!\r\n"));
    assert_text(contact->full_name, "Jörg");
    assert_notice(contact, 0, "note", "unreadable");
    reading_close(&reading);
}

static void a_photo_on_bare_lines_ends_where_a_property_begins(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD_2_1("PHOTO;JPEG;BASE64:AAAA\r\nBBBB\r\nCCCC=\r\nFN:A\r\n"
                                                      "SOUND;BASE64:\r\n  AAAA\r\n  BBBB\r\n\r\nTITLE:T\r\n"));
    assert_text(contact->full_name, "A");
    assert_text(contact->title, "T");
    assert_int_equal(contact->notices.count, 2);
    assert_int_equal(contact->notices.at[0].line, 3);
    reading_close(&reading);
}

/* ---- values */

static void escapes_mean_what_their_version_says(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("N:Do\\;e;J\\,ohn;a,b;;\r\nNOTE:1\\n2\\N3\\\\n\\:\\x\\\r\n"));
    assert_text(contact->family_name, "Do;e");
    assert_text(contact->given_name, "J,ohn");
    assert_text(contact->middle_name, "a b");
    assert_text(contact->note, "1\n2\n3\\n:\\x\\");
    reading_close(&reading);
    contact = only(&reading, CARD_2_1("N:Do\\;e;John, Paul\r\nNOTE:C:\\new\\\\x\r\n"));
    assert_text(contact->family_name, "Do;e");
    assert_text(contact->given_name, "John, Paul");
    assert_text(contact->note, "C:\\new\\\\x");
    reading_close(&reading);
}

static void types_are_read_in_every_notation(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading,
        CARD_2_1("TEL;CELL;PREF:1111111\r\nTEL;type=HOME;Type=Fax:2222222\r\nTEL;TYPE=\"work,voice\":3333333\r\n"
                 "TEL;TYPE=WORK,PREF:4444444\r\nTEL:5555555\r\nx.TEL;X-A=\"b:c;d\";TYPE=main:6666666\r\n"));
    ASSERT_VALUES(contact->phones, "1111111", "mobile", "2222222", "home fax", "3333333", "work", "4444444", "work",
                  "5555555", "", "6666666", "main");
    assert_true(contact->phones.at[0].preferred);
    assert_false(contact->phones.at[1].preferred);
    assert_true(contact->phones.at[3].preferred);
    reading_close(&reading);
}

static void birthdays_are_read_in_all_shapes(void **state)
{
    static const struct {
        const char *property;
        const char *expected; /* empty: a notice */
    } CASES[] = {
        {"BDAY:19800321", "1980-03-21"},
        {"BDAY:1980-03-21", "1980-03-21"},
        {"BDAY;VALUE=date:1980-03-21", "1980-03-21"},
        {"BDAY:1980-03-21T00:00:00Z", "1980-03-21"},
        {"BDAY:19800321T101500-0500", "1980-03-21"},
        {"BDAY:--0321", "--03-21"},
        {"BDAY:--03-21", "--03-21"},
        {"BDAY:--0229", "--02-29"},
        {"BDAY:1980", "1980"},
        {"BDAY:1980-03", "1980-03"},
        {"BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-21", "--03-21"},
        {"BDAY;X-APPLE-OMIT-YEAR=1604:1980-03-21", "1980-03-21"},
        {"BDAY;VALUE=text:circa 1800", ""},
        {"BDAY:---21", ""},
        {"BDAY:1980-13", ""},
        {"BDAY:--03", ""},
        {"BDAY;X-APPLE-OMIT-YEAR=1604:1604-03", ""},
        {"BDAY:1980-02-30", ""},
        {"BDAY:--0230", ""},
        {"BDAY:21.03.1980", ""},
        {"BDAY:--", ""},
        {"BDAY:T102200", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reading reading;
        char card[200];
        (void)snprintf(card, sizeof card, CARD("FN:A\r\n%s\r\n"), CASES[i].property);
        struct contact *contact = only(&reading, card);
        assert_text(contact->birthdate, CASES[i].expected);
        assert_int_equal(contact->notices.count, CASES[i].expected[0] == '\0');
        if (contact->notices.count > 0)
            assert_notice(contact, 0, "birthdate", "unreadable");
        reading_close(&reading);
    }
}

static void a_second_value_where_one_fits_is_noted(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("FN:A\r\nFN:A\r\nFN:B\r\nORG:X\r\nORG:X\r\nNOTE:1\r\nNOTE:2\r\n"));
    assert_text(contact->full_name, "A");
    assert_text(contact->organisation, "X");
    assert_text(contact->note, "1\n2");
    assert_int_equal(contact->notices.count, 1);
    assert_notice(contact, 0, "full_name", "further_value");
    reading_close(&reading);
}

/* ---- character sets */

static void declared_character_sets_are_converted(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading,
        CARD_2_1("FN;CHARSET=ISO-8859-1:J\xF6rg\r\nTITLE;CHARSET=windows-1252:\x80uro\r\n"
                 "ROLE;CHARSET=utf-8:\xC3\xB6\r\n"
                 "ORG;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=83e=83X=83g\r\n"));
    assert_text(contact->full_name, "Jörg");
    assert_text(contact->title, "€uro");
    assert_text(contact->role, "ö");
    assert_text(contact->organisation, "テスト");
    assert_int_equal(contact->notices.count, 0);
    reading_close(&reading);
}

static void what_breaks_its_declaration_is_left_out(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading,
        CARD_2_1("FN;CHARSET=UTF-8:J\xF6rg\r\nTITLE;CHARSET=x-klingon:a\r\nROLE:\xF6\r\n"
                 "NICKNAME;CHARSET=CP1252:\x81\r\nORG;CHARSET=SHIFT_JIS:a\x83\r\n"
                 "EMAIL:a@b.example\r\n"));
    assert_text(contact->full_name, "");
    assert_notice(contact, 0, "full_name", "encoding");
    assert_notice(contact, 1, "title", "charset_unknown");
    assert_notice(contact, 2, "role", "encoding"); /* the card speaks of UTF-8, so nothing is assumed */
    assert_notice(contact, 3, "nickname", "encoding");
    assert_notice(contact, 4, "organisation", "encoding"); /* it ends inside a character */
    reading_close(&reading);
    contact = only(&reading, CARD_4_0("FN:J\xF6rg\r\nEMAIL:a@b.example\r\n"));
    assert_notice(contact, 0, "full_name", "encoding"); /* version 4.0 is UTF-8 */
    reading_close(&reading);
    contact = only(&reading, "\xEF\xBB\xBF" CARD("FN:J\xF6rg\r\nEMAIL:a@b.example\r\n"));
    assert_notice(contact, 0, "full_name", "encoding"); /* so is a file with its mark */
    reading_close(&reading);
}

static void undeclared_windows_1252_is_assumed_and_said_once(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("FN:J\xF6rg\r\nTITLE:\x93Gro\xDF\x94\r\nROLE:\x81\r\n"));
    assert_text(contact->full_name, "Jörg");
    assert_text(contact->title, "“Groß”");
    assert_int_equal(contact->notices.count, 2);
    assert_notice(contact, 0, "charset", "windows_1252_assumed");
    assert_notice(contact, 1, "role", "encoding");
    reading_close(&reading);
}

static void control_characters_are_left_out(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, CARD("FN:A\r\nTITLE:a\x0B" "b\r\nROLE;CHARSET=ISO-8859-1:\x85\r\n"));
    assert_text(contact->title, "");
    assert_notice(contact, 0, "title", "control_characters");
    assert_notice(contact, 1, "role", "control_characters");
    reading_close(&reading);
}

static void the_encoding_a_user_declares_is_used(void **state)
{
    struct reading reading;
    (void)state;
    reading_open(&reading);
    reading.source.charset = "ISO-8859-2";
    read_text(&reading, CARD("FN:\xA3ukasz\r\n"));
    assert_int_equal(reading.outcome, OK);
    assert_text(reading.contacts[0]->full_name, "Łukasz");
    read_text(&reading, CARD("FN;CHARSET=ISO-8859-1:\xA3ukasz\r\nTITLE;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:=A3\r\n"));
    assert_text(reading.contacts[0]->full_name, "Łukasz"); /* all of the file was converted already, … */
    assert_text(reading.contacts[0]->title, "£");          /* … but for what was written in ASCII */
    reading.source.charset = "EBCDIC-of-old";
    read_text(&reading, CARD("FN:A\r\n"));
    assert_int_equal(reading.outcome, INVALID);
    assert_string_equal(reading.cx.failure.reason, "import.charset");
    reading_close(&reading);
}

static void half_a_character_of_utf_16_is_seen(void **state)
{
    /* The name ends with a high surrogate alone. */
    static const uint8_t LONE[] = "\xFE\xFF\0B\0E\0G\0I\0N\0:\0V\0C\0A\0R\0D\0\n\0F\0N\0:\0A\xD8\x01\0\n\0T\0E\0L\0:\0"
                                  "1\0\n\0E\0N\0D\0:\0V\0C\0A\0R\0D\0";
    struct reading reading;
    (void)state;
    reading_open(&reading);
    read_bytes(&reading, (struct bytes){LONE, sizeof LONE - 1}, true); /* … and the file in the middle of one */
    assert_int_equal(reading.outcome, OK);
    assert_int_equal(reading.contact_count, 0);
    assert_problem(&reading, 0, 1, "vcard.truncated");
    read_bytes(&reading, (struct bytes){LONE, sizeof LONE - 2}, true);
    assert_int_equal(reading.contact_count, 1);
    assert_text(reading.contacts[0]->full_name, "");
    assert_notice(reading.contacts[0], 0, "full_name", "encoding");
    reading_close(&reading);
}

/* ---- faults */

static void faults_of_cards_are_reported_and_the_rest_goes_on(void **state)
{
    struct reading reading;
    (void)state;
    reading_of(&reading, "junk\njunk\nBEGIN:VCARD\nFN:no end\n" CARD("FN:A\r\n") "END:VCARD\n\n\n"
                         "BEGIN:VCARD\nVERSION:9\nFN:B\nEND:VCARD\n"
                         CARD("TITLE:nobody\r\n") CARD("FN:C\r\nno colon here\r\n")
                         "BEGIN:VCARD\nFN:D\n");
    assert_int_equal(reading.contact_count, 2);
    assert_text(reading.contacts[0]->full_name, "A");
    assert_text(reading.contacts[1]->full_name, "C");
    assert_notice(reading.contacts[1], 0, "line", "unreadable");
    assert_int_equal(reading.contacts[1]->notices.at[0].line, 23);
    assert_int_equal(reading.problem_count, 6);
    assert_problem(&reading, 0, 1, "vcard.outside");
    assert_problem(&reading, 1, 3, "vcard.no_end");
    assert_problem(&reading, 2, 9, "vcard.no_begin");
    assert_problem(&reading, 3, 13, "vcard.version");
    assert_problem(&reading, 4, 16, "contact.nobody");
    assert_problem(&reading, 5, 25, "vcard.truncated");
    reading_close(&reading);
}

static void a_card_without_a_version_is_read_as_3_0_and_noted(void **state)
{
    struct reading reading;
    (void)state;
    struct contact *contact = only(&reading, "BEGIN:VCARD\nFN:A\\nB\nEND:VCARD\n");
    assert_text(contact->full_name, "A\nB");
    assert_notice(contact, 0, "version", "missing");
    reading_close(&reading);
}

static void a_nul_byte_refuses_its_card_only(void **state)
{
    static const char TEXT_WITH_NUL[] = CARD("FN:A\0B\r\n") CARD("X-ODD:\0\r\nFN:C\r\n") CARD("FN:D\r\n");
    struct reading reading;
    (void)state;
    reading_open(&reading);
    read_bytes(&reading, (struct bytes){(const uint8_t *)TEXT_WITH_NUL, sizeof TEXT_WITH_NUL - 1}, true);
    assert_int_equal(reading.contact_count, 1);
    assert_text(reading.contacts[0]->full_name, "D");
    assert_problem(&reading, 0, 3, "contact.nul");
    assert_problem(&reading, 1, 7, "contact.nul");
    reading_close(&reading);
    struct contact *contact = only(&reading, CARD_2_1("FN:A\r\nTITLE;ENCODING=QUOTED-PRINTABLE:a=00b\r\n"));
    assert_notice(contact, 0, "title", "unreadable");
    reading_close(&reading);
}

/* ---- hostile files */

static void build_many(struct builder *builder, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        build_literal(builder, text);
}

/* Reads what was built; the reader's own memory is in the arena of the reading, beside the text. */
static void read_built(struct reading *reading, const struct builder *builder)
{
    assert_false(builder->overflowed);
    read_bytes(reading, builder_bytes(builder), true);
    assert_int_equal(reading->outcome, OK);
}

static void a_line_at_the_limit_is_read_and_one_beyond_is_left_out(void **state)
{
    struct reading reading;
    struct builder builder;
    (void)state;
    reading_open(&reading);
    builder = builder_open(reading.cx.arena, SIZE_MAX);
    build_literal(&builder, "BEGIN:VCARD\nVERSION:3.0\nFN:A\nX-LONG:");
    build_many(&builder, "x", 3 * LIMIT_IMPORT_LINE_BYTES);
    build_literal(&builder, "\nTITLE:");
    build_many(&builder, "0123456789abcdef", LIMIT_IMPORT_LINE_BYTES / 16); /* and the name beside it */
    build_literal(&builder, "\nROLE:");
    build_many(&builder, "\n 0123456789abcdef", LIMIT_IMPORT_LINE_BYTES / 16);
    build_literal(&builder, "\nNICKNAME:a");
    build_many(&builder, "\n ", LIMIT_IMPORT_LINE_BYTES / 2);
    build_literal(&builder, "b\nX-FOLDED:\n ");
    build_many(&builder, "x", 3 * LIMIT_IMPORT_LINE_BYTES);
    build_literal(&builder, "\n y\nno colon");
    build_many(&builder, "\n 0123456789abcdef", LIMIT_IMPORT_LINE_BYTES / 16 + 2);
    build_literal(&builder, "\nEND:VCARD\n");
    read_built(&reading, &builder);
    assert_int_equal(reading.contact_count, 1);
    assert_int_equal(reading.problem_count, 0);
    assert_text(reading.contacts[0]->nickname, "ab");
    assert_notice(reading.contacts[0], 0, "title", "too_long");
    assert_notice(reading.contacts[0], 1, "role", "too_long");
    assert_notice(reading.contacts[0], 2, "line", "too_long");
    assert_int_equal(reading.contacts[0]->notices.count, 3);
    assert_int_equal(reading.contacts[0]->notices.at[1].line, 6);
    reading_close(&reading);
}

static void a_card_that_says_too_much_is_refused(void **state)
{
    struct reading reading;
    struct builder builder;
    (void)state;
    reading_open(&reading);
    builder = builder_open(reading.cx.arena, SIZE_MAX);
    build_literal(&builder, "BEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTE:");
    build_many(&builder, "x", LIMIT_IMPORT_CONTACT_BYTES - 1);
    build_literal(&builder, "\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:A\nNOTE:");
    build_many(&builder, "x", LIMIT_IMPORT_CONTACT_BYTES);
    build_literal(&builder, "\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\n");
    build_many(&builder, "X-A:b\n", LIMIT_IMPORT_FIELDS - 2);
    build_literal(&builder, "END:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:B\n");
    build_many(&builder, "X-A:b\n", LIMIT_IMPORT_FIELDS - 1);
    build_literal(&builder, "END:VCARD\n");
    read_built(&reading, &builder);
    assert_int_equal(reading.contact_count, 2);
    assert_int_equal(reading.problem_count, 2);
    assert_problem(&reading, 0, 6, "contact.too_large");
    assert_problem(&reading, 1, 14 + 2 * LIMIT_IMPORT_FIELDS, "vcard.too_many_properties");
    reading_close(&reading);
}

static void cards_inside_cards_have_an_end(void **state)
{
    struct reading reading;
    struct builder builder;
    (void)state;
    reading_open(&reading);
    builder = builder_open(reading.cx.arena, SIZE_MAX);
    for (size_t depth = LIMIT_IMPORT_CARD_DEPTH; depth <= LIMIT_IMPORT_CARD_DEPTH + 1; depth++) {
        build_literal(&builder, "BEGIN:VCARD\nVERSION:2.1\nFN:Outer\n");
        build_many(&builder, "AGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Inner\n", depth);
        build_many(&builder, "END:VCARD\n", depth + 1);
    }
    build_literal(&builder, "BEGIN:VCARD\nVERSION:2.1\nFN:Deepest\n");
    build_many(&builder, "AGENT:\nBEGIN:VCARD\n", 1000);
    build_many(&builder, "END:VCARD\n", 1001);
    build_literal(&builder, CARD("FN:Next\r\n"));
    read_built(&reading, &builder);
    assert_int_equal(reading.contact_count, 2);
    assert_text(reading.contacts[0]->full_name, "Outer");
    assert_notice(reading.contacts[0], 0, "agent", "skipped");
    assert_text(reading.contacts[1]->full_name, "Next");
    assert_int_equal(reading.problem_count, 2);
    assert_string_equal(contact_reason_word(reading.problems[0].reason), "vcard.too_deep");
    assert_string_equal(contact_reason_word(reading.problems[1].reason), "vcard.too_deep");
    reading_close(&reading);
}

static void a_million_cards_without_an_end_are_a_million_faults(void **state)
{
    struct reading reading;
    struct builder builder;
    (void)state;
    reading_open(&reading);
    builder = builder_open(reading.cx.arena, SIZE_MAX);
    build_many(&builder, "BEGIN:VCARD\n", 1000000);
    reading.source.format = CONTACT_FORMAT_VCARD;
    struct arena *arena = arena_open((size_t)8 << 20);
    struct ctx each = {.arena = arena};
    struct contact_source source = contact_source_of_memory(&reading.memory);
    struct contact *contact = NULL;
    struct contact_problem problem;
    reading.memory = (struct memory_source){builder_bytes(&builder), 0};
    assert_int_equal(contact_reader_open(&reading.cx, &source, &reading.reader), OK);
    for (int64_t i = 1; i <= 1000000; i++) {
        arena_reset(arena); /* memory of one chunk, however long the file */
        assert_int_equal(contact_reader_next(reading.reader, &each, &contact, &problem), OK);
        assert_null(contact);
        assert_int_equal(problem.line, i);
        assert_int_equal(problem.reason, i < 1000000 ? CONTACT_NO_END : CONTACT_TRUNCATED);
    }
    assert_int_equal(contact_reader_next(reading.reader, &each, &contact, &problem), OK);
    assert_null(contact);
    assert_int_equal(problem.reason, CONTACT_FINE);
    arena_close(arena);
    reading_close(&reading);
}

static void a_small_arena_is_a_failure_not_a_half_contact(void **state)
{
    struct reading reading;
    struct contact *contact = NULL;
    struct contact_problem problem;
    (void)state;
    reading_open(&reading);
    struct ctx small = {.arena = arena_open(1024)};
    struct contact_source source = contact_source_of_memory(&reading.memory);
    struct text card = TEXT(CARD("FN:A\r\nTEL:1\r\nTEL:2\r\nURL:a\r\nURL:b\r\nADR:;;x\r\n"));
    reading.memory = (struct memory_source){bytes_of_text(card), 0};
    assert_int_equal(contact_reader_open(&reading.cx, &source, &reading.reader), OK);
    assert_int_equal(contact_reader_next(reading.reader, &small, &contact, &problem), TOO_LARGE);
    assert_string_equal(small.failure.reason, "limit.memory");
    arena_close(small.arena);
    reading_close(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_lines_are_joined_as_their_version_says),
        cmocka_unit_test(any_line_break_ends_a_line),
        cmocka_unit_test(files_put_one_behind_the_other_are_read),
        cmocka_unit_test(a_line_without_a_colon_takes_no_longer_for_its_folds),
        cmocka_unit_test(soft_breaks_of_quoted_printable_are_joined),
        cmocka_unit_test(broken_quoted_printable_is_left_out),
        cmocka_unit_test(values_in_base64_are_text),
        cmocka_unit_test(a_photo_on_bare_lines_ends_where_a_property_begins),
        cmocka_unit_test(escapes_mean_what_their_version_says),
        cmocka_unit_test(types_are_read_in_every_notation),
        cmocka_unit_test(birthdays_are_read_in_all_shapes),
        cmocka_unit_test(a_second_value_where_one_fits_is_noted),
        cmocka_unit_test(declared_character_sets_are_converted),
        cmocka_unit_test(what_breaks_its_declaration_is_left_out),
        cmocka_unit_test(undeclared_windows_1252_is_assumed_and_said_once),
        cmocka_unit_test(control_characters_are_left_out),
        cmocka_unit_test(the_encoding_a_user_declares_is_used),
        cmocka_unit_test(half_a_character_of_utf_16_is_seen),
        cmocka_unit_test(faults_of_cards_are_reported_and_the_rest_goes_on),
        cmocka_unit_test(a_card_without_a_version_is_read_as_3_0_and_noted),
        cmocka_unit_test(a_nul_byte_refuses_its_card_only),
        cmocka_unit_test(a_line_at_the_limit_is_read_and_one_beyond_is_left_out),
        cmocka_unit_test(a_card_that_says_too_much_is_refused),
        cmocka_unit_test(cards_inside_cards_have_an_end),
        cmocka_unit_test(a_million_cards_without_an_end_are_a_million_faults),
        cmocka_unit_test(a_small_arena_is_a_failure_not_a_half_contact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
