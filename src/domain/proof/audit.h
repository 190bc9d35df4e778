/* SPDX-License-Identifier: Apache-2.0
 * Derives every projection again from the acts and disclosures and says what does not agree: rows of `relationship`,
 * `grant_now`, `request`, the counted uses, the disclosure chains, receipts without act, acts without receipt, events
 * without either. Holds what organisations have set up against what rests on it. What it cannot see stands in
 * docs/operations. The log itself is ledger/audit.h's. Reads only. */
#ifndef DOMAIN_AUDIT_H
#define DOMAIN_AUDIT_H

#include "base/ctx.h"

/* Whom an audit is held to: for who knows that nothing else has changed since an earlier one. */
struct audit_scope {
    const int64_t *people; /* ascending */
    size_t         count;
};

struct audit_report {
    int64_t people, relationships, grants, requests, acts, receipts, disclosures;
    int64_t untagged; /* rows from before domain/proof/row_tag.h: nothing is held against them */
    int64_t findings;
    /* Called for each finding with a sentence of ids and numbers. */
    void (*found)(void *self, struct text sentence);
    /* Called now and then with the number of people looked at so far; may be NULL. */
    void (*progress)(void *self, int64_t people);
    void *self;
    const struct audit_scope *scope; /* NULL: everybody. What belongs to no person is looked at in any case. Borrows */
};

/* Walks all people in pages, each page in one snapshot. */
err domain_audit(struct ctx *cx, struct audit_report *report) MUST_CHECK;

#endif
