/* SPDX-License-Identifier: Apache-2.0
 * The keys of a node as the rest of the program uses them. The key folder lies outside the database and its backups:
 * `root.key`, and `buckets/<number>.key`, one bucket key each, sealed under the root. A person's key is stored
 * elsewhere, wrapped by the key of a bucket; destroying that bucket makes every copy of the wrapped key worthless.
 * Bucket keys may lie in a database instead, sealed as they are (crypto/key_rows.h).
 * Root, signing keys and files are the key holder's (crypto/key_holder.h), mostly another process: a keyring asks it,
 * and keeps bucket keys and some keys of the node in memory that is locked and never dumped. Safe for many threads and
 * for several processes on one folder: a new bucket is found by asking, a kept key is believed while its file stands.
 *
 * Whatever asks the holder fails UNAVAILABLE key.holder_gone when its process has ended, or has not answered within
 * LIMIT_KEYS_MS, and KEYRING_WAIT, unasked, when `cx` is in haste and its process is another. */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "base/ctx.h"
#include "crypto/es256.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

#define KEYRING_WAIT "key.wait" /* nobody outside hears it: the same is done again by who may wait */

struct id_sealer; /* crypto/id_seal.h */
struct keyring;

typedef enum node_key {
#define X(name, number, handed, sentence) KEYRING_##name = (number),
#include "crypto/node_key.def"
#undef X
    KEYRING_NODE_KEYS = 11 /* one beyond the last */
} node_key;

/* Opens the folder with a holder in this process; with `create`, makes folder and root when there are none. Closed by
 * keyring_close(). Fails NOT_FOUND key.no_folder, FORBIDDEN key.exposed (others may read the folder or the root),
 * CORRUPT key.root (of a wrong size, or missing beside buckets), INTERNAL key.disk. */
err keyring_open(struct ctx *cx, const char *folder, bool create, struct keyring **out) MUST_CHECK;
/* The same with a holder that answers at the other end of `socket` (SOCK_SEQPACKET), which the keyring takes, also when
 * it fails. Besides as keyring_open(), fails UNAVAILABLE key.holder_gone. */
err keyring_connect(struct ctx *cx, int socket, const char *folder, struct keyring **out) MUST_CHECK;
void keyring_close(struct keyring *keyring); /* wipes every key; takes NULL */

/* Whether the holder still answers; always, when it is in this process. Once it has not in its time it never does. */
bool keyring_is_held(const struct keyring *keyring);
/* Whether somebody has waited for its answer for more than LIMIT_KEYS_SILENT_MS. */
bool keyring_is_silent(const struct keyring *keyring, const struct clock *clock);
/* What the holder's process said that it lacks, and whether the kernel locks the memory for keys of this one. */
int64_t keyring_holder_lacks(const struct keyring *keyring);
bool keyring_is_locked(const struct keyring *keyring);

/* Whether any bucket is there: then somebody's data was once sealed under this folder. Fails INTERNAL key.disk. */
err keyring_has_buckets(struct ctx *cx, struct keyring *keyring, bool *out) MUST_CHECK;

/* Makes a bucket with a fresh key; on disk when it returns. The number is new for ever. Fails INTERNAL key.disk. With
 * keys in rows, inside a write of their database and as it fails; the row is there with its commit. `out_sealed` may be
 * NULL where they lie in files. */
err keyring_bucket_create(struct ctx *cx, struct keyring *keyring, int64_t *out_bucket,
                          struct bytes *out_sealed) MUST_CHECK;

/* Overwrites and removes the bucket's key, on disk and here; final when it returns, and safe to repeat after a crash.
 * Fails NOT_FOUND key.destroyed (already gone), INTERNAL key.disk. A row is only taken away: what the database keeps of
 * it goes with store_scrub_keys(). */
err keyring_bucket_destroy(struct ctx *cx, struct keyring *keyring, int64_t bucket) MUST_CHECK;

/* Whether its key is there; not whether it opens. `sealed` as in a place. Fails INTERNAL key.disk. */
err keyring_bucket_stands(struct ctx *cx, int64_t bucket, struct bytes sealed, bool *out) MUST_CHECK;
void keyring_note_lost(struct keyring *keyring, int64_t buckets); /* how many are not, and should be */
int64_t keyring_lost(const struct keyring *keyring);

/* Wipes the cached keys of buckets that another process has destroyed: for a job that comes round each second or so. */
void keyring_drop_destroyed(struct ctx *cx, struct keyring *keyring);

/* Under which bucket a person's key is wrapped, and whose it is. `sealed` is the bucket's own key as its row has it,
 * read in one state with the wrapped key: empty, when it lies in the folder, or when it is destroyed. */
struct key_place {
    int64_t      bucket;
    int64_t      person_id;
    struct bytes sealed;
};

struct key_move {
    int64_t      from_bucket;
    int64_t      to_bucket;
    int64_t      person_id;
    struct bytes from_sealed; /* as in a place */
    struct bytes to_sealed;
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

/* A key of the node, derived from the root, that node_key.def hands out. The same root gives the same key. */
void keyring_node_key(const struct keyring *keyring, node_key which, struct secret_key *out);

/* The log's Ed25519 key. The message has at most KEYRING_MESSAGE_BYTES. */
#define KEYRING_MESSAGE_BYTES 4096
err keyring_log_sign(struct ctx *cx, struct keyring *keyring, struct bytes message,
                     uint8_t out_signature[SIGN_SIGNATURE_BYTES]) MUST_CHECK;
void keyring_log_public(const struct keyring *keyring, uint8_t out[SIGN_PUBLIC_BYTES]);

/* A P-256 key for receipts or ID tokens. Only the holder sees its private half. The three below ask cx->keyring. */
typedef enum signing_kind {
    SIGNING_KEY_OF_ORGANISATION = 1,
    SIGNING_KEY_OF_RELATIONSHIP,
    SIGNING_KEY_BARE, /* a private JWK as it is: what relationships had before their keys were sealed twice */
    SIGNING_KEY_OF_NODE,
} signing_kind;

struct signing_key {
    signing_kind kind;
    int64_t      owner;  /* organisation, relationship, number of a node's key: the sealed key opens for it alone */
    struct bytes sealed; /* as the holder gave it */
    struct text  public_jwk;
};

/* Makes one for `io->kind` and `io->owner`: fills the other two, in the arena. Fails as jose_key_make(). */
err keyring_signing_key_make(struct ctx *cx, struct signing_key *io) MUST_CHECK;
/* The public half as it follows from the sealed one. Fails CORRUPT seal.broken, INVALID jose.key. */
err keyring_signing_key_public(struct ctx *cx, const struct signing_key *key, struct text *out_public_jwk) MUST_CHECK;
/* ES256 over a SHA-256. Fails as the one above, INTERNAL jose.library. */
err keyring_sign(struct ctx *cx, const struct signing_key *key, const uint8_t hash[HASH_BYTES],
                 uint8_t out_signature[ES256_SIGNATURE_BYTES]) MUST_CHECK;

/* The mark beside the keys: a text whose second line is a number, which never goes back (crypto/key_mark.h). Empty when
 * there is none. Fail INTERNAL key.disk. */
err keyring_mark_load(struct ctx *cx, struct keyring *keyring, struct text *out) MUST_CHECK;
err keyring_mark_keep(struct ctx *cx, struct keyring *keyring, struct text mark) MUST_CHECK;

/* The other one: how often each file of the store has been changed. None of the numbers goes back. */
#define KEYRING_GENERATIONS 4
struct keyring_generations {
    bool    kept; /* false: there is no whole mark */
    int64_t of[KEYRING_GENERATIONS];
};
/* Fail as the two above. */
err keyring_generations_load(struct ctx *cx, struct keyring *keyring, struct keyring_generations *out) MUST_CHECK;
err keyring_generations_keep(struct ctx *cx, struct keyring *keyring,
                             const struct keyring_generations *generations) MUST_CHECK;

/* For crypto/id_seal.c. */
struct id_sealer *keyring_id_sealer(const struct keyring *keyring);

#endif
