/* SPDX-License-Identifier: Apache-2.0
 * Giving and stopping on a database server, by turns with its bound: the same look-ups and the same rows through libpq,
 * prepared and binary, in groups of N on one connection: one round trip for all that is read, one for the rows and the
 * commit, serializable as ours. raw_64_without is the bound without the row that waits for the log. Figures of groups
 * are changes a second by the wall, those of single ones (commit_us: one row; raw_alone_us: the bound; alone_us)
 * medians. Beside it the bound of an import, and the bytes of write-ahead log that the server tells. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "change.h"
#include "questions.h"
#include "raw_link.h"

#define GROUP_MAX 256
#define GIVE_READS 7
#define STOP_READS 6
#define GROUP 64
#define ROWS_PER_GROUP 500
#define ROWS_PER_COMMIT 8000

struct bare_link {
    struct world   *world;
    struct raw_link link;
    size_t          begin, commit;
    size_t          relationship, purpose, organisation, departments, public_key, room, lately, standing;
    size_t          receipt, pending, act, event, grant, forget;
    int64_t         sealed_bytes;
    int64_t         last_id;
    bool            leaves_log; /* writes no row for the log */
};

static void prepare_reads(struct bare_link *bare)
{
    struct raw_link *link = &bare->link;
    bare->relationship = raw_link_prepare_sql(link, "SELECT organisation_id, state, ends_at_ms FROM relationship"
                                                    " WHERE person_id = $1 AND relationship_id = $2");
    bare->purpose = raw_link_prepare_sql(link, "SELECT version, state, needed_low, optional_low, longest_ms, body"
                                               " FROM purpose WHERE organisation_id = $1 AND purpose_id = $2"
                                               " ORDER BY version DESC LIMIT 1");
    bare->organisation = raw_link_prepare_sql(link, "SELECT slug, name FROM organisation WHERE organisation_id = $1");
    bare->departments = raw_link_prepare_sql(link, "SELECT department_id, ordinal, name FROM department"
                                                   " WHERE organisation_id = $1");
    bare->public_key = raw_link_prepare_sql(link, "SELECT public_jwk FROM relationship_key WHERE person_id = $1"
                                                  " AND relationship_id = $2");
    bare->room = raw_link_prepare_sql(link, "SELECT count(*) FROM (SELECT 1 FROM grant_now WHERE person_id = $1"
                                            " LIMIT 200) AS few");
    bare->lately = raw_link_prepare_sql(link, "SELECT count(*) FROM (SELECT 1 FROM act WHERE person_id = $1"
                                              " AND relationship_id = $2 AND receipt_id > $3 LIMIT 1000) AS lately");
    bare->standing = raw_link_prepare_sql(link, "SELECT state, last_act_id FROM grant_now WHERE person_id = $1"
                                                " AND relationship_id = $2 AND purpose_id = $3 AND grant_id = $4");
}

/* The copy may have been made before there were any. */
static int64_t sealed_bytes(const struct world *world)
{
    struct raw_link link;
    raw_link_open(&link, world->url);
    int64_t bytes = raw_link_ask(&link, "SELECT CAST(avg(length(sealed)) AS BIGINT) FROM receipt");
    raw_link_close(&link);
    must_be(bytes > 0, "there is no receipt to take the size from");
    return bytes;
}

static void open_bare(struct bare_link *bare, struct world *world, const char *url)
{
    must_be(url != NULL, "the bound has a database of its own: name it");
    int64_t now_ms = clock_wall_ms(&world->clock);
    *bare = (struct bare_link){.world = world, .last_id = now_ms << 16}; /* behind any other run's */
    struct raw_link *link = &bare->link;
    raw_link_open(link, url);
    bare->begin = raw_link_prepare_sql(link, "BEGIN ISOLATION LEVEL SERIALIZABLE");
    bare->commit = raw_link_prepare_sql(link, "COMMIT");
    prepare_reads(bare);
    bare->receipt = raw_link_prepare(link, "receipt_insert");
    bare->pending = raw_link_prepare(link, "log_pending_insert");
    bare->act = raw_link_prepare(link, "act_insert");
    bare->event = raw_link_prepare(link, "outbox_insert");
    bare->grant = raw_link_prepare(link, "grant_save");
    bare->forget = raw_link_prepare_sql(link, "DELETE FROM log_pending WHERE receipt_id > $1");
    bare->sealed_bytes = sealed_bytes(world);
}

/* ---- groups */

static void send_reads(struct bare_link *bare, const struct change_of *of, bool giving)
{
    const struct world_person *person = &bare->world->people[of->person];
    const struct world_organisation *with = &bare->world->organisations[of->organisation];
    int64_t yesterday = number_first_of_ms(clock_wall_ms(&bare->world->clock) - TIME_DAY_MS);
    int64_t bond[] = {person->person_id, person->relationship_ids[of->organisation], yesterday};
    int64_t purpose[] = {with->organisation_id, with->purpose_id};
    int64_t grant[] = {bond[0], bond[1], with->purpose_id, of->grant_id};
    raw_link_send(&bare->link, bare->relationship, bond, 2);
    raw_link_send(&bare->link, bare->purpose, purpose, 2);
    raw_link_send(&bare->link, bare->organisation, purpose, 1);
    raw_link_send(&bare->link, bare->departments, purpose, 1);
    raw_link_send(&bare->link, bare->public_key, bond, 2);
    if (giving) {
        raw_link_send(&bare->link, bare->room, bond, 1);
        raw_link_send(&bare->link, bare->lately, bond, 3);
    } else {
        raw_link_send(&bare->link, bare->standing, grant, 4);
    }
}

static void take_reads(struct bare_link *bare, bool giving)
{
    for (size_t i = 0; i < (giving ? GIVE_READS : STOP_READS); i++) {
        struct pg_result *answer = raw_link_take(&bare->link);
        must_be(raw_rows(answer) > 0, "something that a change reads is missing");
        raw_link_free(answer);
    }
}

static void send_rows(struct bare_link *bare, const struct change_of *of)
{
    struct change_rows rows;
    change_rows(&rows, bare->world, of, &bare->last_id);
    raw_link_send(&bare->link, bare->receipt, rows.receipt, CHANGE_RECEIPT);
    if (!bare->leaves_log)
        raw_link_send(&bare->link, bare->pending, rows.pending, CHANGE_PENDING);
    raw_link_send(&bare->link, bare->act, rows.act, CHANGE_ACT);
    raw_link_send(&bare->link, bare->event, rows.event, CHANGE_EVENT);
    raw_link_send(&bare->link, bare->grant, rows.grant, CHANGE_GRANT);
}

/* Gives the members of the group, or stops them. */
static void run_group(struct bare_link *bare, struct change_of *group, size_t count, bool giving)
{
    raw_link_send(&bare->link, bare->begin, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        if (giving)
            change_draw(&group[i], bare->world, &bare->last_id);
        group[i].sealed_bytes = bare->sealed_bytes;
        send_reads(bare, &group[i], giving);
    }
    raw_link_sync(&bare->link);
    raw_link_skip(&bare->link, 1);
    for (size_t i = 0; i < count; i++)
        take_reads(bare, giving);
    raw_link_settle(&bare->link);
    for (size_t i = 0; i < count; i++)
        send_rows(bare, &group[i]);
    raw_link_send(&bare->link, bare->commit, NULL, 0);
    raw_link_sync(&bare->link);
    raw_link_skip(&bare->link, count * (bare->leaves_log ? 4 : 5) + 1);
    raw_link_settle(&bare->link);
}

static void forget_pending(struct bare_link *bare)
{
    int64_t all = 0;
    raw_link_send(&bare->link, bare->forget, &all, 1);
    raw_link_sync(&bare->link);
    raw_link_skip(&bare->link, 1);
    raw_link_settle(&bare->link);
}

/* Gives in one group, stops in the next. */
static double run_bare(struct bare_link *bare, size_t in_flight, double seconds)
{
    struct change_of group[GROUP_MAX];
    size_t done = 0;
    double start = seconds_now();
    for (; done % (2 * in_flight) != 0 || seconds_now() - start < seconds; done += in_flight)
        run_group(bare, group, in_flight, done / in_flight % 2 == 0);
    double rate = (double)done / (seconds_now() - start);
    forget_pending(bare);
    return rate;
}

static double run_without_log(struct bare_link *bare, double seconds)
{
    bare->leaves_log = true;
    double rate = run_bare(bare, GROUP, seconds);
    bare->leaves_log = false;
    return rate;
}

/* One row, committed in one round trip. */
static double run_commit(struct bare_link *bare, struct samples *samples, double seconds)
{
    samples->count = 0;
    for (double end = seconds_now() + seconds; samples->count < SAMPLES_MAX && seconds_now() < end;) {
        int64_t row[] = {1, ++bare->last_id, RAW_BLOB(LEAF_BYTES)};
        double start = seconds_now();
        raw_link_send(&bare->link, bare->begin, NULL, 0);
        raw_link_send(&bare->link, bare->pending, row, 3);
        raw_link_send(&bare->link, bare->commit, NULL, 0);
        raw_link_sync(&bare->link);
        raw_link_skip(&bare->link, 3);
        raw_link_settle(&bare->link);
        samples->at[samples->count++] = seconds_now() - start;
    }
    forget_pending(bare);
    return samples_median_us(samples);
}

/* One at a time: all that a change asks and writes. */
static double run_alone(struct bare_link *bare, struct samples *samples, double seconds)
{
    struct change_of one;
    samples->count = 0;
    for (double end = seconds_now() + seconds; samples->count < SAMPLES_MAX && seconds_now() < end;) {
        bool giving = samples->count % 2 == 0;
        double start = seconds_now();
        run_group(bare, &one, 1, giving);
        samples->at[samples->count++] = seconds_now() - start;
    }
    forget_pending(bare);
    return samples_median_us(samples);
}

/* ---- the questions */

void ask_postgres_grant(struct world *world, const struct question *question)
{
    struct samples samples = {.at = calloc(SAMPLES_MAX, sizeof *samples.at)};
    struct bare_link bare;
    must_be(samples.at != NULL, "no memory for samples");
    (void)change_rate(world, GROUP, question->seconds);
    open_bare(&bare, world, question->url);
    (void)run_bare(&bare, GROUP, question->seconds);
    for (int64_t round = 0; round < question->rounds; round++) {
        (void)printf("raw_64 %.0f\n", run_bare(&bare, GROUP, question->seconds));
        (void)printf("ours_64 %.0f\n", change_rate(world, GROUP, question->seconds));
        (void)printf("raw_256 %.0f\n", run_bare(&bare, GROUP_MAX, question->seconds));
        (void)printf("ours_256 %.0f\n", change_rate(world, GROUP_MAX, question->seconds));
        (void)printf("raw_64_without %.0f\n", run_without_log(&bare, question->seconds));
        (void)printf("one %.0f\n", change_rate(world, 1, question->seconds));
        (void)printf("commit_us %.1f\n", run_commit(&bare, &samples, question->seconds));
        (void)printf("raw_alone_us %.1f\n", run_alone(&bare, &samples, question->seconds));
        (void)printf("alone_us %.1f\n", change_alone_us(world, &samples, question->seconds));
        (void)fflush(stdout); /* a lost line shows in the script that reads it */
    }
    raw_link_close(&bare.link);
    free(samples.at);
}

void ask_postgres_grant_bare(struct world *world, const struct question *question)
{
    struct bare_link bare;
    open_bare(&bare, world, question->url);
    for (int64_t round = 0; round < question->rounds; round++)
        (void)printf("raw_64 %.0f\n", run_bare(&bare, GROUP, question->seconds));
    raw_link_close(&bare.link);
}

void ask_postgres_work(struct world *world, const struct question *question)
{
    struct change_of group[GROUP];
    struct bare_link bare;
    size_t repeats = (size_t)question->count;
    must_be(change_some(world, GROUP / 2, GROUP) == GROUP, "a change was lost");
    open_bare(&bare, world, question->url);
    for (size_t i = 0; i < repeats; i++) {
        run_group(&bare, group, GROUP / 2, true);
        run_group(&bare, group, GROUP / 2, false);
    }
    raw_link_close(&bare.link);
    postgres_read_work(world, question->url, GROUP, repeats);
}

double postgres_log_bytes(const struct world *world)
{
    struct raw_link link;
    raw_link_open(&link, world->url);
    int64_t bytes = raw_link_ask(&link, "SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS BIGINT)");
    raw_link_close(&link);
    return (double)bytes;
}

/* ---- rows of an import, bare */

static void send_record(struct bare_link *bare, size_t insert, int64_t i)
{
    int64_t row[] = {i / 6, i / 6, i, 1, 1, 1, 1, 1, RAW_BLOB(100)};
    if (i % ROWS_PER_COMMIT == 0)
        raw_link_send(&bare->link, bare->begin, NULL, 0);
    raw_link_send(&bare->link, insert, row, sizeof row / sizeof *row);
}

static double run_rows(struct bare_link *bare, size_t insert, int64_t count)
{
    double start = seconds_now();
    size_t owed = 0;
    for (int64_t i = 0; i < count; i++) {
        bool is_last = i % ROWS_PER_COMMIT == ROWS_PER_COMMIT - 1 || i == count - 1;
        owed += i % ROWS_PER_COMMIT == 0 ? 2 : 1;
        send_record(bare, insert, i);
        if (is_last) {
            raw_link_send(&bare->link, bare->commit, NULL, 0);
            owed++;
        }
        if (is_last || i % ROWS_PER_GROUP == ROWS_PER_GROUP - 1) {
            raw_link_sync(&bare->link);
            raw_link_skip(&bare->link, owed);
            owed = 0;
        }
    }
    return (double)count / (seconds_now() - start);
}

void ask_postgres_rows(struct world *world, const struct question *question)
{
    struct bare_link bare = {.world = world};
    raw_link_open(&bare.link, question->url);
    bare.begin = raw_link_prepare_sql(&bare.link, "BEGIN");
    bare.commit = raw_link_prepare_sql(&bare.link, "COMMIT");
    size_t insert = raw_link_prepare(&bare.link, "record_insert");
    size_t empty = raw_link_prepare_sql(&bare.link, "TRUNCATE record");
    for (int64_t round = 0; round < question->rounds; round++) {
        raw_link_send(&bare.link, empty, NULL, 0);
        raw_link_sync(&bare.link);
        raw_link_skip(&bare.link, 1);
        (void)printf("raw_rows %.0f\n", run_rows(&bare, insert, question->count));
    }
    raw_link_close(&bare.link);
}
