/* SPDX-License-Identifier: Apache-2.0
 * Threads and listeners around the loops. Loop 0 runs on the caller's thread and hears the signals. */
#include "http/engine/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/engine/crew.h"
#include "http/engine/loop.h"
#include "http/engine/pool.h"

#define BACKLOG 1024
#define ADDRESS_SIZE_MAX 64

struct server {
    struct server_config config;
    struct server_hooks  hooks;
    struct crew          crew;
    struct pool         *pool;
    char                 address[ADDRESS_SIZE_MAX];
    size_t               loop_count;
    struct loop         *loops[SERVER_LOOPS_MAX];
    size_t               thread_count;
    pthread_t            threads[SERVER_LOOPS_MAX];
};

struct server_config server_config_default(const struct clock *clock, const struct randomness *randomness)
{
    return (struct server_config){
        .host = "127.0.0.1",
        .port = 8080,
        .loop_count = 1,
        .pool_thread_count = 2,
        .pool_queue_max = LIMIT_POOL_QUEUE,
        .pool_kept_max = LIMIT_POOL_RESERVE,
        .pool_few_max = LIMIT_POOL_STRANGERS,
        .connections_max = LIMIT_CONNECTIONS,
        .body_bytes_max = LIMIT_BODY_BYTES,
        .body_own_bytes = LIMIT_BODY_OWN_BYTES,
        .bodies_bytes_max = LIMIT_LOOP_BODIES_BYTES,
        .unsent_bytes_max = LIMIT_LOOP_UNSENT_BYTES,
        .head_ms = LIMIT_HEAD_MS,
        .body_ms = LIMIT_BODY_MS,
        .idle_ms = LIMIT_IDLE_MS,
        .write_ms = LIMIT_WRITE_MS,
        .drain_ms = LIMIT_DRAIN_MS,
        .drain_calls_ms = LIMIT_DRAIN_CALLS_MS,
        .linger_ms = 2000,
        .silent_ms = LIMIT_SILENT_MS,
        .slow_ns = 2000000,
        .beat_ns = 1000000, /* longer than it takes to look something up in files */
        .clock = clock,
        .randomness = randomness,
    };
}

/* ---- listening */

struct address {
    struct sockaddr_storage raw;
    socklen_t               size;
};

static bool address_from(const char *host, uint16_t port, struct address *out)
{
    struct address address = {.size = 0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address.raw;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address.raw;
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof *v6;
    }
    *out = address;
    return address.size > 0;
}

/* A bound socket, or -1 with errno. */
static int bind_socket(const struct address *address, bool shared)
{
    int on = 1;
    int listener = socket(address->raw.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -1;
    int failed = setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    failed |= setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
    if (shared)
        failed |= setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (failed == 0 && bind(listener, (const struct sockaddr *)&address->raw, address->size) == 0)
        return listener;
    int why = errno;
    close(listener);
    errno = why;
    return -1;
}

static err fail_to_bind(struct ctx *cx)
{
    if (errno == EADDRINUSE)
        return FAIL(cx, UNAVAILABLE, "server.port_taken", "another program listens at this address");
    if (errno == EADDRNOTAVAIL || errno == EACCES)
        return FAIL(cx, INVALID, "server.address", "this machine may not listen at this address");
    return FAIL(cx, INTERNAL, "server.socket", "the listening socket could not be made");
}

static err read_address(struct ctx *cx, const struct server_config *config, struct address *out)
{
    if (!address_from(config->host, config->port, out))
        return FAIL(cx, INVALID, "server.address", "the address to listen at is not a numeric one");
    return OK;
}

/* Whether nobody else listens there. */
static err try_address(struct ctx *cx, const struct address *address)
{
    int probe = bind_socket(address, false);
    if (probe < 0)
        return fail_to_bind(cx);
    close(probe);
    return OK;
}

/* Sockets that share a port hide a second server at it, so the port is first tried without sharing. */
static err listen_at(struct ctx *cx, struct address *address, bool shared, bool first, int *out)
{
    if (shared && first)
        TRY(try_address(cx, address));
    int listener = bind_socket(address, shared);
    if (listener < 0)
        return fail_to_bind(cx);
    if (listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&address->raw, &address->size) != 0) {
        err result = fail_to_bind(cx);
        close(listener);
        return result;
    }
    *out = listener;
    return OK;
}

static void write_address(struct server *server, const struct address *address)
{
    char name[INET6_ADDRSTRLEN] = "";
    bool v6 = address->raw.ss_family == AF_INET6;
    const struct sockaddr_in *v4_at = (const struct sockaddr_in *)&address->raw;
    const struct sockaddr_in6 *v6_at = (const struct sockaddr_in6 *)&address->raw;
    const void *raw = v6 ? (const void *)&v6_at->sin6_addr : (const void *)&v4_at->sin_addr;
    unsigned port = ntohs(v6 ? v6_at->sin6_port : v4_at->sin_port);
    if (inet_ntop(address->raw.ss_family, raw, name, sizeof name) == NULL)
        name[0] = '\0';
    (void)snprintf(server->address, sizeof server->address, v6 ? "[%s]:%u" : "%s:%u", name, port); /* fits */
}

/* ---- opening */

static err open_loop(struct ctx *cx, struct server *server, struct address *address)
{
    size_t index = server->loop_count;
    int listener = -1;
    TRY(listen_at(cx, address, server->config.loop_count > 1, index == 0, &listener));
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        close(listener);
        return FAIL(cx, INTERNAL, "server.loop", "no memory for an event loop");
    }
    loop->config = &server->config;
    loop->hooks = &server->hooks;
    loop->index = index;
    loop->connections_max = server->config.connections_max / server->config.loop_count;
    server->loops[server->loop_count++] = loop; /* from here on server_close() cleans up */
    return loop_open(cx, loop, listener);
}

err server_probe(struct ctx *cx, const struct server_config *config)
{
    struct address address;
    TRY(read_address(cx, config, &address));
    return try_address(cx, &address);
}

err server_open(struct ctx *cx, const struct server_config *config, const struct server_hooks *hooks,
                struct server **out)
{
    assert(hooks->handle != NULL && hooks->refuse != NULL);
    assert(config->loop_count >= 1 && config->loop_count <= SERVER_LOOPS_MAX);
    assert(config->connections_max >= config->loop_count && config->body_bytes_max > 0);
    struct address address;
    TRY(read_address(cx, config, &address));
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return FAIL(cx, INTERNAL, "server.socket", "no memory for the server");
    server->config = *config;
    server->hooks = *hooks;
    crew_init(&server->crew);
    err result = OK;
    while (result == OK && server->loop_count < config->loop_count)
        result = open_loop(cx, server, &address);
    if (result != OK) {
        server_close(server);
        return result;
    }
    write_address(server, &address);
    *out = server;
    return OK;
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    pool_close(server->pool);
    for (size_t i = 0; i < server->loop_count; i++) {
        if (!loop_has_all_calls(server->loops[i]))
            continue; /* somebody will still write into it */
        loop_close(server->loops[i]);
        free(server->loops[i]);
    }
    crew_done(&server->crew);
    free(server);
}

/* ---- running */

struct loop_thread {
    struct server *server;
    struct loop   *loop;
};

/* When all threads are open; one that could not open stops the rest. */
static void announce(struct server *server)
{
    size_t threads = server->config.loop_count + server->config.pool_thread_count;
    if (crew_wait(&server->crew, threads) != OK)
        server_stop(server);
    else if (server->hooks.ready != NULL)
        server->hooks.ready(server->hooks.ready_self, server_address(server));
}

/* Opens what the hooks want on this thread, serves, and closes it again. */
static void run_loop(struct server *server, struct loop *loop)
{
    struct ctx cx = {.clock = server->config.clock};
    const struct server_hooks *hooks = &server->hooks;
    if (!crew_open_thread(&server->crew, &server->config, hooks, LANE_LOOP, &loop->thread_data)) {
        server_stop(server);
        return;
    }
    if (loop->index == 0)
        announce(server);
    if (loop_run(&cx, loop) != OK) {
        crew_report(&server->crew, &cx.failure);
        server_stop(server);
    }
    if (hooks->thread_close != NULL)
        hooks->thread_close(hooks->self, loop->thread_data);
}

static void *loop_thread(void *arg)
{
    struct loop_thread thread = *(struct loop_thread *)arg;
    free(arg);
    run_loop(thread.server, thread.loop);
    return NULL;
}

static err start_loop_thread(struct ctx *cx, struct server *server, struct loop *loop)
{
    struct loop_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL)
        return FAIL(cx, INTERNAL, "server.thread", "no memory for a thread");
    *thread = (struct loop_thread){server, loop};
    if (pthread_create(&server->threads[server->thread_count], NULL, loop_thread, thread) != 0) {
        free(thread);
        return FAIL(cx, INTERNAL, "server.thread", "a loop thread could not be started");
    }
    server->thread_count++;
    return OK;
}

static err start_threads(struct ctx *cx, struct server *server)
{
    if (server->config.pool_thread_count > 0)
        TRY(pool_open(cx, &server->config, &server->hooks, &server->crew, &server->pool));
    for (size_t i = 0; i < server->loop_count; i++)
        server->loops[i]->pool = server->pool;
    for (size_t i = 1; i < server->loop_count; i++)
        TRY(start_loop_thread(cx, server, server->loops[i]));
    return OK;
}

static void on_signal(evutil_socket_t signals, short what, void *arg)
{
    (void)what; /* readable is all we asked for */
    struct signalfd_siginfo which;
    if (read(signals, &which, sizeof which) == sizeof which)
        server_stop(arg);
}

/* NULL when signals are not wanted or cannot be heard. */
static struct event *hear_signals(struct server *server)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    if (!server->config.stop_on_signals || pthread_sigmask(SIG_BLOCK, &wanted, NULL) != 0)
        return NULL;
    int signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    struct event *event = event_new(server->loops[0]->base, signals, EV_READ | EV_PERSIST, on_signal, server);
    if (event != NULL && event_add(event, NULL) == 0)
        return event;
    if (event != NULL)
        event_free(event);
    if (signals >= 0)
        close(signals);
    return NULL;
}

static void stop_hearing(struct event *signals)
{
    if (signals == NULL)
        return;
    evutil_socket_t descriptor = event_get_fd(signals);
    event_free(signals);
    close(descriptor);
}

static void ignore_sigpipe(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    int failed = sigaction(SIGPIPE, &ignore, NULL);
    assert(failed == 0); /* its arguments are right */
}

static void join_threads(struct server *server)
{
    for (size_t i = 0; i < server->thread_count; i++)
        pthread_join(server->threads[i], NULL);
    server->thread_count = 0;
    pool_stop(server->pool);
}

err server_run(struct ctx *cx, struct server *server)
{
    ignore_sigpipe(); /* libevent writes with writev(), which has no MSG_NOSIGNAL */
    struct event *signals = hear_signals(server);
    err result = server->config.stop_on_signals && signals == NULL
                     ? FAIL(cx, INTERNAL, "server.signals", "SIGTERM cannot be heard")
                     : start_threads(cx, server);
    if (result == OK)
        run_loop(server, server->loops[0]);
    else
        server_stop(server);
    join_threads(server);
    stop_hearing(signals);
    if (result == OK && server->crew.failure.code != OK) {
        cx->failure = server->crew.failure;
        result = cx->failure.code;
    }
    return result;
}

void server_stop(struct server *server)
{
    for (size_t i = 0; i < server->loop_count; i++)
        loop_stop(server->loops[i]);
}

struct text server_address(const struct server *server)
{
    return text_of(server->address);
}

/* ---- completed calls */

void call_complete(struct call *call)
{
    struct exchange *exchange = exchange_of(call);
    struct loop *loop = exchange->loop; /* after the next line the exchange is its loop's */
    if (mailbox_put(&loop->mailbox, exchange))
        mailbox_wake(&loop->mailbox);
}

void call_complete_all(struct call *const *calls, size_t count)
{
    struct loop *asleep[SERVER_LOOPS_MAX] = {NULL};
    for (size_t i = 0; i < count; i++) {
        struct exchange *exchange = exchange_of(calls[i]);
        struct loop *loop = exchange->loop;
        if (mailbox_put(&loop->mailbox, exchange))
            asleep[loop->index] = loop;
    }
    for (size_t i = 0; i < SERVER_LOOPS_MAX; i++)
        if (asleep[i] != NULL)
            mailbox_wake(&asleep[i]->mailbox);
}

/* ---- figures */

static uint64_t figure(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void server_counters(const struct server *server, struct server_counters *out)
{
    struct server_counters sum = {.pool_waiting = server->pool == NULL ? 0 : pool_waiting(server->pool)};
    for (size_t i = 0; i < server->loop_count; i++) {
        const struct loop_counters *counters = &server->loops[i]->counters;
        sum.connections_open += figure(&counters->connections_open);
        sum.connections_accepted += figure(&counters->connections_accepted);
        sum.connections_displaced += figure(&counters->connections_displaced);
        sum.requests += figure(&counters->requests);
        sum.refused += figure(&counters->refused);
        sum.bytes_in += figure(&counters->bytes_in);
        sum.bytes_out += figure(&counters->bytes_out);
        sum.sealed_open += figure(&counters->sealed_open);
        sum.dropped += figure(&counters->dropped);
        for (size_t digit = 0; digit < 6; digit++)
            sum.replies[digit] += figure(&counters->replies[digit]);
    }
    *out = sum;
}
