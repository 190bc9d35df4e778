/* SPDX-License-Identifier: Apache-2.0
 * The same request twice, one effect: the answer of a write that carries an Idempotency-Key is kept for a day, in the
 * transaction of that write. It is sealed, with the hash of its request, under a key made from that of the person whom
 * it concerns, else from the node's, and from the Idempotency-Key, of which only a keyed hash is kept: a secret that
 * was shown once opens for nobody but its asker, and nothing opens or can be guessed once the person is erased.
 * Refusals that wrote nothing are not kept: they are decided anew. All of it runs inside writes, so twins meet on the
 * writer.
 *
 * Somebody who is not known yet asks with a secret of his own, a claim code: his answer, which signs him in, is kept
 * for LIMIT_CLAIM_ANSWER_MS only, is found and opened by key and secret together, and brings its cookie again. */
#ifndef HTTP_IDEMPOTENCY_H
#define HTTP_IDEMPOTENCY_H

#include "crypto/hash.h"
#include "http/engine/server.h"

/* Who asks with which key, and what. */
struct idempotency {
    int64_t     actor_id;
    bool        by_person; /* the actor is one */
    int64_t     person_id; /* whose key seals the answer; 0: nobody's. Until it is kept */
    bool        in_ledger; /* a read: its answer is kept in the file of its row */
    struct text key;       /* borrowed */
    struct text secret;    /* borrowed; of somebody unknown, else empty */
    uint8_t     request_hash[HASH_BYTES]; /* plain: never stored as it is */
};

#define IDEMPOTENCY_SECRET_BYTES_MAX 64

/* For a call whose actor is known; `in_ledger` is the caller's to set, and `person_id` when the act tells whom it is
 * about. Hashes the body: not for the writer. */
void idempotency_of(const struct call *call, struct text key, int64_t person_id, struct idempotency *out);
/* For one whose actor is not: his secret, of 1 to IDEMPOTENCY_SECRET_BYTES_MAX octets; borrowed. */
void idempotency_bind(struct idempotency *idempotency, struct text secret);

/* Looks for a kept answer and puts it into call->reply; one of somebody erased is none. INVALID idempotency.mismatch
 * when the key came with another request, whichever file keeps that one's answer. */
err idempotency_find(struct call *call, const struct idempotency *idempotency, bool *out_found) MUST_CHECK;

/* Keeps the answer that stands in call->reply, which is JSON. */
err idempotency_keep(struct call *call, const struct idempotency *idempotency) MUST_CHECK;

/* store_write_fn: forgets some of what is older than a day; `*arg`, a bool, says whether more may be left. For a job of
 * the program, which does not hold up the writer for long. */
err idempotency_forget(struct ctx *cx, void *arg) MUST_CHECK;

#endif
