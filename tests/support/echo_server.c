/* SPDX-License-Identifier: Apache-2.0
 * The HTTP engine with a handler that tells what it was sent: for tests and for measuring the engine alone. Arguments
 * are name=number pairs named like the members of struct server_config. Prints "ready HOST:PORT"; SIGTERM drains. What
 * a path does: /sealed answers from another thread, /pool on the pool lane (?ms=N: after a pause), /bytes sends
 * ?count=N of them, /raw gives the body back, /busy holds its loop, /status/204 has no body, /counters tells the
 * figures, /plain is a fixed reply, all else tells what was sent. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/text.h"
#include "http/engine/h1_path.h"
#include "http/engine/server.h"

#define SEALED_MAX 4096

/* Calls sealed in this turn wait in `open`; at its end they move to `due`, where the sealer takes them. */
struct echo {
    struct server  *server;
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    struct call    *open[SEALED_MAX];
    size_t          open_count;
    struct call    *due[SEALED_MAX];
    size_t          due_count;
    uint64_t        batches, slow;
    bool            ended;
};

static void pause_ms(int64_t ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL); /* cut short by a signal: fine for a test */
}

static int64_t number_in_query(struct call *call, const char *name)
{
    struct text value = TEXT_NONE;
    int64_t number = 0;
    if (query_value(&call->cx, call->request.query, name, &value) != OK || !text_to_int64(value, &number))
        return 0;
    return number;
}

static void write_call(struct json_writer *json, struct call *call)
{
    json_open_object(json);
    json_member_text(json, "method", call->request.method);
    json_member_text(json, "target", call->request.target);
    json_member_text(json, "path", call->request.path);
    json_member_text(json, "query", call->request.query);
    json_member_text(json, "peer", text_of(call->peer));
    json_member_text(json, "lane", text_of(call->lane == LANE_POOL ? "pool" : "loop"));
    json_member_text(json, "body", hex_encode(call->arena, call->body));
    json_write_key(json, "fields");
    json_open_array(json);
    for (size_t i = 0; i < call->request.field_count; i++) {
        json_open_array(json);
        json_write_text(json, call->request.fields[i].name);
        json_write_text(json, call->request.fields[i].value);
        json_close_array(json);
    }
    json_close_array(json);
    json_close_object(json);
}

static void write_counters(struct json_writer *json, struct echo *echo)
{
    struct server_counters counters;
    server_counters(echo->server, &counters);
    pthread_mutex_lock(&echo->lock);
    json_open_object(json);
    json_member_int(json, "connections_open", (int64_t)counters.connections_open);
    json_member_int(json, "connections_accepted", (int64_t)counters.connections_accepted);
    json_member_int(json, "requests", (int64_t)counters.requests);
    json_member_int(json, "refused", (int64_t)counters.refused);
    json_member_int(json, "sealed_open", (int64_t)counters.sealed_open);
    json_member_int(json, "dropped", (int64_t)counters.dropped);
    json_member_int(json, "bytes_in", (int64_t)counters.bytes_in);
    json_member_int(json, "bytes_out", (int64_t)counters.bytes_out);
    json_member_int(json, "batches", (int64_t)echo->batches);
    json_member_int(json, "slow", (int64_t)echo->slow);
    json_close_object(json);
    pthread_mutex_unlock(&echo->lock);
}

static void reply_json(struct call *call, const struct json_writer *json)
{
    call->reply.content_type = "application/json";
    if (json_writer_finish(&call->cx, json, &call->reply.body) != OK)
        call->reply.status = 500;
}

static void refuse(void *self, struct call *call)
{
    (void)self; /* needs nothing */
    struct json_writer json = json_writer_open(call->arena, 4096);
    json_open_object(&json);
    json_member_int(&json, "status", error_http_status(call->cx.failure.code));
    json_member_text(&json, "reason", text_of(call->cx.failure.reason));
    json_member_text(&json, "detail", text_of(call->cx.failure.detail));
    json_member_text(&json, "request_id", text_of(call->request_id));
    json_close_object(&json);
    call->reply.status = error_http_status(call->cx.failure.code);
    reply_json(call, &json);
    call->reply.content_type = "application/problem+json";
}

static void reply_plain(struct call *call)
{
    static const char PLAIN[] =
        "{\"id\":\"dsc_00000000000000000000000000\",\"items\":["
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\","
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\","
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\","
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\","
        "\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"]}";
    call->reply.content_type = "application/json";
    call->reply.body = TEXT(PLAIN);
}

static void reply_bytes(struct call *call)
{
    int64_t count = number_in_query(call, "count");
    char *bytes = arena_take(call->arena, (size_t)count, 1);
    if (bytes == NULL) {
        call->reply.status = 500;
        return;
    }
    memset(bytes, 'x', (size_t)count);
    call->reply.content_type = "text/plain";
    call->reply.body = (struct text){bytes, (size_t)count};
}

static void hold_loop(void)
{
    struct clock clock = clock_system();
    int64_t until_ns = clock_monotonic_ns(&clock) + 5000000;
    while (clock_monotonic_ns(&clock) < until_ns)
        continue;
}

static verdict seal(struct echo *echo, struct call *call)
{
    pthread_mutex_lock(&echo->lock);
    bool taken = echo->open_count + echo->due_count < SEALED_MAX;
    if (taken)
        echo->open[echo->open_count++] = call;
    pthread_mutex_unlock(&echo->lock);
    call->reply.status = taken ? 200 : 503;
    return taken ? VERDICT_SEALED : VERDICT_REPLY;
}

static verdict handle(void *self, struct call *call)
{
    struct echo *echo = self;
    struct text path = call->request.path;
    if (text_is(path, "/plain")) {
        reply_plain(call);
        return VERDICT_REPLY;
    }
    if (text_is(path, "/pool") && call->lane == LANE_LOOP)
        return VERDICT_POOL;
    if (text_is(path, "/pool"))
        pause_ms(number_in_query(call, "ms"));
    if (text_is(path, "/busy"))
        hold_loop();
    if (text_is(path, "/status/204")) {
        call->reply.status = 204;
        return VERDICT_REPLY;
    }
    if (text_is(path, "/raw")) {
        call->reply.content_type = "application/octet-stream";
        call->reply.body = text_of_bytes(call->body);
        return VERDICT_REPLY;
    }
    if (text_is(path, "/bytes")) {
        reply_bytes(call);
        return VERDICT_REPLY;
    }
    struct json_writer json = json_writer_open(call->arena, 4u * 1024 * 1024);
    if (text_is(path, "/counters"))
        write_counters(&json, echo);
    else
        write_call(&json, call);
    reply_json(call, &json);
    if (reply_add_field(call, "Echo-Id", text_of(call->request_id)) != OK)
        call->reply.status = 500;
    return text_is(path, "/sealed") ? seal(echo, call) : VERDICT_REPLY;
}

static void turn_end(void *self, void *thread_data)
{
    (void)thread_data; /* one list for all threads is enough here */
    struct echo *echo = self;
    pthread_mutex_lock(&echo->lock);
    memcpy(echo->due + echo->due_count, echo->open, echo->open_count * sizeof echo->open[0]);
    echo->due_count += echo->open_count;
    echo->open_count = 0;
    echo->batches++;
    pthread_cond_signal(&echo->changed);
    pthread_mutex_unlock(&echo->lock);
}

/* Plays the writer: takes all that is due, waits as long as the longest wants, lets all go. */
static void *sealer(void *arg)
{
    struct echo *echo = arg;
    struct call **batch = calloc(SEALED_MAX, sizeof *batch);
    pthread_mutex_lock(&echo->lock);
    while (batch != NULL && (!echo->ended || echo->due_count > 0)) {
        size_t count = echo->due_count;
        if (count == 0) {
            pthread_cond_wait(&echo->changed, &echo->lock);
            continue;
        }
        memcpy(batch, echo->due, count * sizeof *batch);
        echo->due_count = 0;
        pthread_mutex_unlock(&echo->lock);
        int64_t longest_ms = 0;
        for (size_t i = 0; i < count; i++) {
            int64_t ms = number_in_query(batch[i], "ms");
            longest_ms = ms > longest_ms ? ms : longest_ms;
        }
        pause_ms(longest_ms);
        call_complete_all(batch, count);
        pthread_mutex_lock(&echo->lock);
    }
    pthread_mutex_unlock(&echo->lock);
    free(batch);
    return NULL;
}

static void slow(void *self, struct call *call, int64_t duration_ns)
{
    (void)call, (void)duration_ns; /* only counted */
    struct echo *echo = self;
    pthread_mutex_lock(&echo->lock);
    echo->slow++;
    pthread_mutex_unlock(&echo->lock);
}

static void ready(void *self, struct text address)
{
    (void)self; /* needs nothing */
    printf("ready %.*s\n", TEXT_ARGS(address));
    (void)fflush(stdout); /* whoever reads it notices */
}

static bool set_option(struct server_config *config, size_t *port, struct text argument)
{
    struct {
        const char *name;
        int64_t    *wide;
        size_t     *size;
    } const options[] = {
        {"head_ms=", &config->head_ms, NULL},         {"body_ms=", &config->body_ms, NULL},
        {"idle_ms=", &config->idle_ms, NULL},         {"write_ms=", &config->write_ms, NULL},
        {"drain_ms=", &config->drain_ms, NULL},       {"linger_ms=", &config->linger_ms, NULL},
        {"drain_calls_ms=", &config->drain_calls_ms, NULL},
        {"body_bytes_max=", &config->body_bytes_max, NULL}, {"port=", NULL, port},
        {"bodies_bytes_max=", NULL, &config->bodies_bytes_max}, {"unsent_bytes_max=", NULL, &config->unsent_bytes_max},
        {"loop_count=", NULL, &config->loop_count},   {"pool_thread_count=", NULL, &config->pool_thread_count},
        {"pool_queue_max=", NULL, &config->pool_queue_max}, {"connections_max=", NULL, &config->connections_max},
        {"silent_ms=", &config->silent_ms, NULL}, {"body_own_bytes=", NULL, &config->body_own_bytes},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        size_t size = strlen(options[i].name);
        int64_t number = 0;
        if (!text_starts_with(argument, options[i].name) ||
            !text_to_int64((struct text){argument.at + size, argument.size - size}, &number))
            continue;
        if (options[i].wide != NULL)
            *options[i].wide = number;
        else
            *options[i].size = (size_t)number;
        return true;
    }
    return false;
}

static int serve(struct echo *echo, const struct server_config *config)
{
    struct ctx cx = {.clock = config->clock};
    struct server_hooks hooks = {
        .self = echo, .handle = handle, .refuse = refuse, .turn_end = turn_end, .slow = slow, .ready = ready};
    pthread_t thread;
    err result = server_open(&cx, config, &hooks, &echo->server);
    if (result == OK && pthread_create(&thread, NULL, sealer, echo) == 0) {
        result = server_run(&cx, echo->server);
        pthread_mutex_lock(&echo->lock);
        echo->ended = true;
        pthread_cond_signal(&echo->changed);
        pthread_mutex_unlock(&echo->lock);
        pthread_join(thread, NULL);
        server_close(echo->server);
    }
    if (result != OK)
        fprintf(stderr, "%s: %s\n", cx.failure.reason, cx.failure.detail);
    return error_exit_code(result);
}

int main(int argument_count, char **arguments)
{
    static struct echo echo = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct clock clock = clock_system();
    struct randomness randomness = randomness_system();
    struct server_config config = server_config_default(&clock, &randomness);
    size_t port = 0;
    config.stop_on_signals = true;
    for (int i = 1; i < argument_count; i++) {
        if (!set_option(&config, &port, text_of(arguments[i]))) {
            fprintf(stderr, "unknown option: %s\n", arguments[i]);
            return 2;
        }
    }
    config.port = (uint16_t)port;
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &blocked, NULL) != 0)
        return 1;
    return serve(&echo, &config);
}
