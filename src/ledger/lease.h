/* SPDX-License-Identifier: Apache-2.0
 * Who numbers the entries of the log when several servers on one database could: whoever published last, for half a
 * second. It saves work and guards nothing: the head moves only from where it was seen (head.h). In one folder the
 * programs are few and nobody waits for one that is gone. */
#ifndef LEDGER_LEASE_H
#define LEDGER_LEASE_H

#include "store/store.h"

#define LEASE_MS 500 /* half of the second within which an entry has its number, also when its holder has just died */

/* Whether another program holds it at this moment. Reads through cx->db. */
err lease_is_elsewhere(struct ctx *cx, struct store *store, bool *out) MUST_CHECK;
/* Inside a write: takes or prolongs it. False: another was faster. */
err lease_take(struct ctx *cx, int64_t holder, bool *out_taken) MUST_CHECK;

#endif
