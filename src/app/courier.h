/* SPDX-License-Identifier: Apache-2.0
 * The node's own work beside the requests, on one thread: gives the log its numbers within a second and finishes
 * destroying what a crash left half destroyed. */
#ifndef APP_COURIER_H
#define APP_COURIER_H

#include "app/node.h"

struct courier;

err courier_start(struct node *node, struct courier **out) MUST_CHECK;
/* Does a last pass and joins the thread. Takes NULL. */
void courier_stop(struct courier *courier);

#endif
