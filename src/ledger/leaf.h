/* SPDX-License-Identifier: Apache-2.0
 * What the log holds of a receipt: 32 bytes that say nothing without the salt. Destroy receipt and salt, and the entry
 * is mute while the tree stays valid. This formula is part of the outside contract and never changes under its name. */
#ifndef LEDGER_LEAF_H
#define LEDGER_LEAF_H

#include "crypto/hash.h"

#define LEDGER_SALT_BYTES 32

/* The entry: SHA-256("symbolon-receipt/1", salt, SHA-256(payload)). `payload` is the decoded payload of the receipt. */
void ledger_leaf(const uint8_t salt[LEDGER_SALT_BYTES], struct bytes payload, uint8_t out[HASH_BYTES]);

#endif
