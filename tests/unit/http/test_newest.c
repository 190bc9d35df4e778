/* SPDX-License-Identifier: Apache-2.0
 * Goal: a checkpoint is given while it is new, never an older one than before, and none from before what another door
 * has told. Method: moments and sizes by hand. */
#include "http/gate/newest.h"

#include <string.h>

#include "base/text.h"
#include "support/cmocka.h"

#define T INT64_C(1000000000)

struct fixture {
    struct newest newest;
    struct ctx    cx;
};

static void open_fixture(struct fixture *fixture)
{
    newest_open(&fixture->newest);
    fixture->cx = (struct ctx){.arena = arena_open(65536)};
}

static void close_fixture(struct fixture *fixture)
{
    newest_close(&fixture->newest);
    arena_close(fixture->cx.arena);
}

static struct text put(struct fixture *fixture, int64_t size, const char *note, int64_t asked_ns)
{
    struct ledger_head head = {.tree = {.size = size}, .note = text_of(note)};
    struct text given;
    assert_int_equal(newest_put(&fixture->newest, &fixture->cx, &head, asked_ns, &given), OK);
    return given;
}

static void what_is_kept_is_given_for_a_quarter_of_a_second(void **state)
{
    (void)state;
    struct fixture fixture;
    struct text note;
    open_fixture(&fixture);
    assert_false(newest_get(&fixture.newest, fixture.cx.arena, T, &note));
    assert_true(text_is(put(&fixture, 3, "three", T), "three"));
    assert_true(newest_get(&fixture.newest, fixture.cx.arena, T + NEWEST_NS, &note));
    assert_true(text_is(note, "three"));
    assert_false(newest_get(&fixture.newest, fixture.cx.arena, T + NEWEST_NS + 1, &note));
    close_fixture(&fixture);
}

static void what_was_read_earlier_and_comes_later_gives_way(void **state)
{
    (void)state;
    struct fixture fixture;
    struct text note;
    open_fixture(&fixture);
    assert_true(text_is(put(&fixture, 5, "five", T + 10), "five"));
    assert_true(text_is(put(&fixture, 3, "three", T), "five"));
    assert_true(newest_get(&fixture.newest, fixture.cx.arena, T + 20, &note));
    assert_true(text_is(note, "five"));
    close_fixture(&fixture);
}

static void what_another_door_has_told_is_asked_for_again(void **state)
{
    (void)state;
    struct fixture fixture;
    struct text note;
    open_fixture(&fixture);
    (void)put(&fixture, 3, "three", T);
    newest_forget(&fixture.newest, T + 10);
    assert_false(newest_get(&fixture.newest, fixture.cx.arena, T + 20, &note));
    (void)put(&fixture, 3, "three", T + 5); /* it was asked before that door told more */
    assert_false(newest_get(&fixture.newest, fixture.cx.arena, T + 20, &note));
    (void)put(&fixture, 4, "four", T + 15);
    assert_true(newest_get(&fixture.newest, fixture.cx.arena, T + 20, &note));
    assert_true(text_is(note, "four"));
    close_fixture(&fixture);
}

static void a_note_for_which_there_is_no_room_is_given_and_not_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    struct text note;
    char large[NEWEST_BYTES + 2];
    memset(large, 'a', sizeof large);
    large[NEWEST_BYTES + 1] = '\0';
    open_fixture(&fixture);
    assert_int_equal(put(&fixture, 3, large, T).size, NEWEST_BYTES + 1);
    assert_false(newest_get(&fixture.newest, fixture.cx.arena, T, &note));
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_given_for_a_quarter_of_a_second),
        cmocka_unit_test(what_was_read_earlier_and_comes_later_gives_way),
        cmocka_unit_test(what_another_door_has_told_is_asked_for_again),
        cmocka_unit_test(a_note_for_which_there_is_no_room_is_given_and_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
