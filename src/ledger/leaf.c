/* SPDX-License-Identifier: Apache-2.0
 * The one formula of an entry. */
#include "ledger/leaf.h"

void ledger_leaf(const uint8_t salt[LEDGER_SALT_BYTES], struct bytes payload, uint8_t out[HASH_BYTES])
{
    uint8_t payload_hash[HASH_BYTES];
    sha256(payload, payload_hash);
    struct sha256 hash = sha256_begin();
    sha256_add(&hash, bytes_of_text(TEXT("symbolon-receipt/1")));
    sha256_add(&hash, (struct bytes){salt, LEDGER_SALT_BYTES});
    sha256_add(&hash, (struct bytes){payload_hash, sizeof payload_hash});
    sha256_finish(&hash, out);
}
