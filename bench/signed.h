/* SPDX-License-Identifier: Apache-2.0
 * P-256 keys of clients and devices, as they lie with us and as OpenSSL has them ready, and what they sign: the bounds
 * of bench_token.c and bench_passkey.c are OpenSSL's own calls over the same octets. */
#ifndef BENCH_SIGNED_H
#define BENCH_SIGNED_H

#include <openssl/evp.h>

#include "crypto/es256.h"
#include "crypto/jwk.h"
#include "reading.h"

struct signer {
    struct text private_jwk;
    struct jwk  key;
    uint8_t     x[ES256_COORDINATE_BYTES], y[ES256_COORDINATE_BYTES];
    EVP_PKEY   *raw; /* both halves; signer_close() frees it */
};

/* In the arena of `cx`. What goes wrong ends the program, as everywhere here. */
void signer_make(struct ctx *cx, struct signer *out);
void signer_close(struct signer *signer);

/* ES256 by OpenSSL over these octets, as DER, in the arena. */
struct bytes signer_sign(struct ctx *cx, const struct signer *signer, struct bytes content);
/* The same made and thrown away, for a bound. */
void signer_sign_raw(const struct signer *signer, struct bytes content);
/* The bound of every verification here. */
void signer_verify_raw(const struct signer *signer, struct bytes content, struct bytes der);

/* Runs `once` for so long and prints "name figure": how often in a second. */
void repeat_once(const char *name, double seconds, void (*once)(void *arg), void *arg);

#endif
