/* SPDX-License-Identifier: Apache-2.0
 * A list in order and one timer. All that wait leave within one beat, so who has just come stands near the end. */
#include "http/engine/hold.h"

#include <assert.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "http/engine/exchange.h"

#define SECOND_NS INT64_C(1000000000)

bool hold_open(struct hold *hold, int64_t beat_ns)
{
    hold->beat_ns = beat_ns;
    hold->first = hold->last = NULL;
    hold->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return hold->timer_fd >= 0;
}

void hold_close(struct hold *hold)
{
    if (hold->timer_fd >= 0)
        close(hold->timer_fd);
    hold->timer_fd = -1;
    hold->first = hold->last = NULL;
}

static void arm(struct hold *hold, int64_t now_ns)
{
    int64_t wait_ns = hold->first == NULL ? 0 : hold->first->leaves_at_ns - now_ns;
    if (hold->first != NULL && wait_ns < 1)
        wait_ns = 1; /* nothing would disarm it */
    struct itimerspec wait = {.it_value = {wait_ns / SECOND_NS, wait_ns % SECOND_NS}};
    int armed = timerfd_settime(hold->timer_fd, 0, &wait, NULL);
    assert(armed == 0); /* fails for what is no timer or no time only */
    (void)armed;
}

void hold_add(struct hold *hold, struct exchange *exchange, int64_t now_ns)
{
    int64_t taken_ns = now_ns - exchange->call.started_ns;
    int64_t beats = taken_ns < 0 ? 1 : taken_ns / hold->beat_ns + 1;
    struct exchange *before = hold->last;
    exchange->leaves_at_ns = exchange->call.started_ns + beats * hold->beat_ns;
    while (before != NULL && before->leaves_at_ns > exchange->leaves_at_ns)
        before = before->before;
    exchange->before = before;
    exchange->next = before == NULL ? hold->first : before->next;
    *(before == NULL ? &hold->first : &before->next) = exchange;
    *(exchange->next == NULL ? &hold->last : &exchange->next->before) = exchange;
    if (hold->first == exchange)
        arm(hold, now_ns);
}

struct exchange *hold_take(struct hold *hold, int64_t now_ns)
{
    struct exchange *first = hold->first;
    if (first == NULL || first->leaves_at_ns > now_ns) {
        arm(hold, now_ns);
        return NULL;
    }
    hold->first = first->next;
    *(first->next == NULL ? &hold->last : &first->next->before) = NULL;
    first->next = NULL;
    return first;
}
