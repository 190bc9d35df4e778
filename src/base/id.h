/* SPDX-License-Identifier: Apache-2.0
 * Numbers inside, ids outside. A number is 56 bits, time-ordered: 41 bits of milliseconds since 2024 and 15 bits that
 * keep numbers of one millisecond apart. An id at the edge is `prefix_` and 26 base-32 characters of a sealed block of
 * 16 bytes (crypto/id_seal.h): type, check, owner number, item number. The owner is the person or the organisation that
 * the thing belongs to, so an id leads straight to its shard. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdatomic.h>

#include "base/bytes.h"
#include "base/effects.h"

typedef enum id_type {
    ID_NONE = 0,
#define X(name, number, prefix) ID_##name = (number),
#include "base/id.def"
#undef X
} id_type;

#define ID_TEXT_SIZE 30 /* "per_" and 26 characters */
#define NUMBER_MAX ((INT64_C(1) << 56) - 1)

/* What an id says. Made only by id_open() and by code that has just made the thing. */
struct id {
    id_type type;
    int64_t owner;
    int64_t item; /* 0 for a person and an organisation: they are their own item */
};

const char *id_prefix(id_type type);         /* "per" */
id_type id_type_of_prefix(struct text prefix); /* ID_NONE when unknown */

/* 16 bytes: type, check, owner (7 bytes), item (7 bytes), big-endian. Unpack says no when type or check are off. */
void id_pack(struct id id, uint8_t out[16]);
bool id_unpack(const uint8_t block[16], id_type wanted, struct id *out);

/* Gives each number once per source, rising. Safe for many threads. `at_ms` is the moment of the request; one that
 * stands still or goes back does no harm. Sources that make numbers for the same things at the same time have a slot
 * each: a number modulo NUMBER_SLOTS is its slot, so that no two of them make the same. */
#define NUMBER_SLOTS 128
struct number_source {
    _Atomic int64_t last;
    _Atomic int64_t slot; /* 1 to NUMBER_SLOTS; 0: it is the only source */
};
int64_t number_next(struct number_source *source, int64_t at_ms, const struct randomness *randomness);
/* The least number that could be made in that millisecond. */
int64_t number_first_of_ms(int64_t at_ms);
/* From now on the source gives only numbers above `floor`. */
void number_lift(struct number_source *source, int64_t floor);
/* From now on its numbers are those of the slot, 0 to NUMBER_SLOTS - 1. */
void number_use_slot(struct number_source *source, int64_t slot);
int64_t number_made_at_ms(int64_t number); /* the millisecond that a number was made in */
/* Later moments are none: beyond the year 2092 there are no numbers. */
#define NUMBER_LAST_MS INT64_C(3881520000000)

#endif
