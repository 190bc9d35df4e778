/* SPDX-License-Identifier: Apache-2.0
 * Everything that a node tells of the lives of a power_load, as lines of text: who is here, what they keep, which
 * grants stand, what a department would be given at this moment, receipts with their proofs, records, the list of
 * reads, the log. Two tellings of one state are equal. Reads only. */
#ifndef TESTS_FAULT_ROT_TELL_H
#define TESTS_FAULT_ROT_TELL_H

#include "fault/power_load.h"

#define TOLD_MAX 4096

/* A line is what was answered, or why not. */
struct told {
    char *line;
    err   result;
    bool  permits; /* a read that gives something away */
};

struct telling {
    size_t      count;
    struct told told[TOLD_MAX];
};

/* `power` is open; its customers and facts say whom and what to ask for. */
void rot_tell(struct power *power, const struct power *knows, struct telling *out);
void rot_telling_free(struct telling *telling);

#endif
