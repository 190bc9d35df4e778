/* SPDX-License-Identifier: Apache-2.0
 * What a person has let a client have by an answer in the browser: to be signed in there, and to read by one grant,
 * whose receipt is that of the answer. It lives as long as the grant and the relationship do: both are looked at with
 * every use, so a stop ends code, tokens and all that rests on them with the next request. Codes and tokens are rows of
 * which only a hash is stored; it binds person, authorization, key and time. */
#ifndef DOMAIN_AUTHORIZATION_H
#define DOMAIN_AUTHORIZATION_H

#include "domain/entrance/authorization_ask.h"
#include "domain/sharing/request.h"

#define CODE_INVALID "code.invalid" /* the one reason of a code or refresh token that is not taken */

/* Kinds of what stands for an authorization. Numbers are stored. */
typedef enum authorization_token_kind {
    AUTHORIZATION_CODE = 1,    /* "cod_…": one use within a minute */
    AUTHORIZATION_ACCESS = 2,  /* "acc_…" */
    AUTHORIZATION_REFRESH = 3, /* "ref_…": as often as wished, with its key, until the grant ends */
    AUTHORIZATION_USED_CODE = 4, /* of rows only: a code from its first use on, until its minute is over */
} authorization_token_kind;

struct authorization {
    int64_t                  person_id;
    int64_t                  authorization_id;
    struct actor             system;       /* the client, as it is now */
    struct relationship      relationship; /* active */
    bool                     has_grant;    /* false: it shares nothing */
    struct grant             grant;        /* active; an objection may outweigh it: then it permits nothing */
    struct authorization_ask ask;          /* what was asked: scope, nonce, claims */
    int64_t                  answered_at_ms;
    int64_t                  used_at_ms;     /* when it last gave a token; 0: not yet */
    int64_t                  ends_at_ms;     /* at the latest: that of grant, relationship, or refresh token */
    int64_t                  verified_at_ms; /* when the person had last proved by a passkey who it is; 0: not */
};

/* Pure: whether its client may read anything by its grant at the moment of loading. */
bool authorization_may_read(const struct authorization *authorization);

/* `out_live` false: it has ended, or its grant, relationship or client has; `out` is then not whole. */
err authorization_load(struct ctx *cx, int64_t person_id, int64_t authorization_id, struct authorization *out,
                       bool *out_live) MUST_CHECK;
/* The live one of this grant of the client that calls (a system); of several the newest. NOT_FOUND. */
err authorization_load_of_grant(struct ctx *cx, int64_t person_id, int64_t grant_id,
                                struct authorization *out) MUST_CHECK;

/* ---- what the person sees, and ends */

/* A page of the caller's that live, the newest first. It may be shorter than `limit` and still have one behind it. */
struct authorization_list {
    int64_t               before; /* only those before it; 0: from the newest */
    int64_t               limit;
    struct authorization *out;
    size_t                out_count;
    int64_t               out_next; /* `before` of the page behind; 0: there is none */
};
err authorization_list(struct ctx *cx, struct authorization_list *list) MUST_CHECK;

/* store_write_fn; arg: int64_t authorization_id, one of the caller's. All that its client has of him ends: codes
 * and tokens, also of other sign-ins. Grant and relationship stay. NOT_FOUND. */
err authorization_end_own(struct ctx *cx, void *arg) MUST_CHECK;

/* ---- the answer, a store_write_fn. The person's; the request is used up by it, whatever it is. What is given is a
 * grant that the client's department has asked for and the person answered, as request.h has it: its failures come
 * through. A live grant that is the same is taken as it is. Somebody who has no relationship there begins one. Of one
 * person with one client the newest LIMIT_AUTHORIZATIONS_OF_CLIENT stay, with all clients the newest
 * LIMIT_AUTHORIZATIONS; of as many live grants as a purpose may have the oldest is withdrawn. MALFORMED
 * authorization.unknown; CONFLICT relationship.paused, authorization.purpose_changed; TOO_MANY
 * relationship.too_many_proposals. */
struct authorization_answer {
    struct text           name;         /* of the pushed request */
    bool                  accepts;
    bool                  wants_data;   /* false: nothing but signing in, and the next two are not read */
    struct request_make   make;         /* purpose, attributes, duration, uses */
    struct request_answer terms;        /* accept, or adjust with what it adjusts */
    struct pushed_request out_pushed;
    struct relationship   out_relationship; /* as the next ones only when it accepts */
    bool                  out_has_grant;
    struct grant          out_grant;
    struct text           out_code;
};
err authorization_answer(struct ctx *cx, void *arg) MUST_CHECK;

/* Before it, for what the person is shown: what this answer would come to now, if it accepts and wants data. Takes
 * out_pushed and out_relationship, which may be one that has ended or never was; fills out_has_grant, whether there is
 * a live grant that it would take as it is, and out_grant, of which otherwise only until_at_ms counts. `out_objected`:
 * an objection, or the signal of this request, is against the purpose. CONFLICT authorization.purpose_changed. */
err authorization_foresee(struct ctx *cx, struct authorization_answer *answer, bool *out_objected) MUST_CHECK;

/* ---- codes and tokens */

struct authorization_token {
    authorization_token_kind kind;
    struct authorization     authorization;
    bool                     is_bound;
    uint8_t                  thumbprint[HASH_BYTES]; /* when bound: codes may not be */
    int64_t                  issued_at_ms;
    int64_t                  expires_at_ms;
};
/* Takes any text. `out_live` false: it is none of this kind, too old, used or ended, or its authorization is. */
err authorization_token_load(struct ctx *cx, struct text text, authorization_token_kind kind,
                             struct authorization_token *out, bool *out_live) MUST_CHECK;

/* store_write_fn. A code or a refresh token for an access token; a code also gives a refresh token. A code that comes
 * once more ends all that came of it: `out_replayed` then, and nothing is given. MALFORMED code.invalid;
 * UNAUTHENTICATED as access_token_issue(). Whether the verifier fits is the caller's to check, with the code's
 * challenge, before. */
struct authorization_redeem {
    authorization_token_kind kind;   /* code or refresh */
    struct text              text;
    struct actor             system; /* who asks */
    struct text              redirect_uri; /* for a code: must be that of the request */
    uint8_t                  thumbprint[HASH_BYTES];
    struct seen_token        seen[2];
    const char              *reason;
    bool                     out_replayed;
    struct authorization     out;
    struct text              out_access;
    struct text              out_refresh; /* empty for a refresh token: the old one stays */
    int64_t                  out_expires_at_ms;
};
err authorization_redeem(struct ctx *cx, void *arg) MUST_CHECK;
/* The challenge of a code that was not redeemed yet, or was; empty: it is no code of this system. */
err authorization_code_challenge(struct ctx *cx, const struct authorization_redeem *redeem,
                                 struct text *out) MUST_CHECK;

/* Inside a write: ends an access token of this system, or with a refresh token the whole authorization; any other text
 * is left alone. */
err authorization_token_revoke(struct ctx *cx, const struct actor *system, struct text text) MUST_CHECK;

/* Inside a write, for a client that gives a grant back: the system that calls. All that it has by this grant ends; the
 * grant itself does too, unless another program acts by it. NOT_FOUND. */
err authorization_give_back(struct ctx *cx, int64_t person_id, int64_t grant_id) MUST_CHECK;

/* store_write_fn: as seen_token_forget(), for pushed requests, codes and tokens. */
err authorization_forget(struct ctx *cx, void *arg) MUST_CHECK;

#endif
