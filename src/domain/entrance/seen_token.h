/* SPDX-License-Identifier: Apache-2.0
 * What is signed for one use, and was used: a row for each, kept on the disk until the thing itself is too old. The
 * insert decides, so of any number at once, on any server, one succeeds; and a restart forgets none. */
#ifndef DOMAIN_SEEN_TOKEN_H
#define DOMAIN_SEEN_TOKEN_H

#include "base/ctx.h"
#include "crypto/hash.h"

/* One such thing. Numbers are part of the stored hash. */
typedef enum seen_kind {
    SEEN_ASSERTION = 1, /* by which a system says who it is */
    SEEN_PROOF = 2,     /* that the sender holds a key */
} seen_kind;

struct seen_token {
    uint8_t     hash[HASH_BYTES];
    int64_t     expires_at_ms; /* from then on it is refused for its age */
    const char *reason;        /* of the refusal when it was used before: UNAUTHENTICATED */
    bool        in_ledger;     /* it comes with a write of the ledger file alone */
};

/* Fills in the hash and leaves the rest empty, for the caller to say. `by` is who has made it: the name that it chose
 * for it is unique among its own only. */
void seen_token_of(seen_kind kind, struct bytes by, struct text token_id, struct seen_token *out);

/* Inside a write: uses it up. UNAUTHENTICATED with its reason when that has happened before. */
err seen_token_use(struct ctx *cx, const struct seen_token *token) MUST_CHECK;

/* store_write_fn: forgets some of what is too old, and of access tokens that have ended; `*arg`, a bool, says whether
 * more may be left. For a job of the program. */
err seen_token_forget(struct ctx *cx, void *arg) MUST_CHECK;

#endif
