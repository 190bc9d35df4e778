/* SPDX-License-Identifier: Apache-2.0
 * What a node is asked while its effects fail: each use case once, on a node where all that it needs is ready. A scene
 * asks, and passes on what it is told; it may be asked again after a failure. */
#ifndef TESTS_FAULT_EFFECT_SCENES_H
#define TESTS_FAULT_EFFECT_SCENES_H

#include "fault/effect_bench.h"

struct scene {
    const char *name;
    err (*run)(struct bench *bench);
    bool opens;    /* a node that is not open yet */
    bool is_empty; /* in an empty folder */
    bool is_many;  /* writes: after a failure some of them may stand, and it goes on from there */
    bool repeats;  /* what stood already when it is asked again */
    const char *over; /* why it is refused by a clock that says it comes too late; NULL: no such refusal */
};

/* A row each in effect_scenes.def. */
#define X(word, ...) err scene_##word(struct bench *bench) MUST_CHECK;
#include "fault/effect_scenes.def"
#undef X
/* What scenes share. */
err scene_put_value_of(struct bench *bench, struct actor person, struct text value) MUST_CHECK;
err scene_add_passkey_of(struct bench *bench, struct actor person, struct text id, struct passkey *out) MUST_CHECK;
err scene_prove_to(struct bench *bench, struct actor actor) MUST_CHECK;
err scene_same(struct bench *bench, const struct sight *sight, const struct sight *wanted) MUST_CHECK;

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

/* What everyone expects of a node: Bob writes, is read, and the log goes on. */
err bench_goes_on(struct bench *bench, const struct scene *scene) MUST_CHECK;

#endif
