/* SPDX-License-Identifier: Apache-2.0
 * The node's own P-256 keys, which sign ID tokens and nothing else (docs/decisions/0037). Only the holder of the keys
 * ever sees a private half. Whoever checks a token finds its key by `kid` in the set that is shown to anyone; a
 * new key is shown there a day before it signs, since others keep the set for an hour. */
#ifndef DOMAIN_ID_TOKEN_KEY_H
#define DOMAIN_ID_TOKEN_KEY_H

#include "crypto/keyring.h"

#define ID_TOKEN_KEYS_SHOWN_S 3600 /* how long others may keep the set */
#define ID_TOKEN_KEY_AHEAD_MS (24LL * 3600 * 1000)

/* store_write_fn; arg unused. Makes the first key where there is none: for each start of a server. */
err id_token_key_settle(struct ctx *cx, void *arg) MUST_CHECK;

/* Before the next: CONFLICT id_token.key_waits when a key waits already, CORRUPT id_token.no_key. For the operator. */
err id_token_key_check_none_waits(struct ctx *cx) MUST_CHECK;

/* store_write_fn; arg: struct id_token_key_rotate. Another key, which signs in a day; those before it are shown until a
 * day behind that. One that waits by now is the one: the keys are committed before the rest, and the write runs again
 * when the rest is not. CORRUPT id_token.no_key. For the operator. */
struct id_token_key_rotate {
    int64_t out_signs_from_ms;
};
err id_token_key_rotate(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg unused. For when a private half is in other hands: another key, which signs at once; those before
 * it are gone and shown no more. CORRUPT id_token.no_key. For the operator. */
err id_token_key_replace(struct ctx *cx, void *arg) MUST_CHECK;

/* The one that signs now. CORRUPT id_token.no_key: no server has been started on this node. */
err id_token_key_load(struct ctx *cx, struct signing_key *out) MUST_CHECK;

/* {"keys": [...]} (RFC 7517 section 5): each that signs, will sign, or has signed what may still be shown. */
err id_token_key_set(struct ctx *cx, struct text *out) MUST_CHECK;

/* That each opens and fits its public half: CORRUPT id_token.key_lost. */
err id_token_keys_check_all(struct ctx *cx) MUST_CHECK;

#endif
