/* SPDX-License-Identifier: Apache-2.0
 * Receipts of a relationship: they stand in the acts of the relationship itself, of its grants and its requests. A page
 * keeps the newest that it meets and passes by every chain that has only older ones; the acts take their memory apart,
 * so that the receipts of many years can be listed. */
#include <stdlib.h>

#include "base/limits.h"
#include "domain/receipt.h"
#include "domain/request_store.h"
#include "store/queries.h"

/* One page being gathered. */
struct gathering {
    struct ctx           apart; /* for the acts of one chain */
    int64_t              person_id;
    int64_t              before_id;
    int64_t              least_id; /* older ones have no place on the page any more */
    size_t               limit;
    struct receipt_entry *entries; /* room for twice the page */
    size_t               count;
};

static int newest_first(const void *a, const void *b)
{
    const struct receipt_entry *left = a;
    const struct receipt_entry *right = b;
    return left->receipt_id < right->receipt_id ? 1 : left->receipt_id > right->receipt_id ? -1 : 0;
}

static void cut(struct gathering *gathering)
{
    qsort(gathering->entries, gathering->count, sizeof *gathering->entries, newest_first);
    if (gathering->count < gathering->limit)
        return;
    gathering->count = gathering->limit;
    gathering->least_id = gathering->entries[gathering->limit - 1].receipt_id;
}

static void add(struct gathering *gathering, const struct act *act)
{
    if (act->receipt_id == 0 || act->receipt_id >= gathering->before_id || act->receipt_id <= gathering->least_id ||
        !act_is_seen(act, &gathering->apart.actor))
        return;
    gathering->entries[gathering->count++] = (struct receipt_entry){act->receipt_id, act->kind, act->at_ms};
    if (gathering->count == 2 * gathering->limit)
        cut(gathering);
}

static err gather(struct gathering *gathering, int64_t last_act_id)
{
    struct act *acts = NULL;
    size_t count = 0;
    TRY(act_list(&gathering->apart, gathering->person_id, last_act_id, &acts, &count));
    for (size_t i = 0; i < count; i++)
        add(gathering, &acts[i]);
    arena_reset(gathering->apart.arena);
    return OK;
}

static err gather_grant(struct ctx *cx, const struct sql_grant_receipts_row *row, void *arg)
{
    struct gathering *gathering = arg;
    (void)cx; /* the acts take their memory and their failures apart */
    if (row->receipt_id <= gathering->least_id)
        return OK;
    TRY(gather(gathering, row->last_act_id));
    if (gathering->count >= gathering->limit) /* the last changed come first: soon there is no place for more */
        cut(gathering);
    return OK;
}

static err gather_requests(struct ctx *cx, struct gathering *gathering, int64_t relationship_id)
{
    struct request_list requests = {.limit = LIMIT_PAGE_MAX, .out_count = LIMIT_PAGE_MAX};
    while (requests.out_count == LIMIT_PAGE_MAX) {
        arena_reset(cx->arena);
        TRY(request_list_any(cx, gathering->person_id, &requests));
        for (size_t i = 0; i < requests.out_count; i++)
            if (requests.out[i].relationship_id == relationship_id)
                TRY(gather(gathering, requests.out[i].last_act_id));
        requests.after = requests.out_count > 0 ? requests.out[requests.out_count - 1].request_id : 0;
    }
    return OK;
}

/* `pages` is the memory of one page of requests. */
static err gather_all(struct ctx *pages, const struct relationship *relationship, struct gathering *gathering)
{
    struct sql_grant_receipts_in grants = {
        relationship->person_id, relationship->relationship_id, gathering->before_id};
    TRY(gather(gathering, relationship->last_act_id));
    TRY(sql_grant_receipts_each(&gathering->apart, &grants, gather_grant, gathering));
    return gather_requests(pages, gathering, relationship->relationship_id);
}

err receipt_page(struct ctx *cx, const struct relationship *relationship, struct receipt_page *page)
{
    struct gathering gathering = {
        .apart = *cx,
        .person_id = relationship->person_id,
        .before_id = page->after != 0 ? page->after : INT64_MAX,
        .limit = (size_t)page->limit,
        .entries = ARENA_ARRAY(cx->arena, struct receipt_entry, 2 * (size_t)page->limit),
    };
    struct ctx pages = *cx;
    gathering.apart.arena = arena_open(LIMIT_REQUEST_ARENA_BYTES);
    pages.arena = arena_open(LIMIT_REQUEST_ARENA_BYTES);
    bool has_room = gathering.entries != NULL && gathering.apart.arena != NULL && pages.arena != NULL;
    err result = has_room ? gather_all(&pages, relationship, &gathering) : FAIL_MEMORY(cx);
    if (has_room)
        cx->failure = pages.failure.code != OK ? pages.failure : gathering.apart.failure;
    arena_close(gathering.apart.arena);
    arena_close(pages.arena);
    TRY(result);
    cut(&gathering);
    page->out = gathering.entries;
    page->out_count = gathering.count;
    return OK;
}

err receipt_list(struct ctx *cx, const struct relationship *relationship, struct receipt_entry **out, size_t *out_count)
{
    struct receipt_page page = {.limit = LIMIT_ROWS};
    TRY(receipt_page(cx, relationship, &page));
    *out = page.out;
    *out_count = page.out_count;
    return OK;
}
