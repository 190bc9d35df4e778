/* SPDX-License-Identifier: Apache-2.0
 * Goal: two spellings of one name fold to one text, two names never do for want of letters. Method: pairs of spellings,
 * composed and decomposed, in three alphabets; every length of arena. */
#include "base/letters.h"

#include "support/cmocka.h"

static void names_fold_to_what_their_spellings_share(void **state)
{
    static const struct {
        const char *name, *plain, *spelled;
    } CASES[] = {
        {"", "", ""},
        {"Ada LOVELL-7", "ada lovell-7", "ada lovell-7"},
        {"Jürgen Müller", "jurgen muller", "juergen mueller"},
        {"Ju\u0308rgen", "jurgen", "juergen"},
        {"Ba\u0308r Go\u0308tz Noe\u0308l", "bar gotz noel", "baer goetz noel"},
        {"\u0308a", "a", "a"},
        {"Ad\xFF" "a", "ad", "ad"}, /* not UTF-8: it ends there */
        {"Ème\u0301", "eme", "eme"},
        {"Søren Åse Þór", "soren ase thor", "soeren aase thor"},
        {"STRAẞE Straße", "strasse strasse", "strasse strasse"},
        {"Œuvre Æsop ĳ", "oeuvre aesop ij", "oeuvre aesop ij"},
        {"Łukasz Żółć Đặng Ștefan", "lukasz zolc dang stefan", "lukasz zolc dang stefan"},
        {"ÇAĞRI İnci ışık", "cagri inci isik", "cagri inci isik"},
        {"ÏÖ", "io", "ioe"},
        {"ЮЛИЯ Ёлка Ђ", "юлия елка ђ", "юлия елка ђ"},
        {"ΑΛΈΞΗΣ άς", "αλεξησ ασ", "αλεξησ ασ"},
        {"山田 😀", "山田 😀", "山田 😀"},
        {"\u0301", "", ""},
        {"\u03A2", "\u03A2", "\u03A2"}, /* the gap between the capitals */
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arena *arena = arena_open(64 * 1024);
        struct text plain = letters_fold(arena, text_of(CASES[i].name), LETTERS_PLAIN);
        struct text spelled = letters_fold(arena, text_of(CASES[i].name), LETTERS_SPELLED);
        if (!text_is(plain, CASES[i].plain) || !text_is(spelled, CASES[i].spelled))
            fail_msg("%s: %.*s, %.*s", CASES[i].name, TEXT_ARGS(plain), TEXT_ARGS(spelled));
        arena_close(arena);
    }
}

static void an_exhausted_arena_is_told(void **state)
{
    char name[8192];
    (void)state;
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = 'N';
    struct arena *arena = arena_open(4096);
    assert_null(letters_fold(arena, (struct text){name, sizeof name}, LETTERS_PLAIN).at);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_fold_to_what_their_spellings_share),
        cmocka_unit_test(an_exhausted_arena_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
