/* SPDX-License-Identifier: Apache-2.0
 * Sealed bucket keys on their way from the key folder into a database, or back. Asks a holder that was started for a
 * move (struct key_service, `moves`); every other one refuses, so a server can neither have all keys shown nor cleared.
 * What is carried stays sealed under the root. Asks cx->keyring. */
#ifndef CRYPTO_KEY_CARRY_H
#define CRYPTO_KEY_CARRY_H

#include "base/ctx.h"

/* What lies in the folder. NOT_FOUND key.destroyed, CORRUPT seal.broken when it does not open. */
err keyring_bucket_show(struct ctx *cx, int64_t bucket, struct bytes *out_sealed) MUST_CHECK;
/* Puts it there, on disk when it returns. CORRUPT seal.broken, CONFLICT store.not_empty (the number has a
 * file). */
err keyring_bucket_keep(struct ctx *cx, int64_t bucket, struct bytes sealed) MUST_CHECK;
/* Overwrites and removes all that lies there. Safe to repeat. */
err keyring_buckets_clear(struct ctx *cx) MUST_CHECK;
/* Whether a bucket's key lies there, whatever the keyring's own place of keys is. */
err keyring_folder_has_buckets(struct ctx *cx, bool *out) MUST_CHECK;

#endif
