/* SPDX-License-Identifier: Apache-2.0
 * Sealing of values at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, libsodium) with a random nonce. The place
 * of a value is its associated data: a sealed value moved to another person, kind, item or version does not open, nor
 * beside other numbers of its row. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/ctx.h"
#include "crypto/secret.h"

typedef enum seal_kind {
#define X(name, number, sentence) SEAL_##name = (number),
#include "crypto/seal_kind.def"
#undef X
} seal_kind;

/* Where a value belongs. `kind` is a seal_kind; 0 stands for what does not apply. `beside` are further numbers of the
 * row that must not change without the value; all 0: there are none. */
#define SEAL_BESIDE_MAX 5
struct seal_place {
    int64_t person_id;
    int64_t kind;
    int64_t item;
    int64_t version;
    int64_t beside[SEAL_BESIDE_MAX];
};

#define SEAL_NONCE_BYTES 24
#define SEAL_TAG_BYTES 16
#define SEAL_OVERHEAD_BYTES (SEAL_NONCE_BYTES + SEAL_TAG_BYTES)

/* Gives nonce, ciphertext and tag in the arena: SEAL_OVERHEAD_BYTES longer than `plain`. The nonce comes from
 * cx->randomness. Fails TOO_LARGE limit.memory. */
err seal(struct ctx *cx, const struct secret_key *key, const struct seal_place *place, struct bytes plain,
         struct bytes *out_sealed) MUST_CHECK;

/* Gives the plain value in the arena. Fails CORRUPT seal.broken (a changed byte, another key or another place),
 * TOO_LARGE limit.memory. */
err seal_open(struct ctx *cx, const struct secret_key *key, const struct seal_place *place, struct bytes sealed,
              struct bytes *out_plain) MUST_CHECK;

#endif
