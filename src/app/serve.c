/* SPDX-License-Identifier: Apache-2.0
 * symbolon serve: engine, API and courier around one node, from the first socket to the last reply. */
#include "app/serve.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cores.h"
#include "app/courier.h"
#include "app/reach.h"
#include "app/sandbox.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/keyring.h"
#include "domain/entrance/id_token_key.h"
#include "http/gate/api.h"
#include "store/data_age.h"
#include "store/keys_place.h"
#include "store/move.h"
#include "store/queries.h"

#define LISTEN_DEFAULT "127.0.0.1:8080"

#define METRICS_TOKEN_SIZE_MIN 20
#define METRICS_TOKEN_SIZE_MAX 200

void serve_block_signals(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals); /* these three cannot fail with valid arguments */
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* "HOST:PORT" or "[::1]:PORT". */
static err read_listen(struct cli *cli, struct server_config *config)
{
    struct text listen = text_of(cli_value(cli, CLI_listen, LISTEN_DEFAULT));
    const char *colon = memrchr(listen.at, ':', listen.size);
    struct text host = colon == NULL ? TEXT_NONE : (struct text){listen.at, (size_t)(colon - listen.at)};
    struct text port =
        colon == NULL ? TEXT_NONE : (struct text){colon + 1, (size_t)(listen.at + listen.size - colon - 1)};
    if (host.size > 2 && host.at[0] == '[' && host.at[host.size - 1] == ']')
        host = (struct text){host.at + 1, host.size - 2};
    int64_t number = 0;
    if (host.size == 0 || !text_to_int64(port, &number) || number > UINT16_MAX)
        return FAIL(&cli->cx, USAGE, "cli.listen", "--listen wants HOST:PORT, as 127.0.0.1:8080");
    if (!cli_has(cli, CLI_url) && (text_is(host, "0.0.0.0") || text_is(host, "::")))
        return FAIL(&cli->cx, USAGE, "cli.url",
                    "%.*s is every address of this machine: name the one that people reach with --url, as "
                    "--url https://symbolon.example", TEXT_ARGS(host));
    config->host = text_c_string(cli->cx.arena, host);
    config->port = (uint16_t)number;
    return config->host == NULL ? FAIL_MEMORY(&cli->cx) : OK;
}

err serve_probe(struct cli *cli)
{
    struct clock clock = clock_system();
    struct server_config config = server_config_default(&clock, NULL);
    TRY(read_listen(cli, &config));
    err result = server_probe(&cli->cx, &config);
    if (result != UNAVAILABLE)
        return result;
    failure_clear(&cli->cx.failure);
    return FAIL(&cli->cx, UNAVAILABLE, "server.port_taken",
                "another program listens at %s; name another address with --listen, as --listen 127.0.0.1:8090",
                cli_value(cli, CLI_listen, LISTEN_DEFAULT));
}

/* Who guesses it reads how busy the node is, so it is no short word. */
static err read_metrics_token(struct cli *cli, const char **out)
{
    const char *token = cli_value(cli, CLI_metrics_token, NULL);
    size_t size = token == NULL ? 0 : strlen(token);
    for (size_t i = 0; i < size; i++)
        if (token[i] < '!' || token[i] > '~')
            size = 0; /* no field of HTTP could carry it */
    if (token != NULL && (size < METRICS_TOKEN_SIZE_MIN || size > METRICS_TOKEN_SIZE_MAX))
        return FAIL(&cli->cx, USAGE, "cli.metrics_token", "--metrics-token wants 20 to 200 visible ASCII characters");
    *out = token;
    return OK;
}

/* ---- walls */

#define POOL_THREADS_FOR_CORE 4  /* when the data lies on a server */
#define NETWORK_BEAT_NS 25000000 /* when the way there is a network: a refusal waits up to five times */

/* node_options.confine. The folder of the store is there before the walls are: they cannot be moved. Its name lies in
 * the folder above it, which is out of reach behind them, so it is brought to disk here. */
static err confine(struct node *node, const struct node_place *place)
{
    struct reach reach;
    const char *folder = place->folder;
    bool made = folder != NULL && mkdir(folder, S_IRWXU) == 0; /* if it cannot be made, the store says why */
    if (folder != NULL && !node_sync_name(&node->cx, folder) && made)
        return FAIL(&node->cx, INTERNAL, "node.folder", "the folder %s cannot be made", folder);
    reach_of_server(place, &reach);
    node->walls = reach.room.processes;
    return sandbox_files(&node->cx, &reach.room, &node->lacks);
}

err serve_open(struct cli *cli, bool create)
{
    struct node_options options = cli_node_options(cli, create);
    options.confine = confine;
    return cli_open_with(cli, &options);
}

static err close_walls(struct node *node)
{
    TRY(sandbox_calls(&node->cx, node->walls, &node->lacks));
    sandbox_tell(&node->log, "server", node->lacks);
    sandbox_tell(&node->log, "keys", keyring_holder_lacks(node->keyring));
    if (!keyring_is_locked(node->keyring))
        LOG(&node->log, LOG_WARNING, "sandbox.missing", LOG_TEXT("process", "server"),
            LOG_TEXT("feature", "locked memory"), LOG_TEXT("meaning", "keys may reach the swap; RLIMIT_MEMLOCK"));
    return OK;
}

/* What an operator should know of the database that holds the keys. */
static err tell_keys(struct node *node, void *arg)
{
    (void)arg; /* the node is all that is asked */
    struct store_keys_place place;
    TRY(store_keys_look(&node->cx, node->store, &place));
    if (place.is_server && !place.may_cut_log)
        LOG(&node->log, LOG_WARNING, "keys.log", LOG_TEXT("meaning", "what is erased stays in the write-ahead log of "
            "the key database until its own checkpoint: grant pg_checkpoint, and EXECUTE on pg_switch_wal()"));
    if (place.is_server && place.keeps_log)
        LOG(&node->log, LOG_WARNING, "keys.log_kept", LOG_TEXT("meaning", "the server of the key database keeps older "
            "parts of its write-ahead log, and what was erased in them: see docs/operations"));
    if (place.is_beside)
        LOG(&node->log, LOG_WARNING, "keys.beside", LOG_TEXT("meaning", "keys and data lie on one database server: a "
            "copy of that server holds both"));
    return OK;
}

/* ---- serving */

static err save_url(struct ctx *cx, void *arg)
{
    struct sql_node_text_save_in in = {TEXT("url"), *(struct text *)arg};
    store_keep_house(cx);
    return sql_node_text_save(cx, &in, NULL);
}

#define LOOPBACK "127.0.0.1"

/* The address for people: as configured, else where the socket is. Kept, so that other commands print right links. */
static err settle_url(const struct serving *serving, const struct server *server, struct text *out)
{
    struct cli *cli = serving->cli;
    struct text address = server_address(server);
    const char *host = "";
    struct text url;
    TRY(cli_url(cli, &url));
    if (serving->for_browsers && text_starts_with(address, LOOPBACK ":")) {
        host = "localhost";
        address = (struct text){address.at + strlen(LOOPBACK), address.size - strlen(LOOPBACK)};
    }
    url = url.size > 0 ? text_copy(cli->cx.arena, url)
                       : text_format(cli->cx.arena, "http://%s%.*s", host, TEXT_ARGS(address));
    if (url.at == NULL)
        return FAIL_MEMORY(&cli->cx);
    TRY(node_write(&cli->node, save_url, &url));
    *out = url;
    return OK;
}

static err nothing(struct ctx *cx, void *arg)
{
    (void)cx; /* what counts is that all writes before this one are done */
    (void)arg;
    return OK;
}

/* A drain that ran out of time leaves calls behind whose writes are under way: they must end before what they look at
 * goes away. */
static void drain_writer(struct node *node)
{
    struct failure before = node->cx.failure; /* why the server has ended, perhaps */
    failure_clear(&node->cx.failure);
    if (node_write(node, nothing, NULL) != OK)
        LOG(&node->log, LOG_WARNING, "drain.writer", LOG_TEXT("reason", node->cx.failure.reason));
    node->cx.failure = before; /* what it means is asked behind it */
}

static void stop_serving(void *server)
{
    server_stop(server);
}

/* What is said once every thread has all that it needs. */
struct announcement {
    const struct serving *serving;
    struct server        *server;
    struct text           url;
    err                   result;
};

static void announce(void *arg, struct text address)
{
    struct announcement *news = arg;
    const struct serving *serving = news->serving;
    (void)address; /* people may know another one */
    if (serving->ready != NULL)
        news->result = serving->ready(serving->cli, news->url, serving->arg);
    if (news->result != OK)
        server_stop(news->server);
}

static err serve_with(struct announcement *news, struct api *api, struct server *server)
{
    struct cli *cli = news->serving->cli;
    struct courier *courier = NULL;
    news->server = server;
    TRY(settle_url(news->serving, server, &news->url));
    TRY(node_write(&cli->node, id_token_key_settle, NULL));
    api_set_origin(api, news->url.at);
    api_set_server(api, server);
    TRY(close_walls(&cli->node));
    TRY(node_patiently(&cli->node, tell_keys, NULL));
    TRY(courier_start(&(struct courier_work){&cli->node, stop_serving, server}, &courier));
    err result = server_run(&cli->node.cx, server);
    if (result == OK)
        result = news->result;
    courier_stop(courier);
    drain_writer(&cli->node);
    if (result == OK && !keyring_is_held(cli->node.keyring))
        return FAIL(&cli->node.cx, UNAVAILABLE, "key.holder_gone",
                    "the process that holds the keys has ended or does not answer, and this one has ended after it; "
                    "start the node again");
    if (result == OK && cli->node.is_older)
        return mark_fail_older(&cli->node.cx);
    if (result == OK)
        result = store_place_check(&cli->node.cx);
    if (result == OK)
        result = node_settle(&cli->node);
    if (result == OK)
        result = store_settle_time(cli->node.store, &cli->node.cx);
    return result;
}

err serve_run(const struct serving *serving)
{
    struct cli *cli = serving->cli;
    struct node *node = &cli->node;
    struct server_config config = server_config_default(&node->clock, &node->randomness);
    size_t cores = cores_usable();
    config.loop_count = cores > SERVER_LOOPS_MAX ? SERVER_LOOPS_MAX : cores;
    config.stop_on_signals = true;
    if (store_waits(node->store)) /* about two connections for each core keep a database busy */
        config.pool_thread_count = POOL_THREADS_FOR_CORE * cores;
    if ((node->walls & SANDBOX_CLIENT) != 0)
        config.beat_ns = NETWORK_BEAT_NS;
    const char *metrics_token = NULL;
    TRY(read_listen(cli, &config));
    TRY(read_metrics_token(cli, &metrics_token));
    struct api_options options = {
        .store = node->store,
        .keyring = node->keyring,
        .numbers = &node->numbers,
        .log = &node->log,
        .origin = "http://127.0.0.1",
        .version = SYMBOLON_VERSION,
        .metrics_token = metrics_token,
        .dev = cli_has(cli, CLI_dev),
    };
    struct api *api = NULL;
    struct server *server = NULL;
    TRY(api_open(&node->cx, &options, &api));
    struct server_hooks hooks = api_hooks(api);
    struct announcement news = {.serving = serving};
    hooks.ready = announce;
    hooks.ready_self = &news;
    err result = server_open(&node->cx, &config, &hooks, &server);
    if (result == OK)
        result = serve_with(&news, api, server);
    server_close(server);
    api_close(api);
    return result;
}

static err say_ready(struct cli *cli, struct text url, void *arg)
{
    (void)arg; /* nothing more to tell */
    struct json_writer json = json_writer_open(cli->cx.arena, 1024);
    json_open_object(&json);
    json_member_text(&json, "ready", url);
    json_close_object(&json);
    if (cli_has(cli, CLI_dev))
        LOG(&cli->node.log, LOG_WARNING, "dev.mode",
            LOG_TEXT("meaning", "this node is for trying out: never use --dev for real people"));
    cli_say(cli, "ready %.*s\n", TEXT_ARGS(url));
    TRY(cli_answer(cli, &json));
    (void)fflush(cli->out); /* a closed pipe is the reader's wish */
    return OK;
}

err cli_serve(struct cli *cli)
{
    struct text url; /* refused before anything is made, as is an address that is taken */
    serve_block_signals();
    TRY(cli_url(cli, &url));
    TRY(serve_probe(cli));
    TRY(serve_open(cli, true));
    struct serving serving = {.cli = cli, .ready = say_ready};
    return serve_run(&serving);
}
