/* SPDX-License-Identifier: Apache-2.0
 * Scenes of the operator and of the node itself, the list of all, and the controls. */
#include "fault/effect_scenes.h"

#include "domain/people/erasure.h"
#include "ledger/audit.h"
#include "ledger/ledger.h"

err scene_same(struct bench *bench, const struct sight *sight, const struct sight *wanted)
{
    return memcmp(sight, wanted, sizeof *sight) == 0
               ? OK : FAIL(&bench->world.node.cx, CONFLICT, "scene.wrong", "a list is not what it was");
}

/* ---- the log */

/* The caller of node_settle() finds its failure in the node's own ctx. */
static err of_node(struct bench *bench, err result)
{
    if (result != OK)
        bench->world.node.cx.failure = bench->node.cx.failure;
    return result;
}

err scene_settle(struct bench *bench)
{
    failure_clear(&bench->node.cx.failure);
    return of_node(bench, node_settle(&bench->node));
}

err scene_read_log(struct bench *bench)
{
    struct ctx *cx = world_as(&bench->world, (struct actor){.kind = ACTOR_NOBODY});
    struct ledger_head head;
    struct merkle_proof proof;
    struct text key;
    struct bytes octets;
    bool found = false;
    TRY(ledger_head(cx, &head));
    TRY(ledger_verifier_key(cx, &key));
    TRY(ledger_consistency(cx, 1, head.tree.size, &proof));
    struct tile tile = {.level = 0, .index = 0, .width = (int)head.tree.size};
    TRY(ledger_tile(cx, &tile, &octets, &found));
    return found && head.tree.size > 1 ? OK : FAIL(cx, CONFLICT, "scene.wrong", "a published tile is not there");
}

/* ---- forgetting */

static err erase_person(struct bench *bench, int64_t person_id)
{
    struct erasure_begin begin = {.person_id = person_id};
    struct erasure_work work = {.told = NULL};
    TRY(bench_write(bench, bench->world.operator_, erasure_begin, &begin));
    return erasure_finish(world_as(&bench->world, bench->world.operator_), bench->node.store, &work);
}

err scene_erase(struct bench *bench)
{
    return erase_person(bench, bench->world.ada.person_id);
}

err scene_erase_unclaimed(struct bench *bench)
{
    return erase_person(bench, bench->brought.person_id);
}

/* ---- care */

static void drop_finding(void *self, struct text sentence)
{
    (void)self; /* only their number counts */
    (void)sentence;
}

/* What could not be read is no finding. */
err scene_audit(struct bench *bench)
{
    struct ctx *cx = world_as(&bench->world, bench->world.operator_);
    struct audit_report report = {.found = drop_finding};
    struct ledger_audit audit = {.found = drop_finding};
    TRY(store_check(cx, bench->node.store));
    TRY(domain_audit(cx, &report));
    TRY(ledger_audit(cx, &audit));
    bool clean = report.findings + audit.findings == 0;
    return clean ? OK : FAIL(cx, CONFLICT, "scene.wrong", "the audit finds what is not there");
}

err scene_scrub(struct bench *bench)
{
    TRY(scene_come(bench));
    return store_scrub_keys(world_as(&bench->world, bench->world.operator_), bench->node.store);
}

err scene_back_up(struct bench *bench)
{
    char folder[128];
    (void)snprintf(folder, sizeof folder, "%s/backup%d", bench->root, bench->backups++); /* half of one may be there */
    return store_backup(world_as(&bench->world, bench->world.operator_), bench->node.store, folder);
}

/* ---- a node begins */

err scene_open_again(struct bench *bench)
{
    char root[96];
    memcpy(root, bench->root, sizeof root);
    err result = bench_open(bench, root);
    if (result == OK)
        return OK;
    struct failure failure = bench->node.cx.failure;
    bench_close(bench);
    bench->world.node.cx.failure = failure;
    return result;
}

err scene_begin(struct bench *bench)
{
    return scene_open_again(bench);
}

/* ---- the list */

#define ONE .is_many = false
#define MANY .is_many = true
#define AGAIN .is_many = true, .repeats = true
#define LOOK .is_many = false
#define OPENS .opens = true
#define OVER(reason) .over = (reason)
#define EMPTY .opens = true, .is_empty = true
#define X(word, ...) {.name = #word, .run = scene_##word, __VA_ARGS__},
const struct scene SCENES[] = {
#include "fault/effect_scenes.def"
};
#undef X
const int SCENE_COUNT = sizeof SCENES / sizeof *SCENES;

/* ---- controls: what must be seen */

/* A failure that nobody looks at. */
static err drop_failure(struct bench *bench)
{
    err result = scene_put_value(bench);
    (void)result; /* the fault of this scene */
    return OK;
}

/* Two writes where one is asked for. */
static err do_half(struct bench *bench)
{
    TRY(scene_put_value(bench));
    return scene_ask(bench);
}

const struct control CONTROLS[] = {
    {{.name = "a failure is dropped", .run = drop_failure}, EFFECT_DATABASE, false},
    {{.name = "half is done", .run = do_half}, EFFECT_FULL, false},
    {{.name = "a refused sync is taken for a good one", .run = scene_put_value}, EFFECT_SYNC, true},
};
const int CONTROL_COUNT = sizeof CONTROLS / sizeof *CONTROLS;

err bench_goes_on(struct bench *bench, const struct scene *scene)
{
    failure_clear(&bench->node.cx.failure);
    if (scene->is_empty) {
        TRY(scene_come(bench));
    } else {
        TRY(scene_put_value_of(bench, bench->world.bob, TEXT("{\"country\":\"CH\",\"locality\":\"Thun\"}")));
        TRY(bench_read(bench, &bench->quiet, &bench->world.delivery));
    }
    return of_node(bench, node_settle(&bench->node));
}
