/* SPDX-License-Identifier: Apache-2.0
 * How an objection comes about and goes: each time one act of the relationship, with a receipt. */
#ifndef DOMAIN_OBJECTION_CHANGE_H
#define DOMAIN_OBJECTION_CHANGE_H

#include "domain/sharing/relationship.h"

/* store_write_fn: the person's own word. What is so already is no act and leaves no receipt. NOT_FOUND; CONFLICT
 * relationship.ended | relationship.not_active; TOO_MANY relationship.too_many_changes, unless it objects. */
struct objection_change {
    int64_t             relationship_id;
    bool                stands; /* false: lifted */
    struct relationship out;
};
err objection_change(struct ctx *cx, void *arg) MUST_CHECK;

/* Whether the caller, a person, has a live relationship in which he has not said anything of it. */
err objection_signal_is_new(struct ctx *cx, bool *out) MUST_CHECK;
/* The signal of the caller's browser, as an act of each of these, at most OBJECTION_SIGNALS_MOST; the next request goes
 * on. Inside a write. */
#define OBJECTION_SIGNALS_MOST 100
err objection_signal(struct ctx *cx) MUST_CHECK;
/* The same in this active relationship of the caller's, which the request may have begun, before a yes in it: so that
 * the yes is the newer word. Nothing when no signal came, or something was said already. Inside a write. */
err objection_hear(struct ctx *cx, struct relationship *relationship) MUST_CHECK;

#endif
