/* SPDX-License-Identifier: Apache-2.0
 * Goal: each question about the form of a text is answered by what is there, not by what looks like it. Method: texts
 * on both sides of each sign, code point and length. */
#include "domain/words/wording_form.h"

#include "base/text.h"
#include "support/cmocka.h"

static void assert_each(bool (*question)(struct text text), bool wanted, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        if (question(text_of(*texts)) != wanted)
            fail_msg("\"%s\": %s", *texts, wanted ? "no" : "yes");
}

#define ASSERT_YES(question, ...) assert_each((question), true, (const char *const[]){__VA_ARGS__, NULL})
#define ASSERT_NO(question, ...) assert_each((question), false, (const char *const[]){__VA_ARGS__, NULL})

static void markup_is_a_sign_of_it_or_an_entity(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_YES(form_has_markup, "<b>", "a > b", "`x`", "{name}", "a|b", "a\\b", "**a**", "a__b", "[a](b)", "~~a~~",
               "## A", "# A", "&amp;", "it&#39;s", "a &x1; b");
    ASSERT_NO(form_has_markup, "", "a", "A & B; C", "&;", "&amp", "R&D", "number # 7", "a * b", "a_b", "a~b", "&a b;");
}

static void a_link_is_an_address_of_the_web_or_of_mail(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_YES(form_has_link, "https://x", "www.x", "mailto:a", "a@b", "shop.example", "see shop.com.", "a.b.org");
    ASSERT_NO(form_has_link, "", "a", "@home", "at @ home", "end. Next", "e.g.", "3.5 km", "Inc.", "shop.commerce",
              "a.", ".com");
}

static void pictures_are_told_from_their_neighbours(void **state)
{
    (void)state; /* the tables are all it needs */
    ASSERT_YES(form_has_emoji, "\u2190", "a\u2BFF", "\u203C", "\u2049", "1\uFE0F\u20E3", "1\u20E3", "\uFE00", "\uFE0F",
               "\U0001F000", "\U0001F600", "ab \u2764");
    ASSERT_NO(form_has_emoji, "", "abc \u00E9", "\u218F", "\u2C00", "\u203B", "\u203D", "\u2048", "\u204A", "\u20E2",
              "\u20E4", "\uFDFD", "\uFE10", "\uFF01", "\U0001EFFF");
}

static bool shouts(const char *text)
{
    struct arena *arena = arena_open(64 * 1024);
    struct words words;
    assert_true(words_read(arena, text_of(text), false, &words));
    bool answer = form_shouts(text_of(text), &words);
    arena_close(arena);
    return answer;
}

static void capitals_shout_unless_they_are_a_short_form(void **state)
{
    static const char *const LOUD[] = {"This is GREAT for you", "ACT NOW", "yes!!", "Free! Now!", "the GDPRS",
                                       "BUY IBAN NEW CAR"};
    static const char *const QUIET[] = {"", "Yes!", "This is fine", "the DSGVO says", "BMW and BMW", "your IBAN BIC",
                                        "the NEW id", "a UN EU act", "the GDPR"};
    (void)state; /* the tables are all it needs */
    for (size_t i = 0; i < sizeof LOUD / sizeof *LOUD; i++)
        if (!shouts(LOUD[i]))
            fail_msg("\"%s\" does not shout", LOUD[i]);
    for (size_t i = 0; i < sizeof QUIET / sizeof *QUIET; i++)
        if (shouts(QUIET[i]))
            fail_msg("\"%s\" shouts", QUIET[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_a_sign_of_it_or_an_entity),
        cmocka_unit_test(a_link_is_an_address_of_the_web_or_of_mail),
        cmocka_unit_test(pictures_are_told_from_their_neighbours),
        cmocka_unit_test(capitals_shout_unless_they_are_a_short_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
