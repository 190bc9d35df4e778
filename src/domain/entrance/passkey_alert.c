/* SPDX-License-Identifier: Apache-2.0
 * Rows of alerts in and out. */
#include "domain/entrance/passkey_alert.h"

#include "base/limits.h"
#include "base/time.h"
#include "domain/policy.h"
#include "domain/proof/outbox.h"
#include "store/queries.h"

/* By number; literals, as they stand in rows. */
static const char *const EVENTS[] = {
#define X(name, number, word, event, sentence) [number] = (event),
#include "domain/entrance/alert.def"
#undef X
};

int64_t alert_kind_of_event(struct text event)
{
    for (size_t i = ALERT_PASSKEY_ADDED; i < sizeof EVENTS / sizeof *EVENTS; i++)
        if (text_is(event, EVENTS[i]))
            return (int64_t)i;
    return 0;
}

static err insert(struct ctx *cx, const struct sql_alert_insert_in *row)
{
    struct sql_alert_forget_in old = {row->person_id, cx->now_ms - LIMIT_ALERT_MS};
    struct outbox_event event = {.person_id = row->person_id, .kind = EVENTS[row->kind], .subject_id = row->alert_id};
    TRY(sql_alert_forget(cx, &old, NULL));
    TRY(sql_alert_insert(cx, row, NULL));
    return outbox_add(cx, &event);
}

static err look_since(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t since_ms,
                      struct sql_alert_count_since_row *out)
{
    struct sql_alert_count_since_in in = {person_id, kind, since_ms};
    bool found = false;
    *out = (struct sql_alert_count_since_row){0};
    return sql_alert_count_since(cx, &in, out, &found);
}

err alert_count(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t since_ms, int64_t *out)
{
    struct sql_alert_count_since_row row;
    TRY(look_since(cx, person_id, kind, since_ms, &row));
    *out = row.alerts;
    return OK;
}

/* Whether as many of a kind are told of a day as a day may have. Each kind has its own: else whoever brings about many
 * of one would keep the person from what is told as another. */
static err is_full(struct ctx *cx, int64_t person_id, alert_kind kind, bool *out)
{
    int64_t alerts = 0;
    TRY(alert_count(cx, person_id, kind, cx->now_ms - TIME_DAY_MS, &alerts));
    *out = alerts >= LIMIT_PASSKEY_CHANGES_A_DAY;
    return OK;
}

err alert_add(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t passkey_id)
{
    struct sql_alert_insert_in row = {.person_id = person_id, .alert_id = ctx_number(cx), .kind = kind,
                                      .passkey_id = passkey_id, .at_ms = cx->now_ms};
    return insert(cx, &row);
}

err alert_add_change(struct ctx *cx, int64_t person_id, alert_kind kind, int64_t passkey_id)
{
    struct sql_alert_count_since_row lately;
    TRY(look_since(cx, person_id, kind, cx->now_ms - TIME_DAY_MS, &lately));
    if (lately.alerts >= LIMIT_PASSKEY_CHANGES_A_DAY)
        return FAIL_OF_A_DAY(cx, lately.first_at_ms, "passkey.too_many_changes",
                             "there were %d such changes within a day", LIMIT_PASSKEY_CHANGES_A_DAY);
    return alert_add(cx, person_id, kind, passkey_id);
}

err alert_add_copied(struct ctx *cx, int64_t person_id, int64_t passkey_id)
{
    bool full = false;
    TRY(is_full(cx, person_id, ALERT_PASSKEY_COPIED, &full));
    return full ? OK : alert_add(cx, person_id, ALERT_PASSKEY_COPIED, passkey_id);
}

err alert_add_client_ended(struct ctx *cx, int64_t organisation_id, int64_t system_id)
{
    struct sql_alert_insert_in row = {.person_id = cx->actor.person_id, .alert_id = ctx_number(cx),
                                      .kind = ALERT_CLIENT_ENDED, .at_ms = cx->now_ms,
                                      .organisation_id = organisation_id, .system_id = system_id};
    bool full = false;
    TRY(is_full(cx, row.person_id, ALERT_CLIENT_ENDED, &full));
    return full ? OK : insert(cx, &row);
}

/* Whether the caller's session took one since it last proved who it is: each proof gives it another number. */
static err is_told(struct ctx *cx, bool *out)
{
    struct sql_alert_count_of_session_in in = {cx->actor.person_id, ALERT_DATA_EXPORTED, cx->actor.session_id,
                                               cx->now_ms - LIMIT_FRESH_MS};
    struct sql_alert_count_of_session_row row = {0};
    bool found = false;
    TRY(sql_alert_count_of_session(cx, &in, &row, &found));
    *out = row.alerts > 0;
    return OK;
}

err alert_add_exported(struct ctx *cx, void *arg)
{
    (void)arg; /* the caller's own */
    struct sql_alert_insert_in row = {.person_id = cx->actor.person_id, .alert_id = ctx_number(cx),
                                      .kind = ALERT_DATA_EXPORTED, .at_ms = cx->now_ms,
                                      .session_id = cx->actor.session_id};
    bool told = false, full = false;
    TRY(policy_require_own(cx, POLICY_PASSKEY_READ));
    TRY(is_told(cx, &told));
    TRY(is_full(cx, row.person_id, ALERT_DATA_EXPORTED, &full));
    return told || full ? OK : insert(cx, &row);
}

err alert_list(struct ctx *cx, struct alert_list *list)
{
    TRY(policy_require_own(cx, POLICY_PASSKEY_READ));
    struct sql_alert_list_in in = {cx->actor.person_id, list->before != 0 ? list->before : INT64_MAX, list->limit + 1};
    struct sql_alert_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_alert_list(cx, &in, &rows, &count));
    list->out_more = count > (size_t)list->limit;
    list->out_count = list->out_more ? (size_t)list->limit : count;
    list->out = ARENA_ARRAY(cx->arena, struct alert, list->out_count);
    if (list->out == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < list->out_count; i++)
        list->out[i] = (struct alert){rows[i].alert_id, (alert_kind)rows[i].kind, rows[i].passkey_id, rows[i].at_ms,
                                      rows[i].organisation_id, rows[i].system_id};
    return OK;
}
