/* SPDX-License-Identifier: Apache-2.0
 * Sealed values as they lie in the files: any octets at any place, and true ones of which one thing was changed. What
 * was sealed opens at its place, under its key, whole; nothing else does. */
#include "crypto/seal.h"

#include "base/limits.h"
#include "fuzz/fuzz.h"

#define PLAIN_BYTES_MAX 64

typedef enum seal_change {
    CHANGE_NONE,
    CHANGE_BIT,
    CHANGE_CUT,
    CHANGE_MORE,
    CHANGE_KEY,
    CHANGE_PLACE,
    CHANGE_ALL, /* the rest of the input stands in its stead */
    CHANGE_COUNT
} seal_change;

static int64_t *number_of_place(struct seal_place *place, size_t which)
{
    int64_t *numbers[] = {&place->person_id, &place->kind, &place->item, &place->version};
    return which < 4 ? numbers[which] : &place->beside[(which - 4) % SEAL_BESIDE_MAX];
}

static struct seal_place choose_place(struct choices *choices)
{
    struct seal_place place = {.kind = (int64_t)choose(choices, 21)};
    for (size_t i = choose(choices, 4); i > 0; i--)
        *number_of_place(&place, choose(choices, 4 + SEAL_BESIDE_MAX)) = choose_number(choices);
    return place;
}

/* A copy with what an input wants changed. */
static struct bytes changed(struct arena *arena, struct bytes sealed, seal_change change, struct choices *choices)
{
    uint8_t *copy = arena_take(arena, sealed.size + 1, 1);
    size_t at = choose(choices, 256) % sealed.size;
    assert(copy != NULL);
    memcpy(copy, sealed.at, sealed.size);
    if (change == CHANGE_BIT)
        copy[at] ^= (uint8_t)(1u << choose(choices, 8));
    if (change == CHANGE_ALL)
        return (struct bytes){choices->at, choices->size};
    return (struct bytes){copy, change == CHANGE_CUT ? at : change == CHANGE_MORE ? sealed.size + 1 : sealed.size};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct choices choices = {data, size};
    struct seeded seeded = {size};
    struct randomness randomness = randomness_seeded(&seeded);
    struct ctx cx = {.arena = fuzz_arena(LIMIT_REQUEST_ARENA_BYTES), .randomness = &randomness};
    struct secret_key key = {{7}};
    seal_change change = (seal_change)choose(&choices, CHANGE_COUNT);
    struct seal_place place = choose_place(&choices);
    struct bytes plain = bytes_of_text(choose_text(&choices, PLAIN_BYTES_MAX));
    struct bytes sealed, opened = {NULL, 0};
    err made = seal(&cx, &key, &place, plain, &sealed);
    assert(made == OK && sealed.size == plain.size + SEAL_OVERHEAD_BYTES);
    if (change == CHANGE_KEY)
        key.at[choose(&choices, SECRET_KEY_BYTES)] ^= 1;
    if (change == CHANGE_PLACE)
        *number_of_place(&place, choose(&choices, 4 + SEAL_BESIDE_MAX)) ^= INT64_C(1) << choose(&choices, 63);
    struct bytes given = changed(cx.arena, sealed, change, &choices);
    err got = seal_open(&cx, &key, &place, given, &opened);
    assert((got == OK) == (change == CHANGE_NONE) && (got == OK || got == CORRUPT));
    if (got == OK)
        assert(opened.size == plain.size && (plain.size == 0 || memcmp(opened.at, plain.at, plain.size) == 0));
    else
        assert(opened.at == NULL);
    return 0;
}
