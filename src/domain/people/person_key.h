/* SPDX-License-Identifier: Apache-2.0
 * A person's data key. Everything personal is sealed under it; destroying it erases (promise 7). */
#ifndef DOMAIN_PERSON_KEY_H
#define DOMAIN_PERSON_KEY_H

#include "base/ctx.h"
#include "crypto/secret.h"
#include "store/store.h"

struct key_pace; /* crypto/key_pace.h */

/* What a bucket is to new people, as the key store has it. */
typedef enum key_bucket_state {
    KEY_BUCKET_FULL = 0,
    KEY_BUCKET_OPEN = 1,
    KEY_BUCKET_DOOMED = 2, /* emptied; its key is destroyed next */
    KEY_BUCKET_LEFT = 3,   /* its key is lost, and somebody erased was in it: is emptied as soon as the key is back */
} key_bucket_state;

/* Inside a write: a fresh key for a person who is being made; where the key of the open bucket is lost, in another. */
err person_key_make(struct ctx *cx, int64_t person_id) MUST_CHECK;

/* The person's data key; the caller wipes it (PERSON_KEY does). NOT_FOUND person.erased when it is destroyed;
 * CORRUPT person.key_lost when it should be there, and the key of its bucket is not. */
err person_key_open(struct ctx *cx, int64_t person_id, struct secret_key *out) MUST_CHECK;
/* Says that it will be opened: see statement_ahead() of the store. */
void person_key_open_ahead(struct ctx *cx, int64_t person_id);
/* Inside a write, for somebody who is erased: another key where the old one is lost, so that the end can be sealed and
 * told. What the old one sealed stays closed, and is emptied where the end would open it. */
err person_key_renew_lost(struct ctx *cx, int64_t person_id) MUST_CHECK;
void person_key_wipe(struct secret_key *key);
#define PERSON_KEY __attribute__((cleanup(person_key_wipe))) struct secret_key

/* Buckets that hold people and whose keys are missing, though nobody has destroyed them. Looks at each, opens none. */
struct person_keys_lost {
    int64_t of; /* buckets with people in them */
    int64_t buckets;
    int64_t people;
};
err person_keys_find_lost(struct ctx *cx, struct person_keys_lost *out) MUST_CHECK;

/* Opens one key of each bucket. CORRUPT person.key_lost when people need a bucket key that is missing or broken. */
err person_keys_check(struct ctx *cx) MUST_CHECK;

/* Opens the key of each person who has one. The same, CORRUPT person.key_lost. `out_count`: so many. */
err person_keys_check_all(struct ctx *cx, int64_t *out_count) MUST_CHECK;

/* Inside a write: takes away the key of an unclaimed person whose things another person has taken over. */
err person_key_remove(struct ctx *cx, int64_t person_id) MUST_CHECK;

/* Inside a write: this person is erased from here on. What there is left to do stands in the list of erasures until
 * erasure_finish() has done it. */
err person_mark_erased(struct ctx *cx, int64_t person_id) MUST_CHECK;

/* Destroys the keys of all who are on that list, and those of the invited people whose places they took: the
 * survivors of their buckets are wrapped anew under fresh buckets, the old bucket keys are destroyed, a bucket at a
 * time, for as long as the pace gives leave. A bucket that cannot be emptied is passed by; the first such failure is
 * given at the end. Where a bucket's key is lost the wrapped keys go alone, and the bucket once its key is back. Not
 * a store_write_fn: it spans key folder and key store, in an order that a crash leaves repeatable; what a crash has
 * left comes first. Only for the operator and the node's jobs. */
struct person_forgetting {
    struct key_pace *pace;      /* NULL: as fast as the holder of the keys permits */
    bool             out_waits; /* somebody's key is left to the next call */
};
err person_forget_listed(struct ctx *cx, struct store *store, struct person_forgetting *forgetting) MUST_CHECK;
/* The end of it alone: destroys the bucket keys that are to go. */
err person_buckets_destroy(struct ctx *cx, struct store *store) MUST_CHECK;
/* Marks these people and does the same, at no pace. */
err person_forget_keys(struct ctx *cx, struct store *store, const int64_t *person_ids, size_t count) MUST_CHECK;
/* Whether a key of this person or of a predecessor lies in a bucket that is not about to go. */
err person_has_bucket(struct ctx *cx, int64_t person_id, bool *out) MUST_CHECK;
/* Whether the keys of this person and of his predecessors are destroyed. */
err person_is_forgotten(struct ctx *cx, int64_t person_id, bool *out) MUST_CHECK;

#endif
