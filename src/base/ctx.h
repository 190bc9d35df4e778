/* SPDX-License-Identifier: Apache-2.0
 * What one request carries through every floor: memory, effects, the caller, the failure. One request = one arena + one
 * ctx + at most one write. The pointers to higher floors are opaque here; each floor looks only at its own. */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/effects.h"
#include "base/error.h"
#include "base/id.h"

struct keyring;    /* crypto/keyring.h */
struct store_conn; /* store/store.h */

typedef enum actor_kind {
    ACTOR_NOBODY = 0, /* not signed in */
    ACTOR_PERSON,     /* a session of a person's app */
    ACTOR_SYSTEM,     /* an API client of one department */
    ACTOR_OPERATOR,   /* the command line on the node itself, and its own jobs */
    ACTOR_MEMBER,     /* a session of somebody who works for an organisation */
} actor_kind;

/* What a member may; each role may what those before it may. Stored, never reused. */
typedef enum member_role {
    MEMBER_NONE = 0,
    MEMBER_VIEWER = 1, /* looks at what his department asks and was given, never at anybody's data */
    MEMBER_ADMIN = 2,  /* and makes departments, systems, keys and members */
} member_role;

/* The caller, as authentication established it. Never filled from a request's body or path. */
struct actor {
    actor_kind kind;
    int64_t    person_id;      /* of a member: his number among those who sign in (domain/parties/member.h) */
    int64_t    session_id;
    struct text session_public_id; /* how its row is found; empty: it comes by no session */
    int64_t    seen_at_ms;     /* when it was last noted that the session is used */
    int64_t    verified_at_ms; /* when the session last proved who it is; 0: it has not */
    int64_t    passkey_at_ms;  /* the same, when that was by a passkey; else 0 */
    bool       signals;        /* its browser objects (Sec-GPC) … */
    bool       signals_anew;   /* … and that is new in one of its relationships */
    int64_t    organisation_id;
    int64_t    department_id;
    int64_t    department_bit; /* 1 << ordinal of the department inside its organisation */
    int64_t    system_id;
    uint32_t   scopes;         /* bits of http/scope.def */
    member_role role;
};

/* Whether the caller is somebody who signs in, and has passkeys and sessions of his own. */
static inline bool actor_signs_in(const struct actor *actor)
{
    return actor->kind == ACTOR_PERSON || actor->kind == ACTOR_MEMBER;
}

/* By which number the caller is known among those of his kind; 0: he has none. */
static inline int64_t actor_number(const struct actor *actor)
{
    return actor_signs_in(actor) ? actor->person_id : actor->kind == ACTOR_SYSTEM ? actor->system_id : 0;
}

/* Whether the caller speaks for one department of an organisation, and sees what that may see. */
static inline bool actor_is_of_department(const struct actor *actor)
{
    return actor->kind == ACTOR_SYSTEM || actor->kind == ACTOR_MEMBER;
}

struct ctx {
    struct arena            *arena;
    const struct clock      *clock;
    const struct randomness *randomness;
    struct number_source    *numbers;
    struct keyring          *keyring;
    struct store_conn       *db;     /* the running thread's read handle; inside a write, the writer's */
    int64_t                  now_ms; /* the request's moment: one for all its decisions */
    int64_t                  wall_ms; /* later than that when a clock says so that is not believed yet; else 0 */
    struct actor             actor;
    struct failure           failure;
    bool                     is_in_haste; /* others wait for this thread: it asks no other process for anything */
};

static inline int64_t ctx_number(struct ctx *cx)
{
    return number_next(cx->numbers, cx->now_ms, cx->randomness);
}

/* The moment by which a permission must not have ended: what is over by either clock gives nothing. */
static inline int64_t ctx_latest_ms(const struct ctx *cx)
{
    return cx->wall_ms > cx->now_ms ? cx->wall_ms : cx->now_ms;
}

/* A second ctx for the same request, with memory of its own: for work that may be longer than one arena and empties it
 * on its way. Every one that was opened is joined again. TOO_LARGE limit.memory. */
MUST_CHECK static inline err ctx_part(struct ctx *cx, size_t max_bytes, struct ctx *out)
{
    struct arena *arena = arena_open(max_bytes);
    if (arena == NULL)
        return FAIL_MEMORY(cx);
    *out = *cx;
    out->arena = arena;
    return OK;
}

/* Gives the memory back. `result` is what the work came to, and what this gives; its failure is taken over, unless one
 * stands here already. */
MUST_CHECK static inline err ctx_join(struct ctx *cx, struct ctx *apart, err result)
{
    if (result != OK && cx->failure.code == OK)
        cx->failure = apart->failure;
    arena_close(apart->arena);
    return result;
}

#endif
