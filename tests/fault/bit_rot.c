/* SPDX-License-Identifier: Apache-2.0
 * A bit turns on the disk of a node: in a database, its log, a key, the mark beside the keys. What the node tells
 * afterwards is what it told before, or a failure by name, or it does not start. Never another value, another decision,
 * or nothing where something was. Two nodes are spoilt by turns: one that was closed, and one that was killed, with its
 * write-ahead logs. The controls turn the same bits behind the back of the sums, and must be seen. */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fault/rot_tell.h"
#include "store/page_sum.h"

#define CYCLES_DEFAULT 2000
#define CYCLES_OF_CONTROL 300
#define STEPS 220
#define FILES_MAX 64
#define WRONG_SHOWN 10

/* One file of the folder as it was. */
struct kept_file {
    char     path[160]; /* below the folder */
    uint8_t *content;
    size_t   size;
};

/* A folder of a node, in memory. */
struct image {
    const char      *name;
    struct kept_file files[FILES_MAX];
    int              count;
};

/* What came of a turned bit. */
struct outcome {
    int64_t harmless, refused, unopened;
    int64_t wrong;         /* another answer, or none where there was one */
    int64_t wrong_permits; /* among them: something is given away that was not */
};

struct rot {
    struct power  *life;
    struct image   images[2];
    struct telling before;
    struct telling after;
    char           root[64];
    int64_t        shown;
};

/* ---- folders */

static void keep_folder(struct image *image, const char *root, const char *below)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, below);
    DIR *list = opendir(path);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        struct stat about;
        char name[160];
        if (entry->d_name[0] == '.' || strstr(entry->d_name, "-shm") != NULL || strcmp(entry->d_name, "reserve") == 0)
            continue; /* what they hold is read by nobody after a start */
        assert_true((size_t)snprintf(name, sizeof name, "%s/%s", below, entry->d_name) < sizeof name);
        (void)snprintf(path, sizeof path, "%s/%s", root, name);
        assert_int_equal(stat(path, &about), 0);
        if (S_ISDIR(about.st_mode)) {
            keep_folder(image, root, name);
            continue;
        }
        assert_true(image->count < FILES_MAX);
        struct kept_file *file = &image->files[image->count++];
        memcpy(file->path, name, sizeof name);
        file->size = (size_t)about.st_size;
        file->content = calloc(1, file->size + 1);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0 && read(fd, file->content, file->size) == (ssize_t)file->size);
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(closedir(list), 0);
}

/* Removes what the folder holds and, with `image`, puts that there. */
static void empty_folder(const char *path)
{
    DIR *list = opendir(path);
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        char below[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0) {
            empty_folder(below);
            assert_int_equal(rmdir(below), 0);
        }
    }
    if (list != NULL)
        assert_int_equal(closedir(list), 0);
}

static void put_folder(const char *root, const struct image *image)
{
    char path[256];
    empty_folder(root);
    for (int i = 0; i < image->count; i++) {
        const struct kept_file *file = &image->files[i];
        (void)snprintf(path, sizeof path, "%s/%s", root, file->path);
        for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
            *slash = '\0';
            (void)mkdir(path, 0700); /* there already, mostly */
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0 && write(fd, file->content, file->size) == (ssize_t)file->size);
        assert_int_equal(close(fd), 0);
    }
}

/* ---- one bit */

static bool opens(struct rot *rot, struct power *power)
{
    (void)snprintf(power->root, sizeof power->root, "%s", rot->root);
    power->node_dice.seeded.state = 7;
    power->node_dice.randomness = randomness_seeded(&power->node_dice.seeded);
    power->world.node.time = rot->life->world.node.time;
    return power_open(power) == OK;
}

/* A failure that says that something is broken; all others are answers. */
static bool is_refusal(const struct told *told)
{
    return told->result == CORRUPT || told->result == INTERNAL;
}

static void show(struct rot *rot, const char *where, const struct told *before, const struct told *after)
{
    if (rot->shown++ < WRONG_SHOWN)
        (void)printf("  %s\n    before: %.300s\n    after:  %.300s\n", where, before->line, after->line);
}

/* What the node in the folder tells beside what it told before. */
static void judge(struct rot *rot, const char *where, bool shows, struct outcome *outcome)
{
    struct power *power = calloc(1, sizeof *power);
    assert_non_null(power);
    bool refused = false, wrong = false;
    if (!opens(rot, power)) {
        assert_true(power->node.cx.failure.reason[0] != '\0');
        outcome->unopened++;
        power_close(power);
        free(power);
        return;
    }
    rot_tell(power, rot->life, &rot->after);
    assert_int_equal(rot->after.count, rot->before.count);
    for (size_t i = 0; i < rot->after.count; i++) {
        const struct told *before = &rot->before.told[i];
        const struct told *after = &rot->after.told[i];
        if (strcmp(before->line, after->line) == 0)
            continue;
        refused |= is_refusal(after);
        wrong |= !is_refusal(after);
        outcome->wrong_permits += after->permits;
        if (shows && !is_refusal(after))
            show(rot, where, before, after);
    }
    outcome->wrong += wrong;
    outcome->refused += refused && !wrong;
    outcome->harmless += !refused && !wrong;
    rot_telling_free(&rot->after);
    power_close(power);
    free(power);
}

/* Turns a bit of the image's file `number`. With `behind`, also puts the sum of its page right. */
static void turn(struct image *image, int number, int64_t bit, bool behind)
{
    struct kept_file *file = &image->files[number];
    file->content[bit / 8] ^= (uint8_t)(1u << bit % 8);
    size_t page = (size_t)bit / 8 / PAGE_BYTES;
    if (behind)
        page_sum_put(file->content + page * PAGE_BYTES, page + 1);
}

static bool is_database(const struct kept_file *file)
{
    size_t size = strlen(file->path);
    return size > 3 && strcmp(file->path + size - 3, ".db") == 0 && file->size % PAGE_BYTES == 0;
}

static void turn_and_judge(struct rot *rot, bool behind, struct outcome *outcome)
{
    struct dice *dice = &rot->life->dice;
    struct image *image = &rot->images[dice_draw(dice, behind ? 1 : 2)];
    int number = 0;
    do
        number = (int)dice_draw(dice, image->count);
    while (image->files[number].size == 0 || (behind && !is_database(&image->files[number])));
    struct kept_file *file = &image->files[number];
    int64_t bit = dice_draw(dice, (int64_t)file->size * 8);
    uint8_t kept[PAGE_BYTES];
    size_t at = (size_t)bit / 8 / PAGE_BYTES * PAGE_BYTES;
    size_t size = file->size - at < PAGE_BYTES ? file->size - at : PAGE_BYTES;
    char where[256];
    (void)snprintf(where, sizeof where, "%s, %s, bit %lld", image->name, file->path, (long long)bit);
    memcpy(kept, file->content + at, size);
    turn(image, number, bit, behind);
    put_folder(rot->root, image);
    judge(rot, where, !behind, outcome);
    memcpy(file->content + at, kept, size);
}

/* So that no file looks older than the others and the marks say: else hardly a log that ends early comes as far. */
static void hide_age(struct rot *rot)
{
    static const char *const FILES[] = {"keys", "records", "ledger", "people"};
    static const char *const MARKS[] = {"log.checkpoint", "store.generations"};
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/node/keys/%s", rot->root, MARKS[i]);
        assert_int_equal(unlink(path), 0);
    }
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[128];
        char sql[96];
        sqlite3 *db = NULL;
        (void)snprintf(path, sizeof path, "%s/node/store/%s.db", rot->root, FILES[i]);
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, page_vfs()), SQLITE_OK);
        (void)snprintf(sql, sizeof sql, "UPDATE %s_generation SET generation = generation + 1000000", FILES[i]);
        (void)sqlite3_exec(db, sql, NULL, NULL, NULL);
        (void)sqlite3_exec(db, "DELETE FROM node_state WHERE name = 'marks_kept'", NULL, NULL, NULL);
        assert_int_equal(sqlite3_close(db), SQLITE_OK); /* one without such a table is judged as it is */
    }
}

/* What SQLite makes of a turned bit when nobody has looked before: the log ends in front of it. */
static void cut_and_judge(struct rot *rot, struct outcome *outcome)
{
    static const size_t HEAD = 32, FRAME = PAGE_BYTES + 24;
    struct image *image = &rot->images[1];
    int number = 0;
    do
        number = (int)dice_draw(&rot->life->dice, image->count);
    while (strstr(image->files[number].path, ".db-wal") == NULL || image->files[number].size <= HEAD);
    struct kept_file *file = &image->files[number];
    size_t kept = file->size;
    file->size = HEAD + (size_t)dice_draw(&rot->life->dice, (int64_t)((kept - HEAD) / FRAME)) * FRAME;
    put_folder(rot->root, image);
    hide_age(rot);
    judge(rot, "", false, outcome);
    file->size = kept;
}

/* ---- the whole */

static void live(struct rot *rot)
{
    struct power *power = rot->life;
    power->node_dice.seeded.state = (uint64_t)dice_draw(&power->dice, INT64_MAX);
    power->node_dice.randomness = randomness_seeded(&power->node_dice.seeded);
    power->journal = disk_journal_begin(power->root); /* the steps mark it; here nobody reads it */
    assert_int_equal(power_open(power), OK);
    power_found(power);
    power_run(power, STEPS);
    assert_int_equal(node_settle(&power->node), OK);
    power_close(power);
    assert_int_equal(power_open(power), OK);
    power_run(power, STEPS / 4);
    assert_int_equal(node_settle(&power->node), OK);
    rot->images[1].name = "killed";
    keep_folder(&rot->images[1], power->root, "node/store");
    keep_folder(&rot->images[1], power->root, "node/keys");
    rot_tell(power, power, &rot->before);
    power_close(power);
    disk_journal_end(power->journal);
    disk_journal_free(power->journal);
    rot->images[0].name = "closed";
    keep_folder(&rot->images[0], power->root, "node/store");
    keep_folder(&rot->images[0], power->root, "node/keys");
}

static void nothing_differs_untouched(struct rot *rot)
{
    for (size_t i = 0; i < 2; i++) {
        struct outcome untouched = {0};
        put_folder(rot->root, &rot->images[i]);
        judge(rot, rot->images[i].name, true, &untouched);
        assert_int_equal(untouched.harmless, 1);
    }
}

static void print_outcome(const char *what, const struct outcome *outcome)
{
    (void)printf("%s: %lld harmless, %lld refused, %lld did not start, %lld wrong, %lld reads given that were not\n",
                 what, (long long)outcome->harmless, (long long)outcome->refused, (long long)outcome->unopened,
                 (long long)outcome->wrong, (long long)outcome->wrong_permits);
}

static void a_turned_bit_is_harmless_or_told(void **state)
{
    (void)state; /* it makes its own */
    struct rot *rot = calloc(1, sizeof *rot);
    struct outcome outcome = {0}, control = {0}, cut = {0};
    assert_non_null(rot);
    rot->life = calloc(1, sizeof *rot->life);
    assert_non_null(rot->life);
    dice_open(&rot->life->dice);
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(rot->life->root, sizeof rot->life->root, "%s/rot-life-XXXXXX", parent);
    (void)snprintf(rot->root, sizeof rot->root, "%s/bit-rot-XXXXXX", parent);
    assert_non_null(mkdtemp(rot->life->root));
    assert_non_null(mkdtemp(rot->root));
    live(rot);
    nothing_differs_untouched(rot);
    int64_t wanted = dice_setting("CYCLES", CYCLES_DEFAULT);
    for (int64_t i = 0; i < wanted; i++)
        turn_and_judge(rot, false, &outcome);
    print_outcome("found: turned bits", &outcome);
    for (int64_t i = 0; i < CYCLES_OF_CONTROL && (i < 50 || control.wrong == 0); i++)
        turn_and_judge(rot, true, &control);
    print_outcome("control: behind the sums: red", &control);
    for (int64_t i = 0; i < CYCLES_OF_CONTROL && cut.wrong == 0; i++)
        cut_and_judge(rot, &cut);
    print_outcome("control: a log that ends early: red", &cut);
    empty_folder(rot->root);
    empty_folder(rot->life->root);
    (void)rmdir(rot->root);
    (void)rmdir(rot->life->root);
    assert_int_equal(outcome.wrong, 0);
    assert_true(outcome.refused + outcome.unopened > wanted / 4);
    assert_true(control.wrong > 0);
    assert_true(cut.wrong > 0);
    for (size_t i = 0; i < 2; i++)
        for (int k = 0; k < rot->images[i].count; k++)
            free(rot->images[i].files[k].content);
    rot_telling_free(&rot->before);
    power_free(rot->life);
    free(rot->life);
    free(rot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_turned_bit_is_harmless_or_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
