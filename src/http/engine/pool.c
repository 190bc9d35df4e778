/* SPDX-License-Identifier: Apache-2.0
 * Two linked lines under one lock. */
#include "http/engine/pool.h"

#include <assert.h>
#include <stdlib.h>

#define KEPT_IN_A_ROW 3 /* calls of the kept line, before the other has one */

struct line {
    struct exchange *first, *last;
    size_t           waiting, few;
};

struct pool {
    const struct server_config *config;
    const struct server_hooks  *hooks;
    struct crew                *crew;
    pthread_mutex_t             lock;
    pthread_cond_t              filled;
    struct line                 kept, usual;
    unsigned                    in_a_row; /* calls of the kept line, since the other had one */
    bool                        stopping;
    size_t                      thread_count;
    pthread_t                   threads[];
};

static void put_last(struct line *line, struct exchange *exchange)
{
    exchange->next = NULL;
    if (line->last != NULL)
        line->last->next = exchange;
    else
        line->first = exchange;
    line->last = exchange;
    line->waiting++;
    line->few += exchange->call.turn.few;
}

static struct exchange *take_first(struct line *line)
{
    struct exchange *exchange = line->first;
    if (exchange == NULL)
        return NULL;
    line->first = exchange->next;
    if (line->first == NULL)
        line->last = NULL;
    line->waiting--;
    line->few -= exchange->call.turn.few;
    return exchange;
}

bool pool_submit(struct pool *pool, struct exchange *exchange)
{
    const struct server_config *config = pool->config;
    struct turn turn = exchange->call.turn;
    struct line *line = turn.kept ? &pool->kept : &pool->usual;
    pthread_mutex_lock(&pool->lock);
    bool taken = line->waiting < (turn.kept ? config->pool_kept_max : config->pool_queue_max) &&
                 (!turn.few || line->few < config->pool_few_max) && !pool->stopping;
    if (taken) {
        put_last(line, exchange);
        pthread_cond_signal(&pool->filled);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

size_t pool_waiting(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = pool->kept.waiting + pool->usual.waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

static struct exchange *take_one(struct pool *pool)
{
    bool others_turn = pool->in_a_row >= KEPT_IN_A_ROW && pool->usual.first != NULL;
    struct exchange *exchange = others_turn ? NULL : take_first(&pool->kept);
    pool->in_a_row = exchange != NULL ? pool->in_a_row + 1 : 0;
    return exchange != NULL ? exchange : take_first(&pool->usual);
}

/* NULL: the pool is stopping. */
static struct exchange *next_call(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->kept.first == NULL && pool->usual.first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->filled, &pool->lock);
    struct exchange *exchange = pool->stopping ? NULL : take_one(pool);
    pthread_mutex_unlock(&pool->lock);
    return exchange;
}

static void run_call(struct pool *pool, struct call *call, void *thread_data)
{
    const struct server_hooks *hooks = pool->hooks;
    call->lane = LANE_POOL;
    call->thread_data = thread_data;
    verdict result = hooks->handle(hooks->self, call);
    assert(result != VERDICT_POOL); /* it is here already */
    if (result == VERDICT_REPLY)
        call_complete(call);
    else if (hooks->turn_end != NULL)
        hooks->turn_end(hooks->self, thread_data);
}

static void *pool_thread(void *arg)
{
    struct pool *pool = arg;
    void *thread_data = NULL;
    if (!crew_open_thread(pool->crew, pool->config, pool->hooks, LANE_POOL, &thread_data))
        return NULL;
    for (struct exchange *exchange = next_call(pool); exchange != NULL; exchange = next_call(pool))
        run_call(pool, &exchange->call, thread_data);
    if (pool->hooks->thread_close != NULL)
        pool->hooks->thread_close(pool->hooks->self, thread_data);
    return NULL;
}

err pool_open(struct ctx *cx, const struct server_config *config, const struct server_hooks *hooks, struct crew *crew,
              struct pool **out)
{
    struct pool *pool = calloc(1, sizeof *pool + config->pool_thread_count * sizeof pool->threads[0]);
    if (pool == NULL)
        return FAIL(cx, INTERNAL, "server.thread", "no memory for the pool");
    pool->config = config;
    pool->hooks = hooks;
    pool->crew = crew;
    int failed = pthread_mutex_init(&pool->lock, NULL);
    failed |= pthread_cond_init(&pool->filled, NULL);
    assert(failed == 0); /* neither allocates with default attributes */
    while (failed == 0 && pool->thread_count < config->pool_thread_count) {
        failed = pthread_create(&pool->threads[pool->thread_count], NULL, pool_thread, pool);
        pool->thread_count += failed == 0;
    }
    if (failed != 0) {
        pool_stop(pool);
        pool_close(pool);
        return FAIL(cx, INTERNAL, "server.thread", "a pool thread could not be started");
    }
    *out = pool;
    return OK;
}

void pool_stop(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->filled);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pool->thread_count = 0;
    for (struct exchange *exchange = take_one(pool); exchange != NULL; exchange = take_one(pool))
        call_complete(&exchange->call);
}

void pool_close(struct pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->thread_count == 0);
    pthread_cond_destroy(&pool->filled);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
