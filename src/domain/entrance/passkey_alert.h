/* SPDX-License-Identifier: Apache-2.0
 * What a person must hear of the ways in, and of what went out by them: alert.def has the kinds. Rows of the person,
 * kept for a year; each speaks of one passkey, of one client or of neither, and leaves an event in the outbox, by which
 * it can be carried to wherever the person reads. */
#ifndef DOMAIN_PASSKEY_ALERT_H
#define DOMAIN_PASSKEY_ALERT_H

#include "base/ctx.h"

typedef enum alert_kind {
#define X(name, number, word, event, sentence) ALERT_##name = (number),
#include "domain/entrance/alert.def"
#undef X
} alert_kind;

struct alert {
    int64_t    alert_id;
    alert_kind kind;
    int64_t    passkey_id; /* 0: of none */
    int64_t    at_ms;
    int64_t    organisation_id; /* the client's; 0: of none */
    int64_t    system_id;
};

/* Inside a write; `passkey_id` 0: of none. Older ones than a year go. */
err alert_add(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t passkey_id) MUST_CHECK;
/* The same, and TOO_MANY passkey.too_many_changes when there were LIMIT_PASSKEY_CHANGES_A_DAY of this kind within a
 * day. Not for what takes a way in away: there are as many of these as came, and no copy may stand in their way. */
err alert_add_change(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t passkey_id) MUST_CHECK;
/* A passkey whose counter did not rise: beyond so many of them within a day there is none. */
err alert_add_copied(struct ctx *cx, int64_t person_id, int64_t passkey_id) MUST_CHECK;

/* Of the caller, who ends what this client has of him. That is never refused: beyond so many within a day there is no
 * alert of it. */
err alert_add_client_ended(struct ctx *cx, int64_t organisation_id, int64_t system_id) MUST_CHECK;

/* store_write_fn; arg unused. To the caller, that his session took an export: once for each proof of it, and for one
 * that has none to give once in LIMIT_FRESH_MS. Never refused, as above. */
err alert_add_exported(struct ctx *cx, void *arg) MUST_CHECK;

/* How many of a kind somebody was told of after `since_ms`. */
err alert_count(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t since_ms, int64_t *out) MUST_CHECK;

/* The kind that an event of the outbox tells of, "recovery.begun"; 0: it tells of no alert. The subject of such an
 * event is the alert. */
int64_t alert_kind_of_event(struct text event);

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
