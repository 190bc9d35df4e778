/* SPDX-License-Identifier: Apache-2.0
 * The benches that run inside one process, behind one door for the scripts:
 *     bench_in_process make FOLDER PEOPLE RECORDS [URL]
 *     bench_in_process QUESTION FOLDER ROUNDS MILLISECONDS [COUNT [URL]] */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "questions.h"

static const struct {
    const char *name;
    void (*ask)(struct world *world, const struct question *question);
} QUESTIONS[] = {
    {"disclosure", ask_disclosure}, {"decide", ask_decide}, {"handler", ask_handler}, {"profile", ask_profile},
    {"requests", ask_requests}, {"token", ask_token}, {"passkey", ask_passkey}, {"grant", ask_grant},
    {"grant_profile", ask_grant_profile}, {"wal", ask_wal},
    {"log", ask_log}, {"delay", ask_delay}, {"rows", ask_rows}, {"log_beside", ask_log_beside},
    {"postgres_read", ask_postgres_read}, {"postgres_bare", ask_postgres_bare},
    {"postgres_decide", ask_postgres_decide}, {"postgres_grant", ask_postgres_grant},
    {"postgres_grant_bare", ask_postgres_grant_bare},
    {"postgres_rows", ask_postgres_rows}, {"postgres_work", ask_postgres_work},
};

static int64_t number_of(const char *word)
{
    int64_t number = 0;
    must_be(text_to_int64(text_of(word), &number), "an argument is not a number");
    return number;
}

static int make(int count, char **words)
{
    struct world world;
    struct world_plan plan = {(size_t)number_of(words[1]), (size_t)number_of(words[2]), count > 3 ? words[3] : NULL};
    double start = seconds_now();
    world_make(&world, words[0], &plan);
    (void)printf("made %.1f\n", seconds_now() - start);
    world_close(&world);
    return 0;
}

static int ask(size_t which, int count, char **words)
{
    struct world world;
    struct question question = {.rounds = number_of(words[1]), .seconds = (double)number_of(words[2]) / 1000,
                                .count = count > 3 ? number_of(words[3]) : 0,
                                .url = count > 4 ? words[4] : NULL};
    world_open(&world, words[0]);
    QUESTIONS[which].ask(&world, &question);
    world_close(&world);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 5 && argc <= 6 && strcmp(argv[1], "make") == 0)
        return make(argc - 2, argv + 2);
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++)
        if (argc >= 5 && argc <= 7 && strcmp(argv[1], QUESTIONS[i].name) == 0)
            return ask(i, argc - 2, argv + 2);
    (void)fprintf(stderr, "usage: bench_in_process make FOLDER PEOPLE RECORDS [URL]\n"
                          "       bench_in_process QUESTION FOLDER ROUNDS MILLISECONDS [COUNT [URL]]\n");
    return 2;
}
