/* SPDX-License-Identifier: Apache-2.0
 * The country codes of ISO 3166-1 alpha-2 (country.def). Values use the code; names are for people and for imports. */
#ifndef DOMAIN_COUNTRY_H
#define DOMAIN_COUNTRY_H

#include "base/bytes.h"

bool country_is_code(struct text text);        /* capital letters, as ISO writes it */
const char *country_name(struct text code);    /* "Switzerland", or NULL when it is no code */

/* The code that `text` means: a code in either case, or the everyday English name; a few other common writings. NULL
 * when nothing fits: an import then keeps the words in an address's `formatted`. Never used to repair a checked
 * value. */
const char *country_code_of(struct text text);

#endif
