/* SPDX-License-Identifier: Apache-2.0
 * The small believable world of `symbolon demo`: five organisations, sixty people, two years, made by the same domain
 * functions that serve everybody, under a clock that is led from then to now. */
#ifndef APP_DEMO_WORLD_H
#define APP_DEMO_WORLD_H

#include "app/node.h"

/* What the tour needs of it. Texts lie in node->cx.arena. */
struct demo_world {
    struct text person;            /* Ada */
    struct text person_link_token; /* signs her in, once */
    struct text key;               /* of Lantern Books, Shipping */
    struct text relationship;      /* Ada with Lantern Books */
    struct text purpose;           /* "Deliver your order" */
    struct text grant;             /* Ada's live grant for it */
    struct text receipt;           /* of that grant */
    int64_t     people, grants, reads;
    struct set_clock time; /* of the world while it is made */
};

/* Turns the clock of a node that is not open yet back to where the world begins. */
void demo_world_begin(struct node *node, struct demo_world *out);
/* Fills the open, empty node; the caller closes it and opens it again with the real clock. */
err demo_world_make(struct node *node, struct demo_world *out) MUST_CHECK;

#endif
