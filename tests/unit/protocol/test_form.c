/* SPDX-License-Identifier: Apache-2.0
 * Goal: a form is read in one way or refused. Method: spellings of one pair, repeated names in any spelling, the last
 * parameter that there is room for and one more. */
#include "protocol/form.h"

#include <stdio.h>

#include "base/limits.h"
#include "unit/crypto/fixture.h"

static err read_form(struct ctx *cx, const char *text, struct form *out)
{
    return form_parse(cx, bytes_of_text(text_of(text)), out);
}

static void values_are_spelt_out(void **state)
{
    (void)state; /* nothing is shared */
    static const struct {
        const char *body, *name, *wanted;
    } CASES[] = {
        {"a=1", "a", "1"}, {"a=1&b=2", "b", "2"}, {"a=", "a", ""}, {"", "a", ""}, {"b=1", "a", ""},
        {"a=x+y%20z", "a", "x y z"}, {"a=%C3%A4%c3%a4", "a", "ää"}, {"%61=1", "a", "1"}, {"a==&b=", "a", "="},
        {"a=%26%3D%2B%25", "a", "&=+%"}, {"a=~!*'()-._/:?@[]{}|", "a", "~!*'()-._/:?@[]{}|"},
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct form form;
        assert_int_equal(read_form(cx, CASES[i].body, &form), OK);
        assert_true(text_is(form_value(&form, CASES[i].name), CASES[i].wanted));
    }
    fixture_close(&fixture);
}

static void what_is_not_spelt_as_a_form_is_refused(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const CASES[] = {
        "a", "=1", "&", "&a=1", "a=1&", "a=1&&b=2", "a=%", "a=%4", "a=%4g", "a=%zz", "a=\xC3\xA4", "a=%C3", "a=%FF",
        "a=%00", "a=%0A", "a=%7F", "a=1 2", "a=\t", "a=1\r\n", "a;b=1&c", "%=1", "a=%ED%A0%80",
    };
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct form form;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_failed(cx, read_form(cx, CASES[i], &form), MALFORMED, "form.syntax");
    fixture_close(&fixture);
}

static void a_name_that_comes_twice_is_refused_in_any_spelling(void **state)
{
    (void)state; /* nothing is shared */
    static const char *const CASES[] = {"a=1&a=1", "a=1&b=2&a=3", "a=&a=", "a=1&%61=1", "x+y=1&x%20y=2"};
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    struct form form;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_failed(cx, read_form(cx, CASES[i], &form), MALFORMED, "form.repeated");
    fixture_close(&fixture);
}

static void a_form_has_so_many_parameters(void **state)
{
    (void)state; /* nothing is shared */
    struct fixture fixture;
    struct ctx *cx = fixture_open(&fixture);
    char body[16 * (LIMIT_FORM_FIELDS + 1)] = "";
    size_t size = 0;
    struct form form;
    for (int i = 0; i < LIMIT_FORM_FIELDS; i++)
        size += (size_t)snprintf(body + size, sizeof body - size, "%sn%d=%d", i == 0 ? "" : "&", i, i);
    assert_int_equal(read_form(cx, body, &form), OK);
    assert_int_equal(form.count, LIMIT_FORM_FIELDS);
    (void)snprintf(body + size, sizeof body - size, "&m=1");
    assert_failed(cx, read_form(cx, body, &form), TOO_LARGE, "form.fields");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_spelt_out),
        cmocka_unit_test(what_is_not_spelt_as_a_form_is_refused),
        cmocka_unit_test(a_name_that_comes_twice_is_refused_in_any_spelling),
        cmocka_unit_test(a_form_has_so_many_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
