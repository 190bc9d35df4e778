/* SPDX-License-Identifier: Apache-2.0
 * What the crypto libraries want once per process, made before main() and constant from then on: libsodium started and
 * the algorithms of OpenSSL fetched, because a fetch per call costs three times the hash. Inside crypto/ only. */
#ifndef CRYPTO_LIBRARIES_H
#define CRYPTO_LIBRARIES_H

#include <openssl/evp.h>

struct libraries {
    EVP_MD     *sha256;
    EVP_CIPHER *aes_256_ecb; /* for single blocks */
};

const struct libraries *crypto_libraries(void);

#endif
