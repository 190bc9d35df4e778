/* SPDX-License-Identifier: Apache-2.0
 * The table. A place that is free is nobody's, so a caller is looked for in the whole neighbourhood first. */
#include "http/gate/share.h"

#include <assert.h>
#include <stddef.h>

#include "http/gate/mixed.h"

#define NEIGHBOURS 8

/* The caller's place, else a free one, else NULL. */
static struct share_place *find_place(struct share *share, uint64_t caller)
{
    uint64_t start = mixed(caller ^ share->seed);
    struct share_place *free_place = NULL;
    for (uint64_t i = 0; i < NEIGHBOURS; i++) {
        struct share_place *place = &share->places[(start + i) % SHARE_PLACES];
        if (place->waiting > 0 && place->caller == caller)
            return place;
        if (place->waiting == 0 && free_place == NULL)
            free_place = place;
    }
    return free_place;
}

bool share_take(struct share *share, uint64_t caller, uint64_t most, struct share_place **out_place)
{
    struct share_place *place = find_place(share, caller);
    if (place != NULL && place->waiting >= most)
        return false;
    if (place != NULL)
        *place = (struct share_place){caller, place->waiting + 1};
    *out_place = place;
    return true;
}

void share_give_back(struct share_place *place)
{
    if (place == NULL)
        return;
    assert(place->waiting > 0);
    place->waiting--;
}
