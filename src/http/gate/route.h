/* SPDX-License-Identifier: Apache-2.0
 * Every door, read from routes.def, and the way from a path to its door. The tree is built once and read-only from then
 * on. Finding takes no memory: parts are compared as they stand in the request. Ids are opened later, by the gate. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/engine/h1_path.h"
#include "http/engine/server.h"
#include "http/gate/shape.h"

#define ROUTE_PARAMETERS_MAX 3

typedef enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_COUNT } method;

/* Who may stand before a door. A route names at least one. */
typedef enum who {
    WHO_ANYONE = 1 << 0, /* no credentials are looked at */
    WHO_PERSON = 1 << 1,
    WHO_SYSTEM = 1 << 2,
    WHO_MEMBER = 1 << 3,       /* somebody who works for an organisation */
    WHO_HUMAN = WHO_PERSON | WHO_MEMBER,
    WHO_ORGANISATION = WHO_SYSTEM | WHO_MEMBER,
} who;

typedef enum scope {
    SCOPE_NONE = 0, /* nothing beyond being who `who` says */
#define X(name, bit, word, sentence) SCOPE_##name = 1 << (bit),
#include "http/scope.def"
#undef X
} scope;

#define SCOPE_MISSING "scope.missing" /* the reason of whoever lacks one */

/* What a key may do that was made without a list. */
#define SCOPES_DEFAULT                                                                                                 \
    (SCOPE_DISCLOSURES | SCOPE_RECORDS | SCOPE_REQUESTS | SCOPE_PURPOSES | SCOPE_EVENTS | SCOPE_MESSAGES |             \
     SCOPE_RELATIONSHIPS | SCOPE_INVITATIONS | SCOPE_GRANTS)

typedef enum limit_class {
#define X(name, per_minute, at_once, body_bytes, sentence) LIMIT_CLASS_##name,
#include "http/limit_class.def"
#undef X
    LIMIT_CLASS_COUNT
} limit_class;

struct call;
typedef err (*handler)(struct call *call);

struct route {
    method              method;
    const char         *path; /* "/v1/me/grants/{grt}/withdraw"; "{tile...}" takes the rest of the path */
    const char         *name; /* of the handler: operation id and metrics label */
    handler             run;
    unsigned            who;
    unsigned            scope;
    lane                lane;
    limit_class         limit;
    const struct shape *query;   /* NULL: none but none is taken */
    const struct shape *request; /* NULL: no body is taken */
    const struct shape *reply;   /* NULL: no JSON comes back */
    int                 status;  /* of success */
    const char         *sentence;
};

const struct route *routes(size_t *out_count); /* all rows, in the order of routes.def */
const char *method_name(method which);
const char *scope_word(unsigned bit); /* of one scope */
/* The bit of a scope's word ("disclosures"), or 0. */
unsigned scope_of_word(struct text word);

/* A door and the parameters of the path in their order: views into the request, decoded. `{grt}` is an id, any other
 * name is text; "{tile...}" stands for all that is left and gives no value. */
struct route_match {
    const struct route *route;
    size_t              count;
    struct text         names[ROUTE_PARAMETERS_MAX];
    struct text         values[ROUTE_PARAMETERS_MAX];
};

struct router;

/* NULL only when the C library has no memory. The routes are borrowed. */
struct router *router_open(const struct route *rows, size_t count);
void router_close(struct router *router); /* takes NULL */

/* Finds the door of a request. HEAD goes to the door of GET. Fails NOT_FOUND not_found (also for a path that ends with
 * "/"), BAD_METHOD request.bad_method, MALFORMED http.path. */
err router_find(const struct router *router, struct call *call, struct route_match *out) MUST_CHECK;

/* The value of Allow for the path of a request: "GET, HEAD, POST"; empty when nothing is there. In the call's arena. */
struct text router_allow(const struct router *router, struct call *call);

#endif
