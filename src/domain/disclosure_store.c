/* SPDX-License-Identifier: Apache-2.0
 * Rows of the ledger in and out: append to a person's chain, walk it back, filter. */
#include "domain/disclosure_store.h"

#include "base/limits.h"
#include "crypto/seal.h"
#include "domain/person_key.h"
#include "domain/policy.h"
#include "store/queries.h"

#define WALK_ROWS 200  /* rows of one step back */
#define WALK_STEPS 25  /* steps of one call: a rare filter gives a short page and says that there is more */

err disclosure_head_load(struct ctx *cx, int64_t person_id, struct disclosure_head *out)
{
    struct sql_disclosure_head_load_in in = {person_id};
    struct sql_disclosure_head_load_row row = {0};
    bool found = false;
    TRY(sql_disclosure_head_load(cx, &in, &row, &found));
    *out = found ? (struct disclosure_head){person_id, row.last_id, row.given, row.refused}
                 : (struct disclosure_head){.person_id = person_id};
    return OK;
}

err disclosure_head_save(struct ctx *cx, const struct disclosure_head *head)
{
    struct sql_disclosure_head_save_in row = {head->person_id, head->last_id, head->given, head->refused};
    return sql_disclosure_head_save(cx, &row, NULL);
}

err disclosure_append(struct ctx *cx, struct disclosure_head *head, struct disclosure *disclosure, struct bytes note)
{
    disclosure->previous_id = head->last_id;
    struct sql_disclosure_insert_in row = {
        .disclosure_id = disclosure->disclosure_id,
        .person_id = disclosure->person_id,
        .previous_id = disclosure->previous_id,
        .relationship_id = disclosure->relationship_id,
        .organisation_id = disclosure->organisation_id,
        .department_id = disclosure->department_id,
        .system_id = disclosure->system_id,
        .purpose_id = disclosure->purpose_id,
        .purpose_version = disclosure->purpose_version,
        .grant_id = disclosure->grant_id,
        .attributes_low = (int64_t)disclosure->attributes.low,
        .attributes_high = (int64_t)disclosure->attributes.high,
        .outcome = disclosure->outcome,
        .reason = disclosure->reason,
        .at_ms = disclosure->at_ms,
        .note = note,
    };
    TRY(sql_disclosure_insert(cx, &row, NULL));
    head->last_id = disclosure->disclosure_id;
    head->given += disclosure->outcome == DISCLOSURE_GIVEN;
    head->refused += disclosure->outcome == DISCLOSURE_REFUSED;
    return OK;
}

static err disclosure_of_row(struct ctx *cx, const struct secret_key *key, const struct sql_disclosure_row *row,
                             struct disclosure *out)
{
    *out = (struct disclosure){
        .disclosure_id = row->disclosure_id,
        .person_id = row->person_id,
        .previous_id = row->previous_id,
        .relationship_id = row->relationship_id,
        .organisation_id = row->organisation_id,
        .department_id = row->department_id,
        .system_id = row->system_id,
        .purpose_id = row->purpose_id,
        .purpose_version = row->purpose_version,
        .grant_id = row->grant_id,
        .attributes = {(uint64_t)row->attributes_low, (uint64_t)row->attributes_high},
        .outcome = (disclosure_outcome)row->outcome,
        .reason = row->reason,
        .at_ms = row->at_ms,
        .note = TEXT_NONE,
    };
    if (row->note.size == 0)
        return OK;
    struct seal_place place = {.person_id = row->person_id, .kind = SEAL_NOTE, .item = row->disclosure_id};
    struct bytes plain;
    TRY(seal_open(cx, key, &place, row->note, &plain));
    out->note = text_of_bytes(plain);
    return OK;
}

static bool is_wanted(const struct disclosure_list *list, const struct sql_disclosure_row *row)
{
    struct attribute_set set = {(uint64_t)row->attributes_low, (uint64_t)row->attributes_high};
    return (list->attribute == ATTRIBUTE_NONE || attribute_set_has(set, list->attribute)) &&
           (list->relationship_id == 0 || list->relationship_id == row->relationship_id) &&
           (list->from_at_ms == 0 || row->at_ms >= list->from_at_ms) &&
           (list->until_at_ms == 0 || row->at_ms < list->until_at_ms);
}

/* One page being filled from the chain. */
struct walk {
    struct disclosure_list *list;
    const struct secret_key *key;
    int64_t                  seen_id; /* the last row that was looked at */
    int64_t                  next_id; /* the next older row, 0: the chain ends */
};

/* Takes the rows of one step until the page is full or the rows are too old. */
static err take_step(struct ctx *cx, struct walk *walk, const struct sql_disclosure_row *rows, size_t count)
{
    struct disclosure_list *list = walk->list;
    for (size_t i = 0; i < count; i++) {
        if (list->from_at_ms != 0 && rows[i].at_ms < list->from_at_ms) {
            walk->next_id = 0; /* the chain only gets older from here */
            return OK;
        }
        if (list->out_count == (size_t)list->limit)
            return OK;
        if (is_wanted(list, &rows[i]))
            TRY(disclosure_of_row(cx, walk->key, &rows[i], &list->out[list->out_count++]));
        walk->seen_id = rows[i].disclosure_id;
        walk->next_id = rows[i].previous_id;
    }
    return OK;
}

/* Where the page begins: at the newest row, or behind the last one that was seen. */
static err find_start(struct ctx *cx, const struct disclosure_list *list, int64_t *out_newest_id)
{
    if (list->after == 0) {
        struct disclosure_head head;
        TRY(disclosure_head_load(cx, cx->actor.person_id, &head));
        *out_newest_id = head.last_id;
        return OK;
    }
    struct sql_disclosure_load_in in = {cx->actor.person_id, list->after};
    struct sql_disclosure_row row = {0};
    bool found = false;
    TRY(sql_disclosure_load(cx, &in, &row, &found));
    if (!found)
        return FAIL_NOT_FOUND(cx);
    *out_newest_id = row.previous_id;
    return OK;
}

err disclosure_list(struct ctx *cx, struct disclosure_list *list)
{
    TRY(policy_require_own(cx, POLICY_DISCLOSURE_READ));
    PERSON_KEY key;
    TRY(person_key_open(cx, cx->actor.person_id, &key));
    struct walk walk = {.list = list, .key = &key, .seen_id = list->after};
    list->out_count = 0;
    list->out = ARENA_ARRAY(cx->arena, struct disclosure, (size_t)list->limit);
    if (list->out == NULL)
        return FAIL_MEMORY(cx);
    TRY(find_start(cx, list, &walk.next_id));
    for (int step = 0; step < WALK_STEPS && walk.next_id != 0 && list->out_count < (size_t)list->limit; step++) {
        struct sql_disclosure_chain_in in = {cx->actor.person_id, walk.next_id, WALK_ROWS};
        struct sql_disclosure_row *rows = NULL;
        size_t count = 0;
        TRY(sql_disclosure_chain(cx, &in, &rows, &count));
        if (count == 0)
            return FAIL(cx, CORRUPT, "disclosure.missing", "the chain of disclosures names one that is not there");
        TRY(take_step(cx, &walk, rows, count));
    }
    list->out_last_id = walk.seen_id;
    list->out_more = walk.next_id != 0;
    return OK;
}

err disclosure_count(struct ctx *cx, int64_t *out_given, int64_t *out_refused)
{
    TRY(policy_require_own(cx, POLICY_DISCLOSURE_READ));
    struct disclosure_head head;
    TRY(disclosure_head_load(cx, cx->actor.person_id, &head));
    *out_given = head.given;
    *out_refused = head.refused;
    return OK;
}
