/* SPDX-License-Identifier: Apache-2.0
 * Challenges of passkey ceremonies. One is made without a row: it carries its own end, and a tag under a key of the
 * node that binds it to what it is for and who asked. Only a ceremony that succeeds leaves a row, which is why no
 * challenge serves twice, and why a stranger who asks for a million leaves nothing behind. */
#ifndef DOMAIN_PASSKEY_CHALLENGE_H
#define DOMAIN_PASSKEY_CHALLENGE_H

#include "base/ctx.h"

#define PASSKEY_CHALLENGE_BYTES 56 /* nonce, end, tag */

typedef enum passkey_ceremony {
    PASSKEY_REGISTER = 1, /* by a session */
    PASSKEY_SIGN_IN,      /* by a browser that is nobody yet: `visitor` is what its cookie holds */
    PASSKEY_VERIFY,       /* by a session, of its own person */
} passkey_ceremony;

struct passkey_asker {
    passkey_ceremony ceremony;
    struct text      visitor; /* of PASSKEY_SIGN_IN; the others are bound to the caller's session */
};

/* In the arena. Fails TOO_LARGE limit.memory. */
err passkey_challenge_make(struct ctx *cx, const struct passkey_asker *asker, struct bytes *out) MUST_CHECK;
/* Whether it was made here for the same and is not too old; whether it was used is not looked at. INVALID
 * passkey.challenge. */
err passkey_challenge_check(struct ctx *cx, const struct passkey_asker *asker, struct bytes challenge) MUST_CHECK;
/* Inside a write: uses it up. INVALID passkey.challenge when it is used or too old. */
err passkey_challenge_spend(struct ctx *cx, struct bytes challenge) MUST_CHECK;

/* store_write_fn; arg: bool, whether some are left. Forgets a portion of those that are over. */
err passkey_challenge_forget(struct ctx *cx, void *arg) MUST_CHECK;

#endif
