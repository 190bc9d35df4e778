/* SPDX-License-Identifier: Apache-2.0
 * A public key as COSE writes it (RFC 9052 section 7), for the three algorithms that are offered: EC2 on P-256 with
 * ES256, OKP on Ed25519 with EdDSA, RSA with RS256. Exactly the members of such a key, no other (WebAuthn Level 3,
 * section 6.5.1.1). */
#ifndef PROTOCOL_COSE_KEY_H
#define PROTOCOL_COSE_KEY_H

#include "crypto/public_key.h"
#include "protocol/cbor.h"

typedef enum cose_verdict {
    COSE_KEY,
    COSE_MALFORMED, /* no COSE key, or no sound one */
    COSE_FOREIGN,   /* a key of another algorithm or curve */
} cose_verdict;

/* The key borrows from the item. */
cose_verdict cose_key_read(const struct cbor_item *map, struct public_key *out) MUST_CHECK;

#endif
