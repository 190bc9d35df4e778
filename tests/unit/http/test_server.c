/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/server.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "support/cmocka.h"

/* Counts what the server asks of it, and fails where it is told to. */
struct host {
    lane          failing_lane;
    bool          fails;
    bool          stops;
    struct server *server;
    uint16_t      port;
    ssize_t       got;
    atomic_int    opened, closed, ready;
};

static err open_thread(void *self, lane which, struct ctx *cx, void **out_thread_data)
{
    struct host *host = self;
    if (host->fails && which == host->failing_lane)
        return FAIL(cx, INTERNAL, "test.thread", "this thread shall not open");
    *out_thread_data = host;
    atomic_fetch_add(&host->opened, 1);
    return OK;
}

static void close_thread(void *self, void *thread_data)
{
    struct host *host = self;
    assert_ptr_equal(thread_data, host);
    atomic_fetch_add(&host->closed, 1);
}

static verdict handle(void *self, struct call *call)
{
    (void)self, (void)call; /* nobody calls */
    return VERDICT_REPLY;
}

static struct call *late_call; /* static, so that the leak checker still sees what it leads to */

static verdict seal_and_stop(void *self, struct call *call)
{
    struct host *host = self;
    late_call = call;
    server_stop(host->server);
    return VERDICT_SEALED;
}

static void *ask(void *arg)
{
    struct host *host = arg;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(host->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char reply[256];
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(client, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL) == 18)
        host->got = recv(client, reply, sizeof reply, 0); /* until the server ends */
    close(client);
    return NULL;
}

static void refuse(void *self, struct call *call)
{
    (void)self, (void)call; /* nobody calls */
}

static void ready(void *self, struct text address)
{
    struct host *host = self;
    assert_true(text_equals(address, server_address(host->server)));
    atomic_fetch_add(&host->ready, 1);
    if (host->stops)
        server_stop(host->server);
}

struct fixture {
    struct clock         clock;
    struct randomness    randomness;
    struct server_config config;
    struct ctx           cx;
};

static int open_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->clock = clock_system();
    fixture->randomness = randomness_system();
    fixture->config = server_config_default(&fixture->clock, &fixture->randomness);
    fixture->config.port = 0;
    fixture->config.loop_count = 3;
    fixture->cx.clock = &fixture->clock;
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    free(*state);
    return 0;
}

static err open_and_run(struct fixture *fixture, struct host *host)
{
    const struct server_hooks hooks = {.self = host, .thread_open = open_thread, .thread_close = close_thread,
                                       .handle = handle, .refuse = refuse, .ready = ready, .ready_self = host};
    assert_int_equal(server_open(&fixture->cx, &fixture->config, &hooks, &host->server), OK);
    err result = server_run(&fixture->cx, host->server);
    server_close(host->server);
    return result;
}

static void every_thread_is_opened_and_closed(void **state)
{
    struct host host = {.stops = true};
    assert_int_equal(open_and_run(*state, &host), OK);
    assert_int_equal(host.ready, 1);
    assert_int_equal(host.opened, 5); /* three loops, two pool threads */
    assert_int_equal(host.closed, 5);
}

static void a_thread_that_cannot_open_ends_the_server(void **state)
{
    struct fixture *fixture = *state;
    static const lane LANES[] = {LANE_LOOP, LANE_POOL};
    for (size_t i = 0; i < 2; i++) {
        struct host host = {.fails = true, .failing_lane = LANES[i]};
        failure_clear(&fixture->cx.failure);
        assert_int_equal(open_and_run(fixture, &host), INTERNAL);
        assert_string_equal(fixture->cx.failure.reason, "test.thread");
        assert_int_equal(host.ready, 0);
        assert_int_equal(host.opened, host.closed);
    }
}

static void a_server_stopped_before_it_runs_ends_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct host host = {.stops = true};
    const struct server_hooks hooks = {.self = &host, .handle = handle, .refuse = refuse};
    assert_int_equal(server_open(&fixture->cx, &fixture->config, &hooks, &host.server), OK);
    server_stop(host.server);
    assert_int_equal(server_run(&fixture->cx, host.server), OK);
    server_close(host.server);
}

static void a_server_that_never_runs_can_be_closed(void **state)
{
    struct fixture *fixture = *state;
    struct host host = {.stops = false};
    const struct server_hooks hooks = {.self = &host, .handle = handle, .refuse = refuse};
    fixture->config.host = "::1";
    if (server_open(&fixture->cx, &fixture->config, &hooks, &host.server) == OK) { /* a machine may have no IPv6 */
        assert_true(text_starts_with(server_address(host.server), "[::1]:"));
        server_close(host.server);
    }
    failure_clear(&fixture->cx.failure);
    fixture->config.host = "localhost";
    assert_int_equal(server_open(&fixture->cx, &fixture->config, &hooks, &host.server), OK);
    assert_true(text_starts_with(server_address(host.server), "127.0.0.1:"));
    server_close(host.server);
    server_close(NULL);
}

static void a_call_completed_after_the_end_does_no_harm(void **state)
{
    struct fixture *fixture = *state;
    struct host host = {.got = 99};
    const struct server_hooks hooks = {.self = &host, .handle = seal_and_stop, .refuse = refuse};
    fixture->config.drain_ms = 50;
    fixture->config.drain_calls_ms = 0;
    assert_int_equal(server_open(&fixture->cx, &fixture->config, &hooks, &host.server), OK);
    struct text port = server_address(host.server);
    int64_t number = 0;
    assert_true(text_to_int64((struct text){port.at + 10, port.size - 10}, &number));
    host.port = (uint16_t)number;
    pthread_t client;
    assert_int_equal(pthread_create(&client, NULL, ask, &host), 0);
    assert_int_equal(server_run(&fixture->cx, host.server), OK);
    pthread_join(client, NULL);
    server_close(host.server);
    assert_int_equal(host.got, 0); /* closed, without a reply */
    call_complete(late_call);
}

static void an_address_must_be_numeric_and_ours(void **state)
{
    struct fixture *fixture = *state;
    struct server *server = NULL;
    const struct server_hooks hooks = {.handle = handle, .refuse = refuse};
    static const char *const HOSTS[] = {"", "node.example", "127.0.0.1:80", "256.0.0.1", "192.0.2.1"};
    for (size_t i = 0; i < sizeof HOSTS / sizeof HOSTS[0]; i++) {
        failure_clear(&fixture->cx.failure);
        fixture->config.host = HOSTS[i];
        assert_int_equal(server_open(&fixture->cx, &fixture->config, &hooks, &server), INVALID);
        assert_string_equal(fixture->cx.failure.reason, "server.address");
    }
    assert_null(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_thread_is_opened_and_closed, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_thread_that_cannot_open_ends_the_server, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_server_stopped_before_it_runs_ends_at_once, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_server_that_never_runs_can_be_closed, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_call_completed_after_the_end_does_no_harm, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(an_address_must_be_numeric_and_ours, open_fixture, close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
