/* SPDX-License-Identifier: Apache-2.0
 * What a handler works with. A handler has three moves: decode (call_text, call_body, call_query), call (one domain
 * function), encode (call_reply at once, or call_seal: the reply leaves only when the write that it speaks of is on
 * disk). Who asks, whether he may, and the form of the body are settled before, by the gate, from the route's row. */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "domain/entrance/seen_token.h"
#include "http/engine/server.h"
#include "http/gate/api.h"
#include "http/gate/route.h"
#include "store/store.h"

/* What the gate established. Read-only from then on; lives in the call's arena. */
struct visit {
    struct api          *api;
    const struct route  *route;
    struct route_match   match;
    const json_t        *body;                      /* NULL: none */
    struct text          idempotency_key;           /* empty: none */
    struct text          quota;                     /* RateLimit, where the door counts failures; else empty */
    struct text          quota_policy;              /* RateLimit-Policy */
    struct seen_token    proof;                     /* that came with an access token; its reason is NULL: none came */
};

const struct visit *call_visit(const struct call *call);
const char *call_origin(const struct call *call); /* "https://node.example" */

/* Uses the proof up that came with this request, before a reply leaves that no write goes before. Return what it
 * gives. */
err call_seal_proof(struct call *call) MUST_CHECK;
/* The same at a door where some replies follow a write of the ledger file: there all use their proofs up in that one.
 * Nothing, when none came. */
err call_seal_proof_of_read(struct call *call) MUST_CHECK;
/* Notes that the caller's session was used, when it is time to, and what its browser signals, beside a reply that no
 * write goes before. When that cannot be, the reply leaves all the same. */
void call_seal_note(struct call *call);

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
/* The problem that stands in call->cx.failure, with more members beside (NULL: none), as a reply; the failure is taken
 * away with it. For refusals that have things to name, and for acts that stand. */
void call_reply_problem(struct call *call, const struct shape *more, const void *value);
void call_allow_caching(struct call *call); /* for what never changes; without it nothing is kept by anybody */
void call_add_field(struct call *call, const char *name, struct text value); /* a value without control characters */
void call_replace_field(struct call *call, const char *name, struct text value); /* of a field that every reply has */

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
    MEMBER("limit", INT, 0, type, member.limit, .least = 1, .most = LIMIT_PAGE_MAX,                        \
     .sentence = "How many items at most; 50 when it is not given."),                                                \
    MEMBER("after", ID, 0, type, member.after, .id = ID_CURSOR,                                            \
     .sentence = "Where to go on: from the Link of the page before.")
#define PAGE_QUERY_START {.limit = LIMIT_PAGE_DEFAULT}

/* Where a list goes on: the item number inside `after`, 0 at the start. A place in somebody else's list is MALFORMED
 * request.bad_cursor. call_place() makes the place behind an item. */
err call_after(struct call *call, const struct page_query *query, int64_t *out_item) MUST_CHECK;
struct id call_place(const struct call *call, int64_t item);
/* Cuts a list that came whole to the page that was asked for: places are positions in it. */
err call_cut(struct call *call, const struct page_query *query, size_t item_size, struct page *page) MUST_CHECK;

/* ---- encode, sealed: `run` is a domain write that the store runs on its writer with `arg`; right behind it, in the
 * same savepoint, `encode` builds the reply from what `run` left in `arg`. A failure of either undoes the write. An act
 * that stands though its answer is a refusal (a refused disclosure) is answered with call_reply_problem(). Both may run
 * again, and neither touches thread data. `person_id` is whose key seals the answer that an Idempotency-Key keeps; 0:
 * the node's. Return what it gives from the handler. */
typedef err (*call_encode)(struct call *call, void *arg);
struct sealing {
    store_write_fn run;
    void          *arg;
    void (*announce)(struct ctx *cx, void *arg);      /* of store_write; optional, as the next one */
    void (*announce_more)(struct ctx *cx, void *arg);
    call_encode    encode;    /* NULL: the reply was already built with call_reply() */
    int64_t        person_id;
    const int64_t *about;     /* inside `arg`: the same, when only the act tells who it is; NULL: `person_id` */
    const bool    *passing;   /* inside `arg`, as the act leaves it: whether the answer is decided anew when it is asked
                                 for again; it is kept only in the place of one that stands no more. NULL: it is kept */
    struct text    secret;    /* of a caller who is nobody yet: without it no answer is kept for him */
    int64_t        stops;     /* acts, each of which takes something away: it goes first, and may use what is kept for
                                 stops, unless they are many; 0: it gives something */
    bool           may_fail;  /* the reply stands though the write does not: it speaks of something else */
    bool           in_ledger; /* the act writes the ledger file of the store only: its kept answer goes there too */
    /* Optional: whether the kept answer may still be given now; if not, everything is done anew. */
    err (*stands)(struct call *call, void *arg, bool *out_stands);
};
err call_seal_with(struct call *call, const struct sealing *sealing) MUST_CHECK;
err call_seal(struct call *call, store_write_fn run, void *arg, call_encode encode, int64_t person_id) MUST_CHECK;
/* The same for a write that can only stop, end, pause or narrow something. */
err call_seal_stop(struct call *call, store_write_fn run, void *arg, call_encode encode, int64_t person_id) MUST_CHECK;
/* For what is not there any more once the act is done. `refused` is the failure in call->cx by which the handler knows;
 * the same request may have come before, and then its kept answer is given in the place of the refusal. Only where the
 * gate has asked for everything that the act would have asked for. Return what it gives. */
err call_seal_again(struct call *call, err refused) MUST_CHECK;

#endif
