/* SPDX-License-Identifier: Apache-2.0
 * What the columns of other programs' CSV exports mean (contact_columns.def): Google Contacts, Outlook, HubSpot,
 * Salesforce, LinkedIn. Names are compared folded: ASCII letters in lower case, without spaces, dashes, underscores,
 * dots, slashes and apostrophes. */
#ifndef PROTOCOL_CONTACT_COLUMNS_H
#define PROTOCOL_CONTACT_COLUMNS_H

#include "protocol/contact_reader.h"

struct contact_column {
    contact_field field;
    const char   *type;   /* "work"; of ids, whose they are ("hubspot"); "" when another column says it */
    int64_t       number; /* of "Address 2 - City": columns of one field group, type and number belong together */
};

#define CONTACT_COLUMN_BYTES_MAX 120 /* a longer name is none of ours */

/* Folds into `out`; false when it does not fit or nothing is left. */
bool contact_column_fold(struct text name, char out[CONTACT_COLUMN_BYTES_MAX], size_t *size);

/* The meaning of a column: what the user mapped, else what is known. False: unknown. */
bool contact_column_find(const struct contact_source *source, struct text name, struct contact_column *out);

#endif
