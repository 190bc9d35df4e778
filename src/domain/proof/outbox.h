/* SPDX-License-Identifier: Apache-2.0
 * One row for every change that somebody may be told of: ids and kinds, never values. Written with the change; delivery
 * re-reads what the receiver may know at the moment of sending. What the clock or a count changes is no write and has
 * no row: docs/decisions/0016-what-the-outbox-holds.md. */
#ifndef DOMAIN_OUTBOX_H
#define DOMAIN_OUTBOX_H

#include "domain/words/attribute.h"

struct outbox_event {
    int64_t              person_id;       /* 0: no single one */
    int64_t              relationship_id; /* 0: concerns all of the person's */
    int64_t              organisation_id; /* 0: no single one */
    const char          *kind;            /* a literal: "grant.withdrawn" */
    int64_t              subject_id;
    struct attribute_set attributes;
};

/* Inside a write. For what an organisation sets up, deed_add() of domain/proof/deed.h does it. */
err outbox_add(struct ctx *cx, const struct outbox_event *event) MUST_CHECK;

#endif
