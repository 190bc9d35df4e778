/* SPDX-License-Identifier: Apache-2.0
 * Rows that nothing led to. The tables of facts have no index by person, so each is scanned once in its own order and
 * held against the sums of what the walk over people reached; only where a sum differs is a row looked at by itself. */
#include "domain/proof/audit_walk.h"
#include "domain/sharing/disclosure_store.h"

#define CHAIN_ROWS 500 /* rows of one step back */

/* ---- what was reached */

/* The finaliser of splitmix64: neighbouring numbers do not cancel each other out. */
static uint64_t mix(int64_t number)
{
    uint64_t mixed = (uint64_t)number + UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

static uint64_t *sum_of(struct audit_tally *tally, int64_t person_id)
{
    return &tally->sums[mix(person_id) % AUDIT_TALLY_BUCKETS];
}

void audit_tally_add(struct audit_walk *walk, struct audit_tally *tally, int64_t person_id, int64_t number)
{
    if (!walk->tells && number <= walk->newest_number)
        *sum_of(tally, person_id) += mix(number);
}

static bool is_clear(const struct audit_tally *tally)
{
    for (size_t i = 0; i < AUDIT_TALLY_BUCKETS; i++)
        if (tally->sums[i] != 0)
            return false;
    return true;
}

/* One scan of one table: the first time it only takes away from the sums, the second time it looks at rows. */
struct scan {
    struct audit_walk  *walk;
    struct audit_tally *tally;
    bool                precise;
    struct person       person; /* looked up last: neighbours are often of one person */
};

/* Is this row to be looked at? */
static bool is_suspect(struct scan *scan, int64_t person_id, int64_t number)
{
    uint64_t *sum = sum_of(scan->tally, person_id);
    if (number > scan->walk->newest_number || !audit_is_meant(scan->walk, person_id))
        return false;
    if (!scan->precise)
        *sum -= mix(number);
    return scan->precise && *sum != 0;
}

/* A result that says "not there" is an answer. */
static err forgive_absence(struct audit_walk *walk, err result, bool *out_found)
{
    *out_found = result == OK;
    if (result != OK && result != NOT_FOUND && result != CORRUPT) /* a broken chain was told with its subject */
        return result;
    failure_clear(&walk->brief.failure);
    return OK;
}

/* ---- acts */

static err load_last_act(struct audit_walk *walk, const struct sql_audit_act_list_row *act, int64_t *out)
{
    struct text event = text_of(act_event((act_kind)act->kind));
    struct relationship relationship = {0};
    struct grant grant = {0};
    struct request request = {0};
    bool found = false;
    err result = text_starts_with(event, "grant.") ? grant_load(&walk->brief, act->person_id, act->subject_id, &grant)
                 : text_starts_with(event, "request.")
                     ? request_load(&walk->brief, act->person_id, act->subject_id, &request)
                     : relationship_load(&walk->brief, act->person_id, act->subject_id, &relationship);
    TRY(forgive_absence(walk, result, &found));
    *out = grant.last_act_id + request.last_act_id + relationship.last_act_id; /* two of them are 0 */
    return OK;
}

static err is_act_reached(struct audit_walk *walk, const struct sql_audit_act_list_row *act, bool *out)
{
    int64_t last_act_id = 0;
    struct act *acts = NULL;
    size_t count = 0;
    bool whole = false;
    bool reached = false;
    TRY(load_last_act(walk, act, &last_act_id));
    TRY(forgive_absence(walk, act_list(&walk->brief, act->person_id, last_act_id, &acts, &count), &whole));
    for (size_t i = 0; whole && i < count; i++)
        reached = reached || acts[i].act_id == act->act_id;
    *out = reached;
    return OK;
}

static err find_person(struct scan *scan, int64_t person_id)
{
    bool found = false;
    if (scan->person.person_id == person_id)
        return OK;
    TRY(forgive_absence(scan->walk, person_load(&scan->walk->brief, person_id, &scan->person), &found));
    if (!found)
        scan->person = (struct person){.person_id = person_id};
    return OK;
}

/* Facts of a person whom another has claimed were written again under that one, and stay. */
static err check_old_act(struct scan *scan, const struct sql_audit_act_list_row *act)
{
    struct relationship relationship;
    bool found = false;
    TRY(forgive_absence(scan->walk, relationship_load(&scan->walk->brief, scan->person.merged_into,
                                                      act->relationship_id, &relationship), &found));
    if (!found && !scan->precise)
        audit_found(scan->walk, "Act %lld is of a relationship that the claimer does not have.",
                    (long long)act->act_id);
    return OK;
}

static err look_at_act(struct scan *scan, const struct sql_audit_act_list_row *act)
{
    bool reached = true;
    TRY(find_person(scan, act->person_id));
    if (scan->person.state == PERSON_MERGED)
        return check_old_act(scan, act);
    if (is_suspect(scan, act->person_id, act->act_id))
        TRY(is_act_reached(scan->walk, act, &reached));
    if (!reached)
        audit_found(scan->walk, "Act %lld belongs to no chain.", (long long)act->act_id);
    return OK;
}

static err take_act(struct ctx *cx, const struct sql_audit_act_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct scan *scan = arg;
    err result = audit_is_meant(scan->walk, row->person_id) ? look_at_act(scan, row) : OK;
    arena_reset(scan->walk->brief.arena);
    return result;
}

static err scan_acts(struct scan *scan)
{
    return sql_audit_act_list_each(&scan->walk->cx, take_act, scan);
}

/* ---- receipts */

static err is_receipt_reached(struct audit_walk *walk, const struct sql_audit_receipt_list_row *receipt, bool *out)
{
    struct sql_act_of_receipt_in in = {receipt->person_id, receipt->relationship_id, receipt->receipt_id};
    struct sql_act_of_receipt_row row = {0};
    return sql_act_of_receipt(&walk->brief, &in, &row, out); /* whether that act is reached was told with the acts */
}

static err take_receipt(struct ctx *cx, const struct sql_audit_receipt_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct scan *scan = arg;
    bool reached = true;
    if (is_suspect(scan, row->person_id, row->receipt_id))
        TRY(is_receipt_reached(scan->walk, row, &reached));
    if (!reached)
        audit_found(scan->walk, "Receipt %lld belongs to no act.", (long long)row->receipt_id);
    arena_reset(scan->walk->brief.arena);
    return OK;
}

static err scan_receipts(struct scan *scan)
{
    return sql_audit_receipt_list_each(&scan->walk->cx, take_receipt, scan);
}

/* ---- disclosures */

/* One disclosure is looked for in the chain of its person. */
struct search {
    int64_t wanted;
    int64_t next_id;
    int64_t rows;
    bool    found;
    bool    turns; /* in a circle */
    struct audit_circle circle;
};

static err take_link(struct ctx *cx, const struct sql_disclosure_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    struct search *search = arg;
    search->found = search->found || row->disclosure_id == search->wanted;
    search->next_id = row->previous_id;
    search->turns = audit_circle_closes(&search->circle, row->disclosure_id) || search->turns;
    search->rows++;
    return OK;
}

static err is_disclosure_reached(struct audit_walk *walk, const struct sql_audit_disclosure_list_row *row, bool *out)
{
    struct disclosure_head head;
    TRY(disclosure_head_load(&walk->brief, row->person_id, &head));
    struct search search = {row->disclosure_id, head.last_id, .rows = 0};
    while (!search.found && search.next_id != 0 && !search.turns) {
        struct sql_disclosure_chain_in in = {row->person_id, search.next_id, CHAIN_ROWS};
        int64_t rows = search.rows;
        TRY(sql_disclosure_chain_each(&walk->brief, &in, take_link, &search));
        if (search.rows == rows)
            break; /* the chain names a row that is not there: told with its person */
    }
    *out = search.found;
    return OK;
}

static err take_disclosure(struct ctx *cx, const struct sql_audit_disclosure_list_row *row, void *arg)
{
    (void)cx; /* the steps take their memory elsewhere */
    struct scan *scan = arg;
    bool reached = true;
    if (is_suspect(scan, row->person_id, row->disclosure_id))
        TRY(is_disclosure_reached(scan->walk, row, &reached));
    if (!reached)
        audit_found(scan->walk, "Disclosure %lld belongs to no chain.", (long long)row->disclosure_id);
    arena_reset(scan->walk->brief.arena);
    return OK;
}

static err scan_disclosures(struct scan *scan)
{
    return sql_audit_disclosure_list_each(&scan->walk->cx, take_disclosure, scan);
}

/* ---- all of it */

static err scan_twice(struct audit_walk *walk, struct audit_tally *tally, err (*run)(struct scan *scan))
{
    struct scan scan = {.walk = walk, .tally = tally};
    TRY(run(&scan));
    if (is_clear(tally))
        return OK;
    scan.precise = true;
    return run(&scan);
}

static err take_further(struct ctx *cx, const struct sql_audit_further_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    if (audit_is_meant(arg, row->person_id))
        audit_found(arg, "Refused reads are counted behind disclosure %lld, which is not there.",
                    (long long)row->disclosure_id);
    return OK;
}

static err take_day(struct ctx *cx, const struct sql_audit_refused_day_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    if (audit_is_meant(arg, row->person_id))
        audit_found(arg, "The refused reads of a day end with disclosure %lld, which is not one of them.",
                    (long long)row->last_id);
    return OK;
}

static err take_lost(struct ctx *cx, const struct sql_audit_lost_list_row *row, void *arg)
{
    (void)cx; /* nothing in here can fail */
    audit_found(arg, "Rows are kept for person %lld, who is not here.", (long long)row->person_id);
    return OK;
}

err audit_strays(struct audit_walk *walk)
{
    TRY(scan_twice(walk, walk->acts, scan_acts));
    TRY(scan_twice(walk, walk->receipts, scan_receipts));
    TRY(scan_twice(walk, walk->disclosures, scan_disclosures));
    TRY(sql_audit_further_list_each(&walk->cx, take_further, walk));
    TRY(sql_audit_refused_day_list_each(&walk->cx, take_day, walk));
    TRY(sql_audit_asked_day_list_each(&walk->cx, take_day, walk));
    return sql_audit_lost_list_each(&walk->cx, take_lost, walk);
}
