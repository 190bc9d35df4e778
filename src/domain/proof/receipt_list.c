/* SPDX-License-Identifier: Apache-2.0
 * Receipts of a relationship, the newest first, as the acts name them: those of the relationship itself, of its grants
 * and its requests lie together in their order, so a page costs what is on it. What a caller may not know of is passed
 * by, but never more of it than SCANNED_MAX for one page. */
#include "domain/proof/receipt.h"
#include "store/queries.h"

#define SCANNED_MAX 2000 /* acts; some milliseconds */

/* Takes what the caller may know of. True: the page is full, and there is more. */
static bool take(const struct ctx *cx, struct receipt_page *page, const struct sql_act_receipt_list_row *rows,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct act act = {.kind = (act_kind)rows[i].kind,
                                .department_id = rows[i].department_id,
                                .departments = rows[i].departments};
        if (page->out_count == (size_t)page->limit)
            return true;
        page->out_next = rows[i].receipt_id;
        if (act_is_seen(&act, &cx->actor))
            page->out[page->out_count++] = (struct receipt_entry){rows[i].receipt_id, act.kind, rows[i].at_ms};
    }
    return false;
}

err receipt_page(struct ctx *cx, const struct relationship *relationship, struct receipt_page *page)
{
    size_t most = (size_t)page->limit + 1; /* one more tells whether there is a next page */
    bool full = false;
    bool more = true;
    page->out_count = 0;
    page->out_next = page->after != 0 ? page->after : INT64_MAX;
    page->out = ARENA_ARRAY(cx->arena, struct receipt_entry, (size_t)page->limit);
    if (page->out == NULL)
        return FAIL_MEMORY(cx);
    for (size_t scanned = 0; more && !full && scanned < SCANNED_MAX; scanned += most) {
        struct sql_act_receipt_list_in in = {
            relationship->person_id, relationship->relationship_id, page->out_next, (int64_t)most};
        struct sql_act_receipt_list_row *rows = NULL;
        size_t count = 0;
        TRY(sql_act_receipt_list(cx, &in, &rows, &count));
        full = take(cx, page, rows, count);
        more = count == most;
    }
    if (!full && !more)
        page->out_next = 0;
    return OK;
}
