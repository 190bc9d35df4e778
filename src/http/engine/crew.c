/* SPDX-License-Identifier: Apache-2.0
 * One lock, one condition, one failure. */
#include "http/engine/crew.h"

#include <assert.h>

void crew_init(struct crew *crew)
{
    *crew = (struct crew){.reported = 0};
    int failed = pthread_mutex_init(&crew->lock, NULL);
    failed |= pthread_cond_init(&crew->changed, NULL);
    assert(failed == 0); /* neither allocates with default attributes */
}

void crew_done(struct crew *crew)
{
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
}

void crew_report(struct crew *crew, const struct failure *failure)
{
    pthread_mutex_lock(&crew->lock);
    crew->reported++;
    if (crew->failure.code == OK)
        crew->failure = *failure;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

bool crew_open_thread(struct crew *crew, const struct server_config *config, const struct server_hooks *hooks,
                      lane which, void **out_thread_data)
{
    struct ctx cx = {
        .arena = arena_open(LIMIT_REQUEST_ARENA_BYTES),
        .clock = config->clock,
        .randomness = config->randomness,
        .now_ms = clock_wall_ms(config->clock),
    };
    err result = cx.arena == NULL ? FAIL(&cx, UNAVAILABLE, "limit.memory", "no memory is left for a thread") : OK;
    if (result == OK && hooks->thread_open != NULL)
        result = hooks->thread_open(hooks->self, which, &cx, out_thread_data);
    crew_report(crew, &cx.failure);
    arena_close(cx.arena);
    return result == OK;
}

err crew_wait(struct crew *crew, size_t count)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->reported < count)
        pthread_cond_wait(&crew->changed, &crew->lock);
    err result = crew->failure.code;
    pthread_mutex_unlock(&crew->lock);
    return result;
}
