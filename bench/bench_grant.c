/* SPDX-License-Identifier: Apache-2.0
 * Giving and stopping permissions, each with its act, receipt, leaf and event, durable: alone against one fsync, and 64
 * in flight against the same rows written bare in groups of 64 (raw_64) and against one by one (one). The figures of
 * groups are changes per second, those of single ones (fsync_us, alone_us) the median in microseconds. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "change.h"
#include "ledger/ledger.h"
#include "questions.h"

#define GROUP 64
#define PAGE_BYTES 4096

/* ---- ours */

static void prepare_change(struct world *world, struct flier *flier)
{
    if (flier->grant_id != 0) {
        flier->withdraw = (struct grant_withdraw){.grant_id = flier->grant_id};
        flier->write.run = grant_withdraw;
        flier->write.announce = grant_withdraw_announce;
        flier->write.announce_more = grant_withdraw_announce_more;
        flier->write.arg = &flier->withdraw;
        return;
    }
    flier->person = world_draw(world, world->count);
    flier->organisation = world_draw(world, WORLD_ORGANISATIONS);
    const struct world_person *person = &world->people[flier->person];
    const struct world_organisation *organisation = &world->organisations[flier->organisation];
    flier->cx.actor = (struct actor){.kind = ACTOR_PERSON, .person_id = person->person_id};
    flier->give = (struct grant_give){
        .relationship_id = person->relationship_ids[flier->organisation],
        .purpose = {ID_PURPOSE, organisation->organisation_id, organisation->purpose_id},
        .attributes = world_asked(),
        .until_at_ms = flier->cx.now_ms + 90 * TIME_DAY_MS,
        .uses = {.event = TEXT_NONE},
    };
    flier->write.run = grant_give;
    flier->write.announce = grant_give_announce;
    flier->write.announce_more = NULL;
    flier->write.arg = &flier->give;
}

static void check_change(struct flier *flier)
{
    bool gave = flier->grant_id == 0;
    grant_state wanted = gave ? GRANT_ACTIVE : GRANT_WITHDRAWN;
    must_be((gave ? flier->give.out.state : flier->withdraw.out.state) == wanted, "a change did not take");
    flier->grant_id = gave ? flier->give.out.grant_id : 0;
}

static const struct mission CHANGE = {prepare_change, check_change};

size_t change_some(struct world *world, size_t in_flight, size_t count)
{
    struct flight flight;
    flight_open(&flight, world, in_flight);
    size_t done = flight_run(&flight, &CHANGE, 600, count);
    flight_close(&flight);
    return done;
}

double grant_rate(struct world *world, size_t in_flight, double seconds)
{
    struct flight flight;
    flight_open(&flight, world, in_flight);
    double start = seconds_now();
    size_t done = flight_run(&flight, &CHANGE, seconds, 0);
    double rate = (double)done / (seconds_now() - start);
    flight_close(&flight);
    return rate;
}

/* What waits for the log is numbered between the turns, so that no turn pays for another; by another program, when
 * two work and it has begun to. */
void change_settle(struct world *world)
{
    struct ledger_pass pass = {.left = 1};
    while (pass.left > 0) {
        struct arena_mark mark = arena_mark(world->cx.arena);
        err result = ledger_sequence(&world->cx, world->store, &pass);
        if (result == CONFLICT) {
            failure_clear(&world->cx.failure);
            pass.left = 0;
        } else {
            must(&world->cx, result);
        }
        arena_go_back(world->cx.arena, &mark);
    }
}

double change_rate(struct world *world, size_t in_flight, double seconds)
{
    double rate = grant_rate(world, in_flight, seconds);
    change_settle(world);
    return rate;
}

/* ---- medians of single ones */

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

double samples_median_us(struct samples *samples)
{
    must_be(samples->count > 0, "no samples");
    qsort(samples->at, samples->count, sizeof *samples->at, by_size);
    return samples->at[samples->count / 2] * 1e6;
}

static double run_fsync(const struct world *world, struct samples *samples, double seconds)
{
    char path[300];
    static const uint8_t PAGE[PAGE_BYTES];
    (void)snprintf(path, sizeof path, "%s/fsync.bin", world->folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    must_be(fd >= 0, "a file cannot be made");
    samples->count = 0;
    for (double end = seconds_now() + seconds; samples->count < SAMPLES_MAX && seconds_now() < end;) {
        double start = seconds_now();
        must_be(write(fd, PAGE, sizeof PAGE) == (ssize_t)sizeof PAGE && fdatasync(fd) == 0, "the disk refused");
        samples->at[samples->count++] = seconds_now() - start;
    }
    (void)close(fd); /* nothing in it is wanted */
    (void)unlink(path);
    return samples_median_us(samples);
}

double change_alone_us(struct world *world, struct samples *samples, double seconds)
{
    struct flight flight;
    flight_open(&flight, world, 1);
    samples->count = 0;
    for (double end = seconds_now() + seconds; samples->count < SAMPLES_MAX && seconds_now() < end;) {
        double start = seconds_now();
        must_be(flight_run(&flight, &CHANGE, 0, 1) == 1, "a change was lost"); /* announced, as the node does it */
        samples->at[samples->count++] = seconds_now() - start;
    }
    flight_close(&flight);
    return samples_median_us(samples);
}

/* ---- the same rows, bare */

struct bare {
    struct world     *world;
    struct raw_writer people;
    size_t            receipt, pending, act, event, grant, forget;
    int64_t           sealed_bytes; /* of a receipt, as ours are on average */
    int64_t           last_id;
};

static void open_bare(struct bare *bare, struct world *world)
{
    *bare = (struct bare){.world = world, .last_id = INT64_C(1) << 55};
    raw_writer_open(&bare->people, world, "people.db", true);
    bare->receipt = raw_prepare(&bare->people, "receipt_insert");
    bare->pending = raw_prepare(&bare->people, "log_pending_insert");
    bare->act = raw_prepare(&bare->people, "act_insert");
    bare->event = raw_prepare(&bare->people, "outbox_insert");
    bare->grant = raw_prepare(&bare->people, "grant_save");
    bare->forget = raw_prepare_sql(&bare->people, "DELETE FROM log_pending WHERE receipt_id > ?1");
    size_t size = raw_prepare_sql(&bare->people, "SELECT CAST(avg(length(sealed)) AS INTEGER) FROM receipt"
                                                 " WHERE person_id > ?1");
    bare->sealed_bytes = raw_ask(&bare->people, size, 0);
    must_be(bare->sealed_bytes > 0, "there is no receipt to take the size from");
}

void change_rows(struct change_rows *rows, struct world *world, const struct change_of *of, int64_t *last_id)
{
    const struct world_person *person = &world->people[of->person];
    const struct world_organisation *with = &world->organisations[of->organisation];
    int64_t relationship_id = person->relationship_ids[of->organisation];
    int64_t now_ms = clock_wall_ms(&world->clock);
    int64_t low = (int64_t)world_asked().low;
    int64_t receipt_id = ++*last_id;
    *rows = (struct change_rows){
        .receipt = {receipt_id, person->person_id, relationship_id, with->organisation_id, now_ms,
                    RAW_BLOB(LEAF_BYTES), RAW_BLOB(of->sealed_bytes)},
        .pending = {person->person_id, receipt_id, RAW_BLOB(LEAF_BYTES)},
        .act = {++*last_id, person->person_id, relationship_id, of->grant_id, 0, 10, now_ms, 1, person->person_id,
                with->organisation_id, with->department_id, with->purpose_id, 1, low, 0, 1, now_ms, now_ms, 0, 0, 0, 0,
                0, 0, of->grant_id, receipt_id},
        .event = {++*last_id, person->person_id, relationship_id, with->organisation_id, now_ms, of->grant_id, low, 0,
                  now_ms},
        .grant = {person->person_id, relationship_id, with->purpose_id, of->grant_id, 1, 1, low, 0, 1, now_ms, now_ms,
                  0, 0, 0, 0, receipt_id, receipt_id, of->grant_id}, /* its end: any that stays */
    };
}

static void write_bare(struct bare *bare, const struct change_of *of)
{
    struct change_rows rows;
    change_rows(&rows, bare->world, of, &bare->last_id);
    raw_run(&bare->people, bare->receipt, rows.receipt, CHANGE_RECEIPT);
    raw_run(&bare->people, bare->pending, rows.pending, CHANGE_PENDING);
    raw_run(&bare->people, bare->act, rows.act, CHANGE_ACT);
    raw_run(&bare->people, bare->event, rows.event, CHANGE_EVENT);
    raw_run(&bare->people, bare->grant, rows.grant, CHANGE_GRANT);
}

void change_draw(struct change_of *of, struct world *world, int64_t *last_id)
{
    of->person = world_draw(world, world->count);
    of->organisation = world_draw(world, WORLD_ORGANISATIONS);
    of->grant_id = ++*last_id;
}

/* Gives in one group, stops in the next. */
static double run_bare(struct bare *bare, double seconds)
{
    struct change_of group[GROUP];
    size_t done = 0;
    double start = seconds_now();
    for (; seconds_now() - start < seconds; done += GROUP) {
        bool giving = done / GROUP % 2 == 0;
        raw_begin(&bare->people);
        for (size_t i = 0; i < GROUP; i++) {
            if (giving)
                change_draw(&group[i], bare->world, &bare->last_id);
            group[i].sealed_bytes = bare->sealed_bytes;
            write_bare(bare, &group[i]);
        }
        raw_commit(&bare->people);
    }
    double rate = (double)done / (seconds_now() - start);
    int64_t all = 0;
    raw_begin(&bare->people);
    raw_run(&bare->people, bare->forget, &all, 1);
    raw_commit(&bare->people);
    return rate;
}

/* ---- the questions */

void ask_grant(struct world *world, const struct question *question)
{
    struct samples samples = {.at = calloc(SAMPLES_MAX, sizeof *samples.at)};
    struct bare bare;
    must_be(samples.at != NULL, "no memory for samples");
    (void)change_rate(world, GROUP, question->seconds);
    open_bare(&bare, world);
    (void)run_bare(&bare, question->seconds);
    for (int64_t round = 0; round < question->rounds; round++) {
        (void)printf("raw_64 %.0f\n", run_bare(&bare, question->seconds));
        (void)printf("ours_64 %.0f\n", change_rate(world, GROUP, question->seconds));
        (void)printf("ours_256 %.0f\n", change_rate(world, 4 * GROUP, question->seconds));
        (void)printf("one %.0f\n", change_rate(world, 1, question->seconds));
        (void)printf("fsync_us %.1f\n", run_fsync(world, &samples, question->seconds));
        (void)printf("alone_us %.1f\n", change_alone_us(world, &samples, question->seconds));
        (void)fflush(stdout); /* a lost line shows in the script that reads it */
    }
    raw_writer_close(&bare.people);
    free(samples.at);
}

void ask_grant_profile(struct world *world, const struct question *question)
{
    world->draws += (uint64_t)question->count; /* two programs at once draw other people */
    for (int64_t round = 0; round < question->rounds; round++)
        (void)printf("ours_64 %.0f\n", change_rate(world, GROUP, question->seconds));
}

/* Size of the write-ahead logs; they only grow below the pages at which a checkpoint begins. */
static double log_bytes(const struct world *world)
{
    if (world->url[0] != '\0')
        return postgres_log_bytes(world);
    static const char *const NAMES[] = {"people", "ledger", "records", "keys"};
    double sum = 0;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char path[300];
        struct stat about;
        (void)snprintf(path, sizeof path, "%s/store/%s.db-wal", world->folder, NAMES[i]);
        if (stat(path, &about) == 0)
            sum += (double)about.st_size;
    }
    return sum;
}

void ask_wal(struct world *world, const struct question *question)
{
    struct flight flight;
    for (int64_t round = 0; round < question->rounds; round++) {
        world_reopen(world);
        flight_open(&flight, world, GROUP);
        double before = log_bytes(world);
        size_t done = flight_run(&flight, &CHANGE, 60, (size_t)question->count);
        double acts = log_bytes(world);
        change_settle(world);
        double numbered = log_bytes(world);
        flight_close(&flight);
        (void)printf("wal_bytes %.0f\n", (acts - before) / (double)done);
        (void)printf("log_bytes %.0f\n", (numbered - acts) / (double)done);
    }
}
