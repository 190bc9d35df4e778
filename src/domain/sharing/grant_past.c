/* SPDX-License-Identifier: Apache-2.0
 * What was allowed at a past moment: acts folded up to it, and counted uses without those that came later; and what of
 * it, or of the present, a department may see. */
#include "base/limits.h"
#include "domain/policy.h"
#include "domain/sharing/grant_store.h"
#include "store/queries.h"

#define CHAIN_ROWS 200 /* rows of the ledger of one step back */
#define FOLD_ROWS 200  /* grants of one step */
#define FOLD_BYTES_MAX LIMIT_REQUEST_ARENA_BYTES
#define ALL_DEPARTMENTS INT64_C(-1)

/* What the acts of one grant up to a moment add up to; false when it did not exist yet. Each act says all that the
 * grant is from then on, and none comes behind one that ended it: the last one up to the moment is enough. */
static err fold_at(struct ctx *cx, const struct grant *now, int64_t at_ms, struct grant *out, bool *out_existed)
{
    struct act act;
    int64_t act_id = 0;
    int64_t before_id = now->last_act_id;
    int64_t then_ms = INT64_MAX;
    while (before_id != 0 && then_ms > at_ms) {
        act_id = before_id;
        TRY(act_step(cx, now->person_id, &before_id, &then_ms));
    }
    *out = (struct grant){.state = GRANT_ACTIVE,
                          .organisation_id = now->organisation_id,
                          .used = now->used,
                          .uses = {.event = TEXT_NONE}};
    *out_existed = then_ms <= at_ms;
    if (!*out_existed)
        return OK;
    TRY(act_load(cx, now->person_id, act_id, &act));
    grant_fold(out, &act);
    return OK;
}

/* The ledger walked back from its head to the moment. */
struct walk {
    int64_t       at_ms;
    int64_t       next_id; /* 0: the moment is reached */
    struct grant *grants;
    size_t        count;
};

static err take_off(struct ctx *cx, const struct sql_disclosure_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct walk *walk = arg;
    walk->next_id = row->at_ms > walk->at_ms ? row->previous_id : 0;
    bool counted = row->reason.size == 0; /* a read that found nothing was not */
    for (size_t i = 0; row->at_ms > walk->at_ms && counted && i < walk->count; i++)
        if (walk->grants[i].grant_id == row->grant_id && walk->grants[i].used > 0)
            walk->grants[i].used--;
    return OK;
}

static bool any_used(const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (grants[i].used > 0)
            return true;
    return false;
}

static err take_off_later_uses(struct ctx *cx, int64_t person_id, struct walk *walk)
{
    struct sql_disclosure_head_load_in in = {person_id};
    struct sql_disclosure_head_load_row head = {0};
    bool found = false;
    TRY(sql_disclosure_head_load(cx, &in, &head, &found));
    walk->next_id = head.last_id;
    while (walk->next_id != 0 && any_used(walk->grants, walk->count)) {
        struct sql_disclosure_chain_in chain = {person_id, walk->next_id, CHAIN_ROWS};
        int64_t before = walk->next_id;
        TRY(sql_disclosure_chain_each(cx, &chain, take_off, walk));
        if (walk->next_id == before)
            return FAIL(cx, CORRUPT, "disclosure.missing", "the chain of disclosures names one that is not there");
    }
    return OK;
}

/* One page of the past being filled; what is read for it takes its memory apart. */
struct folding {
    const struct relationship *relationship;
    int64_t                    departments;
    struct grant_list         *list;
    struct arena              *arena; /* of the list */
};

/* As they stood: folds each, and keeps those that named one of the departments at that moment. */
static err take_page(struct ctx *apart, struct folding *folding, const struct grant_list *page)
{
    struct grant_list *list = folding->list;
    for (size_t i = 0; i < page->out_count && list->out_count < (size_t)list->limit; i++) {
        struct grant *then = &list->out[list->out_count];
        bool existed = false;
        TRY(fold_at(apart, &page->out[i], list->at_ms, then, &existed));
        if (!existed || (then->departments & folding->departments) == 0)
            continue;
        then->uses.event = text_copy(folding->arena, then->uses.event);
        if (then->uses.event.at == NULL)
            return FAIL_MEMORY(apart);
        list->out_count++;
    }
    return OK;
}

/* What is narrowed now may have named more departments then: pages are taken until the asked one is full. */
static err take_pages(struct ctx *apart, struct folding *folding)
{
    const struct grant_list *list = folding->list;
    struct grant_list page = {
        .at_ms = list->at_ms, .after = list->after, .limit = FOLD_ROWS, .out_count = FOLD_ROWS};
    while (page.out_count == FOLD_ROWS && list->out_count < (size_t)list->limit) {
        arena_reset(apart->arena);
        TRY(grant_page(apart, folding->relationship, ALL_DEPARTMENTS, &page));
        TRY(take_page(apart, folding, &page));
        page.after = page.out_count > 0 ? page.out[page.out_count - 1].grant_id : 0;
    }
    return OK;
}

static err list_at(struct ctx *cx, const struct relationship *relationship, int64_t departments,
                   struct grant_list *list)
{
    list->out_count = 0;
    list->out = ARENA_ARRAY(cx->arena, struct grant, (size_t)list->limit + 1);
    struct ctx apart;
    if (list->out == NULL)
        return FAIL_MEMORY(cx);
    TRY(ctx_part(cx, FOLD_BYTES_MAX, &apart));
    err result = take_pages(&apart, &(struct folding){relationship, departments, list, cx->arena});
    TRY(ctx_join(cx, &apart, result));
    return take_off_later_uses(cx, relationship->person_id,
                               &(struct walk){list->at_ms, 0, list->out, list->out_count});
}

err grant_list_of_relationship(struct ctx *cx, const struct relationship *relationship, struct grant_list *list)
{
    return list->at_ms != 0 ? list_at(cx, relationship, ALL_DEPARTMENTS, list)
                            : grant_page(cx, relationship, ALL_DEPARTMENTS, list);
}

err grant_list_seen(struct ctx *cx, const struct relationship *relationship, struct grant_list *list)
{
    TRY(policy_require_own(cx, POLICY_GRANT_SEE));
    return list->at_ms != 0 ? list_at(cx, relationship, cx->actor.department_bit, list)
                            : grant_page(cx, relationship, cx->actor.department_bit, list);
}
