/* SPDX-License-Identifier: Apache-2.0
 * The tables behind attribute.h and look-ups over them. No state: everything here is constant. */
#include "domain/words/attribute.h"

#include <assert.h>

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

static const struct attribute_kind KINDS[] = {
#define X(number, name, term, label, group, type, sensitivity, low, high, detail, example)                    \
    {ATTRIBUTE_##name, term, sizeof(term) - 1, label, ATTRIBUTE_GROUP_##group, SENSITIVITY_##sensitivity,     \
     {ATTRIBUTE_TYPE_##type, low, high, detail}, example},
#include "domain/words/attribute.def"
#undef X
};

static const struct attribute_member MEMBERS[] = {
#define REQUIRED true
#define FREE false
#define X(shape, name, need, type, low, high, detail) {shape, name, need, {ATTRIBUTE_TYPE_##type, low, high, detail}},
#include "domain/words/attribute_shape.def"
#undef X
#undef REQUIRED
#undef FREE
};

static const char *const GROUP_LABELS[ATTRIBUTE_GROUP_COUNT] = {
#define X(name, label) [ATTRIBUTE_GROUP_##name] = label,
#include "domain/words/attribute_group.def"
#undef X
};

static const struct {
    const char *word;
    const char *sentence;
} TYPES[ATTRIBUTE_TYPE_COUNT] = {
#define X(name, word, sentence) [ATTRIBUTE_TYPE_##name] = {word, sentence},
#include "domain/words/attribute_type.def"
#undef X
};

const struct attribute_kind *attribute_find(struct text term)
{
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if (text_equals(term, (struct text){KINDS[i].term, KINDS[i].term_size}))
            return &KINDS[i];
    return NULL;
}

err attribute_parse(struct ctx *cx, struct text term, const struct attribute_kind **out)
{
    const struct attribute_kind *kind = attribute_find(term);
    if (kind == NULL)
        return FAIL(cx, INVALID, "attribute.unknown", "no attribute kind has that name; GET /v1/kinds lists them");
    *out = kind;
    return OK;
}

const struct attribute_kind *attribute_by_number(int64_t number)
{
    /* Rows stand in the order of their numbers without a gap until one is retired. */
    if (number >= 1 && (uint64_t)number <= COUNT_OF(KINDS) && (int64_t)KINDS[number - 1].number == number)
        return &KINDS[number - 1];
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if ((int64_t)KINDS[i].number == number)
            return &KINDS[i];
    return NULL;
}

const struct attribute_kind *attribute_at(size_t position)
{
    return position < COUNT_OF(KINDS) ? &KINDS[position] : NULL;
}

bool attribute_set_from_row(int64_t low, int64_t high, struct attribute_set *out)
{
    if (low < 0 || high < 0)
        return false;
    struct attribute_set set = {(uint64_t)low, (uint64_t)high};
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(set, n)) != ATTRIBUTE_NONE;)
        if (attribute_by_number(n) == NULL)
            return false;
    *out = set;
    return true;
}

const char *attribute_group_label(attribute_group group)
{
    assert(group < ATTRIBUTE_GROUP_COUNT);
    return GROUP_LABELS[group];
}

const char *attribute_type_word(attribute_type type)
{
    assert(type < ATTRIBUTE_TYPE_COUNT);
    return TYPES[type].word;
}

const char *attribute_type_sentence(attribute_type type)
{
    assert(type < ATTRIBUTE_TYPE_COUNT);
    return TYPES[type].sentence;
}

const char *attribute_sensitivity_word(attribute_sensitivity sensitivity)
{
    switch (sensitivity) {
    case SENSITIVITY_ORDINARY:
        return "ordinary";
    case SENSITIVITY_SPECIAL:
        return "special_category";
    case SENSITIVITY_OFFICIAL_ID:
        return "official_id";
    case SENSITIVITY_FINANCIAL:
        return "financial";
    }
    assert(false);
    return "";
}

const struct attribute_member *attribute_member_at(const char *shape, size_t position)
{
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        if (text_is(text_of(shape), MEMBERS[i].shape) && position-- == 0)
            return &MEMBERS[i];
    return NULL;
}
