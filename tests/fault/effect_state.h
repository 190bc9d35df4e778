/* SPDX-License-Identifier: Apache-2.0
 * What stands in the four files of a node: sums over all rows, to see whether anything has changed. The mark of the
 * clock, which every batch may move, is left out. */
#ifndef TESTS_FAULT_EFFECT_STATE_H
#define TESTS_FAULT_EFFECT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define STATE_FILES 4
#define STATE_PEOPLE 3 /* the last to be committed: what is not in it has not happened */

struct state {
    int64_t  rows[STATE_FILES];
    uint64_t content[STATE_FILES];
};

/* Of the node in `root`/node, which may be open. False when a file does not read. */
bool state_read(const char *root, struct state *out);

bool state_is_same(const struct state *one, const struct state *other);
/* As much in the people file, and not less in the others: what they hold beyond it is nothing. Numbers, times and keys
 * may differ. */
bool state_holds(const struct state *state, const struct state *wanted);

#endif
