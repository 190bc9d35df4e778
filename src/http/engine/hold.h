/* SPDX-License-Identifier: Apache-2.0
 * Answers that leave on a beat: a whole number of beats after their request was complete, so that how long it took to
 * find them tells nothing. What does not exist is known from the id alone, what is not the caller's only from the
 * store; on the beat both take the same time. One loop's own; knows no connection. */
#ifndef HTTP_HOLD_H
#define HTTP_HOLD_H

#include <stdbool.h>
#include <stdint.h>

struct exchange;

/* All zero at first. */
struct hold {
    int64_t          beat_ns;  /* 0: nothing is held */
    int              timer_fd; /* readable when the first may leave; finer than the loop's own milliseconds */
    struct exchange *first, *last; /* by the time at which they leave */
};

bool hold_open(struct hold *hold, int64_t beat_ns); /* false: the system has no timer */
void hold_close(struct hold *hold);                 /* gives no exchange back: they belong to their shelf */

/* Keeps it until the first beat after `now_ns`, counted from its call's start. */
void hold_add(struct hold *hold, struct exchange *exchange, int64_t now_ns);
/* Takes one whose beat has come; NULL: none, and the timer is set for the next one. */
struct exchange *hold_take(struct hold *hold, int64_t now_ns);

#endif
