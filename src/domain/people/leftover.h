/* SPDX-License-Identifier: Apache-2.0
 * What a claim leaves behind: the records and the key of the unclaimed person, who is merged now. They go in writes of
 * their own, after the claim is on disk, so that a crash never takes what the claim has not yet made durable. */
#ifndef DOMAIN_LEFTOVER_H
#define DOMAIN_LEFTOVER_H

#include "store/store.h"

/* Takes away what earlier claims left; safe to repeat. Not inside a write: it waits for several. */
err leftover_sweep(struct ctx *cx, struct store *store) MUST_CHECK;

#endif
