/* SPDX-License-Identifier: Apache-2.0
 * What a power cut leaves of a recorded folder: each file and folder as it was at its last sync, and of what came after
 * a drawn part: nothing, all, the first few, any few, pieces of 512 bytes or of 4 KiB, the rest zeros or noise. Names
 * count as content of their folder: a file that was synced under a name that was not is gone. */
#ifndef TESTS_FAULT_DISK_CRASH_H
#define TESTS_FAULT_DISK_CRASH_H

#include "fault/disk_journal.h"
#include "support/dice.h"

/* A sync that a control takes away. */
typedef bool (*disk_dropped_fn)(const struct disk_journal *journal, size_t op);

struct disk_replay;

struct disk_replay *disk_replay_open(const struct disk_journal *journal, disk_dropped_fn dropped); /* NULL: none */
void disk_replay_free(struct disk_replay *replay);

/* Goes on to the moment before op `until`; never back. */
void disk_replay_to(struct disk_replay *replay, size_t until);

typedef enum disk_survivors {
    SURVIVE_NOTHING,
    SURVIVE_ALL,     /* what a kill leaves */
    SURVIVE_FIRST,   /* up to one that is torn, in each file and folder by itself */
    SURVIVE_ANY,     /* each write for itself: in another order than they were made */
    SURVIVE_SECTORS, /* each 512 bytes for themselves */
    SURVIVE_PAGES,   /* each 4 KiB for themselves */
    SURVIVE_COUNT
} disk_survivors;

const char *disk_survivors_word(disk_survivors which);

/* Makes the folder `path`, which is not there yet, as a power cut at this moment may leave it. */
void disk_crash(struct disk_replay *replay, struct dice *dice, disk_survivors which, const char *path);

#endif
