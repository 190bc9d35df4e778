/* SPDX-License-Identifier: Apache-2.0
 * See disk_crash.h. Each file keeps its durable content and a list of what came after; a crash plays a part of the list
 * into a copy. */
#include "fault/disk_crash.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SECTOR_BYTES 512
#define PAGE_BYTES 4096
#define SHARED_BYTES 32768

struct content {
    uint8_t *at;
    size_t   size;
    size_t   capacity;
};

/* One file or folder. */
struct image {
    bool              known;
    struct content    durable;
    struct disk_names names;   /* durable, of a folder */
    size_t           *waiting; /* ops since the last sync */
    size_t            waiting_count;
    size_t            waiting_capacity;
};

struct disk_replay {
    const struct disk_journal *journal;
    disk_dropped_fn            dropped;
    size_t                     at;
    struct image              *images; /* by node */
    struct content             scratch;
};

/* ---- content */

static void resize(struct content *content, size_t size, uint8_t fill)
{
    if (size > content->capacity) {
        content->capacity = size * 2;
        content->at = realloc(content->at, content->capacity);
        assert_non_null(content->at);
    }
    if (size > content->size)
        memset(content->at + content->size, fill, size - content->size);
    content->size = size;
}

static void put(struct content *content, int64_t at, const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    if ((size_t)at + size > content->size)
        resize(content, (size_t)at + size, 0);
    memcpy(content->at + at, data, size);
}

static void play_content(struct content *content, const struct disk_op *op)
{
    if (op->act == DISK_WRITE)
        put(content, op->at, op->data, op->size);
    else if (op->act == DISK_CUT)
        resize(content, (size_t)op->at, 0);
}

static void play_name(struct disk_names *names, const struct disk_op *op)
{
    if (op->act == DISK_ENTER)
        disk_names_set(names, op->name, op->child);
    if (op->act == DISK_REMOVE || op->act == DISK_RENAME)
        disk_names_remove(names, op->name, op->child);
    if (op->act == DISK_RENAME)
        disk_names_set(names, op->to, op->child);
}

/* ---- going on */

static void wait_for_sync(struct image *image, size_t op)
{
    if (image->waiting_count == image->waiting_capacity) {
        image->waiting_capacity = image->waiting_capacity * 2 + 16;
        image->waiting = realloc(image->waiting, image->waiting_capacity * sizeof *image->waiting);
        assert_non_null(image->waiting);
    }
    image->waiting[image->waiting_count++] = op;
}

static void make_durable(struct disk_replay *replay, int node)
{
    struct image *image = &replay->images[node];
    for (size_t i = 0; i < image->waiting_count; i++) {
        const struct disk_op *op = &replay->journal->ops[image->waiting[i]];
        if (replay->journal->nodes[node].is_folder)
            play_name(&image->names, op);
        else
            play_content(&image->durable, op);
    }
    image->waiting_count = 0;
}

void disk_replay_to(struct disk_replay *replay, size_t until)
{
    assert_true(until >= replay->at && until <= replay->journal->count);
    for (; replay->at < until; replay->at++) {
        const struct disk_op *op = &replay->journal->ops[replay->at];
        if (op->act == DISK_MARK)
            continue;
        if (op->act != DISK_SYNC)
            wait_for_sync(&replay->images[op->node], replay->at);
        else if (replay->dropped == NULL || !replay->dropped(replay->journal, replay->at))
            make_durable(replay, op->node);
    }
}

struct disk_replay *disk_replay_open(const struct disk_journal *journal, disk_dropped_fn dropped)
{
    struct disk_replay *replay = calloc(1, sizeof *replay);
    assert_non_null(replay);
    replay->journal = journal;
    replay->dropped = dropped;
    replay->images = calloc((size_t)journal->node_count, sizeof *replay->images);
    assert_non_null(replay->images);
    for (int i = 0; i < journal->node_count; i++) {
        const struct disk_node *node = &journal->nodes[i];
        if (node->first != NULL)
            put(&replay->images[i].durable, 0, node->first, node->first_size);
        if (node->is_folder)
            replay->images[i].names = *node->first_names;
    }
    return replay;
}

void disk_replay_free(struct disk_replay *replay)
{
    for (int i = 0; i < replay->journal->node_count; i++) {
        free(replay->images[i].durable.at);
        free(replay->images[i].waiting);
    }
    free(replay->images);
    free(replay->scratch.at);
    free(replay);
}

/* ---- the cut */

struct cut {
    struct disk_replay *replay;
    struct dice        *dice;
    disk_survivors      which;
    bool                noise; /* what a file has grown over without being written */
};

const char *disk_survivors_word(disk_survivors which)
{
    static const char *const WORDS[SURVIVE_COUNT] = {
        [SURVIVE_NOTHING] = "nothing unsynced", [SURVIVE_ALL] = "everything",
        [SURVIVE_FIRST] = "the first, then one torn", [SURVIVE_ANY] = "any writes",
        [SURVIVE_SECTORS] = "any sectors of 512 bytes", [SURVIVE_PAGES] = "any pages of 4 KiB"};
    return WORDS[which];
}

/* Pieces as the disk has them: cut where the file's offset is a multiple of `unit`. */
static void play_pieces(const struct cut *cut, struct content *content, const struct disk_op *op, size_t unit)
{
    for (size_t done = 0; done < op->size;) {
        size_t at = (size_t)op->at + done;
        size_t size = unit - at % unit;
        if (size > op->size - done)
            size = op->size - done;
        uint8_t fill = (uint8_t)(cut->noise ? dice_draw(cut->dice, 256) : 0);
        if (dice_is(cut->dice, 50)) {
            if (at > content->size)
                resize(content, at, fill);
            put(content, (int64_t)at, op->data + done, size);
        } else if (at + size > content->size && cut->noise) {
            resize(content, at + size, fill); /* the size has arrived, the content has not */
        }
        done += size;
    }
}

static void play_torn(const struct cut *cut, struct content *content, const struct disk_op *op)
{
    struct disk_op torn = *op;
    size_t unit = dice_is(cut->dice, 50) ? SECTOR_BYTES : PAGE_BYTES;
    size_t units = op->size / unit;
    torn.size = units == 0 ? 0 : (size_t)dice_draw(cut->dice, (int64_t)units + 1) * unit;
    if (op->act == DISK_WRITE && torn.size > 0)
        play_content(content, &torn);
}

/* How many of the first survive when those that do are the first. */
static size_t draw_first(const struct cut *cut, const struct image *image)
{
    if (cut->which != SURVIVE_FIRST)
        return cut->which == SURVIVE_NOTHING ? 0 : image->waiting_count;
    return (size_t)dice_draw(cut->dice, (int64_t)image->waiting_count + 1);
}

static void play_survivors(const struct cut *cut, const struct image *image, struct content *content)
{
    size_t first = draw_first(cut, image);
    for (size_t i = 0; i < first; i++) {
        const struct disk_op *op = &cut->replay->journal->ops[image->waiting[i]];
        bool in_pieces = op->act == DISK_WRITE && cut->which >= SURVIVE_SECTORS;
        if (in_pieces)
            play_pieces(cut, content, op, cut->which == SURVIVE_SECTORS ? SECTOR_BYTES : PAGE_BYTES);
        else if (cut->which < SURVIVE_ANY || dice_is(cut->dice, 50))
            play_content(content, op);
    }
    if (cut->which == SURVIVE_FIRST && first < image->waiting_count)
        play_torn(cut, content, &cut->replay->journal->ops[image->waiting[first]]);
}

static void write_file(int folder, const char *name, const struct content *content)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    for (size_t done = 0; done < content->size;) {
        ssize_t put_bytes = write(file, content->at + done, content->size - done);
        assert_true(put_bytes > 0);
        done += (size_t)put_bytes;
    }
    (void)close(file); /* in memory: nothing can be left over */
}

static void crash_file(const struct cut *cut, int node, int folder, const char *name)
{
    const struct image *image = &cut->replay->images[node];
    struct content *content = &cut->replay->scratch;
    content->size = 0;
    if (cut->replay->journal->nodes[node].is_shared)
        resize(content, SHARED_BYTES, (uint8_t)dice_draw(cut->dice, 256)); /* whatever it says must not count */
    else if (image->durable.size > 0)
        put(content, 0, image->durable.at, image->durable.size);
    play_survivors(cut, image, content);
    write_file(folder, name, content);
}

static struct disk_names surviving_names(const struct cut *cut, const struct image *image)
{
    struct disk_names names = image->names;
    size_t first = draw_first(cut, image);
    for (size_t i = 0; i < first; i++)
        if (cut->which < SURVIVE_ANY || dice_is(cut->dice, 50))
            play_name(&names, &cut->replay->journal->ops[image->waiting[i]]);
    return names;
}

/* Folders in folders: few, and no deeper than the node makes them. */
static void crash_folder(const struct cut *cut, int node, int above, const char *name)
{
    struct disk_names names = surviving_names(cut, &cut->replay->images[node]);
    assert_int_equal(mkdirat(above, name, 0700), 0);
    int folder = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder >= 0);
    for (size_t i = 0; i < names.count; i++) {
        int child = names.list[i].child;
        if (cut->replay->journal->nodes[child].is_folder)
            crash_folder(cut, child, folder, names.list[i].name);
        else
            crash_file(cut, child, folder, names.list[i].name);
    }
    (void)close(folder); /* it was only walked */
}

void disk_crash(struct disk_replay *replay, struct dice *dice, disk_survivors which, const char *path)
{
    struct cut cut = {.replay = replay, .dice = dice, .which = which, .noise = dice_is(dice, 50)};
    crash_folder(&cut, DISK_ROOT, AT_FDCWD, path);
}
