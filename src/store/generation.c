/* SPDX-License-Identifier: Apache-2.0
 * See generation.h. The tables are alike; the keys come first in a batch and are vouched for by nobody. */
#include "store/generation.h"

#include "store/data_age.h"
#include "store/keys_place.h"
#include "store/queries.h"
#include "store/state.h"

#define X(file)                                                                                                        \
    static err raise_##file(struct ctx *cx, const int64_t known[STORE_FILE_COUNT],                                     \
                            struct sql_raised_generation_row *row, bool *found)                                        \
    {                                                                                                                  \
        struct sql_generation_raise_##file##_in in = {known[STORE_RECORDS], known[STORE_LEDGER], known[STORE_PEOPLE]}; \
        return sql_generation_raise_##file(cx, &in, row, found);                                                       \
    }
X(keys)
X(records)
X(ledger)
X(people)
#undef X

static const struct {
    err (*load)(struct ctx *cx, struct sql_file_generation_row *row, bool *found);
    err (*raise)(struct ctx *cx, const int64_t known[STORE_FILE_COUNT], struct sql_raised_generation_row *row,
                 bool *found);
} QUERIES[STORE_FILE_COUNT] = {
    [STORE_KEYS] = {sql_generation_of_keys, raise_keys},
    [STORE_RECORDS] = {sql_generation_of_records, raise_records},
    [STORE_LEDGER] = {sql_generation_of_ledger, raise_ledger},
    [STORE_PEOPLE] = {sql_generation_of_people, raise_people},
};

static err fail_damaged(struct ctx *cx)
{
    return FAIL(cx, CORRUPT, "store.damaged", "a file of the store does not say how often it was changed");
}

bool generation_is_kept(const struct store *store, store_file file)
{
    return file == STORE_KEYS || store_is_local(store, file);
}

/* ---- at start */

static err load_all(struct ctx *cx, const struct store *store, struct sql_file_generation_row out[STORE_FILE_COUNT])
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        bool found = false;
        out[file] = (struct sql_file_generation_row){0};
        if (!generation_is_kept(store, file))
            continue;
        TRY(QUERIES[file].load(cx, &out[file], &found));
        if (!found)
            return fail_damaged(cx);
    }
    return OK;
}

/* The file is behind what another one vouches for. */
static err check(struct ctx *cx, const struct store *store, const struct sql_file_generation_row *by, store_file of,
                 const struct sql_file_generation_row now[STORE_FILE_COUNT])
{
    const int64_t known[STORE_FILE_COUNT] = {
        [STORE_RECORDS] = by->records, [STORE_LEDGER] = by->ledger, [STORE_PEOPLE] = by->people};
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        if (!store_is_local(store, file))
            continue;
        if (now[file].generation < known[file])
            return store_fail_older(cx, file, store_file_name(of));
    }
    return OK;
}

/* Read twice: what a file vouches for was on disk by then, so the other one shows it at the second look. */
static err check_all(struct ctx *cx, struct store *store)
{
    struct sql_file_generation_row first[STORE_FILE_COUNT];
    struct sql_file_generation_row now[STORE_FILE_COUNT];
    TRY(load_all(cx, store, first));
    TRY(load_all(cx, store, now));
    for (store_file file = 0; file < STORE_FILE_COUNT; file++) {
        TRY(check(cx, store, &first[file], file, now));
        generation_note(store, file, now[file].generation);
    }
    return OK;
}

err generation_check(struct ctx *cx, struct store *store)
{
    struct store_conn *of_caller = cx->db;
    cx->db = store->writer.conn;
    err result = check_all(cx, store);
    cx->db = of_caller;
    return result;
}

/* ---- the keys, which may be put back while the node runs */

err store_keys_generation(struct ctx *cx, struct store *store, int64_t *out, int64_t *out_seen)
{
    struct sql_file_generation_row row;
    int64_t known[STORE_FILE_COUNT];
    bool found = false;
    store_generations(store, known); /* before the look: what is seen then is as new */
    TRY(sql_generation_of_keys(cx, &row, &found));
    if (!found)
        return fail_damaged(cx);
    if (row.generation > known[STORE_KEYS])
        generation_note(store, STORE_KEYS, row.generation);
    *out = row.generation;
    *out_seen = known[STORE_KEYS];
    return OK;
}

void store_keys_accept(struct store *store)
{
    generation_note(store, STORE_KEYS, 0);
}

/* Each raise of each process goes beyond all those before it. */
static err check_raised(struct ctx *cx, const int64_t known[STORE_FILE_COUNT], store_file file, int64_t generation)
{
    if (file != STORE_KEYS || generation > known[STORE_KEYS])
        return OK;
    return FAIL(cx, CORRUPT, "store.went_back", "the keys were put back from an older copy while the node runs");
}

/* ---- in a batch */

err generation_raise(struct ctx *cx, store_file file, int64_t *out)
{
    struct store_conn *conn = cx->db;
    struct sql_raised_generation_row row;
    int64_t known[STORE_FILE_COUNT];
    bool found = false;
    store_generations(conn->store, known);
    conn_begin_write(conn);
    conn->is_uncounted = true; /* this is no change of the data */
    err result = QUERIES[file].raise(cx, known, &row, &found);
    TRY(conn_end_write(cx, conn, result == OK));
    TRY(result);
    if (!found)
        return fail_damaged(cx);
    TRY(check_raised(cx, known, file, row.generation));
    *out = row.generation;
    return OK;
}

void generation_note(struct store *store, store_file file, int64_t generation)
{
    atomic_store(&store->generations[file], generation);
}

void store_generations(struct store *store, int64_t out[STORE_FILE_COUNT])
{
    for (store_file file = 0; file < STORE_FILE_COUNT; file++)
        out[file] = atomic_load(&store->generations[file]);
}

/* ---- data on a server */

/* Saying where it lies is no change of it. */
void generation_note_change(struct store *store)
{
    if (!store->options.moves)
        (void)atomic_fetch_add(&store->changes, 1);
}

int64_t store_changes(struct store *store)
{
    return atomic_load(&store->changes);
}

bool store_is_for_move(const struct store *store)
{
    return store->options.moves;
}

err store_generations_look(struct ctx *cx, struct store *store, int64_t out[STORE_FILE_COUNT])
{
    struct database *people = cx->db->of_file[STORE_PEOPLE];
    int64_t changes = 0;
    if (people->engine->changes != NULL)
        TRY(people->engine->changes(cx, people, &changes));
    store_generations(store, out);
    if (people->engine->changes != NULL)
        out[STORE_PEOPLE] = changes;
    return OK;
}

void store_keep_house(struct ctx *cx)
{
    cx->db->is_uncounted = !store_is_local(cx->db->store, STORE_PEOPLE);
}
