/* SPDX-License-Identifier: Apache-2.0
 * A callback reads what there is (advance), replies gather in the loop's outbox, and settle() sends them, sets the next
 * deadline and frees the connection when it has died: nothing is freed in the middle of a step. "9112" is the RFC. */
#include "http/engine/h1_conn.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/engine/pool.h"

#define INPUT_HIGH_BYTES (64u * 1024) /* more than the largest head */
#define STEPS_PER_TURN_MAX 32         /* a client with many requests at once does not keep the others waiting */
#define WRITE_PROGRESS_BYTES (64u * 1024) /* taken within write_ms, a slow client keeps its connection */

static_assert(INPUT_HIGH_BYTES > H1_HEAD_BYTES_MAX, "a head must fit into the input");

static struct evbuffer *input_of(struct h1_conn *conn)
{
    return bufferevent_get_input(conn->stream);
}

static size_t unsent_bytes(struct h1_conn *conn)
{
    return evbuffer_get_length(bufferevent_get_output(conn->stream));
}

/* ---- out */

/* A stream that found no memory to be told of new output would never begin to write by itself: it is told here. */
static void write_on(struct h1_conn *conn, const char *at, size_t size)
{
    conn->dead = conn->dead || bufferevent_write(conn->stream, at, size) != 0 ||
                 bufferevent_enable(conn->stream, EV_WRITE) != 0;
}

static void push_outbox(struct h1_conn *conn)
{
    struct outbox *outbox = &conn->loop->outbox;
    size_t sent = 0;
    if (conn->direct && unsent_bytes(conn) == 0) {
        ssize_t result = send(bufferevent_getfd(conn->stream), outbox->at, outbox->size, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent = result > 0 ? (size_t)result : 0;
        conn->dead = conn->dead || (result < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    }
    if (sent < outbox->size)
        write_on(conn, outbox->at + sent, outbox->size - sent);
    explicit_bzero(outbox->at, outbox->size); /* the next reply may be long in coming */
    outbox->size = 0;
}

static void put_out(struct h1_conn *conn, const char *at, size_t size)
{
    struct outbox *outbox = &conn->loop->outbox;
    count_up(&conn->loop->counters.bytes_out, size);
    if (size > sizeof outbox->at - outbox->size)
        push_outbox(conn);
    if (size > sizeof outbox->at) {
        write_on(conn, at, size);
    } else if (size > 0) {
        memcpy(outbox->at + outbox->size, at, size);
        outbox->size += size;
    }
}

/* Gives 0 when the head is larger than the whole outbox. */
static size_t put_head(struct h1_conn *conn, const struct reply *reply, bool close)
{
    struct outbox *outbox = &conn->loop->outbox;
    const char *date = loop_date(conn->loop);
    size_t size = h1_reply_head(reply, date, close, outbox->at + outbox->size, sizeof outbox->at - outbox->size);
    if (size == 0 && outbox->size > 0) {
        push_outbox(conn);
        size = h1_reply_head(reply, date, close, outbox->at, sizeof outbox->at);
    }
    outbox->size += size;
    count_up(&conn->loop->counters.bytes_out, size);
    return size;
}

/* Keeps one of the loop's sums right when this connection's share changes. */
static void set_share(size_t *sum, size_t *share, size_t now)
{
    *sum = *sum - *share + now;
    *share = now;
}

static void finish_exchange(struct h1_conn *conn)
{
    struct loop *loop = conn->loop;
    set_share(&loop->body_bytes, &conn->body_share, 0);
    struct exchange *exchange = conn->exchange;
    if (loop->hooks->done != NULL)
        loop->hooks->done(loop->hooks->self, &exchange->call, loop_now_ns(loop) - exchange->call.started_ns);
    exchange->conn = NULL;
    conn->exchange = NULL;
    exchange_give_back(&loop->shelf, exchange);
}

/* The failure stands in the call. */
static void answer_what_failed(struct h1_conn *conn)
{
    const struct server_hooks *hooks = conn->loop->hooks;
    struct call *call = &conn->exchange->call;
    call->reply = (struct reply){.status = error_http_status(call->cx.failure.code), .body = TEXT_NONE};
    hooks->refuse(hooks->self, call);
    count_up(&conn->loop->counters.refused, 1);
}

static void set_failure(struct h1_conn *conn, const struct h1_refusal *refusal)
{
    struct failure *failure = &conn->exchange->call.cx.failure;
    failure_clear(failure);
    /* The code comes back, and is known. */
    (void)failure_set(failure, refusal->code, refusal->reason, WHERE, "", "%s", refusal->detail);
}

static void answer_failure(struct h1_conn *conn, const struct h1_refusal *refusal)
{
    set_failure(conn, refusal);
    answer_what_failed(conn);
}

/* 9112 section 9.3 says when the connection goes on, 9110 section 9.3.2 that HEAD gets no body. */
static void send_reply(struct h1_conn *conn)
{
    struct call *call = &conn->exchange->call;
    struct reply *reply = &call->reply;
    static const struct h1_refusal TOO_MUCH = {INTERNAL, "server.reply", "the reply is too large to be sent"};
    bool close = reply->close || !call->request.keep_alive || conn->loop->draining;
    if (reply->body.size > LIMIT_OUTPUT_BYTES || put_head(conn, reply, close) == 0) {
        answer_failure(conn, &TOO_MUCH);
        close = true;
        (void)put_head(conn, reply, close); /* fits: the outbox is empty or was just emptied */
    }
    if (h1_reply_has_body(reply) && !text_is(call->request.method, "HEAD"))
        put_out(conn, reply->body.at, reply->body.size);
    count_up(&conn->loop->counters.replies[reply->status / 100], 1);
    finish_exchange(conn);
    conn->stage = close ? CONN_LINGER : CONN_HEAD;
    conn->answered = true;
    conn->scan = (struct h1_scan){.scanned = 0};
}

/* ---- what the server itself answers */

static bool open_exchange(struct h1_conn *conn)
{
    if (conn->exchange == NULL) {
        conn->exchange = exchange_take(&conn->loop->shelf, conn->loop);
        conn->dead = conn->dead || conn->exchange == NULL;
    }
    if (conn->exchange == NULL)
        return false;
    conn->exchange->conn = conn;
    return true;
}

static void prepare_call(struct h1_conn *conn)
{
    const struct loop *loop = conn->loop;
    struct call *call = &conn->exchange->call;
    call->thread_data = loop->thread_data;
    call->started_ns = loop_now_ns(loop);
    call->cx.clock = loop->config->clock;
    call->cx.randomness = loop->config->randomness;
    call->cx.now_ms = clock_wall_ms(loop->config->clock);
    memcpy(call->peer, conn->peer, sizeof call->peer);
}

/* The message is not read on, as the call's failure says: answer, and end the connection (9112 section 9.6). */
static void refuse_call(struct h1_conn *conn)
{
    answer_what_failed(conn);
    conn->exchange->call.reply.close = true;
    send_reply(conn);
}

static void refuse(struct h1_conn *conn, const struct h1_refusal *refusal)
{
    if (!open_exchange(conn))
        return;
    prepare_call(conn);
    set_failure(conn, refusal);
    refuse_call(conn);
}

/* The message is fine, the server is full (9110 section 15.6.4). */
static void turn_away(struct h1_conn *conn)
{
    static const struct h1_refusal BUSY = {UNAVAILABLE, "server.busy", "too many calls are waiting; try again soon"};
    answer_failure(conn, &BUSY);
    struct call *call = &conn->exchange->call;
    if (reply_add_field(call, "Retry-After", TEXT("1")) != OK)
        call->reply.close = true; /* no room for a hint: closing is the other way to slow a client down */
    send_reply(conn);
}

/* ---- in */

static verdict run_handler(struct loop *loop, struct call *call)
{
    verdict result = loop->hooks->handle(loop->hooks->self, call);
    if (loop->hooks->slow == NULL)
        return result;
    int64_t duration_ns = loop_now_ns(loop) - call->started_ns;
    if (duration_ns > loop->config->slow_ns)
        loop->hooks->slow(loop->hooks->self, call, duration_ns);
    return result;
}

static void dispatch(struct h1_conn *conn)
{
    struct loop *loop = conn->loop;
    struct call *call = &conn->exchange->call;
    deadline_clear(&loop->deadlines, &conn->deadline);
    prepare_call(conn);
    count_up(&loop->counters.requests, 1);
    conn->stage = CONN_OUT;
    switch (run_handler(loop, call)) {
    case VERDICT_REPLY:
        if (!loop_hold(loop, conn->exchange))
            send_reply(conn);
        break;
    case VERDICT_SEALED:
        loop_call_left(loop);
        loop_sealed(loop);
        break;
    case VERDICT_POOL:
        if (loop->pool != NULL && pool_submit(loop->pool, conn->exchange))
            loop_call_left(loop);
        else
            turn_away(conn);
        break;
    }
}

/* 9110 section 10.1.1: the client waits for a word, unless it is sending already. */
static void begin_body(struct h1_conn *conn)
{
    static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct call *call = &conn->exchange->call;
    conn->received = builder_open(call->arena, (size_t)conn->loop->config->body_bytes_max);
    conn->stage = CONN_BODY;
    conn->admitted = false;
    if (call->request.expect_continue && evbuffer_get_length(input_of(conn)) == 0)
        put_out(conn, CONTINUE, sizeof CONTINUE - 1);
}

static h1_outcome find_head(struct h1_conn *conn, struct h1_refusal *refusal)
{
    size_t size = evbuffer_get_length(input_of(conn));
    if (size == 0)
        return H1_MORE;
    if (size > H1_HEAD_BYTES_MAX)
        size = H1_HEAD_BYTES_MAX;
    const unsigned char *at = evbuffer_pullup(input_of(conn), (ev_ssize_t)size);
    if (at == NULL) {
        conn->dead = true; /* no memory */
        return H1_MORE;
    }
    return h1_scan(&conn->scan, (struct text){(const char *)at, size}, refusal);
}

/* What the door behind this head takes, and never more than the server. */
static int64_t body_max(struct h1_conn *conn)
{
    const struct server_hooks *hooks = conn->loop->hooks;
    struct call *call = &conn->exchange->call;
    int64_t most = conn->loop->config->body_bytes_max;
    bool follows = call->request.chunked || call->request.content_length > 0;
    int64_t of_door = follows && hooks->body_max != NULL ? hooks->body_max(hooks->self, call) : most;
    return of_door < most ? of_door : most;
}

/* Moves the head into the arena, where its views stay valid until the reply has left, and reads it. */
static h1_outcome take_head(struct h1_conn *conn, struct h1_refusal *refusal)
{
    struct call *call = &conn->exchange->call;
    size_t size = conn->scan.head_bytes;
    char *head = arena_take(call->arena, size, 1);
    if (head == NULL || evbuffer_remove(input_of(conn), head, size) != (int)size) {
        *refusal = (struct h1_refusal){UNAVAILABLE, "limit.memory", "no memory is left for this request"};
        return H1_REFUSED;
    }
    count_up(&conn->loop->counters.bytes_in, size);
    h1_outcome outcome = h1_parse((struct text){head, size}, &call->request, refusal);
    if (outcome == H1_DONE)
        outcome = h1_body_open(&conn->body, &call->request, body_max(conn), refusal);
    return outcome;
}

/* False: nothing more can be done with what has come. */
static bool read_head(struct h1_conn *conn)
{
    struct h1_refusal refusal;
    h1_outcome outcome = find_head(conn, &refusal);
    if (outcome == H1_MORE || !open_exchange(conn))
        return false;
    if (outcome == H1_DONE)
        outcome = take_head(conn, &refusal);
    if (outcome == H1_REFUSED)
        refuse(conn, &refusal);
    else if (outcome == H1_MORE)
        begin_body(conn);
    else
        dispatch(conn);
    return true;
}

/* The beginning of each body is its connection's own, and connections are bounded. Beyond it bodies share a bounded
 * memory; who would break the bound is turned away. */
static bool has_room_for_body(struct h1_conn *conn)
{
    struct loop *loop = conn->loop;
    bool shares = conn->received.size > loop->config->body_own_bytes;
    set_share(&loop->body_bytes, &conn->body_share, shares ? conn->received.room : 0);
    return !conn->received.overflowed && loop->body_bytes <= loop->config->bodies_bytes_max;
}

/* Nobody takes of the shared memory before he has shown that his request would be heard: strangers cannot fill it. */
static bool admit_body(struct h1_conn *conn)
{
    const struct server_hooks *hooks = conn->loop->hooks;
    bool shares = conn->received.size > conn->loop->config->body_own_bytes;
    if (!shares || conn->admitted || hooks->body_admit == NULL)
        return true;
    prepare_call(conn);
    conn->admitted = hooks->body_admit(hooks->self, &conn->exchange->call) == OK;
    return conn->admitted;
}

static bool read_body(struct h1_conn *conn)
{
    struct h1_refusal refusal;
    struct bytes in = {NULL, evbuffer_get_contiguous_space(input_of(conn))};
    if (in.size == 0)
        return false;
    in.at = evbuffer_pullup(input_of(conn), (ev_ssize_t)in.size);
    h1_outcome outcome = H1_MORE;
    size_t done = 0;
    while (outcome == H1_MORE && done < in.size) {
        size_t used = 0;
        struct bytes piece = {NULL, 0};
        outcome = h1_body_read(&conn->body, (struct bytes){in.at + done, in.size - done}, &used, &piece, &refusal);
        build_bytes(&conn->received, piece);
        done += used;
    }
    conn->dead = evbuffer_drain(input_of(conn), done) != 0;
    count_up(&conn->loop->counters.bytes_in, done);
    if (outcome == H1_MORE && !admit_body(conn)) {
        refuse_call(conn);
        return true;
    }
    if (outcome != H1_REFUSED && !has_room_for_body(conn)) {
        refusal = (struct h1_refusal){UNAVAILABLE, "server.busy", "no memory is left for this body; try again soon"};
        outcome = H1_REFUSED;
    }
    if (outcome == H1_REFUSED)
        refuse(conn, &refusal);
    if (outcome == H1_DONE) {
        conn->exchange->call.body = builder_bytes(&conn->received);
        dispatch(conn);
    }
    return true;
}

/* ---- the end of each callback */

/* 9112 section 9.6: first our end, then, when the client has read the reply, its end. */
static void half_close(struct h1_conn *conn)
{
    if (!conn->half_closed) {
        evutil_socket_t socket = bufferevent_getfd(conn->stream);
        conn->half_closed = true;
        conn->dead = socket < 0 || shutdown(socket, SHUT_WR) != 0;
    }
    conn->dead = conn->dead || conn->ended;
}

static deadline_kind due_deadline(struct h1_conn *conn)
{
    if (unsent_bytes(conn) > 0)
        return DEADLINE_WRITE;
    if (conn->yields)
        return DEADLINE_TURN;
    switch (conn->stage) {
    case CONN_HEAD:
        return evbuffer_get_length(input_of(conn)) > 0 ? DEADLINE_HEAD : DEADLINE_IDLE;
    case CONN_BODY:
        return DEADLINE_BODY;
    case CONN_LINGER:
        return DEADLINE_LINGER;
    case CONN_OUT:
        break;
    }
    return DEADLINE_NONE;
}

/* A deadline of the same kind goes on running: it covers the whole head, body or reply, not one read. */
static void set_deadline(struct h1_conn *conn)
{
    deadline_kind kind = due_deadline(conn);
    if (kind == conn->deadline.kind)
        return;
    deadline_clear(&conn->loop->deadlines, &conn->deadline);
    if (kind == DEADLINE_NONE)
        return;
    deadline_set(&conn->loop->deadlines, &conn->deadline, kind, loop_now_ns(conn->loop));
    conn->unsent_mark = unsent_bytes(conn);
    loop_arm_timer(conn->loop);
}

/* Nothing has come, nothing is to go. */
static bool is_idle(struct h1_conn *conn)
{
    return conn->stage == CONN_HEAD && evbuffer_get_length(input_of(conn)) == 0 && unsent_bytes(conn) == 0;
}

/* What a full input does not hold stays in the kernel. The stream has a bound of its own for this, but the process ends
 * when it finds no memory to keep watch over it. */
static void set_reading(struct h1_conn *conn)
{
    bool full = evbuffer_get_length(input_of(conn)) >= INPUT_HIGH_BYTES;
    if (full == conn->full || conn->ended)
        return;
    conn->full = full;
    int refused = full ? bufferevent_disable(conn->stream, EV_READ) : bufferevent_enable(conn->stream, EV_READ);
    conn->dead = conn->dead || refused != 0;
}

static void settle(struct h1_conn *conn)
{
    struct loop *loop = conn->loop;
    if (loop->outbox.size > 0)
        push_outbox(conn);
    set_share(&loop->unsent_bytes, &conn->unsent_share, unsent_bytes(conn));
    if (conn->unsent_share > 0 && loop->unsent_bytes > loop->config->unsent_bytes_max)
        conn->dead = true;
    if (loop->draining && is_idle(conn)) /* its last reply was under way when the drain began, and is taken now */
        conn->stage = CONN_LINGER;
    if (conn->stage == CONN_LINGER)
        (void)evbuffer_drain(input_of(conn), SIZE_MAX); /* fails only while frozen, which it is not */
    if (conn->stage == CONN_LINGER && !conn->dead && unsent_bytes(conn) == 0)
        half_close(conn);
    set_reading(conn);
    if (conn->dead)
        h1_conn_close(conn);
    else
        set_deadline(conn);
}

static bool may_read(struct h1_conn *conn)
{
    return !conn->dead && (conn->stage == CONN_HEAD || conn->stage == CONN_BODY) && unsent_bytes(conn) == 0;
}

/* Takes requests out of the input one after the other, as long as each is answered at once and the client takes the
 * answers. */
static void advance(struct h1_conn *conn)
{
    conn->yields = false;
    for (int steps = 0; may_read(conn); steps++) {
        conn->yields = steps == STEPS_PER_TURN_MAX;
        if (conn->yields)
            break;
        if (conn->stage == CONN_HEAD ? !read_head(conn) : !read_body(conn)) {
            conn->dead = conn->dead || conn->ended; /* the rest of the message will not come */
            break;
        }
        if (conn->loop->outbox.size > LOOP_OUTBOX_BYTES / 2)
            push_outbox(conn);
    }
    settle(conn);
}

/* ---- callbacks */

static void on_read(struct bufferevent *stream, void *arg)
{
    (void)stream; /* the connection knows it */
    advance(arg);
}

static void on_write(struct bufferevent *stream, void *arg)
{
    (void)stream; /* the connection knows it */
    advance(arg);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream; /* the connection knows it */
    struct h1_conn *conn = arg;
    conn->ended = true;
    conn->dead = (what & BEV_EVENT_ERROR) != 0;
    advance(conn);
}

void h1_conn_completed(struct h1_conn *conn)
{
    assert(conn->stage == CONN_OUT);
    send_reply(conn);
    advance(conn);
}

void h1_conn_expire(struct deadline *deadline)
{
    static const struct h1_refusal LATE_HEAD = {TIMED_OUT, "http.head_timeout", "the head did not arrive in time"};
    static const struct h1_refusal LATE_BODY = {TIMED_OUT, "http.body_timeout", "the body did not arrive in time"};
    struct h1_conn *conn = (struct h1_conn *)deadline; /* its first member */
    deadline_kind kind = deadline->kind;
    deadline_clear(&conn->loop->deadlines, deadline);
    if (kind == DEADLINE_TURN) {
        advance(conn);
        return;
    }
    if (kind == DEADLINE_HEAD || kind == DEADLINE_BODY) /* 9110 section 15.5.9 */
        refuse(conn, kind == DEADLINE_HEAD ? &LATE_HEAD : &LATE_BODY);
    else if (kind != DEADLINE_WRITE || unsent_bytes(conn) + WRITE_PROGRESS_BYTES > conn->unsent_mark)
        conn->dead = true;
    settle(conn);
}

/* Between two requests nothing is lost by an early end: clients are ready for it at any time (9112 section 9.5). Who
 * is in the middle of something, or was never answered, is given as long as a slow line needs. */
bool h1_conn_is_silent(const struct h1_conn *conn, int64_t now_ns)
{
    const struct deadlines *deadlines = &conn->loop->deadlines;
    const struct deadline *deadline = &conn->deadline;
    int64_t since_ns = deadline->at_ns - deadlines->duration_ns[deadline->kind];
    int64_t enough_ns = conn->loop->config->silent_ms * 1000000;
    if (deadline->kind == DEADLINE_IDLE && conn->answered)
        enough_ns /= 4;
    return now_ns - since_ns >= enough_ns;
}

void h1_conn_drain(struct h1_conn *conn)
{
    if (is_idle(conn))
        h1_conn_close(conn);
}

/* ---- life */

struct h1_conn *h1_conn_open(struct loop *loop, struct bufferevent *stream, const char *peer)
{
    struct h1_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL || strlen(peer) >= sizeof conn->peer) {
        free(conn);
        bufferevent_free(stream);
        return NULL;
    }
    conn->loop = loop;
    conn->stream = stream;
    conn->direct = bufferevent_getfd(stream) >= 0;
    memcpy(conn->peer, peer, strlen(peer) + 1);
    conn->next = loop->conns;
    if (loop->conns != NULL)
        loop->conns->previous = conn;
    loop->conns = conn;
    loop->connection_count++;
    count_up(&loop->counters.connections_open, 1);
    bufferevent_setcb(stream, on_read, on_write, on_event, conn);
    if (bufferevent_enable(stream, EV_READ | EV_WRITE) != 0) {
        h1_conn_close(conn);
        return NULL;
    }
    set_deadline(conn);
    return conn;
}

void h1_conn_close(struct h1_conn *conn)
{
    struct loop *loop = conn->loop;
    deadline_clear(&loop->deadlines, &conn->deadline);
    set_share(&loop->body_bytes, &conn->body_share, 0);
    set_share(&loop->unsent_bytes, &conn->unsent_share, 0);
    if (conn->exchange != NULL) {
        conn->exchange->conn = NULL;
        if (conn->stage != CONN_OUT)
            exchange_give_back(&loop->shelf, conn->exchange);
    }
    if (conn->previous != NULL)
        conn->previous->next = conn->next;
    else
        loop->conns = conn->next;
    if (conn->next != NULL)
        conn->next->previous = conn->previous;
    bufferevent_free(conn->stream);
    free(conn);
    loop_connection_closed(loop);
}
