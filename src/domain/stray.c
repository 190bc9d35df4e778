/* SPDX-License-Identifier: Apache-2.0
 * Walks the keys in the order of people, who are numbered by time. Two writes for what is found: first the records,
 * then the keys by which they are found again after a crash. */
#include "domain/stray.h"

#include "base/limits.h"
#include "domain/person.h"
#include "store/queries.h"

#define STRAY_ROWS 1000 /* of one look: the next one goes on */

struct strays {
    int64_t *person_ids;
    size_t   count;
    int64_t  last_id; /* of all that were looked at */
    bool     at_end;
};

static err is_stray(struct ctx *cx, int64_t person_id, bool *out)
{
    struct person person;
    err result = person_load(cx, person_id, &person);
    *out = result == NOT_FOUND;
    if (*out)
        failure_clear(&cx->failure);
    return *out ? OK : result;
}

static err find(struct ctx *cx, int64_t after_id, int64_t before_id, struct strays *out)
{
    struct sql_person_key_list_in in = {after_id, before_id, STRAY_ROWS};
    struct sql_person_key_list_row *rows = NULL;
    struct strays strays = {.last_id = after_id};
    size_t count = 0;
    TRY(sql_person_key_list(cx, &in, &rows, &count));
    strays.person_ids = ARENA_ARRAY(cx->arena, int64_t, count);
    if (strays.person_ids == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < count; i++) {
        bool stray = false;
        TRY(is_stray(cx, rows[i].person_id, &stray));
        strays.last_id = rows[i].person_id;
        if (stray)
            strays.person_ids[strays.count++] = rows[i].person_id;
    }
    strays.at_end = count < STRAY_ROWS;
    *out = strays;
    return OK;
}

/* store_write_fn. From here on those count who are strays under the lock. */
static err remove_records(struct ctx *cx, void *arg)
{
    struct strays *strays = arg;
    size_t kept = 0;
    for (size_t i = 0; i < strays->count; i++) {
        bool stray = false;
        TRY(is_stray(cx, strays->person_ids[i], &stray));
        if (!stray)
            continue;
        struct sql_record_delete_of_person_in in = {strays->person_ids[i]};
        TRY(sql_record_delete_of_person(cx, &in, NULL));
        strays->person_ids[kept++] = strays->person_ids[i];
    }
    strays->count = kept;
    return OK;
}

/* store_write_fn */
static err remove_keys(struct ctx *cx, void *arg)
{
    const struct strays *strays = arg;
    for (size_t i = 0; i < strays->count; i++)
        TRY(person_key_remove(cx, strays->person_ids[i]));
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
    sweep->after_id = strays.last_id;
    sweep->removed += (int64_t)strays.count;
    sweep->at_end = strays.at_end;
    return OK;
}

err stray_count(struct ctx *cx, int64_t *out_count)
{
    struct strays strays = {.at_end = false};
    int64_t count = 0;
    while (!strays.at_end) {
        TRY(find(cx, strays.last_id, INT64_MAX, &strays));
        count += (int64_t)strays.count;
    }
    *out_count = count;
    return OK;
}
