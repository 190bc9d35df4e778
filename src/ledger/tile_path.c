/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing of tile addresses. */
#include "ledger/tile_path.h"

#include <assert.h>

#include "base/text.h"

#define GROUP_DIGITS 3
#define GROUPS_MAX 6

static bool take_prefix(struct text *rest, const char *prefix)
{
    if (!text_starts_with(*rest, prefix))
        return false;
    size_t size = text_of(prefix).size;
    *rest = (struct text){rest->at + size, rest->size - size};
    return true;
}

static bool take_level(struct text *rest, int *out)
{
    if (take_prefix(rest, "entries/")) {
        *out = TILE_ENTRIES;
        return true;
    }
    size_t digits = 0;
    while (digits < rest->size && rest->at[digits] != '/')
        digits++;
    int64_t level = 0;
    if (!text_to_int64((struct text){rest->at, digits}, &level) || level > TILE_LEVEL_MAX)
        return false;
    *out = (int)level;
    *rest = (struct text){rest->at + digits, rest->size - digits};
    return take_prefix(rest, "/");
}

static bool take_group(struct text *rest, int64_t *index)
{
    if (rest->size < GROUP_DIGITS)
        return false;
    for (int i = 0; i < GROUP_DIGITS; i++) {
        char digit = rest->at[i];
        if (digit < '0' || digit > '9')
            return false;
        *index = *index * 10 + (digit - '0');
    }
    *rest = (struct text){rest->at + GROUP_DIGITS, rest->size - GROUP_DIGITS};
    return true;
}

/* All groups but the last begin with x and end with a slash; the first of several may not be 000. */
static bool take_index(struct text *rest, int64_t *out)
{
    int64_t index = 0;
    for (int groups = 1; groups <= GROUPS_MAX; groups++) {
        bool last = !take_prefix(rest, "x");
        if (!take_group(rest, &index))
            return false;
        if (last) {
            *out = index;
            return true;
        }
        if (index == 0 || !take_prefix(rest, "/"))
            return false;
    }
    return false;
}

static bool take_width(struct text *rest, int *out)
{
    int64_t width = TILE_WIDTH;
    if (take_prefix(rest, ".p/")) {
        if (!text_to_int64(*rest, &width) || width < 1 || width >= TILE_WIDTH)
            return false;
        rest->size = 0;
    }
    *out = (int)width;
    return rest->size == 0;
}

bool tile_path_parse(struct text path, struct tile *out)
{
    struct tile tile = {0};
    if (!take_prefix(&path, "/log/tile/") || !take_level(&path, &tile.level) || !take_index(&path, &tile.index) ||
        !take_width(&path, &tile.width))
        return false;
    *out = tile;
    return true;
}

struct text tile_path_format(struct arena *arena, const struct tile *tile)
{
    assert(tile->level >= TILE_ENTRIES && tile->level <= TILE_LEVEL_MAX);
    assert(tile->index >= 0 && tile->index <= TILE_INDEX_MAX && tile->width >= 1 && tile->width <= TILE_WIDTH);
    struct builder path = builder_open(arena, 64);
    build_literal(&path, "/log/tile/");
    if (tile->level == TILE_ENTRIES)
        build_literal(&path, "entries");
    else
        build_format(&path, "%d", tile->level);
    int64_t scale = 1;
    while (tile->index / scale >= 1000)
        scale *= 1000;
    for (; scale > 1; scale /= 1000)
        build_format(&path, "/x%03d", (int)(tile->index / scale % 1000));
    build_format(&path, "/%03d", (int)(tile->index % 1000));
    if (tile->width < TILE_WIDTH)
        build_format(&path, ".p/%d", tile->width);
    return path.overflowed ? (struct text){NULL, 0} : builder_text(&path);
}

int tile_width(int level, int64_t index, int64_t size)
{
    assert(level >= TILE_ENTRIES && level <= TILE_LEVEL_MAX && index >= 0 && size >= 0);
    int shift = level == TILE_ENTRIES ? 0 : level * TILE_HEIGHT;
    int64_t nodes = shift >= 63 ? 0 : size >> shift;
    if (index > nodes / TILE_WIDTH)
        return 0;
    int64_t width = nodes - index * TILE_WIDTH;
    return width > TILE_WIDTH ? TILE_WIDTH : (int)width;
}
