/* SPDX-License-Identifier: Apache-2.0
 * A set of attribute kinds as two integers: what a grant, a purpose and a disclosure store. Kind n is bit n - 1 of
 * `low` up to 63 and bit n - 64 of `high` from there, so both fit a signed column. Values, not objects: each call
 * gives a new set. Numbers outside 1 to ATTRIBUTE_NUMBER_MAX are our own mistake. */
#ifndef DOMAIN_ATTRIBUTE_SET_H
#define DOMAIN_ATTRIBUTE_SET_H

#include <assert.h>

#include <stdbool.h>
#include <stdint.h>

#define ATTRIBUTE_NUMBER_MAX 126 /* two integers of 63 bits, so that neither is negative in a database */

/* Values are the fixed numbers of attribute.def; 0 is no kind. */
typedef enum attribute_number {
    ATTRIBUTE_NONE = 0,
#define X(number, name, ...) ATTRIBUTE_##name = (number),
#include "domain/words/attribute.def"
#undef X
} attribute_number;

struct attribute_set {
    uint64_t low;
    uint64_t high;
};

#define ATTRIBUTE_SET_EMPTY ((struct attribute_set){0, 0})

static inline struct attribute_set attribute_set_of(attribute_number number)
{
    assert(number >= 1 && number <= ATTRIBUTE_NUMBER_MAX);
    return number <= 63 ? (struct attribute_set){UINT64_C(1) << (number - 1), 0}
                        : (struct attribute_set){0, UINT64_C(1) << (number - 64)};
}

static inline struct attribute_set attribute_set_union(struct attribute_set a, struct attribute_set b)
{
    return (struct attribute_set){a.low | b.low, a.high | b.high};
}

static inline struct attribute_set attribute_set_intersect(struct attribute_set a, struct attribute_set b)
{
    return (struct attribute_set){a.low & b.low, a.high & b.high};
}

static inline struct attribute_set attribute_set_minus(struct attribute_set a, struct attribute_set b)
{
    return (struct attribute_set){a.low & ~b.low, a.high & ~b.high};
}

static inline struct attribute_set attribute_set_add(struct attribute_set set, attribute_number number)
{
    return attribute_set_union(set, attribute_set_of(number));
}

static inline bool attribute_set_is_empty(struct attribute_set set)
{
    return (set.low | set.high) == 0;
}

static inline bool attribute_set_equals(struct attribute_set a, struct attribute_set b)
{
    return a.low == b.low && a.high == b.high;
}

static inline bool attribute_set_has(struct attribute_set set, attribute_number number)
{
    return !attribute_set_is_empty(attribute_set_intersect(set, attribute_set_of(number)));
}

/* Whether every kind of `part` is in `whole`. */
static inline bool attribute_set_is_subset(struct attribute_set part, struct attribute_set whole)
{
    return attribute_set_is_empty(attribute_set_minus(part, whole));
}

static inline int attribute_set_count(struct attribute_set set)
{
    return __builtin_popcountll(set.low) + __builtin_popcountll(set.high);
}

/* The least number above `after` in the set, or ATTRIBUTE_NONE: begin with ATTRIBUTE_NONE.
 *     for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(set, n)) != ATTRIBUTE_NONE;) */
static inline attribute_number attribute_set_next(struct attribute_set set, attribute_number after)
{
    int number = (int)after;
    assert(number >= 0 && number <= ATTRIBUTE_NUMBER_MAX);
    uint64_t low = number < 63 ? set.low >> number : 0;
    uint64_t high = number < 63 ? set.high : set.high >> (number - 63);
    if (low != 0)
        return (attribute_number)(number + 1 + __builtin_ctzll(low));
    if (high != 0)
        return (attribute_number)((number < 63 ? 64 : number + 1) + __builtin_ctzll(high));
    return ATTRIBUTE_NONE;
}

/* The greatest number in the set, or ATTRIBUTE_NONE. */
static inline attribute_number attribute_set_last(struct attribute_set set)
{
    if (set.high != 0)
        return (attribute_number)(127 - __builtin_clzll(set.high));
    return set.low != 0 ? (attribute_number)(64 - __builtin_clzll(set.low)) : ATTRIBUTE_NONE;
}

#endif
