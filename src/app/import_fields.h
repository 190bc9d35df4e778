/* SPDX-License-Identifier: Apache-2.0
 * From a contact of an address book to what an import keeps: profile fields under the names of attribute kinds where
 * there is one, and the keys by which the same person is found again. */
#ifndef APP_IMPORT_FIELDS_H
#define APP_IMPORT_FIELDS_H

#include "domain/contact_import.h"
#include "protocol/contact_identity.h"

/* How often a key that is not certain was seen in this file: the n-th person without e-mail called "John Doe" of one
 * run is the n-th of the next. Bounded by `room`. */
struct key_counts {
    struct key_count *at;
    size_t            room; /* a power of two */
    size_t            used;
    struct arena     *arena; /* keeps the table over the whole file */
};

struct key_counts key_counts_open(struct arena *arena);

/* Fills `out` from `contact`; everything lies in cx->arena. */
err import_contact_fill(struct ctx *cx, struct key_counts *counts, const struct contact *contact,
                        struct import_contact *out) MUST_CHECK;

#endif
