/* SPDX-License-Identifier: Apache-2.0
 * A whole connection in memory. First byte: how many bytes arrive at a time; the rest are what the client sends before
 * it ends. The connection must answer exactly the requests that the pure reader finds in the same bytes, in order, with
 * the same statuses, whether a reply leaves at once, sealed (path "/s…"), or is turned away without a pool ("/p…"). */
#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "fuzz/fuzz.h"
#include "http/engine/h1_body.h"
#include "http/engine/loop.h"

#define REPLIES_MAX 4096
#define BODY_BYTES_MAX 64
#define TURNS_MAX 1000000
#define PIECES_MAX 24 /* each costs some calls of the kernel */

struct statuses {
    size_t count;
    int    at[REPLIES_MAX];
};

struct bench {
    struct set_clock     set;
    struct clock         clock;
    struct seeded        seeded;
    struct randomness    randomness;
    struct server_config config;
    struct server_hooks  hooks;
    struct loop          loop;
    struct call         *sealed[SERVER_SEALED_BATCH];
    size_t               sealed_count;
};

static verdict handle(void *self, struct call *call)
{
    struct bench *bench = self;
    call->reply.content_type = "text/plain";
    call->reply.body = call->request.path;
    if (text_starts_with(call->request.path, "/p"))
        return VERDICT_POOL;
    if (!text_starts_with(call->request.path, "/s"))
        return VERDICT_REPLY;
    assert(bench->sealed_count < SERVER_SEALED_BATCH);
    bench->sealed[bench->sealed_count++] = call;
    return VERDICT_SEALED;
}

static void refuse(void *self, struct call *call)
{
    (void)self; /* needs nothing */
    call->reply.content_type = "text/plain";
    call->reply.body = text_of(call->cx.failure.reason);
}

static void turn_end(void *self, void *thread_data)
{
    (void)thread_data; /* none was made */
    struct bench *bench = self;
    call_complete_all(bench->sealed, bench->sealed_count);
    bench->sealed_count = 0;
}

static struct bench *open_bench(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert(bench != NULL);
    bench->set = (struct set_clock){.wall_ms = 1800000000000, .monotonic_ns = 1};
    bench->clock = clock_set(&bench->set);
    bench->randomness = randomness_seeded(&bench->seeded);
    bench->config = server_config_default(&bench->clock, &bench->randomness);
    bench->config.body_bytes_max = BODY_BYTES_MAX;
    bench->hooks = (struct server_hooks){.self = bench, .handle = handle, .refuse = refuse, .turn_end = turn_end};
    bench->loop.config = &bench->config;
    bench->loop.hooks = &bench->hooks;
    bench->loop.connections_max = 1;
    struct ctx cx = {.clock = &bench->clock};
    err result = loop_open(&cx, &bench->loop, -1);
    assert(result == OK);
    return bench;
}

/* Until nothing is left to do at once: neither callbacks that wait nor sealed calls on their way back. */
static void turn(struct bench *bench)
{
    do {
        int result = event_base_loop(bench->loop.base, EVLOOP_NONBLOCK);
        assert(result >= 0);
        bench->set.monotonic_ns += 10; /* as good as nothing beside the deadlines */
    } while (event_base_get_num_events(bench->loop.base, EVENT_BASE_COUNT_ACTIVE) > 0 || bench->loop.out_count > 0);
}

/* What the pure reader finds: the statuses of all replies, 0 for a request that does not end. */
static void read_purely(struct text bytes, struct statuses *out)
{
    static struct h1_request request; /* large; filled anew by each parse */
    h1_outcome outcome = H1_DONE;
    for (size_t at = 0; outcome == H1_DONE && at < bytes.size && out->count < REPLIES_MAX;) {
        struct h1_scan scan = {.scanned = 0};
        struct h1_refusal why = {OK, "", ""};
        struct h1_body body;
        size_t limit = bytes.size - at < H1_HEAD_BYTES_MAX ? bytes.size - at : H1_HEAD_BYTES_MAX;
        outcome = h1_scan(&scan, (struct text){bytes.at + at, limit}, &why);
        if (outcome == H1_DONE)
            outcome = h1_parse((struct text){bytes.at + at, scan.head_bytes}, &request, &why);
        if (outcome == H1_DONE)
            outcome = h1_body_open(&body, &request, BODY_BYTES_MAX, &why);
        at += scan.head_bytes;
        while (outcome == H1_MORE && scan.head_bytes > 0 && at < bytes.size) {
            struct bytes rest = {(const uint8_t *)bytes.at + at, bytes.size - at};
            struct bytes piece = {NULL, 0};
            size_t used = 0;
            outcome = h1_body_read(&body, rest, &used, &piece, &why);
            at += used;
        }
        int status = outcome == H1_MORE ? 0 : error_http_status(why.code);
        if (outcome == H1_DONE)
            status = text_starts_with(request.path, "/p") ? 503 : 200;
        out->at[out->count++] = status;
        if (outcome == H1_DONE && !request.keep_alive)
            return;
    }
    if (out->count > 0 && out->at[out->count - 1] == 0)
        out->count--;
}

/* The statuses in what the connection sent; 100 is left out. A body is a path or a reason: neither can look like a
 * status line, as neither holds a space. */
static void read_replies(struct text output, struct statuses *out)
{
    static const char START[] = "HTTP/1.1 ";
    for (size_t at = 0; at + sizeof START + 2 < output.size && out->count < REPLIES_MAX; at++) {
        if (memcmp(output.at + at, START, sizeof START - 1) != 0)
            continue;
        const char *digits = output.at + at + sizeof START - 1;
        int status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
        if (status != 100)
            out->at[out->count++] = status;
    }
}

static void send_in_steps(struct bench *bench, struct bufferevent *client, struct bytes bytes, size_t step)
{
    for (size_t at = 0; at < bytes.size; at += step) {
        size_t size = bytes.size - at < step ? bytes.size - at : step;
        int result = bufferevent_write(client, bytes.at + at, size);
        assert(result == 0);
        turn(bench);
    }
    (void)bufferevent_flush(client, EV_WRITE, BEV_FINISHED); /* the other end may be gone already */
    int still = 0;
    while (bench->loop.connection_count > 0 || bench->loop.out_count > 0) { /* ends: the client has ended */
        size_t before = evbuffer_get_length(bufferevent_get_input(client));
        turn(bench);
        if (before == evbuffer_get_length(bufferevent_get_input(client)) && ++still > TURNS_MAX)
            assert(bench->loop.connection_count == 0); /* a connection that hangs */
    }
    turn(bench);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 8192)
        return 0;
    static struct bench *bench; /* a loop outlives its connections */
    if (bench == NULL)
        bench = open_bench();
    size_t step = data[0] == 0 ? size : data[0];
    if (size / step > PIECES_MAX)
        step = size / PIECES_MAX;
    struct bufferevent *pair[2];
    int result = bufferevent_pair_new(bench->loop.base, 0, pair);
    assert(result == 0);
    (void)bufferevent_enable(pair[1], EV_READ | EV_WRITE); /* cannot fail for a pair */
    bool adopted = loop_adopt(&bench->loop, pair[0], "memory");
    assert(adopted);
    send_in_steps(bench, pair[1], (struct bytes){data + 1, size - 1}, step);

    struct evbuffer *output = bufferevent_get_input(pair[1]);
    struct text replies = {(const char *)evbuffer_pullup(output, -1), evbuffer_get_length(output)};
    static struct statuses wanted, got;
    wanted.count = got.count = 0;
    read_purely((struct text){(const char *)data + 1, size - 1}, &wanted);
    read_replies(replies, &got);
    assert(got.count == wanted.count && memcmp(got.at, wanted.at, got.count * sizeof got.at[0]) == 0);
    bufferevent_free(pair[1]);
    turn(bench);
    return 0;
}
