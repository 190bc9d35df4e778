/* SPDX-License-Identifier: Apache-2.0
 * The one place where a failure becomes a reply: application/problem+json (RFC 9457). Members: type
 * ("urn:symbolon:" and the reason), title, status, detail, reason, request_id, and pointer (RFC 6901, into the
 * request's body) when one member is at fault. A browser outside /v1 and /log gets the same as a page. Whatever is
 * NOT_FOUND gives the same octets but for the request id. Of our own faults only the request id is told. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include "base/log.h"
#include "http/engine/server.h"
#include "http/gate/shape.h"

#define PROBLEM_TYPE "application/problem+json"

/* Fills call->reply from call->cx.failure, which must hold one. Fields that the reply had are dropped. */
void problem_fill(struct call *call);
/* With the members of `more` beside, NULL: none. */
void problem_fill_with(struct call *call, const struct shape *more, const void *value);

/* One line for each reply of 500 and above, with the place of birth. `route` may be NULL. */
void problem_log(const struct log *log, const struct call *call, const char *route);

/* Fields of every reply: request id, no sniffing, no referrer, no caching. Called by problem_fill() as well. */
void reply_add_common_fields(struct call *call);

#endif
