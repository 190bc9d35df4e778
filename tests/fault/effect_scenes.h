/* SPDX-License-Identifier: Apache-2.0
 * What a node is asked while its effects fail: each use case once, on a node where all that it needs is ready. A scene
 * asks, and passes on what it is told; it may be asked again after a failure. */
#ifndef TESTS_FAULT_EFFECT_SCENES_H
#define TESTS_FAULT_EFFECT_SCENES_H

#include "app/node.h"
#include "fault/effect_plan.h"
#include "support/world.h"

struct bench {
    struct world        world; /* its node is the one below, with an arena of its own */
    struct node         node;
    struct arena       *founding; /* what the members below borrow from */
    char                root[96];
    struct relationship relationship; /* of Ada, with a grant, an open request and a draft of a purpose */
    struct grant        grant;
    struct request      request;
    struct purpose      draft;
    struct relationship quiet; /* of Bob, with a grant: nothing happens to it but reads */
    struct actor        eve;  /* is here, and has no relationship */
    struct text         code; /* that nobody has claimed */
    int                 backups;
};

struct scene {
    const char *name;
    err (*run)(struct bench *bench);
    bool opens;    /* a node that is not open yet */
    bool is_empty; /* in an empty folder */
    bool is_many;  /* writes: after a failure some of them may stand, and it goes on from there */
    bool repeats;  /* what stood already when it is asked again */
};

extern const struct scene SCENES[];
extern const int SCENE_COUNT;

/* A scene with a fault of its own. */
struct control {
    struct scene scene;
    effect_kind  kind;
    bool         ignores_syncs;
};

extern const struct control CONTROLS[];
extern const int CONTROL_COUNT;

/* A node in an empty folder, filled and closed again. */
void bench_found(struct bench *bench, const char *root);
/* Opens the node in `root`/node as the program does; its clock and its numbers are effects. */
err bench_open(struct bench *bench, const char *root) MUST_CHECK;
void bench_close(struct bench *bench);
/* What everyone expects of a node: Bob writes, is read, and the log goes on. */
err bench_goes_on(struct bench *bench, const struct scene *scene) MUST_CHECK;

#endif
