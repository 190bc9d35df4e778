/* SPDX-License-Identifier: Apache-2.0
 * One table, read in both directions. */
#include "protocol/openid_claims.h"

#include "base/text.h"

typedef enum making { WHOLE, MEMBER, FIRST } making;

static const struct row {
    const char      *claim;
    attribute_number kind;
    making           how;
} ROWS[] = {
#define X(claim, kind, how) {claim, ATTRIBUTE_##kind, how},
#include "protocol/openid_claim.def"
#undef X
};

#define ROW_COUNT (sizeof ROWS / sizeof *ROWS)

const struct attribute_kind *openid_claim_kind(struct text claim)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (text_is(claim, ROWS[i].claim))
            return attribute_by_number(ROWS[i].kind);
    return NULL;
}

struct attribute_set openid_claim_kinds(void)
{
    struct attribute_set kinds = ATTRIBUTE_SET_EMPTY;
    for (size_t i = 0; i < ROW_COUNT; i++)
        kinds = attribute_set_add(kinds, ROWS[i].kind);
    return kinds;
}

/* Rows of one claim stand together. */
static bool is_again(const struct row *row)
{
    return row > ROWS && text_is(text_of(row->claim), row[-1].claim);
}

const char *openid_claim_at(size_t position)
{
    for (const struct row *row = ROWS; row < ROWS + ROW_COUNT; row++)
        if (!is_again(row) && position-- == 0)
            return row->claim;
    return NULL;
}

/* What the row makes of the value; NULL: nothing. */
static const json_t *make(const struct row *row, const json_t *value)
{
    switch (row->how) {
    case WHOLE:  return value;
    case MEMBER: return json_object_get(value, row->claim);
    case FIRST:  return json_array_get(value, 0);
    }
    return NULL;
}

static const json_t *value_of(const struct openid_value *values, const json_t *const *parsed, size_t count,
                              const struct row *row)
{
    for (size_t i = 0; i < count; i++)
        if (values[i].kind->number == row->kind)
            return make(row, parsed[i]);
    return NULL;
}

err openid_claims_write(struct ctx *cx, const struct openid_value *values, size_t count, struct json_writer *writer)
{
    const json_t **parsed = ARENA_ARRAY(cx->arena, const json_t *, count);
    if (parsed == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        TRY(json_parse(cx, values[i].value, &parsed[i]));
    bool told = false;
    for (const struct row *row = ROWS; row < ROWS + ROW_COUNT; row++) {
        const json_t *value = value_of(values, parsed, count, row);
        told = is_again(row) && told;
        if (told || value == NULL)
            continue;
        json_write_key(writer, row->claim);
        json_write_raw(writer, json_canonical(cx->arena, value));
        told = true;
    }
    return arena_is_exhausted(cx->arena) ? FAIL_MEMORY(cx) : OK;
}
