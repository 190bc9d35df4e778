/* SPDX-License-Identifier: Apache-2.0
 * Start of the libraries. It happens before main(), so no thread can meet it half done. */
#include "crypto/libraries.h"

#include <sodium.h>
#include <stdlib.h>

#include "crypto/es256.h"

static struct libraries libraries;

/* With the secret 1, whose point is the generator. OpenSSL sets much of itself up with its first signature, and what it
 * could not set up for want of memory it never tries again: so that comes now, and not with somebody's receipt. */
static bool signs(void)
{
    static const struct es256_key KEY = {
        .x = {0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
              0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96},
        .y = {0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16,
              0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5},
        .d = {[ES256_COORDINATE_BYTES - 1] = 1}};
    static const uint8_t HASH[HASH_BYTES] = {1};
    uint8_t signature[ES256_SIGNATURE_BYTES];
    return es256_sign(&KEY, HASH, signature);
}

__attribute__((constructor)) static void start_libraries(void)
{
    libraries.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    libraries.aes_256_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    if (sodium_init() < 0 || libraries.sha256 == NULL || libraries.aes_256_ecb == NULL || !signs())
        abort(); /* a machine without these two libraries' basics cannot run a node at all */
}

const struct libraries *crypto_libraries(void)
{
    return &libraries;
}
