/* SPDX-License-Identifier: Apache-2.0
 * The threads of a server while they start: each opens what it needs and reports; one waits for all. The first failure
 * is kept and told by whoever started the crew. */
#ifndef HTTP_CREW_H
#define HTTP_CREW_H

#include <pthread.h>

#include "http/engine/server.h"

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    size_t          reported;
    struct failure  failure; /* code OK: none so far */
};

void crew_init(struct crew *crew);
void crew_done(struct crew *crew);

/* On a new thread: runs the hook thread_open() and reports. False: it failed; the thread ends. */
bool crew_open_thread(struct crew *crew, const struct server_config *config, const struct server_hooks *hooks,
                      lane which, void **out_thread_data);
void crew_report(struct crew *crew, const struct failure *failure); /* for a thread that could not even start */

/* Until `count` threads have reported; the code of the first failure, or OK. */
err crew_wait(struct crew *crew, size_t count) MUST_CHECK;

#endif
