/* SPDX-License-Identifier: Apache-2.0
 * Goal: clients get the form that they weigh highest, and nothing strange in Accept fails a request. Method: table. */
#include "http/gate/accept.h"

#include "support/cmocka.h"

static const char *const FORMS[] = {"application/json", "application/jose+json", "text/html"};

static const struct {
    const char *accept;
    size_t      chosen;
} CASES[] = {
    {"", 0},
    {"*/*", 0},
    {"application/json", 0},
    {"application/jose+json", 1},
    {"APPLICATION/JOSE+JSON", 1},
    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 2},
    {"text/*", 2},
    {"text/html;q=0.5, application/json", 0},
    {"application/json;q=0.5,text/html;q=0.7", 2},
    {"application/*;q=0.3, application/jose+json", 1},
    {"application/jose+json;q=0, */*", 0},
    {"application/json;q=0, text/html;q=0", 0}, /* nothing is wanted: the first form all the same */
    {"image/png", 0},
    {"text/html;q=2", 0}, /* no weight that there is: says nothing */
    {"text/html;q=0.1234", 0},
    {"text/html;q=", 0},
    {"text/html;level=1;q=0.9", 2},
    {";;;,,,/;q", 0},
    {"text/", 0},
    {"text/htmlx", 0},
};

static void the_form_with_the_highest_weight_is_chosen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        size_t chosen = accept_choose(text_of(CASES[i].accept), FORMS, sizeof FORMS / sizeof *FORMS);
        if (chosen != CASES[i].chosen)
            fail_msg("\"%s\" chose %s", CASES[i].accept, FORMS[chosen]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_form_with_the_highest_weight_is_chosen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
