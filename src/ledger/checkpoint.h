/* SPDX-License-Identifier: Apache-2.0
 * Checkpoints (c2sp.org/tlog-checkpoint): a signed note that names a log, the size of its tree and its root. The name
 * of the log is the name of its key. Nothing in it is to be believed before checkpoint_verify(). */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "crypto/merkle.h"
#include "ledger/note.h"

struct checkpoint {
    struct text        origin;
    struct merkle_head tree;
    struct note        note;
};

/* What is signed: origin, size and root, a line each. `.at` is NULL when the arena is exhausted. */
struct text checkpoint_text(struct arena *arena, struct text origin, const struct merkle_head *tree);

/* Takes any text, borrows it. Lines behind the root may follow and are not looked at. Fails MALFORMED log.note_form |
 * log.checkpoint_form, TOO_LARGE log.note_size | limit.memory. */
err checkpoint_parse(struct ctx *cx, struct text note, struct checkpoint *out) MUST_CHECK;

/* The checkpoint is of the log of this key and signed by it. Fails INVALID log.other_log, and as note_verify(). */
err checkpoint_verify(struct ctx *cx, const struct checkpoint *checkpoint, const struct note_key *key) MUST_CHECK;

#endif
