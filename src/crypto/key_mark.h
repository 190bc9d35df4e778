/* SPDX-License-Identifier: Apache-2.0
 * The marks beside the keys, kept outside every backup of the data. One is a small text of the log's (a checkpoint)
 * whose second line is a number; the other says how often each file of the store has been changed. No number in them
 * ever goes back, whoever writes. What the rest says is the caller's. Inside crypto/ only. */
#ifndef CRYPTO_KEY_MARK_H
#define CRYPTO_KEY_MARK_H

#include "base/ctx.h"
#include "crypto/keyring.h"

#define KEY_MARK_BYTES_MAX 4096

/* `folder` is an open key folder. Gives a text in the arena, empty when there is no mark. Fails INTERNAL key.disk. */
err key_mark_read(struct ctx *cx, int folder, struct text *out) MUST_CHECK;

/* Whole or not at all, and on disk when it returns; does nothing when the mark that is there has as high a number.
 * Another process that writes is waited for. Fails INTERNAL key.disk. */
err key_mark_keep(struct ctx *cx, int folder, struct text mark) MUST_CHECK;

/* The other mark. One that is not whole, as its sum tells, counts as none. Fails INTERNAL key.disk. */
err key_generations_read(struct ctx *cx, int folder, struct keyring_generations *out) MUST_CHECK;
/* The same way; each number for itself stays where it is higher. */
err key_generations_keep(struct ctx *cx, int folder, const struct keyring_generations *generations) MUST_CHECK;

#endif
