/* SPDX-License-Identifier: Apache-2.0
 * For tests of the reader of cards: cards written as a few properties, and the one contact that comes out. */
#ifndef TESTS_SUPPORT_READ_CARDS_H
#define TESTS_SUPPORT_READ_CARDS_H

#include "support/read_contacts.h"

/* Each property is a line that ends with CR LF. */
#define CARD(properties) "BEGIN:VCARD\r\nVERSION:3.0\r\n" properties "END:VCARD\r\n"
#define CARD_2_1(properties) "BEGIN:VCARD\r\nVERSION:2.1\r\n" properties "END:VCARD\r\n"
#define CARD_4_0(properties) "BEGIN:VCARD\r\nVERSION:4.0\r\n" properties "END:VCARD\r\n"

/* The only contact of a text that gives one and nothing else. */
static inline struct contact *only(struct reading *reading, const char *text)
{
    reading_of(reading, text);
    assert_int_equal(reading->problem_count, 0);
    assert_int_equal(reading->contact_count, 1);
    return reading->contacts[0];
}

#endif
