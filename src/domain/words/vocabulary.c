/* SPDX-License-Identifier: Apache-2.0
 * Look-ups over dpv_purpose.def and legal_basis.def. */
#include "domain/words/vocabulary.h"

#include <assert.h>

static const struct {
    const char *term;
    const char *label;
    dpv_purpose broader[2];
} PURPOSES[DPV_PURPOSE_COUNT] = {
    [DPV_NONE] = {"", "", {DPV_NONE, DPV_NONE}},
#define X(term, broader, second, label) [DPV_##term] = {"dpv:" #term, label, {DPV_##broader, DPV_##second}},
#include "domain/words/dpv_purpose.def"
#undef X
};

static const struct {
    const char *word;
    const char *term;
    const char *label;
} BASES[LEGAL_BASIS_COUNT] = {
    [LEGAL_BASIS_NONE] = {"", "", ""},
#define X(name, word, term, label) [LEGAL_BASIS_##name] = {word, term, label},
#include "domain/words/legal_basis.def"
#undef X
};

dpv_purpose dpv_purpose_find(struct text term)
{
    for (int i = DPV_NONE + 1; i < DPV_PURPOSE_COUNT; i++)
        if (text_is(term, PURPOSES[i].term))
            return (dpv_purpose)i;
    return DPV_NONE;
}

err dpv_purpose_parse(struct ctx *cx, struct text term, dpv_purpose *out)
{
    dpv_purpose purpose = dpv_purpose_find(term);
    if (purpose == DPV_NONE)
        return FAIL(cx, INVALID, "purpose.term_unknown",
                    "the term is no purpose of the Data Privacy Vocabulary " DPV_VERSION);
    *out = purpose;
    return OK;
}

const char *dpv_purpose_term(dpv_purpose purpose)
{
    assert(purpose < DPV_PURPOSE_COUNT);
    return PURPOSES[purpose].term;
}

const char *dpv_purpose_label(dpv_purpose purpose)
{
    assert(purpose < DPV_PURPOSE_COUNT);
    return PURPOSES[purpose].label;
}

dpv_purpose dpv_purpose_broader(dpv_purpose purpose, int at)
{
    assert(purpose < DPV_PURPOSE_COUNT && (at == 0 || at == 1));
    return PURPOSES[purpose].broader[at];
}

/* The table is a constant order without circles (a test holds that), at most seven deep. */
bool dpv_purpose_is_within(dpv_purpose narrow, dpv_purpose broad)
{
    if (narrow == DPV_NONE || broad == DPV_NONE)
        return false;
    return narrow == broad || dpv_purpose_is_within(dpv_purpose_broader(narrow, 0), broad) ||
           dpv_purpose_is_within(dpv_purpose_broader(narrow, 1), broad);
}

legal_basis legal_basis_find(struct text word)
{
    for (int i = LEGAL_BASIS_NONE + 1; i < LEGAL_BASIS_COUNT; i++)
        if (text_is(word, BASES[i].word))
            return (legal_basis)i;
    return LEGAL_BASIS_NONE;
}

err legal_basis_parse(struct ctx *cx, struct text word, legal_basis *out)
{
    legal_basis basis = legal_basis_find(word);
    if (basis == LEGAL_BASIS_NONE)
        return FAIL(cx, INVALID, "purpose.legal_basis_unknown", "the legal basis is none of GDPR Art. 6(1)");
    *out = basis;
    return OK;
}

const char *legal_basis_word(legal_basis basis)
{
    assert(basis < LEGAL_BASIS_COUNT);
    return BASES[basis].word;
}

const char *legal_basis_term(legal_basis basis)
{
    assert(basis < LEGAL_BASIS_COUNT);
    return BASES[basis].term;
}

const char *legal_basis_label(legal_basis basis)
{
    assert(basis < LEGAL_BASIS_COUNT);
    return BASES[basis].label;
}
