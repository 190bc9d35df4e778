/* SPDX-License-Identifier: Apache-2.0
 * Which files each process of the program reaches once its walls stand: the one list that the walls are made of and
 * that the tests of them take. Leaves to sandbox.h how the kernel is told. What is not here is out of reach. */
#ifndef APP_REACH_H
#define APP_REACH_H

#include "app/node.h"
#include "app/sandbox.h"

#define REACH_PATHS_MAX 40
#define REACH_PORTS_MAX (2 * STORE_ROUTE_PORTS_MAX)

struct reach {
    struct sandbox_path paths[REACH_PATHS_MAX];
    uint16_t            ports[REACH_PORTS_MAX];
    struct sandbox_room room; /* borrows them, so a reach stays where it was filled */
};

/* What of the data lies here, and what says which machine this is; with data on a server, the way to it as it was
 * found, what its URL names, and whom the machine trusts. Borrows the strings of `place`. */
void reach_of_server(const struct node_place *place, struct reach *out);
/* The key folder, whose path it borrows. */
void reach_of_holder(const char *folder, struct reach *out);

#endif
