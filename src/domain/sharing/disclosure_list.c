/* SPDX-License-Identifier: Apache-2.0
 * A person's list of disclosures: the own chain from its newest end back, and at the place of each claim the chain of
 * the invited person who was taken over there. Rows stay in their chains; a place in the list is the number of the last
 * row that was seen, so a page goes on without walking what came before.
 *
 *     own   ●──●──●─────────┐    ┌─●──●   the older ones
 *     predecessor           └●──●┘                          */
#include "domain/sharing/disclosure.h"

#include "base/time.h"
#include "domain/people/person_key.h"
#include "domain/people/predecessor.h"
#include "domain/policy.h"
#include "domain/sharing/disclosure_store.h"
#include "store/queries.h"

#define WALK_ROWS 200  /* rows of one step back */
#define WALK_STEPS 25  /* steps of one call: a rare filter gives a short page and says that there is more */
#define OWN SIZE_MAX   /* instead of a predecessor: the person's own chain */

/* One page being filled. */
struct walk {
    struct disclosure_list   *list;
    int64_t                   person_id;
    struct secret_key         key;
    const struct predecessor *predecessors; /* the newest claim first */
    size_t                    predecessors_count;
    size_t                    chain;        /* OWN, or which predecessor's the next row lies in */
    int64_t                   next_id;      /* the next older row, 0: the list ends */
    int64_t                   seen_id;      /* the last row that was looked at */
    struct secret_key         chain_key;    /* of the chain at hand */
    bool                      has_chain_key;
};

static void walk_wipe(struct walk *walk)
{
    secret_wipe(&walk->key, sizeof walk->key);
    secret_wipe(&walk->chain_key, sizeof walk->chain_key);
}

static int64_t chain_person(const struct walk *walk)
{
    return walk->chain == OWN ? walk->person_id : walk->predecessors[walk->chain].person_id;
}

static err enter_chain(struct ctx *cx, struct walk *walk, size_t chain)
{
    walk->chain = chain;
    walk->chain_key = walk->key;
    walk->has_chain_key = chain == OWN || walk->predecessors[chain].sealed_key.size > 0;
    if (chain == OWN || !walk->has_chain_key)
        return OK;
    return predecessor_key_open(cx, walk->person_id, &walk->key, &walk->predecessors[chain], &walk->chain_key);
}

/* The own row `next_id` comes next, behind the chains of the predecessors, from `first` on, claimed right after it. */
static err go_on_own(struct ctx *cx, struct walk *walk, size_t first, int64_t next_id)
{
    for (size_t i = first; i < walk->predecessors_count; i++) {
        struct disclosure_head head;
        if (walk->predecessors[i].after_id != next_id)
            continue;
        TRY(disclosure_head_load(cx, walk->predecessors[i].person_id, &head));
        walk->next_id = head.last_id;
        if (head.last_id != 0)
            return enter_chain(cx, walk, i);
    }
    walk->next_id = next_id;
    return walk->chain == OWN ? OK : enter_chain(cx, walk, OWN);
}

/* Behind a row whose older neighbour is `previous_id`. */
static err go_on(struct ctx *cx, struct walk *walk, int64_t previous_id)
{
    if (walk->chain == OWN)
        return go_on_own(cx, walk, 0, previous_id);
    walk->next_id = previous_id;
    return previous_id != 0 ? OK : go_on_own(cx, walk, walk->chain + 1, walk->predecessors[walk->chain].after_id);
}

/* An entry also stands for what was refused behind it. */
static bool is_wanted(const struct disclosure_list *list, const struct sql_disclosure_row *row)
{
    struct attribute_set set = {(uint64_t)(row->attributes_low | row->further_low),
                                (uint64_t)(row->attributes_high | row->further_high)};
    int64_t last_at_ms = row->further_reads > 0 ? row->further_last_at_ms : row->at_ms;
    return (list->attribute == ATTRIBUTE_NONE || attribute_set_has(set, list->attribute)) &&
           (list->relationship_id == 0 || list->relationship_id == row->relationship_id) &&
           (list->outcome == 0 || (int64_t)list->outcome == row->outcome) &&
           (list->from_at_ms == 0 || last_at_ms >= list->from_at_ms) &&
           (list->until_at_ms == 0 || row->at_ms < list->until_at_ms);
}

static err take_row(struct ctx *cx, struct walk *walk, const struct sql_disclosure_row *row)
{
    struct disclosure *out = &walk->list->out[walk->list->out_count];
    walk->seen_id = row->disclosure_id;
    if (!is_wanted(walk->list, row))
        return OK;
    TRY(disclosure_of_row(cx, walk->has_chain_key ? &walk->chain_key : NULL, row, out));
    out->person_id = walk->person_id;
    walk->list->out_count++;
    return OK;
}

/* Too old, and so is all that may have been refused behind it: that is of the same day. */
static bool is_too_old(const struct disclosure_list *list, const struct sql_disclosure_row *row)
{
    int64_t of_day_ms = list->outcome == DISCLOSURE_GIVEN ? 0 : list->from_at_ms % TIME_DAY_MS;
    return list->from_at_ms != 0 && row->at_ms < list->from_at_ms - of_day_ms;
}

/* Takes the rows of one step until the page is full, the rows are too old or another chain goes on. */
static err take_step(struct ctx *cx, struct walk *walk, const struct sql_disclosure_row *rows, size_t count)
{
    const struct disclosure_list *list = walk->list;
    size_t chain = walk->chain;
    for (size_t i = 0; i < count && walk->chain == chain && walk->next_id == rows[i].disclosure_id; i++) {
        bool too_old = is_too_old(list, &rows[i]);
        if (list->out_count == (size_t)list->limit)
            return OK;
        if (too_old && chain == OWN) {
            walk->next_id = 0; /* every chain only gets older from here */
            return OK;
        }
        TRY(take_row(cx, walk, &rows[i]));
        TRY(go_on(cx, walk, too_old ? 0 : rows[i].previous_id));
    }
    return OK;
}

/* The row that `after` names, in whichever chain of the person it lies. */
static err find_start(struct ctx *cx, struct walk *walk)
{
    struct sql_disclosure_load_row row = {0};
    bool found = false;
    if (walk->list->after == 0) {
        struct disclosure_head head;
        TRY(disclosure_head_load(cx, walk->person_id, &head));
        return go_on_own(cx, walk, 0, head.last_id);
    }
    for (size_t i = 0; i <= walk->predecessors_count && !found; i++) {
        TRY(enter_chain(cx, walk, i == 0 ? OWN : i - 1));
        struct sql_disclosure_load_in in = {chain_person(walk), walk->list->after};
        TRY(sql_disclosure_load(cx, &in, &row, &found));
    }
    return found ? go_on(cx, walk, row.previous_id) : FAIL_NOT_FOUND(cx);
}

/* What came with a claim may be older than what stands behind it: within a page the hours decide. */
static void order_page(struct disclosure_list *list)
{
    for (size_t i = 1; i < list->out_count; i++) {
        struct disclosure moved = list->out[i];
        size_t at = i;
        for (; at > 0 && list->out[at - 1].at_ms < moved.at_ms; at--)
            list->out[at] = list->out[at - 1];
        list->out[at] = moved;
    }
}

static err fill(struct ctx *cx, struct walk *walk)
{
    struct disclosure_list *list = walk->list;
    TRY(enter_chain(cx, walk, OWN));
    TRY(find_start(cx, walk));
    for (int step = 0; step < WALK_STEPS && walk->next_id != 0 && list->out_count < (size_t)list->limit; step++) {
        struct sql_disclosure_chain_in in = {chain_person(walk), walk->next_id, WALK_ROWS};
        struct sql_disclosure_row *rows = NULL;
        size_t count = 0;
        TRY(sql_disclosure_chain(cx, &in, &rows, &count));
        if (count == 0)
            return FAIL(cx, CORRUPT, "disclosure.missing", "the chain of disclosures names one that is not there");
        TRY(take_step(cx, walk, rows, count));
    }
    return OK;
}

err disclosure_list(struct ctx *cx, struct disclosure_list *list)
{
    TRY(policy_require_own(cx, POLICY_DISCLOSURE_READ));
    __attribute__((cleanup(walk_wipe))) struct walk walk = {
        .list = list, .person_id = cx->actor.person_id, .seen_id = list->after};
    struct predecessor *predecessors = NULL;
    TRY(person_key_open(cx, walk.person_id, &walk.key));
    TRY(predecessor_list(cx, walk.person_id, &predecessors, &walk.predecessors_count));
    walk.predecessors = predecessors;
    list->out_count = 0;
    list->out = ARENA_ARRAY(cx->arena, struct disclosure, (size_t)list->limit);
    if (list->out == NULL)
        return FAIL_MEMORY(cx);
    TRY(fill(cx, &walk));
    if (walk.predecessors_count > 0)
        order_page(list);
    list->out_last_id = walk.seen_id;
    list->out_more = walk.next_id != 0;
    return OK;
}

err disclosure_count(struct ctx *cx, int64_t *out_given, int64_t *out_refused)
{
    TRY(policy_require_own(cx, POLICY_DISCLOSURE_READ));
    struct predecessor *predecessors = NULL;
    size_t count = 0;
    struct disclosure_head sum;
    TRY(disclosure_head_load(cx, cx->actor.person_id, &sum));
    TRY(predecessor_list(cx, cx->actor.person_id, &predecessors, &count));
    for (size_t i = 0; i < count; i++) {
        struct disclosure_head head;
        TRY(disclosure_head_load(cx, predecessors[i].person_id, &head));
        sum.given += head.given;
        sum.refused += head.refused;
    }
    *out_given = sum.given;
    *out_refused = sum.refused;
    return OK;
}
