/* SPDX-License-Identifier: Apache-2.0
 * Look-ups over country.def. */
#include "domain/words/country.h"

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

static const struct {
    const char *code;
    const char *name;
} COUNTRIES[] = {
#define X(code, name) {code, name},
#include "domain/words/country.def"
#undef X
};

/* What address books write beside the names of the table. */
static const struct {
    const char *writing;
    const char *code;
} WRITINGS[] = {
    {"USA", "US"},         {"U.S.A.", "US"},     {"United States of America", "US"},
    {"UK", "GB"},          {"Great Britain", "GB"}, {"England", "GB"},
    {"Deutschland", "DE"}, {"Allemagne", "DE"},  {"Duitsland", "DE"},
    {"Österreich", "AT"},  {"Autriche", "AT"},   {"Oostenrijk", "AT"},
    {"Schweiz", "CH"},     {"Suisse", "CH"},     {"Zwitserland", "CH"},
    {"Nederland", "NL"},   {"The Netherlands", "NL"}, {"Holland", "NL"},
    {"Niederlande", "NL"}, {"Pays-Bas", "NL"},   {"België", "BE"},
    {"Belgique", "BE"},    {"Belgien", "BE"},    {"Frankreich", "FR"},
    {"Frankrijk", "FR"},   {"Luxemburg", "LU"},  {"Italia", "IT"},
    {"Italien", "IT"},     {"España", "ES"},     {"Spanien", "ES"},
};

static size_t position_of(struct text code)
{
    for (size_t i = 0; i < COUNT_OF(COUNTRIES); i++)
        if (text_is(code, COUNTRIES[i].code))
            return i;
    return COUNT_OF(COUNTRIES);
}

bool country_is_code(struct text text)
{
    return position_of(text) < COUNT_OF(COUNTRIES);
}

const char *country_name(struct text code)
{
    size_t at = position_of(code);
    return at < COUNT_OF(COUNTRIES) ? COUNTRIES[at].name : NULL;
}

const char *country_code_of(struct text text)
{
    for (size_t i = 0; i < COUNT_OF(COUNTRIES); i++)
        if (text_equals_ignoring_case(text, COUNTRIES[i].code) || text_equals_ignoring_case(text, COUNTRIES[i].name))
            return COUNTRIES[i].code;
    for (size_t i = 0; i < COUNT_OF(WRITINGS); i++)
        if (text_equals_ignoring_case(text, WRITINGS[i].writing))
            return WRITINGS[i].code;
    return NULL;
}
