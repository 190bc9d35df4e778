/* SPDX-License-Identifier: Apache-2.0
 * A log made up from the choices of an input: a tree of any size with one entry in it, the checkpoint of it and the
 * proof, each right or with one thing wrong. Signatures are a play: a hash over key and message, which costs no curve,
 * so that the fuzzer gets behind them; the linker puts the checks of this play in the place of the true ones. */
#ifndef TESTS_FUZZ_MADE_LOG_H
#define TESTS_FUZZ_MADE_LOG_H

#include "fuzz/fuzz.h"
#include "ledger/proof.h"

#define MADE_NAME "log.example/1"

/* What may be wrong or odd about a proof: name, whether it is still a proof of the entry. */
#define PROOF_EDITS(X)           \
    X(FIRST_LINE, PROOF_FORM)    \
    X(NO_SALT, PROOF_FORM)       \
    X(SALT_SHORT, PROOF_FORM)    \
    X(SALT_PADDED, PROOF_FORM)   \
    X(INDEX_ZEROS, PROOF_FORM)   \
    X(INDEX_MINUS, PROOF_FORM)   \
    X(HASH_SHORT, PROOF_FORM)    \
    X(NO_EMPTY_LINE, PROOF_FORM) \
    X(SIZE_ZEROS, PROOF_FORM)    \
    X(ROOT_LONG, PROOF_FORM)     \
    X(NO_SIGNATURE, PROOF_FORM)  \
    X(LINE_BEHIND, PROOF_FORM)   \
    X(CARRIAGE, PROOF_FORM)      \
    X(SALT_OTHER, PROOF_TREE)    \
    X(INDEX_OTHER, PROOF_TREE)   \
    X(HASH_BIT, PROOF_TREE)      \
    X(HASH_MORE, PROOF_TREE)     \
    X(HASH_LESS, PROOF_TREE)     \
    X(ROOT_BIT, PROOF_TREE)      \
    X(KEY_FORM, PROOF_LOG)       \
    X(KEY_OTHER, PROOF_LOG)      \
    X(SIGNATURE_BIT, PROOF_LOG)  \
    X(SIGNATURE_LONG, PROOF_LOG) \
    X(SIGNED_BY_OTHER, PROOF_LOG)\
    X(ONE_OF_TWO_BAD, PROOF_LOG) \
    X(LINE_UNSIGNED, PROOF_LOG)  \
    X(SIGNED_TWICE, PROOF_GOOD)  \
    X(COSIGNED, PROOF_GOOD)      \
    X(EXTENDED, PROOF_GOOD)

typedef enum proof_fate { PROOF_FORM, PROOF_TREE, PROOF_LOG, PROOF_GOOD } proof_fate;

typedef enum proof_edit {
#define X(name, fate) EDIT_##name,
    PROOF_EDITS(X)
#undef X
    PROOF_EDIT_COUNT
} proof_edit;

struct made_log {
    struct ctx    *cx;
    bool           edit[PROOF_EDIT_COUNT];
    proof_fate     fate; /* the first check that must say no */
    int64_t        index;
    int64_t        size;
    uint8_t        salt[LEDGER_SALT_BYTES];
    struct merkle_proof hashes;
    struct merkle_hash  root;
    struct note_key     key;
    struct text    verifier_key;
    struct text    note;
    struct text    file;
};

/* The signature of the play: both halves are the same hash. */
void play_sign(struct bytes key, struct bytes message, uint8_t out[SIGN_SIGNATURE_BYTES]);

/* Takes the place of sign_verify(). */
bool __wrap_sign_verify(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct bytes message,
                        const uint8_t signature[SIGN_SIGNATURE_BYTES]);

/* The proof that `payload` is in a log, with at most `edits` of the edits. `log` is zero but for its ctx. */
void made_log(struct made_log *log, struct choices *choices, struct bytes payload, size_t edits);

#endif
