/* SPDX-License-Identifier: Apache-2.0 */
#include "http/engine/loop.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "http/engine/h1_conn.h"
#include "support/cmocka.h"

struct host {
    struct clock         clock;
    struct randomness    randomness;
    struct server_config config;
    struct server_hooks  hooks;
    struct loop          loop;
    struct call         *sealed;
    size_t               handed_over, done;
};

static verdict handle(void *self, struct call *call)
{
    struct host *host = self;
    host->sealed = call;
    return VERDICT_SEALED;
}

static void refuse(void *self, struct call *call)
{
    (void)self, (void)call; /* nothing is refused here */
    fail();
}

static void turn_end(void *self, void *thread_data)
{
    (void)thread_data; /* none was made */
    struct host *host = self;
    host->handed_over++;
}

static void done(void *self, struct call *call, int64_t duration_ns)
{
    struct host *host = self;
    assert_ptr_equal(call, host->sealed);
    assert_true(duration_ns > 0);
    host->done++;
}

static int refused_file = -1; /* what the kernel has no memory for */

/* libevent's calls land here. */
int epoll_ctl(int epoll, int operation, int file, struct epoll_event *event)
{
    if (file != refused_file || operation == EPOLL_CTL_DEL)
        return (int)syscall(SYS_epoll_ctl, epoll, operation, file, event);
    errno = ENOMEM;
    return -1;
}

static struct host *new_host(void)
{
    struct host *host = calloc(1, sizeof *host);
    assert_non_null(host);
    host->clock = clock_system();
    host->randomness = randomness_system();
    host->config = server_config_default(&host->clock, &host->randomness);
    host->hooks = (struct server_hooks){
        .self = host, .handle = handle, .refuse = refuse, .turn_end = turn_end, .done = done};
    host->loop.config = &host->config;
    host->loop.hooks = &host->hooks;
    host->loop.connections_max = 10;
    return host;
}

static int open_host(void **state)
{
    struct host *host = new_host();
    struct ctx cx = {.clock = &host->clock};
    assert_int_equal(loop_open(&cx, &host->loop, -1), OK);
    *state = host;
    return 0;
}

static int close_host(void **state)
{
    struct host *host = *state;
    loop_close(&host->loop);
    free(host);
    return 0;
}

static void turn(struct host *host)
{
    for (int i = 0; i < 4; i++)
        assert_true(event_base_loop(host->loop.base, EVLOOP_NONBLOCK) >= 0);
}

static void sealed_calls_are_handed_over_at_the_end_of_a_turn_or_by_the_batch(void **state)
{
    struct host *host = *state;
    loop_sealed(&host->loop);
    loop_sealed(&host->loop);
    assert_int_equal(host->handed_over, 0);
    turn(host);
    assert_int_equal(host->handed_over, 1);
    for (int i = 0; i < SERVER_SEALED_BATCH - 1; i++)
        loop_sealed(&host->loop);
    assert_int_equal(host->handed_over, 1);
    loop_sealed(&host->loop);
    assert_int_equal(host->handed_over, 2);
    turn(host);
    assert_int_equal(host->handed_over, 2); /* nothing was left */
    turn(host);
    assert_int_equal(host->handed_over, 2);
}

static struct bufferevent *ask(struct host *host)
{
    static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    struct bufferevent *pair[2];
    assert_int_equal(bufferevent_pair_new(host->loop.base, 0, pair), 0);
    assert_int_equal(bufferevent_enable(pair[1], EV_READ | EV_WRITE), 0);
    assert_true(loop_adopt(&host->loop, pair[0], "memory"));
    assert_int_equal(bufferevent_write(pair[1], REQUEST, sizeof REQUEST - 1), 0);
    turn(host);
    assert_non_null(host->sealed);
    return pair[1];
}

static void *complete_later(void *arg)
{
    struct host *host = arg;
    struct timespec pause = {0, 100000000};
    (void)nanosleep(&pause, NULL); /* cut short: the test fails, rightly */
    call_complete(host->sealed);
    return NULL;
}

static void a_loop_ends_only_when_calls_of_lost_clients_are_back(void **state)
{
    struct host *host = *state;
    struct bufferevent *client = ask(host);
    h1_conn_close(host->loop.conns);
    assert_int_equal(host->loop.connection_count, 0);
    assert_int_equal(host->done, 0);
    loop_stop(&host->loop);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, complete_later, host), 0);
    struct ctx cx = {.clock = &host->clock};
    assert_int_equal(loop_run(&cx, &host->loop), OK);
    assert_int_equal(host->done, 1);
    assert_int_equal(host->loop.out_count, 0);
    assert_int_equal(atomic_load(&host->loop.counters.dropped), 1);
    pthread_join(thread, NULL);
    bufferevent_free(client);
}

static void a_call_that_never_comes_back_does_not_hold_the_loop_beyond_the_drain(void **state)
{
    struct host *host = *state;
    host->config.drain_ms = 50;
    host->config.drain_calls_ms = 50;
    struct bufferevent *client = ask(host);
    loop_stop(&host->loop);
    struct ctx cx = {.clock = &host->clock};
    int64_t begin_ns = loop_now_ns(&host->loop);
    assert_int_equal(loop_run(&cx, &host->loop), OK);
    assert_in_range(loop_now_ns(&host->loop) - begin_ns, 90000000, 2000000000);
    assert_int_equal(host->loop.connection_count, 0);
    assert_int_equal(host->loop.out_count, 1);
    bufferevent_free(client);
}

static void count_octets(struct bufferevent *client, void *arg)
{
    *(size_t *)arg = evbuffer_get_length(bufferevent_get_input(client));
}

static void a_call_that_comes_back_after_the_drain_is_answered(void **state)
{
    struct host *host = *state;
    size_t octets = 0;
    host->config.drain_ms = 1; /* it comes back a hundred times later */
    struct bufferevent *client = ask(host);
    bufferevent_setcb(client, count_octets, NULL, NULL, &octets);
    loop_stop(&host->loop);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, complete_later, host), 0);
    struct ctx cx = {.clock = &host->clock};
    assert_int_equal(loop_run(&cx, &host->loop), OK);
    pthread_join(thread, NULL);
    assert_int_equal(host->done, 1);
    assert_int_equal(atomic_load(&host->loop.counters.dropped), 0);
    assert_true(octets > 0);
    bufferevent_free(client);
}

/* ---- a kernel without memory for what a loop waits by */

static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(listener, (const struct sockaddr *)address, size), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)address, &size), 0);
    return listener;
}

static int connect_to(const struct sockaddr_in *address)
{
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (const struct sockaddr *)address, sizeof *address), 0);
    return client;
}

static void a_loop_that_cannot_wait_for_connections_does_not_open(void **state)
{
    (void)state; /* it makes its own */
    struct host *host = new_host();
    struct sockaddr_in address;
    struct ctx cx = {.clock = &host->clock};
    refused_file = listen_somewhere(&address);
    assert_int_equal(loop_open(&cx, &host->loop, refused_file), INTERNAL);
    assert_string_equal(cx.failure.reason, "server.loop");
    refused_file = -1;
    loop_close(&host->loop);
    free(host);
}

static void a_loop_that_cannot_wait_again_tries_until_it_can(void **state)
{
    (void)state; /* it makes its own */
    struct host *host = new_host();
    struct sockaddr_in address;
    struct ctx cx = {.clock = &host->clock};
    int listener = listen_somewhere(&address);
    host->loop.connections_max = 1; /* a full loop pauses, and goes on when a connection closes */
    assert_int_equal(loop_open(&cx, &host->loop, listener), OK);
    int clients[2] = {connect_to(&address), connect_to(&address)};
    for (int i = 0; i < 1000 && host->loop.connection_count == 0; i++)
        turn(host);
    assert_int_equal(host->loop.connection_count, 1);
    refused_file = listener;
    h1_conn_close(host->loop.conns);
    turn(host);
    assert_int_equal(host->loop.connection_count, 0);
    refused_file = -1;
    for (int i = 0; i < 3000 && host->loop.connection_count == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL); /* a signal only makes the wait shorter */
        turn(host);
    }
    assert_int_equal(host->loop.connection_count, 1);
    loop_close(&host->loop);
    close(clients[0]);
    close(clients[1]);
    free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sealed_calls_are_handed_over_at_the_end_of_a_turn_or_by_the_batch, open_host,
                                        close_host),
        cmocka_unit_test_setup_teardown(a_loop_ends_only_when_calls_of_lost_clients_are_back, open_host, close_host),
        cmocka_unit_test_setup_teardown(a_call_that_comes_back_after_the_drain_is_answered, open_host, close_host),
        cmocka_unit_test_setup_teardown(a_call_that_never_comes_back_does_not_hold_the_loop_beyond_the_drain, open_host,
                                        close_host),
        cmocka_unit_test(a_loop_that_cannot_wait_for_connections_does_not_open),
        cmocka_unit_test(a_loop_that_cannot_wait_again_tries_until_it_can),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
