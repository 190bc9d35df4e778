/* SPDX-License-Identifier: Apache-2.0
 * The words of W3C's Data Privacy Vocabulary that purposes and receipts use: purposes with their order, legal bases.
 * The version goes into every receipt, since releases change meanings. Personal-data terms stand in attribute.def.
 * Leave for a narrow purpose never serves a broader one: dpv_purpose_is_within(asked, allowed) is the test. */
#ifndef DOMAIN_VOCABULARY_H
#define DOMAIN_VOCABULARY_H

#include "base/ctx.h"

#define DPV_VERSION "2.3"
#define DPV_IRI "https://w3id.org/dpv#"                      /* dpv: */
#define DPV_PERSONAL_DATA_IRI "https://w3id.org/dpv/pd#"     /* pd: */
#define DPV_GDPR_IRI "https://w3id.org/dpv/legal/eu/gdpr#"   /* eu-gdpr: */

/* Named as the vocabulary names them. The values are positions: never stored; the term is. */
typedef enum dpv_purpose {
    DPV_NONE = 0,
#define X(term, broader, second, label) DPV_##term,
#include "domain/words/dpv_purpose.def"
#undef X
    DPV_PURPOSE_COUNT
} dpv_purpose;

/* The purpose called "dpv:DeliveryOfGoods". INVALID purpose.term_unknown. */
err dpv_purpose_parse(struct ctx *cx, struct text term, dpv_purpose *out) MUST_CHECK;
dpv_purpose dpv_purpose_find(struct text term); /* the same, or DPV_NONE */
const char *dpv_purpose_term(dpv_purpose purpose);
const char *dpv_purpose_label(dpv_purpose purpose); /* English, for people */
/* The broader terms: at 0 and 1; DPV_NONE when there is none. */
dpv_purpose dpv_purpose_broader(dpv_purpose purpose, int at);
/* Whether `narrow` is `broad` or lies anywhere below it. DPV_NONE is within nothing and holds nothing. */
bool dpv_purpose_is_within(dpv_purpose narrow, dpv_purpose broad);

typedef enum legal_basis {
    LEGAL_BASIS_NONE = 0,
#define X(name, word, term, label) LEGAL_BASIS_##name,
#include "domain/words/legal_basis.def"
#undef X
    LEGAL_BASIS_COUNT
} legal_basis;

/* The basis called "legitimate_interest". INVALID purpose.legal_basis_unknown. */
err legal_basis_parse(struct ctx *cx, struct text word, legal_basis *out) MUST_CHECK;
legal_basis legal_basis_find(struct text word); /* the same, or LEGAL_BASIS_NONE */
const char *legal_basis_word(legal_basis basis);
const char *legal_basis_term(legal_basis basis);  /* "eu-gdpr:A6-1-f" */
const char *legal_basis_label(legal_basis basis);

#endif
