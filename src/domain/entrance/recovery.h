/* SPDX-License-Identifier: Apache-2.0
 * The way back in for somebody whose devices are gone: codes that were printed once. A code opens nothing by itself. It
 * begins a wait, which every session of the person is told of and may stop; who comes with a code when the wait is over
 * is let in. So a stolen sheet of paper gives its owner a day. Whoever has no paper gets a code, and its wait, from the
 * operator. */
#ifndef DOMAIN_RECOVERY_H
#define DOMAIN_RECOVERY_H

#include "base/ctx.h"
#include "domain/entrance/session.h"

#define RECOVERY_CODES 8

/* store_write_fn; arg: struct recovery_codes. New codes for the caller: older ones are void, and so is a wait that was
 * begun with one. FORBIDDEN passkey.not_fresh, TOO_MANY passkey.too_many_changes. */
struct recovery_codes {
    struct text out[RECOVERY_CODES]; /* "7Q4K-M2XD-9RTA-H3VB", shown once */
};
err recovery_codes_make(struct ctx *cx, void *arg) MUST_CHECK;

/* What the caller has. */
struct recovery_state {
    int64_t codes_left;  /* printed ones */
    int64_t made_at_ms;  /* when these were; 0: none is left */
    int64_t begun_at_ms; /* 0: nobody waits */
    int64_t opens_at_ms;
};
err recovery_load(struct ctx *cx, struct recovery_state *out) MUST_CHECK;
/* How many printed codes somebody has left: those of the operator are for the one time that they were asked for. */
err recovery_codes_count(struct ctx *cx, int64_t person_id, int64_t *out) MUST_CHECK;

/* Whether a code is good; leaves it as it is. UNAUTHENTICATED recovery.code_unknown. */
err recovery_look(struct ctx *cx, struct text code) MUST_CHECK;

/* store_write_fn; arg: struct recovery_come. Begins a wait, tells until when it lasts, or, when it is over, uses the
 * code up and begins a session. What nobody has come for in LIMIT_RECOVERY_OPEN_MS begins anew. UNAUTHENTICATED
 * recovery.code_unknown. */
struct recovery_come {
    struct text            code;
    struct session_browser browser;
    int64_t                out_person_id;
    int64_t                out_opens_at_ms;
    struct text            out_session_token; /* empty: not yet */
};
err recovery_come(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg: struct recovery_begin. By the operator, for somebody without a code: makes one, which serves for
 * LIMIT_HELP_CODE_MS, voids the one that he made before, and begins the wait anew whether or not one lasts. NOT_FOUND
 * nobody who is here. */
struct recovery_begin {
    int64_t     person_id;
    struct text out_code; /* shown once */
    int64_t     out_opens_at_ms;
};
err recovery_begin(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg unused. The caller stops a wait, and every code is void. CONFLICT recovery.none. */
err recovery_stop(struct ctx *cx, void *arg) MUST_CHECK;

#endif
