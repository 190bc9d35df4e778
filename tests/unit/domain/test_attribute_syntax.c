/* SPDX-License-Identifier: Apache-2.0
 * Goal: each rule for a single text takes what is right and nothing beside it. Method: texts on both sides of each of
 * its bounds, handed over as any caller might, also those that the check of a whole value stops before. */
#include "domain/words/attribute_syntax.h"

#include "support/cmocka.h"

static void assert_each(bool (*rule)(struct text text), bool sane, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        if (rule(text_of(*texts)) != sane)
            fail_msg("\"%s\" is %s", *texts, sane ? "refused" : "taken");
}

#define ASSERT_TAKEN(rule, ...) assert_each((rule), true, (const char *const[]){__VA_ARGS__, NULL})
#define ASSERT_REFUSED(rule, ...) assert_each((rule), false, (const char *const[]){__VA_ARGS__, NULL})

/* `front`, then as many `filler` as make the text `size` bytes long together with `back`. */
static struct text filled(char *room, size_t size, const char *front, char filler, const char *back)
{
    size_t front_size = strlen(front);
    size_t back_size = strlen(back);
    memset(room, filler, size);
    memcpy(room, front, front_size);
    memcpy(room + size - back_size, back, back_size);
    return (struct text){room, size};
}

static void a_telephone_number_has_its_digits_and_brackets(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_TAKEN(phone_is_sane, "1234", "+1234", "+41 (0)44 555", "(031) 555", "(03) (1) 555", "123456789012345",
                 "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5", "1-(2)-3-(4)-5-(6)-7-(8)-9-0-1-2");
    ASSERT_REFUSED(phone_is_sane, "", "123", "+", "+0123", "1234567890123456", "((031) 555) 1234", "0)31 (555 1234",
                   "(031 555", ".1234", "1234 ", "12+34", "12  34", "1-(2)-3-(4)-5-(6)-7-(8)-9-(0)-1-2");
    assert_false(phone_is_sane(TEXT("12\00034")));
}

static void a_mail_domain_ends_somewhere(void **state)
{
    char room[300];
    (void)state; /* needs nothing */
    assert_true(email_is_sane(TEXT("a@b.example")));
    assert_false(email_is_sane(TEXT("a@b\0.example")));
    assert_false(email_is_sane(TEXT("a@")));
    assert_true(url_is_sane(TEXT("https://a.example")));
    assert_false(url_is_sane(TEXT("https://")));
    for (size_t size = 252; size <= 255; size++) { /* labels of up to 63 bytes */
        struct text url = filled(room, 8 + size, "https://", 'a', "");
        for (size_t i = 8 + 62; i < url.size; i += 63)
            room[i] = '.';
        assert_int_equal(url_is_sane(url), size <= 253 && url.at[url.size - 1] != '.');
    }
}

static void a_web_address_has_a_greatest_size(void **state)
{
    char room[1100];
    (void)state; /* needs nothing */
    assert_true(url_is_sane(filled(room, 1024, "https://a.example/", 'a', "z")));
    assert_false(url_is_sane(filled(room, 1025, "https://a.example/", 'a', "z")));
}

static void a_language_tag_has_its_parts_in_order(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_TAKEN(language_tag_is_sane, "de", "de-CH", "en-001", "es-419", "zh-cmn-Hant-TW", "de-CH-1996", "de-1901",
                 "fr-x-a", "fr-X-a", "en-a-bb-x-y", "sl-rozaj-biske", "en-a-b1-c-d2");
    ASSERT_REFUSED(language_tag_is_sane, "", "d", "de-", "de-4a9", "de-41a", "de-a19", "de-_-ab", "de-x", "de-a-b",
                   "de-a-x-y", "de-CH-DE", "de-CH-Hant", "de-19", "de-199-1", "de-a-bb-", "de-a-bbbbbbbbb");
    ASSERT_TAKEN(language_tag_is_sane, "de-CH-x-aaaaaaaa-aaaaaaaa-aaaaaaaa");
    ASSERT_REFUSED(language_tag_is_sane, "de-CH-x-aaaaaaaa-aaaaaaaa-aaaaaaaa-a");
}

static void an_account_number_has_letters_and_digits_where_they_belong(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_TAKEN(iban_is_sane, "CH9300762011623852957", "AT611904300234573201", "AT61 1904 3002 3457 3201",
                 "US31ABCDEFGHIJK", "US35000000000000000000000000000000");
    /* each has right check digits and differs in one thing: length, last gap, a letter where a digit belongs */
    ASSERT_REFUSED(iban_is_sane, "US52ABCDEFGHIJ", "US350000000000000000000000000000000", "AT61 1904 3002 3457 3201 ",
                   "CHE500762011623852957", "CH5X00762011623852957", "9H0812345678901234567", "C94412345678901234567",
                   "CH93 0076 2011 6238 529 57", "CH93-0076-2011-6238-5295-7");
    ASSERT_TAKEN(bic_is_sane, "ABNANL2A", "CRESCHZZ80A", "DNBANOKKXXX", "AAAAAA11");
    ASSERT_REFUSED(bic_is_sane, "", "ABNANL2", "ABNANL2a", "ABNANL2-", "ABN1NL2A", "CRESCHZZ8-A", "CRESCHZZ8");
}

static void a_currency_is_three_capitals(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_TAKEN(currency_is_sane, "CHF", "AAA", "ZZZ");
    ASSERT_REFUSED(currency_is_sane, "", "CH", "CHFF", "cHF", "ChF", "CHf", "CH1");
}

static void what_turns_or_hides_is_told_from_its_neighbours(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_TAKEN(text_stays_in_line, "", "ab", "\u20AC5", "a\u2019s", "a\u2029b", "a\u202Fb", "a\u2065b", "a\u206Ab",
                 "\uFF21", "a\uFEFEb", "a\uFE7Fb", "a\uFEC0b");
    ASSERT_REFUSED(text_stays_in_line, "a\u202Ab", "a\u202Eb", "\u202Cb", "a\u2066", "a\u2069b", "a\uFEFFb", "\uFEFF");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_telephone_number_has_its_digits_and_brackets),
        cmocka_unit_test(a_mail_domain_ends_somewhere),
        cmocka_unit_test(a_web_address_has_a_greatest_size),
        cmocka_unit_test(a_language_tag_has_its_parts_in_order),
        cmocka_unit_test(an_account_number_has_letters_and_digits_where_they_belong),
        cmocka_unit_test(a_currency_is_three_capitals),
        cmocka_unit_test(what_turns_or_hides_is_told_from_its_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
