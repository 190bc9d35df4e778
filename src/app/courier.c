/* SPDX-License-Identifier: Apache-2.0
 * One thread, one loop: a pass over what waits, then a short sleep that a stop cuts short. */
#include "app/courier.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "domain/leftover.h"
#include "domain/person_key.h"
#include "http/idempotency.h"
#include "ledger/ledger.h"

#define FORGET_EVERY_MS (INT64_C(3600) * 1000)
#define PASS_EVERY_MS 100 /* far below LIMIT_LOG_DELAY_MS, so that a slow disk still keeps the promise */

struct courier {
    struct node    *node;
    struct ctx      cx;
    pthread_t       thread;
    pthread_mutex_t mutex;
    pthread_cond_t  wake;
    bool            stopping;
    int64_t         forget_at_ms;
};

static void report(struct courier *courier, const char *what)
{
    const struct failure *failure = &courier->cx.failure;
    LOG(&courier->node->log, LOG_ERROR, what, LOG_TEXT("reason", failure->reason), LOG_TEXT("where", failure->where),
        LOG_TEXT("detail", failure->detail));
}

static void prepare(struct courier *courier)
{
    arena_reset(courier->cx.arena);
    failure_clear(&courier->cx.failure);
    courier->cx.now_ms = store_now_ms(courier->node->store);
}

/* Numbers all that waits; losing a race against another process only means that the work is being done. */
static void pass(struct courier *courier)
{
    struct ledger_pass pass = {.left = 1};
    while (pass.left > 0) {
        prepare(courier);
        err result = ledger_sequence(&courier->cx, courier->node->store, &pass);
        if (result == OK)
            continue;
        if (result != CONFLICT)
            report(courier, "log.pass_failed");
        return;
    }
}

static void sweep(struct courier *courier)
{
    prepare(courier);
    if (leftover_sweep(&courier->cx, courier->node->store) != OK)
        report(courier, "leftover.sweep_failed");
}

/* Once an hour: answers kept for repeated requests are of no use after a day. */
static void forget(struct courier *courier)
{
    prepare(courier);
    if (courier->cx.now_ms < courier->forget_at_ms)
        return;
    courier->forget_at_ms = courier->cx.now_ms + FORGET_EVERY_MS;
    if (store_write_wait(courier->node->store, &courier->cx, idempotency_forget, NULL) != OK)
        report(courier, "idempotency.forget_failed");
}

static bool rest(struct courier *courier)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until); /* cannot fail for this clock; a wrong time only shortens a nap */
    until.tv_nsec += PASS_EVERY_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&courier->mutex);
    if (!courier->stopping)
        (void)pthread_cond_timedwait(&courier->wake, &courier->mutex, &until); /* woken, timed out: both go on */
    bool go_on = !courier->stopping;
    (void)pthread_mutex_unlock(&courier->mutex);
    return go_on;
}

static void *run(void *arg)
{
    struct courier *courier = arg;
    if (person_forget_keys(&courier->cx, courier->node->store, NULL, 0) != OK)
        report(courier, "keys.sweep_failed");
    do {
        pass(courier);
        sweep(courier);
        forget(courier);
    } while (rest(courier));
    pass(courier);
    return NULL;
}

err courier_start(struct node *node, struct courier **out)
{
    struct courier *courier = calloc(1, sizeof *courier);
    if (courier == NULL)
        return FAIL_MEMORY(&node->cx);
    courier->node = node;
    err result = node_ctx_open(node, &courier->cx);
    if (result != OK) {
        free(courier);
        return result;
    }
    (void)pthread_mutex_init(&courier->mutex, NULL); /* default attributes: cannot fail on this system */
    (void)pthread_cond_init(&courier->wake, NULL);
    if (pthread_create(&courier->thread, NULL, run, courier) != 0) {
        node_ctx_close(&courier->cx);
        free(courier);
        return FAIL(&node->cx, INTERNAL, "courier.thread", "no thread could be made");
    }
    *out = courier;
    return OK;
}

void courier_stop(struct courier *courier)
{
    if (courier == NULL)
        return;
    (void)pthread_mutex_lock(&courier->mutex);
    courier->stopping = true;
    (void)pthread_cond_signal(&courier->wake);
    (void)pthread_mutex_unlock(&courier->mutex);
    (void)pthread_join(courier->thread, NULL);
    (void)pthread_cond_destroy(&courier->wake);
    (void)pthread_mutex_destroy(&courier->mutex);
    node_ctx_close(&courier->cx);
    free(courier);
}
