/* SPDX-License-Identifier: Apache-2.0
 * The deadlines of one loop's connections. A kind has one duration, so its entries stand in the order in which they run
 * out: setting, clearing and looking at the next one cost a few instructions, whatever the number of connections. Reads
 * no clock and owns no timer. */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include <stdint.h>

typedef enum deadline_kind {
    DEADLINE_NONE = 0,
    DEADLINE_TURN,   /* goes on at the next turn of its loop: others come first */
    DEADLINE_IDLE,   /* between two requests */
    DEADLINE_HEAD,   /* from the first byte of a head to its end */
    DEADLINE_BODY,   /* from the end of the head to the end of the body */
    DEADLINE_WRITE,  /* a reply that the client does not take */
    DEADLINE_LINGER, /* the client's end of a closing connection */
    DEADLINE_KINDS
} deadline_kind;

#define DEADLINE_NEVER INT64_MAX

/* One per connection, all zero at first; a connection has at most one deadline at a time. */
struct deadline {
    deadline_kind    kind;
    int64_t          at_ns;
    struct deadline *previous, *next;
};

/* All zero at first but the durations. */
struct deadlines {
    int64_t          duration_ns[DEADLINE_KINDS];
    struct deadline *first[DEADLINE_KINDS], *last[DEADLINE_KINDS];
};

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, deadline_kind kind, int64_t now_ns);
void deadline_clear(struct deadlines *deadlines, struct deadline *deadline); /* also when none is set */

/* One that has run out at `now_ns`, still set; NULL when there is none. */
struct deadline *deadlines_expired(const struct deadlines *deadlines, int64_t now_ns);
int64_t deadlines_next_ns(const struct deadlines *deadlines); /* the earliest, or DEADLINE_NEVER */

#endif
