/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read in process, by turns with its bounds: bare look-ups and decryption (raw_read), and the same
 * with the ledger rows written in groups of 64 (raw_group). Prints one figure a line: name, people read per second; by
 * the thread's processor time where nothing waits for the disk (raw_read, decide), by the wall elsewhere, and then also
 * name_cpu, microseconds of the whole program for one person. */
#include <stdio.h>

#include "crypto/id_seal.h"
#include "flight.h"
#include "questions.h"
#include "raw.h"

#define DRAWN 40000 /* different requests, as the ids of the edge */
#define GROUP 64
#define ROUND_MIN 64

struct request {
    size_t      person;
    size_t      organisation;
    size_t      system;
    struct text relationship;
    struct text purpose;
};

/* What all variants of this question share. */
struct reading {
    struct world     *world;
    struct request   *requests;
    size_t            next;
    struct raw_reader raw;
    struct raw_writer ledger;
    size_t            insert, head_load, head_save;
    int64_t           last_id;
};

static void draw_requests(struct reading *reading)
{
    struct world *world = reading->world;
    struct ctx *cx = &world->cx;
    reading->requests = ARENA_ARRAY(cx->arena, struct request, DRAWN);
    must_be(reading->requests != NULL, "no memory for the requests");
    for (size_t i = 0; i < DRAWN; i++) {
        struct request *request = &reading->requests[i];
        request->person = world_draw(world, world->count);
        request->organisation = world_draw(world, WORLD_ORGANISATIONS);
        request->system = world_draw(world, WORLD_SYSTEMS);
        const struct world_person *person = &world->people[request->person];
        const struct world_organisation *organisation = &world->organisations[request->organisation];
        request->relationship = id_text(cx, (struct id){ID_RELATIONSHIP, person->person_id,
                                                        person->relationship_ids[request->organisation]});
        request->purpose = id_text(cx, (struct id){ID_PURPOSE, organisation->organisation_id,
                                                   organisation->purpose_id});
        must_be(request->purpose.at != NULL, "no memory for the requests");
    }
}

static const struct request *next_request(struct reading *reading)
{
    reading->next = (reading->next + 1) % DRAWN;
    return &reading->requests[reading->next];
}

/* ---- ours */

static void decide(struct world *world, struct ctx *cx, const struct request *request, struct disclosure_ask *ask)
{
    *ask = (struct disclosure_ask){
        .relationship = request->relationship, .purpose = request->purpose, .attributes = world_asked()};
    cx->actor = world->organisations[request->organisation].actors[request->system];
    must(cx, store_read_begin(cx));
    must(cx, disclosure_decide(cx, ask));
    store_read_end(cx);
}

static void check_answer(const struct disclosure_ask *ask)
{
    bool whole = ask->given && ask->values_count == (size_t)attribute_set_count(world_asked());
    must_be(whole, "a permitted read was refused");
}

static double run_decide(struct reading *reading, double seconds)
{
    struct world *world = reading->world;
    struct ctx cx = world->cx;
    size_t done = 0;
    cx.arena = arena_open(1u << 20);
    must_be(cx.arena != NULL, "no memory for an arena");
    double start = seconds_of_thread();
    while (done % ROUND_MIN != 0 || seconds_of_thread() - start < seconds) {
        struct disclosure_ask ask;
        arena_reset(cx.arena);
        decide(world, &cx, next_request(reading), &ask);
        check_answer(&ask);
        done++;
    }
    double rate = (double)done / (seconds_of_thread() - start);
    arena_close(cx.arena);
    return rate;
}

static void prepare_disclosure(struct world *world, struct flier *flier)
{
    struct reading *reading = flier->flight->cargo;
    decide(world, &flier->cx, next_request(reading), &flier->ask);
    flier->write.run = disclosure_commit;
    flier->write.arg = &flier->ask;
}

static void check_disclosure(struct flier *flier)
{
    check_answer(&flier->ask);
}

/* A turn that waits for the disk, told by both clocks. */
struct turn {
    double start;
    double cpu_start;
};

static struct turn turn_begin(void)
{
    return (struct turn){seconds_now(), seconds_of_program()};
}

static void turn_end(const struct turn *turn, const char *name, size_t done)
{
    (void)printf("%s %.0f\n", name, (double)done / (seconds_now() - turn->start));
    (void)printf("%s_cpu %.2f\n", name, (seconds_of_program() - turn->cpu_start) / (double)done * 1e6);
    (void)fflush(stdout); /* a lost line shows in the script that reads it */
}

static void run_durable(struct reading *reading, const char *name, size_t in_flight, double seconds)
{
    static const struct mission DISCLOSE = {prepare_disclosure, check_disclosure};
    struct flight flight;
    flight_open(&flight, reading->world, in_flight);
    flight.cargo = reading;
    struct turn turn = turn_begin();
    turn_end(&turn, name, flight_run(&flight, &DISCLOSE, seconds, 0));
    flight_close(&flight);
}

/* ---- the bounds */

static void raw_read_next(struct reading *reading, const struct request **out_request)
{
    const struct request *request = next_request(reading);
    const struct world_person *person = &reading->world->people[request->person];
    size_t bytes = raw_read(&reading->raw, person, person->relationship_ids[request->organisation],
                            reading->world->organisations[request->organisation].purpose_id);
    must_be(bytes > 0, "raw reading found nothing");
    *out_request = request;
}

static double run_raw_read(struct reading *reading, double seconds)
{
    const struct request *request = NULL;
    size_t done = 0;
    double start = seconds_of_thread();
    while (done % ROUND_MIN != 0 || seconds_of_thread() - start < seconds) {
        raw_read_next(reading, &request);
        done++;
    }
    return (double)done / (seconds_of_thread() - start);
}

static void raw_append(struct reading *reading, const struct request *request)
{
    const struct world_person *person = &reading->world->people[request->person];
    const struct world_organisation *organisation = &reading->world->organisations[request->organisation];
    int64_t previous_id = raw_ask(&reading->ledger, reading->head_load, person->person_id);
    int64_t id = ++reading->last_id;
    int64_t row[] = {id, person->person_id, previous_id, person->relationship_ids[request->organisation],
                     organisation->organisation_id, organisation->department_id,
                     organisation->actors[request->system].system_id, organisation->purpose_id, 1,
                     person->grant_ids[request->organisation], (int64_t)world_asked().low, 0, 1, 0,
                     clock_wall_ms(&reading->world->clock), RAW_BLOB(1)};
    int64_t head[] = {person->person_id, id, 1, 0};
    raw_run(&reading->ledger, reading->insert, row, sizeof row / sizeof *row);
    raw_run(&reading->ledger, reading->head_save, head, sizeof head / sizeof *head);
}

static void run_raw_group(struct reading *reading, const char *name, double seconds)
{
    const struct request *group[GROUP];
    size_t done = 0;
    struct turn turn = turn_begin();
    for (; seconds_now() - turn.start < seconds; done += GROUP) {
        for (size_t i = 0; i < GROUP; i++)
            raw_read_next(reading, &group[i]);
        raw_begin(&reading->ledger);
        for (size_t i = 0; i < GROUP; i++)
            raw_append(reading, group[i]);
        raw_commit(&reading->ledger);
    }
    turn_end(&turn, name, done);
}

/* ---- the question */

/* Every person of the requests once, so that no turn meets a page that still lies on the disk. */
static void warm(struct reading *reading)
{
    const struct request *request = NULL;
    size_t most = reading->world->count * WORLD_ORGANISATIONS;
    for (size_t i = 0; i < DRAWN && i < most; i++)
        raw_read_next(reading, &request);
}

static void open_reading(struct reading *reading, struct world *world)
{
    *reading = (struct reading){.world = world, .last_id = INT64_C(1) << 50};
    draw_requests(reading);
    raw_reader_open(&reading->raw, world);
    raw_writer_open(&reading->ledger, world, "ledger.db", true);
    reading->insert = raw_prepare(&reading->ledger, "disclosure_insert");
    reading->head_load = raw_prepare(&reading->ledger, "disclosure_head_load");
    reading->head_save = raw_prepare(&reading->ledger, "disclosure_head_save");
}

void ask_disclosure(struct world *world, const struct question *question)
{
    struct reading reading;
    open_reading(&reading, world);
    warm(&reading);
    run_durable(&reading, "warm", 256, question->seconds); /* and lets the ledger find its size */
    run_raw_group(&reading, "warm", question->seconds);
    for (int64_t round = 0; round < question->rounds; round++) {
        (void)printf("raw_read %.0f\n", run_raw_read(&reading, question->seconds));
        (void)printf("decide %.0f\n", run_decide(&reading, question->seconds));
        run_raw_group(&reading, "raw_group", question->seconds);
        run_durable(&reading, "durable_64", 64, question->seconds);
        run_durable(&reading, "durable_256", 256, question->seconds);
    }
    raw_writer_close(&reading.ledger);
    raw_reader_close(&reading.raw);
}

void ask_decide(struct world *world, const struct question *question)
{
    struct reading reading;
    open_reading(&reading, world);
    warm(&reading);
    for (int64_t round = 0; round < question->rounds; round++)
        (void)printf("decide %.0f\n", run_decide(&reading, question->seconds));
    raw_writer_close(&reading.ledger);
    raw_reader_close(&reading.raw);
}

void ask_profile(struct world *world, const struct question *question)
{
    struct reading reading;
    open_reading(&reading, world);
    for (int64_t round = 0; round < question->rounds; round++)
        run_durable(&reading, "durable_64", 64, question->seconds);
    raw_writer_close(&reading.ledger);
    raw_reader_close(&reading.raw);
}

void ask_requests(struct world *world, const struct question *question)
{
    struct reading reading = {.world = world};
    (void)question; /* as many as are drawn */
    draw_requests(&reading);
    for (size_t i = 0; i < DRAWN; i++) {
        const struct request *request = &reading.requests[i];
        (void)printf("%s %.*s %.*s\n", world->organisations[request->organisation].secrets[request->system],
                     TEXT_ARGS(request->relationship), TEXT_ARGS(request->purpose));
    }
}
