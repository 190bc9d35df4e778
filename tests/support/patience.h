/* SPDX-License-Identifier: Apache-2.0
 * Waiting for another thread of a test, never for ever: a test that fails in between must end. */
#ifndef SUPPORT_PATIENCE_H
#define SUPPORT_PATIENCE_H

#include <errno.h>
#include <semaphore.h>
#include <time.h>

#define PATIENCE_SECONDS 60

static inline void wait_for(sem_t *sem)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_REALTIME, &until); /* cannot fail for this clock */
    until.tv_sec += PATIENCE_SECONDS;
    while (sem_timedwait(sem, &until) != 0 && errno == EINTR)
        continue; /* a signal came in between */
}

#endif
