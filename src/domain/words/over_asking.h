/* SPDX-License-Identifier: Apache-2.0
 * What a purpose can need at all: kinds and time, by the family of its vocabulary term (over_asking.def). Pure.
 * Needed kinds outside the family are a finding; optional ones only when they are sensitive, since people leave them
 * off by default. */
#ifndef DOMAIN_OVER_ASKING_H
#define DOMAIN_OVER_ASKING_H

#include "domain/words/vocabulary.h"
#include "domain/words/wording.h"

#define NEEDED_KINDS_MAX 10 /* more is a form, not a purpose */

/* The kinds that are plausible for the purpose. */
struct attribute_set over_asking_expected(dpv_purpose purpose);
/* The longest permission that makes sense for it. */
int64_t over_asking_longest_ms(dpv_purpose purpose);
/* How long data may be kept after the end under that basis. */
int64_t over_asking_retention_ms(legal_basis basis);

/* Adds purpose.over_asking | .too_many_kinds | .nothing_asked | .needed_and_optional | .special_category_basis |
 * .term_too_broad | .longest | .shortest_useful | .retention. `term` and `basis` may be NONE: what hangs on them is
 * then left out. */
void over_asking_check(const struct purpose_text *purpose, dpv_purpose term, legal_basis basis,
                       struct findings *findings);

#endif
