/* SPDX-License-Identifier: Apache-2.0
 * libevent's part of the engine: one base without locks, as other threads reach the loop only through its mailbox. */
#include "http/engine/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/engine/h1_conn.h"

#define ACCEPTS_PER_TURN_MAX 32
#define ACCEPT_PAUSE_NS (INT64_C(100) * 1000000) /* without descriptors: long enough not to spin */
#define DRAIN_STEP_NS (INT64_C(1000) * 1000000)
#define PLACE_PAUSE_NS (INT64_C(10) * 1000000)   /* every place is taken and nobody silent: look again soon */

int64_t loop_now_ns(const struct loop *loop)
{
    return clock_monotonic_ns(loop->config->clock);
}

const char *loop_date(struct loop *loop)
{
    int64_t now_ms = clock_wall_ms(loop->config->clock);
    if (now_ms / 1000 != loop->date_second) {
        loop->date_second = now_ms / 1000;
        http_date_format(now_ms, loop->date);
    }
    return loop->date;
}

/* ---- the timer */

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

void loop_arm_timer(struct loop *loop)
{
    int64_t next_ns = earlier(deadlines_next_ns(&loop->deadlines), loop->accept_again_at_ns);
    next_ns = earlier(next_ns, loop->drain_until_ns);
    if (next_ns >= loop->timer_at_ns) /* an early tick does no harm and arms the next one */
        return;
    int64_t wait_us = (next_ns - loop_now_ns(loop)) / 1000 + 1;
    if (wait_us < 0)
        wait_us = 0;
    struct timeval wait = {wait_us / 1000000, wait_us % 1000000};
    if (event_add(loop->timer, &wait) == 0)
        loop->timer_at_ns = next_ns;
}

/* ---- accepting */

static void pause_accepting(struct loop *loop, int64_t until_ns)
{
    event_del(loop->listening);
    loop->accept_again_at_ns = until_ns;
    loop_arm_timer(loop);
}

static void start_accepting(struct loop *loop)
{
    if (loop->listening != NULL && !loop->draining && loop->accept_again_at_ns == DEADLINE_NEVER &&
        event_add(loop->listening, NULL) != 0)
        pause_accepting(loop, loop_now_ns(loop) + ACCEPT_PAUSE_NS); /* the kernel had no memory for it: soon again */
}

/* Every place is taken and somebody waits for one: of those who keep theirs without a word the longest silent one goes.
 * Who has asked for nothing comes first, who does not take a reply last. A silent crowd keeps nobody out. */
static bool make_place(struct loop *loop)
{
    static const deadline_kind KINDS[] = {DEADLINE_IDLE, DEADLINE_HEAD, DEADLINE_BODY, DEADLINE_WRITE};
    int64_t now_ns = loop_now_ns(loop);
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        struct h1_conn *conn = (struct h1_conn *)loop->deadlines.first[KINDS[i]]; /* its first member */
        if (conn == NULL || !h1_conn_is_silent(conn, now_ns))
            continue;
        count_up(&loop->counters.connections_displaced, 1);
        h1_conn_close(conn);
        return true;
    }
    return false;
}

static void write_peer(const struct sockaddr_storage *address, char out[PEER_SIZE_MAX])
{
    const void *raw = address->ss_family == AF_INET6
                          ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                          : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    if (inet_ntop(address->ss_family, raw, out, PEER_SIZE_MAX) == NULL)
        out[0] = '\0';
}

/* The only place that decides what carries a connection: TLS would be put between socket and stream here. */
static struct bufferevent *stream_over(struct loop *loop, int socket)
{
    return bufferevent_socket_new(loop->base, socket, BEV_OPT_CLOSE_ON_FREE);
}

bool loop_adopt(struct loop *loop, struct bufferevent *stream, const char *peer)
{
    return h1_conn_open(loop, stream, peer) != NULL;
}

static void adopt_socket(struct loop *loop, int socket, const struct sockaddr_storage *address)
{
    char peer[PEER_SIZE_MAX];
    write_peer(address, peer);
    count_up(&loop->counters.connections_accepted, 1);
    struct bufferevent *stream = stream_over(loop, socket);
    if (stream == NULL)
        close(socket);
    else
        (void)loop_adopt(loop, stream, peer); /* without memory the stream is freed and the client sees a close */
}

static void on_listening(evutil_socket_t listener, short what, void *arg)
{
    (void)what; /* readable is all we asked for */
    struct loop *loop = arg;
    for (int i = 0; i < ACCEPTS_PER_TURN_MAX; i++) {
        bool full = loop->connection_count >= loop->connections_max;
        if (full && !make_place(loop)) {
            pause_accepting(loop, loop_now_ns(loop) + PLACE_PAUSE_NS);
            return;
        }
        struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
        socklen_t size = sizeof address;
        int socket = accept4(listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                pause_accepting(loop, loop_now_ns(loop) + ACCEPT_PAUSE_NS);
            return;
        }
        adopt_socket(loop, socket, &address);
        if (full) /* whether another one waits is not known: nobody's place is taken for nobody */
            return;
    }
}

/* ---- the end */

static void free_event(struct event *event, bool with_descriptor)
{
    if (event == NULL)
        return;
    evutil_socket_t descriptor = event_get_fd(event);
    event_free(event);
    if (with_descriptor)
        close(descriptor);
}

/* At the end of this turn, not at once: libevent closes the sockets of freed streams in callbacks that still wait. */
static void end_turns(struct loop *loop)
{
    if (!loop->ending && event_base_loopexit(loop->base, NULL) != 0)
        event_base_loopbreak(loop->base);
    loop->ending = true;
}

static bool is_drained(const struct loop *loop)
{
    return loop->draining && loop->connection_count == 0 && loop->out_count == 0;
}

/* Calls that are with other threads when the time is up get a little more, step by step: their changes are waited for
 * in any case, and whoever asked for them is told. The last step is for sending it. */
static bool is_late(struct loop *loop)
{
    if (!loop->draining || loop_now_ns(loop) < loop->drain_until_ns)
        return false;
    if (loop->out_count == 0 || loop->drain_until_ns >= loop->drain_last_ns)
        return true;
    loop->drain_until_ns += DRAIN_STEP_NS;
    return false;
}

static void end_if_drained(struct loop *loop)
{
    bool late = is_late(loop);
    while (late && loop->conns != NULL)
        h1_conn_close(loop->conns);
    if (late || is_drained(loop))
        end_turns(loop);
}

static void begin_drain(struct loop *loop)
{
    loop->draining = true;
    loop->drain_until_ns = loop_now_ns(loop) + loop->config->drain_ms * 1000000;
    loop->drain_last_ns = loop->drain_until_ns + loop->config->drain_calls_ms * 1000000;
    if (loop->listening != NULL) {
        free_event(loop->listening, true); /* what waits to be accepted is told at once */
        loop->listening = NULL;
    }
    for (struct h1_conn *conn = loop->conns, *next; conn != NULL; conn = next) {
        next = conn->next;
        h1_conn_drain(conn);
    }
    loop_arm_timer(loop);
    end_if_drained(loop);
}

void loop_connection_closed(struct loop *loop)
{
    loop->connection_count--;
    count_down(&loop->counters.connections_open);
    start_accepting(loop);
    if (is_drained(loop))
        end_turns(loop);
}

static void on_timer(evutil_socket_t none, short what, void *arg)
{
    (void)none, (void)what; /* a timer has neither */
    struct loop *loop = arg;
    int64_t now_ns = loop_now_ns(loop);
    loop->timer_at_ns = DEADLINE_NEVER;
    for (struct deadline *deadline; (deadline = deadlines_expired(&loop->deadlines, now_ns)) != NULL;)
        h1_conn_expire(deadline);
    if (loop->accept_again_at_ns <= now_ns) {
        loop->accept_again_at_ns = DEADLINE_NEVER;
        start_accepting(loop);
    }
    end_if_drained(loop);
    if (!loop->draining || now_ns < loop->drain_until_ns)
        loop_arm_timer(loop);
}

/* ---- calls that are with other threads */

void loop_call_left(struct loop *loop)
{
    loop->out_count++;
    count_up(&loop->counters.sealed_open, 1);
}

static void hand_over(struct loop *loop)
{
    loop->sealed_count = 0;
    if (loop->hooks->turn_end != NULL)
        loop->hooks->turn_end(loop->hooks->self, loop->thread_data);
}

/* Events that a callback activates run behind those that were ready before: at the end of the turn. */
void loop_sealed(struct loop *loop)
{
    loop->sealed_count++;
    if (loop->sealed_count == 1)
        event_active(loop->turn_end, EV_TIMEOUT, 0);
    if (loop->sealed_count == SERVER_SEALED_BATCH)
        hand_over(loop);
}

static void on_turn_end(evutil_socket_t none, short what, void *arg)
{
    (void)none, (void)what; /* activated by hand */
    struct loop *loop = arg;
    if (loop->sealed_count > 0)
        hand_over(loop);
}

static bool must_wait(const struct loop *loop, const struct exchange *exchange)
{
    return exchange->call.reply.on_beat && loop->hold.beat_ns > 0;
}

bool loop_hold(struct loop *loop, struct exchange *exchange)
{
    if (!must_wait(loop, exchange))
        return false;
    loop_call_left(loop);
    hold_add(&loop->hold, exchange, loop_now_ns(loop));
    return true;
}

static void take_back(struct loop *loop, struct exchange *exchange)
{
    loop->out_count--;
    count_down(&loop->counters.sealed_open);
    if (exchange->conn != NULL) {
        h1_conn_completed(exchange->conn);
        return;
    }
    count_up(&loop->counters.dropped, 1);
    if (loop->hooks->done != NULL)
        loop->hooks->done(loop->hooks->self, &exchange->call, loop_now_ns(loop) - exchange->call.started_ns);
    exchange_give_back(&loop->shelf, exchange);
}

static void on_mail(evutil_socket_t event_fd, short what, void *arg)
{
    (void)event_fd, (void)what; /* the mailbox knows its descriptor */
    struct loop *loop = arg;
    for (struct exchange *exchange = mailbox_take(&loop->mailbox), *next; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (must_wait(loop, exchange))
            hold_add(&loop->hold, exchange, loop_now_ns(loop));
        else
            take_back(loop, exchange);
    }
    if (!loop->draining && atomic_load(&loop->stop))
        begin_drain(loop);
    else
        end_if_drained(loop);
}

static void on_beat(evutil_socket_t timer_fd, short what, void *arg)
{
    (void)timer_fd, (void)what; /* setting the timer again makes its descriptor quiet */
    struct loop *loop = arg;
    for (struct exchange *exchange; (exchange = hold_take(&loop->hold, loop_now_ns(loop))) != NULL;)
        take_back(loop, exchange);
    end_if_drained(loop);
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stop, true);
    mailbox_wake(&loop->mailbox);
}

/* ---- memory of libevent: what people send and are sent lies in it, so it is wiped before it is given back */

static void give_back(void *at)
{
    if (at != NULL)
        explicit_bzero(at, malloc_usable_size(at));
    free(at);
}

static void *take(size_t size)
{
    return calloc(1, size);
}

static void *take_again(void *at, size_t size)
{
    void *moved = take(size);
    size_t held = at == NULL ? 0 : malloc_usable_size(at);
    if (moved == NULL)
        return NULL;
    if (held > 0)
        memcpy(moved, at, held < size ? held : size);
    give_back(at);
    return moved;
}

__attribute__((constructor)) static void use_wiped_memory(void)
{
    event_set_mem_functions(take, take_again, give_back);
}

/* ---- life */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    int refused = event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    refused |= event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
    struct event_base *base = refused == 0 ? event_base_new_with_config(config) : NULL;
    event_config_free(config);
    return base;
}

static void set_durations(struct loop *loop)
{
    const struct server_config *config = loop->config;
    loop->deadlines.duration_ns[DEADLINE_TURN] = 1;
    loop->deadlines.duration_ns[DEADLINE_IDLE] = config->idle_ms * 1000000;
    loop->deadlines.duration_ns[DEADLINE_HEAD] = config->head_ms * 1000000;
    loop->deadlines.duration_ns[DEADLINE_BODY] = config->body_ms * 1000000;
    loop->deadlines.duration_ns[DEADLINE_WRITE] = config->write_ms * 1000000;
    loop->deadlines.duration_ns[DEADLINE_LINGER] = config->linger_ms * 1000000;
    loop->timer_at_ns = DEADLINE_NEVER;
    loop->accept_again_at_ns = DEADLINE_NEVER;
    loop->drain_until_ns = DEADLINE_NEVER;
    loop->date_second = -1;
}

err loop_open(struct ctx *cx, struct loop *loop, int listener)
{
    set_durations(loop);
    loop->shelf.randomness = loop->config->randomness;
    loop->mailbox.event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->base = new_base();
    bool can_hold = hold_open(&loop->hold, loop->config->beat_ns);
    if (loop->base != NULL && loop->mailbox.event_fd >= 0 && can_hold) {
        loop->mail = event_new(loop->base, loop->mailbox.event_fd, EV_READ | EV_PERSIST, on_mail, loop);
        loop->turn_end = event_new(loop->base, -1, 0, on_turn_end, loop);
        loop->timer = event_new(loop->base, -1, 0, on_timer, loop);
        loop->beat = event_new(loop->base, loop->hold.timer_fd, EV_READ | EV_PERSIST, on_beat, loop);
    }
    if (loop->base != NULL && listener >= 0)
        loop->listening = event_new(loop->base, listener, EV_READ | EV_PERSIST, on_listening, loop);
    bool complete = loop->mail != NULL && loop->turn_end != NULL && loop->timer != NULL && loop->beat != NULL;
    if (listener >= 0 && loop->listening == NULL) {
        close(listener);
        complete = false;
    }
    if (!complete || event_add(loop->mail, NULL) != 0 || event_add(loop->beat, NULL) != 0)
        return FAIL(cx, INTERNAL, "server.loop", "an event loop could not be made");
    static const struct timeval SOON = {0, 0};
    if (event_add(loop->timer, &SOON) != 0) /* it keeps its place: no deadline ever waits for memory */
        return FAIL(cx, INTERNAL, "server.loop", "an event loop could not be made");
    start_accepting(loop);
    return loop->accept_again_at_ns == DEADLINE_NEVER
               ? OK : FAIL(cx, INTERNAL, "server.loop", "an event loop cannot wait for connections");
}

bool loop_has_all_calls(struct loop *loop)
{
    for (struct exchange *exchange = mailbox_take(&loop->mailbox); exchange != NULL; exchange = exchange->next)
        loop->out_count--;
    for (struct exchange *exchange = loop->hold.first; exchange != NULL; exchange = exchange->next)
        loop->out_count--; /* its beat did not come any more */
    return loop->out_count == 0;
}

void loop_close(struct loop *loop)
{
    loop->draining = true; /* nothing is accepted any more */
    loop->ending = true;
    while (loop->conns != NULL)
        h1_conn_close(loop->conns);
    exchange_shelf_close(&loop->shelf);
    free_event(loop->listening, true);
    free_event(loop->turn_end, false);
    free_event(loop->timer, false);
    free_event(loop->mail, false);
    free_event(loop->beat, false);
    hold_close(&loop->hold);
    if (loop->mailbox.event_fd >= 0)
        close(loop->mailbox.event_fd);
    if (loop->base != NULL)
        event_base_free(loop->base);
}

err loop_run(struct ctx *cx, struct loop *loop)
{
    if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
        return FAIL(cx, INTERNAL, "server.loop", "the event loop broke");
    return OK;
}
