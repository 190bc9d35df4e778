/* SPDX-License-Identifier: Apache-2.0
 * Of whom a row has changed since the source of a move was audited: behind the closed door only they are audited again,
 * since all other rows are, octet by octet, those that were. Whoever cannot be told apart makes it everybody. */
#ifndef APP_MOVE_SCOPE_H
#define APP_MOVE_SCOPE_H

#include "base/ctx.h"
#include "domain/proof/audit.h"
#include "store/move.h"

struct move_scope {
    int64_t           *people;
    size_t             count;
    bool               is_everybody;
    struct audit_scope told;
};

/* Room for them in the arena of `cx`. */
err move_scope_open(struct ctx *cx, struct move_scope *out) MUST_CHECK;
void move_scope_add(struct move_scope *scope, const struct move_change *change);
/* NULL: everybody. Borrows. */
const struct audit_scope *move_scope_close(struct move_scope *scope);

#endif
