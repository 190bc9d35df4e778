/* SPDX-License-Identifier: Apache-2.0
 * The append-only log of the node. An act leaves its entry without a number, inside its own write; a pass numbers what
 * waits, extends tiles and root and publishes a signed checkpoint, all in one write, so that no tile is ever behind the
 * checkpoint and size and root never go back. Entries of one pass stand in the order of their value: nothing in the log
 * tells who came first. Proofs that need no store are in ledger/proof.h, the re-derivation in ledger/audit.h. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "crypto/merkle.h"
#include "ledger/leaf.h"
#include "ledger/tile_path.h"
#include "store/store.h"

/* ---- an act: inside the caller's write. `leaf` is what ledger_leaf() gave. Fails as the store does. */
err ledger_append(struct ctx *cx, int64_t person_id, int64_t receipt_id, const uint8_t leaf[HASH_BYTES]) MUST_CHECK;

/* ---- the pass */
struct ledger_pass {
    int64_t sequenced; /* entries that got their number */
    int64_t left;      /* entries that still wait, as far as this pass saw: above 0, call again */
};

/* Numbers up to LIMIT_LOG_BATCH waiting entries. The first pass of a node publishes the checkpoint of the empty log,
 * also when nothing waits. Reads through cx->db, signs with cx->keyring, then waits for one write: never on a loop,
 * never inside a write or between store_read_begin() and its end. Takes its memory from an arena of its own. Safe
 * beside other processes: a pass that lost the race is repeated. Fails CONFLICT log.contended after several lost races
 * (nothing is done; call again), NOT_FOUND log.no_origin, CORRUPT log.tile_missing | log.tile_damaged, and as the
 * store does. */
err ledger_sequence(struct ctx *cx, struct store *store, struct ledger_pass *out) MUST_CHECK;
/* The newest head that a process has seen; all zero: none yet. */
struct ledger_seen {
    bool               begun;
    struct merkle_head tree;
};
/* The same for who goes on for long: builds on nothing older than what it has seen, and leads that on. Besides fails
 * CORRUPT log.went_back. */
err ledger_go_on(struct ctx *cx, struct store *store, struct ledger_seen *seen, struct ledger_pass *out) MUST_CHECK;
/* The look alone. */
err ledger_look(struct ctx *cx, struct ledger_seen *seen) MUST_CHECK;
/* At the end of a program: the next one need not wait until this one's time is over. Waits for a write, if any. */
err ledger_let_go(struct ctx *cx, struct store *store) MUST_CHECK;

/* ---- reading */
struct ledger_head {
    struct merkle_head tree;
    struct text        note; /* the signed checkpoint, as /log/checkpoint serves it */
    int64_t            at_ms;
};

/* The name of the log: a URL without scheme, no space, no plus. Given once, inside a write, when the node is made; a
 * name that is there already stays, because every proof ever handed out bears it. Fails INVALID log.origin_form. */
err ledger_set_origin(struct ctx *cx, struct text origin) MUST_CHECK;
/* Fails NOT_FOUND log.no_origin. */
err ledger_origin(struct ctx *cx, struct text *out) MUST_CHECK;
/* The verifier key as /log/key serves it, without a line feed. Fails NOT_FOUND log.no_origin. */
err ledger_verifier_key(struct ctx *cx, struct text *out) MUST_CHECK;
/* The published checkpoint. Fails NOT_FOUND log.not_started before the first pass. */
err ledger_head(struct ctx *cx, struct ledger_head *out) MUST_CHECK;
/* Where the entry of a receipt stands; `*out_index` is written when it has been numbered. The row behind it outlives an
 * erased receipt: it tells a number, and the audit that no place was given twice. */
err ledger_leaf_index(struct ctx *cx, int64_t person_id, int64_t receipt_id, int64_t *out_index,
                      bool *out_found) MUST_CHECK;
/* The octets of a tile or of an entry bundle, when the published checkpoint covers all of it. */
err ledger_tile(struct ctx *cx, const struct tile *tile, struct bytes *out, bool *out_found) MUST_CHECK;

/* ---- proofs */
/* The proof file (.tlog-proof) of a receipt in the published tree, its salt in the extra line. Fails UNAVAILABLE
 * receipt.not_in_log_yet while the entry has no number, CORRUPT log.tile_missing. */
err ledger_proof(struct ctx *cx, int64_t person_id, int64_t receipt_id, const uint8_t salt[LEDGER_SALT_BYTES],
                 struct text *out_file) MUST_CHECK;
/* That the tree of `to_size` entries begins with the tree of `from_size`. Fails INVALID log.no_such_size when `to_size`
 * is beyond the published tree or `from_size` beyond `to_size`. */
err ledger_consistency(struct ctx *cx, int64_t from_size, int64_t to_size, struct merkle_proof *out) MUST_CHECK;
/* That the published tree begins with the tree of an older checkpoint of this node: holds also over a restore, when the
 * checkpoint was kept outside the store. Fails CORRUPT log.went_back, and as checkpoint_parse() and
 * checkpoint_verify(). */
err ledger_check_extends(struct ctx *cx, struct text older_note) MUST_CHECK;
/* The same for a head that this process has seen. */
err ledger_check_grown(struct ctx *cx, const struct merkle_head *older) MUST_CHECK;

#endif
