/* SPDX-License-Identifier: Apache-2.0
 * Cuts the power of a node: one recorded life gives many moments, each moment many states that a disk may be left in.
 * The node must come up from every one of them with all that it had acknowledged. Then the same with one kind of sync
 * taken away: each of these controls must be seen to lose something. SEED= repeats a run, CYCLES= makes it longer. */
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/disk_crash.h"
#include "fault/power_check.h"
#include "support/folder.h"

#define CYCLES_DEFAULT 3000
#define CYCLES_OF_LIFE 300
#define STEPS_OF_LIFE 60
#define LIVES_OF_NODE 4 /* then a new node begins: stores stay small */
#define WORKERS 2
#define GOES_ON_PERCENT 20

/* ---- one cut */

struct moment {
    size_t         at;
    disk_survivors which;
    uint64_t       seed;
    bool           goes_on;
};

/* What workers tell. */
struct verdict {
    _Atomic int64_t cycles;
    atomic_bool     red;
    char            why[512];
    struct moment   moment;
};

struct life {
    struct power        *power;
    struct disk_journal *journal;
    const char          *folder;
    struct moment       *moments; /* rising */
    size_t               count;
};

static bool survives(const struct life *life, struct disk_replay *replay, const struct moment *moment,
                     struct power_check *check)
{
    struct dice dice = {.seeded = {moment->seed}};
    dice.randomness = randomness_seeded(&dice.seeded);
    disk_replay_to(replay, moment->at);
    folder_remove(check->root);
    disk_crash(replay, &dice, moment->which, check->root);
    *check = (struct power_check){.power = life->power, .root = check->root, .at = moment->at,
                                  .goes_on = moment->goes_on};
    return power_check(check);
}

/* Every WORKERS-th moment, until one is red anywhere. */
static void run_moments(const struct life *life, disk_dropped_fn dropped, size_t first, struct verdict *verdict)
{
    struct disk_replay *replay = disk_replay_open(life->journal, dropped);
    char root[96];
    (void)snprintf(root, sizeof root, "%s/cut%zu", life->folder, first);
    for (size_t i = first; i < life->count && !atomic_load(&verdict->red); i += WORKERS) {
        struct power_check check = {.root = root};
        bool sound = survives(life, replay, &life->moments[i], &check);
        (void)atomic_fetch_add(&verdict->cycles, 1);
        if (sound || atomic_exchange(&verdict->red, true))
            continue;
        memcpy(verdict->why, check.out_why, sizeof verdict->why);
        verdict->moment = life->moments[i];
    }
    disk_replay_free(replay);
}

/* In processes of their own: a node that ends its process is a verdict too. */
static void judge(const struct life *life, disk_dropped_fn dropped, struct verdict *verdict)
{
    pid_t workers[WORKERS];
    (void)fflush(stdout);
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] == 0) {
            run_moments(life, dropped, i, verdict);
            _exit(0);
        }
    }
    for (size_t i = 0; i < WORKERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        if (status != 0 && !atomic_exchange(&verdict->red, true))
            (void)snprintf(verdict->why, sizeof verdict->why, "the process of the node ended with status %#x",
                           (unsigned)status);
    }
}

static struct verdict *verdict_open(void)
{
    void *at = mmap(NULL, sizeof(struct verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

static void verdict_close(struct verdict *verdict)
{
    (void)munmap(verdict, sizeof *verdict); /* our own mapping */
}

/* ---- which moments */

static int compare_moments(const void *left, const void *right)
{
    const struct moment *one = left;
    const struct moment *other = right;
    return (one->at > other->at) - (one->at < other->at);
}

/* Any moment, or the very one at which something was acknowledged. */
static size_t draw_at(struct power *power, size_t length)
{
    size_t fact = (size_t)dice_draw(&power->dice, (int64_t)power->book.count);
    size_t any = (size_t)dice_draw(&power->dice, (int64_t)length + 1);
    return dice_is(&power->dice, 50) ? power->book.facts[fact].at : any;
}

static void draw_moments(struct life *life)
{
    struct power *power = life->power;
    for (size_t i = 0; i < life->count; i++) {
        struct moment *moment = &life->moments[i];
        moment->at = draw_at(power, life->journal->count);
        moment->which = (disk_survivors)dice_draw(&power->dice, SURVIVE_COUNT);
        moment->seed = (uint64_t)dice_draw(&power->dice, INT64_MAX);
        moment->goes_on = dice_is(&power->dice, GOES_ON_PERCENT);
    }
    qsort(life->moments, life->count, sizeof *life->moments, compare_moments);
}

/* ---- controls: each takes one kind of sync away */

static const struct disk_op *op_before(const struct disk_journal *journal, size_t at)
{
    for (size_t i = at; i-- > 0;)
        if (journal->ops[i].node == journal->ops[at].node && journal->ops[i].act != DISK_SYNC &&
            journal->ops[i].act != DISK_MARK)
            return &journal->ops[i];
    return NULL;
}

static bool ends_so(const struct disk_journal *journal, size_t at, const char *ending)
{
    char path[128];
    disk_path(journal, journal->ops[at].node, path, sizeof path);
    size_t size = strlen(path);
    return size >= strlen(ending) && strcmp(path + size - strlen(ending), ending) == 0;
}

/* What synchronous=NORMAL does: a log is synced with its first words and before a checkpoint, not with a commit. */
static bool is_commit(const struct disk_journal *journal, size_t at)
{
    const struct disk_op *before = op_before(journal, at);
    bool begins = before != NULL && before->at == 0 && before->size == 32;
    return journal->ops[at].by_writer && ends_so(journal, at, ".db-wal") && !begins;
}

static bool is_commit_of_tiles(const struct disk_journal *journal, size_t at)
{
    size_t i = at;
    while (i > 0 && journal->ops[i].act != DISK_MARK)
        i--;
    return journal->ops[i].act == DISK_MARK && journal->ops[i].at == MARK_PASS_BEGINS && is_commit(journal, at);
}

static bool is_checkpoint(const struct disk_journal *journal, size_t at)
{
    return ends_so(journal, at, ".db");
}

static bool is_bucket_folder(const struct disk_journal *journal, size_t at)
{
    return ends_so(journal, at, "keys/buckets");
}

static bool is_store_folder(const struct disk_journal *journal, size_t at)
{
    return ends_so(journal, at, "node/store");
}

static bool is_folder_above(const struct disk_journal *journal, size_t at)
{
    return journal->ops[at].node == DISK_ROOT || ends_so(journal, at, "node");
}

static bool is_bucket_key(const struct disk_journal *journal, size_t at)
{
    const struct disk_op *before = op_before(journal, at);
    return ends_so(journal, at, ".key") && before != NULL && before->data[0] != 0;
}

/* The zeros over a destroyed key, and the end of its name. */
static bool is_destruction(const struct disk_journal *journal, size_t at)
{
    const struct disk_op *before = op_before(journal, at);
    bool zeros = before != NULL && before->act == DISK_WRITE && before->size > 1 && before->data[0] == 0 &&
                 memcmp(before->data, before->data + 1, before->size - 1) == 0;
    bool name = before != NULL && before->act == DISK_REMOVE && is_bucket_folder(journal, at);
    return name || (zeros && ends_so(journal, at, ".key"));
}

struct control {
    const char     *name;
    disk_dropped_fn dropped;
    int64_t         cycles;
    bool            red;
};

static void run_controls(const struct life *life, struct control *controls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct control *control = &controls[i];
        if (control->red)
            continue;
        struct verdict *verdict = verdict_open();
        judge(life, control->dropped, verdict);
        control->cycles += atomic_load(&verdict->cycles);
        control->red = atomic_load(&verdict->red);
        if (control->red)
            (void)printf("control: %s: red in cycle %lld: %s\n", control->name, (long long)control->cycles,
                         verdict->why);
        verdict_close(verdict);
    }
}

/* ---- is the journal whole? */

static void compare_files(const char *one, const char *other)
{
    static const size_t CHUNK = 65536;
    FILE *left = fopen(one, "rb");
    FILE *right = fopen(other, "rb");
    uint8_t *bytes = calloc(2, CHUNK);
    if (left == NULL || right == NULL || bytes == NULL)
        fail_msg("the journal has another folder than the disk: %s", one);
    for (size_t got = CHUNK; got == CHUNK;) {
        got = fread(bytes, 1, CHUNK, left);
        if (fread(bytes + CHUNK, 1, CHUNK, right) != got || memcmp(bytes, bytes + CHUNK, got) != 0)
            fail_msg("the journal has another content than the disk: %s", one);
    }
    free(bytes);
    (void)fclose(left); /* they were only read */
    (void)fclose(right);
}

/* Every file that the disk has must be what the journal says; nothing may have been written past the hooks. */
static void check_journal(const struct life *life, const char *real)
{
    struct disk_replay *replay = disk_replay_open(life->journal, NULL);
    char made[96];
    char one[256];
    char other[256];
    (void)snprintf(made, sizeof made, "%s/whole", life->folder);
    disk_replay_to(replay, life->journal->count);
    folder_remove(made);
    disk_crash(replay, &life->power->dice, SURVIVE_ALL, made);
    for (int i = 1; i < life->journal->node_count; i++) {
        char path[128];
        disk_path(life->journal, i, path, sizeof path);
        (void)snprintf(one, sizeof one, "%s/%s", real, path);
        (void)snprintf(other, sizeof other, "%s/%s", made, path);
        if (!life->journal->nodes[i].is_folder && !life->journal->nodes[i].is_shared &&
            (access(one, F_OK) == 0 || access(other, F_OK) == 0))
            compare_files(one, other);
    }
    folder_remove(made);
    disk_replay_free(replay);
}

/* ---- lives */

/* The folder of the next life: empty, or what a cut has left of the last one. */
static void prepare(struct life *life, int64_t number)
{
    struct power *power = life->power;
    if (number % LIVES_OF_NODE == 0) {
        struct dice dice = power->dice;
        power_free(power);
        *power = (struct power){.dice = dice};
        (void)snprintf(power->root, sizeof power->root, "%s/live", life->folder);
        folder_remove(power->root);
        assert_int_equal(mkdir(power->root, 0700), 0);
    } else {
        struct disk_replay *replay = disk_replay_open(life->journal, NULL);
        size_t at = power->founded_at;
        while (at == power->founded_at && power->founded_at < life->journal->count)
            at = draw_at(power, life->journal->count);
        at = at < power->founded_at ? power->founded_at : at;
        disk_replay_to(replay, at);
        folder_remove(power->root);
        disk_crash(replay, &power->dice, (disk_survivors)dice_draw(&power->dice, SURVIVE_COUNT), power->root);
        disk_replay_free(replay);
        power_cut(power, at);
    }
    if (life->journal != NULL)
        disk_journal_free(life->journal);
    power->dice.randomness = randomness_seeded(&power->dice.seeded);
    power->node_dice.seeded.state = (uint64_t)dice_draw(&power->dice, INT64_MAX);
    power->node_dice.randomness = randomness_seeded(&power->node_dice.seeded);
}

static void record(struct life *life, bool is_new)
{
    struct power *power = life->power;
    life->journal = disk_journal_begin(power->root);
    power->journal = life->journal;
    if (power_open(power) != OK)
        fail_msg("%s: %s", power->node.cx.failure.reason, power->node.cx.failure.detail);
    if (is_new)
        power_found(power);
    power_run(power, STEPS_OF_LIFE / 2);
    power_run(power, STEPS_OF_LIFE / 2);
    power_close(power);
    disk_journal_end(life->journal);
    check_journal(life, power->root);
}

static void run_life(struct life *life, int64_t number, int64_t *cycles)
{
    prepare(life, number);
    record(life, number % LIVES_OF_NODE == 0);
    draw_moments(life);
    struct verdict *verdict = verdict_open();
    judge(life, NULL, verdict);
    *cycles += atomic_load(&verdict->cycles);
    if (atomic_load(&verdict->red))
        fail_msg("life %lld, op %zu of %zu, left: %s, seed %llu: %s", (long long)number, verdict->moment.at,
                 life->journal->count, disk_survivors_word(verdict->moment.which),
                 (unsigned long long)verdict->moment.seed, verdict->why);
    verdict_close(verdict);
}

static void what_was_acknowledged_survives_a_power_cut(void **state)
{
    (void)state; /* it makes its own */
    static const struct control CONTROLS[] = {
        {.name = "synchronous=NORMAL", .dropped = is_commit},
        {.name = "the sync of tiles and checkpoint", .dropped = is_commit_of_tiles},
        {.name = "the sync of a database at its checkpoint", .dropped = is_checkpoint},
        {.name = "the sync of the folder of bucket keys", .dropped = is_bucket_folder},
        {.name = "the sync of the folder of the store", .dropped = is_store_folder},
        {.name = "the syncs of the folders above it", .dropped = is_folder_above},
        {.name = "the sync of a fresh bucket key", .dropped = is_bucket_key},
        {.name = "the syncs of a destroyed key", .dropped = is_destruction},
    };
    struct control controls[sizeof CONTROLS / sizeof *CONTROLS];
    memcpy(controls, CONTROLS, sizeof CONTROLS);
    size_t count = sizeof CONTROLS / sizeof *CONTROLS;
    struct power *power = calloc(1, sizeof *power);
    assert_non_null(power);
    dice_open(&power->dice);
    char folder[48];
    (void)snprintf(folder, sizeof folder, "%s/power-loss-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
    struct moment *moments = calloc(CYCLES_OF_LIFE, sizeof *moments);
    assert_non_null(moments);
    struct life life = {.power = power, .folder = folder, .moments = moments, .count = CYCLES_OF_LIFE};
    int64_t wanted = dice_setting("CYCLES", CYCLES_DEFAULT);
    int64_t cycles = 0;
    for (int64_t number = 0; cycles < wanted; number++) {
        run_life(&life, number, &cycles);
        run_controls(&life, controls, count);
    }
    (void)printf("found: %lld power cuts, all whole\n", (long long)cycles);
    for (size_t i = 0; i < count; i++)
        if (!controls[i].red)
            fail_msg("control: %s: stayed green in %lld cycles", controls[i].name, (long long)controls[i].cycles);
    disk_journal_free(life.journal);
    power_free(power);
    folder_remove(folder);
    free(moments);
    free(power);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_a_power_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
