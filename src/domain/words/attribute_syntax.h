/* SPDX-License-Identifier: Apache-2.0
 * What single texts of a value must look like, as pure yes-or-no rules. Used by attribute_value.c; also by whoever
 * reads such a text from a file. Every rule takes the whole text; none repairs. */
#ifndef DOMAIN_ATTRIBUTE_SYNTAX_H
#define DOMAIN_ATTRIBUTE_SYNTAX_H

#include "base/bytes.h"

/* RFC 5321 without quoted local parts and address literals; UTF-8 as RFC 6531 permits; the domain has a dot. */
bool email_is_sane(struct text text);
/* ITU-T E.164: 4 to 15 digits, a plus only in front, with separators as people write them. */
bool phone_is_sane(struct text text);
/* RFC 5646 section 2.1, well-formed: language, script, region, variants, extensions, private use. */
bool language_tag_is_sane(struct text text);
/* RFC 3986 with http or https and a host, no user part, nothing that needs escaping. */
bool url_is_sane(struct text text);
/* ISO 13616: length by country, check digits by ISO 7064 MOD 97-10. In one piece or in groups of four. */
bool iban_is_sane(struct text text);
bool bic_is_sane(struct text text);       /* ISO 9362 */
bool currency_is_sane(struct text text);  /* three capital letters */
bool time_zone_is_sane(struct text text); /* "UTC" or Area/Place as in the IANA database */
bool month_day_is_sane(struct text text); /* MM-DD of a leap year */
/* Nothing that turns the direction of the text around it or hides in it (Unicode bidi controls, U+FEFF). */
bool text_stays_in_line(struct text text);

#endif
