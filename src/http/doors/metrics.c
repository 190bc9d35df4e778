/* SPDX-License-Identifier: Apache-2.0
 * GET /metrics: counters of engine, store and routes in Prometheus' text form, version 0.0.4. Labels are literals of
 * our own tables: nothing of a request and nobody's id can become one. How often a door is used is the operator's to
 * know and nobody else's: on a small node such figures follow single people. */
#include <inttypes.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/secret.h"
#include "http/doors/api_thread.h"
#include "http/doors/handlers.h"
#include "http/gate/call.h"

#define METRICS_BYTES_MAX (512 * 1024)

/* ---- for whom */

/* "127.0.0.1:8080", "localhost", "[::1]:8080": this machine, and no name that somebody else could give an address. */
static bool is_this_machine(struct text host)
{
    if (text_is(host, "localhost") || text_starts_with(host, "localhost:") || text_starts_with(host, "[::1]"))
        return true;
    size_t size = 0;
    while (size < host.size && ((host.at[size] >= '0' && host.at[size] <= '9') || host.at[size] == '.'))
        size++;
    return text_starts_with(host, "127.") && (size == host.size || host.at[size] == ':');
}

static bool came_by_proxy(const struct call *call)
{
    static const char *const MARKS[] = {"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
                                        "X-Real-IP", "Via"};
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
        if (h1_field_count(&call->request, MARKS[i]) > 0)
            return true;
    return false;
}

/* Behind a proxy every caller has this machine's address, so the address alone says nothing: the node must not be made
 * for others either. */
static bool is_private(const struct call *call)
{
    const struct api *api = call_visit(call)->api;
    const char *origin = strstr(api->options.origin, "://");
    return api->server != NULL && is_this_machine(server_address(api->server)) && origin != NULL &&
           is_this_machine(text_of(origin + 3)) && is_this_machine(call->request.host) && !came_by_proxy(call);
}

/* Both are hashed, so that the comparison takes the same time for texts of any length. */
static bool has_token(const struct call *call, const char *token)
{
    const struct text scheme = TEXT("Bearer ");
    struct text value;
    uint8_t came[HASH_BYTES];
    uint8_t wanted[HASH_BYTES];
    if (!h1_field(&call->request, "Authorization", &value) || value.size < scheme.size ||
        !text_equals_ignoring_case((struct text){value.at, scheme.size}, scheme.at))
        return false;
    blake2b_256(bytes_of_text((struct text){value.at + scheme.size, value.size - scheme.size}), came);
    blake2b_256(bytes_of_text(text_of(token)), wanted);
    return secret_equals(came, wanted, HASH_BYTES);
}

/* ---- what */

static void write_metric(struct builder *out, const char *name, const char *type, const char *sentence, uint64_t value)
{
    build_format(out, "# HELP symbolon_%s %s\n# TYPE symbolon_%s %s\nsymbolon_%s %" PRIu64 "\n", name, sentence, name,
                 type, name, value);
}

static void write_engine(struct builder *out, const struct server *server)
{
    struct server_counters engine;
    server_counters(server, &engine);
    write_metric(out, "connections_open", "gauge", "Connections that are open now.", engine.connections_open);
    write_metric(out, "connections_total", "counter", "Connections accepted.", engine.connections_accepted);
    write_metric(out, "connections_displaced_total", "counter", "Silent connections that made room for new ones.",
                 engine.connections_displaced);
    write_metric(out, "requests_total", "counter", "Requests read.", engine.requests);
    write_metric(out, "requests_refused_total", "counter", "Requests that the engine itself refused.", engine.refused);
    write_metric(out, "received_bytes_total", "counter", "Octets read from clients.", engine.bytes_in);
    write_metric(out, "sent_bytes_total", "counter", "Octets sent to clients.", engine.bytes_out);
    write_metric(out, "pool_waiting", "gauge", "Calls that wait for a pool thread.", engine.pool_waiting);
    write_metric(out, "replies_sealed", "gauge", "Replies that wait for their commit.", engine.sealed_open);
    write_metric(out, "replies_dropped_total", "counter", "Replies whose client had left.", engine.dropped);
}

static void write_store(struct builder *out, struct store *store)
{
    static const char *const FILES[STORE_FILE_COUNT] = {"keys", "records", "ledger", "people"};
    struct store_counters counters;
    store_counters(store, &counters);
    write_metric(out, "writes_total", "counter", "Changes committed.", (uint64_t)counters.writes);
    write_metric(out, "writes_refused_total", "counter", "Changes that broke a rule on the writer.",
                 (uint64_t)counters.refused_writes);
    write_metric(out, "commits_total", "counter", "Group commits.", (uint64_t)counters.commits);
    write_metric(out, "store_trips_total", "counter", "Waits for an answer of the database server.",
                 (uint64_t)counters.trips);
    write_metric(out, "writes_waiting", "gauge", "Changes that wait for the writer.", (uint64_t)counters.queued);
    write_metric(out, "checkpoints_total", "counter", "Checkpoints of the write-ahead log.",
                 (uint64_t)counters.checkpoints);
    write_metric(out, "store_reserve_bytes", "gauge", "Room kept for stops; less than 16 MiB: the disk is full.",
                 (uint64_t)counters.reserve_bytes);
    build_literal(out,
                  "# HELP symbolon_store_bytes Size of each file of the store.\n# TYPE symbolon_store_bytes gauge\n");
    for (size_t i = 0; i < STORE_FILE_COUNT; i++)
        build_format(out, "symbolon_store_bytes{file=\"%s\"} %" PRId64 "\n", FILES[i], counters.file_bytes[i]);
}

static void write_clock(struct builder *out, struct store *store)
{
    int64_t ahead_ms = 0;
    clock_trust trust = store_clock_trust(store, &ahead_ms);
    write_metric(out, "clock_doubted", "gauge", "1 while the wall clock is not believed.", trust != CLOCK_TRUSTED);
    build_format(out,
                 "# HELP symbolon_clock_ahead_seconds How far the wall clock is ahead of the node's time.\n"
                 "# TYPE symbolon_clock_ahead_seconds gauge\nsymbolon_clock_ahead_seconds %.3f\n",
                 (double)ahead_ms / 1000);
}

static void write_route(struct builder *out, const struct route *route, const struct route_counters *counters)
{
    for (int digit = 0; digit < REPLY_CLASSES; digit++) {
        uint64_t replies = atomic_load_explicit(&counters->replies[digit], memory_order_relaxed);
        if (replies > 0)
            build_format(out, "symbolon_route_replies_total{route=\"%s\",class=\"%dxx\"} %" PRIu64 "\n", route->name,
                         digit, replies);
    }
}

static void write_routes(struct builder *out, const struct api *api)
{
    build_literal(out, "# HELP symbolon_route_replies_total Replies by route and class of status.\n"
                       "# TYPE symbolon_route_replies_total counter\n");
    for (size_t i = 0; i < api->routes_count; i++)
        write_route(out, &api->routes[i], &api->counters[i]);
    build_literal(out, "# HELP symbolon_route_microseconds_total Time from request to reply by route.\n"
                       "# TYPE symbolon_route_microseconds_total counter\n");
    for (size_t i = 0; i < api->routes_count; i++) {
        uint64_t spent = atomic_load_explicit(&api->counters[i].duration_us, memory_order_relaxed);
        if (spent > 0)
            build_format(out, "symbolon_route_microseconds_total{route=\"%s\"} %" PRIu64 "\n", api->routes[i].name,
                         spent);
    }
}

err get_metrics(struct call *call)
{
    struct api *api = call_visit(call)->api;
    const char *token = api->options.metrics_token;
    if (token != NULL ? !has_token(call, token) : !is_private(call))
        return FAIL(&call->cx, NOT_FOUND, "not_found", "these figures are for the operator");
    struct builder out = builder_open(call->arena, METRICS_BYTES_MAX);
    if (api->server != NULL)
        write_engine(&out, api->server);
    write_store(&out, api->options.store);
    write_clock(&out, api->options.store);
    write_routes(&out, api);
    if (out.overflowed)
        return FAIL_MEMORY(&call->cx);
    return call_reply_text(call, "text/plain; version=0.0.4; charset=utf-8", builder_text(&out));
}
