/* SPDX-License-Identifier: Apache-2.0
 * One event loop: its listener, its connections, their deadlines, the exchanges under way and the counters. Everything
 * here is touched by the loop's own thread only, except the mailbox, the stop mark and the counters. Server and
 * connections share this header; nobody else includes it. */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include <event2/event.h>

#include "http/engine/deadline.h"
#include "http/engine/exchange.h"
#include "http/engine/h1_reply.h"
#include "http/engine/hold.h"

struct bufferevent;
struct pool;

#define LOOP_OUTBOX_BYTES (64u * 1024)

/* Replies of the running callback, on their way to one socket. Empty between two callbacks. */
struct outbox {
    size_t size;
    char   at[LOOP_OUTBOX_BYTES];
};

/* Written by the loop's thread, read by any. */
struct loop_counters {
    _Atomic uint64_t connections_open, connections_accepted, connections_displaced;
    _Atomic uint64_t requests, refused, bytes_in, bytes_out, sealed_open, dropped;
    _Atomic uint64_t replies[6];
};

static inline void count_up(_Atomic uint64_t *counter, uint64_t by) /* one writer: no locked instruction needed */
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

static inline void count_down(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) - 1, memory_order_relaxed);
}

struct loop {
    const struct server_config *config;
    const struct server_hooks  *hooks;
    struct pool                *pool;         /* NULL: no pool lane, VERDICT_POOL is answered with 503 */
    size_t                      index;
    void                       *thread_data;
    struct event_base          *base;
    struct event               *listening;    /* NULL for a loop without a listener (tests) */
    struct event               *mail;         /* the mailbox's descriptor */
    struct event               *turn_end;     /* runs behind the events that were ready with it */
    struct event               *timer;
    struct event               *beat;         /* the hold's descriptor */
    int64_t                     timer_at_ns;  /* DEADLINE_NEVER: not armed */
    int64_t                     accept_again_at_ns; /* DEADLINE_NEVER: no pause for want of descriptors or places */
    int64_t                     drain_until_ns;
    int64_t                     drain_last_ns; /* put off until then at most, while calls are with other threads */
    size_t                      connections_max;
    size_t                      connection_count;
    size_t                      out_count;    /* calls that wait for another thread or for their beat */
    size_t                      sealed_count; /* sealed since the last hand-over */
    size_t                      body_bytes;   /* memory of the longer bodies under way */
    size_t                      unsent_bytes; /* memory of the replies that clients have not taken */
    bool                        draining;
    bool                        ending;       /* this turn is the last one */
    struct h1_conn             *conns;
    struct deadlines            deadlines;
    struct exchange_shelf       shelf;
    struct mailbox              mailbox;
    struct hold                 hold;
    atomic_bool                 stop;
    int64_t                     date_second;
    char                        date[HTTP_DATE_SIZE];
    struct loop_counters        counters;
    struct outbox               outbox;
};

/* Makes the parts that need no thread. `listener` is a listening, non-blocking socket that the loop closes, or -1.
 * INTERNAL server.loop. */
err loop_open(struct ctx *cx, struct loop *loop, int listener) MUST_CHECK;
void loop_close(struct loop *loop); /* closes all connections; frees exchanges that are still out */
/* After loop_run(): have all calls come back that were with other threads? */
bool loop_has_all_calls(struct loop *loop);

err loop_run(struct ctx *cx, struct loop *loop) MUST_CHECK; /* until it is stopped and drained */
void loop_stop(struct loop *loop);                          /* from any thread */

/* A connection over `stream`, which it takes. False: no memory, and the stream is freed. */
bool loop_adopt(struct loop *loop, struct bufferevent *stream, const char *peer);

int64_t loop_now_ns(const struct loop *loop);
const char *loop_date(struct loop *loop); /* HTTP_DATE_SIZE characters of this second */
void loop_call_left(struct loop *loop); /* a call waits for another thread from now on */
/* Whether a finished call must wait for its beat: then it has left as well, and comes back by itself. */
bool loop_hold(struct loop *loop, struct exchange *exchange);
/* A call was sealed on this loop: hand it over with the others at the end of the turn. */
void loop_sealed(struct loop *loop);
/* A connection has set or dropped a deadline, or has gone: arms the timer, accepts again. */
void loop_arm_timer(struct loop *loop);
void loop_connection_closed(struct loop *loop);

#endif
