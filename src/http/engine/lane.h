/* SPDX-License-Identifier: Apache-2.0
 * Where a call is run, and where it stands until then. */
#ifndef HTTP_LANE_H
#define HTTP_LANE_H

#include <stdbool.h>

typedef enum lane {
    LANE_LOOP,
    LANE_POOL,
    LANE_FREE, /* of a door alone: it asks no store that waits, or says when it must; the loop answers whatever waits */
} lane;

/* Where a call stands that waits for the pool: the hook's to say with VERDICT_POOL. All false: with all others. */
struct turn {
    bool kept; /* in the line that is kept for what must get through, and is served first */
    bool few;  /* of a kind that anybody may send: it gets a part of its line and no more */
};

#endif
