/* SPDX-License-Identifier: Apache-2.0
 * Where the keys of buckets lie, sealed: one table of functions, and two places that fill it. Whatever the place, only
 * the key holder opens and seals what lies there. Inside crypto/ only. */
#ifndef CRYPTO_KEY_SHELF_H
#define CRYPTO_KEY_SHELF_H

#include "base/ctx.h"

struct keyring;

struct key_shelf {
    err (*has_any)(struct ctx *cx, struct keyring *keyring, bool *out);
    /* A fresh key under a number. `out_made` false: somebody else has that number. `out_sealed` is empty when the
     * holder keeps it. */
    err (*make)(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct bytes *out_sealed, bool *out_made);
    /* Whether the key is there still, so that a cached one may be believed. `sealed` is as it was read. */
    err (*stands)(struct ctx *cx, struct keyring *keyring, int64_t bucket, struct bytes sealed, bool *out);
    /* NOT_FOUND key.destroyed when it is gone already. */
    err (*destroy)(struct ctx *cx, struct keyring *keyring, int64_t bucket);
    /* Takes out of the cache what stands no longer. What cannot be looked at stays until the next time. */
    void (*drop_destroyed)(struct ctx *cx, struct keyring *keyring);
};

extern const struct key_shelf KEY_SHELF_FILES; /* files of the key folder, which the holder reads and writes */
extern const struct key_shelf KEY_SHELF_ROWS;  /* rows of a database, by way of keyring->rows */

#endif
