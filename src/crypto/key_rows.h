/* SPDX-License-Identifier: Apache-2.0
 * Bucket keys in rows of a database that several servers share, each sealed by the holder, instead of files in the key
 * folder. This floor knows no database, so a keyring is handed what reads and writes them (domain/people/key_rows.h).
 * */
#ifndef CRYPTO_KEY_ROWS_H
#define CRYPTO_KEY_ROWS_H

#include "crypto/keyring.h"

/* They fail as the store does. */
struct key_rows {
    err (*put)(struct ctx *cx, void *self, int64_t bucket, struct bytes sealed);     /* inside a write */
    err (*destroy)(struct ctx *cx, void *self, int64_t bucket, bool *out_was_there); /* inside none */
    err (*list)(struct ctx *cx, void *self, err (*take)(void *arg, int64_t bucket), void *arg);
    void *self;
};

/* From now on they lie there. Copies `rows`; to be called before anybody asks for a bucket. */
void keyring_use_rows(struct keyring *keyring, const struct key_rows *rows);

#endif
