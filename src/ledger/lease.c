/* SPDX-License-Identifier: Apache-2.0
 * One row, which bears its holder and its end. */
#include "ledger/lease.h"

#include "ledger/ledger.h"
#include "store/data_age.h"
#include "store/queries.h"

err lease_is_elsewhere(struct ctx *cx, struct store *store, bool *out)
{
    int64_t now_ms = store_now_ms(store);
    struct sql_log_lease_load_row row = {0};
    bool found = false;
    *out = false;
    if (!store_waits(store))
        return OK;
    TRY(sql_log_lease_load(cx, &row, &found));
    /* one of longer than it may be given is of a clock that was ahead: it counts for nothing */
    *out = found && row.holder != store_name(store) && row.until_ms > now_ms && row.until_ms <= now_ms + LEASE_MS;
    return OK;
}

err lease_take(struct ctx *cx, int64_t holder, bool *out_taken)
{
    const struct sql_log_lease_take_in in = {.holder = holder, .now_ms = cx->now_ms, .until_ms = cx->now_ms + LEASE_MS};
    struct sql_log_lease_take_row row = {0};
    store_keep_house(cx); /* what is published has a mark of its own */
    return sql_log_lease_take(cx, &in, &row, out_taken);
}

/* store_write_fn */
static err end(struct ctx *cx, void *arg)
{
    store_keep_house(cx);
    return sql_log_lease_end(cx, &(struct sql_log_lease_end_in){*(const int64_t *)arg}, NULL);
}

err ledger_let_go(struct ctx *cx, struct store *store)
{
    struct sql_log_lease_load_row row = {0};
    bool found = false;
    int64_t holder = store_name(store);
    if (!store_waits(store))
        return OK;
    TRY(sql_log_lease_load(cx, &row, &found));
    return found && row.holder == holder && row.until_ms != 0 ? store_write_wait(store, cx, end, &holder) : OK;
}
