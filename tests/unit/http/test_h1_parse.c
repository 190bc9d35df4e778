/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/h1_parse.h"

#include <stdio.h>

#include "http/engine/h1_body.h"
#include "support/cmocka.h"
#include "support/framing_cases.h"

/* A growing buffer that moves each time it grows, with nothing readable behind its end. */
static struct text moved(struct text bytes, size_t size, char **hold)
{
    free(*hold);
    *hold = malloc(size + 1);
    assert_non_null(*hold);
    memcpy(*hold + 1, bytes.at, size);
    return (struct text){*hold + 1, size};
}

struct reading {
    size_t step; /* bytes that arrive at a time; 0: all at once */
    char   statuses[64];
    size_t read_bytes;
};

/* A refusal's reason stands behind its status. */
static void note_status(struct reading *reading, int status, const char *reason)
{
    size_t size = strlen(reading->statuses);
    (void)snprintf(reading->statuses + size, sizeof reading->statuses - size, "%s%d%s%s", size > 0 ? " " : "", status,
                   reason[0] != '\0' ? " " : "", reason);
}

static h1_outcome read_head(struct reading *reading, struct text bytes, struct h1_request *request,
                            struct h1_refusal *why)
{
    struct h1_scan scan = {.scanned = 0};
    char *hold = NULL;
    h1_outcome outcome = H1_MORE;
    for (size_t size = reading->step; outcome == H1_MORE; size += reading->step) {
        bool all = reading->step == 0 || size >= bytes.size;
        outcome = h1_scan(&scan, moved(bytes, all ? bytes.size : size, &hold), why);
        if (all)
            break;
    }
    free(hold);
    reading->read_bytes += scan.head_bytes;
    return outcome == H1_DONE ? h1_parse((struct text){bytes.at, scan.head_bytes}, request, why) : outcome;
}

static h1_outcome read_body(struct reading *reading, struct text bytes, const struct h1_request *request,
                            struct h1_refusal *why)
{
    struct h1_body body;
    h1_outcome outcome = h1_body_open(&body, request, LIMIT_BODY_BYTES, why);
    size_t at = 0;
    while (outcome == H1_MORE && at < bytes.size) {
        size_t size = reading->step == 0 || reading->step > bytes.size - at ? bytes.size - at : reading->step;
        struct bytes piece = {NULL, 0};
        size_t used = 0;
        outcome = h1_body_read(&body, (struct bytes){(const uint8_t *)bytes.at + at, size}, &used, &piece, why);
        assert_true(used > 0 && used <= size && piece.size <= used);
        at += used;
    }
    reading->read_bytes += at;
    return outcome;
}

/* What a server would answer, one after the other. */
static void read_all(struct reading *reading, struct text bytes)
{
    struct h1_request request;
    h1_outcome outcome = H1_DONE;
    bool goes_on = true;
    while (outcome == H1_DONE && goes_on && reading->read_bytes < bytes.size) {
        struct h1_refusal why = {OK, "", ""};
        struct text rest = {bytes.at + reading->read_bytes, bytes.size - reading->read_bytes};
        size_t before = reading->read_bytes;
        outcome = read_head(reading, rest, &request, &why);
        size_t head_bytes = reading->read_bytes - before;
        if (outcome == H1_DONE)
            outcome = read_body(reading, (struct text){rest.at + head_bytes, rest.size - head_bytes}, &request, &why);
        int status = outcome == H1_DONE ? 200 : outcome == H1_MORE ? 0 : error_http_status(why.code);
        note_status(reading, status, why.reason);
        goes_on = outcome == H1_DONE && request.keep_alive;
        assert_true(outcome != H1_REFUSED || (strncmp(why.reason, "http.", 5) == 0 && strlen(why.detail) > 0));
    }
}

static void every_framing_case_gets_its_status_however_it_is_cut(void **state)
{
    (void)state;
    static const size_t STEPS[] = {0, 1, 2, 7, 1000};
    for (size_t i = 0; i < FRAMING_CASE_COUNT; i++) {
        struct arena *arena = arena_open(8u * 1024 * 1024);
        struct builder bytes = builder_open(arena, 4u * 1024 * 1024);
        framing_expand(&bytes, FRAMING_CASES[i].bytes);
        for (size_t s = 0; s < sizeof STEPS / sizeof STEPS[0]; s++) {
            struct reading reading = {.step = STEPS[s]};
            if (STEPS[s] > 0 && STEPS[s] < 1000 && bytes.size > 4096)
                continue; /* moving it for each byte would take minutes and show no more */
            read_all(&reading, builder_text(&bytes));
            if (strcmp(reading.statuses, FRAMING_CASES[i].statuses) != 0)
                fail_msg("%s, %zu at a time: %s", FRAMING_CASES[i].what, STEPS[s], reading.statuses);
        }
        arena_close(arena);
    }
    assert_true(FRAMING_CASE_COUNT >= 290);
}

static void no_prefix_of_a_good_head_is_refused_or_complete(void **state)
{
    (void)state;
    struct text head = TEXT("\r\nPOST /a/b?c=d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-A: \t b \r\n\r\n");
    char *hold = NULL;
    struct h1_refusal why;
    for (size_t size = 0; size <= head.size; size++) {
        struct h1_scan scan = {.scanned = 0};
        assert_int_equal(h1_scan(&scan, moved(head, size, &hold), &why), size == head.size ? H1_DONE : H1_MORE);
    }
    free(hold);
}

static h1_outcome parse(const char *head, struct h1_request *request)
{
    struct h1_refusal why;
    return h1_parse(text_of(head), request, &why);
}

static void the_parts_of_a_request_are_views_of_its_head(void **state)
{
    (void)state;
    struct h1_request request;
    assert_int_equal(parse("PUT /v1/me?a=b?c&d HTTP/1.1\r\nhost: Node.example:8080\r\nX-A:  one two \r\n"
                           "CONTENT-LENGTH: 17\r\nexpect: 100-Continue\r\n\r\n", &request), H1_DONE);
    assert_true(text_is(request.method, "PUT"));
    assert_true(text_is(request.target, "/v1/me?a=b?c&d"));
    assert_true(text_is(request.path, "/v1/me"));
    assert_true(text_is(request.query, "a=b?c&d"));
    assert_true(text_is(request.host, "Node.example:8080"));
    assert_int_equal(request.minor_version, 1);
    assert_int_equal(request.content_length, 17);
    assert_false(request.chunked);
    assert_true(request.keep_alive);
    assert_true(request.expect_continue);
    assert_int_equal(request.field_count, 4);
    struct text value = TEXT_NONE;
    assert_true(h1_field(&request, "x-a", &value));
    assert_true(text_is(value, "one two"));
}

static void an_absolute_target_gives_path_and_query(void **state)
{
    (void)state;
    struct h1_request request;
    assert_int_equal(parse("GET HTTP://x?a=b HTTP/1.1\r\nHost: X\r\n\r\n", &request), H1_DONE);
    assert_true(text_is(request.path, "/"));
    assert_true(text_is(request.query, "a=b"));
    assert_int_equal(parse("GET https://x/a/b HTTP/1.1\r\nHost: x\r\n\r\n", &request), H1_DONE);
    assert_true(text_is(request.path, "/a/b"));
    assert_true(text_is(request.query, ""));
}

static void a_connection_is_kept_only_in_1_1_and_without_close(void **state)
{
    (void)state;
    struct h1_request request;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, ,Close\r\n\r\n", &request), H1_DONE);
    assert_false(request.keep_alive);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: x\r\nConnection: close\r\n\r\n", &request),
                     H1_DONE);
    assert_false(request.keep_alive);
    assert_int_equal(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &request), H1_DONE);
    assert_false(request.keep_alive);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n\r\n", &request), H1_DONE);
    assert_true(request.keep_alive);
}

static void a_field_that_comes_twice_has_no_one_value(void **state)
{
    (void)state;
    struct h1_request request;
    struct text value = TEXT("untouched");
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", &request),
                     H1_DONE);
    assert_int_equal(h1_field_count(&request, "Authorization"), 2);
    assert_false(h1_field(&request, "Authorization", &value));
    assert_false(h1_field(&request, "Cookie", &value));
    assert_true(text_is(value, "untouched"));
}

static void parsing_takes_one_whole_head_and_nothing_else(void **state)
{
    (void)state;
    struct h1_request request;
    assert_int_equal(parse("", &request), H1_REFUSED);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\n", &request), H1_REFUSED);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\n\r", &request), H1_REFUSED);
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost: x\r\n\r\nG", &request), H1_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_framing_case_gets_its_status_however_it_is_cut),
        cmocka_unit_test(no_prefix_of_a_good_head_is_refused_or_complete),
        cmocka_unit_test(the_parts_of_a_request_are_views_of_its_head),
        cmocka_unit_test(an_absolute_target_gives_path_and_query),
        cmocka_unit_test(a_connection_is_kept_only_in_1_1_and_without_close),
        cmocka_unit_test(a_field_that_comes_twice_has_no_one_value),
        cmocka_unit_test(parsing_takes_one_whole_head_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
