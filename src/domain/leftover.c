/* SPDX-License-Identifier: Apache-2.0
 * Two writes for each leftover: first records and key, then the note that they were there. */
#include "domain/leftover.h"

#include "domain/person_key.h"
#include "store/queries.h"

#define SWEEP_ROWS 100 /* of one call: the next one goes on */

/* store_write_fn */
static err take_away(struct ctx *cx, void *arg)
{
    const struct sql_leftover_list_row *row = arg;
    struct sql_record_delete_all_in records = {row->person_id, row->relationship_id};
    TRY(sql_record_delete_all(cx, &records, NULL));
    return person_key_remove(cx, row->person_id);
}

/* store_write_fn */
static err forget(struct ctx *cx, void *arg)
{
    const struct sql_leftover_list_row *row = arg;
    struct sql_leftover_delete_in in = {row->person_id, row->relationship_id};
    return sql_leftover_delete(cx, &in, NULL);
}

err leftover_sweep(struct ctx *cx, struct store *store)
{
    struct sql_leftover_list_in in = {SWEEP_ROWS};
    struct sql_leftover_list_row *rows = NULL;
    size_t count = 0;
    TRY(sql_leftover_list(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(store_write_wait(store, cx, take_away, &rows[i]));
        TRY(store_write_wait(store, cx, forget, &rows[i]));
    }
    return OK;
}
