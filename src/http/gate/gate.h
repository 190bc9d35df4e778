/* SPDX-License-Identifier: Apache-2.0
 * What stands before every handler, from the route's row alone: who calls and whether such a caller may (credentials,
 * scope, origin), and whether the request has the form that the door takes (query, media type, JSON, Idempotency-Key).
 * Whose the things are that it names is decided below, by domain/policy. */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include "http/gate/call.h"

struct gate {
    const char *origin; /* "https://node.example": decides the cookie's name, and whose writes are taken */
};

/* Fills the ctx's actor. Runs with a store handle in the ctx. Fails UNAUTHENTICATED credentials.missing | key.unknown |
 * session.unknown | credentials.scheme, as oauth_token_admit(), MALFORMED credentials.two | credentials.repeated,
 * FORBIDDEN actor.wrong_kind | scope.missing | origin.refused, MALFORMED request.unknown_parameter. Credentials that
 * came with a request for anyone are not looked at. `out_proof`: what came with an access token; its reason is NULL
 * when none came. */
err gate_admit(const struct gate *gate, struct call *call, const struct route *route,
               struct seen_token *out_proof) MUST_CHECK;

/* A number that stands for the credentials of a request, good or not: nobody finds others for the same number. False:
 * there are none that could be good. Asks no store. */
bool gate_number_credentials(const struct gate *gate, struct call *call, uint64_t *out);

/* Behind that, for a person: marks the actor when the request bears the signal of Global Privacy Control (W3C) and it
 * is not recorded everywhere yet. Anything but the value 1 is no signal. */
err gate_hear_signal(struct call *call) MUST_CHECK;

/* For pages that greet: whether the request has a session of a person or member that holds, and whose; `out` is left as
 * it was when it has none. Unless `out` is the ctx's actor, that stays nobody. */
bool gate_find_human(const struct gate *gate, struct call *call, struct actor *out);
/* What came as the token of a session, unlooked at; empty: none, or more than one. */
struct text gate_session(const struct gate *gate, struct call *call);

/* Reads the body as JSON; NULL when there is none, or when the door takes forms and it is one. Fails MEDIA_TYPE
 * request.media_type, MALFORMED request.body_not_taken, and as json_parse(). */
err gate_body(struct call *call, const struct route *route, const json_t **out) MUST_CHECK;

/* Empty when there is none, for methods that change nothing, and where everything is decided anew. Fails MALFORMED
 * idempotency.key. */
err gate_idempotency_key(struct call *call, const struct route *route, struct text *out) MUST_CHECK;

/* "__Host-session" where the origin is https, else "session". */
const char *gate_cookie_name(const struct gate *gate);
/* A second cookie, for a browser that is nobody yet and has begun to sign in: "__Host-visitor" or "visitor". It names
 * nobody; what was handed out with it is good from this browser only. Empty when there is none. Fails as the session's:
 * MALFORMED credentials.repeated. */
err gate_read_visitor(const struct gate *gate, struct call *call, struct text *out) MUST_CHECK;
/* Its Set-Cookie, for `age_s`; with an empty value for its end. `.at` is NULL: no memory. */
struct text gate_visitor_cookie(const struct gate *gate, struct arena *arena, struct text value, int age_s);
/* The value of Set-Cookie for a fresh session, or with an empty token for its end. `.at` is NULL: no memory. */
struct text gate_cookie(const struct gate *gate, struct arena *arena, struct text token);

#endif
