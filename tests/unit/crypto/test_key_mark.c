/* SPDX-License-Identifier: Apache-2.0
 * The mark beside the keys that says how often each file of the store has been changed. That of the log stands in
 * test_key_holder.c. */
#include <string.h>

#include "unit/crypto/key_files.h"

static void assert_generations(struct ctx *cx, const int64_t wanted[KEYRING_GENERATIONS])
{
    struct keyring_generations kept;
    assert_int_equal(keyring_generations_load(cx, cx->keyring, &kept), OK);
    assert_true(kept.kept);
    assert_memory_equal(kept.of, wanted, sizeof kept.of);
}

static void no_generation_in_the_mark_goes_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    static const struct {
        struct keyring_generations kept;
        int64_t                    then[KEYRING_GENERATIONS];
    } STEPS[] = {{{true, {0, 0, 0, 0}}, {0, 0, 0, 0}},
                 {{true, {1, 2, 3, 4}}, {1, 2, 3, 4}},
                 {{true, {1, 2, 3, 3}}, {1, 2, 3, 4}},
                 {{true, {9, 0, 3, INT64_MAX}}, {9, 2, 3, INT64_MAX}}}; /* two processes, each ahead in something */
    struct keyring_generations none;
    assert_int_equal(keyring_generations_load(cx, cx->keyring, &none), OK);
    assert_false(none.kept);
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        assert_int_equal(keyring_generations_keep(cx, cx->keyring, &STEPS[i].kept), OK);
        assert_generations(cx, STEPS[i].then);
    }
    fixture_close(&fixture);
}

static void a_mark_of_generations_that_is_not_whole_is_none(void **state)
{
    (void)state;
    static const char GOOD[] = "symbolon.store\n1\n2\n3\n4\n7f3e2612c6735f1c\n";
    static const char *const BROKEN[] = {"", "symbolon.store\n", "symbolon.store\n1\n2\n3\n4\n",
                                         "symbolon.store\n1\n2\n3\n5\n7f3e2612c6735f1c\n",
                                         "symbolon.store\n1\n2\n3\n4\n7f3e2612c6735f1c\nmore",
                                         "symbolon.stone\n1\n2\n3\n4\n7f3e2612c6735f1c\n",
                                         "symbolon.store\n01\n2\n3\n4\n7f3e2612c6735f1c\n"};
    static const struct keyring_generations KEPT = {true, {1, 2, 3, 4}};
    struct fixture fixture;
    struct ctx *cx = fixture_open_keyring(&fixture);
    write_file(fixture.keys, "store.generations", bytes_of_text(text_of(GOOD)), 0600);
    assert_generations(cx, KEPT.of); /* control */
    for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
        struct keyring_generations read;
        write_file(fixture.keys, "store.generations", bytes_of_text(text_of(BROKEN[i])), 0600);
        assert_int_equal(keyring_generations_load(cx, cx->keyring, &read), OK);
        assert_false(read.kept);
        assert_int_equal(keyring_generations_keep(cx, cx->keyring, &KEPT), OK);
        assert_generations(cx, KEPT.of);
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_generation_in_the_mark_goes_back),
        cmocka_unit_test(a_mark_of_generations_that_is_not_whole_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
