/* SPDX-License-Identifier: Apache-2.0
 * Short-lived tokens of systems that sign, each bound to the key that every use of it must be signed with. A token says
 * nothing by itself: its row does, and the system's row beside it, so what ends the system ends its tokens with the
 * next request. Of the token only a hash is stored, which binds all that the row says. */
#ifndef DOMAIN_ACCESS_TOKEN_H
#define DOMAIN_ACCESS_TOKEN_H

#include "domain/entrance/seen_token.h"

#define ACCESS_TOKEN_UNKNOWN "token.unknown"

/* store_write_fn. Uses up what the system has signed to get it, then makes the token. Fails UNAUTHENTICATED with the
 * reason of what was used before, or `reason` when the system does not sign any more. */
struct access_token_issue {
    struct actor             system; /* who asks, as signing_system_load() gave it */
    uint32_t                 scopes; /* some of the system's */
    uint8_t                  thumbprint[HASH_BYTES];
    struct seen_token        seen[2];
    const char              *reason;
    struct text              out_token; /* "tok_…", shown once */
    int64_t                  out_expires_at_ms;
};
err access_token_issue(struct ctx *cx, void *arg) MUST_CHECK;

struct access_token {
    struct actor actor; /* who it stands for, with the scopes that are left */
    uint8_t      thumbprint[HASH_BYTES];
    int64_t      issued_at_ms;
    int64_t      expires_at_ms;
};
/* Takes any text. `out_found` false: it is none, too old, ended, or its system is. */
err access_token_load(struct ctx *cx, struct text text, struct access_token *out, bool *out_found) MUST_CHECK;

/* store_write_fn. Ends a token of this system; any other text is left alone, and nobody learns which it was. */
struct access_token_revoke {
    struct actor      system;
    struct text       token;
    struct seen_token seen;
};
err access_token_revoke(struct ctx *cx, void *arg) MUST_CHECK;

#endif
