/* SPDX-License-Identifier: Apache-2.0
 * A node in a folder of its own, filled with as many people as a question wants: each with 20 attributes, records,
 * relationships with ten organisations and a grant in each. Organisations, keys and purposes come from the domain
 * functions; the people's rows go through the store in large writes. The folder is one that `symbolon serve` opens; for
 * data on a server the file `url` in it says where, and the folder holds the keys.
 * What goes wrong ends the program: a bench has nothing to mend. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "base/ctx.h"
#include "domain/words/attribute_set.h"
#include "store/store.h"

#define WORLD_ORGANISATIONS 10
#define WORLD_SYSTEMS 10    /* API keys of each organisation */
#define WORLD_ATTRIBUTES 20 /* kinds 1 to 20, with the examples of the table as values */
#define WORLD_SECRET_SIZE 80

struct world_organisation {
    int64_t      organisation_id;
    int64_t      department_id;
    int64_t      purpose_id;
    struct actor actors[WORLD_SYSTEMS];
    char         secrets[WORLD_SYSTEMS][WORLD_SECRET_SIZE]; /* with a NUL */
};

struct world_person {
    int64_t person_id;
    int64_t relationship_ids[WORLD_ORGANISATIONS];
    int64_t grant_ids[WORLD_ORGANISATIONS];
};

struct world {
    struct clock              clock;
    struct randomness         randomness;
    struct number_source      numbers;
    struct store             *store;
    struct keyring           *keyring;
    struct ctx                cx; /* the operator's, with a read handle */
    char                      folder[200];
    char                      url[300]; /* of the server that has the data; empty: it lies in the folder */
    struct world_organisation organisations[WORLD_ORGANISATIONS];
    struct world_person      *people;
    size_t                    count;
    uint64_t                  draws; /* state of world_draw() */
};

struct world_plan {
    size_t people;
    size_t records; /* of each person, spread over the relationships */
    const char *url; /* of an empty database on a server; NULL: all lies in the folder */
};

/* Makes folder, node and people, settled on disk when it returns; leaves the world open. */
void world_make(struct world *world, const char *folder, const struct world_plan *plan);
/* Opens a world that was made before. */
void world_open(struct world *world, const char *folder);
/* Closes and opens the store again: the write-ahead logs are empty then. */
void world_reopen(struct world *world);
void world_close(struct world *world);

/* A number below `below`, the same row of numbers in every run. */
size_t world_draw(struct world *world, size_t below);
/* The five kinds that a disclosure of the bench asks for; every grant covers them. */
struct attribute_set world_asked(void);

/* Ends the program with what the failure says, unless `result` is OK. */
void must(const struct ctx *cx, err result);
void must_be(bool truth, const char *what);
/* Seconds: of the wall (monotonic), of this thread's and of the whole program's processor time. The latter two are what
 * a figure rests on when other programs share the machine. */
double seconds_now(void);
double seconds_of_thread(void);
double seconds_of_program(void);

#endif
