/* SPDX-License-Identifier: Apache-2.0
 * One slot for each caller: a number stands alone, so no order between slots is asked for. */
#include "http/gate/known.h"

void known_add(struct known *known, uint64_t caller)
{
    atomic_store_explicit(&known->callers[caller % KNOWN_SLOTS], caller, memory_order_relaxed);
}

bool known_has(const struct known *known, uint64_t caller)
{
    return caller != 0 && atomic_load_explicit(&known->callers[caller % KNOWN_SLOTS], memory_order_relaxed) == caller;
}
