/* SPDX-License-Identifier: Apache-2.0
 * The kinds of personal data that a vault may hold (attribute.def), sets of kinds as a grant stores them, and the
 * strict check of values. Says nothing about who may read what (policy.h) and keeps nothing (vault.h). Kinds are
 * exact: no kind is covered by another, so a grant for an address never opens the town. */
#ifndef DOMAIN_ATTRIBUTE_H
#define DOMAIN_ATTRIBUTE_H

#include "base/ctx.h"
#include "base/json.h"
#include "domain/words/attribute_set.h"

#define ATTRIBUTE_YEAR_MIN 1880           /* nobody alive was born before */
#define ATTRIBUTE_ITEM_CHARACTERS_MAX 100 /* one text of a list */

typedef enum attribute_type {
#define X(name, word, sentence) ATTRIBUTE_TYPE_##name,
#include "domain/words/attribute_type.def"
#undef X
    ATTRIBUTE_TYPE_COUNT
} attribute_type;

typedef enum attribute_group {
#define X(name, label) ATTRIBUTE_GROUP_##name,
#include "domain/words/attribute_group.def"
#undef X
    ATTRIBUTE_GROUP_COUNT
} attribute_group;

typedef enum attribute_sensitivity {
    SENSITIVITY_ORDINARY,
    SENSITIVITY_SPECIAL,     /* GDPR Art. 9(1), also what lets one guess it */
    SENSITIVITY_OFFICIAL_ID, /* numbers that a state gave */
    SENSITIVITY_FINANCIAL,
} attribute_sensitivity;

/* What a value, or one member of it, must look like. */
struct attribute_rule {
    attribute_type type;
    int64_t        low;    /* least characters, items or number */
    int64_t        high;   /* most */
    const char    *detail; /* shape, choices joined by |, unit, "past" or "https", by type */
};

struct attribute_kind {
    attribute_number      number;
    const char           *term;    /* "pd:EmailAddress"; the id at the edge */
    size_t                term_size;
    const char           *label;   /* for people, English */
    attribute_group       group;
    attribute_sensitivity sensitivity;
    struct attribute_rule rule;
    const char           *example; /* JSON, valid by its own rule */
};

/* One member of a structured value. */
struct attribute_member {
    const char           *shape;
    const char           *name;
    bool                  required;
    struct attribute_rule rule;
};

/* The kind called `term`, exactly as written in the table. INVALID attribute.unknown. */
err attribute_parse(struct ctx *cx, struct text term, const struct attribute_kind **out) MUST_CHECK;
const struct attribute_kind *attribute_find(struct text term);    /* the same, or NULL */
const struct attribute_kind *attribute_by_number(int64_t number); /* NULL when no kind has it */
/* The table by position, for listings: NULL behind the last. Positions may change between versions; numbers do not. */
const struct attribute_kind *attribute_at(size_t position);

/* The set that a stored row holds: no when a bit belongs to no kind, so that a torn row is noticed. */
bool attribute_set_from_row(int64_t low, int64_t high, struct attribute_set *out);

const char *attribute_group_label(attribute_group group);
const char *attribute_type_word(attribute_type type);
const char *attribute_type_sentence(attribute_type type);
const char *attribute_sensitivity_word(attribute_sensitivity sensitivity); /* "special_category" */

/* The members of a shape, in table order; NULL behind the last. */
const struct attribute_member *attribute_member_at(const char *shape, size_t position);

/* Checks `value` for `kind` and gives its canonical JSON, in the arena: the bytes that get sealed. Nothing is
 * repaired; what the person typed stays as typed. Fails INVALID with the JSON pointer of the offending member
 * ("/value/street_adress"): attribute.wrong_type | .empty | .too_long | .not_plain | .out_of_range | .not_a_choice |
 * .repeated | .missing_member | .email | .phone | .date | .future | .language | .country | .url | .iban | .bic |
 * .currency | .time_zone, or request.unknown_member; TOO_LARGE attribute.too_large | limit.memory. */
err attribute_value_check(struct ctx *cx, const struct attribute_kind *kind, const json_t *value,
                          struct text *out_canonical) MUST_CHECK;

/* JSON Schema (2020-12) of the kind's value. `.at` is NULL when the arena is exhausted. The schema says the shape;
 * what it cannot say (check digits, real dates) only attribute_value_check() knows. */
struct text attribute_schema(struct arena *arena, const struct attribute_kind *kind);

#endif
