/* SPDX-License-Identifier: Apache-2.0
 * The log: leaves numbered per second by passes of 256 and of 4,096, against hashing them and one fsync for each pass
 * (raw_…); and how long an act waits for its checkpoint while 64 changes are in flight. Beside it the bound of an
 * import: rows per second through SQLite's own calls. */
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "change.h"
#include "crypto/hash.h"
#include "ledger/ledger.h"
#include "questions.h"
#include "raw.h"

#define PASS_EVERY_US 100000 /* as the node's own courier does */
#define ROWS_PER_COMMIT 8000
#define LATE_PASSES_MAX 100 /* behind a turn that was over before the first pass, on a machine that is busy */

/* ---- leaves per second */

struct leaves {
    struct world *world;
    size_t        count;
};

/* store_write_fn */
static err append_leaves(struct ctx *cx, void *arg)
{
    const struct leaves *leaves = arg;
    for (size_t i = 0; i < leaves->count; i++) {
        uint8_t leaf[HASH_BYTES];
        random_fill(cx->randomness, leaf, sizeof leaf);
        const struct world_person *person = &leaves->world->people[world_draw(leaves->world, leaves->world->count)];
        TRY(ledger_append(cx, person->person_id, ctx_number(cx), leaf));
    }
    return OK;
}

static double run_passes(struct world *world, size_t batch, double seconds)
{
    struct leaves leaves = {world, batch};
    double spent = 0;
    size_t done = 0;
    for (double end = seconds_now() + seconds; done == 0 || seconds_now() < end; done += batch) {
        struct ledger_pass pass;
        arena_reset(world->cx.arena);
        must(&world->cx, store_write_wait(world->store, &world->cx, append_leaves, &leaves));
        double start = seconds_now();
        must(&world->cx, ledger_sequence(&world->cx, world->store, &pass));
        spent += seconds_now() - start;
        must_be(pass.sequenced == (int64_t)batch && pass.left == 0, "a pass left leaves behind");
    }
    return (double)done / spent;
}

/* A leaf costs two hashes: its own and, on average, one inner node; each pass writes hashes and entries and syncs. */
static double run_raw_passes(const struct world *world, size_t batch, double seconds)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/tiles.bin", world->folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    uint8_t *hashes = calloc(batch, 2 * HASH_BYTES);
    must_be(fd >= 0 && hashes != NULL, "no room for raw tiles");
    size_t done = 0;
    double start = seconds_now();
    for (; seconds_now() - start < seconds; done += batch) {
        uint8_t node[2 * HASH_BYTES + 1] = {1};
        for (size_t i = 0; i < batch; i++) {
            (void)crypto_hash_sha256(hashes + 2 * HASH_BYTES * i, node, HASH_BYTES + 1); /* cannot fail */
            (void)crypto_hash_sha256(node + 1, node, sizeof node);                      /* the same */
        }
        size_t size = batch * 2 * HASH_BYTES;
        must_be(write(fd, hashes, size) == (ssize_t)size && fdatasync(fd) == 0, "the disk refused");
    }
    double rate = (double)done / (seconds_now() - start);
    (void)close(fd); /* nothing in it is wanted */
    (void)unlink(path);
    free(hashes);
    return rate;
}

void ask_log(struct world *world, const struct question *question)
{
    struct ledger_pass first;
    must(&world->cx, ledger_sequence(&world->cx, world->store, &first));
    for (int64_t round = 0; round < question->rounds; round++) {
        (void)printf("raw_256 %.0f\n", run_raw_passes(world, 256, question->seconds));
        (void)printf("pass_256 %.0f\n", run_passes(world, 256, question->seconds));
        (void)printf("raw_4096 %.0f\n", run_raw_passes(world, 4096, question->seconds));
        (void)printf("pass_4096 %.0f\n", run_passes(world, 4096, question->seconds));
        (void)fflush(stdout); /* a lost line shows in the script that reads it */
    }
}

/* ---- merge delay under load */

struct sequencer {
    struct world   *world;
    struct ctx      cx;
    pthread_t       thread;
    pthread_mutex_t lock;
    bool            stop;
    double          longest; /* seconds from the earliest act that a pass may bring to the pass's end */
    int64_t         sequenced;
};

static bool goes_on(struct sequencer *sequencer)
{
    (void)pthread_mutex_lock(&sequencer->lock);
    bool on = !sequencer->stop;
    (void)pthread_mutex_unlock(&sequencer->lock);
    return on;
}

static void run_pass(struct sequencer *sequencer)
{
    struct ledger_pass pass = {.left = 1};
    for (; pass.left > 0; sequencer->sequenced += pass.sequenced) {
        arena_reset(sequencer->cx.arena);
        must(&sequencer->cx, ledger_sequence(&sequencer->cx, sequencer->world->store, &pass));
    }
}

/* An act that just missed one round of passes waits for the end of the next. */
static void *run_sequencer(void *arg)
{
    struct sequencer *sequencer = arg;
    double missed = seconds_now();
    for (int late = 0; goes_on(sequencer) || (sequencer->sequenced == 0 && late < LATE_PASSES_MAX);) {
        double start = seconds_now();
        run_pass(sequencer);
        double delay = seconds_now() - missed;
        missed = start;
        if (delay > sequencer->longest)
            sequencer->longest = delay;
        (void)usleep(PASS_EVERY_US); /* a signal only makes the rest shorter */
        late += goes_on(sequencer) ? 0 : 1;
    }
    return NULL;
}

static void begin_numbering(struct sequencer *sequencer, struct world *world)
{
    *sequencer = (struct sequencer){.world = world, .cx = world->cx, .lock = PTHREAD_MUTEX_INITIALIZER};
    sequencer->cx.arena = arena_open(8u << 20);
    must_be(sequencer->cx.arena != NULL, "no memory for an arena");
    must(&world->cx, store_conn_open(&world->cx, world->store, &sequencer->cx.db));
    must_be(pthread_create(&sequencer->thread, NULL, run_sequencer, sequencer) == 0, "no thread could be made");
}

static void end_numbering(struct sequencer *sequencer)
{
    (void)pthread_mutex_lock(&sequencer->lock);
    sequencer->stop = true;
    (void)pthread_mutex_unlock(&sequencer->lock);
    (void)pthread_join(sequencer->thread, NULL);
    store_conn_close(sequencer->cx.db);
    arena_close(sequencer->cx.arena);
    must_be(sequencer->sequenced > 0, "nothing was numbered under load");
}

void ask_delay(struct world *world, const struct question *question)
{
    change_settle(world);
    for (int64_t round = 0; round < question->rounds; round++) {
        struct sequencer sequencer;
        begin_numbering(&sequencer, world);
        double rate = grant_rate(world, 64, question->seconds);
        end_numbering(&sequencer);
        (void)printf("load %.0f\ndelay_ms %.0f\n", rate, sequencer.longest * 1000);
        (void)fflush(stdout); /* a lost line shows in the script that reads it */
    }
}

/* What waits for the log is numbered between the turns in one of them, and while they run in the other. */
void ask_log_beside(struct world *world, const struct question *question)
{
    change_settle(world);
    for (int64_t round = 0; round < question->rounds; round++) {
        struct sequencer sequencer;
        double without = grant_rate(world, 64, question->seconds);
        change_settle(world);
        begin_numbering(&sequencer, world);
        double with = grant_rate(world, 64, question->seconds);
        end_numbering(&sequencer);
        change_settle(world);
        (void)printf("without %.0f\nwith %.0f\n", without, with);
        (void)fflush(stdout); /* a lost line shows in the script that reads it */
    }
}

/* ---- rows of an import, bare */

void ask_rows(struct world *world, const struct question *question)
{
    for (int64_t round = 0; round < question->rounds; round++) {
        struct raw_writer writer;
        raw_writer_open(&writer, world, "records.db", false);
        size_t insert = raw_prepare(&writer, "record_insert");
        double start = seconds_now();
        for (int64_t i = 0; i < question->count; i++) {
            int64_t row[] = {i / 6, i / 6, i, 1, 1, 1, 1, 1, RAW_BLOB(100)};
            if (i % ROWS_PER_COMMIT == 0)
                raw_begin(&writer);
            raw_run(&writer, insert, row, sizeof row / sizeof *row);
            if (i % ROWS_PER_COMMIT == ROWS_PER_COMMIT - 1 || i == question->count - 1)
                raw_commit(&writer);
        }
        (void)printf("raw_rows %.0f\n", (double)question->count / (seconds_now() - start));
        raw_writer_close(&writer);
    }
}
