/* SPDX-License-Identifier: Apache-2.0
 * Moves the write-ahead logs back into their files, on a thread of its own so that no commit pays for it. Passive while
 * writes flow; a log that outgrows that is brought to its beginning with a short stop; an idle one is emptied. */
#include <time.h>

#include "store/sqlite.h"
#include "store/state.h"

#define TICK_MS 200
#define PASSIVE_PAGES 4000  /* 16 MB: large enough to gather rewrites of a page, small enough to read back at a start */
#define RESTART_PAGES 40000
#define RESTART_WAIT_MS 1000
#define IDLE_TICKS 5
#define ARENA_BYTES (64 * 1024)

struct round {
    struct store      *store;
    struct store_conn *conn;
    struct arena      *arena;
    int64_t            commits; /* when last looked */
    int                idle_ticks;
};

static bool run_checkpoint(struct round *round, store_file file, sqlite_checkpoint kind, int wait_ms)
{
    struct ctx cx = {.arena = round->arena};
    err result = sqlite_run_checkpoint(&cx, sqlite_file_of(round->conn->of_file[file]), kind, wait_ms);
    if (round->conn->of_file[file]->io_failed)
        store_fatal(round->store, "the disk refused a checkpoint of the store");
    if (result == OK)
        (void)atomic_fetch_add(&round->store->checkpoints, 1);
    return result == OK;
}

static void care_for(struct round *round, store_file file)
{
    _Atomic int64_t *log_pages = &round->store->checkpointer.log_pages[file];
    int64_t pages = atomic_load(log_pages);
    bool idle = round->idle_ticks >= IDLE_TICKS && pages > 0;
    if (pages <= PASSIVE_PAGES && !idle)
        return;
    bool moved = run_checkpoint(round, file, CHECKPOINT_PASSIVE, 0);
    if (moved && pages > RESTART_PAGES)
        (void)run_checkpoint(round, file, CHECKPOINT_RESTART, RESTART_WAIT_MS); /* busy: the next tick tries again */
    else if (moved && idle && run_checkpoint(round, file, CHECKPOINT_TRUNCATE, 0))
        (void)atomic_compare_exchange_strong(log_pages, &pages, 0); /* a commit since then has set it anew */
}

static void care_for_all(struct round *round)
{
    struct ctx cx = {.arena = round->arena};
    int64_t commits = atomic_load(&round->store->commits);
    round->idle_ticks = commits == round->commits ? round->idle_ticks + 1 : 0;
    round->commits = commits;
    if (round->conn == NULL && conn_open(&cx, round->store, ROLE_CHECKPOINTER, &round->conn) != OK)
        return; /* no file handles left, perhaps: the next tick tries again */
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        care_for(round, file);
    arena_reset(round->arena);
}

/* False once the store closes. */
static bool wait_for_tick(struct checkpointer *checkpointer)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int waited = 0;
    (void)pthread_mutex_lock(&checkpointer->lock);
    while (!checkpointer->closing && waited == 0)
        waited = pthread_cond_timedwait(&checkpointer->wake, &checkpointer->lock, &until);
    bool closing = checkpointer->closing;
    (void)pthread_mutex_unlock(&checkpointer->lock);
    return !closing;
}

static void *run_checkpointer(void *arg)
{
    struct store *store = arg;
    struct round round = {.store = store, .arena = store->checkpointer.arena};
    while (wait_for_tick(&store->checkpointer))
        care_for_all(&round);
    conn_close(round.conn);
    return NULL;
}

void checkpointer_open(struct store *store)
{
    struct checkpointer *checkpointer = &store->checkpointer;
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&checkpointer->lock, NULL);
    (void)pthread_cond_init(&checkpointer->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

bool checkpointer_start(struct store *store)
{
    struct checkpointer *checkpointer = &store->checkpointer;
    if (checkpointer->arena == NULL) /* here, where somebody hears of it: a thread without would have to end */
        checkpointer->arena = arena_open(ARENA_BYTES);
    if (!checkpointer->started && checkpointer->arena != NULL)
        checkpointer->started = thread_start(&checkpointer->thread, "checkpoint", run_checkpointer, store);
    return checkpointer->started;
}

void checkpointer_close(struct store *store)
{
    struct checkpointer *checkpointer = &store->checkpointer;
    (void)pthread_mutex_lock(&checkpointer->lock);
    checkpointer->closing = true;
    (void)pthread_cond_signal(&checkpointer->wake);
    (void)pthread_mutex_unlock(&checkpointer->lock);
    if (checkpointer->started)
        (void)pthread_join(checkpointer->thread, NULL);
    arena_close(checkpointer->arena);
    (void)pthread_cond_destroy(&checkpointer->wake);
    (void)pthread_mutex_destroy(&checkpointer->lock);
}
