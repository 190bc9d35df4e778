/* SPDX-License-Identifier: Apache-2.0
 * Derives the whole log again from its stored entries, by the plainest way there is, and says what does not agree:
 * tiles, root, signature of the head, places of receipts, places of entries. Shares no arithmetic of trees and tiles
 * with the code that made them, only the two hashes of RFC 6962. Reads only. */
#ifndef LEDGER_AUDIT_H
#define LEDGER_AUDIT_H

#include "base/ctx.h"

struct ledger_audit {
    int64_t entries;  /* of the log */
    int64_t receipts; /* that the node holds; erased ones have left their entry behind and nothing else */
    int64_t pending;  /* receipts whose entry has no number yet */
    int64_t findings;
    /* Called for each finding with a sentence of numbers. Borrows. */
    void (*found)(void *self, struct text sentence);
    void *self;
};

/* Goes through everything in one snapshot, tile by tile; needs a bit of memory for each entry and about 1 MiB. Findings
 * are no failure. Fails NOT_FOUND log.no_origin, TOO_LARGE limit.memory, and as the store does. Not between
 * store_read_begin() and its end. */
err ledger_audit(struct ctx *cx, struct ledger_audit *audit) MUST_CHECK;

#endif
