/* SPDX-License-Identifier: Apache-2.0
 * What was allowed at a past moment: acts folded up to it, and counted uses without those that came later; and what of
 * it, or of the present, a department may see. */
#include "domain/grant.h"
#include "domain/policy.h"
#include "store/queries.h"

#define CHAIN_ROWS 200 /* rows of the ledger of one step back */

/* The acts of one grant up to a moment, added up; false when it did not exist yet. */
static err fold_at(struct ctx *cx, const struct grant *now, int64_t at_ms, struct grant *out, bool *out_existed)
{
    struct act *acts = NULL;
    size_t count = 0;
    TRY(act_list(cx, now->person_id, now->last_act_id, &acts, &count));
    struct grant grant = {.organisation_id = now->organisation_id, .used = now->used, .uses = {.event = TEXT_NONE}};
    *out_existed = false;
    for (size_t i = 0; i < count && acts[i].at_ms <= at_ms; i++) {
        grant_fold(&grant, &acts[i]);
        *out_existed = true;
    }
    *out = grant;
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

err grant_list_at(struct ctx *cx, const struct relationship *relationship, int64_t at_ms, struct grant **out,
                  size_t *out_count)
{
    struct grant *now = NULL;
    size_t count = 0;
    size_t kept = 0;
    TRY(grant_list_of_relationship(cx, relationship, &now, &count));
    struct grant *then = ARENA_ARRAY(cx->arena, struct grant, count);
    if (then == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++) {
        bool existed = false;
        TRY(fold_at(cx, &now[i], at_ms, &then[kept], &existed));
        kept += existed;
    }
    TRY(take_off_later_uses(cx, relationship->person_id, &(struct walk){at_ms, 0, then, kept}));
    *out = then;
    *out_count = kept;
    return OK;
}

err grant_list_seen(struct ctx *cx, const struct relationship *relationship, int64_t at_ms, struct grant **out,
                    size_t *out_count)
{
    struct grant *grants = NULL;
    size_t count = 0;
    size_t kept = 0;
    TRY(policy_require_own(cx, POLICY_GRANT_SEE));
    TRY(at_ms != 0 ? grant_list_at(cx, relationship, at_ms, &grants, &count)
                   : grant_list_of_relationship(cx, relationship, &grants, &count));
    for (size_t i = 0; i < count; i++)
        if ((grants[i].departments & cx->actor.department_bit) != 0)
            grants[kept++] = grants[i];
    *out = grants;
    *out_count = kept;
    return OK;
}
