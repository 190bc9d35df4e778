/* SPDX-License-Identifier: Apache-2.0
 * What a person must hear of the ways in: passkeys that came or went, a device that may have been copied, codes of
 * recovery and what was done with them. Rows of the person, kept for a year; each speaks of one passkey or of none. */
#ifndef DOMAIN_PASSKEY_ALERT_H
#define DOMAIN_PASSKEY_ALERT_H

#include "base/ctx.h"

typedef enum alert_kind {
    ALERT_PASSKEY_ADDED = 1,
    ALERT_PASSKEY_REMOVED,
    ALERT_PASSKEY_COPIED, /* a counter that did not rise: two devices may hold one key */
    ALERT_CODES_MADE,
    ALERT_RECOVERY_BEGUN,
    ALERT_RECOVERY_STOPPED,
    ALERT_RECOVERED,
} alert_kind;

struct alert {
    int64_t    alert_id;
    alert_kind kind;
    int64_t    passkey_id; /* 0: of none */
    int64_t    at_ms;
};

/* Inside a write; `passkey_id` 0: of none. Older ones than a year go. */
err alert_add(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t passkey_id) MUST_CHECK;
/* The same, and TOO_MANY passkey.too_many_changes when there were LIMIT_PASSKEY_CHANGES_A_DAY within a day. */
err alert_add_change(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t passkey_id) MUST_CHECK;

/* The caller's, the newest first. */
struct alert_list {
    int64_t       before; /* only those before it; 0: from the newest */
    int64_t       limit;
    struct alert *out;
    size_t        out_count;
    bool          out_more;
};
err alert_list(struct ctx *cx, struct alert_list *list) MUST_CHECK;

#endif
