/* SPDX-License-Identifier: Apache-2.0
 * The C library's file functions under their own names: the program's and SQLite's calls land here, go on to the kernel
 * and, while a recording runs, into its journal. One lock around call and entry keeps the journal in the order of the
 * disk. What could write past these hooks shows in the driver's comparison of journal and folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault/disk_journal.h"
#include "fault/file_calls.h"

static struct disk_journal *enter(void)
{
    struct disk_journal *journal = disk_recording();
    if (journal != NULL)
        (void)pthread_mutex_lock(&journal->lock);
    return journal;
}

static long leave(struct disk_journal *journal, long result)
{
    int error = errno;
    if (journal != NULL)
        (void)pthread_mutex_unlock(&journal->lock);
    errno = error;
    return result;
}

static void refuse(const char *what)
{
    (void)fprintf(stderr, "disk_hooks: %s\n", what);
    abort();
}

/* ---- which file */

static int node_of(const struct disk_journal *journal, int file)
{
    if (journal == NULL || file < 0 || file >= DISK_FILES_OPEN_MAX)
        return DISK_NONE;
    return journal->node_of_file[file];
}

/* A name in a folder of ours; `folder` DISK_NONE: it lies elsewhere. */
struct place {
    int  folder;
    char name[DISK_NAME_MAX];
    int  node; /* what bears the name, DISK_NONE: nothing yet */
};

static int step_down(const struct disk_journal *journal, int folder, const char *name)
{
    if (strcmp(name, ".") == 0 || name[0] == '\0')
        return folder;
    if (strcmp(name, "..") == 0)
        return journal->nodes[folder].parent;
    return journal->nodes[folder].is_folder ? disk_names_find(journal->nodes[folder].names, name) : DISK_NONE;
}

static struct place walk(const struct disk_journal *journal, int folder, const char *path)
{
    struct place place = {.folder = folder, .node = folder};
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        if (size >= DISK_NAME_MAX)
            refuse("a name is too long");
        if (place.node == DISK_NONE) /* something below what is not there */
            return (struct place){.folder = DISK_NONE, .node = DISK_NONE};
        place.folder = place.node;
        memcpy(place.name, path, size);
        place.name[size] = '\0';
        place.node = step_down(journal, place.folder, place.name);
        path += size + strspn(path + size, "/");
    }
    return place;
}

static struct place find(const struct disk_journal *journal, int folder, const char *path)
{
    struct place nowhere = {.folder = DISK_NONE, .node = DISK_NONE};
    if (journal == NULL)
        return nowhere;
    size_t size = strlen(journal->root);
    if (path[0] == '/')
        return strncmp(path, journal->root, size) == 0 && (path[size] == '/' || path[size] == '\0')
                   ? walk(journal, DISK_ROOT, path + size + strspn(path + size, "/")) : nowhere;
    int node = folder == AT_FDCWD ? DISK_NONE : node_of(journal, folder);
    return node == DISK_NONE ? nowhere : walk(journal, node, path);
}

static int add_name(struct disk_journal *journal, const struct place *place, bool is_folder)
{
    int child = disk_node_add(journal, place->folder, place->name, is_folder);
    struct disk_op *op = disk_journal_add(journal, DISK_ENTER, place->folder);
    op->child = child;
    memcpy(op->name, place->name, sizeof op->name);
    disk_names_set(journal->nodes[place->folder].names, place->name, child);
    return child;
}

/* ---- open and close */

static void note_open(struct disk_journal *journal, const struct place *place, int flags, int file)
{
    if (file >= DISK_FILES_OPEN_MAX)
        refuse("too many files are open");
    int node = place->node;
    if (place->folder != DISK_NONE && node == DISK_NONE)
        node = add_name(journal, place, false);
    else if (node != DISK_NONE && (flags & O_TRUNC) != 0)
        (void)disk_journal_add(journal, DISK_CUT, node);
    journal->node_of_file[file] = node;
}

int file_open(int folder, const char *path, int flags, mode_t mode)
{
    struct disk_journal *journal = enter();
    struct place place = find(journal, folder, path);
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (journal != NULL && file >= 0)
        note_open(journal, &place, flags, file);
    return (int)leave(journal, file);
}

int close(int file)
{
    struct disk_journal *journal = enter();
    if (node_of(journal, file) != DISK_NONE)
        journal->node_of_file[file] = DISK_NONE;
    return (int)leave(journal, syscall(SYS_close, file));
}

/* ---- content */

static void note_write(struct disk_journal *journal, int node, const void *data, struct disk_op what)
{
    if (node == DISK_NONE || journal->nodes[node].is_shared)
        return;
    struct disk_op *op = disk_journal_add(journal, DISK_WRITE, node);
    op->at = what.at;
    op->size = what.size;
    op->data = malloc(what.size);
    if (op->data == NULL)
        refuse("no memory");
    memcpy(op->data, data, what.size);
}

ssize_t write(int file, const void *data, size_t size)
{
    struct disk_journal *journal = enter();
    int node = node_of(journal, file);
    off_t at = node == DISK_NONE ? 0 : lseek(file, 0, SEEK_CUR);
    long put = syscall(SYS_write, file, data, size);
    if (put > 0)
        note_write(journal, node, data, (struct disk_op){.at = at, .size = (size_t)put});
    return leave(journal, put);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at)
{
    struct disk_journal *journal = enter();
    long put = syscall(SYS_pwrite64, file, data, size, at);
    if (put > 0)
        note_write(journal, node_of(journal, file), data, (struct disk_op){.at = at, .size = (size_t)put});
    return leave(journal, put);
}

int ftruncate64(int file, off64_t size)
{
    struct disk_journal *journal = enter();
    int node = node_of(journal, file);
    long result = syscall(SYS_ftruncate, file, size);
    if (result == 0 && node != DISK_NONE && !journal->nodes[node].is_shared)
        disk_journal_add(journal, DISK_CUT, node)->at = size;
    return (int)leave(journal, result);
}

int file_sync(int file, long number)
{
    struct disk_journal *journal = enter();
    int node = node_of(journal, file);
    long result = syscall(number, file);
    if (result == 0 && node != DISK_NONE)
        (void)disk_journal_add(journal, DISK_SYNC, node);
    return (int)leave(journal, result);
}

/* ---- names */

int mkdirat(int folder, const char *path, mode_t mode)
{
    struct disk_journal *journal = enter();
    struct place place = find(journal, folder, path);
    long result = syscall(SYS_mkdirat, folder, path, mode);
    if (result == 0 && place.folder != DISK_NONE)
        (void)add_name(journal, &place, true);
    return (int)leave(journal, result);
}

int unlinkat(int folder, const char *path, int flags)
{
    struct disk_journal *journal = enter();
    struct place place = find(journal, folder, path);
    long result = syscall(SYS_unlinkat, folder, path, flags);
    if (result == 0 && place.folder != DISK_NONE) {
        struct disk_op *op = disk_journal_add(journal, DISK_REMOVE, place.folder);
        op->child = place.node;
        memcpy(op->name, place.name, sizeof op->name);
        disk_names_remove(journal->nodes[place.folder].names, place.name, place.node);
    }
    return (int)leave(journal, result);
}

static void note_rename(struct disk_journal *journal, const struct place *from, const struct place *to)
{
    if (from->folder == DISK_NONE && to->folder == DISK_NONE)
        return;
    if (from->folder != to->folder || from->node == DISK_NONE)
        refuse("a name moved from one folder to another");
    struct disk_op *op = disk_journal_add(journal, DISK_RENAME, from->folder);
    struct disk_names *names = journal->nodes[from->folder].names;
    op->child = from->node;
    memcpy(op->name, from->name, sizeof op->name);
    memcpy(op->to, to->name, sizeof op->to);
    disk_names_remove(names, from->name, from->node);
    disk_names_set(names, to->name, from->node);
    memcpy(journal->nodes[from->node].name, to->name, sizeof to->name);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    struct disk_journal *journal = enter();
    struct place old_place = find(journal, from_folder, from);
    struct place new_place = find(journal, to_folder, to);
    long result = syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (result == 0)
        note_rename(journal, &old_place, &new_place);
    return (int)leave(journal, result);
}
