/* SPDX-License-Identifier: Apache-2.0
 * Open addressing over half of a BLAKE2b hash: 128 bits, so that no two people of a file are ever taken for one. */
#include "domain/parties/contact_seen.h"

#include <assert.h>
#include <string.h>

#include "crypto/hash.h"

#define ROOM_FIRST 1024u
#define SEEN_BYTES 16

struct seen {
    uint8_t hash[SEEN_BYTES];
    int64_t number; /* 0: the place is free */
};

struct seen_table seen_table_open(struct arena *arena)
{
    return (struct seen_table){.arena = arena};
}

/* The place of this hash, or the free one where it belongs. The table is never more than half full. */
static struct seen *place_of(const struct seen_table *table, const uint8_t hash[SEEN_BYTES])
{
    size_t start = 0;
    for (size_t i = 0; i < sizeof start; i++)
        start = start << 8 | hash[i];
    for (size_t step = 0;; step++) {
        struct seen *place = &table->at[(start + step) & (table->room - 1)];
        if (place->number == 0 ||
            bytes_equals((struct bytes){place->hash, SEEN_BYTES}, (struct bytes){hash, SEEN_BYTES}))
            return place;
    }
}

static bool grow(struct seen_table *table)
{
    struct seen_table larger = *table;
    larger.room = table->room == 0 ? ROOM_FIRST : table->room * 2;
    larger.at = ARENA_ARRAY(table->arena, struct seen, larger.room);
    if (larger.at == NULL)
        return false;
    for (size_t i = 0; i < table->room; i++)
        if (table->at[i].number != 0)
            *place_of(&larger, table->at[i].hash) = table->at[i];
    *table = larger;
    return true;
}

int64_t seen_find(const struct seen_table *table, struct text what)
{
    uint8_t hash[HASH_BYTES];
    if (table->room == 0)
        return 0;
    blake2b_256(bytes_of_text(what), hash);
    return place_of(table, hash)->number;
}

err seen_put(struct ctx *cx, struct seen_table *table, struct text what, int64_t number)
{
    uint8_t hash[HASH_BYTES];
    assert(number != 0);
    if (table->used * 2 >= table->room && !grow(table))
        return FAIL(cx, TOO_LARGE, "import.too_many", "the file holds more than fits in memory: import it in parts");
    blake2b_256(bytes_of_text(what), hash);
    struct seen *place = place_of(table, hash);
    table->used += place->number == 0;
    memcpy(place->hash, hash, SEEN_BYTES);
    place->number = number;
    return OK;
}
