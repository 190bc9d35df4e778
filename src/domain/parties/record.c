/* SPDX-License-Identifier: Apache-2.0
 * Records in and out, sealed under the key of the person they are about. */
#include "domain/parties/record.h"

#include <string.h>

#include "crypto/seal.h"
#include "domain/people/person_key.h"
#include "domain/policy.h"
#include "store/queries.h"

static const char *const KINDS[] = {
    [RECORD_PROFILE] = "profile",
    [RECORD_TRANSACTION] = "transaction",
    [RECORD_INTERACTION] = "interaction",
    [RECORD_INFERENCE] = "inference",
};

const char *record_kind_word(record_kind kind)
{
    return KINDS[kind];
}

/* The whole row: whoever may write the files but has no key gives a record to nobody else and dates none back. */
static struct seal_place place_of(const struct record *record)
{
    return (struct seal_place){
        .person_id = record->person_id,
        .kind = SEAL_RECORD,
        .item = record->record_id,
        .version = record->version,
        .beside = {record->relationship_id, record->department_id, record->kind, record->created_at_ms,
                   record->updated_at_ms},
    };
}

err record_open(struct ctx *cx, const struct secret_key *key, const struct record *record, struct bytes sealed,
                struct bytes *out_plain)
{
    struct seal_place place = place_of(record);
    if (seal_open(cx, key, &place, sealed, out_plain) == OK)
        return OK;
    failure_clear(&cx->failure);
    memset(place.beside, 0, sizeof place.beside); /* sealed before the row stood in its place */
    return seal_open(cx, key, &place, sealed, out_plain);
}

err record_insert(struct ctx *cx, const struct secret_key *key, struct record *record)
{
    record->version = 1;
    record->created_at_ms = record->updated_at_ms = cx->now_ms;
    struct seal_place place = place_of(record);
    struct sql_record_insert_in row = {
        .person_id = record->person_id,
        .relationship_id = record->relationship_id,
        .record_id = record->record_id,
        .department_id = record->department_id,
        .kind = record->kind,
        .version = record->version,
        .created_at_ms = record->created_at_ms,
        .updated_at_ms = record->updated_at_ms,
    };
    TRY(seal(cx, key, &place, bytes_of_text(record->body), &row.sealed));
    return sql_record_insert(cx, &row, NULL);
}

err record_update(struct ctx *cx, const struct secret_key *key, struct record *record)
{
    record->version++;
    record->updated_at_ms = cx->now_ms;
    struct seal_place place = place_of(record);
    struct sql_record_update_in row = {
        .person_id = record->person_id,
        .relationship_id = record->relationship_id,
        .record_id = record->record_id,
        .version = record->version,
        .updated_at_ms = record->updated_at_ms,
    };
    TRY(seal(cx, key, &place, bytes_of_text(record->body), &row.sealed));
    return sql_record_update(cx, &row, NULL);
}

struct record record_of_row(int64_t person_id, const struct sql_record_list_row *row)
{
    return (struct record){
        .person_id = person_id,
        .relationship_id = row->relationship_id,
        .record_id = row->record_id,
        .department_id = row->department_id,
        .kind = (record_kind)row->kind,
        .version = row->version,
        .created_at_ms = row->created_at_ms,
        .updated_at_ms = row->updated_at_ms,
    };
}

static err open_row(struct ctx *cx, const struct secret_key *key, int64_t person_id,
                    const struct sql_record_list_row *row, struct record *out)
{
    struct bytes plain;
    *out = record_of_row(person_id, row);
    TRY(record_open(cx, key, out, row->sealed, &plain));
    out->body = text_of_bytes(plain);
    return OK;
}

err record_list_open(struct ctx *cx, const struct secret_key *key, const struct relationship *relationship,
                     struct record **out, size_t *out_count)
{
    struct sql_record_list_in in = {relationship->person_id, relationship->relationship_id,
                                    relationship->relationship_id};
    struct sql_record_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_record_list(cx, &in, &rows, &count));
    struct record *records = ARENA_ARRAY(cx->arena, struct record, count);
    if (records == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++)
        TRY(open_row(cx, key, relationship->person_id, &rows[i], &records[i]));
    *out = records;
    *out_count = count;
    return OK;
}

err record_list(struct ctx *cx, const struct relationship *relationship, struct record **out, size_t *out_count)
{
    bool person = cx->actor.kind == ACTOR_PERSON;
    struct policy_object object = {.person_id = relationship->person_id,
                                   .organisation_id = relationship->organisation_id,
                                   .department_id = cx->actor.department_id};
    TRY(policy_require(cx, person ? POLICY_RECORD_READ : POLICY_RECORD_SEE, &object));
    PERSON_KEY key;
    TRY(person_key_open(cx, relationship->person_id, &key));
    struct record *records = NULL;
    size_t count = 0;
    size_t kept = 0;
    TRY(record_list_open(cx, &key, relationship, &records, &count));
    for (size_t i = 0; i < count; i++)
        if (person || records[i].department_id == cx->actor.department_id)
            records[kept++] = records[i];
    *out = records;
    *out_count = kept;
    return OK;
}

err record_copy_all(struct ctx *cx, const struct record_move *move)
{
    struct record *records = NULL;
    size_t count = 0;
    TRY(record_list_open(cx, move->from_key, move->from, &records, &count));
    for (size_t i = 0; i < count; i++) {
        records[i].person_id = move->to_person_id;
        struct seal_place place = place_of(&records[i]);
        struct sql_record_copy_in row = {
            .person_id = move->to_person_id,
            .relationship_id = records[i].relationship_id,
            .record_id = records[i].record_id,
            .department_id = records[i].department_id,
            .kind = records[i].kind,
            .version = records[i].version,
            .created_at_ms = records[i].created_at_ms,
            .updated_at_ms = records[i].updated_at_ms,
        };
        TRY(seal(cx, move->to_key, &place, bytes_of_text(records[i].body), &row.sealed));
        TRY(sql_record_copy(cx, &row, NULL));
    }
    return OK;
}
