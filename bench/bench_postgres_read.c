/* SPDX-License-Identifier: Apache-2.0
 * The consent-checked read on a database server, by turns with its bound: the same look-ups through libpq, prepared,
 * binary and in one round trip, the same values opened (raw_read, one at a time); and with N in flight (raw_N) two
 * connections, each with half of them: one round trip for all reads of its group, one for its ledger rows and the
 * commit. The bound does not look a second time before it commits. Figures are by the wall: a name, reads a second. */
#include <pthread.h>
#include <stdio.h>

#include "crypto/seal.h"
#include "questions.h"
#include "raw.h"
#include "raw_link.h"
#include "reading.h"

#define LINKS 2
#define GROUP_MAX 256

/* One connection with its share of the people, so that no two write to the same chain. */
struct bare_reader {
    struct reading  reading;
    struct raw_link link;
    struct raw_keys keys;
    size_t          begin, commit, relationship, grant, values, head, begin_write, insert, head_save;
    size_t          share;    /* which of the people, of LINKS */
    size_t          in_flight;
    double          seconds;
    size_t          done;
    int64_t         last_id;
    int64_t         previous_ids[GROUP_MAX];
};

static const char VALUES[] = "SELECT kind, version, sealed FROM vault WHERE person_id = $1 AND kind IN (%s)";

static size_t prepare_values(struct raw_link *link)
{
    char list[100] = "";
    char sql[240];
    size_t size = 0;
    struct attribute_set asked = world_asked();
    for (attribute_number n = ATTRIBUTE_NONE; (n = attribute_set_next(asked, n)) != ATTRIBUTE_NONE;)
        size += (size_t)snprintf(list + size, sizeof list - size, "%s%d", size == 0 ? "" : ", ", (int)n);
    must_be(size < sizeof list, "too many kinds for the bound");
    (void)snprintf(sql, sizeof sql, VALUES, list);
    return raw_link_prepare_sql(link, sql);
}

static void open_reader(struct bare_reader *reader, const struct reading *reading, const char *url, size_t share)
{
    int64_t now_ms = clock_wall_ms(&reading->world->clock);
    *reader = (struct bare_reader){.reading = *reading, .share = share,
                                   .last_id = (now_ms << 16) + ((int64_t)share << 60)}; /* behind any other run's */
    struct raw_link *link = &reader->link;
    raw_link_open(link, url);
    raw_keys_open(&reader->keys, reading->world);
    reader->begin = raw_link_prepare_sql(link, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    reader->commit = raw_link_prepare_sql(link, "COMMIT");
    reader->relationship = raw_link_prepare_sql(link, "SELECT organisation_id, state, ends_at_ms FROM relationship"
                                                      " WHERE person_id = $1 AND relationship_id = $2");
    reader->grant = raw_link_prepare_sql(link,
                                         "SELECT grant_id, state, attributes_low, departments, from_at_ms, until_at_ms"
                                         " FROM grant_now WHERE person_id = $1 AND relationship_id = $2"
                                         " AND purpose_id = $3 AND closes_at_ms > $4");
    reader->values = prepare_values(link);
    reader->head = raw_link_prepare(link, "disclosure_head_load");
    reader->begin_write = raw_link_prepare_sql(link, "BEGIN");
    reader->insert = raw_link_prepare(link, "disclosure_insert");
    reader->head_save = raw_link_prepare(link, "disclosure_head_save");
}

static void close_reader(struct bare_reader *reader)
{
    raw_link_close(&reader->link);
    raw_keys_close(&reader->keys);
}

/* ---- reading */

static void send_read(struct bare_reader *reader, const struct request *request)
{
    struct world *world = reader->reading.world;
    const struct world_person *person = &world->people[request->person];
    int64_t grant[] = {person->person_id, person->relationship_ids[request->organisation],
                       world->organisations[request->organisation].purpose_id, clock_wall_ms(&world->clock)};
    raw_link_send(&reader->link, reader->begin, NULL, 0);
    raw_link_send(&reader->link, reader->relationship, grant, 2);
    raw_link_send(&reader->link, reader->grant, grant, 4);
    raw_link_send(&reader->link, reader->values, grant, 1);
    raw_link_send(&reader->link, reader->head, grant, 1);
    raw_link_send(&reader->link, reader->commit, NULL, 0);
}

static void check_standing(struct bare_reader *reader)
{
    struct pg_result *relationship = raw_link_take(&reader->link);
    must_be(raw_rows(relationship) == 1 && raw_number(relationship, 0, 1) == 3, "a relationship is missing");
    raw_link_free(relationship);
    struct pg_result *grants = raw_link_take(&reader->link);
    int64_t asked = (int64_t)world_asked().low;
    must_be(raw_rows(grants) > 0, "a grant is missing");
    must_be((raw_number(grants, 0, 2) & asked) == asked, "a grant is too narrow");
    raw_link_free(grants);
}

/* Gives the newest row of the person in the ledger. */
static int64_t take_read(struct bare_reader *reader, const struct request *request)
{
    struct secret_key key;
    uint8_t plain[RAW_PLAIN_BYTES];
    int64_t person_id = reader->reading.world->people[request->person].person_id;
    raw_link_skip(&reader->link, 1);
    check_standing(reader);
    raw_keys_person(&reader->keys, person_id, &key);
    struct pg_result *values = raw_link_take(&reader->link);
    must_be(raw_rows(values) == (size_t)attribute_set_count(world_asked()), "a value is missing");
    for (size_t i = 0; i < raw_rows(values); i++) {
        int64_t place[4] = {person_id, SEAL_VAULT, raw_number(values, i, 0), raw_number(values, i, 1)};
        must_be(raw_unseal(raw_bytes(values, i, 2), &key, place, plain) > 0, "a value is empty");
    }
    raw_link_free(values);
    struct pg_result *head = raw_link_take(&reader->link);
    int64_t previous_id = raw_rows(head) == 0 ? 0 : raw_number(head, 0, 0);
    raw_link_free(head);
    raw_link_skip(&reader->link, 1);
    return previous_id;
}

static double run_raw_read(struct bare_reader *reader, double seconds)
{
    size_t done = 0;
    double start = seconds_now();
    for (; done % READING_ROUND != 0 || seconds_now() - start < seconds; done++) {
        const struct request *request = reading_next(&reader->reading);
        send_read(reader, request);
        raw_link_sync(&reader->link);
        (void)take_read(reader, request); /* this one writes no row */
        raw_link_settle(&reader->link);
    }
    return (double)done / (seconds_now() - start);
}

/* ---- groups */

static const struct request *next_of_share(struct bare_reader *reader)
{
    const struct request *request = reading_next(&reader->reading);
    while (request->person % LINKS != reader->share)
        request = reading_next(&reader->reading);
    return request;
}

static void send_row(struct bare_reader *reader, const struct request *request, int64_t previous_id)
{
    struct world *world = reader->reading.world;
    const struct world_person *person = &world->people[request->person];
    const struct world_organisation *organisation = &world->organisations[request->organisation];
    int64_t id = ++reader->last_id;
    int64_t row[] = {id, person->person_id, previous_id, person->relationship_ids[request->organisation],
                     organisation->organisation_id, organisation->department_id,
                     organisation->actors[request->system].system_id, organisation->purpose_id, 1,
                     person->grant_ids[request->organisation], (int64_t)world_asked().low, 0, 1, 0,
                     clock_wall_ms(&world->clock), RAW_BLOB(1)};
    int64_t head[] = {person->person_id, id, 1, 0, 0};
    raw_link_send(&reader->link, reader->insert, row, sizeof row / sizeof *row);
    raw_link_send(&reader->link, reader->head_save, head, sizeof head / sizeof *head);
}

static void run_group(struct bare_reader *reader)
{
    const struct request *group[GROUP_MAX];
    for (size_t i = 0; i < reader->in_flight; i++)
        group[i] = next_of_share(reader);
    for (size_t i = 0; i < reader->in_flight; i++)
        send_read(reader, group[i]);
    raw_link_sync(&reader->link);
    for (size_t i = 0; i < reader->in_flight; i++)
        reader->previous_ids[i] = take_read(reader, group[i]);
    raw_link_settle(&reader->link);
    raw_link_send(&reader->link, reader->begin_write, NULL, 0);
    for (size_t i = 0; i < reader->in_flight; i++)
        send_row(reader, group[i], reader->previous_ids[i]);
    raw_link_send(&reader->link, reader->commit, NULL, 0);
    raw_link_sync(&reader->link);
    raw_link_skip(&reader->link, 2 * reader->in_flight + 2);
    raw_link_settle(&reader->link);
}

static void *run_reader(void *arg)
{
    struct bare_reader *reader = arg;
    double end = seconds_now() + reader->seconds;
    for (reader->done = 0; reader->done == 0 || seconds_now() < end; reader->done += reader->in_flight)
        run_group(reader);
    return NULL;
}

static void run_raw_group(struct bare_reader readers[LINKS], const char *name, size_t in_flight, double seconds)
{
    pthread_t threads[LINKS];
    size_t done = 0;
    struct turn turn = turn_begin();
    for (size_t i = 0; i < LINKS; i++) {
        readers[i].in_flight = in_flight / LINKS;
        readers[i].seconds = seconds;
        must_be(pthread_create(&threads[i], NULL, run_reader, &readers[i]) == 0, "no thread");
    }
    for (size_t i = 0; i < LINKS; i++) {
        (void)pthread_join(threads[i], NULL);
        done += readers[i].done;
    }
    turn_end(&turn, name, done);
}

/* ---- the questions */

static void open_readers(struct bare_reader readers[LINKS], const struct reading *reading, const char *url)
{
    must_be(url != NULL, "the bound has a database of its own: name it");
    for (size_t i = 0; i < LINKS; i++)
        open_reader(&readers[i], reading, url, i);
}

void ask_postgres_read(struct world *world, const struct question *question)
{
    struct reading reading;
    struct bare_reader readers[LINKS];
    reading_open(&reading, world);
    open_readers(readers, &reading, question->url);
    run_raw_group(readers, "warm", GROUP_MAX, question->seconds);
    reading_durable(&reading, "warm", GROUP_MAX, question->seconds);
    for (int64_t round = 0; round < question->rounds; round++) {
        (void)printf("raw_read %.0f\n", run_raw_read(&readers[0], question->seconds));
        (void)printf("decide %.0f\n", reading_decide_wall(&reading, question->seconds));
        run_raw_group(readers, "raw_64", 64, question->seconds);
        reading_durable(&reading, "durable_64", 64, question->seconds);
        run_raw_group(readers, "raw_256", 256, question->seconds);
        reading_durable(&reading, "durable_256", 256, question->seconds);
    }
    for (size_t i = 0; i < LINKS; i++)
        close_reader(&readers[i]);
}

void ask_postgres_bare(struct world *world, const struct question *question)
{
    struct reading reading;
    struct bare_reader readers[LINKS];
    reading_open(&reading, world);
    open_readers(readers, &reading, question->url);
    for (int64_t round = 0; round < question->rounds; round++) {
        run_raw_group(readers, "raw_64", 64, question->seconds);
        if (question->count == 0)
            run_raw_group(readers, "raw_256", 256, question->seconds);
    }
    for (size_t i = 0; i < LINKS; i++)
        close_reader(&readers[i]);
}

void postgres_read_work(struct world *world, const char *url, size_t count, size_t repeats)
{
    struct reading reading;
    struct bare_reader readers[LINKS];
    reading_open(&reading, world);
    open_readers(readers, &reading, url);
    readers[0].in_flight = count;
    for (size_t i = 0; i < repeats; i++)
        run_group(&readers[0]);
    for (size_t i = 0; i < LINKS; i++)
        close_reader(&readers[i]);
    reading_durable_some(&reading, count);
}

void ask_postgres_decide(struct world *world, const struct question *question)
{
    struct reading reading;
    reading_open(&reading, world);
    for (int64_t round = 0; round < question->rounds; round++)
        (void)printf("decide %.0f\n", reading_decide_wall(&reading, question->seconds));
}
