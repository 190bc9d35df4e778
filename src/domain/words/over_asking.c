/* SPDX-License-Identifier: Apache-2.0
 * The table of plausible kinds, walked from the purpose upwards. */
#include "domain/words/over_asking.h"

#include "base/limits.h"
#include "base/time.h"
#include "domain/words/attribute.h"

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

struct expectation {
    dpv_purpose      term;
    bool             whole_group;
    attribute_group  group;
    attribute_number kind;
};

static const struct expectation EXPECTATIONS[] = {
#define GROUP(term, group) {DPV_##term, true, ATTRIBUTE_GROUP_##group, ATTRIBUTE_NONE},
#define KIND(term, kind) {DPV_##term, false, ATTRIBUTE_GROUP_COUNT, ATTRIBUTE_##kind},
#define LONGEST(term, days)
#include "domain/words/over_asking.def"
#undef GROUP
#undef KIND
#undef LONGEST
};

static const struct {
    dpv_purpose term;
    int64_t     days;
} LONGEST_TIMES[] = {
#define GROUP(term, group)
#define KIND(term, kind)
#define LONGEST(term, days) {DPV_##term, days},
#include "domain/words/over_asking.def"
#undef GROUP
#undef KIND
#undef LONGEST
};

static struct attribute_set kinds_of(const struct expectation *expectation)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    const struct attribute_kind *kind;
    if (!expectation->whole_group)
        return attribute_set_of(expectation->kind);
    for (size_t i = 0; (kind = attribute_at(i)) != NULL; i++)
        if (kind->group == expectation->group)
            set = attribute_set_add(set, kind->number);
    return set;
}

/* The rows of the term itself, or else those of its broader terms. */
static struct attribute_set nearest_kinds(dpv_purpose term)
{
    struct attribute_set set = ATTRIBUTE_SET_EMPTY;
    if (term == DPV_NONE)
        return set;
    for (size_t i = 0; i < COUNT_OF(EXPECTATIONS); i++)
        if (EXPECTATIONS[i].term == term)
            set = attribute_set_union(set, kinds_of(&EXPECTATIONS[i]));
    if (!attribute_set_is_empty(set))
        return set;
    return attribute_set_union(nearest_kinds(dpv_purpose_broader(term, 0)),
                               nearest_kinds(dpv_purpose_broader(term, 1)));
}

struct attribute_set over_asking_expected(dpv_purpose purpose)
{
    return attribute_set_union(nearest_kinds(DPV_Purpose), nearest_kinds(purpose));
}

int64_t over_asking_longest_ms(dpv_purpose purpose)
{
    int64_t longest_ms = LIMIT_GRANT_MS;
    for (size_t i = 0; i < COUNT_OF(LONGEST_TIMES); i++)
        if (dpv_purpose_is_within(purpose, LONGEST_TIMES[i].term) && LONGEST_TIMES[i].days * TIME_DAY_MS < longest_ms)
            longest_ms = LONGEST_TIMES[i].days * TIME_DAY_MS;
    return longest_ms;
}

int64_t over_asking_retention_ms(legal_basis basis)
{
    switch (basis) {
    case LEGAL_BASIS_LEGAL_OBLIGATION: /* books and invoices: ten years in most of Europe, from the end of the year */
        return 11 * 366 * TIME_DAY_MS;
    case LEGAL_BASIS_CONTRACT: /* claims lapse after about three years */
    case LEGAL_BASIS_PUBLIC_TASK:
        return 4 * 366 * TIME_DAY_MS;
    case LEGAL_BASIS_CONSENT:
    case LEGAL_BASIS_VITAL_INTEREST:
    case LEGAL_BASIS_LEGITIMATE_INTEREST:
    case LEGAL_BASIS_NONE:
    case LEGAL_BASIS_COUNT:
        break;
    }
    return 366 * TIME_DAY_MS;
}

static void check_kinds(struct attribute_set asked, const char *pointer, dpv_purpose term, struct findings *findings)
{
    struct attribute_set strange = attribute_set_minus(asked, over_asking_expected(term));
    bool needed = text_is(text_of(pointer), "/attributes/needed");
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(strange, n)) != ATTRIBUTE_NONE;) {
        const struct attribute_kind *kind = attribute_by_number(n);
        if (kind == NULL || (!needed && kind->sensitivity == SENSITIVITY_ORDINARY))
            continue;
        if (kind->sensitivity == SENSITIVITY_ORDINARY)
            findings_add(findings, pointer, "purpose.over_asking",
                         "%s (%s) is not needed for %s: make it optional or leave it out", kind->label, kind->term,
                         dpv_purpose_term(term));
        else
            findings_add(findings, pointer, "purpose.over_asking", "%s (%s, %s) has no place in %s: leave it out",
                         kind->label, kind->term, attribute_sensitivity_word(kind->sensitivity),
                         dpv_purpose_term(term));
    }
}

/* GDPR Art. 9(2): neither a contract nor an interest is enough for what Art. 9(1) protects. */
static void check_special_basis(struct attribute_set asked, legal_basis basis, struct findings *findings)
{
    if (basis != LEGAL_BASIS_CONTRACT && basis != LEGAL_BASIS_LEGITIMATE_INTEREST)
        return;
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(asked, n)) != ATTRIBUTE_NONE;) {
        const struct attribute_kind *kind = attribute_by_number(n);
        if (kind != NULL && kind->sensitivity == SENSITIVITY_SPECIAL)
            findings_add(findings, "/legal_basis", "purpose.special_category_basis",
                         "%s (%s) is specially protected: \"%s\" is not enough, ask for consent", kind->label,
                         kind->term, legal_basis_word(basis));
    }
}

static void check_sets(const struct purpose_text *purpose, struct findings *findings)
{
    struct attribute_set both = attribute_set_intersect(purpose->needed, purpose->optional);
    if (attribute_set_is_empty(attribute_set_union(purpose->needed, purpose->optional)))
        findings_add(findings, "/attributes", "purpose.nothing_asked", "name at least one kind of data");
    if (attribute_set_count(purpose->needed) > NEEDED_KINDS_MAX)
        findings_add(findings, "/attributes/needed", "purpose.too_many_kinds",
                     "%d kinds are needed, at most %d fit one purpose: split it or make some optional",
                     attribute_set_count(purpose->needed), NEEDED_KINDS_MAX);
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(both, n)) != ATTRIBUTE_NONE;) {
        const struct attribute_kind *kind = attribute_by_number(n);
        if (kind != NULL)
            findings_add(findings, "/attributes/optional", "purpose.needed_and_optional",
                         "%s is both needed and optional", kind->term);
    }
}

static void check_times(const struct purpose_text *purpose, dpv_purpose term, legal_basis basis,
                        struct findings *findings)
{
    int64_t longest_ms = over_asking_longest_ms(term);
    int64_t retention_ms = over_asking_retention_ms(basis);
    if (purpose->longest_ms <= 0)
        findings_add(findings, "/longest", "purpose.longest", "say how long one permission may last");
    else if (purpose->longest_ms > longest_ms)
        findings_add(findings, "/longest", "purpose.longest", "a permission for this lasts at most %lld days",
                     (long long)(longest_ms / TIME_DAY_MS));
    if (purpose->shortest_useful_ms <= 0)
        findings_add(findings, "/shortest_useful", "purpose.shortest_useful",
                     "say which time is the shortest that still helps");
    else if (purpose->shortest_useful_ms > purpose->longest_ms)
        findings_add(findings, "/shortest_useful", "purpose.shortest_useful",
                     "the shortest useful time is longer than the longest");
    if (purpose->retention_ms < 0 || purpose->retention_ms > retention_ms)
        findings_add(findings, "/retention", "purpose.retention",
                     "under this legal basis data may be kept for %lld days after the end",
                     (long long)(retention_ms / TIME_DAY_MS));
}

void over_asking_check(const struct purpose_text *purpose, dpv_purpose term, legal_basis basis,
                       struct findings *findings)
{
    check_sets(purpose, findings);
    check_times(purpose, term, basis, findings);
    check_special_basis(attribute_set_union(purpose->needed, purpose->optional), basis, findings);
    if (term == DPV_NONE)
        return;
    if (term == DPV_Purpose || term == DPV_CommercialPurpose || term == DPV_NonCommercialPurpose)
        findings_add(findings, "/term", "purpose.term_too_broad",
                     "%s says nothing: choose the term that names what you do", dpv_purpose_term(term));
    check_kinds(purpose->needed, "/attributes/needed", term, findings);
    check_kinds(purpose->optional, "/attributes/optional", term, findings);
}
