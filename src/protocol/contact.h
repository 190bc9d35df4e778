/* SPDX-License-Identifier: Apache-2.0
 * One person as another program's address book describes them: the common shape that every reader of this floor yields.
 * It says what the file says, in our words; what of it enters a vault or a record is decided elsewhere. All texts are
 * trimmed UTF-8 without control characters but line feed and tab; an absent value is an empty text. Everything lives in
 * the arena that was passed to the reader. */
#ifndef PROTOCOL_CONTACT_H
#define PROTOCOL_CONTACT_H

#include "base/ctx.h"

/* Everything that a contact can say, for columns and for `--map`: the rows of contact_fields.def. */
typedef enum contact_field {
    CONTACT_IGNORED = 0,
#define SINGLE(name, member) CONTACT_##name,
#define LIST(name, word, member) CONTACT_##name,
#define PART(name, word) CONTACT_##name,
#include "protocol/contact_fields.def"
    CONTACT_FIELD_COUNT
} contact_field;

const char *contact_field_word(contact_field field);         /* "given_name" */
contact_field contact_field_of_word(struct text word);       /* CONTACT_FIELD_COUNT when unknown; "ignore" is a word */

/* Why a row was refused, or what was left out of one: the rows of contact_reasons.def. */
typedef enum contact_reason {
    CONTACT_FINE = 0,
#define X(name, word, sentence) CONTACT_##name,
#include "protocol/contact_reasons.def"
#undef X
    CONTACT_REASON_COUNT
} contact_reason;

const char *contact_reason_word(contact_reason reason);      /* stable: "vcard.no_end" */
const char *contact_reason_sentence(contact_reason reason);  /* for people */

struct contact_value {
    struct text value;
    struct text type;      /* lower-case words: "home", "work fax", "mobile", the label a person typed, or "" */
    bool        preferred;
};

struct contact_values {
    struct contact_value *at;
    size_t                count;
};

struct contact_address {
    struct text street_address; /* lines joined by a line feed, in the order of the source: box, building, street */
    struct text locality;
    struct text region;
    struct text postal_code;
    struct text country;
    struct text type;
    bool        preferred;
};

struct contact_addresses {
    struct contact_address *at;
    size_t                  count;
};

/* Something of the row that was not taken over. Holds no value of the person. */
struct contact_notice {
    int64_t        line;
    const char    *about;  /* literal: "photo", "birthdate" … */
    contact_reason reason;
};

struct contact_notices {
    struct contact_notice *at;
    size_t                 count;
};

struct contact {
    int64_t     line; /* where it begins in its file, counted from 1 */
    struct text full_name, given_name, middle_name, family_name, prefix, suffix, nickname;
    struct text organisation, department, unit, title, role;
    struct text birthdate; /* YYYY-MM-DD, YYYY-MM, --MM-DD or YYYY */
    struct text gender, language, note;
    struct contact_values    emails, phones, urls, categories;
    struct contact_values    external_ids; /* type: whose they are: "uid", "hubspot", "id", or the column */
    struct contact_addresses addresses;
    struct contact_notices   notices;
    struct text row_key; /* equal for two rows that say the same also in what is not read; empty: that is not known */
};

/* Whether the file names the contact: a person, or else an organisation. */
bool contact_is_named(const struct contact *contact);

/* How to call the contact: its full name, else its composed name, nickname, organisation, first e-mail address or first
 * telephone number; empty when it has none of them. `.at` is NULL when the arena is exhausted. */
struct text contact_display_name(struct arena *arena, const struct contact *contact);

/* Adds to `into` what `from` says beyond it. Both keep their values: a list takes those it lacks (e-mail addresses and
 * telephone numbers compare as contact_identity.h normalises them), a single value that differs stays as `into` has it
 * and gives a notice, notes are put under each other. Borrows the texts of `from`. Fails TOO_LARGE limit.memory. */
err contact_merge(struct ctx *cx, struct contact *into, const struct contact *from) MUST_CHECK;

/* Appends to a list of the arena; false when the arena is exhausted. */
bool contact_values_add(struct arena *arena, struct contact_values *values, struct contact_value value);
bool contact_addresses_add(struct arena *arena, struct contact_addresses *addresses, struct contact_address address);
bool contact_notices_add(struct arena *arena, struct contact_notices *notices, struct contact_notice notice);

/* The single value of a field, or NULL for a field that is a list or a part. */
struct text *contact_single(struct contact *contact, contact_field field);
/* The list of a field, or NULL. */
struct contact_values *contact_list(struct contact *contact, contact_field field);

#endif
