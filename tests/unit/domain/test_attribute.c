/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/attribute.h"
#include "support/cmocka.h"

static void every_example_is_valid(void **state)
{
    (void)state;
    const struct attribute_kind *kind;
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++) {
        struct ctx cx = {.arena = arena_open(1 << 20), .now_ms = INT64_C(1795000000000)};
        const json_t *value = NULL;
        struct text canonical, again;
        if (json_parse(&cx, text_of(kind->example), &value) != OK || attribute_value_check(&cx, kind, value, &canonical) != OK)
            fail_msg("%s: %s %s at %s", kind->term, cx.failure.reason, cx.failure.detail, cx.failure.pointer);
        assert_int_equal(json_parse(&cx, canonical, &value), OK);
        assert_int_equal(attribute_value_check(&cx, kind, value, &again), OK);
        assert_true(text_equals(canonical, again));
        arena_close(cx.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_example_is_valid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
