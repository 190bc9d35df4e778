/* SPDX-License-Identifier: Apache-2.0
 * Whom a row of an import is about: the relationship that holds one of its keys, or nobody yet. Keys are kept as
 * hashes, keyed by the node and bound to the organisation. A key that a household may share has a place for each of its
 * people: the first is the key itself. For a dry run, what rows before would have brought is held in memory. */
#ifndef DOMAIN_CONTACT_HOLDER_H
#define DOMAIN_CONTACT_HOLDER_H

#include "domain/parties/contact_import.h"
#include "domain/parties/contact_name.h"
#include "domain/parties/record.h"

struct contact_holder {
    bool                found;
    bool                is_apart;     /* not found, but somebody clearly other has one of the keys */
    bool                is_open;      /* neither ended nor erased */
    struct relationship relationship; /* relationship_id 0: only a dry run's memory knows it */
    int64_t             number;       /* in that memory, from 1; 0: not in it */
    struct record      *records;
    size_t              records_count;
};

/* Who holds a key of the contact that only one can have; else, of those who share one with it, the one of the same
 * name, else the first who may be the same. Named keys lead to nobody whose full name is another. `memory` is NULL in a
 * real run. */
struct contact_search {
    int64_t                      organisation_id;
    const struct import_contact *contact;
    struct import_memory        *memory;
};
err contact_holder_find(struct ctx *cx, const struct contact_search *search, struct contact_holder *out) MUST_CHECK;

/* Inside a write: the keys of the contact lead to this relationship from now on, where they led to nobody. */
err contact_holder_keep(struct ctx *cx, const struct contact_search *search, const struct relationship *relationship)
    MUST_CHECK;

/* The same in the memory, where the holder gets its number and the contact's traits. */
err contact_holder_remember(struct ctx *cx, const struct contact_search *search, struct contact_holder *holder)
    MUST_CHECK;

#endif
