/* SPDX-License-Identifier: Apache-2.0
 * One doubly linked list per kind; new entries go to its end. */
#include "http/engine/deadline.h"

#include <assert.h>
#include <stddef.h>

void deadline_clear(struct deadlines *deadlines, struct deadline *deadline)
{
    deadline_kind kind = deadline->kind;
    if (kind == DEADLINE_NONE)
        return;
    if (deadline->previous != NULL)
        deadline->previous->next = deadline->next;
    else
        deadlines->first[kind] = deadline->next;
    if (deadline->next != NULL)
        deadline->next->previous = deadline->previous;
    else
        deadlines->last[kind] = deadline->previous;
    *deadline = (struct deadline){.kind = DEADLINE_NONE};
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, deadline_kind kind, int64_t now_ns)
{
    assert(kind > DEADLINE_NONE && kind < DEADLINE_KINDS && deadlines->duration_ns[kind] > 0);
    deadline_clear(deadlines, deadline);
    struct deadline *last = deadlines->last[kind];
    *deadline = (struct deadline){kind, now_ns + deadlines->duration_ns[kind], last, NULL};
    if (last != NULL)
        last->next = deadline;
    else
        deadlines->first[kind] = deadline;
    deadlines->last[kind] = deadline;
}

struct deadline *deadlines_expired(const struct deadlines *deadlines, int64_t now_ns)
{
    for (int kind = DEADLINE_NONE + 1; kind < DEADLINE_KINDS; kind++) {
        struct deadline *first = deadlines->first[kind];
        if (first != NULL && first->at_ns <= now_ns)
            return first;
    }
    return NULL;
}

int64_t deadlines_next_ns(const struct deadlines *deadlines)
{
    int64_t next_ns = DEADLINE_NEVER;
    for (int kind = DEADLINE_NONE + 1; kind < DEADLINE_KINDS; kind++) {
        const struct deadline *first = deadlines->first[kind];
        if (first != NULL && first->at_ns < next_ns)
            next_ns = first->at_ns;
    }
    return next_ns;
}
