/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/h1_body.h"

#include "support/cmocka.h"

struct result {
    h1_outcome        outcome;
    struct h1_refusal why;
    char              data[64];
    size_t            size;
    size_t            used;
};

static struct result read_in_steps(const struct h1_request *request, int64_t max_bytes, struct text in, size_t step)
{
    struct result result = {.size = 0};
    struct h1_body body;
    result.outcome = h1_body_open(&body, request, max_bytes, &result.why);
    while (result.outcome == H1_MORE && result.used < in.size) {
        size_t size = in.size - result.used < step ? in.size - result.used : step;
        struct bytes piece = {NULL, 0};
        size_t used = 0;
        struct bytes part = {(const uint8_t *)in.at + result.used, size};
        result.outcome = h1_body_read(&body, part, &used, &piece, &result.why);
        assert_true(result.size + piece.size <= sizeof result.data);
        if (piece.size > 0)
            memcpy(result.data + result.size, piece.at, piece.size);
        result.size += piece.size;
        result.used += used;
    }
    return result;
}

static void the_bytes_behind_a_body_are_left_alone(void **state)
{
    (void)state;
    static const struct h1_request BY_LENGTH = {.content_length = 5}, CHUNKED = {.chunked = true};
    for (size_t step = 1; step < 40; step++) {
        struct result result = read_in_steps(&BY_LENGTH, 100, TEXT("helloGET /"), step);
        assert_int_equal(result.outcome, H1_DONE);
        assert_int_equal(result.used, 5);
        assert_memory_equal(result.data, "hello", 5);
        result = read_in_steps(&CHUNKED, 100, TEXT("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nGET /"), step);
        assert_int_equal(result.outcome, H1_DONE);
        assert_int_equal(result.used, 20);
        assert_int_equal(result.size, 5);
        assert_memory_equal(result.data, "hello", 5);
    }
}

static void a_request_without_a_body_is_done_at_once(void **state)
{
    (void)state;
    static const struct h1_request NONE = {.content_length = 0};
    assert_int_equal(read_in_steps(&NONE, 100, TEXT("x"), 1).outcome, H1_DONE);
}

static void the_maximum_counts_over_all_chunks(void **state)
{
    (void)state;
    static const struct h1_request CHUNKED = {.chunked = true}, FIVE = {.content_length = 5};
    struct text chunks = TEXT("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
    assert_int_equal(read_in_steps(&CHUNKED, 5, chunks, 9).outcome, H1_DONE);
    struct result result = read_in_steps(&CHUNKED, 4, chunks, 9);
    assert_int_equal(result.outcome, H1_REFUSED);
    assert_int_equal(result.why.code, TOO_LARGE);
    assert_int_equal(result.size, 2); /* refused by the announced size, before its bytes */
    assert_int_equal(read_in_steps(&FIVE, 5, TEXT("hello"), 9).outcome, H1_DONE);
    assert_int_equal(read_in_steps(&FIVE, 4, TEXT("hello"), 9).why.code, TOO_LARGE);
}

static void a_chunk_size_has_at_most_eight_digits(void **state)
{
    (void)state;
    static const struct h1_request CHUNKED = {.chunked = true};
    assert_int_equal(read_in_steps(&CHUNKED, 9, TEXT("00000001\r\nx\r\n0\r\n\r\n"), 99).outcome, H1_DONE);
    assert_int_equal(read_in_steps(&CHUNKED, 9, TEXT("000000001\r\nx\r\n0\r\n\r\n"), 99).why.code, MALFORMED);
    assert_int_equal(read_in_steps(&CHUNKED, INT64_MAX, TEXT("ffffffff\r\nx"), 99).outcome, H1_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_behind_a_body_are_left_alone),
        cmocka_unit_test(a_request_without_a_body_is_done_at_once),
        cmocka_unit_test(the_maximum_counts_over_all_chunks),
        cmocka_unit_test(a_chunk_size_has_at_most_eight_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
