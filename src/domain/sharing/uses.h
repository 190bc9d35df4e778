/* SPDX-License-Identifier: Apache-2.0
 * How often a grant may be used: once, a number of times, until a named event, or freely within its period. */
#ifndef DOMAIN_USES_H
#define DOMAIN_USES_H

#include "base/ctx.h"

typedef enum uses_kind {
    USES_PERIOD = 0, /* as often as wished until the grant ends */
    USES_ONCE = 1,
    USES_TIMES = 2,
    USES_EVENT = 3, /* until the organisation reports the event, or the grant ends */
} uses_kind;

struct uses {
    uses_kind   kind;
    int64_t     max;   /* times: 1 … LIMIT_USES; once: 1; else 0 */
    struct text event; /* event: plain words, at most LIMIT_NAME_BYTES; else empty */
};

const char *uses_word(uses_kind kind); /* "period", "once", "times", "event" */

/* Completes `max` of once and refuses what does not belong together: INVALID uses.invalid at `pointer`. */
err uses_check(struct ctx *cx, struct uses *uses, const char *pointer) MUST_CHECK;
bool uses_is_counted(const struct uses *uses);
bool uses_equals(const struct uses *a, const struct uses *b);
/* True when `narrower` allows nothing that `wider` does not: the only change that a person may make to a live grant. */
bool uses_is_within(const struct uses *narrower, const struct uses *wider);

#endif
