/* SPDX-License-Identifier: Apache-2.0
 * Goal: no crowd of one kind keeps a call of another out of the pool, nor waiting for ever. Method: one thread, held at
 * its first call while others come; then the order in which it serves them. */
#include "http/engine/pool.h"

#include "support/cmocka.h"

enum { USUAL_MAX = 6, KEPT_MAX = 5, FEW_MAX = 2, CALLS = 16 };

static const struct turn USUAL = {.kept = false}, KEPT = {.kept = true};
static const struct turn FEW = {.few = true}, KEPT_FEW = {.kept = true, .few = true};

struct bench {
    pthread_mutex_t      lock;
    pthread_cond_t       changed;
    bool                 is_held, may_go_on;
    char                 order[CALLS + 1]; /* of the calls served: K for a kept one, u for another */
    size_t               served, sent;
    struct server_config config;
    struct server_hooks  hooks;
    struct crew          crew;
    struct pool         *pool;
    struct exchange      calls[CALLS];
};

/* A sealed call goes to no loop, so none is needed. */
static verdict handle(void *self, struct call *call)
{
    struct bench *bench = self;
    pthread_mutex_lock(&bench->lock);
    bench->is_held = true;
    pthread_cond_broadcast(&bench->changed);
    while (!bench->may_go_on)
        pthread_cond_wait(&bench->changed, &bench->lock);
    bench->order[bench->served++] = call->turn.kept ? 'K' : 'u';
    pthread_cond_broadcast(&bench->changed);
    pthread_mutex_unlock(&bench->lock);
    return VERDICT_SEALED;
}

static bool sends(struct bench *bench, struct turn turn)
{
    struct exchange *exchange = &bench->calls[bench->sent];
    exchange->call.turn = turn;
    bool taken = pool_submit(bench->pool, exchange);
    bench->sent += taken;
    return taken;
}

static size_t sends_all(struct bench *bench, struct turn turn)
{
    size_t count = 0;
    while (sends(bench, turn))
        count++;
    return count;
}

/* With one call of the usual kind in the hands of the only thread. */
static int open_bench(void **state)
{
    static struct clock clock;
    static struct randomness randomness;
    static struct bench bench;
    clock = clock_system();
    randomness = randomness_system();
    bench = (struct bench){.config = server_config_default(&clock, &randomness)};
    bench.config.pool_thread_count = 1;
    bench.config.pool_queue_max = USUAL_MAX;
    bench.config.pool_kept_max = KEPT_MAX;
    bench.config.pool_few_max = FEW_MAX;
    bench.hooks = (struct server_hooks){.self = &bench, .handle = handle};
    pthread_mutex_init(&bench.lock, NULL);
    pthread_cond_init(&bench.changed, NULL);
    crew_init(&bench.crew);
    struct ctx cx = {.clock = &clock};
    assert_int_equal(pool_open(&cx, &bench.config, &bench.hooks, &bench.crew, &bench.pool), OK);
    assert_true(sends(&bench, USUAL));
    pthread_mutex_lock(&bench.lock);
    while (!bench.is_held)
        pthread_cond_wait(&bench.changed, &bench.lock);
    pthread_mutex_unlock(&bench.lock);
    *state = &bench;
    return 0;
}

static void serve_all(struct bench *bench)
{
    pthread_mutex_lock(&bench->lock);
    bench->may_go_on = true;
    pthread_cond_broadcast(&bench->changed);
    while (bench->served < bench->sent)
        pthread_cond_wait(&bench->changed, &bench->lock);
    pthread_mutex_unlock(&bench->lock);
}

static int close_bench(void **state)
{
    struct bench *bench = *state;
    serve_all(bench);
    pool_stop(bench->pool);
    pool_close(bench->pool);
    crew_done(&bench->crew);
    pthread_cond_destroy(&bench->changed);
    pthread_mutex_destroy(&bench->lock);
    return 0;
}

static void a_full_line_leaves_the_kept_one_its_room(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(sends_all(bench, USUAL), USUAL_MAX);
    assert_int_equal(sends_all(bench, KEPT), KEPT_MAX);
    assert_int_equal(pool_waiting(bench->pool), USUAL_MAX + KEPT_MAX);
    serve_all(bench);
    assert_int_equal(pool_waiting(bench->pool), 0);
}

static void what_anybody_may_send_gets_a_part_of_either_line(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(sends_all(bench, FEW), FEW_MAX);
    assert_int_equal(sends_all(bench, KEPT_FEW), FEW_MAX);
    assert_int_equal(sends_all(bench, USUAL), USUAL_MAX - FEW_MAX);
    assert_int_equal(sends_all(bench, KEPT), KEPT_MAX - FEW_MAX);
    serve_all(bench);
    assert_true(sends(bench, FEW)); /* what was served has made room */
}

static void what_is_kept_goes_first_and_every_fourth_turn_is_another_s(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(sends_all(bench, USUAL), USUAL_MAX);
    assert_int_equal(sends_all(bench, KEPT), KEPT_MAX);
    serve_all(bench);
    assert_string_equal(bench->order, "uKKKuKKuuuuu"); /* the first was being served */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_line_leaves_the_kept_one_its_room, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_anybody_may_send_gets_a_part_of_either_line, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_is_kept_goes_first_and_every_fourth_turn_is_another_s, open_bench,
                                        close_bench),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
