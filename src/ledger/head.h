/* SPDX-License-Identifier: Apache-2.0
 * The published head of the log: rows in, structs out, and the key that signs it. Inside ledger/ only. */
#ifndef LEDGER_HEAD_H
#define LEDGER_HEAD_H

#include "ledger/ledger.h"
#include "ledger/note.h"

/* `*out` is written when a head has been published. Fails CORRUPT log.head when the stored head has no such form. */
err head_load(struct ctx *cx, struct ledger_head *out, bool *out_found) MUST_CHECK;

/* The log's name and public key. Fails NOT_FOUND log.no_origin. */
err head_key(struct ctx *cx, struct note_key *out) MUST_CHECK;

/* The signed checkpoint of a tree. Fails NOT_FOUND log.no_origin, TOO_LARGE limit.memory. */
err head_sign(struct ctx *cx, const struct merkle_head *tree, struct text *out_note) MUST_CHECK;

/* Inside a write: moves the head from `seen` (NULL: there was none) to `next`. `*out_moved` is false when the stored
 * head is another by now; nothing is written then. */
err head_advance(struct ctx *cx, const struct merkle_head *seen, const struct ledger_head *next,
                 bool *out_moved) MUST_CHECK;

#endif
