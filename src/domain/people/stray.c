/* SPDX-License-Identifier: Apache-2.0
 * Walks the keys in the order of people, who are numbered by time. Two writes for what is found: first the records,
 * then the keys by which they are found again after a crash. */
#include "domain/people/stray.h"

#include "domain/people/person.h"
#include "domain/people/person_key.h"
#include "domain/sharing/relationship.h"
#include "store/queries.h"

#define STRAY_ROWS 1000  /* of one look: the next one goes on */
#define STRAY_COPIES 100 /* of one look: what is beyond waits for another sweep */

/* Records of a relationship that the people file does not give to this person. */
struct stray_copy {
    int64_t person_id;
    int64_t relationship_id;
};

struct strays {
    int64_t           *person_ids;
    size_t             count;
    struct stray_copy *copies;
    size_t             copies_count;
    int64_t           *removed_ids; /* by the write, which may run again: it counts anew each time */
    size_t             removed_count;
    size_t             copies_removed;
    int64_t            last_id; /* of all that were looked at */
    bool               at_end;
};

/* Not there: an answer. */
static err forgive(struct ctx *cx, err result, bool *out_found)
{
    *out_found = result == OK;
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure);
    return OK;
}

static err is_stray(struct ctx *cx, int64_t person_id, bool *out)
{
    struct person person;
    bool found = false;
    TRY(forgive(cx, person_load(cx, person_id, &person), &found));
    *out = !found;
    return OK;
}

/* ---- copies */

static err has_relationship(struct ctx *cx, const struct stray_copy *copy, bool *out)
{
    struct relationship relationship;
    return forgive(cx, relationship_load(cx, copy->person_id, copy->relationship_id, &relationship), out);
}

/* Whether somebody who was invited still has what was copied, and the key to it. */
static err has_original(struct ctx *cx, int64_t person_id, int64_t relationship_id, bool *out)
{
    PERSON_KEY key;
    bool opens = false;
    bool found = false;
    struct sql_record_next_relationship_in in = {person_id, relationship_id - 1};
    struct sql_record_next_relationship_row row;
    TRY(forgive(cx, person_key_open(cx, person_id, &key), &opens));
    TRY(sql_record_next_relationship(cx, &in, &row, &found));
    *out = opens && found && row.relationship_id == relationship_id;
    return OK;
}

/* A copy that nothing else would remain of is left alone: the people file may be an old one that was put back. */
static err is_needless(struct ctx *cx, const struct stray_copy *copy, bool *out)
{
    struct sql_relationship_holder_in in = {copy->relationship_id};
    struct sql_relationship_holder_row row;
    struct person holder;
    bool found = false;
    TRY(sql_relationship_holder(cx, &in, &row, &found));
    *out = false;
    if (!found)
        return OK;
    TRY(person_load(cx, row.person_id, &holder));
    if (holder.state == PERSON_UNCLAIMED)
        return has_original(cx, row.person_id, copy->relationship_id, out);
    *out = true;
    return OK;
}

static err find_copies(struct ctx *cx, int64_t person_id, struct strays *strays)
{
    struct sql_record_next_relationship_in in = {person_id, 0};
    struct sql_record_next_relationship_row row;
    bool found = false;
    TRY(sql_record_next_relationship(cx, &in, &row, &found));
    while (found && strays->copies_count < STRAY_COPIES) {
        struct stray_copy copy = {person_id, row.relationship_id};
        bool known = false;
        bool needless = false;
        TRY(has_relationship(cx, &copy, &known));
        if (!known)
            TRY(is_needless(cx, &copy, &needless));
        if (needless)
            strays->copies[strays->copies_count++] = copy;
        in.after_id = row.relationship_id;
        TRY(sql_record_next_relationship(cx, &in, &row, &found));
    }
    return OK;
}

/* ---- looking */

/* Whom another person has claimed is the business of domain/people/leftover.h. */
static err look_at(struct ctx *cx, int64_t person_id, struct strays *strays)
{
    struct person person;
    bool found = false;
    TRY(forgive(cx, person_load(cx, person_id, &person), &found));
    if (!found)
        strays->person_ids[strays->count++] = person_id;
    else if (person.state == PERSON_ACTIVE)
        TRY(find_copies(cx, person_id, strays));
    return OK;
}

static err find(struct ctx *cx, int64_t after_id, int64_t before_id, struct strays *out)
{
    struct sql_person_key_list_in in = {after_id, before_id, STRAY_ROWS};
    struct sql_person_key_list_row *rows = NULL;
    struct strays strays = {.last_id = after_id};
    size_t count = 0;
    TRY(sql_person_key_list(cx, &in, &rows, &count));
    strays.person_ids = ARENA_ARRAY(cx->arena, int64_t, count);
    strays.removed_ids = ARENA_ARRAY(cx->arena, int64_t, count);
    strays.copies = ARENA_ARRAY(cx->arena, struct stray_copy, STRAY_COPIES);
    if (strays.person_ids == NULL || strays.removed_ids == NULL || strays.copies == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++) {
        TRY(look_at(cx, rows[i].person_id, &strays));
        strays.last_id = rows[i].person_id;
    }
    strays.at_end = count < STRAY_ROWS;
    *out = strays;
    return OK;
}

/* ---- taking away */

/* store_write_fn. From here on those count who are strays under the lock. */
static err remove_records(struct ctx *cx, void *arg)
{
    struct strays *strays = arg;
    strays->removed_count = 0;
    for (size_t i = 0; i < strays->count; i++) {
        bool stray = false;
        TRY(is_stray(cx, strays->person_ids[i], &stray));
        if (!stray)
            continue;
        struct sql_record_delete_of_person_in in = {strays->person_ids[i]};
        TRY(sql_record_delete_of_person(cx, &in, NULL));
        strays->removed_ids[strays->removed_count++] = strays->person_ids[i];
    }
    return OK;
}

/* store_write_fn. Who has claimed meanwhile keeps the records. */
static err remove_copies(struct ctx *cx, void *arg)
{
    struct strays *strays = arg;
    strays->copies_removed = 0;
    for (size_t i = 0; i < strays->copies_count; i++) {
        bool known = false;
        TRY(has_relationship(cx, &strays->copies[i], &known));
        if (known)
            continue;
        struct sql_record_delete_all_in in = {strays->copies[i].person_id, strays->copies[i].relationship_id};
        TRY(sql_record_delete_all(cx, &in, NULL));
        strays->copies_removed++;
    }
    return OK;
}

/* store_write_fn */
static err remove_keys(struct ctx *cx, void *arg)
{
    const struct strays *strays = arg;
    for (size_t i = 0; i < strays->removed_count; i++)
        TRY(person_key_remove(cx, strays->removed_ids[i]));
    return OK;
}

err stray_sweep(struct ctx *cx, struct store *store, struct stray_sweep *sweep)
{
    struct strays strays;
    TRY(find(cx, sweep->after_id, number_first_of_ms(cx->now_ms - sweep->older_than_ms), &strays));
    if (strays.count > 0) {
        TRY(store_write_wait(store, cx, remove_records, &strays));
        TRY(store_write_wait(store, cx, remove_keys, &strays));
    }
    if (strays.copies_count > 0)
        TRY(store_write_wait(store, cx, remove_copies, &strays));
    sweep->after_id = strays.last_id;
    sweep->removed += (int64_t)strays.removed_count;
    sweep->copies += (int64_t)strays.copies_removed;
    sweep->at_end = strays.at_end;
    return OK;
}

err stray_count(struct ctx *cx, int64_t *out_count)
{
    struct strays strays = {.at_end = false};
    int64_t count = 0;
    while (!strays.at_end) {
        TRY(find(cx, strays.last_id, INT64_MAX, &strays));
        count += (int64_t)(strays.count + strays.copies_count);
    }
    *out_count = count;
    return OK;
}
