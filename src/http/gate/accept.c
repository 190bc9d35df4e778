/* SPDX-License-Identifier: Apache-2.0
 * Media ranges and weights. */
#include "http/gate/accept.h"

#include <string.h>

#include "base/text.h"

struct range {
    struct text type;   /* a type, a type with any subtype, or any */
    int         weight; /* thousandths */
};

static struct text cut_at(struct text *rest, char separator)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->at, separator, rest->size);
    struct text part = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
    size_t step = end == NULL ? part.size : part.size + 1;
    *rest = (struct text){rest->at + step, rest->size - step};
    return text_trim(part);
}

/* RFC 9110 section 12.4.2: "0.5", at most three digits. Anything else counts as 0. */
static int read_weight(struct text text)
{
    if (text.size == 0 || text.size > 5 || (text.at[0] != '0' && text.at[0] != '1') ||
        (text.size > 1 && text.at[1] != '.'))
        return 0;
    int weight = (text.at[0] - '0') * 1000;
    int unit = 100;
    for (size_t i = 2; i < text.size; i++, unit /= 10) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        weight += (text.at[i] - '0') * unit;
    }
    return weight > 1000 ? 0 : weight;
}

static struct range read_range(struct text text)
{
    struct range range = {cut_at(&text, ';'), 1000};
    while (text.size > 0) {
        struct text parameter = cut_at(&text, ';');
        if (text_starts_with(parameter, "q=") || text_starts_with(parameter, "Q="))
            range.weight = read_weight((struct text){parameter.at + 2, parameter.size - 2});
    }
    return range;
}

/* How exactly a range names a type: 0 not at all. */
static int exactness(struct text range, const char *type)
{
    if (text_equals_ignoring_case(range, type))
        return 3;
    if (text_is(range, "*/*"))
        return 1;
    size_t major = (size_t)(strchr(type, '/') - type) + 1;
    struct text start = {type, major};
    bool matches = range.size == major + 1 && range.at[major] == '*' &&
                   text_equals((struct text){range.at, major}, start);
    return matches ? 2 : 0;
}

static int weight_of(struct text accept, const char *type)
{
    int best = 0;
    int weight = 0;
    while (accept.size > 0) {
        struct range range = read_range(cut_at(&accept, ','));
        int exact = exactness(range.type, type);
        if (exact > best) {
            best = exact;
            weight = range.weight;
        }
    }
    return weight;
}

size_t accept_choose(struct text accept, const char *const *types, size_t count)
{
    size_t chosen = 0;
    int highest = 0;
    for (size_t i = 0; i < count; i++) {
        int weight = weight_of(accept, types[i]);
        if (weight > highest) {
            highest = weight;
            chosen = i;
        }
    }
    return chosen;
}
