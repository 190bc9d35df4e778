/* SPDX-License-Identifier: Apache-2.0
 * Start of the libraries. It happens before main(), so no thread can meet it half done. */
#include "crypto/libraries.h"

#include <sodium.h>
#include <stdlib.h>

static struct libraries libraries;

__attribute__((constructor)) static void start_libraries(void)
{
    libraries.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    libraries.aes_256_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    if (sodium_init() < 0 || libraries.sha256 == NULL || libraries.aes_256_ecb == NULL)
        abort(); /* a machine without these two libraries' basics cannot run a node at all */
}

const struct libraries *crypto_libraries(void)
{
    return &libraries;
}
