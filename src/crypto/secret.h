/* SPDX-License-Identifier: Apache-2.0
 * Handling of secret bytes: wiped where they were used, compared in constant time, never printed. A secret key is a
 * type of its own so that it cannot be passed where plain bytes go. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_KEY_BYTES 32

struct secret_key {
    uint8_t at[SECRET_KEY_BYTES];
};

/* Overwrites with zeros; the compiler may not leave it out. */
void secret_wipe(void *at, size_t size);

/* True when both are equal; takes the same time whatever they hold. */
bool secret_equals(const uint8_t *a, const uint8_t *b, size_t size);

#endif
