/* SPDX-License-Identifier: Apache-2.0
 * What stays behind api.h: the object itself, and what each thread of the engine keeps: its read handle, how often
 * callers come, and the sealed writes of the turn, which go to the store as one chain. Inside http/ only. */
#ifndef HTTP_API_THREAD_H
#define HTTP_API_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/gate/api.h"
#include "http/gate/gate.h"
#include "http/gate/known.h"
#include "http/gate/newest.h"
#include "http/gate/rate.h"
#include "http/gate/route.h"
#include "http/gate/share.h"

#define REPLY_CLASSES 6 /* by first digit of the status */

/* Counters of one route; summed over threads as they are. */
struct route_counters {
    _Atomic uint64_t replies[REPLY_CLASSES];
    _Atomic uint64_t duration_us;
};

struct api {
    struct api_options     options;
    struct gate            gate;
    struct router         *router;
    const struct route    *routes;
    size_t                 routes_count;
    struct route_counters *counters; /* by position in `routes` */
    const struct server   *server;   /* NULL: /metrics is silent about the engine */
    pthread_mutex_t        shares_lock;
    struct rate            stops;    /* how often each person went first: one count for all threads */
    struct rate            stopping; /* how often each credential came to a door that stops: the same */
    struct known           known;    /* whose credentials were good lately */
    struct share           waiting;  /* how many writes of each person wait for their turn: the same */
    struct newest          newest;   /* of the log; where the store waits */
    struct arena          *arena;    /* texts that are made once */
    struct text            openapi;
};

/* What was sealed in a turn, linked. */
struct sealed_chain {
    struct store_write *first;
    struct store_write *last;
    size_t              count;
};

struct api_thread {
    struct api         *api;
    struct store_conn  *conn;
    const struct call  *sealed; /* the last call that was sealed here */
    struct sealed_chain stops;
    struct sealed_chain others;
    struct rate         rate;
    struct rate         callers; /* how often each session and each system comes */
    int64_t             pictures_due_ns; /* of all callers, as a slot of `rate` has it of one */
};

/* Counts one more call for `what` (any number that stands for it) at the call's door. TOO_MANY limit.rate. */
err api_thread_count(struct call *call, uint64_t what) MUST_CHECK;
/* Gives the caller a session's cookie; an empty token takes it away. TOO_LARGE limit.memory. */
err api_set_session(struct call *call, struct text token) MUST_CHECK;
/* With what the caller has come, for whoever signs in. */
struct session_browser api_browser(struct call *call);
/* Whether there is time for a picture, which costs the loop as much as ten replies; counts it. */
bool api_thread_may_draw(struct call *call);
/* `stops`: the write takes something away in so many acts; 0: it does not. It goes before all others, as long as its
 * caller has not sent too many.
 * TOO_MANY limit.waiting: so many of this person wait already. When it is done, `out_place` goes to api_let_go(). */
err api_thread_queue(struct api_thread *thread, struct call *call, struct store_write *write, int64_t stops,
                     struct share_place **out_place) MUST_CHECK;
void api_let_go(struct api *api, struct share_place *const *places, size_t count);

#endif
