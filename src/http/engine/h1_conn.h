/* SPDX-License-Identifier: Apache-2.0
 * One HTTP/1.1 connection: reads requests one after the other, has each answered before it looks at the next, keeps its
 * deadlines, and closes so that the client can read the last reply. Lives on one loop. At most one request is under way
 * at a time; what a client sends beyond INPUT_HIGH_BYTES stays in the kernel. */
#ifndef HTTP_H1_CONN_H
#define HTTP_H1_CONN_H

#include <event2/bufferevent.h>

#include "http/engine/h1_body.h"
#include "http/engine/loop.h"

typedef enum conn_stage {
    CONN_HEAD = 0, /* between requests, or inside a head */
    CONN_BODY,
    CONN_OUT,      /* the call is with another thread */
    CONN_LINGER,   /* the last reply was written; what still comes is thrown away (RFC 9112 section 9.6) */
} conn_stage;

struct h1_conn {
    struct deadline     deadline; /* first: a deadline's address is its connection's */
    struct loop        *loop;
    struct h1_conn     *previous, *next;
    struct bufferevent *stream;
    struct exchange    *exchange; /* the request under way; NULL between requests */
    conn_stage          stage;
    bool                direct;   /* a plain socket: replies may go to it without a stop in the stream */
    bool                ended;    /* the client sends no more */
    bool                full;     /* so much has come that no more is read until some of it is taken */
    bool                half_closed; /* we send no more */
    bool                yields;   /* has input left that waits for the next turn */
    bool                answered; /* a reply has left: who waits for nothing may come back on another connection */
    bool                admitted; /* the body under way may take of the memory that all share */
    bool                dead;     /* to be freed at the end of the callback */
    size_t              unsent_mark; /* bytes that waited when the write deadline was set */
    size_t              body_share, unsent_share; /* counted for this connection in its loop's sums */
    struct h1_scan      scan;
    struct h1_body      body;
    struct builder      received; /* body bytes, in the exchange's arena */
    char                peer[PEER_SIZE_MAX];
};

/* Takes `stream`; NULL when there is no memory (the stream is freed). */
struct h1_conn *h1_conn_open(struct loop *loop, struct bufferevent *stream, const char *peer);
void h1_conn_close(struct h1_conn *conn); /* at once; a call that is out stays valid */

void h1_conn_expire(struct deadline *deadline); /* its deadline has run out */
void h1_conn_completed(struct h1_conn *conn);   /* the call that was out has its reply */
/* Whether the connection has waited for its client so long that a newcomer may have its place. */
bool h1_conn_is_silent(const struct h1_conn *conn, int64_t now_ns);
void h1_conn_drain(struct h1_conn *conn);       /* the loop is stopping: closes the connection if it is idle */

#endif
