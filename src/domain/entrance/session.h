/* SPDX-License-Identifier: Apache-2.0
 * Sessions: what signing in leaves behind. Each has a token of its own, which nobody had before it began; whoever
 * proves anew who he is gets another, and the old one is over. A session ends by itself: some days after its last use,
 * and at the latest some days after it began. An ended one leaves no row, so no change of a row brings it back. */
#ifndef DOMAIN_SESSION_H
#define DOMAIN_SESSION_H

#include "base/ctx.h"

/* How somebody signed in; stored, never reused. */
typedef enum session_way {
    SESSION_BY_LINK = 1,
    SESSION_BY_PASSKEY = 2,
    SESSION_BY_CODE = 3,       /* one that was printed, and its wait */
    SESSION_BY_INVITATION = 4, /* claimed by somebody new */
} session_way;

/* What comes with whoever signs in. */
struct session_browser {
    int64_t     device;  /* domain/entrance/device.h */
    struct text session; /* the token of one that it has already, whoever's; empty: none that is known */
};

/* Inside a write: a session for somebody who has just proved who he is; by a passkey or a code, for now as well. The
 * one that the browser had ends: its cookie is gone, and with it whoever could still sign it out. */
struct session_start {
    int64_t                person_id;
    session_way            way;
    struct session_browser browser;
};
err session_begin(struct ctx *cx, const struct session_start *start, struct text *out_token) MUST_CHECK;

/* Inside a write: the caller has proved once more who he is. His session goes on under another token and number; what
 * was bound to the old one is of nobody. UNAUTHENTICATED session.unknown when it has ended meanwhile. */
err session_renew(struct ctx *cx, struct text *out_token) MUST_CHECK;

/* Who a session cookie is; fills `actor`. UNAUTHENTICATED session.unknown. */
err session_authenticate(struct ctx *cx, struct text token, struct actor *out) MUST_CHECK;

/* Whether it is time to note that the caller's session is used; and, inside a write, the note. */
bool session_is_to_note(const struct ctx *cx);
err session_note(struct ctx *cx) MUST_CHECK;

struct session {
    int64_t     session_id;
    session_way way;
    int64_t     device;
    int64_t     created_at_ms;
    int64_t     seen_at_ms;
    int64_t     expires_at_ms; /* used or not */
    bool        is_current;
};
/* The caller's that have not ended, the last used first, at most LIMIT_SESSIONS_SHOWN. */
err session_list(struct ctx *cx, struct session **out, size_t *out_count) MUST_CHECK;

/* store_write_fn; arg unused: ends the caller's own. */
err session_end(struct ctx *cx, void *arg) MUST_CHECK;
/* store_write_fn; arg: int64_t session_id, one of the caller's. NOT_FOUND. */
err session_end_one(struct ctx *cx, void *arg) MUST_CHECK;
/* store_write_fn; arg unused: ends all of the caller's but this one. */
err session_end_others(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg: bool, whether some are left. Forgets a portion of those that are over. */
err session_forget(struct ctx *cx, void *arg) MUST_CHECK;

#endif
