/* SPDX-License-Identifier: Apache-2.0
 * Reads through domain/sharing/disclosure.h, by one thread or by several. */
#include "reading.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/id_seal.h"
#include "flight.h"

#define POOL_THREADS_FOR_CORE 4 /* as src/app/serve.c has them */
#define POOL_THREADS_MAX 64

void reading_open(struct reading *reading, struct world *world)
{
    struct ctx *cx = &world->cx;
    *reading = (struct reading){.world = world, .stride = 1};
    reading->requests = ARENA_ARRAY(cx->arena, struct request, READING_DRAWN);
    must_be(reading->requests != NULL, "no memory for the requests");
    for (size_t i = 0; i < READING_DRAWN; i++) {
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

const struct request *reading_next(struct reading *reading)
{
    reading->next = (reading->next + reading->stride) % READING_DRAWN;
    return &reading->requests[reading->next];
}

/* ---- decided */

static void decide(struct world *world, struct ctx *cx, const struct request *request, struct disclosure_ask *ask)
{
    *ask = (struct disclosure_ask){.relationship = request->relationship, .purpose = request->purpose,
        .attributes = world_asked(), .only_asks = ask->only_asks};
    cx->actor = world->organisations[request->organisation].actors[request->system];
    must(cx, store_read_begin(cx));
    must(cx, disclosure_decide(cx, ask));
    store_read_end(cx);
}

static void check_answer(const struct disclosure_ask *ask)
{
    size_t values = ask->only_asks ? 0 : (size_t)attribute_set_count(world_asked());
    bool whole = ask->given && ask->values_count == values;
    must_be(whole, "a permitted read was refused");
}

static double decide_by(struct reading *reading, double seconds, double (*clock)(void))
{
    struct world *world = reading->world;
    struct ctx cx = world->cx;
    size_t done = 0;
    cx.arena = arena_open(1u << 20);
    must_be(cx.arena != NULL, "no memory for an arena");
    double start = clock();
    while (done % READING_ROUND != 0 || clock() - start < seconds) {
        struct disclosure_ask ask = {.only_asks = reading->only_asks};
        arena_reset(cx.arena);
        decide(world, &cx, reading_next(reading), &ask);
        check_answer(&ask);
        done++;
    }
    double rate = (double)done / (clock() - start);
    arena_close(cx.arena);
    return rate;
}

double reading_decide(struct reading *reading, double seconds)
{
    return decide_by(reading, seconds, seconds_of_thread);
}

double reading_decide_wall(struct reading *reading, double seconds)
{
    return decide_by(reading, seconds, seconds_now);
}

/* ---- durable */

struct turn turn_begin(void)
{
    return (struct turn){seconds_now(), seconds_of_program()};
}

void turn_end(const struct turn *turn, const char *name, size_t done)
{
    (void)printf("%s %.0f\n", name, (double)done / (seconds_now() - turn->start));
    (void)printf("%s_cpu %.2f\n", name, (seconds_of_program() - turn->cpu_start) / (double)done * 1e6);
    (void)fflush(stdout); /* a lost line shows in the script that reads it */
}

static void prepare_disclosure(struct world *world, struct flier *flier)
{
    decide(world, &flier->cx, reading_next(flier->flight->cargo), &flier->ask);
    flier->write.run = disclosure_commit;
    flier->write.announce = disclosure_commit_announce;
    flier->write.arg = &flier->ask;
}

static void check_disclosure(struct flier *flier)
{
    check_answer(&flier->ask);
}

/* One thread with a read handle and a share of the flight of its own. */
struct pool_reader {
    struct reading     reading;
    struct store_conn *db;
    size_t             in_flight;
    double             seconds;
    size_t             most; /* 0: no limit */
    size_t             done;
    pthread_t          thread;
};

static void *run_pool_reader(void *arg)
{
    static const struct mission DISCLOSE = {prepare_disclosure, check_disclosure};
    struct pool_reader *reader = arg;
    struct flight flight;
    flight_open(&flight, reader->reading.world, reader->in_flight);
    flight.cargo = &reader->reading;
    for (size_t i = 0; reader->db != NULL && i < flight.count; i++)
        flight.fliers[i].cx.db = reader->db;
    reader->done = flight_run(&flight, &DISCLOSE, reader->seconds, reader->most);
    flight_close(&flight);
    return NULL;
}

static size_t pool_threads(size_t in_flight)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = POOL_THREADS_FOR_CORE * (cores < 1 ? 1 : (size_t)cores);
    count = count > POOL_THREADS_MAX ? POOL_THREADS_MAX : count;
    return count > in_flight ? in_flight : count;
}

static size_t run_pool(struct reading *reading, size_t in_flight, double seconds)
{
    struct pool_reader readers[POOL_THREADS_MAX];
    struct world *world = reading->world;
    size_t count = pool_threads(in_flight);
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        readers[i] = (struct pool_reader){.reading = *reading, .in_flight = in_flight / count, .seconds = seconds};
        readers[i].reading.next = reading->next + i;
        readers[i].reading.stride = count;
        must(&world->cx, store_conn_open(&world->cx, world->store, &readers[i].db));
    }
    for (size_t i = 0; i < count; i++)
        must_be(pthread_create(&readers[i].thread, NULL, run_pool_reader, &readers[i]) == 0, "no thread");
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(readers[i].thread, NULL);
        done += readers[i].done;
        store_conn_close(readers[i].db);
    }
    reading->next = (reading->next + done) % READING_DRAWN;
    return done;
}

static size_t run_loop(struct reading *reading, size_t in_flight, double seconds)
{
    struct pool_reader reader = {.reading = *reading, .in_flight = in_flight, .seconds = seconds};
    (void)run_pool_reader(&reader);
    reading->next = reader.reading.next;
    return reader.done;
}

void reading_durable(struct reading *reading, const char *name, size_t in_flight, double seconds)
{
    struct turn turn = turn_begin();
    size_t done = store_waits(reading->world->store) ? run_pool(reading, in_flight, seconds)
                                                     : run_loop(reading, in_flight, seconds);
    turn_end(&turn, name, done);
}

void reading_durable_some(struct reading *reading, size_t count)
{
    struct pool_reader reader = {.reading = *reading, .in_flight = count, .seconds = 600, .most = count};
    (void)run_pool_reader(&reader);
    must_be(reader.done == count, "a read was lost");
}
