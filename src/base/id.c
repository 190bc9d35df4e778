/* SPDX-License-Identifier: Apache-2.0
 * Packing of ids and the source of numbers. */
#include "base/id.h"

#include <assert.h>

#define EPOCH_MS INT64_C(1704067200000) /* 2024-01-01T00:00:00Z */
#define SPREAD_BITS 15
#define CHECK_BYTE 0x5A

static const struct {
    id_type     type;
    const char *prefix;
} TYPES[] = {
#define X(name, number, prefix) {ID_##name, prefix},
#include "base/id.def"
#undef X
};

const char *id_prefix(id_type type)
{
    size_t at = 0;
    while (TYPES[at].type != type) {
        at++;
        assert(at < sizeof TYPES / sizeof *TYPES); /* every id_type but ID_NONE stands in id.def */
    }
    return TYPES[at].prefix;
}

id_type id_type_of_prefix(struct text prefix)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (text_is(prefix, TYPES[i].prefix))
            return TYPES[i].type;
    return ID_NONE;
}

static void put_number(int64_t number, uint8_t *out)
{
    assert(number >= 0 && number <= NUMBER_MAX);
    for (int i = 6; i >= 0; i--, number >>= 8)
        out[i] = (uint8_t)(number & 0xFF);
}

static int64_t get_number(const uint8_t *at)
{
    int64_t number = 0;
    for (int i = 0; i < 7; i++)
        number = number << 8 | at[i];
    return number;
}

void id_pack(struct id id, uint8_t out[16])
{
    out[0] = (uint8_t)id.type;
    out[1] = CHECK_BYTE;
    put_number(id.owner, out + 2);
    put_number(id.item, out + 9);
}

bool id_unpack(const uint8_t block[16], id_type wanted, struct id *out)
{
    if (block[0] != (uint8_t)wanted || block[1] != CHECK_BYTE)
        return false;
    *out = (struct id){wanted, get_number(block + 2), get_number(block + 9)};
    return true;
}

/* The least number of the slot that is greater than `last`. */
static int64_t number_behind(int64_t last, int64_t slot)
{
    if (slot == 0)
        return last + 1;
    int64_t next = last - last % NUMBER_SLOTS + slot - 1;
    return next > last ? next : next + NUMBER_SLOTS;
}

int64_t number_next(struct number_source *source, int64_t at_ms, const struct randomness *randomness)
{
    uint8_t spread[2];
    random_fill(randomness, spread, sizeof spread);
    int64_t since_ms = at_ms - EPOCH_MS;
    if (since_ms < 0)
        since_ms = 0;
    /* The spread's top bit stays clear, so that numbers of one millisecond can count on from it. */
    int64_t fresh = since_ms << SPREAD_BITS | (((int64_t)spread[0] << 8 | spread[1]) & 0x3FFF);
    int64_t slot = atomic_load_explicit(&source->slot, memory_order_relaxed);
    if (slot != 0)
        fresh += slot - 1 - fresh % NUMBER_SLOTS;
    int64_t last = atomic_load_explicit(&source->last, memory_order_relaxed);
    int64_t next;
    do
        next = fresh > last ? fresh : number_behind(last, slot);
    while (!atomic_compare_exchange_weak_explicit(&source->last, &last, next, memory_order_relaxed,
                                                  memory_order_relaxed));
    assert(next <= NUMBER_MAX);
    return next;
}

int64_t number_first_of_ms(int64_t at_ms)
{
    return at_ms <= EPOCH_MS ? 0 : (at_ms - EPOCH_MS) << SPREAD_BITS;
}

void number_lift(struct number_source *source, int64_t floor)
{
    int64_t last = atomic_load_explicit(&source->last, memory_order_relaxed);
    while (last < floor && !atomic_compare_exchange_weak_explicit(&source->last, &last, floor, memory_order_relaxed,
                                                                  memory_order_relaxed))
        continue;
}

void number_use_slot(struct number_source *source, int64_t slot)
{
    assert(slot >= 0 && slot < NUMBER_SLOTS);
    atomic_store_explicit(&source->slot, slot + 1, memory_order_relaxed);
}

int64_t number_made_at_ms(int64_t number)
{
    return (number >> SPREAD_BITS) + EPOCH_MS;
}
