/* SPDX-License-Identifier: Apache-2.0
 * Whether two rows that share an e-mail address can be of one person. Families share addresses: who is clearly called
 * otherwise, or clearly born on another day, is somebody else. What is not clear counts for one person. Pure. */
#ifndef DOMAIN_CONTACT_NAME_H
#define DOMAIN_CONTACT_NAME_H

#include "base/bytes.h"

/* What is said about who somebody is, as written; an empty text is not known. */
struct contact_traits {
    struct text given_name;
    struct text full_name; /* only where no part of the name is known by itself */
    struct text birthdate; /* YYYY-MM-DD, YYYY-MM, --MM-DD or YYYY */
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

/* Both are known and neither the same day nor one with day and month exchanged; a part that only one says is no
 * difference. */
bool contact_birthdates_differ(struct text a, struct text b);

#endif
