/* SPDX-License-Identifier: Apache-2.0
 * The two hashes of the house. SHA-256 (FIPS 180-4, OpenSSL) wherever another program checks the result: log, receipts,
 * thumbprints. BLAKE2b-256 (RFC 7693, libsodium) for what stays inside: stored hashes of secrets. Neither can fail:
 * when the library has no memory the process ends, because nothing that follows could be trusted. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"

#define HASH_BYTES 32

void sha256(struct bytes data, uint8_t out[HASH_BYTES]);
void blake2b_256(struct bytes data, uint8_t out[HASH_BYTES]);

/* SHA-256 piece by piece. Each begin needs its one finish, which also releases the state. */
struct sha256 {
    void *state; /* OpenSSL's digest context */
};

struct sha256 sha256_begin(void);
void sha256_add(struct sha256 *hash, struct bytes data);
void sha256_finish(struct sha256 *hash, uint8_t out[HASH_BYTES]);

#endif
