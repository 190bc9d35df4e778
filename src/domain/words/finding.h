/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a draft, all at once: a bounded list in the arena. A finding tells its writer what to change; it
 * is no failure of the request. */
#ifndef DOMAIN_FINDING_H
#define DOMAIN_FINDING_H

#include "base/bytes.h"

#define FINDINGS_MAX 100 /* beyond it the rest is not listed */

struct finding {
    const char *pointer; /* JSON pointer into the draft: "/sentence", "/attributes/needed", "/facts/passed_on/0" */
    const char *reason;  /* stable word: "wording.too_long", "purpose.over_asking" */
    struct text message; /* one sentence that says what to change */
};

struct findings {
    struct arena   *arena;
    struct finding *items; /* in the arena */
    size_t          count; /* 0: nothing to change */
};

/* Room for FINDINGS_MAX. Without memory the arena's mark is set, and the list stays empty for the caller to notice. */
struct findings findings_open(struct arena *arena);
/* Borrows `pointer` and `reason`; copies the message. The same place, reason and message stand once only. */
void findings_add(struct findings *findings, const char *pointer, const char *reason, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
