/* SPDX-License-Identifier: Apache-2.0
 * A linked queue under one lock. */
#include "http/engine/pool.h"

#include <assert.h>
#include <stdlib.h>

struct pool {
    const struct server_config *config;
    const struct server_hooks  *hooks;
    struct crew                *crew;
    pthread_mutex_t             lock;
    pthread_cond_t              filled;
    struct exchange            *first, *last;
    size_t                      waiting;
    bool                        stopping;
    size_t                      thread_count;
    pthread_t                   threads[];
};

bool pool_submit(struct pool *pool, struct exchange *exchange)
{
    pthread_mutex_lock(&pool->lock);
    bool taken = pool->waiting < pool->config->pool_queue_max && !pool->stopping;
    if (taken) {
        exchange->next = NULL;
        if (pool->last != NULL)
            pool->last->next = exchange;
        else
            pool->first = exchange;
        pool->last = exchange;
        pool->waiting++;
        pthread_cond_signal(&pool->filled);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

size_t pool_waiting(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

/* NULL: the pool is stopping. */
static struct exchange *next_call(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->filled, &pool->lock);
    struct exchange *exchange = pool->stopping ? NULL : pool->first;
    if (exchange != NULL) {
        pool->first = exchange->next;
        if (pool->first == NULL)
            pool->last = NULL;
        pool->waiting--;
    }
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
    for (struct exchange *exchange = pool->first, *next; exchange != NULL; exchange = next) {
        next = exchange->next;
        call_complete(&exchange->call);
    }
    pool->first = pool->last = NULL;
    pool->waiting = 0;
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
