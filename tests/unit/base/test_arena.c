/* SPDX-License-Identifier: Apache-2.0
 * The arena: alignment, zeroes, its bound, its mark, pieces larger than a block, deferred calls. */
#include "base/arena.h"

#include "support/cmocka.h"

#define BLOCK_BYTES (16u * 1024) /* of arena.c */

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    uint8_t *before = NULL;
    for (size_t size = 0; size < 200; size++) {
        uint8_t *piece = arena_take(arena, size, 1);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        assert_ptr_not_equal(piece, before);
        memset(piece, 0xEE, size);
        before = piece;
    }
    arena_close(arena);
}

static void pieces_are_zeroed_again_after_a_reset(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    memset(arena_take(arena, 4096, 1), 0xEE, 4096);
    arena_reset(arena);
    const uint8_t *piece = arena_take(arena, 4096, 1);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(piece[i], 0);
    arena_close(arena);
}

static void a_full_arena_gives_null_and_keeps_the_mark(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1000);
    assert_non_null(arena_take(arena, 900, 1));
    assert_false(arena_is_exhausted(arena));
    assert_null(arena_take(arena, 200, 1));
    assert_true(arena_is_exhausted(arena));
    assert_non_null(arena_take(arena, 1, 1)); /* a smaller piece may still fit: the mark remains */
    assert_true(arena_is_exhausted(arena));
    assert_true(arena_used_bytes(arena) <= 1000);
    arena_reset(arena);
    assert_false(arena_is_exhausted(arena));
    assert_int_equal(arena_used_bytes(arena), 0);
    assert_non_null(arena_take(arena, 900, 1));
    arena_close(arena);
}

static void the_bound_counts_every_piece(void **state)
{
    (void)state;
    struct arena *arena = arena_open(10 * BLOCK_BYTES);
    size_t pieces = 0;
    while (arena_take(arena, 100, 1) != NULL)
        pieces++;
    assert_true(pieces > 1000);
    assert_true(pieces * 100 <= 10 * BLOCK_BYTES);
    arena_close(arena);
}

static void products_that_wrap_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 20);
    assert_null(arena_take(arena, SIZE_MAX / 2, 3));
    assert_true(arena_is_exhausted(arena));
    arena_reset(arena);
    assert_null(arena_take(arena, SIZE_MAX, 1)); /* the padding would wrap */
    assert_true(arena_is_exhausted(arena));
    arena_close(arena);
}

static void a_big_piece_has_a_block_of_its_own_and_hides_no_room(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 24);
    uint8_t *small = arena_take(arena, 64, 1);
    uint8_t *big = arena_take(arena, 5 * BLOCK_BYTES, 1);
    uint8_t *next = arena_take(arena, 64, 1);
    memset(big, 0xEE, 5 * BLOCK_BYTES);
    assert_true(next > small && next < small + BLOCK_BYTES); /* still in the first block */
    assert_int_equal(next[0], 0);
    arena_reset(arena);
    assert_non_null(arena_take(arena, 5 * BLOCK_BYTES, 1));
    assert_non_null(arena_take(arena, 64, 1)); /* a big piece may also come first */
    arena_close(arena);
}

static void every_size_around_a_block_can_be_taken_and_written(void **state)
{
    (void)state;
    struct arena *arena = arena_open(1 << 24);
    for (size_t size = BLOCK_BYTES - 40; size < BLOCK_BYTES + 40; size++) {
        memset(arena_take(arena, size, 1), 0xEE, size);
        memset(arena_take(arena, BLOCK_BYTES / 4, 1), 0xEE, BLOCK_BYTES / 4);
        arena_reset(arena);
    }
    arena_close(arena);
}

struct trace {
    char   at[8];
    size_t size;
};

struct mark {
    struct trace *trace;
    char          letter;
};

static void leave_mark(void *arg)
{
    const struct mark *mark = arg;
    mark->trace->at[mark->trace->size++] = mark->letter;
}

static void deferred_calls_run_once_and_last_first(void **state)
{
    (void)state;
    struct trace trace = {.size = 0};
    struct mark marks[] = {{&trace, 'a'}, {&trace, 'b'}, {&trace, 'c'}};
    struct arena *arena = arena_open(1 << 16);
    assert_true(arena_defer(arena, leave_mark, &marks[0]));
    assert_true(arena_defer(arena, leave_mark, &marks[1]));
    assert_int_equal(trace.size, 0);
    arena_reset(arena);
    assert_string_equal(trace.at, "ba");
    assert_true(arena_defer(arena, leave_mark, &marks[2]));
    arena_close(arena);
    assert_string_equal(trace.at, "bac");
}

static void a_call_that_finds_no_room_is_not_deferred(void **state)
{
    (void)state;
    struct trace trace = {.size = 0};
    struct mark mark = {&trace, 'a'};
    struct arena *arena = arena_open(100);
    while (arena_take(arena, 1, 1) != NULL)
        continue;
    assert_false(arena_defer(arena, leave_mark, &mark));
    arena_close(arena);
    assert_int_equal(trace.size, 0);
}

/* Small pieces, one that fills a block, and big ones: what stood before stays, what came since is gone. */
static void an_arena_goes_back_to_a_mark(void **state)
{
    (void)state;
    static const size_t BEFORE[] = {0, 10, 16000, 50000};
    for (size_t b = 0; b < sizeof BEFORE / sizeof *BEFORE; b++) {
        struct arena *arena = arena_open(1 << 20);
        char *kept = arena_take(arena, BEFORE[b], 1);
        memset(kept, 'k', BEFORE[b]);
        struct arena_mark mark = arena_mark(arena);
        size_t used = arena_used_bytes(arena);
        for (int turn = 0; turn < 1000; turn++) { /* together far more than the arena holds */
            for (size_t size = 1; size < 40000; size = size * 3 + 1) {
                char *piece = arena_take(arena, size, 1);
                assert_non_null(piece);
                assert_int_equal(piece[size - 1], 0);
                memset(piece, 'x', size);
            }
            arena_go_back(arena, &mark);
            assert_int_equal(arena_used_bytes(arena), used);
        }
        for (size_t i = 0; i < BEFORE[b]; i++)
            assert_int_equal(kept[i], 'k');
        assert_null(arena_take(arena, 1 << 20, 1));
        assert_true(arena_is_exhausted(arena));
        arena_go_back(arena, &mark);
        assert_false(arena_is_exhausted(arena));
        arena_close(arena);
    }
}

static void to_go_back_runs_what_was_deferred_since(void **state)
{
    (void)state;
    struct trace trace = {.size = 0};
    struct mark marks[] = {{&trace, 'a'}, {&trace, 'b'}, {&trace, 'c'}};
    struct arena *arena = arena_open(1 << 16);
    assert_true(arena_defer(arena, leave_mark, &marks[0]));
    struct arena_mark mark = arena_mark(arena);
    assert_true(arena_defer(arena, leave_mark, &marks[1]));
    assert_true(arena_defer(arena, leave_mark, &marks[2]));
    arena_go_back(arena, &mark);
    assert_string_equal(trace.at, "cb");
    arena_close(arena);
    assert_string_equal(trace.at, "cba");
}

static void nothing_can_be_closed(void **state)
{
    (void)state;
    arena_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(pieces_are_zeroed_again_after_a_reset),
        cmocka_unit_test(a_full_arena_gives_null_and_keeps_the_mark),
        cmocka_unit_test(the_bound_counts_every_piece),
        cmocka_unit_test(products_that_wrap_are_refused),
        cmocka_unit_test(a_big_piece_has_a_block_of_its_own_and_hides_no_room),
        cmocka_unit_test(every_size_around_a_block_can_be_taken_and_written),
        cmocka_unit_test(deferred_calls_run_once_and_last_first),
        cmocka_unit_test(a_call_that_finds_no_room_is_not_deferred),
        cmocka_unit_test(an_arena_goes_back_to_a_mark),
        cmocka_unit_test(to_go_back_runs_what_was_deferred_since),
        cmocka_unit_test(nothing_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
