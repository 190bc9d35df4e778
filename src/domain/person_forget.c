/* SPDX-License-Identifier: Apache-2.0
 * Keys are destroyed: the survivors of a bucket are wrapped under a fresh one, then the old bucket key goes. The person
 * is marked first and the bucket before it is destroyed, so a crash in between is finished by the next call. A bucket
 * is emptied once, however many of its people go. */
#include "crypto/keyring.h"
#include "domain/person.h"
#include "domain/policy.h"
#include "domain/predecessor.h"
#include "store/queries.h"

/* People whose keys go: those who are erased, then those whose places they took. */
struct forget {
    int64_t *person_ids;
    size_t   count;
    int64_t  bucket; /* the one at hand */
};

static bool is_named(const struct forget *forget, int64_t person_id)
{
    for (size_t i = 0; i < forget->count; i++)
        if (forget->person_ids[i] == person_id)
            return true;
    return false;
}

/* ---- whom */

err person_mark_erased(struct ctx *cx, int64_t person_id)
{
    struct sql_person_update_in erased = {person_id, PERSON_ERASED, 0};
    struct sql_erasure_insert_in left = {person_id, cx->now_ms};
    TRY(sql_person_update(cx, &erased, NULL));
    return sql_erasure_insert(cx, &left, NULL);
}

struct marking {
    const int64_t *person_ids;
    size_t         count;
};

/* store_write_fn. First of all: an audit can then tell a key that was destroyed from one that was lost, and a crash in
 * between leaves somebody on the list whose key is still there. */
static err mark_all(struct ctx *cx, void *arg)
{
    const struct marking *marking = arg;
    for (size_t i = 0; i < marking->count; i++)
        TRY(person_mark_erased(cx, marking->person_ids[i]));
    return OK;
}

static err add_all(struct ctx *cx, struct forget *forget, const struct marking *people)
{
    size_t room = people->count;
    struct predecessor **lists = ARENA_ARRAY(cx->arena, struct predecessor *, people->count);
    size_t *counts = ARENA_ARRAY(cx->arena, size_t, people->count);
    if (lists == NULL || counts == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < people->count; i++) {
        TRY(predecessor_list(cx, people->person_ids[i], &lists[i], &counts[i]));
        room += counts[i];
    }
    forget->person_ids = ARENA_ARRAY(cx->arena, int64_t, room);
    if (forget->person_ids == NULL)
        return FAIL_MEMORY(cx);
    for (size_t i = 0; i < people->count; i++)
        forget->person_ids[forget->count++] = people->person_ids[i];
    for (size_t i = 0; i < people->count; i++)
        for (size_t j = 0; j < counts[i]; j++)
            forget->person_ids[forget->count++] = lists[i][j].person_id;
    return OK;
}

/* ---- a bucket is emptied */

static err rewrap(struct ctx *cx, const struct key_move *to, const struct sql_person_key_list_of_bucket_row *row)
{
    struct key_move move = *to;
    struct bytes wrapped;
    move.person_id = row->person_id;
    TRY(keyring_person_key_rewrap(cx, cx->keyring, &move, row->wrapped, &wrapped));
    struct sql_person_key_update_in update = {row->person_id, move.to_bucket, wrapped};
    return sql_person_key_update(cx, &update, NULL);
}

/* Takes away the keys of those who go, and wraps those of the others anew. */
static err move_survivors(struct ctx *cx, const struct forget *forget, const struct key_move *to, int64_t *out_count)
{
    struct sql_person_key_list_of_bucket_in in = {.bucket = forget->bucket};
    struct sql_person_key_list_of_bucket_row *rows = NULL;
    size_t count = 0;
    int64_t survivors = 0;
    TRY(sql_person_key_list_of_bucket(cx, &in, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct sql_person_key_delete_in gone = {rows[i].person_id};
        if (is_named(forget, rows[i].person_id)) {
            TRY(sql_person_key_delete(cx, &gone, NULL));
            continue;
        }
        TRY(rewrap(cx, to, &rows[i]));
        survivors++;
    }
    *out_count = survivors;
    return OK;
}

/* store_write_fn. Where the keys are committed and the rest is not, it is run again and finds the bucket doomed. */
static err empty_bucket(struct ctx *cx, void *arg)
{
    const struct forget *forget = arg;
    struct key_move to = {.from_bucket = forget->bucket};
    struct sql_key_bucket_load_in bucket_in = {forget->bucket};
    struct sql_key_bucket_load_row bucket;
    struct sql_bucket_key_load_in key_in = {forget->bucket};
    struct sql_bucket_key_load_row key = {.sealed = {NULL, 0}};
    int64_t survivors = 0;
    bool found = false;
    TRY(sql_key_bucket_load(cx, &bucket_in, &bucket, &found));
    if (!found || bucket.open == KEY_BUCKET_DOOMED)
        return OK;
    TRY(sql_bucket_key_load(cx, &key_in, &key, &found));
    to.from_sealed = key.sealed;
    TRY(keyring_bucket_create(cx, cx->keyring, &to.to_bucket, &to.to_sealed));
    TRY(move_survivors(cx, forget, &to, &survivors));
    struct sql_key_bucket_insert_in fresh = {.bucket = to.to_bucket, .people = survivors, .open = KEY_BUCKET_OPEN};
    TRY(sql_key_bucket_insert(cx, &fresh, NULL));
    struct sql_key_bucket_set_open_in doomed = {forget->bucket, KEY_BUCKET_DOOMED};
    return sql_key_bucket_set_open(cx, &doomed, NULL);
}

/* Where the key of this person lies, or lay when it was taken away; 0 when that bucket key is gone or about to go. */
static err find_bucket(struct ctx *cx, int64_t person_id, int64_t *out_bucket)
{
    struct sql_person_key_load_in in = {.person_id = person_id};
    struct sql_person_key_load_row key;
    struct sql_key_removed_load_in removed_in = {person_id};
    struct sql_key_removed_load_row removed = {0};
    bool found = false;
    *out_bucket = 0;
    TRY(sql_person_key_load(cx, &in, &key, &found));
    if (!found)
        TRY(sql_key_removed_load(cx, &removed_in, &removed, &found));
    int64_t bucket = removed.bucket != 0 ? removed.bucket : found ? key.bucket : 0;
    struct sql_key_bucket_load_in bucket_in = {bucket};
    struct sql_key_bucket_load_row row = {KEY_BUCKET_DOOMED};
    TRY(sql_key_bucket_load(cx, &bucket_in, &row, &found));
    if (found && row.open != KEY_BUCKET_DOOMED)
        *out_bucket = bucket;
    return OK;
}

/* ---- its key is destroyed */

static err delete_bucket_row(struct ctx *cx, void *arg)
{
    struct sql_key_removed_forget_in removed = {*(const int64_t *)arg};
    struct sql_key_bucket_delete_in in = {*(const int64_t *)arg};
    TRY(sql_key_removed_forget(cx, &removed, NULL));
    return sql_key_bucket_delete(cx, &in, NULL);
}

static err destroy(struct ctx *cx, int64_t bucket)
{
    err result = keyring_bucket_destroy(cx, cx->keyring, bucket);
    if (result != NOT_FOUND)
        return result;
    failure_clear(&cx->failure); /* destroyed before a crash: what is left is to be done still */
    return OK;
}

/* The first ones of these buckets: their keys are gone, and now what the store keeps of them goes. */
static err finish_buckets(struct ctx *cx, struct store *store, const struct sql_key_bucket_list_doomed_row *rows,
                          size_t count)
{
    if (count == 0 && !store_is_local(store, STORE_KEYS))
        return OK; /* a server is asked for much, a file for little */
    TRY(store_scrub_keys(cx, store));
    for (size_t i = 0; i < count; i++) {
        int64_t bucket = rows[i].bucket;
        TRY(store_write_wait(store, cx, delete_bucket_row, &bucket));
    }
    return OK;
}

/* A bucket stays on the list until nothing of its key is within reach any more. */
static err destroy_doomed(struct ctx *cx, struct store *store)
{
    struct sql_key_bucket_list_doomed_row *rows = NULL;
    size_t count = 0;
    size_t gone = 0;
    TRY(sql_key_bucket_list_doomed(cx, &rows, &count));
    err result = OK;
    while (result == OK && gone < count) {
        result = destroy(cx, rows[gone].bucket);
        gone += result == OK;
    }
    struct failure why = cx->failure;
    failure_clear(&cx->failure);
    TRY(finish_buckets(cx, store, rows, gone));
    cx->failure = why;
    return result;
}

err person_forget_keys(struct ctx *cx, struct store *store, const int64_t *person_ids, size_t count)
{
    struct marking people = {person_ids, count};
    struct forget forget = {.count = 0};
    TRY(policy_require_own(cx, POLICY_NODE_MANAGE));
    if (count > 0)
        TRY(store_write_wait(store, cx, mark_all, &people));
    TRY(add_all(cx, &forget, &people));
    for (size_t i = 0; i < forget.count; i++) {
        TRY(find_bucket(cx, forget.person_ids[i], &forget.bucket));
        if (forget.bucket == 0)
            continue; /* went with an earlier one */
        TRY(store_write_wait(store, cx, empty_bucket, &forget));
    }
    return destroy_doomed(cx, store);
}
