/* SPDX-License-Identifier: Apache-2.0
 * What a program did to the files of one folder, in order: every write, cut, sync, new name, renamed and removed name.
 * The hooks of disk_hooks.c fill it while a recording runs; disk_crash.h makes from it what a power cut leaves. A sync
 * makes durable what came before it in the same file or folder, and nothing else. */
#ifndef TESTS_FAULT_DISK_JOURNAL_H
#define TESTS_FAULT_DISK_JOURNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum disk_act {
    DISK_WRITE,
    DISK_CUT,    /* a file gets this size */
    DISK_SYNC,   /* of a file or a folder */
    DISK_ENTER,  /* a folder gets a name for a new file or folder */
    DISK_RENAME,
    DISK_REMOVE, /* a name */
    DISK_MARK    /* the driver's: means what the driver says */
} disk_act;

#define DISK_NAME_MAX 40
#define DISK_ENTRIES_MAX 256 /* of one folder */
#define DISK_NODES_MAX 4096
#define DISK_FILES_OPEN_MAX 1024
#define DISK_NONE (-1)
#define DISK_ROOT 0 /* the node of the folder itself */

struct disk_op {
    disk_act act;
    int      node;      /* the file; the folder for names */
    int      child;     /* for names: the file or folder named */
    bool     by_writer; /* by the store's thread of that name */
    int64_t  at;        /* offset, size, or the driver's word */
    size_t   size;
    uint8_t *data;
    char     name[DISK_NAME_MAX];
    char     to[DISK_NAME_MAX];
};

struct disk_entry {
    char name[DISK_NAME_MAX];
    int  child;
};

/* The names of a folder. */
struct disk_names {
    size_t            count;
    struct disk_entry list[DISK_ENTRIES_MAX];
};

/* A file or a folder, under whatever name. */
struct disk_node {
    bool     is_folder;
    bool     is_shared; /* SQLite's shared memory, and room that is kept: their content is read by nobody later */
    int      parent;
    char     name[DISK_NAME_MAX]; /* the last one */
    uint8_t *first;               /* content when the recording began; all of that is durable */
    size_t   first_size;
    struct disk_names *first_names; /* the same of a folder */
    struct disk_names *names;       /* now */
};

struct disk_journal {
    char             *root;
    struct disk_node *nodes;
    int               node_count;
    struct disk_op   *ops;
    size_t            count;
    size_t            capacity;
    int               node_of_file[DISK_FILES_OPEN_MAX]; /* by descriptor, DISK_NONE: none of ours */
    pthread_mutex_t   lock;
};

/* Takes the folder as it is for durable, and records from now on what this process does to it. One at a time. */
struct disk_journal *disk_journal_begin(const char *root);
void disk_journal_end(struct disk_journal *journal); /* stops recording; the journal stays */
void disk_journal_free(struct disk_journal *journal);

size_t disk_journal_mark(struct disk_journal *journal, int64_t word); /* gives how many ops there are now */
size_t disk_journal_length(struct disk_journal *journal);

/* "store/people.db-wal", for messages. */
void disk_path(const struct disk_journal *journal, int node, char *out, size_t out_size);

void disk_names_set(struct disk_names *names, const char *name, int child);
void disk_names_remove(struct disk_names *names, const char *name, int child); /* when that name is that child's */
int disk_names_find(const struct disk_names *names, const char *name);         /* DISK_NONE */

/* ---- for the hooks, with the lock */
struct disk_journal *disk_recording(void); /* NULL: none runs */
struct disk_op *disk_journal_add(struct disk_journal *journal, disk_act act, int node);
int disk_node_add(struct disk_journal *journal, int parent, const char *name, bool is_folder);

#endif
