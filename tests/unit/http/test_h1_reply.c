/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/h1_reply.h"

#include <stdlib.h>

#include "support/cmocka.h"

static const char DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT";

static void dates_are_written_as_imf_fixdate(void **state)
{
    (void)state;
    static const struct {
        int64_t     at_ms;
        const char *written;
    } DATES[] = {
        {784111777000, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* the example of RFC 9110 section 5.6.7 */
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951782400999, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {253402300799000, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (size_t i = 0; i < sizeof DATES / sizeof DATES[0]; i++) {
        char out[HTTP_DATE_SIZE];
        http_date_format(DATES[i].at_ms, out);
        assert_memory_equal(out, DATES[i].written, HTTP_DATE_SIZE);
    }
}

static void a_head_says_length_and_close(void **state)
{
    (void)state;
    struct reply reply = {.status = 201, .content_type = "application/json", .body = TEXT("{}")};
    reply.fields[reply.field_count++] = (struct reply_field){"Location", TEXT("/v1/a")};
    char out[512];
    size_t size = h1_reply_head(&reply, DATE, true, out, sizeof out);
    static const char WANTED[] = "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n"
                                 "Content-Type: application/json\r\nLocation: /v1/a\r\nConnection: close\r\n\r\n";
    assert_int_equal(size, sizeof WANTED - 1);
    assert_memory_equal(out, WANTED, size);
}

static void no_content_has_no_length(void **state)
{
    (void)state;
    struct reply reply = {.status = 204, .body = TEXT_NONE};
    char out[512];
    size_t size = h1_reply_head(&reply, DATE, false, out, sizeof out);
    assert_null(memmem(out, size, "Content-Length", 14));
    assert_false(h1_reply_has_body(&reply));
}

static void a_head_that_does_not_fit_gives_nothing(void **state)
{
    (void)state;
    struct reply reply = {.status = 200, .body = TEXT("x")};
    char out[512];
    size_t size = h1_reply_head(&reply, DATE, false, out, sizeof out);
    assert_true(size > 0);
    char *exact = malloc(size + 1);
    for (size_t room = 0; room <= size; room++)
        assert_int_equal(h1_reply_head(&reply, DATE, false, exact, room), 0);
    assert_int_equal(h1_reply_head(&reply, DATE, false, exact, size + 1), size);
    free(exact);
}

static void a_field_cannot_smuggle_a_line(void **state)
{
    (void)state;
    static struct call call;
    assert_int_equal(reply_add_field(&call, "X-A", TEXT("b\r\nX-C: d")), INTERNAL);
    failure_clear(&call.cx.failure);
    assert_int_equal(reply_add_field(&call, "X A", TEXT("b")), INTERNAL);
    failure_clear(&call.cx.failure);
    for (size_t i = 0; i < REPLY_FIELDS_MAX; i++)
        assert_int_equal(reply_add_field(&call, "X-A", TEXT("b")), OK);
    assert_int_equal(reply_add_field(&call, "X-A", TEXT("b")), INTERNAL);
    assert_int_equal(call.reply.field_count, REPLY_FIELDS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written_as_imf_fixdate), cmocka_unit_test(a_head_says_length_and_close),
        cmocka_unit_test(no_content_has_no_length),         cmocka_unit_test(a_head_that_does_not_fit_gives_nothing),
        cmocka_unit_test(a_field_cannot_smuggle_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
