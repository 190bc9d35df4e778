/* SPDX-License-Identifier: Apache-2.0
 * The signed evidence of an act: ISO/IEC TS 27560 through DPV 2.3 as JSON-LD, with the wording that was on the screen.
 * The payload is fixed with the act; the log gets a salted commitment to it; the two ES256 signatures (for the person,
 * for the organisation) are added outside the writer and kept, so both sides hold the same bytes. Pairwise: no id in it
 * is known to another organisation. Nothing in it is a value of the vault. */
#ifndef DOMAIN_RECEIPT_H
#define DOMAIN_RECEIPT_H

#include "domain/proof/act.h"
#include "domain/sharing/relationship.h"

struct receipt {
    int64_t      receipt_id;
    int64_t      person_id;
    int64_t      relationship_id;
    int64_t      organisation_id;
    int64_t      at_ms;
    uint8_t      salt[32];
    struct bytes payload;    /* JSON-LD */
    struct text  jws;        /* general JSON serialisation, empty until signed and kept */
    struct text  signed_now; /* the same, as receipt_sign() made it; receipt_keep() may run again and changes it not */
};

/* What the payload tells besides the act itself. Texts borrow. */
struct receipt_subject {
    const struct relationship *relationship;
    struct text notice; /* the purpose's body: the wording that was shown; empty for the relationship itself */
    struct text                subject;  /* id text of the grant, request or relationship */
    struct text                purpose;  /* id text, or empty */
    struct text                language; /* of the wording, "en" */
    bool                       erase;    /* the end of a relationship that asks for deletion */
};

/* Inside a write, before act_append(): makes, seals and stores the receipt of `act`, appends its leaf to the log and
 * sets act->receipt_id. */
err receipt_make(struct ctx *cx, struct act *act, const struct receipt_subject *subject) MUST_CHECK;
/* Says that one will be made of an act in this relationship, of which its numbers are enough: see statement_ahead() of
 * the store. */
void receipt_make_ahead(struct ctx *cx, const struct relationship *relationship);

/* Opens a stored receipt for the caller: the person, or a system that may know of its act (domain/proof/act.h).
 * NOT_FOUND. */
err receipt_open(struct ctx *cx, struct text id, struct receipt *out) MUST_CHECK;
err receipt_load(struct ctx *cx, int64_t person_id, int64_t receipt_id, struct receipt *out) MUST_CHECK;

/* Makes the two signatures when they are not there yet (outside a write; ~0.2 ms) … */
err receipt_sign(struct ctx *cx, struct receipt *receipt) MUST_CHECK;
/* … and keeps them: store_write_fn, arg: struct receipt. When another has signed meanwhile, `jws` becomes his.
 */
err receipt_keep(struct ctx *cx, void *arg) MUST_CHECK;

/* The `.tlog-proof` text. UNAVAILABLE receipt.not_in_log_yet during the first second. */
err receipt_proof(struct ctx *cx, const struct receipt *receipt, struct text *out) MUST_CHECK;

/* Receipts of a relationship that the caller may see, newest first. A page may hold fewer than `limit`, and even none,
 * though more follow: where most are of other departments. */
struct receipt_entry {
    int64_t  receipt_id;
    act_kind kind;
    int64_t  at_ms;
};
struct receipt_page {
    int64_t               after; /* number of the last one of the page before, 0: start */
    int                   limit;
    struct receipt_entry *out;
    size_t                out_count;
    int64_t               out_next; /* what `after` is for the next page, 0: there is none */
};
err receipt_page(struct ctx *cx, const struct relationship *relationship, struct receipt_page *page) MUST_CHECK;

#endif
