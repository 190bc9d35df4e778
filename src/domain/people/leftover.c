/* SPDX-License-Identifier: Apache-2.0
 * Two writes for all leftovers of a sweep: first records and keys, then the notes that they were there. */
#include "domain/people/leftover.h"

#include "domain/people/person_key.h"
#include "store/queries.h"

#define SWEEP_ROWS 100 /* of one call: the next one goes on */

struct leftovers {
    struct sql_leftover_list_row *rows;
    size_t                        count;
};

/* store_write_fn */
static err take_away(struct ctx *cx, void *arg)
{
    const struct leftovers *leftovers = arg;
    for (size_t i = 0; i < leftovers->count; i++) {
        const struct sql_leftover_list_row *row = &leftovers->rows[i];
        struct sql_record_delete_all_in records = {row->person_id, row->relationship_id};
        TRY(sql_record_delete_all(cx, &records, NULL));
        TRY(person_key_remove(cx, row->person_id));
    }
    return OK;
}

/* store_write_fn */
static err forget(struct ctx *cx, void *arg)
{
    const struct leftovers *leftovers = arg;
    for (size_t i = 0; i < leftovers->count; i++) {
        struct sql_leftover_delete_in in = {leftovers->rows[i].person_id, leftovers->rows[i].relationship_id};
        TRY(sql_leftover_delete(cx, &in, NULL));
    }
    return OK;
}

err leftover_sweep(struct ctx *cx, struct store *store)
{
    struct sql_leftover_list_in in = {SWEEP_ROWS};
    struct leftovers leftovers = {NULL, 0};
    TRY(sql_leftover_list(cx, &in, &leftovers.rows, &leftovers.count));
    if (leftovers.count == 0)
        return OK;
    TRY(store_write_wait(store, cx, take_away, &leftovers));
    return store_write_wait(store, cx, forget, &leftovers);
}
