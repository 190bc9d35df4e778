/* SPDX-License-Identifier: Apache-2.0
 * One thread, one loop: the jobs that are due, then a short sleep that a stop cuts short. */
#include "app/courier.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/mark.h"
#include "base/checked.h"
#include "base/limits.h"
#include "crypto/key_pace.h"
#include "crypto/keyring.h"
#include "domain/entrance/authorization.h"
#include "domain/entrance/passkey_challenge.h"
#include "domain/entrance/seen_token.h"
#include "domain/entrance/session.h"
#include "domain/people/erasure.h"
#include "domain/people/key_return.h"
#include "domain/people/leftover.h"
#include "domain/people/person_key.h"
#include "domain/people/stray.h"
#include "http/gate/idempotency.h"
#include "ledger/ledger.h"
#include "store/move.h"

#define BUCKETS_EVERY_MS 5000
#define ERASE_EVERY_MS 1000
#define ERASE_FOR_MS 500 /* rows of the forgotten at a time: all other jobs wait */
#define FORGET_EVERY_MS (INT64_C(300) * 1000)
#define HEAD_EVERY_MS 1000
#define HOLDER_EVERY_MS 1000
#define KEYS_EVERY_MS 1000
#define LOST_EVERY_MS 5000
#define MARK_EVERY_MS 1000
#define PLACE_EVERY_MS 1000
#define TIME_EVERY_MS 1000
#define PASS_EVERY_MS 100 /* far below LIMIT_LOG_DELAY_MS, so that a slow disk still keeps the promise */
#define STRAY_EVERY_MS 1000
#define PAUSE_MS_MAX (INT64_C(60) * 1000)
#define PAUSE_OF_KEYS_MS_MAX 1000 /* while the holder permits no more: nobody's key stays for what others want */
#define PAUSE_OF_HEAD_MS_MAX 1000 /* while the database is put back, perhaps: what comes then is seen at once */
#define BUSY_MS (INT64_C(60) * 1000) /* so long it is no fault that another process holds the store */

/* Something that is done over and over. While it fails it is tried ever more rarely, and told of once; what was told as
 * no fault is told again when it has become one. */
struct job {
    const char *name;
    err (*run)(struct courier *courier);
    int64_t     every_ms;  /* after a success; 0: each turn */
    int64_t     due_at_ms; /* monotonic */
    int64_t     pause_ms;  /* after the last failure */
    int64_t     failed_at_ms; /* monotonic: the first of those in a row */
    const char *told;      /* the reason that the log has heard; NULL: all is well */
    log_level   told_as;
};

typedef enum job_number {
    JOB_PLACE,
    JOB_HEAD,
    JOB_HOLDER,
    JOB_TIME,
    JOB_KEYS,
    JOB_BUCKETS,
    JOB_LOST,
    JOB_ERASE,
    JOB_LOG,
    JOB_MARK,
    JOB_OWN_MARK,
    JOB_LEFTOVER,
    JOB_FORGET,
    JOB_TOKENS,
    JOB_STRAY,
    JOB_COUNT
} job_number;

struct courier {
    struct courier_work work;
    struct node       *node;
    struct ctx         cx;
    pthread_t          thread;
    pthread_mutex_t    mutex;
    pthread_cond_t     wake;
    bool               stopping;
    struct job         jobs[JOB_COUNT];
    struct stray_sweep strays;
    struct key_return_sweep buckets;
    struct key_pace    pace; /* of destroying keys */
    struct erasure_work erasure;
    clock_trust        trust; /* as the log has heard */
    bool               lost;  /* the process that holds the keys */
    bool               moved; /* the data is on its way to another place, or there */
};

/* ---- the jobs */

static void tell_trust(struct courier *courier, clock_trust trust, int64_t ahead_ms)
{
    courier->trust = trust;
    if (trust == CLOCK_TRUSTED)
        LOG(&courier->node->log, LOG_INFO, "clock.trusted", LOG_INT("ahead_ms", ahead_ms));
    else
        LOG(&courier->node->log, LOG_WARNING, "clock.doubted",
            LOG_TEXT("clock", trust == CLOCK_AHEAD ? "ahead" : "behind"), LOG_INT("ahead_ms", ahead_ms));
}

static err keep_time(struct courier *courier)
{
    int64_t ahead_ms = 0;
    clock_trust trust = store_clock_trust(courier->node->store, &ahead_ms);
    if (trust != courier->trust)
        tell_trust(courier, trust, ahead_ms);
    return store_keep_time(courier->node->store, &courier->cx);
}

/* The keys of the people who are to be forgotten, also of those whom a crash has left; their rows wait for it. Keys
 * that another process has destroyed leave the memory of this one, and those of an older copy do not come back. */
static err destroy_keys(struct courier *courier)
{
    struct person_forgetting forgetting = {.pace = &courier->pace};
    keyring_drop_destroyed(&courier->cx, courier->cx.keyring);
    TRY(node_check_keys(courier->node, &courier->cx, false));
    TRY(key_return_note(&courier->cx, courier->node->store));
    return person_forget_listed(&courier->cx, courier->node->store, &forgetting);
}

/* Bucket keys that were destroyed and have come back, beside the others. */
static err sweep_buckets(struct courier *courier)
{
    return node_sweep_buckets(courier->node, &courier->cx, &courier->buckets);
}

/* People whose bucket key is missing without having been destroyed: they are there, and nothing of theirs opens. */
static err look_for_lost(struct courier *courier)
{
    struct person_keys_lost lost;
    return node_look_for_lost(courier->node, &courier->cx, &lost);
}

/* A little at a time, so that neither the keys of others nor any other job wait for the rows of many. */
static err erase_people(struct courier *courier)
{
    struct job *job = &courier->jobs[JOB_ERASE];
    err result = erasure_finish_rows(&courier->cx, courier->node->store, &courier->erasure);
    job->every_ms = courier->erasure.out_more ? 0 : ERASE_EVERY_MS;
    return result;
}

/* Numbers all that waits; losing a race against another process only means that the work is being done. */
static err extend_log(struct courier *courier)
{
    struct ledger_pass pass = {.left = 1};
    while (pass.left > 0) {
        arena_reset(courier->cx.arena);
        err result = ledger_go_on(&courier->cx, courier->node->store, &courier->node->seen, &pass);
        if (result == CONFLICT && text_is(text_of(courier->cx.failure.reason), "log.contended"))
            return OK;
        TRY(result);
    }
    return OK;
}

static err keep_mark(struct courier *courier)
{
    return mark_keep(&courier->cx, courier->node->store, &courier->node->kept);
}

/* While the database of the keys is away, which is asked ever more rarely. */
static err keep_own_mark(struct courier *courier)
{
    const struct job *whole = &courier->jobs[JOB_MARK];
    if (whole->pause_ms == 0 || store_is_local(courier->node->store, STORE_KEYS))
        return OK;
    return mark_keep_own(&courier->cx, courier->node->store, &courier->node->kept);
}

static err sweep_leftovers(struct courier *courier)
{
    return leftover_sweep(&courier->cx, courier->node->store);
}

/* Answers kept for repeated requests are of no use after a day, challenges of passkeys after minutes,
 * sessions when they are over. */
static err forget_answers(struct courier *courier)
{
    bool left = true;
    while (left)
        TRY(store_write_wait(courier->node->store, &courier->cx, idempotency_forget, &left));
    for (left = true; left;)
        TRY(store_write_wait(courier->node->store, &courier->cx, passkey_challenge_forget, &left));
    for (left = true; left;)
        TRY(store_write_wait(courier->node->store, &courier->cx, session_forget, &left));
    return OK;
}

/* What was signed for one use is kept until it is too old, tokens until they end. */
static err forget_tokens(struct courier *courier)
{
    bool more = false;
    do
        TRY(store_write_wait(courier->node->store, &courier->cx, seen_token_forget, &more));
    while (more);
    do
        TRY(store_write_wait(courier->node->store, &courier->cx, authorization_forget, &more));
    while (more);
    return OK;
}

/* A little at a time, so that a start beside a million people is no burst of reading. */
static err sweep_strays(struct courier *courier)
{
    return stray_sweep(&courier->cx, courier->node->store, &courier->strays);
}

/* A move has closed the store (store/move.h): what is read here would soon be old. */
static err look_at_place(struct courier *courier)
{
    err result = store_place_check(&courier->cx);
    if (result != CONFLICT || courier->moved)
        return courier->moved ? OK : result;
    courier->moved = true;
    LOG(&courier->node->log, LOG_WARNING, courier->cx.failure.reason, LOG_TEXT("meaning", courier->cx.failure.detail));
    failure_clear(&courier->cx.failure);
    courier->work.stop(courier->work.server);
    return OK;
}

/* Whether the log is still the one that this process has seen, also while it cannot be led on. */
static err look_at_head(struct courier *courier)
{
    return ledger_look(&courier->cx, &courier->node->seen);
}

/* Whether the process that holds the keys answers, and can read its folder: asked also when nobody needs a key. */
static err ask_holder(struct courier *courier)
{
    struct text mark;
    return keyring_mark_load(&courier->cx, courier->cx.keyring, &mark);
}

static const struct job JOBS[JOB_COUNT] = {
    [JOB_PLACE] = {.name = "place", .run = look_at_place, .every_ms = PLACE_EVERY_MS},
    [JOB_HEAD] = {.name = "head", .run = look_at_head, .every_ms = HEAD_EVERY_MS},
    [JOB_HOLDER] = {.name = "holder", .run = ask_holder, .every_ms = HOLDER_EVERY_MS},
    [JOB_TIME] = {.name = "time", .run = keep_time, .every_ms = TIME_EVERY_MS},
    [JOB_KEYS] = {.name = "keys", .run = destroy_keys, .every_ms = KEYS_EVERY_MS},
    [JOB_BUCKETS] = {.name = "buckets", .run = sweep_buckets, .every_ms = BUCKETS_EVERY_MS},
    [JOB_LOST] = {.name = "lost", .run = look_for_lost, .every_ms = LOST_EVERY_MS},
    [JOB_ERASE] = {.name = "erase", .run = erase_people, .every_ms = ERASE_EVERY_MS},
    [JOB_LOG] = {.name = "log", .run = extend_log},
    [JOB_MARK] = {.name = "mark", .run = keep_mark, .every_ms = MARK_EVERY_MS},
    [JOB_OWN_MARK] = {.name = "own mark", .run = keep_own_mark, .every_ms = MARK_EVERY_MS},
    [JOB_LEFTOVER] = {.name = "leftover", .run = sweep_leftovers},
    [JOB_FORGET] = {.name = "forget", .run = forget_answers, .every_ms = FORGET_EVERY_MS},
    [JOB_TOKENS] = {.name = "tokens", .run = forget_tokens, .every_ms = FORGET_EVERY_MS},
    [JOB_STRAY] = {.name = "stray", .run = sweep_strays, .every_ms = STRAY_EVERY_MS},
};

/* ---- one turn */

/* An older copy lies where the newer data was. In it stopped permissions live again: nothing is served from it, and
 * nothing published. */
static void end_if_older(struct courier *courier)
{
    const struct failure *failure = &courier->cx.failure;
    if (courier->node->is_older || !text_is(text_of("log.went_back"), failure->reason))
        return;
    courier->node->is_older = true;
    LOG(&courier->node->log, LOG_ERROR, "log.went_back", LOG_TEXT("detail", failure->detail),
        LOG_TEXT("meaning", "an older copy of the data lies where the newer one was; the node ends, and refuses to "
                            "start until the newest is back"));
    courier->work.stop(courier->work.server);
}

static bool is_over(const struct courier *courier)
{
    return courier->moved || courier->node->is_older;
}

static int64_t monotonic_ms(const struct courier *courier)
{
    return clock_monotonic_ns(&courier->node->clock) / 1000000;
}

/* Another process that holds the store is no fault of anybody, unless it does not end. */
static log_level level_of(const struct courier *courier, const struct job *job)
{
    bool busy = text_is(text_of("store.busy"), courier->cx.failure.reason);
    return busy && monotonic_ms(courier) - job->failed_at_ms < BUSY_MS ? LOG_WARNING : LOG_ERROR;
}

static void tell_failure(struct courier *courier, struct job *job)
{
    const struct failure *failure = &courier->cx.failure;
    log_level level = level_of(courier, job);
    if (job->told != NULL && text_is(text_of(job->told), failure->reason) && job->told_as == level)
        return;
    job->told = failure->reason;
    job->told_as = level;
    LOG(&courier->node->log, level, "courier.failed", LOG_TEXT("job", job->name),
        LOG_TEXT("reason", failure->reason), LOG_TEXT("where", failure->where), LOG_TEXT("detail", failure->detail));
}

static void tell_recovery(struct courier *courier, struct job *job)
{
    if (job->told != NULL)
        LOG(&courier->node->log, LOG_INFO, "courier.recovered", LOG_TEXT("job", job->name));
    job->told = NULL;
}

static int64_t longest_pause(const struct courier *courier, const struct job *job)
{
    if (job == &courier->jobs[JOB_HEAD])
        return PAUSE_OF_HEAD_MS_MAX;
    return text_is(text_of("key.destroy_rate"), courier->cx.failure.reason) ? PAUSE_OF_KEYS_MS_MAX : PAUSE_MS_MAX;
}

static int64_t longer_pause(const struct courier *courier, const struct job *job)
{
    int64_t longer = job->pause_ms == 0 ? PASS_EVERY_MS : 2 * job->pause_ms;
    int64_t longest = longest_pause(courier, job);
    return longer > longest ? longest : longer;
}

static void run_job(struct courier *courier, struct job *job)
{
    arena_reset(courier->cx.arena);
    failure_clear(&courier->cx.failure);
    store_set_moment(courier->node->store, &courier->cx);
    bool failed = job->run(courier) != OK;
    if (failed && job->pause_ms == 0)
        job->failed_at_ms = monotonic_ms(courier);
    job->pause_ms = failed ? longer_pause(courier, job) : 0;
    if (failed) {
        tell_failure(courier, job);
        end_if_older(courier);
    } else
        tell_recovery(courier, job);
    int64_t wait_ms = failed ? job->pause_ms : job->every_ms;
    if (!int64_add(monotonic_ms(courier), wait_ms, &job->due_at_ms))
        job->due_at_ms = INT64_MAX;
}

/* Its socket is looked at each turn: whoever waits for nothing hears nothing. */
static void watch_holder(struct courier *courier)
{
    if (courier->lost || keyring_is_held(courier->node->keyring))
        return;
    courier->lost = true;
    LOG(&courier->node->log, LOG_ERROR, "key.holder_gone",
        LOG_TEXT("meaning", "the process that holds the keys has ended or does not answer; the node ends "
                            "too and wants a new start"));
    courier->work.stop(courier->work.server);
}

static void run_due(struct courier *courier)
{
    log_catch_up(&courier->node->log);
    watch_holder(courier);
    for (size_t i = 0; i < JOB_COUNT && (!is_over(courier) || i == JOB_PLACE); i++)
        if (courier->jobs[i].due_at_ms <= monotonic_ms(courier))
            run_job(courier, &courier->jobs[i]);
}

/* False once the courier is to stop. */
static bool rest(struct courier *courier)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
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
    do
        run_due(courier);
    while (rest(courier));
    if (!is_over(courier))
        run_job(courier, &courier->jobs[JOB_LOG]);
    return NULL;
}

/* ---- life */

/* Naps by the monotonic clock: one that is set back must not hold up the log. */
static void open_bell(struct courier *courier)
{
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic); /* with such arguments none of these can fail on this system */
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&courier->mutex, NULL);
    (void)pthread_cond_init(&courier->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

static void close_bell(struct courier *courier)
{
    (void)pthread_cond_destroy(&courier->wake);
    (void)pthread_mutex_destroy(&courier->mutex);
}

err courier_start(const struct courier_work *work, struct courier **out)
{
    struct node *node = work->node;
    struct courier *courier = calloc(1, sizeof *courier);
    if (courier == NULL)
        return FAIL_MEMORY(&node->cx);
    courier->node = node;
    courier->work = *work;
    memcpy(courier->jobs, JOBS, sizeof JOBS);
    courier->strays.older_than_ms = LIMIT_STRAY_MS;
    courier->erasure.for_ms = ERASE_FOR_MS;
    key_pace_begin(&courier->pace, LIMIT_BUCKETS_EMPTIED, &node->clock);
    err result = node_ctx_open(node, &courier->cx);
    if (result != OK) {
        free(courier);
        return result;
    }
    open_bell(courier);
    if (pthread_create(&courier->thread, NULL, run, courier) != 0) {
        close_bell(courier);
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
    close_bell(courier);
    node_ctx_close(&courier->cx);
    free(courier);
}
