/* SPDX-License-Identifier: Apache-2.0
 * A business's existing customers become invited relationships: for each contact an unclaimed person, profile records
 * sealed under that person's key, and one claim code. Finds again whom an earlier run brought in, by keyed hashes of
 * their match keys, so a second run changes nothing. Reading files is protocol/contact_reader's. */
#ifndef DOMAIN_CONTACT_IMPORT_H
#define DOMAIN_CONTACT_IMPORT_H

#include "domain/parties/contact_name.h"
#include "domain/parties/contact_seen.h"
#include "domain/sharing/relationship.h"

/* One field of one contact, ready to become a profile record. */
struct import_field {
    struct text field; /* attribute kind ("pd:EmailAddress") or a plain word ("title", "note") */
    struct text value; /* canonical JSON */
};

struct import_contact {
    struct text          name;  /* for the report: what the organisation calls this contact */
    struct contact_traits traits;
    struct text         *match_keys; /* normalised; the strongest first */
    size_t               match_keys_count;
    size_t               own_keys_count; /* so many of them are of one person alone; a household may share the rest */
    size_t               named_keys_from, named_keys_count; /* of the rest; they find only the same full name */
    struct import_field *fields;
    size_t               fields_count;
    int64_t              line;
};

typedef enum import_outcome { IMPORT_CREATED, IMPORT_UPDATED, IMPORT_UNCHANGED } import_outcome;

struct import_result {
    import_outcome outcome;
    struct text    relationship; /* id text */
    struct text    code;         /* created or, with `renew`, still invited; else empty */
    bool           is_apart;     /* created, although somebody else has one of its keys: the names differ clearly */
};

/* What a dry run remembers over the whole file: whom rows before would have brought, and what of each. */
struct import_memory {
    struct seen_table    keys;
    struct seen_table    fields;
    struct import_place *at;
    size_t               count, room;
    struct arena        *arena;
};
struct import_memory import_memory_open(struct arena *arena);

/* store_write_fn; at most LIMIT_IMPORT_CHUNK contacts in one write. `dry_run` decides without writing: call it outside
 * a write, with one `memory` for the whole file, and its answers are those of a real run. */
struct import_chunk {
    int64_t                      organisation_id;
    int64_t                      department_id;
    const struct import_contact *contacts;
    size_t                       count;
    bool                         dry_run;
    bool                         renew; /* fresh codes also for who is here and has not claimed; their old ones die */
    struct import_memory        *memory; /* dry run; NULL: of this chunk alone */
    struct import_result        *out;    /* the caller's array of `count` */
};
err contact_import(struct ctx *cx, void *arg) MUST_CHECK;

#endif
