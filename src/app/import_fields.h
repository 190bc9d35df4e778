/* SPDX-License-Identifier: Apache-2.0
 * From a contact of an address book to what an import keeps: profile fields under the names of attribute kinds where
 * there is one, and the keys by which the same person is found again. */
#ifndef APP_IMPORT_FIELDS_H
#define APP_IMPORT_FIELDS_H

#include "domain/parties/contact_import.h"
#include "protocol/contact_identity.h"

/* Fills `out` from `contact`; everything lies in cx->arena. `counts` keeps over the whole file how often a key that is
 * not certain was seen: the n-th person without e-mail called "John Doe" of one run is the n-th of the next. */
err import_contact_fill(struct ctx *cx, struct seen_table *counts, const struct contact *contact,
                        struct import_contact *out) MUST_CHECK;

#endif
