/* SPDX-License-Identifier: Apache-2.0
 * The scene of a whole server: it opens on a port of the system's choice, one person changes a value over a socket, and
 * it stops. Whoever asks has an answer or sees the connection end; nobody waits for ever. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "fault/effect_scenes.h"
#include "http/gate/api.h"

#define SLICE_MS 100
#define PATIENCE_MS 20000

struct service {
    struct server *server;
    struct ctx     cx;
    err            result;
    atomic_bool    over;
};

static void *serve(void *arg)
{
    struct service *service = arg;
    service->result = server_run(&service->cx, service->server);
    atomic_store(&service->over, true);
    return NULL;
}

/* ---- the client */

static int call_server(const struct service *service)
{
    const char *colon = strrchr(server_address(service->server).at, ':');
    int64_t port = 0;
    bool read = colon != NULL && text_to_int64(text_of(colon + 1), &port);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(read && client >= 0);
    assert_int_equal(connect(client, (const struct sockaddr *)&address, sizeof address), 0);
    return client;
}

/* Until the server closes; false when it neither answers nor ends. */
static bool hear(const struct service *service, int client, char *out, size_t size)
{
    size_t got = 0;
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += SLICE_MS) {
        struct pollfd ready = {.fd = client, .events = POLLIN};
        bool over = atomic_load(&service->over);
        if (poll(&ready, 1, SLICE_MS) == 1) {
            ssize_t more = recv(client, out + got, size - 1 - got, 0);
            if (more <= 0)
                return true;
            got += (size_t)more;
        } else if (over) {
            return true;
        }
    }
    return false;
}

/* What an answer means to whoever asked; one that was cut is none. */
static err understand(struct ctx *cx, const char *answer)
{
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strstr(answer, "\r\n\r\n") == NULL)
        return FAIL(cx, UNAVAILABLE, "scene.cut", "no answer");
    if (answer[9] == '2')
        return OK;
    if (answer[9] == '5')
        return FAIL(cx, UNAVAILABLE, "scene.refused", "%.12s", answer);
    return FAIL(cx, strncmp(answer + 9, "413", 3) == 0 ? TOO_LARGE : CONFLICT, "scene.blamed", "%.12s", answer);
}

static err put_over(struct bench *bench, const struct service *service, int client)
{
    static const char BODY[] = "{\"value\":{\"country\":\"CH\",\"locality\":\"Arosa\"}}";
    struct ctx *cx = world_as(&bench->world, (struct actor){.kind = ACTOR_NOBODY});
    char question[512];
    char answer[4096] = "";
    int size = snprintf(question, sizeof question,
                        "PUT /v1/me/attributes/pd:PhysicalAddress HTTP/1.1\r\nHost: node\r\nCookie: session=%.*s\r\n"
                        "Idempotency-Key: arosa\r\nConnection: close\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s", TEXT_ARGS(bench->session), sizeof BODY - 1, BODY);
    bool sent = send(client, question, (size_t)size, MSG_NOSIGNAL) == size;
    bool heard = !sent || hear(service, client, answer, sizeof answer);
    return heard ? understand(cx, answer) : FAIL(cx, CONFLICT, "scene.silent", "nobody answers, and nobody hangs up");
}

/* ---- the server */

static err nothing(struct ctx *cx, void *arg)
{
    (void)cx, (void)arg; /* what counts is that all writes before this one are done */
    return OK;
}

static err serve_one(struct bench *bench, struct service *service)
{
    pthread_t thread;
    struct ctx *cx = &bench->world.node.cx;
    int client = call_server(service); /* it listens, and may have ended before it has run */
    service->cx = bench->node.cx;
    if (pthread_create(&thread, NULL, serve, service) != 0) {
        (void)close(client); /* nothing was said */
        return FAIL(cx, UNAVAILABLE, "scene.thread", "no thread for the server");
    }
    err result = put_over(bench, service, client);
    (void)close(client); /* it has all that it wants */
    server_stop(service->server);
    assert_int_equal(pthread_join(thread, NULL), 0);
    struct ctx drain = bench->node.cx;
    err drained = store_write_wait(bench->node.store, &drain, nothing, NULL); /* as the program does */
    (void)drained; /* refused, it has waited all the same */
    if (result == UNAVAILABLE && service->result != OK) {
        cx->failure = service->cx.failure;
        result = service->result;
    }
    return result;
}

err scene_serve(struct bench *bench)
{
    struct node *node = &bench->node;
    struct ctx *cx = world_as(&bench->world, bench->world.operator_);
    struct api_options options = {.store = node->store, .keyring = node->keyring, .numbers = &node->numbers,
                                  .log = &node->log, .origin = "http://node", .version = "0"};
    struct server_config config = server_config_default(&node->clock, &node->randomness);
    struct service service = {.result = OK};
    struct api *api = NULL;
    config.port = 0;
    TRY(api_open(cx, &options, &api));
    struct server_hooks hooks = api_hooks(api);
    err result = server_open(cx, &config, &hooks, &service.server);
    if (result == OK)
        result = serve_one(bench, &service);
    server_close(service.server);
    api_close(api);
    return result;
}
