/* SPDX-License-Identifier: Apache-2.0
 * Wiping and comparing, by libsodium. */
#include "crypto/secret.h"

#include <sodium.h>

void secret_wipe(void *at, size_t size)
{
    sodium_memzero(at, size);
}

bool secret_equals(const uint8_t *a, const uint8_t *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}
