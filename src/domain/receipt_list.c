/* SPDX-License-Identifier: Apache-2.0
 * All receipts of a relationship: they stand in the acts of the relationship itself, of its grants and its requests. */
#include <stdlib.h>

#include "base/limits.h"
#include "domain/grant.h"
#include "domain/receipt.h"
#include "domain/request_store.h"

struct gathering {
    struct receipt_entry *entries;
    size_t                count;
    size_t                room;
};

static err gather(struct ctx *cx, int64_t person_id, int64_t last_act_id, struct gathering *gathering)
{
    struct act *acts = NULL;
    size_t count = 0;
    TRY(act_list(cx, person_id, last_act_id, &acts, &count));
    for (size_t i = 0; i < count; i++) {
        if (acts[i].receipt_id == 0 || !act_is_seen(&acts[i], &cx->actor))
            continue;
        if (gathering->count == gathering->room)
            return FAIL(cx, TOO_LARGE, "limit.rows", "more receipts than one list may hold");
        gathering->entries[gathering->count++] =
            (struct receipt_entry){acts[i].receipt_id, acts[i].kind, acts[i].at_ms};
    }
    return OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct receipt_entry *left = a;
    const struct receipt_entry *right = b;
    return left->receipt_id < right->receipt_id ? 1 : left->receipt_id > right->receipt_id ? -1 : 0;
}

err receipt_list(struct ctx *cx, const struct relationship *relationship, struct receipt_entry **out, size_t *out_count)
{
    struct gathering gathering = {ARENA_ARRAY(cx->arena, struct receipt_entry, LIMIT_ROWS), 0, LIMIT_ROWS};
    if (gathering.entries == NULL)
        return FAIL_MEMORY(cx);
    TRY(gather(cx, relationship->person_id, relationship->last_act_id, &gathering));
    struct grant *grants = NULL;
    size_t grants_count = 0;
    TRY(grant_list_of_relationship(cx, relationship, &grants, &grants_count));
    for (size_t i = 0; i < grants_count; i++)
        TRY(gather(cx, relationship->person_id, grants[i].last_act_id, &gathering));
    struct request_list requests = {.limit = LIMIT_ROWS};
    TRY(request_list_any(cx, relationship->person_id, &requests));
    for (size_t i = 0; i < requests.out_count; i++)
        if (requests.out[i].relationship_id == relationship->relationship_id)
            TRY(gather(cx, relationship->person_id, requests.out[i].last_act_id, &gathering));
    qsort(gathering.entries, gathering.count, sizeof *gathering.entries, newest_first);
    *out = gathering.entries;
    *out_count = gathering.count;
    return OK;
}
