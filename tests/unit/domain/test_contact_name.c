/* SPDX-License-Identifier: Apache-2.0
 * Goal: who shares an e-mail address and is clearly called otherwise is another person; every spelling of one name is
 * one. Method: the rule as a table, asked in both directions; the traits of rows that say little. */
#include "domain/parties/contact_name.h"

#include "support/cmocka.h"

/* A full name, or behind "given:" a given one. */
static struct contact_traits traits_of(const char *name)
{
    if (text_starts_with(text_of(name), "given:"))
        return (struct contact_traits){text_of(name + 6), TEXT_NONE, TEXT_NONE, TEXT_NONE};
    return (struct contact_traits){TEXT_NONE, text_of(name), TEXT_NONE, text_of(name)};
}

static void names_are_one_or_two_people_by_the_rule(void **state)
{
    static const struct {
        const char      *a, *b;
        contact_likeness wanted;
    } CASES[] = {
        /* the same */
        {"given:Ada", "given:ADA", LIKENESS_SAME},
        {"given:Zoë", "given:Zoe", LIKENESS_SAME},
        {"given:Jürgen", "given:Juergen", LIKENESS_SAME},
        {"given:Jürgen", "given:Jurgen", LIKENESS_SAME},
        {"given:Juergen", "given:Jurgen", LIKENESS_SAME},
        {"given:Sørine", "given:Soerine", LIKENESS_SAME},
        {"given:Åse", "given:Aase", LIKENESS_SAME},
        {"given:Ana-Maria", "given:Ana Maria", LIKENESS_SAME},
        {"Ada Lovell", "ada  lovell", LIKENESS_SAME},
        {"Dr. Ada Lovell", "Ada Lovell", LIKENESS_SAME},
        {"Example, Ada", "given:Ada", LIKENESS_SAME},
        {"given:Юлия", "given:ЮЛИЯ", LIKENESS_SAME},
        /* perhaps the same */
        {"given:A.", "given:Ada", LIKENESS_POSSIBLE},
        {"given:A. B.", "given:Bea", LIKENESS_POSSIBLE},
        {"given:Ada Maria", "given:Maria", LIKENESS_POSSIBLE},
        {"given:Hans-Peter", "given:Peter", LIKENESS_POSSIBLE},
        {"given:Ada & Bob", "given:Bob", LIKENESS_POSSIBLE},
        {"given:Ada", "Ada Lovell", LIKENESS_POSSIBLE},
        {"given:Ada", "Lovell Ada", LIKENESS_POSSIBLE},
        {"given:Ada", "A. Lovell", LIKENESS_POSSIBLE},
        {"Ada L.", "Ada Lovell", LIKENESS_POSSIBLE},
        {"A. Lovell", "Ada Lovell", LIKENESS_POSSIBLE},
        {"Ada Lovell", "Ada Byron", LIKENESS_POSSIBLE},
        {"Ada Lovell", "Lovell Ada", LIKENESS_POSSIBLE},
        {"Ada Lovell, PhD", "Ada Lovell", LIKENESS_POSSIBLE},
        {"given:Юлия", "given:Julia", LIKENESS_POSSIBLE},
        {"given:太郎", "山田太郎", LIKENESS_POSSIBLE},
        {"", "given:Ada", LIKENESS_POSSIBLE},
        {"given:...", "given:Ada", LIKENESS_POSSIBLE},
        {"", "", LIKENESS_POSSIBLE},
        /* two */
        {"given:Ada", "given:Bob", LIKENESS_OTHER},
        {"given:Ada", "Bob Example", LIKENESS_OTHER},
        {"Ada Example", "Bob Example", LIKENESS_OTHER},
        {"Mr Bob Example", "Mrs Ada Example", LIKENESS_OTHER},
        {"Example, Ada", "Example, Bob", LIKENESS_OTHER},
        {"Example, Ada", "Bob Example", LIKENESS_OTHER},
        {"given:B.", "given:Ada", LIKENESS_OTHER},
        {"B. Anderson", "Ada Baker", LIKENESS_OTHER},
        {"given:Samuel", "given:Sam", LIKENESS_OTHER},
        {"given:Paul", "given:Paula", LIKENESS_OTHER},
        {"given:Robert", "given:Bob", LIKENESS_OTHER},
        {"given:Иван", "given:Юлия", LIKENESS_OTHER},
        {"given:太郎", "given:花子", LIKENESS_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena *arena = arena_open(64 * 1024);
        struct contact_traits a = traits_of(CASES[i].a);
        struct contact_traits b = traits_of(CASES[i].b);
        if (contact_names_liken(arena, &a, &b) != CASES[i].wanted ||
            contact_names_liken(arena, &b, &a) != CASES[i].wanted)
            fail_msg("%s and %s: %d, %d", CASES[i].a, CASES[i].b, (int)contact_names_liken(arena, &a, &b),
                     (int)contact_names_liken(arena, &b, &a));
        arena_close(arena);
    }
}

static bool keys_equal(struct arena *arena, const char *a, const char *b, name_key_style style)
{
    struct contact_traits ours = traits_of(a);
    struct contact_traits theirs = traits_of(b);
    struct text key = contact_full_name_key(arena, &ours, style);
    return key.size > 0 && text_equals(key, contact_full_name_key(arena, &theirs, style));
}

static void full_names_agree_word_by_word(void **state)
{
    static const struct {
        const char *a, *b;
        bool        agree, alike; /* with initials; spelled out */
    } CASES[] = {
        {"Ada Lovell", "ada  LOVELL", true, true},
        {"Zoë Müller", "Zoe Mueller", true, true},
        {"Dr. Ada Lovell", "Ada Lovell", true, true},
        {"Lovell, Ada", "Ada Lovell", true, true},
        {"山田太郎", "山田太郎", true, true},
        {"A. Lovell", "Ada Lovell", true, false},
        {"A. M. Lovell", "Ada Maria Lovell", true, false},
        {"Ada Lovell", "Adam Lovell", false, false},
        {"Ada L.", "Ada Lovell", false, false},
        {"Ada Maria Lovell", "Ada Lovell", false, false},
        {"Hans Peter Frey", "Hans Paul Frey", false, false},
        {"Ada Lovell", "Ada Byron", false, false},
        {"Юлия Ким", "Юрий Ким", false, false},
        {"Herr Frey", "Frau Frey", false, false},
        {"Ada", "Ada", false, false},
        {"", "", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena *arena = arena_open(64 * 1024);
        struct contact_traits a = traits_of(CASES[i].a);
        struct contact_traits b = traits_of(CASES[i].b);
        bool agree = contact_full_names_agree(arena, &a, &b);
        if (agree != CASES[i].agree || contact_full_names_agree(arena, &b, &a) != agree ||
            keys_equal(arena, CASES[i].a, CASES[i].b, NAME_KEY_SPELLED) != CASES[i].alike ||
            (agree && !keys_equal(arena, CASES[i].a, CASES[i].b, NAME_KEY_INITIALS)))
            fail_msg("%s and %s: %d", CASES[i].a, CASES[i].b, agree);
        arena_close(arena);
    }
}

static void birth_dates_differ_only_where_both_say_so(void **state)
{
    static const struct {
        const char *a, *b;
        bool        differ;
    } CASES[] = {
        {"1980-03-21", "1980-03-21", false}, {"1980-03-21", "1980-03-22", true}, {"1980-03-21", "1979-03-21", true},
        {"1980-03-04", "1980-04-03", false}, {"1980-03-21", "1980", false},      {"1981", "1980-03-21", true},
        {"--03-21", "1980-03-21", false},    {"--03-21", "1980-05-21", true},    {"--03-21", "1980", false},
        {"", "1980-03-21", false},           {"", "", false},
        {"1980-03", "1980-03-21", false},    {"1980-03", "1981-03-21", true},   {"1980-03", "--05-01", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (contact_birthdates_differ(text_of(CASES[i].a), text_of(CASES[i].b)) != CASES[i].differ ||
            contact_birthdates_differ(text_of(CASES[i].b), text_of(CASES[i].a)) != CASES[i].differ)
            fail_msg("%s and %s", CASES[i].a, CASES[i].b);
}

static void a_name_that_is_none_of_a_person_says_nothing(void **state)
{
    static const struct {
        const char *given, *family, *nickname, *name, *organisation, *full;
    } CASES[] = {
        {"Ada", "Lovell", "", "Ada Lovell", "", ""}, {"", "Lovell", "", "Lovell", "", ""},
        {"", "", "", "Ada Lovell", "ACME", "Ada Lovell"}, {"", "", "", "ACME", "ACME", ""},
        {"", "", "Addy", "Addy", "", ""}, {"", "", "", "ada@x.example", "", ""}, {"", "", "", "+41 (44) 555", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct contact_name name = {text_of(CASES[i].given), text_of(CASES[i].family), text_of(CASES[i].nickname),
                                    text_of(CASES[i].name), text_of(CASES[i].organisation)};
        struct contact_traits traits = contact_traits_of(&name);
        assert_true(text_is(traits.given_name, CASES[i].given));
        if (!text_is(traits.full_name, CASES[i].full))
            fail_msg("%s: %.*s", CASES[i].name, TEXT_ARGS(traits.full_name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_one_or_two_people_by_the_rule),
        cmocka_unit_test(full_names_agree_word_by_word),
        cmocka_unit_test(birth_dates_differ_only_where_both_say_so),
        cmocka_unit_test(a_name_that_is_none_of_a_person_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
