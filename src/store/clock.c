/* SPDX-License-Identifier: Apache-2.0
 * The time of a node, one for all its threads, and its mark on disk. The mark goes to the ledger: a commit to the
 * people file would cost every reader its pages, and the ledger's is on disk before that of the people, so that no act
 * is later than the mark allows. */
#include "store/queries.h"
#include "store/state.h"

#define MARK_EVERY_MS 1000
#define STEP_MS 20        /* the time has moved so much beyond what elapsed: somebody has set the clock */
#define AHEAD_BUSY_MS 3000
#define AHEAD_IDLE_MS 60000 /* told to nobody, time needs no mark each second: one a minute will do */

static struct clock_look look(const struct store *store)
{
    int64_t elapsed_ns = clock_elapsed_ns(&store->clock);
    int64_t wall_ms = store->time.is_of_server ? (elapsed_ns / 1000 + atomic_load(&store->time.offset_us)) / 1000
                                               : clock_wall_ms(&store->clock);
    return (struct clock_look){wall_ms, elapsed_ns};
}

/* A copy, as it is after a look: both clocks are read under the lock, so that looks are in their order. */
static struct timekeeper take_look(struct store *store)
{
    (void)pthread_mutex_lock(&store->time.lock); /* locks of our own kind do not fail */
    timekeeper_look(&store->time.keeper, look(store));
    struct timekeeper keeper = store->time.keeper;
    (void)pthread_mutex_unlock(&store->time.lock);
    return keeper;
}

/* ---- telling it */

int64_t store_now_ms(struct store *store)
{
    struct timekeeper keeper = take_look(store);
    return timekeeper_now_ms(&keeper);
}

void store_set_moment(struct store *store, struct ctx *cx)
{
    struct timekeeper keeper = take_look(store);
    cx->now_ms = timekeeper_now_ms(&keeper);
    cx->wall_ms = timekeeper_latest_ms(&keeper);
}

void store_tell_moment(struct store *store, struct ctx *cx)
{
    store_set_moment(store, cx);
    if (!atomic_load_explicit(&store->time.asked, memory_order_relaxed))
        atomic_store(&store->time.asked, true);
}

void store_lift_time(struct store *store, int64_t at_ms)
{
    (void)pthread_mutex_lock(&store->time.lock);
    timekeeper_lift(&store->time.keeper, at_ms);
    (void)pthread_mutex_unlock(&store->time.lock);
}

clock_trust store_clock_trust(struct store *store, int64_t *out_ahead_ms)
{
    struct timekeeper keeper = take_look(store);
    return timekeeper_trust(&keeper, out_ahead_ms);
}

/* ---- hearing it, from the one clock that all servers of a node share */

/* While the question was under way the database's clock was read, nobody knows when. What fits is kept: an answer that
 * was long on its way says nothing new, and a short one says nearly all. */
static int64_t fitting_us(int64_t offset_us, int64_t least_us, int64_t most_us)
{
    int64_t raised_us = offset_us < least_us ? least_us : offset_us;
    return raised_us > most_us ? most_us : raised_us;
}

static err hear(struct ctx *cx, struct store *store, struct store_conn *conn, int64_t *out_mark_ms)
{
    struct database *db = conn->of_file[STORE_LEDGER];
    struct database_moment moment;
    int64_t before_us = clock_elapsed_ns(&store->clock) / 1000;
    TRY(db->engine->moment(cx, db, &moment));
    int64_t least_us = moment.at_us - clock_elapsed_ns(&store->clock) / 1000;
    int64_t most_us = moment.at_us - before_us;
    int64_t offset_us = atomic_load(&store->time.offset_us);
    bool is_first = offset_us == 0;
    atomic_store(&store->time.offset_us,
                 is_first ? least_us + (most_us - least_us) / 2 : fitting_us(offset_us, least_us, most_us));
    *out_mark_ms = moment.mark_ms;
    return OK;
}

/* A database that does not answer is nothing new to whoever asks it for data: until it does, the time goes on. */
static void hear_again(struct store *store, struct ctx *cx)
{
    int64_t mark_ms = 0;
    if (!store->time.is_of_server || cx->db == NULL)
        return;
    if (hear(cx, store, cx->db, &mark_ms) != OK)
        failure_clear(&cx->failure);
    store_lift_time(store, mark_ms);
}

/* ---- the mark */

void store_clock_init(struct store *store)
{
    (void)pthread_mutex_init(&store->time.lock, NULL);
}

void store_clock_done(struct store *store)
{
    (void)pthread_mutex_destroy(&store->time.lock);
}

/* Before 0003_mark_of_the_clock it lay in the people file; the later one holds. */
static err read_mark(struct ctx *cx, struct time_mark *out)
{
    struct sql_clock_mark_load_row mark = {0};
    struct sql_clock_mark_of_people_row before = {0};
    bool found = false;
    TRY(sql_clock_mark_load(cx, &mark, &found));
    TRY(sql_clock_mark_of_people(cx, &before, &found));
    *out = mark.at_ms < before.at_ms
               ? (struct time_mark){.at_ms = before.at_ms}
               : (struct time_mark){mark.at_ms, mark.elapsed_ms, mark.boot, mark.horizon_ms};
    return OK;
}

/* Of a database server's clock: another server may go on at this moment, on a machine with another name, so the horizon
 * of its mark counts only when the clock has gone back. */
static err hear_first(struct ctx *cx, struct store *store, struct time_mark *mark)
{
    int64_t newest_ms = 0;
    TRY(hear(cx, store, store->writer.conn, &newest_ms));
    mark->at_ms = newest_ms > mark->at_ms ? newest_ms : mark->at_ms;
    mark->boot = 0;
    if (look(store).wall_ms + TIMEKEEPER_APART_MS >= mark->at_ms)
        mark->horizon_ms = mark->at_ms;
    return OK;
}

err store_clock_load(struct ctx *cx, struct store *store)
{
    struct store_conn *of_caller = cx->db;
    struct time_mark mark = {0};
    cx->db = store->writer.conn;
    err result = read_mark(cx, &mark);
    cx->db = of_caller;
    store->time.is_of_server = store->url != NULL && clock_is_system(&store->clock);
    if (result == OK && store->time.is_of_server)
        result = hear_first(cx, store, &mark);
    store->time.boot = store->time.is_of_server ? 0 : clock_boot(&store->clock);
    timekeeper_open(&store->time.keeper, &mark, store->time.boot, look(store));
    atomic_store(&store->time.saved_at_ms, mark.at_ms);
    atomic_store(&store->time.saved_elapsed_ms, mark.elapsed_ms);
    atomic_store(&store->time.saved_horizon_ms, mark.horizon_ms);
    return result;
}

static bool is_due(struct store *store, const struct time_mark *mark)
{
    struct store_clock *time = &store->time;
    int64_t since_ms = mark->at_ms - atomic_load(&time->saved_at_ms);
    int64_t passed_ms = mark->elapsed_ms - atomic_load(&time->saved_elapsed_ms);
    return atomic_load(&time->wanted) || since_ms >= MARK_EVERY_MS || since_ms > passed_ms + STEP_MS;
}

static int64_t mark_id_of(const struct store_conn *conn)
{
    const struct database *db = conn->of_file[STORE_LEDGER];
    int64_t slot = db->engine->slot(db);
    return slot < 0 ? 1 : 1 + slot;
}

err store_clock_save(struct ctx *cx, struct store *store, struct store_conn *conn)
{
    struct store_clock *time = &store->time;
    struct timekeeper keeper = take_look(store);
    struct time_mark mark = {timekeeper_now_ms(&keeper), keeper.elapsed_us / 1000, time->boot, 0};
    if (!is_due(store, &mark))
        return OK;
    bool idle = atomic_load(&time->wanted) && !atomic_load(&time->asked);
    atomic_store(&time->asked, false);
    mark.horizon_ms = mark.at_ms + (idle ? AHEAD_IDLE_MS : AHEAD_BUSY_MS);
    if (mark.horizon_ms < atomic_load(&time->saved_horizon_ms))
        mark.horizon_ms = atomic_load(&time->saved_horizon_ms);
    conn_begin_write(conn);
    conn->is_uncounted = true;
    conn->kept_time = true;
    struct sql_clock_mark_set_in in = {mark_id_of(conn), mark.at_ms, mark.elapsed_ms, mark.boot, mark.horizon_ms};
    err result = sql_clock_mark_set(cx, &in, NULL);
    TRY(conn_end_write(cx, conn, result == OK));
    TRY(result);
    atomic_store(&time->wanted, false);
    atomic_store(&time->saved_at_ms, mark.at_ms);
    atomic_store(&time->saved_elapsed_ms, mark.elapsed_ms);
    atomic_store(&time->saved_horizon_ms, mark.horizon_ms);
    return OK;
}

void store_clock_unsaved(struct store *store)
{
    atomic_store(&store->time.asked, true);
    atomic_store(&store->time.saved_at_ms, 0);
    atomic_store(&store->time.saved_horizon_ms, 0);
}

static err nothing(struct ctx *cx, void *arg)
{
    (void)cx; /* the mark goes before the first write of a batch: there only has to be one */
    (void)arg;
    return OK;
}

err store_keep_time(struct store *store, struct ctx *cx)
{
    struct store_clock *time = &store->time;
    int64_t ahead_ms = 0;
    hear_again(store, cx);
    struct timekeeper keeper = take_look(store);
    int64_t now_ms = timekeeper_now_ms(&keeper);
    bool doubted = timekeeper_trust(&keeper, &ahead_ms) != CLOCK_TRUSTED; /* then another process has only the mark */
    bool told = (doubted || atomic_load(&time->asked)) && now_ms - atomic_load(&time->saved_at_ms) >= MARK_EVERY_MS;
    if (!told && now_ms + 2 * MARK_EVERY_MS < atomic_load(&time->saved_horizon_ms))
        return OK;
    atomic_store(&time->wanted, true);
    return store_write_wait(store, cx, nothing, NULL);
}

static err settle(struct ctx *cx, void *arg)
{
    (void)arg; /* the mark is of this batch */
    cx->db->is_uncounted = true;
    return sql_clock_mark_settle(cx, &(struct sql_clock_mark_settle_in){mark_id_of(cx->db)}, NULL);
}

err store_settle_time(struct store *store, struct ctx *cx)
{
    atomic_store(&store->time.wanted, true);
    return store_write_wait(store, cx, settle, NULL);
}
