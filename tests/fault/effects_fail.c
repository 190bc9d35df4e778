/* SPDX-License-Identifier: Apache-2.0
 * Goal: whichever call of whichever effect fails, once or from then on, what was asked is done wholly or not at all,
 * the failure says so, the same request succeeds once the effect is back, and the next one finds nothing amiss. A
 * process that may not go on ends, and the next one finds all that was acknowledged. Method: each scene on a copy of
 * one node, in a process of its own, with the n-th call failing; SEED= repeats the drawn n, RUNS= draws more, RUNS=0
 * takes all, ONLY= those of some scenes or effects, SHOW=1 tells of each. Controls: scenes that drop a failure on
 * purpose must be seen. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "domain/people/person_key.h"
#include "fault/effect_places.h"
#include "fault/effect_plan.h"
#include "fault/effect_scenes.h"
#include "fault/effect_state.h"
#include "fault/folder_copy.h"
#include "ledger/audit.h"
#include "support/dice.h"
#include "support/folder.h"

#define RUNS_DEFAULT 300
#define WORKERS 2
#define EACH_MAX 2500 /* calls of one kind in one scene; of more, some of each place that they come from */

/* What the processes of one run tell. */
struct verdict {
    struct state before;
    struct state after; /* once the scene was told to be done */
    bool         acknowledged;
    bool         ended_well; /* the process came to its end */
    bool         red;
    err          code;
    char         reason[48];
    char         why[400];
    int64_t      calls[EFFECT_COUNT];
    int64_t     *chosen[EFFECT_COUNT]; /* of many thousands; NULL: all */
    size_t       chosen_count[EFFECT_COUNT];
};

struct run {
    const struct scene *scene;
    effect_kind         kind;
    int64_t             at;
    bool                on;
};

struct judge {
    struct bench   *bench;
    const char     *folder; /* of this judge's copies */
    const char     *template_;
    struct verdict *verdict;
    const struct verdict *good; /* of the scene when nothing fails; NULL: this is that run */
};

static bool complain(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool complain(struct verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!verdict->red)
        (void)vsnprintf(verdict->why, sizeof verdict->why, format, args); /* a cut one still tells */
    va_end(args);
    verdict->red = true;
    return false;
}

static bool complain_of(struct judge *judge, const char *what)
{
    const struct failure *failure = &judge->bench->world.node.cx.failure;
    return complain(judge->verdict, "%s: %s: %s (%s)", what, failure->reason, failure->detail, failure->where);
}

/* ---- the process in which something fails */

static void keep_first(void *self, struct text sentence)
{
    (void)complain(self, "audit: %.*s", TEXT_ARGS(sentence));
}

static bool audits_find_nothing(struct judge *judge)
{
    struct audit_report report = {.found = keep_first, .self = judge->verdict};
    struct ledger_audit audit = {.found = keep_first, .self = judge->verdict};
    struct world *world = &judge->bench->world;
    if (person_keys_check(world_as(world, world->operator_)) != OK ||
        domain_audit(world_as(world, world->operator_), &report) != OK ||
        ledger_audit(world_as(world, world->operator_), &audit) != OK)
        return complain_of(judge, "an audit does not run");
    return report.findings + audit.findings == 0;
}

/* Nobody is told that it was his mistake, or that nothing is there; that he comes too late, only by a clock. */
static bool is_sensible(const struct verdict *verdict, const struct run *run)
{
    bool is_memory = run->kind == EFFECT_MEMORY || run->kind == EFFECT_DATABASE || run->kind == EFFECT_LIBRARY;
    bool is_read = run->kind == EFFECT_READ || run->kind == EFFECT_SYNC;
    bool is_late = run->kind == EFFECT_CLOCK_AHEAD && run->scene->over != NULL &&
                   strcmp(verdict->reason, run->scene->over) == 0;
    return verdict->code == INTERNAL || verdict->code == UNAVAILABLE || (verdict->code == TOO_LARGE && is_memory) ||
           (verdict->code == CORRUPT && is_read) || is_late;
}

static bool reads(struct judge *judge, struct state *out)
{
    return state_read(judge->folder, out) || complain(judge->verdict, "a file does not read");
}

/* Of the other files more may be there: what they hold for nothing in the people file is nothing. */
static bool is_done(struct judge *judge, const char *when)
{
    struct state now;
    if (!reads(judge, &now))
        return false;
    return judge->good == NULL || state_holds(&now, &judge->good->after) ||
           complain(judge->verdict, "%s: done, but not as much is there as when nothing fails", when);
}

/* A permission that has run out by a clock that is wrong gives nothing, and the refusal stays on record. */
static bool refused_by_clock(const struct judge *judge, const struct run *run)
{
    return run->kind == EFFECT_CLOCK_AHEAD && judge->verdict->code == FORBIDDEN;
}

static bool asks_again(struct judge *judge, const struct run *run)
{
    if (!run->scene->opens)
        test_node_rest(&judge->bench->world.node);
    test_node_pass(&judge->bench->world.node, 5);
    if (run->scene->run(judge->bench) != OK)
        return complain_of(judge, "asked again");
    return run->scene->repeats || refused_by_clock(judge, run) || is_done(judge, "asked again");
}

static bool leaves_nothing(struct judge *judge, const struct run *run)
{
    struct state now;
    if (run->scene->is_many || run->scene->opens)
        return true;
    if (!reads(judge, &now))
        return false;
    return now.content[STATE_PEOPLE] == judge->verdict->before.content[STATE_PEOPLE] ||
           complain(judge->verdict, "it failed, and something changed");
}

static void note_result(struct judge *judge, err result)
{
    struct verdict *verdict = judge->verdict;
    const struct failure *failure = &judge->bench->world.node.cx.failure;
    verdict->acknowledged = result == OK;
    verdict->code = result;
    (void)snprintf(verdict->reason, sizeof verdict->reason, "%s", result == OK ? "done" : failure->reason);
    for (int i = 0; i < EFFECT_COUNT; i++)
        verdict->calls[i] = atomic_load(&effect_plan()->calls[i]);
}

static bool endures(struct judge *judge, const struct run *run)
{
    effect_arm(run->kind, run->at, run->on);
    err result = run->scene->run(judge->bench);
    effect_lift();
    note_result(judge, result);
    if (result == OK)
        return is_done(judge, "told so");
    if (refused_by_clock(judge, run))
        return asks_again(judge, run);
    if (!is_sensible(judge->verdict, run))
        return complain_of(judge, "not a failure for this");
    return leaves_nothing(judge, run) && asks_again(judge, run);
}

static bool act(struct judge *judge, const struct run *run)
{
    struct bench *bench = judge->bench;
    (void)snprintf(bench->root, sizeof bench->root, "%s", judge->folder);
    effect_watch(judge->folder);
    if (!run->scene->opens) {
        if (bench_open(bench, judge->folder) != OK)
            return complain(judge->verdict, "it does not open: %s", bench->node.cx.failure.reason);
        if (!reads(judge, &judge->verdict->before))
            return false;
    }
    if (!endures(judge, run))
        return false;
    if (judge->good == NULL && !reads(judge, &judge->verdict->after))
        return false;
    test_node_rest(&bench->world.node);
    if (bench_goes_on(bench, run->scene) != OK)
        return complain_of(judge, "the next request");
    if (!audits_find_nothing(judge))
        return false;
    if (judge->good != NULL && !reads(judge, &judge->verdict->after))
        return false;
    bench_close(bench);
    judge->verdict->ended_well = true;
    return true;
}

/* ---- the process after it */

/* What had not been told to be done is there wholly or not at all, and then succeeds when it is asked for again. */
static bool recovers(struct judge *judge, const struct run *run)
{
    struct state now;
    if (!reads(judge, &now))
        return false;
    bool nothing = now.content[STATE_PEOPLE] == judge->verdict->before.content[STATE_PEOPLE];
    if (run->scene->opens)
        return true;
    if (!nothing && !run->scene->is_many)
        return state_holds(&now, &judge->good->after) ||
               complain(judge->verdict, "after the end of the process half of it is there");
    test_node_rest(&judge->bench->world.node);
    if (run->scene->run(judge->bench) != OK)
        return complain_of(judge, "asked again after the end of the process");
    if (!reads(judge, &now))
        return false;
    return run->scene->repeats || state_holds(&now, &judge->good->after) ||
           complain(judge->verdict, "asked again after the end of the process: not as much is there");
}

static bool look(struct judge *judge, const struct run *run)
{
    struct bench *bench = judge->bench;
    struct state now;
    if (bench_open(bench, judge->folder) != OK)
        return complain(judge->verdict, "it does not open again: %s: %s (%s)", bench->node.cx.failure.reason,
                        bench->node.cx.failure.detail, bench->node.cx.failure.where);
    if (!reads(judge, &now))
        return false;
    if (judge->verdict->ended_well && judge->good != NULL && !state_is_same(&now, &judge->verdict->after))
        return complain(judge->verdict, "what was told to be done is not on the disk");
    if (!judge->verdict->ended_well && !recovers(judge, run))
        return false;
    if (store_check(world_as(&bench->world, bench->world.operator_), bench->node.store) != OK)
        return complain_of(judge, "integrity");
    if (bench_goes_on(bench, run->scene) != OK)
        return complain_of(judge, "the next request of the next process");
    if (!audits_find_nothing(judge))
        return false;
    bench_close(bench);
    return true;
}

/* ---- one run */

#define PATIENCE_SECONDS 100

static int in_process(struct judge *judge, const struct run *run,
                      bool (*body)(struct judge *judge, const struct run *run))
{
    int status = 0;
    (void)fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)alarm(PATIENCE_SECONDS); /* whoever waits for ever is a verdict too */
        (void)body(judge, run);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    effect_lift();
    return status;
}

static bool ended_as_it_may(const struct run *run, int status)
{
    const struct effect_plan *plan = effect_plan();
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && effect_may_end(run->kind) &&
           !atomic_load(&plan->asserted) && atomic_load(&plan->refused) > 0;
}

static bool needs_look(effect_kind kind)
{
    return kind != EFFECT_MEMORY && kind != EFFECT_DATABASE && kind != EFFECT_LIBRARY && kind != EFFECT_RANDOM;
}

/* True when all is as it should be. */
static bool run_one(struct judge *judge, const struct run *run)
{
    struct verdict *verdict = judge->verdict;
    *verdict = (struct verdict){.code = OK};
    atomic_store(&effect_plan()->asserted, false);
    folder_remove(judge->folder);
    if (run->scene->is_empty)
        assert_int_equal(mkdir(judge->folder, 0700), 0);
    else
        folder_copy(judge->template_, judge->folder);
    int status = in_process(judge, run, act);
    if (status != 0)
        (void)snprintf(verdict->reason, sizeof verdict->reason, "the process ends");
    if (status != 0 && !ended_as_it_may(run, status))
        (void)complain(verdict, "the process ended with status %#x", (unsigned)status);
    if (status != 0 && verdict->acknowledged)
        (void)complain(verdict, "the process ended after it had told that all was done");
    bool looks = !verdict->red && (status != 0 || needs_look(run->kind));
    if (looks && (status = in_process(judge, run, look)) != 0)
        (void)complain(verdict, "the process after it ended with status %#x", (unsigned)status);
    return !verdict->red;
}

/* ---- all runs */

struct tally {
    _Atomic int64_t runs;
    _Atomic int64_t failures; /* told to the caller */
    _Atomic int64_t ends;     /* of processes */
    atomic_bool     red;
    char            why[640];
};

struct runs {
    size_t      count;
    size_t      room;
    struct run *at;
};

static void *share(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

static void describe(const struct run *run, const struct verdict *verdict, char *out, size_t size)
{
    (void)snprintf(out, size, "%s, %s, call %lld%s: %s", run->scene->name, effect_word(run->kind), (long long)run->at,
                   run->on ? " and all that follow" : "", verdict->why);
}

static void judge_runs(struct judge *judge, const struct runs *runs, const struct verdict *good, struct tally *tally)
{
    bool shows = dice_setting("SHOW", 0) != 0;
    for (size_t i = 0; i < runs->count && (shows || !atomic_load(&tally->red)); i++) {
        const struct run *run = &runs->at[i];
        judge->good = &good[run->scene - SCENES];
        struct clock clock = clock_system();
        int64_t began_ms = clock_wall_ms(&clock);
        bool sound = run_one(judge, run);
        (void)atomic_fetch_add(&tally->runs, 1);
        (void)atomic_fetch_add(&tally->failures, judge->verdict->code != OK);
        (void)atomic_fetch_add(&tally->ends, !judge->verdict->ended_well);
        if (shows)
            (void)printf("%s%s %s %lld%s, %lld ms: %s %s\n", sound ? "    " : "RED ", run->scene->name,
                         effect_word(run->kind), (long long)run->at, run->on ? "+" : "",
                         (long long)(clock_wall_ms(&clock) - began_ms), judge->verdict->reason, judge->verdict->why);
        if (!sound && !atomic_exchange(&tally->red, true))
            describe(run, judge->verdict, tally->why, sizeof tally->why);
    }
    (void)fflush(stdout);
}

static void add_run(struct runs *runs, struct run run)
{
    if (runs->count == runs->room) {
        runs->room = runs->room * 2 + 1024;
        runs->at = realloc(runs->at, runs->room * sizeof *runs->at);
        assert_non_null(runs->at);
    }
    runs->at[runs->count++] = run;
}

/* ONLY= names a scene, an effect, or both, and more of them behind commas: "give", "sync", "give/sync,stop". */
static bool is_wanted(const struct run *run)
{
    const char *only = getenv("ONLY");
    char list[1000];
    char names[3][96];
    (void)snprintf(list, sizeof list, ",%s,", only == NULL ? "" : only);
    (void)snprintf(names[0], sizeof names[0], ",%s,", run->scene->name);
    (void)snprintf(names[1], sizeof names[1], ",%s,", effect_word(run->kind));
    (void)snprintf(names[2], sizeof names[2], ",%s/%s,", run->scene->name, effect_word(run->kind));
    return only == NULL || strstr(list, names[0]) != NULL || strstr(list, names[1]) != NULL ||
           strstr(list, names[2]) != NULL;
}

static bool is_scene_wanted(const struct scene *scene)
{
    for (int kind = 1; kind < EFFECT_COUNT; kind++)
        if (is_wanted(&(struct run){.scene = scene, .kind = (effect_kind)kind}))
            return true;
    return false;
}

/* A call that is tried again when a signal came would be tried for ever; a lock, for as long as anybody waits for the
 * other process that seems to hold it. */
static bool is_possible(const struct run *run, const struct verdict *good)
{
    bool is_tried_again = run->kind == EFFECT_SIGNAL || run->kind == EFFECT_LOCK;
    if (!is_wanted(run) || (is_tried_again && run->on))
        return false;
    return good[run->scene - SCENES].calls[run->kind] > 0;
}

static void add_each(struct runs *runs, struct run run, const struct verdict *good)
{
    const struct verdict *of_scene = &good[run.scene - SCENES];
    const int64_t *chosen = of_scene->chosen[run.kind];
    size_t count = chosen != NULL ? of_scene->chosen_count[run.kind] : (size_t)of_scene->calls[run.kind];
    for (size_t i = 0; is_possible(&run, good) && i < count; i++) {
        run.at = chosen != NULL ? chosen[i] : (int64_t)i + 1;
        add_run(runs, run);
    }
}

static void add_all(struct runs *runs, const struct verdict *good)
{
    for (int i = 0; i < SCENE_COUNT * EFFECT_COUNT * 2; i++) {
        struct run run = {&SCENES[i / 2 % SCENE_COUNT], (effect_kind)(i / 2 / SCENE_COUNT), 1, i % 2 == 1};
        add_each(runs, run, good);
    }
}

/* What was wrong once is tried at every call. */
static void add_known(struct runs *runs, const struct verdict *good)
{
    static const struct {
        const char *scene;
        effect_kind kind;
    } KNOWN[] = {
        {"make_organisation", EFFECT_SYNC},   /* a number that only the keys file had seen was given again */
        {"make_organisation", EFFECT_MEMORY}, /* a short id was made of half a name */
        {"give", EFFECT_LOOK},                /* a look that failed was taken for an absence: a key, … */
        {"open_again", EFFECT_LOOK},          /* … a file */
        {"open_again", EFFECT_OPEN},          /* a file that opened for reading only was taken to write into */
        {"serve", EFFECT_EVENT},              /* a loop that could not wait for connections never tried again */
        {"open_again", EFFECT_MEMORY},        /* a log that could not be looked at was said to have gone back */
        {"pause", EFFECT_MEMORY},             /* a receipt was made that did not name what it is of */
        {"serve", EFFECT_MEMORY},             /* a connection without memory to watch its input ended the process */
        {"prove", EFFECT_MEMORY},             /* a key that could not be read for want of memory was called wrong */
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        for (int k = 0; k < SCENE_COUNT; k++)
            if (strcmp(KNOWN[i].scene, SCENES[k].name) == 0)
                add_each(runs, (struct run){&SCENES[k], KNOWN[i].kind, 1, false}, good);
}

static void draw_runs(struct runs *runs, struct dice *dice, const struct verdict *good, int64_t wanted)
{
    while ((int64_t)runs->count < wanted) {
        struct run run = {.scene = &SCENES[dice_draw(dice, SCENE_COUNT)], .on = dice_is(dice, 40)};
        run.kind = (effect_kind)(1 + dice_draw(dice, EFFECT_COUNT - 1));
        if (!is_possible(&run, good))
            continue;
        run.at = 1 + dice_draw(dice, good[run.scene - SCENES].calls[run.kind]);
        add_run(runs, run);
    }
}

/* Each worker with a plan, a verdict and a folder of its own takes every WORKERS-th run. */
static void judge_all(struct judge *judge, const struct runs *runs, const struct verdict *good, struct tally *tally)
{
    pid_t workers[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        (void)fflush(stdout);
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] != 0)
            continue;
        char folder[96];
        struct runs mine = {0};
        struct judge own = *judge;
        (void)snprintf(folder, sizeof folder, "%s%zu", judge->folder, i);
        own.folder = folder;
        own.verdict = share(sizeof *own.verdict);
        effect_plan_renew();
        for (size_t k = i; k < runs->count; k += WORKERS)
            add_run(&mine, runs->at[k]);
        judge_runs(&own, &mine, good, tally);
        _exit(0);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        if (status != 0)
            fail_msg("a judge ended with status %#x", (unsigned)status);
    }
}

/* A scene once with nothing failing: how many calls it makes, and what is there afterwards. */
static void learn_one(struct judge *judge, const struct scene *scene, struct verdict *good)
{
    struct run run = {scene, EFFECT_NONE, 0, false};
    judge->good = NULL;
    if (!run_one(judge, &run) || !judge->verdict->acknowledged)
        fail_msg("%s, with nothing failing: %s %s", scene->name, judge->verdict->reason, judge->verdict->why);
    *good = *judge->verdict;
}

/* EACH= says how many calls of one kind are each tried; of more than that, those that are chosen. */
static void choose_calls(struct verdict *good)
{
    for (int kind = 1; kind < EFFECT_COUNT; kind++) {
        int64_t calls = good->calls[kind];
        if (calls > dice_setting("EACH", EACH_MAX))
            good->chosen[kind] = effect_places_choose((effect_kind)kind, calls, &good->chosen_count[kind]);
    }
}

static void run_controls(struct judge *judge)
{
    for (int i = 0; i < CONTROL_COUNT; i++) {
        const struct control *control = &CONTROLS[i];
        struct run run = {&control->scene, control->kind, 1, false};
        struct verdict good;
        learn_one(judge, &control->scene, &good);
        judge->good = &good;
        effect_plan()->ignores_syncs = control->ignores_syncs;
        while (run.at <= good.calls[run.kind] && run_one(judge, &run))
            run.at++;
        effect_plan()->ignores_syncs = false;
        if (run.at > good.calls[run.kind])
            fail_msg("control: %s: stayed green in all %lld calls", control->scene.name, (long long)run.at - 1);
        (void)printf("control: %s: red at call %lld: %s\n", control->scene.name, (long long)run.at,
                     judge->verdict->why);
    }
}

/* Of those that nobody wants, no call is known, so none fails. */
static void learn(struct judge *judge, struct verdict *good)
{
    bool any = false;
    for (int i = 0; i < SCENE_COUNT; i++) {
        if (!is_scene_wanted(&SCENES[i]))
            continue;
        any = true;
        learn_one(judge, &SCENES[i], &good[i]);
        choose_calls(&good[i]);
        if (dice_setting("SHOW", 0) == 0)
            continue;
        (void)printf("%s:", SCENES[i].name);
        for (int kind = 1; kind < EFFECT_COUNT; kind++) {
            (void)printf(" %s %lld", effect_word((effect_kind)kind), (long long)good[i].calls[kind]);
            if (good[i].chosen[kind] != NULL)
                (void)printf(" (%zu chosen)", good[i].chosen_count[kind]);
            (void)printf(",");
        }
        (void)printf("\n");
    }
    if (!any)
        fail_msg("ONLY=%s names no scene and no effect", getenv("ONLY"));
}

static void what_fails_is_done_wholly_or_not_at_all(void **state)
{
    (void)state; /* it makes its own */
    struct dice dice;
    char folder[64], template_[80], copy[80];
    dice_open(&dice);
    effect_watch_database();
    (void)snprintf(folder, sizeof folder, "%s/effects-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(template_, sizeof template_, "%s/template", folder);
    (void)snprintf(copy, sizeof copy, "%s/copy", folder);
    assert_int_equal(mkdir(template_, 0700), 0);
    struct bench *bench = calloc(1, sizeof *bench);
    struct verdict *good = calloc((size_t)SCENE_COUNT, sizeof *good);
    struct tally *tally = share(sizeof *tally);
    struct runs runs = {0};
    assert_true(bench != NULL && good != NULL);
    bench_found(bench, template_);
    struct judge judge = {.bench = bench, .folder = copy, .template_ = template_,
                          .verdict = share(sizeof *judge.verdict)};
    int64_t wanted = dice_setting("RUNS", RUNS_DEFAULT);
    run_controls(&judge);
    if (wanted == 0)
        effect_places_watch();
    learn(&judge, good);
    if (wanted == 0)
        add_all(&runs, good);
    else
        draw_runs(&runs, &dice, good, wanted);
    add_known(&runs, good);
    judge_all(&judge, &runs, good, tally);
    (void)printf("found: %lld failing calls, %lld failures told, %lld processes ended\n",
                 (long long)atomic_load(&tally->runs), (long long)atomic_load(&tally->failures),
                 (long long)atomic_load(&tally->ends));
    arena_close(bench->founding);
    folder_remove(folder);
    free(runs.at);
    for (int i = 0; i < SCENE_COUNT * EFFECT_COUNT; i++)
        free(good[i / EFFECT_COUNT].chosen[i % EFFECT_COUNT]);
    free(good);
    free(bench);
    if (atomic_load(&tally->red))
        fail_msg("%s", tally->why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_is_done_wholly_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
