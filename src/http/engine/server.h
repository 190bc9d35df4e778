/* SPDX-License-Identifier: Apache-2.0
 * The HTTP engine behind one small interface: sockets, framing, deadlines, threads. Nobody else sees libevent. A loop
 * per thread runs `handle` to completion; a reply may be sealed until a write is durable, and is then let go from any
 * thread by call_complete(). What may block runs on the pool lane. Order of a program: server_open, server_run (until
 * it is told to stop), end the threads that still hold sealed calls, server_close. server_run() ignores SIGPIPE. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/ctx.h"
#include "http/engine/h1_parse.h"
#include "http/engine/lane.h"

#define REPLY_FIELDS_MAX 24
#define REQUEST_ID_SIZE 26
#define PEER_SIZE_MAX 46
#define LAST_WORDS_SIZE_MAX 512
#define SERVER_LOOPS_MAX 64
#define SERVER_SEALED_BATCH 64 /* sealed calls of one loop turn that are handed over before its end */

struct server;

typedef enum verdict {
    VERDICT_REPLY,  /* `reply` is complete: send it */
    VERDICT_SEALED, /* a write was submitted; somebody will call call_complete() exactly once */
    VERDICT_POOL,   /* may block: run `handle` again on a pool thread (only from LANE_LOOP) */
} verdict;

struct reply_field {
    const char *name; /* a literal */
    struct text value;
};

/* Starts as 200 without a body. Content-Length, Date and Connection are the server's. Everything is borrowed until the
 * reply has left: from the call's arena or from something that lives longer. */
struct reply {
    int                status;       /* 200 … 599 */
    const char        *content_type; /* a literal, or NULL when there is no body */
    struct text        body;         /* not sent to HEAD, with 204 and with 304 */
    bool               close;        /* end the connection behind this reply */
    bool               on_beat;      /* leaves a whole number of config.beat_ns after its request came */
    size_t             field_count;
    struct reply_field fields[REPLY_FIELDS_MAX];
};

/* One request and its reply. From the return of VERDICT_SEALED until call_complete() it belongs to whoever submitted
 * the write; at all other times to the thread that runs `handle`. It stays valid when the client leaves. */
struct call {
    struct h1_request request;
    struct bytes      body;
    struct arena     *arena;       /* LIMIT_REQUEST_ARENA_BYTES; holds head and body too */
    struct ctx        cx;          /* arena, clock, randomness, now_ms are set; the rest is the hook's to fill */
    struct reply      reply;
    lane              lane;        /* where `handle` runs now */
    struct turn       turn;        /* read when `handle` gives VERDICT_POOL */
    void             *thread_data; /* what thread_open() made for the running thread */
    const void       *route;       /* the hook's own mark, kept between the two runs of a pool call */
    int64_t           started_ns;  /* monotonic: the request was complete */
    char              request_id[REQUEST_ID_SIZE + 1];
    char              peer[PEER_SIZE_MAX]; /* numeric address of the other end, NUL-terminated */
    char              last_words[LAST_WORDS_SIZE_MAX]; /* room for a reply's body when the arena has none left */
};

/* Adds one field to the reply. INTERNAL reply.field: too many, not a token, or a value with control characters. */
err reply_add_field(struct call *call, const char *name, struct text value) MUST_CHECK;

/* The sealed reply of `call` may leave. From any thread, once per sealed call; do not touch the call afterwards. */
void call_complete(struct call *call);
/* The same for a whole commit: each loop concerned is woken once. */
void call_complete_all(struct call *const *calls, size_t count);

struct server_hooks {
    void *self;
    /* On each loop thread and each pool thread before its first call: its read handle and the like. */
    err (*thread_open)(void *self, lane lane, struct ctx *cx, void **out_thread_data);
    void (*thread_close)(void *self, void *thread_data);
    verdict (*handle)(void *self, struct call *call);
    /* Optional. How many bytes the body behind this head may have, if fewer than body_bytes_max. */
    int64_t (*body_max)(void *self, struct call *call);
    /* Optional. Whether a body may take of the memory that all share. Fails as `handle` would; refuse() answers. */
    err (*body_admit)(void *self, struct call *call);
    /* Turns call->cx.failure into call->reply, for what the server itself refuses. `request` may be empty. */
    void (*refuse)(void *self, struct call *call);
    /* Optional. Hand over what was sealed on this thread: at the end of each loop turn, every SERVER_SEALED_BATCH
     * calls, and after each sealed call of a pool thread. */
    void (*turn_end)(void *self, void *thread_data);
    /* Optional. A handler held its loop longer than config.slow_ns. May read request and route only. */
    void (*slow)(void *self, struct call *call, int64_t duration_ns);
    /* Optional. The reply was handed to the socket, or dropped because the client left; the arena goes next. */
    void (*done)(void *self, struct call *call, int64_t duration_ns);
    /* Optional. Once, on the thread of server_run(), when every thread is open: the address as "127.0.0.1:8080". */
    void (*ready)(void *ready_self, struct text address);
    void *ready_self; /* whoever runs the server may be another one than who answers */
};

struct server_config {
    const char *host; /* numeric IPv4 or IPv6 address, or "localhost" */
    uint16_t    port; /* 0: the system chooses */
    size_t      loop_count;
    size_t      pool_thread_count;
    size_t      pool_queue_max, pool_kept_max; /* calls that wait in either line; beyond it 503 with Retry-After */
    size_t      pool_few_max;                  /* of them in each line, those of whom there may be few only */
    size_t      connections_max;
    int64_t     body_bytes_max;
    size_t      body_own_bytes;   /* of each body: not counted in the next one, and never refused for want of memory */
    size_t      bodies_bytes_max; /* memory of all longer bodies under way on one loop; beyond it 503 */
    size_t      unsent_bytes_max; /* memory of all replies not yet taken on one loop; beyond it their readers are cut */
    int64_t     head_ms, body_ms, idle_ms, write_ms, linger_ms, drain_ms;
    int64_t     silent_ms;        /* a connection of such silence gives its place to a newcomer when all are taken */
    int64_t     drain_calls_ms, slow_ns; /* the first: beyond drain_ms, while calls are with other threads */
    int64_t     beat_ns;          /* what replies with `on_beat` leave on; 0: they leave at once */
    bool        stop_on_signals; /* SIGTERM and SIGINT: block both before the program's first thread is made */
    const struct clock      *clock;
    const struct randomness *randomness;
};

/* The values of base/limits.h, one loop, two pool threads, 127.0.0.1:8080. The two effects are borrowed. */
struct server_config server_config_default(const struct clock *clock, const struct randomness *randomness);

/* Binds and listens; copies. INVALID server.address | UNAVAILABLE server.port_taken | INTERNAL server.socket. */
err server_open(struct ctx *cx, const struct server_config *config, const struct server_hooks *hooks,
                struct server **out) MUST_CHECK;

/* Whether server_open() could bind now, for who wants to know before longer work. Fails as it does. */
err server_probe(struct ctx *cx, const struct server_config *config) MUST_CHECK;

/* Serves on this thread (loop 0) and on threads of its own, until server_stop() or a signal; then drains: no new
 * connections, running calls are finished; OK within drain_ms, or that and drain_calls_ms. Fails as thread_open(). */
err server_run(struct ctx *cx, struct server *server) MUST_CHECK;

void server_stop(struct server *server); /* from any thread; returns at once */

/* After server_run() has returned, and best after the threads that complete sealed calls have ended: a loop with a call
 * that has not come back is left in memory, so that a late call_complete() does no harm. Takes NULL. */
void server_close(struct server *server);

struct text server_address(const struct server *server); /* "127.0.0.1:8080", with the port that was chosen */

/* Sums over all loops; each figure is right by itself, not at one common moment. */
struct server_counters {
    uint64_t connections_open, connections_accepted, connections_displaced; /* displaced: silent, closed for new ones */
    uint64_t requests, refused; /* refused: answered by the server itself */
    uint64_t replies[6], bytes_in, bytes_out; /* the first: by first digit of the status */
    uint64_t pool_waiting, sealed_open, dropped; /* dropped: the client had left before its reply */
};
void server_counters(const struct server *server, struct server_counters *out);

#endif
