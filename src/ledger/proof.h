/* SPDX-License-Identifier: Apache-2.0
 * Proof files (c2sp.org/tlog-proof): what a person keeps beside a receipt, enough to check without the node that the
 * receipt is in the log. No store, no network. A proof is only as good as the verifier key that the reader trusts. */
#ifndef LEDGER_PROOF_H
#define LEDGER_PROOF_H

#include "ledger/checkpoint.h"
#include "ledger/leaf.h"

struct proof {
    struct bytes        extra; /* empty: the file has no extra line. Not covered by any signature */
    int64_t             index;
    struct merkle_proof hashes;
    struct text         note; /* the checkpoint as it stands in the file */
    struct checkpoint   checkpoint;
};

/* The file of `proof`, from extra, index, hashes and note. Fails TOO_LARGE limit.memory | log.proof_size. */
err proof_format(struct ctx *cx, const struct proof *proof, struct text *out_file) MUST_CHECK;

/* Takes any text, borrows it. Fails MALFORMED log.proof_form, TOO_LARGE log.proof_size, and as checkpoint_parse(). */
err proof_parse(struct ctx *cx, struct text file, struct proof *out) MUST_CHECK;

/* The entry stands at the index of the proof in the tree of its checkpoint. Says nothing about who signed that. Fails
 * INVALID log.not_in_tree. */
err proof_check_entry(struct ctx *cx, const struct proof *proof, struct bytes entry) MUST_CHECK;

/* The salt of a receipt, from the extra line. Fails INVALID log.no_salt. */
err proof_salt(struct ctx *cx, const struct proof *proof, uint8_t out[LEDGER_SALT_BYTES]) MUST_CHECK;

/* The whole check: reads file and verifier key, makes the entry of `payload` with the file's salt, and finds it in the
 * tree that the log of the key has signed. Fails as the functions above, note_key_parse() and checkpoint_verify(). */
err proof_verify(struct ctx *cx, struct text file, struct text verifier_key, struct bytes payload,
                 struct proof *out) MUST_CHECK;

#endif
