/* SPDX-License-Identifier: Apache-2.0
 * The writer: what a failing write leaves, who is told what and when, and what happens when the disk says no. What runs
 * on the writer's thread fails by its result: an assertion of the test program belongs to the thread of the test. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "unit/store/things.h"

#define MANY 600 /* more than one batch */

/* Several writes that are handed over at once, and what they were told. */
struct volley {
    struct store_write writes[MANY];
    struct ctx         cx[MANY];
    int64_t            numbers[MANY];
    err                results[MANY];
    int                order[MANY]; /* the place at which each was told */
    int                told;
    int                chains;      /* in how many calls */
    sem_t              all_told;
    int                count;
};

static void note(struct store_write *first)
{
    struct volley *volley = first->owner;
    volley->chains++;
    for (struct store_write *write = first; write != NULL; write = write->next) {
        size_t at = (size_t)(write - volley->writes);
        volley->results[at] = write->result;
        volley->order[at] = volley->told++;
    }
    if (volley->told == volley->count)
        (void)sem_post(&volley->all_told); /* far from its maximum */
}

static struct volley *volley_new(int count, store_write_fn run)
{
    struct volley *volley = calloc(1, sizeof *volley);
    assert_non_null(volley);
    volley->count = count;
    assert_int_equal(sem_init(&volley->all_told, 0, 0), 0);
    for (int i = 0; i < count; i++) {
        volley->numbers[i] = i + 1;
        volley->cx[i].arena = arena_open(64 * 1024);
        volley->writes[i] = (struct store_write){.cx = &volley->cx[i], .run = run, .arg = &volley->numbers[i],
            .done = note, .owner = volley, .next = i + 1 < count ? &volley->writes[i + 1] : NULL};
    }
    return volley;
}

static void volley_wait(struct volley *volley)
{
    while (sem_wait(&volley->all_told) != 0)
        continue; /* a signal came in between */
}

static void volley_free(struct volley *volley)
{
    for (int i = 0; i < volley->count; i++)
        arena_close(volley->cx[i].arena);
    assert_int_equal(sem_destroy(&volley->all_told), 0);
    free(volley);
}

/* ---- a write that holds the writer until it is let go */

struct gate {
    sem_t entered;
    sem_t open;
};

static void gate_init(struct gate *gate)
{
    assert_int_equal(sem_init(&gate->entered, 0, 0), 0);
    assert_int_equal(sem_init(&gate->open, 0, 0), 0);
}

static err wait_at_gate(struct ctx *cx, void *arg)
{
    struct gate *gate = arg;
    (void)cx;
    (void)sem_post(&gate->entered); /* far from its maximum */
    while (sem_wait(&gate->open) != 0)
        continue;
    return OK;
}

static void ignore(struct store_write *first)
{
    (void)first; /* how they went is found in the file */
}

/* Both files; then every third one fails. */
static err write_both_or_fail(struct ctx *cx, void *arg)
{
    int64_t number = *(const int64_t *)arg;
    TRY(write_entry(cx, arg));
    TRY(write_thing(cx, arg));
    struct sql_thing_count_row row = {0};
    bool found = false;
    TRY(sql_thing_count(cx, &row, &found));
    if (row.things != number - (number - 1) / 3) /* the earlier ones of the batch, and this */
        return FAIL(cx, INTERNAL, "test.count", "%lld things", (long long)row.things);
    return number % 3 == 0 ? FAIL(cx, FORBIDDEN, "test.third", "not this one") : OK;
}

static void a_failing_write_leaves_nothing_and_the_others_stay(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_new(90, write_both_or_fail);
    assert_true(store_submit(fixture->store, volley->writes, 90));
    volley_wait(volley);
    for (int i = 0; i < 90; i++) {
        assert_int_equal(volley->results[i], (i + 1) % 3 == 0 ? FORBIDDEN : OK);
        assert_int_equal(volley->cx[i].failure.code, volley->results[i]);
    }
    assert_int_equal(count_things(&fixture->cx), 60);
    assert_int_equal(count_entries(&fixture->cx), 60);
    volley_free(volley);
}

static void all_are_told_in_order_also_over_two_batches(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_new(MANY, write_thing);
    struct store_counters counters;
    assert_true(store_submit(fixture->store, volley->writes, MANY));
    volley_wait(volley);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(volley->order[i], i);
    assert_int_equal(count_things(&fixture->cx), MANY);
    store_counters(fixture->store, &counters);
    assert_int_equal(counters.writes, MANY);
    assert_in_range(counters.commits, 2, 2);
    assert_int_equal(volley->chains, 2);
    assert_int_equal(counters.queued, 0);
    volley_free(volley);
}

/* store_write_fn: an entry that finds all things of its queue written, and by a commit before its own. */
static err write_entry_behind_things(struct ctx *cx, void *arg)
{
    struct sql_thing_count_row row = {0};
    bool found = false;
    TRY(sql_thing_count(cx, &row, &found));
    bool numbered = getenv("DATABASE_URL") == NULL; /* only SQLite numbers its commits */
    if (row.things != 45 || (store_people_edition(cx) != 0) != numbered)
        return FAIL(cx, INTERNAL, "test.order", "%lld things", (long long)row.things);
    return write_entry(cx, arg);
}

static void what_writes_the_ledger_alone_runs_behind_the_commit_of_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_new(90, write_thing);
    struct store_counters counters;
    for (int i = 0; i < 90; i += 2) {
        volley->writes[i].run = write_entry_behind_things;
        volley->writes[i].in_ledger = true;
    }
    assert_true(store_submit(fixture->store, volley->writes, 90));
    volley_wait(volley);
    for (int i = 0; i < 90; i++) {
        assert_int_equal(volley->results[i], OK);
        assert_int_equal(volley->order[i], i % 2 == 0 ? 45 + i / 2 : i / 2);
    }
    store_counters(fixture->store, &counters);
    assert_int_equal(counters.commits, 2);
    assert_int_equal(counters.writes, 90);
    assert_int_equal(count_entries(&fixture->cx), 45);
    volley_free(volley);
}

/* store_write_fn: how many things were there before this one. */
static err count_before(struct ctx *cx, void *arg)
{
    *(int64_t *)arg = count_things(cx);
    return OK;
}

/* A thing that takes no memory; on a server nobody waits for it alone, and thousands are written in a moment. */
struct named {
    int64_t number;
    char    name[16];
};

/* store_write_fn */
static err write_named(struct ctx *cx, void *arg)
{
    const struct named *named = arg;
    return sql_thing_insert(cx, &(struct sql_thing_insert_in){named->number, text_of(named->name), {NULL, 0}}, NULL);
}

static void a_full_queue_takes_nothing_but_what_is_urgent_and_that_first(void **state)
{
    struct fixture *fixture = *state;
    struct gate gate;
    struct ctx cx = {.arena = fixture->cx.arena};
    struct store_write first = {.cx = &cx, .run = wait_at_gate, .arg = &gate, .done = ignore};
    struct store_write *fillers = calloc(LIMIT_WRITE_QUEUE + 1, sizeof *fillers);
    struct named *named = calloc(LIMIT_WRITE_QUEUE + 1, sizeof *named);
    struct ctx *filler_cx = calloc(LIMIT_WRITE_QUEUE + 1, sizeof *filler_cx);
    struct store_counters counters;
    assert_true(fillers != NULL && named != NULL && filler_cx != NULL);
    gate_init(&gate);
    assert_true(store_submit(fixture->store, &first, 1));
    while (sem_wait(&gate.entered) != 0)
        continue;
    for (size_t i = 0; i <= LIMIT_WRITE_QUEUE; i++) {
        named[i].number = (int64_t)i;
        (void)snprintf(named[i].name, sizeof named[i].name, "%zu", i);
        fillers[i] = (struct store_write){.cx = &filler_cx[i], .run = write_named, .arg = &named[i], .done = ignore,
                                          .next = i < LIMIT_WRITE_QUEUE ? &fillers[i + 1] : NULL};
    }
    assert_false(store_submit(fixture->store, fillers, LIMIT_WRITE_QUEUE + 1));
    assert_true(store_submit(fixture->store, fillers + 1, LIMIT_WRITE_QUEUE));
    fillers[0].next = NULL;
    assert_false(store_submit(fixture->store, fillers, 1));
    int64_t before = -1;
    struct ctx urgent_cx = {.arena = fixture->cx.arena};
    struct store_write urgent = {.cx = &urgent_cx, .run = count_before, .arg = &before, .done = ignore};
    assert_true(store_submit_urgent(fixture->store, &urgent, 1));
    store_counters(fixture->store, &counters);
    assert_int_equal(counters.queued, LIMIT_WRITE_QUEUE + 1);
    assert_int_equal(counters.refused_writes, LIMIT_WRITE_QUEUE + 2);
    assert_int_equal(sem_post(&gate.open), 0);
    fixture_close(fixture); /* writes what is queued */
    fixture_open(fixture);
    assert_int_equal(before, 0); /* though thousands were there earlier */
    assert_int_equal(count_things(&fixture->cx), LIMIT_WRITE_QUEUE);
    free(fillers);
    free(named);
    free(filler_cx);
}

#define SLOW_MS 5
#define SLOW_COUNT 300

/* store_write_fn: counts itself, and takes its time. */
static err be_slow(struct ctx *cx, void *arg)
{
    struct named named = {.number = atomic_fetch_add((_Atomic int64_t *)arg, 1)};
    (void)snprintf(named.name, sizeof named.name, "slow %d", (int)named.number);
    (void)nanosleep(&(struct timespec){.tv_nsec = SLOW_MS * 1000000L}, NULL); /* no signal comes to the writer */
    return write_named(cx, &named);
}

struct overtaking {
    _Atomic int64_t *run;
    int64_t          before; /* how many had run */
};

/* store_write_fn */
static err note_how_many(struct ctx *cx, void *arg)
{
    (void)cx;
    struct overtaking *overtaking = arg;
    overtaking->before = atomic_load(overtaking->run);
    return OK;
}

/* The class of it: one who keeps the writer busy within a batch. */
static void a_batch_that_takes_long_lets_what_is_urgent_pass_and_does_the_rest(void **state)
{
    struct fixture *fixture = *state;
    struct store_write writes[SLOW_COUNT];
    struct ctx cx[SLOW_COUNT];
    _Atomic int64_t run = 0;
    struct store_counters counters;
    memset(cx, 0, sizeof cx);
    for (size_t i = 0; i < SLOW_COUNT; i++)
        writes[i] = (struct store_write){.cx = &cx[i], .run = be_slow, .arg = &run, .done = ignore,
                                         .next = i + 1 < SLOW_COUNT ? &writes[i + 1] : NULL};
    assert_true(store_submit(fixture->store, writes, SLOW_COUNT));
    while (atomic_load(&run) == 0)
        sched_yield();
    struct overtaking overtaking = {.run = &run, .before = -1};
    struct ctx urgent_cx = {.arena = fixture->cx.arena};
    struct store_write urgent = {.cx = &urgent_cx, .run = note_how_many, .arg = &overtaking, .done = ignore};
    assert_true(store_submit_urgent(fixture->store, &urgent, 1));
    fixture_close(fixture); /* writes what is queued */
    fixture_open(fixture);
    assert_in_range(overtaking.before, 1, LIMIT_WRITE_BATCH_MS / SLOW_MS + 1);
    assert_true(run >= SLOW_COUNT); /* some of them twice, where another was faster */
    for (size_t i = 0; i < SLOW_COUNT; i++)
        assert_int_equal(writes[i].result, OK);
    assert_int_equal(count_things(&fixture->cx), SLOW_COUNT);
    store_counters(fixture->store, &counters);
    assert_int_equal(counters.queued, 0);
}

struct submitter {
    struct fixture *fixture;
    int64_t         from;
    int64_t         count;
    pthread_t       thread;
    _Atomic int64_t seen_too_few;
};

/* Each write that has come back is seen by the thread's own read handle. */
static void *submit_and_read(void *arg)
{
    struct submitter *submitter = arg;
    struct ctx cx = {.arena = arena_open(4 * 1024 * 1024)};
    assert_int_equal(store_conn_open(&cx, submitter->fixture->store, &cx.db), OK);
    for (int64_t i = 0; i < submitter->count; i++) {
        int64_t number = submitter->from + i;
        struct sql_thing_load_row row;
        bool found = false;
        if (store_write_wait(submitter->fixture->store, &cx, write_thing, &number) != OK ||
            sql_thing_load(&cx, &(struct sql_thing_load_in){number}, &row, &found) != OK || !found)
            (void)atomic_fetch_add(&submitter->seen_too_few, 1);
        arena_reset(cx.arena);
    }
    store_conn_close(cx.db);
    arena_close(cx.arena);
    return NULL;
}

static void many_threads_write_and_read_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct submitter submitters[8] = {{.from = 0}};
    for (int i = 0; i < 8; i++) {
        submitters[i].fixture = fixture;
        submitters[i].from = 1000 * i;
        submitters[i].count = 60;
        assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_and_read, &submitters[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(submitters[i].thread, NULL), 0);
        assert_int_equal(submitters[i].seen_too_few, 0);
    }
    assert_int_equal(count_things(&fixture->cx), 480);
}

static err fail_after_its_handle(struct ctx *cx, void *arg)
{
    int64_t number = 1;
    if (cx->db == arg)
        return FAIL(cx, INTERNAL, "test.handle", "the caller's handle, not the writer's");
    TRY(store_read_begin(cx));
    TRY(write_thing(cx, &number));
    store_read_end(cx);
    return FAIL(cx, CONFLICT, "test.refused", "no");
}

static void the_caller_gets_its_handle_back(void **state)
{
    struct fixture *fixture = *state;
    struct store_conn *mine = fixture->cx.db;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, fail_after_its_handle, mine), CONFLICT);
    assert_string_equal(fixture->cx.failure.reason, "test.refused");
    assert_ptr_equal(fixture->cx.db, mine);
    assert_int_equal(count_things(&fixture->cx), 0);
}

/* As one that builds a text of which a part finds no memory, and goes on. */
static err write_without_memory(struct ctx *cx, void *arg)
{
    assert_null(arena_take(cx->arena, 2, FIXTURE_ARENA_BYTES));
    return write_thing(cx, arg);
}

static void a_write_that_met_the_end_of_its_memory_is_not_done(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 1;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_without_memory, &number), TOO_LARGE);
    assert_string_equal(fixture->cx.failure.reason, "limit.memory");
    arena_reset(fixture->cx.arena);
    assert_int_equal(count_things(&fixture->cx), 0);
}

/* ---- again */

struct second_try {
    int        runs;
    actor_kind met; /* whom the second run found */
};

/* Meets another transaction the first time, and is refused for a reason of its own the second time. */
static err be_slower_once(struct ctx *cx, void *arg)
{
    struct second_try *try = arg;
    int64_t number = 70;
    if (++try->runs == 1) {
        cx->actor.kind = ACTOR_PERSON;
        TRY(write_thing(cx, &number));
        return FAIL(cx, UNAVAILABLE, "store.conflict", "another was faster");
    }
    try->met = cx->actor.kind;
    return FAIL(cx, CONFLICT, "thing.taken", "it is taken");
}

static void a_write_that_runs_again_begins_as_it_did_before(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_new(2, write_thing);
    struct second_try try = {.met = ACTOR_OPERATOR};
    volley->writes[1].run = be_slower_once;
    volley->writes[1].arg = &try;
    assert_true(store_submit(fixture->store, volley->writes, 2));
    volley_wait(volley);
    assert_int_equal(volley->results[0], OK);
    assert_int_equal(volley->results[1], CONFLICT);
    assert_string_equal(volley->cx[1].failure.reason, "thing.taken");
    assert_int_equal(try.runs, 2);
    assert_int_equal(try.met, ACTOR_NOBODY);
    assert_int_equal(count_things(&fixture->cx), 1);
    volley_free(volley);
}

/* Each run takes an eighth of its arena, and the batch is run far more often than that. */
static err be_slower_often(struct ctx *cx, void *arg)
{
    struct second_try *try = arg;
    int64_t number = 71;
    uint8_t *piece = arena_take(cx->arena, 8000, 1);
    if (piece == NULL)
        return FAIL_MEMORY(cx);
    memset(piece, 1, 8000);
    if (++try->runs < 60)
        return FAIL(cx, UNAVAILABLE, "store.conflict", "another was faster");
    return write_thing(cx, &number);
}

static void what_runs_in_vain_takes_no_memory(void **state)
{
    struct fixture *fixture = *state;
    struct volley *volley = volley_new(1, be_slower_often);
    struct second_try try = {.runs = 0};
    volley->writes[0].arg = &try;
    assert_true(store_submit(fixture->store, volley->writes, 1));
    volley_wait(volley);
    assert_int_equal(volley->results[0], OK); /* TOO_LARGE limit.memory: the arena is full */
    assert_int_equal(try.runs, 60);
    volley_free(volley);
    assert_int_equal(count_things(&fixture->cx), 1);
}

/* ---- two processes */

/* Reads, then writes what follows from it: right only if nobody else writes in between. */
static err write_next_thing(struct ctx *cx, void *arg)
{
    struct sql_thing_count_row row = {0};
    bool found = false;
    (void)arg;
    TRY(sql_thing_count(cx, &row, &found));
    int64_t next = row.largest + 1;
    TRY(write_entry(cx, &next));
    return write_thing(cx, &next);
}

static int write_in_child(struct fixture *fixture, int count)
{
    struct ctx cx = {.arena = arena_open(FIXTURE_ARENA_BYTES)};
    struct store_options options = fixture_options(fixture);
    struct store *store = NULL;
    int failures = store_open(&cx, &options, &store) != OK;
    for (int i = 0; failures == 0 && i < count; i++)
        failures += store_write_wait(store, &cx, write_next_thing, NULL) != OK;
    store_close(store);
    arena_close(cx.arena);
    return failures;
}

static void two_processes_write_the_same_files(void **state)
{
    struct fixture *fixture = *state;
    int count = store_is_on_server() ? 100 : 400; /* there most of them meet, and one of two waits and runs again */
    fixture_open(fixture); /* makes the files */
    fixture_close(fixture);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(write_in_child(fixture, count));
    fixture_open(fixture);
    for (int i = 0; i < count; i++)
        assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_next_thing, NULL), OK);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(count_things(&fixture->cx), 2 * count);
    assert_int_equal(count_entries(&fixture->cx), 2 * count);
    assert_int_equal(store_check(&fixture->cx, fixture->store), OK);
}

/* ---- the disk says no */

static void count_fatal(void *arg, const char *why)
{
    assert_true(strlen(why) > 0);
    (void)atomic_fetch_add((_Atomic int *)arg, 1);
}

static err write_large(struct ctx *cx, void *arg)
{
    static const uint8_t LARGE[300000] = {1};
    return sql_secret_insert(cx, &(struct sql_secret_insert_in){*(const int64_t *)arg, {LARGE, sizeof LARGE}}, NULL);
}

static void set_file_size_max(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void after_a_refusal_of_the_disk_nothing_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = fixture_options(fixture);
    _Atomic int fatal = 0;
    int64_t number = 1;
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    assert_int_equal(sigaction(SIGXFSZ, &ignored, NULL), 0);
    options.fatal = count_fatal;
    options.fatal_arg = &fatal;
    assert_int_equal(store_open(&fixture->cx, &options, &fixture->store), OK);
    assert_int_equal(store_conn_open(&fixture->cx, fixture->store, &fixture->cx.db), OK);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), OK);
    set_file_size_max(200000);
    number = 2;
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_large, &number), UNAVAILABLE);
    set_file_size_max(RLIM_INFINITY);
    assert_string_equal(fixture->cx.failure.reason, "store.commit");
    assert_int_equal(fatal, 1);
    failure_clear(&fixture->cx.failure);
    assert_int_equal(store_write_wait(fixture->store, &fixture->cx, write_thing, &number), UNAVAILABLE);
    failure_clear(&fixture->cx.failure);
    assert_int_equal(count_things(&fixture->cx), 1); /* reading goes on until the process has ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_failing_write_leaves_nothing_and_the_others_stay),
        STORE_TEST(all_are_told_in_order_also_over_two_batches),
        STORE_TEST(what_writes_the_ledger_alone_runs_behind_the_commit_of_the_others),
        STORE_TEST(a_full_queue_takes_nothing_but_what_is_urgent_and_that_first),
        STORE_TEST(a_batch_that_takes_long_lets_what_is_urgent_pass_and_does_the_rest),
        STORE_TEST(many_threads_write_and_read_their_own),
        STORE_TEST(the_caller_gets_its_handle_back),
        STORE_TEST(a_write_that_met_the_end_of_its_memory_is_not_done),
        STORE_TEST(a_write_that_runs_again_begins_as_it_did_before),
        STORE_TEST(what_runs_in_vain_takes_no_memory),
        CLOSED_TEST(two_processes_write_the_same_files),
        CLOSED_TEST(after_a_refusal_of_the_disk_nothing_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
