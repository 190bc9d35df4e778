/* SPDX-License-Identifier: Apache-2.0
 * The key folder, outside the database and its backups: `root.key`, and `buckets/<number>.key`, one bucket key each,
 * sealed under the root. A person's key is stored elsewhere, wrapped by the key of a bucket; destroying that bucket
 * makes every copy of the wrapped key worthless. Safe for many threads, and for several processes on one folder: a new
 * bucket is found by reading, and a cached key is believed only while its file stands. */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "base/ctx.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

struct id_sealer; /* crypto/id_seal.h */
struct keyring;

typedef enum node_key {
#define X(name, number, sentence) KEYRING_##name = (number),
#include "crypto/node_key.def"
#undef X
} node_key;

/* Opens the folder; with `create`, makes folder and root when there are none. Closed by keyring_close(). Fails
 * NOT_FOUND key.no_folder, FORBIDDEN key.exposed (others may read the folder or the root), CORRUPT key.root (of a wrong
 * size, or missing beside buckets), INTERNAL key.disk. */
err keyring_open(struct ctx *cx, const char *folder, bool create, struct keyring **out) MUST_CHECK;
void keyring_close(struct keyring *keyring); /* wipes every key; takes NULL */

/* Whether any bucket is there: then somebody's data was once sealed under this folder. Fails INTERNAL key.disk. */
err keyring_has_buckets(struct ctx *cx, struct keyring *keyring, bool *out) MUST_CHECK;

/* Makes a bucket with a fresh key; on disk when it returns. The number is new for ever. Fails INTERNAL key.disk. */
err keyring_bucket_create(struct ctx *cx, struct keyring *keyring, int64_t *out_bucket) MUST_CHECK;

/* Overwrites and removes the bucket's key, on disk and here; final when it returns, and safe to repeat after a crash.
 * Fails NOT_FOUND key.destroyed (already gone), INTERNAL key.disk. */
err keyring_bucket_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket) MUST_CHECK;

/* Wipes the cached keys of buckets that another process has destroyed: for a job that comes round each second or so. */
void keyring_drop_destroyed(struct keyring *keyring);

/* Under which bucket a person's key is wrapped, and whose it is. */
struct key_place {
    int64_t bucket;
    int64_t person_id;
};

struct key_move {
    int64_t from_bucket;
    int64_t to_bucket;
    int64_t person_id;
};

#define KEYRING_WRAPPED_BYTES 72 /* a wrapped person key: nonce, key, tag */

/* The three below fail NOT_FOUND key.destroyed when a bucket is gone, CORRUPT seal.broken when the wrapped key is not
 * of this bucket and person, INTERNAL key.disk. The caller wipes the keys that it gets. */
err keyring_person_key_make(struct ctx *cx, struct keyring *keyring, const struct key_place *place,
                            struct bytes *out_wrapped, struct secret_key *out_key) MUST_CHECK;
err keyring_person_key_open(struct ctx *cx, struct keyring *keyring, const struct key_place *place,
                            struct bytes wrapped, struct secret_key *out_key) MUST_CHECK;
err keyring_person_key_rewrap(struct ctx *cx, struct keyring *keyring, const struct key_move *move,
                              struct bytes wrapped, struct bytes *out_wrapped) MUST_CHECK;

/* A key of the node, derived from the root (BLAKE2b, libsodium's crypto_kdf). The same root gives the same key. */
void keyring_node_key(const struct keyring *keyring, node_key which, struct secret_key *out);

/* The log's Ed25519 key. */
void keyring_log_sign(const struct keyring *keyring, struct bytes message, uint8_t out_signature[SIGN_SIGNATURE_BYTES]);
void keyring_log_public(const struct keyring *keyring, uint8_t out[SIGN_PUBLIC_BYTES]);

/* For crypto/id_seal.c. */
struct id_sealer *keyring_id_sealer(const struct keyring *keyring);

#endif
