/* SPDX-License-Identifier: Apache-2.0
 * The node's own work beside the requests, on one thread: gives the log its numbers within a second and finishes
 * destroying what a crash left half destroyed. */
#ifndef APP_COURIER_H
#define APP_COURIER_H

#include "app/node.h"

struct courier;

/* `stop(server)` is called when the process that holds the keys has ended, since a node without keys is none, and when
 * the data goes to another place (store/move.h) or an older copy of it has come, as node->is_older says then. */
struct courier_work {
    struct node *node;
    void       (*stop)(void *server);
    void        *server;
};

err courier_start(const struct courier_work *work, struct courier **out) MUST_CHECK;
/* Does a last pass and joins the thread. Takes NULL. */
void courier_stop(struct courier *courier);

#endif
