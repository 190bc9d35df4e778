/* SPDX-License-Identifier: Apache-2.0
 * The mark goes to the key holder, which never lets an older one come last (crypto/key_mark.h). */
#include "app/log_mark.h"

#include "base/text.h"
#include "crypto/keyring.h"
#include "ledger/ledger.h"

err log_mark_check(struct ctx *cx)
{
    struct text mark;
    err read = keyring_mark_load(cx, cx->keyring, &mark);
    if (read == INTERNAL) { /* a node that went back would not be found out */
        failure_clear(&cx->failure);
        return FAIL(cx, INTERNAL, "log.mark", "the last checkpoint beside the keys does not read");
    }
    TRY(read);
    if (mark.size == 0)
        return OK;
    err result = ledger_check_extends(cx, mark);
    if (result == OK || result == INTERNAL || result == UNAVAILABLE || result == TOO_LARGE)
        return result; /* what could not be looked at says nothing of the data */
    failure_clear(&cx->failure);
    return FAIL(cx, CORRUPT, "log.went_back",
                "the data is older than what this node has published; see docs/operations");
}

err log_mark_keep(struct ctx *cx, int64_t *size)
{
    struct ledger_head head;
    err published = ledger_head(cx, &head);
    if (published == NOT_FOUND) { /* nothing to keep yet */
        failure_clear(&cx->failure);
        return OK;
    }
    TRY(published);
    if (head.tree.size == *size)
        return OK;
    err kept = keyring_mark_keep(cx, cx->keyring, head.note);
    if (kept == INTERNAL) {
        failure_clear(&cx->failure);
        return FAIL(cx, INTERNAL, "log.mark", "the last checkpoint could not be kept beside the keys");
    }
    TRY(kept);
    *size = head.tree.size;
    return OK;
}
