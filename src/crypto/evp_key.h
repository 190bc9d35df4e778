/* SPDX-License-Identifier: Apache-2.0
 * A key of OpenSSL from its numbers, for what signs and what verifies. Inside this floor only. */
#ifndef CRYPTO_EVP_KEY_H
#define CRYPTO_EVP_KEY_H

#include <openssl/evp.h>
#include <openssl/params.h>

/* `type` as OpenSSL names it; `selection`: EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEYPAIR. NULL when the numbers are no such
 * key, or there is no memory; the caller frees it. */
EVP_PKEY *evp_key_open(const char *type, int selection, OSSL_PARAM *parameters);

#endif
