/* SPDX-License-Identifier: Apache-2.0
 * GET /metrics: counters of engine, store and routes in Prometheus' text form, version 0.0.4. Labels are literals of
 * our own tables: nothing of a request and nobody's id can become one. */
#include <inttypes.h>

#include "http/api_thread.h"
#include "http/call.h"
#include "http/handlers.h"

#define METRICS_BYTES_MAX (512 * 1024)

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
    write_metric(out, "writes_waiting", "gauge", "Changes that wait for the writer.", (uint64_t)counters.queued);
    write_metric(out, "checkpoints_total", "counter", "Checkpoints of the write-ahead log.",
                 (uint64_t)counters.checkpoints);
    build_literal(out,
                  "# HELP symbolon_store_bytes Size of each file of the store.\n# TYPE symbolon_store_bytes gauge\n");
    for (size_t i = 0; i < STORE_FILE_COUNT; i++)
        build_format(out, "symbolon_store_bytes{file=\"%s\"} %" PRId64 "\n", FILES[i], counters.file_bytes[i]);
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
    struct builder out = builder_open(call->arena, METRICS_BYTES_MAX);
    if (api->server != NULL)
        write_engine(&out, api->server);
    write_store(&out, api->options.store);
    write_routes(&out, api);
    if (out.overflowed)
        return FAIL_MEMORY(&call->cx);
    return call_reply_text(call, "text/plain; version=0.0.4; charset=utf-8", builder_text(&out));
}
