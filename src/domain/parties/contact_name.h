/* SPDX-License-Identifier: Apache-2.0
 * Whether two rows that share an e-mail address can be of one person. Families share addresses: who is clearly called
 * otherwise, or clearly born on another day, is somebody else. What is not clear counts for one person. Two that share
 * only a telephone number or a birth date are one under a stricter rule: it takes the same full name. Pure. */
#ifndef DOMAIN_CONTACT_NAME_H
#define DOMAIN_CONTACT_NAME_H

#include "base/bytes.h"

/* What is said about who somebody is, as written; an empty text is not known. */
struct contact_traits {
    struct text given_name;
    struct text full_name; /* only where no part of the name is known by itself */
    struct text birthdate; /* YYYY-MM-DD, YYYY-MM, --MM-DD or YYYY */
    struct text whole_name; /* all of it, given or composed; empty when it is that of an organisation or no name */
};

/* The parts of a row's or a record's name from which traits are made. */
struct contact_name {
    struct text given_name, family_name, nickname;
    struct text name;         /* how the contact is called as a whole */
    struct text organisation; /* a contact may be called after it */
};
struct contact_traits contact_traits_of(const struct contact_name *name);

typedef enum contact_likeness {
    LIKENESS_OTHER,    /* clearly two */
    LIKENESS_POSSIBLE, /* nothing speaks against one */
    LIKENESS_SAME,     /* the same name in the same form */
} contact_likeness;

/* Compares given names word by word, without regard to case, marks and the two ways to spell an umlaut: one word in
 * common is enough, and an initial stands for every name that begins so. Nicknames and short forms are other names.
 * Where only a full name is known, its first word is looked for in the other. Names in two alphabets are not compared.
 * `arena` takes what is folded; when it is exhausted, which the caller sees, the answer is LIKENESS_POSSIBLE. */
contact_likeness contact_names_liken(struct arena *arena, const struct contact_traits *a,
                                     const struct contact_traits *b);

/* The same full name: as many words, each the same without regard to case, marks, titles and the two ways to spell an
 * umlaut. An initial stands for a name but never for the last one, the family's. A single word is no full name, unless
 * its script does not part words. */
bool contact_full_names_agree(struct arena *arena, const struct contact_traits *a, const struct contact_traits *b);

/* A text that is equal for two full names that agree, with initials for all names but the last, or for two that are
 * spelled out alike. Empty when there is no full name. */
typedef enum name_key_style { NAME_KEY_INITIALS, NAME_KEY_SPELLED } name_key_style;
struct text contact_full_name_key(struct arena *arena, const struct contact_traits *traits, name_key_style style);

/* Both are known and neither the same day nor one with day and month exchanged; a part that only one says is no
 * difference. */
bool contact_birthdates_differ(struct text a, struct text b);

#endif
