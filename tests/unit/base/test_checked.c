/* SPDX-License-Identifier: Apache-2.0
 * Arithmetic at its edges: the last value that fits, the first that does not. */
#include "base/checked.h"

#include "support/cmocka.h"

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    size_t out = 7;
    assert_true(size_add(SIZE_MAX - 1, 1, &out));
    assert_true(out == SIZE_MAX);
    out = 7;
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(size_multiply(SIZE_MAX / 2, 2, &out));
    assert_true(out == SIZE_MAX - 1);
    out = 7;
    assert_false(size_multiply(SIZE_MAX / 2 + 1, 2, &out));
    assert_int_equal(out, 7);
    assert_true(size_multiply(SIZE_MAX, 0, &out));
    assert_int_equal(out, 0);
}

static void signed_numbers_do_not_wrap(void **state)
{
    (void)state;
    int64_t out = 7;
    assert_true(int64_add(INT64_MAX, -1, &out));
    assert_true(out == INT64_MAX - 1);
    out = 7;
    assert_false(int64_add(INT64_MAX, 1, &out));
    assert_false(int64_add(INT64_MIN, -1, &out));
    assert_false(int64_multiply(INT64_MIN, -1, &out));
    assert_false(int64_multiply(INT64_MAX / 2 + 1, 2, &out));
    assert_int_equal(out, 7);
    assert_true(int64_multiply(INT64_MIN, 1, &out));
    assert_true(out == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(signed_numbers_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
