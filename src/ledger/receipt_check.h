/* SPDX-License-Identifier: Apache-2.0
 * The whole offline check of a receipt: receipt file, proof file and verifier key in, facts out; no store, no network.
 * The receipt is a JWS (RFC 7515, general JSON, two ES256 signatures). Its payload names the two public keys in the
 * member "symbolon:keys": {"person": JWK, "organisation": JWK}; that the log holds a commitment to this very payload is
 * what ties the keys to the node. Whether the verifier key is the right one is for the reader to know. */
#ifndef LEDGER_RECEIPT_CHECK_H
#define LEDGER_RECEIPT_CHECK_H

#include "ledger/proof.h"

typedef enum receipt_step {
#define X(name, sentence) RECEIPT_##name,
#include "ledger/receipt_step.def"
#undef X
    RECEIPT_STEP_COUNT
} receipt_step;

const char *receipt_step_sentence(receipt_step step);

struct receipt_files {
    struct text receipt;
    struct text proof;
    struct text verifier_key; /* "name+id+key", without a line feed */
};

/* What was found; members of steps that did not pass are empty. All views lie in the arena or in the files. */
struct receipt_facts {
    size_t             passed;           /* this many of the steps, counted from the first */
    struct text        payload;          /* JSON (DPV): ids and times of the act stand there */
    struct text        person_key;       /* thumbprint (RFC 7638) */
    struct text        organisation_key; /* thumbprint */
    uint8_t            leaf[HASH_BYTES]; /* the entry of the log */
    int64_t            index;
    struct text        origin;
    struct merkle_head tree;
};

/* OK when every step has passed. `out` is also filled on a failure, as far as the steps went. Fails MALFORMED
 * receipt.form, INVALID receipt.keys, TOO_LARGE receipt.size, and as jws_verify(), note_key_parse(), proof_parse(),
 * proof_check_entry() and checkpoint_verify(). */
err receipt_check(struct ctx *cx, const struct receipt_files *files, struct receipt_facts *out) MUST_CHECK;

#endif
