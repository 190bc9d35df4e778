/* SPDX-License-Identifier: Apache-2.0
 * What the properties of a card say about a person. One card in the making; vcard.c says where it begins and ends. */
#ifndef PROTOCOL_VCARD_PROPERTY_H
#define PROTOCOL_VCARD_PROPERTY_H

#include "protocol/contact_draft.h"
#include "protocol/vcard_line.h"

struct vcard_grouped; /* a value that a label of its group may name */
struct vcard_label;   /* item1.X-ABLabel */

struct vcard_card {
    struct contact_draft  draft;
    struct arena         *scratch;
    vcard_version         version;
    bool                  is_declared;  /* the encoding of the file is known */
    bool                  is_converted; /* … and it was converted */
    bool                  has_charset;  /* some property of the card named its own */
    bool                  has_assumed;  /* the notice on windows-1252 is given */
    bool                  says_more;    /* it has a property that is not known here */
    size_t                properties;
    struct vcard_grouped *grouped;
    struct vcard_label   *labels;
    struct contact_values delivery_labels; /* LABEL of 2.1 and 3.0 */
    contact_reason        refused;         /* CONTACT_FINE: not refused */
    int64_t               refused_line;
};

/* Whether the value of a property is read by anyone; the others need not be kept. */
bool vcard_property_is_read(struct text name);

/* Takes one property of the card. May refuse the card. */
void vcard_card_put(struct vcard_card *card, const struct vcard_line *line);

/* What can only be said when all properties are there: labels of groups, delivery labels for want of an address. */
void vcard_card_finish(struct vcard_card *card);

void vcard_card_refuse(struct vcard_card *card, int64_t line, contact_reason reason); /* the first refusal stays */

#endif
