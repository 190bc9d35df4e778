/* SPDX-License-Identifier: Apache-2.0
 * The one thread that writes. It takes what is queued, runs each write as if in a savepoint, commits all at once,
 * tells each caller, and begins again: no timer, the queue that forms during a commit is the next batch. What is
 * written to the ledger alone is a batch of its own behind the other acts of that queue. A batch whose writes take long
 * commits what it has done, so that what is urgent meanwhile goes before the rest. */
#include <assert.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "store/place.h"
#include "store/queries.h"
#include "store/reserve.h"
#include "store/state.h"

#define PAUSE_NS_MIN 500000   /* between two attempts at a batch */
#define PAUSE_NS_MAX 20000000

struct batch {
    struct store_write *first;
    size_t              count;
    size_t              urgent;        /* the first ones */
    int64_t             newest_number; /* that another process may have made; 0: none has written */
    struct store_write *later;         /* for which its time was too short: not its own any more, and not run */
    size_t              later_count;
};

bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all); /* these three cannot fail with such arguments */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(thread, NULL, run, arg) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        (void)pthread_setname_np(*thread, name); /* a name for `top`; nothing hangs on it */
    return started;
}

/* The real one: what is waited for does not stand still with the clock of a test. */
static int64_t monotonic_ns(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- one batch */

/* What another process has written bears numbers of its own. Those of this batch go behind them: no two rows get the
 * same one, and the numbers of one write lie together. */
static err load_newest_number(struct ctx *own, struct store *store, int64_t *out)
{
    struct store_conn *conn = store->writer.conn;
    if (store->options.newest_number == NULL)
        return OK;
    conn_begin_write(conn);
    err result = store->options.newest_number(own, out);
    TRY(conn_end_write(own, conn, result == OK));
    return result;
}

typedef void (*announce_fn)(struct ctx *cx, void *arg);

/* With the writer's handle, if there is something to say. */
static void say(struct store *store, const struct store_write *write, announce_fn announce)
{
    struct ctx *cx = write->cx;
    struct store_conn *of_caller = cx->db;
    cx->db = store->writer.conn;
    if (announce != NULL)
        announce(cx, write->arg);
    cx->db = of_caller;
}

/* At the moment at which it will run. */
static void announce(struct store *store, const struct store_write *write)
{
    store_set_moment(store, write->cx);
    say(store, write, write->announce);
}

/* What it has looked at is looked at once more by the write itself. */
static void announce_more(struct store *store, const struct store_write *write)
{
    struct arena *arena = write->cx->arena;
    if (write->announce_more == NULL || arena == NULL)
        return;
    struct arena_mark mark = arena_mark(arena);
    say(store, write, write->announce_more);
    arena_go_back(arena, &mark);
}

/* What writes of the ledger rely on lies in another file, which none of them changes; and a database that is far away
 * knows which changes touch what was announced: there all is announced before the first write runs. */
static bool is_announced_first(const struct store *store, const struct batch *batch)
{
    return batch->first->in_ledger || conn_asks_together(store->writer.conn);
}

/* What hangs on the answers is announced when all of these were. */
static err announce_all(struct ctx *own, struct store *store, const struct batch *batch)
{
    struct store_conn *conn = store->writer.conn;
    conn_begin_write(conn);
    for (const struct store_write *write = batch->first; write != NULL; write = write->next)
        announce(store, write);
    for (const struct store_write *write = batch->first; write != NULL; write = write->next)
        if (conn_asks_together(conn))
            announce_more(store, write);
    return conn_end_write(own, conn, true);
}

/* Runs one write with the writer's handle and moment. The result is the write's; `lost` says that the batch is. */
static err run_write(struct ctx *own, struct store *store, struct store_write *write, bool *lost)
{
    struct store_conn *conn = store->writer.conn;
    struct ctx *cx = write->cx;
    struct store_conn *of_caller = cx->db;
    conn_begin_write(conn);
    if (!write->in_ledger && !conn_asks_together(conn))
        announce(store, write);
    cx->db = conn;
    err result = write->run(cx, write->arg);
    if (result == OK && cx->arena != NULL && arena_is_exhausted(cx->arena))
        result = FAIL_MEMORY(cx); /* some text of it may be shorter than it should be */
    *lost = conn_end_write(own, conn, result == OK) != OK;
    cx->db = of_caller;
    return result;
}

/* What went wrong with a batch that may go well the next time. */
static bool may_run_again(const struct failure *failure)
{
    return failure->code == UNAVAILABLE &&
           (strcmp(failure->reason, "store.conflict") == 0 || strcmp(failure->reason, "store.lost") == 0);
}

/* A write that met what befalls the transaction: what the others saw in it does not count either. */
static bool is_of_the_batch(const struct store_write *write)
{
    return write->result != OK && may_run_again(&write->cx->failure);
}

/* A write has gone on before it was known that it could not: which one, and why, shows when each waits. */
static err fail_late(struct ctx *own)
{
    failure_clear(&own->failure);
    return FAIL(own, UNAVAILABLE, "store.conflict", "a change of the batch was not done");
}

static err run_one(struct ctx *own, struct store *store, const struct batch *batch, struct store_write *write)
{
    struct store_conn *conn = store->writer.conn;
    struct number_source *numbers = write->cx->numbers;
    bool lost = false;
    if (numbers != NULL) {
        number_lift(numbers, batch->newest_number);
        conn_lend_slot(conn, numbers);
    }
    write->result = run_write(own, store, write, &lost);
    if (numbers != NULL)
        conn_keep_newest(conn, numbers);
    if (conn_is_late(conn))
        return fail_late(own);
    if (is_of_the_batch(write)) {
        failure_clear(&own->failure); /* what the end of that write has met comes from it */
        return FAIL(own, UNAVAILABLE, write->cx->failure.reason, "a write of the batch met it");
    }
    return lost ? own->failure.code : OK;
}

/* After its first `count` writes, of which this is the last. */
static void cut(struct batch *batch, struct store_write *last, size_t count)
{
    struct store_write **end = &last->next;
    while (*end != NULL)
        end = &(*end)->next;
    *end = batch->later;
    batch->later = last->next;
    batch->later_count += batch->count - count;
    last->next = NULL;
    batch->count = count;
}

static err run_all(struct ctx *own, struct store *store, struct batch *batch)
{
    int64_t until_ns = monotonic_ns() + LIMIT_WRITE_BATCH_MS * INT64_C(1000000);
    size_t count = 0;
    for (struct store_write *write = batch->first; write != NULL; write = write->next) {
        TRY(run_one(own, store, batch, write));
        count++;
        if (count >= batch->urgent && write->next != NULL && monotonic_ns() >= until_ns)
            cut(batch, write, count);
    }
    return OK;
}

static err run_batch(struct ctx *own, struct store *store, struct batch *batch)
{
    bool is_news = false;
    TRY(conn_begin_batch(own, store->writer.conn, &is_news));
    if (is_news && !store->options.moves)
        TRY(place_check_batch(own));
    if (is_news)
        TRY(load_newest_number(own, store, &batch->newest_number));
    TRY(store_clock_save(own, store, store->writer.conn));
    if (is_announced_first(store, batch))
        TRY(announce_all(own, store, batch));
    TRY(run_all(own, store, batch));
    err result = conn_commit_batch(own, store->writer.conn);
    return result != OK && conn_is_late(store->writer.conn) ? fail_late(own) : result;
}

/* After a batch that did not commit: what went well has not happened. A write that failed keeps its own reason. */
static void refuse_batch(struct ctx *own, struct batch *batch)
{
    static const char NOTHING[] = "the change was not written; nothing has happened";
    static const char UNKNOWN[] = "the database was lost while it wrote; the same Idempotency-Key tells the outcome";
    const char *reason = own->failure.code == UNAVAILABLE ? own->failure.reason : "store.commit";
    bool unknown = strcmp(reason, "store.unknown") == 0;
    for (struct store_write *write = batch->first; write != NULL; write = write->next) {
        if (write->result != OK)
            continue;
        failure_clear(&write->cx->failure); /* one that the write has met and mended */
        write->result = FAIL(write->cx, UNAVAILABLE, reason, "%s", unknown ? UNKNOWN : NOTHING);
    }
}

/* As if nothing of it had been run. */
static void begin_again(struct store_write *first)
{
    for (struct store_write *write = first; write != NULL; write = write->next) {
        write->result = OK;
        write->cx->actor = write->actor;
        if (write->cx->arena != NULL)
            arena_go_back(write->cx->arena, &write->mark);
        failure_clear(&write->cx->failure);
    }
}

/* Cuts the batch where `done` changes. After `done` the writes are no longer ours. */
static void tell_callers(const struct batch *batch)
{
    for (struct store_write *first = batch->first, *rest; first != NULL; first = rest) {
        struct store_write *last = first;
        while (last->next != NULL && last->next->done == first->done)
            last = last->next;
        rest = last->next;
        last->next = NULL;
        first->done(first);
    }
}

/* Refused without a try. */
static void turn_away(struct store *store, struct batch *batch, const char *reason)
{
    struct ctx why = {.db = NULL};
    (void)FAIL(&why, UNAVAILABLE, reason, "nothing of it was tried");
    begin_again(batch->first);
    refuse_batch(&why, batch);
    (void)atomic_fetch_add(&store->writes, (int64_t)batch->count);
    tell_callers(batch);
}

/* ---- a full disk */

/* What is not urgent leaves the batch, refused. */
static void keep_urgent(struct store *store, struct batch *batch)
{
    struct store_write **end = &batch->first;
    for (size_t i = 0; i < batch->urgent; i++) {
        assert(*end != NULL); /* they come first */
        end = &(*end)->next;
    }
    struct batch rest = {.first = *end, .count = batch->count - batch->urgent};
    *end = NULL;
    batch->count = batch->urgent;
    turn_away(store, &rest, "store.full");
}

static void abandon(struct store *store)
{
    conn_abandon_batch(store->writer.conn);
    store_clock_unsaved(store);
}

/* The room that is kept serves what stops something; the rest waits until it can be kept again. */
static err run_with_room(struct ctx *own, struct store *store, struct batch *batch)
{
    int reserve = store->writer.reserve;
    if (!reserve_fill(reserve))
        keep_urgent(store, batch);
    err result = batch->count == 0 ? OK : run_batch(own, store, batch);
    if (result == OK)
        return OK;
    abandon(store);
    if (strcmp(own->failure.reason, "store.full") != 0 || batch->urgent == 0 || !reserve_empty(reserve))
        return result;
    keep_urgent(store, batch);
    begin_again(batch->first);
    failure_clear(&own->failure);
    result = run_batch(own, store, batch);
    if (result != OK)
        abandon(store);
    return result;
}

/* Another server may have been faster, or the database may have gone: the same again, a little later. Two that meet do
 * not meet again, since each waits for a time of its own. */
static err run_with_patience(struct ctx *own, struct store *store, struct batch *batch)
{
    int64_t began_ns = monotonic_ns();
    err result = run_with_room(own, store, batch);
    for (int64_t pause_ns = PAUSE_NS_MIN; result != OK && may_run_again(&own->failure); pause_ns *= 2) {
        int64_t now_ns = monotonic_ns();
        if (now_ns - began_ns > LIMIT_STORE_BUSY_MS * INT64_C(1000000))
            break;
        pause_ns = pause_ns > PAUSE_NS_MAX ? PAUSE_NS_MAX : pause_ns;
        struct timespec pause = {.tv_nsec = pause_ns / 2 + now_ns % pause_ns};
        (void)nanosleep(&pause, NULL); /* a signal shortens it */
        store->writer.conn->is_careful |= conn_is_late(store->writer.conn);
        begin_again(batch->first);
        failure_clear(&own->failure);
        result = run_with_room(own, store, batch);
    }
    return result;
}

/* Whether a database server was asked in vain, and has not answered anybody since. */
static bool is_way_shut(const struct store *store)
{
    return atomic_load(&store->way.shut_until_ms) != 0 || atomic_load(&store->way_to_keys.shut_until_ms) != 0;
}

/* False: there is no way to the database, so whoever waits now would wait as long for nothing. */
static bool commit_batch(struct store *store, struct batch *batch)
{
    struct writer *writer = &store->writer;
    struct ctx own = {.db = writer->conn}; /* no arena: nothing that it runs takes memory */
    bool refused = writer->failed || run_with_patience(&own, store, batch) != OK;
    writer->conn->is_careful = false;
    writer->conn->saves = false;
    if (refused)
        refuse_batch(&own, batch);
    else
        (void)atomic_fetch_add(&store->commits, 1);
    (void)atomic_fetch_add(&store->writes, (int64_t)batch->count);
    if (!writer->failed && conn_io_failed(writer->conn)) {
        (void)pthread_mutex_lock(&writer->lock);
        writer->failed = true;
        (void)pthread_mutex_unlock(&writer->lock);
        store_fatal(store, "the disk refused a write of the store");
    }
    tell_callers(batch);
    return !refused || !is_way_shut(store);
}

/* ---- the queue */

/* Moves writes from the front of a line to the end of the batch, which has room for so many. */
static void take_from(struct line *line, struct batch *batch, size_t most)
{
    struct store_write **end = &batch->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = line->first;
    for (; *end != NULL && batch->count < most; end = &(*end)->next) {
        (*end)->result = OK;
        (*end)->actor = (*end)->cx->actor;
        if ((*end)->cx->arena != NULL)
            (*end)->mark = arena_mark((*end)->cx->arena);
        batch->count++;
    }
    line->first = *end;
    *end = NULL;
    if (line->first == NULL)
        line->last = NULL;
}

/* Waits for writes and takes at most a batch of them. False: the store closes and nothing is left. */
static bool take_batch(struct writer *writer, struct batch *batch)
{
    (void)pthread_mutex_lock(&writer->lock); /* locks of our own kind do not fail */
    while (writer->queued == 0 && !writer->closing)
        (void)pthread_cond_wait(&writer->wake, &writer->lock);
    *batch = (struct batch){.count = 0};
    take_from(&writer->urgent, batch, LIMIT_WRITE_BATCH);
    batch->urgent = batch->count;
    take_from(&writer->others, batch, writer->batch_max);
    writer->queued -= batch->count;
    (void)pthread_mutex_unlock(&writer->lock);
    return batch->count > 0;
}

/* Takes the writes of the ledger out of the batch, in their order. */
static struct batch take_ledger(struct batch *batch)
{
    struct batch ledger = {.count = 0};
    struct store_write **end = &ledger.first;
    for (struct store_write **at = &batch->first; *at != NULL;) {
        struct store_write *write = *at;
        if (!write->in_ledger) {
            at = &write->next;
            continue;
        }
        *at = write->next;
        write->next = NULL;
        *end = write;
        end = &write->next;
        ledger.count++;
    }
    batch->count -= ledger.count;
    assert(batch->urgent <= batch->count); /* what stops something is no read */
    return ledger;
}

/* What its time was too short for is the first of the next batch, behind what is urgent by then. */
static void put_back(struct writer *writer, const struct batch *batch)
{
    struct store_write *last = batch->later;
    if (last == NULL)
        return;
    begin_again(batch->later); /* as far as it was announced */
    while (last->next != NULL)
        last = last->next;
    (void)pthread_mutex_lock(&writer->lock);
    last->next = writer->others.first;
    writer->others.first = batch->later;
    if (writer->others.last == NULL)
        writer->others.last = last;
    writer->queued += batch->later_count;
    (void)pthread_mutex_unlock(&writer->lock);
}

/* As many writes as there was time for, and twice as many when there was time for all: what is not run now would have
 * been announced for nothing. */
static size_t next_batch_max(size_t before, size_t taken, size_t later)
{
    size_t most = later > 0 ? taken - later : 2 * before;
    return most > LIMIT_WRITE_BATCH ? LIMIT_WRITE_BATCH : most;
}

/* Those who wait at this moment; whoever comes later is a new attempt. */
static void turn_away_waiting(struct store *store)
{
    struct writer *writer = &store->writer;
    struct batch batch = {.count = 0};
    (void)pthread_mutex_lock(&writer->lock);
    size_t left = writer->queued;
    (void)pthread_mutex_unlock(&writer->lock);
    for (; left > 0; left -= batch.count < left ? batch.count : left)
        if (take_batch(writer, &batch))
            turn_away(store, &batch, "store.lost");
}

/* What was taken from the queue. False as commit_batch(). */
static bool commit_taken(struct store *store, struct batch *batch)
{
    struct writer *writer = &store->writer;
    size_t taken = batch->count;
    struct batch ledger = take_ledger(batch);
    bool has_way = batch->count == 0 || commit_batch(store, batch);
    if (ledger.count > 0 && has_way)
        has_way = commit_batch(store, &ledger);
    else if (ledger.count > 0)
        turn_away(store, &ledger, "store.lost");
    put_back(writer, &ledger);
    put_back(writer, batch);
    writer->batch_max = next_batch_max(writer->batch_max, taken, batch->later_count + ledger.later_count);
    return has_way;
}

static void *run_writer(void *arg)
{
    struct store *store = arg;
    struct batch batch;
    store->writer.batch_max = LIMIT_WRITE_BATCH;
    while (take_batch(&store->writer, &batch))
        if (!commit_taken(store, &batch))
            turn_away_waiting(store);
    return NULL;
}

/* With the lock. */
static bool start_threads(struct store *store)
{
    if (!store->writer.started && checkpointer_start(store))
        store->writer.started = thread_start(&store->writer.thread, "writer", run_writer, store);
    return store->writer.started;
}

static bool submit(struct store *store, struct line *line, struct store_write *first, size_t count, size_t most)
{
    struct writer *writer = &store->writer;
    struct store_write *last = first;
    for (size_t i = 1; i < count; i++)
        last = last->next;
    assert(count > 0 && last->next == NULL);
    (void)pthread_mutex_lock(&writer->lock);
    bool open = !writer->closing && !writer->failed;
    bool taken = open && writer->queued + count <= most && start_threads(store);
    if (taken) {
        if (line->last == NULL)
            line->first = first;
        else
            line->last->next = first;
        line->last = last;
        writer->queued += count;
        (void)pthread_cond_signal(&writer->wake);
    }
    (void)pthread_mutex_unlock(&writer->lock);
    if (!taken)
        (void)atomic_fetch_add(&store->refused_writes, (int64_t)count);
    return taken;
}

bool store_submit(struct store *store, struct store_write *first, size_t count)
{
    return submit(store, &store->writer.others, first, count, LIMIT_WRITE_QUEUE);
}

bool store_submit_urgent(struct store *store, struct store_write *first, size_t count)
{
    return submit(store, &store->writer.urgent, first, count, LIMIT_WRITE_QUEUE + LIMIT_WRITE_RESERVE);
}

/* ---- one write that waits */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t  wake;
    bool            is_done;
};

static void wake_waiting(struct store_write *first)
{
    for (struct store_write *write = first, *next; write != NULL; write = next) {
        next = write->next; /* once it is told, its thread goes on and takes it away */
        struct waiting *waiting = write->owner;
        (void)pthread_mutex_lock(&waiting->lock);
        waiting->is_done = true;
        (void)pthread_cond_signal(&waiting->wake);
        (void)pthread_mutex_unlock(&waiting->lock);
    }
}

err store_write_wait(struct store *store, struct ctx *cx, store_write_fn run, void *arg)
{
    struct waiting waiting = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
    struct store_write write = {.cx = cx, .run = run, .arg = arg, .done = wake_waiting, .owner = &waiting};
    assert(cx->db == NULL || !cx->db->is_writer); /* a write inside a write would wait for itself */
    if (!submit(store, &store->writer.others, &write, 1, LIMIT_WRITE_QUEUE + LIMIT_WRITE_RESERVE))
        return FAIL(cx, UNAVAILABLE, "store.queue_full", "more changes wait than the store takes");
    (void)pthread_mutex_lock(&waiting.lock);
    while (!waiting.is_done)
        (void)pthread_cond_wait(&waiting.wake, &waiting.lock);
    (void)pthread_mutex_unlock(&waiting.lock);
    (void)pthread_cond_destroy(&waiting.wake);
    (void)pthread_mutex_destroy(&waiting.lock);
    return write.result;
}

/* ---- life */

err writer_open(struct ctx *cx, struct store *store)
{
    (void)pthread_mutex_init(&store->writer.lock, NULL);
    (void)pthread_cond_init(&store->writer.wake, NULL);
    store->writer.reserve = store->folder == NULL ? -1 : reserve_open(cx->arena, store->folder);
    return conn_open(cx, store, ROLE_WRITER, &store->writer.conn);
}

void writer_close(struct store *store)
{
    struct writer *writer = &store->writer;
    (void)pthread_mutex_lock(&writer->lock);
    writer->closing = true;
    (void)pthread_cond_signal(&writer->wake);
    (void)pthread_mutex_unlock(&writer->lock);
    if (writer->started)
        (void)pthread_join(writer->thread, NULL);
    conn_close(writer->conn);
    reserve_close(writer->reserve);
    (void)pthread_cond_destroy(&writer->wake);
    (void)pthread_mutex_destroy(&writer->lock);
}
