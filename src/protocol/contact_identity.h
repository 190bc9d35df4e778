/* SPDX-License-Identifier: Apache-2.0
 * By what a contact is recognised again: in another row of its file, in a second run, among the people already known.
 * A key is a text that is equal when the same thing was meant; it never leaves the node and is personal data.
 *
 *   id:<whose>:<value>           the number another program gave it (UID of a card, Record ID …), as written
 *   email:<address>              trimmed, ASCII letters in lower case
 *   phone:<digits>               with a leading + when written so; only from 7 digits on; "(0)" behind a + or 00
 *                                and an extension are left out
 *   name+birthdate:<name>|<date> | name+address:<name>|<postal code>|<street> | name:<name>
 *                                only when there is none of the keys above, the first of the three that is possible
 *
 * Two rows that share an id are one person. So are two that share an e-mail address, unless they clearly say that they
 * are not: families share addresses, and comparing names is the caller's. One person's rows may be merged
 * (contact_merge). A shared telephone number is not enough (families, offices): only with the same full name, which is
 * the caller's to compare too (domain/parties/contact_name.h). The name keys recognise the same row in a second run and
 * must not join two rows of one file. */
#ifndef PROTOCOL_CONTACT_IDENTITY_H
#define PROTOCOL_CONTACT_IDENTITY_H

#include "protocol/contact.h"

typedef enum contact_key_kind {
    CONTACT_KEY_ID,
    CONTACT_KEY_EMAIL,
    CONTACT_KEY_PHONE,
    CONTACT_KEY_NAME_AND_BIRTHDATE,
    CONTACT_KEY_NAME_AND_ADDRESS,
    CONTACT_KEY_NAME,
} contact_key_kind;

struct contact_key {
    contact_key_kind kind;
    struct text      text;
};

struct contact_keys {
    struct contact_key *at; /* strongest first; none twice */
    size_t              count;
};

/* All keys of a contact. A contact that a reader yielded has at least one. Fails TOO_LARGE limit.memory. */
err contact_identity(struct ctx *cx, const struct contact *contact, struct contact_keys *out) MUST_CHECK;

/* Whether sharing a key of this kind makes two rows one person, if nothing else speaks against it. */
bool contact_key_is_certain(contact_key_kind kind);

/* The normalised address or number without its kind; empty when it is none. `.at` is NULL when exhausted. */
struct text contact_email_key(struct arena *arena, struct text email);
struct text contact_phone_key(struct arena *arena, struct text phone);

#endif
