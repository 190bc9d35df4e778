/* SPDX-License-Identifier: Apache-2.0
 * Three statements, in the shapes that a keyring asks for; and whose keys they are. */
#include "domain/people/key_rows.h"

#include "domain/policy.h"
#include "store/queries.h"

/* ---- what a keyring asks for */

static err put(struct ctx *cx, void *self, int64_t bucket, struct bytes sealed)
{
    struct sql_bucket_key_insert_in in = {bucket, sealed};
    (void)self; /* the write that runs knows its store */
    return sql_bucket_key_insert(cx, &in, NULL);
}

struct destroying {
    int64_t bucket;
    int64_t changed;
};

/* store_write_fn */
static err delete_row(struct ctx *cx, void *arg)
{
    struct destroying *destroying = arg;
    struct sql_bucket_key_delete_in in = {destroying->bucket};
    return sql_bucket_key_delete(cx, &in, &destroying->changed);
}

static err destroy(struct ctx *cx, void *self, int64_t bucket, bool *out_was_there)
{
    struct destroying destroying = {bucket, 0};
    TRY(store_write_wait(self, cx, delete_row, &destroying));
    *out_was_there = destroying.changed > 0;
    return OK;
}

struct listing {
    err (*take)(void *arg, int64_t bucket);
    void *arg;
};

static err list_one(struct ctx *cx, const struct sql_bucket_key_list_row *row, void *arg)
{
    const struct listing *listing = arg;
    (void)cx; /* who takes it has what it needs */
    return listing->take(listing->arg, row->bucket);
}

static err list(struct ctx *cx, void *self, err (*take)(void *arg, int64_t bucket), void *arg)
{
    struct listing listing = {take, arg};
    (void)self;
    return sql_bucket_key_list_each(cx, list_one, &listing);
}

struct key_rows key_rows_of(struct store *store)
{
    return (struct key_rows){.put = put, .destroy = destroy, .list = list, .self = store};
}

/* ---- whose they are */

/* store_write_fn */
static err write_owner(struct ctx *cx, void *arg)
{
    struct sql_key_owner_insert_in in = {*(const struct text *)arg};
    return sql_key_owner_insert(cx, &in, NULL);
}

err key_owner_claim(struct ctx *cx, struct store *store, struct text name)
{
    struct sql_key_owner_load_row row;
    bool found = false;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(sql_key_owner_load(cx, &row, &found));
    if (!found) {
        TRY(store_write_wait(store, cx, write_owner, &name));
        TRY(sql_key_owner_load(cx, &row, &found));
    }
    if (found && text_equals(row.name, name))
        return OK;
    return FAIL(cx, CORRUPT, "key.root",
                "the key database was begun under another root key than the one in keys/ of this folder; copy root.key "
                "of the node's first server there");
}

err key_bucket_count_doomed(struct ctx *cx, int64_t *out)
{
    struct sql_key_bucket_count_doomed_row row = {0};
    bool found = false;
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    TRY(sql_key_bucket_count_doomed(cx, &row, &found));
    *out = row.buckets;
    return OK;
}
