/* SPDX-License-Identifier: Apache-2.0
 * The failure record: first content stays, cuts fall between characters, every code has its row. */
#include "base/error.h"

#include "base/bytes.h"
#include "base/text.h"
#include "support/cmocka.h"

struct caller {
    struct failure failure;
};

static err fail_deep(struct caller *cx)
{
    return FAIL_AT(cx, CONFLICT, "grant.withdrawn", "/grant", "stopped %d days ago", 3);
}

static err pass_on(struct caller *cx)
{
    TRY(fail_deep(cx));
    return OK;
}

static void a_failure_keeps_its_birth(void **state)
{
    (void)state;
    struct caller cx = {0};
    assert_int_equal(pass_on(&cx), CONFLICT);
    assert_int_equal(cx.failure.code, CONFLICT);
    assert_string_equal(cx.failure.reason, "grant.withdrawn");
    assert_string_equal(cx.failure.pointer, "/grant");
    assert_string_equal(cx.failure.detail, "stopped 3 days ago");
    assert_non_null(strstr(cx.failure.where, "test_error.c:"));
}

static void a_second_failure_changes_nothing_and_gives_the_first_code(void **state)
{
    (void)state;
    struct caller cx = {0};
    assert_int_equal(pass_on(&cx), CONFLICT);
    assert_int_equal(FAIL(&cx, INTERNAL, "store.closed", "another"), CONFLICT);
    assert_string_equal(cx.failure.reason, "grant.withdrawn");
    failure_clear(&cx.failure);
    assert_int_equal(FAIL(&cx, INTERNAL, "store.closed", "another"), INTERNAL);
    assert_string_equal(cx.failure.pointer, "");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    static const char *const CHARACTERS[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x97\x9d"};
    for (size_t kind = 0; kind < 4; kind++) {
        for (size_t shift = 0; shift < 4; shift++) {
            char text[400] = "";
            memset(text, '.', shift);
            size_t width = strlen(CHARACTERS[kind]);
            for (size_t at = shift; at + width < sizeof text; at += width)
                memcpy(text + at, CHARACTERS[kind], width);
            struct caller cx = {0};
            assert_int_equal(FAIL_AT(&cx, INVALID, "request.member", text, "%s", text), INVALID);
            assert_true(text_is_utf8(text_of(cx.failure.pointer)));
            assert_true(text_is_utf8(text_of(cx.failure.detail)));
            assert_in_range(strlen(cx.failure.pointer), sizeof cx.failure.pointer - 5, sizeof cx.failure.pointer - 1);
            assert_in_range(strlen(cx.failure.detail), sizeof cx.failure.detail - 5, sizeof cx.failure.detail - 1);
        }
    }
}

static void a_text_that_just_fits_is_whole(void **state)
{
    (void)state;
    char text[200] = "";
    memset(text, 'a', sizeof text - 3);
    memcpy(text + sizeof text - 3, "\xc3\xa9", 2);
    struct caller cx = {0};
    assert_int_equal(FAIL(&cx, INVALID, "request.member", "%s", text), INVALID);
    assert_string_equal(cx.failure.detail, text);
}

static void every_code_has_a_name_a_sentence_a_status_and_an_exit(void **state)
{
    (void)state;
    assert_string_equal(error_name(OK), "OK");
    assert_int_equal(error_exit_code(OK), 0);
    for (int code = OK + 1; code < ERR_COUNT; code++) {
        assert_true(strlen(error_name((err)code)) > 0);
        const char *sentence = error_sentence((err)code);
        assert_true(sentence[0] >= 'A' && sentence[0] <= 'Z');
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        assert_in_range(error_http_status((err)code), 400, 599);
        assert_in_range(error_exit_code((err)code), 1, 125);
    }
    assert_int_equal(error_http_status(UNAVAILABLE), 503);
    assert_int_equal(error_exit_code(INTERNAL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_keeps_its_birth),
        cmocka_unit_test(a_second_failure_changes_nothing_and_gives_the_first_code),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(a_text_that_just_fits_is_whole),
        cmocka_unit_test(every_code_has_a_name_a_sentence_a_status_and_an_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
