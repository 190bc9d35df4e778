/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read in process, by turns with its bounds: bare look-ups and decryption (raw_read), and the same
 * with the ledger rows written in groups of 64 (raw_group). Prints one figure a line: name, people read per second; by
 * the thread's processor time where nothing waits for the disk (raw_read, decide), by the wall elsewhere, and then also
 * name_cpu, microseconds of the whole program for one person. */
#include <stdio.h>

#include "crypto/id_seal.h"
#include "questions.h"
#include "raw.h"
#include "reading.h"

#define GROUP 64

/* What the bounds of this question share. */
struct bare_reading {
    struct reading    reading;
    struct raw_reader raw;
    struct raw_writer ledger;
    size_t            insert, head_load, head_save;
    int64_t           last_id;
};

/* ---- the bounds */

static void raw_read_next(struct bare_reading *bare, const struct request **out_request)
{
    struct world *world = bare->reading.world;
    const struct request *request = reading_next(&bare->reading);
    const struct world_person *person = &world->people[request->person];
    size_t bytes = raw_read(&bare->raw, person, person->relationship_ids[request->organisation],
                            world->organisations[request->organisation].purpose_id);
    must_be(bytes > 0, "raw reading found nothing");
    *out_request = request;
}

static double run_raw_read(struct bare_reading *bare, double seconds)
{
    const struct request *request = NULL;
    size_t done = 0;
    double start = seconds_of_thread();
    while (done % READING_ROUND != 0 || seconds_of_thread() - start < seconds) {
        raw_read_next(bare, &request);
        done++;
    }
    return (double)done / (seconds_of_thread() - start);
}

static void raw_append(struct bare_reading *bare, const struct request *request)
{
    struct world *world = bare->reading.world;
    const struct world_person *person = &world->people[request->person];
    const struct world_organisation *organisation = &world->organisations[request->organisation];
    int64_t previous_id = raw_ask(&bare->ledger, bare->head_load, person->person_id);
    int64_t id = ++bare->last_id;
    int64_t row[] = {id, person->person_id, previous_id, person->relationship_ids[request->organisation],
                     organisation->organisation_id, organisation->department_id,
                     organisation->actors[request->system].system_id, organisation->purpose_id, 1,
                     person->grant_ids[request->organisation], (int64_t)world_asked().low, 0, 1, 0,
                     clock_wall_ms(&world->clock), RAW_BLOB(1)};
    int64_t head[] = {person->person_id, id, 1, 0, 0};
    raw_run(&bare->ledger, bare->insert, row, sizeof row / sizeof *row);
    raw_run(&bare->ledger, bare->head_save, head, sizeof head / sizeof *head);
}

static void run_raw_group(struct bare_reading *bare, const char *name, double seconds)
{
    const struct request *group[GROUP];
    size_t done = 0;
    struct turn turn = turn_begin();
    for (; seconds_now() - turn.start < seconds; done += GROUP) {
        for (size_t i = 0; i < GROUP; i++)
            raw_read_next(bare, &group[i]);
        raw_begin(&bare->ledger);
        for (size_t i = 0; i < GROUP; i++)
            raw_append(bare, group[i]);
        raw_commit(&bare->ledger);
    }
    turn_end(&turn, name, done);
}

/* ---- the questions */

/* Every person of the requests once, so that no turn meets a page that still lies on the disk. */
static void warm(struct bare_reading *bare)
{
    const struct request *request = NULL;
    size_t most = bare->reading.world->count * WORLD_ORGANISATIONS;
    for (size_t i = 0; i < READING_DRAWN && i < most; i++)
        raw_read_next(bare, &request);
}

static void open_bare(struct bare_reading *bare, struct world *world)
{
    *bare = (struct bare_reading){.last_id = INT64_C(1) << 50};
    reading_open(&bare->reading, world);
    raw_reader_open(&bare->raw, world);
    raw_writer_open(&bare->ledger, world, "ledger.db", true);
    bare->insert = raw_prepare(&bare->ledger, "disclosure_insert");
    bare->head_load = raw_prepare(&bare->ledger, "disclosure_head_load");
    bare->head_save = raw_prepare(&bare->ledger, "disclosure_head_save");
}

static void close_bare(struct bare_reading *bare)
{
    raw_writer_close(&bare->ledger);
    raw_reader_close(&bare->raw);
}

void ask_disclosure(struct world *world, const struct question *question)
{
    struct bare_reading bare;
    open_bare(&bare, world);
    warm(&bare);
    reading_durable(&bare.reading, "warm", 256, question->seconds); /* and lets the ledger find its size */
    run_raw_group(&bare, "warm", question->seconds);
    for (int64_t round = 0; round < question->rounds; round++) {
        (void)printf("raw_read %.0f\n", run_raw_read(&bare, question->seconds));
        (void)printf("decide %.0f\n", reading_decide(&bare.reading, question->seconds));
        bare.reading.only_asks = true;
        (void)printf("asked %.0f\n", reading_decide(&bare.reading, question->seconds));
        bare.reading.only_asks = false;
        run_raw_group(&bare, "raw_group", question->seconds);
        reading_durable(&bare.reading, "durable_64", 64, question->seconds);
        reading_durable(&bare.reading, "durable_256", 256, question->seconds);
    }
    close_bare(&bare);
}

void ask_decide(struct world *world, const struct question *question)
{
    struct bare_reading bare;
    open_bare(&bare, world);
    warm(&bare);
    for (int64_t round = 0; round < question->rounds; round++)
        (void)printf("decide %.0f\n", reading_decide(&bare.reading, question->seconds));
    close_bare(&bare);
}

void ask_profile(struct world *world, const struct question *question)
{
    struct reading reading;
    world->draws += (uint64_t)question->count; /* two programs at once draw other people */
    reading_open(&reading, world);
    for (int64_t round = 0; round < question->rounds; round++)
        reading_durable(&reading, "durable_64", 64, question->seconds);
}

void ask_requests(struct world *world, const struct question *question)
{
    struct reading reading;
    (void)question; /* as many as are drawn */
    reading_open(&reading, world);
    for (size_t i = 0; i < READING_DRAWN; i++) {
        const struct request *request = &reading.requests[i];
        const struct world_organisation *asker = &world->organisations[request->organisation];
        struct arena_mark mark = arena_mark(world->cx.arena);
        struct text department =
            id_text(&world->cx, (struct id){ID_DEPARTMENT, asker->organisation_id, asker->department_id});
        (void)printf("%s %.*s %.*s %.*s\n", asker->secrets[request->system], TEXT_ARGS(request->relationship),
                     TEXT_ARGS(request->purpose), TEXT_ARGS(department));
        arena_go_back(world->cx.arena, &mark);
    }
}
