/* SPDX-License-Identifier: Apache-2.0
 * Ids at the edge: `per_` and 26 characters, one AES-256 block (base/id.h says what is in it) under the node's key for
 * ids. Both directions cost well under a microsecond. Each id has exactly one text: upper case, look-alike letters and
 * foreign blocks do not open. Uses cx->keyring; safe for many threads. */
#ifndef CRYPTO_ID_SEAL_H
#define CRYPTO_ID_SEAL_H

#include "base/ctx.h"
#include "crypto/secret.h"

/* ID_TEXT_SIZE characters in the arena; `.at` is NULL when it is exhausted. */
struct text id_text(struct ctx *cx, struct id id);

/* Takes any text. Fails NOT_FOUND not_found, the same for whatever is wrong with it. */
err id_open(struct ctx *cx, struct text text, id_type wanted, struct id *out) MUST_CHECK;

/* The prepared cipher that a keyring keeps. NULL when the C library has no memory. */
struct id_sealer *id_sealer_open(const struct secret_key *key);
void id_sealer_close(struct id_sealer *sealer); /* takes NULL */

#endif
