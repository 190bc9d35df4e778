/* SPDX-License-Identifier: Apache-2.0
 * Rows of the ledger in and out. How a person's list is read stands in disclosure_list.c. */
#include "domain/sharing/disclosure_store.h"

#include "crypto/seal.h"

void disclosure_head_load_ahead(struct ctx *cx, int64_t person_id)
{
    struct sql_disclosure_head_load_in in = {person_id};
    sql_disclosure_head_load_ahead(cx, &in);
}

err disclosure_head_load(struct ctx *cx, int64_t person_id, struct disclosure_head *out)
{
    struct sql_disclosure_head_load_in in = {person_id};
    struct sql_disclosure_head_load_row row = {0};
    bool found = false;
    TRY(sql_disclosure_head_load(cx, &in, &row, &found));
    *out = found ? (struct disclosure_head){person_id, row.last_id, row.given, row.refused, row.asked}
                 : (struct disclosure_head){.person_id = person_id};
    return OK;
}

err disclosure_head_save(struct ctx *cx, const struct disclosure_head *head)
{
    struct sql_disclosure_head_save_in row = {head->person_id, head->last_id, head->given, head->refused,
                                               head->asked};
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
    head->asked += disclosure->outcome == DISCLOSURE_ASKED_YES || disclosure->outcome == DISCLOSURE_ASKED_NO;
    return OK;
}

err disclosure_of_row(struct ctx *cx, const struct secret_key *key, const struct sql_disclosure_row *row,
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
        .further = {row->further_reads, row->further_last_at_ms,
                    {(uint64_t)row->further_low, (uint64_t)row->further_high}},
    };
    if (row->note.size == 0 || key == NULL)
        return OK;
    struct seal_place place = {.person_id = row->person_id, .kind = SEAL_NOTE, .item = row->disclosure_id};
    struct bytes plain;
    TRY(seal_open(cx, key, &place, row->note, &plain));
    out->note = text_of_bytes(plain);
    return OK;
}
