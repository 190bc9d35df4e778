/* SPDX-License-Identifier: Apache-2.0
 * What the steps of the re-derivation share: the person at hand, its subjects with their acts, and how a finding is
 * told. A step reads rows and facts, compares, and goes on after a finding; a failure ends the audit. */
#ifndef DOMAIN_AUDIT_WALK_H
#define DOMAIN_AUDIT_WALK_H

#include "crypto/seal.h"
#include "crypto/secret.h"
#include "domain/people/person.h"
#include "domain/proof/audit.h"
#include "domain/proof/row_tag.h"
#include "domain/sharing/request.h"
#include "store/queries.h"

#define AUDIT_SUBJECT_LISTS 256
#define AUDIT_TALLY_BUCKETS 65536
#define AUDIT_WRITE_NUMBERS (INT64_C(60000) << 15) /* numbers of one write lie closer together than those of a minute */

typedef enum audit_topic { AUDIT_RELATIONSHIP, AUDIT_GRANT, AUDIT_REQUEST } audit_topic;

/* A relationship, grant or request of the person at hand, with its facts. */
struct audit_subject {
    struct audit_subject *next;
    audit_topic           topic;
    int64_t               subject_id;
    int64_t               relationship_id;
    int64_t               organisation_id;
    int64_t               edge_person_id;
    const struct act     *acts; /* oldest first */
    size_t                acts_count;
    int64_t               counted_since_ms; /* grants: when its uses began to be counted; INT64_MAX: never */
    int64_t               given_least;      /* grants: reads that must have been counted … */
    int64_t               given_most;       /* … and may have been: within that very millisecond nobody knows */
    int64_t               used;
    bool                  has_uses;
};

/* Which rows were reached from a head: sums by person. What a scan of the whole table takes away again must leave zero;
 * a bucket that is not zero is looked at row by row. */
struct audit_tally {
    uint64_t sums[AUDIT_TALLY_BUCKETS];
};

struct audit_walk {
    struct ctx           cx;    /* the caller's, with an arena that is emptied after each person */
    struct ctx           brief; /* the same, with an arena that is emptied after each sealed thing or row */
    struct audit_report *report;
    struct audit_report  counts; /* of the person at hand */
    bool                 tells;  /* a finding is told only when a second look, at a newer state, finds it as well */
    struct audit_tally  *acts;
    struct audit_tally  *receipts;
    struct audit_tally  *disclosures;
    int64_t              newest_number; /* what was made after the audit began is left to the next one */
    /* the person at hand */
    struct person         person;
    bool                  has_key;
    bool                  is_leaving; /* erased, and not all is done yet */
    struct secret_key     key;
    struct audit_subject *subjects[AUDIT_SUBJECT_LISTS];
};

/* Whether a chain that is walked back turns in a circle; asked of each row in turn. It keeps one row in mind, a younger
 * one after twice as many rows each time (Brent 1980), so a circle is seen before it was gone round three times. */
struct audit_circle {
    int64_t kept_id;
    int64_t rows;
};
bool audit_circle_closes(struct audit_circle *circle, int64_t disclosure_id);

/* Tells a sentence of ids and numbers. */
void audit_found(struct audit_walk *walk, const char *format, ...) PRINTF_LIKE(2, 3);
/* The id at the edge, for a sentence: valid until the next thing is opened. `.at` is never NULL. */
struct text audit_name(struct audit_walk *walk, const struct audit_subject *subject);
struct text audit_person_name(struct audit_walk *walk);
struct text audit_id_name(struct audit_walk *walk, struct id id);
/* Opens a sealed value under the person's key; `out_opened` false when it does not open, which is a finding. */
err audit_open(struct audit_walk *walk, const struct seal_place *place, struct bytes sealed, struct bytes *out_plain,
               bool *out_opened) MUST_CHECK;
/* The same for what was opened otherwise: CORRUPT is no error, but not opened. */
err audit_opened(struct audit_walk *walk, err result, bool *out_opened) MUST_CHECK;

/* Whether the audit is about this person's things; those of nobody (0) are always meant. */
bool audit_is_meant(const struct audit_walk *walk, int64_t person_id);
struct audit_subject *audit_subject_find(struct audit_walk *walk, audit_topic topic, int64_t subject_id);
/* During the first look at a person: this row was reached. */
void audit_tally_add(struct audit_walk *walk, struct audit_tally *tally, int64_t person_id, int64_t number);

/* ---- the steps, each for the person at hand */
err audit_facts(struct audit_walk *walk) MUST_CHECK;       /* acts against relationships, grants and requests */
err audit_receipt(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act) MUST_CHECK;
/* The event that told of an act, looked for with its receipt. */
err audit_event_of_act(struct audit_walk *walk, const struct audit_subject *subject, const struct act *act) MUST_CHECK;
err audit_event_of_erasure(struct audit_walk *walk, const struct audit_subject *subject,
                           const struct act *act) MUST_CHECK;
/* A version of the vault: its event is looked for behind `event_id`, which becomes its number. */
struct audit_version {
    int64_t kind;
    int64_t version;
    int64_t confirmed_at_ms;
    int64_t changed_at_ms;
    bool    removed;
};
err audit_event_of_version(struct audit_walk *walk, struct audit_version *version, int64_t *event_id) MUST_CHECK;
err audit_disclosures(struct audit_walk *walk) MUST_CHECK; /* the chain, its counters, what each read rested on */
err audit_sealed(struct audit_walk *walk) MUST_CHECK;      /* vault, history, records, keys of relationships */
/* A row that never changes against its tag; `id` names it in the finding. */
err audit_tag(struct audit_walk *walk, const struct row_tag *tag, struct id id) MUST_CHECK;

/* ---- and after all people, in one state of the store */
err audit_organisations(struct audit_walk *walk) MUST_CHECK; /* keys, departments, systems, and what speaks of them */
err audit_purposes(struct audit_walk *walk) MUST_CHECK;      /* versions, states, columns against the text */
err audit_outbox(struct audit_walk *walk) MUST_CHECK;        /* events of which nothing is known */
err audit_deeds(struct audit_walk *walk) MUST_CHECK;         /* who set up what */
/* Whether the deed stands there of which an event of the set-up tells. */
err audit_deed_of_event(struct audit_walk *walk, const struct sql_audit_event_list_row *event, bool *out) MUST_CHECK;
/* ---- rows that nothing led to */
err audit_strays(struct audit_walk *walk) MUST_CHECK;

#endif
