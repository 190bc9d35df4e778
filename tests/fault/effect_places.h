/* SPDX-License-Identifier: Apache-2.0
 * Where the calls of an effect come from. A scene may make a hundred thousand calls of one kind, nearly all of them
 * from a few thousand places; a place is a call with all its callers. Noted while nothing fails and it is watched
 * for. */
#ifndef TESTS_FAULT_EFFECT_PLACES_H
#define TESTS_FAULT_EFFECT_PLACES_H

#include <stddef.h>

#include "fault/effect_plan.h"

/* From now on calls are noted, in memory that processes forked later share. */
void effect_places_watch(void);
void effect_places_note(effect_kind kind, int64_t call);
/* Of the first `calls` calls the first, the second and the last of each place, for free(); NULL: nothing was noted. */
int64_t *effect_places_choose(effect_kind kind, int64_t calls, size_t *out_count);

#endif
