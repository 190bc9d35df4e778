/* SPDX-License-Identifier: Apache-2.0
 * The passkeys of a person: kept, named, used, taken away. What a browser sends is held against the standard one floor
 * up (protocol/webauthn.h); here stands whose it is and what follows from it. Credential id, public key and name lie
 * sealed under the person's key, in a place of their own: who can change rows and has no keys cannot put in a passkey,
 * and the passkeys of somebody who was erased are of nobody. */
#ifndef DOMAIN_PASSKEY_H
#define DOMAIN_PASSKEY_H

#include "base/ctx.h"
#include "base/limits.h"
#include "domain/entrance/session.h"

struct secret_key;
struct sql_passkey_row;

/* What is sealed. */
struct passkey_secret {
    struct bytes credential_id;
    struct bytes public_key; /* COSE */
    struct text  name;
    struct text  transports; /* words with a space between them */
    bool         may_be_copied; /* its keeper makes copies for other devices of the same owner */
};

struct passkey {
    int64_t               person_id;
    int64_t               passkey_id;
    int64_t               version;
    uint32_t              counter;
    bool                  backed_up;
    int64_t               created_at_ms;
    int64_t               used_at_ms;
    struct passkey_secret secret;
};

/* The caller's, by age. */
err passkey_list(struct ctx *cx, struct passkey **out, size_t *out_count) MUST_CHECK;
/* What may be named to a browser which says who it is, and can prove nothing yet: as many ids for everybody, those that
 * are there and behind them stable made-up ones, so that nobody learns who is here, nor how many passkeys somebody has.
 * `who`: any text; the id of a person is one. */
err passkey_list_named(struct ctx *cx, struct text who, struct bytes out_ids[LIMIT_PASSKEYS]) MUST_CHECK;
/* The one of these by its credential id, for a sign-in. UNAUTHENTICATED passkey.unknown: nobody who is here has it. */
err passkey_find(struct ctx *cx, int64_t person_id, struct bytes credential_id, struct passkey *out) MUST_CHECK;

/* store_write_fn; arg: struct passkey_add. INVALID passkey.challenge, CONFLICT passkey.exists, TOO_LARGE
 * passkey.too_many, FORBIDDEN passkey.not_fresh (passkey_require_way_to_add()), TOO_MANY passkey.too_many_changes. */
struct passkey_add {
    struct bytes          challenge;
    struct passkey_secret secret;
    uint32_t              counter;
    bool                  backed_up;
    struct passkey        out;
};
err passkey_add(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg: struct passkey_rename. NOT_FOUND. */
struct passkey_rename {
    int64_t        passkey_id;
    struct text    name;
    struct passkey out;
};
err passkey_rename(struct ctx *cx, void *arg) MUST_CHECK;

/* store_write_fn; arg: int64_t passkey_id. NOT_FOUND, FORBIDDEN passkey.not_fresh, CONFLICT passkey.last; CONFLICT
 * passkey.recovered: for LIMIT_RECOVERED_MS after somebody came in by a printed code, those from before it stay. */
err passkey_remove(struct ctx *cx, void *arg) MUST_CHECK;

/* What a signature has shown. The caller has checked it against the passkey that passkey_find() gave. */
struct passkey_use {
    struct bytes           challenge;
    int64_t                person_id;
    int64_t                passkey_id;
    uint32_t               counter;
    bool                   may_be_copied;
    bool                   backed_up;
    struct session_browser browser;           /* of passkey_sign_in() */
    struct text            out_session_token; /* unless there is an alarm */
    bool                   out_alarm; /* the counter did not rise: nothing was done but to tell the person */
};
/* store_write_fn; arg: struct passkey_use. A session for whoever has proved it; for the caller's
 * own, another proof and with it another token (session_renew()).
 * INVALID passkey.challenge, UNAUTHENTICATED passkey.unknown. */
err passkey_sign_in(struct ctx *cx, void *arg) MUST_CHECK;
err passkey_verify(struct ctx *cx, void *arg) MUST_CHECK;

/* Whether the caller's session has proved by a passkey who it is, LIMIT_FRESH_MS ago at most, or has none to prove it
 * with. FORBIDDEN passkey.not_fresh. For what must not be done by whoever finds an open session. */
err passkey_require_fresh(struct ctx *cx) MUST_CHECK;
/* The same for adding one: who has a passkey proves it anew to add another. A session that came by a printed code has
 * none to prove it with: for LIMIT_RECOVERED_MS it may, until one was added. */
err passkey_require_way_to_add(struct ctx *cx) MUST_CHECK;

/* For the audit: opens a row under the person's key. CORRUPT. */
err passkey_open(struct ctx *cx, const struct secret_key *key, int64_t person_id, const struct sql_passkey_row *row,
                 struct passkey *out) MUST_CHECK;

#endif
