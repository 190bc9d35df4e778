/* SPDX-License-Identifier: Apache-2.0
 * Birthdates as address books write them, into YYYY-MM-DD, YYYY-MM, --MM-DD or YYYY. Whether 3/4/1980 is in March or in
 * April shows only in the other dates of the same file, so the order is learned first and a date that stays open is not
 * guessed. */
#ifndef PROTOCOL_CONTACT_DATE_H
#define PROTOCOL_CONTACT_DATE_H

#include "protocol/contact.h"

typedef enum date_order {
    DATE_ORDER_UNKNOWN = 0,
    DATE_ORDER_MONTH_FIRST,
    DATE_ORDER_DAY_FIRST,
    DATE_ORDER_MIXED, /* the file has dates of both orders */
} date_order;

/* BDAY of a card: 19800321, 1980-03-21, with a time behind, 1980-03, --0321, --03-21, 1980 (RFC 2426 section 3.1.5, RFC
 * 6350 section 4.3.1). `omitted_year` (X-APPLE-OMIT-YEAR, or empty) is a year that means: none. `*out` in the arena.
 * Returns CONTACT_FINE or CONTACT_UNREADABLE. */
contact_reason birthdate_of_card(struct arena *arena, struct text value, struct text omitted_year, struct text *out);

/* A cell of a CSV file: the shapes above, 1980/3/21, and with a known order 3/21/1980 (also with . or -). Outlook's
 * 0/0/00 is an empty date. Returns CONTACT_FINE, CONTACT_UNREADABLE or CONTACT_AMBIGUOUS. */
contact_reason birthdate_of_cell(struct arena *arena, struct text cell, date_order order, struct text *out);

/* What is known of the order after one more cell. */
date_order date_order_learn(date_order known, struct text cell);

#endif
