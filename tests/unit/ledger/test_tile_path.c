/* SPDX-License-Identifier: Apache-2.0
 * Addresses of tiles and the widths that a tree gives them (c2sp.org/tlog-tiles). */
#include "ledger/tile_path.h"

#include "base/effects.h"
#include "support/cmocka.h"

static void addresses_of_the_specification_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct tile tile;
    } KNOWN[] = {
        {"/log/tile/0/000", {0, 0, 256}},
        {"/log/tile/0/x001/x234/067", {0, 1234067, 256}},
        {"/log/tile/0/999", {0, 999, 256}},
        {"/log/tile/0/x001/000", {0, 1000, 256}},
        {"/log/tile/63/000.p/255", {63, 0, 255}},
        {"/log/tile/entries/273.p/112", {TILE_ENTRIES, 273, 112}},
        {"/log/tile/1/x999/x999/x999/x999/x999/999.p/1", {1, TILE_INDEX_MAX, 1}},
    };
    struct arena *arena = arena_open(1 << 16);
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct tile tile;
        assert_true(tile_path_parse(text_of(KNOWN[i].path), &tile));
        assert_int_equal(tile.level, KNOWN[i].tile.level);
        assert_int_equal(tile.index, KNOWN[i].tile.index);
        assert_int_equal(tile.width, KNOWN[i].tile.width);
        assert_true(text_is(tile_path_format(arena, &tile), KNOWN[i].path));
    }
    arena_close(arena);
}

static void any_other_spelling_is_no_address(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "",
        "/log/tile",
        "/log/tile/",
        "/log/tile/0",
        "/log/tile/0/",
        "/log/tile/0/0",
        "/log/tile/0/00",
        "/log/tile/0/0000",
        "/log/tile/0/000/",
        "/log/tile/0/000.p",
        "/log/tile/0/000.p/",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/01",
        "/log/tile/0/000.p/256",
        "/log/tile/0/000.p/1/",
        "/log/tile/0/000.p/+1",
        "/log/tile/0/000.q/1",
        "/log/tile/00/000",
        "/log/tile/01/000",
        "/log/tile/64/000",
        "/log/tile/-1/000",
        "/log/tile/99999999999999999999/000",
        "/log/tile/x/000",
        "/log/tile/0/x000/001",
        "/log/tile/0/x001",
        "/log/tile/0/x001/",
        "/log/tile/0/001/001",
        "/log/tile/0/x001x001",
        "/log/tile/0/X001/001",
        "/log/tile/0/x999/x999/x999/x999/x999/x999/999",
        "/log/tile/0/ 00",
        "/log/tile/0/-01",
        "/log/tile/entries",
        "/log/tile/entries/",
        "/log/tile/Entries/000",
        "/tile/0/000",
        " /log/tile/0/000",
        "/log/tile/0/000 ",
    };
    struct tile tile = {7, 7, 7};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_false(tile_path_parse(text_of(WRONG[i]), &tile));
    assert_int_equal(tile.level, 7);
    assert_false(tile_path_parse((struct text){"/log/tile/0/000\0", 16}, &tile));
}

static void every_address_comes_back_from_its_text(void **state)
{
    (void)state;
    struct seeded seeded = {20261122};
    struct randomness randomness = randomness_seeded(&seeded);
    struct arena *arena = arena_open(1 << 16);
    for (int round = 0; round < 20000; round++) {
        uint64_t dice[3];
        random_fill(&randomness, (uint8_t *)dice, sizeof dice);
        struct tile tile = {(int)(dice[0] % 65) - 1, (int64_t)(dice[1] >> (dice[0] >> 32) % 64) & (INT64_MAX >> 4),
                            (int)(dice[2] % TILE_WIDTH) + 1};
        tile.index %= TILE_INDEX_MAX + 1;
        struct tile back;
        assert_true(tile_path_parse(tile_path_format(arena, &tile), &back));
        assert_int_equal(back.level, tile.level);
        assert_int_equal(back.index, tile.index);
        assert_int_equal(back.width, tile.width);
        arena_reset(arena);
    }
    arena_close(arena);
}

/* The example of the specification: 70,000 entries give 273 full tiles and one of 112, then 1 and 17, then 1. */
static void widths_are_those_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(tile_width(0, 272, 70000), 256);
    assert_int_equal(tile_width(0, 273, 70000), 112);
    assert_int_equal(tile_width(0, 274, 70000), 0);
    assert_int_equal(tile_width(TILE_ENTRIES, 273, 70000), 112);
    assert_int_equal(tile_width(1, 0, 70000), 256);
    assert_int_equal(tile_width(1, 1, 70000), 17);
    assert_int_equal(tile_width(2, 0, 70000), 1);
    assert_int_equal(tile_width(3, 0, 70000), 0);
    assert_int_equal(tile_width(0, 0, 256), 256);
    assert_int_equal(tile_width(0, 1, 256), 0);
    assert_int_equal(tile_width(1, 0, 256), 1);
    assert_int_equal(tile_width(0, 0, 0), 0);
    assert_int_equal(tile_width(63, 0, INT64_MAX), 0);
    assert_int_equal(tile_width(7, 0, INT64_MAX), 127);
    assert_int_equal(tile_width(0, TILE_INDEX_MAX, INT64_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_the_specification_are_read_and_written),
        cmocka_unit_test(any_other_spelling_is_no_address),
        cmocka_unit_test(every_address_comes_back_from_its_text),
        cmocka_unit_test(widths_are_those_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
