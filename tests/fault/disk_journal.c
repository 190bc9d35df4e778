/* SPDX-License-Identifier: Apache-2.0
 * See disk_journal.h. */
#include "fault/disk_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka.h"

/* The hooks are functions of the C library and know no argument of ours. */
static struct disk_journal *_Atomic running;

struct disk_journal *disk_recording(void)
{
    return atomic_load(&running);
}

/* ---- names */

static void put_name(char out[DISK_NAME_MAX], const char *name)
{
    int size = snprintf(out, DISK_NAME_MAX, "%s", name);
    assert_true(size > 0 && size < DISK_NAME_MAX);
}

int disk_names_find(const struct disk_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i].name, name) == 0)
            return names->list[i].child;
    return DISK_NONE;
}

void disk_names_set(struct disk_names *names, const char *name, int child)
{
    size_t at = 0;
    while (at < names->count && strcmp(names->list[at].name, name) != 0)
        at++;
    if (at == names->count) {
        assert_true(at < DISK_ENTRIES_MAX);
        names->count++;
    }
    put_name(names->list[at].name, name);
    names->list[at].child = child;
}

void disk_names_remove(struct disk_names *names, const char *name, int child)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i].name, name) == 0 && names->list[i].child == child)
            names->list[i--] = names->list[--names->count];
}

/* Folders in folders: few. A cut path still tells its beginning. */
void disk_path(const struct disk_journal *journal, int node, char *out, size_t out_size)
{
    size_t used = 0;
    if (node > DISK_ROOT && journal->nodes[node].parent > DISK_ROOT) {
        disk_path(journal, journal->nodes[node].parent, out, out_size);
        used = strlen(out);
    }
    (void)snprintf(out + used, out_size - used, "%s%s", used > 0 ? "/" : "",
                   node == DISK_ROOT ? "the folder" : journal->nodes[node].name);
}

/* ---- what is in it */

static bool ends_so(const char *name, const char *ending)
{
    size_t size = strlen(name);
    return size >= strlen(ending) && strcmp(name + size - strlen(ending), ending) == 0;
}

int disk_node_add(struct disk_journal *journal, int parent, const char *name, bool is_folder)
{
    assert_true(journal->node_count < DISK_NODES_MAX);
    struct disk_node *node = &journal->nodes[journal->node_count];
    bool is_shared = ends_so(name, "-shm") || ends_so(name, "reserve");
    *node = (struct disk_node){.is_folder = is_folder, .is_shared = is_shared, .parent = parent};
    put_name(node->name, name);
    if (is_folder) {
        node->names = calloc(1, sizeof *node->names);
        node->first_names = calloc(1, sizeof *node->first_names);
        assert_true(node->names != NULL && node->first_names != NULL);
    }
    return journal->node_count++;
}

struct disk_op *disk_journal_add(struct disk_journal *journal, disk_act act, int node)
{
    if (journal->count == journal->capacity) {
        journal->capacity = journal->capacity * 2 + 1024;
        journal->ops = realloc(journal->ops, journal->capacity * sizeof *journal->ops);
        assert_non_null(journal->ops);
    }
    char thread[16] = "";
    (void)pthread_getname_np(pthread_self(), thread, sizeof thread); /* no name is no writer */
    struct disk_op *op = &journal->ops[journal->count++];
    *op = (struct disk_op){.act = act, .node = node, .child = DISK_NONE, .by_writer = strcmp(thread, "writer") == 0};
    return op;
}

size_t disk_journal_mark(struct disk_journal *journal, int64_t word)
{
    (void)pthread_mutex_lock(&journal->lock);
    disk_journal_add(journal, DISK_MARK, DISK_ROOT)->at = word;
    size_t count = journal->count;
    (void)pthread_mutex_unlock(&journal->lock);
    return count;
}

size_t disk_journal_length(struct disk_journal *journal)
{
    (void)pthread_mutex_lock(&journal->lock);
    size_t count = journal->count;
    (void)pthread_mutex_unlock(&journal->lock);
    return count;
}

/* ---- life */

static void read_first(struct disk_node *node, int folder, const char *name)
{
    struct stat about;
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0 && fstat(file, &about) == 0);
    node->first_size = (size_t)about.st_size;
    node->first = malloc(node->first_size + 1);
    assert_non_null(node->first);
    assert_int_equal(read(file, node->first, node->first_size), node->first_size);
    (void)close(file); /* it was only read */
}

static void scan(struct disk_journal *journal, int node, const char *path)
{
    DIR *list = opendir(path);
    assert_non_null(list);
    for (struct dirent *found; (found = readdir(list)) != NULL;) {
        if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
            continue;
        int child = disk_node_add(journal, node, found->d_name, found->d_type == DT_DIR);
        disk_names_set(journal->nodes[node].names, found->d_name, child);
        disk_names_set(journal->nodes[node].first_names, found->d_name, child);
        char below[512];
        (void)snprintf(below, sizeof below, "%s/%s", path, found->d_name); /* the root's path is short */
        if (found->d_type == DT_DIR)
            scan(journal, child, below);
        else
            read_first(&journal->nodes[child], dirfd(list), found->d_name);
    }
    (void)closedir(list); /* it was only read */
}

struct disk_journal *disk_journal_begin(const char *root)
{
    struct disk_journal *journal = calloc(1, sizeof *journal);
    assert_non_null(journal);
    journal->root = strdup(root);
    journal->nodes = calloc(DISK_NODES_MAX, sizeof *journal->nodes);
    assert_true(journal->root != NULL && journal->nodes != NULL);
    for (size_t i = 0; i < DISK_FILES_OPEN_MAX; i++)
        journal->node_of_file[i] = DISK_NONE;
    (void)pthread_mutex_init(&journal->lock, NULL);
    scan(journal, disk_node_add(journal, DISK_NONE, ".", true), root);
    assert_null(atomic_exchange(&running, journal));
    return journal;
}

void disk_journal_end(struct disk_journal *journal)
{
    assert_true(atomic_exchange(&running, NULL) == journal);
}

void disk_journal_free(struct disk_journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free(journal->ops[i].data);
    for (int i = 0; i < journal->node_count; i++) {
        free(journal->nodes[i].first);
        free(journal->nodes[i].first_names);
        free(journal->nodes[i].names);
    }
    (void)pthread_mutex_destroy(&journal->lock);
    free(journal->nodes);
    free(journal->ops);
    free(journal->root);
    free(journal);
}
