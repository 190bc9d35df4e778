/* SPDX-License-Identifier: Apache-2.0
 * What a handler works with. A handler has three moves: decode (call_text, call_body, call_query), call (one domain
 * function), encode (call_reply at once, or call_seal: the reply leaves only when the write that it speaks of is on disk).
 * Who asks, whether he may, and the form of the body are settled before, by the gate, from the route's row. */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "http/api.h"
#include "http/route.h"
#include "http/server.h"
#include "store/store.h"

/* What the gate established. Read-only from then on; lives in the call's arena. */
struct visit {
    struct api          *api;
    const struct route  *route;
    struct route_match   match;
    const json_t        *body;                      /* NULL: none */
    struct text          idempotency_key;           /* empty: none */
};

const struct visit *call_visit(const struct call *call);

/* ---- decode */
struct text call_text(const struct call *call, const char *name);       /* the path's parameter; it must have one */
/* The path's parameter of that name as an id; its name is the prefix ("pur"). NOT_FOUND. */
err call_id(struct call *call, const char *name, struct id *out) MUST_CHECK;
err call_body(struct call *call, void *out) MUST_CHECK;                 /* by the route's request shape */
err call_bodies(struct call *call, void *out_items, size_t *out_count) MUST_CHECK; /* one or an array; zeroed structs */
err call_query(struct call *call, void *out) MUST_CHECK;                /* by the route's query shape */

/* ---- encode, at once: by the route's reply shape, with the route's status */
err call_reply(struct call *call, const void *value) MUST_CHECK;
err call_reply_text(struct call *call, const char *content_type, struct text body) MUST_CHECK; /* copies nothing */
void call_reply_nothing(struct call *call); /* the route's status alone */
void call_redirect(struct call *call, const char *location); /* the route's status and Location; a literal */
/* The problem that stands in call->cx.failure, with more members beside: for a refusal that has things to name. */
void call_reply_problem(struct call *call, const struct shape *more, const void *value);
void call_add_field(struct call *call, const char *name, struct text value); /* a value without control characters */

/* One page of a list. `next` is where the following page begins, ID_NONE at the end; it becomes Link: rel="next". */
struct page {
    const void *items;
    size_t      count;
    struct id   next;
};
/* The route's reply shape describes struct page (SHAPE_PAGE below). */
err call_reply_page(struct call *call, const struct page *page) MUST_CHECK;

/* Query parameters of every list, first in the struct of any longer query. */
struct page_query {
    int64_t   limit; /* already between 1 and LIMIT_PAGE_MAX */
    struct id after; /* ID_NONE: from the start */
};
#define PAGE_QUERY_MEMBERS(type, member)                                                                             \
    {"limit", SHAPE_INT, 0, offsetof(type, member.limit), .least = 1, .most = LIMIT_PAGE_MAX,                        \
     .sentence = "How many items at most."},                                                                         \
    {"after", SHAPE_ID, 0, offsetof(type, member.after), .id = ID_CURSOR,                                            \
     .sentence = "Where to go on: from the Link of the page before."}
#define PAGE_QUERY_START {.limit = LIMIT_PAGE_DEFAULT}

/* ---- encode, sealed: `run` is a domain write that the store runs on its writer with `arg`; then `encode` builds the
 * reply from what `run` left in `arg`, or fails, and then the committed act is answered with that problem. `encode` runs
 * on the writer's thread: it touches neither store nor thread data. `person_id` is whose key seals the stored answer of
 * an Idempotency-Key; 0: the node's. Return its result from the handler. */
typedef err (*call_encode)(struct call *call, void *arg);
struct sealing {
    store_write_fn run;
    void          *arg;
    call_encode    encode;    /* NULL: the reply was already built with call_reply() */
    int64_t        person_id;
};
err call_seal(struct call *call, const struct sealing *sealing) MUST_CHECK;

#endif
