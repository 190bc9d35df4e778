/* SPDX-License-Identifier: Apache-2.0
 * The lane for calls that may block: two bounded lines and a few threads that run `handle` again. Of four calls three
 * come from the line that is kept for what must get through, and one from the other: neither keeps the other from
 * moving. A pool thread does not wait for commits either: it seals, and takes the next call. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include "http/engine/crew.h"
#include "http/engine/exchange.h"

struct pool;

/* Starts the threads; each reports to `crew`. Borrows all three. INTERNAL server.thread. */
err pool_open(struct ctx *cx, const struct server_config *config, const struct server_hooks *hooks, struct crew *crew,
              struct pool **out) MUST_CHECK;
/* Lets running calls end and joins the threads; calls still waiting go back to their loops as they are. Takes NULL. */
void pool_stop(struct pool *pool);
void pool_close(struct pool *pool); /* after pool_stop(); takes NULL */

bool pool_submit(struct pool *pool, struct exchange *exchange); /* false: no room in its line, or stopping */
size_t pool_waiting(struct pool *pool);

#endif
