/* SPDX-License-Identifier: Apache-2.0
 * How many things of each caller wait at once, counted in a table of fixed size that has no lock of its own. A caller
 * for whom there is no place goes uncounted: nobody is ever held for what another did. */
#ifndef HTTP_SHARE_H
#define HTTP_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define SHARE_PLACES 8192 /* more than may wait at once */

struct share_place {
    uint64_t caller;
    uint64_t waiting; /* 0: the place is free */
};

struct share {
    uint64_t           seed; /* so that nobody can choose whom to share a neighbourhood with */
    struct share_place places[SHARE_PLACES];
};

/* Counts one more thing of `caller` (any number that stands for him); false when `most` wait already, and then it is
 * not counted. `out_place` is for share_give_back(); NULL: it went uncounted. */
bool share_take(struct share *share, uint64_t caller, uint64_t most, struct share_place **out_place);
void share_give_back(struct share_place *place);

#endif
